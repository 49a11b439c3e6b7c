/* SPDX-License-Identifier: BSD-2-Clause */
/* This file binds a Unix socket to a path, and removes the path again. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
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

#define LOCK_SUFFIX ".lock"

/* The file whose lock makes one step of finding a dead socket, removing it,
 * binding and listening: without it, of two servers that both find the socket
 * dead the second would remove the file of the first. */
struct path_lock {
	char path[sizeof(((struct sks_addr *)0)->u) + sizeof LOCK_SUFFIX];
	int fd; /* -1: not to be had */
};

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

/* A file of another user may be locked by that user for ever. */
static int
is_ours(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid();
}

/* Whoever had the lock before has removed the file. */
static int
is_still_there(const struct path_lock *l)
{
	struct stat opened, there;

	return fstat(l->fd, &opened) == 0 && lstat(l->path, &there) == 0 &&
	    opened.st_dev == there.st_dev && opened.st_ino == there.st_ino;
}

/* Not the folder itself: whoever may read that could lock it as well. */
static void
lock_path(struct path_lock *l, const char *path)
{
	const int flags =
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

	snprintf(l->path, sizeof l->path, "%s" LOCK_SUFFIX, path);
	for (;;) {
		if ((l->fd = open(l->path, flags, 0600)) < 0)
			return;
		if (!is_ours(l->fd) || !try_lock(l->fd))
			break;
		if (is_still_there(l))
			return;
		close(l->fd);
	}
	close(l->fd);
	l->fd = -1;
}

/* The lock ends with its descriptor. */
static void
unlock_path(const struct path_lock *l)
{
	if (l->fd < 0)
		return;
	unlink(l->path);
	close(l->fd);
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

/* First the group and then the mode: before that the file is ours alone.  A
 * process of which that is the group gives nothing away, and may be kept from
 * doing so. */
static int
give_to_group(const char *path, const struct sks_socket_file *made,
    const struct sks_path_options *options)
{
	if ((!made->exists || made->st.st_gid != (gid_t)options->group) &&
	    lchown(path, (uid_t)-1, (gid_t)options->group) < 0)
		return sks_fail_errno(errno, "chown");
	if (chmod(path, options->mode & 0777) < 0)
		return sks_fail_errno(errno, "chmod");
	return 0;
}

/* The file has its rights before anybody can be served. */
static int
bind_with_rights(struct sks_socket *s, const struct sks_addr *address,
    const struct sks_path_options *options, int may_replace,
    struct sks_socket_file *file)
{
	const char *path = sks_addr_path(address);
	mode_t mode =
	    options->group >= 0 ? options->mode & 0700 : options->mode;
	mode_t old = umask(~mode & 0777);
	int r = bind_or_replace(s, address, may_replace);

	umask(old);
	if (r < 0)
		return r;
	file->exists = lstat(path, &file->st) == 0;
	if (options->group >= 0 && (r = give_to_group(path, file, options)) < 0)
		sks_unlink_path(address, file);
	return r;
}

int
sks_bind_path(struct sks_socket *s, const struct sks_addr *address,
    const struct sks_path_options *options, struct sks_socket_file *file)
{
	const char *path = sks_addr_path(address);
	struct path_lock lock;
	int r;

	lock_path(&lock, path);
	r = bind_with_rights(s, address, options,
	    lock.fd >= 0 && options->replace_stale, file);
	if (r == 0 && s->type == SKS_STREAM)
		r = sks_listen(s, options->backlog);
	unlock_path(&lock);
	return r;
}

int
sks_path_is_free(const struct sks_addr *address, enum sks_type type,
    const struct sks_path_options *options)
{
	const char *path = sks_addr_path(address);
	struct stat st;

	if (lstat(path, &st) < 0)
		return 1;
	return options->replace_stale && is_dead_socket(address, path, type);
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
