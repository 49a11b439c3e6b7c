/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The -wal is brought into the journal beside the desk, which never waits for
 * that.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "base/lock.h"
#include "store/internal.h"

int
store_checkpoint(const char *dir, int *left)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	char *path = store_db_find(dir);
	int log = 0, done = 0, rc, r;
	sqlite3 *db = NULL;

	if (path == NULL)
		return -errno;
	/* What it says nobody needs to hear: the -wal only stays longer. */
	r = store_db_open(path, STORE_BUSY_MS, &db, &why);
	dw_buf_fini(&why);
	free(path);
	if (r < 0)
		return r;
	dw_may_block("sqlite3_wal_checkpoint_v2");
	rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE,
	    &log, &done);
	r = store_db_err(db, rc);
	*left = log - done;
	sqlite3_close(db);
	return r;
}
