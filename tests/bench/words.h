/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What all programs of make bench speak, each on one connection: the client
 * says WORDS_HELLO, the server WORDS_READY; then each message comes back as it
 * is, until the client says WORDS_QUIT, which comes back, too, and is the end.
 * There is no framing: what one recv returns is one message, as in the tutorial.
 */
#ifndef BENCH_WORDS_H
#define BENCH_WORDS_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#define WORDS_HELLO "客户端已就绪"
#define WORDS_READY "服务端已就绪"
#define WORDS_QUIT  "quit"

/* Of a server's buffer; answers are never longer. */
#define WORDS_MAX 1024

enum words_state { WORDS_NEW, WORDS_TALKING, WORDS_END };

/* Makes what a server answers to the n bytes in buf, in buf, which has room for
 * WORDS_MAX.  Returns how many bytes to send, 0 for nothing. */
static inline size_t
words_answer(char *buf, size_t n, enum words_state *state)
{
	if (*state == WORDS_NEW) {
		if (memmem(buf, n, WORDS_HELLO, strlen(WORDS_HELLO)) == NULL)
			return 0;
		*state = WORDS_TALKING;
		memcpy(buf, WORDS_READY, strlen(WORDS_READY));
		return strlen(WORDS_READY);
	}
	if (memmem(buf, n, WORDS_QUIT, strlen(WORDS_QUIT)) == NULL)
		return n;
	*state = WORDS_END;
	memcpy(buf, WORDS_QUIT, strlen(WORDS_QUIT));
	return strlen(WORDS_QUIT);
}

static inline void
words_die(const char *what)
{
	perror(what);
	exit(1);
}

static inline int
words_set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof value);
}

static inline struct sockaddr_in
words_loopback(unsigned port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	in.sin_port = htons((uint16_t)port);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return in;
}

/* A listener at a free port, which is printed as a server's first line. */
static inline int
words_listen(int flags)
{
	struct sockaddr_in in = words_loopback(0);
	socklen_t len = sizeof in;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof in) < 0 ||
	    listen(fd, SOMAXCONN) < 0 ||
	    getsockname(fd, (struct sockaddr *)&in, &len) < 0)
		words_die("listen");
	printf("%u\n", ntohs(in.sin_port));
	fflush(stdout);
	return fd;
}

static inline void
words_all_files(void)
{
	struct rlimit rl;

	getrlimit(RLIMIT_NOFILE, &rl);
	rl.rlim_cur = rl.rlim_max;
	setrlimit(RLIMIT_NOFILE, &rl);
}

static inline uint64_t
words_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

#endif
