/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests when a scripted customer says its next line. */
#include "config.h"

#include <string.h>

#include "client/scripted.h"
#include "t.h"

static const struct scripted_line lines[] = {
	{ "help", false },
	{ "are you there", false },
	{ "thank you", true },
	{ NULL, false },
};

static struct scripted s;

static void
hear(const char *text)
{
	scripted_hear(&s, text, strlen(text));
}

/* The line that comes now, which is said. */
static const char *
say(bool patient)
{
	const char *line = scripted_next(&s, patient);

	if (line == NULL)
		return "";
	scripted_said(&s);
	return line;
}

static void
nobody_is_thanked_for_an_answer_that_never_came(void)
{
	for (int classic = 0; classic < 2; classic++) {
		scripted_init(&s, classic != 0, lines);
		CHECK_STR(say(true), "help");
		CHECK(scripted_next(&s, true) == NULL);
		CHECK_STR(say(false), "are you there");
		CHECK(scripted_next(&s, false) == NULL);
		CHECK(!scripted_is_over(&s));
		hear(classic != 0 ? "here I am" : "lin: here I am\n");
		CHECK_STR(say(true), "thank you");
		CHECK(scripted_next(&s, false) == NULL);
		CHECK(scripted_is_over(&s));
	}
}

static void
what_the_desk_says_itself_is_no_answer(void)
{
	scripted_init(&s, false, lines);
	CHECK_STR(say(true), "help");
	hear("* Welcome to us.\n  You are num");
	hear("ber 1 in line.\n* Received.");
	hear(" You are next; somebody will answer here.\n");
	CHECK(scripted_next(&s, true) == NULL);
	hear("l");
	hear("in: yes\n     and no\n");
	CHECK_STR(say(true), "are you there");
	hear("* This desk is closing. Goodbye.\n");
	CHECK(scripted_next(&s, false) == NULL);

	scripted_init(&s, true, lines);
	CHECK_STR(say(true), "help");
	hear("Please wait, an operator will answer soon.");
	hear("Please wait, you are number 17 in line.");
	hear("Please wait, somebody is looking into it.");
	CHECK(scripted_next(&s, true) == NULL);
	hear("Please wait, you are number 1 in line. I am Lin.");
	CHECK(scripted_next(&s, true) != NULL);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(nobody_is_thanked_for_an_answer_that_never_came),
		T(what_the_desk_says_itself_is_no_answer),
	};

	return t_main("scripted", cases, sizeof cases / sizeof cases[0]);
}
