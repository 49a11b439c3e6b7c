/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long the last ones waited, and when somebody will be there.
 */
#include "config.h"

#include <time.h>

#include "base/buf.h"
#include "desk/hours.h"
#include "queue_rig.h"

#define MINUTE INT64_C(60000)

static uint64_t last_sid;

/* Customer 1 comes, waits so long, is answered, and goes. */
static void
waited(int64_t ms)
{
	desk_turn_fini(&conns[1].turn);
	desk_conn_init(&conns[1], "192.0.2.1:4711");
	come(1, 1);
	last_sid = conns[1].sid;
	pass_ms(ms);
	reply_by(&lin, last_sid);
	round_is_over();
	leave(1, "left");
	round_is_over();
	round_is_over();
}

/* Customer 2 comes, is told this, and goes again. */
static void
check_estimate(const char *want)
{
	char row[400];

	desk_conn_init(&conns[2], "192.0.2.2:4711");
	open_conn(2, EV_MODE_LINE);
	round_is_over();
	say_text(2, "hi");
	snprintf(row, sizeof row,
	    "arrived %" PRIu64 "; said %" PRIu64 "; 2<Received. You are next; "
	    "somebody will answer here.%s; ok; ",
	    last_sid + 1, last_sid + 1, want);
	stored(row);
	last_sid++;
	leave(2, "left");
	round_is_over();
}

static void
with_fewer_than_five_there_is_none(void)
{
	begin();
	for (int i = 0; i < 4; i++)
		waited(MINUTE);
	check_estimate("");
	waited(MINUTE);
	check_estimate(" The last customers waited about 1 minute.");
	finish();
}

static void
it_is_from_the_middle_to_nearly_the_longest_in_minutes_that_have_begun(void)
{
	static const int64_t waits[] = { 5, 1, 4, 2, 3 };

	begin();
	for (int i = 0; i < 5; i++)
		waited(waits[i] * MINUTE - 1000);
	/* The 3rd, and the 5th. */
	check_estimate(" The last customers waited 3 to 5 minutes.");
	waited(3 * MINUTE);
	/* Of six the 3rd, and the 6th. */
	check_estimate(" The last customers waited 3 to 5 minutes.");
	for (int i = 0; i < 4; i++)
		waited(MINUTE / 2);
	/* Of ten the 5th, and the 9th. */
	check_estimate(" The last customers waited 1 to 4 minutes.");
	for (int i = 0; i < 16; i++)
		waited(MINUTE - 1);
	/* Of the last 20. */
	check_estimate(" The last customers waited less than a minute.");
	finish();
}

static void
it_is_hidden_while_nobody_is_there(void)
{
	begin();
	for (int i = 0; i < 5; i++)
		waited(2 * MINUTE);
	command_by(&lin, "away");
	round_is_over();
	desk_conn_init(&conns[3], "192.0.2.3:4711");
	open_conn(3, EV_MODE_LINE);
	round_is_over();
	say_text(3, "hi");
	stored("arrived 6; said 6 unattended; 3<Nobody is on duty right now; "
	       "your message is kept.; ok; ");
	finish();
}

static void
only_what_takes_somebody_out_of_the_line_counts(void)
{
	begin();
	for (int i = 0; i < 3; i++)
		waited(2 * MINUTE);
	come(3, 3);
	last_sid = 4;
	pass_ms(2 * MINUTE);
	round_is_over();
	command_by(&lin, "take 4");
	not_stored("not-stored; ");
	later(1);
	command_by(&lin, "take 4");
	round_is_over();
	of_console(&ann, DESK_RQ_ATTACH);
	command_by(&ann, "steal 4");
	reply_by(&ann, 4);
	round_is_over();
	say_text(3, "and");
	reply_by(&ann, 4);
	round_is_over();
	/* One, and not four. */
	check_estimate("");
	waited(20 * MINUTE);
	check_estimate(" The last customers waited 2 to 20 minutes.");
	finish();
}

/* ---- hours ---- */

static struct desk_hours *hours;

/* Mon 2026-11-30, so late, UTC. */
static void
begin_at(int hour, int minute)
{
	struct dw_buf why = DW_BUF_INITIALIZER;

	setenv("TZ", "UTC", 1);
	tzset();
	CHECK_INT(desk_hours_parse("mon-fri 09:00-12:30,13:30-18:00; closed "
				   "2026-12-01..2026-12-06",
		      &hours, &why),
	    0);
	config.hours = hours;
	begin();
	now.ms = INT64_C(1795996800000) + (hour * 60 + minute) * MINUTE;
}

static void
end_hours(void)
{
	finish();
	config.hours = NULL;
	desk_hours_free(hours);
}

static void
who_comes_when_the_desk_is_closed_hears_when_it_opens(void)
{
	begin_at(18, 0);
	open_conn(1, EV_MODE_LINE);
	stored("1<Welcome to us.\nNobody is on duty right now; somebody will "
	       "be here on Mon 7 Dec at 09:00. What you write is kept.\nType "
	       "/help for help, /quit to leave.; ok; ");
	say_text(1, "hi");
	stored("arrived 1; said 1 unattended; 1<Nobody is on duty right now; "
	       "somebody will be here on Mon 7 Dec at 09:00. Your message is "
	       "kept.; ok; ");
	say_text(1, "/place");
	stored("1<You are the only one who waits.; 1<Nobody is on duty right "
	       "now; somebody will be here on Mon 7 Dec at 09:00. What you "
	       "write is kept.; ok; ");
	end_hours();
	begin_at(13, 0);
	open_conn(1, EV_MODE_CLASSIC);
	round_is_over();
	say_text(1, "hi");
	stored("said 1 unattended; 1<Nobody is on duty right now; somebody "
	       "will be here at 13:30. Your message is kept.; ok; ");
	end_hours();
}

static void
when_the_hours_are_open_and_nobody_is_there_nothing_is_promised(void)
{
	begin_at(10, 0);
	command_by(&lin, "away");
	round_is_over();
	open_conn(1, EV_MODE_LINE);
	stored("1<Welcome to us.\nNobody is on duty right now; what you write "
	       "is kept.\nType /help for help, /quit to leave.; ok; ");
	end_hours();
}

static void
a_conversation_that_somebody_has_goes_on_at_closing_time(void)
{
	begin_at(17, 59);
	config.claim_timeout_ms = 0;
	come(1, 2);
	reply_by(&lin, 1);
	round_is_over();
	pass_ms(MINUTE);
	round_is_over();
	say_text(1, "and");
	stored("said 1; ok; ");
	say_text(1, "/place");
	stored("1<Lin is answering you now.; ok; ");
	say_text(2, "and I?");
	stored("said 2 unattended; 2<Nobody is on duty right now; somebody "
	       "will be here on Mon 7 Dec at 09:00. Your message is kept.; "
	       "ok; ");
	/* Its owner goes home. */
	of_console(&lin, DESK_RQ_DETACH);
	round_is_over();
	say_text(1, "hello?");
	stored("said 1 unattended; 1<Nobody is on duty right now; somebody "
	       "will be here on Mon 7 Dec at 09:00. Your message is kept.; "
	       "ok; ");
	config.claim_timeout_ms = 300000;
	end_hours();
}

static void
nobody_is_told_a_place_while_the_desk_is_closed(void)
{
	begin_at(12, 28);
	come(1, 2);
	pass_ms(2 * MINUTE);
	stored("");
	leave(1, "left");
	stored("ok; gone 1 (left); ");
	/* Half an hour and more later somebody is there. */
	pass_ms(59 * MINUTE);
	stored("");
	pass_ms(1 * MINUTE);
	stored("");
	pass_ms(MINUTE / 2);
	stored("2<Somebody will come; you are next.; ");
	end_hours();
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(with_fewer_than_five_there_is_none),
		T(it_is_from_the_middle_to_nearly_the_longest_in_minutes_that_have_begun),
		T(it_is_hidden_while_nobody_is_there),
		T(only_what_takes_somebody_out_of_the_line_counts),
		T(who_comes_when_the_desk_is_closed_hears_when_it_opens),
		T(when_the_hours_are_open_and_nobody_is_there_nothing_is_promised),
		T(a_conversation_that_somebody_has_goes_on_at_closing_time),
		T(nobody_is_told_a_place_while_the_desk_is_closed),
	};

	return t_main("estimate", cases, sizeof cases / sizeof cases[0]);
}
