/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file reads the PROXY protocol's headers, versions 1 and 2, as haproxy's
 * doc/proxy-protocol.txt has them.
 */
#include "config.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/proxy.h"

static void
write_address(int family, const char *host, unsigned port, char *address)
{
	bool six = family == AF_INET6;

	snprintf(address, WIRE_PROXY_TEXT, "%s%s%s:%u", six ? "[" : "", host,
	    six ? "]" : "", port);
}

/* ---- version 1 ---- */

#define V1_BEGIN   "PROXY "
#define V1_UNKNOWN "PROXY UNKNOWN"

/* Which addresses a row has. */
static const struct {
	const char *begin;
	int family;
} rows[] = {
	{ V1_BEGIN "TCP4 ", AF_INET },
	{ V1_BEGIN "TCP6 ", AF_INET6 },
};

static bool
begins_as(const char *s, size_t len, const char *words)
{
	size_t n = strlen(words);

	return memcmp(s, words, len < n ? len : n) == 0;
}

/* Can this become one?  A row that has not ended yet. */
static bool
may_be_v1(const char *s, size_t len)
{
	if (begins_as(s, len, V1_UNKNOWN))
		return true;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (begins_as(s, len, rows[i].begin))
			return true;
	return false;
}

/* Takes a word off the row, which a blank or the row's end ends.  Returns false
 * when it is empty or too long. */
static bool
take_word(const char **row, char *word, size_t size)
{
	size_t len = strcspn(*row, " ");

	if (len == 0 || len >= size)
		return false;
	memcpy(word, *row, len);
	word[len] = '\0';
	*row += len;
	return true;
}

static bool
take_blank(const char **row)
{
	if (**row != ' ')
		return false;
	++*row;
	return true;
}

/* inet_pton() takes no number that has a zero before it, but for IPv6, where
 * the specification allows that. */
static bool
take_host(const char **row, int family, char *host)
{
	unsigned char bytes[16];

	return take_word(row, host, INET6_ADDRSTRLEN) &&
	    inet_pton(family, host, bytes) == 1;
}

static bool
take_port(const char **row, unsigned *port)
{
	char word[6];
	size_t len;

	if (!take_word(row, word, sizeof word))
		return false;
	len = strspn(word, "0123456789");
	*port = (unsigned)strtoul(word, NULL, 10);
	return word[len] == '\0' && (word[0] != '0' || len == 1) &&
	    *port <= UINT16_MAX;
}

/* "192.0.2.7 192.0.2.1 4711 443": whose, and to where. */
static bool
read_addresses(const char *row, int family, char *address)
{
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	unsigned port, to_port;

	if (!take_host(&row, family, from) || !take_blank(&row) ||
	    !take_host(&row, family, to) || !take_blank(&row) ||
	    !take_port(&row, &port) || !take_blank(&row) ||
	    !take_port(&row, &to_port) || *row != '\0')
		return false;
	write_address(family, from, port, address);
	return true;
}

/* A whole row, without its end. */
static enum wire_proxy
read_v1(const char *row, char *address)
{
	size_t unknown = strlen(V1_UNKNOWN);

	/* What follows that word is to be skipped. */
	if (strncmp(row, V1_UNKNOWN, unknown) == 0)
		return row[unknown] == '\0' || row[unknown] == ' ' ?
		    WIRE_PROXY_UNKNOWN :
		    WIRE_PROXY_BAD;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t n = strlen(rows[i].begin);

		if (strncmp(row, rows[i].begin, n) == 0 &&
		    read_addresses(row + n, rows[i].family, address))
			return WIRE_PROXY_CUSTOMER;
	}
	return WIRE_PROXY_BAD;
}

static bool
is_end_of_text(char c)
{
	return c == '\r' || c == '\n' || c == '\0';
}

static enum wire_proxy
judge_v1(const char *s, size_t len, size_t *used, char *address)
{
	char row[WIRE_PROXY_V1_MAX];
	size_t end = 0;

	while (end < len && !is_end_of_text(s[end]))
		end++;
	if (!may_be_v1(s, end) || end > WIRE_PROXY_V1_MAX - 2 ||
	    (end < len && s[end] != '\r') ||
	    (end + 1 < len && s[end + 1] != '\n'))
		return WIRE_PROXY_BAD;
	if (end + 1 >= len)
		return WIRE_PROXY_MORE;
	memcpy(row, s, end);
	row[end] = '\0';
	*used = end + 2;
	return read_v1(row, address);
}

/* ---- version 2 ---- */

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define FIXED     16 /* bytes that each has */

enum { CMD_LOCAL = 0, CMD_PROXY = 1 };
enum { TLV_CRC32C = 3 };

/* Of a version 2: what it carries, and how long its addresses are. */
static const struct family {
	unsigned char byte;
	unsigned bytes;
	int family;     /* AF_UNSPEC: no address that we know */
	size_t port_at; /* the customer's, behind both addresses */
} families[] = {
	{ 0x00, 0, AF_UNSPEC, 0 },   /* it does not say */
	{ 0x11, 12, AF_INET, 8 },    /* TCP over IPv4 */
	{ 0x21, 36, AF_INET6, 32 },  /* TCP over IPv6 */
	{ 0x31, 216, AF_UNSPEC, 0 }, /* paths of a Unix socket */
};

static unsigned
get16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* RFC 3720, appendix B.4; the sum's own four bytes, at `skip`, count as 0. */
static uint32_t
crc32c(const unsigned char *s, size_t len, size_t skip)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= i >= skip && i < skip + 4 ? 0 : s[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0x82f63b78) : 0);
	}
	return ~crc;
}

static bool
is_sum(const unsigned char *s, size_t len, size_t at)
{
	return crc32c(s, len, at) ==
	    ((uint32_t)get16(s + at) << 16 | get16(s + at + 2));
}

/* What stands behind the addresses up to the end, each with a type and a length.
 * A sum has to be right; all others are skipped, TLS's among them. */
static bool
check_tlvs(const unsigned char *s, size_t at, size_t len)
{
	bool summed = false;
	size_t n;

	for (; at < len; at += 3 + n) {
		if (len - at < 3 || (n = get16(s + at + 1)) > len - at - 3)
			return false;
		if (s[at] != TLV_CRC32C)
			continue;
		if (summed || n != 4 || !is_sum(s, len, at + 3))
			return false;
		summed = true;
	}
	return true;
}

static const struct family *
find_family(unsigned char byte)
{
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		if (families[i].byte == byte)
			return &families[i];
	return NULL;
}

/* All of it has come. */
static enum wire_proxy
read_v2(const unsigned char *s, size_t len, char *address)
{
	const struct family *f = find_family(s[13]);
	char host[INET6_ADDRSTRLEN] = "";

	/* Of who comes for nobody the rest says nothing. */
	if ((s[12] & 0xf) == CMD_LOCAL)
		return WIRE_PROXY_LOCAL;
	if (f == NULL || len < FIXED + f->bytes)
		return WIRE_PROXY_BAD;
	/* The same, of who does not say what it carries. */
	if (f->bytes == 0)
		return WIRE_PROXY_UNKNOWN;
	if (!check_tlvs(s, FIXED + f->bytes, len))
		return WIRE_PROXY_BAD;
	if (f->family == AF_UNSPEC)
		return WIRE_PROXY_UNKNOWN;
	inet_ntop(f->family, s + FIXED, host, sizeof host);
	write_address(f->family, host, get16(s + FIXED + f->port_at), address);
	return WIRE_PROXY_CUSTOMER;
}

static enum wire_proxy
judge_v2(const unsigned char *s, size_t len, size_t *used, char *address)
{
	const size_t begin = sizeof SIGNATURE - 1;
	size_t whole;

	assert(begin == 12);
	if (memcmp(s, SIGNATURE, len < begin ? len : begin) != 0 ||
	    (len > begin && s[begin] != (0x20 | CMD_LOCAL) &&
		s[begin] != (0x20 | CMD_PROXY)))
		return WIRE_PROXY_BAD;
	if (len < FIXED)
		return WIRE_PROXY_MORE;
	if ((whole = FIXED + get16(s + 14)) > WIRE_PROXY_MAX)
		return WIRE_PROXY_BAD;
	if (len < whole)
		return WIRE_PROXY_MORE;
	*used = whole;
	return read_v2(s, whole, address);
}

enum wire_proxy
wire_proxy(const void *bytes, size_t len, size_t *used,
    char address[WIRE_PROXY_TEXT])
{
	const unsigned char *s = bytes;
	enum wire_proxy said = WIRE_PROXY_MORE;

	*used = 0;
	address[0] = '\0';
	if (len > 0 && s[0] == V1_BEGIN[0])
		said = judge_v1(bytes, len, used, address);
	else if (len > 0)
		said = judge_v2(s, len, used, address);
	if (said == WIRE_PROXY_BAD)
		*used = 0;
	return said;
}
