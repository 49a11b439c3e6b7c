/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Refused peers with a grace time: who is heard, who is closed in order, and
 * who is not. */
#include "config.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "rig.h"

#define KEPT    SKS_REFUSED_KEPT
#define SHORTLY 0.2    /* seconds */
#define FOREVER 1000.0 /* none that a test waits for */
#define HELLO   "hello"

static atomic_uint asked, turns, heard, cut; /* counted by callbacks */

static void
begin(void)
{
	rig_reset();
	atomic_store(&asked, 0);
	atomic_store(&turns, 0);
	atomic_store(&heard, 0);
	atomic_store(&cut, 0);
}

/* Whoever says hello would take an end of file for something else. */
static int
is_hello(struct sks_server *srv, struct sks_request *req, const void *data,
    size_t n)
{
	const size_t whole = strlen(HELLO);

	(void)srv;
	atomic_fetch_add(&asked, 1);
	if (sks_request_refused(req) != SKS_REFUSAL_TOLD)
		note("not_told");
	if (memcmp(data, HELLO, n < whole ? n : whole) != 0)
		return 0;
	return n < whole ? SKS_EAGAIN : 1;
}

static void
reset_unless_heard(struct sks_server *srv, struct sks_request *req)
{
	if (sks_request_refused(req) == SKS_REFUSAL_TOLD) {
		atomic_fetch_add(&cut, 1);
		sks_reset(sks_request_socket(req));
	} else {
		atomic_fetch_add(&heard, 1);
	}
	sks_default_shutdown_request(srv, req);
}

static int
count_turns(struct sks_server *srv)
{
	(void)srv;
	atomic_fetch_add(&turns, 1);
	return 0;
}

/* A server that refuses everybody. */
static struct sks_server *
refusing(double grace)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server_ops ops = rig_ops;
	struct sks_server *srv;

	begin();
	cfg.refused_grace = grace;
	cfg.stack_size = (size_t)1 << 46; /* more than there is */
	ops.on_refused_data = is_hello;
	ops.shutdown_request = reset_unless_heard;
	ops.service_actions = count_turns;
	srv = rig_server(&cfg, &ops, &rig_handler);
	if (srv == NULL || sks_server_start(srv) < 0)
		abort();
	return srv;
}

/* What was told to one that is refused. */
static struct sks_socket *
told(struct sks_server *srv)
{
	struct sks_socket *s = rig_connect(srv);
	char buf[16];

	CHECK_INT(sks_recv(s, buf, sizeof buf), 5);
	return s;
}

/* Its end: 0 in order, SKS_ERESET by a reset. */
static ssize_t
end_of(struct sks_socket *s)
{
	char byte;
	ssize_t n = sks_recv(s, &byte, 1);

	sks_socket_free(s);
	return n;
}

static void
who_is_silent_reads_why_and_an_end_in_order(void)
{
	struct sks_server *srv = refusing(SHORTLY);

	CHECK_INT(end_of(told(srv)), 0);
	sks_server_free(srv);
	CHECK_INT(atomic_load(&heard), 1);
	CHECK_INT(atomic_load(&asked), 0);
}

/* Its bytes were not read before, and that made a reset of the close. */
static void
who_has_said_something_reads_why_in_each_of_many_tries(void)
{
	struct sks_server *srv = refusing(FOREVER);

	for (int i = 0; i < 50; i++) {
		struct sks_socket *s = rig_connect(srv);
		char buf[16];

		CHECK_INT(sks_send_text(s, "anything\n"), 0);
		CHECK_INT(sks_recv(s, buf, sizeof buf), 5);
		CHECK_INT(sks_recv(s, buf, sizeof buf), 0);
		/* And what comes late does no harm. */
		CHECK_INT(sks_send_text(s, "more\n"), 0);
		CHECK_INT(sks_shutdown(s, SKS_SHUT_WR), 0);
		sks_socket_free(s);
	}
	sks_server_free(srv);
	CHECK_INT(atomic_load(&heard), 50);
	CHECK_INT(atomic_load(&cut), 0);
}

static void
whom_an_end_of_file_would_mislead_is_reset(void)
{
	struct sks_server *srv = refusing(FOREVER);
	struct sks_socket *s = told(srv);

	CHECK_INT(sks_send_text(s, HELLO), 0);
	CHECK_INT(end_of(s), SKS_ERESET);
	sks_server_free(srv);
}

static bool
asked_times(unsigned n)
{
	int64_t deadline = sks_after(SOON);

	while (atomic_load(&asked) < n && sks_now() < deadline)
		let_pass_ms(1);
	return atomic_load(&asked) == n;
}

static void
what_comes_in_pieces_is_judged_as_a_whole(void)
{
	struct sks_server *srv = refusing(FOREVER);
	struct sks_socket *s = told(srv);

	for (const char *p = HELLO; *p != '\0'; p++) {
		CHECK_INT(sks_sendall(s, p, 1, NULL), 0);
		CHECK(asked_times((unsigned)(p - HELLO) + 1));
	}
	CHECK_INT(end_of(s), SKS_ERESET);
	s = told(srv);
	CHECK_INT(sks_sendall(s, "hel", 3, NULL), 0);
	CHECK(asked_times(6));
	CHECK_INT(sks_sendall(s, "p me", 4, NULL), 0);
	CHECK_INT(end_of(s), 0);
	sks_server_free(srv);
	CHECK(strstr(calls(), "not_told") == NULL);
}

static void
who_has_only_begun_by_the_end_of_its_time_is_not_closed_in_order(void)
{
	struct sks_server *srv = refusing(SHORTLY);
	struct sks_socket *s = told(srv);

	CHECK_INT(sks_sendall(s, "hel", 3, NULL), 0);
	CHECK_INT(end_of(s), SKS_ERESET);
	/* But who has ended too is. */
	s = told(srv);
	CHECK_INT(sks_sendall(s, "hel", 3, NULL), 0);
	CHECK_INT(sks_shutdown(s, SKS_SHUT_WR), 0);
	CHECK_INT(end_of(s), 0);
	sks_server_free(srv);
}

/* 64 are kept; one more is treated as without a grace time. */
static void
one_too_many_does_not_wait_and_takes_nobodys_place(void)
{
	struct sks_server *srv = refusing(FOREVER);
	struct sks_socket *kept[KEPT];
	int fds;

	for (int i = 0; i < KEPT; i++)
		kept[i] = told(srv);
	fds = count_fds();
	CHECK_INT(end_of(told(srv)), SKS_ERESET);
	for (int i = 0; i < KEPT; i++) {
		CHECK_INT(sks_send_text(kept[i], "x"), 0);
		CHECK_INT(end_of(kept[i]), 0);
	}
	/* Their places are free again. */
	kept[0] = told(srv);
	CHECK_INT(sks_send_text(kept[0], HELLO), 0);
	CHECK_INT(end_of(kept[0]), SKS_ERESET);
	sks_server_free(srv);
	CHECK(fds < 0 || count_fds() < fds - 2 * KEPT + 1);
}

static void
a_server_that_stops_lets_all_go_at_once(void)
{
	struct sks_server *srv = refusing(FOREVER);
	struct sks_socket *silent = told(srv), *talking = told(srv);

	CHECK_INT(sks_send_text(talking, "x"), 0);
	CHECK(asked_times(1));
	CHECK_INT(sks_server_stop(srv, SOON), 0);
	CHECK_INT(end_of(silent), SKS_ERESET);
	CHECK_INT(end_of(talking), 0);
	sks_server_free(srv);
}

static void
who_sends_without_an_end_is_cut_off(void)
{
	struct sks_server *srv = refusing(FOREVER);
	struct sks_socket *s = told(srv);
	static const char much[65536];
	int r = 0;

	CHECK_INT(sks_settimeout(s, SOON), 0);
	for (int i = 0; i < 1000 && r == 0; i++)
		r = sks_sendall(s, much, sizeof much, NULL);
	CHECK_INT(r, SKS_ERESET);
	sks_socket_free(s);
	sks_server_free(srv);
}

static void
without_a_grace_time_nobody_is_read(void)
{
	struct sks_server *srv = refusing(0);
	struct sks_socket *s = told(srv);

	CHECK_INT(sks_send_text(s, "x"), 0);
	CHECK_INT(end_of(s), SKS_ERESET);
	sks_server_free(srv);
	CHECK_INT(atomic_load(&asked), 0);
}

static void
a_server_wakes_up_no_more_once_they_have_gone(void)
{
	struct sks_server *srv = refusing(SHORTLY);
	unsigned before;

	CHECK_INT(end_of(told(srv)), 0);
	let_pass_ms(20);
	before = atomic_load(&turns);
	let_pass_ms(300);
	CHECK_INT(atomic_load(&turns), before);
	sks_server_free(srv);
}

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

static rlim_t
next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return (rlim_t)fd;
}

static int
serve_until_it_ends(struct sks_handler *h)
{
	char byte;
	int r = sks_send_text(h->request, "served");

	return r < 0 ? r : (int)sks_recv(h->request, &byte, 1);
}

/* A customer who may come in is worth more than one who may not. */
static void
when_descriptors_are_short_they_make_room(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;
	struct sks_socket *s[3];
	char buf[16];
	rlim_t old;

	if (getenv("T_VALGRIND") != NULL) {
		printf("# valgrind has a limit of its own\n");
		return;
	}
	begin();
	cfg.refused_grace = FOREVER;
	cfg.stack_size = (size_t)1 << 46;
	srv = rig_server(&cfg, &rig_ops, &rig_handler);
	CHECK_INT(sks_server_start(srv), 0);
	s[0] = told(srv);
	CHECK_INT(sks_socket_new(SKS_INET, SKS_STREAM, 0, &s[1]), 0);
	CHECK_INT(sks_socket_new(SKS_INET, SKS_STREAM, 0, &s[2]), 0);
	old = set_fd_limit(next_fd());
	CHECK_INT(sks_connect(s[1], sks_server_address(srv)), 0);
	/* It is refused as well, but with a descriptor that was another's. */
	CHECK_INT(sks_recv(s[1], buf, sizeof buf), 5);
	CHECK_INT(end_of(s[0]), 0);
	set_fd_limit(old);
	sks_server_free(srv);
	sks_socket_free(s[1]);
	sks_socket_free(s[2]);
	CHECK(strstr(calls(), "over_files") == NULL);
}

static void
a_flood_of_them_keeps_nobody_out_who_may_come_in(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;
	struct sks_socket *first, *refused[KEPT + 10], *other;
	struct sks_addr elsewhere;
	char buf[16];

	begin();
	cfg.refused_grace = FOREVER;
	cfg.max_per_addr = 1;
	cfg.loopback_exempt = 0;
	script.in_handle = serve_until_it_ends;
	srv = rig_server(&cfg, &rig_ops, &rig_handler);
	CHECK_INT(sks_server_start(srv), 0);
	first = rig_connect(srv);
	CHECK_INT(sks_recv(first, buf, sizeof buf), 6);
	for (int i = 0; i < KEPT + 10; i++)
		refused[i] = told(srv);
	CHECK_INT(sks_addr_parse("127.0.0.2:0", 0, &elsewhere), 0);
	CHECK_INT(sks_socket_new(SKS_INET, SKS_STREAM, 0, &other), 0);
	CHECK_INT(sks_bind(other, &elsewhere), 0);
	CHECK_INT(sks_connect(other, sks_server_address(srv)), 0);
	CHECK_INT(sks_recv(other, buf, sizeof buf), 6);
	for (int i = 0; i < KEPT + 10; i++)
		sks_socket_free(refused[i]);
	sks_socket_free(first);
	sks_socket_free(other);
	sks_server_free(srv);
}

static void
a_grace_time_that_is_none_is_refused(void)
{
	static const double wrong[] = { -1, NAN, INFINITY };
	struct sks_server *srv;

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct sks_server_config cfg =
		    rig_config(SKS_TCP, SKS_THREADING);

		cfg.refused_grace = wrong[i];
		CHECK_INT(sks_server_new(&cfg, NULL, &rig_handler, &srv),
		    SKS_EINVAL);
	}
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(who_is_silent_reads_why_and_an_end_in_order),
		T(who_has_said_something_reads_why_in_each_of_many_tries),
		T(whom_an_end_of_file_would_mislead_is_reset),
		T(what_comes_in_pieces_is_judged_as_a_whole),
		T(who_has_only_begun_by_the_end_of_its_time_is_not_closed_in_order),
		T(one_too_many_does_not_wait_and_takes_nobodys_place),
		T(a_server_that_stops_lets_all_go_at_once),
		T(who_sends_without_an_end_is_cut_off),
		T(without_a_grace_time_nobody_is_read),
		T(a_server_wakes_up_no_more_once_they_have_gone),
		T(when_descriptors_are_short_they_make_room),
		T(a_flood_of_them_keeps_nobody_out_who_may_come_in),
		T(a_grace_time_that_is_none_is_refused),
	};

	return t_main_shared("refused", NULL, cases,
	    sizeof cases / sizeof cases[0]);
}
