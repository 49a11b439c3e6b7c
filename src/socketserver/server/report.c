/* SPDX-License-Identifier: BSD-2-Clause */
/* This file writes what a server logs, and reports the failures of requests. */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "socketserver/net/error.h"
#include "socketserver/server/internal.h"

#define DASHES "----------------------------------------"

/* An episode is over when its trouble has been away for this time. */
#define EPISODE_NS DW_SECOND

void
sks_log(struct sks_server *srv, enum sks_log_level level, const char *format,
    ...)
{
	char text[320];
	va_list ap;

	if (srv->cfg.log == NULL)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	srv->cfg.log(srv->cfg.log_user, level, text);
}

int
sks_episode_lasts(const struct sks_episode *e)
{
	return e->until_ns != 0 && dw_clock_ns() < e->until_ns;
}

int
sks_episode_begins(struct sks_episode *e)
{
	int64_t now = dw_clock_ns();
	int begins = now >= e->until_ns;

	e->until_ns = now + EPISODE_NS;
	return begins;
}

void
sks_report(struct sks_server *srv, struct sks_request *req, int code)
{
	struct sks_error e;

	sks_error_for(code, &e);
	srv->ops.handle_error(srv, req, &e);
}

void
sks_default_handle_error(struct sks_server *srv, struct sks_request *req,
    const struct sks_error *e)
{
	char text[160], who[SKS_ADDR_TEXT];

	if (e->code == SKS_ERESET || e->code == SKS_EEOF)
		return;
	sks_error_format(e, text, sizeof text);
	if (req == NULL)
		sks_log(srv, SKS_LOG_ERROR, "%s", text);
	else
		sks_log(srv, SKS_LOG_ERROR, "request %" PRIu64 " from %s: %s",
		    req->number,
		    sks_addr_format(&req->client, SKS_STYLE_PLAIN, who,
			sizeof who),
		    text);
}

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
