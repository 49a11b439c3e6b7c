/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A disk that fails when asked to: the default VFS of SQLite behind one that
 * counts what is written and synced.  One thread at a time.
 */
#ifndef FAULTY_VFS_H
#define FAULTY_VFS_H

#include <stdbool.h>

enum faulty_kind {
	FAULTY_WRITE,     /* EIO before anything is written */
	FAULTY_TORN,      /* EIO after the first half */
	FAULTY_SYNC,      /* all is written, fsync says EIO */
	FAULTY_SYNC_FULL, /* the same with ENOSPC: blocks came late */
	FAULTY_DEAD,      /* FAULTY_SYNC, then no write until disarmed */
	FAULTY_FULL,      /* no space; stays so until disarmed */
};

/* Makes it the default for every connection opened from now on. */
int faulty_vfs_install(void);

/* The kth (from 1) write or sync, whichever the kind is about, fails. */
void faulty_vfs_arm(enum faulty_kind kind, unsigned k);

/* Ends it.  Returns whether a fault was injected. */
bool faulty_vfs_disarm(void);

#endif
