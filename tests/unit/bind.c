/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sockets that wait to be called. */
#include "config.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rig.h"

static struct sks_addr at;

static struct sks_socket *
listener(void)
{
	struct sks_socket *s;

	CHECK_INT(sks_addr_parse("127.0.0.1:0", 0, &at), 0);
	CHECK_INT(sks_create_server(&at, -1, 0, 0, &s), 0);
	CHECK_INT(sks_getsockname(s, &at), 0);
	return s;
}

static struct sks_socket *
caller(void)
{
	struct sks_socket *s;

	CHECK_INT(sks_create_connection_addr(&at, SOON, &s), 0);
	return s;
}

static void
an_accepted_socket_has_no_time_out_and_is_private(void)
{
	struct sks_socket *l = listener(), *a = caller(), *b;
	struct sks_addr from, own;

	CHECK_INT(fcntl(sks_fileno(l), F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	CHECK_INT(sks_settimeout(l, SOON), 0);
	CHECK_INT(sks_accept(l, &b, &from), 0);
	CHECK_INT(sks_getsockname(a, &own), 0);
	CHECK_MEM(from.u.bytes, from.len, own.u.bytes, own.len);
	CHECK(isinf(sks_gettimeout(b)));
	CHECK_INT(fcntl(sks_fileno(b), F_GETFL) & O_NONBLOCK, 0);
	CHECK_INT(fcntl(sks_fileno(b), F_GETFD), FD_CLOEXEC);
	CHECK_INT(fcntl(sks_fileno(l), F_GETFD), FD_CLOEXEC);
	CHECK_INT(sks_socket_family(b), SKS_INET);
	CHECK_INT(sks_socket_type(b), SKS_STREAM);
	sks_socket_free(a);
	sks_socket_free(b);
	sks_socket_free(l);
}

static void
call_once(void)
{
	struct sks_socket *s = caller();

	sks_reset(s);
	sks_socket_free(s);
}

#define ACCEPTORS 8

struct acceptor {
	pthread_t thread;
	struct sks_socket *listener;
	int taken, outcome;
};

/* Until the time-out passes, or something else happens. */
static void *
accept_all(void *arg)
{
	struct acceptor *a = arg;
	struct sks_socket *s;

	while ((a->outcome = sks_accept(a->listener, &s, NULL)) == 0) {
		a->taken++;
		sks_socket_free(s);
	}
	return NULL;
}

/* Several see the listener ready, and for all but one it is not any more. */
static void
a_connection_that_somebody_else_took_holds_nobody_up(void)
{
	struct acceptor acceptors[ACCEPTORS] = { { .taken = 0 } };
	struct sks_socket *l = listener();
	int calls = t_size("calls", 500), taken = 0;

	CHECK_INT(sks_settimeout(l, 0.5), 0);
	for (int i = 0; i < ACCEPTORS; i++) {
		acceptors[i].listener = l;
		pthread_create(&acceptors[i].thread, NULL, accept_all,
		    &acceptors[i]);
	}
	for (int i = 0; i < calls; i++)
		call_once();
	for (int i = 0; i < ACCEPTORS; i++) {
		pthread_join(acceptors[i].thread, NULL);
		taken += acceptors[i].taken;
		CHECK_INT(acceptors[i].outcome, SKS_ETIMEDOUT);
	}
	CHECK_INT(taken, calls);
	sks_socket_free(l);
}

static void
a_listener_of_somebody_else_keeps_its_limits_too(void)
{
	struct sks_socket *l, *conn;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK_INT(listen(fd, 1), 0);
	CHECK_INT(sks_socket_fromfd(fd, &l), 0);
	CHECK_INT(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	CHECK_INT(sks_settimeout(l, 0.05), 0);
	CHECK_INT(sks_accept(l, &conn, NULL), SKS_ETIMEDOUT);
	CHECK_INT(sks_settimeout(l, 0), 0);
	/* Whatever was done to the descriptor meanwhile. */
	fcntl(fd, F_SETFL, 0);
	CHECK_INT(sks_accept(l, &conn, NULL), SKS_EAGAIN);
	CHECK(conn == NULL);
	sks_socket_free(l);
}

static void
nothing(int sig)
{
	(void)sig;
}

static int64_t storm_until;

static void *
storm(void *thread)
{
	while (sks_now() < storm_until) {
		pthread_kill(*(pthread_t *)thread, SIGUSR1);
		let_pass_ms(1);
	}
	return NULL;
}

static void
signals_do_not_lengthen_the_wait_for_a_call(void)
{
	struct sigaction sa = { .sa_handler = nothing };
	struct sks_socket *l = listener(), *conn;
	pthread_t self = pthread_self(), thread;
	int64_t start;

	sigaction(SIGUSR1, &sa, NULL);
	storm_until = sks_after(0.5);
	pthread_create(&thread, NULL, storm, &self);
	CHECK_INT(sks_settimeout(l, 0.1), 0);
	start = sks_now();
	CHECK_INT(sks_accept(l, &conn, NULL), SKS_ETIMEDOUT);
	CHECK(seconds_since(start) >= 0.1 && seconds_since(start) < 0.4);
	pthread_join(thread, NULL);
	sks_socket_free(l);
}

static void *
cut_later(void *s)
{
	let_pass_ms(20);
	return sks_shutdown(s, SKS_SHUT_RDWR) == 0 ? s : NULL;
}

static void
another_threads_shutdown_ends_the_wait_for_a_call(void)
{
	struct sks_socket *l = listener(), *conn;
	pthread_t thread;
	void *result;

	pthread_create(&thread, NULL, cut_later, l);
	CHECK_INT(sks_accept(l, &conn, NULL), SKS_EINVAL);
	pthread_join(thread, &result);
	CHECK(result == l);
	sks_socket_free(l);
}

static void
a_second_bind_and_a_taken_address_are_told_apart(void)
{
	struct sks_socket *l = listener(), *s;
	struct sks_addr none = { .len = 0 };

	CHECK_INT(sks_bind(l, &at), SKS_EINVAL);
	CHECK_INT(sks_socket_new(SKS_INET, SKS_STREAM, 0, &s), 0);
	CHECK_INT(sks_bind(s, &at), SKS_EADDRINUSE);
	CHECK_INT(sks_bind(s, &none), SKS_EINVAL);
	sks_socket_free(s);
	sks_socket_free(l);
}

static void
any_backlog_will_do(void)
{
	struct sks_socket *l = listener(), *a = caller(), *b;

	CHECK_INT(sks_listen(l, 0), 0);
	CHECK_INT(sks_listen(l, -1), 0);
	CHECK_INT(sks_accept(l, &b, NULL), 0);
	sks_socket_free(a);
	sks_socket_free(b);
	sks_socket_free(l);
}

static void
a_server_is_made_only_of_what_fits(void)
{
	struct sks_addr a;
	struct sks_socket *s;
	char path[128];
	int fds = count_fds();

	CHECK_INT(sks_addr_parse("127.0.0.1:0", 0, &a), 0);
	CHECK_INT(sks_create_server(&a, 1, 0, 1, &s), SKS_EINVAL);
	snprintf(path, sizeof path, "unix:%s/s", t_tmpdir());
	CHECK_INT(sks_addr_parse(path, 0, &a), 0);
	CHECK_INT(sks_create_server(&a, 1, 1, 0, &s), SKS_EINVAL);
	CHECK_INT(sks_create_server(&a, 1, 0, 0, &s), 0);
	sks_socket_free(s);
	CHECK_INT(sks_create_server(&a, 1, 0, 0, &s), SKS_EADDRINUSE);
	CHECK(s == NULL);
	CHECK_INT(count_fds(), fds);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(an_accepted_socket_has_no_time_out_and_is_private),
		T(a_connection_that_somebody_else_took_holds_nobody_up),
		T(a_listener_of_somebody_else_keeps_its_limits_too),
		T(signals_do_not_lengthen_the_wait_for_a_call),
		T(another_threads_shutdown_ends_the_wait_for_a_call),
		T(a_second_bind_and_a_taken_address_are_told_apart),
		T(any_backlog_will_do),
		T(a_server_is_made_only_of_what_fits),
	};

	return t_main_shared("bind", NULL, cases,
	    sizeof cases / sizeof cases[0]);
}
