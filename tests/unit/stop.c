/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A desk is told to stop when it is empty, now or at a time of day.
 */
#include "config.h"

#include <stdlib.h>
#include <time.h>

#include "queue_rig.h"

#define REFUSED                                                       \
	"The desk is closing and takes nobody new; please come back " \
	"later."

/* The wall clock of the rig shows 00:53:20 then, in Shanghai 08:53:20. */
static void
begin_in(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
	begin();
}

static void
comes(int i, enum ev_mode mode)
{
	ask((struct desk_request){ .rq = DESK_RQ_OPENED,
	    .conn = &conns[i],
	    .mode = mode });
}

static void
goes(int i)
{
	ask((struct desk_request){ .rq = DESK_RQ_DISCONNECTED,
	    .conn = &conns[i],
	    .why = EV_WHY_LEFT });
}

static void
an_empty_desk_stops_at_once(void)
{
	begin_in("UTC0");
	command("stop when-empty");
	stored("closes; ok; quit; ");
	CHECK_INT(desk_deadline(desk) == DW_NEVER, 1);
	command("stop cancel");
	stored("stopping; ");
	finish();
}

static void
who_is_there_goes_on_and_the_last_one_ends_the_desk(void)
{
	begin_in("UTC0");
	comes(1, EV_MODE_LINE);
	comes(2, EV_MODE_CLASSIC);
	round_is_over();
	command("stop when-empty");
	stored("closes; ok; ");
	say_text(1, "hi");
	stored("arrived 2; said 2; 1<Received. You are next; somebody will "
	       "answer here.; ok; ");
	goes(2);
	round_is_over();
	goes(1);
	stored("ok; gone 2 (left); quit; ");
	stored("");
	finish();
}

static void
who_comes_later_is_told_that_nobody_is_let_in(void)
{
	begin_in("UTC0");
	comes(1, EV_MODE_LINE);
	round_is_over();
	command("stop when-empty");
	stored("closes; ok; ");
	comes(2, EV_MODE_LINE);
	stored("2<" REFUSED "; 2 end; ok; ");
	comes(3, EV_MODE_CLASSIC);
	stored("stopping; ");
	CHECK_STR(last_text, REFUSED);
	/* It was there, and only now it is known what it speaks. */
	comes(1, EV_MODE_CLASSIC);
	round_is_over();
	CHECK_INT(last_answer.code, EV_CODE_OK);
	finish();
}

static void
a_time_of_day_begins_it_then(void)
{
	begin_in("UTC0");
	comes(1, EV_MODE_LINE);
	round_is_over();
	command("stop at 00:55");
	stored("will close; ok; ");
	CHECK_STR(last_text, "");
	later(99);
	comes(2, EV_MODE_LINE);
	round_is_over();
	goes(2);
	round_is_over();
	CHECK_INT(desk_deadline(desk) <= now.ns + DW_SECOND, 1);
	later(1);
	stored("closes; ");
	goes(1);
	stored("ok; quit; ");
	finish();
}

static void
it_looks_at_the_clock_now_and_then_for_somebody_may_set_it(void)
{
	begin_in("UTC0");
	command("stop at 18:00");
	round_is_over();
	CHECK_INT(desk_deadline(desk), now.ns + 60 * DW_SECOND);
	later(60);
	now.ms += INT64_C(18) * 3600 * 1000; /* set */
	stored("closes; quit; ");
	finish();
}

static void
a_time_that_was_today_is_tomorrows(void)
{
	begin_in("CST-8");
	command("stop at 08:53");
	round_is_over();
	command("stop");
	stored("ok<the desk closes on Tue 1 Dec at 08:53, as lin has said: "
	       "nobody new is let in from then on, and it stops when the last "
	       "customer has gone; /stop cancel ends that; ");
	finish();
}

static void
it_is_cancelled_and_everybody_comes_in_again(void)
{
	begin_in("UTC0");
	comes(1, EV_MODE_LINE);
	round_is_over();
	command("stop cancel");
	stored("usage; ");
	command("stop when-empty");
	round_is_over();
	command("stop cancel");
	stored("goes on; ok; ");
	comes(2, EV_MODE_CLASSIC);
	round_is_over();
	goes(1);
	goes(2);
	stored("ok; ok; closed 1 (left); ");
	finish();
}

static void
a_disk_that_is_full_keeps_nobody_from_stopping_it(void)
{
	begin_in("UTC0");
	comes(1, EV_MODE_CLASSIC);
	command("stop when-empty");
	not_stored("not-stored; closes; ok; ");
	finish();
}

static void
a_round_that_is_taken_back_has_told_nobody(void)
{
	begin_in("UTC0");
	comes(1, EV_MODE_LINE);
	round_is_over();
	command("stop when-empty");
	desk_retract(desk);
	comes(2, EV_MODE_LINE);
	round_is_over();
	goes(1);
	goes(2);
	stored("ok; ok; ");
	finish();
}

static void
what_is_no_time_is_refused_with_what_would_be(void)
{
	static const char *const wrong[] = { "stop now", "stop at", "stop at 6",
		"stop at 18:60", "stop at 24:01", "stop at 18:00 please",
		"stop at 1:00", "stop when-empty now" };

	begin_in("UTC0");
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		command(wrong[i]);
		stored("usage; ");
		CHECK(strstr(last_text, "/stop at 18:00") != NULL);
	}
	finish();
}

static void
who_shows_it_too(void)
{
	begin_in("UTC0");
	comes(1, EV_MODE_LINE);
	command("stop when-empty");
	round_is_over();
	command("who");
	round_is_over();
	CHECK(strstr(last_text, "the desk closes, as lin has said") != NULL);
	finish();
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(an_empty_desk_stops_at_once),
		T(who_is_there_goes_on_and_the_last_one_ends_the_desk),
		T(who_comes_later_is_told_that_nobody_is_let_in),
		T(a_time_of_day_begins_it_then),
		T(it_looks_at_the_clock_now_and_then_for_somebody_may_set_it),
		T(a_time_that_was_today_is_tomorrows),
		T(it_is_cancelled_and_everybody_comes_in_again),
		T(a_disk_that_is_full_keeps_nobody_from_stopping_it),
		T(a_round_that_is_taken_back_has_told_nobody),
		T(what_is_no_time_is_refused_with_what_would_be),
		T(who_shows_it_too),
	};

	return t_main("stop", cases, sizeof cases / sizeof cases[0]);
}
