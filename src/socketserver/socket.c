/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lock.h"
#include "socketserver/addr.h"
#include "socketserver/error.h"
#include "socketserver/observe.h"
#include "socketserver/socket.h"

/*
 * The descriptor stays blocking.  A limit is put into SO_RCVTIMEO or
 * SO_SNDTIMEO before the call, and only when it differs from what is there:
 * rcv_us and snd_us remember that (0: none, -1: not known), each used by one
 * thread, the reader or the writer.
 *
 * fd changes once, to -1, under the lock and by the owner.  The owner and the
 * threads it lends the socket to read it without; sks_shutdown(), which any
 * thread may call at any time, reads it under the lock, and so never meets a
 * number that already belongs to somebody else.
 */
struct sks_socket {
	atomic_uint	refs;
	double		timeout;
	int64_t		rcv_us, snd_us;
	struct sks_observer observer;

	struct dw_lock	lock;		/* "socket" */
	int		fd;
};

int
sks_fd_set_nonblock(int fd, int on)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;
	flags = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	return fcntl(fd, F_SETFL, flags) < 0 ? -errno : 0;
}

int
sks_fd_new(int family, int type, int proto)
{
	int fd;

#ifdef SOCK_CLOEXEC
	fd = socket(family, type | SOCK_CLOEXEC, proto);
#else
	if ((fd = socket(family, type, proto)) >= 0)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
#endif
	return fd < 0 ? -errno : fd;
}

struct sks_socket *
sks_socket_wrap(int fd)
{
	struct sks_socket *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	atomic_init(&s->refs, 1);
	s->timeout = INFINITY;
	dw_lock_init(&s->lock, DW_LOCK_socket);
	s->fd = fd;
	return s;
}

int
sks_socket_new(enum sks_family family, enum sks_type type, int proto,
    struct sks_socket **out)
{
	static const int families[] = { AF_UNSPEC, AF_INET, AF_INET6, AF_UNIX };
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW,
	    SOCK_RDM, SOCK_SEQPACKET };
	int fd;

	*out = NULL;
	if (family == SKS_UNSPEC || family > SKS_UNIX || type > SKS_SEQPACKET)
		return sks_fail(SKS_EINVAL, "no such family or type");
	if ((fd = sks_fd_new(families[family], types[type], proto)) < 0)
		return sks_fail_errno(-fd, "socket");
	if ((*out = sks_socket_wrap(fd)) != NULL)
		return 0;
	close(fd);
	return sks_fail(SKS_ENOMEM, "");
}

struct sks_socket *
sks_socket_hold(struct sks_socket *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void
sks_socket_release(struct sks_socket *s)
{
	if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	dw_lock_fini(&s->lock);
	free(s);
}

int
sks_socket_fromfd(int fd, struct sks_socket **out)
{
	int type, r;
	socklen_t len = sizeof type;

	*out = NULL;
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0)
		return sks_fail_errno(errno, "getsockopt");
	if ((r = sks_fd_set_nonblock(fd, 0)) < 0)
		return sks_fail_errno(-r, "fcntl");
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return sks_fail_errno(errno, "fcntl");
	if ((*out = sks_socket_wrap(fd)) == NULL)
		return sks_fail(SKS_ENOMEM, "");
	(*out)->rcv_us = (*out)->snd_us = -1;
	return 0;
}

int
sks_socketpair(struct sks_socket **a, struct sks_socket **b)
{
	int fds[2];

	*a = *b = NULL;
#ifdef SOCK_CLOEXEC
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return sks_fail_errno(errno, "socketpair");
#else
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		return sks_fail_errno(errno, "socketpair");
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
#endif
	*a = sks_socket_wrap(fds[0]);
	*b = sks_socket_wrap(fds[1]);
	if (*a != NULL && *b != NULL)
		return 0;
	close(fds[0]);
	close(fds[1]);
	free(*a);
	free(*b);
	*a = *b = NULL;
	return sks_fail(SKS_ENOMEM, "");
}

int
sks_settimeout(struct sks_socket *s, double seconds)
{
	if (isnan(seconds) || seconds < 0)
		return sks_fail(SKS_EINVAL, "a time-out is not negative");
	s->timeout = seconds;
	return 0;
}

double
sks_gettimeout(const struct sks_socket *s)
{
	return s->timeout;
}

static struct timeval
timeval_of(int64_t us)
{
	struct timeval tv;

	tv.tv_sec = (time_t)(us / 1000000);
	tv.tv_usec = (suseconds_t)(us % 1000000);
	return tv;
}

/*
 * Tells the kernel how long the next call may wait: until the deadline, but at
 * least 1 ms, because 0 would mean for ever.  SKS_ETIMEDOUT when there is
 * nothing left.
 */
static int
limit(struct sks_socket *s, int option, int64_t *set_us, int64_t deadline_ns)
{
	struct timeval tv;
	int64_t us = 0;

	if (deadline_ns != DW_NEVER) {
		us = (deadline_ns - dw_clock_ns() + 999) / 1000;
		if (us <= 0)
			return sks_fail(SKS_ETIMEDOUT, "");
		if (us < 1000)
			us = 1000;
	}
	if (us == *set_us)
		return 0;
	tv = timeval_of(us);
	if (setsockopt(s->fd, SOL_SOCKET, option, &tv, sizeof tv) < 0)
		return sks_fail_io(errno, "setsockopt");
	*set_us = us;
	return 0;
}

static int
again(int err)
{
	return err == EINTR || err == EAGAIN || err == EWOULDBLOCK;
}

static int
would_block(int err)
{
	return err == EAGAIN || err == EWOULDBLOCK;
}

static ssize_t
recv_now(struct sks_socket *s, void *buf, size_t n)
{
	ssize_t got;

	do
		got = recv(s->fd, buf, n, MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	return got >= 0 ? got : sks_fail_io(errno, "recv");
}

ssize_t
sks_recv_deadline(struct sks_socket *s, void *buf, size_t n,
    int64_t deadline_ns)
{
	ssize_t got;
	int r;

	if (n == 0)
		return 0;
	for (;;) {
		if (s->fd < 0)
			return sks_fail(SKS_ECLOSED, "recv");
		if ((r = limit(s, SO_RCVTIMEO, &s->rcv_us, deadline_ns)) < 0)
			return r;
		if ((got = recv(s->fd, buf, n, 0)) >= 0)
			return got;
		if (!again(errno))
			return sks_fail_io(errno, "recv");
	}
}

ssize_t
sks_recv(struct sks_socket *s, void *buf, size_t n)
{
	if (s->timeout > 0)
		return sks_recv_deadline(s, buf, n, dw_clock_after(s->timeout));
	if (s->fd < 0)
		return sks_fail(SKS_ECLOSED, "recv");
	return n == 0 ? 0 : recv_now(s, buf, n);
}

ssize_t
sks_recv_limited(struct sks_socket *s, void *buf, size_t n,
    int64_t deadline_ns)
{
	if (deadline_ns == SKS_OWN_TIMEOUT)
		return sks_recv(s, buf, n);
	return sks_recv_deadline(s, buf, n, deadline_ns);
}

ssize_t
sks_send_now(struct sks_socket *s, const void *data, size_t n)
{
	ssize_t sent;

	if (s->fd < 0)
		return sks_fail(SKS_ECLOSED, "send");
	do
		sent = send(s->fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return sent;
	if (would_block(errno))
		return sks_fail(SKS_EAGAIN, "send");
	return sks_fail_io(errno, "send");
}

static ssize_t
send_deadline(struct sks_socket *s, const void *data, size_t n,
    int64_t deadline_ns)
{
	ssize_t sent;
	int r;

	for (;;) {
		if (s->fd < 0)
			return sks_fail(SKS_ECLOSED, "send");
		if ((r = limit(s, SO_SNDTIMEO, &s->snd_us, deadline_ns)) < 0)
			return r;
		if ((sent = send(s->fd, data, n, MSG_NOSIGNAL)) >= 0)
			return sent;
		if (!again(errno))
			return sks_fail_io(errno, "send");
	}
}

ssize_t
sks_send(struct sks_socket *s, const void *data, size_t n)
{
	if (s->timeout > 0)
		return send_deadline(s, data, n, dw_clock_after(s->timeout));
	return sks_send_now(s, data, n);
}

/* deadline_ns 0: do not wait. */
static int
send_rest(struct sks_socket *s, const char *data, size_t n,
    int64_t deadline_ns, size_t *done)
{
	size_t sent = 0;
	ssize_t r = 0;

	while (sent < n && r >= 0) {
		r = deadline_ns == 0 ? sks_send_now(s, data + sent, n - sent) :
		    send_deadline(s, data + sent, n - sent, deadline_ns);
		if (r > 0)
			sent += (size_t)r;
	}
	if (done != NULL)
		*done = sent;
	return r < 0 ? (int)r : 0;
}

int
sks_sendall_deadline(struct sks_socket *s, const void *data, size_t n,
    int64_t deadline_ns, size_t *done)
{
	return send_rest(s, data, n, deadline_ns > 0 ? deadline_ns : 1, done);
}

int
sks_sendall(struct sks_socket *s, const void *data, size_t n, size_t *done)
{
	return send_rest(s, data, n,
	    s->timeout > 0 ? dw_clock_after(s->timeout) : 0, done);
}

int
sks_shutdown(struct sks_socket *s, enum sks_how how)
{
	static const int hows[] = { SHUT_RD, SHUT_WR, SHUT_RDWR };
	int r, err = 0;

	dw_lock(&s->lock);
	r = s->fd < 0 ? -1 : shutdown(s->fd, hows[how]);
	if (r < 0)
		err = s->fd < 0 ? EBADF : errno;
	dw_unlock(&s->lock);
	return r < 0 ? sks_fail_errno(err, "shutdown") : 0;
}

/* After this nobody can get at the number through s; the caller closes it. */
static int
take_fd(struct sks_socket *s)
{
	int fd;

	dw_lock(&s->lock);
	fd = s->fd;
	s->fd = -1;
	dw_unlock(&s->lock);
	return fd;
}

void
sks_close(struct sks_socket *s)
{
	int fd = take_fd(s);

	if (fd >= 0)
		close(fd);	/* never again, not even after EINTR */
}

void
sks_reset(struct sks_socket *s)
{
	static const struct linger none = { 1, 0 };

	if (s->fd >= 0)
		setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	sks_close(s);
}

void
sks_socket_free(struct sks_socket *s)
{
	if (s == NULL)
		return;
	sks_close(s);
	sks_socket_release(s);
}

struct sks_observer *
sks_socket_observer(struct sks_socket *s)
{
	return &s->observer;
}

int
sks_fileno(const struct sks_socket *s)
{
	return s->fd;
}

int
sks_getsockname(struct sks_socket *s, struct sks_addr *out)
{
	return sks_addr_of_fd(s->fd, getsockname, "getsockname", out);
}

int
sks_getpeername(struct sks_socket *s, struct sks_addr *out)
{
	return sks_addr_of_fd(s->fd, getpeername, "getpeername", out);
}

int
sks_wait_hup(struct sks_socket *s, int64_t deadline_ns)
{
	struct pollfd pfd;
	int n;

	for (;;) {
		if (s->fd < 0)
			return sks_fail(SKS_ECLOSED, "poll");
		pfd = (struct pollfd){ .fd = s->fd, .events = 0 };
		n = poll(&pfd, 1, dw_clock_poll_ms(deadline_ns));
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return sks_fail_errno(errno, "poll");
		if (n == 0 && dw_clock_ns() >= deadline_ns)
			return sks_fail(SKS_ETIMEDOUT, "");
	}
}
