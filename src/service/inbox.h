/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What waits for the desk thread.  A request is a node inside its sender, so
 * posting needs no memory and the inbox is never full: a sender whose nodes
 * are all out waits, and that is the back-pressure.  Operators' nodes are
 * taken first.
 */
#ifndef SVC_INBOX_H
#define SVC_INBOX_H

#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/lock.h"
#include "desk/desk.h"

struct svc_inbox {
	struct dw_lock lock; /* "inbox" */
	struct dw_cond posted;
	struct dw_list operators DW_GUARDED_BY(lock);
	struct dw_list others DW_GUARDED_BY(lock);
	/* The desk thread waits, and nobody has rung it yet. */
	bool waits DW_GUARDED_BY(lock);
};

/*
 * A thread that waits for its nodes, of which it may have several.  It wakes up
 * only by the desk thread's post, which is the last that the desk thread does to
 * it: so it may be freed, with all its nodes, as soon as svc_wait() returns.
 */
struct svc_owner {
	sem_t woken;
	/* Guarded by the inbox's lock, until it is taken out to be woken. */
	struct svc_node *awaits; /* it waits for this one; or NULL */
	struct svc_owner *next;  /* to be woken after it */
};

#define SVC_NODE_MAGIC 0x5e4c0002u

struct svc_node {
	unsigned magic;
	bool first; /* goes first */
	/* Guarded by the inbox's lock. */
	bool out;   /* posted, not yet given back */
	bool again; /* posted while it was out */
	/* Set by its owner while the node is not out. */
	struct desk_request rq;
	uint64_t id;             /* the operator's, for its answer */
	struct svc_owner *owner; /* who waits for it; NULL: nobody does */
	/* On the desk thread: just before it is decided, which is once more
	 * after each time that it was kept for later; and with the answer just
	 * before it is given back.  NULL: nothing to do. */
	void (*ready)(struct svc_node *n);
	void (*answered)(struct svc_node *n, const struct desk_answer *a);

	/* Guarded by the inbox's lock; once the node is taken, and until it is
	 * given back, the link is the desk thread's. */
	struct dw_list link;
};

void svc_inbox_init(struct svc_inbox *in);
void svc_inbox_fini(struct svc_inbox *in);

void svc_owner_init(struct svc_owner *o);
void svc_owner_fini(struct svc_owner *o);

void svc_node_init(struct svc_node *n, enum desk_rq rq, struct desk_conn *conn,
    struct svc_owner *owner);

/* Posts a node that is not out.  Any thread. */
void svc_post(struct svc_inbox *in, struct svc_node *n);

/* The same for a node whose news are "look again": when it is out already it
 * is posted once more as soon as it is back. */
void svc_post_again(struct svc_inbox *in, struct svc_node *n);

/* Is the node not out?  Its owner only. */
bool svc_is_back(struct svc_inbox *in, struct svc_node *n);

/* Waits until the node is back.  Its owner only. */
void svc_wait(struct svc_inbox *in, struct svc_node *n);

/* The desk thread: waits for requests until the deadline and moves them all,
 * operators' first, to `taken`. */
void svc_take(struct svc_inbox *in, int64_t deadline_ns, struct dw_list *taken);

/* The desk thread: the answers to all of these have been dealt with, their
 * owners may go on.  Those that wait are woken, once the lock is free. */
void svc_give_back(struct svc_inbox *in, struct dw_list *done);

#endif
