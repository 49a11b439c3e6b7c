/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file knows the first bytes of each protocol that may come in.
 */
#include "config.h"

#include <string.h>

#include "wire/classic.h"
#include "wire/opening.h"

#define OPENING(bytes, kind) { bytes, sizeof bytes - 1, kind }

/*
 * No row is the start of another one, so the first that matches is the answer.
 * Only GET and CONNECT stand without what must follow them: the other methods
 * are words that a customer may begin a sentence with.
 */
static const struct {
	const char *bytes;
	size_t len;
	enum wire_opening kind;
} openings[] = {
	OPENING(EV_CLIENT_HELLO, WIRE_OPEN_CLASSIC),
	OPENING(EV_CLIENT_HELLO_GBK, WIRE_OPEN_CLASSIC_GBK),
	OPENING("\x16\x03", WIRE_OPEN_TLS),
	OPENING("GET ", WIRE_OPEN_HTTP),
	OPENING("CONNECT ", WIRE_OPEN_HTTP),
	OPENING("HEAD /", WIRE_OPEN_HTTP),
	OPENING("POST /", WIRE_OPEN_HTTP),
	OPENING("PUT /", WIRE_OPEN_HTTP),
	OPENING("DELETE /", WIRE_OPEN_HTTP),
	OPENING("PATCH /", WIRE_OPEN_HTTP),
	OPENING("TRACE /", WIRE_OPEN_HTTP),
	OPENING("OPTIONS /", WIRE_OPEN_HTTP),
	OPENING("OPTIONS *", WIRE_OPEN_HTTP),
	OPENING("PRI * HTTP/2", WIRE_OPEN_HTTP),
};

enum wire_opening
wire_opening(const void *bytes, size_t len)
{
	enum wire_opening answer = WIRE_OPEN_LINE;

	if (len == 0)
		return WIRE_OPEN_MORE;
	for (size_t i = 0; i < sizeof openings / sizeof openings[0]; i++) {
		size_t n = openings[i].len < len ? openings[i].len : len;

		if (memcmp(bytes, openings[i].bytes, n) != 0)
			continue;
		if (n == openings[i].len)
			return openings[i].kind;
		answer = WIRE_OPEN_MORE;
	}
	return answer;
}

const struct dw_charset *
wire_opening_charset(enum wire_opening opening)
{
	return opening == WIRE_OPEN_CLASSIC_GBK ? dw_charset_find("gbk", 3) :
						  NULL;
}

bool
wire_opening_mark(const void *bytes, size_t len, bool *more)
{
	size_t n = len < WIRE_OPENING_MARK ? len : WIRE_OPENING_MARK;
	bool same = memcmp(bytes, "\xef\xbb\xbf", n) == 0;

	*more = same && n > 0 && n < WIRE_OPENING_MARK;
	return same && n == WIRE_OPENING_MARK;
}

/* Telnet's data mark, without its IAC. */
static bool
is_data_mark(const void *bytes, size_t len, bool *more)
{
	static const char *const hellos[] = { EV_CLIENT_HELLO,
		EV_CLIENT_HELLO_GBK };
	const char *s = bytes;

	if (len == 0 || s[0] != '\xf2')
		return false;
	for (size_t i = 0; i < sizeof hellos / sizeof hellos[0]; i++) {
		size_t whole = strlen(hellos[i]);
		size_t n = len - 1 < whole ? len - 1 : whole;

		if (memcmp(s + 1, hellos[i], n) != 0)
			continue;
		*more = n < whole;
		return n == whole;
	}
	return false;
}

size_t
wire_opening_lead(const void *bytes, size_t len, bool *more)
{
	if (wire_opening_mark(bytes, len, more))
		return WIRE_OPENING_MARK;
	return is_data_mark(bytes, len, more) ? 1 : 0;
}
