/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What happens at a desk: the vocabulary that the desk, the journal, the wire
 * and the consoles share.  The desk emits an event, the store keeps it, wire
 * encodes and parses it, a console shows it; a session is nothing but what its
 * events add up to (event/session.h).
 */
#ifndef EV_EVENT_H
#define EV_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/words.h"

/*
 * EV(name, word): the word is what the journal and the protocol say.  Which
 * fields an event uses besides seq, t_ms and kind:
 *
 *	arrived	sid, mode, addr		a session begins, waiting
 *	said	sid, n, body, flags	the customer's nth message
 *	reply	sid, n, who, body, key	the operators' nth message
 *	sent	sid, n			the customer's machine has taken the replies up
 *					to n
 *	name	sid, who		the customer's name is now who
 *	eof	sid			the customer will write no more; it may
 *					still read
 *	gone	sid, why		the customer is not connected any more
 *	closed	sid, who, why		the end; who is empty for the desk
 *	on, off	who			an operator came, went
 *	udp	addr, n, body, flags	a datagram came from addr; n is how long
 *					it was
 *	udp-reply addr, who, body	an operator's answer to it
 *	udp-sent addr, n, why		the answer whose seq is n went out; with
 *					why it could not
 *	erased	sid, who, why		what its customer gave is erased from the
 *					events of session sid; where sid is 0,
 *					from those whose seq why names: "4 9-12"
 *
 * sid is 0 for on, off and the udp ones.  A new kind is one row here, its fields
 * above, its effect in event/session.c and its looks in console/rows.c; the
 * compiler names each switch that lacks it (doc/hacking.md has the list).
 */
/* clang-format off */
#define EV_EVENTS(EV) \
	EV(ARRIVED, "arrived") \
	EV(SAID, "said") \
	EV(REPLY, "reply") \
	EV(SENT, "sent") \
	EV(NAME, "name") \
	EV(EOF, "eof") \
	EV(GONE, "gone") \
	EV(CLOSED, "closed") \
	EV(ON, "on") \
	EV(OFF, "off") \
	EV(UDP, "udp") \
	EV(UDP_REPLY, "udp-reply") \
	EV(UDP_SENT, "udp-sent") \
	EV(ERASED, "erased")
/* clang-format on */

/* The kinds have no last one that counts them, so that a switch names them
 * all and nothing else. */
enum ev_kind {
	EV_UNKNOWN, /* what a newer desk says; shown and applied to nothing */
#define EV(name, word) EV_##name,
	EV_EVENTS(EV)
#undef EV
};

enum ev_flags {
	EV_FLAG_CUT_SHORT = 1,  /* the connection ended inside this message */
	EV_FLAG_UNATTENDED = 2, /* no operator was on duty */
	EV_FLAG_TRUNCATED = 4,  /* a datagram: its end was cut off */
	EV_FLAG_PEER_QUIT = 8,  /* a datagram: it was quit */
	EV_FLAG_PEER_NEW = 16,  /* a datagram: the first from there for long */
	EV_FLAG_REST_LOST = 32, /* more may have followed, and is lost */
	EV_FLAG_ERASED = 64,    /* what a person gave is erased; the journal's
	                         * readers say so, no event is made with it */
};

/*
 * What makes a message one and the same, however often it is sent: drawn before
 * the first try, kept over every other.  The first half is the console's own,
 * for as long as it lives, so that a desk knows whose a reply is also when it
 * was started again in between.  All zero: there is none.
 */
#define EV_KEY_SIZE    16
#define EV_KEY_CONSOLE 8 /* of these bytes */
struct ev_key {
	unsigned char bytes[EV_KEY_SIZE];
};

bool ev_key_is_set(const struct ev_key *k);
bool ev_key_is(const struct ev_key *a, const struct ev_key *b);
/* Are both of one console? */
bool ev_key_is_of(const struct ev_key *a, const struct ev_key *b);

/* Strings are never NULL: what an event does not use is "".  The event owns
 * none of what it points at. */
struct ev_event {
	uint64_t seq; /* 1, 2, 3 … without a gap */
	int64_t t_ms; /* wall clock, ms since 1970 UTC */
	/* The same moment in ms of the desk's steady clock; 0: not known.  It is
	 * never stored, as it means nothing to the next desk. */
	int64_t steady_ms;
	uint64_t sid; /* session, never used twice; 0: none */
	enum ev_kind kind;
	uint64_t n; /* per session and direction, from 1 */
	unsigned flags;
	enum ev_mode mode;
	const char *who;  /* operator or customer, by name */
	const char *addr; /* "127.0.0.1:58738" */
	const char *why;  /* EV_WHY_*, or a word of a newer desk */
	const char *body; /* exact bytes, not NUL-terminated */
	size_t len;
	struct ev_key key;
};

/*
 * All that a customer gives is in addr and body, and in who where this says so:
 * there it is the customer's name, and else an operator's.  Nothing of it is in
 * why.
 */
bool ev_names_customer(enum ev_kind kind);

/* An event of this kind with nothing in it. */
struct ev_event ev_event_of(enum ev_kind kind);

/* Called with each event of a walk; it owns nothing.  Non-zero ends the walk,
 * which returns it. */
typedef int ev_event_fn(void *arg, const struct ev_event *ev);

#endif
