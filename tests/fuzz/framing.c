/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Arbitrary bytes for the reader of every framing, and for the UTF-8 of
 * sks_recv_until().  How the bytes are cut must change nothing, what is written
 * must be read, and memory must not follow what is announced.
 *
 * In `make check` the inputs come from a seeded generator.  For a fuzzer that
 * looks for them:
 *
 *	clang -g -DFUZZ_ENGINE -fsanitize=fuzzer,address,undefined -Ibuild \
 *	    -Isrc -D_GNU_SOURCE tests/fuzz/framing.c src/base/?*.c \
 *	    $(find src/socketserver -name '*.c') -lunistring -lpthread -lm
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "socketserver/socketserver.h"

#define MUST(cond)                                                         \
	do {                                                               \
		if (!(cond)) {                                             \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, \
			    #cond);                                        \
			abort();                                           \
		}                                                          \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MAX 40

static const struct sks_framing all[] = {
	{ .kind = SKS_LINE, .max = MAX },
	{ .kind = SKS_BLOCK, .prefix = 1, .max = MAX },
	{ .kind = SKS_BLOCK, .prefix = 2, .max = MAX },
	{ .kind = SKS_BLOCK, .prefix = 4, .max = MAX },
	{ .kind = SKS_BLOCK, .prefix = 8, .max = MAX },
	{ SKS_BLOCK, SKS_LITTLE_ENDIAN, 2, MAX },
	{ SKS_BLOCK, SKS_LITTLE_ENDIAN, 8, MAX },
	{ .kind = SKS_NETSTRING, .max = MAX },
};

static void
note(struct dw_buf *out, ssize_t n, const char *message)
{
	char tag[32];

	snprintf(tag, sizeof tag, "[%zd]", n);
	dw_buf_add(out, tag, strlen(tag));
	if (n > 0)
		dw_buf_add(out, message, (size_t)n);
}

/* Takes out what is whole.  Nothing that is kept may be over the limit. */
static void
drain(struct sks_frame *f, struct dw_buf *out)
{
	const char *message;
	ssize_t n;

	while ((n = sks_frame_next(f, &message)) != SKS_EAGAIN) {
		MUST((n < 0) == (message == NULL));
		MUST(n <= MAX && (n < 0 || message[n] == '\0'));
		if (n == SKS_EPROTO)
			break;
		note(out, n, message);
	}
	MUST(sks_frame_pending(f) <= MAX + 21);
}

static void
outcome(const struct sks_framing *how, const uint8_t *data, size_t len,
    size_t step, struct dw_buf *out)
{
	const char *message;
	struct sks_frame *f;
	ssize_t n;

	MUST(sks_frame_new_as(how, &f) == 0);
	for (size_t at = 0; at < len; at += step) {
		MUST(sks_frame_feed(f, data + at,
			 step < len - at ? step : len - at) == 0);
		drain(f, out);
	}
	n = sks_frame_rest(f, &message);
	note(out, n, message);
	sks_frame_free(f);
}

static void
expect_same(struct dw_buf *a, struct dw_buf *b)
{
	MUST(a->len == b->len);
	MUST(memcmp(dw_buf_str(a), dw_buf_str(b), a->len) == 0);
	dw_buf_fini(a);
	dw_buf_fini(b);
}

static void
try_reader(const struct sks_framing *how, const uint8_t *data, size_t len,
    size_t step)
{
	struct dw_buf whole = DW_BUF_INITIALIZER, cut = DW_BUF_INITIALIZER;

	outcome(how, data, len, len + 1, &whole);
	outcome(how, data, len, step, &cut);
	expect_same(&whole, &cut);
}

/* What can be written comes back, and nothing else with it. */
static void
try_writer(const struct sks_framing *how, const uint8_t *data, size_t len)
{
	struct dw_buf got = DW_BUF_INITIALIZER, want = DW_BUF_INITIALIZER;
	uint8_t wire[MAX + 21];
	ssize_t n = sks_frame_encode(how, data, len, wire, sizeof wire);

	MUST((n == SKS_ETOOLONG) == (len > MAX));
	if (n < 0)
		return;
	MUST(sks_frame_encode(how, data, len, NULL, 0) == n);
	outcome(how, wire, (size_t)n, 1, &got);
	note(&want, (ssize_t)len, (const char *)data);
	note(&want, SKS_EAGAIN, NULL);
	expect_same(&got, &want);
}

/* --- through a socket --- */

static struct sks_socket *ours, *theirs;
static struct sks_stream *st;

static void
open_with(const uint8_t *data, size_t len, int rbufsize)
{
	MUST(sks_socketpair(&ours, &theirs) == 0);
	MUST(sks_makefile(ours, rbufsize, 0, &st) == 0);
	MUST(sks_sendall(theirs, data, len, NULL) == 0);
	MUST(sks_shutdown(theirs, SKS_SHUT_WR) == 0);
}

static void
close_it(void)
{
	sks_stream_free(st);
	sks_socket_free(ours);
	sks_socket_free(theirs);
}

/* Text comes out as far as it is text, and the rest is not lost. */
static void
try_text(const uint8_t *data, size_t len, size_t room)
{
	const size_t valid = dw_text_valid((const char *)data, len);
	struct dw_buf got = DW_BUF_INITIALIZER;
	char buf[64];
	ssize_t n;

	open_with(data, len, room % 2 ? 0 : 16);
	while ((n = sks_recv_until(st, NULL, 0, SKS_TEXT, SKS_NEVER, buf,
		    4 + room, NULL)) > 0) {
		MUST(dw_text_valid(buf, (size_t)n) == (size_t)n);
		dw_buf_add(&got, buf, (size_t)n);
	}
	MUST(n == (valid == len ? 0 : SKS_EILSEQ));
	MUST(got.len == valid);
	while ((n = sks_stream_read(st, buf, sizeof buf)) > 0)
		dw_buf_add(&got, buf, (size_t)n);
	MUST(n == 0 && got.len == len);
	MUST(memcmp(dw_buf_str(&got), data, len) == 0);
	dw_buf_fini(&got);
	close_it();
}

/* Where the first of two texts ends, by trying every place. */
static size_t
end_of_first(const uint8_t *data, size_t len)
{
	for (size_t end = 1; end <= len; end++)
		if ((end >= 4 && memcmp(data + end - 4, "quit", 4) == 0) ||
		    (end >= 3 && memcmp(data + end - 3, "单", 3) == 0))
			return end;
	return 0;
}

static void
try_expected(const uint8_t *data, size_t len, enum sks_form form)
{
	static const char *const texts[] = { "quit", "单" };
	const size_t valid = dw_text_valid((const char *)data, len);
	size_t end = end_of_first(data, form == SKS_TEXT ? valid : len);
	char buf[1024];
	ssize_t n;

	open_with(data, len, 16);
	n = sks_recv_until(st, texts, 2, form, SKS_NEVER, buf, sizeof buf,
	    NULL);
	MUST(n ==
	    (end > 0                                ? (ssize_t)end :
		    form == SKS_TEXT && valid < len ? SKS_EILSEQ :
						      SKS_EEOF));
	MUST(n < 0 || memcmp(buf, data, end) == 0);
	close_it();
}

/* A stream says of the first message what the reader says. */
static void
try_stream(const struct sks_framing *how, const uint8_t *data, size_t len)
{
	const char *message;
	struct sks_frame *f;
	char buf[MAX + 1];
	size_t got;
	ssize_t n;
	int r;

	MUST(sks_frame_new_as(how, &f) == 0);
	MUST(sks_frame_feed(f, data, len) == 0);
	n = sks_frame_next(f, &message);
	open_with(data, len, 16);
	r = sks_stream_read_frame(st, how, SKS_NEVER, buf, sizeof buf, &got);
	if (n >= 0)
		MUST(r == 1 && got == (size_t)n &&
		    memcmp(buf, message, got) == 0);
	else if (n == SKS_EAGAIN && how->kind != SKS_LINE)
		MUST(r == (len == 0 ? 0 : SKS_EEOF));
	else if (n != SKS_EAGAIN)
		MUST(r == n);
	close_it();
	sks_frame_free(f);
}

/* The first byte says how the rest is cut. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const size_t n = sizeof all / sizeof all[0];
	size_t step;

	if (len == 0 || len > 1000)
		return 0;
	step = 1 + data[0] % 7;
	data++;
	len--;
	for (size_t i = 0; i < n; i++) {
		try_reader(&all[i], data, len, step);
		try_writer(&all[i], data, len);
	}
	try_stream(&all[step % n], data, len);
	try_stream(&all[n - 1], data, len);
	try_text(data, len, step);
	try_expected(data, len, SKS_TEXT);
	try_expected(data, len, SKS_BYTES);
	return 0;
}

#ifndef FUZZ_ENGINE

#include "t.h"

/* What inputs are made of, beside single bytes of any value. */
static const struct crumb {
	const char *bytes;
	size_t len;
} crumbs[] = {
#define CRUMB(s) { s, sizeof s - 1 }
	CRUMB("5:hello,"),
	CRUMB("0:,"),
	CRUMB("3:"),
	CRUMB("41:"),
	CRUMB(","),
	CRUMB("007:"),
	CRUMB("18446744073709551615:"),
	CRUMB("99999999999"),
	CRUMB("\0\5hello"),
	CRUMB("\5\0hello"),
	CRUMB("\0\0\0\3abc"),
	CRUMB("\3abc"),
	CRUMB("\3\0\0\0\0\0\0\0abc"),
	CRUMB("\0\0\0\0\0\0\0\1"),
	CRUMB("\x80\0\0\0\0\0\0\0"),
	CRUMB("\xff\xff\xff\xff\xff\xff\xff\xff"),
	CRUMB("\r\n"),
	CRUMB("\n"),
	CRUMB("\r"),
	CRUMB("quit"),
	CRUMB("订单"),
	CRUMB("\xe8\xae"),
	CRUMB("\xf0\x9f\x98"),
	CRUMB("\xed\xa0\x80"),
	CRUMB("0123456789012345678901234567890123456789"),
	CRUMB("012345678"),
};

static size_t
make_input(uint8_t *data, size_t max)
{
	size_t len = 0, parts = 1 + (size_t)random() % 12;
	const struct crumb *crumb;

	data[len++] = (uint8_t)random();
	for (size_t i = 0; i < parts; i++) {
		crumb = &crumbs[(size_t)random() %
		    (sizeof crumbs / sizeof crumbs[0])];
		if (len + crumb->len + 1 > max)
			break;
		memcpy(data + len, crumb->bytes, crumb->len);
		len += crumb->len;
		if (random() % 3 == 0)
			data[len++] = (uint8_t)random();
	}
	return len;
}

static void
seeded_inputs_break_no_promise(void)
{
	int rounds = t_size("inputs", 10000);
	uint8_t data[512];

	srandom(20261128);
	for (int i = 0; i < rounds; i++)
		LLVMFuzzerTestOneInput(data, make_input(data, sizeof data));
	CHECK(rounds > 0);
}

static void
all_pairs_of_bytes_break_no_promise(void)
{
	uint8_t data[8] = { 0, 0, 0, 'a', ',', '\n' };

	for (int i = 0; i < 65536; i++) {
		data[1] = (uint8_t)(i >> 8);
		data[2] = (uint8_t)(i & 255);
		for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
			try_reader(&all[k], data + 1, 5, 1);
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

	return t_main("fuzz framing", cases, sizeof cases / sizeof cases[0]);
}

#endif
