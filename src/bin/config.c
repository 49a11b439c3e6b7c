/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The verbs check-config and config: what is wrong with the configuration file,
 * and what holds.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "bin/endpoints.h"
#include "bin/verbs.h"
#include "service/proxies.h"

static int
flush(void)
{
	if (fflush(stdout) == 0)
		return DW_STATUS_OK;
	print_error(_("cannot write to standard output: %s"), strerror(errno));
	return DW_STATUS_FAILED;
}

static void
print_problem(const struct conf_problem *p)
{
	char *text = conf_problem_text(p);

	print_error("%s", text != NULL ? text : _("out of memory"));
	free(text);
}

/* Do the listeners and the proxies that the file names fit together? */
static int
check_proxies(const struct options *o, const char *path)
{
	struct svc_config config = { .proxy_from = o->proxy_from.all,
		.nproxy_from = o->proxy_from.n };
	struct dw_buf why = DW_BUF_INITIALIZER;
	struct svc_proxies proxies;
	struct endpoints e;
	int r;

	if ((r = endpoints_init(&e, o)) == DW_STATUS_OK) {
		config.listen = e.listen;
		config.nlisten = e.nlisten;
		r = svc_proxies_init(&proxies, &config, &why);
		if (r != DW_STATUS_OK)
			print_error("%s: %s", path, dw_buf_str(&why));
		svc_proxies_fini(&proxies);
	}
	endpoints_fini(&e);
	dw_buf_fini(&why);
	return r;
}

int
verb_check_config(struct options *o)
{
	char *path;
	int r;

	for (size_t i = 0; i < o->conf.nproblems; i++)
		print_problem(&o->conf.problems[i]);
	if (o->conf.nproblems > 0)
		return DW_STATUS_CONFIG;
	path = options_file(o);
	if ((r = check_proxies(o, path != NULL ? path : "")) != DW_STATUS_OK) {
		free(path);
		return r;
	}
	if (o->conf.nfiles > 0)
		printf(_("%s can be used.\n"), path != NULL ? path : "");
	else
		printf(_("There is no %s: the defaults hold.\n"),
		    path != NULL ? path : "deskwire.conf");
	free(path);
	return flush();
}

int
verb_config(struct options *o)
{
	if (o->example)
		options_print_example();
	else
		options_print(o);
	return flush();
}
