/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which proxies may bring customers: those on this machine that may write to a
 * Unix socket, and those in the networks that a configuration names.
 */
#ifndef SVC_PROXIES_H
#define SVC_PROXIES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "desk/net.h"

struct sks_addr;
struct svc_config;

/* Never changes between init and fini. */
struct svc_proxies {
	struct desk_net *nets;
	size_t nnets;
	bool local;        /* "unix": whoever may write to the socket */
	const char *wrong; /* after init: which listener or network is, as the
	                    * configuration has it; or NULL */
};

/*
 * Of config only the listeners and proxy_from count.  Returns DW_STATUS_OK; or
 * DW_STATUS_CONFIG, and why tells in one line what does not fit together; or
 * DW_STATUS_FAILED: no memory.  svc_proxies_fini() in each case.
 */
int svc_proxies_init(struct svc_proxies *p, const struct svc_config *config,
    struct dw_buf *why);
void svc_proxies_fini(struct svc_proxies *p);

/* May who comes from there bring customers?  Any thread. */
bool svc_proxies_have(const struct svc_proxies *p, const struct sks_addr *peer);

/* Is this the text of a Unix socket? */
bool svc_is_unix(const char *text);

#endif
