/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SKS_FORKING: a process for each conversation.  The tests have one thread, as
 * the programs should that use it: they connect (the backlog takes that), let
 * the server handle the request, and read what the child has answered.
 */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rig.h"

static const enum sks_kind kinds[] = { SKS_TCP, SKS_UNIX_STREAM, SKS_UDP,
	SKS_UNIX_DGRAM };

/* Connections only, and all there are. */
enum { STREAMS = 2, ALL = 4 };

/* --- what a child has done, told through a pipe --- */

static struct {
	pid_t pid; /* of the test */
	int fds[2];
	int fork_errno; /* not 0: fork fails with this */
	atomic_int turns;
} here;

struct told {
	pid_t pid;
	int error, context;
	char calls[256];
};

static void
begin(void)
{
	rig_reset();
	here.pid = getpid();
	here.fork_errno = 0;
	atomic_store(&here.turns, 0);
	if (here.fds[1] == 0 && pipe(here.fds) < 0)
		abort();
}

/* A child that is blocked must not outlive a test that has failed. */
static void
end_some_day(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };

	sigaction(SIGALRM, &sa, NULL);
	alarm(60);
}

/* In place of the library's fork, so that it can fail. */
pid_t
fork(void)
{
	static pid_t (*real)(void);
	pid_t pid;

	if (here.fork_errno != 0) {
		errno = here.fork_errno;
		return -1;
	}
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "fork");
	fflush(stdout); /* some sanitizers do in _exit() */
	if ((pid = real()) == 0)
		end_some_day();
	return pid;
}

/* The thread sanitizer has a thread of its own from the first on. */
static bool
is_alone(void)
{
	for (int tries = 0; tries < 50 && count_threads_now() > 3; tries++)
		let_pass_ms(1);
	return count_threads_now() <= 3; /* with "." and ".." */
}

static struct sks_server_config
forking_config(enum sks_kind kind)
{
	struct sks_server_config cfg = rig_config(kind, SKS_FORKING);

	cfg.fork_anyway = !is_alone();
	return cfg;
}

static bool
in_child(void)
{
	return getpid() != here.pid;
}

/* The child forgets what the parent had been called with. */
static int
finish_request(struct sks_server *srv, struct sks_request *req)
{
	if (in_child())
		seen.calls[0] = '\0';
	return rig_finish_request(srv, req);
}

/* The last thing a child is called for. */
static void
shutdown_request(struct sks_server *srv, struct sks_request *req)
{
	struct told t = { .pid = getpid() };

	rig_shutdown_request(srv, req);
	if (!in_child())
		return;
	t.error = seen.error.code;
	t.context = seen.error.context;
	memcpy(t.calls, calls(), sizeof t.calls - 1);
	if (write(here.fds[1], &t, sizeof t) != (ssize_t)sizeof t)
		_exit(99);
}

static struct sks_server_ops
telling_ops(void)
{
	struct sks_server_ops ops = rig_ops;

	ops.finish_request = finish_request;
	ops.shutdown_request = shutdown_request;
	return ops;
}

static struct told
told(void)
{
	struct told t;

	if (read(here.fds[0], &t, sizeof t) != (ssize_t)sizeof t)
		abort();
	return t;
}

/* The status a child has ended with; it stays to be reaped. */
static int
status_of(pid_t pid)
{
	siginfo_t info;

	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0)
		return -1;
	return info.si_code == CLD_EXITED ? info.si_status : -2;
}

static struct sks_server_stats
stats_of(struct sks_server *srv)
{
	struct sks_server_stats stats;

	sks_server_stats(srv, &stats);
	return stats;
}

static bool
ended(struct sks_socket *s)
{
	char end;

	return sks_recv(s, &end, 1) == 0;
}

/* Is the child inside its handler? */
static bool
greeted(struct sks_socket *s)
{
	char byte;

	return sks_recv(s, &byte, 1) == 1;
}

/* To close is not enough: children have copies of this end, too. */
static void
hang_up(struct sks_socket *s)
{
	sks_shutdown(s, SKS_SHUT_RDWR);
	sks_socket_free(s);
}

static int
greet_and_read(struct sks_handler *h)
{
	char byte;
	int r = sks_send_text(h->request, "!");

	while (r == 0 && sks_recv(h->request, &byte, 1) > 0)
		;
	return r;
}

static int
greet_and_ignore_sigterm(struct sks_handler *h)
{
	struct sigaction sa = { .sa_handler = SIG_IGN };

	sigaction(SIGTERM, &sa, NULL);
	return greet_and_read(h);
}

/* A server and a client whose child is inside fn. */
static struct sks_server *
server_with(const struct sks_server_config *cfg,
    int (*fn)(struct sks_handler *), struct sks_socket **client)
{
	struct sks_server *srv;

	script.in_handle = fn;
	srv = rig_server(cfg, NULL, &rig_handler);
	*client = rig_connect(srv);
	CHECK_INT(sks_server_handle_request(srv), 1);
	CHECK(greeted(*client));
	return srv;
}

/* --- the order of calls --- */

#define BEFORE "server_bind server_activate get_request verify_request "
#define PARENT BEFORE "process_request close_request server_close"
#define AFTER  " shutdown_request close_request"

static struct told
child_told(const char *want, int status)
{
	struct told t = told();

	CHECK_STR(t.calls, want);
	CHECK_INT(status_of(t.pid), status);
	return t;
}

/* Serves one client over each kind with the current script.  child is NULL
 * when there is to be none. */
static struct told
check_order(const char *parent, const char *child, int status)
{
	const typeof(script) wanted = script;
	const struct sks_server_ops ops = telling_ops();
	struct told t = { 0 };

	for (int i = 0; i < ALL; i++) {
		struct sks_server_config cfg = forking_config(kinds[i]);
		struct sks_server *srv;
		struct sks_socket *s;

		begin();
		script = wanted;
		srv = rig_server(&cfg, &ops, &rig_handler);
		s = rig_client(srv, kinds[i]);
		if (i >= STREAMS)
			CHECK_INT(sks_send(s, "?", 1), 1);
		CHECK_INT(sks_server_handle_request(srv), 1);
		if (script.get == 0 && i < STREAMS)
			CHECK(ended(s));
		if (child != NULL)
			t = child_told(child, status);
		CHECK_INT(sks_server_close(srv), 0);
		CHECK_STR(calls(), parent);
		CHECK_INT(stats_of(srv).children_failed, status != 0);
		sks_server_free(srv);
		sks_socket_free(s);
	}
	return t;
}

static void
the_parent_closes_what_the_child_handles_and_shuts_down(void)
{
	begin();
	check_order(PARENT, "finish_request setup handle finish" AFTER, 0);
}

static int
become_another(struct sks_handler *h)
{
	struct sks_addr another;
	char text[SKS_ADDR_TEXT];

	if (sks_addr_parse("192.0.2.7:4711", 0, &another) == 0 &&
	    sks_request_set_address(h->self, &another) == SKS_OVER_NONE)
		note(sks_addr_format(h->client_address, SKS_STYLE_HOST, text,
		    sizeof text));
	return 0;
}

/* One after the other has the only place of its address, whatever the children
 * say. */
static void
a_child_gives_its_request_another_address_for_itself(void)
{
	const struct sks_server_ops ops = telling_ops();
	struct sks_server_config cfg = forking_config(SKS_TCP);
	struct sks_server *srv;
	struct sks_socket *s;

	begin();
	script.in_handle = become_another;
	cfg.max_per_addr = 1;
	cfg.loopback_exempt = 0;
	srv = rig_server(&cfg, &ops, &rig_handler);
	for (int i = 0; i < 2; i++) {
		s = rig_connect(srv);
		CHECK_INT(sks_server_handle_request(srv), 1);
		CHECK(ended(s));
		child_told("finish_request setup handle 192.0.2.7 finish" AFTER,
		    0);
		sks_socket_free(s);
		while (stats_of(srv).children > 0)
			sks_server_collect_children(srv);
	}
	CHECK_INT(stats_of(srv).refused[SKS_OVER_ADDRESS], 0);
	sks_server_free(srv);
}

static void
a_request_that_is_not_verified_gets_no_child(void)
{
	begin();
	script.verify = 0;
	check_order(BEFORE "shutdown_request close_request server_close", NULL,
	    0);
	script.verify = SKS_EUSER;
	check_order(BEFORE "handle_error shutdown_request close_request "
			   "server_close",
	    NULL, 0);
}

static void
a_failed_get_or_process_forks_nothing(void)
{
	begin();
	script.get = SKS_EUSER;
	check_order("server_bind server_activate get_request handle_error "
		    "server_close",
	    NULL, 0);
	script.get = 0;
	script.process = SKS_EUSER;
	check_order(BEFORE "process_request handle_error" AFTER " server_close",
	    NULL, 0);
}

static void
a_childs_error_is_handled_in_the_child_which_ends_with_1(void)
{
	struct told t;

	begin();
	script.setup = SKS_EUSER;
	check_order(PARENT, "finish_request setup handle_error" AFTER, 1);
	begin();
	script.handle = SKS_EINVAL;
	t = check_order(PARENT,
	    "finish_request setup handle finish handle_error" AFTER, 1);
	CHECK_INT(t.error, SKS_EINVAL);
	CHECK_INT(t.context, 0);
	script.finish = SKS_EUSER;
	t = check_order(PARENT,
	    "finish_request setup handle finish handle_error" AFTER, 1);
	CHECK_INT(t.error, SKS_EUSER);
	CHECK_INT(t.context, SKS_EINVAL);
	script.handle = 0;
	t = check_order(PARENT,
	    "finish_request setup handle finish handle_error" AFTER, 1);
	CHECK_INT(t.context, 0);
}

static void
stop_ends_the_child_with_1_and_not_the_loop(void)
{
	begin();
	script.handle = SKS_STOP;
	check_order(PARENT, "finish_request setup handle finish" AFTER, 1);
}

static void
note_it(void *name)
{
	note(name);
}

static int
defer_one(struct sks_handler *h)
{
	static char name[] = "deferred";

	note("setup");
	return sks_defer(h, note_it, name) < 0 ? SKS_ENOMEM : script.setup;
}

static void
what_was_deferred_runs_in_the_child(void)
{
	static const char *const want[] = {
		"finish_request setup handle finish deferred" AFTER,
		"finish_request setup deferred handle_error" AFTER,
	};
	const struct sks_server_ops ops = telling_ops();
	struct sks_handler_ops handler = rig_handler;

	handler.setup = defer_one;
	for (int i = 0; i < 2; i++) {
		struct sks_server_config cfg = forking_config(SKS_TCP);
		struct sks_server *srv;
		struct sks_socket *s;

		begin();
		script.setup = i == 0 ? 0 : SKS_EUSER;
		srv = rig_server(&cfg, &ops, &handler);
		s = rig_connect(srv);
		CHECK_INT(sks_server_handle_request(srv), 1);
		child_told(want[i], i);
		sks_server_free(srv);
		sks_socket_free(s);
	}
}

/* --- CPython's own tests --- */

static bool
line_came_back(struct sks_socket *s)
{
	char buf[64];
	size_t have = 0;
	ssize_t n = 1;

	while (have < 12 && n > 0) {
		n = sks_recv(s, buf + have, sizeof buf - have);
		have += n > 0 ? (size_t)n : 0;
	}
	return have == 12 && memcmp(buf, "hello world\n", 12) == 0;
}

static bool
echo_by_a_child(struct sks_server *srv)
{
	struct sks_socket *s = rig_connect(srv);
	bool good = sks_send_text(s, "hello world\n") == 0 &&
	    sks_server_handle_request(srv) == 1 && line_came_back(s);

	sks_socket_free(s);
	return good;
}

static void
three_clients_get_their_line_back_from_three_processes(void)
{
	begin();
	for (int i = 0; i < STREAMS; i++) {
		struct sks_server_config cfg = forking_config(kinds[i]);
		struct sks_server *srv = rig_server(&cfg, NULL, &echo_handler);

		for (int n = 0; n < 3; n++)
			CHECK(echo_by_a_child(srv));
		CHECK_INT(sks_server_close(srv), 0);
		CHECK_INT(sks_server_fileno(srv), -1);
		CHECK_INT(stats_of(srv).children, 0);
		CHECK_INT(stats_of(srv).children_failed, 0);
		sks_server_free(srv);
	}
}

static int
send_back(struct sks_handler *h)
{
	size_t len;
	const void *packet = sks_request_packet(h->self, &len);

	return sks_request_reply(h->self, packet, len);
}

static void
three_datagrams_come_back_from_three_processes(void)
{
	static const struct sks_handler_ops handler = {
		SKS_HANDLER_OPS(struct sks_handler), .handle = send_back
	};

	begin();
	for (int i = STREAMS; i < ALL; i++) {
		struct sks_server_config cfg = forking_config(kinds[i]);
		struct sks_server *srv = rig_server(&cfg, NULL, &handler);
		struct sks_socket *s = rig_client(srv, kinds[i]);

		for (int n = 0; n < 3; n++) {
			CHECK_INT(sks_send_text(s, "hello world\n"), 0);
			CHECK_INT(sks_server_handle_request(srv), 1);
			CHECK(line_came_back(s));
		}
		sks_socket_free(s);
		CHECK_INT(sks_server_close(srv), 0);
		CHECK_INT(sks_server_fileno(srv), -1);
		CHECK_INT(stats_of(srv).children, 0);
		CHECK_INT(stats_of(srv).children_failed, 0);
		sks_server_free(srv);
	}
}

static int
stop_when_three_were_reaped(struct sks_server *srv)
{
	struct sks_server_stats stats = stats_of(srv);

	if (stats.accepted == 3 && stats.children == 0)
		sks_server_request_shutdown(srv);
	return 0;
}

static void
serve_forever_forks_and_reaps(void)
{
	struct sks_server_config cfg = forking_config(SKS_TCP);
	struct sks_server_ops ops = { SKS_SERVER_OPS,
		.service_actions = stop_when_three_were_reaped };
	struct sks_server *srv;
	struct sks_socket *s[3];

	begin();
	srv = rig_server(&cfg, &ops, &echo_handler);
	for (int i = 0; i < 3; i++) {
		s[i] = rig_connect(srv);
		CHECK_INT(sks_send_text(s[i], "hello world\n"), 0);
	}
	CHECK_INT(sks_server_serve_forever(srv), 0);
	for (int i = 0; i < 3; i++) {
		CHECK(line_came_back(s[i]));
		sks_socket_free(s[i]);
	}
	sks_server_free(srv);
}

static void
a_child_of_the_application_stays_waitable(void)
{
	struct sks_server_config cfg = forking_config(SKS_TCP);
	struct sks_server *srv;
	int status = 0;
	pid_t pid;

	begin();
	if ((pid = fork()) == 0)
		_exit(72);
	CHECK_INT(status_of(pid), 72);
	srv = rig_server(&cfg, NULL, &echo_handler);
	for (int i = 0; i < 3; i++)
		CHECK(echo_by_a_child(srv));
	sks_server_free(srv);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 72);
}

static void
a_forking_server_closed_at_once_leaves_nothing(void)
{
	struct sks_server_config cfg = forking_config(SKS_TCP);
	int fds;

	begin();
	fds = count_fds();
	sks_server_free(rig_server(&cfg, NULL, &echo_handler));
	CHECK_INT(count_fds(), fds);
}

static void
many_children_leave_nothing(void)
{
	struct sks_server_config cfg = forking_config(SKS_UNIX_STREAM);
	int n = t_size("children", 300), good = 0, fds;
	struct sks_server *srv;

	begin();
	fds = count_fds();
	srv = rig_server(&cfg, NULL, &echo_handler);
	for (int i = 0; i < n; i++)
		good += echo_by_a_child(srv);
	CHECK_INT(good, n);
	CHECK(stats_of(srv).children <= 40);
	sks_server_free(srv);
	CHECK_INT(count_fds(), fds);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

/* --- what a child has --- */

static int fds_before;

/* Those of a child as such: valgrind closes some in it. */
static int
fds_in_a_child(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(count_fds());
	CHECK_INT(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static int
greet_and_count(struct sks_handler *h)
{
	char text[64];

	/* Its connection, and the end of a pipe that tells of its own end. */
	snprintf(text, sizeof text, "%d %d %d %d\n", count_fds() - fds_before,
	    sks_server_fileno(h->server), sks_server_shutdown(h->server, SOON),
	    sks_server_close(h->server));
	return sks_send_text(h->request, text);
}

static void
check_text(struct sks_socket *s, const char *want)
{
	char text[64];
	ssize_t n = sks_recv(s, text, sizeof text - 1);

	text[n < 0 ? 0 : n] = '\0';
	CHECK_STR(text, want);
}

static void
a_child_has_nothing_open_but_its_own_connection(void)
{
	struct sks_server_config cfg = forking_config(SKS_TCP);
	struct sks_addr more[2] = { cfg.address, cfg.address };
	struct sks_socket *first, *second, *mine[2], *theirs[2];
	struct sks_server *srv;
	char want[64];

	if (no_proc())
		return;
	begin();
	fds_before = fds_in_a_child();
	cfg.more_addresses = more;
	cfg.n_more = 2;
	srv = server_with(&cfg, greet_and_read, &first);
	script.in_handle = greet_and_count;
	second = rig_connect(srv);
	/* The clients' ends are this process's, hence also the child's. */
	fds_before += 4;
	for (int i = 0; i < 2; i++) {
		CHECK_INT(sks_socketpair(&mine[i], &theirs[i]), 0);
		CHECK_INT(sks_server_adopt(srv, theirs[i]), 0);
	}
	snprintf(want, sizeof want, "2 -1 %d %d\n", SKS_EDEADLK, SKS_EBUSY);
	/* The other one waits while the first is served. */
	for (int i = 0; i < 2; i++) {
		CHECK_INT(sks_server_handle_request(srv), 1);
		check_text(mine[i], want);
	}
	CHECK_INT(sks_server_handle_request(srv), 1);
	check_text(second, want);
	hang_up(first);
	CHECK_INT(sks_server_close(srv), 0);
	sks_server_free(srv);
	sks_socket_free(second);
	for (int i = 0; i < 2; i++)
		sks_socket_free(mine[i]);
}

static void
a_child_neither_stops_nor_unlinks_its_parents_server(void)
{
	struct sks_server_config cfg = forking_config(SKS_UNIX_STREAM);
	struct sks_server *srv;
	struct sks_socket *s;
	struct stat st;

	begin();
	fds_before = count_fds();
	script.in_handle = greet_and_count;
	srv = rig_server(&cfg, NULL, &rig_handler);
	for (int i = 0; i < 3; i++) {
		s = rig_connect(srv);
		CHECK_INT(sks_server_handle_request(srv), 1);
		while (!ended(s))
			;
		sks_socket_free(s);
	}
	CHECK(lstat(sks_addr_path(&cfg.address), &st) == 0);
	sks_server_free(srv);
	CHECK(lstat(sks_addr_path(&cfg.address), &st) < 0);
}

/* --- limits --- */

static void
at_max_children_nobody_is_accepted_until_one_ends(void)
{
	struct sks_server_config cfg = forking_config(SKS_TCP);
	struct sks_addr more = cfg.address;
	struct sks_socket *s[3];
	struct sks_server *srv;

	begin();
	cfg.max_children = 2;
	cfg.timeout = 0.05;
	cfg.more_addresses = &more;
	cfg.n_more = 1;
	srv = server_with(&cfg, greet_and_read, &s[0]);
	for (int i = 1; i < 3; i++)
		s[i] = rig_connect(srv);
	CHECK_INT(sks_server_handle_request(srv), 1);
	CHECK_INT(sks_server_handle_request(srv), 0);
	CHECK_INT(stats_of(srv).accepted, 2);
	CHECK_INT(stats_of(srv).children, 2);
	hang_up(s[0]);
	while (sks_server_handle_request(srv) == 0)
		;
	CHECK(greeted(s[2]));
	CHECK_INT(stats_of(srv).children, 2);
	for (int i = 1; i < 3; i++)
		hang_up(s[i]);
	sks_server_free(srv);
}

static int
stop_at_four(struct sks_server *srv)
{
	if (stats_of(srv).accepted == 4 && stats_of(srv).children == 0)
		sks_server_request_shutdown(srv);
	if (stats_of(srv).children > 1)
		note("too_many");
	return 0;
}

/* Two listeners that are ready at once are not both served by the last. */
static void
max_children_holds_over_several_listeners(void)
{
	struct sks_server_config cfg = forking_config(SKS_TCP);
	struct sks_server_ops ops = { SKS_SERVER_OPS,
		.service_actions = stop_at_four };
	struct sks_addr more = cfg.address;
	struct sks_server *srv;
	struct sks_socket *s[4];

	begin();
	cfg.max_children = 1;
	cfg.more_addresses = &more;
	cfg.n_more = 1;
	srv = rig_server(&cfg, &ops, &echo_handler);
	for (int i = 0; i < 4; i++) {
		CHECK_INT(sks_create_connection_addr(sks_server_address_at(srv,
							 (size_t)i % 2),
			      SOON, &s[i]),
		    0);
		CHECK_INT(sks_settimeout(s[i], SOON), 0);
		CHECK_INT(sks_send_text(s[i], "hello world\n"), 0);
	}
	CHECK_INT(sks_server_serve_forever(srv), 0);
	CHECK_STR(calls(), "");
	for (int i = 0; i < 4; i++) {
		CHECK(line_came_back(s[i]));
		sks_socket_free(s[i]);
	}
	sks_server_free(srv);
}

static void
a_shutdown_is_heard_at_max_children(void)
{
	struct sks_server_config cfg = forking_config(SKS_TCP);
	struct sks_server *srv;
	struct sks_socket *s;
	int64_t start;

	begin();
	cfg.max_children = 1;
	cfg.fork_anyway = 1;
	srv = server_with(&cfg, greet_and_read, &s);
	CHECK_INT(sks_server_start(srv), 0);
	start = sks_now();
	CHECK_INT(sks_server_stop(srv, SOON), 0);
	CHECK(seconds_since(start) < SOON / 2);
	CHECK_INT(stats_of(srv).children, 1);
	hang_up(s);
	sks_server_free(srv);
}

static void
max_sessions_counts_a_child_until_it_has_ended(void)
{
	struct sks_server_config cfg = forking_config(SKS_TCP);
	struct sks_socket *first, *second;
	struct sks_server *srv;

	begin();
	cfg.max_sessions = 1;
	srv = server_with(&cfg, greet_and_read, &first);
	second = rig_connect(srv);
	CHECK_INT(sks_server_handle_request(srv), 1);
	CHECK(ended(second));
	CHECK_INT(stats_of(srv).refused[SKS_OVER_SESSIONS], 1);
	CHECK_INT(stats_of(srv).live, 1);
	hang_up(first);
	sks_server_free(srv);
	sks_socket_free(second);
}

static bool
was_refused(struct sks_socket *s)
{
	char buf[16];
	ssize_t n = sks_recv(s, buf, sizeof buf);

	return n == 5 && memcmp(buf, "full\n", 5) == 0 && ended(s);
}

static void
a_peer_for_whom_fork_fails_is_told_and_closed(void)
{
	static const int errnos[] = { EAGAIN, ENOMEM };
	struct sks_server_config cfg = forking_config(SKS_TCP);
	struct sks_server *srv;
	struct sks_socket *s;
	int fds;

	begin();
	srv = rig_server(&cfg, &rig_ops, &echo_handler);
	fds = count_fds();
	for (size_t i = 0; i < 2; i++) {
		here.fork_errno = errnos[i];
		s = rig_connect(srv);
		CHECK_INT(sks_server_handle_request(srv), 1);
		CHECK(was_refused(s));
		sks_socket_free(s);
		CHECK_INT(stats_of(srv).live, 0);
		CHECK_INT(count_fds(), fds);
	}
	here.fork_errno = 0;
	CHECK_INT(stats_of(srv).refused[SKS_OVER_PROCESSES], 2);
	CHECK_INT(log_lines(), 1);
	CHECK(echo_by_a_child(srv));
	sks_server_free(srv);
}

static void
set_fd_limit(rlim_t limit)
{
	struct rlimit rl;

	getrlimit(RLIMIT_NOFILE, &rl);
	rl.rlim_cur = limit;
	setrlimit(RLIMIT_NOFILE, &rl);
}

static void
a_peer_whose_child_would_have_no_pipe_is_told_and_closed(void)
{
	struct sks_server_config cfg = forking_config(SKS_TCP);
	struct sks_server *srv;
	struct sks_socket *s;
	struct rlimit old;
	int next;

	if (getenv("T_VALGRIND") != NULL) {
		printf("# valgrind has a limit of its own\n");
		return;
	}
	begin();
	/* The count of threads would need a descriptor, too. */
	cfg.fork_anyway = 1;
	srv = rig_server(&cfg, &rig_ops, &echo_handler);
	s = rig_connect(srv);
	getrlimit(RLIMIT_NOFILE, &old);
	next = dup(0);
	close(next);
	set_fd_limit((rlim_t)next + 1); /* enough to accept */
	CHECK_INT(sks_server_handle_request(srv), 1);
	set_fd_limit(old.rlim_cur);
	CHECK(was_refused(s));
	CHECK_INT(stats_of(srv).refused[SKS_OVER_PROCESSES], 1);
	sks_socket_free(s);
	CHECK(echo_by_a_child(srv));
	sks_server_free(srv);
}

/* --- other threads --- */

/* Does the library count the threads? */
static bool
are_counted(void)
{
#ifdef DW_WITH_LINUX_EXTRAS
	return count_threads_now() >= 0;
#else
	return false;
#endif
}

static void *
wait_for_done(void *arg)
{
	(void)arg;
	await_flags(1);
	return NULL;
}

static void
a_process_with_other_threads_does_not_fork(void)
{
	struct sks_server_config cfg = forking_config(SKS_TCP);
	char text[160];
	struct sks_server *srv;
	struct sks_socket *s;
	pthread_t thread;

	if (!are_counted()) {
		printf("# the threads are not counted here\n");
		return;
	}
	begin();
	cfg.fork_anyway = 0;
	srv = rig_server(&cfg, NULL, &echo_handler);
	s = rig_connect(srv);
	pthread_create(&thread, NULL, wait_for_done, NULL);
	CHECK_INT(sks_server_handle_request(srv), SKS_ENOTSUP);
	CHECK_STR(sks_error_text(text, sizeof text),
	    "a process that has other "
	    "threads does not fork (see fork_anyway): not supported");
	CHECK_INT(sks_server_serve_forever(srv), SKS_ENOTSUP);
	CHECK_INT(stats_of(srv).accepted, 0);
	raise_flag(1);
	pthread_join(thread, NULL);
	if (is_alone()) {
		CHECK_INT(sks_send_text(s, "hello world\n"), 0);
		CHECK_INT(sks_server_handle_request(srv), 1);
		CHECK(line_came_back(s));
	}
	sks_socket_free(s);
	sks_server_free(srv);
}

static pthread_t late_thread;

static int
start_a_thread(struct sks_server *srv, struct sks_request *req)
{
	(void)srv;
	(void)req;
	pthread_create(&late_thread, NULL, wait_for_done, NULL);
	return 1;
}

static void
a_thread_that_came_later_is_noticed_and_the_peer_closed(void)
{
	struct sks_server_config cfg = forking_config(SKS_TCP);
	struct sks_server_ops ops = rig_ops;
	struct sks_server *srv;
	struct sks_socket *s;

	if (!are_counted() || !is_alone())
		return;
	begin();
	ops.verify_request = start_a_thread;
	srv = rig_server(&cfg, &ops, &echo_handler);
	s = rig_connect(srv);
	CHECK_INT(sks_server_handle_request(srv), 1);
	CHECK(ended(s));
	CHECK_INT(seen.error.code, SKS_ENOTSUP);
	raise_flag(1);
	pthread_join(late_thread, NULL);
	sks_socket_free(s);
	sks_server_free(srv);
}

static void
start_makes_a_thread_and_so_needs_fork_anyway(void)
{
	struct sks_server_config cfg = forking_config(SKS_TCP);
	struct sks_server *srv;

	begin();
	cfg.fork_anyway = 0;
	srv = rig_server(&cfg, NULL, &echo_handler);
	CHECK_INT(sks_server_start(srv), SKS_ENOTSUP);
	sks_server_free(srv);
	cfg.fork_anyway = 1;
	srv = rig_server(&cfg, NULL, &echo_handler);
	CHECK_INT(sks_server_start(srv), 0);
	CHECK_INT(sks_server_collect_children(srv), SKS_EBUSY);
	for (int i = 0; i < 3; i++)
		CHECK(rig_echo(srv));
	CHECK_INT(sks_server_stop(srv, SOON), 0);
	sks_server_free(srv);
}

/* --- the ends of children --- */

static void
collect_children_reaps_those_that_have_ended(void)
{
	struct sks_server_config cfg = forking_config(SKS_TCP);
	const struct sks_server_ops ops = telling_ops();
	struct sks_server *srv;
	struct sks_socket *s;

	begin();
	srv = rig_server(&cfg, &ops, &rig_handler);
	CHECK_INT(sks_server_collect_children(srv), 0);
	s = rig_connect(srv);
	CHECK_INT(sks_server_handle_request(srv), 1);
	CHECK_INT(status_of(told().pid), 0);
	CHECK_INT(stats_of(srv).children, 1);
	CHECK_INT(sks_server_collect_children(srv), 1);
	CHECK_INT(stats_of(srv).children, 0);
	CHECK_INT(stats_of(srv).live, 0);
	sks_socket_free(s);
	sks_server_free(srv);
}

static int
kill_self(struct sks_handler *h)
{
	(void)h;
	raise(SIGKILL);
	return 0;
}

static void
a_killed_child_wakes_the_loop_and_counts_as_failed(void)
{
	struct sks_server_config cfg = forking_config(SKS_TCP);
	struct sks_server_ops ops = { SKS_SERVER_OPS,
		.service_actions = stop_when_three_were_reaped };
	struct sks_server *srv;
	struct sks_socket *s[3];

	begin();
	script.in_handle = kill_self;
	srv = rig_server(&cfg, &ops, &rig_handler);
	for (int i = 0; i < 3; i++)
		s[i] = rig_connect(srv);
	CHECK_INT(sks_server_serve_forever(srv), 0);
	CHECK_INT(stats_of(srv).children_failed, 3);
	for (int i = 0; i < 3; i++) {
		CHECK(ended(s[i]));
		sks_socket_free(s[i]);
	}
	sks_server_free(srv);
}

static void
a_child_that_the_application_reaped_is_no_child_any_more(void)
{
	struct sks_server_config cfg = forking_config(SKS_TCP);
	const struct sks_server_ops ops = telling_ops();
	struct sks_server *srv;
	struct sks_socket *s;

	begin();
	srv = rig_server(&cfg, &ops, &rig_handler);
	s = rig_connect(srv);
	CHECK_INT(sks_server_handle_request(srv), 1);
	CHECK(waitpid(told().pid, NULL, 0) > 0);
	CHECK_INT(sks_server_collect_children(srv), 1);
	sks_socket_free(s);
	sks_server_free(srv);
}

static int
count_turns(struct sks_server *srv)
{
	if (stats_of(srv).accepted == 1 && stats_of(srv).children == 0)
		sks_server_request_shutdown(srv);
	atomic_fetch_add(&here.turns, 1);
	return 0;
}

/* As daemons do; then nothing tells its parent when it ends. */
static int
close_all_and_wait(struct sks_handler *h)
{
	(void)h;
	for (int fd = 3; fd < 256; fd++)
		close(fd);
	poll(NULL, 0, 300);
	return 0;
}

static void
a_child_that_closes_its_pipe_does_not_make_the_loop_spin(void)
{
	struct sks_server_config cfg = forking_config(SKS_TCP);
	struct sks_server_ops ops = { SKS_SERVER_OPS,
		.service_actions = count_turns };
	struct sks_server *srv;
	struct sks_socket *s;

	begin();
	script.in_handle = close_all_and_wait;
	srv = rig_server(&cfg, &ops, &rig_handler);
	s = rig_connect(srv);
	CHECK_INT(sks_server_serve_forever(srv), 0);
	CHECK(atomic_load(&here.turns) < 30);
	sks_socket_free(s);
	sks_server_free(srv);
}

/* Its own child holds the pipe, until this process closes what it reads. */
static int
leave_a_child_behind(struct sks_handler *h)
{
	int r = sks_send_text(h->request, "!");
	char byte;
	pid_t pid;

	if (r < 0 || (pid = fork()) < 0)
		return SKS_EUSER;
	if (pid > 0)
		return 0;
	while (sks_recv(h->request, &byte, 1) > 0)
		;
	_exit(0);
}

static void
check_that_its_end_is_noticed(const struct sks_server_config *cfg)
{
	struct sks_server_ops ops = { SKS_SERVER_OPS,
		.service_actions = count_turns };
	struct sks_server *srv;
	struct sks_socket *s;

	begin();
	script.in_handle = leave_a_child_behind;
	srv = rig_server(cfg, &ops, &rig_handler);
	s = rig_connect(srv);
	CHECK_INT(sks_server_serve_forever(srv), 0);
	CHECK(greeted(s));
	sks_server_free(srv);
	hang_up(s);
}

/* At each of the limits that others wait for. */
static void
a_child_whose_own_child_lives_on_is_noticed_all_the_same(void)
{
	struct sks_server_config cfg = forking_config(SKS_TCP);

	cfg.max_children = 1;
	check_that_its_end_is_noticed(&cfg);
	cfg = forking_config(SKS_TCP);
	cfg.max_sessions = 1;
	cfg.overload = SKS_WAIT;
	check_that_its_end_is_noticed(&cfg);
}

static void
an_idle_server_with_a_child_never_wakes_up(void)
{
	struct sks_server_config cfg = forking_config(SKS_TCP);
	struct sks_server *srv;
	struct sks_socket *s;

	begin();
	cfg.fork_anyway = 1;
	script.in_handle = greet_and_read;
	srv = rig_server(&cfg, &rig_ops, &rig_handler);
	s = rig_connect(srv);
	CHECK_INT(sks_server_handle_request(srv), 1);
	CHECK(greeted(s));
	CHECK_INT(sks_server_start(srv), 0);
	let_pass_ms(200);
	CHECK(strstr(calls(), "service_actions") == NULL);
	hang_up(s);
	sks_server_free(srv);
}

/* --- close --- */

static int
greet_and_end_soon(struct sks_handler *h)
{
	int r = sks_send_text(h->request, "!");

	poll(NULL, 0, 100);
	return r;
}

static void
close_waits_for_children_within_the_grace(void)
{
	struct sks_server_config cfg = forking_config(SKS_TCP);
	struct sks_server *srv;
	struct sks_socket *s;
	int64_t start;

	begin();
	cfg.grace = SOON;
	srv = server_with(&cfg, greet_and_end_soon, &s);
	start = sks_now();
	CHECK_INT(sks_server_close(srv), 0);
	CHECK(seconds_since(start) < SOON / 2);
	CHECK_INT(stats_of(srv).children, 0);
	CHECK_INT(stats_of(srv).children_failed, 0);
	sks_socket_free(s);
	sks_server_free(srv);
}

static void
after_the_grace_a_child_gets_sigterm(void)
{
	begin();
	/* Also where a thread with all signals blocked has forked it. */
	for (int own_thread = 0; own_thread < 2; own_thread++) {
		struct sks_server_config cfg = forking_config(SKS_TCP);
		struct sks_server *srv;
		struct sks_socket *s;
		int64_t start;

		cfg.grace = 0.05;
		cfg.fork_anyway |= own_thread;
		script.in_handle = greet_and_read;
		srv = rig_server(&cfg, NULL, &rig_handler);
		s = rig_connect(srv);
		CHECK_INT(own_thread ? sks_server_start(srv) :
				       sks_server_handle_request(srv),
		    !own_thread);
		CHECK(greeted(s));
		start = sks_now();
		CHECK_INT(sks_server_close(srv), 0);
		CHECK(seconds_since(start) >= 0.05);
		CHECK(seconds_since(start) < 1);
		CHECK_INT(stats_of(srv).children_failed, 1);
		CHECK(ended(s));
		sks_socket_free(s);
		sks_server_free(srv);
	}
}

static void
a_child_that_ignores_sigterm_is_killed_a_second_later(void)
{
	struct sks_server_config cfg = forking_config(SKS_TCP);
	struct sks_server *srv;
	struct sks_socket *s;
	int64_t start;

	begin();
	cfg.grace = 0;
	srv = server_with(&cfg, greet_and_ignore_sigterm, &s);
	start = sks_now();
	CHECK_INT(sks_server_close(srv), 0);
	CHECK(seconds_since(start) >= 1);
	CHECK_INT(stats_of(srv).children, 0);
	CHECK(ended(s));
	sks_socket_free(s);
	sks_server_free(srv);
}

static struct sks_server *signalled;

static void
ask_for_shutdown(int sig)
{
	(void)sig;
	sks_server_request_shutdown(signalled);
}

static int
take_sigterm_as_it_is(struct sks_handler *h)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };

	(void)h;
	return sigaction(SIGTERM, &sa, NULL);
}

/* The program's SIGTERM stops its loop, which ends no child. */
static void
sigterm_does_in_a_child_what_it_does_in_the_program_or_setup_says(void)
{
	struct sigaction sa = { .sa_handler = ask_for_shutdown }, old;

	begin();
	sigaction(SIGTERM, &sa, &old);
	for (int own = 0; own < 2; own++) {
		struct sks_server_config cfg = forking_config(SKS_TCP);
		struct sks_handler_ops handler = rig_handler;
		struct sks_socket *s;
		int64_t start;

		cfg.grace = 0;
		script.in_handle = greet_and_read;
		if (own)
			handler.setup = take_sigterm_as_it_is;
		signalled = rig_server(&cfg, NULL, &handler);
		s = rig_connect(signalled);
		CHECK_INT(sks_server_handle_request(signalled), 1);
		CHECK(greeted(s));
		start = sks_now();
		CHECK_INT(sks_server_close(signalled), 0);
		CHECK_INT(seconds_since(start) >= 1, !own);
		CHECK_INT(stats_of(signalled).children_failed, 1);
		sks_server_free(signalled);
		sks_socket_free(s);
	}
	sigaction(SIGTERM, &old, NULL);
}

static void
without_block_on_close_children_are_told_and_not_awaited(void)
{
	struct sks_server_config cfg = forking_config(SKS_TCP);
	struct sks_socket *first, *second;
	struct sks_server *srv;
	int64_t start;

	begin();
	cfg.block_on_close = 0;
	cfg.grace = SOON;
	srv = server_with(&cfg, greet_and_read, &first);
	script.in_handle = greet_and_ignore_sigterm;
	second = rig_connect(srv);
	CHECK_INT(sks_server_handle_request(srv), 1);
	CHECK(greeted(second));
	start = sks_now();
	CHECK_INT(sks_server_close(srv), 0);
	CHECK(seconds_since(start) < SOON / 2);
	CHECK(stats_of(srv).children >= 1);
	CHECK(ended(first));
	/* That one is waited for all the same, at last. */
	hang_up(second);
	sks_server_free(srv);
	sks_socket_free(first);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

/* --- datagrams: the socket is the server's, and each child's, too --- */

static int gate[2]; /* a byte lets one child through */

static void
open_gate(int n)
{
	CHECK_INT(write(gate[1], "gate", (size_t)n), n);
}

static void
begin_gate(void)
{
	begin();
	if (pipe(gate) < 0)
		abort();
}

static void
end_gate(void)
{
	close(gate[0]);
	close(gate[1]);
}

static int
reply_behind_the_gate(struct sks_handler *h)
{
	char byte;

	end_some_day();
	if (read(gate[0], &byte, 1) != 1)
		return SKS_EUSER;
	return send_back(h);
}

static int
ignore_sigterm_and_reply_behind_the_gate(struct sks_handler *h)
{
	struct sigaction sa = { .sa_handler = SIG_IGN };

	sigaction(SIGTERM, &sa, NULL);
	if (write(here.fds[1], "!", 1) != 1)
		return SKS_EUSER;
	return reply_behind_the_gate(h);
}

/* A server whose child, to whom this client has sent a "?", is inside fn. */
static struct sks_server *
datagrams_with(const struct sks_server_config *cfg,
    int (*fn)(struct sks_handler *), struct sks_socket **client)
{
	struct sks_server *srv;

	script.in_handle = fn;
	srv = rig_server(cfg, NULL, &rig_handler);
	*client = rig_datagrams(srv);
	CHECK_INT(sks_send(*client, "?", 1), 1);
	CHECK_INT(sks_server_handle_request(srv), 1);
	CHECK_INT(stats_of(srv).children, 1);
	return srv;
}

static int
reply_what_it_has(struct sks_handler *h)
{
	int listeners = 0;
	char text[64];

	for (size_t i = 0; i < sks_server_listeners(h->server); i++)
		listeners += sks_server_fileno_at(h->server, i) >= 0;
	snprintf(text, sizeof text, "%d %d %d %d %d\n", in_child(),
	    count_fds() - fds_before, listeners,
	    sks_server_shutdown(h->server, SOON), sks_server_close(h->server));
	return sks_request_reply(h->self, text, strlen(text));
}

/* It replies from the socket that was asked, has no other, and what it does
 * with that is nothing to its parent. */
static void
a_datagrams_child_has_only_the_socket_that_was_asked(void)
{
	if (no_proc())
		return;
	for (int i = STREAMS; i < ALL; i++) {
		struct sks_server_config cfg = forking_config(kinds[i]);
		struct sks_addr more =
		    rig_config(kinds[i], SKS_FORKING).address;
		struct sks_socket *s[2];
		struct sks_server *srv;
		char want[64];

		begin();
		script.in_handle = reply_what_it_has;
		cfg.more_addresses = &more;
		cfg.n_more = 1;
		/* The clients' sockets. */
		fds_before = fds_in_a_child() + 2;
		snprintf(want, sizeof want, "1 2 1 %d %d\n", SKS_EDEADLK,
		    SKS_EBUSY);
		srv = rig_server(&cfg, NULL, &rig_handler);
		for (size_t n = 0; n < 2; n++)
			s[n] = rig_datagrams_to(sks_server_address_at(srv, n));
		for (int n = 0; n < 6; n++) {
			CHECK_INT(sks_send(s[n % 2], "?", 1), 1);
			CHECK_INT(sks_server_handle_request(srv), 1);
			check_text(s[n % 2], want);
		}
		CHECK_INT(sks_server_close(srv), 0);
		CHECK_INT(stats_of(srv).children_failed, 0);
		sks_server_free(srv);
		for (int n = 0; n < 2; n++)
			sks_socket_free(s[n]);
	}
}

/* The bytes of n datagrams, each of one, whatever their order: added up. */
static int
sum_heard(struct sks_socket *s, int n)
{
	int sum = 0;
	char byte;

	while (n-- > 0 && sks_recv(s, &byte, 1) == 1)
		sum += byte;
	return sum;
}

static void
at_max_children_datagrams_wait_in_the_kernel(void)
{
	for (int i = STREAMS; i < ALL; i++) {
		struct sks_server_config cfg = forking_config(kinds[i]);
		struct sks_server *srv;
		struct sks_socket *s;

		begin_gate();
		cfg.max_children = 2;
		cfg.timeout = 0.05;
		srv = datagrams_with(&cfg, reply_behind_the_gate, &s);
		for (int n = 0; n < 3; n++)
			CHECK_INT(sks_send(s, &"abc"[n], 1), 1);
		CHECK_INT(sks_server_handle_request(srv), 1);
		CHECK_INT(sks_server_handle_request(srv), 0);
		CHECK_INT(stats_of(srv).accepted, 2);
		CHECK_INT(stats_of(srv).children, 2);
		open_gate(1);
		while (sks_server_handle_request(srv) == 0)
			;
		CHECK_INT(stats_of(srv).accepted, 3);
		CHECK_INT(stats_of(srv).children, 2);
		open_gate(3);
		while (sks_server_handle_request(srv) == 0)
			;
		CHECK_INT(sum_heard(s, 4), '?' + 'a' + 'b' + 'c');
		CHECK_INT(sks_server_close(srv), 0);
		CHECK_INT(stats_of(srv).accepted, 4);
		CHECK_INT(stats_of(srv).children_failed, 0);
		sks_server_free(srv);
		sks_socket_free(s);
		end_gate();
	}
}

static void
over_processes(struct sks_server *srv, struct sks_request *req,
    enum sks_overload why)
{
	(void)srv;
	note(why == SKS_OVER_PROCESSES ? "over_processes" : "over_another");
	if (sks_request_reply(req, "full\n", 5) < 0)
		note("unsent");
}

static void
a_datagram_for_which_fork_fails_is_refused_and_the_next_served(void)
{
	const struct sks_server_ops ops = { SKS_SERVER_OPS,
		.on_overload = over_processes };

	for (int i = STREAMS; i < ALL; i++) {
		struct sks_server_config cfg = forking_config(kinds[i]);
		struct sks_server *srv;
		struct sks_socket *s;
		int fds;

		begin();
		script.in_handle = send_back;
		srv = rig_server(&cfg, &ops, &rig_handler);
		s = rig_datagrams(srv);
		fds = count_fds();
		here.fork_errno = EAGAIN;
		CHECK_INT(sks_send(s, "?", 1), 1);
		CHECK_INT(sks_server_handle_request(srv), 1);
		check_text(s, "full\n");
		CHECK_STR(calls(), "over_processes");
		CHECK_INT(stats_of(srv).refused[SKS_OVER_PROCESSES], 1);
		CHECK_INT(stats_of(srv).live, 0);
		CHECK_INT(count_fds(), fds);
		here.fork_errno = 0;
		CHECK_INT(sks_send(s, "!", 1), 1);
		CHECK_INT(sks_server_handle_request(srv), 1);
		check_text(s, "!");
		sks_socket_free(s);
		sks_server_free(srv);
	}
}

static int
reply_soon(struct sks_handler *h)
{
	poll(NULL, 0, 100);
	return send_back(h);
}

static void
note_children(struct sks_server *srv)
{
	note(stats_of(srv).children > 0 ? "with_child" : "without");
	sks_default_server_close(srv);
}

/* As with connections, the parent has closed by then. */
static void
what_a_child_replies_while_its_datagram_server_closes_still_leaves(void)
{
	const struct sks_server_ops ops = { SKS_SERVER_OPS,
		.server_close = note_children };

	for (int i = STREAMS; i < ALL; i++) {
		struct sks_server_config cfg = forking_config(kinds[i]);
		struct sks_server *srv;
		struct sks_socket *s;
		int64_t start;

		begin();
		cfg.grace = SOON;
		script.in_handle = reply_soon;
		srv = rig_server(&cfg, &ops, &rig_handler);
		s = rig_datagrams(srv);
		CHECK_INT(sks_send(s, "?", 1), 1);
		CHECK_INT(sks_server_handle_request(srv), 1);
		start = sks_now();
		CHECK_INT(sks_server_close(srv), 0);
		CHECK(seconds_since(start) < SOON / 2);
		CHECK_STR(calls(), "with_child");
		CHECK_INT(sks_server_fileno(srv), -1);
		CHECK_INT(stats_of(srv).children, 0);
		CHECK_INT(stats_of(srv).children_failed, 0);
		check_text(s, "?");
		sks_server_free(srv);
		sks_socket_free(s);
	}
}

static void
after_the_grace_a_datagrams_child_gets_sigterm(void)
{
	for (int i = STREAMS; i < ALL; i++) {
		struct sks_server_config cfg = forking_config(kinds[i]);
		struct sks_server *srv;
		struct sks_socket *s;
		int64_t start;

		begin_gate();
		cfg.grace = 0.05;
		srv = datagrams_with(&cfg, reply_behind_the_gate, &s);
		start = sks_now();
		CHECK_INT(sks_server_close(srv), 0);
		CHECK(seconds_since(start) >= 0.05);
		CHECK(seconds_since(start) < 1);
		CHECK_INT(stats_of(srv).children, 0);
		CHECK_INT(stats_of(srv).children_failed, 1);
		CHECK_INT(sks_server_fileno(srv), -1);
		sks_server_free(srv);
		sks_socket_free(s);
		end_gate();
	}
}

/* It has a descriptor of its own, of the same socket. */
static void
without_block_on_close_a_child_that_lives_on_can_still_reply(void)
{
	for (int i = STREAMS; i < ALL; i++) {
		struct sks_server_config cfg = forking_config(kinds[i]);
		struct sks_server *srv;
		struct sks_socket *s;
		char byte = 0;

		begin_gate();
		cfg.block_on_close = 0;
		srv = datagrams_with(&cfg,
		    ignore_sigterm_and_reply_behind_the_gate, &s);
		CHECK_INT(read(here.fds[0], &byte, 1), 1);
		CHECK_INT(sks_server_close(srv), 0);
		CHECK_INT(stats_of(srv).children, 1);
		CHECK_INT(sks_server_fileno(srv), -1);
		open_gate(1);
		check_text(s, "?");
		sks_server_free(srv);
		sks_socket_free(s);
		end_gate();
	}
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(the_parent_closes_what_the_child_handles_and_shuts_down),
		T(a_child_gives_its_request_another_address_for_itself),
		T(a_request_that_is_not_verified_gets_no_child),
		T(a_failed_get_or_process_forks_nothing),
		T(a_childs_error_is_handled_in_the_child_which_ends_with_1),
		T(stop_ends_the_child_with_1_and_not_the_loop),
		T(what_was_deferred_runs_in_the_child),
		T(three_clients_get_their_line_back_from_three_processes),
		T(three_datagrams_come_back_from_three_processes),
		T(serve_forever_forks_and_reaps),
		T(a_child_of_the_application_stays_waitable),
		T(a_forking_server_closed_at_once_leaves_nothing),
		T(many_children_leave_nothing),
		T(a_child_has_nothing_open_but_its_own_connection),
		T(a_child_neither_stops_nor_unlinks_its_parents_server),
		T(at_max_children_nobody_is_accepted_until_one_ends),
		T(max_children_holds_over_several_listeners),
		T(a_shutdown_is_heard_at_max_children),
		T(max_sessions_counts_a_child_until_it_has_ended),
		T(a_peer_for_whom_fork_fails_is_told_and_closed),
		T(a_peer_whose_child_would_have_no_pipe_is_told_and_closed),
		T(a_process_with_other_threads_does_not_fork),
		T(a_thread_that_came_later_is_noticed_and_the_peer_closed),
		T(start_makes_a_thread_and_so_needs_fork_anyway),
		T(collect_children_reaps_those_that_have_ended),
		T(a_killed_child_wakes_the_loop_and_counts_as_failed),
		T(a_child_that_the_application_reaped_is_no_child_any_more),
		T(a_child_that_closes_its_pipe_does_not_make_the_loop_spin),
		T(a_child_whose_own_child_lives_on_is_noticed_all_the_same),
		T(an_idle_server_with_a_child_never_wakes_up),
		T(close_waits_for_children_within_the_grace),
		T(after_the_grace_a_child_gets_sigterm),
		T(a_child_that_ignores_sigterm_is_killed_a_second_later),
		T(sigterm_does_in_a_child_what_it_does_in_the_program_or_setup_says),
		T(without_block_on_close_children_are_told_and_not_awaited),
		T(a_datagrams_child_has_only_the_socket_that_was_asked),
		T(at_max_children_datagrams_wait_in_the_kernel),
		T(a_datagram_for_which_fork_fails_is_refused_and_the_next_served),
		T(what_a_child_replies_while_its_datagram_server_closes_still_leaves),
		T(after_the_grace_a_datagrams_child_gets_sigterm),
		T(without_block_on_close_a_child_that_lives_on_can_still_reply),
	};

	return t_main_shared("forking", NULL, cases,
	    sizeof cases / sizeof cases[0]);
}
