/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_SIGNALFD
#include <sys/signalfd.h>
#endif

#include "base/signals.h"

static void
block(struct dw_signals *s, const int *sigs)
{
	sigemptyset(&s->set);
	for (; *sigs != 0; sigs++)
		sigaddset(&s->set, *sigs);
	pthread_sigmask(SIG_BLOCK, &s->set, NULL);
}

#ifdef HAVE_SIGNALFD

int
dw_signals_open(struct dw_signals *s, const int *sigs)
{
	block(s, sigs);
	s->wr = -1;
	s->rd = signalfd(-1, &s->set, SFD_NONBLOCK | SFD_CLOEXEC);
	return s->rd < 0 ? -errno : 0;
}

/* Whoever reads takes them; none is delivered. */
void
dw_signals_here(const struct dw_signals *s)
{
	pthread_sigmask(SIG_BLOCK, &s->set, NULL);
}

int
dw_signals_next(struct dw_signals *s)
{
	struct signalfd_siginfo info;

	if (read(s->rd, &info, sizeof info) != (ssize_t)sizeof info)
		return 0;
	return (int)info.ssi_signo;
}

void
dw_signals_close(struct dw_signals *s)
{
	close(s->rd);
	s->rd = -1;
}

#else

#ifndef NSIG
#define NSIG 65
#endif

/* By signal: 1 + the descriptor that its handler writes to, or 0. */
static volatile sig_atomic_t pipes[NSIG];

static void
note(int signo)
{
	int saved = errno, fd = pipes[signo] - 1;
	unsigned char number = (unsigned char)signo;

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
aim(const struct dw_signals *s, int target)
{
	for (int signo = 1; signo < NSIG; signo++)
		if (sigismember(&s->set, signo) == 1)
			pipes[signo] = target;
}

int
dw_signals_open(struct dw_signals *s, const int *sigs)
{
	struct sigaction sa;
	int r;

	block(s, sigs);
	s->rd = s->wr = -1;
	if ((r = open_pipe(s)) < 0)
		return r;
	aim(s, s->wr + 1);
	memset(&sa, 0, sizeof sa);
	sa.sa_handler = note;
	sa.sa_flags = SA_RESTART;
	for (; *sigs != 0; sigs++)
		sigaction(*sigs, &sa, NULL);
	return 0;
}

/* They are open in this thread alone, so it is its poll(2) that they
 * interrupt, and no byte that was typed after one is read before it. */
void
dw_signals_here(const struct dw_signals *s)
{
	pthread_sigmask(SIG_UNBLOCK, &s->set, NULL);
}

int
dw_signals_next(struct dw_signals *s)
{
	unsigned char number;

	return read(s->rd, &number, 1) == 1 ? number : 0;
}

void
dw_signals_close(struct dw_signals *s)
{
	pthread_sigmask(SIG_BLOCK, &s->set, NULL);
	aim(s, 0);
	close(s->rd);
	close(s->wr);
	s->rd = s->wr = -1;
}

#endif
