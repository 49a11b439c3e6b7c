/* SPDX-License-Identifier: BSD-2-Clause */
/* This file is the life of a request, from its making to its last
 * reference. */
#include "config.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "socketserver/net/error.h"
#include "socketserver/server/internal.h"

/* A listener's socket is left alone, and so is the time-out of an adopted one
 * when the config has none. */
static void
set_idle_timeout(const struct sks_server *srv, struct sks_socket *s)
{
	for (size_t i = 0; i < srv->n_listeners; i++)
		if (s == srv->listeners[i].sock)
			return;
	if (srv->cfg.idle_timeout < INFINITY)
		s->timeout = srv->cfg.idle_timeout;
}

struct sks_request *
sks_request_blank(void)
{
	return calloc(1, sizeof(struct sks_request));
}

void
sks_request_begin(struct sks_request *req, struct sks_server *srv,
    struct sks_socket *s, const struct sks_addr *client)
{
	req->magic = SKS_REQUEST_MAGIC;
	atomic_init(&req->refs, 1);
	atomic_init(&req->stopping, 0);
	req->srv = srv;
	req->sock = s;
	req->client = *client;
	set_idle_timeout(srv, s);
	dw_list_init(&req->node);
	dw_lock(&srv->lock);
	req->number = srv->next_number++;
	dw_unlock(&srv->lock);
}

int
sks_request_new(struct sks_server *srv, struct sks_socket *s,
    const struct sks_addr *client, struct sks_request **out)
{
	if ((*out = sks_request_blank()) == NULL)
		return sks_fail(SKS_ENOMEM, "");
	sks_request_begin(*out, srv, s, client);
	return 0;
}

int
sks_request_new_borrowed(struct sks_server *srv, struct sks_socket *s,
    const struct sks_addr *client, struct sks_request **out)
{
	int r = sks_request_new(srv, s, client, out);

	if (r < 0)
		return r;
	/* Its memory stays as long as the request, which may be held. */
	sks_socket_hold(s);
	(*out)->borrowed = 1;
	return 0;
}

void
sks_request_unref(struct sks_request *req)
{
	if (atomic_fetch_sub_explicit(&req->refs, 1, memory_order_acq_rel) != 1)
		return;
	assert(req->magic == SKS_REQUEST_MAGIC && !req->admitted);
	req->magic = 0;
	if (req->borrowed)
		sks_socket_release(req->sock);
	else
		sks_socket_free(req->sock);
	free(req->packet);
	free(req);
}

struct sks_socket *
sks_request_socket(struct sks_request *req)
{
	return req->sock;
}

const struct sks_addr *
sks_request_address(const struct sks_request *req)
{
	return &req->client;
}

uint64_t
sks_request_number(const struct sks_request *req)
{
	return req->number;
}

struct sks_handler *
sks_request_handler(struct sks_request *req)
{
	return req->handler;
}

/* Does max_per_addr count this peer? */
static int
host_counts(const struct sks_server_config *cfg, const struct sks_addr *peer,
    struct sks_host_key *key)
{
	if (cfg->max_per_addr == 0 || !sks_addr_host_key(peer, key))
		return 0;
	return !cfg->loopback_exempt ||
	    sks_addr_scope(peer) != SKS_SCOPE_LOOPBACK;
}

enum sks_overload
sks_request_admit(struct sks_request *req)
{
	struct sks_server *srv = req->srv;
	struct sks_host_key key;
	enum sks_overload why;

	why = sks_places_enter(srv->places, &srv->cfg,
	    host_counts(&srv->cfg, &req->client, &key) ? &key : NULL,
	    &req->counted);
	if (why != SKS_OVER_NONE)
		return why;
	dw_lock(&srv->lock);
	assert(!req->admitted);
	req->admitted = 1;
	req->borrows = req->borrowed != 0;
	srv->stats.live++;
	srv->borrowers += (unsigned)req->borrows;
	dw_list_add(&srv->live, &req->node);
	dw_unlock(&srv->lock);
	return SKS_OVER_NONE;
}

/* The host that this request is counted as, or NULL. */
static const struct sks_host_key *
counted_host(const struct sks_request *req, struct sks_host_key *key)
{
	return req->counted && sks_addr_host_key(&req->client, key) ? key :
								      NULL;
}

enum sks_overload
sks_request_set_address(struct sks_request *req, const struct sks_addr *address)
{
	const struct sks_server_config *cfg = &req->srv->cfg;
	struct sks_host_key old, new;
	int counts = host_counts(cfg, address, &new), may = 1;

	assert(req->magic == SKS_REQUEST_MAGIC);
	/* A child has a copy of the counts, and perhaps of a held lock. */
	if (req->admitted && !req->in_child)
		may = sks_places_move(req->srv->places, counted_host(req, &old),
		    counts ? &new : NULL, cfg->max_per_addr, &req->counted);
	req->client = *address;
	return may ? SKS_OVER_NONE : SKS_OVER_ADDRESS;
}

/* This comes before the request is off its list, because the thread that closes
 * the server waits for that. */
void
sks_request_leave(struct sks_request *req)
{
	struct sks_host_key key;

	if (req->admitted)
		sks_places_leave(req->srv->places, counted_host(req, &key));
}

void
sks_request_retire_locked(struct sks_server *srv, struct sks_request *req)
{
	if (!req->admitted)
		return;
	assert(srv->stats.live > 0);
	assert(srv->borrowers >= (unsigned)req->borrows);
	req->admitted = 0;
	dw_list_del(&req->node);
	srv->stats.live--;
	srv->borrowers -= (unsigned)req->borrows;
	dw_cond_broadcast(&srv->changed);
}

void
sks_request_retire(struct sks_request *req)
{
	struct sks_server *srv = req->srv;

	sks_request_leave(req);
	dw_lock(&srv->lock);
	sks_request_retire_locked(srv, req);
	dw_unlock(&srv->lock);
}

void
sks_request_drop(struct sks_request *req)
{
	req->srv->ops.shutdown_request(req->srv, req);
	sks_request_retire(req);
	sks_request_unref(req);
}

void
sks_default_shutdown_request(struct sks_server *srv, struct sks_request *req)
{
	/* Python ignores this failure, too: the peer may be gone, or the
	 * handler has closed the socket. */
	if (!req->borrowed)
		(void)sks_shutdown(req->sock, SKS_SHUT_WR);
	srv->ops.close_request(srv, req);
}

void
sks_default_close_request(struct sks_server *srv, struct sks_request *req)
{
	(void)srv;
	if (!req->borrowed)
		sks_close(req->sock);
}

int
sks_default_verify_request(struct sks_server *srv, struct sks_request *req)
{
	(void)srv;
	(void)req;
	return 1;
}
