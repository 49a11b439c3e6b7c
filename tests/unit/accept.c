/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a server does about each way in which accept can fail. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

#include "rig.h"
#include "socketserver/net/error.h"
#include "socketserver/server/internal.h"

static atomic_int fails_with; /* an errno; 0: accept works */
static atomic_uint accepts, turns;

static int
failing_get_request(struct sks_server *srv, struct sks_request **req)
{
	int err = atomic_load(&fails_with);

	atomic_fetch_add(&accepts, 1);
	*req = NULL;
	return err != 0 ? sks_fail_errno(err, "accept") :
			  sks_default_get_request(srv, req);
}

static int
count_turns(struct sks_server *srv)
{
	(void)srv;
	atomic_fetch_add(&turns, 1);
	return 0;
}

static void
no_handle_error(struct sks_server *srv, struct sks_request *req,
    const struct sks_error *e)
{
	note("handle_error");
	sks_default_handle_error(srv, req, e);
}

static struct sks_server *
failing_server(int err)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server_ops ops = {
		SKS_SERVER_OPS,
		.get_request = failing_get_request,
		.service_actions = count_turns,
		.handle_error = no_handle_error,
	};

	rig_reset();
	atomic_store(&fails_with, err);
	atomic_store(&accepts, 0);
	atomic_store(&turns, 0);
	return rig_server(&cfg, &ops, &rig_handler);
}

static bool
was_served(struct sks_socket *s)
{
	char end;

	return sks_recv(s, &end, 1) == 0;
}

static uint64_t
count_of(struct sks_server *srv, int err)
{
	struct sks_server_stats stats;

	sks_server_stats(srv, &stats);
	for (int i = 0; i < 8; i++)
		if (stats.by_errno[i].count > 0 &&
		    stats.by_errno[i].sys_errno == err)
			return stats.by_errno[i].count;
	return 0;
}

static uint64_t
all_errors(struct sks_server *srv)
{
	struct sks_server_stats stats;

	sks_server_stats(srv, &stats);
	return stats.accept_errors;
}

/* Until accept was tried n times. */
static void
await_accepts(unsigned n)
{
	while (atomic_load(&accepts) < n)
		let_pass_ms(1);
}

static void
check_paced(int err)
{
	struct sks_server *srv = failing_server(err);
	struct sks_socket *s = rig_connect(srv);
	int64_t start;

	CHECK_INT(sks_server_start(srv), 0);
	let_pass_ms(500);
	CHECK(atomic_load(&accepts) >= 2);
	CHECK(atomic_load(&accepts) <= 10);
	CHECK(atomic_load(&turns) <= 30);
	start = sks_now();
	atomic_store(&fails_with, 0);
	CHECK(was_served(s));
	CHECK(seconds_since(start) < 1);
	CHECK_INT(log_lines(), 1);
	CHECK(strstr(calls(), "handle_error") == NULL);
	CHECK_INT(count_of(srv, err), all_errors(srv));
	CHECK(all_errors(srv) >= 2);
	sks_server_free(srv);
	sks_socket_free(s);
}

static void
while_the_system_is_short_of_something_accept_is_tried_now_and_then(void)
{
	static const int errs[] = { ENFILE, ENOBUFS, ENOMEM };

	for (size_t i = 0; i < sizeof errs / sizeof errs[0]; i++)
		check_paced(errs[i]);
}

static void
what_makes_accepting_impossible_ends_the_loop_with_its_error(void)
{
	static const struct {
		int err, code;
	} rows[] = {
		{ EBADF, SKS_ECLOSED },
		{ EINVAL, SKS_EINVAL },
		{ ENOTSOCK, SKS_ESYS },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sks_server *srv = failing_server(rows[i].err);
		struct sks_socket *s = rig_connect(srv);
		struct sks_error e;

		CHECK_INT(sks_server_serve_forever(srv), rows[i].code);
		sks_last_error(&e);
		CHECK_INT(e.sys_errno, rows[i].err);
		CHECK_INT(count_of(srv, rows[i].err), 1);
		CHECK_INT(sks_server_close(srv), 0);
		sks_server_free(srv);
		sks_socket_free(s);
	}
}

static void
an_acceptor_that_cannot_go_on_says_so(void)
{
	struct sks_server *srv = failing_server(EBADF);
	struct sks_socket *s = rig_connect(srv);

	CHECK_INT(sks_server_start(srv), 0);
	await_accepts(1);
	CHECK_INT(sks_server_stop(srv, SOON), 0);
	CHECK(strstr(seen.log, "the acceptor ended: accept: ") != NULL);
	CHECK_INT(log_lines(), 1);
	sks_server_free(srv);
	sks_socket_free(s);
}

static void
a_connection_that_did_not_come_about_concerns_nobody_else(void)
{
	static const int errs[] = { ECONNABORTED, EPROTO, EPERM, ENETDOWN };

	for (size_t i = 0; i < sizeof errs / sizeof errs[0]; i++) {
		struct sks_server *srv = failing_server(errs[i]);
		struct sks_socket *s = rig_connect(srv);

		CHECK_INT(sks_server_start(srv), 0);
		await_accepts(3);
		atomic_store(&fails_with, 0);
		CHECK(was_served(s));
		CHECK(count_of(srv, errs[i]) >= 3);
		CHECK_INT(log_lines(), 0);
		CHECK(strstr(calls(), "handle_error") == NULL);
		sks_server_free(srv);
		sks_socket_free(s);
	}
}

static void
nothing_there_is_no_error_and_handle_request_waits_on(void)
{
	static const int errs[] = { EAGAIN, EINTR };

	for (size_t i = 0; i < sizeof errs / sizeof errs[0]; i++) {
		struct sks_server *srv = failing_server(errs[i]);
		struct sks_socket *s = rig_connect(srv);

		CHECK_INT(sks_server_start(srv), 0);
		await_accepts(3);
		atomic_store(&fails_with, 0);
		CHECK(was_served(s));
		CHECK_INT(all_errors(srv), 0);
		CHECK_INT(log_lines(), 0);
		sks_server_free(srv);
		sks_socket_free(s);
	}
}

static int
fail_once(struct sks_server *srv, struct sks_request **req)
{
	*req = NULL;
	return atomic_fetch_add(&accepts, 1) == 0 ?
	    SKS_EUSER :
	    sks_default_get_request(srv, req);
}

static void
an_own_get_request_that_fails_is_logged_and_counted_without_errno(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server_ops ops = { SKS_SERVER_OPS,
		.get_request = fail_once };
	struct sks_server *srv;
	struct sks_socket *s;

	rig_reset();
	atomic_store(&accepts, 0);
	srv = rig_server(&cfg, &ops, &rig_handler);
	s = rig_connect(srv);
	CHECK_INT(sks_server_start(srv), 0);
	CHECK(was_served(s));
	CHECK_INT(count_of(srv, 0), 1);
	CHECK_INT(all_errors(srv), 1);
	CHECK_STR(seen.log, "the application failed");
	sks_server_free(srv);
	sks_socket_free(s);
}

/* The peer is gone again between poll and accept: the listener must not be
 * one that waits for the next. */
static int
take_it_away_first(struct sks_server *srv, struct sks_request **req)
{
	struct sks_request *first;
	int r;

	if (atomic_fetch_add(&accepts, 1) > 0)
		return sks_default_get_request(srv, req);
	if (sks_default_get_request(srv, &first) == 0) {
		sks_request_unref(first);
		note("taken");
	}
	r = sks_default_get_request(srv, req);
	note(r == SKS_EAGAIN ? "nothing" : "something");
	return r;
}

static void
a_peer_that_went_between_poll_and_accept_does_not_stop_the_loop(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server_ops ops = { SKS_SERVER_OPS,
		.get_request = take_it_away_first };
	struct sks_server *srv;
	struct sks_socket *s;

	rig_reset();
	atomic_store(&accepts, 0);
	srv = rig_server(&cfg, &ops, &rig_handler);
	s = rig_connect(srv);
	CHECK_INT(sks_server_start(srv), 0);
	CHECK(await_call("taken nothing"));
	sks_socket_free(s);
	s = rig_connect(srv);
	CHECK(was_served(s));
	sks_socket_free(s);
	sks_server_free(srv);
}

/* As Python's, which calls accept on a socket that blocks. */
static int
wait_for_peer(struct sks_server *srv, struct sks_request **req)
{
	struct sks_socket *s;
	struct sks_addr client;
	int r;

	atomic_fetch_add(&accepts, 1);
	*req = NULL;
	if ((r = sks_accept(sks_server_socket(srv), &s, &client)) < 0)
		return r;
	if ((r = sks_request_new(srv, s, &client, req)) < 0)
		sks_socket_free(s);
	return r;
}

static void
an_own_get_request_is_called_only_when_somebody_waits(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server_ops ops = { SKS_SERVER_OPS,
		.get_request = wait_for_peer };
	struct sks_server *srv;

	rig_reset();
	atomic_store(&accepts, 0);
	srv = rig_server(&cfg, &ops, &rig_handler);
	CHECK_INT(sks_server_start(srv), 0);
	for (unsigned i = 1; i <= 3; i++) {
		struct sks_socket *s = rig_connect(srv);

		CHECK(was_served(s));
		CHECK_INT(atomic_load(&accepts), i);
		sks_socket_free(s);
	}
	if (!CHECK_INT(sks_server_stop(srv, SOON), 0))
		sks_socket_free(rig_connect(srv)); /* it may go on */
	sks_server_free(srv);
}

/* --- out of descriptors --- */

static rlim_t
set_fd_limit(rlim_t limit)
{
	struct rlimit rl;
	rlim_t old;

	getrlimit(RLIMIT_NOFILE, &rl);
	old = rl.rlim_cur;
	rl.rlim_cur = limit;
	setrlimit(RLIMIT_NOFILE, &rl);
	return old;
}

/* The lowest number that is free, which is the limit that leaves none. */
static rlim_t
next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return (rlim_t)fd;
}

static struct sks_server *
waiting_server(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server_ops ops = {
		SKS_SERVER_OPS,
		.get_request = failing_get_request,
		.service_actions = count_turns,
	};

	rig_reset();
	atomic_store(&fails_with, 0);
	atomic_store(&accepts, 0);
	cfg.overload = SKS_WAIT;
	return rig_server(&cfg, &ops, &rig_handler);
}

static void
without_descriptors_accept_fails_once_and_is_not_tried_again(void)
{
	struct sks_server *srv = waiting_server();
	struct sks_socket *s = rig_connect(srv);
	rlim_t old = set_fd_limit(next_fd());

	CHECK_INT(sks_server_start(srv), 0);
	let_pass_ms(500);
	CHECK_INT(atomic_load(&accepts), 1);
	CHECK_INT(count_of(srv, EMFILE), 1);
	set_fd_limit(old);
	CHECK(was_served(s));
	sks_server_free(srv);
	sks_socket_free(s);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(while_the_system_is_short_of_something_accept_is_tried_now_and_then),
		T(what_makes_accepting_impossible_ends_the_loop_with_its_error),
		T(an_acceptor_that_cannot_go_on_says_so),
		T(a_connection_that_did_not_come_about_concerns_nobody_else),
		T(nothing_there_is_no_error_and_handle_request_waits_on),
		T(an_own_get_request_that_fails_is_logged_and_counted_without_errno),
		T(a_peer_that_went_between_poll_and_accept_does_not_stop_the_loop),
		T(an_own_get_request_is_called_only_when_somebody_waits),
		T(without_descriptors_accept_fails_once_and_is_not_tried_again),
	};

	return t_main_shared("accept", NULL, cases,
	    sizeof cases / sizeof cases[0]);
}
