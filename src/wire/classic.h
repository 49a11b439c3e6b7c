/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Classic mode: what the tutorial's programs speak, both sides of it.
 *
 * There is no framing.  A hello each way, then what one recv returns is one
 * message.  Two things are mended here: the hello is found however it was cut,
 * with what follows it kept as the first message; and a message that ends
 * inside a character waits for the rest of that character.
 */
#ifndef WIRE_CLASSIC_H
#define WIRE_CLASSIC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/charset.h"
#include "event/words.h"

#define WIRE_CLASSIC_CHUNK 1024        /* bytes the peer reads at once */
#define WIRE_CLASSIC_MAX   (64 * 1024) /* bytes of one message of ours */

enum wire_classic_kind {
	WIRE_CLASSIC_NONE,    /* feed more */
	WIRE_CLASSIC_HELLO,   /* first of all, once */
	WIRE_CLASSIC_TEXT,    /* a message, never empty */
	WIRE_CLASSIC_STRANGER /* no hello in WIRE_CLASSIC_MAX bytes; the end */
};

struct wire_classic {
	/*
	 * Before the hello: all bytes so far.  After it: a message that ended
	 * inside a character, or the one just handed out.
	 */
	struct dw_buf held;
	size_t tail;                      /* of it, begins a character */
	const char *hello;                /* NULL once it was met */
	const struct dw_charset *charset; /* of the peer; NULL: UTF-8 */
	const char *in, *end;             /* lent by feed, not yet looked at */
	bool handed, flush, stranger;
};

/* A decoder that waits for this hello: EV_CLIENT_HELLO in a server. */
void wire_classic_init(struct wire_classic *c, const char *hello);
void wire_classic_fini(struct wire_classic *c);

/* What the peer sends from now on is in this encoding. */
void wire_classic_charset(struct wire_classic *c, const struct dw_charset *cs);

/*
 * Lends what one recv returned; the bytes must stay until wire_classic_next
 * has returned NONE.
 */
void wire_classic_feed(struct wire_classic *c, const void *bytes, size_t len);

/*
 * The next message, which is the decoder's and valid until it is called again.
 * White space alone behind the hello is no message.  Without memory for it a
 * message comes in the pieces that are there.
 */
enum wire_classic_kind wire_classic_next(struct wire_classic *c,
    const char **text, size_t *len);

/* Whether the start of a character waits for its rest. */
bool wire_classic_partial(const struct wire_classic *c);

/* The rest will not come (EOF, or it takes too long): next returns what there
 * is as a message. */
void wire_classic_flush(struct wire_classic *c);

#endif
