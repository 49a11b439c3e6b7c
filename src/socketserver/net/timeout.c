/* SPDX-License-Identifier: BSD-2-Clause */
/* This file holds deadlines, and how long the calls of a socket may wait. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/clock.h"
#include "base/lock.h"
#include "socketserver/net/error.h"
#include "socketserver/net/socket.h"

_Static_assert(SKS_NEVER == DW_NEVER, "one deadline that never comes");

int64_t
sks_now(void)
{
	return dw_clock_ns();
}

int64_t
sks_after(double seconds)
{
	return dw_clock_after(seconds);
}

int
sks_settimeout(struct sks_socket *s, double seconds)
{
	if (isnan(seconds) || seconds < 0)
		return sks_fail(SKS_EINVAL, "a time-out is not negative");
	if (s->fd < 0)
		return sks_fail(SKS_ECLOSED, "settimeout");
	s->timeout = seconds;
	return 0;
}

double
sks_gettimeout(const struct sks_socket *s)
{
	return s->timeout;
}

int
sks_setblocking(struct sks_socket *s, int flag)
{
	return sks_settimeout(s, flag ? INFINITY : 0);
}

int64_t
sks_socket_deadline(const struct sks_socket *s)
{
	return s->timeout > 0 ? dw_clock_after(s->timeout) : SKS_NOW;
}

static struct timeval
timeval_of(int64_t us)
{
	struct timeval tv;

	tv.tv_sec = (time_t)(us / 1000000);
	tv.tv_usec = (suseconds_t)(us % 1000000);
	return tv;
}

/* The kernel takes 0 for no limit, so a limit is never below 1 ms. */
static int
limit(struct sks_socket *s, int option, int64_t *set_us, int64_t deadline_ns)
{
	int64_t now, us = 0;
	struct timeval tv;

	if (deadline_ns != DW_NEVER) {
		if (deadline_ns <= (now = dw_clock_ns()))
			return sks_fail(SKS_ETIMEDOUT, "");
		us = (deadline_ns - now + 999) / 1000;
		us = us < 1000 ? 1000 : us;
	}
	if (us == *set_us && !atomic_load(&s->shared))
		return 0;
	assert(us >= 0);
	tv = timeval_of(us);
	if (setsockopt(s->fd, SOL_SOCKET, option, &tv, sizeof tv) < 0)
		return sks_socket_fail(s, errno, "setsockopt");
	*set_us = us;
	return 0;
}

int
sks_limit_recv(struct sks_socket *s, int64_t deadline_ns)
{
	return limit(s, SO_RCVTIMEO, &s->rcv_us, deadline_ns);
}

int
sks_limit_send(struct sks_socket *s, int64_t deadline_ns)
{
	return limit(s, SO_SNDTIMEO, &s->snd_us, deadline_ns);
}

int
sks_limit_again(int sys_errno, int64_t deadline_ns)
{
	if (sys_errno == EINTR)
		return 1;
	return deadline_ns != SKS_NOW &&
	    (sys_errno == EAGAIN || sys_errno == EWOULDBLOCK);
}

int
sks_socket_poll(struct sks_socket *s, short events, int64_t deadline_ns)
{
	struct pollfd pfd;
	int n;

	dw_may_block("poll");
	for (;;) {
		if (s->fd < 0)
			return sks_fail(SKS_ECLOSED, "poll");
		pfd = (struct pollfd){ .fd = s->fd, .events = events };
		n = poll(&pfd, 1, dw_clock_poll_ms(deadline_ns));
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return sks_fail_errno(errno, "poll");
		if (n == 0 && dw_clock_ns() >= deadline_ns)
			return sks_fail(SKS_ETIMEDOUT, "");
	}
}

int
sks_wait_hup(struct sks_socket *s, int64_t deadline_ns)
{
	return sks_socket_poll(s, 0, deadline_ns);
}
