/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting for many sockets to take more: epoll where there is one, otherwise
 * poll over the list of outboxes.
 */
#ifndef SKS_POLLER_H
#define SKS_POLLER_H

#include "base/list.h"
#include "base/lock.h"
#include "base/wake.h"
#include "socketserver/outbox/internal.h"

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
    DW_REQUIRES(ob -> lock);
void sks_poller_disarm(struct sks_poller *p, struct sks_outbox *ob)
    DW_REQUIRES(ob -> lock);

/* Waits for ready outboxes, a ring of the wake, or the deadline.  Returns how
 * many of out[] are filled. */
int sks_poller_wait(struct sks_poller *p, int64_t deadline_ns,
    struct sks_outbox *out[SKS_POLLER_BATCH]);

#endif
