/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests the decoder and encoder of line mode. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "t.h"
#include "wire/line.h"

#define MAX 32

static const char kinds[] = { '.', 'T', 'L', 'S', 'M' };

/* Appends what comes out as "T<row>|", with the answers in b. */
static void
drain(struct wire_line *l, struct dw_buf *out, struct dw_buf *answers)
{
	enum wire_line_kind kind;
	const char *text;
	size_t n;

	while ((kind = wire_line_next(l, &text, &n)) != WIRE_LINE_NONE) {
		dw_buf_addc(out, kinds[kind]);
		dw_buf_add(out, text, n);
		dw_buf_addc(out, '|');
	}
	n = wire_line_answer(l, &text);
	dw_buf_add(answers, text, n);
}

/* Feeds bytes in pieces of the given sizes (0 ends, the rest in one). */
static void
decode(const char *bytes, size_t len, const size_t *cuts, struct dw_buf *out,
    struct dw_buf *answers)
{
	struct wire_line l;
	size_t at = 0, n;

	dw_buf_reset(out);
	dw_buf_reset(answers);
	wire_line_init(&l, MAX);
	while (at < len) {
		n = *cuts != 0 && *cuts < len - at ? *cuts : len - at;
		cuts += *cuts != 0;
		wire_line_feed(&l, bytes + at, n);
		drain(&l, out, answers);
		at += n;
	}
	wire_line_eof(&l);
	drain(&l, out, answers);
	wire_line_fini(&l);
}

/* Whole, cut at each place, and byte by byte: always the same. */
static void
expect(const char *bytes, size_t len, const char *want, size_t want_len,
    const char *answer, size_t answer_len)
{
	struct dw_buf out = DW_BUF_INITIALIZER, ans = DW_BUF_INITIALIZER;
	size_t *ones = calloc(len + 1, sizeof *ones);

	for (size_t i = 0; i < len; i++)
		ones[i] = 1;
	decode(bytes, len, ones, &out, &ans);
	CHECK_MEM(dw_buf_str(&out), out.len, want, want_len);
	CHECK_MEM(dw_buf_str(&ans), ans.len, answer, answer_len);
	for (size_t cut = 0; cut < len; cut++) {
		size_t cuts[2] = { cut, 0 };

		decode(bytes, len, cuts, &out, &ans);
		CHECK_MEM(dw_buf_str(&out), out.len, want, want_len);
		CHECK_MEM(dw_buf_str(&ans), ans.len, answer, answer_len);
	}
	free(ones);
	dw_buf_fini(&out);
	dw_buf_fini(&ans);
}

#define EXPECT(in, want, answer)                                 \
	expect(in, sizeof in - 1, want, sizeof want - 1, answer, \
	    sizeof answer - 1)

#define EXPECT_WHOLE(in, want) expect_parts(want, (const char *[]){ in, NULL })
#define EXPECT_PARTS(want, ...) \
	expect_parts(want, (const char *[]){ __VA_ARGS__, NULL })

static void
expect_parts(const char *want, const char *const parts[])
{
	struct dw_buf out = DW_BUF_INITIALIZER, ans = DW_BUF_INITIALIZER;
	struct wire_line l;

	wire_line_init(&l, MAX);
	for (size_t i = 0; parts[i] != NULL; i++) {
		wire_line_feed(&l, parts[i], strlen(parts[i]));
		drain(&l, &out, &ans);
	}
	CHECK_STR(dw_buf_str(&out), want);
	wire_line_fini(&l);
	dw_buf_fini(&out);
	dw_buf_fini(&ans);
}

static void
lf_crlf_and_cr_nul_end_a_row(void)
{
	EXPECT("a\nb\r\nc\r\0d\n", "Ta|Tb|Tc|Td|", "");
	EXPECT("\n\r\n\r\0", "T|T|T|", "");
}

static void
a_lone_cr_and_a_lone_nul_are_data(void)
{
	EXPECT("a\rb\n", "Ta\rb|", "");
	EXPECT("a\r\rb\r\r\n", "Ta\r\rb\r|", "");
	EXPECT("a\0b\n\0\n", "Ta\0b|T\0|", "");
}

static void
a_row_without_an_end_is_cut_short_at_eof(void)
{
	EXPECT("a\nbc", "Ta|Sbc|", "");
	EXPECT("a\nbc\r", "Ta|Sbc\r|", "");
	EXPECT("bc\xff", "Sbc\xff|", "");
	EXPECT("a\n", "Ta|", "");
	EXPECT("", "", "");
}

static void
chinese_text_survives_every_cut(void)
{
	EXPECT("客户端已就绪\n订单\r\n", "T客户端已就绪|T订单|", "");
}

static void
each_option_is_refused_once(void)
{
	EXPECT("\xff\xfd\x01\xff\xfb\x01\xff\xfd\x01\xff\xfb\x01hi\n", "Thi|",
	    "\xff\xfc\x01\xff\xfe\x01");
	EXPECT("h\xff\xfe\x01i\xff\xfc\x01\n", "Thi|", "");
	EXPECT("\xff\xfd\xff\xff\xfb\x00x\n", "Tx|",
	    "\xff\xfc\xff\xff\xfe\x00");
}

/* RFC 860.  This is what telnet sends for a Ctrl-C. */
#define CTRL_C "\xff\xf4\xff\xfd\x06"

static void
every_timing_mark_is_answered(void)
{
	EXPECT(CTRL_C "hi" CTRL_C "\n" CTRL_C, "Thi|",
	    "\xff\xfb\x06\xff\xfb\x06\xff\xfb\x06");
	EXPECT("\xff\xfb\x06\xff\xfb\x06\xff\xfe\x06hi\n", "Thi|",
	    "\xff\xfe\x06");
}

static void
answers_that_were_handed_out_need_no_memory(void)
{
	struct dw_buf out = DW_BUF_INITIALIZER, ans = DW_BUF_INITIALIZER;
	struct wire_line l;

	wire_line_init(&l, MAX);
	for (int i = 0; i < 10000; i++) {
		wire_line_feed(&l, CTRL_C, 5);
		drain(&l, &out, &ans);
	}
	CHECK_INT(ans.len, 30000);
	CHECK(l.answer.cap <= 1024);
	wire_line_fini(&l);
	dw_buf_fini(&out);
	dw_buf_fini(&ans);
}

static void
are_you_there_is_told_once_for_what_came_together(void)
{
	struct dw_buf out = DW_BUF_INITIALIZER;
	struct wire_line l;

	wire_line_init(&l, MAX);
	wire_line_feed(&l, "a\xff\xf6\xff", 4);
	drain(&l, &out, &out);
	CHECK(wire_line_asked(&l));
	CHECK(!wire_line_asked(&l));
	wire_line_feed(&l, "\xf6", 1);
	drain(&l, &out, &out);
	CHECK(wire_line_asked(&l));
	wire_line_fini(&l);
	dw_buf_fini(&out);
}

static void
ec_takes_a_character_back_as_people_see_it(void)
{
	EXPECT("abx\xff\xf7\n", "Tab|", "");
	EXPECT("您好\xff\xf7\n", "T您|", "");
	EXPECT("ae\xcc\x81\xcc\xa3\xff\xf7\n", "Ta|", "");
	EXPECT("a👩‍💻\xff\xf7\n", "Ta|", "");
	EXPECT("a\xe5\xae\xff\xf7\xff\xf7"
	       "b\n",
	    "Tab|", "");
	EXPECT("ab\r\xff\xf7"
	       "c\n",
	    "Tabc|", "");
	EXPECT("\xff\xf7\n\xff\xf7hi\n", "T|Thi|", "");
}

static void
el_takes_the_row_back(void)
{
	EXPECT("wrong 您\xff\xf8right\n", "Tright|", "");
	EXPECT("one\n\xff\xf8two\n", "Tone|Ttwo|", "");
	EXPECT("a\r\xff\xf8"
	       "b\n",
	    "Tb|", "");
	EXPECT("0123456789012345678901234567890123456789\xff\xf8ok\n", "L|Tok|",
	    "");
}

static void
backspace_and_delete_edit_in_telnet_and_are_data_elsewhere(void)
{
	EXPECT("\xff\xf1helo\blo 好\x7f!\n", "Thello !|", "");
	EXPECT("\xff\xf1\b\x7fhi\n", "Thi|", "");
	EXPECT_WHOLE("helo\blo\x7f\n", "Thelo\blo\x7f|");
}

/* What one key sends comes alone. */
static void
keys_that_come_one_by_one_edit(void)
{
	EXPECT_PARTS("Thello|", "h", "e", "l", "x", "\b", "l", "o", "\n");
	EXPECT_PARTS("T您|", "您好", "\x7f", "\r\n");
	EXPECT_PARTS("Ta|", "abc", "\b\b", "\n");
	EXPECT_PARTS("Tax|", "a", "b", "c", "\b\bx", "\n");
	EXPECT_PARTS("Tab\bc|", "ab\bc", "\n");
	EXPECT_PARTS("Ty|Ta\bb|", "y\n", "a\bb\n");
}

static void
a_lone_cr_ends_a_telnet_row_after_a_pause(void)
{
	static const struct {
		const char *before, *after, *want;
	} rows[] = {
		{ "\xff\xf1hi\r", "\nyou\n", "Thi|Tyou|" },
		{ "\xff\xf1hi\r", "you\n", "Thi|Tyou|" },
		{ "\xff\xf1hi\r", "\xff\xf1\nyou\n", "Thi|Tyou|" },
		{ "\xff\xf1hi\r", "\n\nx\n", "Thi|T|Tx|" },
		{ "\xff\xf1hi", "\n", "Thi|" },
		{ "hi\r", "you\n", "Thi\ryou|" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct dw_buf out = DW_BUF_INITIALIZER,
			      ans = DW_BUF_INITIALIZER;
		struct wire_line l;

		wire_line_init(&l, MAX);
		wire_line_feed(&l, rows[i].before, strlen(rows[i].before));
		drain(&l, &out, &ans);
		wire_line_pause(&l);
		drain(&l, &out, &ans);
		CHECK(!wire_line_cr_waits(&l));
		wire_line_feed(&l, rows[i].after, strlen(rows[i].after));
		drain(&l, &out, &ans);
		CHECK_STR(dw_buf_str(&out), rows[i].want);
		wire_line_fini(&l);
		dw_buf_fini(&out);
		dw_buf_fini(&ans);
	}
}

static void
a_byte_order_mark_before_all_else_is_no_text(void)
{
	EXPECT("\xef\xbb\xbfhi\n\xef\xbb\xbfyou\n", "Thi|T\xef\xbb\xbfyou|",
	    "");
	EXPECT("\xef\xbb\xbf"
	       "0123456789012345678901234567890\n",
	    "T0123456789012345678901234567890|", "");
	EXPECT("\xef\xbb\xbf\n", "T|", "");
	EXPECT("\xef\xbb\xbf", "", "");
	EXPECT("\xef\xbb", "S\xef\xbb|", "");
	EXPECT("a\xef\xbb\xbf\n", "Ta\xef\xbb\xbf|", "");
}

static void
a_data_mark_that_lost_its_iac_hides_no_command(void)
{
	EXPECT("\xf2/quit\n", "T/quit|", "");
	EXPECT("a\n\xf2/quit\r\n", "Ta|T/quit|", "");
	EXPECT("\xf2//x\n", "T\xf2//x|", "");
	EXPECT("\xf2hi\n", "T\xf2hi|", "");
	EXPECT("\xff\xf2/quit\n", "T/quit|", "");
}

static void
other_commands_are_passed_over(void)
{
	EXPECT("\xff\xf6hi\xff\xf1\n", "Thi|", "");
	EXPECT("hi\r\xff\xf1\n", "Thi|", "");
}

/* plink -telnet sends IAC EOF on Ctrl-D. */
static void
later_commands_are_data_until_telnet_is_met(void)
{
	EXPECT("\xff\xfb\x1fhi\xff\xec\xff\xef\n", "Thi|", "\xff\xfe\x1f");
	EXPECT("hi\xff\xec\n", "Thi\xff\xec|", "");
	EXPECT("\xff\xfb\x1f\xff\xeb\n", "T\xff\xeb|", "\xff\xfe\x1f");
}

static void
a_doubled_iac_is_a_byte(void)
{
	EXPECT("a\xff\xff"
	       "b\n",
	    "Ta\xff"
	    "b|",
	    "");
	EXPECT("a\r\xff\xff\n", "Ta\r\xff|", "");
}

static void
an_iac_that_is_none_keeps_its_neighbours(void)
{
	EXPECT("a\xff"
	       "b\n",
	    "Ta\xff"
	    "b|",
	    "");
	EXPECT("a\xff\n", "Ta\xff|", "");
	EXPECT("a\xff\r\n", "Ta\xff|", "");
}

static void
a_subnegotiation_is_skipped(void)
{
	EXPECT("a\xff\xfa\x18\n\xff\xff\nx\xff\xf0"
	       "b\n",
	    "Tab|", "");
	EXPECT("a\xff\xfa\x18\xff\xfd\x03"
	       "b\n",
	    "Tab|", "\xff\xfc\x03");
}

static void
a_subnegotiation_without_an_end_is_bounded(void)
{
	char bytes[2000];
	struct wire_line l;
	struct dw_buf out = DW_BUF_INITIALIZER, ans = DW_BUF_INITIALIZER;

	memset(bytes, '\n', sizeof bytes);
	memcpy(bytes, "\xff\xfa\x18", 3);
	wire_line_init(&l, MAX);
	wire_line_feed(&l, bytes, sizeof bytes);
	drain(&l, &out, &ans);
	CHECK_INT(out.len, 2 * (2000 - 2 - 1025));
	wire_line_fini(&l);
	dw_buf_fini(&out);
	dw_buf_fini(&ans);
}

static void
telnet_is_seen_by_its_first_command_only(void)
{
	struct wire_line l;
	struct dw_buf out = DW_BUF_INITIALIZER;

	wire_line_init(&l, MAX);
	wire_line_feed(&l,
	    "\xff"
	    "a\xff\xff\n",
	    5);
	drain(&l, &out, &out);
	CHECK(!wire_line_telnet(&l));
	wire_line_feed(&l, "\xff\xfd", 2);
	drain(&l, &out, &out);
	CHECK(wire_line_telnet(&l));
	wire_line_fini(&l);
	dw_buf_fini(&out);
}

static void
a_row_may_be_as_long_as_the_limit_with_its_end(void)
{
	/* 31 bytes and one for LF or CR LF. */
	EXPECT("0123456789012345678901234567890\n",
	    "T0123456789012345678901234567890|", "");
	EXPECT("0123456789012345678901234567890\r\nx\n",
	    "T0123456789012345678901234567890|Tx|", "");
	EXPECT("01234567890123456789012345678901\nx\n", "L|Tx|", "");
	EXPECT("0123456789012345678901234567890\rz\nx\n", "L|Tx|", "");
}

static void
a_row_over_the_limit_is_told_once_and_the_next_is_intact(void)
{
	EXPECT("0123456789012345678901234567890123456789012345678901234567890"
	       "01234567890123456789012345678901234567890\nok\n",
	    "L|Tok|", "");
	EXPECT("01234567890123456789012345678901234567890123456789", "L|", "");
}

static void
a_row_over_the_limit_is_told_before_it_ends(void)
{
	struct wire_line l;
	const char *text;
	size_t n;

	wire_line_init(&l, MAX);
	wire_line_feed(&l, "01234567890123456789012345678901", 32);
	CHECK_INT(wire_line_next(&l, &text, &n), WIRE_LINE_TOO_LONG);
	CHECK_INT(n, 0);
	CHECK_INT(wire_line_next(&l, &text, &n), WIRE_LINE_NONE);
	CHECK_INT(wire_line_discarded(&l), 32);
	wire_line_feed(&l, "0123456789", 10);
	CHECK_INT(wire_line_next(&l, &text, &n), WIRE_LINE_NONE);
	CHECK_INT(wire_line_discarded(&l), 42);
	wire_line_feed(&l, "\n", 1);
	CHECK_INT(wire_line_next(&l, &text, &n), WIRE_LINE_NONE);
	CHECK_INT(wire_line_discarded(&l), 0);
	wire_line_fini(&l);
}

/* IAC NOP counts but for its IAC, which might have been data. */
static void
telnets_commands_count_as_thrown_away_until_the_row_ends(void)
{
	struct wire_line l;
	const char *text;
	size_t n;

	wire_line_init(&l, MAX);
	wire_line_feed(&l, "\xff\xf1\xff\xf1\xff\xf1", 6);
	CHECK_INT(wire_line_next(&l, &text, &n), WIRE_LINE_NONE);
	CHECK_INT(wire_line_discarded(&l), 3);
	wire_line_feed(&l, "\n", 1);
	CHECK_INT(wire_line_next(&l, &text, &n), WIRE_LINE_TEXT);
	CHECK_INT(wire_line_discarded(&l), 0);
	wire_line_fini(&l);
}

static void
random_bytes_give_the_same_rows_however_they_are_cut(void)
{
	static const char alphabet[] =
	    "ab\r\r\n\n\0\xff\xff\xfd\xfb\xfa\xf0\x01";
	struct dw_buf a = DW_BUF_INITIALIZER, b = DW_BUF_INITIALIZER,
		      c = DW_BUF_INITIALIZER, d = DW_BUF_INITIALIZER;
	int rounds = t_size("random streams", 3000);
	size_t cuts[201] = { 0 }, none = 0;
	char bytes[200];

	srandom(20261122);
	for (int i = 0; i < rounds; i++) {
		for (size_t k = 0; k < sizeof bytes; k++) {
			bytes[k] =
			    alphabet[(size_t)random() % (sizeof alphabet - 1)];
			cuts[k] = 1 + (size_t)random() % 9;
		}
		decode(bytes, sizeof bytes, &none, &a, &b);
		decode(bytes, sizeof bytes, cuts, &c, &d);
		if (!CHECK_MEM(c.data, c.len, a.data, a.len))
			break;
		CHECK_MEM(dw_buf_str(&d), d.len, dw_buf_str(&b), b.len);
	}
	dw_buf_fini(&a);
	dw_buf_fini(&b);
	dw_buf_fini(&c);
	dw_buf_fini(&d);
}

static void
memory_is_bounded_and_a_quiet_peer_keeps_little(void)
{
	struct wire_line l;
	const char *text;
	static char bytes[16384];
	size_t n;

	memset(bytes, 'x', sizeof bytes);
	wire_line_init(&l, 16384);
	wire_line_feed(&l, bytes, sizeof bytes - 1);
	CHECK_INT(wire_line_next(&l, &text, &n), WIRE_LINE_NONE);
	CHECK(l.row.cap <= 2 * 16384);
	wire_line_feed(&l, "\n", 1);
	CHECK_INT(wire_line_next(&l, &text, &n), WIRE_LINE_TEXT);
	CHECK_INT(n, 16383);
	CHECK_INT(wire_line_next(&l, &text, &n), WIRE_LINE_NONE);
	CHECK(l.row.cap <= 1024);
	wire_line_fini(&l);
}

static void
check_rows(const char *who, const char *text, size_t len, bool telnet,
    const char *want)
{
	struct dw_buf out = DW_BUF_INITIALIZER;

	CHECK_INT(wire_line_encode(&out, who, text, len, telnet), 0);
	CHECK_STR(dw_buf_str(&out), want);
	dw_buf_fini(&out);
}

static void
a_text_goes_out_behind_its_speaker(void)
{
	check_rows("Lin", "hello", 5, false, "Lin: hello\n");
	check_rows("Lin", "hello", 5, true, "Lin: hello\r\n");
	check_rows(NULL, "wait", 4, false, "* wait\n");
	check_rows("王", "您好\n再见\n", 14, false, "王: 您好\n    再见\n");
	check_rows("Lin", "a\r\nb\n\nc", 7, true,
	    "Lin: a\r\n     b\r\n     \r\n     c\r\n");
}

static void
no_row_of_a_text_can_pass_for_another_speaker(void)
{
	check_rows("Lin", "a\n* closed\nBob: hi", 18, false,
	    "Lin: a\n     * closed\n     Bob: hi\n");
}

static void
a_text_goes_out_harmless(void)
{
	check_rows("Lin",
	    "a\033[2J\0\xff"
	    "b",
	    8, false, "Lin: a\\x1b[2J\\x00\\xffb\n");
	check_rows("L\033n\xe2\x80\x8f", "x", 1, false,
	    "L\\x1bn\\u{200F}: x\n");
	check_rows("L\nn", "x", 1, false, "L\\nn: x\n");
}

/* windows-1251's letter is no command unless telnet has been seen. */
static void
where_it_is_a_letter_0xff_is_one(void)
{
	struct dw_buf out = DW_BUF_INITIALIZER, ans = DW_BUF_INITIALIZER;
	struct wire_line l;

	wire_line_init(&l, MAX);
	wire_line_plain(&l, true);
	wire_line_feed(&l, "\xff\xff \xff\xfd\x01\n", 7);
	drain(&l, &out, &ans);
	CHECK_MEM(dw_buf_str(&out), out.len, "T\xff\xff \xff\xfd\x01|", 8);
	CHECK_INT(ans.len, 0);
	wire_line_plain(&l, false);
	wire_line_feed(&l, "\xff\xfd\x01", 3);
	drain(&l, &out, &ans);
	wire_line_plain(&l, true);
	wire_line_feed(&l, "\xff\xff\n", 3);
	drain(&l, &out, &ans);
	CHECK_MEM(dw_buf_str(&out), out.len, "T\xff\xff \xff\xfd\x01|T\xff|",
	    11);
	wire_line_fini(&l);
	dw_buf_fini(&out);
	dw_buf_fini(&ans);
}

static void
telnets_ctrl_c_is_known_where_0xff_is_a_letter(void)
{
	static const char bytes[] = "hel\xff\xf4\xff\xfd\x06lo\n";

	for (size_t cut = 0; cut < sizeof bytes; cut++) {
		struct dw_buf out = DW_BUF_INITIALIZER,
			      ans = DW_BUF_INITIALIZER;
		struct wire_line l;

		wire_line_init(&l, MAX);
		wire_line_plain(&l, true);
		wire_line_feed(&l, bytes, cut);
		drain(&l, &out, &ans);
		wire_line_feed(&l, bytes + cut, sizeof bytes - 1 - cut);
		if (cut < sizeof bytes)
			drain(&l, &out, &ans);
		CHECK_STR(dw_buf_str(&out), "Thello|");
		CHECK_MEM(dw_buf_str(&ans), ans.len, "\xff\xfb\x06", 3);
		CHECK(wire_line_telnet(&l));
		wire_line_fini(&l);
		dw_buf_fini(&out);
		dw_buf_fini(&ans);
	}
}

static void
backspace_takes_back_a_character_of_the_encoding(void)
{
	static const struct {
		const char *charset, *bytes, *want;
	} rows[] = {
		{ "gbk", "\xc4\xe3\xba\xc3\x7fma\n", "T\xc4\xe3ma|" },
		{ "koi8-r", "\xc5\xdd\xa3\x7f\xcf\n", "T\xc5\xdd\xcf|" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct dw_buf out = DW_BUF_INITIALIZER,
			      ans = DW_BUF_INITIALIZER;
		struct wire_line l;

		wire_line_init(&l, MAX);
		wire_line_charset(&l,
		    dw_charset_find(rows[i].charset, strlen(rows[i].charset)));
		l.keys.typed = true;
		wire_line_feed(&l, rows[i].bytes, strlen(rows[i].bytes));
		drain(&l, &out, &ans);
		CHECK_STR(dw_buf_str(&out), rows[i].want);
		wire_line_fini(&l);
		dw_buf_fini(&out);
		dw_buf_fini(&ans);
	}
}

static void
a_word_that_begins_with_0xff_is_told_from_telnet(void)
{
	static const struct {
		const char *bytes;
		bool telnet;
	} rows[] = {
		{ "\xff\xfd\x18", true },
		{ "\xff\xf4\xff\xfd\x06", true },
		{ "\xff\xf4", true },
		{ "\xff", false },
		{ "\xff \xe6\xe4\xf3", false },
		{ "\xff\xff", false },
		{ "\xff\xf2\xfc", false },
		{ "hello", false },
		{ "", false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		CHECK_INT(wire_line_begins_telnet(rows[i].bytes,
			      strlen(rows[i].bytes)),
		    rows[i].telnet);
}

static void
telnet_gets_0xff_twice(void)
{
	struct dw_buf out = DW_BUF_INITIALIZER;

	CHECK_INT(wire_line_quote(&out, "a\xff\xff", 3), 0);
	CHECK_STR(dw_buf_str(&out), "a\xff\xff\xff\xff");
	dw_buf_fini(&out);
}

/* What an operator typed, control characters aside. */
static void
a_text_goes_out_as_it_was_typed(void)
{
	static const char *const texts[] = {
		"a\xe2\x80\x8d"
		"b\xe2\x80\x8c\xe2\x80\x8e\xe2\x80\xae\xe2\x80\xa8",
		"می\xe2\x80\x8cخواهم",
		"so\xc2\xad"
		"ft",
		"\xee\x80\x80\xf3\xa0\x81\xa7\xef\xbb\xbf\xcd\x8f",
		"e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
		"C:\\path \\x1b",
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct dw_buf want = DW_BUF_INITIALIZER;

		dw_buf_addf(&want, "Lin: %s\n", texts[i]);
		check_rows("Lin", texts[i], strlen(texts[i]), false, want.data);
		dw_buf_fini(&want);
	}
	check_rows("Lin", "a\x0b* b\x0c* c\xc2\x85* d", 14, false,
	    "Lin: a\\x0b* b\\x0c* c\\x85* d\n");
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(lf_crlf_and_cr_nul_end_a_row),
		T(a_lone_cr_and_a_lone_nul_are_data),
		T(a_row_without_an_end_is_cut_short_at_eof),
		T(chinese_text_survives_every_cut),
		T(each_option_is_refused_once),
		T(every_timing_mark_is_answered),
		T(answers_that_were_handed_out_need_no_memory),
		T(are_you_there_is_told_once_for_what_came_together),
		T(ec_takes_a_character_back_as_people_see_it),
		T(el_takes_the_row_back),
		T(backspace_and_delete_edit_in_telnet_and_are_data_elsewhere),
		T(keys_that_come_one_by_one_edit),
		T(a_lone_cr_ends_a_telnet_row_after_a_pause),
		T(a_byte_order_mark_before_all_else_is_no_text),
		T(a_data_mark_that_lost_its_iac_hides_no_command),
		T(other_commands_are_passed_over),
		T(later_commands_are_data_until_telnet_is_met),
		T(a_doubled_iac_is_a_byte),
		T(an_iac_that_is_none_keeps_its_neighbours),
		T(a_subnegotiation_is_skipped),
		T(a_subnegotiation_without_an_end_is_bounded),
		T(telnet_is_seen_by_its_first_command_only),
		T(a_row_may_be_as_long_as_the_limit_with_its_end),
		T(a_row_over_the_limit_is_told_once_and_the_next_is_intact),
		T(a_row_over_the_limit_is_told_before_it_ends),
		T(telnets_commands_count_as_thrown_away_until_the_row_ends),
		T(random_bytes_give_the_same_rows_however_they_are_cut),
		T(memory_is_bounded_and_a_quiet_peer_keeps_little),
		T(a_text_goes_out_behind_its_speaker),
		T(no_row_of_a_text_can_pass_for_another_speaker),
		T(a_text_goes_out_harmless),
		T(where_it_is_a_letter_0xff_is_one),
		T(telnets_ctrl_c_is_known_where_0xff_is_a_letter),
		T(backspace_takes_back_a_character_of_the_encoding),
		T(a_word_that_begins_with_0xff_is_told_from_telnet),
		T(telnet_gets_0xff_twice),
		T(a_text_goes_out_as_it_was_typed),
	};

	return t_main("line", cases, sizeof cases / sizeof cases[0]);
}
