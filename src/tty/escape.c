/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file tells what begins behind an ESC: a key, a report of the mouse, or
 * an answer of the terminal.  It only looks at bytes.
 */
#include "config.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "tty/internal.h"

#define CSI_MAX     4096 /* bytes; no key and no answer has as many */
#define SS3_MAX     8
#define MOUSE_BYTES 3 /* of a report: button, column, row */

static struct tty_escape
escape(enum tty_escape_kind kind, size_t len)
{
	return (struct tty_escape){ kind, len };
}

static bool
is_between(char c, unsigned char low, unsigned char high)
{
	unsigned char u = (unsigned char)c;

	return u >= low && u <= high;
}

static bool
is_final(char c)
{
	return is_between(c, 0x40, 0x7E);
}

/* The old form of a report has three bytes behind its final one.  As none of
 * them is a control character, other things named ESC [ M are told apart. */
static struct tty_escape
mouse_report(const char *s, size_t len)
{
	const size_t head = 2; /* [M */

	for (size_t i = head; i < head + MOUSE_BYTES; i++) {
		if (i == len)
			return escape(TTY_ESCAPE_OPEN, len);
		if (is_between(s[i], 1, 0x1F))
			return escape(TTY_ESCAPE_KEY, head);
	}
	return escape(TTY_ESCAPE_MOUSE, head + MOUSE_BYTES);
}

/* s[0] is [.  The console of Linux has keys with a second one, and rxvt has
 * keys whose last byte is a dollar sign. */
static struct tty_escape
control_sequence(const char *s, size_t len)
{
	size_t digits, i = 1;

	if (len > 1 && s[1] == '[')
		return escape(len > 2 ? TTY_ESCAPE_KEY : TTY_ESCAPE_OPEN,
		    len > 2 ? 3 : len);
	if (len > 1 && s[1] == 'M')
		return mouse_report(s, len);
	while (i < len && is_between(s[i], '0', '9'))
		i++;
	digits = i - 1;
	if (i < len && digits != 0 && s[i] == '$')
		return escape(TTY_ESCAPE_KEY, i + 1);
	while (i < len && is_between(s[i], 0x20, 0x3F))
		i++;
	if (i > CSI_MAX)
		return escape(TTY_ESCAPE_BROKEN, i);
	if (i == len)
		return escape(TTY_ESCAPE_OPEN, i);
	return is_final(s[i]) ? escape(TTY_ESCAPE_KEY, i + 1) :
				escape(TTY_ESCAPE_BROKEN, i);
}

/* s[0] is O. */
static struct tty_escape
single_shift(const char *s, size_t len)
{
	size_t i = 1;

	while (i < len && i < SS3_MAX && is_between(s[i], '0', '9'))
		i++;
	if (i == len)
		return escape(i == 1 ? TTY_ESCAPE_PAIR : TTY_ESCAPE_OPEN, i);
	return is_final(s[i]) ? escape(TTY_ESCAPE_KEY, i + 1) :
				escape(TTY_ESCAPE_PREFIX, 0);
}

/*
 * These begin a string.  Behind Alt and the same key a person may type on, so
 * the string's own first byte decides where terminals leave no choice.
 */
static const struct {
	char introducer;
	const char *first; /* NULL: anything visible */
} strings[] = {
	{ ']', "0123456789lLIP" },       /* OSC */
	{ 'P', "0123456789:;<=>?$+!|" }, /* DCS */
	{ '_', NULL },                   /* APC */
	{ '^', NULL },                   /* PM */
	{ 'X', NULL },                   /* SOS */
};

static struct tty_escape
string_begin(const char *first, const char *s, size_t len)
{
	bool begins;

	if (len == 1)
		return escape(first != NULL ? TTY_ESCAPE_PAIR :
					      TTY_ESCAPE_LOOSE_PAIR,
		    1);
	begins = is_between(s[1], 0x20, 0x7E) &&
	    (first == NULL || strchr(first, s[1]) != NULL);
	return escape(begins ? TTY_ESCAPE_STRING : TTY_ESCAPE_PREFIX,
	    begins ? 1 : 0);
}

/* A second ESC is Alt for the key behind it, if it is one. */
static struct tty_escape
with_alt(const char *s, size_t len)
{
	struct tty_escape e = tty_escape_behind(s + 1, len - 1);

	if (e.kind == TTY_ESCAPE_ALONE)
		return e;
	if (e.kind == TTY_ESCAPE_KEY || e.kind == TTY_ESCAPE_OPEN ||
	    e.kind == TTY_ESCAPE_BROKEN || e.kind == TTY_ESCAPE_MOUSE)
		return escape(e.kind, e.len + 1);
	return escape(TTY_ESCAPE_PREFIX, 0);
}

struct tty_escape
tty_escape_behind(const char *s, size_t len)
{
	if (len == 0)
		return escape(TTY_ESCAPE_ALONE, 0);
	if (*s == '[')
		return control_sequence(s, len);
	if (*s == 'O')
		return single_shift(s, len);
	if (*s == '\033' && len > 1 && s[1] == '\033')
		return escape(TTY_ESCAPE_PREFIX, 0);
	if (*s == '\033')
		return with_alt(s, len);
	for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
		if (*s == strings[i].introducer)
			return string_begin(strings[i].first, s, len);
	return escape(TTY_ESCAPE_PREFIX, 0);
}

/*
 * BEL ends a string, and so do ESC \, CAN and SUB.  An ESC that is followed by
 * something else begins what comes next.  No answer holds the end of a row: one
 * means that a person types.
 */
size_t
tty_escape_string(const char *s, size_t len, bool *ended)
{
	size_t n = 0;

	while (n < len && memchr("\a\030\032\r\n\033", s[n], 6) == NULL)
		n++;
	*ended = n < len;
	if (n == len)
		return n;
	if (s[n] != '\033')
		return n + 1;
	*ended = n + 1 < len;
	return *ended && s[n + 1] == '\\' ? n + 2 : n;
}

/* Without what begins the rest of a row, which stays. */
static size_t
string_in_text(const char *s, size_t len)
{
	bool ended;
	size_t n = tty_escape_string(s, len, &ended);

	if (!ended)
		return len;
	return n > 0 && (s[n - 1] == '\r' || s[n - 1] == '\n') ? n - 1 : n;
}

size_t
tty_escape_in_text(const char *s, size_t len)
{
	struct tty_escape e;

	assert(len != 0 && *s == '\033');
	e = tty_escape_behind(s + 1, len - 1);
	switch (e.kind) {
	case TTY_ESCAPE_STRING:
		return 1 + e.len +
		    string_in_text(s + 1 + e.len, len - 1 - e.len);
	case TTY_ESCAPE_OPEN:
	case TTY_ESCAPE_KEY:
	case TTY_ESCAPE_BROKEN:
	case TTY_ESCAPE_MOUSE:
		return 1 + e.len;
	case TTY_ESCAPE_ALONE:
	case TTY_ESCAPE_PREFIX:
	case TTY_ESCAPE_PAIR:
	case TTY_ESCAPE_LOOSE_PAIR:
		break;
	}
	return 0;
}
