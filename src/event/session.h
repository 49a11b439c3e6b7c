/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The facts of a session: what its events add up to.  The desk and every
 * console keep them, and change them with ev_apply() alone.
 */
#ifndef EV_SESSION_H
#define EV_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"

#define EV_NAME_SIZE 97 /* 24 columns of 4 bytes and a NUL */
#define EV_ADDR_SIZE 64

struct ev_session {
	uint64_t sid;
	enum ev_mode mode;
	enum ev_state state;
	bool eof;  /* it will write no more */
	bool gone; /* it is not connected */
	char name[EV_NAME_SIZE];
	char addr[EV_ADDR_SIZE];
	int64_t began_ms;   /* wall clock, as the next two; 0: not */
	int64_t waiting_ms; /* when the oldest unanswered message came */
	int64_t gone_ms;
	uint64_t in, out, sent; /* messages each way; replies up to the
	                         * sent-th went out */
};

/* What an event of this session does to its facts.  Replay uses nothing
 * else. */
void ev_apply(struct ev_session *s, const struct ev_event *ev);

/* Since when this customer waits for an operator: its oldest unanswered
 * message, or for one who has said nothing yet its arrival; 0: it does not. */
int64_t ev_waits_since(const struct ev_session *s);

#endif
