/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was typed for a customer and not sent: one text per session, and one
 * note, which never becomes part of a text.  Pure.
 */
#ifndef CON_DRAFTS_H
#define CON_DRAFTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct con_drafts {
	struct dw_list all;
};

void con_drafts_init(struct con_drafts *d);
void con_drafts_fini(struct con_drafts *d);

/* Keeps the text, or the note, below what is kept as such for that session
 * already.  Returns 0 or -ENOMEM. */
int con_drafts_put(struct con_drafts *d, uint64_t sid, const char *text,
    bool note);

/* Hands out the session's text or note, whichever was put last; *note says what
 * it is.  The caller frees it; NULL: none. */
char *con_drafts_take(struct con_drafts *d, uint64_t sid, bool *note);

bool con_drafts_has(const struct con_drafts *d, uint64_t sid);

#endif
