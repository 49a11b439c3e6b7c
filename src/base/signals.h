/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals as bytes of a descriptor: one thread takes a set of them, blocked in
 * every other thread, in the order in which it gets to them.  A signalfd where
 * there is one, otherwise handlers that write into a pipe.  No signal may be
 * in two sets that are open at a time.
 */
#ifndef DW_SIGNALS_H
#define DW_SIGNALS_H

#include <signal.h>

struct dw_signals {
	int rd; /* poll this for POLLIN */
	int wr; /* of the pipe; -1 */
	sigset_t set;
};

/* sigs ends with 0.  They are blocked in the calling thread.  Returns 0 or
 * -errno (nothing is open). */
int dw_signals_open(struct dw_signals *s, const int *sigs);

/* The calling thread is the one that takes them from now on. */
void dw_signals_here(const struct dw_signals *s);

/* The next signal's number; 0 when there is none.  Never waits. */
int dw_signals_next(struct dw_signals *s);

/* On the thread that took them, where they are blocked from then on. */
void dw_signals_close(struct dw_signals *s);

#endif
