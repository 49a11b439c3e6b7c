/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Datagrams come in here, one thread "udp" for each address.  It never waits
 * for the desk: what is too fast, finds no free node, or cannot be stored, is
 * dropped and counted.  Nothing is sent but operators' answers, by the desk thread.
 */
#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/thread.h"
#include "doors/inside.h"
#include "doors/sources.h"

/* A datagram on its way to the desk. */
struct note {
	struct door_node node;
	struct door *door;
	struct dw_buf text;
	char addr[DESK_ADDR_SIZE];
	unsigned char route[DESK_ROUTE_SIZE];
};

/* The way back. */
struct route {
	struct sks_addr to, asked;
	size_t door; /* of door.udp */
};
_Static_assert(sizeof(struct route) <= DESK_ROUTE_SIZE,
    "the desk keeps whole routes");

/* Set by open, then the thread's own, but for what says so. */
struct door_udp {
	struct door *door;
	size_t number;
	struct sks_server *server;
	struct sks_socket *socket; /* the desk thread sends */
	struct note *notes;        /* used in turn */
	size_t max, next;
	struct door_sources sources;
	pthread_t thread; /* main's */
	bool started;     /* main's */
};

static void
drop(struct door *door)
{
	/* The first one makes the desk look at its clock. */
	if (atomic_fetch_add(&door->udp_dropped, 1) == 0)
		door_post_again(&door->inbox, &door->drop);
}

/* ---- the thread "udp" ---- */

static int
udp_verify(struct sks_server *srv, struct sks_request *req)
{
	struct door_udp *u = sks_server_user(srv);

	if (door_sources_take(&u->sources, sks_request_address(req),
		dw_clock_ns()))
		return 1;
	drop(u->door);
	return 0;
}

/* The nodes come back in the order in which they were posted. */
static struct note *
free_note(struct door_udp *u)
{
	struct note *n = &u->notes[u->next % u->max];

	if (!door_is_back(&u->door->inbox, &n->node))
		return NULL;
	u->next++;
	return n;
}

static void
remember_route(const struct door_udp *u, const struct sks_request *req,
    struct note *n)
{
	struct route route = { .to = *sks_request_address(req),
		.door = u->number };

	sks_request_asked(req, &route.asked);
	memcpy(n->route, &route, sizeof route);
}

static int
fill(struct door_udp *u, struct note *n, const struct sks_request *req)
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
	n->node.rq.flags = sks_request_truncated(req) ? DESK_TRUNCATED : 0;
	return 0;
}

static int
udp_handle(struct sks_handler *h)
{
	struct door_udp *u = sks_server_user(h->server);
	struct note *n = free_note(u);

	if (n == NULL || fill(u, n, h->self) < 0)
		drop(u->door);
	else
		door_post(&u->door->inbox, &n->node);
	return 0;
}

static const struct sks_handler_ops udp_ops = {
	SKS_HANDLER_OPS(struct sks_handler),
	.handle = udp_handle,
};

static const struct sks_server_ops udp_server_ops = {
	SKS_SERVER_OPS,
	.verify_request = udp_verify,
};

static void *
udp_main(void *arg)
{
	struct door_udp *u = arg;
	char text[160];

	if (sks_server_serve_forever(u->server) < 0)
		dw_log(u->door->config->log,
		    _("no datagrams are taken any "
		      "more: %s"),
		    sks_error_text(text, sizeof text));
	return NULL;
}

/* ---- the desk thread ---- */

static bool
has_room(struct sks_socket *s)
{
	struct pollfd pfd = { sks_fileno(s), POLLOUT, 0 };

	return poll(&pfd, 1, 0) == 1;
}

static const char *
why_not(int code)
{
	switch (code) {
	case SKS_EUNREACH:
		return "unreachable";
	case SKS_ETIMEDOUT:
		return "no room";
	case SKS_ETOOLONG:
		return "too long";
	default:
		return "failed";
	}
}

static void
note_answered(struct door_node *n, const struct desk_answer *a)
{
	if (a->code != DESK_OK)
		drop(DW_LIST_OF(n, struct note, node)->door);
}

const char *
door_udp_send(struct door *door, const struct desk_peer *to, const char *text,
    size_t len)
{
	struct sks_socket *s;
	struct route route;
	int r;

	memcpy(&route, to->route, sizeof route);
	s = door->udp[route.door].socket;
	/* The desk waits for no network. */
	if (!has_room(s))
		return why_not(SKS_ETIMEDOUT);
	if ((r = sks_sendto_from(s, text, len, &route.to, &route.asked)) < 0)
		return why_not(r);
	door_record_datagram(door, to->addr, text, len);
	return NULL;
}

void
door_udp_dropped(struct door *door)
{
	unsigned long n = (unsigned long)atomic_exchange(&door->udp_dropped, 0);
	char text[160];

	snprintf(text, sizeof text,
	    DW_PLURAL("%lu datagram was dropped: more "
		      "came than can be kept",
		"%lu datagrams were dropped: more came "
		"than can be kept",
		n),
	    n);
	door_notice(door, "limit", text);
}

/* ---- main ---- */

static int
open_notes(struct door_udp *u)
{
	const struct door_limits *l = &u->door->config->limits;

	u->max = (size_t)l->udp_queue;
	if (door_sources_init(&u->sources, (size_t)l->udp_peers, l->rate,
		l->burst, l->udp_rate, l->udp_burst, dw_clock_ns()) < 0 ||
	    (u->notes = calloc(u->max, sizeof *u->notes)) == NULL)
		return -1;
	for (size_t i = 0; i < u->max; i++) {
		struct note *n = &u->notes[i];

		door_node_init(&n->node, DESK_RQ_NOTE, NULL, NULL);
		n->node.answered = note_answered;
		n->door = u->door;
	}
	return 0;
}

static int
open_one(struct door_udp *u, const char *address, struct dw_buf *why)
{
	const struct door_config *config = u->door->config;
	struct sks_server_config cfg;
	char bound[SKS_ADDR_TEXT], text[SKS_ADDR_TEXT + 8];
	int r;

	sks_server_config_init(&cfg, SKS_UDP, SKS_SYNC);
	if ((r = door_address(config, address, &cfg.address, why)) != 0)
		return r;
	if (open_notes(u) < 0)
		return DOOR_FAILED;
	door_server_config(u->door, &cfg);
	cfg.user = u;
	cfg.max_packet_size = (size_t)config->limits.max_datagram;
	if (sks_server_new(&cfg, &udp_server_ops, &udp_ops, &u->server) < 0)
		return door_listen_failed("--udp", address, why);
	u->socket = sks_server_socket_at(u->server, 0);
	sks_addr_format(sks_server_address(u->server), SKS_STYLE_PLAIN, bound,
	    sizeof bound);
	snprintf(text, sizeof text, DOOR_UDP "%s", bound);
	return door_add_listener(u->door, text);
}

int
door_udp_open(struct door *door, struct dw_buf *why)
{
	const struct door_config *config = door->config;
	int r;

	door_node_init(&door->drop, DESK_RQ_DROPPED, NULL, NULL);
	door->udp = calloc(config->nudp + 1, sizeof *door->udp);
	if (door->udp == NULL)
		return DOOR_FAILED;
	for (size_t i = 0; i < config->nudp; i++) {
		struct door_udp *u = &door->udp[door->nudp++];

		u->door = door;
		u->number = i;
		if ((r = open_one(u, config->udp[i], why)) != 0)
			return r;
	}
	return 0;
}

int
door_udp_start(struct door *door)
{
	for (size_t i = 0; i < door->nudp; i++) {
		struct door_udp *u = &door->udp[i];

		if (dw_thread_start(&u->thread, "udp", 0, udp_main, u) < 0)
			return -1;
		u->started = true;
	}
	return 0;
}

void
door_udp_request_stop(struct door *door)
{
	for (size_t i = 0; i < door->nudp; i++)
		if (door->udp[i].server != NULL)
			sks_server_request_shutdown(door->udp[i].server);
}

void
door_udp_stop(struct door *door)
{
	door_udp_request_stop(door);
	for (size_t i = 0; i < door->nudp; i++)
		if (door->udp[i].started) {
			door->udp[i].started = false;
			pthread_join(door->udp[i].thread, NULL);
		}
}

void
door_udp_close(struct door *door)
{
	for (size_t i = 0; i < door->nudp; i++) {
		struct door_udp *u = &door->udp[i];

		sks_server_free(u->server);
		door_sources_fini(&u->sources);
		for (size_t k = 0; u->notes != NULL && k < u->max; k++)
			dw_buf_fini(&u->notes[k].text);
		free(u->notes);
	}
	free(door->udp);
}
