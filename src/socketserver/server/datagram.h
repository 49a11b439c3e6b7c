/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams, for the rest of this room. */
#ifndef SKS_DATAGRAM_H
#define SKS_DATAGRAM_H

#include "socketserver/socketserver.h"

/* What came; its sender is the request's client. */
struct sks_packet {
	struct sks_addr asked; /* SKS_UNSPEC: not known */
	size_t len;            /* of data, without the NUL behind */
	size_t full_len;       /* more, if truncated */
	int truncated;
	char data[];
};

/* A new socket, before it is bound: nothing that comes may be missed. */
int sks_datagram_prepare(struct sks_socket *s, enum sks_family family);

/* The default get_request of datagram servers. */
int sks_datagram_get_request(struct sks_server *srv, struct sks_request **req);

/* How long a reply may be; also for a peer that can get none. */
size_t sks_request_max_reply(struct sks_request *req);

#endif
