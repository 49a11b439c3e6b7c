/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was sent to the desk and is not answered yet, so that a reply that was
 * refused, or lost with the link, finds its way back.  Pure.
 */
#ifndef CON_PENDING_H
#define CON_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

/* What rows of the past come before the answer. */
enum con_past {
	CON_PAST_NONE, /* none, or datagrams */
	CON_PAST_UNREAD,
	CON_PAST_HISTORY,
	CON_PAST_ENDED
};

struct con_request {
	struct dw_list node;
	uint64_t id;
	uint64_t sid;        /* of a reply; 0: a command */
	unsigned generation; /* of the link it was sent over */
	bool stored;         /* a reply whose event has come */
	bool taken;          /* a reply whose text is in the line again */
	int64_t t_ms;        /* when it was typed */
	enum con_past past;
	uint64_t sid_past; /* whose past */
	unsigned unread;   /* of CON_PAST_UNREAD */
	char *text;
};

struct con_pending {
	struct dw_list all; /* oldest first */
	size_t n;
	uint64_t last_id;
};

void con_pending_init(struct con_pending *p);
void con_pending_fini(struct con_pending *p);

/* A new request, kept, with an id of its own; NULL: no memory. */
struct con_request *con_pending_add(struct con_pending *p, uint64_t sid,
    const char *text);

/* NULL: unknown. */
struct con_request *con_pending_find(const struct con_pending *p, uint64_t id);

/* The last reply that is neither stored nor taken back; NULL: none. */
struct con_request *con_pending_last(const struct con_pending *p);

/* Takes it off; the caller frees it with con_request_free().  NULL: unknown. */
struct con_request *con_pending_take(struct con_pending *p, uint64_t id);

/* An event of ours says that this reply is stored. */
void con_pending_stored(struct con_pending *p, uint64_t sid, const char *body,
    size_t len);

/*
 * The oldest request that was sent over a link before `generation`: its answer
 * will not come any more.  The caller frees it; NULL: none is left.
 */
struct con_request *con_pending_take_lost(struct con_pending *p,
    unsigned generation);

void con_request_free(struct con_request *rq);

#endif
