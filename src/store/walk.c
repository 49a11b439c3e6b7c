/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows of the journal become events again.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/lock.h"
#include "store/internal.h"

/* In the order of STORE_COLUMNS. */
enum column { SEQ, T, SID, EV, N, FLAGS, WHO, MODE, ADDR, WHY, BODY, KEY };

/* Returns NULL if the column is not text without NUL. */
static const char *
text(sqlite3_stmt *st, enum column col)
{
	const char *s = (const char *)sqlite3_column_text(st, (int)col);

	if (s == NULL ||
	    strlen(s) != (size_t)sqlite3_column_bytes(st, (int)col))
		return NULL;
	return s;
}

static uint64_t
number(sqlite3_stmt *st, enum column col)
{
	return (uint64_t)sqlite3_column_int64(st, (int)col);
}

/* Only "" and the words that we know, or the hash would cover another row than
 * the one that is stored. */
static bool
word(sqlite3_stmt *st, enum column col, const struct ev_words *words,
    unsigned *value)
{
	const char *s = text(st, col);

	if (s == NULL)
		return false;
	*value = ev_value(words, s);
	return *value != 0 || *s == '\0';
}

/* What is erased is NULL, all of it, and reads as nothing. */
static bool
is_null(sqlite3_stmt *st, enum column col)
{
	return sqlite3_column_type(st, (int)col) == SQLITE_NULL;
}

static const char *
text_unless(bool erased, sqlite3_stmt *st, enum column col)
{
	if (erased)
		return is_null(st, col) ? "" : NULL;
	return text(st, col);
}

static bool
body(sqlite3_stmt *st, struct ev_event *ev)
{
	ev->body = sqlite3_column_blob(st, BODY);
	ev->len = (size_t)sqlite3_column_bytes(st, BODY);
	if (ev->body == NULL && ev->len != 0)
		return false;
	if (ev->body == NULL)
		ev->body = "";
	return is_null(st, BODY) ||
	    sqlite3_column_type(st, BODY) == SQLITE_BLOB;
}

static bool
key(sqlite3_stmt *st, struct ev_event *ev)
{
	memset(&ev->key, 0, sizeof ev->key);
	if (is_null(st, KEY))
		return true;
	if (sqlite3_column_type(st, KEY) != SQLITE_BLOB ||
	    sqlite3_column_bytes(st, KEY) != EV_KEY_SIZE)
		return false;
	memcpy(ev->key.bytes, sqlite3_column_blob(st, KEY), EV_KEY_SIZE);
	return ev_key_is_set(&ev->key);
}

/* Whose they are decides what was erased of it. */
static bool
words(sqlite3_stmt *st, struct ev_event *ev)
{
	bool erased = is_null(st, BODY);

	ev->who = text_unless(erased && ev_names_customer(ev->kind), st, WHO);
	ev->addr = text_unless(erased, st, ADDR);
	ev->why = text(st, WHY);
	if (erased)
		ev->flags |= EV_FLAG_ERASED;
	return ev->who != NULL && ev->addr != NULL && ev->why != NULL;
}

bool
store_row(sqlite3_stmt *st, struct ev_event *ev)
{
	unsigned kind = 0, mode = 0;

	if (!word(st, EV, &ev_kinds, &kind) || kind == EV_UNKNOWN ||
	    !word(st, MODE, &ev_modes, &mode))
		return false;
	/* What the cast below would cut off no hash would cover. */
	if (number(st, FLAGS) > UINT_MAX ||
	    (number(st, FLAGS) & EV_FLAG_ERASED) != 0)
		return false;
	ev->kind = (enum ev_kind)kind;
	ev->seq = number(st, SEQ);
	ev->t_ms = sqlite3_column_int64(st, T);
	ev->steady_ms = 0; /* no journal has it */
	ev->sid = number(st, SID);
	ev->n = number(st, N);
	ev->flags = (unsigned)number(st, FLAGS);
	ev->mode = (enum ev_mode)mode;
	return words(st, ev) && body(st, ev) && key(st, ev);
}

/* A blob of this size, or nothing. */
static bool
blob(sqlite3_stmt *st, int col, unsigned char *out, int size, bool *has)
{
	*has = sqlite3_column_type(st, col) != SQLITE_NULL;
	if (!*has)
		return true;
	if (sqlite3_column_type(st, col) != SQLITE_BLOB ||
	    sqlite3_column_bytes(st, col) != size)
		return false;
	memcpy(out, sqlite3_column_blob(st, col), (size_t)size);
	return true;
}

bool
store_seal_row(sqlite3_stmt *st, const struct ev_event *ev,
    struct store_seal *seal)
{
	bool salted;

	memset(seal, 0, sizeof *seal);
	seal->erased = (ev->flags & EV_FLAG_ERASED) != 0;
	return blob(st, KEY + 1, seal->salt, STORE_SALT, &salted) &&
	    blob(st, KEY + 2, seal->commitment, STORE_HASH, &seal->has) &&
	    salted == (seal->has && !seal->erased) &&
	    (seal->has || !seal->erased);
}

int
store_walk(sqlite3_stmt *st, ev_event_fn *fn, void *arg)
{
	struct ev_event ev;
	int rc = SQLITE_OK, r = 0;

	dw_may_block("sqlite3_step");
	while (r == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW)
		r = store_row(st, &ev) ?
		    fn(arg, &ev) :
		    store_db_fault(sqlite3_db_handle(st), -EBADMSG);
	if (r == 0)
		r = store_db_err(sqlite3_db_handle(st), rc);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return r;
}

int
store_find(sqlite3_stmt *st, uint64_t sid, const struct ev_key *key,
    uint64_t *n)
{
	int rc;

	dw_may_block("sqlite3_step");
	sqlite3_bind_int64(st, 1, (int64_t)sid);
	sqlite3_bind_blob(st, 2, key->bytes, EV_KEY_SIZE, SQLITE_STATIC);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW)
		*n = (uint64_t)sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return rc == SQLITE_DONE ? -ENOENT :
				   store_db_err(sqlite3_db_handle(st), rc);
}
