/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was sent to the desk and is not answered yet, so that a reply that was
 * refused finds its way back, and one that was lost with the link is sent again
 * as what it is: its key was drawn before the first try.  Pure.
 */
#ifndef CON_PENDING_H
#define CON_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "event/event.h"

/* What rows of the past come before the answer. */
enum con_past {
	CON_PAST_NONE, /* none, or datagrams */
	CON_PAST_UNREAD,
	CON_PAST_HISTORY,
	CON_PAST_AGAIN, /* what was shown in the wrong encoding */
	CON_PAST_ENDED,
	CON_PAST_SAME /* earlier sessions of the same person */
};

enum con_request_kind {
	CON_REQUEST_COMMAND,
	CON_REQUEST_REPLY,
	CON_REQUEST_NOTE, /* as a reply, for colleagues only */
	CON_REQUEST_NEXT /* whoever waits longest; text: what was in the line */
};

struct con_request {
	struct dw_list node;
	uint64_t id;
	enum con_request_kind kind;
	uint64_t sid;        /* 0: of a command; NEXT: who was selected */
	struct ev_key key;   /* of a text, and the last event of the */
	uint64_t seen;       /* session that its writer had seen */
	unsigned generation; /* of the link it was sent over; 0: none yet */
	bool stored;         /* a text whose event has come */
	bool taken;          /* a text that is in the line again */
	bool note;           /* NEXT: the line was one */
	int64_t t_ms;        /* when it was typed */
	enum con_past past;
	uint64_t sid_past; /* whose past */
	uint64_t upto;     /* up to which event */
	uint64_t unread;   /* rows: of CON_PAST_UNREAD, and of _AGAIN */
	char *text;

	/* Of rows of the past: the text of a reply that was refused because
	 * of event seq, and the desk's sentence.  It is given back when they
	 * are shown. */
	struct {
		char *text; /* or NULL */
		char *why;
		uint64_t seq;
	} stale;
};

struct con_pending {
	struct dw_list all; /* oldest first */
	size_t n;
	uint64_t last_id;
};

void con_pending_init(struct con_pending *p);
void con_pending_fini(struct con_pending *p);

/* A new request, kept, with an id of its own; NULL: no memory. */
struct con_request *con_pending_add(struct con_pending *p,
    enum con_request_kind kind, uint64_t sid, const char *text);

/* Is it a text that somebody typed for a session, a reply or a note? */
bool con_request_is_text(const struct con_request *rq);

/* Is there one of this kind? */
bool con_pending_has(const struct con_pending *p, enum con_request_kind kind);

/* NULL: unknown. */
struct con_request *con_pending_find(const struct con_pending *p, uint64_t id);

/* The last text that is neither stored nor taken back; NULL: none. */
struct con_request *con_pending_last(const struct con_pending *p);

/* Takes it off; the caller frees it with con_request_free().  NULL: unknown. */
struct con_request *con_pending_take(struct con_pending *p, uint64_t id);

/* An event says that the text with this key is stored. */
void con_pending_stored(struct con_pending *p, const struct ev_key *key);

/* Must this be sent again once the desk is there, having been sent over a link
 * before `generation`, or over none? */
bool con_request_goes_on(const struct con_request *rq, unsigned generation);

/* Is there such a one? */
bool con_pending_goes_on(const struct con_pending *p, unsigned generation);

/*
 * The oldest request that was sent over a link before `generation`: its answer
 * will not come any more.  for_good: nor does that link's successor, so replies
 * that would go on are taken, too.  The caller frees it; NULL: none is left.
 */
struct con_request *con_pending_take_lost(struct con_pending *p,
    unsigned generation, bool for_good);

/* Are there rows of the past to come that were not read? */
bool con_pending_has_unread(const struct con_pending *p);

void con_request_free(struct con_request *rq);

#endif
