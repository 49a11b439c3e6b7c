/* SPDX-License-Identifier: BSD-2-Clause */
/* This file binds a Unix socket to a path, and removes the path again. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lock.h"
#include "socketserver/net/addr.h"
#include "socketserver/net/error.h"
#include "socketserver/net/socket.h"

/* Is this a socket file of ours that nobody answers, as a crash leaves it?
 * One of the other type is not dead. */
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

/* Waits for as long as another server may need to bind.  A program that holds
 * the lock longer does so on purpose. */
static int
try_lock(int fd)
{
	dw_may_block("flock");
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
 * Locks the path's folder.  The lock ends with the descriptor that is
 * returned; -1 when it cannot be had.  It makes one step of finding a dead
 * file, removing it, binding and listening: without it, of two servers that
 * both find the file dead the second would remove the file of the first.
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
	if (fd >= 0 && !try_lock(fd)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Removes a dead file only under the lock. */
static int
bind_or_replace(struct sks_socket *s, const struct sks_addr *address,
    int may_replace)
{
	const char *path = sks_addr_path(address);
	int r = sks_bind(s, address);
	struct sks_error e;

	if (r != SKS_EADDRINUSE)
		return r;
	sks_last_error(&e);
	if (may_replace && is_dead_socket(address, path, s->type) &&
	    unlink(path) == 0)
		return sks_bind(s, address);
	sks_error_restore(&e);
	return r;
}

int
sks_bind_path(struct sks_socket *s, const struct sks_addr *address,
    const struct sks_path_options *options, struct sks_socket_file *file)
{
	const char *path = sks_addr_path(address);
	int folder = lock_folder(path);
	mode_t old = umask(~(mode_t)options->mode & 0777);
	int r =
	    bind_or_replace(s, address, folder >= 0 && options->replace_stale);

	umask(old);
	if (r == 0) {
		file->exists = lstat(path, &file->st) == 0;
		if (s->type == SKS_STREAM)
			r = sks_listen(s, options->backlog);
	}
	if (folder >= 0)
		close(folder);
	return r;
}

void
sks_unlink_path(const struct sks_addr *address, struct sks_socket_file *file)
{
	const char *path = sks_addr_path(address);
	struct stat st;

	if (file->exists && path != NULL && lstat(path, &st) == 0 &&
	    st.st_dev == file->st.st_dev && st.st_ino == file->st.st_ino)
		unlink(path);
	file->exists = 0;
}
