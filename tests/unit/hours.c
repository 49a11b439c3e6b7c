/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When a desk is open: what may be written, and what it means at each minute of
 * a year, also in the nights in which the clock is set.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "desk/hours.h"
#include "tests/t.h"

#define BERLIN   "Europe/Berlin"
#define SHANGHAI "Asia/Shanghai"
#define NEW_YORK "America/New_York"

static void
in_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

/* Without its table a zone is UTC. */
static bool
has_zones(void)
{
	time_t t = 1780000000;
	struct tm tm;

	in_zone(BERLIN);
	if (localtime_r(&t, &tm) != NULL && tm.tm_gmtoff != 0)
		return true;
	t_skip("the system has no time zones");
	return false;
}

static struct desk_hours *
parsed(const char *text)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	struct desk_hours *h = NULL;

	CHECK_INT(desk_hours_parse(text, &h, &why), 0);
	CHECK_STR(dw_buf_str(&why), "");
	dw_buf_fini(&why);
	return h;
}

/* "2026-12-01 09:00" UTC. */
static int64_t
utc(const char *text)
{
	struct tm tm = { 0 };

	CHECK(strptime(text, "%Y-%m-%d %H:%M", &tm) != NULL);
	return (int64_t)timegm(&tm) * 1000;
}

static const char *
shown(int64_t ms)
{
	static char text[40];
	time_t t = (time_t)(ms / 1000);

	if (ms == 0)
		return "never";
	CHECK_INT(ms % 60000, 0);
	strftime(text, sizeof text, "%Y-%m-%d %H:%M", gmtime(&t));
	return text;
}

static void
check_open(const char *hours, const char *at, bool want)
{
	struct desk_hours *h = parsed(hours);

	t_check(T_AT, desk_hours_open(h, utc(at)) == want, at);
	desk_hours_free(h);
}

static void
check_next(const char *hours, const char *at, const char *want)
{
	struct desk_hours *h = parsed(hours);

	CHECK_STR(shown(desk_hours_next(h, utc(at))), want);
	desk_hours_free(h);
}

static void
check_wrong(const char *hours, const char *why)
{
	struct dw_buf got = DW_BUF_INITIALIZER;
	struct desk_hours *h;

	CHECK_INT(desk_hours_parse(hours, &h, &got), -EINVAL);
	CHECK_STR(dw_buf_str(&got), why);
	dw_buf_fini(&got);
}

/* ---- what is wrong ---- */

#define NO_DAY                                                            \
	"\" is no day: write mon, tue, wed, thu, fri, sat or sun, as in " \
	"mon-fri or mon,wed, or daily, open or closed"
#define NO_TIME                                                              \
	"\" is no time: write it as 09:00-12:30, with 24:00 for the end of " \
	"the day"
#define NO_DATE                                                       \
	"\" is no date: write it as 2026-12-25, and several days as " \
	"2026-12-24..2026-12-26"

static void
an_error_names_the_word_and_what_would_be_right(void)
{
	check_wrong("",
	    "they are empty: write daily 00:00-24:00 for a desk "
	    "that is always open");
	check_wrong("mo-fri 09:00-10:00", "\"mo-fri" NO_DAY);
	check_wrong("mon-fri 09:00-10:00; holidays", "\"holidays" NO_DAY);
	check_wrong("mon- 09:00-10:00", "\"mon-" NO_DAY);
	check_wrong("mon, tue 09:00-10:00", "\"mon," NO_DAY);
	check_wrong("mon;",
	    "a time is missing: write when it is open, as "
	    "09:00-12:30");
	check_wrong("open 2026-12-20",
	    "a time is missing: write when it is open, as 09:00-12:30");
	check_wrong("mon 9-12", "\"9-12" NO_TIME);
	check_wrong("mon 09:00-12:60", "\"09:00-12:60" NO_TIME);
	check_wrong("mon 09:00-24:01", "\"09:00-24:01" NO_TIME);
	check_wrong("mon 24:00-01:00", "\"24:00-01:00" NO_TIME);
	check_wrong("mon 09:00-12:00,", "\"" NO_TIME);
	check_wrong("mon 09:00-12:00,13:00", "\"13:00" NO_TIME);
	check_wrong("mon 09:00-12:00:00", "\"09:00-12:00:00" NO_TIME);
	check_wrong("mon 09:00-09:00",
	    "\"09:00-09:00\" ends where it begins: the whole day is "
	    "00:00-24:00");
	check_wrong("closed", "\"" NO_DATE);
	check_wrong("closed 25.12.2026", "\"25.12.2026" NO_DATE);
	check_wrong("closed 2026-02-29", "\"2026-02-29" NO_DATE);
	check_wrong("closed 2026-13-01", "\"2026-13-01" NO_DATE);
	check_wrong("closed 2026-12-24..26", "\"2026-12-24..26" NO_DATE);
	check_wrong("closed 2026-12-24..2026-12-23",
	    "\"2026-12-24..2026-12-23\" ends before it begins: the earlier "
	    "date comes first");
	check_wrong("mon 09:00-10:00 tue 09:00-10:00",
	    "\"tue\" does not belong there: a semicolon comes before other "
	    "days");
	check_wrong("closed 2026-12-25 09:00-10:00",
	    "\"09:00-10:00\" does not belong there: a semicolon comes before "
	    "other days");
}

static void
blanks_case_and_a_last_semicolon_do_not_matter(void)
{
	in_zone("UTC");
	check_open("  MON-Fri\t09:00-12:00 , 13:00-18:00 ;\n sat "
		   "10:00-14:00;",
	    "2026-11-30 13:00", true);
	check_open("closed 2024-02-29;daily 00:00-24:00", "2024-02-29 12:00",
	    false);
}

/* ---- what they mean ---- */

static void
a_range_counts_its_first_minute_and_not_its_last(void)
{
	in_zone("UTC");
	check_open("mon 09:00-12:30", "2026-11-30 08:59", false);
	check_open("mon 09:00-12:30", "2026-11-30 09:00", true);
	check_open("mon 09:00-12:30", "2026-11-30 12:29", true);
	check_open("mon 09:00-12:30", "2026-11-30 12:30", false);
	check_open("mon 09:00-12:30", "2026-12-01 10:00", false);
}

static void
a_range_may_end_on_the_next_day(void)
{
	in_zone("UTC");
	check_open("fri 22:00-06:00", "2026-12-04 21:59", false);
	check_open("fri 22:00-06:00", "2026-12-04 22:00", true);
	check_open("fri 22:00-06:00", "2026-12-05 05:59", true);
	check_open("fri 22:00-06:00", "2026-12-05 06:00", false);
	check_open("fri 22:00-06:00", "2026-12-05 22:00", false);
	check_open("sat-mon 22:00-06:00", "2026-12-08 05:00", true);
	check_open("sat-mon 22:00-06:00", "2026-12-08 22:00", false);
}

static void
a_date_counts_more_than_its_weekday_and_the_last_one_most(void)
{
	static const char hours[] =
	    "mon-fri 09:00-17:00; closed 2026-12-24..2026-12-26; "
	    "open 2026-12-20 10:00-12:00; open 2026-12-24 08:00-10:00";

	in_zone("UTC");
	check_open(hours, "2026-12-20 11:00", true); /* a Sunday */
	check_open(hours, "2026-12-25 11:00", false);
	check_open(hours, "2026-12-24 09:00", true);
	check_open(hours, "2026-12-24 10:00", false);
	check_open(hours, "2026-12-28 10:00", true);
	check_next(hours, "2026-12-24 10:00", "2026-12-28 09:00");
}

static void
a_closed_day_ends_the_night_before(void)
{
	static const char hours[] = "daily 22:00-06:00; closed 2026-12-25";

	in_zone("UTC");
	check_open(hours, "2026-12-24 23:59", true);
	check_open(hours, "2026-12-25 00:00", false);
	check_open(hours, "2026-12-25 23:00", false);
	check_open(hours, "2026-12-26 05:00", false);
	check_next(hours, "2026-12-24 23:00", "2026-12-26 22:00");
}

static void
what_is_always_open_or_never_opens_has_no_next(void)
{
	in_zone(BERLIN);
	check_next("daily 00:00-24:00", "2026-12-24 10:00", "never");
	check_next("closed 2026-12-25", "2026-12-24 10:00", "never");
	check_next("open 2028-01-01 10:00-11:00", "2026-12-24 10:00", "never");
}

static void
it_opens_next_after_that_moment(void)
{
	if (!has_zones())
		return;
	in_zone(SHANGHAI);
	check_next("mon-fri 09:00-12:00,13:00-18:00", "2026-12-04 00:59",
	    "2026-12-04 01:00");
	check_next("mon-fri 09:00-12:00,13:00-18:00", "2026-12-04 01:00",
	    "2026-12-04 05:00");
	check_next("mon-fri 09:00-12:00,13:00-18:00", "2026-12-04 05:00",
	    "2026-12-07 01:00");
	check_next("mon 00:00-24:00; tue 00:00-01:00", "2026-12-06 15:00",
	    "2026-12-06 16:00");
}

/* ---- the nights in which the clock is set ---- */

/* 2026-03-29: behind 01:59 comes 03:00, which is 01:00 UTC. */
static void
an_hour_that_a_spring_night_leaves_out_is_never_open(void)
{
	if (!has_zones())
		return;
	in_zone(BERLIN);
	check_open("sun 02:00-03:00", "2026-03-29 00:59", false);
	check_open("sun 02:00-03:00", "2026-03-29 01:00", false);
	check_open("sun 02:30-03:30", "2026-03-29 00:59", false);
	check_open("sun 02:30-03:30", "2026-03-29 01:00", true);
	check_open("sun 02:30-03:30", "2026-03-29 01:30", false);
	check_next("sun 02:00-03:00", "2026-03-28 12:00", "2026-04-05 00:00");
	check_next("sun 02:30-03:30", "2026-03-28 12:00", "2026-03-29 01:00");
	in_zone(NEW_YORK); /* 2026-03-08, at 07:00 UTC */
	check_next("sun 02:30-03:30", "2026-03-08 00:00", "2026-03-08 07:00");
	check_open("sun 01:00-03:00", "2026-03-08 06:59", true);
	check_open("sun 01:00-03:00", "2026-03-08 07:00", false);
}

/* 2026-10-25: behind 02:59 comes 02:00 once more, which is 01:00 UTC. */
static void
an_hour_that_an_autumn_night_has_twice_is_open_twice(void)
{
	if (!has_zones())
		return;
	in_zone(BERLIN);
	check_open("sun 02:00-03:00", "2026-10-24 23:59", false);
	check_open("sun 02:00-03:00", "2026-10-25 00:00", true);
	check_open("sun 02:00-03:00", "2026-10-25 01:59", true);
	check_open("sun 02:00-03:00", "2026-10-25 02:00", false);
	check_next("sun 02:30-03:00", "2026-10-25 00:00", "2026-10-25 00:30");
	check_next("sun 02:30-03:00", "2026-10-25 00:30", "2026-10-25 01:30");
	check_next("sun 02:30-03:00", "2026-10-25 01:30", "2026-11-01 01:30");
	in_zone(NEW_YORK); /* 2026-11-01, at 06:00 UTC */
	check_next("sun 01:30-02:00", "2026-11-01 00:00", "2026-11-01 05:30");
	check_next("sun 01:30-02:00", "2026-11-01 05:30", "2026-11-01 06:30");
	/* Behind 01:59 comes 01:00 again. */
	check_next("sun 01:00-01:15", "2026-11-01 05:00", "2026-11-01 06:00");
}

/* ---- each minute of a year ---- */

static int
minute_of(const struct tm *tm)
{
	return tm->tm_hour * 60 + tm->tm_min;
}

static bool
is_date(const struct tm *tm, int month, int day)
{
	return tm->tm_mon + 1 == month && tm->tm_mday == day;
}

static bool
in(int minute, int from, int to)
{
	return minute >= from && minute < to;
}

static bool
office(const struct tm *tm)
{
	int m = minute_of(tm);

	if (tm->tm_mon == 11 && tm->tm_mday >= 24 && tm->tm_mday <= 26)
		return false;
	if (is_date(tm, 12, 20))
		return in(m, 600, 720);
	if (tm->tm_wday == 6)
		return in(m, 600, 840);
	return tm->tm_wday != 0 && (in(m, 540, 750) || in(m, 810, 1080));
}

static bool
nights(const struct tm *tm)
{
	int m = minute_of(tm), wday = tm->tm_wday;

	return (wday == 0 || wday >= 5 ? m >= 1350 : false) ||
	    (wday <= 1 || wday == 6 ? m < 150 : false);
}

static bool
small_hours(const struct tm *tm)
{
	return in(minute_of(tm), 75, 135) || in(minute_of(tm), 165, 195);
}

static bool
always(const struct tm *tm)
{
	(void)tm;
	return true;
}

#define YEAR_MIN 525600

static void
check_year(const char *zone, const char *text, bool (*is)(const struct tm *))
{
	struct desk_hours *h = parsed(text);
	int64_t from, next = 0;
	bool *open = malloc(YEAR_MIN);

	in_zone(zone);
	from = utc("2026-01-01 00:00");
	for (int i = 0; i < YEAR_MIN; i++) {
		time_t t = (time_t)(from / 1000 + i * 60);
		struct tm tm;

		localtime_r(&t, &tm);
		open[i] = is(&tm);
		if (desk_hours_open(h, from + i * INT64_C(60000)) != open[i])
			CHECK_STR(shown(from + i * INT64_C(60000)), zone);
	}
	for (int i = YEAR_MIN - 1; i > 0; i--) {
		bool opens = open[i] && !open[i - 1];

		/* Just before and at each change, and at some others. */
		if (next != 0 &&
		    (opens || open[i] != open[i - 1] || i % 89 == 0))
			CHECK_INT(desk_hours_next(h, from + i * INT64_C(60000)),
			    next);
		if (!opens)
			continue;
		next = from + i * INT64_C(60000);
		CHECK_INT(desk_hours_next(h, next - 1), next);
	}
	free(open);
	desk_hours_free(h);
}

static void
they_are_what_a_count_of_all_minutes_says(void)
{
	static const char *const zones[] = { BERLIN, SHANGHAI, NEW_YORK,
		"Australia/Lord_Howe" };

	if (!has_zones())
		return;
	for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
		check_year(zones[i],
		    "mon-fri 09:00-12:30,13:30-18:00; sat 10:00-14:00; "
		    "closed 2026-12-25; closed 2026-12-24..2026-12-26; "
		    "open 2026-12-20 10:00-12:00",
		    office);
		check_year(zones[i], "fri-sun 22:30-02:30", nights);
		check_year(zones[i],
		    "mon,wed,fri 01:15-02:15; daily 02:45-03:15; sat-sun "
		    "01:15-02:15; tue,thu 01:15-02:15",
		    small_hours);
		check_year(zones[i], "daily 00:00-24:00", always);
	}
}

/* ---- a time of day ---- */

static void
check_at(const char *text, const char *after, const char *want)
{
	CHECK_STR(shown(desk_hours_at(text, utc(after))), want);
}

static void
a_time_of_day_is_the_next_moment_at_which_the_clock_shows_it(void)
{
	static const char *const wrong[] = { "", "18", "9:00", "18:60", "24:01",
		"18:00 ", " 18:00", "-1:00" };

	if (!has_zones())
		return;
	in_zone(SHANGHAI);
	check_at("18:00", "2026-12-01 09:59", "2026-12-01 10:00");
	check_at("18:00", "2026-12-01 10:00", "2026-12-02 10:00");
	check_at("24:00", "2026-12-01 09:59", "2026-12-01 16:00");
	in_zone(BERLIN);
	check_at("02:30", "2026-03-28 12:00", "2026-03-30 00:30");
	check_at("03:00", "2026-03-28 12:00", "2026-03-29 01:00");
	check_at("02:30", "2026-10-24 12:00", "2026-10-25 00:30");
	check_at("02:30", "2026-10-25 00:30", "2026-10-25 01:30");
	check_at("02:30", "2026-10-25 01:30", "2026-10-26 01:30");
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		CHECK_INT(desk_hours_at(wrong[i], 0), 0);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(an_error_names_the_word_and_what_would_be_right),
		T(blanks_case_and_a_last_semicolon_do_not_matter),
		T(a_range_counts_its_first_minute_and_not_its_last),
		T(a_range_may_end_on_the_next_day),
		T(a_date_counts_more_than_its_weekday_and_the_last_one_most),
		T(a_closed_day_ends_the_night_before),
		T(what_is_always_open_or_never_opens_has_no_next),
		T(it_opens_next_after_that_moment),
		T(an_hour_that_a_spring_night_leaves_out_is_never_open),
		T(an_hour_that_an_autumn_night_has_twice_is_open_twice),
		T(they_are_what_a_count_of_all_minutes_says),
		T(a_time_of_day_is_the_next_moment_at_which_the_clock_shows_it),
	};

	return t_main("hours", cases, sizeof cases / sizeof cases[0]);
}
