/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a desk is to be reached: what the options name.
 */
#ifndef BIN_ENDPOINTS_H
#define BIN_ENDPOINTS_H

#include "bin/options.h"
#include "service/service.h"

struct endpoints {
	struct svc_endpoint *listen, *udp, *metrics;
	size_t nlisten, nudp, nmetrics;
	int operator_fd; /* -1: none */
};

/* The texts stay the options', but for a proxy's.  Returns DW_STATUS_OK; or the exit status for
 * what it has told.  endpoints_fini() in both cases. */
int endpoints_init(struct endpoints *e, const struct options *o);
void endpoints_fini(struct endpoints *e);

#endif
