/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finds a session by its number without a look at any other: a table of pairs,
 * at most half full, each as near as possible behind the place that its number
 * is scattered to.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "desk/internal.h"

#define SIDS_MIN 64

struct desk_sid {
	uint64_t sid;
	struct desk_session *session; /* NULL: free */
};

/* Old sessions and new ones would lie in one another's way otherwise. */
static size_t
home(const struct desk_sids *t, uint64_t sid)
{
	return (size_t)(sid * UINT64_C(0x9e3779b97f4a7c15) >> 32) &
	    (t->size - 1);
}

static size_t
behind(const struct desk_sids *t, size_t i)
{
	return (i + 1) & (t->size - 1);
}

/* Where it is, or would be. */
static size_t
place(const struct desk_sids *t, uint64_t sid)
{
	size_t i = home(t, sid);

	while (t->all[i].session != NULL && t->all[i].sid != sid)
		i = behind(t, i);
	return i;
}

static int
resize(struct desk_sids *t, size_t size)
{
	struct desk_sids old = *t;

	if ((t->all = calloc(size, sizeof *t->all)) == NULL) {
		*t = old;
		return -ENOMEM;
	}
	t->size = size;
	for (size_t i = 0; i < old.size; i++)
		if (old.all[i].session != NULL)
			t->all[place(t, old.all[i].sid)] = old.all[i];
	free(old.all);
	return 0;
}

int
desk_sids_add(struct desk_sids *t, uint64_t sid, struct desk_session *s)
{
	size_t i;

	if (2 * (t->n + 1) > t->size &&
	    resize(t, t->size != 0 ? 2 * t->size : SIDS_MIN) < 0)
		return -ENOMEM;
	i = place(t, sid);
	assert(t->all[i].session == NULL);
	t->all[i] = (struct desk_sid){ sid, s };
	t->n++;
	return 0;
}

struct desk_session *
desk_sids_find(const struct desk_sids *t, uint64_t sid)
{
	return t->size != 0 ? t->all[place(t, sid)].session : NULL;
}

/* May what lies at i lie at `hole`, which is before it? */
static bool
may_move(const struct desk_sids *t, size_t i, size_t hole)
{
	size_t from_home = (i - home(t, t->all[i].sid)) & (t->size - 1);

	return from_home >= ((i - hole) & (t->size - 1));
}

void
desk_sids_del(struct desk_sids *t, uint64_t sid)
{
	size_t hole = place(t, sid);

	assert(t->all[hole].session != NULL);
	t->n--;
	for (size_t i = behind(t, hole); t->all[i].session != NULL;
	    i = behind(t, i)) {
		if (!may_move(t, i, hole))
			continue;
		t->all[hole] = t->all[i];
		hole = i;
	}
	t->all[hole].session = NULL;
}

void
desk_sids_fini(struct desk_sids *t)
{
	free(t->all);
}
