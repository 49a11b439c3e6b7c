/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Replies that carry their key and what their writer had seen, case by case.
 * tests/sim has the interleavings.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "desk_rig.h"

static struct desk_config config = {
	.name = "us",
	.turn = { 45 * DW_SECOND, 30 * DW_SECOND, 10 * DW_SECOND },
	.linger_ns = 2 * DW_SECOND,
	.retry_ns = DW_SECOND,
	.gone_after_ms = 24 * 3600 * 1000,
	.max_gone = 3,
	.held_bytes = 100,
	.max_message = 1000,
};

static struct desk_conn anna, bert;
static uint64_t put_bytes;

static void
describe_event(const struct ev_event *ev, const struct desk_session *s)
{
	(void)s;
	dw_buf_addf(&happened, "%" PRIu64 ":%s; ", ev->seq,
	    ev_word(&ev_kinds, ev->kind));
}

static const char *
name_of(const struct desk_conn *c)
{
	return c == &anna ? "anna" : "bert";
}

/* All of it stays in the outbox. */
static enum desk_put
describe_say(struct desk_conn *c, const struct desk_say *say, uint64_t *end)
{
	*end = put_bytes += say->len;
	dw_buf_addf(&happened, "%s<%.*s; ", name_of(c), (int)say->len,
	    say->text);
	return DESK_PUT_KEPT;
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

/* The nth message of this console. */
static struct ev_key
key(char console, unsigned char n)
{
	struct ev_key k = { { 0 } };

	k.bytes[0] = (unsigned char)console;
	k.bytes[EV_KEY_SIZE - 1] = n;
	return k;
}

static const struct ev_key none;

static void
conn_rq(enum desk_rq rq, struct desk_conn *c, const char *text)
{
	ask((struct desk_request){ .rq = rq,
	    .conn = c,
	    .mode = EV_MODE_LINE,
	    .why = "left",
	    .text = text,
	    .len = strlen(text) });
}

static void
reply_to(uint64_t sid, struct ev_key k, uint64_t seen, const char *text)
{
	ask((struct desk_request){ .rq = DESK_RQ_REPLY,
	    .who = "lin",
	    .sid = sid,
	    .key = k,
	    .seen = seen,
	    .text = text,
	    .len = strlen(text) });
}

static void
reply(struct ev_key k, uint64_t seen)
{
	reply_to(1, k, seen, "a");
}

static void
forget_what_happened(void)
{
	desk_settle(desk, now);
	desk_publish(desk, &sink, NULL, now);
	dw_buf_reset(&happened);
}

/* Anna has asked something, and lin has taken her: events 1 to 4 are on, arrived,
 * said and claim. */
static void
begin(void)
{
	dw_buf_reset(&happened);
	config.max_keys = 3;
	put_bytes = 0;
	now.ns = 100 * DW_SECOND;
	now.ms = 1000000;
	now.steady_ms = 500000;
	desk_conn_init(&anna, "192.0.2.1:1");
	desk_conn_init(&bert, "192.0.2.2:2");
	CHECK_INT(desk_new(&config, &desk), 0);
	desk_begin(desk, 0, 0, now);
	operator(DESK_RQ_ATTACH);
	conn_rq(DESK_RQ_OPENED, &anna, "");
	conn_rq(DESK_RQ_SAID, &anna, "hi");
	command("take 1");
	forget_what_happened();
	CHECK_INT(desk_last_seq(desk), 4);
}

static void
finish(void)
{
	desk_turn_fini(&anna.turn);
	desk_turn_fini(&bert.turn);
	desk_free(desk);
	dw_buf_fini(&happened);
}

/* What the last answer says of a reply. */
static void
answered(enum ev_code code, uint64_t n)
{
	CHECK_INT(last_answer.code, code);
	CHECK_INT(last_answer.sid, 1);
	CHECK_INT(last_answer.n, n);
}

/* ---- keys ---- */

static void
a_known_key_gets_its_first_answer_and_nothing_else_happens(void)
{
	begin();
	reply(key('a', 1), 0);
	reply(key('a', 2), 0);
	stored("5:reply; anna<a; ok; 6:reply; anna<a; ok; ");
	answered(EV_CODE_OK, 2);
	reply(key('a', 1), 0);
	stored("ok; ");
	answered(EV_CODE_OK, 1);
	CHECK_INT(desk_last_seq(desk), 6);
	finish();
}

static void
a_key_is_known_within_its_own_round(void)
{
	begin();
	reply(key('a', 1), 0);
	reply(key('a', 1), 0);
	stored("5:reply; anna<a; ok; ok; ");
	answered(EV_CODE_OK, 1);
	finish();
}

static void
replies_without_a_key_are_never_the_same(void)
{
	begin();
	reply(none, 0);
	reply(none, 0);
	stored("5:reply; anna<a; ok; 6:reply; anna<a; ok; ");
	answered(EV_CODE_OK, 2);
	finish();
}

static void
a_key_is_one_sessions_own(void)
{
	begin();
	conn_rq(DESK_RQ_OPENED, &bert, "");
	conn_rq(DESK_RQ_SAID, &bert, "hi");
	reply(key('a', 1), 0);
	forget_what_happened();
	reply_to(2, key('a', 1), 0, "b");
	stored("8:claim; 9:reply; bert<b; ok; ");
	finish();
}

static void
a_known_key_comes_before_every_refusal(void)
{
	begin();
	reply(key('a', 1), 0);
	reply(key('b', 1), 0);
	forget_what_happened();
	reply_to(1, key('a', 1), 3, ""); /* stale, and nothing to send */
	stored("ok; ");
	answered(EV_CODE_OK, 1);
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "");
	forget_what_happened();
	reply(key('a', 1), 0);
	stored("ok; ");
	answered(EV_CODE_OK, 1);
	command("close 1");
	reply(key('a', 1), 0); /* ended, but not stored yet */
	stored("8:closed; ok; ok; ");
	answered(EV_CODE_OK, 1);
	finish();
}

static void
a_key_of_an_ended_session_is_looked_up_in_the_journal(void)
{
	begin();
	reply(key('a', 1), 0);
	command("close 1");
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "");
	forget_what_happened();
	reply(key('a', 1), 0);
	stored("find in 1 or closed; ");
	reply(none, 0);
	stored("closed; ");
	reply_to(9, key('a', 1), 0, "a"); /* none was ever there */
	stored("unknown; ");
	finish();
}

static void
a_key_that_was_pushed_out_is_looked_up_before_a_refusal(void)
{
	begin();
	for (unsigned char n = 1; n <= 4; n++)
		reply(key('a', n), 0);
	reply(key('b', 1), 0);
	forget_what_happened();
	reply(key('a', 3), 0);
	stored("ok; ");
	answered(EV_CODE_OK, 3);
	reply(key('a', 1), 3);
	stored("find in 1 or stale; ");
	reply_to(1, key('a', 1), 0, " ");
	stored("find in 1 or usage; ");
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "");
	forget_what_happened();
	reply(key('a', 1), 0);
	stored("find in 1 or gone; ");
	finish();
}

static void
where_no_key_can_be_kept_the_journal_is_asked(void)
{
	begin();
	config.max_keys = 0;
	reply(key('a', 1), 0);
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "");
	forget_what_happened();
	reply(key('a', 1), 0);
	stored("find in 1 or gone; ");
	finish();
}

static void
no_lookup_is_made_where_all_keys_are_known(void)
{
	begin();
	reply(key('a', 1), 0);
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "");
	forget_what_happened();
	reply(key('a', 2), 0);
	stored("gone; ");
	finish();
}

static void
a_key_of_a_round_that_is_not_stored_is_not_known(void)
{
	begin();
	reply(key('a', 1), 0);
	reply(key('a', 1), 0);
	not_stored("not-stored; not-stored; ");
	later(1);
	reply(key('a', 1), 0);
	stored("5:reply; anna<a; ok; ");
	answered(EV_CODE_OK, 1);
	finish();
}

static void
a_first_answer_stands_when_its_second_round_is_not_stored(void)
{
	begin();
	reply(key('a', 1), 0);
	forget_what_happened();
	reply(key('a', 1), 0);
	reply(key('a', 2), 0);
	reply(key('a', 1), 0);
	not_stored("ok; not-stored; ok; ");
	answered(EV_CODE_OK, 1);
	finish();
}

static void
replay(enum ev_kind kind, uint64_t seq, uint64_t n, struct ev_key k)
{
	struct ev_event ev = ev_event_of(kind);

	ev.seq = seq;
	ev.sid = 1;
	ev.n = n;
	ev.addr = kind == EV_ARRIVED ? "192.0.2.1:1" : "";
	ev.key = k;
	CHECK_INT(desk_replay(desk, &ev), 0);
}

/* Anna was answered by console a, then by b. */
static void
begin_again(void)
{
	dw_buf_reset(&happened);
	config.max_keys = 3;
	CHECK_INT(desk_new(&config, &desk), 0);
	replay(EV_ARRIVED, 1, 0, none);
	replay(EV_REPLY, 2, 1, key('a', 1));
	replay(EV_REPLY, 3, 2, key('b', 1));
	desk_begin(desk, 3, 1, now);
	forget_what_happened();
}

static void
a_restarted_desk_knows_the_keys(void)
{
	begin_again();
	reply(key('a', 1), 0);
	stored("ok; ");
	answered(EV_CODE_OK, 1);
	reply(key('b', 1), 0);
	stored("ok; ");
	answered(EV_CODE_OK, 2);
	reply(key('a', 2), 0);
	stored("gone; ");
	desk_free(desk);
	dw_buf_fini(&happened);
}

/* ---- what was seen ---- */

static void
a_reply_over_an_unseen_colleagues_is_stale_and_says_which(void)
{
	begin();
	reply(key('b', 1), 3);
	forget_what_happened();
	reply(key('a', 1), 3);
	stored("stale; ");
	answered(EV_CODE_STALE, 0);
	CHECK_INT(last_answer.seq, 5);
	reply(key('a', 1), 5);
	stored("6:reply; anna<a; ok; ");
	finish();
}

static void
a_reply_without_a_key_is_a_colleagues(void)
{
	begin();
	reply(none, 0);
	forget_what_happened();
	reply(key('a', 1), 3);
	reply(none, 3);
	stored("stale; stale; ");
	finish();
}

static void
who_does_not_say_what_it_saw_is_not_refused(void)
{
	begin();
	reply(key('b', 1), 3);
	reply(key('a', 1), 0);
	reply(none, 0);
	stored("5:reply; anna<a; ok; 6:reply; anna<a; ok; "
	       "7:reply; anna<a; ok; ");
	finish();
}

static void
neither_customers_nor_ones_own_replies_make_one_stale(void)
{
	begin();
	reply(key('a', 1), 3);
	conn_rq(DESK_RQ_SAID, &anna, "and");
	forget_what_happened();
	reply(key('a', 2), 3);
	stored("7:reply; anna<a; ok; ");
	finish();
}

static void
a_colleagues_reply_is_found_behind_ones_own(void)
{
	begin();
	reply(key('b', 1), 3);
	reply(key('a', 1), 0);
	reply(key('a', 2), 0);
	forget_what_happened();
	reply(key('a', 3), 3);
	stored("stale; ");
	CHECK_INT(last_answer.seq, 5);
	reply(key('b', 2), 5);
	stored("stale; ");
	CHECK_INT(last_answer.seq, 7);
	finish();
}

static void
a_reply_of_the_same_round_makes_one_stale(void)
{
	begin();
	reply(key('b', 1), 3);
	reply(key('a', 1), 3);
	stored("5:reply; anna<a; ok; stale; ");
	CHECK_INT(last_answer.seq, 5);
	finish();
}

static void
nothing_is_stale_by_a_reply_that_is_not_stored(void)
{
	begin();
	reply(key('b', 1), 3);
	reply(key('a', 1), 3);
	not_stored("not-stored; not-stored; ");
	CHECK_INT(last_answer.seq, 0);
	reply(key('a', 1), 3);
	stored("5:reply; anna<a; ok; ");
	finish();
}

/* ---- a round that the journal refuses ---- */

/* What it is when the same requests come, and nothing came before. */
static void
a_retracted_round_leaves_no_trace(void)
{
	begin();
	conn_rq(DESK_RQ_OPENED, &bert, "");
	conn_rq(DESK_RQ_SAID, &bert, "hello");
	reply(key('a', 1), 3);
	conn_rq(DESK_RQ_SAID, &anna, "/quit");
	conn_rq(DESK_RQ_EOF, &bert, "");
	conn_rq(DESK_RQ_DISCONNECTED, &bert, "");
	operator(DESK_RQ_DETACH);
	ask((struct desk_request){ .rq = DESK_RQ_DRAIN });
	desk_settle(desk, now);
	desk_retract(desk);
	CHECK_INT(happened.len, 0);
	stored("");
	CHECK(bert.session == NULL && dw_list_empty(&bert.node));
	CHECK(!bert.half_closed && !anna.leaving);
	conn_rq(DESK_RQ_SAID, &anna, "still here");
	conn_rq(DESK_RQ_OPENED, &bert, "");
	stored("5:said; ok; bert<Welcome to us.\nYou are number 1 in line. "
	       "Write your question.\nType /help for help, /quit to leave.; "
	       "ok; ");
	reply(key('a', 1), 3);
	stored("6:reply; anna<a; ok; ");
	answered(EV_CODE_OK, 1);
	finish();
}

static void
one_who_left_in_a_retracted_round_is_still_there(void)
{
	begin();
	conn_rq(DESK_RQ_SAID, &anna, "last words");
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "");
	desk_settle(desk, now);
	desk_retract(desk);
	CHECK(anna.session != NULL && anna.session->conn == &anna);
	conn_rq(DESK_RQ_SAID, &anna, "last words");
	stored("5:said; ok; ");
	conn_rq(DESK_RQ_DISCONNECTED, &anna, "");
	stored("ok; 6:gone; ");
	finish();
}

static void
what_was_noticed_is_settled_after_a_retracted_round(void)
{
	begin();
	reply(key('a', 1), 0);
	forget_what_happened();
	ask((struct desk_request){ .rq = DESK_RQ_SENT,
	    .conn = &anna,
	    .offset = put_bytes,
	    .taken = put_bytes });
	desk_settle(desk, now);
	desk_retract(desk);
	stored("6:sent; ");
	finish();
}

static void
a_double_gets_the_answer_that_the_journal_knows(void)
{
	begin();
	ask((struct desk_request){ .rq = DESK_RQ_REPLY,
	    .who = "lin",
	    .sid = 1,
	    .text = "a",
	    .len = 1,
	    .key = key('a', 1),
	    .first_n = 7 });
	stored("ok; ");
	answered(EV_CODE_OK, 7);
	finish();
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_known_key_gets_its_first_answer_and_nothing_else_happens),
		T(a_key_is_known_within_its_own_round),
		T(replies_without_a_key_are_never_the_same),
		T(a_key_is_one_sessions_own),
		T(a_known_key_comes_before_every_refusal),
		T(a_key_of_an_ended_session_is_looked_up_in_the_journal),
		T(a_key_that_was_pushed_out_is_looked_up_before_a_refusal),
		T(where_no_key_can_be_kept_the_journal_is_asked),
		T(no_lookup_is_made_where_all_keys_are_known),
		T(a_key_of_a_round_that_is_not_stored_is_not_known),
		T(a_first_answer_stands_when_its_second_round_is_not_stored),
		T(a_restarted_desk_knows_the_keys),
		T(a_reply_over_an_unseen_colleagues_is_stale_and_says_which),
		T(a_reply_without_a_key_is_a_colleagues),
		T(who_does_not_say_what_it_saw_is_not_refused),
		T(neither_customers_nor_ones_own_replies_make_one_stale),
		T(a_colleagues_reply_is_found_behind_ones_own),
		T(a_reply_of_the_same_round_makes_one_stale),
		T(nothing_is_stale_by_a_reply_that_is_not_stored),
		T(a_retracted_round_leaves_no_trace),
		T(one_who_left_in_a_retracted_round_is_still_there),
		T(what_was_noticed_is_settled_after_a_retracted_round),
		T(a_double_gets_the_answer_that_the_journal_knows),
	};

	return t_main("keys", cases, sizeof cases / sizeof cases[0]);
}
