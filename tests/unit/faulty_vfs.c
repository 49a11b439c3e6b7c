/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file makes the system calls of SQLite fail where a test wants it. */
#include "config.h"

#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#include "faulty_vfs.h"

/* The real file's bytes follow directly behind this one's. */
struct file {
	sqlite3_file base;
	sqlite3_file *real;
};

static const struct fault_row {
	bool on_sync;
	bool stays;
	int err;
} rows[] = {
	[FAULTY_WRITE] = { false, false, EIO },
	[FAULTY_TORN] = { false, false, EIO },
	[FAULTY_SYNC] = { true, false, EIO },
	[FAULTY_SYNC_FULL] = { true, false, ENOSPC },
	[FAULTY_DEAD] = { true, true, EIO },
	[FAULTY_FULL] = { false, true, ENOSPC },
};

static struct {
	enum faulty_kind kind;
	unsigned left; /* 0: disarmed */
	bool fired;
} fault;

static sqlite3_vfs *real_vfs;
static sqlite3_vfs vfs;

static sqlite3_file *
real(sqlite3_file *f)
{
	return ((struct file *)(void *)f)->real;
}

static bool
strikes(bool is_sync)
{
	const struct fault_row *row = &rows[fault.kind];

	if (fault.left == 0)
		return false;
	if (is_sync != row->on_sync)
		return fault.kind == FAULTY_DEAD && fault.fired;
	if (fault.left > 1) {
		fault.left--;
		return false;
	}
	if (!row->stays)
		fault.left = 0;
	fault.fired = true;
	errno = row->err;
	return true;
}

static int
x_write(sqlite3_file *f, const void *data, int n, sqlite3_int64 at)
{
	if (!strikes(false))
		return real(f)->pMethods->xWrite(real(f), data, n, at);
	if (fault.kind == FAULTY_FULL)
		return SQLITE_FULL;
	if (fault.kind == FAULTY_TORN)
		real(f)->pMethods->xWrite(real(f), data, n / 2, at);
	return SQLITE_IOERR_WRITE;
}

static int
x_sync(sqlite3_file *f, int flags)
{
	if (strikes(true))
		return SQLITE_IOERR_FSYNC;
	return real(f)->pMethods->xSync(real(f), flags);
}

static int
x_close(sqlite3_file *f)
{
	return real(f)->pMethods->xClose(real(f));
}

static int
x_read(sqlite3_file *f, void *data, int n, sqlite3_int64 at)
{
	return real(f)->pMethods->xRead(real(f), data, n, at);
}

static int
x_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	return real(f)->pMethods->xTruncate(real(f), size);
}

static int
x_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return real(f)->pMethods->xFileSize(real(f), size);
}

static int
x_lock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xLock(real(f), level);
}

static int
x_unlock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xUnlock(real(f), level);
}

static int
x_reserved(sqlite3_file *f, int *out)
{
	return real(f)->pMethods->xCheckReservedLock(real(f), out);
}

static int
x_control(sqlite3_file *f, int op, void *arg)
{
	return real(f)->pMethods->xFileControl(real(f), op, arg);
}

static int
x_sector(sqlite3_file *f)
{
	return real(f)->pMethods->xSectorSize(real(f));
}

static int
x_device(sqlite3_file *f)
{
	return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

static int
x_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}

static int
x_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return real(f)->pMethods->xShmLock(real(f), at, n, flags);
}

static void
x_shm_barrier(sqlite3_file *f)
{
	real(f)->pMethods->xShmBarrier(real(f));
}

static int
x_shm_unmap(sqlite3_file *f, int remove)
{
	return real(f)->pMethods->xShmUnmap(real(f), remove);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = x_close,
	.xRead = x_read,
	.xWrite = x_write,
	.xTruncate = x_truncate,
	.xSync = x_sync,
	.xFileSize = x_size,
	.xLock = x_lock,
	.xUnlock = x_unlock,
	.xCheckReservedLock = x_reserved,
	.xFileControl = x_control,
	.xSectorSize = x_sector,
	.xDeviceCharacteristics = x_device,
	.xShmMap = x_shm_map,
	.xShmLock = x_shm_lock,
	.xShmBarrier = x_shm_barrier,
	.xShmUnmap = x_shm_unmap,
};

static int
x_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out)
{
	struct file *file = (struct file *)(void *)f;
	int rc;

	(void)v;
	file->real = (sqlite3_file *)(void *)(file + 1);
	rc = real_vfs->xOpen(real_vfs, name, file->real, flags, out);
	file->base.pMethods = file->real->pMethods != NULL ? &methods : NULL;
	return rc;
}

int
faulty_vfs_install(void)
{
	if (real_vfs != NULL)
		return 0;
	if ((real_vfs = sqlite3_vfs_find(NULL)) == NULL)
		return -1;
	vfs = *real_vfs;
	vfs.zName = "faulty";
	vfs.szOsFile += (int)sizeof(struct file);
	vfs.xOpen = x_open;
	return sqlite3_vfs_register(&vfs, 1) == SQLITE_OK ? 0 : -1;
}

void
faulty_vfs_arm(enum faulty_kind kind, unsigned k)
{
	fault.kind = kind;
	fault.left = k;
	fault.fired = false;
}

bool
faulty_vfs_disarm(void)
{
	fault.left = 0;
	return fault.fired;
}
