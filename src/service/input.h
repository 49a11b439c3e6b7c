/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a worker has read of its socket and not decoded yet.  Most customers are
 * quiet, and each waits in a recv of its own: so that one has a small buffer, on
 * its worker's stack.  Only what fills it gets a large one, until it is decoded.
 */
#ifndef SVC_INPUT_H
#define SVC_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "socketserver/socketserver.h"

#define SVC_INPUT_FIRST 512   /* bytes, for most */
#define SVC_INPUT_MAX   16384 /* that are read at once */

struct svc_input {
	struct sks_socket *from;
	char *bytes; /* first, or more */
	size_t len, cap;
	char *first; /* the caller's SVC_INPUT_FIRST bytes */
	char *more;  /* SVC_INPUT_MAX bytes; or NULL */
	int broken;  /* what the next read returns; or 0 */
};

void svc_input_init(struct svc_input *in, struct sks_socket *from, char *first);
void svc_input_fini(struct svc_input *in);

/* Waits for bytes and adds them: all that have come, as far as there is room.
 * Returns how many, and else as sks_recv_deadline(). */
ssize_t svc_input_recv(struct svc_input *in, int64_t deadline_ns);

/* There is no room for more, or no memory for it. */
bool svc_input_is_full(const struct svc_input *in);

/* Takes away the first n bytes; and all of them, with the large buffer. */
void svc_input_drop(struct svc_input *in, size_t n);
void svc_input_reset(struct svc_input *in);

#endif
