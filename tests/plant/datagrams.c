/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mistakes of the desk over UDP, and of its table of peers. */
#include "config.h"

#include <string.h>

#include "desk/internal.h"
#include "plant.h"

WRAPS(desk_send_datagram);
void
__wrap_desk_send_datagram(const struct desk_round *r,
    const struct desk_effect *fx)
{
	struct desk_effect other = *fx;

	if (PLANTED(answer_to_another_sender))
		other.peer = &r->d->peers.all[0];
	__real_desk_send_datagram(r, &other);
}

WRAPS(desk_peer_heard);
void
__wrap_desk_peer_heard(const struct desk_round *r, const struct desk_effect *fx)
{
	static const unsigned char nowhere[DESK_ROUTE_SIZE];
	struct desk_effect other = *fx;

	if (PLANTED(way_back_lost))
		other.route = nowhere;
	__real_desk_peer_heard(r, &other);
}

WRAPS(desk_datagrams_restore);
void
__wrap_desk_datagrams_restore(struct desk *d)
{
	uint64_t unread = d->unread;
	size_t emitted = d->udp_sent_emitted;

	__real_desk_datagrams_restore(d);
	if (PLANTED(unstored_counted))
		d->unread = unread;
	if (PLANTED(left_answer_untold))
		d->udp_sent_emitted = emitted;
}

WRAPS(desk_datagrams_keep);
void
__wrap_desk_datagrams_keep(struct desk *d)
{
	if (PLANTED(left_answer_told_again))
		d->udp_sent_emitted = 0;
	__real_desk_datagrams_keep(d);
}

WRAPS(desk_tallies_tick);
void
__wrap_desk_tallies_tick(const struct desk_round *r)
{
	if (!PLANTED(drops_untold))
		__real_desk_tallies_tick(r);
}

/* ---- the table ---- */

static bool
is_recent(const struct desk_peers *ps, const struct desk_peer *p, int64_t now)
{
	return now - p->heard_ns < ps->life_ns;
}

/* The only one that is recent and fits; NULL for none or several. */
static struct desk_peer *
only_one(const struct desk_peers *ps, bool quit, int64_t now)
{
	struct desk_peer *only = NULL;

	for (size_t i = 0; i < ps->n; i++) {
		if (ps->all[i].quit != quit || !is_recent(ps, &ps->all[i], now))
			continue;
		if (only != NULL)
			return NULL;
		only = &ps->all[i];
	}
	return only;
}

WRAPS(desk_peers_only);
struct desk_peer *
__wrap_desk_peers_only(const struct desk_peers *ps, int64_t now_ns,
    bool *several)
{
	struct desk_peer *only = __real_desk_peers_only(ps, now_ns, several);

	if (PLANTED(who_has_left_is_answered) && only == NULL && !*several)
		only = only_one(ps, true, now_ns);
	if (PLANTED(another_is_answered) && *several &&
	    (only = only_one(ps, false, now_ns)) != NULL)
		*several = false;
	return only;
}

WRAPS(desk_peers_find);
struct desk_peer *
__wrap_desk_peers_find(const struct desk_peers *ps, const char *addr,
    int64_t now_ns)
{
	for (size_t i = 0; PLANTED(peer_for_ever) && i < ps->n; i++)
		if (strcmp(ps->all[i].addr, addr) == 0)
			return &ps->all[i];
	return __real_desk_peers_find(ps, addr, now_ns);
}

WRAPS(desk_peers_heard);
struct desk_peer *
__wrap_desk_peers_heard(struct desk_peers *ps, const char *addr, int64_t now_ns)
{
	for (size_t i = 0; PLANTED(stranger_pushes_out) && i < ps->n; i++)
		ps->all[i].answered = false;
	return __real_desk_peers_heard(ps, addr, now_ns);
}

WRAPS(desk_peers_forget);
void
__wrap_desk_peers_forget(struct desk_peers *ps, const char *addr)
{
	if (!PLANTED(quit_forgotten))
		__real_desk_peers_forget(ps, addr);
}
