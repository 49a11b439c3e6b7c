/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Customers whom a proxy brings.  The thread that accepts them looks whether
 * that proxy may come; then the worker reads for whom it comes, and from there
 * on all is as if that customer had come by itself: bans, the lot of a nearly
 * full desk and the places of one address are the customer's.  The proxy's own
 * address counts for nothing but to be let in.
 */
#include "config.h"

#include "base/clock.h"
#include "service/customer.h"
#include "wire/proxy.h"

/* ---- on the loop's thread ---- */

/* max_per_addr is none of the proxy's. */
static int
proxied_get_request(struct sks_server *srv, struct sks_request **req)
{
	static const struct sks_addr none;
	int r = sks_default_get_request(srv, req);
	enum sks_overload why;

	if (r != 0)
		return r;
	why = sks_request_set_address(*req, &none);
	assert(why == SKS_OVER_NONE);
	(void)why;
	return 0;
}

/* Who is none is reset, for a classic client would come back for ever. */
static int
proxied_verify(struct sks_server *srv, struct sks_request *req)
{
	struct svc *svc = svc_of(sks_server_user(srv));
	struct sks_addr peer;

	if (sks_getpeername(sks_request_socket(req), &peer) < 0)
		return 0; /* it has gone */
	if (svc_proxies_have(&svc->proxies, &peer))
		return 1;
	svc_refused(svc, SVC_REFUSED_NOT_A_PROXY, &peer);
	sks_reset(sks_request_socket(req));
	return 0;
}

/* What stands behind its proxy's header. */
static int
proxied_refused_data(struct sks_server *srv, struct sks_request *req,
    const void *data, size_t n)
{
	char address[WIRE_PROXY_TEXT];
	size_t used;

	switch (wire_proxy(data, n, &used, address)) {
	case WIRE_PROXY_MORE:
		return SKS_EAGAIN;
	case WIRE_PROXY_LOCAL:
	case WIRE_PROXY_BAD:
		return 0;
	case WIRE_PROXY_CUSTOMER:
	case WIRE_PROXY_UNKNOWN:
		break;
	}
	return svc_customer_server_ops.on_refused_data(srv, req,
	    (const char *)data + used, n - used);
}

/* ---- on the worker ---- */

/* One that was told why it is not let in may read that: as cfg.refused_grace has
 * it for who has no worker. */
static void
let_read(struct svc_customer *cu)
{
	const int64_t until = dw_clock_after(SVC_REFUSED_GRACE);
	struct svc_input *in = &cu->input;
	int misled;

	do
		misled =
		    svc_customer_server_ops.on_refused_data(cu->base.server,
			cu->base.self, in->bytes, in->len);
	while (misled == SKS_EAGAIN && !svc_input_is_full(in) &&
	    svc_input_recv(in, until) > 0);
	if (misled != 0 && in->len > 0) {
		sks_outbox_close(cu->outbox);
		sks_reset(cu->base.request);
		return;
	}
	sks_outbox_end(cu->outbox);
	svc_read_on(cu->svc, cu->base.request);
}

/* Places and bans, in the order in which a customer without a proxy meets
 * them. */
static bool
lets_in(struct svc_customer *cu, const struct sks_addr *address)
{
	struct sks_server *srv = cu->base.server;
	struct sks_request *req = cu->base.self;
	enum sks_overload why = sks_request_set_address(req, address);

	if (why == SKS_OVER_NONE && svc_lets_in(srv, req))
		return true;
	if (why != SKS_OVER_NONE)
		svc_customer_server_ops.on_overload(srv, req, why);
	let_read(cu);
	return false;
}

static bool
take_customer(struct svc_customer *cu, const char *text)
{
	struct sks_addr address;
	char plain[SKS_ADDR_TEXT];

	if (sks_addr_parse(text, 0, &address) < 0)
		return false;
	desk_conn_init(&cu->conn,
	    sks_addr_format(&address, SKS_STYLE_PLAIN, plain, sizeof plain));
	return lets_in(cu, &address);
}

/* It is none of the customers', so nothing tells it why.  By a Unix socket it
 * has no address. */
static void
refuse_proxy(struct svc_customer *cu)
{
	struct sks_addr peer;
	bool known = sks_getpeername(cu->base.request, &peer) == 0 &&
	    sks_addr_family(&peer) != SKS_UNSPEC;

	svc_refused(cu->svc, SVC_REFUSED_NO_HEADER, known ? &peer : NULL);
	sks_outbox_close(cu->outbox);
	sks_reset(cu->base.request);
}

/* Who looks whether we are here, and goes without a word, comes for nobody. */
static enum wire_proxy
read_header(struct svc_customer *cu, int64_t until, char *address)
{
	struct svc_input *in = &cu->input;
	enum wire_proxy said = WIRE_PROXY_MORE;
	size_t used;
	ssize_t n;

	while (said == WIRE_PROXY_MORE && !svc_input_is_full(in)) {
		n = svc_input_recv(in, until);
		if (n <= 0 && n != SKS_ETIMEDOUT && in->len == 0)
			return WIRE_PROXY_LOCAL;
		if (n <= 0)
			return WIRE_PROXY_BAD;
		said = wire_proxy(in->bytes, in->len, &used, address);
	}
	if (said == WIRE_PROXY_MORE)
		return WIRE_PROXY_BAD;
	svc_input_drop(in, used);
	return said;
}

bool
svc_introduced(struct svc_customer *cu, int64_t accepted)
{
	const int64_t until =
	    accepted + svc_limits_of(cu)->hello_timeout * DW_SECOND;
	char address[WIRE_PROXY_TEXT];

	switch (read_header(cu, until, address)) {
	case WIRE_PROXY_CUSTOMER:
		return take_customer(cu, address);
	case WIRE_PROXY_UNKNOWN:
		return lets_in(cu, cu->base.client_address);
	case WIRE_PROXY_LOCAL:
		break;
	case WIRE_PROXY_MORE:
	case WIRE_PROXY_BAD:
		refuse_proxy(cu);
		break;
	}
	return false;
}

static int
proxied_setup(struct sks_handler *h)
{
	struct svc_customer *cu = (struct svc_customer *)h;
	int r = svc_customer_ops.setup(h);

	cu->proxied = true;
	if (r == 0)
		desk_conn_init(&cu->conn, SVC_NO_ADDRESS);
	return r;
}

void
svc_proxied_ops(struct sks_server_ops *server, struct sks_handler_ops *handler)
{
	*server = svc_customer_server_ops;
	server->get_request = proxied_get_request;
	server->verify_request = proxied_verify;
	server->on_refused_data = proxied_refused_data;
	*handler = svc_customer_ops;
	handler->setup = proxied_setup;
}
