/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This file turns signals into bytes of a descriptor, and is the only place
 * where signals are waited for.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_SIGNALFD
#include <sys/signalfd.h>
#endif

#include "base/clock.h"
#include "base/lock.h"
#include "base/signals.h"

#define SIGNALS_MAGIC 0x51b2a9e7u

static sigset_t
block(const int *sigs)
{
	sigset_t set;

	sigemptyset(&set);
	for (; *sigs != 0; sigs++)
		sigaddset(&set, *sigs);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return set;
}

void
dw_signals_block(const int *sigs)
{
	block(sigs);
}

static bool
is_open(const struct dw_signals *s)
{
	return s->magic == SIGNALS_MAGIC && s->rd >= 0;
}

#ifdef HAVE_SIGNALFD

int
dw_signals_open(struct dw_signals *s, const int *sigs)
{
	s->magic = SIGNALS_MAGIC;
	s->set = block(sigs);
	s->wr = -1;
	s->rd = signalfd(-1, &s->set, SFD_NONBLOCK | SFD_CLOEXEC);
	return s->rd < 0 ? -errno : 0;
}

/* None is delivered: the thread that reads the descriptor takes them. */
void
dw_signals_here(const struct dw_signals *s)
{
	assert(is_open(s));
	pthread_sigmask(SIG_BLOCK, &s->set, NULL);
}

int
dw_signals_next(struct dw_signals *s)
{
	struct signalfd_siginfo info;

	assert(is_open(s));
	if (read(s->rd, &info, sizeof info) != (ssize_t)sizeof info)
		return 0;
	s->by_kernel = info.ssi_code > 0;
	return (int)info.ssi_signo;
}

static void
close_fds(struct dw_signals *s)
{
	close(s->rd);
}

#else

#ifndef NSIG
#define NSIG 65
#endif

/* By signal: 1 + the descriptor that its handler writes to, or 0. */
static volatile sig_atomic_t pipes[NSIG];

#define BY_KERNEL 0x80 /* beside a number, in the pipe */

static void
write_number(int signo, siginfo_t *info, void *context)
{
	int saved = errno, fd = pipes[signo] - 1;
	unsigned char number = (unsigned char)signo;

	(void)context;
	if (info->si_code > 0)
		number |= BY_KERNEL;

	/* A full pipe holds more than anybody will take. */
	while (fd >= 0 && write(fd, &number, 1) < 0 && errno == EINTR)
		;
	errno = saved;
}

static int
open_pipe(struct dw_signals *s)
{
	int fds[2];

	if (pipe(fds) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
		fcntl(fds[i], F_SETFD, FD_CLOEXEC);
	}
	s->rd = fds[0];
	s->wr = fds[1];
	return 0;
}

static void
set_pipes(const struct dw_signals *s, int fd)
{
	for (int signo = 1; signo < NSIG; signo++)
		if (sigismember(&s->set, signo) == 1)
			pipes[signo] = fd + 1;
}

int
dw_signals_open(struct dw_signals *s, const int *sigs)
{
	struct sigaction sa;
	int r;

	s->magic = SIGNALS_MAGIC;
	s->set = block(sigs);
	s->rd = s->wr = -1;
	if ((r = open_pipe(s)) < 0)
		return r;
	set_pipes(s, s->wr);
	memset(&sa, 0, sizeof sa);
	sa.sa_sigaction = write_number;
	sa.sa_flags = SA_RESTART | SA_SIGINFO;
	for (; *sigs != 0; sigs++)
		sigaction(*sigs, &sa, NULL);
	return 0;
}

/* They are open in this thread alone, so it is its poll(2) that they
 * interrupt, and no byte that was typed after one is read before it. */
void
dw_signals_here(const struct dw_signals *s)
{
	assert(is_open(s));
	pthread_sigmask(SIG_UNBLOCK, &s->set, NULL);
}

int
dw_signals_next(struct dw_signals *s)
{
	unsigned char number;

	assert(is_open(s));
	if (read(s->rd, &number, 1) != 1)
		return 0;
	s->by_kernel = (number & BY_KERNEL) != 0;
	return number & ~BY_KERNEL;
}

static void
close_fds(struct dw_signals *s)
{
	pthread_sigmask(SIG_BLOCK, &s->set, NULL);
	set_pipes(s, -1);
	close(s->rd);
	close(s->wr);
}

#endif

int
dw_signals_wait(struct dw_signals *s, struct dw_wake *wake, int also,
    int64_t deadline_ns)
{
	struct pollfd pfds[] = {
		{ s->rd, POLLIN, 0 },
		{ wake->rd, POLLIN, 0 },
		{ also, POLLIN, 0 },
	};

	dw_may_block("poll");
	/* A handler may have interrupted poll(2), which then saw nothing. */
	poll(pfds, 3, dw_clock_poll_ms(deadline_ns));
	dw_wake_clear(wake);
	return dw_signals_next(s);
}

void
dw_signals_close(struct dw_signals *s)
{
	if (s->rd < 0)
		return;
	assert(is_open(s));
	close_fds(s);
	s->magic = 0;
	s->rd = s->wr = -1;
}
