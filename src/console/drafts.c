/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Texts that were typed for a customer and not sent.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/drafts.h"

struct draft {
	struct dw_list node;
	uint64_t sid;
	bool note;
	char *text;
};

void
con_drafts_init(struct con_drafts *d)
{
	dw_list_init(&d->all);
}

static struct draft *
find(const struct con_drafts *d, uint64_t sid, bool note)
{
	DW_LIST_EACH(n, &d->all) {
		struct draft *draft = DW_LIST_OF(n, struct draft, node);

		if (draft->sid == sid && draft->note == note)
			return draft;
	}
	return NULL;
}

/* Of the session; NULL: none. */
static struct draft *
find_last(const struct con_drafts *d, uint64_t sid)
{
	struct draft *last = NULL;

	DW_LIST_EACH(n, &d->all) {
		struct draft *draft = DW_LIST_OF(n, struct draft, node);

		if (draft->sid == sid)
			last = draft;
	}
	return last;
}

/* It is the last one now. */
static int
append(struct con_drafts *d, struct draft *draft, const char *text)
{
	char *both;

	if (asprintf(&both, "%s\n%s", draft->text, text) < 0)
		return -ENOMEM;
	free(draft->text);
	draft->text = both;
	dw_list_del(&draft->node);
	dw_list_add(&d->all, &draft->node);
	return 0;
}

int
con_drafts_put(struct con_drafts *d, uint64_t sid, const char *text, bool note)
{
	struct draft *draft = find(d, sid, note);

	if (draft != NULL)
		return append(d, draft, text);
	if ((draft = calloc(1, sizeof *draft)) == NULL)
		return -ENOMEM;
	if ((draft->text = strdup(text)) == NULL) {
		free(draft);
		return -ENOMEM;
	}
	draft->sid = sid;
	draft->note = note;
	dw_list_add(&d->all, &draft->node);
	return 0;
}

char *
con_drafts_take(struct con_drafts *d, uint64_t sid, bool *note)
{
	struct draft *draft = find_last(d, sid);
	char *text;

	if (draft == NULL)
		return NULL;
	text = draft->text;
	*note = draft->note;
	dw_list_del(&draft->node);
	free(draft);
	return text;
}

bool
con_drafts_has(const struct con_drafts *d, uint64_t sid)
{
	return find_last(d, sid) != NULL;
}

void
con_drafts_fini(struct con_drafts *d)
{
	struct dw_list *n;

	while ((n = dw_list_take(&d->all)) != NULL) {
		free(DW_LIST_OF(n, struct draft, node)->text);
		free(DW_LIST_OF(n, struct draft, node));
	}
}
