/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A program that has this preloaded is killed as soon as it would send bytes
 * with the words of KILLED_SEND in them.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t
sendto(int fd, const void *data, size_t len, int flags,
    const struct sockaddr *to, socklen_t to_len)
{
	const char *words = getenv("KILLED_SEND");

	if (words != NULL && memmem(data, len, words, strlen(words)) != NULL)
		kill(getpid(), SIGKILL);
	return syscall(SYS_sendto, fd, data, len, flags, to, to_len);
}
