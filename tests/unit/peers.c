/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests the table of who has written over UDP. */
#include "config.h"

#include <stdio.h>

#include "base/clock.h"
#include "desk/peers.h"
#include "t.h"

#define LIFE (10 * DW_SECOND)

static struct desk_peers peers;

static void
begin(size_t max)
{
	CHECK_INT(desk_peers_init(&peers, max, LIFE), 0);
}

static bool
knows(const char *addr, int64_t s)
{
	return desk_peers_find(&peers, addr, s * DW_SECOND) != NULL;
}

static void
hears(const char *addr, int64_t s)
{
	CHECK(desk_peers_heard(&peers, addr, s * DW_SECOND) != NULL);
}

static void
who_has_written_is_known_for_a_while(void)
{
	begin(4);
	CHECK(!knows("a", 0));
	hears("a", 0);
	CHECK(knows("a", 9));
	CHECK(!knows("a", 10));
	hears("a", 20);
	CHECK(knows("a", 29));
	CHECK_INT(peers.n, 1);
	desk_peers_fini(&peers);
}

static void
forgetting_one_leaves_the_others(void)
{
	begin(4);
	hears("a", 0);
	hears("b", 0);
	hears("c", 0);
	desk_peers_forget(&peers, "a");
	desk_peers_forget(&peers, "nobody");
	CHECK(!knows("a", 1));
	CHECK(knows("b", 1));
	CHECK(knows("c", 1));
	desk_peers_fini(&peers);
}

static void
a_full_table_forgets_who_was_silent_longest(void)
{
	begin(2);
	hears("a", 0);
	hears("b", 1);
	hears("a", 2);
	hears("c", 3);
	CHECK(knows("a", 4));
	CHECK(!knows("b", 4));
	CHECK(knows("c", 4));
	CHECK_INT(peers.n, 2);
	desk_peers_fini(&peers);
}

/* A flood from made up addresses must not push out whoever is answered. */
static void
who_was_answered_stays_while_strangers_come(void)
{
	char addr[16];

	begin(3);
	hears("a", 0);
	desk_peers_find(&peers, "a", 0)->answered = true;
	for (int i = 0; i < 100; i++) {
		snprintf(addr, sizeof addr, "x%d", i);
		hears(addr, 1);
	}
	CHECK(knows("a", 9));
	hears("y", 11); /* its time is over by then */
	hears("z", 11);
	hears("w", 11);
	CHECK(knows("y", 12));
	CHECK(knows("z", 12));
	CHECK(knows("w", 12));
	desk_peers_fini(&peers);
}

static void
the_only_one_is_meant_and_never_one_of_several(void)
{
	bool several;

	begin(4);
	CHECK(desk_peers_only(&peers, 0, &several) == NULL);
	CHECK(!several);
	hears("a", 0);
	CHECK(desk_peers_only(&peers, DW_SECOND, &several) != NULL);
	hears("b", 5);
	CHECK(desk_peers_only(&peers, 6 * DW_SECOND, &several) == NULL);
	CHECK(several);
	CHECK_STR(desk_peers_only(&peers, 12 * DW_SECOND, &several)->addr, "b");
	desk_peers_fini(&peers);
}

/* Its answer may be half typed when it says quit and another one writes. */
static void
who_has_left_is_not_taken_for_another(void)
{
	bool several;

	begin(4);
	hears("a", 0);
	desk_peers_forget(&peers, "a");
	CHECK(desk_peers_only(&peers, 1 * DW_SECOND, &several) == NULL);
	CHECK(!several);
	hears("b", 2);
	CHECK(desk_peers_only(&peers, 3 * DW_SECOND, &several) == NULL);
	CHECK(several);
	CHECK(!knows("a", 3));
	CHECK_STR(desk_peers_only(&peers, 11 * DW_SECOND, &several)->addr, "b");
	hears("a", 12);
	CHECK(knows("a", 13));
	desk_peers_fini(&peers);
}

static void
without_a_table_nobody_is_known(void)
{
	begin(0);
	CHECK(desk_peers_heard(&peers, "a", 0) == NULL);
	CHECK(!knows("a", 0));
	desk_peers_forget(&peers, "a");
	desk_peers_fini(&peers);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(who_has_written_is_known_for_a_while),
		T(forgetting_one_leaves_the_others),
		T(a_full_table_forgets_who_was_silent_longest),
		T(who_was_answered_stays_while_strangers_come),
		T(the_only_one_is_meant_and_never_one_of_several),
		T(who_has_left_is_not_taken_for_another),
		T(without_a_table_nobody_is_known),
	};

	return t_main("peers", cases, sizeof cases / sizeof cases[0]);
}
