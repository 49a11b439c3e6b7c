/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Servers whose requests are datagrams. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "rig.h"

/* Does the system tell which address was asked, and how long a datagram was
 * before it was cut?  Where it does not, replies come from where the system
 * likes, and what is said of the length is what came. */
#ifdef DW_WITH_LINUX_EXTRAS
#define TELLS 1
#else
#define TELLS 0
#endif

#define INSIDE  1u /* a handler has begun */
#define RELEASE 2u /* it may go on */

static const enum sks_kind kinds[] = { SKS_UDP, SKS_UNIX_DGRAM };

/* Writes the datagram back. */
static int
echo_packet(struct sks_handler *h)
{
	size_t len;
	const void *data = sks_request_packet(h->self, &len);

	return sks_request_reply(h->self, data, len);
}

static const struct sks_handler_ops echo_packets = {
	SKS_HANDLER_OPS(struct sks_handler),
	.handle = echo_packet,
};

/* The script's handle within a DatagramRequestHandler. */
static const struct sks_handler_ops scripted = {
	SKS_HANDLER_OPS(struct sks_datagram_handler),
	.setup = sks_datagram_handler_setup,
	.handle = rig_handle,
	.finish = sks_datagram_handler_finish,
};

static void
note_number(const char *what, int number)
{
	char text[64];

	snprintf(text, sizeof text, "%s:%d", what, number);
	note(text);
}

/* What the client gets, or NULL after `seconds`. */
static const char *
heard_within(struct sks_socket *client, double seconds)
{
	static char text[70000];
	ssize_t n = sks_recv_deadline(client, text, sizeof text - 1,
	    sks_after(seconds));

	if (n < 0)
		return NULL;
	text[n] = '\0';
	return text;
}

static const char *
heard(struct sks_socket *client)
{
	return heard_within(client, SOON);
}

static struct sks_server *
started(const struct sks_server_config *cfg,
    const struct sks_handler_ops *handler)
{
	struct sks_server *srv = rig_server(cfg, &rig_ops, handler);

	CHECK_INT(sks_server_start(srv), 0);
	return srv;
}

static void
three_clients_one_after_another_get_their_datagram_back(void)
{
	static const struct sks_handler_ops *const handlers[] = { &echo_packets,
		&echo_datagrams };

	rig_reset();
	for (int i = 0; i < 8; i++) {
		struct sks_server_config cfg = rig_config(kinds[i % 2],
		    i / 2 % 2 ? SKS_SYNC : SKS_THREADING);
		struct sks_server *srv =
		    rig_server(&cfg, NULL, handlers[i / 4]);

		CHECK_INT(sks_server_start(srv), 0);
		for (int n = 0; n < 3; n++)
			CHECK(rig_echo_on(rig_datagrams(srv)));
		CHECK_INT(sks_server_stop(srv, SOON), 0);
		CHECK_INT(sks_server_close(srv), 0);
		CHECK_INT(sks_server_fileno(srv), -1);
		sks_server_free(srv);
	}
}

static int
note_asked(struct sks_handler *h)
{
	char text[SKS_ADDR_TEXT];
	struct sks_addr asked;

	sks_request_asked(h->self, &asked);
	note(sks_addr_format(&asked, SKS_STYLE_HOST, text, sizeof text));
	note(sks_addr_format(h->client_address, SKS_STYLE_HOST, text,
	    sizeof text));
	return echo_packet(h);
}

/* A peer that sent to 127.0.0.2 takes no reply from 127.0.0.1. */
static void
a_reply_leaves_from_the_address_that_was_asked(void)
{
	static const char *const listeners[] = { "0.0.0.0:0", "[::]:0" };

	for (int i = 0; i < 2; i++) {
		struct sks_server_config cfg =
		    rig_config(SKS_UDP, SKS_THREADING);
		struct sks_server *srv;
		struct sks_addr to;

		rig_reset();
		script.in_handle = note_asked;
		CHECK_INT(sks_addr_parse(listeners[i], 0, &cfg.address), 0);
		if (sks_server_new(&cfg, NULL, &rig_handler, &srv) < 0 &&
		    i == 1)
			return; /* no IPv6 here */
		CHECK_INT(sks_server_start(srv), 0);
		CHECK_INT(sks_addr_parse(TELLS ? "127.0.0.2" : "127.0.0.1",
			      sks_addr_port(sks_server_address(srv)), &to),
		    0);
		CHECK(rig_echo_on(rig_datagrams_to(&to)));
		sks_server_free(srv);
		CHECK_STR(calls(),
		    TELLS ? "setup handle 127.0.0.2 127.0.0.1 finish" :
			    "setup handle unix: 127.0.0.1 finish");
	}
}

static int
note_packet(struct sks_handler *h)
{
	size_t len;
	const char *data = sks_request_packet(h->self, &len);

	note_number("len", data == NULL ? -1 : (int)len);
	note_number("of", (int)sks_request_full_len(h->self));
	if (sks_request_truncated(h->self))
		note("truncated");
	if (data != NULL && data[len] != '\0')
		note("no_nul");
	return 0;
}

static void
send_bytes(struct sks_socket *client, size_t n)
{
	char *bytes = malloc(n + 1);

	memset(bytes, 'x', n);
	CHECK_INT(sks_send(client, bytes, n), n);
	free(bytes);
}

static void
an_empty_datagram_is_a_request_and_a_longer_one_says_that_it_was_cut(void)
{
	static const size_t sizes[] = { 0, 99, 100, 101, 5000 };

	for (int i = 0; i < 4; i++) {
		struct sks_server_config cfg =
		    rig_config(kinds[i % 2], i / 2 ? SKS_SYNC : SKS_THREADING);
		struct sks_server *srv;
		struct sks_socket *client;

		cfg.max_packet_size = 100;
		rig_reset();
		script.in_handle = note_packet;
		srv = rig_server(&cfg, NULL, &rig_handler);
		client = rig_datagrams(srv);
		for (size_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
			char want[80];

			rig_reset();
			script.in_handle = note_packet;
			send_bytes(client, sizes[n]);
			CHECK_INT(sks_server_handle_request(srv), 1);
			CHECK(await_call("finish"));
			snprintf(want, sizeof want,
			    "setup handle len:%zu of:%zu%s finish",
			    sizes[n] > 100 ? 100 : sizes[n],
			    sizes[n] > 100 && !TELLS ? 100 : sizes[n],
			    sizes[n] > 100 ? " truncated" : "");
			CHECK_STR(calls(), want);
		}
		sks_socket_free(client);
		sks_server_free(srv);
	}
}

static int
send_limits(struct sks_handler *h)
{
	static char bytes[400000];
	int size;

	if (sks_addr_family(h->client_address) == SKS_INET)
		size = 65507;
	else if (sks_addr_family(h->client_address) == SKS_INET6)
		size = 65527;
	else if (sks_get_option(h->request, SKS_SNDBUF, &size) == 0)
		size -= 32;
	else
		return SKS_EUSER;
	note_number("most", sks_request_reply(h->self, bytes, (size_t)size));
	note_number("more",
	    sks_request_reply(h->self, bytes, (size_t)size + 1));
	return 0;
}

static void
a_reply_is_at_most_what_a_datagram_takes(void)
{
	for (int i = 0; i < 3; i++) {
		struct sks_server_config cfg =
		    rig_config(kinds[i % 2], SKS_SYNC);
		struct sks_server *srv;
		struct sks_socket *client;
		char want[80];

		rig_reset();
		script.in_handle = send_limits;
		if (i == 2)
			CHECK_INT(sks_addr_parse("[::1]:0", 0, &cfg.address),
			    0);
		if (i == 2)
			cfg.kind = SKS_UDP;
		if (sks_server_new(&cfg, NULL, &rig_handler, &srv) < 0 &&
		    i == 2)
			return; /* no IPv6 here */
		client = rig_datagrams(srv);
		send_bytes(client, 1);
		CHECK_INT(sks_server_handle_request(srv), 1);
		snprintf(want, sizeof want,
		    "setup handle most:0 more:%d "
		    "finish",
		    SKS_ETOOLONG);
		CHECK_STR(calls(), want);
		CHECK(heard(client) != NULL);
		sks_socket_free(client);
		sks_server_free(srv);
	}
}

/* The first peer is gone when it is answered. */
static void
a_dead_peer_does_not_disturb_the_next_request(void)
{
	for (int i = 0; i < 4; i++) {
		struct sks_server_config cfg =
		    rig_config(kinds[i % 2], i / 2 ? SKS_SYNC : SKS_THREADING);
		struct sks_server *srv;
		struct sks_socket *dead, *client;

		rig_reset();
		srv = rig_server(&cfg, &rig_ops, &echo_packets);
		dead = rig_datagrams(srv);
		client = rig_datagrams(srv);
		for (int n = 0; n < 3; n++)
			CHECK_INT(sks_send(dead, "gone\n", 5), 5);
		CHECK_INT(sks_send(client, "here\n", 5), 5);
		sks_socket_free(dead);
		CHECK_INT(sks_server_start(srv), 0);
		CHECK_STR(heard(client), "here\n");
		CHECK_INT(sks_send(client, "still\n", 6), 6);
		CHECK_STR(heard(client), "still\n");
		CHECK_INT(sks_server_close(srv), 0);
		CHECK_INT(log_lines(), 0);
		sks_socket_free(client);
		sks_server_free(srv);
	}
}

static int
finish_and_note(struct sks_handler *h)
{
	int r = sks_datagram_handler_finish(h);

	note(h->end_reason == SKS_END_PEER ? "peer" : "another");
	return r;
}

static void
a_reply_that_finds_its_peer_gone_is_an_end_and_no_error(void)
{
	struct sks_server_config cfg = rig_config(SKS_UNIX_DGRAM, SKS_SYNC);
	struct sks_handler_ops handler = echo_datagrams;
	struct sks_server *srv;
	struct sks_socket *client;

	rig_reset();
	handler.finish = finish_and_note;
	srv = rig_server(&cfg, &rig_ops, &handler);
	client = rig_datagrams(srv);
	CHECK_INT(sks_send(client, "gone\n", 5), 5);
	sks_socket_free(client);
	CHECK_INT(sks_server_handle_request(srv), 1);
	CHECK_STR(calls(),
	    "server_bind server_activate get_request "
	    "verify_request process_request finish_request peer "
	    "shutdown_request close_request");
	sks_server_free(srv);
}

static int
answer_anonymous(struct sks_handler *h)
{
	struct sks_datagram_handler *dh = (struct sks_datagram_handler *)h;
	char text[SKS_ADDR_TEXT];

	note(sks_addr_format(h->client_address, SKS_STYLE_PYTHON, text,
	    sizeof text));
	note_number("can", sks_request_can_reply(h->self));
	note_number("reply", sks_request_reply(h->self, "x", 1));
	return sks_stream_write(dh->wfile, "x", 1) == 1 ? 0 : SKS_EUSER;
}

static void
a_unix_peer_without_address_cannot_be_answered_and_that_is_no_error(void)
{
	struct sks_server_config cfg = rig_config(SKS_UNIX_DGRAM, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *client;
	const struct sks_addr *to;
	char want[80];

	rig_reset();
	script.in_handle = answer_anonymous;
	srv = rig_server(&cfg, NULL, &scripted);
	to = sks_server_address(srv);
	CHECK_INT(sks_socket_new(SKS_UNIX, SKS_DGRAM, 0, &client), 0);
	CHECK_INT(connect(sks_fileno(client), (const struct sockaddr *)&to->u,
		      to->len),
	    0);
	send_bytes(client, 1);
	CHECK_INT(sks_server_handle_request(srv), 1);
	snprintf(want, sizeof want, "handle '' can:0 reply:%d", SKS_ENOTCONN);
	CHECK_STR(calls(), want);
	CHECK_INT(log_lines(), 0);
	sks_socket_free(client);
	sks_server_free(srv);
}

static int
no_datagram(struct sks_handler *h)
{
	size_t len = 7;

	note(sks_request_packet(h->self, &len) == NULL ? "null" : "packet");
	note_number("len", (int)len);
	note_number("can", sks_request_can_reply(h->self));
	note_number("reply", sks_request_reply(h->self, "x", 1));
	note_number("setup", sks_datagram_handler_setup(h));
	return 0;
}

static void
a_connection_is_no_datagram(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *client;
	char want[80];

	rig_reset();
	script.in_handle = no_datagram;
	srv = rig_server(&cfg, NULL, &rig_handler);
	client = rig_connect(srv);
	CHECK_INT(sks_server_handle_request(srv), 1);
	snprintf(want, sizeof want,
	    "setup handle null len:0 can:0 reply:%d "
	    "setup:%d finish",
	    SKS_EINVAL, SKS_EINVAL);
	CHECK_STR(calls(), want);
	sks_socket_free(client);
	sks_server_free(srv);
}

static int
use_streams(struct sks_handler *h)
{
	struct sks_datagram_handler *dh = (struct sks_datagram_handler *)h;
	const char *colon = ":";
	char buf[16] = "", *big = calloc(1, 70000);

	note_number("line",
	    (int)sks_stream_readline(dh->rfile, buf, sizeof buf));
	note_number("four", (int)sks_stream_readn(dh->rfile, buf, 4));
	note(buf);
	note_number("until",
	    (int)sks_recv_until(dh->rfile, &colon, 1, SKS_TEXT, SKS_OWN_TIMEOUT,
		buf, sizeof buf, NULL));
	note(buf);
	note_number("rest", (int)sks_stream_read(dh->rfile, buf, sizeof buf));
	note_number("end", (int)sks_stream_read(dh->rfile, buf, sizeof buf));
	note_number("fileno", sks_stream_fileno(dh->rfile));
	note_number("write", (int)sks_stream_write(dh->wfile, big, 65506));
	note_number("write", (int)sks_stream_write(dh->wfile, big, 2));
	note_number("flush", sks_stream_flush(dh->wfile));
	note_number("write", (int)sks_stream_write(dh->wfile, "z", 1));
	note_number("write", (int)sks_stream_write(dh->wfile, big, 1));
	free(big);
	return 0;
}

static void
rfile_ends_with_the_datagram_and_wfile_refuses_too_much_at_once(void)
{
	struct sks_server_config cfg = rig_config(SKS_UDP, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *client;
	char want[256], last[65508];

	rig_reset();
	script.in_handle = use_streams;
	srv = rig_server(&cfg, NULL, &scripted);
	client = rig_datagrams(srv);
	CHECK_INT(sks_send(client, "ab\ncdefz:gh", 11), 11);
	CHECK_INT(sks_server_handle_request(srv), 1);
	snprintf(want, sizeof want,
	    "handle line:3 four:4 cdef until:2 z: "
	    "rest:2 end:0 "
	    "fileno:-1 write:65506 write:%d flush:0 write:1 write:%d",
	    SKS_ETOOLONG, SKS_ETOOLONG);
	CHECK_STR(calls(), want);
	CHECK_INT(sks_recv(client, last, sizeof last), 65507);
	CHECK_INT(last[65506], 'z');
	CHECK_INT(log_lines(), 0);
	sks_socket_free(client);
	sks_server_free(srv);
}

/* What of the script is set before the handle that writes. */
static int reply_empty, reply_on_error, result;
static const char *to_write;

static int
write_and_end(struct sks_handler *h)
{
	struct sks_datagram_handler *dh = (struct sks_datagram_handler *)h;

	dh->reply_empty = reply_empty;
	dh->reply_on_error = reply_on_error;
	if (sks_stream_write(dh->wfile, to_write, strlen(to_write)) < 0)
		note("unwritten");
	return result;
}

static void
finish_replies_when_there_is_something_to_say_or_always_like_python(void)
{
	static const struct {
		const char *written;
		int result, reply_empty, reply_on_error;
		const char *reply; /* NULL: none */
	} rows[] = {
		{ "hi", 0, 0, 0, "hi" },
		{ "", 0, 0, 0, NULL },
		{ "hi", SKS_EUSER, 0, 0, NULL },
		{ "hi", SKS_STOP, 0, 0, "hi" },
		{ "", 0, 1, 0, "" },
		{ "", SKS_EUSER, 1, 0, NULL },
		{ "hi", SKS_EUSER, 0, 1, "hi" },
		{ "", SKS_EUSER, 0, 1, NULL },
		{ "", SKS_EUSER, 1, 1, "" },
	};
	struct sks_server_config cfg = rig_config(SKS_UDP, SKS_SYNC);

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sks_server *srv;
		struct sks_socket *client;

		rig_reset();
		script.in_handle = write_and_end;
		to_write = rows[i].written;
		result = rows[i].result;
		reply_empty = rows[i].reply_empty;
		reply_on_error = rows[i].reply_on_error;
		srv = rig_server(&cfg, &rig_ops, &scripted);
		client = rig_datagrams(srv);
		send_bytes(client, 1);
		CHECK(sks_server_handle_request(srv) > 0);
		CHECK_INT(strstr(calls(), "handle_error") != NULL, result < 0);
		/* Over loopback it is there by now or not at all. */
		CHECK_STR(heard_within(client,
			      rows[i].reply == NULL ? 0.05 : SOON),
		    rows[i].reply);
		sks_socket_free(client);
		sks_server_free(srv);
	}
}

/* Holds the handler until it is released, then writes the datagram back. */
static int
hold_then_echo(struct sks_handler *h)
{
	raise_flag(INSIDE);
	return await_flags(RELEASE) ? echo_packet(h) : SKS_EUSER;
}

static void
say_busy(struct sks_server *srv, struct sks_request *req, enum sks_overload why)
{
	(void)srv;
	note(why == SKS_OVER_ADDRESS ? "over_address" : "over_sessions");
	if (sks_request_reply(req, "busy", 4) < 0)
		note("unsent");
}

static void
over_a_limit_a_datagram_is_dropped_and_counted(void)
{
	for (int i = 0; i < 3; i++) {
		struct sks_server_config cfg =
		    rig_config(kinds[i % 2], SKS_THREADING);
		struct sks_server_ops ops = rig_ops;
		struct sks_server_stats stats;
		struct sks_server *srv;
		struct sks_socket *first, *second;

		rig_reset();
		script.in_handle = hold_then_echo;
		ops.on_overload = say_busy;
		cfg.max_sessions = i < 2;
		cfg.max_per_addr = i == 2;
		cfg.loopback_exempt = 0;
		srv = rig_server(&cfg, &ops, &rig_handler);
		CHECK_INT(sks_server_start(srv), 0);
		first = rig_datagrams(srv);
		second = rig_datagrams(srv);
		CHECK_INT(sks_send(first, "1", 1), 1);
		CHECK(await_flags(INSIDE));
		CHECK_INT(sks_send(second, "2", 1), 1);
		CHECK_STR(heard(second), "busy");
		CHECK(await_call(i < 2 ? "over_sessions shutdown_request "
					 "close_request" :
					 "over_address"));
		raise_flag(RELEASE);
		CHECK_STR(heard(first), "1");
		sks_server_stats(srv, &stats);
		CHECK_INT(stats.accepted, 2);
		CHECK_INT(stats.refused[i < 2 ? SKS_OVER_SESSIONS :
						SKS_OVER_ADDRESS],
		    1);
		sks_socket_free(first);
		sks_socket_free(second);
		sks_server_free(srv);
	}
}

static void
under_the_waiting_policy_the_next_datagram_waits_in_the_kernel(void)
{
	struct sks_server_config cfg = rig_config(SKS_UDP, SKS_THREADING);
	struct sks_server_stats stats;
	struct sks_server *srv;
	struct sks_socket *first, *second;

	rig_reset();
	script.in_handle = hold_then_echo;
	cfg.max_sessions = 1;
	cfg.overload = SKS_WAIT;
	srv = started(&cfg, &rig_handler);
	first = rig_datagrams(srv);
	second = rig_datagrams(srv);
	CHECK_INT(sks_send(first, "1", 1), 1);
	CHECK(await_flags(INSIDE));
	CHECK_INT(sks_send(second, "2", 1), 1);
	CHECK_STR(heard_within(second, 0.05), NULL);
	sks_server_stats(srv, &stats);
	CHECK_INT(stats.accepted, 1);
	raise_flag(RELEASE);
	CHECK_STR(heard(first), "1");
	CHECK_STR(heard(second), "2");
	sks_socket_free(first);
	sks_socket_free(second);
	sks_server_free(srv);
}

static void
a_datagram_server_adopts_nothing(void)
{
	struct sks_server_config cfg = rig_config(SKS_UDP, SKS_SYNC);
	struct sks_server *srv = rig_server(&cfg, NULL, &echo_packets);
	struct sks_socket *a, *b;

	CHECK_INT(sks_socketpair(&a, &b), 0);
	CHECK_INT(sks_server_adopt(srv, a), SKS_ENOTSUP);
	CHECK_INT(sks_send(b, "x", 1), 1); /* it is still ours */
	sks_socket_free(a);
	sks_socket_free(b);
	sks_server_free(srv);
}

static int
note_socket(struct sks_handler *h)
{
	note(h->request == sks_server_socket_at(h->server, 0) &&
		    h->request == sks_server_socket(h->server) &&
		    sks_fileno(h->request) == sks_server_fileno(h->server) ?
		"own" :
		"another");
	return echo_packet(h);
}

static void
a_request_borrows_the_socket_of_its_server(void)
{
	for (int i = 0; i < 4; i++) {
		struct sks_server_config cfg =
		    rig_config(kinds[i % 2], i / 2 ? SKS_SYNC : SKS_THREADING);
		struct sks_server *srv;

		rig_reset();
		script.in_handle = note_socket;
		srv = rig_server(&cfg, NULL, &rig_handler);
		CHECK_INT(sks_server_start(srv), 0);
		CHECK(rig_echo_on(rig_datagrams(srv)));
		CHECK(await_call("finish"));
		CHECK(rig_echo_on(rig_datagrams(srv)));
		CHECK_INT(sks_server_close(srv), 0);
		CHECK_STR(calls(),
		    "setup handle own finish "
		    "setup handle own finish");
		sks_server_free(srv);
	}
}

static int
reply_when_asked_to_end(struct sks_handler *h)
{
	int64_t deadline = sks_after(SOON);

	raise_flag(INSIDE);
	while (!sks_handler_stopping(h) && sks_now() < deadline)
		let_pass_ms(1);
	return echo_packet(h);
}

static void
what_a_handler_replies_while_the_server_closes_still_leaves(void)
{
	for (int i = 0; i < 4; i++) {
		struct sks_server_config cfg =
		    rig_config(kinds[i % 2], i / 2 ? SKS_SYNC : SKS_THREADING);
		struct sks_server *srv;
		struct sks_socket *client;

		rig_reset();
		script.in_handle = reply_when_asked_to_end;
		srv = started(&cfg, &rig_handler);
		client = rig_datagrams(srv);
		CHECK_INT(sks_send(client, "bye", 3), 3);
		CHECK(await_flags(INSIDE));
		CHECK_INT(sks_server_close(srv), 0);
		CHECK_STR(heard(client), "bye");
		CHECK(strstr(calls(), "handle_error") == NULL);
		CHECK(strstr(calls(), "server_close") >
		    strstr(calls(), "close_request"));
		CHECK_INT(sks_server_fileno(srv), -1);
		sks_socket_free(client);
		sks_server_free(srv);
	}
}

/* Reads its server's socket, which nobody should. */
static int
read_for_ever(struct sks_handler *h)
{
	char byte;

	raise_flag(INSIDE);
	note_number("read", (int)sks_recv(h->request, &byte, 1));
	note_number("reply", echo_packet(h));
	return 0;
}

static void
after_the_grace_time_the_socket_is_cut_under_its_handlers(void)
{
	struct sks_server_config cfg = rig_config(SKS_UDP, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *client;
	char want[80];

	rig_reset();
	script.in_handle = read_for_ever;
	cfg.grace = 0.1;
	srv = started(&cfg, &rig_handler);
	client = rig_datagrams(srv);
	CHECK_INT(sks_send(client, "1", 1), 1);
	CHECK(await_flags(INSIDE));
	CHECK_INT(sks_server_close(srv), 0);
	snprintf(want, sizeof want, "read:0 reply:%d", SKS_ERESET);
	CHECK(strstr(calls(), want) != NULL);
	sks_socket_free(client);
	sks_server_free(srv);
}

static void
the_socket_stays_open_as_long_as_a_handler_has_it(void)
{
	struct sks_server_config cfg = rig_config(SKS_UDP, SKS_THREADING);
	struct sks_server *srv;
	struct sks_socket *client;

	rig_reset();
	script.in_handle = hold_then_echo;
	cfg.grace = 0.1;
	srv = started(&cfg, &rig_handler);
	client = rig_datagrams(srv);
	CHECK_INT(sks_send(client, "1", 1), 1);
	CHECK(await_flags(INSIDE));
	CHECK_INT(sks_server_close(srv), SKS_ETIMEDOUT);
	CHECK(sks_server_fileno(srv) >= 0);
	CHECK(strstr(calls(), "server_close") == NULL);
	raise_flag(RELEASE);
	CHECK(await_call("close_request"));
	CHECK_INT(sks_server_close(srv), 0);
	CHECK_INT(sks_server_fileno(srv), -1);
	CHECK(strstr(calls(), "server_close") != NULL);
	sks_socket_free(client);
	sks_server_free(srv);
}

/* Sends one byte and a descriptor with it. */
static void
pass_descriptor(struct sks_socket *s, int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { (char[]){ "x" }, 1 };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	memset(&control, 0, sizeof control);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	CHECK_INT(sendmsg(sks_fileno(s), &msg, 0), 1);
}

static void
descriptors_that_a_unix_peer_sends_along_do_not_come_in(void)
{
	struct sks_server_config cfg = rig_config(SKS_UNIX_DGRAM, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *client;
	int fds;

	rig_reset();
	srv = rig_server(&cfg, NULL, &rig_handler);
	client = rig_datagrams(srv);
	fds = count_fds();
	for (int i = 0; i < 10; i++) {
		pass_descriptor(client, sks_fileno(client));
		CHECK_INT(sks_server_handle_request(srv), 1);
	}
	CHECK_INT(count_fds(), fds);
	sks_socket_free(client);
	sks_server_free(srv);
}

static int
reply_until_it_fails(struct sks_handler *h)
{
	int r;

	while ((r = echo_packet(h)) == 0)
		;
	note_number("reply", r);
	return 0;
}

static void
a_unix_peer_that_does_not_read_does_not_hold_the_server_up(void)
{
	struct sks_server_config cfg = rig_config(SKS_UNIX_DGRAM, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *client;
	int64_t start;
	char want[80];

	rig_reset();
	script.in_handle = reply_until_it_fails;
	srv = rig_server(&cfg, NULL, &rig_handler);
	client = rig_datagrams(srv);
	send_bytes(client, 1);
	start = sks_now();
	CHECK_INT(sks_server_handle_request(srv), 1);
	CHECK(seconds_since(start) < SOON / 2);
	snprintf(want, sizeof want, "setup handle reply:%d finish",
	    SKS_ETIMEDOUT);
	CHECK_STR(calls(), want);
	sks_socket_free(client);
	sks_server_free(srv);
}

/* The outcomes of many replies to a peer that does not read. */
static void
refuse_the_deaf(struct sks_server *srv, struct sks_request *req,
    enum sks_overload why)
{
	int r = 0;

	(void)srv;
	(void)why;
	while (r == 0)
		r = sks_request_reply(req, "busy", 4);
	for (int i = 0; i < 40; i++)
		if (sks_request_reply(req, "busy", 4) != r)
			note("another");
	note_number("last", r);
}

static void
to_refuse_a_unix_peer_that_does_not_read_takes_no_time_at_all(void)
{
	struct sks_server_config cfg =
	    rig_config(SKS_UNIX_DGRAM, SKS_THREADING);
	struct sks_server_ops ops = { SKS_SERVER_OPS,
		.on_overload = refuse_the_deaf };
	struct sks_server *srv;
	struct sks_socket *client;
	int64_t start;
	char want[80];

	rig_reset();
	script.in_handle = hold_then_echo;
	cfg.max_sessions = 1;
	srv = rig_server(&cfg, &ops, &rig_handler);
	client = rig_datagrams(srv);
	send_bytes(client, 1);
	CHECK_INT(sks_server_handle_request(srv), 1);
	CHECK(await_flags(INSIDE));
	send_bytes(client, 1);
	start = sks_now();
	CHECK_INT(sks_server_handle_request(srv), 1);
	CHECK(seconds_since(start) < SOON / 2);
	snprintf(want, sizeof want, "setup handle last:%d", SKS_ETIMEDOUT);
	CHECK_STR(calls(), want);
	raise_flag(RELEASE);
	sks_server_free(srv);
	sks_socket_free(client);
}

static struct {
	struct sks_addr client, asked;
} kept;

static int
keep_addresses(struct sks_handler *h)
{
	kept.client = *h->client_address;
	sks_request_asked(h->self, &kept.asked);
	return 0;
}

static void
a_reply_may_leave_when_the_request_is_long_over(void)
{
	for (int i = 0; i < 2; i++) {
		struct sks_server_config cfg = rig_config(kinds[i], SKS_SYNC);
		struct sks_server *srv;
		struct sks_socket *client;
		struct sks_addr to;

		rig_reset();
		script.in_handle = keep_addresses;
		if (i == 0)
			CHECK_INT(sks_addr_parse("0.0.0.0:0", 0, &cfg.address),
			    0);
		srv = rig_server(&cfg, NULL, &rig_handler);
		to = *sks_server_address(srv);
		if (i == 0)
			CHECK_INT(sks_addr_parse(TELLS ? "127.0.0.3" :
							 "127.0.0.1",
				      sks_addr_port(&to), &to),
			    0);
		client = rig_datagrams_to(&to);
		send_bytes(client, 1);
		CHECK_INT(sks_server_handle_request(srv), 1);
		CHECK_INT(sks_sendto_from(sks_server_socket(srv), "later", 5,
			      &kept.client, &kept.asked),
		    0);
		CHECK_STR(heard(client), "later");
		sks_socket_free(client);
		CHECK_INT(sks_server_close(srv), 0);
		CHECK_INT(sks_sendto_from(sks_server_socket(srv), "late", 4,
			      &kept.client, &kept.asked),
		    SKS_ECLOSED);
		sks_server_free(srv);
	}
}

static struct sks_socket *applications;

/* Each datagram is the sign to serve a socket of the application's. */
static int
lend(struct sks_server *srv, struct sks_request **req)
{
	char byte;

	if (sks_recv(sks_server_socket(srv), &byte, 1) < 0)
		return SKS_EUSER;
	return sks_request_new_borrowed(srv, applications,
	    sks_server_address(srv), req);
}

static int
await_the_end(struct sks_handler *h)
{
	int64_t deadline = sks_after(SOON);

	raise_flag(INSIDE);
	while (!sks_handler_stopping(h) && sks_now() < deadline)
		let_pass_ms(1);
	return 0;
}

static void
a_borrowed_socket_is_as_it_was_when_the_server_is_gone(void)
{
	static const struct sks_server_ops ops = { SKS_SERVER_OPS,
		.get_request = lend };
	struct sks_server_config cfg = rig_config(SKS_UDP, SKS_THREADING);
	struct sks_server *srv;
	struct sks_socket *client, *other;
	char byte;

	rig_reset();
	script.in_handle = await_the_end;
	CHECK_INT(sks_socketpair(&applications, &other), 0);
	srv = rig_server(&cfg, &ops, &rig_handler);
	CHECK_INT(sks_server_start(srv), 0);
	client = rig_datagrams(srv);
	send_bytes(client, 1);
	CHECK(await_flags(INSIDE));
	CHECK_INT(sks_server_close(srv), 0);
	sks_server_free(srv);
	CHECK_INT(sks_send(other, "x", 1), 1);
	CHECK_INT(sks_recv(applications, &byte, 1), 1);
	CHECK_INT(sks_send(applications, "y", 1), 1);
	CHECK_INT(sks_recv(other, &byte, 1), 1);
	sks_socket_free(client);
	sks_socket_free(applications);
	sks_socket_free(other);
}

static void
many_datagrams_leave_neither_threads_nor_descriptors(void)
{
	int many = t_size("datagrams", 1000);

	for (int i = 0; i < 2; i++) {
		struct sks_server_config cfg =
		    rig_config(kinds[i], SKS_THREADING);
		int fds = count_fds(), threads = count_threads_now();
		struct sks_server_stats stats;
		struct sks_server *srv;
		struct sks_socket *client;

		rig_reset();
		srv = rig_server(&cfg, NULL, &echo_packets);
		CHECK_INT(sks_server_start(srv), 0);
		client = rig_datagrams(srv);
		for (int n = 0; n < many; n++) {
			char text[16];

			snprintf(text, sizeof text, "%d", n);
			CHECK(sks_send_text(client, text) == 0);
			if (!CHECK_STR(heard(client), text))
				break;
		}
		sks_server_stats(srv, &stats);
		CHECK_INT(stats.accepted, many);
		CHECK_INT(stats.accept_errors, 0);
		sks_socket_free(client);
		sks_server_free(srv);
		CHECK_INT(count_fds(), fds);
		CHECK(count_threads_down_to(threads) <= threads);
	}
}

/* What a crash leaves: a file that nobody serves. */
static void
leave_dead_file(const struct sks_addr *a)
{
	struct sks_socket *s;

	CHECK_INT(sks_socket_new(SKS_UNIX, SKS_DGRAM, 0, &s), 0);
	CHECK_INT(bind(sks_fileno(s), (const struct sockaddr *)&a->u, a->len),
	    0);
	sks_socket_free(s);
}

static void
a_dead_socket_file_is_replaced_and_a_live_one_of_either_type_refused(void)
{
	struct sks_server_config cfg = rig_config(SKS_UNIX_DGRAM, SKS_SYNC);
	struct sks_server_config other = cfg;
	struct sks_server *srv, *second;

	leave_dead_file(&cfg.address);
	srv = rig_server(&cfg, NULL, &echo_packets);
	CHECK(srv != NULL);
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_packets, &second),
	    SKS_EADDRINUSE);
	other.kind = SKS_UNIX_STREAM;
	CHECK_INT(sks_server_new(&other, NULL, &rig_handler, &second),
	    SKS_EADDRINUSE);
	sks_server_free(srv);
	CHECK(access(sks_addr_path(&cfg.address), F_OK) < 0);

	srv = rig_server(&other, NULL, &rig_handler);
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_packets, &second),
	    SKS_EADDRINUSE);
	sks_server_free(srv);
}

static void
a_udp_port_belongs_to_one_server_unless_both_say_otherwise(void)
{
	struct sks_server_config cfg = rig_config(SKS_UDP, SKS_SYNC);
	struct sks_server *srv = rig_server(&cfg, NULL, &echo_packets);
	struct sks_server *second;

	cfg.address = *sks_server_address(srv);
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_packets, &second),
	    SKS_EADDRINUSE);
	sks_server_free(srv);
	cfg.allow_reuse_port = 1;
	srv = rig_server(&cfg, NULL, &echo_packets);
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_packets, &second), 0);
	sks_server_free(second);
	sks_server_free(srv);
}

static void
a_configuration_that_makes_no_sense_is_refused(void)
{
	struct sks_server_config cfg = rig_config(SKS_UNIX_DGRAM, SKS_SYNC);
	struct sks_server *srv;

	cfg.allow_reuse_port = 1;
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_packets, &srv), SKS_EINVAL);
	cfg.allow_reuse_port = 0;
	cfg.max_packet_size = 0;
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_packets, &srv), SKS_EINVAL);
	cfg.max_packet_size = 1;
	cfg.kind = SKS_UDP;
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_packets, &srv), SKS_EINVAL);
}

static struct sks_addr peer;

static void
connect_to(struct sks_socket *s, const struct sks_addr *to)
{
	CHECK_INT(connect(sks_fileno(s), (const struct sockaddr *)&to->u,
		      to->len),
	    0);
}

static int
connect_server(struct sks_server *srv)
{
	connect_to(sks_server_socket(srv), &peer);
	return 0;
}

static struct sks_socket *
bound_to(struct sks_addr *a)
{
	struct sks_socket *s;

	CHECK_INT(sks_socket_new(SKS_INET, SKS_DGRAM, 0, &s), 0);
	CHECK_INT(bind(sks_fileno(s), (const struct sockaddr *)&a->u, a->len),
	    0);
	CHECK_INT(sks_getsockname(s, a), 0);
	return s;
}

static int
reply_twice(struct sks_handler *h)
{
	note_number("reply", echo_packet(h));
	note_number("reply", echo_packet(h));
	return 0;
}

/* The system tells a connected socket of refusals: at the next call on it,
 * whatever that is for. */
static void
a_pending_refusal_neither_fails_a_reply_nor_ends_the_loop(void)
{
	struct sks_server_config cfg = rig_config(SKS_UDP, SKS_SYNC);
	struct sks_server_ops ops = { SKS_SERVER_OPS,
		.server_activate = connect_server };
	struct sks_server_stats stats;
	struct sks_server *srv;
	struct sks_socket *client;

	rig_reset();
	script.in_handle = reply_twice;
	CHECK_INT(sks_addr_parse("127.0.0.1:0", 0, &peer), 0);
	client = bound_to(&peer);
	srv = rig_server(&cfg, &ops, &rig_handler);
	connect_to(client, sks_server_address(srv));
	send_bytes(client, 1);
	sks_socket_free(client);
	CHECK_INT(sks_server_handle_request(srv), 1);
	CHECK_STR(calls(), "setup handle reply:0 reply:0 finish");
	CHECK_INT(sks_server_handle_request(srv), 1);
	sks_server_stats(srv, &stats);
	CHECK_INT(stats.accept_errors, 1);
	CHECK_INT(stats.by_errno[0].sys_errno, ECONNREFUSED);

	client = bound_to(&peer);
	connect_to(client, sks_server_address(srv));
	send_bytes(client, 1);
	CHECK_INT(sks_server_handle_request(srv), 1);
	CHECK_STR(heard(client), "x");
	sks_socket_free(client);
	sks_server_free(srv);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(three_clients_one_after_another_get_their_datagram_back),
		T(a_reply_leaves_from_the_address_that_was_asked),
		T(an_empty_datagram_is_a_request_and_a_longer_one_says_that_it_was_cut),
		T(a_reply_is_at_most_what_a_datagram_takes),
		T(a_dead_peer_does_not_disturb_the_next_request),
		T(a_reply_that_finds_its_peer_gone_is_an_end_and_no_error),
		T(a_unix_peer_without_address_cannot_be_answered_and_that_is_no_error),
		T(a_connection_is_no_datagram),
		T(rfile_ends_with_the_datagram_and_wfile_refuses_too_much_at_once),
		T(finish_replies_when_there_is_something_to_say_or_always_like_python),
		T(over_a_limit_a_datagram_is_dropped_and_counted),
		T(under_the_waiting_policy_the_next_datagram_waits_in_the_kernel),
		T(a_datagram_server_adopts_nothing),
		T(a_request_borrows_the_socket_of_its_server),
		T(what_a_handler_replies_while_the_server_closes_still_leaves),
		T(after_the_grace_time_the_socket_is_cut_under_its_handlers),
		T(the_socket_stays_open_as_long_as_a_handler_has_it),
		T(descriptors_that_a_unix_peer_sends_along_do_not_come_in),
		T(a_unix_peer_that_does_not_read_does_not_hold_the_server_up),
		T(to_refuse_a_unix_peer_that_does_not_read_takes_no_time_at_all),
		T(a_borrowed_socket_is_as_it_was_when_the_server_is_gone),
		T(a_reply_may_leave_when_the_request_is_long_over),
		T(many_datagrams_leave_neither_threads_nor_descriptors),
		T(a_dead_socket_file_is_replaced_and_a_live_one_of_either_type_refused),
		T(a_udp_port_belongs_to_one_server_unless_both_say_otherwise),
		T(a_configuration_that_makes_no_sense_is_refused),
		T(a_pending_refusal_neither_fails_a_reply_nor_ends_the_loop),
	};

	return t_main_shared("datagram", NULL, cases,
	    sizeof cases / sizeof cases[0]);
}
