/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A round: events and effects are gathered; then the events are stored and the
 * effects carried out in the order in which they were decided, or they are not
 * and everything is as before.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "desk/internal.h"

#define ROOM_KEPT    1024 /* of events and effects each, for the next round */
#define FX_PER_EVENT 4    /* it is published, and see desk_queue_note() */

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
	/* Each event saves one session. */
	if (desk_grow(&d->events, &d->cap_events, d->nevents + events,
		sizeof *d->events) < 0 ||
	    desk_grow(&d->effects, &d->cap_effects,
		d->neffects + FX_PER_EVENT * events + effects,
		sizeof *d->effects) < 0 ||
	    desk_grow(&d->saved, &d->cap_saved, d->nsaved + events,
		sizeof *d->saved) < 0 ||
	    desk_grow(&d->conns_saved, &d->cap_conns_saved,
		d->nconns_saved + events + effects,
		sizeof *d->conns_saved) < 0 ||
	    desk_grow(&d->consoles_saved, &d->cap_consoles_saved,
		d->nconsoles_saved + 1, sizeof *d->consoles_saved) < 0)
		return -ENOMEM;
	return 0;
}

void
desk_round_touch(struct desk *d, struct desk_session *s)
{
	if (s->saved)
		return;
	assert(d->nsaved < d->cap_saved);
	d->saved[d->nsaved].session = s;
	d->saved[d->nsaved].last = s->last;
	d->saved[d->nsaved].keys_ms = s->keys_ms;
	d->saved[d->nsaved].warned_ms = s->warned_ms;
	d->saved[d->nsaved++].facts = s->facts;
	s->saved = true;
}

size_t
desk_emit(struct desk *d, struct desk_session *s, struct ev_event ev,
    struct desk_time now)
{
	struct desk_effect *fx = desk_effect_add(d, DESK_FX_EVENT);
	int64_t since_ms = DW_NEVER;

	assert(d->nevents < d->cap_events);
	ev.seq = ++d->seq;
	ev.t_ms = now.ms;
	ev.steady_ms = now.steady_ms;
	if (s != NULL) {
		/* Behind the end of a session only the news comes that its
		 * last words went out. */
		assert(s->facts.state != EV_STATE_CLOSED ||
		    ev.kind == EV_SENT || ev.kind == EV_REOPENED);
		assert(ev.kind != EV_SAID || ev.n == s->facts.in + 1);
		assert(ev.kind != EV_REPLY || ev.n == s->facts.out + 1);
		if (ev.sid == 0)
			ev.sid = s->facts.sid;
		desk_round_touch(d, s);
		if (dw_order_has(&s->in_line))
			since_ms = s->facts.waiting_at.steady_ms;
		ev_apply(&s->facts, &ev);
		desk_quiet_note(s, &ev);
		desk_claim_update(d, s);
		desk_line_update(d, s);
		desk_wake_update(d, s);
		desk_keys_note(d, s, &ev);
	}
	fx->session = s;
	fx->event = d->nevents;
	d->events[d->nevents++] = ev;
	if (s != NULL)
		desk_queue_note(d, s, d->nevents - 1, since_ms, now);
	return d->nevents - 1;
}

/* Whether words of an ended session may still go out, or went out and no event
 * says so yet. */
static bool
is_awaited(const struct desk_session *s)
{
	return s->sent_n > s->facts.sent ||
	    (s->conn != NULL && s->facts.sent < s->facts.out);
}

static struct desk_session *
noticed_of(struct dw_list *n)
{
	return DW_LIST_OF(n, struct desk_session, noticed);
}

static void
forget_if_over(struct desk *d, struct desk_session **s)
{
	if ((*s)->facts.state != EV_STATE_CLOSED || is_awaited(*s))
		return;
	desk_session_forget(d, *s);
	*s = NULL;
}

static void
forget_ended(struct desk *d)
{
	for (size_t i = 0; i < d->nsaved; i++) {
		desk_count_again(d, d->saved[i].session);
		d->saved[i].session->saved = d->saved[i].session->fresh = false;
		forget_if_over(d, &d->saved[i].session);
	}
	DW_LIST_EACH_SAFE(n, &d->noticed) {
		struct desk_session *s = noticed_of(n);

		forget_if_over(d, &s);
	}
}

static void
list_if_left(struct desk *d, struct desk_session *s)
{
	if (s->facts.state == EV_STATE_LEFT && s->conn == NULL &&
	    !is_awaited(s))
		desk_left_add(d, s);
}

/* Ended ones are out of memory by now, and take nobody's place. */
static void
keep_left(const struct desk_round *r)
{
	struct desk *d = r->d;

	for (size_t i = 0; i < d->nsaved; i++)
		if (d->saved[i].session != NULL)
			list_if_left(d, d->saved[i].session);
	DW_LIST_EACH(n, &d->noticed)
		list_if_left(d, noticed_of(n));
	desk_left_bound(d, r);
}

/* Keeps what the round has made of the sessions; ended ones go, and so do those
 * that left when there are too many.  Only behind a round that failed some have
 * been noticed that are not settled yet. */
static void
keep(const struct desk_round *r)
{
	struct desk *d = r->d;

	forget_ended(d);
	keep_left(r);
	if (d->nevents > 0)
		d->retry_ns = 0;
	/* The next round counts on from what is stored. */
	assert(d->seq == d->stored_seq + d->nevents);
	d->stored_seq = d->seq;
	d->stored_sid = d->sid;
	desk_people_keep(d);
	desk_datagrams_keep(d);
	desk_bans_keep(d);
}

/* What was noticed of it is settled again. */
static void
put_back(struct desk *d, const struct desk_saved *saved)
{
	struct desk_session *s = saved->session;

	/* Keys of who was its owner in this round only. */
	if (strcmp(s->facts.owner, saved->facts.owner) != 0)
		s->keys_ms = saved->keys_ms;
	s->facts = saved->facts;
	s->last = saved->last;
	s->warned_ms = saved->warned_ms;
	s->saved = false;
	desk_keys_restore(d, s);
	desk_claim_update(d, s);
	desk_line_update(d, s);
	/* It is settled when it may be tried again, and not before. */
	dw_order_del(&d->wakes, &s->wake);
	desk_notice(d, s);
}

void
desk_round_restore(struct desk *d)
{
	for (size_t i = 0; i < d->nsaved; i++)
		if (d->saved[i].session->fresh)
			desk_session_forget(d, d->saved[i].session);
		else
			put_back(d, &d->saved[i]);
	d->seq = d->stored_seq;
	d->sid = d->stored_sid;
	d->line_changed = true; /* nobody was told */
	desk_people_undo(d);
	desk_datagrams_restore(d);
	desk_bans_restore(d);
}

/* Needs no memory: where it cannot be, all stays as it is. */
static void
shrink(void *array, size_t *cap, size_t size)
{
	void *less, **old = array;

	if (*cap <= ROOM_KEPT ||
	    (less = realloc(*old, ROOM_KEPT * size)) == NULL)
		return;
	*old = less;
	*cap = ROOM_KEPT;
}

/* A crowd that came at once needed room that a quiet desk has no use for. */
static void
let_room_go(struct desk *d)
{
	shrink(&d->events, &d->cap_events, sizeof *d->events);
	shrink(&d->effects, &d->cap_effects, sizeof *d->effects);
	shrink(&d->saved, &d->cap_saved, sizeof *d->saved);
	shrink(&d->conns_saved, &d->cap_conns_saved, sizeof *d->conns_saved);
}

void
desk_round_forget(struct desk *d)
{
	bool small = d->neffects < d->cap_effects / 16;

	desk_effects_free(d);
	d->nevents = d->neffects = d->nsaved = d->nconns_saved = 0;
	d->nconsoles_saved = 0;
	if (small)
		let_room_go(d);
}

static void
begin_next(const struct desk_round *r)
{
	struct desk *d = r->d;

	desk_round_forget(d);
	desk_people_sweep(d);
	/* What somebody was told, or was not, changes when it hears more. */
	desk_wakes_schedule(d, r->now);
	d->began = (struct desk_began){ d->draining };
	if (d->draining && !d->drained && dw_list_empty(&d->conns)) {
		d->drained = true;
		r->sink->drained(r->arg);
	}
}

void
desk_publish(struct desk *d, const struct desk_sink *sink, void *arg,
    struct desk_time now)
{
	const struct desk_round r = { d, sink, arg, now };

	desk_effects_publish(&r, DESK_FX_IN_ORDER);
	keep(&r);
	desk_effects_publish(&r, DESK_FX_LATE);
	begin_next(&r);
}

void
desk_undo(struct desk *d, const struct desk_sink *sink, void *arg,
    struct desk_time now)
{
	const struct desk_round r = { d, sink, arg, now };

	desk_round_restore(d);
	desk_effects_undo(&r);
	d->retry_ns = now.ns + d->config->retry_ns;
	begin_next(&r);
}

static void
look_at(const struct desk_round *r, struct desk_conn *c)
{
	if (c->mode == EV_MODE_CLASSIC)
		desk_conn_pump(r, c);
	if (r->now.ns >= c->linger_ns)
		desk_conn_expire(r, c);
	desk_conn_schedule(r->d, c);
}

void
desk_tick(struct desk *d, const struct desk_sink *sink, void *arg,
    struct desk_time now)
{
	const struct desk_round r = { d, sink, arg, now };

	desk_tallies_tick(&r);
	desk_stop_tick(&r);
	/* Each once: what is due again at once waits for the next tick. */
	for (size_t n = dw_order_size(&d->due);
	    n > 0 && dw_order_least(&d->due) <= now.ns; n--)
		look_at(&r,
		    DW_LIST_OF(dw_order_first(&d->due), struct desk_conn, due));
}
