/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connecting: limits, signals, refusals, a second try. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include "rig.h"

static struct sks_addr at;

static struct sks_socket *new(enum sks_family family)
{
	struct sks_socket *s;

	CHECK_INT(sks_socket_new(family, SKS_STREAM, 0, &s), 0);
	return s;
}

/* Bound at a new address, not listening. */
static struct sks_socket *
bound(enum sks_family family)
{
	struct sks_socket *s = new (family);
	char text[128] = "127.0.0.1:0";

	if (family == SKS_UNIX)
		snprintf(text, sizeof text, "unix:%s/s", t_tmpdir());
	CHECK_INT(sks_addr_parse(text, 0, &at), 0);
	CHECK_INT(sks_bind(s, &at), 0);
	CHECK_INT(sks_getsockname(s, &at), 0);
	return s;
}

#define FILLERS 3

/* A listener whose backlog is full. */
static struct sks_socket *
full(enum sks_family family, struct sks_socket *fillers[FILLERS])
{
	struct sks_socket *l = bound(family);

	CHECK_INT(sks_listen(l, 0), 0);
	for (int i = 0; i < FILLERS; i++) {
		fillers[i] = new (family);
		sks_setblocking(fillers[i], 0);
		CHECK(sks_connect_ex(fillers[i], &at) != ECONNREFUSED);
	}
	return l;
}

static void
free_all(struct sks_socket *fillers[FILLERS])
{
	for (int i = 0; i < FILLERS; i++)
		sks_socket_free(fillers[i]);
}

static void
nothing(int sig)
{
	(void)sig;
}

static struct {
	pthread_t self;
	int64_t until;
} storm;

static void *
storm_main(void *unused)
{
	while (sks_now() < storm.until) {
		pthread_kill(storm.self, SIGUSR1);
		let_pass_ms(1);
	}
	return unused;
}

static void
storm_start(pthread_t *thread, double seconds)
{
	struct sigaction sa = { .sa_handler = nothing };

	sigaction(SIGUSR1, &sa, NULL);
	storm.self = pthread_self();
	storm.until = sks_after(seconds);
	pthread_create(thread, NULL, storm_main, NULL);
}

static void
passes_in_time(enum sks_family family)
{
	struct sks_socket *fillers[FILLERS], *l = full(family, fillers);
	struct sks_socket *s = new (family);
	pthread_t thread;
	int64_t start;

	CHECK_INT(sks_settimeout(s, 0.1), 0);
	storm_start(&thread, 0.5);
	start = sks_now();
	CHECK_INT(sks_connect(s, &at), SKS_ETIMEDOUT);
	CHECK(seconds_since(start) >= 0.1 && seconds_since(start) < 0.4);
	pthread_join(thread, NULL);
	CHECK_INT(fcntl(sks_fileno(s), F_GETFL) & O_NONBLOCK, 0);
	sks_socket_free(s);
	s = new (family);
	CHECK_INT(sks_settimeout(s, 0.05), 0);
	CHECK_INT(sks_connect_ex(s, &at), ETIMEDOUT);
	sks_socket_free(s);
	sks_socket_free(l);
	free_all(fillers);
}

static void
a_limit_holds_at_a_full_backlog_whatever_signals_come(void)
{
	passes_in_time(SKS_INET);
	passes_in_time(SKS_UNIX);
}

/* Makes room after a while. */
static void *
accept_later(void *listener)
{
	struct sks_socket *s;

	let_pass_ms(50);
	if (sks_accept(listener, &s, NULL) == 0)
		sks_socket_free(s);
	return NULL;
}

/*
 * The fillers go first: one that still sent its SYN could take the room
 * instead. The first one stays in the backlog, closed.
 */
static void
outlasts_signals(enum sks_family family)
{
	struct sks_socket *fillers[FILLERS], *l = full(family, fillers);
	struct sks_socket *s = new (family);
	pthread_t thread, accepter;

	free_all(fillers);
	storm_start(&thread, 0.3);
	pthread_create(&accepter, NULL, accept_later, l);
	CHECK_INT(sks_connect(s, &at), 0);
	CHECK_INT(sks_getpeername(s, &at), 0);
	pthread_join(thread, NULL);
	pthread_join(accepter, NULL);
	sks_socket_free(s);
	sks_socket_free(l);
}

/* In IP the second SYN is sent after a second. */
static void
signals_do_not_end_a_connect(void)
{
	outlasts_signals(SKS_UNIX);
	outlasts_signals(SKS_INET);
}

static void
a_connect_that_may_not_wait_says_that_it_is_under_way(void)
{
	struct sks_socket *fillers[FILLERS], *l = full(SKS_INET, fillers);
	struct sks_socket *s = new (SKS_INET);
	struct sks_error e;
	char byte;

	sks_setblocking(s, 0);
	CHECK_INT(sks_connect(s, &at), SKS_EAGAIN);
	sks_last_error(&e);
	CHECK_INT(e.sys_errno, EINPROGRESS);
	CHECK_INT(sks_connect_ex(s, &at), EALREADY);
	CHECK_INT(sks_recv(s, &byte, 1), SKS_EAGAIN);
	sks_socket_free(s);
	sks_socket_free(l);
	free_all(fillers);
}

static void
tries_again(enum sks_family family)
{
	struct sks_socket *l = bound(family), *s = new (family);

	CHECK_INT(sks_connect(s, &at), SKS_ECONNREFUSED);
	CHECK_INT(sks_connect_ex(s, &at), ECONNREFUSED);
	CHECK_INT(sks_listen(l, 1), 0);
	CHECK_INT(sks_connect_ex(s, &at), 0);
	CHECK_INT(sks_connect_ex(s, &at), EISCONN);
	CHECK_INT(sks_connect_ex(s, &at), EISCONN);
	sks_socket_free(s);
	sks_socket_free(l);
}

static void
a_refused_socket_may_try_again_and_connects_once(void)
{
	tries_again(SKS_INET);
	tries_again(SKS_UNIX);
}

static void
no_address_is_refused_before_anything_happens(void)
{
	struct sks_addr none = { .len = 0 };
	struct sks_socket *s = new (SKS_INET);

	CHECK_INT(sks_connect(s, &none), SKS_EINVAL);
	CHECK_INT(sks_connect_ex(s, &none), EINVAL);
	sks_close(s);
	CHECK_INT(sks_connect_ex(s, &at), EBADF);
	CHECK_INT(sks_connect(s, &at), SKS_ECLOSED);
	sks_socket_free(s);
}

static void
a_datagram_socket_only_learns_whom_it_talks_to(void)
{
	struct sks_socket *s;
	struct sks_addr peer;

	sks_socket_free(bound(SKS_INET));
	CHECK_INT(sks_socket_new(SKS_INET, SKS_DGRAM, 0, &s), 0);
	CHECK_INT(sks_connect(s, &at), 0);
	CHECK_INT(sks_connect_ex(s, &at), 0);
	CHECK_INT(sks_getpeername(s, &peer), 0);
	CHECK_INT(sks_addr_port(&peer), sks_addr_port(&at));
	sks_socket_free(s);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_limit_holds_at_a_full_backlog_whatever_signals_come),
		T(signals_do_not_end_a_connect),
		T(a_connect_that_may_not_wait_says_that_it_is_under_way),
		T(a_refused_socket_may_try_again_and_connects_once),
		T(no_address_is_refused_before_anything_happens),
		T(a_datagram_socket_only_learns_whom_it_talks_to),
	};

	return t_main_shared("connect", NULL, cases,
	    sizeof cases / sizeof cases[0]);
}
