/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is shown: rows that are laid out at the last moment, for the window as
 * it is then.  Pure.
 *
 *	09:58:31 3 alice| text		a customer; goes on under the same |
 *	09:58:52 3 lin> text ✓		an operator
 *	~ udp 127.0.0.1:5000 "text" 09:58:31	a datagram
 *	~ udp 127.0.0.1:5000 lin> "text" ✓ 09:58:52	the answer
 *	09:58:52 3 alice lin note> text	a note, which no customer sees
 *	09:58:52 lin to you> text	what one operator says to another
 *	* 3 alice is gone		ours: nobody else's row begins so
 *
 * For who listens to a screen reader, the time stands behind the text:
 *
 *	3 alice| text 09:58:31		3 lin> text ✓ 09:58:52
 *
 * A datagram's text is in quotes, with its own behind a backslash, so that
 * what stands behind the second quote is ours.
 *
 * An operator's row is held back for CON_HOLD_MS so that its mark is usually
 * final: ✓ the customer's machine has it, · it is stored; until then it
 * stands with … above the prompt.  A customer in
 * classic mode may get it with the next turn only: the row says so, and nothing
 * is printed later; /history says ✓ then.  When the session ends or
 * its connection is lost first, the row that says so counts what perhaps did
 * not arrive, and /history marks those in words.  The row of an end is held
 * back as well while something may still leave with it.
 */
#ifndef CON_ROWS_H
#define CON_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "wire/op.h"

#define CON_HOLD_MS  300
#define CON_BODY_MAX (64 * 1024) /* bytes of one message on a screen */
#define CON_SPAN_MAX 32

enum con_style {
	CON_STYLE_OURS,
	CON_STYLE_CUSTOMER,
	CON_STYLE_SELECTED, /* the customer who is selected */
	CON_STYLE_OPERATOR,
	CON_STYLE_DATAGRAM,  /* a datagram */
	CON_STYLE_UDP_REPLY, /* and the answer */
	CON_STYLE_INTERNAL   /* notes, and what operators say to each other */
};

enum con_mark {
	CON_MARK_STORED, /* in the journal */
	CON_MARK_HELD,   /* stored, for a classic customer's turn */
	CON_MARK_SENT,
	CON_MARK_DOUBT,  /* perhaps not delivered */
	CON_MARK_FAILED, /* an answer over UDP that could not leave */
	CON_MARK_ASKED   /* typed, and the desk has not answered yet */
};

/* Both strings are printable; text may have LF. */
struct con_row {
	char *tag;
	char *text;
	enum con_style style;
};

void con_row_fini(struct con_row *row);

/* A row of ours; the arguments need not be printable. */
int con_row_ours(struct con_row *row, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What a row about an event says besides the event. */
struct con_row_about {
	const char *label;  /* "3 alice" */
	enum con_mark mark; /* of a reply */
	uint64_t unsent;    /* replies that had not left */
	const char *why;    /* of CON_MARK_FAILED */
	/* Of a customer's message; NULL: UTF-8. */
	const struct dw_charset *charset;
	bool selected;
	bool speak; /* who and what come first, the time last */

	/* Of what operators do: who is at this console, or NULL; the owner
	 * before, or to whom it was offered; whether either is we; whether its
	 * customer is there and waits. */
	const char *me, *was;
	bool yours, offered;
	bool waits;
};

/*
 * The row of an event.  Returns 1; 0 when this event is not shown (sent, and
 * what we do not know); -ENOMEM.
 */
int con_row_event(struct con_row *row, const struct ev_event *ev,
    const struct con_row_about *about);

/* The same for what operators do among themselves: team.c. */
int con_row_team(struct con_row *row, const struct ev_event *ev,
    const struct con_row_about *about);

/* Of team.c: a row of ours with its time, "* 09:58:31 text"; and what somebody
 * has written behind `who`.  Owns: the text, and who. */
int con_row_timed(struct con_row *row, const struct ev_event *ev,
    struct dw_buf *text, const struct con_row_about *about);
int con_row_written(struct con_row *row, const struct ev_event *ev,
    struct dw_buf *who, const struct con_row_about *about);

/* "12 s", "3 min", "2 h 05 min", "3 days". */
void con_age(int64_t ms, char out[CON_SPAN_MAX]);

/* What a reason (EV_WHY_*) means to people; one of a newer desk as it came, "" for
 * none. */
const char *con_why_words(const char *why);

/* The word of a mode, "?" for one of a newer desk. */
const char *con_mode_word(enum ev_mode mode);

/* Appends the physical rows; columns 0: one row, nothing wrapped. */
int con_row_lay(const struct con_row *row, unsigned columns, bool colour,
    struct dw_buf *out);

#endif
