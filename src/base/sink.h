/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where rows for people go: a file, a terminal, a pipe or a FIFO, which may
 * take nothing for hours.  Writing here never waits, and changes no flag of a
 * descriptor that other programs share.  One thread at a time per sink.
 *
 * A hung network file is the exception: the system lets nobody write to it
 * without waiting.
 */
#ifndef DW_SINK_H
#define DW_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct dw_sink {
	int fd; /* poll this for POLLOUT */
	bool own;
	size_t at_most; /* bytes in one write */
};

#define DW_SINK_INITIALIZER { .fd = -1 }

/*
 * Opens the path for appending, made with mode 0600.  A FIFO needs no reader:
 * it keeps what fits until one comes, and then goes on with the next one.
 * Returns 0 or -errno.
 */
int dw_sink_open(struct dw_sink *s, const char *path);

/* Standard error, as it is now. */
void dw_sink_open_stderr(struct dw_sink *s);

void dw_sink_close(struct dw_sink *s);

/* Returns how many of the bytes it took, 0 when it takes none now, or
 * -errno.  What is not more than at_most is taken whole by a pipe. */
ssize_t dw_sink_write(const struct dw_sink *s, const char *data, size_t len);

/* Waits until it takes more, at most so long. */
void dw_sink_wait(const struct dw_sink *s, int timeout_ms);

/* Writes a text to standard error at once, for what is said while there is no
 * log; gives up after a second in which nothing was taken. */
void dw_say(const char *text, size_t len);

#endif
