/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who has written over UDP lately: a table of fixed size.  There is no
 * connection that would end, so an entry ends with its time, with a datagram
 * `quit`, or when its place is needed: of those whom no operator has answered
 * the one that has been silent for longest goes first.  So senders of made up
 * addresses cannot push out whoever is being answered.
 */
#ifndef DESK_PEERS_H
#define DESK_PEERS_H

#include "desk/desk.h"

struct desk_peers {
	struct desk_peer *all;
	size_t n, max;
	int64_t life_ns;
};

/* max 0 knows nobody.  Returns 0 or -ENOMEM. */
int desk_peers_init(struct desk_peers *ps, size_t max, int64_t life_ns);
void desk_peers_fini(struct desk_peers *ps);

/* It has written now.  Returns its entry; NULL when there is no table. */
struct desk_peer *desk_peers_heard(struct desk_peers *ps, const char *addr,
    int64_t now_ns);

/* NULL when it is not known, or not any more. */
struct desk_peer *desk_peers_find(const struct desk_peers *ps, const char *addr,
    int64_t now_ns);

/* The only one that has written lately; NULL when nobody has, or when there are
 * several, and *several is true then.  One that was forgotten counts as well:
 * it may be the one who is meant. */
struct desk_peer *desk_peers_only(const struct desk_peers *ps, int64_t now_ns,
    bool *several);

/* It said quit, and is not known any more. */
void desk_peers_forget(struct desk_peers *ps, const char *addr);

bool desk_peer_is_known(const struct desk_peers *ps, const struct desk_peer *p,
    int64_t now_ns);

#endif
