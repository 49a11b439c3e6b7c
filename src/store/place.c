/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The folder of a journal: its owner, its lock, and what is set aside in it.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_STRUCT_STATFS_F_TYPE
#include <sys/vfs.h>
#endif

#include "base/folder.h"
#include "base/i18n.h"
#include "base/lock.h"
#include "store/internal.h"

static const struct network_fs {
	unsigned long magic;
	const char *name;
} network_fs[] = {
	{ 0x00006969, "NFS" },
	{ 0x0000517b, "SMB" },
	{ 0xff534d42, "CIFS" },
	{ 0xfe534d42, "SMB2" },
	{ 0x5346414f, "AFS" },
	{ 0x73757245, "Coda" },
	{ 0x0000564c, "NCP" },
	{ 0x01021997, "9P" },
	{ 0x00c36400, "Ceph" },
	{ 0x65735546, "FUSE" },
	{ 0x0bd00bd0, "Lustre" },
	{ 0x47504653, "GPFS" },
	{ 0x01161970, "GFS2" },
	{ 0x7461636f, "OCFS2" },
};

const char *
store_place_network(unsigned long magic)
{
	for (size_t i = 0; i < sizeof network_fs / sizeof network_fs[0]; i++)
		if (network_fs[i].magic == (magic & 0xffffffff))
			return network_fs[i].name;
	return NULL;
}

/* Makes the names in a folder survive power loss. */
static int
sync_folder(int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	dw_may_block("fsync");
	r = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return r;
}

/* Or a power loss would take the folder away, with all that is in it.  Where the
 * one above is not ours to read nobody can do that. */
static int
sync_parent(const char *path)
{
	struct dw_buf parent = DW_BUF_INITIALIZER;
	int r = dw_buf_addf(&parent, "%s/..", path);

	if (r == 0)
		r = sync_folder(AT_FDCWD, parent.data);
	dw_buf_fini(&parent);
	return r == -EACCES ? 0 : r;
}

/* One folder of a path; what we make is 0700 whatever the umask. */
static int
make_one(const char *path)
{
	if (mkdir(path, 0700) < 0)
		return errno == EEXIST ? 0 : -errno;
	return chmod(path, 0700) == 0 ? sync_parent(path) : -errno;
}

static int
make_all(char *path)
{
	int r;

	for (char *p = path + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		r = make_one(path);
		*p = '/';
		if (r < 0)
			return r;
	}
	return make_one(path);
}

static int
make_dir(const char *dir, struct dw_buf *why)
{
	char *path;
	int r;

	if (dir[0] == '\0' || (path = strdup(dir)) == NULL)
		return dir[0] == '\0' ? -EINVAL : -ENOMEM;
	r = make_all(path);
	free(path);
	/* It may be there in a place where we can make nothing. */
	if (r == 0 || access(dir, F_OK) == 0)
		return 0;
	dw_buf_addf(why,
	    _("Cannot make the folder %s: %s. Choose another "
	      "with --state."),
	    dir, strerror(-r));
	return r;
}

static int
open_dir(struct store_place *p, const char *dir, struct dw_buf *why)
{
	struct stat st;
	int err;

	p->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	err = errno;
	if (p->dir_fd >= 0) {
		p->dir = realpath(dir, NULL);
		return p->dir != NULL ? 0 : -errno;
	}
	if (lstat(dir, &st) == 0 && S_ISLNK(st.st_mode)) {
		dw_buf_addf(why,
		    _("The folder %s is a symbolic link. Name "
		      "the folder that it points to."),
		    dir);
		return -EPERM;
	}
	dw_buf_addf(why,
	    _("Cannot open the folder %s: %s. Choose another "
	      "with --state."),
	    dir, strerror(err));
	return -err;
}

/* Whoever may write in the folder could put another journal there. */
static int
check_owner(const struct store_place *p, struct dw_buf *why)
{
	struct stat st;

	if (fstat(p->dir_fd, &st) < 0)
		return -errno;
	switch (dw_folder_judge(&st, false)) {
	case DW_FOLDER_SAFE:
		return 0;
	case DW_FOLDER_ANOTHERS:
		dw_buf_addf(why,
		    _("The folder %s belongs to user %lu, not to "
		      "you. Choose another with --state."),
		    p->dir, (unsigned long)st.st_uid);
		break;
	case DW_FOLDER_OPEN:
		dw_buf_addf(why,
		    _("Others may write in the folder %s. Take "
		      "that away with `chmod go-w`, or choose another with "
		      "--state."),
		    p->dir);
		break;
	}
	return -EPERM;
}

#ifdef HAVE_STRUCT_STATFS_F_TYPE

/* The magic number of the file system that fd is on. */
static int
file_system(int fd, unsigned long *magic)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return -errno;
	*magic = (unsigned long)fs.f_type;
	return 0;
}

#else

/* POSIX has no name for its kind. */
static int
file_system(int fd, unsigned long *magic)
{
	(void)fd;
	*magic = 0;
	return 0;
}

#endif

static int
check_local(const struct store_place *p, struct dw_buf *why)
{
	unsigned long magic = 0;
	const char *name;
	int r;

	if ((r = file_system(p->dir_fd, &magic)) < 0)
		return r;
	if ((name = store_place_network(magic)) == NULL)
		return 0;
	dw_buf_addf(why,
	    _("The folder %s is on a file system (%s) that "
	      "cannot keep a journal safely. Choose one on a local disk with "
	      "--state."),
	    p->dir, name);
	return -ENOTSUP;
}

static int
say_held(const struct store_place *p, struct dw_buf *why)
{
	char text[24] = "";
	long pid;

	if (pread(p->lock_fd, text, sizeof text - 1, 0) < 0)
		text[0] = '\0';
	pid = strtol(text, NULL, 10);
	if (pid > 0)
		dw_buf_addf(why,
		    _("A desk is open on %s already: process "
		      "%ld. Join it with `deskwire attach`, and "
		      "--operator-socket if it has one of its own, or end it "
		      "first."),
		    p->dir, pid);
	else
		dw_buf_addf(why,
		    _("A desk is open on %s already. Join it "
		      "with `deskwire attach`, and --operator-socket if it has "
		      "one of its own, or end it first."),
		    p->dir);
	return -EBUSY;
}

static int
say_unlockable(const struct store_place *p, int err, struct dw_buf *why)
{
	dw_buf_addf(why,
	    _("Cannot lock %s/lock: %s. It must be a file of "
	      "your own on a local disk that can be written."),
	    p->dir, strerror(err));
	return -err;
}

/* flock(2), not a file that is there or not: it dies with the process. */
static int
take_lock(struct store_place *p, struct dw_buf *why)
{
	char text[24];
	int n;

	p->lock_fd = openat(p->dir_fd, "lock",
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (p->lock_fd < 0)
		return say_unlockable(p, errno, why);
	if (flock(p->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? say_held(p, why) :
					      say_unlockable(p, errno, why);
	n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
	if (fchmod(p->lock_fd, 0600) < 0 || ftruncate(p->lock_fd, 0) < 0 ||
	    pwrite(p->lock_fd, text, (size_t)n, 0) != n)
		return say_unlockable(p, errno, why);
	return 0;
}

static int
name_db(struct store_place *p)
{
	struct dw_buf path = DW_BUF_INITIALIZER;

	dw_buf_addf(&path, "%s/" STORE_DB, p->dir);
	p->db = dw_buf_take(&path);
	return p->db != NULL ? 0 : -ENOMEM;
}

int
store_place_open(struct store_place *p, const char *dir, struct dw_buf *why)
{
	int r;

	memset(p, 0, sizeof *p);
	p->dir_fd = p->lock_fd = p->head_fd = -1;
	if ((r = make_dir(dir, why)) < 0 || (r = open_dir(p, dir, why)) < 0 ||
	    (r = check_owner(p, why)) < 0 || (r = check_local(p, why)) < 0 ||
	    (r = name_db(p)) < 0 || (r = take_lock(p, why)) < 0 ||
	    (r = store_head_open(p, why)) < 0)
		store_place_close(p);
	return r;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The lock goes last: who gets it finds everything finished. */
void
store_place_close(struct store_place *p)
{
	free(p->db);
	free(p->dir);
	p->db = p->dir = NULL;
	close_fd(&p->head_fd);
	close_fd(&p->dir_fd);
	close_fd(&p->lock_fd);
}

int
store_look_at_folder(const char *dir, struct dw_buf *why)
{
	struct store_place p = { .dir_fd = -1, .lock_fd = -1, .head_fd = -1 };
	int r;

	if ((r = open_dir(&p, dir, why)) == 0 &&
	    (r = check_owner(&p, why)) == 0)
		r = check_local(&p, why);
	store_place_close(&p);
	return r;
}

int
store_place_look(const struct store_place *p, struct dw_buf *why)
{
	struct stat db, wal;

	if (fstatat(p->dir_fd, STORE_DB, &db, AT_SYMLINK_NOFOLLOW) < 0)
		db.st_size = 0;
	else if (!S_ISREG(db.st_mode))
		return store_damaged(why, p->db, 0, _("it is not a file"));
	if (db.st_size != 0)
		return 1;
	if (fstatat(p->dir_fd, STORE_DB "-wal", &wal, 0) == 0 &&
	    wal.st_size != 0)
		return store_damaged(why, p->db, 0,
		    _("only its -wal file is there"));
	return 0;
}

/* Before any connection: closing this descriptor later would drop SQLite's
 * own locks.  Its other files get the mode of this one. */
int
store_place_make_db(const struct store_place *p, struct dw_buf *why)
{
	int fd, err = 0;

	fd = openat(p->dir_fd, STORE_DB,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fchmod(fd, 0600) < 0)
		err = errno;
	close_fd(&fd);
	if (err != 0)
		dw_buf_addf(why,
		    _("Cannot make %s: %s. The folder must be "
		      "on a disk that can be written."),
		    p->db, strerror(err));
	return -err;
}

int
store_place_sync(const struct store_place *p)
{
	dw_may_block("fsync");
	if (p->head_fd >= 0 && fsync(p->head_fd) < 0)
		return -errno;
	return fsync(p->dir_fd) == 0 ? 0 : -errno;
}

int
store_place_sync_wal(const struct store_place *p)
{
	int fd =
	    openat(p->dir_fd, STORE_DB "-wal", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	dw_may_block("fsync");
	r = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return r;
}

/* A new folder each time, so that nothing is ever overwritten. */
static int
make_aside(const struct store_place *p, struct dw_buf *name)
{
	char stamp[32];
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm) == 0)
		return -EOVERFLOW;
	for (unsigned i = 1; i < 1000; i++) {
		dw_buf_reset(name);
		if (dw_buf_addf(name, i == 1 ? "damaged-%s" : "damaged-%s-%u",
			stamp, i) < 0)
			return -ENOMEM;
		if (mkdirat(p->dir_fd, dw_buf_str(name), 0700) == 0)
			return fchmodat(p->dir_fd, dw_buf_str(name), 0700, 0) ==
				0 ?
			    0 :
			    -errno;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static int
move(const struct store_place *p, const char *file, const char *aside)
{
	struct dw_buf to = DW_BUF_INITIALIZER;
	int r;

	r = dw_buf_addf(&to, "%s/%s", aside, file);
	if (r == 0 && renameat(p->dir_fd, file, p->dir_fd, to.data) < 0 &&
	    errno != ENOENT)
		r = -errno;
	dw_buf_fini(&to);
	return r;
}

static int
say_aside(const struct store_place *p, int r, struct dw_buf *why)
{
	if (r < 0)
		dw_buf_addf(why,
		    _("Cannot set the damaged journal in %s "
		      "aside: %s. The folder must be on a disk that can be "
		      "written."),
		    p->dir, strerror(-r));
	return r;
}

/* The -wal first: alone, without its journal, SQLite would delete it. */
int
store_place_set_aside(const struct store_place *p, struct dw_buf *aside,
    struct dw_buf *why)
{
	static const char *const files[] = {
		STORE_DB "-wal",
		STORE_DB "-journal",
		STORE_DB "-shm",
		STORE_DB,
	};
	int r;

	r = make_aside(p, aside);
	for (size_t i = 0; i < sizeof files / sizeof files[0] && r == 0; i++)
		r = move(p, files[i], dw_buf_str(aside));
	if (r == 0)
		r = sync_folder(p->dir_fd, dw_buf_str(aside));
	if (r == 0)
		r = store_place_sync(p);
	return say_aside(p, r, why);
}

int
store_place_head_aside(struct store_place *p, const char *aside,
    struct dw_buf *why)
{
	return say_aside(p, store_head_copy(p, aside), why);
}
