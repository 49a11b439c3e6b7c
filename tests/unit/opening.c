/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests what the first bytes of a connection say. */
#include "config.h"

#include <string.h>

#include "t.h"
#include "wire/opening.h"

static const struct {
	const char *bytes;
	enum wire_opening kind;
} rows[] = {
	{ "客户端已就绪", WIRE_OPEN_CLASSIC },
	{ "客户端已就绪hello", WIRE_OPEN_CLASSIC },
	{ "客户端已就", WIRE_OPEN_MORE },
	{ "客户端已就\xe7\xbb", WIRE_OPEN_MORE },
	{ "客户端好", WIRE_OPEN_LINE },
	{ "客户\n", WIRE_OPEN_LINE },
	{ "服务端已就绪", WIRE_OPEN_LINE },
	{ "", WIRE_OPEN_MORE },
	{ "G", WIRE_OPEN_MORE },
	{ "GET", WIRE_OPEN_MORE },
	{ "GET ", WIRE_OPEN_HTTP },
	{ "GET\n", WIRE_OPEN_LINE },
	{ "get / HTTP/1.0", WIRE_OPEN_LINE },
	{ "POST /x", WIRE_OPEN_HTTP },
	{ "POST my parcel", WIRE_OPEN_LINE },
	{ "OPTIONS *", WIRE_OPEN_HTTP },
	{ "OPTIONS ", WIRE_OPEN_MORE },
	{ "CONNECT a:443", WIRE_OPEN_HTTP },
	{ "P", WIRE_OPEN_MORE },
	{ "\x16", WIRE_OPEN_MORE },
	{ "\x16\x03\x01", WIRE_OPEN_TLS },
	{ "\x16\x04", WIRE_OPEN_LINE },
	{ "{", WIRE_OPEN_LINE },
	{ "\xff\xfd\x01", WIRE_OPEN_LINE },
	{ "hello", WIRE_OPEN_LINE },
	{ "\n", WIRE_OPEN_LINE },
	{ " 客户端已就绪", WIRE_OPEN_LINE },
};

static void
the_first_bytes_decide(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (!CHECK_INT(wire_opening(rows[i].bytes,
				   strlen(rows[i].bytes)),
			rows[i].kind))
			CHECK_STR(rows[i].bytes, "this row");
}

static void
an_answer_never_changes_when_more_bytes_come(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum wire_opening said = WIRE_OPEN_MORE, now;

		for (size_t n = 0; n <= strlen(rows[i].bytes); n++) {
			now = wire_opening(rows[i].bytes, n);
			CHECK(said == WIRE_OPEN_MORE || now == said);
			said = now;
		}
	}
}

static void
a_nul_is_a_byte_like_others(void)
{
	CHECK_INT(wire_opening("\0", 1), WIRE_OPEN_LINE);
	CHECK_INT(wire_opening("GET\0", 4), WIRE_OPEN_LINE);
}

static void
eighteen_bytes_always_decide(void)
{
	char bytes[WIRE_OPENING_MAX];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		memset(bytes, 'x', sizeof bytes);
		memcpy(bytes, rows[i].bytes,
		    strlen(rows[i].bytes) < sizeof bytes ?
			strlen(rows[i].bytes) :
			sizeof bytes);
		CHECK(wire_opening(bytes, sizeof bytes) != WIRE_OPEN_MORE);
	}
}

#define MARK "\xef\xbb\xbf"

static void
a_mark_before_the_opening_is_none_of_it(void)
{
	static const struct {
		const char *bytes;
		size_t lead;
		bool more;
	} leads[] = {
		{ "", 0, false },
		{ "\xef", 0, true },
		{ "\xef\xbb", 0, true },
		{ "\xef\xbc\x88", 0, false },
		{ MARK, 3, false },
		{ MARK "/quit", 3, false },
		{ "a" MARK, 0, false },
		{ "\xf2", 0, true },
		{ "\xf2客户", 0, true },
		{ "\xf2客户端已就绪", 1, false },
		{ "\xf2客户端已就绪hi", 1, false },
		{ "\xf2客户\n", 0, false },
		{ "客户端已就绪", 0, false },
	};

	for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++) {
		const char *s = leads[i].bytes;
		bool more = false;

		if (!CHECK_INT(wire_opening_lead(s, strlen(s), &more),
			leads[i].lead) ||
		    !CHECK_INT(more, leads[i].more))
			CHECK_STR(s, "this row");
	}
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(the_first_bytes_decide),
		T(an_answer_never_changes_when_more_bytes_come),
		T(a_nul_is_a_byte_like_others),
		T(eighteen_bytes_always_decide),
		T(a_mark_before_the_opening_is_none_of_it),
	};

	return t_main("opening", cases, sizeof cases / sizeof cases[0]);
}
