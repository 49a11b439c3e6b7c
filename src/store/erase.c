/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an event `erased` names is erased: in a transaction behind that event's,
 * tried again until it is done.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/internal.h"

/* What a person gave, in the events before this one that it names; `which` is a
 * condition that an index of the session's is for. */
#define ERASE(which)                                                        \
	"UPDATE event SET addr = NULL, body = NULL, salt = NULL, "          \
	"who = CASE WHEN ev IN ('arrived', 'name') THEN NULL ELSE who END " \
	"WHERE sid = %lld AND seq < %lld AND body IS NOT NULL "             \
	"AND commitment IS NOT NULL AND " which ";"

bool
store_next_range(const char **at, uint64_t *first, uint64_t *last)
{
	char *end;

	if (**at < '0' || **at > '9')
		return false;
	*first = *last = strtoull(*at, &end, 10);
	if (*end == '-' && end[1] >= '0' && end[1] <= '9')
		*last = strtoull(end + 1, &end, 10);
	*at = end + (*end == ' ');
	return true;
}

static bool
are_ranges(const char *numbers)
{
	uint64_t first, last;
	bool any = false;

	while (store_next_range(&numbers, &first, &last))
		any = true;
	return any && *numbers == '\0';
}

bool
store_can_erase(const struct ev_event *evs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (evs[i].kind == EV_ERASED && evs[i].sid == 0 &&
		    !are_ranges(evs[i].why))
			return false;
	return true;
}

static int
erase_session(struct store *s, int64_t sid, int64_t seq)
{
	static const char sql[] = ERASE("ev = 'said'") ERASE("ev = 'reply'")
	    ERASE("ev NOT IN ('said', 'reply')");
	char all[sizeof sql + 6 * 20];

	sqlite3_snprintf(sizeof all, all, sql, sid, seq, sid, seq, sid, seq);
	return store_db_exec(s->db, all);
}

/* "4 9-12", of what is no session's. */
static int
erase_numbers(struct store *s, const char *numbers, int64_t seq)
{
	char sql[sizeof ERASE("seq BETWEEN %lld AND %lld") + 80];
	uint64_t first, last;
	int r = 0;

	while (r == 0 && store_next_range(&numbers, &first, &last)) {
		sqlite3_snprintf(sizeof sql, sql,
		    ERASE("seq BETWEEN %lld AND %lld"), (int64_t)0, seq,
		    (int64_t)first, (int64_t)last);
		r = store_db_exec(s->db, sql);
	}
	return r;
}

/* Those of one event, in a transaction of their own. */
static int
erase_for(struct store *s, int64_t seq, int64_t sid, const char *numbers)
{
	char done[64];
	int r;

	sqlite3_snprintf(sizeof done, done,
	    "DELETE FROM erasing WHERE seq = %lld", seq);
	if ((r = store_db_exec(s->db, "BEGIN IMMEDIATE")) < 0)
		return r;
	r = sid != 0 ? erase_session(s, sid, seq) :
		       erase_numbers(s, numbers, seq);
	if (r == 0 && (r = store_db_exec(s->db, done)) == 0 &&
	    (r = store_db_exec(s->db, "COMMIT")) == 0)
		return 0;
	if (!sqlite3_get_autocommit(s->db))
		store_db_exec(s->db, "ROLLBACK");
	return r;
}

/* The first that is not done: 1; 0 when all are; -errno. */
static int
erase_next(struct store *s)
{
	static const char sql[] =
	    "SELECT seq, sid, why FROM erasing JOIN event USING (seq) "
	    "ORDER BY seq LIMIT 1";
	sqlite3_stmt *st;
	int64_t seq, sid;
	const char *text;
	char *numbers;
	int rc, r;

	rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
	if (rc != SQLITE_OK)
		return store_db_err(s->db, rc);
	if ((rc = sqlite3_step(st)) != SQLITE_ROW) {
		sqlite3_finalize(st);
		return store_db_err(s->db, rc);
	}
	seq = sqlite3_column_int64(st, 0);
	sid = sqlite3_column_int64(st, 1);
	text = (const char *)sqlite3_column_text(st, 2);
	numbers = text != NULL ? strdup(text) : NULL;
	sqlite3_finalize(st);
	if (numbers == NULL)
		return -ENOMEM;
	r = erase_for(s, seq, sid, numbers);
	free(numbers);
	return r < 0 ? r : 1;
}

void
store_erase_more(struct store *s)
{
	int r = 0;

	if (s->gone != NULL)
		return;
	while (s->db != NULL && s->erasing && (r = erase_next(s)) >= 0) {
		s->erasing = r == 1;
		s->in_wal = true;
	}
	if (r < 0 && !store_is_clean(s->db, r))
		store_recover(s);
	/* The -wal has the pages as they were, until it is cut to nothing. */
	if (s->db != NULL && s->in_wal && !s->erasing)
		s->in_wal =
		    sqlite3_wal_checkpoint_v2(s->db, NULL,
			SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) != SQLITE_OK;
}

bool
store_is_erasing(const struct store *s)
{
	return s->erasing || s->in_wal;
}
