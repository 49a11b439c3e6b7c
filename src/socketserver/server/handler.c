/* SPDX-License-Identifier: BSD-2-Clause */
/* This file runs a handler, and has the two ready-made ones: Python's
 * BaseRequestHandler, StreamRequestHandler and DatagramRequestHandler. */
#include "config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "socketserver/net/error.h"
#include "socketserver/server/internal.h"
#include "socketserver/stream/internal.h"

#define SMALL_INSTANCE 256 /* bytes */

typedef int (*callback)(struct sks_handler *);

static int
call(callback fn, struct sks_handler *h)
{
	return fn == NULL ? 0 : fn(h);
}

static enum sks_end
end_reason(const struct sks_handler *h, int r)
{
	switch (r) {
	case SKS_STOP:
		return SKS_END_STOP;
	case SKS_ETIMEDOUT:
		return SKS_END_TIMEOUT;
	case SKS_EEOF:
	case SKS_ERESET:
		return SKS_END_PEER;
	default:
		if (r < 0)
			return SKS_END_ERROR;
		return sks_handler_stopping(h) ? SKS_END_CLOSING : SKS_END_DONE;
	}
}

/* Returns how the conversation ended: finish's failure comes before handle's,
 * which becomes its context, as the first of two exceptions does in Python. */
static int
outcome(int handled, const struct sks_error *first, int finished)
{
	struct sks_error e;

	if (finished < 0) {
		sks_error_for(finished, &e);
		e.context = handled < 0 ? handled : 0;
		sks_error_restore(&e);
		return finished;
	}
	if (handled < 0)
		sks_error_restore(first);
	return finished == SKS_STOP ? SKS_STOP : handled;
}

static int
converse(const struct sks_handler_ops *ops, struct sks_handler *h)
{
	struct sks_error e;
	int r;

	if ((r = call(ops->setup, h)) != 0)
		return r;
	h->self->handled = r = call(ops->handle, h);
	sks_error_for(r, &e);
	if (h->end_reason == SKS_END_NONE)
		h->end_reason = end_reason(h, r);
	return outcome(r, &e, call(ops->finish, h));
}

static void
run_deferred(struct sks_request *req)
{
	struct sks_deferred *d;

	while ((d = req->deferred) != NULL) {
		req->deferred = d->next;
		d->fn(d->arg);
		free(d);
	}
}

/* Copies the handler class that is set now: this conversation keeps it. */
static struct sks_handler_ops
current_handler(struct sks_server *srv)
{
	struct sks_handler_ops ops;

	dw_lock(&srv->lock);
	ops = srv->handler;
	dw_unlock(&srv->lock);
	return ops;
}

/* Where one of its functions is; 0: it has none. */
static uintptr_t
code_of(const struct sks_handler_ops *ops)
{
	callback fn = ops->handle != NULL ? ops->handle :
	    ops->setup != NULL            ? ops->setup :
					    ops->finish;

	return (uintptr_t)fn;
}

/* Runs the handler whose zeroed memory is at h. */
static int
run_handler(struct sks_server *srv, struct sks_request *req,
    const struct sks_handler_ops *ops, struct sks_handler *h)
{
	struct sks_error e;
	int r;

	h->request = req->sock;
	h->client_address = &req->client;
	h->server = srv;
	h->number = req->number;
	h->self = req;
	assert(req->handler == NULL && req->deferred == NULL);
	req->handler = h;
	req->instance_size = ops->instance_size;
	req->code = code_of(ops);
	r = converse(ops, h);
	sks_error_for(r, &e);
	run_deferred(req);
	sks_error_restore(&e);
	req->handler = NULL;
	return r < 0 || r == SKS_STOP ? r : 0;
}

/* A small instance lives on the stack, which is there anyway: a worker whose
 * handler takes no memory has no arena's cache of its own. */
int
sks_default_finish_request(struct sks_server *srv, struct sks_request *req)
{
	const struct sks_handler_ops ops = current_handler(srv);
	union {
		max_align_t align;
		struct sks_handler base;
		char room[SMALL_INSTANCE];
	} small;
	struct sks_handler *h;
	int r;

	if (ops.instance_size <= sizeof small) {
		memset(&small, 0, sizeof small);
		return run_handler(srv, req, &ops, &small.base);
	}
	if ((h = calloc(1, ops.instance_size)) == NULL)
		return sks_fail(SKS_ENOMEM, "");
	r = run_handler(srv, req, &ops, h);
	free(h);
	return r;
}

int
sks_defer(struct sks_handler *h, void (*fn)(void *), void *arg)
{
	struct sks_deferred *d = malloc(sizeof *d);

	assert(h->self->magic == SKS_REQUEST_MAGIC);
	if (d == NULL)
		return sks_fail(SKS_ENOMEM, "");
	d->fn = fn;
	d->arg = arg;
	d->next = h->self->deferred;
	h->self->deferred = d;
	return 0;
}

int
sks_handler_stopping(const struct sks_handler *h)
{
	assert(h->self->magic == SKS_REQUEST_MAGIC);
	return atomic_load(&h->self->stopping);
}

static void
free_both(struct sks_stream **rfile, struct sks_stream **wfile)
{
	sks_stream_free(*wfile);
	sks_stream_free(*rfile);
	*rfile = *wfile = NULL;
}

/* --- StreamRequestHandler --- */

static void
free_streams(void *arg)
{
	struct sks_stream_handler *sh = arg;

	assert(sh->base.self->magic == SKS_REQUEST_MAGIC);
	free_both(&sh->rfile, &sh->wfile);
}

static int
stream_room(size_t instance_size)
{
	return instance_size >= sizeof(struct sks_stream_handler) ?
	    0 :
	    sks_fail(SKS_EINVAL,
		"an instance begins with a struct sks_stream_handler");
}

/* The streams are deferred, because a setup that calls up to this one may fail
 * later, and then there is no finish. */
int
sks_stream_handler_setup(struct sks_handler *h)
{
	struct sks_stream_handler *sh = (struct sks_stream_handler *)h;
	int r = stream_room(h->self->instance_size);

	if (r < 0)
		return r;
	if (sh->timeout > 0 &&
	    (r = sks_settimeout(h->request, sh->timeout)) < 0)
		return r;
	if (sh->disable_nagle_algorithm &&
	    (r = sks_set_option(h->request, SKS_NODELAY, 1)) < 0 &&
	    r != SKS_ENOTSUP)
		return r;
	if ((r = sks_defer(h, free_streams, sh)) < 0 ||
	    (r = sks_makefile(h->request, sh->rbufsize == 0 ? -1 : sh->rbufsize,
		 0, &sh->rfile)) < 0)
		return r;
	return sks_makefile(h->request, 0, sh->wbufsize, &sh->wfile);
}

int
sks_stream_handler_finish(struct sks_handler *h)
{
	struct sks_stream_handler *sh = (struct sks_stream_handler *)h;

	/* Python ignores socket.error here: the peer may have left. */
	if (sh->wfile != NULL && sks_stream_flush(sh->wfile) < 0 &&
	    h->end_reason == SKS_END_DONE)
		h->end_reason = SKS_END_PEER;
	free_streams(sh);
	return 0;
}

/* --- DatagramRequestHandler --- */

static void
free_datagram_streams(void *arg)
{
	struct sks_datagram_handler *dh = arg;

	assert(dh->base.self->magic == SKS_REQUEST_MAGIC);
	free_both(&dh->rfile, &dh->wfile);
}

static int
datagram_room(size_t instance_size)
{
	return instance_size >= sizeof(struct sks_datagram_handler) ?
	    0 :
	    sks_fail(SKS_EINVAL,
		"an instance begins with a struct sks_datagram_handler");
}

int
sks_datagram_handler_setup(struct sks_handler *h)
{
	struct sks_datagram_handler *dh = (struct sks_datagram_handler *)h;
	size_t len;
	const void *data = sks_request_packet(h->self, &len);
	int r = datagram_room(h->self->instance_size);

	if (r < 0)
		return r;
	if (data == NULL)
		return sks_fail(SKS_EINVAL, "the request is no datagram");
	if ((r = sks_defer(h, free_datagram_streams, dh)) < 0 ||
	    (r = sks_stream_memory(data, len, 0, &dh->rfile)) < 0)
		return r;
	return sks_stream_memory("", 0, sks_request_max_reply(h->self),
	    &dh->wfile);
}

static int
reply_is_due(const struct sks_datagram_handler *dh, size_t written)
{
	const struct sks_request *req = dh->base.self;

	if (!sks_request_can_reply(req) ||
	    (req->handled < 0 && !dh->reply_on_error))
		return 0;
	return written > 0 || dh->reply_empty;
}

static int
reply(struct sks_datagram_handler *dh)
{
	size_t n;
	const char *data = sks_stream_written(dh->wfile, &n);
	int r;

	if (!reply_is_due(dh, n))
		return 0;
	r = sks_request_reply(dh->base.self, data, n);
	if (r != SKS_ERESET)
		return r;
	/* The peer may have left, as that of a stream may. */
	if (dh->base.end_reason == SKS_END_DONE)
		dh->base.end_reason = SKS_END_PEER;
	return 0;
}

int
sks_datagram_handler_finish(struct sks_handler *h)
{
	struct sks_datagram_handler *dh = (struct sks_datagram_handler *)h;
	int r = dh->wfile == NULL ? 0 : reply(dh);

	free_datagram_streams(dh);
	return r;
}

/* --- what both need --- */

int
sks_handler_check(const struct sks_handler_ops *ops)
{
	if ((ops->setup == sks_stream_handler_setup ||
		ops->finish == sks_stream_handler_finish) &&
	    stream_room(ops->instance_size) < 0)
		return SKS_EINVAL;
	if ((ops->setup == sks_datagram_handler_setup ||
		ops->finish == sks_datagram_handler_finish) &&
	    datagram_room(ops->instance_size) < 0)
		return SKS_EINVAL;
	return 0;
}
