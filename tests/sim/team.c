/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A team at one desk: who is there, and whose each session is, from the requests
 * and the stored events and those of the round behind them.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim.h"

#define SLACK_MS 200 /* the desk's clock has whole ms, its rounds have not */

/*
 * Facts.
 */

static struct ev_moment
moment(const struct ev_event *ev)
{
	return (struct ev_moment){ ev->seq, ev->steady_ms };
}

static void
no_offer(struct ev_session *f)
{
	f->offered[0] = '\0';
	f->offered_ms = 0;
	f->offered_at = (struct ev_moment){ 0, 0 };
}

static void
no_owner(struct ev_session *f)
{
	no_offer(f);
	f->owner[0] = '\0';
	f->owned_ms = f->kept_ms = 0;
	f->owned_at = f->kept_at = (struct ev_moment){ 0, 0 };
}

static void
link_same(struct ev_session *f, const struct ev_event *ev)
{
	uint64_t kept[EV_SAME_MAX + 1] = { 0 };
	int n = 0;

	for (int i = 0; i < EV_SAME_MAX; i++)
		if (f->same[i] != 0 && f->same[i] != ev->n)
			kept[n++] = f->same[i];
	if (strcmp(ev->why, "undone") != 0)
		kept[n++] = ev->n;
	memcpy(f->same, kept + (n > EV_SAME_MAX), sizeof f->same);
}

void
team_fold(struct ev_session *f, const struct ev_event *ev)
{
	if (ev->kind == EV_CLAIM || ev->kind == EV_FREE ||
	    ev->kind == EV_CLOSED || ev->kind == EV_REOPENED)
		no_owner(f);
	if (ev->kind == EV_DECLINED)
		no_offer(f);
	if (ev->kind == EV_CLAIM) {
		snprintf(f->owner, sizeof f->owner, "%s", ev->who);
		f->owned_ms = ev->t_ms;
		f->owned_at = moment(ev);
	}
	if (ev->kind == EV_OFFER) {
		snprintf(f->offered, sizeof f->offered, "%s", ev->why);
		f->offered_ms = ev->t_ms;
		f->offered_at = moment(ev);
	}
	if (ev->kind == EV_KEEP) {
		f->kept_ms = ev->t_ms + (int64_t)ev->n * 1000;
		f->kept_at = moment(ev);
		f->kept_at.steady_ms += (int64_t)ev->n * 1000;
	}
	if (ev->kind == EV_CLOSED)
		f->reopened = false;
	f->notes += ev->kind == EV_NOTE;
	if (ev->kind == EV_SAME)
		link_same(f, ev);
	if (ev->kind == EV_REOPENED) {
		f->state = EV_STATE_LEFT;
		f->reopened = f->gone = true;
		f->gone_ms = ev->t_ms;
		f->gone_at = moment(ev);
	}
}

/* What else matters here while the round is not stored. */
static void
fold_talk(struct ev_session *f, const struct ev_event *ev)
{
	if (ev->kind == EV_ARRIVED) {
		f->sid = ev->sid;
		f->state = EV_STATE_WAITING;
		snprintf(f->addr, sizeof f->addr, "%s", ev->addr);
	}
	if (ev->kind == EV_SAID) {
		f->said_at = moment(ev);
		if (f->unanswered++ == 0)
			f->waiting_at = f->said_at;
	}
	if (ev->kind == EV_REPLY) {
		f->unanswered = 0;
		f->waiting_at = (struct ev_moment){ 0, 0 };
		f->state = EV_STATE_OPEN;
	}
	if (ev->kind == EV_GONE) {
		f->gone = true;
		f->gone_at = moment(ev);
		f->state = EV_STATE_LEFT;
	}
	if (ev->kind == EV_CLOSED) {
		f->state = EV_STATE_CLOSED;
		f->waiting_at = (struct ev_moment){ 0, 0 };
	}
}

const struct session *
team_session(const struct world *w, uint64_t sid)
{
	return sid == 0 || sid > w->store.sid ? NULL :
						&w->store.sessions[sid - 1];
}

struct ev_session
team_view(const struct world *w, uint64_t sid)
{
	const struct session *s = team_session(w, sid);
	struct ev_session f = { 0 };
	const struct ev_event *evs;
	size_t n;

	if (s != NULL)
		f = s->f;
	evs = desk_events(w->desk, &n);
	for (size_t i = 0; i < n && w->phase == DECIDE; i++) {
		if (evs[i].sid != sid)
			continue;
		fold_talk(&f, &evs[i]);
		team_fold(&f, &evs[i]);
	}
	return f;
}

/*
 * Who is there.
 */

int
team_number(const char *who)
{
	if (strlen(who) == 3 && memcmp(who, "op", 2) == 0 && who[2] >= '0' &&
	    who[2] < '0' + OPERATORS)
		return who[2] - '0';
	return -1;
}

int
team_seat(const struct world *w, const struct console *con)
{
	return (int)(con - w->consoles);
}

/* Since the journal failed the desk may be behind. */
int64_t
team_late(const struct world *w, int64_t due_ms)
{
	int64_t again = w->bad_ms + w->config.retry_ns / DW_MS + SLACK_MS;

	return due_ms > again ? due_ms : again;
}

static bool
is_awake(const struct world *w, const struct seat *seat, bool perhaps)
{
	int64_t most = w->config.away_after_ms;

	if (!seat->on)
		return false;
	return perhaps ?
	    w->now.steady_ms <= team_late(w, seat->keys_hi + most) + SLACK_MS :
	    w->now.steady_ms < seat->keys_lo + most;
}

bool
team_present(const struct world *w, int person, bool perhaps)
{
	const struct person *p = &w->team.people[person];

	if (perhaps ? p->away && p->stored : p->away || p->stored)
		return false;
	for (int i = person; i < CONSOLES; i += OPERATORS)
		if (is_awake(w, &w->team.seats[i], perhaps))
			return true;
	return false;
}

bool
team_duty(const struct world *w, bool *on)
{
	bool surely = false, perhaps = false;

	for (int i = 0; i < OPERATORS; i++) {
		surely |= team_present(w, i, false);
		perhaps |= team_present(w, i, true);
	}
	*on = perhaps;
	if (!hours_are_open(w)) {
		*on = false;
		return true;
	}
	return surely == perhaps;
}

/*
 * The line.
 */

static const struct customer *
customer_of(const struct world *w, const struct ev_session *f)
{
	const struct session *s = team_session(w, f->sid);

	if (s != NULL)
		return s->cu;
	for (int i = 0; i < CONNS; i++)
		if (w->customers[i].c != NULL &&
		    strcmp(w->customers[i].c->addr, f->addr) == 0)
			return &w->customers[i];
	return NULL;
}

/* Connected, and has not heard goodbye. */
bool
team_connected(const struct world *w, const struct ev_session *f)
{
	const struct customer *cu = customer_of(w, f);

	return (f->state == EV_STATE_WAITING || f->state == EV_STATE_OPEN) &&
	    !f->gone && cu != NULL && cu->c->session != NULL &&
	    !cu->c->leaving && !cu->c->ending;
}

bool
team_in_line(const struct world *w, const struct ev_session *f)
{
	return f->waiting_at.seq != 0 && *f->owner == '\0' &&
	    team_connected(w, f);
}

bool
team_reserved(const struct world *w, uint64_t sid, int but)
{
	for (int i = 0; i < CONSOLES; i++) {
		const struct seat *seat = &w->team.seats[i];

		if (i != but && seat->on && seat->reserved == sid &&
		    w->now.steady_ms < seat->reserved_ms)
			return true;
	}
	return false;
}

/*
 * Rounds that fail, and desks that end.
 */

void
team_undone(struct world *w)
{
	for (int i = 0; i < OPERATORS; i++) {
		struct person *p = &w->team.people[i];

		if (p->consoles == 0)
			p->stored = p->told = false;
		p->away = p->stored;
	}
	/* Nobody was told who is reserved. */
	for (int i = 0; i < CONSOLES; i++) {
		const struct seat *was = &w->before.seats[i];

		w->team.seats[i].reserved = was->on ? was->reserved : 0;
		w->team.seats[i].reserved_ms = was->reserved_ms;
		w->team.seats[i].passed = was->passed;
	}
}

/* Nobody has a console yet; who owns somebody has the grace from now on. */
void
team_restart(struct world *w)
{
	memset(&w->team, 0, sizeof w->team);
	for (int i = 0; i < OPERATORS; i++)
		w->team.people[i].left_ms = w->now.steady_ms;
	w->bad_ms = 0;
	w->nwaits = w->fresh_waits = w->told_waits =
	    0; /* only the last desk knew them */
	w->store.born = w->store.seq;
	ban_restart(w);
	ban_note_ended(w);
	for (uint64_t sid = 1; sid <= w->store.sid; sid++) {
		struct session *s = store_session(w, sid);

		s->keys_lo = s->keys_hi = 0;
	}
}
