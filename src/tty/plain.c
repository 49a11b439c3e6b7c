/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file stands for a terminal that is not there: lines come from standard
 * input and rows go to standard output, without readline, which would echo what
 * it reads and paint prompts into a file.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/lock.h"
#include "tty/internal.h"

#define LINE_MAX_BYTES ((size_t)1 << 20) /* longer ones come in pieces */

/* In ops.line a NUL would hide the rest of the line. */
static void
give_line(struct tty *tty, char *line, size_t len)
{
	size_t kept = 0;

	if (len != 0 && line[len - 1] == '\r')
		len--;
	if (tty->ops.nul_line != NULL && memchr(line, '\0', len) != NULL) {
		tty->ops.nul_line(tty->c.arg, line, len);
		return;
	}
	for (size_t i = 0; i < len; i++)
		if (line[i] != '\0')
			line[kept++] = line[i];
	line[kept] = '\0';
	if (tty->ops.line != NULL)
		tty->ops.line(tty->c.arg, line, tty->painted);
}

static bool
may_give(const struct tty *tty)
{
	return !tty->quit && !tty->held;
}

/* What the caller holds back waits; nothing is read before it is given. */
static void
give_lines(struct tty *tty)
{
	struct dw_buf *b = &tty->line_buf;
	char *lf = NULL;
	size_t at = 0;

	while (at < b->len &&
	    (lf = memchr(b->data + at, '\n', b->len - at)) != NULL &&
	    may_give(tty)) {
		char *line = b->data + at;

		at = (size_t)(lf - b->data) + 1;
		give_line(tty, line, (size_t)(lf - line));
	}
	dw_buf_drop(b, at);
	tty->input_waits = b->len != 0 && lf != NULL;
	if (b->len >= LINE_MAX_BYTES && !tty->input_waits) {
		give_line(tty, b->data, b->len);
		dw_buf_reset(b);
	}
}

/* A last line without LF comes before the end, which may be held then. */
static void
give_eof(struct tty *tty)
{
	size_t len = tty->line_buf.len;

	assert(tty->eof);
	tty->input_waits = true;
	if (len != 0) {
		give_line(tty, tty->line_buf.data, len);
		dw_buf_reset(&tty->line_buf);
	}
	if (!may_give(tty))
		return;
	tty->input_waits = false;
	if (tty->ops.eof != NULL)
		tty->ops.eof(tty->c.arg);
	else
		tty_quit(tty);
}

static void
read_more(struct tty *tty)
{
	char data[4096];
	ssize_t n;

	dw_may_block("read");
	n = read(STDIN_FILENO, data, sizeof data);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		tty->eof = true;
		give_eof(tty);
		return;
	}
	dw_buf_add(&tty->line_buf, data, (size_t)n);
	give_lines(tty);
}

bool
tty_plain_has_input(const struct tty *tty)
{
	return tty->input_waits && may_give(tty);
}

void
tty_plain_read(struct tty *tty, short revents)
{
	assert(tty->plain);
	if (!may_give(tty))
		return;
	if (tty->input_waits && tty->eof)
		give_eof(tty);
	else if (tty->input_waits)
		give_lines(tty);
	else if (revents != 0)
		read_more(tty);
}

void
tty_plain_paint(struct tty *tty)
{
	struct dw_buf text = DW_BUF_INITIALIZER;

	tty_rows_take(&tty->rows, &text, (size_t)64 << 10, "\n");
	tty_out_add(&tty->out, dw_buf_str(&text), text.len);
	dw_buf_fini(&text);
	tty_out_flush(&tty->out);
}
