/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests text made harmless, measured, cut and laid out. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>

#include "base/text.h"
#include "t.h"

/* ---- helpers ---- */

static struct dw_buf got = DW_BUF_INITIALIZER;

static const char *
printable(const char *text, size_t len, unsigned flags)
{
	dw_buf_reset(&got);
	CHECK_INT(dw_text_printable(&got, text, len, flags), 0);
	return dw_buf_str(&got);
}

static const char *
shown(const char *text)
{
	return printable(text, strlen(text), 0);
}

static const char *
rows(const char *text)
{
	return printable(text, strlen(text), DW_TEXT_ROWS);
}

static const char *
name(const char *text)
{
	dw_buf_reset(&got);
	CHECK_INT(dw_text_name(&got, text, strlen(text)), 0);
	return dw_buf_str(&got);
}

static const char *
line(const char *text, size_t max)
{
	dw_buf_reset(&got);
	CHECK_INT(dw_text_line(&got, text, strlen(text), max), 0);
	return dw_buf_str(&got);
}

static const char *
wrapped(const char *tag, const char *gutter, const char *text, unsigned columns)
{
	dw_buf_reset(&got);
	CHECK_INT(dw_text_wrap(&got, tag, gutter, text, strlen(text), columns,
		      "\n"),
	    0);
	return dw_buf_str(&got);
}

static const char *
ours(const char *text, unsigned columns)
{
	return wrapped("* ", "  ", text, columns);
}

/* The rule of what may never reach a terminal, said once more and otherwise. */
static bool
is_forbidden(ucs4_t uc)
{
	static const struct {
		ucs4_t from, to;
	} never[] = {
		{ 0x00, 0x1F },
		{ 0x7F, 0x9F },
		{ 0xAD, 0xAD },
		{ 0x34F, 0x34F },
		{ 0x61C, 0x61C },
		{ 0x115F, 0x1160 },
		{ 0x17B4, 0x17B5 },
		{ 0x180B, 0x180F },
		{ 0x200B, 0x200F },
		{ 0x2028, 0x202E },
		{ 0x2060, 0x206F },
		{ 0x3164, 0x3164 },
		{ 0xD800, 0xDFFF },
		{ 0xE000, 0xF8FF },
		{ 0xFDD0, 0xFDEF },
		{ 0xFE00, 0xFE0F },
		{ 0xFEFF, 0xFEFF },
		{ 0xFFA0, 0xFFA0 },
		{ 0xFFF9, 0xFFFB },
		{ 0xFFFE, 0xFFFF },
		{ 0xE0000, 0xE0FFF },
		{ 0xF0000, 0x10FFFF },
	};

	for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
		if (uc >= never[i].from && uc <= never[i].to)
			return true;
	return (uc & 0xFFFE) == 0xFFFE;
}

/* No CHECK here: this runs millions of times.  joined: the two characters
 * that are part of emoji may stand in the text. */
static bool
is_harmless(const char *s, size_t len, bool lf, bool joined)
{
	ucs4_t uc;
	int n;

	for (; len != 0; s += n, len -= (size_t)n) {
		n = u8_mbtoucr(&uc, (const uint8_t *)s, len);
		if (n <= 0)
			return false;
		if ((lf && uc == '\n') ||
		    (joined && (uc == 0xFE0F || uc == 0x200D)))
			continue;
		if (is_forbidden(uc))
			return false;
	}
	return true;
}

/* ---- printable ---- */

static void
plain_text_of_any_script_stays_as_it_is(void)
{
	static const char *const texts[] = {
		"",
		"hello, world",
		"你好，世界",
		"Привет",
		"שלום",
		"नमस्ते",
		"한국어",
		"é",
		"e\xcc\x81",
		"🙂",
		"C:\\path",
		"“quoted” – …",
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		CHECK_STR(shown(texts[i]), texts[i]);
}

static void
controls_and_broken_bytes_become_visible(void)
{
	CHECK_STR(shown("\033[2J"), "\\x1b[2J");
	CHECK_STR(shown("\a\b\r\x7f"), "\\x07\\x08\\x0d\\x7f");
	CHECK_STR(shown("\xc2\x9b"
			"31m"),
	    "\\x9b31m");
	CHECK_STR(shown("\x9b\xff\xc0\x80"), "\\x9b\\xff\\xc0\\x80");
	CHECK_STR(shown("\xe4\xbd"), "\\xe4\\xbd");
	CHECK_STR(shown("\xed\xa0\x80"), "\\xed\\xa0\\x80");
	CHECK_STR(shown("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
	CHECK_STR(printable("a\0b", 3, 0), "a\\x00b");
}

static void
invisible_characters_are_named(void)
{
	CHECK_STR(shown("a\xe2\x80\xae"
			"b"),
	    "a\\u{202E}b");
	CHECK_STR(shown("\xe2\x80\x8b"), "\\u{200B}");
	CHECK_STR(shown("\xef\xbb\xbf"), "\\u{FEFF}");
	CHECK_STR(shown("\xf3\xa0\x80\x81"), "\\u{E0001}");
	CHECK_STR(shown("\xee\x80\x80"), "\\u{E000}");
	CHECK_STR(shown("a\xe2\x80\x8d"
			"b"),
	    "a\\u{200D}b");
	CHECK_STR(shown("a\xef\xb8\x8f"), "a\\u{FE0F}");
}

static void
an_emoji_keeps_its_variant_and_its_joiner(void)
{
	CHECK_STR(shown("❤️"), "❤️");
	CHECK_STR(shown("👩‍💻"), "👩‍💻");
	CHECK_STR(shown("❤️\xef\xb8\x8f"), "❤️\\u{FE0F}");
	CHECK_STR(shown("👩\xe2\x80\x8d"), "👩\\u{200D}");
	CHECK_STR(shown("👩\xe2\x80\x8d\xe2\x80\x8d💻"),
	    "👩\\u{200D}\\u{200D}💻");
	CHECK_STR(shown("👩\xe2\x80\x8d"
			"1"),
	    "👩\\u{200D}1");
}

#define ZWNJ "\xe2\x80\x8c"
#define ZWJ  "\xe2\x80\x8d"
#define ZWSP "\xe2\x80\x8b"
#define LRM  "\xe2\x80\x8e"
#define RLM  "\xe2\x80\x8f"
#define RLO  "\xe2\x80\xae"
#define SHY  "\xc2\xad"
#define TAGS(a, b, c, d, e)                                                 \
	"\xf3\xa0\x81" a "\xf3\xa0\x81" b "\xf3\xa0\x81" c "\xf3\xa0\x81" d \
	"\xf3\xa0\x81" e
#define TAG_END "\xf3\xa0\x81\xbf"
#define GBENG   TAGS("\xa7", "\xa2", "\xa5", "\xae", "\xa7")

static void
a_joiner_stays_where_its_script_needs_it(void)
{
	static const char *const texts[] = {
		"می" ZWNJ "خواهم", /* Persian */
		"کار" ZWNJ "ها",   /* after a letter that joins only one way */
		"ක්" ZWJ "ෂ",       /* Sinhala, after a virama */
		"र्" ZWJ "य क्" ZWNJ "ष", /* Devanagari */
		"ন্" ZWNJ " র" ZWJ "্য",  /* Bengali; one ends its word */
		"ന്" ZWJ,                /* an old chillu */
		"ไทย" ZWSP "ไทย",
		"សួស្តី" ZWSP "អ្នក",
		"葛\xf3\xa0\x84\x81城", /* one form of an ideograph */
		"שלום!" RLM " C++" LRM,
		LRM "+972 שלום",
		"Donau" SHY "dampf",
		"e\xcc\x81" SHY "a",
		"🏴" GBENG TAG_END "!",
		"❤\xef\xb8\x8e 🏳️" ZWJ "🌈",
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		CHECK_STR(shown(texts[i]), texts[i]);
}

static void
a_joiner_that_joins_nothing_is_named(void)
{
	CHECK_STR(shown("a" ZWNJ "b"), "a\\u{200C}b");
	CHECK_STR(shown("می" ZWNJ), "می\\u{200C}");
	CHECK_STR(shown("می" ZWNJ " خ"), "می\\u{200C} خ");
	CHECK_STR(shown("می" ZWNJ ZWNJ "خ"), "می\\u{200C}\\u{200C}خ");
	CHECK_STR(shown("می" ZWNJ "क"), "می\\u{200C}क");
	CHECK_STR(shown(ZWJ "خ"), "\\u{200D}خ");
	CHECK_STR(shown("क्" ZWJ ZWJ "ष"), "क्" ZWJ "\\u{200D}ष");
	CHECK_STR(shown("a" ZWSP "b"), "a\\u{200B}b");
	CHECK_STR(shown("a" SHY), "a\\u{00AD}");
	CHECK_STR(shown("a" SHY SHY "b"), "a\\u{00AD}\\u{00AD}b");
	CHECK_STR(shown("a" SHY "1"), "a\\u{00AD}1");
	CHECK_STR(shown("a" SHY "б"), "a\\u{00AD}б");
	CHECK_STR(shown("a" LRM "b" RLM), "a\\u{200E}b\\u{200F}");
	CHECK_STR(shown("א" LRM LRM "א"), "א" LRM "\\u{200E}א");
	CHECK_STR(shown("א" RLO "א"), "א\\u{202E}א");
	CHECK_STR(shown("葛\xf3\xa0\x84\x81\xf3\xa0\x84\x81"),
	    "葛\xf3\xa0\x84\x81\\u{E0101}");
}

static void
the_tags_of_no_flag_are_named(void)
{
	CHECK_STR(shown(TAG_END), "\\u{E007F}");
	CHECK_STR(shown("🏴" TAG_END), "🏴\\u{E007F}");
	CHECK_STR(shown("🏴\xf3\xa0\x81\xa7" TAG_END),
	    "🏴\\u{E0067}\\u{E007F}");
	CHECK_STR(shown("🙂\xf3\xa0\x81\xa7" TAG_END),
	    "🙂\\u{E0067}\\u{E007F}");
	CHECK_STR(shown("🏴" GBENG),
	    "🏴\\u{E0067}\\u{E0062}\\u{E0065}\\u{E006E}\\u{E0067}");
	CHECK_STR(shown("🏴" GBENG TAG_END TAG_END),
	    "🏴" GBENG TAG_END "\\u{E007F}");
	CHECK(strstr(shown("🏴" GBENG GBENG TAG_END), "\\u{E0067}") != NULL);
}

/* However many there are, the text is looked through once. */
static void
a_text_full_of_direction_marks_takes_linear_time(void)
{
	struct dw_buf in = DW_BUF_INITIALIZER;

	for (int i = 0; i < 200000; i++)
		dw_buf_adds(&in, "a" LRM);
	dw_buf_reset(&got);
	CHECK_INT(dw_text_printable(&got, in.data, in.len, 0), 0);
	CHECK_INT(got.len, 200000 * 9);
	dw_buf_fini(&in);
}

static void
joined_text_is_as_wide_as_its_letters(void)
{
	CHECK_INT(dw_text_width("می" ZWNJ "خ", strlen("می" ZWNJ "خ")), 3);
	CHECK_INT(dw_text_width("a" SHY "b", 4), 3);
	CHECK_INT(dw_text_width("א" LRM, 5), 1);
	CHECK_INT(dw_text_width("🏴" GBENG TAG_END, strlen("🏴" GBENG TAG_END)),
	    2);
}

/* Once over each code point, however it is cut from its neighbours. */
static void
typed_text_loses_nothing_but_controls(void)
{
	int bad = 0;

	for (ucs4_t uc = 0x20; uc <= 0x10FFFF; uc++) {
		char b[8];
		int n = u8_uctomb((uint8_t *)b, uc, sizeof b);

		if (n < 0 || (uc >= 0x7F && uc < 0xA0))
			continue;
		dw_buf_reset(&got);
		dw_text_printable(&got, b, (size_t)n, DW_TEXT_TYPED);
		bad += got.len != (size_t)n || memcmp(got.data, b, got.len);
	}
	CHECK_INT(bad, 0);
	CHECK_STR(printable("\033\x7f\xc2\x9b\xff\n", 6, DW_TEXT_TYPED),
	    "\\x1b\\x7f\\x9b\\xff\\n");
}

static void
the_last_character_is_one_as_people_see_it(void)
{
	struct dw_buf b = DW_BUF_INITIALIZER;

	CHECK_INT(dw_text_last("", 0), 0);
	CHECK_INT(dw_text_last("ab", 2), 1);
	CHECK_INT(dw_text_last("a好", 4), 3);
	CHECK_INT(dw_text_last("ae\xcc\x81", 4), 3);
	CHECK_INT(dw_text_last("e\xcc\x81", 3), 3);
	CHECK_INT(dw_text_last("\xcc\x81", 2), 2);
	CHECK_INT(dw_text_last("好\xe5\xa5", 5), 1);
	CHECK_INT(dw_text_last("\xbf\xbf\xbf\xbf\xbf", 5), 1);
	CHECK_INT(dw_text_last("한국", 6), 3);
	for (int i = 0; i < 500; i++)
		dw_buf_adds(&b, "好");
	CHECK_INT(dw_text_last(b.data, b.len), 3);
	dw_buf_reset(&b);
	for (int i = 0; i < 500; i++)
		dw_buf_adds(&b, "\xcc\x81");
	CHECK(dw_text_last(b.data, b.len) >= 2);
	dw_buf_fini(&b);
}

static void
rows_end_only_where_that_is_asked_for(void)
{
	CHECK_STR(rows("a\nb\r\nc\rd"), "a\nb\nc\\x0dd");
	CHECK_STR(shown("a\nb\r\nc\rd"), "a\\nb\\nc\\x0dd");
}

static void
a_tab_goes_to_the_next_eighth_column(void)
{
	CHECK_STR(rows("a\tb\n\tc"), "a       b\n        c");
	CHECK_STR(shown("你\tb"), "你      b");
	CHECK_STR(shown("12345678\t|"), "12345678        |");
}

static void
a_quoted_backslash_is_doubled_so_no_escape_can_be_forged(void)
{
	CHECK_STR(printable("\\x1B\033", 5, DW_TEXT_QUOTE), "\\\\x1B\\x1b");
	CHECK_STR(shown("\\x1B"), "\\x1B");
}

static void
a_fifth_mark_and_those_after_it_become_one_ellipsis(void)
{
	struct dw_buf in = DW_BUF_INITIALIZER;

	dw_buf_adds(&in, "a");
	for (int i = 0; i < 100; i++)
		dw_buf_adds(&in, "\xcc\x81");
	dw_buf_adds(&in, "b\xcc\x81");
	CHECK_STR(shown(in.data),
	    "a\xcc\x81\xcc\x81\xcc\x81\xcc\x81…b\xcc\x81");
	dw_buf_fini(&in);
}

static void
none_of_256_bytes_comes_out_dangerous(void)
{
	for (int c = 0; c < 256; c++) {
		char b = (char)c;

		printable(&b, 1, 0);
		CHECK(is_harmless(got.data, got.len, false, false));
		printable(&b, 1, DW_TEXT_ROWS);
		CHECK(is_harmless(got.data, got.len, true, false));
	}
}

static void
none_of_65536_pairs_comes_out_dangerous(void)
{
	int bad = 0;

	for (int c = 0; c < 65536; c++) {
		char b[2] = { (char)(c >> 8), (char)c };

		dw_buf_reset(&got);
		dw_text_printable(&got, b, 2, 0);
		bad += !is_harmless(got.data, got.len, false, false);
		dw_buf_reset(&got);
		dw_text_printable(&got, b, 2, DW_TEXT_ROWS | DW_TEXT_QUOTE);
		bad += !is_harmless(got.data, got.len, true, false);
	}
	CHECK_INT(bad, 0);
}

static void
no_code_point_comes_out_dangerous_and_letters_come_out(void)
{
	int bad = 0, kept = 0;

	for (ucs4_t uc = 0; uc <= 0x10FFFF; uc++) {
		char b[8];
		int n = u8_uctomb((uint8_t *)b, uc, sizeof b);

		if (n < 0)
			continue; /* a surrogate */
		dw_buf_reset(&got);
		dw_text_printable(&got, b, (size_t)n, 0);
		bad += !is_harmless(got.data, got.len, false, false);
		kept +=
		    got.len == (size_t)n && memcmp(got.data, b, got.len) == 0;
		if (uc_is_general_category(uc, UC_CATEGORY_Lu))
			bad += got.len != (size_t)n;
	}
	CHECK_INT(bad, 0);
	CHECK(kept > 140000);
}

/* What a decoder of the escapes gets is what was sent. */
static size_t
decode(const char *s, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; n++) {
		if (s[i] != '\\') {
			out[n] = s[i++];
		} else if (s[i + 1] == '\\' || s[i + 1] == 'n') {
			out[n] = s[i + 1] == 'n' ? '\n' : '\\';
			i += 2;
		} else if (s[i + 1] == 'x') {
			unsigned long b =
			    strtoul((char[]){ s[i + 2], s[i + 3], 0 }, NULL,
				16);

			out[n] = (char)b;
			i += 4;
		} else {
			char *end;
			ucs4_t uc = (ucs4_t)strtoul(s + i + 3, &end, 16);
			int k = u8_uctomb((uint8_t *)out + n, uc, 6);

			n += (size_t)k - 1;
			i = (size_t)(end - s) + 1;
		}
	}
	return n;
}

static void
random_bytes_come_out_harmless_and_decode_back(void)
{
	int tries = t_size("tries", 20000), bad = 0, differ = 0;
	char in[40], back[400];

	srandom(1);
	for (int i = 0; i < tries; i++) {
		size_t len = (size_t)random() % sizeof in;

		/* Without tab, CR (as part of CRLF) and the second control
		 * set, whose escapes are shorter than what they stand for. */
		for (size_t k = 0; k < len; k++)
			do
				in[k] = (char)random();
			while (in[k] == '\t' || in[k] == '\r' ||
			    in[k] == '\xc2' || in[k] == '\xcc');
		dw_buf_reset(&got);
		dw_text_printable(&got, in, len, DW_TEXT_QUOTE);
		bad += !is_harmless(got.data != NULL ? got.data : "", got.len,
		    false, false);
		differ += decode(dw_buf_str(&got), got.len, back) != len ||
		    memcmp(back, in, len) != 0;
	}
	CHECK_INT(bad, 0);
	CHECK_INT(differ, 0);
}

static void
a_full_buffer_is_an_error_and_no_crash(void)
{
	struct dw_buf small = { .max = 4 };

	CHECK(dw_text_printable(&small, "123456", 6, 0) < 0);
	CHECK(small.failed);
	dw_buf_fini(&small);
}

/* ---- names and lines ---- */

static void
a_name_holds_letters_digits_marks_and_three_signs(void)
{
	CHECK_STR(name("alice"), "alice");
	CHECK_STR(name("  李雷 "), "李雷");
	CHECK_STR(name("a-b_c.d9"), "a-b_c.d9");
	CHECK_STR(name("a b|c>d<e[f]g\\h"), "a_b_c_d_e_f_g_h");
	CHECK_STR(name("\033[31mred"), "__31mred");
	CHECK_STR(name("\xe2\x80\xae"
		       "evil"),
	    "_evil");
	CHECK_STR(name("\xff\xfe"), "__");
	CHECK_STR(name("e\xcc\x81"), "e\xcc\x81");
	CHECK_STR(name("\xcc\x81x"), "_x");
}

static void
a_name_is_never_empty_and_never_wider_than_24_columns(void)
{
	CHECK_STR(name(""), "_");
	CHECK_STR(name(" \t\n"), "_");
	CHECK_STR(name("abcdefghijklmnopqrstuvwxyz"),
	    "abcdefghijklmnopqrstuvwx");
	CHECK_STR(name("一二三四五六七八九十一二三"),
	    "一二三四五六七八九十一二");
	CHECK_STR(name("a一二三四五六七八九十一二三"),
	    "a一二三四五六七八九十一");
}

static void
a_log_line_is_one_row_and_not_longer_than_asked(void)
{
	CHECK_STR(line("a\nb\\n", 0), "a\\nb\\\\n");
	CHECK_STR(line("12345678", 8), "12345678");
	CHECK_STR(line("123456789", 8), "12345…");
	CHECK_STR(line("你好世界", 8), "你…");
	for (size_t max = 1; max < 40; max++)
		CHECK(strlen(line("你好\033\xcc\x81 and much more here",
			  max)) <= max);
}

/* ---- columns and rows ---- */

static void
width_counts_columns(void)
{
	CHECK_INT(dw_text_width("abc", 3), 3);
	CHECK_INT(dw_text_width("你好", 6), 4);
	CHECK_INT(dw_text_width("e\xcc\x81", 3), 1);
	CHECK_INT(dw_text_width("🙂", 4), 2);
	CHECK_INT(dw_text_width("❤️", strlen("❤️")), 2);
}

static void
rows_start_with_tag_then_gutter(void)
{
	CHECK_STR(wrapped("3 al| ", "    | ", "one\ntwo", 40),
	    "3 al| one\n    | two\n");
	CHECK_STR(wrapped("3 al| ", "    | ", "", 40), "3 al| \n");
	CHECK_STR(wrapped("3 al| ", "    | ", "one\n", 40), "3 al| one\n");
	CHECK_STR(wrapped("3 al| ", "    | ", "\n\na", 40),
	    "3 al| \n    | \n    | a\n");
	CHECK_STR(wrapped("3 al| ", "    | ", "abcdefghijklmnop", 20),
	    "3 al| abcdefghijklm\n    | nop\n");
	CHECK_STR(wrapped("3 al| ", "    | ", "你好你好你好你", 20),
	    "3 al| 你好你好你好\n    | 你\n");
}

static void
without_a_width_a_message_is_one_row(void)
{
	CHECK_STR(wrapped("3 al| ", "    | ", "one\ntwo\n", 0),
	    "3 al| one\\ntwo\n");
}

static void
a_mark_is_never_parted_from_its_character(void)
{
	CHECK_STR(wrapped("", "", "aaaaaaaaae\xcc\x81zz", 11),
	    "aaaaaaaaae\xcc\x81\nzz\n");
}

static void
rows_end_between_words(void)
{
	CHECK_STR(ours("what is typed goes to session 3", 19),
	    "* what is typed\n  goes to session\n  3\n");
	CHECK_STR(ours("one three", 12), "* one three\n");
	CHECK_STR(ours("one three ", 12), "* one three\n");
	CHECK_STR(ours("one three\ntwo", 12), "* one three\n  two\n");
	CHECK_STR(ours("  nc 127.0.0.1", 40), "*   nc 127.0.0.1\n");
	/* No row has room for it. */
	CHECK_STR(ours("a /home/anna/state", 13), "* a /home/an\n  na/state\n");
	/* Chinese has no spaces, and its neighbours stay whole. */
	CHECK_STR(ours("还没有人来过这里", 13), "* 还没有人来\n  过这里\n");
	CHECK_STR(ours("来自三百people到了", 15), "* 来自三百\n  people到了\n");
	CHECK_STR(ours("aaaaaa 你e\xcc\x81 bb", 12),
	    "* aaaaaa 你\n  e\xcc\x81 bb\n");
	CHECK_STR(ours("one two", 0), "* one two\n");
	/* A path that fits is one word, and so is what one may type. */
	CHECK_STR(ours("see /home/anna", 13), "* see\n  /home/anna\n");
	CHECK_STR(ours("with --log-file", 14), "* with\n  --log-file\n");
	/* Spaces that a row ends with take no room. */
	CHECK_STR(ours("one      two", 12), "* one\n  two\n");
	CHECK_STR(ours("one \n two", 12), "* one \n   two\n");
	/* A comma begins no row, and a bracket ends none. */
	CHECK_STR(ours("还没有人，来（过）", 11),
	    "* 还没有\n  人，来\n  （过）\n");
}

static void
no_row_ends_inside_a_character(void)
{
	static const char *const characters[] = {
		"👩‍👩‍👧", /* joined */
		"🇩🇪",                 /* a flag */
		"👍🏽",               /* with a colour of skin */
		"1️⃣",                  /* a key */
		"e\xcc\x81\xcc\xa3",  /* marks */
		"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", /* Hangul, in letters */
		"นี้",                                    /* Thai */
		"நி",                                   /* Tamil */
	};
	const size_t n = sizeof characters / sizeof characters[0];
	struct dw_buf text = DW_BUF_INITIALIZER, safe = text;

	for (size_t i = 0; i < n; i++)
		for (unsigned columns = 13; columns < 30; columns++) {
			size_t len = strlen(characters[i]);

			dw_buf_reset(&text);
			dw_buf_reset(&safe);
			for (int k = 0; k < 12; k++)
				dw_buf_adds(&text, characters[i]);
			dw_text_printable(&safe, text.data, text.len, 0);
			if (!CHECK_STR(dw_buf_str(&safe), dw_buf_str(&text)))
				break;
			ours(safe.data, columns);
			for (const char *s = got.data; *s != '\0';
			    s = strchr(s, '\n') + 1)
				CHECK_INT((strcspn(s, "\n") - 2) % len, 0);
		}
	dw_buf_fini(&text);
	dw_buf_fini(&safe);
}

/* It is parted between two of its emoji. */
static void
a_character_wider_than_all_rows_is_parted(void)
{
	CHECK_STR(ours("👩‍👩‍👧‍👧‍👩‍👩", 11),
	    "* 👩‍👩‍👧‍👧‍\n  👩‍👩\n");
}

static void
after_200_rows_the_rest_is_counted(void)
{
	struct dw_buf in = DW_BUF_INITIALIZER;
	size_t n = 0;

	for (int i = 0; i < 250; i++)
		dw_buf_addf(&in, "row %d\n", i);
	wrapped("t| ", " | ", in.data, 40);
	for (size_t i = 0; i < got.len; i++)
		n += got.data[i] == '\n';
	CHECK_INT(n, 201);
	CHECK(strstr(got.data, " | row 199\n | … 50 more rows\n") != NULL);
	dw_buf_fini(&in);
}

/* Moves *text over a row's text, and over what the row's end stands for: LF, or
 * spaces, or nothing. */
static bool
row_gives_back(const char **text, const char *row, size_t len)
{
	/* A row begins with spaces only if the word behind them fits. */
	while (**text == ' ' && *row != ' ')
		(*text)++;
	if (strncmp(*text, row, len) != 0)
		return false;
	*text += len;
	while (**text == ' ' && (*text)[1] != '\xcc') /* with a mark */
		(*text)++;
	*text += **text == '\n';
	return true;
}

/* Is each row tag or gutter and then at most columns - 1 in all?  Do the rows
 * say what the text says? */
static bool
rows_are_right(const char *tag, const char *gutter, const char *text,
    unsigned columns)
{
	const char *s = dw_buf_str(&got);
	const char *start = tag;

	for (const char *lf; (lf = strchr(s, '\n')) != NULL; s = lf + 1) {
		size_t head = strlen(start);

		if (strncmp(s, start, head) != 0 ||
		    dw_text_width(s, (size_t)(lf - s)) >= columns ||
		    !row_gives_back(&text, s + head, (size_t)(lf - s) - head))
			return false;
		start = gutter;
	}
	return *s == '\0' && *text == '\0';
}

static void
random_text(struct dw_buf *out)
{
	static const char *const parts[] = {
		"a",
		"b c",
		"你",
		"好，",
		"🙂",
		"👩‍💻",
		"❤️",
		"e\xcc\x81",
		"\n",
		"…",
		"→",
		"1️⃣",
		"ก็",
		"word",
		"   ",
		" \xcc\x81",
		"🇩🇪",
		"👩‍👩‍👧‍👧‍👧‍👧‍👧‍👧‍👧",
		"-",
		"/",
		"http://example.org/a/long/path",
		"한",
		"| 2 boss| ",
		"\\x1b",
	};
	const size_t n = sizeof parts / sizeof parts[0];

	dw_buf_reset(out);
	for (long i = random() % 120; i >= 0; i--)
		dw_buf_adds(out, parts[(size_t)random() % n]);
}

static void
no_row_reaches_the_last_column_in_any_window(void)
{
	struct dw_buf raw = DW_BUF_INITIALIZER, safe = raw;
	int tries = t_size("texts for each width", 40), bad = 0;

	srandom(2);
	for (unsigned columns = 20; columns <= 200; columns++)
		for (int i = 0; i < tries; i++) {
			random_text(&raw);
			dw_buf_reset(&safe);
			dw_text_printable(&safe, raw.data, raw.len,
			    DW_TEXT_ROWS);
			wrapped("3 alice| ", "       | ", safe.data, columns);
			bad += !rows_are_right("3 alice| ", "       | ",
			    safe.data, columns);
			ours(safe.data, columns);
			bad += !rows_are_right("* ", "  ", safe.data, columns);
		}
	CHECK_INT(bad, 0);
	dw_buf_fini(&raw);
	dw_buf_fini(&safe);
}

static void
a_window_narrower_than_the_tag_still_keeps_column_0(void)
{
	const char *tag = "09:58:31 3 a_long_name_for_you| ";
	const char *s;
	bool first = true;

	wrapped(tag, "                              | ",
	    "some text that is long enough for rows", 24);
	for (s = got.data; *s != '\0'; s = strchr(s, '\n') + 1) {
		size_t len = strcspn(s, "\n");

		CHECK(dw_text_width(s, len) < 24);
		CHECK(first || strncmp(s, "| ", 2) == 0);
		first = false;
	}
}

/* ---- cutting ---- */

static void
valid_is_the_longest_good_prefix(void)
{
	CHECK_INT(dw_text_valid("abc", 3), 3);
	CHECK_INT(dw_text_valid("你\xff", 4), 3);
	CHECK_INT(dw_text_valid("a\xe4\xbd", 3), 1);
	CHECK_INT(dw_text_valid("", 0), 0);
}

static void
tail_counts_the_bytes_of_an_unfinished_character(void)
{
	static const char text[] = "a你🙂";

	CHECK_INT(dw_text_tail(text, 0), 0);
	CHECK_INT(dw_text_tail(text, 1), 0);
	CHECK_INT(dw_text_tail(text, 2), 1);
	CHECK_INT(dw_text_tail(text, 3), 2);
	CHECK_INT(dw_text_tail(text, 4), 0);
	CHECK_INT(dw_text_tail(text, 5), 1);
	CHECK_INT(dw_text_tail(text, 6), 2);
	CHECK_INT(dw_text_tail(text, 7), 3);
	CHECK_INT(dw_text_tail(text, 8), 0);
	CHECK_INT(dw_text_tail("\xff", 1), 0);
	CHECK_INT(dw_text_tail("\xc0", 1), 0);
	CHECK_INT(dw_text_tail("\xed\xa0", 2), 0);
	CHECK_INT(dw_text_tail("\x80", 1), 0);
}

static void
a_cut_is_never_inside_a_character(void)
{
	static const char text[] = "a你e\xcc\x81🙂";

	CHECK_INT(dw_text_cut(text, 4, 10), 4);
	CHECK_INT(dw_text_cut(text, sizeof text - 1, 3), 1);
	CHECK_INT(dw_text_cut(text, sizeof text - 1, 4), 4);
	CHECK_INT(dw_text_cut(text, sizeof text - 1, 5), 4);
	CHECK_INT(dw_text_cut(text, sizeof text - 1, 7), 7);
	CHECK_INT(dw_text_cut(text, sizeof text - 1, 10), 7);
	CHECK_INT(dw_text_cut("你", 3, 2), 0);
	CHECK_INT(dw_text_cut("\xff\xff", 2, 1), 1);
	CHECK_INT(dw_text_cut("\x80\x80\x80\x80\x80", 5, 4), 4);
	CHECK_INT(dw_text_cut("👩‍💻", strlen("👩‍💻"), 4), 4);
}

static void
a_cut_in_random_text_joins_again_and_gets_on(void)
{
	struct dw_buf raw = DW_BUF_INITIALIZER;
	int bad = 0;

	srandom(3);
	for (int i = t_size("texts", 500); i > 0; i--) {
		random_text(&raw);
		for (size_t max = 4; max < 40; max += 5)
			for (size_t at = 0; at < raw.len;) {
				size_t n = dw_text_cut(raw.data + at,
				    raw.len - at, max);

				bad += n == 0 || n > max ||
				    dw_text_valid(raw.data + at, n) != n;
				at += n != 0 ? n : raw.len;
			}
	}
	CHECK_INT(bad, 0);
	dw_buf_fini(&raw);
}

static void
trim_and_blank_know_every_white_space(void)
{
	const char *s = " \t\r\n\xe3\x80\x80 a b \xc2\xa0\n";
	size_t len = strlen(s);

	dw_text_trim(&s, &len);
	CHECK_MEM(s, len, "a b", 3);
	CHECK(dw_text_is_blank("", 0));
	CHECK(dw_text_is_blank(" \n\xe3\x80\x80", 5));
	CHECK(!dw_text_is_blank(" \x80", 2));
	CHECK(!dw_text_is_blank("\0", 1));
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(plain_text_of_any_script_stays_as_it_is),
		T(controls_and_broken_bytes_become_visible),
		T(invisible_characters_are_named),
		T(an_emoji_keeps_its_variant_and_its_joiner),
		T(a_joiner_stays_where_its_script_needs_it),
		T(a_joiner_that_joins_nothing_is_named),
		T(the_tags_of_no_flag_are_named),
		T(a_text_full_of_direction_marks_takes_linear_time),
		T(joined_text_is_as_wide_as_its_letters),
		T(typed_text_loses_nothing_but_controls),
		T(the_last_character_is_one_as_people_see_it),
		T(rows_end_only_where_that_is_asked_for),
		T(a_tab_goes_to_the_next_eighth_column),
		T(a_quoted_backslash_is_doubled_so_no_escape_can_be_forged),
		T(a_fifth_mark_and_those_after_it_become_one_ellipsis),
		T(none_of_256_bytes_comes_out_dangerous),
		T(none_of_65536_pairs_comes_out_dangerous),
		T(no_code_point_comes_out_dangerous_and_letters_come_out),
		T(random_bytes_come_out_harmless_and_decode_back),
		T(a_full_buffer_is_an_error_and_no_crash),
		T(a_name_holds_letters_digits_marks_and_three_signs),
		T(a_name_is_never_empty_and_never_wider_than_24_columns),
		T(a_log_line_is_one_row_and_not_longer_than_asked),
		T(width_counts_columns),
		T(rows_start_with_tag_then_gutter),
		T(without_a_width_a_message_is_one_row),
		T(a_mark_is_never_parted_from_its_character),
		T(rows_end_between_words),
		T(no_row_ends_inside_a_character),
		T(a_character_wider_than_all_rows_is_parted),
		T(after_200_rows_the_rest_is_counted),
		T(no_row_reaches_the_last_column_in_any_window),
		T(a_window_narrower_than_the_tag_still_keeps_column_0),
		T(valid_is_the_longest_good_prefix),
		T(tail_counts_the_bytes_of_an_unfinished_character),
		T(a_cut_is_never_inside_a_character),
		T(a_cut_in_random_text_joins_again_and_gets_on),
		T(trim_and_blank_know_every_white_space),
	};
	int r = t_main("text", cases, sizeof cases / sizeof cases[0]);

	dw_buf_fini(&got);
	return r;
}
