/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log: lines for people, in a file that can be turned over, or on
 * standard error.  A line is one line whatever is in it.  Any thread may call
 * all of this, but none while it holds a lock.
 */
#ifndef DW_LOG_H
#define DW_LOG_H

#include <stddef.h>

struct dw_log;

/* Appends to path, made with mode 0600; NULL is standard error.  Returns 0 or
 * -errno. */
int dw_log_open(const char *path, struct dw_log **out);
void dw_log_close(struct dw_log *log);

/* Opens the path anew, after logrotate has moved it away.  Keeps the old file
 * and returns -errno when that fails. */
int dw_log_reopen(struct dw_log *log);

/* One line: the local time, then the text made harmless, at most 1,024 bytes.
 * NULL logs nowhere. */
void dw_log(struct dw_log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same with any bytes behind `before`, also NUL. */
void dw_log_bytes(struct dw_log *log, const char *before, const void *bytes,
    size_t len);

#endif
