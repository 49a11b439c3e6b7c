/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests what a console knows of the operators. */
#include "config.h"

#include <stdio.h>

#include "console/people.h"
#include "t.h"

static struct con_people people;

static void
happens(enum ev_kind kind, const char *who)
{
	struct ev_event ev = ev_event_of(kind);

	ev.who = who;
	con_people_event(&people, &ev);
}

static void
is_welcomed(bool replay)
{
	static const struct wire_person here[] = { { "ann", 2, false },
		{ "lin", 1, true } };
	struct wire_frame f = wire_frame_of(WIRE_WELCOME);

	f.people = here;
	f.npeople = 2;
	f.replay = replay;
	con_people_welcome(&people, &f);
}

static void
who_is_at_two_consoles_has_gone_when_both_have(void)
{
	is_welcomed(false);
	happens(EV_OFF, "ann");
	CHECK(con_people_find(&people, "ann") != NULL);
	happens(EV_OFF, "ann");
	CHECK(con_people_find(&people, "ann") == NULL);
	CHECK(con_people_find(&people, "lin") != NULL);
	happens(EV_ON, "wang");
	CHECK(con_people_find(&people, "wang") != NULL);
	happens(EV_OFF, "nobody");
	CHECK_INT(people.n, 2);
}

static void
who_is_away_is_so_until_it_is_back(void)
{
	is_welcomed(false);
	CHECK(con_people_is_away(&people, "lin"));
	happens(EV_BACK, "lin");
	CHECK(!con_people_is_away(&people, "lin"));
	happens(EV_AWAY, "ann");
	CHECK(con_people_is_away(&people, "ann"));
	CHECK(!con_people_is_away(&people, "nobody"));
}

static void
what_is_replayed_behind_a_welcome_is_known_already(void)
{
	static const struct wire_person now[] = { { "wang", 1, false } };
	struct wire_frame live = wire_frame_of(WIRE_LIVE);

	is_welcomed(true);
	happens(EV_ON, "ann");
	happens(EV_BACK, "lin");
	CHECK_INT(con_people_find(&people, "ann")->consoles, 2);
	CHECK(con_people_is_away(&people, "lin"));
	con_people_live(&people, &live);
	happens(EV_BACK, "lin");
	CHECK(!con_people_is_away(&people, "lin"));
	/* A desk that says it at the end is right. */
	live.people = now;
	live.npeople = 1;
	con_people_live(&people, &live);
	CHECK_INT(people.n, 1);
	CHECK(con_people_find(&people, "wang") != NULL);
}

static void
types(uint64_t n, const char *name, uint64_t sid, int64_t now_ms)
{
	struct wire_frame f = wire_frame_of(WIRE_TYPES);

	f.n = n;
	f.name = name;
	f.sid = sid;
	con_people_types(&people, &f, now_ms);
}

static void
replies(const char *who, uint64_t sid)
{
	struct ev_event ev = ev_event_of(EV_REPLY);

	ev.who = who;
	ev.sid = sid;
	con_people_event(&people, &ev);
}

static void
who_types_does_so_for_ten_seconds_or_until_it_says_otherwise(void)
{
	is_welcomed(false);
	types(7, "a\033n", 3, 1000);
	CHECK_INT(people.ntypers, 1);
	CHECK_STR(people.typers[0].name, "a_n");
	CHECK(con_typer_is_at(&people.typers[0], 3, 10999));
	CHECK(!con_typer_is_at(&people.typers[0], 3, 11000));
	CHECK(!con_typer_is_at(&people.typers[0], 5, 2000));
	types(7, "a\033n", 5, 2000);
	CHECK_INT(people.ntypers, 1);
	CHECK(con_typer_is_at(&people.typers[0], 5, 2000));
	types(7, "a\033n", 0, 3000);
	CHECK_INT(people.ntypers, 0);
	/* Its reply ends it, and no other's. */
	types(7, "ann", 3, 4000);
	types(8, "ann", 5, 4000);
	replies("ann", 3);
	replies("lin", 5);
	CHECK_INT(people.ntypers, 1);
	CHECK_INT(people.typers[0].sid, 5);
}

static void
watches(uint64_t n, const char *name, uint64_t sid, int64_t since_ms)
{
	struct wire_frame f = wire_frame_of(WIRE_JOINS);

	f.n = n;
	f.name = name;
	f.sid = sid;
	f.since_ms = since_ms;
	con_people_joins(&people, &f);
}

static void
a_console_may_watch_several_sessions(void)
{
	is_welcomed(false);
	watches(7, "ann", 3, 1000);
	watches(7, "ann", 5, 1000);
	watches(7, "ann", 5, 2000);
	CHECK_INT(people.nwatchers, 2);
	watches(7, "ann", 3, 0);
	CHECK_INT(people.nwatchers, 1);
	CHECK_INT(people.watchers[0].sid, 5);
	is_welcomed(true);
	CHECK_INT(people.nwatchers, 0);
}

static void
too_many_are_left_out(void)
{
	char name[16];

	is_welcomed(false);
	for (int i = 0; i < 2 * CON_PEOPLE_MAX; i++) {
		snprintf(name, sizeof name, "p%d", i);
		happens(EV_ON, name);
		types((uint64_t)i, name, 3, 0);
	}
	CHECK_INT(people.n, CON_PEOPLE_MAX);
	CHECK_INT(people.ntypers, CON_PEOPLE_MAX);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(who_is_at_two_consoles_has_gone_when_both_have),
		T(who_is_away_is_so_until_it_is_back),
		T(what_is_replayed_behind_a_welcome_is_known_already),
		T(who_types_does_so_for_ten_seconds_or_until_it_says_otherwise),
		T(a_console_may_watch_several_sessions),
		T(too_many_are_left_out),
	};

	return t_main("con_people", cases, sizeof cases / sizeof cases[0]);
}
