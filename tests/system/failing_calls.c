/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lets one call fail in a program that has this preloaded: of the function that
 * FAILING names, the call with the number NTH, from 1, fails with ERRNO.  At
 * the end of the program the file named by COUNTED has how many there were.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* The C library's own, under names that it keeps for such a purpose. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static atomic_long count;

/* Without memory: malloc() comes here too. */
static int
fails(const char *name)
{
	const char *which = getenv("FAILING"), *nth = getenv("NTH");
	const char *error = getenv("ERRNO");

	if (which == NULL || nth == NULL || error == NULL ||
	    strcmp(which, name) != 0 ||
	    atomic_fetch_add(&count, 1) + 1 != atol(nth))
		return 0;
	errno = atoi(error);
	return 1;
}

void *
malloc(size_t size)
{
	return fails("malloc") ? NULL : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	return fails("malloc") ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *old, size_t size)
{
	return fails("malloc") ? NULL : __libc_realloc(old, size);
}

/* The next function of this name, asked for once. */
#define REAL(name)                     \
	static __typeof__(&name) real; \
	if (real == NULL)              \
	real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define CALL(type, name, parameters, arguments)            \
	type name parameters                               \
	{                                                  \
		REAL(name);                                \
		return fails(#name) ? -1 : real arguments; \
	}

/* A write that rings an eventfd, of 8 bytes, cannot fail. */
ssize_t
write(int fd, const void *p, size_t n)
{
	REAL(write);
	return n != 8 && fails("write") ? -1 : real(fd, p, n);
}

CALL(ssize_t, pwrite64, (int fd, const void *p, size_t n, off64_t at),
    (fd, p, n, at))
CALL(int, fsync, (int fd), (fd))
CALL(int, fdatasync, (int fd), (fd))
CALL(int, accept4, (int fd, struct sockaddr *a, socklen_t *len, int flags),
    (fd, a, len, flags))
CALL(ssize_t, recv, (int fd, void *p, size_t n, int flags), (fd, p, n, flags))
CALL(ssize_t, send, (int fd, const void *p, size_t n, int flags),
    (fd, p, n, flags))
CALL(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags),
    (fd, m, flags))
CALL(int, poll, (struct pollfd * p, nfds_t n, int ms), (p, n, ms))
CALL(int, epoll_wait, (int fd, struct epoll_event *e, int n, int ms),
    (fd, e, n, ms))

#define OPEN(name)                                                           \
	int name(const char *path, int flags, ...)                           \
	{                                                                    \
		va_list ap;                                                  \
		mode_t mode;                                                 \
		REAL(name);                                                  \
		va_start(ap, flags);                                         \
		mode = (flags & O_CREAT) != 0 ? (mode_t)va_arg(ap, int) : 0; \
		va_end(ap);                                                  \
		return fails("open") ? -1 : real(path, flags, mode);         \
	}

OPEN(open)
OPEN(open64)

__attribute__((destructor)) static void
tell(void)
{
	const char *path = getenv("COUNTED");
	char text[32];
	int fd, len = snprintf(text, sizeof text, "%ld\n", (long)count);

	if (path == NULL)
		return;
	if ((fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600)) >= 0) {
		(void)!write(fd, text, (size_t)len);
		close(fd);
	}
}
