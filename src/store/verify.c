/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All of a journal is looked at, also while a desk writes it.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "store/internal.h"

#define PIECE 10000 /* events in one transaction */

/* Before the journal: a desk writes them in the other order. */
static bool
read_head(const char *dir, struct store_end *head, struct dw_buf *why)
{
	struct store_place p = { .dir_fd = -1, .lock_fd = -1, .head_fd = -1 };
	uint64_t checked;
	bool known = false;

	p.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p.dir_fd >= 0 && store_head_look(&p) == 0)
		known = store_head_read(&p, head, &checked);
	store_place_close(&p);
	dw_buf_reset(why);
	return known;
}

static int
check_pieces(struct store_check *c, store_progress_fn *fn, void *arg)
{
	uint64_t before;
	int64_t all = 0;
	int r;

	if ((r = store_check_begin(c)) < 0)
		return r;
	(void)store_db_int(c->db, "SELECT max(seq) FROM event", &all);
	do {
		before = c->end.seq;
		if ((r = store_check_rows(c, before + PIECE)) < 0)
			return r;
		if (fn != NULL)
			fn(arg, c->end.seq - c->start,
			    (uint64_t)all - c->start);
	} while (c->end.seq > before);
	return 0;
}

static int
check_all(struct store_check *c, bool known, store_progress_fn *fn, void *arg)
{
	int r;

	if ((r = check_pieces(c, fn, arg)) < 0 ||
	    (r = store_check_tail(c)) < 0 || (r = store_check_rest(c)) < 0)
		return r;
	if (known)
		return 0;
	return store_damaged(c->why, c->path, 0,
	    _("the file head beside it is missing or has changed, so that "
	      "nobody knows whether its end is missing"));
}

int
store_verify(const char *dir, store_progress_fn *fn, void *arg, uint64_t *seq,
    struct dw_buf *why)
{
	struct store_chain chain = { NULL, NULL };
	struct store_end head = { 0 };
	bool known = read_head(dir, &head, why);
	struct store_check c = { .chain = &chain, .why = why, .head = &head };
	struct store_reader *reader = NULL;
	int r;

	if ((r = store_reader_open(dir, &reader, why)) < 0)
		return r;
	c.db = store_reader_db(reader);
	c.path = sqlite3_db_filename(c.db, NULL);
	if ((r = store_chain_init(&chain)) == 0)
		r = check_all(&c, known, fn, arg);
	*seq = c.end.seq;
	store_chain_fini(&chain);
	store_reader_close(reader);
	return r;
}
