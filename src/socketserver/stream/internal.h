/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams from the inside, for what reads messages out of them. */
#ifndef SKS_STREAM_INTERNAL_H
#define SKS_STREAM_INTERNAL_H

#include "socketserver/socketserver.h"

/* --- stream.c --- */

/*
 * Makes a stream without a socket, Python's BytesIO.  It reads a copy of these
 * n bytes, then end of file; it takes at most max_out bytes of writes, and of
 * one that would exceed them nothing: SKS_ETOOLONG.  Flushing does nothing.
 * Returns 0 or SKS_ENOMEM.
 */
int sks_stream_memory(const void *data, size_t n, size_t max_out,
    struct sks_stream **out);

/* Returns what was written to a stream without a socket, *n bytes, until the
 * next write.  Never NULL. */
const char *sks_stream_written(const struct sks_stream *st, size_t *n);

/* NULL: a stream without a socket. */
struct sks_socket *sks_stream_socket(const struct sks_stream *st);

/* Returns what was read from the socket and not taken, *len bytes, until the
 * next call that reads.  Never NULL. */
const char *sks_stream_waiting(const struct sks_stream *st, size_t *len);

/*
 * Reads more from the socket behind what waits.  Unbuffered, at most `want`
 * bytes, so that nothing beyond the request is taken off the socket.  Returns
 * as sks_recv() does; deadline_ns may be SKS_OWN_TIMEOUT.
 */
ssize_t sks_stream_fill(struct sks_stream *st, size_t want,
    int64_t deadline_ns);

/* Takes n of the waiting bytes off the front into dst (NULL: drops them). */
void sks_stream_take(struct sks_stream *st, void *dst, size_t n);

/* Does the same into a string: buf has len + 1 bytes.  Returns len. */
ssize_t sks_stream_take_string(struct sks_stream *st, char *buf, size_t len);

/* --- scan.c --- */

/*
 * One search for the first of n texts in bytes that grow at their end.  It
 * remembers where it was, so bytes that come one at a time still cost linear
 * time.
 */
struct sks_scan {
	const char *const *texts;
	size_t n;
	size_t longest; /* of the texts */
	size_t scanned; /* no text begins before this offset */
};

/* The search for the end of a line. */
#define SKS_SCAN_LF { sks_scan_lf, 1, 1, 0 }
extern const char *const sks_scan_lf[1];

/* A text that was found: its index, and the offset behind it. */
struct sks_match {
	size_t which, end; /* end 0: none */
};

/* Looks at p[0, len), which begins as in the last call.  Returns the text that
 * ends first; of two that end together, the first in the list. */
struct sks_match sks_scan_next(struct sks_scan *scan, const char *p,
    size_t len);

/* --- framing.c --- */

/* Where a message lies: behind its head, and before its tail. */
struct sks_span {
	size_t head;
	uint64_t len;
	size_t tail; /* CR LF, LF or comma */
	size_t want; /* so many bytes at least are missing */
};

/* Returns 0 or SKS_EINVAL. */
int sks_framing_check(const struct sks_framing *how);

/*
 * Looks for a whole message at the front of p[0, n).  lf is the search for the
 * end of a line.  Notes no failure.  Returns
 * - 1: *m tells where it lies
 * - 0: more bytes are needed, m->want at least
 * - SKS_ETOOLONG: the message is over max.  m->head and m->len are known, but
 *   of a line whose end has not come m->tail is 0
 * - SKS_EPROTO: the bytes are no netstring
 */
int sks_framing_find(const struct sks_framing *how, size_t max,
    struct sks_scan *lf, const char *p, size_t n, struct sks_span *m);

/* Returns the length of a line without the CR before its LF. */
size_t sks_framing_chomp(const char *line, size_t len);

#endif
