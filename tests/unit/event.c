/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words that the journal and the protocol have for what happens. */
#include "config.h"

#include "desk/desk.h"
#include "desk/event.h"
#include "t.h"

static void
every_kind_has_a_word_that_leads_back_to_it(void)
{
	for (int i = 0; i < DESK_EV_KINDS; i++)
		CHECK_INT(desk_ev_parse(desk_ev_word((enum desk_ev)i)), i);
}

static void
the_words_are_those_that_are_stored(void)
{
	CHECK_STR(desk_ev_word(DESK_EV_ARRIVED), "arrived");
	CHECK_STR(desk_ev_word(DESK_EV_SAID), "said");
	CHECK_STR(desk_ev_word(DESK_EV_REPLY), "reply");
	CHECK_STR(desk_ev_word(DESK_EV_SENT), "sent");
	CHECK_STR(desk_ev_word(DESK_EV_NAME), "name");
	CHECK_STR(desk_ev_word(DESK_EV_EOF), "eof");
	CHECK_STR(desk_ev_word(DESK_EV_GONE), "gone");
	CHECK_STR(desk_ev_word(DESK_EV_CLOSED), "closed");
	CHECK_STR(desk_ev_word(DESK_EV_ON), "on");
	CHECK_STR(desk_ev_word(DESK_EV_OFF), "off");
}

static void
any_other_word_is_none(void)
{
	CHECK_INT(desk_ev_parse(""), -1);
	CHECK_INT(desk_ev_parse("sai"), -1);
	CHECK_INT(desk_ev_parse("Said"), -1);
	CHECK_INT(desk_ev_parse("said "), -1);
}

static void
modes_states_and_codes_have_words(void)
{
	CHECK_STR(desk_mode_word(DESK_LINE), "line");
	CHECK_STR(desk_mode_word(DESK_CLASSIC), "classic");
	CHECK_STR(desk_state_word(DESK_WAITING), "waiting");
	CHECK_STR(desk_state_word(DESK_LEFT), "left");
	for (int i = 0; i < DESK_CODES; i++)
		CHECK(desk_code_word((enum desk_code)i) != NULL);
	CHECK_STR(desk_code_word(DESK_NOT_STORED), "not-stored");
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(every_kind_has_a_word_that_leads_back_to_it),
		T(the_words_are_those_that_are_stored),
		T(any_other_word_is_none),
		T(modes_states_and_codes_have_words),
	};

	return t_main("event", cases, sizeof cases / sizeof cases[0]);
}
