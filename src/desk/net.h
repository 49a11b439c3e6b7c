/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses and networks, as somebody is banned by them.  Pure.
 */
#ifndef DESK_NET_H
#define DESK_NET_H

#include <stdbool.h>
#include <stddef.h>

#define DESK_NET_SIZE 64 /* of one as text */

/* The first bits of an address; the others are 0. */
struct desk_net {
	unsigned char bytes[16];
	unsigned bits;
	bool v6;
};

/* "192.0.2.7", "192.0.2.0/24", "2001:db8::/48"; an IPv6 address alone is its
 * /64, as that is what one customer has.  Returns false when it is none. */
bool desk_net_parse(struct desk_net *net, const char *text);

/* The same, but an IPv6 address alone is nothing but itself. */
bool desk_net_parse_whole(struct desk_net *net, const char *text);

/* Of a connection: "192.0.2.7:4711", "[2001:db8::1]:4711"; all of the
 * address. */
bool desk_net_of_peer(struct desk_net *net, const char *addr);

/* The network of its first bits, and all of it if it has no more. */
void desk_net_shorten(struct desk_net *net, unsigned bits);

/* What is one customer's of it. */
void desk_net_narrow(struct desk_net *net);

/* desk_net_parse() makes the same network of it. */
void desk_net_format(const struct desk_net *net, char buf[DESK_NET_SIZE]);

bool desk_net_is(const struct desk_net *a, const struct desk_net *b);
bool desk_net_is_loopback(const struct desk_net *net);

/* Is this peer in there? */
bool desk_net_covers(const struct desk_net *net, const struct desk_net *peer);

/* The same, of who is banned: the own machine only when it is named itself. */
bool desk_net_has(const struct desk_net *net, const struct desk_net *peer);

#endif
