/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file is what every C test shares: checks, time limits, folders. */
#include "config.h"

#include <ftw.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CUnit/CUnit.h>
#include <CUnit/TestDB.h>
#include <CUnit/TestRun.h>

#include "size.h"
#include "t.h"

#define LIMIT_S  60
#define MAX_DIRS 256
#define SHARES   4

/*
 * The program's one run.  `number` is that of the test begun last, and the next
 * one of this process comes `step` behind it; late[] is what the
 * alarm writes, made ready before the alarm is set because a signal handler
 * may not format.
 */
static struct {
	const char *suite;
	pthread_t thread;
	unsigned number, step;
	unsigned failures;
	bool setup_failed;
	char late[512];
	const char *skipped; /* why the one that runs is */
	char dirs[MAX_DIRS][24];
	unsigned n_dirs;
} run;

static unsigned
limit_s(void)
{
	const char *value = getenv("T_LIMIT_S");

	if (value != NULL && *value != '\0')
		return (unsigned)strtoul(value, NULL, 10);
	return t_tenths() > 10 ? 10 * LIMIT_S : LIMIT_S;
}

int
t_size(const char *what, int middle)
{
	int size = (int)((int64_t)middle * t_tenths() / 10);

	if (size < 1)
		size = 1;
	printf("# %s: %d\n", what, size);
	return size;
}

/* A sentence out of a function's name. */
static const char *
sentence(const char *name, char *buf, size_t size)
{
	snprintf(buf, size, "%s", name);
	for (char *p = buf; *p != '\0'; p++) {
		if (*p == '_')
			*p = ' ';
	}
	return buf;
}

static void
only_on_the_tests_thread(struct t_at at)
{
	if (pthread_equal(pthread_self(), run.thread))
		return;
	fprintf(stderr, "%s:%d CHECK outside of the test's own thread\n",
	    at.file, at.line);
	abort();
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	remove(path);
	return 0;
}

static void
remove_dirs(void)
{
	while (run.n_dirs > 0)
		nftw(run.dirs[--run.n_dirs], remove_one, 16,
		    FTW_DEPTH | FTW_PHYS);
}

/* Said at once, so that it is not lost when the program dies later. */
static bool
verdict(struct t_at at, bool holds, const char *what)
{
	if (!holds)
		run.failures++;
	fflush(stdout);
	CU_assertImplementation(holds, (unsigned)at.line, what, at.file, "",
	    CU_FALSE);
	if (!holds && getenv("T_FIRST") != NULL) {
		printf("not ok %u - %s: %s\n", run.number, run.suite,
		    CU_get_current_test()->pName);
		fflush(stdout);
		remove_dirs();
		_exit(1);
	}
	return holds;
}

bool
t_check(struct t_at at, bool holds, const char *what)
{
	only_on_the_tests_thread(at);
	if (!holds)
		printf("# %s:%d got false, want %s\n", at.file, at.line, what);
	return verdict(at, holds, what);
}

bool
t_check_int(struct t_at at, intmax_t got, intmax_t want, const char *what)
{
	only_on_the_tests_thread(at);
	if (got != want)
		printf("# %s:%d got %jd, want %jd: %s\n", at.file, at.line, got,
		    want, what);
	return verdict(at, got == want, what);
}

/* Quoted on one line, whatever it holds; UTF-8 stays readable. */
static void
print_bytes(const char *label, const void *data, size_t len)
{
	const unsigned char *p = data;

	printf("%s", label);
	if (p == NULL) {
		printf("NULL");
		return;
	}
	putchar('"');
	for (size_t i = 0; i < len; i++) {
		if (p[i] < ' ' || p[i] == 0x7f || p[i] == '"' || p[i] == '\\')
			printf("\\x%02x", p[i]);
		else
			putchar(p[i]);
	}
	printf("\" (%zu)", len);
}

static bool
same(const void *got, size_t gotlen, const void *want, size_t wantlen)
{
	if (got == NULL || want == NULL)
		return got == want && gotlen == wantlen;
	return gotlen == wantlen && memcmp(got, want, gotlen) == 0;
}

bool
t_check_mem(struct t_at at, const void *got, size_t gotlen, const void *want,
    size_t wantlen, const char *what)
{
	bool holds = same(got, gotlen, want, wantlen);

	only_on_the_tests_thread(at);
	if (!holds) {
		printf("# %s:%d ", at.file, at.line);
		print_bytes("got ", got, gotlen);
		print_bytes(", want ", want, wantlen);
		printf(": %s\n", what);
	}
	return verdict(at, holds, what);
}

bool
t_check_str(struct t_at at, const char *got, const char *want, const char *what)
{
	return t_check_mem(at, got, got == NULL ? 0 : strlen(got), want,
	    want == NULL ? 0 : strlen(want), what);
}

void
t_skip(const char *why)
{
	run.skipped = why;
}

const char *
t_tmpdir(void)
{
	char *dir;

	if (run.n_dirs == MAX_DIRS) {
		fprintf(stderr, "more than %d folders in a test\n", MAX_DIRS);
		abort();
	}
	dir = run.dirs[run.n_dirs];
	memcpy(dir, "/tmp/dwXXXXXX", sizeof "/tmp/dwXXXXXX");
	if (mkdtemp(dir) == NULL) {
		perror("mkdtemp");
		abort();
	}
	run.n_dirs++;
	return dir;
}

/*
 * Ends the program from a signal handler, where no folder can be removed: a
 * shell takes the program's place, removes them and ends in the given way.
 */
static void
remove_dirs_and(char *how)
{
	static char *argv[MAX_DIRS + 5] = { "sh", "-c", NULL, "sh" };
	sigset_t all;

	argv[2] = how;
	for (unsigned i = 0; i < run.n_dirs; i++)
		argv[4 + i] = run.dirs[i];
	sigfillset(&all);
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	execv("/bin/sh", argv);
}

/* What was printed before is flushed at each test's start and CHECK. */
static void
too_late(int sig)
{
	static char how[] = "rm -rf \"$@\"; exit 1";

	(void)sig;
	if (write(STDOUT_FILENO, run.late, strlen(run.late)) < 0)
		_exit(2);
	if (run.n_dirs > 0)
		remove_dirs_and(how);
	_exit(1);
}

/* An assertion failed. */
static void
aborted(int sig)
{
	static char how[] = "rm -rf \"$@\"; kill -s ABRT $$";

	(void)sig;
	if (run.n_dirs > 0)
		remove_dirs_and(how);
}

static void
begin(const CU_pTest test, const CU_pSuite suite)
{
	unsigned limit = limit_s();

	(void)suite;
	run.number += run.step;
	run.skipped = NULL;
	snprintf(run.late, sizeof run.late,
	    "\nnot ok %u - %s: %s (time limit of %u s)\n", run.number,
	    run.suite, test->pName, limit);
	fflush(stdout);
	alarm(limit);
}

static void
end(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord failed)
{
	(void)suite;
	alarm(0);
	printf("%s %u - %s: %s%s%s\n", failed == NULL ? "ok" : "not ok",
	    run.number, run.suite, test->pName,
	    run.skipped != NULL ? " # SKIP " : "",
	    run.skipped != NULL ? run.skipped : "");
	fflush(stdout);
	remove_dirs();
}

static void
no_setup(const CU_pSuite suite)
{
	run.setup_failed = true;
	printf("Bail out! %s: the suite's set-up failed\n", suite->pName);
}

static bool
have_names_of_their_own(const struct t_case *cases, size_t n)
{
	char name[256];

	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(cases[i].name, cases[j].name) != 0)
				continue;
			printf("Bail out! %s: two tests are named: %s\n",
			    run.suite,
			    sentence(cases[i].name, name, sizeof name));
			return false;
		}
	}
	return true;
}

/* Those of one share, which begins with the first one.  Returns how many, or -1
 * if that is not possible. */
static int
add_share(CU_pSuite suite, const struct t_case *cases, size_t n, size_t first)
{
	char name[256];
	int added = 0;

	for (size_t i = first; i < n; i += run.step) {
		sentence(cases[i].name, name, sizeof name);
		if (CU_add_test(suite, name, cases[i].run) == NULL) {
			printf("Bail out! %s\n", CU_get_error_msg());
			return -1;
		}
		added++;
	}
	return added;
}

static void
watch_the_time(void)
{
	struct sigaction sa = { .sa_handler = too_late };
	sigset_t set;

	sigemptyset(&sa.sa_mask);
	sigaction(SIGALRM, &sa, NULL);
	sa.sa_handler = aborted;
	sigaction(SIGABRT, &sa, NULL);
	/* A job that a shell began with & ignores it. */
	sa.sa_handler = SIG_DFL;
	sigaction(SIGINT, &sa, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* Did everything run, and did everything hold? */
static bool
all_is_well(unsigned n)
{
	return !run.setup_failed && run.failures == 0 &&
	    CU_get_number_of_tests_run() == n &&
	    CU_get_number_of_failure_records() == 0;
}

static bool
run_share(int (*setup)(void), const struct t_case *cases, size_t n,
    size_t first)
{
	CU_pSuite suite;
	bool well = false;
	int added;

	run.number = (unsigned)first + 1 - run.step;
	CU_initialize_registry();
	CU_set_error_action(CUEA_IGNORE);
	CU_set_test_start_handler(begin);
	CU_set_test_complete_handler(end);
	CU_set_suite_init_failure_handler(no_setup);
	suite = CU_add_suite(run.suite, setup, NULL);
	if (suite != NULL && (added = add_share(suite, cases, n, first)) >= 0) {
		watch_the_time();
		CU_run_all_tests();
		well = all_is_well((unsigned)added);
	}
	CU_cleanup_registry();
	return well;
}

/* What a process prints of its share comes through out. */
struct share {
	pid_t pid;
	FILE *out;
};

static bool
start_share(struct share *shares, size_t k, int (*setup)(void),
    const struct t_case *cases, size_t n)
{
	int fds[2];

	if (pipe(fds) < 0)
		return false;
	fflush(stdout);
	if ((shares[k].pid = fork()) == 0) {
		for (size_t i = 0; i < k; i++)
			fclose(shares[i].out);
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		close(fds[1]);
		exit(run_share(setup, cases, n, k) ? 0 : 1);
	}
	close(fds[1]);
	shares[k].out = fdopen(fds[0], "r");
	return shares[k].pid > 0 && shares[k].out != NULL;
}

/* One test's, with its verdict as the last row.  False if it has none. */
static bool
pass_on_test(FILE *out)
{
	char *row = NULL;
	size_t size = 0;
	bool is_over = false;

	while (!is_over && getline(&row, &size, out) >= 0) {
		fputs(row, stdout);
		is_over = strncmp(row, "ok ", 3) == 0 ||
		    strncmp(row, "not ok ", 7) == 0;
	}
	fflush(stdout);
	free(row);
	return is_over;
}

/* Waits for a share's end, with what it prints behind its last test. */
static bool
end_share(struct share *share)
{
	int status = -1;

	while (pass_on_test(share->out))
		continue;
	fclose(share->out);
	waitpid(share->pid, &status, 0);
	if (WIFSIGNALED(status))
		printf("# %s: ended by signal %d\n", run.suite,
		    WTERMSIG(status));
	return status == 0;
}

static bool
run_shares(int (*setup)(void), const struct t_case *cases, size_t n)
{
	struct share shares[SHARES];
	bool well = true;

	for (size_t k = 0; k < SHARES; k++) {
		if (!start_share(shares, k, setup, cases, n)) {
			perror("a share of the tests");
			exit(1);
		}
	}
	for (size_t i = 0; i < n; i++)
		well = pass_on_test(shares[i % SHARES].out) && well;
	for (size_t k = 0; k < SHARES; k++)
		well = end_share(&shares[k]) && well;
	return well;
}

static int
run_all(const char *suite, int (*setup)(void), const struct t_case *cases,
    size_t n, unsigned step)
{
	bool well;

	setlocale(LC_ALL, "C.UTF-8");
	run.suite = suite;
	run.thread = pthread_self();
	run.step = step;
	if (!have_names_of_their_own(cases, n))
		return 1;
	printf("1..%zu\n", n);
	well = step == 1 ? run_share(setup, cases, n, 0) :
			   run_shares(setup, cases, n);
	return well ? 0 : 1;
}

int
t_main_setup(const char *suite, int (*setup)(void), const struct t_case *cases,
    size_t n)
{
	return run_all(suite, setup, cases, n, 1);
}

int
t_main(const char *suite, const struct t_case *cases, size_t n)
{
	return run_all(suite, NULL, cases, n, 1);
}

int
t_main_shared(const char *suite, int (*setup)(void), const struct t_case *cases,
    size_t n)
{
	return run_all(suite, setup, cases, n,
	    getenv("T_FIRST") != NULL ? 1 : SHARES);
}
