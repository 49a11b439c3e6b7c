/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "socketserver/server/datagram.h"
#include "socketserver/net/error.h"
#include "socketserver/stream/internal.h"
#include "socketserver/server/internal.h"

static void
free_streams(void *arg)
{
	struct sks_datagram_handler *dh = arg;

	sks_stream_free(dh->wfile);
	sks_stream_free(dh->rfile);
	dh->wfile = dh->rfile = NULL;
}

/* The streams go also without a finish, see sks_stream_handler_setup(). */
int
sks_datagram_handler_setup(struct sks_handler *h)
{
	struct sks_datagram_handler *dh = (struct sks_datagram_handler *)h;
	size_t len;
	const void *data = sks_request_packet(h->self, &len);
	int r;

	if (data == NULL)
		return sks_fail(SKS_EINVAL, "the request is no datagram");
	if ((r = sks_defer(h, free_streams, dh)) < 0 ||
	    (r = sks_stream_memory(data, len, 0, &dh->rfile)) < 0)
		return r;
	return sks_stream_memory("", 0, sks_request_max_reply(h->self),
	    &dh->wfile);
}

static int
reply_is_due(const struct sks_datagram_handler *dh, size_t written)
{
	const struct sks_request *req = dh->base.self;

	if (!sks_request_can_reply(req) ||
	    (req->handled < 0 && !dh->reply_on_error))
		return 0;
	return written > 0 || dh->reply_empty;
}

static int
reply(struct sks_datagram_handler *dh)
{
	size_t n;
	const char *data = sks_stream_written(dh->wfile, &n);
	int r;

	if (!reply_is_due(dh, n))
		return 0;
	r = sks_request_reply(dh->base.self, data, n);
	if (r != SKS_ERESET)
		return r;
	/* As with a stream: the peer may have left. */
	if (dh->base.end_reason == SKS_END_DONE)
		dh->base.end_reason = SKS_END_PEER;
	return 0;
}

int
sks_datagram_handler_finish(struct sks_handler *h)
{
	struct sks_datagram_handler *dh = (struct sks_datagram_handler *)h;
	int r = dh->wfile == NULL ? 0 : reply(dh);

	free_streams(dh);
	return r;
}
