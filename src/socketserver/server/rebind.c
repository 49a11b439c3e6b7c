/* SPDX-License-Identifier: BSD-2-Clause */
/* This file makes the file of a listening Unix socket anew. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "socketserver/net/error.h"
#include "socketserver/server/internal.h"
#include "socketserver/server/rebind.h"

static int
is_there(const struct sks_listener *l)
{
	const char *path = sks_addr_path(&l->address);
	struct stat st;

	if (l->sock == NULL || path == NULL || !l->file.exists)
		return 1;
	return lstat(path, &st) == 0 && st.st_dev == l->file.st.st_dev &&
	    st.st_ino == l->file.st.st_ino;
}

/* Under the old one's number: the loop may be polling that, and hears by its
 * wake that it is another socket now. */
static int
take_place(struct sks_listener *l, const struct sks_listener *fresh)
{
	int fd = sks_fileno(l->sock);

	if (dup2(sks_fileno(fresh->sock), fd) < 0)
		return sks_fail_errno(errno, "dup2");
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	l->file = fresh->file;
	return 1;
}

/* Binding makes a lock file, which whoever watches the folder hears of: it would
 * look again, and would never come to an end where this fails each time. */
static int
rebind_listener(const struct sks_server *srv, struct sks_listener *l)
{
	struct sks_listener fresh = { .address = l->address };
	int r;

	if (!sks_listener_path_is_free(srv, l))
		return sks_fail_errno(EADDRINUSE, "bind");
	r = sks_listener_open(srv, &fresh);
	if (r == 0)
		r = sks_listener_bind(srv, &fresh);
	if (r == 0 && (r = take_place(l, &fresh)) < 0)
		sks_unlink_path(&fresh.address, &fresh.file);
	sks_socket_free(fresh.sock);
	return r;
}

int
sks_server_rebind(struct sks_server *srv)
{
	int made = 0, r;

	for (size_t i = 0; i < srv->n_listeners; i++) {
		if (is_there(&srv->listeners[i]))
			continue;
		if ((r = rebind_listener(srv, &srv->listeners[i])) < 0)
			return r;
		made = 1;
	}
	if (made)
		dw_wake_ring(&srv->wake);
	return made;
}
