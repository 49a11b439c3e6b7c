/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One operator's link, as the files that serve it share it: operator.c has the
 * worker and what the desk answers, links.c what the links tell each other.
 */
#ifndef SVC_OPERATOR_H
#define SVC_OPERATOR_H

#include "service/identity.h"
#include "service/internal.h"
#include "service/rate.h"
#include "wire/op.h"

#define SVC_ANSWER_TEXT    512 /* why a text is refused */
#define SVC_OPERATOR_NODES 2   /* one is read while the other is stored */
#define SVC_WATCHED        8   /* sessions that one console may watch */

struct svc_operator_node {
	struct svc_node node;
	struct wire_frame *frame; /* what the request points at */

	/* A reply that may be stored already, or a session that the desk does
	 * not know: the reader looks. */
	struct svc_job job;
	struct svc_node found;        /* posted when it has, */
	struct desk_answer otherwise; /* and it found none */
	char otherwise_text[SVC_ANSWER_TEXT];
	struct ev_session facts; /* of that session */
};

/* A session that a console watches. */
struct svc_watched {
	uint64_t sid; /* 0: none */
	int64_t since_ms;
};

#define SVC_OPERATOR_MAGIC 0x5e4c0004u

struct svc_operator {
	struct sks_handler base;
	unsigned magic;
	struct svc *svc;
	struct svc_settings *settings;
	struct sks_outbox *outbox;
	struct sks_frame *frames;
	struct svc_owner owner;
	struct svc_operator_node nodes[SVC_OPERATOR_NODES];
	unsigned next;
	struct svc_node attach, detach, caught_up, emptied;
	/* What the frame says is in them. */
	struct svc_node look, types, joins, ping, read;
	struct svc_identity identity;
	struct desk_console console; /* its who and as are ours to read */
	uint64_t seen;               /* its hello: wants all after */
	bool replay;
	bool rows;       /* a program wants the sessions, too */
	bool said_relay; /* it is too late to say so */
	bool attached;
	bool ended; /* said bye, or what is no frame */
	/* By the desk thread: nothing it says is taken any more. */
	atomic_bool revoked;

	/* The desk thread's, and the worker's while nothing is out. */
	bool name_taken; /* somebody who is present is called as it asks */

	/* The desk thread's. */
	struct dw_list link; /* in svc.links once live */
	struct svc_job job;  /* out: `asked` has its node */
	struct svc_node *asked;
	bool waiting;      /* with a question, for an empty outbox */
	uint64_t number;   /* of this link, and of no other */
	uint64_t looking;  /* the session it has selected; 0: none */
	uint64_t typing;   /* the others were told that it types to this one, */
	int64_t typing_ns; /* then */
	struct svc_rate rate; /* of these news */
	struct svc_watched watched[SVC_WATCHED];
};

/* All nodes of an operator point at its owner, which gives us the operator. */
static inline struct svc_operator *
svc_operator_of(struct svc_node *n)
{
	struct svc_operator *op =
	    DW_LIST_OF(n->owner, struct svc_operator, owner);

	assert(op->magic == SVC_OPERATOR_MAGIC);
	return op;
}

static inline struct svc_operator *
svc_operator_at(struct dw_list *link)
{
	return DW_LIST_OF(link, struct svc_operator, link);
}

/* Frames to one operator, on the desk thread.  They come behind what all were
 * told before. */
void svc_operator_put(struct svc_operator *op, const char *bytes, size_t len);
void svc_operator_tell(struct svc_operator *op, const struct wire_frame *f);

/* On the desk thread, when the table of people is not the one by which it came:
 * ends its link if it may be another operator by now.  Its console comes again,
 * and is then what it is; or is refused. */
void svc_operator_look_again(struct svc_operator *op);

/* links.c, on the desk thread.  The nodes whose ready() or answered() this is. */
void svc_links_init(struct svc_operator *op);
/* What a link is told before it is live, and behind that of the others; and they
 * of it when it goes. */
void svc_links_marks(struct svc_operator *op);
void svc_links_come(struct svc_operator *op);
void svc_links_go(struct svc_operator *op);

#endif
