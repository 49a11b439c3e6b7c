/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>

#include "socketserver/net/error.h"
#include "socketserver/server/internal.h"

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

/* What the conversation came to: finish's failure comes before handle's, which
 * becomes its context, as a second exception does in Python. */
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

/* The class of the moment: this conversation keeps it. */
static struct sks_handler_ops
current_handler(struct sks_server *srv)
{
	struct sks_handler_ops ops;

	dw_lock(&srv->lock);
	ops = srv->handler;
	dw_unlock(&srv->lock);
	return ops;
}

int
sks_default_finish_request(struct sks_server *srv, struct sks_request *req)
{
	const struct sks_handler_ops ops = current_handler(srv);
	struct sks_handler *h = calloc(1, ops.instance_size);
	struct sks_error e;
	int r;

	if (h == NULL)
		return sks_fail(SKS_ENOMEM, "");
	h->request = req->sock;
	h->client_address = &req->client;
	h->server = srv;
	h->number = req->number;
	h->self = req;
	req->handler = h;
	r = converse(&ops, h);
	sks_error_for(r, &e);
	run_deferred(req);
	sks_error_restore(&e);
	req->handler = NULL;
	free(h);
	return r < 0 || r == SKS_STOP ? r : 0;
}

int
sks_defer(struct sks_handler *h, void (*fn)(void *), void *arg)
{
	struct sks_deferred *d = malloc(sizeof *d);

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
	return atomic_load(&h->self->stopping);
}

static void
free_streams(void *arg)
{
	struct sks_stream_handler *sh = arg;

	sks_stream_free(sh->wfile);
	sks_stream_free(sh->rfile);
	sh->wfile = sh->rfile = NULL;
}

/* The streams go also when what calls up to this fails, and so there is no
 * finish. */
int
sks_stream_handler_setup(struct sks_handler *h)
{
	struct sks_stream_handler *sh = (struct sks_stream_handler *)h;
	int r;

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
