/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The journal is opened and closed here, and asked about its state.
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
	store_head_write(&s->place, &s->end, s->end.seq);
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

static struct store_check
check_of(struct store *s, const struct store_end *head, struct dw_buf *why)
{
	return (struct store_check){ .db = s->db,
		.chain = &s->chain,
		.path = s->place.db,
		.why = why,
		.head = head };
}

static void
take_end(struct store *s, const struct store_check *c)
{
	s->end = c->end;
	memcpy(s->id, c->id, sizeof s->id);
}

/* Once more without the head: is all of it sound, and its end the one that
 * was named? */
static int
accept_end(struct store *s, const struct store_config *cfg, struct dw_buf *why)
{
	struct store_check c = check_of(s, NULL, why);
	int r;

	dw_buf_reset(why);
	r = store_check_for_start(&c, 0);
	take_end(s, &c);
	if (r < 0 || s->end.seq == cfg->accepted_end)
		return r;
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
	struct store_check c = check_of(s, head, why);
	int r = store_check_for_start(&c, s->checked);

	take_end(s, &c);
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
	    (r = store_connect(s, STORE_BUSY_MS, why)) < 0)
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
	/* What was found on the way may be the damage. */
	memset(&s->end, 0, sizeof s->end);
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
	if (head->seq < s->end.seq || head->sid < s->end.sid)
		store_head_write(&s->place, &s->end, 0);
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
	store_disconnect(s);
	if ((r = draw_start(s)) < 0 ||
	    (r = store_head_make(&s->place, why)) < 0 ||
	    (r = keep_high(s, head)) < 0 ||
	    (r = store_place_set_aside(&s->place, &aside, why)) < 0 ||
	    (r = store_place_make_db(&s->place, why)) < 0 ||
	    (r = store_connect(s, STORE_BUSY_MS, why)) < 0 ||
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
	known = store_head_read(&s->place, &head, &s->checked);
	r = open_sound(s, cfg, &head, known, why);
	if (r == -EBADMSG && cfg->begin_new)
		r = begin_new(s, &head, why);
	if (r < 0)
		return r;
	if ((r = store_place_sync_wal(&s->place)) < 0 ||
	    (r = store_prepare(s)) < 0 ||
	    (r = store_head_make(&s->place, why)) < 0)
		return r;
	s->checked = s->end.seq;
	store_head_write(&s->place, &s->end, s->checked);
	if ((r = store_place_sync(&s->place)) < 0)
		return r;
	store_there_note(s);
	s->erasing = true; /* perhaps: what a crash has left */
	store_erase_more(s);
	return 0;
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
	store_disconnect(s);
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
	/* Otherwise closing would remove what is in the -wal's place now. */
	if (store_look(s) == 0 && s->db == NULL)
		store_recover(s);
	if (s->db != NULL && s->gone == NULL &&
	    sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE,
		NULL, NULL) == SQLITE_OK)
		/* Nothing is in the -wal: closing may remove it. */
		sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0,
		    NULL);
	if (s->place.head_fd >= 0)
		store_place_sync(&s->place);
	release(s);
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

uint64_t
store_checked(const struct store *s)
{
	return s->checked;
}

void
store_set_checked(struct store *s, uint64_t seq)
{
	assert(seq <= s->end.seq);
	s->checked = seq;
	store_head_write(&s->place, &s->end, s->checked);
}

static int
prepare_query(struct store *s, const char *sql, sqlite3_stmt **st)
{
	int r;

	dw_may_block("sqlite3_step");
	if ((r = store_look(s)) < 0 ||
	    (s->db == NULL && (r = store_recover(s)) < 0))
		return r;
	return store_db_err(s->db,
	    sqlite3_prepare_v2(s->db, sql, -1, st, NULL));
}

int
store_replay_open(struct store *s, ev_event_fn *fn, void *arg)
{
	sqlite3_stmt *st;
	int r;

	r = prepare_query(s,
	    "SELECT " STORE_COLUMNS
	    " FROM event WHERE seq IN (" STORE_OPEN_EVENTS ") ORDER BY seq",
	    &st);
	if (r < 0)
		return r;
	r = store_walk(st, fn, arg);
	sqlite3_finalize(st);
	return r;
}

int
store_unattended(struct store *s, uint64_t *n)
{
	sqlite3_stmt *st;
	int rc, r;

	r = prepare_query(s,
	    "SELECT count(*) FROM event INDEXED BY event_unattended "
	    "WHERE ev = 'udp' AND flags & 2 <> 0 AND seq > coalesce("
	    "(SELECT max(seq) FROM event WHERE sid = 0 AND ev = 'on' "
	    "AND ev NOT IN ('said', 'reply')), 0)",
	    &st);
	if (r < 0)
		return r;
	if ((rc = sqlite3_step(st)) == SQLITE_ROW)
		*n = (uint64_t)sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? 0 : store_db_err(s->db, rc);
}

int
store_find_reply(struct store *s, uint64_t sid, const struct ev_key *key,
    uint64_t *n)
{
	sqlite3_stmt *st;
	int r;

	if ((r = prepare_query(s, STORE_FIND_REPLY, &st)) < 0)
		return r;
	r = store_find(st, sid, key, n);
	sqlite3_finalize(st);
	return r;
}
