/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A program on a pseudo-terminal, such as an operator's console, and when it
 * writes what:
 *
 *	desk_screen PROGRAM ARGUMENT...
 *
 * prints its process id, then obeys a command a line and answers it with a line
 * of JSON:
 *
 *	prompt		waits for the prompt: ms since the start until the first
 *			byte and until the prompt
 *	type TEXT	types the text and Enter
 *	watch MS K	when each text "P<ns> " came to the screen; every Kth is
 *			answered there by "Q<ns> ." (0: none)
 *	keys MS		types letters and waits for each to be echoed
 *	idle MS		bytes that come meanwhile
 */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "desk_times.h"

#define PATIENCE (10 * DW_SECOND)
#define KEY_GAP  (20 * DW_MS) /* between two letters */
#define CLEARED  (100 * DW_MS)
#define READABLE 65536

/* Neither what arrives nor an escape sequence has one of them. */
static const char letters[] = "ZWYVUEN";

static struct {
	int fd;
	int64_t started, first_byte;
	uint64_t bytes;
	struct dw_buf out; /* not looked at yet */
	struct desk_times times;
} screen;

static void
take_output(void)
{
	ssize_t n;

	if (dw_buf_reserve(&screen.out, READABLE) < 0)
		desk_bench_die("memory");
	n = read(screen.fd, screen.out.data + screen.out.len, READABLE);
	if (n <= 0)
		desk_bench_die("the program on the screen");
	if (screen.bytes == 0)
		screen.first_byte = dw_clock_ns();
	screen.bytes += (uint64_t)n;
	screen.out.len += (size_t)n;
	screen.out.data[screen.out.len] = '\0';
}

/* Returns whether there was something before that time. */
static bool
look(int64_t until)
{
	struct pollfd p = { screen.fd, POLLIN, 0 };
	int64_t left = until - dw_clock_ns();
	struct timespec ts = { 0, 0 };

	if (left > 0)
		ts = (struct timespec){ left / DW_SECOND, left % DW_SECOND };
	if (ppoll(&p, 1, &ts, NULL) <= 0)
		return false;
	take_output();
	return true;
}

static void
ignore(int64_t until)
{
	while (look(until) || dw_clock_ns() < until)
		dw_buf_reset(&screen.out);
	dw_buf_reset(&screen.out);
}

static void
type(const char *text, size_t len)
{
	if (write(screen.fd, text, len) != (ssize_t)len)
		desk_bench_die("typing");
}

/* ---- commands ---- */

static bool
has_prompt(void)
{
	const struct dw_buf *b = &screen.out;

	return b->len >= 2 && memcmp(b->data + b->len - 2, "> ", 2) == 0;
}

static void
prompt(const char *arg)
{
	int64_t end = dw_clock_ns() + PATIENCE;

	(void)arg;
	while (!has_prompt() && look(end))
		;
	printf("{\"first_ms\":%.3f,\"prompt_ms\":%.3f,\"seen\":%s}\n",
	    (double)(screen.first_byte - screen.started) / DW_MS,
	    (double)(dw_clock_ns() - screen.started) / DW_MS,
	    has_prompt() ? "true" : "false");
}

static void
type_line(const char *text)
{
	type(text, strlen(text));
	type("\r", 1);
	printf("{}\n");
}

static void
answer(void)
{
	char text[40];
	int n =
	    snprintf(text, sizeof text, "Q%lld .\r", (long long)dw_clock_ns());

	type(text, (size_t)n);
}

/* Takes the next "P<ns> " out of what has come.  Returns false when there is
 * none, or not all of it. */
static bool
take_probe(int64_t *then)
{
	const char *p = memchr(dw_buf_str(&screen.out), 'P', screen.out.len);
	char *end;

	if (p == NULL) {
		dw_buf_reset(&screen.out);
		return false;
	}
	*then = strtoll(p + 1, &end, 10);
	if (*end == '\0')
		return false;
	dw_buf_drop(&screen.out, (size_t)(end - screen.out.data));
	return true;
}

/* Rows from before, and those that are painted again, are older than the last
 * one. */
static void
watch(const char *arg)
{
	int64_t end, then, last = dw_clock_ns();
	uint64_t before = screen.bytes, n = 0, answers = 0;
	long ms, each;
	char *next;

	ms = strtol(arg, &next, 10);
	each = strtol(next, NULL, 10);
	end = last + ms * DW_MS;
	desk_times_reset(&screen.times);
	while (look(end))
		while (take_probe(&then)) {
			if (then <= last)
				continue;
			last = then;
			desk_times_add(&screen.times, dw_clock_ns() - then);
			if (each > 0 && ++n % (uint64_t)each == 0) {
				answers++;
				answer();
			}
		}
	printf("{\"bytes\":%llu,\"answers\":%llu,",
	    (unsigned long long)(screen.bytes - before),
	    (unsigned long long)answers);
	desk_times_print("seen", &screen.times);
	printf("}\n");
}

/* Returns whether the letter was echoed. */
static bool
press(char letter)
{
	int64_t start = dw_clock_ns();

	type(&letter, 1);
	while (look(start + DW_SECOND)) {
		bool there =
		    memchr(screen.out.data, letter, screen.out.len) != NULL;

		dw_buf_reset(&screen.out);
		if (there) {
			desk_times_add(&screen.times, dw_clock_ns() - start);
			return true;
		}
	}
	return false;
}

static void
clear_line(void)
{
	type("\025", 1);
	ignore(dw_clock_ns() + CLEARED);
}

static void
keys(const char *arg)
{
	int64_t end = dw_clock_ns() + strtol(arg, NULL, 10) * DW_MS;
	uint64_t before = screen.bytes;
	unsigned missed = 0;

	desk_times_reset(&screen.times);
	for (size_t i = 0; dw_clock_ns() < end; i++) {
		if (i % (sizeof letters - 1) == 0)
			clear_line();
		missed += !press(letters[i % (sizeof letters - 1)]);
		ignore(dw_clock_ns() + KEY_GAP);
	}
	clear_line();
	printf("{\"bytes\":%llu,\"missed\":%u,",
	    (unsigned long long)(screen.bytes - before), missed);
	desk_times_print("echo", &screen.times);
	printf("}\n");
}

static void
idle(const char *arg)
{
	uint64_t before = screen.bytes;

	ignore(dw_clock_ns() + strtol(arg, NULL, 10) * DW_MS);
	printf("{\"bytes\":%llu}\n",
	    (unsigned long long)(screen.bytes - before));
}

static const struct command {
	const char *name;
	void (*run)(const char *arg);
} commands[] = {
	{ "prompt", prompt },
	{ "type", type_line },
	{ "watch", watch },
	{ "keys", keys },
	{ "idle", idle },
};

static void
obey(char *line)
{
	char *arg = line + strcspn(line, " \n");

	arg[strcspn(arg, "\n")] = '\0';
	if (*arg == ' ')
		*arg++ = '\0';
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (strcmp(commands[i].name, line) == 0)
			commands[i].run(arg);
	fflush(stdout);
}

/* Until there is a command the screen is read, as a terminal reads. */
static bool
wait_command(void)
{
	struct pollfd p[] = { { STDIN_FILENO, POLLIN, 0 },
		{ screen.fd, POLLIN, 0 } };

	for (;;) {
		if (poll(p, 2, -1) < 0)
			desk_bench_die("poll");
		if (p[0].revents != 0)
			return true;
		take_output();
		if (screen.out.len > READABLE)
			dw_buf_reset(&screen.out);
	}
}

/* In the child: the terminal is its standard streams and its own. */
static _Noreturn void
run(const char *terminal, char **argv)
{
	const struct winsize size = { .ws_row = 40, .ws_col = 110 };
	int fd;

	setsid();
	if ((fd = open(terminal, O_RDWR)) < 0)
		_exit(127);
	ioctl(fd, TIOCSWINSZ, &size);
	for (int i = 0; i <= 2; i++)
		dup2(fd, i);
	setenv("TERM", "xterm-256color", 1);
	setenv("INPUTRC", "/dev/null", 1);
	execv(argv[0], argv);
	_exit(127);
}

static pid_t
start(char **argv)
{
	const char *terminal;
	pid_t pid;

	screen.fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (screen.fd < 0 || grantpt(screen.fd) < 0 ||
	    unlockpt(screen.fd) < 0 || (terminal = ptsname(screen.fd)) == NULL)
		desk_bench_die("a terminal");
	screen.started = dw_clock_ns();
	if ((pid = fork()) < 0)
		desk_bench_die("fork");
	if (pid == 0)
		run(terminal, argv);
	return pid;
}

int
main(int argc, char **argv)
{
	char line[128];
	pid_t pid;

	if (argc < 2)
		return 2;
	pid = start(argv + 1);
	printf("%d\n", (int)pid);
	fflush(stdout);
	setvbuf(stdin, NULL, _IONBF, 0);
	while (wait_command() && fgets(line, sizeof line, stdin) != NULL)
		obey(line);
	close(screen.fd);
	waitpid(pid, NULL, 0);
	return 0;
}
