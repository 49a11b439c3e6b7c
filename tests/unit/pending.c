/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests requests of a console that were not answered yet. */
#include "config.h"

#include <stdlib.h>

#include "console/pending.h"
#include "t.h"

static void
an_answer_finds_its_request(void)
{
	struct con_pending p;
	struct con_request *a, *b;

	con_pending_init(&p);
	a = con_pending_add(&p, 3, "one");
	b = con_pending_add(&p, 5, "two");
	CHECK(a->id != b->id);
	CHECK(con_pending_take(&p, b->id) == b);
	CHECK_INT(b->sid, 5);
	CHECK(con_pending_take(&p, b->id) == NULL);
	CHECK_INT(p.n, 1);
	con_request_free(b);
	con_pending_fini(&p);
}

static void
a_lost_link_gives_back_what_was_sent_over_it(void)
{
	struct con_pending p;
	struct con_request *a, *b, *c;

	con_pending_init(&p);
	a = con_pending_add(&p, 3, "one");
	b = con_pending_add(&p, 3, "one");
	c = con_pending_add(&p, 3, "three");
	a->generation = b->generation = 1;
	c->generation = 2;
	con_pending_stored(&p, 3, "one", 3);
	CHECK(a->stored);
	CHECK(!b->stored);
	CHECK(con_pending_take_lost(&p, 2) == a);
	CHECK(con_pending_take_lost(&p, 2) == b);
	CHECK(con_pending_take_lost(&p, 2) == NULL);
	con_request_free(a);
	con_request_free(b);
	con_pending_fini(&p);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(an_answer_finds_its_request),
		T(a_lost_link_gives_back_what_was_sent_over_it),
	};

	return t_main("pending", cases, sizeof cases / sizeof cases[0]);
}
