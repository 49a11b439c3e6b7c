/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This file writes rows to a descriptor without waiting for it.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/sink.h"

#ifndef PIPE_BUF
#define PIPE_BUF _POSIX_PIPE_BUF
#endif

#define SAY_MS 1000

/* A FIFO that we can read as well is never without a reader.  POSIX leaves it
 * open whether that can be; every system that we know of does it. */
static int
flags_for(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISFIFO(st.st_mode) ?
	    O_RDWR :
	    O_WRONLY | O_CREAT | O_APPEND;
}

int
dw_sink_open(struct dw_sink *s, const char *path)
{
	s->fd = open(path, flags_for(path) | O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
	    0600);
	if (s->fd < 0)
		return -errno;
	s->own = true;
	s->at_most = PIPE_BUF;
	return 0;
}

/* O_NONBLOCK belongs to the description, which the shell that started us has
 * too.  So we open another one of the same terminal or pipe. */
#ifdef DW_WITH_LINUX_EXTRAS

static int
open_again(int fd, int flags)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path, flags);
}

#else

static int
open_again(int fd, int flags)
{
	char name[64];

	return ttyname_r(fd, name, sizeof name) == 0 ? open(name, flags) : -1;
}

#endif

void
dw_sink_open_stderr(struct dw_sink *s)
{
	const int flags = O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
	struct stat st;
	bool terminal = isatty(STDERR_FILENO);

	/* A file has one place where it is written, which others move too. */
	s->fd = fstat(STDERR_FILENO, &st) == 0 &&
		(terminal || S_ISFIFO(st.st_mode)) ?
	    open_again(STDERR_FILENO, flags) :
	    -1;
	s->own = s->fd >= 0;
	if (!s->own)
		s->fd = STDERR_FILENO;
	/* A terminal that poll(2) calls writable may have room for one byte. */
	s->at_most = terminal && !s->own ? 1 : PIPE_BUF;
}

void
dw_sink_close(struct dw_sink *s)
{
	if (s->own)
		close(s->fd);
	s->fd = -1;
	s->own = false;
}

void
dw_sink_wait(const struct dw_sink *s, int timeout_ms)
{
	struct pollfd p = { s->fd, POLLOUT, 0 };

	dw_may_block("poll");
	poll(&p, 1, timeout_ms);
}

static bool
takes_more(const struct dw_sink *s)
{
	struct pollfd p = { s->fd, POLLOUT, 0 };

	return poll(&p, 1, 0) != 0;
}

ssize_t
dw_sink_write(const struct dw_sink *s, const char *data, size_t len)
{
	ssize_t n;

	dw_may_block("write");
	if (!s->own && !takes_more(s))
		return 0;
	if (len > s->at_most)
		len = s->at_most;
	do
		n = write(s->fd, data, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
	return n;
}

void
dw_say(const char *text, size_t len)
{
	struct dw_sink s;
	bool waited = false;

	dw_sink_open_stderr(&s);
	while (len > 0) {
		ssize_t n = dw_sink_write(&s, text, len);

		if (n < 0 || (n == 0 && waited))
			break;
		waited = n == 0;
		if (waited)
			dw_sink_wait(&s, SAY_MS);
		text += n;
		len -= (size_t)n;
	}
	dw_sink_close(&s);
}
