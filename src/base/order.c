/* SPDX-License-Identifier: BSD-2-Clause */
/* This file keeps things in the order of a number, in a treap. */
#include "config.h"

#include "base/order.h"

static uint32_t
count(const struct dw_order_node *n)
{
	return n != NULL ? n->count : 0;
}

static void
recount(struct dw_order_node *n)
{
	n->count = 1 + count(n->kid[0]) + count(n->kid[1]);
}

/* Who points at n. */
static struct dw_order_node **
link_to(struct dw_order *o, const struct dw_order_node *n)
{
	return n->parent == NULL ? &o->root :
				   &n->parent->kid[n->parent->kid[1] == n];
}

/* n and its parent change places; the order stays. */
static void
rise(struct dw_order *o, struct dw_order_node *n)
{
	struct dw_order_node *parent = n->parent;
	int side = parent->kid[1] == n;
	struct dw_order_node *between = n->kid[!side];

	*link_to(o, parent) = n;
	n->parent = parent->parent;
	n->kid[!side] = parent;
	parent->parent = n;
	parent->kid[side] = between;
	if (between != NULL)
		between->parent = parent;
	recount(parent);
	recount(n);
}

/* Scattered, and the same in each run of a program. */
static uint32_t
next_heat(struct dw_order *o)
{
	uint32_t x = ++o->puts;

	x = (x ^ x >> 16) * 0x85ebca6bu;
	x = (x ^ x >> 13) * 0xc2b2ae35u;
	return x ^ x >> 16;
}

void
dw_order_put(struct dw_order *o, struct dw_order_node *n, int64_t key)
{
	struct dw_order_node **at = &o->root, *parent = NULL;

	dw_order_del(o, n);
	while (*at != NULL) {
		parent = *at;
		parent->count++;
		at = &parent->kid[key >= parent->key];
	}
	*n = (struct dw_order_node){ .parent = parent,
		.key = key,
		.heat = next_heat(o),
		.count = 1 };
	*at = n;
	while (n->parent != NULL && n->heat > n->parent->heat)
		rise(o, n);
}

/* Which kid may stand above the other; NULL: there is none. */
static struct dw_order_node *
hotter_kid(const struct dw_order_node *n)
{
	struct dw_order_node *a = n->kid[0], *b = n->kid[1];

	if (a == NULL || b == NULL)
		return a != NULL ? a : b;
	return a->heat > b->heat ? a : b;
}

void
dw_order_del(struct dw_order *o, struct dw_order_node *n)
{
	struct dw_order_node *kid;

	if (!dw_order_has(n))
		return;
	while ((kid = hotter_kid(n)) != NULL)
		rise(o, kid);
	*link_to(o, n) = NULL;
	for (struct dw_order_node *up = n->parent; up != NULL; up = up->parent)
		up->count--;
	*n = (struct dw_order_node){ 0 };
}

static struct dw_order_node *
first_from(struct dw_order_node *n)
{
	while (n != NULL && n->kid[0] != NULL)
		n = n->kid[0];
	return n;
}

struct dw_order_node *
dw_order_first(const struct dw_order *o)
{
	return first_from(o->root);
}

struct dw_order_node *
dw_order_next(const struct dw_order_node *n)
{
	if (n->kid[1] != NULL)
		return first_from(n->kid[1]);
	while (n->parent != NULL && n->parent->kid[1] == n)
		n = n->parent;
	return n->parent;
}

struct dw_order_node *
dw_order_behind(const struct dw_order *o, int64_t key)
{
	struct dw_order_node *n = o->root, *found = NULL;

	while (n != NULL) {
		if (n->key > key)
			found = n;
		n = n->kid[n->key <= key];
	}
	return found;
}

struct dw_order_node *
dw_order_last(const struct dw_order *o)
{
	struct dw_order_node *n = o->root;

	while (n != NULL && n->kid[1] != NULL)
		n = n->kid[1];
	return n;
}

int64_t
dw_order_least(const struct dw_order *o)
{
	const struct dw_order_node *first = dw_order_first(o);

	return first != NULL ? first->key : INT64_MAX;
}

size_t
dw_order_place(const struct dw_order_node *n)
{
	size_t place = count(n->kid[0]) + 1;

	for (; n->parent != NULL; n = n->parent)
		if (n->parent->kid[1] == n)
			place += count(n->parent->kid[0]) + 1;
	return place;
}
