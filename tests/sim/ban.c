/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is not let in: a list of our own, from the stored events, and the floods
 * that the desk itself bans for.  Customers here come from 192.0.2.0 to .3.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sim.h"

#define FIRST_MS (3600 * INT64_C(1000))      /* the second flood within */
#define AGAIN_MS (24 * 3600 * INT64_C(1000)) /* and each one behind it */
#define FIRST_S  60

static int
host_of(const char *addr)
{
	return (int)strtol(addr + strlen("192.0.2."), NULL, 10);
}

static bool
has(const char *net, const char *addr)
{
	return strchr(net, '/') != NULL || host_of(net) == host_of(addr);
}

static bool
runs(const struct world *w, const struct ban *ban)
{
	return ban->until_ms > w->now.ms;
}

static bool
is_banned(const struct world *w, const char *addr, bool perhaps)
{
	for (unsigned i = 0; i < w->nbans; i++)
		if (runs(w, &w->bans[i]) && has(w->bans[i].addr, addr) &&
		    (perhaps || !w->bans[i].over))
			return true;
	return false;
}

/* Who is banned is not let in; what the round has changed may go either way. */
void
ban_opened(const struct world *w, struct request *q)
{
	const struct ev_event *evs;
	const char *addr = q->cu->c->addr;
	size_t n;

	q->banned = is_banned(w, addr, false);
	q->not_banned = !is_banned(w, addr, true);
	evs = desk_events(w->desk, &n);
	for (size_t i = 0; i < n; i++)
		if (evs[i].kind == EV_BAN || evs[i].kind == EV_UNBAN)
			q->banned = q->not_banned = false;
	if (!q->not_banned)
		q->cu->may_end = q->cu->thrown_out = true;
}

void
ban_answered(struct world *w, const struct request *q, enum ev_code code)
{
	const struct desk_conn *c = q->cu->c;

	if (q->cu->mode == EV_MODE_CLASSIC && code == EV_CODE_DENIED &&
	    q->not_banned)
		sim_fail(w, "%s is not banned, and refused", c->addr);
	if (!q->banned || w->phase == UNDO || w->draining)
		return;
	w->counts.banned++;
	if (q->cu->mode == EV_MODE_CLASSIC ? code != EV_CODE_DENIED :
					     !c->leaving && !c->ending)
		sim_fail(w, "%s is banned, and let in", c->addr);
}

static void
drop(struct world *w, const char *addr)
{
	for (unsigned i = 0; i < w->nbans; i++)
		if (strcmp(w->bans[i].addr, addr) == 0)
			w->bans[i--] = w->bans[--w->nbans];
}

/* Who is banned by an operator may be spoken to no more in this round. */
void
ban_decided(struct world *w, const char *net)
{
	for (int i = 0; i < CONNS; i++)
		if (w->customers[i].c != NULL &&
		    has(net, w->customers[i].c->addr))
			w->customers[i].thrown_out = true;
}

/* Who is thrown out may hear goodbye. */
static void
throw_out(struct world *w, const char *net)
{
	for (int i = 0; i < CONNS; i++)
		if (w->customers[i].c != NULL &&
		    has(net, w->customers[i].c->addr))
			w->customers[i].may_end = true;
}

static void
flooded(struct world *w, const struct ev_event *ev)
{
	struct flood *f = &w->floods[host_of(ev->addr)];
	int64_t s = f->owed_s != 0 ? f->owed_s : f->perhaps_s;

	if (s == 0 || *ev->who != '\0' || (int64_t)ev->n != s)
		sim_fail(w, "a flood bans %s for %" PRIu64 " s, not %" PRId64,
		    ev->addr, ev->n, s);
	f->owed_s = f->perhaps_s = 0;
	w->counts.flood_bans++;
}

static void
banned(struct world *w, const struct ev_event *ev)
{
	struct ban *ban;

	if (strcmp(ev->why, "flood") == 0)
		flooded(w, ev);
	else
		throw_out(w, ev->addr);
	drop(w, ev->addr);
	ban = &w->bans[w->nbans++];
	snprintf(ban->addr, sizeof ban->addr, "%s", ev->addr);
	ban->until_ms = ev->t_ms + (int64_t)ev->n * 1000;
	ban->over = false;
	ban->seq = *ev->who != '\0' ? ev->seq : 0;
	w->counts.bans++;
}

static void
flood(struct world *w, const struct session *s)
{
	struct flood *f = &w->floods[host_of(s->f.addr)];
	int64_t now = w->now.steady_ms;
	int64_t most = w->config.max_ban_ms / 1000;

	if (now - f->last_ms > (f->ban_s == 0 ? FIRST_MS : AGAIN_MS))
		*f = (struct flood){ .owed_s = f->owed_s };
	f->last_ms = now;
	if (++f->n < 2 || f->owed_s != 0)
		return;
	f->ban_s = f->ban_s == 0 ? FIRST_S : 4 * f->ban_s;
	if (f->ban_s > most)
		f->ban_s = most;
	f->owed_s = f->ban_s;
	f->perhaps_s = 0;
	f->owed_ms = now;
}

void
ban_stored(struct world *w, const struct session *s, const struct ev_event *ev)
{
	if (ev->kind == EV_BAN)
		banned(w, ev);
	if (ev->kind == EV_UNBAN) {
		drop(w, ev->addr);
		w->rare.unbans++;
	}
	if ((ev->kind == EV_CLOSED || ev->kind == EV_GONE) && !s->f.gone &&
	    strcmp(ev->why, "flood") == 0)
		flood(w, s);
}

struct bans_seen {
	struct world *w;
	unsigned sure; /* of those that run for sure */
};

static void
compare(void *arg, const struct desk_ban *ban)
{
	struct bans_seen *seen = arg;
	struct world *w = seen->w;

	if (ban->until_ms <= w->now.ms)
		return;
	for (unsigned i = 0; i < w->nbans; i++) {
		if (strcmp(w->bans[i].addr, ban->addr) != 0 ||
		    w->bans[i].until_ms != ban->until_ms)
			continue;
		seen->sure += !w->bans[i].over;
		return;
	}
	sim_fail(w, "the desk bans %s, and the journal does not", ban->addr);
}

void
ban_compare(struct world *w, const struct desk *d)
{
	struct bans_seen seen = { w, 0 };
	unsigned n = 0;

	desk_each_ban(d, compare, &seen);
	for (unsigned i = 0; i < w->nbans; i++)
		n += runs(w, &w->bans[i]) && !w->bans[i].over;
	if (n != seen.sure)
		sim_fail(w, "the desk has %u bans, the journal %u", seen.sure,
		    n);
}

/* Before a round. */
void
ban_note_ended(struct world *w)
{
	for (unsigned i = 0; i < w->nbans; i++)
		w->bans[i].over |= !runs(w, &w->bans[i]);
}

/* Nobody from there who had a session when it was stored has one now. */
static void
check_ended(const struct world *w, const struct ban *ban)
{
	for (int i = 0; i < CONNS; i++) {
		const struct customer *cu = &w->customers[i];
		const struct session *s = cu->c != NULL && cu->sid != 0 ?
		    &w->store.sessions[cu->sid - 1] :
		    NULL;

		if (s != NULL && s->f.began_at.seq < ban->seq && !cu->closed &&
		    !cu->leaving && !cu->c->leaving && !cu->c->ending &&
		    has(ban->addr, s->f.addr))
			sim_fail(w, "session %" PRIu64 " is banned and goes on",
			    cu->sid);
	}
}

/* Whom an operator has banned for longer the desk need not. */
static void
need_not_ban(struct world *w, const struct ban *ban)
{
	struct flood *f;

	for (int i = 0; i < HOSTS; i++) {
		f = &w->floods[i];
		if (f->owed_s == 0 || host_of(ban->addr) != i ||
		    strchr(ban->addr, '/') != NULL ||
		    ban->until_ms < w->now.ms + f->owed_s * 1000)
			continue;
		f->perhaps_s = f->owed_s;
		f->owed_s = 0;
	}
}

void
ban_check(struct world *w)
{
	int64_t again = w->bad_ms + w->config.retry_ns / DW_MS;

	for (unsigned i = 0; i < w->nbans; i++) {
		if (w->bans[i].seq > w->before_seq)
			check_ended(w, &w->bans[i]);
		need_not_ban(w, &w->bans[i]);
		if (w->bans[i].over && w->nbans > BANS / 2)
			w->bans[i--] = w->bans[--w->nbans];
	}
	for (int i = 0; i < HOSTS; i++)
		if (w->floods[i].owed_s != 0 && !w->draining &&
		    w->now.steady_ms > again + 1000 &&
		    w->now.steady_ms > w->floods[i].owed_ms + 1000)
			sim_fail(w, "floods of 192.0.2.%d have no end", i);
}

void
ban_restart(struct world *w)
{
	memset(w->floods, 0, sizeof w->floods);
}
