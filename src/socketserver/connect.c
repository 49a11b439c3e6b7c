/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "socketserver/addr.h"
#include "socketserver/error.h"
#include "socketserver/socket.h"

/* Waits for a connect that is under way.  Returns 0 or an errno. */
static int
await_connected(int fd, int64_t deadline_ns)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int n, err = 0;

	for (;;) {
		n = poll(&pfd, 1, dw_clock_poll_ms(deadline_ns));
		if (n > 0)
			break;
		if (n < 0 && errno != EINTR)
			return errno;
		if (n == 0 && dw_clock_ns() >= deadline_ns)
			return ETIMEDOUT;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return errno;
	/* Accepted and reset at once (a refusal is ECONNREFUSED): what the
	 * peer said before waits to be read. */
	if (err == ECONNRESET)
		return 0;
	return err;
}

/* An interrupted connect goes on by itself; a second would be an error. */
static int
connect_inet(int fd, const struct sks_addr *to, int64_t deadline_ns)
{
	int r = sks_fd_set_nonblock(fd, 1);

	if (r < 0)
		return -r;
	if (connect(fd, sks_addr_sa(to), to->len) < 0) {
		if (errno != EINPROGRESS && errno != EINTR)
			return errno;
		if ((r = await_connected(fd, deadline_ns)) != 0)
			return r;
	}
	return -sks_fd_set_nonblock(fd, 0);
}

/* A Unix connect does not go on by itself: it waits for room in the backlog,
 * as long as SO_SNDTIMEO says, or not at all. */
static int
connect_unix(int fd, const struct sks_addr *to, int64_t deadline_ns)
{
	static const struct timeval none = { 0, 0 };
	struct timeval tv;
	int ms;

	for (;;) {
		if ((ms = dw_clock_poll_ms(deadline_ns)) == 0)
			return ETIMEDOUT;
		tv = none;
		if (ms > 0) {
			tv.tv_sec = ms / 1000;
			tv.tv_usec = ms % 1000 * 1000;
		}
		if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv,
		    sizeof tv) < 0)
			return errno;
		if (connect(fd, sks_addr_sa(to), to->len) == 0)
			break;
		if (errno != EINTR && errno != EAGAIN)
			return errno;
	}
	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none) < 0 ?
	    errno : 0;
}

static int
connect_until(const struct sks_addr *to, int64_t deadline_ns,
    struct sks_socket **out)
{
	int is_unix = sks_addr_family(to) == SKS_UNIX;
	int fd, err;

	*out = NULL;
	if (sks_addr_family(to) == SKS_UNSPEC)
		return sks_fail(SKS_EINVAL, "no address to connect to");
	if ((fd = sks_fd_new(sks_addr_sa(to)->sa_family, SOCK_STREAM, 0)) < 0)
		return sks_fail_errno(-fd, "socket");
	err = is_unix ? connect_unix(fd, to, deadline_ns) :
	    connect_inet(fd, to, deadline_ns);
	if (err == 0 && (*out = sks_socket_wrap(fd)) == NULL)
		err = ENOMEM;
	if (err == 0)
		return 0;
	close(fd);
	return sks_fail_errno(err, "connect");
}

static int
check_timeout(double timeout)
{
	if (isnan(timeout) || timeout < 0)
		return sks_fail(SKS_EINVAL, "a time-out is not negative");
	return 0;
}

int
sks_create_connection_addr(const struct sks_addr *to, double timeout,
    struct sks_socket **out)
{
	int r = check_timeout(timeout);

	*out = NULL;
	return r < 0 ? r : connect_until(to, dw_clock_after(timeout), out);
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

/* The deadline of the next of `tries` attempts: its share of what is left, so
 * that an address which swallows packets does not use up the others' time. */
static int64_t
share(int64_t deadline_ns, int tries)
{
	int64_t now = dw_clock_ns();

	if (deadline_ns == DW_NEVER || tries <= 1)
		return deadline_ns;
	return deadline_ns <= now ? deadline_ns :
	    now + (deadline_ns - now) / tries;
}

static int
connect_any(const struct addrinfo *list, int64_t deadline_ns,
    struct sks_socket **out)
{
	struct sks_addr to;
	int n = 0, r = SKS_ERESOLVE;

	for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next)
		n++;
	for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next) {
		sks_addr_set(&to, ai->ai_addr, ai->ai_addrlen);
		r = connect_until(&to, share(deadline_ns, n--), out);
		if (r == 0)
			break;
	}
	return r;
}

int
sks_create_connection(const char *host, unsigned port, double timeout,
    struct sks_socket **out)
{
	static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	char service[8];
	int r = check_timeout(timeout);

	*out = NULL;
	if (r < 0)
		return r;
	if (port > 65535)
		return sks_fail(SKS_EINVAL,
		    "the port is not a number from 0 to 65535");
	snprintf(service, sizeof service, "%u", port);
	if (getaddrinfo(host, service, &hints, &list) != 0)
		return sks_fail(SKS_ERESOLVE, "getaddrinfo");
	r = connect_any(list, dw_clock_after(timeout), out);
	freeaddrinfo(list);
	return r;
}
