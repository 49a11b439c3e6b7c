/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bare server of make bench with a thread for each connection: what the
 * system asks for this shape, and no library.
 */
#include "config.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "bench/words.h"

static void *
talk(void *arg)
{
	int fd = (int)(intptr_t)arg;
	enum words_state state = WORDS_NEW;
	char buf[WORDS_MAX];
	ssize_t n;
	size_t len;

	words_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	while (state != WORDS_END && (n = recv(fd, buf, sizeof buf, 0)) > 0) {
		len = words_answer(buf, (size_t)n, &state);
		if (len > 0 && send(fd, buf, len, 0) < 0)
			break;
	}
	close(fd);
	return NULL;
}

/* A peer who finds no thread is closed, as an accepting server cannot wait. */
static void
start(const pthread_attr_t *attr, int fd)
{
	pthread_t thread;

	if (pthread_create(&thread, attr, talk, (void *)(intptr_t)fd) != 0)
		close(fd);
}

int
main(void)
{
	pthread_attr_t attr;
	int listener, fd;

	signal(SIGPIPE, SIG_IGN);
	words_all_files();
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	listener = words_listen(0);
	for (;;)
		if ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
			start(&attr, fd);
}
