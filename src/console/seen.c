/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which replies of other consoles were painted, and when.
 */
#include "config.h"

#include <assert.h>

#include "console/seen.h"

static uint64_t
later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void
con_seen_reply(struct con_seen *s, uint64_t seq, uint64_t before)
{
	if (s->first == 0) {
		s->first = seq;
		s->before = before;
	}
	s->last = later(s->last, seq);
	s->count_ns = DW_NEVER;
	assert(s->first <= s->last);
}

void
con_seen_missed(struct con_seen *s, uint64_t first, uint64_t last,
    uint64_t before)
{
	if (last < first)
		return;
	con_seen_reply(s, first, before);
	s->last = s->lost = later(s->last, last);
}

void
con_seen_lost(struct con_seen *s, uint64_t seq)
{
	if (s->first != 0 && seq >= s->first && seq <= s->last)
		s->lost = later(s->lost, seq);
}

void
con_seen_row(struct con_seen *s, uint64_t seq)
{
	s->shown = later(s->shown, seq);
}

void
con_seen_page(struct con_seen *s, uint64_t before, uint64_t upto)
{
	if (before <= s->before)
		s->page = later(s->page, upto);
}

void
con_seen_refusal(struct con_seen *s, uint64_t seq)
{
	if (seq == 0)
		seq = later(s->painted, 1);
	if (seq <= s->refused && s->first != 0 && s->count_ns != DW_NEVER)
		return;
	s->refused = later(s->refused, seq);
	con_seen_reply(s, seq, CON_SEEN_ANY);
	if (seq < s->first)
		s->first = seq;
	s->refusal = true;
}

/* What the terminal dropped is as if it had never been shown. */
static void
forget_shown(struct con_seen *s)
{
	con_seen_lost(s, s->shown < s->last ? s->shown : s->last);
	s->shown = s->painted;
	s->page = 0;
}

/* Everything up to the end of the page has been seen now. */
static void
page_painted(struct con_seen *s, int64_t now_ns)
{
	if (s->lost <= s->page)
		s->lost = 0;
	if (s->last > s->page)
		s->first = later(s->first, s->page + 1);
	else if (s->count_ns == DW_NEVER)
		s->count_ns = now_ns;
	s->page = 0;
}

static bool
is_painted(const struct con_seen *s)
{
	return s->first != 0 && s->lost == 0 && s->painted >= s->last;
}

void
con_seen_painted(struct con_seen *s, bool whole, int64_t pause_ns,
    int64_t now_ns)
{
	if (!whole)
		forget_shown(s);
	s->painted = later(s->painted, s->shown);
	if (s->page != 0)
		page_painted(s, now_ns);
	if (s->refusal || (is_painted(s) && s->count_ns == DW_NEVER))
		s->count_ns = now_ns + pause_ns;
	s->refusal = false;
}

bool
con_seen_all(struct con_seen *s, int64_t now_ns)
{
	if (s->first == 0)
		return true;
	if (s->lost != 0 || now_ns < s->count_ns)
		return false;
	s->first = s->last = s->before = 0;
	return true;
}

uint64_t
con_seen_upto(struct con_seen *s, int64_t now_ns)
{
	uint64_t seen = s->painted;

	if (!con_seen_all(s, now_ns) && seen >= s->first)
		seen = s->first - 1;
	return later(seen, 1);
}
