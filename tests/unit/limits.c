/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file tests the limits of a desk: their options, and what a machine
 * allows.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service/limits.h"
#include "tests/t.h"

#define NOT_HERE 77
#define FILES    256

static const struct svc_limit *
row(const char *name)
{
	size_t n;
	const struct svc_limit *rows = svc_limit_rows(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

static void
every_default_is_within_its_own_bounds(void)
{
	size_t n;
	const struct svc_limit *rows = svc_limit_rows(&n);

	CHECK(n > 20);
	for (size_t i = 0; i < n; i++)
		if (!CHECK(rows[i].least <= rows[i].dflt &&
			rows[i].dflt <= rows[i].most))
			printf("# %s\n", rows[i].name);
}

static void
a_limit_takes_its_least_and_its_most_and_nothing_beyond(void)
{
	static const char *const bad[] = { "", "x", "5x", "0", "3601", "-1",
		"99999999999999999999", "1e3" };
	struct svc_limits l;
	struct dw_buf why = DW_BUF_INITIALIZER;

	svc_limits_init(&l);
	CHECK_INT(l.hello_timeout, 10);
	CHECK_INT(svc_limit_set(&l, row("hello-timeout"), "1", &why), 0);
	CHECK_INT(l.hello_timeout, 1);
	CHECK_INT(svc_limit_set(&l, row("hello-timeout"), "3600", &why), 0);
	CHECK_INT(l.hello_timeout, 3600);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		dw_buf_reset(&why);
		CHECK_INT(svc_limit_set(&l, row("hello-timeout"), bad[i], &why),
		    -EINVAL);
		CHECK(strstr(dw_buf_str(&why), "1 to 3600") != NULL);
	}
	CHECK_INT(l.hello_timeout, 3600);
	dw_buf_fini(&why);
}

static void
a_limit_takes_every_unit_that_measures_the_same(void)
{
	static const struct {
		const char *name, *text;
		int64_t value;
	} good[] = {
		{ "claim-timeout", "300 s", 300 },
		{ "claim-timeout", "5m", 300 },
		{ "claim-timeout", "5 min", 300 },
		{ "claim-timeout", "2h", 7200 },
		{ "claim-timeout", "1d", 86400 },
		{ "claim-timeout", "7000 ms", 7 },
		{ "silence-ms", "2s", 2000 },
		{ "silence-ms", "600ms", 600 },
		{ "max-queue", "64KiB", 65536 },
		{ "max-queue", "64 MiB", 67108864 },
		{ "max-queue", "8192 bytes", 8192 },
		{ "stack-size", "1MiB", 1024 },
		{ "max-sessions", "12 customers", 12 },
	};
	struct svc_limits l;
	struct dw_buf why = DW_BUF_INITIALIZER;

	svc_limits_init(&l);
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		CHECK_INT(svc_limit_set(&l, row(good[i].name), good[i].text,
			      &why),
		    0);
		CHECK_INT(svc_limit_get(&l, row(good[i].name)), good[i].value);
	}
	CHECK_STR(dw_buf_str(&why), "");
	dw_buf_fini(&why);
}

static void
a_wrong_unit_is_refused_with_the_right_ones(void)
{
	static const struct {
		const char *name, *text, *right;
	} bad[] = {
		{ "claim-timeout", "10KiB", "ms, s, m, h and d" },
		{ "claim-timeout", "1500 ms", "ms, s, m, h and d" },
		{ "claim-timeout", "5M", "ms, s, m, h and d" },
		{ "claim-timeout", "5m 3s", "ms, s, m, h and d" },
		{ "max-queue", "10 s", "bytes, KiB, MiB and GiB" },
		{ "max-queue", "10kb", "bytes, KiB, MiB and GiB" },
		{ "stack-size", "100000 bytes", "bytes, KiB, MiB and GiB" },
		{ "max-sessions", "10 s", "takes no unit" },
		{ "claim-timeout", "9223372036854775807d", "5 to 86400" },
		{ "claim-timeout", "200h", "5 to 86400" },
	};
	struct svc_limits l, before;
	struct dw_buf why = DW_BUF_INITIALIZER;

	svc_limits_init(&l);
	before = l;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		dw_buf_reset(&why);
		CHECK_INT(svc_limit_set(&l, row(bad[i].name), bad[i].text,
			      &why),
		    -EINVAL);
		if (!CHECK(strstr(dw_buf_str(&why), bad[i].right) != NULL))
			printf("# %s: %s\n", bad[i].text, dw_buf_str(&why));
	}
	CHECK(memcmp(&l, &before, sizeof l) == 0);
	dw_buf_fini(&why);
}

/* In a child, whose limit of open files does not come back. */
static int
fit_in_child(int64_t wanted, size_t listeners, bool is_explicit, int64_t want)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct rlimit rl = { FILES / 2, FILES };
		struct svc_limits l;
		struct dw_buf why = DW_BUF_INITIALIZER;
		int r;

		svc_limits_init(&l);
		l.max_sessions = wanted;
		/* valgrind has one of its own. */
		if (setrlimit(RLIMIT_NOFILE, &rl) < 0 ||
		    getrlimit(RLIMIT_NOFILE, &rl) < 0 || rl.rlim_max != FILES)
			_exit(NOT_HERE);
		r = svc_limits_fit(&l, listeners, is_explicit, &why);
		_exit(r == 0                                  ? 0 :
			r < 0 && why.len > 0                  ? 2 :
			l.max_sessions == want && why.len > 0 ? 1 :
								3);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

/* most: what it is lowered to, of which only outcome 1 says something. */
static void
check_fit(int64_t wanted, size_t listeners, bool is_explicit, int outcome,
    int64_t most)
{
	int got = fit_in_child(wanted, listeners, is_explicit, most);

	if (got == NOT_HERE)
		printf("# this limit cannot be lowered here\n");
	else
		CHECK_INT(got, outcome);
}

static void
a_default_is_lowered_to_what_the_machine_allows(void)
{
	check_fit(4096, 1, false, 1, 128);
	check_fit(100, 1, false, 0, 0);
}

/* 64 are the desk's own, and of the 192 others 64 theirs; at many addresses
 * half of them. */
static void
those_who_are_refused_are_left_descriptors(void)
{
	check_fit(4096, 0, false, 1, 192);
	check_fit(4096, 1, false, 1, 128);
	check_fit(4096, 2, false, 1, 96);
	check_fit(4096, 9, false, 1, 96);
}

static void
an_explicit_limit_that_does_not_fit_is_refused(void)
{
	check_fit(4096, 1, true, 2, 0);
	check_fit(128, 1, true, 0, 0);
	check_fit(129, 1, true, 2, 0);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(every_default_is_within_its_own_bounds),
		T(a_limit_takes_its_least_and_its_most_and_nothing_beyond),
		T(a_limit_takes_every_unit_that_measures_the_same),
		T(a_wrong_unit_is_refused_with_the_right_ones),
		T(a_default_is_lowered_to_what_the_machine_allows),
		T(those_who_are_refused_are_left_descriptors),
		T(an_explicit_limit_that_does_not_fit_is_refused),
	};

	return t_main("limits", cases, sizeof cases / sizeof cases[0]);
}
