/* SPDX-License-Identifier: BSD-2-Clause */
/* This file reads whole messages out of a stream, and writes one into it. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>

#include "socketserver/net/error.h"
#include "socketserver/stream/internal.h"

static int
no_message(const struct sks_framing *how, int code)
{
	if (code == SKS_EPROTO)
		return sks_fail(code, "not a netstring");
	return sks_fail(code, how->kind == SKS_LINE ? "a line" : "a message");
}

/* Reads until a message lies whole at the front: 1, or 0 at end of file. */
static int
await_message(struct sks_stream *st, const struct sks_framing *how, size_t max,
    int64_t deadline_ns, struct sks_span *m)
{
	struct sks_scan lf = SKS_SCAN_LF;
	const char *p;
	ssize_t got;
	size_t n;
	int r;

	for (;;) {
		p = sks_stream_waiting(st, &n);
		r = sks_framing_find(how, max, &lf, p, n, m);
		if (r != 0)
			return r < 0 ? no_message(how, r) : r;
		assert(m->want > 0);
		got = sks_stream_fill(st, m->want, deadline_ns);
		if (got < 0)
			return (int)got;
		if (got == 0)
			return n == 0 ? 0 : sks_fail(SKS_EEOF, "a message");
	}
}

int
sks_stream_read_frame(struct sks_stream *st, const struct sks_framing *how,
    int64_t deadline_ns, void *buf, size_t size, size_t *len)
{
	struct sks_span m;
	int r;

	*len = 0;
	if ((r = sks_framing_check(how)) < 0)
		return r;
	if (size == 0)
		return sks_fail(SKS_EINVAL, "a message needs room");
	r = await_message(st, how, how->max < size - 1 ? how->max : size - 1,
	    deadline_ns, &m);
	if (r <= 0)
		return r;
	assert(m.len < size);
	sks_stream_take(st, NULL, m.head);
	sks_stream_take_string(st, buf, (size_t)m.len);
	sks_stream_take(st, NULL, m.tail);
	*len = (size_t)m.len;
	return 1;
}

int
sks_stream_write_frame(struct sks_stream *st, const struct sks_framing *how,
    const void *data, size_t len)
{
	ssize_t n = sks_frame_encode(how, data, len, NULL, 0);
	char *whole;

	if (n < 0)
		return (int)n;
	if ((whole = malloc((size_t)n)) == NULL)
		return sks_fail(SKS_ENOMEM, "");
	n = sks_frame_encode(how, data, len, whole, (size_t)n);
	if (n > 0)
		n = sks_stream_write(st, whole, (size_t)n);
	free(whole);
	return n < 0 ? (int)n : 0;
}
