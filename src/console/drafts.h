/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was typed for a customer and not sent: one text per session.  Pure.
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

/* Keeps the text, below what is kept for that session already.  Returns 0 or
 * -ENOMEM. */
int con_drafts_put(struct con_drafts *d, uint64_t sid, const char *text);

/* Hands out the session's text, which the caller frees; NULL: none. */
char *con_drafts_take(struct con_drafts *d, uint64_t sid);

bool con_drafts_has(const struct con_drafts *d, uint64_t sid);

#endif
