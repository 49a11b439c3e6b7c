/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file decides when it is told what is only counted: a flood of it must
 * not be a flood of notices.
 */
#include "config.h"

#include "base/clock.h"
#include "desk/internal.h"

/* So long the first are gathered, and later ones. */
static const struct {
	int64_t first_ns, again_ns;
} gathered[DESK_TALLIES] = {
	[DESK_DROPPED] = { DW_SECOND, 10 * DW_SECOND },
	[DESK_STRANGE] = { DW_SECOND, 60 * DW_SECOND },
	[DESK_UNLISTED] = { DW_SECOND, 60 * DW_SECOND },
};

void
desk_tallies_init(struct desk *d)
{
	for (int i = 0; i < DESK_TALLIES; i++) {
		d->tallies[i].due_ns = DW_NEVER;
		d->tallies[i].told_ns = INT64_MIN / 2;
	}
}

void
desk_tally_count(struct desk *d, enum desk_tally_kind kind,
    struct desk_time now)
{
	struct desk_tally *t = &d->tallies[kind];

	if (t->due_ns != DW_NEVER)
		return;
	t->due_ns = now.ns + gathered[kind].first_ns;
	if (t->due_ns < t->told_ns + gathered[kind].again_ns)
		t->due_ns = t->told_ns + gathered[kind].again_ns;
}

int
desk_decide_dropped(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	desk_tally_count(d, DESK_DROPPED, now);
	desk_fx_done(d, rq);
	return 0;
}

void
desk_tallies_hurry(struct desk *d, struct desk_time now)
{
	for (int i = 0; i < DESK_TALLIES; i++)
		if (d->tallies[i].due_ns != DW_NEVER)
			d->tallies[i].due_ns = now.ns;
}

int64_t
desk_tallies_due(const struct desk *d)
{
	int64_t ns = DW_NEVER;

	for (int i = 0; i < DESK_TALLIES; i++)
		if (d->tallies[i].due_ns < ns)
			ns = d->tallies[i].due_ns;
	return ns;
}

static void
tell_dropped(const struct desk_round *r)
{
	r->sink->dropped(r->arg);
}

void
desk_tallies_tick(const struct desk_round *r)
{
	static void (*const tell[DESK_TALLIES])(const struct desk_round *) = {
		[DESK_DROPPED] = tell_dropped,
		[DESK_STRANGE] = desk_strangers_tell,
		[DESK_UNLISTED] = desk_left_tell,
	};

	for (int i = 0; i < DESK_TALLIES; i++) {
		struct desk_tally *t = &r->d->tallies[i];

		if (r->now.ns < t->due_ns)
			continue;
		t->due_ns = DW_NEVER;
		t->told_ns = r->now.ns;
		tell[i](r);
	}
}
