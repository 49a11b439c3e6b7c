/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long things took, and their percentiles, for the programs that measure a
 * desk.  Each answers a command with one line of JSON.
 */
#ifndef DW_BENCH_DESK_TIMES_H
#define DW_BENCH_DESK_TIMES_H

#include <stddef.h>
#include <stdint.h>

struct desk_times {
	int64_t *ns;
	size_t len, cap;
};

/* What was taken before is forgotten. */
void desk_times_reset(struct desk_times *t);

/* Adds one; ends the program when there is no memory. */
void desk_times_add(struct desk_times *t, int64_t ns);

/* Prints `"NAME":[count, p50, p95, p99, most]`, in ms; with a count of 0 there
 * is nothing else. */
void desk_times_print(const char *name, struct desk_times *t);

/* Ends the program with what went wrong. */
_Noreturn void desk_bench_die(const char *what);

#endif
