/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When a desk is open: "mon-fri 09:00-12:30,13:30-18:00; closed 2026-12-25".
 * Pure but for the time zone, which is that of localtime_r().
 *
 * Entries have a semicolon between them:
 *
 *	DAYS RANGES		on these days of each week: daily, or mon to sun
 *				as in mon-fri, sat-mon or mon,wed,fri
 *	open DATE RANGES	on this date, whatever day it is
 *	closed DATE		not at all on this date
 *
 * A DATE is 2026-12-25, or 2026-12-24..2026-12-26 with all days between; of
 * several entries for one the last counts.  A range is 09:00-12:30, and several
 * have commas between them; 24:00 is the end of the day, and one that ends
 * before it begins (22:00-06:00) ends on the next day, unless that is closed.
 * So "daily 00:00-24:00" is always.
 */
#ifndef DESK_HOURS_H
#define DESK_HOURS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct desk_hours;

/* Returns 0; -EINVAL, and why says what is wrong and what would be right; or
 * -ENOMEM.  The caller frees. */
int desk_hours_parse(const char *text, struct desk_hours **out,
    struct dw_buf *why);
void desk_hours_free(struct desk_hours *h);

/* At this moment of the wall clock? */
bool desk_hours_open(const struct desk_hours *h, int64_t ms);

/* The next moment after ms at which the clock on the wall shows the time of day
 * "18:00"; 0: that is none. */
int64_t desk_hours_at(const char *text, int64_t ms);

/* When they open next, after ms; 0: not within a year. */
int64_t desk_hours_next(const struct desk_hours *h, int64_t ms);

#endif
