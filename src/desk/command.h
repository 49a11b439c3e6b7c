/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What operators can tell the desk to do.  The table is what the dispatcher,
 * a console's /help and its completion read; it travels in the welcome.
 */
#ifndef DESK_COMMAND_H
#define DESK_COMMAND_H

#include <stddef.h>

#include "event/command.h"
#include "event/words.h"

struct desk;
struct desk_request;
struct desk_time;

struct desk_command {
	struct ev_command row;
	enum ev_role role; /* who may: this one, and those above */
	/* arg is what follows the name, without spaces around it. */
	int (*run)(struct desk *d, const struct desk_request *rq,
	    const char *arg, struct desk_time now);
};

const struct desk_command *desk_commands(size_t *n);

/* The row whose name is the first word of text; *arg is what follows it. */
const struct desk_command *desk_command_find(const char *text,
    const char **arg);

#endif
