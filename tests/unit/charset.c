/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encodings other than UTF-8. */
#include "config.h"

#include <string.h>

#include "base/charset.h"
#include "tests/t.h"

static const struct dw_charset *
named(const char *name)
{
	return dw_charset_find(name, strlen(name));
}

static void
an_encoding_is_found_by_the_names_people_give_it(void)
{
	static const struct {
		const char *said, *name;
	} rows[] = {
		{ "gbk", "gbk" },
		{ " GBK ", "gbk" },
		{ "GB2312", "gbk" },
		{ "gb-18030", "gb18030" },
		{ "Big-5", "big5" },
		{ "Shift_JIS", "shift_jis" },
		{ "sjis", "shift_jis" },
		{ "EUC-KR", "euc-kr" },
		{ "koi8r", "koi8-r" },
		{ "cp1251", "windows-1251" },
		{ "Windows-1251", "windows-1251" },
		{ "Latin-1", "iso-8859-1" },
		{ "ISO_8859-1", "iso-8859-1" },
		{ "UTF8", "utf-8" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct dw_charset *cs = named(rows[i].said);

		CHECK(cs != NULL);
		if (cs != NULL)
			CHECK_STR(cs->name, rows[i].name);
	}
	CHECK(named("") == NULL);
	CHECK(named("klingon") == NULL);
	CHECK(named("a name that is longer than any of these names is") ==
	    NULL);
}

/* A text in UTF-8 and in its own encoding. */
static const struct text {
	const char *charset, *utf8, *bytes;
} texts[] = {
	{ "gbk", "你好，我的订单在哪里",
	    "\xc4\xe3\xba\xc3\xa3\xac\xce\xd2\xb5"
	    "\xc4\xb6\xa9\xb5\xa5\xd4\xda\xc4"
	    "\xc4\xc0\xef" },
	{ "big5", "你好，我的訂單在哪裡",
	    "\xa7\x41\xa6\x6e\xa1\x41\xa7\xda\xaa"
	    "\xba\xad\x71\xb3\xe6\xa6\x62\xad"
	    "\xfe\xb8\xcc" },
	{ "shift_jis", "こんにちは、注文",
	    "\x82\xb1\x82\xf1\x82\xc9\x82\xbf"
	    "\x82\xcd\x81\x41\x92\x8d\x95"
	    "\xb6" },
	{ "euc-kr", "안녕하세요 주문이요",
	    "\xbe\xc8\xb3\xe7\xc7\xcf\xbc\xbc\xbf"
	    "\xe4 \xc1\xd6\xb9\xae\xc0\xcc\xbf"
	    "\xe4" },
	{ "koi8-r", "привет, где мой заказ",
	    "\xd0\xd2\xc9\xd7\xc5\xd4, \xc7\xc4\xc5 \xcd\xcf\xca \xda\xc1\xcb"
	    "\xc1\xda" },
	{ "windows-1251", "Здравствуйте, я жду",
	    "\xc7\xe4\xf0\xe0\xe2\xf1\xf2\xe2\xf3\xe9\xf2\xe5, \xff \xe6\xe4"
	    "\xf3" },
	{ "iso-8859-1", "Grüße aus Köln",
	    "Gr\xfc\xdf"
	    "e aus K\xf6ln" },
	{ "gb18030", "ã你", "\x81\x30\x8a\x30\xc4\xe3" },
};

static void
a_text_is_decoded_and_encoded_again(void)
{
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const struct text *t = &texts[i];
		struct dw_buf utf8 = DW_BUF_INITIALIZER,
			      bytes = DW_BUF_INITIALIZER;

		CHECK(dw_charset_works(named(t->charset)));
		CHECK_INT(dw_charset_decode(&utf8, named(t->charset), t->bytes,
			      strlen(t->bytes)),
		    0);
		CHECK_STR(dw_buf_str(&utf8), t->utf8);
		CHECK_INT(dw_charset_encode(&bytes, named(t->charset), t->utf8,
			      strlen(t->utf8)),
		    0);
		CHECK_MEM(bytes.data, bytes.len, t->bytes, strlen(t->bytes));
		dw_buf_fini(&utf8);
		dw_buf_fini(&bytes);
	}
}

static void
what_is_no_character_of_it_comes_out_as_it_is(void)
{
	static const char bytes[] = "a\xff\xff"
				    "b\xc4\xe3\x80\xc4";
	struct dw_buf out = DW_BUF_INITIALIZER;

	CHECK_INT(dw_charset_decode(&out, named("gbk"), bytes, strlen(bytes)),
	    0);
	CHECK(out.len > 0 &&
	    strncmp(out.data,
		"a\xff\xff"
		"b你",
		7) == 0);
	CHECK_INT(out.data[out.len - 1], '\xc4');
	dw_buf_fini(&out);
}

static void
what_it_cannot_write_is_a_question_mark_or_named_before(void)
{
	static const char text[] = "да 你\xe2\x81\xa0!";
	const struct dw_charset *cs = named("cp1251");
	struct dw_buf out = DW_BUF_INITIALIZER;

	CHECK_INT(dw_charset_encode(&out, cs, text, strlen(text)), 0);
	CHECK_STR(dw_buf_str(&out), "\xe4\xe0 ? !");
	CHECK_INT(dw_charset_writes(cs, text, strlen(text)), 5);
	CHECK_INT(dw_charset_writes(cs, text, 5), 5);
	CHECK_INT(dw_charset_writes(NULL, text, strlen(text)), strlen(text));
	dw_buf_fini(&out);
}

/* A program that reads strict GBK must not get the four bytes of GB18030. */
static void
gbk_is_written_in_two_bytes_only(void)
{
	CHECK_INT(dw_charset_writes(named("gbk"), "ã", 2), 0);
	CHECK_INT(dw_charset_writes(named("gb18030"), "ã", 2), 2);
}

static void
an_unfinished_character_is_counted_from_the_end(void)
{
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const struct dw_charset *cs = named(texts[i].charset);
		const char *bytes = texts[i].bytes;

		CHECK_INT(dw_charset_tail(cs, bytes, strlen(bytes)), 0);
	}
	CHECK_INT(dw_charset_tail(named("gbk"), "a\xc4", 2), 1);
	CHECK_INT(dw_charset_tail(named("gbk"), "\xc4\xe3\xc4", 3), 1);
	CHECK_INT(dw_charset_tail(named("gb18030"), "\x81\x30\x8b", 3), 3);
	CHECK_INT(dw_charset_tail(named("koi8-r"), "\xc4", 1), 0);
	CHECK_INT(dw_charset_tail(NULL, "\xe4\xbd", 2), 2);
}

static void
the_last_character_is_taken_back_whole(void)
{
	CHECK_INT(dw_charset_last(named("gbk"), "a\xc4\xe3\xba\xc3", 5), 2);
	CHECK_INT(dw_charset_last(named("gbk"), "\xc4\xe3!", 3), 1);
	CHECK_INT(dw_charset_last(named("gb18030"), "\x81\x30\x8a\x30", 4), 4);
	CHECK_INT(dw_charset_last(named("koi8-r"), "\xc5\xdd\xa3", 3), 1);
	CHECK_INT(dw_charset_last(named("shift_jis"), "\x83\x5c", 2), 2);
	CHECK_INT(dw_charset_last(named("gbk"), "", 0), 0);
	CHECK_INT(dw_charset_last(NULL, "a客", 4), 3);
}

/* The joiner that keeps a quit from being one becomes a space; tags of flags
 * would be lost without a word. */
static void
what_would_be_lost_cannot_be_written(void)
{
	static const char joined[] = "q\xe2\x81\xa0uit да";
	static const char flag[] = "да\xf0\x9f\x8f\xb4\xf3\xa0\x81\xa7";

	CHECK_INT(dw_charset_writes(named("cp1251"), joined, strlen(joined)),
	    strlen(joined));
	CHECK_INT(dw_charset_writes(named("cp1251"), flag, strlen(flag)), 4);
	CHECK_INT(dw_charset_writes(named("gb18030"), flag, strlen(flag)), 8);
}

static void
texts_of_each_encoding_look_like_it(void)
{
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const struct text *t = &texts[i];
		const struct dw_charset *cs =
		    dw_charset_guess(t->bytes, strlen(t->bytes));

		if (strcmp(t->charset, "gb18030") == 0)
			continue;
		CHECK(cs != NULL);
		if (cs != NULL)
			CHECK_STR(cs->name, t->charset);
	}
}

/* Everyday sentences, of which the encodings have their bytes from iconv. */
static void
short_sentences_look_like_what_they_are_in(void)
{
	static const struct {
		const char *charset, *text;
	} rows[] = {
		{ "gbk", "你好" },
		{ "gbk", "请问退款什么时候到账？" },
		{ "gbk", "客户端已就绪" },
		{ "gbk", "ORDER 88 的快递还没有到" },
		{ "big5", "您好" },
		{ "big5", "請問退款什麼時候到帳？" },
		{ "shift_jis", "注文はどこですか" },
		{ "shift_jis", "メールが届きません" },
		{ "euc-kr", "주문은 어디에 있습니까" },
		{ "koi8-r", "не работает" },
		{ "koi8-r", "Здравствуйте" },
		{ "windows-1251", "привет" },
		{ "windows-1251", "Добрый день! Где мой заказ?" },
		{ "iso-8859-1", "señor" },
		{ "iso-8859-1", "Où est ma commande, s'il vous plaît ?" },
		{ "iso-8859-1", "Ich hätte gern mein Geld zurück" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct dw_charset *cs;
		struct dw_buf bytes = DW_BUF_INITIALIZER;

		CHECK_INT(dw_charset_encode(&bytes, named(rows[i].charset),
			      rows[i].text, strlen(rows[i].text)),
		    0);
		cs = dw_charset_guess(bytes.data, bytes.len);
		CHECK_STR(cs == NULL ? rows[i].text : cs->name,
		    rows[i].charset);
		dw_buf_fini(&bytes);
	}
}

static void
noise_looks_like_nothing(void)
{
	static const char *const rows[] = { "", "plain", "\xff", "\x80\x81",
		"\xe4\xbd\xa0\xff\xfe", "\x90\x90\x90\x90\x90" };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		CHECK(dw_charset_guess(rows[i], strlen(rows[i])) == NULL);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(an_encoding_is_found_by_the_names_people_give_it),
		T(a_text_is_decoded_and_encoded_again),
		T(what_is_no_character_of_it_comes_out_as_it_is),
		T(what_it_cannot_write_is_a_question_mark_or_named_before),
		T(gbk_is_written_in_two_bytes_only),
		T(an_unfinished_character_is_counted_from_the_end),
		T(the_last_character_is_taken_back_whole),
		T(what_would_be_lost_cannot_be_written),
		T(texts_of_each_encoding_look_like_it),
		T(short_sentences_look_like_what_they_are_in),
		T(noise_looks_like_nothing),
	};

	return t_main("charset", cases, sizeof cases / sizeof cases[0]);
}
