/* SPDX-License-Identifier: BSD-2-Clause */
/* This file buffers what is read from a socket and written to it: Python's
 * makefile() and BytesIO. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>

#include "socketserver/net/buf.h"
#include "socketserver/net/error.h"
#include "socketserver/net/socket.h"
#include "socketserver/stream/internal.h"

#define DEFAULT_BUFFER 8192

/*
 * `in` holds what was read from the socket and not taken yet; it grows to the
 * longest line that was asked for.  `out` holds at most wbufsize bytes.
 */
struct sks_stream {
	struct sks_socket *sock; /* the caller's; NULL: none */
	size_t rbufsize, wbufsize;
	struct sks_buf in, out;
};

static size_t
buffer_size(int asked)
{
	return asked < 0 ? DEFAULT_BUFFER : (size_t)asked;
}

int
sks_makefile(struct sks_socket *s, int rbufsize, int wbufsize,
    struct sks_stream **out)
{
	struct sks_stream *st = calloc(1, sizeof *st);

	*out = st;
	if (st == NULL)
		return sks_fail(SKS_ENOMEM, "");
	st->sock = s;
	st->rbufsize = buffer_size(rbufsize);
	st->wbufsize = buffer_size(wbufsize);
	return 0;
}

/* Its reads come out of `in` and its writes stay in `out`. */
int
sks_stream_memory(const void *data, size_t n, size_t max_out,
    struct sks_stream **out)
{
	struct sks_stream *st;
	int r = sks_makefile(NULL, 0, 0, &st);

	*out = NULL;
	if (r < 0)
		return r;
	st->wbufsize = max_out;
	if (n > 0 && (r = sks_buf_add(&st->in, data, n)) < 0) {
		sks_stream_free(st);
		return r;
	}
	*out = st;
	return 0;
}

void
sks_stream_free(struct sks_stream *st)
{
	if (st == NULL)
		return;
	sks_buf_free(&st->in);
	sks_buf_free(&st->out);
	free(st);
}

ssize_t
sks_stream_fill(struct sks_stream *st, size_t want, int64_t deadline_ns)
{
	struct sks_buf *b = &st->in;
	const size_t n = st->rbufsize > 0 ? st->rbufsize : want;
	ssize_t got;
	int r;

	if (st->sock == NULL)
		return 0;
	if ((r = sks_buf_reserve(b, n)) < 0)
		return r;
	got = sks_recv_limited(st->sock, b->data + b->end, n, deadline_ns);
	if (got > 0)
		b->end += (size_t)got;
	assert(b->end <= b->cap);
	return got;
}

struct sks_socket *
sks_stream_socket(const struct sks_stream *st)
{
	return st->sock;
}

const char *
sks_stream_waiting(const struct sks_stream *st, size_t *len)
{
	*len = sks_buf_len(&st->in);
	return sks_buf_head(&st->in);
}

void
sks_stream_take(struct sks_stream *st, void *dst, size_t n)
{
	sks_buf_take(&st->in, dst, n);
}

ssize_t
sks_stream_take_string(struct sks_stream *st, char *buf, size_t len)
{
	sks_buf_take(&st->in, buf, len);
	buf[len] = '\0';
	return (ssize_t)len;
}

ssize_t
sks_stream_readline(struct sks_stream *st, char *buf, size_t size)
{
	struct sks_scan lf = SKS_SCAN_LF;
	size_t have, len;
	const char *p;
	ssize_t got;

	if (size < 2)
		return sks_fail(SKS_EINVAL, "a line needs room");
	for (;;) {
		p = sks_stream_waiting(st, &have);
		len = sks_scan_next(&lf, p, have).end;
		if (len > size - 1 || (len == 0 && have >= size - 1))
			return sks_fail(SKS_ETOOLONG, "readline");
		if (len > 0)
			return sks_stream_take_string(st, buf, len);
		got = sks_stream_fill(st, 1, SKS_OWN_TIMEOUT);
		if (got < 0)
			return got;
		if (got == 0)
			return sks_stream_take_string(st, buf, have);
	}
}

ssize_t
sks_stream_read(struct sks_stream *st, void *buf, size_t n)
{
	size_t have = sks_buf_len(&st->in);
	ssize_t got;

	if (have == 0 && st->sock != NULL && n >= st->rbufsize)
		return sks_recv(st->sock, buf, n);
	if (have == 0) {
		got = sks_stream_fill(st, n, SKS_OWN_TIMEOUT);
		if (got <= 0)
			return got;
		have = (size_t)got;
	}
	if (n > have)
		n = have;
	sks_buf_take(&st->in, buf, n);
	return (ssize_t)n;
}

ssize_t
sks_stream_readn(struct sks_stream *st, void *buf, size_t n)
{
	size_t have;
	ssize_t got;

	while ((have = sks_buf_len(&st->in)) < n) {
		got = sks_stream_fill(st, n - have, SKS_OWN_TIMEOUT);
		if (got < 0)
			return got;
		if (got == 0)
			n = have;
	}
	sks_buf_take(&st->in, buf, n);
	return (ssize_t)n;
}

int
sks_stream_flush(struct sks_stream *st)
{
	size_t len = sks_buf_len(&st->out);
	int r;

	if (len == 0 || st->sock == NULL)
		return 0;
	r = sks_sendall(st->sock, sks_buf_head(&st->out), len, NULL);
	sks_buf_take(&st->out, NULL, len);
	return r;
}

const char *
sks_stream_written(const struct sks_stream *st, size_t *n)
{
	*n = sks_buf_len(&st->out);
	return sks_buf_head(&st->out);
}

/* What does not fit is sent, after what waits.  Returns 1 when nothing is left
 * to be buffered. */
static int
make_space(struct sks_stream *st, const void *data, size_t n)
{
	int r;

	if (n <= st->wbufsize - sks_buf_len(&st->out))
		return 0;
	if (st->sock == NULL)
		return sks_fail(SKS_ETOOLONG, "more than a datagram takes");
	if ((r = sks_stream_flush(st)) < 0 || n <= st->wbufsize)
		return r;
	r = sks_sendall(st->sock, data, n, NULL);
	return r < 0 ? r : 1;
}

ssize_t
sks_stream_write(struct sks_stream *st, const void *data, size_t n)
{
	int r;

	assert(sks_buf_len(&st->out) <= st->wbufsize);
	if (n == 0)
		return 0;
	if ((r = make_space(st, data, n)) == 0)
		r = sks_buf_add(&st->out, data, n);
	return r < 0 ? r : (ssize_t)n;
}

int
sks_stream_fileno(const struct sks_stream *st)
{
	return st->sock == NULL ? -1 : sks_fileno(st->sock);
}
