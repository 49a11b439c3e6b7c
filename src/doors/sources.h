/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How fast each host may send datagrams, and all of them together.  What a
 * host is, the library says: an IPv4 address, or the first 64 bits of an IPv6
 * one.  A table of fixed size: a sender's address may be made up, so a flood
 * can push buckets out of it, but never past the rate that holds for all.
 * Pure; one thread.
 */
#ifndef DOOR_SOURCES_H
#define DOOR_SOURCES_H

#include <stdbool.h>
#include <stddef.h>

#include "doors/rate.h"
#include "socketserver/addr.h"

#define DOOR_SOURCES_NEAR 4 /* places that one host may have */

struct door_source {
	struct sks_host_key host;
	struct door_rate rate;
	bool used; /* not: a free place */
};

struct door_sources {
	struct door_source *all;
	size_t max;
	int64_t per_second, burst; /* of each host */
	struct door_rate together;
};

/* together_*: for all hosts.  Returns 0 or -ENOMEM. */
int door_sources_init(struct door_sources *s, size_t max, int64_t per_second,
    int64_t burst, int64_t together_per_second, int64_t together_burst,
    int64_t now);
void door_sources_fini(struct door_sources *s);

/* May a datagram from there be kept?  Then it is counted. */
bool door_sources_take(struct door_sources *s, const struct sks_addr *from,
    int64_t now);

#endif
