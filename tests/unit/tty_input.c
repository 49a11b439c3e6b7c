/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests the terminal's bytes on their way to readline. */
#include "config.h"

#include <string.h>

#include "t.h"
#include "tty/internal.h"

static struct tty_input in;
static struct dw_buf text = DW_BUF_INITIALIZER;

static void
begin(void)
{
	tty_input_reset(&in);
	dw_buf_reset(&text);
	in.last_ns = 0;
}

static void
add(const char *bytes, int64_t now_ns)
{
	tty_input_add(&in, bytes, strlen(bytes), now_ns);
}

static void
bytes_come_out_in_order(void)
{
	begin();
	add("ab", 0);
	CHECK_INT(tty_input_ready(&in, 0), 2);
	CHECK_INT(tty_input_next(&in), 'a');
	add("\xff", 0);
	CHECK_INT(tty_input_next(&in), 'b');
	CHECK_INT(tty_input_next(&in), 0xff);
	CHECK_INT(tty_input_ready(&in, 0), 0);
}

static void
half_a_character_waits_for_its_rest_but_not_for_ever(void)
{
	begin();
	add("x\xe4\xbd", 100);
	CHECK_INT(tty_input_ready(&in, 100), 1);
	CHECK_INT(tty_input_deadline(&in), 100 + TTY_HOLD_NS);
	CHECK_INT(tty_input_ready(&in, 100 + TTY_HOLD_NS), 3);
	add("\xa0", 200);
	CHECK_INT(tty_input_ready(&in, 200), 4);
	CHECK_INT(tty_input_deadline(&in), DW_NEVER);
}

static void
a_paste_is_held_until_its_end_mark(void)
{
	begin();
	tty_input_paste_begin(&in, 0);
	add("one\r\ntwo\rthree\033[20", 0);
	CHECK_INT(tty_input_ready(&in, 0), 0);
	CHECK(!tty_input_paste_end(&in, 0, &text));
	add("1~rest", 0);
	CHECK(tty_input_paste_end(&in, 0, &text));
	CHECK_STR(dw_buf_str(&text), "one\ntwo\nthree");
	CHECK_INT(tty_input_ready(&in, 0), 4);
	CHECK_INT(tty_input_next(&in), 'r');
	CHECK(!in.overflow);
}

static void
a_paste_without_an_end_ends_two_seconds_after_its_last_byte(void)
{
	begin();
	tty_input_paste_begin(&in, 0);
	add("cut", DW_SECOND);
	CHECK_INT(tty_input_deadline(&in), DW_SECOND + TTY_PASTE_NS);
	CHECK(!tty_input_paste_end(&in, DW_SECOND + TTY_PASTE_NS - 1, &text));
	CHECK(tty_input_paste_end(&in, DW_SECOND + TTY_PASTE_NS, &text));
	CHECK_STR(dw_buf_str(&text), "cut");
}

static void
a_paste_has_no_nul(void)
{
	begin();
	tty_input_paste_begin(&in, 0);
	tty_input_add(&in, "a\0b\033[201~", 9, 0);
	CHECK(tty_input_paste_end(&in, 0, &text));
	CHECK_STR(dw_buf_str(&text), "ab");
}

static void
a_paste_over_the_limit_keeps_its_beginning_and_its_end_is_seen(void)
{
	static char block[4096];
	size_t sent = 0;

	memset(block, 'p', sizeof block);
	begin();
	tty_input_paste_begin(&in, 0);
	for (; sent < 2 * TTY_PASTE_MAX; sent += sizeof block)
		tty_input_add(&in, block, sizeof block, 0);
	CHECK(in.buf.len <= TTY_PASTE_MAX + sizeof block);
	add("\033[2", 0);
	CHECK(!tty_input_paste_end(&in, 0, &text));
	add("01~z", 0);
	CHECK(tty_input_paste_end(&in, 0, &text));
	CHECK_INT(text.len, TTY_PASTE_MAX);
	CHECK(in.overflow);
	CHECK_INT(tty_input_ready(&in, 0), 1);
	CHECK_INT(tty_input_next(&in), 'z');
}

static void
a_reset_forgets_a_paste(void)
{
	begin();
	tty_input_paste_begin(&in, 0);
	add("abc", 0);
	tty_input_reset(&in);
	CHECK(!tty_input_paste_end(&in, DW_NEVER - 1, &text));
	add("d", 0);
	CHECK_INT(tty_input_ready(&in, 0), 1);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(bytes_come_out_in_order),
		T(half_a_character_waits_for_its_rest_but_not_for_ever),
		T(a_paste_is_held_until_its_end_mark),
		T(a_paste_without_an_end_ends_two_seconds_after_its_last_byte),
		T(a_paste_has_no_nul),
		T(a_paste_over_the_limit_keeps_its_beginning_and_its_end_is_seen),
		T(a_reset_forgets_a_paste),
	};
	int r = t_main("tty input", cases, sizeof cases / sizeof cases[0]);

	tty_input_fini(&in);
	dw_buf_fini(&text);
	return r;
}
