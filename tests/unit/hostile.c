/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Foreign text in every place where a row has any: none acts on a terminal. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "console/rows.h"
#include "event/event.h"
#include "t.h"
#include "tty/tty.h"

/* Clears the screen, names the window, rings, goes back, and turns round. */
static const char *const attacks[] = {
	"\033[2J",
	"\033]0;owned\007",
	"\b\b\b",
	"\r* ",
	"\302\2332J",
	"\342\200\256txt",
	"\177",
	"a\nb\n",
	"\xff\xfe",
};

#define ATTACKS (sizeof attacks / sizeof attacks[0])

/* Only LF, and no C1 control, no override of direction, no invalid byte. */
static bool
is_harmless(const char *s)
{
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c < ' ' && c != '\n') || c == 0x7f || c >= 0xfe)
			return false;
		if (c == 0xc2 && (unsigned char)s[1] < 0xa0)
			return false;
		if (strncmp(s, "\342\200\256", 3) == 0)
			return false;
	}
	return true;
}

static void
check_event(enum ev_kind kind, const char *attack)
{
	const struct con_row_about about = { .label = "3 alice", .unsent = 1 };
	const struct ev_event ev = {
		.seq = 1,
		.sid = 3,
		.n = 1,
		.kind = kind,
		.who = attack,
		.mode = EV_MODE_LINE,
		.addr = attack,
		.why = attack,
		.body = attack,
		.len = strlen(attack),
	};
	struct dw_buf out = DW_BUF_INITIALIZER;
	struct con_row row;

	if (con_row_event(&row, &ev, &about) != 1)
		return;
	CHECK_INT(con_row_lay(&row, 80, false, &out), 0);
	if (!CHECK(is_harmless(dw_buf_str(&out))))
		printf("# %s\n", ev_word(&ev_kinds, kind));
	con_row_fini(&row);
	dw_buf_fini(&out);
}

static void
no_event_shows_foreign_text_as_it_is(void)
{
	for (unsigned k = 0; k < ev_kinds.n; k++)
		for (size_t a = 0; a < ATTACKS; a++)
			check_event((enum ev_kind)k, attacks[a]);
}

static void
a_row_of_ours_makes_its_arguments_harmless(void)
{
	for (size_t a = 0; a < ATTACKS; a++) {
		struct dw_buf out = DW_BUF_INITIALIZER;
		struct con_row row;

		CHECK_INT(con_row_ours(&row, "from %s", attacks[a]), 0);
		CHECK_INT(con_row_lay(&row, 80, false, &out), 0);
		CHECK(is_harmless(dw_buf_str(&out)));
		con_row_fini(&row);
		dw_buf_fini(&out);
	}
}

static void
stop(void *tty)
{
	tty_quit(*(struct tty **)tty);
}

/* In a child whose standard output is `to` and whose input is at its end. */
static void
print_attacks(int to)
{
	static const struct tty_ops ops = { .eof = stop };
	struct tty *tty;
	struct tty_config config = {
		.name = "t",
		.colour = TTY_COLOUR_NEVER,
		.wake_fd = -1,
		.ops = &ops,
		.arg = &tty,
	};
	int in[2];

	if (pipe(in) < 0 || dup2(in[0], STDIN_FILENO) < 0 ||
	    dup2(to, STDOUT_FILENO) < 0)
		_exit(2);
	close(in[1]);
	close(to);
	if (tty_open(&tty, &config) < 0)
		_exit(3);
	for (size_t a = 0; a < ATTACKS; a++)
		tty_printf(tty, "from %s", attacks[a]);
	tty_run(tty);
	tty_close(tty);
	_exit(0);
}

static void
tty_printf_makes_its_arguments_harmless(void)
{
	char text[4096];
	size_t have = 0;
	ssize_t n = 1;
	int fds[2], status = -1;
	pid_t pid;

	fflush(stdout);
	CHECK_INT(pipe(fds), 0);
	if ((pid = fork()) == 0)
		print_attacks(fds[1]);
	close(fds[1]);
	while (n > 0 && have < sizeof text - 1) {
		n = read(fds[0], text + have, sizeof text - 1 - have);
		have += n > 0 ? (size_t)n : 0;
	}
	text[have] = '\0';
	close(fds[0]);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
	CHECK(strstr(text, "* from ") != NULL);
	CHECK(is_harmless(text));
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(no_event_shows_foreign_text_as_it_is),
		T(a_row_of_ours_makes_its_arguments_harmless),
		T(tty_printf_makes_its_arguments_harmless),
	};

	return t_main("hostile", cases, sizeof cases / sizeof cases[0]);
}
