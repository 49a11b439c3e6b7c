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

#include "base/i18n.h"
#include "desk/internal.h"

#define FIRST_NAME "guest"

struct desk_session *
desk_session_find(struct desk *d, uint64_t sid)
{
	return desk_sids_find(&d->sids, sid);
}

struct desk_session *
desk_session_new(struct desk *d, uint64_t sid)
{
	struct desk_session *s = calloc(1, sizeof *s);

	if (s == NULL || desk_sids_add(&d->sids, sid, s) < 0) {
		free(s);
		return NULL;
	}
	s->facts.sid = sid;
	dw_list_init(&s->noticed);
	dw_list_init(&s->host_node);
	dw_list_init(&s->owned);
	dw_list_init(&s->offer);
	dw_list_add(&d->sessions, &s->node);
	return s;
}

void
desk_session_free(struct desk_session *s)
{
	free(s->keys.all);
	free(s);
}

void
desk_session_forget(struct desk *d, struct desk_session *s)
{
	if (s->conn != NULL)
		s->conn->session = NULL;
	desk_uncount(d, s);
	desk_left_del(d, s);
	dw_order_del(&d->line, &s->in_line);
	dw_order_del(&d->wakes, &s->wake);
	dw_order_del(&d->left_nobodys, &s->nobodys);
	desk_claim_forget(d, s);
	dw_list_del(&s->noticed);
	desk_sids_del(&d->sids, s->facts.sid);
	dw_list_del(&s->node);
	desk_session_free(s);
}

bool
desk_session_is_open(const struct desk_session *s)
{
	return s != NULL && !s->facts.gone && s->facts.state != EV_STATE_CLOSED;
}

enum ev_code
desk_session_refusal(const struct desk *d, const struct desk_session *s,
    uint64_t sid, const char **text)
{
	if (s != NULL && s->facts.state != EV_STATE_CLOSED)
		return EV_CODE_OK;
	if (sid == 0 || sid > d->sid) {
		*text = _("there is no such session");
		return EV_CODE_UNKNOWN;
	}
	/* Which of the two it is the desk's memory does not tell. */
	*text = s == NULL && d->unlisted > 0 ?
	    _("that session is not on the list any more; /history shows it") :
	    _("that session has ended");
	return EV_CODE_CLOSED;
}

struct desk_session *
desk_session_begin(struct desk *d, struct desk_conn *c, struct desk_time now)
{
	struct ev_event ev = ev_event_of(EV_ARRIVED);
	struct desk_session *s;

	if ((s = desk_session_new(d, d->sid + 1)) == NULL)
		return NULL;
	s->fresh = true;
	s->conn = c;
	c->session = s;
	desk_strangers_forget(d, c);
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
desk_notice(struct desk *d, struct desk_session *s)
{
	dw_list_del(&s->noticed);
	dw_list_add(&d->noticed, &s->noticed);
}

/* The news that it arrived is not worth a COMMIT of its own while others come
 * anyway, so it waits a little for one. */
static void
notice_sent(struct desk *d, struct desk_session *s, struct desk_time now)
{
	if (!dw_list_empty(&s->noticed))
		return;
	if (dw_list_empty(&d->taken))
		d->taken_ns = now.ns + d->config->sent_ns;
	dw_list_add(&d->taken, &s->noticed);
}

void
desk_notice_taken(struct desk *d, struct desk_conn *c, uint64_t taken,
    struct desk_time now)
{
	if (taken < c->put_end || c->session == NULL ||
	    c->put_n <= c->session->sent_n)
		return;
	assert(c->put_n <= c->session->facts.out);
	c->session->sent_n = c->put_n;
	notice_sent(d, c->session, now);
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
desk_settle_gone(struct desk *d, struct desk_session *s, const char *why,
    struct desk_time now)
{
	struct ev_event ev;

	desk_settle_sent(d, s, now);
	ev = ev_event_of(ev_is_owed(&s->facts) ? EV_GONE : EV_CLOSED);
	ev.why = s->lost = why;
	desk_emit(d, s, ev, now);
}

static void
close_by(struct desk *d, struct desk_session *s, const char *who,
    const char *why, struct desk_time now)
{
	struct ev_event ev = ev_event_of(EV_CLOSED);

	desk_settle_sent(d, s, now);
	ev.who = who;
	ev.why = why;
	desk_emit(d, s, ev, now);
}

void
desk_session_end(struct desk *d, struct desk_session *s, const char *who,
    const char *why, const char *bye, struct desk_time now)
{
	/* An operator is told that it failed; a customer is let go. */
	bool by_operator = who[0] != '\0';
	bool was_gone = s->facts.gone;

	if (by_operator)
		close_by(d, s, who, why, now);
	else
		desk_settle_gone(d, s, why, now);
	desk_notice(d, s); /* when it expires is seen to with the rest */
	/* One that left has had its goodbye. */
	if (s->conn == NULL || (was_gone && bye != NULL))
		return;
	if (bye != NULL)
		desk_fx_bye(d, by_operator ? DESK_FX_BYE_STORED : DESK_FX_BYE,
		    s->conn, bye);
	else
		desk_fx_conn(d, by_operator ? DESK_FX_CUT_STORED : DESK_FX_CUT,
		    s->conn);
}
