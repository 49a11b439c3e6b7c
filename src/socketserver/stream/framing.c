/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <limits.h>
#include <string.h>

#include "socketserver/net/error.h"
#include "socketserver/stream/framing.h"

int
sks_framing_check(const struct sks_framing *how)
{
	switch (how->kind) {
	case SKS_LINE:
	case SKS_NETSTRING:
		return 0;
	case SKS_BLOCK:
		if (how->prefix == 1 || how->prefix == 2 || how->prefix == 4 ||
		    how->prefix == 8)
			return 0;
		return sks_fail(SKS_EINVAL, "a prefix has 1, 2, 4 or 8 bytes");
	}
	return sks_fail(SKS_EINVAL, "there is no such framing");
}

size_t
sks_framing_tail(const struct sks_framing *how)
{
	return how->kind == SKS_BLOCK ? 0 : 1;
}

/* --- blocks --- */

/* The byte of the prefix that holds bits 8*i and up. */
static size_t
place(const struct sks_framing *how, size_t i)
{
	return how->order == SKS_LITTLE_ENDIAN ? i : how->prefix - 1 - i;
}

static int
read_prefix(const struct sks_framing *how, const char *p, size_t n,
    uint64_t *len)
{
	if (n < how->prefix)
		return 0;
	*len = 0;
	for (size_t i = 0; i < how->prefix; i++)
		*len |= (uint64_t)(unsigned char)p[place(how, i)] << 8 * i;
	return (int)how->prefix;
}

static size_t
write_prefix(const struct sks_framing *how, uint64_t len, char *p)
{
	for (size_t i = 0; i < how->prefix; i++)
		p[place(how, i)] = (char)(unsigned char)(len >> 8 * i);
	return how->prefix;
}

/* The longest message that the prefix can announce. */
static uint64_t
capacity(const struct sks_framing *how)
{
	return how->kind != SKS_BLOCK || how->prefix == 8 ?
	    UINT64_MAX :
	    ((uint64_t)1 << 8 * how->prefix) - 1;
}

/* --- netstrings --- */

/* Digits up to a colon, none of them a zero too many. */
static int
read_digits(const char *p, size_t n, uint64_t *len)
{
	*len = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned digit = (unsigned char)p[i] - (unsigned)'0';

		if (p[i] == ':' && i > 0)
			return (int)i + 1;
		if (digit > 9 || (i > 0 && p[0] == '0') ||
		    *len > (UINT64_MAX - digit) / 10)
			return sks_fail(SKS_EPROTO, "not a netstring");
		*len = *len * 10 + digit;
	}
	return 0;
}

static size_t
write_digits(uint64_t len, char *p)
{
	char back[SKS_HEAD_MAX];
	size_t n = 0, i = 0;

	do
		back[n++] = (char)('0' + len % 10);
	while ((len /= 10) > 0);
	while (n > 0)
		p[i++] = back[--n];
	p[i++] = ':';
	return i;
}

/* --- all --- */

int
sks_framing_read_head(const struct sks_framing *how, const char *p, size_t n,
    uint64_t *len)
{
	if (how->kind == SKS_BLOCK)
		return read_prefix(how, p, n, len);
	return read_digits(p, n, len);
}

static size_t
write_head(const struct sks_framing *how, uint64_t len, char *p)
{
	if (how->kind == SKS_LINE)
		return 0;
	return how->kind == SKS_BLOCK ? write_prefix(how, len, p) :
					write_digits(len, p);
}

size_t
sks_framing_chomp(const char *line, size_t len)
{
	return len > 0 && line[len - 1] == '\r' ? len - 1 : len;
}

/* May this be a message? */
static int
check_message(const struct sks_framing *how, const char *data, size_t len)
{
	int r = sks_framing_check(how);

	if (r < 0)
		return r;
	if (len > how->max || len > capacity(how))
		return sks_fail(SKS_ETOOLONG, "a message");
	if (how->kind != SKS_LINE || len == 0)
		return 0;
	if (memchr(data, '\n', len) != NULL || data[len - 1] == '\r')
		return sks_fail(SKS_EINVAL,
		    "a line holds no LF and ends with no CR");
	return 0;
}

ssize_t
sks_frame_encode(const struct sks_framing *how, const void *data, size_t len,
    void *buf, size_t size)
{
	char head[SKS_HEAD_MAX], *to = buf;
	const size_t tail = sks_framing_tail(how);
	size_t n;
	int r;

	if ((r = check_message(how, data, len)) < 0)
		return r;
	n = write_head(how, len, head);
	if (len > SSIZE_MAX - n - tail)
		return sks_fail(SKS_ETOOLONG, "a message");
	if (size < n + len + tail)
		return buf == NULL ?
		    (ssize_t)(n + len + tail) :
		    sks_fail(SKS_EINVAL, "the buffer is too small");
	memcpy(to, head, n);
	if (len > 0)
		memcpy(to + n, data, len);
	if (tail > 0)
		to[n + len] = how->kind == SKS_LINE ? '\n' : ',';
	return (ssize_t)(n + len + tail);
}
