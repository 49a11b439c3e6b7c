/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What customers are told of the line: their place in it by a walk through all
 * sessions, and an estimate by sorting the last waits.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "sim.h"

#define FEWEST   5 /* pick-ups for an estimate */
#define SLACK_MS 1200

/*
 * Places.
 */

/* From 1; 0: not in line.  after is how many are. */
static unsigned
rank(const struct world *w, const struct session *s, unsigned *of)
{
	unsigned before = 0;

	*of = 0;
	for (size_t i = 0; i < w->store.nlive; i++) {
		const struct ev_session *f =
		    &w->store.sessions[w->store.live[i] - 1].f;

		if (f->waiting_at.seq == 0 || !team_in_line(w, f))
			continue;
		++*of;
		before += s != NULL && f->waiting_at.seq < s->f.waiting_at.seq;
	}
	return s != NULL && team_in_line(w, &s->f) ? before + 1 : 0;
}

static const char *
find(const char *text, size_t len, const char *what)
{
	return memmem(text, len, what, strlen(what));
}

/* The place that is named; 0: none is. */
static unsigned
named_place(const char *text, size_t len)
{
	const char *at = find(text, len, "number ");
	char digits[12] = "";

	if (at != NULL) {
		at += strlen("number ");
		snprintf(digits, sizeof digits, "%.*s",
		    (int)(text + len - at < 11 ? text + len - at : 11), at);
		return (unsigned)strtoul(digits, NULL, 10);
	}
	return find(text, len, "ou are next") != NULL ? 1 : 0;
}

/* By the desk of its own accord, and not behind an event of this customer. */
static bool
is_push(const char *text, size_t len)
{
	return (find(text, len, "You are number") == text &&
		   find(text, len, " now.") != NULL) ||
	    find(text, len, "A customer who came before") == text;
}

static void
check_place(struct world *w, struct customer *cu, const char *text, size_t len,
    unsigned at)
{
	struct session *s = store_session(w, cu->sid);
	struct told_place *told = &cu->place;
	unsigned of, is = rank(w, s, &of);

	if (find(text, len, "Write your question") != NULL) {
		if (at != (is != 0 ? is : of + 1))
			sim_fail(w, "a greeting: %u of %u", at, of);
		return;
	}
	if (at != is)
		sim_fail(w, "session %" PRIu64 " is number %u, and told: %.*s",
		    cu->sid, is, (int)len, text);
	if (cu->mode == EV_MODE_CLASSIC)
		return;
	if (told->since != s->f.waiting_at.seq)
		*told = (struct told_place){ .since = s->f.waiting_at.seq };
	if (is_push(text, len) && told->push_ms != 0 &&
	    w->now.steady_ms - told->push_ms < w->config.place_every_ms)
		sim_fail(w, "session %" PRIu64 " hears of its place too often",
		    cu->sid);
	if (is_push(text, len) && told->at != 0 &&
	    (at > told->at) != (text[0] == 'A'))
		sim_fail(w, "session %" PRIu64 " was %u and is told: %.*s",
		    cu->sid, told->at, (int)len, text);
	if (is_push(text, len))
		told->push_ms = w->now.steady_ms;
	told->at = at;
	told->told_ms = w->now.steady_ms;
	told->lower_ms = 0;
	w->counts.places++;
	w->counts.pushes += is_push(text, len);
}

/*
 * Estimates.
 */

void
place_picked(struct world *w, const struct session *s,
    const struct ev_event *ev)
{
	if (w->nwaits == WAITS)
		memmove(w->waits, w->waits + 1, --w->nwaits * sizeof *w->waits);
	w->waits[w->nwaits++] = ev->steady_ms - s->f.waiting_at.steady_ms;
	w->fresh_waits++;
}

/* In the order in which they ended. */
void
place_waited(struct world *w, int64_t ms)
{
	unsigned first = w->nwaits - w->fresh_waits;

	if (w->told_waits == w->fresh_waits)
		sim_fail(w, "somebody is said to have waited who did not");
	if (ms != w->waits[first + w->told_waits++])
		sim_fail(w, "somebody waited %" PRId64 " ms, they say", ms);
}

static int
by_length(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* What is said of the last pick-ups, the latest of which are left out. */
static void
estimate(const struct world *w, unsigned left_out, char text[100])
{
	unsigned n = w->nwaits - left_out;
	unsigned used = n < PICKUPS ? n : PICKUPS, lo, hi;
	int64_t sorted[PICKUPS], p50, p90;

	text[0] = '\0';
	if (n < FEWEST)
		return;
	memcpy(sorted, w->waits + n - used, used * sizeof *sorted);
	qsort(sorted, used, sizeof *sorted, by_length);
	p50 = sorted[(used * 50 + 99) / 100 - 1];
	p90 = sorted[(used * 90 + 99) / 100 - 1];
	lo = p50 > 0 ? (unsigned)((p50 + 59999) / 60000) : 1;
	hi = p90 > 0 ? (unsigned)((p90 + 59999) / 60000) : 1;
	if (p90 < 60000)
		snprintf(text, 100,
		    "The last customers waited less than a minute.");
	else if (lo == hi)
		snprintf(text, 100,
		    "The last customers waited about %u minute%s.", hi,
		    hi == 1 ? "" : "s");
	else
		snprintf(text, 100,
		    "The last customers waited %u to %u minutes.", lo, hi);
}

static void
check_estimate(struct world *w, const char *text, size_t len, const char *at)
{
	char is[100], want[100];
	bool on;

	snprintf(is, sizeof is, "%.*s", at != NULL ? (int)(text + len - at) : 0,
	    at != NULL ? at : "");
	is[strcspn(is, "\n")] = '\0';
	if (!team_duty(w, &on))
		return;
	for (unsigned k = 0; k <= w->fresh_waits && k <= w->nwaits; k++) {
		estimate(w, k, want);
		if (!on)
			want[0] = '\0';
		if (strcmp(is, want) == 0)
			break;
	}
	if (strcmp(is, want) != 0)
		sim_fail(w, "the estimate is \"%s\", not \"%s\"", is, want);
	w->counts.estimates += at != NULL;
}

/*
 * What is said to one customer.
 */

/* Is it said of the one who has this customer? */
static void
check_owner(struct world *w, struct customer *cu, const char *owner,
    const char *text, size_t len)
{
	size_t name = strcspn(text, " ");

	if (strlen(owner) != name || memcmp(text, owner, name) != 0)
		sim_fail(w, "session %" PRIu64 " is %s's, and told: %.*s",
		    cu->sid, owner, (int)len, text);
	w->counts.owners++;
}

/* And it is said when somebody will be there, if it is for the hours. */
static void
check_nobody(struct world *w, const char *text, size_t len)
{
	int64_t ms = hours_open_next(w);
	char when[64], today[16], day[16];
	struct tm tm;
	time_t t;
	bool on;

	if (w->on_all_along && team_duty(w, &on) && on)
		sim_fail(w, "somebody is on duty: %.*s", (int)len, text);
	if (ms == 0) {
		if (find(text, len, "somebody will be here") != NULL)
			sim_fail(w, "it is open: %.*s", (int)len, text);
		return;
	}
	t = (time_t)(w->now.ms / 1000);
	strftime(today, sizeof today, "%F", gmtime_r(&t, &tm));
	t = (time_t)(ms / 1000);
	strftime(day, sizeof day, "%F", gmtime_r(&t, &tm));
	strftime(when, sizeof when,
	    strcmp(day, today) == 0 ? "will be here at %H:%M." :
				      "will be here on %a %-d %b at %H:%M.",
	    &tm);
	if (find(text, len, when) == NULL)
		sim_fail(w, "somebody %s: %.*s", when, (int)len, text);
	w->counts.hours++;
}

static void
check_names(struct world *w, struct customer *cu, const char *text, size_t len)
{
	const struct session *s = store_session(w, cu->sid);

	if (find(text, len, " is answering you now") != NULL)
		check_owner(w, cu, s->f.owner, text, len);
	/* A colleague may have got it later in this round. */
	if (find(text, len, " answers you from now on") != NULL)
		check_owner(w, cu, s->accepted, text, len);
}

void
place_said(struct world *w, struct customer *cu, const char *text, size_t len)
{
	unsigned at = named_place(text, len);
	const char *estimate_at = find(text, len, "The last customers");

	if (at != 0)
		check_place(w, cu, text, len, at);
	if (estimate_at != NULL || (at != 0 && find(text, len, "Received.")))
		check_estimate(w, text, len, estimate_at);
	/* A classic one reads it when its turn comes. */
	if (cu->mode == EV_MODE_LINE &&
	    find(text, len, "Nobody is on duty") != NULL)
		check_nobody(w, text, len);
	if (cu->mode == EV_MODE_LINE && cu->sid != 0)
		check_names(w, cu, text, len);
}

static bool
is_told_of_changes(const struct world *w, const struct customer *cu)
{
	return cu->c != NULL && cu->mode == EV_MODE_LINE && cu->sid != 0 &&
	    !cu->ended && !cu->cut && !cu->reset && !cu->may_cut &&
	    team_in_line(w, &w->store.sessions[cu->sid - 1].f);
}

/* Who was not told at first, as nobody was there, is told later. */
static void
check_untold(const struct world *w, const struct session *s,
    struct told_place *told, int64_t again)
{
	int64_t now = w->now.steady_ms;
	bool on;

	if (!team_duty(w, &on) || !on)
		told->untold_ms = 0;
	else if (told->untold_ms == 0)
		told->untold_ms = now;
	if (told->untold_ms != 0 && now > again + SLACK_MS &&
	    now > told->untold_ms + w->config.place_every_ms + SLACK_MS)
		sim_fail(w, "session %" PRIu64 " is never told its place",
		    s->f.sid);
}

static void
check_told(struct world *w, struct customer *cu)
{
	struct session *s = store_session(w, cu->sid);
	struct told_place *told = &cu->place;
	int64_t again = w->bad_ms + w->config.retry_ns / DW_MS;
	unsigned of, at = rank(w, s, &of);
	int64_t due;
	bool on;

	if (told->since != s->f.waiting_at.seq)
		*told = (struct told_place){ .since = s->f.waiting_at.seq };
	if (told->at == 0) {
		check_untold(w, s, told, again);
		return;
	}
	if (told->seen != at)
		told->seen_ms = w->now.steady_ms;
	told->seen = at;
	/* Nobody hears of it while nobody is there. */
	if (at == told->at || !team_duty(w, &on) || !on) {
		told->lower_ms = 0;
		told->off |= at != told->at;
		return;
	}
	if (told->lower_ms == 0)
		told->lower_ms = w->now.steady_ms;
	due = at == 1 && !told->off ? told->seen_ms :
				      told->lower_ms + w->config.place_every_ms;
	due = due > again ? due : again;
	if (w->now.steady_ms > due + SLACK_MS)
		sim_fail(w,
		    "session %" PRIu64
		    " is never told that it is number %u, not %u",
		    cu->sid, at, told->at);
}

void
place_check(struct world *w)
{
	for (int i = 0; i < CONNS; i++)
		if (is_told_of_changes(w, &w->customers[i]))
			check_told(w, &w->customers[i]);
}
