/* SPDX-License-Identifier: BSD-2-Clause */
/* This file counts the live requests, in all and from each host. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "socketserver/server/places.h"

#define FIRST_BUCKETS 64

struct sks_peer {
	struct sks_peer *next;
	struct sks_host_key key;
	unsigned count; /* never 0 */
};

void
sks_peers_init(struct sks_peers *p)
{
	memset(p, 0, sizeof *p);
	p->seed = (uint64_t)dw_clock_ns() ^ (uint64_t)(uintptr_t)p;
}

void
sks_peers_fini(struct sks_peers *p)
{
	assert(p->n == 0);
	free(p->buckets);
}

static size_t
bucket_of(const struct sks_peers *p, const struct sks_host_key *key)
{
	uint64_t h = p->seed, word;

	for (size_t i = 0; i < sizeof key->bytes; i += sizeof word) {
		memcpy(&word, key->bytes + i, sizeof word);
		h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	assert((p->nbuckets & (p->nbuckets - 1)) == 0);
	return (size_t)h & (p->nbuckets - 1);
}

/* Returns the link that points at the key's entry, or at the NULL that ends the
 * key's bucket. */
static struct sks_peer **
find(struct sks_peers *p, const struct sks_host_key *key)
{
	struct sks_peer **at = &p->buckets[bucket_of(p, key)];

	while (*at != NULL && memcmp(&(*at)->key, key, sizeof *key) != 0)
		at = &(*at)->next;
	return at;
}

/* Keeps the chains of the buckets short.  Without memory they get longer, but
 * the counts stay right. */
static int
grow(struct sks_peers *p)
{
	struct sks_peers bigger = *p;

	if (p->n < p->nbuckets)
		return 0;
	bigger.nbuckets = p->nbuckets == 0 ? FIRST_BUCKETS : p->nbuckets * 2;
	bigger.buckets = calloc(bigger.nbuckets, sizeof bigger.buckets[0]);
	if (bigger.buckets == NULL)
		return p->nbuckets == 0 ? SKS_ENOMEM : 0;
	for (size_t i = 0; i < p->nbuckets; i++)
		while (p->buckets[i] != NULL) {
			struct sks_peer *peer = p->buckets[i];

			p->buckets[i] = peer->next;
			peer->next = NULL;
			*find(&bigger, &peer->key) = peer;
		}
	free(p->buckets);
	*p = bigger;
	return 0;
}

int
sks_peers_enter(struct sks_peers *p, const struct sks_host_key *key,
    unsigned max)
{
	struct sks_peer **at;

	if (grow(p) < 0)
		return SKS_ENOMEM;
	at = find(p, key);
	if (*at != NULL)
		return (*at)->count < max ? (*at)->count++, 1 : 0;
	if ((*at = calloc(1, sizeof **at)) == NULL)
		return SKS_ENOMEM;
	(*at)->key = *key;
	(*at)->count = 1;
	p->n++;
	return 1;
}

void
sks_peers_leave(struct sks_peers *p, const struct sks_host_key *key)
{
	struct sks_peer **at = find(p, key), *peer = *at;

	assert(peer != NULL && peer->count > 0);
	if (--peer->count > 0)
		return;
	*at = peer->next;
	free(peer);
	p->n--;
}

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
	assert(p->live == 0);
	sks_peers_fini(&p->peers);
	dw_lock_fini(&p->lock);
	free(p);
}

static int
full_locked(const struct sks_places *p, unsigned max_sessions)
    DW_REQUIRES(p->lock)
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

unsigned
sks_places_live(struct sks_places *p)
{
	unsigned live;

	dw_lock(&p->lock);
	live = p->live;
	dw_unlock(&p->lock);
	return live;
}

static enum sks_overload
enter_locked(struct sks_places *p, const struct sks_server_config *cfg,
    const struct sks_host_key *key, int *counted) DW_REQUIRES(p->lock)
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

static int
move_locked(struct sks_places *p, const struct sks_host_key *from,
    const struct sks_host_key *to, unsigned max, int *counted)
    DW_REQUIRES(p->lock)
{
	int r;

	if (from != NULL && to != NULL && memcmp(from, to, sizeof *from) == 0)
		return 1;
	if (from != NULL)
		sks_peers_leave(&p->peers, from);
	*counted = 0;
	if (to == NULL)
		return 1;
	r = sks_peers_enter(&p->peers, to, max);
	*counted = r > 0;
	return r != 0;
}

int
sks_places_move(struct sks_places *p, const struct sks_host_key *from,
    const struct sks_host_key *to, unsigned max, int *counted)
{
	int r;

	dw_lock(&p->lock);
	r = move_locked(p, from, to, max, counted);
	dw_unlock(&p->lock);
	return r;
}

void
sks_places_leave(struct sks_places *p, const struct sks_host_key *key)
{
	dw_lock(&p->lock);
	assert(p->live > 0);
	p->live--;
	if (key != NULL)
		sks_peers_leave(&p->peers, key);
	dw_unlock(&p->lock);
}
