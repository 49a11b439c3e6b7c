/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hand-over between the two threads of a console. */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/thread.h"
#include "console/inbox.h"
#include "t.h"

static struct con_inbox inbox;

/* A frame as the link would have parsed it; NULL: no memory. */
static struct wire_frame *
parsed(enum wire_op op, uint64_t seq)
{
	struct wire_frame f = wire_frame_of(op), *copy = NULL;
	struct dw_buf b = DW_BUF_INITIALIZER;
	const char *why;

	f.ev.kind = EV_SAID;
	f.ev.seq = seq;
	if (wire_frame_encode(&b, &f) < 0 ||
	    wire_frame_parse(b.data, b.len - 1, &copy, &why) < 0)
		copy = NULL;
	dw_buf_fini(&b);
	return copy;
}

/* Posts events 1 to n and the end; how many were refused. */
static void *
post_many(void *arg)
{
	intptr_t n = *(int *)arg, refused = 0;

	for (intptr_t i = 1; i <= n; i++)
		refused += con_inbox_frame(&inbox, parsed(WIRE_EV, (uint64_t)i),
			       1, i) < 0;
	con_inbox_ended(&inbox, "done", true);
	return (void *)refused;
}

/* Takes what there is, whose events go on from *seq.  Whether the end came. */
static bool
take_all(uint64_t *seq)
{
	struct dw_list news, *n;
	bool ended = false;

	dw_list_init(&news);
	con_inbox_take(&inbox, &news);
	while ((n = dw_list_take(&news)) != NULL) {
		struct con_news *one = DW_LIST_OF(n, struct con_news, node);

		CHECK(!ended);
		ended = one->kind == CON_NEWS_ENDED;
		if (!ended)
			CHECK_INT(one->frame->ev.seq, ++*seq);
		con_news_free(one);
	}
	return ended;
}

static void
check_order(int n, size_t max_bytes)
{
	pthread_t thread;
	void *refused;
	uint64_t seq = 0;

	CHECK_INT(con_inbox_init(&inbox), 0);
	inbox.max_bytes = max_bytes;
	CHECK_INT(dw_thread_start(&thread, "poster", 0, post_many, &n), 0);
	while (!take_all(&seq))
		;
	pthread_join(thread, &refused);
	CHECK_INT((intptr_t)refused, 0);
	CHECK_INT(seq, n);
	con_inbox_fini(&inbox);
}

static void
nothing_is_lost_between_two_threads(void)
{
	check_order(t_size("frames", 20000), CON_INBOX_BYTES);
}

static void
a_link_that_is_faster_than_the_console_waits(void)
{
	check_order(t_size("frames", 2000), 1);
}

static void
a_link_that_waits_goes_on_when_the_console_stops(void)
{
	pthread_t thread;
	int n = 100;
	uint64_t seq = 0;

	CHECK_INT(con_inbox_init(&inbox), 0);
	inbox.max_bytes = 1;
	CHECK_INT(dw_thread_start(&thread, "poster", 0, post_many, &n), 0);
	con_inbox_stop(&inbox);
	pthread_join(thread, NULL);
	CHECK(con_inbox_stopping(&inbox));
	CHECK(take_all(&seq));
	CHECK_INT(seq, n);
	con_inbox_fini(&inbox);
}

static void
who_waits_for_the_desk_is_told_when_it_is_live_and_of_the_end(void)
{
	CHECK_INT(con_inbox_init(&inbox), 0);
	CHECK(!con_inbox_wait_live(&inbox, dw_clock_ns()));
	CHECK_INT(con_inbox_frame(&inbox, parsed(WIRE_WELCOME, 0), 1, 0), 0);
	CHECK(!con_inbox_wait_live(&inbox, dw_clock_ns()));
	CHECK_INT(con_inbox_frame(&inbox, parsed(WIRE_LIVE, 0), 1, 0), 0);
	CHECK(con_inbox_wait_live(&inbox, DW_NEVER));
	con_inbox_fini(&inbox);

	CHECK_INT(con_inbox_init(&inbox), 0);
	con_inbox_ended(&inbox, "", false);
	CHECK(!con_inbox_wait_live(&inbox, DW_NEVER));
	con_inbox_fini(&inbox);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(nothing_is_lost_between_two_threads),
		T(a_link_that_is_faster_than_the_console_waits),
		T(a_link_that_waits_goes_on_when_the_console_stops),
		T(who_waits_for_the_desk_is_told_when_it_is_live_and_of_the_end),
	};

	return t_main("con_inbox", cases, sizeof cases / sizeof cases[0]);
}
