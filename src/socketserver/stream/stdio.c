/* SPDX-License-Identifier: BSD-2-Clause */
/* This file makes a FILE of the C library of a socket. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "socketserver/net/error.h"
#include "socketserver/net/socket.h"

enum direction { READING = 1, WRITING = 2 };

/* The index is an enum direction, the text is fopen's mode. */
static const char *const modes[] = { NULL, "r", "w", "r+" };

/* Follows Python's rule for its modes.  Returns an enum direction or SKS_E*. */
static int
parse_mode(const char *mode)
{
	const int writing = strchr(mode, 'w') != NULL;

	if (mode[strspn(mode, "rwb")] != '\0')
		return sks_fail(SKS_EINVAL, "the mode is of r, w and b");
	if (!writing)
		return READING;
	return strchr(mode, 'r') != NULL ? READING | WRITING : WRITING;
}

#ifdef HAVE_FOPENCOOKIE

/*
 * What a FILE carries.  A FILE that both reads and writes has no buffer of its
 * own, because the C library could not go back over bytes that it has read
 * ahead; those bytes wait in `ahead` instead.
 */
struct cookie {
	unsigned magic;
	struct sks_socket *sock;  /* held */
	struct sks_stream *ahead; /* NULL: one direction only */
};

#define COOKIE_MAGIC 0x66696c65u

static struct cookie *
cookie_of(void *arg)
{
	struct cookie *c = arg;

	assert(c->magic == COOKIE_MAGIC);
	return c;
}

struct row {
	int code, sys_errno;
};

/* Returns the errno of the last failure.  A code that is not in the table has
 * the errno that the system gave. */
static int
errno_of_last(void)
{
	static const struct row rows[] = {
		{ SKS_ETIMEDOUT, ETIMEDOUT },
		{ SKS_EAGAIN, EAGAIN },
		{ SKS_ECLOSED, EBADF },
		{ SKS_ENOMEM, ENOMEM },
	};
	struct sks_error e;

	sks_last_error(&e);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].code == e.code)
			return rows[i].sys_errno;
	/* The kernel has given up the connection.  ETIMEDOUT is only for our
	 * own limit. */
	if (e.sys_errno == 0 || e.sys_errno == ETIMEDOUT)
		return ECONNRESET;
	return e.sys_errno;
}

static ssize_t
cookie_read(void *arg, char *buf, size_t n)
{
	struct cookie *c = cookie_of(arg);
	ssize_t got = c->ahead != NULL ? sks_stream_read(c->ahead, buf, n) :
					 sks_recv(c->sock, buf, n);

	if (got >= 0)
		return got;
	errno = errno_of_last();
	return -1;
}

/* The C library takes a count below n for a failure; it knows no -1 here. */
static ssize_t
cookie_write(void *arg, const char *data, size_t n)
{
	struct cookie *c = cookie_of(arg);
	size_t done;

	if (sks_sendall(c->sock, data, n, &done) < 0)
		errno = errno_of_last();
	return (ssize_t)done;
}

static int
cookie_close(void *arg)
{
	struct cookie *c = cookie_of(arg);

	sks_stream_free(c->ahead);
	sks_socket_release(c->sock);
	c->magic = 0;
	free(c);
	return 0;
}

static int
open_cookie(struct sks_socket *s, int direction, FILE **out)
{
	static const cookie_io_functions_t calls = {
		.read = cookie_read,
		.write = cookie_write,
		.close = cookie_close,
	};
	struct cookie *c = calloc(1, sizeof *c);
	int both = direction == (READING | WRITING);

	if (c == NULL)
		return sks_fail(SKS_ENOMEM, "");
	c->magic = COOKIE_MAGIC;
	c->sock = sks_socket_hold(s);
	if ((both && sks_makefile(s, -1, 0, &c->ahead) < 0) ||
	    (*out = fopencookie(c, modes[direction], calls)) == NULL) {
		cookie_close(c);
		return sks_fail(SKS_ENOMEM, "fopencookie");
	}
	if (both)
		setvbuf(*out, NULL, _IONBF, 0);
	return 0;
}

#else

static int
open_cookie(struct sks_socket *s, int direction, FILE **out)
{
	static const struct timeval none = { 0, 0 };
	int fd;

	if (!isinf(s->timeout))
		return sks_fail(SKS_ENOTSUP, "no FILE with a time-out here");
	if ((fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0)) < 0)
		return sks_fail_errno(errno, "dup");
	atomic_store(&s->shared, true);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none);
#ifdef SO_NOSIGPIPE
	sks_setsockopt_int(s, SOL_SOCKET, SO_NOSIGPIPE, 1);
#endif
	if ((*out = fdopen(fd, modes[direction])) == NULL) {
		close(fd);
		return sks_fail_errno(ENOMEM, "fdopen");
	}
	if (direction == (READING | WRITING))
		setvbuf(*out, NULL, _IONBF, 0);
	return 0;
}

#endif

int
sks_makefile_stdio(struct sks_socket *s, const char *mode, FILE **out)
{
	int direction = parse_mode(mode);

	*out = NULL;
	if (direction < 0)
		return direction;
	if (s->fd < 0)
		return sks_fail(SKS_ECLOSED, "makefile");
	return open_cookie(s, direction, out);
}
