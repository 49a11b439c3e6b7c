/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mistakes about the keys of replies, what was seen, and retracted rounds. */
#include "config.h"

#include <string.h>

#include "desk/internal.h"
#include "plant.h"

/* ---- keys ---- */

/* The last reply whose key has these bytes in common with this one. */
static const struct desk_keyed *
alike(const struct desk_session *s, const struct ev_key *key, size_t from,
    size_t len)
{
	for (size_t i = s != NULL ? s->keys.n : 0; i-- > 0;)
		if (memcmp(s->keys.all[i].key.bytes + from, key->bytes + from,
			len) == 0)
			return &s->keys.all[i];
	return NULL;
}

WRAPS(desk_keys_find);
const struct desk_keyed *
__wrap_desk_keys_find(const struct desk_session *s, const struct ev_key *key)
{
	if (PLANTED(key_unknown))
		return NULL;
	if (PLANTED(key_of_its_console))
		return alike(s, key, 0, EV_KEY_CONSOLE);
	if (PLANTED(key_of_any_console))
		return alike(s, key, EV_KEY_CONSOLE,
		    EV_KEY_SIZE - EV_KEY_CONSOLE);
	return __real_desk_keys_find(s, key);
}

WRAPS(desk_keys_may_be_older);
bool
__wrap_desk_keys_may_be_older(const struct desk *d,
    const struct desk_session *s, uint64_t sid)
{
	if (s != NULL ? PLANTED(pushed_out_is_new) : PLANTED(ended_not_asked))
		return false;
	return __real_desk_keys_may_be_older(d, s, sid);
}

WRAPS(desk_keys_restore);
void
__wrap_desk_keys_restore(const struct desk *d, struct desk_session *s)
{
	if (!PLANTED(undone_key_known))
		__real_desk_keys_restore(d, s);
}

WRAPS(desk_decide_reply);
int
__wrap_desk_decide_reply(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	struct desk_request other = *rq;

	if (PLANTED(double_is_another) && rq->first_n != 0)
		other.first_n++;
	return __real_desk_decide_reply(d, &other, now);
}

/* ---- what was seen ---- */

static bool
is_last(const struct desk_session *s, const struct ev_key *key)
{
	return ev_key_is_of(&s->last.key, key);
}

WRAPS(desk_keys_unseen);
uint64_t
__wrap_desk_keys_unseen(const struct desk_session *s, const struct ev_key *key,
    const char *who, uint64_t seen)
{
	if (PLANTED(never_stale) ||
	    (PLANTED(hidden_behind_own) && is_last(s, key)) ||
	    (PLANTED(no_key_is_ones_own) && !ev_key_is_set(&s->last.key)))
		return 0;
	if (PLANTED(stale_by_own_claim) && s->last.who_seq > seen && seen != 0)
		return s->last.who_seq;
	if (PLANTED(stale_by_itself))
		return seen != 0 && s->last.seq > seen ? s->last.seq : 0;
	return __real_desk_keys_unseen(s, key, who, seen);
}

WRAPS(desk_round_restore);
void
__wrap_desk_round_restore(struct desk *d)
{
	for (size_t i = 0; PLANTED(undone_claim_stays) && i < d->nsaved; i++)
		memcpy(d->saved[i].facts.owner,
		    d->saved[i].session->facts.owner,
		    sizeof d->saved[i].facts.owner);
	for (size_t i = 0; PLANTED(undone_stays_last) && i < d->nsaved; i++)
		d->saved[i].last = d->saved[i].session->last;
	__real_desk_round_restore(d);
}

/* ---- retracted rounds ---- */

/* As if it had been so before the round. */
static void
keep(struct desk_saved_conn *saved)
{
	if (PLANTED(retracted_goodbye))
		saved->leaving = saved->conn->leaving;
	if (PLANTED(retracted_eof))
		saved->half_closed = saved->conn->half_closed;
	if (PLANTED(retracted_has_left))
		saved->session = saved->conn->session;
}

WRAPS(desk_retract);
void
__wrap_desk_retract(struct desk *d)
{
	for (size_t i = 0; i < d->nconns_saved; i++)
		keep(&d->conns_saved[i]);
	if (PLANTED(retracted_on_duty))
		d->nconsoles_saved = 0;
	__real_desk_retract(d);
	if (PLANTED(retracted_is_settled))
		while (dw_list_take(&d->noticed) != NULL)
			;
}
