/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The same steps as like_python_steps.py, on our sockets: one row "kind step:
 * outcome" for each, in words that both share.  like_python.py compares.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "socketserver/socketserver.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define BIG      (8 << 20)
#define SHORT    0.05 /* seconds: a wait that is to fail */
#define LONG     10.0 /* one that is to succeed */

struct kind {
	const char *name;
	enum sks_family family;
	enum sks_type type;
	int proto;
};

static const struct kind streams[] = {
	{ "tcp4", SKS_INET, SKS_STREAM, 0 },
	{ "tcp6", SKS_INET6, SKS_STREAM, 0 },
	{ "unix", SKS_UNIX, SKS_STREAM, 0 },
	{ "seqpacket", SKS_UNIX, SKS_SEQPACKET, 0 },
};
static const struct kind datagrams[] = {
	{ "udp4", SKS_INET, SKS_DGRAM, 0 },
	{ "udp6", SKS_INET6, SKS_DGRAM, 0 },
	{ "unixgram", SKS_UNIX, SKS_DGRAM, 0 },
};

static const char *folder;
static const struct kind *k; /* whose turn it is */
static char big[BIG];

/* --- words --- */

static void __attribute__((format(printf, 2, 3)))
say(const char *step, const char *form, ...)
{
	va_list ap;

	printf("%s %s: ", k->name, step);
	va_start(ap, form);
	vprintf(form, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

/* Several results may be in one row: their texts take turns. */
static char *
scratch(void)
{
	static char texts[8][160];
	static unsigned turn;

	return texts[turn++ % COUNT(texts)];
}

static const char *
errno_name(int err)
{
	static const struct {
		int err;
		const char *name;
	} rows[] = {
#define ROW(e) { e, #e }
		ROW(EACCES),
		ROW(EADDRINUSE),
		ROW(EADDRNOTAVAIL),
		ROW(EAFNOSUPPORT),
		ROW(EAGAIN),
		ROW(EALREADY),
		ROW(EBADF),
		ROW(ECONNREFUSED),
		ROW(ECONNRESET),
		ROW(EDESTADDRREQ),
		ROW(EINPROGRESS),
		ROW(EINVAL),
		ROW(EISCONN),
		ROW(EMSGSIZE),
		ROW(ENOENT),
		ROW(ENOPROTOOPT),
		ROW(ENOTCONN),
		ROW(ENOTSOCK),
		ROW(ENOTSUP),
		ROW(EPERM),
		ROW(EPIPE),
		ROW(EPROTONOSUPPORT),
		ROW(EPROTOTYPE),
		ROW(ESOCKTNOSUPPORT),
		ROW(ETIMEDOUT),
#undef ROW
	};
	char *text;

	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].err == err)
			return rows[i].name;
	text = scratch();
	snprintf(text, 160, "errno %d", err);
	return text;
}

static const char *
failure(void)
{
	struct sks_error e;

	sks_last_error(&e);
	if (e.code == SKS_ETIMEDOUT)
		return "timeout";
	if (e.sys_errno != 0)
		return errno_name(e.sys_errno);
	switch (e.code) {
	case SKS_ECLOSED:
		return "EBADF";
	case SKS_EAGAIN:
		return "EAGAIN";
	case SKS_ERESOLVE:
		return "resolver";
	case SKS_EINVAL:
	case SKS_ETOOLONG:
		return "bad argument";
	default:
		return sks_strerror(e.code);
	}
}

static const char *
is(ssize_t r)
{
	char *text;

	if (r < 0)
		return failure();
	text = scratch();
	snprintf(text, 160, "%zd", r);
	return text;
}

static const char *
ok(int r)
{
	return r < 0 ? failure() : "ok";
}

static const char *
unix_words(const struct sks_addr *a)
{
	size_t len, inside = strlen(folder) + 1;
	const char *name = sks_addr_unix_name(a, &len);
	char *text = scratch();

	if (len == 0)
		return "''";
	if (name[0] == '\0')
		snprintf(text, 160, "abstract, %zu bytes", len);
	else
		snprintf(text, 160, "%s", name + inside);
	return text;
}

/* An address without what is another in each run. */
static const char *
words(const struct sks_addr *a)
{
	char *text = scratch(), host[SKS_ADDR_TEXT];
	size_t len;

	if (sks_addr_unix_name(a, &len) != NULL)
		return unix_words(a);
	if (sks_addr_family(a) == SKS_UNSPEC)
		return "none";
	snprintf(text, 160, "%s port %s",
	    sks_addr_format(a, SKS_STYLE_HOST, host, sizeof host),
	    sks_addr_port(a) == 0 ? "0" : "P");
	return text;
}

static const char *
ours(struct sks_socket *s)
{
	struct sks_addr a;

	return sks_getsockname(s, &a) < 0 ? failure() : words(&a);
}

static const char *
theirs(struct sks_socket *s)
{
	struct sks_addr a;

	return sks_getpeername(s, &a) < 0 ? failure() : words(&a);
}

static const char *
wait_of(struct sks_socket *s)
{
	char *text = scratch();

	if (isinf(sks_gettimeout(s)))
		return "none";
	snprintf(text, 160, "%g", sks_gettimeout(s));
	return text;
}

static int
nonblocking(struct sks_socket *s)
{
	return (fcntl(sks_fileno(s), F_GETFL) & O_NONBLOCK) != 0;
}

static int
cloexec(struct sks_socket *s)
{
	return (fcntl(sks_fileno(s), F_GETFD) & FD_CLOEXEC) != 0;
}

/* What came, as text. */
static const char *
got(struct sks_socket *s, size_t n)
{
	char *text = scratch();
	ssize_t r = sks_recv(s, text + 1, n);

	if (r < 0)
		return failure();
	text[0] = text[r + 1] = '\'';
	text[r + 2] = '\0';
	return text;
}

static const char *
got_from(struct sks_socket *s, size_t n)
{
	char *text = scratch();
	struct sks_addr from;
	int flags;
	ssize_t r = sks_recvfrom(s, text + 1, n, &from, &flags);

	if (r < 0)
		return failure();
	text[0] = text[r + 1] = '\'';
	snprintf(text + r + 2, (size_t)(158 - r), " from %s%s", words(&from),
	    flags & SKS_TRUNC ? ", cut" : "");
	return text;
}

/* --- sockets of this kind --- */

static void
must(int r, const char *what)
{
	if (r >= 0)
		return;
	printf("%s could not %s: %s\n", k->name, what, failure());
	exit(1);
}

static struct sks_socket *new(void)
{
	struct sks_socket *s;

	must(sks_socket_new(k->family, k->type, k->proto, &s), "socket");
	return s;
}

/* An address nobody has yet. */
static struct sks_addr
fresh(void)
{
	static int number;
	struct sks_addr a;
	char path[128];

	snprintf(path, sizeof path, "%s/%s.%d", folder, k->name, ++number);
	if (k->family == SKS_UNIX)
		must(sks_addr_unix(path, strlen(path), &a), "sks_addr_unix");
	else
		must(sks_addr_resolve(k->family == SKS_INET ? "127.0.0.1" :
							      "::1",
			 0, k->family, &a),
		    "resolve");
	return a;
}

static struct sks_socket *
bound(struct sks_addr *at)
{
	struct sks_socket *s = new ();

	*at = fresh();
	must(sks_bind(s, at), "bind");
	must(sks_getsockname(s, at), "getsockname");
	return s;
}

static struct sks_socket *
listening(int backlog, struct sks_addr *at)
{
	struct sks_socket *s = bound(at);

	must(sks_listen(s, backlog), "listen");
	return s;
}

static struct sks_socket *
connected(const struct sks_addr *to)
{
	struct sks_socket *s = new ();

	must(sks_connect(s, to), "connect");
	return s;
}

static struct sks_socket *
accepted(struct sks_socket *l)
{
	struct sks_socket *s;

	must(sks_accept(l, &s, NULL), "accept");
	return s;
}

static void
pair(struct sks_socket **client, struct sks_socket **server)
{
	struct sks_addr at;
	struct sks_socket *l = listening(1, &at);

	*client = connected(&at);
	*server = accepted(l);
	sks_socket_free(l);
}

static void
pair_free(struct sks_socket *a, struct sks_socket *b)
{
	sks_socket_free(a);
	sks_socket_free(b);
}

static void
set_wait(struct sks_socket *s, double seconds)
{
	must(sks_settimeout(s, seconds), "settimeout");
}

static void
await(struct sks_socket *s, short events)
{
	struct pollfd pfd = { .fd = sks_fileno(s), .events = events };

	if (poll(&pfd, 1, (int)(LONG * 1000)) != 1)
		must(-1, "poll");
}

/* --- any kind --- */

static void
step_new(void)
{
	struct sks_socket *s = new ();

	say("new", "cloexec=%d nonblocking=%d timeout=%s proto=%d", cloexec(s),
	    nonblocking(s), wait_of(s), sks_socket_proto(s));
	say("unbound_getsockname", "%s", ours(s));
	say("unconnected_getpeername", "%s", theirs(s));
	sks_socket_free(s);
}

static void
step_fromfd(void)
{
	struct sks_socket *s = new (), *again;
	int fd = sks_detach(s);

	say("detach", "%d, then fileno=%d recv=%s getsockname=%s", fd >= 0,
	    sks_fileno(s), is(sks_recv(s, big, 1)), ours(s));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	must(sks_socket_fromfd(fd, &again), "fromfd");
	say("fromfd", "family=%d type=%d proto=%d",
	    sks_socket_family(again) == k->family,
	    sks_socket_type(again) == k->type, sks_socket_proto(again));
	say("fromfd_nonblocking", "%d", nonblocking(again));
	pair_free(s, again);
}

static void
step_closed(void)
{
	struct sks_socket *s = new (), *none;
	struct sks_addr at = fresh();

	sks_close(s);
	sks_close(s);
	say("closed_fileno", "%d", sks_fileno(s));
	say("closed_bind", "%s", ok(sks_bind(s, &at)));
	say("closed_listen", "%s", ok(sks_listen(s, 1)));
	say("closed_accept", "%s", ok(sks_accept(s, &none, NULL)));
	say("closed_connect", "%s", ok(sks_connect(s, &at)));
	say("closed_connect_ex", "%s", errno_name(sks_connect_ex(s, &at)));
	say("closed_settimeout", "%s", ok(sks_settimeout(s, 1)));
	say("closed_setblocking", "%s", ok(sks_setblocking(s, 1)));
	say("closed_recv", "%s", is(sks_recv(s, big, 1)));
	say("closed_recvfrom", "%s", is(sks_recvfrom(s, big, 1, NULL, NULL)));
	say("closed_send", "%s", is(sks_send(s, "x", 1)));
	say("closed_sendall", "%s", ok(sks_sendall(s, "x", 1, NULL)));
	say("closed_sendto", "%s", is(sks_sendto(s, "x", 1, &at)));
	say("closed_shutdown", "%s", ok(sks_shutdown(s, SKS_SHUT_WR)));
	say("closed_dup", "%s", ok(sks_dup(s, &none)));
	say("closed_detach", "%d", sks_detach(s) < 0);
	say("closed_setsockopt", "%s",
	    ok(sks_setsockopt_int(s, SOL_SOCKET, SO_KEEPALIVE, 1)));
	sks_socket_free(s);
	s = new ();
	close(sks_fileno(s));
	say("close_bad", "%s", ok(sks_close(s)));
	say("close_bad_again", "%s", ok(sks_close(s)));
	sks_socket_free(s);
}

static void
step_timeouts(void)
{
	static const double values[] = { 1.5, 0, 0.001, INFINITY };
	struct sks_socket *s = new ();

	for (size_t i = 0; i < COUNT(values); i++) {
		set_wait(s, values[i]);
		say("timeout_is", "%s", wait_of(s));
	}
	say("timeout_negative", "%s", ok(sks_settimeout(s, -1)));
	say("timeout_nan", "%s", ok(sks_settimeout(s, NAN)));
	say("timeout_huge", "%s", ok(sks_settimeout(s, 1e20)));
	sks_setblocking(s, 0);
	say("setblocking_0", "%s", wait_of(s));
	sks_setblocking(s, 1);
	say("setblocking_1", "%s", wait_of(s));
	set_wait(s, 5);
	say("timeout_nonblocking_fd", "%d", nonblocking(s));
	sks_socket_free(s);
}

static void
step_options(void)
{
	static const int on = 1;
	struct sks_socket *s = new ();
	unsigned char buf[64] = { 0 };
	size_t len = sizeof buf;
	int value;

	say("option_int", "%s",
	    ok(sks_setsockopt_int(s, SOL_SOCKET, SO_REUSEADDR, 1)));
	must(sks_getsockopt_int(s, SOL_SOCKET, SO_REUSEADDR, &value), "get");
	say("option_int_is", "%d", value != 0);
	say("option_bytes", "%s",
	    ok(sks_setsockopt(s, SOL_SOCKET, SO_BROADCAST, &on, sizeof on)));
	must(sks_getsockopt(s, SOL_SOCKET, SO_TYPE, buf, &len), "get");
	say("option_bytes_are", "%zu of %d", len, buf[0]);
	len = 2;
	must(sks_getsockopt(s, SOL_SOCKET, SO_TYPE, buf, &len), "get");
	say("option_2_bytes_are", "%zu", len);
	say("option_none", "%s",
	    ok(sks_setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, NULL, 0)));
	say("option_unknown", "%s",
	    ok(sks_setsockopt_int(s, SOL_SOCKET, 12345, 1)));
	say("option_unknown_get", "%s",
	    ok(sks_getsockopt_int(s, SOL_SOCKET, 12345, &value)));
	say("option_short", "%s",
	    ok(sks_setsockopt(s, SOL_SOCKET, SO_REUSEADDR, "x", 1)));
	say("option_rcvtimeo", "%s",
	    ok(sks_setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, big, 16)));
	sks_socket_free(s);
}

static void
step_bind(void)
{
	struct sks_addr at;
	struct sks_socket *s = bound(&at), *other = new ();

	say("bound_getsockname", "%s", ours(s));
	say("bind_twice", "%s", ok(sks_bind(s, &at)));
	say("bind_in_use", "%s", ok(sks_bind(other, &at)));
	pair_free(s, other);
}

static void
every_kind(void)
{
	step_new();
	step_fromfd();
	step_closed();
	step_timeouts();
	step_options();
	step_bind();
}

/* --- connections --- */

static void
step_listen(void)
{
	struct sks_addr at;
	struct sks_socket *s = bound(&at), *conn;

	say("accept_unlistening", "%s", ok(sks_accept(s, &conn, NULL)));
	say("listen_0", "%s", ok(sks_listen(s, 0)));
	say("listen_negative", "%s", ok(sks_listen(s, -1)));
	say("listen_again", "%s", ok(sks_listen(s, 5)));
	say("listen_nonblocking_fd", "%d", nonblocking(s));
	set_wait(s, 0);
	say("accept_nothing_0", "%s", ok(sks_accept(s, &conn, NULL)));
	set_wait(s, SHORT);
	say("accept_nothing", "%s", ok(sks_accept(s, &conn, NULL)));
	sks_socket_free(s);
}

static void
step_accept(void)
{
	struct sks_addr at, from, own;
	struct sks_socket *l = listening(1, &at), *client, *server;

	set_wait(l, LONG);
	client = connected(&at);
	must(sks_accept(l, &server, &from), "accept");
	must(sks_getsockname(client, &own), "getsockname");
	say("accept", "from %s, as the client says=%d", words(&from),
	    from.len == own.len && memcmp(&from, &own, from.len) == 0);
	say("accepted", "cloexec=%d nonblocking=%d timeout=%s proto=%d",
	    cloexec(server), nonblocking(server), wait_of(server),
	    sks_socket_proto(server));
	say("names", "%s %s %s %s", ours(client), theirs(client), ours(server),
	    theirs(server));
	say("connect_twice", "%s", ok(sks_connect(client, &at)));
	say("connect_ex_twice", "%s", errno_name(sks_connect_ex(client, &at)));
	pair_free(client, server);
	sks_socket_free(l);
}

static void
step_recv(void)
{
	struct sks_socket *a, *b;

	pair(&a, &b);
	set_wait(b, 0);
	say("recv_nothing_0", "%s", is(sks_recv(b, big, 9)));
	set_wait(b, SHORT);
	say("recv_nothing", "%s", is(sks_recv(b, big, 9)));
	say("recv_none", "%s", is(sks_recv(b, big, 0)));
	say("send", "%s", is(sks_send(a, "hello", 5)));
	say("recv_a_part", "%s", got(b, 2));
	say("recv_the_rest", "%s", got(b, 9));
	must(sks_sendall(a, "one", 3, NULL), "sendall");
	must(sks_sendall(a, "two", 3, NULL), "sendall");
	say("recv_records", "%s", got(b, 9));
	must(sks_sendall(a, "x", 1, NULL), "sendall");
	say("recvfrom", "%s", got_from(b, 9));
	say("shutdown", "%s", ok(sks_shutdown(a, SKS_SHUT_WR)));
	say("recv_eof", "%s", got(b, 9));
	say("recvfrom_eof", "%s", got_from(b, 9));
	say("send_after_shutdown", "%s", is(sks_send(a, "x", 1)));
	must(sks_sendall(b, "y", 1, NULL), "sendall");
	say("recv_after_shutdown", "%s", got(a, 9));
	pair_free(a, b);
}

static void
step_unconnected(void)
{
	struct sks_socket *s = new ();

	set_wait(s, SHORT);
	say("unconnected_recv", "%s", is(sks_recv(s, big, 1)));
	say("unconnected_send", "%s", is(sks_send(s, "x", 1)));
	say("unconnected_shutdown", "%s", ok(sks_shutdown(s, SKS_SHUT_WR)));
	sks_socket_free(s);
}

/* Sends until no more is taken. */
static const char *
fill(struct sks_socket *s)
{
	ssize_t r;

	do
		r = sks_send(s, big, 1000);
	while (r > 0);
	return is(r);
}

static const char *
fill_all(struct sks_socket *s)
{
	int r;

	do
		r = sks_sendall(s, big, 1000, NULL);
	while (r == 0);
	return ok(r);
}

static void
step_send(void)
{
	struct sks_socket *a, *b;
	ssize_t r;

	pair(&a, &b);
	set_wait(a, 0);
	r = sks_send(a, big, BIG);
	say("send_big", "%s", r < 0 ? failure() : r < BIG ? "a part" : "all");
	say("send_until_full", "%s", fill(a));
	say("sendall_until_full", "%s", fill_all(a));
	set_wait(a, SHORT);
	say("send_full", "%s", fill(a));
	say("sendall_full", "%s", fill_all(a));
	pair_free(a, b);
	pair(&a, &b);
	set_wait(a, SHORT);
	say("sendall_big", "%s", ok(sks_sendall(a, big, BIG, NULL)));
	pair_free(a, b);
	pair(&a, &b);
	set_wait(b, SHORT);
	say("send_nothing", "%s", is(sks_send(a, "", 0)));
	say("recv_of_nothing", "%s", got(b, 9));
	pair_free(a, b);
}

static void
step_sendto_connected(void)
{
	struct sks_addr at;
	struct sks_socket *a, *b;

	pair(&a, &b);
	must(sks_getpeername(a, &at), "getpeername");
	say("sendto_peer", "%s", is(sks_sendto(a, "x", 1, &at)));
	pair_free(a, b);
}

static void
step_gone(void)
{
	struct sks_socket *a, *b;

	pair(&a, &b);
	sks_close(b);
	say("send_to_gone", "%s", is(sks_send(a, "x", 1)));
	say("send_to_gone_2", "%s", is(sks_send(a, "x", 1)));
	say("recv_from_gone", "%s", is(sks_recv(a, big, 1)));
	pair_free(a, b);
	pair(&a, &b);
	must(sks_sendall(a, "x", 1, NULL), "sendall");
	await(b, POLLIN);
	sks_close(b); /* with something unread */
	say("recv_reset", "%s", is(sks_recv(a, big, 1)));
	say("recv_after_reset", "%s", is(sks_recv(a, big, 1)));
	say("send_after_reset", "%s", is(sks_send(a, "x", 1)));
	pair_free(a, b);
}

static void
step_refused(void)
{
	struct sks_addr at;
	struct sks_socket *s = bound(&at), *a = new ();

	say("connect_refused", "%s", ok(sks_connect(a, &at)));
	say("connect_ex_refused", "%s", errno_name(sks_connect_ex(a, &at)));
	set_wait(a, LONG);
	say("connect_refused_timed", "%s", ok(sks_connect(a, &at)));
	pair_free(s, a);
}

static void
step_connect_later(void)
{
	struct sks_addr at;
	struct sks_socket *l = listening(1, &at), *a = new ();

	sks_setblocking(a, 0);
	say("connect_0", "%s", ok(sks_connect(a, &at)));
	await(a, POLLOUT);
	if (k->family != SKS_UNIX)
		say("connect_ex_then", "%d", sks_connect_ex(a, &at));
	say("connect_ex_at_last", "%s", errno_name(sks_connect_ex(a, &at)));
	pair_free(l, a);
}

static void
step_full_backlog(void)
{
	struct sks_addr at;
	struct sks_socket *l = listening(0, &at), *more[3], *a = new ();
	int err;

	for (size_t i = 0; i < COUNT(more); i++) {
		more[i] = new ();
		sks_setblocking(more[i], 0);
		err = sks_connect_ex(more[i], &at);
	}
	sks_setblocking(a, 0);
	err = sks_connect_ex(a, &at);
	say("full_connect_ex_0", "%s", errno_name(err));
	err = sks_connect_ex(a, &at);
	say("full_connect_ex_0_again", "%s", errno_name(err));
	sks_socket_free(a);
	a = new ();
	set_wait(a, SHORT);
	say("full_connect", "%s", ok(sks_connect(a, &at)));
	sks_socket_free(a);
	a = new ();
	set_wait(a, SHORT);
	err = sks_connect_ex(a, &at);
	say("full_connect_ex", "%s", errno_name(err));
	for (size_t i = 0; i < COUNT(more); i++)
		sks_socket_free(more[i]);
	pair_free(l, a);
}

static void
step_dup(void)
{
	struct sks_socket *a, *b, *d;

	pair(&a, &b);
	set_wait(a, 0.5);
	must(sks_dup(a, &d), "dup");
	say("dup", "other=%d cloexec=%d timeout=%s proto=%d",
	    sks_fileno(d) != sks_fileno(a), cloexec(d), wait_of(d),
	    sks_socket_proto(d));
	set_wait(d, SHORT);
	say("dup_timeouts", "%s %s", wait_of(a), wait_of(d));
	say("dup_recv_nothing", "%s", is(sks_recv(d, big, 1)));
	sks_close(a);
	must(sks_sendall(b, "still", 5, NULL), "sendall");
	say("dup_recv", "%s", got(d, 9));
	say("dup_send", "%s", is(sks_send(d, "x", 1)));
	sks_socket_free(d);
	say("dup_closed", "%s", got(b, 9));
	say("dup_closed_eof", "%s", got(b, 9));
	pair_free(a, b);
}

/* --- files --- */

static const char *
file_words(FILE *f, const char *line)
{
	char *text = scratch();

	if (ferror(f)) {
		const int err = errno;

		clearerr(f);
		return err == ETIMEDOUT ? "timeout" :
		    err == EAGAIN       ? "nothing yet" :
					  errno_name(err);
	}
	if (line == NULL)
		return "''";
	snprintf(text, 160, "'%.*s'%s", (int)strcspn(line, "\n"), line,
	    strchr(line, '\n') != NULL ? " and LF" : "");
	return text;
}

static const char *
line_of(FILE *f)
{
	char *text = scratch();

	errno = 0;
	return file_words(f, fgets(text, 160, f));
}

static void
step_file_modes(struct sks_socket *s)
{
	static const char *const modes[] = { "r", "w", "rw", "rb", "bw", "rwb",
		"wr", "b", "", "a", "r+", "x" };
	FILE *f;

	for (size_t i = 0; i < COUNT(modes); i++) {
		int r = sks_makefile_stdio(s, modes[i], &f);

		say("file_mode", "%s %s", modes[i], ok(r));
		if (r == 0)
			fclose(f);
	}
	say("file_closed_socket_open", "%d", sks_fileno(s) >= 0);
}

static void
step_file_reading(void)
{
	struct sks_socket *a, *b;
	FILE *f;

	pair(&a, &b);
	must(sks_sendall(a, "one\n", 4, NULL), "sendall");
	must(sks_sendall(a, "two\nrest", 8, NULL), "sendall");
	sks_close(a);
	must(sks_makefile_stdio(b, "rb", &f), "makefile");
	for (int i = 0; i < 4; i++)
		say("file_line", "%s", line_of(f));
	fclose(f);
	pair_free(a, b);
}

static void
step_file_writing(void)
{
	struct sks_socket *a, *b;
	FILE *f;

	pair(&a, &b);
	must(sks_makefile_stdio(a, "wb", &f), "makefile");
	fputs("hello ", f);
	fputs("world", f);
	set_wait(b, 0);
	say("file_unflushed", "%s", got(b, 20));
	say("file_flush", "%d", fflush(f));
	set_wait(b, LONG);
	say("file_written", "%s", got(b, 20));
	fputs("bye", f);
	fclose(f);
	say("file_close_flushes", "%s", got(b, 20));
	sks_close(b);
	must(sks_makefile_stdio(a, "wb", &f), "makefile");
	fputs("x", f);
	fflush(f); /* a TCP peer's answer to this is its reset */
	clearerr(f);
	fputs("y", f);
	say("file_to_gone", "%s", fflush(f) == 0 ? "ok" : file_words(f, NULL));
	fclose(f);
	pair_free(a, b);
}

static void
step_file_both(void)
{
	struct sks_socket *a, *b;
	FILE *f;

	pair(&a, &b);
	must(sks_sendall(a, "one\ntwo\n", 8, NULL), "sendall");
	must(sks_makefile_stdio(b, "rwb", &f), "makefile");
	say("both_line", "%s", line_of(f));
	fputs("answer", f);
	fflush(f);
	say("both_written", "%s", got(a, 20));
	say("both_line_2", "%s", line_of(f));
	fclose(f);
	pair_free(a, b);
}

static void
step_file_waiting(void)
{
	struct sks_socket *a, *b;
	FILE *f;

	pair(&a, &b);
	set_wait(b, 0);
	must(sks_makefile_stdio(b, "rb", &f), "makefile");
	say("file_nothing_0", "%s", line_of(f));
	set_wait(b, SHORT);
	must(sks_sendall(a, "begun", 5, NULL), "sendall");
	say("file_timeout", "%s", line_of(f));
	must(sks_sendall(a, "late\n", 5, NULL), "sendall");
	say("file_after_timeout", "%s", line_of(f));
	must(sks_sendall(a, "more\n", 5, NULL), "sendall");
	sks_close(b);
	say("file_socket_closed", "%s", line_of(f));
	fclose(f);
	pair_free(a, b);
}

static void
step_files(void)
{
	struct sks_socket *a, *b;

	pair(&a, &b);
	step_file_modes(a);
	pair_free(a, b);
	step_file_reading();
	step_file_writing();
	step_file_both();
	step_file_waiting();
}

/* --- create_server and create_connection --- */

static const char *
option_of(struct sks_socket *s, int level, int name)
{
	int value;

	return sks_getsockopt_int(s, level, name, &value) < 0 ? failure() :
	    value != 0                                        ? "on" :
								"off";
}

static void
step_create_server(void)
{
	struct sks_addr at = fresh(), source;
	struct sks_socket *s, *a, *b;
	int r = sks_create_server(&at, -1, 0, 0, &s);

	say("create_server", "%s", ok(r));
	say("server_is", "%s reuseaddr=%s reuseport=%s", ours(s),
	    option_of(s, SOL_SOCKET, SO_REUSEADDR),
	    option_of(s, SOL_SOCKET, SO_REUSEPORT));
	must(sks_getsockname(s, &at), "getsockname");
	say("create_server_in_use", "%s",
	    ok(sks_create_server(&at, 1, 0, 0, &a)));
	must(sks_create_connection("127.0.0.1", sks_addr_port(&at), LONG, &a),
	    "create_connection");
	b = accepted(s);
	say("create_connection", "%s timeout=%s", theirs(a), wait_of(a));
	pair_free(a, b);
	must(sks_addr_parse("127.0.0.9:0", 0, &source), "source");
	must(sks_create_connection_from("127.0.0.1", sks_addr_port(&at), LONG,
		 &source, &a),
	    "create_connection");
	b = accepted(s);
	say("create_connection_source", "%s", theirs(b));
	pair_free(a, b);
	must(sks_addr_parse("192.0.2.1:0", 0, &source), "source");
	say("create_connection_no_source", "%s",
	    ok(sks_create_connection_from("127.0.0.1", sks_addr_port(&at), LONG,
		&source, &a)));
	sks_socket_free(s);
	say("create_connection_refused", "%s",
	    ok(sks_create_connection("127.0.0.1", sks_addr_port(&at), LONG,
		&a)));
	say("create_connection_port", "%s",
	    ok(sks_create_connection("127.0.0.1", 65536, LONG, &a)));
	say("create_connection_timeout", "%s",
	    ok(sks_create_connection("127.0.0.1", 1, -1, &a)));
	at = fresh();
	must(sks_create_server(&at, 1, 1, 0, &s), "create_server");
	say("server_reuse_port", "%s", option_of(s, SOL_SOCKET, SO_REUSEPORT));
	sks_socket_free(s);
	at = fresh();
	say("server_dualstack_inet", "%s",
	    ok(sks_create_server(&at, 1, 0, 1, &s)));
}

static void
step_create_server6(void)
{
	struct sks_addr at;
	struct sks_socket *s, *a, *b;

	must(sks_addr_resolve("", 0, SKS_INET6, &at), "resolve");
	must(sks_create_server(&at, 5, 0, 1, &s), "create_server");
	say("dualstack", "%s v6only=%s", ours(s),
	    option_of(s, IPPROTO_IPV6, IPV6_V6ONLY));
	must(sks_getsockname(s, &at), "getsockname");
	must(sks_create_connection("127.0.0.1", sks_addr_port(&at), LONG, &a),
	    "create_connection");
	b = accepted(s);
	pair_free(a, b);
	sks_socket_free(s);
	at = fresh();
	must(sks_create_server(&at, 5, 0, 0, &s), "create_server");
	say("single_stack", "%s v6only=%s", ours(s),
	    option_of(s, IPPROTO_IPV6, IPV6_V6ONLY));
	sks_socket_free(s);
}

/* --- datagrams --- */

static void
step_datagrams(void)
{
	struct sks_addr at, from;
	struct sks_socket *s = bound(&at), *a = new (), *b = bound(&from);

	set_wait(s, 0);
	say("recvfrom_nothing_0", "%s", got_from(s, 9));
	set_wait(s, SHORT);
	say("recvfrom_nothing", "%s", got_from(s, 9));
	say("unconnected_recv", "%s", is(sks_recv(s, big, 1)));
	set_wait(s, LONG);
	say("unconnected_send", "%s", is(sks_send(a, "x", 1)));
	say("sendto", "%s", is(sks_sendto(b, "hello", 5, &at)));
	say("recvfrom", "%s", got_from(s, 9));
	must((int)sks_sendto(b, "hello", 5, &at), "sendto");
	say("recvfrom_a_part", "%s", got_from(s, 2));
	must((int)sks_sendto(b, "one", 3, &at), "sendto");
	must((int)sks_sendto(b, "two", 3, &at), "sendto");
	say("recv_records", "%s", got(s, 9));
	say("recv_records_2", "%s", got(s, 2));
	say("sendto_empty", "%s", is(sks_sendto(b, "", 0, &at)));
	say("recvfrom_empty", "%s", got_from(s, 9));
	must((int)sks_sendto(b, "kept", 4, &at), "sendto");
	say("recv_none", "%s", got(s, 0));
	say("recv_kept", "%s", got(s, 9));
	must((int)sks_sendto(b, "", 0, &at), "sendto");
	say("recvfrom_none", "%s", got_from(s, 0));
	set_wait(s, 0);
	say("recvfrom_none_took_it", "%s", got_from(s, 9));
	sks_socket_free(s);
	pair_free(a, b);
}

static void
step_datagram_unnamed(void)
{
	struct sks_addr at;
	struct sks_socket *s = bound(&at), *a = new ();

	must((int)sks_sendto(a, "x", 1, &at), "sendto");
	say("recvfrom_unbound", "%s",
	    k->family == SKS_UNIX                        ? got_from(s, 9) :
		strstr(got_from(s, 9), "port P") != NULL ? "has a port" :
							   "none");
	say("sent_getsockname", "%s", ours(a));
	pair_free(a, s);
}

static void
step_datagram_connected(void)
{
	struct sks_addr at, other;
	struct sks_socket *s = bound(&at), *a = bound(&other), *b = new ();
	struct sks_socket *none;

	set_wait(s, LONG);
	say("connect", "%s", ok(sks_connect(a, &at)));
	say("connected_getpeername", "%s", theirs(a));
	say("send", "%s", is(sks_send(a, "hello", 5)));
	say("connected_recvfrom", "%s", got_from(s, 9));
	say("sendto_peer", "%s", is(sks_sendto(a, "again", 5, &at)));
	say("connected_recv", "%s", got(s, 9));
	say("sendall_empty", "%s", ok(sks_sendall(a, "", 0, NULL)));
	say("recvfrom_sendall_empty", "%s", got_from(s, 9));
	say("reconnect_ex", "%d", sks_connect_ex(a, &at));
	sks_setblocking(b, 0);
	say("connect_0", "%s", ok(sks_connect(b, &at)));
	sks_setblocking(s, 1);
	say("datagram_listen", "%s", ok(sks_listen(b, 1)));
	say("datagram_accept", "%s", ok(sks_accept(s, &none, NULL)));
	sks_socket_free(b);
	pair_free(s, a);
}

static void
step_datagram_refused(void)
{
	struct sks_addr at;
	struct sks_socket *s = bound(&at), *a = connected(&at);

	sks_close(s);
	set_wait(a, LONG);
	say("send_to_gone", "%s", is(sks_send(a, "x", 1)));
	if (k->family != SKS_UNIX)
		say("recv_refused", "%s", got(a, 9));
	say("send_to_gone_2", "%s", is(sks_send(a, "x", 1)));
	say("send_to_gone_3", "%s", is(sks_send(a, "x", 1)));
	say("refused_still_good", "%s", ours(a)[0] != 'E' ? "yes" : "no");
	pair_free(s, a);
}

static void
step_datagram_long(void)
{
	struct sks_addr at;
	struct sks_socket *s = bound(&at), *a = new ();

	say("sendto_65508", "%s", is(sks_sendto(a, big, 65508, &at)));
	say("sendto_65527", "%s", is(sks_sendto(a, big, 65527, &at)));
	say("sendto_65528", "%s", is(sks_sendto(a, big, 65528, &at)));
	say("sendto_big", "%s", is(sks_sendto(a, big, BIG, &at)));
	pair_free(s, a);
}

static void
step_unixgram(void)
{
	struct sks_addr at, none = fresh();
	struct sks_socket *s = bound(&at), *a = new ();
	ssize_t r;

	say("sendto_nobody", "%s", is(sks_sendto(a, "x", 1, &none)));
	sks_setblocking(a, 0);
	do
		r = sks_sendto(a, "x", 1, &at);
	while (r > 0);
	say("sendto_full_0", "%s", is(r));
	set_wait(a, SHORT);
	say("sendto_full", "%s", is(sks_sendto(a, "x", 1, &at)));
	pair_free(s, a);
}

/* --- addresses --- */

static const char *
bound_to(const struct sks_addr *a)
{
	struct sks_socket *s = new ();
	const char *text = sks_bind(s, a) < 0 ? failure() : ours(s);

	sks_socket_free(s);
	return text;
}

static const char *
bound_to_host(const char *host, unsigned port)
{
	struct sks_addr a;

	return sks_addr_resolve(host, port, k->family, &a) < 0 ? failure() :
								 bound_to(&a);
}

static const char *
bound_to_name(const void *name, size_t len)
{
	struct sks_addr a;

	return sks_addr_unix(name, len, &a) < 0 ? failure() : bound_to(&a);
}

static void
step_hosts(void)
{
	say("bind_any", "%s", bound_to_host("", 0));
	say("bind_localhost", "%s",
	    k->family == SKS_INET ? bound_to_host("localhost", 0) :
				    "not asked");
	say("bind_broadcast", "%s", bound_to_host("<broadcast>", 0));
	say("bind_port_65536", "%s", bound_to_host("", 65536));
	say("bind_elsewhere", "%s",
	    bound_to_host(k->family == SKS_INET ? "192.0.2.1" : "2001:db8::1",
		0));
	say("bind_other_family", "%s",
	    bound_to_host(k->family == SKS_INET ? "::1" : "127.0.0.1", 0));
}

static void
step_names(void)
{
	char path[160];
	int len = snprintf(path, sizeof path, "%s/%s", folder, k->name);
	struct sks_addr at;
	struct sks_socket *a = new ();

	memset(path + len, 'x', sizeof path - (size_t)len);
	say("path_of_107", "%s",
	    ok(strlen(bound_to_name(path, 107)) > 50 ? 0 : -1));
	say("path_of_108", "%s", bound_to_name(path, 108));
	say("abstract", "%s", bound_to_name("\0dw\0steps", 9));
	memset(path, 0, sizeof path);
	path[1] = 'z';
	say("abstract_of_108", "%s", bound_to_name(path, 108));
	say("abstract_of_109", "%s", bound_to_name(path, 109));
	say("chosen", "%s", bound_to_name("", 0));
	at = fresh();
	say("connect_no_path", "%s", ok(sks_connect(a, &at)));
	sks_socket_free(a);
}

static void
step_wrong_type(void)
{
	static const struct kind gram = { "unix", SKS_UNIX, SKS_DGRAM, 0 };
	const struct kind *mine = k;
	struct sks_addr at;
	struct sks_socket *a = new (), *s;

	k = &gram;
	s = bound(&at);
	k = mine;
	say("connect_other_type", "%s", ok(sks_connect(a, &at)));
	pair_free(a, s);
}

/* --- raw --- */

static unsigned short
sum_of(const unsigned char *p, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i += 2)
		sum += (unsigned)p[i] << 8 | p[i + 1];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (unsigned short)~sum;
}

/* Reads until the answer to our echo comes; others' packets come too. */
static const char *
echo_answer(struct sks_socket *s, size_t skip, int type)
{
	unsigned char buf[256];
	struct sks_addr from;
	ssize_t r;

	for (int i = 0; i < 100; i++) {
		r = sks_recvfrom(s, buf, sizeof buf, &from, NULL);
		if (r < 0)
			return failure();
		if ((size_t)r == skip + 12 && buf[skip] == type &&
		    memcmp(buf + skip + 6, "deskwi", 6) == 0)
			return words(&from);
	}
	return "no answer";
}

static void
step_raw(const char *step, enum sks_family family, int proto, int request,
    int answer, size_t skip)
{
	unsigned char echo[12] = { 0, 0, 0, 0, 'd', 'w', 'd', 'e', 's', 'k',
		'w', 'i' };
	static struct kind raw = { "raw", SKS_UNSPEC, SKS_RAW, 0 };
	struct sks_addr at;
	struct sks_socket *s;
	unsigned short sum;
	ssize_t sent;

	k = &raw;
	raw.family = family;
	raw.proto = proto;
	if (sks_socket_new(family, SKS_RAW, proto, &s) < 0) {
		say(step, "%s", failure());
		return;
	}
	echo[0] = (unsigned char)request;
	sum = sum_of(echo, sizeof echo);
	echo[2] = (unsigned char)(sum >> 8);
	echo[3] = (unsigned char)sum;
	set_wait(s, LONG);
	at = fresh();
	sent = sks_sendto(s, echo, sizeof echo, &at);
	say(step, "send=%s", is(sent));
	say(step, "answer=%s", echo_answer(s, skip, answer));
	sks_socket_free(s);
}

/* --- everything --- */

static void
step_matrix(void)
{
	static const char *const families[] = { "", "inet", "inet6", "unix" };
	static const char *const types[] = { "stream", "dgram", "raw", "rdm",
		"seqpacket" };
	static const struct kind none = { "any", SKS_UNIX, SKS_STREAM, 0 };
	struct sks_socket *s;
	char step[40];
	int r;

	k = &none;
	for (int f = SKS_INET; f <= SKS_UNIX; f++)
		for (int t = SKS_STREAM; t <= SKS_SEQPACKET; t++) {
			snprintf(step, sizeof step, "%s_%s", families[f],
			    types[t]);
			r = sks_socket_new((enum sks_family)f, (enum sks_type)t,
			    0, &s);
			say(step, "%s", ok(r));
			sks_socket_free(s);
		}
	r = sks_socket_new(SKS_INET, SKS_STREAM, IPPROTO_TCP, &s);
	say("proto_tcp", "%s %d", ok(r), sks_socket_proto(s));
	sks_socket_free(s);
	say("proto_wrong", "%s",
	    ok(sks_socket_new(SKS_INET, SKS_STREAM, IPPROTO_UDP, &s)));
}

static void
step_foreign_fds(void)
{
	struct sks_socket *s;
	int fds[2];

	if (pipe(fds) < 0)
		return;
	say("fromfd_pipe", "%s", ok(sks_socket_fromfd(fds[0], &s)));
	close(fds[0]);
	close(fds[1]);
	say("fromfd_closed", "%s", ok(sks_socket_fromfd(fds[0], &s)));
}

/* Without fopencookie() a FILE is a descriptor, and what that does is the C
 * library's. */
static int
files_are_ours(void)
{
#ifdef HAVE_FOPENCOOKIE
	return 1;
#else
	return 0;
#endif
}

static void
stream_steps(void)
{
	every_kind();
	step_listen();
	step_accept();
	step_recv();
	step_unconnected();
	step_send();
	step_sendto_connected();
	step_gone();
	step_refused();
	step_connect_later();
	step_full_backlog();
	step_dup();
	if (k->family != SKS_UNIX)
		step_hosts();
	else {
		step_names();
		step_wrong_type();
	}
}

static void
datagram_steps(void)
{
	every_kind();
	step_datagrams();
	step_datagram_unnamed();
	step_datagram_connected();
	step_datagram_refused();
	step_datagram_long();
	if (k->family != SKS_UNIX)
		step_hosts();
	else {
		step_names();
		step_unixgram();
	}
}

/* Not every machine has IPv6. */
static int
usable(void)
{
	struct sks_addr at = fresh();
	struct sks_socket *s;
	int r = sks_socket_new(k->family, k->type, 0, &s);

	if (r == 0)
		r = sks_bind(s, &at);
	sks_socket_free(s);
	return r == 0;
}

int
main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	folder = argv[1];
	step_matrix();
	step_foreign_fds();
	say("files", "%s", files_are_ours() ? "ours" : "the C library's");
	for (size_t i = 0; i < COUNT(streams); i++) {
		k = &streams[i];
		if (usable())
			stream_steps();
	}
	k = &streams[0];
	step_create_server();
	k = &streams[1];
	if (usable())
		step_create_server6();
	for (size_t i = 0; i < COUNT(datagrams); i++) {
		k = &datagrams[i];
		if (usable())
			datagram_steps();
	}
	for (size_t i = 0; i < COUNT(streams); i++) {
		k = &streams[i];
		if (k->type == SKS_STREAM && files_are_ours() && usable())
			step_files();
	}
	step_raw("echo4", SKS_INET, IPPROTO_ICMP, 8, 0, 20);
	step_raw("echo6", SKS_INET6, IPPROTO_ICMPV6, 128, 129, 0);
	puts("end");
	return 0;
}
