/* SPDX-License-Identifier: BSD-2-Clause */
/* This file closes a server: it ends the loop, the requests and the
 * listeners. */
#include "config.h"

#include "base/clock.h"
#include "socketserver/net/error.h"
#include "socketserver/server/internal.h"

/* How long the handlers have to come out of their calls after the cut. */
#define AFTER_CUT_NS DW_SECOND

/* Makes this thread the one that closes.  `self` is the worker that asks, or
 * NULL. */
static int
close_begin(struct sks_server *srv, const struct sks_request *self)
{
	int r = 0;

	dw_lock(&srv->lock);
	if (sks_on_loop_thread_locked(srv) || (self != NULL && srv->closing))
		r = SKS_EBUSY;
	while (r == 0 && srv->closing)
		dw_cond_wait(&srv->changed, &srv->lock);
	if (r == 0)
		srv->closing = srv->closed = 1;
	dw_unlock(&srv->lock);
	return r < 0 ? sks_fail(r, "close") : 0;
}

/* What a closing server waits for. */
enum scope {
	LOOP,
	LOOP_AND_REQUESTS /* but for that of the worker that asks */
};

static int
has_ended_locked(const struct sks_server *srv, enum scope scope,
    const struct sks_request *self) DW_REQUIRES(srv->lock)
{
	if (srv->state == LOOP_RUNNING)
		return 0;
	return scope == LOOP || srv->stats.live == (self != NULL ? 1 : 0);
}

static void
close_end(struct sks_server *srv)
{
	dw_lock(&srv->lock);
	assert(srv->closing);
	srv->closing = 0;
	dw_cond_broadcast(&srv->changed);
	dw_unlock(&srv->lock);
}

/* Moves the next request to the other list and marks it as stopping.  Its
 * socket is held, since its worker may be closing it at this moment. */
static struct sks_socket *
next_to_notify(struct sks_server *srv, struct dw_list *from, struct dw_list *to,
    const struct sks_request *self)
{
	struct sks_socket *s = NULL;
	struct dw_list *node;

	dw_lock(&srv->lock);
	while (s == NULL && (node = dw_list_take(from)) != NULL) {
		struct sks_request *req = sks_request_of(node);

		dw_list_add(to, node);
		if (req == self)
			continue;
		atomic_store(&req->stopping, 1);
		if (!req->borrowed)
			s = sks_socket_hold(req->sock);
	}
	dw_unlock(&srv->lock);
	return s;
}

/* Asks all requests on a list to end. */
static void
notify(struct sks_server *srv, struct dw_list *from, struct dw_list *to,
    const struct sks_request *self, enum sks_how how)
{
	struct sks_socket *s;

	while ((s = next_to_notify(srv, from, to, self)) != NULL) {
		/* This fails if the connection has ended by itself. */
		(void)sks_shutdown(s, how);
		sks_socket_release(s);
	}
}

/* Returns 1 when it has ended, 0 when the deadline has passed. */
static int
await_end(struct sks_server *srv, enum scope scope,
    const struct sks_request *self, int64_t deadline_ns)
{
	int ended;

	dw_lock(&srv->lock);
	while (!(ended = has_ended_locked(srv, scope, self)))
		if (!dw_cond_wait_until(&srv->changed, &srv->lock, deadline_ns))
			break;
	dw_unlock(&srv->lock);
	return ended;
}

static void
drop_adopted(struct sks_server *srv)
{
	struct dw_list waiting, *node;

	dw_list_init(&waiting);
	dw_lock(&srv->lock);
	dw_list_move(&waiting, &srv->adopted);
	dw_unlock(&srv->lock);
	while ((node = dw_list_take(&waiting)) != NULL)
		sks_request_drop(sks_request_of(node));
}

/* Handlers may use a listener's socket: then it is closed after them, and what
 * they reply can still leave. */
static int
has_borrowers(struct sks_server *srv)
{
	int has;

	dw_lock(&srv->lock);
	has = srv->borrowers > 0;
	dw_unlock(&srv->lock);
	return has;
}

/* An inherited one is its owner's, too, who may give it to the next server: what
 * a shutdown does holds for all who have the socket. */
static void
cut_listeners(struct sks_server *srv)
{
	if (srv->cfg.inherited_fd >= 0)
		return;
	for (size_t i = 0; i < srv->n_listeners; i++)
		if (srv->listeners[i].sock != NULL)
			(void)sks_shutdown(srv->listeners[i].sock,
			    SKS_SHUT_RDWR);
}

/* The loop is over: nothing new can come. */
static void
close_listener(struct sks_server *srv)
{
	sks_join_acceptor(srv);
	if (!srv->server_closed) {
		srv->server_closed = 1;
		srv->ops.server_close(srv);
	}
	drop_adopted(srv);
}

static void
end_by_mixin(struct sks_server *srv, int64_t grace_ns, int block)
{
	if (srv->mixin->end != NULL)
		srv->mixin->end(srv, grace_ns, block);
}

/* Asks the handlers to end and waits, then cuts their sockets and waits
 * again. */
static void
end_requests(struct sks_server *srv, const struct sks_request *self)
{
	int64_t grace_ns = dw_clock_after(srv->cfg.grace);

	notify(srv, &srv->live, &srv->notified, self, SKS_SHUT_RD);
	if (await_end(srv, LOOP, self, grace_ns)) {
		if (!has_borrowers(srv))
			close_listener(srv);
		end_by_mixin(srv, grace_ns, 1);
	}
	/* The loop may have let more requests in meanwhile. */
	notify(srv, &srv->live, &srv->notified, self, SKS_SHUT_RD);
	if (await_end(srv, LOOP_AND_REQUESTS, self, grace_ns))
		return;
	notify(srv, &srv->notified, &srv->live, self, SKS_SHUT_RDWR);
	if (has_borrowers(srv))
		cut_listeners(srv);
	await_end(srv, LOOP_AND_REQUESTS, self, dw_clock_ns() + AFTER_CUT_NS);
}

/* Asks and cuts at once, and waits only for the loop.  A listener's socket that
 * handlers use is closed by sks_server_free(). */
static void
cut_requests(struct sks_server *srv, const struct sks_request *self)
{
	notify(srv, &srv->live, &srv->notified, self, SKS_SHUT_RDWR);
	if (await_end(srv, LOOP, self, dw_clock_after(srv->cfg.grace)))
		end_by_mixin(srv, dw_clock_ns(), 0);
	notify(srv, &srv->live, &srv->notified, self, SKS_SHUT_RDWR);
	if (has_borrowers(srv))
		cut_listeners(srv);
}

int
sks_close_blocking(struct sks_server *srv, int block)
{
	struct sks_request *self = srv->mixin->current_request == NULL ?
	    NULL :
	    srv->mixin->current_request();
	int r, ended;

	if (self != NULL && self->srv != srv)
		self = NULL;
	if ((r = close_begin(srv, self)) < 0)
		return r;
	sks_server_request_shutdown(srv);
	if (block) {
		end_requests(srv, self);
		ended = await_end(srv, LOOP_AND_REQUESTS, self, dw_clock_ns());
	} else {
		cut_requests(srv, self);
		ended = await_end(srv, LOOP, self, dw_clock_ns());
	}
	if (ended && (block || !has_borrowers(srv)))
		close_listener(srv);
	if (srv->mixin->end_idle != NULL)
		srv->mixin->end_idle(srv);
	sks_reap(srv);
	close_end(srv);
	return ended ? 0 : sks_fail(SKS_ETIMEDOUT, "close");
}

int
sks_server_close(struct sks_server *srv)
{
	return sks_close_blocking(srv, srv->cfg.block_on_close);
}
