/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The mutex-guarded heart of the console: the selected session, unread
 * counts, the mirror of the sessions and a bounded queue of what is to be
 * shown.  The thread `link` posts and never waits for the terminal; the
 * thread `readline` takes.  Nothing that can block is called under its lock.
 *
 * When the terminal does not keep up, the oldest rows are dropped and counted;
 * what changes the mirror, and the answers to our own requests, never is.
 * While another session is selected, one that floods gets CON_FLOOD_ROWS rows
 * a second, and a row that counts the rest.  So do all datagrams together.
 */
#ifndef CON_BOARD_H
#define CON_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/lock.h"
#include "base/wake.h"
#include "console/mirror.h"
#include "console/rows.h"
#include "wire/op.h"

#define CON_BOARD_ROWS  5000 /* waiting to be shown */
#define CON_BOARD_BYTES (8u << 20)
#define CON_FLOOD_ROWS  4
#define CON_FLOOD_MS    1000

enum con_item_kind {
	CON_ITEM_EVENT,   /* frame: ev or past */
	CON_ITEM_NOTICE,  /* frame: notice */
	CON_ITEM_ANSWER,  /* frame: ok or err */
	CON_ITEM_WELCOME, /* frame: welcome; generation */
	CON_ITEM_LIVE,    /* the replay is over */
	CON_ITEM_BYE,     /* frame: bye */
	CON_ITEM_LOST,    /* the link; text says why */
	CON_ITEM_ENDED,   /* the link, for good; text says why */
	CON_ITEM_MORE,    /* count messages of sid were not shown */
	CON_ITEM_DROPPED  /* count rows were not shown */
};

struct con_item {
	struct dw_list node;
	enum con_item_kind kind;
	struct wire_frame *frame; /* owned; or NULL */
	uint64_t sid, count;
	uint64_t out;        /* replies to sid until then */
	uint64_t unsent;     /* see con_row_about */
	unsigned generation; /* of the link it came over */
	enum con_mark mark;
	bool own;     /* an operator of our name */
	bool refused; /* ENDED: the desk wants us not */
	int64_t born_ns;
	size_t cost;
	char label[CON_LABEL_MAX];
	char text[160];
};

void con_item_free(struct con_item *item);

struct con_board {
	size_t max_rows, max_bytes; /* set by init */
	bool flood_limit;
	struct dw_wake wake; /* rung when there is something */

	struct dw_lock lock;    /* "board" */
	struct dw_cond changed; /* the link's state */
	struct con_mirror mirror DW_GUARDED_BY(lock);
	struct dw_list items DW_GUARDED_BY(lock);
	struct dw_list past DW_GUARDED_BY(lock); /* unfinished */
	size_t nrows DW_GUARDED_BY(lock);        /* that may drop */
	size_t nbytes DW_GUARDED_BY(lock);
	uint64_t dropped DW_GUARDED_BY(lock);
	size_t floods DW_GUARDED_BY(lock);          /* sessions */
	struct con_session udp DW_GUARDED_BY(lock); /* all datagrams:
	                                             * its flood_* */
	unsigned generation DW_GUARDED_BY(lock);
	bool welcomed DW_GUARDED_BY(lock);
	bool ended DW_GUARDED_BY(lock);
	bool stop DW_GUARDED_BY(lock);
};

/* flood_limit off: every message is a row, for a console that is a pipe.
 * Returns 0 or -errno. */
int con_board_init(struct con_board *b, bool flood_limit);
void con_board_fini(struct con_board *b);

/* ---- the link posts ---- */

/* Takes over a frame from the desk. */
void con_board_frame(struct con_board *b, struct wire_frame *f, int64_t now_ns);

/* The link is lost (and will be tried again), or has ended; refused: the desk
 * never took us. */
void con_board_lost(struct con_board *b, const char *why);
void con_board_ended(struct con_board *b, const char *why, bool refused);

/* The last event this console has; 0 before the first welcome. */
uint64_t con_board_seen(struct con_board *b);

/* That desk has another journal: the next welcome brings all anew. */
void con_board_forget(struct con_board *b);

/* ---- any thread ---- */

/* Asks the console to end; it is woken. */
void con_board_stop(struct con_board *b);
bool con_board_stopping(struct con_board *b);

/* ---- readline takes ---- */

/* Waits for the first welcome.  False when the deadline passed or the link
 * ended first. */
bool con_board_wait_welcome(struct con_board *b, int64_t deadline_ns);

/*
 * Moves up to `max` items to `out`; the caller frees them.  Returns when to
 * ask again although nothing new was posted (DW_NEVER: no need; now_ns: more
 * is there).  Clears the wake.
 */
int64_t con_board_take(struct con_board *b, int64_t now_ns, size_t max,
    struct dw_list *out);

/* Is everything taken? */
bool con_board_idle(struct con_board *b);

/* The mirror's functions of the same names, under the lock. */
void con_board_facts(struct con_board *b, struct con_facts *out);
int con_board_select(struct con_board *b, uint64_t sid);
void con_board_keep(struct con_board *b, uint64_t sid, bool keep);
int con_board_lookup(struct con_board *b, const char *text, uint64_t *sid);
uint64_t con_board_oldest(struct con_board *b);
uint64_t con_board_next(struct con_board *b);
uint64_t con_board_previous(struct con_board *b);
size_t con_board_open(struct con_board *b);

/* A copy of one session; false when there is none. */
bool con_board_session(struct con_board *b, uint64_t sid,
    struct con_session *out);

/* Copies of the addresses that wrote over UDP, the latest first.  Returns how
 * many. */
size_t con_board_peers(struct con_board *b, char out[CON_PEERS][CON_ADDR_MAX]);

/* Copies of all, in the order of /list; the caller frees *out.  Returns how
 * many, or -ENOMEM. */
long con_board_sessions(struct con_board *b, struct con_session **out);

#endif
