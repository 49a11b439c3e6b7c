/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What time does to claims, offers and people: when it is stored it must not be
 * too early, and after each round nothing may be overdue.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim.h"

#define WARNED_MS      (30 * INT64_C(1000))
#define QUIET_SLACK_MS (600 * INT64_C(1000)) /* the journal may fail */

/*
 * What time does.
 */

/* When a lease ends: not before lo, and by hi. */
static void
lease(const struct world *w, const struct session *s, int64_t *lo, int64_t *hi)
{
	const struct ev_session *f = &s->f;
	int64_t since = f->owned_at.steady_ms;
	int64_t timeout = w->config.claim_timeout_ms;
	int64_t least = f->kept_at.steady_ms;
	int64_t grace = w->store.began_ms + w->config.lost_grace_ms;

	if (f->unanswered > 0 && f->said_at.steady_ms > since)
		since = f->said_at.steady_ms;
	if (f->owned_at.seq <= w->store.born && grace > least)
		least = grace;
	*lo = (s->keys_lo > since ? s->keys_lo : since) + timeout;
	*hi = (s->keys_hi > since ? s->keys_hi : since) + timeout;
	*lo = *lo > least ? *lo : least;
	*hi = *hi > least ? *hi : least;
}

static bool
lease_runs(const struct ev_session *f)
{
	return *f->owner != '\0' && f->unanswered > 0;
}

/* Its owner hears of it half a minute before, while there is a round. */
void
lease_warned(struct world *w, const char *who, uint64_t sid, int64_t left_s)
{
	struct session *s = store_session(w, sid);
	int64_t lo, hi;

	if (s == NULL || strcmp(s->f.owner, who) != 0 || !lease_runs(&s->f))
		sim_fail(w, "%s is warned of %" PRIu64 ", which is %s's", who,
		    sid, s != NULL ? s->f.owner : "nobody");
	lease(w, s, &lo, &hi);
	s->warned_ms = w->now.steady_ms + left_s * 1000;
	if (s->warned_ms < lo - 1000 || s->warned_ms > hi + 1000 || left_s > 31)
		sim_fail(w,
		    "the lease of %" PRIu64 " is said to end in %" PRId64
		    " s, not %" PRId64,
		    sid, left_s, (lo - w->now.steady_ms) / 1000);
	w->counts.warned++;
}

/* Who is there hears of it before; a failing journal may be in the way. */
static bool
was_warned(const struct world *w, const struct session *s,
    const struct person *p, int64_t lo)
{
	int64_t from = lo - WARNED_MS - 2000;

	return s->warned_ms >= lo - 2000 || p->consoles == 0 ||
	    p->came_ms > from || w->bad_ms > from || w->store.began_ms > from;
}

static void
freed(struct world *w, const struct session *s, const struct ev_event *ev)
{
	const struct ev_session *f = &s->f;
	const struct person *p = &w->team.people[team_number(ev->who)];
	int64_t lo, hi;

	if (strcmp(ev->who, f->owner) != 0)
		sim_fail(w, "%s has not had %" PRIu64, ev->who, ev->sid);
	lease(w, s, &lo, &hi);
	if (strcmp(ev->why, "silent") == 0 && !lease_runs(f))
		sim_fail(w, "a lease of %" PRIu64 " ends while nobody waits",
		    ev->sid);
	if (strcmp(ev->why, "silent") == 0 && ev->steady_ms < lo)
		sim_fail(w,
		    "the lease of %" PRIu64 " ends %" PRId64 " ms early",
		    ev->sid, lo - ev->steady_ms);
	if (strcmp(ev->why, "silent") == 0 && !was_warned(w, s, p, lo))
		sim_fail(w, "%s is not warned that %" PRIu64 " goes", ev->who,
		    ev->sid);
	if (strcmp(ev->why, "lost") == 0 &&
	    (p->consoles > 0 ||
		ev->steady_ms < p->left_ms + w->config.lost_grace_ms))
		sim_fail(w, "%s is not lost, but loses %" PRIu64, ev->who,
		    ev->sid);
	/* What it was told is long ago. */
	if (s->cu != NULL)
		s->cu->place.at = 0;
	w->counts.frees[0] += strcmp(ev->why, "silent") == 0;
	w->counts.frees[1] += strcmp(ev->why, "lost") == 0;
	w->counts.frees[2] += strcmp(ev->why, "released") == 0;
	w->counts.frees[3]++;
}

static void
declined(struct world *w, const struct session *s, const struct ev_event *ev)
{
	const struct ev_session *f = &s->f;
	int to = team_number(f->offered);

	if (to < 0)
		sim_fail(w, "no offer of %" PRIu64 " ends", ev->sid);
	if (strcmp(ev->why, "timeout") == 0 &&
	    ev->steady_ms < f->offered_at.steady_ms + OFFER_MS)
		sim_fail(w, "an offer of %" PRIu64 " ends early", ev->sid);
	if (strcmp(ev->why, "lost") == 0 && w->team.people[to].consoles > 0)
		sim_fail(w, "an offer to %s ends, who is there", f->offered);
	w->counts.declined[0] += strcmp(ev->why, "timeout") == 0;
	w->counts.declined[1] += strcmp(ev->why, "lost") == 0;
	w->counts.declined[2] += strcmp(ev->why, "declined") == 0;
}

/* Does this claim take somebody out of the line? */
static bool
is_picked(const struct world *w, const struct ev_event *ev)
{
	for (unsigned i = 0; i < w->nbatch; i++)
		if (!w->batch[i].answered && w->batch[i].claim_seq == ev->seq)
			return w->batch[i].picks;
	return false;
}

/* Two never have one customer without a row that says so. */
static void
claimed(struct world *w, struct session *s, const struct ev_event *ev)
{
	const char *owner = s->f.owner;
	bool stolen = strcmp(ev->why, "stolen") == 0;
	bool accepted = strcmp(ev->why, "accepted") == 0;

	if (team_number(ev->who) < 0 || strcmp(owner, ev->who) == 0)
		sim_fail(w, "%s claims %" PRIu64 " of %s", ev->who, ev->sid,
		    owner);
	if (*owner != '\0' && !stolen && !accepted)
		sim_fail(w, "%s just takes %" PRIu64 " from %s", ev->who,
		    ev->sid, owner);
	if (*owner == '\0' && (stolen || accepted))
		sim_fail(w, "%" PRIu64 " is %s, and was nobody's", ev->sid,
		    ev->why);
	if (accepted && strcmp(s->f.offered, ev->who) != 0)
		sim_fail(w, "%s accepts %" PRIu64 " of another", ev->who,
		    ev->sid);
	s->keys_lo = s->keys_hi = 0;
	if (accepted)
		snprintf(s->accepted, sizeof s->accepted, "%s", ev->who);
	w->counts.claims[0] += strcmp(ev->why, "taken") == 0;
	w->counts.claims[1] += strcmp(ev->why, "answer") == 0;
	w->counts.claims[2] += accepted;
	w->counts.claims[3] += stolen;
	if (is_picked(w, ev))
		place_picked(w, s, ev);
}

/* Nobody answers a customer of somebody else. */
static void
replied(struct world *w, const struct session *s, const struct ev_event *ev)
{
	if (strcmp(s->f.owner, ev->who) != 0)
		sim_fail(w, "%s answers %" PRIu64 ", which is %s's", ev->who,
		    ev->sid, *s->f.owner != '\0' ? s->f.owner : "nobody");
}

static void
went_away(struct world *w, const struct ev_event *ev)
{
	int i = team_number(ev->who);
	struct person *p = &w->team.people[i];

	if (strcmp(ev->why, "idle") == 0) {
		if (p->told || p->consoles == 0 || team_present(w, i, false))
			sim_fail(w, "%s is not idle", ev->who);
		w->counts.idles++;
	} else {
		p->stored = true;
		w->counts.aways++;
	}
	p->told = true;
}

static void
came_back(struct world *w, const struct ev_event *ev)
{
	struct person *p = &w->team.people[team_number(ev->who)];

	p->told = p->stored = false;
	w->counts.backs++;
}

static void
went_off(struct world *w, const struct ev_event *ev)
{
	struct person *p = &w->team.people[team_number(ev->who)];

	for (unsigned i = 0; i < w->nbatch; i++)
		if (w->batch[i].who == ev->who && w->batch[i].last)
			p->stored = p->told = false;
}

void
lease_stored(struct world *w, struct session *s, const struct ev_event *ev)
{
	if (ev->kind == EV_AWAY)
		went_away(w, ev);
	ban_stored(w, s, ev);
	if (ev->kind == EV_OFF)
		went_off(w, ev);
	if (ev->kind == EV_BACK)
		came_back(w, ev);
	w->counts.msgs += ev->kind == EV_MSG;
	w->counts.sames += ev->kind == EV_SAME;
	w->counts.names_given += ev->kind == EV_NAME && *ev->why != '\0';
	if (s == NULL)
		return;
	if (ev->kind == EV_CLAIM)
		claimed(w, s, ev);
	if (ev->kind == EV_FREE)
		freed(w, s, ev);
	if (ev->kind == EV_DECLINED)
		declined(w, s, ev);
	if (ev->kind == EV_REPLY)
		replied(w, s, ev);
	w->counts.offers += ev->kind == EV_OFFER;
	w->counts.keeps += ev->kind == EV_KEEP;
	w->counts.notes += ev->kind == EV_NOTE;
	team_fold(&s->f, ev);
}

static void
check_owned(const struct world *w, const struct session *s)
{
	const struct ev_session *f = &s->f;
	const struct person *p = &w->team.people[team_number(f->owner)];
	int64_t now = w->now.steady_ms, lost = p->left_ms, lo, hi;

	/* Its last answer may come when its console has gone already, as all
	 * that a program asks for. */
	if (lost < f->owned_at.steady_ms)
		lost = f->owned_at.steady_ms;
	if (lost < p->acted_ms)
		lost = p->acted_ms;
	lease(w, s, &lo, &hi);
	if (lease_runs(f) && !f->gone && now > team_late(w, hi))
		sim_fail(w, "the lease of %" PRIu64 " never ends", f->sid);
	if (p->consoles == 0 &&
	    now > team_late(w, lost + w->config.lost_grace_ms))
		sim_fail(w, "%" PRIu64 " stays with %s, who is lost", f->sid,
		    f->owner);
	if (*f->offered != '\0' &&
	    now > team_late(w, f->offered_at.steady_ms + OFFER_MS))
		sim_fail(w, "an offer of %" PRIu64 " never ends", f->sid);
}

/* It is closed in time; so long the journal may fail. */
static void
check_quiet(const struct world *w, const struct session *s)
{
	int64_t since = s->spoke_ms > s->heard_ms ? s->spoke_ms : s->heard_ms;

	if (s->f.state == EV_STATE_OPEN && team_connected(w, &s->f) &&
	    s->f.unanswered == 0 && s->f.sent == s->f.out &&
	    w->now.steady_ms > since + w->config.quiet_after_ms +
		    w->config.quiet_warning_ms + QUIET_SLACK_MS)
		sim_fail(w, "session %" PRIu64 " is quiet for ever", s->f.sid);
}

static void
check_person(const struct world *w, int i)
{
	const struct person *p = &w->team.people[i];

	if (p->consoles == 0 || p->away)
		return;
	if (p->told && team_present(w, i, false) &&
	    w->now.steady_ms > team_late(w, 0))
		sim_fail(w, "op%d is never back", i);
	if (!p->told && !team_present(w, i, true))
		sim_fail(w, "op%d is never idle", i);
}

void
lease_check(struct world *w)
{
	if (w->draining)
		return;
	for (size_t i = 0; i < w->store.nlive; i++) {
		const struct session *s = team_session(w, w->store.live[i]);

		if (*s->f.owner != '\0')
			check_owned(w, s);
		if (w->config.quiet_after_ms != 0)
			check_quiet(w, s);
	}
	for (int i = 0; i < OPERATORS; i++)
		check_person(w, i);
}
