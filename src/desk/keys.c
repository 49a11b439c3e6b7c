/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The keys of a session's replies and notes: which of them are stored, and whose
 * they are.  The desk knows the last ones of sessions that have not ended; of all
 * others the journal does.
 */
#include "config.h"

#include <stdio.h>
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

/* Of notes and claims it is the person who counts: one sees at one's other
 * console what one does at this one. */
static void
note_who(struct desk_last *last, const struct ev_event *ev)
{
	if (strcmp(last->who, ev->who) != 0)
		last->other_who_seq = last->who_seq;
	snprintf(last->who, sizeof last->who, "%s", ev->who);
	last->who_seq = ev->seq;
}

void
desk_keys_note(const struct desk *d, struct desk_session *s,
    const struct ev_event *ev)
{
	if (ev->kind == EV_REPLY)
		note_last(&s->last, ev);
	else if (ev->kind == EV_NOTE || ev->kind == EV_CLAIM)
		note_who(&s->last, ev);
	else
		return;
	if (!ev_key_is_set(&ev->key) ||
	    !make_room(&s->keys, d->config->max_keys))
		return;
	s->keys.all[s->keys.n++] =
	    (struct desk_keyed){ ev->key, ev->n, ev->seq };
}

void
desk_keys_restore(const struct desk *d, struct desk_session *s)
{
	while (s->keys.n > 0 && s->keys.all[s->keys.n - 1].seq > d->stored_seq)
		s->keys.n--;
}

uint64_t
desk_keys_unseen(const struct desk_session *s, const struct ev_key *key,
    const char *who, uint64_t seen)
{
	const struct desk_last *l = &s->last;
	uint64_t reply = is_of(&l->key, key) ? l->other_seq : l->seq;
	uint64_t other =
	    strcmp(l->who, who) == 0 ? l->other_who_seq : l->who_seq;
	uint64_t seq = reply > other ? reply : other;

	/* Who says nothing about it is not asked. */
	return seen != 0 && seq > seen ? seq : 0;
}
