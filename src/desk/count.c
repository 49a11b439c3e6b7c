/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many sessions there are, by their state and by what their customers
 * speak.  Whoever asks waits for no walk through all of them: a round that was
 * stored has touched those that may have changed.
 */
#include "config.h"

#include <assert.h>

#include "desk/internal.h"

/* One that has ended is in memory for a moment, and counts no more. */
static enum ev_state
state_of(const struct desk_session *s)
{
	return s->facts.state == EV_STATE_CLOSED ? EV_STATE_NONE :
						   s->facts.state;
}

void
desk_uncount(struct desk *d, struct desk_session *s)
{
	if (s->counted_state == EV_STATE_NONE)
		return;
	assert(d->counts[s->counted_state][s->counted_mode] > 0);
	d->counts[s->counted_state][s->counted_mode]--;
	s->counted_state = EV_STATE_NONE;
}

void
desk_count_again(struct desk *d, struct desk_session *s)
{
	desk_uncount(d, s);
	if (state_of(s) == EV_STATE_NONE)
		return;
	s->counted_state = state_of(s);
	s->counted_mode = s->facts.mode;
	d->counts[s->counted_state][s->counted_mode]++;
}

uint64_t
desk_count(const struct desk *d, enum ev_state state, enum ev_mode mode)
{
	assert(state < EV_STATE_CLOSED && mode <= EV_MODE_CLASSIC);
	return d->counts[state][mode];
}

int64_t
desk_longest_wait_ms(const struct desk *d, struct desk_time now)
{
	const struct desk_session *s;
	int64_t ms;

	if (dw_order_size(&d->line) == 0)
		return 0;
	s = DW_LIST_OF(dw_order_first(&d->line), struct desk_session, in_line);
	ms = now.steady_ms - s->facts.waiting_at.steady_ms;
	return ms > 0 ? ms : 0;
}

unsigned
desk_present(const struct desk *d, unsigned *consoles)
{
	*consoles = d->consoles;
	return d->present;
}
