/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a server is closed while much goes on. */
#include "config.h"

#include <math.h>
#include <pthread.h>
#include <unistd.h>

#include "rig.h"

#define BLOCKED 1u /* a handler is inside */
#define RELEASE 2u /* it may go on */
#define DONE    4u
#define LET_IN  8u /* get_request has a connection in hand */

static int result;

static struct sks_server *
server_with(int (*fn)(struct sks_handler *), double grace,
    const struct sks_server_ops *ops, struct sks_socket **client)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;

	rig_reset();
	script.in_handle = fn;
	cfg.grace = grace;
	srv = rig_server(&cfg, ops, &rig_handler);
	CHECK_INT(sks_server_start(srv), 0);
	*client = rig_connect(srv);
	return srv;
}

static int
read_for_ever(struct sks_handler *h)
{
	char byte;

	raise_flag(BLOCKED);
	return (int)sks_recv(h->request, &byte, 1);
}

static void *
close_it(void *srv)
{
	int r = sks_server_close(srv);

	note("close_returned");
	return (void *)(intptr_t)r;
}

static void
without_end_of_the_grace_readers_are_woken_all_the_same(void)
{
	static const enum sks_concurrency hows[] = { SKS_SYNC, SKS_THREADING };

	for (int i = 0; i < 2; i++) {
		struct sks_server_config cfg = rig_config(SKS_TCP, hows[i]);
		struct sks_server *srv;
		struct sks_socket *s;

		rig_reset();
		script.in_handle = read_for_ever;
		cfg.grace = INFINITY;
		srv = rig_server(&cfg, NULL, &rig_handler);
		CHECK_INT(sks_server_start(srv), 0);
		s = rig_connect(srv);
		CHECK(await_flags(BLOCKED));
		CHECK_INT(sks_server_close(srv), 0);
		CHECK_STR(calls(), "setup handle finish");
		sks_server_free(srv);
		sks_socket_free(s);
	}
}

static int
say_goodbye_slowly(struct sks_handler *h)
{
	char byte;
	ssize_t n;

	raise_flag(BLOCKED);
	n = sks_recv(h->request, &byte, 1);
	let_pass_ms(100);
	return n < 0 ? (int)n : sks_send_text(h->request, "goodbye\n");
}

static void
within_the_grace_a_handler_may_say_goodbye(void)
{
	struct sks_socket *s;
	struct sks_server *srv =
	    server_with(say_goodbye_slowly, SOON, NULL, &s);
	char buf[32];

	CHECK(await_flags(BLOCKED));
	CHECK_INT(sks_server_close(srv), 0);
	CHECK_INT(sks_recv(s, buf, sizeof buf), 8);
	CHECK_INT(sks_recv(s, buf, sizeof buf), 0);
	CHECK_INT(log_lines(), 0);
	sks_server_free(srv);
	sks_socket_free(s);
}

static int
write_for_ever_then_tidy_up(struct sks_handler *h)
{
	static const char bytes[4096];
	int r;

	raise_flag(BLOCKED);
	while ((r = sks_sendall(h->request, bytes, sizeof bytes, NULL)) == 0)
		;
	let_pass_ms(200);
	note("tidied");
	return r;
}

static void
after_the_cut_handlers_have_a_second_to_come_out(void)
{
	struct sks_socket *s;
	struct sks_server *srv =
	    server_with(write_for_ever_then_tidy_up, 0, NULL, &s);

	CHECK(await_flags(BLOCKED));
	CHECK_INT(sks_server_close(srv), 0);
	CHECK(strstr(calls(), "tidied finish") != NULL);
	sks_server_free(srv);
	sks_socket_free(s);
}

/* --- a connection that is on its way in --- */

static int
accept_and_hold(struct sks_server *srv, struct sks_request **req)
{
	int r = sks_default_get_request(srv, req);

	raise_flag(LET_IN);
	if (!await_flags(RELEASE))
		note("never_released");
	return r;
}

static void *
release_after(void *ms)
{
	let_pass_ms((int)(intptr_t)ms);
	raise_flag(RELEASE);
	return NULL;
}

static void
a_peer_let_in_while_the_server_closes_is_told_too(void)
{
	const struct sks_server_ops ops = {
		SKS_SERVER_OPS,
		.get_request = accept_and_hold,
	};
	struct sks_socket *s;
	struct sks_server *srv = server_with(read_for_ever, INFINITY, &ops, &s);
	pthread_t thread;

	CHECK(await_flags(LET_IN));
	pthread_create(&thread, NULL, release_after, (void *)50);
	CHECK_INT(sks_server_close(srv), 0);
	pthread_join(thread, NULL);
	CHECK_STR(calls(), "setup handle finish");
	sks_server_free(srv);
	sks_socket_free(s);
}

/* --- workers that close --- */

static int
close_then_read(struct sks_handler *h)
{
	char byte;

	result = sks_server_close(h->server);
	raise_flag(DONE);
	note(sks_recv(h->request, &byte, 1) == 1 ? "read" : "missed");
	return 0;
}

static void
a_worker_that_closes_its_server_keeps_its_own_conversation(void)
{
	struct sks_socket *s;
	struct sks_server *srv = server_with(close_then_read, SOON, NULL, &s);

	CHECK(await_flags(DONE));
	CHECK_INT(result, 0);
	CHECK_INT(sks_send_text(s, "x"), 0);
	CHECK(await_call("read finish"));
	sks_server_free(srv);
	sks_socket_free(s);
}

static int
close_when_told_to_stop(struct sks_handler *h)
{
	char byte;

	raise_flag(BLOCKED);
	if (sks_recv(h->request, &byte, 1) == 0)
		result = sks_server_close(h->server);
	return 0;
}

static void
a_worker_does_not_wait_for_the_one_who_waits_for_it(void)
{
	struct sks_socket *s;
	struct sks_server *srv =
	    server_with(close_when_told_to_stop, INFINITY, NULL, &s);

	CHECK(await_flags(BLOCKED));
	result = 0;
	CHECK_INT(sks_server_close(srv), 0);
	CHECK_INT(result, SKS_EBUSY);
	sks_server_free(srv);
	sks_socket_free(s);
}

/* --- who else closes --- */

static void
close_slowly(struct sks_server *srv)
{
	note("server_close");
	let_pass_ms(100);
	sks_default_server_close(srv);
	note("closed");
}

static void
of_two_who_close_none_returns_before_all_is_closed(void)
{
	const struct sks_server_ops ops = {
		SKS_SERVER_OPS,
		.server_close = close_slowly,
	};
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;
	pthread_t threads[2];
	void *results[2];

	rig_reset();
	srv = rig_server(&cfg, &ops, &rig_handler);
	CHECK_INT(sks_server_start(srv), 0);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, close_it, srv);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], &results[i]);
	CHECK_INT((intptr_t)results[0], 0);
	CHECK_INT((intptr_t)results[1], 0);
	CHECK_STR(calls(), "server_close closed close_returned close_returned");
	sks_server_free(srv);
}

static int
wait_for_release(struct sks_handler *h)
{
	(void)h;
	raise_flag(BLOCKED);
	if (!await_flags(RELEASE))
		note("never_released");
	return 0;
}

static void
free_returns_only_when_the_last_handler_has(void)
{
	struct sks_socket *s;
	struct sks_server *srv =
	    server_with(wait_for_release, 0.01, &rig_ops, &s);
	pthread_t thread;

	CHECK(await_flags(BLOCKED));
	CHECK_INT(sks_server_close(srv), SKS_ETIMEDOUT);
	/* Longer than close waits after the cut. */
	pthread_create(&thread, NULL, release_after, (void *)1300);
	sks_server_free(srv);
	CHECK(strstr(calls(), "finish shutdown_request close_request") != NULL);
	pthread_join(thread, NULL);
	sks_socket_free(s);
}

static void
after_close_no_thread_is_left_to_be_joined(void)
{
	struct sks_socket *s;
	struct sks_server *srv = server_with(read_for_ever, SOON, NULL, &s);
	struct sks_server_stats stats;

	CHECK(await_flags(BLOCKED));
	CHECK_INT(sks_server_close(srv), 0);
	sks_server_stats(srv, &stats);
	CHECK_INT(stats.threads, 0);
	CHECK_INT(stats.live, 0);
	sks_server_free(srv);
	sks_socket_free(s);
}

/* --- memory --- */

/* A thread that was never joined keeps its stack, and a guard page: two of
 * the process's mappings. */
static int
mappings(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	int c, lines = 0;

	if (f == NULL)
		return -1;
	while ((c = getc(f)) != EOF)
		lines += c == '\n';
	fclose(f);
	return lines;
}

static void
serve_and_stop(struct sks_server *srv, int connections)
{
	CHECK_INT(sks_server_start(srv), 0);
	for (int i = 0; i < connections; i++)
		CHECK(rig_echo(srv));
	CHECK_INT(sks_server_stop(srv, SOON), 0);
}

static void
neither_workers_nor_acceptors_leave_memory(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;
	int rounds = t_size("rounds", 1000);
	int before, after;

	if (no_proc())
		return;
	srv = rig_server(&cfg, NULL, &echo_handler);
	serve_and_stop(srv, 50);
	before = mappings();
	serve_and_stop(srv, rounds);
	for (int i = 0; i < rounds; i++)
		serve_and_stop(srv, 0);
	after = mappings();
	/* Some are malloc's arenas and the C library's spare stacks. */
	if (!CHECK(after - before < 20 + rounds / 2))
		fprintf(stderr, "# %d, then %d\n", before, after);
	CHECK(before > 0);
	sks_server_free(srv);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(without_end_of_the_grace_readers_are_woken_all_the_same),
		T(within_the_grace_a_handler_may_say_goodbye),
		T(after_the_cut_handlers_have_a_second_to_come_out),
		T(a_peer_let_in_while_the_server_closes_is_told_too),
		T(a_worker_that_closes_its_server_keeps_its_own_conversation),
		T(a_worker_does_not_wait_for_the_one_who_waits_for_it),
		T(of_two_who_close_none_returns_before_all_is_closed),
		T(free_returns_only_when_the_last_handler_has),
		T(after_close_no_thread_is_left_to_be_joined),
		T(neither_workers_nor_acceptors_leave_memory),
	};

	return t_main_shared("close", NULL, cases,
	    sizeof cases / sizeof cases[0]);
}
