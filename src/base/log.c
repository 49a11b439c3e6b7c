/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This file writes the log, a whole line with one write(2).
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/text.h"

#define LOG_MAGIC      0x106f11e5u
#define LINE_MAX_BYTES 1024 /* with the time and the newline */

struct dw_log {
	unsigned magic;
	char *path; /* NULL: standard error */

	struct dw_lock lock; /* "log" */
	int fd DW_GUARDED_BY(lock);
	bool torn DW_GUARDED_BY(lock); /* no newline yet */
};

static int
open_path(const char *path)
{
	int fd, err;

	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY,
	    0600);
	if (fd < 0)
		return -errno;
	/* One of standard input, output and error was closed: such a number
	 * would catch what others print. */
	if (fd <= STDERR_FILENO) {
		err = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		close(fd);
		fd = err;
	}
	return fd >= 0 ? fd : -errno;
}

int
dw_log_open(const char *path, struct dw_log **out) DW_NO_TSA
{
	struct dw_log *log;
	int fd = STDERR_FILENO;

	if (path != NULL && (fd = open_path(path)) < 0)
		return fd;
	log = calloc(1, sizeof *log);
	if (log == NULL ||
	    (path != NULL && (log->path = strdup(path)) == NULL)) {
		free(log);
		if (path != NULL)
			close(fd);
		return -ENOMEM;
	}
	log->magic = LOG_MAGIC;
	dw_lock_init(&log->lock, DW_LOCK_log);
	log->fd = fd;
	*out = log;
	return 0;
}

void
dw_log_close(struct dw_log *log) DW_NO_TSA
{
	if (log == NULL)
		return;
	assert(log->magic == LOG_MAGIC);
	log->magic = 0;
	if (log->path != NULL)
		close(log->fd);
	dw_lock_fini(&log->lock);
	free(log->path);
	free(log);
}

int
dw_log_reopen(struct dw_log *log)
{
	int fd, old;

	if (log == NULL || log->path == NULL)
		return 0;
	assert(log->magic == LOG_MAGIC);
	if ((fd = open_path(log->path)) < 0)
		return fd;
	dw_lock(&log->lock);
	old = log->fd;
	log->fd = fd;
	log->torn = false;
	dw_unlock(&log->lock);
	close(old);
	return 0;
}

/*
 * This is one write(2), so that lines of two processes never mix.  It happens
 * under the lock, although a full pipe may block it: whoever logs next would
 * block as well, and no other lock is ever held here.  The line begins with a
 * newline, which is written behind a torn line only.
 */
static void
write_line(struct dw_log *log, const char *line, size_t len)
{
	ssize_t n;

	assert(log->magic == LOG_MAGIC && len > 1 && line[0] == '\n');
	dw_lock(&log->lock);
	if (!log->torn) {
		line++;
		len--;
	}
	do
		n = write(log->fd, line, len);
	while (n < 0 && errno == EINTR);
	/* A full disk took a part: the next line must not continue it. */
	if (n >= 0)
		log->torn = (size_t)n < len;
	dw_unlock(&log->lock);
}

static void
format_line(struct dw_log *log, const char *raw, size_t len)
{
	struct dw_buf line = DW_BUF_INITIALIZER;
	char stamp[DW_CLOCK_STAMP];

	dw_clock_stamp(dw_clock_wall_ms(), stamp);
	dw_buf_addf(&line, "\n%s ", stamp);
	dw_text_line(&line, raw, len, LINE_MAX_BYTES - line.len);
	dw_buf_addc(&line, '\n');
	if (!line.failed)
		write_line(log, line.data, line.len);
	dw_buf_fini(&line);
}

void
dw_log(struct dw_log *log, const char *format, ...)
{
	char raw[LINE_MAX_BYTES + 64];
	va_list ap;
	int n;

	if (log == NULL)
		return;
	va_start(ap, format);
	n = vsnprintf(raw, sizeof raw, format, ap);
	va_end(ap);
	if (n < 0)
		return;
	format_line(log, raw,
	    (size_t)n < sizeof raw ? (size_t)n : sizeof raw - 1);
}

void
dw_log_bytes(struct dw_log *log, const char *before, const void *bytes,
    size_t len)
{
	char raw[LINE_MAX_BYTES + 64];
	size_t n = strlen(before);

	if (log == NULL)
		return;
	if (n > sizeof raw)
		n = sizeof raw;
	if (len > sizeof raw - n)
		len = sizeof raw - n;
	memcpy(raw, before, n);
	memcpy(raw + n, bytes, len);
	format_line(log, raw, n + len);
}
