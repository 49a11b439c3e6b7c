/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The threads that serve requests: they park, serve again, and end. */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "rig.h"
#include "socketserver/server/internal.h"

#define BLOCKED 1u
#define RELEASE 2u

#define LONG_NS (3600 * DW_SECOND)

#ifdef HAVE_SEM_CLOCKWAIT

static atomic_int ahead; /* of the system's clock, in seconds */

int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	static int (*real)(clockid_t, struct timespec *);
	int r;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	r = real(clock, ts);
	if (clock == CLOCK_REALTIME)
		ts->tv_sec += atomic_load(&ahead);
	return r;
}

#endif

static struct sks_server_stats
stats_of(struct sks_server *srv)
{
	struct sks_server_stats stats;

	sks_server_stats(srv, &stats);
	return stats;
}

/* A worker is parked, or has nothing left to do, once no request is live. */
static bool
await_live(struct sks_server *srv, unsigned live)
{
	int64_t deadline = sks_after(SOON);

	while (stats_of(srv).live != live && sks_now() < deadline)
		let_pass_ms(1);
	return stats_of(srv).live == live;
}

static bool
await_threads(struct sks_server *srv, unsigned threads)
{
	int64_t deadline = sks_after(SOON);

	while (stats_of(srv).threads != threads && sks_now() < deadline)
		let_pass_ms(1);
	return stats_of(srv).threads == threads;
}

static struct sks_server *
started(const struct sks_server_config *cfg,
    const struct sks_handler_ops *handler)
{
	struct sks_server *srv = rig_server(cfg, NULL, handler);

	CHECK_INT(sks_server_start(srv), 0);
	return srv;
}

/* One session from its beginning until its worker has nothing to do. */
static bool
session(struct sks_server *srv)
{
	return rig_echo(srv) && await_live(srv, 0);
}

/* --- what a thread does after its request --- */

static pthread_t ran_in[3]; /* a request's thread; read when it has ended */

static int
note_thread(struct sks_handler *h)
{
	ran_in[(h->number - 1) % 3] = pthread_self();
	return echo_line(h);
}

static const struct sks_handler_ops noting = {
	SKS_HANDLER_OPS(struct sks_stream_handler),
	.setup = sks_stream_handler_setup,
	.handle = note_thread,
	.finish = sks_stream_handler_finish,
};

static void
a_worker_that_has_ended_a_request_serves_the_next(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;

	sks_worker_patience_ns = LONG_NS;
	srv = started(&cfg, &noting);
	for (int i = 0; i < 3; i++)
		CHECK(session(srv));
	CHECK(pthread_equal(ran_in[0], ran_in[1]));
	CHECK(pthread_equal(ran_in[0], ran_in[2]));
	CHECK_INT(stats_of(srv).threads, 1);
	sks_server_free(srv);
}

static int
wait_for_release(struct sks_handler *h)
{
	raise_flag(BLOCKED);
	(void)h;
	return await_flags(RELEASE) ? 0 : SKS_ETIMEDOUT;
}

static const struct sks_handler_ops waiting = {
	SKS_HANDLER_OPS(struct sks_handler),
	.handle = wait_for_release,
};

/* Serves n clients at the same time, until all are gone. */
static void
burst(struct sks_server *srv, unsigned n)
{
	struct sks_socket *s[32];
	char end;

	assert(n <= 32);
	rig_reset();
	for (unsigned i = 0; i < n; i++)
		s[i] = rig_connect(srv);
	CHECK(await_live(srv, n));
	CHECK(await_threads(srv, n));
	raise_flag(RELEASE);
	for (unsigned i = 0; i < n; i++) {
		CHECK_INT(sks_recv(s[i], &end, 1), 0);
		sks_socket_free(s[i]);
	}
	CHECK(await_live(srv, 0));
}

static void
the_worker_that_parked_last_serves_next(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;

	sks_worker_patience_ns = LONG_NS;
	srv = started(&cfg, &waiting);
	burst(srv, 6);
	CHECK_INT(sks_server_set_handler(srv, &noting), 0);
	for (int i = 0; i < 3; i++)
		CHECK(session(srv));
	CHECK(pthread_equal(ran_in[0], ran_in[1]));
	CHECK(pthread_equal(ran_in[0], ran_in[2]));
	sks_server_free(srv);
}

static void
no_more_than_max_parked_wait_after_a_burst(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;

	sks_worker_patience_ns = LONG_NS;
	cfg.max_parked = 3;
	srv = started(&cfg, &waiting);
	for (int i = 0; i < 2; i++) {
		burst(srv, 20);
		CHECK(await_threads(srv, 3));
	}
	sks_server_free(srv);
}

static void
a_worker_that_nobody_needs_ends_by_itself(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	int threads = count_threads_now();
	struct sks_server *srv;

	sks_worker_patience_ns = DW_MS;
	srv = started(&cfg, &waiting);
	burst(srv, 8);
	CHECK(await_threads(srv, 0));
	/* The acceptor is left, and serves. */
	CHECK(count_threads_down_to(threads + 1) <= threads + 1);
	burst(srv, 8);
	CHECK(await_threads(srv, 0));
	sks_server_free(srv);
}

/* What a worker takes for the time is an hour later than what its wait is ended
 * by, as if the clock had been set back just then. */
static void
a_worker_ends_in_time_although_the_clock_is_set_back(void)
{
#ifdef HAVE_SEM_CLOCKWAIT
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;

	sks_worker_patience_ns = DW_MS;
	atomic_store(&ahead, 3600);
	srv = started(&cfg, &waiting);
	burst(srv, 2);
	CHECK(await_threads(srv, 0));
	atomic_store(&ahead, 0);
	sks_server_free(srv);
#else
	t_skip("there is no sem_clockwait");
#endif
}

/* Each way of closing, with workers that would wait for an hour. */
static void
no_parked_worker_outlives_close(void)
{
	for (int block = 0; block < 2; block++) {
		struct sks_server_config cfg =
		    rig_config(SKS_TCP, SKS_THREADING);
		int threads = count_threads_now();
		struct sks_server *srv;

		sks_worker_patience_ns = LONG_NS;
		cfg.block_on_close = block;
		srv = started(&cfg, &waiting);
		burst(srv, 8);
		CHECK_INT(stats_of(srv).threads, 8);
		CHECK_INT(sks_server_close(srv), 0);
		CHECK_INT(stats_of(srv).threads, 0);
		CHECK(count_threads_down_to(threads) <= threads);
		sks_server_free(srv);
	}
}

static int
close_server(struct sks_handler *h)
{
	return sks_server_close(h->server);
}

static const struct sks_handler_ops closing = {
	SKS_HANDLER_OPS(struct sks_handler),
	.handle = close_server,
};

static void
a_worker_that_closes_ends_those_that_are_parked(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	int threads = count_threads_now();
	struct sks_server *srv;
	struct sks_socket *s;
	char end;

	sks_worker_patience_ns = LONG_NS;
	srv = started(&cfg, &waiting);
	burst(srv, 8);
	CHECK_INT(sks_server_set_handler(srv, &closing), 0);
	s = rig_connect(srv);
	CHECK_INT(sks_recv(s, &end, 1), 0);
	CHECK(await_live(srv, 0));
	CHECK_INT(stats_of(srv).threads, 1); /* itself, to be joined */
	CHECK(count_threads_down_to(threads) <= threads);
	sks_server_free(srv);
	sks_socket_free(s);
}

/* --- what one request leaves to the next --- */

/* As a handler found its thread; read when its request has ended. */
static struct {
	struct sks_error error;
	int sys_errno, cancel_state, stopping;
	char byte;
} found[2];

struct stateful {
	struct sks_handler base;
	char byte;
};

static int
find_and_leave_state(struct sks_handler *h)
{
	const size_t i = h->number - 1;
	struct stateful *own = (struct stateful *)h;

	found[i].sys_errno = errno;
	sks_last_error(&found[i].error);
	found[i].byte = own->byte;
	found[i].stopping = sks_handler_stopping(h);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &found[i].cancel_state);
	own->byte = 'x';
	ran_in[i] = pthread_self();
	(void)sks_error_set_errno(ENOTTY, "left behind");
	errno = ENOTTY;
	return 0;
}

static const struct sks_handler_ops stateful = {
	SKS_HANDLER_OPS(struct stateful),
	.handle = find_and_leave_state,
};

/* A session in which the handler neither reads nor writes. */
static bool
silent_session(struct sks_server *srv)
{
	struct sks_socket *s = rig_connect(srv);
	char end;
	bool good = sks_recv(s, &end, 1) == 0 && await_live(srv, 0);

	sks_socket_free(s);
	return good;
}

static void
a_handler_finds_nothing_of_the_one_before(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;

	sks_worker_patience_ns = LONG_NS;
	srv = started(&cfg, &stateful);
	for (int i = 0; i < 2; i++) {
		CHECK(silent_session(srv));
		CHECK_INT(found[i].sys_errno, 0);
		CHECK_INT(found[i].error.code, 0);
		CHECK_INT(found[i].error.sys_errno, 0);
		CHECK_STR(found[i].error.what, "");
		CHECK_INT(found[i].cancel_state, PTHREAD_CANCEL_ENABLE);
		CHECK_INT(found[i].stopping, 0);
		CHECK_INT(found[i].byte, 0);
	}
	CHECK(pthread_equal(ran_in[0], ran_in[1]));
	sks_server_free(srv);
}

static _Thread_local int visits;
static int seen_visits[3]; /* read when the request has ended */

static int
count_visits(struct sks_handler *h)
{
	seen_visits[h->number - 1] = ++visits;
	return 0;
}

static const struct sks_handler_ops counting = {
	SKS_HANDLER_OPS(struct sks_handler),
	.handle = count_visits,
};

static void
each_visit_is_the_first(unsigned max_parked)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;

	cfg.max_parked = max_parked;
	srv = started(&cfg, &counting);
	for (int i = 0; i < 3; i++) {
		CHECK(silent_session(srv));
		CHECK_INT(seen_visits[i], 1);
	}
	CHECK(await_threads(srv, 0));
	sks_server_free(srv);
}

static void
without_parking_each_request_has_a_thread_of_its_own(void)
{
	each_visit_is_the_first(0);
}

/* A thread where they were changed does not park. */
static void
thread_local_variables_of_a_handler_are_new_in_each_session(void)
{
#ifndef HAVE_DL_ITERATE_PHDR
	t_skip("nothing here tells where thread-local variables are");
#else
	sks_worker_patience_ns = LONG_NS;
	each_visit_is_the_first(64);
#endif
}

static pthread_key_t key;
static atomic_int destroyed;

static void
destroy(void *value)
{
	(void)value;
	atomic_fetch_add(&destroyed, 1);
}

static int
set_key(struct sks_handler *h)
{
	(void)h;
	return pthread_setspecific(key, &destroyed) == 0 ? 0 : SKS_EUSER;
}

static const struct sks_handler_ops keyed = {
	SKS_HANDLER_OPS(struct sks_handler),
	.handle = set_key,
};

static void
what_a_handler_gave_its_thread_goes_with_the_thread(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;

	sks_worker_patience_ns = LONG_NS;
	CHECK_INT(pthread_key_create(&key, destroy), 0);
	srv = started(&cfg, &keyed);
	for (int i = 0; i < 3; i++)
		CHECK(silent_session(srv));
	CHECK_INT(atomic_load(&destroyed), 0);
	sks_server_free(srv);
	CHECK_INT(atomic_load(&destroyed), 1);
	pthread_key_delete(key);
}

static int policy; /* of a request's thread; read when it has ended */

static int
note_policy(struct sks_handler *h)
{
	(void)h;
	policy = sched_getscheduler(0);
	return 0;
}

static const struct sks_handler_ops scheduled = {
	SKS_HANDLER_OPS(struct sks_handler),
	.handle = note_policy,
};

/* The policy of a request's thread; -1: the server was refused. */
static int
policy_with(int batch_workers)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;
	struct sks_error e;

	cfg.batch_workers = batch_workers;
	if (sks_server_new(&cfg, NULL, &scheduled, &srv) < 0) {
		sks_last_error(&e);
		CHECK_INT(e.code, SKS_ENOTSUP);
		return -1;
	}
	CHECK_INT(sks_server_start(srv), 0);
	CHECK(silent_session(srv));
	sks_server_free(srv);
	return policy;
}

static void
workers_are_batch_only_if_asked_for(void)
{
	CHECK_INT(policy_with(0), sched_getscheduler(0));
#if defined(SCHED_BATCH) && defined(DW_WITH_LINUX_EXTRAS)
	CHECK_INT(policy_with(1), SCHED_BATCH);
#else
	CHECK_INT(policy_with(1), -1);
#endif
}

/* --- races --- */

static atomic_int served; /* by the server that is closed */

/* Connects again and again until the server is gone. */
static void *
come_and_go(void *srv)
{
	struct sks_socket *s;
	char buf[64];

	while (sks_create_connection_addr(sks_server_address(srv), SOON, &s) ==
	    0) {
		(void)sks_settimeout(s, SOON);
		(void)!sks_send_text(s, "hello\n");
		if (sks_recv(s, buf, sizeof buf) > 0)
			atomic_fetch_add(&served, 1);
		sks_socket_free(s);
	}
	return NULL;
}

static void
close_while_sessions_come_and_go_leaves_nothing(void)
{
	int rounds = t_size("rounds", 50);
	int fds = count_fds(), threads = count_threads_now();

	sks_worker_patience_ns = LONG_NS;
	for (int i = 0; i < rounds; i++) {
		struct sks_server_config cfg =
		    rig_config(SKS_TCP, SKS_THREADING);
		struct sks_server *srv;
		pthread_t clients[3];

		atomic_store(&served, 0);
		cfg.max_parked = 2;
		cfg.block_on_close = i % 2;
		srv = started(&cfg, &echo_handler);
		for (int c = 0; c < 3; c++)
			pthread_create(&clients[c], NULL, come_and_go, srv);
		while (atomic_load(&served) < 10)
			let_pass_ms(1);
		CHECK_INT(sks_server_close(srv), 0);
		for (int c = 0; c < 3; c++)
			pthread_join(clients[c], NULL);
		sks_server_free(srv);
	}
	CHECK_INT(count_fds(), fds);
	CHECK(count_threads_down_to(threads) <= threads);
}

static void *
serve_some(void *srv)
{
	intptr_t good = 0;

	for (int i = 0; i < 50; i++)
		good += rig_echo(srv);
	return (void *)good;
}

/* Three clients at once, each with fifty sessions. */
static void
serve_three(struct sks_server *srv)
{
	pthread_t clients[3];
	void *good;

	for (int c = 0; c < 3; c++)
		pthread_create(&clients[c], NULL, serve_some, srv);
	for (int c = 0; c < 3; c++) {
		pthread_join(clients[c], &good);
		CHECK_INT((intptr_t)good, 50);
	}
}

/* A worker's patience has ended before it waits, so that it takes itself off the
 * list while the loop takes it. */
static void
a_request_given_to_a_worker_that_is_about_to_end_is_served(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	int rounds = t_size("rounds", 300);
	struct sks_server *srv;

	sks_worker_patience_ns = 0;
	srv = started(&cfg, &echo_handler);
	for (int i = 0; i < rounds; i++)
		serve_three(srv);
	CHECK(await_live(srv, 0));
	CHECK(await_threads(srv, 0));
	sks_server_free(srv);
}

/* The loop is rung only by a worker whose end it waits for. */
static void
everybody_who_waits_for_the_only_place_gets_it(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	int rounds = t_size("rounds", 50);

	for (int i = 0; i < rounds; i++) {
		struct sks_server *srv;

		cfg.max_sessions = 1;
		cfg.overload = SKS_WAIT;
		sks_worker_patience_ns = LONG_NS;
		srv = started(&cfg, &echo_handler);
		serve_three(srv);
		sks_server_free(srv);
	}
}

/* --- a process that forks --- */

/* One of its own clients. */
static bool
handle_own(struct sks_server *srv)
{
	struct sks_socket *s = rig_connect(srv);

	return s != NULL && sks_server_handle_request(srv) == 1 &&
	    rig_echo_on(s) && await_live(srv, 0);
}

/* Runs in the child: returns its status. */
static int
serve_and_free(struct sks_server *srv)
{
	if (stats_of(srv).threads != 1)
		return 1;
	if (!handle_own(srv))
		return 2;
	if (stats_of(srv).threads != 1) /* its own */
		return 3;
	sks_server_free(srv);
	return 0;
}

static void
a_child_process_does_not_wait_for_its_parents_workers(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;
	int status = -1;
	pid_t pid;

#ifdef __SANITIZE_THREAD__
	t_skip("the thread sanitizer lets no child of a process with threads "
	       "start one");
	return;
#endif
	sks_worker_patience_ns = LONG_NS;
	srv = rig_server(&cfg, NULL, &echo_handler);
	CHECK(handle_own(srv));
	CHECK_INT(stats_of(srv).threads, 1);
	if ((pid = fork()) == 0)
		_exit(serve_and_free(srv));
	CHECK(pid > 0);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
	CHECK(handle_own(srv));
	CHECK_INT(stats_of(srv).threads, 1);
	sks_server_free(srv);
}

/* --- many --- */

static long
resident_kib(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long size, resident = -1;

	if (f == NULL)
		return -1;
	if (fscanf(f, "%ld %ld", &size, &resident) != 2)
		resident = -1;
	fclose(f);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void
threads_descriptors_and_memory_are_as_after_the_first_hundred(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	int sessions = t_size("sessions", 20000), good = 0;
	int fds, threads;
	struct sks_server *srv;
	long memory;

	if (no_proc())
		return;
	sks_worker_patience_ns = LONG_NS;
	cfg.max_parked = 4;
	srv = started(&cfg, &echo_handler);
	for (int i = 0; i < 100; i++)
		good += session(srv);
	fds = count_fds();
	threads = count_threads_now();
	memory = resident_kib();
	for (int i = 0; i < sessions; i++)
		good += rig_echo(srv);
	CHECK(await_live(srv, 0));
	CHECK_INT(good, 100 + sessions);
	CHECK_INT(count_fds(), fds);
	/* A client may have come before the last one's worker was parked. */
	threads += (int)cfg.max_parked - 1;
	CHECK(count_threads_down_to(threads) <= threads);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	if (!CHECK(resident_kib() - memory < 512))
		fprintf(stderr, "# %ld KiB more\n", resident_kib() - memory);
#endif
	(void)memory;
	sks_server_free(srv);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_worker_that_has_ended_a_request_serves_the_next),
		T(the_worker_that_parked_last_serves_next),
		T(no_more_than_max_parked_wait_after_a_burst),
		T(a_worker_that_nobody_needs_ends_by_itself),
		T(a_worker_ends_in_time_although_the_clock_is_set_back),
		T(no_parked_worker_outlives_close),
		T(a_worker_that_closes_ends_those_that_are_parked),
		T(a_handler_finds_nothing_of_the_one_before),
		T(without_parking_each_request_has_a_thread_of_its_own),
		T(thread_local_variables_of_a_handler_are_new_in_each_session),
		T(what_a_handler_gave_its_thread_goes_with_the_thread),
		T(workers_are_batch_only_if_asked_for),
		T(a_request_given_to_a_worker_that_is_about_to_end_is_served),
		T(close_while_sessions_come_and_go_leaves_nothing),
		T(everybody_who_waits_for_the_only_place_gets_it),
		T(a_child_process_does_not_wait_for_its_parents_workers),
		T(threads_descriptors_and_memory_are_as_after_the_first_hundred),
	};

	return t_main("workers", cases, sizeof cases / sizeof cases[0]);
}
