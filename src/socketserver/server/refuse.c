/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This file lets refused peers read why they were.  All of it is on the loop's
 * thread.
 *
 * A peer that is closed at once often reads nothing of what it was told: its
 * end may come while it still connects, and what it has sent itself and nobody
 * has read makes a reset of our close.  So refused ones stay for a moment, on
 * one of two lists, both in the order of their leaving.  Those on `leaving` are
 * only waited for.  With cfg.refused_grace the first SKS_REFUSED_KEPT are on `heard`
 * instead: they are polled, and what they send is read, so that an application
 * can tell whom an end of file would mislead, and all others are closed in
 * order.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "socketserver/net/error.h"
#include "socketserver/server/internal.h"
#include "socketserver/server/turn_away.h"

#define LEAVE_NS    (100 * DW_MS)
#define LEAVING_MAX 128

#define HEARD_FIRST 256   /* bytes that on_refused_data sees */
#define HEARD_BYTES 65536 /* that are read of one peer in all */
#define HEARD_STEP  2048  /* that are read of it in one turn */

/* A refused peer that is read. */
struct sks_hearing {
	size_t read; /* bytes, in all */
	size_t first_len;
	char first[HEARD_FIRST];
};

size_t
sks_refused_max_polled(const struct sks_server_config *cfg)
{
	return cfg->refused_grace > 0 ? SKS_REFUSED_KEPT : 0;
}

/* Not while descriptors are short, nor where a child would inherit it. */
static int
may_stay(const struct sks_request *req, enum sks_overload why)
{
	return req->srv->mixin->keeps_refused && why != SKS_OVER_FILES &&
	    !req->borrowed && sks_fileno(req->sock) >= 0;
}

static struct sks_request *
first_of(const struct dw_list *list)
{
	return dw_list_empty(list) ? NULL : sks_request_of(list->next);
}

static void
send_away_first(struct sks_server *srv)
{
	struct dw_list *node = dw_list_take(&srv->leaving);

	assert(node != NULL && srv->n_leaving > 0);
	srv->n_leaving--;
	sks_request_drop(sks_request_of(node));
}

static void
let_stay(struct sks_server *srv, struct sks_request *req)
{
	if (srv->n_leaving == LEAVING_MAX)
		send_away_first(srv);
	req->leave_ns = dw_clock_ns() + LEAVE_NS;
	dw_list_add(&srv->leaving, &req->node);
	srv->n_leaving++;
}

/* Returns 0 when it is one too many. */
static int
begin_hearing(struct sks_server *srv, struct sks_request *req)
{
	if (srv->n_heard == sks_refused_max_polled(&srv->cfg) ||
	    (req->hearing = calloc(1, sizeof *req->hearing)) == NULL)
		return 0;
	req->leave_ns = dw_clock_after(srv->cfg.refused_grace);
	dw_list_add(&srv->heard, &req->node);
	srv->n_heard++;
	return 1;
}

static void
end_hearing(struct sks_request *req)
{
	struct sks_server *srv = req->srv;

	assert(srv->n_heard > 0 && req->hearing != NULL);
	srv->n_heard--;
	dw_list_del(&req->node);
	free(req->hearing);
	req->hearing = NULL;
	sks_request_drop(req);
}

void
sks_request_let_read(struct sks_request *req, enum sks_overload why)
{
	struct sks_server *srv = req->srv;

	if (!may_stay(req, why)) {
		sks_request_drop(req);
		return;
	}
	sks_request_retire(req); /* its place is free at once */
	if (!begin_hearing(srv, req))
		let_stay(srv, req);
}

void
sks_request_refuse(struct sks_request *req, enum sks_overload why)
{
	struct sks_server *srv = req->srv;

	assert(why > SKS_OVER_NONE && why < SKS_OVERLOADS);
	dw_lock(&srv->lock);
	srv->stats.refused[why]++;
	dw_unlock(&srv->lock);
	req->refused = SKS_REFUSAL_TOLD;
	srv->ops.on_overload(srv, req, why);
	sks_request_let_read(req, why);
}

unsigned
sks_server_crowd(struct sks_server *srv)
{
	return sks_places_live(srv->places);
}

void
sks_request_turn_away(struct sks_request *req)
{
	req->refused = SKS_REFUSAL_TOLD;
}

enum sks_refusal
sks_request_refused(const struct sks_request *req)
{
	return req->refused;
}

/* It has read why, or will: no reset is needed.  What it still sends is read
 * and thrown away. */
static void
close_in_order(struct sks_request *req)
{
	req->refused = SKS_REFUSAL_HEARD;
	/* This fails if the peer has gone, which the next recv tells. */
	(void)sks_shutdown(req->sock, SKS_SHUT_WR);
}

/* Asks the application about what has come so far. */
static void
judge(struct sks_request *req, const char *data, size_t n)
{
	struct sks_server *srv = req->srv;
	struct sks_hearing *h = req->hearing;
	int r;

	for (size_t i = 0; i < n && h->first_len < sizeof h->first; i++)
		h->first[h->first_len++] = data[i];
	r = srv->ops.on_refused_data(srv, req, h->first, h->first_len);
	if (r == SKS_EAGAIN && h->first_len < sizeof h->first)
		return;
	if (r == 0 || r == SKS_EAGAIN) {
		close_in_order(req);
		return;
	}
	if (r < 0)
		sks_report(srv, req, r);
	sks_reset(req->sock);
	end_hearing(req);
}

/* Reads some of what it has sent. */
static void
hear(struct sks_request *req)
{
	char data[HEARD_STEP];
	ssize_t n = sks_recv_now(req->sock, data, sizeof data);

	if (n == SKS_EAGAIN)
		return;
	if (n == 0)
		close_in_order(req);
	if (n <= 0 || (req->hearing->read += (size_t)n) > HEARD_BYTES)
		end_hearing(req);
	else if (req->refused == SKS_REFUSAL_TOLD)
		judge(req, data, (size_t)n);
}

size_t
sks_refused_poll(const struct sks_server *srv, struct pollfd *p)
{
	size_t n = 0;

	DW_LIST_EACH(node, &srv->heard) {
		int fd = sks_fileno(sks_request_of(node)->sock);

		assert(n < SKS_REFUSED_KEPT);
		p[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	}
	return n;
}

void
sks_refused_polled(struct sks_server *srv, const struct pollfd *p)
{
	DW_LIST_EACH_SAFE(node, &srv->heard)
		if ((p++)->revents != 0)
			hear(sks_request_of(node));
}

int64_t
sks_refused_due(const struct sks_server *srv)
{
	const struct sks_request *leaves = first_of(&srv->leaving);
	const struct sks_request *heard = first_of(&srv->heard);

	return dw_clock_sooner(leaves == NULL ? DW_NEVER : leaves->leave_ns,
	    heard == NULL ? DW_NEVER : heard->leave_ns);
}

/* One that was silent has had its time.  One that has begun something has not
 * shown what: it is not closed in order. */
static void
time_is_over(struct sks_request *req)
{
	if (req->hearing->first_len == 0)
		close_in_order(req);
	end_hearing(req);
}

void
sks_refused_leave(struct sks_server *srv, int64_t now_ns)
{
	struct sks_request *req;

	while ((req = first_of(&srv->leaving)) != NULL &&
	    req->leave_ns <= now_ns)
		send_away_first(srv);
	while ((req = first_of(&srv->heard)) != NULL && req->leave_ns <= now_ns)
		time_is_over(req);
}

unsigned
sks_refused_end(struct sks_server *srv)
{
	unsigned n = srv->n_leaving + srv->n_heard;
	struct sks_request *req;

	while (srv->n_leaving > 0)
		send_away_first(srv);
	while ((req = first_of(&srv->heard)) != NULL)
		end_hearing(req);
	return n;
}

void
sks_default_on_overload(struct sks_server *srv, struct sks_request *req,
    enum sks_overload why)
{
	(void)srv;
	(void)req;
	(void)why;
}

int
sks_default_on_refused_data(struct sks_server *srv, struct sks_request *req,
    const void *data, size_t n)
{
	(void)srv;
	(void)req;
	(void)data;
	(void)n;
	return 0;
}
