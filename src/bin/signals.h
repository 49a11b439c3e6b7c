/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The main thread's signals: blocked everywhere else, taken here one at a time.
 */
#ifndef BIN_SIGNALS_H
#define BIN_SIGNALS_H

#include <stdint.h>

struct signals;

/* sigs ends with 0.  Returns 0 or -errno. */
int signals_open(struct signals **out, const int *sigs);
void signals_close(struct signals *s);

/* Waits for a signal, for fd to become readable, or the deadline.  Returns
 * the signal, or 0. */
int signals_wait(struct signals *s, int fd, int64_t deadline_ns);

#endif
