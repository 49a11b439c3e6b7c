/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "socketserver/server/internal.h"

#define DASHES "----------------------------------------"

static void
log_whose(struct sks_server *srv, const struct sks_request *req)
{
	char who[SKS_ADDR_TEXT];

	if (req == NULL)
		sks_log(srv, SKS_LOG_ERROR,
		    "Exception occurred in the server's loop");
	else
		sks_log(srv, SKS_LOG_ERROR,
		    "Exception occurred during "
		    "processing of request from %s",
		    sks_addr_format(sks_request_address(req), SKS_STYLE_PYTHON,
			who, sizeof who));
}

static void
log_chain(struct sks_server *srv, const struct sks_error *e)
{
	char text[160];

	if (e->context != 0) {
		sks_log(srv, SKS_LOG_ERROR, "%s", sks_strerror(e->context));
		sks_log(srv, SKS_LOG_ERROR,
		    "During handling of the above "
		    "exception, another exception occurred:");
	}
	sks_log(srv, SKS_LOG_ERROR, "%s",
	    sks_error_format(e, text, sizeof text));
}

void
sks_handle_error_python(struct sks_server *srv, struct sks_request *req,
    const struct sks_error *e)
{
	if (e->code == SKS_ERESET || e->code == SKS_EEOF)
		return;
	sks_log(srv, SKS_LOG_ERROR, DASHES);
	log_whose(srv, req);
	log_chain(srv, e);
	sks_log(srv, SKS_LOG_ERROR, DASHES);
}
