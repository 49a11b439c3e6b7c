/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sessions: how one begins, is found, and is closed.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk/internal.h"

#define FIRST_NAME "guest"

struct desk_session *
desk_session_find(struct desk *d, uint64_t sid)
{
	DW_LIST_EACH(n, &d->sessions) {
		struct desk_session *s =
		    DW_LIST_OF(n, struct desk_session, node);

		if (s->facts.sid == sid)
			return s;
	}
	return NULL;
}

struct desk_session *
desk_session_begin(struct desk *d, struct desk_conn *c, struct desk_time now)
{
	struct ev_event ev = ev_event_of(EV_ARRIVED);
	struct desk_session *s;

	if ((s = calloc(1, sizeof *s)) == NULL)
		return NULL;
	s->fresh = true;
	s->conn = c;
	c->session = s;
	dw_list_add(&d->sessions, &s->node);
	ev.sid = c->sid = ++d->sid;
	ev.who = FIRST_NAME;
	ev.mode = c->mode;
	ev.addr = c->addr;
	desk_emit(d, s, ev, now);
	d->effects[d->neffects - 1].conn = c;
	/* The connection may go before this round is published. */
	d->events[d->nevents - 1].addr = s->facts.addr;
	return s;
}

void
desk_notice_sent(struct desk *d, struct desk_conn *c)
{
	if (c->session == NULL || c->put_n <= c->session->sent_n)
		return;
	assert(c->put_n <= c->session->facts.out);
	c->session->sent_n = c->put_n;
	d->dirty = true;
}

void
desk_settle_sent(struct desk *d, struct desk_session *s, struct desk_time now)
{
	struct ev_event ev = ev_event_of(EV_SENT);

	if (s->sent_n <= s->facts.sent)
		return;
	ev.n = s->sent_n;
	desk_emit(d, s, ev, now);
}

void
desk_session_close(struct desk *d, struct desk_session *s, const char *who,
    const char *why, const char *bye, struct desk_time now)
{
	struct ev_event ev = ev_event_of(EV_CLOSED);
	/* An operator is told that it failed; a customer is let go. */
	bool by_operator = who[0] != '\0';

	desk_settle_sent(d, s, now);
	ev.who = who;
	ev.why = why;
	desk_emit(d, s, ev, now);
	if (s->conn == NULL)
		return;
	if (bye != NULL)
		desk_fx_bye(d, by_operator ? DESK_FX_BYE_STORED : DESK_FX_BYE,
		    s->conn, bye);
	else
		desk_fx_conn(d, by_operator ? DESK_FX_CUT_STORED : DESK_FX_CUT,
		    s->conn);
}
