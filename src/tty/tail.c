/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tail: rows that stand between what was shown and the prompt until they
 * change.  They are taken off the screen before other rows are shown and put
 * below them again.  A terminal that cannot move its cursor has none.
 */
#include "config.h"

#include <string.h>

#include "tty/internal.h"

static unsigned
count_rows(const struct dw_buf *text)
{
	unsigned n = 0;

	for (size_t i = 0; i < text->len; i++)
		n += text->data[i] == '\n';
	return n;
}

/* The last rows that take no more than half of the window: nothing that has
 * scrolled off it can be taken back. */
static const char *
last_rows(const struct tty *tty, unsigned *rows)
{
	const char *text = dw_buf_str(&tty->tail.text);
	unsigned most = tty->height / 2;

	for (*rows = count_rows(&tty->tail.text); *rows > most; --*rows)
		text = strchr(text, '\n') + 1;
	return text;
}

void
tty_tail_lift(struct tty *tty)
{
	if (tty->tail.shown > 0)
		fprintf(tty->stream.file, "\033[%uA\033[J", tty->tail.shown);
	tty->tail.shown = 0;
}

void
tty_tail_write(struct tty *tty)
{
	const char *row, *lf;

	tty->tail.changed = false;
	if (tty->dumb)
		return;
	row = last_rows(tty, &tty->tail.shown);
	for (; (lf = strchr(row, '\n')) != NULL; row = lf + 1)
		fprintf(tty->stream.file, "%.*s\r\n", (int)(lf - row), row);
}

void
tty_tail_forget(struct tty *tty)
{
	tty->tail.changed |= tty->tail.text.len > 0;
	tty->tail.shown = 0;
}

void
tty_tail(struct tty *tty, const char *rows, size_t len)
{
	tty_check(tty);
	if (tty->plain ||
	    (len == tty->tail.text.len &&
		memcmp(rows, dw_buf_str(&tty->tail.text), len) == 0))
		return;
	dw_buf_reset(&tty->tail.text);
	dw_buf_add(&tty->tail.text, rows, len);
	tty->tail.changed = true;
}
