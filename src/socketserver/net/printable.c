/* SPDX-License-Identifier: BSD-2-Clause */
/* A stranger's bytes made harmless to a terminal and to a line of text. */
#include "config.h"

#include <string.h>

#include "socketserver/net/printable.h"
#include "socketserver/socketserver.h"
#include "socketserver/net/utf8.h"

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
