/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "socketserver/addr.h"
#include "socketserver/error.h"
#include "socketserver/server.h"
#include "socketserver/socket.h"

void
sks_reserve_open(struct sks_server *srv)
{
	if (srv->reserve < 0)
		srv->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int
set_option(int fd, int level, int name, int on)
{
	if (setsockopt(fd, level, name, &on, sizeof on) < 0)
		return sks_fail_errno(errno, "setsockopt");
	return 0;
}

static int
set_options(const struct sks_server *srv, int fd)
{
	int r;

	if (srv->cfg.kind != SKS_TCP)
		return 0;
	if (srv->cfg.allow_reuse_address &&
	    (r = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1)) < 0)
		return r;
	if (sks_addr_family(&srv->address) == SKS_INET6)
		return set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY,
		    !srv->cfg.dual_stack);
	return 0;
}

/* A socket file of ours that nobody answers: what a crash leaves. */
static int
is_dead_socket(const struct sks_addr *a, const char *path)
{
	struct stat st;
	int fd, dead;

	if (lstat(path, &st) < 0 || !S_ISSOCK(st.st_mode) ||
	    st.st_uid != geteuid())
		return 0;
	if ((fd = sks_fd_new(AF_UNIX)) < 0)
		return 0;
	(void)sks_fd_set_nonblock(fd, 1);
	dead = connect(fd, sks_addr_sa(a), a->len) < 0 &&
	    errno == ECONNREFUSED;
	close(fd);
	return dead;
}

static int
bind_fd(const struct sks_server *srv, int fd)
{
	return bind(fd, sks_addr_sa(&srv->address), srv->address.len) < 0 ?
	    -errno : 0;
}

static int
listen_fd(const struct sks_server *srv, int fd)
{
	int backlog = srv->cfg.backlog;

	return listen(fd, backlog < 0 ? SOMAXCONN : backlog) < 0 ? -errno : 0;
}

/* Waits for as long as another server may need to bind; who holds the lock
 * longer wants to be in the way. */
static int
lock_for_a_while(int fd)
{
	for (int ms = 0; ms < 1000; ms++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 1;
		if (errno != EWOULDBLOCK && errno != EINTR)
			break;
		poll(NULL, 0, 1);
	}
	return 0;
}

/*
 * The lock of the path's folder, which goes with the descriptor that is
 * returned; -1 when it cannot be had.  It makes one step of looking at a dead
 * file, taking it away, binding and listening: without it, of two servers
 * which both find the file dead the second would take away the file of the
 * first.
 */
static int
lock_folder(const char *path)
{
	char folder[sizeof(((struct sks_addr *)0)->u)];
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	int fd;

	if (len >= sizeof folder)
		return -1;
	memcpy(folder, path, len);
	folder[len] = '\0';
	fd = open(len > 0 ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && !lock_for_a_while(fd)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Only under the lock is a dead file taken away. */
static int
bind_or_replace(const struct sks_server *srv, int fd, const char *path,
    int locked)
{
	int r = bind_fd(srv, fd);

	if (r == -EADDRINUSE && locked &&
	    is_dead_socket(&srv->address, path) && unlink(path) == 0)
		r = bind_fd(srv, fd);
	return r;
}

/*
 * Listens before the lock is let go: until then a bound socket refuses as a
 * dead one does.  So a peer that comes before server_activate waits.
 */
static int
bind_path(struct sks_server *srv, int fd, const char *path)
{
	int folder = lock_folder(path);
	mode_t old = umask(~(mode_t)srv->cfg.unix_mode & 0777);
	int r = bind_or_replace(srv, fd, path, folder >= 0);

	umask(old);
	if (r == 0) {
		srv->owns_path = lstat(path, &srv->path) == 0;
		r = listen_fd(srv, fd);
	}
	if (folder >= 0)
		close(folder);
	return r;
}

int
sks_default_server_bind(struct sks_server *srv)
{
	const char *path = sks_addr_path(&srv->address);
	int fd, r;

	if (srv->listener >= 0)
		return sks_fail(SKS_EBUSY, "bind");
	if (sks_addr_family(&srv->address) == SKS_UNSPEC)
		return sks_fail(SKS_EINVAL, "no address to listen on");
	if ((fd = sks_fd_new(sks_addr_sa(&srv->address)->sa_family)) < 0)
		return sks_fail_errno(-fd, "socket");
	srv->listener = fd;		/* server_close will see to it */
	if ((r = set_options(srv, fd)) < 0)
		return r;
	r = path != NULL ? bind_path(srv, fd, path) : bind_fd(srv, fd);
	if (r < 0)
		return sks_fail_errno(-r, "bind");
	return sks_addr_of_fd(fd, getsockname, "getsockname", &srv->address);
}

int
sks_default_server_activate(struct sks_server *srv)
{
	int r;

	if (srv->listener < 0)
		return sks_fail(SKS_EINVAL, "activate before bind");
	if ((r = listen_fd(srv, srv->listener)) < 0)
		return sks_fail_errno(-r, "listen");
	/* A connection may be gone again between poll and accept. */
	if ((r = sks_fd_set_nonblock(srv->listener, 1)) < 0)
		return sks_fail_errno(-r, "fcntl");
	return 0;
}

void
sks_default_on_ready(struct sks_server *srv)
{
	(void)srv;
}

/* Only if it is still the file that bind made. */
static void
unlink_path(struct sks_server *srv)
{
	const char *path = sks_addr_path(&srv->address);
	struct stat st;

	if (srv->owns_path && path != NULL && lstat(path, &st) == 0 &&
	    st.st_dev == srv->path.st_dev && st.st_ino == srv->path.st_ino)
		unlink(path);
	srv->owns_path = 0;
}

void
sks_default_server_close(struct sks_server *srv)
{
	if (srv->listener < 0)
		return;
	unlink_path(srv);
	close(srv->listener);
	srv->listener = -1;
}
