/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Line mode: rows of text as nc and telnet send them.
 *
 * A row ends with LF, CR LF or CR NUL.  A CR before anything else is data, a
 * NUL is data.  Telnet's commands are taken out wherever they stand; 0xff
 * before a byte that is no command is data, and 0xec to 0xef are commands (end
 * of file, suspend, abort, end of record) only behind another one.  UTF-8 is not
 * judged here.
 *
 * Telnet's EC takes the last character back, as people see it, EL the row.  So
 * does 0x08 or 0x7f the last character, if the peer sends each key as it is
 * pressed: it speaks telnet, or three feeds one after the other were one
 * character each, or one feed was nothing but such bytes.  Of any other peer
 * they are data.
 *
 * A byte order mark before the first row is no text, nor is a lone 0xf2 before
 * a command: telnet's data mark, sent as urgent data without its IAC.
 *
 *	wire_line_feed(l, bytes, n);		however recv cut them
 *	while ((kind = wire_line_next(l, &text, &len)) != WIRE_LINE_NONE)
 *		...
 *	if ((n = wire_line_answer(l, &bytes)) > 0)
 *		send them to the peer
 *
 * Memory is bounded by the longest row, time is linear.  One thread at a time.
 */
#ifndef WIRE_LINE_H
#define WIRE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/charset.h"

enum wire_line_kind {
	WIRE_LINE_NONE,      /* feed more */
	WIRE_LINE_TEXT,      /* a row, without its end; may be empty */
	WIRE_LINE_TOO_LONG,  /* said once per row, when it is known; no text */
	WIRE_LINE_CUT_SHORT, /* the peer ended inside this row */
	WIRE_LINE_NO_MEMORY  /* a row was lost for want of memory; no text */
};

/* Whether a peer sends each key as it is pressed, so that backspace comes as a
 * byte; zeroed at first. */
struct wire_keys {
	unsigned singles; /* recvs in a row that were one character */
	bool typed;
};

struct wire_line {
	/*
	 * row holds the data bytes of the row so far, telnet already taken
	 * out; row.len < max_bytes.  A CR, or a 0xff, whose meaning the next
	 * byte decides is not in row yet but in `cr` and `state`.
	 */
	struct dw_buf row;
	struct dw_buf answer;          /* for the peer */
	size_t answered;               /* of it handed out */
	const unsigned char *in, *end; /* lent by feed, not yet looked at */
	size_t max_bytes;
	size_t discarded; /* bytes of the over-long row */
	size_t noise;     /* telnet's, since the last row */
	size_t sub_bytes; /* of this subnegotiation */
	int state;
	int verb; /* the option command being read */
	struct wire_keys keys;
	const struct dw_charset *charset;
	bool cr, handed, skipping, ended, telnet, sub_iac, plain;
	bool asked;             /* AYT */
	bool begun;             /* no byte order mark can follow */
	bool paused;            /* a CR that waits ends the row */
	bool after_cr;          /* it did; its LF or NUL is no row */
	uint32_t refused[2][8]; /* options, by DO and by WILL */
};

/* A decoder for rows of up to max_bytes (> 1), their end counted as one. */
void wire_line_init(struct wire_line *l, size_t max_bytes);
void wire_line_fini(struct wire_line *l);

/* Takes what one recv returned into account. */
void wire_keys_notice(struct wire_keys *k, const void *bytes, size_t len);

/*
 * Lends the bytes, which must stay until wire_line_next has returned NONE; only
 * then may more be fed.
 */
void wire_line_feed(struct wire_line *l, const void *bytes, size_t len);

/* Nothing follows: a row without an end comes as CUT_SHORT. */
void wire_line_eof(struct wire_line *l);

/* Telnet only: whether a CR waits for the byte that tells what it means.  Some
 * send it alone, so after a moment it is an end: the caller says when. */
bool wire_line_cr_waits(const struct wire_line *l);
void wire_line_pause(struct wire_line *l);

/*
 * The next row.  The text is the decoder's, valid until it is called again,
 * and may hold any byte.
 */
enum wire_line_kind wire_line_next(struct wire_line *l, const char **text,
    size_t *len);

/*
 * What telnet's rules want us to send: each option is refused once, each timing
 * mark is answered, all else is passed over.  Returns its length, mostly 0; each byte is handed out once
 * and is valid until the next call of any of these.
 */
size_t wire_line_answer(struct wire_line *l, const char **bytes);

/* The peer writes in an encoding in which 0xff is a letter: from here on it is
 * one, unless the peer has sent a telnet command before. */
void wire_line_plain(struct wire_line *l, bool plain);

/* What the peer sends from now on is in this encoding; NULL: UTF-8. */
void wire_line_charset(struct wire_line *l, const struct dw_charset *cs);

/* Do the first bytes of a peer, whose 0xff may be a letter, look like telnet's
 * all the same?  No word begins with two letters and ASCII like that. */
bool wire_line_begins_telnet(const char *bytes, size_t len);

/* Whether the peer has asked, since this was asked last, if we are there. */
bool wire_line_asked(struct wire_line *l);

/* Whether the peer has sent a telnet command. */
bool wire_line_telnet(const struct wire_line *l);

/* Bytes thrown away since the last row ended: of an over-long row that has not
 * ended yet, of telnet's commands, and what was taken back. */
size_t wire_line_discarded(const struct wire_line *l);

/* How many ends of rows are in what was fed and is not decoded yet. */
size_t wire_line_waiting(const struct wire_line *l);

/*
 * Adds text as rows "who: text", or "* text" when who is NULL: the desk's own.
 * Each LF in the text begins a row that is indented alike, so that no row of a
 * text can pass for another speaker's.  who is made harmless; the text goes as
 * it was typed, but for control characters (DW_TEXT_TYPED).  Rows end with CR
 * LF for telnet, else LF.  A last LF of the text begins no row.  Returns 0 or
 * -ENOMEM (also over out->max; out->failed is set).
 */
int wire_line_encode(struct dw_buf *out, const char *who, const char *text,
    size_t len, bool telnet);

/* Adds bytes as telnet has them: each 0xff twice.  Returns 0 or -ENOMEM. */
int wire_line_quote(struct dw_buf *out, const char *bytes, size_t len);

#endif
