/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log: lines for people, or for programs, in a file that can be turned over,
 * or on standard error.  A line is one line whatever is in it.  Any thread may
 * write to it, and never waits: the thread "log" of each log hands the rows on,
 * in their order.  Rows that find no room, because the log takes none, are
 * counted, and a row says so as soon as it takes some again.
 */
#ifndef DW_LOG_H
#define DW_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/wake.h"

struct dw_log;

/* How bad it is: the numbers of syslog(3), which sd-daemon(3) has, too. */
enum dw_log_level {
	DW_LOG_ERROR = 3,
	DW_LOG_WARNING,
	DW_LOG_NOTICE,
	DW_LOG_INFO
};

/*
 * What rows look like.  Without any of these: the local time and the text.
 *
 *	JSON	{"t":"2026-11-22T09:58:31.004Z","level":"info","text":"..."}
 *	JOURNAL	<6>the text: the system's journal has the time, and takes the
 *		level from the front; so also before JSON
 */
#define DW_LOG_JSON    1u
#define DW_LOG_JOURNAL 2u

/* DW_LOG_JOURNAL if standard error goes to the system's journal, which
 * $JOURNAL_STREAM tells (systemd.exec(5)); else 0. */
unsigned dw_log_stderr_form(void);

/* Appends to path, made with mode 0600; NULL is standard error as it is now.
 * Starts the thread.  form: of DW_LOG_*.  `news`, which may be NULL, is rung
 * whenever dw_log_is_losing() has changed, until the log is closed.  Returns 0 or
 * -errno.  Owner: one thread, which also calls reopen and close. */
int dw_log_open_as(const char *path, unsigned form, struct dw_wake *news,
    struct dw_log **out);

/* The same in the usual form: lines for people. */
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

/* One fact of a row: a word, made harmless and cut, or, if text is NULL, a
 * number.  The key is one of ours. */
struct dw_log_field {
	const char *key, *text;
	uint64_t number;
};

/*
 * One row of these facts, of which the first tells what the row is about, and
 * any text made harmless behind them; at most 1,024 bytes, of which the text is
 * what gets cut.  As lines for people:
 *
 *	2026-11-22 09:58:31 refused addr=192.0.2.0/24 why=banned: it is banned
 *
 * What comes from elsewhere stands only behind the first ": " or, with its
 * spaces as _, behind one of our keys: it looks like no other row.  NULL logs
 * nowhere.
 */
#define DW_LOG_FIELDS 6 /* at most */
void dw_log_row(struct dw_log *log, enum dw_log_level level,
    const struct dw_log_field *fields, size_t n, const void *text, size_t len);

/* One line: the local time, then the text made harmless, at most 1,024 bytes.
 * NULL logs nowhere.  Where rows have a level it is DW_LOG_INFO. */
void dw_log(struct dw_log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same without the time. */
void dw_log_plain(struct dw_log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* As dw_log(), with any bytes behind `before`, also NUL. */
void dw_log_bytes(struct dw_log *log, const char *before, const void *bytes,
    size_t len);

#endif
