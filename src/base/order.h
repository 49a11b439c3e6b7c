/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Things in the order of a number: when they are due, or since when they wait.
 * The first of them, a thing's place, putting and taking out each look at a few
 * of the others, however many there are.  Intrusive, and needs no memory, so
 * nothing here can fail.
 *
 * A treap: a tree by number in which no node is hotter than its parent.  As the
 * heats are scattered, it is about as deep as a balanced one.
 */
#ifndef DW_ORDER_H
#define DW_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed memory is a node that is in no order. */
struct dw_order_node {
	struct dw_order_node *parent, *kid[2];
	int64_t key;
	uint32_t heat;
	uint32_t count; /* nodes from here on down; 0: it is in no order */
};

/* Zeroed memory is an empty one. */
struct dw_order {
	struct dw_order_node *root;
	uint32_t puts; /* so many; the heats come from it */
};

/* Puts n behind all that have no greater key; if it is there already, at the
 * place of the new key. */
void dw_order_put(struct dw_order *o, struct dw_order_node *n, int64_t key);

/* Takes n out; fine if it is not in there. */
void dw_order_del(struct dw_order *o, struct dw_order_node *n);

/* NULL: it is empty. */
struct dw_order_node *dw_order_first(const struct dw_order *o);

/* The one behind n; NULL: n is the last. */
struct dw_order_node *dw_order_next(const struct dw_order_node *n);

/* The first with a greater key than this; NULL: there is none. */
struct dw_order_node *dw_order_behind(const struct dw_order *o, int64_t key);

/* NULL: it is empty. */
struct dw_order_node *dw_order_last(const struct dw_order *o);

/* The key of the first; INT64_MAX, which is DW_NEVER, when there is none. */
int64_t dw_order_least(const struct dw_order *o);

/* The place of n, from 1. */
size_t dw_order_place(const struct dw_order_node *n);

static inline size_t
dw_order_size(const struct dw_order *o)
{
	return o->root != NULL ? o->root->count : 0;
}

static inline bool
dw_order_has(const struct dw_order_node *n)
{
	return n->count != 0;
}

#endif
