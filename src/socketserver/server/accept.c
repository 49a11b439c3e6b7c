/* SPDX-License-Identifier: BSD-2-Clause */
/* This file lets requests in: it accepts or adopts connections, and deals with
 * what stands in the way of that. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "socketserver/net/error.h"
#include "socketserver/server/internal.h"

/* The pause between two tries while something has run out: 16 tries a second,
 * and what was freed is noticed within 100 ms. */
#define PAUSE_NS (60 * DW_MS)

/* What to do about a failed accept. */
enum action {
	TRY_NEXT,
	NOTHING_THERE,
	USE_RESERVE, /* this process is out of descriptors */
	PAUSE,       /* the system is out of something */
	FATAL        /* the listener is not one */
};

/* An errno that is not listed concerns only the connection that failed, and the
 * next is tried. */
static const struct row {
	int sys_errno;
	enum action action;
} rows[] = {
	{ EAGAIN, NOTHING_THERE },
	{ EINTR, NOTHING_THERE },
	{ EMFILE, USE_RESERVE },
	{ ENFILE, PAUSE },
	{ ENOBUFS, PAUSE },
	{ ENOMEM, PAUSE },
	{ EBADF, FATAL },
	{ EINVAL, FATAL },
	{ ENOTSOCK, FATAL },
};

static enum action
action_for(int sys_errno)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].sys_errno == sys_errno)
			return rows[i].action;
	return TRY_NEXT;
}

int
sks_accept_request(struct sks_server *srv, struct sks_request **req)
{
	struct sks_socket *listener = sks_server_socket(srv), *s;
	struct sks_addr client;
	int r;

	*req = NULL;
	if (listener == NULL)
		return sks_fail(SKS_EINVAL, "there is no socket");
	/* Before the peer is taken off the backlog: without memory it waits
	 * there, and is not closed without a word. */
	if ((*req = sks_request_blank()) == NULL)
		return sks_fail_errno(ENOMEM, "accept");
	if ((r = sks_accept_now(listener, &s, &client)) < 0) {
		free(*req);
		*req = NULL;
		return r;
	}
	sks_request_begin(*req, srv, s, &client);
	return 0;
}

int
sks_default_get_request(struct sks_server *srv, struct sks_request **req)
{
	return srv->kind->get_request(srv, req);
}

/* The listener that get_request is called for, while it runs in this thread. */
static _Thread_local struct sks_listener *ready;

struct sks_socket *
sks_server_socket(const struct sks_server *srv)
{
	int ours = ready >= srv->listeners &&
	    ready < srv->listeners + srv->n_listeners;

	return (ours ? ready : srv->listeners)->sock;
}

static int
get_request(struct sks_server *srv, struct sks_listener *l,
    struct sks_request **req)
{
	struct sks_listener *outer = ready;
	int r;

	ready = l;
	r = srv->ops.get_request(srv, req);
	ready = outer;
	if (r < 0 || r == SKS_STOP)
		return r;
	dw_lock(&srv->lock);
	srv->stats.accepted++;
	dw_unlock(&srv->lock);
	return 0;
}

static void
count_error(struct sks_server *srv, int sys_errno)
{
	struct sks_server_stats *st = &srv->stats;
	const size_t kinds = sizeof st->by_errno / sizeof st->by_errno[0];

	dw_lock(&srv->lock);
	st->accept_errors++;
	for (size_t i = 0; i < kinds; i++) {
		if (st->by_errno[i].count == 0)
			st->by_errno[i].sys_errno = sys_errno;
		if (st->by_errno[i].sys_errno == sys_errno) {
			st->by_errno[i].count++;
			break;
		}
	}
	dw_unlock(&srv->lock);
}

static void
pause_accepting(struct sks_server *srv)
{
	srv->paused_until_ns = dw_clock_ns() + PAUSE_NS;
}

/*
 * Accepts the waiting connection with the descriptor that was kept for this, so
 * that the peer is refused instead of hanging.  Another thread may get the
 * number in between: then the peer waits for the next try.
 */
static void
refuse_by_reserve(struct sks_server *srv, struct sks_listener *l)
{
	struct sks_request *req;

	sks_reserve_open(srv);
	if (srv->reserve_fd < 0 || srv->cfg.overload == SKS_WAIT)
		return;
	close(srv->reserve_fd);
	srv->reserve_fd = -1;
	if (get_request(srv, l, &req) == 0)
		sks_request_refuse(req, SKS_OVER_FILES);
	sks_reserve_open(srv);
}

/* Refused peers that are still open are the first to make room. */
static void
out_of_files(struct sks_server *srv, struct sks_listener *l)
{
	if (sks_refused_end(srv) > 0)
		return;
	if (sks_episode_begins(&srv->no_files))
		sks_log(srv, SKS_LOG_WARNING,
		    "accept: out of descriptors; "
		    "new peers wait or are refused");
	refuse_by_reserve(srv, l);
	pause_accepting(srv);
}

static int
accept_failed(struct sks_server *srv, struct sks_listener *l, int code)
{
	struct sks_error e;

	sks_error_for(code, &e);
	if (e.sys_errno == 0) { /* an override has failed by itself */
		count_error(srv, 0);
		sks_report(srv, NULL, code);
		return 1;
	}
	switch (action_for(e.sys_errno)) {
	case NOTHING_THERE:
		return 0;
	case USE_RESERVE:
		count_error(srv, e.sys_errno);
		out_of_files(srv, l);
		return 1;
	case PAUSE:
		count_error(srv, e.sys_errno);
		if (sks_episode_begins(&srv->no_memory))
			sks_log(srv, SKS_LOG_WARNING,
			    "%s: the system is out of memory or files", e.what);
		pause_accepting(srv);
		return 1;
	case FATAL:
		count_error(srv, e.sys_errno);
		return code;
	case TRY_NEXT:
		count_error(srv, e.sys_errno);
		break;
	}
	return 1;
}

static void
not_started(struct sks_server *srv, struct sks_request *req)
{
	char text[160];

	if (sks_episode_begins(&srv->no_threads))
		sks_log(srv, SKS_LOG_WARNING,
		    "no %s could be started (%s); the peer is refused",
		    srv->mixin->runs_in, sks_error_text(text, sizeof text));
	sks_request_refuse(req, srv->mixin->refusal);
}

/* Runs the request, whose place is taken.  Returns 0 or SKS_STOP. */
static int
process(struct sks_server *srv, struct sks_request *req)
{
	int r = srv->ops.process_request(srv, req);

	if (r == SKS_ENOTHREAD) {
		not_started(srv, req);
		return 0;
	}
	if (r < 0)
		sks_report(srv, req, r);
	if (r < 0 || r == SKS_STOP) {
		sks_request_drop(req);
		return r == SKS_STOP ? SKS_STOP : 0;
	}
	if (!req->handed_over)
		sks_request_retire(req);
	sks_request_unref(req);
	return 0;
}

int
sks_serve_request(struct sks_server *srv, struct sks_request *req)
{
	enum sks_overload why = sks_request_admit(req);
	int r;

	if (why != SKS_OVER_NONE) {
		sks_request_refuse(req, why);
		return 1;
	}
	r = srv->ops.verify_request(srv, req);
	if (r == 1)
		return process(srv, req) == SKS_STOP ? SKS_STOP : 1;
	if (r < 0)
		sks_report(srv, req, r);
	if (req->refused == SKS_REFUSAL_TOLD)
		sks_request_let_read(req, SKS_OVER_NONE);
	else
		sks_request_drop(req);
	return r == SKS_STOP ? SKS_STOP : 1;
}

/* Is there a free descriptor?  To ask this is cheaper than a failing accept,
 * and takes nothing off the backlog. */
static int
have_descriptor(const struct sks_server *srv)
{
	int fd = fcntl(srv->wake.rd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return 0;
	close(fd);
	return 1;
}

int
sks_accept_one(struct sks_server *srv, struct sks_listener *l)
{
	struct sks_request *req;
	int r;

	if (sks_episode_lasts(&srv->no_files) && !have_descriptor(srv)) {
		out_of_files(srv, l);
		return 1;
	}
	if ((r = get_request(srv, l, &req)) < 0)
		return accept_failed(srv, l, r);
	return r == SKS_STOP ? SKS_STOP : sks_serve_request(srv, req);
}

static int
enqueue(struct sks_server *srv, struct sks_request *req)
{
	int closed;

	dw_lock(&srv->lock);
	closed = srv->closed;
	if (!closed)
		dw_list_add(&srv->adopted, &req->node);
	dw_unlock(&srv->lock);
	return closed ? SKS_ECLOSED : 0;
}

int
sks_server_adopt(struct sks_server *srv, struct sks_socket *s)
{
	const double timeout = s->timeout;
	struct sks_request *req;
	struct sks_addr client;
	int r;

	if (!srv->kind->takes_descriptor)
		return sks_fail(SKS_ENOTSUP, "datagrams are not adopted");
	if ((r = sks_getpeername(s, &client)) < 0 ||
	    (r = sks_request_new(srv, s, &client, &req)) < 0)
		return r;
	if ((r = enqueue(srv, req)) < 0) {
		req->sock = NULL; /* the socket stays the caller's */
		s->timeout = timeout;
		sks_request_unref(req);
		return sks_fail(r, "adopt");
	}
	dw_wake_ring(&srv->wake);
	return 0;
}
