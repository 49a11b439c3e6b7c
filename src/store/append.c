/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Events are appended: all of a transaction or none, whatever goes wrong.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/lock.h"
#include "store/internal.h"

#define CHECKPOINT_PAGES (4 * 1024)  /* 4 MiB: somebody should */
#define RESTART_PAGES    (64 * 1024) /* 64 MiB: it is done here, */
#define AT_ONCE_PAGES    (8 * 1024)  /* if no more than this is left */
#define TRIES            3           /* then somebody holds it back */

/* What goes beside an event of some kinds, in its transaction; of erasures the
 * parameter is their seq, and else the session. */
static const struct beside {
	enum ev_kind kind;
	const char *sql;
} besides[] = {
	{ EV_ARRIVED, "INSERT INTO open VALUES(?)" },
	{ EV_CLOSED, "DELETE FROM open WHERE sid = ?" },
	/* It may be off the desk's list and not have ended. */
	{ EV_REOPENED, "INSERT OR IGNORE INTO open VALUES(?)" },
	{ EV_ERASED, "INSERT INTO erasing VALUES(?)" },
};
_Static_assert(sizeof besides / sizeof besides[0] == STORE_BESIDES,
    "each has its statement");

void
store_disconnect(struct store *s)
{
	sqlite3_finalize(s->insert);
	s->insert = NULL;
	for (size_t i = 0; i < STORE_BESIDES; i++) {
		sqlite3_finalize(s->beside[i]);
		s->beside[i] = NULL;
	}
	sqlite3_close(s->db);
	s->db = NULL;
}

/* In place of sqlite3_wal_autocheckpoint(): others do that, see
 * store_wants_checkpoint(). */
static int
after_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct store *s = arg;

	(void)db;
	(void)name;
	assert(s->magic == STORE_MAGIC);
	s->wal_pages = pages;
	return SQLITE_OK;
}

/*
 * Between two transactions, when nobody writes: what a checkpoint beside a
 * steady writer never does happens here, all of the -wal is brought in, so that
 * the next transaction begins at its start again, unless somebody reads in it.
 * Not what is more than a moment's work: the reader has that first.
 */
static void
bound_wal(struct store *s)
{
	if (s->wal_pages < s->tried_pages)
		s->tries = s->tried_pages = 0;
	if (s->wal_pages < RESTART_PAGES ||
	    s->wal_pages - s->tried_pages < CHECKPOINT_PAGES)
		return;
	s->tried_pages = s->wal_pages;
	s->tries++;
	if (s->left_pages <= AT_ONCE_PAGES)
		sqlite3_wal_checkpoint_v2(s->db, NULL,
		    SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

int
store_connect(struct store *s, int busy_ms, struct dw_buf *why)
{
	int known, r;

	if ((r = store_db_open(s->place.db, busy_ms, &s->db, why)) < 0)
		return r;
	if ((known = store_db_known(s->db, s->place.db, why)) < 0)
		return known;
	sqlite3_wal_hook(s->db, after_commit, s);
	r = store_db_wal(s->db, s->place.db, why);
	return r < 0 ? r : known;
}

int
store_prepare(struct store *s)
{
	int rc;

	rc = sqlite3_prepare_v3(s->db,
	    "INSERT INTO event(" STORE_SEAL_COLUMNS
	    ", hash) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	    -1, SQLITE_PREPARE_PERSISTENT, &s->insert, NULL);
	for (size_t i = 0; i < STORE_BESIDES && rc == SQLITE_OK; i++)
		rc = sqlite3_prepare_v3(s->db, besides[i].sql, -1,
		    SQLITE_PREPARE_PERSISTENT, &s->beside[i], NULL);
	return store_db_err(s->db, rc);
}

/* ---- appending ---- */

static int
bind_text(sqlite3_stmt *st, int at, const char *text)
{
	return sqlite3_bind_text(st, at, text, -1, SQLITE_STATIC);
}

/* NULL when there is none. */
static int
bind_bytes(sqlite3_stmt *st, int at, const unsigned char *bytes, int size,
    bool has)
{
	return has ? sqlite3_bind_blob(st, at, bytes, size, SQLITE_STATIC) :
		     sqlite3_bind_null(st, at);
}

/* In the order of STORE_SEAL_COLUMNS.  A bind fails for lack of memory or for
 * size, and would leave a NULL, which means something else here. */
static int
bind_event(sqlite3_stmt *st, const struct ev_event *ev,
    const struct store_seal *seal, const struct store_end *to)
{
	const int results[] = {
		sqlite3_bind_int64(st, 1, (int64_t)ev->seq),
		sqlite3_bind_int64(st, 2, ev->t_ms),
		sqlite3_bind_int64(st, 3, (int64_t)ev->sid),
		bind_text(st, 4, ev_word(&ev_kinds, ev->kind)),
		sqlite3_bind_int64(st, 5, (int64_t)ev->n),
		sqlite3_bind_int64(st, 6, (int64_t)ev->flags),
		bind_text(st, 7, ev->who),
		bind_text(st, 8, ev_word(&ev_modes, ev->mode)),
		bind_text(st, 9, ev->addr),
		bind_text(st, 10, ev->why),
		sqlite3_bind_blob64(st, 11, ev->len != 0 ? ev->body : "",
		    ev->len, SQLITE_STATIC),
		bind_bytes(st, 12, ev->key.bytes, EV_KEY_SIZE,
		    ev_key_is_set(&ev->key)),
		bind_bytes(st, 13, seal->salt, STORE_SALT, seal->has),
		bind_bytes(st, 14, seal->commitment, STORE_HASH, seal->has),
		bind_bytes(st, 15, to->hash, STORE_HASH, true),
	};

	for (size_t i = 0; i < sizeof results / sizeof results[0]; i++)
		if (results[i] != SQLITE_OK)
			return results[i];
	return SQLITE_OK;
}

static int
step_once(struct store *s, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return store_db_err(s->db, rc);
}

static int
insert_beside(struct store *s, const struct ev_event *ev)
{
	uint64_t what = ev->kind == EV_ERASED ? ev->seq : ev->sid;
	int r = 0;

	for (size_t i = 0; i < STORE_BESIDES && r == 0; i++) {
		if (besides[i].kind != ev->kind)
			continue;
		sqlite3_bind_int64(s->beside[i], 1, (int64_t)what);
		r = step_once(s, s->beside[i]);
	}
	return r;
}

static int
insert(struct store *s, const struct ev_event *ev, struct store_end *to)
{
	struct store_seal seal;
	int rc, r;

	assert((ev->flags & EV_FLAG_ERASED) == 0);
	if ((r = store_chain_seal(&s->chain, ev, &seal)) < 0 ||
	    (r = store_chain_add(&s->chain, to, ev, &seal)) < 0)
		return r;
	if ((rc = bind_event(s->insert, ev, &seal, to)) != SQLITE_OK) {
		sqlite3_clear_bindings(s->insert);
		return store_db_err(s->db, rc);
	}
	r = step_once(s, s->insert);
	return r < 0 ? r : insert_beside(s, ev);
}

static int
insert_all(struct store *s, const struct ev_event *evs, size_t n,
    struct store_end *to)
{
	int r;

	for (size_t i = 0; i < n; i++)
		if ((r = insert(s, &evs[i], to)) < 0)
			return r;
	return 0;
}

/* All but the COMMIT. */
static int
begin_with(struct store *s, const struct ev_event *evs, size_t n,
    struct store_end *to)
{
	int r;

	/* Whatever went wrong before, no transaction was left open. */
	assert(sqlite3_get_autocommit(s->db));
	if ((r = store_db_exec(s->db, "BEGIN IMMEDIATE")) < 0)
		return r;
	r = insert_all(s, evs, n, to);
	if (r < 0 && !sqlite3_get_autocommit(s->db))
		store_db_exec(s->db, "ROLLBACK");
	return r;
}

/* ---- after a failure ---- */

/* Is the last acknowledged event what the file has under its number? */
static int
check_end(struct store *s)
{
	static const char sql[] =
	    "SELECT hash FROM event WHERE seq = ?1 UNION ALL "
	    "SELECT hash FROM start WHERE seq = ?1 LIMIT 1";
	sqlite3_stmt *st;
	const void *hash;
	int rc, r = -EBADMSG;

	rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
	if (rc != SQLITE_OK)
		return store_db_err(s->db, rc);
	sqlite3_bind_int64(st, 1, (int64_t)s->end.seq);
	rc = sqlite3_step(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		r = store_db_err(s->db, rc);
	else if (rc == SQLITE_ROW &&
	    (hash = sqlite3_column_blob(st, 0)) != NULL &&
	    sqlite3_column_bytes(st, 0) == STORE_HASH &&
	    memcmp(hash, s->end.hash, STORE_HASH) == 0)
		r = 0;
	sqlite3_finalize(st);
	return r;
}

int
store_drop_later(struct store *s)
{
	static const char sql[] =
	    "BEGIN IMMEDIATE;"
	    "DELETE FROM open WHERE sid IN (SELECT sid FROM event "
	    "WHERE seq > %lld AND ev IN ('arrived', 'reopened'));"
	    "INSERT OR IGNORE INTO open SELECT sid FROM event l "
	    "WHERE seq > %lld AND ev IN ('closed', 'reopened') AND "
	    "(SELECT ev FROM event e INDEXED BY event_other "
	    "WHERE e.sid = l.sid AND e.ev IN ('arrived', 'closed', 'reopened') "
	    "AND e.ev NOT IN ('said', 'reply') AND e.seq <= %lld "
	    "ORDER BY e.seq DESC LIMIT 1) <> 'closed';"
	    "DELETE FROM erasing WHERE seq > %lld;"
	    "DELETE FROM event WHERE seq > %lld;"
	    "COMMIT";
	const long long end = (long long)s->end.seq;
	char all[sizeof sql + 5 * 20];
	int64_t last;
	int r;

	r = store_db_int(s->db,
	    "SELECT seq FROM event ORDER BY seq DESC "
	    "LIMIT 1",
	    &last);
	if (r == -ENODATA || (r == 0 && (uint64_t)last <= s->end.seq))
		return 0;
	if (r < 0)
		return r;
	sqlite3_snprintf(sizeof all, all, sql, end, end, end, end, end);
	r = store_db_exec(s->db, all);
	if (r < 0 && !sqlite3_get_autocommit(s->db))
		store_db_exec(s->db, "ROLLBACK");
	return r;
}

/*
 * While another connection is open nobody reads the -wal again, so that what a
 * failed COMMIT has left in it was not seen above; but it is whole there, and
 * whoever comes after us would take it for stored.  A page that is committed now
 * goes into its place.
 */
static int
write_over(struct store *s)
{
	return store_db_exec(s->db, "PRAGMA user_version=2");
}

int
store_recover(struct store *s)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	int r;

	if ((r = store_there_check(s)) < 0)
		return r;
	store_disconnect(s);
	if ((r = store_connect(s, 0, &why)) < 0 || (r = check_end(s)) < 0 ||
	    (r = store_drop_later(s)) < 0 || (r = write_over(s)) < 0 ||
	    (r = store_prepare(s)) < 0)
		store_disconnect(s);
	dw_buf_fini(&why);
	return r;
}

bool
store_is_clean(sqlite3 *db, int err)
{
	return sqlite3_get_autocommit(db) &&
	    (err == -ENOSPC || err == -ENOMEM || err == -EBUSY ||
		err == -EFBIG || err == -EEXIST);
}

/* However a COMMIT failed, the file may hold all of it: only a connection that
 * reads the file again sees that, and drops it. */
static int
transact(struct store *s, const struct ev_event *evs, size_t n,
    struct store_end *to)
{
	int r;

	if ((r = begin_with(s, evs, n, to)) < 0) {
		if (!store_is_clean(s->db, r))
			store_recover(s);
		return r;
	}
	if ((r = store_db_exec(s->db, "COMMIT")) < 0)
		store_recover(s);
	return r;
}

static bool
in_order(const struct store *s, const struct ev_event *evs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (evs[i].seq != s->end.seq + 1 + i)
			return false;
	return true;
}

int
store_append(struct store *s, const struct ev_event *evs, size_t n)
{
	struct store_end to = s->end;
	int r;

	assert(s->magic == STORE_MAGIC);
	dw_may_block("COMMIT");
	if (!in_order(s, evs, n) || !store_can_erase(evs, n))
		return -EINVAL;
	if ((r = store_look(s)) < 0 ||
	    (s->db == NULL && (r = store_recover(s)) < 0))
		return r;
	if (n == 0)
		return 0;
	bound_wal(s);
	if ((r = transact(s, evs, n, &to)) < 0 ||
	    (r = store_there_check(s)) < 0)
		return r;
	assert(to.seq == s->end.seq + n && to.sid >= s->end.sid);
	s->end = to;
	store_head_write(&s->place, &s->end, s->checked);
	for (size_t i = 0; i < n; i++)
		s->erasing |= evs[i].kind == EV_ERASED;
	store_erase_more(s);
	return 0;
}

bool
store_is_held_back(const struct store *s)
{
	return s->tries > TRIES && s->wal_pages >= s->tried_pages;
}

void
store_checkpointed(struct store *s, int left)
{
	s->left_pages = left;
}

bool
store_wants_checkpoint(struct store *s)
{
	if (s->wal_pages < s->asked_pages)
		s->asked_pages = 0;
	if (s->wal_pages - s->asked_pages < CHECKPOINT_PAGES)
		return false;
	s->asked_pages = s->wal_pages;
	return true;
}
