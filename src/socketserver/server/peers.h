/* SPDX-License-Identifier: BSD-2-Clause */
/* How many live requests each host has.  The caller locks. */
#ifndef SKS_PEERS_H
#define SKS_PEERS_H

#include <stddef.h>

#include "socketserver/net/addr.h"

struct sks_peer;

struct sks_peers {
	struct sks_peer **buckets;
	size_t nbuckets; /* 0 or a power of two */
	size_t n;
	uint64_t seed; /* so that nobody can aim at a bucket */
};

void sks_peers_init(struct sks_peers *p);
void sks_peers_fini(struct sks_peers *p);

/* One more.  Returns 1 (counted), 0 (it has max already), or SKS_ENOMEM: not
 * counted, to be let in all the same. */
int sks_peers_enter(struct sks_peers *p, const struct sks_host_key *key,
    unsigned max);

/* One less of what enter counted. */
void sks_peers_leave(struct sks_peers *p, const struct sks_host_key *key);

#endif
