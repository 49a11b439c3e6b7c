/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A slow disk, for a program that has this preloaded: while the file that
 * SLOW_SYNC names is there, each fdatasync() and fsync() takes SLOW_MS.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void
take_time(void)
{
	const char *path = getenv("SLOW_SYNC"), *ms = getenv("SLOW_MS");
	long n = ms != NULL ? atol(ms) : 0;
	struct timespec t = { n / 1000, n % 1000 * 1000000 };

	if (path != NULL && access(path, F_OK) == 0)
		nanosleep(&t, NULL);
}

int
fdatasync(int fd)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");

	take_time();
	return real(fd);
}

int
fsync(int fd)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");

	take_time();
	return real(fd);
}
