/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests a console's prompt. */
#include "config.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "console/prompt.h"
#include "t.h"

#define NOW INT64_C(1000000)

static struct con_prompt prompt;

static const char *
shown(const struct con_facts *f, unsigned columns)
{
	CHECK_INT(con_prompt_format(&prompt, f, NOW, columns), 0);
	return dw_buf_str(&prompt.text);
}

static void
its_forms_are_literal(void)
{
	struct con_facts f = { .sid = 3, .name = "alice" };

	CHECK_STR(shown(&f, 0), "[3 alice]> ");
	f.waiting = 2;
	f.oldest_ms = NOW - 72000;
	CHECK_STR(shown(&f, 80), "[3 alice] 2 waiting 1 min> ");
	f.leavers = 5;
	CHECK_STR(shown(&f, 90), "[3 alice] 2 waiting 1 min, 5 left> ");
	f.leavers = 0;
	f.unread = 1;
	CHECK_STR(shown(&f, 80), "[3 alice] 2 waiting 1 min, 1 unread> ");
	f.waiting = 0;
	CHECK_STR(shown(&f, 80), "[3 alice] 1 unread> ");
	f.unread = 0;
	f.left = true;
	CHECK_STR(shown(&f, 80), "[3 alice, left]> ");
	f.closed = true;
	CHECK_STR(shown(&f, 80), "[3 alice, closed]> ");
	f.no_link = true;
	CHECK_STR(shown(&f, 80), "[3 alice, no link]> ");
}

static void
it_says_who_answers_and_that_you_are_away(void)
{
	struct con_facts f = { .sid = 3, .name = "alice", .yours = true };

	CHECK_STR(shown(&f, 80), "[3 alice, yours]> ");
	f.away = true;
	CHECK_STR(shown(&f, 80), "[3 alice, yours, away]> ");
	f.yours = false;
	CHECK_STR(shown(&f, 80), "[3 alice, away]> ");
	f.away = false;
	memcpy(f.owner, "ann", 4);
	CHECK_STR(shown(&f, 80), "[3 alice, ann's]> ");
	memcpy(f.owner, "王王王王王", 16);
	CHECK_STR(shown(&f, 90), "[3 alice, 王王王…'s]> ");
	/* What cannot be answered at all is nobody's matter. */
	f.left = true;
	CHECK_STR(shown(&f, 80), "[3 alice, left]> ");
	f = (struct con_facts){ .away = true };
	CHECK_STR(shown(&f, 80), "[-, away]> ");
}

static void
a_note_is_seen_in_any_window(void)
{
	struct con_facts f = { .sid = 3, .name = "alice", .note = true };

	f.yours = f.away = true;
	CHECK_STR(shown(&f, 80), "[3 alice NOTE]> ");
	f.no_link = true;
	CHECK_STR(shown(&f, 80), "[3 alice NOTE, no link]> ");
	f.no_link = false;
	f.waiting = 2;
	f.oldest_ms = NOW - 72000;
	CHECK_STR(shown(&f, 24), "[3 a… NOTE] 2w 1m> ");
}

static void
a_narrow_window_says_who_answers_in_signs(void)
{
	struct con_facts f = { .sid = 3,
		.name = "alexandra",
		.yours = true,
		.waiting = 2,
		.oldest_ms = NOW - 72000 };

	CHECK_STR(shown(&f, 24), "[3 al…+] 2w 1m> ");
	f.yours = false;
	memcpy(f.owner, "ann", 4);
	CHECK_STR(shown(&f, 24), "[3 al…!] 2w 1m> ");
	f.away = true;
	CHECK_STR(shown(&f, 24), "[3 a…!~] 2w 1m> ");
}

static void
the_clock_says_minutes_seconds_or_nothing(void)
{
	struct con_facts f = { .waiting = 1, .oldest_ms = NOW - 59000 };

	CHECK_STR(shown(&f, 80), "[-] 1 waiting> ");
	f.oldest_ms = NOW - 3725000;
	CHECK_STR(shown(&f, 80), "[-] 1 waiting 1 h 02 min> ");
	prompt.clock = CON_CLOCK_SECOND;
	CHECK_STR(shown(&f, 80), "[-] 1 waiting 1:02:05> ");
	prompt.clock = CON_CLOCK_OFF;
	CHECK_STR(shown(&f, 80), "[-] 1 waiting> ");
	prompt.clock = CON_CLOCK_MINUTE;
}

static void
nobody_is_a_dash(void)
{
	struct con_facts f = { .waiting = 2, .oldest_ms = NOW - 72000 };

	CHECK_STR(shown(&f, 80), "[-] 2 waiting 1 min> ");
	f.waiting = 0;
	CHECK_STR(shown(&f, 80), "[-]> ");
}

static void
a_session_without_a_name_is_its_number(void)
{
	struct con_facts f = { .sid = 12 };

	CHECK_STR(shown(&f, 80), "[12]> ");
}

static void
the_bold_part_is_number_and_name(void)
{
	struct con_facts f = { .sid = 3, .name = "alice", .left = true };
	const char *text = shown(&f, 80);

	CHECK_MEM(text + prompt.bold_at, prompt.bold_len, "3 alice", 7);
}

static void
a_long_name_is_cut_to_a_third(void)
{
	struct con_facts f = { .sid = 3, .name = "王王王王王王王王王王王王" };

	for (unsigned columns = 60; columns < 120; columns++) {
		const char *text = shown(&f, columns);

		CHECK(dw_text_width(text, strlen(text)) <= columns / 3);
		CHECK_INT(dw_text_valid(text, strlen(text)), strlen(text));
	}
	CHECK(strstr(shown(&f, 60), "…]> ") != NULL);
}

static void
a_narrow_window_still_says_who_waits(void)
{
	struct con_facts f = { .sid = 3,
		.name = "alexandra",
		.waiting = 2,
		.oldest_ms = NOW - 72000,
		.unread = 1 };

	CHECK_STR(shown(&f, 50), "[3 alexandra] 2w 1u 1m> ");
	CHECK_STR(shown(&f, 30), "[3 alex…] 2w 1u 1m> ");
	prompt.clock = CON_CLOCK_SECOND;
	CHECK_STR(shown(&f, 30), "[3 al…] 2w 1u 1:12> ");
	prompt.clock = CON_CLOCK_MINUTE;
	f.leavers = 5;
	CHECK_STR(shown(&f, 24), "[3 a…] 2w 5l 1u 1m> ");
}

static void
it_asks_about_a_text_that_is_stale_in_any_window(void)
{
	struct con_facts f = { .sid = 3, .name = "alexandra", .stale = true };

	CHECK_STR(shown(&f, 80), "[3 alexandra] stale?> ");
	f.waiting = 2;
	f.oldest_ms = NOW - 72000;
	CHECK_STR(shown(&f, 0), "[3 alexandra] 2 waiting 1 min, stale?> ");
	CHECK_STR(shown(&f, 40), "[3 alexandra] stale?> ");
	CHECK_STR(shown(&f, 30), "[3 alexan…] stale?> ");
	CHECK_STR(shown(&f, 20), "[3 a…] stale?> ");
	f.no_link = true;
	CHECK_STR(shown(&f, 0),
	    "[3 alexandra, no link] 2 waiting 1 min, stale?> ");
}

static void
a_span_is_minutes_and_seconds(void)
{
	char span[CON_SPAN_MAX];

	con_span(6999, span);
	CHECK_STR(span, "0:06");
	con_span(72000, span);
	CHECK_STR(span, "1:12");
	con_span(3725000, span);
	CHECK_STR(span, "1:02:05");
	con_span(-5, span);
	CHECK_STR(span, "0:00");
}

static void
it_changes_by_itself_only_when_its_text_does(void)
{
	struct con_facts f = { .sid = 3 };

	CHECK_INT(con_prompt_tick_ms(&prompt, &f, NOW), -1);
	f.waiting = 1;
	f.oldest_ms = NOW - 1300;
	CHECK_INT(con_prompt_tick_ms(&prompt, &f, NOW), 58700);
	prompt.clock = CON_CLOCK_SECOND;
	CHECK_INT(con_prompt_tick_ms(&prompt, &f, NOW), 700);
	f.oldest_ms = NOW;
	CHECK_INT(con_prompt_tick_ms(&prompt, &f, NOW), 1000);
	prompt.clock = CON_CLOCK_OFF;
	CHECK_INT(con_prompt_tick_ms(&prompt, &f, NOW), -1);
	prompt.clock = CON_CLOCK_MINUTE;
	f.unread = 1;
	f.waiting = 0;
	CHECK_INT(con_prompt_tick_ms(&prompt, &f, NOW), -1);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(its_forms_are_literal),
		T(it_says_who_answers_and_that_you_are_away),
		T(a_note_is_seen_in_any_window),
		T(a_narrow_window_says_who_answers_in_signs),
		T(the_clock_says_minutes_seconds_or_nothing),
		T(nobody_is_a_dash),
		T(a_session_without_a_name_is_its_number),
		T(the_bold_part_is_number_and_name),
		T(a_long_name_is_cut_to_a_third),
		T(a_narrow_window_still_says_who_waits),
		T(it_asks_about_a_text_that_is_stale_in_any_window),
		T(a_span_is_minutes_and_seconds),
		T(it_changes_by_itself_only_when_its_text_does),
	};
	int r;

	setlocale(LC_ALL, "");
	r = t_main("prompt", cases, sizeof cases / sizeof cases[0]);
	con_prompt_fini(&prompt);
	return r;
}
