/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests what a console keeps of text that was not sent. */
#include "config.h"

#include <stdlib.h>

#include "console/drafts.h"
#include "t.h"

static void
each_session_has_its_draft(void)
{
	struct con_drafts d;
	char *text;

	con_drafts_init(&d);
	CHECK_INT(con_drafts_put(&d, 3, "for three"), 0);
	CHECK_INT(con_drafts_put(&d, 5, "for five"), 0);
	CHECK_INT(con_drafts_put(&d, 3, "more"), 0);
	CHECK(con_drafts_has(&d, 3));
	text = con_drafts_take(&d, 3);
	CHECK_STR(text, "for three\nmore");
	free(text);
	CHECK(!con_drafts_has(&d, 3));
	CHECK(con_drafts_take(&d, 3) == NULL);
	con_drafts_fini(&d);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(each_session_has_its_draft),
	};

	return t_main("drafts", cases, sizeof cases / sizeof cases[0]);
}
