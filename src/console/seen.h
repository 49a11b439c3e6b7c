/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which replies of other consoles this one has shown.  A reply says up to which
 * event its writer had seen the session, and the desk refuses it when another
 * console has replied later than that.
 *
 * A row counts when it is on the terminal.  One that came just now counts
 * CON_SEEN_NS later, as nobody reads faster; one of the past at once, as it was
 * asked for.  What was dropped counts when a page of the past has shown it.
 * Pure: time comes in.
 */
#ifndef CON_SEEN_H
#define CON_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define CON_SEEN_NS (700 * DW_MS)

/* Of one session.  All zero: nothing was painted, and nobody has replied. */
struct con_seen {
	uint64_t painted; /* the last event that is on the terminal */
	uint64_t first;   /* of others' replies that do not count yet, */
	uint64_t last;    /* and the last of them; 0: there are none */
	uint64_t before;  /* so many messages come before the first */
	uint64_t lost;    /* the last that no live row shows; 0: none */
	int64_t count_ns; /* when they count; DW_NEVER: not all painted */
	uint64_t refused; /* the last event that a refusal was about */

	/* What was shown since the terminal took everything last. */
	uint64_t shown; /* an event */
	uint64_t page;  /* all up to this event, on a page of the past */
	bool refusal;   /* that a reply was refused */
};

/* `before` of replies of which nobody knows how far back they are. */
#define CON_SEEN_ANY UINT64_MAX

/* Another console has replied; `before` messages came before. */
void con_seen_reply(struct con_seen *s, uint64_t seq, uint64_t before);

/* Others may have replied in the events from `first` to `last`, which this
 * console never gets. */
void con_seen_missed(struct con_seen *s, uint64_t first, uint64_t last,
    uint64_t before);

/* The row of this reply was dropped. */
void con_seen_lost(struct con_seen *s, uint64_t seq);

/* What is shown: a row; a page of the past before which `before` messages
 * come, with all that the session had up to event `upto`; the row that says
 * that a reply was refused because of event seq (0: of one that the desk does
 * not name), which begins the time anew, but not twice for one event: who types
 * on and on is heard some day. */
void con_seen_row(struct con_seen *s, uint64_t seq);
void con_seen_page(struct con_seen *s, uint64_t before, uint64_t upto);
void con_seen_refusal(struct con_seen *s, uint64_t seq);

/* All that was shown is on the terminal; whole: none of it was dropped on the
 * way there.  pause_ns: CON_SEEN_NS, or 0 where nobody reads. */
void con_seen_painted(struct con_seen *s, bool whole, int64_t pause_ns,
    int64_t now_ns);

/* Do all replies of others count?  Forgets those that do. */
bool con_seen_all(struct con_seen *s, int64_t now_ns);

/* The last event that this console has seen: at least 1, as 0 would say
 * nothing. */
uint64_t con_seen_upto(struct con_seen *s, int64_t now_ns);

#endif
