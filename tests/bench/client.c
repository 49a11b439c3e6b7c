/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The clients of make bench, against either server:
 *
 *	client PORT hold N	opens N connections, says "ready", and keeps
 *				them until the end of its input
 *	client PORT rate K	opens K connections one after the other, each
 *				with its hello there and the answer back: how
 *				many a second
 *	client PORT burst N MS	N at the same moment, each with its hello:
 *				milliseconds until the last has its answer, or
 *				MS if some have none by then
 *	client PORT echo N MS	N connections that play ping-pong with a line
 *				for MS milliseconds: lines a second
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "bench/words.h"

#define LINE "a line there and back\n"

static struct sockaddr_in server;

static double
now_ms(void)
{
	return (double)words_now_ns() / 1e6;
}

static int
new_socket(int flags)
{
	int fd = socket(AF_INET, SOCK_STREAM | flags, 0);

	if (fd < 0)
		words_die("socket");
	words_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	return fd;
}

static void
say(int fd, const char *what)
{
	ssize_t len = (ssize_t)strlen(what);

	if (send(fd, what, (size_t)len, MSG_NOSIGNAL) != len)
		words_die("send");
}

static void
hear(int fd, const char *what)
{
	char buf[64];
	ssize_t len = (ssize_t)strlen(what);

	if (recv(fd, buf, (size_t)len, MSG_WAITALL) != len)
		words_die("recv");
}

static int
connected(void)
{
	int fd = new_socket(0);

	if (connect(fd, (struct sockaddr *)&server, sizeof server) < 0)
		words_die("connect");
	say(fd, WORDS_HELLO);
	hear(fd, WORDS_READY);
	return fd;
}

static void
hold(int n, int unused)
{
	char end;

	(void)unused;
	for (int i = 0; i < n; i++)
		(void)connected();
	printf("ready\n");
	fflush(stdout);
	(void)!read(0, &end, 1);
}

static void
rate(int k, int unused)
{
	double start = now_ms();

	(void)unused;
	for (int i = 0; i < k; i++)
		close(connected());
	printf("%.0f\n", (double)k * 1e3 / (now_ms() - start));
}

static void
begin(struct pollfd *p)
{
	p->fd = new_socket(SOCK_NONBLOCK);
	p->events = POLLOUT;
	if (connect(p->fd, (struct sockaddr *)&server, sizeof server) < 0 &&
	    errno != EINPROGRESS)
		words_die("connect");
}

/* A listener whose queue is full may reset who thinks it is connected: that
 * one begins again, as people do.  Returns 1 when the answer is there. */
static int
go_on(struct pollfd *p)
{
	const size_t len = strlen(WORDS_HELLO);
	char buf[64];
	ssize_t n;

	if (p->revents == 0)
		return 0;
	if (p->events == POLLOUT) {
		p->events = POLLIN;
		n = send(p->fd, WORDS_HELLO, len, MSG_NOSIGNAL);
	} else
		n = recv(p->fd, buf, len, MSG_WAITALL); /* as long */
	if (n != (ssize_t)len) {
		close(p->fd);
		begin(p);
	} else if (p->revents & POLLIN) {
		p->fd = -1;
		return 1;
	}
	return 0;
}

static void
burst(int n, int ms)
{
	struct pollfd *p = calloc((size_t)n, sizeof *p);
	double start = now_ms(), took = 0;
	int left = n;

	if (p == NULL)
		words_die("calloc");
	for (int i = 0; i < n; i++)
		begin(&p[i]);
	while (left > 0 && took < ms) {
		if (poll(p, (nfds_t)n, ms - (int)took) < 0)
			words_die("poll");
		for (int i = 0; i < n; i++)
			left -= go_on(&p[i]);
		took = now_ms() - start;
	}
	printf("%.1f\n", took);
	free(p);
}

static void
echo(int n, int ms)
{
	struct pollfd *p = calloc((size_t)n, sizeof *p);
	double start, end;
	long lines = 0;

	if (p == NULL)
		words_die("calloc");
	for (int i = 0; i < n; i++) {
		p[i].fd = connected();
		p[i].events = POLLIN;
		say(p[i].fd, LINE);
	}
	start = now_ms();
	end = start + ms;
	while (now_ms() < end) {
		if (poll(p, (nfds_t)n, 1000) < 0)
			words_die("poll");
		for (int i = 0; i < n; i++)
			if (p[i].revents != 0) {
				hear(p[i].fd, LINE);
				say(p[i].fd, LINE);
				lines++;
			}
	}
	printf("%.0f\n", (double)lines * 1e3 / (now_ms() - start));
	free(p);
}

static const struct measure {
	const char *name;
	void (*run)(int n, int ms);
} measures[] = {
	{ "hold", hold },
	{ "rate", rate },
	{ "burst", burst },
	{ "echo", echo },
};

int
main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	words_all_files();
	server = words_loopback((unsigned)strtoul(argv[1], NULL, 10));
	for (size_t i = 0; i < sizeof measures / sizeof measures[0]; i++)
		if (strcmp(measures[i].name, argv[2]) == 0) {
			measures[i].run((int)strtol(argv[3], NULL, 10),
			    argc > 4 ? (int)strtol(argv[4], NULL, 10) : 0);
			return 0;
		}
	return 2;
}
