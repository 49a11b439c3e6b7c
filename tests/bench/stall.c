/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A mode of the load generator: clients that send and never read, as much as
 * the system takes and a megabyte at most, while another process asks what
 * somebody who reads has to wait.
 */
#include "config.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/talk.h"
#include "bench/words.h"

#define STALL_BYTES (1 << 20)
#define PAUSE_NS    1000000

static char flood[16384];

static void
pause_a_while(void)
{
	struct timespec ts = { 0, PAUSE_NS };

	nanosleep(&ts, NULL);
}

/* Says something and hears as many bytes; -1: there is no answer. */
static int
ask(int fd, const char *said, size_t answer_len)
{
	char buf[64];
	ssize_t n;

	if (send(fd, said, strlen(said), MSG_NOSIGNAL) < 0)
		return -1;
	n = recv(fd, buf, answer_len, MSG_WAITALL);
	return n == (ssize_t)answer_len ? 0 : -1;
}

static int
dial(void)
{
	struct timeval two_s = { 2, 0 };
	int fd = talk_dial(0);

	if (fd < 0)
		words_die("connect");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &two_s, sizeof two_s);
	return fd;
}

static void
hello(int fd)
{
	if (ask(fd, WORDS_HELLO, strlen(WORDS_READY)) < 0)
		talks.errors++;
}

/* One who reads, once a millisecond. */
static void
probe(uint64_t end)
{
	static const char message[] = "is anybody there?";
	int fd = dial();
	uint64_t now;

	hello(fd);
	while ((now = words_now_ns()) < end) {
		if (ask(fd, message, sizeof message - 1) < 0)
			talks.errors++;
		else
			histogram_add(&talks.times, words_now_ns() - now);
		pause_a_while();
	}
	printf("{\"n\": %d, \"errors\": %ld, \"p50_us\": %.1f, "
	       "\"p99_us\": %.1f}\n",
	    talks.n, talks.errors, histogram_us(&talks.times, 0.5),
	    histogram_us(&talks.times, 0.99));
	fflush(stdout);
}

/* Returns how many bytes the system took; t->heard is what it took so far. */
static size_t
push(const struct talk *t)
{
	ssize_t n = 0;

	if (t->heard < STALL_BYTES)
		n = send(t->fd, flood, sizeof flood,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	return n > 0 ? (size_t)n : 0;
}

static void
push_all(uint64_t end)
{
	while (words_now_ns() < end) {
		size_t sum = 0;

		for (int i = 0; i < talks.n; i++) {
			size_t n = push(&talks.talk[i]);

			talks.talk[i].heard += n;
			sum += n;
		}
		if (sum == 0)
			pause_a_while();
	}
}

void
stall(void)
{
	uint64_t end;
	pid_t child;

	memset(flood, 'x', sizeof flood);
	for (int i = 0; i < talks.n; i++) {
		talks.talk[i].fd = dial();
		words_set(talks.talk[i].fd, SOL_SOCKET, SO_RCVBUF, 4096);
		hello(talks.talk[i].fd);
	}
	end = words_now_ns() + (uint64_t)(talks.secs * 1e9);
	if ((child = fork()) < 0)
		words_die("fork");
	if (child == 0) {
		probe(end);
		_exit(0);
	}
	push_all(end);
	waitpid(child, NULL, 0);
}
