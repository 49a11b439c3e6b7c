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
enum column { SEQ, T, SID, EV, N, FLAGS, WHO, MODE, ADDR, WHY, BODY };

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

static bool
body(sqlite3_stmt *st, struct ev_event *ev)
{
	ev->body = sqlite3_column_blob(st, BODY);
	ev->len = (size_t)sqlite3_column_bytes(st, BODY);
	if (ev->body == NULL)
		ev->body = "";
	return sqlite3_column_type(st, BODY) == SQLITE_BLOB;
}

bool
store_row(sqlite3_stmt *st, struct ev_event *ev)
{
	unsigned kind = 0, mode = 0;

	if (!word(st, EV, &ev_kinds, &kind) || kind == EV_UNKNOWN ||
	    !word(st, MODE, &ev_modes, &mode))
		return false;
	/* What the cast below would cut off no hash would cover. */
	if (number(st, FLAGS) > UINT_MAX)
		return false;
	ev->kind = (enum ev_kind)kind;
	ev->seq = number(st, SEQ);
	ev->t_ms = sqlite3_column_int64(st, T);
	ev->sid = number(st, SID);
	ev->n = number(st, N);
	ev->flags = (unsigned)number(st, FLAGS);
	ev->who = text(st, WHO);
	ev->mode = (enum ev_mode)mode;
	ev->addr = text(st, ADDR);
	ev->why = text(st, WHY);
	return ev->who != NULL && ev->addr != NULL && ev->why != NULL &&
	    body(st, ev);
}

int
store_walk(sqlite3_stmt *st, ev_event_fn *fn, void *arg)
{
	struct ev_event ev;
	int rc = SQLITE_OK, r = 0;

	dw_may_block("sqlite3_step");
	while (r == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW)
		r = store_row(st, &ev) ? fn(arg, &ev) : -EBADMSG;
	if (r == 0)
		r = store_db_err(sqlite3_db_handle(st), rc);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return r;
}
