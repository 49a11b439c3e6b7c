/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A customer with a script: which line comes next, and when.  Some lines make
 * sense only once a person has answered the one before; the desk's own rows
 * are no answer.  Pure; one thread.
 */
#ifndef CALL_SCRIPTED_H
#define CALL_SCRIPTED_H

#include <stdbool.h>
#include <stddef.h>

struct scripted_line {
	const char *text;  /* as it is sent; NULL: no more */
	bool after_answer; /* waits for an answer, however long */
};

struct scripted {
	const struct scripted_line *next;
	bool classic;
	bool inside_row; /* what comes next begins no row */
	bool answered;   /* since the last line */
};

/* lines end with one whose text is NULL, and stay the caller's. */
void scripted_init(struct scripted *s, bool classic,
    const struct scripted_line *lines);

/* The desk sent these bytes.  To a classic customer they are a whole chunk. */
void scripted_hear(struct scripted *s, const char *bytes, size_t len);

/* Returns the line to be said now; NULL: not yet, or none is left.  patient: one
 * that needs no answer can still wait for it. */
const char *scripted_next(const struct scripted *s, bool patient);

/* That line was said, and can be answered from now on. */
void scripted_said(struct scripted *s);

/* Is no line left? */
bool scripted_is_over(const struct scripted *s);

#endif
