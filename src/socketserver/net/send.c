/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes and datagrams that go out. */
#include "config.h"

#include <errno.h>
#include <sys/socket.h>

#include "socketserver/net/addr.h"
#include "socketserver/net/error.h"
#include "socketserver/net/socket.h"

struct outgoing {
	const void *data;
	size_t n;
	const struct sks_addr *to; /* NULL: where it is connected to */
	const char *what;
};

static ssize_t
post(int fd, const struct outgoing *out, int flags)
{
	return sendto(fd, out->data, out->n, flags | MSG_NOSIGNAL,
	    out->to == NULL ? NULL : sks_addr_sa(out->to),
	    out->to == NULL ? 0 : out->to->len);
}

static ssize_t
post_now(struct sks_socket *s, const struct outgoing *out)
{
	ssize_t sent;

	if (s->fd < 0)
		return sks_fail(SKS_ECLOSED, out->what);
	do
		sent = post(s->fd, out, MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	return sent >= 0 ? sent : sks_socket_fail(s, errno, out->what);
}

static ssize_t
post_until(struct sks_socket *s, const struct outgoing *out,
    int64_t deadline_ns)
{
	ssize_t sent;
	int r;

	if (deadline_ns == SKS_NOW)
		return post_now(s, out);
	for (;;) {
		if (s->fd < 0)
			return sks_fail(SKS_ECLOSED, out->what);
		if ((r = sks_limit_send(s, deadline_ns)) < 0)
			return r;
		if ((sent = post(s->fd, out, 0)) >= 0)
			return sent;
		if (!sks_limit_again(errno))
			return sks_socket_fail(s, errno, out->what);
	}
}

ssize_t
sks_send_now(struct sks_socket *s, const void *data, size_t n)
{
	const struct outgoing out = { data, n, NULL, "send" };

	return post_now(s, &out);
}

ssize_t
sks_send(struct sks_socket *s, const void *data, size_t n)
{
	const struct outgoing out = { data, n, NULL, "send" };

	return post_until(s, &out, sks_socket_deadline(s));
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
	if ((sent = post_until(s, &out, sks_socket_deadline(s))) >= 0)
		return sent;
	/* Not everywhere may a connected socket be told where to send. */
	sks_last_error(&e);
	if (e.sys_errno == EISCONN && is_peer(s, to))
		return sks_send(s, data, n);
	sks_error_restore(&e);
	return sent;
}

/* At least one send, so that nothing at all is a datagram too. */
static int
send_rest(struct sks_socket *s, const char *data, size_t n, int64_t deadline_ns,
    size_t *done)
{
	struct outgoing out = { data, n, NULL, "send" };
	ssize_t r;

	do {
		if ((r = post_until(s, &out, deadline_ns)) < 0)
			break;
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
	return send_rest(s, data, n, deadline_ns > 0 ? deadline_ns : 1, done);
}

int
sks_sendall(struct sks_socket *s, const void *data, size_t n, size_t *done)
{
	return send_rest(s, data, n, sks_socket_deadline(s), done);
}
