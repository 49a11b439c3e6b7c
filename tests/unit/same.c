/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sessions of one person, names that operators give, and sessions that go on
 * after their end.
 */
#include "config.h"

#include "queue_rig.h"

static struct ev_session found;

static void
find(void *arg, const struct desk_session *s)
{
	if (s->facts.sid == *(uint64_t *)arg)
		found = s->facts;
}

static const struct ev_session *
facts(uint64_t sid)
{
	memset(&found, 0, sizeof found);
	desk_each(desk, find, &sid);
	return &found;
}

static void
check_command(const char *text, const char *want)
{
	command_by(&lin, text);
	stored(want);
}

static void
the_later_session_has_the_link(void)
{
	begin();
	come(1, 3);
	check_command("same 1 3", "same 3 lin; ok; ");
	check_command("same 3 2", "same 3 lin; ok; ");
	CHECK_INT(facts(3)->same[0], 1);
	CHECK_INT(facts(3)->same[1], 2);
	CHECK_INT(facts(1)->same[0], 0);
	check_command("same 1 3 off", "same 3 lin (undone); ok; ");
	CHECK_INT(facts(3)->same[0], 2);
	CHECK_INT(facts(3)->same[1], 0);
	check_command("same 1 3 off", "usage; ");
	finish();
}

static void
one_that_has_ended_is_linked_in_the_journal(void)
{
	begin();
	come(1, 3);
	command_by(&lin, "close 3");
	round_is_over();
	leave(3, "left");
	round_is_over();
	check_command("same 1 3", "same 3 lin; ok; ");
	check_command("same 3 1 off", "same 3 lin (undone); ok; ");
	command_by(&lin, "close 1");
	round_is_over();
	check_command("same 1 2", "same 2 lin; ok; ");
	finish();
}

static void
a_link_that_makes_no_sense_is_refused(void)
{
	static const char *const texts[] = { "same", "same 1", "same 1 1",
		"same 1 two", "same 1 2 on", "same -1 2",
		"same 1 2 off please" };

	begin();
	come(1, 2);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		check_command(texts[i], "usage; ");
	check_command("same 1 3", "unknown; ");
	check_command("same 0 1", "unknown; ");
	finish();
}

static void
a_link_that_is_not_stored_is_none(void)
{
	begin();
	come(1, 2);
	command_by(&lin, "same 1 2");
	not_stored("not-stored; ");
	CHECK_INT(facts(2)->same[0], 0);
	finish();
}

static void
earlier_ones_are_a_page_of_the_past(void)
{
	begin();
	come(1, 2);
	command_by(&lin, "same 1 2");
	round_is_over();
	check_command("earlier 2", "past of 2, 4 before 0; ");
	check_command("earlier 3", "unknown; ");
	finish();
}

static void
an_operator_gives_a_customer_a_name(void)
{
	begin();
	come(1, 1);
	check_command("name 1 Anna Li", "name 1 Anna_Li (lin); ok; ");
	CHECK_STR(facts(1)->name, "Anna_Li");
	check_command("name 1", "usage; ");
	check_command("name 2 Anna", "unknown; ");
	finish();
}

/* ---- one that goes on ---- */

static void
found_in_journal(const struct ev_session *f)
{
	ask((struct desk_request){ .rq = DESK_RQ_REOPEN,
	    .who = "lin",
	    .role = EV_ROLE_OPERATOR,
	    .facts = f,
	    .sid = f != NULL ? f->sid : 0 });
}

/* As the reader folds it. */
static struct ev_session
ended(uint64_t sid)
{
	struct ev_session f = { .sid = sid, .state = EV_STATE_CLOSED };

	f.mode = EV_MODE_LINE;
	f.in = f.out = f.sent = 3;
	f.began_at.seq = 1;
	f.began_ms = now.ms - 5000;
	return f;
}

static void
a_session_that_has_ended_is_asked_of_the_journal_and_goes_on(void)
{
	struct ev_session f;

	begin();
	come(1, 3);
	command_by(&lin, "close 2");
	round_is_over();
	leave(2, "left");
	round_is_over();
	round_is_over();
	check_command("reopen 2", "find 2; ");
	f = ended(2);
	found_in_journal(&f);
	stored("reopened 2 lin; ok; ");
	CHECK_INT(facts(2)->state, EV_STATE_LEFT);
	CHECK_INT(facts(2)->began_at.steady_ms, now.steady_ms - 5000);
	stored("");
	/* It ends by an operator, or in time. */
	pass_ms(86400000 - 1);
	desk_settle(desk, now);
	desk_publish(desk, &sink, NULL, now);
	dw_buf_reset(&happened);
	CHECK_INT(facts(2)->state, EV_STATE_LEFT);
	pass_ms(1);
	stored("closed 2 (gone); ");
	finish();
}

static uint64_t order[8];
static int norder;

static void
note_order(void *arg, const struct desk_session *s)
{
	(void)arg;
	order[norder++ % 8] = s->facts.sid;
}

static void
it_stands_among_the_others_by_its_number(void)
{
	struct ev_session f;

	begin();
	come(1, 3);
	for (uint64_t sid = 1; sid <= 2; sid++) {
		command_by(&lin, sid == 1 ? "close 1" : "close 2");
		leave((int)sid, "left");
		round_is_over();
	}
	for (uint64_t sid = 2; sid >= 1; sid--) {
		f = ended(sid);
		found_in_journal(&f);
		round_is_over();
	}
	norder = 0;
	desk_each(desk, note_order, NULL);
	CHECK_INT(norder, 3);
	CHECK(order[0] == 1 && order[1] == 2 && order[2] == 3);
	finish();
}

static void
what_cannot_go_on_is_refused(void)
{
	struct ev_session f;

	begin();
	come(1, 2);
	check_command("reopen 1", "usage; ");
	check_command("reopen 9", "unknown; ");
	check_command("reopen", "usage; ");
	check_command("reopen 1 2", "usage; ");
	/* Its last words may be on their way. */
	reply_by(&lin, 2);
	command_by(&lin, "close 2");
	command_by(&lin, "reopen 2");
	desk_settle(desk, now);
	desk_publish(desk, &sink, NULL, now);
	CHECK(strstr(dw_buf_str(&happened), "closed; ") != NULL);
	dw_buf_reset(&happened);
	/* Somebody was faster. */
	f = ended(1);
	found_in_journal(&f);
	stored("usage; ");
	found_in_journal(NULL);
	stored("unknown; ");
	finish();
}

static void
one_that_could_not_be_stored_has_not_gone_on(void)
{
	struct ev_session f;

	begin();
	come(1, 1);
	command_by(&lin, "close 1");
	leave(1, "left");
	round_is_over();
	f = ended(1);
	found_in_journal(&f);
	not_stored("not-stored; ");
	CHECK(desk_known(desk, 1) == NULL);
	later(1);
	found_in_journal(&f);
	desk_settle(desk, now);
	desk_retract(desk);
	found_in_journal(&f);
	stored("reopened 1 lin; ok; ");
	CHECK(desk_known(desk, 1) != NULL);
	finish();
}

/* Its events, as the journal gives them. */
static void
it_goes_on_also_when_the_desk_is_started_again(void)
{
	static const enum ev_kind kinds[] = { EV_ARRIVED, EV_SAID, EV_REPLY,
		EV_SENT, EV_CLOSED, EV_REOPENED };

	begin_empty();
	desk_free(desk);
	CHECK_INT(desk_new(&config, &desk), 0);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct ev_event ev = ev_event_of(kinds[i]);

		ev.seq = i + 1;
		ev.sid = ev.n = 1;
		ev.t_ms = now.ms;
		ev.mode = EV_MODE_LINE;
		ev.addr = "192.0.2.1:1";
		CHECK_INT(desk_replay(desk, &ev), 0);
	}
	desk_begin(desk, 6, 1, now);
	stored("");
	CHECK_INT(facts(1)->state, EV_STATE_LEFT);
	check_command("close 1", "closed 1 lin (closed); ok; ");
	finish();
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(the_later_session_has_the_link),
		T(one_that_has_ended_is_linked_in_the_journal),
		T(a_link_that_makes_no_sense_is_refused),
		T(a_link_that_is_not_stored_is_none),
		T(earlier_ones_are_a_page_of_the_past),
		T(an_operator_gives_a_customer_a_name),
		T(a_session_that_has_ended_is_asked_of_the_journal_and_goes_on),
		T(it_stands_among_the_others_by_its_number),
		T(what_cannot_go_on_is_refused),
		T(one_that_could_not_be_stored_has_not_gone_on),
		T(it_goes_on_also_when_the_desk_is_started_again),
	};

	return t_main("same", cases, sizeof cases / sizeof cases[0]);
}
