/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads: named, joinable, with all signals blocked and a small guarded
 * stack.  The table of all threads is in doc/threads.md.
 */
#ifndef DW_THREAD_H
#define DW_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns the bytes of a usual stack: 64 KiB, and more with sanitizers. */
size_t dw_thread_default_stack(void);

/* As a stack_size: what the system gives a thread when nobody asks for less
 * (ulimit -s; 8 MiB as a rule).  For threads that run an application's code. */
#define DW_STACK_SYSTEM SIZE_MAX

/*
 * Starts fn(arg).  `name` is shown by ps -L and cut at 15 bytes.  stack_size 0
 * takes our usual one.  Returns 0 or -errno (-EAGAIN: no more threads to be
 * had).
 */
int dw_thread_start(pthread_t *out, const char *name, size_t stack_size,
    void *(*fn)(void *), void *arg);

/* The same without a name, which fn may set.  It takes no memory in the new
 * thread: a thread that never allocates any is 700 bytes smaller. */
int dw_thread_start_unnamed(pthread_t *out, size_t stack_size,
    void *(*fn)(void *), void *arg);

/* Names the calling thread; cut at 15 bytes. */
void dw_thread_set_name(const char *name);

/*
 * Lets the calling thread wait for its turn when it is woken, instead of
 * interrupting who runs: SCHED_BATCH of Linux.  Best effort: where it is not
 * allowed, nothing changes.  Does this system have it?
 */
void dw_thread_batch(void);
bool dw_thread_has_batch(void);

/* Blocks every signal in the calling thread and in those it starts. */
void dw_thread_block_signals(void);

#endif
