/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of calls of Python's socketserver, observed there line by line. */
#include "config.h"

#include "rig.h"

#define BEFORE "get_request verify_request process_request finish_request "
#define AFTER  " shutdown_request close_request"

static const enum sks_kind kinds[] = { SKS_TCP, SKS_UNIX_STREAM, SKS_UDP,
	SKS_UNIX_DGRAM };

/* Connections only, and all there are. */
enum { STREAMS = 2, ALL = 4 };

/* A client that is a request: by its connection or by a datagram. */
static struct sks_socket *
ask(struct sks_server *srv, int kind)
{
	struct sks_socket *client = rig_client(srv, kinds[kind]);

	if (kind >= STREAMS)
		CHECK_INT(sks_send(client, "?", 1), 1);
	return client;
}

/* Serves one client with the current script, by itself and on a worker, of
 * the first so many kinds; each time the calls must be these. */
static void
check_orders_of(int n, const char *want, int sync_result)
{
	const typeof(script) wanted = script;
	char whole[512], end;

	snprintf(whole, sizeof whole,
	    "server_bind server_activate %s "
	    "server_close",
	    want);
	for (int i = 0; i < 2 * n; i++) {
		enum sks_concurrency how = i / n ? SKS_THREADING : SKS_SYNC;
		struct sks_server_config cfg = rig_config(kinds[i % n], how);
		struct sks_server *srv;
		struct sks_socket *client;

		rig_reset();
		script = wanted;
		srv = rig_server(&cfg, &rig_ops, &rig_handler);
		client = ask(srv, i % n);
		CHECK_INT(sks_server_handle_request(srv),
		    how == SKS_SYNC ? sync_result : 1);
		/* The peer of a failed accept hears nothing, and nobody hears
		 * the end of a datagram. */
		if (script.get == 0 && i % n < STREAMS)
			CHECK_INT(sks_recv(client, &end, 1), 0);
		if (script.get == 0)
			CHECK(await_call("close_request"));
		CHECK_INT(sks_server_close(srv), 0);
		CHECK_STR(calls(), whole);
		sks_server_free(srv);
		sks_socket_free(client);
	}
}

static void
check_orders(const char *want, int sync_result)
{
	check_orders_of(ALL, want, sync_result);
}

static void
a_normal_request_is_set_up_handled_finished_and_shut_down(void)
{
	rig_reset();
	check_orders(BEFORE "setup handle finish" AFTER, 1);
	CHECK_INT(log_lines(), 0);
}

static void
a_request_that_is_not_verified_is_only_shut_down(void)
{
	rig_reset();
	script.verify = 0;
	check_orders("get_request verify_request" AFTER, 1);
}

static void
an_error_in_verify_is_handled_and_the_request_shut_down(void)
{
	rig_reset();
	script.verify = SKS_EUSER;
	check_orders("get_request verify_request handle_error" AFTER, 1);
	CHECK_INT(seen.error.code, SKS_EUSER);
}

static void
an_own_get_request_that_fails_is_reported_and_counted(void)
{
	rig_reset();
	script.get = SKS_EUSER;
	check_orders("get_request handle_error", 1);
}

static void
an_own_get_request_that_stops_ends_the_loop(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *s;

	rig_reset();
	script.get = SKS_STOP;
	srv = rig_server(&cfg, &rig_ops, &rig_handler);
	s = rig_connect(srv);
	CHECK_INT(sks_server_handle_request(srv), SKS_STOP);
	CHECK_INT(sks_server_serve_forever(srv), SKS_STOP);
	CHECK_STR(calls(),
	    "server_bind server_activate get_request get_request");
	sks_socket_free(s);
	sks_server_free(srv);
}

static void
an_error_in_process_is_handled_and_the_request_shut_down(void)
{
	rig_reset();
	script.process = SKS_EUSER;
	check_orders(
	    "get_request verify_request process_request handle_error" AFTER, 1);
}

static void
after_a_failed_setup_neither_handle_nor_finish_runs(void)
{
	rig_reset();
	script.setup = SKS_EUSER;
	check_orders(BEFORE "setup handle_error" AFTER, 1);
}

static void
a_failed_handle_is_finished_before_its_error_is_handled(void)
{
	rig_reset();
	script.handle = SKS_EUSER;
	check_orders(BEFORE "setup handle finish handle_error" AFTER, 1);
	CHECK_INT(seen.error.code, SKS_EUSER);
	CHECK_INT(seen.error.context, 0);
	CHECK_INT(log_lines(), 1);
}

static void
a_failed_finish_is_an_error(void)
{
	rig_reset();
	script.finish = SKS_EUSER;
	check_orders(BEFORE "setup handle finish handle_error" AFTER, 1);
}

static void
of_two_errors_the_second_is_handled_with_the_first_as_context(void)
{
	rig_reset();
	script.handle = SKS_EINVAL;
	script.finish = SKS_EUSER;
	check_orders(BEFORE "setup handle finish handle_error" AFTER, 1);
	CHECK_INT(seen.error.code, SKS_EUSER);
	CHECK_INT(seen.error.context, SKS_EINVAL);
}

static void
stop_leaves_a_sync_loop_and_ends_only_the_worker_of_another(void)
{
	rig_reset();
	script.handle = SKS_STOP;
	check_orders(BEFORE "setup handle finish" AFTER, SKS_STOP);
	CHECK_INT(log_lines(), 0);
}

static void
a_peer_that_went_away_is_handled_without_noise(void)
{
	rig_reset();
	script.handle = SKS_ERESET;
	check_orders(BEFORE "setup handle finish handle_error" AFTER, 1);
	CHECK_INT(log_lines(), 0);
}

static void
a_server_that_cannot_bind_is_closed_and_tells_why(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;

	rig_reset();
	script.bind = SKS_EACCES;
	CHECK_INT(sks_server_new(&cfg, &rig_ops, &rig_handler, &srv),
	    SKS_EACCES);
	CHECK(srv == NULL);
	CHECK_STR(calls(), "server_bind server_close");

	rig_reset();
	script.activate = SKS_EACCES;
	CHECK_INT(sks_server_new(&cfg, &rig_ops, &rig_handler, &srv),
	    SKS_EACCES);
	CHECK_STR(calls(), "server_bind server_activate server_close");
}

static void *
serve(void *srv)
{
	return (void *)(intptr_t)sks_server_serve_forever(srv);
}

/* What any callback may do to the loop: nothing. */
static void
no_failing_callback_ends_the_loop(void)
{
	static const int where[] = { 0, 1, 2, 3 };
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;
	struct sks_socket *client;
	int fds = count_fds();

	for (size_t i = 0; i < sizeof where / sizeof where[0]; i++) {
		rig_reset();
		script.verify = where[i] == 0 ? SKS_EUSER : 1;
		script.process = where[i] == 1 ? SKS_EUSER : 0;
		script.service = where[i] == 2 ? SKS_EUSER : 0;
		script.setup = where[i] == 3 ? SKS_EUSER : 0;
		srv = rig_server(&cfg, &rig_ops, &rig_handler);
		CHECK_INT(sks_server_start(srv), 0);
		for (int n = 0; n < 3; n++) {
			char end;

			client = rig_connect(srv);
			CHECK_INT(sks_recv(client, &end, 1), 0);
			sks_socket_free(client);
		}
		CHECK(await_call("handle_error"));
		CHECK_INT(sks_server_stop(srv, SOON), 0);
		sks_server_free(srv);
	}
	CHECK_INT(count_fds(), fds);
}

static void
stop_from_a_handler_of_a_sync_server_ends_serve_forever(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *client;
	pthread_t thread;
	void *result;

	rig_reset();
	script.handle = SKS_STOP;
	srv = rig_server(&cfg, &rig_ops, &rig_handler);
	pthread_create(&thread, NULL, serve, srv);
	client = rig_connect(srv);
	pthread_join(thread, &result);
	CHECK_INT((intptr_t)result, SKS_STOP);
	sks_socket_free(client);
	sks_server_free(srv);
}

static void
count_down(void *left)
{
	note(--*(int *)left == 0 ? "deferred_last" : "deferred");
}

static int left_to_do;

static int
defer_two(struct sks_handler *h)
{
	note("setup");
	left_to_do = 2;
	if (sks_defer(h, count_down, &left_to_do) < 0 ||
	    sks_defer(h, count_down, &left_to_do) < 0)
		return SKS_ENOMEM;
	return script.setup;
}

static void
what_was_deferred_runs_also_after_a_failed_setup(void)
{
	static const int results[] = { 0, SKS_EUSER };
	static const char *const want[] = {
		"server_bind server_activate " BEFORE "setup handle finish "
		"deferred deferred_last" AFTER " server_close",
		"server_bind server_activate " BEFORE "setup "
		"deferred deferred_last handle_error" AFTER " server_close",
	};
	struct sks_handler_ops ops = rig_handler;

	ops.setup = defer_two;
	for (int i = 0; i < 2; i++) {
		struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
		struct sks_server *srv;
		struct sks_socket *client;

		rig_reset();
		script.setup = results[i];
		srv = rig_server(&cfg, &rig_ops, &ops);
		client = rig_connect(srv);
		CHECK_INT(sks_server_handle_request(srv), 1);
		sks_socket_free(client);
		sks_server_close(srv);
		CHECK_STR(calls(), want[i]);
		sks_server_free(srv);
	}
}

static int
note_end(struct sks_handler *h)
{
	static const char *const names[] = { "none", "done", "peer", "timeout",
		"stop", "closing", "error" };

	note(names[h->end_reason]);
	return 0;
}

static void
finish_knows_why_the_conversation_ended(void)
{
	static const struct {
		int result;
		const char *reason;
	} rows[] = {
		{ 0, "handle done" },
		{ SKS_ERESET, "handle peer" },
		{ SKS_EEOF, "handle peer" },
		{ SKS_ETIMEDOUT, "handle timeout" },
		{ SKS_STOP, "handle stop" },
		{ SKS_EUSER, "handle error" },
	};
	struct sks_handler_ops ops = rig_handler;

	ops.finish = note_end;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
		struct sks_server *srv;
		struct sks_socket *client;

		rig_reset();
		script.handle = rows[i].result;
		srv = rig_server(&cfg, &rig_ops, &ops);
		client = rig_connect(srv);
		CHECK(sks_server_handle_request(srv) > 0);
		CHECK(strstr(calls(), rows[i].reason) != NULL);
		sks_socket_free(client);
		sks_server_free(srv);
	}
}

static int
close_and_look(struct sks_handler *h)
{
	char byte;

	sks_close(h->request);
	sks_close(h->request);
	if (sks_fileno(h->request) != -1 ||
	    sks_recv(h->request, &byte, 1) != SKS_ECLOSED ||
	    sks_shutdown(h->request, SKS_SHUT_WR) != SKS_ECLOSED)
		note("not_closed");
	return 0;
}

static void
a_handler_may_close_its_request_as_the_tutorial_does(void)
{
	rig_reset();
	script.in_handle = close_and_look;
	check_orders_of(STREAMS, BEFORE "setup handle finish" AFTER, 1);
}

/* Is what the library made in setup gone? */
static void
look_at_streams(void *arg)
{
	const struct sks_stream_handler *sh = arg;

	note(sh->rfile == NULL && sh->wfile == NULL ? "freed" : "kept");
}

static int
set_up_and_fail(struct sks_handler *h)
{
	/* What is deferred first runs last. */
	if (sks_defer(h, look_at_streams, h) < 0)
		return SKS_ENOMEM;
	note(sks_request_packet(h->self, NULL) == NULL ?
		sks_stream_handler_setup(h) == 0 ? "stream" : "failed" :
		sks_datagram_handler_setup(h) == 0 ? "datagram" :
						     "failed");
	return SKS_EUSER;
}

static void
a_setup_that_calls_up_and_then_fails_leaves_no_stream(void)
{
	static const struct sks_handler_ops streams = {
		SKS_HANDLER_OPS(struct sks_stream_handler),
		.setup = set_up_and_fail
	};
	static const struct sks_handler_ops datagrams = {
		SKS_HANDLER_OPS(struct sks_datagram_handler),
		.setup = set_up_and_fail
	};
	static const enum sks_kind two[] = { SKS_TCP, SKS_UDP };

	rig_reset();
	for (int i = 0; i < 2; i++) {
		struct sks_server_config cfg = rig_config(two[i], SKS_SYNC);
		struct sks_server *srv =
		    rig_server(&cfg, NULL, i == 0 ? &streams : &datagrams);
		struct sks_socket *s = rig_client(srv, two[i]);

		CHECK_INT(sks_send(s, "?", 1), 1);
		CHECK_INT(sks_server_handle_request(srv), 1);
		sks_socket_free(s);
		sks_server_free(srv);
	}
	CHECK_STR(calls(), "stream freed datagram freed");
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_normal_request_is_set_up_handled_finished_and_shut_down),
		T(a_request_that_is_not_verified_is_only_shut_down),
		T(an_error_in_verify_is_handled_and_the_request_shut_down),
		T(an_own_get_request_that_fails_is_reported_and_counted),
		T(an_own_get_request_that_stops_ends_the_loop),
		T(an_error_in_process_is_handled_and_the_request_shut_down),
		T(after_a_failed_setup_neither_handle_nor_finish_runs),
		T(a_failed_handle_is_finished_before_its_error_is_handled),
		T(a_failed_finish_is_an_error),
		T(of_two_errors_the_second_is_handled_with_the_first_as_context),
		T(stop_leaves_a_sync_loop_and_ends_only_the_worker_of_another),
		T(a_peer_that_went_away_is_handled_without_noise),
		T(a_server_that_cannot_bind_is_closed_and_tells_why),
		T(no_failing_callback_ends_the_loop),
		T(stop_from_a_handler_of_a_sync_server_ends_serve_forever),
		T(what_was_deferred_runs_also_after_a_failed_setup),
		T(a_setup_that_calls_up_and_then_fails_leaves_no_stream),
		T(finish_knows_why_the_conversation_ended),
		T(a_handler_may_close_its_request_as_the_tutorial_does),
	};

	return t_main("server_order", cases, sizeof cases / sizeof cases[0]);
}
