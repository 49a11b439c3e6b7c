/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many of a customer's messages the operator of this console has read:
 * those that were painted while the session was selected, before a key was
 * pressed here; or at another console of the same operator, which the desk
 * tells.  It never goes over a message that was not painted.  Pure.
 */
#ifndef CON_READ_H
#define CON_READ_H

#include <stdbool.h>
#include <stdint.h>

/* Of one session. */
struct con_read {
	uint64_t n;    /* the customer's messages that are read */
	uint64_t seq;  /* the event that the mark is at */
	uint64_t told; /* so many the desk knows of */
	bool marked;   /* otherwise n is a guess */

	/* While the session is selected: its messages that were shown, and
	 * those of them that the terminal has; and what was shown behind a
	 * message that was not. */
	uint64_t shown, shown_seq;
	uint64_t painted, painted_seq;
	uint64_t ahead, ahead_to, ahead_seq; /* 0: nothing */
};

/* Of `in` messages nobody has answered so many, and no mark is known. */
void con_read_guess(struct con_read *r, uint64_t in, uint64_t unanswered);

/* A mark that the desk told. */
void con_read_told(struct con_read *r, uint64_t seq, uint64_t n);

/* The session was selected. */
void con_read_begin(struct con_read *r);

/* While it is: a row was shown, of the customer's nth message or (0) another;
 * a page of the past with the customer's messages from `from` to `to`.  unread:
 * it has what was not read, or as much of that as is shown at once. */
void con_read_row(struct con_read *r, uint64_t seq, uint64_t n);
void con_read_page(struct con_read *r, uint64_t from, uint64_t to, uint64_t seq,
    bool unread);

/* All that was shown is on the terminal; whole: none of it was dropped. */
void con_read_painted(struct con_read *r, bool whole);

/* A key was pressed while it is selected.  Returns whether more is read now
 * than before. */
bool con_read_key(struct con_read *r);

#endif
