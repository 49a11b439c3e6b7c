/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The verb verify looks at all of a journal, also while a desk writes it.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/log.h"
#include "bin/paths.h"
#include "bin/verbs.h"
#include "store/store.h"

#define BAR_WIDTH 40

/* The bar stands on one row, which is taken away again. */
static void
show_progress(void *arg, uint64_t done, uint64_t all)
{
	int *shown = arg;
	int percent = all == 0 ? 100 : (int)((double)done * 100 / (double)all);
	int cells;

	/* Its desk may have gone on; and what comes last is not counted. */
	if (percent > 99)
		percent = 99;
	cells = percent * BAR_WIDTH / 100;
	if (percent == *shown)
		return;
	*shown = percent;
	fprintf(stderr, "\r[%.*s%*s] %3d %%", cells,
	    "########################################", BAR_WIDTH - cells, "",
	    percent);
}

static void
take_bar_away(int shown)
{
	if (shown >= 0)
		fprintf(stderr, "\r%*s\r", BAR_WIDTH + 8, "");
}

/* The system's journal is told as by a desk at work. */
static void
tell_sound(const char *dir, uint64_t seq)
{
	bool journal = dw_log_stderr_form() != 0;
	FILE *to = journal ? stderr : stdout;

	if (journal)
		fprintf(to, "<%d>verified: ", (int)DW_LOG_INFO);
	fprintf(to, _("The journal in %s is sound, up to event %" PRIu64 ".\n"),
	    dir, seq);
}

static int
verify(const char *dir)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	int shown = -1, r;
	uint64_t seq = 0;

	r = store_verify(dir, isatty(STDERR_FILENO) ? show_progress : NULL,
	    &shown, &seq, &why);
	take_bar_away(shown);
	if (r == 0)
		tell_sound(dir, seq);
	else if (why.len > 0)
		print_error("%s", dw_buf_str(&why));
	else
		print_error(_("the journal in %s could not be read"), dir);
	dw_buf_fini(&why);
	return print_end() == DW_STATUS_OK && r == 0 ? DW_STATUS_OK :
						       DW_STATUS_FAILED;
}

int
verb_verify(struct options *o)
{
	char *state = path_state();
	const char *dir = o->state_dir != NULL ? o->state_dir : state;
	int status = DW_STATUS_FAILED;

	if (dir != NULL)
		status = verify(dir);
	else
		print_error(_("there is no home folder; name the journal's "
			      "with --state DIR"));
	free(state);
	return status;
}
