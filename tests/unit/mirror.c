/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests a console's picture of the sessions. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/mirror.h"
#include "t.h"

static uint64_t seq;

static struct ev_event
event(enum ev_kind kind, uint64_t sid)
{
	struct ev_event ev = { .seq = seq + 1,
		.sid = sid,
		.kind = kind,
		.t_ms = -(int64_t)(seq + 1) * 1000, /* it is set back */
		.steady_ms = (int64_t)(seq + 1) * 1000,
		.who = "",
		.addr = "",
		.why = "",
		.body = "" };

	seq++;
	return ev;
}

static void
happens(struct con_mirror *m, enum ev_kind kind, uint64_t sid, uint64_t n,
    const char *who)
{
	struct ev_event ev = event(kind, sid);

	ev.n = n;
	ev.who = who;
	ev.mode = EV_MODE_LINE;
	ev.addr = "127.0.0.1:5000";
	CHECK_INT(con_mirror_event(m, &ev), 0);
}

/* A message of the selected session is painted. */
static void
is_painted(struct con_mirror *m, uint64_t n)
{
	struct con_session *s = con_mirror_find(m, m->selected);

	con_read_row(&s->read, m->seq, n);
	con_mirror_painted(m, true, CON_SEEN_NS, 0);
}

/* The desk says that this operator has read so many messages. */
static void
is_told(struct con_mirror *m, uint64_t sid, uint64_t n)
{
	struct wire_frame f = wire_frame_of(WIRE_READ);

	f.sid = sid;
	f.seq = m->seq;
	f.n = n;
	con_mirror_read(m, &f);
}

static uint64_t
unread(const struct con_mirror *m, uint64_t sid)
{
	return con_unread(con_mirror_find(m, sid));
}

static uint64_t
unread_rows(const struct con_mirror *m, uint64_t sid)
{
	return con_unread_rows(con_mirror_find(m, sid));
}

/* A mirror of an operator lin that has seen nothing. */
static void
begin(struct con_mirror *m)
{
	struct wire_frame f = wire_frame_of(WIRE_WELCOME);

	seq = 0;
	f.name = "lin";
	con_mirror_init(m);
	CHECK_INT(con_mirror_welcome(m, &f), 0);
}

static void
a_session_is_what_its_events_add_up_to(void)
{
	struct con_mirror m;
	struct con_session *s;

	begin(&m);
	happens(&m, EV_ARRIVED, 3, 0, "");
	happens(&m, EV_NAME, 3, 0, "alice");
	happens(&m, EV_SAID, 3, 1, "");
	happens(&m, EV_SAID, 3, 2, "");
	if (!CHECK((s = con_mirror_find(&m, 3)) != NULL))
		return;
	CHECK_STR(s->facts.name, "alice");
	CHECK_INT(s->facts.mode, EV_MODE_LINE);
	CHECK_INT(s->facts.in, 2);
	CHECK_INT(s->facts.waiting_at.steady_ms, 3000);
	CHECK_INT(con_unread(s), 2);
	happens(&m, EV_REPLY, 3, 1, "lin");
	CHECK(!ev_waits(&s->facts));
	CHECK(s->mine);
	happens(&m, EV_SENT, 3, 1, "");
	CHECK_INT(s->facts.sent, 1);
	happens(&m, EV_EOF, 3, 0, "");
	CHECK(s->facts.eof);
	happens(&m, EV_GONE, 3, 0, "");
	CHECK(s->facts.gone);
	happens(&m, EV_CLOSED, 3, 0, "");
	CHECK(con_mirror_find(&m, 3) == NULL);
	con_mirror_fini(&m);
}

static void
an_event_counts_once(void)
{
	struct con_mirror m;
	struct ev_event ev;

	begin(&m);
	happens(&m, EV_ARRIVED, 3, 0, "");
	ev = event(EV_SAID, 3);
	ev.n = 1;
	CHECK_INT(con_mirror_event(&m, &ev), 0);
	CHECK_INT(con_mirror_event(&m, &ev), 0);
	CHECK_INT(unread(&m, 3), 1);
	CHECK_INT(m.seq, 2);
	con_mirror_fini(&m);
}

static void
who_waits_longest_is_the_oldest(void)
{
	struct con_mirror m;

	begin(&m);
	for (uint64_t sid = 9; sid > 4; sid--) {
		happens(&m, EV_ARRIVED, sid, 0, "");
		happens(&m, EV_SAID, sid, 1, "");
	}
	CHECK_INT(con_mirror_oldest(&m), 9);
	happens(&m, EV_REPLY, 9, 1, "lin");
	CHECK_INT(con_mirror_oldest(&m), 8);
	CHECK_INT(con_mirror_select(&m, 8), 0);
	CHECK_INT(con_mirror_oldest(&m), 7);
	con_mirror_fini(&m);
}

/* The desk says what its clock shows when ours shows so much. */
static void
says_time(struct con_mirror *m, enum wire_op op, int64_t its_ms, int64_t our_ms)
{
	struct wire_frame f = wire_frame_of(op);

	f.now_ms = its_ms;
	con_mirror_clock(m, &f, our_ms);
}

static void
a_frame_that_was_long_on_its_way_does_not_set_the_clock_back(void)
{
	struct wire_frame f = wire_frame_of(WIRE_EV);
	struct con_mirror m;

	begin(&m);
	says_time(&m, WIRE_WELCOME, 1000, 500);
	CHECK_INT(con_mirror_now_ms(&m, 600), 1100);
	says_time(&m, WIRE_PONG, 1200, 900);
	CHECK_INT(con_mirror_now_ms(&m, 900), 1400);
	says_time(&m, WIRE_PONG, 0, 900); /* it does not say */
	CHECK_INT(con_mirror_now_ms(&m, 900), 1400);
	/* Ours has stood still while a machine slept. */
	f.ev.steady_ms = 9000;
	con_mirror_clock(&m, &f, 1000);
	CHECK_INT(con_mirror_now_ms(&m, 1001), 9001);
	/* Another desk has another clock. */
	says_time(&m, WIRE_WELCOME, 70, 2000);
	CHECK_INT(con_mirror_now_ms(&m, 2000), 70);
	con_mirror_fini(&m);
}

static void
who_takes_nothing_does_so_until_the_desk_says_otherwise(void)
{
	struct wire_frame f = wire_frame_of(WIRE_READS);
	struct wire_frame welcome = wire_frame_of(WIRE_WELCOME);
	struct con_session *s;
	struct con_mirror m;

	begin(&m);
	happens(&m, EV_ARRIVED, 3, 0, "");
	if (!CHECK((s = con_mirror_find(&m, 3)) != NULL))
		return;
	CHECK_INT(s->stuck_ms, 0);
	f.sid = 3;
	f.since_ms = 70;
	con_mirror_reads(&m, &f);
	CHECK_INT(s->stuck_ms, 70);
	f.since_ms = 0;
	con_mirror_reads(&m, &f);
	CHECK_INT(s->stuck_ms, 0);
	f.since_ms = 80;
	con_mirror_reads(&m, &f);
	/* It is told anew on another link. */
	welcome.replay = true;
	CHECK_INT(con_mirror_welcome(&m, &welcome), 0);
	CHECK_INT(s->stuck_ms, 0);
	f.sid = 4; /* of nobody we know */
	con_mirror_reads(&m, &f);
	con_mirror_fini(&m);
}

static void
the_end_of_a_replay_says_when_things_happened(void)
{
	struct wire_frame f = wire_frame_of(WIRE_LIVE);
	struct ev_session there[] = {
		{ .sid = 3, .waiting_at = { 0, 40 }, .began_at = { 0, 30 } },
		{ .sid = 8 },
	};
	struct con_session *s;
	struct con_mirror m;

	begin(&m);
	happens(&m, EV_ARRIVED, 3, 0, "");
	happens(&m, EV_SAID, 3, 1, "");
	f.sessions = there;
	f.nsessions = 2;
	con_mirror_live(&m, &f);
	if (CHECK((s = con_mirror_find(&m, 3)) != NULL)) {
		CHECK_INT(s->facts.waiting_at.seq, 2);
		CHECK_INT(s->facts.waiting_at.steady_ms, 40);
		CHECK_INT(s->facts.began_at.steady_ms, 30);
	}
	CHECK(con_mirror_find(&m, 8) == NULL);
	con_mirror_fini(&m);
}

static void
who_has_said_nothing_yet_waits_too(void)
{
	struct con_mirror m;
	struct con_facts facts;

	begin(&m);
	happens(&m, EV_ARRIVED, 4, 0, "");
	CHECK_INT(con_mirror_oldest(&m), 4);
	con_mirror_facts(&m, &facts);
	CHECK_INT(facts.waiting, 1);
	CHECK_INT(facts.oldest_ms, 1000);
	con_mirror_fini(&m);
}

static void
next_takes_mine_before_strangers(void)
{
	struct con_mirror m;
	struct con_facts facts;

	begin(&m);
	happens(&m, EV_ARRIVED, 1, 0, "");
	happens(&m, EV_SAID, 1, 1, "");
	happens(&m, EV_ARRIVED, 2, 0, "");
	happens(&m, EV_CLAIM, 2, 0, "lin");
	happens(&m, EV_REPLY, 2, 1, "lin");
	happens(&m, EV_SAID, 2, 1, "");
	CHECK_INT(con_mirror_next(&m), 2);
	con_mirror_facts(&m, &facts);
	CHECK_INT(facts.waiting, 1);
	CHECK_INT(facts.unread, 1);
	CHECK_INT(con_mirror_select(&m, 2), 0);
	CHECK_INT(con_mirror_next(&m), 1);
	con_mirror_facts(&m, &facts);
	CHECK_INT(facts.unread, 0);
	con_mirror_fini(&m);
}

static void
another_operators_session_is_not_mine(void)
{
	struct con_mirror m;
	struct con_facts facts;

	begin(&m);
	happens(&m, EV_ARRIVED, 2, 0, "");
	happens(&m, EV_REPLY, 2, 1, "wang");
	happens(&m, EV_SAID, 2, 1, "");
	con_mirror_facts(&m, &facts);
	CHECK_INT(facts.unread, 0);
	CHECK_INT(facts.waiting, 1);
	con_mirror_fini(&m);
}

static void
a_closed_session_stays_while_it_is_looked_at(void)
{
	struct con_mirror m;
	struct con_facts facts;

	begin(&m);
	happens(&m, EV_ARRIVED, 3, 0, "alice");
	happens(&m, EV_ARRIVED, 4, 0, "");
	CHECK_INT(con_mirror_select(&m, 3), 0);
	happens(&m, EV_CLOSED, 3, 0, "");
	con_mirror_facts(&m, &facts);
	CHECK_INT(facts.sid, 3);
	CHECK(facts.closed);
	CHECK_STR(facts.name, "alice");
	con_mirror_keep(&m, 3, true);
	CHECK_INT(con_mirror_select(&m, 4), 0);
	CHECK(con_mirror_find(&m, 3) != NULL);
	CHECK_INT(con_mirror_previous(&m), 3);
	con_mirror_keep(&m, 3, false);
	CHECK(con_mirror_find(&m, 3) == NULL);
	CHECK_INT(con_mirror_previous(&m), 0);
	CHECK_INT(con_mirror_select(&m, 3), -ENOENT);
	CHECK_INT(m.selected, 4);
	con_mirror_fini(&m);
}

static void
a_new_snapshot_closes_what_it_does_not_know(void)
{
	struct wire_frame f = wire_frame_of(WIRE_WELCOME);
	struct ev_session ws = { .sid = 7,
		.state = EV_STATE_OPEN,
		.mode = EV_MODE_LINE,
		.name = "bob",
		.addr = "127.0.0.1:1",
		.in = 4,
		.out = 2,
		.sent = 1 };
	struct con_mirror m;

	begin(&m);
	happens(&m, EV_ARRIVED, 5, 0, "");
	happens(&m, EV_ARRIVED, 6, 0, "");
	CHECK_INT(con_mirror_select(&m, 6), 0);
	f.name = "lin";
	f.seq = 100;
	f.sessions = &ws;
	f.nsessions = 1;
	CHECK_INT(con_mirror_welcome(&m, &f), 0);
	CHECK(con_mirror_find(&m, 5) == NULL);
	CHECK(con_mirror_find(&m, 6) != NULL &&
	    con_is_closed(con_mirror_find(&m, 6)));
	CHECK_STR(con_mirror_find(&m, 7)->facts.name, "bob");
	CHECK_INT(con_mirror_present(&m), 1);
	CHECK_INT(m.seq, 100);
	con_mirror_fini(&m);
}

static void
what_nobody_answered_before_we_came_is_unread(void)
{
	struct ev_session ws = { .sid = 7,
		.in = 9,
		.out = 1,
		.unanswered = 2,
		.began_ms = 1,
		.state = EV_STATE_WAITING,
		.mode = EV_MODE_LINE,
		.name = "anna",
		.addr = "" };
	struct wire_frame f = wire_frame_of(WIRE_WELCOME);
	struct con_mirror m;

	begin(&m);
	f.name = "lin";
	f.sessions = &ws;
	f.nsessions = 1;
	CHECK_INT(con_mirror_welcome(&m, &f), 0);
	if (!CHECK(con_mirror_find(&m, 7) != NULL))
		return;
	CHECK_INT(unread(&m, 7), 2);
	CHECK_INT(unread_rows(&m, 7), 2);
	is_told(&m, 7, 9);
	CHECK_INT(unread(&m, 7), 0);
	CHECK_INT(con_mirror_welcome(&m, &f), 0);
	CHECK_INT(unread(&m, 7), 0);
	/* A link that was lost for long: what the snapshot has more. */
	ws.in = 12;
	ws.out = 2;
	CHECK_INT(con_mirror_welcome(&m, &f), 0);
	CHECK_INT(unread(&m, 7), 3);
	CHECK_INT(unread_rows(&m, 7), 4);
	con_mirror_fini(&m);
}

static void
a_desk_that_knows_less_than_before_leaves_nothing_unread(void)
{
	struct ev_session ws = { .sid = 7, .in = 9, .out = 4, .began_ms = 1 };
	struct wire_frame f = wire_frame_of(WIRE_WELCOME);
	struct con_mirror m;

	begin(&m);
	f.name = "lin";
	f.sessions = &ws;
	f.nsessions = 1;
	CHECK_INT(con_mirror_welcome(&m, &f), 0);
	ws.in = 3;
	ws.out = 1;
	CHECK_INT(con_mirror_welcome(&m, &f), 0);
	CHECK_INT(unread(&m, 7), 0);
	CHECK_INT(unread_rows(&m, 7), 0);
	con_mirror_fini(&m);
}

static void
what_was_painted_before_a_key_is_read_and_nothing_else(void)
{
	struct con_mirror m;
	struct con_session *s;

	begin(&m);
	happens(&m, EV_ARRIVED, 3, 0, "");
	happens(&m, EV_SAID, 3, 1, "");
	s = con_mirror_find(&m, 3);
	CHECK(con_mirror_attended(&m) == NULL); /* nobody is selected */
	CHECK_INT(con_mirror_select(&m, 3), 0);
	CHECK(con_mirror_attended(&m) == NULL); /* nothing is painted */
	CHECK_INT(unread(&m, 3), 1);
	is_painted(&m, 1);
	CHECK_INT(unread(&m, 3), 1); /* nobody looks */
	CHECK(con_mirror_attended(&m) == s);
	CHECK_INT(unread(&m, 3), 0);
	CHECK_INT(s->read.seq, 2);
	CHECK(con_mirror_attended(&m) == NULL); /* nothing is new */
	happens(&m, EV_SAID, 3, 2, "");
	is_painted(&m, 2);
	CHECK_INT(con_mirror_select(&m, 0), 0);
	CHECK(con_mirror_attended(&m) == NULL); /* it is too late */
	CHECK_INT(unread(&m, 3), 1);
	con_mirror_fini(&m);
}

static void
a_mark_of_the_desk_counts_whenever_it_comes_and_never_backwards(void)
{
	struct ev_session ws = { .sid = 7,
		.in = 9,
		.out = 3,
		.unanswered = 2,
		.began_ms = 1 };
	struct wire_frame f = wire_frame_of(WIRE_WELCOME);
	struct con_mirror m;

	begin(&m);
	f.name = "lin";
	f.sessions = &ws;
	f.nsessions = 1;
	CHECK_INT(con_mirror_welcome(&m, &f), 0);
	/* Colleagues have answered what this operator never read. */
	is_told(&m, 7, 4);
	CHECK_INT(unread(&m, 7), 5);
	CHECK(unread_rows(&m, 7) >= 5 && unread_rows(&m, 7) <= 8);
	is_told(&m, 7, 8);
	is_told(&m, 7, 6);
	CHECK_INT(unread(&m, 7), 1);
	is_told(&m, 7, 9);
	CHECK_INT(unread_rows(&m, 7), 0);
	happens(&m, EV_SAID, 7, 10, "");
	happens(&m, EV_REPLY, 7, 4, "wang");
	CHECK_INT(unread(&m, 7), 1);
	CHECK_INT(unread_rows(&m, 7), 2);
	is_told(&m, 8, 1); /* of nobody we know */
	con_mirror_fini(&m);
}

static void
what_is_read_elsewhere_is_not_unread_when_it_is_said(void)
{
	struct con_facts facts;
	struct con_mirror m;

	begin(&m);
	happens(&m, EV_ARRIVED, 2, 0, "");
	happens(&m, EV_CLAIM, 2, 0, "lin");
	happens(&m, EV_REPLY, 2, 1, "lin");
	happens(&m, EV_SAID, 2, 1, "");
	con_mirror_facts(&m, &facts);
	CHECK_INT(facts.unread, 1);
	is_told(&m, 2, 1);
	con_mirror_facts(&m, &facts);
	CHECK_INT(facts.unread, 0);
	CHECK_INT(facts.waiting, 1);
	/* Who gave it back may have it again, as any other. */
	happens(&m, EV_SAID, 2, 2, "");
	happens(&m, EV_FREE, 2, 0, "lin");
	con_mirror_facts(&m, &facts);
	CHECK_INT(facts.unread, 0);
	CHECK_INT(facts.waiting, 1);
	con_mirror_fini(&m);
}

static void
a_reply_is_of_another_console_unless_it_has_our_key(void)
{
	struct con_mirror m;
	struct ev_event ev;
	struct con_session *s;

	begin(&m);
	memset(m.key.bytes, 7, EV_KEY_CONSOLE);
	happens(&m, EV_ARRIVED, 3, 0, "");
	s = con_mirror_find(&m, 3);
	ev = event(EV_REPLY, 3);
	memset(ev.key.bytes, 7, EV_KEY_SIZE);
	ev.who = "lin";
	CHECK_INT(con_mirror_event(&m, &ev), 0);
	CHECK_INT(s->seen.first, 0);
	happens(&m, EV_REPLY, 3, 2, "lin");
	CHECK_INT(s->seen.first, 3);
	con_mirror_fini(&m);
}

/* A customer says something and goes. */
static void
leaves(struct con_mirror *m, uint64_t sid)
{
	happens(m, EV_ARRIVED, sid, 0, "");
	happens(m, EV_SAID, sid, 1, "");
	happens(m, EV_GONE, sid, 0, "");
}

/* Selects who is next, and returns it. */
static uint64_t
enter(struct con_mirror *m)
{
	uint64_t sid = con_mirror_oldest(m);

	CHECK_INT(con_mirror_select(m, sid), 0);
	return sid;
}

static void
enter_alone_reaches_everybody_who_needs_an_answer(void)
{
	struct con_facts facts;
	struct con_mirror m;

	begin(&m);
	leaves(&m, 1);
	leaves(&m, 2);
	for (uint64_t sid = 3; sid <= 4; sid++) {
		happens(&m, EV_ARRIVED, sid, 0, "");
		happens(&m, EV_SAID, sid, 1, "");
	}
	con_mirror_facts(&m, &facts);
	CHECK_INT(facts.waiting, 2);
	CHECK_INT(facts.leavers, 2);
	for (int round = 0; round < 2; round++) {
		CHECK_INT(enter(&m), 3);
		CHECK_INT(enter(&m), 4);
		CHECK_INT(enter(&m), 1);
		CHECK_INT(enter(&m), 2);
	}
	CHECK_INT(enter(&m), 3);
	CHECK_INT(enter(&m), 4);
	CHECK_INT(enter(&m), 1);
	/* A connected one who says something comes first. */
	happens(&m, EV_SAID, 4, 2, "");
	CHECK_INT(enter(&m), 4);
	/* Who is answered needs nothing, and the rest begins anew. */
	happens(&m, EV_REPLY, 4, 1, "lin");
	CHECK_INT(enter(&m), 3);
	happens(&m, EV_CLOSED, 3, 0, "");
	CHECK_INT(enter(&m), 1);
	happens(&m, EV_CLOSED, 2, 0, "");
	CHECK_INT(con_mirror_oldest(&m), 0);
	con_mirror_fini(&m);
}

static void
a_name_is_found_in_any_case_and_the_open_one_is_meant(void)
{
	struct con_mirror m;
	uint64_t sid = 0;

	begin(&m);
	happens(&m, EV_ARRIVED, 3, 0, "Ann");
	con_mirror_keep(&m, 3, true);
	happens(&m, EV_CLOSED, 3, 0, "");
	CHECK_INT(con_mirror_lookup(&m, "ann", &sid), 0);
	CHECK_INT(sid, 3);
	happens(&m, EV_ARRIVED, 4, 0, "Ann");
	happens(&m, EV_ARRIVED, 5, 0, "Anna");
	happens(&m, EV_ARRIVED, 6, 0, "ÄRGER");
	CHECK_INT(con_mirror_lookup(&m, "ANN", &sid), 0);
	CHECK_INT(sid, 4);
	CHECK_INT(con_mirror_lookup(&m, "an", &sid), -EEXIST);
	CHECK_INT(con_mirror_lookup(&m, "ärg", &sid), 0);
	CHECK_INT(sid, 6);
	con_mirror_fini(&m);
}

static void
who_is_off_the_desks_list_is_off_ours_and_counted(void)
{
	struct con_mirror m;

	begin(&m);
	leaves(&m, 1);
	con_mirror_unlist(&m, 1);
	CHECK(con_mirror_find(&m, 1) == NULL);
	CHECK_INT(m.unlisted, 1);
	con_mirror_fini(&m);
}

static void
other_consoles_selections_are_known_until_they_end(void)
{
	struct wire_frame f = wire_frame_of(WIRE_LOOKS);
	struct con_mirror m;

	begin(&m);
	f.n = 2;
	f.sid = 7;
	f.name = "e\033ve";
	con_mirror_looks(&m, &f);
	f.n = 3;
	con_mirror_looks(&m, &f);
	CHECK_INT(m.nlookers, 2);
	CHECK_INT(m.lookers[0].sid, 7);
	CHECK(strchr(m.lookers[0].name, '\033') == NULL);
	f.n = 2;
	f.sid = 8;
	con_mirror_looks(&m, &f);
	CHECK_INT(m.nlookers, 2);
	CHECK_INT(m.lookers[1].sid, 8);
	f.sid = 0;
	con_mirror_looks(&m, &f);
	CHECK_INT(m.nlookers, 1);
	con_mirror_fini(&m);
}

static void
who_is_gone_does_not_wait_but_is_taken_last(void)
{
	struct con_facts facts;
	struct con_mirror m;

	begin(&m);
	happens(&m, EV_ARRIVED, 1, 0, "");
	happens(&m, EV_SAID, 1, 1, "");
	happens(&m, EV_GONE, 1, 0, "");
	con_mirror_facts(&m, &facts);
	CHECK_INT(facts.waiting, 0);
	CHECK_INT(con_mirror_oldest(&m), 1);
	happens(&m, EV_ARRIVED, 2, 0, "");
	happens(&m, EV_SAID, 2, 1, "");
	con_mirror_facts(&m, &facts);
	CHECK_INT(facts.waiting, 1);
	CHECK_INT(con_mirror_oldest(&m), 2);
	con_mirror_fini(&m);
}

static void
a_replay_goes_on_from_what_is_known(void)
{
	struct wire_frame f = wire_frame_of(WIRE_WELCOME);
	struct con_mirror m;

	begin(&m);
	happens(&m, EV_ARRIVED, 5, 0, "eve");
	f.name = "lin";
	f.seq = 1;
	f.replay = true;
	CHECK_INT(con_mirror_welcome(&m, &f), 0);
	CHECK_STR(con_mirror_find(&m, 5)->facts.name, "eve");
	CHECK_INT(m.seq, 1);
	con_mirror_fini(&m);
}

static void
a_session_is_found_by_number_or_by_the_start_of_one_name(void)
{
	struct con_mirror m;
	uint64_t sid = 0;

	begin(&m);
	happens(&m, EV_ARRIVED, 3, 0, "alice");
	happens(&m, EV_ARRIVED, 4, 0, "alina");
	happens(&m, EV_ARRIVED, 5, 0, "王伟");
	CHECK_INT(con_mirror_lookup(&m, "4", &sid), 0);
	CHECK_INT(sid, 4);
	CHECK_INT(con_mirror_lookup(&m, "#3", &sid), 0);
	CHECK_INT(sid, 3);
	CHECK_INT(con_mirror_lookup(&m, "al", &sid), -EEXIST);
	CHECK_INT(con_mirror_lookup(&m, "alin", &sid), 0);
	CHECK_INT(sid, 4);
	CHECK_INT(con_mirror_lookup(&m, "王", &sid), 0);
	CHECK_INT(sid, 5);
	CHECK_INT(con_mirror_lookup(&m, "6", &sid), -ENOENT);
	CHECK_INT(con_mirror_lookup(&m, "bob", &sid), -ENOENT);
	CHECK_INT(con_mirror_lookup(&m, "", &sid), -ENOENT);
	CHECK_INT(con_mirror_lookup(&m, "99999999999999999999", &sid), -ENOENT);
	con_mirror_fini(&m);
}

static void
names_are_harmless_and_fit(void)
{
	struct con_mirror m;
	const struct con_session *s;

	begin(&m);
	happens(&m, EV_ARRIVED, 3, 0, "\033]0;x\007[9 boss]> ");
	s = con_mirror_find(&m, 3);
	CHECK(strpbrk(s->facts.name, "\033\007[]> ") == NULL);
	CHECK(s->facts.name[0] != '\0');
	con_mirror_fini(&m);
}

static void
who_answered_is_harmless(void)
{
	struct con_mirror m;
	struct ev_event ev;
	const struct con_session *s;

	begin(&m);
	happens(&m, EV_ARRIVED, 3, 0, "");
	ev = event(EV_SAID, 3);
	ev.n = 1;
	ev.body = "a\\\033[2J\nb";
	ev.len = strlen(ev.body);
	CHECK_INT(con_mirror_event(&m, &ev), 0);
	s = con_mirror_find(&m, 3);
	CHECK_STR(s->facts.words, "a\\\033[2J\nb"); /* not yet */
	happens(&m, EV_REPLY, 3, 1, "\033]0;x\007");
	CHECK(strpbrk(s->facts.by, "\033\007") == NULL);
	con_mirror_fini(&m);
}

static void
the_list_begins_with_who_waits_longest(void)
{
	struct con_mirror m;
	const struct con_session **all;
	size_t n;

	begin(&m);
	happens(&m, EV_ARRIVED, 1, 0, "");
	happens(&m, EV_REPLY, 1, 1, "lin");
	happens(&m, EV_ARRIVED, 3, 0, "");
	happens(&m, EV_ARRIVED, 2, 0, "");
	if (!CHECK((all = con_mirror_list(&m, &n)) != NULL))
		return;
	CHECK_INT(n, 3);
	CHECK_INT(all[0]->facts.sid, 3);
	CHECK_INT(all[1]->facts.sid, 2);
	CHECK_INT(all[2]->facts.sid, 1);
	free(all);
	con_mirror_fini(&m);
}

static void
writes(struct con_mirror *m, const char *addr, unsigned flags)
{
	struct ev_event ev = event(EV_UDP, 0);

	ev.addr = addr;
	ev.flags = flags;
	CHECK_INT(con_mirror_event(m, &ev), 0);
}

static void
who_wrote_over_udp_last_comes_first_and_quit_takes_out(void)
{
	static const char *const there[] = { "a:1", "b:2" };
	struct wire_frame f = wire_frame_of(WIRE_WELCOME);
	struct con_mirror m;
	char addr[16];

	con_mirror_init(&m);
	f.peers = there;
	f.npeers = 2;
	CHECK_INT(con_mirror_welcome(&m, &f), 0);
	CHECK_INT(m.npeers, 2);
	seq = 0;
	writes(&m, "a:1", 0);
	writes(&m, "c:3", 16);
	writes(&m, "a:1", 0);
	CHECK_INT(m.npeers, 3);
	CHECK_STR(m.peers[0], "a:1");
	CHECK_STR(m.peers[1], "c:3");
	CHECK_STR(m.peers[2], "b:2");
	writes(&m, "c:3", 8);
	CHECK_INT(m.npeers, 2);
	CHECK_STR(m.peers[1], "b:2");
	for (int i = 0; i < 2 * CON_PEERS; i++) {
		snprintf(addr, sizeof addr, "x:%d", i);
		writes(&m, addr, 16);
	}
	CHECK_INT(m.npeers, CON_PEERS);
	CHECK_STR(m.peers[0], "x:127");
	CHECK_STR(m.peers[CON_PEERS - 1], "x:64");
	writes(&m, "x:64", 8);
	CHECK_INT(m.npeers, CON_PEERS - 1);
	con_mirror_fini(&m);
}

/* As the prompt would count by looking at all of them. */
static void
count_all(const struct con_mirror *m, struct con_facts *out)
{
	uint64_t first = UINT64_MAX;
	size_t left = 0;

	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < m->n; i++) {
		const struct con_session *s = m->all[i];
		uint64_t since = ev_waits_since(&s->facts).seq;

		left += con_is_left(s);
		if (s->facts.sid == m->selected) {
			continue;
		} else if (con_is_left(s)) {
			out->leavers++;
		} else if (s->yours && con_unread(s) > 0) {
			out->unread++;
		} else if (ev_waits(&s->facts)) {
			out->waiting++;
			if (since < first)
				out->oldest_ms =
				    ev_waits_since(&s->facts).steady_ms;
			first = since < first ? since : first;
		}
	}
	CHECK_INT(con_mirror_left(m), left);
}

static void
expect_counts(const struct con_mirror *m)
{
	struct con_facts facts, want;

	con_mirror_facts(m, &facts);
	count_all(m, &want);
	CHECK_INT(facts.waiting, want.waiting);
	CHECK_INT(facts.leavers, want.leavers);
	CHECK_INT(facts.unread, want.unread);
	CHECK_INT(facts.oldest_ms, want.oldest_ms);
}

/* The desk has these two, and nobody else. */
static void
is_welcomed_with(struct con_mirror *m, uint64_t one, uint64_t other)
{
	struct ev_session two[2] = { { .sid = one,
					 .state = EV_STATE_WAITING,
					 .in = 5,
					 .unanswered = 2,
					 .began_ms = 1 },
		{ .sid = other, .state = EV_STATE_LEFT, .began_ms = 1 } };
	struct wire_frame f = wire_frame_of(WIRE_WELCOME);

	seq++;
	two[0].waiting_at = two[1].gone_at =
	    (struct ev_moment){ seq, (int64_t)seq * 1000 };
	f.name = "lin";
	f.seq = seq;
	f.sessions = two;
	f.nsessions = 2;
	CHECK_INT(con_mirror_welcome(m, &f), 0);
}

/* Something happens to one of the sessions, or here. */
static void
stir(struct con_mirror *m, uint64_t sid, uint64_t said[])
{
	static const char *const who[] = { "lin", "wang" };

	switch (rand() % 16) {
	case 0:
		happens(m, EV_GONE, sid, 0, "");
		break;
	case 1:
		happens(m, EV_CLOSED, sid, 0, "");
		break;
	case 2:
		con_mirror_keep(m, sid, rand() % 2 == 0);
		break;
	case 3:
	case 4:
		(void)con_mirror_select(m, rand() % 4 == 0 ? 0 : sid);
		break;
	case 5:
		is_told(m, sid, said[sid]);
		break;
	case 6:
		if (m->selected != 0 &&
		    con_mirror_find(m, m->selected) != NULL) {
			is_painted(m, said[m->selected]);
			(void)con_mirror_attended(m);
		}
		break;
	case 7:
	case 8:
	case 9:
		happens(m, EV_REPLY, sid, 1, who[rand() % 2]);
		break;
	case 10:
		con_mirror_unlist(m, sid);
		break;
	default:
		happens(m, EV_SAID, sid, ++said[sid], "");
		break;
	}
}

static void
the_prompt_counts_each_session_once_whatever_happens(void)
{
	int steps = t_size("steps", 5000);
	uint64_t said[64] = { 0 }, sid;
	struct con_mirror m;

	begin(&m);
	srand(3);
	for (int i = 0; i < steps; i++) {
		sid = 1 + (uint64_t)rand() % 63;
		if (con_mirror_find(&m, sid) == NULL) {
			said[sid] = 0;
			happens(&m, EV_ARRIVED, sid, 0, "");
		}
		stir(&m, sid, said);
		if (rand() % 500 == 0)
			is_welcomed_with(&m, sid % 63 + 1, (sid + 1) % 63 + 1);
		expect_counts(&m);
	}
	con_mirror_fini(&m);
}

static void
is_claimed(struct con_mirror *m, uint64_t sid, const char *who, const char *why)
{
	struct ev_event ev = event(EV_CLAIM, sid);

	ev.who = who;
	ev.why = why;
	CHECK_INT(con_mirror_event(m, &ev), 0);
}

static size_t
counted(const struct con_mirror *m, size_t *unread_too)
{
	struct con_facts f;

	con_mirror_facts(m, &f);
	*unread_too = f.unread;
	return f.waiting;
}

static void
a_colleagues_customer_does_not_wait_for_us(void)
{
	struct con_mirror m;
	size_t unread_too;

	begin(&m);
	happens(&m, EV_ARRIVED, 3, 0, "");
	happens(&m, EV_SAID, 3, 1, "");
	happens(&m, EV_ARRIVED, 5, 0, "");
	happens(&m, EV_SAID, 5, 1, "");
	CHECK_INT(counted(&m, &unread_too), 2);
	is_claimed(&m, 3, "ann", "taken");
	CHECK_INT(counted(&m, &unread_too), 1);
	CHECK_INT(con_mirror_oldest(&m), 5);
	CHECK_INT(con_mirror_next(&m), 5);
	is_claimed(&m, 5, "lin", "taken");
	CHECK_INT(counted(&m, &unread_too), 0);
	CHECK_INT(unread_too, 1);
	CHECK_INT(con_mirror_next(&m), 5);
	/* It gives both back. */
	happens(&m, EV_FREE, 3, 0, "ann");
	happens(&m, EV_FREE, 5, 0, "lin");
	CHECK_INT(counted(&m, &unread_too), 2);
	CHECK_INT(unread_too, 0);
	con_mirror_fini(&m);
}

static void
the_prompt_knows_who_answers_the_selected_one(void)
{
	struct con_mirror m;
	struct con_facts f;

	begin(&m);
	happens(&m, EV_ARRIVED, 3, 0, "");
	con_mirror_select(&m, 3);
	is_claimed(&m, 3, "ann", "taken");
	con_mirror_facts(&m, &f);
	CHECK_STR(f.owner, "ann");
	CHECK(!f.yours);
	is_claimed(&m, 3, "lin", "stolen");
	con_mirror_facts(&m, &f);
	CHECK_STR(f.owner, "");
	CHECK(f.yours);
	happens(&m, EV_CLOSED, 3, 0, "lin");
	con_mirror_facts(&m, &f);
	CHECK(!f.yours);
	con_mirror_fini(&m);
}

static void
an_owner_of_the_welcome_is_known_by_the_name_of_the_desk(void)
{
	struct con_mirror m;
	struct wire_frame f = wire_frame_of(WIRE_WELCOME);
	struct ev_session s[2] = { { .sid = 3, .state = EV_STATE_OPEN },
		{ .sid = 5, .state = EV_STATE_OPEN } };

	snprintf(s[0].owner, sizeof s[0].owner, "lin");
	snprintf(s[0].offered, sizeof s[0].offered, "ann");
	snprintf(s[1].owner, sizeof s[1].owner, "a\033n");
	snprintf(s[1].offered, sizeof s[1].offered, "lin");
	f.name = "lin";
	f.sessions = s;
	f.nsessions = 2;
	con_mirror_init(&m);
	CHECK_INT(con_mirror_welcome(&m, &f), 0);
	CHECK(con_mirror_find(&m, 3)->yours);
	CHECK(!con_mirror_find(&m, 3)->offered);
	CHECK(con_is_taken(con_mirror_find(&m, 5)));
	CHECK(con_mirror_find(&m, 5)->offered);
	CHECK_STR(con_mirror_find(&m, 5)->facts.owner, "a_n");
	con_mirror_fini(&m);
}

static void
who_is_watched_counts_as_unread_and_not_as_waiting(void)
{
	struct con_mirror m;
	size_t unread_too;

	begin(&m);
	happens(&m, EV_ARRIVED, 3, 0, "");
	happens(&m, EV_SAID, 3, 1, "");
	is_claimed(&m, 3, "ann", "taken");
	con_mirror_watch(&m, con_mirror_find(&m, 3), true);
	CHECK_INT(counted(&m, &unread_too), 0);
	CHECK_INT(unread_too, 1);
	CHECK_INT(con_mirror_next(&m), 3);
	con_mirror_watch(&m, con_mirror_find(&m, 3), false);
	counted(&m, &unread_too);
	CHECK_INT(unread_too, 0);
	con_mirror_fini(&m);
}

static void
the_list_begins_with_ours_then_nobodys_then_colleagues(void)
{
	struct con_mirror m;
	const struct con_session **all;
	size_t n;

	begin(&m);
	for (uint64_t sid = 1; sid <= 4; sid++) {
		happens(&m, EV_ARRIVED, sid, 0, "");
		happens(&m, EV_SAID, sid, 1, "");
	}
	is_claimed(&m, 1, "ann", "taken");
	is_claimed(&m, 4, "lin", "taken");
	if (!CHECK((all = con_mirror_list(&m, &n)) != NULL))
		return;
	CHECK_INT(n, 4);
	CHECK_INT(all[0]->facts.sid, 4);
	CHECK_INT(all[1]->facts.sid, 2);
	CHECK_INT(all[2]->facts.sid, 3);
	CHECK_INT(all[3]->facts.sid, 1);
	free(all);
	con_mirror_fini(&m);
}

static void
a_colleagues_note_and_claim_are_seen_when_they_are_painted(void)
{
	struct con_mirror m;
	struct con_session *s;

	begin(&m);
	happens(&m, EV_ARRIVED, 3, 0, "");
	s = con_mirror_find(&m, 3);
	con_seen_row(con_mirror_seen(&m, s), 1);
	con_mirror_painted(&m, true, CON_SEEN_NS, 0);
	CHECK_INT(con_seen_upto(&s->seen, 1), 1);
	happens(&m, EV_NOTE, 3, 0, "ann");
	con_seen_row(con_mirror_seen(&m, s), 2);
	con_mirror_painted(&m, true, CON_SEEN_NS, 0);
	CHECK_INT(con_seen_upto(&s->seen, 1), 1);
	CHECK_INT(con_seen_upto(&s->seen, CON_SEEN_NS), 2);
	is_claimed(&m, 3, "ann", "taken");
	con_seen_row(con_mirror_seen(&m, s), 3);
	con_mirror_painted(&m, true, CON_SEEN_NS, CON_SEEN_NS);
	CHECK_INT(con_seen_upto(&s->seen, CON_SEEN_NS), 2);
	/* Our own is none of a colleague. */
	CHECK_INT(con_seen_upto(&s->seen, 2 * CON_SEEN_NS), 3);
	is_claimed(&m, 3, "lin", "stolen");
	con_seen_row(con_mirror_seen(&m, s), 4);
	con_mirror_painted(&m, true, CON_SEEN_NS, 2 * CON_SEEN_NS);
	CHECK_INT(con_seen_upto(&s->seen, 2 * CON_SEEN_NS), 4);
	con_mirror_fini(&m);
}

static void
what_was_left_while_nobody_was_on_duty_is_counted(void)
{
	struct con_mirror m;
	struct wire_frame f = wire_frame_of(WIRE_WELCOME);
	const struct ev_session s[] = { { .sid = 3,
					    .state = EV_STATE_LEFT,
					    .unattended = true,
					    .in = 2,
					    .unanswered = 2,
					    .waiting_at = { 4, 4000 } },
		{ .sid = 4,
		    .state = EV_STATE_WAITING,
		    .in = 1,
		    .unanswered = 1,
		    .waiting_at = { 1, 1000 } },
		{ .sid = 5,
		    .state = EV_STATE_WAITING,
		    .unattended = true,
		    .in = 1,
		    .unanswered = 1,
		    .waiting_at = { 2, 2000 } } };
	int64_t oldest_ms = 0;

	f.sessions = s;
	f.nsessions = 3;
	con_mirror_init(&m);
	CHECK_INT(con_mirror_unattended(&m, &oldest_ms), 0);
	CHECK_INT(con_mirror_welcome(&m, &f), 0);
	CHECK_INT(con_mirror_unattended(&m, &oldest_ms), 3);
	CHECK_INT(oldest_ms, 2000);
	con_mirror_fini(&m);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_session_is_what_its_events_add_up_to),
		T(an_event_counts_once),
		T(who_waits_longest_is_the_oldest),
		T(a_frame_that_was_long_on_its_way_does_not_set_the_clock_back),
		T(who_takes_nothing_does_so_until_the_desk_says_otherwise),
		T(the_end_of_a_replay_says_when_things_happened),
		T(who_has_said_nothing_yet_waits_too),
		T(next_takes_mine_before_strangers),
		T(another_operators_session_is_not_mine),
		T(a_closed_session_stays_while_it_is_looked_at),
		T(a_new_snapshot_closes_what_it_does_not_know),
		T(what_nobody_answered_before_we_came_is_unread),
		T(a_desk_that_knows_less_than_before_leaves_nothing_unread),
		T(what_was_painted_before_a_key_is_read_and_nothing_else),
		T(a_mark_of_the_desk_counts_whenever_it_comes_and_never_backwards),
		T(what_is_read_elsewhere_is_not_unread_when_it_is_said),
		T(a_reply_is_of_another_console_unless_it_has_our_key),
		T(who_is_gone_does_not_wait_but_is_taken_last),
		T(enter_alone_reaches_everybody_who_needs_an_answer),
		T(a_name_is_found_in_any_case_and_the_open_one_is_meant),
		T(who_is_off_the_desks_list_is_off_ours_and_counted),
		T(other_consoles_selections_are_known_until_they_end),
		T(a_replay_goes_on_from_what_is_known),
		T(a_session_is_found_by_number_or_by_the_start_of_one_name),
		T(names_are_harmless_and_fit),
		T(who_answered_is_harmless),
		T(the_list_begins_with_who_waits_longest),
		T(who_wrote_over_udp_last_comes_first_and_quit_takes_out),
		T(the_prompt_counts_each_session_once_whatever_happens),
		T(a_colleagues_customer_does_not_wait_for_us),
		T(the_prompt_knows_who_answers_the_selected_one),
		T(an_owner_of_the_welcome_is_known_by_the_name_of_the_desk),
		T(who_is_watched_counts_as_unread_and_not_as_waiting),
		T(the_list_begins_with_ours_then_nobodys_then_colleagues),
		T(a_colleagues_note_and_claim_are_seen_when_they_are_painted),
		T(what_was_left_while_nobody_was_on_duty_is_counted),
	};

	return t_main("mirror", cases, sizeof cases / sizeof cases[0]);
}
