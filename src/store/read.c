/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Readers have a connection of their own, which can only read.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/i18n.h"
#include "store/internal.h"

#define READER_MAGIC 0x5709e002u
#define PASTS        (EV_PAST_SAME + 1)

struct store_reader {
	unsigned magic;
	sqlite3 *db;
	struct store_chain chain; /* begun when it is first needed */
	sqlite3_stmt *after, *find, *session;
	sqlite3_stmt *past[PASTS], *before[PASTS];
};

static const char after_sql[] =
    "SELECT " STORE_COLUMNS " FROM event WHERE seq > ? ORDER BY seq LIMIT ?";

static const char session_sql[] =
    "SELECT " STORE_COLUMNS " FROM event WHERE seq IN ("
    "SELECT seq FROM event INDEXED BY event_said "
    "WHERE sid = ?1 AND ev = 'said' UNION ALL "
    "SELECT seq FROM event INDEXED BY event_reply "
    "WHERE sid = ?1 AND ev = 'reply' UNION ALL "
    "SELECT seq FROM event INDEXED BY event_other "
    "WHERE sid = ?1 AND ev NOT IN ('said', 'reply')) ORDER BY seq";

/*
 * A page of the past: ?1 is the session, ?2 how many, ?3 the event before which
 * they come.  Each statement uses ?3, so all three can be bound in each.
 *
 * Each of a session's indexes has some of its events, and the rowid is seq, so
 * what counts comes from the newest end of two of them.
 */
#define SAID    "event INDEXED BY event_said", "ev = 'said'", "n"
#define REPLIED "event INDEXED BY event_reply", "ev = 'reply'", "n"
#define OTHER(ev)                       \
	"event INDEXED BY event_other", \
	    "ev = '" ev "' AND ev NOT IN ('said', 'reply')", "seq"

/* The numbers of those that count, one kind after the other, for as many as
 * there may be; and all from the first of the page on. */
#define NEWEST_(table, is, order)                                         \
	"SELECT * FROM (SELECT seq FROM " table " WHERE sid = ?1 AND " is \
	" AND seq < ?3 ORDER BY " order " DESC LIMIT ?2)"
#define FROM_FIRST_(table, is, order)                      \
	"SELECT seq FROM " table " WHERE sid = ?1 AND " is \
	" AND seq >= (SELECT seq FROM first) AND seq < ?3"
#define COUNT_(table, is, order)                                       \
	"(SELECT count(*) FROM " table " WHERE sid = ?1 AND seq < ?3 " \
	"AND " is ")"
#define NEWEST(...)     NEWEST_(__VA_ARGS__)
#define FROM_FIRST(...) FROM_FIRST_(__VA_ARGS__)
#define COUNT(...)      COUNT_(__VA_ARGS__)

#define PAGE(newest, numbers)                                                  \
	"WITH first AS (SELECT min(seq) AS seq FROM (SELECT seq FROM (" newest \
	") ORDER BY seq DESC LIMIT ?2)) "                                      \
	"SELECT " STORE_COLUMNS " FROM event WHERE seq IN (" numbers           \
	") ORDER BY ev = 'charset' DESC, seq DESC"
#define AND " UNION ALL "

/* What a page's customer writes in was perhaps said long before or after it,
 * and not often.  It is read first, as a page may be cut at its old end. */
#define CHARSETS                                                       \
	"SELECT * FROM (SELECT seq FROM event INDEXED BY event_other " \
	"WHERE sid = ?1 AND ev = 'charset' "                           \
	"AND ev NOT IN ('said', 'reply') "                             \
	"AND EXISTS (SELECT 1 FROM first WHERE seq IS NOT NULL) "      \
	"ORDER BY seq DESC LIMIT " STRING(STORE_CHARSETS) ")"
#define STRING_(n) #n
#define STRING(n)  STRING_(n)

/* The last one of each session in `same`. */
#define LAST_OF_SAME_(table, is, order)                                  \
	"SELECT (SELECT seq FROM " table " WHERE sid = same.sid AND " is \
	" ORDER BY " order " DESC LIMIT 1) FROM same"
#define LAST_OF_SAME(...) LAST_OF_SAME_(__VA_ARGS__)

/* Of a session, what is behind the last UNION ALL is empty where there is no
 * later page. */
static const struct {
	const char *page, *earlier;
} past_sql[PASTS] = {
	[EV_PAST_SESSION] = { PAGE(NEWEST(SAID) AND NEWEST(REPLIED),
				  FROM_FIRST(SAID) AND FROM_FIRST(REPLIED)
				      AND FROM_FIRST(OTHER("sent"))
					  AND FROM_FIRST(OTHER("note"))
					      AND FROM_FIRST(OTHER("msg"))
						  AND CHARSETS AND
				  "SELECT max(seq) FROM event INDEXED BY event_other "
				  "WHERE sid = ?1 AND ev = 'sent' "
				  "AND ev NOT IN ('said', 'reply') AND seq >= ?3 "
				  "AND EXISTS (SELECT 1 FROM first WHERE seq IS NOT NULL)"),
	    "SELECT " COUNT(SAID) " + " COUNT(REPLIED) },
	[EV_PAST_DATAGRAMS] = { PAGE(NEWEST(OTHER("udp"))
					 AND NEWEST(OTHER("udp-reply")),
				    FROM_FIRST(OTHER("udp"))
					AND FROM_FIRST(OTHER("udp-reply"))
					    AND FROM_FIRST(OTHER("udp-sent"))),
	    "SELECT " COUNT(OTHER("udp")) " + " COUNT(OTHER("udp-reply")) },
	[EV_PAST_ENDED] = { "WITH ended AS MATERIALIZED (SELECT seq, sid FROM event "
			    "WHERE ev = 'closed' AND seq < ?3 "
			    "AND sid NOT IN (SELECT sid FROM open) "
			    "ORDER BY seq DESC LIMIT ?2) "
			    "SELECT " STORE_COLUMNS " FROM event WHERE seq IN ("
			    "SELECT seq FROM ended UNION ALL "
			    "SELECT (SELECT min(seq) FROM event WHERE sid = ended.sid "
			    "AND ev = 'arrived' AND ev NOT IN ('said', 'reply')) FROM ended "
			    "UNION ALL "
			    "SELECT (SELECT max(seq) FROM event WHERE sid = ended.sid "
			    "AND ev = 'name' AND ev NOT IN ('said', 'reply')) FROM ended) "
			    "ORDER BY seq DESC",
	    "SELECT count(*) FROM event WHERE ev = 'closed' AND seq < ?3 "
	    "AND sid NOT IN (SELECT sid FROM open)" },
	[EV_PAST_SAME] = { "WITH same(sid) AS (VALUES(?4), (?5), (?6), (?7)) "
			   "SELECT " STORE_COLUMNS " FROM event WHERE seq < ?3 "
			   "AND seq IN (" LAST_OF_SAME(OTHER("arrived"))
			       AND LAST_OF_SAME(OTHER("name")) AND LAST_OF_SAME(
				   OTHER("charset")) AND LAST_OF_SAME(SAID)
				   AND LAST_OF_SAME(REPLIED) AND LAST_OF_SAME(
				       OTHER("reopened"))
				       AND LAST_OF_SAME(OTHER(
					   "closed")) ") ORDER BY ev = 'charset' DESC, seq DESC",
	    "SELECT 0 WHERE ?3 IS NOT NULL" },
};

static int
prepare(struct store_reader *r)
{
	int rc;

	rc = sqlite3_prepare_v2(r->db, after_sql, -1, &r->after, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(r->db, STORE_FIND_REPLY, -1, &r->find,
		    NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(r->db, session_sql, -1, &r->session,
		    NULL);
	for (int i = 0; i < PASTS && rc == SQLITE_OK; i++) {
		rc = sqlite3_prepare_v2(r->db, past_sql[i].page, -1,
		    &r->past[i], NULL);
		if (rc == SQLITE_OK)
			rc = sqlite3_prepare_v2(r->db, past_sql[i].earlier, -1,
			    &r->before[i], NULL);
	}
	return store_db_err(r->db, rc);
}

static int
open_in(struct store_reader *r, const char *dir, struct dw_buf *why)
{
	char *path = store_db_find(dir);
	struct stat st;
	int err;

	if (path == NULL || lstat(path, &st) < 0) {
		err = errno;
		dw_buf_addf(why,
		    _("There is no journal in %s: %s. Name its "
		      "folder with --state."),
		    dir, strerror(err));
		free(path);
		return -err;
	}
	err = store_db_open_reader(path, &r->db, why);
	free(path);
	return err < 0 ? err : prepare(r);
}

int
store_reader_open(const char *dir, struct store_reader **out,
    struct dw_buf *why)
{
	struct store_reader *r;
	int err;

	dw_buf_reset(why);
	if ((r = calloc(1, sizeof *r)) == NULL)
		return -ENOMEM;
	r->magic = READER_MAGIC;
	if ((err = open_in(r, dir, why)) < 0) {
		store_reader_close(r);
		return err;
	}
	*out = r;
	return 0;
}

void
store_reader_close(struct store_reader *r)
{
	if (r == NULL)
		return;
	r->magic = 0;
	sqlite3_finalize(r->after);
	sqlite3_finalize(r->find);
	sqlite3_finalize(r->session);
	store_chain_fini(&r->chain);
	for (int i = 0; i < PASTS; i++) {
		sqlite3_finalize(r->past[i]);
		sqlite3_finalize(r->before[i]);
	}
	sqlite3_close(r->db);
	free(r);
}

sqlite3 *
store_reader_db(struct store_reader *r)
{
	return r->db;
}

static int64_t
count(size_t n)
{
	return n > INT_MAX ? INT_MAX : (int64_t)n;
}

int
store_read(struct store_reader *r, uint64_t after_seq, size_t limit,
    ev_event_fn *fn, void *arg)
{
	assert(r->magic == READER_MAGIC);
	sqlite3_bind_int64(r->after, 1, (int64_t)after_seq);
	sqlite3_bind_int64(r->after, 2, count(limit));
	return store_walk(r->after, fn, arg);
}

int
store_read_session(struct store_reader *r, uint64_t sid, ev_event_fn *fn,
    void *arg)
{
	assert(r->magic == READER_MAGIC);
	sqlite3_bind_int64(r->session, 1, (int64_t)sid);
	return store_walk(r->session, fn, arg);
}

static void
bind_past(sqlite3_stmt *st, const struct ev_past *past)
{
	bool all = past->before == 0 || past->before > INT64_MAX;

	sqlite3_bind_int64(st, 1, (int64_t)past->sid);
	sqlite3_bind_int64(st, 2, count(past->count));
	sqlite3_bind_int64(st, 3, all ? INT64_MAX : (int64_t)past->before);
	for (int i = 0; past->of == EV_PAST_SAME && i < EV_SAME_MAX; i++)
		sqlite3_bind_int64(st, 4 + i, (int64_t)past->same[i]);
}

int
store_past(struct store_reader *r, const struct ev_past *past, ev_event_fn *fn,
    void *arg)
{
	assert(r->magic == READER_MAGIC && past->of < PASTS);
	bind_past(r->past[past->of], past);
	return store_walk(r->past[past->of], fn, arg);
}

bool
store_past_counts(enum ev_past_of of, enum ev_kind kind)
{
	switch (of) {
	case EV_PAST_SESSION:
		return kind == EV_SAID || kind == EV_REPLY;
	case EV_PAST_DATAGRAMS:
		return kind == EV_UDP || kind == EV_UDP_REPLY;
	case EV_PAST_ENDED:
		return kind == EV_CLOSED;
	case EV_PAST_SAME:
		return kind == EV_ARRIVED;
	}
	return false;
}

int
store_past_before(struct store_reader *r, const struct ev_past *past,
    uint64_t *n)
{
	sqlite3_stmt *st = r->before[past->of];
	int rc;

	assert(r->magic == READER_MAGIC && past->of < PASTS);
	bind_past(st, past);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW)
		*n = (uint64_t)sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return rc == SQLITE_ROW ? 0 : store_db_err(r->db, rc);
}

int
store_reader_find_reply(struct store_reader *r, uint64_t sid,
    const struct ev_key *key, uint64_t *n)
{
	assert(r->magic == READER_MAGIC);
	return store_find(r->find, sid, key, n);
}

/* ---- the chain, a piece at a time ---- */

static int
check_piece(struct store_reader *r, uint64_t after, uint64_t last,
    struct store_check *c)
{
	int rc;

	if (r->chain.ctx == NULL && (rc = store_chain_init(&r->chain)) < 0)
		return rc;
	if ((rc = store_check_begin(c)) < 0 ||
	    (rc = store_check_go_to(c, after)) < 0)
		return rc;
	return store_check_rows(c, last);
}

int
store_reader_check(struct store_reader *r, uint64_t after, uint64_t last,
    uint64_t *upto, struct dw_buf *why)
{
	struct store_check c = { .db = r->db,
		.chain = &r->chain,
		.path = sqlite3_db_filename(r->db, NULL),
		.why = why };
	int rc;

	assert(r->magic == READER_MAGIC);
	dw_buf_reset(why);
	rc = check_piece(r, after, last, &c);
	*upto = c.end.seq;
	return rc;
}
