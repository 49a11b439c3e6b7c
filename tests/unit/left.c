/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who left unanswered stays on the list: whatever way it went, whoever was on
 * duty, and within the bounds that strangers cannot push.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "desk_rig.h"

#define YEAR_S (366 * 24 * 3600)

static struct desk_config config;
static enum desk_put put_says;
static uint64_t put_bytes;
static struct desk_conn anna, bert, *conn; /* conn: who acts */
static const char *went;                   /* why the last event said */
static unsigned port;

static void
describe_event(const struct ev_event *ev, const struct desk_session *s)
{
	(void)s;
	if (ev->kind == EV_GONE)
		went = ev->why;
	dw_buf_addf(&happened, "%s %" PRIu64, ev_word(&ev_kinds, ev->kind),
	    ev->sid);
	if (ev->who[0] != '\0' && ev->kind == EV_CLOSED)
		dw_buf_addf(&happened, " by %s", ev->who);
	if (ev->why[0] != '\0')
		dw_buf_addf(&happened, " (%s)", ev->why);
	dw_buf_adds(&happened, "; ");
}

static const char *
name_of(const struct desk_conn *c)
{
	return c == &anna ? "anna" : "bert";
}

static enum desk_put
describe_say(struct desk_conn *c, const struct desk_say *say, uint64_t *end)
{
	(void)c;
	put_bytes += say->len;
	*end = put_bytes;
	return put_says;
}

static const char *
describe_datagram(const struct desk_peer *to, const char *text, size_t len)
{
	(void)to;
	(void)text;
	(void)len;
	CHECK(!"nobody writes over UDP here");
	return NULL;
}

static void
describe_attached(uint64_t datagrams)
{
	(void)datagrams;
	dw_buf_adds(&happened, "attached; ");
}

static void
begin(bool on_duty)
{
	static const struct desk_config usual = {
		.name = "us",
		.turn = { 45 * DW_SECOND, 30 * DW_SECOND, 10 * DW_SECOND },
		.linger_ns = 2 * DW_SECOND,
		.retry_ns = DW_SECOND,
		.max_gone = 100,
		.held_bytes = 1000,
		.max_message = 1000,
	};

	config = usual;
	conn = &anna;
	put_says = DESK_PUT_TAKEN;
	put_bytes = 0;
	now.ns = 100 * DW_SECOND;
	now.ms = 1000000;
	now.steady_ms = 500000;
	CHECK_INT(desk_new(&config, &desk), 0);
	desk_begin(desk, 0, 0, now);
	desk_settle(desk, now);
	if (on_duty)
		operator(DESK_RQ_ATTACH);
}

static void
finish(void)
{
	desk_free(desk);
	dw_buf_fini(&happened);
}

static void
done(void)
{
	for (int i = 0; i < 2; i++) {
		desk_settle(desk, now);
		desk_publish(desk, &sink, NULL, now);
		desk_tick(desk, &sink, NULL, now);
	}
	dw_buf_reset(&happened);
}

static void
conn_rq(enum desk_rq rq, const char *why)
{
	ask((struct desk_request){ .rq = rq,
	    .conn = conn,
	    .why = why,
	    .text = "Goodbye.",
	    .len = 8 });
}

static void
said(const char *text)
{
	ask((struct desk_request){ .rq = DESK_RQ_SAID,
	    .conn = conn,
	    .text = text,
	    .len = strlen(text) });
}

static void
reply(uint64_t sid, const char *text)
{
	ask((struct desk_request){ .rq = DESK_RQ_REPLY,
	    .who = "lin",
	    .sid = sid,
	    .text = text,
	    .len = strlen(text) });
}

static void
arrives_from(const char *host, enum ev_mode mode)
{
	char addr[EV_ADDR_SIZE];

	snprintf(addr, sizeof addr, "%s:%u", host, ++port);
	desk_conn_init(conn, addr);
	ask((struct desk_request){ .rq = DESK_RQ_OPENED,
	    .conn = conn,
	    .mode = mode });
}

static void
leaves(const char *why)
{
	conn_rq(DESK_RQ_DISCONNECTED, why);
	done();
}

/* One who comes, writes and hangs up. */
static void
passes_by(const char *host)
{
	arrives_from(host, EV_MODE_LINE);
	said("hi");
	done();
	later(1);
	leaves("left");
}

static void
a_session_is_found_whoever_else_came_and_went(void)
{
	char text[40];
	int wrong = 0;

	begin(true);
	config.max_gone = 1000;
	for (int i = 1; i <= 1000; i++) {
		passes_by("192.0.2.1");
		snprintf(text, sizeof text, "close %d", i / 2 + 1);
		if (i % 2 == 0)
			command(text);
		done();
	}
	for (uint64_t sid = 1; sid <= 1000; sid++) {
		const struct ev_session *f = desk_known(desk, sid);

		wrong += (sid > 1 && sid <= 501) ? f != NULL :
						   f == NULL || f->sid != sid;
	}
	CHECK_INT(wrong, 0);
	finish();
}

static void
add_state(void *arg, const struct desk_session *s)
{
	struct dw_buf *list = arg;

	dw_buf_addf(list, "%s%" PRIu64 " %s", list->len > 0 ? ", " : "",
	    s->facts.sid, ev_word(&ev_states, s->facts.state));
}

static void
check_list(const char *want)
{
	struct dw_buf list = DW_BUF_INITIALIZER;

	desk_each(desk, add_state, &list);
	CHECK_STR(dw_buf_str(&list), want);
	dw_buf_fini(&list);
}

/* ---- the ways of going ---- */

static void
hangs_up(void)
{
	leaves("left");
}

static void
is_reset(void)
{
	leaves("reset");
}

static void
says_goodbye(void)
{
	said(conn->mode == EV_MODE_CLASSIC ? "quit" : "/quit");
	done();
	leaves("left");
}

static void
is_given_up_for_flood(void)
{
	conn_rq(DESK_RQ_BYE, "flood");
	done();
	leaves("left");
}

static void
is_too_slow(void)
{
	conn_rq(DESK_RQ_STALLED, "slow");
	done();
	leaves("left");
}

static void
times_out(void)
{
	conn_rq(DESK_RQ_BYE, "timeout");
	done();
	leaves("left");
}

static void
writes_no_more_and_hangs_up(void)
{
	conn_rq(DESK_RQ_EOF, NULL);
	done();
	leaves("left");
}

static void
desk_stops(void)
{
	ask((struct desk_request){ .rq = DESK_RQ_DRAIN });
	done();
	leaves("left");
}

static const struct way {
	const char *why; /* the event says */
	void (*go)(void);
} ways[] = {
	{ "left", hangs_up },
	{ "reset", is_reset },
	{ "quit", says_goodbye },
	{ "flood", is_given_up_for_flood },
	{ "slow", is_too_slow },
	{ "timeout", times_out },
	{ "left", writes_no_more_and_hangs_up },
	{ "stop", desk_stops },
};

#define WAYS (sizeof ways / sizeof ways[0])

static void
check_unanswered(const struct way *way, enum ev_mode mode, bool on_duty)
{
	begin(on_duty);
	arrives_from("192.0.2.1", mode);
	said("hi");
	done();
	went = "";
	way->go();
	CHECK_STR(went, way->why);
	check_list("1 left");
	later(YEAR_S);
	done();
	check_list("1 left");
	CHECK_INT(desk_deadline(desk), DW_NEVER);
	finish();
}

static void
who_goes_unanswered_stays_for_ever_whatever_way_it_went(void)
{
	for (size_t i = 0; i < WAYS; i++)
		for (int on_duty = 0; on_duty < 2; on_duty++) {
			check_unanswered(&ways[i], EV_MODE_LINE, on_duty);
			check_unanswered(&ways[i], EV_MODE_CLASSIC, on_duty);
		}
}

static void
check_served(const struct way *way, enum ev_mode mode)
{
	begin(true);
	arrives_from("192.0.2.1", mode);
	said("hi");
	reply(1, "yes");
	done();
	way->go();
	check_list("");
	finish();
}

static void
who_was_answered_is_closed_whatever_way_it_went(void)
{
	for (size_t i = 0; i < WAYS; i++) {
		check_served(&ways[i], EV_MODE_LINE);
		check_served(&ways[i], EV_MODE_CLASSIC);
	}
}

static void
who_never_said_a_word_is_closed_whatever_way_it_went(void)
{
	for (size_t i = 0; i < WAYS; i++)
		for (int on_duty = 0; on_duty < 2; on_duty++) {
			begin(on_duty);
			arrives_from("192.0.2.1", EV_MODE_CLASSIC);
			done();
			ways[i].go();
			check_list("");
			finish();
		}
}

static void
a_close_and_a_kick_end_it_whatever_it_is_owed(void)
{
	for (int kick = 0; kick < 2; kick++)
		for (int classic = 0; classic < 2; classic++) {
			begin(true);
			arrives_from("192.0.2.1",
			    classic ? EV_MODE_CLASSIC : EV_MODE_LINE);
			said("hi");
			done();
			command(kick ? "kick 1" : "close 1");
			done();
			check_list("");
			leaves("left");
			check_list("");
			finish();
		}
}

static void
a_goodbye_is_said_and_ends_the_connection_as_ever(void)
{
	begin(true);
	arrives_from("192.0.2.1", EV_MODE_LINE);
	said("hi");
	done();
	said("/quit");
	said("too late");
	stored("gone 1 (quit); anna end; ok; ok; ");
	later(2);
	stored("anna cut; ");
	conn_rq(DESK_RQ_DISCONNECTED, "left");
	stored("ok; ");
	check_list("1 left");
	finish();
}

/* ---- answers that did not arrive ---- */

static void
who_goes_before_the_last_answer_reached_it_stays_too(void)
{
	begin(true);
	arrives_from("192.0.2.1", EV_MODE_LINE);
	said("hi");
	done();
	put_says = DESK_PUT_KEPT;
	reply(1, "yes");
	done();
	conn_rq(DESK_RQ_DISCONNECTED, "left");
	stored("ok; gone 1 (left); ");
	check_list("1 left");
	finish();
}

static void
a_held_answer_that_its_turn_never_came_for_keeps_it_too(void)
{
	begin(true);
	arrives_from("192.0.2.1", EV_MODE_CLASSIC);
	said("hi");
	reply(1, "one");
	done();
	later(30);
	reply(1, "two");
	done();
	later(1);
	leaves("reset");
	check_list("1 left");
	finish();
}

static void
an_answer_that_leaves_with_the_goodbye_closes_after_all(void)
{
	begin(true);
	arrives_from("192.0.2.1", EV_MODE_LINE);
	said("hi");
	done();
	put_says = DESK_PUT_KEPT;
	reply(1, "yes");
	done();
	said("/quit");
	stored("gone 1 (quit); anna end; ok; ");
	check_list("1 left");
	ask((struct desk_request){ .rq = DESK_RQ_SENT,
	    .conn = conn,
	    .offset = put_bytes,
	    .taken = put_bytes });
	stored("ok; sent 1; closed 1 (quit); ");
	conn_rq(DESK_RQ_DISCONNECTED, "left");
	stored("ok; ");
	check_list("");
	finish();
}

/* ---- what can be done with one that left ---- */

static void
one_that_left_cannot_be_answered_but_closed(void)
{
	begin(false);
	passes_by("192.0.2.1");
	reply(1, "x");
	stored("gone; ");
	command("close 1");
	stored("closed 1 by lin (closed); ok; ");
	command("close 1");
	reply(1, "x");
	stored("closed; closed; ");
	finish();
}

static void
close_left_ends_all_who_left_and_nobody_else(void)
{
	begin(true);
	passes_by("192.0.2.1");
	passes_by("192.0.2.2");
	arrives_from("192.0.2.3", EV_MODE_LINE);
	said("still here");
	done();
	command("close left");
	stored("closed 1 by lin (closed); closed 2 by lin (closed); ok<2 "
	       "sessions closed; ");
	check_list("3 waiting");
	command("close left");
	stored("ok<0 sessions closed; ");
	command("close leftover");
	stored("usage; ");
	desk_turn_fini(&conn->turn);
	finish();
}

static void
one_that_is_closed_makes_room_for_one_that_leaves_at_once(void)
{
	begin(true);
	config.max_gone_per_address = 1;
	arrives_from("192.0.2.1", EV_MODE_LINE);
	said("hi");
	done();
	conn = &bert;
	passes_by("192.0.2.1");
	conn = &anna;
	command("close 2");
	conn_rq(DESK_RQ_DISCONNECTED, "left");
	stored("closed 2 by lin (closed); ok; ok; gone 1 (left); ");
	check_list("1 left");
	conn = &bert;
	passes_by("192.0.2.1");
	check_list("3 left");
	CHECK_INT(desk_unlisted(desk), 1);
	finish();
}

static void
one_that_hangs_up_while_its_close_is_not_stored_has_left(void)
{
	begin(true);
	arrives_from("192.0.2.1", EV_MODE_LINE);
	said("hi");
	done();
	command("close 1");
	conn_rq(DESK_RQ_DISCONNECTED, "reset");
	not_stored("not-stored; ok; ");
	later(1);
	stored("gone 1 (reset); ");
	check_list("1 left");
	finish();
}

static void
close_left_that_is_not_stored_closes_nobody(void)
{
	begin(true);
	passes_by("192.0.2.1");
	command("close left");
	not_stored("not-stored; ");
	check_list("1 left");
	finish();
}

static void
close_left_does_no_more_at_once_than_one_round_should(void)
{
	begin(true);
	config.max_gone = 2000;
	for (int i = 0; i < 1001; i++)
		passes_by("192.0.2.1");
	command("close left");
	desk_settle(desk, now);
	desk_publish(desk, &sink, NULL, now);
	CHECK(
	    strstr(dw_buf_str(&happened),
		"ok<1000 sessions closed, and there are more: say it again") !=
	    NULL);
	dw_buf_reset(&happened);
	check_list("1001 left");
	finish();
}

static void
with_gone_after_one_that_left_is_closed_in_time(void)
{
	begin(false);
	config.gone_after_ms = 3600 * 1000;
	passes_by("192.0.2.1");
	later(3599);
	stored("");
	later(1);
	stored("closed 1 (gone); ");
	CHECK_INT(desk_deadline(desk), DW_NEVER);
	arrives_from("192.0.2.1", EV_MODE_LINE);
	said("hi");
	done();
	said("/quit");
	stored("gone 2 (quit); anna end; ok; ");
	conn_rq(DESK_RQ_DISCONNECTED, "left");
	later(3600);
	stored("ok; closed 2 (gone); ");
	finish();
}

static void
another_gone_after_holds_at_once_for_those_who_left_before(void)
{
	struct desk_config shorter;

	begin(false);
	config.gone_after_ms = 3600 * 1000;
	passes_by("192.0.2.1");
	later(60);
	stored("");
	CHECK(desk_deadline(desk) > now.ns);
	shorter = config;
	shorter.gone_after_ms = 30 * 1000;
	desk_reconfigure(desk, &shorter);
	CHECK(desk_deadline(desk) <= now.ns);
	stored("closed 1 (gone); ");
	CHECK_INT(desk_deadline(desk), DW_NEVER);
	passes_by("192.0.2.2");
	shorter.gone_after_ms = 0;
	desk_reconfigure(desk, &shorter);
	later(3600);
	stored("");
	finish();
}

/* ---- too many ---- */

static void
beyond_max_gone_the_oldest_leave_memory_and_nothing_is_stored(void)
{
	begin(false);
	config.max_gone = 2;
	passes_by("192.0.2.1");
	passes_by("192.0.2.2");
	arrives_from("192.0.2.3", EV_MODE_LINE);
	said("hi");
	done();
	conn_rq(DESK_RQ_DISCONNECTED, "left");
	stored("ok; gone 3 (left); unlisted 1; ");
	check_list("2 left, 3 left");
	CHECK_INT(desk_unlisted(desk), 1);
	finish();
}

static void
an_unlisted_session_is_refused_with_a_sentence_of_its_own(void)
{
	begin(false);
	config.max_gone = 0;
	passes_by("192.0.2.1");
	check_list("");
	reply(1, "x");
	command("close 1");
	command("kick 1");
	stored("closed; closed; closed; ");
	command("history 1");
	stored("past of 1; ");
	finish();
}

static void
of_one_address_only_the_last_stay_and_others_lose_nothing(void)
{
	begin(false);
	config.max_gone_per_address = 2;
	passes_by("192.0.2.9");
	for (int i = 0; i < 4; i++)
		passes_by("192.0.2.1");
	passes_by("192.0.2.9");
	check_list("1 left, 4 left, 5 left, 6 left");
	CHECK_INT(desk_unlisted(desk), 2);
	passes_by("127.0.0.1");
	passes_by("127.0.0.1");
	passes_by("127.0.0.1");
	passes_by("[::1]");
	check_list("1 left, 4 left, 5 left, 6 left, 8 left, 9 left, 10 left");
	finish();
}

static void
who_left_first_goes_first_and_not_who_came_first(void)
{
	begin(false);
	config.max_gone = 1;
	arrives_from("192.0.2.1", EV_MODE_LINE);
	said("hi");
	done();
	conn = &bert;
	passes_by("192.0.2.2");
	later(1);
	conn = &anna;
	leaves("left");
	check_list("1 left");
	finish();
}

static void
what_was_unlisted_is_told_at_most_once_a_minute_and_counted(void)
{
	begin(true);
	config.max_gone = 0;
	passes_by("192.0.2.1");
	CHECK_INT(desk_deadline(desk), now.ns + DW_SECOND);
	later(1);
	stored("list is full: 1; ");
	passes_by("192.0.2.2");
	later(50);
	stored("");
	passes_by("192.0.2.3");
	later(7);
	stored("");
	CHECK_INT(desk_deadline(desk), now.ns + DW_SECOND);
	later(1);
	stored("list is full: 2; ");
	CHECK_INT(desk_deadline(desk), DW_NEVER);
	finish();
}

/* ---- restarts ---- */

static void
replay(uint64_t seq, uint64_t sid, enum ev_kind kind, const char *addr)
{
	struct ev_event ev = ev_event_of(kind);

	ev.seq = seq;
	ev.t_ms = -(int64_t)seq * 1000; /* the clock was set back each time */
	ev.sid = sid;
	ev.n = 1;
	ev.mode = EV_MODE_LINE;
	ev.addr = addr;
	ev.why = kind == EV_GONE ? "left" : "";
	CHECK_INT(desk_replay(desk, &ev), 0);
}

static void
who_was_connected_when_the_desk_died_has_left_if_it_waited(void)
{
	begin(false);
	replay(1, 1, EV_ARRIVED, "192.0.2.1:1");
	replay(2, 2, EV_ARRIVED, "192.0.2.2:1");
	replay(3, 2, EV_SAID, "");
	replay(4, 3, EV_ARRIVED, "192.0.2.3:1");
	replay(5, 3, EV_SAID, "");
	replay(6, 3, EV_REPLY, "");
	replay(7, 3, EV_SENT, "");
	replay(8, 4, EV_ARRIVED, "192.0.2.4:1");
	replay(9, 4, EV_SAID, "");
	replay(10, 4, EV_REPLY, "");
	desk_begin(desk, 10, 4, now);
	stored("closed 1 (restart); gone 2 (restart); closed 3 (restart); "
	       "gone 4 (restart); ");
	check_list("2 left, 4 left");
	finish();
}

static void
an_older_desks_gone_ones_that_were_answered_are_closed(void)
{
	begin(false);
	replay(1, 1, EV_ARRIVED, "192.0.2.1:1");
	replay(2, 1, EV_GONE, "");
	desk_begin(desk, 2, 1, now);
	stored("closed 1 (gone); ");
	finish();
}

static void
a_starting_desk_reads_no_more_than_the_list_may_have(void)
{
	char addr[EV_ADDR_SIZE];

	begin(false);
	config.max_gone = 3;
	config.max_gone_per_address = 2;
	for (uint64_t i = 0; i < 1000; i++) {
		snprintf(addr, sizeof addr, "192.0.2.%u:1",
		    (unsigned)(i % 50 < 49 ? 1 : 100 + i / 50));
		replay(3 * i + 1, i + 1, EV_ARRIVED, addr);
		replay(3 * i + 2, i + 1, EV_SAID, "");
		replay(3 * i + 3, i + 1, EV_GONE, "");
		if (i == 500)
			check_list("499 left, 500 left, 501 left");
	}
	desk_begin(desk, 3000, 1000, now);
	stored("");
	check_list("998 left, 999 left, 1000 left");
	CHECK_INT(desk_unlisted(desk), 997);
	finish();
}

static void
one_that_was_reopened_is_the_last_of_a_new_desks_list(void)
{
	begin(false);
	config.max_gone = 2;
	for (uint64_t sid = 1; sid <= 2; sid++) {
		replay(3 * sid, sid, EV_ARRIVED, "192.0.2.1:1");
		replay(3 * sid + 1, sid, EV_SAID, "");
		replay(3 * sid + 2, sid, EV_GONE, "");
	}
	replay(9, 1, EV_REOPENED, "");
	replay(10, 3, EV_ARRIVED, "192.0.2.1:1");
	replay(11, 3, EV_SAID, "");
	replay(12, 3, EV_GONE, "");
	desk_begin(desk, 12, 3, now);
	stored("");
	check_list("1 left, 3 left");
	CHECK_INT(desk_unlisted(desk), 1);
	finish();
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_session_is_found_whoever_else_came_and_went),
		T(who_goes_unanswered_stays_for_ever_whatever_way_it_went),
		T(who_was_answered_is_closed_whatever_way_it_went),
		T(who_never_said_a_word_is_closed_whatever_way_it_went),
		T(a_close_and_a_kick_end_it_whatever_it_is_owed),
		T(a_goodbye_is_said_and_ends_the_connection_as_ever),
		T(who_goes_before_the_last_answer_reached_it_stays_too),
		T(a_held_answer_that_its_turn_never_came_for_keeps_it_too),
		T(an_answer_that_leaves_with_the_goodbye_closes_after_all),
		T(one_that_left_cannot_be_answered_but_closed),
		T(close_left_ends_all_who_left_and_nobody_else),
		T(one_that_is_closed_makes_room_for_one_that_leaves_at_once),
		T(one_that_hangs_up_while_its_close_is_not_stored_has_left),
		T(close_left_that_is_not_stored_closes_nobody),
		T(close_left_does_no_more_at_once_than_one_round_should),
		T(with_gone_after_one_that_left_is_closed_in_time),
		T(another_gone_after_holds_at_once_for_those_who_left_before),
		T(beyond_max_gone_the_oldest_leave_memory_and_nothing_is_stored),
		T(an_unlisted_session_is_refused_with_a_sentence_of_its_own),
		T(of_one_address_only_the_last_stay_and_others_lose_nothing),
		T(who_left_first_goes_first_and_not_who_came_first),
		T(what_was_unlisted_is_told_at_most_once_a_minute_and_counted),
		T(who_was_connected_when_the_desk_died_has_left_if_it_waited),
		T(an_older_desks_gone_ones_that_were_answered_are_closed),
		T(a_starting_desk_reads_no_more_than_the_list_may_have),
		T(one_that_was_reopened_is_the_last_of_a_new_desks_list),
	};

	return t_main("left", cases, sizeof cases / sizeof cases[0]);
}
