/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an operator asks to be shown of the past: a page of it, by its last
 * row.  The desk takes it from a command, the store answers it.
 */
#ifndef EV_PAST_H
#define EV_PAST_H

#include <stdint.h>

enum ev_past_of {
	EV_PAST_SESSION,   /* the messages of session sid, each way */
	EV_PAST_DATAGRAMS, /* those over UDP, each way; sid is 0 */
	EV_PAST_ENDED,     /* sessions that are closed; sid is 0 */
	EV_PAST_SAME       /* sessions of the same person as sid */
};

#define EV_SAME_MAX 4 /* earlier sessions of one person, the latest */

struct ev_past {
	enum ev_past_of of;
	uint64_t sid;
	uint64_t before;            /* only what has a lower seq; 0: all */
	unsigned count;             /* the last so many, at least 1 */
	uint64_t same[EV_SAME_MAX]; /* EV_PAST_SAME: these; 0: none any more */
};

#endif
