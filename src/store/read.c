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

struct store_reader {
	unsigned magic;
	sqlite3 *db;
	sqlite3_stmt *after;
	sqlite3_stmt *history;
};

static const char after_sql[] =
    "SELECT " STORE_COLUMNS " FROM event WHERE seq > ? ORDER BY seq LIMIT ?";

static const char history_sql[] =
    "WITH shown AS ("
    "SELECT seq FROM event WHERE sid = ?1 "
    "AND ev IN ('said', 'reply', 'udp', 'udp-reply') "
    "ORDER BY seq DESC LIMIT ?2"
    ") SELECT " STORE_COLUMNS " FROM event WHERE sid = ?1 "
    "AND ev IN ('said', 'reply', 'sent', 'udp', 'udp-reply', 'udp-sent') "
    "AND seq >= (SELECT min(seq) FROM shown) ORDER BY seq";

static int
prepare(struct store_reader *r)
{
	int rc;

	rc = sqlite3_prepare_v2(r->db, after_sql, -1, &r->after, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(r->db, history_sql, -1, &r->history,
		    NULL);
	return store_db_err(r->db, rc);
}

/* SQLite follows no link in a path; ours may lead through some. */
static char *
find_db(const char *dir)
{
	struct dw_buf path = DW_BUF_INITIALIZER;
	char *real = realpath(dir, NULL);

	if (real == NULL)
		return NULL;
	dw_buf_addf(&path, "%s/" STORE_DB, real);
	free(real);
	return dw_buf_take(&path);
}

static int
open_in(struct store_reader *r, const char *dir, struct dw_buf *why)
{
	char *path = find_db(dir);
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
	sqlite3_finalize(r->history);
	sqlite3_close(r->db);
	free(r);
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
store_history(struct store_reader *r, uint64_t sid, size_t last_n,
    ev_event_fn *fn, void *arg)
{
	assert(r->magic == READER_MAGIC);
	sqlite3_bind_int64(r->history, 1, (int64_t)sid);
	sqlite3_bind_int64(r->history, 2, count(last_n));
	return store_walk(r->history, fn, arg);
}
