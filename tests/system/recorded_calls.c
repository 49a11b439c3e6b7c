/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records what a program that has this preloaded does in the folder that
 * RECORD_OF names, and what it sends to anybody, in one order, into the file
 * named by RECORD_TO.  tests/system/disks.py reads that file.
 *
 * An operation and its row in the record are one step under one lock, so the
 * order of the rows is the order in which things happened.  A sync has two
 * rows: what was written before the first one is on disk at the second.  No
 * sync is really carried out: the record alone decides what a power cut leaves.
 * When the file that RECORD_KILL names is there, the program dies at the row
 * that it says.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FDS    4096 /* descriptors above are not looked at */
#define PATHS  4096 /* bytes of a path */
#define PEERS  64   /* bytes of an address as text */
#define MADE   1u   /* in the row of an open: the file is new, */
#define EMPTY  2u   /* it was emptied, */
#define FOLDER 4u   /* it is a folder */

enum row_kind {
	ROW_OPEN = 'o',     /* id inode, at flags, bytes path */
	ROW_WRITE = 'w',    /* id inode, at offset */
	ROW_TRUNCATE = 't', /* id inode, at size */
	ROW_SYNC = 'b',     /* id inode, at number of the sync */
	ROW_SYNCED = 'e',   /* the same */
	ROW_RENAME = 'r',   /* bytes from, NUL, to */
	ROW_LINK = 'l',     /* the same */
	ROW_UNLINK = 'u',   /* bytes path */
	ROW_MKDIR = 'm',    /* bytes path */
	ROW_PEER = 'p',     /* id descriptor, bytes address */
	ROW_SEND = 's',     /* id descriptor */
	ROW_CLOSE = 'c',    /* id descriptor */
	ROW_UNKNOWN = 'x',  /* bytes function: the record is not complete */
};

struct row {
	uint32_t kind, len;
	uint64_t id, at;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int record_fd = -1;
static const char *folder;   /* NULL: nothing is recorded */
static uint64_t inodes[FDS]; /* of the folder's files that are open */
static bool peers[FDS];      /* something was sent there */
static uint64_t syncs;

#define REAL(name)                                                       \
	static __typeof__(&name) real;                                   \
	if (real == NULL &&                                              \
	    (real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)) == NULL) \
	abort()

/* ---- rows ---- */

/* The file says "b 3": with the third row of that kind from now on. */
static void
die_when_told(enum row_kind kind)
{
	static char of;
	static long left;
	const char *path = getenv("RECORD_KILL");
	FILE *f;

	if (of == '\0' && path != NULL && access(path, F_OK) == 0) {
		f = fopen(path, "r");
		if (f == NULL || fscanf(f, "%c %ld", &of, &left) != 2)
			abort();
		fclose(f);
	}
	if ((char)kind == of && --left <= 0)
		kill(getpid(), SIGKILL);
}

/* Under the lock. */
static void
add(enum row_kind kind, uint64_t id, uint64_t at, const void *bytes, size_t len)
{
	struct row row = { kind, (uint32_t)len, id, at };
	struct iovec parts[] = { { &row, sizeof row }, { (void *)bytes, len } };
	ssize_t whole = (ssize_t)(sizeof row + len);
	static ssize_t (*writev_)(int, const struct iovec *, int);
	int err = errno;

	if (writev_ == NULL)
		writev_ = (__typeof__(writev_))dlsym(RTLD_NEXT, "writev");
	if (writev_(record_fd, parts, 2) != whole)
		abort();
	die_when_told(kind);
	errno = err;
}

static void
add_text(enum row_kind kind, uint64_t id, uint64_t at, const char *text)
{
	add(kind, id, at, text, strlen(text));
}

static bool
is_ours(int fd)
{
	return fd >= 0 && fd < FDS && inodes[fd] != 0;
}

/* What is done to a file of the folder by a call that has no row. */
static void
add_unknown(int fd, const char *name)
{
	if (!is_ours(fd))
		return;
	pthread_mutex_lock(&lock);
	add_text(ROW_UNKNOWN, 0, 0, name);
	pthread_mutex_unlock(&lock);
}

/* ---- paths ---- */

static bool
path_of(int fd, char path[PATHS])
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATHS - 1);
	path[n < 0 ? 0 : n] = '\0';
	return n > 0;
}

/* The part of a path behind the folder; NULL for one that is not in it. */
static const char *
inside(const char *path)
{
	size_t n = folder == NULL ? 0 : strlen(folder);

	if (n == 0 || strncmp(path, folder, n) != 0)
		return NULL;
	return path[n] == '\0' ? path + n :
	    path[n] == '/'     ? path + n + 1 :
				 NULL;
}

/* A path that a call was given, the same way. */
static const char *
resolve(int dir, const char *path, char out[PATHS])
{
	char where[PATHS];

	if (folder == NULL || path[0] == '/')
		return inside(path);
	if (dir == AT_FDCWD ? getcwd(where, PATHS) == NULL :
			      !path_of(dir, where))
		return NULL;
	if (snprintf(out, PATHS, "%s/%s", where, path) >= PATHS)
		abort();
	return inside(out);
}

/* ---- files ---- */

static void
add_open(int fd, unsigned what)
{
	char path[PATHS];
	const char *name;
	struct stat st;

	if (fd >= FDS || !path_of(fd, path) || (name = inside(path)) == NULL ||
	    fstat(fd, &st) < 0)
		return;
	inodes[fd] = st.st_ino;
	if (S_ISDIR(st.st_mode))
		what |= FOLDER;
	add_text(ROW_OPEN, st.st_ino, what, name);
}

static int
open_recorded(int dir, const char *path, int flags, mode_t mode,
    int (*real)(int, const char *, int, ...))
{
	unsigned what = (flags & O_TRUNC) != 0 ? EMPTY : 0;
	int fd;

	if (folder == NULL)
		return real(dir, path, flags, mode);
	pthread_mutex_lock(&lock);
	if ((flags & O_CREAT) != 0 &&
	    faccessat(dir, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		what |= MADE;
	fd = real(dir, path, flags, mode);
	if (fd >= 0)
		add_open(fd, what);
	pthread_mutex_unlock(&lock);
	return fd;
}

#define TAKE_MODE                                                    \
	va_list ap;                                                  \
	mode_t mode;                                                 \
	va_start(ap, flags);                                         \
	mode = (flags & O_CREAT) != 0 ? (mode_t)va_arg(ap, int) : 0; \
	va_end(ap)

/* All are opened with openat(), which is the same. */
#define OPEN(name)                                                           \
	int name(const char *path, int flags, ...)                           \
	{                                                                    \
		static int (*real)(int, const char *, int, ...);             \
		TAKE_MODE;                                                   \
		if (real == NULL)                                            \
			real = (__typeof__(real))dlsym(RTLD_NEXT, "openat"); \
		return open_recorded(AT_FDCWD, path, flags, mode, real);     \
	}

#define OPENAT(name)                                                \
	int name(int dir, const char *path, int flags, ...)         \
	{                                                           \
		TAKE_MODE;                                          \
		REAL(name);                                         \
		return open_recorded(dir, path, flags, mode, real); \
	}

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int
close(int fd)
{
	int r;

	REAL(close);
	if (folder == NULL || fd < 0 || fd >= FDS)
		return real(fd);
	pthread_mutex_lock(&lock);
	if (peers[fd])
		add(ROW_CLOSE, (uint64_t)fd, 0, NULL, 0);
	inodes[fd] = 0;
	peers[fd] = false;
	r = real(fd);
	pthread_mutex_unlock(&lock);
	return r;
}

#define PWRITE(name, offset)                                        \
	ssize_t name(int fd, const void *p, size_t n, offset at)    \
	{                                                           \
		ssize_t done;                                       \
		REAL(name);                                         \
		if (!is_ours(fd))                                   \
			return real(fd, p, n, at);                  \
		pthread_mutex_lock(&lock);                          \
		done = real(fd, p, n, at);                          \
		if (done > 0)                                       \
			add(ROW_WRITE, inodes[fd], (uint64_t)at, p, \
			    (size_t)done);                          \
		pthread_mutex_unlock(&lock);                        \
		return done;                                        \
	}

PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

/* What is said on standard error was shown to somebody. */
ssize_t
write(int fd, const void *p, size_t n)
{
	ssize_t done;
	off_t at;

	REAL(write);
	if (folder == NULL || (!is_ours(fd) && fd != STDERR_FILENO))
		return real(fd, p, n);
	pthread_mutex_lock(&lock);
	done = real(fd, p, n);
	if (done > 0 && is_ours(fd)) {
		at = lseek(fd, 0, SEEK_CUR) - done;
		add(ROW_WRITE, inodes[fd], (uint64_t)at, p, (size_t)done);
	} else if (done > 0)
		add(ROW_SEND, (uint64_t)fd, 0, p, (size_t)done);
	pthread_mutex_unlock(&lock);
	return done;
}

#define TRUNCATE(name, offset)                                              \
	int name(int fd, offset size)                                       \
	{                                                                   \
		int r;                                                      \
		REAL(name);                                                 \
		if (!is_ours(fd))                                           \
			return real(fd, size);                              \
		pthread_mutex_lock(&lock);                                  \
		r = real(fd, size);                                         \
		if (r == 0)                                                 \
			add(ROW_TRUNCATE, inodes[fd], (uint64_t)size, NULL, \
			    0);                                             \
		pthread_mutex_unlock(&lock);                                \
		return r;                                                   \
	}

TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

/* Others may write in between, as they may during a real one. */
static int
sync_recorded(int fd)
{
	uint64_t number, inode;

	pthread_mutex_lock(&lock);
	number = ++syncs;
	inode = inodes[fd];
	add(ROW_SYNC, inode, number, NULL, 0);
	pthread_mutex_unlock(&lock);
	sched_yield();
	pthread_mutex_lock(&lock);
	add(ROW_SYNCED, inode, number, NULL, 0);
	pthread_mutex_unlock(&lock);
	return 0;
}

#define SYNC(name)                                                 \
	int name(int fd)                                           \
	{                                                          \
		REAL(name);                                        \
		return is_ours(fd) ? sync_recorded(fd) : real(fd); \
	}

SYNC(fsync)
SYNC(fdatasync)

/* ---- names ---- */

#define ONE_NAME(name, kind, dir, parameters, arguments)      \
	int name parameters                                   \
	{                                                     \
		char buf[PATHS];                              \
		const char *what;                             \
		int r;                                        \
		REAL(name);                                   \
		if ((what = resolve(dir, path, buf)) == NULL) \
			return real arguments;                \
		pthread_mutex_lock(&lock);                    \
		r = real arguments;                           \
		if (r == 0)                                   \
			add_text(kind, 0, 0, what);           \
		pthread_mutex_unlock(&lock);                  \
		return r;                                     \
	}

ONE_NAME(unlink, ROW_UNLINK, AT_FDCWD, (const char *path), (path))
ONE_NAME(unlinkat, ROW_UNLINK, dir, (int dir, const char *path, int flags),
    (dir, path, flags))
ONE_NAME(rmdir, ROW_UNLINK, AT_FDCWD, (const char *path), (path))
ONE_NAME(mkdir, ROW_MKDIR, AT_FDCWD, (const char *path, mode_t mode),
    (path, mode))
ONE_NAME(mkdirat, ROW_MKDIR, dir, (int dir, const char *path, mode_t mode),
    (dir, path, mode))

/* Both names are in the folder, or neither is. */
static int
add_two(enum row_kind kind, const char *from, const char *to)
{
	char both[2 * PATHS];
	size_t n = strlen(from) + 1, m = strlen(to);

	memcpy(both, from, n);
	memcpy(both + n, to, m);
	add(kind, 0, 0, both, n + m);
	return 0;
}

#define TWO_NAMES(name, kind, fromdir, todir, parameters, arguments) \
	int name parameters                                          \
	{                                                            \
		char one[PATHS], two[PATHS];                         \
		const char *a, *b;                                   \
		int r;                                               \
		REAL(name);                                          \
		a = resolve(fromdir, from, one);                     \
		b = resolve(todir, to, two);                         \
		if (a == NULL && b == NULL)                          \
			return real arguments;                       \
		pthread_mutex_lock(&lock);                           \
		r = real arguments;                                  \
		if (r == 0 && a != NULL && b != NULL)                \
			add_two(kind, a, b);                         \
		else if (r == 0)                                     \
			add_text(ROW_UNKNOWN, 0, 0, #name);          \
		pthread_mutex_unlock(&lock);                         \
		return r;                                            \
	}

TWO_NAMES(rename, ROW_RENAME, AT_FDCWD, AT_FDCWD,
    (const char *from, const char *to), (from, to))
TWO_NAMES(renameat, ROW_RENAME, fd, fd2,
    (int fd, const char *from, int fd2, const char *to), (fd, from, fd2, to))
TWO_NAMES(renameat2, ROW_RENAME, fd, fd2,
    (int fd, const char *from, int fd2, const char *to, unsigned flags),
    (fd, from, fd2, to, flags))
TWO_NAMES(link, ROW_LINK, AT_FDCWD, AT_FDCWD,
    (const char *from, const char *to), (from, to))
TWO_NAMES(linkat, ROW_LINK, fd, fd2,
    (int fd, const char *from, int fd2, const char *to, int flags),
    (fd, from, fd2, to, flags))

/* ---- calls that have no row ---- */

#define UNKNOWN(type, name, parameters, arguments) \
	type name parameters                       \
	{                                          \
		REAL(name);                        \
		add_unknown(fd, #name);            \
		return real arguments;             \
	}

UNKNOWN(ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n))
UNKNOWN(ssize_t, pwritev, (int fd, const struct iovec *v, int n, off_t at),
    (fd, v, n, at))
UNKNOWN(ssize_t, pwritev64, (int fd, const struct iovec *v, int n, off64_t at),
    (fd, v, n, at))
UNKNOWN(int, fallocate, (int fd, int mode, off_t at, off_t n),
    (fd, mode, at, n))
UNKNOWN(int, posix_fallocate, (int fd, off_t at, off_t n), (fd, at, n))
UNKNOWN(int, posix_fallocate64, (int fd, off64_t at, off64_t n), (fd, at, n))

/* The -shm, which is mapped, is made anew after a crash. */
static bool
is_shm(int fd)
{
	char path[PATHS];
	size_t n;

	return path_of(fd, path) && (n = strlen(path)) > 4 &&
	    strcmp(path + n - 4, "-shm") == 0;
}

#define MMAP(name, offset)                                              \
	void *name(void *addr, size_t n, int prot, int flags, int fd,   \
	    offset at)                                                  \
	{                                                               \
		REAL(name);                                             \
		if ((prot & PROT_WRITE) != 0 &&                         \
		    (flags & MAP_TYPE) != MAP_PRIVATE && is_ours(fd) && \
		    !is_shm(fd))                                        \
			add_unknown(fd, #name);                         \
		return real(addr, n, prot, flags, fd, at);              \
	}

MMAP(mmap, off_t)
MMAP(mmap64, off64_t)

/* ---- what is sent ---- */

/* "127.0.0.1:80", or "unix". */
static void
peer_text(int fd, char text[PEERS])
{
	struct sockaddr_in6 six;
	struct sockaddr_in *four = (struct sockaddr_in *)&six;
	socklen_t len = sizeof six;
	char host[INET6_ADDRSTRLEN];

	strcpy(text, "unix");
	if (getpeername(fd, (struct sockaddr *)&six, &len) == 0 &&
	    six.sin6_family == AF_INET)
		snprintf(text, PEERS, "%s:%d",
		    inet_ntop(AF_INET, &four->sin_addr, host, sizeof host),
		    ntohs(four->sin_port));
}

/* Under the lock. */
static void
add_send(int fd, const void *p, size_t n)
{
	char text[PEERS];

	if (fd < 0 || fd >= FDS)
		return;
	if (!peers[fd]) {
		peer_text(fd, text);
		add_text(ROW_PEER, (uint64_t)fd, 0, text);
		peers[fd] = true;
	}
	add(ROW_SEND, (uint64_t)fd, 0, p, n);
}

/* What is sent does not wait, so it may be sent under the lock. */
#define SEND(name, parameters, arguments)              \
	ssize_t name parameters                        \
	{                                              \
		ssize_t done;                          \
		REAL(name);                            \
		if (folder == NULL)                    \
			return real arguments;         \
		pthread_mutex_lock(&lock);             \
		done = real arguments;                 \
		if (done > 0)                          \
			add_send(fd, p, (size_t)done); \
		pthread_mutex_unlock(&lock);           \
		return done;                           \
	}

SEND(send, (int fd, const void *p, size_t n, int flags), (fd, p, n, flags))
SEND(sendto,
    (int fd, const void *p, size_t n, int flags, const struct sockaddr *to,
	socklen_t len),
    (fd, p, n, flags, to, len))

/* A datagram has one part. */
ssize_t
sendmsg(int fd, const struct msghdr *m, int flags)
{
	ssize_t done;

	REAL(sendmsg);
	if (folder == NULL)
		return real(fd, m, flags);
	pthread_mutex_lock(&lock);
	done = real(fd, m, flags);
	if (done > 0 && m->msg_iovlen != 1)
		add_text(ROW_UNKNOWN, 0, 0, "sendmsg");
	else if (done > 0)
		add_send(fd, m->msg_iov[0].iov_base, (size_t)done);
	pthread_mutex_unlock(&lock);
	return done;
}

/* ---- the beginning ---- */

__attribute__((constructor)) static void
open_record(void)
{
	const char *to = getenv("RECORD_TO");

	if (to == NULL || getenv("RECORD_OF") == NULL)
		return;
	record_fd = open(to, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (record_fd < 0)
		abort();
	folder = getenv("RECORD_OF");
}
