/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "socketserver/net/error.h"
#include "socketserver/stream/memory.h"
#include "socketserver/net/socket.h"
#include "socketserver/stream/stream.h"

#define DEFAULT_BUFFER 8192

/* Bytes [start, end) of data are waiting. */
struct ring {
	char *data;
	size_t start, end, cap;
};

/*
 * `in` holds what came and was not taken yet; it grows to the longest line
 * that was asked for.  `out` holds at most wbufsize bytes.  Neither is
 * allocated before it is needed.
 */
struct sks_stream {
	struct sks_socket *sock; /* the caller's; NULL: memory */
	size_t rbufsize, wbufsize;
	struct ring in, out;
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
	struct sks_stream *st = calloc(1, sizeof *st);
	char *copy = malloc(n + 1);

	*out = st;
	if (st == NULL || copy == NULL) {
		free(st);
		free(copy);
		*out = NULL;
		return sks_fail(SKS_ENOMEM, "");
	}
	memcpy(copy, data, n);
	st->in = (struct ring){ .data = copy, .end = n, .cap = n + 1 };
	st->rbufsize = SIZE_MAX;
	st->wbufsize = max_out;
	return 0;
}

void
sks_stream_free(struct sks_stream *st)
{
	if (st == NULL)
		return;
	free(st->in.data);
	free(st->out.data);
	free(st);
}

static size_t
waiting(const struct ring *b)
{
	return b->end - b->start;
}

/* Takes n bytes off the front into dst (NULL: drops them). */
static void
take(struct ring *b, void *dst, size_t n)
{
	if (dst != NULL && n > 0)
		memcpy(dst, b->data + b->start, n);
	b->start += n;
	if (b->start == b->end)
		b->start = b->end = 0;
}

/* Makes room for `more` bytes behind the end. */
static int
make_room(struct ring *b, size_t more)
{
	size_t len = waiting(b);
	char *bigger;

	if (b->cap - b->end >= more && b->data != NULL)
		return 0;
	if (b->start > 0) {
		memmove(b->data, b->data + b->start, len);
		b->start = 0;
		b->end = len;
	}
	if (b->cap >= len + more && b->data != NULL)
		return 0;
	if ((bigger = realloc(b->data, len + more)) == NULL)
		return sks_fail(SKS_ENOMEM, "");
	b->data = bigger;
	b->cap = len + more;
	return 0;
}

ssize_t
sks_stream_fill(struct sks_stream *st, size_t want, int64_t deadline_ns)
{
	struct ring *b = &st->in;
	size_t room = st->rbufsize > 0 ? st->rbufsize : want;
	ssize_t got;
	int r;

	if (st->sock == NULL)
		return 0;
	if ((r = make_room(b, room)) < 0)
		return r;
	got = sks_recv_limited(st->sock, b->data + b->end, room, deadline_ns);
	if (got > 0)
		b->end += (size_t)got;
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
	*len = waiting(&st->in);
	return *len == 0 ? "" : st->in.data + st->in.start;
}

void
sks_stream_take(struct sks_stream *st, void *dst, size_t n)
{
	take(&st->in, dst, n);
}

/* How many bytes the next line has, with its LF; 0 when it is not whole. */
static size_t
line_length(const struct ring *b, size_t scanned)
{
	const char *from = b->data + b->start, *lf;

	if (waiting(b) == scanned)
		return 0;
	lf = memchr(from + scanned, '\n', waiting(b) - scanned);
	return lf == NULL ? 0 : (size_t)(lf - from) + 1;
}

ssize_t
sks_stream_hand_out(struct sks_stream *st, char *buf, size_t len)
{
	take(&st->in, buf, len);
	buf[len] = '\0';
	return (ssize_t)len;
}

ssize_t
sks_stream_readline(struct sks_stream *st, char *buf, size_t size)
{
	size_t len, scanned = 0;
	ssize_t got;

	if (size < 2)
		return sks_fail(SKS_EINVAL, "a line needs room");
	for (;;) {
		len = line_length(&st->in, scanned);
		if (len > size - 1 ||
		    (len == 0 && waiting(&st->in) >= size - 1))
			return sks_fail(SKS_ETOOLONG, "readline");
		if (len > 0)
			return sks_stream_hand_out(st, buf, len);
		scanned = waiting(&st->in);
		got = sks_stream_fill(st, 1, SKS_OWN_TIMEOUT);
		if (got < 0)
			return got;
		if (got == 0)
			return sks_stream_hand_out(st, buf, waiting(&st->in));
	}
}

ssize_t
sks_stream_read(struct sks_stream *st, void *buf, size_t n)
{
	size_t have = waiting(&st->in);
	ssize_t got;

	if (have == 0 && n >= st->rbufsize)
		return sks_recv(st->sock, buf, n);
	if (have == 0) {
		got = sks_stream_fill(st, n, SKS_OWN_TIMEOUT);
		if (got <= 0)
			return got;
		have = (size_t)got;
	}
	if (n > have)
		n = have;
	take(&st->in, buf, n);
	return (ssize_t)n;
}

ssize_t
sks_stream_readn(struct sks_stream *st, void *buf, size_t n)
{
	size_t have;
	ssize_t got;

	while ((have = waiting(&st->in)) < n) {
		got = sks_stream_fill(st, n - have, SKS_OWN_TIMEOUT);
		if (got < 0)
			return got;
		if (got == 0)
			n = have;
	}
	take(&st->in, buf, n);
	return (ssize_t)n;
}

int
sks_stream_flush(struct sks_stream *st)
{
	size_t len = waiting(&st->out);
	int r;

	if (len == 0 || st->sock == NULL)
		return 0;
	r = sks_sendall(st->sock, st->out.data, len, NULL);
	take(&st->out, NULL, len);
	return r;
}

const char *
sks_stream_written(const struct sks_stream *st, size_t *n)
{
	*n = waiting(&st->out);
	return *n == 0 ? "" : st->out.data + st->out.start;
}

static ssize_t
write_memory(struct sks_stream *st, const void *data, size_t n)
{
	struct ring *b = &st->out;
	size_t have = waiting(b);
	int r;

	if (n > st->wbufsize - have)
		return sks_fail(SKS_ETOOLONG, "more than a datagram takes");
	if (b->cap - b->end < n && (r = make_room(b, n > have ? n : have)) < 0)
		return r;
	memcpy(b->data + b->end, data, n);
	b->end += n;
	return (ssize_t)n;
}

ssize_t
sks_stream_write(struct sks_stream *st, const void *data, size_t n)
{
	struct ring *b = &st->out;
	int r;

	if (n == 0)
		return 0;
	if (st->sock == NULL)
		return write_memory(st, data, n);
	if (waiting(b) + n > st->wbufsize) {
		if ((r = sks_stream_flush(st)) < 0)
			return r;
		if (n > st->wbufsize) {
			r = sks_sendall(st->sock, data, n, NULL);
			return r < 0 ? r : (ssize_t)n;
		}
	}
	if ((r = make_room(b, st->wbufsize - waiting(b))) < 0)
		return r;
	memcpy(b->data + b->end, data, n);
	b->end += n;
	return (ssize_t)n;
}

int
sks_stream_fileno(const struct sks_stream *st)
{
	return st->sock == NULL ? -1 : sks_fileno(st->sock);
}
