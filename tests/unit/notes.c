/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Notes and whispers: what operators write about a customer, who never gets any
 * of it.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "team_rig.h"

static struct ev_key
key(unsigned char n)
{
	struct ev_key k = { { 1 } };

	k.bytes[EV_KEY_SIZE - 1] = n;
	return k;
}

static void
note(int i, uint64_t sid, unsigned char n, const char *text)
{
	text_rq(DESK_RQ_NOTE, i, sid, text, n != 0 ? key(n) : none, 0);
}

/* ---- notes ---- */

static void
anybody_writes_notes_of_any_customer(void)
{
	begin();
	arrive(1);
	cmd(LIN, "take 1");
	done();
	note(LIN, 1, 1, "he is angry");
	stored("note 1 lin n1 \"he is angry\"; ok; ");
	CHECK_INT(last_answer.n, 1);
	note(ANN, 1, 2, "no wonder");
	stored("note 1 ann n2 \"no wonder\"; ok; ");
	cmd(WANG, "note 1 it is 13:30");
	stored("note 1 wang li n3 \"it is 13:30\"; ok; ");
	CHECK_INT(desk_known(desk, 1)->notes, 3);
	finish();
}

static void
a_note_claims_nothing_and_answers_nobody(void)
{
	begin();
	arrive(1);
	note(LIN, 1, 1, "he is angry");
	stored("note 1 lin n1 \"he is angry\"; ok; ");
	CHECK_STR(owner(1), "");
	CHECK(desk_known(desk, 1)->waiting_at.seq != 0);
	CHECK_INT(desk_known(desk, 1)->out, 0);
	finish();
}

/* Its text is for nobody who is not an operator, in either mode and however the
 * round ends. */
static void
no_note_reaches_a_customer(void)
{
	begin();
	arrive(1);
	arrive_as(2, EV_MODE_CLASSIC);
	for (uint64_t sid = 1; sid <= 2; sid++) {
		put_bytes = 0;
		note(LIN, sid, 1, "secret");
		cmd(LIN, sid == 1 ? "note 1 secret" : "note 2 secret");
		cmd(ANN, sid == 1 ? "take 1" : "take 2");
		cmd(LIN, sid == 1 ? "whisper 1 secret" : "whisper 2 secret");
		cmd(LIN, "msg ann secret");
		if (sid == 1) {
			desk_settle(desk, now);
			desk_undo(desk, &sink, NULL, now);
			later(1);
			note(LIN, sid, 1, "secret");
		}
		done();
		CHECK_INT(put_bytes, 0);
	}
	/* Nor later, with what is held for a classic client. */
	later(45);
	desk_tick(desk, &sink, NULL, now);
	CHECK(strstr(dw_buf_str(&happened), "secret") == NULL);
	CHECK(strstr(dw_buf_str(&happened), "c2<") != NULL);
	finish();
}

static void
a_note_with_a_known_key_is_written_once(void)
{
	begin();
	arrive(1);
	note(LIN, 1, 1, "he is angry");
	note(LIN, 1, 1, "he is angry");
	stored("note 1 lin n1 \"he is angry\"; ok; ok; ");
	CHECK_INT(last_answer.n, 1);
	note(LIN, 1, 1, "he is angry");
	stored("ok; ");
	note(LIN, 1, 0, "again");
	note(LIN, 1, 0, "again");
	stored("note 1 lin n2 \"again\"; ok; note 1 lin n3 \"again\"; ok; ");
	/* Also when it was typed as a reply meanwhile. */
	text_rq(DESK_RQ_REPLY, LIN, 1, "he is angry", key(1), 0);
	stored("ok; ");
	finish();
}

static void
a_key_that_was_pushed_out_is_looked_up_before_a_refusal(void)
{
	begin();
	arrive(1);
	for (unsigned char n = 1; n <= 4; n++)
		note(LIN, 1, n, "a");
	done();
	note(LIN, 1, 1, " ");
	stored("find in 1 or usage; ");
	note(LIN, 1, 4, " ");
	stored("ok; ");
	CHECK_INT(last_answer.n, 4);
	cmd(LIN, "close 1");
	leave(1);
	done();
	note(LIN, 1, 1, "a");
	stored("find in 1 or closed; ");
	finish();
}

static void
a_double_gets_the_answer_that_the_journal_knows(void)
{
	begin();
	arrive(1);
	ask((struct desk_request){ .rq = DESK_RQ_NOTE,
	    .console = &con[LIN],
	    .who = "lin",
	    .sid = 1,
	    .text = "a",
	    .len = 1,
	    .key = key(1),
	    .first_n = 7 });
	stored("ok; ");
	CHECK_INT(last_answer.n, 7);
	finish();
}

static void
what_is_wrong_with_a_note_is_said(void)
{
	char text[200];

	begin();
	arrive(1);
	note(LIN, 1, 0, " \t");
	stored("usage; ");
	CHECK_STR(last_text, "there is nothing to send");
	snprintf(text, sizeof text, "%0101d", 0);
	note(LIN, 1, 0, text);
	stored("usage; ");
	CHECK_STR(last_text,
	    "that is too long: a message has 100 bytes at most, and this one "
	    "has 101");
	note(LIN, 9, 0, "who?");
	stored("unknown; ");
	refused(LIN, "note", EV_CODE_USAGE, "which session? Give its number");
	refused(LIN, "note 1", EV_CODE_USAGE, "there is nothing to send");
	refused(LIN, "note 9 who?", EV_CODE_UNKNOWN,
	    "there is no such session");
	finish();
}

static void
who_left_has_notes_and_who_ended_has_none(void)
{
	begin();
	arrive(1);
	leave(1);
	done();
	note(LIN, 1, 0, "call him");
	stored("note 1 lin n1 \"call him\"; ok; ");
	cmd(LIN, "close 1");
	done();
	note(LIN, 1, 0, "did not answer");
	stored("closed; ");
	refused(LIN, "note 1 too late", EV_CODE_CLOSED,
	    "that session has ended");
	finish();
}

static void
a_colleagues_note_that_was_not_seen_makes_a_reply_stale(void)
{
	begin();   /* events 1 to 3 */
	arrive(1); /* and 4, 5 */
	note(ANN, 1, 1, "do not answer him");
	done();
	text_rq(DESK_RQ_REPLY, LIN, 1, "yes", none, 5);
	stored("stale; ");
	CHECK_INT(last_answer.seq, 6);
	CHECK_STR(last_text,
	    "somebody else has written a note or been there meanwhile");
	/* One's own does not, and hides none. */
	note(LIN, 1, 2, "why not?");
	done();
	text_rq(DESK_RQ_REPLY, LIN, 1, "yes", none, 5);
	stored("stale; ");
	CHECK_INT(last_answer.seq, 6);
	text_rq(DESK_RQ_REPLY, LIN, 1, "yes", none, 6);
	stored("claim 1 lin (answer); reply 1 lin n1 \"yes\"; c1<lin:yes; "
	       "ok; ");
	finish();
}

static void
a_note_that_is_not_stored_is_none(void)
{
	begin();
	arrive(1);
	note(ANN, 1, 1, "do not answer him");
	text_rq(DESK_RQ_REPLY, LIN, 1, "yes", none, 5);
	not_stored("not-stored; not-stored; ");
	CHECK_INT(desk_known(desk, 1)->notes, 0);
	note(ANN, 1, 1, "do not answer him");
	retracted();
	CHECK_INT(desk_known(desk, 1)->notes, 0);
	text_rq(DESK_RQ_REPLY, LIN, 1, "yes", none, 5);
	retracted();
	note(ANN, 1, 1, "do not answer him");
	stored("note 1 ann n1 \"do not answer him\"; ok; ");
	note(ANN, 1, 1, "do not answer him");
	note(ANN, 1, 2, "or do");
	not_stored("ok; not-stored; ");
	finish();
}

static void
a_restarted_desk_knows_the_notes(void)
{
	struct ev_event ev = ev_event_of(EV_NOTE);

	set_up();
	replay(EV_ARRIVED, 1, 1000, "guest", "", 0);
	replay(EV_SAID, 2, 1000, "", "", 1);
	replay(EV_GONE, 3, 1000, "", EV_WHY_LEFT, 0);
	ev.who = "lin";
	ev.n = 1;
	ev.key = key(1);
	replay_event(ev, 4, 1000);
	begin_with(4, 1);
	come(LIN);
	done();
	CHECK_INT(desk_known(desk, 1)->notes, 1);
	note(LIN, 1, 1, "he is angry");
	stored("ok; ");
	note(LIN, 1, 2, "not any more");
	stored("note 1 lin n2 \"not any more\"; ok; ");
	finish();
}

/* ---- whispers ---- */

static void
a_whisper_is_for_the_owner(void)
{
	begin();
	arrive(1);
	cmd(LIN, "take 1");
	done();
	cmd(ANN, "whisper 1 try the other cable");
	stored("msg 1 ann (lin) \"try the other cable\"; ok; ");
	finish();
}

static void
what_is_wrong_with_a_whisper_is_said(void)
{
	begin();
	arrive(1);
	refused(ANN, "whisper 1 hello", EV_CODE_USAGE,
	    "nobody answers that customer; /note writes a note");
	cmd(LIN, "take 1");
	done();
	refused(LIN, "whisper 1 hello", EV_CODE_USAGE,
	    "that customer is yours; /note writes a note");
	refused(ANN, "whisper 1", EV_CODE_USAGE, "there is nothing to send");
	refused(ANN, "whisper", EV_CODE_USAGE,
	    "which session? Give its number");
	refused(ANN, "whisper 9 hello", EV_CODE_UNKNOWN,
	    "there is no such session");
	finish();
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(anybody_writes_notes_of_any_customer),
		T(a_note_claims_nothing_and_answers_nobody),
		T(no_note_reaches_a_customer),
		T(a_note_with_a_known_key_is_written_once),
		T(a_key_that_was_pushed_out_is_looked_up_before_a_refusal),
		T(a_double_gets_the_answer_that_the_journal_knows),
		T(what_is_wrong_with_a_note_is_said),
		T(who_left_has_notes_and_who_ended_has_none),
		T(a_colleagues_note_that_was_not_seen_makes_a_reply_stale),
		T(a_note_that_is_not_stored_is_none),
		T(a_restarted_desk_knows_the_notes),
		T(a_whisper_is_for_the_owner),
		T(what_is_wrong_with_a_whisper_is_said),
	};

	return t_main("notes", cases, sizeof cases / sizeof cases[0]);
}
