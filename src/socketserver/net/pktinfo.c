/* SPDX-License-Identifier: BSD-2-Clause */
/* This file asks the system which of our addresses a datagram was sent to, and
 * sends one from there, where IP_PKTINFO exists. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "socketserver/net/addr.h"
#include "socketserver/net/pktinfo.h"

#if defined(IP_PKTINFO) && defined(IPV6_RECVPKTINFO) && \
    defined(DW_WITH_LINUX_EXTRAS)

_Static_assert(sizeof(union sks_control) >=
	CMSG_SPACE(sizeof(struct in_pktinfo)) +
	    CMSG_SPACE(sizeof(struct in6_pktinfo)),
    "the control bytes hold either family's");

void
sks_pktinfo_ask(int fd, enum sks_family family)
{
	static const int on = 1;

	/* A server works without it, too. */
	if (family == SKS_INET)
		(void)setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
	else
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on,
		    sizeof on);
}

/* For a broadcast or multicast ipi_spec_dst is the interface's own address. */
static void
get_inet(const struct cmsghdr *c, struct sks_addr *asked)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct in_pktinfo info;

	memcpy(&info, CMSG_DATA(c), sizeof info);
	sin.sin_addr = info.ipi_spec_dst;
	sks_addr_set(asked, &sin, sizeof sin);
}

static void
get_inet6(const struct cmsghdr *c, struct sks_addr *asked)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	struct in6_pktinfo info;

	memcpy(&info, CMSG_DATA(c), sizeof info);
	if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr))
		return;
	sin6.sin6_addr = info.ipi6_addr;
	if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
		sin6.sin6_scope_id = (uint32_t)info.ipi6_ifindex;
	sks_addr_set(asked, &sin6, sizeof sin6);
}

void
sks_pktinfo_get(struct msghdr *msg, struct sks_addr *asked)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL;
	    c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
			get_inet(c, asked);
		if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO)
			get_inet6(c, asked);
	}
}

static void
put_control(struct msghdr *msg, union sks_control *control, int level, int type,
    const void *info, size_t size)
{
	struct cmsghdr *c;

	memset(control, 0, sizeof *control);
	msg->msg_control = control;
	msg->msg_controllen = CMSG_SPACE(size);
	c = CMSG_FIRSTHDR(msg);
	assert(c != NULL);
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(c), info, size);
}

static void
put_inet(struct msghdr *msg, union sks_control *control,
    const struct sks_addr *from)
{
	struct in_pktinfo info = { .ipi_ifindex = 0 };
	struct sockaddr_in sin;

	memcpy(&sin, from->u.bytes, sizeof sin);
	info.ipi_spec_dst = sin.sin_addr;
	put_control(msg, control, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
}

static void
put_inet6(struct msghdr *msg, union sks_control *control,
    const struct sks_addr *from)
{
	struct in6_pktinfo info = { .ipi6_ifindex = 0 };
	struct sockaddr_in6 sin6;

	memcpy(&sin6, from->u.bytes, sizeof sin6);
	info.ipi6_addr = sin6.sin6_addr;
	info.ipi6_ifindex = sin6.sin6_scope_id;
	put_control(msg, control, IPPROTO_IPV6, IPV6_PKTINFO, &info,
	    sizeof info);
}

void
sks_pktinfo_put(struct msghdr *msg, union sks_control *control,
    const struct sks_addr *from)
{
	if (sks_addr_family(from) == SKS_INET)
		put_inet(msg, control, from);
	else if (sks_addr_family(from) == SKS_INET6)
		put_inet6(msg, control, from);
}

#else

void
sks_pktinfo_ask(int fd, enum sks_family family)
{
	(void)fd;
	(void)family;
}

void
sks_pktinfo_get(struct msghdr *msg, struct sks_addr *asked)
{
	(void)msg;
	(void)asked;
}

void
sks_pktinfo_put(struct msghdr *msg, union sks_control *control,
    const struct sks_addr *from)
{
	(void)msg;
	(void)control;
	(void)from;
}

#endif
