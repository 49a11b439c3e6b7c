/* SPDX-License-Identifier: BSD-2-Clause */
/* This file knows what stands before and behind a message: it finds a message
 * in bytes, and encodes one. */
#include "config.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "socketserver/net/error.h"
#include "socketserver/stream/internal.h"

/* The longest head: the digits of a netstring, and its colon. */
#define HEAD_MAX 21

/* A reader is never told to read more at once, so memory grows with what comes
 * and not with what was announced. */
#define STEP 8192

int
sks_framing_check(const struct sks_framing *how)
{
	int r = sks_check_enum(how->kind, SKS_NETSTRING + 1,
	    "there is no such framing");

	if (r < 0 || how->kind != SKS_BLOCK)
		return r;
	if (how->prefix != 1 && how->prefix != 2 && how->prefix != 4 &&
	    how->prefix != 8)
		return sks_fail(SKS_EINVAL, "a prefix has 1, 2, 4 or 8 bytes");
	return sks_check_enum(how->order, SKS_LITTLE_ENDIAN + 1,
	    "there is no such order of bytes");
}

/* Returns how many bytes follow a message: the LF or the comma. */
static size_t
tail_size(const struct sks_framing *how)
{
	return how->kind == SKS_BLOCK ? 0 : 1;
}

/* --- blocks --- */

/* Returns the index of the byte of the prefix that holds bits 8*i and up. */
static size_t
prefix_index(const struct sks_framing *how, size_t i)
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
		*len |= (uint64_t)(unsigned char)p[prefix_index(how, i)]
		    << 8 * i;
	return (int)how->prefix;
}

static size_t
write_prefix(const struct sks_framing *how, uint64_t len, char *p)
{
	for (size_t i = 0; i < how->prefix; i++)
		p[prefix_index(how, i)] = (char)(unsigned char)(len >> 8 * i);
	return how->prefix;
}

/* Returns the length of the longest message that a head can announce. */
static uint64_t
max_announced(const struct sks_framing *how)
{
	return how->kind != SKS_BLOCK || how->prefix == 8 ?
	    UINT64_MAX :
	    ((uint64_t)1 << 8 * how->prefix) - 1;
}

/* --- netstrings --- */

/* Reads the digits up to a colon; only the number 0 begins with a zero. */
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
			return SKS_EPROTO;
		*len = *len * 10 + digit;
	}
	return 0;
}

static size_t
write_digits(uint64_t len, char *p)
{
	char back[HEAD_MAX];
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

/* Reads the head of a block or netstring.  Returns how many bytes the head has,
 * 0 when it is not whole, SKS_EPROTO when it is none. */
static int
read_head(const struct sks_framing *how, const char *p, size_t n, uint64_t *len)
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

/* How many bytes to read next, when `missing` of the message and then a tail
 * have not come. */
static size_t
bytes_wanted(uint64_t missing, size_t tail)
{
	return missing >= STEP ? STEP : (size_t)missing + tail;
}

static int
find_counted(const struct sks_framing *how, size_t max, const char *p, size_t n,
    struct sks_span *m)
{
	int head = read_head(how, p, n, &m->len);
	size_t have;

	if (head == 0)
		m->want = how->kind == SKS_BLOCK ? how->prefix - n : 1;
	if (head <= 0)
		return head;
	assert((size_t)head <= n);
	m->head = (size_t)head;
	m->tail = tail_size(how);
	if (m->len > max)
		return SKS_ETOOLONG;
	have = n - m->head;
	if (have < m->len || have - m->len < m->tail) {
		m->want =
		    bytes_wanted(m->len > have ? m->len - have : 0, m->tail);
		return 0;
	}
	if (how->kind == SKS_NETSTRING && p[m->head + m->len] != ',')
		return SKS_EPROTO;
	return 1;
}

size_t
sks_framing_chomp(const char *line, size_t len)
{
	return len > 0 && line[len - 1] == '\r' ? len - 1 : len;
}

static int
find_line(size_t max, struct sks_scan *lf, const char *p, size_t n,
    struct sks_span *m)
{
	const size_t end = sks_scan_next(lf, p, n).end;

	m->want = 1;
	if (end > 0) {
		m->len = sks_framing_chomp(p, end - 1);
		m->tail = end - m->len;
		return m->len > max ? SKS_ETOOLONG : 1;
	}
	/* A last CR may belong to the end of a line of exactly max bytes. */
	m->len = n;
	return sks_framing_chomp(p, n) > max ? SKS_ETOOLONG : 0;
}

int
sks_framing_find(const struct sks_framing *how, size_t max, struct sks_scan *lf,
    const char *p, size_t n, struct sks_span *m)
{
	*m = (struct sks_span){ 0, 0, 0, 0 };
	return how->kind == SKS_LINE ? find_line(max, lf, p, n, m) :
				       find_counted(how, max, p, n, m);
}

/* May this be a message? */
static int
check_message(const struct sks_framing *how, const char *data, size_t len)
{
	int r = sks_framing_check(how);

	if (r < 0)
		return r;
	if (len > how->max || len > max_announced(how))
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
	char head[HEAD_MAX], *to = buf;
	const size_t tail = tail_size(how);
	size_t n;
	int r;

	if ((r = check_message(how, data, len)) < 0)
		return r;
	n = write_head(how, len, head);
	assert(n <= sizeof head);
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
