/* SPDX-License-Identifier: BSD-2-Clause */
/* This file tells what an address is, whom it can reach, and whether two of
 * them are one host. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "socketserver/net/addr.h"
#include "socketserver/net/error.h"

#define PATH_OFFSET offsetof(struct sockaddr_un, sun_path)

_Static_assert(sizeof(((struct sks_addr *)0)->u) >=
	sizeof(struct sockaddr_storage),
    "room for every address");

void
sks_addr_set(struct sks_addr *a, const void *sa, socklen_t len)
{
	if (len > sizeof a->u)
		len = sizeof a->u;
	memset(a, 0, sizeof *a);
	memcpy(a->u.bytes, sa, len);
	a->len = (uint32_t)len;
}

const struct sockaddr *
sks_addr_sa(const struct sks_addr *a)
{
	return (const void *)&a->u;
}

int
sks_addr_of_fd(int fd,
    int (*get)(int, struct sockaddr *restrict, socklen_t *restrict),
    const char *what, struct sks_addr *out)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;

	if (get(fd, (struct sockaddr *)&ss, &len) < 0)
		return sks_fail_errno(errno, what);
	sks_addr_set(out, &ss, len);
	return 0;
}

int
sks_addr_unix(const void *name, size_t len, struct sks_addr *out)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const int abstract = len > 0 && *(const char *)name == '\0';

	memset(out, 0, sizeof *out);
	if (len > sizeof sun.sun_path - !abstract)
		return sks_fail(SKS_ETOOLONG,
		    "the path of a Unix socket is at most 107 bytes");
	if (!abstract && len > 0 && memchr(name, '\0', len) != NULL)
		return sks_fail(SKS_EINVAL, "a path has no NUL within");
	if (len > 0)
		memcpy(sun.sun_path, name, len);
	if (!abstract && len > 0)
		len++;
	sks_addr_set(out, &sun, (socklen_t)(PATH_OFFSET + len));
	return 0;
}

int
sks_addr_set_unix(struct sks_addr *a, const char *path)
{
	int r;

	if (path[0] == '\0')
		return sks_fail(SKS_EINVAL, "a Unix socket needs a path");
	if ((r = sks_addr_unix(path, strlen(path), a)) == 0 && path[0] == '@') {
		a->u.bytes[PATH_OFFSET] = '\0';
		assert(a->len > PATH_OFFSET + 1);
		a->len--; /* an abstract name has no NUL at its end */
	}
	return r;
}

const char *
sks_addr_unix_name(const struct sks_addr *a, size_t *len)
{
	const char *name = (const char *)a->u.bytes + PATH_OFFSET;

	*len = 0;
	if (a->len < PATH_OFFSET || sks_addr_sa(a)->sa_family != AF_UNIX)
		return NULL;
	*len = a->len - PATH_OFFSET;
	if (*len > 0 && name[0] != '\0')
		*len = strnlen(name, *len);
	return name;
}

enum sks_family
sks_addr_family(const struct sks_addr *a)
{
	if (a->len < sizeof(sa_family_t))
		return SKS_UNSPEC;
	switch (sks_addr_sa(a)->sa_family) {
	case AF_INET:
		return SKS_INET;
	case AF_INET6:
		return SKS_INET6;
	case AF_UNIX:
		return a->len > PATH_OFFSET ? SKS_UNIX : SKS_UNSPEC;
	default:
		return SKS_UNSPEC;
	}
}

static struct sockaddr_in6
inet6_of(const struct sks_addr *a)
{
	struct sockaddr_in6 sin6;

	memcpy(&sin6, a->u.bytes, sizeof sin6);
	return sin6;
}

int
sks_addr_inet4(const struct sks_addr *a, uint32_t *out)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;
	uint32_t net;

	switch (sks_addr_family(a)) {
	case SKS_INET:
		memcpy(&sin, a->u.bytes, sizeof sin);
		*out = ntohl(sin.sin_addr.s_addr);
		return 1;
	case SKS_INET6:
		sin6 = inet6_of(a);
		if (!IN6_IS_ADDR_V4MAPPED(&sin6.sin6_addr))
			return 0;
		memcpy(&net, sin6.sin6_addr.s6_addr + 12, sizeof net);
		*out = ntohl(net);
		return 1;
	case SKS_UNSPEC:
	case SKS_UNIX:
		break;
	}
	return 0;
}

unsigned
sks_addr_port(const struct sks_addr *a)
{
	struct sockaddr_in sin;

	switch (sks_addr_family(a)) {
	case SKS_INET:
		memcpy(&sin, a->u.bytes, sizeof sin);
		return ntohs(sin.sin_port);
	case SKS_INET6:
		return ntohs(inet6_of(a).sin6_port);
	case SKS_UNSPEC:
	case SKS_UNIX:
		break;
	}
	return 0;
}

const char *
sks_addr_path(const struct sks_addr *a)
{
	const char *path = (const char *)a->u.bytes + PATH_OFFSET;

	return sks_addr_family(a) == SKS_UNIX && path[0] != '\0' ? path : NULL;
}

struct range {
	uint32_t net, mask;
};

static enum sks_scope
scope_of_inet4(uint32_t ip)
{
	static const struct range inside[] = {
		{ 0x0a000000, 0xff000000 }, /* 10/8 */
		{ 0xac100000, 0xfff00000 }, /* 172.16/12 */
		{ 0xc0a80000, 0xffff0000 }, /* 192.168/16 */
		{ 0xa9fe0000, 0xffff0000 }, /* 169.254/16 */
		{ 0x64400000, 0xffc00000 }, /* 100.64/10 */
	};

	if (ip == 0)
		return SKS_SCOPE_ANY;
	if (ip >> 24 == 127)
		return SKS_SCOPE_LOOPBACK;
	for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++)
		if ((ip & inside[i].mask) == inside[i].net)
			return SKS_SCOPE_PRIVATE;
	return SKS_SCOPE_PUBLIC;
}

enum sks_scope
sks_addr_scope(const struct sks_addr *a)
{
	struct sockaddr_in6 sin6;
	uint32_t ip;

	if (sks_addr_inet4(a, &ip))
		return scope_of_inet4(ip);
	if (sks_addr_family(a) != SKS_INET6)
		return SKS_SCOPE_LOCAL;
	sin6 = inet6_of(a);
	if (IN6_IS_ADDR_UNSPECIFIED(&sin6.sin6_addr))
		return SKS_SCOPE_ANY;
	if (IN6_IS_ADDR_LOOPBACK(&sin6.sin6_addr))
		return SKS_SCOPE_LOOPBACK;
	if (IN6_IS_ADDR_LINKLOCAL(&sin6.sin6_addr) ||
	    (sin6.sin6_addr.s6_addr[0] & 0xfe) == 0xfc)
		return SKS_SCOPE_PRIVATE;
	return SKS_SCOPE_PUBLIC;
}

/* Writes the bytes by which hosts are told apart.  Returns 0 for an address
 * without a host. */
static int
host_bytes(const struct sks_addr *a, struct sks_host_key *out)
{
	struct sockaddr_in6 sin6;
	uint32_t ip, net;

	memset(out, 0, sizeof *out);
	if (sks_addr_inet4(a, &ip)) {
		net = htonl(ip);
		memset(out->bytes + 10, 0xff, 2);
		memcpy(out->bytes + 12, &net, sizeof net);
		return 1;
	}
	if (sks_addr_family(a) != SKS_INET6)
		return 0;
	sin6 = inet6_of(a);
	memcpy(out->bytes, sin6.sin6_addr.s6_addr, sizeof out->bytes);
	/* The same address on another link is another host.  In a link-local
	 * address the bytes 4 to 7 are 0. */
	if (IN6_IS_ADDR_LINKLOCAL(&sin6.sin6_addr))
		memcpy(out->bytes + 4, &sin6.sin6_scope_id, 4);
	return 1;
}

int
sks_addr_host_key(const struct sks_addr *a, struct sks_host_key *out)
{
	uint32_t ip;

	if (!host_bytes(a, out))
		return 0;
	/* Out there a host of IPv6 has a whole /64, and could use a new address
	 * for each connection.  In a network of one's own (private, link-local)
	 * a /64 has all the hosts. */
	if (!sks_addr_inet4(a, &ip) && sks_addr_scope(a) == SKS_SCOPE_PUBLIC)
		memset(out->bytes + 8, 0, 8);
	return 1;
}

int
sks_addr_same_host(const struct sks_addr *a, const struct sks_addr *b)
{
	struct sks_host_key ka, kb;

	if (host_bytes(a, &ka) != host_bytes(b, &kb))
		return 0;
	if (sks_addr_family(a) == SKS_UNIX || sks_addr_family(b) == SKS_UNIX)
		return a->len == b->len &&
		    memcmp(a->u.bytes, b->u.bytes, a->len) == 0;
	return memcmp(&ka, &kb, sizeof ka) == 0;
}
