/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the desk makes of datagrams.  A round's outcome is one string: what
 * the sink was called with, in order.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "desk_rig.h"

#define A "192.0.2.1:5000"
#define B "192.0.2.2:5000"

static const struct desk_config config = {
	.name = "us",
	.retry_ns = DW_SECOND,
	.gone_after_ms = 1000,
	.max_message = 1000,
	.max_peers = 4,
	.peer_ns = 60 * DW_SECOND,
	.max_answer = 16,
};

static const char *send_fails;

static void
describe_event(const struct ev_event *ev, const struct desk_session *s)
{
	CHECK(s == NULL);
	CHECK_INT(ev->sid, 0);
	dw_buf_addf(&happened, "%s", ev_word(&ev_kinds, ev->kind));
	if (ev->addr[0] != '\0')
		dw_buf_addf(&happened, " %s", ev->addr);
	if (ev->n != 0)
		dw_buf_addf(&happened, " n%" PRIu64, ev->n);
	if (ev->flags != 0)
		dw_buf_addf(&happened, " f%u", ev->flags);
	if (ev->why[0] != '\0')
		dw_buf_addf(&happened, " (%s)", ev->why);
	if (ev->len > 0) {
		dw_buf_addf(&happened, " %s\"", ev->who);
		dw_buf_add(&happened, ev->body, ev->len);
		dw_buf_addc(&happened, '"');
	}
	dw_buf_adds(&happened, "; ");
}

static const char *
describe_datagram(const struct desk_peer *to, const char *text, size_t len)
{
	unsigned way;

	memcpy(&way, to->route, sizeof way);
	dw_buf_addf(&happened, "%s/%u<", to->addr, way);
	dw_buf_add(&happened, text, len);
	dw_buf_adds(&happened, "; ");
	return send_fails;
}

static const char *
name_of(const struct desk_conn *c)
{
	(void)c;
	return "a customer";
}

static enum desk_put
describe_say(struct desk_conn *c, const struct desk_say *say, uint64_t *end)
{
	(void)c;
	(void)say;
	(void)end;
	CHECK(!"a datagram says nothing to a customer");
	return DESK_PUT_SHUT;
}

static void
describe_attached(uint64_t datagrams)
{
	dw_buf_addf(&happened, "attached, %" PRIu64 " datagrams; ", datagrams);
}

static void
begin(void)
{
	dw_buf_reset(&happened);
	send_fails = NULL;
	now.ns = 100 * DW_SECOND;
	now.ms = 1000000;
	now.steady_ms = 500000;
	CHECK_INT(desk_new(&config, &desk), 0);
	desk_begin(desk, 0, 0, now);
	desk_settle(desk, now);
}

static void
finish(void)
{
	desk_free(desk);
	dw_buf_fini(&happened);
}

static void
datagram_cut(const char *addr, const char *text, size_t whole, unsigned flags)
{
	static const union {
		unsigned way;
		char bytes[DESK_ROUTE_SIZE];
	} route = { 1 };

	ask((struct desk_request){ .rq = DESK_RQ_DATAGRAM,
	    .addr = addr,
	    .route = &route,
	    .text = text,
	    .len = strlen(text),
	    .whole = whole,
	    .flags = flags });
}

static void
datagram(const char *addr, const char *text)
{
	datagram_cut(addr, text, strlen(text), 0);
}

/* An operator on duty, and nothing else so far. */
static void
begin_on_duty(void)
{
	begin();
	operator(DESK_RQ_ATTACH);
	stored("on; attached, 0 datagrams; ");
}

static void
a_datagram_is_an_event_and_gets_no_answer(void)
{
	begin_on_duty();
	datagram(A, "hello");
	stored("udp " A " n5 f16 \"hello\"; ok; ");
	datagram(A, "");
	stored("udp " A "; ok; ");
	datagram_cut(A, "0123", 60000, EV_FLAG_TRUNCATED);
	stored("udp " A " n60000 f4 \"0123\"; ok; ");
	finish();
}

static void
a_datagram_that_is_not_stored_is_not_shown(void)
{
	begin_on_duty();
	datagram(A, "hello");
	not_stored("not-stored; ");
	command("udp " A " who are you?");
	stored("gone; ");
	finish();
}

static void
an_answer_leaves_after_its_commit_and_is_noted(void)
{
	begin_on_duty();
	datagram(A, "hello");
	stored("udp " A " n5 f16 \"hello\"; ok; ");
	command("udp " A " good day");
	not_stored("not-stored; ");
	command("udp " A " good day");
	later(2);
	stored("udp-reply " A " lin\"good day\"; " A "/1<good day; ok; ");
	CHECK(desk_deadline(desk) <= now.ns);
	stored("udp-sent " A " n3; ");
	CHECK(desk_deadline(desk) > now.ns);
	stored("");
	finish();
}

static void
what_has_left_is_noted_until_that_is_stored(void)
{
	begin_on_duty();
	datagram(A, "hello");
	stored("udp " A " n5 f16 \"hello\"; ok; ");
	command("udp " A " one");
	command("udp " A " two");
	stored("udp-reply " A " lin\"one\"; " A "/1<one; ok; "
	       "udp-reply " A " lin\"two\"; " A "/1<two; ok; ");
	not_stored("");
	later(1);
	not_stored("");
	later(1);
	stored("udp-sent " A " n3; udp-sent " A " n4; ");
	stored("");
	finish();
}

static void
an_answer_that_cannot_leave_says_why(void)
{
	begin_on_duty();
	datagram(A, "hello");
	stored("udp " A " n5 f16 \"hello\"; ok; ");
	send_fails = "unreachable";
	command("udp " A " good day");
	stored("udp-reply " A " lin\"good day\"; " A "/1<good day; ok; ");
	stored("udp-sent " A " n3 (unreachable); ");
	finish();
}

/* An answer that was not meant for somebody must not go to somebody. */
static void
without_an_address_the_only_one_is_answered_and_never_one_of_several(void)
{
	begin_on_duty();
	command("udp hello?");
	stored("gone; ");
	datagram(A, "a");
	stored("udp " A " n1 f16 \"a\"; ok; ");
	command("udp it is 10:30 now");
	stored("udp-reply " A " lin\"it is 10:30 now\"; " A
	       "/1<it is 10:30 now; ok; ");
	datagram(B, "b");
	stored("udp " B " n1 f16 \"b\"; ok; udp-sent " A " n3; ");
	command("udp which one?");
	stored("usage; ");
	command("udp " B "  you");
	stored("udp-reply " B " lin\"you\"; " B "/1<you; ok; ");
	finish();
}

static void
only_who_has_written_lately_can_be_answered(void)
{
	begin_on_duty();
	command("udp " A " hello");
	stored("gone; ");
	datagram(A, "a");
	stored("udp " A " n1 f16 \"a\"; ok; ");
	later(60);
	command("udp " A " hello");
	command("udp [2001:db8::1]:5000 hello");
	command("udp hello");
	stored("gone; gone; gone; ");
	finish();
}

static void
quit_ends_that_peers_entry_and_no_other(void)
{
	begin_on_duty();
	datagram(A, "a");
	datagram(B, "b");
	stored("udp " A " n1 f16 \"a\"; ok; udp " B " n1 f16 \"b\"; ok; ");
	datagram(A, "I do not want to quit");
	datagram(B, " quit\n");
	stored("udp " A " n21 \"I do not want to quit\"; ok; "
	       "udp " B " n6 f8 \" quit\n\"; ok; ");
	command("udp " B " bye");
	command("udp bye");
	stored("gone; usage; ");
	command("udp " A " bye");
	stored("udp-reply " A " lin\"bye\"; " A "/1<bye; ok; ");
	finish();
}

static void
a_wrong_answer_is_refused_and_not_cut(void)
{
	begin_on_duty();
	datagram(A, "a");
	stored("udp " A " n1 f16 \"a\"; ok; ");
	command("udp " A);
	command("udp " A " 01234567890123456");
	stored("usage; usage; ");
	command("udp " A " 0123456789012345");
	stored("udp-reply " A " lin\"0123456789012345\"; " A
	       "/1<0123456789012345; ok; ");
	finish();
}

static void
alone_the_command_shows_the_last_ones(void)
{
	begin_on_duty();
	command("udp");
	stored("past of 0; ");
	finish();
}

static void
who_comes_on_duty_hears_how_many_came_meanwhile(void)
{
	begin();
	datagram(A, "a");
	datagram(A, "b");
	not_stored("not-stored; not-stored; ");
	datagram(A, "a");
	datagram(A, "b");
	stored("udp " A " n1 f18 \"a\"; ok; udp " A " n1 f18 \"b\"; ok; ");
	datagram(A, "lost");
	operator(DESK_RQ_ATTACH);
	not_stored("not-stored; attached, 2 datagrams; ");
	operator(DESK_RQ_DETACH);
	operator(DESK_RQ_ATTACH);
	stored("off; ok; on; attached, 2 datagrams; ");
	operator(DESK_RQ_ATTACH);
	stored("on; attached, 0 datagrams; ");
	finish();
}

static void
a_restarted_desk_counts_what_nobody_has_seen(void)
{
	dw_buf_reset(&happened);
	CHECK_INT(desk_new(&config, &desk), 0);
	desk_missed(desk, 1);
	desk_begin(desk, 4, 0, now);
	operator(DESK_RQ_ATTACH);
	stored("on; attached, 1 datagrams; ");
	finish();
}

static void
what_is_dropped_is_told_seldom(void)
{
	begin_on_duty();
	ask((struct desk_request){ .rq = DESK_RQ_DROPPED });
	stored("ok; ");
	CHECK_INT(desk_deadline(desk), now.ns + DW_SECOND);
	later(1);
	stored("dropped; ");
	CHECK(desk_deadline(desk) > now.ns + DW_SECOND);
	ask((struct desk_request){ .rq = DESK_RQ_DROPPED });
	stored("ok; ");
	later(9);
	stored("");
	later(1);
	stored("dropped; ");
	finish();
}

static void
what_is_dropped_is_told_before_the_end(void)
{
	begin_on_duty();
	ask((struct desk_request){ .rq = DESK_RQ_DROPPED });
	stored("ok; ");
	ask((struct desk_request){ .rq = DESK_RQ_DRAIN });
	stored("ok; drained; dropped; ");
	finish();
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_datagram_is_an_event_and_gets_no_answer),
		T(a_datagram_that_is_not_stored_is_not_shown),
		T(an_answer_leaves_after_its_commit_and_is_noted),
		T(what_has_left_is_noted_until_that_is_stored),
		T(an_answer_that_cannot_leave_says_why),
		T(without_an_address_the_only_one_is_answered_and_never_one_of_several),
		T(only_who_has_written_lately_can_be_answered),
		T(quit_ends_that_peers_entry_and_no_other),
		T(a_wrong_answer_is_refused_and_not_cut),
		T(alone_the_command_shows_the_last_ones),
		T(who_comes_on_duty_hears_how_many_came_meanwhile),
		T(a_restarted_desk_counts_what_nobody_has_seen),
		T(what_is_dropped_is_told_seldom),
		T(what_is_dropped_is_told_before_the_end),
	};

	return t_main("datagrams", cases, sizeof cases / sizeof cases[0]);
}
