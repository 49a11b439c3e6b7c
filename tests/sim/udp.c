/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Datagrams: some write, operators answer.  Whom the desk may answer is known
 * here from what it has shown.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

static bool
has_written(const struct world *w, int i)
{
	const struct udp_peer *p = &w->peers[i];

	return p->heard_ns != 0 && w->now.ns - p->heard_ns < w->config.peer_ns;
}

static bool
is_known(const struct world *w, int i)
{
	return has_written(w, i) && !w->peers[i].left;
}

/* Who is meant when nobody is named; -1: nobody.  One who has left might be
 * meant as well. */
static int
the_only_one(const struct world *w)
{
	int only = -1;

	for (int i = 0; i < PEERS; i++) {
		if (!has_written(w, i))
			continue;
		if (only >= 0)
			return -1;
		only = i;
	}
	return only >= 0 && is_known(w, only) ? only : -1;
}

void
udp_note(struct world *w)
{
	struct request *q = people_push(w, DESK_RQ_DATAGRAM);
	char text[64];

	/* In some runs only one ever writes. */
	q->peer = w->seed % 4 == 0 ? 0 : (int)sim_random(w, PEERS);
	snprintf(text, sizeof text, "note %" PRIu64, ++w->token);
	if (sim_once_in(w, 8))
		snprintf(text, sizeof text, "quit");
	q->message.text = strdup(text);
	q->message.len = strlen(text);
	q->rq.text = q->message.text;
	q->rq.len = q->message.len;
	q->rq.addr = w->peers[q->peer].addr;
	q->rq.route = w->peers[q->peer].route;
	q->rq.whole = q->rq.len;
	sim_note(w, " %d~", q->peer);
}

/* The answer's text is behind the last blank. */
static const char *
text_of(const struct request *q)
{
	return strrchr(q->message.text, ' ') + 1;
}

void
udp_answer(struct world *w, struct request *q)
{
	int named = sim_once_in(w, 4) ? -1 : (int)sim_random(w, PEERS);
	const char *text = sim_once_in(w, 10) ?
	    "far-too-long-for-what-may-be-sent-in-one-datagram" :
	    "a";
	struct dw_buf b = DW_BUF_INITIALIZER;

	q->udp = true;
	q->named = named;
	dw_buf_adds(&b, "udp");
	if (!sim_once_in(w, 10)) {
		if (named >= 0)
			dw_buf_addf(&b, " %s", w->peers[named].addr);
		dw_buf_addf(&b, " %s%" PRIu64, text, ++w->token);
	}
	q->message.len = b.len;
	q->message.text = dw_buf_take(&b);
	q->rq.text = q->message.text;
	q->rq.len = q->message.len;
	sim_note(w, " %s:%s", q->con->name, q->message.text);
}

void
udp_whom(const struct world *w, struct request *q)
{
	q->peer = q->named >= 0 ? q->named : the_only_one(w);
	/* Known before this round. */
	if (q->peer >= 0 && !is_known(w, q->peer))
		q->peer = -1;
}

static void
datagram_stored(struct world *w, const struct ev_event *ev)
{
	for (unsigned i = 0; i < w->nbatch; i++) {
		struct request *q = &w->batch[i];

		if (q->rq.rq != DESK_RQ_DATAGRAM || q->rq.text != ev->body ||
		    q->answered)
			continue;
		if (strcmp(q->rq.addr, ev->addr) != 0 || q->stored)
			sim_fail(w, "a datagram of another, or twice");
		q->stored = true;
		w->counts.datagrams++;
		w->store.datagrams += (ev->flags & EV_FLAG_UNATTENDED) != 0;
		return;
	}
	sim_fail(w, "a datagram that nobody sent");
}

static void
answer_stored(struct world *w, const struct ev_event *ev)
{
	for (unsigned i = 0; i < w->nbatch; i++) {
		struct request *q = &w->batch[i];

		if (!q->udp || q->stored || q->answered ||
		    strcmp(q->who, ev->who) != 0 ||
		    strchr(q->message.text, ' ') == NULL ||
		    strlen(text_of(q)) != ev->len ||
		    memcmp(text_of(q), ev->body, ev->len) != 0)
			continue;
		if (q->peer < 0 ||
		    strcmp(w->peers[q->peer].addr, ev->addr) != 0)
			sim_fail(w, "an answer to somebody else");
		q->stored = true;
		w->counts.answers++;
		return;
	}
	sim_fail(w, "an answer that nobody gave");
}

static void
sent_stored(struct world *w, const struct ev_event *ev)
{
	if (w->nout == 0 || w->out[0].seq != ev->n ||
	    strcmp(w->out[0].why, ev->why) != 0)
		sim_fail(w, "answer %" PRIu64 " was not sent so", ev->n);
	w->nout--;
	memmove(w->out, w->out + 1, w->nout * sizeof w->out[0]);
}

/* Somebody has come on duty. */
static void
on_stored(struct world *w, const struct ev_event *ev)
{
	for (unsigned i = 0; i < w->nbatch; i++)
		if (w->batch[i].rq.rq == DESK_RQ_ATTACH &&
		    w->batch[i].who == ev->who)
			w->batch[i].datagrams = w->store.datagrams;
	w->store.datagrams = 0;
}

void
udp_stored(struct world *w, const struct ev_event *ev)
{
	static void (*const table[])(struct world *,
	    const struct ev_event *) = {
		[EV_ON] = on_stored,
		[EV_UDP] = datagram_stored,
		[EV_UDP_REPLY] = answer_stored,
		[EV_UDP_SENT] = sent_stored,
	};

	if (ev->kind < sizeof table / sizeof *table && table[ev->kind] != NULL)
		table[ev->kind](w, ev);
}

void
udp_shown(struct world *w, const struct ev_event *ev)
{
	if (ev->kind != EV_UDP)
		return;
	for (int i = 0; i < PEERS; i++) {
		struct udp_peer *p = &w->peers[i];

		if (strcmp(p->addr, ev->addr) != 0)
			continue;
		p->left = ev->len == 4 && memcmp(ev->body, "quit", 4) == 0;
		if (!p->left)
			p->heard_ns = w->now.ns;
	}
}

const char *
udp_datagram(void *arg, const struct desk_peer *to, const char *text,
    size_t len)
{
	struct world *w = arg;
	const struct ev_event *ev = &w->store.evs[w->published - 1].ev;
	struct udp_out *out = &w->out[w->nout++];

	if (w->phase != PUBLISH || ev->kind != EV_UDP_REPLY || ev->len != len ||
	    memcmp(ev->body, text, len) != 0 || strcmp(ev->addr, to->addr) != 0)
		sim_fail(w, "a datagram that is no stored answer");
	for (int i = 0; i < PEERS; i++)
		if (strcmp(w->peers[i].addr, to->addr) == 0 &&
		    memcmp(w->peers[i].route, to->route, DESK_ROUTE_SIZE) != 0)
			sim_fail(w, "a datagram on another's way");
	out->seq = ev->seq;
	out->why = sim_once_in(w, 10) ? "unreachable" : "";
	w->counts.unsent += *out->why != '\0';
	return *out->why != '\0' ? out->why : NULL;
}

void
udp_dropped(void *arg)
{
	struct world *w = arg;

	sim_fail(w, "nothing was dropped");
}

void
no_strangers(void *arg, uint64_t n)
{
	struct world *w = arg;

	sim_fail(w, "%" PRIu64 " were no customers", n);
}

/* A command that answers a datagram: it is sent, or refused, as it should. */
void
udp_answered(struct world *w, const struct request *q)
{
	bool good;

	if (!q->udp)
		return;
	good = q->peer >= 0 && strlen(text_of(q)) <= w->config.max_answer;
	if ((q->code == EV_CODE_OK) != q->stored ||
	    (good && q->code != EV_CODE_OK && q->code != EV_CODE_NOT_STORED) ||
	    (!good && q->code == EV_CODE_OK))
		sim_fail(w, "%s is answered %s", q->message.text,
		    ev_word(&ev_codes, q->code));
	w->counts.refused_answers += !good;
}

/* A restarted desk knows nobody who can be answered. */
void
udp_forget(struct world *w)
{
	w->nout = 0;
	for (int i = 0; i < PEERS; i++)
		w->peers[i].heard_ns = 0;
}
