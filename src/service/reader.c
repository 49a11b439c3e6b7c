/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The thread `reader` answers from the journal.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>

#include "base/lock.h"
#include "base/thread.h"
#include "service/reader.h"
#include "store/store.h"
#include "wire/op.h"

#define REPLAY_EVENTS 512         /* in one transaction */
#define REPLAY_BYTES  (32 * 1024) /* in one go; an event may exceed it */
#define STACK_SIZE    ((size_t)512 * 1024) /* SQLite's */

void
svc_reader_init(struct svc_reader *r, const char *dir) DW_NO_TSA
{
	r->magic = SVC_READER_MAGIC;
	r->dir = dir;
	dw_lock_init(&r->lock, DW_LOCK_reader);
	dw_cond_init(&r->asked);
	dw_list_init(&r->jobs);
	r->ending = r->started = false;
}

void
svc_reader_ask(struct svc_reader *r, struct svc_job *job)
{
	job->magic = SVC_JOB_MAGIC;
	dw_buf_reset(&job->frames);
	job->upto = job->after;
	job->more = false;
	job->result = 0;
	dw_lock(&r->lock);
	dw_list_add(&r->jobs, &job->link);
	dw_cond_signal(&r->asked);
	dw_unlock(&r->lock);
}

/* NULL once the reader is to end and nothing is asked any more. */
static struct svc_job *
take_job(struct svc_reader *r)
{
	struct dw_list *n;

	dw_lock(&r->lock);
	while ((n = dw_list_take(&r->jobs)) == NULL && !r->ending)
		dw_cond_wait(&r->asked, &r->lock);
	dw_unlock(&r->lock);
	return n != NULL ? DW_LIST_OF(n, struct svc_job, link) : NULL;
}

static int
add_event(void *arg, const struct ev_event *ev)
{
	struct svc_job *job = arg;
	struct wire_frame f;

	assert(job->magic == SVC_JOB_MAGIC);
	f = wire_frame_of(job->count != 0 ? WIRE_PAST : WIRE_EV);
	f.id = job->id;
	f.ev = *ev;
	if (wire_frame_encode(&job->frames, &f) < 0)
		return -ENOMEM;
	job->upto = ev->seq;
	job->more = true;
	/* Enough for one go: the asker comes again. */
	return job->count == 0 && job->frames.len > REPLAY_BYTES ? 1 : 0;
}

static void
answer(struct store_reader *sr, struct svc_job *job)
{
	int r;

	if (sr == NULL)
		r = -EIO;
	else if (job->count != 0)
		r = store_history(sr, job->sid, job->count, add_event, job);
	else
		r = store_read(sr, job->after, REPLAY_EVENTS, add_event, job);
	job->result = r < 0 ? r : 0;
	job->done(job);
}

static void *
reader_thread(void *arg)
{
	struct svc_reader *r = arg;
	struct dw_buf why = DW_BUF_INITIALIZER;
	struct store_reader *sr = NULL;
	struct svc_job *job;

	assert(r->magic == SVC_READER_MAGIC);
	while ((job = take_job(r)) != NULL) {
		if (sr == NULL)
			(void)store_reader_open(r->dir, &sr, &why);
		answer(sr, job);
		dw_buf_reset(&why);
	}
	store_reader_close(sr);
	dw_buf_fini(&why);
	return NULL;
}

int
svc_reader_start(struct svc_reader *r)
{
	int err =
	    dw_thread_start(&r->thread, "reader", STACK_SIZE, reader_thread, r);

	r->started = err == 0;
	return err;
}

void
svc_reader_fini(struct svc_reader *r)
{
	dw_lock(&r->lock);
	r->ending = true;
	dw_cond_signal(&r->asked);
	dw_unlock(&r->lock);
	dw_may_block("pthread_join");
	if (r->started)
		pthread_join(r->thread, NULL);
	dw_cond_fini(&r->asked);
	dw_lock_fini(&r->lock);
}
