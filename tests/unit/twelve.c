/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each of the twelve servers promises alike: TCP, UDP, Unix streams and
 * Unix datagrams, one after the other, with threads and with processes.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "rig.h"

enum { KINDS = 4, SERVERS = 3 * KINDS };

static const enum sks_kind kinds[KINDS] = { SKS_TCP, SKS_UNIX_STREAM, SKS_UDP,
	SKS_UNIX_DGRAM };

static bool
is_stream(int i)
{
	return i % KINDS < 2;
}

/* The i-th; the tests' loops and storms are threads. */
static struct sks_server_config
config_of(int i)
{
	static const enum sks_concurrency hows[] = { SKS_SYNC, SKS_THREADING,
		SKS_FORKING };
	struct sks_server_config cfg =
	    rig_config(kinds[i % KINDS], hows[i / KINDS]);

	cfg.fork_anyway = 1;
	return cfg;
}

static struct sks_server_stats
stats_of(struct sks_server *srv)
{
	struct sks_server_stats stats;

	sks_server_stats(srv, &stats);
	return stats;
}

/* A client of the i-th that is a request: by its connection or a datagram. */
static struct sks_socket *
ask(struct sks_server *srv, int i)
{
	struct sks_socket *s = rig_client(srv, kinds[i % KINDS]);

	if (!is_stream(i))
		CHECK_INT(sks_send(s, "?", 1), 1);
	return s;
}

/* --- the rig of CPython's own tests --- */

static const struct sks_handler_ops *
echo_of(int i)
{
	return is_stream(i) ? &echo_handler : &echo_datagrams;
}

static void
check_address(struct sks_server *srv)
{
	char want[SKS_ADDR_TEXT], got[SKS_ADDR_TEXT];
	struct sks_addr bound;

	CHECK_INT(sks_getsockname(sks_server_socket(srv), &bound), 0);
	CHECK_STR(sks_addr_format(sks_server_address(srv), SKS_STYLE_PLAIN, got,
		      sizeof got),
	    sks_addr_format(&bound, SKS_STYLE_PLAIN, want, sizeof want));
}

static void
each_passes_the_rig_of_cpythons_tests(void)
{
	rig_reset();
	for (int i = 0; i < SERVERS; i++) {
		struct sks_server_config cfg = config_of(i);
		struct sks_server *srv = rig_server(&cfg, NULL, echo_of(i));

		check_address(srv);
		CHECK_INT(sks_server_start(srv), 0);
		for (int n = 0; n < 3; n++)
			CHECK(rig_echo_on(rig_client(srv, cfg.kind)));
		CHECK_INT(sks_server_stop(srv, SOON), 0);
		CHECK_INT(sks_server_close(srv), 0);
		CHECK_INT(sks_server_fileno(srv), -1);
		CHECK_INT(stats_of(srv).accepted, 3);
		CHECK_INT(stats_of(srv).live, 0);
		CHECK_INT(stats_of(srv).children, 0);
		CHECK_INT(stats_of(srv).children_failed, 0);
		sks_server_free(srv);
	}
	CHECK_INT(log_lines(), 0);
}

/* --- the order of calls, where it is the loop's or the constructor's --- */

static void
each_is_closed_when_it_cannot_be_bound_or_activated(void)
{
	int fds = count_fds();

	for (int i = 0; i < SERVERS; i++) {
		struct sks_server_config cfg = config_of(i);
		struct sks_server *srv;

		rig_reset();
		script.bind = SKS_EACCES;
		CHECK_INT(sks_server_new(&cfg, &rig_ops, &rig_handler, &srv),
		    SKS_EACCES);
		CHECK_STR(calls(), "server_bind server_close");

		rig_reset();
		script.activate = SKS_EUSER;
		CHECK_INT(sks_server_new(&cfg, &rig_ops, &rig_handler, &srv),
		    SKS_EUSER);
		CHECK_STR(calls(), "server_bind server_activate server_close");
		CHECK(srv == NULL);
	}
	CHECK_INT(count_fds(), fds);
}

static int failures; /* still to come */

static int
fail_then_get(struct sks_server *srv, struct sks_request **req)
{
	note("get_request");
	if (failures-- > 0)
		return sks_error_set_errno(ECONNABORTED, "accept");
	return sks_default_get_request(srv, req);
}

static void
each_drops_and_counts_what_the_system_could_not_get(void)
{
	for (int i = 0; i < SERVERS; i++) {
		struct sks_server_config cfg = config_of(i);
		struct sks_server_ops ops = rig_ops;
		struct sks_server *srv;
		struct sks_socket *s;

		rig_reset();
		failures = 1;
		ops.get_request = fail_then_get;
		srv = rig_server(&cfg, &ops, &rig_handler);
		s = ask(srv, i);
		CHECK_INT(sks_server_handle_request(srv), 1);
		CHECK_STR(calls(), "server_bind server_activate get_request");
		CHECK_INT(stats_of(srv).accept_errors, 1);
		CHECK_INT(stats_of(srv).by_errno[0].sys_errno, ECONNABORTED);
		CHECK_INT(log_lines(), 0);
		/* The same peer is served by the next try. */
		CHECK_INT(sks_server_handle_request(srv), 1);
		CHECK(strstr(calls(),
			  "get_request get_request verify_request") != NULL);
		sks_socket_free(s);
		sks_server_free(srv);
	}
}

/* How many were got since the last service_actions, and at most. */
static struct {
	int now, most, all;
} turn;

static int
get_and_count(struct sks_server *srv, struct sks_request **req)
{
	turn.all++;
	if (++turn.now > turn.most)
		turn.most = turn.now;
	return sks_default_get_request(srv, req);
}

static int
end_turn(struct sks_server *srv)
{
	if (turn.now == 0)
		return 0; /* a worker's or a child's end */
	turn.now = 0;
	if (turn.all == 2)
		sks_server_request_shutdown(srv);
	return 0;
}

/* Three wait from the beginning; the stop comes with the second. */
static void
each_serves_one_request_a_turn_and_none_after_a_stop(void)
{
	const struct sks_server_ops ops = { SKS_SERVER_OPS,
		.get_request = get_and_count, .service_actions = end_turn };

	for (int i = 0; i < SERVERS; i++) {
		struct sks_server_config cfg = config_of(i);
		struct sks_server *srv;
		struct sks_socket *s[3];

		rig_reset();
		memset(&turn, 0, sizeof turn);
		srv = rig_server(&cfg, &ops, &rig_handler);
		for (int n = 0; n < 3; n++)
			s[n] = ask(srv, i);
		CHECK_INT(sks_server_serve_forever(srv), 0);
		CHECK_INT(turn.most, 1);
		CHECK_INT(stats_of(srv).accepted, 2);
		/* The third is still there. */
		CHECK_INT(sks_server_handle_request(srv), 1);
		CHECK_INT(stats_of(srv).accepted, 3);
		for (int n = 0; n < 3; n++)
			sks_socket_free(s[n]);
		sks_server_free(srv);
	}
}

/* --- what was deferred --- */

static int told[2]; /* a pipe; a child has it, too */

static void
tell(void *letter)
{
	if (write(told[1], letter, 1) != 1)
		abort();
}

static int
defer_two(struct sks_handler *h)
{
	static char letters[] = "ab";

	return sks_defer(h, tell, &letters[1]) < 0 ||
		sks_defer(h, tell, &letters[0]) < 0 ?
	    SKS_ENOMEM :
	    script.setup;
}

static void
each_runs_what_was_deferred_also_after_a_failed_setup(void)
{
	struct sks_handler_ops handler = rig_handler;

	CHECK_INT(pipe(told), 0);
	handler.setup = defer_two;
	for (int i = 0; i < 2 * SERVERS; i++) {
		struct sks_server_config cfg = config_of(i / 2);
		struct sks_server *srv;
		struct sks_socket *s;
		char letters[3] = "";

		rig_reset();
		script.setup = i % 2 ? SKS_EUSER : 0;
		srv = rig_server(&cfg, NULL, &handler);
		s = ask(srv, i / 2);
		CHECK_INT(sks_server_handle_request(srv), 1);
		CHECK_INT(sks_server_close(srv), 0);
		CHECK_INT(read(told[0], letters, 2), 2);
		CHECK_STR(letters, "ab");
		CHECK_INT(stats_of(srv).children_failed,
		    cfg.concurrency == SKS_FORKING && i % 2);
		sks_socket_free(s);
		sks_server_free(srv);
	}
	close(told[0]);
	close(told[1]);
}

/* --- which thread --- */

#define INSIDE  1u
#define RELEASE 2u

static pthread_t loop_thread; /* whose handle_request this is */

/* Notes the call of the rig's override, and a mark if it is not the loop's. */
static void
mark(void)
{
	if (!pthread_equal(pthread_self(), loop_thread))
		note("on_worker:");
}

static int
marked_get_request(struct sks_server *srv, struct sks_request **req)
{
	mark();
	return rig_get_request(srv, req);
}

static int
marked_verify_request(struct sks_server *srv, struct sks_request *req)
{
	mark();
	return rig_verify_request(srv, req);
}

static int
marked_process_request(struct sks_server *srv, struct sks_request *req)
{
	mark();
	return rig_process_request(srv, req);
}

static int
marked_finish_request(struct sks_server *srv, struct sks_request *req)
{
	mark();
	return rig_finish_request(srv, req);
}

static void
marked_shutdown_request(struct sks_server *srv, struct sks_request *req)
{
	mark();
	rig_shutdown_request(srv, req);
}

static void
marked_close_request(struct sks_server *srv, struct sks_request *req)
{
	mark();
	rig_close_request(srv, req);
}

static void
marked_handle_error(struct sks_server *srv, struct sks_request *req,
    const struct sks_error *e)
{
	mark();
	rig_handle_error(srv, req, e);
}

static int
marked_setup(struct sks_handler *h)
{
	mark();
	return rig_setup(h);
}

static int
marked_handle(struct sks_handler *h)
{
	mark();
	return rig_handle(h);
}

static int
marked_finish(struct sks_handler *h)
{
	mark();
	return rig_finish(h);
}

static const struct sks_server_ops marked_ops = {
	SKS_SERVER_OPS,
	.get_request = marked_get_request,
	.verify_request = marked_verify_request,
	.process_request = marked_process_request,
	.finish_request = marked_finish_request,
	.shutdown_request = marked_shutdown_request,
	.close_request = marked_close_request,
	.handle_error = marked_handle_error,
};

static const struct sks_handler_ops marked_handler = {
	SKS_HANDLER_OPS(struct sks_handler),
	.setup = marked_setup,
	.handle = marked_handle,
	.finish = marked_finish,
};

/* For a worker: goes on only when process_request has returned. */
static int
hold_and_fail(struct sks_handler *h)
{
	(void)h;
	raise_flag(INSIDE);
	return await_flags(RELEASE) ? SKS_EUSER : 0;
}

static int
fail_at_once(struct sks_handler *h)
{
	(void)h;
	return SKS_EUSER;
}

static void
with_threads_the_worker_does_all_behind_process_request(void)
{
	for (int i = 0; i < 2 * KINDS; i++) {
		struct sks_server_config cfg = config_of(i);
		int sync = cfg.concurrency == SKS_SYNC;
		struct sks_server *srv;
		struct sks_socket *s;

		rig_reset();
		loop_thread = pthread_self();
		script.in_handle = sync ? fail_at_once : hold_and_fail;
		srv = rig_server(&cfg, &marked_ops, &marked_handler);
		s = ask(srv, i);
		CHECK_INT(sks_server_handle_request(srv), 1);
		raise_flag(RELEASE);
		CHECK_INT(sks_server_close(srv), 0);
		CHECK_STR(calls(),
		    sync ?
			"get_request verify_request process_request "
			"finish_request setup handle finish handle_error "
			"shutdown_request close_request" :
			"get_request verify_request process_request "
			"on_worker: finish_request on_worker: setup "
			"on_worker: handle on_worker: finish "
			"on_worker: handle_error on_worker: shutdown_request "
			"on_worker: close_request");
		sks_socket_free(s);
		sks_server_free(srv);
	}
}

/* --- super() --- */

static void
up_on_ready(struct sks_server *srv)
{
	note("on_ready");
	sks_default_on_ready(srv);
}

static int
up_verify_request(struct sks_server *srv, struct sks_request *req)
{
	note("verify_request");
	return sks_default_verify_request(srv, req);
}

static void
up_handle_timeout(struct sks_server *srv)
{
	note("handle_timeout");
	sks_default_handle_timeout(srv);
}

static int
up_service_actions(struct sks_server *srv)
{
	note("service_actions");
	return sks_default_service_actions(srv);
}

static void
up_on_overload(struct sks_server *srv, struct sks_request *req,
    enum sks_overload why)
{
	note("on_overload");
	sks_default_on_overload(srv, req, why);
}

/* The rig's overrides call up already; here are the rest. */
static void
an_override_may_call_up_to_every_default(void)
{
	static const char *const slots[] = {
		"server_bind",
		"server_activate",
		"on_ready",
		"server_close",
		"get_request",
		"verify_request",
		"process_request",
		"finish_request",
		"shutdown_request",
		"close_request",
		"handle_error",
		"handle_timeout",
		"service_actions",
		"on_overload",
	};

	for (int i = KINDS; i < 2 * KINDS; i++) {
		struct sks_server_config cfg = config_of(i);
		struct sks_server_ops ops = rig_ops;
		struct sks_socket *first, *second;
		struct sks_server *srv;

		rig_reset();
		ops.on_ready = up_on_ready;
		ops.verify_request = up_verify_request;
		ops.handle_timeout = up_handle_timeout;
		ops.service_actions = up_service_actions;
		ops.on_overload = up_on_overload;
		script.in_handle = hold_and_fail;
		cfg.timeout = 0;
		cfg.max_sessions = 1;
		srv = rig_server(&cfg, &ops, &rig_handler);
		CHECK_INT(sks_server_handle_request(srv), 0);
		CHECK_INT(sks_server_start(srv), 0);
		first = ask(srv, i);
		CHECK(await_flags(INSIDE));
		second = ask(srv, i);
		CHECK(await_call("on_overload"));
		raise_flag(RELEASE);
		CHECK(await_call("service_actions"));
		CHECK_INT(sks_server_close(srv), 0);
		for (size_t n = 0; n < sizeof slots / sizeof slots[0]; n++)
			if (strstr(calls(), slots[n]) == NULL)
				CHECK_STR("not called", slots[n]);
		CHECK_INT(stats_of(srv).refused[SKS_OVER_SESSIONS], 1);
		CHECK_INT(stats_of(srv).live, 0);
		sks_socket_free(first);
		sks_socket_free(second);
		sks_server_free(srv);
	}
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(each_passes_the_rig_of_cpythons_tests),
		T(each_is_closed_when_it_cannot_be_bound_or_activated),
		T(each_drops_and_counts_what_the_system_could_not_get),
		T(each_serves_one_request_a_turn_and_none_after_a_stop),
		T(each_runs_what_was_deferred_also_after_a_failed_setup),
		T(with_threads_the_worker_does_all_behind_process_request),
		T(an_override_may_call_up_to_every_default),
	};

	return t_main("twelve", cases, sizeof cases / sizeof cases[0]);
}
