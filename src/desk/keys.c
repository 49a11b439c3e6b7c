/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The keys of a session's replies: which of them are stored, and whose they
 * are.  The desk knows the last ones of sessions that have not ended; of all
 * others the journal does.
 */
#include "config.h"

#include <string.h>

#include "desk/internal.h"

const struct desk_keyed *
desk_keys_find(const struct desk_session *s, const struct ev_key *key)
{
	if (s == NULL || !ev_key_is_set(key))
		return NULL;
	for (size_t i = s->keys.n; i-- > 0;)
		if (ev_key_is(&s->keys.all[i].key, key))
			return &s->keys.all[i];
	return NULL;
}

bool
desk_keys_may_be_older(const struct desk *d, const struct desk_session *s,
    uint64_t sid)
{
	return s != NULL ? s->keys.forgot : sid != 0 && sid <= d->sid;
}

/* Is one reply of the same console as another?  One without a key is of
 * nobody's. */
static bool
is_of(const struct ev_key *a, const struct ev_key *b)
{
	return ev_key_is_set(a) && ev_key_is_set(b) && ev_key_is_of(a, b);
}

static void
note_last(struct desk_last *last, const struct ev_event *ev)
{
	if (!is_of(&last->key, &ev->key))
		last->other_seq = last->seq;
	last->key = ev->key;
	last->seq = ev->seq;
}

/* Room for one more; false: there is none. */
static bool
make_room(struct desk_keys *keys, size_t max)
{
	if (keys->n < max &&
	    desk_grow(&keys->all, &keys->cap, keys->n + 1, sizeof *keys->all) ==
		0)
		return true;
	keys->forgot = true;
	if (keys->n == 0)
		return false;
	keys->n--;
	memmove(keys->all, keys->all + 1, keys->n * sizeof *keys->all);
	return true;
}

void
desk_keys_note(const struct desk *d, struct desk_session *s,
    const struct ev_event *ev)
{
	note_last(&s->last, ev);
	if (!ev_key_is_set(&ev->key) ||
	    !make_room(&s->keys, d->config->max_keys))
		return;
	s->keys.all[s->keys.n++] =
	    (struct desk_keyed){ ev->key, ev->n, ev->seq };
}

void
desk_keys_restore(struct desk_session *s)
{
	while (s->keys.n > 0 && s->keys.all[s->keys.n - 1].n > s->facts.out)
		s->keys.n--;
}

uint64_t
desk_keys_unseen(const struct desk_session *s, const struct ev_key *key,
    uint64_t seen)
{
	uint64_t seq =
	    is_of(&s->last.key, key) ? s->last.other_seq : s->last.seq;

	/* Who says nothing about it is not asked. */
	return seen != 0 && seq > seen ? seq : 0;
}
