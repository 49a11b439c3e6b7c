/* SPDX-License-Identifier: BSD-2-Clause */
/* This file makes, binds and closes the listeners of a server. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "socketserver/net/error.h"
#include "socketserver/server/internal.h"

int
sks_listeners_new(struct sks_server *srv, const struct sks_server_config *cfg)
{
	size_t n = 1 + cfg->n_more;
	size_t added = srv->mixin->add_polled != NULL ? cfg->max_children : 0;

	added += sks_refused_max_polled(cfg);
	srv->listeners = calloc(n, sizeof *srv->listeners);
	srv->polled = calloc(1 + n + added, sizeof *srv->polled);
	if (srv->listeners == NULL || srv->polled == NULL)
		return sks_fail(SKS_ENOMEM, "");
	srv->n_listeners = n;
	srv->listeners[0].address = cfg->address;
	for (size_t i = 1; i < n; i++)
		srv->listeners[i].address = cfg->more_addresses[i - 1];
	return 0;
}

/* SKS_UNSPEC is no address and gets no socket. */
int
sks_listener_open(const struct sks_server *srv, struct sks_listener *l)
{
	const struct sks_kind_ops *kind = srv->kind;
	enum sks_family family = sks_addr_family(&l->address);
	int r;

	if (family == SKS_UNSPEC)
		return 0;
	r = sks_socket_new(family, kind->type, 0, &l->sock);
	if (r == 0 && kind->prepare != NULL)
		r = kind->prepare(l->sock, family);
	return r;
}

static int
is_inherited(const struct sks_server *srv)
{
	return srv->cfg.inherited_fd >= 0;
}

/* Can a server of this kind serve it, at the address that it has? */
static int
check_inherited(const struct sks_server *srv, const struct sks_listener *l)
{
	const struct sks_kind_ops *kind = srv->kind;
	enum sks_family family = sks_socket_family(l->sock);

	if (sks_socket_type(l->sock) != kind->type)
		return sks_fail(SKS_EINVAL,
		    kind->type == SKS_DGRAM ?
			"the inherited socket is not one of datagrams" :
			"the inherited socket is not a stream");
	if (family == SKS_UNSPEC || kind->is_unix != (family == SKS_UNIX))
		return sks_fail(SKS_EINVAL,
		    kind->is_unix ?
			"the inherited socket is not a Unix socket" :
			"the inherited socket is not one of IP");
	if (sks_addr_family(&l->address) == SKS_UNSPEC ||
	    (!kind->is_unix && sks_addr_port(&l->address) == 0))
		return sks_fail(SKS_EINVAL,
		    "the inherited socket has no address");
	if (kind->takes_descriptor && !sks_fd_listens(sks_fileno(l->sock)))
		return sks_fail(SKS_EINVAL,
		    "the inherited socket does not listen");
	return 0;
}

/* The duplicate is the server's, to close; what is set of it holds for the
 * caller's, too. */
static int
duplicate_inherited(const struct sks_server *srv, struct sks_socket **out)
{
	int fd = fcntl(srv->cfg.inherited_fd, F_DUPFD_CLOEXEC, 0), r;
	struct sks_error e;

	if (fd < 0)
		return sks_fail_errno(errno, "dup");
	if ((r = sks_socket_fromfd(fd, out)) == 0)
		return 0;
	sks_error_for(r, &e);
	close(fd);
	if (e.sys_errno == ENOTSOCK)
		return sks_fail(SKS_EINVAL, "inherited_fd is no socket");
	sks_error_restore(&e);
	return r;
}

static int
inherit_listener(struct sks_server *srv)
{
	struct sks_listener *l = &srv->listeners[0];
	int r = duplicate_inherited(srv, &l->sock);

	if (r == 0)
		r = sks_getsockname(l->sock, &l->address);
	if (r == 0)
		r = check_inherited(srv, l);
	if (r == 0 && srv->kind->prepare != NULL)
		r = srv->kind->prepare(l->sock, sks_socket_family(l->sock));
	return r;
}

int
sks_listeners_open(struct sks_server *srv)
{
	int r = 0;

	if (is_inherited(srv))
		return inherit_listener(srv);
	for (size_t i = 0; i < srv->n_listeners && r == 0; i++)
		r = sks_listener_open(srv, &srv->listeners[i]);
	return r;
}

void
sks_listeners_free(struct sks_server *srv)
{
	for (size_t i = 0; i < srv->n_listeners; i++)
		sks_socket_free(srv->listeners[i].sock);
	free(srv->listeners);
	free(srv->polled);
}

void
sks_reserve_open(struct sks_server *srv)
{
	if (srv->reserve_fd < 0 && srv->kind->takes_descriptor)
		srv->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static struct sks_path_options
path_options(const struct sks_server *srv)
{
	return (struct sks_path_options){
		.mode = srv->cfg.unix_mode,
		.group = srv->cfg.unix_group,
		.replace_stale = srv->cfg.unix_unlink_stale,
		.backlog = srv->cfg.backlog,
	};
}

int
sks_listener_path_is_free(const struct sks_server *srv,
    const struct sks_listener *l)
{
	const struct sks_path_options path = path_options(srv);

	return sks_path_is_free(&l->address, srv->kind->type, &path);
}

int
sks_listener_bind(const struct sks_server *srv, struct sks_listener *l)
{
	const struct sks_path_options path = path_options(srv);
	int r;

	if (l->sock == NULL)
		return sks_fail(SKS_EINVAL, "no address to listen on");
	if ((r = sks_before_bind(l->sock, srv->cfg.allow_reuse_address,
		 srv->cfg.allow_reuse_port, srv->cfg.dual_stack)) < 0)
		return r;
	r = sks_addr_path(&l->address) != NULL ?
	    sks_bind_path(l->sock, &l->address, &path, &l->file) :
	    sks_bind(l->sock, &l->address);
	if (r < 0)
		return r;
	return sks_getsockname(l->sock, &l->address);
}

int
sks_default_server_bind(struct sks_server *srv)
{
	int r = 0;

	if (is_inherited(srv))
		return 0;
	for (size_t i = 0; i < srv->n_listeners && r == 0; i++)
		r = sks_listener_bind(srv, &srv->listeners[i]);
	return r;
}

int
sks_listen_on(const struct sks_server *srv, struct sks_listener *l)
{
	return sks_listen(l->sock, srv->cfg.backlog);
}

static int
activate_listener(const struct sks_server *srv, struct sks_listener *l)
{
	if (l->sock == NULL || sks_fileno(l->sock) < 0)
		return sks_fail(SKS_EINVAL, "activate before bind");
	return srv->kind->activate == NULL ? 0 : srv->kind->activate(srv, l);
}

int
sks_default_server_activate(struct sks_server *srv)
{
	int r = 0;

	if (is_inherited(srv))
		return 0;
	for (size_t i = 0; i < srv->n_listeners && r == 0; i++)
		r = activate_listener(srv, &srv->listeners[i]);
	return r;
}

void
sks_default_on_ready(struct sks_server *srv)
{
	(void)srv;
}

void
sks_default_server_close(struct sks_server *srv)
{
	for (size_t i = 0; i < srv->n_listeners; i++) {
		struct sks_listener *l = &srv->listeners[i];

		if (srv->cfg.unix_unlink)
			sks_unlink_path(&l->address, &l->file);
		if (l->sock != NULL)
			sks_close(l->sock);
	}
}
