/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A mode of the load generator: clients that send and never read, as much as
 * the system takes and a megabyte at most.  Then another process asks what
 * somebody who reads has to wait, while they go on trying.
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

/* Counts how long it takes; who is not answered within two seconds counts as an
 * error and with these two seconds. */
static void
timed(int fd, const char *said, size_t answer_len)
{
	uint64_t start = words_now_ns();

	if (ask(fd, said, answer_len) < 0)
		talks.errors++;
	histogram_add(&talks.times, words_now_ns() - start);
}

/* One who comes and reads, once a millisecond. */
static void
probe(uint64_t end)
{
	static const char message[] = "is anybody there?";
	int fd = dial();

	timed(fd, WORDS_HELLO, strlen(WORDS_READY));
	while (words_now_ns() < end) {
		timed(fd, message, sizeof message - 1);
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

/* What all took. */
static size_t
push_all(void)
{
	size_t sum = 0;

	for (int i = 0; i < talks.n; i++) {
		size_t n = push(&talks.talk[i]);

		talks.talk[i].heard += n;
		sum += n;
	}
	return sum;
}

static void
push_until(uint64_t end)
{
	while (words_now_ns() < end)
		if (push_all() == 0)
			pause_a_while();
}

/* The flood ends when the server takes no more; from then on only who reads is
 * to have something from it. */
static void
fill(uint64_t end)
{
	int calm = 0;

	while (calm < 10 && words_now_ns() < end)
		if (push_all() == 0) {
			calm++;
			pause_a_while();
		} else
			calm = 0;
}

static uint64_t
end_of_time(void)
{
	return words_now_ns() + (uint64_t)(talks.secs * 1e9);
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
	fill(end_of_time());
	end = end_of_time();
	if ((child = fork()) < 0)
		words_die("fork");
	if (child == 0) {
		probe(end);
		_exit(0);
	}
	push_until(end);
	waitpid(child, NULL, 0);
}
