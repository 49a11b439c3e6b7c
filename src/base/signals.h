/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals as bytes of a descriptor: one thread takes a set of them, blocked in
 * every other thread, in the order in which it gets to them.  It is a signalfd
 * where there is one, otherwise handlers write into a pipe.  No signal may be
 * in two sets that are open at a time.
 */
#ifndef DW_SIGNALS_H
#define DW_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/wake.h"

struct dw_signals {
	unsigned magic;
	int rd; /* poll this for POLLIN; -1: not open */
	int wr; /* of the pipe; -1 */
	sigset_t set;
	bool by_kernel; /* the last one came from no process */
};

#define DW_SIGNALS_INITIALIZER { .rd = -1, .wr = -1 }

/* Blocks these, up to a 0, in the calling thread and in those it starts. */
void dw_signals_block(const int *sigs);

/* Blocks and opens these, up to a 0.  Returns 0 or -errno (nothing is open). */
int dw_signals_open(struct dw_signals *s, const int *sigs);

/* The calling thread is the one that takes them from now on. */
void dw_signals_here(const struct dw_signals *s);

/* The next signal's number; 0 when there is none.  by_kernel says then whether
 * the system itself sent it, and nobody by kill(2).  Never waits. */
int dw_signals_next(struct dw_signals *s);

/* Waits for one of them, for a ring of wake, which is cleared, for the descriptor
 * `also` to be readable (-1: there is none), or for the deadline (DW_NEVER: not).
 * Returns the signal's number or 0. */
int dw_signals_wait(struct dw_signals *s, struct dw_wake *wake, int also,
    int64_t deadline_ns);

/* On the thread that took them, where they are blocked from then on.  Does
 * nothing to a set that is not open. */
void dw_signals_close(struct dw_signals *s);

#endif
