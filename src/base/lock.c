/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This file is the mutex that aborts when its thread holds another one, and the
 * condition that goes with it.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/sink.h"

static const char *const lock_names[] = {
#define LOCK(name, guards) #name,
#include "base/locks.def"
#undef LOCK
};

static _Thread_local const struct dw_lock *held;

/* Without stdio, whose lock may be held, and without waiting for a reader. */
static void
stop(const char *what, const char *how)
{
	const char *name = lock_names[held->name];
	char text[128];
	int n = snprintf(text, sizeof text,
	    "deskwire: %s %s while holding \"%s\": this is a bug\n", what, how,
	    name);

	held = NULL;
	dw_say(text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
	abort();
}

static void
note_held(const struct dw_lock *l)
{
	char what[64];

	if (held != NULL) {
		snprintf(what, sizeof what, "lock \"%s\"", lock_names[l->name]);
		stop(what, "taken");
	}
	held = l;
}

void
dw_must_hold_none(const char *call)
{
	if (held != NULL)
		stop(call, "called");
}

void
dw_lock_init(struct dw_lock *l, enum dw_lock_name name)
{
	int r = pthread_mutex_init(&l->mutex, NULL);

	assert(r == 0);
	(void)r;
	l->name = name;
}

void
dw_lock_fini(struct dw_lock *l)
{
	int r = pthread_mutex_destroy(&l->mutex);

	assert(r == 0);
	(void)r;
}

void
dw_lock(struct dw_lock *l) DW_NO_TSA
{
	int r;

	note_held(l);
	r = pthread_mutex_lock(&l->mutex);
	assert(r == 0);
	(void)r;
}

void
dw_unlock(struct dw_lock *l) DW_NO_TSA
{
	int r;

	assert(held == l);
	held = NULL;
	r = pthread_mutex_unlock(&l->mutex);
	assert(r == 0);
	(void)r;
}

void
dw_cond_init(struct dw_cond *c)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&c->cond, &attr);
	pthread_condattr_destroy(&attr);
}

void
dw_cond_fini(struct dw_cond *c)
{
	pthread_cond_destroy(&c->cond);
}

void
dw_cond_wait(struct dw_cond *c, struct dw_lock *l)
{
	assert(held == l);
	pthread_cond_wait(&c->cond, &l->mutex);
}

bool
dw_cond_wait_until(struct dw_cond *c, struct dw_lock *l, int64_t deadline_ns)
{
	struct timespec ts;

	assert(held == l);
	if (deadline_ns == DW_NEVER) {
		dw_cond_wait(c, l);
		return true;
	}
	ts.tv_sec = deadline_ns / DW_SECOND;
	ts.tv_nsec = deadline_ns % DW_SECOND;
	return pthread_cond_timedwait(&c->cond, &l->mutex, &ts) != ETIMEDOUT;
}

void
dw_cond_signal(struct dw_cond *c)
{
	pthread_cond_signal(&c->cond);
}

void
dw_cond_broadcast(struct dw_cond *c)
{
	pthread_cond_broadcast(&c->cond);
}
