/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an observer is told, and what is printed; sks_send_text(). */
#include "config.h"

#include <time.h>

#include "rig.h"
#include "socketserver/net/socket.h"

static struct sks_socket *server, *client;
static char *printed;
static size_t printed_len;
static FILE *file;

/* 2026-11-28 10:00:00 UTC, which main() makes the local time. */
static int64_t
ten_o_clock(void)
{
	return INT64_C(1795860000000);
}

static void
open_pair(void)
{
	sks_observe_clock = ten_o_clock;
	file = open_memstream(&printed, &printed_len);
	CHECK_INT(sks_socketpair(&server, &client), 0);
	CHECK_INT(sks_settimeout(server, SOON), 0);
	CHECK_INT(sks_settimeout(client, SOON), 0);
	sks_observe(server, SKS_SERVER, sks_observe_print, file);
	sks_observe(client, SKS_CLIENT, sks_observe_print, file);
}

static void
close_pair(void)
{
	sks_socket_free(server);
	sks_socket_free(client);
	fclose(file);
	free(printed);
}

static void
expect_printed(const char *want)
{
	fflush(file);
	CHECK_STR(printed, want);
}

static void
receive(struct sks_socket *s, ssize_t want)
{
	struct sks_stream *st;
	char buf[64];

	CHECK_INT(sks_makefile(s, 0, 0, &st), 0);
	CHECK_INT(sks_recv_until(st, NULL, 0, SKS_BYTES, SKS_OWN_TIMEOUT, buf,
		      sizeof buf, NULL),
	    want);
	sks_stream_free(st);
}

static void
the_tutorials_four_lines_are_printed(void)
{
	open_pair();
	CHECK_INT(sks_send_text(client, "客户端已就绪"), 0);
	receive(server, 18);
	CHECK_INT(sks_send_text(server, "服务端已就绪"), 0);
	receive(client, 18);
	expect_printed(
	    "Client send --> 2026-11-28 10:00:00 - 客户端已就绪\n"
	    "Server received ==> 2026-11-28 10:00:00 - 客户端已就绪\n"
	    "Server send --> 2026-11-28 10:00:00 - 服务端已就绪\n"
	    "Client received ==> 2026-11-28 10:00:00 - 服务端已就绪\n");
	close_pair();
}

static void
a_line_cannot_be_forged_nor_a_terminal_commanded(void)
{
	open_pair();
	CHECK_INT(sks_send_text(client, "a\tb\\\nServer send\r\033[2J\x7f"), 0);
	CHECK_INT(sks_send_bytes(client, "\xc2\x9bJ \xe5\xae \xc2\xa0\0", 10),
	    0);
	expect_printed("Client send --> 2026-11-28 10:00:00 - "
		       "a\tb\\\\nServer send\\x0d\\x1b[2J\\x7f\n"
		       "Client send --> 2026-11-28 10:00:00 - "
		       "\\xc2\\x9bJ \\xe5\\xae \xc2\xa0\\x00\n");
	close_pair();
}

static struct sks_observation told;
static char told_data[16];

static void
note_it(const struct sks_observation *o, void *arg)
{
	told = *o;
	memcpy(told_data, o->data, o->len);
	++*(int *)arg;
}

static void
an_observer_gets_side_direction_time_and_data(void)
{
	int times = 0;

	open_pair();
	sks_observe(server, SKS_SERVER, note_it, &times);
	CHECK_INT(sks_send_bytes(client, "a\0b", 3), 0);
	receive(server, 3);
	CHECK_INT(times, 1);
	CHECK_INT(told.side, SKS_SERVER);
	CHECK_INT(told.direction, SKS_RECEIVED);
	CHECK_INT(told.wall_ms, ten_o_clock());
	CHECK_MEM(told_data, told.len, "a\0b", 3);
	CHECK_INT(sks_send_text(server, "x"), 0);
	CHECK_INT(told.direction, SKS_SENT);
	sks_observe(server, SKS_SERVER, NULL, NULL);
	CHECK_INT(sks_send_text(server, "y"), 0);
	CHECK_INT(times, 2);
	close_pair();
}

static void
what_was_not_sent_is_not_printed(void)
{
	static const char large[4 * 1024 * 1024];

	open_pair();
	CHECK_INT(sks_settimeout(client, 0.01), 0);
	CHECK_INT(sks_send_bytes(client, large, sizeof large),
	    SKS_ETIMEDOUT); /* a part has gone */
	sks_close(server);
	CHECK_INT(sks_send_text(client, "lost"), SKS_ERESET);
	sks_close(client);
	CHECK_INT(sks_send_text(client, "later"), SKS_ECLOSED);
	expect_printed("");
	close_pair();
}

static void
what_was_not_received_is_not_printed(void)
{
	static const char *const expected[] = { "quit" };
	struct sks_stream *st;
	char buf[64];

	open_pair();
	CHECK_INT(sks_sendall(client, "half\xff", 5, NULL), 0);
	CHECK_INT(sks_shutdown(client, SKS_SHUT_WR), 0);
	CHECK_INT(sks_makefile(server, -1, 0, &st), 0);
	CHECK_INT(sks_recv_until(st, expected, 1, SKS_BYTES, SKS_OWN_TIMEOUT,
		      buf, sizeof buf, NULL),
	    SKS_EEOF);
	CHECK_INT(sks_recv_until(st, expected, 1, SKS_TEXT, SKS_OWN_TIMEOUT,
		      buf, sizeof buf, NULL),
	    SKS_EILSEQ);
	CHECK_INT(sks_stream_readn(st, buf, 5), 5);
	CHECK_INT(sks_recv_until(st, NULL, 0, SKS_TEXT, SKS_OWN_TIMEOUT, buf,
		      sizeof buf, NULL),
	    0);
	expect_printed("");
	sks_stream_free(st);
	close_pair();
}

static void
text_that_is_none_is_refused_before_anything_is_sent(void)
{
	static const char *const bad[] = {
		"good\xff",
		"cut\xe5\xae",
		"\xed\xa0\x80",
		"\xc0\x80",
	};
	char buf[8];

	open_pair();
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CHECK_INT(sks_send_text(client, bad[i]), SKS_EILSEQ);
	CHECK_INT(sks_settimeout(server, 0), 0);
	CHECK_INT(sks_recv(server, buf, sizeof buf), SKS_EAGAIN);
	CHECK_INT(sks_send_bytes(client, bad[0], 5), 0);
	CHECK_INT(sks_recv(server, buf, sizeof buf), 5);
	CHECK_STR(sks_strerror(SKS_EILSEQ), "these bytes are not UTF-8");
	close_pair();
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(the_tutorials_four_lines_are_printed),
		T(a_line_cannot_be_forged_nor_a_terminal_commanded),
		T(an_observer_gets_side_direction_time_and_data),
		T(what_was_not_sent_is_not_printed),
		T(what_was_not_received_is_not_printed),
		T(text_that_is_none_is_refused_before_anything_is_sent),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return t_main("observe", cases, sizeof cases / sizeof cases[0]);
}
