/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How fast one customer may write: a token bucket.  Pure; one thread.
 */
#ifndef DOOR_RATE_H
#define DOOR_RATE_H

#include <stdint.h>

struct door_rate {
	double per_second, burst;
	double tokens;      /* messages that may come now */
	int64_t counted_ns; /* when `tokens` was right */
	int64_t full_ns;    /* when the bucket was last full */
};

void door_rate_init(struct door_rate *r, int64_t per_second, int64_t burst,
    int64_t now);

/* Takes one message out.  Returns 0, or when to ask again. */
int64_t door_rate_take(struct door_rate *r, int64_t now);

/* For how long the bucket has not been full: that long the customer has not
 * let up. */
int64_t door_rate_held_ns(const struct door_rate *r);

#endif
