/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests the texts of long pastes and their marks in the line. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t.h"
#include "tty/internal.h"

static struct tty_folds folds;
static struct dw_buf out = DW_BUF_INITIALIZER;
static char mark1[8], mark2[8];

static void
begin(void)
{
	tty_folds_fini(&folds);
	snprintf(mark1, sizeof mark1, "%s",
	    tty_folds_add(&folds, "one\ntwo\n"));
	snprintf(mark2, sizeof mark2, "%s",
	    tty_folds_add(&folds, "three\nfour"));
}

static const char *
expanded(const char *line)
{
	dw_buf_reset(&out);
	tty_folds_expand(&folds, line, strlen(line), &out);
	return dw_buf_str(&out);
}

static const char *
shown(const char *line)
{
	dw_buf_reset(&out);
	tty_folds_show(&folds, line, strlen(line), &out);
	return dw_buf_str(&out);
}

static const char *
folded(const char *text)
{
	dw_buf_reset(&out);
	tty_folds_fold(&folds, text, &out);
	return dw_buf_str(&out);
}

/* Each 1 and 2 is the mark of that text. */
static const char *
line_of(const char *text)
{
	static struct dw_buf line;

	dw_buf_fini(&line);
	for (; *text != '\0'; text++) {
		if (*text == '1' || *text == '2')
			dw_buf_adds(&line, *text == '1' ? mark1 : mark2);
		else
			dw_buf_addc(&line, *text);
	}
	return dw_buf_str(&line);
}

static void
a_mark_stands_for_its_text_and_looks_like_a_label(void)
{
	begin();
	CHECK_STR(expanded(line_of("a1b2")), "aone\ntwo\nbthree\nfour");
	CHECK_STR(shown(line_of("a1b2")),
	    "a[2 lines, 8 bytes]b[2 lines, 10 bytes]");
	CHECK_STR(expanded("no mark"), "no mark");
	CHECK_STR(expanded(""), "");
}

static void
numbers_have_commas(void)
{
	static char text[1234568];

	begin();
	memset(text, 'x', sizeof text - 1);
	CHECK_STR(shown(tty_folds_add(&folds, text)),
	    "[1 line, 1,234,567 bytes]");
}

static void
a_text_is_folded_again_where_it_is_the_same(void)
{
	char *line;

	begin();
	line = strdup(line_of("a1b2!"));
	CHECK_STR(folded("aone\ntwo\nbthree\nfour!"), line);
	free(line);
	CHECK_STR(folded("one\ntwo"), "one\ntwo");
}

static void
a_mark_without_a_text_stands_for_nothing(void)
{
	char *line;

	begin();
	line = strdup(line_of("a1b2"));
	tty_folds_drop(&folds, &folds.list[0]);
	CHECK_STR(expanded(line), "abthree\nfour");
	CHECK_STR(shown(line), "a[]b[2 lines, 10 bytes]");
	free(line);
	CHECK_STR(expanded("a\xf4\x8f"), "a");
	CHECK_STR(folded("a\xf4\x8f\x80\x99z"), "az");
}

static void
places_are_found_in_both(void)
{
	const char *line;
	size_t at = 0;

	begin();
	line = line_of("ab1cd");
	CHECK_INT(tty_folds_point(&folds, line, 0), 0);
	CHECK_INT(tty_folds_point(&folds, line, 2), 2);
	CHECK_INT(tty_folds_point(&folds, line, 3), 2 + TTY_MARK_LEN);
	CHECK_INT(tty_folds_point(&folds, line, 10), 2 + TTY_MARK_LEN);
	CHECK_INT(tty_folds_point(&folds, line, 99), strlen(line));
	line = line_of("ab1cd2e");
	CHECK(tty_folds_near(&folds, line, 2, &at) == &folds.list[0]);
	CHECK(tty_folds_near(&folds, line, 2 + TTY_MARK_LEN, &at) ==
	    &folds.list[0]);
	CHECK_INT(at, 2);
	CHECK(tty_folds_near(&folds, line, strlen(line), &at) ==
	    &folds.list[1]);
	CHECK_INT(at, 4 + TTY_MARK_LEN);
	CHECK(tty_folds_near(&folds, "none", 1, &at) == NULL);
}

static void
the_oldest_that_is_in_no_line_makes_room(void)
{
	begin();
	CHECK(tty_folds_oldest(&folds, "", NULL) == &folds.list[0]);
	CHECK(tty_folds_oldest(&folds, mark1, NULL) == &folds.list[1]);
	CHECK(tty_folds_oldest(&folds, "", mark1) == &folds.list[1]);
	CHECK(tty_folds_oldest(&folds, mark2, mark1) == NULL);
}

static void
what_could_be_a_mark_is_seen(void)
{
	CHECK(tty_folds_has_mark("a\xf4\x8f\xbf\xbf", 5));
	CHECK(!tty_folds_has_mark("a\xf4\x8e\xbf\xbf", 5));
	CHECK(!tty_folds_has_mark("🙂", 4));
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_mark_stands_for_its_text_and_looks_like_a_label),
		T(numbers_have_commas),
		T(a_text_is_folded_again_where_it_is_the_same),
		T(a_mark_without_a_text_stands_for_nothing),
		T(places_are_found_in_both),
		T(the_oldest_that_is_in_no_line_makes_room),
		T(what_could_be_a_mark_is_seen),
	};
	int r = t_main("tty fold", cases, sizeof cases / sizeof cases[0]);

	tty_folds_fini(&folds);
	dw_buf_fini(&out);
	return r;
}
