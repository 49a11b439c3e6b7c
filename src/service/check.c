/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file looks at what a start looks at, for whoever does not start.
 */
#include "config.h"

#include <stdlib.h>

#include "service/internal.h"

int
svc_check_operators(const struct svc_config *config, struct dw_buf *why)
{
	struct svc *svc = calloc(1, sizeof *svc);
	int r = DW_STATUS_FAILED;

	if (svc != NULL) {
		svc->config = config;
		r = svc_find_operator_group(svc, why);
		if (r == DW_STATUS_OK)
			r = svc_check_operator_path(svc, why);
	}
	free(svc);
	return r;
}
