/* SPDX-License-Identifier: BSD-2-Clause */
/* This file sends bytes, text and datagrams. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/lock.h"
#include "socketserver/net/addr.h"
#include "socketserver/net/error.h"
#include "socketserver/net/socket.h"
#include "socketserver/net/text.h"

/* One call that sends. */
struct outgoing {
	const void *data;
	size_t n;
	const struct sks_addr *to; /* NULL: the connected peer */
	const char *what;
};

static ssize_t
send_once(int fd, const struct outgoing *out, int flags)
{
	return sendto(fd, out->data, out->n, flags | MSG_NOSIGNAL,
	    out->to == NULL ? NULL : sks_addr_sa(out->to),
	    out->to == NULL ? 0 : out->to->len);
}

static ssize_t
send_until(struct sks_socket *s, const struct outgoing *out,
    int64_t deadline_ns)
{
	const int flags = deadline_ns == SKS_NOW ? MSG_DONTWAIT : 0;
	ssize_t sent;
	int r;

	if (flags == 0)
		dw_may_block(out->what);
	for (;;) {
		if (s->fd < 0)
			return sks_fail(SKS_ECLOSED, out->what);
		if (flags == 0 && (r = sks_limit_send(s, deadline_ns)) < 0)
			return r;
		if ((sent = send_once(s->fd, out, flags)) >= 0)
			return sent;
		if (!sks_limit_again(errno, deadline_ns))
			return sks_socket_fail(s, errno, out->what);
	}
}

ssize_t
sks_send_now(struct sks_socket *s, const void *data, size_t n)
{
	const struct outgoing out = { data, n, NULL, "send" };

	return send_until(s, &out, SKS_NOW);
}

ssize_t
sks_send_lent(struct sks_socket *s, const void *data, size_t n)
{
	const struct outgoing out = { data, n, NULL, "send" };
	ssize_t sent = -1;
	int err = EBADF;

	dw_lock(&s->lock);
	if (s->fd >= 0 && (sent = send_once(s->fd, &out, MSG_DONTWAIT)) < 0)
		err = errno;
	dw_unlock(&s->lock);
	return sent < 0 ? sks_socket_fail(s, err, out.what) : sent;
}

ssize_t
sks_send(struct sks_socket *s, const void *data, size_t n)
{
	const struct outgoing out = { data, n, NULL, "send" };

	return send_until(s, &out, sks_socket_deadline(s));
}

static int
is_peer(struct sks_socket *s, const struct sks_addr *to)
{
	struct sks_addr peer;

	return sks_getpeername(s, &peer) == 0 &&
	    sks_addr_same_host(&peer, to) &&
	    sks_addr_port(&peer) == sks_addr_port(to);
}

ssize_t
sks_sendto(struct sks_socket *s, const void *data, size_t n,
    const struct sks_addr *to)
{
	const struct outgoing out = { data, n, to, "sendto" };
	struct sks_error e;
	ssize_t sent;

	if (sks_addr_family(to) == SKS_UNSPEC)
		return sks_fail(SKS_EINVAL, "no address to send to");
	if ((sent = send_until(s, &out, sks_socket_deadline(s))) >= 0)
		return sent;
	/* Some systems refuse to send to an address on a connected socket. */
	sks_last_error(&e);
	if (e.sys_errno == EISCONN && is_peer(s, to))
		return sks_send(s, data, n);
	sks_error_restore(&e);
	return sent;
}

/* Sends at least once, because a datagram may be empty. */
static int
send_all(struct sks_socket *s, const char *data, size_t n, int64_t deadline_ns,
    size_t *done)
{
	struct outgoing out = { data, n, NULL, "send" };
	ssize_t r;

	do {
		if ((r = send_until(s, &out, deadline_ns)) < 0)
			break;
		assert((size_t)r <= out.n);
		out.data = (const char *)out.data + r;
		out.n -= (size_t)r;
	} while (out.n > 0);
	if (done != NULL)
		*done = n - out.n;
	return r < 0 ? (int)r : 0;
}

int
sks_sendall_deadline(struct sks_socket *s, const void *data, size_t n,
    int64_t deadline_ns, size_t *done)
{
	return send_all(s, data, n, deadline_ns > 0 ? deadline_ns : 1, done);
}

int
sks_sendall(struct sks_socket *s, const void *data, size_t n, size_t *done)
{
	return send_all(s, data, n, sks_socket_deadline(s), done);
}

int
sks_send_bytes(struct sks_socket *s, const void *data, size_t n)
{
	int r = sks_sendall(s, data, n, NULL);

	if (r == 0)
		sks_observe_tell(s, SKS_SENT, data, n);
	return r;
}

int
sks_send_text(struct sks_socket *s, const char *text)
{
	size_t len = strlen(text);
	enum sks_utf8_rest rest;

	if (sks_utf8_whole(text, len, &rest) < len)
		return sks_fail(SKS_EILSEQ, "send_text");
	return sks_send_bytes(s, text, len);
}
