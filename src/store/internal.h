/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of this room share; nobody else includes it. */
#ifndef STORE_IMPL_H
#define STORE_IMPL_H

#include <openssl/evp.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "store/store.h"

#define STORE_HASH        32         /* bytes of a SHA-256 */
#define STORE_ID          32         /* characters of a journal's id */
#define STORE_SALT        16         /* bytes of one */
#define STORE_VERSION     2          /* user_version of what we write */
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

/*
 * What stands beside an event for the chain: a commitment to what a person gave,
 * and the salt without which nobody can guess from it.  An event in which nobody
 * gave anything has neither.
 */
struct store_seal {
	bool has; /* a commitment */
	bool
	    erased; /* the salt, and what it stood for, is not there any more */
	unsigned char salt[STORE_SALT];
	unsigned char commitment[STORE_HASH];
};

/* A seal for a new event. */
int store_chain_seal(struct store_chain *c, const struct ev_event *ev,
    struct store_seal *seal);

/* Does the seal fit the event?  1, 0 or -ENOMEM.  Of what is erased nobody can
 * tell. */
int store_chain_fits(struct store_chain *c, const struct ev_event *ev,
    const struct store_seal *seal);

/* Moves the end on by one event. */
int store_chain_add(struct store_chain *c, struct store_end *end,
    const struct ev_event *ev, const struct store_seal *seal);

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

/* Makes what was found in the -wal survive power loss: a desk that was killed
 * may have written it and not yet synced it. */
int store_place_sync_wal(const struct store_place *p);

/* ---- head.c: a witness of the last event ---- */

/* Opens it if there is one; make makes it; look only reads it. */
int store_head_open(struct store_place *p, struct dw_buf *why);
int store_head_look(struct store_place *p);
int store_head_make(struct store_place *p, struct dw_buf *why);

/* Returns false when there is none that can be believed.  checked: up to
 * there the chain was sound when it was last walked; never above head->seq. */
bool store_head_read(const struct store_place *p, struct store_end *head,
    uint64_t *checked);

/* There is none, or nothing was ever written to it. */
bool store_head_is_empty(const struct store_place *p);

/* A copy of it in the folder `aside`.  Returns 0 or -errno. */
int store_head_copy(const struct store_place *p, const char *aside);

/* Not waited for, and no failure matters: an old head is still true. */
void store_head_write(const struct store_place *p, const struct store_end *end,
    uint64_t checked);

/* ---- append.c: the connection that writes ---- */

#define STORE_MAGIC   0x5709e001u
#define STORE_BESIDES 4 /* statements that go with an event */
#define STORE_FILES   6 /* that must stay where they are; there.c */

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
	uint64_t checked; /* the chain was walked up to there */
	sqlite3 *db;      /* NULL: open it again first */
	sqlite3_stmt *insert, *beside[STORE_BESIDES];
	int wal_pages;                  /* after the last COMMIT */
	int asked_pages;                /* when a checkpoint was asked for */
	int tried_pages;                /* when it was last to begin anew, */
	unsigned tries;                 /* and so often in vain */
	int left_pages;                 /* not brought in, as somebody says */
	bool erasing;                   /* something is still to be made NULL */
	bool in_wal;                    /* or may still be read in the -wal */
	struct stat files[STORE_FILES]; /* as they were opened, */
	bool has_file[STORE_FILES];     /* if there is such a one */
	const char *gone; /* not there any more; "": the folder; or NULL */
};

/* Connects; no statement is prepared before the tables are known, and nothing
 * is changed in what is not ours.  1; 0 when it is empty; -errno. */
int store_connect(struct store *s, int busy_ms, struct dw_buf *why);
void store_disconnect(struct store *s);

/* The statements for appending, once the tables are known. */
int store_prepare(struct store *s);

/* Reads the file again after a failure, and takes out of it what nobody was told
 * is stored.  On failure s->db is NULL; but with -ESTALE the connection stays,
 * and with it the files that are not where they were. */
int store_recover(struct store *s);

/* What a failed COMMIT has left, and nobody was told is stored. */
int store_drop_later(struct store *s);

/* After these, while nothing was committed, the connection is as good as
 * before. */
bool store_is_clean(sqlite3 *db, int err);

/* ---- there.c ---- */

/* These are the files of this journal. */
void store_there_note(struct store *s);

/* Are they where they were?  0; or -ESTALE, and s->gone says which is not. */
int store_there_check(struct store *s);

/* ---- erase.c ---- */

/* The next of the numbers that an event `erased` names, "4 9-12"; false when
 * there is none. */
bool store_next_range(const char **at, uint64_t *first, uint64_t *last);

/* Are the events that these want erased named as they should be? */
bool store_can_erase(const struct ev_event *evs, size_t n);

/* ---- db.c: a connection as we want it ---- */

/* What SQLite said last, as -errno. */
int store_db_err(sqlite3 *db, int rc);

/* For a column that is not what it should be: err, or -ENOMEM when that is only
 * because there was no memory to read it. */
int store_db_fault(sqlite3 *db, int err);

/* So long a start, or the reader, waits for a lock; the desk thread never. */
#define STORE_BUSY_MS 2000

/* Changes nothing in the file: it may be another program's.  For each lock it
 * waits busy_ms at most. */
int store_db_open(const char *path, int busy_ms, sqlite3 **out,
    struct dw_buf *why);

/* For a file that is known as ours: may change it.  From now on the connection
 * does not wait for locks. */
int store_db_wal(sqlite3 *db, const char *path, struct dw_buf *why);

/* The journal in this folder: SQLite follows no link in a path, ours may lead
 * through some.  The caller frees it; NULL, with errno. */
char *store_db_find(const char *dir);

/* A reader's connection. */
sqlite3 *store_reader_db(struct store_reader *r);

int store_db_open_reader(const char *path, sqlite3 **out, struct dw_buf *why);
int store_db_exec(sqlite3 *db, const char *sql);
int store_db_int(sqlite3 *db, const char *sql, int64_t *out);

/* Is it a journal of ours?  1; 0 when it is an empty database; -ENOTSUP,
 * -EBADMSG or another -errno with a sentence. */
int store_db_known(sqlite3 *db, const char *path, struct dw_buf *why);

/* Makes the tables of the journal `id` that begins after `start`. */
int store_db_begin(sqlite3 *db, const char *id, const struct store_end *start);

/* ---- walk.c: rows to events ---- */

#define STORE_COLUMNS \
	"seq, t, sid, ev, n, flags, who, mode, addr, why, body, key"

/* What goes on from there where the chain is walked. */
#define STORE_SEAL_COLUMNS STORE_COLUMNS ", salt, commitment"
#define STORE_HASH_COLUMN  14 /* behind them, if it is asked for */

/* Both return false when the row cannot be one that we wrote. */
bool store_row(sqlite3_stmt *st, struct ev_event *ev);
bool store_seal_row(sqlite3_stmt *st, const struct ev_event *ev,
    struct store_seal *seal);

/* Finds the first answer to a reply: sid and key are its parameters.  Runs it,
 * and resets it.  0, -ENOENT or another -errno. */
#define STORE_FIND_REPLY                                   \
	"SELECT n FROM event WHERE sid = ?1 AND key = ?2 " \
	"AND ev IN ('reply', 'note')"
int store_find(sqlite3_stmt *st, uint64_t sid, const struct ev_key *key,
    uint64_t *n);

/* Runs a bound statement whose columns are STORE_COLUMNS, and resets it.
 * Returns 0, what fn returned, or -errno. */
int store_walk(sqlite3_stmt *st, ev_event_fn *fn, void *arg);

/* The numbers of the events of sessions that have not ended, and of bans. */
#define STORE_OPEN_EVENTS                                                     \
	"SELECT e.seq FROM open o CROSS JOIN event e INDEXED BY event_said "  \
	"ON e.sid = o.sid WHERE e.ev = 'said' UNION ALL "                     \
	"SELECT e.seq FROM open o CROSS JOIN event e INDEXED BY event_reply " \
	"ON e.sid = o.sid WHERE e.ev = 'reply' UNION ALL "                    \
	"SELECT e.seq FROM open o CROSS JOIN event e INDEXED BY event_other " \
	"ON e.sid = o.sid WHERE e.ev NOT IN ('said', 'reply') UNION ALL "     \
	"SELECT seq FROM event INDEXED BY event_other WHERE sid = 0 "         \
	"AND ev IN ('ban', 'unban') AND ev NOT IN ('said', 'reply')"

/* ---- check.c ---- */

/*
 * A walk over the chain, which may stop and go on.  The first four are set by
 * the caller and stay its.
 */
struct store_check {
	sqlite3 *db;
	struct store_chain *chain;
	const char *path;             /* of the journal, for people */
	struct dw_buf *why;           /* filled with -EBADMSG */
	const struct store_end *head; /* to be met on the way; or NULL */
	struct store_end end;         /* the last sound event */
	uint64_t start;               /* the first one's seq, less one */
	unsigned char start_hash[STORE_HASH];
	char id[STORE_ID + 1];
	bool any_erased; /* some of it is */
};

/* Reads where the chain begins. */
int store_check_begin(struct store_check *c);

/* Goes on behind this event, whose hash is believed. */
int store_check_go_to(struct store_check *c, uint64_t seq);

/* On, up to the event `last` at most; c->end says how far it came. */
int store_check_rows(struct store_check *c, uint64_t last);

/* Is the end what `head` says it is? */
int store_check_tail(struct store_check *c);

/* What no hash covers: the open sessions, and SQLite's own structure. */
int store_check_rest(struct store_check *c);

/* What a start looks at: all that is behind the event `checked`, and the events
 * of the sessions that have not ended. */
int store_check_for_start(struct store_check *c, uint64_t checked);

/* Raises end->sid to the highest session number. */
int store_check_high(sqlite3 *db, struct store_end *end);

/* Raises `high` to the highest numbers that a damaged journal still shows. */
void store_verify_high(sqlite3 *db, struct store_end *high);

/* What every sentence about damage ends with. */
int store_damaged(struct dw_buf *why, const char *path, uint64_t seq,
    const char *what);

/* And what it goes on with where the end alone is in doubt. */
void store_offer_end(struct dw_buf *why, const struct store_end *end);

#endif
