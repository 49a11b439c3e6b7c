/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole messages out of a stream and into one. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "socketserver/net/error.h"
#include "socketserver/stream/framing.h"
#include "socketserver/stream/stream.h"

/* Memory for a message grows by this as it comes, whatever was announced. */
#define STEP 8192

/* Where a message lies among the bytes that wait. */
struct span {
	size_t from, len, whole; /* whole: with head and tail */
};

/* All that look for a message return 1 when it is whole, 0 when at least
 * *want more bytes are needed, or SKS_E*. */

static int
find_line(const char *p, size_t n, size_t max, size_t *scanned, struct span *m,
    size_t *want)
{
	const char *lf = memchr(p + *scanned, '\n', n - *scanned);

	*want = 1;
	*scanned = n;
	m->from = 0;
	if (lf == NULL) {
		/* One more may be the CR of a line of exactly max bytes. */
		if (n > 0 && sks_framing_chomp(p, n) > max)
			return sks_fail(SKS_ETOOLONG, "a line");
		return 0;
	}
	m->len = sks_framing_chomp(p, (size_t)(lf - p));
	m->whole = (size_t)(lf - p) + 1;
	return m->len > max ? sks_fail(SKS_ETOOLONG, "a line") : 1;
}

static int
find_counted(const struct sks_framing *how, const char *p, size_t n, size_t max,
    struct span *m, size_t *want)
{
	uint64_t len;
	int head = sks_framing_read_head(how, p, n, &len);

	*want = how->kind == SKS_BLOCK ? how->prefix - n : 1;
	if (head <= 0)
		return head;
	if (len > max)
		return sks_fail(SKS_ETOOLONG, "a message");
	m->from = (size_t)head;
	m->len = (size_t)len;
	m->whole = m->from + m->len + sks_framing_tail(how);
	*want = m->whole - n;
	if (n < m->whole)
		return 0;
	if (how->kind == SKS_NETSTRING && p[m->whole - 1] != ',')
		return sks_fail(SKS_EPROTO, "not a netstring");
	return 1;
}

/* Reads until a message lies whole at the front: 1, or 0 at end of file. */
static int
await(struct sks_stream *st, const struct sks_framing *how, size_t max,
    int64_t deadline_ns, struct span *m)
{
	size_t n, want, scanned = 0;
	const char *p;
	ssize_t got;
	int r;

	for (;;) {
		p = sks_stream_waiting(st, &n);
		r = how->kind == SKS_LINE ?
		    find_line(p, n, max, &scanned, m, &want) :
		    find_counted(how, p, n, max, m, &want);
		if (r != 0)
			return r;
		got =
		    sks_stream_fill(st, want < STEP ? want : STEP, deadline_ns);
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
	struct span m = { 0, 0, 0 };
	int r;

	*len = 0;
	if ((r = sks_framing_check(how)) < 0)
		return r;
	if (size == 0)
		return sks_fail(SKS_EINVAL, "a message needs room");
	r = await(st, how, how->max < size - 1 ? how->max : size - 1,
	    deadline_ns, &m);
	if (r <= 0)
		return r;
	sks_stream_take(st, NULL, m.from);
	sks_stream_hand_out(st, buf, m.len);
	sks_stream_take(st, NULL, m.whole - m.from - m.len);
	*len = m.len;
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
