/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file computes on which row of the window readline's cursor stands, for
 * a window whose width has changed.
 */
#include "config.h"

#include <assert.h>
#include <string.h>
#include <wchar.h>

#include "tty/internal.h"

/* A place in a window of `columns`. */
struct position {
	unsigned columns;
	unsigned row, column;
};

static void
advance(struct position *p, unsigned width)
{
	if (p->column + width > p->columns) { /* to the next row */
		p->row++;
		p->column = 0;
	}
	p->column += width;
}

static void
advance_each(struct position *p, unsigned width)
{
	while (width-- != 0)
		advance(p, 1);
}

/* Readline begins a row at LF, shows other control characters as ^X, a byte
 * that is no character as \ooo, and a tab as blanks.  Returns the bytes that it
 * has dealt with. */
static size_t
put_char(struct position *p, const char *s, size_t len, mbstate_t *state)
{
	unsigned char c = (unsigned char)*s;
	wchar_t wc;
	size_t n;
	int w;

	if (c == '\n') {
		p->row++;
		p->column = 0;
		return 1;
	}
	if (c == '\t') {
		advance_each(p, 8 - p->column % 8);
		return 1;
	}
	if (c < 0x20 || c == 0x7F) {
		advance_each(p, 2);
		return 1;
	}
	n = mbrtowc(&wc, s, len, state);
	if (n == (size_t)-1 || n == (size_t)-2 || n == 0) {
		memset(state, 0, sizeof *state);
		advance_each(p, 4);
		return 1;
	}
	w = wcwidth(wc);
	advance(p, w >= 0 ? (unsigned)w : 1);
	return n;
}

static void
put_text(struct position *p, const char *s, size_t len)
{
	mbstate_t state;

	memset(&state, 0, sizeof state);
	for (size_t i = 0; i < len;)
		i += put_char(p, s + i, len - i, &state);
}

static void
put_prompt(struct position *p, const char *s)
{
	while (*s != '\0') {
		size_t n = strcspn(s, "\001");

		put_text(p, s, n);
		s += n;
		if (*s != '\0' && (s = strchr(s, '\002')) == NULL)
			return;
		s += *s == '\002';
	}
}

unsigned
tty_cursor_row(const char *prompt, const char *text, size_t point,
    unsigned columns)
{
	struct position p = { columns != 0 ? columns : 80, 0, 0 };

	assert(point <= strlen(text));
	put_prompt(&p, prompt);
	put_text(&p, text, point);
	/* A full row puts readline's cursor on the next one. */
	return p.row + (p.column == p.columns);
}
