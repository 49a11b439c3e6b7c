/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Goes wrong in the way its argument names, for unit/t.c to look at. */
#include "config.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t.h"

#define N(cases) (sizeof(cases) / sizeof(cases)[0])

static void
all_is_well(void)
{
	CHECK(1 + 1 == 2);
	CHECK_INT(2, 2);
	CHECK_STR("a", "a");
	CHECK_STR(NULL, NULL);
	CHECK_MEM("ab", 2, "ab", 2);
}

/* The others have waited by then. */
static void
another_is_well(void)
{
	poll(NULL, 0, 50);
	CHECK(true);
}

static void
a_third_is_well(void)
{
	CHECK(true);
}

static void
a_sum_is_wrong(void)
{
	CHECK_INT(1 + 1, 3);
}

static void
a_text_is_wrong(void)
{
	CHECK_STR("a\n", "b");
}

static void
a_text_is_missing(void)
{
	CHECK_STR(NULL, "");
}

static void
bytes_are_wrong(void)
{
	CHECK_MEM("ab", 2, "abc", 3);
}

static void
a_claim_is_wrong(void)
{
	CHECK(1 > 2);
}

static void *
check_elsewhere(void *arg)
{
	CHECK(arg == NULL);
	return NULL;
}

static void
another_thread_checks(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, check_elsewhere, NULL) == 0)
		pthread_join(thread, NULL);
}

static void
a_folder_is_used(void)
{
	char path[64];
	FILE *f;

	CHECK(strcmp(t_tmpdir(), t_tmpdir()) != 0);
	snprintf(path, sizeof path, "%s/file", t_tmpdir());
	f = fopen(path, "w");
	if (CHECK(f != NULL))
		fclose(f);
	printf("# path %s\n", path);
	fflush(stdout);
	printf("# size %d\n", t_size("things", 100));
}

static void
it_never_ends(void)
{
	a_folder_is_used();
	for (;;)
		poll(NULL, 0, -1);
}

static void
it_aborts(void)
{
	abort();
}

static int
set_up_badly(void)
{
	return -1;
}

static const struct t_case well[] = { T(all_is_well), T(a_folder_is_used) };
static const struct t_case sum[] = { T(all_is_well), T(a_sum_is_wrong) };
static const struct t_case text[] = { T(a_text_is_wrong) };
static const struct t_case missing[] = { T(a_text_is_missing) };
static const struct t_case bytes[] = { T(bytes_are_wrong) };
static const struct t_case claim[] = { T(a_claim_is_wrong) };
static const struct t_case twice[] = { T(all_is_well), T(all_is_well) };
static const struct t_case endless[] = { T(all_is_well), T(it_never_ends) };
static const struct t_case elsewhere[] = { T(another_thread_checks) };
static const struct t_case many[] = { T(all_is_well), T(a_folder_is_used),
	T(another_is_well), T(a_third_is_well), T(a_sum_is_wrong),
	T(a_text_is_wrong) };
static const struct t_case aborts[] = { T(all_is_well), T(it_aborts),
	T(another_is_well), T(a_third_is_well), T(a_folder_is_used) };

static const struct {
	const char *mode;
	int (*setup)(void);
	const struct t_case *cases;
	size_t n;
	int (*main)(const char *suite, int (*setup)(void),
	    const struct t_case *cases, size_t n);
} modes[] = {
	{ "well", NULL, well, N(well), t_main_setup },
	{ "sum", NULL, sum, N(sum), t_main_setup },
	{ "text", NULL, text, N(text), t_main_setup },
	{ "missing", NULL, missing, N(missing), t_main_setup },
	{ "bytes", NULL, bytes, N(bytes), t_main_setup },
	{ "claim", NULL, claim, N(claim), t_main_setup },
	{ "setup", set_up_badly, well, N(well), t_main_setup },
	{ "twice", NULL, twice, N(twice), t_main_setup },
	{ "endless", NULL, endless, N(endless), t_main_setup },
	{ "shared", NULL, well, N(well), t_main_shared },
	{ "many", NULL, many, N(many), t_main_shared },
	{ "aborts", NULL, aborts, N(aborts), t_main_shared },
	{ "elsewhere", NULL, elsewhere, N(elsewhere), t_main_setup },
};

int
main(int argc, char *argv[])
{
	for (size_t i = 0; argc == 2 && i < N(modes); i++) {
		if (strcmp(argv[1], modes[i].mode) == 0)
			return modes[i].main("victim", modes[i].setup,
			    modes[i].cases, modes[i].n);
	}
	return 99;
}
