/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk/internal.h"

#define FIRST_NAME "guest"

int
desk_grow(void *array, size_t *cap, size_t need, size_t size)
{
	size_t wanted = *cap != 0 ? *cap : 16;
	void *grown, **old = array;

	while (wanted < need)
		wanted *= 2;
	if (wanted == *cap)
		return 0;
	if ((grown = realloc(*old, wanted * size)) == NULL)
		return -ENOMEM;
	*old = grown;
	*cap = wanted;
	return 0;
}

int
desk_reserve(struct desk *d, size_t events, size_t effects)
{
	/* Each event is published by an effect and saves one session. */
	if (desk_grow(&d->events, &d->cap_events, d->nevents + events,
		sizeof *d->events) < 0 ||
	    desk_grow(&d->effects, &d->cap_effects,
		d->neffects + events + effects, sizeof *d->effects) < 0 ||
	    desk_grow(&d->saved, &d->cap_saved, d->nsaved + events,
		sizeof *d->saved) < 0)
		return -ENOMEM;
	return 0;
}

struct desk_event
desk_event_of(enum desk_ev ev)
{
	struct desk_event e = { .ev = ev,
		.who = "",
		.mode = "",
		.addr = "",
		.why = "",
		.body = "" };

	return e;
}

/*
 * What each event does to the facts.
 */

static void
apply_arrived(struct desk_facts *f, const struct desk_event *ev)
{
	f->sid = ev->sid;
	f->state = DESK_WAITING;
	f->mode = strcmp(ev->mode, desk_mode_word(DESK_CLASSIC)) == 0 ?
	    DESK_CLASSIC :
	    DESK_LINE;
	f->began_ms = ev->t_ms;
	snprintf(f->addr, sizeof f->addr, "%s", ev->addr);
	snprintf(f->name, sizeof f->name, "%s", ev->who);
}

static void
apply_said(struct desk_facts *f, const struct desk_event *ev)
{
	f->in = ev->n;
	if (f->waiting_ms == 0)
		f->waiting_ms = ev->t_ms;
	if ((ev->flags & DESK_UNATTENDED) != 0)
		f->state = DESK_LEFT;
}

static void
apply_reply(struct desk_facts *f, const struct desk_event *ev)
{
	f->out = ev->n;
	f->waiting_ms = 0;
	f->state = DESK_OPEN;
}

static void
apply_sent(struct desk_facts *f, const struct desk_event *ev)
{
	f->sent = ev->n;
}

static void
apply_name(struct desk_facts *f, const struct desk_event *ev)
{
	snprintf(f->name, sizeof f->name, "%s", ev->who);
}

static void
apply_eof(struct desk_facts *f, const struct desk_event *ev)
{
	(void)ev;
	f->eof = true;
}

static void
apply_gone(struct desk_facts *f, const struct desk_event *ev)
{
	f->gone = true;
	f->gone_ms = ev->t_ms;
}

static void
apply_closed(struct desk_facts *f, const struct desk_event *ev)
{
	(void)ev;
	f->state = DESK_CLOSED;
	f->waiting_ms = 0;
}

void
desk_apply(struct desk_facts *facts, const struct desk_event *ev)
{
	static void (*const apply[DESK_EV_KINDS])(struct desk_facts *,
	    const struct desk_event *) = {
		[DESK_EV_ARRIVED] = apply_arrived,
		[DESK_EV_SAID] = apply_said,
		[DESK_EV_REPLY] = apply_reply,
		[DESK_EV_SENT] = apply_sent,
		[DESK_EV_NAME] = apply_name,
		[DESK_EV_EOF] = apply_eof,
		[DESK_EV_GONE] = apply_gone,
		[DESK_EV_CLOSED] = apply_closed,
	};

	if (apply[ev->ev] != NULL)
		apply[ev->ev](facts, ev);
}

static void
save(struct desk *d, struct desk_session *s)
{
	if (s->saved || s->fresh)
		return;
	assert(d->nsaved < d->cap_saved);
	d->saved[d->nsaved].session = s;
	d->saved[d->nsaved++].facts = s->facts;
	s->saved = true;
}

static void
publish_event(const struct desk_round *r, const struct desk_effect *fx)
{
	r->sink->event(r->arg, &r->d->events[fx->event], fx->session);
}

size_t
desk_emit(struct desk *d, struct desk_session *s, struct desk_event ev,
    struct desk_time now)
{
	struct desk_effect *fx = desk_effect_add(d, publish_event);

	assert(d->nevents < d->cap_events);
	ev.seq = ++d->seq;
	ev.t_ms = now.ms;
	if (s != NULL) {
		if (ev.sid == 0)
			ev.sid = s->facts.sid;
		save(d, s);
		desk_apply(&s->facts, &ev);
	}
	fx->session = s;
	fx->event = d->nevents;
	d->events[d->nevents] = ev;
	return d->nevents++;
}

struct desk_effect *
desk_effect_add(struct desk *d,
    void (*publish)(const struct desk_round *, const struct desk_effect *))
{
	struct desk_effect *fx;

	assert(d->neffects < d->cap_effects);
	fx = &d->effects[d->neffects++];
	memset(fx, 0, sizeof *fx);
	fx->publish = publish;
	fx->answer.text = "";
	return fx;
}

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
	struct desk_event ev = desk_event_of(DESK_EV_ARRIVED);
	struct desk_session *s;

	if ((s = calloc(1, sizeof *s)) == NULL)
		return NULL;
	s->fresh = true;
	s->conn = c;
	c->session = s;
	dw_list_add(&d->sessions, &s->node);
	ev.sid = c->sid = ++d->sid;
	ev.who = FIRST_NAME;
	ev.mode = desk_mode_word(c->mode);
	ev.addr = c->addr;
	desk_emit(d, s, ev, now);
	/* The connection may go before this round is published. */
	d->events[d->nevents - 1].addr = s->facts.addr;
	return s;
}

void
desk_notice_left(struct desk *d, struct desk_conn *c)
{
	if (c->session == NULL || c->put_n <= c->session->left_n)
		return;
	c->session->left_n = c->put_n;
	d->dirty = true;
}

void
desk_settle_sent(struct desk *d, struct desk_session *s, struct desk_time now)
{
	struct desk_event ev = desk_event_of(DESK_EV_SENT);

	if (s->left_n <= s->facts.sent)
		return;
	ev.n = s->left_n;
	desk_emit(d, s, ev, now);
}

void
desk_session_close(struct desk *d, struct desk_session *s, const char *who,
    const char *why, const char *bye, struct desk_time now)
{
	struct desk_event ev = desk_event_of(DESK_EV_CLOSED);
	struct desk_effect *fx;

	desk_settle_sent(d, s, now);
	ev.who = who;
	ev.why = why;
	desk_emit(d, s, ev, now);
	if (s->conn == NULL)
		return;
	fx = bye != NULL ? desk_fx_bye(d, s->conn, bye) :
			   desk_fx_cut(d, s->conn);
	/* An operator is told that it failed; a customer is let go. */
	if (who[0] != '\0')
		fx->undo = bye != NULL ? desk_undo_leaving : NULL;
}
