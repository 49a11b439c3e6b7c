/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests which replies of others count as seen, and since when. */
#include "config.h"

#include <stdlib.h>

#include "console/seen.h"
#include "t.h"

#define NOW (1000 * DW_SECOND)

/* A row is shown and painted. */
static void
paint(struct con_seen *s, uint64_t seq, int64_t now_ns)
{
	con_seen_row(s, seq);
	con_seen_painted(s, true, CON_SEEN_NS, now_ns);
}

static void
it_is_the_last_event_that_was_painted(void)
{
	struct con_seen s = { 0 };

	CHECK_INT(con_seen_upto(&s, NOW), 1); /* 0 would say nothing */
	paint(&s, 4, NOW);
	CHECK_INT(con_seen_upto(&s, NOW), 4);
	con_seen_row(&s, 9);
	CHECK_INT(con_seen_upto(&s, NOW), 4);
	con_seen_painted(&s, true, CON_SEEN_NS, NOW);
	CHECK_INT(con_seen_upto(&s, NOW), 9);
}

static void
a_colleagues_row_counts_a_while_after_it_was_painted(void)
{
	struct con_seen s = { 0 };

	paint(&s, 4, NOW);
	con_seen_reply(&s, 6, 2);
	CHECK_INT(con_seen_upto(&s, NOW + 60 * DW_SECOND), 4);
	paint(&s, 7, NOW);
	CHECK_INT(con_seen_upto(&s, NOW), 5);
	CHECK_INT(con_seen_upto(&s, NOW + CON_SEEN_NS - 1), 5);
	CHECK_INT(con_seen_upto(&s, NOW + CON_SEEN_NS), 7);
	/* The next one is not hidden behind the first. */
	con_seen_reply(&s, 8, 3);
	paint(&s, 8, NOW + 2 * DW_SECOND);
	CHECK_INT(con_seen_upto(&s, NOW + 2 * DW_SECOND), 7);
	CHECK_INT(con_seen_upto(&s, NOW + 3 * DW_SECOND), 8);
}

static void
in_a_pipe_it_counts_at_once(void)
{
	struct con_seen s = { 0 };

	con_seen_reply(&s, 6, 2);
	con_seen_row(&s, 6);
	con_seen_painted(&s, true, 0, NOW);
	CHECK_INT(con_seen_upto(&s, NOW), 6);
}

static void
what_was_dropped_counts_when_a_page_has_shown_it(void)
{
	struct con_seen s = { 0 };

	paint(&s, 4, NOW);
	con_seen_reply(&s, 6, 2);
	con_seen_reply(&s, 7, 3);
	con_seen_lost(&s, 6);
	paint(&s, 9, NOW);
	CHECK_INT(con_seen_upto(&s, NOW + DW_SECOND), 5);
	/* A page that does not reach back so far. */
	con_seen_row(&s, 9);
	con_seen_page(&s, 3, 9);
	con_seen_painted(&s, true, CON_SEEN_NS, NOW);
	CHECK_INT(con_seen_upto(&s, NOW + DW_SECOND), 5);
	/* It counts at once when it is on the terminal. */
	con_seen_page(&s, 2, 9);
	CHECK_INT(con_seen_upto(&s, NOW + DW_SECOND), 5);
	con_seen_painted(&s, true, CON_SEEN_NS, NOW + DW_SECOND);
	CHECK_INT(con_seen_upto(&s, NOW + DW_SECOND), 9);
}

static void
a_page_counts_for_what_it_has_and_not_for_what_came_since(void)
{
	struct con_seen s = { 0 };

	con_seen_reply(&s, 6, 2);
	con_seen_lost(&s, 6);
	con_seen_reply(&s, 12, 5); /* after the page was asked for */
	con_seen_page(&s, 0, 9);
	con_seen_row(&s, 9);
	con_seen_painted(&s, true, CON_SEEN_NS, NOW);
	CHECK_INT(con_seen_upto(&s, NOW + DW_SECOND), 9);
	paint(&s, 12, NOW);
	CHECK_INT(con_seen_upto(&s, NOW), 9);
	CHECK_INT(con_seen_upto(&s, NOW + DW_SECOND), 12);
}

static void
what_the_terminal_dropped_was_not_painted(void)
{
	struct con_seen s = { 0 };

	con_seen_reply(&s, 6, 2);
	con_seen_row(&s, 6);
	con_seen_painted(&s, false, CON_SEEN_NS, NOW);
	CHECK_INT(s.lost, 6);
	paint(&s, 8, NOW);
	CHECK_INT(con_seen_upto(&s, NOW + DW_SECOND), 5);
}

static void
who_meets_a_session_has_seen_nothing_before_a_page_of_it(void)
{
	struct con_seen s = { 0 };

	con_seen_missed(&s, 1, 40, CON_SEEN_ANY);
	paint(&s, 41, NOW); /* a row that comes now */
	CHECK_INT(con_seen_upto(&s, NOW + DW_SECOND), 1);
	con_seen_row(&s, 38);
	con_seen_page(&s, 17, 41);
	con_seen_painted(&s, true, CON_SEEN_NS, NOW);
	CHECK_INT(con_seen_upto(&s, NOW), 41);
}

static void
after_a_refusal_it_takes_a_while_whatever_was_painted(void)
{
	struct con_seen s = { 0 };

	con_seen_reply(&s, 6, 2);
	paint(&s, 6, NOW);
	CHECK_INT(con_seen_upto(&s, NOW + DW_SECOND), 6);
	con_seen_refusal(&s, 6);
	CHECK_INT(con_seen_upto(&s, NOW + 9 * DW_SECOND), 5);
	con_seen_painted(&s, true, CON_SEEN_NS, NOW + 9 * DW_SECOND);
	CHECK_INT(con_seen_upto(&s, NOW + 9 * DW_SECOND + CON_SEEN_NS - 1), 5);
	CHECK_INT(con_seen_upto(&s, NOW + 9 * DW_SECOND + CON_SEEN_NS), 6);
}

static void
a_second_refusal_for_one_event_does_not_begin_the_time_anew(void)
{
	struct con_seen s = { 0 };

	con_seen_reply(&s, 6, 2);
	paint(&s, 6, NOW);
	con_seen_refusal(&s, 6);
	con_seen_painted(&s, true, CON_SEEN_NS, NOW);
	con_seen_refusal(&s, 6);
	con_seen_painted(&s, true, CON_SEEN_NS, NOW + CON_SEEN_NS - 1);
	CHECK_INT(con_seen_upto(&s, NOW + CON_SEEN_NS), 6);
	/* Another event does. */
	con_seen_reply(&s, 8, 3);
	paint(&s, 8, NOW + DW_SECOND);
	con_seen_refusal(&s, 8);
	con_seen_painted(&s, true, CON_SEEN_NS, NOW + DW_SECOND + 1);
	CHECK_INT(con_seen_upto(&s, NOW + DW_SECOND + CON_SEEN_NS), 7);
	CHECK_INT(con_seen_upto(&s, NOW + DW_SECOND + CON_SEEN_NS + 1), 8);
}

static void
a_refusal_without_a_number_is_about_what_was_painted(void)
{
	struct con_seen s = { 0 };

	paint(&s, 6, NOW);
	con_seen_refusal(&s, 0);
	con_seen_painted(&s, true, CON_SEEN_NS, NOW);
	CHECK_INT(con_seen_upto(&s, NOW), 5);
	CHECK_INT(con_seen_upto(&s, NOW + CON_SEEN_NS), 6);
}

static void
a_page_behind_a_refusal_does_not_make_it_shorter(void)
{
	struct con_seen s = { 0 };

	con_seen_reply(&s, 6, 2);
	con_seen_lost(&s, 6);
	con_seen_page(&s, 2, 8);
	con_seen_row(&s, 8);
	con_seen_refusal(&s, 6);
	con_seen_painted(&s, true, CON_SEEN_NS, NOW);
	con_seen_page(&s, 2, 8); /* the session is selected again */
	con_seen_painted(&s, true, CON_SEEN_NS, NOW);
	CHECK_INT(con_seen_upto(&s, NOW + CON_SEEN_NS - 1), 5);
	CHECK_INT(con_seen_upto(&s, NOW + CON_SEEN_NS), 8);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(it_is_the_last_event_that_was_painted),
		T(a_colleagues_row_counts_a_while_after_it_was_painted),
		T(in_a_pipe_it_counts_at_once),
		T(what_was_dropped_counts_when_a_page_has_shown_it),
		T(a_page_counts_for_what_it_has_and_not_for_what_came_since),
		T(what_the_terminal_dropped_was_not_painted),
		T(who_meets_a_session_has_seen_nothing_before_a_page_of_it),
		T(after_a_refusal_it_takes_a_while_whatever_was_painted),
		T(a_second_refusal_for_one_event_does_not_begin_the_time_anew),
		T(a_refusal_without_a_number_is_about_what_was_painted),
		T(a_page_behind_a_refusal_does_not_make_it_shorter),
	};

	return t_main("seen", cases, sizeof cases / sizeof cases[0]);
}
