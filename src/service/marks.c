/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Read marks, in memory.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "service/marks.h"

/* More are not kept: somebody attaches under one name after the other. */
#define MARKS_MAX 100000

struct mark {
	struct store_mark is;
	struct dw_list node;    /* in its bucket */
	struct dw_list changed; /* or by itself */
};

static struct mark *
mark_of(struct dw_list *node)
{
	return DW_LIST_OF(node, struct mark, node);
}

void
svc_marks_init(struct svc_marks *m)
{
	memset(m, 0, sizeof *m);
	for (size_t i = 0; i < SVC_MARKS_BUCKETS; i++)
		dw_list_init(&m->buckets[i]);
	dw_list_init(&m->changed);
}

static void
mark_free(struct svc_marks *m, struct mark *mark)
{
	dw_list_del(&mark->node);
	dw_list_del(&mark->changed);
	free(mark);
	m->n--;
}

void
svc_marks_fini(struct svc_marks *m)
{
	for (size_t i = 0; i < SVC_MARKS_BUCKETS; i++)
		DW_LIST_EACH_SAFE(n, &m->buckets[i])
			mark_free(m, mark_of(n));
	assert(m->n == 0);
	free(m->dropped);
}

static struct dw_list *
bucket(const struct svc_marks *m, uint64_t sid)
{
	return (struct dw_list *)&m->buckets[sid % SVC_MARKS_BUCKETS];
}

static struct mark *
find(const struct svc_marks *m, const char *name, uint64_t sid)
{
	DW_LIST_EACH(n, bucket(m, sid)) {
		struct mark *mark = mark_of(n);

		if (mark->is.sid == sid && strcmp(mark->is.name, name) == 0)
			return mark;
	}
	return NULL;
}

static struct mark *
add(struct svc_marks *m, const struct store_mark *is)
{
	struct mark *mark = m->n < MARKS_MAX ? calloc(1, sizeof *mark) : NULL;

	if (mark == NULL)
		return NULL;
	mark->is = *is;
	mark->is.seq = mark->is.n = 0;
	dw_list_init(&mark->changed);
	dw_list_add(bucket(m, is->sid), &mark->node);
	m->n++;
	return mark;
}

/* The mark, when it has become higher. */
static struct mark *
raise_to(struct svc_marks *m, const struct store_mark *is)
{
	struct mark *mark = find(m, is->name, is->sid);

	if (mark == NULL)
		mark = add(m, is);
	if (mark == NULL || is->seq <= mark->is.seq)
		return NULL;
	mark->is.seq = is->seq;
	if (is->n > mark->is.n)
		mark->is.n = is->n;
	return mark;
}

void
svc_marks_load(struct svc_marks *m, const struct store_mark *mark)
{
	(void)raise_to(m, mark);
}

bool
svc_marks_set(struct svc_marks *m, const struct store_mark *is)
{
	struct mark *mark = raise_to(m, is);

	if (mark == NULL)
		return false;
	dw_list_del(&mark->changed);
	dw_list_add(&m->changed, &mark->changed);
	return true;
}

/* Without memory for it the rows stay, and the next start drops them. */
void
svc_marks_drop(struct svc_marks *m, uint64_t sid)
{
	size_t cap = m->cap == 0 ? 64 : 2 * m->cap;
	uint64_t *grown;

	if (m->ndropped == m->cap) {
		grown = realloc(m->dropped, cap * sizeof *grown);
		if (grown == NULL)
			return;
		m->dropped = grown;
		m->cap = cap;
	}
	m->dropped[m->ndropped++] = sid;
}

void
svc_marks_forget(struct svc_marks *m, uint64_t sid)
{
	bool any = false;

	DW_LIST_EACH_SAFE(n, bucket(m, sid)) {
		struct mark *mark = mark_of(n);

		if (mark->is.sid != sid)
			continue;
		mark_free(m, mark);
		any = true;
	}
	if (any)
		svc_marks_drop(m, sid);
}

void
svc_marks_each(const struct svc_marks *m, const char *name,
    void (*fn)(void *arg, const struct store_mark *mark), void *arg)
{
	for (size_t i = 0; i < SVC_MARKS_BUCKETS; i++)
		DW_LIST_EACH(n, (struct dw_list *)&m->buckets[i]) {
			struct mark *mark = mark_of(n);

			if (strcmp(mark->is.name, name) == 0)
				fn(arg, &mark->is);
		}
}

static size_t
count_changed(const struct svc_marks *m)
{
	size_t n = m->ndropped;

	DW_LIST_EACH(at, (struct dw_list *)&m->changed)
		n++;
	return n;
}

struct store_mark *
svc_marks_take(struct svc_marks *m, size_t *n)
{
	size_t most = count_changed(m);
	struct store_mark *all = most > 0 ? calloc(most, sizeof *all) : NULL;
	struct dw_list *at;

	*n = 0;
	if (all == NULL)
		return NULL;
	for (size_t i = 0; i < m->ndropped; i++)
		all[(*n)++].sid = m->dropped[i];
	m->ndropped = 0;
	while ((at = dw_list_take(&m->changed)) != NULL)
		all[(*n)++] = DW_LIST_OF(at, struct mark, changed)->is;
	return all;
}
