/* SPDX-License-Identifier: BSD-2-Clause */
/* The file of a Unix socket that a server binds. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "socketserver/net/addr.h"
#include "socketserver/net/error.h"
#include "socketserver/server/kind.h"
#include "socketserver/server/internal.h"
#include "socketserver/net/socket.h"

/* A socket file of ours that nobody answers: what a crash leaves.  One of the
 * other type is alive too. */
static int
is_dead_socket(const struct sks_addr *a, const char *path, enum sks_type type)
{
	struct stat st;
	int fd, dead;

	if (lstat(path, &st) < 0 || !S_ISSOCK(st.st_mode) ||
	    st.st_uid != geteuid())
		return 0;
	fd = sks_fd_new(AF_UNIX, type == SKS_DGRAM ? SOCK_DGRAM : SOCK_STREAM,
	    0);
	if (fd < 0)
		return 0;
	(void)sks_fd_set_nonblock(fd, 1);
	dead = connect(fd, sks_addr_sa(a), a->len) < 0 && errno == ECONNREFUSED;
	close(fd);
	return dead;
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

static int
may_replace(const struct sks_server *srv, const struct sks_listener *l,
    const char *path, int locked)
{
	return locked && srv->cfg.unix_unlink_stale &&
	    is_dead_socket(&l->address, path, sks_kind_of(srv)->type);
}

/* Only under the lock is a dead file taken away. */
static int
bind_or_replace(const struct sks_server *srv, struct sks_listener *l,
    const char *path, int locked)
{
	int r = sks_bind(l->sock, &l->address);
	struct sks_error e;

	if (r != SKS_EADDRINUSE)
		return r;
	sks_last_error(&e);
	if (may_replace(srv, l, path, locked) && unlink(path) == 0)
		return sks_bind(l->sock, &l->address);
	sks_error_restore(&e);
	return r;
}

/*
 * Listens before the lock is let go: until then a bound socket refuses as a
 * dead one does.  So a peer that comes before server_activate waits.
 */
int
sks_bind_path(const struct sks_server *srv, struct sks_listener *l,
    const char *path)
{
	const struct sks_kind_row *kind = sks_kind_of(srv);
	int folder = lock_folder(path);
	mode_t old = umask(~(mode_t)srv->cfg.unix_mode & 0777);
	int r = bind_or_replace(srv, l, path, folder >= 0);

	umask(old);
	if (r == 0) {
		l->owns_path = lstat(path, &l->path) == 0;
		r = kind->activate == NULL ? 0 : kind->activate(srv, l);
	}
	if (folder >= 0)
		close(folder);
	return r;
}

void
sks_unlink_path(const struct sks_server *srv, struct sks_listener *l)
{
	const char *path = sks_addr_path(&l->address);
	struct stat st;

	if (l->owns_path && srv->cfg.unix_unlink && path != NULL &&
	    lstat(path, &st) == 0 && st.st_dev == l->path.st_dev &&
	    st.st_ino == l->path.st_ino)
		unlink(path);
	l->owns_path = 0;
}
