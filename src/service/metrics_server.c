/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who watches the desk comes in here: a few at a time, on a server and workers
 * of their own, so that a scraper that is slow or hostile disturbs nobody.  A
 * worker reads one request, has the desk thread render the page, and answers.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "service/internal.h"
#include "service/metrics_http.h"

#define AT_ONCE       8
#define REQUEST_NS    (5 * DW_SECOND)
#define ANSWER_NS     (5 * DW_SECOND)
#define READ_ON_NS    DW_SECOND
#define STACK         ((size_t)64 * 1024)
#define REFUSED_GRACE 1.0 /* seconds, to read why */

#define SCRAPE_MAGIC 0x5e4c0006u

/* One who asks. */
struct scrape {
	struct sks_handler base;
	unsigned magic;
	struct svc *svc;
	struct svc_owner owner;
	struct svc_node node;
	struct svc_http_request rq;
	struct dw_buf page, answer;
	size_t len;
	char head[SVC_HTTP_MAX];
};

/* ---- on the desk thread ---- */

static void
count_refused(struct svc *svc)
{
	for (unsigned i = 0; i < SVC_REFUSALS; i++)
		svc->metrics.now.refused[i] = atomic_load(&svc->refused[i]);
}

static void
count_sessions(struct svc *svc)
{
	for (unsigned s = EV_STATE_WAITING; s < EV_STATE_CLOSED; s++)
		for (unsigned m = EV_MODE_LINE; m <= EV_MODE_CLASSIC; m++)
			svc->metrics.now.sessions[s][m] =
			    desk_count(svc->desk, s, m);
}

int
svc_metrics_page(struct svc *svc, struct dw_buf *out,
    enum svc_metrics_form form)
{
	struct svc_metrics *m = &svc->metrics;

	count_sessions(svc);
	count_refused(svc);
	m->now.unlisted = desk_unlisted(svc->desk);
	m->now.seq = desk_last_seq(svc->desk);
	m->now.verified = store_checked(svc->store);
	m->now.connections = atomic_load(&svc->live);
	m->now.present = desk_present(svc->desk, &m->now.consoles);
	m->now.longest_wait_ms = desk_longest_wait_ms(svc->desk, svc_now());
	m->now.began_ms = svc->began_ms;
	m->now.disk_failing = svc->disk_failing;
	m->now.damaged = svc->damage[0] != '\0';
	m->now.log_losing = svc->log_losing || svc->talk_losing;
	m->now.closing = atomic_load(&svc->closes);
	return svc_metrics_render(out, m, form);
}

static void
render(struct svc_node *n)
{
	struct scrape *s = DW_LIST_OF(n, struct scrape, node);

	assert(s->magic == SCRAPE_MAGIC);
	(void)svc_metrics_page(s->svc, &s->page, s->rq.form);
}

/* ---- a worker ---- */

static struct scrape *
scrape_in(struct sks_handler *h)
{
	struct scrape *s = (struct scrape *)h;

	assert(s->magic == SCRAPE_MAGIC);
	return s;
}

static int
scrape_setup(struct sks_handler *h)
{
	struct scrape *s = (struct scrape *)h;

	s->magic = SCRAPE_MAGIC;
	s->svc = svc_of(sks_server_user(h->server));
	svc_owner_init(&s->owner);
	svc_node_init(&s->node, DESK_RQ_NONE, NULL, &s->owner);
	s->node.ready = render;
	return 0;
}

/* Returns 200, or the status of a head that is not there; 0: nothing came. */
static int
read_head(struct scrape *s)
{
	int64_t until = dw_clock_ns() + REQUEST_NS;
	ssize_t n;

	while (!svc_http_is_whole(s->head, s->len)) {
		if (s->len == sizeof s->head)
			return 431;
		n = sks_recv_deadline(s->base.request, s->head + s->len,
		    sizeof s->head - s->len, until);
		if (n == SKS_ETIMEDOUT)
			return 408;
		if (n <= 0)
			return s->len > 0 ? 400 : 0;
		s->len += (size_t)n;
	}
	return 200;
}

static void
answer(struct scrape *s)
{
	if (s->rq.status == 200) {
		svc_post(&s->svc->inbox, &s->node);
		svc_wait(&s->svc->inbox, &s->node);
	}
	if (s->page.failed)
		s->rq.status = 500;
	if (svc_http_answer(&s->answer, &s->rq, s->page.data, s->page.len) < 0)
		return;
	if (sks_sendall_deadline(s->base.request, s->answer.data, s->answer.len,
		dw_clock_ns() + ANSWER_NS, NULL) < 0)
		return;
	sks_shutdown(s->base.request, SKS_SHUT_WR);
}

/* What it still sends would make the system reset the answer. */
static void
read_on(struct scrape *s)
{
	int64_t until = dw_clock_ns() + READ_ON_NS;

	while (sks_recv_deadline(s->base.request, s->head, sizeof s->head,
		   until) > 0 &&
	    dw_clock_ns() < until)
		;
}

static int
scrape_handle(struct sks_handler *h)
{
	struct scrape *s = scrape_in(h);
	int status = read_head(s);

	if (status == 0)
		return 0;
	if (status == 200)
		s->rq = svc_http_parse(s->head, s->len);
	else
		s->rq.status = status;
	answer(s);
	read_on(s);
	return 0;
}

static int
scrape_finish(struct sks_handler *h)
{
	struct scrape *s = scrape_in(h);

	dw_buf_fini(&s->page);
	dw_buf_fini(&s->answer);
	svc_owner_fini(&s->owner);
	s->magic = 0;
	return 0;
}

static const struct sks_handler_ops scrape_ops = {
	SKS_HANDLER_OPS(struct scrape),
	.setup = scrape_setup,
	.handle = scrape_handle,
	.finish = scrape_finish,
};

/* ---- the acceptor ---- */

static void
scrape_refused(struct sks_server *srv, struct sks_request *req,
    enum sks_overload why)
{
	const struct svc_http_request rq = { .status = 503 };
	struct dw_buf out = DW_BUF_INITIALIZER;

	(void)srv;
	(void)why;
	if (svc_http_answer(&out, &rq, NULL, 0) == 0 &&
	    sks_send_now(sks_request_socket(req), out.data, out.len) < 0)
		dw_buf_reset(&out); /* who has gone hears nothing */
	dw_buf_fini(&out);
}

static const struct sks_server_ops server_ops = {
	SKS_SERVER_OPS,
	.on_overload = scrape_refused,
};

/* ---- main ---- */

/* Who reads the numbers learns how much a desk has to do, and nothing of what
 * is said. */
static int
check_scope(const struct svc_config *config, const char *text,
    const struct sks_addr *addr, struct dw_buf *why)
{
	enum sks_scope scope = sks_addr_scope(addr);

	if (scope == SKS_SCOPE_LOOPBACK || scope == SKS_SCOPE_LOCAL)
		return 0;
	if (why->len > 0)
		dw_buf_adds(why, "; ");
	if (scope == SKS_SCOPE_PRIVATE || config->public_allowed) {
		dw_buf_addf(why,
		    _("%s (--metrics) can be reached from other machines, "
		      "which then can read how much the desk has to do"),
		    text);
		return 0;
	}
	dw_buf_reset(why);
	dw_buf_addf(why,
	    _("%s (--metrics) can be reached from everywhere, and anybody "
	      "could read how much the desk has to do; name 127.0.0.1 there, "
	      "or, if that is what you want, add --allow-plaintext-public"),
	    text);
	return DW_STATUS_CONFIG;
}

static int
metrics_address(const struct svc_config *config, const struct svc_endpoint *at,
    struct sks_addr *out, struct dw_buf *why)
{
	const char *text = at->text;
	int r;

	if (sks_addr_parse(text, SVC_METRICS_PORT, out) < 0 ||
	    sks_addr_family(out) == SKS_UNIX) {
		dw_buf_reset(why);
		dw_buf_addf(why,
		    _("\"%s\" is no address for metrics; write it as "
		      "127.0.0.1:9464 or [::1]:9464"),
		    text);
		return DW_STATUS_USAGE;
	}
	r = check_scope(config, text, out, why);
	return r == 0 && at->fd < 0 ? svc_check_reach(config, text, out, why) :
				      r;
}

static int
add_listener(struct svc *svc, const struct sks_server *srv)
{
	struct svc_listener *l = &svc->watchers[svc->nwatchers];
	char text[SKS_ADDR_TEXT];

	l->addr = *sks_server_address(srv);
	sks_addr_format(&l->addr, SKS_STYLE_PLAIN, text, sizeof text);
	if ((l->name = strdup(text)) == NULL)
		return DW_STATUS_FAILED;
	svc->nwatchers++;
	return 0;
}

static int
open_one(struct svc *svc, const struct svc_endpoint *at, struct dw_buf *why)
{
	struct sks_server_config cfg;
	struct sks_server *srv;
	int r;

	sks_server_config_init(&cfg, SKS_TCP, SKS_THREADING);
	if ((r = metrics_address(svc->config, at, &cfg.address, why)) != 0)
		return r;
	svc_server_config(svc, &cfg);
	cfg.inherited_fd = at->fd;
	cfg.max_sessions = AT_ONCE;
	cfg.stack_size = STACK;
	cfg.max_parked = 0;
	cfg.thread_name = "metrics-";
	cfg.refused_grace = REFUSED_GRACE;
	if (sks_server_new(&cfg, &server_ops, &scrape_ops, &srv) < 0)
		return at->fd >= 0 ?
		    svc_inherit_failed(at->text, why) :
		    svc_listen_failed("--metrics", at->text, why);
	svc->metrics_servers[svc->nmetrics_servers++] = srv;
	return add_listener(svc, srv);
}

int
svc_metrics_open(struct svc *svc, struct dw_buf *why)
{
	size_t n = svc->config->nmetrics;
	int r;

	svc->metrics_servers = calloc(n + 1, sizeof *svc->metrics_servers);
	svc->watchers = calloc(n + 1, sizeof *svc->watchers);
	if (svc->metrics_servers == NULL || svc->watchers == NULL)
		return DW_STATUS_FAILED;
	for (size_t i = 0; i < n; i++)
		if ((r = open_one(svc, &svc->config->metrics[i], why)) != 0)
			return r;
	return 0;
}

int
svc_metrics_start(struct svc *svc)
{
	for (size_t i = 0; i < svc->nmetrics_servers; i++)
		if (sks_server_start(svc->metrics_servers[i]) < 0)
			return -1;
	return 0;
}

size_t
svc_metrics_listeners(const struct svc *svc, const struct svc_listener **all)
{
	*all = svc->watchers;
	return svc->nwatchers;
}

void
svc_metrics_close(struct svc *svc)
{
	for (size_t i = 0; i < svc->nmetrics_servers; i++)
		sks_server_free(svc->metrics_servers[i]);
	for (size_t i = 0; i < svc->nwatchers; i++)
		free((char *)svc->watchers[i].name);
	free(svc->metrics_servers);
	free(svc->watchers);
	svc->metrics_servers = NULL;
	svc->watchers = NULL;
	svc->nmetrics_servers = svc->nwatchers = 0;
}
