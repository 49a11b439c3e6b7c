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
	char *text;
};

void
con_drafts_init(struct con_drafts *d)
{
	dw_list_init(&d->all);
}

static struct draft *
find(const struct con_drafts *d, uint64_t sid)
{
	DW_LIST_EACH(n, &d->all) {
		struct draft *draft = DW_LIST_OF(n, struct draft, node);

		if (draft->sid == sid)
			return draft;
	}
	return NULL;
}

static int
append(struct draft *draft, const char *text)
{
	char *both;

	if (asprintf(&both, "%s\n%s", draft->text, text) < 0)
		return -ENOMEM;
	free(draft->text);
	draft->text = both;
	return 0;
}

int
con_drafts_put(struct con_drafts *d, uint64_t sid, const char *text)
{
	struct draft *draft = find(d, sid);

	if (draft != NULL)
		return append(draft, text);
	if ((draft = calloc(1, sizeof *draft)) == NULL)
		return -ENOMEM;
	if ((draft->text = strdup(text)) == NULL) {
		free(draft);
		return -ENOMEM;
	}
	draft->sid = sid;
	dw_list_add(&d->all, &draft->node);
	return 0;
}

char *
con_drafts_take(struct con_drafts *d, uint64_t sid)
{
	struct draft *draft = find(d, sid);
	char *text;

	if (draft == NULL)
		return NULL;
	text = draft->text;
	dw_list_del(&draft->node);
	free(draft);
	return text;
}

bool
con_drafts_has(const struct con_drafts *d, uint64_t sid)
{
	return find(d, sid) != NULL;
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
