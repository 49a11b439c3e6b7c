/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks and netstrings through struct sks_frame, and all framings through a
 * stream.  Lines alone: frame.c. */
#include "config.h"

#include <pthread.h>

#include "rig.h"

/* --- the largest piece of memory that was asked for, and sends --- */

static size_t largest;
static int sends;

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *
__wrap_realloc(void *p, size_t size)
{
	if (size > largest)
		largest = size;
	return __real_realloc(p, size);
}

int __real_sks_sendall(struct sks_socket *s, const void *data, size_t n,
    size_t *done);
int __wrap_sks_sendall(struct sks_socket *s, const void *data, size_t n,
    size_t *done);

int
__wrap_sks_sendall(struct sks_socket *s, const void *data, size_t n,
    size_t *done)
{
	sends++;
	return __real_sks_sendall(s, data, n, done);
}

/* --- every framing --- */

#define MAX 200

static const struct sks_framing all[] = {
	{ .kind = SKS_LINE, .max = MAX },
	{ .kind = SKS_BLOCK, .prefix = 1, .max = MAX },
	{ .kind = SKS_BLOCK, .prefix = 2, .max = MAX },
	{ .kind = SKS_BLOCK, .prefix = 4, .max = MAX },
	{ .kind = SKS_BLOCK, .prefix = 8, .max = MAX },
	{ SKS_BLOCK, SKS_LITTLE_ENDIAN, 1, MAX },
	{ SKS_BLOCK, SKS_LITTLE_ENDIAN, 2, MAX },
	{ SKS_BLOCK, SKS_LITTLE_ENDIAN, 4, MAX },
	{ SKS_BLOCK, SKS_LITTLE_ENDIAN, 8, MAX },
	{ .kind = SKS_NETSTRING, .max = MAX },
};
#define FRAMINGS (sizeof all / sizeof all[0])

static const struct sks_framing netstring = { .kind = SKS_NETSTRING,
	.max = MAX };

static struct sks_frame *
new_frame(const struct sks_framing *how)
{
	struct sks_frame *f;

	CHECK_INT(sks_frame_new_as(how, &f), 0);
	return f;
}

static void
feed(struct sks_frame *f, const char *data, size_t len)
{
	CHECK_INT(sks_frame_feed(f, data, len), 0);
}

static void
expect(struct sks_frame *f, const char *want, size_t len)
{
	const char *message;
	ssize_t n = sks_frame_next(f, &message);

	if (CHECK_INT(n, len)) {
		CHECK_MEM(message, (size_t)n, want, len);
		CHECK_INT(message[n], 0);
	}
}

static void
expect_error(struct sks_frame *f, int code)
{
	const char *message = "";

	CHECK_INT(sks_frame_next(f, &message), code);
	CHECK(message == NULL);
}

/* Three messages as they go over the wire; returns the length. */
static size_t
encode_three(const struct sks_framing *how, char *wire, size_t size)
{
	static const char *const texts[] = { "订单", "", "3:a,b" };
	size_t at = 0;
	ssize_t n;

	for (size_t i = 0; i < 3; i++) {
		n = sks_frame_encode(how, texts[i], strlen(texts[i]), wire + at,
		    size - at);
		if (CHECK(n > 0))
			at += (size_t)n;
	}
	return at;
}

static void
expect_three(struct sks_frame *f)
{
	expect(f, "订单", 6);
	expect(f, "", 0);
	expect(f, "3:a,b", 5);
	expect_error(f, SKS_EAGAIN);
	CHECK_INT(sks_frame_pending(f), 0);
}

/* --- the bytes --- */

static void
expect_encoded(const struct sks_framing *how, const char *text,
    const char *want, size_t len)
{
	char buf[64];
	ssize_t n = sks_frame_encode(how, text, strlen(text), buf, len);

	CHECK_INT(sks_frame_encode(how, text, strlen(text), NULL, 0), len);
	CHECK_INT(sks_frame_encode(how, text, strlen(text), buf, len - 1),
	    SKS_EINVAL);
	if (CHECK_INT(n, len))
		CHECK_MEM(buf, (size_t)n, want, len);
}

static void
each_framing_has_its_bytes(void)
{
	expect_encoded(&all[0], "hello", "hello\n", 6);
	expect_encoded(&all[1], "hello", "\5hello", 6);
	expect_encoded(&all[2], "hello", "\0\5hello", 7);
	expect_encoded(&all[3], "hello", "\0\0\0\5hello", 9);
	expect_encoded(&all[4], "hello", "\0\0\0\0\0\0\0\5hello", 13);
	expect_encoded(&all[5], "hello", "\5hello", 6);
	expect_encoded(&all[6], "hello", "\5\0hello", 7);
	expect_encoded(&all[7], "hello", "\5\0\0\0hello", 9);
	expect_encoded(&all[8], "hello", "\5\0\0\0\0\0\0\0hello", 13);
	expect_encoded(&netstring, "hello world!", "12:hello world!,", 16);
	expect_encoded(&netstring, "", "0:,", 3);
}

static void
large_lengths_use_all_bytes_of_the_prefix(void)
{
	const size_t len = 0x010203;
	struct sks_framing how = { .kind = SKS_BLOCK, .prefix = 4, .max = len };
	char *data = calloc(1, len), *wire = malloc(len + 4);

	CHECK_INT(sks_frame_encode(&how, data, len, wire, len + 4), len + 4);
	CHECK_MEM(wire, 4, "\0\1\2\3", 4);
	how.order = SKS_LITTLE_ENDIAN;
	CHECK_INT(sks_frame_encode(&how, data, len, wire, len + 4), len + 4);
	CHECK_MEM(wire, 4, "\3\2\1\0", 4);
	free(data);
	free(wire);
}

static void
a_message_that_does_not_fit_the_framing_is_not_written(void)
{
	static const char data[70000];
	struct sks_framing how = all[1];
	char buf[300] = "untouched";

	CHECK_INT(sks_frame_encode(&how, data, MAX + 1, buf, sizeof buf),
	    SKS_ETOOLONG);
	how.max = sizeof data;
	CHECK_INT(sks_frame_encode(&how, data, 255, NULL, 0), 256);
	CHECK_INT(sks_frame_encode(&how, data, 256, NULL, 0), SKS_ETOOLONG);
	how.prefix = 2;
	CHECK_INT(sks_frame_encode(&how, data, 65535, NULL, 0), 65537);
	CHECK_INT(sks_frame_encode(&how, data, 65536, NULL, 0), SKS_ETOOLONG);
	how.prefix = 3;
	CHECK_INT(sks_frame_encode(&how, data, 1, buf, 9), SKS_EINVAL);
	CHECK_INT(sks_frame_encode(&all[0], "a\nb", 3, buf, 9), SKS_EINVAL);
	CHECK_INT(sks_frame_encode(&all[0], "a\r", 2, buf, 9), SKS_EINVAL);
	CHECK_STR(buf, "untouched");
	CHECK_INT(sks_frame_encode(&all[0], "\ra", 2, buf, 9), 3);
}

/* --- reading, with every cut --- */

static void
messages_cut_anywhere_arrive_whole_in_every_framing(void)
{
	char wire[128];

	for (size_t i = 0; i < FRAMINGS; i++) {
		size_t len = encode_three(&all[i], wire, sizeof wire);

		for (size_t cut = 0; cut <= len; cut++) {
			struct sks_frame *f = new_frame(&all[i]);

			feed(f, wire, cut);
			feed(f, wire + cut, len - cut);
			expect_three(f);
			sks_frame_free(f);
		}
	}
}

static void
messages_that_come_byte_by_byte_arrive_whole_in_every_framing(void)
{
	const char *message;
	char wire[128];
	ssize_t n;

	for (size_t i = 0; i < FRAMINGS; i++) {
		size_t len = encode_three(&all[i], wire, sizeof wire);
		struct sks_frame *f = new_frame(&all[i]);
		size_t bytes = 0, messages = 0;

		for (size_t at = 0; at < len; at++) {
			feed(f, wire + at, 1);
			n = sks_frame_next(f, &message);
			messages += n >= 0;
			bytes += n > 0 ? (size_t)n : 0;
		}
		CHECK_INT(messages, 3);
		CHECK_INT(bytes, 11);
		sks_frame_free(f);
	}
}

static void
any_bytes_pass_in_blocks_and_netstrings(void)
{
	char data[MAX], wire[MAX + 16];
	struct sks_frame *f;
	ssize_t n;

	for (size_t i = 0; i < MAX; i++)
		data[i] = (char)(i * 7);
	for (size_t i = 1; i < FRAMINGS; i++) {
		f = new_frame(&all[i]);
		n = sks_frame_encode(&all[i], data, MAX, wire, sizeof wire);
		if (CHECK(n > 0))
			feed(f, wire, (size_t)n);
		expect(f, data, MAX);
		sks_frame_free(f);
	}
}

/* --- too long --- */

static void
an_announcement_costs_nothing(void)
{
	static const char huge[] = "\x80\0\0\0\0\0\0"; /* 2^63 */
	struct sks_frame *f = new_frame(&all[4]);

	largest = 0;
	feed(f, huge, 7);
	expect_error(f, SKS_EAGAIN);
	feed(f, huge + 7, 1);
	expect_error(f, SKS_ETOOLONG);
	for (int i = 0; i < 10000; i++) {
		feed(f, "0123456789", 10);
		expect_error(f, SKS_EAGAIN);
	}
	CHECK_INT(sks_frame_pending(f), 0);
	CHECK(largest > 0 && largest <= 256);
	sks_frame_free(f);
}

static void
expect_told_once(struct sks_frame *f, const char *wire, size_t len,
    size_t piece)
{
	const char *message;
	int told = 0;

	for (size_t at = 0, n; at < len; at += n) {
		n = piece < len - at ? piece : len - at;
		feed(f, wire + at, n);
		told += sks_frame_next(f, &message) == SKS_ETOOLONG;
		CHECK(sks_frame_pending(f) < 16);
		expect_error(f, SKS_EAGAIN);
	}
	CHECK_INT(told, 1);
}

/* len is over max; the next message is not. */
static void
skip_one(const struct sks_framing *how, size_t len, size_t piece)
{
	struct sks_framing large = *how;
	struct sks_frame *f = new_frame(how);
	char data[MAX * 2] = "", wire[MAX * 2 + 16];
	ssize_t n;

	large.max = len;
	n = sks_frame_encode(&large, data, len, wire, sizeof wire);
	if (!CHECK(n > 0))
		return;
	expect_told_once(f, wire, (size_t)n, piece);
	n = sks_frame_encode(how, "next", 4, wire, sizeof wire);
	if (CHECK(n > 0))
		feed(f, wire, (size_t)n);
	expect(f, "next", 4);
	sks_frame_free(f);
}

static void
what_follows_an_oversized_message_is_intact(void)
{
	for (size_t i = 1; i < FRAMINGS; i++)
		for (size_t piece = 1; piece <= 3; piece++) {
			skip_one(&all[i], MAX + 1, piece);
			skip_one(&all[i], MAX + 40, piece);
		}
}

static void
a_message_of_exactly_the_limit_fits(void)
{
	char data[MAX] = "", wire[MAX + 16];

	for (size_t i = 0; i < FRAMINGS; i++) {
		struct sks_frame *f = new_frame(&all[i]);
		ssize_t n =
		    sks_frame_encode(&all[i], data, MAX, wire, sizeof wire);

		if (CHECK(n > 0))
			feed(f, wire, (size_t)n);
		expect(f, data, MAX);
		sks_frame_free(f);
	}
}

/* Byte by byte, so that each place where a limit is looked at is passed. */
static void
expect_without_limit(struct sks_framing how, const char *wire, size_t n)
{
	const char *message;
	struct sks_frame *f;

	how.max = SIZE_MAX;
	f = new_frame(&how);
	for (size_t i = 0; i + 1 < n; i++) {
		feed(f, wire + i, 1);
		CHECK_INT(sks_frame_next(f, &message), SKS_EAGAIN);
	}
	feed(f, wire + n - 1, 1);
	expect(f, "abc", 3);
	sks_frame_free(f);
}

static void
no_limit_at_all_is_possible(void)
{
	struct sks_frame *f;
	struct sks_framing how = all[4];

	expect_without_limit(all[0], "abc\n", 4);
	expect_without_limit(all[4], "\0\0\0\0\0\0\0\3abc", 11);
	expect_without_limit(netstring, "3:abc,", 6);
	how.max = SIZE_MAX;
	f = new_frame(&how);
	feed(f, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
	expect_error(f, SKS_EAGAIN);
	feed(f, "more", 4);
	expect_error(f, SKS_EAGAIN);
	sks_frame_free(f);
}

/* --- netstrings that are none --- */

static void
expect_damaged(const char *wire, size_t whole)
{
	const char *message;
	struct sks_frame *f = new_frame(&netstring);
	size_t i;

	/* Not before the byte that is wrong, and then for ever. */
	for (i = 0; i < whole; i++) {
		feed(f, wire + i, 1);
		CHECK_INT(sks_frame_next(f, &message),
		    i + 1 < whole ? SKS_EAGAIN : SKS_EPROTO);
	}
	feed(f, "3:abc,", 6);
	expect_error(f, SKS_EPROTO);
	CHECK_INT(sks_frame_pending(f), 0);
	CHECK_INT(sks_frame_rest(f, &message), SKS_EPROTO);
	sks_frame_free(f);
}

static void
a_damaged_netstring_is_told_at_its_first_wrong_byte(void)
{
	expect_damaged(":,", 1);
	expect_damaged("x", 1);
	expect_damaged("-1:", 1);
	expect_damaged(" 3:abc,", 1);
	expect_damaged("03:abc,", 2);
	expect_damaged("00:,", 2);
	expect_damaged("3;abc,", 2);
	expect_damaged("3 :abc,", 2);
	expect_damaged("3:abcd,", 6);
	expect_damaged("0:\n", 3);
	expect_damaged("99999999999999999999:", 20); /* over 2^64 */
	CHECK_STR(sks_strerror(SKS_EPROTO),
	    "these bytes do not follow the framing");
}

static void
the_comma_of_an_oversized_netstring_is_checked_too(void)
{
	struct sks_framing how = { .kind = SKS_NETSTRING, .max = 2 };
	struct sks_frame *f = new_frame(&how);

	feed(f, "3:abc,2:de,", 11);
	expect_error(f, SKS_ETOOLONG);
	expect(f, "de", 2);
	feed(f, "3:abc", 5);
	expect_error(f, SKS_ETOOLONG);
	expect_error(f, SKS_EAGAIN);
	feed(f, ";2:de,", 6);
	expect_error(f, SKS_EPROTO);
	sks_frame_free(f);
}

/* --- the end --- */

static void
an_end_between_messages_is_told_from_one_inside(void)
{
	const char *message;
	char wire[128];

	for (size_t i = 1; i < FRAMINGS; i++) {
		size_t len = encode_three(&all[i], wire, sizeof wire);
		struct sks_frame *f = new_frame(&all[i]);

		feed(f, wire, len);
		expect_three(f);
		CHECK_INT(sks_frame_rest(f, &message), SKS_EAGAIN);
		feed(f, wire, 1);
		expect_error(f, SKS_EAGAIN);
		CHECK_INT(sks_frame_rest(f, &message), SKS_EEOF);
		CHECK_INT(sks_frame_rest(f, &message), SKS_EAGAIN);
		sks_frame_free(f);
	}
}

static void
an_end_inside_an_oversized_message_is_told_too(void)
{
	struct sks_frame *f = new_frame(&netstring);
	const char *message;

	feed(f, "999:x", 5);
	expect_error(f, SKS_ETOOLONG);
	expect_error(f, SKS_EAGAIN);
	CHECK_INT(sks_frame_rest(f, &message), SKS_EEOF);
	CHECK_INT(sks_frame_rest(f, &message), SKS_EAGAIN);
	sks_frame_free(f);
}

static void
a_framing_that_does_not_exist_is_refused(void)
{
	struct sks_framing how = { .kind = SKS_BLOCK, .prefix = 3, .max = 1 };
	struct sks_frame *f;

	CHECK_INT(sks_frame_new_as(&how, &f), SKS_EINVAL);
	CHECK(f == NULL);
	how.prefix = 0;
	CHECK_INT(sks_frame_new_as(&how, &f), SKS_EINVAL);
	how.kind = (enum sks_framing_kind)9;
	CHECK_INT(sks_frame_new_as(&how, &f), SKS_EINVAL);
}

/* --- through a stream --- */

static struct sks_socket *ours, *theirs;
static struct sks_stream *in, *out;
static char buf[MAX + 1];
static size_t len;

static void
open_pair(int rbufsize, int wbufsize)
{
	CHECK_INT(sks_socketpair(&ours, &theirs), 0);
	CHECK_INT(sks_settimeout(ours, SOON), 0);
	CHECK_INT(sks_settimeout(theirs, SOON), 0);
	CHECK_INT(sks_makefile(ours, rbufsize, 0, &in), 0);
	CHECK_INT(sks_makefile(theirs, 0, wbufsize, &out), 0);
}

static void
close_pair(void)
{
	sks_stream_free(in);
	sks_stream_free(out);
	sks_socket_free(ours);
	sks_socket_free(theirs);
}

static void
say(const char *data, size_t n)
{
	CHECK_INT(sks_sendall(theirs, data, n, NULL), 0);
}

static int
read_one(const struct sks_framing *how, double seconds)
{
	return sks_stream_read_frame(in, how, sks_after(seconds), buf,
	    sizeof buf, &len);
}

static void
expect_read(const struct sks_framing *how, const char *want)
{
	if (CHECK_INT(read_one(how, SOON), 1)) {
		CHECK_MEM(buf, len, want, strlen(want));
		CHECK_INT(buf[len], 0);
	}
}

static void
messages_go_through_a_stream_in_every_framing(void)
{
	for (size_t i = 0; i < FRAMINGS; i++)
		for (int size = 0; size <= 4; size += 4) {
			open_pair(size, size);
			CHECK_INT(sks_stream_write_frame(out, &all[i], "订单",
				      6),
			    0);
			CHECK_INT(sks_stream_write_frame(out, &all[i], "", 0),
			    0);
			CHECK_INT(sks_stream_flush(out), 0);
			expect_read(&all[i], "订单");
			expect_read(&all[i], "");
			CHECK_INT(sks_shutdown(theirs, SKS_SHUT_WR), 0);
			CHECK_INT(read_one(&all[i], SOON), 0);
			close_pair();
		}
}

static void
a_stream_waits_for_the_rest_wherever_a_message_is_cut(void)
{
	char wire[64];
	ssize_t n;

	for (size_t i = 0; i < FRAMINGS; i++) {
		n = sks_frame_encode(&all[i], "hello", 5, wire, sizeof wire);
		for (ssize_t cut = 1; cut < n; cut++) {
			open_pair(cut % 2 ? -1 : 0, 0);
			say(wire, (size_t)cut);
			CHECK_INT(read_one(&all[i], 0.001), SKS_ETIMEDOUT);
			say(wire + cut, (size_t)(n - cut));
			say("x", 1);
			expect_read(&all[i], "hello");
			CHECK_INT(sks_stream_read(in, buf, 9), 1);
			close_pair();
		}
	}
}

static void
unbuffered_a_message_leaves_the_rest_in_the_socket(void)
{
	for (size_t i = 0; i < FRAMINGS; i++) {
		open_pair(0, 0);
		CHECK_INT(sks_stream_write_frame(out, &all[i], "hello", 5), 0);
		say("rest", 4);
		expect_read(&all[i], "hello");
		CHECK_INT(sks_recv(ours, buf, sizeof buf), 4);
		close_pair();
	}
}

static void
a_message_leaves_in_one_piece(void)
{
	open_pair(0, 0);
	sends = 0;
	CHECK_INT(sks_stream_write_frame(out, &netstring, "hello", 5), 0);
	CHECK_INT(sends, 1);
	CHECK_INT(sks_recv(ours, buf, sizeof buf), 8);
	CHECK_MEM(buf, 8, "5:hello,", 8);
	CHECK_INT(sks_stream_write_frame(out, &all[0], "a\nb", 3), SKS_EINVAL);
	CHECK_INT(sks_settimeout(ours, 0), 0);
	CHECK_INT(sks_recv(ours, buf, sizeof buf), SKS_EAGAIN);
	sks_close(ours);
	CHECK_INT(sks_stream_write_frame(out, &all[0], "a", 1), SKS_ERESET);
	close_pair();
}

static void
an_end_inside_a_message_loses_nothing(void)
{
	char wire[64];
	ssize_t n;

	for (size_t i = 0; i < FRAMINGS; i++) {
		n = sks_frame_encode(&all[i], "hello", 5, wire, sizeof wire);
		open_pair(-1, 0);
		say(wire, (size_t)n - 1);
		CHECK_INT(sks_shutdown(theirs, SKS_SHUT_WR), 0);
		CHECK_INT(read_one(&all[i], SOON), SKS_EEOF);
		CHECK_INT(sks_stream_readn(in, buf, 64), n - 1);
		close_pair();
	}
}

static void
a_message_too_long_for_a_stream_is_still_there_for_more_room(void)
{
	for (size_t i = 0; i < FRAMINGS; i++) {
		open_pair(-1, 0);
		CHECK_INT(sks_stream_write_frame(out, &all[i], "hello", 5), 0);
		CHECK_INT(sks_stream_read_frame(in, &all[i], SKS_OWN_TIMEOUT,
			      buf, 5, &len),
		    SKS_ETOOLONG);
		CHECK_INT(sks_stream_read_frame(in, &all[i], SKS_OWN_TIMEOUT,
			      buf, 6, &len),
		    1);
		CHECK_STR(buf, "hello");
		close_pair();
	}
}

static void
an_announcement_costs_a_stream_nothing(void)
{
	struct sks_framing how = all[4];

	open_pair(0, 0);
	largest = 0;
	say("\x80\0\0\0\0\0\0\0", 8);
	CHECK_INT(read_one(&how, SOON), SKS_ETOOLONG);
	CHECK_INT(read_one(&how, SOON), SKS_ETOOLONG);
	CHECK(largest > 0 && largest <= 64);
	close_pair();
}

/* Even what is within max is only paid for as it comes. */
static void
a_stream_takes_memory_for_what_comes_and_not_for_what_is_said(void)
{
	const size_t mib = 1024 * 1024;
	struct sks_framing how = { .kind = SKS_BLOCK, .prefix = 4, .max = mib };
	char *large = malloc(mib + 1);

	open_pair(0, 0);
	largest = 0;
	say("\0\x10\0\0"
	    "few",
	    7);
	CHECK_INT(sks_stream_read_frame(in, &how, sks_after(0.01), large,
		      mib + 1, &len),
	    SKS_ETIMEDOUT);
	CHECK(largest > 0 && largest < 20000);
	free(large);
	close_pair();
}

static void
a_stream_tells_of_a_damaged_netstring(void)
{
	open_pair(-1, 0);
	say("3:abcd,", 7);
	CHECK_INT(read_one(&netstring, SOON), SKS_EPROTO);
	CHECK_INT(read_one(&netstring, SOON), SKS_EPROTO);
	CHECK_INT(sks_stream_read(in, buf, 9), 7);
	say("007:", 4);
	CHECK_INT(read_one(&netstring, SOON), SKS_EPROTO);
	close_pair();
}

static void
a_stream_keeps_the_limit_of_a_line_without_end(void)
{
	char data[MAX + 2];

	memset(data, 'x', sizeof data);
	open_pair(0, 0);
	say(data, MAX);
	CHECK_INT(read_one(&all[0], 0.001), SKS_ETIMEDOUT);
	say("\r\n", 2);
	CHECK_INT(read_one(&all[0], SOON), 1);
	CHECK_INT(len, MAX);
	say(data, MAX + 1);
	CHECK_INT(read_one(&all[0], SOON), SKS_ETOOLONG);
	close_pair();
}

static void *
drip(void *arg)
{
	(void)arg;
	while (sks_send_text(theirs, "x") == 0)
		let_pass_ms(2);
	return NULL;
}

static void
dripped_bytes_do_not_extend_the_deadline(void)
{
	int64_t start = sks_now();
	pthread_t thread;

	open_pair(-1, 0);
	say("199:", 4);
	pthread_create(&thread, NULL, drip, NULL);
	CHECK_INT(read_one(&netstring, 0.1), SKS_ETIMEDOUT);
	CHECK(seconds_since(start) >= 0.1 && seconds_since(start) < 5);
	sks_close(ours);
	pthread_join(thread, NULL);
	close_pair();
}

static void
a_handshake_and_frames_share_one_stream(void)
{
	static const char *const ready[] = { "服务端已就绪" };

	open_pair(-1, 0);
	CHECK_INT(sks_send_text(theirs, "服务端已就绪5:hello,"), 0);
	CHECK_INT(sks_recv_until(in, ready, 1, SKS_TEXT, sks_after(SOON), buf,
		      sizeof buf, NULL),
	    18);
	expect_read(&netstring, "hello");
	close_pair();
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(each_framing_has_its_bytes),
		T(large_lengths_use_all_bytes_of_the_prefix),
		T(a_message_that_does_not_fit_the_framing_is_not_written),
		T(messages_cut_anywhere_arrive_whole_in_every_framing),
		T(messages_that_come_byte_by_byte_arrive_whole_in_every_framing),
		T(any_bytes_pass_in_blocks_and_netstrings),
		T(an_announcement_costs_nothing),
		T(what_follows_an_oversized_message_is_intact),
		T(a_message_of_exactly_the_limit_fits),
		T(no_limit_at_all_is_possible),
		T(a_damaged_netstring_is_told_at_its_first_wrong_byte),
		T(the_comma_of_an_oversized_netstring_is_checked_too),
		T(an_end_between_messages_is_told_from_one_inside),
		T(an_end_inside_an_oversized_message_is_told_too),
		T(a_framing_that_does_not_exist_is_refused),
		T(messages_go_through_a_stream_in_every_framing),
		T(a_stream_waits_for_the_rest_wherever_a_message_is_cut),
		T(unbuffered_a_message_leaves_the_rest_in_the_socket),
		T(a_message_leaves_in_one_piece),
		T(an_end_inside_a_message_loses_nothing),
		T(a_message_too_long_for_a_stream_is_still_there_for_more_room),
		T(an_announcement_costs_a_stream_nothing),
		T(a_stream_takes_memory_for_what_comes_and_not_for_what_is_said),
		T(a_stream_tells_of_a_damaged_netstring),
		T(a_stream_keeps_the_limit_of_a_line_without_end),
		T(dripped_bytes_do_not_extend_the_deadline),
		T(a_handshake_and_frames_share_one_stream),
	};

	return t_main("framing", cases, sizeof cases / sizeof cases[0]);
}
