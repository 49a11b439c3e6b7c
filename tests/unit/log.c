/* SPDX-License-Identifier: BSD-2-Clause */
/* This file tests the log: whole lines, whatever is in them. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "t.h"

#define STAMP 20 /* "2026-11-22 09:58:31 " */

static const char *
in(const char *dir, const char *file)
{
	static char path[2][256];
	static unsigned at;

	at = !at;
	snprintf(path[at], sizeof path[at], "%s/%s", dir, file);
	return path[at];
}

/* The whole file, which the caller frees. */
static char *
slurp(const char *path)
{
	struct dw_buf all = DW_BUF_INITIALIZER;
	char chunk[4096];
	size_t n;
	FILE *f = fopen(path, "r");

	while (f != NULL && (n = fread(chunk, 1, sizeof chunk, f)) > 0)
		dw_buf_add(&all, chunk, n);
	if (f != NULL)
		fclose(f);
	dw_buf_adds(&all, "");
	return dw_buf_take(&all);
}

static size_t
count(const char *s, const char *what)
{
	size_t n = 0;

	for (; (s = strstr(s, what)) != NULL; s++)
		n++;
	return n;
}

static bool
is_stamp(const char *s)
{
	static const char form[] = "dddd-dd-dd dd:dd:dd ";

	for (size_t i = 0; i < STAMP; i++)
		if (form[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != form[i])
			return false;
	return true;
}

static struct dw_log *
open_log(const char *path)
{
	struct dw_log *log = NULL;

	CHECK_INT(dw_log_open(path, &log), 0);
	return log;
}

static void
a_line_has_its_time_and_ends_once(void)
{
	const char *path = in(t_tmpdir(), "log");
	struct dw_log *log = open_log(path);
	struct stat st;
	char *all;

	dw_log(log, "session %d from %s", 3, "127.0.0.1:5");
	dw_log_close(log);
	all = slurp(path);
	CHECK(is_stamp(all));
	CHECK_STR(all + STAMP, "session 3 from 127.0.0.1:5\n");
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	free(all);
}

/* Pieces that have forged lines elsewhere, put together in many ways. */
static void
a_hostile_text_is_one_line(void)
{
	static const char *const pieces[] = {
		"\n",
		"\r\n2026-01-01 00:00:00 forged",
		"\x1b[2J",
		"\x1b[1A",
		"\xc2\x85",
		"\xe2\x80\xa8",
		"\xe2\x80\xae",
		"\x9b;31m",
		"\b\b\b\b",
		"\x7f",
	};
	const char *path = in(t_tmpdir(), "log");
	struct dw_log *log = open_log(path);
	char *all;

	for (size_t i = 0; i < 100; i++)
		dw_log(log, "name %s and%s", pieces[i / 10], pieces[i % 10]);
	dw_log_close(log);
	all = slurp(path);
	CHECK_INT(count(all, "\n"), 100);
	for (char *line = all; *line != '\0'; line = strchr(line, '\n') + 1)
		CHECK(is_stamp(line) && strncmp(line + STAMP, "name ", 5) == 0);
	for (char *p = all; *p != '\0'; p++)
		CHECK(*p == '\n' || ((unsigned char)*p >= ' ' && *p != 127));
	CHECK_INT(count(all, "\xc2\x85"), 0);
	CHECK_INT(count(all, "\xe2\x80\xa8"), 0);
	CHECK_INT(count(all, "\xe2\x80\xae"), 0);
	free(all);
}

static void
a_line_is_never_longer_than_1024_bytes(void)
{
	static const char *const fill[] = { "x", "\n", "客", "\xff",
		"e\xcc\x81" };
	const char *path = in(t_tmpdir(), "log");
	char text[9000];
	char *all;

	for (size_t f = 0; f < sizeof fill / sizeof fill[0]; f++) {
		struct dw_log *log;
		size_t n = strlen(fill[f]);

		unlink(path);
		log = open_log(path);
		for (size_t i = 0; i + n < sizeof text; i += n)
			memcpy(text + i, fill[f], n + 1);
		dw_log(log, "%s", text);
		dw_log(log, "next");
		dw_log_close(log);
		all = slurp(path);
		CHECK_INT(count(all, "\n"), 2);
		CHECK(strchr(all, '\n') - all <= 1023);
		CHECK(strchr(all, '\n') - all > 1000);
		free(all);
	}
}

static void
a_log_that_was_moved_away_is_opened_anew(void)
{
	const char *dir = t_tmpdir();
	struct dw_log *log = open_log(in(dir, "log"));
	char *old, *new;

	dw_log(log, "before");
	CHECK_INT(rename(in(dir, "log"), in(dir, "log.1")), 0);
	dw_log(log, "still");
	CHECK_INT(dw_log_reopen(log), 0);
	dw_log(log, "after");
	dw_log_close(log);
	old = slurp(in(dir, "log.1"));
	new = slurp(in(dir, "log"));
	CHECK(strstr(old, "before\n") != NULL);
	CHECK(strstr(old, "still\n") != NULL);
	CHECK_STR(new + STAMP, "after\n");
	free(old);
	free(new);
}

static void
a_log_that_cannot_be_opened_anew_goes_on_in_the_old_file(void)
{
	const char *dir = t_tmpdir();
	struct dw_log *log;
	char *all;

	CHECK_INT(mkdir(in(dir, "a"), 0700), 0);
	log = open_log(in(dir, "a/log"));
	CHECK_INT(rename(in(dir, "a"), in(dir, "b")), 0);
	CHECK_INT(dw_log_reopen(log), -ENOENT);
	dw_log(log, "kept");
	dw_log_close(log);
	all = slurp(in(dir, "b/log"));
	CHECK_STR(all + STAMP, "kept\n");
	free(all);
}

static void
no_log_and_no_folder_are_no_trouble(void)
{
	struct dw_log *log = NULL;

	dw_log(NULL, "%s", "nowhere");
	CHECK_INT(dw_log_reopen(NULL), 0);
	dw_log_close(NULL);
	CHECK_INT(dw_log_open("/nonexistent/log", &log), -ENOENT);
}

static void
without_a_path_it_is_standard_error(void)
{
	const char *path = in(t_tmpdir(), "err");
	int was = dup(STDERR_FILENO), fd = open(path, O_WRONLY | O_CREAT, 0600);
	struct dw_log *log = open_log(NULL);
	char *all;

	dup2(fd, STDERR_FILENO);
	dw_log(log, "to a person");
	CHECK_INT(dw_log_reopen(log), 0);
	dw_log_close(log);
	CHECK_INT(fcntl(STDERR_FILENO, F_GETFD), 0);
	dup2(was, STDERR_FILENO);
	close(was);
	close(fd);
	all = slurp(path);
	CHECK_STR(all + STAMP, "to a person\n");
	free(all);
}

struct writers {
	struct dw_log *log;
	int lines;
};

static void *
write_lines(void *arg)
{
	const struct writers *w = arg;

	for (int i = 0; i < w->lines; i++)
		dw_log(w->log, "line %d of a thread", i);
	return NULL;
}

static void
threads_never_mix_their_lines_nor_lose_one(void)
{
	const char *dir = t_tmpdir();
	struct writers w = { open_log(in(dir, "log")), t_size("lines", 500) };
	pthread_t thread[4];
	char *all;

	for (int i = 0; i < 4; i++)
		CHECK_INT(pthread_create(&thread[i], NULL, write_lines, &w), 0);
	for (int i = 0; i < 20; i++)
		CHECK_INT(dw_log_reopen(w.log), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	dw_log_close(w.log);
	all = slurp(in(dir, "log"));
	CHECK_INT(count(all, "\n"), 4 * w.lines);
	CHECK_INT(count(all, " of a thread\n"), 4 * w.lines);
	free(all);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_line_has_its_time_and_ends_once),
		T(a_hostile_text_is_one_line),
		T(a_line_is_never_longer_than_1024_bytes),
		T(a_log_that_was_moved_away_is_opened_anew),
		T(a_log_that_cannot_be_opened_anew_goes_on_in_the_old_file),
		T(no_log_and_no_folder_are_no_trouble),
		T(without_a_path_it_is_standard_error),
		T(threads_never_mix_their_lines_nor_lose_one),
	};

	return t_main("log", cases, sizeof cases / sizeof cases[0]);
}
