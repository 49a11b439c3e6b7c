/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <pthread.h>
#include <signal.h>

#include "tty/internal.h"

int
tty_signals_open(struct dw_signals *s)
{
	static const int ours[] = { SIGINT, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH,
		SIGHUP, 0 };

	return dw_signals_open(s, ours);
}

/* Nothing is to be done about TTIN and TTOU, but blocked they must be: then
 * reading in the background fails, and writing goes on. */
void
tty_signals_here(const struct dw_signals *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTTIN);
	sigaddset(&set, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	dw_signals_here(s);
}
