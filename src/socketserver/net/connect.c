/* SPDX-License-Identifier: BSD-2-Clause */
/* This file connects sockets under a deadline. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/lock.h"
#include "socketserver/net/addr.h"
#include "socketserver/net/error.h"
#include "socketserver/net/socket.h"

/* One connect(2) that does not wait.  Returns 0 or an errno. */
static int
connect_now(struct sks_socket *s, const struct sks_addr *to)
{
	int flags = fcntl(s->fd, F_GETFL), err = 0;

	if (flags < 0 || fcntl(s->fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return errno;
	if (connect(s->fd, sks_addr_sa(to), to->len) < 0)
		err = errno;
	if (fcntl(s->fd, F_SETFL, flags) < 0 && err == 0)
		err = errno;
	return err;
}

/* Waits for the end of a connect that has begun.  Returns 0 or an errno. */
static int
await_connected(struct sks_socket *s, int64_t deadline_ns)
{
	socklen_t len = sizeof(int);
	int r, err = 0;

	if ((r = sks_socket_poll(s, POLLOUT, deadline_ns)) == SKS_ETIMEDOUT)
		return ETIMEDOUT;
	if (r < 0)
		return EBADF;
	return getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0 ? errno :
									 err;
}

/*
 * On Linux the connect after a failure that SO_ERROR has told says ECONNABORTED
 * and only the one after that tries again.  This makes the first of the two.
 */
static void
clear_failure(struct sks_socket *s, const struct sks_addr *to)
{
#ifdef __linux__
	(void)connect_now(s, to);
#else
	(void)s;
	(void)to;
#endif
}

/* An interrupted connect goes on by itself; a second would be an error. */
static int
connect_inet(struct sks_socket *s, const struct sks_addr *to,
    int64_t deadline_ns)
{
	int err;

	if (s->connected)
		return EISCONN;
	err = connect_now(s, to);
	if (err != EINPROGRESS && err != EINTR)
		return err;
	err = await_connected(s, deadline_ns);
	/* ECONNRESET: the peer accepted and reset at once (a refusal is
	 * ECONNREFUSED).  What it sent before that can still be read. */
	if (err == 0 || err == ECONNRESET) {
		s->connected = true;
		return 0;
	}
	if (err != ETIMEDOUT)
		clear_failure(s, to);
	return err;
}

/* A Unix connect does not go on by itself: it waits for a place in the backlog,
 * as long as SO_SNDTIMEO says. */
static int
connect_unix(struct sks_socket *s, const struct sks_addr *to,
    int64_t deadline_ns)
{
	struct sks_error e;

	for (;;) {
		if (sks_limit_send(s, deadline_ns) < 0) {
			sks_last_error(&e);
			return e.sys_errno == 0 ? ETIMEDOUT : e.sys_errno;
		}
		if (connect(s->fd, sks_addr_sa(to), to->len) == 0)
			return 0;
		if (errno != EINTR && errno != EAGAIN)
			return errno;
	}
}

/* Returns 0 or an errno. */
static int
connect_until(struct sks_socket *s, const struct sks_addr *to,
    int64_t deadline_ns)
{
	dw_may_block("connect");
	if (s->fd < 0)
		return EBADF;
	if (sks_addr_family(to) == SKS_UNSPEC)
		return EINVAL;
	if (deadline_ns == SKS_NOW)
		return connect_now(s, to);
	return s->family == SKS_UNIX ? connect_unix(s, to, deadline_ns) :
				       connect_inet(s, to, deadline_ns);
}

int
sks_connect(struct sks_socket *s, const struct sks_addr *to)
{
	int err = connect_until(s, to, sks_socket_deadline(s));

	return err == 0 ? 0 : sks_fail_errno(err, "connect");
}

int
sks_connect_ex(struct sks_socket *s, const struct sks_addr *to)
{
	return connect_until(s, to, sks_socket_deadline(s));
}

static int
has_source(const struct sks_addr *source)
{
	return source != NULL && source->len > 0;
}

/* The family of a source; SKS_UNSPEC: any will do. */
static enum sks_family
family_of_source(const struct sks_addr *source)
{
	return has_source(source) ? sks_addr_family(source) : SKS_UNSPEC;
}

static int
check_addresses(const struct sks_addr *to, const struct sks_addr *source)
{
	if (sks_addr_family(to) == SKS_UNSPEC)
		return sks_fail(SKS_EINVAL, "no address to connect to");
	if (has_source(source) &&
	    sks_addr_family(source) != sks_addr_family(to))
		return sks_fail(SKS_EINVAL,
		    "the source address is of another family");
	return 0;
}

static int
bind_and_connect(struct sks_socket *s, const struct sks_addr *to,
    const struct sks_addr *source, int64_t deadline_ns)
{
	int r, err;

	if (has_source(source) && (r = sks_bind(s, source)) < 0)
		return r;
	err = connect_until(s, to, deadline_ns);
	return err == 0 ? 0 : sks_fail_errno(err, "connect");
}

/* Makes a new stream and connects it. */
static int
create(const struct sks_addr *to, const struct sks_addr *source,
    int64_t deadline_ns, struct sks_socket **out)
{
	struct sks_socket *s;
	int r = check_addresses(to, source);

	*out = NULL;
	if (r < 0 ||
	    (r = sks_socket_new(sks_addr_family(to), SKS_STREAM, 0, &s)) < 0)
		return r;
	if ((r = bind_and_connect(s, to, source, deadline_ns)) == 0)
		*out = s;
	else
		sks_socket_free(s);
	return r;
}

static int
check_timeout(double timeout)
{
	if (isnan(timeout) || timeout < 0)
		return sks_fail(SKS_EINVAL, "a time-out is not negative");
	return 0;
}

int
sks_create_connection_addr_from(const struct sks_addr *to, double timeout,
    const struct sks_addr *source, struct sks_socket **out)
{
	int r = check_timeout(timeout);

	*out = NULL;
	return r < 0 ? r : create(to, source, dw_clock_after(timeout), out);
}

int
sks_create_connection_addr(const struct sks_addr *to, double timeout,
    struct sks_socket **out)
{
	return sks_create_connection_addr_from(to, timeout, NULL, out);
}

int
sks_create_connection_unix(const char *path, double timeout,
    struct sks_socket **out)
{
	struct sks_addr to;
	int r;

	*out = NULL;
	if ((r = sks_addr_set_unix(&to, path)) < 0)
		return r;
	return sks_create_connection_addr(&to, timeout, out);
}

/* Returns the deadline of the next of `tries` attempts, which gets its share of
 * the time that is left: an address that drops packets must not use up the time
 * of the others. */
static int64_t
attempt_deadline(int64_t deadline_ns, int tries)
{
	int64_t now = dw_clock_ns();

	assert(tries >= 1);
	if (deadline_ns == DW_NEVER || tries == 1)
		return deadline_ns;
	return deadline_ns <= now ? deadline_ns :
				    now + (deadline_ns - now) / tries;
}

static int
connect_any(const struct addrinfo *list, const struct sks_addr *source,
    int64_t deadline_ns, struct sks_socket **out)
{
	struct sks_addr to;
	int n = 0, r = SKS_ERESOLVE;

	for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next)
		n++;
	for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next) {
		sks_addr_set(&to, ai->ai_addr, ai->ai_addrlen);
		r = create(&to, source, attempt_deadline(deadline_ns, n--),
		    out);
		if (r == 0)
			break;
	}
	return r;
}

int
sks_create_connection_from(const char *host, unsigned port, double timeout,
    const struct sks_addr *source, struct sks_socket **out)
{
	struct addrinfo *list;
	int r = check_timeout(timeout);

	*out = NULL;
	if (r < 0 ||
	    (r = sks_lookup(host, port, family_of_source(source), &list)) < 0)
		return r;
	r = connect_any(list, source, dw_clock_after(timeout), out);
	freeaddrinfo(list);
	return r;
}

int
sks_create_connection(const char *host, unsigned port, double timeout,
    struct sks_socket **out)
{
	return sks_create_connection_from(host, port, timeout, NULL, out);
}
