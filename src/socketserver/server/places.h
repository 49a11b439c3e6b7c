/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many requests are live, in all and from each host.  Several servers may
 * count together; each of them holds a reference.
 */
#ifndef SKS_PLACES_H
#define SKS_PLACES_H

#include <stdatomic.h>

#include "base/lock.h"
#include "socketserver/net/addr.h"
#include "socketserver/socketserver.h"

struct sks_peer;

/* How many live requests each host has.  The caller locks. */
struct sks_peers {
	struct sks_peer **buckets;
	size_t nbuckets; /* 0 or a power of two */
	size_t n;
	uint64_t seed; /* so that no peer can choose its bucket */
};

void sks_peers_init(struct sks_peers *p);
void sks_peers_fini(struct sks_peers *p);

/* Counts one request more.  Returns 1 (counted), 0 (the host has max already),
 * or SKS_ENOMEM: not counted, and to be let in all the same. */
int sks_peers_enter(struct sks_peers *p, const struct sks_host_key *key,
    unsigned max);

/* Takes back what one enter counted. */
void sks_peers_leave(struct sks_peers *p, const struct sks_host_key *key);

struct sks_places {
	atomic_uint refs;

	struct dw_lock lock; /* "places" */
	unsigned live DW_GUARDED_BY(lock);
	struct sks_peers peers DW_GUARDED_BY(lock);
};

/* Returns one reference; NULL: out of memory. */
struct sks_places *sks_places_new(void);
struct sks_places *sks_places_ref(struct sks_places *p);
void sks_places_unref(struct sks_places *p);

int sks_places_full(struct sks_places *p, unsigned max_sessions);
unsigned sks_places_live(struct sks_places *p);

/*
 * Takes a place.  key is the host to be counted, or NULL.  Returns
 * SKS_OVER_NONE, or why there is no place.  *counted tells whether the host was
 * counted.
 */
enum sks_overload sks_places_enter(struct sks_places *p,
    const struct sks_server_config *cfg, const struct sks_host_key *key,
    int *counted);

/*
 * The request of this place turns out to be another host's.  from is the host
 * that was counted, to the one to be counted instead; each may be NULL.  Returns
 * 1; or 0: that host has max already, and none is counted.  *counted tells
 * whether one is.
 */
int sks_places_move(struct sks_places *p, const struct sks_host_key *from,
    const struct sks_host_key *to, unsigned max, int *counted);

/* Gives the place back; key is the host that was counted, or NULL. */
void sks_places_leave(struct sks_places *p, const struct sks_host_key *key);

#endif
