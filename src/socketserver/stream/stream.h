/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams from inside, for what reads messages out of them. */
#ifndef SKS_STREAM_H
#define SKS_STREAM_H

#include "socketserver/socketserver.h"

/* NULL: a stream in memory. */
struct sks_socket *sks_stream_socket(const struct sks_stream *st);

/* What came and was not taken, *len bytes; until the next call that reads.
 * Never NULL. */
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

/* The same into a string: buf has room for the NUL.  Returns len. */
ssize_t sks_stream_hand_out(struct sks_stream *st, char *buf, size_t len);

#endif
