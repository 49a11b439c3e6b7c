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

/* What operators do, as the console of lin shows it: "* 09:58:31 " is left
 * out. */
static const char *
told(enum ev_kind kind, const char *who, const char *why,
    const struct con_row_about *as)
{
	struct ev_event ev = event(kind, "");
	struct con_row_about about = *as;
	const char *text;

	about.label = "3 alice";
	about.me = "lin";
	ev.who = who;
	ev.why = why;
	ev.n = kind == EV_SAME ? 1 : 600;
	if (kind == EV_OFFER || kind == EV_BAN || kind == EV_AWAY) {
		ev.body = "burnt X200";
		ev.len = strlen(ev.body);
	}
	text = shown(&ev, &about, 0, false);
	return strlen(text) > 11 ? text + 11 : text;
}

static const struct con_row_about others = { .was = "ann", .waits = true };
static const struct con_row_about ours = { .was = "lin",
	.yours = true,
	.waits = true };

static void
who_answers_whom_is_said_to_you_where_it_is_about_you(void)
{
	CHECK_STR(told(EV_CLAIM, "ann", "taken", &others),
	    "ann answers 3 alice now\n");
	CHECK_STR(told(EV_CLAIM, "lin", "taken", &others),
	    "you answer 3 alice now\n");
	CHECK_STR(told(EV_CLAIM, "wang", "stolen", &others),
	    "wang has taken 3 alice from ann\n");
	CHECK_STR(told(EV_CLAIM, "lin", "stolen", &others),
	    "you have taken 3 alice from ann\n");
	CHECK_STR(told(EV_CLAIM, "wang", "stolen", &ours),
	    "wang has taken 3 alice from you\n");
	CHECK_STR(told(EV_CLAIM, "wang", "accepted", &ours),
	    "wang answers 3 alice now, as you have offered\n");
	CHECK_STR(told(EV_FREE, "ann", "silent", &others),
	    "3 alice is back in line: ann was silent\n");
	CHECK_STR(told(EV_FREE, "lin", "silent", &ours),
	    "3 alice is back in line: you were silent\n");
	CHECK_STR(told(EV_KEEP, "ann", "", &others),
	    "ann keeps 3 alice for 10 min\n");
}

static void
an_answer_is_no_news_beside_its_claim(void)
{
	CHECK_STR(told(EV_CLAIM, "ann", "answer", &others), "");
}

static void
who_is_free_is_back_in_line_only_if_it_waits(void)
{
	struct con_row_about about = { .was = "ann" };

	CHECK_STR(told(EV_FREE, "ann", "released", &about),
	    "nobody answers 3 alice now: ann gave it back\n");
}

static void
an_offer_says_what_can_be_done_and_how_it_ended(void)
{
	struct con_row_about mine = { .was = "lin", .offered = true };
	struct con_row_about yours = { .was = "wang", .yours = true };
	struct con_row_about other = { .was = "wang" };

	CHECK_STR(told(EV_OFFER, "ann", "lin", &others),
	    "ann offers you 3 alice: burnt X200; Enter or /take 3 takes it, "
	    "/decline 3 does not\n");
	CHECK_STR(told(EV_OFFER, "lin", "wang", &ours),
	    "you offer 3 alice to wang: burnt X200\n");
	CHECK_STR(told(EV_OFFER, "ann", "wang", &others),
	    "ann offers 3 alice to wang: burnt X200\n");
	CHECK_STR(told(EV_DECLINED, "lin", "declined", &mine),
	    "you do not take 3 alice\n");
	CHECK_STR(told(EV_DECLINED, "", "timeout", &mine),
	    "3 alice is not offered to you any more\n");
	CHECK_STR(told(EV_DECLINED, "wang", "declined", &yours),
	    "wang does not take 3 alice; it stays yours\n");
	CHECK_STR(told(EV_DECLINED, "", "timeout", &yours),
	    "wang did not take 3 alice in time; it stays yours\n");
	CHECK_STR(told(EV_DECLINED, "", "lost", &other),
	    "wang has gone and did not take 3 alice\n");
}

static void
who_is_away_and_who_is_the_same_and_who_is_banned_is_a_row(void)
{
	CHECK_STR(told(EV_AWAY, "lin", "said", &others),
	    "you are away: burnt X200; /back ends it\n");
	CHECK_STR(told(EV_AWAY, "ann", "idle", &others),
	    "ann is away: no key for long\n");
	CHECK_STR(told(EV_BACK, "ann", "", &others), "ann is back\n");
	CHECK_STR(told(EV_SAME, "ann", "", &others),
	    "3 alice and 1 are one person, says ann\n");
	CHECK_STR(told(EV_SAME, "lin", "undone", &others),
	    "3 alice and 1 are not one person\n");
	CHECK_STR(told(EV_REOPENED, "ann", "", &others),
	    "ann has opened 3 alice again\n");
	CHECK_STR(told(EV_BAN, "ann", "", &others),
	    "ann has banned 127.0.0.1:5000 for 10 min: burnt X200\n");
	CHECK_STR(told(EV_BAN, "", "flood", &others),
	    "127.0.0.1:5000 is banned for 10 min: it wrote too fast\n");
	CHECK_STR(told(EV_UNBAN, "lin", "", &others),
	    "you let 127.0.0.1:5000 in again\n");
	CHECK_STR(told(EV_NAME, "alice", "ann", &others),
	    "3 is called alice now, says ann\n");
}

static void
a_note_is_told_from_a_reply_without_colour(void)
{
	struct ev_event ev = event(EV_NOTE, "she is angry\nvery");
	struct con_row_about about = { .label = "3 alice", .me = "lin" };

	ev.who = "lin";
	CHECK_STR(shown(&ev, &about, 80, false),
	    "09:58:31 3 alice lin note> she is angry\n"
	    "                         > very\n");
	about.mark = CON_MARK_ASKED;
	ev.len = 3;
	CHECK_STR(shown(&ev, &about, 80, false),
	    "09:58:31 3 alice lin note> she …\n");
	about.speak = true;
	about.mark = CON_MARK_STORED;
	CHECK_STR(shown(&ev, &about, 80, false),
	    "3 alice lin note> she 09:58:31\n");
}

static void
what_operators_say_to_each_other_says_to_whom(void)
{
	struct ev_event ev = event(EV_MSG, "look at this");
	struct con_row_about about = { .label = "3 alice", .me = "lin" };

	ev.who = "ann";
	ev.why = "lin";
	CHECK_STR(shown(&ev, &about, 80, false),
	    "09:58:31 3 alice ann to you> look at this\n");
	ev.sid = 0;
	CHECK_STR(shown(&ev, &about, 80, false),
	    "09:58:31 ann to you> look at this\n");
	ev.who = "lin";
	ev.why = "ann";
	CHECK_STR(shown(&ev, &about, 80, false),
	    "09:58:31 you to ann> look at this\n");
}

static void
what_operators_write_is_harmless_too(void)
{
	struct ev_event ev = event(EV_NOTE, "\033[2J");
	struct con_row_about about = { .label = "3 alice", .me = "lin" };

	ev.who = "a\033n";
	CHECK_STR(shown(&ev, &about, 80, false),
	    "09:58:31 3 alice a_n note> \\x1b[2J\n");
	ev.kind = EV_OFFER;
	ev.why = "w\033g";
	CHECK_STR(shown(&ev, &about, 80, false),
	    "* 09:58:31 a_n offers 3 alice to w_g: \\x1b[2J\n");
	ev.kind = EV_BAN;
	ev.addr = "{who}\033";
	CHECK_STR(shown(&ev, &about, 80, false),
	    "* 09:58:31 a_n has banned {who}\\x1b for 0 s: \\x1b[2J\n");
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
		T(who_answers_whom_is_said_to_you_where_it_is_about_you),
		T(an_answer_is_no_news_beside_its_claim),
		T(who_is_free_is_back_in_line_only_if_it_waits),
		T(an_offer_says_what_can_be_done_and_how_it_ended),
		T(who_is_away_and_who_is_the_same_and_who_is_banned_is_a_row),
		T(a_note_is_told_from_a_reply_without_colour),
		T(what_operators_say_to_each_other_says_to_whom),
		T(what_operators_write_is_harmless_too),
	};
	int r;

	setenv("TZ", "UTC", 1);
	tzset();
	r = t_main("rows", cases, sizeof cases / sizeof cases[0]);
	dw_buf_fini(&out);
	return r;
}
