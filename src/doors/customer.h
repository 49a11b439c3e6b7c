/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A customer as its worker has it: what customer.c, line_mode.c and
 * classic_mode.c share.  All of it runs on the worker, except where it says
 * otherwise.
 */
#ifndef DOOR_CUSTOMER_H
#define DOOR_CUSTOMER_H

#include "base/buf.h"
#include "doors/inside.h"
#include "doors/rate.h"
#include "wire/classic.h"
#include "wire/line.h"

#define RECV_MAX   16384 /* of the worker's 64 KiB of stack */
#define SAID_NODES 2     /* one is read while the other is stored */

/* A message on its way to the desk, with its text. */
struct said {
	struct door_node node;
	struct dw_buf text;
};

struct door_customer {
	struct sks_handler base;
	struct door *door;
	struct desk_conn conn;
	struct sks_outbox *outbox;
	struct dw_cond back;
	struct said said[SAID_NODES];
	unsigned next; /* of said, to be used */
	struct door_node sent, stalled, left;
	struct wire_line line;       /* one of these two, */
	struct wire_classic classic; /* once it is known which */
	atomic_bool telnet;
	bool is_line, is_classic; /* in use */
	bool opened;              /* the desk knows it */
	bool refused;             /* a classic one: not let in */
	bool over;                /* nothing more is read */
	enum desk_mode mode;
	bool spoke;
	unsigned too_long;
	struct door_rate rate;
	const char *why; /* of its end */
};

static inline const struct door_limits *
door_limits_of(const struct door_customer *cu)
{
	return &cu->door->config->limits;
}

/* Sends a request whose text is copied; waits until one of the nodes is
 * back. */
void door_request(struct door_customer *cu, enum desk_rq rq, const char *text,
    size_t len, unsigned flags);

/* The desk says this sentence to the customer. */
void door_tell(struct door_customer *cu, const char *sentence);

/* The desk says goodbye for this reason; the worker reads on until the end. */
void door_give_up(struct door_customer *cu, const char *why,
    const char *sentence);

/* What it speaks is known.  Returns whether it was let in. */
bool door_opened(struct door_customer *cu, enum desk_mode mode);

/* A message, no sooner than the rate allows. */
void door_say(struct door_customer *cu, const char *text, size_t len,
    unsigned flags);

/* When it will have been silent for too long; and what happens then. */
int64_t door_idle_ns(const struct door_customer *cu);
void door_idle(struct door_customer *cu);

/* The peer has said all it had to say, and may still read.  Or it is gone: its
 * kernel tells us that only when it is asked, after a minute or so. */
void door_await_end(struct door_customer *cu);

/* Serve one in each mode until it ends.  first[0, len) has come already; buf,
 * of RECV_MAX bytes, is for what follows. */
void door_classic(struct door_customer *cu, const char *first, size_t len,
    char *buf);
void door_line(struct door_customer *cu, char *buf, size_t len,
    int64_t accepted);

#endif
