/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which protocol a customer speaks, from the first bytes of a connection.
 */
#ifndef WIRE_OPENING_H
#define WIRE_OPENING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/charset.h"

#define WIRE_OPENING_MAX 18 /* bytes that decide everything */

enum wire_opening {
	WIRE_OPEN_MORE,        /* nothing yet, or the start of an opening */
	WIRE_OPEN_LINE,        /* rows of text, also telnet: any other bytes */
	WIRE_OPEN_CLASSIC,     /* the tutorial's client */
	WIRE_OPEN_CLASSIC_GBK, /* the same, which writes in GBK */
	WIRE_OPEN_HTTP,        /* a browser or a scanner */
	WIRE_OPEN_TLS          /* a TLS handshake record */
};

/*
 * Judges all bytes that have come so far.  An answer other than MORE never
 * changes when more bytes follow.  Any thread.
 */
enum wire_opening wire_opening(const void *bytes, size_t len);

/* The encoding that an opening is in; NULL: it does not say. */
const struct dw_charset *wire_opening_charset(enum wire_opening opening);

/* Whether the bytes begin with a byte order mark, U+FEFF in UTF-8.  *more: that
 * depends on the bytes that follow; the answer is false. */
#define WIRE_OPENING_MARK 3
bool wire_opening_mark(const void *bytes, size_t len, bool *more);

/*
 * How many bytes a connection begins with that are not the customer's: a byte
 * order mark, or the lone 0xf2 of telnet's Synch (urgent data) before a classic
 * handshake.  *more: that depends on the bytes that follow; the answer is 0.
 * Any thread.
 */
size_t wire_opening_lead(const void *bytes, size_t len, bool *more);

#endif
