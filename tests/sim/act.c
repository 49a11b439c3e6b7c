/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What operators do beside writing: they take, steal, release, offer and keep
 * customers, write notes and to each other, go away and come back.  All that no
 * customer may see has SECRET in it.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim.h"

/* One that is this operator's; 0. */
static uint64_t
own_session(struct world *w, const struct console *con)
{
	size_t n = w->store.nlive, first = sim_random(w, n + 1);

	for (size_t i = 0; i < n; i++) {
		uint64_t sid = w->store.live[(first + i) % n];

		if (ev_is_owned_by(&store_session(w, sid)->f, con->name))
			return sid;
	}
	return 0;
}

/* One that is offered to this operator; 0. */
static uint64_t
offered_session(struct world *w, const struct console *con)
{
	for (size_t i = 0; i < w->store.nlive; i++)
		if (strcmp(store_session(w, w->store.live[i])->f.offered,
			con->name) == 0)
			return w->store.live[i];
	return 0;
}

uint64_t
act_some_session(struct world *w, const struct console *con)
{
	uint64_t own = sim_once_in(w, 2) ? own_session(w, con) : 0;

	return own != 0 ? own : people_some_session(w);
}

static const char *
somebody(struct world *w)
{
	static const char *const names[] = { "op0", "op1", "op2", "op3", "op4",
		"nobody" };

	return names[sim_random(w, sizeof names / sizeof *names)];
}

static void
give_back(struct world *w, struct console *con, uint64_t sid)
{
	console_command(w, con, "release %" PRIu64, sid);
}

static void
steal(struct world *w, struct console *con, uint64_t sid)
{
	(void)sid;
	console_command(w, con, "steal %" PRIu64, people_some_session(w));
}

static void
keep(struct world *w, struct console *con, uint64_t sid)
{
	static const char *const times[] = { "90s", "10m", "1h", "25h", "5m" };

	console_command(w, con, "keep %" PRIu64 " %s", sid,
	    times[sim_random(w, sizeof times / sizeof *times)]);
}

static void
offer(struct world *w, struct console *con, uint64_t sid)
{
	console_command(w, con, "transfer %" PRIu64 " %s%s", sid, somebody(w),
	    sim_once_in(w, 2) ? " " SECRET "tired" : "");
}

static void
take(struct world *w, struct console *con, uint64_t sid)
{
	uint64_t offered = offered_session(w, con);

	if (offered == 0)
		offered = sim_once_in(w, 4) ? sid : people_some_session(w);
	console_command(w, con, "take %" PRIu64, offered);
}

static void
decline(struct world *w, struct console *con, uint64_t sid)
{
	uint64_t offered = offered_session(w, con);

	console_command(w, con, "decline %" PRIu64,
	    offered != 0 ? offered : sid);
}

static void
note(struct world *w, struct console *con, uint64_t sid)
{
	console_command(w, con, "note %" PRIu64 " " SECRET "note", sid);
}

static void
whisper(struct world *w, struct console *con, uint64_t sid)
{
	if (sim_once_in(w, 4))
		sid = people_some_session(w);
	console_command(w, con, "whisper %" PRIu64 " " SECRET "psst", sid);
}

static void
msg(struct world *w, struct console *con, uint64_t sid)
{
	(void)sid;
	console_command(w, con, "msg %s " SECRET "lunch", somebody(w));
}

static void
who(struct world *w, struct console *con, uint64_t sid)
{
	(void)sid;
	console_command(w, con, "who");
}

static void
away(struct world *w, struct console *con, uint64_t sid)
{
	(void)sid;
	if (sim_once_in(w, 3))
		console_command(w, con, "away %s",
		    sim_once_in(w, 2) ? SECRET "tea" : "");
}

static void
back(struct world *w, struct console *con, uint64_t sid)
{
	(void)sid;
	console_command(w, con, "back");
}

static void
next(struct world *w, struct console *con, uint64_t sid)
{
	console_push(w, DESK_RQ_NEXT, con)->rq.sid =
	    sim_once_in(w, 2) ? 0 : sid;
	sim_note(w, " %s next", con->name);
}

static void
look(struct world *w, struct console *con, uint64_t sid)
{
	console_push(w, DESK_RQ_LOOK, con)->rq.sid = sid;
}

static void
type(struct world *w, struct console *con, uint64_t sid)
{
	console_push(w, DESK_RQ_TYPES, con)->rq.sid =
	    sim_once_in(w, 6) ? 0 : sid;
	sim_note(w, " %s types %" PRIu64, con->name, sid);
}

static void
write_note(struct world *w, struct console *con, uint64_t sid)
{
	console_write(w, con, sid, true);
}

static void
same(struct world *w, struct console *con, uint64_t sid)
{
	uint64_t other = sim_random(w, w->store.sid + 2);

	console_command(w, con, "same %" PRIu64 " %" PRIu64 "%s", sid, other,
	    sim_once_in(w, 3) ? " off" : "");
}

static void
name(struct world *w, struct console *con, uint64_t sid)
{
	console_command(w, con, "name %" PRIu64 " bob%" PRIu64, sid,
	    ++w->token);
}

static void
reopen(struct world *w, struct console *con, uint64_t sid)
{
	(void)sid;
	console_command(w, con, "reopen %" PRIu64,
	    sim_random(w, w->store.sid + 2));
}

void
act_find(struct world *w, const struct request *q, uint64_t sid)
{
	if (w->nreopens == REOPENS)
		return;
	w->reopens_by[w->nreopens] = (int)(q->con - w->consoles);
	w->reopens[w->nreopens++] = sid;
}

void
act_found(struct world *w)
{
	for (unsigned i = 0; i < w->nreopens; i++) {
		struct console *con = &w->consoles[w->reopens_by[i]];
		struct session *s = store_session(w, w->reopens[i]);
		struct request *q = console_push(w, DESK_RQ_REOPEN, con);

		if (w->nbatch == BATCH)
			break;
		q->rq.console = NULL; /* it may have gone meanwhile */
		q->rq.sid = w->reopens[i];
		if (s == NULL)
			continue;
		q->facts = s->f;
		q->rq.facts = &q->facts;
	}
	w->nreopens = 0;
}

/* Who is banned now; NULL: nobody. */
static const char *
some_ban(const struct world *w)
{
	for (unsigned i = w->nbans; i-- > 0;)
		if (w->bans[i].until_ms > w->now.ms)
			return w->bans[i].addr;
	return NULL;
}

static void
ban(struct world *w, struct console *con, uint64_t sid)
{
	static const char *const times[] = { "30s", "90s", "2m", "soon" };
	const char *banned = some_ban(w);
	char who[24];

	/* Most know that they may not. */
	if (team_number(con->name) > 1 && !sim_once_in(w, 6))
		return;
	snprintf(who, sizeof who, "192.0.2.%u", (unsigned)sim_random(w, HOSTS));
	if (sim_once_in(w, 8))
		snprintf(who, sizeof who, "192.0.2.0/24");
	if (sim_once_in(w, 3))
		snprintf(who, sizeof who, "%" PRIu64, sid);
	if (banned != NULL)
		snprintf(who, sizeof who, "%.16s", banned);
	if (sim_once_in(w, banned != NULL ? 2 : 10))
		console_command(w, con, "unban %s", who);
	else if (sim_once_in(w, 3))
		console_command(w, con, "bans");
	else if (sim_once_in(w, 3))
		console_command(w, con, "ban %s %s%s", who,
		    times[sim_random(w, sizeof times / sizeof *times)],
		    sim_once_in(w, 2) ? " too loud" : "");
}

static const struct {
	unsigned weight;
	void (*fn)(struct world *, struct console *, uint64_t sid);
} acts[] = {
	{ 30, next },
	{ 20, type },
	{ 12, give_back },
	{ 8, take },
	{ 6, write_note },
	{ 10, offer },
	{ 4, steal },
	{ 3, keep },
	{ 5, decline },
	{ 3, note },
	{ 2, whisper },
	{ 2, msg },
	{ 2, look },
	{ 2, back },
	{ 1, who },
	{ 1, away },
	{ 2, same },
	{ 1, name },
	{ 2, reopen },
	{ 6, ban },
	{ 2, stop_act },
};

/* The first key for whom next has reserved, and then the text. */
static bool
go_on(struct world *w, struct console *con)
{
	if (con->works != 0) {
		console_write(w, con, con->works, false);
		con->works = 0;
		return true;
	}
	if (con->picked == 0)
		return false;
	type(w, con, con->picked);
	con->works = con->picked;
	con->picked = 0;
	return true;
}

void
act(struct world *w, struct console *con)
{
	unsigned sum = 0, at;

	if (sim_once_in(w, 2) && go_on(w, con))
		return;
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
		sum += acts[i].weight;
	at = (unsigned)sim_random(w, sum);
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
		if (at < acts[i].weight) {
			acts[i].fn(w, con, act_some_session(w, con));
			return;
		}
		at -= acts[i].weight;
	}
}
