/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_SIGNALFD
#include <sys/signalfd.h>
#endif

#include "tty/inside.h"

static const int ours[] = {
	SIGINT, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH, SIGTTIN, SIGTTOU, SIGHUP
};
#define N_OURS	(sizeof ours / sizeof ours[0])

static void
our_set(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < N_OURS; i++)
		sigaddset(set, ours[i]);
}

#ifdef HAVE_SIGNALFD

void
tty_signals_block(void)
{
	sigset_t set;

	our_set(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int
tty_signals_open(struct tty_signals *s)
{
	sigset_t set;

	tty_signals_block();
	our_set(&set);
	s->wr = -1;
	s->rd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return s->rd < 0 ? -errno : 0;
}

int
tty_signals_next(struct tty_signals *s)
{
	struct signalfd_siginfo info;

	if (read(s->rd, &info, sizeof info) != (ssize_t)sizeof info)
		return 0;
	return (int)info.ssi_signo;
}

void
tty_signals_close(struct tty_signals *s)
{
	if (s->rd >= 0)
		close(s->rd);
	s->rd = -1;
}

#else

/*
 * A handler that writes the number into a pipe.  The signals are open in the
 * owner alone, so it is the owner whose poll(2) they interrupt.
 */
static volatile sig_atomic_t pipe_wr = -1;

static void
note(int signo)
{
	int saved = errno;
	unsigned char c = (unsigned char)signo;

	while (write(pipe_wr, &c, 1) < 0 && errno == EINTR)
		;
	errno = saved;
}

void
tty_signals_block(void)
{
	sigset_t set;

	our_set(&set);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int
tty_signals_open(struct tty_signals *s)
{
	struct sigaction sa;
	int fds[2];

	if (pipe(fds) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
		fcntl(fds[i], F_SETFD, FD_CLOEXEC);
	}
	s->rd = fds[0];
	pipe_wr = s->wr = fds[1];
	memset(&sa, 0, sizeof sa);
	sa.sa_handler = note;
	sa.sa_flags = SA_RESTART;
	for (size_t i = 0; i < N_OURS; i++)
		sigaction(ours[i], &sa, NULL);
	return 0;
}

int
tty_signals_next(struct tty_signals *s)
{
	unsigned char c;

	return read(s->rd, &c, 1) == 1 ? c : 0;
}

void
tty_signals_close(struct tty_signals *s)
{
	sigset_t set;

	our_set(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pipe_wr = -1;
	close(s->rd);
	close(s->wr);
	s->rd = s->wr = -1;
}

#endif
