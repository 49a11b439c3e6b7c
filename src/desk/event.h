/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What happened at the desk, as it is stored, shown and replayed.  A session
 * is nothing but what its events add up to.
 */
#ifndef DESK_EVENT_H
#define DESK_EVENT_H

#include <stddef.h>
#include <stdint.h>

/*
 * EV(name, word): the word is what the journal and the protocol say.  Which
 * fields an event uses besides seq, t_ms and ev:
 *
 *	arrived	sid, mode, addr		a session begins, waiting
 *	said	sid, n, body, flags	the customer's nth message
 *	reply	sid, n, who, body	the operators' nth message
 *	sent	sid, n			replies up to n left for the customer
 *	name	sid, who		the customer's name is now who
 *	eof	sid			the customer will write no more; it may
 *					still read
 *	gone	sid, why		the customer is not connected any more
 *	closed	sid, who, why		the end; who is empty for the desk
 *	on, off	who			an operator came, went
 *	udp	addr, n, body, flags	a datagram came from addr; n is how long
 *					it was
 *	udp-reply addr, who, body	an operator's answer to it
 *	udp-sent addr, n, why		the answer whose seq is n has left; with
 *					why it could not
 *
 * sid is 0 for the last five.
 */
#define DESK_EVENTS(EV)            \
	EV(ARRIVED, "arrived")     \
	EV(SAID, "said")           \
	EV(REPLY, "reply")         \
	EV(SENT, "sent")           \
	EV(NAME, "name")           \
	EV(EOF, "eof")             \
	EV(GONE, "gone")           \
	EV(CLOSED, "closed")       \
	EV(ON, "on")               \
	EV(OFF, "off")             \
	EV(UDP, "udp")             \
	EV(UDP_REPLY, "udp-reply") \
	EV(UDP_SENT, "udp-sent")

enum desk_ev {
#define EV(name, word) DESK_EV_##name,
	DESK_EVENTS(EV)
#undef EV
	    DESK_EV_KINDS
};

enum desk_event_flags {
	DESK_CUT_SHORT = 1,  /* the connection ended inside this message */
	DESK_UNATTENDED = 2, /* no operator was on duty */
	DESK_TRUNCATED = 4,  /* a datagram: its end was cut off */
	DESK_PEER_LEFT = 8,  /* a datagram: it was quit */
	DESK_PEER_NEW = 16,  /* a datagram: the first from there for long */
};

/* Strings are never NULL: what an event does not use is "".  It owns none of
 * what it points at. */
struct desk_event {
	uint64_t seq; /* 1, 2, 3 … without a gap */
	int64_t t_ms; /* wall clock, ms since 1970 UTC */
	uint64_t sid; /* session, never used twice; 0: none */
	enum desk_ev ev;
	uint64_t n; /* per session and direction, from 1 */
	unsigned flags;
	const char *who;  /* operator or customer, by name */
	const char *mode; /* "classic", "line" */
	const char *addr; /* "127.0.0.1:58738" */
	const char *why;
	const char *body; /* exact bytes, not NUL-terminated */
	size_t len;
};

/* "said"; and back, or -1 for a word that is none. */
const char *desk_ev_word(enum desk_ev ev);
int desk_ev_parse(const char *word);

/* Called with each event of a walk; it owns nothing.  Non-zero ends the walk,
 * which returns it. */
typedef int desk_event_fn(void *arg, const struct desk_event *ev);

#endif
