/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This file is what others than its handler may do with a request: hold it,
 * find all that are live, and send to one.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>

#include "socketserver/net/error.h"
#include "socketserver/server/internal.h"

struct sks_request *
sks_request_ref(struct sks_request *req)
{
	assert(req->magic == SKS_REQUEST_MAGIC);
	atomic_fetch_add_explicit(&req->refs, 1, memory_order_relaxed);
	return req;
}

static size_t
add_references(const struct dw_list *from, struct sks_request **list, size_t n)
{
	DW_LIST_EACH(node, from) {
		struct sks_request *req = sks_request_of(node);

		if (!req->borrowed)
			list[n++] = sks_request_ref(req);
	}
	return n;
}

/* Fills in the list if it has room for all.  Returns how many live now. */
static size_t
take(struct sks_server *srv, struct sks_request **list, size_t room, size_t *n)
{
	size_t live;

	*n = 0;
	dw_lock(&srv->lock);
	live = srv->stats.live;
	if (live < room) {
		*n = add_references(&srv->notified, list, 0);
		*n = add_references(&srv->live, list, *n);
		list[*n] = NULL;
	}
	dw_unlock(&srv->lock);
	return live;
}

ssize_t
sks_server_requests(struct sks_server *srv, struct sks_request ***list)
{
	size_t room = 1, live, n;

	if ((*list = calloc(room, sizeof **list)) == NULL)
		return sks_fail(SKS_ENOMEM, "");
	/* More may come while there is no lock. */
	while ((live = take(srv, *list, room, &n)) >= room) {
		free(*list);
		room = live + live / 4 + 1;
		if ((*list = calloc(room, sizeof **list)) == NULL)
			return sks_fail(SKS_ENOMEM, "");
	}
	return (ssize_t)n;
}

void
sks_requests_free(struct sks_request **list)
{
	if (list == NULL)
		return;
	for (size_t i = 0; list[i] != NULL; i++)
		sks_request_unref(list[i]);
	free(list);
}

ssize_t
sks_request_send_now(struct sks_request *req, const void *data, size_t n)
{
	assert(req->magic == SKS_REQUEST_MAGIC);
	if (req->borrowed)
		return sks_fail(SKS_EINVAL, "the socket is not the request's");
	return sks_send_lent(req->sock, data, n);
}
