/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The line of the customers who wait for an answer, are there to read it, and
 * are nobody's.
 * It is kept, so that a place in it is known without a walk through all
 * sessions: whatever changes one of the conditions of is_in_line() calls
 * desk_line_update().
 */
#include "config.h"

#include "desk/internal.h"

bool
desk_waits_here(const struct desk_session *s)
{
	return desk_session_is_open(s) && s->conn != NULL &&
	    !s->conn->leaving && !s->conn->ending &&
	    s->facts.waiting_at.seq != 0;
}

static bool
is_in_line(const struct desk_session *s)
{
	return desk_waits_here(s) && s->facts.owner[0] == '\0';
}

void
desk_line_update(struct desk *d, struct desk_session *s)
{
	int64_t since;

	if (s == NULL)
		return;
	desk_left_update(d, s);
	desk_own_update(s);
	if (!is_in_line(s)) {
		d->line_changed = d->line_changed || dw_order_has(&s->in_line);
		dw_order_del(&d->line, &s->in_line);
		return;
	}
	since = (int64_t)s->facts.waiting_at.seq;
	if (!dw_order_has(&s->in_line) || s->in_line.key != since) {
		dw_order_put(&d->line, &s->in_line, since);
		d->line_changed = true;
	}
}

unsigned
desk_waiting(const struct desk *d)
{
	return (unsigned)dw_order_size(&d->line);
}

struct desk_place
desk_place(const struct desk *d, const struct desk_session *s)
{
	struct desk_place p = { 0, (unsigned)dw_order_size(&d->line) };

	if (s != NULL && dw_order_has(&s->in_line))
		p.at = (unsigned)dw_order_place(&s->in_line);
	return p;
}
