/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which protocol a customer speaks, from the first bytes of a connection; and
 * who is no customer but a visitor: a program that speaks another protocol, or
 * what is no text.
 */
#ifndef WIRE_OPENING_H
#define WIRE_OPENING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/charset.h"
#include "base/buf.h"

#define WIRE_OPENING_MAX 16384 /* bytes that are looked at */

enum wire_opening {
	WIRE_OPEN_MORE,        /* nothing yet, or not enough of it */
	WIRE_OPEN_LINE,        /* rows of text, also telnet: a customer */
	WIRE_OPEN_CLASSIC,     /* the tutorial's client: a customer */
	WIRE_OPEN_CLASSIC_GBK, /* the same, which writes in GBK */
	WIRE_OPEN_HTTP,        /* a browser or a scanner */
	WIRE_OPEN_TLS,         /* a TLS handshake record */
	WIRE_OPEN_UTF16LE,     /* text that nobody here can read, */
	WIRE_OPEN_UTF16BE,     /* the low byte first, or the high one */
	WIRE_OPEN_VISITOR      /* another protocol that is known, or no text */
};

/*
 * Judges all bytes that have come so far, however they were cut; ended: nothing
 * follows them.  Returns one of the above, and in *what a constant: the name of
 * a visitor's protocol, marked for translation where it is none; "" otherwise.
 *
 * An answer but for two never changes when more bytes follow.  MORE is none yet,
 * also of those that ended where there are no bytes at all.  A VISITOR becomes
 * LINE with a readable row behind its opening: a whole row of text that is no
 * part of what such programs say.  Any thread.
 */
enum wire_opening wire_opening(const void *bytes, size_t len, bool ended,
    const char **what);

/* Is this the beginning of the tutorial's handshake, and no more? */
bool wire_opening_is_cut_hello(const void *bytes, size_t len);

/* Is there nothing but blank rows, or the beginning of one? */
bool wire_opening_is_blank(const void *bytes, size_t len);

/* Adds what a person can read of these bytes, at most max of it: text of three
 * or more characters, a blank between two that were apart.  It still has to be
 * made harmless.  Returns 0 or -ENOMEM. */
int wire_opening_text(struct dw_buf *out, const void *bytes, size_t len,
    size_t max);

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
