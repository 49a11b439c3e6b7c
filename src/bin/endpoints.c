/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file makes of options where a desk is to be reached.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "bin/endpoints.h"

#define DEFAULT_LISTEN "127.0.0.1:6666"

#define PROXY ",proxy"

/* "ADDR:PORT,proxy" without what stands behind the comma.  Returns -1: no
 * memory. */
static int
cut_proxy(struct svc_endpoint *at)
{
	size_t len = strlen(at->text), mark = strlen(PROXY);

	at->proxy = len > mark && strcmp(at->text + len - mark, PROXY) == 0;
	if (at->proxy)
		at->text = strndup(at->text, len - mark);
	return at->text != NULL ? 0 : -1;
}

static int
cut_proxies(struct svc_endpoint *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (cut_proxy(&all[i]) < 0)
			return -1;
	return 0;
}

static int
take_list(const struct option_list *list, struct svc_endpoint **out, size_t *n)
{
	*n = 0;
	if ((*out = calloc(list->n + 1, sizeof **out)) == NULL)
		return -1;
	for (size_t i = 0; i < list->n; i++)
		(*out)[(*n)++] =
		    (struct svc_endpoint){ .text = list->all[i], .fd = -1 };
	return 0;
}

int
endpoints_init(struct endpoints *e, const struct options *o)
{
	static const char *usual[] = { DEFAULT_LISTEN };
	const struct option_list default_listen = { usual, 1 };

	memset(e, 0, sizeof *e);
	e->operator_fd = -1;
	if (take_list(o->listen.n > 0 ? &o->listen : &default_listen,
		&e->listen, &e->nlisten) == 0 &&
	    cut_proxies(e->listen, e->nlisten) == 0 &&
	    take_list(&o->udp, &e->udp, &e->nudp) == 0 &&
	    take_list(&o->metrics, &e->metrics, &e->nmetrics) == 0)
		return DW_STATUS_OK;
	print_error(_("out of memory"));
	return DW_STATUS_FAILED;
}

void
endpoints_fini(struct endpoints *e)
{
	for (size_t i = 0; i < e->nlisten; i++)
		if (e->listen[i].proxy)
			free((char *)e->listen[i].text);
	free(e->listen);
	free(e->udp);
	free(e->metrics);
}
