/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests the writing of JSON. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/t.h"
#include "wire/json.h"

static void
commas_stand_between_and_nowhere_else(void)
{
	struct dw_buf out = DW_BUF_INITIALIZER;

	wire_json_open(&out, '{');
	wire_json_key(&out, "a");
	wire_json_number(&out, 1);
	wire_json_key(&out, "b");
	wire_json_open(&out, '[');
	for (int i = 0; i < 2; i++) {
		wire_json_open(&out, '{');
		wire_json_key(&out, "c");
		wire_json_true(&out);
		wire_json_close(&out, '}');
	}
	wire_json_string(&out, "{", 1);
	wire_json_string(&out, "", 0);
	wire_json_close(&out, ']');
	wire_json_key(&out, "d");
	wire_json_open(&out, '[');
	wire_json_close(&out, ']');
	wire_json_close(&out, '}');
	CHECK_STR(dw_buf_str(&out),
	    "{\"a\":1,\"b\":[{\"c\":true},{\"c\":true},\"{\",\"\"],\"d\":[]}");
	dw_buf_fini(&out);
}

static void
an_object_behind_a_row_begins_anew(void)
{
	struct dw_buf out = DW_BUF_INITIALIZER;

	dw_buf_adds(&out, "{}\n");
	wire_json_open(&out, '{');
	wire_json_close(&out, '}');
	CHECK_STR(dw_buf_str(&out), "{}\n{}");
	dw_buf_fini(&out);
}

static void
a_string_escapes_what_json_forbids_or_a_terminal_obeys(void)
{
	static const struct {
		const char *text, *json;
	} rows[] = {
		{ "", "\"\"" },
		{ "plain", "\"plain\"" },
		{ "\"\\", "\"\\\"\\\\\"" },
		{ "\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"" },
		{ "\001\037\033[2J", "\"\\u0001\\u001F\\u001B[2J\"" },
		{ "a/b\177", "\"a/b\\u007F\"" },
		{ "\u00a0\302\2332J\302\200", "\"\u00a0\\u009B2J\\u0080\"" },
		{ "\342\200\256x\342\201\246\342\200\250",
		    "\"\\u202Ex\\u2066\\u2028\"" },
		{ "\342\200\215\342\200\257", "\"\342\200\215\342\200\257\"" },
		{ "\n订单\n", "\"\\n订单\\n\"" },
	};
	struct dw_buf out = DW_BUF_INITIALIZER;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		dw_buf_reset(&out);
		wire_json_string(&out, rows[i].text, strlen(rows[i].text));
		CHECK_STR(dw_buf_str(&out), rows[i].json);
	}
	dw_buf_fini(&out);
}

static void
a_number_is_written_as_printf_does(void)
{
	static const int64_t numbers[] = { 0, 1, -1, 9, 10, -10, 1700000000123,
		INT64_MAX, INT64_MIN, INT64_MIN + 1 };
	struct dw_buf out = DW_BUF_INITIALIZER;
	char text[32];

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		dw_buf_reset(&out);
		wire_json_number(&out, numbers[i]);
		snprintf(text, sizeof text, "%" PRId64, numbers[i]);
		CHECK_STR(dw_buf_str(&out), text);
	}
	dw_buf_fini(&out);
}

static void
what_finds_no_room_is_marked_on_the_buffer(void)
{
	struct dw_buf out = DW_BUF_INITIALIZER;

	out.max = 4;
	wire_json_string(&out, "long", 4);
	CHECK(out.failed);
	dw_buf_fini(&out);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(commas_stand_between_and_nowhere_else),
		T(an_object_behind_a_row_begins_anew),
		T(a_string_escapes_what_json_forbids_or_a_terminal_obeys),
		T(a_number_is_written_as_printf_does),
		T(what_finds_no_room_is_marked_on_the_buffer),
	};

	return t_main("json", cases, sizeof cases / sizeof cases[0]);
}
