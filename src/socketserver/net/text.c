/* SPDX-License-Identifier: BSD-2-Clause */
/* This file checks UTF-8, and makes a peer's bytes harmless to a terminal and
 * to a line of text. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "socketserver/net/text.h"
#include "socketserver/socketserver.h"

/*
 * First bytes [from, to] begin a character of len bytes whose second byte is
 * in [low, high]; all later ones are in [0x80, 0xBF].  The limits of the
 * second byte exclude long forms, surrogates and what is over U+10FFFF.
 */
static const struct row {
	unsigned char from, to, len, low, high;
} rows[] = {
	{ 0x00, 0x7F, 1, 0, 0 },
	{ 0xC2, 0xDF, 2, 0x80, 0xBF },
	{ 0xE0, 0xE0, 3, 0xA0, 0xBF },
	{ 0xE1, 0xEC, 3, 0x80, 0xBF },
	{ 0xED, 0xED, 3, 0x80, 0x9F },
	{ 0xEE, 0xEF, 3, 0x80, 0xBF },
	{ 0xF0, 0xF0, 4, 0x90, 0xBF },
	{ 0xF1, 0xF3, 4, 0x80, 0xBF },
	{ 0xF4, 0xF4, 4, 0x80, 0x8F },
};

static const struct row *
row_of(unsigned char first)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (first >= rows[i].from && first <= rows[i].to)
			return &rows[i];
	return NULL;
}

static int
fits(const struct row *row, size_t at, unsigned char byte)
{
	if (at == 1)
		return byte >= row->low && byte <= row->high;
	return byte >= 0x80 && byte <= 0xBF;
}

size_t
sks_utf8_one(const char *s, size_t len, enum sks_utf8_rest *rest)
{
	const unsigned char *u = (const unsigned char *)s;
	const struct row *row;

	*rest = SKS_UTF8_NOTHING;
	if (len == 0)
		return 0;
	*rest = SKS_UTF8_BAD;
	if ((row = row_of(u[0])) == NULL)
		return 0;
	for (size_t i = 1; i < row->len; i++) {
		if (i == len) {
			*rest = SKS_UTF8_CUT;
			return 0;
		}
		if (!fits(row, i, u[i]))
			return 0;
	}
	return row->len;
}

size_t
sks_utf8_whole(const char *s, size_t len, enum sks_utf8_rest *rest)
{
	size_t at = 0, n;

	while ((n = sks_utf8_one(s + at, len - at, rest)) > 0)
		at += n;
	return at;
}

size_t
sks_utf8_cut(const char *s, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)s[max] & 0xC0) == 0x80)
		max--;
	return max;
}

static size_t
escape(unsigned char byte, char out[SKS_PRINTABLE_ONE])
{
	static const char digits[] = "0123456789abcdef";

	out[0] = '\\';
	if (byte == '\n') {
		out[1] = 'n';
		return 2;
	}
	out[1] = 'x';
	out[2] = digits[byte >> 4];
	out[3] = digits[byte & 15];
	return 4;
}

/* Would the character at s move the cursor or command the terminal? */
static int
is_control(const char *s)
{
	unsigned char c = (unsigned char)s[0];

	if (c == 0xC2)
		return (unsigned char)s[1] < 0xA0;
	return (c < ' ' && c != '\t') || c == 0x7F;
}

size_t
sks_printable_one(const char *s, size_t len, char out[SKS_PRINTABLE_ONE],
    size_t *n)
{
	enum sks_utf8_rest rest;
	size_t whole = sks_utf8_one(s, len, &rest);

	assert(len > 0);
	if (whole == 0 || is_control(s)) {
		*n = escape((unsigned char)s[0], out);
		return 1;
	}
	memcpy(out, s, whole);
	*n = whole;
	return whole;
}

const char *
sks_printable(const void *data, size_t len, char *buf, size_t size)
{
	const char *s = data;
	char one[SKS_PRINTABLE_ONE];
	size_t used = 0, n;

	for (size_t at = 0; at < len; used += n) {
		at += sks_printable_one(s + at, len - at, one, &n);
		if (used + n >= size)
			break;
		memcpy(buf + used, one, n);
	}
	if (size > 0)
		buf[used] = '\0';
	return buf;
}
