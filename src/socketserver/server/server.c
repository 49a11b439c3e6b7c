/* SPDX-License-Identifier: BSD-2-Clause */
/* This file makes and frees a server: Python's BaseServer. */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "socketserver/net/error.h"
#include "socketserver/server/internal.h"

void
sks_default_handle_timeout(struct sks_server *srv)
{
	(void)srv;
}

int
sks_default_service_actions(struct sks_server *srv)
{
	(void)srv;
	return 0;
}

static int
process_request(struct sks_server *srv, struct sks_request *req)
{
	int r = srv->ops.finish_request(srv, req);

	if (r == 0)
		srv->ops.shutdown_request(srv, req);
	return r;
}

/* SKS_ENOTHREAD can only come from an override. */
const struct sks_mixin_ops sks_base_server = {
	.runs_in = "thread",
	.refusal = SKS_OVER_THREADS,
	.process_request = process_request,
};

int
sks_default_process_request(struct sks_server *srv, struct sks_request *req)
{
	return srv->mixin->process_request(srv, req);
}

#define INHERIT(slot)              \
	if (srv->ops.slot == NULL) \
	srv->ops.slot = sks_default_##slot

static void
inherit(struct sks_server *srv)
{
	INHERIT(server_bind);
	INHERIT(server_activate);
	INHERIT(on_ready);
	INHERIT(server_close);
	INHERIT(get_request);
	INHERIT(verify_request);
	INHERIT(process_request);
	INHERIT(finish_request);
	INHERIT(shutdown_request);
	INHERIT(close_request);
	INHERIT(handle_error);
	INHERIT(handle_timeout);
	INHERIT(service_actions);
	INHERIT(on_overload);
	INHERIT(on_refused_data);
}

/* A table of an older header is shorter than ours: the slots that it lacks stay
 * NULL. */
static void
copy_table(void *to, size_t to_size, const void *from, size_t size)
{
	memcpy(to, from, size < to_size ? size : to_size);
}

static struct sks_handler_ops
copy_handler(const struct sks_handler_ops *handler)
{
	struct sks_handler_ops copy = { 0 };

	copy_table(&copy, sizeof copy, handler, handler->size);
	if (copy.instance_size == 0)
		copy.instance_size = sizeof(struct sks_handler);
	return copy;
}

static int
check_handler(const struct sks_handler_ops *handler)
{
	struct sks_handler_ops copy;

	if (handler == NULL || handler->size == 0)
		return sks_fail(SKS_EINVAL, "no SKS_HANDLER_OPS in the table");
	copy = copy_handler(handler);
	if (copy.instance_size < sizeof(struct sks_handler))
		return sks_fail(SKS_EINVAL,
		    "an instance begins with a struct sks_handler");
	return sks_handler_check(&copy);
}

static int
check_tables(const struct sks_server_ops *ops,
    const struct sks_handler_ops *handler)
{
	if (ops != NULL && ops->size == 0)
		return sks_fail(SKS_EINVAL, "no SKS_SERVER_OPS in the table");
	return check_handler(handler);
}

static void
init_fields(struct sks_server *srv, const struct sks_server_config *cfg,
    const struct sks_server_ops *ops,
    const struct sks_handler_ops *handler) DW_NO_TSA
{
	srv->magic = SKS_SERVER_MAGIC;
	srv->cfg = *cfg;
	srv->cfg.more_addresses = NULL; /* they are the caller's */
	srv->kind = sks_kind_find(cfg->kind);
	srv->mixin = sks_mixin_find(cfg->concurrency);
	assert(srv->kind != NULL && srv->mixin != NULL);
	if (ops != NULL)
		copy_table(&srv->ops, sizeof srv->ops, ops, ops->size);
	inherit(srv);
	srv->handler = copy_handler(handler);
	snprintf(srv->thread_name, sizeof srv->thread_name, "%s",
	    cfg->thread_name == NULL ? "" : cfg->thread_name);
	srv->cfg.thread_name = srv->thread_name;
	srv->reserve_fd = -1;
	atomic_init(&srv->stop, 0);
	atomic_init(&srv->ends, SKS_ENDS_UNHEARD);
	atomic_init(&srv->turns, 1);
	srv->next_number = 1;
	dw_lock_init(&srv->lock, DW_LOCK_workers);
	dw_cond_init(&srv->changed);
	dw_list_init(&srv->adopted);
	dw_list_init(&srv->live);
	dw_list_init(&srv->leaving);
	dw_list_init(&srv->heard);
	dw_list_init(&srv->notified);
	dw_list_init(&srv->children);
	dw_list_init(&srv->parked);
	dw_list_init(&srv->done);
}

static void
release(struct sks_server *srv) DW_NO_TSA
{
	assert(srv->state != LOOP_RUNNING && srv->stats.live == 0);
	srv->magic = 0;
	if (srv->reserve_fd >= 0)
		close(srv->reserve_fd);
	dw_wake_fini(&srv->wake);
	sks_listeners_free(srv);
	free(srv->datagram_buf);
	sks_places_unref(srv->places);
	dw_cond_fini(&srv->changed);
	dw_lock_fini(&srv->lock);
	free(srv);
}

int
sks_server_bind(struct sks_server *srv)
{
	return srv->ops.server_bind(srv);
}

int
sks_server_activate(struct sks_server *srv)
{
	int r = srv->ops.server_activate(srv);

	if (r < 0)
		return r;
	sks_reserve_open(srv);
	srv->ops.on_ready(srv);
	return 0;
}

/* The sockets are made also when they are not to be bound yet. */
static int
open_bind_activate(struct sks_server *srv)
{
	struct sks_error e;
	int r = sks_listeners_open(srv);

	if (r == 0 && !srv->cfg.bind_and_activate)
		return 0;
	if (r == 0 && (r = sks_server_bind(srv)) == 0 &&
	    (r = sks_server_activate(srv)) == 0)
		return 0;
	sks_error_for(r, &e);
	srv->ops.server_close(srv);
	sks_error_restore(&e);
	return r;
}

/* Makes the parts that init_fields() could not make, because they may fail. */
static int
make_parts(struct sks_server *srv, const struct sks_server_config *cfg)
{
	int r = dw_wake_init(&srv->wake);

	if (r < 0) {
		srv->wake.rd = srv->wake.wr = -1;
		return sks_fail_errno(-r, "the wake of the loop");
	}
	srv->places = cfg->together == NULL ?
	    sks_places_new() :
	    sks_places_ref(cfg->together->places);
	if (srv->places == NULL)
		return sks_fail(SKS_ENOMEM, "");
	return sks_listeners_new(srv, cfg);
}

int
sks_server_new(const struct sks_server_config *cfg,
    const struct sks_server_ops *ops, const struct sks_handler_ops *handler,
    struct sks_server **out)
{
	struct sks_server_config full;
	struct sks_server *srv;
	int r;

	*out = NULL;
	if ((r = sks_server_config_complete(cfg, &full)) < 0 ||
	    (r = check_tables(ops, handler)) < 0)
		return r;
	if ((srv = calloc(1, sizeof *srv)) == NULL)
		return sks_fail(SKS_ENOMEM, "");
	init_fields(srv, &full, ops, handler);
	if ((r = make_parts(srv, &full)) == 0)
		r = open_bind_activate(srv);
	if (r == 0)
		*out = srv;
	else
		release(srv);
	return r;
}

int
sks_server_set_handler(struct sks_server *srv,
    const struct sks_handler_ops *handler)
{
	struct sks_handler_ops copy;
	int r = check_handler(handler);

	if (r < 0)
		return r;
	copy = copy_handler(handler);
	dw_lock(&srv->lock);
	srv->handler = copy;
	dw_unlock(&srv->lock);
	return 0;
}

/* Waits however long it takes: memory that a handler uses cannot be freed. */
static void
wait_all(struct sks_server *srv)
{
	dw_lock(&srv->lock);
	while (srv->state == LOOP_RUNNING ||
	    srv->stats.live > srv->stats.children)
		dw_cond_wait(&srv->changed, &srv->lock);
	dw_unlock(&srv->lock);
}

void
sks_server_free(struct sks_server *srv)
{
	int r;

	if (srv == NULL)
		return;
	while ((r = sks_close_blocking(srv, 1)) == SKS_ETIMEDOUT)
		wait_all(srv);
	assert(r == 0); /* a callback must not free its server */
	assert(dw_list_empty(&srv->adopted) && dw_list_empty(&srv->parked) &&
	    dw_list_empty(&srv->done));
	release(srv);
}

size_t
sks_server_listeners(const struct sks_server *srv)
{
	return srv->n_listeners;
}

static const struct sks_listener *
listener_at(const struct sks_server *srv, size_t i)
{
	return i < srv->n_listeners ? &srv->listeners[i] : NULL;
}

const struct sks_addr *
sks_server_address_at(const struct sks_server *srv, size_t i)
{
	const struct sks_listener *l = listener_at(srv, i);

	return l == NULL ? NULL : &l->address;
}

const struct sks_addr *
sks_server_address(const struct sks_server *srv)
{
	return sks_server_address_at(srv, 0);
}

struct sks_socket *
sks_server_socket_at(const struct sks_server *srv, size_t i)
{
	const struct sks_listener *l = listener_at(srv, i);

	return l == NULL ? NULL : l->sock;
}

int
sks_server_fileno_at(const struct sks_server *srv, size_t i)
{
	struct sks_socket *s = sks_server_socket_at(srv, i);

	return s == NULL ? -1 : sks_fileno(s);
}

int
sks_server_fileno(const struct sks_server *srv)
{
	return sks_server_fileno_at(srv, 0);
}

const struct sks_server_config *
sks_server_get_config(const struct sks_server *srv)
{
	return &srv->cfg;
}

void *
sks_server_user(const struct sks_server *srv)
{
	return srv->cfg.user;
}

void
sks_server_stats(struct sks_server *srv, struct sks_server_stats *out)
{
	dw_lock(&srv->lock);
	*out = srv->stats;
	dw_unlock(&srv->lock);
}
