/* SPDX-License-Identifier: BSD-2-Clause */
/* This file runs each request in a thread: Python's ThreadingMixIn.  A worker
 * that has nothing to do is given the request; if there is none, a new one. */
#include "config.h"

#include "base/lock.h"
#include "socketserver/net/error.h"
#include "socketserver/server/internal.h"

static int
process_request(struct sks_server *srv, struct sks_request *req)
{
	struct sks_worker *w;
	int r;

	sks_request_ref(req); /* the worker's */
	req->handed_over = 1;
	if ((w = sks_worker_unpark(srv)) != NULL) {
		sks_worker_wake(w, req);
		return 0;
	}
	if ((r = sks_worker_start(srv, req)) == 0)
		return 0;
	req->handed_over = 0;
	sks_request_unref(req);
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
	for (; (node = dw_list_take(&done)) != NULL; n++)
		sks_worker_join(DW_LIST_OF(node, struct sks_worker, node));
	return n;
}

/* First all are woken, then each is joined: they end side by side. */
static void
end_idle(struct sks_server *srv)
{
	struct dw_list woken, *node;
	struct sks_worker *w;

	dw_list_init(&woken);
	while ((w = sks_worker_unpark(srv)) != NULL) {
		dw_list_add(&woken, &w->node);
		sks_worker_wake(w, NULL);
	}
	while ((node = dw_list_take(&woken)) != NULL)
		sks_worker_join(DW_LIST_OF(node, struct sks_worker, node));
}

const struct sks_mixin_ops sks_threading_mixin = {
	.runs_in = "thread",
	.refusal = SKS_OVER_THREADS,
	.keeps_refused = 1,
	.has_workers = 1,
	.process_request = process_request,
	.current_request = sks_worker_request,
	.reap = reap,
	.end_idle = end_idle,
};
