/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * getrandom(2), or the file where there is no such call.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#ifdef HAVE_GETRANDOM
#include <sys/random.h>
#else
#include <fcntl.h>
#include <unistd.h>
#endif

#include "base/random.h"

#ifdef HAVE_GETRANDOM

static ssize_t
draw(void *bytes, size_t n)
{
	return getrandom(bytes, n, 0);
}

#else

static ssize_t
draw(void *bytes, size_t n)
{
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -1;
	got = read(fd, bytes, n);
	close(fd);
	return got;
}

#endif

int
dw_random(void *bytes, size_t n)
{
	ssize_t got;

	/* So few bytes come whole, but for a signal. */
	assert(n <= 256);
	do
		got = draw(bytes, n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	return (size_t)got == n ? 0 : -EIO;
}
