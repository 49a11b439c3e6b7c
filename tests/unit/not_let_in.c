/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests the table of who is not let in. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "service/bans.h"
#include "t.h"

#define NOON_MS   INT64_C(1796040000000) /* 2026-11-30 12:00 UTC */
#define STEADY_MS 5000

static struct svc_bans bans;

static struct desk_time
at(int64_t seconds)
{
	return (struct desk_time){ .ms = NOON_MS + 1000 * seconds,
		.steady_ms = STEADY_MS + 1000 * seconds };
}

/* An event of that second. */
static void
tell(enum ev_kind kind, const char *addr, uint64_t n, const char *why,
    int64_t seconds)
{
	struct ev_event ev = ev_event_of(kind);

	ev.t_ms = at(seconds).ms;
	ev.addr = addr;
	ev.n = n;
	ev.body = why;
	ev.len = strlen(why);
	svc_bans_event(&bans, &ev, at(seconds));
}

static bool
is_banned(const char *peer, int64_t seconds)
{
	struct sks_addr a;
	struct svc_ban ban;

	CHECK_INT(sks_addr_parse(peer, 4711, &a), 0);
	return svc_bans_find(&bans, &a, at(seconds).steady_ms, &ban);
}

static void
an_address_is_banned_for_its_time_and_no_other_is(void)
{
	svc_bans_init(&bans);
	CHECK(!is_banned("192.0.2.7", 0));
	tell(EV_BAN, "192.0.2.7", 60, "", 0);
	CHECK(is_banned("192.0.2.7", 0));
	CHECK(is_banned("192.0.2.7", 59));
	CHECK(!is_banned("192.0.2.7", 60));
	CHECK(!is_banned("192.0.2.8", 0));
	CHECK(!is_banned("[2001:db8::7]", 0));
	svc_bans_fini(&bans);
}

static void
a_network_is_banned_with_all_in_it(void)
{
	svc_bans_init(&bans);
	tell(EV_BAN, "192.0.2.0/25", 60, "", 0);
	tell(EV_BAN, "2001:db8::/48", 60, "", 0);
	CHECK(is_banned("192.0.2.127", 0));
	CHECK(!is_banned("192.0.2.128", 0));
	CHECK(is_banned("[2001:db8:0:ffff::1]", 0));
	CHECK(!is_banned("[2001:db8:1::1]", 0));
	CHECK(is_banned("[::ffff:192.0.2.1]", 0));
	svc_bans_fini(&bans);
}

static void
a_ban_that_is_taken_back_or_given_anew_is_the_last_that_was_said(void)
{
	svc_bans_init(&bans);
	tell(EV_BAN, "192.0.2.7", 60, "", 0);
	tell(EV_BAN, "192.0.2.7", 600, "", 0);
	CHECK(is_banned("192.0.2.7", 599));
	tell(EV_BAN, "192.0.2.7", 60, "", 0);
	CHECK(!is_banned("192.0.2.7", 61));
	tell(EV_UNBAN, "192.0.2.7", 0, "", 1);
	CHECK(!is_banned("192.0.2.7", 1));
	tell(EV_UNBAN, "192.0.2.9", 0, "", 1);
	tell(EV_BAN, "nonsense", 60, "", 1);
	tell(EV_SAID, "192.0.2.9", 60, "", 1);
	CHECK(!is_banned("192.0.2.9", 1));
	svc_bans_fini(&bans);
}

/* What was stored an hour ago has an hour less. */
static void
what_a_start_reads_ends_by_the_wall_clock(void)
{
	struct ev_event ev = ev_event_of(EV_BAN);

	svc_bans_init(&bans);
	ev.t_ms = NOON_MS - 3600 * 1000;
	ev.addr = "192.0.2.7";
	ev.n = 3660;
	svc_bans_event(&bans, &ev, at(0));
	CHECK(is_banned("192.0.2.7", 59));
	CHECK(!is_banned("192.0.2.7", 60));
	ev.n = 3600;
	svc_bans_event(&bans, &ev, at(0));
	CHECK(!is_banned("192.0.2.7", 0));
	svc_bans_fini(&bans);
}

static void
a_full_table_forgets_the_one_that_ends_first(void)
{
	char addr[EV_ADDR_SIZE];

	svc_bans_init(&bans);
	for (int i = 0; i <= SVC_BANS_MAX; i++) {
		snprintf(addr, sizeof addr, "10.0.%d.%d", i / 256, i % 256);
		tell(EV_BAN, addr, i == 500 ? 60 : 6000 + (uint64_t)i, "", 0);
	}
	CHECK_INT(bans.n, SVC_BANS_MAX);
	CHECK(is_banned("10.0.0.0", 0));
	CHECK(is_banned("10.0.4.0", 0));
	CHECK(!is_banned("10.0.1.244", 0));
	svc_bans_fini(&bans);
}

static void
one_is_told_until_when_and_why_in_one_row(void)
{
	struct svc_ban ban = { .ends_ms = NOON_MS + 600 * 1000 };
	char text[256];

	setenv("TZ", "UTC", 1);
	tzset();
	svc_ban_sentence(&ban, NOON_MS, text, sizeof text);
	CHECK_STR(text, "This desk does not take you until 12:10.");
	/* A minute that has begun is said as the next. */
	ban.ends_ms++;
	snprintf(ban.why, sizeof ban.why, "spam");
	svc_ban_sentence(&ban, NOON_MS, text, sizeof text);
	CHECK_STR(text, "This desk does not take you until 12:11: spam");
	ban.ends_ms = NOON_MS + INT64_C(86400) * 1000;
	svc_ban_sentence(&ban, NOON_MS, text, sizeof text);
	CHECK_STR(text,
	    "This desk does not take you until 2026-12-01 12:00: spam");
}

static void
what_an_operator_wrote_is_one_harmless_row(void)
{
	struct sks_addr a;
	struct svc_ban ban;

	svc_bans_init(&bans);
	tell(EV_BAN, "192.0.2.7", 60, "a\nb\x1b[2J", 0);
	CHECK_INT(sks_addr_parse("192.0.2.7:1", 0, &a), 0);
	CHECK(svc_bans_find(&bans, &a, STEADY_MS, &ban));
	for (const char *c = ban.why; *c != '\0'; c++)
		CHECK(*c >= ' ');
	CHECK(strstr(ban.why, "a\\nb") != NULL);
	svc_bans_fini(&bans);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(an_address_is_banned_for_its_time_and_no_other_is),
		T(a_network_is_banned_with_all_in_it),
		T(a_ban_that_is_taken_back_or_given_anew_is_the_last_that_was_said),
		T(what_a_start_reads_ends_by_the_wall_clock),
		T(a_full_table_forgets_the_one_that_ends_first),
		T(one_is_told_until_when_and_why_in_one_row),
		T(what_an_operator_wrote_is_one_harmless_row),
	};

	return t_main("not_let_in", cases, sizeof cases / sizeof cases[0]);
}
