/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/thread.h"
#include "socketserver/net/error.h"
#include "socketserver/server/internal.h"

static _Thread_local struct sks_request *mine;

struct sks_request *
sks_worker_request(void)
{
	return mine;
}

/* One of the two parts is over: creating the thread (which stores its id) or
 * running it.  After both it can be joined. */
static void
part_over_locked(struct sks_server *srv, struct sks_request *req)
    DW_REQUIRES(srv -> lock)
{
	if (--req->parts > 0)
		return;
	dw_list_add(&srv->done, &req->node);
	dw_cond_broadcast(&srv->changed);
}

/* The last thing a worker does; the loop, or who closes, then joins it. */
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

	mine = req;
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
	srv->stats.threads += (unsigned)change;
	dw_unlock(&srv->lock);
}

static int
process_threading(struct sks_server *srv, struct sks_request *req)
{
	char name[40];
	int r;

	snprintf(name, sizeof name, "%s%" PRIu64, srv->thread_name,
	    req->number);
	count_threads(srv, 1);
	atomic_fetch_add(&req->refs, 1); /* the thread's */
	req->threaded = 1;
	req->parts = 2;
	r = dw_thread_start(&req->thread, name, srv->cfg.stack_size,
	    worker_main, req);
	if (r == 0) {
		dw_lock(&srv->lock);
		part_over_locked(srv, req);
		dw_unlock(&srv->lock);
		return 0;
	}
	req->threaded = 0;
	sks_request_unref(req);
	count_threads(srv, -1);
	return sks_fail_as(SKS_ENOTHREAD, -r, "pthread_create");
}

static int
process_sync(struct sks_server *srv, struct sks_request *req)
{
	int r = srv->ops.finish_request(srv, req);

	if (r == 0)
		srv->ops.shutdown_request(srv, req);
	return r;
}

int
sks_default_process_request(struct sks_server *srv, struct sks_request *req)
{
	switch (srv->cfg.concurrency) {
	case SKS_THREADING:
		return process_threading(srv, req);
	case SKS_FORKING:
		return sks_process_forking(srv, req);
	case SKS_SYNC:
		break;
	}
	return process_sync(srv, req);
}

unsigned
sks_reap(struct sks_server *srv)
{
	struct dw_list done, *node;
	unsigned n = 0;

	dw_list_init(&done);
	dw_lock(&srv->lock);
	dw_list_move(&done, &srv->done);
	dw_unlock(&srv->lock);
	while ((node = dw_list_take(&done)) != NULL) {
		struct sks_request *req =
		    DW_LIST_OF(node, struct sks_request, node);

		pthread_join(req->thread, NULL);
		sks_request_unref(req);
		n++;
	}
	if (n > 0)
		count_threads(srv, -(int)n);
	return n + sks_reap_children(srv);
}
