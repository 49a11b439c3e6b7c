/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was painted of a session, and read.
 */
#include "config.h"

#include "console/read.h"

void
con_read_guess(struct con_read *r, uint64_t in, uint64_t unanswered)
{
	if (!r->marked)
		r->n = in > unanswered ? in - unanswered : 0;
}

/* The first mark is worth more than a guess, also when that was higher. */
static void
mark(struct con_read *r, uint64_t seq, uint64_t n)
{
	if (r->marked && n <= r->n)
		return;
	r->n = n;
	r->seq = seq;
	r->marked = true;
}

void
con_read_told(struct con_read *r, uint64_t seq, uint64_t n)
{
	if (n > r->told)
		r->told = n;
	mark(r, seq, n);
}

void
con_read_begin(struct con_read *r)
{
	r->shown = r->painted = r->n;
	r->shown_seq = r->painted_seq = r->seq;
	r->ahead = 0;
}

/* How far it goes without a gap: also what was read elsewhere. */
static uint64_t
reach(const struct con_read *r)
{
	return r->n > r->shown ? r->n : r->shown;
}

/* What was shown behind a gap goes on from there when the gap is closed. */
static void
close_gap(struct con_read *r)
{
	if (r->ahead == 0 || r->ahead > reach(r) + 1)
		return;
	if (r->ahead_to > r->shown) {
		r->shown = r->ahead_to;
		r->shown_seq = r->ahead_seq;
	}
	r->ahead = 0;
}

/* Only the last stretch without a gap is kept. */
static void
show_ahead(struct con_read *r, uint64_t seq, uint64_t n)
{
	if (r->ahead == 0 || n != r->ahead_to + 1)
		r->ahead = n;
	r->ahead_to = n;
	r->ahead_seq = seq;
}

void
con_read_row(struct con_read *r, uint64_t seq, uint64_t n)
{
	close_gap(r);
	if (n > reach(r) + 1) {
		show_ahead(r, seq, n);
		return;
	}
	if (n > r->shown)
		r->shown = n;
	if (r->ahead == 0)
		r->shown_seq = seq;
}

void
con_read_page(struct con_read *r, uint64_t from, uint64_t to, uint64_t seq,
    bool unread)
{
	if (to > r->shown && (unread || from <= reach(r) + 1)) {
		r->shown = to;
		r->shown_seq = seq;
	}
	close_gap(r);
}

void
con_read_painted(struct con_read *r, bool whole)
{
	if (whole) {
		r->painted = r->shown;
		r->painted_seq = r->shown_seq;
		return;
	}
	r->shown = r->painted;
	r->shown_seq = r->painted_seq;
	r->ahead = 0;
}

bool
con_read_key(struct con_read *r)
{
	if (r->painted <= r->n)
		return false;
	mark(r, r->painted_seq, r->painted);
	return true;
}
