/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each operator has read, in marks.db beside the journal.  Nothing of it is
 * in the chain and nothing waits for the disk: after a power loss an operator
 * may see something once more.
 */
#ifndef STORE_MARKS_H
#define STORE_MARKS_H

#include <stddef.h>
#include <stdint.h>

#include "event/session.h"

struct store_mark {
	char name[EV_NAME_SIZE]; /* of the operator; "": of all */
	uint64_t sid;
	uint64_t seq; /* read up to this event; 0: no mark any more */
	uint64_t n;   /* and so many of the customer's messages */
};

struct store_marks;

/* Opens it, or begins it anew where it cannot be read.  Returns 0 or -errno.
 * Threads: one at a time, as for all of these. */
int store_marks_open(const char *dir, struct store_marks **out);
void store_marks_close(struct store_marks *m);

/* Calls fn with each.  Returns 0, what fn returned, or -errno. */
int store_marks_read(struct store_marks *m,
    int (*fn)(void *arg, const struct store_mark *mark), void *arg);

/* All n, in one transaction.  Returns 0 or -errno. */
int store_marks_write(struct store_marks *m, const struct store_mark *marks,
    size_t n);

#endif
