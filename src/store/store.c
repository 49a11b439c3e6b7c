/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The journal is opened, appended to, and closed here.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "base/lock.h"
#include "base/random.h"
#include "base/text.h"
#include "store/internal.h"

#define CHECKPOINT_PAGES 1000
#define HELD_BACK_PAGES  4096 /* 16 MiB */
#define STORE_MAGIC      0x5709e001u

/*
 * `end` is the last event that was acknowledged, whatever the file says: after
 * a failed COMMIT the file may hold more, and what is above `end` goes before
 * anything is added.
 */
struct store {
	unsigned magic;
	struct store_place place;
	struct store_chain chain;
	char id[STORE_ID + 1];
	struct store_end end;
	sqlite3 *db; /* NULL: open it again first */
	sqlite3_stmt *insert;
	int wal_pages; /* after the last COMMIT */
	bool held_back;
};

static void
disconnect(struct store *s)
{
	sqlite3_finalize(s->insert);
	s->insert = NULL;
	sqlite3_close(s->db);
	s->db = NULL;
}

/* As sqlite3_wal_autocheckpoint() does it, and `held_back` besides: one large
 * transaction makes a large -wal, but the next begins at its start again,
 * unless somebody reads in it. */
static int
after_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct store *s = arg;

	assert(s->magic == STORE_MAGIC);
	s->held_back =
	    pages > HELD_BACK_PAGES && s->wal_pages > HELD_BACK_PAGES;
	s->wal_pages = pages;
	if (pages >= CHECKPOINT_PAGES)
		sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE,
		    NULL, NULL);
	return SQLITE_OK;
}

/* Connects; no statement is prepared before the tables are known, and nothing
 * is changed in what is not ours.  1; 0 when it is empty; -errno. */
static int
connect_db(struct store *s, struct dw_buf *why)
{
	int known, r;

	if ((r = store_db_open(s->place.db, &s->db, why)) < 0)
		return r;
	if ((known = store_db_known(s->db, s->place.db, why)) < 0)
		return known;
	sqlite3_wal_hook(s->db, after_commit, s);
	r = store_db_wal(s->db, s->place.db, why);
	return r < 0 ? r : known;
}

static int
prepare(struct store *s)
{
	int rc;

	rc = sqlite3_prepare_v3(s->db,
	    "INSERT INTO event(" STORE_COLUMNS
	    ", hash) VALUES(?,?,?,?,?,?,?,?,?,?,?,?)",
	    -1, SQLITE_PREPARE_PERSISTENT, &s->insert, NULL);
	return store_db_err(s->db, rc);
}

/* ---- appending ---- */

static void
bind_text(sqlite3_stmt *st, int at, const char *text)
{
	sqlite3_bind_text(st, at, text, -1, SQLITE_STATIC);
}

/* A bind fails only for lack of memory or for size, and then leaves a NULL
 * that the table refuses. */
static int
insert(struct store *s, const struct ev_event *ev, const struct store_end *to)
{
	sqlite3_stmt *st = s->insert;
	int rc;

	sqlite3_bind_int64(st, 1, (int64_t)ev->seq);
	sqlite3_bind_int64(st, 2, ev->t_ms);
	sqlite3_bind_int64(st, 3, (int64_t)ev->sid);
	bind_text(st, 4, ev_word(&ev_kinds, ev->kind));
	sqlite3_bind_int64(st, 5, (int64_t)ev->n);
	sqlite3_bind_int64(st, 6, (int64_t)ev->flags);
	bind_text(st, 7, ev->who);
	bind_text(st, 8, ev_word(&ev_modes, ev->mode));
	bind_text(st, 9, ev->addr);
	bind_text(st, 10, ev->why);
	sqlite3_bind_blob64(st, 11, ev->len != 0 ? ev->body : "", ev->len,
	    SQLITE_STATIC);
	sqlite3_bind_blob(st, 12, to->hash, STORE_HASH, SQLITE_STATIC);
	rc = sqlite3_step(st);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return store_db_err(s->db, rc);
}

static int
insert_all(struct store *s, const struct ev_event *evs, size_t n,
    struct store_end *to)
{
	int r;

	for (size_t i = 0; i < n; i++)
		if ((r = store_chain_add(&s->chain, to, &evs[i])) < 0 ||
		    (r = insert(s, &evs[i], to)) < 0)
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

/* What a failed COMMIT has left, and nobody was told is stored. */
static int
drop_unacknowledged(struct store *s)
{
	int64_t last;
	char sql[64];
	int r;

	r = store_db_int(s->db,
	    "SELECT seq FROM event ORDER BY seq DESC "
	    "LIMIT 1",
	    &last);
	if (r == -ENODATA || (r == 0 && (uint64_t)last <= s->end.seq))
		return 0;
	if (r < 0)
		return r;
	sqlite3_snprintf(sizeof sql, sql, "DELETE FROM event WHERE seq > %lld",
	    (long long)s->end.seq);
	return store_db_exec(s->db, sql);
}

static int
recover(struct store *s)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	int r;

	disconnect(s);
	if ((r = connect_db(s, &why)) < 0 || (r = check_end(s)) < 0 ||
	    (r = drop_unacknowledged(s)) < 0 || (r = prepare(s)) < 0)
		disconnect(s);
	dw_buf_fini(&why);
	return r;
}

/* After these, while nothing was committed, the connection is as good as
 * before. */
static bool
is_clean(sqlite3 *db, int err)
{
	return sqlite3_get_autocommit(db) &&
	    (err == -ENOSPC || err == -ENOMEM || err == -EBUSY ||
		err == -EFBIG);
}

/* However a COMMIT failed, the file may hold all of it: only a connection that
 * reads the file again sees that, and drops it. */
static int
transact(struct store *s, const struct ev_event *evs, size_t n,
    struct store_end *to)
{
	int r;

	if ((r = begin_with(s, evs, n, to)) < 0) {
		if (!is_clean(s->db, r))
			recover(s);
		return r;
	}
	if ((r = store_db_exec(s->db, "COMMIT")) < 0)
		recover(s);
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
	if (!in_order(s, evs, n))
		return -EINVAL;
	if (s->db == NULL && (r = recover(s)) < 0)
		return r;
	if (n == 0)
		return 0;
	if ((r = transact(s, evs, n, &to)) < 0)
		return r;
	assert(to.seq == s->end.seq + n && to.sid >= s->end.sid);
	s->end = to;
	store_head_write(&s->place, &s->end);
	return 0;
}

/* ---- opening ---- */

static int
draw_id(char id[STORE_ID + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[STORE_ID / 2];
	int r = dw_random(bytes, sizeof bytes);

	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof bytes; i++) {
		id[2 * i] = digits[bytes[i] >> 4];
		id[2 * i + 1] = digits[bytes[i] & 15];
	}
	id[STORE_ID] = '\0';
	return 0;
}

/* The id, and the hash that follows from it and the numbers in s->end. */
static int
draw_start(struct store *s)
{
	int r = draw_id(s->id);

	return r < 0 ? r : store_chain_start(&s->chain, s->id, &s->end);
}

/* There is no event; does the head know of any? */
static int
check_none(struct store *s, const struct store_end *head, bool known,
    struct dw_buf *why)
{
	if (!known && !store_head_is_empty(&s->place))
		return store_damaged(why, s->place.db, 0,
		    _("it is missing, but its head is there"));
	if (head->seq != 0 || head->sid != 0)
		return store_damaged(why, s->place.db, 0,
		    _("it is missing, but events were stored in it"));
	return 0;
}

/* The head is on disk before the journal has anything, so that there never is
 * a journal without one. */
static int
begin_empty(struct store *s, struct dw_buf *why)
{
	int r;

	if ((r = draw_start(s)) < 0 ||
	    (r = store_head_make(&s->place, why)) < 0)
		return r;
	store_head_write(&s->place, &s->end);
	if ((r = store_place_sync(&s->place)) < 0)
		return r;
	return store_db_begin(s->db, s->id, &s->end);
}

static int
say_no_head(const struct store *s, struct dw_buf *why)
{
	store_damaged(why, s->place.db, 0,
	    store_head_is_empty(&s->place) ?
		_("the file head beside it is missing, so that nobody knows "
		  "whether its end is missing too") :
		_("the file head beside it has changed, so that nobody knows "
		  "whether its end is missing"));
	store_offer_end(why, &s->end);
	return -EBADMSG;
}

/* Once more without the head: is all of it sound, and its end the one that
 * was named? */
static int
accept_end(struct store *s, const struct store_config *cfg, struct dw_buf *why)
{
	static const struct store_end none = { 0 };
	int r = store_verify(s->db, &s->place, &s->chain, &none, s->id, &s->end,
	    why);

	if (r < 0)
		return r;
	dw_buf_reset(why);
	if (s->end.seq == cfg->accepted_end)
		return 0;
	dw_buf_addf(why,
	    _("The journal %s ends at event %llu, and not at %llu as "
	      "--accept-end says. Nothing was changed."),
	    s->place.db, (unsigned long long)s->end.seq,
	    (unsigned long long)cfg->accepted_end);
	return -EINVAL;
}

static int
open_there(struct store *s, const struct store_config *cfg,
    const struct store_end *head, bool known, struct dw_buf *why)
{
	int r = store_verify(s->db, &s->place, &s->chain, head, s->id, &s->end,
	    why);

	if (r == 0 && !known)
		r = say_no_head(s, why);
	if (r == -EBADMSG && cfg->accepts_end)
		r = accept_end(s, cfg, why);
	return r;
}

static int
open_sound(struct store *s, const struct store_config *cfg,
    const struct store_end *head, bool known, struct dw_buf *why)
{
	int there = store_place_look(&s->place, why), r;

	if (there < 0)
		return there;
	if (there == 0 && (r = check_none(s, head, known, why)) < 0)
		return r;
	if ((r = store_place_make_db(&s->place, why)) < 0 ||
	    (r = connect_db(s, why)) < 0)
		return r;
	if (r > 0)
		return open_there(s, cfg, head, known, why);
	if ((r = check_none(s, head, known, why)) < 0 ||
	    (r = begin_empty(s, why)) < 0)
		return r;
	return open_there(s, cfg, head, true, why);
}

/* The numbers that a new journal goes on from. */
static void
find_high(struct store *s, const struct store_end *head)
{
	if (s->db != NULL)
		store_verify_high(s->db, &s->end);
	if (head->seq > s->end.seq)
		s->end.seq = head->seq;
	if (head->sid > s->end.sid)
		s->end.sid = head->sid;
	if (s->end.seq == 0 && s->end.sid == 0)
		s->end.seq = s->end.sid = (uint64_t)time(NULL);
}

/* While there is no journal only `head` keeps the numbers. */
static int
keep_high(struct store *s, const struct store_end *head)
{
	if (head->seq >= s->end.seq && head->sid >= s->end.sid)
		return 0;
	store_head_write(&s->place, &s->end);
	return store_place_sync(&s->place);
}

/*
 * In this order a crash in between is found as damage at the next start, and
 * the numbers are in `head` until they are in the new journal.
 */
static int
begin_new(struct store *s, const struct store_end *head, struct dw_buf *why)
{
	struct dw_buf aside = DW_BUF_INITIALIZER;
	int r;

	dw_buf_reset(why);
	find_high(s, head);
	disconnect(s);
	if ((r = draw_start(s)) < 0 ||
	    (r = store_head_make(&s->place, why)) < 0 ||
	    (r = keep_high(s, head)) < 0 ||
	    (r = store_place_set_aside(&s->place, &aside, why)) < 0 ||
	    (r = store_place_make_db(&s->place, why)) < 0 ||
	    (r = connect_db(s, why)) < 0 ||
	    (r = store_db_begin(s->db, s->id, &s->end)) < 0 ||
	    (r = store_place_head_aside(&s->place, dw_buf_str(&aside), why)) <
		0)
		goto out;
	dw_buf_addf(why,
	    _("The damaged journal is now in %s/%s; a new one "
	      "was begun."),
	    s->place.dir, dw_buf_str(&aside));
out:
	dw_buf_fini(&aside);
	return r;
}

static int
open_journal(struct store *s, const struct store_config *cfg,
    struct dw_buf *why)
{
	struct store_end head;
	bool known;
	int r;

	if ((r = store_chain_init(&s->chain)) < 0 ||
	    (r = store_place_open(&s->place, cfg->dir, why)) < 0)
		return r;
	known = store_head_read(&s->place, &head);
	r = open_sound(s, cfg, &head, known, why);
	if (r == -EBADMSG && cfg->begin_new)
		r = begin_new(s, &head, why);
	if (r < 0)
		return r;
	store_db_add_index(s->db);
	if ((r = prepare(s)) < 0 || (r = store_head_make(&s->place, why)) < 0)
		return r;
	store_head_write(&s->place, &s->end);
	return store_place_sync(&s->place);
}

/* One line, whatever was in a path or in what SQLite said. */
static void
tidy(struct dw_buf *why, const char *dir, int r)
{
	struct dw_buf line = DW_BUF_INITIALIZER;

	if (r < 0 && why->len == 0)
		dw_buf_addf(why, _("Cannot open the journal in %s: %s."), dir,
		    strerror(-r));
	if (dw_text_line(&line, dw_buf_str(why), why->len, 0) == 0) {
		dw_buf_fini(why);
		*why = line;
	} else
		dw_buf_fini(&line);
}

static void
release(struct store *s)
{
	disconnect(s);
	s->magic = 0;
	store_place_close(&s->place);
	store_chain_fini(&s->chain);
	free(s);
}

int
store_open(const struct store_config *cfg, struct store **out,
    struct dw_buf *why)
{
	struct store *s;
	int r = -ENOMEM;

	dw_buf_reset(why);
	if ((s = calloc(1, sizeof *s)) != NULL) {
		s->magic = STORE_MAGIC;
		s->place.dir_fd = s->place.lock_fd = s->place.head_fd = -1;
		if ((r = open_journal(s, cfg, why)) < 0)
			release(s);
		else
			*out = s;
	}
	tidy(why, cfg->dir, r);
	return r;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	assert(s->magic == STORE_MAGIC);
	dw_may_block("sqlite3_close");
	if (s->db == NULL)
		recover(s);
	if (s->db != NULL &&
	    sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE,
		NULL, NULL) == SQLITE_OK)
		/* Nothing is in the -wal: closing may remove it. */
		sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0,
		    NULL);
	if (s->place.head_fd >= 0)
		store_place_sync(&s->place);
	release(s);
}

int
store_find_reply(struct store *s, uint64_t sid, const struct ev_key *key,
    uint64_t *n)
{
	assert(s->magic == STORE_MAGIC);
	(void)sid;
	(void)key;
	(void)n;
	return -ENOENT;
}

bool
store_is_held_back(const struct store *s)
{
	return s->held_back;
}

void
store_last(const struct store *s, uint64_t *seq, uint64_t *sid)
{
	*seq = s->end.seq;
	*sid = s->end.sid;
}

const char *
store_id(const struct store *s)
{
	return s->id;
}

int
store_replay_open(struct store *s, ev_event_fn *fn, void *arg)
{
	static const char sql[] =
	    "SELECT " STORE_COLUMNS " FROM event WHERE sid > 0 AND sid NOT IN "
	    "(SELECT sid FROM event WHERE ev = 'closed') "
	    "OR sid = 0 AND ev = 'udp' AND seq > coalesce((SELECT max(seq) "
	    "FROM event WHERE sid = 0 AND ev = 'on'), 0) ORDER BY seq";
	sqlite3_stmt *st;
	int rc, r;

	dw_may_block("sqlite3_step");
	if (s->db == NULL && (r = recover(s)) < 0)
		return r;
	rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
	if (rc != SQLITE_OK)
		return store_db_err(s->db, rc);
	r = store_walk(st, fn, arg);
	sqlite3_finalize(st);
	return r;
}
