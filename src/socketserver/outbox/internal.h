/* SPDX-License-Identifier: BSD-2-Clause */
/* What the outbox, the postman and the poller know of each other. */
#ifndef SKS_OUTBOX_INTERNAL_H
#define SKS_OUTBOX_INTERNAL_H

#include <stdatomic.h>

#include "base/list.h"
#include "base/lock.h"
#include "base/wake.h"
#include "socketserver/net/buf.h"
#include "socketserver/socketserver.h"

/*
 * Invariants
 * - The socket's descriptor is used only under `lock` and while !closed.
 *   sks_outbox_close() sets closed under the lock, after which the owner may
 *   close the descriptor: nobody can meet its number again.
 * - `kept` is what the kernel has not taken; `sent` counts everything before
 *   it; the peer's kernel has acknowledged `taken` of that, when it was asked
 *   last.  While kept is not empty nobody sends but the postman, so the order of
 *   bytes is the order of puts.
 * - armed: the postman has been asked, once, to say when the socket takes
 *   more.  Armed under the lock and only if kept is not empty; whoever sends
 *   next disarms first.  kept not empty and neither dead nor closed implies
 *   armed, so no wake-up can be lost.
 *   armed implies neither dead nor closed.
 * - dead: the connection cannot send any more (peer gone, cut).  kept is
 *   empty then.
 * - stall_ns is the moment at which the postman calls it a stall, SKS_NEVER
 *   while nothing is kept.  It is written under the lock; the postman's scan
 *   reads it without.
 * - No lock is taken while another is held: the postman hears of a stall time
 *   or of a retirement only after the unlock.  The reference that the postman's
 *   list holds keeps the memory until then.
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
	struct sks_buf kept DW_GUARDED_BY(lock);
	uint64_t sent DW_GUARDED_BY(lock);
	uint64_t taken DW_GUARDED_BY(lock); /* by the peer's kernel */
	int armed DW_GUARDED_BY(lock);
	int known DW_GUARDED_BY(lock); /* to the poller */
	int ended DW_GUARDED_BY(lock);
	int dead DW_GUARDED_BY(lock);
	int closed DW_GUARDED_BY(lock);
	_Atomic int64_t stall_ns;

	/* These are the postman's, under its lock. */
	struct dw_list node; /* in `ring` or in `retired` */
	struct dw_list due;  /* in the list of a scan */
	int retired;
#ifndef HAVE_EPOLL
	atomic_int watched; /* to be polled */
#endif
};

#define SKS_OUTBOX_MAGIC 0x6f757462u

/* Sends what the socket takes now that it is ready.  Returns what became of the
 * outbox, or -1 when there is nothing to tell. */
int sks_outbox_ready(struct sks_outbox *ob);

/* Has its stall time come?  Says 1 once for each stall, else 0. */
int sks_outbox_stalled(struct sks_outbox *ob, int64_t now_ns);

/*
 * The postman's side.  join: it takes a reference.  arm: asks once for
 * sks_outbox_ready(); 0 or SKS_E*.  expect: a stall clock was started.
 * retire: the outbox is closed; waits for a notify that is running, and gives
 * the reference back once no event on its way can name the outbox.
 */
void sks_postman_join(struct sks_postman *pm, struct sks_outbox *ob);
int sks_postman_arm(struct sks_postman *pm, struct sks_outbox *ob)
    DW_REQUIRES(ob->lock);
void sks_postman_disarm(struct sks_postman *pm, struct sks_outbox *ob)
    DW_REQUIRES(ob->lock);
void sks_postman_expect(struct sks_postman *pm, int64_t stall_ns);
void sks_postman_retire(struct sks_postman *pm, struct sks_outbox *ob,
    int known);

/*
 * Waits for many sockets to take more: with epoll where there is one, otherwise
 * with poll over the list of outboxes.
 */
struct sks_poller {
	int epfd; /* -1 without epoll */
	struct dw_wake wake;
	struct dw_lock *lock; /* guards the ring */
	struct dw_list *ring; /* of outboxes, by node */
};

#define SKS_POLLER_BATCH 64

/* Returns 0 or -errno. */
int sks_poller_init(struct sks_poller *p, struct dw_lock *lock,
    struct dw_list *ring);
void sks_poller_fini(struct sks_poller *p);
int sks_poller_arm(struct sks_poller *p, struct sks_outbox *ob)
    DW_REQUIRES(ob->lock);
void sks_poller_disarm(struct sks_poller *p, struct sks_outbox *ob)
    DW_REQUIRES(ob->lock);

/* Waits for ready outboxes, a ring of the wake, or the deadline.  Returns how
 * many of out[] are filled. */
int sks_poller_wait(struct sks_poller *p, int64_t deadline_ns,
    struct sks_outbox *out[SKS_POLLER_BATCH]);

#endif
