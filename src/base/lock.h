/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A mutex that knows its name.  A thread never holds two of them: taking a
 * second aborts with both names.  The list of names is locks.def.
 */
#ifndef DW_LOCK_H
#define DW_LOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/tsa.h"

enum dw_lock_name {
#define LOCK(name, guards) DW_LOCK_##name,
#include "base/locks.def"
#undef LOCK
	DW_LOCKS
};

struct DW_CAPABILITY("mutex") dw_lock {
	pthread_mutex_t mutex;
	enum dw_lock_name name;
};

/* Waiting for a change of what a dw_lock guards, on the monotonic clock. */
struct dw_cond {
	pthread_cond_t cond;
};

#if !defined(__OPTIMIZE__) || defined(__SANITIZE_ADDRESS__) || \
    defined(__SANITIZE_THREAD__)
#define DW_CHECK_BLOCKING
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define DW_CHECK_BLOCKING
#endif
#endif

#define DW_LOCK_INITIALIZER(n) { PTHREAD_MUTEX_INITIALIZER, DW_LOCK_##n }

void dw_lock_init(struct dw_lock *l, enum dw_lock_name name);
void dw_lock_fini(struct dw_lock *l);
void dw_lock(struct dw_lock *l) DW_ACQUIRE(*l);
void dw_unlock(struct dw_lock *l) DW_RELEASE(*l);

/*
 * Stands before a call that may block, and names it: where a thread holds a
 * lock there, it aborts with both names.  In builds with a sanitizer or without
 * optimisation; otherwise it costs nothing.
 */
#ifdef DW_CHECK_BLOCKING
#define dw_may_block(call) dw_must_hold_none(call)
#else
#define dw_may_block(call) ((void)0)
#endif

/* The same in every build. */
void dw_must_hold_none(const char *call);

void dw_cond_init(struct dw_cond *c);
void dw_cond_fini(struct dw_cond *c);
void dw_cond_wait(struct dw_cond *c, struct dw_lock *l) DW_REQUIRES(*l);

/* Waits until signalled, or until deadline_ns on dw_clock_ns() (DW_NEVER: not).
 * Returns false when the deadline has passed.  May wake early: loop. */
bool dw_cond_wait_until(struct dw_cond *c, struct dw_lock *l,
    int64_t deadline_ns) DW_REQUIRES(*l);
void dw_cond_signal(struct dw_cond *c);
void dw_cond_broadcast(struct dw_cond *c);

#endif
