/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The whole chain is computed again, and compared with what is stored.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/i18n.h"
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

/* What one walk over the chain carries along. */
struct walk {
	const struct store_place *p;
	struct store_chain *chain;
	const struct store_end *head;
	char *id;
	struct store_end *end;
	uint64_t start; /* its seq */
	struct dw_buf *why;
};

static int
bad(struct walk *w, const char *what)
{
	return store_damaged(w->why, w->p->db, w->end->seq + 1, what);
}

static int
check_head(struct walk *w, const struct store_end *at)
{
	if (at->seq == w->head->seq && at->seq > w->start &&
	    memcmp(at->hash, w->head->hash, STORE_HASH) != 0)
		return store_damaged(w->why, w->p->db, at->seq,
		    _("it is not the one that was stored"));
	return 0;
}

static bool
same_hash(sqlite3_stmt *st, int col, const unsigned char *hash)
{
	const void *blob = sqlite3_column_blob(st, col);

	return blob != NULL && sqlite3_column_bytes(st, col) == STORE_HASH &&
	    memcmp(blob, hash, STORE_HASH) == 0;
}

static int
check_row(struct walk *w, sqlite3_stmt *st)
{
	struct store_end next = *w->end;
	struct ev_event ev;
	int r;

	if (!store_row(st, &ev))
		return bad(w, _("it is not an event"));
	if (ev.seq != w->end->seq + 1)
		return bad(w, _("it is missing"));
	if ((r = store_chain_add(w->chain, &next, &ev)) < 0)
		return r;
	if (!same_hash(st, 11, next.hash))
		return bad(w, _("its hash does not fit"));
	if ((r = check_head(w, &next)) < 0)
		return r;
	*w->end = next;
	return 0;
}

static int
bad_start(struct walk *w)
{
	memset(w->end, 0, sizeof *w->end);
	return bad(w, _("the row before it has changed"));
}

static bool
take_id(struct walk *w, sqlite3_stmt *st, int col)
{
	const char *id = (const char *)sqlite3_column_text(st, col);

	if (id == NULL || sqlite3_column_bytes(st, col) != STORE_ID ||
	    strlen(id) != STORE_ID)
		return false;
	memcpy(w->id, id, STORE_ID + 1);
	return true;
}

/* One row, and not a second that no hash covers. */
static int
check_start(struct walk *w, sqlite3_stmt *st)
{
	int rc, r;

	if ((rc = sqlite3_step(st)) != SQLITE_ROW)
		return rc == SQLITE_DONE ?
		    bad(w,
			_("the row before it is "
			  "missing")) :
		    store_db_err(sqlite3_db_handle(st), rc);
	w->end->seq = (uint64_t)sqlite3_column_int64(st, 0);
	w->end->sid = (uint64_t)sqlite3_column_int64(st, 1);
	w->start = w->end->seq;
	if (!take_id(w, st, 2))
		return bad_start(w);
	if ((r = store_chain_start(w->chain, w->id, w->end)) < 0)
		return r;
	if (same_hash(st, 3, w->end->hash)) {
		if ((rc = sqlite3_step(st)) == SQLITE_DONE)
			return 0;
		if (rc != SQLITE_ROW)
			return store_db_err(sqlite3_db_handle(st), rc);
	}
	return bad_start(w);
}

static int
check_rows(struct walk *w, sqlite3_stmt *st)
{
	int rc, r;

	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		if ((r = check_row(w, st)) < 0)
			return r;
	return store_db_err(sqlite3_db_handle(st), rc);
}

/* Prepares, checks, finalizes; turns what SQLite calls corrupt into words. */
static int
check_with(struct walk *w, sqlite3 *db, const char *sql,
    int (*check)(struct walk *, sqlite3_stmt *))
{
	sqlite3_stmt *st = NULL;
	int rc, r;

	rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
	/* A table that is not there is damage as well. */
	r = rc == SQLITE_ERROR ? -EBADMSG : store_db_err(db, rc);
	if (r == 0)
		r = check(w, st);
	if (r == -EBADMSG && w->why->len == 0)
		bad(w, sqlite3_errmsg(db));
	sqlite3_finalize(st);
	return r;
}

/* SQLite's own look at its pages and the index, which no hash covers. */
static int
check_structure(struct walk *w, sqlite3_stmt *st)
{
	const char *said;
	int rc;

	if ((rc = sqlite3_step(st)) != SQLITE_ROW)
		return store_db_err(sqlite3_db_handle(st), rc);
	said = (const char *)sqlite3_column_text(st, 0);
	if (said == NULL || strcmp(said, "ok") == 0)
		return said != NULL ? 0 : -ENOMEM;
	return store_damaged(w->why, w->p->db, 0, said);
}

static int
check_tail(struct walk *w)
{
	int r;

	if (w->head->seq <= w->end->seq)
		return 0;
	r = bad(w, _("it was stored and is not there any more"));
	store_offer_end(w->why, w->end);
	return r;
}

int
store_verify(sqlite3 *db, const struct store_place *p, struct store_chain *c,
    const struct store_end *head, char id[STORE_ID + 1], struct store_end *end,
    struct dw_buf *why)
{
	struct walk w = { p, c, head, id, end, 0, why };
	int r;

	memset(end, 0, sizeof *end);
	if ((r = check_with(&w, db, "SELECT seq, sid, id, hash FROM start",
		 check_start)) < 0 ||
	    (r = check_with(&w, db,
		 "SELECT " STORE_COLUMNS ", hash "
		 "FROM event ORDER BY seq",
		 check_rows)) < 0 ||
	    (r = check_tail(&w)) < 0)
		return r;
	return check_with(&w, db, "PRAGMA integrity_check(1)", check_structure);
}

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
