/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests what a customer's program knows of its rows. */
#include "config.h"

#include <string.h>

#include "client/ledger.h"
#include "t.h"

static struct ledger l;

static bool
receive(uint64_t row, bool refused)
{
	return ledger_receive(&l, (struct ev_receipt){ row, refused });
}

static void
begin(bool with_receipts)
{
	memset(&l, 0, sizeof l);
	if (with_receipts)
		CHECK(receive(0, false));
}

static void
no_more_than_the_window_is_unknown(void)
{
	begin(true);
	for (int i = 0; i < EV_RECEIPT_WINDOW; i++) {
		CHECK(ledger_has_room(&l));
		ledger_add(&l, true);
	}
	CHECK(!ledger_has_room(&l));
	CHECK(receive(1, false));
	CHECK(ledger_has_room(&l));
	CHECK(!ledger_is_settled(&l));
	for (uint64_t row = 2; row <= EV_RECEIPT_WINDOW; row++)
		CHECK(receive(row, false));
	CHECK(ledger_is_settled(&l));
}

static void
an_answer_counts_behind_the_last_message_that_was_taken(void)
{
	begin(true);
	ledger_add(&l, true);
	CHECK(!l.unanswered);
	CHECK(receive(1, false));
	CHECK(l.unanswered);
	ledger_add(&l, true);
	ledger_answer(&l);
	CHECK(!l.unanswered);
	CHECK(receive(2, false));
	CHECK(l.unanswered);
	ledger_answer(&l);
	CHECK(!l.unanswered && !l.refused);
}

static void
commands_and_refused_rows_want_no_answer(void)
{
	begin(true);
	ledger_add(&l, false);
	ledger_add(&l, true);
	CHECK(receive(1, false));
	CHECK(!l.unanswered);
	CHECK(receive(2, true));
	CHECK(!l.unanswered);
	CHECK(l.refused);
}

static void
only_the_receipt_that_is_due_is_one(void)
{
	begin(false);
	ledger_add(&l, true);
	CHECK(!receive(1, false));
	CHECK(!receive(0, true));
	CHECK(receive(0, false));
	CHECK(!receive(0, false));
	CHECK(!receive(2, false));
	CHECK(receive(1, false));
	CHECK(!receive(2, false));
}

static void
without_receipts_what_is_sent_is_taken(void)
{
	begin(false);
	ledger_add(&l, true);
	CHECK(l.unanswered && ledger_is_settled(&l));
	ledger_answer(&l);
	CHECK(!l.unanswered);
	ledger_give_up(&l);
	CHECK(receive(0, false));
	CHECK(!l.has_receipts && ledger_is_settled(&l));
}

/* The desk said what it has taken only when the first rows had been sent. */
static void
the_first_receipt_may_come_behind_the_first_rows(void)
{
	begin(false);
	ledger_add(&l, true);
	CHECK(receive(0, false));
	CHECK(!l.unanswered && !ledger_is_settled(&l));
	CHECK(receive(1, false));
	CHECK(l.unanswered && ledger_is_settled(&l));
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(no_more_than_the_window_is_unknown),
		T(an_answer_counts_behind_the_last_message_that_was_taken),
		T(commands_and_refused_rows_want_no_answer),
		T(only_the_receipt_that_is_due_is_one),
		T(without_receipts_what_is_sent_is_taken),
		T(the_first_receipt_may_come_behind_the_first_rows),
	};

	return t_main("ledger", cases, sizeof cases / sizeof cases[0]);
}
