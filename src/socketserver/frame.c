/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "socketserver/error.h"

/*
 * buf[start, end) waits to be taken; bytes before `scan` are known to hold no
 * newline, so a line fed one byte at a time still costs linear time.  While
 * `skipping`, a line over max is being thrown away up to its newline.
 */
struct sks_frame {
	char	*buf;
	size_t	 start, scan, end, cap;
	size_t	 max;		/* longest line we accept, in bytes */
	int	 skipping;
};

struct sks_frame *
sks_frame_new(size_t max)
{
	struct sks_frame *f = calloc(1, sizeof *f);

	if (f == NULL)
		sks_fail(SKS_ENOMEM, "");
	else
		f->max = max;
	return f;
}

void
sks_frame_free(struct sks_frame *f)
{
	if (f == NULL)
		return;
	free(f->buf);
	free(f);
}

static void
move_to_front(struct sks_frame *f)
{
	if (f->start == 0)
		return;
	memmove(f->buf, f->buf + f->start, f->end - f->start);
	f->end -= f->start;
	f->scan -= f->start;
	f->start = 0;
}

/* One byte more than asked for: the NUL behind an unterminated rest. */
static int
make_room(struct sks_frame *f, size_t len)
{
	size_t cap = f->cap == 0 ? 256 : f->cap;
	char *bigger;

	move_to_front(f);
	if (len >= SIZE_MAX / 4 - f->end)
		return sks_fail(SKS_ENOMEM, "");
	while (cap < f->end + len + 1)
		cap *= 2;
	if (cap == f->cap)
		return 0;
	if ((bigger = realloc(f->buf, cap)) == NULL)
		return sks_fail(SKS_ENOMEM, "");
	f->buf = bigger;
	f->cap = cap;
	return 0;
}

int
sks_frame_feed(struct sks_frame *f, const void *data, size_t len)
{
	int r;

	if (len == 0)
		return 0;
	if ((f->cap == 0 || f->end + len + 1 > f->cap) &&
	    (r = make_room(f, len)) < 0)
		return r;
	memcpy(f->buf + f->end, data, len);
	f->end += len;
	return 0;
}

static void
forget(struct sks_frame *f)
{
	f->start = f->scan = f->end = 0;
}

/* No newline yet.  What is too long already is dropped as it comes, and
 * reported when its end is seen. */
static ssize_t
incomplete(struct sks_frame *f)
{
	f->scan = f->end;
	/* One more may be the CR of a line of exactly max bytes. */
	if (f->skipping || f->end - f->start > f->max + 1) {
		f->skipping = 1;
		forget(f);
	}
	return SKS_EAGAIN;
}

/* The line is buf[from, to); `to` may be overwritten. */
static ssize_t
hand_out(struct sks_frame *f, size_t from, size_t to, const char **line)
{
	if (f->skipping) {
		f->skipping = 0;
		return SKS_ETOOLONG;
	}
	if (to > from && f->buf[to - 1] == '\r')
		to--;
	if (to - from > f->max)
		return SKS_ETOOLONG;
	f->buf[to] = '\0';
	*line = f->buf + from;
	return (ssize_t)(to - from);
}

ssize_t
sks_frame_next(struct sks_frame *f, const char **line)
{
	size_t from = f->start, at;
	const char *lf;

	*line = NULL;
	if (f->scan == f->end)
		return incomplete(f);
	lf = memchr(f->buf + f->scan, '\n', f->end - f->scan);
	if (lf == NULL)
		return incomplete(f);
	at = (size_t)(lf - f->buf);
	f->start = f->scan = at + 1;
	return hand_out(f, from, at, line);
}

ssize_t
sks_frame_rest(struct sks_frame *f, const char **line)
{
	size_t from = f->start, to = f->end;

	*line = NULL;
	if (from == to && !f->skipping)
		return SKS_EAGAIN;
	forget(f);
	return hand_out(f, from, to, line);
}

size_t
sks_frame_pending(const struct sks_frame *f)
{
	return f->end - f->start;
}
