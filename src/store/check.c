/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The chain is computed again, and compared with what is stored: all of it, or
 * from one event on, or of some sessions only.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/lock.h"
#include "store/internal.h"

/* A flipped bit can make a huge number; one above this is not believed, so
 * that the numbers that follow stay usable. */
#define HIGHEST INT64_C(1000000000000000)

int
store_damaged(struct dw_buf *why, const char *path, uint64_t seq,
    const char *what)
{
	dw_buf_reset(why);
	if (seq == 0)
		dw_buf_addf(why, _("The journal %s cannot be used: %s."), path,
		    what);
	else
		dw_buf_addf(why,
		    _("The journal %s is damaged: the first bad "
		      "event is %llu (%s)."),
		    path, (unsigned long long)seq, what);
	dw_buf_addc(why, ' ');
	dw_buf_adds(why,
	    _("Nothing was changed. To set it aside and begin a "
	      "new one, start the desk with --begin-new."));
	return -EBADMSG;
}

void
store_offer_end(struct dw_buf *why, const struct store_end *end)
{
	dw_buf_addc(why, ' ');
	dw_buf_addf(why,
	    _("If event %llu is its last all the same, as in a copy that was "
	      "put back, start it once with --accept-end=%llu."),
	    (unsigned long long)end->seq, (unsigned long long)end->seq);
}

/* What there was no memory to read is no damage. */
static int
bad(struct store_check *c, const char *what)
{
	if (store_db_fault(c->db, 0) < 0)
		return -ENOMEM;
	return store_damaged(c->why, c->path, c->end.seq + 1, what);
}

static bool
same_hash(sqlite3_stmt *st, int col, const unsigned char *hash)
{
	const void *blob = sqlite3_column_blob(st, col);

	return blob != NULL && sqlite3_column_bytes(st, col) == STORE_HASH &&
	    memcmp(blob, hash, STORE_HASH) == 0;
}

/* ---- statements ---- */

/* Prepares; a table that is not there is damage as well. */
static int
prepare(struct store_check *c, const char *sql, sqlite3_stmt **st)
{
	int rc = sqlite3_prepare_v2(c->db, sql, -1, st, NULL);

	return rc == SQLITE_ERROR ? -EBADMSG : store_db_err(c->db, rc);
}

/* Prepares, checks, finalizes; turns what SQLite calls corrupt into words. */
static int
check_with(struct store_check *c, const char *sql, uint64_t a, uint64_t b,
    int (*check)(struct store_check *, sqlite3_stmt *))
{
	sqlite3_stmt *st = NULL;
	int r;

	dw_may_block("sqlite3_step");
	if ((r = prepare(c, sql, &st)) == 0) {
		sqlite3_bind_int64(st, 1, (int64_t)a);
		sqlite3_bind_int64(st, 2, (int64_t)b);
		r = check(c, st);
	}
	if (r == -EBADMSG && c->why->len == 0)
		bad(c, sqlite3_errmsg(c->db));
	sqlite3_finalize(st);
	return r;
}

/* ---- what is erased ---- */

/* Is seq among them? */
static bool
names(const char *numbers, uint64_t seq)
{
	uint64_t first, last;

	while (store_next_range(&numbers, &first, &last))
		if (seq >= first && seq <= last)
			return true;
	return false;
}

/* Does a later event say that this one's words are erased, and is that done?
 * Returns 0 or -errno. */
static int
find_erasure(struct store_check *c, const struct ev_event *ev, bool *named,
    bool *done)
{
	static const char sql[] =
	    "SELECT why, seq NOT IN (SELECT seq FROM erasing) FROM event "
	    "INDEXED BY event_erased "
	    "WHERE ev = 'erased' AND sid = ?1 AND seq > ?2";
	sqlite3_stmt *st = NULL;
	const char *why;
	int rc = SQLITE_OK, r;

	*named = *done = false;
	if ((r = prepare(c, sql, &st)) < 0)
		return r;
	sqlite3_bind_int64(st, 1, (int64_t)ev->sid);
	sqlite3_bind_int64(st, 2, (int64_t)ev->seq);
	while (!*done && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		why = (const char *)sqlite3_column_text(st, 0);
		if (ev->sid == 0 && (why == NULL || !names(why, ev->seq)))
			continue;
		*named = true;
		*done = sqlite3_column_int(st, 1) != 0;
	}
	r = store_db_err(c->db, rc);
	sqlite3_finalize(st);
	return r;
}

static int
check_erasure(struct store_check *c, const struct ev_event *ev,
    const struct store_seal *seal)
{
	bool named, done;
	int r;

	if (!seal->has || (!seal->erased && !c->any_erased))
		return 0;
	if ((r = find_erasure(c, ev, &named, &done)) < 0)
		return r;
	if (seal->erased && !named)
		return bad(c,
		    _("its words are missing, and nobody erased them"));
	if (!seal->erased && done)
		return bad(c, _("its words were erased, and are still there"));
	return 0;
}

/* ---- events ---- */

static int
check_head(struct store_check *c)
{
	const struct store_end *at = &c->end;

	if (c->head != NULL && at->seq == c->head->seq && at->seq > c->start &&
	    memcmp(at->hash, c->head->hash, STORE_HASH) != 0)
		return store_damaged(c->why, c->path, at->seq,
		    _("it is not the one that was stored"));
	return 0;
}

/* The event of this row, with what stands beside it, and the end that it makes
 * behind c->end. */
static int
check_event(struct store_check *c, sqlite3_stmt *st, struct store_end *next)
{
	struct store_seal seal;
	struct ev_event ev;
	int r;

	if (!store_row(st, &ev) || !store_seal_row(st, &ev, &seal))
		return bad(c, _("it is not an event"));
	if (ev.seq != c->end.seq + 1)
		return bad(c, _("it is missing"));
	if ((r = store_chain_add(c->chain, next, &ev, &seal)) < 0 ||
	    (r = store_chain_fits(c->chain, &ev, &seal)) < 0)
		return r;
	if (!same_hash(st, STORE_HASH_COLUMN, next->hash))
		return bad(c, _("its hash does not fit"));
	if (r == 0)
		return bad(c, _("its words are not those that were stored"));
	return check_erasure(c, &ev, &seal);
}

static int
check_rows(struct store_check *c, sqlite3_stmt *st)
{
	struct store_end next;
	int rc, r;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		next = c->end;
		if ((r = check_event(c, st, &next)) < 0)
			return r;
		c->end = next;
		if ((r = check_head(c)) < 0)
			return r;
	}
	return store_db_err(c->db, rc);
}

int
store_check_rows(struct store_check *c, uint64_t last)
{
	return check_with(c,
	    "SELECT " STORE_SEAL_COLUMNS ", hash FROM event "
	    "WHERE seq > ?1 AND seq <= ?2 ORDER BY seq",
	    c->end.seq, last < INT64_MAX ? last : INT64_MAX, check_rows);
}

/* One row by itself: the hash before it is the row's last column. */
static int
check_alone(struct store_check *c, sqlite3_stmt *st)
{
	const int before = STORE_HASH_COLUMN + 1;
	const struct store_end at = c->end;
	struct store_end next;
	int r;

	c->end.seq = (uint64_t)sqlite3_column_int64(st, 0) - 1;
	if (c->end.seq != c->start) {
		if (sqlite3_column_bytes(st, before) != STORE_HASH)
			return bad(c, _("the one before it is missing"));
		memcpy(c->end.hash, sqlite3_column_blob(st, before),
		    STORE_HASH);
	} else {
		memcpy(c->end.hash, c->start_hash, STORE_HASH);
	}
	next = c->end;
	if ((r = check_event(c, st, &next)) == 0)
		c->end = at;
	return r;
}

static int
check_each(struct store_check *c, sqlite3_stmt *st)
{
	int rc, r;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		if ((r = check_alone(c, st)) < 0)
			return r;
	return store_db_err(c->db, rc);
}

/* The events of the sessions that a desk is rebuilt from. */
static int
check_open(struct store_check *c, uint64_t upto)
{
	return check_with(c,
	    "SELECT " STORE_SEAL_COLUMNS ", hash, "
	    "(SELECT hash FROM event p WHERE p.seq = e.seq - 1) "
	    "FROM event e WHERE seq <= ?1 AND seq IN (" STORE_OPEN_EVENTS ")",
	    upto, 0, check_each);
}

/* ---- where it begins ---- */

static int
bad_start(struct store_check *c)
{
	memset(&c->end, 0, sizeof c->end);
	return bad(c, _("the row before it has changed"));
}

static bool
take_id(struct store_check *c, sqlite3_stmt *st, int col)
{
	const char *id = (const char *)sqlite3_column_text(st, col);

	if (id == NULL || sqlite3_column_bytes(st, col) != STORE_ID ||
	    strlen(id) != STORE_ID)
		return false;
	memcpy(c->id, id, STORE_ID + 1);
	return true;
}

/* One row, and not a second that no hash covers. */
static int
check_start(struct store_check *c, sqlite3_stmt *st)
{
	int rc, r;

	if ((rc = sqlite3_step(st)) != SQLITE_ROW)
		return rc == SQLITE_DONE ?
		    bad(c, _("the row before it is missing")) :
		    store_db_err(c->db, rc);
	c->end.seq = (uint64_t)sqlite3_column_int64(st, 0);
	c->end.sid = (uint64_t)sqlite3_column_int64(st, 1);
	c->start = c->end.seq;
	if (!take_id(c, st, 2))
		return bad_start(c);
	if ((r = store_chain_start(c->chain, c->id, &c->end)) < 0)
		return r;
	memcpy(c->start_hash, c->end.hash, STORE_HASH);
	if (same_hash(st, 3, c->end.hash)) {
		if ((rc = sqlite3_step(st)) == SQLITE_DONE)
			return 0;
		if (rc != SQLITE_ROW)
			return store_db_err(c->db, rc);
	}
	return bad_start(c);
}

static int
check_before(struct store_check *c, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	if (rc == SQLITE_DONE)
		return 0;
	return rc == SQLITE_ROW ? bad(c, _("another row stands before it")) :
				  store_db_err(c->db, rc);
}

static int
note_erased(struct store_check *c, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	c->any_erased = rc == SQLITE_ROW;
	return store_db_err(c->db, rc);
}

int
store_check_begin(struct store_check *c)
{
	int r;

	memset(&c->end, 0, sizeof c->end);
	if ((r = check_with(c, "SELECT seq, sid, id, hash FROM start", 0, 0,
		 check_start)) < 0 ||
	    (r = check_with(c, "SELECT 1 FROM event WHERE seq <= ?1 LIMIT 1",
		 c->start, 0, check_before)) < 0)
		return r;
	return check_with(c,
	    "SELECT 1 FROM event INDEXED BY event_erased "
	    "WHERE ev = 'erased' LIMIT 1",
	    0, 0, note_erased);
}

static int
take_hash(struct store_check *c, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	if (rc != SQLITE_ROW)
		return rc == SQLITE_DONE ? bad(c, _("it is missing")) :
					   store_db_err(c->db, rc);
	if (sqlite3_column_bytes(st, 0) != STORE_HASH)
		return bad(c, _("it is not an event"));
	memcpy(c->end.hash, sqlite3_column_blob(st, 0), STORE_HASH);
	c->end.seq++;
	return check_head(c);
}

int
store_check_go_to(struct store_check *c, uint64_t seq)
{
	int r;

	if (seq <= c->start)
		return 0;
	c->end.seq = seq - 1;
	r = check_with(c, "SELECT hash FROM event WHERE seq = ?1", seq, 0,
	    take_hash);
	return r < 0 ? r : store_check_high(c->db, &c->end);
}

/* ---- what no hash covers ---- */

/* SQLite's own look at its pages and indexes. */
static int
check_structure(struct store_check *c, sqlite3_stmt *st)
{
	const char *said;
	int rc;

	if ((rc = sqlite3_step(st)) != SQLITE_ROW)
		return store_db_err(c->db, rc);
	said = (const char *)sqlite3_column_text(st, 0);
	if (said == NULL || strcmp(said, "ok") == 0)
		return said != NULL ? 0 : -ENOMEM;
	return store_damaged(c->why, c->path, 0, said);
}

static int
check_nothing(struct store_check *c, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	if (rc == SQLITE_DONE)
		return 0;
	if (rc != SQLITE_ROW)
		return store_db_err(c->db, rc);
	return store_damaged(c->why, c->path, 0,
	    _("its list of open sessions does not fit its events"));
}

/* Those that have not ended, or were opened again behind their last end. */
#define STILL_OPEN                                                        \
	"SELECT sid FROM event WHERE ev = 'arrived' "                     \
	"AND ev NOT IN ('said', 'reply') EXCEPT SELECT sid FROM event c " \
	"WHERE ev = 'closed' AND ev NOT IN ('said', 'reply') "            \
	"AND NOT EXISTS (SELECT 1 FROM event r INDEXED BY event_other "   \
	"WHERE r.sid = c.sid AND r.ev = 'reopened' "                      \
	"AND r.ev NOT IN ('said', 'reply') AND r.seq > c.seq)"

int
store_check_rest(struct store_check *c)
{
	int r;

	if ((r = check_with(c,
		 "SELECT * FROM (" STILL_OPEN " EXCEPT SELECT sid FROM open) "
		 "LIMIT 1",
		 0, 0, check_nothing)) < 0 ||
	    (r = check_with(c,
		 "SELECT * FROM (SELECT sid FROM open EXCEPT "
		 "SELECT sid FROM (" STILL_OPEN ")) LIMIT 1",
		 0, 0, check_nothing)) < 0)
		return r;
	return check_with(c, "PRAGMA integrity_check(1)", 0, 0,
	    check_structure);
}

int
store_check_tail(struct store_check *c)
{
	int r;

	if (c->head == NULL || c->head->seq < c->end.seq)
		return 0;
	if (c->head->seq == c->end.seq)
		return c->head->sid == c->end.sid ?
		    0 :
		    store_damaged(c->why, c->path, 0,
			_("its highest session number is not the one that "
			  "was stored"));
	r = bad(c, _("it was stored and is not there any more"));
	store_offer_end(c->why, &c->end);
	return r;
}

/* ---- together ---- */

/* A copy that was put back may not have it: then all of it is walked. */
static int
is_there(struct store_check *c, uint64_t *seq)
{
	char sql[64];
	int64_t found;
	int r;

	sqlite3_snprintf(sizeof sql, sql,
	    "SELECT 1 FROM event WHERE seq = %lld", (long long)*seq);
	if ((r = store_db_int(c->db, sql, &found)) != -ENODATA)
		return r;
	*seq = 0;
	return 0;
}

/* Is each session of the table one that has begun and has not ended? */
static int
check_table(struct store_check *c)
{
	return check_with(c,
	    "SELECT 1 FROM open o WHERE NOT EXISTS (SELECT 1 FROM event "
	    "WHERE sid = o.sid AND ev = 'arrived' "
	    "AND ev NOT IN ('said', 'reply')) OR "
	    "(SELECT ev FROM event INDEXED BY event_other "
	    "WHERE sid = o.sid AND ev IN ('closed', 'reopened') "
	    "AND ev NOT IN ('said', 'reply') "
	    "ORDER BY seq DESC LIMIT 1) = 'closed' LIMIT 1",
	    0, 0, check_nothing);
}

int
store_check_for_start(struct store_check *c, uint64_t checked)
{
	int r;

	if ((r = store_check_begin(c)) < 0 || (r = is_there(c, &checked)) < 0 ||
	    (r = store_check_go_to(c, checked)) < 0 ||
	    (r = store_check_rows(c, UINT64_MAX)) < 0 ||
	    (r = store_check_tail(c)) < 0)
		return r;
	if ((r = check_table(c)) < 0)
		return r;
	return check_open(c, checked);
}

/* ---- a damaged one ---- */

static void
raise_to(sqlite3 *db, const char *sql, uint64_t *high)
{
	int64_t v;

	if (store_db_int(db, sql, &v) == 0 && v <= HIGHEST && v > 0 &&
	    (uint64_t)v > *high)
		*high = (uint64_t)v;
}

void
store_verify_high(sqlite3 *db, struct store_end *high)
{
	raise_to(db, "SELECT seq FROM start", &high->seq);
	raise_to(db, "SELECT sid FROM start", &high->sid);
	raise_to(db, "SELECT max(seq) FROM event", &high->seq);
	raise_to(db, "SELECT max(sid) FROM event", &high->sid);
	raise_to(db, "SELECT max(sid) FROM event NOT INDEXED", &high->sid);
}

/* Each session has an event that is neither said nor replied, so the index has
 * the highest number at its end. */
int
store_check_high(sqlite3 *db, struct store_end *end)
{
	int64_t sid = 0;
	int r = store_db_int(db,
	    "SELECT sid FROM event WHERE ev NOT IN ('said', 'reply') "
	    "ORDER BY sid DESC LIMIT 1",
	    &sid);

	if (r < 0 && r != -ENODATA)
		return r;
	if ((uint64_t)sid > end->sid)
		end->sid = (uint64_t)sid;
	return 0;
}
