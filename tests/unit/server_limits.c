/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A server at its limits: sessions, addresses, descriptors, threads. */
#include "config.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "rig.h"
#include "socketserver/server/turn_away.h"

#define BLOCKED 1u
#define RELEASE 2u

static int
wait_for_release(struct sks_handler *h)
{
	(void)h;
	raise_flag(BLOCKED);
	if (!await_flags(RELEASE))
		note("never_released");
	return 0;
}

static struct sks_server *
started(const struct sks_server_config *cfg)
{
	struct sks_server *srv = rig_server(cfg, &rig_ops, &rig_handler);

	if (srv == NULL || sks_server_start(srv) < 0)
		abort();
	return srv;
}

/* What a refused client sees: the polite line, then the end. */
static bool
was_refused(struct sks_socket *s)
{
	char buf[16];
	ssize_t n = sks_recv(s, buf, sizeof buf);

	return n == 5 && memcmp(buf, "full\n", 5) == 0 &&
	    sks_recv(s, buf, sizeof buf) == 0;
}

static bool
was_served(struct sks_socket *s)
{
	char end;

	return sks_recv(s, &end, 1) == 0;
}

static uint64_t
refused(struct sks_server *srv, enum sks_overload why)
{
	struct sks_server_stats stats;

	sks_server_stats(srv, &stats);
	return stats.refused[why];
}

static void
over_max_sessions_a_peer_is_told_and_closed(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;
	struct sks_socket *first, *second, *third;

	rig_reset();
	script.in_handle = wait_for_release;
	cfg.max_sessions = 1;
	srv = started(&cfg);
	first = rig_connect(srv);
	CHECK(await_flags(BLOCKED));
	second = rig_connect(srv);
	CHECK(was_refused(second));
	CHECK_INT(refused(srv, SKS_OVER_SESSIONS), 1);
	raise_flag(RELEASE);
	CHECK(was_served(first));
	CHECK(await_call("close_request"));
	third = rig_connect(srv);
	while (refused(srv, SKS_OVER_SESSIONS) == 1 && !was_served(third)) {
		/* The slot is free a moment after the peer's end of file. */
		sks_socket_free(third);
		third = rig_connect(srv);
	}
	sks_server_free(srv);
	sks_socket_free(first);
	sks_socket_free(second);
	sks_socket_free(third);
}

/* ---- a request that is another client's than it seemed ---- */

static struct sks_addr another;

static void
note_address(const struct sks_handler *h)
{
	char text[SKS_ADDR_TEXT];

	note(sks_addr_format(h->client_address, SKS_STYLE_HOST, text,
	    sizeof text));
}

/* One who may not, goes; all others stay. */
static int
become_another(struct sks_handler *h)
{
	if (sks_request_set_address(h->self, &another) != SKS_OVER_NONE) {
		note_address(h);
		note("too_many");
		return 0;
	}
	note_address(h);
	return wait_for_release(h);
}

/* Other threads may have noted something in between. */
static bool
is_noted_twice(const char *word)
{
	const char *first = strstr(calls(), word);

	return first != NULL && strstr(first + 1, word) != NULL;
}

/* A server whose only handler becomes another, from 127.0.0.1. */
static struct sks_server_config
another_begins(unsigned max_per_addr)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);

	rig_reset();
	script.in_handle = become_another;
	cfg.max_per_addr = max_per_addr;
	cfg.loopback_exempt = 0;
	if (sks_addr_parse("192.0.2.7:4711", 0, &another) < 0)
		abort();
	return cfg;
}

static void
a_request_that_is_another_clients_counts_there_and_no_more_here(void)
{
	struct sks_server_config cfg = another_begins(1);
	struct sks_server *srv = started(&cfg);
	struct sks_socket *first = rig_connect(srv), *second, *third;

	CHECK(await_call("192.0.2.7"));
	CHECK(await_flags(BLOCKED));
	second = rig_connect(srv);
	CHECK(await_call("too_many"));
	CHECK(is_noted_twice("192.0.2.7"));
	CHECK(was_served(second));
	raise_flag(RELEASE);
	CHECK(was_served(first));
	do { /* its place is free a moment later */
		rig_reset();
		script.in_handle = become_another;
		raise_flag(RELEASE);
		third = rig_connect(srv);
		CHECK(was_served(third));
		sks_socket_free(third);
	} while (strstr(calls(), "too_many") != NULL);
	CHECK_INT(refused(srv, SKS_OVER_ADDRESS), 0);
	sks_server_free(srv);
	sks_socket_free(first);
	sks_socket_free(second);
}

static int
become_it_twice(struct sks_handler *h)
{
	if (sks_request_set_address(h->self, &another) != SKS_OVER_NONE)
		note("too_many");
	return become_another(h);
}

static void
who_is_that_client_already_is_counted_once(void)
{
	struct sks_server_config cfg = another_begins(1);
	struct sks_server *srv;
	struct sks_socket *s;

	script.in_handle = become_it_twice;
	raise_flag(RELEASE);
	srv = started(&cfg);
	s = rig_connect(srv);
	CHECK(was_served(s));
	CHECK(await_call("192.0.2.7"));
	CHECK(strstr(calls(), "too_many") == NULL);
	sks_server_free(srv);
	sks_socket_free(s);
}

/* What a listener for proxies does: the proxy itself is not counted. */
static int
get_without_address(struct sks_server *srv, struct sks_request **req)
{
	static const struct sks_addr none;
	int r = sks_default_get_request(srv, req);

	if (r == 0 && sks_request_set_address(*req, &none) != SKS_OVER_NONE)
		note("too_many");
	return r;
}

static void
a_request_that_came_without_address_counts_once_it_has_one(void)
{
	struct sks_server_config cfg = another_begins(1);
	struct sks_server_ops ops = rig_ops;
	struct sks_server *srv;
	struct sks_socket *s[2];

	ops.get_request = get_without_address;
	script.in_handle = wait_for_release;
	if ((srv = rig_server(&cfg, &ops, &rig_handler)) == NULL ||
	    sks_server_start(srv) < 0)
		abort();
	for (size_t i = 0; i < 2; i++)
		s[i] = rig_connect(srv);
	while (sks_server_crowd(srv) < 2)
		let_pass_ms(1);
	CHECK_INT(refused(srv, SKS_OVER_ADDRESS), 0);
	CHECK(strstr(calls(), "too_many") == NULL);
	raise_flag(RELEASE);
	for (size_t i = 0; i < 2; i++)
		CHECK(was_served(s[i]));
	sks_server_free(srv);
	for (size_t i = 0; i < 2; i++)
		sks_socket_free(s[i]);
}

static void
servers_that_count_together_count_that_client_together(void)
{
	struct sks_server_config cfg = another_begins(1);
	struct sks_server *one = started(&cfg), *two;
	struct sks_socket *first, *second;

	cfg.together = one;
	two = started(&cfg);
	first = rig_connect(one);
	CHECK(await_flags(BLOCKED));
	second = rig_connect(two);
	CHECK(await_call("too_many"));
	CHECK(was_served(second));
	raise_flag(RELEASE);
	CHECK(was_served(first));
	sks_server_free(two);
	sks_server_free(one);
	sks_socket_free(first);
	sks_socket_free(second);
}

static void
a_client_on_loopback_is_exempt_also_behind_another(void)
{
	struct sks_server_config cfg = another_begins(1);
	struct sks_server *srv;
	struct sks_socket *s[2];

	cfg.loopback_exempt = 1;
	if (sks_addr_parse("127.0.0.9:4711", 0, &another) < 0)
		abort();
	srv = started(&cfg);
	for (size_t i = 0; i < 2; i++)
		s[i] = rig_connect(srv);
	CHECK(await_call("127.0.0.9"));
	raise_flag(RELEASE);
	for (size_t i = 0; i < 2; i++)
		CHECK(was_served(s[i]));
	sks_server_free(srv);
	CHECK(strstr(calls(), "too_many") == NULL);
	for (size_t i = 0; i < 2; i++)
		sks_socket_free(s[i]);
}

static void
under_the_waiting_policy_the_next_peer_waits_for_a_slot(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;
	struct sks_socket *first, *second;
	struct sks_server_stats stats;

	rig_reset();
	script.in_handle = wait_for_release;
	cfg.max_sessions = 1;
	cfg.overload = SKS_WAIT;
	srv = started(&cfg);
	first = rig_connect(srv);
	CHECK(await_flags(BLOCKED));
	second = rig_connect(srv);
	let_pass_ms(50);
	sks_server_stats(srv, &stats);
	CHECK_INT(stats.accepted, 1);
	raise_flag(RELEASE);
	CHECK(was_served(first));
	CHECK(was_served(second));
	CHECK_INT(refused(srv, SKS_OVER_SESSIONS), 0);
	sks_server_free(srv);
	sks_socket_free(first);
	sks_socket_free(second);
}

/* Both listeners are ready in the loop's first turn. */
static void
under_the_waiting_policy_no_further_listener_gets_the_last_slot_too(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	const struct sks_addr more = cfg.address;
	struct sks_server *srv;
	struct sks_socket *s[2];

	rig_reset();
	script.in_handle = wait_for_release;
	cfg.more_addresses = &more;
	cfg.n_more = 1;
	cfg.max_sessions = 1;
	cfg.overload = SKS_WAIT;
	srv = rig_server(&cfg, &rig_ops, &rig_handler);
	for (size_t i = 0; i < 2; i++) {
		CHECK_INT(sks_create_connection_addr(sks_server_address_at(srv,
							 i),
			      SOON, &s[i]),
		    0);
		CHECK_INT(sks_settimeout(s[i], SOON), 0);
	}
	CHECK_INT(sks_server_start(srv), 0);
	CHECK(await_flags(BLOCKED));
	raise_flag(RELEASE);
	CHECK(was_served(s[0]));
	CHECK(was_served(s[1]));
	CHECK_INT(refused(srv, SKS_OVER_SESSIONS), 0);
	sks_server_free(srv);
	sks_socket_free(s[0]);
	sks_socket_free(s[1]);
}

static void
one_host_gets_max_per_addr_unless_it_is_exempt(void)
{
	rig_reset();
	for (int exempt = 0; exempt < 2; exempt++) {
		struct sks_server_config cfg =
		    rig_config(SKS_TCP, SKS_THREADING);
		struct sks_server *srv;
		struct sks_socket *s[3];

		rig_reset();
		script.in_handle = wait_for_release;
		cfg.max_per_addr = 2;
		cfg.loopback_exempt = exempt;
		srv = started(&cfg);
		for (int i = 0; i < 3; i++)
			s[i] = rig_connect(srv);
		if (exempt)
			raise_flag(RELEASE);
		CHECK(exempt ? was_served(s[2]) : was_refused(s[2]));
		CHECK_INT(refused(srv, SKS_OVER_ADDRESS), !exempt);
		raise_flag(RELEASE);
		for (int i = 0; i < 2; i++)
			CHECK(was_served(s[i]));
		sks_server_free(srv);
		for (int i = 0; i < 3; i++)
			sks_socket_free(s[i]);
	}
}

static void
await_live(struct sks_server *srv, unsigned n)
{
	struct sks_server_stats stats;

	for (;;) {
		sks_server_stats(srv, &stats);
		if (stats.live == n)
			return;
		let_pass_ms(1);
	}
}

static void
servers_that_count_together_share_their_places(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *one, *two;
	struct sks_socket *s[3];

	rig_reset();
	script.in_handle = wait_for_release;
	cfg.max_sessions = 2;
	one = started(&cfg);
	cfg.together = one;
	two = started(&cfg);
	s[0] = rig_connect(one);
	s[1] = rig_connect(two);
	await_live(one, 1);
	await_live(two, 1);
	s[2] = rig_connect(two);
	CHECK(was_refused(s[2]));
	raise_flag(RELEASE);
	CHECK(was_served(s[0]));
	CHECK(was_served(s[1]));
	sks_server_free(one); /* the other still counts */
	await_live(two, 0);
	sks_socket_free(s[2]);
	s[2] = rig_connect(two);
	CHECK(was_served(s[2]));
	sks_server_free(two);
	for (int i = 0; i < 3; i++)
		sks_socket_free(s[i]);
}

/* Nobody would tell the one that waits of a place that the other gave back. */
static void
no_server_counts_together_with_one_that_waits(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *one, *two;

	rig_reset();
	cfg.overload = SKS_WAIT;
	one = rig_server(&cfg, NULL, &rig_handler);
	cfg.overload = SKS_REFUSE;
	cfg.together = one;
	CHECK_INT(sks_server_new(&cfg, NULL, &rig_handler, &two), SKS_EINVAL);
	sks_server_free(two);
	sks_server_free(one);
}

static void
a_peer_for_whom_no_thread_starts_is_told_and_closed(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;
	struct sks_socket *s;

	rig_reset();
	cfg.stack_size = (size_t)1 << 46; /* more than there is */
	srv = started(&cfg);
	for (int i = 0; i < 3; i++) {
		s = rig_connect(srv);
		CHECK(was_refused(s));
		sks_socket_free(s);
	}
	CHECK_INT(refused(srv, SKS_OVER_THREADS), 3);
	CHECK_INT(sks_server_stop(srv, SOON), 0);
	CHECK_INT(sks_server_close(srv), 0);
	CHECK_INT(log_lines(), 1);
	/* Which of the reasons it has is the C library's affair. */
	CHECK(strstr(seen.log, "(pthread_create: ") != NULL);
	CHECK(strstr(seen.log, sks_strerror(SKS_ENOTHREAD)) == NULL);
	sks_server_free(srv);
}

static void
a_refused_peer_stays_for_a_moment_and_then_goes(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_socket *s[200];
	struct sks_server *srv;
	int64_t began;

	rig_reset();
	cfg.stack_size = (size_t)1 << 46; /* more than there is */
	srv = started(&cfg);
	began = sks_now();
	/* More at once than are kept. */
	for (size_t i = 0; i < sizeof s / sizeof s[0]; i++)
		s[i] = rig_connect(srv);
	for (size_t i = 0; i < sizeof s / sizeof s[0]; i++) {
		CHECK(s[i] != NULL && was_refused(s[i]));
		sks_socket_free(s[i]);
	}
	CHECK(sks_now() - began >= 90 * INT64_C(1000000));
	CHECK_INT(sks_server_stop(srv, SOON), 0);
	CHECK_INT(sks_server_close(srv), 0);
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

static atomic_uint accepts;

static int
count_accepts(struct sks_server *srv, struct sks_request **req)
{
	atomic_fetch_add(&accepts, 1);
	return sks_default_get_request(srv, req);
}

static atomic_uint turns;

static int
count_turns(struct sks_server *srv)
{
	(void)srv;
	atomic_fetch_add(&turns, 1);
	return 0;
}

static void
without_descriptors_a_waiting_server_neither_spins_nor_dies(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server_ops ops = rig_ops;
	struct sks_server *srv;
	struct sks_socket *s;
	int64_t start;
	rlim_t old;

	rig_reset();
	atomic_store(&accepts, 0);
	atomic_store(&turns, 0);
	ops.get_request = count_accepts;
	ops.service_actions = count_turns;
	cfg.overload = SKS_WAIT;
	srv = rig_server(&cfg, &ops, &rig_handler);
	s = rig_connect(srv);
	old = set_fd_limit(next_fd());
	CHECK_INT(sks_server_start(srv), 0);
	let_pass_ms(500);
	CHECK(atomic_load(&accepts) <= 10);
	CHECK(atomic_load(&turns) <= 30);
	CHECK_INT(log_lines(), 1);
	start = sks_now();
	set_fd_limit(old);
	CHECK(was_served(s));
	CHECK(seconds_since(start) < 1);
	CHECK_INT(log_lines(), 1);
	sks_server_free(srv);
	sks_socket_free(s);
}

static void
without_descriptors_a_refusing_server_tells_its_peers(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;
	struct sks_server_stats stats;
	struct sks_socket *s[3], *after;
	rlim_t old;

	if (getenv("T_VALGRIND") != NULL) {
		printf("# valgrind has a limit of its own\n");
		return;
	}
	rig_reset();
	srv = rig_server(&cfg, &rig_ops, &rig_handler);
	for (int i = 0; i < 3; i++)
		s[i] = rig_connect(srv);
	old = set_fd_limit(next_fd());
	CHECK_INT(sks_server_start(srv), 0);
	for (int i = 0; i < 3; i++)
		CHECK(was_refused(s[i]));
	CHECK_INT(refused(srv, SKS_OVER_FILES), 3);
	sks_server_stats(srv, &stats);
	CHECK_INT(stats.accepted, 3);
	CHECK_INT(log_lines(), 1);
	set_fd_limit(old);
	after = rig_connect(srv);
	CHECK(was_served(after));
	sks_server_free(srv);
	for (int i = 0; i < 3; i++)
		sks_socket_free(s[i]);
	sks_socket_free(after);
}

static int
read_once(struct sks_handler *h)
{
	char byte;

	return (int)sks_recv(h->request, &byte, 1);
}

static void
a_peer_that_reset_before_it_was_accepted_makes_no_noise(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *s;

	rig_reset();
	script.in_handle = read_once;
	srv = rig_server(&cfg, &rig_ops, &rig_handler);
	s = rig_connect(srv);
	sks_reset(s);
	CHECK_INT(sks_server_handle_request(srv), 1);
	CHECK_INT(seen.error.code, SKS_ERESET);
	CHECK_INT(log_lines(), 0);
	sks_socket_free(s);
	sks_server_free(srv);
}

/* --- many --- */

static void
thousands_of_short_connections_leave_nothing(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	int fds = count_fds(), threads = count_threads_now();
	int connections = t_size("connections", 5000), good = 0;
	struct sks_server *srv = rig_server(&cfg, NULL, &echo_handler);
	struct sks_server_stats stats;

	CHECK_INT(sks_server_start(srv), 0);
	for (int i = 0; i < connections; i++)
		good += rig_echo(srv);
	CHECK_INT(good, connections);
	sks_server_stats(srv, &stats);
	CHECK(stats.threads < 10);
	CHECK_INT(stats.accepted, connections);
	sks_server_free(srv);
	CHECK_INT(count_fds(), fds);
	CHECK(count_threads_down_to(threads) <= threads);
}

static void
many_at_once_are_served_and_counted(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	int n = t_size("clients", 300);
	struct sks_socket **s = calloc((size_t)n, sizeof *s);
	struct sks_server_stats stats;
	struct sks_server *srv;
	int served = 0;

	rig_reset();
	script.in_handle = wait_for_release;
	cfg.max_per_addr = (unsigned)n;
	cfg.loopback_exempt = 0;
	srv = started(&cfg);
	for (int i = 0; i < n; i++)
		s[i] = rig_connect(srv);
	do {
		let_pass_ms(1);
		sks_server_stats(srv, &stats);
	} while (stats.live < (unsigned)n && stats.refused[0] == 0);
	CHECK_INT(stats.live, n);
	raise_flag(RELEASE);
	for (int i = 0; i < n; i++) {
		served += was_served(s[i]);
		sks_socket_free(s[i]);
	}
	CHECK_INT(served, n);
	sks_server_free(srv);
	free(s);
}

/* --- adopted sockets --- */

static void
an_adopted_socket_is_served_as_if_accepted(void)
{
	rig_reset();
	for (int i = 0; i < 2; i++) {
		enum sks_concurrency how = i == 0 ? SKS_SYNC : SKS_THREADING;
		struct sks_server_config cfg = rig_config(SKS_UNIX_STREAM, how);
		struct sks_socket *mine, *theirs;
		struct sks_server *srv;
		char line[16];

		cfg.bind_and_activate = 0; /* it needs no listener */
		srv = rig_server(&cfg, NULL, &echo_handler);
		CHECK_INT(sks_socketpair(&mine, &theirs), 0);
		CHECK_INT(sks_server_adopt(srv, theirs), 0);
		CHECK_INT(sks_server_start(srv), 0);
		CHECK_INT(sks_send_text(mine, "hi\n"), 0);
		CHECK_INT(sks_recv(mine, line, sizeof line), 3);
		CHECK_INT(sks_recv(mine, line, sizeof line), 0);
		sks_socket_free(mine);
		sks_server_free(srv);
	}
}

static void
a_closed_server_adopts_nothing_and_drops_what_waits(void)
{
	struct sks_server_config cfg = rig_config(SKS_UNIX_STREAM, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *mine, *theirs, *a, *b;
	char end;

	cfg.idle_timeout = 30;
	srv = rig_server(&cfg, NULL, &echo_handler);
	CHECK_INT(sks_socketpair(&mine, &theirs), 0);
	CHECK_INT(sks_server_adopt(srv, theirs), 0);
	CHECK_INT(sks_server_close(srv), 0);
	CHECK_INT(sks_recv(mine, &end, 1), 0);
	CHECK_INT(sks_socketpair(&a, &b), 0);
	CHECK_INT(sks_server_adopt(srv, b), SKS_ECLOSED);
	CHECK(isinf(sks_gettimeout(b))); /* untouched */
	sks_server_free(srv);
	sks_socket_free(mine);
	sks_socket_free(a);
	sks_socket_free(b);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(over_max_sessions_a_peer_is_told_and_closed),
		T(under_the_waiting_policy_the_next_peer_waits_for_a_slot),
		T(under_the_waiting_policy_no_further_listener_gets_the_last_slot_too),
		T(one_host_gets_max_per_addr_unless_it_is_exempt),
		T(a_request_that_is_another_clients_counts_there_and_no_more_here),
		T(who_is_that_client_already_is_counted_once),
		T(a_request_that_came_without_address_counts_once_it_has_one),
		T(servers_that_count_together_count_that_client_together),
		T(a_client_on_loopback_is_exempt_also_behind_another),
		T(servers_that_count_together_share_their_places),
		T(no_server_counts_together_with_one_that_waits),
		T(a_peer_for_whom_no_thread_starts_is_told_and_closed),
		T(a_refused_peer_stays_for_a_moment_and_then_goes),
		T(without_descriptors_a_waiting_server_neither_spins_nor_dies),
		T(without_descriptors_a_refusing_server_tells_its_peers),
		T(a_peer_that_reset_before_it_was_accepted_makes_no_noise),
		T(thousands_of_short_connections_leave_nothing),
		T(many_at_once_are_served_and_counted),
		T(an_adopted_socket_is_served_as_if_accepted),
		T(a_closed_server_adopts_nothing_and_drops_what_waits),
	};

	return t_main_shared("server_limits", NULL, cases,
	    sizeof cases / sizeof cases[0]);
}
