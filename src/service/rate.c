/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A token bucket: how fast one sender may go on.
 */
#include "config.h"

#include "base/clock.h"
#include "service/rate.h"

void
svc_rate_init(struct svc_rate *r, int64_t per_second, int64_t burst,
    int64_t now)
{
	r->per_second = (double)per_second;
	r->burst = r->tokens = (double)burst;
	r->counted_ns = r->full_ns = now;
}

static void
count(struct svc_rate *r, int64_t now)
{
	r->tokens +=
	    (double)(now - r->counted_ns) / (double)DW_SECOND * r->per_second;
	r->counted_ns = now;
	if (r->tokens < r->burst)
		return;
	r->tokens = r->burst;
	r->full_ns = now;
}

int64_t
svc_rate_take(struct svc_rate *r, int64_t now)
{
	count(r, now);
	if (r->tokens < 1)
		return now + 1 +
		    (int64_t)((1 - r->tokens) * (double)DW_SECOND /
			r->per_second);
	r->tokens -= 1;
	return 0;
}

int64_t
svc_rate_held_ns(const struct svc_rate *r)
{
	return r->counted_ns - r->full_ns;
}
