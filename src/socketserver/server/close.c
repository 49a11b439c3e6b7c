/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "base/clock.h"
#include "socketserver/net/error.h"
#include "socketserver/server/internal.h"
#include "socketserver/net/socket.h"

/* After the cut, for the handlers to come out of their calls. */
#define AFTER_CUT_NS DW_SECOND

/* Becomes the one that closes.  `self` is the worker that asks, or NULL. */
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

/* Returns 1 when nothing runs any more but `self`. */
static int
all_ended_locked(const struct sks_server *srv, const struct sks_request *self)
    DW_REQUIRES(srv -> lock)
{
	return srv->state != LOOP_RUNNING &&
	    srv->stats.live == (self != NULL ? 1 : 0);
}

static void
close_end(struct sks_server *srv)
{
	dw_lock(&srv->lock);
	srv->closing = 0;
	dw_cond_broadcast(&srv->changed);
	dw_unlock(&srv->lock);
}

/* The next to be told moves to the other list.  Its socket is held, since its
 * worker may be closing it at this moment. */
static struct sks_socket *
next_to_tell(struct sks_server *srv, struct dw_list *from, struct dw_list *to,
    const struct sks_request *self)
{
	struct sks_socket *s = NULL;
	struct dw_list *node;

	dw_lock(&srv->lock);
	while (s == NULL && (node = dw_list_take(from)) != NULL) {
		struct sks_request *req =
		    DW_LIST_OF(node, struct sks_request, node);

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

static void
tell(struct sks_server *srv, struct dw_list *from, struct dw_list *to,
    const struct sks_request *self, enum sks_how how)
{
	struct sks_socket *s;

	while ((s = next_to_tell(srv, from, to, self)) != NULL) {
		/* One that is not connected any more needs no telling. */
		(void)sks_shutdown(s, how);
		sks_socket_release(s);
	}
}

static int
await_loop(struct sks_server *srv, int64_t deadline_ns)
{
	int ended;

	dw_lock(&srv->lock);
	while (srv->state == LOOP_RUNNING)
		if (!dw_cond_wait_until(&srv->changed, &srv->lock, deadline_ns))
			break;
	ended = srv->state != LOOP_RUNNING;
	dw_unlock(&srv->lock);
	return ended;
}

static int
await_all(struct sks_server *srv, const struct sks_request *self,
    int64_t deadline_ns)
{
	int ended;

	dw_lock(&srv->lock);
	while (!(ended = all_ended_locked(srv, self)))
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
		sks_request_drop(DW_LIST_OF(node, struct sks_request, node));
}

/* A server's own socket may be in the handlers' hands: then it is closed after
 * them, and what they reply can still leave. */
static int
is_lent(struct sks_server *srv)
{
	int lent;

	dw_lock(&srv->lock);
	lent = srv->lent > 0;
	dw_unlock(&srv->lock);
	return lent;
}

static void
cut_listeners(struct sks_server *srv)
{
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

/* Asks, waits, cuts, waits again. */
static void
end_requests(struct sks_server *srv, const struct sks_request *self)
{
	int64_t grace_ns = dw_clock_after(srv->cfg.grace);

	tell(srv, &srv->live, &srv->told, self, SKS_SHUT_RD);
	if (await_loop(srv, grace_ns)) {
		if (!is_lent(srv))
			close_listener(srv);
		sks_end_children(srv, grace_ns, 1);
	}
	/* Those that the loop had let in meanwhile. */
	tell(srv, &srv->live, &srv->told, self, SKS_SHUT_RD);
	if (await_all(srv, self, grace_ns))
		return;
	tell(srv, &srv->told, &srv->live, self, SKS_SHUT_RDWR);
	if (is_lent(srv))
		cut_listeners(srv);
	await_all(srv, self, dw_clock_ns() + AFTER_CUT_NS);
}

/* Asks and cuts at once; only the loop is waited for.  A socket that handlers
 * have is closed by sks_server_free(). */
static void
cut_requests(struct sks_server *srv, const struct sks_request *self)
{
	tell(srv, &srv->live, &srv->told, self, SKS_SHUT_RDWR);
	if (await_loop(srv, dw_clock_after(srv->cfg.grace)))
		sks_end_children(srv, dw_clock_ns(), 0);
	tell(srv, &srv->live, &srv->told, self, SKS_SHUT_RDWR);
	if (is_lent(srv))
		cut_listeners(srv);
}

int
sks_close_blocking(struct sks_server *srv, int block)
{
	struct sks_request *self = sks_worker_request();
	int r, ended;

	if (self != NULL && self->srv != srv)
		self = NULL;
	if ((r = close_begin(srv, self)) < 0)
		return r;
	sks_server_request_shutdown(srv);
	if (block) {
		end_requests(srv, self);
		ended = await_all(srv, self, dw_clock_ns());
	} else {
		cut_requests(srv, self);
		ended = await_loop(srv, dw_clock_ns());
	}
	if (ended && (block || !is_lent(srv)))
		close_listener(srv);
	sks_reap(srv);
	close_end(srv);
	return ended ? 0 : sks_fail(SKS_ETIMEDOUT, "close");
}

int
sks_server_close(struct sks_server *srv)
{
	return sks_close_blocking(srv, srv->cfg.block_on_close);
}
