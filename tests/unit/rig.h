/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the tests of libsocketserver share: a server whose every callback notes
 * that it was called, and what is needed to look at this process from outside.
 */
#ifndef RIG_H
#define RIG_H

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/lock.h"
#include "socketserver/socketserver.h"
#include "t.h"

#define SOON 10.0 /* seconds: what should come at once comes in these */

static struct {
	struct dw_lock lock;
	struct dw_cond changed;
	char calls[2048]; /* names of callbacks, in order */
	char log[2048];   /* lines of the log callback */
	unsigned lines;
	unsigned flags;         /* raised by whoever has come so far */
	struct sks_error error; /* the last that was handled */
} seen;

/* What the callbacks are to return, and to do meanwhile. */
static struct {
	int bind, activate, get, verify, process, setup, handle, finish;
	int service;
	int (*in_handle)(struct sks_handler *h);
} script;

static inline void
rig_reset(void)
{
	static int once;

	if (!once) {
		dw_lock_init(&seen.lock, DW_LOCK_test);
		dw_cond_init(&seen.changed);
		once = 1;
	}
	dw_lock(&seen.lock);
	seen.calls[0] = seen.log[0] = '\0';
	seen.lines = seen.flags = 0;
	memset(&seen.error, 0, sizeof seen.error);
	dw_unlock(&seen.lock);
	memset(&script, 0, sizeof script);
	script.verify = 1;
}

static inline void
append(char *to, size_t size, const char *word)
{
	size_t len = strlen(to);

	snprintf(to + len, size - len, "%s%s", len > 0 ? " " : "", word);
}

static inline void
note(const char *call)
{
	dw_lock(&seen.lock);
	append(seen.calls, sizeof seen.calls, call);
	dw_cond_broadcast(&seen.changed);
	dw_unlock(&seen.lock);
}

static inline void
raise_flag(unsigned flag)
{
	dw_lock(&seen.lock);
	seen.flags |= flag;
	dw_cond_broadcast(&seen.changed);
	dw_unlock(&seen.lock);
}

/* Waits until all these flags are up; false after a while. */
static inline bool
await_flags(unsigned flags)
{
	int64_t deadline = sks_after(SOON);
	bool up;

	dw_lock(&seen.lock);
	while ((seen.flags & flags) != flags)
		if (!dw_cond_wait_until(&seen.changed, &seen.lock, deadline))
			break;
	up = (seen.flags & flags) == flags;
	dw_unlock(&seen.lock);
	return up;
}

static inline bool
await_call(const char *call)
{
	int64_t deadline = sks_after(SOON);
	bool there;

	dw_lock(&seen.lock);
	while (strstr(seen.calls, call) == NULL)
		if (!dw_cond_wait_until(&seen.changed, &seen.lock, deadline))
			break;
	there = strstr(seen.calls, call) != NULL;
	dw_unlock(&seen.lock);
	return there;
}

/* A copy of the calls so far, for this thread. */
static inline const char *
calls(void)
{
	static char copy[sizeof seen.calls];

	dw_lock(&seen.lock);
	memcpy(copy, seen.calls, sizeof copy);
	dw_unlock(&seen.lock);
	return copy;
}

static inline unsigned
log_lines(void)
{
	unsigned lines;

	dw_lock(&seen.lock);
	lines = seen.lines;
	dw_unlock(&seen.lock);
	return lines;
}

static inline void
rig_log(void *user, enum sks_log_level level, const char *text)
{
	(void)user;
	(void)level;
	dw_lock(&seen.lock);
	append(seen.log, sizeof seen.log, text);
	seen.lines++;
	dw_unlock(&seen.lock);
}

/* --- the recording subclass --- */

static inline int
rig_server_bind(struct sks_server *srv)
{
	note("server_bind");
	return script.bind != 0 ? script.bind : sks_default_server_bind(srv);
}

static inline int
rig_server_activate(struct sks_server *srv)
{
	note("server_activate");
	return script.activate != 0 ? script.activate :
				      sks_default_server_activate(srv);
}

static inline void
rig_server_close(struct sks_server *srv)
{
	note("server_close");
	sks_default_server_close(srv);
}

static inline int
rig_get_request(struct sks_server *srv, struct sks_request **req)
{
	note("get_request");
	return script.get != 0 ? script.get : sks_default_get_request(srv, req);
}

static inline int
rig_verify_request(struct sks_server *srv, struct sks_request *req)
{
	(void)srv;
	(void)req;
	note("verify_request");
	return script.verify;
}

static inline int
rig_process_request(struct sks_server *srv, struct sks_request *req)
{
	note("process_request");
	return script.process != 0 ? script.process :
				     sks_default_process_request(srv, req);
}

static inline int
rig_finish_request(struct sks_server *srv, struct sks_request *req)
{
	note("finish_request");
	return sks_default_finish_request(srv, req);
}

static inline void
rig_shutdown_request(struct sks_server *srv, struct sks_request *req)
{
	note("shutdown_request");
	sks_default_shutdown_request(srv, req);
}

static inline void
rig_close_request(struct sks_server *srv, struct sks_request *req)
{
	note("close_request");
	sks_default_close_request(srv, req);
}

static inline void
rig_handle_error(struct sks_server *srv, struct sks_request *req,
    const struct sks_error *e)
{
	note("handle_error");
	dw_lock(&seen.lock);
	seen.error = *e;
	dw_unlock(&seen.lock);
	sks_default_handle_error(srv, req, e);
}

static inline void
rig_handle_timeout(struct sks_server *srv)
{
	(void)srv;
	note("handle_timeout");
}

static inline int
rig_service_actions(struct sks_server *srv)
{
	(void)srv;
	note("service_actions");
	return script.service;
}

static inline void
rig_on_overload(struct sks_server *srv, struct sks_request *req,
    enum sks_overload why)
{
	static const char *const reasons[] = {
		[SKS_OVER_SESSIONS] = "over_sessions",
		[SKS_OVER_ADDRESS] = "over_address",
		[SKS_OVER_THREADS] = "over_threads",
		[SKS_OVER_PROCESSES] = "over_processes",
		[SKS_OVER_FILES] = "over_files",
	};

	(void)srv;
	note(reasons[why]);
	if (sks_send_now(sks_request_socket(req), "full\n", 5) < 0)
		note("unsent");
}

static const struct sks_server_ops rig_ops = {
	SKS_SERVER_OPS,
	.server_bind = rig_server_bind,
	.server_activate = rig_server_activate,
	.server_close = rig_server_close,
	.get_request = rig_get_request,
	.verify_request = rig_verify_request,
	.process_request = rig_process_request,
	.finish_request = rig_finish_request,
	.shutdown_request = rig_shutdown_request,
	.close_request = rig_close_request,
	.handle_error = rig_handle_error,
	.handle_timeout = rig_handle_timeout,
	.service_actions = rig_service_actions,
	.on_overload = rig_on_overload,
};

static inline int
rig_setup(struct sks_handler *h)
{
	(void)h;
	note("setup");
	return script.setup;
}

static inline int
rig_handle(struct sks_handler *h)
{
	note("handle");
	return script.in_handle != NULL ? script.in_handle(h) : script.handle;
}

static inline int
rig_finish(struct sks_handler *h)
{
	(void)h;
	note("finish");
	return script.finish;
}

static const struct sks_handler_ops rig_handler = {
	SKS_HANDLER_OPS(struct sks_handler),
	.setup = rig_setup,
	.handle = rig_handle,
	.finish = rig_finish,
};

/* The rig of CPython's own tests: a line is read and written back. */
static inline int
echo_line(struct sks_handler *h)
{
	struct sks_stream_handler *sh = (struct sks_stream_handler *)h;
	char line[256];
	ssize_t n = sks_stream_readline(sh->rfile, line, sizeof line);

	if (n > 0)
		n = sks_stream_write(sh->wfile, line, (size_t)n);
	return n < 0 ? (int)n : 0;
}

static const struct sks_handler_ops echo_handler = {
	SKS_HANDLER_OPS(struct sks_stream_handler),
	.setup = sks_stream_handler_setup,
	.handle = echo_line,
	.finish = sks_stream_handler_finish,
};

/* The same for a datagram with a line in it. */
static inline int
echo_datagram(struct sks_handler *h)
{
	struct sks_datagram_handler *dh = (struct sks_datagram_handler *)h;
	char line[256];
	ssize_t n = sks_stream_readline(dh->rfile, line, sizeof line);

	if (n > 0)
		n = sks_stream_write(dh->wfile, line, (size_t)n);
	return n < 0 ? (int)n : 0;
}

static const struct sks_handler_ops echo_datagrams __attribute__((unused)) = {
	SKS_HANDLER_OPS(struct sks_datagram_handler),
	.setup = sks_datagram_handler_setup,
	.handle = echo_datagram,
	.finish = sks_datagram_handler_finish,
};

/* --- a server and its clients --- */

static inline struct sks_server_config
rig_config(enum sks_kind kind, enum sks_concurrency concurrency)
{
	struct sks_server_config cfg;
	char text[64];

	sks_server_config_init(&cfg, kind, concurrency);
	if (kind == SKS_TCP || kind == SKS_UDP)
		snprintf(text, sizeof text, "127.0.0.1:0");
	else
		snprintf(text, sizeof text, "unix:%s/s", t_tmpdir());
	if (sks_addr_parse(text, 0, &cfg.address) < 0)
		abort();
	cfg.log = rig_log;
	return cfg;
}

static inline struct sks_server *
rig_server(const struct sks_server_config *cfg,
    const struct sks_server_ops *ops, const struct sks_handler_ops *handler)
{
	struct sks_server *srv;
	char text[160];

	if (sks_server_new(cfg, ops, handler, &srv) < 0) {
		fprintf(stderr, "# %s\n", sks_error_text(text, sizeof text));
		return NULL;
	}
	return srv;
}

static inline struct sks_socket *
rig_connect(struct sks_server *srv)
{
	struct sks_socket *s;
	char text[160];

	if (sks_create_connection_addr(sks_server_address(srv), SOON, &s) < 0 ||
	    sks_settimeout(s, SOON) < 0) {
		fprintf(stderr, "# %s\n", sks_error_text(text, sizeof text));
		return NULL;
	}
	return s;
}

/*
 * A bound datagram socket that sends to, and hears only from, this address.
 * Unlike a connection it is there also when nobody is at the other end.
 */
static inline struct sks_socket *
rig_datagrams_to(const struct sks_addr *to)
{
	enum sks_family family = sks_addr_family(to);
	struct sks_addr own = { .len = 0 };
	struct sks_socket *s;
	char text[64];
	int fd;

	if (sks_socket_new(family, SKS_DGRAM, 0, &s) < 0 ||
	    sks_settimeout(s, SOON) < 0)
		return NULL;
	fd = sks_fileno(s);
	snprintf(text, sizeof text, "unix:%s/c", t_tmpdir());
	if (family == SKS_UNIX &&
	    (sks_addr_parse(text, 0, &own) < 0 ||
		bind(fd, (struct sockaddr *)&own.u, own.len) < 0))
		perror("# bind");
	if (connect(fd, (const struct sockaddr *)&to->u, to->len) < 0)
		perror("# connect");
	return s;
}

static inline struct sks_socket *
rig_datagrams(struct sks_server *srv)
{
	return rig_datagrams_to(sks_server_address(srv));
}

/* A client of whatever kind the server is. */
static inline struct sks_socket *
rig_client(struct sks_server *srv, enum sks_kind kind)
{
	return kind == SKS_UDP || kind == SKS_UNIX_DGRAM ? rig_datagrams(srv) :
							   rig_connect(srv);
}

/* Says "hello world" and returns 1 if exactly that comes back.  Frees s. */
static inline int
rig_echo_on(struct sks_socket *s)
{
	char buf[64];
	size_t have = 0;
	ssize_t n = 1;

	if (s == NULL)
		return 0;
	if (sks_send_text(s, "hello world\n") < 0)
		n = 0;
	while (n > 0 && have < 12) {
		n = sks_recv(s, buf + have, sizeof buf - have);
		have += n > 0 ? (size_t)n : 0;
	}
	sks_socket_free(s);
	return have == 12 && memcmp(buf, "hello world\n", 12) == 0;
}

static inline int
rig_echo(struct sks_server *srv)
{
	return rig_echo_on(rig_connect(srv));
}

/* --- this process from outside --- */

static inline int
entries(const char *folder)
{
	DIR *d = opendir(folder);
	int n = 0;

	if (d == NULL)
		return -1;
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* A test that looks into /proc returns then. */
static inline bool
no_proc(void)
{
	if (access("/proc/self/stat", F_OK) == 0)
		return false;
	t_skip("/proc is not mounted here, and this test looks into it");
	return true;
}

static inline int
count_fds(void)
{
	return entries("/proc/self/fd");
}

/* A joined thread leaves /proc a moment later: there may be more than there are,
 * and what was counted before may have had one of a test that is over. */
static inline int
count_threads_down_to(int want)
{
	int64_t deadline = sks_after(SOON);
	int n;

	while ((n = entries("/proc/self/task")) > want && sks_now() < deadline)
		poll(NULL, 0, 1);
	return n;
}

static inline int
count_threads_now(void)
{
	return entries("/proc/self/task");
}

/* Lets time pass, where the passing of time is what is tested. */
static inline void
let_pass_ms(int ms)
{
	poll(NULL, 0, ms);
}

static inline double
seconds_since(int64_t start_ns)
{
	return (double)(sks_now() - start_ns) / 1e9;
}

#endif
