/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This file starts threads: named, with every signal blocked and a small stack.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/thread.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STACK_DEFAULT ((size_t)512 * 1024)
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define STACK_DEFAULT ((size_t)512 * 1024)
#endif
#endif
#ifndef STACK_DEFAULT
#define STACK_DEFAULT ((size_t)64 * 1024)
#endif

#define NAME_MAX_LINUX 16 /* with its NUL: prctl(2), PR_SET_NAME */

#define START_MAGIC 0x57a27ed1u

struct start {
	unsigned magic;
	void *(*fn)(void *);
	void *arg;
	char name[NAME_MAX_LINUX];
};

size_t
dw_thread_default_stack(void)
{
	size_t least = (size_t)sysconf(_SC_THREAD_STACK_MIN);

	/* glibc counts its own needs into the minimum, which can exceed ours
	 * on machines with large register files. */
	return STACK_DEFAULT > least + 16384 ? STACK_DEFAULT : least + 16384;
}

void
dw_thread_set_name(const char *name)
{
#ifdef HAVE_PTHREAD_SETNAME_NP
	char cut[NAME_MAX_LINUX];

	snprintf(cut, sizeof cut, "%s", name);
	pthread_setname_np(pthread_self(), cut);
#else
	(void)name;
#endif
}

static void *
begin(void *arg)
{
	struct start st = *(struct start *)arg;

	assert(st.magic == START_MAGIC);
	((struct start *)arg)->magic = 0;
	free(arg);
	dw_thread_set_name(st.name);
	return st.fn(st.arg);
}

static int
set_stack(pthread_attr_t *attr, size_t stack_size)
{
	if (stack_size == DW_STACK_SYSTEM)
		return 0;
	return pthread_attr_setstacksize(attr,
	    stack_size != 0 ? stack_size : dw_thread_default_stack());
}

#ifdef HAVE_PTHREAD_ATTR_SETSIGMASK_NP

/* The thread begins with the mask of its attributes. */
static int
create(pthread_t *out, pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
	sigset_t all;
	int r;

	sigfillset(&all);
	if ((r = pthread_attr_setsigmask_np(attr, &all)) != 0)
		return r;
	return pthread_create(out, attr, fn, arg);
}

#else

/* The thread begins with the mask of its creator. */
static int
create(pthread_t *out, pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(out, attr, fn, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

#endif

int
dw_thread_start_unnamed(pthread_t *out, size_t stack_size, void *(*fn)(void *),
    void *arg)
{
	pthread_attr_t attr;
	int r;

	if ((r = pthread_attr_init(&attr)) != 0)
		return -r;
	if ((r = set_stack(&attr, stack_size)) == 0)
		r = create(out, &attr, fn, arg);
	pthread_attr_destroy(&attr);
	return -r;
}

int
dw_thread_start(pthread_t *out, const char *name, size_t stack_size,
    void *(*fn)(void *), void *arg)
{
	struct start *st;
	int r;

	if ((st = malloc(sizeof *st)) == NULL)
		return -ENOMEM;
	st->magic = START_MAGIC;
	st->fn = fn;
	st->arg = arg;
	snprintf(st->name, sizeof st->name, "%s", name);

	if ((r = dw_thread_start_unnamed(out, stack_size, begin, st)) < 0)
		free(st);
	return r;
}

#if defined(SCHED_BATCH) && defined(DW_WITH_LINUX_EXTRAS)

bool
dw_thread_has_batch(void)
{
	return true;
}

void
dw_thread_batch(void)
{
	static const struct sched_param none = { 0 };

	pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
}

#else

bool
dw_thread_has_batch(void)
{
	return false;
}

void
dw_thread_batch(void)
{
}

#endif

void
dw_thread_block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
}
