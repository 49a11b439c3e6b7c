/* SPDX-License-Identifier: BSD-2-Clause */
/* This file makes, shares and closes sockets. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "socketserver/net/addr.h"
#include "socketserver/net/error.h"
#include "socketserver/net/socket.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* The index is the enum sks_family, and the enum sks_type. */
static const int families[] = { AF_UNSPEC, AF_INET, AF_INET6, AF_UNIX };
static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_RDM,
	SOCK_SEQPACKET };

int
sks_fd_set_nonblock(int fd, int on)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;
	flags = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	return fcntl(fd, F_SETFL, flags) < 0 ? -errno : 0;
}

int
sks_fd_new(int family, int type, int proto)
{
	int fd;

#ifdef SOCK_CLOEXEC
	fd = socket(family, type | SOCK_CLOEXEC, proto);
#else
	if ((fd = socket(family, type, proto)) >= 0)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
#endif
	return fd < 0 ? -errno : fd;
}

struct sks_socket *
sks_socket_wrap(int fd, struct sks_sort sort)
{
	struct sks_socket *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	assert(fd >= -1); /* -1: as one that was closed, until it gets one */
	s->magic = SKS_SOCKET_MAGIC;
	atomic_init(&s->refs, 1);
	atomic_init(&s->shared, false);
	s->family = sort.family;
	s->type = sort.type;
	s->proto = sort.proto;
	s->timeout = INFINITY;
	dw_lock_init(&s->lock, DW_LOCK_socket);
	s->fd = fd;
	return s;
}

int
sks_socket_new(enum sks_family family, enum sks_type type, int proto,
    struct sks_socket **out)
{
	const struct sks_sort sort = { family, type, proto };
	int fd;

	*out = NULL;
	if (family == SKS_UNSPEC)
		return sks_fail(SKS_EINVAL, "a socket needs a family");
	if (sks_check_enum(family, COUNT(families), "no such family") < 0 ||
	    sks_check_enum(type, COUNT(types), "no such type of socket") < 0)
		return SKS_EINVAL;
	if ((fd = sks_fd_new(families[family], types[type], proto)) < 0)
		return sks_fail_errno(-fd, "socket");
	if ((*out = sks_socket_wrap(fd, sort)) != NULL)
		return 0;
	close(fd);
	return sks_fail(SKS_ENOMEM, "");
}

struct sks_socket *
sks_socket_hold(struct sks_socket *s)
{
	assert(s->magic == SKS_SOCKET_MAGIC);
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void
sks_socket_release(struct sks_socket *s)
{
	assert(s->magic == SKS_SOCKET_MAGIC);
	if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	assert(s->fd < 0); /* the owner has closed it */
	s->magic = 0;
	dw_lock_fini(&s->lock);
	free(s);
}

/* Returns the index of x in the table, or n when the table has none. */
static size_t
find(const int *table, size_t n, int x)
{
	size_t i = 0;

	while (i < n && table[i] != x)
		i++;
	return i;
}

/* A family that the library does not know is SKS_UNSPEC. */
static int
detect(int fd, struct sks_sort *out)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(int);
	int type, proto = 0;
	size_t i;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0)
		return sks_fail_errno(errno, "getsockopt");
#ifdef SO_PROTOCOL
	len = sizeof proto;
	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &proto, &len) < 0)
		return sks_fail_errno(errno, "getsockopt");
#endif
	len = sizeof ss;
	if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0)
		return sks_fail_errno(errno, "getsockname");
	if ((i = find(types, COUNT(types), type)) == COUNT(types))
		return sks_fail(SKS_ENOTSUP, "an unknown type of socket");
	out->type = (enum sks_type)i;
	i = find(families, COUNT(families), ss.ss_family);
	out->family = i == COUNT(families) ? SKS_UNSPEC : (enum sks_family)i;
	out->proto = proto;
	return 0;
}

int
sks_fd_listens(int fd)
{
	int yes = 0;
	socklen_t len = sizeof yes;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &len) == 0 &&
	    yes;
}

int
sks_socket_fromfd(int fd, struct sks_socket **out)
{
	struct sks_sort sort;
	int r;

	*out = NULL;
	if ((r = detect(fd, &sort)) < 0)
		return r;
	if ((r = sks_fd_set_nonblock(fd, sks_fd_listens(fd))) < 0)
		return sks_fail_errno(-r, "fcntl");
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return sks_fail_errno(errno, "fcntl");
	if ((*out = sks_socket_wrap(fd, sort)) == NULL)
		return sks_fail(SKS_ENOMEM, "");
	(*out)->rcv_us = (*out)->snd_us = -1;
	return 0;
}

int
sks_socketpair(struct sks_socket **a, struct sks_socket **b)
{
	static const struct sks_sort sort = { SKS_UNIX, SKS_STREAM, 0 };
	int fds[2];

	*a = *b = NULL;
#ifdef SOCK_CLOEXEC
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return sks_fail_errno(errno, "socketpair");
#else
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		return sks_fail_errno(errno, "socketpair");
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
#endif
	*a = sks_socket_wrap(fds[0], sort);
	*b = sks_socket_wrap(fds[1], sort);
	if (*a != NULL && *b != NULL)
		return 0;
	close(fds[0]);
	close(fds[1]);
	free(*a);
	free(*b);
	*a = *b = NULL;
	return sks_fail(SKS_ENOMEM, "");
}

int
sks_dup(struct sks_socket *s, struct sks_socket **out)
{
	const struct sks_sort sort = { s->family, s->type, s->proto };
	int fd;

	*out = NULL;
	if (s->fd < 0)
		return sks_fail(SKS_ECLOSED, "dup");
	if ((fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0)) < 0)
		return sks_fail_errno(errno, "dup");
	if ((*out = sks_socket_wrap(fd, sort)) == NULL) {
		close(fd);
		return sks_fail(SKS_ENOMEM, "");
	}
	(*out)->timeout = s->timeout;
	(*out)->connected = s->connected;
	atomic_store(&(*out)->shared, true);
	atomic_store(&s->shared, true);
	return 0;
}

enum sks_family
sks_socket_family(const struct sks_socket *s)
{
	return s->family;
}

enum sks_type
sks_socket_type(const struct sks_socket *s)
{
	return s->type;
}

int
sks_socket_proto(const struct sks_socket *s)
{
	return s->proto;
}

int
sks_fileno(const struct sks_socket *s)
{
	return s->fd;
}

int
sks_socket_fail(const struct sks_socket *s, int sys_errno, const char *what)
{
	if (s->type == SKS_STREAM || s->type == SKS_SEQPACKET)
		return sks_fail_io(sys_errno, what);
	return sks_fail_errno(sys_errno, what);
}

int
sks_shutdown(struct sks_socket *s, enum sks_how how)
{
	static const int hows[] = { SHUT_RD, SHUT_WR, SHUT_RDWR };
	int r, err = 0;

	if (sks_check_enum(how, COUNT(hows), "no such way to shut down") < 0)
		return SKS_EINVAL;
	dw_lock(&s->lock);
	r = s->fd < 0 ? -1 : shutdown(s->fd, hows[how]);
	if (r < 0)
		err = s->fd < 0 ? EBADF : errno;
	dw_unlock(&s->lock);
	return r < 0 ? sks_fail_errno(err, "shutdown") : 0;
}

/* Takes the number out of s: from now on only the caller has it. */
static int
take_fd(struct sks_socket *s)
{
	int fd;

	assert(s->magic == SKS_SOCKET_MAGIC);
	dw_lock(&s->lock);
	fd = s->fd;
	s->fd = -1;
	dw_unlock(&s->lock);
	return fd;
}

int
sks_detach(struct sks_socket *s)
{
	static const struct timeval none = { 0, 0 };
	int fd = take_fd(s);

	if (fd < 0)
		return sks_fail(SKS_ECLOSED, "detach");
	/* The next owner of the descriptor knows nothing of our limits. */
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none);
	return fd;
}

/* A descriptor is closed also when close(2) fails, unless there was none. */
int
sks_close(struct sks_socket *s)
{
	int fd = take_fd(s);

	if (fd >= 0 && close(fd) < 0 && errno == EBADF)
		return sks_fail_errno(EBADF, "close");
	return 0;
}

void
sks_reset(struct sks_socket *s)
{
	static const struct linger none = { 1, 0 };

	if (s->fd >= 0)
		setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	sks_close(s);
}

void
sks_socket_free(struct sks_socket *s)
{
	if (s == NULL)
		return;
	sks_close(s);
	sks_socket_release(s);
}

int
sks_getsockname(struct sks_socket *s, struct sks_addr *out)
{
	return sks_addr_of_fd(s->fd, getsockname, "getsockname", out);
}

int
sks_getpeername(struct sks_socket *s, struct sks_addr *out)
{
	return sks_addr_of_fd(s->fd, getpeername, "getpeername", out);
}
