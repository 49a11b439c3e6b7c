/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a server listens: at several places, of either family, or nowhere. */
#include "config.h"

#include <unistd.h>

#include "rig.h"

/* Both of these kinds are tried with each promise below that names none. */
static const enum sks_kind kinds[] = { SKS_TCP, SKS_UDP };

static const struct sks_handler_ops *
echo_for(enum sks_kind kind)
{
	return kind == SKS_UDP ? &echo_datagrams : &echo_handler;
}

static struct sks_addr
parsed(const char *text, unsigned port)
{
	struct sks_addr a;

	CHECK_INT(sks_addr_parse(text, port, &a), 0);
	return a;
}

static bool
has_ipv6(void)
{
	struct sks_server_config cfg = rig_config(SKS_UDP, SKS_SYNC);
	struct sks_server *srv;

	cfg.address = parsed("[::1]:0", 0);
	if (sks_server_new(&cfg, NULL, &echo_datagrams, &srv) < 0)
		return false;
	sks_server_free(srv);
	return true;
}

static struct sks_socket *
client_at(const struct sks_addr *a, enum sks_kind kind)
{
	struct sks_socket *s;

	if (kind == SKS_UDP)
		return rig_datagrams_to(a);
	CHECK_INT(sks_create_connection_addr(a, SOON, &s), 0);
	CHECK_INT(sks_settimeout(s, SOON), 0);
	return s;
}

/* A client of the i-th listener that has asked. */
static struct sks_socket *
ask(struct sks_server *srv, size_t i, enum sks_kind kind)
{
	struct sks_socket *s = client_at(sks_server_address_at(srv, i), kind);

	CHECK_INT(sks_send_text(s, "?\n"), 0);
	return s;
}

/* Notes the number of the listener whose datagram or connection this is, by
 * its port. */
static int
note_listener(struct sks_handler *h)
{
	struct sks_addr own;
	char text[24];

	if (sks_getsockname(h->request, &own) < 0)
		return SKS_EUSER;
	for (size_t i = 0; i < sks_server_listeners(h->server); i++)
		if (sks_addr_port(sks_server_address_at(h->server, i)) ==
		    sks_addr_port(&own)) {
			snprintf(text, sizeof text, "%zu", i);
			note(text);
		}
	return 0;
}

static const struct sks_handler_ops notes_listener = {
	SKS_HANDLER_OPS(struct sks_handler),
	.handle = note_listener,
};

static struct sks_server_config
with_three(enum sks_kind kind, enum sks_concurrency how, struct sks_addr *more)
{
	struct sks_server_config cfg = rig_config(kind, how);

	more[0] = more[1] = cfg.address;
	cfg.more_addresses = more;
	cfg.n_more = 2;
	return cfg;
}

static void
one_server_serves_at_several_ports(void)
{
	struct sks_addr more[2];

	rig_reset();
	for (int i = 0; i < 4; i++) {
		enum sks_kind kind = kinds[i % 2];
		struct sks_server_config cfg =
		    with_three(kind, i / 2 ? SKS_SYNC : SKS_THREADING, more);
		struct sks_server *srv = rig_server(&cfg, NULL, echo_for(kind));

		memset(more, 0, sizeof more); /* it has copied them */
		CHECK_INT(sks_server_listeners(srv), 3);
		CHECK(sks_server_address_at(srv, 3) == NULL);
		CHECK(sks_server_socket_at(srv, 3) == NULL);
		CHECK_INT(sks_server_start(srv), 0);
		for (size_t n = 0; n < 3; n++)
			CHECK(rig_echo_on(client_at(sks_server_address_at(srv,
							n),
			    kind)));
		CHECK_INT(sks_server_close(srv), 0);
		for (size_t n = 0; n < 3; n++)
			CHECK_INT(sks_fileno(sks_server_socket_at(srv, n)), -1);
		sks_server_free(srv);
	}
}

static void
one_server_serves_both_families(void)
{
	if (!has_ipv6())
		return;
	for (int i = 0; i < 2; i++) {
		struct sks_server_config cfg =
		    rig_config(kinds[i], SKS_THREADING);
		struct sks_addr six = parsed("[::1]:0", 0);
		struct sks_server *srv;

		cfg.more_addresses = &six;
		cfg.n_more = 1;
		srv = rig_server(&cfg, NULL, echo_for(kinds[i]));
		CHECK_INT(sks_addr_family(sks_server_address_at(srv, 0)),
		    SKS_INET);
		CHECK_INT(sks_addr_family(sks_server_address_at(srv, 1)),
		    SKS_INET6);
		CHECK_INT(sks_server_start(srv), 0);
		for (size_t n = 0; n < 2; n++)
			CHECK(rig_echo_on(client_at(sks_server_address_at(srv,
							n),
			    kinds[i])));
		sks_server_free(srv);
	}
}

static void
handle_request_lets_the_listeners_take_turns(void)
{
	static const size_t asked[] = { 0, 0, 0, 1, 2, 2 };
	struct sks_socket *clients[6];
	struct sks_addr more[2];

	for (int i = 0; i < 2; i++) {
		struct sks_server_config cfg =
		    with_three(kinds[i], SKS_SYNC, more);
		struct sks_server *srv =
		    rig_server(&cfg, NULL, &notes_listener);

		rig_reset();
		for (int n = 0; n < 6; n++)
			clients[n] = ask(srv, asked[n], kinds[i]);
		for (int n = 0; n < 6; n++)
			CHECK_INT(sks_server_handle_request(srv), 1);
		CHECK_STR(calls(), "0 1 2 0 2 0");
		for (int n = 0; n < 6; n++)
			sks_socket_free(clients[n]);
		sks_server_free(srv);
	}
}

#define CROWD 20 /* at the first listener; one more waits at the second */

static unsigned came, came_before;

static int
note_when_other_comes(struct sks_server *srv, struct sks_request *req)
{
	struct sks_addr own;

	CHECK_INT(sks_getsockname(sks_request_socket(req), &own), 0);
	if (sks_addr_port(&own) == sks_addr_port(sks_server_address_at(srv, 1)))
		came_before = came;
	if (++came == CROWD + 1)
		sks_server_request_shutdown(srv);
	return 1;
}

/* The loop runs in the test's own thread. */
static void
a_crowd_at_one_listener_does_not_keep_the_next_waiting(void)
{
	static const struct sks_server_ops ops = { SKS_SERVER_OPS,
		.verify_request = note_when_other_comes };
	struct sks_socket *clients[CROWD + 1];
	struct sks_addr more[2];
	struct sks_server_config cfg = with_three(SKS_TCP, SKS_THREADING, more);
	struct sks_server *srv = rig_server(&cfg, &ops, &rig_handler);

	rig_reset();
	came = came_before = 0;
	for (int n = 0; n <= CROWD; n++)
		clients[n] =
		    client_at(sks_server_address_at(srv, n == CROWD), SKS_TCP);
	CHECK_INT(sks_server_serve_forever(srv), 0);
	CHECK_INT(came, CROWD + 1);
	CHECK(came_before > 0 && came_before < CROWD);
	sks_server_free(srv);
	for (int n = 0; n <= CROWD; n++)
		sks_socket_free(clients[n]);
}

static int
note_and_stop(struct sks_handler *h)
{
	sks_server_request_shutdown(h->server);
	return note_listener(h);
}

static void
after_a_stop_no_further_listener_is_served(void)
{
	struct sks_handler_ops ops = notes_listener;
	struct sks_socket *clients[3];
	struct sks_addr more[2];

	ops.handle = note_and_stop;
	for (int i = 0; i < 2; i++) {
		struct sks_server_config cfg =
		    with_three(kinds[i], SKS_SYNC, more);
		struct sks_server *srv = rig_server(&cfg, NULL, &ops);

		rig_reset();
		for (size_t n = 0; n < 3; n++)
			clients[n] = ask(srv, n, kinds[i]);
		CHECK_INT(sks_server_serve_forever(srv), 0);
		CHECK_STR(calls(), "0");
		/* The others have waited. */
		CHECK_INT(sks_server_handle_request(srv), 1);
		CHECK_INT(sks_server_handle_request(srv), 1);
		for (size_t n = 0; n < 3; n++)
			sks_socket_free(clients[n]);
		sks_server_free(srv);
	}
}

static void
one_address_that_cannot_be_bound_closes_all(void)
{
	struct sks_addr more[2];

	for (int i = 0; i < 2; i++) {
		struct sks_server_config cfg =
		    with_three(kinds[i], SKS_SYNC, more);
		struct sks_server *taken =
		    rig_server(&cfg, NULL, echo_for(kinds[i]));
		struct sks_server *srv, *free_port;
		int fds;

		rig_reset();
		cfg = with_three(kinds[i], SKS_SYNC, more);
		free_port = rig_server(&cfg, NULL, echo_for(kinds[i]));
		cfg.address = *sks_server_address(free_port);
		sks_server_free(free_port);

		fds = count_fds();
		more[1] = *sks_server_address(taken);
		CHECK_INT(sks_server_new(&cfg, &rig_ops, &rig_handler, &srv),
		    SKS_EADDRINUSE);
		CHECK(srv == NULL);
		CHECK_STR(calls(), "server_bind server_close");
		CHECK_INT(count_fds(), fds);
		/* The first of them can be had again. */
		cfg.n_more = 0;
		CHECK_INT(sks_server_new(&cfg, NULL, echo_for(kinds[i]), &srv),
		    0);
		sks_server_free(srv);
		sks_server_free(taken);
	}
}

static int
note_client(struct sks_handler *h)
{
	char text[SKS_ADDR_TEXT];

	note(sks_addr_format(h->client_address, SKS_STYLE_HOST, text,
	    sizeof text));
	return 0;
}

static void
dual_stack_serves_both_and_shows_ipv4_peers_as_ipv4(void)
{
	struct sks_handler_ops ops = { SKS_HANDLER_OPS(struct sks_handler),
		.handle = note_client };

	if (!has_ipv6())
		return;
	for (int i = 0; i < 2; i++) {
		struct sks_server_config cfg = rig_config(kinds[i], SKS_SYNC);
		struct sks_server *srv;
		struct sks_socket *s;
		struct sks_addr to;

		rig_reset();
		cfg.address = parsed("[::]:0", 0);
		srv = rig_server(&cfg, NULL, &ops);
		to =
		    parsed("127.0.0.1", sks_addr_port(sks_server_address(srv)));
		s = client_at(&to, kinds[i]);
		CHECK_INT(sks_send_text(s, "?\n"), 0);
		CHECK_INT(sks_server_handle_request(srv), 1);
		sks_socket_free(s);
		to = parsed("::1", sks_addr_port(sks_server_address(srv)));
		s = client_at(&to, kinds[i]);
		CHECK_INT(sks_send_text(s, "?\n"), 0);
		CHECK_INT(sks_server_handle_request(srv), 1);
		sks_socket_free(s);
		CHECK_STR(calls(), "127.0.0.1 ::1");
		sks_server_free(srv);
	}
}

static void
without_dual_stack_the_port_is_free_for_ipv4(void)
{
	if (!has_ipv6())
		return;
	for (int i = 0; i < 2; i++) {
		struct sks_server_config cfg = rig_config(kinds[i], SKS_SYNC);
		struct sks_server *six, *four;
		unsigned port;

		cfg.address = parsed("[::]:0", 0);
		cfg.dual_stack = 0;
		six = rig_server(&cfg, NULL, echo_for(kinds[i]));
		port = sks_addr_port(sks_server_address(six));
		cfg.address = parsed("0.0.0.0", port);
		CHECK_INT(sks_server_new(&cfg, NULL, echo_for(kinds[i]), &four),
		    0);
		sks_server_free(four);
		sks_server_free(six);
	}
}

static void
the_family_follows_the_text_of_the_address(void)
{
	static const char *const texts[] = { "::1", "127.0.0.1" };

	if (!has_ipv6())
		return;
	for (int i = 0; i < 4; i++) {
		struct sks_server_config cfg =
		    rig_config(kinds[i % 2], SKS_THREADING);
		struct sks_server *srv;

		cfg.address = parsed(texts[i / 2], 0);
		srv = rig_server(&cfg, NULL, echo_for(kinds[i % 2]));
		CHECK_INT(sks_addr_family(sks_server_address(srv)),
		    i / 2 ? SKS_INET : SKS_INET6);
		CHECK_INT(sks_server_start(srv), 0);
		CHECK(rig_echo_on(client_at(sks_server_address(srv),
		    kinds[i % 2])));
		sks_server_free(srv);
	}
}

/* Looks at its socket before it calls up. */
static int
bind_after_a_look(struct sks_server *srv)
{
	struct sks_addr own;

	if (sks_getsockname(sks_server_socket(srv), &own) == 0 &&
	    sks_addr_port(&own) == 0)
		note("unbound");
	return sks_default_server_bind(srv);
}

static void
server_bind_finds_the_socket_there_and_not_yet_bound(void)
{
	static const enum sks_kind all[] = { SKS_TCP, SKS_UDP, SKS_UNIX_STREAM,
		SKS_UNIX_DGRAM };
	struct sks_server_ops ops = { SKS_SERVER_OPS,
		.server_bind = bind_after_a_look };

	for (int i = 0; i < 4; i++) {
		struct sks_server_config cfg = rig_config(all[i], SKS_SYNC);
		struct sks_server *srv;

		rig_reset();
		srv = rig_server(&cfg, &ops, &rig_handler);
		CHECK_STR(calls(), "unbound");
		sks_server_free(srv);

		cfg.bind_and_activate = 0;
		srv = rig_server(&cfg, &ops, &rig_handler);
		CHECK(sks_server_fileno(srv) >= 0);
		CHECK_STR(calls(), "unbound");
		CHECK_INT(sks_server_bind(srv), 0);
		CHECK_INT(sks_server_activate(srv), 0);
		CHECK_STR(calls(), "unbound unbound");
		sks_server_free(srv);
	}
}

static int
bind_nothing(struct sks_server *srv)
{
	(void)srv;
	note("server_bind");
	return 0;
}

static int
connect_instead(struct sks_server *srv)
{
	const struct sks_addr *to = sks_server_address(srv);

	note("server_activate");
	return connect(sks_fileno(sks_server_socket(srv)),
		   (const struct sockaddr *)&to->u, to->len) < 0 ?
	    SKS_EUSER :
	    0;
}

static int
own_socket(struct sks_server *srv, struct sks_request **req)
{
	return sks_request_new_borrowed(srv, sks_server_socket(srv),
	    sks_server_address(srv), req);
}

static int
upper_case(struct sks_handler *h)
{
	char byte;
	ssize_t n = sks_recv(h->request, &byte, 1);

	if (n <= 0)
		return SKS_STOP;
	byte -= 'a' - 'A';
	return sks_sendall(h->request, &byte, 1, NULL);
}

/* idlelib's RPCServer: the server is who connects, and each of its requests is
 * the same connection. */
static void
a_server_may_connect_and_lend_its_own_socket_to_each_request(void)
{
	static const struct sks_server_ops ops = { SKS_SERVER_OPS,
		.server_bind = bind_nothing, .server_activate = connect_instead,
		.get_request = own_socket };
	static const struct sks_handler_ops handler = {
		SKS_HANDLER_OPS(struct sks_handler), .handle = upper_case
	};
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *listener, *srv;
	struct sks_socket *peer;
	char byte;

	rig_reset();
	listener = rig_server(&cfg, NULL, &rig_handler);
	cfg.address = *sks_server_address(listener);
	srv = rig_server(&cfg, &ops, &handler);
	CHECK_STR(calls(), "server_bind server_activate");
	CHECK_INT(sks_socket_fromfd(accept(sks_server_fileno(listener), NULL,
					NULL),
		      &peer),
	    0);
	CHECK_INT(sks_settimeout(peer, SOON), 0);
	CHECK_INT(sks_server_start(srv), 0);
	for (char c = 'a'; c < 'e'; c++) {
		CHECK_INT(sks_send(peer, &c, 1), 1);
		CHECK_INT(sks_recv(peer, &byte, 1), 1);
		CHECK_INT(byte, c - 'a' + 'A');
	}
	CHECK_INT(sks_server_close(srv), 0);
	CHECK_INT(sks_recv(peer, &byte, 1), 0); /* now, and not before */
	sks_socket_free(peer);
	sks_server_free(srv);
	sks_server_free(listener);
}

/* Its socket would be its listener's. */
static void
a_server_without_an_address_has_no_socket(void)
{
	for (int i = 0; i < 2; i++) {
		struct sks_server_config cfg = rig_config(kinds[i], SKS_SYNC);
		struct sks_server *srv;
		struct sks_request *req;

		memset(&cfg.address, 0, sizeof cfg.address);
		CHECK_INT(sks_server_new(&cfg, NULL, &rig_handler, &srv),
		    SKS_EINVAL);
		cfg.bind_and_activate = 0;
		srv = rig_server(&cfg, NULL, &rig_handler);
		CHECK(sks_server_socket(srv) == NULL);
		CHECK_INT(sks_server_fileno(srv), -1);
		CHECK_INT(sks_server_bind(srv), SKS_EINVAL);
		CHECK_INT(sks_server_activate(srv), SKS_EINVAL);
		CHECK_INT(sks_default_get_request(srv, &req), SKS_EINVAL);
		sks_server_free(srv);
	}
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(one_server_serves_at_several_ports),
		T(one_server_serves_both_families),
		T(handle_request_lets_the_listeners_take_turns),
		T(a_crowd_at_one_listener_does_not_keep_the_next_waiting),
		T(after_a_stop_no_further_listener_is_served),
		T(one_address_that_cannot_be_bound_closes_all),
		T(dual_stack_serves_both_and_shows_ipv4_peers_as_ipv4),
		T(without_dual_stack_the_port_is_free_for_ipv4),
		T(the_family_follows_the_text_of_the_address),
		T(server_bind_finds_the_socket_there_and_not_yet_bound),
		T(a_server_may_connect_and_lend_its_own_socket_to_each_request),
		T(a_server_without_an_address_has_no_socket),
	};

	return t_main("listeners", cases, sizeof cases / sizeof cases[0]);
}
