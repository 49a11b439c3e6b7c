/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "socketserver/server/datagram.h"
#include "socketserver/server/kind.h"

static const struct sks_kind_row rows[] = {
	[SKS_TCP] = {
		.type = SKS_STREAM,
		.takes_descriptor = 1,
		.activate = sks_listen_on,
		.get_request = sks_accept_request,
	},
	[SKS_UDP] = {
		.type = SKS_DGRAM,
		.prepare = sks_datagram_prepare,
		.get_request = sks_datagram_get_request,
	},
	[SKS_UNIX_STREAM] = {
		.type = SKS_STREAM,
		.is_unix = 1,
		.takes_descriptor = 1,
		.activate = sks_listen_on,
		.get_request = sks_accept_request,
	},
	[SKS_UNIX_DGRAM] = {
		.type = SKS_DGRAM,
		.is_unix = 1,
		.prepare = sks_datagram_prepare,
		.get_request = sks_datagram_get_request,
	},
};

const struct sks_kind_row *
sks_kind_find(enum sks_kind kind)
{
	return (unsigned)kind < sizeof rows / sizeof rows[0] ? &rows[kind] :
							       NULL;
}

const struct sks_kind_row *
sks_kind_of(const struct sks_server *srv)
{
	return &rows[srv->cfg.kind];
}

int
sks_default_get_request(struct sks_server *srv, struct sks_request **req)
{
	return sks_kind_of(srv)->get_request(srv, req);
}
