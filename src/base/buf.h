/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes that grow.  One thread at a time.  A failed append (no memory, or over
 * max) changes nothing but sets `failed`, so that a row of appends needs one
 * check at its end.
 */
#ifndef DW_BUF_H
#define DW_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct dw_buf {
	char *data; /* always NUL-terminated once not NULL */
	size_t len; /* without that NUL */
	size_t cap;
	size_t max; /* of len; 0 is no limit */
	bool failed;
};

#define DW_BUF_INITIALIZER { NULL, 0, 0, 0, false }

/* Frees the bytes; the buffer is empty and may be used again. */
void dw_buf_fini(struct dw_buf *b);

/* Forgets the bytes and `failed`, keeps the memory. */
void dw_buf_reset(struct dw_buf *b);

/* All return 0 or -ENOMEM / -EMSGSIZE (over max). */
int dw_buf_add(struct dw_buf *b, const void *data, size_t len);
int dw_buf_adds(struct dw_buf *b, const char *s);
int dw_buf_addc(struct dw_buf *b, char c);
int dw_buf_addf(struct dw_buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Room for `more` bytes behind len, to be filled by the caller who then adds
 * to len and ends with a NUL.  Returns 0 or -errno. */
int dw_buf_reserve(struct dw_buf *b, size_t more);

/* Drops the first n bytes (n <= len). */
void dw_buf_drop(struct dw_buf *b, size_t n);

/* The text so far, never NULL. */
const char *dw_buf_str(const struct dw_buf *b);

/* Hands the bytes to the caller, who frees them; never NULL unless out of
 * memory.  The buffer is empty afterwards. */
char *dw_buf_take(struct dw_buf *b);

#endif
