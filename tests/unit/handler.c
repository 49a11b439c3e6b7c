/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A conversation: what the handler sees, and what its outcome is. */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <unistd.h>

#include "rig.h"
#include "socketserver/net/error.h"

/* One request over TCP with these tables; returns what handle_request did. */
static int
serve_one(enum sks_concurrency how, const struct sks_server_ops *ops,
    const struct sks_handler_ops *handler)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, how);
	struct sks_server *srv = rig_server(&cfg, ops, handler);
	struct sks_socket *s = rig_connect(srv);
	char end;
	int r = sks_server_handle_request(srv);

	CHECK_INT(sks_recv(s, &end, 1), 0);
	CHECK_INT(sks_server_close(srv), 0);
	sks_server_free(srv);
	sks_socket_free(s);
	return r;
}

/* --- the failure that handle_error is told --- */

static int
fail_with_detail(struct sks_handler *h)
{
	(void)h;
	return sks_fail_errno(ENOMEM, "handle's call");
}

static int
fail_inside_but_succeed(struct sks_handler *h)
{
	(void)h;
	(void)sks_fail_errno(EACCES, "finish's call");
	return 0;
}

static void
fail_in_passing(void *arg)
{
	(void)arg;
	(void)sks_fail_errno(EACCES, "the deferred call");
}

static int
defer_a_failure(struct sks_handler *h)
{
	return sks_defer(h, fail_in_passing, NULL);
}

static void
check_detail_of_handle(void)
{
	CHECK_INT(seen.error.code, SKS_ENOMEM);
	CHECK_INT(seen.error.sys_errno, ENOMEM);
	CHECK_STR(seen.error.what, "handle's call");
}

static void
what_finish_tries_in_passing_does_not_hide_why_handle_failed(void)
{
	const struct sks_handler_ops ops = {
		SKS_HANDLER_OPS(struct sks_handler),
		.handle = fail_with_detail,
		.finish = fail_inside_but_succeed,
	};

	rig_reset();
	CHECK_INT(serve_one(SKS_SYNC, &rig_ops, &ops), 1);
	check_detail_of_handle();
}

static void
what_a_deferred_call_tries_does_not_hide_why_handle_failed(void)
{
	const struct sks_handler_ops ops = {
		SKS_HANDLER_OPS(struct sks_handler),
		.setup = defer_a_failure,
		.handle = fail_with_detail,
	};

	rig_reset();
	CHECK_INT(serve_one(SKS_SYNC, &rig_ops, &ops), 1);
	check_detail_of_handle();
}

static int
fail_plainly(struct sks_handler *h)
{
	(void)h;
	return SKS_EINVAL;
}

static int
fail_as_user(struct sks_handler *h)
{
	(void)h;
	return SKS_EUSER;
}

static void
a_failure_has_no_context_of_an_earlier_one(void)
{
	const struct sks_handler_ops both = {
		SKS_HANDLER_OPS(struct sks_handler),
		.handle = fail_plainly,
		.finish = fail_plainly,
	};
	const struct sks_handler_ops one = {
		SKS_HANDLER_OPS(struct sks_handler),
		.handle = fail_as_user,
	};

	rig_reset();
	CHECK_INT(serve_one(SKS_SYNC, &rig_ops, &both), 1);
	CHECK_INT(seen.error.context, SKS_EINVAL);
	(void)sks_fail(SKS_EUSER, "a failure of today");
	CHECK_INT(serve_one(SKS_SYNC, &rig_ops, &one), 1);
	CHECK_INT(seen.error.code, SKS_EUSER);
	CHECK_INT(seen.error.context, 0);
}

/* --- SKS_STOP --- */

static int
stop(struct sks_handler *h)
{
	(void)h;
	return SKS_STOP;
}

static void
stop_from_setup_or_finish_ends_a_sync_loop_too(void)
{
	const struct sks_handler_ops in_setup = {
		SKS_HANDLER_OPS(struct sks_handler),
		.setup = stop,
	};
	const struct sks_handler_ops in_finish = {
		SKS_HANDLER_OPS(struct sks_handler),
		.finish = stop,
	};

	rig_reset();
	CHECK_INT(serve_one(SKS_SYNC, &rig_ops, &in_setup), SKS_STOP);
	CHECK_INT(serve_one(SKS_SYNC, &rig_ops, &in_finish), SKS_STOP);
	CHECK_INT(serve_one(SKS_THREADING, &rig_ops, &in_finish), 1);
	CHECK(strstr(calls(), "handle_error") == NULL);
}

/* --- what the handler is given --- */

static void
note_number(void *arg)
{
	char text[16];

	snprintf(text, sizeof text, "%d", *(int *)arg);
	note(text);
}

static int numbers[] = { 1, 2, 3 };

static int
defer_three(struct sks_handler *h)
{
	for (int i = 0; i < 3; i++)
		if (sks_defer(h, note_number, &numbers[i]) < 0)
			return SKS_ENOMEM;
	return 0;
}

static void
what_was_deferred_last_runs_first(void)
{
	const struct sks_handler_ops ops = {
		SKS_HANDLER_OPS(struct sks_handler),
		.setup = defer_three,
	};

	rig_reset();
	CHECK_INT(serve_one(SKS_SYNC, NULL, &ops), 1);
	CHECK_STR(calls(), "3 2 1");
}

struct counting {
	struct sks_handler base;
	unsigned char bytes[4096];
};

static int
note_what_is_given(struct sks_handler *h)
{
	static const unsigned char zero[4096];
	struct counting *c = (struct counting *)h;
	struct sks_addr peer;
	char text[64];
	int good;

	good = memcmp(c->bytes, zero, sizeof zero) == 0 &&
	    sks_getpeername(h->request, &peer) == 0 &&
	    sks_addr_port(h->client_address) == sks_addr_port(&peer) &&
	    sks_request_number(h->self) == h->number &&
	    sks_request_socket(h->self) == h->request &&
	    sks_request_address(h->self) == h->client_address &&
	    sks_request_handler(h->self) == h &&
	    sks_server_user(h->server) == (void *)numbers;
	memset(c->bytes, 0xff, sizeof c->bytes);
	snprintf(text, sizeof text, "%s%llu", good ? "good" : "bad",
	    (unsigned long long)h->number);
	note(text);
	return 0;
}

static void
each_handler_has_its_number_its_peer_and_zeroed_memory(void)
{
	const struct sks_handler_ops ops = {
		SKS_HANDLER_OPS(struct counting),
		.handle = note_what_is_given,
	};
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;

	rig_reset();
	cfg.user = numbers;
	srv = rig_server(&cfg, NULL, &ops);
	for (int i = 0; i < 3; i++) {
		struct sks_socket *s = rig_connect(srv);

		CHECK_INT(sks_server_handle_request(srv), 1);
		sks_socket_free(s);
	}
	CHECK_STR(calls(), "good1 good2 good3");
	sks_server_free(srv);
}

/* --- why it ended --- */

static int
say_it_timed_out(struct sks_handler *h)
{
	h->end_reason = SKS_END_TIMEOUT;
	return 0;
}

static int
wait_for_the_end(struct sks_handler *h)
{
	char byte;

	note("waits");
	return (int)sks_recv(h->request, &byte, 1);
}

static int
note_end(struct sks_handler *h)
{
	note(h->end_reason == SKS_END_TIMEOUT    ? "timeout" :
		h->end_reason == SKS_END_CLOSING ? "closing" :
		h->end_reason == SKS_END_PEER    ? "peer" :
						   "other");
	return 0;
}

static void
a_handler_may_name_its_own_end(void)
{
	const struct sks_handler_ops ops = {
		SKS_HANDLER_OPS(struct sks_handler),
		.handle = say_it_timed_out,
		.finish = note_end,
	};

	rig_reset();
	CHECK_INT(serve_one(SKS_SYNC, NULL, &ops), 1);
	CHECK_STR(calls(), "timeout");
}

static void
a_conversation_that_the_server_ended_says_closing(void)
{
	const struct sks_handler_ops ops = {
		SKS_HANDLER_OPS(struct sks_handler),
		.handle = wait_for_the_end,
		.finish = note_end,
	};
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;
	struct sks_socket *s;

	rig_reset();
	srv = rig_server(&cfg, NULL, &ops);
	CHECK_INT(sks_server_start(srv), 0);
	s = rig_connect(srv);
	CHECK(await_call("waits"));
	CHECK_INT(sks_server_close(srv), 0);
	CHECK_STR(calls(), "waits closing");
	sks_server_free(srv);
	sks_socket_free(s);
}

/* --- the end of a request --- */

static int kept_fd;

static int
keep_a_copy(struct sks_handler *h)
{
	kept_fd = dup(sks_fileno(h->request));
	return 0;
}

static void
the_peer_sees_the_end_although_somebody_kept_a_copy(void)
{
	const struct sks_handler_ops ops = {
		SKS_HANDLER_OPS(struct sks_handler),
		.handle = keep_a_copy,
	};

	rig_reset();
	CHECK_INT(serve_one(SKS_SYNC, NULL, &ops), 1);
	CHECK(kept_fd >= 0);
	close(kept_fd);
}

static void
look_after_closing(struct sks_server *srv, struct sks_request *req)
{
	sks_default_close_request(srv, req);
	note(sks_fileno(sks_request_socket(req)) < 0 ? "closed" : "open");
}

static void
close_request_closes_there_and_then(void)
{
	static const enum sks_concurrency hows[] = { SKS_SYNC, SKS_THREADING };
	const struct sks_server_ops ops = {
		SKS_SERVER_OPS,
		.close_request = look_after_closing,
	};

	for (int i = 0; i < 2; i++) {
		rig_reset();
		CHECK_INT(serve_one(hows[i], &ops, &rig_handler), 1);
		CHECK_STR(calls(), "setup handle finish closed");
	}
}

/* --- the stream handler --- */

static int
write_into_the_buffer(struct sks_handler *h)
{
	struct sks_stream_handler *sh = (struct sks_stream_handler *)h;

	if (sks_stream_write(sh->wfile, "bye\n", 4) != 4)
		note("short");
	return script.handle;
}

static int
buffered_setup(struct sks_handler *h)
{
	struct sks_stream_handler *sh = (struct sks_stream_handler *)h;

	sh->wbufsize = 512;
	sh->timeout = SOON;
	sh->disable_nagle_algorithm = 1;
	return sks_stream_handler_setup(h);
}

static int
note_setup(struct sks_handler *h)
{
	int nodelay = 0, r = buffered_setup(h);

	if (r == 0 &&
	    (sks_get_option(h->request, SKS_NODELAY, &nodelay) < 0 || !nodelay))
		note("nagle");
	if (!(sks_gettimeout(h->request) < SOON + 1))
		note("no_timeout");
	return r;
}

static const struct sks_handler_ops buffered = {
	SKS_HANDLER_OPS(struct sks_stream_handler),
	.setup = note_setup,
	.handle = write_into_the_buffer,
	.finish = sks_stream_handler_finish,
};

static void
what_was_written_is_flushed_also_when_handle_failed(void)
{
	for (int i = 0; i < 2; i++) {
		struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
		struct sks_server *srv;
		struct sks_socket *s;
		char buf[16];

		rig_reset();
		script.handle = i == 0 ? 0 : SKS_EUSER;
		srv = rig_server(&cfg, NULL, &buffered);
		s = rig_connect(srv);
		CHECK_INT(sks_server_handle_request(srv), 1);
		CHECK_INT(sks_recv(s, buf, sizeof buf), 4);
		CHECK_MEM(buf, 4, "bye\n", 4);
		CHECK_INT(sks_recv(s, buf, sizeof buf), 0);
		CHECK_STR(calls(), "");
		sks_socket_free(s);
		sks_server_free(srv);
	}
}

static int
write_when_the_peer_is_gone(struct sks_handler *h)
{
	char byte;

	while (sks_recv(h->request, &byte, 1) > 0)
		;
	return write_into_the_buffer(h);
}

static int
finish_and_note(struct sks_handler *h)
{
	int r = sks_stream_handler_finish(h);

	note(r == 0 ? "fine" : "failed");
	return r != 0 ? r : note_end(h);
}

static void
a_peer_that_is_gone_before_the_flush_is_no_error(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_handler_ops ops = buffered;
	struct sks_server *srv;
	struct sks_socket *s;

	rig_reset();
	ops.handle = write_when_the_peer_is_gone;
	ops.finish = finish_and_note;
	srv = rig_server(&cfg, NULL, &ops);
	s = rig_connect(srv);
	sks_reset(s);
	CHECK_INT(sks_server_handle_request(srv), 1);
	CHECK_STR(calls(), "fine peer");
	CHECK_INT(log_lines(), 0);
	sks_socket_free(s);
	sks_server_free(srv);
}

/* --- an instance that is too small --- */

static int
call_up_to_stream(struct sks_handler *h)
{
	int r = sks_stream_handler_setup(h);

	note(r == SKS_EINVAL ? "refused" : "taken");
	return r;
}

static int
call_up_to_datagram(struct sks_handler *h)
{
	int r = sks_datagram_handler_setup(h);

	note(r == SKS_EINVAL ? "refused" : "taken");
	return r;
}

static void
an_instance_too_small_for_the_ready_made_functions_is_refused(void)
{
	static const struct sks_handler_ops small[] = {
		{ SKS_HANDLER_OPS(struct sks_handler),
		    .setup = sks_stream_handler_setup },
		{ SKS_HANDLER_OPS(struct sks_handler),
		    .finish = sks_stream_handler_finish },
		{ .size = sizeof(struct sks_handler_ops),
		    .setup = sks_stream_handler_setup },
		{ SKS_HANDLER_OPS(struct sks_handler),
		    .setup = sks_datagram_handler_setup },
		{ SKS_HANDLER_OPS(struct sks_handler),
		    .finish = sks_datagram_handler_finish },
	};
	const struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;
	struct sks_error e;

	for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
		CHECK_INT(sks_server_new(&cfg, NULL, &small[i], &srv),
		    SKS_EINVAL);
		sks_last_error(&e);
		CHECK(strncmp(e.what, "an instance begins with", 23) == 0);
	}
	srv = rig_server(&cfg, NULL, &echo_handler);
	CHECK_INT(sks_server_set_handler(srv, &small[0]), SKS_EINVAL);
	sks_server_free(srv);
}

/* Which function an own setup calls up to shows when it does. */
static void
calling_up_with_an_instance_too_small_fails_the_setup(void)
{
	struct sks_handler_ops ops = { SKS_HANDLER_OPS(struct sks_handler) };

	rig_reset();
	ops.setup = call_up_to_stream;
	CHECK_INT(serve_one(SKS_SYNC, NULL, &ops), 1);
	ops.setup = call_up_to_datagram;
	CHECK_INT(serve_one(SKS_SYNC, NULL, &ops), 1);
	CHECK_STR(calls(), "refused refused");
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(what_finish_tries_in_passing_does_not_hide_why_handle_failed),
		T(what_a_deferred_call_tries_does_not_hide_why_handle_failed),
		T(a_failure_has_no_context_of_an_earlier_one),
		T(stop_from_setup_or_finish_ends_a_sync_loop_too),
		T(what_was_deferred_last_runs_first),
		T(each_handler_has_its_number_its_peer_and_zeroed_memory),
		T(a_handler_may_name_its_own_end),
		T(a_conversation_that_the_server_ended_says_closing),
		T(the_peer_sees_the_end_although_somebody_kept_a_copy),
		T(close_request_closes_there_and_then),
		T(what_was_written_is_flushed_also_when_handle_failed),
		T(a_peer_that_is_gone_before_the_flush_is_no_error),
		T(an_instance_too_small_for_the_ready_made_functions_is_refused),
		T(calling_up_with_an_instance_too_small_fails_the_setup),
	};

	return t_main("handler", cases, sizeof cases / sizeof cases[0]);
}
