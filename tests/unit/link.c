/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests a console's link: connecting, and connecting again. */
#include "config.h"

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

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_link_that_is_stopped_at_once_ends),
	};

	return t_main("link", cases, sizeof cases / sizeof cases[0]);
}
