/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams without a socket: Python's BytesIO. */
#ifndef SKS_MEMORY_H
#define SKS_MEMORY_H

#include "socketserver/socketserver.h"

/*
 * Reads a copy of these n bytes, then end of file; takes at most max_out bytes
 * of writes, and of one that would exceed them nothing: SKS_ETOOLONG.
 * Flushing does nothing.  Returns 0 or SKS_ENOMEM.
 */
int sks_stream_memory(const void *data, size_t n, size_t max_out,
    struct sks_stream **out);

/* What was written, *n bytes; until the next write.  Never NULL. */
const char *sks_stream_written(const struct sks_stream *st, size_t *n);

#endif
