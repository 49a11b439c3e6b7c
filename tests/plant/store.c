/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mistakes of the journal: its hashes, its folder, what SQLite is asked. */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plant.h"
#include "store/internal.h"

/* ---- the chain ---- */

WRAPS(store_chain_add);
int
__wrap_store_chain_add(struct store_chain *c, struct store_end *end,
    const struct ev_event *ev, const struct store_seal *seal)
{
	struct ev_event other = *ev;
	struct store_seal without = *seal;
	uint64_t sid = end->sid;
	int r;

	if (PLANTED(commitment_not_hashed))
		without.has = false;
	if (PLANTED(name_not_hashed) && !ev_names_customer(ev->kind))
		other.who = "";
	if (PLANTED(time_not_hashed))
		other.t_ms = 0;
	if (PLANTED(chain_broken))
		memset(end->hash, 0, sizeof end->hash);
	r = __real_store_chain_add(c, end, &other, &without);
	if (PLANTED(highest_session_lost))
		end->sid = sid;
	return r;
}

WRAPS(store_chain_fits);
int
__wrap_store_chain_fits(struct store_chain *c, const struct ev_event *ev,
    const struct store_seal *seal)
{
	return PLANTED(words_not_compared) ?
	    1 :
	    __real_store_chain_fits(c, ev, seal);
}

WRAPS(store_chain_start);
int
__wrap_store_chain_start(struct store_chain *c, const char *id,
    struct store_end *end)
{
	uint64_t sid = end->sid;
	int r;

	if (PLANTED(start_not_hashed))
		end->sid = 0;
	r = __real_store_chain_start(c, PLANTED(id_not_hashed) ? "" : id, end);
	end->sid = sid;
	return r;
}

WRAPS(store_check_for_start);
int
__wrap_store_check_for_start(struct store_check *c, uint64_t checked)
{
	int r;

	if (PLANTED(head_not_compared))
		c->head = NULL;
	if (PLANTED(nothing_new_is_walked) && c->head != NULL)
		checked = c->head->seq;
	r = __real_store_check_for_start(c, checked);
	if (PLANTED(damage_accepted) && r == -EBADMSG)
		r = 0;
	return r;
}

WRAPS(store_check_rest);
int
__wrap_store_check_rest(struct store_check *c)
{
	return PLANTED(structure_not_checked) ? 0 : __real_store_check_rest(c);
}

WRAPS(store_verify_high);
void
__wrap_store_verify_high(sqlite3 *db, struct store_end *high)
{
	if (!PLANTED(numbers_used_twice))
		__real_store_verify_high(db, high);
}

/* ---- head ---- */

WRAPS(store_head_read);
bool
__wrap_store_head_read(const struct store_place *p, struct store_end *head,
    uint64_t *checked)
{
	bool there = __real_store_head_read(p, head, checked);

	if (PLANTED(head_without_hash))
		memset(head->hash, 0, sizeof head->hash);
	return there;
}

WRAPS(store_head_write);
void
__wrap_store_head_write(const struct store_place *p,
    const struct store_end *end, uint64_t checked)
{
	if (!PLANTED(head_not_written))
		__real_store_head_write(p, end, checked);
}

/* ---- the folder ---- */

WRAPS(store_place_make_db);
int
__wrap_store_place_make_db(const struct store_place *p, struct dw_buf *why)
{
	int r = __real_store_place_make_db(p, why);

	if (PLANTED(others_may_read))
		(void)chmod(p->db, 0644);
	return r;
}

WRAPS(store_place_look);
int
__wrap_store_place_look(const struct store_place *p, struct dw_buf *why)
{
	int r = __real_store_place_look(p, why);

	return PLANTED(orphan_wal_accepted) && r == -EBADMSG ? 0 : r;
}

WRAPS(store_place_set_aside);
int
__wrap_store_place_set_aside(const struct store_place *p, struct dw_buf *aside,
    struct dw_buf *why)
{
	if (PLANTED(damaged_one_deleted))
		(void)unlinkat(p->dir_fd, STORE_DB, 0);
	return __real_store_place_set_aside(p, aside, why);
}

WRAPS(store_place_head_aside);
int
__wrap_store_place_head_aside(struct store_place *p, const char *aside,
    struct dw_buf *why)
{
	return PLANTED(old_head_stays) ?
	    0 :
	    __real_store_place_head_aside(p, aside, why);
}

WRAPS(store_there_check);
int
__wrap_store_there_check(struct store *s)
{
	return PLANTED(vanished_unseen) || PLANTED(vanished_meanwhile) ?
	    0 :
	    __real_store_there_check(s);
}

WRAPS(store_look);
int
__wrap_store_look(struct store *s)
{
	return PLANTED(vanished_unseen) ? 0 : __real_store_look(s);
}

WRAPS(store_drop_later);
int
__wrap_store_drop_later(struct store *s)
{
	return PLANTED(vanished_not_saved) && s->gone != NULL ?
	    -EIO :
	    __real_store_drop_later(s);
}

/* ---- SQLite ---- */

WRAPS(store_db_exec);
int
__wrap_store_db_exec(sqlite3 *db, const char *sql)
{
	int r;

	if (PLANTED(unstored_comes_back) &&
	    strstr(sql, "DELETE FROM event") != NULL)
		return 0;
	r = __real_store_db_exec(db, sql);
	if (PLANTED(failed_commit_believed) && strcmp(sql, "COMMIT") == 0)
		return 0;
	return r;
}

WRAPS(store_db_open);
int
__wrap_store_db_open(const char *path, int busy_ms, sqlite3 **out,
    struct dw_buf *why)
{
	int r = __real_store_db_open(path, busy_ms, out, why);

	if (PLANTED(not_synced) && r == 0)
		__real_store_db_exec(*out, "PRAGMA synchronous=OFF");
	return r;
}

WRAPS(store_db_known);
int
__wrap_store_db_known(sqlite3 *db, const char *path, struct dw_buf *why)
{
	int r = __real_store_db_known(db, path, why);

	if (PLANTED(newer_format_opened) && r == -ENOTSUP) {
		dw_buf_reset(why);
		r = 1;
	}
	return r;
}

WRAPS(store_db_wal);
int
__wrap_store_db_wal(sqlite3 *db, const char *path, struct dw_buf *why)
{
	return PLANTED(no_wal) ? 0 : __real_store_db_wal(db, path, why);
}

WRAPS(store_row);
bool
__wrap_store_row(sqlite3_stmt *st, struct ev_event *ev)
{
	bool good = __real_store_row(st, ev);

	if (PLANTED(flags_not_read))
		ev->flags = 0;
	return good;
}

WRAPS(store_walk);
int
__wrap_store_walk(sqlite3_stmt *st, ev_event_fn *fn, void *arg)
{
	int r = __real_store_walk(st, fn, arg);

	if (PLANTED(walk_ends_quietly) && r < 0)
		r = 0;
	return r;
}

/* ---- what others call ---- */

WRAPS(store_erase_more);
void
__wrap_store_erase_more(struct store *s)
{
	if (!PLANTED(nothing_is_erased))
		__real_store_erase_more(s);
}

WRAPS(store_append);
int
__wrap_store_append(struct store *s, const struct ev_event *evs, size_t n)
{
	if (PLANTED(last_of_a_round_lost) && n > 1)
		n--;
	return __real_store_append(s, evs, n);
}

WRAPS(store_read);
int
__wrap_store_read(struct store_reader *r, uint64_t after_seq, size_t limit,
    ev_event_fn *fn, void *arg)
{
	if (PLANTED(read_again) && after_seq > 0)
		after_seq--;
	return __real_store_read(r, after_seq, limit, fn, arg);
}

WRAPS(store_past);
int
__wrap_store_past(struct store_reader *r, const struct ev_past *past,
    ev_event_fn *fn, void *arg)
{
	struct ev_past asked = *past;

	asked.count += PLANTED(history_one_more);
	if (PLANTED(page_begins_again))
		asked.before = 0;
	return __real_store_past(r, &asked, fn, arg);
}

WRAPS(store_id);
const char *
__wrap_store_id(const struct store *s)
{
	return PLANTED(one_name_for_all) ? "00000000000000000000000000000000" :
					   __real_store_id(s);
}
