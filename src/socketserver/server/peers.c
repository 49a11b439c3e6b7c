/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "socketserver/server/peers.h"

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
	return (size_t)h & (p->nbuckets - 1);
}

/* The link that points at the key's entry, or at the NULL that ends its
 * bucket. */
static struct sks_peer **
find(struct sks_peers *p, const struct sks_host_key *key)
{
	struct sks_peer **at = &p->buckets[bucket_of(p, key)];

	while (*at != NULL && memcmp(&(*at)->key, key, sizeof *key) != 0)
		at = &(*at)->next;
	return at;
}

/* Keeps the chains short.  Without memory they get longer, no more. */
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

	assert(peer != NULL);
	if (--peer->count > 0)
		return;
	*at = peer->next;
	free(peer);
	p->n--;
}
