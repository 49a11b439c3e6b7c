/* SPDX-License-Identifier: BSD-2-Clause */
/* This file is the side that waits for connections: bind, listen, accept. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "socketserver/net/addr.h"
#include "socketserver/net/error.h"
#include "socketserver/net/socket.h"

int
sks_bind(struct sks_socket *s, const struct sks_addr *address)
{
	if (address->len == 0)
		return sks_fail(SKS_EINVAL, "no address to bind to");
	if (bind(s->fd, sks_addr_sa(address), address->len) < 0)
		return sks_fail_errno(errno, "bind");
	return 0;
}

/* A connection may be gone again between poll and accept, and then an accept
 * on a blocking descriptor would wait for the next one. */
int
sks_listen(struct sks_socket *s, int backlog)
{
	int r;

	if (listen(s->fd, backlog < 0 ? SOMAXCONN : backlog) < 0)
		return sks_fail_errno(errno, "listen");
	if ((r = sks_fd_set_nonblock(s->fd, 1)) < 0)
		return sks_fail_errno(-r, "fcntl");
	return 0;
}

/* Returns a blocking, close-on-exec descriptor or -errno. */
static int
accept_fd(int listener, struct sockaddr_storage *ss, socklen_t *len)
{
	int fd;

#ifdef HAVE_ACCEPT4
	fd = accept4(listener, (struct sockaddr *)ss, len, SOCK_CLOEXEC);
	return fd < 0 ? -errno : fd;
#else
	if ((fd = accept(listener, (struct sockaddr *)ss, len)) < 0)
		return -errno;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	sks_fd_set_nonblock(fd, 0); /* some systems inherit it */
	return fd;
#endif
}

int
sks_accept_now(struct sks_socket *s, struct sks_socket **conn,
    struct sks_addr *client)
{
	const struct sks_sort sort = { s->family, s->type, s->proto };
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	/* Without memory the peer stays in the backlog, to be asked again. */
	if ((*conn = sks_socket_wrap(-1, sort)) == NULL)
		return sks_fail_errno(ENOMEM, "accept");
	do {
		len = sizeof ss;
		fd = accept_fd(s->fd, &ss, &len);
	} while (fd == -EINTR);
	if (fd < 0) {
		sks_socket_free(*conn);
		*conn = NULL;
		return sks_fail_errno(-fd, "accept");
	}
	(*conn)->fd = fd;
	if (client != NULL)
		sks_addr_set(client, &ss, len);
	return 0;
}

int
sks_let_no_accept_wait(struct sks_socket *s)
{
	int flags = fcntl(s->fd, F_GETFL), r;

	if (flags < 0)
		return sks_fail_errno(errno, "accept");
	if (flags & O_NONBLOCK || !sks_fd_listens(s->fd))
		return 0;
	r = sks_fd_set_nonblock(s->fd, 1);
	return r < 0 ? sks_fail_errno(-r, "fcntl") : 0;
}

int
sks_accept(struct sks_socket *s, struct sks_socket **conn,
    struct sks_addr *client)
{
	const int64_t deadline_ns = sks_socket_deadline(s);
	int r;

	*conn = NULL;
	if ((r = sks_let_no_accept_wait(s)) < 0)
		return r;
	while ((r = sks_accept_now(s, conn, client)) == SKS_EAGAIN &&
	    deadline_ns != SKS_NOW)
		if ((r = sks_socket_poll(s, POLLIN, deadline_ns)) < 0)
			break;
	return r;
}

static int
set_reuse_port(struct sks_socket *s)
{
#ifdef SO_REUSEPORT
	return sks_setsockopt_int(s, SOL_SOCKET, SO_REUSEPORT, 1);
#else
	(void)s;
	return sks_fail(SKS_ENOTSUP, "setsockopt");
#endif
}

int
sks_before_bind(struct sks_socket *s, int reuse_address, int reuse_port,
    int dual_stack)
{
	int r = 0;

	if (s->family == SKS_UNIX)
		return 0;
	if (reuse_address)
		r = sks_setsockopt_int(s, SOL_SOCKET, SO_REUSEADDR, 1);
	if (r == 0 && reuse_port)
		r = set_reuse_port(s);
	if (r == 0 && s->family == SKS_INET6)
		r = sks_setsockopt_int(s, IPPROTO_IPV6, IPV6_V6ONLY,
		    !dual_stack);
	return r;
}

int
sks_create_server(const struct sks_addr *address, int backlog, int reuse_port,
    int dualstack_ipv6, struct sks_socket **out)
{
	const enum sks_family family = sks_addr_family(address);
	struct sks_socket *s;
	int r;

	*out = NULL;
	if (dualstack_ipv6 && family != SKS_INET6)
		return sks_fail(SKS_EINVAL, "dual stack is for IPv6");
	if (reuse_port && family == SKS_UNIX)
		return sks_fail(SKS_EINVAL, "a Unix socket has no port");
	if ((r = sks_socket_new(family, SKS_STREAM, 0, &s)) < 0)
		return r;
	if ((r = sks_before_bind(s, 1, reuse_port, dualstack_ipv6)) < 0 ||
	    (r = sks_bind(s, address)) < 0 || (r = sks_listen(s, backlog)) < 0)
		sks_socket_free(s);
	else
		*out = s;
	return r;
}
