/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The three remedies for "lost and sticky packets": where each fails, and what
 * takes its place.  doc/framing.md tells it; the code there is this code.
 * All of it over TCP on loopback.
 */
#include "config.h"

#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "rig.h"

static struct sks_socket *client, *server;

/* A connected pair of descriptors. */
static void
tcp_pair(int fds[2])
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof a;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK_INT(bind(listener, (struct sockaddr *)&a, sizeof a), 0);
	CHECK_INT(listen(listener, 1), 0);
	CHECK_INT(getsockname(listener, (struct sockaddr *)&a, &len), 0);
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_INT(connect(fds[0], (struct sockaddr *)&a, sizeof a), 0);
	fds[1] = accept(listener, NULL, NULL);
	close(listener);
}

static void
connect_them(void)
{
	int fds[2];

	tcp_pair(fds);
	CHECK_INT(sks_socket_fromfd(fds[0], &client), 0);
	CHECK_INT(sks_socket_fromfd(fds[1], &server), 0);
	CHECK_INT(sks_settimeout(client, SOON), 0);
	CHECK_INT(sks_settimeout(server, SOON), 0);
}

static void
part_them(void)
{
	sks_socket_free(client);
	sks_socket_free(server);
}

/* Waits until what the kernel tells about s is `bytes`. */
static void
await(struct sks_socket *s, unsigned long question, int bytes)
{
	int64_t start = sks_now();
	int have = -1;

	while (ioctl(sks_fileno(s), question, &have) == 0 && have != bytes &&
	    seconds_since(start) < SOON)
		let_pass_ms(1);
	CHECK_INT(have, bytes);
}

/* --- 1. a pause between two sends --- */

static void
a_pause_does_not_keep_two_sends_apart(void)
{
	char buf[1024];

	connect_them();
	CHECK_INT(sks_send_text(client, "order 17"), 0);
	let_pass_ms(50); /* the remedy */
	CHECK_INT(sks_send_text(client, "two cups"), 0);
	await(server, FIONREAD, 16); /* a reader that was busy */
	CHECK_INT(sks_recv(server, buf, sizeof buf), 16);
	CHECK_MEM(buf, 16, "order 17two cups", 16);
	part_them();
}

/* --- 2. wait for a confirmation, else send again --- */

static int cups;

/* What the server does with a message: two cups, whichever it is. */
static void
serve_cups(struct sks_socket *s)
{
	char buf[64];

	CHECK(sks_recv(s, buf, sizeof buf) > 0);
	cups += 2;
}

static void
a_resent_message_is_carried_out_twice(void)
{
	char answer[8];

	cups = 0;
	connect_them();
	CHECK_INT(sks_settimeout(client, 0.01), 0);
	CHECK_INT(sks_send_text(client, "two cups"), 0);
	serve_cups(server); /* its answer is late */
	CHECK_INT(sks_recv(client, answer, sizeof answer), SKS_ETIMEDOUT);
	CHECK_INT(sks_send_text(client, "two cups"), 0); /* the remedy */
	serve_cups(server);
	CHECK_INT(cups, 4);
	part_them();
}

static void
the_kernel_confirms_by_itself_and_that_says_nothing_of_the_reader(void)
{
#ifdef TIOCOUTQ
	connect_them();
	CHECK_INT(sks_send_text(client, "two cups"), 0);
	await(client, TIOCOUTQ, 0); /* nothing is unconfirmed any more */
	await(server, FIONREAD, 8); /* and nobody has read it */
	part_them();
#else
	CHECK(1);
#endif
}

/* The highest number that was carried out; it outlives a connection. */
static unsigned long done;

static int
serve_numbered(struct sks_socket *s, const char *message)
{
	unsigned long number = strtoul(message, NULL, 10);

	if (number == done + 1) {
		cups += 2;
		done = number;
	}
	return sks_send_text(s, number <= done ? "ok" : "one is missing");
}

static void
receive_numbered(void)
{
	char buf[64] = "";

	CHECK(sks_recv(server, buf, sizeof buf - 1) > 0);
	CHECK_INT(serve_numbered(server, buf), 0);
}

static void
expect_answer(const char *want)
{
	char answer[32] = "";

	CHECK(sks_recv(client, answer, sizeof answer - 1) > 0);
	CHECK_STR(answer, want);
}

static void
a_numbered_message_is_carried_out_once_however_often_it_comes(void)
{
	cups = 0;
	done = 0;
	connect_them();
	CHECK_INT(sks_send_text(client, "1 two cups"), 0);
	receive_numbered();
	part_them(); /* the answer is lost with its way */

	connect_them();
	CHECK_INT(sks_send_text(client, "1 two cups"), 0);
	receive_numbered();
	expect_answer("ok");
	CHECK_INT(cups, 2);
	CHECK_INT(sks_send_text(client, "3 two cups"), 0);
	receive_numbered();
	expect_answer("one is missing");
	CHECK_INT(cups, 2);
	part_them();
}

/* --- 3. smaller buffers --- */

static void
a_smaller_buffer_cuts_in_one_message_and_glues_the_next(void)
{
	char buf[10];

	connect_them();
	CHECK_INT(sks_send_text(client, "order 17"), 0);
	CHECK_INT(sks_send_text(client, "two cups"), 0);
	await(server, FIONREAD, 16);
	CHECK_INT(sks_recv(server, buf, sizeof buf), 10);
	CHECK_MEM(buf, 10, "order 17tw", 10);
	CHECK_INT(sks_recv(server, buf, sizeof buf), 6);
	CHECK_MEM(buf, 6, "o cups", 6);
	part_them();
}

static void
a_smaller_buffer_cuts_characters(void)
{
	char buf[8];

	connect_them();
	CHECK_INT(sks_send_text(client, "请稍候吧"), 0); /* 4 times 3 bytes */
	await(server, FIONREAD, 12);
	CHECK_INT(sks_recv(server, buf, sizeof buf), 8);
	CHECK_INT(dw_text_valid(buf, 8), 6); /* decode() would fail here */
	CHECK_INT(sks_recv(server, buf, sizeof buf), 4);
	CHECK_INT(dw_text_valid(buf, 4), 0); /* and here */
	part_them();
}

static void
the_usual_buffer_cuts_characters_too(void)
{
	char text[1023 + 4], buf[1024];

	memset(text, 'x', 1023);
	memcpy(text + 1023, "客", 4);
	connect_them();
	CHECK_INT(sks_send_text(client, text), 0);
	await(server, FIONREAD, 1026);
	CHECK_INT(sks_recv(server, buf, sizeof buf), 1024);
	CHECK_INT(dw_text_valid(buf, 1024), 1023);
	part_them();
}

static int
pieces_with_a_buffer_of(size_t size)
{
	static char message[4096];
	char buf[4096];
	int pieces = 0;
	ssize_t n;

	connect_them();
	CHECK_INT(sks_send_bytes(client, message, sizeof message), 0);
	await(server, FIONREAD, sizeof message);
	CHECK_INT(sks_shutdown(client, SKS_SHUT_WR), 0);
	while ((n = sks_recv(server, buf, size)) > 0)
		pieces++;
	CHECK_INT(n, 0);
	part_them();
	return pieces;
}

static void
a_smaller_buffer_makes_more_pieces_of_one_message(void)
{
	CHECK_INT(pieces_with_a_buffer_of(4096), 1);
	CHECK_INT(pieces_with_a_buffer_of(1024), 4);
	CHECK_INT(pieces_with_a_buffer_of(16), 256);
}

/* --- what cures: framing --- */

static char taken[64];

static void
take(const char *text, size_t len)
{
	size_t at = strlen(taken);

	snprintf(taken + at, sizeof taken - at, "[%.*s]", (int)len, text);
}

static const struct sks_framing how = { .kind = SKS_BLOCK,
	.prefix = 4,
	.max = 1024 };

static int
say(struct sks_stream *st, const char *text)
{
	return sks_stream_write_frame(st, &how, text, strlen(text));
}

static int
listen_to(struct sks_stream *st)
{
	char text[1024 + 1];
	size_t len;
	int r;

	while ((r = sks_stream_read_frame(st, &how, sks_after(60), text,
		    sizeof text, &len)) == 1)
		take(text, len);
	return r; /* 0: the peer has ended; else SKS_E* */
}

static void
expect_framed(int rbufsize, int wbufsize)
{
	struct sks_stream *in, *out;

	taken[0] = '\0';
	connect_them();
	CHECK_INT(sks_makefile(client, 0, wbufsize, &out), 0);
	CHECK_INT(sks_makefile(server, rbufsize, 0, &in), 0);
	CHECK_INT(say(out, "order 17"), 0);
	CHECK_INT(say(out, "请稍候!"), 0);
	CHECK_INT(say(out, "two cups"), 0);
	CHECK_INT(sks_stream_flush(out), 0);
	CHECK_INT(sks_shutdown(client, SKS_SHUT_WR), 0);
	CHECK_INT(listen_to(in), 0);
	CHECK_STR(taken, "[order 17][请稍候!][two cups]");
	sks_stream_free(in);
	sks_stream_free(out);
	part_them();
}

static void
framed_messages_arrive_as_they_were_sent_whatever_the_buffers(void)
{
	static const int sizes[] = { 0, 1, 2, 3, 5, 7, 10, 16, 1024 };
	const size_t n = sizeof sizes / sizeof sizes[0];

	for (size_t i = 0; i < n * n; i++)
		expect_framed(sizes[i % n], sizes[i / n]);
}

/* Bytes come from a loop of the caller's own. */
static int
came(struct sks_frame *f, const void *data, size_t n)
{
	const char *text;
	ssize_t len;
	int r;

	if ((r = sks_frame_feed(f, data, n)) < 0)
		return r;
	while ((len = sks_frame_next(f, &text)) >= 0)
		take(text, (size_t)len);
	return len == SKS_EAGAIN ? 0 : (int)len;
}

static void
a_loop_of_ones_own_feeds_what_comes(void)
{
	static const char wire[] = "8:order 17,0:,8:two cups,";
	const struct sks_framing netstrings = { .kind = SKS_NETSTRING,
		.max = 1024 };
	struct sks_frame *f;

	for (size_t cut = 0; cut < sizeof wire; cut++) {
		taken[0] = '\0';
		CHECK_INT(sks_frame_new_as(&netstrings, &f), 0);
		CHECK_INT(came(f, wire, cut), 0);
		CHECK_INT(came(f, wire + cut, sizeof wire - 1 - cut), 0);
		CHECK_STR(taken, "[order 17][][two cups]");
		sks_frame_free(f);
	}
}

/* --- and with a peer that has no framing --- */

static int
greet(struct sks_stream *st, struct sks_socket *s)
{
	static const char *const hello[] = { "客户端已就绪" };
	char text[1024];
	ssize_t n = sks_recv_until(st, hello, 1, SKS_TEXT, sks_after(60), text,
	    sizeof text, NULL);

	return n < 0 ? (int)n : sks_send_text(s, "服务端已就绪");
}

static ssize_t
hear(struct sks_stream *st, char *text, size_t size)
{
	return sks_recv_until(st, NULL, 0, SKS_TEXT, sks_after(60), text, size,
	    NULL);
}

static void
a_greeting_in_pieces_is_heard_and_nothing_behind_it_is_lost(void)
{
	static const char wire[] = "客户端已就绪两杯";
	struct sks_stream *in;
	char text[64] = "";

	connect_them();
	CHECK_INT(sks_makefile(server, -1, 0, &in), 0);
	for (size_t i = 0; i < sizeof wire - 1; i++)
		CHECK_INT(sks_send_bytes(client, wire + i, 1), 0);
	await(server, FIONREAD, sizeof wire - 1);
	CHECK_INT(greet(in, server), 0);
	CHECK_INT(hear(in, text, sizeof text), 6);
	CHECK_STR(text, "两杯");
	sks_stream_free(in);
	part_them();
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_pause_does_not_keep_two_sends_apart),
		T(a_resent_message_is_carried_out_twice),
		T(the_kernel_confirms_by_itself_and_that_says_nothing_of_the_reader),
		T(a_numbered_message_is_carried_out_once_however_often_it_comes),
		T(a_smaller_buffer_cuts_in_one_message_and_glues_the_next),
		T(a_smaller_buffer_cuts_characters),
		T(the_usual_buffer_cuts_characters_too),
		T(a_smaller_buffer_makes_more_pieces_of_one_message),
		T(framed_messages_arrive_as_they_were_sent_whatever_the_buffers),
		T(a_loop_of_ones_own_feeds_what_comes),
		T(a_greeting_in_pieces_is_heard_and_nothing_behind_it_is_lost),
	};

	return t_main("framing remedies", cases,
	    sizeof cases / sizeof cases[0]);
}
