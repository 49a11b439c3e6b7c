/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Operators: who is there, who is away, and what they say to each other.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "team_rig.h"

#define IDLE_MS (600 * INT64_C(1000))

/* Lin, ann and wang are there, and who rests for ten minutes is away. */
static void
begin_idle(void)
{
	begin();
	config.away_after_ms = IDLE_MS;
	desk_reconfigure(desk, &config);
}

/* Only lin is there. */
static void
begin_alone(void)
{
	begin_idle();
	go(ANN);
	go(WANG);
	done();
}

static void
is_on_duty(bool is)
{
	static const char nobody[] =
	    "Nobody is on duty right now; what you write is kept.";

	cust_rq(DESK_RQ_OPENED, CUSTOMERS, EV_MODE_LINE, "");
	desk_settle(desk, now);
	desk_publish(desk, &sink, NULL, now);
	CHECK((strstr(dw_buf_str(&happened), nobody) == NULL) == is);
	dw_buf_reset(&happened);
	leave(CUSTOMERS);
	done();
	desk_conn_init(&cust[CUSTOMERS], "192.0.2.6:1");
}

static bool is_there, is_away;

static void
look_for_lin(void *arg, const struct desk_person *p)
{
	(void)arg;
	if (strcmp(p->name, "lin") != 0)
		return;
	is_there = true;
	is_away = desk_person_is_away(p);
}

/* Does the welcome say that lin is away? */
static bool
lin_is_away(void)
{
	is_there = is_away = false;
	desk_each_person(desk, look_for_lin, NULL);
	CHECK(is_there);
	return is_away;
}

/* ---- no key for long ---- */

static void
who_presses_no_key_for_long_is_away(void)
{
	begin_alone();
	pass(IDLE_MS - 1);
	stored("");
	CHECK(!lin_is_away());
	is_on_duty(true);
	pass(1);
	stored("away lin (idle); ");
	CHECK(lin_is_away());
	is_on_duty(false);
	CHECK_INT(desk_deadline(desk), DW_NEVER);
	finish();
}

static void
the_first_key_ends_it(void)
{
	begin_alone();
	pass(IDLE_MS);
	stored("away lin (idle); ");
	types(LIN, 0);
	stored("ok; back lin; ");
	is_on_duty(true);
	pass(IDLE_MS - 1);
	stored("");
	pass(1);
	stored("away lin (idle); ");
	finish();
}

static void
whatever_a_person_asks_for_is_a_key(void)
{
	static const char *const want[] = { "ok; ", "ok; ",
		("claim 1 lin (answer); reply 1 lin n1 \"yes\"; c1<lin:yes; "
		 "ok; "),
		"note 1 lin n1 \"yes\"; ok; ", "past of 1; " };

	begin_alone();
	arrive(1);
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
		pass(IDLE_MS - 1);
		if (i == 0)
			types(LIN, 0);
		else if (i == 1)
			next(LIN, 1);
		else if (i == 2)
			reply(LIN, 1);
		else if (i == 3)
			text_rq(DESK_RQ_NOTE, LIN, 1, "yes", none, 0);
		else
			cmd(LIN, "history 1");
		stored(want[i]);
	}
	pass(IDLE_MS - 1);
	stored("");
	/* What its console does by itself is none. */
	console_rq(LIN, DESK_RQ_LOOK);
	stored("ok; ");
	pass(1);
	stored("away lin (idle); ");
	finish();
}

static void
who_has_a_key_at_one_console_is_there(void)
{
	begin_alone();
	come(LIN2);
	done();
	pass(IDLE_MS - 1);
	types(LIN2, 0);
	stored("ok; ");
	pass(1);
	stored("");
	CHECK(!lin_is_away());
	go(LIN2);
	stored("off lin; ok; away lin (idle); ");
	come(LIN2);
	stored("on lin; back lin; attached; ");
	finish();
}

static void
nobody_is_away_where_keys_do_not_count(void)
{
	begin();
	pass(100 * IDLE_MS);
	stored("");
	CHECK(!lin_is_away());
	/* From now on they do. */
	config.away_after_ms = IDLE_MS;
	desk_reconfigure(desk, &config);
	stored("away lin (idle); away ann (idle); away wang li (idle); ");
	finish();
}

/* ---- /away and /back ---- */

static void
who_says_so_is_away_until_it_says_otherwise(void)
{
	begin_alone();
	cmd(LIN, "away lunch, back at one");
	stored("away lin (said) \"lunch, back at one\"; ok; ");
	CHECK(lin_is_away());
	is_on_duty(false);
	types(LIN, 0);
	stored("ok; ");
	CHECK(lin_is_away());
	/* Said is said: no event of its keys. */
	pass(IDLE_MS);
	stored("");
	cmd(LIN, "back");
	stored("back lin; ok; ");
	CHECK(!lin_is_away());
	is_on_duty(true);
	finish();
}

static void
whose_last_console_has_gone_is_not_away_when_it_comes(void)
{
	begin_alone();
	come(LIN2);
	cmd(LIN, "away");
	done();
	go(LIN);
	stored("off lin; ok; ");
	CHECK(lin_is_away());
	go(LIN2);
	stored("off lin; ok; ");
	come(LIN);
	stored("on lin; attached; ");
	CHECK(!lin_is_away());
	finish();
}

static void
who_was_idle_and_says_away_is_away(void)
{
	begin_alone();
	pass(IDLE_MS);
	stored("away lin (idle); ");
	cmd(LIN, "away");
	stored("away lin (said); ok; ");
	CHECK(lin_is_away());
	cmd(LIN, "back");
	stored("back lin; ok; ");
	finish();
}

static void
who_was_idle_and_says_back_is_back_once(void)
{
	begin_alone();
	pass(IDLE_MS);
	stored("away lin (idle); ");
	cmd(LIN, "back");
	stored("ok; back lin; ");
	finish();
}

static void
what_is_wrong_with_away_and_back_is_said(void)
{
	char text[200];

	begin();
	refused(LIN, "back", EV_CODE_USAGE, "you are not away");
	refused(LIN, "back now", EV_CODE_USAGE, "/back takes nothing");
	snprintf(text, sizeof text, "away %0101d", 0);
	refused(LIN, text, EV_CODE_USAGE, "that is too long for one message");
	CHECK(!lin_is_away());
	ask((struct desk_request){ .rq = DESK_RQ_COMMAND,
	    .who = "nobody",
	    .role = EV_ROLE_OPERATOR,
	    .text = "away",
	    .len = 4 });
	stored("usage; ");
	CHECK_STR(last_text, "you are not at a console");
	finish();
}

/* ---- /msg ---- */

static void
a_message_is_for_one_operator(void)
{
	begin();
	cmd(LIN, "msg wang li how is it?");
	stored("msg lin (wang li) \"how is it?\"; ok; ");
	finish();
}

static void
what_is_wrong_with_a_message_is_said(void)
{
	static const char nobody[] =
	    "nobody of that name is at a console; /who shows who is";
	char text[200];

	begin();
	refused(LIN, "msg", EV_CODE_USAGE, "say /msg WHO TEXT");
	refused(LIN, "msg bert hello", EV_CODE_UNKNOWN, nobody);
	refused(LIN, "msg annabel hello", EV_CODE_UNKNOWN, nobody);
	refused(LIN, "msg ann", EV_CODE_USAGE, "there is nothing to send");
	refused(LIN, "msg lin hello", EV_CODE_USAGE, "that is you");
	snprintf(text, sizeof text, "msg ann %0101d", 0);
	refused(LIN, text, EV_CODE_USAGE, "that is too long for one message");
	/* Who owns a customer but has gone is at no console. */
	arrive(1);
	cmd(ANN, "take 1");
	go(ANN);
	done();
	refused(LIN, "msg ann hello", EV_CODE_UNKNOWN, nobody);
	finish();
}

/* ---- /who ---- */

static void
who_is_there_is_shown_with_what_it_does(void)
{
	char at[DW_CLOCK_STAMP], want[400];

	begin();
	come(BOSS);
	come(LIN2);
	arrive(1);
	arrive(2);
	cmd(LIN, "take 1");
	cmd(LIN, "take 2");
	ask((struct desk_request){ .rq = DESK_RQ_LOOK,
	    .console = &con[LIN2],
	    .sid = 2 });
	cmd(ANN, "away");
	go(WANG);
	done();
	dw_clock_hms(now.ms, at);
	at[5] = '\0';
	cmd(LIN, "who");
	snprintf(want, sizeof want,
	    "ok<lin since %s, answers 1 2, looks at 2\n"
	    "ann since %s, away\nboss (supervisor) since %s; ",
	    at, at, at);
	stored(want);
	/* Who has gone with customers is shown for as long. */
	go(LIN);
	go(LIN2);
	done();
	pass(59000);
	cmd(BOSS, "who");
	snprintf(want, sizeof want,
	    "ok<lin gone for 59 s, answers 1 2\n"
	    "ann since %s, away\nboss (supervisor) since %s; ",
	    at, at);
	stored(want);
	refused(BOSS, "who is it", EV_CODE_USAGE, "/who takes nothing");
	finish();
}

static void
who_is_there_is_known_though_nothing_can_be_stored(void)
{
	begin_alone();
	cmd(LIN, "who");
	desk_settle(desk, now);
	desk_undo(desk, &sink, NULL, now);
	CHECK(strncmp(dw_buf_str(&happened), "ok<lin since ", 13) == 0);
	finish();
}

/* ---- rounds that are not stored, or taken back ---- */

static void
who_is_away_for_want_of_a_key_is_noted_until_that_is_stored(void)
{
	begin_alone();
	pass(IDLE_MS);
	not_stored("");
	CHECK(lin_is_away());
	CHECK_INT(desk_deadline(desk), now.ns + DW_SECOND);
	pass(1000);
	stored("away lin (idle); ");
	types(LIN, 0);
	not_stored("ok; ");
	CHECK(!lin_is_away());
	/* Idle again before that could be stored: nothing has changed. */
	pass(IDLE_MS);
	stored("");
	types(LIN, 0);
	stored("ok; back lin; ");
	finish();
}

static void
away_and_back_that_are_not_stored_are_not_so(void)
{
	begin_alone();
	cmd(LIN, "away");
	not_stored("not-stored; ");
	CHECK(!lin_is_away());
	is_on_duty(true);
	pass(1000);
	cmd(LIN, "away");
	done();
	cmd(LIN, "back");
	not_stored("not-stored; ");
	CHECK(lin_is_away());
	is_on_duty(false);
	finish();
}

static void
who_goes_away_and_comes_while_nothing_is_stored_is_there(void)
{
	for (int owns = 0; owns < 2; owns++) {
		begin_alone();
		arrive(1);
		if (owns)
			cmd(LIN, "take 1");
		cmd(LIN, "away");
		done();
		go(LIN);
		not_stored("not-stored; ");
		come(LIN);
		not_stored("attached; ");
		CHECK(!lin_is_away());
		is_on_duty(true);
		finish();
	}
}

static void
who_comes_for_its_customer_while_nothing_is_stored_is_there(void)
{
	begin_alone();
	arrive(1);
	cmd(LIN, "take 1");
	cmd(LIN, "away");
	done();
	go(LIN);
	not_stored("not-stored; ");
	come(LIN);
	not_stored("attached; ");
	CHECK(!lin_is_away());
	is_on_duty(true);
	finish();
}

static void
a_retracted_round_leaves_everybody_as_it_was(void)
{
	begin_idle();
	cmd(ANN, "away");
	done();
	for (int i = 0; i < 3; i++) {
		if (i > 0)
			retracted();
		CHECK(!lin_is_away());
		cmd(LIN, "away");
		go(ANN);
		come(ANN);
		cmd(WANG, "away");
		cmd(WANG, "back");
		come(LIN2);
		go(LIN2);
	}
	stored("away lin (said); ok; off ann; ok; on ann; away wang li (said); "
	       "ok; back wang li; ok; on lin; off lin; ok; attached; "
	       "attached; ");
	pass(IDLE_MS - 1);
	types(ANN, 0);
	types(WANG, 0);
	retracted();
	pass(1);
	stored("away ann (idle); away wang li (idle); ");
	finish();
}

static void
nobody_is_idle_before_its_time_after_a_retracted_round(void)
{
	begin_alone();
	pass(IDLE_MS);
	retracted();
	types(LIN, 0);
	stored("ok; ");
	pass(IDLE_MS - 1);
	stored("");
	pass(1);
	stored("away lin (idle); ");
	finish();
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(who_presses_no_key_for_long_is_away),
		T(the_first_key_ends_it),
		T(whatever_a_person_asks_for_is_a_key),
		T(who_has_a_key_at_one_console_is_there),
		T(nobody_is_away_where_keys_do_not_count),
		T(who_says_so_is_away_until_it_says_otherwise),
		T(whose_last_console_has_gone_is_not_away_when_it_comes),
		T(who_was_idle_and_says_away_is_away),
		T(who_was_idle_and_says_back_is_back_once),
		T(what_is_wrong_with_away_and_back_is_said),
		T(a_message_is_for_one_operator),
		T(what_is_wrong_with_a_message_is_said),
		T(who_is_there_is_shown_with_what_it_does),
		T(who_is_there_is_known_though_nothing_can_be_stored),
		T(who_is_away_for_want_of_a_key_is_noted_until_that_is_stored),
		T(away_and_back_that_are_not_stored_are_not_so),
		T(who_goes_away_and_comes_while_nothing_is_stored_is_there),
		T(who_comes_for_its_customer_while_nothing_is_stored_is_there),
		T(a_retracted_round_leaves_everybody_as_it_was),
		T(nobody_is_idle_before_its_time_after_a_retracted_round),
	};

	return t_main("people", cases, sizeof cases / sizeof cases[0]);
}
