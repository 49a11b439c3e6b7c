/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When time itself changes something about a session: the first of all such
 * moments is kept, in an order of all sessions, and then the session is
 * settled.
 */
#include "config.h"

#include "base/clock.h"
#include "desk/internal.h"

int64_t
desk_expires_ms(const struct desk *d, const struct desk_session *s)
{
	if (s->facts.state != EV_STATE_LEFT || d->config->gone_after_ms == 0)
		return DW_NEVER;
	return s->facts.gone_at.steady_ms + d->config->gone_after_ms;
}

void
desk_wake_update(struct desk *d, struct desk_session *s)
{
	int64_t ms =
	    dw_clock_sooner(desk_expires_ms(d, s), desk_claim_wake_ms(d, s));

	ms = dw_clock_sooner(ms, desk_queue_wake_ms(d, s));
	ms = dw_clock_sooner(ms, desk_quiet_wake_ms(d, s));
	if (ms == DW_NEVER)
		dw_order_del(&d->wakes, &s->wake);
	else if (!dw_order_has(&s->wake) || s->wake.key != ms)
		dw_order_put(&d->wakes, &s->wake, ms);
}

/* By the clock that can be awaited. */
void
desk_wakes_schedule(struct desk *d, struct desk_time now)
{
	int64_t ms = dw_clock_sooner(dw_order_least(&d->wakes),
	    dw_order_least(&d->idle_at));

	d->wakes_ns =
	    ms == DW_NEVER ? DW_NEVER : now.ns + (ms - now.steady_ms) * DW_MS;
}
