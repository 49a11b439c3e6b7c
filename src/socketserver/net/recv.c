/* SPDX-License-Identifier: BSD-2-Clause */
/* This file receives bytes and datagrams. */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/lock.h"
#include "socketserver/net/addr.h"
#include "socketserver/net/error.h"
#include "socketserver/net/socket.h"

/* One call that receives: how it reads, and where to. */
struct incoming {
	ssize_t (*fetch)(int fd, struct incoming *in, int flags);
	void *buf;
	size_t n;
	struct sks_addr *from; /* may be NULL */
	int flags;             /* SKS_TRUNC */
};

static ssize_t
fetch_bytes(int fd, struct incoming *in, int flags)
{
	return recv(fd, in->buf, in->n, flags);
}

static ssize_t
fetch_datagram(int fd, struct incoming *in, int flags)
{
	struct sockaddr_storage ss;
	struct iovec iov = { in->buf, in->n };
	struct msghdr msg = {
		.msg_name = &ss,
		.msg_namelen = sizeof ss,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	ssize_t got = recvmsg(fd, &msg, flags);

	if (got < 0)
		return got;
	in->flags = msg.msg_flags & MSG_TRUNC ? SKS_TRUNC : 0;
	if (in->from != NULL)
		sks_addr_set(in->from, &ss, msg.msg_namelen);
	return got;
}

static ssize_t
fetch(struct sks_socket *s, struct incoming *in, int64_t deadline_ns,
    const char *what)
{
	const int flags = deadline_ns == SKS_NOW ? MSG_DONTWAIT : 0;
	ssize_t got;
	int r;

	if (flags == 0)
		dw_may_block(what);
	for (;;) {
		if (s->fd < 0)
			return sks_fail(SKS_ECLOSED, what);
		if (flags == 0 && (r = sks_limit_recv(s, deadline_ns)) < 0)
			return r;
		if ((got = in->fetch(s->fd, in, flags)) >= 0)
			return got;
		if (!sks_limit_again(errno, deadline_ns))
			return sks_socket_fail(s, errno, what);
	}
}

ssize_t
sks_recv_deadline(struct sks_socket *s, void *buf, size_t n,
    int64_t deadline_ns)
{
	struct incoming in = { fetch_bytes, buf, n, NULL, 0 };

	if (n == 0)
		return 0;
	return fetch(s, &in, deadline_ns > 0 ? deadline_ns : 1, "recv");
}

ssize_t
sks_recv(struct sks_socket *s, void *buf, size_t n)
{
	struct incoming in = { fetch_bytes, buf, n, NULL, 0 };

	if (n == 0)
		return s->fd < 0 ? sks_fail(SKS_ECLOSED, "recv") : 0;
	return fetch(s, &in, sks_socket_deadline(s), "recv");
}

ssize_t
sks_recv_now(struct sks_socket *s, void *buf, size_t n)
{
	struct incoming in = { fetch_bytes, buf, n, NULL, 0 };

	return fetch(s, &in, SKS_NOW, "recv");
}

ssize_t
sks_recv_limited(struct sks_socket *s, void *buf, size_t n, int64_t deadline_ns)
{
	if (deadline_ns == SKS_OWN_TIMEOUT)
		return sks_recv(s, buf, n);
	return sks_recv_deadline(s, buf, n, deadline_ns);
}

ssize_t
sks_recvfrom(struct sks_socket *s, void *buf, size_t n, struct sks_addr *from,
    int *flags)
{
	struct incoming in = { fetch_datagram, buf, n, from, 0 };
	ssize_t got;

	if (from != NULL)
		memset(from, 0, sizeof *from);
	got = fetch(s, &in, sks_socket_deadline(s), "recvfrom");
	if (flags != NULL)
		*flags = in.flags;
	return got;
}
