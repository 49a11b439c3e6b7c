/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The clients of make bench, against either server:
 *
 *	client PORT hold N	opens N connections, says "ready", and keeps
 *				them until the end of its input
 *	client PORT rate K	opens K connections one after the other, each
 *				with a line there and back: how many a second
 *	client PORT burst N MS	N at the same moment, each with a line there and
 *				back: milliseconds until the last has its
 *				answer, or MS if some have none by then
 *	client PORT echo N MS	N connections that play ping-pong with a line
 *				for MS milliseconds: lines a second
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char text[] = "a line there and back\n";
#define LEN (sizeof text - 1)

static struct sockaddr_in server;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static double
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static int
new_socket(int flags)
{
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | flags, 0);

	if (fd < 0)
		die("socket");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return fd;
}

static int
connected(void)
{
	int fd = new_socket(0);

	if (connect(fd, (struct sockaddr *)&server, sizeof server) < 0)
		die("connect");
	return fd;
}

static void
say(int fd)
{
	if (send(fd, text, LEN, MSG_NOSIGNAL) != (ssize_t)LEN)
		die("send");
}

static void
hear(int fd)
{
	char buf[LEN];
	size_t have = 0;
	ssize_t n;

	while (have < LEN) {
		if ((n = recv(fd, buf + have, LEN - have, 0)) <= 0)
			die("recv");
		have += (size_t)n;
	}
}

static void
hold(int n, int unused)
{
	char end;

	(void)unused;
	for (int i = 0; i < n; i++) {
		int fd = connected();

		say(fd);
		hear(fd);
	}
	printf("ready\n");
	fflush(stdout);
	(void)!read(0, &end, 1);
}

static void
rate(int k, int unused)
{
	double start = now_ms();

	(void)unused;
	for (int i = 0; i < k; i++) {
		int fd = connected();

		say(fd);
		hear(fd);
		close(fd);
	}
	printf("%.0f\n", (double)k * 1e3 / (now_ms() - start));
}

static void
begin(struct pollfd *p)
{
	p->fd = new_socket(SOCK_NONBLOCK);
	p->events = POLLOUT;
	if (connect(p->fd, (struct sockaddr *)&server, sizeof server) < 0 &&
	    errno != EINPROGRESS)
		die("connect");
}

/* A listener whose queue is full may reset who thinks it is connected: that
 * one begins again, as people do.  Returns 1 when the answer is there. */
static int
go_on(struct pollfd *p)
{
	char buf[LEN];
	ssize_t n;

	if (p->revents == 0)
		return 0;
	if (p->events == POLLOUT) {
		p->events = POLLIN;
		n = send(p->fd, text, LEN, MSG_NOSIGNAL);
	} else
		n = recv(p->fd, buf, LEN, MSG_WAITALL);
	if (n != (ssize_t)LEN) {
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
		die("calloc");
	for (int i = 0; i < n; i++)
		begin(&p[i]);
	while (left > 0 && took < ms) {
		if (poll(p, (nfds_t)n, ms - (int)took) < 0)
			die("poll");
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
		die("calloc");
	for (int i = 0; i < n; i++) {
		p[i].fd = connected();
		p[i].events = POLLIN;
		say(p[i].fd);
	}
	start = now_ms();
	end = start + ms;
	while (now_ms() < end) {
		if (poll(p, (nfds_t)n, 1000) < 0)
			die("poll");
		for (int i = 0; i < n; i++)
			if (p[i].revents != 0) {
				hear(p[i].fd);
				say(p[i].fd);
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
	struct rlimit rl;

	if (argc < 4)
		return 2;
	getrlimit(RLIMIT_NOFILE, &rl);
	rl.rlim_cur = rl.rlim_max;
	setrlimit(RLIMIT_NOFILE, &rl);
	server.sin_family = AF_INET;
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
	for (size_t i = 0; i < sizeof measures / sizeof measures[0]; i++)
		if (strcmp(measures[i].name, argv[2]) == 0) {
			measures[i].run((int)strtol(argv[3], NULL, 10),
			    argc > 4 ? (int)strtol(argv[4], NULL, 10) : 0);
			return 0;
		}
	return 2;
}
