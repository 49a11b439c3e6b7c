/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long the last customers waited until somebody took them out of the line:
 * a range, for those who wait now.  It is forgotten with the desk.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "desk/internal.h"

#define WAITS_MIN 5 /* fewer say nothing */
#define MINUTE_MS 60000

void
desk_estimate_note(struct desk *d, int64_t since_ms, struct desk_time now)
{
	desk_effect_add(d, DESK_FX_PICKED)->ms = now.steady_ms - since_ms;
}

void
desk_estimate_add(const struct desk_round *r, const struct desk_effect *fx)
{
	struct desk_estimate *e = &r->d->estimate;
	int64_t ms = fx->ms > 0 ? fx->ms : 0;

	e->waits_ms[e->n++ % DESK_WAITS] = ms;
	r->sink->waited(r->arg, ms);
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The nearest rank, in minutes that have begun. */
static unsigned
minutes_at(const int64_t *sorted, size_t n, unsigned percent)
{
	size_t rank = (n * percent + 99) / 100;

	return (unsigned)((sorted[rank - 1] + MINUTE_MS - 1) / MINUTE_MS);
}

void
desk_estimate_text(const struct desk *d, struct desk_time now, char *buf,
    size_t size)
{
	size_t n = d->estimate.n < DESK_WAITS ? d->estimate.n : DESK_WAITS;
	int64_t sorted[DESK_WAITS];
	unsigned lo, hi;

	buf[0] = '\0';
	if (n < WAITS_MIN || !desk_on_duty(d, now))
		return;
	memcpy(sorted, d->estimate.waits_ms, n * sizeof sorted[0]);
	qsort(sorted, n, sizeof sorted[0], compare);
	lo = minutes_at(sorted, n, 50);
	hi = minutes_at(sorted, n, 90);
	if (sorted[(n * 90 + 99) / 100 - 1] < MINUTE_MS)
		snprintf(buf, size, "%s",
		    _(" The last customers waited less than a minute."));
	else if (lo == hi)
		snprintf(buf, size,
		    DW_PLURAL(" The last customers waited about %u minute.",
			" The last customers waited about %u minutes.", hi),
		    hi);
	else
		snprintf(buf, size,
		    DW_PLURAL(" The last customers waited %u to %u minute.",
			" The last customers waited %u to %u minutes.", hi),
		    lo > 0 ? lo : 1, hi);
}
