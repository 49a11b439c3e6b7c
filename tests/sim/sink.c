/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the desk's decisions go.  Each call is checked against where the round
 * stands: nothing comes out that is not stored.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sim.h"

static struct customer *
customer_of(struct world *w, const struct desk_conn *c)
{
	if (w->phase != PUBLISH && w->phase != UNDO && w->phase != TICK)
		sim_fail(w, "the desk acts while it decides");
	for (int i = 0; i < CONNS; i++)
		if (w->customers[i].c == c)
			return &w->customers[i];
	sim_fail(w, "something for a connection that is no more");
}

static bool
same_event(const struct ev_event *a, const struct ev_event *b)
{
	return a->seq == b->seq && a->t_ms == b->t_ms && a->sid == b->sid &&
	    a->kind == b->kind && a->n == b->n && a->flags == b->flags &&
	    a->len == b->len && strcmp(a->who, b->who) == 0 &&
	    a->mode == b->mode && strcmp(a->addr, b->addr) == 0 &&
	    strcmp(a->why, b->why) == 0 &&
	    memcmp(a->body, b->body, a->len) == 0;
}

static void
sink_event(void *arg, const struct ev_event *ev, const struct desk_session *s,
    const struct desk_conn *c)
{
	struct world *w = arg;

	if (w->phase != PUBLISH)
		sim_fail(w, "an event is shown outside of publish");
	if (w->published == w->store.n)
		sim_fail(w, "event %" PRIu64 " is shown but not stored",
		    ev->seq);
	if (!same_event(ev, &w->store.evs[w->published++].ev))
		sim_fail(w, "event %" PRIu64 " is shown otherwise than stored",
		    ev->seq);
	udp_shown(w, ev);
	if ((c != NULL) != (ev->kind == EV_ARRIVED))
		sim_fail(w, "only an arrival has its connection");
	if (c != NULL && strcmp(c->addr, ev->addr) != 0)
		sim_fail(w, "an arrival with another's connection");
	if (s != NULL && s->facts.sid != ev->sid)
		sim_fail(w, "an event with another's session");
	console_event(w, ev);
}

static enum desk_put
take(struct world *w, struct customer *cu, size_t len)
{
	if (cu->reset)
		return DESK_PUT_SHUT;
	if (!w->calm && sim_once_in(w, 600)) {
		w->counts.full++;
		cu->may_cut = true;
		return DESK_PUT_FULL;
	}
	cu->put += len;
	if (cu->slow || cu->left < cu->put - len) {
		w->counts.kept++;
		return DESK_PUT_KEPT;
	}
	cu->left = cu->told = cu->put;
	if (cu->taken < cu->put - len || sim_once_in(w, 4))
		return DESK_PUT_SENT;
	cu->taken = cu->known = cu->put;
	return DESK_PUT_TAKEN;
}

static enum desk_put
sink_say(void *arg, struct desk_conn *c, const struct desk_say *say,
    uint64_t *end)
{
	struct world *w = arg;
	struct customer *cu = customer_of(w, c);
	enum desk_put how;

	if (cu->cut || cu->ended)
		sim_fail(w, "text behind the end");
	if (say->len == 0)
		sim_fail(w, "empty text");
	if (memmem(say->text, say->len, SECRET, strlen(SECRET)) != NULL)
		sim_fail(w, "a customer sees a note: %.*s", (int)say->len,
		    say->text);
	if (w->phase == UNDO && say->who != NULL)
		sim_fail(w, "a reply that is not stored");
	if (!say->raw && cu->mode == EV_MODE_CLASSIC)
		sim_fail(w, "more than the text to a classic client");
	if (say->raw && say->who != NULL)
		sim_fail(w, "a reply without its operator");
	how = take(w, cu, say->len);
	*end = cu->put;
	if (how == DESK_PUT_FULL || how == DESK_PUT_SHUT)
		return how;
	if (cu->mode == EV_MODE_CLASSIC)
		peer_gets(w, cu, say->text, say->len);
	else if (say->who != NULL)
		stream_see(w, cu, say->text, say->len);
	if (say->who == NULL)
		place_said(w, cu, say->text, say->len);
	return how;
}

static void
sink_charset(void *arg, struct desk_conn *c)
{
	struct world *w = arg;

	if (w->phase == UNDO || c->charset == NULL)
		sim_fail(w, "an encoding that is not stored");
	(void)customer_of(w, c);
}

static void
sink_end(void *arg, struct desk_conn *c)
{
	struct world *w = arg;
	struct customer *cu = customer_of(w, c);

	if (cu->ended)
		sim_fail(w, "ended twice");
	if (!cu->may_end && !cu->said_quit)
		sim_fail(w, "ended without a reason");
	if (cu->mode == EV_MODE_CLASSIC && cu->peer.state != DONE &&
	    cu->peer.nunread == 0 && !cu->reset && !cu->may_cut)
		sim_fail(w, "the client never heard quit");
	cu->ended = true;
	cu->ended_ns = w->now.ns;
	w->counts.ended++;
}

static void
sink_cut(void *arg, struct desk_conn *c)
{
	struct world *w = arg;
	struct customer *cu = customer_of(w, c);

	if (!cu->ended && !cu->may_cut)
		sim_fail(w, "cut off without a reason");
	cu->cut = true;
	w->counts.cut++;
}

static struct request *
pending(struct world *w, void *node)
{
	struct request *q = node;

	if (w->phase != PUBLISH && w->phase != UNDO)
		sim_fail(w, "an answer outside of a round's end");
	if (q < w->batch || q >= w->batch + w->nbatch)
		sim_fail(w, "an answer to no request");
	if (q->answered)
		sim_fail(w, "request %d answered twice", (int)(q - w->batch));
	q->answered = true;
	return q;
}

/* Whatever the request pointed at is the sender's again. */
static void
give_back(struct world *w, struct request *q)
{
	if (q->message.text != NULL)
		memset(q->message.text, 0x5A, q->message.len);
	free(q->message.text);
	free(q->who);
	q->message.text = q->who = NULL;
	if (q->rq.rq == DESK_RQ_DISCONNECTED)
		people_gone(w, q->cu);
}

/* Is there a colleague's reply that it names, and that was not seen? */
static bool
is_stale(struct world *w, const struct request *q, uint64_t seq)
{
	const struct session *s = store_session(w, q->rq.sid);

	for (size_t i = 0; s != NULL && i < s->nreplies; i++)
		if (s->replies[i].seq == seq)
			return q->rq.seen != 0 && seq > q->rq.seen &&
			    !store_is_own(&s->replies[i], q);
	return false;
}

/* A refusal was right when another request stored it later in this round. */
static bool
is_stored_for(const struct world *w, const struct request *q,
    const struct replied *r, const struct desk_answer *a)
{
	return r != NULL &&
	    (a->code == EV_CODE_OK || r->step != w->step || r->by <= q);
}

/* One with a key is answered by what the journal has, whatever becomes of this
 * request. */
static void
reply_answered(struct world *w, struct request *q, const struct desk_answer *a)
{
	const struct replied *r = store_reply(w, q->rq.sid, &q->rq.key);
	bool stored = q->stored || is_stored_for(w, q, r, a);

	if ((a->code == EV_CODE_OK) != stored)
		sim_fail(w, "a reply is %s but answered %s",
		    stored ? "stored" : "not stored",
		    ev_word(&ev_codes, a->code));
	if (a->code == EV_CODE_OK &&
	    (a->sid != q->rq.sid || (r != NULL && a->n != r->n)))
		sim_fail(w, "a reply is answered as number %" PRIu64, a->n);
	if (a->code == EV_CODE_STALE && !is_stale(w, q, a->seq))
		sim_fail(w, "a reply is stale by event %" PRIu64, a->seq);
	w->counts.stale += a->code == EV_CODE_STALE;
	w->counts.stale_undone += a->code == EV_CODE_STALE && w->phase == UNDO;
	w->counts.known_undone += a->code == EV_CODE_OK && w->phase == UNDO;
	console_answered(w, q, a);
}

/* What a round that is undone may not do. */
static bool
needs_storing(const struct request *q)
{
	switch (q->rq.rq) {
	case DESK_RQ_DISCONNECTED:
	case DESK_RQ_NEXT:
	case DESK_RQ_LOOK:
	case DESK_RQ_TYPES:
		return false;
	case DESK_RQ_COMMAND:
		return strcmp(q->message.text, "who") != 0 &&
		    strncmp(q->message.text, "stop", 4) != 0 &&
		    strcmp(q->message.text, "bans") != 0;
	default:
		return !ev_key_is_set(&q->rq.key);
	}
}

static void
sink_answer(void *arg, void *node, const struct desk_answer *a)
{
	struct world *w = arg;
	struct request *q = pending(w, node);

	if (w->phase == UNDO && a->code == EV_CODE_OK && needs_storing(q))
		sim_fail(w, "request %d is acknowledged but not stored",
		    (int)(q - w->batch));
	q->code = a->code;
	expect_answered(w, q, a);
	if (q->rq.rq == DESK_RQ_REPLY || q->rq.rq == DESK_RQ_NOTE)
		reply_answered(w, q, a);
	if (q->rq.rq == DESK_RQ_NEXT)
		console_answered(w, q, a);
	if (q->message.plain && a->code == EV_CODE_OK && !q->stored &&
	    !q->over && !q->cu->closed)
		sim_fail(w, "a customer's message is lost");
	if (q->rq.rq == DESK_RQ_COMMAND &&
	    strncmp(q->message.text, "stop", 4) == 0)
		stop_answered(w, q, a);
	udp_answered(w, q);
	w->counts.refused += q->rq.rq == DESK_RQ_REPLY && a->code != EV_CODE_OK;
	if (q->rq.rq == DESK_RQ_SENT && q->rq.offset == q->cu->put) {
		/* Only now does an ended one linger. */
		if (q->cu->told < q->rq.offset)
			q->cu->ended_ns = w->now.ns;
		q->cu->told = q->rq.offset;
	}
	if (q->rq.conn != NULL && q->rq.taken == q->cu->put)
		q->cu->known = q->rq.taken;
	if (q->rq.rq == DESK_RQ_OPENED) {
		ban_answered(w, q, a->code);
		stop_opened_answered(w, q, a->code);
		q->cu->opening = false;
		q->cu->reset |=
		    q->cu->mode == EV_MODE_CLASSIC && a->code != EV_CODE_OK;
	}
	if (q->rq.rq == DESK_RQ_DETACH) {
		q->con->on = q->con->busy = q->con->lost = false;
		console_let_go(q->con);
	}
	give_back(w, q);
}

static void
sink_find_reply(void *arg, void *node, uint64_t sid, const struct ev_key *key,
    const struct desk_answer *otherwise)
{
	struct world *w = arg;
	const struct replied *r = store_reply(w, sid, key);
	struct desk_answer a = *otherwise;

	if (r != NULL)
		a = (struct desk_answer){ .code = EV_CODE_OK,
			.sid = sid,
			.n = r->n,
			.text = "" };
	w->counts.found += r != NULL;
	w->counts.not_found += r == NULL;
	sink_answer(arg, node, &a);
}

static void
sink_attached(void *arg, void *node, uint64_t datagrams)
{
	struct world *w = arg;
	struct request *q = pending(w, node);

	store_compare(w);
	if (datagrams != (w->phase == UNDO ? w->store.datagrams : q->datagrams))
		sim_fail(w, "%" PRIu64 " datagrams were missed, they say",
		    datagrams);
	w->counts.missed += datagrams;
	q->code = EV_CODE_OK;
	console_attached(w, q->con);
	w->counts.attached_undone += w->phase == UNDO;
	give_back(w, q);
}

static void
sink_past(void *arg, void *node, const struct ev_past *past)
{
	struct world *w = arg;
	struct request *q = pending(w, node);

	if ((past->of == EV_PAST_DATAGRAMS) != q->udp ||
	    (past->of == EV_PAST_SESSION) != (past->sid != 0) ||
	    past->count == 0)
		sim_fail(w, "the past of nobody");
	q->code = EV_CODE_OK;
	w->counts.past++;
	give_back(w, q);
}

static void
sink_unlisted(void *arg, uint64_t sid)
{
	struct world *w = arg;

	if (w->phase != PUBLISH)
		sim_fail(w, "unlisted before it is stored");
	store_unlist(w, sid);
}

static void
sink_list_is_full(void *arg, uint64_t n)
{
	struct world *w = arg;

	if (n == 0 || n != w->store.untold)
		sim_fail(w,
		    "%" PRIu64 " are said to be off the list, not %" PRIu64, n,
		    w->store.untold);
	w->store.untold = 0;
	w->counts.list_full++;
}

static void
sink_quit(void *arg)
{
	struct world *w = arg;

	if (w->phase == TICK)
		stop_quit(w);
	w->quitting = true;
	w->counts.quits++;
}

/* place.c knows how long it was. */
static void
sink_waited(void *arg, int64_t ms)
{
	struct world *w = arg;

	if (w->phase != PUBLISH)
		sim_fail(w, "a wait ends before that is stored");
	place_waited(w, ms);
}

static void
sink_stopping(void *arg, bool closing, const char *text)
{
	stop_told(arg, closing, text);
}

static void
sink_drained(void *arg)
{
	struct world *w = arg;

	if (!w->draining || w->drained)
		sim_fail(w, "drained out of turn");
	for (int i = 0; i < CONNS; i++)
		if (w->customers[i].c != NULL && w->customers[i].opened)
			sim_fail(w, "drained with a customer left");
	w->drained = true;
}

static void
sink_find_session(void *arg, void *node, uint64_t sid)
{
	struct world *w = arg;
	struct request *q = pending(w, node);

	act_find(w, q, sid);
	give_back(w, q);
}

static void
no_reload(void *arg, void *node)
{
	(void)node;
	sim_fail(arg, "nobody asked for that");
}

static void
no_report(void *arg, void *node, enum desk_report what)
{
	(void)node;
	(void)what;
	sim_fail(arg, "nobody asked for a report");
}

static void
sink_warn(void *arg, struct desk_console *con, uint64_t sid, int64_t left_s)
{
	struct world *w = arg;

	if (w->phase != PUBLISH)
		sim_fail(w, "a warning before it is stored");
	lease_warned(w, con->who, sid, left_s);
}

const struct desk_sink sim_sink = {
	.event = sink_event,
	.say = sink_say,
	.charset = sink_charset,
	.end = sink_end,
	.cut = sink_cut,
	.answer = sink_answer,
	.find_reply = sink_find_reply,
	.attached = sink_attached,
	.find_session = sink_find_session,
	.reload = no_reload,
	.report = no_report,
	.past = sink_past,
	.datagram = udp_datagram,
	.unlisted = sink_unlisted,
	.warn = sink_warn,
	.list_is_full = sink_list_is_full,
	.dropped = udp_dropped,
	.strangers = no_strangers,
	.quit = sink_quit,
	.stopping = sink_stopping,
	.waited = sink_waited,
	.drained = sink_drained,
};
