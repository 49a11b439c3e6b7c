/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests how a console shows an event. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "console/rows.h"
#include "t.h"

static struct dw_buf out;

static struct ev_event
event(enum ev_kind kind, const char *body)
{
	struct ev_event ev = { .seq = 1,
		.sid = 3,
		.kind = kind,
		.t_ms = INT64_C(35911000),
		.who = "",
		.mode = EV_MODE_LINE,
		.addr = "127.0.0.1:5000",
		.why = "",
		.body = body,
		.len = strlen(body) };

	return ev;
}

/* The rows of an event in a window so wide. */
static const char *
shown(const struct ev_event *ev, const struct con_row_about *about,
    unsigned columns, bool colour)
{
	struct con_row row;
	int r = con_row_event(&row, ev, about);

	dw_buf_reset(&out);
	if (r <= 0)
		return "";
	CHECK_INT(con_row_lay(&row, columns, colour, &out), 0);
	con_row_fini(&row);
	return dw_buf_str(&out);
}

static const struct con_row_about alice = { .label = "3 alice" };

static void
a_customers_row_begins_with_time_number_and_name(void)
{
	struct ev_event ev = event(EV_SAID, "hello");

	CHECK_STR(shown(&ev, &alice, 80, false), "09:58:31 3 alice| hello\n");
}

static void
a_message_that_may_not_be_all_says_so(void)
{
	struct ev_event ev = event(EV_SAID, "hel");

	ev.flags = EV_FLAG_CUT_SHORT;
	CHECK_STR(shown(&ev, &alice, 80, false),
	    "09:58:31 3 alice| hel (cut short)\n");
	ev.flags = EV_FLAG_REST_LOST;
	CHECK_STR(shown(&ev, &alice, 80, false),
	    "09:58:31 3 alice| hel (more may have followed, and is lost)\n");
}

static void
it_goes_on_under_the_same_gutter(void)
{
	struct ev_event ev = event(EV_SAID, "one\ntwo\r\nthree");

	CHECK_STR(shown(&ev, &alice, 80, false),
	    "09:58:31 3 alice| one\n"
	    "                | two\n"
	    "                | three\n");
}

static void
an_operators_row_has_its_mark(void)
{
	struct ev_event ev = event(EV_REPLY, "一 moment");
	struct con_row_about about = { .label = "3 alice" };

	ev.who = "lin";
	CHECK_STR(shown(&ev, &about, 80, false),
	    "09:58:31 3 lin> 一 moment ·\n");
	about.mark = CON_MARK_SENT;
	CHECK_STR(shown(&ev, &about, 80, false),
	    "09:58:31 3 lin> 一 moment ✓\n");
	about.mark = CON_MARK_HELD;
	CHECK_STR(shown(&ev, &about, 80, false),
	    "09:58:31 3 lin> 一 moment · (held until they write)\n");
	about.mark = CON_MARK_DOUBT;
	CHECK_STR(shown(&ev, &about, 80, false),
	    "09:58:31 3 lin> 一 moment (perhaps not delivered)\n");
}

static void
our_rows_begin_with_a_star(void)
{
	struct ev_event ev = event(EV_ARRIVED, "");
	struct con_row_about about = { .label = "3 alice", .unsent = 2 };

	CHECK_STR(shown(&ev, &about, 0, false),
	    "* 09:58:31 3 alice is waiting (line, 127.0.0.1:5000)\n");
	ev = event(EV_EOF, "");
	CHECK_STR(shown(&ev, &about, 0, false),
	    "* 09:58:31 3 alice will write no more, and may still read\n");
	ev = event(EV_GONE, "");
	ev.why = "reset";
	CHECK_STR(shown(&ev, &about, 0, false),
	    "* 09:58:31 3 alice left: "
	    "connection lost; 2 replies perhaps not delivered\n");
	ev = event(EV_CLOSED, "");
	ev.why = "closed";
	ev.who = "lin";
	about.unsent = 0;
	CHECK_STR(shown(&ev, &about, 0, false),
	    "* 09:58:31 3 alice is closed by lin\n");
}

static void
what_we_do_not_know_is_not_shown(void)
{
	struct ev_event ev = event(EV_SENT, "");

	CHECK_STR(shown(&ev, &alice, 80, false), "");
	ev = event(EV_UNKNOWN, "");
	CHECK_STR(shown(&ev, &alice, 80, false), "");
}

static void
off_a_terminal_a_message_is_one_row(void)
{
	struct ev_event ev = event(EV_SAID, "one\ntwo\x1b[31m\\n");

	CHECK_STR(shown(&ev, &alice, 0, true),
	    "09:58:31 3 alice| one\\ntwo\\x1b[31m\\\\n\n");
}

/* Every row begins with the tag or the gutter and fits; nothing in it can act
 * on a terminal. */
static void
check_rows(const char *rows, unsigned columns)
{
	static const char tag[] = "09:58:31 3 alice| ";
	static const char gutter[] = "                | ";
	const char *want = tag, *end;

	for (; *rows != '\0'; rows = end + 1) {
		if (!CHECK((end = strchr(rows, '\n')) != NULL))
			return;
		CHECK(strncmp(rows, want, strlen(want)) == 0);
		CHECK(dw_text_width(rows, (size_t)(end - rows)) < columns);
		CHECK_INT(dw_text_valid(rows, (size_t)(end - rows)),
		    end - rows);
		for (const char *p = rows; p < end; p++)
			CHECK((unsigned char)*p >= 0x20 && *p != 0x7f);
		want = gutter;
	}
}

static void
no_customer_can_leave_the_gutter(void)
{
	char body[400];
	struct ev_event ev = event(EV_SAID, "");
	int bodies = t_size("bodies", 2000);

	srand(7);
	for (int i = 0; i < bodies; i++) {
		ev.len = (size_t)rand() % sizeof body;
		for (size_t k = 0; k < ev.len; k++)
			body[k] =
			    (char)(rand() % 3 ? rand() % 96 + 16 : rand());
		ev.body = body;
		check_rows(shown(&ev, &alice, 40 + (unsigned)i % 100, false),
		    40 + (unsigned)i % 100);
	}
}

static void
colour_is_around_the_tag_and_says_nothing_new(void)
{
	struct ev_event ev = event(EV_SAID, "one\ntwo");

	CHECK_STR(shown(&ev, &alice, 80, true),
	    "\033[36m09:58:31 3 alice| \033[0mone\n"
	    "\033[36m                | \033[0mtwo\n");
}

/* Without its colours; each piece between them must be whole characters. */
static void
take_colours_off(const char *rows, struct dw_buf *plain)
{
	for (;;) {
		size_t n = strcspn(rows, "\033");

		CHECK_INT(dw_text_valid(rows, n), n);
		dw_buf_add(plain, rows, n);
		rows += n;
		if (*rows == '\0')
			return;
		rows += strcspn(rows, "m") + 1;
	}
}

static void
colour_never_cuts_a_character_however_narrow_the_window(void)
{
	static const struct con_row_about lili = { .label = "3 李莉李莉" };
	struct ev_event ev = event(EV_SAID, "我的订单在哪里呢我的订单");

	for (unsigned columns = 1; columns < 60; columns++) {
		struct dw_buf plain = DW_BUF_INITIALIZER;

		take_colours_off(shown(&ev, &lili, columns, true), &plain);
		CHECK_STR(dw_buf_str(&plain),
		    shown(&ev, &lili, columns, false));
		dw_buf_fini(&plain);
	}
	CHECK(strstr(shown(&ev, &lili, 20, true), "\n\033[36m| \033[0m我") !=
	    NULL);
}

static void
a_huge_message_is_cut(void)
{
	static char body[CON_BODY_MAX * 2];
	struct ev_event ev = event(EV_SAID, "");

	memset(body, 'x', sizeof body);
	ev.body = body;
	ev.len = sizeof body;
	CHECK(strlen(shown(&ev, &alice, 0, false)) < CON_BODY_MAX + 64);
}

static void
a_datagram_is_a_note_in_quotes(void)
{
	struct ev_event ev = event(EV_UDP, "你好");

	CHECK_STR(shown(&ev, &alice, 80, false),
	    "~ udp 127.0.0.1:5000 \"你好\" 09:58:31\n");
	ev.len = 0;
	CHECK_STR(shown(&ev, &alice, 80, false),
	    "~ udp 127.0.0.1:5000 \"\" 09:58:31\n");
	ev = event(EV_UDP, "012");
	ev.flags = 4;
	ev.n = 60000;
	CHECK_STR(shown(&ev, &alice, 80, false),
	    "~ udp 127.0.0.1:5000 "
	    "\"012\" (cut, 60000 bytes in all) 09:58:31\n");
	ev.n = 3;
	CHECK_STR(shown(&ev, &alice, 80, false),
	    "~ udp 127.0.0.1:5000 \"012\" (cut) 09:58:31\n");
	ev = event(EV_UDP, "quit");
	ev.flags = 8;
	CHECK_STR(shown(&ev, &alice, 80, false),
	    "~ udp 127.0.0.1:5000 \"quit\" (has left) 09:58:31\n");
}

static void
a_datagram_cannot_forge_a_row_or_what_stands_behind_its_quotes(void)
{
	struct ev_event ev = event(EV_UDP,
	    "a\" 09:58:31\n~ udp 6.6.6.6:6 "
	    "\"b\\\xff\x1b[2J");

	CHECK_STR(shown(&ev, &alice, 0, false),
	    "~ udp 127.0.0.1:5000 \"a\\\" 09:58:31\\n~ udp 6.6.6.6:6 "
	    "\\\"b\\\\\\xff\\x1b[2J\" 09:58:31\n");
	ev = event(EV_UDP, "0123456789 ~ udp 6.6.6.6:6 x");
	CHECK_STR(shown(&ev, &alice, 24, false),
	    "~ udp 127.0.0.1:5000\n"
	    "  \"0123456789 ~ udp\n"
	    "  6.6.6.6:6 x\" 09:58:31\n");
}

static void
an_answer_over_udp_has_its_operator_and_its_mark(void)
{
	struct ev_event ev = event(EV_UDP_REPLY, "hi \"you\"");
	struct con_row_about about = { .label = "0", .why = "unreachable" };

	ev.who = "lin";
	CHECK_STR(shown(&ev, &about, 80, false),
	    "~ udp 127.0.0.1:5000 lin> \"hi \\\"you\\\"\" · 09:58:31\n");
	about.mark = CON_MARK_SENT;
	CHECK_STR(shown(&ev, &about, 80, false),
	    "~ udp 127.0.0.1:5000 lin> \"hi \\\"you\\\"\" ✓ 09:58:31\n");
	about.mark = CON_MARK_FAILED;
	CHECK_STR(shown(&ev, &about, 0, false),
	    "~ udp 127.0.0.1:5000 lin> \"hi \\\"you\\\"\" (not sent): "
	    "there is no way to this address 09:58:31\n");
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_customers_row_begins_with_time_number_and_name),
		T(a_message_that_may_not_be_all_says_so),
		T(it_goes_on_under_the_same_gutter),
		T(an_operators_row_has_its_mark),
		T(our_rows_begin_with_a_star),
		T(what_we_do_not_know_is_not_shown),
		T(off_a_terminal_a_message_is_one_row),
		T(no_customer_can_leave_the_gutter),
		T(colour_is_around_the_tag_and_says_nothing_new),
		T(colour_never_cuts_a_character_however_narrow_the_window),
		T(a_huge_message_is_cut),
		T(a_datagram_is_a_note_in_quotes),
		T(a_datagram_cannot_forge_a_row_or_what_stands_behind_its_quotes),
		T(an_answer_over_udp_has_its_operator_and_its_mark),
	};
	int r;

	setenv("TZ", "UTC", 1);
	tzset();
	r = t_main("rows", cases, sizeof cases / sizeof cases[0]);
	dw_buf_fini(&out);
	return r;
}
