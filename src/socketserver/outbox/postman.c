/* SPDX-License-Identifier: BSD-2-Clause */
/* This file is the thread that sends what outboxes keep. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/thread.h"
#include "socketserver/net/error.h"
#include "socketserver/outbox/internal.h"

/*
 * `ring` holds every outbox that is not closed, each with a reference.  A
 * closed one that was ever armed waits in `retired`, because an event which
 * names it may already be on its way to our thread.  The references of the
 * retired are dropped at the top of the loop, where no event is in hand.
 *
 * next_ns is not later than the earliest stall time of any outbox in the
 * ring.  Whoever starts a clock moves next_ns forward, and rings the wake if
 * our thread might sleep beyond it; the scan computes next_ns anew.
 *
 * `busy` is the outbox that our thread serves, until notify has returned.
 * sks_postman_retire() waits for that.
 */
struct sks_postman {
	unsigned magic;
	struct sks_poller poller;
	pthread_t thread;

	struct dw_lock lock;                     /* "postman" */
	struct dw_cond idle DW_GUARDED_BY(lock); /* busy changed */
	struct dw_list ring DW_GUARDED_BY(lock);
	struct dw_list retired DW_GUARDED_BY(lock);
	struct sks_outbox *busy DW_GUARDED_BY(lock);
	int64_t next_ns DW_GUARDED_BY(lock);
	int stop DW_GUARDED_BY(lock);
};

#define SKS_POSTMAN_MAGIC 0x706f7374u

/* The outbox whose node this is. */
static struct sks_outbox *
outbox_of(struct dw_list *node)
{
	struct sks_outbox *ob = DW_LIST_OF(node, struct sks_outbox, node);

	assert(ob->magic == SKS_OUTBOX_MAGIC);
	return ob;
}

void
sks_postman_join(struct sks_postman *pm, struct sks_outbox *ob)
{
	sks_outbox_ref(ob);
	dw_lock(&pm->lock);
	dw_list_add(&pm->ring, &ob->node);
	dw_unlock(&pm->lock);
}

int
sks_postman_arm(struct sks_postman *pm, struct sks_outbox *ob)
{
	int r = sks_poller_arm(&pm->poller, ob);

	assert(!ob->dead && !ob->closed);
	ob->armed = r == 0;
	return r;
}

void
sks_postman_disarm(struct sks_postman *pm, struct sks_outbox *ob)
{
	sks_poller_disarm(&pm->poller, ob);
}

void
sks_postman_expect(struct sks_postman *pm, int64_t stall_ns)
{
	int sooner;

	dw_lock(&pm->lock);
	sooner = stall_ns < pm->next_ns;
	if (sooner)
		pm->next_ns = stall_ns;
	dw_unlock(&pm->lock);
	if (sooner)
		dw_wake_ring(&pm->poller.wake);
}

void
sks_postman_retire(struct sks_postman *pm, struct sks_outbox *ob, int known)
{
	assert(!pthread_equal(pm->thread, pthread_self()));
	dw_lock(&pm->lock);
	while (pm->busy == ob)
		dw_cond_wait(&pm->idle, &pm->lock);
	assert(!ob->retired);
	dw_list_del(&ob->node);
	ob->retired = 1;
	if (known)
		dw_list_add(&pm->retired, &ob->node);
	dw_unlock(&pm->lock);
	if (known)
		dw_wake_ring(&pm->poller.wake);
	else
		sks_outbox_unref(ob);
}

/* Marks the outbox as busy.  Returns 0 when it was closed meanwhile. */
static int
set_busy(struct sks_postman *pm, struct sks_outbox *ob)
{
	int open;

	dw_lock(&pm->lock);
	open = !ob->retired;
	if (open)
		pm->busy = ob;
	dw_unlock(&pm->lock);
	return open;
}

static void
clear_busy(struct sks_postman *pm, struct sks_outbox *ob)
{
	int64_t stall_ns = atomic_load(&ob->stall_ns);

	dw_lock(&pm->lock);
	assert(pm->busy == ob);
	pm->busy = NULL;
	if (stall_ns < pm->next_ns)
		pm->next_ns = stall_ns;
	dw_cond_broadcast(&pm->idle);
	dw_unlock(&pm->lock);
}

static void
notify(struct sks_outbox *ob, enum sks_outbox_event event)
{
	if (ob->notify != NULL)
		ob->notify(ob->arg, event);
}

static void
serve_ready(struct sks_postman *pm, struct sks_outbox *ob)
{
	int event;

	assert(ob->magic == SKS_OUTBOX_MAGIC); /* it comes out of epoll */
	if (!set_busy(pm, ob))
		return;
	event = sks_outbox_ready(ob);
	if (event >= 0)
		notify(ob, (enum sks_outbox_event)event);
	clear_busy(pm, ob);
}

static void
serve_due(struct sks_postman *pm, struct sks_outbox *ob, int64_t now_ns)
{
	if (set_busy(pm, ob)) {
		if (sks_outbox_stalled(ob, now_ns))
			notify(ob, SKS_OUTBOX_STALLED);
		clear_busy(pm, ob);
	}
	sks_outbox_unref(ob);
}

/* Puts the outboxes whose stall time has come on a list, with a reference each,
 * and computes next_ns from the others. */
static void
find_due(struct sks_postman *pm, int64_t now_ns, struct dw_list *due)
{
	dw_lock(&pm->lock);
	pm->next_ns = SKS_NEVER;
	DW_LIST_EACH(node, &pm->ring) {
		struct sks_outbox *ob = outbox_of(node);
		int64_t stall_ns = atomic_load(&ob->stall_ns);

		if (stall_ns <= now_ns)
			dw_list_add(due, &sks_outbox_ref(ob)->due);
		else if (stall_ns < pm->next_ns)
			pm->next_ns = stall_ns;
	}
	dw_unlock(&pm->lock);
}

static void
scan(struct sks_postman *pm)
{
	int64_t now_ns = dw_clock_ns();
	struct dw_list due, *node;

	dw_list_init(&due);
	find_due(pm, now_ns, &due);
	while ((node = dw_list_take(&due)) != NULL)
		serve_due(pm, DW_LIST_OF(node, struct sks_outbox, due), now_ns);
}

static void
unref_all(struct dw_list *retired)
{
	struct dw_list *node;

	while ((node = dw_list_take(retired)) != NULL)
		sks_outbox_unref(outbox_of(node));
}

/* Runs at the top of the loop, where no event is in hand.  Returns 0 when the
 * thread is to end. */
static int
next_round(struct sks_postman *pm, int64_t *next_ns)
{
	struct dw_list retired;
	int stop;

	dw_list_init(&retired);
	dw_lock(&pm->lock);
	dw_list_move(&retired, &pm->retired);
	*next_ns = pm->next_ns;
	stop = pm->stop;
	dw_unlock(&pm->lock);
	unref_all(&retired);
	return !stop;
}

static void *
postman_main(void *arg)
{
	struct sks_postman *pm = arg;
	struct sks_outbox *ready[SKS_POLLER_BATCH];
	int64_t next_ns;
	int n;

	assert(pm->magic == SKS_POSTMAN_MAGIC);
	while (next_round(pm, &next_ns)) {
		n = sks_poller_wait(&pm->poller, next_ns, ready);
		for (int i = 0; i < n; i++)
			serve_ready(pm, ready[i]);
		if (dw_clock_ns() >= next_ns)
			scan(pm);
	}
	return NULL;
}

int
sks_postman_new(struct sks_postman **out) DW_NO_TSA
{
	struct sks_postman *pm = calloc(1, sizeof *pm);
	int r;

	*out = NULL;
	if (pm == NULL)
		return sks_fail(SKS_ENOMEM, "");
	pm->magic = SKS_POSTMAN_MAGIC;
	dw_lock_init(&pm->lock, DW_LOCK_postman);
	dw_cond_init(&pm->idle);
	dw_list_init(&pm->ring);
	dw_list_init(&pm->retired);
	pm->next_ns = SKS_NEVER;
	if ((r = sks_poller_init(&pm->poller, &pm->lock, &pm->ring)) < 0) {
		r = sks_fail_errno(-r, "postman");
		goto out;
	}
	r = dw_thread_start(&pm->thread, "postman", DW_STACK_SYSTEM,
	    postman_main, pm);
	if (r == 0) {
		*out = pm;
		return 0;
	}
	sks_poller_fini(&pm->poller);
	r = sks_fail_as(SKS_ENOTHREAD, -r, "pthread_create");
out:
	dw_cond_fini(&pm->idle);
	dw_lock_fini(&pm->lock);
	free(pm);
	return r;
}

void
sks_postman_free(struct sks_postman *pm) DW_NO_TSA
{
	if (pm == NULL)
		return;
	dw_lock(&pm->lock);
	pm->stop = 1;
	dw_unlock(&pm->lock);
	dw_wake_ring(&pm->poller.wake);
	dw_may_block("pthread_join");
	pthread_join(pm->thread, NULL);
	assert(dw_list_empty(&pm->ring)); /* every outbox was closed */
	unref_all(&pm->retired);
	pm->magic = 0;
	sks_poller_fini(&pm->poller);
	dw_cond_fini(&pm->idle);
	dw_lock_fini(&pm->lock);
	free(pm);
}
