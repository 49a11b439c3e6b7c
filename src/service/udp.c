/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Datagrams come in here, one thread "udp" for each address.  It never waits
 * for the desk: what is too fast, finds no free node, or cannot be stored, is
 * dropped and counted.  Nothing is sent but operators' answers, by the desk
 * thread.
 */
#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/lock.h"
#include "base/thread.h"
#include "service/internal.h"
#include "service/sources.h"

/* A datagram on its way to the desk. */
struct datagram {
	struct svc_node node;
	struct svc *svc;
	struct dw_buf text;
	char addr[EV_ADDR_SIZE];
	unsigned char route[DESK_ROUTE_SIZE];
};

/* The way back. */
struct route {
	struct sks_addr to, asked;
	size_t udp; /* index in svc.udp */
};
_Static_assert(sizeof(struct route) <= DESK_ROUTE_SIZE,
    "the desk keeps whole routes");

/* Set by open, then the thread's own, but for what says so. */
#define UDP_MAGIC 0x5e4c0005u

struct svc_udp {
	unsigned magic;
	struct svc *svc;
	size_t number;
	struct sks_server *server;
	struct sks_socket *socket;  /* the desk thread sends */
	struct datagram *datagrams; /* used in turn */
	size_t max, next;
	struct svc_sources sources;
	pthread_t thread; /* main's */
	bool started;     /* main's */
};

static struct svc_udp *
udp_of(void *arg)
{
	struct svc_udp *u = arg;

	assert(u->magic == UDP_MAGIC);
	return u;
}

static void
drop(struct svc *svc)
{
	/* The first one makes the desk look at its clock. */
	if (atomic_fetch_add(&svc->udp_dropped, 1) == 0)
		svc_post_again(&svc->inbox, &svc->drop);
}

/* ---- the thread "udp" ---- */

static int
udp_verify(struct sks_server *srv, struct sks_request *req)
{
	struct svc_udp *u = udp_of(sks_server_user(srv));
	struct svc_ban ban;

	if (!svc_bans_find(&u->svc->bans, sks_request_address(req),
		dw_clock_steady_ms(), &ban) &&
	    svc_sources_take(&u->sources, sks_request_address(req),
		dw_clock_ns()))
		return 1;
	drop(u->svc);
	return 0;
}

/* The nodes come back in the order in which they were posted. */
static struct datagram *
free_datagram(struct svc_udp *u)
{
	struct datagram *n = &u->datagrams[u->next % u->max];

	if (!svc_is_back(&u->svc->inbox, &n->node))
		return NULL;
	u->next++;
	return n;
}

static void
remember_route(const struct svc_udp *u, const struct sks_request *req,
    struct datagram *n)
{
	struct route route = { .to = *sks_request_address(req),
		.udp = u->number };

	sks_request_asked(req, &route.asked);
	memcpy(n->route, &route, sizeof route);
}

static int
fill(struct svc_udp *u, struct datagram *n, const struct sks_request *req)
{
	size_t len;
	const void *data = sks_request_packet(req, &len);

	dw_buf_reset(&n->text);
	if (dw_buf_add(&n->text, data, len) < 0)
		return -1;
	sks_addr_format(sks_request_address(req), SKS_STYLE_PLAIN, n->addr,
	    sizeof n->addr);
	remember_route(u, req, n);
	n->node.rq.addr = n->addr;
	n->node.rq.route = n->route;
	n->node.rq.text = dw_buf_str(&n->text);
	n->node.rq.len = len;
	n->node.rq.whole = sks_request_full_len(req);
	n->node.rq.flags = sks_request_truncated(req) ? EV_FLAG_TRUNCATED : 0;
	return 0;
}

static int
udp_handle(struct sks_handler *h)
{
	struct svc_udp *u = udp_of(sks_server_user(h->server));
	struct datagram *n = free_datagram(u);

	if (n == NULL || fill(u, n, h->self) < 0)
		drop(u->svc);
	else
		svc_post(&u->svc->inbox, &n->node);
	return 0;
}

static const struct sks_handler_ops udp_ops = {
	SKS_HANDLER_OPS(struct sks_handler),
	.handle = udp_handle,
};

static void
udp_failed(struct sks_server *srv, struct sks_request *req,
    const struct sks_error *e)
{
	svc_log_failure(udp_of(sks_server_user(srv))->svc, req, e);
}

static const struct sks_server_ops udp_server_ops = {
	SKS_SERVER_OPS,
	.handle_error = udp_failed,
	.verify_request = udp_verify,
};

static void *
udp_main(void *arg)
{
	struct svc_udp *u = udp_of(arg);
	char text[160];

	if (sks_server_serve_forever(u->server) < 0)
		svc_log(u->svc, SVC_LOG_WARNING, NULL,
		    _("no datagrams are taken any "
		      "more: %s"),
		    sks_error_text(text, sizeof text));
	return NULL;
}

/* ---- the desk thread ---- */

static bool
takes_more(struct sks_socket *s)
{
	struct pollfd pfd = { sks_fileno(s), POLLOUT, 0 };

	return poll(&pfd, 1, 0) == 1;
}

static const char *
why_not(int code)
{
	switch (code) {
	case SKS_EUNREACH:
		return EV_WHY_UNREACHABLE;
	case SKS_ETIMEDOUT:
		return EV_WHY_NO_ROOM;
	case SKS_ETOOLONG:
		return EV_WHY_TOO_LONG;
	default:
		return EV_WHY_FAILED;
	}
}

static void
datagram_answered(struct svc_node *n, const struct desk_answer *a)
{
	struct datagram *d = DW_LIST_OF(n, struct datagram, node);
	struct route route;

	memcpy(&route, d->route, sizeof route);
	if (a->code == EV_CODE_OK)
		svc_record_datagram(d->svc, &route.to, &n->rq);
	else
		drop(d->svc);
}

const char *
svc_udp_send(struct svc *svc, const struct desk_peer *to, const char *text,
    size_t len)
{
	struct dw_buf coded = DW_BUF_INITIALIZER;
	struct sks_socket *s;
	struct route route;
	int r;

	memcpy(&route, to->route, sizeof route);
	s = svc->udp[route.udp].socket;
	/* The desk waits for no network. */
	if (!takes_more(s))
		return why_not(SKS_ETIMEDOUT);
	if (dw_charset_encode(&coded, to->charset, text, len) < 0)
		r = SKS_ENOMEM;
	else
		r = (int)sks_sendto_from(s, dw_buf_str(&coded), coded.len,
		    &route.to, &route.asked);
	dw_buf_fini(&coded);
	if (r < 0)
		return why_not(r);
	svc_record_udp_answer(svc, to->addr, text, len);
	return NULL;
}

void
svc_udp_dropped(struct svc *svc)
{
	unsigned long n = (unsigned long)atomic_exchange(&svc->udp_dropped, 0);
	char text[160];

	snprintf(text, sizeof text,
	    DW_PLURAL(
		"%lu datagram was dropped: more came than can be kept, or "
		"it was from who is banned",
		"%lu datagrams were dropped: more came than can be kept, or "
		"they were from who is banned",
		n),
	    n);
	svc_notice(svc, EV_CODE_LIMIT, text);
}

/* ---- main ---- */

static int
open_datagrams(struct svc_udp *u)
{
	const struct svc_limits *l = &u->svc->config->limits;

	u->max = (size_t)l->udp_queue;
	if (svc_sources_init(&u->sources, (size_t)l->udp_peers, l->rate,
		l->burst, l->udp_rate, l->udp_burst, dw_clock_ns()) < 0 ||
	    (u->datagrams = calloc(u->max, sizeof *u->datagrams)) == NULL)
		return -1;
	for (size_t i = 0; i < u->max; i++) {
		struct datagram *n = &u->datagrams[i];

		svc_node_init(&n->node, DESK_RQ_DATAGRAM, NULL, NULL);
		n->node.answered = datagram_answered;
		n->svc = u->svc;
	}
	return 0;
}

static int
open_one(struct svc_udp *u, const struct svc_endpoint *at, struct dw_buf *why)
{
	const struct svc_config *config = u->svc->config;
	struct sks_server_config cfg;
	int r;

	sks_server_config_init(&cfg, SKS_UDP, SKS_SYNC);
	if ((r = svc_address(config, at, &cfg.address, why)) != 0)
		return r;
	if (open_datagrams(u) < 0)
		return DW_STATUS_FAILED;
	svc_server_config(u->svc, &cfg);
	cfg.user = u;
	cfg.inherited_fd = at->fd;
	cfg.max_packet_size = (size_t)config->limits.max_datagram;
	if (sks_server_new(&cfg, &udp_server_ops, &udp_ops, &u->server) < 0)
		return at->fd >= 0 ? svc_inherit_failed(at->text, why) :
				     svc_listen_failed("--udp", at->text, why);
	u->socket = sks_server_socket_at(u->server, 0);
	return svc_add_listener(u->svc, u->server, true, "");
}

int
svc_udp_open(struct svc *svc, struct dw_buf *why)
{
	const struct svc_config *config = svc->config;
	int r;

	svc_node_init(&svc->drop, DESK_RQ_DROPPED, NULL, NULL);
	svc->udp = calloc(config->nudp + 1, sizeof *svc->udp);
	if (svc->udp == NULL)
		return DW_STATUS_FAILED;
	for (size_t i = 0; i < config->nudp; i++) {
		struct svc_udp *u = &svc->udp[svc->nudp++];

		u->magic = UDP_MAGIC;
		u->svc = svc;
		u->number = i;
		if ((r = open_one(u, &config->udp[i], why)) != 0)
			return r;
	}
	return 0;
}

struct sks_server *
svc_udp_server(const struct svc *svc, size_t i)
{
	return svc->udp[i].server;
}

int
svc_udp_start(struct svc *svc)
{
	for (size_t i = 0; i < svc->nudp; i++) {
		struct svc_udp *u = &svc->udp[i];

		if (dw_thread_start(&u->thread, "udp", 0, udp_main, u) < 0)
			return -1;
		u->started = true;
	}
	return 0;
}

void
svc_udp_request_stop(struct svc *svc)
{
	for (size_t i = 0; i < svc->nudp; i++)
		if (svc->udp[i].server != NULL)
			sks_server_request_shutdown(svc->udp[i].server);
}

void
svc_udp_stop(struct svc *svc)
{
	svc_udp_request_stop(svc);
	for (size_t i = 0; i < svc->nudp; i++)
		if (svc->udp[i].started) {
			svc->udp[i].started = false;
			dw_may_block("pthread_join");
			pthread_join(svc->udp[i].thread, NULL);
		}
}

void
svc_udp_close(struct svc *svc)
{
	for (size_t i = 0; i < svc->nudp; i++) {
		struct svc_udp *u = &svc->udp[i];

		sks_server_free(u->server);
		svc_sources_fini(&u->sources);
		for (size_t k = 0; u->datagrams != NULL && k < u->max; k++)
			dw_buf_fini(&u->datagrams[k].text);
		free(u->datagrams);
	}
	free(svc->udp);
}
