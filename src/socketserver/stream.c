/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "socketserver/error.h"
#include "socketserver/socket.h"

#define DEFAULT_BUFFER	8192

/* Bytes [start, end) of data are waiting. */
struct ring {
	char	*data;
	size_t	 start, end, cap;
};

/*
 * `in` holds what came and was not taken yet; it grows to the longest line
 * that was asked for.  `out` holds at most wbufsize bytes.  Neither is
 * allocated before it is needed.
 */
struct sks_stream {
	struct sks_socket	*sock;		/* the caller's */
	size_t			 rbufsize, wbufsize;
	struct ring		 in, out;
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

/*
 * Reads more from the socket behind what waits.  Unbuffered, at most `want`
 * bytes, so that nothing beyond the request is taken off the socket.
 */
static ssize_t
fill(struct sks_stream *st, size_t want, int64_t deadline_ns)
{
	struct ring *b = &st->in;
	size_t room = st->rbufsize > 0 ? st->rbufsize : want;
	ssize_t got;
	int r;

	if ((r = make_room(b, room)) < 0)
		return r;
	got = sks_recv_limited(st->sock, b->data + b->end, room, deadline_ns);
	if (got > 0)
		b->end += (size_t)got;
	return got;
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

static ssize_t
hand_out(struct sks_stream *st, char *buf, size_t len)
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
			return hand_out(st, buf, len);
		scanned = waiting(&st->in);
		if ((got = fill(st, 1, SKS_OWN_TIMEOUT)) < 0)
			return got;
		if (got == 0)
			return hand_out(st, buf, waiting(&st->in));
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
		if ((got = fill(st, n, SKS_OWN_TIMEOUT)) <= 0)
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
		if ((got = fill(st, n - have, SKS_OWN_TIMEOUT)) < 0)
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

	if (len == 0)
		return 0;
	r = sks_sendall(st->sock, st->out.data, len, NULL);
	take(&st->out, NULL, len);
	return r;
}

ssize_t
sks_stream_write(struct sks_stream *st, const void *data, size_t n)
{
	struct ring *b = &st->out;
	int r;

	if (n == 0)
		return 0;
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
	return sks_fileno(st->sock);
}

/* A token found: which, and where it ends. */
struct match {
	size_t	which, end;
};

/* The token that ends first in bytes [from, len) of p; end 0 is none. */
static struct match
find_token(const char *p, size_t from, size_t len, const char *const *tokens,
    size_t n)
{
	struct match first = { 0, 0 };

	for (size_t i = 0; i < n; i++) {
		size_t tlen = strlen(tokens[i]);
		const char *at = len - from < tlen ? NULL :
		    dw_memmem(p + from, len - from, tokens[i], tlen);
		size_t end = at == NULL ? 0 : (size_t)(at - p) + tlen;

		if (end > 0 && (first.end == 0 || end < first.end))
			first = (struct match){ i, end };
	}
	return first;
}

static size_t
longest(const char *const *tokens, size_t n)
{
	size_t max = 0;

	for (size_t i = 0; i < n; i++)
		if (strlen(tokens[i]) > max)
			max = strlen(tokens[i]);
	return max;
}

ssize_t
sks_recv_until(struct sks_stream *st, const char *const *tokens, size_t n,
    int64_t deadline_ns, char *buf, size_t size, size_t *which)
{
	const size_t overlap = longest(tokens, n);
	struct ring *b = &st->in;
	size_t scanned = 0;
	struct match m;
	ssize_t got;

	if (size < 2 || overlap == 0)
		return sks_fail(SKS_EINVAL, "a token and room are needed");
	for (;;) {
		m = waiting(b) == 0 ? (struct match){ 0, 0 } :
		    find_token(b->data + b->start, scanned, waiting(b),
		    tokens, n);
		if (m.end > size - 1 ||
		    (m.end == 0 && waiting(b) >= size - 1))
			return sks_fail(SKS_ETOOLONG, "recv_until");
		if (m.end > 0)
			break;
		/* A token may have begun in the last bytes. */
		scanned = waiting(b) < overlap ? 0 : waiting(b) - overlap + 1;
		if ((got = fill(st, 1, deadline_ns)) < 0)
			return got;
		if (got == 0)
			return sks_fail(SKS_EEOF, "recv_until");
	}
	if (which != NULL)
		*which = m.which;
	return hand_out(st, buf, m.end);
}
