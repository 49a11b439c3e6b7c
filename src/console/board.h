/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The heart of the console: the selected session, unread counts, the mirror of
 * the sessions, and a bounded queue of the rows to be shown.  It belongs to
 * the thread `readline`, which takes the desk's frames out of the inbox, folds
 * them into the mirror and queues their rows, whether the terminal keeps up or
 * not.  Pure: time comes in.
 *
 * When the terminal does not keep up, the oldest rows are dropped and counted;
 * what changes the mirror, and the answers to our own requests, never is.
 * While another session is selected, one that says more at once than the desk's
 * --burst gets a row a second, and a row that counts the rest; selecting it
 * shows them.  So do all datagrams together.
 */
#ifndef CON_BOARD_H
#define CON_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "console/inbox.h"
#include "console/mirror.h"
#include "console/rows.h"
#include "wire/op.h"

#define CON_BOARD_ROWS     5000 /* waiting to be shown */
#define CON_BOARD_BYTES    (8u << 20)
#define CON_BOARD_CHARSETS 256  /* of pages that are not complete */
#define CON_FLOOD_BURST    20   /* of a desk that does not say */
#define CON_FLOOD_MS       1000 /* a row, and how often the rest is counted */

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
	CON_ITEM_PAST,    /* the count rows behind it are past; frame_id */
	CON_ITEM_DROPPED  /* count rows were not shown */
};

struct con_item {
	struct dw_list node;
	enum con_item_kind kind;
	struct wire_frame *frame; /* owned; or NULL */
	uint64_t sid, count; /* of EV_CHARSET: messages to be shown again */
	const struct dw_charset *charset; /* of a customer's message */
	uint64_t frame_id;   /* PAST: of the answer; the request's */
	uint64_t first_seq;  /* PAST: of the first row */
	uint64_t first_n;    /* PAST: so many messages come before it */
	uint64_t out;        /* replies to sid until then */
	uint64_t unsent;     /* see con_row_about */
	unsigned generation; /* of the link it came over */
	enum con_mark mark;
	bool own;                   /* an operator of our name */
	bool ours;                  /* a reply or a note of this console */
	bool yours, offered, waits; /* see con_row_about, and `was` */
	bool refused;               /* ENDED: the desk wants us not */
	int64_t born_ns;
	size_t cost;
	char label[CON_LABEL_MAX];
	char was[EV_NAME_SIZE];
	char text[160];
};

void con_item_free(struct con_item *item);

struct con_board {
	size_t max_rows, max_bytes; /* set by init */
	bool flood_limit;
	unsigned burst; /* rows of one session that come at once */

	struct con_mirror mirror;
	struct dw_list items;
	struct dw_list past;     /* of an answer that is not complete, */
	struct dw_list charsets; /* and what says how its rows are read */
	size_t ncharsets;
	size_t nrows;           /* that may be dropped */
	size_t nbytes;          /* of those */
	uint64_t dropped;       /* and not yet told */
	uint64_t past_dropped;  /* the last answer of which a row was */
	struct dw_list floods;  /* who has rows that are only counted, by
	                         * when the first of them came */
	struct con_session udp; /* all datagrams: its flood_* */
	unsigned generation;    /* of the connection that was last heard */
	int64_t steady_ms;      /* when it was heard */
};

/* flood_limit off: every message is a row, for a console that is a pipe. */
void con_board_init(struct con_board *b, bool flood_limit);
void con_board_fini(struct con_board *b);

/* Takes what the link has brought; the frame of the news is taken over. */
void con_board_news(struct con_board *b, struct con_news *news);

/*
 * Moves up to `max` items to `out`; the caller frees them.  Returns when to
 * ask again although nothing new has come (DW_NEVER: no need; now_ns: more is
 * there).
 */
int64_t con_board_take(struct con_board *b, int64_t now_ns, size_t max,
    struct dw_list *out);

/* The row of an item that was taken could not be made. */
void con_board_not_shown(struct con_board *b, const struct con_item *item);

/* Is everything taken? */
bool con_board_is_empty(const struct con_board *b);

#endif
