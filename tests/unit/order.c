/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/order.h"
#include "t.h"

#define NODES 300

static struct dw_order order;
static struct dw_order_node nodes[NODES];
static uint32_t state = 1;

static unsigned
chance(unsigned n)
{
	state = state * 1664525u + 1013904223u;
	return (state >> 8) % n;
}

static void
begin(void)
{
	order = (struct dw_order){ 0 };
	for (int i = 0; i < NODES; i++)
		nodes[i] = (struct dw_order_node){ 0 };
}

/* Each once, none before a smaller one, and each knows its place. */
static void
check_order(size_t want)
{
	size_t n = 0;
	int64_t key = INT64_MIN;
	bool sound = true;

	for (const struct dw_order_node *at = dw_order_first(&order);
	    at != NULL; at = dw_order_next(at)) {
		sound = sound && dw_order_has(at) && at->key >= key &&
		    dw_order_place(at) == ++n;
		key = at->key;
	}
	CHECK(sound);
	CHECK_INT(n, want);
	CHECK_INT(dw_order_size(&order), want);
}

static void
an_empty_one_has_no_first(void)
{
	begin();
	CHECK(dw_order_first(&order) == NULL);
	CHECK(dw_order_least(&order) == INT64_MAX);
	CHECK_INT(dw_order_size(&order), 0);
	dw_order_del(&order, &nodes[0]);
	CHECK(!dw_order_has(&nodes[0]));
}

static void
equals_stay_in_the_order_in_which_they_came(void)
{
	begin();
	for (int i = 0; i < NODES; i++)
		dw_order_put(&order, &nodes[i], i % 3);
	for (int i = 3; i < NODES; i++)
		if (!CHECK_INT(dw_order_place(&nodes[i]),
			dw_order_place(&nodes[i - 3]) + 1))
			return;
}

static void
putting_again_moves_it(void)
{
	begin();
	for (int i = 0; i < 3; i++)
		dw_order_put(&order, &nodes[i], i);
	dw_order_put(&order, &nodes[0], 5);
	CHECK(dw_order_first(&order) == &nodes[1]);
	CHECK_INT(dw_order_place(&nodes[0]), 3);
	check_order(3);
}

static void
the_order_holds_whatever_is_put_and_taken_out(void)
{
	size_t n = 0;

	begin();
	for (int i = 0; i < 20000; i++) {
		struct dw_order_node *at = &nodes[chance(NODES)];

		n -= dw_order_has(at);
		if (chance(2) == 0)
			dw_order_del(&order, at);
		else
			dw_order_put(&order, at, chance(100));
		n += dw_order_has(at);
		if (i % 100 == 0)
			check_order(n);
	}
	while (order.root != NULL)
		dw_order_del(&order, dw_order_first(&order));
	for (int i = 0; i < NODES; i++)
		if (!CHECK(!dw_order_has(&nodes[i])))
			return;
}

static size_t
depth(const struct dw_order_node *n)
{
	size_t a, b;

	if (n == NULL)
		return 0;
	a = depth(n->kid[0]);
	b = depth(n->kid[1]);
	return 1 + (a > b ? a : b);
}

static void
it_is_not_deep_when_they_come_in_order(void)
{
	begin();
	for (int i = 0; i < NODES; i++)
		dw_order_put(&order, &nodes[i], i);
	CHECK(depth(order.root) < 25);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(an_empty_one_has_no_first),
		T(equals_stay_in_the_order_in_which_they_came),
		T(putting_again_moves_it),
		T(the_order_holds_whatever_is_put_and_taken_out),
		T(it_is_not_deep_when_they_come_in_order),
	};

	return t_main("order", cases, sizeof cases / sizeof cases[0]);
}
