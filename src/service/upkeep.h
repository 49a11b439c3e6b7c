/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the thread "reader" does while nobody asks it anything: it brings the
 * -wal into the journal, walks the chain a piece at a time, and writes down what
 * operators have read.
 */
#ifndef SVC_UPKEEP_H
#define SVC_UPKEEP_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/buf.h"
#include "service/inbox.h"
#include "store/marks.h"
#include "store/store.h"

#define SVC_UPKEEP_MAGIC 0x5e4c0008u

struct svc_upkeep {
	unsigned magic;
	const char *dir;
	struct svc_inbox *inbox;
	/* The desk thread says them. */
	atomic_bool wal_is_long;
	atomic_uint_least64_t stored; /* the last event that surely is */
	/* The reader says it: from this event on it is to be stirred.  So it
	 * sleeps while there is little to walk, however long that is. */
	atomic_uint_least64_t wake_at;
	atomic_int wal_left; /* pages, after the last checkpoint */

	/* Marks to be written: the reader's while it is full, else the desk
	 * thread's, which hears by `room` when it is empty again. */
	atomic_bool full;
	struct store_mark *batch;
	size_t nbatch;

	/* The reader's. */
	struct store_marks *marks;
	int64_t marks_ns; /* not to write some sooner */
	struct svc_node room;
	uint64_t upto;  /* the chain was walked up to there */
	int64_t due_ns; /* to walk on */
	struct svc_node news;

	/* What the news are; the reader's but while they are out. */
	uint64_t sound; /* the last event of what is */
	struct dw_buf damage;
};

/* found, room: see svc_node.ready; on the desk thread, which looks at sound and
 * damage, or hands over marks. */
void svc_upkeep_init(struct svc_upkeep *u, const char *dir,
    struct svc_inbox *inbox, void (*found)(struct svc_node *n),
    void (*room)(struct svc_node *n));
void svc_upkeep_fini(struct svc_upkeep *u);

/* On the reader's thread: what is due, with its connection or NULL.  Returns
 * when there will be more; DW_NEVER. */
int64_t svc_upkeep(struct svc_upkeep *u, struct store_reader *r);

#endif
