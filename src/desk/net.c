/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses and networks.
 */
#include "config.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk/net.h"

#define V4_BITS   32
#define V6_BITS   128
#define CUSTOMER6 64 /* of an IPv6 address; the rest is up to its owner */

static void
keep_bits(struct desk_net *net, unsigned bits)
{
	net->bits = bits;
	for (unsigned i = 0; i < sizeof net->bytes; i++) {
		unsigned from = i * 8;

		if (from >= bits)
			net->bytes[i] = 0;
		else if (bits - from < 8)
			net->bytes[i] &=
			    (unsigned char)(0xff00u >> (bits - from));
	}
}

/* An IPv4 address in an IPv6 one's clothes is what it is. */
static void
unmap(struct desk_net *net)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (!net->v6 || memcmp(net->bytes, mapped, sizeof mapped) != 0)
		return;
	memmove(net->bytes, net->bytes + sizeof mapped, 4);
	memset(net->bytes + 4, 0, sizeof net->bytes - 4);
	net->v6 = false;
}

static bool
parse_address(struct desk_net *net, const char *text)
{
	memset(net, 0, sizeof *net);
	if (inet_pton(AF_INET, text, net->bytes) == 1)
		return true;
	net->v6 = inet_pton(AF_INET6, text, net->bytes) == 1;
	if (!net->v6)
		return false;
	unmap(net);
	return true;
}

static bool
parse_bits(const char *text, unsigned max, unsigned *bits)
{
	char *end;

	if (*text < '0' || *text > '9' || strlen(text) > 3)
		return false;
	*bits = (unsigned)strtoul(text, &end, 10);
	return *end == '\0' && *bits <= max;
}

bool
desk_net_is(const struct desk_net *a, const struct desk_net *b)
{
	return a->v6 == b->v6 && a->bits == b->bits &&
	    memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool
desk_net_is_loopback(const struct desk_net *net)
{
	static const unsigned char one[16] = { [15] = 1 };

	if (net->v6)
		return net->bits == V6_BITS &&
		    memcmp(net->bytes, one, sizeof one) == 0;
	return net->bits >= 8 && net->bytes[0] == 127;
}

void
desk_net_shorten(struct desk_net *net, unsigned bits)
{
	if (bits < net->bits)
		keep_bits(net, bits);
}

/* This machine is one, and no network. */
void
desk_net_narrow(struct desk_net *net)
{
	if (net->v6 && !desk_net_is_loopback(net))
		keep_bits(net, CUSTOMER6);
}

static bool
parse(struct desk_net *net, const char *text, bool narrow)
{
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	char host[DESK_NET_SIZE];
	unsigned bits;

	if (len >= sizeof host)
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (!parse_address(net, host))
		return false;
	net->bits = bits = net->v6 ? V6_BITS : V4_BITS;
	if (slash == NULL && narrow)
		desk_net_narrow(net);
	if (slash == NULL)
		return true;
	if (!parse_bits(slash + 1, bits, &bits))
		return false;
	keep_bits(net, bits);
	return true;
}

bool
desk_net_parse(struct desk_net *net, const char *text)
{
	return parse(net, text, true);
}

bool
desk_net_parse_whole(struct desk_net *net, const char *text)
{
	return parse(net, text, false);
}

bool
desk_net_of_peer(struct desk_net *net, const char *addr)
{
	const char *port = strrchr(addr, ':');
	char host[DESK_NET_SIZE];
	size_t len;

	if (port == NULL || strlen(addr) >= sizeof host)
		return false;
	len = (size_t)(port - addr);
	if (len >= 2 && addr[0] == '[' && addr[len - 1] == ']') {
		addr++;
		len -= 2;
	}
	memcpy(host, addr, len);
	host[len] = '\0';
	host[strcspn(host, "%")] = '\0'; /* the interface */
	if (strchr(host, '/') != NULL || !parse_address(net, host))
		return false;
	net->bits = net->v6 ? V6_BITS : V4_BITS;
	return true;
}

/* Is its address alone read as this very network? */
static bool
is_address(const struct desk_net *net)
{
	struct desk_net read = *net;

	desk_net_narrow(&read);
	return net->bits == (net->v6 ? V6_BITS : V4_BITS) &&
	    desk_net_is(&read, net);
}

void
desk_net_format(const struct desk_net *net, char buf[DESK_NET_SIZE])
{
	char host[INET6_ADDRSTRLEN] = "";

	inet_ntop(net->v6 ? AF_INET6 : AF_INET, net->bytes, host, sizeof host);
	if (is_address(net))
		snprintf(buf, DESK_NET_SIZE, "%s", host);
	else
		snprintf(buf, DESK_NET_SIZE, "%s/%u", host, net->bits);
}

bool
desk_net_covers(const struct desk_net *net, const struct desk_net *peer)
{
	struct desk_net first = *peer;

	if (net->v6 != peer->v6)
		return false;
	keep_bits(&first, net->bits);
	return desk_net_is(&first, net);
}

bool
desk_net_has(const struct desk_net *net, const struct desk_net *peer)
{
	return (!desk_net_is_loopback(peer) || desk_net_is_loopback(net)) &&
	    desk_net_covers(net, peer);
}
