/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store (prefix store_): the desk's events in SQLite, and the only room
 * that knows SQLite.  One folder holds one journal:
 *
 *	journal.db	the events (beside it -wal and -shm while it is open)
 *	lock		held by the desk that has it open, with its pid inside
 *	head		the number and hash of the last event, see below
 *	damaged-TIME/	what --begin-new has set aside; nothing deletes it
 *
 *	marks.db	what operators have read, see marks.h
 *
 * What is found.  Each event's hash covers the hash before it and all of its
 * fields with their lengths; what a person gave (ev_names_customer()) it covers
 * by a commitment, salted so that nobody can guess from it, and that can be
 * erased: then an event `erased` says so.  `head` is written after each COMMIT
 * but not waited for; it names the last event, and the one up to which the
 * chain was walked and was sound.
 *
 * store_open() walks on from there, and over the sessions that have not ended,
 * and compares the end with `head`: however long the journal is, a start takes
 * as long as what has come since.  store_reader_check() walks the rest while the
 * desk runs.  store_verify() does all of it, and looks at SQLite's structure and
 * at the table of open sessions, which no hash covers.  So any changed, missing,
 * doubled or swapped event is found, and so is a lost end, but for events of
 * the last half minute before a power loss, when `head` itself may be old.
 * There is no journal without a head: it is on disk before the journal's first
 * COMMIT, and one that is missing later is damage, too.
 * The hashes have no key: they find faults, not a forger who computes them
 * anew.  A journal that is put back from a copy is older than `head`: somebody
 * has to accept where it ends.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "event/event.h"
#include "event/past.h"

struct store;
struct store_reader;

struct store_config {
	const char *dir; /* made, with its parents, mode 0700 */

	/* Set a damaged journal aside and begin a new one.  A sound journal
	 * is simply opened, so that this may stay in a script. */
	bool begin_new;

	/* The journal does end at this event, although `head` says otherwise
	 * or is not there.  Of no effect on a sound journal. */
	bool accepts_end;
	uint64_t accepted_end;
};

/*
 * Opens the journal in cfg->dir, or begins one.  Checks first what has come
 * since the chain was walked, and what the desk is rebuilt from.
 *
 * Returns 0; `why` then says where a damaged journal was put, or is empty.
 * Otherwise -errno, and `why` is one translated sentence or two, in one line
 * without a newline: what failed, on which path, why, and what to do.
 *	-EBUSY		another process has it open; why names its pid
 *	-EBADMSG	damaged; why names the first bad event.  Nothing was
 *			changed.  begin_new helps, and accepts_end where only
 *			`head` is against it.  Also a journal of format 1
 *	-EINVAL		it does not end at accepted_end
 *	-ENOTSUP	written by a newer deskwire, or on a network's disk
 *	-EPERM		the folder is not ours alone to write, or is a link
 *	others		what the system said
 *
 * A journal begun in place of a damaged one goes on with numbers above all
 * that could be read there and in `head`.  Where nothing at all can be read,
 * they go on from the seconds since 1970, so that none is used twice.
 *
 * Owns: end with store_close().
 * Threads: one at a time; open it in one and hand it to another.
 */
int store_open(const struct store_config *cfg, struct store **out,
    struct dw_buf *why);

/* Could a journal be kept in this folder?  Makes nothing.  Returns 0; -ENOENT,
 * there is none; or another -errno, with `why` as store_open(). */
int store_look_at_folder(const char *dir, struct dw_buf *why);

/* Brings everything into journal.db, closes it, frees the lock.  NULL is
 * fine.  What was stored stays stored however this goes. */
void store_close(struct store *s);

/*
 * Stores all n events in one transaction, or none.  Their seq continue the
 * last one's.  Returns 0 once they survive power loss.  On failure nothing of
 * them is stored, the same numbers may be used again, and it returns
 *	-ENOSPC -EDQUOT	the disk is full
 *	-EIO -EROFS	the disk failed.  The journal is opened again, at once
 *			or before the next append; a failed fsync is never
 *			tried again and believed
 *	-ESTALE		a file of the journal was removed or replaced, see
 *			store_look().  Nothing more is stored until the very
 *			same file is back
 *	-EBUSY		somebody else's program has locked the file, perhaps
 *			for a moment.  It is not waited for
 *	-ENOMEM
 *	-EINVAL		a seq that does not continue the last one's; an
 *			`erased` whose why is no list of numbers
 *	-EEXIST		one of them is stored already: a customer's or the
 *			operators' nth message of a session, or one with this
 *			key in it
 *	-EBADMSG	what was stored earlier has changed under us
 * The next append works as soon as the cause is gone.
 *
 * An event `erased` takes what a person gave out of the events that it names, in
 * a second transaction, which is tried again until it is done, also by a later
 * start; store_is_erasing() says when nothing of it is in the files any more.
 * Threads: the desk thread alone.
 */
int store_append(struct store *s, const struct ev_event *evs, size_t n);

/*
 * Are the files of the journal, its folder and its lock still where they were
 * opened?  store_append() looks for itself, before it acknowledges anything;
 * this is for whoever was told that something has happened there.
 * Returns 0; -ESTALE when one is not; or another -errno when they are back and
 * cannot be read now, which the next append tries again.
 */
int store_look(struct store *s);

/* Which one is not, as its name in the folder; "" is the folder itself.  NULL:
 * all are there, as far as was looked. */
const char *store_gone(const struct store *s);

/* May something that was to be erased still be in the files?  While a reader
 * keeps the -wal from being cut off it may. */
bool store_is_erasing(const struct store *s);

/* Is there another program that reads the journal and has not stopped since,
 * so that the -wal grows beyond 64 MiB and cannot be brought into it?
 * Threads: the desk thread alone, as for all that takes the store. */
bool store_is_held_back(const struct store *s);

/* Has the -wal grown so much since the last time this was true that somebody
 * should bring it into the journal?  See store_checkpoint(). */
bool store_wants_checkpoint(struct store *s);

/* So many pages were left over then: beyond 64 MiB the store does the rest by
 * itself, but only when that is not much. */
void store_checkpointed(struct store *s, int left);

/* Goes on with what is to be erased and is not yet; a failure leaves it for the
 * next call, or the next append. */
void store_erase_more(struct store *s);

/* Up to which event the chain was walked and was sound, as far as is known; the
 * next start walks on from there.  Set to less it makes that start look again. */
uint64_t store_checked(const struct store *s);
void store_set_checked(struct store *s, uint64_t seq);

/* The number of the reply with this key in session sid.  0, -ENOENT or another
 * -errno. */
int store_find_reply(struct store *s, uint64_t sid, const struct ev_key *key,
    uint64_t *n);

/* The last event's number, and the highest session number ever used (also in
 * journals that were set aside); 0 when there is none. */
void store_last(const struct store *s, uint64_t *seq, uint64_t *sid);

/* A name for this journal and no other: 32 hexadecimal digits, drawn when it
 * was begun and kept in it.  Whoever remembers a seq remembers this with it.
 * Valid until store_close(). */
const char *store_id(const struct store *s);

/*
 * All events of the sessions that are not closed, and all bans and unbans, oldest
 * first: what a starting desk is rebuilt from.
 * Returns 0, what fn returned, or -errno.
 */
int store_replay_open(struct store *s, ev_event_fn *fn, void *arg);

/* How many datagrams came while nobody was on duty, since an operator came last.
 * Returns 0 or -errno. */
int store_unattended(struct store *s, uint64_t *n);

/*
 * Brings the -wal into the journal of this folder over a connection of its own,
 * for another thread, while the desk writes on.  It waits for nobody: what is
 * left over, in pages, the next call takes.  Returns 0 or -errno.
 */
int store_checkpoint(const char *dir, int *left);

/*
 * A connection of its own that can only read, for another thread, also of
 * another process.  It sees what is committed and nothing else.
 * Returns 0, -ENOENT when there is no journal in dir, or another -errno, with
 * `why` as in store_open().  Threads: one at a time per reader.
 */
int store_reader_open(const char *dir, struct store_reader **out,
    struct dw_buf *why);
void store_reader_close(struct store_reader *r);

/* All events of session sid, oldest first.  Returns as store_read(). */
int store_read_session(struct store_reader *r, uint64_t sid, ev_event_fn *fn,
    void *arg);

/*
 * Up to `limit` events after number after_seq, in order, in one short
 * transaction; fn must not block.  Read on with the last seq it was given; no
 * call of fn means the end.  Returns 0, what fn returned, or -errno.
 */
int store_read(struct store_reader *r, uint64_t after_seq, size_t limit,
    ev_event_fn *fn, void *arg);

#define STORE_CHARSETS 64

/*
 * A page of the past, the newest event first, so that fn may end the walk when
 * it has enough.
 *	EV_PAST_SESSION		"said" and "reply", which count, and each "sent",
 *				"note" and "msg" among them; behind a page that does not reach
 *				the end the session's last "sent", which tells
 *				what became of the page's replies; before all
 *				these the session's last STORE_CHARSETS
 *				"charset", wherever they are
 *	EV_PAST_DATAGRAMS	"udp" and "udp-reply", and each "udp-sent"
 *	EV_PAST_ENDED		of each session its "closed", which counts, its
 *				last "name" and its "arrived"; not of one that
 *				was opened again
 *	EV_PAST_SAME		of each of the sessions past->same its "arrived",
 *				which counts, and its last "name", "charset",
 *				"said", "reply", "reopened" and "closed"
 * Returns as store_read().
 */
int store_past(struct store_reader *r, const struct ev_past *past,
    ev_event_fn *fn, void *arg);

/* Does an event of this kind count in such a page? */
bool store_past_counts(enum ev_past_of of, enum ev_kind kind);

/* As store_find_reply(), for the reader's thread. */
int store_reader_find_reply(struct store_reader *r, uint64_t sid,
    const struct ev_key *key, uint64_t *n);

/*
 * Walks the chain behind event `after`, up to event `last` at most, in one
 * transaction; *upto is the last sound one, or where the journal begins.  Returns 0; -EBADMSG, with `why`; or another -errno.
 */
int store_reader_check(struct store_reader *r, uint64_t after, uint64_t last,
    uint64_t *upto, struct dw_buf *why);

/*
 * Walks all of it, and looks at what no hash covers; a desk may have the journal
 * open.  `fn` is told now and then how many of how many events are done; it may
 * be NULL.  Returns 0 with *seq, the last event; otherwise -errno with `why`, as
 * store_open().
 */
typedef void store_progress_fn(void *arg, uint64_t done, uint64_t all);
int store_verify(const char *dir, store_progress_fn *fn, void *arg,
    uint64_t *seq, struct dw_buf *why);

/* How many that count come before past->before.  Returns 0 or -errno. */
int store_past_before(struct store_reader *r, const struct ev_past *past,
    uint64_t *n);

#endif
