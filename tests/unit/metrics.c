/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The desk in numbers: what is counted, how both forms are written, and what
 * somebody who asks over HTTP is answered.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "service/metrics.h"
#include "service/metrics_http.h"
#include "tests/t.h"

static char *
rendered(const struct svc_metrics *m, enum svc_metrics_form form)
{
	struct dw_buf out = DW_BUF_INITIALIZER;

	CHECK_INT(svc_metrics_render(&out, m, form), 0);
	return dw_buf_take(&out);
}

static void
check_has(const struct svc_metrics *m, enum svc_metrics_form form,
    const char *rows)
{
	char *page = rendered(m, form);

	t_check(T_AT, strstr(page, rows) != NULL, rows);
	free(page);
}

/* ---- counting ---- */

static void
a_bucket_has_what_took_no_longer_than_it_says(void)
{
	struct svc_metrics m = { 0 };

	svc_metrics_waited(&m, 5000);
	svc_metrics_waited(&m, 5001);
	svc_metrics_waited(&m, 3600000);
	svc_metrics_waited(&m, 3600001);
	svc_metrics_waited(&m, -1); /* somebody set a clock */
	check_has(&m, SVC_METRICS_TEXT,
	    "deskwire_wait_seconds_bucket{le=\"5.0\"} 2\n"
	    "deskwire_wait_seconds_bucket{le=\"10.0\"} 3\n");
	check_has(&m, SVC_METRICS_TEXT,
	    "deskwire_wait_seconds_bucket{le=\"3600.0\"} 4\n"
	    "deskwire_wait_seconds_bucket{le=\"+Inf\"} 5\n"
	    "deskwire_wait_seconds_sum 7210.002000000\n"
	    "deskwire_wait_seconds_count 5\n");
}

static void
a_commit_is_counted_also_when_it_fails(void)
{
	struct svc_metrics m = { 0 };

	svc_metrics_committed(&m, 500000, false);
	svc_metrics_committed(&m, 400 * DW_SECOND, true);
	check_has(&m, SVC_METRICS_TEXT,
	    "deskwire_commit_seconds_bucket{le=\"0.0005\"} 1\n");
	check_has(&m, SVC_METRICS_TEXT,
	    "deskwire_commit_seconds_bucket{le=\"300.0\"} 1\n"
	    "deskwire_commit_seconds_bucket{le=\"+Inf\"} 2\n"
	    "deskwire_commit_seconds_sum 400.000500000\n"
	    "deskwire_commit_seconds_count 2\n");
	check_has(&m, SVC_METRICS_TEXT, "deskwire_commits_failed_total 1\n");
}

static void
happens(struct svc_metrics *m, enum ev_kind kind, uint64_t n, const char *why,
    const struct ev_session *facts)
{
	struct ev_event ev = ev_event_of(kind);

	ev.n = n;
	ev.why = why;
	ev.steady_ms = 61000;
	svc_metrics_event(m, &ev, facts);
}

static void
only_the_first_answer_of_a_session_tells_how_long_that_took(void)
{
	const struct ev_session facts = { .began_at = { 1, 1000 } };
	struct svc_metrics m = { 0 };

	happens(&m, EV_ARRIVED, 0, "", &facts);
	happens(&m, EV_SAID, 1, "", &facts);
	happens(&m, EV_SAID, 2, "", &facts);
	happens(&m, EV_REPLY, 1, "", &facts);
	happens(&m, EV_REPLY, 2, "", &facts);
	happens(&m, EV_NOTE, 1, "", &facts);
	check_has(&m, SVC_METRICS_TEXT,
	    "deskwire_first_reply_seconds_bucket{le=\"30.0\"} 0\n"
	    "deskwire_first_reply_seconds_bucket{le=\"60.0\"} 1\n");
	check_has(&m, SVC_METRICS_TEXT,
	    "deskwire_first_reply_seconds_count 1\n");
	check_has(&m, SVC_METRICS_TEXT,
	    "deskwire_messages_total{dir=\"in\"} 2\n"
	    "deskwire_messages_total{dir=\"out\"} 2\n");
	check_has(&m, SVC_METRICS_TEXT, "deskwire_sessions_begun_total 1\n");
}

static void
each_way_back_into_the_line_is_counted_by_why(void)
{
	struct svc_metrics m = { 0 };

	happens(&m, EV_FREE, 0, EV_WHY_SILENT, NULL);
	happens(&m, EV_FREE, 0, EV_WHY_SILENT, NULL);
	happens(&m, EV_FREE, 0, EV_WHY_RELEASED, NULL);
	happens(&m, EV_UDP, 0, "", NULL);
	happens(&m, EV_UDP_REPLY, 0, "", NULL);
	check_has(&m, SVC_METRICS_TEXT,
	    "deskwire_leases_returned_total{why=\"lost\"} 0\n"
	    "deskwire_leases_returned_total{why=\"released\"} 1\n"
	    "deskwire_leases_returned_total{why=\"silent\"} 2\n");
	check_has(&m, SVC_METRICS_TEXT,
	    "deskwire_datagrams_total{dir=\"in\"} 1\n"
	    "deskwire_datagrams_total{dir=\"out\"} 1\n");
}

/* ---- both forms ---- */

static void
a_counter_is_named_as_its_form_wants_it(void)
{
	const struct svc_metrics m = { .sessions_begun = 7 };

	check_has(&m, SVC_METRICS_TEXT,
	    "# TYPE deskwire_sessions_begun_total counter\n"
	    "deskwire_sessions_begun_total 7\n");
	check_has(&m, SVC_METRICS_OPEN,
	    "# TYPE deskwire_sessions_begun counter\n"
	    "deskwire_sessions_begun_total 7\n");
	check_has(&m, SVC_METRICS_TEXT, "# TYPE deskwire_build_info gauge\n");
	check_has(&m, SVC_METRICS_OPEN, "# TYPE deskwire_build info\n");
	check_has(&m, SVC_METRICS_OPEN,
	    "# TYPE deskwire_wait_seconds histogram\n"
	    "# UNIT deskwire_wait_seconds seconds\n");
}

static void
only_the_new_form_says_where_it_ends(void)
{
	const struct svc_metrics m = { 0 };
	char *text = rendered(&m, SVC_METRICS_TEXT);
	char *open = rendered(&m, SVC_METRICS_OPEN);
	size_t len = strlen(open);

	CHECK(strstr(text, "# EOF") == NULL && strstr(text, "# UNIT") == NULL);
	CHECK_STR(open + len - strlen("\n# EOF\n"), "\n# EOF\n");
	CHECK(strstr(open, "# EOF") == open + len - strlen("# EOF\n"));
	free(text);
	free(open);
}

/* ---- HTTP ---- */

#define HOST "Host: x\r\n"

static struct svc_http_request
parsed(const char *text)
{
	return svc_http_parse(text, strlen(text));
}

static void
what_is_no_request_is_told_so(void)
{
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{ "GET /metrics HTTP/1.1\r\n" HOST "\r\n", 200 },
		{ "GET /metrics HTTP/1.0\r\n\r\n", 200 },
		{ "GET /metrics?x=1 HTTP/1.1\r\nhOST: x\r\n\r\n", 200 },
		{ "GET http://x:9/metrics HTTP/1.1\r\n" HOST "\r\n", 200 },
		{ "HEAD /metrics HTTP/1.1\n" HOST "\n", 200 },
		{ "GET / HTTP/1.1\r\n" HOST "\r\n", 404 },
		{ "GET /metrics/ HTTP/1.1\r\n" HOST "\r\n", 404 },
		{ "GET http://x HTTP/1.1\r\n" HOST "\r\n", 404 },
		{ "POST /metrics HTTP/1.1\r\n" HOST "\r\n", 405 },
		{ "PUT /metrics HTTP/1.1\r\n" HOST "\r\n", 405 },
		{ "GET /metrics HTTP/1.1\r\n\r\n", 400 },
		{ "GET /metrics HTTP/1.1\r\n" HOST HOST "\r\n", 400 },
		{ "GET /metrics HTTP/2.0\r\n" HOST "\r\n", 400 },
		{ "GET /metrics\r\n" HOST "\r\n", 400 },
		{ "GET  /metrics HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ "G\x01T /metrics HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ "GET /metrics HTTP/1.1\r\n" HOST "Accept : x\r\n\r\n", 400 },
		{ "GET /metrics HTTP/1.1\r\n" HOST " folded\r\n\r\n", 400 },
		{ "GET /metrics HTTP/1.1\r\n" HOST "a: b\rc\r\n\r\n", 400 },
		{ "\r\n", 400 },
		{ "hello\r\n\r\n", 400 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		t_check_int(T_AT, parsed(cases[i].text).status, cases[i].status,
		    cases[i].text);
}

static enum svc_metrics_form
form_for(const char *accept)
{
	char text[512];

	snprintf(text, sizeof text, "GET /metrics HTTP/1.1\r\n" HOST "%s\r\n",
	    accept);
	return parsed(text).form;
}

static void
the_form_is_the_one_that_is_wanted_more(void)
{
	static const struct {
		const char *accept;
		enum svc_metrics_form form;
	} cases[] = {
		{ "", SVC_METRICS_TEXT },
		{ "Accept: */*\r\n", SVC_METRICS_TEXT },
		/* As Prometheus 2.42 asks. */
		{ "Accept: application/openmetrics-text;version=1.0.0,"
		  "application/openmetrics-text;version=0.0.1;q=0.75,"
		  "text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n",
		    SVC_METRICS_OPEN },
		{ "accept:application/openmetrics-text\r\n", SVC_METRICS_OPEN },
		{ "Accept: application/openmetrics-text; version=0.0.1\r\n",
		    SVC_METRICS_TEXT },
		{ "Accept: application/openmetrics-text;q=0.2, text/plain\r\n",
		    SVC_METRICS_TEXT },
		{ "Accept: application/openmetrics-text;q=0.50, "
		  "text/plain;q=0.499\r\n",
		    SVC_METRICS_OPEN },
		{ "Accept: application/openmetrics-text;q=0\r\n",
		    SVC_METRICS_TEXT },
		{ "Accept: application/openmetrics-text;q=much\r\n",
		    SVC_METRICS_TEXT },
		{ "Accept: text/plain\r\nAccept: "
		  "application/openmetrics-text\r\n",
		    SVC_METRICS_OPEN },
		{ "Accept: ;;,,=;q=,\r\n", SVC_METRICS_TEXT },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		t_check_int(T_AT, form_for(cases[i].accept), cases[i].form,
		    cases[i].accept);
}

/* Each byte of a copy that ends where the request does, so that a sanitizer sees
 * who reads behind it. */
static void
what_is_damaged_anywhere_is_answered_with_a_status(void)
{
	static const char whole[] =
	    "GET http://x/metrics?a HTTP/1.1\r\nHost: x\r\nAccept: "
	    "application/openmetrics-text;version=1.0.0;q=0.75, */*;q=0.1\r\n"
	    "\r\n";
	static const char odd[] = "\0 \t\r\n:;,=?/\"1\xff";

	for (size_t at = 0; at < sizeof whole; at++)
		for (size_t i = 0; i < sizeof odd; i++) {
			size_t len = i == 0 ? at : sizeof whole - 1;
			struct svc_http_request rq;
			char *copy = malloc(len + 1);

			memcpy(copy, whole, len);
			if (i > 0 && at < len)
				copy[at] = odd[i - 1];
			copy = realloc(copy, len > 0 ? len : 1);
			rq = svc_http_parse(copy, len);
			CHECK(rq.status == 200 || rq.status == 400 ||
			    rq.status == 404 || rq.status == 405);
			(void)svc_http_is_whole(copy, len);
			free(copy);
		}
}

static void
a_head_is_whole_when_an_empty_row_ends_it(void)
{
	static const char head[] = "GET / HTTP/1.1\r\nA: b\r\n\r\nmore";
	size_t whole = sizeof head - 1 - strlen("more");

	for (size_t n = 0; n < sizeof head; n++)
		CHECK_INT(svc_http_is_whole(head, n), n >= whole);
	CHECK(svc_http_is_whole("a\n\n", 3));
}

static void
check_answer(const char *request, const char *want)
{
	struct svc_http_request rq = parsed(request);
	struct dw_buf out = DW_BUF_INITIALIZER;

	CHECK_INT(svc_http_answer(&out, &rq, "page\n", 5), 0);
	CHECK_STR(dw_buf_str(&out), want);
	dw_buf_fini(&out);
}

static void
head_is_answered_without_the_page_and_with_its_length(void)
{
#define FIELDS                                                         \
	"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; " \
	"charset=utf-8\r\nContent-Length: 5\r\nCache-Control: "        \
	"no-store\r\nConnection: close\r\n\r\n"
	check_answer("GET /metrics HTTP/1.1\r\n" HOST "\r\n", FIELDS "page\n");
	check_answer("HEAD /metrics HTTP/1.1\r\n" HOST "\r\n", FIELDS);
	check_answer("POST /metrics HTTP/1.1\r\n" HOST "\r\n",
	    "HTTP/1.1 405 Method Not Allowed\r\nContent-Type: text/plain; "
	    "charset=utf-8\r\nContent-Length: 39\r\nCache-Control: "
	    "no-store\r\nConnection: close\r\nAllow: GET, HEAD\r\n\r\n"
	    "/metrics can be read, by GET and HEAD.\n");
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_bucket_has_what_took_no_longer_than_it_says),
		T(a_commit_is_counted_also_when_it_fails),
		T(only_the_first_answer_of_a_session_tells_how_long_that_took),
		T(each_way_back_into_the_line_is_counted_by_why),
		T(a_counter_is_named_as_its_form_wants_it),
		T(only_the_new_form_says_where_it_ends),
		T(what_is_no_request_is_told_so),
		T(the_form_is_the_one_that_is_wanted_more),
		T(what_is_damaged_anywhere_is_answered_with_a_status),
		T(a_head_is_whole_when_an_empty_row_ends_it),
		T(head_is_answered_without_the_page_and_with_its_length),
	};

	return t_main("metrics", cases, sizeof cases / sizeof cases[0]);
}
