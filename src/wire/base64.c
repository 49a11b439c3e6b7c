/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file writes bytes as base64 and reads them back.
 */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "wire/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz0123456789+/";

int
wire_base64_encode(struct dw_buf *out, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	uint32_t bits;
	char four[4];
	int r = 0;

	for (size_t i = 0; i < len && r == 0; i += 3) {
		bits = (uint32_t)p[i] << 16;
		bits |= i + 1 < len ? (uint32_t)p[i + 1] << 8 : 0;
		bits |= i + 2 < len ? p[i + 2] : 0;
		for (int k = 0; k < 4; k++)
			four[k] = alphabet[bits >> (18 - 6 * k) & 63];
		if (i + 2 >= len)
			four[3] = '=';
		if (i + 1 >= len)
			four[2] = '=';
		r = dw_buf_add(out, four, sizeof four);
	}
	return r;
}

/* Returns the bits of `n` characters, the first one highest, or -1 if one is
 * strange. */
static int32_t
bits_of(const char *text, size_t n)
{
	int32_t bits = 0;
	const char *at;

	for (size_t i = 0; i < 4; i++) {
		at = i < n ? memchr(alphabet, text[i], 64) : alphabet;
		if (at == NULL)
			return -1;
		bits = bits << 6 | (int32_t)(at - alphabet);
	}
	return bits;
}

int
wire_base64_decode(struct dw_buf *out, const char *text, size_t len)
{
	size_t pad = 0;
	int32_t bits;
	char three[3];
	int r;

	if (len % 4 != 0)
		return -EPROTO;
	while (pad < 2 && pad < len && text[len - 1 - pad] == '=')
		pad++;
	for (size_t i = 0; i < len; i += 4) {
		size_t n = i + 4 == len ? 3 - pad : 3;

		if ((bits = bits_of(text + i, n + 1)) < 0)
			return -EPROTO;
		three[0] = (char)(bits >> 16);
		three[1] = (char)(bits >> 8 & 0xff);
		three[2] = (char)(bits & 0xff);
		if ((n < 3 && three[2] != 0) || (n < 2 && three[1] != 0))
			return -EPROTO;
		if ((r = dw_buf_add(out, three, n)) < 0)
			return r;
	}
	return 0;
}
