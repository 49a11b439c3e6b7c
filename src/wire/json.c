/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON is written here.  The desk thread writes one object for each event, so it
 * is done without a tree of values in between.
 */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "wire/json.h"

/* Is there an element before this place, so that a comma must stand between?
 * What has been written so far ends with a whole token. */
static bool
follows_another(const struct dw_buf *out)
{
	return out->len > 0 && strchr("{[:\n", out->data[out->len - 1]) == NULL;
}

static void
separate(struct dw_buf *out)
{
	if (follows_another(out))
		dw_buf_addc(out, ',');
}

void
wire_json_open(struct dw_buf *out, char bracket)
{
	separate(out);
	dw_buf_addc(out, bracket);
}

void
wire_json_close(struct dw_buf *out, char bracket)
{
	dw_buf_addc(out, bracket);
}

void
wire_json_key(struct dw_buf *out, const char *key)
{
	separate(out);
	dw_buf_addc(out, '"');
	dw_buf_adds(out, key);
	dw_buf_add(out, "\":", 2);
}

/*
 * JSON forbids only ASCII's control characters in a string.  Others act on a
 * terminal, too, where ctl writes what a desk has sent: DEL, U+0080 to U+009F,
 * and those that turn round what stands behind them.
 */
static const struct range {
	unsigned char lead[2], first,
	    last; /* of the last byte; lead: before it */
} acting[] = {
	{ { 0, 0 }, 0x7f, 0x7f },
	{ { 0, 0xc2 }, 0x80, 0x9f },    /* U+0080 to U+009F */
	{ { 0xe2, 0x80 }, 0xa8, 0xae }, /* U+2028 to U+202E */
	{ { 0xe2, 0x81 }, 0xa6, 0xa9 }, /* U+2066 to U+2069 */
};

/* How many bytes of a character that needs an escape; 0: it needs none. */
static size_t
acts(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;

	if (s[0] < ' ' || s[0] == '"' || s[0] == '\\')
		return 1;
	if (s[0] != 0x7f && s[0] != 0xc2 && s[0] != 0xe2)
		return 0; /* as nearly all that is written */
	for (size_t i = 0; i < sizeof acting / sizeof acting[0]; i++) {
		const struct range *r = &acting[i];
		size_t n = (size_t)(r->lead[0] != 0) + (r->lead[1] != 0);

		if (len > n && memcmp(s, r->lead + 2 - n, n) == 0 &&
		    s[n] >= r->first && s[n] <= r->last)
			return n + 1;
	}
	return 0;
}

/* How many bytes from here on stand for themselves. */
static size_t
plain(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && acts(text + n, len - n) == 0)
		n++;
	return n;
}

/* A character of so many bytes, three at most. */
static unsigned
decode(const char *text, size_t n)
{
	unsigned c = (unsigned char)text[0];

	if (n > 1)
		c &= n == 2 ? 0x1f : 0x0f;
	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)text[i] & 0x3f);
	return c;
}

static void
escape(struct dw_buf *out, unsigned c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *known = c != 0 && c < 0x80 ? strchr(from, (int)c) : NULL;

	if (known != NULL)
		dw_buf_add(out, (char[]){ '\\', to[known - from] }, 2);
	else
		dw_buf_addf(out, "\\u%04X", c);
}

void
wire_json_string(struct dw_buf *out, const char *text, size_t len)
{
	size_t n, taken;

	separate(out);
	dw_buf_addc(out, '"');
	while ((n = plain(text, len)) < len) {
		dw_buf_add(out, text, n);
		taken = acts(text + n, len - n);
		escape(out, decode(text + n, taken));
		text += n + taken;
		len -= n + taken;
	}
	dw_buf_add(out, text, len);
	dw_buf_addc(out, '"');
}

void
wire_json_number(struct dw_buf *out, int64_t n)
{
	uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;
	char digits[20], *at = digits + sizeof digits;

	separate(out);
	do
		*--at = (char)('0' + rest % 10);
	while ((rest /= 10) != 0);
	if (n < 0)
		*--at = '-';
	dw_buf_add(out, at, (size_t)(digits + sizeof digits - at));
}

void
wire_json_true(struct dw_buf *out)
{
	separate(out);
	dw_buf_adds(out, "true");
}
