/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests what the first bytes of a connection say. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/words.h"
#include "t.h"
#include "wire/opening.h"

#define MORE    WIRE_OPEN_MORE
#define LINE    WIRE_OPEN_LINE
#define CLASSIC WIRE_OPEN_CLASSIC
#define HTTP    WIRE_OPEN_HTTP
#define TLS     WIRE_OPEN_TLS
#define VISITOR WIRE_OPEN_VISITOR
#define UTF16LE WIRE_OPEN_UTF16LE
#define UTF16BE WIRE_OPEN_UTF16BE

#define BYTES(text) text, sizeof text - 1

/* What is said while more may follow, and when it has ended. */
static const struct {
	const char *bytes;
	size_t len;
	enum wire_opening so_far, ended;
} rows[] = {
	{ BYTES(""), MORE, MORE },
	{ BYTES("客户端已就绪"), CLASSIC, CLASSIC },
	{ BYTES("客户端已就绪hello"), CLASSIC, CLASSIC },
	{ BYTES("客户端已就"), MORE, LINE },
	{ BYTES("客户端已就\xe7\xbb"), MORE, LINE },
	{ BYTES("客户端好"), MORE, LINE },
	{ BYTES("客户\n"), LINE, LINE },
	{ BYTES("服务端已就绪\n"), LINE, LINE },
	{ BYTES(" 客户端已就绪\n"), LINE, LINE },
	{ BYTES("\r\n客户端已就绪"), MORE, LINE },
	{ BYTES("\n\x16\x03\x01"), VISITOR, VISITOR },
	/* A request line, in its whole shape only. */
	{ BYTES("G"), MORE, LINE },
	{ BYTES("GET "), MORE, LINE },
	{ BYTES("GET\n"), LINE, LINE },
	{ BYTES("get / HTTP/1.0"), MORE, HTTP },
	{ BYTES("get / http/1.0\r\n"), HTTP, HTTP },
	{ BYTES("GET /login HTTP/1.1\n"), HTTP, HTTP },
	{ BYTES("GET http://x/ HTTP/1.1\r\n"), HTTP, HTTP },
	{ BYTES("CONNECT a:443 HTTP/1.1\r\n"), HTTP, HTTP },
	{ BYTES("OPTIONS * HTTP/1.1\r\n"), HTTP, HTTP },
	{ BYTES("BREW /pot HTTP/1.1\r\n"), HTTP, HTTP },
	{ BYTES("\r\n\nGET / HTTP/1.0\r\n"), HTTP, HTTP },
	{ BYTES("GET /x\n"), HTTP, HTTP },
	{ BYTES("get /login fails\n"), LINE, LINE },
	{ BYTES("get /login\n"), LINE, LINE },
	{ BYTES("GET /login HTTP/1.1 fails\n"), LINE, LINE },
	{ BYTES("GET it with HTTP/1.1\n"), LINE, LINE },
	{ BYTES("see /login HTTP/1.1\n"), LINE, LINE },
	{ BYTES("POST my parcel\n"), LINE, LINE },
	{ BYTES("OPTIONS sip:nm SIP/2.0\r\n"), VISITOR, VISITOR },
	{ BYTES("OPTIONS sip:nm SIP/2.0\r\nVia: x\r\n\r\n"), VISITOR, VISITOR },
	/* Others. */
	{ BYTES("\x16"), MORE, VISITOR },
	{ BYTES("\x16\x03\x01"), TLS, TLS },
	{ BYTES("\x16\x04"), VISITOR, VISITOR },
	{ BYTES("SSH-2.0-x"), VISITOR, VISITOR },
	{ BYTES("SSH is down\n"), LINE, LINE },
	{ BYTES("AMQP is down\n"), LINE, LINE },
	{ BYTES("PING\r\n"), LINE, LINE },
	{ BYTES("HELP\r\n"), LINE, LINE },
	{ BYTES("USER anonymous\r\n"), VISITOR, VISITOR },
	{ BYTES("USER is a field\r\n"), LINE, LINE },
	{ BYTES("*1\r\n"), VISITOR, VISITOR },
	{ BYTES("*1\n"), LINE, LINE },
	{ BYTES("0\n"), LINE, LINE },
	/* No text. */
	{ BYTES("\0"), MORE, VISITOR },
	{ BYTES("\0x\n"), MORE, VISITOR },
	{ BYTES("\0x\1\n"), VISITOR, VISITOR },
	{ BYTES("\1x\n"), VISITOR, VISITOR },
	{ BYTES("a\0b"), MORE, VISITOR },
	{ BYTES("a\0b\n"), LINE, LINE },
	{ BYTES("a\0\0b\n"), VISITOR, VISITOR },
	{ BYTES("hello\7"), MORE, VISITOR },
	{ BYTES("hello\7\n"), LINE, LINE },
	/* Text, whatever it is encoded in; and keys. */
	{ BYTES("hello"), MORE, LINE },
	{ BYTES("hello\n"), LINE, LINE },
	{ BYTES("a\tb\x7f\x08"), MORE, LINE },
	{ BYTES("\033[Ahello\n"), LINE, LINE },
	{ BYTES("hello\r\0"), LINE, LINE },
	{ BYTES("\xc4\xe3\xba\xc3"), MORE, LINE },   /* GBK */
	{ BYTES("\x93\xfa\x96\x7b\n"), LINE, LINE }, /* Shift-JIS */
	{ BYTES("\xff\xf0\xe8\n"), LINE, LINE },     /* windows-1251 */
	{ BYTES("{\"op\":1}\n"), LINE, LINE },
	{ BYTES("\n"), MORE, VISITOR },
	{ BYTES(" \r\n\r\n "), MORE, VISITOR },
	{ BYTES("\n\nhello\n"), LINE, LINE },
	/* Telnet. */
	{ BYTES("\xff"), MORE, LINE },
	{ BYTES("\xff\xfd\x01"), LINE, LINE },
	{ BYTES("\xff\xf4\xff\xfd\x06"), LINE, LINE },
	{ BYTES("\r\n\xff\xf4\xff\xfd\x06"), LINE, LINE },
	{ BYTES("hel\xff\xf4\xff\xfd\x06"), LINE, LINE },
	{ BYTES("\xff\xfe\x18"), MORE, LINE },
	{ BYTES("\xff\xfe\x18\xff"), LINE, LINE },
	{ BYTES("\xff\xfe 1"), LINE, LINE },
	/* UTF-16. */
	{ BYTES("\xff\xfe"), MORE, MORE },
	{ BYTES("\r\0\r\0"), MORE, VISITOR },
	{ BYTES("\r\0\r\0hello\r\0"), LINE, LINE },
	{ BYTES("\xff\xfeh\0"), UTF16LE, UTF16LE },
	{ BYTES("\xff\xfe\n\0"), UTF16LE, UTF16LE },
	{ BYTES("\xff\xfe\xa8\x60"), UTF16LE, UTF16LE },
	{ BYTES("\xfe\xff\0h"), UTF16BE, UTF16BE },
	{ BYTES("h\0i\0"), UTF16LE, UTF16LE },
	{ BYTES("\0h\0i"), UTF16BE, UTF16BE },
	{ BYTES("\0h\0"), MORE, VISITOR },
};

/* A visitor's rows behind its opening, and what it is with them. */
static const struct {
	const char *bytes;
	size_t len;
	enum wire_opening kind;
} further[] = {
	{ BYTES("SSH-2.0-x\r\nhello\n"), LINE },
	{ BYTES("SSH-2.0-x\r\nhello"), VISITOR },
	{ BYTES("SSH-2.0-x\r\n\r\n \r\n"), VISITOR },
	{ BYTES("SSH-2.0-x\r\n\0\0\2\nd\1x\n"), VISITOR },
	{ BYTES("SSH-2.0-x\r\n\0\0\2\nd\1x\nhello\n"), LINE },
	{ BYTES("SSH-2.0-x\nSSH-2.0-x\n"), LINE },
	{ BYTES("\1\2hello\nwho is there\n"), LINE },
	{ BYTES("\1\2hello\n"), VISITOR },
	{ BYTES("EHLO x\nMAIL FROM:<a>\nRCPT TO:<b>\nDATA\n"), VISITOR },
	{ BYTES("EHLO x\nMAIL FROM:<a>\nis somebody there?\n"), LINE },
	{ BYTES("EHLO x\n您好\n"), LINE },
	{ BYTES("a1 CAPABILITY\na2 LOGOUT\n"), VISITOR },
	{ BYTES("CAP LS\nNICK x\nUSER x 0 * :x\nJOIN #a\n"), VISITOR },
	{ BYTES("OPTIONS / RTSP/1.0\r\nCSeq: 1\r\n\r\nhello\n"), LINE },
	{ BYTES("OPTIONS / RTSP/1.0\r\nhello\n"), VISITOR },
	{ BYTES("OPTIONS / RTSP/1.0\r\n\r\nPLAY / RTSP/1.0\r\nCSeq: 2\r\n"),
	    VISITOR },
	{ BYTES("*2\r\n$3\r\nget\r\n$1\r\na\r\n"), VISITOR },
	{ BYTES("*1\r\n$4\r\nPING\r\nhello\r\n"), LINE },
	{ BYTES("set a 0 0 5\r\nhello\r\n"), VISITOR },
	{ BYTES("set a 0 0 5\r\nhello\r\nhello\r\n"), LINE },
	{ BYTES("\r\n\r\n\0\r\nQUIT\n\x21\x11"), VISITOR },
	{ BYTES("GET / HTTP/1.0\r\n\r\nhello\n"), HTTP },
};

static enum wire_opening
opening(const char *bytes, size_t len, bool ended)
{
	const char *what;
	enum wire_opening kind = wire_opening(bytes, len, ended, &what);

	CHECK((what[0] != '\0') ==
	    (kind == HTTP || kind == TLS || kind == VISITOR ||
		kind == UTF16LE || kind == UTF16BE));
	return kind;
}

static void
the_first_bytes_decide(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (!CHECK_INT(opening(rows[i].bytes, rows[i].len, false),
			rows[i].so_far) ||
		    !CHECK_INT(opening(rows[i].bytes, rows[i].len, true),
			rows[i].ended))
			CHECK_STR(rows[i].bytes, "this row");
}

static void
a_visitors_readable_row_makes_a_customer_of_it(void)
{
	for (size_t i = 0; i < sizeof further / sizeof further[0]; i++)
		if (!CHECK_INT(opening(further[i].bytes, further[i].len, false),
			further[i].kind))
			CHECK_STR(further[i].bytes, "this row");
}

/* Returns whether it is so for every beginning of these bytes. */
static bool
answer_stands(const char *bytes, size_t len)
{
	enum wire_opening said = MORE, now;

	for (size_t n = 0; n <= len; n++) {
		now = opening(bytes, n, false);
		if (said != MORE && now != said &&
		    !(said == VISITOR && now == LINE))
			return false;
		said = now;
	}
	return true;
}

static void
an_answer_never_changes_when_more_bytes_come(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		CHECK(answer_stands(rows[i].bytes, rows[i].len));
	for (size_t i = 0; i < sizeof further / sizeof further[0]; i++)
		CHECK(answer_stands(further[i].bytes, further[i].len));
}

static void
a_flood_is_looked_at_in_linear_time(void)
{
	static const char *const begin[] = { "<?xml ", "set a 0 ", "USER ", "a",
		"1", "<?xml\n<?xml ", "GET /" };
	static char bytes[WIRE_OPENING_MAX];

	for (size_t i = 0; i < sizeof begin / sizeof begin[0]; i++) {
		memset(bytes, '1', sizeof bytes);
		memcpy(bytes, begin[i], strlen(begin[i]));
		bytes[sizeof bytes - 1] = '\n';
		for (int n = 0; n < 100; n++)
			CHECK_INT(opening(bytes, sizeof bytes, true), LINE);
	}
}

/* ---- tests/peers/openings.txt ---- */

struct peer {
	char name[64], what[64];
	unsigned char bytes[1024];
	size_t len;
};

static FILE *
open_peers(void)
{
	const char *top = getenv("top_srcdir");
	char path[4096];

	snprintf(path, sizeof path, "%s/tests/peers/openings.txt",
	    top != NULL ? top : "..");
	return fopen(path, "r");
}

/* Returns false at the end of the file. */
static bool
next_peer(FILE *f, struct peer *p)
{
	char line[4096], *hex, *what;

	do {
		if (fgets(line, sizeof line, f) == NULL)
			return false;
	} while (line[0] == '#');
	line[strcspn(line, "\n")] = '\0';
	hex = strchr(line, '\t');
	what = hex != NULL ? strchr(hex + 1, '\t') : NULL;
	if (!CHECK(what != NULL))
		return false;
	*hex++ = *what++ = '\0';
	snprintf(p->name, sizeof p->name, "%.60s", line);
	snprintf(p->what, sizeof p->what, "%.60s", what);
	for (p->len = 0; hex[0] != '\0'; hex += 2) {
		const char pair[3] = { hex[0], hex[1], '\0' };

		p->bytes[p->len++] = (unsigned char)strtoul(pair, NULL, 16);
	}
	return true;
}

/* What the desk makes of it; the desk itself knows of telnet's options. */
static const char *
expected(const struct peer *p)
{
	static const char *const customers[] = { "a customer", "nothing",
		"nothing readable" };

	for (size_t i = 0; i < sizeof customers / sizeof customers[0]; i++)
		if (strcmp(p->what, customers[i]) == 0)
			return "";
	return p->what;
}

static void
known_protocols_are_told_apart_however_they_are_cut(void)
{
	FILE *f = open_peers();
	const char *what;
	struct peer p;
	int n = 0;

	if (!CHECK(f != NULL))
		return;
	for (; next_peer(f, &p); n++) {
		(void)wire_opening(p.bytes, p.len, true, &what);
		if (!CHECK_STR(what, expected(&p)) ||
		    !CHECK(answer_stands((char *)p.bytes, p.len)))
			CHECK_STR(p.name, "this row");
	}
	CHECK(n >= 51);
	fclose(f);
}

/* ---- what can be read ---- */

static void
what_is_readable_is_told_without_the_rest(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *text;
	} texts[] = {
		{ BYTES("SSH-2.0-x\r\n"), "SSH-2.0-x" },
		{ BYTES("\3\0\0\x13 z\1Cookie: me\r\n\2"), "Cookie: me" },
		{ BYTES("\1\2\3"), "" },
		{ BYTES("   \n您好吗\xff"), "您好吗" },
		{ BYTES("OPTIONS / RTSP/1.0\r\nCSeq: 1\r\n"),
		    "OPTIONS / RTSP/1.0 CSeq" },
	};
	struct dw_buf out = DW_BUF_INITIALIZER;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		dw_buf_reset(&out);
		CHECK_INT(wire_opening_text(&out, texts[i].bytes, texts[i].len,
			      23),
		    0);
		CHECK_STR(dw_buf_str(&out), texts[i].text);
	}
	dw_buf_fini(&out);
}

static void
a_cut_handshake_is_known(void)
{
	CHECK(wire_opening_is_cut_hello(EV_CLIENT_HELLO, 17));
	CHECK(!wire_opening_is_cut_hello(EV_CLIENT_HELLO, 18));
	CHECK(!wire_opening_is_cut_hello("", 0));
	CHECK(!wire_opening_is_cut_hello("hello", 5));
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
		T(a_visitors_readable_row_makes_a_customer_of_it),
		T(an_answer_never_changes_when_more_bytes_come),
		T(a_flood_is_looked_at_in_linear_time),
		T(known_protocols_are_told_apart_however_they_are_cut),
		T(what_is_readable_is_told_without_the_rest),
		T(a_cut_handshake_is_known),
		T(a_mark_before_the_opening_is_none_of_it),
	};

	return t_main("opening", cases, sizeof cases / sizeof cases[0]);
}
