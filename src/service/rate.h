/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How fast one customer may write: a token bucket.  Pure; one thread.
 */
#ifndef SVC_RATE_H
#define SVC_RATE_H

#include <stdint.h>

struct svc_rate {
	double per_second, burst;
	double tokens;      /* messages that may come now */
	int64_t counted_ns; /* when `tokens` was right */
	int64_t full_ns;    /* when the bucket was last full */
};

void svc_rate_init(struct svc_rate *r, int64_t per_second, int64_t burst,
    int64_t now);

/* Takes one message out.  Returns 0, or when to ask again. */
int64_t svc_rate_take(struct svc_rate *r, int64_t now);

/* For how long the bucket has not been full: that long the customer has not
 * let up. */
int64_t svc_rate_held_ns(const struct svc_rate *r);

#endif
