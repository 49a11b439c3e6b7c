/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Requests of this console that the desk has not answered yet.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "console/pending.h"

void
con_pending_init(struct con_pending *p)
{
	dw_list_init(&p->all);
	p->n = 0;
	p->last_id = 0;
}

void
con_request_free(struct con_request *rq)
{
	if (rq == NULL)
		return;
	free(rq->stale.text);
	free(rq->stale.why);
	free(rq->text);
	free(rq);
}

void
con_pending_fini(struct con_pending *p)
{
	struct dw_list *n;

	while ((n = dw_list_take(&p->all)) != NULL)
		con_request_free(DW_LIST_OF(n, struct con_request, node));
	p->n = 0;
}

struct con_request *
con_pending_add(struct con_pending *p, enum con_request_kind kind, uint64_t sid,
    const char *text)
{
	struct con_request *rq = calloc(1, sizeof *rq);

	if (rq == NULL || (rq->text = strdup(text)) == NULL) {
		free(rq);
		return NULL;
	}
	rq->id = ++p->last_id;
	rq->kind = kind;
	rq->sid = sid;
	dw_list_add(&p->all, &rq->node);
	p->n++;
	return rq;
}

bool
con_request_is_text(const struct con_request *rq)
{
	return rq->kind == CON_REQUEST_REPLY || rq->kind == CON_REQUEST_NOTE;
}

bool
con_pending_has(const struct con_pending *p, enum con_request_kind kind)
{
	DW_LIST_EACH(n, &p->all) {
		if (DW_LIST_OF(n, struct con_request, node)->kind == kind)
			return true;
	}
	return false;
}

static struct con_request *
take_off(struct con_pending *p, struct con_request *rq)
{
	assert(p->n > 0);
	dw_list_del(&rq->node);
	p->n--;
	return rq;
}

struct con_request *
con_pending_find(const struct con_pending *p, uint64_t id)
{
	DW_LIST_EACH(n, &p->all) {
		struct con_request *rq =
		    DW_LIST_OF(n, struct con_request, node);

		if (rq->id == id)
			return rq;
	}
	return NULL;
}

struct con_request *
con_pending_last(const struct con_pending *p)
{
	struct con_request *last = NULL;

	DW_LIST_EACH(n, &p->all) {
		struct con_request *rq =
		    DW_LIST_OF(n, struct con_request, node);

		if (con_request_is_text(rq) && !rq->stored && !rq->taken)
			last = rq;
	}
	return last;
}

struct con_request *
con_pending_take(struct con_pending *p, uint64_t id)
{
	struct con_request *rq = con_pending_find(p, id);

	return rq == NULL ? NULL : take_off(p, rq);
}

void
con_pending_stored(struct con_pending *p, const struct ev_key *key)
{
	DW_LIST_EACH(n, &p->all) {
		struct con_request *rq =
		    DW_LIST_OF(n, struct con_request, node);

		if (con_request_is_text(rq) && ev_key_is(&rq->key, key))
			rq->stored = true;
	}
}

bool
con_pending_has_unread(const struct con_pending *p)
{
	DW_LIST_EACH(n, &p->all) {
		if (DW_LIST_OF(n, struct con_request, node)->past ==
		    CON_PAST_UNREAD)
			return true;
	}
	return false;
}

bool
con_request_goes_on(const struct con_request *rq, unsigned generation)
{
	return con_request_is_text(rq) && !rq->stored && !rq->taken &&
	    rq->generation < generation;
}

bool
con_pending_goes_on(const struct con_pending *p, unsigned generation)
{
	DW_LIST_EACH(n, &p->all) {
		if (con_request_goes_on(DW_LIST_OF(n, struct con_request, node),
			generation))
			return true;
	}
	return false;
}

struct con_request *
con_pending_take_lost(struct con_pending *p, unsigned generation, bool for_good)
{
	DW_LIST_EACH(n, &p->all) {
		struct con_request *rq =
		    DW_LIST_OF(n, struct con_request, node);

		if (rq->generation < generation &&
		    (for_good || !con_request_goes_on(rq, generation)))
			return take_off(p, rq);
	}
	return NULL;
}
