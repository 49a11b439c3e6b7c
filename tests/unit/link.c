/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests a console's link: connecting, and connecting again. */
#include "config.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "console/link.h"
#include "t.h"

static struct con_inbox inbox;

static void
start(struct con_link **l, struct sks_socket *s, con_connect_fn *connect,
    void *arg)
{
	struct con_link_config cfg = { .inbox = &inbox,
		.name = "lin",
		.socket = s,
		.connect = connect,
		.arg = arg };

	CHECK_INT(con_inbox_init(&inbox), 0);
	CHECK_INT(con_link_start(l, &cfg), 0);
}

static struct sks_socket *
take(void *arg, const char **why)
{
	struct sks_socket **next = arg, *s = *next;

	*next = NULL;
	*why = "nobody answers";
	return s;
}

/* Most of them before their threads have run. */
static void
a_link_that_is_stopped_at_once_ends(void)
{
	int n = t_size("links", 200);
	struct sks_socket *ours, *theirs, *next;
	struct con_link *l;

	for (int i = 0; i < n; i++) {
		CHECK_INT(sks_socketpair(&ours, &theirs), 0);
		next = ours;
		start(&l, i % 2 == 0 ? ours : NULL, i % 2 == 0 ? NULL : take,
		    &next);
		con_link_stop(l);
		if (i % 2 != 0)
			sks_socket_free(next);
		sks_socket_free(theirs);
		con_inbox_fini(&inbox);
	}
}

/* The next news, whatever it is. */
static enum con_news_kind
next_news(void)
{
	static struct dw_list all;
	enum con_news_kind kind;
	struct con_news *news;
	struct dw_list *n;

	if (all.next == NULL)
		dw_list_init(&all);
	while (dw_list_empty(&all)) {
		struct pollfd p = { inbox.wake.rd, POLLIN, 0 };

		CHECK_INT(poll(&p, 1, 20000), 1);
		con_inbox_take(&inbox, &all);
	}
	n = dw_list_take(&all);
	news = DW_LIST_OF(n, struct con_news, node);
	kind = news->kind;
	con_news_free(news);
	return kind;
}

static void
says(struct sks_socket *desk, const struct wire_frame *f)
{
	struct dw_buf b = DW_BUF_INITIALIZER;

	CHECK_INT(wire_frame_encode(&b, f), 0);
	CHECK_INT(sks_sendall(desk, b.data, b.len, NULL), 0);
	dw_buf_fini(&b);
}

static void
a_desk_that_says_nothing_is_pinged_and_then_said_to_be_silent(void)
{
	struct wire_frame f = wire_frame_of(WIRE_WELCOME);
	struct con_link_config cfg = { .inbox = &inbox,
		.name = "lin",
		.quiet_seconds = 0.05 };
	struct sks_socket *desk;
	struct con_link *l;

	CHECK_INT(sks_socketpair(&cfg.socket, &desk), 0);
	CHECK_INT(con_inbox_init(&inbox), 0);
	CHECK_INT(con_link_start(&l, &cfg), 0);
	f.v = WIRE_OP_VERSION;
	f.name = "lin";
	f.journal = "j";
	says(desk, &f);
	CHECK_INT(next_news(), CON_NEWS_FRAME);
	CHECK_INT(next_news(), CON_NEWS_QUIET);
	CHECK_INT(next_news(), CON_NEWS_SILENT);
	f = wire_frame_of(WIRE_PONG);
	says(desk, &f);
	CHECK_INT(next_news(), CON_NEWS_FRAME);
	CHECK_INT(next_news(), CON_NEWS_QUIET);
	sks_socket_free(desk);
	con_link_stop(l);
	con_inbox_fini(&inbox);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_link_that_is_stopped_at_once_ends),
		T(a_desk_that_says_nothing_is_pinged_and_then_said_to_be_silent),
	};

	return t_main("link", cases, sizeof cases / sizeof cases[0]);
}
