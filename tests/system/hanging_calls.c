/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lets calls of a desk hang, in a program that has this preloaded, for as long as
 * a file says so.  Each byte of the file that HANGING names belongs to one call,
 * in the order of the enum: 'h' makes it hang, and while one hangs it is 'H'.
 * With NO_INTERNET in the environment no socket of IP can be made, as under
 * RestrictAddressFamilies=AF_UNIX.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum call { SYNC, ACCEPT, SEND, CALLS };

static volatile char *words;

__attribute__((constructor)) static void
open_words(void)
{
	const char *path = getenv("HANGING");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *map = fd < 0 ?
	    MAP_FAILED :
	    mmap(NULL, CALLS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		return;
	words = map;
	close(fd);
}

static void
hang(enum call call)
{
	if (words == NULL || words[call] != 'h')
		return;
	words[call] = 'H';
	while (words[call] == 'H')
		poll(NULL, 0, 5);
}

/* Only of the thread that stores, and tells everybody. */
static int
is_desk(void)
{
	char name[16] = "";

	return pthread_getname_np(pthread_self(), name, sizeof name) == 0 &&
	    strcmp(name, "desk") == 0;
}

/* The next function of this name, asked for once. */
#define REAL(name)                     \
	static __typeof__(&name) real; \
	if (real == NULL)              \
	real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

int
fsync(int fd)
{
	REAL(fsync);
	if (is_desk())
		hang(SYNC);
	return real(fd);
}

int
fdatasync(int fd)
{
	REAL(fdatasync);
	if (is_desk())
		hang(SYNC);
	return real(fd);
}

int
accept4(int fd, struct sockaddr *a, socklen_t *len, int flags)
{
	REAL(accept4);
	hang(ACCEPT);
	return real(fd, a, len, flags);
}

ssize_t
sendto(int fd, const void *p, size_t n, int flags, const struct sockaddr *a,
    socklen_t len)
{
	REAL(sendto);
	if (is_desk())
		hang(SEND);
	return real(fd, p, n, flags, a, len);
}

int
socket(int family, int type, int proto)
{
	REAL(socket);
	if (family != AF_UNIX && getenv("NO_INTERNET") != NULL) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return real(family, type, proto);
}
