/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The thread `reader` answers from the journal.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/lock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "service/reader.h"
#include "store/store.h"
#include "wire/op.h"

#define REPLAY_EVENTS 512         /* in one transaction */
#define REPLAY_BYTES  (32 * 1024) /* in one go; an event may exceed it */
#define STACK_SIZE    ((size_t)512 * 1024) /* SQLite's */

void
svc_reader_init(struct svc_reader *r, const char *dir, size_t max_bytes,
    struct svc_inbox *inbox, void (*found)(struct svc_node *n),
    void (*room)(struct svc_node *n)) DW_NO_TSA
{
	r->magic = SVC_READER_MAGIC;
	r->dir = dir;
	r->max_bytes = max_bytes;
	dw_lock_init(&r->lock, DW_LOCK_reader);
	dw_cond_init(&r->asked);
	dw_list_init(&r->jobs);
	r->ending = r->stirred = r->started = false;
	r->journal = NULL;
	svc_upkeep_init(&r->upkeep, dir, inbox, found, room);
}

void
svc_reader_ask(struct svc_reader *r, struct svc_job *job)
{
	job->magic = SVC_JOB_MAGIC;
	dw_buf_reset(&job->frames);
	job->upto = job->after;
	job->first = job->earlier = 0;
	job->more = false;
	job->result = 0;
	dw_lock(&r->lock);
	dw_list_add(&r->jobs, &job->link);
	dw_cond_signal(&r->asked);
	dw_unlock(&r->lock);
}

void
svc_reader_stir(struct svc_reader *r)
{
	dw_lock(&r->lock);
	r->stirred = true;
	dw_cond_signal(&r->asked);
	dw_unlock(&r->lock);
}

/* Waits for a job, until `due` or until it is stirred: then it is NULL.  Returns
 * false once the reader is to end and nothing is asked any more. */
static bool
take_job(struct svc_reader *r, int64_t due, struct svc_job **job)
{
	struct dw_list *n;
	bool ending, in_time = true;

	dw_lock(&r->lock);
	while ((n = dw_list_take(&r->jobs)) == NULL && !r->ending &&
	    !r->stirred && in_time)
		in_time = dw_cond_wait_until(&r->asked, &r->lock, due);
	ending = r->ending;
	r->stirred = false;
	dw_unlock(&r->lock);
	*job = n != NULL ? DW_LIST_OF(n, struct svc_job, link) : NULL;
	return n != NULL || !ending;
}

static int
add_frame(struct svc_job *job, enum wire_op op, const struct ev_event *ev)
{
	struct wire_frame f = wire_frame_of(op);

	f.id = job->id;
	f.ev = *ev;
	return wire_frame_encode(&job->frames, &f) < 0 ? -ENOMEM : 0;
}

static int
add_event(void *arg, const struct ev_event *ev)
{
	struct svc_job *job = arg;

	assert(job->magic == SVC_JOB_MAGIC);
	if (!ev_is_private(ev, job->who) && add_frame(job, WIRE_EV, ev) < 0)
		return -ENOMEM;
	job->upto = ev->seq;
	job->more = true;
	/* Enough for one go: the asker comes again. */
	return job->frames.len > REPLAY_BYTES ? 1 : 0;
}

/* A page while it is read, the newest event first. */
struct page {
	struct svc_job *job;
	size_t max_bytes;
};

static int
add_to_page(void *arg, const struct ev_event *ev)
{
	struct page *page = arg;
	struct svc_job *job = page->job;
	size_t before = job->frames.len;

	assert(job->magic == SVC_JOB_MAGIC);
	if (ev_is_private(ev, job->who))
		return 0;
	if (add_frame(job, WIRE_PAST, ev) < 0)
		return -ENOMEM;
	if (job->frames.len > page->max_bytes && job->first != 0) {
		job->frames.len = before;
		return 1;
	}
	if (store_past_counts(job->past.of, ev->kind))
		job->first = ev->seq;
	return 0;
}

/* A frame is one row, so rows in the other order are frames in the other
 * order. */
static int
turn_round(struct dw_buf *frames)
{
	struct dw_buf turned = DW_BUF_INITIALIZER;
	const char *lf;
	size_t end;

	for (end = frames->len; end > 0; frames->len = end) {
		lf = dw_memrchr(frames->data, '\n', end - 1);
		end = lf != NULL ? (size_t)(lf + 1 - frames->data) : 0;
		dw_buf_add(&turned, frames->data + end, frames->len - end);
	}
	if (turned.failed) {
		dw_buf_fini(&turned);
		return -ENOMEM;
	}
	dw_buf_fini(frames);
	*frames = turned;
	return 0;
}

static int
read_page(struct store_reader *sr, struct svc_job *job, size_t max_bytes)
{
	struct page page = { job, max_bytes };
	struct ev_past earlier = job->past;
	int r;

	if ((r = store_past(sr, &job->past, add_to_page, &page)) < 0 ||
	    (r = turn_round(&job->frames)) < 0 || job->first == 0)
		return r;
	earlier.before = job->first;
	return store_past_before(sr, &earlier, &job->earlier);
}

/* ---- what a session was ---- */

static int
fold_event(void *arg, const struct ev_event *ev)
{
	struct svc_job *job = arg;

	assert(job->magic == SVC_JOB_MAGIC);
	ev_apply(job->facts, ev);
	return 0;
}

/* However long it was, no more is kept of it than that. */
static int
fold_session(struct store_reader *sr, struct svc_job *job)
{
	int r;

	memset(job->facts, 0, sizeof *job->facts);
	r = store_read_session(sr, job->sid, fold_event, job);
	return r == 0 && job->facts->sid != job->sid ? -ENOENT : r;
}

static void
answer(const struct svc_reader *reader, struct store_reader *sr,
    struct svc_job *job)
{
	int r;

	if (sr == NULL)
		r = -EIO;
	else if (ev_key_is_set(&job->key))
		r = store_reader_find_reply(sr, job->sid, &job->key, &job->n);
	else if (job->facts != NULL)
		r = fold_session(sr, job);
	else if (job->past.count != 0)
		r = read_page(sr, job, reader->max_bytes);
	else
		r = store_read(sr, job->after, REPLAY_EVENTS, add_event, job);
	job->result = r < 0 ? r : 0;
	job->done(job);
}

/* What cannot be read now is tried again for the next question. */
static void
connect_to(struct svc_reader *r)
{
	struct dw_buf why = DW_BUF_INITIALIZER;

	if (r->journal == NULL)
		(void)store_reader_open(r->dir, &r->journal, &why);
	dw_buf_fini(&why);
}

static void *
reader_thread(void *arg)
{
	struct svc_reader *r = arg;
	struct svc_job *job;
	int64_t due = 0;

	assert(r->magic == SVC_READER_MAGIC);
	while (take_job(r, due, &job)) {
		connect_to(r);
		if (job != NULL)
			answer(r, r->journal, job);
		due = svc_upkeep(&r->upkeep, r->journal);
	}
	store_reader_close(r->journal);
	r->journal = NULL;
	return NULL;
}

/* It has its connection before anybody is served, so that a desk that is short
 * of descriptors is so from the beginning. */
int
svc_reader_start(struct svc_reader *r)
{
	int err;

	connect_to(r);
	err =
	    dw_thread_start(&r->thread, "reader", STACK_SIZE, reader_thread, r);
	r->started = err == 0;
	if (!r->started) {
		store_reader_close(r->journal);
		r->journal = NULL;
	}
	return err;
}

void
svc_reader_stop(struct svc_reader *r)
{
	dw_lock(&r->lock);
	r->ending = true;
	dw_cond_signal(&r->asked);
	dw_unlock(&r->lock);
	dw_may_block("pthread_join");
	if (r->started)
		pthread_join(r->thread, NULL);
	r->started = false;
}

void
svc_reader_fini(struct svc_reader *r)
{
	svc_upkeep_fini(&r->upkeep);
	dw_cond_fini(&r->asked);
	dw_lock_fini(&r->lock);
}
