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

/* How many bytes from here on stand for themselves. */
static size_t
plain(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && (unsigned char)text[n] >= ' ' && text[n] != '"' &&
	    text[n] != '\\')
		n++;
	return n;
}

static void
escape(struct dw_buf *out, char c)
{
	static const char hex[] = "0123456789ABCDEF";
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *known = strchr(from, c);
	char code[6] = { '\\', 'u', '0', '0', hex[(c >> 4) & 15], hex[c & 15] };

	if (known != NULL && c != '\0')
		dw_buf_add(out, (char[]){ '\\', to[known - from] }, 2);
	else
		dw_buf_add(out, code, sizeof code);
}

void
wire_json_string(struct dw_buf *out, const char *text, size_t len)
{
	size_t n;

	separate(out);
	dw_buf_addc(out, '"');
	while ((n = plain(text, len)) < len) {
		dw_buf_add(out, text, n);
		escape(out, text[n]);
		text += n + 1;
		len -= n + 1;
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
