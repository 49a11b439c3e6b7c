/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file says where a console's lines come from.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "bin/verbs.h"

int
open_script(const struct options *o)
{
	if (o->script == NULL || freopen(o->script, "re", stdin) != NULL)
		return DW_STATUS_OK;
	print_error(_("cannot read the script %s: %s"), o->script,
	    strerror(errno));
	return DW_STATUS_CONFIG;
}

bool
input_is_null(void)
{
	struct stat input, null;

	return fstat(STDIN_FILENO, &input) == 0 &&
	    stat("/dev/null", &null) == 0 && S_ISCHR(input.st_mode) &&
	    input.st_rdev == null.st_rdev;
}
