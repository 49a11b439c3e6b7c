/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file enters and leaves the terminal's modes.  Readline would leave and
 * enter them around every line; in between the kernel would echo what is typed
 * ahead.  So they are entered once, when we have the terminal, and left at the
 * end.
 */
#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>
#include <readline/readline.h>

#include "tty/internal.h"

bool
tty_modes_foreground(void)
{
	pid_t group = tcgetpgrp(STDIN_FILENO);

	/* No group at all: not our controlling terminal, or it is gone;
	 * either way nobody else has it. */
	return group <= 0 || group == getpgrp();
}

bool
tty_modes_gone(void)
{
	struct pollfd p = { STDIN_FILENO, 0, 0 };

	return poll(&p, 1, 0) > 0;
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
	struct tty *tty = tty_of_readline();

	if (tty->prepped || tty->hung_up)
		return;
	if (!tty_modes_foreground()) {
		tty->in_background = true;
		return;
	}
	rl_prep_terminal(meta);
	take_keys_back();
	tty->prepped = true;
}

/* Readline calls this after each line. */
void
tty_modes_deprep(void)
{
}

/* Restores the modes from before; it never waits for a stopped terminal. */
void
tty_modes_restore(struct tty *tty)
{
	if (!tty->prepped || tty->hung_up)
		return;
	tty->prepped = false;
	if (!tty_modes_foreground())
		return; /* they are another job's now */
	tcflow(STDOUT_FILENO, TCOON);
	rl_deprep_terminal();
	tty_stream_flush(&tty->stream);
}
