/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests the library's judgement of UTF-8. */
#include "config.h"

#include <string.h>

#include "base/text.h"
#include "socketserver/net/text.h"
#include "t.h"

static enum sks_utf8_rest rest;

static size_t
whole(const char *s)
{
	return sks_utf8_whole(s, strlen(s), &rest);
}

static void
whole_characters_are_counted(void)
{
	CHECK_INT(whole(""), 0);
	CHECK_INT(rest, SKS_UTF8_NOTHING);
	CHECK_INT(whole("aé客😀"), 10);
	CHECK_INT(rest, SKS_UTF8_NOTHING);
	CHECK_INT(sks_utf8_whole("a\0b", 3, &rest), 3);
	CHECK_INT(whole("\xf4\x8f\xbf\xbf"), 4); /* U+10FFFF */
}

static void
a_cut_character_is_told_from_a_bad_one(void)
{
	CHECK_INT(whole("a\xe5"), 1);
	CHECK_INT(rest, SKS_UTF8_CUT);
	CHECK_INT(whole("a\xf0\x9f\x98"), 1);
	CHECK_INT(rest, SKS_UTF8_CUT);
	CHECK_INT(whole("a\xe5z"), 1);
	CHECK_INT(rest, SKS_UTF8_BAD);
	CHECK_INT(whole("a\x80"), 1);
	CHECK_INT(rest, SKS_UTF8_BAD);
}

/* Whatever might follow: long forms, surrogates, over U+10FFFF. */
static void
what_no_byte_can_mend_is_bad_at_once(void)
{
	static const char *const bad[] = {
		"\xc0",
		"\xc1",
		"\xe0\x80",
		"\xe0\x9f",
		"\xed\xa0",
		"\xed\xbf",
		"\xf0\x8f",
		"\xf4\x90",
		"\xf5",
		"\xff",
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		CHECK_INT(whole(bad[i]), 0);
		CHECK_INT(rest, SKS_UTF8_BAD);
	}
}

/* The bytes at which something changes. */
static const char edges[] = "\0a\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf"
			    "\xe0\xe1\xec\xed\xee\xef\xf0\xf1\xf3\xf4\xf5\xff";
#define EDGES (sizeof edges - 1)

/* The number i written in edges. */
static const char *
spell(char s[8], size_t i)
{
	for (size_t at = 0; at < 4; at++, i /= EDGES)
		s[at] = edges[i % EDGES];
	return s;
}

static void
it_agrees_with_libunistring_on_all_edges(void)
{
	size_t wrong = 0;
	char s[8];

	for (size_t i = 0; i < EDGES * EDGES * EDGES * EDGES; i++)
		for (size_t len = 1; len <= 4; len++)
			wrong += sks_utf8_whole(spell(s, i), len, &rest) !=
				dw_text_valid(s, len) ||
			    (rest == SKS_UTF8_NOTHING) !=
				(dw_text_valid(s, len) == len);
	CHECK_INT(wrong, 0);
}

/* Can one to three more bytes make one character of s? */
static int
can_be_mended(char *s, size_t len)
{
	static const char more[] = "\x80\x8f\x90\x9f\xa0\xbf";

	for (size_t i = 0; i < 6 * 6 * 6; i++) {
		s[len] = more[i % 6];
		s[len + 1] = more[i / 6 % 6];
		s[len + 2] = more[i / 36];
		for (size_t n = len + 1; n <= 4; n++)
			if (dw_text_valid(s, n) == n)
				return 1;
	}
	return 0;
}

static void
cut_is_what_more_bytes_can_mend_and_nothing_else(void)
{
	size_t wrong = 0, len, good;
	char s[8];

	for (size_t i = 0; i < EDGES * EDGES * EDGES; i++)
		for (len = 1; len <= 3; len++) {
			good = sks_utf8_whole(spell(s, i), len, &rest);
			if (good == 0)
				wrong += (rest == SKS_UTF8_CUT) !=
				    can_be_mended(s, len);
		}
	CHECK_INT(wrong, 0);
}

static void
a_cut_is_never_inside_a_character(void)
{
	CHECK_INT(sks_utf8_cut("a客b", 5, 9), 5);
	CHECK_INT(sks_utf8_cut("a客b", 5, 4), 4);
	CHECK_INT(sks_utf8_cut("a客b", 5, 3), 1);
	CHECK_INT(sks_utf8_cut("a客b", 5, 2), 1);
	CHECK_INT(sks_utf8_cut("客", 3, 2), 0);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(whole_characters_are_counted),
		T(a_cut_character_is_told_from_a_bad_one),
		T(what_no_byte_can_mend_is_bad_at_once),
		T(it_agrees_with_libunistring_on_all_edges),
		T(cut_is_what_more_bytes_can_mend_and_nothing_else),
		T(a_cut_is_never_inside_a_character),
	};

	return t_main("utf8", cases, sizeof cases / sizeof cases[0]);
}
