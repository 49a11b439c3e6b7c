/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The queue of requests that wait for the desk thread.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "service/inbox.h"

void
svc_inbox_init(struct svc_inbox *in)
{
	dw_lock_init(&in->lock, DW_LOCK_inbox);
	dw_cond_init(&in->posted);
	dw_list_init(&in->operators);
	dw_list_init(&in->others);
}

void
svc_inbox_fini(struct svc_inbox *in)
{
	dw_cond_fini(&in->posted);
	dw_lock_fini(&in->lock);
}

void
svc_node_init(struct svc_node *n, enum desk_rq rq, struct desk_conn *conn,
    struct dw_cond *back)
{
	memset(n, 0, sizeof *n);
	n->magic = SVC_NODE_MAGIC;
	n->rq.rq = rq;
	n->rq.conn = conn;
	n->rq.node = n;
	n->rq.who = n->rq.text = n->rq.why = "";
	n->back = back;
	dw_list_init(&n->link);
}

static void
queue(struct svc_inbox *in, struct svc_node *n) DW_REQUIRES(in->lock)
{
	n->out = true;
	dw_list_add(n->first ? &in->operators : &in->others, &n->link);
	dw_cond_signal(&in->posted);
}

void
svc_post(struct svc_inbox *in, struct svc_node *n)
{
	dw_lock(&in->lock);
	assert(!n->out);
	queue(in, n);
	dw_unlock(&in->lock);
}

void
svc_post_again(struct svc_inbox *in, struct svc_node *n)
{
	dw_lock(&in->lock);
	if (n->out)
		n->again = true;
	else
		queue(in, n);
	dw_unlock(&in->lock);
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

void
svc_wait(struct svc_inbox *in, struct svc_node *n)
{
	dw_lock(&in->lock);
	while (n->out)
		dw_cond_wait(n->back, &in->lock);
	dw_unlock(&in->lock);
}

void
svc_take(struct svc_inbox *in, int64_t deadline_ns, struct dw_list *taken)
{
	dw_lock(&in->lock);
	while (dw_list_empty(&in->operators) && dw_list_empty(&in->others) &&
	    dw_cond_wait_until(&in->posted, &in->lock, deadline_ns))
		;
	dw_list_move(taken, &in->operators);
	dw_list_move(taken, &in->others);
	dw_unlock(&in->lock);
}

void
svc_give_back(struct svc_inbox *in, struct svc_node *n)
{
	struct dw_cond *back = n->back;

	dw_lock(&in->lock);
	assert(n->out);
	if (n->again) {
		n->again = false;
		queue(in, n);
	} else {
		/* Its owner may free it once the lock is free; the condition
		 * is the owner's too. */
		n->out = false;
		if (back != NULL)
			dw_cond_signal(back);
	}
	dw_unlock(&in->lock);
}
