/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When a desk is open: "mon-fri 09:00-12:30,13:30-18:00; closed 2026-12-25".
 * Pure but for the time zone, which is that of localtime_r().
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

/* When they open next, after ms; 0: not within a year. */
int64_t desk_hours_next(const struct desk_hours *h, int64_t ms);

#endif
