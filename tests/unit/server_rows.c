/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Row after row of what Python's socketserver has: attributes, methods that a
 * subclass overrides, handlers; and what the classes built on it need.
 */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rig.h"

#define BLOCKED 1u
#define RELEASE 2u

/* --- accept, so that it can fail --- */

static atomic_int accept_errno;
static atomic_uint accepts;

#ifdef HAVE_ACCEPT4
int
accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags)
{
	static int (*real)(int, struct sockaddr *, socklen_t *, int);

	atomic_fetch_add(&accepts, 1);
	if (atomic_load(&accept_errno) != 0) {
		errno = atomic_load(&accept_errno);
		return -1;
	}
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "accept4");
	return real(fd, sa, len, flags);
}
#else
int
accept(int fd, struct sockaddr *sa, socklen_t *len)
{
	static int (*real)(int, struct sockaddr *, socklen_t *);

	atomic_fetch_add(&accepts, 1);
	if (atomic_load(&accept_errno) != 0) {
		errno = atomic_load(&accept_errno);
		return -1;
	}
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "accept");
	return real(fd, sa, len);
}
#endif

static void
begin(void)
{
	rig_reset();
	atomic_store(&accept_errno, 0);
	atomic_store(&accepts, 0);
}

static bool
ended(struct sks_socket *s)
{
	char end;

	return sks_recv(s, &end, 1) == 0;
}

static struct sks_server_stats
stats_of(struct sks_server *srv)
{
	struct sks_server_stats stats;

	sks_server_stats(srv, &stats);
	return stats;
}

/* Handles one request of a new client; what is left is the client. */
static struct sks_socket *
handled(struct sks_server *srv)
{
	struct sks_socket *s = rig_connect(srv);

	CHECK_INT(sks_server_handle_request(srv), 1);
	return s;
}

static void
check_line(struct sks_socket *s, const char *want)
{
	char text[64];
	ssize_t n = sks_recv(s, text, sizeof text - 1);

	text[n < 0 ? 0 : n] = '\0';
	CHECK_STR(text, want);
}

/* --- BaseServer --- */

static int
say_old(struct sks_handler *h)
{
	raise_flag(BLOCKED);
	if (!await_flags(RELEASE))
		return SKS_EUSER;
	return sks_send_text(h->request, "old");
}

static int
say_new(struct sks_handler *h)
{
	return sks_send_text(h->request, "new");
}

static int
finish_old(struct sks_handler *h)
{
	(void)h;
	note("finish_old");
	return 0;
}

static void
a_handler_class_is_swapped_for_the_requests_to_come(void)
{
	static const struct sks_handler_ops old = {
		SKS_HANDLER_OPS(struct sks_handler),
		.handle = say_old, .finish = finish_old,
	}, new = {
		SKS_HANDLER_OPS(struct sks_handler), .handle = say_new,
	}, wrong = { .handle = say_new };
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_socket *first, *second;
	struct sks_server *srv;

	begin();
	srv = rig_server(&cfg, NULL, &old);
	CHECK_INT(sks_server_start(srv), 0);
	first = rig_connect(srv);
	CHECK(await_flags(BLOCKED));
	CHECK_INT(sks_server_set_handler(srv, &wrong), SKS_EINVAL);
	CHECK_INT(sks_server_set_handler(srv, NULL), SKS_EINVAL);
	CHECK_INT(sks_server_set_handler(srv, &new), 0);
	second = rig_connect(srv);
	check_line(second, "new");
	raise_flag(RELEASE);
	check_line(first, "old");
	CHECK(ended(first));
	CHECK_STR(calls(), "finish_old");
	sks_server_free(srv);
	sks_socket_free(first);
	sks_socket_free(second);
}

static void
a_configuration_changed_later_changes_nothing(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_handler_ops handler = echo_handler;
	char name[] = "worker-";
	struct sks_server *srv;

	begin();
	cfg.thread_name = name;
	srv = rig_server(&cfg, NULL, &handler);
	name[0] = '?';
	memset(&cfg, 0x55, sizeof cfg);
	memset(&handler, 0x55, sizeof handler);
	CHECK_INT(sks_server_get_config(srv)->backlog, -1);
	CHECK_INT(sks_server_get_config(srv)->max_children, 40);
	CHECK_STR(sks_server_get_config(srv)->thread_name, "worker-");
	CHECK_INT(sks_server_start(srv), 0);
	CHECK(rig_echo(srv));
	sks_server_free(srv);
}

static void
serve_forever_does_not_look_at_timeout(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;

	begin();
	cfg.timeout = 0.001;
	srv = rig_server(&cfg, &rig_ops, &echo_handler);
	CHECK_INT(sks_server_start(srv), 0);
	let_pass_ms(50);
	CHECK(rig_echo(srv));
	CHECK(strstr(calls(), "handle_timeout") == NULL);
	sks_server_free(srv);
}

/* The six of Python's two time-outs. */
static void
handle_request_waits_for_the_shorter_of_two_time_outs(void)
{
	static const struct {
		double socket, server;
		double least, most;
	} rows[] = {
		{ INFINITY, 0.05, 0.05, SOON },
		{ 0.05, INFINITY, 0.05, SOON },
		{ 0.05, SOON, 0.05, SOON / 2 },
		{ SOON, 0.05, 0.05, SOON / 2 },
		{ 0, SOON, 0, SOON / 2 },
		{ INFINITY, 0, 0, SOON / 2 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
		struct sks_server *srv;
		int64_t start;

		begin();
		cfg.timeout = rows[i].server;
		srv = rig_server(&cfg, &rig_ops, &echo_handler);
		CHECK_INT(sks_settimeout(sks_server_socket(srv),
			      rows[i].socket),
		    0);
		start = sks_now();
		CHECK_INT(sks_server_handle_request(srv), 0);
		CHECK(seconds_since(start) >= rows[i].least);
		CHECK(seconds_since(start) < rows[i].most);
		CHECK_STR(calls(),
		    "server_bind server_activate "
		    "handle_timeout");
		sks_server_free(srv);
	}
}

static void
close_at_scope_end(struct sks_server **srv)
{
	sks_server_free(*srv);
}

/* with TCPServer(...) as srv: */
static void
the_end_of_a_scope_closes_a_server(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_addr address;
	struct sks_socket *s;
	int fds;

	begin();
	fds = count_fds();
	{
		struct sks_server *srv
		    __attribute__((cleanup(close_at_scope_end))) =
			rig_server(&cfg, NULL, &echo_handler);

		CHECK_INT(sks_server_start(srv), 0);
		CHECK(rig_echo(srv));
		address = *sks_server_address(srv);
	}
	CHECK_INT(count_fds(), fds);
	CHECK_INT(sks_create_connection_addr(&address, SOON, &s),
	    SKS_ECONNREFUSED);
}

static void
the_python_form_of_an_error_is_pythons(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server_ops ops = { SKS_SERVER_OPS,
		.handle_error = sks_handle_error_python };
	char want[512], who[SKS_ADDR_TEXT];
	struct sks_server *srv;
	struct sks_addr me;
	struct sks_socket *s;

	begin();
	script.handle = SKS_ETIMEDOUT;
	script.finish = SKS_EUSER;
	srv = rig_server(&cfg, &ops, &rig_handler);
	s = handled(srv);
	CHECK_INT(sks_getsockname(s, &me), 0);
	snprintf(want, sizeof want,
	    "%.40s Exception occurred during "
	    "processing of request from %s timed out During handling of the "
	    "above exception, another exception occurred: the application "
	    "failed %.40s",
	    "----------------------------------------------",
	    sks_addr_format(&me, SKS_STYLE_PYTHON, who, sizeof who),
	    "----------------------------------------------");
	CHECK_STR(seen.log, want);
	CHECK_INT(log_lines(), 6);
	sks_socket_free(s);

	/* A peer that left is no error. */
	begin();
	script.handle = SKS_ERESET;
	sks_socket_free(handled(srv));
	CHECK_INT(log_lines(), 0);
	sks_server_free(srv);
}

static void
the_python_form_knows_errors_of_the_loop(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server_ops ops = rig_ops;
	struct sks_server *srv;

	begin();
	ops.handle_error = sks_handle_error_python;
	script.get = SKS_EUSER;
	srv = rig_server(&cfg, &ops, &rig_handler);
	sks_socket_free(handled(srv));
	CHECK(strstr(seen.log,
		  "- Exception occurred in the server's loop "
		  "the application failed -") != NULL);
	CHECK_INT(log_lines(), 4);
	sks_server_free(srv);
}

/* --- TCPServer, UnixStreamServer --- */

static void
bind_and_activate_may_come_later_and_the_socket_is_there(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;

	begin();
	cfg.bind_and_activate = 0;
	srv = rig_server(&cfg, &rig_ops, &echo_handler);
	CHECK_STR(calls(), "");
	CHECK(sks_server_fileno(srv) >= 0);
	CHECK_INT(sks_fileno(sks_server_socket(srv)), sks_server_fileno(srv));
	CHECK_INT(sks_server_fileno_at(srv, 0), sks_server_fileno(srv));
	CHECK_INT(sks_server_fileno_at(srv, 1), -1);
	CHECK_INT(sks_addr_port(sks_server_address(srv)), 0);
	CHECK_INT(sks_set_option(sks_server_socket(srv), SKS_RCVBUF, 4096), 0);
	CHECK_INT(sks_server_bind(srv), 0);
	CHECK(sks_addr_port(sks_server_address(srv)) != 0);
	CHECK_INT(sks_server_activate(srv), 0);
	CHECK_INT(sks_server_start(srv), 0);
	CHECK(rig_echo(srv));
	sks_server_free(srv);
}

static void
ready(struct sks_server *srv)
{
	note(sks_addr_port(sks_server_address(srv)) != 0 ? "ready" : "early");
}

static void
on_ready_comes_when_the_address_is_known(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server_ops ops = rig_ops;

	begin();
	ops.on_ready = ready;
	sks_server_free(rig_server(&cfg, &ops, &echo_handler));
	CHECK_STR(calls(), "server_bind server_activate ready server_close");
}

static int
backlog_of(const struct sks_server *srv)
{
	struct tcp_info info;
	socklen_t len = sizeof info;

	if (getsockopt(sks_server_fileno(srv), IPPROTO_TCP, TCP_INFO, &info,
		&len) < 0)
		return -1;
	return (int)info.tcpi_sacked; /* of a listener, on Linux */
}

static void
the_backlog_is_pythons_request_queue_size(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;

	begin();
	srv = rig_server(&cfg, NULL, &echo_handler);
	CHECK(backlog_of(srv) >= 128);
	sks_server_free(srv);
	cfg.backlog = 5;
	srv = rig_server(&cfg, NULL, &echo_handler);
	CHECK_INT(backlog_of(srv), 5);
	sks_server_free(srv);
}

/* The server hangs up first, so the port is in TIME_WAIT when it is closed. */
static struct sks_addr
leave_time_wait(const struct sks_server_config *cfg)
{
	struct sks_server *srv = rig_server(cfg, NULL, &rig_handler);
	struct sks_addr address = *sks_server_address(srv);
	struct sks_socket *s = handled(srv);

	CHECK(ended(s));
	sks_socket_free(s);
	sks_server_free(srv);
	return address;
}

/* The number behind these words in a file of /proc; -1 if there is none. */
static long
number_behind(const char *path, const char *words)
{
	FILE *f = fopen(path, "r");
	char row[256], *at = NULL;

	while (f != NULL && at == NULL && fgets(row, sizeof row, f) != NULL)
		at = strstr(row, words);
	if (f != NULL)
		fclose(f);
	return at == NULL ? -1 : strtol(at + strlen(words), NULL, 10);
}

/* Where as many ports wait as may, the next one does not. */
static bool
no_more_may_wait(void)
{
	long most = number_behind("/proc/sys/net/ipv4/tcp_max_tw_buckets", "");

	return most >= 0 &&
	    number_behind("/proc/net/sockstat", " tw ") >= most - 100;
}

static void
without_allow_reuse_address_a_restart_must_wait(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;

	if (no_more_may_wait()) {
		t_skip("the system keeps no more connections in TIME_WAIT");
		return;
	}
	begin();
	cfg.allow_reuse_address = 0;
	cfg.address = leave_time_wait(&cfg);
	CHECK_INT(sks_server_new(&cfg, NULL, &rig_handler, &srv),
	    SKS_EADDRINUSE);
}

static void
a_server_restarts_while_its_old_connections_are_open(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_socket *mine, *theirs;
	struct sks_server *srv;
	int fd;

	begin();
	srv = rig_server(&cfg, NULL, &echo_handler);
	mine = rig_connect(srv);
	fd = accept(sks_server_fileno(srv), NULL, NULL);
	CHECK_INT(sks_socket_fromfd(fd, &theirs), 0);
	cfg.address = *sks_server_address(srv);
	sks_server_free(srv);
	srv = rig_server(&cfg, NULL, &echo_handler);
	if (CHECK(srv != NULL)) {
		CHECK_INT(sks_server_start(srv), 0);
		CHECK(rig_echo(srv));
	}
	CHECK_INT(sks_send_text(theirs, "still"), 0);
	check_line(mine, "still");
	sks_server_free(srv);
	sks_socket_free(mine);
	sks_socket_free(theirs);
}

static void
two_servers_share_a_port_only_if_both_want_to(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *first, *second;

	begin();
	first = rig_server(&cfg, NULL, &echo_handler);
	cfg.address = *sks_server_address(first);
	cfg.allow_reuse_port = 1;
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_handler, &second),
	    SKS_EADDRINUSE);
	sks_server_free(first);
	first = rig_server(&cfg, NULL, &echo_handler);
	second = rig_server(&cfg, NULL, &echo_handler);
	CHECK(first != NULL && second != NULL);
	sks_server_free(first);
	sks_server_free(second);
}

static void
a_shared_unix_path_is_refused_with_the_reason(void)
{
	struct sks_server_config cfg = rig_config(SKS_UNIX_STREAM, SKS_SYNC);
	struct sks_server *srv;
	char text[160];

	begin();
	cfg.allow_reuse_port = 1;
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_handler, &srv), SKS_EINVAL);
	CHECK_STR(sks_error_text(text, sizeof text),
	    "allow_reuse_port is not "
	    "for Unix sockets: an argument makes no sense");
}

static void
without_dual_stack_ipv4_is_refused(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *s;
	unsigned port;

	begin();
	CHECK_INT(sks_addr_parse("[::]:0", 0, &cfg.address), 0);
	cfg.dual_stack = 0;
	if (sks_server_new(&cfg, NULL, &rig_handler, &srv) < 0)
		return; /* no IPv6 here */
	port = sks_addr_port(sks_server_address(srv));
	CHECK_INT(sks_create_connection("127.0.0.1", port, SOON, &s),
	    SKS_ECONNREFUSED);
	CHECK_INT(sks_create_connection("::1", port, SOON, &s), 0);
	CHECK_INT(sks_server_handle_request(srv), 1);
	sks_socket_free(s);
	sks_server_free(srv);
}

static void
the_mode_of_a_unix_socket_is_as_configured(void)
{
	struct sks_server_config cfg = rig_config(SKS_UNIX_STREAM, SKS_SYNC);
	struct sks_server *srv;
	struct stat st;

	begin();
	cfg.unix_mode = 0660;
	srv = rig_server(&cfg, NULL, &echo_handler);
	CHECK(lstat(sks_addr_path(&cfg.address), &st) == 0);
	CHECK_INT(st.st_mode & 0777, 0660);
	sks_server_free(srv);
}

/* Python leaves the path, and then cannot bind it again. */
static void
without_unix_unlink_and_stale_a_path_is_as_pythons(void)
{
	struct sks_server_config cfg = rig_config(SKS_UNIX_STREAM, SKS_SYNC);
	struct sks_server *srv;

	begin();
	cfg.unix_unlink = cfg.unix_unlink_stale = 0;
	sks_server_free(rig_server(&cfg, NULL, &echo_handler));
	CHECK_INT(access(sks_addr_path(&cfg.address), F_OK), 0);
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_handler, &srv),
	    SKS_EADDRINUSE);
}

static int
tell_client(struct sks_handler *h)
{
	char text[SKS_ADDR_TEXT];
	uid_t uid;

	if (sks_peercred(h->request, &uid, NULL, NULL) < 0 || uid != geteuid())
		return SKS_EUSER;
	return sks_send_text(h->request,
	    sks_addr_format(h->client_address, SKS_STYLE_PYTHON, text,
		sizeof text));
}

static void
a_unix_client_has_no_address_but_credentials(void)
{
	struct sks_server_config cfg = rig_config(SKS_UNIX_STREAM, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *s;

	begin();
	script.in_handle = tell_client;
	srv = rig_server(&cfg, NULL, &rig_handler);
	s = handled(srv);
	check_line(s, "''");
	sks_socket_free(s);
	sks_server_free(srv);
}

/* --- accept fails --- */

static void
a_system_out_of_something_is_asked_again_slowly_until_it_has(void)
{
	static const int errnos[] = { ENFILE, ENOBUFS, ENOMEM };

	for (size_t i = 0; i < 3; i++) {
		struct sks_server_config cfg =
		    rig_config(SKS_TCP, SKS_THREADING);
		struct sks_server *srv;
		struct sks_socket *s;
		int64_t start;

		begin();
		srv = rig_server(&cfg, &rig_ops, &rig_handler);
		s = rig_connect(srv);
		atomic_store(&accept_errno, errnos[i]);
		CHECK_INT(sks_server_start(srv), 0);
		let_pass_ms(500);
		CHECK(atomic_load(&accepts) >= 1);
		CHECK(atomic_load(&accepts) <= 10);
		CHECK_INT(log_lines(), 1);
		CHECK_INT(stats_of(srv).by_errno[0].sys_errno, errnos[i]);
		start = sks_now();
		atomic_store(&accept_errno, 0);
		CHECK(ended(s));
		CHECK(seconds_since(start) < 1);
		CHECK(strstr(calls(), "handle_error") == NULL);
		sks_server_free(srv);
		sks_socket_free(s);
	}
}

static void
an_aborted_connection_is_dropped_and_counted_only(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;

	begin();
	srv = rig_server(&cfg, &rig_ops, &echo_handler);
	atomic_store(&accept_errno, ECONNABORTED);
	sks_socket_free(handled(srv));
	CHECK_STR(calls(), "server_bind server_activate get_request");
	CHECK_INT(log_lines(), 0);
	CHECK_INT(stats_of(srv).accept_errors, 1);
	CHECK_INT(stats_of(srv).by_errno[0].sys_errno, ECONNABORTED);
	sks_server_free(srv);
}

static void
a_listener_that_is_none_ends_the_loop_with_an_error(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *s;

	begin();
	srv = rig_server(&cfg, &rig_ops, &echo_handler);
	s = rig_connect(srv);
	atomic_store(&accept_errno, EINVAL);
	CHECK_INT(sks_server_serve_forever(srv), SKS_EINVAL);
	sks_socket_free(s);
	/* And one that was closed behind its back. */
	close(sks_server_fileno(srv));
	CHECK_INT(sks_server_handle_request(srv), SKS_ECLOSED);
	CHECK_INT(sks_server_serve_forever(srv), SKS_ECLOSED);
	sks_server_free(srv);
}

static int
fail_as_accept(struct sks_server *srv, struct sks_request **req)
{
	(void)srv;
	(void)req;
	note("get_request");
	return sks_error_set_errno(ECONNABORTED, "accept");
}

static void
an_own_get_request_may_fail_as_accept_does(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server_ops ops = rig_ops;
	struct sks_server *srv;

	begin();
	ops.get_request = fail_as_accept;
	srv = rig_server(&cfg, &ops, &echo_handler);
	sks_socket_free(handled(srv));
	CHECK_STR(calls(), "server_bind server_activate get_request");
	CHECK_INT(stats_of(srv).by_errno[0].sys_errno, ECONNABORTED);
	sks_server_free(srv);
}

/* --- ThreadingMixIn --- */

static int
tell_thread(struct sks_handler *h)
{
	pthread_attr_t attr;
	char name[16] = "guest-1", text[64];
	size_t size;

	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstacksize(&attr, &size);
	pthread_attr_destroy(&attr);
#ifdef HAVE_PTHREAD_SETNAME_NP
	pthread_getname_np(pthread_self(), name, sizeof name);
#endif
	snprintf(text, sizeof text, "%s %zu", name, size >> 20);
	return sks_send_text(h->request, text);
}

static void
a_worker_has_the_name_and_the_stack_that_was_asked_for(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;
	struct sks_socket *s;

	begin();
	cfg.thread_name = "guest-";
	/* glibc reuses the stack of a thread that has ended, but none that is
	 * more than four times as large. */
	cfg.stack_size = (size_t)1 << 20;
	script.in_handle = tell_thread;
	srv = rig_server(&cfg, NULL, &rig_handler);
	s = handled(srv);
	check_line(s, "guest-1 1");
	sks_server_free(srv);
	sks_socket_free(s);
}

/* As the first handler of somebody who comes from Python may do. */
static int
use_large_buffer(struct sks_handler *h)
{
	volatile char buf[256 * 1024];

	for (size_t i = 0; i < sizeof buf; i += 1024)
		buf[i] = 'x';
	return buf[sizeof buf - 1024] == 'x' ?
	    sks_send_text(h->request, "fits") :
	    SKS_EUSER;
}

static void
a_handler_has_the_systems_stack_unless_it_was_asked_for_less(void)
{
	static const enum sks_concurrency each[] = { SKS_SYNC, SKS_THREADING };

	for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
		struct sks_server_config cfg = rig_config(SKS_TCP, each[i]);
		struct sks_server *srv;
		struct sks_socket *s;

		begin();
		script.in_handle = use_large_buffer;
		srv = rig_server(&cfg, NULL, &rig_handler);
		CHECK_INT(sks_server_start(srv), 0);
		s = rig_connect(srv);
		check_line(s, "fits");
		sks_server_free(srv);
		sks_socket_free(s);
	}
}

static int
wait_for_release(struct sks_handler *h)
{
	(void)h;
	raise_flag(BLOCKED);
	await_flags(RELEASE);
	note(sks_handler_stopping(h) ? "asked" : "not_asked");
	return 0;
}

static void
without_block_on_close_close_cuts_and_does_not_wait(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;
	struct sks_socket *s;
	int64_t start;
	int fds;

	begin();
	fds = count_fds();
	cfg.block_on_close = 0;
	cfg.grace = SOON;
	script.in_handle = wait_for_release;
	srv = rig_server(&cfg, NULL, &rig_handler);
	CHECK_INT(sks_server_start(srv), 0);
	s = rig_connect(srv);
	CHECK(await_flags(BLOCKED));
	start = sks_now();
	CHECK_INT(sks_server_close(srv), 0);
	CHECK(seconds_since(start) < SOON / 2);
	CHECK_INT(stats_of(srv).live, 1);
	CHECK(ended(s));
	CHECK_INT(sks_server_fileno(srv), -1);
	raise_flag(RELEASE);
	sks_server_free(srv);
	CHECK_STR(calls(), "setup handle asked finish");
	sks_socket_free(s);
	CHECK_INT(count_fds(), fds);
}

static int
read_for_ever(struct sks_handler *h)
{
	char byte;

	raise_flag(BLOCKED);
	return (int)sks_recv(h->request, &byte, 1);
}

static void
without_block_on_close_a_loop_that_handles_is_cut_at_once(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *s;
	int64_t start;

	begin();
	cfg.block_on_close = 0;
	cfg.grace = SOON;
	script.in_handle = read_for_ever;
	srv = rig_server(&cfg, &rig_ops, &rig_handler);
	CHECK_INT(sks_server_start(srv), 0);
	s = rig_connect(srv);
	CHECK(await_flags(BLOCKED));
	start = sks_now();
	CHECK_INT(sks_server_close(srv), 0);
	CHECK(seconds_since(start) < SOON / 2);
	CHECK_INT(stats_of(srv).live, 0);
	CHECK_INT(sks_server_fileno(srv), -1);
	sks_server_free(srv);
	sks_socket_free(s);
}

/* A datagram's socket is the server's: it is cut, and closed by the free. */
static void
without_block_on_close_a_lent_socket_is_cut_and_closed_last(void)
{
	struct sks_server_config cfg = rig_config(SKS_UDP, SKS_THREADING);
	struct sks_server *srv;
	struct sks_socket *s;

	begin();
	cfg.block_on_close = 0;
	script.in_handle = wait_for_release;
	srv = rig_server(&cfg, NULL, &rig_handler);
	CHECK_INT(sks_server_start(srv), 0);
	s = rig_client(srv, SKS_UDP);
	CHECK_INT(sks_send(s, "?", 1), 1);
	CHECK(await_flags(BLOCKED));
	CHECK_INT(sks_server_close(srv), 0);
	CHECK(sks_server_fileno(srv) >= 0);
	raise_flag(RELEASE);
	sks_server_free(srv);
	CHECK_STR(calls(), "setup handle asked finish");
	sks_socket_free(s);
}

/* --- handlers --- */

static int
note_end(struct sks_handler *h)
{
	static const char *const names[] = { "none", "done", "peer", "timeout",
		"stop", "closing", "error" };

	note(names[h->end_reason]);
	return 0;
}

static int
read_once(struct sks_handler *h)
{
	char byte;
	ssize_t n;

	raise_flag(BLOCKED);
	n = sks_recv(h->request, &byte, 1);
	return n < 0 ? (int)n : 0;
}

static struct sks_handler_ops
ending_handler(int (*handle)(struct sks_handler *))
{
	struct sks_handler_ops ops = { SKS_HANDLER_OPS(struct sks_handler),
		.finish = note_end };

	ops.handle = handle;
	return ops;
}

static void
a_silent_customer_is_left_after_the_idle_timeout(void)
{
	const struct sks_handler_ops ops = ending_handler(read_once);
	struct sks_socket *mine, *theirs, *s;
	struct sks_server *srv;

	for (int i = 0; i < 4; i++) {
		struct sks_server_config cfg =
		    rig_config(i / 2 ? SKS_TCP : SKS_UNIX_STREAM,
			i % 2 ? SKS_SYNC : SKS_THREADING);

		begin();
		cfg.idle_timeout = 0.02;
		srv = rig_server(&cfg, &rig_ops, &ops);
		s = handled(srv);
		CHECK(ended(s));
		CHECK(await_call("timeout handle_error"));
		CHECK_INT(seen.error.code, SKS_ETIMEDOUT);
		/* An adopted one, too. */
		begin();
		CHECK_INT(sks_socketpair(&mine, &theirs), 0);
		CHECK_INT(sks_server_adopt(srv, theirs), 0);
		CHECK_INT(sks_server_handle_request(srv), 1);
		CHECK(ended(mine));
		CHECK(await_call("timeout handle_error"));
		sks_server_free(srv);
		sks_socket_free(mine);
		sks_socket_free(s);
	}
}

static void
an_idle_timeout_of_nothing_is_refused(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;

	begin();
	cfg.idle_timeout = 0;
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_handler, &srv), SKS_EINVAL);
	cfg.idle_timeout = NAN;
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_handler, &srv), SKS_EINVAL);
	cfg.idle_timeout = INFINITY;
	cfg.max_children = 0;
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_handler, &srv), SKS_EINVAL);
}

static void
a_datagram_servers_socket_gets_no_idle_timeout(void)
{
	struct sks_server_config cfg = rig_config(SKS_UDP, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *s;

	begin();
	cfg.idle_timeout = 0.02;
	srv = rig_server(&cfg, NULL, &rig_handler);
	s = rig_client(srv, SKS_UDP);
	CHECK_INT(sks_send(s, "?", 1), 1);
	CHECK_INT(sks_server_handle_request(srv), 1);
	CHECK(isinf(sks_gettimeout(sks_server_socket(srv))));
	sks_socket_free(s);
	sks_server_free(srv);
}

static int
choose_own_end(struct sks_handler *h)
{
	h->end_reason = SKS_END_PEER;
	return SKS_EUSER;
}

static void
finish_learns_of_a_closing_server_and_of_handles_own_reason(void)
{
	struct sks_handler_ops ops = ending_handler(read_once);
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server *srv;
	struct sks_socket *s;

	begin();
	srv = rig_server(&cfg, NULL, &ops);
	s = handled(srv);
	CHECK(await_flags(BLOCKED));
	CHECK_INT(sks_server_close(srv), 0);
	CHECK_STR(calls(), "closing");
	sks_server_free(srv);
	sks_socket_free(s);

	begin();
	ops = ending_handler(choose_own_end);
	srv = rig_server(&cfg, NULL, &ops);
	sks_socket_free(handled(srv));
	CHECK(await_call("peer"));
	sks_server_free(srv);
}

/* StreamRequestHandler with these attributes and this handle. */
static struct sks_stream_handler attributes;
static int (*stream_handle)(struct sks_stream_handler *);

static int
setup_attributes(struct sks_handler *h)
{
	struct sks_stream_handler *sh = (struct sks_stream_handler *)h;

	sh->timeout = attributes.timeout;
	sh->rbufsize = attributes.rbufsize;
	sh->wbufsize = attributes.wbufsize;
	sh->disable_nagle_algorithm = attributes.disable_nagle_algorithm;
	return sks_stream_handler_setup(h);
}

static int
handle_stream(struct sks_handler *h)
{
	return stream_handle((struct sks_stream_handler *)h);
}

static int
finish_stream(struct sks_handler *h)
{
	int r = sks_stream_handler_finish(h);

	note_end(h);
	return r;
}

static const struct sks_handler_ops stream_ops = {
	SKS_HANDLER_OPS(struct sks_stream_handler),
	.setup = setup_attributes,
	.handle = handle_stream,
	.finish = finish_stream,
};

static struct sks_server *
stream_server(int (*handle)(struct sks_stream_handler *))
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);

	begin();
	memset(&attributes, 0, sizeof attributes);
	stream_handle = handle;
	return rig_server(&cfg, &rig_ops, &stream_ops);
}

static int
tell_attributes(struct sks_stream_handler *sh)
{
	char text[64];
	int nodelay = -1;

	if (sks_get_option(sh->base.request, SKS_NODELAY, &nodelay) < 0)
		return SKS_EUSER;
	snprintf(text, sizeof text, "%d %d %g\n", nodelay,
	    sks_stream_fileno(sh->wfile) == sks_fileno(sh->base.request),
	    sks_gettimeout(sh->base.request));
	return (int)sks_stream_write(sh->wfile, text, strlen(text));
}

static void
a_stream_handler_sets_nagle_and_timeout_in_its_setup(void)
{
	struct sks_server *srv = stream_server(tell_attributes);
	struct sks_socket *s = handled(srv);

	check_line(s, "0 1 inf\n");
	sks_socket_free(s);
	attributes.disable_nagle_algorithm = 1;
	attributes.timeout = 2.5;
	s = handled(srv);
	check_line(s, "1 1 2.5\n");
	sks_socket_free(s);
	sks_server_free(srv);
}

static int
read_lines(struct sks_stream_handler *sh)
{
	char line[64];
	ssize_t n = sks_stream_readline(sh->rfile, line, sizeof line);

	if (n != SKS_ETIMEDOUT)
		return SKS_EUSER;
	raise_flag(BLOCKED);
	/* Python could read no more: "cannot read from timed out object". */
	sh->timeout = SOON;
	if (sks_settimeout(sh->base.request, SOON) < 0)
		return SKS_EUSER;
	n = sks_stream_readline(sh->rfile, line, sizeof line);
	return n < 0 ? (int)n :
		       (int)sks_stream_write(sh->wfile, line, (size_t)n);
}

static void *
handle_one(void *srv)
{
	return (void *)(intptr_t)sks_server_handle_request(srv);
}

static void
a_stream_handler_reads_on_after_its_timeout(void)
{
	struct sks_server *srv = stream_server(read_lines);
	struct sks_socket *s = rig_connect(srv);
	pthread_t thread;
	void *result;

	attributes.timeout = 0.02;
	CHECK_INT(sks_send_text(s, "half"), 0);
	pthread_create(&thread, NULL, handle_one, srv);
	CHECK(await_flags(BLOCKED));
	CHECK_INT(sks_send_text(s, " and half\n"), 0);
	pthread_join(thread, &result);
	CHECK_INT((intptr_t)result, 1);
	check_line(s, "half and half\n");
	sks_socket_free(s);
	sks_server_free(srv);
}

static int
write_and_fail(struct sks_stream_handler *sh)
{
	ssize_t n = sks_stream_write(sh->wfile, "partial", 7);

	return n == 7 ? SKS_EUSER : 0;
}

static void
finish_flushes_what_a_failed_handle_wrote(void)
{
	struct sks_server *srv = stream_server(write_and_fail);
	struct sks_socket *s;

	attributes.wbufsize = -1;
	s = handled(srv);
	check_line(s, "partial");
	CHECK(ended(s));
	CHECK_INT(seen.error.code, SKS_EUSER);
	sks_socket_free(s);
	sks_server_free(srv);
}

static int
write_to_nobody(struct sks_stream_handler *sh)
{
	/* The reset has come when this returns. */
	if (sks_wait_hup(sh->base.request, sks_after(SOON)) < 0)
		return SKS_EUSER;
	return sks_stream_write(sh->wfile, "lost", 4) == 4 ? 0 : SKS_EUSER;
}

/* Python flushes twice here, and reports the second failure. */
static void
a_peer_gone_before_the_flush_is_an_end_reason_and_no_error(void)
{
	struct sks_server *srv = stream_server(write_to_nobody);
	struct sks_socket *s = rig_connect(srv);

	attributes.wbufsize = -1;
	sks_reset(s);
	CHECK_INT(sks_server_handle_request(srv), 1);
	CHECK(strstr(calls(), "peer") != NULL);
	CHECK(strstr(calls(), "handle_error") == NULL);
	sks_socket_free(s);
	sks_server_free(srv);
}

static int
read_from_both(struct sks_stream_handler *sh)
{
	char line[64], rest[64];
	ssize_t n = sks_stream_readline(sh->rfile, line, sizeof line);
	ssize_t m = sks_recv(sh->base.request, rest, sizeof rest);

	return n == 6 && m == 4 && memcmp(rest, "rest", 4) == 0 ? 0 : SKS_EUSER;
}

/* Ours cannot be 0 for "unbuffered", since 0 is what is not set: 1 is. */
static void
a_stream_handlers_rfile_reads_ahead_unless_it_is_told(void)
{
	static const int sizes[] = { 0, -1, 1 };
	struct sks_server *srv = stream_server(read_from_both);

	for (int i = 0; i < 3; i++) {
		struct sks_socket *s = rig_connect(srv);

		begin();
		attributes.rbufsize = sizes[i];
		CHECK_INT(sks_send_text(s, "line1\nrest"), 0);
		CHECK_INT(sks_shutdown(s, SKS_SHUT_WR), 0);
		CHECK_INT(sks_server_handle_request(srv), 1);
		CHECK_INT(seen.error.code, sizes[i] == 1 ? 0 : SKS_EUSER);
		sks_socket_free(s);
	}
	sks_server_free(srv);
}

/* --- what real subclasses need --- */

/* HTTPServer: call up, then read the bound address. */
static int
http_server_bind(struct sks_server *srv)
{
	char host[SKS_ADDR_TEXT];
	int r = sks_default_server_bind(srv);

	if (r == 0)
		note(sks_addr_format(sks_server_address(srv), SKS_STYLE_HOST,
		    host, sizeof host));
	return r;
}

struct simple_handler {
	struct sks_handler base;
	const char *directory;
};

static int
tell_directory(struct sks_handler *h)
{
	return sks_send_text(h->request, sks_server_user(h->server));
}

static int
dual_stack_finish_request(struct sks_server *srv, struct sks_request *req)
{
	note(sks_server_user(srv));
	return sks_default_finish_request(srv, req);
}

static void
http_server_calls_up_and_hands_its_handlers_an_argument(void)
{
	static const struct sks_handler_ops handler = {
		SKS_HANDLER_OPS(struct simple_handler),
		.handle = tell_directory,
	};
	static char directory[] = "/srv/www";
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_THREADING);
	struct sks_server_ops ops = {
		SKS_SERVER_OPS,
		.server_bind = http_server_bind,
		.finish_request = dual_stack_finish_request,
	};
	struct sks_server *srv;
	struct sks_socket *s;

	begin();
	cfg.user = directory;
	srv = rig_server(&cfg, &ops, &handler);
	s = handled(srv);
	check_line(s, directory);
	CHECK(ended(s));
	sks_server_free(srv);
	CHECK_STR(calls(), "127.0.0.1 /srv/www");
	sks_socket_free(s);
}

/* logging.config's receiver and pydoc's DocServer: a loop of one's own. */
static void
a_loop_of_ones_own_polls_fileno_and_handles_requests(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;
	struct sks_socket *s[3];
	int served = 0;

	begin();
	cfg.timeout = 0;
	srv = rig_server(&cfg, NULL, &echo_handler);
	for (int i = 0; i < 3; i++) {
		s[i] = rig_connect(srv);
		CHECK_INT(sks_send_text(s[i], "line\n"), 0);
	}
	while (served < 3) {
		struct pollfd pfd = { .fd = sks_server_fileno(srv),
			.events = POLLIN };

		if (!CHECK_INT(poll(&pfd, 1, 10000), 1))
			break;
		served += sks_server_handle_request(srv);
	}
	CHECK_INT(sks_server_handle_request(srv), 0);
	CHECK_INT(sks_server_close(srv), 0);
	for (int i = 0; i < 3; i++) {
		check_line(s[i], "line\n");
		sks_socket_free(s[i]);
	}
	sks_server_free(srv);
}

/* --- programs that were built with another header --- */

static void
the_config_of_an_older_header_has_the_defaults_of_what_it_lacks(void)
{
	const size_t size = offsetof(struct sks_server_config, thread_name);
	union {
		struct sks_server_config cfg;
		unsigned char bytes[sizeof(struct sks_server_config)];
	} u;
	struct sks_server *srv;

	rig_reset();
	memset(&u, 0xa5, sizeof u);
	sks_server_config_init_sized(&u.cfg, size, SKS_TCP, SKS_THREADING);
	CHECK_INT(u.cfg.size, size);
	CHECK_INT(u.cfg.max_children, 40);
	for (size_t i = size; i < sizeof u; i++)
		if (!CHECK_INT(u.bytes[i], 0xa5))
			break;
	CHECK_INT(sks_addr_parse("127.0.0.1:0", 0, &u.cfg.address), 0);
	if (!CHECK_INT(sks_server_new(&u.cfg, NULL, &echo_handler, &srv), 0))
		return;
	CHECK_INT(sks_server_start(srv), 0);
	CHECK(rig_echo(srv));
	CHECK(sks_server_user(srv) == NULL);
	sks_server_free(srv);
}

static void
a_config_that_is_none_or_of_a_newer_header_is_refused(void)
{
	struct sks_server_config cfg = rig_config(SKS_TCP, SKS_SYNC);
	struct sks_server *srv;

	cfg.size = sizeof cfg + 8;
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_handler, &srv), SKS_ENOTSUP);
	cfg.size = 0;
	CHECK_INT(sks_server_new(&cfg, NULL, &echo_handler, &srv), SKS_EINVAL);
	CHECK(srv == NULL);
	/* For who cannot use the macro. */
	(sks_server_config_init)(&cfg, SKS_TCP, SKS_SYNC);
	CHECK_INT(cfg.size, sizeof cfg);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_handler_class_is_swapped_for_the_requests_to_come),
		T(a_configuration_changed_later_changes_nothing),
		T(serve_forever_does_not_look_at_timeout),
		T(handle_request_waits_for_the_shorter_of_two_time_outs),
		T(the_end_of_a_scope_closes_a_server),
		T(the_python_form_of_an_error_is_pythons),
		T(the_python_form_knows_errors_of_the_loop),
		T(bind_and_activate_may_come_later_and_the_socket_is_there),
		T(on_ready_comes_when_the_address_is_known),
		T(the_backlog_is_pythons_request_queue_size),
		T(without_allow_reuse_address_a_restart_must_wait),
		T(a_server_restarts_while_its_old_connections_are_open),
		T(two_servers_share_a_port_only_if_both_want_to),
		T(a_shared_unix_path_is_refused_with_the_reason),
		T(without_dual_stack_ipv4_is_refused),
		T(the_mode_of_a_unix_socket_is_as_configured),
		T(without_unix_unlink_and_stale_a_path_is_as_pythons),
		T(a_unix_client_has_no_address_but_credentials),
		T(a_system_out_of_something_is_asked_again_slowly_until_it_has),
		T(an_aborted_connection_is_dropped_and_counted_only),
		T(a_listener_that_is_none_ends_the_loop_with_an_error),
		T(an_own_get_request_may_fail_as_accept_does),
		T(a_worker_has_the_name_and_the_stack_that_was_asked_for),
		T(a_handler_has_the_systems_stack_unless_it_was_asked_for_less),
		T(without_block_on_close_close_cuts_and_does_not_wait),
		T(without_block_on_close_a_loop_that_handles_is_cut_at_once),
		T(without_block_on_close_a_lent_socket_is_cut_and_closed_last),
		T(a_silent_customer_is_left_after_the_idle_timeout),
		T(a_datagram_servers_socket_gets_no_idle_timeout),
		T(an_idle_timeout_of_nothing_is_refused),
		T(finish_learns_of_a_closing_server_and_of_handles_own_reason),
		T(a_stream_handler_sets_nagle_and_timeout_in_its_setup),
		T(a_stream_handler_reads_on_after_its_timeout),
		T(finish_flushes_what_a_failed_handle_wrote),
		T(a_peer_gone_before_the_flush_is_an_end_reason_and_no_error),
		T(a_stream_handlers_rfile_reads_ahead_unless_it_is_told),
		T(http_server_calls_up_and_hands_its_handlers_an_argument),
		T(a_loop_of_ones_own_polls_fileno_and_handles_requests),
		T(the_config_of_an_older_header_has_the_defaults_of_what_it_lacks),
		T(a_config_that_is_none_or_of_a_newer_header_is_refused),
	};

	return t_main_shared("server_rows", NULL, cases,
	    sizeof cases / sizeof cases[0]);
}
