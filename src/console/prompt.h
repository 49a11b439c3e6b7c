/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The prompt: which customer Enter answers, who else waits and since when.
 * Pure.  Its forms:
 *
 *	[3 alice] 2 waiting 1 min>	[-] 2 waiting, 5 left, 1 unread>
 *	[3 alice]>			[3 alice] 1 unread>
 *	[3 alice, left]>		[3 alice, no link]>
 *	[3 alice, yours]>		[3 alice, ann's]>
 *	[3 alice, yours, away]>		[3 alice NOTE]>
 *	[3 alice] 2 waiting, stale?>
 *
 * It takes at most a third of the window: the name is cut first, but never
 * below 8 columns.  When the whole would take two thirds, what follows the
 * bracket is said in signs, "2w 5l 1u 1m", as is who answers: "[3 alice+]" is
 * yours, "!" a colleague's, "~" that you are away; and the name is cut where it all
 * takes more than two thirds: who waits is there in a window of 30 columns,
 * too.  There stale? comes alone: it is about the text behind it, and the rest
 * comes back with the next Enter.
 *
 * The waiting time is repainted only when the shown text changes.
 */
#ifndef CON_PROMPT_H
#define CON_PROMPT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "console/mirror.h"
#include "console/rows.h"

/* How exactly it says since when the first one waits. */
enum con_clock {
	CON_CLOCK_MINUTE, /* "1 min", nothing below that */
	CON_CLOCK_SECOND, /* "1:12" */
	CON_CLOCK_OFF
};

/* Where the bracket is in the text, for the terminal to show it bold. */
struct con_prompt {
	enum con_clock clock; /* set by the owner */
	struct dw_buf text;
	size_t bold_at, bold_len;
};

/* Writes the prompt anew.  now_ms: of the desk's steady clock; columns 0: as
 * long as it is.  Returns 0 or -ENOMEM. */
int con_prompt_format(struct con_prompt *p, const struct con_facts *facts,
    int64_t now_ms, unsigned columns);
void con_prompt_fini(struct con_prompt *p);

/* "0:06", "1:12", "1:02:05". */
void con_span(int64_t ms, char out[CON_SPAN_MAX]);

/* In how many ms its text changes by itself; -1: not. */
int64_t con_prompt_tick_ms(const struct con_prompt *p,
    const struct con_facts *facts, int64_t now_ms);

#endif
