/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When the simulated desk is open, as far as it has hours at all: short days,
 * so that a run meets many edges.  Its time zone is UTC.
 */
#include "config.h"

#include "sim.h"

#define MINUTE_MS (60 * INT64_C(1000))

/* Thirty minutes of each hour of the day, and all of some. */
const char hours_text[] =
    "mon-sun 00:00-00:30,01:00-01:30,02:00-05:00,06:00-06:20,07:00-07:30,"
    "09:00-12:30,13:30-18:00,19:15-19:45,20:00-23:30";

static const struct {
	int from, to; /* minutes of the day */
} open[] = {
	{ 0, 30 },
	{ 60, 90 },
	{ 120, 300 },
	{ 360, 380 },
	{ 420, 450 },
	{ 540, 750 },
	{ 810, 1080 },
	{ 1155, 1185 },
	{ 1200, 1410 },
};

static bool
is_open(int64_t ms)
{
	int minute = (int)(ms / MINUTE_MS % (24 * 60));

	for (size_t i = 0; i < sizeof open / sizeof *open; i++)
		if (minute >= open[i].from && minute < open[i].to)
			return true;
	return false;
}

bool
hours_are_open(const struct world *w)
{
	return w->config.hours == NULL || is_open(w->now.ms);
}

int64_t
hours_open_next(const struct world *w)
{
	int64_t ms = w->now.ms;

	if (hours_are_open(w))
		return 0;
	while (!is_open(ms))
		ms += MINUTE_MS;
	return ms / MINUTE_MS * MINUTE_MS;
}
