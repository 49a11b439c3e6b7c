/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside the verb ctl: one command to a desk, over a link that is no console.
 * ctl.c has the commands, ctl_link.c the link, ctl_print.c what is written.
 */
#ifndef BIN_CTL_H
#define BIN_CTL_H

#include <stdbool.h>
#include <stdint.h>

#include "bin/desk_link.h"
#include "bin/options.h"
#include "wire/op.h"

struct ctl {
	const struct options *o;
	struct desk_link link;
	struct sks_socket *s;
	struct sks_frame *frames;
	struct wire_frame *welcome;
	/* The frame that came last, and its row. */
	struct wire_frame *frame;
	const char *row;
	size_t len;
	int status; /* once something failed, which was told */
};

/* Connects, says hello and takes the welcome; rows: with the sessions in it.
 * Returns an exit status. */
int ctl_open(struct ctl *c, const struct options *o, bool rows);
void ctl_close(struct ctl *c);

/* Sends a frame.  Returns an exit status. */
int ctl_send(struct ctl *c, const struct wire_frame *f);

/* Takes the next frame; *got is false when the deadline came first, which is no
 * failure.  The desk's bye is one.  Returns an exit status. */
int ctl_next(struct ctl *c, int64_t deadline_ns, bool *got);

/* The next one that came already; false: there is none, or it failed. */
bool ctl_next_here(struct ctl *c);

/* How long a desk may take for an answer. */
#define CTL_SECONDS 10.0

/* What a desk's code means to whoever called us. */
int ctl_status(enum ev_code code);

/* What a frame or a session says, as a row for people or as JSON, on standard
 * output. */
void ctl_print_session(const struct ctl *c, const struct ev_session *s);
void ctl_print_past(const struct ctl *c);
void ctl_print_answer(const struct ctl *c);
void ctl_print_event(const struct ctl *c);

/* Tells why nothing was done.  Returns the exit status. */
int ctl_refused(const struct ctl *c);

#endif
