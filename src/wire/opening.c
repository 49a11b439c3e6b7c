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
