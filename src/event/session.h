/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The facts of a session: what its events add up to.  The desk and every
 * console keep them, and change them with ev_apply() alone.
 */
#ifndef EV_SESSION_H
#define EV_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/charset.h"
#include "event/event.h"
#include "event/past.h"

#define EV_NAME_SIZE  97 /* 24 columns of 4 bytes and a NUL */
#define EV_ADDR_SIZE  64
#define EV_WORDS_SIZE 97

/* When something happened: which event it was, and when that was on the desk's
 * steady clock.  The first is for order, the second for how long ago it is: the
 * wall clock, which anybody may set, is for neither. */
struct ev_moment {
	uint64_t seq; /* 0: it did not happen */
	int64_t steady_ms;
};

struct ev_session {
	uint64_t sid;
	enum ev_mode mode;
	enum ev_state state;
	bool eof;        /* it will write no more */
	bool gone;       /* it is not connected */
	bool reopened;   /* it had ended: nothing ends it but an operator, or
	                  * time */
	bool unattended; /* it wrote while nobody was on duty, and was not
	                  * answered since */
	char name[EV_NAME_SIZE];
	char addr[EV_ADDR_SIZE];
	char by[EV_NAME_SIZE];      /* who answered last */
	char owner[EV_NAME_SIZE];   /* who answers it; "": nobody */
	char offered[EV_NAME_SIZE]; /* to whom the owner offers it, or "" */
	/* What its customer writes in; NULL: nobody has said. */
	const struct dw_charset *charset;
	unsigned charsets; /* how often it was said */
	/* How its last message begins: UTF-8, in which what was none is
	 * U+FFFD.  Nothing else is made harmless.  Empty as well when its
	 * encoding became known later. */
	char words[EV_WORDS_SIZE];
	int64_t began_ms;   /* wall clock, as the next three; 0: not */
	int64_t waiting_ms; /* when the oldest unanswered message came */
	int64_t said_ms;    /* and the last message of all */
	int64_t gone_ms;
	int64_t owned_ms;   /* and when its owner got it */
	int64_t offered_ms; /* and when it was offered */
	int64_t kept_ms;    /* until then its owner may keep it */
	struct ev_moment began_at, waiting_at, said_at, gone_at, owned_at,
	    offered_at, kept_at; /* the same */
	uint64_t in, out, sent;  /* messages each way; replies up to the
	                         * sent-th were taken */
	uint64_t unanswered;     /* of its messages, those since the last
	                         * reply */
	uint64_t notes;
	uint64_t same[EV_SAME_MAX]; /* 0: none any more */
};

/* What an event of this session does to its facts.  Replay uses nothing
 * else. */
void ev_apply(struct ev_session *s, const struct ev_event *ev);

/* Is something still owed to this customer: an answer, or the delivery of one?
 * Such a one is `left` when it goes, and not closed. */
bool ev_is_owed(const struct ev_session *s);

/* Since when this customer waits for an operator: its oldest unanswered
 * message; its arrival, for one who has said nothing yet; when it left, for
 * one who never got its answers.  Its seq is 0 when it does not wait. */
struct ev_moment ev_waits_since(const struct ev_session *s);
bool ev_waits(const struct ev_session *s);

/* Does this operator answer it? */
bool ev_is_owned_by(const struct ev_session *s, const char *who);

#endif
