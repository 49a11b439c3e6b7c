/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each operator has read of each session, for all consoles of one name.
 * It is no fact of the desk: nothing is decided by it.  The desk thread's.
 */
#ifndef SVC_MARKS_H
#define SVC_MARKS_H

#include <stdbool.h>

#include "base/list.h"
#include "store/marks.h"

#define SVC_MARKS_BUCKETS 256

struct svc_marks {
	struct dw_list buckets[SVC_MARKS_BUCKETS]; /* by session */
	size_t n;
	struct dw_list changed; /* not yet taken to be written */
	uint64_t *dropped;      /* sessions, the same */
	size_t ndropped, cap;
};

void svc_marks_init(struct svc_marks *m);
void svc_marks_fini(struct svc_marks *m);

/* Takes a mark that is higher than the one there is.  Returns whether it is, and
 * there is memory for it. */
bool svc_marks_set(struct svc_marks *m, const struct store_mark *mark);

/* Takes one as it was stored: it is not to be written again. */
void svc_marks_load(struct svc_marks *m, const struct store_mark *mark);

/* The session has ended; or what is stored of it is to go in any case. */
void svc_marks_forget(struct svc_marks *m, uint64_t sid);
void svc_marks_drop(struct svc_marks *m, uint64_t sid);

/* Calls fn with each of this operator's. */
void svc_marks_each(const struct svc_marks *m, const char *name,
    void (*fn)(void *arg, const struct store_mark *mark), void *arg);

/* What has changed since the last time, for store_marks_write(); the caller
 * frees it.  NULL: nothing has, or there is no memory now. */
struct store_mark *svc_marks_take(struct svc_marks *m, size_t *n);

#endif
