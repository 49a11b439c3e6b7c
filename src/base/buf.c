/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes that grow, with what is appended to them.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define CAP_FIRST 64

void
dw_buf_fini(struct dw_buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = b->cap = 0;
	b->failed = false;
}

void
dw_buf_reset(struct dw_buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data != NULL)
		b->data[0] = '\0';
}

static int
fail(struct dw_buf *b, int err)
{
	b->failed = true;
	return -err;
}

int
dw_buf_reserve(struct dw_buf *b, size_t more)
{
	size_t cap;
	char *data;

	if (more > SIZE_MAX / 4 - b->len)
		return fail(b, ENOMEM);
	if (b->max != 0 && b->len + more > b->max)
		return fail(b, EMSGSIZE);
	if (b->len + more < b->cap)
		return 0;
	for (cap = b->cap != 0 ? b->cap : CAP_FIRST; cap <= b->len + more;)
		cap *= 2;
	if ((data = realloc(b->data, cap)) == NULL)
		return fail(b, ENOMEM);
	b->data = data;
	b->cap = cap;
	b->data[b->len] = '\0';
	return 0;
}

int
dw_buf_add(struct dw_buf *b, const void *data, size_t len)
{
	int r;

	if ((r = dw_buf_reserve(b, len)) < 0)
		return r;
	if (len != 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
	return 0;
}

int
dw_buf_adds(struct dw_buf *b, const char *s)
{
	return dw_buf_add(b, s, strlen(s));
}

int
dw_buf_addc(struct dw_buf *b, char c)
{
	return dw_buf_add(b, &c, 1);
}

int
dw_buf_addf(struct dw_buf *b, const char *format, ...)
{
	va_list ap;
	int n, r;

	va_start(ap, format);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (n < 0)
		return fail(b, EINVAL);
	if ((r = dw_buf_reserve(b, (size_t)n)) < 0)
		return r;
	va_start(ap, format);
	vsnprintf(b->data + b->len, (size_t)n + 1, format, ap);
	va_end(ap);
	b->len += (size_t)n;
	return 0;
}

void
dw_buf_drop(struct dw_buf *b, size_t n)
{
	assert(n <= b->len);
	if (n == 0)
		return;
	b->len -= n;
	memmove(b->data, b->data + n, b->len);
	b->data[b->len] = '\0';
}

const char *
dw_buf_str(const struct dw_buf *b)
{
	return b->data != NULL ? b->data : "";
}

char *
dw_buf_take(struct dw_buf *b)
{
	char *data = b->data != NULL ? b->data : strdup("");

	b->data = NULL;
	b->len = b->cap = 0;
	b->failed = false;
	return data;
}
