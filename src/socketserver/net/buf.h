/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes that are added at the end and taken off the front: what a stream has
 * read ahead or has not sent yet, what a frame was fed, what an outbox keeps.
 * One thread at a time.
 */
#ifndef SKS_BUF_H
#define SKS_BUF_H

#include <stddef.h>

/* It holds data[start, end), and start <= end <= cap.  All zero is empty. */
struct sks_buf {
	char *data; /* NULL until memory is needed */
	size_t start, end, cap;
};

/* Frees the memory; the buffer is empty and may be used again. */
void sks_buf_free(struct sks_buf *b);

/*
 * Makes data[end, end + more) writable; more is not 0.  The caller writes there
 * and adds to `end` what was written.  What the buffer holds may move.
 * Returns 0 or SKS_ENOMEM.
 */
int sks_buf_reserve(struct sks_buf *b, size_t more);

/* Adds a copy of n bytes, not 0.  Returns 0 or SKS_ENOMEM. */
int sks_buf_add(struct sks_buf *b, const void *data, size_t n);

/* Takes n bytes off the front into dst (NULL: drops them).  It moves nothing:
 * a pointer to the bytes stays good until more are added. */
void sks_buf_take(struct sks_buf *b, void *dst, size_t n);

static inline size_t
sks_buf_len(const struct sks_buf *b)
{
	return b->end - b->start;
}

/* Returns what the buffer holds, never NULL. */
static inline const char *
sks_buf_head(const struct sks_buf *b)
{
	return b->data == NULL ? "" : b->data + b->start;
}

#endif
