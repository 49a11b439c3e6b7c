/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The way to a desk in another process, by its operators' socket: what the verbs
 * attach, ctl and relay share.
 */
#ifndef BIN_DESK_LINK_H
#define BIN_DESK_LINK_H

#include <stdbool.h>
#include <sys/types.h>

#include "bin/options.h"
#include "socketserver/socketserver.h"

struct desk_link {
	unsigned magic;
	const char *path; /* the desk's socket */
	char *found;      /* the same, where nobody has named it */
	int code;         /* why there is no link to it */
	bool other;       /* one more user is trusted */
	uid_t user;
	bool strange; /* the desk was one that nobody trusts */
	char error[512];
};

/* Finds the socket.  Returns 0; or an exit status, and has told why.  fini in
 * both cases. */
int desk_link_init(struct desk_link *a, const struct options *o);
void desk_link_fini(struct desk_link *a);

/* A con_connect_fn whose arg is a struct desk_link. */
struct sks_socket *desk_link_connect(void *arg, const char **why);

/* Tells why that failed, and what to do.  Returns the exit status. */
int desk_link_failed(const struct desk_link *a);

#endif
