/* SPDX-License-Identifier: BSD-2-Clause */
/* This file makes messages of bytes that are fed to it in any pieces. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "socketserver/net/buf.h"
#include "socketserver/net/error.h"
#include "socketserver/stream/internal.h"

/*
 * `buf` holds what was fed and not taken; behind its end one byte more is
 * reserved, for the NUL of an unterminated rest.  lf.scanned counts from the
 * front of `buf`.
 *
 * A message over max is dropped as it comes: while `skip_line`, a line up to
 * its LF; a block or netstring while `skip` bytes of it are missing, and then
 * its comma when `skip_comma`.  Once `damaged`, nothing is kept: nobody knows
 * where the next message begins.
 */
struct sks_frame {
	struct sks_framing how;
	struct sks_buf buf;
	struct sks_scan lf;
	int skip_line, skip_comma, damaged;
	uint64_t skip;
};

int
sks_frame_new_as(const struct sks_framing *how, struct sks_frame **out)
{
	int r;

	*out = NULL;
	if ((r = sks_framing_check(how)) < 0)
		return r;
	if ((*out = calloc(1, sizeof **out)) == NULL)
		return sks_fail(SKS_ENOMEM, "");
	(*out)->how = *how;
	(*out)->lf = (struct sks_scan)SKS_SCAN_LF;
	return 0;
}

struct sks_frame *
sks_frame_new(size_t max)
{
	const struct sks_framing lines = { .kind = SKS_LINE, .max = max };
	struct sks_frame *f;

	return sks_frame_new_as(&lines, &f) < 0 ? NULL : f;
}

void
sks_frame_free(struct sks_frame *f)
{
	if (f == NULL)
		return;
	sks_buf_free(&f->buf);
	free(f);
}

int
sks_frame_feed(struct sks_frame *f, const void *data, size_t len)
{
	int r;

	if (len == 0 || f->damaged)
		return 0;
	if (len == SIZE_MAX)
		return sks_fail(SKS_ENOMEM, "");
	if ((r = sks_buf_reserve(&f->buf, len + 1)) < 0)
		return r;
	return sks_buf_add(&f->buf, data, len);
}

static void
drop(struct sks_frame *f, size_t n)
{
	sks_buf_take(&f->buf, NULL, n);
	f->lf.scanned = 0;
}

static void
drop_all(struct sks_frame *f)
{
	drop(f, sks_buf_len(&f->buf));
}

static ssize_t
too_long(const struct sks_frame *f)
{
	return sks_fail(SKS_ETOOLONG,
	    f->how.kind == SKS_LINE ? "a line" : "a message");
}

static ssize_t
damage(struct sks_frame *f)
{
	drop_all(f);
	f->damaged = 1;
	return sks_fail(SKS_EPROTO, "a message");
}

/* Drops what has come of a line over max.  The line is reported when its end is
 * seen. */
static ssize_t
skip_line(struct sks_frame *f)
{
	const size_t len = sks_buf_len(&f->buf);
	const size_t end =
	    sks_scan_next(&f->lf, sks_buf_head(&f->buf), len).end;

	drop(f, end > 0 ? end : len);
	if (end == 0)
		return SKS_EAGAIN;
	f->skip_line = 0;
	return too_long(f);
}

/* Drops what has come of a block or netstring over max.  Returns 0 when nothing
 * of it is missing any more. */
static ssize_t
skip_counted(struct sks_frame *f)
{
	const size_t len = sks_buf_len(&f->buf);
	const size_t n = f->skip < len ? (size_t)f->skip : len;

	drop(f, n);
	f->skip -= n;
	if (f->skip > 0 || (f->skip_comma && n == len))
		return SKS_EAGAIN;
	if (!f->skip_comma)
		return 0;
	f->skip_comma = 0;
	if (sks_buf_head(&f->buf)[0] != ',')
		return damage(f);
	drop(f, 1);
	return 0;
}

/* Begins to drop a message over max. */
static ssize_t
refuse(struct sks_frame *f, const struct sks_span *m)
{
	assert(f->skip == 0 && !f->skip_comma && !f->skip_line);
	drop(f, m->head);
	if (f->how.kind != SKS_LINE) {
		f->skip = m->len;
		f->skip_comma = m->tail > 0;
		return too_long(f);
	}
	drop(f, (size_t)m->len + m->tail);
	f->skip_line = m->tail == 0;
	return f->skip_line ? SKS_EAGAIN : too_long(f);
}

/*
 * Gives the message out with a NUL behind it.  The NUL takes the place of the
 * tail.  A block has none, and the byte behind it belongs to the next message:
 * it is moved one byte towards its head.
 */
static ssize_t
hand_out(struct sks_frame *f, const struct sks_span *m, const char **message)
{
	const size_t len = (size_t)m->len;
	char *text = f->buf.data + f->buf.start + m->head;

	assert(m->head + len + m->tail <= sks_buf_len(&f->buf));
	assert(f->buf.end < f->buf.cap);
	if (m->tail == 0 && m->head > 0) {
		memmove(text - 1, text, len);
		text--;
	}
	text[len] = '\0';
	drop(f, m->head + len + m->tail);
	*message = text;
	return (ssize_t)len;
}

ssize_t
sks_frame_next(struct sks_frame *f, const char **message)
{
	struct sks_span m;
	ssize_t r;

	*message = NULL;
	if (f->damaged)
		return sks_fail(SKS_EPROTO, "a message");
	if (f->skip_line)
		return skip_line(f);
	if ((r = skip_counted(f)) < 0)
		return r;
	switch (sks_framing_find(&f->how, f->how.max, &f->lf,
	    sks_buf_head(&f->buf), sks_buf_len(&f->buf), &m)) {
	case 0:
		return SKS_EAGAIN;
	case SKS_ETOOLONG:
		return refuse(f, &m);
	case SKS_EPROTO:
		return damage(f);
	default:
		return hand_out(f, &m, message);
	}
}

static ssize_t
rest_of_lines(struct sks_frame *f, const char **message)
{
	const size_t n = sks_buf_len(&f->buf);
	struct sks_span m = { 0, 0, 0, 0 };

	if (n == 0 && !f->skip_line)
		return SKS_EAGAIN;
	m.len = sks_framing_chomp(sks_buf_head(&f->buf), n);
	m.tail = n - (size_t)m.len;
	if (!f->skip_line && m.len <= f->how.max)
		return hand_out(f, &m, message);
	f->skip_line = 0;
	drop_all(f);
	return too_long(f);
}

/* What has come of a block or netstring will never be whole. */
static ssize_t
rest_of_counted(struct sks_frame *f)
{
	if (f->damaged)
		return sks_fail(SKS_EPROTO, "a message");
	if (sks_buf_len(&f->buf) == 0 && f->skip == 0 && !f->skip_comma)
		return SKS_EAGAIN;
	drop_all(f);
	f->skip = 0;
	f->skip_comma = 0;
	return sks_fail(SKS_EEOF, "a message");
}

ssize_t
sks_frame_rest(struct sks_frame *f, const char **message)
{
	*message = NULL;
	return f->how.kind == SKS_LINE ? rest_of_lines(f, message) :
					 rest_of_counted(f);
}

size_t
sks_frame_pending(const struct sks_frame *f)
{
	return sks_buf_len(&f->buf);
}
