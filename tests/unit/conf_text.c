/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file tests what is done to a configuration file before libconfuse reads
 * it, and how far words are from each other.
 */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bin/conf_text.h"
#include "tests/t.h"

/* What is left of a text, or what is wrong with it and where. */
static const char *
prepared(const char *text)
{
	static char copy[256], out[300];
	unsigned line;
	const char *wrong;

	snprintf(copy, sizeof copy, "%s", text);
	wrong = conf_text_prepare(copy, strlen(copy), &line);
	snprintf(out, sizeof out, "%s%u", wrong != NULL ? "wrong in " : "",
	    line);
	return wrong != NULL ? out : copy;
}

static void
comments_become_blanks_and_lines_stay_lines(void)
{
	CHECK_STR(prepared("a # b\nc"), "a    \nc");
	CHECK_STR(prepared("a//b\nc"), "a   \nc");
	CHECK_STR(prepared("a/*b\n*/c"), "a   \n  c");
	CHECK_STR(prepared("/**/c/***/"), "    c     ");
	CHECK_STR(prepared("# '\nc"), "   \nc");
	CHECK_STR(prepared("/* # */c // /*\n"), "       c      \n");
	CHECK_STR(prepared("a = /x/y\n"), "a = /x/y\n");
	CHECK_STR(prepared(""), "");
}

static void
what_stands_in_quotes_is_left_alone(void)
{
	static const char *const texts[] = { "\"# // /*\"", "'# // /*'",
		"\"a\\\"#\"", "'a\\'#'", "\"a\n# b\"", "\"'#\"", "'\"#'",
		"'${x}'", "\"\\${x}\"", "\"{\" '}'", "\"\\\\\"" };

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		CHECK_STR(prepared(texts[i]), texts[i]);
}

static void
what_has_no_end_is_told_where_it_began(void)
{
	CHECK_STR(prepared("\n/* a\n\n"), "wrong in 2");
	CHECK_STR(prepared("\n/*/"), "wrong in 2");
	CHECK_STR(prepared("/*"), "wrong in 1");
	CHECK_STR(prepared("a\n\"b\n\n"), "wrong in 2");
	CHECK_STR(prepared("'b\\"), "wrong in 1");
	CHECK_STR(prepared("a\n{\n{\n}\n"), "wrong in 2");
	CHECK_STR(prepared("{}\n{"), "wrong in 2");
	CHECK_STR(prepared("}\n"), "}\n"); /* libconfuse tells that */
}

static void
variables_numbers_behind_a_backslash_and_nul_are_refused(void)
{
	char nul[] = "a\nb\0c";
	unsigned line;

	CHECK_STR(prepared("\n${HOME}"), "wrong in 2");
	CHECK_STR(prepared("\"\n${HOME}\""), "wrong in 2");
	CHECK_STR(prepared("\"\\400\""), "wrong in 1");
	CHECK_STR(prepared("'\\400'"), "'\\400'");
	CHECK_STR(prepared("\"$HOME\" $1"), "\"$HOME\" $1");
	CHECK(conf_text_prepare(nul, sizeof nul - 1, &line) != NULL);
	CHECK_INT(line, 2);
}

/* The text ends where the memory does, so that a sanitizer sees a byte more. */
static void
no_text_is_read_beyond_its_end(void)
{
	static const char *const texts[] = { "/", "/*", "\"", "\"\\", "'\\",
		"$", "\"$", "#", "{" };
	unsigned line;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		size_t len = strlen(texts[i]);
		char *exact = malloc(len);

		memcpy(exact, texts[i], len);
		(void)conf_text_prepare(exact, len, &line);
		CHECK_INT(line, 1);
		free(exact);
	}
}

/* Whatever it is, nothing but a comment's own bytes is changed, and rows stay. */
static void
any_text_keeps_its_length_and_its_rows(void)
{
	static const char letters[] = "\"'\\/*#{}$a \n\n";
	unsigned seed = 1, line;

	for (unsigned turn = 0; turn < 100000; turn++) {
		char before[24], after[24];
		size_t len = 1 + turn % (sizeof before - 1), rows = 1;

		for (size_t i = 0; i < len; i++) {
			seed = seed * 1103515245 + 12345;
			before[i] =
			    letters[(seed >> 16) % (sizeof letters - 1)];
		}
		memcpy(after, before, len);
		(void)conf_text_prepare(after, len, &line);
		for (size_t i = 0; i < len; i++) {
			rows += before[i] == '\n';
			if (!CHECK(after[i] == before[i] ||
				(after[i] == ' ' && before[i] != '\n')))
				return;
		}
		if (!CHECK(line >= 1 && line <= rows))
			return;
	}
}

static void
a_word_is_as_far_as_letters_must_change(void)
{
	static const struct {
		const char *a, *b;
		unsigned far;
	} pairs[] = {
		{ "", "", 0 },
		{ "max-line", "max-line", 0 },
		{ "max-line", "max_line", 1 },
		{ "max-sesions", "max-sessions", 1 },
		{ "sesison", "session", 1 },
		{ "user", "users", 1 },
		{ "", "abc", 3 },
		{ "abc", "xyz", 3 },
		{ "kitten", "sitting", 3 },
	};
	char lengthy[80];

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		CHECK_INT(conf_distance(pairs[i].a, pairs[i].b), pairs[i].far);
		CHECK_INT(conf_distance(pairs[i].b, pairs[i].a), pairs[i].far);
	}
	memset(lengthy, 'x', sizeof lengthy);
	lengthy[sizeof lengthy - 1] = '\0';
	CHECK(conf_distance(lengthy, "x") == UINT_MAX);
	CHECK(conf_distance("x", lengthy) == UINT_MAX);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(comments_become_blanks_and_lines_stay_lines),
		T(what_stands_in_quotes_is_left_alone),
		T(what_has_no_end_is_told_where_it_began),
		T(variables_numbers_behind_a_backslash_and_nul_are_refused),
		T(no_text_is_read_beyond_its_end),
		T(any_text_keeps_its_length_and_its_rows),
		T(a_word_is_as_far_as_letters_must_change),
	};

	return t_main("conf_text", cases, sizeof cases / sizeof cases[0]);
}
