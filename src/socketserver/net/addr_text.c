/* SPDX-License-Identifier: BSD-2-Clause */
/* This file turns text into addresses, asking the resolver for names, and
 * addresses into text. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lock.h"
#include "socketserver/net/addr.h"
#include "socketserver/net/error.h"
#include "socketserver/net/text.h"

#define HOST_TEXT 64 /* INET6_ADDRSTRLEN and a scope */

static int
port_parse(const char *text, unsigned *port)
{
	size_t len = strlen(text);
	unsigned long n;

	if (len == 0 || len > 5 || strspn(text, "0123456789") != len ||
	    (n = strtoul(text, NULL, 10)) > 65535)
		return sks_fail(SKS_EINVAL,
		    "the port is not a number from 0 to 65535");
	*port = (unsigned)n;
	return 0;
}

static int
set_inet(struct sks_addr *a, const char *host, unsigned port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	if (strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	else if (host[0] == '\0' || strcmp(host, "*") == 0)
		host = "0.0.0.0";
	if (inet_pton(AF_INET, host, &sin.sin_addr) != 1)
		return sks_fail(SKS_EINVAL,
		    "the host is not a numeric address or localhost");
	sin.sin_port = htons((uint16_t)port);
	sks_addr_set(a, &sin, sizeof sin);
	return 0;
}

/* This uses getaddrinfo, which knows the scope in fe80::1%eth0. */
static int
set_inet6(struct sks_addr *a, const char *host, unsigned port)
{
	static const struct addrinfo hints = {
		.ai_family = AF_INET6,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST,
	};
	struct addrinfo *list;
	struct sockaddr_in6 sin6;

	if (getaddrinfo(host, NULL, &hints, &list) != 0)
		return sks_fail(SKS_EINVAL,
		    "the host is not a numeric IPv6 address");
	memcpy(&sin6, list->ai_addr, sizeof sin6);
	freeaddrinfo(list);
	sin6.sin6_port = htons((uint16_t)port);
	sks_addr_set(a, &sin6, sizeof sin6);
	return 0;
}

static int
parse_bracketed(const char *text, unsigned port, struct sks_addr *out)
{
	char host[HOST_TEXT];
	const char *end = strchr(text, ']');
	int r;

	if (end == NULL || (size_t)(end - text) > sizeof host ||
	    (end[1] != '\0' && end[1] != ':'))
		return sks_fail(SKS_EINVAL,
		    "an IPv6 address with a port looks like [::1]:6666");
	snprintf(host, sizeof host, "%.*s", (int)(end - text - 1), text + 1);
	if (end[1] == ':' && (r = port_parse(end + 2, &port)) < 0)
		return r;
	return set_inet6(out, host, port);
}

static int
parse_plain(const char *text, unsigned port, struct sks_addr *out)
{
	char host[HOST_TEXT];
	const char *colon = strchr(text, ':');
	size_t len = colon == NULL ? strlen(text) : (size_t)(colon - text);
	int r;

	if (colon != NULL && strchr(colon + 1, ':') != NULL)
		return set_inet6(out, text, port);
	if (len >= sizeof host)
		return sks_fail(SKS_EINVAL,
		    "the host is not a numeric address or localhost");
	snprintf(host, sizeof host, "%.*s", (int)len, text);
	if (colon != NULL && (r = port_parse(colon + 1, &port)) < 0)
		return r;
	return set_inet(out, host, port);
}

int
sks_addr_parse(const char *text, unsigned default_port, struct sks_addr *out)
{
	memset(out, 0, sizeof *out);
	if (text[0] == '\0')
		return sks_fail(SKS_EINVAL, "the address is empty");
	if (default_port > 65535)
		return sks_fail(SKS_EINVAL,
		    "the port is not a number from 0 to 65535");
	if (strncmp(text, "unix:", 5) == 0)
		return sks_addr_set_unix(out, text + 5);
	if (text[0] == '[')
		return parse_bracketed(text, default_port, out);
	return parse_plain(text, default_port, out);
}

/* Returns the host that a name of Python's own stands for, or the name. */
static const char *
unalias(const char *host, enum sks_family family)
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
	if (sks_check_enum(family, sizeof families / sizeof families[0],
		"only IP addresses are resolved") < 0)
		return SKS_EINVAL;
	hints.ai_family = families[family];
	snprintf(service, sizeof service, "%u", port);
	dw_may_block("getaddrinfo");
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
	if ((r = sks_lookup(unalias(host, family), port, family, &list)) < 0)
		return r;
	sks_addr_set(out, list->ai_addr, list->ai_addrlen);
	freeaddrinfo(list);
	return 0;
}

/* A name is the peer's choice, and the caller may put it into a log.  Returns
 * the length of the copy, which is not longer than the name. */
static size_t
copy_printable(const char *name, size_t len, char *to)
{
	char one[SKS_PRINTABLE_ONE];
	size_t used = 0, taken, n;

	for (size_t at = 0; at < len; at += taken) {
		taken = sks_printable_one(name + at, len - at, one, &n);
		if (n > taken) { /* the character had to be escaped */
			one[0] = name[at] == '\0' ? '@' : '?';
			n = 1;
		}
		memcpy(to + used, one, n);
		used += n;
	}
	return used;
}

static void
format_unix(const struct sks_addr *a, enum sks_addr_style style, char *buf,
    size_t size)
{
	char shown[sizeof a->u];
	size_t len;
	const char *name = sks_addr_unix_name(a, &len);

	len = copy_printable(name, len, shown);
	snprintf(buf, size, style == SKS_STYLE_PYTHON ? "'%.*s'" : "unix:%.*s",
	    (int)len, shown);
}

static void
format_inet4(uint32_t ip, unsigned port, enum sks_addr_style style, char *buf,
    size_t size)
{
	struct in_addr in = { htonl(ip) };
	char host[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &in, host, sizeof host);
	if (style == SKS_STYLE_HOST)
		snprintf(buf, size, "%s", host);
	else
		snprintf(buf, size,
		    style == SKS_STYLE_PYTHON ? "('%s', %u)" : "%s:%u", host,
		    port);
}

static void
format_inet6(const struct sks_addr *a, enum sks_addr_style style, char *buf,
    size_t size)
{
	struct sockaddr_in6 sin6;
	char host[HOST_TEXT];

	memcpy(&sin6, a->u.bytes, sizeof sin6);
	/* inet_ntop leaves out the scope. */
	if (getnameinfo(sks_addr_sa(a), a->len, host, sizeof host, NULL, 0,
		NI_NUMERICHOST) != 0)
		inet_ntop(AF_INET6, &sin6.sin6_addr, host, sizeof host);
	if (style == SKS_STYLE_HOST)
		snprintf(buf, size, "%s", host);
	else if (style == SKS_STYLE_PLAIN)
		snprintf(buf, size, "[%s]:%u", host, sks_addr_port(a));
	else
		snprintf(buf, size, "('%s', %u, %u, %u)", host,
		    sks_addr_port(a), (unsigned)ntohl(sin6.sin6_flowinfo),
		    (unsigned)sin6.sin6_scope_id);
}

const char *
sks_addr_format(const struct sks_addr *a, enum sks_addr_style style, char *buf,
    size_t size)
{
	uint32_t ip;

	if (style != SKS_STYLE_HOST && style != SKS_STYLE_PYTHON)
		style = SKS_STYLE_PLAIN;
	if (sks_addr_inet4(a, &ip))
		format_inet4(ip, sks_addr_port(a), style, buf, size);
	else if (sks_addr_family(a) == SKS_INET6)
		format_inet6(a, style, buf, size);
	else
		format_unix(a, style, buf, size);
	return buf;
}
