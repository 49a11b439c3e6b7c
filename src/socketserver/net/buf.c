/* SPDX-License-Identifier: BSD-2-Clause */
/* This file is the one growable buffer of the library. */
#include "config.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "socketserver/net/buf.h"
#include "socketserver/net/error.h"

#define FIRST_CAP 64

void
sks_buf_free(struct sks_buf *b)
{
	free(b->data);
	*b = (struct sks_buf){ NULL, 0, 0, 0 };
}

static void
move_to_front(struct sks_buf *b)
{
	const size_t len = sks_buf_len(b);

	if (b->start == 0)
		return;
	memmove(b->data, b->data + b->start, len);
	b->start = 0;
	b->end = len;
}

static int
grow(struct sks_buf *b, size_t cap)
{
	char *data = realloc(b->data, cap);

	if (data == NULL)
		return sks_fail(SKS_ENOMEM, "");
	b->data = data;
	b->cap = cap;
	return 0;
}

/* The capacity at least doubles, so that adding n bytes one at a time copies
 * each of them a constant number of times. */
int
sks_buf_reserve(struct sks_buf *b, size_t more)
{
	size_t need, cap;

	assert(b->start <= b->end && b->end <= b->cap);
	assert(more > 0);
	if (b->cap - b->end >= more)
		return 0;
	move_to_front(b);
	if (more > SIZE_MAX / 2 - b->end)
		return sks_fail(SKS_ENOMEM, "");
	need = b->end + more;
	if (need <= b->cap)
		return 0;
	cap = b->cap < FIRST_CAP / 2 ? FIRST_CAP : 2 * b->cap;
	return grow(b, need > cap ? need : cap);
}

int
sks_buf_add(struct sks_buf *b, const void *data, size_t n)
{
	int r = sks_buf_reserve(b, n);

	if (r < 0)
		return r;
	memcpy(b->data + b->end, data, n);
	b->end += n;
	return 0;
}

void
sks_buf_take(struct sks_buf *b, void *dst, size_t n)
{
	assert(n <= sks_buf_len(b));
	if (dst != NULL && n > 0)
		memcpy(dst, b->data + b->start, n);
	b->start += n;
	if (b->start == b->end)
		b->start = b->end = 0;
}
