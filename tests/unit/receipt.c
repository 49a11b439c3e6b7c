/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests how receipts of a customer's rows are written and read. */
#include "config.h"

#include <string.h>

#include "event/receipt.h"
#include "t.h"

static bool
parse(const char *text, struct ev_receipt *r)
{
	return ev_receipt_parse(text, strlen(text), r);
}

static void
what_is_written_is_read_again(void)
{
	static const struct ev_receipt rows[] = {
		{ 0, false },
		{ 17, false },
		{ 18, true },
		{ UINT64_MAX, true },
	};
	char text[EV_RECEIPT_SIZE];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ev_receipt r = { 99, !rows[i].refused };

		ev_receipt_format(text, rows[i]);
		CHECK(parse(text, &r));
		CHECK_INT(r.row, rows[i].row);
		CHECK_INT(r.refused, rows[i].refused);
	}
	ev_receipt_format(text, rows[2]);
	CHECK_STR(text, "receipt 18 refused");
}

static void
what_is_nearly_one_is_none(void)
{
	static const char *const texts[] = {
		"",
		"receipt",
		"receipt ",
		"receipt x",
		"receipt 1 ",
		"receipt 01",
		"receipt +1",
		"receipt -1",
		"receipt  1",
		"Receipt 1",
		"receipt 1 Refused",
		"receipt 1 refused ",
		"receipt 99999999999999999999",
		"receipt 1 refused and a lot of words behind it",
	};
	struct ev_receipt r;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (parse(texts[i], &r))
			CHECK_STR(texts[i], "no receipt");
	CHECK(!ev_receipt_parse("receipt 1\0", 10, &r));
}

static void
they_are_asked_for_by_a_word_in_any_case(void)
{
	CHECK(ev_asks_for_receipts("/receipts", 9));
	CHECK(ev_asks_for_receipts("/Receipts", 9));
	CHECK(!ev_asks_for_receipts("/receipts 1", 11));
	CHECK(!ev_asks_for_receipts("//receipts", 10));
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(what_is_written_is_read_again),
		T(what_is_nearly_one_is_none),
		T(they_are_asked_for_by_a_word_in_any_case),
	};

	return t_main("receipt", cases, sizeof cases / sizeof cases[0]);
}
