/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file writes to the terminal without waiting for it.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lock.h"
#include "tty/internal.h"

/* A pipe takes so much without waiting when poll(2) says it is writable. */
#define PIECE 512

static int
own_description(void)
{
	const int flags = O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
	char name[64];
	int fd = -1;

	if (ttyname_r(STDOUT_FILENO, name, sizeof name) == 0)
		fd = open(name, flags);
	return fd;
}

void
tty_out_open(struct tty_out *o, bool terminal)
{
	o->fd = terminal ? own_description() : -1;
	o->nonblocking = o->fd >= 0;
	if (!o->nonblocking)
		o->fd = STDOUT_FILENO;
	o->broken = false;
}

void
tty_out_close(struct tty_out *o)
{
	if (o->nonblocking)
		close(o->fd);
	o->fd = -1;
	o->nonblocking = false;
	dw_buf_fini(&o->pending);
}

void
tty_out_add(struct tty_out *o, const void *data, size_t len)
{
	assert(o->fd >= 0);
	if (!o->broken)
		dw_buf_add(&o->pending, data, len);
}

static bool
writable(const struct tty_out *o, int timeout_ms)
{
	struct pollfd p = { o->fd, POLLOUT, 0 };

	return poll(&p, 1, timeout_ms) > 0;
}

/* Returns the bytes written, 0 when the terminal takes none now. */
static size_t
write_some(struct tty_out *o, size_t len)
{
	ssize_t n;

	assert(len != 0); /* 0 written means: not now */
	if (!o->nonblocking && len > PIECE)
		len = PIECE;
	if (!o->nonblocking && !writable(o, 0))
		return 0;
	dw_may_block("write");
	do
		n = write(o->fd, o->pending.data, len);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return (size_t)n;
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		o->broken = true;
	return 0;
}

bool
tty_out_flush(struct tty_out *o)
{
	bool went = false;
	size_t n;

	while (o->pending.len != 0 && !o->broken &&
	    (n = write_some(o, o->pending.len)) != 0) {
		dw_buf_drop(&o->pending, n);
		went = true;
	}
	if (o->broken)
		dw_buf_reset(&o->pending);
	return went;
}

void
tty_out_drain(struct tty_out *o, int patience_ms)
{
	int64_t deadline = dw_clock_ns() + patience_ms * DW_MS;

	while (o->pending.len != 0 && !o->broken) {
		int remaining_ms = dw_clock_poll_ms(deadline);

		if (tty_out_flush(o))
			deadline = dw_clock_ns() + patience_ms * DW_MS;
		else if (remaining_ms == 0 || !writable(o, remaining_ms))
			break;
	}
	dw_buf_reset(&o->pending);
}
