/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A conversation in which nobody says anything ends, after a warning.
 */
#include "config.h"

#include "queue_rig.h"

#define AFTER_MS   1200000
#define WARNING_MS 300000
#define WARNED     "1<This conversation ends in 5 minutes unless you write.; "
#define CLOSED                                                             \
	"closed 1 (quiet); 1<This conversation was closed because nobody " \
	"wrote. Goodbye.; 1 end; "

static void
begin_quiet(enum ev_mode mode)
{
	config.quiet_after_ms = AFTER_MS;
	config.quiet_warning_ms = WARNING_MS;
	begin();
	open_conn(1, mode);
	say_text(1, "hi");
	round_is_over();
	pass_ms(10);
	reply_by(&lin, 1);
	round_is_over();
	round_is_over();
}

static void
finish_quiet(void)
{
	finish();
	config.quiet_after_ms = config.quiet_warning_ms = 0;
}

static void
it_is_warned_and_then_closed(void)
{
	begin_quiet(EV_MODE_LINE);
	only_after_ms(AFTER_MS, WARNED);
	pass_ms(WARNING_MS - 1);
	stored("");
	pass_ms(1);
	stored(CLOSED);
	finish_quiet();
}

static void
words_of_either_side_begin_it_anew(void)
{
	begin_quiet(EV_MODE_LINE);
	only_after_ms(AFTER_MS, WARNED);
	pass_ms(WARNING_MS - 1);
	reply_by(&lin, 1);
	stored("reply 1 lin (Lin); 1<Lin:yes; ok; ");
	round_is_over();
	only_after_ms(AFTER_MS, WARNED);
	say_text(1, "and");
	stored("said 1; ok; ");
	finish_quiet();
}

static void
whom_an_answer_is_owed_may_be_quiet(void)
{
	begin_quiet(EV_MODE_LINE);
	config.claim_timeout_ms = 0;
	say_text(1, "and");
	round_is_over();
	pass_ms(10 * AFTER_MS);
	stored("");
	config.claim_timeout_ms = 300000;
	finish_quiet();
}

static void
a_classic_client_is_closed_without_a_warning_that_it_could_not_read(void)
{
	begin_quiet(EV_MODE_CLASSIC);
	only_after_ms(AFTER_MS, "");
	pass_ms(WARNING_MS - 1);
	stored("");
	pass_ms(1);
	stored("closed 1 (quiet); 1<This conversation was closed because "
	       "nobody wrote. Goodbye.\nquit; 1 end; ");
	finish_quiet();
}

static void
a_warning_or_an_end_that_is_not_stored_comes_later(void)
{
	begin_quiet(EV_MODE_LINE);
	pass_ms(AFTER_MS);
	not_stored("");
	later(1);
	stored(WARNED);
	pass_ms(WARNING_MS);
	not_stored("");
	say_text(1, "wait");
	later(1);
	/* That came first, so it goes on. */
	stored("said 1; ok; ");
	finish_quiet();
}

static void
without_the_setting_nobody_is_closed(void)
{
	begin_quiet(EV_MODE_LINE);
	config.quiet_after_ms = 0;
	desk_reconfigure(desk, &config);
	pass_ms(100 * AFTER_MS);
	stored("");
	CHECK_INT(desk_deadline(desk), DW_NEVER);
	finish_quiet();
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(it_is_warned_and_then_closed),
		T(words_of_either_side_begin_it_anew),
		T(whom_an_answer_is_owed_may_be_quiet),
		T(a_classic_client_is_closed_without_a_warning_that_it_could_not_read),
		T(a_warning_or_an_end_that_is_not_stored_comes_later),
		T(without_the_setting_nobody_is_closed),
	};

	return t_main("quiet", cases, sizeof cases / sizeof cases[0]);
}
