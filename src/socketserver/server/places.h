/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many requests are live, in all and from each host.  Several servers may
 * count together; each holds a reference.
 */
#ifndef SKS_PLACES_H
#define SKS_PLACES_H

#include <stdatomic.h>

#include "base/lock.h"
#include "socketserver/server/peers.h"
#include "socketserver/socketserver.h"

struct sks_places {
	atomic_uint refs;

	struct dw_lock lock; /* "places" */
	unsigned live DW_GUARDED_BY(lock);
	struct sks_peers peers DW_GUARDED_BY(lock);
};

/* One reference; NULL: no memory. */
struct sks_places *sks_places_new(void);
struct sks_places *sks_places_ref(struct sks_places *p);
void sks_places_unref(struct sks_places *p);

int sks_places_full(struct sks_places *p, unsigned max_sessions);

/*
 * Takes a place.  key is the host that counts, or NULL.  Returns
 * SKS_OVER_NONE, or why there is none.  *counted tells whether the host was.
 */
enum sks_overload sks_places_enter(struct sks_places *p,
    const struct sks_server_config *cfg, const struct sks_host_key *key,
    int *counted);

/* Gives it back; key as it was counted, or NULL. */
void sks_places_leave(struct sks_places *p, const struct sks_host_key *key);

#endif
