/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The terminal room through a real pseudo-terminal: tty_victim is a console
 * whose queue is filled by a thread that takes our orders from a pipe.
 */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "pty.h"
#include "t.h"

#define WAIT 20.0 /* seconds; only a failure takes so long */

/* One victim on one pty. */
struct stage {
	struct pty *p;
	int orders; /* our end of its pipe */
};

static const char *
victim_path(void)
{
	static char path[4096];
	const char *dir = getenv("top_builddir");

	snprintf(path, sizeof path, "%s/tests/system/tty_victim",
	    dir != NULL ? dir : ".");
	return path;
}

/* env1 is one more "NAME=value", or NULL. */
static struct stage
start_with(int rows, int cols, const char *option, const char *env1)
{
	char *argv[] = { (char *)victim_path(), (char *)option, NULL };
	char fd_env[32];
	const char *env[] = { fd_env, env1, NULL };
	struct stage s = { NULL, -1 };
	int fds[2];

	if (pipe(fds) < 0)
		return s;
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	snprintf(fd_env, sizeof fd_env, "VICTIM_FD=%d", fds[0]);
	s.p = pty_start(argv, rows, cols, env);
	s.orders = fds[1];
	close(fds[0]);
	return s;
}

static struct stage
start(int rows, int cols)
{
	struct stage s = start_with(rows, cols, "erase", NULL);

	if (CHECK(s.p != NULL)) {
		CHECK(pty_wait(s.p, "* ready", WAIT));
		CHECK(pty_wait(s.p, "[-]>", WAIT));
	}
	return s;
}

static void
order(struct stage *s, const char *text)
{
	size_t len = strlen(text);

	CHECK_INT(write(s->orders, text, len), (intmax_t)len);
	CHECK_INT(write(s->orders, "\n", 1), 1);
}

static void
end(struct stage *s)
{
	CHECK_STR(pty_stray(s->p), "");
	pty_end(s->p);
	if (s->orders >= 0)
		close(s->orders);
}

/* The line being typed, and the cursor in it. */
static void
check_line(struct stage *s, const char *line, int col)
{
	CHECK(pty_wait_at(s->p, line, col, WAIT));
}

/* ---- the half-typed line ---- */

static void
a_half_typed_line_survives_a_message(void)
{
	struct stage s = start(10, 60);

	pty_type(s.p, "half a li");
	CHECK(pty_wait(s.p, "half a li", WAIT));
	order(&s, "say good morning");
	CHECK(pty_wait(s.p, "3 eve| good morning", WAIT));
	check_line(&s, "[-]> half a li", 14);
	pty_type(s.p, "ne\r");
	CHECK(pty_wait(s.p, "line 0 [half a line]", WAIT));
	CHECK_INT(pty_count_rows(s.p, "[-]> half a li"), 0);
	end(&s);
}

static void
the_cursor_stays_in_the_middle_of_chinese_text(void)
{
	struct stage s = start(10, 60);

	pty_type(s.p, "你好世界");
	CHECK(pty_wait(s.p, "你好世界", WAIT));
	pty_type(s.p, "\033[D\033[D");
	check_line(&s, "[-]> 你好世界", 9);
	order(&s, "say 在吗");
	CHECK(pty_wait(s.p, "3 eve| 在吗", WAIT));
	check_line(&s, "[-]> 你好世界", 9);
	pty_type(s.p, "新\r");
	CHECK(pty_wait(s.p, "line 0 [你好新世界]", WAIT));
	end(&s);
}

static void
a_line_of_many_rows_survives_and_is_erased_whole(void)
{
	char text[121];
	struct stage s = start(12, 30);

	memset(text, 'x', 120);
	text[120] = '\0';
	pty_type(s.p, text);
	CHECK(pty_wait_line(s.p, "xxxxx", WAIT));
	order(&s, "say above");
	CHECK(pty_wait(s.p, "3 eve| above", WAIT));
	CHECK(pty_wait_line(s.p, "xxxxx", WAIT));
	pty_type(s.p, "\001"); /* to its first row */
	check_line(&s, "[-]> xxxxxxxxxxxxxxxxxxxxxxxxx", 5);
	order(&s, "say again");
	CHECK(pty_wait(s.p, "3 eve| again", WAIT));
	pty_type(s.p, "\r");
	CHECK(pty_wait(s.p, "* line 0 [xxx", WAIT));
	check_line(&s, "[-]>", 5);
	CHECK_INT(pty_count_rows(s.p, "* ready"), 1);
	CHECK_INT(pty_count_rows(s.p, "3 eve| above"), 1);
	CHECK_INT(pty_count_rows(s.p, "3 eve| again"), 1);
	CHECK(strstr(pty_all(s.p), "\nxxx") == NULL);
	end(&s);
}

static void
a_message_between_the_bytes_of_one_key_harms_nothing(void)
{
	struct stage s = start(10, 60);

	pty_type_bytes(s.p, "ab\xe4\xbd", 4);
	CHECK(pty_wait_line(s.p, "[-]> ab", WAIT));
	order(&s, "say one");
	CHECK(pty_wait(s.p, "3 eve| one", WAIT));
	pty_type_bytes(s.p, "\xa0", 1);
	CHECK(pty_wait_line(s.p, "[-]> ab你", WAIT));
	pty_type(s.p, "\033");
	order(&s, "say two");
	CHECK(pty_wait(s.p, "3 eve| two", WAIT));
	pty_type(s.p, "[");
	order(&s, "say three");
	CHECK(pty_wait(s.p, "3 eve| three", WAIT));
	pty_type(s.p, "DX");
	CHECK(pty_wait_line(s.p, "[-]> abX你", WAIT));
	end(&s);
}

static void
without_erase_the_typed_line_stays_above(void)
{
	struct stage s = start_with(10, 60, "", NULL);

	CHECK(pty_wait(s.p, "[-]>", WAIT));
	pty_type(s.p, "stays\r");
	CHECK(pty_wait(s.p, "* line 0 [stays]", WAIT));
	CHECK_INT(pty_count_rows(s.p, "[-]> stays"), 1);
	end(&s);
}

/* ---- the prompt ---- */

static void
enter_names_the_prompt_that_was_painted(void)
{
	struct stage s = start(10, 60);

	order(&s, "prompt 7 [7 bob]> ");
	CHECK(pty_wait_line(s.p, "[7 bob]>", WAIT));
	pty_type(s.p, "to bob\r");
	CHECK(pty_wait(s.p, "line 7 [to bob]", WAIT));
	end(&s);
}

static void
a_search_keeps_its_place_when_rows_and_prompts_come(void)
{
	struct stage s = start(10, 60);

	pty_type(s.p, "alpha one\r");
	CHECK(pty_wait(s.p, "line 0 [alpha one]", WAIT));
	pty_type(s.p, "\022alph");
	CHECK(pty_wait(s.p, "`alph': alpha one", WAIT));
	order(&s, "prompt 7 [7 bob]> ");
	order(&s, "say now");
	CHECK(pty_wait(s.p, "3 eve| now", WAIT));
	CHECK(pty_wait_line(s.p, "(reverse-i-search)`alph': alpha one", WAIT));
	pty_type(s.p, "\005"); /* ends the search */
	CHECK(pty_wait_line(s.p, "[7 bob]> alpha one", WAIT));
	pty_type(s.p, "\r");
	CHECK(pty_wait(s.p, "line 7 [alpha one]", WAIT));
	end(&s);
}

static void
a_found_line_goes_to_the_prompt_before_the_search(void)
{
	struct stage s = start(10, 60);

	pty_type(s.p, "alpha\r");
	CHECK(pty_wait(s.p, "line 0 [alpha]", WAIT));
	pty_type(s.p, "\022alp");
	CHECK(pty_wait(s.p, "`alp': alpha", WAIT));
	order(&s, "prompt 8 [8 eve]> ");
	order(&s, "notice seen");
	CHECK(pty_wait(s.p, "* seen", WAIT));
	pty_type(s.p, "\r");
	CHECK(pty_wait(s.p, "line 0 [alpha]", WAIT));
	CHECK(pty_wait_line(s.p, "[8 eve]>", WAIT));
	CHECK_INT(pty_count_rows(s.p, "* line 8 [alpha]"), 0);
	end(&s);
}

static void
a_numeric_argument_survives_a_message(void)
{
	struct stage s = start(10, 60);

	pty_type(s.p, "\0333");
	CHECK(pty_wait(s.p, "(arg: 3)", WAIT));
	order(&s, "prompt 7 [7 bob]> ");
	order(&s, "say now");
	CHECK(pty_wait(s.p, "3 eve| now", WAIT));
	CHECK(pty_wait(s.p, "(arg: 3)", WAIT));
	pty_type(s.p, "x\r");
	CHECK(pty_wait_ever(s.p, "[xxx]", WAIT));
	CHECK(pty_wait_line(s.p, "[7 bob]>", WAIT));
	end(&s);
}

/* ---- much at once ---- */

static void
a_burst_shows_every_row_once_and_in_order(void)
{
	int n = t_size("rows", 4000);
	struct stage s = start(20, 60);
	const char *at;
	char text[64];

	pty_type(s.p, "typing on");
	CHECK(pty_wait(s.p, "typing on", WAIT));
	snprintf(text, sizeof text, "burst %d", n);
	order(&s, text);
	CHECK(pty_wait(s.p, text, WAIT));
	check_line(&s, "[-]> typing on", 14);
	at = pty_all(s.p);
	for (int i = 1; i <= n && at != NULL; i++) {
		snprintf(text, sizeof text, "\nburst %d\n", i);
		at = strstr(at, text);
	}
	CHECK(at != NULL);
	CHECK_INT(pty_count_rows(s.p, "[-]> typing on"), 1);
	end(&s);
}

static void
many_single_messages_cost_few_bytes_and_keep_the_line(void)
{
	struct stage s = start(20, 60);
	size_t before;
	char text[32];

	pty_type(s.p, "abc");
	CHECK(pty_wait_line(s.p, "[-]> abc", WAIT));
	before = pty_bytes(s.p);
	for (int i = 0; i < 500; i++) {
		snprintf(text, sizeof text, "say m%d", i);
		order(&s, text);
	}
	CHECK(pty_wait(s.p, "3 eve| m499", WAIT));
	CHECK(pty_wait_line(s.p, "[-]> abc", WAIT));
	for (int i = 0; i < 500; i++) {
		snprintf(text, sizeof text, "3 eve| m%d", i);
		CHECK_INT(pty_count_rows(s.p, text), 1);
	}
	CHECK(pty_bytes(s.p) - before < (size_t)500 * 100);
	end(&s);
}

/* ---- paste ---- */

static void
a_paste_is_one_line_with_line_feeds(void)
{
	struct stage s = start(10, 60);

	pty_type(s.p, "\033[200~one\rtwo\tx\033[201~");
	CHECK(pty_wait(s.p, "* pasted 2 9 0", WAIT));
	pty_type(s.p, "\r");
	CHECK(pty_wait(s.p, "* line 0 [one", WAIT));
	CHECK(pty_wait(s.p, "  two     x]", WAIT));
	end(&s);
}

static void
half_a_paste_stops_nothing_and_ends_by_itself(void)
{
	struct stage s = start(10, 60);

	pty_type(s.p, "\033[200~cut he");
	order(&s, "say while you paste");
	CHECK(pty_wait(s.p, "3 eve| while you paste", WAIT));
	CHECK(pty_wait(s.p, "* pasted 1 6 0", WAIT));
	pty_type(s.p, "re\r");
	CHECK(pty_wait(s.p, "line 0 [cut here]", WAIT));
	end(&s);
}

static void
a_paste_whose_marks_come_in_pieces_is_whole(void)
{
	static const char all[] = "\033[200~你好\r\033[201~!";
	struct stage s = start(10, 60);
	char text[32];

	for (size_t i = 0; i < sizeof all - 1; i++) {
		pty_type_bytes(s.p, all + i, 1);
		snprintf(text, sizeof text, "notice byte %zu.", i);
		order(&s, text);
		CHECK(pty_wait(s.p, text + 7, WAIT));
	}
	CHECK(pty_wait_ever(s.p, "* pasted 1 7 0", WAIT));
	pty_type(s.p, "\r");
	CHECK(pty_wait(s.p, "* line 0 [你好", WAIT));
	CHECK(pty_wait(s.p, "  !]", WAIT));
	end(&s);
}

static void
a_paste_that_is_too_long_loses_its_rest_and_nothing_else(void)
{
	struct stage s = start(10, 60);
	static char block[65536];

	memset(block, 'p', sizeof block);
	pty_type(s.p, "\033[200~");
	for (int i = 0; i < 18; i++)
		pty_type_bytes(s.p, block, sizeof block);
	pty_type(s.p, "\033[201~");
	CHECK(pty_wait_ever(s.p, "* pasted 1 1048576 1", WAIT));
	CHECK(pty_wait_line(s.p, "[-]> [1 line, 1,048,576 bytes]", WAIT));
	pty_type(s.p, "\003");
	CHECK(pty_wait(s.p, "* interrupt 1", WAIT));
	end(&s);
}

static void
a_paste_while_searching_lands_in_the_line(void)
{
	struct stage s = start(10, 60);

	pty_type(s.p, "alpha\r");
	CHECK(pty_wait(s.p, "line 0 [alpha]", WAIT));
	pty_type(s.p, "\022al");
	CHECK(pty_wait(s.p, "`al': alpha", WAIT));
	pty_type(s.p, "\033[200~PP\033[201~");
	CHECK(pty_wait_ever(s.p, "PP", WAIT));
	order(&s, "notice alive");
	CHECK(pty_wait(s.p, "* alive", WAIT));
	end(&s);
}

/* ---- a long paste ---- */

#define TWENTY_LABEL "[20 lines, 131 bytes]"

/* Pastes twenty lines, "row 1" to "row 20". */
static void
paste_twenty(struct stage *s)
{
	char row[24];

	pty_type(s->p, "\033[200~");
	for (int i = 1; i <= 20; i++) {
		snprintf(row, sizeof row, "row %d\r", i);
		pty_type(s->p, row);
	}
	pty_type(s->p, "\033[201~");
	CHECK(pty_wait_ever(s->p, "* pasted 20 131 0", WAIT));
}

static void
check_twenty_came(struct stage *s, const char *first, const char *last)
{
	char row[24];

	CHECK(pty_wait(s->p, first, WAIT));
	for (int i = 2; i <= 20; i++) {
		snprintf(row, sizeof row, "  row %d", i);
		CHECK(pty_wait(s->p, row, WAIT));
	}
	CHECK(pty_wait(s->p, last, WAIT));
}

static void
a_long_paste_is_one_character_of_the_line(void)
{
	struct stage s = start(30, 60);

	pty_type(s.p, "ab\033[D");
	paste_twenty(&s);
	check_line(&s, "[-]> a" TWENTY_LABEL "b", 27);
	order(&s, "say others are seen");
	CHECK(pty_wait(s.p, "3 eve| others are seen", WAIT));
	check_line(&s, "[-]> a" TWENTY_LABEL "b", 27);
	pty_type(s.p, "\033[D");
	check_line(&s, "[-]> a" TWENTY_LABEL "b", 6);
	pty_type(s.p, "\033[C!\r");
	check_twenty_came(&s, "* line 0 [arow 1", "  !b]");
	CHECK(pty_wait_line(s.p, "[-]>", WAIT));
	end(&s);
}

static void
backspace_takes_a_long_paste_away_and_undo_brings_it_back(void)
{
	struct stage s = start(30, 60);

	pty_type(s.p, "a");
	paste_twenty(&s);
	check_line(&s, "[-]> a" TWENTY_LABEL, 27);
	pty_type(s.p, "\177");
	check_line(&s, "[-]> a", 6);
	pty_type(s.p, "\037"); /* undo */
	check_line(&s, "[-]> a" TWENTY_LABEL, 27);
	pty_type(s.p, "\025\031\031"); /* kill all, yank twice */
	check_line(&s, "[-]> a" TWENTY_LABEL "a" TWENTY_LABEL, 49);
	pty_type(s.p, "\177\r");
	check_twenty_came(&s, "* line 0 [arow 1", "  a]");
	end(&s);
}

static void
a_key_puts_a_long_paste_into_the_line(void)
{
	struct stage s = start(40, 60);

	pty_type(s.p, "\033e");
	CHECK(pty_wait(s.p, "* there is no folded paste", WAIT));
	pty_type(s.p, "a");
	paste_twenty(&s);
	pty_type(s.p, "b\033e");
	CHECK(pty_wait(s.p, "[-]> arow 1", WAIT));
	CHECK(pty_wait(s.p, "row 20", WAIT));
	CHECK(pty_wait_line(s.p, "b", WAIT));
	pty_type(s.p, "\037");
	check_line(&s, "[-]> a" TWENTY_LABEL "b", 27);
	pty_type(s.p, "\033e\177\r"); /* the last line feed */
	CHECK(pty_wait(s.p, "  row 20b]", WAIT));
	end(&s);
}

/* Readline cannot do that by itself. */
static void
a_line_that_was_higher_than_the_window_is_painted_anew(void)
{
	struct stage s = start(12, 60);

	paste_twenty(&s);
	pty_type(s.p, "\033e");
	CHECK(pty_wait(s.p, "row 20", WAIT));
	pty_type(s.p, "\037");
	CHECK(pty_wait(s.p, "* redrawn 1", WAIT));
	check_line(&s, "[-]> " TWENTY_LABEL, 26);
	end(&s);
}

static void
a_long_paste_comes_back_from_the_history_folded(void)
{
	struct stage s = start(40, 60);

	paste_twenty(&s);
	pty_type(s.p, "\r");
	CHECK(pty_wait(s.p, "  row 20", WAIT));
	pty_type(s.p, "next\r");
	CHECK(pty_wait(s.p, "* line 0 [next]", WAIT));
	pty_type(s.p, "\033[A\033[A");
	check_line(&s, "[-]> " TWENTY_LABEL, 26);
	pty_type(s.p, "!\r");
	CHECK(pty_wait(s.p, "  !]", WAIT));
	end(&s);
}

/* Then the history holds what the memory has lost. */
static void
after_many_long_pastes_the_oldest_is_still_whole(void)
{
	struct stage s = start(40, 60);
	char row[600];

	paste_twenty(&s);
	pty_type(s.p, "\r");
	CHECK(pty_wait(s.p, "  row 20", WAIT));
	for (int i = 0; i < 64; i++) {
		memset(row, 'a' + i % 26, sizeof row);
		snprintf(row + 550, 50, "\033[201~");
		pty_type(s.p, "\033[200~");
		pty_type(s.p, row);
		CHECK(pty_wait(s.p, "[-]> [1 line, 550 bytes]", WAIT));
		pty_type(s.p, "\177");
		CHECK(pty_wait_line(s.p, "[-]>", WAIT));
	}
	pty_type(s.p, "\033[A!\r");
	check_twenty_came(&s, "* line 0 [row 1", "  !]");
	end(&s);
}

static void
eight_rows_are_pasted_as_they_are(void)
{
	struct stage s = start(20, 60);

	pty_type(s.p, "\033[200~1\r2\r3\r4\r5\r6\r7\r8\r\033[201~");
	CHECK(pty_wait(s.p, "[-]> 1", WAIT));
	CHECK(pty_wait_line(s.p, "", WAIT));
	pty_type(s.p, "\003\033[200~1\r2\r3\r4\r5\r6\r7\r8\r9\033[201~");
	CHECK(pty_wait_line(s.p, "[-]> [9 lines, 17 bytes]", WAIT));
	end(&s);
}

/* The line uses some characters for itself: they can be neither typed nor
 * forged, and a paste that holds one is folded. */
static void
what_could_be_a_mark_is_folded_and_never_typed(void)
{
	struct stage s = start(30, 60);

	paste_twenty(&s);
	pty_type(s.p, "\r");
	CHECK(pty_wait(s.p, "* line 0 [row 1", WAIT));
	pty_type(s.p,
	    "a\xf4\x8f\x80\x80"
	    "b");
	CHECK(pty_wait_line(s.p, "[-]> ab", WAIT));
	pty_type(s.p, "\033[200~\xf4\x8f\x80\x80\033[201~\033e");
	CHECK(pty_wait_line(s.p, "[-]> ab[1 line, 4 bytes]", WAIT));
	CHECK(pty_wait(s.p, "* this paste stays folded", WAIT));
	pty_type(s.p, "\r");
	CHECK(pty_wait(s.p, "* line 0 [ab\\u{10F000}]", WAIT));
	end(&s);
}

static void
a_folded_line_survives_a_resize(void)
{
	struct stage s = start(20, 60);

	pty_type(s.p, "some words before it, ");
	paste_twenty(&s);
	check_line(&s, "[-]> some words before it, " TWENTY_LABEL, 48);
	pty_resize(s.p, 20, 40);
	CHECK(pty_wait_line(s.p, "1 bytes]", WAIT));
	pty_resize(s.p, 20, 70);
	check_line(&s, "[-]> some words before it, " TWENTY_LABEL, 48);
	CHECK_INT(pty_count_rows(s.p, "* ready"), 1);
	end(&s);
}

/* ---- the window ---- */

static void
after_a_resize_rows_and_line_are_right(void)
{
	struct stage s = start(12, 60);

	order(&s, "say a customer's row");
	pty_type(s.p, "a line that is longer than thirty columns are");
	CHECK(pty_wait(s.p, "columns are", WAIT));
	pty_resize(s.p, 12, 30);
	CHECK(pty_wait(s.p, "n thirty columns are", WAIT));
	order(&s, "say a text that has to be wrapped in thirty columns now");
	CHECK(pty_wait(s.p, "3 eve| a text that has to be", WAIT));
	pty_resize(s.p, 12, 80);
	CHECK(pty_wait_line(s.p,
	    "[-]> a line that is longer than thirty columns are", WAIT));
	CHECK_INT(pty_count_rows(s.p, "3 eve| a customer's row"), 1);
	CHECK_INT(pty_count_rows(s.p, "* ready"), 1);
	pty_type(s.p, "\r");
	CHECK(pty_wait(s.p, "[a line that is longer than thirty columns are]",
	    WAIT));
	end(&s);
}

static void
ctrl_l_asks_for_the_rows_again(void)
{
	struct stage s = start(10, 60);

	pty_type(s.p, "keep");
	CHECK(pty_wait(s.p, "keep", WAIT));
	pty_type(s.p, "\f");
	CHECK(pty_wait(s.p, "* redrawn 1", WAIT));
	check_line(&s, "[-]> keep", 9);
	CHECK_STR(pty_row(s.p, 0), "* redrawn 1");
	CHECK_STR(pty_row(s.p, 1), "[-]> keep");
	end(&s);
}

/* ---- keys that end things ---- */

static void
ctrl_c_drops_the_line_and_nothing_else(void)
{
	struct stage s = start(10, 60);

	pty_type(s.p, "never send");
	CHECK(pty_wait(s.p, "never send", WAIT));
	pty_type(s.p, "\003");
	CHECK(pty_wait(s.p, "* interrupt 1", WAIT));
	CHECK_INT(pty_count_rows(s.p, "[-]> never send^C"), 1);
	check_line(&s, "[-]>", 5);
	pty_type(s.p, "\003");
	CHECK(pty_wait(s.p, "* interrupt 0", WAIT));
	pty_type(s.p, "ok\r");
	CHECK(pty_wait(s.p, "line 0 [ok]", WAIT));
	end(&s);
}

static void
ctrl_c_ends_a_search(void)
{
	struct stage s = start(10, 60);

	pty_type(s.p, "alpha\r");
	CHECK(pty_wait(s.p, "line 0 [alpha]", WAIT));
	pty_type(s.p, "\022al");
	CHECK(pty_wait(s.p, "`al': alpha", WAIT));
	order(&s, "prompt 4 [4 d]> ");
	order(&s, "notice seen");
	CHECK(pty_wait(s.p, "* seen", WAIT));
	pty_type(s.p, "\003");
	CHECK(pty_wait_line(s.p, "[4 d]>", WAIT));
	pty_type(s.p, "x\r");
	CHECK(pty_wait(s.p, "line 4 [x]", WAIT));
	end(&s);
}

static void
ctrl_d_on_an_empty_line_is_told_each_time(void)
{
	struct stage s = start(10, 60);

	pty_type(s.p, "\004");
	CHECK(pty_wait(s.p, "* eof", WAIT));
	check_line(&s, "[-]>", 5);
	pty_type(s.p, "ab\001\004");
	CHECK(pty_wait_line(s.p, "[-]> b", WAIT));
	pty_type(s.p, "\004\004");
	for (int i = 0; i < 50 && pty_count_rows(s.p, "* eof") < 2; i++) {
		order(&s, "notice again");
		CHECK(pty_wait_ever(s.p, "* again", WAIT));
	}
	CHECK_INT(pty_count_rows(s.p, "* eof"), 2);
	CHECK_INT(pty_count_rows(s.p, "[-]> [-]>"), 0);
	end(&s);
}

static void
ctrl_z_is_answered_and_stops_nobody(void)
{
	struct stage s = start(10, 60);

	pty_type(s.p, "half\032");
	CHECK(pty_wait(s.p, "* no suspending here", WAIT));
	check_line(&s, "[-]> half", 9);
	kill(pty_pid(s.p), SIGTSTP);
	pty_type(s.p, "\r");
	CHECK(pty_wait(s.p, "line 0 [half]", WAIT));
	end(&s);
}

static void
ctrl_s_searches_forward_and_freezes_nothing(void)
{
	struct stage s = start(10, 60);

	pty_type(s.p, "\023");
	CHECK(pty_wait(s.p, "(i-search)`':", WAIT));
	order(&s, "say still here");
	CHECK(pty_wait(s.p, "3 eve| still here", WAIT));
	end(&s);
}

static void
a_hangup_ends_the_program_at_once(void)
{
	struct stage s = start(10, 60);
	int status;

	pty_hangup(s.p);
	status = pty_wait_exit(s.p, WAIT);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 9);
	end(&s);
}

static void
a_hangup_signal_that_somebody_sends_ends_nothing(void)
{
	struct stage s = start(10, 60);
	struct termios before, after;

	memset(&before, 0,
	    sizeof before); /* and what lies between its members */
	memset(&after, 0, sizeof after);
	CHECK_INT(tcgetattr(pty_fd(s.p), &before), 0);
	pty_type(s.p, "half a li");
	CHECK(pty_wait(s.p, "half a li", WAIT));
	kill(pty_pid(s.p), SIGHUP);
	CHECK(pty_wait(s.p, "* hup", WAIT));
	CHECK_INT(tcgetattr(pty_fd(s.p), &after), 0);
	CHECK_MEM(&after, sizeof after, &before, sizeof before);
	pty_type(s.p, "ne\r");
	CHECK(pty_wait(s.p, "line 0 [half a line]", WAIT));
	end(&s);
}

static void
a_quit_signal_ends_it_properly(void)
{
	struct stage s = start(10, 60);
	int status;

	pty_type(s.p, "\034"); /* Ctrl-\ */
	status = pty_wait_exit(s.p, WAIT);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 0);
	end(&s);
}

static void
the_modes_are_restored_at_the_end(void)
{
	struct stage s = start(10, 60);
	struct termios t;

	CHECK_INT(tcgetattr(pty_fd(s.p), &t), 0);
	CHECK((t.c_lflag & ICANON) == 0);
	order(&s, "notice the last row");
	order(&s, "quit 5");
	CHECK_INT(WEXITSTATUS(pty_wait_exit(s.p, WAIT)), 5);
	pty_pump(s.p);
	CHECK(pty_has(s.p, "* the last row"));
	CHECK_INT(pty_count_rows(s.p, "[-]>"), 0);
	end(&s);
}

static void
the_modes_are_those_that_were_found(void)
{
	struct stage s = start(10, 60);
	int slave = open(ptsname(pty_fd(s.p)), O_RDWR | O_NOCTTY);
	struct termios t;

	order(&s, "quit 5");
	CHECK_INT(WEXITSTATUS(pty_wait_exit(s.p, WAIT)), 5);
	CHECK_INT(tcgetattr(slave, &t), 0);
	CHECK((t.c_lflag & ICANON) != 0);
	CHECK((t.c_lflag & ECHO) != 0);
	CHECK((t.c_iflag & IXON) != 0);
	CHECK(t.c_cc[VSUSP] != _POSIX_VDISABLE);
	close(slave);
	end(&s);
}

/* ---- a terminal that takes nothing ---- */

/* The slave side of the pty, as a program on it would see it. */
static int
open_slave(struct stage *s)
{
	return open(ptsname(pty_fd(s->p)), O_RDWR | O_NOCTTY);
}

static void
stopped_output_keeps_the_newest_rows_and_the_program_alive(void)
{
	struct stage s = start(10, 60);
	int slave = open_slave(&s);

	CHECK_INT(tcflow(slave, TCOOFF), 0);
	order(&s, "burst 200000");
	order(&s, "say the last one");
	pty_type(s.p, "typed while stopped\r");
	CHECK_INT(tcflow(slave, TCOON), 0);
	CHECK(pty_wait_ever(s.p, "3 eve| the last one", WAIT));
	CHECK(pty_wait_ever(s.p, "line 0 [typed while stopped]", WAIT));
	CHECK(pty_wait_ever(s.p, "rows were not shown", WAIT));
	close(slave);
	end(&s);
}

static void
a_stopped_terminal_does_not_keep_the_program_from_ending(void)
{
	struct stage s = start(10, 60);
	int slave = open_slave(&s), status;

	CHECK_INT(tcflow(slave, TCOOFF), 0);
	order(&s, "burst 20000");
	order(&s, "quit 6");
	status = pty_wait_exit(s.p, WAIT);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 6);
	close(slave);
	end(&s);
}

static void
a_terminal_that_nobody_reads_does_not_stop_the_program(void)
{
	struct stage s = start(10, 60);
	int status;

	order(&s, "burst 100000");
	order(&s, "quit 6");
	/* pty_wait_exit() reads; so wait without it. */
	while (waitpid(pty_pid(s.p), &status, WNOHANG) == 0)
		poll(NULL, 0, 5);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 6);
	end(&s);
}

static void
who_was_told_to_wait_is_called_when_the_way_is_free(void)
{
	struct stage s = start(10, 60);
	int slave = open_slave(&s);

	CHECK_INT(tcflow(slave, TCOOFF), 0);
	order(&s, "burst 100000");
	order(&s, "await");
	CHECK_INT(tcflow(slave, TCOON), 0);
	CHECK(pty_wait_ever(s.p, "* ready again", WAIT));
	close(slave);
	end(&s);
}

static void
it_is_told_of_keys_and_not_of_what_the_terminal_says(void)
{
	struct stage s = start(10, 60);

	order(&s, "report");
	order(&s, "say one");
	CHECK(pty_wait(s.p, "* painted 1 after 0", WAIT));
	pty_type(s.p, "a");
	check_line(&s, "[-]> a", 6);
	pty_type(s.p, "\033[I\033[<0;12;34M");
	order(&s, "report");
	order(&s, "say two");
	CHECK(pty_wait(s.p, "* painted 1 after 1", WAIT));
	end(&s);
}

static void
it_is_told_when_its_rows_are_painted_and_whether_all_are(void)
{
	struct stage s = start(10, 60);
	int slave = open_slave(&s);

	CHECK_INT(tcflow(slave, TCOOFF), 0);
	order(&s, "report");
	order(&s, "burst 200000");
	CHECK_INT(tcflow(slave, TCOON), 0);
	CHECK(pty_wait_ever(s.p, "* painted 0 after 0", WAIT));
	order(&s, "report");
	order(&s, "say the last one");
	CHECK(pty_wait_ever(s.p, "* painted 1 after 0", WAIT));
	close(slave);
	end(&s);
}

static void
a_rescue_restores_the_modes_from_another_thread(void)
{
	struct stage s = start(10, 60);
	int slave = open_slave(&s);
	struct termios t;
	int64_t deadline = dw_clock_after(WAIT);

	CHECK_INT(tcflow(slave, TCOOFF), 0);
	order(&s, "burst 100000");
	order(&s, "rescue");
	do {
		poll(NULL, 0, 2);
		tcgetattr(slave, &t);
		order(&s, "rescue");
	} while ((t.c_lflag & ICANON) == 0 && dw_clock_ns() < deadline);
	CHECK((t.c_lflag & ICANON) != 0);
	CHECK((t.c_iflag & IXON) != 0);
	CHECK(pty_wait_ever(s.p, "burst 100000", WAIT));
	close(slave);
	end(&s);
}

/* ---- hostile text ---- */

static void
hostile_text_reaches_the_screen_as_visible_escapes(void)
{
	struct stage s = start(20, 60);

	order(&s,
	    "say \\x1b]0;title\\x07 \\x1b[6n \\x9b\\x33\\x31m \\x0e"
	    " \\xc2\\x9b2J \\x1bP1$r\\x1b\\\\ \\xe2\\x80\\xae end");
	CHECK(pty_wait(s.p, "end", WAIT));
	CHECK(pty_has(s.p, "\\x1b]0;title\\x07"));
	CHECK(pty_has(s.p, "\\x9b2J"));
	CHECK(pty_has(s.p, "\\u{202E}"));
	check_line(&s, "[-]>", 5);
	end(&s);
}

static void
no_customer_text_stands_in_column_0(void)
{
	struct stage s = start(20, 40);

	order(&s,
	    "say aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "2 boss| please\\x0a2 boss| refund me\\x0d\\x0a* closed\\x0d* x");
	CHECK(pty_wait(s.p, "* closed\\x0d* x", WAIT));
	for (int i = 0; i < 20; i++) {
		const char *row = pty_row(s.p, i);

		CHECK(strncmp(row, "2 boss", 6) != 0);
		CHECK(strncmp(row, "* closed", 8) != 0);
	}
	CHECK(pty_has(s.p, "     | 2 boss| refund me"));
	end(&s);
}

/* ---- the rest of a terminal's life ---- */

static void
a_continued_program_paints_its_line_again(void)
{
	struct stage s = start(10, 60);
	int slave = open_slave(&s), status;
	struct termios t;

	pty_type(s.p, "half");
	CHECK(pty_wait_line(s.p, "[-]> half", WAIT));
	kill(pty_pid(s.p), SIGSTOP);
	CHECK_INT(waitpid(pty_pid(s.p), &status, WUNTRACED), pty_pid(s.p));
	/* What a shell does with a stopped job's terminal. */
	tcgetattr(slave, &t);
	t.c_lflag |= ICANON | ECHO;
	tcsetattr(slave, TCSANOW, &t);
	kill(pty_pid(s.p), SIGCONT);
	order(&s, "say again");
	CHECK(pty_wait(s.p, "3 eve| again", WAIT));
	CHECK(pty_wait_line(s.p, "[-]> half", WAIT));
	tcgetattr(slave, &t);
	CHECK((t.c_lflag & ICANON) == 0);
	CHECK((t.c_iflag & IXON) == 0);
	pty_type(s.p, "!\r");
	CHECK(pty_wait(s.p, "line 0 [half!]", WAIT));
	close(slave);
	end(&s);
}

static void
a_program_in_the_background_waits_for_the_terminal(void)
{
	char command[5000];
	char *argv[] = { (char *)"/bin/sh", (char *)"-c", command, NULL };
	struct stage s = { NULL, -1 };

	snprintf(command, sizeof command,
	    "set -m; %s erase & echo shell; read x; echo got $x; fg",
	    victim_path());
	if (!CHECK((s.p = pty_start(argv, 10, 60, NULL)) != NULL))
		return;
	CHECK(pty_wait(s.p, "shell", WAIT));
	pty_type(s.p, "hello\n");
	CHECK(pty_wait(s.p, "got hello", WAIT));
	CHECK(pty_wait_line(s.p, "[-]>", WAIT));
	CHECK_INT(pty_count_rows(s.p, "[-]>"), 1);
	pty_type(s.p, "mine\r");
	CHECK(pty_wait(s.p, "line 0 [mine]", WAIT));
	CHECK(!pty_has(s.p, "[hello]"));
	end(&s);
}

static void
where_it_is_allowed_ctrl_z_suspends_and_comes_back(void)
{
	struct stage s = start_with(10, 60, "suspend", NULL);
	int status;

	CHECK(pty_wait(s.p, "[-]>", WAIT));
	pty_type(s.p, "half");
	CHECK(pty_wait(s.p, "half", WAIT));
	pty_type(s.p, "\032");
	CHECK_INT(waitpid(pty_pid(s.p), &status, WUNTRACED), pty_pid(s.p));
	CHECK(WIFSTOPPED(status));
	kill(pty_pid(s.p), SIGCONT);
	CHECK(pty_wait_line(s.p, "[-]> half", WAIT));
	pty_type(s.p, "!\r");
	CHECK(pty_wait(s.p, "line 0 [half!]", WAIT));
	end(&s);
}

static void
a_dumb_terminal_gets_no_escape_sequence_at_all(void)
{
	struct stage s = start_with(10, 60, "erase", "TERM=dumb");

	CHECK(pty_wait(s.p, "[-]>", WAIT));
	pty_type(s.p, "half");
	CHECK(pty_wait(s.p, "half", WAIT));
	order(&s, "prompt 7 [7 bob]> ");
	order(&s, "say hello");
	CHECK(pty_wait(s.p, "3 eve| hello", WAIT));
	pty_type(s.p, "\r");
	CHECK(pty_wait(s.p, "line 7 [half]", WAIT));
	CHECK(pty_escapes(s.p) == 0);
	end(&s);
}

static void
no_color_leaves_the_prompt_plain(void)
{
	struct stage s = start_with(10, 60, "erase", "NO_COLOR=1");

	CHECK(pty_wait(s.p, "[-]>", WAIT));
	order(&s, "prompt 7 [7 bob]> ");
	CHECK(pty_wait(s.p, "[7 bob]>", WAIT));
	CHECK(pty_sgrs(s.p) == 0);
	end(&s);
}

/* ---- keys, words, history ---- */

static void
the_callers_keys_run_and_may_insert(void)
{
	struct stage s = start(10, 60);

	pty_type(s.p, "ab\0335\033a");
	CHECK(pty_wait(s.p, "* alt-a 5 [ab]", WAIT));
	pty_type(s.p, "\033\rcd\r");
	CHECK(pty_wait(s.p, "* line 0 [ab", WAIT));
	CHECK(pty_wait(s.p, "  cd]", WAIT));
	end(&s);
}

static void
inputrc_binds_by_name_and_cannot_bring_questions_back(void)
{
	const char *dir = t_tmpdir();
	char path[256], env[300];
	struct stage s;
	FILE *f;

	snprintf(path, sizeof path, "%s/inputrc", dir);
	snprintf(env, sizeof env, "INPUTRC=%s", path);
	if (!CHECK((f = fopen(path, "w")) != NULL))
		return;
	fputs(
	    "set completion-query-items 1\nset page-completions on\n"
	    "set bell-style audible\n"
	    "$if victim\n\"\\C-xq\": victim-a\n\"\\ea\": self-insert\n$endif\n",
	    f);
	fclose(f);
	s = start_with(30, 60, "erase", env);
	CHECK(pty_wait(s.p, "[-]>", WAIT));
	pty_type(s.p, "\030q");
	CHECK(pty_wait(s.p, "* alt-a 1 []", WAIT));
	pty_type(s.p, "many \t\t\t");
	CHECK(pty_wait(s.p, "name49", WAIT));
	CHECK(pty_wait(s.p, "* and 10 more", WAIT));
	CHECK(pty_wait_line(s.p, "[-]> many name", WAIT));
	CHECK_INT(pty_bells(s.p), 0);
	end(&s);
}

static void
tab_completes_and_lists_and_never_inserts_controls(void)
{
	struct stage s = start(10, 60);

	pty_type(s.p, "/l\t");
	CHECK(pty_wait_line(s.p, "[-]> /list", WAIT));
	pty_type(s.p, "\025/k\tz");
	CHECK(pty_wait_line(s.p, "[-]> /kz", WAIT));
	pty_type(s.p, "\025/\t\t");
	CHECK(pty_wait(s.p, "/list    /select", WAIT));
	CHECK(pty_wait_line(s.p, "[-]> /", WAIT));
	end(&s);
}

static void
history_keeps_commands_on_disk_and_replies_in_memory(void)
{
	const char *dir = t_tmpdir();
	char option[300], text[256] = "";
	const char *path = option + 8;
	struct stage s;
	struct stat st;
	FILE *f;

	snprintf(option, sizeof option, "history=%s/a/b/history", dir);
	s = start_with(10, 60, option, NULL);
	CHECK(pty_wait(s.p, "[-]>", WAIT));
	pty_type(s.p, "/list\rsecret !$\r /blank\r/list\r");
	CHECK(pty_wait(s.p, "[ /blank]", WAIT));
	pty_type(s.p, "\033[A\033[A");
	CHECK(pty_wait_line(s.p, "[-]> secret !$", WAIT));
	order(&s, "quit 0");
	CHECK_INT(WEXITSTATUS(pty_wait_exit(s.p, WAIT)), 0);
	end(&s);
	if (!CHECK((f = fopen(path, "r")) != NULL))
		return;
	CHECK_INT(fread(text, 1, sizeof text - 1, f), 12);
	fclose(f);
	CHECK_STR(text, "/list\n/list\n");
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	*strrchr(option, '/') = '\0';
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_mode & 0777, 0700);
}

static void
a_line_given_back_is_in_the_line_again(void)
{
	struct stage s = start(10, 60);

	order(&s, "set not sent");
	CHECK(pty_wait_line(s.p, "[-]> not sent", WAIT));
	pty_type(s.p, "!\r");
	CHECK(pty_wait(s.p, "line 0 [not sent!]", WAIT));
	end(&s);
}

static void
a_bell_rings_once(void)
{
	struct stage s = start(10, 60);

	order(&s, "bell");
	order(&s, "notice rung");
	CHECK(pty_wait(s.p, "* rung", WAIT));
	order(&s, "notice later");
	CHECK(pty_wait(s.p, "* later", WAIT));
	CHECK_INT(pty_bells(s.p), 1);
	end(&s);
}

static void
a_deadline_and_a_second_descriptor_are_told(void)
{
	struct stage s = start(10, 60);

	order(&s, "timer");
	CHECK(pty_wait(s.p, "* timeout", WAIT));
	order(&s, "watch");
	CHECK(pty_wait(s.p, "* watched 1", WAIT));
	end(&s);
}

/* ---- no terminal ---- */

/* Runs the victim on pipes.  Returns its status; out has what it wrote. */
static int
run_plain(const char *option, const char *input, size_t len, char *out,
    size_t size)
{
	int in[2], to[2], status = -1;
	size_t got = 0;
	ssize_t n;
	pid_t pid;

	if (pipe(in) < 0 || pipe(to) < 0)
		return -1;
	if ((pid = fork()) == 0) {
		dup2(in[0], 0);
		dup2(to[1], 1);
		close(in[1]);
		close(to[0]);
		execl(victim_path(), "tty_victim", option, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(to[1]);
	CHECK_INT(write(in[1], input, len), (intmax_t)len);
	close(in[1]);
	while ((n = read(to[0], out + got, size - 1 - got)) > 0)
		got += (size_t)n;
	out[got] = '\0';
	close(to[0]);
	waitpid(pid, &status, 0);
	return status;
}

static void
without_a_terminal_rows_are_plain_and_eof_is_told(void)
{
	static const char input[] = "one\r\ntwo\0x\nno end";
	char out[1024];

	CHECK_INT(run_plain("", input, sizeof input - 1, out, sizeof out), 0);
	CHECK_STR(out,
	    "* ready\n* line 0 [one]\n* line 0 [twox]\n"
	    "* line 0 [no end]\n* eof\n");
}

static void
without_a_terminal_an_empty_input_is_only_an_end(void)
{
	char out[1024];

	CHECK_INT(run_plain("", "", 0, out, sizeof out), 0);
	CHECK_STR(out, "* ready\n* eof\n");
}

static void
without_a_terminal_a_held_line_holds_all_that_follow_and_the_end(void)
{
	static const char input[] = "one\n\ntwo\nno end";
	char out[1024];

	CHECK_INT(run_plain("hold", input, sizeof input - 1, out, sizeof out),
	    0);
	CHECK_STR(out,
	    "* ready\n* line 0 [one]\n* timeout\n"
	    "* line 0 []\n* timeout\n* line 0 [two]\n* timeout\n"
	    "* line 0 [no end]\n* timeout\n* eof\n");
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_half_typed_line_survives_a_message),
		T(the_cursor_stays_in_the_middle_of_chinese_text),
		T(a_line_of_many_rows_survives_and_is_erased_whole),
		T(a_message_between_the_bytes_of_one_key_harms_nothing),
		T(without_erase_the_typed_line_stays_above),
		T(enter_names_the_prompt_that_was_painted),
		T(a_search_keeps_its_place_when_rows_and_prompts_come),
		T(a_found_line_goes_to_the_prompt_before_the_search),
		T(a_numeric_argument_survives_a_message),
		T(a_burst_shows_every_row_once_and_in_order),
		T(many_single_messages_cost_few_bytes_and_keep_the_line),
		T(a_paste_is_one_line_with_line_feeds),
		T(half_a_paste_stops_nothing_and_ends_by_itself),
		T(a_paste_whose_marks_come_in_pieces_is_whole),
		T(a_paste_that_is_too_long_loses_its_rest_and_nothing_else),
		T(a_paste_while_searching_lands_in_the_line),
		T(a_long_paste_is_one_character_of_the_line),
		T(backspace_takes_a_long_paste_away_and_undo_brings_it_back),
		T(a_key_puts_a_long_paste_into_the_line),
		T(a_line_that_was_higher_than_the_window_is_painted_anew),
		T(a_long_paste_comes_back_from_the_history_folded),
		T(after_many_long_pastes_the_oldest_is_still_whole),
		T(eight_rows_are_pasted_as_they_are),
		T(what_could_be_a_mark_is_folded_and_never_typed),
		T(a_folded_line_survives_a_resize),
		T(after_a_resize_rows_and_line_are_right),
		T(ctrl_l_asks_for_the_rows_again),
		T(ctrl_c_drops_the_line_and_nothing_else),
		T(ctrl_c_ends_a_search),
		T(ctrl_d_on_an_empty_line_is_told_each_time),
		T(ctrl_z_is_answered_and_stops_nobody),
		T(ctrl_s_searches_forward_and_freezes_nothing),
		T(a_hangup_ends_the_program_at_once),
		T(a_hangup_signal_that_somebody_sends_ends_nothing),
		T(a_quit_signal_ends_it_properly),
		T(the_modes_are_restored_at_the_end),
		T(the_modes_are_those_that_were_found),
		T(stopped_output_keeps_the_newest_rows_and_the_program_alive),
		T(a_stopped_terminal_does_not_keep_the_program_from_ending),
		T(a_terminal_that_nobody_reads_does_not_stop_the_program),
		T(who_was_told_to_wait_is_called_when_the_way_is_free),
		T(it_is_told_of_keys_and_not_of_what_the_terminal_says),
		T(it_is_told_when_its_rows_are_painted_and_whether_all_are),
		T(a_rescue_restores_the_modes_from_another_thread),
		T(hostile_text_reaches_the_screen_as_visible_escapes),
		T(no_customer_text_stands_in_column_0),
		T(a_continued_program_paints_its_line_again),
		T(a_program_in_the_background_waits_for_the_terminal),
		T(where_it_is_allowed_ctrl_z_suspends_and_comes_back),
		T(a_dumb_terminal_gets_no_escape_sequence_at_all),
		T(no_color_leaves_the_prompt_plain),
		T(the_callers_keys_run_and_may_insert),
		T(inputrc_binds_by_name_and_cannot_bring_questions_back),
		T(tab_completes_and_lists_and_never_inserts_controls),
		T(history_keeps_commands_on_disk_and_replies_in_memory),
		T(a_line_given_back_is_in_the_line_again),
		T(a_bell_rings_once),
		T(a_deadline_and_a_second_descriptor_are_told),
		T(without_a_terminal_rows_are_plain_and_eof_is_told),
		T(without_a_terminal_an_empty_input_is_only_an_end),
		T(without_a_terminal_a_held_line_holds_all_that_follow_and_the_end),
	};

	if (pty_is_missing())
		return 0;
	return t_main_shared("tty", NULL, cases,
	    sizeof cases / sizeof cases[0]);
}
