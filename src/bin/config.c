/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The verbs check-config and config: what is wrong with the configuration file,
 * and what holds.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "bin/endpoints.h"
#include "bin/verbs.h"
#include "service/proxies.h"

static void
print_problem(const struct conf_problem *p)
{
	char *text = conf_problem_text(p);

	print_error("%s", text != NULL ? text : _("out of memory"));
	free(text);
}

/* Where the file has this listener or network; of a listener's text a mark was
 * cut off. */
static struct conf_place
place_of(const struct conf *conf, const char *value)
{
	size_t len = strlen(value);

	for (size_t i = 0; i < conf->nentries; i++) {
		const struct conf_entry *e = &conf->entries[i];

		if ((strcmp(e->key, "listen") == 0 ||
			strcmp(e->key, "proxy-from") == 0) &&
		    strncmp(e->value, value, len) == 0 &&
		    (e->value[len] == '\0' || e->value[len] == ','))
			return e->at;
	}
	return (struct conf_place){ NULL, 0 };
}

/* Do the listeners and the proxies that the file names fit together? */
static int
check_proxies(struct options *o)
{
	struct svc_config config = { .proxy_from = o->proxy_from.all,
		.nproxy_from = o->proxy_from.n };
	struct dw_buf why = DW_BUF_INITIALIZER;
	struct svc_proxies proxies = { .nets = NULL };
	struct endpoints e;
	int r;

	if ((r = endpoints_init(&e, o)) == DW_STATUS_OK) {
		config.listen = e.listen;
		config.nlisten = e.nlisten;
		r = svc_proxies_init(&proxies, &config, &why);
	}
	if (proxies.wrong != NULL)
		conf_complain(&o->conf, place_of(&o->conf, proxies.wrong), "%s",
		    dw_buf_str(&why));
	svc_proxies_fini(&proxies);
	endpoints_fini(&e);
	dw_buf_fini(&why);
	return r;
}

int
verb_check_config(struct options *o)
{
	char *path;
	int r = o->conf.nproblems == 0 ? check_proxies(o) : DW_STATUS_CONFIG;

	for (size_t i = 0; i < o->conf.nproblems; i++)
		print_problem(&o->conf.problems[i]);
	if (r != DW_STATUS_OK)
		return r;
	path = options_file(o);
	if (o->conf.nfiles > 0)
		printf(_("%s can be used.\n"), path != NULL ? path : "");
	else
		printf(_("There is no %s: the defaults hold.\n"),
		    path != NULL ? path : "deskwire.conf");
	free(path);
	return print_end();
}

int
verb_config(struct options *o)
{
	if (o->example)
		options_print_example();
	else
		options_print(o);
	return print_end();
}
