/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Upkeep of the journal, on the thread `reader`.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "service/upkeep.h"

/* Ten thousand events a second, so that nobody notices: an hour for 36 million
 * of them. */
#define PIECE     1000
#define PIECE_NS  (100 * DW_MS)
#define LATER_NS  (60 * DW_SECOND)   /* it could not be read */
#define DAMAGE_NS (3600 * DW_SECOND) /* say it again */
#define MARKS_NS  DW_SECOND          /* between two writes */

void
svc_upkeep_init(struct svc_upkeep *u, const char *dir, struct svc_inbox *inbox,
    void (*found)(struct svc_node *n), void (*room)(struct svc_node *n))
{
	u->magic = SVC_UPKEEP_MAGIC;
	u->dir = dir;
	u->inbox = inbox;
	atomic_init(&u->wal_is_long, false);
	atomic_init(&u->stored, 0);
	atomic_init(&u->wake_at, UINT64_MAX);
	atomic_init(&u->wal_left, 0);
	u->upto = u->sound = 0;
	u->due_ns = 0;
	u->damage = (struct dw_buf)DW_BUF_INITIALIZER;
	svc_node_init(&u->news, DESK_RQ_NONE, NULL, NULL);
	u->news.ready = found;
	atomic_init(&u->full, false);
	u->batch = NULL;
	u->nbatch = 0;
	u->marks = NULL;
	u->marks_ns = 0;
	svc_node_init(&u->room, DESK_RQ_NONE, NULL, NULL);
	u->room.ready = room;
}

/* What fails is tried again when the -wal has grown once more. */
static void
checkpoint(struct svc_upkeep *u)
{
	int left;

	if (atomic_exchange(&u->wal_is_long, false) &&
	    store_checkpoint(u->dir, &left) == 0)
		atomic_store(&u->wal_left, left);
}

static bool
write_marks(struct svc_upkeep *u)
{
	if (u->marks == NULL)
		(void)store_marks_open(u->dir, &u->marks);
	if (u->marks != NULL &&
	    store_marks_write(u->marks, u->batch, u->nbatch) == 0)
		return true;
	store_marks_close(u->marks);
	u->marks = NULL;
	return false;
}

static void
empty_batch(struct svc_upkeep *u)
{
	free(u->batch);
	u->batch = NULL;
	atomic_store(&u->full, false);
}

/* What cannot be written now is lost: an operator sees something twice then. */
void
svc_upkeep_fini(struct svc_upkeep *u)
{
	assert(u->magic == SVC_UPKEEP_MAGIC);
	if (atomic_load(&u->full)) {
		(void)write_marks(u);
		empty_batch(u);
	}
	store_marks_close(u->marks);
	u->marks = NULL;
	dw_buf_fini(&u->damage);
}

/* Somebody else may have the file locked, or the disk be full: then it is tried
 * again.  Returns when there will be something to write. */
static int64_t
marks(struct svc_upkeep *u, int64_t now)
{
	bool written;

	if (!atomic_load(&u->full))
		return DW_NEVER;
	if (now < u->marks_ns)
		return u->marks_ns;
	written = write_marks(u);
	u->marks_ns = dw_clock_ns() + MARKS_NS;
	if (!written)
		return u->marks_ns;
	empty_batch(u);
	svc_post_again(u->inbox, &u->room);
	return DW_NEVER;
}

/* Till there is another piece. */
static int64_t
sleep_till(struct svc_upkeep *u, uint64_t walked)
{
	atomic_store(&u->wake_at, walked + PIECE);
	return DW_NEVER;
}

/* A failed COMMIT can leave what is taken back, so it goes no further than what
 * was acknowledged.  Returns in how many ns to go on. */
static int64_t
walk(struct svc_upkeep *u, struct store_reader *r)
{
	uint64_t stored = atomic_load(&u->stored), from = u->upto;
	uint64_t last = stored - from < PIECE ? stored : from + PIECE;
	int result;

	if (stored <= from)
		return sleep_till(u, from);
	result = store_reader_check(r, from, last, &u->upto, &u->damage);
	if (result < 0 && result != -EBADMSG) {
		u->upto = from; /* it could not be read now */
		dw_buf_reset(&u->damage);
		return LATER_NS;
	}
	u->sound = u->upto;
	if (result == 0 && u->upto < stored)
		return PIECE_NS;
	svc_post(u->inbox, &u->news);
	return result < 0 ? DAMAGE_NS : sleep_till(u, u->upto);
}

static int64_t
later(int64_t now, int64_t in_ns)
{
	return in_ns == DW_NEVER ? DW_NEVER : now + in_ns;
}

/* While its news are out the desk reads what a walk writes. */
static int64_t
walk_if_free(struct svc_upkeep *u, struct store_reader *r)
{
	return r != NULL && svc_is_back(u->inbox, &u->news) ? walk(u, r) :
							      PIECE_NS;
}

static bool
is_time(struct svc_upkeep *u, int64_t now)
{
	if (atomic_load(&u->stored) >= atomic_load(&u->wake_at)) {
		atomic_store(&u->wake_at, UINT64_MAX);
		return true;
	}
	return now >= u->due_ns;
}

int64_t
svc_upkeep(struct svc_upkeep *u, struct store_reader *r)
{
	int64_t now = dw_clock_ns(), marks_due = marks(u, now);

	assert(u->magic == SVC_UPKEEP_MAGIC);
	checkpoint(u);
	if (is_time(u, now))
		u->due_ns = later(now, walk_if_free(u, r));
	return marks_due < u->due_ns ? marks_due : u->due_ns;
}
