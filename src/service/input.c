/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file reads into a small buffer, and into a large one what fills that. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "service/input.h"

void
svc_input_init(struct svc_input *in, struct sks_socket *from, char *first)
{
	*in = (struct svc_input){ .from = from,
		.bytes = first,
		.cap = SVC_INPUT_FIRST,
		.first = first };
}

void
svc_input_fini(struct svc_input *in)
{
	free(in->more);
	in->more = NULL;
}

/* Without memory, what has come is all that there is for now. */
static bool
grow(struct svc_input *in)
{
	if (in->more != NULL || (in->more = malloc(SVC_INPUT_MAX)) == NULL)
		return false;
	memcpy(in->more, in->first, in->len);
	in->bytes = in->more;
	in->cap = SVC_INPUT_MAX;
	return true;
}

/* What has come beside, without waiting.  An end or an error is for the next
 * read. */
static size_t
recv_rest(struct svc_input *in)
{
	ssize_t n;

	sks_setblocking(in->from, 0);
	n = sks_recv(in->from, in->bytes + in->len, in->cap - in->len);
	if (n < 0 && n != SKS_EAGAIN)
		in->broken = (int)n;
	return n > 0 ? (size_t)n : 0;
}

ssize_t
svc_input_recv(struct svc_input *in, int64_t deadline_ns)
{
	size_t rest = 0;
	ssize_t n;

	assert(!svc_input_is_full(in));
	if (in->broken != 0)
		return in->broken;
	n = sks_recv_deadline(in->from, in->bytes + in->len, in->cap - in->len,
	    deadline_ns);
	if (n <= 0)
		return n;
	in->len += (size_t)n;
	if (in->len == in->cap && grow(in))
		rest = recv_rest(in);
	in->len += rest;
	return n + (ssize_t)rest;
}

bool
svc_input_is_full(const struct svc_input *in)
{
	return in->len == in->cap;
}

void
svc_input_drop(struct svc_input *in, size_t n)
{
	assert(n <= in->len);
	in->len -= n;
	memmove(in->bytes, in->bytes + n, in->len);
}

void
svc_input_reset(struct svc_input *in)
{
	free(in->more);
	in->more = NULL;
	in->bytes = in->first;
	in->cap = SVC_INPUT_FIRST;
	in->len = 0;
}
