/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of what operators can tell the desk. */
#include "config.h"

#include <string.h>

#include "desk/command.h"
#include "t.h"

static void
every_row_is_found_by_its_name(void)
{
	size_t n;
	const struct desk_command *rows = desk_commands(&n);
	const char *arg;

	CHECK(n > 0);
	for (size_t i = 0; i < n; i++)
		CHECK(desk_command_find(rows[i].row.name, &arg) == &rows[i]);
}

static void
every_row_says_what_it_does(void)
{
	size_t n;
	const struct desk_command *rows = desk_commands(&n);

	for (size_t i = 0; i < n; i++) {
		CHECK(rows[i].row.help[0] != '\0');
		CHECK(rows[i].row.args != NULL);
		CHECK(strcmp(rows[i].row.complete, "") == 0 ||
		    strcmp(rows[i].row.complete, "session") == 0 ||
		    strcmp(rows[i].row.complete, "operator") == 0 ||
		    strcmp(rows[i].row.complete, "peer") == 0);
		CHECK(rows[i].run != NULL);
	}
}

static void
the_rows_stand_in_the_order_of_the_alphabet_and_none_twice(void)
{
	size_t n;
	const struct desk_command *rows = desk_commands(&n);

	for (size_t i = 1; i < n; i++)
		CHECK(strcmp(rows[i - 1].row.name, rows[i].row.name) < 0);
}

static void
the_argument_is_what_follows_the_name(void)
{
	const char *arg = NULL;

	CHECK(desk_command_find("close", &arg) != NULL);
	CHECK_STR(arg, "");
	CHECK(desk_command_find("close   3", &arg) != NULL);
	CHECK_STR(arg, "3");
}

static void
only_the_whole_word_is_a_name(void)
{
	const char *arg;

	CHECK(desk_command_find("clos 3", &arg) == NULL);
	CHECK(desk_command_find("closes 3", &arg) == NULL);
	CHECK(desk_command_find("Close", &arg) == NULL);
	CHECK(desk_command_find("", &arg) == NULL);
	CHECK(desk_command_find(" close", &arg) == NULL);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(every_row_is_found_by_its_name),
		T(every_row_says_what_it_does),
		T(the_rows_stand_in_the_order_of_the_alphabet_and_none_twice),
		T(the_argument_is_what_follows_the_name),
		T(only_the_whole_word_is_a_name),
	};

	return t_main("command", cases, sizeof cases / sizeof cases[0]);
}
