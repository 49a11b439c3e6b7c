/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The verbs open and serve run a desk of this user, with and without a console.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "bin/desk.h"
#include "bin/paths.h"
#include "bin/verbs.h"

static int
run_users_desk(struct options *o, bool console)
{
	struct desk_setup setup = { .options = o,
		.console = console,
		.has_file = true };
	char *state =
	    o->state_dir != NULL ? strdup(o->state_dir) : path_state();
	char *path = NULL;
	int r;

	if (console && (r = open_script(o)) != DW_STATUS_OK) {
		free(state);
		return r;
	}
	if (state == NULL) {
		print_error(_("there is no home folder for the journal; name a "
			      "folder with --state DIR"));
		return DW_STATUS_CONFIG;
	}
	/* A state of its own has its socket beside it, so that two desks do
	 * not meet. */
	if (o->operator_socket == NULL && o->state_dir == NULL)
		path = path_operator_socket(state);
	else if (o->operator_socket == NULL)
		path = path_operator_socket_in(state);
	setup.state_dir = state;
	setup.operator_socket = path != NULL ? path : o->operator_socket;
	r = desk_run(&setup);
	free(path);
	free(state);
	return r;
}

int
verb_open(struct options *o)
{
	return run_users_desk(o, true);
}

int
verb_serve(struct options *o)
{
	return run_users_desk(o, false);
}
