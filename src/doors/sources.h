/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How fast each host may send datagrams, and all of them together.  A table
 * of fixed size: a sender's address may be made up, so a flood can push
 * buckets out of it, but never past the rate that holds for all.  Pure; one
 * thread.
 */
#ifndef DOOR_SOURCES_H
#define DOOR_SOURCES_H

#include <stdbool.h>
#include <stddef.h>

#include "doors/rate.h"

#define DOOR_SOURCES_NEAR	4	/* places that one host may have */
#define DOOR_HOST_SIZE		64

struct door_source {
	char		 host[DOOR_HOST_SIZE];	/* "": a free place */
	struct door_rate rate;
};

struct door_sources {
	struct door_source	*all;
	size_t			 max;
	int64_t			 per_second, burst;	/* of each host */
	struct door_rate	 together;
};

/* together_*: for all hosts.  Returns 0 or -ENOMEM. */
int	door_sources_init(struct door_sources *s, size_t max,
	    int64_t per_second, int64_t burst, int64_t together_per_second,
	    int64_t together_burst, int64_t now);
void	door_sources_fini(struct door_sources *s);

/* May a datagram from this host be kept?  Then it is counted. */
bool	door_sources_take(struct door_sources *s, const char *host,
	    int64_t now);

#endif
