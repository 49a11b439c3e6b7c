/* SPDX-License-Identifier: BSD-2-Clause */
/* This file receives datagrams as requests, and sends the replies. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "base/clock.h"
#include "base/lock.h"
#include "socketserver/net/addr.h"
#include "socketserver/net/error.h"
#include "socketserver/net/pktinfo.h"
#include "socketserver/server/internal.h"

/* With MSG_TRUNC Linux returns the whole length, also of a datagram that it had
 * to cut.  Other systems may ignore the flag, or not know it. */
#if defined(__linux__) && defined(DW_WITH_LINUX_EXTRAS)
#define TELL_LENGTH MSG_TRUNC
#else
#define TELL_LENGTH 0
#endif

/* The headers of a datagram leave this of 65,535 bytes. */
#define MAX_INET  65507u
#define MAX_INET6 65527u
/* The kernel's own share of a Unix socket's send buffer. */
#define UNIX_OVERHEAD 32

/*
 * A reply waits this long for a Unix peer that does not read or for a full
 * interface.  The limit is set once, before the socket is shared; a time-out of
 * the struct sks_socket may shorten it but never lengthen it.
 */
static const struct timeval reply_wait = { .tv_usec = 500000 };
#define REPLY_WAIT_NS (500 * DW_MS)

int
sks_datagram_prepare(struct sks_socket *s, enum sks_family family)
{
	int fd = sks_fileno(s);

	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &reply_wait,
		sizeof reply_wait) < 0)
		return sks_fail_errno(errno, "setsockopt");
	if (family != SKS_UNIX)
		sks_pktinfo_ask(fd, family);
	return 0;
}

/* A datagram that has come; its bytes are in the server's buffer. */
struct arrival {
	struct sks_addr from, asked;
	size_t len, full_len;
	int truncated;
};

/*
 * A Unix peer may send descriptors along.  Without control bytes the kernel
 * closes them again, so only the other sockets have control bytes.
 */
static int
receive(int fd, void *buf, size_t size, int with_control, struct arrival *a)
{
	struct sockaddr_storage from;
	struct iovec iov = { buf, size };
	union sks_control control;
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof from,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = with_control ? &control : NULL,
		.msg_controllen = with_control ? sizeof control : 0,
	};
	ssize_t n = recvmsg(fd, &msg, MSG_DONTWAIT | TELL_LENGTH);

	if (n < 0)
		return sks_fail_errno(errno, "recvmsg");
	memset(a, 0, sizeof *a);
	sks_addr_set(&a->from, &from, msg.msg_namelen);
	a->full_len = (size_t)n;
	a->len = a->full_len < size ? a->full_len : size;
	a->truncated = (msg.msg_flags & MSG_TRUNC) != 0;
	if (with_control)
		sks_pktinfo_get(&msg, &a->asked);
	return 0;
}

static struct sks_packet *
packet_new(const struct arrival *a, const void *data)
{
	struct sks_packet *p = malloc(sizeof *p + a->len + 1);

	if (p == NULL)
		return NULL;
	p->asked = a->asked;
	p->len = a->len;
	p->full_len = a->full_len;
	p->truncated = a->truncated;
	memcpy(p->data, data, a->len);
	p->data[a->len] = '\0';
	return p;
}

static int
request_of(struct sks_server *srv, struct sks_socket *s,
    const struct arrival *a, struct sks_request **out)
{
	struct sks_packet *p = packet_new(a, srv->datagram_buf);

	if (p == NULL || sks_request_new_borrowed(srv, s, &a->from, out) < 0) {
		free(p);
		return sks_fail_errno(ENOMEM, "recvmsg");
	}
	(*out)->packet = p;
	return 0;
}

int
sks_datagram_get_request(struct sks_server *srv, struct sks_request **req)
{
	struct sks_socket *s = sks_server_socket(srv);
	struct arrival a;
	int r;

	*req = NULL;
	if (s == NULL)
		return sks_fail(SKS_EINVAL, "there is no socket");
	if (srv->datagram_buf == NULL &&
	    (srv->datagram_buf = malloc(srv->cfg.max_packet_size)) == NULL)
		return sks_fail_errno(ENOMEM, "recvmsg");
	r = receive(sks_fileno(s), srv->datagram_buf, srv->cfg.max_packet_size,
	    srv->cfg.kind == SKS_UDP, &a);
	return r < 0 ? r : request_of(srv, s, &a, req);
}

const void *
sks_request_packet(const struct sks_request *req, size_t *len)
{
	const struct sks_packet *p = req->packet;

	if (len != NULL)
		*len = p == NULL ? 0 : p->len;
	return p == NULL ? NULL : p->data;
}

int
sks_request_truncated(const struct sks_request *req)
{
	return req->packet != NULL && req->packet->truncated;
}

size_t
sks_request_full_len(const struct sks_request *req)
{
	return req->packet == NULL ? 0 : req->packet->full_len;
}

void
sks_request_asked(const struct sks_request *req, struct sks_addr *out)
{
	static const struct sks_addr none;

	*out = req->packet == NULL ? none : req->packet->asked;
}

int
sks_request_can_reply(const struct sks_request *req)
{
	return req->packet != NULL &&
	    sks_addr_family(&req->client) != SKS_UNSPEC;
}

static size_t
max_unix(struct sks_socket *s)
{
	int size;

	if (sks_get_option(s, SKS_SNDBUF, &size) < 0 || size < UNIX_OVERHEAD)
		return 0;
	return (size_t)size - UNIX_OVERHEAD;
}

static size_t
max_inet6(const struct sks_addr *a)
{
	struct sockaddr_in6 sin6;

	memcpy(&sin6, a->u.bytes, sizeof sin6);
	return IN6_IS_ADDR_V4MAPPED(&sin6.sin6_addr) ? MAX_INET : MAX_INET6;
}

size_t
sks_request_max_reply(struct sks_request *req)
{
	switch (sks_addr_family(&req->client)) {
	case SKS_INET:
		return MAX_INET;
	case SKS_INET6:
		return max_inet6(&req->client);
	case SKS_UNIX:
	case SKS_UNSPEC:
		break;
	}
	return max_unix(req->sock);
}

/* Returns 0 or the errno.  A signal does not lengthen the wait. */
static int
send_message(int fd, const struct msghdr *msg, int flags)
{
	int64_t deadline_ns = dw_clock_ns() + REPLY_WAIT_NS;

	if ((flags & MSG_DONTWAIT) == 0)
		dw_may_block("sendmsg");
	while (sendmsg(fd, msg, MSG_NOSIGNAL | flags) < 0)
		if (errno != EINTR || dw_clock_ns() >= deadline_ns)
			return errno;
	return 0;
}

/*
 * When an earlier datagram was refused, whoever it was for, the system says so
 * in the next call, which then has sent nothing: the call is made again.  On a
 * Unix socket the refusal is this peer's own.
 */
static int
send_datagram(int fd, const struct msghdr *msg, int flags)
{
	int err = send_message(fd, msg, flags);

	return err == ECONNREFUSED ? send_message(fd, msg, flags) : err;
}

static int
send_failed(int err)
{
	switch (err) {
	case EMSGSIZE:
		return sks_fail(SKS_ETOOLONG, "sendmsg");
	case EAGAIN:
	case EINTR:
		return sks_fail(SKS_ETIMEDOUT, "sendmsg");
	case ECONNREFUSED: /* a Unix peer that closed, */
	case ENOENT:       /* or removed its path */
		return sks_fail(SKS_ERESET, "sendmsg");
	default:
		return sks_fail_io(err, "sendmsg");
	}
}

static int
send_from(struct sks_socket *s, const void *data, size_t n,
    const struct sks_addr *to, const struct sks_addr *from, int flags)
{
	/* sendmsg changes neither the bytes nor the name. */
	struct iovec iov = { (void *)(uintptr_t)data, n };
	struct sks_addr name = *to;
	struct msghdr msg = {
		.msg_name = &name.u,
		.msg_namelen = name.len,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	union sks_control control;
	int fd = sks_fileno(s), err;

	if (fd < 0)
		return sks_fail(SKS_ECLOSED, "sendmsg");
	if (from != NULL)
		sks_pktinfo_put(&msg, &control, from);
	err = send_datagram(fd, &msg, flags);
	return err == 0 ? 0 : send_failed(err);
}

int
sks_sendto_from(struct sks_socket *s, const void *data, size_t n,
    const struct sks_addr *to, const struct sks_addr *from)
{
	return send_from(s, data, n, to, from, 0);
}

int
sks_request_reply(struct sks_request *req, const void *data, size_t n)
{
	if (req->packet == NULL)
		return sks_fail(SKS_EINVAL, "the request is no datagram");
	if (!sks_request_can_reply(req))
		return sks_fail(SKS_ENOTCONN, "the peer has no address");
	if (n > sks_request_max_reply(req))
		return sks_fail(SKS_ETOOLONG, "more than a datagram takes");
	return send_from(req->sock, data, n, &req->client, &req->packet->asked,
	    req->refused ? MSG_DONTWAIT : 0);
}
