/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim [--seed N] [--steps N] [--trace]: see sim.h. */
#include "config.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../size.h"
#include "base/clock.h"
#include "desk/hours.h"
#include "sim.h"

#define RUN_STEPS  5000 /* then another seed begins anew */
#define FIRST_SEED 20261122

static struct world world;

static void
print_trace(const struct world *w)
{
	for (uint64_t i = 1; i <= TRACE_ROWS; i++) {
		const char *row = w->rows[(w->step + i) % TRACE_ROWS];

		if (row[0] != '\0')
			printf("# %s\n", row);
	}
}

void
sim_fail(const struct world *w, const char *format, ...)
{
	va_list ap;

	print_trace(w);
	printf("not ok 1 - sim: seed %" PRIu64 " step %" PRIu64 ": ", w->seed,
	    w->step);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n1..1\n");
	fflush(stdout);
	_exit(1);
}

/* An assertion of the desk's own. */
static void
aborted(int sig)
{
	sim_fail(&world, "signal %d", sig);
}

void
sim_note(struct world *w, const char *format, ...)
{
	char *row = w->rows[w->step % TRACE_ROWS];
	size_t len = strlen(row);
	va_list ap;

	va_start(ap, format);
	vsnprintf(row + len, TRACE_COLUMNS - len, format, ap);
	va_end(ap);
}

static void
next_step(struct world *w)
{
	if (w->trace)
		printf("# %s\n", w->rows[w->step % TRACE_ROWS]);
	w->step++;
	w->rows[w->step % TRACE_ROWS][0] = '\0';
	sim_note(w, "%" PRIu64 " %.3f:", w->step, (double)w->now.ns / 1e9);
}

static void
set_time(struct world *w, int64_t ns)
{
	w->now.ms += (ns - w->now.ns) / DW_MS;
	w->now.steady_ms += (ns - w->now.ns) / DW_MS;
	w->now.ns = ns;
}

/*
 * A round.
 */

static bool
commit_fails(struct world *w)
{
	if (w->calm)
		return false;
	if (w->failing > 0) {
		w->failing--;
		return true;
	}
	if (sim_once_in(w, 400))
		w->failing = 10 + (unsigned)sim_random(w, 60);
	return sim_once_in(w, 10);
}

/* A classic customer whose first event is not stored is refused. */
static void
expect_refusals(struct world *w)
{
	for (unsigned i = 0; i < w->nbatch; i++)
		if (w->batch[i].rq.rq == DESK_RQ_OPENED &&
		    !w->batch[i].answered &&
		    w->batch[i].cu->mode == EV_MODE_CLASSIC)
			w->batch[i].cu->may_cut = true;
}

static void
undo(struct world *w)
{
	sim_note(w, " UNDO");
	expect_refusals(w);
	w->phase = UNDO;
	w->bad_ms = w->now.steady_ms;
	desk_undo(w->desk, &sim_sink, w, w->now);
	team_undone(w);
	w->counts.undone++;
	store_compare(w);
}

static void
check_answers(struct world *w)
{
	for (unsigned i = 0; i < w->nbatch; i++)
		if (!w->batch[i].answered)
			sim_fail(w, "request %u is never answered", i);
	w->nbatch = 0;
}

static void
check_customers(struct world *w)
{
	for (int i = 0; i < CONNS; i++) {
		const struct customer *cu = &w->customers[i];

		if (cu->c == NULL || !cu->opened)
			continue;
		if (cu->mode == EV_MODE_CLASSIC)
			peer_check(w, cu);
		if (cu->ended && !cu->cut && cu->told == cu->put &&
		    w->now.ns > cu->ended_ns +
			    (cu->mode == EV_MODE_CLASSIC ? 60 * DW_SECOND :
							   w->config.linger_ns))
			sim_fail(w, "customer %d lingers", i);
		if (cu->closed && !cu->cut && !cu->ended &&
		    w->now.ns > cu->closed_ns + 70 * DW_SECOND)
			sim_fail(w, "customer %d is never let go", i);
	}
}

/* It may have begun in this round. */
static uint64_t
session_of(const struct world *w, const struct customer *cu)
{
	const struct ev_event *evs;
	size_t n;

	if (cu->sid != 0)
		return cu->sid;
	evs = desk_events(w->desk, &n);
	for (size_t i = 0; i < n; i++)
		if (evs[i].kind == EV_ARRIVED &&
		    strcmp(evs[i].addr, cu->c->addr) == 0)
			return evs[i].sid;
	return 0;
}

/* Who has somebody that is there is attended to, also after hours. */
static void
note_duty(struct world *w, struct request *q)
{
	struct ev_session f;
	bool on;
	int owner;

	q->unclear = !team_duty(w, &on);
	q->unattended = !on;
	w->on_all_along &= on && !q->unclear;
	if (q->rq.rq != DESK_RQ_SAID)
		return;
	f = team_view(w, session_of(w, q->cu));
	if ((owner = team_number(f.owner)) < 0)
		return;
	q->unclear |=
	    team_present(w, owner, true) != team_present(w, owner, false);
	q->unattended &= !team_present(w, owner, true);
}

static void
decide(struct world *w, struct request *q)
{
	struct desk_request rq = q->rq;
	size_t before;

	w->phase = DECIDE;
	(void)desk_events(w->desk, &before);
	if (q->udp)
		udp_whom(w, q);
	/* What came before it may have been carried out already. */
	if (q->cu != NULL)
		q->over |= q->cu->closed || q->cu->ended || q->cu->cut ||
		    (q->cu->thrown_out && q->cu->c->leaving);
	note_duty(w, q);
	expect_before(w, q);
	if (desk_decide(w->desk, &rq, w->now) < 0)
		sim_fail(w, "no memory");
	expect_after(w, q, before);
}

static void
drop_request(struct request *q)
{
	free(q->message.text);
	free(q->who);
}

static void
drop_customers(struct world *w)
{
	for (int i = 0; i < CONNS; i++) {
		struct customer *cu = &w->customers[i];

		if (cu->c == NULL)
			continue;
		desk_turn_fini(&cu->c->turn);
		people_gone(w, cu);
	}
}

static void
restart(struct world *w, bool in_round)
{
	if (in_round)
		for (unsigned i = 0; i < w->nbatch; i++)
			drop_request(&w->batch[i]);
	w->nbatch = 0;
	drop_customers(w);
	for (uint64_t sid = 1; sid <= w->store.sid; sid++)
		w->store.sessions[sid - 1].cu = NULL;
	console_restart(w);
	udp_forget(w);
	w->quitting = w->draining = w->drained = false;
	w->stop = (struct stop){ 0 };
	w->nreopens = 0;
	w->failing = 0;
	desk_free(w->desk);
	w->desk = store_restart(w);
	sim_note(w, " RESTART");
	w->counts.restarts++;
}

/* Power fails before the COMMIT, or after it and before anybody is told. */
static bool
crashes(struct world *w, const struct ev_event *evs, size_t n)
{
	if (w->calm || !sim_once_in(w, 1500))
		return false;
	if (sim_once_in(w, 2))
		store_commit(w, evs, n);
	w->counts.crashes++;
	restart(w, true);
	return true;
}

static void
publish(struct world *w)
{
	w->phase = PUBLISH;
	desk_publish(w->desk, &sim_sink, w, w->now);
	if (w->published != w->store.n)
		sim_fail(w, "a stored event is never shown");
	if (w->step % 16 == 0) {
		store_check_bounds(w);
		store_compare(w);
	}
}

/* LOCKED: somebody else has the journal locked, for a moment. */
enum outcome { OVER, DOUBLE, LOCKED, CRASHED };

/* What was decided is stored, or not. */
static enum outcome
end_round(struct world *w)
{
	const struct ev_event *evs;
	size_t n, before;

	(void)desk_events(w->desk, &before);
	desk_settle(w->desk, w->now);
	expect_settled(w, before);
	evs = desk_events(w->desk, &n);
	if (store_refuses(w, evs, n))
		return DOUBLE;
	if (n > 0 && !w->calm && sim_once_in(w, 20))
		return LOCKED;
	if (crashes(w, evs, n))
		return CRASHED;
	if (n > 0 && commit_fails(w)) {
		undo(w);
	} else {
		w->phase = PUBLISH;
		store_commit(w, evs, n);
		publish(w);
		lease_check(w);
		place_check(w);
		ban_check(w);
	}
	return OVER;
}

static void
retract(struct world *w)
{
	desk_retract(w->desk);
	w->phase = IDLE;
	w->team = w->before;
	w->bad_ms = w->now.steady_ms;
	store_compare(w);
}

/* The journal knows this reply, and it alone is decided. */
static enum outcome
answer_double(struct world *w, struct request *q)
{
	const struct replied *r = store_reply(w, q->rq.sid, &q->rq.key);

	if ((q->rq.rq != DESK_RQ_REPLY && q->rq.rq != DESK_RQ_NOTE) ||
	    r == NULL)
		sim_fail(w, "a double that is none");
	q->rq.first_n = r->n;
	w->counts.doubles++;
	decide(w, q);
	return end_round(w);
}

static void
begin_round(struct world *w)
{
	bool on;

	w->before = w->team;
	w->before_seq = w->store.seq;
	ban_note_ended(w);
	w->on_all_along = team_duty(w, &on) && on;
}

/* The journal has one of the replies already: that must fail no other.  *first
 * is the first request that is not answered. */
static enum outcome
decide_one_by_one(struct world *w, unsigned *first)
{
	enum outcome outcome;

	sim_note(w, " RETRACT");
	w->counts.retracted++;
	for (; *first < w->nbatch; ++*first) {
		begin_round(w);
		decide(w, &w->batch[*first]);
		outcome = end_round(w);
		if (outcome == DOUBLE) {
			retract(w);
			outcome = answer_double(w, &w->batch[*first]);
		}
		if (outcome == LOCKED)
			retract(w);
		if (outcome != OVER)
			return outcome;
	}
	return OVER;
}

static enum outcome
decide_all(struct world *w, unsigned *first)
{
	enum outcome outcome;

	begin_round(w);
	for (unsigned i = *first; i < w->nbatch; i++)
		decide(w, &w->batch[i]);
	outcome = end_round(w);
	if (outcome == LOCKED || outcome == DOUBLE)
		retract(w);
	return outcome == DOUBLE ? decide_one_by_one(w, first) : outcome;
}

/* Nobody has heard of the round, and more comes behind it. */
static void
await_lock(struct world *w)
{
	sim_note(w, " LOCKED");
	w->counts.busy++;
	set_time(w, w->now.ns + 10 * DW_MS);
	if (sim_once_in(w, 2))
		(void)people_flush(w);
	if (!w->draining && w->nbatch < BATCH)
		console_acts(w, &w->consoles[sim_random(w, CONSOLES)]);
}

static void
round_once(struct world *w)
{
	enum outcome outcome;
	unsigned first = 0;

	while ((outcome = decide_all(w, &first)) == LOCKED)
		await_lock(w);
	if (outcome == CRASHED)
		return;
	if (outcome == DOUBLE)
		sim_fail(w, "a double is refused again and again");
	check_answers(w);
	console_check(w);
	w->phase = TICK;
	desk_tick(w->desk, &sim_sink, w, w->now);
	w->phase = IDLE;
	stop_check(w);
	check_customers(w);
	next_step(w);
}

/* One round, and those that are due at once. */
static void
round_all(struct world *w)
{
	int spins = 0;

	round_once(w);
	while (desk_deadline(w->desk) <= w->now.ns) {
		if (++spins > 4)
			sim_fail(w, "the desk spins");
		round_once(w);
	}
}

/*
 * Time.
 */

/* The desk wakes up whenever it wanted to. */
static void
pass_time(struct world *w, int64_t delta_ns)
{
	int64_t end = w->now.ns + delta_ns;
	int64_t due;

	/* What is on its way arrives first. */
	while (delta_ns > DW_SECOND && people_flush(w))
		round_all(w);
	while ((due = desk_deadline(w->desk)) < end) {
		/* A whole ms, so that both clocks say the same. */
		due = (due + DW_MS - 1) / DW_MS * DW_MS;
		if (due > w->now.ns)
			set_time(w, due);
		round_all(w);
	}
	if (end > w->now.ns)
		set_time(w, end);
	store_check_sent(w);
	if (delta_ns > 3600 * DW_SECOND)
		store_compare(w);
}

/* Somebody sets the wall clock, three hours at most. */
static void
set_wall_clock(struct world *w)
{
	int64_t most = 3 * 3600 * 1000;

	w->now.ms += (int64_t)sim_random(w, 2 * most) - most;
	w->counts.clocks++;
}

static void
pass_some_time(struct world *w)
{
	uint64_t kind = sim_random(w, 1000);
	uint64_t ms = kind < 700 ? 200 :
	    kind < 900           ? 5000 :
	    kind < 980           ? 50000 :
	    kind < 994           ? 200000 :
				   w->longest_ms;

	pass_time(w, (int64_t)sim_random(w, ms) * DW_MS);
	if (sim_once_in(w, 100))
		set_wall_clock(w);
}

/*
 * Ends and beginnings.
 */

/* Everybody goes within the drain time. */
static void
drain(struct world *w)
{
	people_drain(w);
	for (int i = 0; i < 700 && w->draining && !w->drained; i++) {
		people_read(w);
		round_all(w);
		pass_time(w, 100 * DW_MS);
		(void)people_flush(w);
	}
	if (!w->draining)
		return; /* power failed */
	if (!w->drained)
		sim_fail(w, "70 s are not enough to drain");
	round_all(w);
	w->counts.drains++;
	restart(w, false);
}

static bool
is_whole(struct world *w, const struct customer *cu)
{
	const struct session *s = store_session(w, cu->sid);

	if (s == NULL || !cu->opened || cu->leaving || cu->closed ||
	    cu->ended || cu->cut || cu->reset || cu->eof)
		return true;
	return cu->stream.at == cu->stream.want.len && s->f.sent == s->f.out;
}

static bool
all_is_told(struct world *w)
{
	for (int i = 0; i < CONNS; i++)
		if (w->customers[i].c != NULL && !is_whole(w, &w->customers[i]))
			return false;
	return true;
}

/* Nothing fails for a while: all that was typed must come out. */
static void
calm_down(struct world *w)
{
	w->calm = true;
	w->failing = 0;
	for (int i = 0; i < 400 && !(i > 4 && all_is_told(w)); i++) {
		people_gather(w);
		round_all(w);
		pass_time(w, 5 * DW_SECOND);
	}
	if (!all_is_told(w) || w->nout > 0)
		sim_fail(w, "something that was typed never came out");
	store_check_ended(w);
	w->calm = false;
}

static void
begin(struct world *w, uint64_t seed)
{
	const struct desk_config config = {
		.name = "the simulated desk",
		.turn = { 45 * DW_SECOND, 30 * DW_SECOND, 10 * DW_SECOND },
		.linger_ns = 2 * DW_SECOND,
		.retry_ns = DW_SECOND,
		.sent_ns = 30 * DW_MS,
		.gone_after_ms = 24 * 3600 * 1000,
		.claim_timeout_ms = 120 * 1000,
		.lost_grace_ms = 30 * 1000,
		.away_after_ms = 300 * 1000,
		.place_every_ms = 1800 * 1000,
		.max_ban_ms = 600 * 1000,
		.max_gone = 12,
		.max_gone_per_address = 5,
		.held_bytes = 8000,
		.max_message = 65536,
		.max_keys = 2, /* so that some are forgotten */
		.max_peers = PEERS,
		.peer_ns = 600 * DW_SECOND,
		.max_answer = 40,
	};

	w->config = config;
	w->seed = w->rng = seed;
	if (sim_once_in(w, 2))
		w->config.hours = w->hours;
	/* Whoever waits wakes the desk so often: no step is to be wasted. */
	w->longest_ms = 60 * 3600 * 1000;
	if (sim_once_in(w, 2)) {
		w->config.place_every_ms = 30 * 1000;
		w->longest_ms = 1800 * 1000;
	}
	if (sim_once_in(w, 3)) {
		w->config.quiet_after_ms = 1200 * 1000;
		w->config.quiet_warning_ms = 300 * 1000;
	}
	w->nwaits = w->nbans = w->nreopens = 0;
	w->step = w->uid = w->token = 0;
	memset(w->rows, 0, sizeof w->rows);
	w->now.ns = 1000 * DW_SECOND;
	w->now.ms = INT64_C(1795000000000);
	w->now.steady_ms = 5000000;
	for (int i = 0; i < CONSOLES; i++)
		console_begin(w, &w->consoles[i], i);
	for (int i = 0; i < PEERS; i++)
		snprintf(w->peers[i].addr, sizeof w->peers[i].addr,
		    "198.51.100.%d:5000", i);
	for (int i = 0; i < PEERS; i++)
		memset(w->peers[i].route, 'a' + i, DESK_ROUTE_SIZE);
	udp_forget(w);
	w->desk = store_restart(w);
	next_step(w);
}

static void
finish(struct world *w)
{
	calm_down(w);
	drain(w);
	drop_customers(w);
	for (int i = 0; i < CONSOLES; i++)
		console_fini(&w->consoles[i]);
	desk_free(w->desk);
	for (int i = 0; i < CONSOLES; i++)
		console_let_go(&w->consoles[i]);
	store_fini(&w->store);
}

static uint64_t
run(struct world *w, uint64_t seed, uint64_t steps)
{
	begin(w, seed);
	while (w->step < steps) {
		people_gather(w);
		round_all(w);
		pass_some_time(w);
		if (sim_once_in(w, 600))
			calm_down(w);
		if (w->quitting || sim_once_in(w, 900))
			drain(w);
		if (sim_once_in(w, 900))
			restart(w, false);
	}
	finish(w);
	return w->step;
}

/* A simulator in which something never happens promises nothing about it. */
static void
check_counts(const struct world *w, const void *counts, size_t size)
{
	const uint64_t *n = counts;

	for (size_t i = 0; i < size / sizeof *n; i++)
		if (n[i] == 0)
			sim_fail(w, "kind %zu of %zu never happened", i,
			    size / sizeof *n);
}

static void
set_hours(struct world *w)
{
	struct dw_buf why = DW_BUF_INITIALIZER;

	setenv("TZ", "UTC0", 1);
	if (desk_hours_parse(hours_text, &w->hours, &why) < 0)
		sim_fail(w, "hours: %s", dw_buf_str(&why));
	dw_buf_fini(&why);
}

static void
run_all(uint64_t seed, uint64_t steps)
{
	uint64_t done = 0, first = seed;

	set_hours(&world);

	while (done < steps) {
		uint64_t left = steps - done;

		done +=
		    run(&world, seed++, left < RUN_STEPS ? left : RUN_STEPS);
	}
	if (steps >= 100000)
		check_counts(&world, &world.counts, sizeof world.counts);
	if (steps >= 1000000)
		check_counts(&world, &world.rare, sizeof world.rare);
	printf("# %" PRIu64 " steps, seeds %" PRIu64 " to %" PRIu64 ", %" PRIu64
	       " events, %" PRIu64 " rounds undone, %" PRIu64 " restarts\n",
	    done, first, seed - 1, world.counts.events, world.counts.undone,
	    world.counts.restarts);
	desk_hours_free(world.hours);
	printf("ok 1 - sim: the desk keeps its promises\n1..1\n");
}

static int
usage(void)
{
	fprintf(stderr, "usage: sim [--seed N] [--steps N] [--trace]\n");
	return 2;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "steps", required_argument, NULL, 'n' },
		{ "trace", no_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	uint64_t seed = FIRST_SEED,
		 steps = UINT64_C(100000) * (unsigned)t_tenths();
	struct sigaction abrt = { .sa_handler = aborted };
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 's')
			seed = strtoull(optarg, NULL, 10);
		else if (c == 'n')
			steps = strtoull(optarg, NULL, 10);
		else if (c == 't')
			world.trace = true;
		else
			return usage();
	}
	sigaction(SIGABRT, &abrt, NULL);
	run_all(seed, steps);
	return 0;
}
