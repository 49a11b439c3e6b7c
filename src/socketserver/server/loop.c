/* SPDX-License-Identifier: BSD-2-Clause */
/* This file is the loop that waits for requests: serve_forever and
 * handle_request. */
#include "config.h"

#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "base/lock.h"
#include "socketserver/net/error.h"
#include "socketserver/server/internal.h"

#define SHORT_PAUSE_MS 20

/* So many requests are taken from one listener in a turn at most: the others
 * have their turn, too. */
#define ACCEPTED_AT_ONCE 8

int
sks_on_loop_thread_locked(struct sks_server *srv)
{
	return srv->state == LOOP_RUNNING && srv->loop_known &&
	    pthread_equal(srv->loop_thread, pthread_self());
}

static void
this_thread_loops(struct sks_server *srv)
{
	dw_lock(&srv->lock);
	assert(srv->state == LOOP_RUNNING);
	srv->loop_thread = pthread_self();
	srv->loop_known = 1;
	dw_unlock(&srv->lock);
}

/* A stop that came after the end of a loop was for that loop and is
 * forgotten. */
int
sks_loop_begin(struct sks_server *srv)
{
	int r = 0;

	dw_lock(&srv->lock);
	if (srv->closed)
		r = SKS_ECLOSED;
	else if (srv->state == LOOP_RUNNING)
		r = SKS_EBUSY;
	else if (srv->state == LOOP_NEW && atomic_load(&srv->stop)) {
		srv->state = LOOP_ENDED;
		r = 1;
	} else {
		srv->state = LOOP_RUNNING;
		srv->loop_known = 0;
		atomic_store(&srv->stop, 0);
	}
	dw_unlock(&srv->lock);
	return r < 0 ? sks_fail(r, "serve") : r;
}

void
sks_loop_end(struct sks_server *srv)
{
	sks_refused_end(srv);
	dw_lock(&srv->lock);
	assert(srv->state == LOOP_RUNNING);
	srv->state = LOOP_ENDED;
	srv->loops++;
	dw_cond_broadcast(&srv->changed);
	dw_unlock(&srv->lock);
}

int
sks_loop_check(struct sks_server *srv, int start)
{
	const struct sks_mixin_ops *mixin = srv->mixin;

	return mixin->check_loop == NULL ? 0 : mixin->check_loop(srv, start);
}

/* Changes `ends` if it is what the caller believes. */
static int
change_ends(struct sks_server *srv, int from, int to)
{
	return atomic_compare_exchange_strong(&srv->ends, &from, to);
}

void
sks_request_ended(struct sks_server *srv)
{
	if (change_ends(srv, SKS_ENDS_WANTED, SKS_ENDS_CAME))
		dw_wake_ring(&srv->wake);
}

/* Returns 1 when a request has ended while the loop wanted to know. */
static int
end_came(struct sks_server *srv)
{
	return atomic_exchange(&srv->ends, SKS_ENDS_UNHEARD) == SKS_ENDS_CAME;
}

/* The wish comes before the look: a place that is left after the look is left by
 * somebody who knows of the wish. */
static int
waits_for_place(struct sks_server *srv)
{
	int wished = change_ends(srv, SKS_ENDS_UNHEARD, SKS_ENDS_WANTED);
	int full = sks_places_full(srv->places, srv->cfg.max_sessions);

	if (wished && !full)
		change_ends(srv, SKS_ENDS_WANTED, SKS_ENDS_UNHEARD);
	return full;
}

/* The loop hears of the end of a limit: a worker that ends a request rings the
 * wake, and the end of a child is polled. */
int
sks_at_limit(struct sks_server *srv)
{
	if (srv->mixin->at_limit != NULL && srv->mixin->at_limit(srv))
		return 1;
	return srv->cfg.overload == SKS_WAIT && srv->cfg.max_sessions > 0 &&
	    waits_for_place(srv);
}

unsigned
sks_reap(struct sks_server *srv)
{
	return srv->mixin->reap == NULL ? 0 : srv->mixin->reap(srv);
}

/* A pause ends by itself, or with the end of a request. */
static int
pauses(struct sks_server *srv)
{
	if (srv->paused_until_ns == 0)
		return 0;
	if (srv->paused_until_ns <= dw_clock_ns()) {
		srv->paused_until_ns = 0;
		return 0;
	}
	change_ends(srv, SKS_ENDS_UNHEARD, SKS_ENDS_WANTED);
	return 1;
}

/* The listeners are not polled while descriptors are short, nor at a limit. */
static int
accepts_now(struct sks_server *srv, int64_t *deadline_ns)
{
	if (pauses(srv)) {
		*deadline_ns =
		    dw_clock_sooner(*deadline_ns, srv->paused_until_ns);
		return 0;
	}
	return !sks_at_limit(srv);
}

static void
fill_polled(struct sks_server *srv, int accepts)
{
	struct pollfd *p = srv->polled;

	p[0] = (struct pollfd){ .fd = srv->wake.rd, .events = POLLIN };
	for (size_t i = 0; i < srv->n_listeners; i++) {
		struct sks_socket *s = srv->listeners[i].sock;

		p[1 + i] = (struct pollfd){ .fd = s != NULL && accepts ?
			    sks_fileno(s) :
			    -1,
			.events = POLLIN };
	}
}

/* Returns how many listeners are ready, or SKS_ECLOSED: one has been closed. */
static int
count_ready(const struct sks_server *srv)
{
	int n = 0;

	for (size_t i = 1; i <= srv->n_listeners; i++) {
		if (srv->polled[i].revents & POLLNVAL)
			return sks_fail(SKS_ECLOSED, "poll");
		n += srv->polled[i].revents != 0;
	}
	return n;
}

/* Memory may be short for a moment: the loop goes on after a pause, for which
 * poll(2) needs none. */
static int
poll_failed(int sys_errno)
{
	if (sys_errno == ENOMEM)
		poll(NULL, 0, SHORT_PAUSE_MS);
	else if (sys_errno != EINTR)
		return sks_fail_errno(sys_errno, "poll");
	return 0;
}

/* Waits until something is to be done or the deadline.  Returns how many
 * listeners are ready (srv->polled tells which) or what ends the loop. */
static int
wait_turn(struct sks_server *srv, int64_t deadline_ns)
{
	const struct sks_mixin_ops *mixin = srv->mixin;
	struct pollfd *added = srv->polled + 1 + srv->n_listeners, *refused;
	int accepts = accepts_now(srv, &deadline_ns);
	size_t n = 0, n_refused;

	if (mixin->add_polled != NULL)
		n = mixin->add_polled(srv, added, &deadline_ns);
	refused = added + n;
	n_refused = sks_refused_poll(srv, refused);
	fill_polled(srv, accepts);
	deadline_ns = dw_clock_sooner(deadline_ns, sks_refused_due(srv));
	dw_may_block("poll");
	if (poll(srv->polled, (nfds_t)(1 + srv->n_listeners + n + n_refused),
		dw_clock_poll_ms(deadline_ns)) < 0)
		return poll_failed(errno);
	atomic_fetch_add(&srv->turns, 1);
	sks_refused_polled(srv, refused);
	if (sks_refused_due(srv) != DW_NEVER)
		sks_refused_leave(srv, dw_clock_ns());
	if (srv->polled[0].revents != 0)
		dw_wake_clear(&srv->wake);
	if (mixin->polled != NULL)
		mixin->polled(srv, added, n);
	return count_ready(srv);
}

/* Takes the next adopted request, if there is one and no limit that it has to
 * wait for. */
static struct sks_request *
next_adopted(struct sks_server *srv)
{
	struct dw_list *node = NULL;

	if (sks_at_limit(srv))
		return NULL;
	dw_lock(&srv->lock);
	node = dw_list_take(&srv->adopted);
	if (node != NULL)
		srv->stats.adopted++;
	dw_unlock(&srv->lock);
	return node == NULL ? NULL : sks_request_of(node);
}

static int
serve_adopted(struct sks_server *srv)
{
	struct sks_request *req;

	while (!atomic_load(&srv->stop) && (req = next_adopted(srv)) != NULL)
		if (sks_serve_request(srv, req) == SKS_STOP)
			return SKS_STOP;
	return 0;
}

static int
service_actions(struct sks_server *srv)
{
	int r = srv->ops.service_actions(srv);

	if (r < 0)
		sks_report(srv, NULL, r);
	return r == SKS_STOP ? SKS_STOP : 0;
}

/* Is nothing to be accepted in what is left of this turn? */
static int
holds_back(struct sks_server *srv)
{
	return atomic_load(&srv->stop) || srv->paused_until_ns != 0 ||
	    sks_at_limit(srv);
}

/* May more than one request be taken from a listener in a turn?  It is fair when
 * this thread serves none of them, and nobody notices when nothing is to be done
 * after each.  An own get_request is called only when poll has said that
 * somebody waits: it may block, or give what it has without asking. */
static int
takes_several(const struct sks_server *srv)
{
	const struct sks_server_ops *ops = &srv->ops;

	return srv->mixin->has_workers &&
	    ops->get_request == sks_default_get_request &&
	    ops->process_request == sks_default_process_request &&
	    ops->service_actions == sks_default_service_actions;
}

/* Takes what waits at a listener.  Returns 0, SKS_STOP or SKS_E*. */
static int
accept_some(struct sks_server *srv, struct sks_listener *l)
{
	const int most = takes_several(srv) ? ACCEPTED_AT_ONCE : 1;
	int r = 1;

	for (int n = 0; n < most && r == 1 && !holds_back(srv); n++)
		r = sks_accept_one(srv, l);
	return r == 1 ? 0 : r;
}

/* Returns 0, SKS_STOP or SKS_E*. */
static int
accept_ready(struct sks_server *srv)
{
	int r = 0;

	for (size_t i = 0; i < srv->n_listeners && r == 0; i++)
		if (srv->polled[1 + i].revents != 0)
			r = accept_some(srv, &srv->listeners[i]);
	return r;
}

/* What was freed may be what accepting paused for. */
static void
reap(struct sks_server *srv)
{
	int ended = end_came(srv);

	if (sks_reap(srv) > 0 || ended)
		srv->paused_until_ns = 0;
}

/* Does what is to be done after a wait.  Returns 0 to go on, SKS_STOP or
 * SKS_E*. */
static int
turn(struct sks_server *srv, int ready)
{
	int r;

	reap(srv);
	if ((r = serve_adopted(srv)) != 0)
		return r;
	if (ready > 0 && (r = accept_ready(srv)) != 0)
		return r;
	return service_actions(srv);
}

/* Once all that waited were taken, a listener that an own server_activate left
 * blocking would wait.  One of which this cannot be said shows in poll. */
static void
let_no_accept_wait(struct sks_server *srv)
{
	for (size_t i = 0; i < srv->n_listeners; i++)
		if (srv->listeners[i].sock != NULL)
			(void)sks_let_no_accept_wait(srv->listeners[i].sock);
}

int
sks_loop_run(struct sks_server *srv)
{
	int ready, r;

	this_thread_loops(srv);
	if (takes_several(srv))
		let_no_accept_wait(srv);
	for (;;) {
		ready =
		    wait_turn(srv, dw_clock_after(srv->cfg.service_interval));
		if (ready < 0)
			return ready;
		if (atomic_load(&srv->stop))
			return 0;
		if ((r = turn(srv, ready)) != 0)
			return r;
	}
}

int
sks_server_serve_forever(struct sks_server *srv)
{
	int r = sks_loop_begin(srv);

	if (r != 0)
		return r < 0 ? r : 0;
	if ((r = sks_loop_check(srv, 0)) == 0)
		r = sks_loop_run(srv);
	sks_loop_end(srv);
	return r;
}

/* Takes a request from one listener that is ready; they take turns.  Returns as
 * sks_accept_one(). */
static int
accept_next(struct sks_server *srv)
{
	for (size_t n = 0; n < srv->n_listeners; n++) {
		size_t i = (srv->next_listener + n) % srv->n_listeners;

		if (srv->polled[1 + i].revents == 0)
			continue;
		srv->next_listener = i + 1;
		return sks_accept_one(srv, &srv->listeners[i]);
	}
	return 0;
}

/* Returns 1, SKS_STOP or SKS_E*, or 0: nothing came yet. */
static int
handle_one(struct sks_server *srv, int ready)
{
	struct sks_request *req = next_adopted(srv);

	if (req == NULL)
		return ready > 0 ? accept_next(srv) : 0;
	dw_wake_ring(&srv->wake); /* more may be adopted */
	return sks_serve_request(srv, req);
}

/* Returns the shortest of the server's and the listeners' time-outs. */
static double
shortest_timeout(const struct sks_server *srv)
{
	double timeout = srv->cfg.timeout;

	for (size_t i = 0; i < srv->n_listeners; i++) {
		const struct sks_socket *s = srv->listeners[i].sock;

		if (s != NULL && sks_gettimeout(s) < timeout)
			timeout = sks_gettimeout(s);
	}
	return timeout;
}

static int
wait_and_handle(struct sks_server *srv)
{
	int64_t deadline_ns = dw_clock_after(shortest_timeout(srv));
	int ready, r;

	this_thread_loops(srv);
	for (;;) {
		if ((ready = wait_turn(srv, deadline_ns)) < 0)
			return ready;
		if (atomic_load(&srv->stop))
			return SKS_STOP;
		reap(srv);
		if ((r = handle_one(srv, ready)) != 0)
			return r;
		if (deadline_ns != DW_NEVER && dw_clock_ns() >= deadline_ns) {
			srv->ops.handle_timeout(srv);
			return 0;
		}
	}
}

int
sks_server_handle_request(struct sks_server *srv)
{
	int r = sks_loop_begin(srv);

	if (r != 0)
		return r < 0 ? r : SKS_STOP;
	if ((r = sks_loop_check(srv, 0)) == 0)
		r = wait_and_handle(srv);
	sks_loop_end(srv);
	return r;
}
