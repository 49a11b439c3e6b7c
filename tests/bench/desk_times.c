/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "desk_times.h"

void
desk_bench_die(const char *what)
{
	perror(what);
	exit(1);
}

void
desk_times_reset(struct desk_times *t)
{
	t->len = 0;
}

void
desk_times_add(struct desk_times *t, int64_t ns)
{
	if (t->len == t->cap) {
		t->cap = t->cap == 0 ? 1024 : 2 * t->cap;
		t->ns = realloc(t->ns, t->cap * sizeof *t->ns);
		if (t->ns == NULL)
			desk_bench_die("realloc");
	}
	t->ns[t->len++] = ns;
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static double
percentile_ms(const struct desk_times *t, size_t percent)
{
	return (double)t->ns[(t->len - 1) * percent / 100] / DW_MS;
}

void
desk_times_print(const char *name, struct desk_times *t)
{
	printf("\"%s\":[%zu", name, t->len);
	if (t->len > 0) {
		qsort(t->ns, t->len, sizeof *t->ns, compare);
		for (const size_t *p = (const size_t[]){ 50, 95, 99, 100, 0 };
		    *p != 0; p++)
			printf(",%.4f", percentile_ms(t, *p));
	}
	printf("]");
}
