/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests bytes that grow. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "tests/t.h"

static void
bytes_come_out_as_they_went_in(void)
{
	struct dw_buf b = DW_BUF_INITIALIZER;

	for (int i = 0; i < 1000; i++) {
		char c = (char)i;

		CHECK_INT(dw_buf_add(&b, &c, 1), 0);
	}
	CHECK_INT(b.len, 1000);
	for (int i = 0; i < 1000; i++)
		if (!CHECK_INT(b.data[i], (char)i))
			break;
	CHECK_INT(b.data[b.len], '\0');
	dw_buf_fini(&b);
}

static void
an_empty_buffer_is_an_empty_string(void)
{
	struct dw_buf b = DW_BUF_INITIALIZER;
	char *taken;

	CHECK_STR(dw_buf_str(&b), "");
	CHECK_STR(taken = dw_buf_take(&b), "");
	free(taken);
}

static void
what_exceeds_the_maximum_changes_nothing_and_is_remembered(void)
{
	struct dw_buf b = { .max = 5 };

	CHECK_INT(dw_buf_adds(&b, "12345"), 0);
	CHECK_INT(dw_buf_addc(&b, '6'), -EMSGSIZE);
	CHECK_STR(dw_buf_str(&b), "12345");
	CHECK(b.failed);
	dw_buf_reset(&b);
	CHECK(!b.failed);
	CHECK_INT(dw_buf_addf(&b, "%d%s", 42, "abcd"), -EMSGSIZE);
	CHECK_STR(dw_buf_str(&b), "");
	dw_buf_fini(&b);
}

static void
an_impossible_length_is_refused_before_it_wraps(void)
{
	struct dw_buf b = DW_BUF_INITIALIZER;

	CHECK_INT(dw_buf_adds(&b, "x"), 0);
	CHECK_INT(dw_buf_reserve(&b, (size_t)-1), -ENOMEM);
	CHECK_STR(dw_buf_str(&b), "x");
	dw_buf_fini(&b);
}

static void
dropping_keeps_the_rest(void)
{
	struct dw_buf b = DW_BUF_INITIALIZER;

	dw_buf_adds(&b, "hello there");
	dw_buf_drop(&b, 6);
	CHECK_STR(dw_buf_str(&b), "there");
	dw_buf_drop(&b, 5);
	CHECK_INT(b.len, 0);
	dw_buf_drop(&b, 0);
	dw_buf_fini(&b);
}

static void
formatted_text_of_any_length_fits(void)
{
	struct dw_buf b = DW_BUF_INITIALIZER;

	CHECK_INT(dw_buf_addf(&b, "%0500d|", 7), 0);
	CHECK_INT(dw_buf_addf(&b, "%s", "end"), 0);
	CHECK_INT(b.len, 504);
	CHECK_STR(b.data + 499, "7|end");
	dw_buf_fini(&b);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(bytes_come_out_as_they_went_in),
		T(an_empty_buffer_is_an_empty_string),
		T(what_exceeds_the_maximum_changes_nothing_and_is_remembered),
		T(an_impossible_length_is_refused_before_it_wraps),
		T(dropping_keeps_the_rest),
		T(formatted_text_of_any_length_fits),
	};

	return t_main("buf", cases, sizeof cases / sizeof cases[0]);
}
