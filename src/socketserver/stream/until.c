/* SPDX-License-Identifier: BSD-2-Clause */
/* This file reads from a stream until an expected text has come. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "socketserver/net/error.h"
#include "socketserver/net/socket.h"
#include "socketserver/net/text.h"
#include "socketserver/stream/internal.h"

/* The least buffer: one character of either form, and the NUL. */
#define LEAST_FOR_BYTES 2
#define LEAST_FOR_TEXT  5

/*
 * One call of sks_recv_until().  Of what waits in the stream, bytes [0, good)
 * may be handed out, and only they are scanned.  `rest` is what follows them:
 * of SKS_BYTES always nothing.  These are offsets, because reading more may
 * move the bytes.
 */
struct until {
	struct sks_scan scan;
	enum sks_form form;
	size_t good;
	enum sks_utf8_rest rest;
};

static int
prepare(struct until *u)
{
	enum sks_utf8_rest rest;

	for (size_t i = 0; i < u->scan.n; i++) {
		const char *text = u->scan.texts[i];
		size_t len = strlen(text);

		if (len == 0)
			return sks_fail(SKS_EINVAL,
			    "an expected text is empty");
		if (u->form == SKS_TEXT &&
		    sks_utf8_whole(text, len, &rest) < len)
			return sks_fail(SKS_EINVAL,
			    "an expected text is not UTF-8");
		if (len > u->scan.longest)
			u->scan.longest = len;
	}
	return 0;
}

/* Counts the whole characters that have come since the last call as good. */
static void
add_good(struct until *u, const char *p, size_t len)
{
	assert(u->good <= len);
	if (u->form == SKS_BYTES)
		u->good = len;
	else
		u->good += sks_utf8_whole(p + u->good, len - u->good, &u->rest);
}

/* Nothing is expected: returns how much of the good bytes fits. */
static size_t
first_bytes(const struct until *u, const char *p, size_t max)
{
	if (u->form == SKS_BYTES)
		return u->good < max ? u->good : max;
	return sks_utf8_cut(p, u->good, max);
}

/* Returns where an expected text ends, or 0 when none has come yet. */
static ssize_t
end_of_match(struct until *u, const char *p, size_t max, size_t *which)
{
	struct sks_match m = sks_scan_next(&u->scan, p, u->good);

	if (m.end > max || (m.end == 0 && u->good >= max))
		return sks_fail(SKS_ETOOLONG, "recv_until");
	*which = m.which;
	return (ssize_t)m.end;
}

/* Returns how many bytes to hand out now, or 0 when more must come first. */
static ssize_t
examine(struct until *u, struct sks_stream *st, size_t max, size_t *which)
{
	size_t len;
	const char *p = sks_stream_waiting(st, &len);
	ssize_t end;

	add_good(u, p, len);
	end = u->scan.n == 0 ? (ssize_t)first_bytes(u, p, max) :
			       end_of_match(u, p, max, which);
	if (end == 0 && u->rest == SKS_UTF8_BAD)
		return sks_fail(SKS_EILSEQ, "recv_until");
	return end;
}

/* Returns how much may be read without going beyond what can be handed out. */
static size_t
bytes_wanted(const struct until *u, struct sks_stream *st, size_t max)
{
	size_t len;

	sks_stream_waiting(st, &len);
	assert(u->scan.n > 0 || len < max);
	return u->scan.n == 0 ? max - len : 1;
}

/* The peer has ended, and no bytes of it can be handed out. */
static ssize_t
at_end(const struct until *u)
{
	if (u->rest == SKS_UTF8_CUT)
		return sks_fail(SKS_EILSEQ, "recv_until");
	return u->scan.n == 0 ? 0 : sks_fail(SKS_EEOF, "recv_until");
}

ssize_t
sks_recv_until(struct sks_stream *st, const char *const *texts, size_t n,
    enum sks_form form, int64_t deadline_ns, char *buf, size_t size,
    size_t *which)
{
	struct until u = { { texts, n, 0, 0 }, form, 0, SKS_UTF8_NOTHING };
	size_t found = 0;
	ssize_t len, got;
	int r;

	if (sks_check_enum(form, SKS_TEXT + 1, "no such form") < 0)
		return SKS_EINVAL;
	if (size < (form == SKS_TEXT ? LEAST_FOR_TEXT : LEAST_FOR_BYTES))
		return sks_fail(SKS_EINVAL, "recv_until needs room");
	if ((r = prepare(&u)) < 0)
		return r;
	while ((len = examine(&u, st, size - 1, &found)) == 0) {
		got = sks_stream_fill(st, bytes_wanted(&u, st, size - 1),
		    deadline_ns);
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
	sks_stream_take_string(st, buf, (size_t)len);
	if (sks_stream_socket(st) != NULL)
		sks_observe_tell(sks_stream_socket(st), SKS_RECEIVED, buf,
		    (size_t)len);
	return len;
}
