/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file knows which proxies may come, and what of a configuration about them
 * cannot be meant.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/status.h"
#include "service/proxies.h"
#include "service/service.h"

#define UNIX "unix"

bool
svc_is_unix(const char *text)
{
	return strncmp(text, UNIX ":", strlen(UNIX ":")) == 0;
}

/* How many listeners are a proxy's, of Unix sockets or of all others? */
static size_t
count_listeners(const struct svc_config *config, bool local)
{
	size_t n = 0;

	for (size_t i = 0; i < config->nlisten; i++)
		n += config->listen[i].proxy &&
		    svc_is_unix(config->listen[i].text) == local;
	return n;
}

static int
wrong(struct svc_proxies *p, const char *at)
{
	p->wrong = at;
	return DW_STATUS_CONFIG;
}

static int
take_network(struct svc_proxies *p, const char *text, struct dw_buf *why)
{
	if (strcmp(text, UNIX) == 0) {
		p->local = true;
		return DW_STATUS_OK;
	}
	if (desk_net_parse_whole(&p->nets[p->nnets], text)) {
		p->nnets++;
		return DW_STATUS_OK;
	}
	dw_buf_addf(why,
	    _("\"%s\" is no network that a proxy may come from; write it as "
	      "127.0.0.1, 10.0.0.0/8, 2001:db8::/48 or unix with --proxy-from"),
	    text);
	return wrong(p, text);
}

static int
check_listener(struct svc_proxies *p, const struct svc_endpoint *at,
    struct dw_buf *why)
{
	bool local = svc_is_unix(at->text);

	if (local && !at->proxy)
		dw_buf_addf(why,
		    _("a Unix socket takes customers only from a proxy, which "
		      "says who they are; write --listen %s,proxy"),
		    at->text);
	else if (at->proxy && local && !p->local)
		dw_buf_addf(why,
		    _("no proxy may come to %s; add --proxy-from unix for "
		      "those that may write to that socket"),
		    at->text);
	else if (at->proxy && !local && p->nnets == 0)
		dw_buf_addf(why,
		    _("no proxy may come to %s; say with --proxy-from from "
		      "which network they may, 127.0.0.1 for one on this "
		      "machine"),
		    at->text);
	else
		return DW_STATUS_OK;
	return wrong(p, at->text);
}

/* What is named for nobody is named by mistake: perhaps a ,proxy is missing. */
static int
check_network(struct svc_proxies *p, const struct svc_config *config,
    const char *text, struct dw_buf *why)
{
	bool local = strcmp(text, UNIX) == 0;

	if (count_listeners(config, local) > 0)
		return DW_STATUS_OK;
	if (local)
		dw_buf_adds(why,
		    _("--proxy-from unix is given, but no Unix socket takes "
		      "proxies; write --listen unix:PATH,proxy for one that "
		      "does"));
	else
		dw_buf_addf(why,
		    _("proxies may come from %s, but no address takes them; "
		      "write --listen ADDR:PORT,proxy for one that does"),
		    text);
	return wrong(p, text);
}

int
svc_proxies_init(struct svc_proxies *p, const struct svc_config *config,
    struct dw_buf *why)
{
	int r = DW_STATUS_OK;

	*p = (struct svc_proxies){ .nets = calloc(config->nproxy_from + 1,
				       sizeof *p->nets) };
	if (p->nets == NULL)
		return DW_STATUS_FAILED;
	for (size_t i = 0; i < config->nproxy_from && r == DW_STATUS_OK; i++)
		r = take_network(p, config->proxy_from[i], why);
	for (size_t i = 0; i < config->nlisten && r == DW_STATUS_OK; i++)
		r = check_listener(p, &config->listen[i], why);
	for (size_t i = 0; i < config->nproxy_from && r == DW_STATUS_OK; i++)
		r = check_network(p, config, config->proxy_from[i], why);
	return r;
}

void
svc_proxies_fini(struct svc_proxies *p)
{
	free(p->nets);
	p->nets = NULL;
}

bool
svc_proxies_have(const struct svc_proxies *p, const struct sks_addr *peer)
{
	enum sks_family family = sks_addr_family(peer);
	char text[SKS_ADDR_TEXT];
	struct desk_net net;

	if (family == SKS_UNSPEC || family == SKS_UNIX)
		return p->local;
	if (!desk_net_of_peer(&net,
		sks_addr_format(peer, SKS_STYLE_PLAIN, text, sizeof text)))
		return false;
	for (size_t i = 0; i < p->nnets; i++)
		if (desk_net_covers(&p->nets[i], &net))
			return true;
	return false;
}
