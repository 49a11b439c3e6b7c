/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "base/mem.h"
#include "socketserver/net/error.h"
#include "socketserver/net/socket.h"
#include "socketserver/net/text.h"
#include "socketserver/stream/stream.h"

/* One character of either form, and the NUL. */
#define ROOM_FOR_BYTES 2
#define ROOM_FOR_TEXT  5

/*
 * One call of sks_recv_until().  Of what waits in the stream, bytes [0, good)
 * may be handed out; they are known not to hold an expected text that begins
 * before `scanned`.  Behind them stands `rest`: for bytes always nothing.
 * Offsets, because reading more may move the bytes.
 */
struct until {
	const char *const *texts;
	size_t n, longest;
	enum sks_form form;
	size_t scanned, good;
	enum sks_utf8_rest rest;
};

/* A text found: which, and where it ends; end 0 is none. */
struct match {
	size_t which, end;
};

static int
prepare(struct until *u)
{
	enum sks_utf8_rest rest;

	for (size_t i = 0; i < u->n; i++) {
		size_t len = strlen(u->texts[i]);

		if (len == 0)
			return sks_fail(SKS_EINVAL,
			    "an expected text is empty");
		if (u->form == SKS_TEXT &&
		    sks_utf8_whole(u->texts[i], len, &rest) < len)
			return sks_fail(SKS_EINVAL,
			    "an expected text is not UTF-8");
		if (len > u->longest)
			u->longest = len;
	}
	return 0;
}

/* The text that ends first in bytes [from, len) of p. */
static struct match
find_text(const struct until *u, const char *p, size_t from, size_t len)
{
	struct match first = { 0, 0 };

	for (size_t i = 0; i < u->n; i++) {
		size_t tlen = strlen(u->texts[i]);
		const char *at = len - from < tlen ?
		    NULL :
		    dw_memmem(p + from, len - from, u->texts[i], tlen);
		size_t end = at == NULL ? 0 : (size_t)(at - p) + tlen;

		if (end > 0 && (first.end == 0 || end < first.end))
			first = (struct match){ i, end };
	}
	return first;
}

/* Counts what has come since the last time as good, as far as it is. */
static void
admit(struct until *u, const char *p, size_t len)
{
	if (u->form == SKS_BYTES)
		u->good = len;
	else
		u->good += sks_utf8_whole(p + u->good, len - u->good, &u->rest);
}

/* Nothing is expected: as much of what there is as fits. */
static size_t
first_bytes(const struct until *u, const char *p, size_t room)
{
	if (u->form == SKS_BYTES)
		return u->good < room ? u->good : room;
	return sks_utf8_cut(p, u->good, room);
}

/* Where an expected text ends; 0: none has come yet. */
static ssize_t
end_of_match(struct until *u, const char *p, size_t room, size_t *which)
{
	struct match m = find_text(u, p, u->scanned, u->good);

	if (m.end > room || (m.end == 0 && u->good >= room))
		return sks_fail(SKS_ETOOLONG, "recv_until");
	/* A text may have begun in the last bytes. */
	u->scanned = u->good < u->longest ? 0 : u->good - u->longest + 1;
	*which = m.which;
	return (ssize_t)m.end;
}

/* How many bytes to hand out now; 0: more must come first. */
static ssize_t
examine(struct until *u, struct sks_stream *st, size_t room, size_t *which)
{
	size_t len;
	const char *p = sks_stream_waiting(st, &len);
	ssize_t end;

	admit(u, p, len);
	end = u->n == 0 ? (ssize_t)first_bytes(u, p, room) :
			  end_of_match(u, p, room, which);
	if (end == 0 && u->rest == SKS_UTF8_BAD)
		return sks_fail(SKS_EILSEQ, "recv_until");
	return end;
}

/* What may be read without going beyond what can be handed out. */
static size_t
want(const struct until *u, struct sks_stream *st, size_t room)
{
	size_t len;

	sks_stream_waiting(st, &len);
	return u->n == 0 ? room - len : 1;
}

/* The peer has ended and what there is was not enough. */
static ssize_t
at_end(const struct until *u)
{
	if (u->rest == SKS_UTF8_CUT)
		return sks_fail(SKS_EILSEQ, "recv_until");
	return u->n == 0 ? 0 : sks_fail(SKS_EEOF, "recv_until");
}

ssize_t
sks_recv_until(struct sks_stream *st, const char *const *texts, size_t n,
    enum sks_form form, int64_t deadline_ns, char *buf, size_t size,
    size_t *which)
{
	struct until u = { texts, n, 0, form, 0, 0, SKS_UTF8_NOTHING };
	size_t found = 0;
	ssize_t len, got;
	int r;

	if (size < (form == SKS_TEXT ? ROOM_FOR_TEXT : ROOM_FOR_BYTES))
		return sks_fail(SKS_EINVAL, "recv_until needs room");
	if ((r = prepare(&u)) < 0)
		return r;
	while ((len = examine(&u, st, size - 1, &found)) == 0) {
		got = sks_stream_fill(st, want(&u, st, size - 1), deadline_ns);
		if (got < 0)
			return got;
		if (got == 0) {
			buf[0] = '\0';
			return at_end(&u);
		}
	}
	if (len < 0)
		return len;
	if (which != NULL)
		*which = found;
	sks_stream_hand_out(st, buf, (size_t)len);
	if (sks_stream_socket(st) != NULL)
		sks_observe_tell(sks_stream_socket(st), SKS_RECEIVED, buf,
		    (size_t)len);
	return len;
}
