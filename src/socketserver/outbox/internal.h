/* SPDX-License-Identifier: BSD-2-Clause */
/* What the outbox and the postman know of each other. */
#ifndef SKS_OUTBOX_H
#define SKS_OUTBOX_H

#include <stdatomic.h>

#include "base/list.h"
#include "base/lock.h"
#include "socketserver/socketserver.h"

/*
 * Invariants
 * - The socket's descriptor is used only under `lock` and while !closed.
 *   sks_outbox_close() sets closed under the lock, after which the owner may
 *   close the descriptor: nobody can meet its number again.
 * - kept[start, end) is what the kernel has not taken; everything before it
 *   is in `sent`.  While kept is not empty nobody sends but the postman, so
 *   the order of bytes is the order of puts.
 * - armed: the postman has been asked, once, to say when the socket takes
 *   more.  Armed under the lock and only if kept is not empty; whoever sends
 *   next disarms first.  kept not empty and neither dead nor closed implies
 *   armed, so no wake-up can be lost.
 *   armed implies neither dead nor closed.
 * - dead: the connection cannot send any more (peer gone, cut).  kept is
 *   empty then.
 * - stall_ns is the moment at which the postman calls it a stall, SKS_NEVER
 *   while nothing is kept.  Written under the lock, read by the postman's
 *   scan without it.
 * - No lock is taken while another is held: what must be said to the postman
 *   (stall time, retirement) is said after the unlock.  The reference that
 *   the postman's list holds keeps the memory until then.
 */
struct sks_outbox {
	unsigned magic;
	atomic_uint refs;
	struct sks_socket *sock;
	size_t max_bytes;
	int64_t stall_timeout_ns;
	struct sks_postman *postman;
	void (*notify)(void *arg, enum sks_outbox_event event);
	void *arg;

	struct dw_lock lock; /* "outbox" */
	char *kept DW_GUARDED_BY(lock);
	size_t start DW_GUARDED_BY(lock);
	size_t end DW_GUARDED_BY(lock);
	size_t cap DW_GUARDED_BY(lock);
	uint64_t sent DW_GUARDED_BY(lock);
	int armed DW_GUARDED_BY(lock);
	int known DW_GUARDED_BY(lock); /* in the epoll set */
	int ended DW_GUARDED_BY(lock);
	int dead DW_GUARDED_BY(lock);
	int closed DW_GUARDED_BY(lock);
	_Atomic int64_t stall_ns;

	/* The postman's, under its lock. */
	struct dw_list node; /* of all, or of those retired */
	struct dw_list due;  /* of those that a scan found */
	int retired;
#ifndef HAVE_EPOLL
	atomic_int watched; /* to be polled */
#endif
};

#define SKS_OUTBOX_MAGIC 0x6f757462u

/* What became of the outbox when its socket was ready; or nothing, -1. */
int sks_outbox_ready(struct sks_outbox *ob);

/* Its stall time has come: 1 if it is a stall (told once), else 0. */
int sks_outbox_stalled(struct sks_outbox *ob, int64_t now_ns);

/*
 * The postman's side.  join: it takes a reference.  arm: asks once for
 * sks_outbox_ready(); 0 or SKS_E*.  expect: a stall clock was started.
 * retire: the outbox is closed; waits for a notify that is running, and gives
 * the reference back once nothing on the way can name the outbox.
 */
void sks_postman_join(struct sks_postman *pm, struct sks_outbox *ob);
int sks_postman_arm(struct sks_postman *pm, struct sks_outbox *ob)
    DW_REQUIRES(ob -> lock);
void sks_postman_disarm(struct sks_postman *pm, struct sks_outbox *ob)
    DW_REQUIRES(ob -> lock);
void sks_postman_expect(struct sks_postman *pm, int64_t stall_ns);
void sks_postman_retire(struct sks_postman *pm, struct sks_outbox *ob,
    int known);

#endif
