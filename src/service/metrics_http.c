/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file reads requests for metrics and writes what they are answered.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "service/metrics_http.h"

#define PATH "/metrics"

/* Some bytes of a request. */
struct piece {
	const char *at;
	size_t len;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct piece
trimmed(struct piece p)
{
	while (p.len > 0 && is_blank(*p.at)) {
		p.at++;
		p.len--;
	}
	while (p.len > 0 && is_blank(p.at[p.len - 1]))
		p.len--;
	return p;
}

/* Takes what stands before c, or all; *rest is what follows. */
static struct piece
until(struct piece *rest, char c)
{
	const char *end = memchr(rest->at, c, rest->len);
	struct piece p = { rest->at,
		end != NULL ? (size_t)(end - rest->at) : rest->len };
	size_t taken = p.len + (end != NULL);

	rest->at += taken;
	rest->len -= taken;
	return p;
}

static bool
is(struct piece p, const char *word)
{
	return p.len == strlen(word) && memcmp(p.at, word, p.len) == 0;
}

static bool
is_word(struct piece p, const char *word)
{
	return p.len == strlen(word) && strncasecmp(p.at, word, p.len) == 0;
}

/* Rows end with CR LF; a lone LF is taken for one. */
static struct piece
next_row(struct piece *rest)
{
	struct piece row = until(rest, '\n');

	if (row.len > 0 && row.at[row.len - 1] == '\r')
		row.len--;
	return row;
}

bool
svc_http_is_whole(const char *bytes, size_t len)
{
	struct piece rest = { bytes, len };

	while (memchr(rest.at, '\n', rest.len) != NULL)
		if (next_row(&rest).len == 0)
			return true;
	return false;
}

/* ---- which form ---- */

/* "0.75" in thousandths; what is no number is 0. */
static int
parse_quality(struct piece p)
{
	int q = 0, digits = 0;

	if (p.len == 0 || p.at[0] < '0' || p.at[0] > '1')
		return 0;
	q = (p.at[0] - '0') * 1000;
	for (size_t i = 2; i < p.len && digits < 3 && p.at[1] == '.'; i++) {
		static const int parts[] = { 100, 10, 1 };

		if (p.at[i] < '0' || p.at[i] > '9')
			return 0;
		q += (p.at[i] - '0') * parts[digits++];
	}
	return q < 1000 ? q : 1000;
}

/* How much it wants these forms, in thousandths. */
struct wishes {
	int open, text;
};

static void
wish(int *form, int q)
{
	if (q > *form)
		*form = q;
}

/* One media range: "text/plain;version=0.0.4;q=0.5". */
static void
add_range(struct wishes *w, struct piece range)
{
	struct piece type = trimmed(until(&range, ';'));
	bool other = false;
	int q = 1000;

	while (range.len > 0) {
		struct piece value = until(&range, ';');
		struct piece name = trimmed(until(&value, '='));

		value = trimmed(value);
		if (is_word(name, "q"))
			q = parse_quality(value);
		else if (is_word(name, "version"))
			other = !is(value, "1.0.0");
	}
	if (is_word(type, "application/openmetrics-text")) {
		if (!other)
			wish(&w->open, q);
	} else if (is_word(type, "text/plain") || is_word(type, "text/*") ||
	    is_word(type, "*/*")) {
		wish(&w->text, q);
	}
}

static void
add_accept(struct wishes *w, struct piece value)
{
	while (value.len > 0)
		add_range(w, until(&value, ','));
}

/* ---- the request ---- */

static bool
is_token(struct piece p)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < p.len; i++) {
		char c = p.at[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			(c >= 'A' && c <= 'Z') ||
			(c != '\0' && strchr(others, c) != NULL)))
			return false;
	}
	return p.len > 0;
}

/* The path of "/metrics?x" or "http://host/metrics". */
static struct piece
path_of(struct piece target)
{
	static const char scheme[] = "http://";
	size_t len = strlen(scheme);

	if (target.len > len && strncasecmp(target.at, scheme, len) == 0) {
		const char *end = target.at + target.len;
		const char *path =
		    memchr(target.at + len, '/', target.len - len);

		target.at = path != NULL ? path : end;
		target.len = (size_t)(end - target.at);
	}
	return until(&target, '?');
}

static bool
is_version(struct piece p)
{
	return is(p, "HTTP/1.1") || is(p, "HTTP/1.0");
}

/* The first row.  Returns a status. */
static int
parse_first(struct svc_http_request *rq, struct piece row, bool *needs_host)
{
	struct piece method = until(&row, ' '), target = until(&row, ' ');

	*needs_host = is(row, "HTTP/1.1");
	if (!is_token(method) || target.len == 0 || !is_version(row))
		return 400;
	rq->head = is(method, "HEAD");
	if (!is(path_of(target), PATH))
		return 404;
	return rq->head || is(method, "GET") ? 200 : 405;
}

/* The rows behind it.  Returns whether they are well formed. */
static bool
parse_fields(struct piece rest, struct wishes *w, bool needs_host)
{
	struct piece row;
	int hosts = 0;

	while ((row = next_row(&rest)).len > 0) {
		struct piece name = until(&row, ':');

		if (!is_token(name) || memchr(row.at, '\0', row.len) != NULL ||
		    memchr(row.at, '\r', row.len) != NULL)
			return false;
		hosts += is_word(name, "host");
		if (is_word(name, "accept"))
			add_accept(w, row);
	}
	return hosts == 1 || (hosts == 0 && !needs_host);
}

struct svc_http_request
svc_http_parse(const char *bytes, size_t len)
{
	struct svc_http_request rq = { 0 };
	struct piece rest = { bytes, len };
	struct wishes w = { 0, 0 };
	bool needs_host;

	rq.status = parse_first(&rq, next_row(&rest), &needs_host);
	if (rq.status != 400 && !parse_fields(rest, &w, needs_host))
		rq.status = 400;
	if (w.open > 0 && w.open >= w.text)
		rq.form = SVC_METRICS_OPEN;
	return rq;
}

/* ---- the answer ---- */

static const struct {
	int status;
	const char *phrase, *sentence;
} answers[] = {
	{ 200, "OK", "" },
	{ 400, "Bad Request", "This is no request of HTTP/1.1." },
	{ 404, "Not Found", "There is " PATH " here, and nothing else." },
	{ 405, "Method Not Allowed", PATH " can be read, by GET and HEAD." },
	{ 408, "Request Timeout", "The request did not come in time." },
	{ 431, "Request Header Fields Too Large",
	    "A request has 8192 bytes at most here." },
	{ 500, "Internal Server Error", "The desk is out of memory." },
	{ 503, "Service Unavailable", "Too many ask at once; try again." },
};

int
svc_http_answer(struct dw_buf *out, const struct svc_http_request *rq,
    const char *page, size_t len)
{
	size_t i = 0;

	while (i < sizeof answers / sizeof answers[0] &&
	    answers[i].status != rq->status)
		i++;
	assert(i < sizeof answers / sizeof answers[0]);
	if (rq->status != 200) {
		page = answers[i].sentence;
		len = strlen(page) + 1;
	}
	dw_buf_addf(out,
	    "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
	    "Cache-Control: no-store\r\nConnection: close\r\n%s\r\n",
	    rq->status, answers[i].phrase,
	    rq->status == 200 ? svc_metrics_type(rq->form) :
				"text/plain; charset=utf-8",
	    len, rq->status == 405 ? "Allow: GET, HEAD\r\n" : "");
	if (rq->head)
		len = 0;
	else if (rq->status == 200)
		dw_buf_add(out, page, len);
	else
		dw_buf_addf(out, "%s\n", page);
	return out->failed ? -ENOMEM : 0;
}
