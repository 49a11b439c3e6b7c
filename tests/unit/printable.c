/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stranger's bytes made harmless. */
#include "config.h"

#include "socketserver/socketserver.h"
#include "t.h"

struct row {
	const char *bytes;
	size_t len;
	const char *want;
};

static void
text_stays_and_commands_become_visible(void)
{
	static const struct row rows[] = {
		{ "hello", 5, "hello" },
		{ "", 0, "" },
		{ "a\tb", 3, "a\tb" },
		{ "订单", 6, "订单" },
		{ "\x1b[2J", 4, "\\x1b[2J" },
		{ "one\nServer send", 15, "one\\nServer send" },
		{ "\r\x7f\0", 3, "\\x0d\\x7f\\x00" },
		{ "\xc2\x9b"
		  "2J",
		    4, "\\xc2\\x9b2J" },
		{ "\xff\xe5\xae", 3, "\\xff\\xe5\\xae" },
	};
	char buf[64];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		CHECK_STR(sks_printable(rows[i].bytes, rows[i].len, buf,
			      sizeof buf),
		    rows[i].want);
}

static void
less_room_holds_whole_characters_of_the_beginning(void)
{
	char buf[16];

	CHECK_STR(sks_printable("订单", 6, buf, 7), "订单");
	CHECK_STR(sks_printable("订单", 6, buf, 6), "订");
	CHECK_STR(sks_printable("a\x1b"
				"b",
		      3, buf, 5),
	    "a");
	CHECK_STR(sks_printable("a", 1, buf, 1), "");
	buf[0] = 'z';
	CHECK_MEM(sks_printable("a", 1, buf, 0), 1, "z", 1);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(text_stays_and_commands_become_visible),
		T(less_room_holds_whole_characters_of_the_beginning),
	};

	return t_main("printable", cases, sizeof cases / sizeof cases[0]);
}
