/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests finished rows that wait to be shown. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "t.h"
#include "tty/internal.h"

static void
add(struct tty_rows *r, const char *rows)
{
	tty_rows_add(r, rows, strlen(rows));
}

static void
each_row_gets_the_end_that_is_asked_for(void)
{
	struct tty_rows r = { DW_BUF_INITIALIZER, 0 };
	struct dw_buf out = DW_BUF_INITIALIZER;

	CHECK(tty_rows_empty(&r));
	add(&r, "one\ntwo\r\nthree");
	CHECK(!tty_rows_empty(&r));
	tty_rows_take(&r, &out, 1000, "\r\n");
	CHECK_STR(dw_buf_str(&out), "one\r\ntwo\r\nthree\r\n");
	CHECK(tty_rows_empty(&r));
	dw_buf_fini(&out);
	tty_rows_fini(&r);
}

static void
a_part_is_whole_rows(void)
{
	struct tty_rows r = { DW_BUF_INITIALIZER, 0 };
	struct dw_buf out = DW_BUF_INITIALIZER;

	add(&r, "aaaa\nbbbb\ncccc\n");
	tty_rows_take(&r, &out, 6, "\n");
	CHECK_STR(dw_buf_str(&out), "aaaa\nbbbb\n");
	dw_buf_reset(&out);
	tty_rows_take(&r, &out, 6, "\n");
	CHECK_STR(dw_buf_str(&out), "cccc\n");
	dw_buf_fini(&out);
	tty_rows_fini(&r);
}

static void
the_oldest_go_first_and_are_counted(void)
{
	struct tty_rows r = { DW_BUF_INITIALIZER, 0 };
	struct dw_buf out = DW_BUF_INITIALIZER;
	unsigned n = 300000, first = 0, dropped = 0, rows = 0;
	char row[32];

	for (unsigned i = 0; i < n; i++) {
		snprintf(row, sizeof row, "%u\n", i);
		add(&r, row);
	}
	CHECK(r.text.len <= TTY_ROWS_MAX);
	tty_rows_take(&r, &out, 2 * TTY_ROWS_MAX, "\n");
	CHECK_INT(sscanf(out.data, "* %u rows were not shown\n%u\n", &dropped,
		      &first),
	    2);
	CHECK_INT(dropped, first);
	for (size_t i = 0; i < out.len; i++)
		rows += out.data[i] == '\n';
	CHECK_INT(rows - 1 + dropped, n);
	CHECK(tty_rows_empty(&r));
	dw_buf_fini(&out);
	tty_rows_fini(&r);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(each_row_gets_the_end_that_is_asked_for),
		T(a_part_is_whole_rows),
		T(the_oldest_go_first_and_are_counted),
	};
	return t_main("tty rows", cases, sizeof cases / sizeof cases[0]);
}
