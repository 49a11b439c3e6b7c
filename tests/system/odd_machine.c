/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A machine as few are, for a program that has this preloaded: SYNC_MS is how
 * long each fdatasync() takes, FREE_MIB how much room each disk has, and
 * CLOCK_STATE what adjtimex() says: 1, that the clock is kept right, or 0.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

static long
number(const char *name)
{
	const char *value = getenv(name);

	return value != NULL ? atol(value) : -1;
}

int
fdatasync(int fd)
{
	long ms = number("SYNC_MS");
	struct timespec ts = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 };

	if (ms > 0)
		nanosleep(&ts, NULL);
	return (int)syscall(SYS_fdatasync, fd);
}

int
adjtimex(struct timex *tx)
{
	long state = number("CLOCK_STATE");

	if (state < 0)
		return (int)syscall(SYS_adjtimex, tx);
	memset(tx, 0, sizeof *tx);
	tx->status = state > 0 ? 0 : STA_UNSYNC;
	return state > 0 ? TIME_OK : TIME_ERROR;
}

int
statvfs(const char *path, struct statvfs *fs)
{
	int (*real)(const char *path, struct statvfs *fs);
	long mib = number("FREE_MIB");
	int r;

	*(void **)&real = dlsym(RTLD_NEXT, "statvfs");
	r = real(path, fs);
	if (r == 0 && mib >= 0)
		fs->f_bavail =
		    (fsblkcnt_t)mib * 1024 * 1024 / (fsblkcnt_t)fs->f_frsize;
	return r;
}
