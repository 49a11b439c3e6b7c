/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The harness under test: everything that must make a program fail does. */
#include "config.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t.h"

/* What t_victim printed in the mode asked for last. */
static char output[8192];

/* make check says where it built it. */
static const char *
victim(void)
{
	static char path[PATH_MAX + 32];
	const char *dir = getenv("top_builddir");

	snprintf(path, sizeof path, "%s/tests/unit/t_victim",
	    dir != NULL ? dir : ".");
	return path;
}

/* Returns the exit status, or 128 and more when a signal ended it. */
static int
run_victim_at(const char *size, const char *mode)
{
	char command[PATH_MAX + 128];
	size_t len;
	FILE *f;
	int status;

	snprintf(command, sizeof command,
	    "exec env T_SIZE=%s T_LIMIT_S=%s '%s' %s 2>&1", size,
	    strcmp(mode, "endless") == 0 ? "1" : "50", victim(), mode);
	f = popen(command, "r");
	if (f == NULL)
		return -1;
	len = fread(output, 1, sizeof output - 1, f);
	output[len] = '\0';
	status = pclose(f);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int
run_victim(const char *mode)
{
	return run_victim_at("", mode);
}

static bool
said(const char *text)
{
	return strstr(output, text) != NULL;
}

static void
a_program_whose_checks_hold_succeeds(void)
{
	CHECK_INT(run_victim("well"), 0);
	CHECK(said("1..2\n"));
	CHECK(said("ok 1 - victim: all is well\n"));
	CHECK(!said("not ok"));
}

static void
a_wrong_number_fails_and_shows_both(void)
{
	CHECK_INT(run_victim("sum"), 1);
	CHECK(said("ok 1 - victim: all is well\n"));
	CHECK(said("not ok 2 - victim: a sum is wrong\n"));
	CHECK(said("got 2, want 3: 1 + 1\n"));
}

static void
a_wrong_text_fails_and_stays_on_one_line(void)
{
	CHECK_INT(run_victim("text"), 1);
	CHECK(said("got \"a\\x0a\" (2), want \"b\" (1)"));
	CHECK_INT(run_victim("missing"), 1);
	CHECK(said("got NULL, want \"\" (0)"));
}

static void
wrong_bytes_fail(void)
{
	CHECK_INT(run_victim("bytes"), 1);
	CHECK(said("got \"ab\" (2), want \"abc\" (3)"));
}

static void
a_wrong_claim_fails_and_is_named(void)
{
	CHECK_INT(run_victim("claim"), 1);
	CHECK(said("got false, want 1 > 2\n"));
}

static void
a_suite_whose_setup_fails_is_a_failure(void)
{
	CHECK_INT(run_victim("setup"), 1);
	CHECK(said("Bail out! victim: the suite's set-up failed\n"));
}

static void
a_name_used_twice_is_a_failure(void)
{
	CHECK_INT(run_victim("twice"), 1);
	CHECK(said("Bail out! victim: two tests are named: all is well\n"));
	CHECK(!said("\nok 1"));
}

/* Is the folder that the victim has said it made not there any more? */
static void
check_folder_is_gone(void)
{
	const char *at = strstr(output, "# path ");
	char path[64];

	if (!CHECK(at != NULL && sscanf(at, "# path %63s", path) == 1))
		return;
	*strrchr(path, '/') = '\0';
	CHECK_INT(access(path, F_OK), -1);
	CHECK(strncmp(path, "/tmp/dw", 7) == 0);
}

static void
a_test_that_never_ends_is_stopped_and_named_and_leaves_no_folder(void)
{
	CHECK_INT(run_victim("endless"), 1);
	check_folder_is_gone();
	CHECK(said("not ok 2 - victim: it never ends (time limit of 1 s)\n"));
}

static void
a_check_on_another_thread_stops_the_program(void)
{
	CHECK(run_victim("elsewhere") != 0);
	CHECK(said("CHECK outside of the test's own thread"));
}

static void
a_folder_is_gone_after_its_test(void)
{
	CHECK_INT(run_victim("well"), 0);
	check_folder_is_gone();
}

static void
a_folder_is_gone_also_when_the_program_is_aborted(void)
{
	CHECK_INT(run_victim_at("huge", "well"), 128 + SIGABRT);
	check_folder_is_gone();
}

static void
there_are_three_sizes_and_the_smallest_is_usual(void)
{
	CHECK_INT(run_victim_at("full", "well"), 0);
	CHECK(said("# size 1000\n"));
	CHECK_INT(run_victim_at("middle", "well"), 0);
	CHECK(said("# size 100\n"));
	CHECK_INT(run_victim_at("small", "well"), 0);
	CHECK(said("# size 10\n"));
	CHECK_INT(run_victim("well"), 0);
	CHECK(said("# size 10\n"));
	CHECK(run_victim_at("huge", "well") != 0);
}

/* In this order, each once. */
static void
check_order(const char *const *rows, size_t n)
{
	const char *at = output;

	for (size_t i = 0; i < n; i++) {
		if (!CHECK((at = strstr(at, rows[i])) != NULL))
			return;
		at += strlen(rows[i]);
		CHECK(strstr(at, rows[i]) == NULL);
	}
}

static void
shares_of_the_tests_are_printed_in_order(void)
{
	static const char *const rows[] = { "1..6\n",
		"ok 1 - victim: all is well\n", "# size 10\n",
		"ok 2 - victim: a folder is used\n",
		"ok 3 - victim: another is well\n",
		"ok 4 - victim: a third is well\n", "got 2, want 3: 1 + 1\n",
		"not ok 5 - victim: a sum is wrong\n", "want \"b\" (1)",
		"not ok 6 - victim: a text is wrong\n" };

	CHECK_INT(run_victim("many"), 1);
	check_order(rows, sizeof rows / sizeof rows[0]);
	CHECK_INT(run_victim("shared"), 0);
	check_folder_is_gone();
}

static void
a_share_that_aborts_fails_and_the_others_run(void)
{
	CHECK_INT(run_victim("aborts"), 1);
	CHECK(said("1..5\n"));
	CHECK(!said("ok 2"));
	CHECK(said("ok 4 - victim: a third is well\n"));
	CHECK(said("ok 5 - victim: a folder is used\n"));
	CHECK(said("# victim: ended by signal 6\n"));
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_program_whose_checks_hold_succeeds),
		T(a_wrong_number_fails_and_shows_both),
		T(a_wrong_text_fails_and_stays_on_one_line),
		T(wrong_bytes_fail),
		T(a_wrong_claim_fails_and_is_named),
		T(a_suite_whose_setup_fails_is_a_failure),
		T(a_name_used_twice_is_a_failure),
		T(a_test_that_never_ends_is_stopped_and_named_and_leaves_no_folder),
		T(a_check_on_another_thread_stops_the_program),
		T(a_folder_is_gone_after_its_test),
		T(a_folder_is_gone_also_when_the_program_is_aborted),
		T(there_are_three_sizes_and_the_smallest_is_usual),
		T(shares_of_the_tests_are_printed_in_order),
		T(a_share_that_aborts_fails_and_the_others_run),
	};
	return t_main("t", cases, sizeof cases / sizeof cases[0]);
}
