/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef HAVE_SIGNALFD
#include <sys/signalfd.h>
#endif

#include "base/clock.h"
#include "base/thread.h"
#include "base/wake.h"
#include "bin/signals.h"

#ifdef HAVE_SIGNALFD

struct signals {
	int	fd;
};

int
signals_open(struct signals **out, const int *sigs)
{
	struct signals *s = calloc(1, sizeof *s);
	sigset_t set;

	*out = NULL;
	if (s == NULL)
		return -ENOMEM;
	sigemptyset(&set);
	for (; *sigs != 0; sigs++)
		sigaddset(&set, *sigs);
	s->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->fd < 0) {
		free(s);
		return -errno;
	}
	*out = s;
	return 0;
}

void
signals_close(struct signals *s)
{
	if (s == NULL)
		return;
	close(s->fd);
	free(s);
}

static int
take(struct signals *s)
{
	struct signalfd_siginfo si;

	return read(s->fd, &si, sizeof si) == (ssize_t)sizeof si ?
	    (int)si.ssi_signo : 0;
}

static int
signals_fd(const struct signals *s)
{
	return s->fd;
}

#else

/* A thread that waits for them and tells by a descriptor. */
struct signals {
	sigset_t	set;
	pthread_t	thread;
	struct dw_wake	wake;
	volatile sig_atomic_t last;
};

static void *
signal_thread(void *arg)
{
	struct signals *s = arg;
	int sig;

	while (sigwait(&s->set, &sig) == 0 && sig != SIGUSR2) {
		s->last = sig;
		dw_wake_ring(&s->wake);
	}
	return NULL;
}

int
signals_open(struct signals **out, const int *sigs)
{
	struct signals *s = calloc(1, sizeof *s);
	int r;

	*out = NULL;
	if (s == NULL)
		return -ENOMEM;
	sigemptyset(&s->set);
	sigaddset(&s->set, SIGUSR2);
	for (; *sigs != 0; sigs++)
		sigaddset(&s->set, *sigs);
	if ((r = dw_wake_init(&s->wake)) < 0 ||
	    (r = dw_thread_start(&s->thread, "signals", 0, signal_thread,
	    s)) < 0) {
		dw_wake_fini(&s->wake);
		free(s);
		return r;
	}
	*out = s;
	return 0;
}

void
signals_close(struct signals *s)
{
	if (s == NULL)
		return;
	pthread_kill(s->thread, SIGUSR2);
	pthread_join(s->thread, NULL);
	dw_wake_fini(&s->wake);
	free(s);
}

static int
take(struct signals *s)
{
	int sig = s->last;

	s->last = 0;
	dw_wake_clear(&s->wake);
	return sig;
}

static int
signals_fd(const struct signals *s)
{
	return s->wake.rd;
}

#endif

int
signals_wait(struct signals *s, int fd, int64_t deadline_ns)
{
	struct pollfd pfds[] = {
		{ signals_fd(s), POLLIN, 0 },
		{ fd, POLLIN, 0 },
	};

	if (poll(pfds, 2, dw_clock_poll_ms(deadline_ns)) <= 0)
		return 0;
	return (pfds[0].revents & POLLIN) != 0 ? take(s) : 0;
}
