/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How fast each host sends datagrams, in a table of fixed size.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "service/sources.h"

int
svc_sources_init(struct svc_sources *s, size_t max, int64_t per_second,
    int64_t burst, int64_t together_per_second, int64_t together_burst,
    int64_t now)
{
	s->max = max > SVC_SOURCES_NEAR ? max : SVC_SOURCES_NEAR;
	s->per_second = per_second;
	s->burst = burst;
	svc_rate_init(&s->together, together_per_second, together_burst, now);
	s->all = calloc(s->max, sizeof *s->all);
	return s->all != NULL ? 0 : -ENOMEM;
}

void
svc_sources_fini(struct svc_sources *s)
{
	free(s->all);
	s->all = NULL;
}

/* The first of the places that this host may have: FNV-1a. */
static struct svc_source *
places_of(const struct svc_sources *s, const struct sks_host_key *host)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < sizeof host->bytes; i++)
		h = (h ^ host->bytes[i]) * UINT64_C(1099511628211);
	return &s->all[h % (s->max - SVC_SOURCES_NEAR + 1)];
}

/* Its bucket; a new one is full, and takes the place that was not used for
 * longest. */
static struct svc_rate *
bucket_of(struct svc_sources *s, const struct sks_host_key *host, int64_t now)
{
	struct svc_source *near = places_of(s, host), *oldest = near;

	for (int i = 0; i < SVC_SOURCES_NEAR; i++) {
		if (near[i].used &&
		    memcmp(&near[i].host, host, sizeof *host) == 0)
			return &near[i].rate;
		if (!near[i].used ||
		    (oldest->used &&
			near[i].rate.counted_ns < oldest->rate.counted_ns))
			oldest = &near[i];
	}
	oldest->used = true;
	oldest->host = *host;
	svc_rate_init(&oldest->rate, s->per_second, s->burst, now);
	return &oldest->rate;
}

bool
svc_sources_take(struct svc_sources *s, const struct sks_addr *from,
    int64_t now)
{
	struct sks_host_key host;

	sks_addr_host_key(from, &host);
	/* One host that floods takes nothing from the others. */
	return svc_rate_take(bucket_of(s, &host, now), now) == 0 &&
	    svc_rate_take(&s->together, now) == 0;
}
