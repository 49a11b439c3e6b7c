/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file keeps finished rows until they are shown, and drops the oldest when
 * they are too many.
 */
#include "config.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/i18n.h"
#include "tty/internal.h"

/* Returns the length of the first rows that are `least` bytes or more. */
static size_t
rows_length(const struct dw_buf *b, size_t least)
{
	const char *lf;

	if (least >= b->len)
		return b->len;
	lf = memchr(b->data + least, '\n', b->len - least);
	return lf != NULL ? (size_t)(lf - b->data) + 1 : b->len;
}

static size_t
count_rows(const char *s, size_t len)
{
	size_t n = 0;

	for (const char *lf; (lf = memchr(s, '\n', len)) != NULL; n++) {
		len -= (size_t)(lf + 1 - s);
		s = lf + 1;
	}
	return n;
}

static void
drop_oldest(struct tty_rows *r)
{
	/* A quarter at a time, so that a flood does not move memory for
	 * every row. */
	size_t len = rows_length(&r->text, TTY_ROWS_MAX / 4);

	assert(len != 0 && len <= r->text.len);

	r->dropped += count_rows(r->text.data, len);
	dw_buf_drop(&r->text, len);
}

/* Adds what stands before the next LF without a CR at its end. */
static void
add_row(struct tty_rows *r, const char *row, size_t len)
{
	if (len != 0 && row[len - 1] == '\r')
		len--;
	dw_buf_add(&r->text, row, len);
	dw_buf_addc(&r->text, '\n');
}

void
tty_rows_add(struct tty_rows *r, const char *rows, size_t len)
{
	const char *lf;

	while (len != 0) {
		lf = memchr(rows, '\n', len);
		if (lf == NULL) {
			add_row(r, rows, len);
			break;
		}
		add_row(r, rows, (size_t)(lf - rows));
		len -= (size_t)(lf + 1 - rows);
		rows = lf + 1;
		if (r->text.len > TTY_ROWS_MAX)
			drop_oldest(r);
	}
	if (r->text.len > TTY_ROWS_MAX)
		drop_oldest(r);
}

static void
say_dropped(struct tty_rows *r, struct dw_buf *out, const char *end)
{
	if (r->dropped == 0)
		return;
	dw_buf_addf(out,
	    DW_PLURAL("* %zu row was not shown", "* %zu rows were not shown",
		r->dropped),
	    r->dropped);
	dw_buf_adds(out, end);
	r->dropped = 0;
}

void
tty_rows_take(struct tty_rows *r, struct dw_buf *out, size_t max,
    const char *end)
{
	size_t take = rows_length(&r->text, max), at = 0;
	const char *s = dw_buf_str(&r->text);

	say_dropped(r, out, end);
	while (at < take) {
		const char *lf = memchr(s + at, '\n', take - at);
		size_t n = lf != NULL ? (size_t)(lf - s) - at : take - at;

		dw_buf_add(out, s + at, n);
		dw_buf_adds(out, end);
		at += n + 1;
	}
	dw_buf_drop(&r->text, take);
}

bool
tty_rows_empty(const struct tty_rows *r)
{
	return r->text.len == 0 && r->dropped == 0;
}

void
tty_rows_fini(struct tty_rows *r)
{
	dw_buf_fini(&r->text);
	r->dropped = 0;
}
