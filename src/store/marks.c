/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A small database of its own, that may get lost.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lock.h"
#include "store/internal.h"
#include "store/marks.h"

#define MARKS_MAGIC 0x5709e004u
#define BUSY_MS     1000

struct store_marks {
	unsigned magic;
	sqlite3 *db;
	sqlite3_stmt *put, *drop;
};

static const char schema[] =
    "PRAGMA synchronous=OFF;"
    "CREATE TABLE IF NOT EXISTS mark("
    "name TEXT NOT NULL, sid INTEGER NOT NULL, seq INTEGER NOT NULL,"
    "n INTEGER NOT NULL, PRIMARY KEY(name, sid)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS mark_sid ON mark(sid);";

/* Nobody else may read it, also before it has anything in it. */
static int
make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 || fchmod(fd, 0600) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return r;
}

static int
check(sqlite3 *db)
{
	sqlite3_stmt *st = NULL;
	const char *said;
	int rc, r = -EBADMSG;

	rc = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	said =
	    rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
	if (said != NULL && strcmp(said, "ok") == 0)
		r = 0;
	else if (said == NULL)
		r = store_db_fault(db, store_db_err(db, rc));
	sqlite3_finalize(st);
	return r;
}

static int
prepare(struct store_marks *m)
{
	int rc;

	rc = sqlite3_prepare_v2(m->db,
	    "INSERT OR REPLACE INTO mark(name, sid, seq, n) VALUES(?,?,?,?)",
	    -1, &m->put, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(m->db, "DELETE FROM mark WHERE sid = ?",
		    -1, &m->drop, NULL);
	return store_db_err(m->db, rc);
}

static int
connect_to(struct store_marks *m, const char *path)
{
	int rc, r;

	if ((r = make_file(path)) < 0)
		return r;
	dw_may_block("sqlite3_open_v2");
	rc = sqlite3_open_v2(path, &m->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
		SQLITE_OPEN_EXRESCODE,
	    NULL);
	if (rc != SQLITE_OK)
		return store_db_err(m->db, rc);
	sqlite3_busy_timeout(m->db, BUSY_MS);
	if ((r = check(m->db)) < 0 || (r = store_db_exec(m->db, schema)) < 0)
		return r;
	return prepare(m);
}

static void
disconnect(struct store_marks *m)
{
	sqlite3_finalize(m->put);
	sqlite3_finalize(m->drop);
	sqlite3_close(m->db);
	m->put = m->drop = NULL;
	m->db = NULL;
}

/* What is damaged is thrown away: it is no great loss. */
static int
open_or_begin(struct store_marks *m, const char *path)
{
	char journal[512];
	int r = connect_to(m, path);

	if (r == 0)
		return 0;
	disconnect(m);
	if (r != -EBADMSG)
		return r;
	if (snprintf(journal, sizeof journal, "%s-journal", path) <
	    (int)sizeof journal)
		unlink(journal);
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	r = connect_to(m, path);
	if (r < 0)
		disconnect(m);
	return r;
}

int
store_marks_open(const char *dir, struct store_marks **out)
{
	struct store_marks *m = calloc(1, sizeof *m);
	struct dw_buf path = DW_BUF_INITIALIZER;
	char *real = realpath(dir, NULL);
	int r = -ENOMEM;

	if (m != NULL && real != NULL &&
	    dw_buf_addf(&path, "%s/marks.db", real) == 0)
		r = open_or_begin(m, path.data);
	free(real);
	dw_buf_fini(&path);
	if (r < 0) {
		free(m);
		return r;
	}
	m->magic = MARKS_MAGIC;
	*out = m;
	return 0;
}

void
store_marks_close(struct store_marks *m)
{
	if (m == NULL)
		return;
	assert(m->magic == MARKS_MAGIC);
	disconnect(m);
	m->magic = 0;
	free(m);
}

static void
take_row(sqlite3_stmt *st, struct store_mark *mark)
{
	const char *name = (const char *)sqlite3_column_text(st, 0);

	snprintf(mark->name, sizeof mark->name, "%s", name != NULL ? name : "");
	mark->sid = (uint64_t)sqlite3_column_int64(st, 1);
	mark->seq = (uint64_t)sqlite3_column_int64(st, 2);
	mark->n = (uint64_t)sqlite3_column_int64(st, 3);
}

int
store_marks_read(struct store_marks *m,
    int (*fn)(void *arg, const struct store_mark *mark), void *arg)
{
	struct store_mark mark;
	sqlite3_stmt *st;
	int rc, r = 0;

	assert(m->magic == MARKS_MAGIC);
	rc = sqlite3_prepare_v2(m->db, "SELECT name, sid, seq, n FROM mark", -1,
	    &st, NULL);
	if (rc != SQLITE_OK)
		return store_db_err(m->db, rc);
	while (r == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		take_row(st, &mark);
		r = fn(arg, &mark);
	}
	if (r == 0)
		r = store_db_err(m->db, rc);
	sqlite3_finalize(st);
	return r;
}

static int
write_one(struct store_marks *m, const struct store_mark *mark)
{
	sqlite3_stmt *st = mark->seq == 0 ? m->drop : m->put;
	int rc;

	if (mark->seq == 0) {
		sqlite3_bind_int64(st, 1, (int64_t)mark->sid);
	} else {
		sqlite3_bind_text(st, 1, mark->name, -1, SQLITE_STATIC);
		sqlite3_bind_int64(st, 2, (int64_t)mark->sid);
		sqlite3_bind_int64(st, 3, (int64_t)mark->seq);
		sqlite3_bind_int64(st, 4, (int64_t)mark->n);
	}
	rc = sqlite3_step(st);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return store_db_err(m->db, rc);
}

int
store_marks_write(struct store_marks *m, const struct store_mark *marks,
    size_t n)
{
	int r;

	assert(m->magic == MARKS_MAGIC);
	if ((r = store_db_exec(m->db, "BEGIN IMMEDIATE")) < 0)
		return r;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = write_one(m, &marks[i]);
	if (r == 0)
		r = store_db_exec(m->db, "COMMIT");
	if (r < 0 && !sqlite3_get_autocommit(m->db))
		store_db_exec(m->db, "ROLLBACK");
	return r;
}
