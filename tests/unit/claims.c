/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who answers whom, case by case.  tests/sim has the interleavings.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "team_rig.h"

#define TIMEOUT_MS (300 * INT64_C(1000))
#define WARNED_MS  (30 * INT64_C(1000))
#define GRACE_MS   (60 * INT64_C(1000))
#define OFFER_MS   (60 * INT64_C(1000))
#define RESERVE_MS (30 * INT64_C(1000))

/* At this time nothing happens, and a millisecond later this does. */
static void
happens_after(int64_t ms, const char *want)
{
	pass(ms - 1);
	stored("");
	pass(1);
	stored(want);
}

/* Lin has taken customer 1, who waits. */
static void
begin_taken(void)
{
	begin();
	arrive(1);
	cmd(LIN, "take 1");
	stored("claim 1 lin (taken); ok; ");
}

/* ---- claiming ---- */

static void
the_first_answer_claims_right_before_the_reply(void)
{
	begin();
	arrive(1);
	reply(LIN, 1);
	stored("claim 1 lin (answer); reply 1 lin n1 \"yes\"; c1<lin:yes; "
	       "ok; ");
	reply(LIN, 1);
	stored("reply 1 lin n2 \"yes\"; c1<lin:yes; ok; ");
	CHECK_STR(owner(1), "lin");
	finish();
}

static void
a_customer_sees_the_name_that_it_is_to_see(void)
{
	begin();
	arrive(1);
	reply(ANN, 1);
	stored("claim 1 ann (answer); reply 1 ann n1 (Ann B.) \"yes\"; "
	       "c1<Ann B.:yes; ok; ");
	finish();
}

static void
taking_is_for_one_only(void)
{
	begin_taken();
	pass(12000);
	refused(ANN, "take 1", EV_CODE_TAKEN,
	    "1 has been lin's for 12 s; /steal 1 takes it, /join 1 watches, or "
	    "wait");
	cmd(LIN, "take 1");
	stored("ok; ");
	CHECK_STR(owner(1), "lin");
	pass(188000);
	refused(ANN, "take 1", EV_CODE_TAKEN,
	    "1 has been lin's for 3 min; /steal 1 takes it, /join 1 watches, or "
	    "wait");
	finish();
}

static void
a_text_to_a_colleagues_customer_is_refused_with_what_to_do(void)
{
	begin_taken();
	pass(12000);
	reply(ANN, 1);
	stored("taken; ");
	CHECK_STR(last_text,
	    "1 has been lin's for 12 s; not sent: /steal 1 takes it, /note 1 "
	    "writes a note, /join 1 watches, or wait");
	CHECK_INT(last_answer.sid, 1);
	finish();
}

static void
of_two_texts_in_one_round_the_first_claims(void)
{
	begin();
	arrive(1);
	reply(ANN, 1);
	reply(LIN, 1);
	stored("claim 1 ann (answer); reply 1 ann n1 (Ann B.) \"yes\"; "
	       "c1<Ann B.:yes; ok; taken; ");
	/* Where the claim is not stored, nor does the refusal stand. */
	arrive(2);
	reply(ANN, 2);
	reply(LIN, 2);
	cmd(WANG, "take 2");
	not_stored("not-stored; not-stored; not-stored; ");
	CHECK_STR(owner(2), "");
	finish();
}

static void
what_is_wrong_with_a_take_is_said(void)
{
	begin();
	arrive(1);
	refused(LIN, "take", EV_CODE_USAGE, "which session? Give its number");
	refused(LIN, "take 1 now", EV_CODE_USAGE,
	    "which session? Give its number");
	refused(LIN, "take 9", EV_CODE_UNKNOWN, "there is no such session");
	cmd(LIN, "close 1");
	leave(1);
	done();
	refused(LIN, "take 1", EV_CODE_CLOSED, "that session has ended");
	finish();
}

/* ---- next, and the first key ---- */

static void
next_gives_each_console_another_one(void)
{
	begin();
	arrive(1);
	arrive(2);
	next(LIN, 0);
	stored("ok; ");
	CHECK_INT(last_answer.sid, 1);
	next(ANN, 0);
	stored("ok; ");
	CHECK_INT(last_answer.sid, 2);
	next(WANG, 0);
	stored("ok; ");
	CHECK_INT(last_answer.sid, 0);
	CHECK_STR(owner(1), "");
	finish();
}

static void
a_reservation_lasts_for_half_a_minute(void)
{
	begin();
	arrive(1);
	next(LIN, 0);
	pass(RESERVE_MS - 1);
	next(ANN, 0);
	stored("ok; ok; ");
	CHECK_INT(last_answer.sid, 0);
	pass(1);
	next(ANN, 0);
	stored("ok; ");
	CHECK_INT(last_answer.sid, 1);
	finish();
}

static void
a_new_reservation_replaces_the_last(void)
{
	begin();
	arrive(1);
	arrive(2);
	next(LIN, 0);
	next(LIN, 1); /* but the one that is selected */
	stored("ok; ok; ");
	CHECK_INT(last_answer.sid, 2);
	next(ANN, 0);
	stored("ok; ");
	CHECK_INT(last_answer.sid, 1);
	/* One whose console has gone is reserved for nobody. */
	go(LIN);
	next(WANG, 0);
	done();
	CHECK_INT(last_answer.sid, 2);
	finish();
}

static void
ones_other_console_is_another_one(void)
{
	begin();
	come(LIN2);
	arrive(1);
	next(LIN, 0);
	next(LIN2, 0);
	done();
	CHECK_INT(last_answer.sid, 0);
	finish();
}

static void
next_passes_over_who_is_somebodys(void)
{
	begin_taken();
	arrive(2);
	next(ANN, 0);
	stored("ok; ");
	CHECK_INT(last_answer.sid, 2);
	finish();
}

static void
when_nobody_waits_next_gives_who_left_first(void)
{
	begin();
	arrive(1);
	arrive(2);
	arrive(3);
	leave(2);
	done();
	leave(1);
	done();
	next(LIN, 0);
	stored("ok; ");
	CHECK_INT(last_answer.sid, 3);
	cmd(LIN, "take 3");
	reply(LIN, 3);
	next(LIN, 0);
	done();
	CHECK_INT(last_answer.sid, 2);
	next(ANN, 0);
	done();
	CHECK_INT(last_answer.sid, 1);
	cmd(LIN, "take 2");
	done();
	next(LIN, 2);
	done();
	CHECK_INT(last_answer.sid, 0);
	cmd(LIN, "release 2");
	next(LIN, 0);
	done();
	CHECK_INT(last_answer.sid, 2);
	cmd(LIN, "close 2");
	next(LIN, 0);
	done();
	CHECK_INT(last_answer.sid, 0);
	finish();
}

static void
who_asks_again_goes_through_all_and_begins_again(void)
{
	static const uint64_t want[] = { 1, 2, 3, 4, 1 };
	uint64_t at = 0;

	begin();
	for (uint64_t sid = 1; sid <= 4; sid++)
		arrive(sid);
	leave(3);
	leave(4);
	done();
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
		next(LIN, at);
		done();
		CHECK_INT(last_answer.sid, want[i]);
		at = last_answer.sid;
	}
	/* Who only looked at one begins with the first. */
	next(LIN, 3);
	done();
	CHECK_INT(last_answer.sid, 1);
	finish();
}

static void
who_comes_meanwhile_is_before_those_who_left(void)
{
	begin();
	for (uint64_t sid = 1; sid <= 3; sid++)
		arrive(sid);
	leave(2);
	leave(3);
	done();
	next(LIN, 0);
	next(LIN, 1);
	done();
	CHECK_INT(last_answer.sid, 2);
	arrive(4);
	next(LIN, 2);
	done();
	CHECK_INT(last_answer.sid, 4);
	next(LIN, 4);
	done();
	CHECK_INT(last_answer.sid, 2);
	next(LIN, 2);
	done();
	CHECK_INT(last_answer.sid, 3);
	finish();
}

static void
ones_own_customers_who_wait_are_among_the_others(void)
{
	static const uint64_t want[] = { 1, 2, 3, 1 };
	uint64_t at = 0;

	begin();
	for (uint64_t sid = 1; sid <= 4; sid++)
		arrive(sid);
	cmd(LIN, "take 2");
	cmd(ANN, "take 4");
	done();
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
		next(LIN, at);
		done();
		CHECK_INT(last_answer.sid, want[i]);
		at = last_answer.sid;
	}
	/* Who has its answer does not wait. */
	reply(LIN, 2);
	done();
	next(LIN, 1);
	done();
	CHECK_INT(last_answer.sid, 3);
	/* And one's own may leave. */
	leave(4);
	done();
	next(ANN, 3);
	done();
	CHECK_INT(last_answer.sid, 1);
	next(ANN, 1);
	done();
	CHECK_INT(last_answer.sid, 4);
	finish();
}

static void
the_first_key_takes_what_is_reserved(void)
{
	begin();
	arrive(1);
	next(LIN, 0);
	stored("ok; ");
	types(LIN, 0);
	stored("ok; ");
	types(LIN, 1);
	stored("claim 1 lin (taken); ok; ");
	types(LIN, 1);
	stored("ok; ");
	finish();
}

static void
a_key_takes_nothing_that_is_not_reserved(void)
{
	begin();
	arrive(1);
	types(LIN, 1);
	stored("ok; ");
	next(LIN, 0);
	types(ANN, 1);
	stored("ok; ok; ");
	pass(RESERVE_MS);
	types(LIN, 1);
	stored("ok; ");
	types(LIN, 9);
	stored("ok; ");
	CHECK_STR(owner(1), "");
	finish();
}

static void
who_was_slower_with_its_first_key_is_told(void)
{
	begin();
	arrive(1);
	next(LIN, 0);
	cmd(ANN, "take 1");
	stored("ok; claim 1 ann (taken); ok; ");
	types(LIN, 1);
	stored("taken; ");
	CHECK_STR(last_text,
	    "1 has been ann's for 0 s; /steal 1 takes it, /join 1 watches, or "
	    "wait");
	/* Once: what it writes there may become a note. */
	types(LIN, 1);
	stored("ok; ");
	finish();
}

static void
a_reservation_of_a_round_that_is_not_stored_is_none(void)
{
	begin();
	arrive(1);
	next(LIN, 0);
	not_stored("not-stored; ");
	next(ANN, 0);
	stored("ok; ");
	CHECK_INT(last_answer.sid, 1);
	finish();
}

/* ---- release and steal ---- */

static void
who_is_given_back_stands_at_its_old_place(void)
{
	begin_taken();
	arrive(2);
	say(2, "/place");
	stored("c2<You are the only one who waits.; ok; ");
	cmd(LIN, "release 1");
	stored("free 1 lin (released); ok; ");
	say(1, "/place");
	stored("c1<You are number 1 of 2 who wait.; ok; ");
	next(ANN, 0);
	stored("ok; ");
	CHECK_INT(last_answer.sid, 1);
	finish();
}

static void
what_is_wrong_with_a_release_is_said(void)
{
	begin();
	arrive(1);
	refused(LIN, "release 1", EV_CODE_USAGE,
	    "nobody answers that customer; /take does");
	cmd(LIN, "take 1");
	done();
	refused(LIN, "release 1 now", EV_CODE_USAGE,
	    "/release takes only the session's number");
	refused(ANN, "release 1", EV_CODE_TAKEN,
	    "1 has been lin's for 0 s; /steal 1 takes it, /join 1 watches, or "
	    "wait");
	refused(LIN, "release", EV_CODE_USAGE,
	    "which session? Give its number");
	finish();
}

static void
stealing_is_from_a_colleague(void)
{
	begin();
	arrive(1);
	refused(ANN, "steal 1", EV_CODE_USAGE,
	    "nobody answers that customer; /take does");
	cmd(LIN, "take 1");
	done();
	refused(LIN, "steal 1", EV_CODE_USAGE,
	    "that customer is yours already");
	cmd(ANN, "steal 1");
	stored("claim 1 ann (stolen); ok; ");
	reply(LIN, 1);
	stored("taken; ");
	reply(ANN, 1);
	stored("reply 1 ann n1 (Ann B.) \"yes\"; c1<Ann B.:yes; ok; ");
	finish();
}

static void
a_colleagues_conversation_is_ended_by_a_supervisor_only(void)
{
	begin_taken();
	come(BOSS);
	done();
	refused(ANN, "close 1", EV_CODE_TAKEN,
	    "1 has been lin's for 0 s; only its owner or a supervisor ends "
	    "it");
	refused(ANN, "kick 1", EV_CODE_TAKEN,
	    "1 has been lin's for 0 s; only its owner or a supervisor ends "
	    "it");
	refused(ANN, "close left", EV_CODE_DENIED,
	    "only a supervisor or an admin of this desk may do that");
	cmd(BOSS, "close left");
	stored("ok<0 sessions closed; ");
	cmd(BOSS, "close 1");
	stored("closed 1 boss (closed); c1<This conversation was closed. "
	       "Goodbye.; c1 end; ok; ");
	arrive(2);
	cmd(LIN, "take 2");
	cmd(BOSS, "kick 2");
	stored("claim 2 lin (taken); ok; closed 2 boss (kicked); c2 cut; "
	       "ok; ");
	arrive(3);
	cmd(LIN, "take 3");
	cmd(LIN, "kick 3");
	stored("claim 3 lin (taken); ok; closed 3 lin (kicked); c3 cut; "
	       "ok; ");
	finish();
}

/* ---- the lease ---- */

static void
who_leaves_a_customer_without_an_answer_loses_it(void)
{
	begin_taken();
	happens_after(TIMEOUT_MS - WARNED_MS, "warn lin of 1: 30 s; ");
	happens_after(WARNED_MS, "free 1 lin (silent); ");
	CHECK_STR(owner(1), "");
	CHECK_INT(desk_deadline(desk), DW_NEVER);
	next(ANN, 0);
	stored("ok; ");
	CHECK_INT(last_answer.sid, 1);
	finish();
}

static void
all_consoles_of_the_owner_are_warned(void)
{
	begin_taken();
	come(LIN2);
	done();
	happens_after(TIMEOUT_MS - WARNED_MS,
	    "warn lin of 1: 30 s; warn lin of 1: 30 s; ");
	finish();
}

static void
newer_words_make_the_lease_longer(void)
{
	begin_taken();
	pass(TIMEOUT_MS - WARNED_MS);
	stored("warn lin of 1: 30 s; ");
	pass(1000);
	say(1, "hello?");
	stored("said 1 n2; ok; ");
	happens_after(TIMEOUT_MS - WARNED_MS, "warn lin of 1: 30 s; ");
	happens_after(WARNED_MS, "free 1 lin (silent); ");
	finish();
}

static void
who_types_keeps_its_customer(void)
{
	begin_taken();
	come(LIN2);
	done();
	pass(TIMEOUT_MS - 1 - WARNED_MS);
	types(LIN2, 1);
	stored("ok; ");
	happens_after(TIMEOUT_MS - WARNED_MS,
	    "warn lin of 1: 30 s; warn lin of 1: 30 s; ");
	/* A colleague's keys do not, nor those in another text. */
	types(ANN, 1);
	types(LIN, 0);
	stored("ok; ok; ");
	happens_after(WARNED_MS, "free 1 lin (silent); ");
	finish();
}

static void
who_does_not_wait_has_no_lease(void)
{
	begin_taken();
	reply(LIN, 1);
	done();
	CHECK_INT(desk_deadline(desk), DW_NEVER);
	pass(10 * TIMEOUT_MS);
	stored("");
	/* With the next question it begins again. */
	say(1, "and?");
	stored("said 1 n2; ok; ");
	happens_after(TIMEOUT_MS - WARNED_MS, "warn lin of 1: 30 s; ");
	happens_after(WARNED_MS, "free 1 lin (silent); ");
	finish();
}

static void
who_was_taken_late_is_kept_as_long_as_any(void)
{
	begin();
	arrive(1);
	pass(10 * TIMEOUT_MS);
	cmd(LIN, "take 1");
	stored("claim 1 lin (taken); ok; ");
	happens_after(TIMEOUT_MS - WARNED_MS, "warn lin of 1: 30 s; ");
	pass(WARNED_MS - 1);
	cmd(ANN, "steal 1");
	stored("claim 1 ann (stolen); ok; ");
	happens_after(TIMEOUT_MS - WARNED_MS, "warn ann of 1: 30 s; ");
	finish();
}

static void
a_short_lease_is_warned_of_at_its_half(void)
{
	begin();
	config.claim_timeout_ms = 10 * 1000;
	arrive(1);
	cmd(LIN, "take 1");
	done();
	happens_after(5000, "warn lin of 1: 5 s; ");
	happens_after(5000, "free 1 lin (silent); ");
	finish();
}

static void
keeping_makes_the_lease_last_so_long_and_not_longer(void)
{
	begin_taken();
	cmd(LIN, "keep 1 10m");
	stored("keep 1 lin n600; c1<Somebody is looking into it.; ok; ");
	happens_after(2 * TIMEOUT_MS - WARNED_MS, "warn lin of 1: 30 s; ");
	happens_after(WARNED_MS, "free 1 lin (silent); ");
	/* A shorter one than the lease does not end it. */
	cmd(LIN, "take 1");
	cmd(LIN, "keep 1 90s");
	stored("claim 1 lin (taken); ok; keep 1 lin n90; c1<Somebody is "
	       "looking into it.; ok; ");
	happens_after(TIMEOUT_MS - WARNED_MS, "warn lin of 1: 30 s; ");
	finish();
}

static void
a_classic_customer_is_not_told_that_it_is_kept(void)
{
	begin();
	arrive_as(1, EV_MODE_CLASSIC);
	cmd(LIN, "take 1");
	cmd(LIN, "keep 1 1h");
	stored("claim 1 lin (taken); ok; keep 1 lin n3600; ok; ");
	finish();
}

static void
what_is_wrong_with_a_keep_is_said(void)
{
	static const char *const wrong[] = { "keep 1", "keep 1 10", "keep 1 0m",
		"keep 1 25h", "keep 1 -1m", "keep 1 2d", "keep 1 10mm",
		"keep 1 86401s", "keep 1 99999999999999999999s", "keep 1 m" };

	begin_taken();
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		refused(LIN, wrong[i], EV_CODE_USAGE,
		    "for how long? Say 10m, 90s or 1h, at most 24h");
	refused(ANN, "keep 1 10m", EV_CODE_TAKEN,
	    "1 has been lin's for 0 s; /steal 1 takes it, /join 1 watches, or "
	    "wait");
	cmd(LIN, "keep 1 24h");
	stored("keep 1 lin n86400; c1<Somebody is looking into it.; ok; ");
	cmd(LIN, "release 1");
	done();
	refused(LIN, "keep 1 10m", EV_CODE_USAGE,
	    "nobody answers that customer; /take does");
	finish();
}

/* ---- the owner is gone ---- */

static void
whose_last_console_has_gone_loses_all_its_customers(void)
{
	begin_taken();
	come(LIN2);
	arrive(2);
	reply(LIN, 2); /* who does not wait any more */
	arrive(3);
	cmd(LIN, "take 3");
	leave(3);
	done();
	go(LIN);
	stored("off lin; ok; ");
	pass(GRACE_MS + 1);
	stored("");
	go(LIN2);
	stored("off lin; ok; ");
	happens_after(GRACE_MS,
	    "free 1 lin (lost); free 2 lin (lost); free 3 lin (lost); ");
	CHECK_INT(desk_known(desk, 3)->state, EV_STATE_LEFT);
	finish();
}

static void
who_comes_back_in_time_keeps_them(void)
{
	begin_taken();
	go(LIN);
	done();
	pass(GRACE_MS - 1);
	come(LIN2);
	stored("on lin; attached; ");
	happens_after(TIMEOUT_MS - WARNED_MS - GRACE_MS + 1,
	    "warn lin of 1: 30 s; ");
	CHECK_STR(owner(1), "lin");
	/* The grace begins anew. */
	types(LIN2, 1);
	go(LIN2);
	stored("ok; off lin; ok; ");
	happens_after(GRACE_MS, "free 1 lin (lost); ");
	finish();
}

static void
who_has_left_with_an_owner_is_given_back_in_time(void)
{
	begin_taken();
	leave(1);
	done();
	CHECK_STR(owner(1), "lin");
	happens_after(TIMEOUT_MS - WARNED_MS, "warn lin of 1: 30 s; ");
	happens_after(WARNED_MS, "free 1 lin (silent); ");
	finish();
}

/* ---- offers ---- */

static void
an_offer_is_accepted_by_take(void)
{
	begin_taken();
	cmd(LIN, "transfer 1 ann it is about money");
	stored("offer 1 lin (ann) \"it is about money\"; ok; ");
	CHECK_STR(owner(1), "lin");
	cmd(ANN, "take 1");
	stored("claim 1 ann (accepted); c1<Ann B. answers you from now on.; "
	       "ok; ");
	CHECK_STR(owner(1), "ann");
	CHECK_STR(desk_known(desk, 1)->offered, "");
	finish();
}

static void
an_offer_is_accepted_by_next_before_all_else(void)
{
	begin();
	arrive(1);
	arrive_as(2, EV_MODE_CLASSIC);
	cmd(LIN, "take 2");
	cmd(LIN, "transfer 2 wang li");
	done();
	next(WANG, 2);
	stored("claim 2 wang li (accepted); ok; ");
	CHECK_INT(last_answer.sid, 2);
	next(WANG, 2);
	stored("ok; ");
	CHECK_INT(last_answer.sid, 1);
	finish();
}

static void
the_oldest_offer_is_accepted_first(void)
{
	begin();
	arrive(1);
	arrive(2);
	cmd(LIN, "take 1");
	cmd(LIN, "take 2");
	cmd(LIN, "transfer 1 ann");
	cmd(LIN, "transfer 2 ann");
	done();
	cmd(ANN, "decline 1");
	not_stored("not-stored; ");
	next(ANN, 0);
	next(ANN, 0);
	done();
	CHECK_INT(last_answer.sid, 2);
	CHECK_STR(owner(1), "ann");
	CHECK_STR(owner(2), "ann");
	cmd(ANN, "transfer 2 lin");
	cmd(ANN, "transfer 1 lin");
	done();
	cmd(LIN, "take 2");
	retracted();
	next(LIN, 0);
	done();
	CHECK_INT(last_answer.sid, 2);
	finish();
}

static void
an_offer_ends_after_a_minute(void)
{
	begin_taken();
	cmd(LIN, "transfer 1 ann");
	stored("offer 1 lin (ann); ok; ");
	happens_after(OFFER_MS, "declined 1 (timeout); ");
	CHECK_STR(owner(1), "lin");
	refused(ANN, "decline 1", EV_CODE_USAGE,
	    "that customer is not offered to you");
	finish();
}

static void
an_offer_is_declined(void)
{
	begin_taken();
	cmd(LIN, "transfer 1 ann");
	done();
	refused(WANG, "decline 1", EV_CODE_USAGE,
	    "that customer is not offered to you");
	refused(WANG, "take 1", EV_CODE_TAKEN,
	    "1 has been lin's for 0 s; /steal 1 takes it, /join 1 watches, or "
	    "wait");
	cmd(ANN, "decline 1");
	stored("declined 1 ann (declined); ok; ");
	next(ANN, 0);
	stored("ok; ");
	CHECK_INT(last_answer.sid, 0);
	finish();
}

static void
an_offer_to_somebody_who_goes_is_over(void)
{
	begin_taken();
	cmd(LIN, "transfer 1 ann");
	done();
	go(ANN);
	stored("off ann; ok; declined 1 (lost); ");
	CHECK_STR(owner(1), "lin");
	finish();
}

static void
another_offer_replaces_the_first(void)
{
	begin_taken();
	cmd(LIN, "transfer 1 ann");
	done();
	pass(OFFER_MS - 1);
	cmd(LIN, "transfer 1 wang li please");
	stored("offer 1 lin (wang li) \"please\"; ok; ");
	refused(ANN, "decline 1", EV_CODE_USAGE,
	    "that customer is not offered to you");
	happens_after(OFFER_MS, "declined 1 (timeout); ");
	finish();
}

static void
an_offer_ends_with_the_claim(void)
{
	begin_taken();
	cmd(LIN, "transfer 1 ann");
	cmd(LIN, "release 1");
	done();
	next(ANN, 1);
	stored("ok; ");
	CHECK_INT(last_answer.sid, 0);
	cmd(LIN, "take 1");
	cmd(LIN, "transfer 1 ann");
	cmd(WANG, "steal 1");
	done();
	next(ANN, 0);
	stored("ok; ");
	CHECK_INT(last_answer.sid, 0);
	cmd(WANG, "transfer 1 ann");
	cmd(WANG, "close 1");
	leave(1);
	done();
	next(ANN, 0);
	stored("ok; ");
	CHECK_INT(last_answer.sid, 0);
	finish();
}

static void
the_lease_goes_on_meanwhile(void)
{
	begin_taken();
	pass(TIMEOUT_MS - WARNED_MS);
	cmd(LIN, "transfer 1 ann");
	stored("offer 1 lin (ann); ok; warn lin of 1: 30 s; ");
	happens_after(WARNED_MS, "free 1 lin (silent); ");
	CHECK_STR(desk_known(desk, 1)->offered, "");
	finish();
}

static void
what_is_wrong_with_a_transfer_is_said(void)
{
	char text[200];

	begin();
	arrive(1);
	refused(LIN, "transfer 1 ann", EV_CODE_USAGE,
	    "nobody answers that customer; /take does");
	cmd(LIN, "take 1");
	done();
	refused(ANN, "transfer 1 ann", EV_CODE_TAKEN,
	    "1 has been lin's for 0 s; /steal 1 takes it, /join 1 watches, or "
	    "wait");
	refused(LIN, "transfer 1", EV_CODE_USAGE,
	    "to whom? Say /transfer N WHO WHY; /who shows who is there");
	refused(LIN, "transfer 1 bert", EV_CODE_UNKNOWN,
	    "nobody of that name is at a console; /who shows who is");
	refused(LIN, "transfer 1 annabel", EV_CODE_UNKNOWN,
	    "nobody of that name is at a console; /who shows who is");
	refused(LIN, "transfer 1 lin", EV_CODE_USAGE,
	    "that customer is yours already");
	snprintf(text, sizeof text, "transfer 1 ann %0101d", 0);
	refused(LIN, text, EV_CODE_USAGE, "that is too long for one message");
	cmd(ANN, "away");
	done();
	refused(LIN, "transfer 1 ann", EV_CODE_USAGE, "that operator is away");
	go(WANG);
	done();
	refused(LIN, "transfer 1 wang li", EV_CODE_UNKNOWN,
	    "nobody of that name is at a console; /who shows who is");
	refused(LIN, "transfer", EV_CODE_USAGE,
	    "which session? Give its number");
	refused(LIN, "decline 1", EV_CODE_USAGE,
	    "that customer is not offered to you");
	finish();
}

/* ---- stale ---- */

static void
a_colleagues_claim_that_was_not_seen_makes_one_stale(void)
{
	begin();   /* events 1 to 3 */
	arrive(1); /* and 4, 5 */
	cmd(ANN, "take 1");
	cmd(ANN, "release 1");
	done();
	text_rq(DESK_RQ_REPLY, LIN, 1, "yes", none, 5);
	stored("stale; ");
	CHECK_INT(last_answer.seq, 6);
	CHECK_STR(last_text,
	    "somebody else has written a note or been there meanwhile");
	text_rq(DESK_RQ_REPLY, LIN, 1, "yes", none, 6);
	stored("claim 1 lin (answer); reply 1 lin n1 \"yes\"; c1<lin:yes; "
	       "ok; ");
	finish();
}

static void
ones_own_claim_makes_nothing_stale(void)
{
	begin();
	come(LIN2);
	arrive(1); /* events 5 and 6 */
	cmd(LIN2, "take 1");
	done();
	text_rq(DESK_RQ_REPLY, LIN, 1, "yes", none, 6);
	stored("reply 1 lin n1 \"yes\"; c1<lin:yes; ok; ");
	finish();
}

/* ---- rounds that are not stored ---- */

static void
a_claim_that_is_not_stored_is_none(void)
{
	begin();
	arrive(1);
	arrive(2);
	cmd(LIN, "take 1");
	reply(LIN, 2);
	next(LIN, 0);
	not_stored("not-stored; not-stored; not-stored; ");
	CHECK_STR(owner(1), "");
	CHECK_STR(owner(2), "");
	next(ANN, 0);
	stored("ok; ");
	CHECK_INT(last_answer.sid, 1);
	pass(TIMEOUT_MS);
	stored("");
	finish();
}

static void
a_theft_that_is_not_stored_leaves_the_owner_its_lease(void)
{
	begin_taken();
	pass(TIMEOUT_MS - WARNED_MS - 1);
	cmd(ANN, "steal 1");
	cmd(ANN, "keep 1 10m");
	not_stored("not-stored; not-stored; ");
	CHECK_STR(owner(1), "lin");
	pass(1);
	stored("");
	pass(999); /* of the second in which nothing is tried */
	stored("warn lin of 1: 30 s; ");
	pass(WARNED_MS - 999);
	stored("free 1 lin (silent); ");
	finish();
}

static void
a_release_that_is_not_stored_changes_nothing(void)
{
	begin_taken();
	cmd(LIN, "transfer 1 ann");
	done();
	cmd(LIN, "release 1");
	not_stored("not-stored; ");
	pass(1000);
	stored("");
	next(ANN, 0);
	stored("claim 1 ann (accepted); c1<Ann B. answers you from now on.; "
	       "ok; ");
	finish();
}

static void
an_offer_that_is_not_stored_is_none(void)
{
	begin_taken();
	cmd(LIN, "transfer 1 ann");
	not_stored("not-stored; ");
	next(ANN, 0);
	stored("ok; ");
	CHECK_INT(last_answer.sid, 0);
	cmd(LIN, "transfer 1 ann");
	done();
	cmd(ANN, "decline 1");
	not_stored("not-stored; ");
	pass(OFFER_MS - 1);
	stored("");
	pass(1);
	stored("declined 1 (timeout); ");
	finish();
}

static void
every_lease_ends_whatever_fails(void)
{
	begin_taken();
	arrive(2);
	cmd(ANN, "take 2");
	done();
	go(ANN);
	done();
	pass(TIMEOUT_MS);
	for (int i = 0; i < 5; i++) {
		not_stored("");
		CHECK_INT(desk_deadline(desk), now.ns + DW_SECOND);
		pass(999);
		stored("");
		pass(1);
	}
	stored("free 2 ann (lost); free 1 lin (silent); ");
	CHECK_INT(desk_deadline(desk), DW_NEVER);
	finish();
}

static void
a_warning_is_given_when_its_round_is_stored(void)
{
	begin_taken();
	pass(TIMEOUT_MS - WARNED_MS);
	not_stored("");
	pass(1000);
	stored("warn lin of 1: 29 s; ");
	pass(1000);
	stored("");
	finish();
}

/* ---- rounds that are taken back ---- */

static void
the_claims_of_a_retracted_round_are_made_again(void)
{
	begin();
	arrive(1);
	arrive(2);
	arrive(3);
	for (int i = 0; i < 3; i++) {
		if (i > 0)
			retracted();
		CHECK_STR(owner(1), "");
		CHECK_INT(con[LIN].reserved, 0);
		next(LIN, 0);
		types(LIN, 1);
		cmd(ANN, "take 2");
		cmd(ANN, "transfer 2 lin");
		next(LIN, 0);
		cmd(WANG, "steal 1");
		cmd(WANG, "release 1");
		cmd(ANN, "take 3");
		cmd(ANN, "transfer 3 lin");
		cmd(LIN, "decline 3");
		cmd(LIN, "keep 2 10m");
		reply(ANN, 3);
	}
	stored("ok; claim 1 lin (taken); ok; claim 2 ann (taken); ok; "
	       "offer 2 ann (lin); ok; claim 2 lin (accepted); c2<lin answers "
	       "you from now on.; ok; claim 1 wang li (stolen); ok; free 1 "
	       "wang li (released); ok; claim 3 ann (taken); ok; offer 3 ann "
	       "(lin); ok; declined 3 lin (declined); ok; keep 2 lin n600; "
	       "c2<Somebody is looking into it.; ok; reply 3 ann n1 (Ann B.) "
	       "\"yes\"; c3<Ann B.:yes; ok; ");
	finish();
}

static void
the_ends_of_a_retracted_round_come_again(void)
{
	begin_taken();
	arrive(2);
	cmd(ANN, "take 2");
	cmd(ANN, "transfer 2 wang li");
	done();
	pass(OFFER_MS);
	retracted();
	stored("declined 2 (timeout); ");
	pass(TIMEOUT_MS - WARNED_MS - OFFER_MS);
	retracted();
	stored("warn lin of 1: 30 s; warn ann of 2: 30 s; ");
	go(ANN);
	retracted();
	pass(WARNED_MS);
	retracted();
	stored("free 1 lin (silent); free 2 ann (silent); ");
	finish();
}

static void
who_went_in_a_retracted_round_has_not_gone(void)
{
	begin_taken();
	go(LIN);
	done();
	pass(GRACE_MS - 1);
	come(LIN);
	retracted();
	CHECK(con[LIN].person == NULL);
	pass(1);
	stored("free 1 lin (lost); ");
	come(LIN);
	cmd(LIN, "take 1");
	done();
	go(LIN);
	retracted();
	pass(GRACE_MS);
	stored("");
	CHECK_STR(owner(1), "lin");
	finish();
}

/* ---- a desk that was started again ---- */

/* Lin had customer 1, who asked two minutes ago. */
static void
begin_again(void)
{
	set_up();
	replay(EV_ARRIVED, 1, 120000, "guest", "", 0);
	replay(EV_SAID, 2, 120000, "", "", 1);
	replay(EV_CLAIM, 3, 110000, "lin", EV_WHY_TAKEN, 0);
	replay(EV_GONE, 4, 100000, "", EV_WHY_LEFT, 0);
}

static void
after_a_restart_an_owner_has_the_grace_to_come_back(void)
{
	begin_again();
	begin_with(4, 1);
	CHECK_STR(owner(1), "lin");
	happens_after(GRACE_MS, "free 1 lin (lost); ");
	finish();
}

static void
a_lease_goes_on_after_a_restart(void)
{
	begin_again();
	begin_with(4, 1);
	come(LIN);
	done();
	happens_after(TIMEOUT_MS - 110000 - WARNED_MS, "warn lin of 1: 30 s; ");
	happens_after(WARNED_MS, "free 1 lin (silent); ");
	finish();
}

static void
a_lease_ends_no_sooner_than_a_grace_after_the_start(void)
{
	begin_again();
	config.claim_timeout_ms = 100 * 1000;
	begin_with(4, 1);
	come(LIN);
	done();
	happens_after(GRACE_MS - WARNED_MS, "warn lin of 1: 30 s; ");
	happens_after(WARNED_MS, "free 1 lin (silent); ");
	/* A new claim is no running lease. */
	cmd(LIN, "take 1");
	done();
	happens_after(100 * 1000 - WARNED_MS, "warn lin of 1: 30 s; ");
	finish();
}

static void
who_is_kept_is_kept_over_a_restart(void)
{
	begin_again();
	replay(EV_KEEP, 5, 60000, "lin", "", 1800);
	begin_with(5, 1);
	come(LIN);
	done();
	happens_after(1800 * 1000 - 60000 - WARNED_MS, "warn lin of 1: 30 s; ");
	happens_after(WARNED_MS, "free 1 lin (silent); ");
	finish();
}

static void
nobody_is_kept_for_ever_by_a_clock_that_was_set_back(void)
{
	begin_again();
	replay(EV_KEEP, 5, -3600000 * INT64_C(1000), "lin", "", 60);
	begin_with(5, 1);
	come(LIN);
	config.gone_after_ms = 0;
	done();
	happens_after(24 * 3600 * 1000 - WARNED_MS, "warn lin of 1: 30 s; ");
	finish();
}

static void
an_offer_goes_on_after_a_restart(void)
{
	begin_again();
	replay(EV_OFFER, 5, 50000, "lin", "ann", 0);
	begin_with(5, 1);
	come(LIN);
	done();
	happens_after(10000, "declined 1 (timeout); ");
	finish();
}

static void
who_comes_back_after_a_restart_may_accept(void)
{
	begin_again();
	replay(EV_OFFER, 5, 50000, "lin", "ann", 0);
	begin_with(5, 1);
	come(ANN);
	next(ANN, 0);
	stored("on ann; claim 1 ann (accepted); ok; attached; ");
	CHECK_INT(last_answer.sid, 1);
	finish();
}

static void
who_was_freed_before_a_restart_is_nobodys(void)
{
	begin_again();
	replay(EV_FREE, 5, 50000, "lin", EV_WHY_RELEASED, 0);
	begin_with(5, 1);
	CHECK_STR(owner(1), "");
	come(ANN);
	next(ANN, 0);
	done();
	CHECK_INT(last_answer.sid, 1);
	finish();
}

static void
a_change_of_the_timeout_holds_at_once(void)
{
	begin_taken();
	config.claim_timeout_ms = 100 * 1000;
	desk_reconfigure(desk, &config);
	happens_after(100 * 1000 - WARNED_MS, "warn lin of 1: 30 s; ");
	happens_after(WARNED_MS, "free 1 lin (silent); ");
	finish();
}

/* A program's link: it asks, and nobody has come. */
static void
come_bare(int i)
{
	desk_console_init(&con[i], "lin", "", EV_ROLE_OPERATOR);
	con[i].bare = true;
	console_rq(i, DESK_RQ_ATTACH);
	stored("attached; ");
}

static void
from_no_console(enum desk_rq rq, uint64_t sid, const char *text)
{
	ask((struct desk_request){ .rq = rq,
	    .who = "lin",
	    .role = EV_ROLE_OPERATOR,
	    .sid = sid,
	    .text = text,
	    .len = strlen(text) });
}

static void
a_program_keeps_its_customer_for_a_grace_from_its_last_word_on(void)
{
	set_up();
	begin_with(0, 0);
	arrive(1);
	come_bare(LIN);
	from_no_console(DESK_RQ_COMMAND, 0, "take 1");
	stored("claim 1 lin (taken); ok; ");
	go(LIN);
	stored("ok; ");
	happens_after(GRACE_MS - 1, "");
	from_no_console(DESK_RQ_REPLY, 1, "one moment");
	stored("reply 1 lin n1 \"one moment\"; c1<lin:one moment; ok; ");
	done();
	happens_after(GRACE_MS, "free 1 lin (lost); ");
	finish();
}

static void
count_person(void *arg, const struct desk_person *p)
{
	int *n = arg;

	CHECK_STR(p->name, "ann");
	++*n;
}

static void
a_program_is_nobody_who_is_there(void)
{
	int there = 0;

	set_up();
	begin_with(0, 0);
	arrive(1);
	come_bare(LIN);
	come(ANN);
	done();
	refused(ANN, "msg lin hello", EV_CODE_UNKNOWN,
	    "nobody of that name is at a console; /who shows who is");
	desk_each_person(desk, count_person, &there);
	CHECK_INT(there, 1);
	from_no_console(DESK_RQ_NEXT, 0, "");
	stored("usage; ");
	go(LIN);
	stored("ok; ");
	finish();
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(the_first_answer_claims_right_before_the_reply),
		T(a_customer_sees_the_name_that_it_is_to_see),
		T(taking_is_for_one_only),
		T(a_text_to_a_colleagues_customer_is_refused_with_what_to_do),
		T(of_two_texts_in_one_round_the_first_claims),
		T(what_is_wrong_with_a_take_is_said),
		T(next_gives_each_console_another_one),
		T(a_reservation_lasts_for_half_a_minute),
		T(a_new_reservation_replaces_the_last),
		T(ones_other_console_is_another_one),
		T(next_passes_over_who_is_somebodys),
		T(when_nobody_waits_next_gives_who_left_first),
		T(who_asks_again_goes_through_all_and_begins_again),
		T(who_comes_meanwhile_is_before_those_who_left),
		T(ones_own_customers_who_wait_are_among_the_others),
		T(the_first_key_takes_what_is_reserved),
		T(a_key_takes_nothing_that_is_not_reserved),
		T(who_was_slower_with_its_first_key_is_told),
		T(a_reservation_of_a_round_that_is_not_stored_is_none),
		T(who_is_given_back_stands_at_its_old_place),
		T(what_is_wrong_with_a_release_is_said),
		T(stealing_is_from_a_colleague),
		T(a_colleagues_conversation_is_ended_by_a_supervisor_only),
		T(who_leaves_a_customer_without_an_answer_loses_it),
		T(all_consoles_of_the_owner_are_warned),
		T(newer_words_make_the_lease_longer),
		T(who_types_keeps_its_customer),
		T(who_does_not_wait_has_no_lease),
		T(who_was_taken_late_is_kept_as_long_as_any),
		T(a_short_lease_is_warned_of_at_its_half),
		T(keeping_makes_the_lease_last_so_long_and_not_longer),
		T(a_classic_customer_is_not_told_that_it_is_kept),
		T(what_is_wrong_with_a_keep_is_said),
		T(whose_last_console_has_gone_loses_all_its_customers),
		T(who_comes_back_in_time_keeps_them),
		T(who_has_left_with_an_owner_is_given_back_in_time),
		T(an_offer_is_accepted_by_take),
		T(an_offer_is_accepted_by_next_before_all_else),
		T(the_oldest_offer_is_accepted_first),
		T(an_offer_ends_after_a_minute),
		T(an_offer_is_declined),
		T(an_offer_to_somebody_who_goes_is_over),
		T(another_offer_replaces_the_first),
		T(an_offer_ends_with_the_claim),
		T(the_lease_goes_on_meanwhile),
		T(what_is_wrong_with_a_transfer_is_said),
		T(a_colleagues_claim_that_was_not_seen_makes_one_stale),
		T(ones_own_claim_makes_nothing_stale),
		T(a_claim_that_is_not_stored_is_none),
		T(a_theft_that_is_not_stored_leaves_the_owner_its_lease),
		T(a_release_that_is_not_stored_changes_nothing),
		T(an_offer_that_is_not_stored_is_none),
		T(every_lease_ends_whatever_fails),
		T(a_warning_is_given_when_its_round_is_stored),
		T(the_claims_of_a_retracted_round_are_made_again),
		T(the_ends_of_a_retracted_round_come_again),
		T(who_went_in_a_retracted_round_has_not_gone),
		T(after_a_restart_an_owner_has_the_grace_to_come_back),
		T(a_lease_goes_on_after_a_restart),
		T(a_lease_ends_no_sooner_than_a_grace_after_the_start),
		T(who_is_kept_is_kept_over_a_restart),
		T(nobody_is_kept_for_ever_by_a_clock_that_was_set_back),
		T(an_offer_goes_on_after_a_restart),
		T(who_comes_back_after_a_restart_may_accept),
		T(who_was_freed_before_a_restart_is_nobodys),
		T(a_change_of_the_timeout_holds_at_once),
		T(a_program_keeps_its_customer_for_a_grace_from_its_last_word_on),
		T(a_program_is_nobody_who_is_there),
	};

	return t_main("claims", cases, sizeof cases / sizeof cases[0]);
}
