/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is banned, by whom, and until when.
 */
#include "config.h"

#include "queue_rig.h"

static char answer[4096];

/* What the answer to this is. */
static const char *
asked(const char *text)
{
	command_by(&lin, text);
	desk_settle(desk, now);
	desk_publish(desk, &sink, NULL, now);
	/* The answer's text has gone with the round. */
	snprintf(answer, sizeof answer, "%s", dw_buf_str(&happened));
	dw_buf_reset(&happened);
	return answer;
}

static void
replayed(enum ev_kind kind, const char *addr, uint64_t n, const char *why)
{
	struct ev_event ev = ev_event_of(kind);

	ev.seq = 1;
	ev.t_ms = INT64_C(1796000000000);
	ev.addr = addr;
	ev.who = why[0] == '\0' ? "ann" : "";
	ev.n = n;
	ev.why = why;
	CHECK_INT(desk_replay(desk, &ev), 0);
}

/* ---- networks ---- */

static void
check_net(const char *text, const char *want)
{
	struct desk_net net, again;
	char got[DESK_NET_SIZE] = "";

	if (desk_net_parse(&net, text))
		desk_net_format(&net, got);
	CHECK_STR(got, want);
	/* The journal has it as text. */
	if (got[0] != '\0')
		CHECK(desk_net_parse(&again, got) && desk_net_is(&again, &net));
}

static void
an_address_is_known_in_whatever_form_it_is_written(void)
{
	check_net("192.0.2.7", "192.0.2.7");
	check_net("192.0.2.7/24", "192.0.2.0/24");
	check_net("192.0.2.255/25", "192.0.2.128/25");
	check_net("192.0.2.7/32", "192.0.2.7");
	check_net("::ffff:192.0.2.7", "192.0.2.7");
	check_net("2001:db8:0:0:1::5", "2001:db8::/64");
	check_net("2001:db8:1:2:3::5/48", "2001:db8:1::/48");
	check_net("2001:DB8::5/128", "2001:db8::5/128");
	check_net("::1", "::1");
	check_net("127.0.0.1", "127.0.0.1");
	check_net("192.0.2.7/33", "");
	check_net("192.0.2.7/", "");
	check_net("192.0.2", "");
	check_net("2001:db8::/129", "");
	check_net("example.org", "");
	check_net("", "");
}

static void
check_has(const char *text, const char *addr, bool want)
{
	struct desk_net net, peer;

	CHECK(desk_net_parse(&net, text));
	CHECK(desk_net_of_peer(&peer, addr));
	t_check(T_AT, desk_net_has(&net, &peer) == want, addr);
}

static void
a_network_has_its_addresses_and_this_machine_only_by_name(void)
{
	check_has("192.0.2.7", "192.0.2.7:4711", true);
	check_has("192.0.2.7", "192.0.2.8:4711", false);
	check_has("192.0.2.0/24", "192.0.2.255:1", true);
	check_has("192.0.2.0/24", "192.0.3.0:1", false);
	check_has("192.0.2.0/24", "[::ffff:192.0.2.7]:1", true);
	check_has("::ffff:192.0.2.7", "192.0.2.7:1", true);
	check_has("2001:db8::1", "[2001:db8::2]:1", true);
	check_has("2001:db8::1", "[2001:db8:0:1::2]:1", false);
	check_has("2001:db8::1/128", "[2001:db8::2]:1", false);
	check_has("fe80::1", "[fe80::9%eth0]:1", true);
	check_has("127.0.0.1", "127.0.0.1:1", true);
	check_has("127.0.0.0/8", "127.0.0.1:1", true);
	check_has("126.0.0.0/7", "127.0.0.1:1", false);
	check_has("::1", "[::1]:1", true);
	check_has("::/16", "[::1]:1", false);
	check_has("192.0.2.7", "[2001:db8::2]:1", false);
}

/* ---- by an operator ---- */

static void
who_is_connected_from_there_is_thrown_out_and_told_why(void)
{
	begin();
	come(1, 3);
	open_conn(4, EV_MODE_LINE);
	round_is_over();
	CHECK_STR(asked("ban 192.0.2.2/31 2h spam"),
	    "ban 0 lin; closed 2 lin (banned); "
	    "2<You are banned from this desk: spam.; 2 end; "
	    "closed 3 lin (banned); "
	    "3<You are banned from this desk: spam.; 3 end; "
	    "ok<192.0.2.2/31 is banned for 2 h 00 min; 2 conversations "
	    "ended; ");
	finish();
}

static void
who_has_not_said_anything_yet_is_thrown_out_too(void)
{
	begin();
	open_conn(1, EV_MODE_LINE);
	round_is_over();
	CHECK_STR(asked("ban 192.0.2.1 10m"),
	    "ban 0 lin; 1<You are banned from this desk.; 1 end; "
	    "ok<192.0.2.1 is banned for 10 min; 1 conversation ended; ");
	finish();
}

static void
a_session_is_banned_by_its_address(void)
{
	begin();
	come(1, 1);
	CHECK_STR(asked("ban 1 7d"),
	    "ban 0 lin; closed 1 lin (banned); "
	    "1<You are banned from this desk.; 1 end; "
	    "ok<192.0.2.1 is banned for 168 h 00 min; 1 conversation ended; ");
	CHECK_STR(asked("ban 1 7d"), "closed; ");
	CHECK_STR(asked("ban 9 7d"), "unknown; ");
	finish();
}

#define CROWD 1500

/* Whatever comes in, the others do not wait for so many. */
static void
no_round_ends_more_than_a_thousand(void)
{
	struct desk_conn *crowd = calloc(CROWD, sizeof *crowd);
	struct desk_request rq = { .rq = DESK_RQ_OPENED, .mode = EV_MODE_LINE };

	begin();
	for (int i = 0; i < CROWD; i++) {
		desk_conn_init(&crowd[i], "198.51.100.1:1");
		rq.conn = &crowd[i];
		ask(rq);
	}
	round_is_over();
	asked("ban 198.51.100.1 10m");
	CHECK_STR(last_text,
	    "198.51.100.1 is banned for 10 min; 1000 conversations ended, and "
	    "there are more: say it again");
	asked("ban 198.51.100.1 10m");
	CHECK_STR(last_text,
	    "198.51.100.1 is banned for 10 min; 500 conversations ended");
	finish();
	free(crowd);
}

/* Through a relay on this machine everybody comes from here. */
static void
this_machine_is_banned_only_when_it_is_named(void)
{
	begin();
	desk_conn_init(&conns[1], "127.0.0.1:4711");
	come(1, 1);
	CHECK_STR(asked("ban 1 7d"), "usage; ");
	CHECK_STR(asked("ban 127.0.0.1 1m"),
	    "ban 0 lin; closed 1 lin (banned); "
	    "1<You are banned from this desk.; 1 end; "
	    "ok<127.0.0.1 is banned for 1 min; 1 conversation ended; ");
	finish();
}

static void
what_makes_no_sense_is_refused(void)
{
	static const char *const texts[] = { "ban", "ban 192.0.2.1",
		"ban 192.0.2.1 10", "ban 192.0.2.1 0m", "ban 192.0.2.1 366d",
		"ban 192.0.2.1 m", "ban 192.0.2.1 18446744073709551676s",
		"ban 192.0.2.1 +3m", "ban 192.0.2.1:4711 10m",
		"ban fe80::1%eth0 10m", "ban 99999999999999999999 10m",
		"ban example.org 10m", "ban 0.0.0.0/0 10m",
		"ban 192.0.0.0/7 10m", "ban ::/15 10m", "unban",
		"unban example.org", "bans all" };

	begin();
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		CHECK_STR(asked(texts[i]), "usage; ");
	CHECK_STR(asked("unban 192.0.2.1"), "unknown; ");
	lin.role = EV_ROLE_OPERATOR;
	CHECK_STR(asked("ban 192.0.2.1 10m"), "denied; ");
	CHECK_STR(asked("unban 192.0.2.1"), "denied; ");
	CHECK_STR(asked("bans"), "ok<nobody is banned; ");
	finish();
}

static void
bans_are_listed_with_the_time_that_is_left_until_they_end(void)
{
	begin();
	asked("ban 192.0.2.1 10m spam and more");
	pass_ms(1000);
	asked("ban 2001:db8::1 90s");
	pass_ms(29000);
	CHECK_STR(asked("bans"),
	    "ok<192.0.2.1 for 9 min more, by lin: spam and more\n"
	    "2001:db8::/64 for 1 min more, by lin; ");
	pass_ms(61000 - 1);
	CHECK_STR(asked("bans"),
	    "ok<192.0.2.1 for 8 min more, by lin: spam and more\n"
	    "2001:db8::/64 for 0 s more, by lin; ");
	pass_ms(1);
	CHECK_STR(asked("bans"),
	    "ok<192.0.2.1 for 8 min more, by lin: spam and more; ");
	CHECK_STR(asked("unban 192.0.2.1"), "unban 0 lin; ok; ");
	CHECK_STR(asked("bans"), "ok<nobody is banned; ");
	finish();
}

static void
a_second_ban_takes_the_place_of_the_first(void)
{
	begin();
	asked("ban 192.0.2.1 10m a");
	asked("ban 192.0.2.1 2h b");
	CHECK_STR(asked("bans"),
	    "ok<192.0.2.1 for 2 h 00 min more, by lin: b; ");
	finish();
}

static void
who_comes_between_the_ban_and_the_door_is_sent_away(void)
{
	begin();
	asked("ban 192.0.2.1 10m");
	open_conn(1, EV_MODE_LINE);
	stored("1<You are banned from this desk.; 1 end; ok; ");
	open_conn(2, EV_MODE_LINE);
	round_is_over();
	pass_ms(600000);
	desk_conn_init(&conns[3], "192.0.2.1:4712");
	open_conn(3, EV_MODE_LINE);
	stored("3<Welcome to us.\nYou are number 1 in line. Write your "
	       "question.\nType /help for help, /quit to leave.; ok; 1 cut; ");
	finish();
}

static void
a_ban_that_is_not_stored_is_none(void)
{
	begin();
	come(1, 1);
	asked("ban 198.51.100.1 10m");
	command_by(&lin, "ban 1 10m");
	command_by(&lin, "unban 198.51.100.1");
	not_stored("not-stored; not-stored; ");
	later(1);
	CHECK_STR(asked("bans"), "ok<198.51.100.1 for 9 min more, by lin; ");
	command_by(&lin, "ban 1 10m");
	desk_settle(desk, now);
	desk_retract(desk);
	CHECK_STR(asked("bans"), "ok<198.51.100.1 for 9 min more, by lin; ");
	say_text(1, "still here");
	stored("said 1; ok; ");
	finish();
}

static void
bans_survive_a_restart_and_end_by_the_clock_on_the_wall(void)
{
	begin_empty();
	desk_free(desk);
	CHECK_INT(desk_new(&config, &desk), 0);
	replayed(EV_BAN, "192.0.2.1", 3600, "");
	replayed(EV_BAN, "192.0.2.2", 3600, "");
	replayed(EV_BAN, "192.0.2.3", 60, EV_WHY_FLOOD);
	replayed(EV_BAN, "192.0.2.4", 61, EV_WHY_FLOOD);
	replayed(EV_UNBAN, "192.0.2.1", 0, "");
	replayed(EV_BAN, "", 3600, ""); /* erased */
	now.ms = INT64_C(1796000000000) + 60000;
	desk_begin(desk, 5, 0, now);
	CHECK_STR(asked("bans"),
	    "ok<192.0.2.2 for 59 min more, by ann\n"
	    "192.0.2.4 for 1 s more, by the desk: it wrote too fast; ");
	finish();
}

static void
one_ipv6_address_alone_stays_banned_alone_over_a_restart(void)
{
	begin();
	asked("ban 2001:db8::5/128 10m");
	CHECK_STR(asked("unban 2001:db8::5"), "unknown; ");
	finish();
	begin_empty();
	desk_free(desk);
	CHECK_INT(desk_new(&config, &desk), 0);
	replayed(EV_BAN, "2001:db8::5/128", 3600, "");
	desk_begin(desk, 1, 0, now);
	CHECK_STR(asked("bans"),
	    "ok<2001:db8::5/128 for 1 h 00 min more, by ann; ");
	CHECK_STR(asked("unban 2001:db8::5/128"), "unban 0 lin; ok; ");
	finish();
}

static void
count_ban(void *arg, const struct desk_ban *ban)
{
	CHECK(strcmp(ban->addr, "10.0.0.5") != 0);
	++*(int *)arg;
}

static void
when_there_are_too_many_the_first_to_end_goes(void)
{
	char addr[32];
	int n = 0;

	begin_empty();
	for (int i = 0; i < 1001; i++) {
		snprintf(addr, sizeof addr, "10.0.%d.%d", i / 256, i % 256);
		replayed(EV_BAN, addr, i == 5 ? 1000 : 2000, "");
	}
	desk_each_ban(desk, count_ban, &n);
	CHECK_INT(n, 1000);
	finish();
}

/* ---- floods ---- */

/* Customer 1 floods, and comes again. */
static void
flood(const char *want)
{
	uint64_t sid;
	char row[200];

	come(1, 1);
	sid = conns[1].sid;
	ask((struct desk_request){ .rq = DESK_RQ_STALLED,
	    .conn = &conns[1],
	    .why = EV_WHY_FLOOD });
	leave(1, "left");
	desk_settle(desk, now);
	desk_publish(desk, &sink, NULL, now);
	desk_settle(desk, now);
	desk_publish(desk, &sink, NULL, now);
	snprintf(row, sizeof row, "1 cut; ok; ok; gone %" PRIu64 " (flood); %s",
	    sid, want);
	CHECK_STR(dw_buf_str(&happened), row);
	dw_buf_reset(&happened);
	desk_turn_fini(&conns[1].turn);
	desk_conn_init(&conns[1], "192.0.2.1:4711");
}

#define HOUR_MS 3600000

static void
floods_ban_for_a_time_that_grows_up_to_the_limit(void)
{
	begin();
	flood("");
	pass_ms(HOUR_MS);
	flood("ban 0 (flood); ");
	CHECK_STR(asked("bans"),
	    "ok<192.0.2.1 for 1 min more, by the desk: it wrote too fast; ");
	pass_ms(60000);
	flood("ban 0 (flood); ");
	CHECK_STR(asked("bans"),
	    "ok<192.0.2.1 for 4 min more, by the desk: it wrote too fast; ");
	pass_ms(24 * HOUR_MS);
	flood("ban 0 (flood); ");
	CHECK_STR(asked("bans"),
	    "ok<192.0.2.1 for 16 min more, by the desk: it wrote too fast; ");
	pass_ms(HOUR_MS);
	flood("ban 0 (flood); ");
	CHECK_STR(asked("bans"),
	    "ok<192.0.2.1 for 1 h 00 min more, by the desk: it wrote too "
	    "fast; ");
	/* After a day without one it begins anew. */
	pass_ms(24 * HOUR_MS + 1);
	flood("");
	finish();
}

static void
two_floods_with_more_than_an_hour_between_ban_nobody(void)
{
	begin();
	flood("");
	pass_ms(HOUR_MS + 1);
	flood("");
	pass_ms(HOUR_MS + 1);
	flood("");
	finish();
}

static void
a_ban_for_floods_that_is_not_stored_is_tried_again(void)
{
	begin();
	flood("");
	come(1, 1);
	ask((struct desk_request){ .rq = DESK_RQ_STALLED,
	    .conn = &conns[1],
	    .why = EV_WHY_FLOOD });
	leave(1, "left");
	stored("1 cut; ok; ok; gone 2 (flood); ");
	CHECK(desk_deadline(desk) <= now.ns);
	not_stored("");
	later(1);
	CHECK(desk_deadline(desk) <= now.ns);
	stored("ban 0 (flood); ");
	CHECK(desk_deadline(desk) > now.ns);
	finish();
}

static void
a_ban_for_floods_shortens_none_of_an_operator(void)
{
	begin();
	flood("");
	come(1, 1);
	ask((struct desk_request){ .rq = DESK_RQ_STALLED,
	    .conn = &conns[1],
	    .why = EV_WHY_FLOOD });
	leave(1, "left");
	stored("1 cut; ok; ok; gone 2 (flood); ");
	CHECK_STR(asked("ban 192.0.2.1 7d"),
	    "ban 0 lin; "
	    "ok<192.0.2.1 is banned for 168 h 00 min; 0 conversations "
	    "ended; ");
	CHECK(desk_deadline(desk) > now.ns);
	CHECK_STR(asked("bans"),
	    "ok<192.0.2.1 for 168 h 00 min more, by lin; ");
	finish();
}

static void
this_machine_is_not_banned_for_floods_unless_somebody_wants_it(void)
{
	for (int i = 0; i < 2; i++) {
		begin();
		config.bans_loopback = i == 1;
		for (int n = 0; n < 2; n++) {
			desk_conn_init(&conns[1], "127.0.0.1:4711");
			come(1, 1);
			ask((struct desk_request){ .rq = DESK_RQ_STALLED,
			    .conn = &conns[1],
			    .why = EV_WHY_FLOOD });
			leave(1, "left");
			round_is_over();
			stored(n == 1 && i == 1 ? "ban 0 (flood); " : "");
			desk_turn_fini(&conns[1].turn);
			desk_conn_init(&conns[1], "127.0.0.1:4711");
		}
		finish();
	}
	config.bans_loopback = false;
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(an_address_is_known_in_whatever_form_it_is_written),
		T(a_network_has_its_addresses_and_this_machine_only_by_name),
		T(who_is_connected_from_there_is_thrown_out_and_told_why),
		T(who_has_not_said_anything_yet_is_thrown_out_too),
		T(a_session_is_banned_by_its_address),
		T(no_round_ends_more_than_a_thousand),
		T(this_machine_is_banned_only_when_it_is_named),
		T(what_makes_no_sense_is_refused),
		T(bans_are_listed_with_the_time_that_is_left_until_they_end),
		T(a_second_ban_takes_the_place_of_the_first),
		T(who_comes_between_the_ban_and_the_door_is_sent_away),
		T(a_ban_that_is_not_stored_is_none),
		T(bans_survive_a_restart_and_end_by_the_clock_on_the_wall),
		T(one_ipv6_address_alone_stays_banned_alone_over_a_restart),
		T(when_there_are_too_many_the_first_to_end_goes),
		T(floods_ban_for_a_time_that_grows_up_to_the_limit),
		T(two_floods_with_more_than_an_hour_between_ban_nobody),
		T(a_ban_for_floods_that_is_not_stored_is_tried_again),
		T(a_ban_for_floods_shortens_none_of_an_operator),
		T(this_machine_is_not_banned_for_floods_unless_somebody_wants_it),
	};

	return t_main("bans", cases, sizeof cases / sizeof cases[0]);
}
