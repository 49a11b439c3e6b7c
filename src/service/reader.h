/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The thread "reader": answers from the journal what the desk thread does not
 * keep, over a read-only connection of its own, and keeps the journal up.  A question is a job inside
 * its asker, as requests are; one that is out belongs to the reader.
 */
#ifndef SVC_READER_H
#define SVC_READER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/lock.h"
#include "event/event.h"
#include "event/past.h"
#include "event/session.h"
#include "service/upkeep.h"

#define SVC_JOB_MAGIC    0x5e4c0006u
#define SVC_READER_MAGIC 0x5e4c0007u

struct svc_job {
	unsigned magic;
	/* Set by the desk thread before it asks. */
	struct ev_key key; /* set: the reply of session sid with it; or, */
	uint64_t sid;
	struct ev_session *facts; /* not NULL: those of session sid go there; */
	struct ev_past past;      /* or this page; or, */
	uint64_t after;           /* past.count 0: all events after this one */
	uint64_t id;              /* a page: goes into its frames */
	const char *who;          /* for this operator */
	void (*done)(struct svc_job *job); /* on the reader */

	/* The answer: frames for the operator. */
	struct dw_buf frames;
	uint64_t upto;    /* the last event among them */
	uint64_t first;   /* a page: its first that counts; 0: none */
	uint64_t earlier; /* a page: how many count before that */
	bool more;        /* there may be more after that */
	uint64_t n;       /* a reply: its number */
	int result; /* 0 or -errno; of a reply or a session -ENOENT: none */

	struct dw_list link;
};

struct svc_reader {
	unsigned magic;
	const char *dir;
	size_t max_bytes;    /* of one page */
	struct dw_lock lock; /* "reader" */
	struct dw_cond asked;
	struct dw_list jobs DW_GUARDED_BY(lock);
	bool ending DW_GUARDED_BY(lock);
	bool stirred DW_GUARDED_BY(lock);
	struct svc_upkeep upkeep;
	struct store_reader *journal; /* the thread's; NULL: not open */
	pthread_t thread;
	bool started;
};

/* A page is not longer than max_bytes, unless its one row is: what was longest
 * ago is left out then.  found, room: see svc_upkeep_init(). */
void svc_reader_init(struct svc_reader *r, const char *dir, size_t max_bytes,
    struct svc_inbox *inbox, void (*found)(struct svc_node *n),
    void (*room)(struct svc_node *n));

/* Returns 0 or -errno. */
int svc_reader_start(struct svc_reader *r);

/* The desk thread asks; done is called when the job is the asker's again. */
void svc_reader_ask(struct svc_reader *r, struct svc_job *job);

/* The desk thread: there is something for its upkeep to do. */
void svc_reader_stir(struct svc_reader *r);

/* Answers what was asked, then joins the thread.  The desk thread may go on: it
 * takes the last news. */
void svc_reader_stop(struct svc_reader *r);

/* Once there is no desk thread any more. */
void svc_reader_fini(struct svc_reader *r);

#endif
