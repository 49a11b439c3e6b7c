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
	bool note;
	char *text;

	con_drafts_init(&d);
	CHECK_INT(con_drafts_put(&d, 3, "for three", false), 0);
	CHECK_INT(con_drafts_put(&d, 5, "for five", false), 0);
	CHECK_INT(con_drafts_put(&d, 3, "more", false), 0);
	CHECK(con_drafts_has(&d, 3));
	text = con_drafts_take(&d, 3, &note);
	CHECK_STR(text, "for three\nmore");
	free(text);
	CHECK(!con_drafts_has(&d, 3));
	CHECK(con_drafts_take(&d, 3, &note) == NULL);
	con_drafts_fini(&d);
}

static void
a_note_never_becomes_part_of_a_text(void)
{
	struct con_drafts d;
	bool note;
	char *text;

	con_drafts_init(&d);
	CHECK_INT(con_drafts_put(&d, 3, "for alice", false), 0);
	CHECK_INT(con_drafts_put(&d, 3, "she is angry", true), 0);
	CHECK_INT(con_drafts_put(&d, 3, "and more", false), 0);
	/* What was typed last comes first. */
	text = con_drafts_take(&d, 3, &note);
	CHECK_STR(text, "for alice\nand more");
	CHECK(!note);
	free(text);
	CHECK(con_drafts_has(&d, 3));
	text = con_drafts_take(&d, 3, &note);
	CHECK_STR(text, "she is angry");
	CHECK(note);
	free(text);
	con_drafts_fini(&d);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(each_session_has_its_draft),
		T(a_note_never_becomes_part_of_a_text),
	};

	return t_main("drafts", cases, sizeof cases / sizeof cases[0]);
}
