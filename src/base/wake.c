/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This file makes a descriptor readable from any thread or signal handler.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>
#ifdef HAVE_EVENTFD
#include <sys/eventfd.h>
#endif

#include "base/wake.h"

#ifdef HAVE_EVENTFD

int
dw_wake_init(struct dw_wake *w)
{
	w->rd = w->wr = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return w->rd < 0 ? -errno : 0;
}

#else

static int
prepare(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	return 0;
}

int
dw_wake_init(struct dw_wake *w)
{
	int fds[2], r;

	if (pipe(fds) < 0)
		return -errno;
	w->rd = fds[0];
	w->wr = fds[1];
	if ((r = prepare(w->rd)) < 0 || (r = prepare(w->wr)) < 0)
		dw_wake_fini(w);
	return r;
}

#endif

void
dw_wake_fini(struct dw_wake *w)
{
	if (w->rd >= 0)
		close(w->rd);
	if (w->wr >= 0 && w->wr != w->rd)
		close(w->wr);
	w->rd = w->wr = -1;
}

void
dw_wake_ring(struct dw_wake *w)
{
	static const uint64_t one = 1;
	int saved = errno;

	/* A full pipe or counter already wakes. */
	while (write(w->wr, &one, sizeof one) < 0 && errno == EINTR)
		;
	errno = saved;
}

void
dw_wake_clear(struct dw_wake *w)
{
	uint64_t rings[32];

	while (read(w->rd, rings, sizeof rings) == (ssize_t)sizeof rings)
		;
}
