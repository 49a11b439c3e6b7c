/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How fast each host may send datagrams, and all of them together.  What a
 * host is, the library says: an IPv4 address, or the first 64 bits of an IPv6
 * one.  A table of fixed size: a sender's address may be made up, so a flood
 * can push buckets out of it, but never past the rate that holds for all.
 * Pure; one thread.
 */
#ifndef SVC_SOURCES_H
#define SVC_SOURCES_H

#include <stdbool.h>
#include <stddef.h>

#include "service/rate.h"
#include "socketserver/net/addr.h"

#define SVC_SOURCES_NEAR 4 /* places that one host may have */

struct svc_source {
	struct sks_host_key host;
	struct svc_rate rate;
	bool used; /* not: a free place */
};

struct svc_sources {
	struct svc_source *all;
	size_t max;
	int64_t per_second, burst; /* of each host */
	struct svc_rate together;
};

/* together_*: for all hosts.  Returns 0 or -ENOMEM. */
int svc_sources_init(struct svc_sources *s, size_t max, int64_t per_second,
    int64_t burst, int64_t together_per_second, int64_t together_burst,
    int64_t now);
void svc_sources_fini(struct svc_sources *s);

/* May a datagram from there be kept?  Then it is counted. */
bool svc_sources_take(struct svc_sources *s, const struct sks_addr *from,
    int64_t now);

#endif
