/* SPDX-License-Identifier: BSD-2-Clause */
/* What differs between the kinds of servers. */
#ifndef SKS_KIND_H
#define SKS_KIND_H

#include "socketserver/server/internal.h"

struct sks_kind_row {
	enum sks_type type;
	int is_unix; /* of the addresses: Unix or IP */
	/* A request takes a descriptor.  Else it borrows the server's. */
	int takes_descriptor;

	/* A new socket, before it is bound; NULL: nothing to do. */
	int (*prepare)(struct sks_socket *s, enum sks_family family);
	/* One listener's part of server_activate; NULL: nothing to do. */
	int (*activate)(const struct sks_server *srv, struct sks_listener *l);
	int (*get_request)(struct sks_server *srv, struct sks_request **req);
};

/* NULL: there is no such kind. */
const struct sks_kind_row *sks_kind_find(enum sks_kind kind);
const struct sks_kind_row *sks_kind_of(const struct sks_server *srv);

#endif
