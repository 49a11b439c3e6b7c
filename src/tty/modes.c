/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The terminal's modes.  Readline would leave and enter them around every
 * line; in between the kernel would echo what is typed ahead.  So they are
 * entered once, when we have the terminal, and left at the end.
 */
#include "config.h"

#include <stdio.h>
#include <unistd.h>
#include <readline/readline.h>

#include "tty/internal.h"

/* Readline's hooks have no argument; there is one tty in a process. */
static struct tty *bound;

void
tty_modes_bind(struct tty *tty)
{
	bound = tty;
}

bool
tty_modes_foreground(void)
{
	pid_t group = tcgetpgrp(STDIN_FILENO);

	/* No group at all: not our controlling terminal, or it is gone;
	 * either way nobody else has it. */
	return group <= 0 || group == getpgrp();
}

/* Ctrl-S searches and Ctrl-Z is a key: neither stops every customer. */
static void
take_keys_back(void)
{
	struct termios t;

	if (tcgetattr(STDIN_FILENO, &t) < 0)
		return;
	t.c_iflag &= ~(tcflag_t)IXON;
	t.c_cc[VSUSP] = _POSIX_VDISABLE;
#ifdef VDSUSP
	t.c_cc[VDSUSP] = _POSIX_VDISABLE;
#endif
	tcsetattr(STDIN_FILENO, TCSANOW, &t);
}

void
tty_modes_prep(int meta)
{
	if (bound == NULL || bound->prepped || bound->gone)
		return;
	if (!tty_modes_foreground()) {
		bound->away = true;
		return;
	}
	rl_prep_terminal(meta);
	take_keys_back();
	bound->prepped = true;
}

/* What readline calls after each line. */
void
tty_modes_deprep(void)
{
}

/* Back to what was there before; never waits for a stopped terminal. */
void
tty_modes_restore(struct tty *tty)
{
	if (!tty->prepped || tty->gone)
		return;
	tty->prepped = false;
	if (!tty_modes_foreground())
		return; /* they are another job's now */
	tcflow(STDOUT_FILENO, TCOON);
	rl_deprep_terminal();
	tty_stream_flush(&tty->stream);
}
