/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This file reads the clocks and turns deadlines into what poll(2) wants.
 */
#include "config.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/clock.h"

int64_t
dw_clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * DW_SECOND + ts.tv_nsec;
}

static int64_t
clock_ms(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / DW_MS;
}

int64_t
dw_clock_wall_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

int64_t
dw_clock_steady_ms(void)
{
#if defined(CLOCK_BOOTTIME) && defined(DW_WITH_LINUX_EXTRAS)
	return clock_ms(CLOCK_BOOTTIME);
#else
	return clock_ms(CLOCK_MONOTONIC);
#endif
}

int64_t
dw_clock_after(double seconds)
{
	int64_t now;

	if (isinf(seconds) && seconds > 0)
		return DW_NEVER; /* most waits: no clock need be read */
	now = dw_clock_ns();
	if (!(seconds > 0))
		return now;
	if (seconds > (double)(DW_NEVER - now) / 2e9)
		return DW_NEVER;
	return now + (int64_t)(seconds * 1e9);
}

int
dw_clock_poll_ms(int64_t deadline_ns)
{
	int64_t now, remaining_ms;

	if (deadline_ns == DW_NEVER)
		return -1;
	now = dw_clock_ns();
	if (deadline_ns <= now)
		return 0;
	remaining_ms = (deadline_ns - now + DW_MS - 1) / DW_MS;
	return remaining_ms > INT_MAX ? INT_MAX : (int)remaining_ms;
}

static bool
local_time(int64_t wall_ms, struct tm *tm)
{
	time_t t = (time_t)(wall_ms / 1000);

	return localtime_r(&t, tm) != NULL;
}

void
dw_clock_stamp(int64_t wall_ms, char buf[DW_CLOCK_STAMP])
{
	struct tm tm;

	if (!local_time(wall_ms, &tm) ||
	    strftime(buf, DW_CLOCK_STAMP, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		buf[0] = '\0';
}

void
dw_clock_hms(int64_t wall_ms, char buf[DW_CLOCK_STAMP])
{
	struct tm tm;

	if (!local_time(wall_ms, &tm) ||
	    strftime(buf, DW_CLOCK_STAMP, "%H:%M:%S", &tm) == 0)
		buf[0] = '\0';
}
