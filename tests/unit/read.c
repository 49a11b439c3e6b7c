/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests how far an operator has read a session. */
#include "config.h"

#include <stdlib.h>

#include "console/read.h"
#include "t.h"

static void
paint(struct con_read *r, uint64_t n)
{
	con_read_row(r, 100 + n, n);
	con_read_painted(r, true);
}

static void
only_a_key_reads_what_was_painted(void)
{
	struct con_read r = { 0 };

	con_read_begin(&r);
	con_read_row(&r, 101, 1);
	CHECK(!con_read_key(&r));
	con_read_painted(&r, true);
	CHECK_INT(r.n, 0);
	CHECK(con_read_key(&r));
	CHECK_INT(r.n, 1);
	CHECK_INT(r.seq, 101);
	CHECK(!con_read_key(&r));
	/* A row that is not the customer's is no news by itself. */
	con_read_row(&r, 105, 0);
	con_read_painted(&r, true);
	CHECK(!con_read_key(&r));
	paint(&r, 2);
	CHECK(con_read_key(&r));
	CHECK_INT(r.n, 2);
}

static void
it_does_not_go_over_a_message_that_was_not_painted(void)
{
	struct con_read r = { 0 };

	con_read_begin(&r);
	paint(&r, 1);
	paint(&r, 3);
	paint(&r, 4);
	CHECK(con_read_key(&r));
	CHECK_INT(r.n, 1);
	/* A page of the past has the one between. */
	con_read_page(&r, 2, 2, 102, false);
	con_read_painted(&r, true);
	CHECK(con_read_key(&r));
	CHECK_INT(r.n, 4);
	CHECK_INT(r.seq, 104);
}

static void
what_was_read_elsewhere_closes_a_gap_too(void)
{
	struct con_read r = { 0 };

	con_read_begin(&r);
	paint(&r, 3);
	con_read_told(&r, 102, 2);
	paint(&r, 4);
	CHECK(con_read_key(&r));
	CHECK_INT(r.n, 4);
	CHECK_INT(r.told, 2);
}

static void
the_page_of_what_is_unread_reads_also_what_it_has_no_room_for(void)
{
	struct con_read r = { 0 };

	con_read_guess(&r, 500, 500);
	con_read_begin(&r);
	con_read_page(&r, 301, 500, 900, true);
	con_read_painted(&r, true);
	CHECK(con_read_key(&r));
	CHECK_INT(r.n, 500);
	/* Any other page has to begin where one has read to. */
	con_read_page(&r, 510, 520, 950, false);
	con_read_painted(&r, true);
	CHECK(!con_read_key(&r));
}

static void
what_the_terminal_dropped_is_not_read(void)
{
	struct con_read r = { 0 };

	con_read_begin(&r);
	paint(&r, 1);
	con_read_row(&r, 102, 2);
	con_read_painted(&r, false);
	paint(&r, 3);
	CHECK(con_read_key(&r));
	CHECK_INT(r.n, 1);
}

static void
a_mark_is_worth_more_than_a_guess_and_the_greater_mark_wins(void)
{
	struct con_read r = { 0 };

	con_read_guess(&r, 10, 2);
	CHECK_INT(r.n, 8);
	con_read_told(&r, 50, 4);
	CHECK_INT(r.n, 4);
	con_read_told(&r, 40, 3);
	CHECK_INT(r.n, 4);
	con_read_told(&r, 60, 6);
	CHECK_INT(r.n, 6);
	CHECK_INT(r.seq, 60);
	con_read_guess(&r, 10, 0);
	CHECK_INT(r.n, 6);
}

static void
nothing_of_the_time_before_it_was_selected_counts(void)
{
	struct con_read r = { 0 };

	con_read_begin(&r);
	paint(&r, 1);
	con_read_begin(&r); /* another one was selected in between */
	CHECK(!con_read_key(&r));
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(only_a_key_reads_what_was_painted),
		T(it_does_not_go_over_a_message_that_was_not_painted),
		T(what_was_read_elsewhere_closes_a_gap_too),
		T(the_page_of_what_is_unread_reads_also_what_it_has_no_room_for),
		T(what_the_terminal_dropped_is_not_read),
		T(a_mark_is_worth_more_than_a_guess_and_the_greater_mark_wins),
		T(nothing_of_the_time_before_it_was_selected_counts),
	};

	return t_main("read", cases, sizeof cases / sizeof cases[0]);
}
