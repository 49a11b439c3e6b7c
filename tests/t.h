/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What our C tests stand on: CUnit underneath, TAP on standard output.
 *
 *	static void
 *	a_sum_is_the_same_from_both_ends(void)
 *	{
 *		CHECK_INT(1 + 2, 3);
 *	}
 *
 *	int
 *	main(void)
 *	{
 *		static const struct t_case cases[] = {
 *			T(a_sum_is_the_same_from_both_ends),
 *		};
 *		return t_main("sums", cases, sizeof cases / sizeof cases[0]);
 *	}
 *
 * CUnit counts without a lock, so only the test's own thread may CHECK; any
 * other thread that does is stopped by abort().  Threads hand their results
 * back.  A failed CHECK says so and the test goes on; each CHECK is an
 * expression that is true when it held, so a test can leave early:
 *
 *	if (!CHECK(p != NULL))
 *		return;
 *
 * Environment: T_SIZE is small (as when it is not set), middle or full, and says
 * how much of everything a test does; T_LIMIT_S=N is the time limit of each
 * test in seconds; T_FIRST, whatever it is, ends the program at the first CHECK that fails.
 */
#ifndef T_H
#define T_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a CHECK stands. */
struct t_at {
	const char *file;
	int line;
};

#define T_AT                 ((struct t_at){ __FILE__, __LINE__ })
#define CHECK(cond)          t_check(T_AT, (cond), #cond)
#define CHECK_INT(got, want) t_check_int(T_AT, (got), (want), #got)
#define CHECK_STR(got, want) t_check_str(T_AT, (got), (want), #got)
#define CHECK_MEM(got, gotlen, want, wantlen) \
	t_check_mem(T_AT, (got), (gotlen), (want), (wantlen), #got)

bool t_check(struct t_at at, bool holds, const char *what);
bool t_check_int(struct t_at at, intmax_t got, intmax_t want, const char *what);

/* NULL is a value of its own: equal only to NULL. */
bool t_check_str(struct t_at at, const char *got, const char *want,
    const char *what);
bool t_check_mem(struct t_at at, const void *got, size_t gotlen,
    const void *want, size_t wantlen, const char *what);

/* A test: its name is its function's, read as a sentence. */
struct t_case {
	void (*run)(void);
	const char *name;
};

#define T(fn) { (fn), #fn }

/*
 * Run the cases in order.  Returns main's exit status: 0 when every assertion
 * held, else 1.  A name that occurs twice is a failure before anything runs.
 * A test that takes longer than 60 s, or 600 s with T_SIZE=full, ends the
 * program at once with its name.
 */
int t_main(const char *suite, const struct t_case *cases, size_t n);

/* The same with something to do before the first case; not 0 is a failure. */
int t_main_setup(const char *suite, int (*setup)(void),
    const struct t_case *cases, size_t n);

/* The same for cases that mostly wait: four processes take turns at them, each
 * with a setup of its own, and what they print comes in the cases' order. */
int t_main_shared(const char *suite, int (*setup)(void),
    const struct t_case *cases, size_t n);

/* Says why the test that runs cannot show anything here; it then returns. */
void t_skip(const char *why);

/*
 * A fresh folder with a short path, so that a Unix socket in it has a name
 * that fits; each call makes another.  All are removed with what is in them
 * when the test ends.
 */
const char *t_tmpdir(void);

/*
 * How many `what` to use: `middle` of them with T_SIZE=middle, a tenth with
 * small and ten times as many with full, but at least one.
 */
int t_size(const char *what, int middle);

#endif
