/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the desk asks of whatever keeps its events: narrow enough for another
 * engine.  src/store implements it with SQLite.
 */
#ifndef DESK_JOURNAL_H
#define DESK_JOURNAL_H

#include "desk/event.h"

struct desk_journal_ops {
	/*
	 * Stores all n events in one transaction, or none.  Their seq continue
	 * the last one's.  Returns 0 once they survive power loss, -errno
	 * otherwise (-ENOSPC, -EIO, …); then nothing of them is stored and the
	 * same numbers may be used again.  Only the desk thread calls this.
	 */
	int (*append)(void *journal, const struct desk_event *evs, size_t n);
};

struct desk_journal {
	const struct desk_journal_ops *ops;
	void *journal;
};

#endif
