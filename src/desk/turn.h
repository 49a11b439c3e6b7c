/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Turn-taking with a classic client (doc/protocol.md).  That client writes,
 * then reads once, up to 1,024 bytes that it decodes on their own, and gives
 * up after 60 s without an answer.  So there is never more than one chunk at
 * the client that it has not read, never more than 1,024 bytes of it, cut at a
 * character boundary, never empty.
 *
 * Pure: time comes in, chunks go out, nothing is sent here.  Times are ns of
 * the monotonic clock.
 */
#ifndef DESK_TURN_H
#define DESK_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define DESK_CHUNK_MAX 1024 /* what the client's one recv takes */

struct desk_turn_times {
	int64_t hold_ns; /* an answer is owed: then a holding line */
	int64_t held_ns; /* text is held: then it goes unasked, once */
	int64_t add_ns;  /* the client wrote while text was held: how
	                  * long the operator may still add to it */
};

struct desk_turn {
	struct desk_turn_times times;
	struct dw_buf held;  /* operators' text, not yet put */
	struct dw_buf marks; /* struct mark: where each reply ends */
	uint64_t added, put; /* bytes of text ever; put - added is
	                      * what `held` has */
	bool grows;          /* in its encoding text may become longer */
	bool owed;           /* the client reads and has nothing */
	bool unread;         /* a chunk lies there, the client types */
	bool ending;         /* what is held is the last, then quit */
	bool ended;          /* quit was put */
	int64_t since_ns;    /* owed: when it wrote; else held since */
	int64_t due_ns;      /* owed and held: when it goes */
};

/* One write to the client. */
struct desk_chunk {
	char bytes[DESK_CHUNK_MAX];
	size_t len;
	uint64_t n; /* the last reply that ends in here; 0: none */
	bool last;  /* ends in quit; nothing may follow */
};

/* Bytes of UTF-8 that one chunk has room for: no character takes more than
 * twice as many in another encoding. */
size_t desk_turn_max(bool grows);

void desk_turn_init(struct desk_turn *t, const struct desk_turn_times *times);
void desk_turn_fini(struct desk_turn *t);

/* The client wrote.  poll: it asks whether there is something, so what is
 * there, or a holding line, goes at once. */
void desk_turn_wrote(struct desk_turn *t, bool poll, int64_t now);

/* The operators' nth reply.  A quit inside longer text is made harmless.
 * Returns 0 or -ENOMEM. */
int desk_turn_add(struct desk_turn *t, const char *text, size_t len, uint64_t n,
    int64_t now);

/*
 * No more text will come; the client is to leave after what is held and
 * `bye`.  now_or_never drops what cannot go in one chunk at once.
 */
void desk_turn_end(struct desk_turn *t, const char *bye, bool now_or_never,
    int64_t now);

/* Bytes that wait for a turn. */
size_t desk_turn_held(const struct desk_turn *t);

/* Takes the chunk that is due now.  Returns false when none is.  holding is
 * the line for a customer whom nobody answered yet. */
bool desk_turn_next(struct desk_turn *t, const char *holding, int64_t now,
    struct desk_chunk *out);

/* When desk_turn_next may next have something; DW_NEVER. */
int64_t desk_turn_deadline(const struct desk_turn *t);

#endif
