/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of who has written over UDP lately.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk/peers.h"

int
desk_peers_init(struct desk_peers *ps, size_t max, int64_t life_ns)
{
	ps->all = NULL;
	ps->n = 0;
	ps->max = max;
	ps->life_ns = life_ns;
	if (max > 0 && (ps->all = calloc(max, sizeof *ps->all)) == NULL)
		return -ENOMEM;
	return 0;
}

void
desk_peers_fini(struct desk_peers *ps)
{
	free(ps->all);
	ps->all = NULL;
	ps->n = ps->max = 0;
}

static bool
is_recent(const struct desk_peers *ps, const struct desk_peer *p,
    int64_t now_ns)
{
	return now_ns - p->heard_ns < ps->life_ns;
}

bool
desk_peer_is_known(const struct desk_peers *ps, const struct desk_peer *p,
    int64_t now_ns)
{
	return !p->quit && is_recent(ps, p, now_ns);
}

static struct desk_peer *
entry_of(const struct desk_peers *ps, const char *addr)
{
	for (size_t i = 0; i < ps->n; i++)
		if (strcmp(ps->all[i].addr, addr) == 0)
			return &ps->all[i];
	return NULL;
}

struct desk_peer *
desk_peers_find(const struct desk_peers *ps, const char *addr, int64_t now_ns)
{
	struct desk_peer *p = entry_of(ps, addr);

	return p != NULL && desk_peer_is_known(ps, p, now_ns) ? p : NULL;
}

struct desk_peer *
desk_peers_only(const struct desk_peers *ps, int64_t now_ns, bool *several)
{
	struct desk_peer *only = NULL;

	*several = false;
	for (size_t i = 0; i < ps->n; i++) {
		if (!is_recent(ps, &ps->all[i], now_ns))
			continue;
		if (only != NULL) {
			*several = true;
			return NULL;
		}
		only = &ps->all[i];
	}
	return only != NULL && !only->quit ? only : NULL;
}

/* Does a go before b when a place is needed? */
static bool
goes_first(const struct desk_peers *ps, const struct desk_peer *a,
    const struct desk_peer *b, int64_t now_ns)
{
	bool keep_a = a->answered && desk_peer_is_known(ps, a, now_ns);
	bool keep_b = b->answered && desk_peer_is_known(ps, b, now_ns);

	return keep_a != keep_b ? keep_b : a->heard_ns < b->heard_ns;
}

static struct desk_peer *
place_for_one(struct desk_peers *ps, int64_t now_ns)
{
	struct desk_peer *first = ps->all;

	assert(ps->n <= ps->max);
	if (ps->n < ps->max)
		return &ps->all[ps->n++];
	for (size_t i = 1; i < ps->n; i++)
		if (goes_first(ps, &ps->all[i], first, now_ns))
			first = &ps->all[i];
	return first;
}

struct desk_peer *
desk_peers_heard(struct desk_peers *ps, const char *addr, int64_t now_ns)
{
	struct desk_peer *p = entry_of(ps, addr);

	if (ps->max == 0)
		return NULL;
	if (p != NULL && !desk_peer_is_known(ps, p, now_ns))
		p->answered = false;
	if (p == NULL) {
		p = place_for_one(ps, now_ns);
		memset(p, 0, sizeof *p);
		snprintf(p->addr, sizeof p->addr, "%s", addr);
	}
	p->quit = false;
	p->heard_ns = now_ns;
	return p;
}

void
desk_peers_forget(struct desk_peers *ps, const char *addr)
{
	struct desk_peer *p = entry_of(ps, addr);

	if (p != NULL)
		p->quit = true;
}
