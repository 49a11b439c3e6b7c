/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A connection to SQLite with the settings that our promises need.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/lock.h"
#include "store/internal.h"

#define BUSY_MS_READER 1000

/* Set, read back, and what it must say then: a build of SQLite or a file
 * system that cannot do it is found here and not at the first power loss. */
static const struct setting {
	const char *set;
	const char *get;
	const char *want;
} settings[] = {
	{ "PRAGMA synchronous=FULL", "PRAGMA synchronous", "2" },
	{ "PRAGMA journal_size_limit=67108864", "PRAGMA journal_size_limit",
	    "67108864" },
	{ "PRAGMA secure_delete=ON", "PRAGMA secure_delete", "1" },
	{ "PRAGMA trusted_schema=OFF", "PRAGMA trusted_schema", "0" },
	{ "PRAGMA cell_size_check=ON", "PRAGMA cell_size_check", "1" },
};

/* Those that are kept in the file.  Pages are small, as each message changes the
 * last rows of a table and of three indexes, and all of these pages go into the
 * -wal (doc/decisions/0026). */
static const struct setting kept[] = {
	{ "PRAGMA page_size=1024", "PRAGMA page_size", "1024" },
	{ "PRAGMA journal_mode=WAL", "PRAGMA journal_mode", "wal" },
};

/*
 * What was said twice the unique indexes refuse: the customer's nth message, the
 * operators' nth, and one key.  event_other is for all other events of a
 * session, so that each event is in one of three indexes by its session.
 *
 * open has the sessions that have not ended, so that a start need not look for
 * them; erasing what is still to be made NULL.
 */
static const char schema[] =
    "CREATE TABLE start("
    "seq INTEGER NOT NULL, sid INTEGER NOT NULL, id TEXT NOT NULL,"
    "hash BLOB NOT NULL"
    ") STRICT;"
    "CREATE TABLE event("
    "seq INTEGER PRIMARY KEY, t INTEGER NOT NULL, sid INTEGER NOT NULL,"
    "ev TEXT NOT NULL, n INTEGER NOT NULL, flags INTEGER NOT NULL,"
    "who TEXT, mode TEXT NOT NULL, addr TEXT, why TEXT NOT NULL, body BLOB,"
    "key BLOB, salt BLOB, commitment BLOB, hash BLOB NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX event_said ON event(sid, n) WHERE ev = 'said';"
    "CREATE UNIQUE INDEX event_reply ON event(sid, n) WHERE ev = 'reply';"
    "CREATE UNIQUE INDEX event_key ON event(sid, key) "
    "WHERE key IS NOT NULL;"
    "CREATE INDEX event_other ON event(sid, ev) "
    "WHERE ev NOT IN ('said', 'reply');"
    "CREATE INDEX event_closed ON event(seq, sid) WHERE ev = 'closed';"
    "CREATE INDEX event_erased ON event(sid, seq) WHERE ev = 'erased';"
    "CREATE INDEX event_unattended ON event(seq) "
    "WHERE ev = 'udp' AND flags & 2 <> 0;"
    "CREATE TABLE open(sid INTEGER PRIMARY KEY) STRICT;"
    "CREATE TABLE erasing(seq INTEGER PRIMARY KEY) STRICT;"
    "PRAGMA application_id=0x64736b77;"
    "PRAGMA user_version=2;";

static const struct {
	int rc;
	int err;
} errors[] = {
	{ SQLITE_FULL, ENOSPC },
	{ SQLITE_NOMEM, ENOMEM },
	{ SQLITE_BUSY, EBUSY },
	{ SQLITE_LOCKED, EBUSY },
	{ SQLITE_READONLY, EROFS },
	{ SQLITE_PERM, EACCES },
	{ SQLITE_CORRUPT, EBADMSG },
	{ SQLITE_NOTADB, EBADMSG },
	{ SQLITE_TOOBIG, EFBIG },
};

/* What the system said counts where SQLite's own code says too little; an old
 * errno may be left from something else, so only what can be meant is taken. */
static int
system_err(sqlite3 *db, int rc)
{
	int err = sqlite3_system_errno(db);

	if ((rc & 0xff) == SQLITE_CANTOPEN && err != 0)
		return -err;
	if (err == ENOSPC || err == EDQUOT || err == EROFS)
		return -err;
	return -EIO;
}

int
store_db_err(sqlite3 *db, int rc)
{
	if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE)
		return 0;
	if (rc == SQLITE_IOERR_NOMEM)
		return -ENOMEM;
	if (rc == SQLITE_IOERR_CORRUPTFS)
		return -EBADMSG;
	if (rc == SQLITE_CONSTRAINT_UNIQUE ||
	    rc == SQLITE_CONSTRAINT_PRIMARYKEY || rc == SQLITE_CONSTRAINT_ROWID)
		return -EEXIST;
	/* Also for a full disk: what was written before is in doubt. */
	if (rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC)
		return -EIO;
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
		if (errors[i].rc == (rc & 0xff))
			return -errors[i].err;
	return db != NULL ? system_err(db, rc) : -ENOMEM;
}

int
store_db_fault(sqlite3 *db, int err)
{
	return (sqlite3_errcode(db) & 0xff) == SQLITE_NOMEM ? -ENOMEM : err;
}

int
store_db_exec(sqlite3 *db, const char *sql)
{
	dw_may_block("sqlite3_exec");
	return store_db_err(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

int
store_db_int(sqlite3 *db, const char *sql, int64_t *out)
{
	sqlite3_stmt *st;
	int rc;

	rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
	if (rc != SQLITE_OK)
		return store_db_err(db, rc);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? -ENODATA : store_db_err(db, rc);
}

/* Returns 0, -ENOTSUP when it says something else, or another -errno. */
static int
read_back(sqlite3 *db, const struct setting *s)
{
	sqlite3_stmt *st;
	const char *got;
	int rc, r = -ENOTSUP;

	rc = sqlite3_prepare_v2(db, s->get, -1, &st, NULL);
	if (rc != SQLITE_OK)
		return store_db_err(db, rc);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		got = (const char *)sqlite3_column_text(st, 0);
		if (got == NULL)
			r = store_db_fault(db, r);
		else if (strcmp(got, s->want) == 0)
			r = 0;
	} else
		r = store_db_err(db, rc);
	sqlite3_finalize(st);
	return r;
}

static int
apply(sqlite3 *db, const struct setting *s, const char *path,
    struct dw_buf *why)
{
	int r;

	if ((r = store_db_exec(db, s->set)) == 0)
		r = read_back(db, s);
	if (r == -ENOTSUP)
		dw_buf_addf(why,
		    _("SQLite does not do `%s` for %s. "
		      "Choose another folder with --state."),
		    s->set, path);
	return r;
}

static int
apply_all(sqlite3 *db, const char *path, struct dw_buf *why)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof settings / sizeof settings[0];
	    i++)
		r = apply(db, &settings[i], path, why);
	return r;
}

static int
connect_to(const char *path, int flags, sqlite3 **out)
{
	sqlite3 *db = NULL;
	int rc, r;

	dw_may_block("sqlite3_open_v2");
	rc = sqlite3_open_v2(path, &db,
	    flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
		SQLITE_OPEN_EXRESCODE,
	    NULL);
	if (rc == SQLITE_OK) {
		sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		/* Closing never writes: what is damaged stays as it is. */
		sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
		    NULL);
		*out = db;
		return 0;
	}
	r = store_db_err(db, rc);
	sqlite3_close(db);
	return r;
}

static int
say(struct dw_buf *why, const char *path, int r)
{
	if (why->len == 0 && r == -EBADMSG)
		return store_damaged(why, path, 0,
		    _("it is not a journal of deskwire"));
	if (why->len == 0)
		dw_buf_addf(why,
		    _("Cannot open the journal %s: %s. It must "
		      "be a file of your own on a local disk that can be "
		      "written."),
		    path, strerror(-r));
	return r;
}

int
store_db_open(const char *path, int busy_ms, sqlite3 **out, struct dw_buf *why)
{
	sqlite3 *db;
	int r;

	if ((r = connect_to(path, SQLITE_OPEN_READWRITE, &db)) < 0)
		return say(why, path, r);
	sqlite3_busy_timeout(db, busy_ms);
	if ((r = apply_all(db, path, why)) < 0) {
		sqlite3_close(db);
		return say(why, path, r);
	}
	*out = db;
	return 0;
}

int
store_db_wal(sqlite3 *db, const char *path, struct dw_buf *why)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof kept / sizeof kept[0]; i++)
		r = apply(db, &kept[i], path, why);
	sqlite3_busy_timeout(db, 0);
	return r < 0 ? say(why, path, r) : 0;
}

char *
store_db_find(const char *dir)
{
	struct dw_buf path = DW_BUF_INITIALIZER;
	char *real = realpath(dir, NULL);

	if (real == NULL)
		return NULL;
	dw_buf_addf(&path, "%s/" STORE_DB, real);
	free(real);
	return dw_buf_take(&path);
}

int
store_db_open_reader(const char *path, sqlite3 **out, struct dw_buf *why)
{
	sqlite3 *db;
	int r;

	if ((r = connect_to(path, SQLITE_OPEN_READONLY, &db)) < 0)
		return say(why, path, r);
	sqlite3_busy_timeout(db, BUSY_MS_READER);
	r = store_db_exec(db, "PRAGMA trusted_schema=OFF");
	if (r < 0 || (r = store_db_known(db, path, why)) <= 0) {
		sqlite3_close(db);
		return say(why, path, r < 0 ? r : -ENOENT);
	}
	*out = db;
	return 0;
}

static int
say_newer(struct dw_buf *why, const char *path, int64_t version)
{
	dw_buf_addf(why,
	    _("The journal %s was written by a newer deskwire "
	      "(format %lld; this one knows %d). Use that one, or another "
	      "folder with --state."),
	    path, (long long)version, STORE_VERSION);
	return -ENOTSUP;
}

/* Format 1 was never released. */
static int
say_older(struct dw_buf *why, const char *path)
{
	dw_buf_reset(why);
	dw_buf_addf(why,
	    _("The journal %s is of format 1, from before the first release, "
	      "and this deskwire reads format 2. To set it aside and begin a "
	      "new one, start the desk with --begin-new."),
	    path);
	return -EBADMSG;
}

int
store_db_known(sqlite3 *db, const char *path, struct dw_buf *why)
{
	int64_t id, version, tables;
	int r;

	if ((r = store_db_int(db, "PRAGMA application_id", &id)) < 0 ||
	    (r = store_db_int(db, "PRAGMA user_version", &version)) < 0 ||
	    (r = store_db_int(db, "SELECT count(*) FROM sqlite_schema",
		 &tables)) < 0)
		return say(why, path, r);
	if (id == 0 && version == 0 && tables == 0)
		return 0;
	if (id != STORE_APPLICATION || version < 1)
		return say(why, path, -EBADMSG);
	if (version > STORE_VERSION)
		return say_newer(why, path, version);
	if (version < STORE_VERSION)
		return say_older(why, path);
	return 1;
}

static int
insert_start(sqlite3 *db, const char *id, const struct store_end *start)
{
	sqlite3_stmt *st;
	int rc;

	rc = sqlite3_prepare_v2(db, "INSERT INTO start VALUES(?,?,?,?)", -1,
	    &st, NULL);
	if (rc != SQLITE_OK)
		return store_db_err(db, rc);
	sqlite3_bind_int64(st, 1, (int64_t)start->seq);
	sqlite3_bind_int64(st, 2, (int64_t)start->sid);
	sqlite3_bind_text(st, 3, id, -1, SQLITE_STATIC);
	sqlite3_bind_blob(st, 4, start->hash, STORE_HASH, SQLITE_STATIC);
	rc = sqlite3_step(st);
	sqlite3_finalize(st);
	return store_db_err(db, rc);
}

int
store_db_begin(sqlite3 *db, const char *id, const struct store_end *start)
{
	int r;

	if ((r = store_db_exec(db, "BEGIN IMMEDIATE")) < 0)
		return r;
	if ((r = store_db_exec(db, schema)) == 0 &&
	    (r = insert_start(db, id, start)) == 0 &&
	    (r = store_db_exec(db, "COMMIT")) == 0)
		return 0;
	if (!sqlite3_get_autocommit(db))
		store_db_exec(db, "ROLLBACK");
	return r;
}
