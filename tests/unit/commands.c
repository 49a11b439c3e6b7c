/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests the console's commands and their arguments. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "console/commands.h"
#include "t.h"

static void
a_line_is_said_unless_it_begins_with_one_slash(void)
{
	struct con_line l = con_line_of("hello /quit");

	CHECK_INT(l.kind, CON_LINE_TEXT);
	CHECK_STR(l.text, "hello /quit");
	l = con_line_of("//quit");
	CHECK_INT(l.kind, CON_LINE_TEXT);
	CHECK_STR(l.text, "/quit");
	l = con_line_of("//");
	CHECK_INT(l.kind, CON_LINE_TEXT);
	CHECK_STR(l.text, "/");
	l = con_line_of("/close  3 now");
	CHECK_INT(l.kind, CON_LINE_COMMAND);
	CHECK_MEM(l.name, l.name_len, "close", 5);
	CHECK_STR(l.args, "3 now");
}

static void
no_line_with_a_slash_is_ever_said(void)
{
	static const char *const lines[] = { "/", "/ ", "/bogus", "/closs 3",
		"/etc/passwd\nis this", "/#", "/3x", " /quit", "\t\n/x",
		"\xe3\x80\x80/x", "／list", " ／", "、list", "、Quit" };

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		CHECK_INT(con_line_of(lines[i]).kind, CON_LINE_COMMAND);
}

static void
check_text(const char *line, const char *want)
{
	struct con_line l = con_line_of(line);

	CHECK_INT(l.kind, CON_LINE_TEXT);
	CHECK_STR(l.text, want);
}

static void
a_second_sign_makes_it_a_text(void)
{
	check_text("／／list", "／list");
	check_text("/／x", "／x");
	check_text("  //x", "/x");
	check_text("、、list", "、list");
	/* Where no command can be meant it is an ordinary sign. */
	check_text("、", "、");
	check_text("、好", "、好");
	check_text("好、list", "好、list");
}

static void
white_space_is_nothing(void)
{
	CHECK_INT(con_line_of("").kind, CON_LINE_EMPTY);
	CHECK_INT(con_line_of(" \t ").kind, CON_LINE_EMPTY);
	CHECK_INT(con_line_of("\xe3\x80\x80").kind, CON_LINE_EMPTY);
}

static struct con_mirror mirror;

/* Sessions 3 and 5 are there. */
static void
begin(void)
{
	struct ev_event ev = ev_event_of(EV_ARRIVED);

	con_mirror_init(&mirror);
	for (ev.sid = 3; ev.sid <= 5; ev.sid += 2) {
		ev.seq = ev.sid;
		(void)con_mirror_event(&mirror, &ev);
	}
}

/* What is sent for a desk's command; "-" when a session is missing, "?" when
 * nobody knows which one is meant. */
static void
check_sent(const char *args_row, const char *args, uint64_t painted,
    const char *want)
{
	struct ev_command cmd = { "close", args_row, "", "" };
	struct dw_buf b = DW_BUF_INITIALIZER;
	int r = con_desk_command_text(&b, &cmd, args, painted, &mirror);

	CHECK_STR(r == -ENOENT ? "-" :
		r == -EEXIST   ? "?" :
				 dw_buf_str(&b),
	    want);
	dw_buf_fini(&b);
}

static void
a_desks_command_means_the_painted_session(void)
{
	check_sent("[N]", "", 3, "close 3");
	check_sent("[N]", "5", 3, "close 5");
	check_sent("[N] [COUNT]", "", 3, "close 3");
	check_sent("[N]", "", 0, "-");
	check_sent("N", "", 3, "close");
	check_sent("", "", 3, "close");
	check_sent("[N]", "5 \t", 3, "close 5");
}

static void
a_number_is_the_session_when_what_must_follow_does(void)
{
	check_sent("[N] TIME", "10m", 3, "close 3 10m");
	check_sent("[N] TIME", "10", 3, "close 3 10");
	check_sent("[N] TIME", "5 10m", 3, "close 5 10m");
	check_sent("[N] TIME", "#5 10m", 3, "close 5 10m");
	check_sent("[N] TIME", "10m", 0, "-");
	check_sent("[N] WHO [WHY]", "wang", 3, "close 3 wang");
	check_sent("[N] WHO [WHY]", "wang burnt X200", 3,
	    "close 3 wang burnt X200");
	check_sent("[N] WHO [WHY]", "5 wang 2 boxes", 3,
	    "close 5 wang 2 boxes");
	check_sent("[N] M [off]", "5", 3, "close 3 5");
	check_sent("[N] M [off]", "5 off", 3, "close 3 5 off");
	check_sent("[N] M [off]", "5 3", 9, "close 5 3");
	check_sent("[N] M [off]", "5 3 off", 9, "close 5 3 off");
	check_sent("N", "#5", 3, "close 5");
	check_sent("[N]", "#bob", 3, "close #bob");
	check_sent("WHO TEXT", "wang 3 apples", 5, "close wang 3 apples");
}

static void
a_text_about_no_session_in_particular_is_about_the_painted_one(void)
{
	check_sent("[N] TEXT", "she is angry", 3, "close 3 she is angry");
	check_sent("[N] TEXT", "angry", 3, "close 3 angry");
	check_sent("[N] TEXT", "#5 she is angry", 3, "close 5 she is angry");
	check_sent("[N] TEXT", "#5 angry", 0, "close 5 angry");
	check_sent("[N] TEXT", "7 apples arrived", 3,
	    "close 3 7 apples arrived");
	check_sent("[N] TEXT", "3", 5, "close 5 3");
	check_sent("[N] TEXT", "angry", 0, "-");
}

static void
a_text_that_begins_with_a_sessions_number_is_asked_about(void)
{
	check_sent("[N] TEXT", "5 apples arrived", 3, "?");
	check_sent("[N] TEXT", "3 apples arrived", 3, "?");
	check_sent("[N] TEXT", "5 apples arrived", 0, "?");
}

static void
the_desks_rows_are_found_by_their_whole_name(void)
{
	struct ev_command rows[] = { { "close", "[N]", "", "" },
		{ "kick", "N", "", "" } };
	struct wire_frame w = wire_frame_of(WIRE_WELCOME);

	w.commands = rows;
	w.ncommands = 2;
	CHECK(con_desk_command(&w, "kick", 4) == &rows[1]);
	CHECK(con_desk_command(&w, "kic", 3) == NULL);
	CHECK(con_desk_command(&w, "kicks", 5) == NULL);
	CHECK(con_desk_command(NULL, "kick", 4) == NULL);
}

static void
our_commands_are_found_and_explained(void)
{
	size_t n;
	const struct con_command *rows = con_commands(&n);

	for (size_t i = 0; i < n; i++) {
		CHECK(con_command_find(rows[i].row.name,
			  strlen(rows[i].row.name)) == &rows[i]);
		CHECK(*rows[i].row.help != '\0');
	}
	CHECK(con_command_find("lis", 3) == NULL);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_line_is_said_unless_it_begins_with_one_slash),
		T(no_line_with_a_slash_is_ever_said),
		T(a_second_sign_makes_it_a_text),
		T(white_space_is_nothing),
		T(a_desks_command_means_the_painted_session),
		T(a_number_is_the_session_when_what_must_follow_does),
		T(a_text_about_no_session_in_particular_is_about_the_painted_one),
		T(a_text_that_begins_with_a_sessions_number_is_asked_about),
		T(the_desks_rows_are_found_by_their_whole_name),
		T(our_commands_are_found_and_explained),
	};
	int r;

	begin();
	r = t_main("commands", cases, sizeof cases / sizeof cases[0]);
	con_mirror_fini(&mirror);
	return r;
}
