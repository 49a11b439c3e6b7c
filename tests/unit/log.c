/* SPDX-License-Identifier: BSD-2-Clause */
/* This file tests the log: whole lines, whatever is in them. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/text.h"
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

	CHECK_INT(dw_log_open(path, NULL, &log), 0);
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
	CHECK_INT(dw_log_open("/nonexistent/log", NULL, &log), -ENOENT);
}

static void
without_a_path_it_is_standard_error(void)
{
	const char *path = in(t_tmpdir(), "err");
	int was = dup(STDERR_FILENO), fd = open(path, O_WRONLY | O_CREAT, 0600);
	struct dw_log *log;
	char *all;

	dup2(fd, STDERR_FILENO);
	log = open_log(NULL);
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

/* ---- logs that take nothing ---- */

/* Rows of one size, numbered from 1, until some are lost. */
static int
fill(struct dw_log *log)
{
	static char x[900];
	int n = 0;

	memset(x, 'x', sizeof x - 1);
	while (!dw_log_is_losing(log))
		dw_log(log, "%07d %s", ++n, x);
	return n;
}

/* What is there to be read, until `words` are there or the end. */
static char *
read_until(int fd, const char *words)
{
	struct dw_buf all = DW_BUF_INITIALIZER;
	struct pollfd p = { fd, POLLIN, 0 };
	char chunk[4096];
	ssize_t n;

	while (strstr(dw_buf_str(&all), words) == NULL && poll(&p, 1, -1) > 0 &&
	    (n = read(fd, chunk, sizeof chunk)) > 0)
		dw_buf_add(&all, chunk, (size_t)n);
	return dw_buf_take(&all);
}

/* Rows from `first` on, each whole and in order; returns the number that the
 * last of them has. */
static int
last_in_order(const char *all, int first)
{
	int n = first - 1;

	for (const char *line = all; *line != '\0';
	    line = strchr(line, '\n') + 1) {
		if (strchr(line, '\n') == NULL || atoi(line + STAMP) != n + 1 ||
		    strchr(line, '\n') - line != STAMP + 8 + 899)
			break;
		n++;
	}
	return n;
}

static void
what_a_log_did_not_take_is_counted_in_a_row(void)
{
	const char *path = in(t_tmpdir(), "fifo");
	struct dw_log *log;
	char *all, row[64];
	int fd, n, kept;

	CHECK_INT(mkfifo(path, 0600), 0);
	log = open_log(path); /* nobody reads it */
	n = fill(log);
	CHECK(n > 500);
	dw_log(log, "one more");
	fd = open(path, O_RDONLY);
	all = read_until(fd, "were lost");
	kept = last_in_order(all, 1);
	snprintf(row, sizeof row, " %d rows were lost", n + 1 - kept);
	CHECK(strstr(all, row) != NULL);
	free(all);
	dw_log(log, "and so it goes on");
	all = read_until(fd, "goes on\n");
	CHECK(!dw_log_is_losing(log));
	CHECK_INT(dw_log_close(log), 0);
	free(all);
	close(fd);
}

static void
a_log_that_takes_nothing_does_not_keep_its_end(void)
{
	const char *path = in(t_tmpdir(), "fifo");
	struct dw_log *log;
	int fd, n, lost;
	char *all;

	CHECK_INT(mkfifo(path, 0600), 0);
	log = open_log(path);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	n = fill(log);
	lost = (int)dw_log_close(log);
	all = read_until(fd, "until the end");
	CHECK(lost > 500);
	CHECK_INT(last_in_order(all, 1), n - lost);
	CHECK_INT(count(all, "\n"), n - lost); /* whole rows and no more */
	free(all);
	close(fd);
}

static void
a_log_that_takes_nothing_can_be_moved_away(void)
{
	const char *dir = t_tmpdir();
	struct dw_log *log;
	int fd, n, went;
	char *old, *new;

	CHECK_INT(mkfifo(in(dir, "log"), 0600), 0);
	log = open_log(in(dir, "log"));
	fd = open(in(dir, "log"), O_RDONLY | O_NONBLOCK);
	n = fill(log);
	CHECK_INT(rename(in(dir, "log"), in(dir, "log.1")), 0);
	CHECK_INT(dw_log_reopen(log), 0);
	CHECK_INT(dw_log_close(log), 0);
	old = read_until(fd, "until the end");
	went = last_in_order(old, 1);
	CHECK(went > 0);
	new = slurp(in(dir, "log"));
	CHECK_INT(last_in_order(new, went + 1) + 1, n);
	CHECK(strstr(new, " 1 row was lost") != NULL);
	free(old);
	free(new);
	close(fd);
}

static void
set_file_size(rlim_t most)
{
	struct rlimit r;

	getrlimit(RLIMIT_FSIZE, &r);
	r.rlim_cur = most;
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static void
a_full_disk_tears_one_row_and_its_end_is_told(void)
{
	const char *path = in(t_tmpdir(), "log");
	struct dw_log *log = open_log(path);
	char *all, *torn;

	signal(SIGXFSZ, SIG_IGN);
	set_file_size(110);
	dw_log(log, "%060d", 1);
	dw_log(log, "%060d", 2);
	while (!dw_log_is_losing(log))
		dw_log(log, "%060d", 3);
	set_file_size(RLIM_INFINITY);
	dw_log(log, "room again");
	CHECK_INT(dw_log_close(log), 0);
	all = slurp(path);
	torn = strchr(all, '\n') + 1;
	CHECK(is_stamp(torn));
	CHECK_INT(strchr(torn, '\n') - all, 110);
	CHECK(strstr(all, "lost because the log took none\n") != NULL);
	CHECK(strstr(all, " room again\n") != NULL);
	free(all);
}

/* The time limit of the test is that of a ring. */
static void
hear(struct dw_wake *news)
{
	struct pollfd p = { news->rd, POLLIN, 0 };

	CHECK_INT(poll(&p, 1, -1), 1);
	dw_wake_clear(news);
}

static void
a_log_rings_when_it_begins_to_lose_rows_and_when_that_is_over(void)
{
	const char *path = in(t_tmpdir(), "log");
	struct dw_log *log = NULL;
	struct dw_wake news;

	signal(SIGXFSZ, SIG_IGN);
	CHECK_INT(dw_wake_init(&news), 0);
	CHECK_INT(dw_log_open(path, &news, &log), 0);
	for (int i = 0; i < 3; i++) {
		set_file_size(1);
		dw_log(log, "lost");
		hear(&news);
		CHECK(dw_log_is_losing(log));
		CHECK_INT(dw_log_error(log), EFBIG);
		set_file_size(RLIM_INFINITY);
		dw_log(log, "room again");
		hear(&news);
		CHECK(!dw_log_is_losing(log));
		CHECK_INT(dw_log_error(log), 0);
		CHECK_INT(truncate(path, 1), 0);
	}
	CHECK_INT(dw_log_close(log), 0);
	dw_wake_fini(&news);
}

static void
a_stopped_terminal_gets_its_rows_when_it_goes_on(void)
{
	struct dw_log *log;
	struct termios tio;
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave, n;
	const char *name;
	char *all;

	if (!CHECK(master >= 0 && grantpt(master) == 0 &&
		unlockpt(master) == 0))
		return;
	name = ptsname(master);
	slave = open(name, O_RDWR | O_NOCTTY);
	CHECK_INT(tcgetattr(slave, &tio), 0);
	tio.c_oflag &= ~(tcflag_t)OPOST;
	CHECK_INT(tcsetattr(slave, TCSANOW, &tio), 0);
	log = open_log(name);
	CHECK_INT(tcflow(slave, TCOOFF), 0);
	n = fill(log);
	CHECK_INT(tcflow(slave, TCOON), 0);
	all = read_until(master, "was lost");
	CHECK_INT(last_in_order(all, 1) + 1, n);
	free(all);
	CHECK_INT(tcflow(slave, TCOOFF), 0);
	dw_log(log, "nobody sees this");
	CHECK_INT(dw_log_close(log), 1);
	close(slave);
	close(master);
}

/* The shell that started us goes on with the same pipe or terminal. */
static void
what_others_share_is_not_made_nonblocking(void)
{
	int was = dup(STDERR_FILENO), fds[2], n;
	struct dw_log *log;
	char *all;

	CHECK_INT(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	log = open_log(NULL);
	n = fill(log);
	CHECK_INT(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0);
	all = read_until(fds[0], "was lost");
	CHECK_INT(last_in_order(all, 1) + 1, n);
	CHECK_INT(dw_log_close(log), 0);
	dup2(was, STDERR_FILENO);
	close(was);
	close(fds[0]);
	close(fds[1]);
	free(all);
}

static void
a_log_whose_reader_has_gone_counts_what_it_loses(void)
{
	int was = dup(STDERR_FILENO), fds[2];
	struct dw_log *log;

	signal(SIGPIPE, SIG_IGN);
	CHECK_INT(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	log = open_log(NULL);
	close(fds[0]);
	dw_log(log, "to nobody");
	dw_log(log, "nor this");
	CHECK_INT(dw_log_close(log), 2);
	dup2(was, STDERR_FILENO);
	close(was);
	close(fds[1]);
}

/* ---- its forms ---- */

static struct dw_log *
open_as(const char *path, unsigned form)
{
	struct dw_log *log = NULL;

	CHECK_INT(dw_log_open_as(path, form, NULL, &log), 0);
	return log;
}

/* One row of these, in that form; the caller frees it. */
static char *
row_of(const char *dir, unsigned form, const struct dw_log_field *fields,
    size_t n, const void *text, size_t len)
{
	const char *path = in(dir, "log");
	struct dw_log *log;

	remove(path);
	log = open_as(path, form);
	dw_log_row(log, DW_LOG_WARNING, fields, n, text, len);
	CHECK_INT(dw_log_close(log), 0);
	return slurp(path);
}

/* Behind the time, which is {"t":"2026-11-22T09:58:31.004Z",… */
#define JSON_TIME 32

static const char *
after_time(const char *row)
{
	static const char form[] = "{\"t\":\"dddd-dd-ddTdd:dd:dd.dddZ\",";
	size_t i;

	_Static_assert(sizeof form - 1 == JSON_TIME, "the whole of it");
	for (i = 0; form[i] != '\0'; i++)
		if (form[i] == 'd' ? row[i] < '0' || row[i] > '9' :
				     row[i] != form[i])
			return "";
	return row + i;
}

static const struct dw_log_field some[] = {
	{ "what", "refused", 0 },
	{ "addr", "192.0.2.0/24", 0 },
	{ "sid", NULL, 7 },
};

static void
a_row_has_its_facts_in_each_form(void)
{
	const char *dir = t_tmpdir();
	char *text = row_of(dir, 0, some, 3, "it is banned", 12);
	char *journal =
	    row_of(dir, DW_LOG_JOURNAL, some, 3, "it is banned", 12);
	char *json = row_of(dir, DW_LOG_JSON, some, 3, "it is banned", 12);
	char *both = row_of(dir, DW_LOG_JSON | DW_LOG_JOURNAL, some, 3,
	    "it is banned", 12);
	static const char object[] = "\"level\":\"warning\","
				     "\"what\":\"refused\","
				     "\"addr\":\"192.0.2.0/24\",\"sid\":7,"
				     "\"text\":\"it is banned\"}\n";

	CHECK(is_stamp(text));
	CHECK_STR(text + STAMP,
	    "refused addr=192.0.2.0/24 sid=7: it is banned\n");
	CHECK_STR(journal,
	    "<4>refused addr=192.0.2.0/24 sid=7: it is banned\n");
	CHECK_STR(after_time(json), object);
	CHECK(strncmp(both, "<4>", 3) == 0);
	CHECK_STR(after_time(both + 3), object);
	free(text);
	free(journal);
	free(json);
	free(both);
}

static void
a_row_without_facts_has_a_level_too(void)
{
	const char *path = in(t_tmpdir(), "log");
	struct dw_log *log = open_as(path, DW_LOG_JOURNAL);
	char *all;

	dw_log(log, "<0>listening");
	dw_log_plain(log, "on %s", "127.0.0.1:1");
	dw_log_close(log);
	all = slurp(path);
	CHECK_STR(all, "<6><0>listening\n<6>on 127.0.0.1:1\n");
	free(all);
}

/* Of RFC 8259, a string without escapes of control characters.  Returns what
 * stands behind it; NULL: it is none. */
static const char *
skip_string(const char *s)
{
	if (*s++ != '"')
		return NULL;
	while (*s != '"') {
		if ((unsigned char)*s < ' ')
			return NULL;
		if (*s == '\\' && s[1] != '\\' && s[1] != '"')
			return NULL;
		s += *s == '\\' ? 2 : 1;
	}
	return s + 1;
}

static const char *
skip_value(const char *s)
{
	if (*s == '"')
		return skip_string(s);
	if (*s < '0' || *s > '9')
		return NULL;
	return s + strspn(s, "0123456789");
}

/* One object of strings and numbers in a row of its own, and nothing else. */
static bool
is_object(const char *row, size_t members)
{
	size_t len = strlen(row), n = 0;
	const char *s = row;

	if (dw_text_valid(row, len) != len || *s != '{')
		return false;
	do {
		n++;
		if ((s = skip_string(s + 1)) == NULL || *s != ':' ||
		    (s = skip_value(s + 1)) == NULL)
			return false;
	} while (*s == ',');
	return strcmp(s, "}\n") == 0 && n == members;
}

static const char *const hostile[] = {
	"\n{\"t\":\"\"}\n",
	"\",\"level\":\"error",
	"\\",
	"\\\"",
	"\x1b[2J\x1b]0;x\x07",
	"\xe2\x80\xa8\xe2\x80\xa9\xc2\x85",
	"\xe2\x80\xaexyz",
	"\xff\xfe\xed\xa0\x80\xc0\x80",
	"\xe5\xae",
	"a=b why=forged: x",
	"\r2026-01-01 00:00:00 started: ",
	"<0>",
	"x:",
};
#define HOSTILE (sizeof hostile / sizeof hostile[0])

/* A long text of them, from the ith one on. */
static struct dw_buf
much_of(size_t i, size_t len)
{
	struct dw_buf b = DW_BUF_INITIALIZER;

	while (b.len < len)
		dw_buf_adds(&b, hostile[i++ % HOSTILE]);
	b.len = len;
	return b;
}

static void
a_hostile_row_is_one_object_also_where_it_is_cut(void)
{
	const char *dir = t_tmpdir();
	size_t most = 0;

	for (size_t i = 0; i < HOSTILE; i++)
		for (size_t len = 0; len < 1200; len += len < 400 ? 97 : 7) {
			const struct dw_log_field f[] = {
				{ "what", "said", 0 },
				{ "who", hostile[i], 0 },
			};
			struct dw_buf text = much_of(i, len);
			char *row = row_of(dir, DW_LOG_JSON, f, 2,
			    dw_buf_str(&text), text.len);

			if (!CHECK(is_object(row, 5)) ||
			    !CHECK(strlen(row) <= 1024))
				fprintf(stderr, "%s\n", row);
			if (strlen(row) > most)
				most = strlen(row);
			free(row);
			dw_buf_fini(&text);
		}
	CHECK(most > 1000);
}

static void
the_longest_facts_leave_room_for_a_text(void)
{
	const char *dir = t_tmpdir();
	char quotes[200];
	struct dw_log_field f[DW_LOG_FIELDS];
	char *row;

	memset(quotes, '"', sizeof quotes - 1);
	quotes[sizeof quotes - 1] = '\0';
	for (size_t i = 0; i < DW_LOG_FIELDS; i++)
		f[i] = (struct dw_log_field){ "suppressed", quotes, 0 };
	row = row_of(dir, DW_LOG_JSON | DW_LOG_JOURNAL, f, DW_LOG_FIELDS,
	    quotes, sizeof quotes - 1);
	CHECK(is_object(row + 3, DW_LOG_FIELDS + 3));
	CHECK(strlen(row) <= 1024);
	free(row);
}

/* What people read: a key of ours stands once, and before the first ": ". */
static void
no_fact_of_a_row_can_be_forged(void)
{
	const char *dir = t_tmpdir();

	for (size_t i = 0; i < HOSTILE; i++) {
		const struct dw_log_field f[] = {
			{ "what", "said", 0 },
			{ "who", hostile[i], 0 },
		};
		char *row = row_of(dir, 0, f, 2, "why=forged: text", 16);
		char *head = row + STAMP, *end = strstr(head, ": ");

		CHECK(is_stamp(row));
		CHECK(strncmp(head, "said who=", 9) == 0);
		CHECK_INT(count(row, "\n"), 1);
		if (!CHECK(end != NULL))
			continue;
		*end = '\0';
		CHECK_INT(count(head, " "), 1);
		CHECK_STR(end + 2, "why=forged: text\n");
		free(row);
	}
}

static void
what_was_lost_is_told_in_the_form_of_the_log(void)
{
	struct rlimit was, none = { 0, 0 };
	const char *path = in(t_tmpdir(), "log");
	struct dw_log *log = open_as(path, DW_LOG_JSON);
	struct pollfd pause = { -1, 0, 0 };
	char *all;

	signal(SIGXFSZ, SIG_IGN);
	CHECK_INT(getrlimit(RLIMIT_FSIZE, &was), 0);
	none.rlim_max = was.rlim_max;
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &none), 0);
	dw_log(log, "lost");
	while (!dw_log_is_losing(log))
		poll(&pause, 1, 1);
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &was), 0);
	dw_log(log, "room again");
	CHECK_INT(dw_log_close(log), 0);
	all = slurp(path);
	*(strchr(all, '\n') + 1) = '\0';
	CHECK(is_object(all, 4));
	CHECK_STR(after_time(all),
	    "\"level\":\"error\",\"what\":\"lost\",\"text\":\"1 row was lost "
	    "because the log took none\"}\n");
	free(all);
}

static void
only_what_the_journal_was_told_of_is_the_journal(void)
{
	char told[64];
	struct stat st;

	CHECK_INT(fstat(STDERR_FILENO, &st), 0);
	unsetenv("JOURNAL_STREAM");
	CHECK_INT(dw_log_stderr_form(), 0);
	snprintf(told, sizeof told, "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", told, 1);
	CHECK_INT(dw_log_stderr_form(), DW_LOG_JOURNAL);
	snprintf(told, sizeof told, "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino + 1);
	setenv("JOURNAL_STREAM", told, 1);
	CHECK_INT(dw_log_stderr_form(), 0);
	setenv("JOURNAL_STREAM", "", 1);
	CHECK_INT(dw_log_stderr_form(), 0);
	unsetenv("JOURNAL_STREAM");
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
		T(what_a_log_did_not_take_is_counted_in_a_row),
		T(a_log_that_takes_nothing_does_not_keep_its_end),
		T(a_log_that_takes_nothing_can_be_moved_away),
		T(a_full_disk_tears_one_row_and_its_end_is_told),
		T(a_log_rings_when_it_begins_to_lose_rows_and_when_that_is_over),
		T(a_stopped_terminal_gets_its_rows_when_it_goes_on),
		T(what_others_share_is_not_made_nonblocking),
		T(a_log_whose_reader_has_gone_counts_what_it_loses),
		T(a_row_has_its_facts_in_each_form),
		T(a_row_without_facts_has_a_level_too),
		T(a_hostile_row_is_one_object_also_where_it_is_cut),
		T(the_longest_facts_leave_room_for_a_text),
		T(no_fact_of_a_row_can_be_forged),
		T(what_was_lost_is_told_in_the_form_of_the_log),
		T(only_what_the_journal_was_told_of_is_the_journal),
	};

	return t_main("log", cases, sizeof cases / sizeof cases[0]);
}
