/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An intrusive doubly linked ring.  The head is a node of its own; an empty
 * list's head points at itself, and so does a node that is on no list.
 */
#ifndef DW_LIST_H
#define DW_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct dw_list {
	struct dw_list *prev, *next;
};

#define DW_LIST_OF(node, type, member) \
	((type *)(void *)((char *)(node) - offsetof(type, member)))
#define DW_LIST_EACH(n, head) \
	for (struct dw_list *n = (head)->next; n != (head); n = n->next)
/* The body may take n off its list. */
#define DW_LIST_EACH_SAFE(n, head)                                  \
	for (struct dw_list *n = (head)->next, *n##_next = n->next; \
	    n != (head); n = n##_next, n##_next = n->next)

static inline void
dw_list_init(struct dw_list *l)
{
	l->prev = l->next = l;
}

static inline bool
dw_list_empty(const struct dw_list *head)
{
	return head->next == head;
}

/* Puts n last. */
static inline void
dw_list_add(struct dw_list *head, struct dw_list *n)
{
	n->prev = head->prev;
	n->next = head;
	head->prev->next = n;
	head->prev = n;
}

/* Puts n first. */
static inline void
dw_list_push(struct dw_list *head, struct dw_list *n)
{
	dw_list_add(head->next, n);
}

static inline void
dw_list_del(struct dw_list *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	dw_list_init(n);
}

/* Takes the first off; NULL when empty. */
static inline struct dw_list *
dw_list_take(struct dw_list *head)
{
	struct dw_list *n = head->next;

	if (n == head)
		return NULL;
	dw_list_del(n);
	return n;
}

/* Moves all of `from` behind what `to` holds. */
static inline void
dw_list_move(struct dw_list *to, struct dw_list *from)
{
	if (dw_list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	dw_list_init(from);
}

#endif
