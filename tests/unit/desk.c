/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the desk decides, case by case.  tests/sim has the interleavings.
 *
 * A round's outcome is one string: what the sink was called with, in order.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "desk_rig.h"

#define HOUR_MS INT64_C(3600000)

static struct desk_config config = {
	.name = "us",
	.turn = { 45 * DW_SECOND, 30 * DW_SECOND, 10 * DW_SECOND },
	.linger_ns = 2 * DW_SECOND,
	.retry_ns = DW_SECOND,
	.gone_after_ms = 24 * HOUR_MS,
	.max_gone = 3,
	.held_bytes = 100,
	.max_message = 1000,
};

static enum desk_put put_says;
static uint64_t put_bytes;
static struct desk_conn anna, bert;

static void
describe_event(const struct ev_event *ev, const struct desk_session *s)
{
	(void)s;
	dw_buf_addf(&happened, "%s %" PRIu64, ev_word(&ev_kinds, ev->kind),
	    ev->sid);
	if (ev->n != 0)
		dw_buf_addf(&happened, " n%" PRIu64, ev->n);
	if (ev->why[0] != '\0')
		dw_buf_addf(&happened, " (%s)", ev->why);
	if ((ev->flags & EV_FLAG_UNATTENDED) != 0)
		dw_buf_adds(&happened, " unattended");
	if ((ev->flags & EV_FLAG_CUT_SHORT) != 0)
		dw_buf_adds(&happened, " cut short");
	if ((ev->flags & EV_FLAG_REST_LOST) != 0)
		dw_buf_adds(&happened, " rest lost");
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
	put_bytes += say->len;
	*end = put_bytes;
	dw_buf_addf(&happened, "%s<%s%s", name_of(c),
	    say->who != NULL ? say->who : "", say->who != NULL ? ":" : "");
	dw_buf_add(&happened, say->text, say->len);
	dw_buf_adds(&happened, "; ");
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
	dw_buf_addf(&happened, "attached at %" PRIu64 "; ",
	    desk_last_seq(desk));
}

static void
begin(void)
{
	dw_buf_reset(&happened);
	put_says = DESK_PUT_TAKEN;
	put_bytes = 0;
	now.ns = 100 * DW_SECOND;
	now.ms = 1000000;
	now.steady_ms = 500000;
	desk_conn_init(&anna, "192.0.2.1:1");
	desk_conn_init(&bert, "192.0.2.2:2");
	CHECK_INT(desk_new(&config, &desk), 0);
	desk_begin(desk, 0, 0, now);
	desk_settle(desk, now);
}

static void
finish(void)
{
	desk_turn_fini(&anna.turn);
	desk_turn_fini(&bert.turn);
	desk_free(desk);
	dw_buf_fini(&happened);
}

static void
opened(struct desk_conn *c, enum ev_mode mode)
{
	ask((struct desk_request){ .rq = DESK_RQ_OPENED,
	    .conn = c,
	    .mode = mode });
}

static void
said(struct desk_conn *c, const char *text)
{
	ask((struct desk_request){ .rq = DESK_RQ_SAID,
	    .conn = c,
	    .text = text,
	    .len = strlen(text) });
}

static void
conn_rq(enum desk_rq rq, struct desk_conn *c, const char *why)
{
	ask((struct desk_request){ .rq = rq, .conn = c, .why = why });
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
done(void)
{
	desk_settle(desk, now);
	desk_publish(desk, &sink, NULL, now);
	desk_settle(desk, now);
	desk_publish(desk, &sink, NULL, now);
	dw_buf_reset(&happened);
}

static void
find(void *arg, const struct desk_session *s)
{
	struct ev_session *f = arg;

	if (s->facts.sid == f->sid)
		*f = s->facts;
	else if (f->sid == 0)
		f->in++;
}

static struct ev_session
facts(uint64_t sid)
{
	struct ev_session f = { .sid = sid, .state = EV_STATE_CLOSED };

	desk_each(desk, find, &f);
	return f;
}

/* An operator, and Anna with something said. */
static void
begin_with_anna(enum ev_mode mode)
{
	begin();
	operator(DESK_RQ_ATTACH);
	opened(&anna, mode);
	said(&anna, "hi");
	done();
}

static void
a_line_customer_has_no_session_before_the_first_line(void)
{
	begin();
	operator(DESK_RQ_ATTACH);
	stored("on 0; attached at 1; ");
	opened(&anna, EV_MODE_LINE);
	stored("anna<Welcome to us.\nYou are number 1 in line. Write your "
	       "question.\nType /help for help, /quit to leave.; ok; ");
	said(&anna, "  ");
	stored("ok; ");
	said(&anna, "hi");
	stored("arrived 1; said 1 n1; anna<Received. You are next; "
	       "somebody will answer here.; ok; ");
	finish();
}

static void
a_message_that_was_cut_short_is_stored_as_such(void)
{
	begin_with_anna(EV_MODE_LINE);
	ask((struct desk_request){ .rq = DESK_RQ_SAID,
	    .conn = &anna,
	    .text = "I wan",
	    .len = 5,
	    .flags = EV_FLAG_CUT_SHORT });
	stored("said 1 n2 cut short; ok; ");
	ask((struct desk_request){ .rq = DESK_RQ_SAID,
	    .conn = &anna,
	    .text = "and",
	    .len = 3,
	    .flags = EV_FLAG_REST_LOST });
	stored("said 1 n3 rest lost; ok; ");
	finish();
}

static void
a_classic_customer_has_one_with_the_hello(void)
{
	begin();
	operator(DESK_RQ_ATTACH);
	done();
	opened(&anna, EV_MODE_CLASSIC);
	stored("arrived 1; anna<服务端已就绪\nWelcome to us.\nYou are number "
	       "1 in line. Write your question.; ok; ");
	finish();
}

static void
who_asks_is_told_its_place_among_those_who_wait(void)
{
	begin_with_anna(EV_MODE_LINE);
	opened(&bert, EV_MODE_LINE);
	said(&bert, "/PLACE");
	stored("bert<Welcome to us.\nYou are number 2 in line. Write your "
	       "question.\nType /help for help, /quit to leave.; ok; "
	       "bert<No answer is owed to you; 1 other customer waits.; ok; ");
	said(&anna, "/place");
	stored("anna<You are the only one who waits.; ok; ");
	said(&bert, "hi");
	done();
	said(&bert, "/place");
	said(&anna, "/place");
	stored("bert<You are number 2 of 2 who wait.; ok; "
	       "anna<You are number 1 of 2 who wait.; ok; ");
	/* Whoever has an answer goes to the end with the next question, whatever
	 * the time of day is by then. */
	reply(1, "yes");
	command("release 1");
	said(&anna, "and");
	now.ms -= 3 * HOUR_MS;
	done();
	said(&anna, "/place");
	stored("anna<You are number 2 of 2 who wait.; ok; ");
	/* Who has left does not stand in anybody's way. */
	conn_rq(DESK_RQ_DISCONNECTED, &bert, "left");
	done();
	CHECK_INT(facts(2).state, EV_STATE_LEFT);
	operator(DESK_RQ_DETACH);
	done();
	said(&anna, "/place");
	stored("anna<You are the only one who waits.; anna<Nobody is on duty "
	       "right now; what you write is kept.; ok; ");
	finish();
}

static void
nobody_waits_when_all_are_answered(void)
{
	begin_with_anna(EV_MODE_LINE);
	reply(1, "yes");
	done();
	said(&anna, "/place");
	stored("anna<No answer is owed to you, and nobody else waits.; ok; ");
	finish();
}

static void
to_a_classic_client_place_is_a_message_as_any_other(void)
{
	begin_with_anna(EV_MODE_CLASSIC);
	said(&anna, "/place");
	stored("said 1 n2; ok; ");
	finish();
}

static void
waiting_since_is_the_oldest_message_that_nobody_answered(void)
{
	int64_t first;

	begin_with_anna(EV_MODE_LINE);
	first = now.ms;
	CHECK_INT(facts(1).waiting_ms, first);
	CHECK_INT(facts(1).state, EV_STATE_WAITING);
	later(5);
	said(&anna, "hello?");
	done();
	CHECK_INT(facts(1).waiting_ms, first);
	reply(1, "yes");
	done();
	CHECK_INT(facts(1).waiting_ms, 0);
	CHECK_INT(facts(1).state, EV_STATE_OPEN);
	later(5);
	said(&anna, "and");
	done();
	CHECK_INT(facts(1).waiting_ms, now.ms);
	finish();
}

static void
nobody_on_duty_is_said_once_and_the_message_kept(void)
{
	begin();
	opened(&anna, EV_MODE_LINE);
	done();
	said(&anna, "hi");
	stored("arrived 1; said 1 n1 unattended; anna<Nobody is on duty right "
	       "now; your message is kept.; ok; ");
	CHECK(facts(1).unattended);
	said(&anna, "ho");
	stored("said 1 n2 unattended; ok; ");
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "left");
	stored("ok; gone 1 (left); ");
	CHECK(facts(1).gone);
	CHECK_INT(facts(1).state, EV_STATE_LEFT);
	CHECK(facts(1).waiting_ms != 0);
	finish();
}

static void
a_classic_customer_hears_at_once_that_nobody_is_on_duty(void)
{
	begin();
	opened(&anna, EV_MODE_CLASSIC);
	done();
	said(&anna, "hi");
	stored("said 1 n1 unattended; anna<Nobody is on duty right now; your "
	       "message is kept.; ok; ");
	finish();
}

static void
a_customer_who_was_served_and_leaves_closes_the_session(void)
{
	begin_with_anna(EV_MODE_LINE);
	reply(1, "yes");
	done();
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "left");
	stored("ok; closed 1 (left); ");
	CHECK_INT(facts(1).state, EV_STATE_CLOSED);
	finish();
}

static void
what_comes_behind_a_goodbye_begins_no_session(void)
{
	begin();
	opened(&anna, EV_MODE_LINE);
	done();
	said(&anna, "/quit");
	said(&anna, "foo");
	stored("anna<Goodbye.; anna end; ok; ok; ");
	finish();
}

static void
an_ended_customer_lingers_only_once_all_has_left(void)
{
	begin_with_anna(EV_MODE_LINE);
	put_says = DESK_PUT_KEPT;
	reply(1, "a long answer");
	command("close 1");
	done();
	CHECK_INT(desk_deadline(desk), DW_NEVER);
	ask((struct desk_request){ .rq = DESK_RQ_SENT,
	    .conn = &anna,
	    .offset = put_bytes,
	    .taken = put_bytes });
	done();
	CHECK_INT(desk_deadline(desk), now.ns + config.linger_ns);
	later(config.linger_ns / DW_SECOND);
	stored("anna cut; ");
	finish();
}

static void
one_who_was_let_go_waits_for_no_time(void)
{
	begin_with_anna(EV_MODE_LINE);
	put_says = DESK_PUT_KEPT;
	reply(1, "a long answer");
	command("close 1");
	done();
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "left");
	done();
	ask((struct desk_request){ .rq = DESK_RQ_SENT,
	    .conn = &anna,
	    .offset = put_bytes,
	    .taken = put_bytes });
	done();
	CHECK_INT(desk_deadline(desk), DW_NEVER);
	finish();
}

static void
a_gone_session_is_closed_after_a_day_and_not_before(void)
{
	begin();
	opened(&anna, EV_MODE_LINE);
	said(&anna, "hi");
	done();
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "left");
	done();
	CHECK_INT(desk_deadline(desk), now.ns + 24 * HOUR_MS * DW_MS);
	later(24 * 3600 - 1);
	stored("");
	later(1);
	stored("closed 1 (gone); ");
	CHECK_INT(desk_deadline(desk), DW_NEVER);
	finish();
}

/* While the machine sleeps only the steady clock goes on. */
static void
a_gone_session_is_closed_after_a_day_of_which_much_was_slept(void)
{
	begin();
	opened(&anna, EV_MODE_LINE);
	opened(&bert, EV_MODE_LINE);
	said(&anna, "hi");
	said(&bert, "hi");
	done();
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "left");
	done();
	now.ms += 23 * HOUR_MS;
	now.steady_ms += 23 * HOUR_MS;
	said(&bert, "hi");
	done();
	CHECK_INT(desk_deadline(desk), now.ns + HOUR_MS * DW_MS);
	now.ms += HOUR_MS;
	now.steady_ms += HOUR_MS;
	said(&bert, "hi");
	stored("said 2 n3 unattended; ok; closed 1 (gone); ");
	finish();
}

static void
a_reply_reaches_its_session_alone_and_is_noted_as_sent(void)
{
	begin_with_anna(EV_MODE_LINE);
	opened(&bert, EV_MODE_LINE);
	said(&bert, "me too");
	done();
	reply(2, "for bert");
	stored("claim 2 (answer); reply 2 n1; bert<lin:for bert; ok; ");
	stored("sent 2 n1; ");
	CHECK_INT(facts(1).out, 0);
	finish();
}

static void
settled(size_t want)
{
	size_t n;

	desk_settle(desk, now);
	desk_events(desk, &n);
	CHECK_INT(n, want);
}

static void
pass_ms(int64_t ms)
{
	now.ns += ms * DW_MS;
	now.ms += ms;
	now.steady_ms += ms;
}

static void
sent_is_stored_with_what_is_stored_anyway(void)
{
	begin_with_anna(EV_MODE_LINE);
	config.sent_ns = 30 * DW_MS;
	reply(1, "yes");
	stored("claim 1 (answer); reply 1 n1; anna<lin:yes; ok; ");
	pass_ms(1);
	settled(0);
	ask((struct desk_request){ .rq = DESK_RQ_TELL,
	    .conn = &anna,
	    .text = "hm",
	    .len = 2 });
	settled(0); /* of that nothing is stored */
	stored("anna<hm; ok; ");
	said(&anna, "thanks");
	stored("said 1 n2; ok; sent 1 n1; ");
	CHECK_INT(desk_deadline(desk), DW_NEVER);
	config.sent_ns = 0;
	finish();
}

static void
sent_is_stored_alone_after_a_while(void)
{
	begin_with_anna(EV_MODE_LINE);
	config.sent_ns = 30 * DW_MS;
	reply(1, "yes");
	stored("claim 1 (answer); reply 1 n1; anna<lin:yes; ok; ");
	CHECK_INT(desk_deadline(desk), now.ns + 30 * DW_MS);
	pass_ms(29);
	settled(0);
	pass_ms(1);
	stored("sent 1 n1; ");
	CHECK_INT(desk_deadline(desk), DW_NEVER);
	config.sent_ns = 0;
	finish();
}

static void
who_has_gone_does_not_wait_as_sent_does(void)
{
	begin_with_anna(EV_MODE_LINE);
	config.sent_ns = 30 * DW_MS;
	reply(1, "yes");
	stored("claim 1 (answer); reply 1 n1; anna<lin:yes; ok; ");
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "left");
	stored("ok; sent 1 n1; closed 1 (left); ");
	config.sent_ns = 0;
	finish();
}

static void
sent_waits_until_the_customers_machine_has_the_reply(void)
{
	begin_with_anna(EV_MODE_LINE);
	put_says = DESK_PUT_KEPT;
	reply(1, "slow");
	stored("claim 1 (answer); reply 1 n1; anna<lin:slow; ok; ");
	ask((struct desk_request){ .rq = DESK_RQ_SENT,
	    .conn = &anna,
	    .offset = put_bytes,
	    .taken = put_bytes - 1 });
	stored("ok; ");
	ask((struct desk_request){ .rq = DESK_RQ_SENT,
	    .conn = &anna,
	    .offset = put_bytes,
	    .taken = put_bytes });
	stored("ok; sent 1 n1; ");
	finish();
}

static void
who_says_something_has_taken_what_was_put_before(void)
{
	begin_with_anna(EV_MODE_LINE);
	put_says = DESK_PUT_SENT;
	reply(1, "welcome");
	stored("claim 1 (answer); reply 1 n1; anna<lin:welcome; ok; ");
	ask((struct desk_request){ .rq = DESK_RQ_SAID,
	    .conn = &anna,
	    .text = "/quit",
	    .len = 5,
	    .taken = put_bytes });
	stored("sent 1 n1; closed 1 (quit); anna<Goodbye.; anna end; ok; ");
	finish();
}

static void
who_goes_says_at_last_what_its_machine_has(void)
{
	for (unsigned missing = 0; missing < 2; missing++) {
		begin_with_anna(EV_MODE_LINE);
		put_says = DESK_PUT_SENT;
		reply(1, "over a slow way");
		stored(
		    "claim 1 (answer); reply 1 n1; anna<lin:over a slow way; ok; ");
		ask((struct desk_request){ .rq = DESK_RQ_DISCONNECTED,
		    .conn = &anna,
		    .why = "left",
		    .taken = put_bytes - missing });
		stored(missing == 0 ? "ok; sent 1 n1; closed 1 (left); " :
				      "ok; gone 1 (left); ");
		finish();
	}
}

static void
what_has_left_is_noted_before_its_session_ends(void)
{
	begin_with_anna(EV_MODE_LINE);
	reply(1, "yes");
	stored("claim 1 (answer); reply 1 n1; anna<lin:yes; ok; ");
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "left");
	stored("ok; sent 1 n1; closed 1 (left); ");
	finish();
}

static void
what_leaves_with_the_goodbye_is_noted_behind_it(void)
{
	begin_with_anna(EV_MODE_CLASSIC);
	reply(1, "one");
	done();
	reply(1, "two");
	done();
	command("close 1");
	stored("closed 1 (closed); anna<two\nThis conversation was closed. "
	       "Goodbye.\nquit; anna end; ok; ");
	stored("sent 1 n2; ");
	CHECK_INT(facts(1).state, EV_STATE_CLOSED);
	reply(1, "three");
	command("close 1");
	stored("closed; closed; ");
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "left");
	stored("ok; ");
	finish();
}

static void
a_reply_and_a_close_in_one_round_are_both_noted(void)
{
	begin_with_anna(EV_MODE_LINE);
	reply(1, "bye then");
	command("close 1");
	stored(
	    "claim 1 (answer); reply 1 n1; anna<lin:bye then; ok; closed 1 (closed); "
	    "anna<This conversation was closed. Goodbye.; anna end; ok; ");
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "left");
	stored("ok; sent 1 n1; ");
	stored("");
	finish();
}

static void
what_leaves_after_the_end_is_noted_once_it_can_be_stored(void)
{
	begin_with_anna(EV_MODE_LINE);
	reply(1, "bye then");
	command("close 1");
	put_says = DESK_PUT_KEPT;
	done();
	ask((struct desk_request){ .rq = DESK_RQ_SENT,
	    .conn = &anna,
	    .offset = put_bytes,
	    .taken = put_bytes });
	not_stored("not-stored; ");
	later(1);
	stored("sent 1 n1; ");
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "left");
	stored("ok; ");
	finish();
}

static void
refused_replies_say_why(void)
{
	char long_text[1002];

	memset(long_text, 'a', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	begin_with_anna(EV_MODE_CLASSIC);
	reply(2, "x");
	stored("unknown; ");
	reply(1, " \n");
	stored("usage; ");
	reply(1, long_text);
	stored("usage; ");
	long_text[200] = '\0';
	done();
	reply(1, long_text);
	done();
	reply(1, long_text);
	done();
	reply(1, "more");
	stored("full; ");
	command("close 1");
	done();
	reply(1, "x");
	stored("closed; ");
	finish();
}

static void
a_reply_to_a_gone_customer_is_refused(void)
{
	begin();
	opened(&anna, EV_MODE_LINE);
	said(&anna, "hi");
	done();
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "left");
	done();
	reply(1, "x");
	stored("gone; ");
	finish();
}

static void
closing_says_goodbye_ends_and_cuts_after_the_linger(void)
{
	begin_with_anna(EV_MODE_LINE);
	command("close 1");
	stored("closed 1 (closed); anna<This conversation was closed. "
	       "Goodbye.; anna end; ok; ");
	said(&anna, "too late");
	stored("ok; ");
	later(2);
	stored("anna cut; ");
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "left");
	stored("ok; ");
	finish();
}

static void
a_kick_cuts_without_a_word(void)
{
	begin_with_anna(EV_MODE_LINE);
	command("kick 1");
	stored("closed 1 (kicked); anna cut; ok; ");
	finish();
}

static void
a_half_closed_line_customer_is_still_answered(void)
{
	begin_with_anna(EV_MODE_LINE);
	conn_rq(DESK_RQ_EOF, &anna, NULL);
	stored("ok; eof 1; ");
	reply(1, "yes");
	stored("claim 1 (answer); reply 1 n1; anna<lin:yes; ok; ");
	finish();
}

static void
one_that_never_said_anything_or_is_classic_is_cut_at_its_end(void)
{
	begin();
	opened(&anna, EV_MODE_LINE);
	opened(&bert, EV_MODE_CLASSIC);
	done();
	conn_rq(DESK_RQ_EOF, &anna, NULL);
	conn_rq(DESK_RQ_EOF, &bert, NULL);
	stored("anna cut; ok; bert cut; ok; ");
	finish();
}

static void
a_reply_that_is_not_stored_is_not_said(void)
{
	begin_with_anna(EV_MODE_LINE);
	reply(1, "lost");
	not_stored("not-stored; ");
	CHECK_INT(facts(1).out, 0);
	CHECK(facts(1).waiting_ms != 0);
	CHECK_INT(facts(1).state, EV_STATE_WAITING);
	reply(1, "again");
	stored("claim 1 (answer); reply 1 n1; anna<lin:again; ok; ");
	finish();
}

static void
a_customer_is_told_when_a_message_could_not_be_stored(void)
{
	begin();
	operator(DESK_RQ_ATTACH);
	opened(&anna, EV_MODE_LINE);
	done();
	said(&anna, "hi");
	not_stored("anna<Your message could not be stored. Please send it "
		   "again.; not-stored; ");
	CHECK_INT(facts(0).in, 0);
	said(&anna, "hi");
	stored("arrived 1; said 1 n1; anna<Received. You are next; "
	       "somebody will answer here.; ok; ");
	finish();
}

static void
that_a_waiting_customer_says_no_more_is_noted_once(void)
{
	begin_with_anna(EV_MODE_LINE);
	conn_rq(DESK_RQ_EOF, &anna, NULL);
	not_stored("not-stored; ");
	later(1);
	stored("eof 1; ");
	CHECK(facts(1).eof);
	reply(1, "still there?");
	stored("claim 1 (answer); reply 1 n1; anna<lin:still there?; ok; ");
	stored("sent 1 n1; ");
	stored("");
	finish();
}

static void
who_has_its_answer_and_says_no_more_has_left(void)
{
	begin_with_anna(EV_MODE_LINE);
	reply(1, "yes");
	done();
	conn_rq(DESK_RQ_EOF, &anna, NULL);
	reply(1, "and");
	stored("anna end; ok; gone; ");
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "left");
	stored("ok; closed 1 (left); ");
	finish();
}

static void
a_half_closed_one_whose_first_words_are_lost_is_let_go(void)
{
	begin();
	operator(DESK_RQ_ATTACH);
	opened(&anna, EV_MODE_LINE);
	done();
	said(&anna, "hi");
	conn_rq(DESK_RQ_EOF, &anna, NULL);
	not_stored("anna<Your message could not be stored. Please send it "
		   "again.; anna end; not-stored; not-stored; ");
	finish();
}

static void
a_classic_customer_whose_hello_is_not_stored_is_refused(void)
{
	begin();
	opened(&anna, EV_MODE_CLASSIC);
	not_stored("not-stored; "); /* which its worker makes a reset */
	CHECK_INT(facts(0).in, 0);
	finish();
}

static void
an_operator_is_let_in_while_the_disk_fails(void)
{
	begin_with_anna(EV_MODE_LINE);
	operator(DESK_RQ_ATTACH);
	not_stored("attached at 3; ");
	finish();
}

static void
an_operator_sees_the_desk_behind_the_last_event_of_the_round(void)
{
	begin();
	operator(DESK_RQ_ATTACH);
	opened(&anna, EV_MODE_LINE);
	said(&anna, "hi");
	stored("on 0; anna<Welcome to us.\nYou are number 1 in line. Write "
	       "your question.\nType /help for help, /quit to leave.; ok; "
	       "arrived 1; said 1 n1; anna<Received. You are next; "
	       "somebody will answer here.; ok; attached at 3; ");
	finish();
}

static void
a_failed_close_leaves_the_customer_alone(void)
{
	begin_with_anna(EV_MODE_LINE);
	command("close 1");
	not_stored("not-stored; ");
	command("kick 1");
	not_stored("not-stored; ");
	reply(1, "still here");
	stored("claim 1 (answer); reply 1 n1; anna<lin:still here; ok; ");
	finish();
}

static void
a_customer_who_quits_is_let_go_even_if_not_stored(void)
{
	begin_with_anna(EV_MODE_LINE);
	said(&anna, "/quit");
	not_stored("anna<Goodbye.; anna end; not-stored; ");
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "left");
	later(2);
	stored("ok; gone 1 (left); ");
	finish();
}

static void
what_was_noticed_is_tried_again_after_a_second(void)
{
	begin_with_anna(EV_MODE_LINE);
	reply(1, "yes");
	stored("claim 1 (answer); reply 1 n1; anna<lin:yes; ok; ");
	not_stored("");
	CHECK_INT(desk_deadline(desk), now.ns + DW_SECOND);
	stored("");
	later(1);
	stored("sent 1 n1; ");
	finish();
}

static void
draining_tells_everybody_and_reports_when_all_have_left(void)
{
	begin_with_anna(EV_MODE_LINE);
	opened(&bert, EV_MODE_CLASSIC);
	done();
	ask((struct desk_request){ .rq = DESK_RQ_DRAIN });
	stored("anna<This desk is closing. Goodbye.; anna end; "
	       "bert<This desk is closing. Goodbye.\nquit; bert end; ok; ");
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "left");
	conn_rq(DESK_RQ_DISCONNECTED, &bert, "left");
	stored("ok; ok; gone 1 (stop); closed 2 (stop); drained; ");
	finish();
}

static void
one_who_comes_while_it_drains_is_told(void)
{
	begin();
	opened(&bert, EV_MODE_LINE);
	done();
	ask((struct desk_request){ .rq = DESK_RQ_DRAIN });
	done();
	opened(&anna, EV_MODE_LINE);
	stored("anna<This desk is closing.; anna end; ok; ");
	finish();
}

static void
a_slow_customer_is_cut(void)
{
	begin_with_anna(EV_MODE_LINE);
	put_says = DESK_PUT_FULL;
	reply(1, "too much");
	stored(
	    "claim 1 (answer); reply 1 n1; anna<lin:too much; anna cut; ok; ");
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "left");
	stored("ok; gone 1 (slow); ");
	finish();
}

static void
a_dead_classic_client_does_not_keep_the_desk_awake(void)
{
	begin_with_anna(EV_MODE_CLASSIC);
	conn_rq(DESK_RQ_STALLED, &anna, "slow");
	done();
	later(100);
	stored("");
	CHECK_INT(desk_deadline(desk), DW_NEVER);
	finish();
}

static void
a_classic_client_that_never_reads_hears_quit_after_a_minute(void)
{
	begin_with_anna(EV_MODE_CLASSIC);
	reply(1, "one");
	done();
	reply(1, "two");
	done();
	later(30);
	desk_tick(desk, &sink, NULL, now);
	command("close 1");
	done();
	later(60);
	stored("anna<quit; anna end; ");
	later(2);
	stored("anna cut; ");
	finish();
}

static void
a_minute_is_not_granted_twice_when_the_last_word_is_kept(void)
{
	begin_with_anna(EV_MODE_CLASSIC);
	reply(1, "one");
	done();
	reply(1, "two");
	done();
	later(30);
	desk_tick(desk, &sink, NULL, now);
	command("close 1");
	done();
	later(60);
	put_says = DESK_PUT_KEPT;
	stored("anna<quit; anna end; ");
	ask((struct desk_request){ .rq = DESK_RQ_SENT,
	    .conn = &anna,
	    .offset = put_bytes,
	    .taken = put_bytes });
	done();
	CHECK_INT(desk_deadline(desk), now.ns + config.linger_ns);
	finish();
}

static void
a_classic_client_at_its_prompt_has_a_minute_to_say_quit(void)
{
	begin_with_anna(EV_MODE_CLASSIC);
	reply(1, "one");
	done();
	command("close 1");
	done();
	later(59);
	stored("");
	said(&anna, "thanks");
	said(&anna, "quit");
	stored("ok; ok; ");
	later(1);
	stored("anna cut; ");
	finish();
}

static void
a_name_is_stored_and_both_of_two_in_one_round(void)
{
	size_t n;
	const struct ev_event *evs;

	begin_with_anna(EV_MODE_LINE);
	said(&anna, "/name Anna");
	said(&anna, "/name 安娜");
	evs = desk_events(desk, &n);
	if (CHECK_INT(n, 2)) {
		CHECK_STR(evs[0].who, "Anna");
		CHECK_STR(evs[1].who, "安娜");
	}
	stored("name 1; anna<Thank you.; ok; name 1; anna<Thank you.; ok; ");
	CHECK_STR(facts(1).name, "安娜");
	finish();
}

static void
an_encoding_holds_once_it_is_stored(void)
{
	begin_with_anna(EV_MODE_LINE);
	said(&anna, "/charset GBK");
	not_stored("anna<Your message could not be stored. Please send it "
		   "again.; not-stored; ");
	CHECK(anna.charset == NULL);
	said(&anna, "/charset GBK");
	stored("charset 1 (gbk); anna in gbk; anna<From now on this is in "
	       "gbk.; ok; ");
	CHECK_STR(anna.charset->name, "gbk");
	command("charset 1 koi8r");
	stored("charset 1 (koi8-r); anna in koi8-r; ok; ");
	CHECK_STR(facts(1).charset->name, "koi8-r");
	finish();
}

static void
what_the_encoding_cannot_write_is_refused_by_name(void)
{
	begin_with_anna(EV_MODE_LINE);
	reply(1, "你");
	done();
	command("charset 1 cp1251");
	done();
	reply(1, "да 你");
	stored("usage; ");
	reply(1, "да");
	stored("reply 1 n2; anna<lin:да; ok; ");
	finish();
}

static void
a_name_is_taken_for_what_the_desk_was_told_too(void)
{
	config.charset = dw_charset_find("cp1251", 6);
	begin();
	operator(DESK_RQ_ATTACH);
	opened(&anna, EV_MODE_LINE);
	said(&anna, "/name \xc2\xe0\xf1\xff");
	done();
	CHECK_STR(facts(1).name, "Вася");
	config.charset = NULL;
	finish();
}

static void
what_waits_for_a_turn_is_not_made_unwritable(void)
{
	begin_with_anna(EV_MODE_CLASSIC);
	reply(1, "one");
	done();
	reply(1, "你好 quit");
	done();
	CHECK(desk_turn_held(&anna.turn) > 0);
	command("charset 1 koi8-r");
	stored("usage; ");
	command("charset 1 gbk");
	stored("charset 1 (gbk); anna in gbk; ok; ");
	finish();
}

static void
a_text_that_is_not_utf8_is_taken_for_what_the_desk_was_told(void)
{
	config.charset = dw_charset_find("koi8-r", 6);
	begin_with_anna(EV_MODE_LINE);
	said(&anna, "plain");
	stored("said 1 n2; ok; ");
	said(&anna, "\xd0\xd2");
	said(&anna, "\xd0\xd2");
	stored("charset 1 (koi8-r); anna in koi8-r; said 1 n3; ok; said 1 n4; "
	       "ok; ");
	CHECK_STR(facts(1).words, "пр");
	config.charset = NULL;
	finish();
}

/* The facts of a session whose only event before the start was at t_ms. */
static struct ev_session
restarted(int64_t t_ms)
{
	struct ev_event ev = ev_event_of(EV_ARRIVED);
	struct ev_session f;

	begin();
	ev.sid = 3;
	ev.seq = 5;
	ev.t_ms = t_ms;
	CHECK_INT(desk_replay(desk, &ev), 0);
	desk_begin(desk, 8, 4, now);
	f = facts(3);
	finish();
	return f;
}

static void
what_was_before_the_start_is_as_old_as_the_wall_clock_says(void)
{
	CHECK_INT(restarted(1000000 - HOUR_MS).began_at.steady_ms,
	    500000 - HOUR_MS);
	CHECK_INT(restarted(1000000 - HOUR_MS).waiting_at.steady_ms, 0);
	CHECK_INT(restarted(1000000 + HOUR_MS).began_at.steady_ms, 500000);
}

static void
a_wall_clock_that_is_set_closes_nobody_and_lets_nobody_stay(void)
{
	begin();
	opened(&anna, EV_MODE_LINE);
	said(&anna, "hi");
	done();
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "left");
	done();
	now.ms += 48 * HOUR_MS;
	later(24 * 3600 - 1);
	stored("");
	now.ms -= 480 * HOUR_MS;
	later(1);
	stored("closed 1 (gone); ");
	finish();
}

static void
a_restarted_desk_knows_who_was_there_and_counts_on(void)
{
	struct ev_event arrived = { .seq = 5,
		.t_ms = 900,
		.sid = 3,
		.kind = EV_ARRIVED,
		.who = "guest",
		.mode = EV_MODE_LINE,
		.addr = "192.0.2.9:9",
		.why = "",
		.body = "" };

	begin();
	CHECK_INT(desk_replay(desk, &arrived), 0);
	desk_begin(desk, 8, 4, now);
	stored("closed 3 (restart); ");
	CHECK_INT(desk_last_seq(desk), 9);
	opened(&anna, EV_MODE_CLASSIC);
	done();
	CHECK_INT(facts(5).state, EV_STATE_WAITING);
	finish();
}

static void
a_silent_one_that_turns_out_classic_gets_its_hello(void)
{
	begin();
	operator(DESK_RQ_ATTACH);
	opened(&anna, EV_MODE_LINE);
	done();
	opened(&anna, EV_MODE_CLASSIC);
	stored("arrived 1; anna<服务端已就绪\nWelcome to us.\nYou are "
	       "number 1 in line. Write your question.; ok; ");
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "left");
	stored("ok; closed 1 (left); ");
	finish();
}

static void
idle(struct desk_conn *c)
{
	ask((struct desk_request){ .rq = DESK_RQ_IDLE,
	    .conn = c,
	    .why = "idle",
	    .text = "Bye.",
	    .len = 4 });
}

static void
silence_never_ends_one_whom_nobody_has_answered(void)
{
	begin_with_anna(EV_MODE_LINE);
	idle(&anna);
	stored("ok; ");
	reply(1, "yes");
	done();
	idle(&anna);
	stored("closed 1 (idle); anna<Bye.; anna end; ok; ");
	finish();
}

static void
silence_ends_one_that_never_said_anything(void)
{
	begin();
	opened(&anna, EV_MODE_LINE);
	done();
	idle(&anna);
	stored("anna<Bye.; anna end; ok; ");
	finish();
}

static void
what_a_worker_tells_its_customer_needs_no_storing(void)
{
	begin_with_anna(EV_MODE_LINE);
	ask((struct desk_request){ .rq = DESK_RQ_TELL,
	    .conn = &anna,
	    .text = "Slow down.",
	    .len = 10 });
	reply(1, "yes");
	not_stored("anna<Slow down.; not-stored; not-stored; ");
	finish();
}

/* An operator, and Anna, whose program asks for receipts. */
static void
begin_with_receipts(void)
{
	begin();
	operator(DESK_RQ_ATTACH);
	opened(&anna, EV_MODE_LINE);
	done();
	conn_rq(DESK_RQ_RECEIPTS, &anna, NULL);
	stored("anna<receipt 0; ok; ");
}

static void
unread(struct desk_conn *c, const char *why)
{
	ask((struct desk_request){ .rq = DESK_RQ_UNREAD,
	    .conn = c,
	    .text = why,
	    .len = strlen(why) });
}

static void
each_row_gets_its_receipt_once_it_is_stored(void)
{
	begin_with_receipts();
	said(&anna, "hi");
	said(&anna, "  ");
	said(&anna, "/nosuch");
	unread(&anna, "Too long.");
	said(&anna, "there");
	stored(
	    "arrived 1; said 1 n1; anna<Received. You are next; "
	    "somebody will answer here.; anna<receipt 1; ok; anna<receipt 2; ok; "
	    "anna<There is no such command; /help lists them.; "
	    "anna<receipt 3; ok; anna<Too long.; anna<receipt 4 refused; "
	    "ok; said 1 n2; anna<receipt 5; ok; ");
	finish();
}

static void
rows_that_are_not_stored_are_refused_and_counted(void)
{
	begin_with_receipts();
	said(&anna, "hi");
	unread(&anna, "Too long.");
	not_stored("anna<Your message could not be stored. Please send it "
		   "again.; anna<receipt 1 refused; not-stored; "
		   "anna<Too long.; anna<receipt 2 refused; not-stored; ");
	said(&anna, "hi again");
	stored("arrived 1; said 1 n1; anna<Received. You are next; "
	       "somebody will answer here.; anna<receipt 3; ok; ");
	finish();
}

static void
the_first_receipt_is_of_no_row_and_never_refused(void)
{
	begin();
	opened(&anna, EV_MODE_LINE);
	opened(&bert, EV_MODE_LINE);
	done();
	conn_rq(DESK_RQ_RECEIPTS, &anna, NULL);
	said(&bert, "hi");
	not_stored("anna<receipt 0; not-stored; bert<Your message could not be "
		   "stored. Please send it again.; not-stored; ");
	finish();
}

static void
a_row_of_a_retracted_round_is_counted_once(void)
{
	begin_with_receipts();
	for (int i = 0; i < 2; i++) {
		conn_rq(DESK_RQ_RECEIPTS, &bert, NULL);
		said(&anna, "hi");
		if (i == 0)
			desk_retract(desk);
	}
	CHECK(bert.wants_receipts);
	stored(
	    "bert<receipt 0; ok; arrived 1; said 1 n1; anna<Received. "
	    "You are next; somebody will answer here.; anna<receipt 1; ok; ");
	finish();
}

static void
who_does_not_ask_gets_no_receipts(void)
{
	begin_with_anna(EV_MODE_LINE);
	said(&anna, "more");
	unread(&anna, "Too long.");
	stored("said 1 n2; ok; anna<Too long.; ok; ");
	finish();
}

static void
commands_with_a_bad_argument_say_so(void)
{
	begin_with_anna(EV_MODE_LINE);
	command("close");
	command("close x");
	command("close 1x");
	command("close -1");
	command("close 99999999999999999999");
	command("history 0");
	stored("usage; usage; usage; usage; usage; usage; ");
	command("close 2");
	command("history 2");
	command("shout");
	stored("unknown; unknown; usage; ");
	command("history 1");
	command("quit");
	stored("past of 1; quit; ok; ");
	finish();
}

static void
history_takes_a_count_and_where_it_ends_and_no_other_word(void)
{
	begin_with_anna(EV_MODE_LINE);
	command("history 1 100");
	command("history 1 1000000 7");
	stored("past of 1, 100 before 0; past of 1, 1000 before 7; ");
	command("history 1 0");
	command("history 1 x");
	command("history 1 20 x");
	command("history 1 20 7 9");
	command("history 1 -1");
	command("history 1 99999999999999999999");
	stored("usage; usage; usage; usage; usage; usage; ");
	finish();
}

static void
ended_takes_a_count_and_where_it_ends(void)
{
	begin_with_anna(EV_MODE_LINE);
	command("ended");
	command("ended 50 7");
	stored("past of 0 ended; past of 0 ended, 50 before 7; ");
	command("ended 0");
	command("ended x");
	command("ended 1 2 3");
	stored("usage; usage; usage; ");
	finish();
}

static void
the_service_reports_also_when_nothing_can_be_stored(void)
{
	begin();
	command("status now");
	stored("usage; ");
	command("status");
	stored("report 0; ");
	command("status");
	not_stored("report 0; ");
	finish();
}

static void
only_an_administrator_has_the_configuration_read_again(void)
{
	static const char text[] = "reload";

	begin();
	ask((struct desk_request){ .rq = DESK_RQ_COMMAND,
	    .who = "lin",
	    .role = EV_ROLE_SUPERVISOR,
	    .text = text,
	    .len = sizeof text - 1 });
	stored("denied; ");
	command("reload now");
	stored("usage; ");
	/* Who has read it answers. */
	command("reload");
	stored("reload; ");
	command("reload");
	not_stored("reload; ");
	finish();
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(only_an_administrator_has_the_configuration_read_again),
		T(the_service_reports_also_when_nothing_can_be_stored),
		T(a_line_customer_has_no_session_before_the_first_line),
		T(a_message_that_was_cut_short_is_stored_as_such),
		T(a_classic_customer_has_one_with_the_hello),
		T(who_asks_is_told_its_place_among_those_who_wait),
		T(nobody_waits_when_all_are_answered),
		T(to_a_classic_client_place_is_a_message_as_any_other),
		T(waiting_since_is_the_oldest_message_that_nobody_answered),
		T(nobody_on_duty_is_said_once_and_the_message_kept),
		T(a_classic_customer_hears_at_once_that_nobody_is_on_duty),
		T(a_customer_who_was_served_and_leaves_closes_the_session),
		T(a_gone_session_is_closed_after_a_day_and_not_before),
		T(a_gone_session_is_closed_after_a_day_of_which_much_was_slept),
		T(what_comes_behind_a_goodbye_begins_no_session),
		T(an_ended_customer_lingers_only_once_all_has_left),
		T(one_who_was_let_go_waits_for_no_time),
		T(a_reply_reaches_its_session_alone_and_is_noted_as_sent),
		T(sent_is_stored_with_what_is_stored_anyway),
		T(sent_is_stored_alone_after_a_while),
		T(who_has_gone_does_not_wait_as_sent_does),
		T(sent_waits_until_the_customers_machine_has_the_reply),
		T(who_says_something_has_taken_what_was_put_before),
		T(who_goes_says_at_last_what_its_machine_has),
		T(what_has_left_is_noted_before_its_session_ends),
		T(what_leaves_with_the_goodbye_is_noted_behind_it),
		T(a_reply_and_a_close_in_one_round_are_both_noted),
		T(what_leaves_after_the_end_is_noted_once_it_can_be_stored),
		T(refused_replies_say_why),
		T(a_reply_to_a_gone_customer_is_refused),
		T(closing_says_goodbye_ends_and_cuts_after_the_linger),
		T(a_kick_cuts_without_a_word),
		T(a_half_closed_line_customer_is_still_answered),
		T(one_that_never_said_anything_or_is_classic_is_cut_at_its_end),
		T(a_reply_that_is_not_stored_is_not_said),
		T(a_customer_is_told_when_a_message_could_not_be_stored),
		T(that_a_waiting_customer_says_no_more_is_noted_once),
		T(who_has_its_answer_and_says_no_more_has_left),
		T(a_half_closed_one_whose_first_words_are_lost_is_let_go),
		T(a_classic_customer_whose_hello_is_not_stored_is_refused),
		T(an_operator_is_let_in_while_the_disk_fails),
		T(an_operator_sees_the_desk_behind_the_last_event_of_the_round),
		T(a_failed_close_leaves_the_customer_alone),
		T(a_customer_who_quits_is_let_go_even_if_not_stored),
		T(what_was_noticed_is_tried_again_after_a_second),
		T(draining_tells_everybody_and_reports_when_all_have_left),
		T(one_who_comes_while_it_drains_is_told),
		T(a_slow_customer_is_cut),
		T(a_dead_classic_client_does_not_keep_the_desk_awake),
		T(a_classic_client_that_never_reads_hears_quit_after_a_minute),
		T(a_minute_is_not_granted_twice_when_the_last_word_is_kept),
		T(a_classic_client_at_its_prompt_has_a_minute_to_say_quit),
		T(a_name_is_stored_and_both_of_two_in_one_round),
		T(an_encoding_holds_once_it_is_stored),
		T(what_the_encoding_cannot_write_is_refused_by_name),
		T(a_text_that_is_not_utf8_is_taken_for_what_the_desk_was_told),
		T(a_name_is_taken_for_what_the_desk_was_told_too),
		T(what_waits_for_a_turn_is_not_made_unwritable),
		T(what_was_before_the_start_is_as_old_as_the_wall_clock_says),
		T(a_wall_clock_that_is_set_closes_nobody_and_lets_nobody_stay),
		T(a_restarted_desk_knows_who_was_there_and_counts_on),
		T(a_silent_one_that_turns_out_classic_gets_its_hello),
		T(silence_never_ends_one_whom_nobody_has_answered),
		T(silence_ends_one_that_never_said_anything),
		T(what_a_worker_tells_its_customer_needs_no_storing),
		T(each_row_gets_its_receipt_once_it_is_stored),
		T(rows_that_are_not_stored_are_refused_and_counted),
		T(the_first_receipt_is_of_no_row_and_never_refused),
		T(a_row_of_a_retracted_round_is_counted_once),
		T(who_does_not_ask_gets_no_receipts),
		T(commands_with_a_bad_argument_say_so),
		T(history_takes_a_count_and_where_it_ends_and_no_other_word),
		T(ended_takes_a_count_and_where_it_ends),
	};

	return t_main("desk", cases, sizeof cases / sizeof cases[0]);
}
