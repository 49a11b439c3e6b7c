/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of this room share; nobody else includes it. */
#ifndef STORE_IMPL_H
#define STORE_IMPL_H

#include <openssl/evp.h>
#include <sqlite3.h>

#include "store/store.h"

#define STORE_HASH        32         /* bytes of a SHA-256 */
#define STORE_ID          32         /* characters of a journal's id */
#define STORE_VERSION     1          /* user_version of what we write */
#define STORE_APPLICATION 0x64736b77 /* "dskw" */

#define STORE_DB "journal.db"

/* The end of a chain: what the next event goes on from. */
struct store_end {
	uint64_t seq;
	uint64_t sid; /* the highest so far */
	unsigned char hash[STORE_HASH];
};

/* ---- chain.c: the hash of one event after another ---- */

struct store_chain {
	EVP_MD *md;
	EVP_MD_CTX *ctx;
};

int store_chain_init(struct store_chain *c);
void store_chain_fini(struct store_chain *c);

/* The hash that the journal `id` starts from, whose first event is seq + 1. */
int store_chain_start(struct store_chain *c, const char *id,
    struct store_end *end);

/* Moves the end on by one event. */
int store_chain_add(struct store_chain *c, struct store_end *end,
    const struct ev_event *ev);

/* ---- place.c: the folder, its lock, what is set aside ---- */

struct store_place {
	char *dir; /* absolute, without links */
	char *db;  /* dir/journal.db */
	int dir_fd;
	int lock_fd; /* holds the lock while open */
	int head_fd; /* -1: there is none */
};

int store_place_open(struct store_place *p, const char *dir,
    struct dw_buf *why);
void store_place_close(struct store_place *p);

/* The name of a file system that no journal may be on, or NULL. */
const char *store_place_network(unsigned long magic);

/* Is there a journal?  1; 0 for none or one that was never written; -EBADMSG
 * for a -wal without its journal, which SQLite would throw away. */
int store_place_look(const struct store_place *p, struct dw_buf *why);

/* An empty journal.db of mode 0600 when there is none. */
int store_place_make_db(const struct store_place *p, struct dw_buf *why);

/* Moves journal.db and what belongs to it to a new folder, whose name goes
 * to `aside`.  The second call copies `head` there, once its numbers are in
 * the new journal, whose head it is from then on. */
int store_place_set_aside(const struct store_place *p, struct dw_buf *aside,
    struct dw_buf *why);
int store_place_head_aside(struct store_place *p, const char *aside,
    struct dw_buf *why);

/* Makes names in the folder survive power loss. */
int store_place_sync(const struct store_place *p);

/* ---- head.c: a witness of the last event ---- */

/* Opens it if there is one; make makes it. */
int store_head_open(struct store_place *p, struct dw_buf *why);
int store_head_make(struct store_place *p, struct dw_buf *why);

/* Returns false when there is none that can be believed. */
bool store_head_read(const struct store_place *p, struct store_end *head);

/* There is none, or nothing was ever written to it. */
bool store_head_is_empty(const struct store_place *p);

/* A copy of it in the folder `aside`.  Returns 0 or -errno. */
int store_head_copy(const struct store_place *p, const char *aside);

/* Not waited for, and no failure matters: an old head is still true. */
void store_head_write(const struct store_place *p, const struct store_end *end);

/* ---- db.c: a connection as we want it ---- */

/* What SQLite said last, as -errno. */
int store_db_err(sqlite3 *db, int rc);

/* Changes nothing in the file: it may be another program's. */
int store_db_open(const char *path, sqlite3 **out, struct dw_buf *why);

/* For a file that is known as ours: may change it.  From now on the connection
 * does not wait for locks. */
int store_db_wal(sqlite3 *db, const char *path, struct dw_buf *why);

int store_db_open_reader(const char *path, sqlite3 **out, struct dw_buf *why);
int store_db_exec(sqlite3 *db, const char *sql);
int store_db_int(sqlite3 *db, const char *sql, int64_t *out);

/* Is it a journal of ours?  1; 0 when it is an empty database; -ENOTSUP,
 * -EBADMSG or another -errno with a sentence. */
int store_db_known(sqlite3 *db, const char *path, struct dw_buf *why);

/* A journal of an older deskwire gets the index that it lacks.  Without it
 * everything works, only slower, so no failure matters. */
void store_db_add_index(sqlite3 *db);

/* Makes the tables of the journal `id` that begins after `start`. */
int store_db_begin(sqlite3 *db, const char *id, const struct store_end *start);

/* ---- walk.c: rows to events ---- */

#define STORE_COLUMNS "seq, t, sid, ev, n, flags, who, mode, addr, why, body"

/* Returns false when the row cannot be one that we wrote. */
bool store_row(sqlite3_stmt *st, struct ev_event *ev);

/* Runs a bound statement whose columns are STORE_COLUMNS, and resets it.
 * Returns 0, what fn returned, or -errno. */
int store_walk(sqlite3_stmt *st, ev_event_fn *fn, void *arg);

/* ---- verify.c ---- */

/*
 * Recomputes the chain.  `id` gets the journal's; `end` is where it ends, or
 * on -EBADMSG the last sound event, with `why` filled.
 */
int store_verify(sqlite3 *db, const struct store_place *p,
    struct store_chain *c, const struct store_end *head, char id[STORE_ID + 1],
    struct store_end *end, struct dw_buf *why);

/* Raises `high` to the highest numbers that a damaged journal still shows. */
void store_verify_high(sqlite3 *db, struct store_end *high);

/* What every sentence about damage ends with. */
int store_damaged(struct dw_buf *why, const char *path, uint64_t seq,
    const char *what);

/* And what it goes on with where the end alone is in doubt. */
void store_offer_end(struct dw_buf *why, const struct store_end *end);

#endif
