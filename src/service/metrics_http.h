/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a program asks that watches the desk: as much of HTTP/1.1 (RFC 9112) as
 * GET and HEAD of /metrics need.  No I/O.
 */
#ifndef SVC_METRICS_HTTP_H
#define SVC_METRICS_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "service/metrics.h"

#define SVC_HTTP_MAX 8192 /* bytes of a request's head */

struct svc_http_request {
	int status; /* 200; else what is wrong with it */
	bool head;  /* the answer has no body */
	enum svc_metrics_form form;
};

/* Does the head end within these bytes? */
bool svc_http_is_whole(const char *bytes, size_t len);

/* What these bytes, a whole head, ask for. */
struct svc_http_request svc_http_parse(const char *bytes, size_t len);

/* Appends the answer: of 200 with this page, of all others with a sentence.
 * Returns 0 or -ENOMEM. */
int svc_http_answer(struct dw_buf *out, const struct svc_http_request *rq,
    const char *page, size_t len);

#endif
