/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>

#include "socketserver/server/places.h"

struct sks_places *
sks_places_new(void) DW_NO_TSA
{
	struct sks_places *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	atomic_init(&p->refs, 1);
	dw_lock_init(&p->lock, DW_LOCK_places);
	sks_peers_init(&p->peers);
	return p;
}

struct sks_places *
sks_places_ref(struct sks_places *p)
{
	atomic_fetch_add(&p->refs, 1);
	return p;
}

void
sks_places_unref(struct sks_places *p) DW_NO_TSA
{
	if (p == NULL || atomic_fetch_sub(&p->refs, 1) != 1)
		return;
	sks_peers_fini(&p->peers);
	dw_lock_fini(&p->lock);
	free(p);
}

static int
full_locked(const struct sks_places *p, unsigned max_sessions)
    DW_REQUIRES(p -> lock)
{
	return max_sessions > 0 && p->live >= max_sessions;
}

int
sks_places_full(struct sks_places *p, unsigned max_sessions)
{
	int full;

	dw_lock(&p->lock);
	full = full_locked(p, max_sessions);
	dw_unlock(&p->lock);
	return full;
}

static enum sks_overload
enter_locked(struct sks_places *p, const struct sks_server_config *cfg,
    const struct sks_host_key *key, int *counted) DW_REQUIRES(p -> lock)
{
	int r;

	*counted = 0;
	if (full_locked(p, cfg->max_sessions))
		return SKS_OVER_SESSIONS;
	if (key != NULL) {
		r = sks_peers_enter(&p->peers, key, cfg->max_per_addr);
		if (r == 0)
			return SKS_OVER_ADDRESS;
		*counted = r > 0;
	}
	p->live++;
	return SKS_OVER_NONE;
}

enum sks_overload
sks_places_enter(struct sks_places *p, const struct sks_server_config *cfg,
    const struct sks_host_key *key, int *counted)
{
	enum sks_overload why;

	dw_lock(&p->lock);
	why = enter_locked(p, cfg, key, counted);
	dw_unlock(&p->lock);
	return why;
}

void
sks_places_leave(struct sks_places *p, const struct sks_host_key *key)
{
	dw_lock(&p->lock);
	p->live--;
	if (key != NULL)
		sks_peers_leave(&p->peers, key);
	dw_unlock(&p->lock);
}
