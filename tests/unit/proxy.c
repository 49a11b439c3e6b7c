/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests how a proxy says for whom it comes. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t.h"
#include "wire/proxy.h"

#define MORE     WIRE_PROXY_MORE
#define CUSTOMER WIRE_PROXY_CUSTOMER
#define UNKNOWN  WIRE_PROXY_UNKNOWN
#define LOCAL    WIRE_PROXY_LOCAL
#define BAD      WIRE_PROXY_BAD

#define BYTES(text) text, sizeof text - 1
#define SIGNATURE   "\r\n\r\n\0\r\nQUIT\n"

/* 192.0.2.7:4711 to 192.0.2.1:443, and [2001:db8::7]:4711 to [::1]:443. */
#define FOUR "\xc0\x00\x02\x07\xc0\x00\x02\x01\x12\x67\x01\xbb"
#define SIX                                                                \
	"\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07" \
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" \
	"\x12\x67\x01\xbb"

#define A9   "aaaaaaaaa"
#define A90  A9 A9 A9 A9 A9 A9 A9 A9 A9 A9
#define V1OK "PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n"

static const struct {
	const char *bytes;
	size_t len;
	enum wire_proxy said;
	const char *address;
} rows[] = {
	{ BYTES(V1OK), CUSTOMER, "192.0.2.7:4711" },
	{ BYTES("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n"), CUSTOMER,
	    "0.0.0.0:0" },
	{ BYTES("PROXY TCP6 2001:db8::7 ::1 4711 443\r\n"), CUSTOMER,
	    "[2001:db8::7]:4711" },
	{ BYTES("PROXY TCP6 ::ffff:192.0.2.7 ::1 4711 443\r\n"), CUSTOMER,
	    "[::ffff:192.0.2.7]:4711" },
	{ BYTES("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	    CUSTOMER, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535" },
	{ BYTES("PROXY UNKNOWN\r\n"), UNKNOWN, "" },
	{ BYTES("PROXY UNKNOWN ffff::1 what ever 1\r\n"), UNKNOWN, "" },
	{ BYTES("PROXY UNKNOWN " A90 "a\r\n"), UNKNOWN, "" },
	/* The beginning of one. */
	{ BYTES(""), MORE, "" },
	{ BYTES("P"), MORE, "" },
	{ BYTES("PROXY"), MORE, "" },
	{ BYTES("PROXY TCP"), MORE, "" },
	{ BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r"), MORE, "" },
	{ BYTES("PROXY UNKNOWN " A90 "a"), MORE, "" },
	/* Longer than a row may be. */
	{ BYTES("PROXY UNKNOWN " A90 "aa"), BAD, "" },
	{ BYTES("PROXY UNKNOWN " A90 "aa\r\n"), BAD, "" },
	/* Another word, another end. */
	{ BYTES("hello\r\n"), BAD, "" },
	{ BYTES("Q"), BAD, "" },
	{ BYTES("PROXY\r\n"), BAD, "" },
	{ BYTES("PROXY \r\n"), BAD, "" },
	{ BYTES("PROXY TCP4\r\n"), BAD, "" },
	{ BYTES("proxy TCP4 192.0.2.7 192.0.2.1 4711 443\r\n"), BAD, "" },
	{ BYTES("PROXY TCP5"), BAD, "" },
	{ BYTES("PROXY UDP4 192.0.2.7 192.0.2.1 4711 443\r\n"), BAD, "" },
	{ BYTES("PROXY UNKNOWNS\r\n"), BAD, "" },
	{ BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\n"), BAD, "" },
	{ BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\r\n"), BAD, "" },
	{ BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\0\r\n"), BAD, "" },
	{ BYTES("PROXY UNKNOWN\n"), BAD, "" },
	{ BYTES("PROXY UNKNOWN\0\r\n"), BAD, "" },
	/* Exactly one blank between two words. */
	{ BYTES("PROXY  TCP4 192.0.2.7 192.0.2.1 4711 443\r\n"), BAD, "" },
	{ BYTES("PROXY TCP4  192.0.2.7 192.0.2.1 4711 443\r\n"), BAD, "" },
	{ BYTES("PROXY TCP4 192.0.2.7  192.0.2.1 4711 443\r\n"), BAD, "" },
	{ BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 4711 443 \r\n"), BAD, "" },
	{ BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 4711 443 1\r\n"), BAD, "" },
	{ BYTES("PROXY TCP4 192.0.2.7\t192.0.2.1 4711 443\r\n"), BAD, "" },
	{ BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 4711\r\n"), BAD, "" },
	{ BYTES("PROXY TCP4 192.0.2.7 192.0.2.1\r\n"), BAD, "" },
	/* Numbers as they are written, and no other way. */
	{ BYTES("PROXY TCP4 192.0.2.07 192.0.2.1 4711 443\r\n"), BAD, "" },
	{ BYTES("PROXY TCP4 192.0.2.256 192.0.2.1 4711 443\r\n"), BAD, "" },
	{ BYTES("PROXY TCP4 192.0.2 192.0.2.1 4711 443\r\n"), BAD, "" },
	{ BYTES("PROXY TCP4 0xc0.0.2.7 192.0.2.1 4711 443\r\n"), BAD, "" },
	{ BYTES("PROXY TCP4 192.0.2.7 example.org 4711 443\r\n"), BAD, "" },
	{ BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 04711 443\r\n"), BAD, "" },
	{ BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 4711 00\r\n"), BAD, "" },
	{ BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 65536 443\r\n"), BAD, "" },
	{ BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 4711 -1\r\n"), BAD, "" },
	{ BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 +1 443\r\n"), BAD, "" },
	{ BYTES("PROXY TCP4 192.0.2.7 192.0.2.1 99999999999 443\r\n"), BAD,
	    "" },
	/* Of the other family. */
	{ BYTES("PROXY TCP4 2001:db8::7 ::1 4711 443\r\n"), BAD, "" },
	{ BYTES("PROXY TCP6 192.0.2.7 192.0.2.1 4711 443\r\n"), BAD, "" },
	{ BYTES("PROXY TCP6 2001:db8::7 192.0.2.1 4711 443\r\n"), BAD, "" },
	{ BYTES("PROXY TCP6 fe80::1%lo ::1 4711 443\r\n"), BAD, "" },
	{ BYTES("PROXY TCP6 2001:db8:::7 ::1 4711 443\r\n"), BAD, "" },

	{ BYTES(SIGNATURE "\x21\x11\x00\x0c" FOUR), CUSTOMER,
	    "192.0.2.7:4711" },
	{ BYTES(SIGNATURE "\x21\x21\x00\x24" SIX), CUSTOMER,
	    "[2001:db8::7]:4711" },
	{ BYTES(SIGNATURE "\x20\x00\x00\x00"), LOCAL, "" },
	{ BYTES(SIGNATURE "\x20\x11\x00\x0c" FOUR), LOCAL, "" },
	{ BYTES(SIGNATURE "\x20\xff\x00\x02xx"), LOCAL, "" },
	{ BYTES(SIGNATURE "\x21\x00\x00\x00"), UNKNOWN, "" },
	{ BYTES(SIGNATURE "\x21\x00\x00\x03xyz"), UNKNOWN, "" },
	{ BYTES("\r"), MORE, "" },
	{ BYTES("\r\n\r\n\0\r\nQUI"), MORE, "" },
	{ BYTES(SIGNATURE "\x21\x11\x00\x0c\xc0"), MORE, "" },
	{ BYTES(SIGNATURE "\x21\x11\x0f\xf0" FOUR), MORE, "" },
	{ BYTES(SIGNATURE "\x21\x11\x0f\xf1"), BAD, "" },
	{ BYTES(SIGNATURE "\x21\x11\xff\xff"), BAD, "" },
	{ BYTES("\r\n\r\nhello"), BAD, "" },
	{ BYTES("\r\n\r\n\0\r\nQUIT\r"), BAD, "" },
	/* Another version, another command. */
	{ BYTES(SIGNATURE "\x11\x11\x00\x0c" FOUR), BAD, "" },
	{ BYTES(SIGNATURE "\x31\x11\x00\x0c" FOUR), BAD, "" },
	{ BYTES(SIGNATURE "\x22"), BAD, "" },
	/* Another family, no stream, too short. */
	{ BYTES(SIGNATURE "\x21\x12\x00\x0c" FOUR), BAD, "" },
	{ BYTES(SIGNATURE "\x21\x22\x00\x24" SIX), BAD, "" },
	{ BYTES(SIGNATURE "\x21\x41\x00\x0c" FOUR), BAD, "" },
	{ BYTES(SIGNATURE "\x21\x10\x00\x0c" FOUR), BAD, "" },
	{ BYTES(SIGNATURE "\x21\x11\x00\x0b" FOUR), BAD, "" },
	{ BYTES(SIGNATURE "\x21\x21\x00\x0c" FOUR), BAD, "" },
	{ BYTES(SIGNATURE "\x21\x31\x00\x0c" FOUR), BAD, "" },
	/* What stands behind the addresses: nothing, TLS, a name. */
	{ BYTES(SIGNATURE "\x21\x11\x00\x0f" FOUR "\x04\x00\x00"), CUSTOMER,
	    "192.0.2.7:4711" },
	{ BYTES(SIGNATURE "\x21\x11\x00\x1f" FOUR "\x20\x00\x0a\x01\x00\x00"
			  "\x00\x00\x21\x00\x02v3"
			  "\x02\x00\x03"
			  "abc"),
	    CUSTOMER, "192.0.2.7:4711" },
	{ BYTES(SIGNATURE "\x21\x11\x00\x0e" FOUR "\x04\x00"), BAD, "" },
	{ BYTES(SIGNATURE "\x21\x11\x00\x0f" FOUR "\x04\x00\x01"), BAD, "" },
	{ BYTES(SIGNATURE "\x21\x11\x00\x10" FOUR "\x04\x00\x00\x04"), BAD,
	    "" },
	/* A sum that is none, and one that is wrong. */
	{ BYTES(SIGNATURE "\x21\x11\x00\x12" FOUR "\x03\x00\x03\x00\x00\x00"),
	    BAD, "" },
	{ BYTES(SIGNATURE "\x21\x11\x00\x13" FOUR
			  "\x03\x00\x04\x00\x00\x00\x00"),
	    BAD, "" },
};

#define NROWS (sizeof rows / sizeof rows[0])

/* As haproxy and others write it: the sum is over all, with zeros in its own
 * place.  It was worked out by another program. */
static const char summed[] = SIGNATURE "\x21\x11\x00\x17" FOUR "\x04\x00\x01x"
				       "\x03\x00\x04\x74\x81\x53\xc2";

static void
each_header_is_what_it_is(void)
{
	char address[WIRE_PROXY_TEXT], what[32];
	size_t used;

	for (size_t i = 0; i < NROWS; i++) {
		enum wire_proxy said =
		    wire_proxy(rows[i].bytes, rows[i].len, &used, address);

		snprintf(what, sizeof what, "row %zu", i);
		t_check_int(T_AT, said, rows[i].said, what);
		t_check_str(T_AT, address, rows[i].address, what);
		if (said != MORE && said != BAD)
			t_check_int(T_AT, (intmax_t)used, (intmax_t)rows[i].len,
			    what);
	}
}

static void
a_header_cut_anywhere_arrives_whole(void)
{
	char address[WIRE_PROXY_TEXT];
	size_t used;

	for (size_t i = 0; i < NROWS; i++) {
		if (rows[i].said == MORE || rows[i].said == BAD)
			continue;
		for (size_t cut = 0; cut < rows[i].len; cut++)
			CHECK_INT(wire_proxy(rows[i].bytes, cut, &used,
				      address),
			    MORE);
	}
}

static void
what_follows_a_header_is_left_alone(void)
{
	char bytes[512], address[WIRE_PROXY_TEXT];
	size_t used;

	for (size_t i = 0; i < NROWS; i++) {
		if (rows[i].said == MORE || rows[i].said == BAD)
			continue;
		memcpy(bytes, rows[i].bytes, rows[i].len);
		memcpy(bytes + rows[i].len, V1OK, sizeof V1OK);
		CHECK_INT(wire_proxy(bytes, rows[i].len + sizeof V1OK, &used,
			      address),
		    rows[i].said);
		CHECK_INT(used, rows[i].len);
		CHECK_STR(address, rows[i].address);
	}
}

static void
what_is_no_header_stays_none(void)
{
	char bytes[512], address[WIRE_PROXY_TEXT];
	size_t used;

	for (size_t i = 0; i < NROWS; i++) {
		if (rows[i].said != BAD)
			continue;
		memcpy(bytes, rows[i].bytes, rows[i].len);
		memcpy(bytes + rows[i].len, V1OK, sizeof V1OK);
		CHECK_INT(wire_proxy(bytes, rows[i].len + sizeof V1OK, &used,
			      address),
		    BAD);
	}
}

/* Nobody is taken for somebody else: a row that is another address in the same
 * shape is that of another header. */
static void
a_changed_byte_makes_no_other_shape_pass(void)
{
	char bytes[sizeof V1OK], address[WIRE_PROXY_TEXT];
	const size_t len = sizeof V1OK - 1;
	enum wire_proxy said;
	size_t used;

	for (size_t i = 0; i < len; i++)
		for (int byte = 0; byte < 256; byte++) {
			memcpy(bytes, V1OK, len);
			if ((char)byte == bytes[i])
				continue;
			bytes[i] = (char)byte;
			said = wire_proxy(bytes, len, &used, address);
			if (said == CUSTOMER)
				CHECK(strchr("0123456789.", byte) != NULL);
			else
				CHECK_INT(said, BAD);
		}
}

/* But a length, which waits for what does not come, and the command of who comes
 * for nobody. */
static void
a_changed_bit_is_found_by_the_sum(void)
{
	char bytes[sizeof summed], address[WIRE_PROXY_TEXT];
	const size_t len = sizeof summed - 1, type = len - 7;
	enum wire_proxy said;
	size_t used;

	CHECK_INT(wire_proxy(summed, len, &used, address), CUSTOMER);
	CHECK_STR(address, "192.0.2.7:4711");
	for (size_t bit = 0; bit < 8 * len; bit++) {
		memcpy(bytes, summed, len);
		bytes[bit / 8] ^= (char)(1 << bit % 8);
		said = wire_proxy(bytes, len, &used, address);
		/* What is no sum any more is skipped. */
		if (bit / 8 == type)
			CHECK_INT(said, CUSTOMER);
		else
			CHECK(said == BAD || (said == MORE && bit / 8 < 16) ||
			    (said == LOCAL && bit / 8 == 12));
	}
}

static void
a_second_sum_is_refused(void)
{
	char bytes[sizeof summed + 7], address[WIRE_PROXY_TEXT];
	const size_t len = sizeof summed - 1;
	size_t used;

	memcpy(bytes, summed, len);
	memcpy(bytes + len, summed + len - 7, 7);
	bytes[15] = (char)(bytes[15] + 7);
	CHECK_INT(wire_proxy(bytes, len + 7, &used, address), BAD);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(each_header_is_what_it_is),
		T(a_header_cut_anywhere_arrives_whole),
		T(what_follows_a_header_is_left_alone),
		T(what_is_no_header_stays_none),
		T(a_changed_byte_makes_no_other_shape_pass),
		T(a_changed_bit_is_found_by_the_sum),
		T(a_second_sum_is_refused),
	};

	return t_main("proxy", cases, sizeof cases / sizeof cases[0]);
}
