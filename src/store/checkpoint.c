/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A connection that does nothing but bring the -wal into the journal, so that
 * the desk never waits for that.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/lock.h"
#include "store/internal.h"

#define CHECKPOINTER_MAGIC 0x5709e003u

struct store_checkpointer {
	unsigned magic;
	sqlite3 *db;
};

int
store_checkpointer_open(const char *dir, struct store_checkpointer **out)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	struct store_checkpointer *cp = calloc(1, sizeof *cp);
	char *path = store_db_find(dir);
	int r = cp == NULL || path == NULL ? -ENOMEM : 0;

	/* What it says nobody needs to hear: the -wal only stays longer. */
	if (r == 0)
		r = store_db_open(path, &cp->db, &why);
	dw_buf_fini(&why);
	free(path);
	if (r < 0) {
		free(cp);
		return r;
	}
	cp->magic = CHECKPOINTER_MAGIC;
	*out = cp;
	return 0;
}

int
store_checkpoint(struct store_checkpointer *cp, int *left)
{
	int log = 0, done = 0, rc;

	assert(cp->magic == CHECKPOINTER_MAGIC);
	dw_may_block("sqlite3_wal_checkpoint_v2");
	rc = sqlite3_wal_checkpoint_v2(cp->db, NULL, SQLITE_CHECKPOINT_PASSIVE,
	    &log, &done);
	*left = log - done;
	return store_db_err(cp->db, rc);
}

void
store_checkpointer_close(struct store_checkpointer *cp)
{
	if (cp == NULL)
		return;
	cp->magic = 0;
	sqlite3_close(cp->db);
	free(cp);
}
