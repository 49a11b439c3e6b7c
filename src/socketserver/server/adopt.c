/* SPDX-License-Identifier: BSD-2-Clause */
/* Connected sockets handed to a server. */
#include "config.h"

#include "socketserver/net/error.h"
#include "socketserver/server/kind.h"
#include "socketserver/server/internal.h"
#include "socketserver/net/socket.h"

static int
enqueue(struct sks_server *srv, struct sks_request *req)
{
	int closed;

	dw_lock(&srv->lock);
	closed = srv->closed;
	if (!closed)
		dw_list_add(&srv->adopted, &req->node);
	dw_unlock(&srv->lock);
	return closed ? SKS_ECLOSED : 0;
}

int
sks_server_adopt(struct sks_server *srv, struct sks_socket *s)
{
	const double timeout = s->timeout;
	struct sks_request *req;
	struct sks_addr client;
	int r;

	if (!sks_kind_of(srv)->takes_descriptor)
		return sks_fail(SKS_ENOTSUP, "datagrams are not adopted");
	if ((r = sks_getpeername(s, &client)) < 0 ||
	    (r = sks_request_new(srv, s, &client, &req)) < 0)
		return r;
	if ((r = enqueue(srv, req)) < 0) {
		req->sock = NULL;     /* it stays the caller's, */
		s->timeout = timeout; /* as it was */
		sks_request_unref(req);
		return sks_fail(r, "adopt");
	}
	dw_wake_ring(&srv->wake);
	return 0;
}
