/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows and the prompt go to the terminal here.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "console/internal.h"

static void
remember(struct con *con, struct con_row *row)
{
	struct con_row *at = &con->ring[con->ring_at];

	con_row_fini(at);
	*at = *row;
	con->ring_at = (con->ring_at + 1) % CON_RING;
	row->tag = row->text = NULL;
}

void
con_show(struct con *con, struct con_row *row)
{
	struct dw_buf b = DW_BUF_INITIALIZER;

	if (con_row_lay(row, tty_columns(con->tty), tty_has_colour(con->tty),
		&b) == 0)
		tty_print(con->tty, b.data, b.len);
	dw_buf_fini(&b);
	remember(con, row);
}

void
con_say(struct con *con, const char *format, ...)
{
	struct con_row row = { NULL, NULL, CON_STYLE_OURS };
	char *text;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n < 0)
		return;
	if (con_row_ours(&row, "%s", text) == 0)
		con_show(con, &row);
	free(text);
}

/* The beginning of the last n rows of the text. */
static const char *
last_rows(const struct dw_buf *b, unsigned n)
{
	const char *at = b->data + b->len;

	while (at > b->data) {
		if (at[-1] == '\n' && n-- == 0)
			break;
		at--;
	}
	return at;
}

void
con_show_again(struct con *con)
{
	unsigned rows = tty_rows(con->tty), columns = tty_columns(con->tty);
	struct dw_buf b = DW_BUF_INITIALIZER;
	const struct con_row *row;
	const char *from;

	for (size_t i = 0; i < CON_RING; i++) {
		row = &con->ring[(con->ring_at + i) % CON_RING];
		if (row->tag != NULL)
			con_row_lay(row, columns, tty_has_colour(con->tty), &b);
	}
	if (b.len > 0 && rows > 1) {
		from = last_rows(&b, rows - 1);
		tty_print(con->tty, from, b.len - (size_t)(from - b.data));
	}
	dw_buf_fini(&b);
}

void
con_prompt_refresh(struct con *con)
{
	struct con_prompt *p = &con->prompt;
	uint64_t before = con->facts.sid;
	char *copy;

	con_mirror_facts(&con->board.mirror, &con->facts);
	if (con_prompt_format(p, &con->facts, dw_clock_wall_ms(),
		tty_columns(con->tty)) < 0)
		return;
	if (con->prompt_shown != NULL && before == con->facts.sid &&
	    strcmp(con->prompt_shown, p->text.data) == 0)
		return;
	if ((copy = strdup(p->text.data)) == NULL)
		return;
	free(con->prompt_shown);
	con->prompt_shown = copy;
	tty_prompt(con->tty, copy, p->bold_at, p->bold_len, con->facts.sid);
}
