/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The mutex-guarded hand-over of the console: what the thread `link` has read
 * and the thread `readline` has not taken yet.  Everything else of a console,
 * its board with the selected session and the rows to be shown, belongs to
 * `readline` alone (decision 22).
 *
 * Nothing is ever dropped here, because an event changes what the console
 * knows of its sessions.  `readline` takes all that there is whenever it is
 * woken, whether its terminal keeps up or not; should it be busy for a moment,
 * `link` stops reading at CON_INBOX_BYTES, and the desk keeps the rest.
 */
#ifndef CON_INBOX_H
#define CON_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/lock.h"
#include "base/wake.h"
#include "wire/op.h"

#define CON_INBOX_BYTES (8u << 20)

enum con_news_kind {
	CON_NEWS_FRAME,  /* the desk sent a frame */
	CON_NEWS_QUIET,  /* nothing has come for a while: ping the desk */
	CON_NEWS_SILENT, /* nor did an answer come */
	CON_NEWS_LOST,   /* the link is lost and will be tried again */
	CON_NEWS_ENDED   /* the link has ended for good */
};

struct con_news {
	struct dw_list node;
	enum con_news_kind kind;
	struct wire_frame *frame; /* FRAME: owned */
	unsigned generation;      /* FRAME: of the connection, from 1 */
	int64_t at_ns;            /* FRAME: when it came, */
	int64_t steady_ms;        /* … by the steady clock */
	bool refused;             /* ENDED: the desk does not want us */
	char why[160];            /* LOST, ENDED: "" or why */
};

struct con_inbox {
	unsigned magic;
	size_t max_bytes;    /* set by init */
	struct dw_wake wake; /* rung when there is something */

	struct dw_lock lock; /* "console" */
	struct dw_cond changed;
	struct dw_list news DW_GUARDED_BY(lock);
	size_t nbytes DW_GUARDED_BY(lock); /* of the frames in it */
	bool live DW_GUARDED_BY(lock);     /* a welcome and all behind it */
	bool ended DW_GUARDED_BY(lock);
	bool stop DW_GUARDED_BY(lock);
	struct con_news ending; /* no memory is needed for the last one */
};

/* Returns 0 or -errno. */
int con_inbox_init(struct con_inbox *in);
void con_inbox_fini(struct con_inbox *in);

/* Frees what con_inbox_take() gave; NULL is fine. */
void con_news_free(struct con_news *news);

/* ---- the thread `link` ---- */

/*
 * Takes over a frame of the desk, and waits for a place first.  Returns 0, or
 * -ENOMEM: the frame is gone then, and the connection has to be made anew.
 */
int con_inbox_frame(struct con_inbox *in, struct wire_frame *f,
    unsigned generation, int64_t now_ns);

/* Nothing has come for a while (QUIET), or for long (SILENT). */
void con_inbox_says_nothing(struct con_inbox *in, enum con_news_kind kind);

/* The link is lost; why is "" or a sentence. */
void con_inbox_lost(struct con_inbox *in, const char *why);

/* The link has ended, once; refused: the desk never took us. */
void con_inbox_ended(struct con_inbox *in, const char *why, bool refused);

/* ---- any thread ---- */

/* Asks the console to end; both of its threads are woken. */
void con_inbox_stop(struct con_inbox *in);
bool con_inbox_stopping(struct con_inbox *in);

/* ---- the thread `readline` ---- */

/* Waits until the desk has said all that it says to who comes, up to the first
 * frame live.  False when the deadline passed or the link ended first. */
bool con_inbox_wait_live(struct con_inbox *in, int64_t deadline_ns);

/* Moves all news behind what `out` holds, oldest first, and clears the
 * wake. */
void con_inbox_take(struct con_inbox *in, struct dw_list *out);

#endif
