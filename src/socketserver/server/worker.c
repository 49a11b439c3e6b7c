/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This file is the life of a worker: a thread that serves a request, parks, and
 * serves the next one that it is given.  One that was not needed for a while
 * ends.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/thread.h"
#include "socketserver/net/error.h"
#include "socketserver/server/internal.h"

int64_t sks_worker_patience_ns = DW_SECOND;

/* The request that this thread serves, or NULL. */
static _Thread_local struct sks_request *current;

/* How many forks lie between the process that loaded the library and this one.
 * Of another process's workers there is only the memory. */
static atomic_uint forks;

static void
count_fork(void)
{
	atomic_fetch_add(&forks, 1);
}

static void
watch_forks(void)
{
	pthread_atfork(NULL, NULL, count_fork);
}

struct sks_request *
sks_worker_request(void)
{
	return current;
}

/* A handler begins as in a new thread, as far as the library and the C library
 * keep something for it that costs no system call to put back. */
static void
begin_anew(void)
{
	int old;

	sks_error_clear();
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
	pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &old);
	errno = 0;
}

static void
serve(struct sks_server *srv, struct sks_request *req)
{
	int r;

	assert(req->magic == SKS_REQUEST_MAGIC);
	current = req;
	req->code = (uintptr_t)srv->ops.finish_request;
	begin_anew();
	if ((r = srv->ops.finish_request(srv, req)) < 0)
		sks_report(srv, req, r);
	srv->ops.shutdown_request(srv, req);
	current = NULL;
	sks_error_clear();
}

/* Not once the server closes: what parks then would not be woken any more. */
static int
may_park_locked(const struct sks_server *srv) DW_REQUIRES(srv->lock)
{
	return !srv->closed && srv->n_parked < srv->cfg.max_parked;
}

static void
park_locked(struct sks_server *srv, struct sks_worker *w) DW_REQUIRES(srv->lock)
{
	assert(!w->is_parked && w->req == NULL);
	w->is_parked = 1;
	srv->n_parked++;
	dw_list_push(&srv->parked, &w->node);
}

static void
unpark_locked(struct sks_server *srv, struct sks_worker *w)
    DW_REQUIRES(srv->lock)
{
	assert(w->is_parked && srv->n_parked > 0);
	w->is_parked = 0;
	srv->n_parked--;
	dw_list_del(&w->node);
}

/* The loop, or the thread that closes, then joins it. */
static void
done_locked(struct sks_server *srv, struct sks_worker *w) DW_REQUIRES(srv->lock)
{
	dw_list_add(&srv->done, &w->node);
	dw_cond_broadcast(&srv->changed);
}

/* Lets go of the request.  Returns 1 when the worker is parked, 0 when it
 * ends. */
static int
request_over(struct sks_worker *w)
{
	struct sks_server *srv = w->srv;
	struct sks_request *req = w->req;
	int unchanged = !sks_thread_locals_changed(&w->locals, req->code);
	int parks;

	sks_request_leave(req);
	dw_lock(&srv->lock);
	sks_request_retire_locked(srv, req);
	w->req = NULL;
	if ((parks = unchanged && may_park_locked(srv)))
		park_locked(srv, w);
	else
		done_locked(srv, w);
	dw_unlock(&srv->lock);
	sks_request_unref(req);
	if (parks)
		sks_request_ended(srv);
	else
		dw_wake_ring(&srv->wake);
	return parks;
}

#ifdef HAVE_SEM_CLOCKWAIT

#define PATIENCE_CLOCK CLOCK_MONOTONIC

static int
wait_until(sem_t *go, const struct timespec *end)
{
	return sem_clockwait(go, PATIENCE_CLOCK, end);
}

#else

/* When somebody sets this clock, a worker is parked for longer or shorter. */
#define PATIENCE_CLOCK CLOCK_REALTIME

static int
wait_until(sem_t *go, const struct timespec *end)
{
	return sem_timedwait(go, end);
}

#endif

static struct timespec
patience_end(void)
{
	struct timespec ts;
	int64_t ns;

	clock_gettime(PATIENCE_CLOCK, &ts);
	ns = ts.tv_nsec + sks_worker_patience_ns;
	ts.tv_sec += (time_t)(ns / DW_SECOND);
	ts.tv_nsec = (long)(ns % DW_SECOND);
	return ts;
}

/* Returns 1 when the worker was woken, 0 when its patience has ended. */
static int
wait_patiently(struct sks_worker *w)
{
	const struct timespec end = patience_end();

	dw_may_block("sem_clockwait");
	while (wait_until(&w->go, &end) < 0)
		if (errno != EINTR)
			return 0;
	return 1;
}

static void
wait_however_long(struct sks_worker *w)
{
	dw_may_block("sem_wait");
	while (sem_wait(&w->go) < 0)
		assert(errno == EINTR);
}

/* Returns 0 when somebody has taken the worker off its list meanwhile. */
static int
give_up(struct sks_worker *w)
{
	struct sks_server *srv = w->srv;
	int parked;

	dw_lock(&srv->lock);
	if ((parked = w->is_parked)) {
		unpark_locked(srv, w);
		done_locked(srv, w);
	}
	dw_unlock(&srv->lock);
	if (parked)
		dw_wake_ring(&srv->wake);
	return parked;
}

/* Waits for the next request.  Returns 0 when there is none. */
static int
await_request(struct sks_worker *w)
{
	if (!wait_patiently(w)) {
		if (give_up(w))
			return 0;
		wait_however_long(w); /* it is about to be given one */
	}
	return w->req != NULL;
}

static void
set_name(const struct sks_worker *w)
{
	char name[40];

	snprintf(name, sizeof name, "%s%" PRIu64, w->srv->thread_name,
	    w->number);
	dw_thread_set_name(name);
}

static void *
worker_main(void *arg)
{
	struct sks_worker *w = arg;

	assert(w->magic == SKS_WORKER_MAGIC);
	assert(w->srv->magic == SKS_SERVER_MAGIC);
	w->thread = pthread_self();
	set_name(w);
	if (w->srv->cfg.batch_workers)
		dw_thread_batch();
	do
		serve(w->srv, w->req);
	while (request_over(w) && await_request(w));
	return NULL;
}

static uint64_t
next_number(struct sks_server *srv)
{
	uint64_t n;

	dw_lock(&srv->lock);
	n = ++srv->workers;
	srv->stats.threads++;
	dw_unlock(&srv->lock);
	return n;
}

static void
worker_free(struct sks_worker *w)
{
	struct sks_server *srv = w->srv;

	dw_lock(&srv->lock);
	assert(srv->stats.threads > 0);
	srv->stats.threads--;
	dw_unlock(&srv->lock);
	assert(w->req == NULL);
	sem_destroy(&w->go);
	w->magic = 0;
	free(w);
}

static struct sks_worker *
worker_new(struct sks_server *srv)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct sks_worker *w = calloc(1, sizeof *w);

	if (w == NULL)
		return NULL;
	pthread_once(&once, watch_forks);
	w->magic = SKS_WORKER_MAGIC;
	w->srv = srv;
	w->forks = atomic_load(&forks);
	sem_init(&w->go, 0, 0);
	dw_list_init(&w->node);
	w->number = next_number(srv);
	return w;
}

int
sks_worker_start(struct sks_server *srv, struct sks_request *req)
{
	struct sks_worker *w = worker_new(srv);
	pthread_t thread; /* not used here: the worker may have ended by now */
	int r;

	if (w == NULL)
		return -ENOMEM;
	w->req = req;
	r = dw_thread_start_unnamed(&thread, sks_stack_size(srv), worker_main,
	    w);
	if (r == 0)
		return 0;
	w->req = NULL;
	worker_free(w);
	return r;
}

static int
is_of_this_process(const struct sks_worker *w)
{
	return w->forks == atomic_load(&forks);
}

void
sks_worker_wake(struct sks_worker *w, struct sks_request *req)
{
	w->req = req;
	sem_post(&w->go);
}

void
sks_worker_join(struct sks_worker *w)
{
	assert(w->magic == SKS_WORKER_MAGIC);
	dw_may_block("pthread_join");
	if (is_of_this_process(w))
		pthread_join(w->thread, NULL);
	worker_free(w);
}

static struct sks_worker *
take_parked(struct sks_server *srv)
{
	struct sks_worker *w = NULL;

	dw_lock(&srv->lock);
	if (!dw_list_empty(&srv->parked)) {
		w = DW_LIST_OF(srv->parked.next, struct sks_worker, node);
		unpark_locked(srv, w);
	}
	dw_unlock(&srv->lock);
	return w;
}

struct sks_worker *
sks_worker_unpark(struct sks_server *srv)
{
	struct sks_worker *w;

	while ((w = take_parked(srv)) != NULL && !is_of_this_process(w))
		worker_free(w);
	return w;
}
