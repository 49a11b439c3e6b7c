/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Running a desk in this process: what open, serve and demo share.  The main
 * thread waits here for signals, for /quit and for the console's end, and then
 * takes everything down in order.
 */
#ifndef BIN_DESK_H
#define BIN_DESK_H

#include "bin/options.h"
#include "service/service.h"

struct desk_setup {
	struct options *options;
	const char *state_dir, *operator_socket;
	bool console;     /* one in this terminal */
	bool has_file;    /* it is configured by one, too */
	const char *hint; /* what it says first, or NULL */
	/* When the desk works; may be NULL. */
	void (*ready)(void *arg, struct svc *svc);
	/* When everything is to end, before customers are told. */
	void (*ending)(void *arg);
	void *arg;
};

/* The text of a greeting's file, which the caller frees, up to its last row;
 * NULL, and why, when it cannot be had. */
char *read_greeting(const char *path, struct dw_buf *why);

/* Returns the exit status. */
int desk_run(const struct desk_setup *setup);

#endif
