/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bare server of make bench with one thread and epoll: the least that a
 * connection can cost.  It keeps no queue of what to send: of a client that
 * does not read, bytes are lost.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bench/words.h"

#define EVENTS 256

static enum words_state states[1 << 20]; /* by descriptor */

static void
watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		words_die("epoll_ctl");
}

static void
take_all(int epoll, int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL,
	            SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		words_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
		states[fd] = WORDS_NEW;
		watch(epoll, fd);
	}
}

static void
answer(int fd)
{
	char buf[WORDS_MAX];
	ssize_t n = recv(fd, buf, sizeof buf, 0);
	size_t len;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0) {
		len = words_answer(buf, (size_t)n, &states[fd]);
		if (len > 0 && send(fd, buf, len, 0) < 0 && errno != EAGAIN)
			n = 0;
	}
	if (n <= 0 || states[fd] == WORDS_END)
		close(fd);
}

int
main(void)
{
	struct epoll_event events[EVENTS];
	int listener, epoll = epoll_create1(EPOLL_CLOEXEC);

	signal(SIGPIPE, SIG_IGN);
	words_all_files();
	listener = words_listen(SOCK_NONBLOCK);
	watch(epoll, listener);
	for (;;) {
		int n = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < n; i++)
			if (events[i].data.fd == listener)
				take_all(epoll, listener);
			else
				answer(events[i].data.fd);
	}
}
