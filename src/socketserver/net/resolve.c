/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of hosts, and what the resolver says about them. */
#include "config.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "socketserver/net/addr.h"
#include "socketserver/net/error.h"

/* What a name of Python's own stands for; the name itself if it is none. */
static const char *
meant(const char *host, enum sks_family family)
{
	if (host[0] == '\0')
		return family == SKS_INET6 ? "::" : "0.0.0.0";
	return strcmp(host, "<broadcast>") == 0 ? "255.255.255.255" : host;
}

static int
lookup_failed(int gai)
{
	if (gai == EAI_MEMORY)
		return sks_fail(SKS_ENOMEM, "getaddrinfo");
#ifdef EAI_SYSTEM
	if (gai == EAI_SYSTEM)
		return sks_fail_errno(errno, "getaddrinfo");
#endif
	return sks_fail(SKS_ERESOLVE, gai_strerror(gai));
}

int
sks_lookup(const char *host, unsigned port, enum sks_family family,
    struct addrinfo **list)
{
	static const int families[] = { AF_UNSPEC, AF_INET, AF_INET6 };
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	char service[8];
	int gai;

	*list = NULL;
	if (port > 65535)
		return sks_fail(SKS_EINVAL,
		    "the port is not a number from 0 to 65535");
	if ((size_t)family >= sizeof families / sizeof families[0])
		return sks_fail(SKS_EINVAL, "only IP addresses are resolved");
	hints.ai_family = families[family];
	snprintf(service, sizeof service, "%u", port);
	gai = getaddrinfo(host, service, &hints, list);
	return gai == 0 ? 0 : lookup_failed(gai);
}

int
sks_addr_resolve(const char *host, unsigned port, enum sks_family family,
    struct sks_addr *out)
{
	struct addrinfo *list;
	int r;

	memset(out, 0, sizeof *out);
	if (strcmp(host, "<broadcast>") == 0 && family == SKS_INET6)
		return sks_fail(SKS_EINVAL, "there is no broadcast in IPv6");
	if ((r = sks_lookup(meant(host, family), port, family, &list)) < 0)
		return r;
	sks_addr_set(out, list->ai_addr, list->ai_addrlen);
	freeaddrinfo(list);
	return 0;
}
