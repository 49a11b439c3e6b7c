/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An event costs a console what it touches, however many sessions its desk has.
 * Each session has a page of its own here: who walks over all of them is found.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "console/board.h"

#define FEW   500
#define MANY  2000
#define MOST  60 /* looked at: a few orders, to their depth */
#define PAGES ((size_t)2 * MANY)
#define FIRST (1000 * DW_SECOND) /* when the tests begin, in ns */

#include "pages.h"

static struct con_board board;
static struct con_facts facts; /* as the prompt has them */
static uint64_t seq, last_sid;
static uint64_t said[PAGES + 1];

/* ---- the desk ---- */

static void
post(const struct wire_frame *f)
{
	struct con_news news = { .kind = CON_NEWS_FRAME, .at_ns = FIRST };
	struct dw_buf b = DW_BUF_INITIALIZER;
	const char *why;

	CHECK_INT(wire_frame_encode(&b, f), 0);
	CHECK_INT(wire_frame_parse(b.data, b.len - 1, &news.frame, &why), 0);
	con_board_news(&board, &news);
	dw_buf_fini(&b);
}

static void
happens(enum ev_kind kind, uint64_t sid, uint64_t n)
{
	struct wire_frame f = wire_frame_of(WIRE_EV);

	f.ev.seq = ++seq;
	f.ev.t_ms = f.ev.steady_ms = (int64_t)seq * 1000;
	f.ev.sid = sid;
	f.ev.n = n;
	f.ev.kind = kind;
	f.ev.mode = EV_MODE_LINE;
	f.ev.who = kind == EV_REPLY ? "wang" : "";
	f.ev.body = "hello";
	f.ev.len = 5;
	post(&f);
}

static void
arrives(void)
{
	happens(EV_ARRIVED, ++last_sid, 0);
}

static void
says(uint64_t sid)
{
	happens(EV_SAID, sid, ++said[sid]);
}

static void
is_answered(uint64_t sid)
{
	happens(EV_REPLY, sid, 1);
	happens(EV_SENT, sid, 1);
}

/* ---- the console ---- */

/* What it does whenever something has come. */
static void
shows(int64_t now_ns)
{
	struct dw_list items, *n;

	dw_list_init(&items);
	con_board_take(&board, now_ns, SIZE_MAX, &items);
	while ((n = dw_list_take(&items)) != NULL) {
		struct con_item *item = DW_LIST_OF(n, struct con_item, node);
		struct con_session *s =
		    con_mirror_find(&board.mirror, item->sid);

		if (s != NULL)
			con_seen_row(con_mirror_seen(&board.mirror, s),
			    board.mirror.seq);
		con_item_free(item);
	}
	con_mirror_painted(&board.mirror, true, CON_SEEN_NS, now_ns);
	con_mirror_facts(&board.mirror, &facts);
}

static void
is_welcomed(void)
{
	struct wire_frame f = wire_frame_of(WIRE_WELCOME);

	f.v = WIRE_OP_VERSION;
	f.name = "lin";
	f.burst = 2;
	post(&f);
}

/* All have written; of ten one is answered, and one has left. */
static void
begin(uint64_t n)
{
	seq = last_sid = 0;
	memset(said, 0, sizeof said);
	pages_begin(sizeof(struct con_session));
	con_board_init(&board, true);
	is_welcomed();
	while (last_sid < n) {
		arrives();
		says(last_sid);
		if (last_sid % 10 == 1)
			is_answered(last_sid);
		if (last_sid % 10 == 2)
			happens(EV_GONE, last_sid, 0);
	}
	shows(FIRST);
	CHECK_INT(facts.waiting, 8 * n / 10);
	CHECK_INT(facts.leavers, n / 10);
	close_pages();
}

/* It has looked at few, and the prompt counts so many. */
static void
finish(uint64_t waiting)
{
	shows(FIRST);
	CHECK_INT(facts.waiting, waiting);
	CHECK(opened > 0);
	CHECK_INT(opened > MOST ? opened : MOST, MOST);
	open_pages();
	con_board_fini(&board);
	pages_end();
}

/* Both must be few, and not only in proportion. */
#define WITH_EACH(n) for (uint64_t n = FEW; n <= MANY; n += MANY - FEW)

static void
a_message_looks_at_few(void)
{
	WITH_EACH(n)
	{
		begin(n);
		says(n / 2 + 5);
		finish(8 * n / 10);
	}
}

static void
a_message_of_one_who_was_answered_looks_at_few(void)
{
	WITH_EACH(n)
	{
		begin(n);
		says(n / 2 + 1);
		finish(8 * n / 10 + 1);
	}
}

static void
a_reply_looks_at_few(void)
{
	WITH_EACH(n)
	{
		begin(n);
		is_answered(n / 2 + 5);
		finish(8 * n / 10 - 1);
	}
}

static void
one_who_arrives_looks_at_few(void)
{
	WITH_EACH(n)
	{
		begin(n);
		arrives();
		says(last_sid);
		finish(8 * n / 10 + 1);
	}
}

static void
one_who_leaves_looks_at_few(void)
{
	WITH_EACH(n)
	{
		begin(n);
		happens(EV_GONE, n / 2 + 5, 0);
		finish(8 * n / 10 - 1);
	}
}

static void
one_that_is_closed_looks_at_few(void)
{
	WITH_EACH(n)
	{
		begin(n);
		happens(EV_CLOSED, n / 2 + 5, 0);
		finish(8 * n / 10 - 1);
	}
}

static void
a_selection_looks_at_few(void)
{
	WITH_EACH(n)
	{
		begin(n);
		con_mirror_select(&board.mirror, n / 2 + 5);
		finish(8 * n / 10 - 1);
	}
}

static void
one_who_floods_looks_at_few(void)
{
	WITH_EACH(n)
	{
		begin(n);
		for (int i = 0; i < 100; i++)
			says(n / 2 + 5);
		shows(FIRST);
		CHECK(!con_board_is_empty(&board));
		shows(FIRST + DW_SECOND);
		CHECK(con_board_is_empty(&board));
		finish(8 * n / 10);
	}
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_message_looks_at_few),
		T(a_message_of_one_who_was_answered_looks_at_few),
		T(a_reply_looks_at_few),
		T(one_who_arrives_looks_at_few),
		T(one_who_leaves_looks_at_few),
		T(one_that_is_closed_looks_at_few),
		T(a_selection_looks_at_few),
		T(one_who_floods_looks_at_few),
	};

	return t_main("con_looks", cases, sizeof cases / sizeof cases[0]);
}
