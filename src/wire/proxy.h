/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The header by which a proxy says for whom it connects: the PROXY protocol,
 * versions 1 (a row of text) and 2 (binary), as haproxy's
 * doc/proxy-protocol.txt describes it.  Only what has exactly that shape is
 * one, because whoever can forge it chooses its address.  Pure.
 */
#ifndef WIRE_PROXY_H
#define WIRE_PROXY_H

#include <stddef.h>

#define WIRE_PROXY_V1_MAX 107  /* bytes, with its CR LF */
#define WIRE_PROXY_MAX    4096 /* of version 2, with all that it holds */
#define WIRE_PROXY_TEXT   64   /* of an address with its port */

enum wire_proxy {
	WIRE_PROXY_MORE,     /* the beginning of a header, and no more */
	WIRE_PROXY_CUSTOMER, /* it comes for somebody with this address */
	WIRE_PROXY_UNKNOWN,  /* for somebody whose address it does not know */
	WIRE_PROXY_LOCAL,    /* for nobody: it looks whether we are here */
	WIRE_PROXY_BAD       /* that is no header */
};

/*
 * Judges all bytes that have come so far, however they were cut.  An answer but
 * for MORE never changes when others follow.  *used: how many of them are the
 * header, of CUSTOMER, UNKNOWN and LOCAL; what is behind it is the customer's.
 * address: a CUSTOMER's, "192.0.2.7:4711" or "[2001:db8::1]:4711", else "".
 * Any thread.
 */
enum wire_proxy wire_proxy(const void *bytes, size_t len, size_t *used,
    char address[WIRE_PROXY_TEXT]);

#endif
