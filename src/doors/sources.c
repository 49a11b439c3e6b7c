/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doors/sources.h"

int
door_sources_init(struct door_sources *s, size_t max, int64_t per_second,
    int64_t burst, int64_t together_per_second, int64_t together_burst,
    int64_t now)
{
	s->max = max > DOOR_SOURCES_NEAR ? max : DOOR_SOURCES_NEAR;
	s->per_second = per_second;
	s->burst = burst;
	door_rate_init(&s->together, together_per_second, together_burst, now);
	s->all = calloc(s->max, sizeof *s->all);
	return s->all != NULL ? 0 : -ENOMEM;
}

void
door_sources_fini(struct door_sources *s)
{
	free(s->all);
	s->all = NULL;
}

/* The first of the places that this host may have: FNV-1a. */
static struct door_source *
places_of(const struct door_sources *s, const char *host)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *host != '\0'; host++)
		h = (h ^ (unsigned char)*host) * UINT64_C(1099511628211);
	return &s->all[h % (s->max - DOOR_SOURCES_NEAR + 1)];
}

/* Its bucket; a new one is full, and takes the place that was not used for
 * longest. */
static struct door_rate *
bucket_of(struct door_sources *s, const char *host, int64_t now)
{
	struct door_source *near = places_of(s, host), *oldest = near;

	for (int i = 0; i < DOOR_SOURCES_NEAR; i++) {
		if (strcmp(near[i].host, host) == 0)
			return &near[i].rate;
		if (near[i].host[0] == '\0' || (oldest->host[0] != '\0' &&
		    near[i].rate.counted_ns < oldest->rate.counted_ns))
			oldest = &near[i];
	}
	snprintf(oldest->host, sizeof oldest->host, "%s", host);
	door_rate_init(&oldest->rate, s->per_second, s->burst, now);
	return &oldest->rate;
}

bool
door_sources_take(struct door_sources *s, const char *host, int64_t now)
{
	/* One host that floods takes nothing from the others. */
	return door_rate_take(bucket_of(s, host, now), now) == 0 &&
	    door_rate_take(&s->together, now) == 0;
}
