/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log: lines for people, in a file that can be turned over, or on
 * standard error.  A line is one line whatever is in it.  Any thread may write
 * to it, and never waits: the thread "log" of each log hands the rows on, in
 * their order.  Rows that find no room, because the log takes none, are
 * counted, and a row says so as soon as it takes some again.
 */
#ifndef DW_LOG_H
#define DW_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/wake.h"

struct dw_log;

/* Appends to path, made with mode 0600; NULL is standard error as it is now.
 * Starts the thread.  `news`, which may be NULL, is rung whenever
 * dw_log_is_losing() has changed, until the log is closed.  Returns 0 or -errno.
 * Owner: one thread, which also calls reopen and close. */
int dw_log_open(const char *path, struct dw_wake *news, struct dw_log **out);

/*
 * Writes what is left, for as long as the log takes it and for a second at
 * most, and joins the thread.  Returns how many rows were lost and not told.
 * A thread that hangs in the system, on a network file, is left there.
 */
size_t dw_log_close(struct dw_log *log);

/* Opens the path anew, after logrotate has moved it away.  Rows from before
 * go to the old file, unless it takes none.  Keeps the old file and returns
 * -errno when that fails. */
int dw_log_reopen(struct dw_log *log);

/* The path, or NULL for standard error. */
const char *dw_log_path(const struct dw_log *log);

/* Are rows lost that no row has told of yet?  Any thread; false for NULL. */
bool dw_log_is_losing(struct dw_log *log);

/* Why the last write failed, as an errno; 0: it did not, or the log takes none
 * now and says nothing.  Any thread. */
int dw_log_error(struct dw_log *log);

/* One line: the local time, then the text made harmless, at most 1,024 bytes.
 * NULL logs nowhere. */
void dw_log(struct dw_log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same without the time. */
void dw_log_plain(struct dw_log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* As dw_log(), with any bytes behind `before`, also NUL. */
void dw_log_bytes(struct dw_log *log, const char *before, const void *bytes,
    size_t len);

#endif
