/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The verbs check-config and config: what is wrong with the configuration file,
 * and what holds.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "bin/verbs.h"

static int
flush(void)
{
	if (fflush(stdout) == 0)
		return DW_STATUS_OK;
	print_error(_("cannot write to standard output: %s"), strerror(errno));
	return DW_STATUS_FAILED;
}

static void
print_problem(const struct conf_problem *p)
{
	char *text = conf_problem_text(p);

	print_error("%s", text != NULL ? text : _("out of memory"));
	free(text);
}

int
verb_check_config(struct options *o)
{
	char *path;

	for (size_t i = 0; i < o->conf.nproblems; i++)
		print_problem(&o->conf.problems[i]);
	if (o->conf.nproblems > 0)
		return DW_STATUS_CONFIG;
	path = options_file(o);
	if (o->conf.nfiles > 0)
		printf(_("%s can be used.\n"), path != NULL ? path : "");
	else
		printf(_("There is no %s: the defaults hold.\n"),
		    path != NULL ? path : "deskwire.conf");
	free(path);
	return flush();
}

int
verb_config(struct options *o)
{
	if (o->example)
		options_print_example();
	else
		options_print(o);
	return flush();
}
