/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests the decoder of what the tutorial's programs send. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/quit.h"
#include "t.h"
#include "wire/classic.h"

#define HELLO EV_CLIENT_HELLO

/* Appends "H|" for the hello, "T<message>|", "X|" for a stranger. */
static void
drain(struct wire_classic *c, struct dw_buf *out)
{
	enum wire_classic_kind kind;
	const char *text;
	size_t n;

	while ((kind = wire_classic_next(c, &text, &n)) != WIRE_CLASSIC_NONE) {
		dw_buf_addc(out, ".HTX"[kind]);
		if (kind == WIRE_CLASSIC_TEXT) {
			CHECK(n > 0);
			dw_buf_add(out, text, n);
		}
		dw_buf_addc(out, '|');
		if (kind == WIRE_CLASSIC_STRANGER)
			break;
	}
}

static void
feed(struct wire_classic *c, const char *bytes, size_t len, struct dw_buf *out)
{
	char *copy = malloc(len + 1); /* so that ASan sees an overrun */

	memcpy(copy, bytes, len);
	wire_classic_feed(c, copy, len);
	drain(c, out);
	free(copy);
}

/* The pieces, NULL at the end, give what is wanted. */
static void
expect(const char *const *pieces, const char *want)
{
	struct dw_buf out = DW_BUF_INITIALIZER;
	struct wire_classic c;

	wire_classic_init(&c, HELLO);
	for (; *pieces != NULL; pieces++)
		feed(&c, *pieces, strlen(*pieces), &out);
	wire_classic_flush(&c);
	drain(&c, &out);
	CHECK_STR(dw_buf_str(&out), want);
	wire_classic_fini(&c);
	dw_buf_fini(&out);
}

#define EXPECT(want, ...) \
	expect((const char *const[]){ __VA_ARGS__, NULL }, want)

static void
the_hello_is_found_however_it_was_cut(void)
{
	for (size_t cut = 1; cut < strlen(HELLO); cut++) {
		char head[32] = "";

		memcpy(head, HELLO, cut);
		EXPECT("H|", head, &HELLO[cut]);
		EXPECT("H|T订单|", head, &HELLO[cut], "订单");
	}
}

static void
the_hello_comes_byte_by_byte(void)
{
	struct dw_buf out = DW_BUF_INITIALIZER;
	struct wire_classic c;

	wire_classic_init(&c, HELLO);
	for (size_t i = 0; i < strlen(HELLO); i++)
		feed(&c, &HELLO[i], 1, &out);
	CHECK_STR(dw_buf_str(&out), "H|");
	wire_classic_fini(&c);
	dw_buf_fini(&out);
}

static void
what_follows_the_hello_is_the_first_message(void)
{
	EXPECT("H|T我要退货|", HELLO "我要退货");
	EXPECT("H|T我要退货|Tb|", HELLO "我要退货", "b");
	EXPECT("H|T 我|", HELLO " \xe6\x88", "\x91");
}

static void
white_space_behind_the_hello_is_no_message(void)
{
	EXPECT("H|", HELLO "\n");
	EXPECT("H|Ta|", HELLO " \r\n\t", "a");
}

static void
one_read_is_one_message(void)
{
	EXPECT("H|Ta\nb|Tc|T |", HELLO, "a\nb", "c", " ");
}

static void
a_message_that_ends_inside_a_character_waits_for_its_rest(void)
{
	EXPECT("H|Ta订单|", HELLO, "a\xe8", "\xae", "\xa2单");
	EXPECT("H|Ta😀|", HELLO, "a\xf0\x9f\x98", "\x80");
	EXPECT("H|Ta\xe8|", HELLO, "a\xe8");
}

static void
bytes_that_can_never_be_a_character_do_not_wait(void)
{
	EXPECT("H|T\xff|T\x80|T\xc3(|T\xe0\x80|", HELLO, "\xff", "\x80",
	    "\xc3(", "\xe0\x80");
}

static void
the_hello_may_stand_behind_other_bytes(void)
{
	EXPECT("H|Tx|", "banner\n" HELLO "x");
	EXPECT("H|", "客户端已就" HELLO);
	for (size_t cut = 1; cut < strlen(HELLO); cut++) {
		char head[96] = "a banner that is longer than any hello\n";

		memcpy(head + strlen(head), HELLO, cut);
		EXPECT("H|Tx|", head, &HELLO[cut], "x");
	}
}

static void
a_stranger_is_known_by_64_kib_without_hello(void)
{
	struct dw_buf out = DW_BUF_INITIALIZER;
	struct wire_classic c;
	static char bytes[WIRE_CLASSIC_MAX];

	memset(bytes, 'x', sizeof bytes);
	wire_classic_init(&c, HELLO);
	feed(&c, bytes, sizeof bytes - 1, &out);
	CHECK_STR(dw_buf_str(&out), "");
	feed(&c, "x", 1, &out);
	CHECK_STR(dw_buf_str(&out), "X|");
	feed(&c, HELLO, strlen(HELLO), &out);
	CHECK_STR(dw_buf_str(&out), "X|X|");
	wire_classic_fini(&c);
	dw_buf_fini(&out);
}

static void
a_message_is_never_longer_than_64_kib_nor_cut_inside_a_character(void)
{
	struct dw_buf in = DW_BUF_INITIALIZER;
	struct wire_classic c;
	const char *text;
	size_t n;

	for (int i = 0; i < 30000; i++)
		dw_buf_adds(&in, "订");
	wire_classic_init(&c, HELLO);
	wire_classic_feed(&c, HELLO, strlen(HELLO));
	CHECK_INT(wire_classic_next(&c, &text, &n), WIRE_CLASSIC_HELLO);
	CHECK_INT(wire_classic_next(&c, &text, &n), WIRE_CLASSIC_NONE);
	wire_classic_feed(&c, in.data, in.len);
	CHECK_INT(wire_classic_next(&c, &text, &n), WIRE_CLASSIC_TEXT);
	CHECK_INT(n, 65535);
	CHECK_INT(wire_classic_next(&c, &text, &n), WIRE_CLASSIC_TEXT);
	CHECK_INT(n, 90000 - 65535);
	CHECK_INT(wire_classic_next(&c, &text, &n), WIRE_CLASSIC_NONE);
	wire_classic_fini(&c);
	dw_buf_fini(&in);
}

/* A peer that ends every read inside a character cannot make it grow. */
static void
endless_halves_of_characters_are_bounded(void)
{
	struct wire_classic c;
	const char *text;
	size_t n, total = 0;

	wire_classic_init(&c, HELLO);
	wire_classic_feed(&c, HELLO, strlen(HELLO));
	CHECK_INT(wire_classic_next(&c, &text, &n), WIRE_CLASSIC_HELLO);
	CHECK_INT(wire_classic_next(&c, &text, &n), WIRE_CLASSIC_NONE);
	for (size_t i = 0; i < WIRE_CLASSIC_MAX; i++) {
		wire_classic_feed(&c, i % 2 == 0 ? "a\xe8" : "\xe8",
		    i % 2 == 0 ? 2 : 1);
		while (wire_classic_next(&c, &text, &n) == WIRE_CLASSIC_TEXT) {
			CHECK(n <= WIRE_CLASSIC_MAX);
			total += n;
		}
	}
	CHECK(total >= WIRE_CLASSIC_MAX - 4);
	wire_classic_fini(&c);
}

/* The limit falls inside a character whose start came earlier. */
static void
a_full_message_is_cut_where_the_bytes_came(void)
{
	static char bytes[WIRE_CLASSIC_MAX - 1];
	struct dw_buf out = DW_BUF_INITIALIZER;
	struct wire_classic c;

	memset(bytes, 'x', sizeof bytes);
	bytes[sizeof bytes - 1] = '\xe8';
	wire_classic_init(&c, HELLO);
	feed(&c, HELLO, strlen(HELLO), &out);
	feed(&c, bytes, sizeof bytes, &out);
	CHECK_STR(dw_buf_str(&out), "H|");
	feed(&c, "\xae\xa2y", 3, &out);
	CHECK_INT(out.len, 2 + 2 + WIRE_CLASSIC_MAX + 1 + 3);
	CHECK_STR(dw_buf_str(&out) + out.len - 7, "\xe8\xae|T\xa2y|");
	wire_classic_fini(&c);
	dw_buf_fini(&out);
}

static void
half_a_character_can_be_given_up(void)
{
	struct dw_buf out = DW_BUF_INITIALIZER;
	struct wire_classic c;

	wire_classic_init(&c, HELLO);
	feed(&c, HELLO, strlen(HELLO), &out);
	CHECK(!wire_classic_partial(&c));
	feed(&c, "a\xe8", 2, &out);
	CHECK(wire_classic_partial(&c));
	wire_classic_flush(&c);
	drain(&c, &out);
	CHECK(!wire_classic_partial(&c));
	feed(&c, "b\xe8", 2, &out);
	CHECK(wire_classic_partial(&c));
	feed(&c, "\xae\xa2", 2, &out);
	CHECK_STR(dw_buf_str(&out), "H|Ta\xe8|Tb订|");
	wire_classic_fini(&c);
	dw_buf_fini(&out);
}

/* Whatever the cuts, no byte is lost, doubled or moved. */
static void
random_streams_come_out_whole(void)
{
	static const char alphabet[] = "ab \xe8\xae\xa2\xf0\x9f\x98\x80\xff\0";
	struct dw_buf in = DW_BUF_INITIALIZER, got = DW_BUF_INITIALIZER;
	int rounds = t_size("random streams", 2000);
	struct wire_classic c;
	const char *text;
	size_t n, k;

	srandom(6666);
	for (int i = 0; i < rounds; i++) {
		dw_buf_reset(&in);
		dw_buf_reset(&got);
		for (int j = 0; j < 100; j++)
			dw_buf_addc(&in,
			    alphabet[(size_t)random() % (sizeof alphabet - 1)]);
		wire_classic_init(&c, HELLO);
		feed(&c, HELLO, strlen(HELLO), &got);
		dw_buf_reset(&got);
		for (size_t at = 0; at < in.len; at += k) {
			k = 1 + (size_t)random() % 7;
			k = k < in.len - at ? k : in.len - at;
			wire_classic_feed(&c, in.data + at, k);
			if (at + k == in.len)
				wire_classic_flush(&c);
			while (wire_classic_next(&c, &text, &n) ==
			    WIRE_CLASSIC_TEXT)
				dw_buf_add(&got, text, n);
		}
		wire_classic_fini(&c);
		if (!CHECK_MEM(got.data, got.len, in.data, in.len))
			break;
	}
	dw_buf_fini(&in);
	dw_buf_fini(&got);
}

static void
quit_is_a_whole_message(void)
{
	CHECK(dw_is_quit("quit", 4));
	CHECK(dw_is_quit(" quit\r\n", 7));
	CHECK(!dw_is_quit("quite", 5));
	CHECK(!dw_is_quit("quit\0", 5));
	CHECK(!dw_is_quit("I quit", 6));
	CHECK(!dw_is_quit("QUIT", 4));
	CHECK(!dw_is_quit("", 0));
	CHECK(!dw_is_quit("qui", 3));
	CHECK(dw_is_quit_command("/quit", 5));
	CHECK(dw_is_quit_command("/BYE", 4));
	CHECK(dw_is_quit_command("/Exit", 5));
	CHECK(!dw_is_quit_command("/exit ", 6));
	CHECK(!dw_is_quit_command("quit", 4));
}

static void
check_guard(const char *text, const char *want)
{
	struct dw_buf out = DW_BUF_INITIALIZER;

	CHECK_INT(dw_quit_guard(&out, text, strlen(text)), 0);
	CHECK_STR(dw_buf_str(&out), want);
	if (!dw_is_quit(text, strlen(text)))
		CHECK(strstr(dw_buf_str(&out), "quit") == NULL);
	dw_buf_fini(&out);
}

static void
a_quit_inside_a_text_is_made_harmless(void)
{
	check_guard("it is quite easy", "it is q\xe2\x81\xa0uite easy");
	check_guard("quit quit", "q\xe2\x81\xa0uit q\xe2\x81\xa0uit");
	check_guard("quququit!", "ququq\xe2\x81\xa0uit!");
	check_guard("请输入quit退出", "请输入q\xe2\x81\xa0uit退出");
	check_guard("qui", "qui");
	check_guard("", "");
	check_guard("quit", "quit");
	check_guard("quit\n", "quit\n");
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(the_hello_is_found_however_it_was_cut),
		T(the_hello_comes_byte_by_byte),
		T(what_follows_the_hello_is_the_first_message),
		T(white_space_behind_the_hello_is_no_message),
		T(one_read_is_one_message),
		T(a_message_that_ends_inside_a_character_waits_for_its_rest),
		T(bytes_that_can_never_be_a_character_do_not_wait),
		T(the_hello_may_stand_behind_other_bytes),
		T(a_stranger_is_known_by_64_kib_without_hello),
		T(a_message_is_never_longer_than_64_kib_nor_cut_inside_a_character),
		T(endless_halves_of_characters_are_bounded),
		T(a_full_message_is_cut_where_the_bytes_came),
		T(half_a_character_can_be_given_up),
		T(random_streams_come_out_whole),
		T(quit_is_a_whole_message),
		T(a_quit_inside_a_text_is_made_harmless),
	};

	return t_main("classic", cases, sizeof cases / sizeof cases[0]);
}
