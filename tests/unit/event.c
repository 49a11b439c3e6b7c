/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words that the journal and the protocol have for what happens, and what
 * each event does to the facts of a session. */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "event/session.h"
#include "t.h"

static void
check_words(const struct ev_words *words)
{
	for (unsigned i = 0; i < words->n; i++)
		CHECK_INT(ev_value(words, ev_word(words, i)), i);
}

static void
every_word_leads_back_to_its_value(void)
{
	check_words(&ev_kinds);
	check_words(&ev_modes);
	check_words(&ev_states);
	check_words(&ev_codes);
	check_words(&ev_roles);
}

static void
the_words_are_those_that_are_stored(void)
{
	static const char stored[] =
	    " arrived said reply sent name charset eof gone "
	    "closed on off udp udp-reply udp-sent claim free offer declined "
	    "keep note msg away back same reopened ban unban erased";
	struct dw_buf words = DW_BUF_INITIALIZER;

	for (unsigned i = 1; i < ev_kinds.n; i++)
		dw_buf_addf(&words, " %s", ev_word(&ev_kinds, i));
	CHECK_STR(dw_buf_str(&words), stored);
	dw_buf_fini(&words);
	CHECK_STR(ev_word(&ev_modes, EV_MODE_LINE), "line");
	CHECK_STR(ev_word(&ev_modes, EV_MODE_CLASSIC), "classic");
}

static void
any_other_word_is_unknown(void)
{
	static const char *const others[] = { "", "sai", "Said", "said ",
		"tagged" };

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		CHECK_INT(ev_value(&ev_kinds, others[i]), EV_UNKNOWN);
}

static void
states_and_codes_have_the_words_of_the_protocol(void)
{
	CHECK_STR(ev_word(&ev_states, EV_STATE_WAITING), "waiting");
	CHECK_STR(ev_word(&ev_states, EV_STATE_LEFT), "left");
	CHECK_STR(ev_word(&ev_codes, EV_CODE_OK), "ok");
	CHECK_STR(ev_word(&ev_codes, EV_CODE_NOT_STORED), "not-stored");
	CHECK_STR(ev_word(&ev_codes, EV_CODE_CLOSED), "closed");
}

/* Applies an event of this kind and number. */
static void
apply(struct ev_session *s, enum ev_kind kind, uint64_t seq, uint64_t n)
{
	struct ev_event ev = ev_event_of(kind);

	ev.sid = 3;
	ev.seq = seq;
	ev.t_ms = (int64_t)seq;
	ev.n = n;
	ev.mode = EV_MODE_LINE;
	ev.who = "anna";
	ev.addr = "127.0.0.1:5";
	ev_apply(s, &ev);
}

static void
a_session_waits_from_its_oldest_unanswered_message(void)
{
	struct ev_session s = { 0 };

	apply(&s, EV_ARRIVED, 10, 0);
	CHECK_INT(s.state, EV_STATE_WAITING);
	CHECK_STR(s.name, "anna");
	CHECK_STR(s.addr, "127.0.0.1:5");
	CHECK_INT(s.waiting_ms, 0);
	CHECK_INT(ev_waits_since(&s).seq, 10);
	apply(&s, EV_SAID, 20, 1);
	apply(&s, EV_SAID, 30, 2);
	CHECK_INT(s.in, 2);
	CHECK_INT(ev_waits_since(&s).seq, 20);
	apply(&s, EV_REPLY, 40, 1);
	CHECK_INT(s.state, EV_STATE_OPEN);
	CHECK(!ev_waits(&s));
	apply(&s, EV_SAID, 50, 3);
	CHECK_INT(ev_waits_since(&s).seq, 50);
}

static void
since_when_it_waits_the_wall_clock_does_not_say(void)
{
	struct ev_session s = { 0 };
	struct ev_event ev = ev_event_of(EV_SAID);

	apply(&s, EV_ARRIVED, 10, 0);
	for (ev.n = 1; ev.n < 4; ev.n++) {
		ev.seq = 10 + ev.n;
		ev.t_ms = -3600000 * (int64_t)ev.n;
		ev.steady_ms = 7000 + (int64_t)ev.n;
		ev_apply(&s, &ev);
	}
	CHECK_INT(ev_waits_since(&s).seq, 11);
	CHECK_INT(ev_waits_since(&s).steady_ms, 7001);
	CHECK_INT(s.waiting_ms, -3600000);
	CHECK_INT(s.said_at.seq, 13);
	CHECK_INT(s.said_at.steady_ms, 7003);
}

static void
an_end_of_any_kind_stays_with_the_session(void)
{
	struct ev_session s = { 0 };

	apply(&s, EV_ARRIVED, 10, 0);
	apply(&s, EV_SAID, 20, 1);
	apply(&s, EV_EOF, 30, 0);
	CHECK(s.eof);
	apply(&s, EV_GONE, 40, 0);
	CHECK(s.gone);
	CHECK_INT(s.gone_ms, 40);
	CHECK_INT(ev_waits_since(&s).seq, 20);
	apply(&s, EV_CLOSED, 50, 0);
	CHECK_INT(s.state, EV_STATE_CLOSED);
	CHECK(!ev_waits(&s));
}

static void
what_nobody_was_there_to_read_marks_the_session(void)
{
	struct ev_session s = { 0 };
	struct ev_event ev = ev_event_of(EV_SAID);

	apply(&s, EV_ARRIVED, 10, 0);
	ev.n = 1;
	ev.flags = EV_FLAG_CUT_SHORT;
	ev_apply(&s, &ev);
	CHECK_INT(s.state, EV_STATE_WAITING);
	ev.n = 2;
	ev.flags = EV_FLAG_UNATTENDED;
	ev_apply(&s, &ev);
	CHECK(s.unattended);
	CHECK_INT(s.state, EV_STATE_WAITING);
	apply(&s, EV_REPLY, 20, 1);
	CHECK(!s.unattended);
	CHECK_INT(s.state, EV_STATE_OPEN);
}

static void
say(struct ev_session *s, const char *text, size_t len, uint64_t seq)
{
	struct ev_event ev = ev_event_of(EV_SAID);

	ev.n = s->in + 1;
	ev.seq = seq;
	ev.t_ms = (int64_t)seq;
	ev.body = text;
	ev.len = len;
	ev_apply(s, &ev);
}

static void
who_goes_unanswered_has_left_whatever_was_said_before(void)
{
	struct ev_session s = { 0 };

	apply(&s, EV_ARRIVED, 10, 0);
	say(&s, "hi", 2, 20);
	apply(&s, EV_REPLY, 30, 1);
	apply(&s, EV_SENT, 31, 1);
	say(&s, "and", 3, 40);
	apply(&s, EV_GONE, 50, 0);
	CHECK_INT(s.state, EV_STATE_LEFT);
	CHECK_INT(ev_waits_since(&s).seq, 40);
}

static void
whom_the_last_answer_did_not_reach_has_left_and_waits_from_then(void)
{
	struct ev_session s = { 0 };

	apply(&s, EV_ARRIVED, 10, 0);
	say(&s, "hi", 2, 20);
	apply(&s, EV_REPLY, 30, 1);
	CHECK(ev_is_owed(&s));
	apply(&s, EV_GONE, 50, 0);
	CHECK_INT(s.state, EV_STATE_LEFT);
	CHECK_INT(ev_waits_since(&s).seq, 50);
	apply(&s, EV_SENT, 60, 1);
	CHECK(!ev_is_owed(&s));
}

static void
who_was_answered_or_said_nothing_has_not_left(void)
{
	struct ev_session silent = { 0 }, served = { 0 };

	apply(&silent, EV_ARRIVED, 10, 0);
	apply(&silent, EV_GONE, 20, 0);
	CHECK_INT(silent.state, EV_STATE_WAITING);
	apply(&served, EV_ARRIVED, 10, 0);
	say(&served, "hi", 2, 20);
	apply(&served, EV_REPLY, 30, 1);
	apply(&served, EV_SENT, 40, 1);
	apply(&served, EV_GONE, 50, 0);
	CHECK_INT(served.state, EV_STATE_OPEN);
	CHECK(served.gone);
}

static void
the_last_words_their_time_and_how_many_wait_are_kept(void)
{
	struct ev_session s = { 0 };

	apply(&s, EV_ARRIVED, 10, 0);
	say(&s, "one", 3, 20);
	say(&s, "two", 3, 30);
	CHECK_INT(s.unanswered, 2);
	CHECK_INT(s.said_ms, 30);
	CHECK_STR(s.words, "two");
	CHECK_STR(s.by, "");
	apply(&s, EV_REPLY, 40, 1);
	CHECK_INT(s.unanswered, 0);
	CHECK_INT(s.said_ms, 30);
	CHECK_STR(s.words, "two");
	CHECK_STR(s.by, "anna");
	say(&s, "", 0, 50);
	CHECK_INT(s.unanswered, 1);
	CHECK_STR(s.words, "");
}

static void
words_are_cut_between_characters_and_are_always_text(void)
{
	struct ev_session s = { 0 };
	char text[4 * EV_WORDS_SIZE];

	for (size_t i = 0; i + 3 <= sizeof text; i += 3)
		memcpy(text + i, "您", 3);
	say(&s, text, sizeof text / 3 * 3, 1);
	CHECK_INT(strlen(s.words), EV_WORDS_SIZE - 1);
	CHECK_MEM(s.words, strlen(s.words), text, EV_WORDS_SIZE - 1);
	text[0] = 'a';
	memmove(text + 1, text + 3, sizeof text - 3);
	say(&s, text, 97, 2);
	CHECK_MEM(s.words, strlen(s.words), text, 94);
	say(&s, "a\0b\xff\xe6\x82", 6, 3);
	CHECK_STR(s.words,
	    "a\xef\xbf\xbd"
	    "b\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	memset(text, 0xff, sizeof text);
	say(&s, text, sizeof text, 4);
	CHECK_INT(strlen(s.words), EV_WORDS_SIZE - 1);
	say(&s, "\033[2J", 4, 5);
	CHECK_STR(s.words, "\033[2J");
}

static void
name_mode_and_what_was_sent_stay_with_the_session(void)
{
	struct ev_session s = { 0 };
	struct ev_event ev = ev_event_of(EV_ARRIVED);

	ev.mode = EV_MODE_CLASSIC;
	ev_apply(&s, &ev);
	CHECK_INT(s.mode, EV_MODE_CLASSIC);
	CHECK_STR(s.name, "");
	apply(&s, EV_NAME, 20, 0);
	CHECK_STR(s.name, "anna");
	apply(&s, EV_REPLY, 30, 2);
	CHECK_INT(s.out, 2);
	CHECK_INT(s.sent, 0);
	apply(&s, EV_SENT, 40, 2);
	CHECK_INT(s.sent, 2);
	CHECK_INT(s.mode, EV_MODE_CLASSIC);
}

static void
an_event_begins_with_nothing_in_it(void)
{
	struct ev_event ev = ev_event_of(EV_OFF);

	CHECK_INT(ev.kind, EV_OFF);
	CHECK_STR(ev.who, "");
	CHECK_STR(ev.addr, "");
	CHECK_STR(ev.why, "");
	CHECK_STR(ev.body, "");
	CHECK_INT(ev.len, 0);
	CHECK_INT(ev.sid, 0);
}

static void
an_event_of_a_newer_desk_changes_nothing(void)
{
	struct ev_session s = { 0 }, before;

	apply(&s, EV_ARRIVED, 10, 0);
	before = s;
	apply(&s, EV_UNKNOWN, 20, 7);
	CHECK(memcmp(&s, &before, sizeof s) == 0);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(every_word_leads_back_to_its_value),
		T(the_words_are_those_that_are_stored),
		T(any_other_word_is_unknown),
		T(states_and_codes_have_the_words_of_the_protocol),
		T(a_session_waits_from_its_oldest_unanswered_message),
		T(since_when_it_waits_the_wall_clock_does_not_say),
		T(an_end_of_any_kind_stays_with_the_session),
		T(what_nobody_was_there_to_read_marks_the_session),
		T(who_goes_unanswered_has_left_whatever_was_said_before),
		T(whom_the_last_answer_did_not_reach_has_left_and_waits_from_then),
		T(who_was_answered_or_said_nothing_has_not_left),
		T(the_last_words_their_time_and_how_many_wait_are_kept),
		T(words_are_cut_between_characters_and_are_always_text),
		T(name_mode_and_what_was_sent_stay_with_the_session),
		T(an_event_begins_with_nothing_in_it),
		T(an_event_of_a_newer_desk_changes_nothing),
	};

	return t_main("event", cases, sizeof cases / sizeof cases[0]);
}
