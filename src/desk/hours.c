/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When a desk is open.  What counts is what the clock on its wall shows: an
 * hour that a spring night leaves out is never open, and one that an autumn
 * night has twice is open twice.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/i18n.h"
#include "desk/hours.h"

#define DAY_MIN   (24 * 60)
#define DAY_S     INT64_C(86400)
#define HOUR_S    3600
#define ALL_DAYS  0x7fu
#define YEAR_DAYS 366
#define SPANS_MAX 1000

/*
 * One range of minutes on some days: on these days of the week, or, when it is
 * of a date, from the first to the last one (days since 1970).  From `to` on it
 * is over; one that ends before it begins ends on the next day.  A closed date
 * has neither.
 */
struct span {
	unsigned entry; /* of the text: of several for a date the last counts */
	bool dated;
	unsigned days; /* 1 << tm_wday */
	int64_t first, last;
	int from, to;
};

struct desk_hours {
	struct span *all;
	size_t n, cap;
};

/* ---- reading them ---- */

struct parser {
	const char *at;
	unsigned entry;
	struct desk_hours *h;
	struct dw_buf *why;
};

static const char *const day_names[] = { "sun", "mon", "tue", "wed", "thu",
	"fri", "sat" };

static size_t
word_length(const char *s)
{
	return strcspn(s, " \t\n;");
}

static void
skip_blanks(struct parser *p)
{
	p->at += strspn(p->at, " \t\n");
}

/* text: "%.*s is no time …", about the word at s. */
#define WRONG(p, text, s, len) \
	(dw_buf_addf((p)->why, text, (int)(len), s), -EINVAL)

/* Exactly so many digits. */
static bool
digits(const char **s, int count, int *out)
{
	*out = 0;
	for (; count > 0; count--, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		*out = *out * 10 + (**s - '0');
	}
	return true;
}

static bool
parse_time(const char **s, int *minute)
{
	int hour, min;

	if (!digits(s, 2, &hour) || *(*s)++ != ':' || !digits(s, 2, &min))
		return false;
	*minute = hour * 60 + min;
	return min < 60 && *minute <= DAY_MIN;
}

/* Days since 1970 of the calendar that everybody uses. */
static int64_t
day_number(int64_t year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year =
	    (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	    of_year - 719468;
}

static bool
parse_date(const char **s, int64_t *out)
{
	int year, month, day, next_month;

	if (!digits(s, 4, &year) || *(*s)++ != '-' || !digits(s, 2, &month) ||
	    *(*s)++ != '-' || !digits(s, 2, &day))
		return false;
	if (year < 1970 || month < 1 || month > 12 || day < 1)
		return false;
	*out = day_number(year, month, day);
	next_month = month % 12 + 1;
	return *out < day_number(year + (month == 12), next_month, 1);
}

static int
parse_dates(struct parser *p, struct span *span)
{
	const char *s = p->at, *end = p->at + word_length(p->at);
	bool ok = parse_date(&s, &span->first);

	span->dated = true;
	span->last = span->first;
	if (ok && s < end) {
		ok = strncmp(s, "..", 2) == 0;
		s += 2;
		ok = ok && parse_date(&s, &span->last);
	}
	if (!ok || s != end)
		return WRONG(p,
		    _("\"%.*s\" is no date: write it as 2026-12-25, and several "
		      "days as 2026-12-24..2026-12-26"),
		    p->at, (size_t)(end - p->at));
	if (span->last < span->first)
		return WRONG(p,
		    _("\"%.*s\" ends before it begins: the earlier date comes "
		      "first"),
		    p->at, (size_t)(end - p->at));
	p->at = end;
	return 0;
}

static bool
parse_day(const char **s, int *day)
{
	for (*day = 0; *day < 7; (*day)++)
		if (strncasecmp(*s, day_names[*day], 3) == 0) {
			*s += 3;
			return true;
		}
	return false;
}

/* "mon-fri" or "sat"; a week goes round, so that "sat-mon" is three days. */
static bool
parse_day_range(const char **s, unsigned *days)
{
	int from, to;

	if (!parse_day(s, &from))
		return false;
	to = from;
	if (**s == '-') {
		(*s)++;
		if (!parse_day(s, &to))
			return false;
	}
	for (int day = from;; day = (day + 1) % 7) {
		*days |= 1u << day;
		if (day == to)
			return true;
	}
}

static bool
is_word(const char *s, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(s, word, len) == 0;
}

static int
parse_days(struct parser *p, struct span *span)
{
	size_t len = word_length(p->at);
	const char *s = p->at, *end = p->at + len;
	bool ok;

	if (is_word(s, len, "daily")) {
		span->days = ALL_DAYS;
		p->at = end;
		return 0;
	}
	while ((ok = parse_day_range(&s, &span->days)) && *s == ',')
		s++;
	if (!ok || s != end)
		return WRONG(p,
		    _("\"%.*s\" is no day: write mon, tue, wed, thu, fri, sat or "
		      "sun, as in mon-fri or mon,wed, or daily, open or "
		      "closed"),
		    p->at, len);
	p->at = end;
	return 0;
}

static int
add_span(struct parser *p, const struct span *span)
{
	struct desk_hours *h = p->h;
	struct span *grown;

	if (h->n == SPANS_MAX) {
		dw_buf_addf(p->why, _("there are more than %d of them"),
		    SPANS_MAX);
		return -EINVAL;
	}
	if (h->n == h->cap) {
		h->cap = h->cap != 0 ? 2 * h->cap : 8;
		grown = realloc(h->all, h->cap * sizeof *h->all);
		if (grown == NULL)
			return -ENOMEM;
		h->all = grown;
	}
	h->all[h->n] = *span;
	h->all[h->n++].entry = p->entry;
	return 0;
}

static int
parse_range(struct parser *p, struct span *span)
{
	const char *s = p->at;
	size_t len = strcspn(s, ", \t\n;");
	bool ok = parse_time(&s, &span->from) && *s++ == '-' &&
	    parse_time(&s, &span->to);

	if (!ok || s != p->at + len || span->from == DAY_MIN)
		return WRONG(p,
		    _("\"%.*s\" is no time: write it as 09:00-12:30, with 24:00 "
		      "for the end of the day"),
		    p->at, len);
	if (span->from == span->to)
		return WRONG(p,
		    _("\"%.*s\" ends where it begins: the whole day is "
		      "00:00-24:00"),
		    p->at, len);
	p->at += len;
	return add_span(p, span);
}

/* "09:00-12:30,13:30-18:00", to the end of the entry. */
static int
parse_ranges(struct parser *p, struct span *span)
{
	int r;

	skip_blanks(p);
	if (*p->at == '\0' || *p->at == ';') {
		dw_buf_adds(p->why,
		    _("a time is missing: write when it is open, as "
		      "09:00-12:30"));
		return -EINVAL;
	}
	for (;;) {
		if ((r = parse_range(p, span)) < 0)
			return r;
		skip_blanks(p);
		if (*p->at != ',')
			return 0;
		p->at++;
		skip_blanks(p);
	}
}

static int
parse_entry(struct parser *p)
{
	struct span span = { 0 };
	size_t len = word_length(p->at);
	bool closed = is_word(p->at, len, "closed");
	int r;

	if (closed || is_word(p->at, len, "open")) {
		p->at += len;
		skip_blanks(p);
		r = parse_dates(p, &span);
	} else {
		r = parse_days(p, &span);
	}
	if (r < 0)
		return r;
	return closed ? add_span(p, &span) : parse_ranges(p, &span);
}

static int
parse(struct parser *p)
{
	int r;

	for (skip_blanks(p); *p->at != '\0'; skip_blanks(p)) {
		p->entry++;
		if ((r = parse_entry(p)) < 0)
			return r;
		skip_blanks(p);
		if (*p->at == '\0')
			break;
		if (*p->at != ';')
			return WRONG(p,
			    _("\"%.*s\" does not belong there: a semicolon comes "
			      "before other days"),
			    p->at, word_length(p->at));
		p->at++;
	}
	if (p->h->n > 0)
		return 0;
	dw_buf_adds(p->why,
	    _("they are empty: write daily 00:00-24:00 for a desk that is "
	      "always open"));
	return -EINVAL;
}

int
desk_hours_parse(const char *text, struct desk_hours **out, struct dw_buf *why)
{
	struct parser p = { .at = text, .why = why };
	int r;

	if ((p.h = calloc(1, sizeof *p.h)) == NULL)
		return -ENOMEM;
	if ((r = parse(&p)) < 0)
		desk_hours_free(p.h);
	else
		*out = p.h;
	return r;
}

void
desk_hours_free(struct desk_hours *h)
{
	if (h == NULL)
		return;
	free(h->all);
	free(h);
}

/* ---- what they say ---- */

/* The last entry that is about this date; 0: only its day of the week
 * counts. */
static unsigned
dated_entry(const struct desk_hours *h, int64_t day)
{
	for (size_t i = h->n; i > 0; i--) {
		const struct span *s = &h->all[i - 1];

		if (s->dated && day >= s->first && day <= s->last)
			return s->entry;
	}
	return 0;
}

/* 1970 began on a Thursday. */
static unsigned
weekday_bit(int64_t day)
{
	return 1u << (((day + 4) % 7 + 7) % 7);
}

/* Does it begin on that day, whose dated entry is this? */
static bool
is_of_day(const struct span *s, int64_t day, unsigned entry)
{
	if (entry != 0)
		return s->entry == entry;
	return !s->dated && (s->days & weekday_bit(day)) != 0;
}

static bool
is_closed(const struct span *s)
{
	return s->from == s->to;
}

static bool
goes_on(const struct span *s, int minute)
{
	return s->from > s->to && minute < s->to;
}

static bool
has_begun(const struct span *s, int minute)
{
	return minute >= s->from && (s->from > s->to || minute < s->to);
}

static bool
is_open_at(const struct desk_hours *h, int64_t day, int minute)
{
	unsigned today = dated_entry(h, day);
	unsigned yesterday = dated_entry(h, day - 1);
	bool open = false;

	for (size_t i = 0; i < h->n; i++) {
		const struct span *s = &h->all[i];

		/* A closed day also ends what began the night before. */
		if (is_of_day(s, day, today) && is_closed(s))
			return false;
		open = open ||
		    (is_of_day(s, day, today) && has_begun(s, minute)) ||
		    (is_of_day(s, day - 1, yesterday) && !is_closed(s) &&
			goes_on(s, minute));
	}
	return open;
}

/* What the clock on the wall shows then, as seconds since 1970 there. */
static int64_t
wall_of(int64_t t)
{
	time_t when = (time_t)t;
	struct tm tm;

	if (localtime_r(&when, &tm) == NULL)
		return t;
	return t + tm.tm_gmtoff;
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static bool
is_open_s(const struct desk_hours *h, int64_t t)
{
	int64_t wall = wall_of(t), day = floor_div(wall, DAY_S);

	return is_open_at(h, day, (int)((wall - day * DAY_S) / 60));
}

bool
desk_hours_open(const struct desk_hours *h, int64_t ms)
{
	return is_open_s(h, floor_div(ms, 1000));
}

/* ---- when they open ---- */

/* The first moment after `after` that was found so far at which they open. */
struct search {
	const struct desk_hours *h;
	int64_t after, found;
};

static void
try_moment(struct search *s, int64_t t)
{
	if (t > s->after && t < s->found && is_open_s(s->h, t) &&
	    !is_open_s(s->h, t - 1))
		s->found = t;
}

/* Between lo and hi the clock on the wall is set: when? */
static int64_t
clock_change(int64_t lo, int64_t hi)
{
	int64_t offset = wall_of(lo) - lo;

	while (hi - lo > 1) {
		int64_t mid = lo + (hi - lo) / 2;

		if (wall_of(mid) - mid == offset)
			lo = mid;
		else
			hi = mid;
	}
	return hi;
}

/* A range may begin twice in a night in which the clock is set, or because it is
 * set. */
static void
try_day(struct search *s, int64_t day)
{
	/* No place on earth is further from UTC. */
	int64_t lo = day * DAY_S - 15 * HOUR_S;
	int64_t hi = (day + 1) * DAY_S + 15 * HOUR_S;
	int64_t before = wall_of(lo) - lo, behind = wall_of(hi) - hi;
	unsigned entry = dated_entry(s->h, day);

	for (size_t i = 0; i < s->h->n; i++) {
		const struct span *span = &s->h->all[i];
		int64_t wall = day * DAY_S + span->from * 60;

		if (!is_of_day(span, day, entry))
			continue;
		try_moment(s, wall - before);
		try_moment(s, wall - behind);
	}
	if (before != behind)
		try_moment(s, clock_change(lo, hi));
}

int64_t
desk_hours_next(const struct desk_hours *h, int64_t ms)
{
	struct search s = { h, floor_div(ms, 1000), INT64_MAX };
	int64_t first = floor_div(wall_of(s.after), DAY_S);

	for (int64_t day = first; day <= first + YEAR_DAYS; day++) {
		try_day(&s, day);
		if (s.found == INT64_MAX)
			continue;
		/* What was found may be of the next day already. */
		try_day(&s, day + 1);
		return s.found * 1000;
	}
	return 0;
}

/* ---- a time of day ---- */

/* A night in which the clock is set shows some times twice, and some not at
 * all. */
static int64_t
first_shown(int64_t wall, int64_t after)
{
	int64_t lo = wall - 15 * HOUR_S, hi = wall + 15 * HOUR_S;
	int64_t a = wall - (wall_of(lo) - lo), b = wall - (wall_of(hi) - hi);
	int64_t sooner = a < b ? a : b, later = a < b ? b : a;

	if (sooner > after && wall_of(sooner) == wall)
		return sooner;
	return later > after && wall_of(later) == wall ? later : 0;
}

int64_t
desk_hours_at(const char *text, int64_t ms)
{
	int64_t after = floor_div(ms, 1000), found = 0;
	int64_t day = floor_div(wall_of(after), DAY_S), last = day + 2;
	int minute;

	if (!parse_time(&text, &minute) || *text != '\0')
		return 0;
	for (; day <= last && found == 0; day++)
		found = first_shown(day * DAY_S + minute * 60, after);
	return found * 1000;
}
