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
 *	reply	sid, n, who, body, key, why
 *					the operators' nth message; why: the name
 *					that its customer sees, when it is not who
 *	sent	sid, n			the customer's machine has taken the replies up
 *					to n
 *	name	sid, who, why		the customer's name is now who; why: the
 *					operator who says so, empty for the customer
 *	charset	sid, who, why		what its customer sends is in the
 *					encoding why (base/charset.h); who is
 *					the operator who says so, empty for the
 *					customer and the desk: see
 *					event/charset.h
 *	eof	sid			the customer will write no more; it may
 *					still read
 *	gone	sid, why		the customer is not connected any more
 *	closed	sid, who, why		the end; who is empty for the desk
 *	on, off	who			an operator came, went
 *	udp	addr, n, body, flags, why
 *					a datagram came from addr; n is how long
 *					it was; why: the encoding that the desk
 *					takes it for, when it is not UTF-8
 *	udp-reply addr, who, body	an operator's answer to it
 *	udp-sent addr, n, why		the answer whose seq is n went out; with
 *					why it could not
 *	claim	sid, who, why		who answers this customer from now on: why is
 *					taken, answer, accepted or stolen
 *	free	sid, who, why		who, its owner, does not any more: why is
 *					released, silent or lost
 *	offer	sid, who, why, body	its owner who offers it to the operator why,
 *					because of body
 *	declined sid, who, why		the offer is over: who said no; or who is
 *					empty, and why says what ended it
 *	keep	sid, who, n		its owner needs n more seconds
 *	note	sid, n, who, body, key	the nth one, for operators only; it has no way
 *					to a customer
 *	msg	sid, who, why, body	who says this to the operator why, and to
 *					nobody else; sid: about that session
 *	away, back who, why, body	who is not at any console for a while (why is
 *					said or idle, body its reason), is again
 *	same	sid, n, who, why	session n, an earlier one, was of the same
 *					person; why undone: was not
 *	reopened sid, who		it had ended, and goes on
 *	ban	addr, who, why, n, body	nobody from addr, an address or a network, is
 *					let in for n seconds, because of body; why is
 *					flood when the desk (who is empty) does it
 *	unban	addr, who		it is over before that
 *	erased	sid, who, why		what its customer gave is erased from the
 *					events of session sid; where sid is 0,
 *					from those whose seq why names: "4 9-12"
 *
 * sid is 0 for on, off, away, back, ban, unban and the udp ones.  A new kind is one row here, its fields
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
	EV(CHARSET, "charset") \
	EV(EOF, "eof") \
	EV(GONE, "gone") \
	EV(CLOSED, "closed") \
	EV(ON, "on") \
	EV(OFF, "off") \
	EV(UDP, "udp") \
	EV(UDP_REPLY, "udp-reply") \
	EV(UDP_SENT, "udp-sent") \
	EV(CLAIM, "claim") \
	EV(FREE, "free") \
	EV(OFFER, "offer") \
	EV(DECLINED, "declined") \
	EV(KEEP, "keep") \
	EV(NOTE, "note") \
	EV(MSG, "msg") \
	EV(AWAY, "away") \
	EV(BACK, "back") \
	EV(SAME, "same") \
	EV(REOPENED, "reopened") \
	EV(BAN, "ban") \
	EV(UNBAN, "unban") \
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

/* Is this event for the operators whom it names (who and why), and for no
 * other's screen? */
bool ev_is_private(const struct ev_event *ev, const char *operator_name);

/* An event of this kind with nothing in it. */
struct ev_event ev_event_of(enum ev_kind kind);

/* Called with each event of a walk; it owns nothing.  Non-zero ends the walk,
 * which returns it. */
typedef int ev_event_fn(void *arg, const struct ev_event *ev);

#endif
