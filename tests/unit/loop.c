/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A server's loop: who ends it, what it looks at, what it never does. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

#include "rig.h"

#define BLOCKED 1u
#define RELEASE 2u

static atomic_uint turns;

static int
count_turns(struct sks_server *srv)
{
	(void)srv;
	atomic_fetch_add(&turns, 1);
	return script.service;
}

static const struct sks_server_ops counting = {
	SKS_SERVER_OPS,
	.service_actions = count_turns,
};

/* --- the constructor --- */

static void
note_ready(struct sks_server *srv)
{
	note(sks_addr_port(sks_server_address(srv)) != 0 ? "ready" :
							   "no_address");
}

static void
on_ready_comes_after_activate_and_knows_the_address(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server_ops ops = rig_ops;
	struct sks_server *srv;

	rig_reset();
	ops.on_ready = note_ready;
	srv = rig_server(&cfg, &ops, &rig_handler);
	CHECK_STR(calls(), "server_bind server_activate ready");
	sks_server_free(srv);
}

static void
jump_nowhere(struct sks_server *srv)
{
	(void)srv;
	note("read_too_far");
}

/* An older header's table ends sooner; what lies behind it is not a slot. */
static void
a_shorter_table_is_read_no_further_than_its_size(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server_ops ops = {
		.size = offsetof(struct sks_server_ops, handle_timeout),
		.handle_timeout = jump_nowhere,
	};
	struct sks_server *srv;

	rig_reset();
	cfg.timeout = 0;
	srv = rig_server(&cfg, &ops, &rig_handler);
	CHECK_INT(sks_server_handle_request(srv), 0);
	CHECK_STR(calls(), "");
	sks_server_free(srv);
}

static void
servers_that_wait_for_a_place_cannot_count_together(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *one = rig_server(&cfg, NULL, &rig_handler), *two;

	cfg.together = one;
	cfg.overload = SKS_WAIT;
	CHECK_INT(sks_server_new(&cfg, NULL, &rig_handler, &two), SKS_EINVAL);
	sks_server_free(one);
}

static void
without_dual_stack_an_ipv6_server_refuses_ipv4(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *s;

	CHECK_INT(sks_addr_parse("[::]:0", 0, &cfg.address), 0);
	cfg.dual_stack = 0;
	if (sks_server_new(&cfg, NULL, &rig_handler, &srv) < 0)
		return; /* no IPv6 here */
	CHECK_INT(sks_create_connection("127.0.0.1",
		      sks_addr_port(sks_server_address(srv)), SOON, &s),
	    SKS_ECONNREFUSED);
	sks_server_free(srv);
}

/* --- SKS_STOP from the loop's callbacks --- */

static void
check_stops(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv = rig_server(&cfg, &rig_ops, &rig_handler);
	struct sks_socket *s = rig_connect(srv);
	char end;

	CHECK_INT(sks_server_serve_forever(srv), SKS_STOP);
	CHECK_INT(sks_recv(s, &end, 1), 0);
	CHECK(await_call("close_request"));
	CHECK(strstr(calls(), "handle_error") == NULL);
	sks_server_free(srv);
	sks_socket_free(s);
}

static void
stop_from_a_callback_of_the_loop_ends_it(void)
{
	rig_reset();
	script.verify = SKS_STOP;
	check_stops();
	CHECK(strstr(calls(), "process_request") == NULL);
	rig_reset();
	script.process = SKS_STOP;
	check_stops();
	rig_reset();
	script.service = SKS_STOP;
	check_stops();
}

/* --- after a shutdown --- */

static void
after_a_shutdown_nothing_more_is_done(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;

	rig_reset();
	atomic_store(&turns, 0);
	srv = rig_server(&cfg, &counting, &rig_handler);
	CHECK_INT(sks_server_start(srv), 0);
	let_pass_ms(20);
	CHECK_INT(sks_server_stop(srv, SOON), 0);
	CHECK_INT(atomic_load(&turns), 0);
	sks_server_free(srv);
}

static int
shut_down_here(struct sks_handler *h)
{
	note(sks_server_shutdown(h->server, SOON) == SKS_EDEADLK ? "told" :
								   "not_told");
	return 0;
}

static void
after_a_shutdown_by_a_handler_no_peer_is_taken_in_the_same_turn(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_socket *mine, *theirs, *waiting;
	struct sks_server_stats stats;
	struct sks_server *srv;

	rig_reset();
	script.in_handle = shut_down_here;
	srv = rig_server(&cfg, NULL, &rig_handler);
	CHECK_INT(sks_socketpair(&mine, &theirs), 0);
	CHECK_INT(sks_server_adopt(srv, theirs), 0);
	waiting = rig_connect(srv);
	CHECK_INT(sks_server_serve_forever(srv), 0);
	CHECK_STR(calls(), "setup handle told finish");
	sks_server_stats(srv, &stats);
	CHECK_INT(stats.adopted, 1);
	CHECK_INT(stats.accepted, 0);
	sks_server_free(srv);
	sks_socket_free(mine);
	sks_socket_free(waiting);
}

static atomic_uint verified;

static int
shut_down_at_the_second(struct sks_server *srv, struct sks_request *req)
{
	(void)req;
	if (atomic_fetch_add(&verified, 1) == 1)
		sks_server_request_shutdown(srv);
	return 1;
}

/* Five wait, which is fewer than a loop takes in a turn. */
static void
a_shutdown_is_obeyed_also_among_several_of_a_turn(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server_ops ops = { SKS_SERVER_OPS,
		.verify_request = shut_down_at_the_second };
	struct sks_server_stats stats;
	struct sks_server *srv;
	struct sks_socket *s[5];

	rig_reset();
	atomic_store(&verified, 0);
	srv = rig_server(&cfg, &ops, &rig_handler);
	for (int i = 0; i < 5; i++)
		s[i] = rig_connect(srv);
	CHECK_INT(sks_server_serve_forever(srv), 0);
	sks_server_stats(srv, &stats);
	CHECK_INT(stats.accepted, 2);
	sks_server_free(srv);
	for (int i = 0; i < 5; i++)
		sks_socket_free(s[i]);
}

static void *
handle_one(void *srv)
{
	note("waits");
	return (void *)(intptr_t)sks_server_handle_request(srv);
}

static void
a_shutdown_ends_handle_request_too(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;
	pthread_t thread;
	void *result;

	rig_reset();
	srv = rig_server(&cfg, NULL, &rig_handler);
	pthread_create(&thread, NULL, handle_one, srv);
	CHECK(await_call("waits"));
	CHECK_INT(sks_server_shutdown(srv, SOON), 0);
	pthread_join(thread, &result);
	CHECK_INT((intptr_t)result, SKS_STOP);
	sks_server_free(srv);
}

static int
listen_plainly(struct sks_server *srv)
{
	return listen(sks_server_fileno(srv), 5) < 0 ?
	    sks_error_set_errno(errno, "listen") :
	    0;
}

/* The library's own sks_listen() makes that no accept waits. */
static void
a_listener_that_blocks_does_not_keep_the_loop_from_its_end(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server_ops ops = { SKS_SERVER_OPS,
		.server_activate = listen_plainly };
	struct sks_server *srv;
	struct sks_socket *s;
	char end;

	rig_reset();
	srv = rig_server(&cfg, &ops, &rig_handler);
	CHECK_INT(sks_server_start(srv), 0);
	s = rig_connect(srv);
	CHECK_INT(sks_recv(s, &end, 1), 0);
	if (!CHECK_INT(sks_server_stop(srv, SOON), 0))
		sks_socket_free(rig_connect(srv)); /* it may go on */
	sks_server_free(srv);
	sks_socket_free(s);
}

/* --- adopted sockets --- */

static void
handle_request_takes_one_adopted_and_knows_of_the_next(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_socket *mine[3], *theirs;
	struct sks_server_stats stats;
	struct sks_server *srv;
	int64_t start = sks_now();

	rig_reset();
	cfg.timeout = SOON;
	srv = rig_server(&cfg, NULL, &rig_handler);
	for (int i = 0; i < 3; i++) {
		CHECK_INT(sks_socketpair(&mine[i], &theirs), 0);
		CHECK_INT(sks_server_adopt(srv, theirs), 0);
	}
	for (unsigned i = 1; i <= 3; i++) {
		CHECK_INT(sks_server_handle_request(srv), 1);
		sks_server_stats(srv, &stats);
		CHECK_INT(stats.adopted, i);
	}
	CHECK(seconds_since(start) < SOON);
	sks_server_free(srv);
	for (int i = 0; i < 3; i++)
		sks_socket_free(mine[i]);
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
all_that_were_adopted_before_the_loop_are_served(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_socket *mine[3], *theirs;
	struct sks_server_stats stats;
	struct sks_server *srv;
	int64_t deadline = sks_after(SOON);

	rig_reset();
	script.in_handle = wait_for_release;
	cfg.bind_and_activate = 0;
	srv = rig_server(&cfg, NULL, &rig_handler);
	for (int i = 0; i < 3; i++) {
		CHECK_INT(sks_socketpair(&mine[i], &theirs), 0);
		CHECK_INT(sks_server_adopt(srv, theirs), 0);
	}
	CHECK_INT(sks_server_start(srv), 0);
	do {
		let_pass_ms(1);
		sks_server_stats(srv, &stats);
	} while (stats.live < 3 && sks_now() < deadline);
	CHECK_INT(stats.live, 3);
	raise_flag(RELEASE);
	sks_server_free(srv);
	for (int i = 0; i < 3; i++)
		sks_socket_free(mine[i]);
}

static void
under_the_waiting_policy_an_adopted_socket_waits_for_a_slot_too(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_socket *mine, *theirs, *first;
	struct sks_server_stats stats;
	struct sks_server *srv;
	char end;

	rig_reset();
	script.in_handle = wait_for_release;
	cfg.overload = SKS_WAIT;
	cfg.max_sessions = 1;
	srv = rig_server(&cfg, NULL, &rig_handler);
	CHECK_INT(sks_server_start(srv), 0);
	first = rig_connect(srv);
	CHECK(await_flags(BLOCKED));
	CHECK_INT(sks_socketpair(&mine, &theirs), 0);
	CHECK_INT(sks_settimeout(mine, SOON), 0);
	CHECK_INT(sks_server_adopt(srv, theirs), 0);
	let_pass_ms(50);
	sks_server_stats(srv, &stats);
	CHECK_INT(stats.adopted, 0);
	raise_flag(RELEASE);
	CHECK_INT(sks_recv(mine, &end, 1), 0);
	sks_server_stats(srv, &stats);
	CHECK_INT(stats.adopted, 1);
	CHECK_INT(stats.refused[SKS_OVER_SESSIONS], 0);
	sks_server_free(srv);
	sks_socket_free(mine);
	sks_socket_free(first);
}

static void
a_wake_is_one_turn_and_no_more(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_socket *mine, *theirs;
	struct sks_server *srv;
	char end;

	rig_reset();
	atomic_store(&turns, 0);
	srv = rig_server(&cfg, &counting, &rig_handler);
	CHECK_INT(sks_server_start(srv), 0);
	CHECK_INT(sks_socketpair(&mine, &theirs), 0);
	CHECK_INT(sks_server_adopt(srv, theirs), 0);
	CHECK_INT(sks_recv(mine, &end, 1), 0);
	let_pass_ms(200);
	/* One for the adopted, one for its worker's end, none for nothing. */
	CHECK(atomic_load(&turns) >= 1);
	CHECK(atomic_load(&turns) <= 3);
	sks_server_free(srv);
	sks_socket_free(mine);
}

/* --- a listener that is none any more --- */

static int
close_the_listener(struct sks_server *srv)
{
	close(sks_server_fileno(srv));
	return 0;
}

static void
a_listener_closed_behind_its_back_ends_the_loop(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	const struct sks_server_ops ops = {
		SKS_SERVER_OPS,
		.service_actions = close_the_listener,
	};
	struct sks_server *srv;

	rig_reset();
	cfg.service_interval = 0.01;
	srv = rig_server(&cfg, &ops, &rig_handler);
	CHECK_INT(sks_server_serve_forever(srv), SKS_ECLOSED);
	sks_server_free(srv);
}

/* --- no thread for the loop itself --- */

/* Under a sanitizer or valgrind the address space is theirs. */
static bool
may_limit_memory(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
	return false;
#endif
#endif
	return getenv("T_VALGRIND") == NULL;
}

static struct rlimit
limit_memory(rlim_t bytes)
{
	struct rlimit rl, old;

	getrlimit(RLIMIT_AS, &rl);
	old = rl;
	rl.rlim_cur = bytes;
	setrlimit(RLIMIT_AS, &rl);
	return old;
}

/* Runs first, while no ended thread's stack can be used again. */
static void
a_start_without_a_thread_fails_and_the_next_succeeds(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;
	struct rlimit old;
	int r;

	rig_reset();
	if (!may_limit_memory())
		return;
	srv = rig_server(&cfg, NULL, &echo_handler);
	old = limit_memory(1 << 20);
	r = sks_server_start(srv);
	setrlimit(RLIMIT_AS, &old);
	CHECK_INT(r, SKS_ENOTHREAD);
	CHECK_INT(sks_server_start(srv), 0);
	CHECK(rig_echo(srv));
	sks_server_free(srv);
}

/* --- a worker's thread --- */

static size_t stack_bytes, guard_bytes;

static int
look_at_the_stack(struct sks_handler *h)
{
	pthread_attr_t attr;

	(void)h;
	if (pthread_getattr_np(pthread_self(), &attr) != 0)
		return SKS_EUSER;
	pthread_attr_getstacksize(&attr, &stack_bytes);
	pthread_attr_getguardsize(&attr, &guard_bytes);
	pthread_attr_destroy(&attr);
	return 0;
}

static void
a_worker_may_have_a_small_stack_and_has_a_guard_page(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;
	struct sks_socket *s;
	char end;

	rig_reset();
	script.in_handle = look_at_the_stack;
	cfg.stack_size = 64 * 1024;
	srv = rig_server(&cfg, NULL, &rig_handler);
	s = rig_connect(srv);
	CHECK_INT(sks_server_handle_request(srv), 1);
	CHECK_INT(sks_recv(s, &end, 1), 0);
	sks_server_free(srv);
	sks_socket_free(s);
	CHECK(guard_bytes >= (size_t)sysconf(_SC_PAGESIZE));
	if (may_limit_memory())
		CHECK(stack_bytes <= 96 * 1024);
}

/* --- what a child would inherit --- */

static char fd_kept[4096]; /* by number, which were open before */

static int
inheritable(bool (*each)(int fd))
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	int n = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		int fd = (int)strtol(e->d_name, NULL, 10);

		if (e->d_name[0] != '.' && fd != dirfd(d))
			n += each(fd);
	}
	if (d != NULL)
		closedir(d);
	return n;
}

static bool
remember(int fd)
{
	if (fd < (int)sizeof fd_kept)
		fd_kept[fd] = 1;
	return false;
}

static bool
is_new_and_inherited(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	return fd < (int)sizeof fd_kept && !fd_kept[fd] && flags >= 0 &&
	    (flags & FD_CLOEXEC) == 0;
}

static void
no_descriptor_is_passed_on_to_a_program(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_outbox_config box = { .size = sizeof box,
		.max_bytes = 1000,
		.stall_timeout_ns = SKS_NEVER };
	struct sks_socket *s[4];
	struct sks_outbox *ob;
	struct sks_server *srv;

	rig_reset();
	inheritable(remember);
	script.in_handle = wait_for_release;
	srv = rig_server(&cfg, NULL, &rig_handler);
	CHECK_INT(sks_server_start(srv), 0);
	s[0] = rig_connect(srv);
	CHECK_INT(sks_create_connection("127.0.0.1",
		      sks_addr_port(sks_server_address(srv)), SOON, &s[1]),
	    0);
	CHECK_INT(sks_socketpair(&s[2], &s[3]), 0);
	CHECK_INT(sks_postman_new(&box.postman), 0);
	CHECK_INT(sks_outbox_new(s[2], &box, &ob), 0);
	CHECK(await_flags(BLOCKED));
	CHECK_INT(inheritable(is_new_and_inherited), 0);
	raise_flag(RELEASE);
	sks_outbox_close(ob);
	sks_outbox_unref(ob);
	sks_postman_free(box.postman);
	sks_server_free(srv);
	for (int i = 0; i < 4; i++)
		sks_socket_free(s[i]);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_start_without_a_thread_fails_and_the_next_succeeds),
		T(on_ready_comes_after_activate_and_knows_the_address),
		T(a_shorter_table_is_read_no_further_than_its_size),
		T(servers_that_wait_for_a_place_cannot_count_together),
		T(without_dual_stack_an_ipv6_server_refuses_ipv4),
		T(stop_from_a_callback_of_the_loop_ends_it),
		T(after_a_shutdown_nothing_more_is_done),
		T(after_a_shutdown_by_a_handler_no_peer_is_taken_in_the_same_turn),
		T(a_shutdown_is_obeyed_also_among_several_of_a_turn),
		T(a_shutdown_ends_handle_request_too),
		T(a_listener_that_blocks_does_not_keep_the_loop_from_its_end),
		T(all_that_were_adopted_before_the_loop_are_served),
		T(handle_request_takes_one_adopted_and_knows_of_the_next),
		T(under_the_waiting_policy_an_adopted_socket_waits_for_a_slot_too),
		T(a_wake_is_one_turn_and_no_more),
		T(a_listener_closed_behind_its_back_ends_the_loop),
		T(a_worker_may_have_a_small_stack_and_has_a_guard_page),
		T(no_descriptor_is_passed_on_to_a_program),
	};

	return t_main("loop", cases, sizeof cases / sizeof cases[0]);
}
