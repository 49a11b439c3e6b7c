/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The prompt: which customer Enter answers, who else waits and since when.
 * Pure.  Its forms:
 *
 *	[3 alice] 2 waiting 1:12>	[-] 2 waiting 1:12, 1 unread>
 *	[3 alice]>			[3 alice] 1 unread>
 *	[3 alice, gone]>		[3 alice, closed]>
 *
 * It takes at most a third of the window: the name is cut first, but never
 * below 8 columns, and then everything after the bracket goes when the whole
 * would take more than half.
 */
#ifndef CON_PROMPT_H
#define CON_PROMPT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "console/mirror.h"

/* Where the bracket is in the text, for the terminal to show it bold. */
struct con_prompt {
	struct dw_buf text;
	size_t bold_at, bold_len;
};

/* Writes the prompt anew.  columns 0: as long as it is.  Returns 0 or
 * -ENOMEM. */
int con_prompt_format(struct con_prompt *p, const struct con_facts *facts,
    int64_t now_ms, unsigned columns);
void con_prompt_fini(struct con_prompt *p);

/* "0:06", "1:12", "1:02:05". */
#define CON_SPAN_MAX 32
void con_span(int64_t ms, char out[CON_SPAN_MAX]);

/* In how many ms its text changes by itself; -1: not. */
int64_t con_prompt_tick_ms(const struct con_facts *facts, int64_t now_ms);

#endif
