/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests how fast one customer may write. */
#include "config.h"

#include "base/clock.h"
#include "service/rate.h"
#include "tests/t.h"

static void
a_burst_goes_through_and_then_the_rate_holds(void)
{
	struct svc_rate r;
	int64_t now = 7 * DW_SECOND, due;

	svc_rate_init(&r, 5, 20, now);
	for (int i = 0; i < 20; i++)
		CHECK_INT(svc_rate_take(&r, now), 0);
	due = svc_rate_take(&r, now);
	CHECK(due > now && due <= now + DW_SECOND / 5 + 1);
	CHECK(svc_rate_take(&r, due - 2 * DW_MS) != 0);
	CHECK_INT(svc_rate_take(&r, due), 0);
}

static void
over_a_minute_no_more_than_the_rate_and_one_burst_go_through(void)
{
	struct svc_rate r;
	int64_t now = 0;
	int taken = 0;

	svc_rate_init(&r, 5, 20, now);
	for (; now < 60 * DW_SECOND; now += DW_MS)
		taken += svc_rate_take(&r, now) == 0;
	CHECK(taken >= 60 * 5 + 19 && taken <= 60 * 5 + 20);
	CHECK(svc_rate_held_ns(&r) > 59 * DW_SECOND);
}

static void
a_pause_fills_the_bucket_and_never_more_than_that(void)
{
	struct svc_rate r;
	int64_t now = 3600 * DW_SECOND;
	int taken = 0;

	svc_rate_init(&r, 5, 20, 0);
	while (svc_rate_take(&r, now) == 0)
		taken++;
	CHECK_INT(taken, 20);
	now += 4 * DW_SECOND;
	CHECK_INT(svc_rate_take(&r, now), 0);
	CHECK_INT(svc_rate_held_ns(&r), 0);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_burst_goes_through_and_then_the_rate_holds),
		T(over_a_minute_no_more_than_the_rate_and_one_burst_go_through),
		T(a_pause_fills_the_bucket_and_never_more_than_that),
	};

	return t_main("rate", cases, sizeof cases / sizeof cases[0]);
}
