/* SPDX-License-Identifier: BSD-2-Clause */
/* This file runs each request in a thread of its own: Python's
 * ThreadingMixIn. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/lock.h"
#include "base/thread.h"
#include "socketserver/net/error.h"
#include "socketserver/server/internal.h"

/* The request whose worker this thread is, or NULL. */
static _Thread_local struct sks_request *current;

static struct sks_request *
current_request(void)
{
	return current;
}

/* One of the two parts is over: creating the thread (which stores its id) or
 * running it.  After both the thread can be joined. */
static void
part_over_locked(struct sks_server *srv, struct sks_request *req)
    DW_REQUIRES(srv->lock)
{
	assert(req->parts > 0);
	if (--req->parts > 0)
		return;
	dw_list_add(&srv->done, &req->node);
	dw_cond_broadcast(&srv->changed);
}

/* A worker does this last.  The loop, or the thread that closes, then joins
 * it. */
static void
worker_over(struct sks_request *req)
{
	struct sks_server *srv = req->srv;

	sks_request_leave(req);
	dw_lock(&srv->lock);
	sks_request_retire_locked(srv, req);
	part_over_locked(srv, req);
	dw_unlock(&srv->lock);
	dw_wake_ring(&srv->wake);
}

static void *
worker_main(void *arg)
{
	struct sks_request *req = arg;
	struct sks_server *srv = req->srv;
	int r;

	assert(req->magic == SKS_REQUEST_MAGIC);
	assert(srv->magic == SKS_SERVER_MAGIC);
	current = req;
	if ((r = srv->ops.finish_request(srv, req)) < 0)
		sks_report(srv, req, r);
	srv->ops.shutdown_request(srv, req);
	worker_over(req);
	return NULL;
}

static void
count_threads(struct sks_server *srv, int change)
{
	dw_lock(&srv->lock);
	assert(change > 0 || srv->stats.threads >= (unsigned)-change);
	srv->stats.threads += (unsigned)change;
	dw_unlock(&srv->lock);
}

static int
process_request(struct sks_server *srv, struct sks_request *req)
{
	char name[40];
	int r;

	snprintf(name, sizeof name, "%s%" PRIu64, srv->thread_name,
	    req->number);
	count_threads(srv, 1);
	atomic_fetch_add(&req->refs, 1); /* the thread's */
	req->handed_over = 1;
	req->parts = 2;
	r = dw_thread_start(&req->thread, name, sks_stack_size(srv),
	    worker_main, req);
	if (r == 0) {
		dw_lock(&srv->lock);
		part_over_locked(srv, req);
		dw_unlock(&srv->lock);
		return 0;
	}
	req->handed_over = 0;
	sks_request_unref(req);
	count_threads(srv, -1);
	return sks_fail_as(SKS_ENOTHREAD, -r, "pthread_create");
}

static unsigned
reap(struct sks_server *srv)
{
	struct dw_list done, *node;
	unsigned n = 0;

	dw_list_init(&done);
	dw_lock(&srv->lock);
	dw_list_move(&done, &srv->done);
	dw_unlock(&srv->lock);
	while ((node = dw_list_take(&done)) != NULL) {
		struct sks_request *req = sks_request_of(node);

		dw_may_block("pthread_join");
		pthread_join(req->thread, NULL);
		sks_request_unref(req);
		n++;
	}
	if (n > 0)
		count_threads(srv, -(int)n);
	return n;
}

const struct sks_mixin_ops sks_threading_mixin = {
	.runs_in = "thread",
	.refusal = SKS_OVER_THREADS,
	.keeps_refused = 1,
	.has_workers = 1,
	.process_request = process_request,
	.current_request = current_request,
	.reap = reap,
};
