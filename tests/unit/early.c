/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests who is refused before the last places are gone. */
#include "config.h"

#include "service/early.h"
#include "t.h"

static void
nobody_is_refused_below_seventy_percent(void)
{
	for (unsigned taken = 0; taken < 70; taken++)
		CHECK_INT(svc_early_permille(taken, 100), 0);
	CHECK_INT(svc_early_permille(0, 1), 0);
	CHECK_INT(svc_early_permille(69999, 100000), 0);
	CHECK_INT(svc_early_permille(5, 0), 0);
}

static void
from_there_on_it_rises_evenly_from_a_tenth_to_all(void)
{
	CHECK_INT(svc_early_permille(70, 100), 100);
	CHECK_INT(svc_early_permille(80, 100), 400);
	CHECK_INT(svc_early_permille(85, 100), 550);
	CHECK_INT(svc_early_permille(90, 100), 700);
	CHECK_INT(svc_early_permille(100, 100), 1000);
	CHECK_INT(svc_early_permille(101, 100), 1000);
	CHECK_INT(svc_early_permille(4000000, 4000000), 1000);
	for (unsigned taken = 71; taken <= 100; taken++)
		CHECK(svc_early_permille(taken, 100) >
		    svc_early_permille(taken - 1, 100));
}

/* With the last place free there is still a chance. */
static void
as_many_draws_are_refused_as_it_says(void)
{
	for (unsigned taken = 0; taken <= 20; taken++) {
		unsigned refused = 0;

		for (uint32_t draw = 0; draw < 1000; draw++)
			refused += svc_early_refuses(taken, 20, draw);
		CHECK_INT(refused, svc_early_permille(taken, 20));
	}
	CHECK(svc_early_permille(19, 20) < 1000);
	CHECK(svc_early_refuses(14, 20, 99));
	CHECK(!svc_early_refuses(14, 20, 100));
	CHECK(svc_early_refuses(14, 20, 4000000099u));
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(nobody_is_refused_below_seventy_percent),
		T(from_there_on_it_rises_evenly_from_a_tenth_to_all),
		T(as_many_draws_are_refused_as_it_says),
	};

	return t_main("early", cases, sizeof cases / sizeof cases[0]);
}
