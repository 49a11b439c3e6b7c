/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The queue of requests that wait for the desk thread.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "service/inbox.h"

void
svc_inbox_init(struct svc_inbox *in) DW_NO_TSA
{
	dw_lock_init(&in->lock, DW_LOCK_inbox);
	dw_cond_init(&in->posted);
	dw_list_init(&in->operators);
	dw_list_init(&in->others);
	in->waits = false;
}

void
svc_inbox_fini(struct svc_inbox *in)
{
	dw_cond_fini(&in->posted);
	dw_lock_fini(&in->lock);
}

void
svc_owner_init(struct svc_owner *o)
{
	int r = sem_init(&o->woken, 0, 0);

	assert(r == 0);
	(void)r;
	o->awaits = NULL;
	o->next = NULL;
}

void
svc_owner_fini(struct svc_owner *o)
{
	sem_destroy(&o->woken);
}

void
svc_node_init(struct svc_node *n, enum desk_rq rq, struct desk_conn *conn,
    struct svc_owner *owner)
{
	memset(n, 0, sizeof *n);
	n->magic = SVC_NODE_MAGIC;
	n->rq.rq = rq;
	n->rq.conn = conn;
	n->rq.node = n;
	n->rq.who = n->rq.text = n->rq.why = "";
	n->owner = owner;
	dw_list_init(&n->link);
}

static void
queue(struct svc_inbox *in, struct svc_node *n) DW_REQUIRES(in->lock)
{
	n->out = true;
	dw_list_add(n->first ? &in->operators : &in->others, &n->link);
}

/* Lets the lock go, and wakes the desk thread if it waits.  The inbox outlives
 * all who post, so this needs no lock; and with it the desk thread would only
 * wake up to wait for the lock. */
static void
unlock_and_ring(struct svc_inbox *in) DW_RELEASE(in->lock)
{
	bool ring = in->waits;

	in->waits = false;
	dw_unlock(&in->lock);
	if (ring)
		dw_cond_signal(&in->posted);
}

void
svc_post(struct svc_inbox *in, struct svc_node *n)
{
	dw_lock(&in->lock);
	assert(!n->out);
	queue(in, n);
	unlock_and_ring(in);
}

void
svc_post_again(struct svc_inbox *in, struct svc_node *n)
{
	dw_lock(&in->lock);
	if (n->out) {
		n->again = true;
		dw_unlock(&in->lock);
		return;
	}
	queue(in, n);
	unlock_and_ring(in);
}

bool
svc_is_back(struct svc_inbox *in, struct svc_node *n)
{
	bool out;

	dw_lock(&in->lock);
	out = n->out;
	dw_unlock(&in->lock);
	return !out;
}

static void
sleep_until_woken(struct svc_owner *o)
{
	int r;

	dw_may_block("sem_wait");
	while ((r = sem_wait(&o->woken)) < 0 && errno == EINTR)
		;
	assert(r == 0);
	(void)r;
}

void
svc_wait(struct svc_inbox *in, struct svc_node *n)
{
	bool out;

	dw_lock(&in->lock);
	if ((out = n->out))
		n->owner->awaits = n;
	dw_unlock(&in->lock);
	/* Its wake-up says that the node is back: there is no other. */
	if (out)
		sleep_until_woken(n->owner);
}

void
svc_take(struct svc_inbox *in, int64_t deadline_ns, struct dw_list *taken)
{
	bool in_time = true;

	dw_lock(&in->lock);
	while (dw_list_empty(&in->operators) && dw_list_empty(&in->others) &&
	    in_time) {
		in->waits = true;
		in_time =
		    dw_cond_wait_until(&in->posted, &in->lock, deadline_ns);
	}
	in->waits = false;
	dw_list_move(taken, &in->operators);
	dw_list_move(taken, &in->others);
	dw_unlock(&in->lock);
}

/* Returns the owner if it waits for just this node. */
static struct svc_owner *
mark_back(struct svc_inbox *in, struct svc_node *n) DW_REQUIRES(in->lock)
{
	struct svc_owner *o = n->owner;

	assert(n->out);
	if (n->again) {
		n->again = false;
		queue(in, n);
		return NULL;
	}
	n->out = false;
	if (o == NULL || o->awaits != n)
		return NULL;
	o->awaits = NULL;
	return o;
}

/* Each is gone as soon as it is woken. */
static void
wake_all(struct svc_owner *o)
{
	struct svc_owner *next;

	for (; o != NULL; o = next) {
		next = o->next;
		sem_post(&o->woken);
	}
}

/*
 * An owner that is woken wants the lock first, to post its next request.  So
 * the lock is free by then, and one that does not wait is not touched any more
 * once it is: it may see that its nodes are back, and go.
 */
void
svc_give_back(struct svc_inbox *in, struct dw_list *done)
{
	struct svc_owner *first = NULL, **last = &first, *o;
	struct dw_list *n;

	if (dw_list_empty(done))
		return;
	dw_lock(&in->lock);
	while ((n = dw_list_take(done)) != NULL) {
		o = mark_back(in, DW_LIST_OF(n, struct svc_node, link));
		if (o != NULL) {
			*last = o;
			last = &o->next;
		}
	}
	*last = NULL;
	dw_unlock(&in->lock);
	wake_all(first);
}
