/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The requests that are served, as another thread has them: a list of counted
 * references, and sending to each. */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rig.h"

#define CLIENTS 5

/* The descriptor of who is served; only its own thread may ask for it. */
static atomic_int served_fd;

/* Reads until its peer ends. */
static int
wait_for_end(struct sks_handler *h)
{
	char byte;
	ssize_t n;

	atomic_store(&served_fd, sks_fileno(h->request));
	while ((n = sks_recv(h->request, &byte, 1)) > 0)
		;
	return (int)n;
}

static struct sks_server *
waiting_server(enum sks_concurrency how)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, how);
	struct sks_server *srv;

	rig_reset();
	script.in_handle = wait_for_end;
	cfg.grace = 0;
	srv = rig_server(&cfg, NULL, &rig_handler);
	if (srv == NULL || sks_server_start(srv) < 0)
		abort();
	return srv;
}

static unsigned
live(struct sks_server *srv)
{
	struct sks_server_stats stats;

	sks_server_stats(srv, &stats);
	return stats.live;
}

static bool
await_live(struct sks_server *srv, unsigned n)
{
	int64_t deadline = sks_after(SOON);

	while (live(srv) != n && sks_now() < deadline)
		let_pass_ms(1);
	return live(srv) == n;
}

/* The one request there is, with a reference. */
static struct sks_request *
only_request(struct sks_server *srv)
{
	struct sks_request **list, *req;

	CHECK(await_live(srv, 1));
	CHECK_INT(sks_server_requests(srv, &list), 1);
	req = sks_request_ref(list[0]);
	sks_requests_free(list);
	return req;
}

static void
all_that_are_served_are_listed_in_the_order_of_their_coming(void)
{
	struct sks_server *srv = waiting_server(SKS_THREADING);
	struct sks_socket *s[CLIENTS];
	struct sks_request **list;
	struct sks_addr name;

	CHECK_INT(sks_server_requests(srv, &list), 0);
	CHECK(list[0] == NULL);
	sks_requests_free(list);
	for (unsigned i = 0; i < CLIENTS; i++) {
		s[i] = rig_connect(srv);
		CHECK(await_live(srv, i + 1));
	}
	CHECK_INT(sks_server_requests(srv, &list), CLIENTS);
	for (unsigned i = 0; i < CLIENTS; i++) {
		CHECK_INT(sks_request_number(list[i]), i + 1);
		CHECK_INT(sks_getsockname(s[i], &name), 0);
		CHECK_INT(sks_addr_port(sks_request_address(list[i])),
		    sks_addr_port(&name));
	}
	CHECK(list[CLIENTS] == NULL);
	sks_requests_free(list);
	for (unsigned i = 0; i < CLIENTS; i++)
		sks_socket_free(s[i]);
	sks_server_free(srv);
}

static void
what_is_sent_to_all_reaches_each(void)
{
	struct sks_server *srv = waiting_server(SKS_THREADING);
	struct sks_socket *s[CLIENTS];
	struct sks_request **list;
	char text[16] = "";

	for (unsigned i = 0; i < CLIENTS; i++)
		s[i] = rig_connect(srv);
	CHECK(await_live(srv, CLIENTS));
	CHECK_INT(sks_server_requests(srv, &list), CLIENTS);
	for (struct sks_request **r = list; *r != NULL; r++)
		CHECK_INT(sks_request_send_now(*r, "to all", 6), 6);
	sks_requests_free(list);
	for (unsigned i = 0; i < CLIENTS; i++) {
		CHECK_INT(sks_recv(s[i], text, sizeof text - 1), 6);
		CHECK_STR(text, "to all");
		sks_socket_free(s[i]);
	}
	sks_server_free(srv);
}

static int
await_served_fd(void)
{
	int64_t deadline = sks_after(SOON);

	while (atomic_load(&served_fd) < 0 && sks_now() < deadline)
		let_pass_ms(1);
	return atomic_load(&served_fd);
}

static void
what_is_sent_too_late_goes_to_nobody_else(void)
{
	struct sks_server *srv = waiting_server(SKS_THREADING);
	struct sks_socket *s, *ours, *theirs;
	struct sks_request *req;
	char byte;
	int fd;

	atomic_store(&served_fd, -1);
	s = rig_connect(srv);
	req = only_request(srv);
	fd = await_served_fd();
	sks_socket_free(s);
	CHECK(await_live(srv, 0));
	/* Somebody else's connection gets the number. */
	CHECK_INT(sks_socketpair(&ours, &theirs), 0);
	if (sks_fileno(ours) != fd && sks_fileno(theirs) != fd)
		CHECK_INT(dup2(sks_fileno(ours), fd), fd);
	CHECK_INT(sks_request_send_now(req, "x", 1), SKS_ECLOSED);
	CHECK_INT(sks_shutdown(sks_request_socket(req), SKS_SHUT_RDWR),
	    SKS_ECLOSED);
	CHECK_INT(recv(sks_fileno(ours), &byte, 1, MSG_DONTWAIT), -1);
	CHECK_INT(recv(sks_fileno(theirs), &byte, 1, MSG_DONTWAIT), -1);
	if (sks_fileno(ours) != fd && sks_fileno(theirs) != fd)
		close(fd);
	sks_socket_free(ours);
	sks_socket_free(theirs);
	sks_request_unref(req);
	sks_server_free(srv);
}

static void
a_reference_outlives_its_server(void)
{
	struct sks_server *srv = waiting_server(SKS_THREADING);
	struct sks_socket *s = rig_connect(srv);
	struct sks_request *req = only_request(srv);
	char text[SKS_ADDR_TEXT];

	sks_server_free(srv);
	CHECK_INT(sks_request_number(req), 1);
	CHECK_STR(sks_addr_format(sks_request_address(req), SKS_STYLE_HOST,
		      text, sizeof text),
	    "127.0.0.1");
	CHECK_INT(sks_request_send_now(req, "x", 1), SKS_ECLOSED);
	sks_request_unref(req);
	sks_socket_free(s);
}

static void
who_does_not_read_makes_nobody_wait_and_can_be_ended(void)
{
	struct sks_server *srv = waiting_server(SKS_THREADING);
	struct sks_socket *s = rig_connect(srv);
	struct sks_request *req = only_request(srv);
	static const char much[65536];
	ssize_t n = 0;

	for (int i = 0; i < 1000 && n >= 0; i++)
		n = sks_request_send_now(req, much, sizeof much);
	CHECK_INT(n, SKS_EAGAIN);
	CHECK_INT(sks_shutdown(sks_request_socket(req), SKS_SHUT_RDWR), 0);
	CHECK(await_live(srv, 0));
	sks_request_unref(req);
	sks_socket_free(s);
	sks_server_free(srv);
}

/* --- what is not listed --- */

static atomic_int datagrams_listed, datagram_sent;

static int
list_datagrams(struct sks_handler *h)
{
	struct sks_request **list;

	atomic_store(&datagrams_listed,
	    (int)sks_server_requests(h->server, &list));
	sks_requests_free(list);
	atomic_store(&datagram_sent,
	    (int)sks_request_send_now(h->self, "x", 1));
	return 0;
}

static void
a_datagram_is_not_among_them(void)
{
	struct sks_server_config cfg = rig_config(SKS_UDP, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *s;

	rig_reset();
	script.in_handle = list_datagrams;
	atomic_store(&datagrams_listed, -1);
	srv = rig_server(&cfg, NULL, &rig_handler);
	s = rig_datagrams(srv);
	CHECK_INT(sks_send(s, "x", 1), 1);
	CHECK_INT(sks_server_handle_request(srv), 1);
	CHECK_INT(atomic_load(&datagrams_listed), 0);
	CHECK_INT(atomic_load(&datagram_sent), SKS_EINVAL);
	sks_server_free(srv);
	sks_socket_free(s);
}

static int
list_itself(struct sks_handler *h)
{
	struct sks_request **list;

	note(sks_server_requests(h->server, &list) == 1 && list[0] == h->self ?
		"itself" :
		"other");
	sks_requests_free(list);
	return 0;
}

static void
a_handler_finds_its_own_request_too(void)
{
	static const enum sks_concurrency each[] = { SKS_SYNC, SKS_THREADING };

	for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
		struct sks_server_config cfg = rig_config(SKS_TCP, each[i]);
		struct sks_server *srv;
		struct sks_socket *s;
		char end;

		rig_reset();
		script.in_handle = list_itself;
		srv = rig_server(&cfg, NULL, &rig_handler);
		s = rig_connect(srv);
		CHECK_INT(sks_server_handle_request(srv), 1);
		CHECK_INT(sks_recv(s, &end, 1), 0);
		CHECK(strstr(calls(), "itself") != NULL);
		sks_server_free(srv);
		sks_socket_free(s);
	}
}

/* --- all at once --- */

static atomic_bool over;

static void *
send_to_all(void *arg)
{
	struct sks_server *srv = arg;
	struct sks_request **list;
	intptr_t sent = 0;

	while (!atomic_load(&over)) {
		if (sks_server_requests(srv, &list) < 0)
			return (void *)-1;
		for (struct sks_request **r = list; *r != NULL; r++)
			sent += sks_request_send_now(*r, "x", 1) == 1;
		sks_requests_free(list);
	}
	return (void *)sent;
}

static void
senders_and_clients_that_come_and_go_do_not_disturb_each_other(void)
{
	struct sks_server *srv = waiting_server(SKS_THREADING);
	pthread_t senders[2];
	void *sent[2];
	char byte;
	int n = t_size("clients", 1000);

	atomic_store(&over, false);
	for (int i = 0; i < 2; i++)
		CHECK_INT(pthread_create(&senders[i], NULL, send_to_all, srv),
		    0);
	for (int i = 0; i < n; i++) {
		struct sks_socket *s = rig_connect(srv);

		CHECK_INT(sks_recv(s, &byte, 1), 1);
		sks_socket_free(s);
	}
	atomic_store(&over, true);
	for (int i = 0; i < 2; i++)
		pthread_join(senders[i], &sent[i]);
	CHECK((intptr_t)sent[0] + (intptr_t)sent[1] >= n);
	sks_server_free(srv);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(all_that_are_served_are_listed_in_the_order_of_their_coming),
		T(what_is_sent_to_all_reaches_each),
		T(what_is_sent_too_late_goes_to_nobody_else),
		T(a_reference_outlives_its_server),
		T(who_does_not_read_makes_nobody_wait_and_can_be_ended),
		T(a_datagram_is_not_among_them),
		T(a_handler_finds_its_own_request_too),
		T(senders_and_clients_that_come_and_go_do_not_disturb_each_other),
	};

	return t_main("requests", cases, sizeof cases / sizeof cases[0]);
}
