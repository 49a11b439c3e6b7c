/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time.  Deadlines are points on the monotonic clock in nanoseconds; the wall
 * clock is only ever shown or stored; how long something has lasted is told by
 * the steady clock.  Any thread may call all of this.
 */
#ifndef DW_CLOCK_H
#define DW_CLOCK_H

#include <stdint.h>

#define DW_SECOND INT64_C(1000000000)
#define DW_MS     INT64_C(1000000)
#define DW_NEVER  INT64_MAX /* the deadline that never comes */

/* Now, in ns of the monotonic clock. */
int64_t dw_clock_ns(void);

/* Now, in ms since 1970-01-01 UTC. */
int64_t dw_clock_wall_ms(void);

/* Now, in ms of a clock that nobody can set, as the monotonic one, and that goes
 * on while the machine sleeps, where the system has such a one: a customer waits
 * also while the operator's laptop is shut.  Nothing can be awaited by it. */
int64_t dw_clock_steady_ms(void);

/* The deadline `seconds` from now; INFINITY gives DW_NEVER, and what is not
 * more than 0 (NaN, too) now. */
int64_t dw_clock_after(double seconds);

/* The earlier of two deadlines. */
static inline int64_t
dw_clock_sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Milliseconds until the deadline for poll(2): -1 for DW_NEVER, 0 when it has
 * passed, rounded up so that a poll never returns just before it. */
int dw_clock_poll_ms(int64_t deadline_ns);

/* "2026-11-22 09:58:31" (the tutorial's form) and "09:58:31", local time. */
#define DW_CLOCK_STAMP 20
void dw_clock_stamp(int64_t wall_ms, char buf[DW_CLOCK_STAMP]);
void dw_clock_hms(int64_t wall_ms, char buf[DW_CLOCK_STAMP]);

#endif
