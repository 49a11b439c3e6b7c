/* SPDX-License-Identifier: BSD-2-Clause */
/* This file sets and reads the options of sockets. */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "socketserver/net/error.h"
#include "socketserver/socketserver.h"

struct option {
	int level, name;
};

#define ABSENT -1

/* The index is the enum sks_option. */
static const struct option options[] = {
	[SKS_NODELAY] = { IPPROTO_TCP, TCP_NODELAY },
	[SKS_KEEPALIVE] = { SOL_SOCKET, SO_KEEPALIVE },
#ifdef TCP_KEEPIDLE
	[SKS_KEEPIDLE] = { IPPROTO_TCP, TCP_KEEPIDLE },
	[SKS_KEEPINTVL] = { IPPROTO_TCP, TCP_KEEPINTVL },
	[SKS_KEEPCNT] = { IPPROTO_TCP, TCP_KEEPCNT },
#else
	[SKS_KEEPIDLE] = { ABSENT, 0 },
	[SKS_KEEPINTVL] = { ABSENT, 0 },
	[SKS_KEEPCNT] = { ABSENT, 0 },
#endif
#ifdef TCP_USER_TIMEOUT
	[SKS_USER_TIMEOUT] = { IPPROTO_TCP, TCP_USER_TIMEOUT },
#else
	[SKS_USER_TIMEOUT] = { ABSENT, 0 },
#endif
	[SKS_SNDBUF] = { SOL_SOCKET, SO_SNDBUF },
	[SKS_RCVBUF] = { SOL_SOCKET, SO_RCVBUF },
	[SKS_OOBINLINE] = { SOL_SOCKET, SO_OOBINLINE },
};

/* The library keeps its own time limits in these two options. */
static int
is_limit(int level, int optname)
{
	return level == SOL_SOCKET &&
	    (optname == SO_RCVTIMEO || optname == SO_SNDTIMEO);
}

int
sks_setsockopt(struct sks_socket *s, int level, int optname, const void *value,
    size_t len)
{
	if (is_limit(level, optname))
		return sks_fail(SKS_EINVAL, "use sks_settimeout()");
	if (len > INT_MAX)
		return sks_fail(SKS_EINVAL, "no option is that long");
	if (setsockopt(sks_fileno(s), level, optname, value, (socklen_t)len) <
	    0)
		return sks_fail_errno(errno, "setsockopt");
	return 0;
}

int
sks_setsockopt_int(struct sks_socket *s, int level, int optname, int value)
{
	return sks_setsockopt(s, level, optname, &value, sizeof value);
}

int
sks_getsockopt(struct sks_socket *s, int level, int optname, void *buf,
    size_t *len)
{
	socklen_t n = (socklen_t)*len;

	if (*len == 0 || *len > INT_MAX)
		return sks_fail(SKS_EINVAL, "room for the option is needed");
	if (getsockopt(sks_fileno(s), level, optname, buf, &n) < 0)
		return sks_fail_errno(errno, "getsockopt");
	*len = n;
	return 0;
}

int
sks_getsockopt_int(struct sks_socket *s, int level, int optname, int *value)
{
	size_t len = sizeof *value;

	*value = 0;
	return sks_getsockopt(s, level, optname, value, &len);
}

/* Returns 0, SKS_EINVAL or SKS_ENOTSUP. */
static int
find(enum sks_option option, const struct option **out)
{
	if (sks_check_enum(option, sizeof options / sizeof options[0],
		"no such option") < 0)
		return SKS_EINVAL;
	*out = &options[option];
	return (*out)->level == ABSENT ?
	    sks_fail(SKS_ENOTSUP, "this option of a socket") :
	    0;
}

int
sks_set_option(struct sks_socket *s, enum sks_option option, int value)
{
	const struct option *o;
	int r = find(option, &o);

	return r < 0 ? r : sks_setsockopt_int(s, o->level, o->name, value);
}

int
sks_get_option(struct sks_socket *s, enum sks_option option, int *value)
{
	const struct option *o;
	int r = find(option, &o);

	return r < 0 ? r : sks_getsockopt_int(s, o->level, o->name, value);
}

int
sks_set_keepalive(struct sks_socket *s, int idle_s, int interval_s, int count)
{
	int r;

	if (sks_socket_family(s) == SKS_UNIX)
		return 0;
	if ((r = sks_set_option(s, SKS_KEEPIDLE, idle_s)) < 0 ||
	    (r = sks_set_option(s, SKS_KEEPINTVL, interval_s)) < 0 ||
	    (r = sks_set_option(s, SKS_KEEPCNT, count)) < 0)
		return r;
	return sks_set_option(s, SKS_KEEPALIVE, 1);
}

#ifdef SO_PEERCRED

static int
peercred(int fd, uid_t *uid, gid_t *gid, pid_t *pid)
{
	struct ucred cred;
	socklen_t len = sizeof cred;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return sks_fail_errno(errno, "getsockopt");
	*uid = cred.uid;
	*gid = cred.gid;
	*pid = cred.pid;
	return 0;
}

#elif defined(HAVE_GETPEEREID)

static int
peercred(int fd, uid_t *uid, gid_t *gid, pid_t *pid)
{
	*pid = 0;
	return getpeereid(fd, uid, gid) < 0 ?
	    sks_fail_errno(errno, "getpeereid") :
	    0;
}

#else

static int
peercred(int fd, uid_t *uid, gid_t *gid, pid_t *pid)
{
	(void)fd;
	(void)uid;
	(void)gid;
	(void)pid;
	return sks_fail(SKS_ENOTSUP, "peercred");
}

#endif

int
sks_peercred(struct sks_socket *s, uid_t *uid, gid_t *gid, pid_t *pid)
{
	uid_t u = 0;
	gid_t g = 0;
	pid_t p = 0;
	int r;

	if (sks_socket_family(s) != SKS_UNIX)
		return sks_fail(SKS_ENOTSUP, "peercred");
	if ((r = peercred(sks_fileno(s), &u, &g, &p)) < 0)
		return r;
	if (uid != NULL)
		*uid = u;
	if (gid != NULL)
		*gid = g;
	if (pid != NULL)
		*pid = p;
	return 0;
}
