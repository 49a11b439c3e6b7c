/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every parser of src/wire under arbitrary bytes.  Each input is judged by
 * what must hold for all: cutting changes nothing, nothing is lost, what was
 * parsed encodes to itself, what goes to a terminal is harmless.  A breach
 * aborts.
 *
 * In `make check` the inputs come from a seeded generator.  For a fuzzer that
 * looks for them:
 *
 *	clang -g -DFUZZ_ENGINE -fsanitize=fuzzer,address,undefined -Ibuild \
 *	    -Isrc -D_GNU_SOURCE tests/fuzz/wire.c src/wire/?*.c src/event/?*.c \
 *	    src/base/?*.c -ljansson -lunistring -lpthread -lm
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/quit.h"
#include "base/text.h"
#include "wire/base64.h"
#include "wire/classic.h"
#include "wire/line.h"
#include "wire/op.h"
#include "wire/opening.h"
#include "wire/proxy.h"

#define MUST(cond) ((cond) ? (void)0 : breach(#cond, __LINE__))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
breach(const char *what, int line)
{
	fprintf(stderr, "wire.c:%d: %s does not hold\n", line, what);
	abort();
}

/* Only a peer whose keys come one by one edits with these, and which peer does
 * so is told by how its bytes are cut. */
static bool
has_erase(const uint8_t *data, size_t len)
{
	return len > 0 &&
	    (memchr(data, '\b', len) != NULL ||
		memchr(data, 0x7F, len) != NULL);
}

/* The rows of the stream, cut after every `step` bytes. */
static void
rows_of(const uint8_t *data, size_t len, size_t step, struct dw_buf *out)
{
	enum wire_line_kind kind;
	struct wire_line l;
	const char *text;
	size_t n;

	wire_line_init(&l, 40);
	l.keys.typed = has_erase(data, len);
	for (size_t at = 0; at <= len; at += step) {
		wire_line_feed(&l, data + at,
		    step < len - at ? step : len - at);
		if (at + step > len)
			wire_line_eof(&l);
		while ((kind = wire_line_next(&l, &text, &n)) !=
		    WIRE_LINE_NONE) {
			MUST(n < 40);
			dw_buf_addc(out, (char)('0' + kind));
			dw_buf_add(out, text, n);
		}
		n = wire_line_answer(&l, &text);
		MUST(n % 3 == 0 && n <= len + 3);
	}
	wire_line_fini(&l);
}

static void
try_line(const uint8_t *data, size_t len, size_t step)
{
	struct dw_buf whole = DW_BUF_INITIALIZER, cut = DW_BUF_INITIALIZER;

	rows_of(data, len, len + 1, &whole);
	rows_of(data, len, step, &cut);
	MUST(whole.len == cut.len);
	MUST(memcmp(dw_buf_str(&whole), dw_buf_str(&cut), cut.len) == 0);
	dw_buf_fini(&whole);
	dw_buf_fini(&cut);
}

static void
try_classic(const uint8_t *data, size_t len, size_t step)
{
	struct dw_buf got = DW_BUF_INITIALIZER;
	struct wire_classic c;
	const char *text;
	size_t n;

	wire_classic_init(&c, EV_SERVER_HELLO);
	wire_classic_feed(&c, EV_SERVER_HELLO, 18);
	MUST(wire_classic_next(&c, &text, &n) == WIRE_CLASSIC_HELLO);
	MUST(wire_classic_next(&c, &text, &n) == WIRE_CLASSIC_NONE);
	for (size_t at = 0; at < len; at += step) {
		wire_classic_feed(&c, data + at,
		    step < len - at ? step : len - at);
		if (at + step >= len)
			wire_classic_flush(&c);
		while (wire_classic_next(&c, &text, &n) == WIRE_CLASSIC_TEXT) {
			MUST(n > 0 && n <= WIRE_CLASSIC_MAX);
			dw_buf_add(&got, text, n);
		}
	}
	MUST(got.len == len && memcmp(dw_buf_str(&got), data, len) == 0);
	wire_classic_fini(&c);
	dw_buf_fini(&got);
}

static void
try_guard(const char *text, size_t len)
{
	struct dw_buf out = DW_BUF_INITIALIZER;

	MUST(dw_quit_guard(&out, text, len) == 0);
	MUST(dw_is_quit(text, len) ||
	    memmem(dw_buf_str(&out), out.len, "quit", 4) == NULL);
	dw_buf_fini(&out);
}

static void
try_encode(const char *text, size_t len)
{
	struct dw_buf out = DW_BUF_INITIALIZER;
	bool starts = true;

	MUST(wire_line_encode(&out, "Lin", text, len, true) == 0);
	MUST(dw_text_valid(out.data, out.len) == out.len);
	MUST(out.len >= 2 && memcmp(out.data + out.len - 2, "\r\n", 2) == 0);
	for (size_t i = 0; i < out.len; i++) {
		unsigned char c = (unsigned char)out.data[i];

		MUST(c >= ' ' || c == '\n' ||
		    (c == '\r' && out.data[i + 1] == '\n'));
		MUST(c != 0x7f);
		MUST(!starts || memcmp(out.data + i, "     ", 5) == 0 ||
		    (i == 0 && memcmp(out.data, "Lin: ", 5) == 0));
		starts = c == '\n';
	}
	dw_buf_fini(&out);
}

static void
try_frame(const char *line, size_t len)
{
	struct dw_buf one = DW_BUF_INITIALIZER, two = DW_BUF_INITIALIZER;
	struct wire_frame *f, *again;
	const char *why;

	if (wire_frame_parse(line, len, &f, &why) < 0)
		return;
	MUST(wire_frame_encode(&one, f) == 0);
	MUST(wire_frame_parse(one.data, one.len - 1, &again, &why) == 0);
	MUST(wire_frame_encode(&two, again) == 0);
	MUST(one.len == two.len && memcmp(one.data, two.data, one.len) == 0);
	wire_frame_free(f);
	wire_frame_free(again);
	dw_buf_fini(&one);
	dw_buf_fini(&two);
}

static void
try_base64(const char *text, size_t len)
{
	struct dw_buf bytes = DW_BUF_INITIALIZER, back = DW_BUF_INITIALIZER;

	if (wire_base64_decode(&bytes, text, len) == 0) {
		MUST(wire_base64_encode(&back, dw_buf_str(&bytes), bytes.len) ==
		    0);
		MUST(back.len == len);
		MUST(memcmp(dw_buf_str(&back), text, len) == 0);
	}
	dw_buf_fini(&bytes);
	dw_buf_fini(&back);
}

static void
try_opening(const uint8_t *data, size_t len)
{
	enum wire_opening said = WIRE_OPEN_MORE, now;
	struct dw_buf text = DW_BUF_INITIALIZER;
	const char *what;

	for (size_t n = 0; n <= len; n++) {
		now = wire_opening(data, n, false, &what);
		MUST(said == WIRE_OPEN_MORE || now == said ||
		    (said == WIRE_OPEN_VISITOR && now == WIRE_OPEN_LINE));
		MUST((what[0] != '\0') >= (now == WIRE_OPEN_VISITOR));
		said = now;
	}
	now = wire_opening(data, len, true, &what);
	MUST(len == 0 || now != WIRE_OPEN_MORE);
	MUST(said == WIRE_OPEN_MORE || now == said);
	MUST(wire_opening_text(&text, data, len, 80) == 0 && text.len <= 80);
	MUST(dw_text_valid(dw_buf_str(&text), text.len) == text.len);
	dw_buf_fini(&text);
}

/* What is written of an address, and how much of the bytes it was. */
static void
try_proxy(const uint8_t *data, size_t len)
{
	enum wire_proxy said = WIRE_PROXY_MORE, now;
	char address[WIRE_PROXY_TEXT];
	size_t used, before = 0;

	for (size_t n = 0; n <= len; n++) {
		now = wire_proxy(data, n, &used, address);
		MUST(used <= n && used <= WIRE_PROXY_MAX);
		MUST((address[0] != '\0') == (now == WIRE_PROXY_CUSTOMER));
		MUST((used > 0) ==
		    (now != WIRE_PROXY_MORE && now != WIRE_PROXY_BAD));
		MUST(said == WIRE_PROXY_MORE ||
		    (now == said && used == before));
		said = now;
		before = used;
	}
}

/* The first byte says how the rest is cut. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t step;

	if (len == 0)
		return 0;
	step = 1 + data[0] % 7;
	data++;
	len--;
	try_opening(data, len);
	try_proxy(data, len);
	try_line(data, len, step);
	try_classic(data, len, step);
	try_guard((const char *)data, len);
	try_encode((const char *)data, len);
	try_base64((const char *)data, len);
	try_frame((const char *)data, len);
	return 0;
}

#ifndef FUZZ_ENGINE

#include "t.h"

/* What inputs are made of, beside single bytes of any value. */
static const char *const crumbs[] = {
	"quit",
	"\r\n",
	"\n",
	"\r",
	"\xff\xfd",
	"\xff\xfa",
	"\xff\xf0",
	"\xff\xff",
	"\xff\xf6",
	"\xff\xf7",
	"\xff\xf8",
	"\xff\xfd\x06",
	"\xef\xbb\xbf",
	"\xf2/",
	"\b",
	"\x7f",
	"\033[2J",
	"客户端已就绪",
	"服务端已就绪",
	"订单",
	"\xe8\xae",
	"\xf0\x9f\x98",
	"{\"op\":\"",
	"reply",
	"cmd",
	"ev",
	"welcome",
	"\",",
	"\"id\":7",
	"\"text\":\"",
	"\"bytes\":\"QUJD\"",
	"\"ev\":{",
	"\"sessions\":[{",
	"\"listeners\":[\"",
	"]",
	"}",
	"{",
	"[",
	"\"",
	"\\u0041",
	"QUJD",
	"QQ==",
	"* closed",
	"GET ",
	" HTTP/1.1",
	"*1\r\n",
	"$4\r\n",
	"EHLO x\n",
	"SSH-2.0-x\n",
	"OPTIONS sip:a SIP/2.0\n",
	"\x16\x03",
	"PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n",
	"PROXY TCP6 2001:db8::7 ::1 4711 443\r\n",
	"PROXY UNKNOWN\r\n",
	"PROXY TCP4 ",
	"                                        ",
};

/* A binary header has zeros, so it is no crumb. */
static size_t
maybe_begin_as_proxy(uint8_t *data)
{
	static const char begin[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x14"
				    "\xc0\0\2\7\xc0\0\2\1\x12\x67\1\xbb";

	if (random() % 8 != 0)
		return 0;
	memcpy(data, begin, sizeof begin - 1);
	return sizeof begin - 1;
}

static size_t
make_input(uint8_t *data, size_t max)
{
	size_t len = 0, n, parts = 1 + (size_t)random() % 12;
	const char *crumb;

	data[len++] = (uint8_t)random();
	len += maybe_begin_as_proxy(data + len);
	for (size_t i = 0; i < parts; i++) {
		crumb = crumbs[(size_t)random() %
		    (sizeof crumbs / sizeof crumbs[0])];
		n = strlen(crumb);
		if (len + n + 1 > max)
			break;
		memcpy(data + len, crumb, n);
		len += n;
		if (random() % 3 == 0)
			data[len++] = (uint8_t)random();
	}
	return len;
}

static void
seeded_inputs_break_no_promise(void)
{
	int rounds = t_size("inputs", 30000);
	uint8_t data[512];

	srandom(20261122);
	for (int i = 0; i < rounds; i++)
		LLVMFuzzerTestOneInput(data, make_input(data, sizeof data));
	CHECK(rounds > 0);
}

static void
all_pairs_of_bytes_break_no_promise(void)
{
	uint8_t data[4] = { 0, 0, 0, '\n' };

	for (int i = 0; i < 65536; i++) {
		data[1] = (uint8_t)(i >> 8);
		data[2] = (uint8_t)(i & 255);
		LLVMFuzzerTestOneInput(data, sizeof data);
	}
	CHECK(data[1] == 255);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(seeded_inputs_break_no_promise),
		T(all_pairs_of_bytes_break_no_promise),
	};

	return t_main("fuzz wire", cases, sizeof cases / sizeof cases[0]);
}

#endif
