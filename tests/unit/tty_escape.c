/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file tests that what a terminal sends beside the characters of keys
 * never gets into the line, whatever it is and however it is cut.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "t.h"
#include "tty/internal.h"

/* The kinds, with more than one of most. */
static const struct {
	const char *what, *bytes;
} unwanted[] = {
	{ "F1", "\033OP" },
	{ "F1 with Ctrl, as KDE once sent it", "\033O5P" },
	{ "F1 of the console of Linux", "\033[[A" },
	{ "F5", "\033[15~" },
	{ "F12", "\033[24~" },
	{ "Shift+F12 of rxvt", "\033[24$" },
	{ "Alt+F5 of rxvt", "\033\033[15~" },
	{ "kitty's protocol", "\033[97;5u" },
	{ "kitty's protocol, the key let go", "\033[97:65;6:3u" },
	{ "kitty's flags", "\033[?1u" },
	{ "modifyOtherKeys", "\033[27;5;97~" },
	{ "the mouse, SGR", "\033[<0;12;34M" },
	{ "the mouse let go, SGR", "\033[<0;12;34m" },
	{ "the mouse, urxvt", "\033[32;12;34M" },
	{ "the mouse, X10", "\033[M !!" },
	{ "the mouse, X10, far to the right", "\033[M \xf0\xa1" },
	{ "focus in", "\033[I" },
	{ "focus out", "\033[O" },
	{ "DA1", "\033[?64;1;2;6;22c" },
	{ "DA2", "\033[>41;354;0c" },
	{ "DA3", "\033P!|00000000\033\\" },
	{ "DSR", "\033[0n" },
	{ "CPR", "\033[12;40R" },
	{ "DECRPM", "\033[?2026;2$y" },
	{ "DECRPM of an ANSI mode", "\033[4;1$y" },
	{ "the size of the window", "\033[8;24;80t" },
	{ "OSC 11", "\033]11;rgb:1e1e/1e1e/2e2e\033\\" },
	{ "OSC 11, with BEL", "\033]11;rgb:1e1e/1e1e/2e2e\a" },
	{ "OSC 52", "\033]52;c;cm0gLXJm\033\\" },
	{ "the title of the window", "\033]lrm -rf ~\033\\" },
	{ "DECRQSS", "\033P1$r0m\033\\" },
	{ "XTGETTCAP", "\033P1+r544e=787465726d\033\\" },
	{ "XTVERSION", "\033P>|XTerm(388)\033\\" },
	{ "APC, kitty's pictures", "\033_Gi=31;OK\033\\" },
	{ "PM", "\033^private\033\\" },
	{ "SOS", "\033Xstring\033\\" },
	{ "CSI that is broken off by a character", "\033[12\xe4\xbd\xa0" },
};
#define N_UNWANTED (sizeof unwanted / sizeof unwanted[0])

static struct tty_input in;
static struct dw_buf given = DW_BUF_INITIALIZER;
static int64_t now;

static bool
is_bound(const char *keys, size_t len)
{
	return (len == 3 && memcmp(keys, "\033[A", 3) == 0) ||
	    (len == 3 && memcmp(keys, "\033OA", 3) == 0) ||
	    (len == 6 && memcmp(keys, "\033[1;5C", 6) == 0);
}

static void
begin(void)
{
	tty_input_reset(&in);
	dw_buf_reset(&given);
	in.is_bound = is_bound;
	in.quick = false;
	in.last_ns = now = 0;
}

/* Takes what is ready, as readline does: byte by byte. */
static void
take(void)
{
	while (tty_input_ready(&in, now) != 0)
		dw_buf_addc(&given, (char)tty_input_next(&in));
}

static void
come(const char *bytes, size_t len)
{
	tty_input_add(&in, bytes, len, now);
	take();
}

/* Time goes by, deadline after deadline. */
static void
wait_long(void)
{
	int64_t deadline;

	while ((deadline = tty_input_deadline(&in)) != DW_NEVER) {
		CHECK(deadline > now);
		now = deadline;
		take();
	}
}

static void
check_given(const char *want, const char *what, size_t cut)
{
	if (!CHECK_STR(dw_buf_str(&given), want))
		printf("# %s, cut at %zu\n", what, cut);
}

static bool
is_broken(const char *bytes)
{
	return (unsigned char)bytes[strlen(bytes) - 1] == 0xA0;
}

static void
nothing_of_it_is_given_wherever_it_is_cut(void)
{
	for (size_t i = 0; i < N_UNWANTED; i++) {
		const char *bytes = unwanted[i].bytes;
		size_t len = strlen(bytes);

		for (size_t cut = 0; cut <= len; cut++) {
			begin();
			come("a", 1);
			come(bytes, cut);
			now += TTY_KEY_NS / 2;
			come(bytes + cut, len - cut);
			come("b", 1);
			check_given(is_broken(bytes) ? "a你b" : "ab",
			    unwanted[i].what, cut);
		}
	}
}

static void
it_may_come_byte_by_byte(void)
{
	for (size_t i = 0; i < N_UNWANTED; i++) {
		const char *bytes = unwanted[i].bytes;

		begin();
		for (size_t at = 0; bytes[at] != '\0'; at++) {
			now += TTY_KEY_NS / 2;
			come(bytes + at, 1);
		}
		come("b", 1);
		check_given(is_broken(bytes) ? "你b" : "b", unwanted[i].what,
		    0);
	}
}

/* Behind three bytes it is clear what it is; two may be a person's. */
static void
an_unfinished_one_is_forgotten_after_a_while(void)
{
	for (size_t i = 0; i < N_UNWANTED; i++) {
		const char *bytes = unwanted[i].bytes;
		size_t len = strlen(bytes);

		for (size_t cut = 3; cut < len && !is_broken(bytes); cut++) {
			begin();
			come(bytes, cut);
			wait_long();
			CHECK(now <= TTY_ESCAPE_NS + TTY_HOLD_NS);
			come("b", 1);
			if (cut == len - 1 && bytes[cut] == '\\')
				check_given("\033b", unwanted[i].what, cut);
			else
				check_given("b", unwanted[i].what, cut);
		}
	}
}

static void
two_of_them_in_one_read_leave_what_is_between(void)
{
	for (size_t i = 0; i < N_UNWANTED; i++)
		for (size_t k = 0; k < N_UNWANTED; k++) {
			begin();
			if (is_broken(unwanted[i].bytes) ||
			    is_broken(unwanted[k].bytes))
				continue;
			dw_buf_adds(&in.buf, unwanted[i].bytes);
			dw_buf_adds(&in.buf, "x");
			dw_buf_adds(&in.buf, unwanted[k].bytes);
			come("y", 1);
			check_given("xy", unwanted[i].what, k);
		}
}

static void
nothing_of_it_is_in_a_paste(void)
{
	for (size_t i = 0; i < N_UNWANTED; i++) {
		struct dw_buf text = DW_BUF_INITIALIZER;

		begin();
		tty_input_paste_begin(&in, 0);
		dw_buf_adds(&text, "one\r");
		dw_buf_adds(&text, unwanted[i].bytes);
		dw_buf_adds(&text, "two\033[201~b");
		come(text.data, text.len);
		dw_buf_reset(&text);
		CHECK(tty_input_paste_end(&in, 0, &text));
		if (!CHECK_STR(dw_buf_str(&text),
			is_broken(unwanted[i].bytes) ? "one\n你two" :
						       "one\ntwo"))
			printf("# %s\n", unwanted[i].what);
		take();
		CHECK_STR(dw_buf_str(&given), "b");
		dw_buf_fini(&text);
	}
}

static void
a_string_that_is_open_in_a_paste_ends_with_its_row(void)
{
	struct dw_buf text = DW_BUF_INITIALIZER;

	begin();
	tty_input_paste_begin(&in, 0);
	come("\033]0;title\rtwo\033[31", 17);
	come("\033[201~", 6);
	CHECK(tty_input_paste_end(&in, 0, &text));
	CHECK_STR(dw_buf_str(&text), "\ntwo");
	dw_buf_fini(&text);
}

static void
bound_keys_are_given_whole(void)
{
	static const char all[] = "x\033[Ay\033OA\033[1;5Cz";

	for (size_t cut = 0; cut < sizeof all; cut++) {
		begin();
		come(all, cut);
		come(all + cut, sizeof all - 1 - cut);
		check_given(all, "keys", cut);
	}
}

static void
alt_and_a_key_is_given_at_once(void)
{
	static const char *const keys[] = { "\033a", "\033/", "\033\r", "\0333",
		"\033\177", "\033\033\033", "\033\xc3\xa4", "\033]x", "\033Px",
		"\033_\t", "\033O\r" };

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		begin();
		come(keys[i], strlen(keys[i]));
		come("x", 1);
		CHECK_MEM(given.data, strlen(keys[i]), keys[i],
		    strlen(keys[i]));
	}
}

static void
alt_and_a_bracket_waits_for_half_a_second(void)
{
	begin();
	come("\033]", 2);
	CHECK_STR(dw_buf_str(&given), "");
	now = TTY_HOLD_NS;
	take();
	come("1", 1);
	CHECK_STR(dw_buf_str(&given), "\033]1");
	begin();
	come("\033_", 2);
	now = TTY_KEY_NS;
	take();
	CHECK_STR(dw_buf_str(&given), "\033_");
}

static void
esc_alone_is_a_key_after_a_while_and_sooner_where_it_is_one(void)
{
	begin();
	come("\033", 1);
	CHECK_INT(tty_input_deadline(&in), TTY_HOLD_NS);
	now = TTY_HOLD_NS;
	take();
	CHECK_STR(dw_buf_str(&given), "\033");
	CHECK_INT(tty_input_deadline(&in), DW_NEVER);

	begin();
	in.quick = true;
	come("\033", 1);
	CHECK_INT(tty_input_deadline(&in), TTY_KEY_NS);
	now = TTY_KEY_NS;
	take();
	come("k", 1);
	CHECK_STR(dw_buf_str(&given), "\033k");
}

/* Readline would wait for the rest in the middle of its work. */
static void
what_follows_a_late_esc_is_given_when_it_is_whole(void)
{
	begin();
	come("\033", 1);
	wait_long();
	come("[", 1);
	come("15", 2);
	CHECK_STR(dw_buf_str(&given), "\033");
	come("~b", 2);
	CHECK_STR(dw_buf_str(&given), "\033[15~b");

	begin();
	in.quick = true;
	come("\033", 1);
	wait_long();
	come("[15~b[", 6);
	CHECK_STR(dw_buf_str(&given), "\033b[");
}

static void
an_endless_one_takes_no_memory_and_ends_with_enter(void)
{
	static char block[4096];

	memset(block, '1', sizeof block);
	begin();
	come("\033]52;", 5);
	for (int i = 0; i < 256; i++)
		come(block, sizeof block);
	CHECK(in.buf.len < sizeof block);
	come("\rb", 2);
	CHECK_STR(dw_buf_str(&given), "b");
	begin();
	come("\033[", 2);
	for (int i = 0; i < 2; i++)
		come(block, sizeof block);
	CHECK(in.buf.len < 2 * sizeof block);
}

static void
a_reset_forgets_it(void)
{
	begin();
	come("\033]11;rgb", 8);
	tty_input_reset(&in);
	come("b", 1);
	CHECK_STR(dw_buf_str(&given), "b");
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(nothing_of_it_is_given_wherever_it_is_cut),
		T(it_may_come_byte_by_byte),
		T(an_unfinished_one_is_forgotten_after_a_while),
		T(two_of_them_in_one_read_leave_what_is_between),
		T(nothing_of_it_is_in_a_paste),
		T(a_string_that_is_open_in_a_paste_ends_with_its_row),
		T(bound_keys_are_given_whole),
		T(alt_and_a_key_is_given_at_once),
		T(alt_and_a_bracket_waits_for_half_a_second),
		T(esc_alone_is_a_key_after_a_while_and_sooner_where_it_is_one),
		T(what_follows_a_late_esc_is_given_when_it_is_whole),
		T(an_endless_one_takes_no_memory_and_ends_with_enter),
		T(a_reset_forgets_it),
	};
	int r = t_main("tty escape", cases, sizeof cases / sizeof cases[0]);

	tty_input_fini(&in);
	dw_buf_fini(&given);
	return r;
}
