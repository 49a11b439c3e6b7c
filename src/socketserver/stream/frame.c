/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "socketserver/net/error.h"
#include "socketserver/stream/framing.h"

/*
 * buf[start, end) waits to be taken; bytes before `scan` are known to hold no
 * newline, so a line fed one byte at a time still costs linear time.
 *
 * A message over max is thrown away as it comes: while `skipping`, a line up
 * to its newline; a block or netstring for as long as `skip` bytes of it are
 * missing, and then its comma when `comma`.  Once `damaged` nothing is kept:
 * nobody knows where the next message begins.
 */
struct sks_frame {
	struct sks_framing how;

	char *buf;
	size_t start, scan, end, cap;
	int skipping, comma, damaged;
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
	free(f->buf);
	free(f);
}

/* --- the buffer --- */

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

	if (len == 0 || f->damaged)
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

/* --- lines --- */

/* No newline yet.  What is too long already is dropped as it comes, and
 * reported when its end is seen. */
static ssize_t
incomplete(struct sks_frame *f)
{
	f->scan = f->end;
	/* One more may be the CR of a line of exactly max bytes. */
	if (f->skipping ||
	    (f->end > f->start && f->end - f->start - 1 > f->how.max)) {
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
		return sks_fail(SKS_ETOOLONG, "a line");
	}
	to = from + sks_framing_chomp(f->buf + from, to - from);
	if (to - from > f->how.max)
		return sks_fail(SKS_ETOOLONG, "a line");
	f->buf[to] = '\0';
	*line = f->buf + from;
	return (ssize_t)(to - from);
}

static ssize_t
next_line(struct sks_frame *f, const char **line)
{
	size_t from = f->start, at;
	const char *lf;

	if (f->scan == f->end)
		return incomplete(f);
	lf = memchr(f->buf + f->scan, '\n', f->end - f->scan);
	if (lf == NULL)
		return incomplete(f);
	at = (size_t)(lf - f->buf);
	f->start = f->scan = at + 1;
	return hand_out(f, from, at, line);
}

/* --- blocks and netstrings --- */

static void
take(struct sks_frame *f, size_t n)
{
	f->start += n;
	f->scan = f->start;
	if (f->start == f->end)
		forget(f);
}

static ssize_t
damage(struct sks_frame *f)
{
	forget(f);
	f->damaged = 1;
	return sks_fail(SKS_EPROTO, "a message");
}

/* Throws away what has come of a message over max.  Returns 1 when that was
 * all of it, SKS_EAGAIN when more is missing. */
static ssize_t
skip(struct sks_frame *f)
{
	size_t here = f->end - f->start;
	size_t n = f->skip < here ? (size_t)f->skip : here;

	take(f, n);
	f->skip -= n;
	if (f->skip > 0 || (f->comma && f->start == f->end))
		return SKS_EAGAIN;
	if (!f->comma)
		return 1;
	f->comma = 0;
	if (f->buf[f->start] != ',')
		return damage(f);
	take(f, 1);
	return 1;
}

static ssize_t
refuse(struct sks_frame *f, size_t head, uint64_t len)
{
	take(f, head);
	f->skip = len;
	f->comma = f->how.kind == SKS_NETSTRING;
	return sks_fail(SKS_ETOOLONG, "a message");
}

/* The message goes one byte towards its head, which makes room for the NUL;
 * what follows it stays as it is. */
static const char *
terminate(char *message, size_t len)
{
	char *to = message - 1;

	memmove(to, message, len);
	to[len] = '\0';
	return to;
}

static ssize_t
next_counted(struct sks_frame *f, const char **message)
{
	const size_t tail = sks_framing_tail(&f->how);
	const size_t from = f->start, here = f->end - from;
	uint64_t len;
	ssize_t head;

	head = sks_framing_read_head(&f->how, f->buf + from, here, &len);
	if (head < 0)
		return damage(f);
	if (head == 0)
		return SKS_EAGAIN;
	if (len > f->how.max)
		return refuse(f, (size_t)head, len);
	if (here - (size_t)head < len || here - (size_t)head - len < tail)
		return SKS_EAGAIN;
	if (tail > 0 && f->buf[from + (size_t)head + len] != ',')
		return damage(f);
	take(f, (size_t)head + len + tail);
	*message = terminate(f->buf + from + head, len);
	return (ssize_t)len;
}

/* --- all --- */

ssize_t
sks_frame_next(struct sks_frame *f, const char **message)
{
	ssize_t r;

	*message = NULL;
	if (f->damaged)
		return sks_fail(SKS_EPROTO, "a message");
	if (f->how.kind == SKS_LINE)
		return next_line(f, message);
	if ((f->skip > 0 || f->comma) && (r = skip(f)) < 0)
		return r;
	return f->start == f->end ? SKS_EAGAIN : next_counted(f, message);
}

/* What came of a block or netstring that will never be whole. */
static ssize_t
rest_of_counted(struct sks_frame *f)
{
	if (f->damaged)
		return sks_fail(SKS_EPROTO, "a message");
	if (f->start == f->end && f->skip == 0 && !f->comma)
		return SKS_EAGAIN;
	forget(f);
	f->skip = 0;
	f->comma = 0;
	return sks_fail(SKS_EEOF, "a message");
}

ssize_t
sks_frame_rest(struct sks_frame *f, const char **message)
{
	size_t from = f->start, to = f->end;

	*message = NULL;
	if (f->how.kind != SKS_LINE)
		return rest_of_counted(f);
	if (from == to && !f->skipping)
		return SKS_EAGAIN;
	forget(f);
	return hand_out(f, from, to, message);
}

size_t
sks_frame_pending(const struct sks_frame *f)
{
	return f->end - f->start;
}
