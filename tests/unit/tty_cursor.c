/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests where readline's cursor stands in a window. */
#include "config.h"

#include <locale.h>
#include <string.h>

#include "t.h"
#include "tty/internal.h"

static unsigned
row(const char *prompt, const char *text, unsigned columns)
{
	return tty_cursor_row(prompt, text, strlen(text), columns);
}

static void
a_short_line_is_on_the_first_row(void)
{
	CHECK_INT(row("> ", "", 10), 0);
	CHECK_INT(row("> ", "1234567", 10), 0);
}

static void
a_full_row_has_its_cursor_on_the_next(void)
{
	CHECK_INT(row("> ", "12345678", 10), 1);
	CHECK_INT(row("> ", "123456789", 10), 1);
	CHECK_INT(row("> ", "123456789012345678", 10), 2);
}

static void
a_wide_character_that_does_not_fit_goes_to_the_next_row(void)
{
	CHECK_INT(row("> ", "1234567你", 10), 1);
	CHECK_INT(row("> ", "123456你", 10), 1);
	CHECK_INT(row("> ", "12345你", 10), 0);
}

static void
what_is_invisible_in_the_prompt_takes_no_column(void)
{
	CHECK_INT(row("\001\033[1m\002[3 bo]\001\033[22m\002> ", "1", 10), 0);
	CHECK_INT(row("\001\033[1m\002[3 bo]\001\033[22m\002> ", "12", 10), 1);
}

static void
controls_tabs_and_line_feeds_count_as_readline_shows_them(void)
{
	CHECK_INT(row("", "\003\003\003\003\003", 10), 1);
	CHECK_INT(row("", "a\tb", 10), 0);
	CHECK_INT(row("", "a\tbc", 10), 1);
	CHECK_INT(row("", "a\nb\nc", 10), 2);
	CHECK_INT(row("", "\xff\xff", 8), 1);
}

static void
a_point_in_the_middle_counts_what_is_before_it(void)
{
	CHECK_INT(tty_cursor_row("> ", "123456789012345", 3, 10), 0);
	CHECK_INT(tty_cursor_row("> ", "123456789012345", 12, 10), 1);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_short_line_is_on_the_first_row),
		T(a_full_row_has_its_cursor_on_the_next),
		T(a_wide_character_that_does_not_fit_goes_to_the_next_row),
		T(what_is_invisible_in_the_prompt_takes_no_column),
		T(controls_tabs_and_line_feeds_count_as_readline_shows_them),
		T(a_point_in_the_middle_counts_what_is_before_it),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return t_main("tty cursor", cases, sizeof cases / sizeof cases[0]);
}
