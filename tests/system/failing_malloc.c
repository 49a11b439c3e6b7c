/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lets one allocation fail in a program that has this preloaded: the one whose
 * number, from 1, is in FAILING_MALLOC.  At the end of the program the file
 * named by COUNTED_MALLOCS has how many there were.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The C library's own, under names that it keeps for such a purpose. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static atomic_long count;

static int
fails(void)
{
	const char *which = getenv("FAILING_MALLOC");

	if (which == NULL || atomic_fetch_add(&count, 1) + 1 != atol(which))
		return 0;
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}

__attribute__((destructor)) static void
tell(void)
{
	const char *path = getenv("COUNTED_MALLOCS");
	char text[32];
	int fd, len = snprintf(text, sizeof text, "%ld\n", (long)count);

	if (path == NULL)
		return;
	if ((fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600)) >= 0) {
		(void)!write(fd, text, (size_t)len);
		close(fd);
	}
}
