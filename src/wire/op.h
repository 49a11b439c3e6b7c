/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operator protocol: JSON objects, one a line, between a desk and its
 * consoles (doc/protocol.md).  One struct is a frame in both directions; a
 * frame uses the fields that its row in the table below names.
 *
 *	to the desk
 *	relay	as			before hello, by deskwire relay: who comes is
 *					the user whose section of the configuration
 *					has this name; empty: itself
 *	hello	v, name, seen, replay,	first frame; seen = last seq it has,
 *		bare, rows		replay: wants what came since; name: as
 *					customers see this operator, empty for the
 *					usual one; bare: a program and no console,
 *					without the lists; rows: with its sessions
 *	reply	id, sid, text, seen, key
 *					the answer is ok or err with this id;
 *					seen: the last event of the session that
 *					its writer had seen; key: see ev_key
 *	note	id, sid, text, key	the same for a note, which no customer sees
 *	next	id, sid			reserves whoever waits longest, of one's own
 *					and those who are nobody's, but for sid; from
 *					the one that was given last it goes on behind;
 *					the answer is ok with sid, 0 when nobody waits
 *	types	sid			keys are being pressed, in a text for sid or
 *					(0) not; at most every few seconds
 *	joins	sid, since		this console watches sid; without since:
 *					not any more
 *	cmd	id, text		"close 3": a row of the desk's table
 *	read	sid, seq, n		this operator has read the session up to
 *					event seq, and n of its messages
 *	look	sid			this console has selected sid; 0: nobody
 *	ping	id			the answer is pong with this id
 *	bye				the operator detaches
 *
 *	from the desk
 *	welcome	v, name, as, role, desk, journal, seq, now, sessions, commands,
 *		people, listeners,	now: its steady clock; name: who the desk says this operator is; as: its
 *		peers, datagrams,	name for customers, when it is another;
 *		burst, unlisted,	journal: what its seq are numbers of;
 *		replay			commands: those that its role allows;
 *					people: who is at a console;
 *					peers: who wrote over UDP lately;
 *					datagrams: so many came while nobody
 *					was on duty; burst: so many messages a
 *					customer may send at once; unlisted: so
 *					many who left are off the list
 *	live	seq, now, sessions,	all up to seq was sent; after a replay each
 *		people			open session with when things happened
 *					there, and who is at a console
 *	ev	ev			something happened
 *	past	id, ev			one event of an answer to cmd id
 *	ok	id, sid, n, text	done; for a reply n is its number, for a
 *					history how many messages come before
 *	err	id, sid, code, text, seq
 *					not done; text is for people; stale: seq
 *					is what its writer has not seen
 *	read	sid, seq, n		this operator has read so far, at any
 *					console
 *	looks	n, name, sid		console n, of operator name, has
 *					selected sid; 0: nobody, or it has gone
 *	types	n, name, sid		it types to sid; not any more, if that does
 *					not come again within 10 s
 *	joins	n, name, sid, since,	it watches sid, since then on the steady
 *		now			clock; 0: not any more
 *	reads	sid, since, now		its customer's machine has taken nothing
 *					since then, on the steady clock; 0: it takes
 *					again
 *	pong	id, now			the desk is there
 *	unlisted sid			that one left, and is off the list
 *	notice	code, text		a banner, not an event: "disk", "limit", …
 *	bye	code, text		the desk ends this link: "stop", …
 */
#ifndef WIRE_OP_H
#define WIRE_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "event/command.h"
#include "event/session.h"

#define WIRE_OP_VERSION  1
#define WIRE_OP_LINE_MAX (512 * 1024) /* bytes of a frame to the desk */
#define WIRE_OP_FRAME_MAX \
	(16 * 1024 * 1024) /* and of one from it: a
	                    * welcome has all sessions */

enum wire_op {
	WIRE_RELAY,
	WIRE_HELLO,
	WIRE_REPLY,
	WIRE_NOTE,
	WIRE_NEXT,
	WIRE_TYPES,
	WIRE_JOINS,
	WIRE_CMD,
	WIRE_READ,
	WIRE_LOOK,
	WIRE_PING,
	WIRE_BYE,
	WIRE_WELCOME,
	WIRE_LIVE,
	WIRE_EV,
	WIRE_PAST,
	WIRE_OK,
	WIRE_ERR,
	WIRE_LOOKS,
	WIRE_READS,
	WIRE_PONG,
	WIRE_UNLISTED,
	WIRE_NOTICE,
	WIRE_OPS
};

/* An operator who is at a console. */
struct wire_person {
	const char *name;
	uint64_t consoles;
	bool away;
};

struct wire_frame {
	enum wire_op op;
	uint64_t id, sid, n, seq, seen, datagrams, burst, unlisted;
	unsigned v;
	int64_t now_ms, since_ms; /* of the desk's steady clock */
	bool replay, bare, rows;
	enum ev_code code;
	enum ev_role role;
	const char *name, *as, *desk, *journal; /* "" when absent */
	const char *text;
	size_t len; /* of text: any bytes */
	struct ev_event ev;
	struct ev_key key;
	const struct ev_session *sessions;
	size_t nsessions;
	const struct ev_command *commands;
	size_t ncommands;
	const struct wire_person *people;
	size_t npeople;
	const char *const *listeners;
	size_t nlisteners;
	const char *const *peers;
	size_t npeers;
};

/* A frame of this kind with everything else absent. */
struct wire_frame wire_frame_of(enum wire_op op);

/*
 * Adds the frame and its LF to out.  A body or text that is not UTF-8, or has
 * a NUL, travels as base64.  Returns 0, or -ENOMEM and out is marked as failed,
 * with what it had before.
 */
int wire_frame_encode(struct dw_buf *out, const struct wire_frame *f);

/*
 * One session as a row of its own, with the number of the last event that is in
 * it; and one event.  As wire_frame_encode().
 */
int wire_session_encode(struct dw_buf *out, uint64_t seq,
    const struct ev_session *s);
int wire_event_encode(struct dw_buf *out, const struct ev_event *ev);

/*
 * Parses one line (without its LF).  Returns 0 and a frame for
 * wire_frame_free, which owns all that it points at; -EPROTO for what is no
 * frame (why: a sentence, static); -ENOMEM.  Members that are not known are
 * ignored; an op that is not known is -ENOTSUP.
 */
int wire_frame_parse(const char *line, size_t len, struct wire_frame **out,
    const char **why);
void wire_frame_free(struct wire_frame *f);

#endif
