/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An operator's console on its thread `readline`, as the main thread has it:
 * what open, demo and attach share.
 */
#ifndef BIN_CONSOLE_THREAD_H
#define BIN_CONSOLE_THREAD_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/signals.h"
#include "console/console.h"

struct console_thread {
	unsigned magic;
	struct con *con; /* NULL: not started */
	struct dw_wake *wake;
	pthread_t thread;
	atomic_bool ended;
	int status; /* once it has ended: its exit status */
};

/*
 * Starts it.  cfg's socket is the console's from now on; NULL fails.  The
 * thread rings wake when it ends.  Returns DW_STATUS_OK, or another one after
 * the failure was told.
 */
int console_thread_start(struct console_thread *t, const struct con_config *cfg,
    struct dw_wake *wake);

/* Has the console ended by itself? */
bool console_thread_ended(const struct console_thread *t);

/*
 * Waits for its end: it leaves by itself once it has shown what happened last.
 * One that does not is told to, and one that sits in a stopped terminal is
 * freed.  Signals are taken and passed over meanwhile.  Returns its exit
 * status.
 */
int console_thread_join(struct console_thread *t, struct dw_signals *signals);

#endif
