/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of a desk: how it begins, and what it settles between requests.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "desk/internal.h"

#define FIRST_RESERVE 32 /* more than any one request needs */

/* What settling one session may add at most. */
#define SETTLES_EVENTS  4
#define SETTLES_EFFECTS 4

void
desk_conn_init(struct desk_conn *c, const char *addr)
{
	memset(c, 0, sizeof *c);
	c->magic = DESK_CONN_MAGIC;
	c->linger_ns = DW_NEVER;
	snprintf(c->addr, sizeof c->addr, "%s", addr);
	dw_list_init(&c->node);
}

void
desk_free(struct desk *d)
{
	struct dw_list *n;

	if (d == NULL)
		return;
	assert(d->magic == DESK_MAGIC);
	d->magic = 0;
	while ((n = dw_list_take(&d->sessions)) != NULL)
		desk_session_free(DW_LIST_OF(n, struct desk_session, node));
	desk_sids_fini(&d->sids);
	desk_people_fini(d);
	desk_effects_free(d);
	desk_peers_fini(&d->peers);
	desk_left_fini(d);
	desk_bans_fini(d);
	free(d->udp_sent);
	free(d->events);
	free(d->effects);
	free(d->saved);
	free(d->conns_saved);
	free(d->consoles_saved);
	free(d);
}

int
desk_new(const struct desk_config *config, struct desk **out)
{
	struct desk *d;

	if ((d = calloc(1, sizeof *d)) == NULL)
		return -ENOMEM;
	d->magic = DESK_MAGIC;
	d->config = config;
	dw_list_init(&d->sessions);
	dw_list_init(&d->conns);
	dw_list_init(&d->noticed);
	dw_list_init(&d->taken);
	dw_list_init(&d->people);
	d->wakes_ns = DW_NEVER;
	desk_tallies_init(d);
	if (desk_left_init(d) < 0 ||
	    desk_reserve(d, FIRST_RESERVE, FIRST_RESERVE) < 0 ||
	    desk_peers_init(&d->peers, config->max_peers, config->peer_ns) <
		0) {
		desk_free(d);
		return -ENOMEM;
	}
	*out = d;
	return 0;
}

int
desk_replay(struct desk *d, const struct ev_event *ev)
{
	struct desk_session *s;

	/* It comes through the store as a void pointer. */
	assert(d->magic == DESK_MAGIC);
	if (ev->kind == EV_BAN || ev->kind == EV_UNBAN)
		return desk_bans_replay(d, ev);
	if (ev->sid == 0)
		return 0;
	s = desk_session_find(d, ev->sid);
	if (s == NULL && ev->kind != EV_ARRIVED)
		return 0;
	if (s == NULL && (s = desk_session_new(d, ev->sid)) == NULL)
		return -ENOMEM;
	ev_apply(&s->facts, ev);
	if (desk_claim_know(d, &s->facts) < 0)
		return -ENOMEM;
	desk_claim_update(d, s);
	desk_keys_note(d, s, ev);
	/* One that goes on is the last of the list. */
	if (ev->kind == EV_CLOSED || ev->kind == EV_REOPENED)
		desk_left_del(d, s);
	if ((ev->kind == EV_GONE || ev->kind == EV_REOPENED) &&
	    s->facts.state == EV_STATE_LEFT) {
		desk_left_add(d, s);
		desk_left_bound(d, NULL);
	}
	return 0;
}

void
desk_missed(struct desk *d, uint64_t datagrams)
{
	d->unread = datagrams;
}

static void
date_back(struct ev_moment *at, int64_t t_ms, struct desk_time now)
{
	int64_t ago_ms = now.ms > t_ms ? now.ms - t_ms : 0;

	if (at->seq != 0)
		at->steady_ms = now.steady_ms - ago_ms;
}

/* A moment that may be yet to come, by no more than one may ask for. */
static void
date_end(struct ev_moment *at, int64_t t_ms, struct desk_time now)
{
	int64_t ahead_ms = t_ms - now.ms;

	if (ahead_ms > DESK_KEEP_MAX_S * 1000)
		ahead_ms = DESK_KEEP_MAX_S * 1000;
	if (at->seq != 0)
		at->steady_ms = now.steady_ms + ahead_ms;
}

/* Its events were of another desk, whose steady clock means nothing to us. */
void
desk_date_back(struct ev_session *f, struct desk_time now)
{
	date_back(&f->began_at, f->began_ms, now);
	date_back(&f->waiting_at, f->waiting_ms, now);
	date_back(&f->said_at, f->said_ms, now);
	date_back(&f->gone_at, f->gone_ms, now);
	date_back(&f->owned_at, f->owned_ms, now);
	date_back(&f->offered_at, f->offered_ms, now);
	date_end(&f->kept_at, f->kept_ms, now);
}

void
desk_begin(struct desk *d, uint64_t last_seq, uint64_t last_sid,
    struct desk_time now)
{
	d->seq = d->stored_seq = last_seq;
	d->sid = d->stored_sid = last_sid;
	desk_bans_begin(d, now);
	d->stored_unread = d->unread;
	d->began_ms = now.steady_ms;
	d->began_seq = last_seq;
	desk_people_begin(d, now);
	DW_LIST_EACH(n, &d->sessions) {
		struct desk_session *s =
		    DW_LIST_OF(n, struct desk_session, node);

		desk_date_back(&s->facts, now);
		s->lost = s->facts.gone ? EV_WHY_GONE : EV_WHY_RESTART;
		desk_line_update(d, s);
		desk_count_again(d, s);
		desk_notice(d, s);
	}
}

/* The news that its last answer was taken came after it had left. */
static void
settle_answered(struct desk *d, struct desk_session *s, struct desk_time now)
{
	struct ev_event ev = ev_event_of(EV_CLOSED);

	ev.why = s->lost;
	desk_emit(d, s, ev, now);
}

/* A session may be gone for long of which the machine slept. */
static void
settle_expired(struct desk *d, struct desk_session *s, struct desk_time now)
{
	struct ev_event ev = ev_event_of(EV_CLOSED);

	if (desk_expires_ms(d, s) > now.steady_ms)
		return;
	ev.why = EV_WHY_GONE;
	desk_emit(d, s, ev, now);
}

/* It is kept for its answer, and the operators should know. */
static void
settle_eof(struct desk *d, struct desk_session *s, struct desk_time now)
{
	const struct desk_conn *c = s->conn;

	if (c->half_closed && !s->facts.eof && c->mode == EV_MODE_LINE &&
	    !c->leaving && !c->ending)
		desk_emit(d, s, ev_event_of(EV_EOF), now);
}

static void
settle(struct desk *d, struct desk_session *s, struct desk_time now)
{
	desk_round_touch(d, s);
	desk_settle_sent(d, s, now);
	if (s->facts.state == EV_STATE_CLOSED)
		return;
	if (!s->facts.gone && s->conn != NULL)
		settle_eof(d, s, now);
	else if (!s->facts.gone)
		desk_settle_gone(d, s, s->lost, now);
	else if (!ev_is_owed(&s->facts) && !s->facts.reopened)
		settle_answered(d, s, now);
	desk_claim_settle(d, s, now);
	if (s->facts.state == EV_STATE_LEFT)
		settle_expired(d, s, now);
	desk_queue_settle(d, s, now);
	desk_quiet_settle(d, s, now);
	desk_wake_update(d, s);
}

static void
notice_woken(struct desk *d, struct desk_time now)
{
	while (dw_order_least(&d->wakes) <= now.steady_ms) {
		struct desk_session *s = DW_LIST_OF(dw_order_first(&d->wakes),
		    struct desk_session, wake);

		dw_order_del(&d->wakes, &s->wake);
		desk_notice(d, s);
	}
}

static void
settle_all(struct desk *d, struct dw_list *noticed, struct desk_time now)
{
	while (!dw_list_empty(noticed)) {
		struct desk_session *s =
		    DW_LIST_OF(noticed->next, struct desk_session, noticed);

		if (desk_reserve(d, SETTLES_EVENTS, SETTLES_EFFECTS) < 0) {
			d->retry_ns = now.ns + d->config->retry_ns;
			return;
		}
		dw_list_del(&s->noticed);
		settle(d, s, now);
	}
}

static void
settle_noticed(struct desk *d, struct desk_time now)
{
	desk_settle_udp_sent(d, now);
	desk_settle_people(d, now);
	settle_all(d, &d->noticed, now);
	if (d->nevents > 0 || now.ns >= d->taken_ns)
		settle_all(d, &d->taken, now);
	desk_queue_settle_head(d, now);
	desk_floods_settle(d, now);
}

void
desk_settle(struct desk *d, struct desk_time now)
{
	notice_woken(d, now);
	desk_notice_idle(d, now);
	if (now.ns >= d->retry_ns)
		settle_noticed(d, now);
	desk_wakes_schedule(d, now);
}

/* When what was noticed is settled though nothing else happens. */
static int64_t
settling_due(const struct desk *d)
{
	if (!dw_list_empty(&d->noticed) || d->nudp_sent > 0 ||
	    d->people_noticed || d->line_changed || d->floods_owed > 0)
		return d->retry_ns;
	if (dw_list_empty(&d->taken))
		return DW_NEVER;
	return d->taken_ns > d->retry_ns ? d->taken_ns : d->retry_ns;
}

/* What time changes is settled, too. */
static int64_t
wakes_due(const struct desk *d)
{
	return d->wakes_ns > d->retry_ns ? d->wakes_ns : d->retry_ns;
}

int64_t
desk_deadline(const struct desk *d)
{
	int64_t ns = dw_clock_sooner(dw_order_least(&d->due), wakes_due(d));

	ns = dw_clock_sooner(ns, desk_tallies_due(d));
	ns = dw_clock_sooner(ns, desk_stop_due(d));
	return dw_clock_sooner(ns, settling_due(d));
}

const struct ev_event *
desk_events(const struct desk *d, size_t *n)
{
	*n = d->nevents;
	return d->events;
}

void
desk_each(const struct desk *d,
    void (*fn)(void *arg, const struct desk_session *s), void *arg)
{
	DW_LIST_EACH(n, &d->sessions) {
		const struct desk_session *s =
		    DW_LIST_OF(n, struct desk_session, node);

		if (s->facts.state != EV_STATE_CLOSED)
			fn(arg, s);
	}
}

uint64_t
desk_last_seq(const struct desk *d)
{
	return d->stored_seq;
}

const struct ev_session *
desk_known(struct desk *d, uint64_t sid)
{
	const struct desk_session *s = desk_session_find(d, sid);

	if (s == NULL || s->facts.state == EV_STATE_CLOSED)
		return NULL;
	return &s->facts;
}

void
desk_reconfigure(struct desk *d, const struct desk_config *config)
{
	d->config = config;
	/* Something may be due earlier than before: a round comes now. */
	d->wakes_ns = 0;
	desk_people_reconfigure(d);
	DW_LIST_EACH(n, &d->sessions)
		desk_wake_update(d, DW_LIST_OF(n, struct desk_session, node));
}

void
desk_each_peer(const struct desk *d, struct desk_time now,
    void (*fn)(void *arg, const struct desk_peer *p), void *arg)
{
	for (size_t i = 0; i < d->peers.n; i++)
		if (desk_peer_is_known(&d->peers, &d->peers.all[i], now.ns))
			fn(arg, &d->peers.all[i]);
}
