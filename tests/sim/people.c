/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Customers and operators: each round some of them do something.  Their
 * requests keep the order in which a worker or a link would send them.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define BUSY 3

struct request *
people_push(struct world *w, enum desk_rq rq)
{
	struct request *q = &w->batch[w->nbatch++];

	if (w->nbatch > BATCH)
		sim_fail(w, "the simulator has no room for a request");
	memset(q, 0, sizeof *q);
	q->rq.rq = rq;
	q->rq.node = q;
	return q;
}

static const char *const kinds[DESK_RQ_KINDS] = {
	[DESK_RQ_OPENED] = "opened",
	[DESK_RQ_SAID] = "said",
	[DESK_RQ_TELL] = "tell",
	[DESK_RQ_RECEIPTS] = "receipts",
	[DESK_RQ_UNREAD] = "unread",
	[DESK_RQ_ANSWER] = "answer",
	[DESK_RQ_IDLE] = "idle",
	[DESK_RQ_BYE] = "bye",
	[DESK_RQ_EOF] = "eof",
	[DESK_RQ_DISCONNECTED] = "left",
	[DESK_RQ_SENT] = "sent",
	[DESK_RQ_STALLED] = "stalled",
};

static struct request *
push_customer(struct world *w, enum desk_rq rq, struct customer *cu)
{
	struct request *q = people_push(w, rq);

	q->cu = cu;
	q->rq.conn = cu->c;
	q->rq.mode = cu->mode;
	q->rq.taken = cu->taken;
	q->over =
	    cu->closed || cu->ended || cu->cut || cu->may_end || w->draining;
	sim_note(w, " %u:%s", (unsigned)(cu - w->customers), kinds[rq]);
	return q;
}

/*
 * Customers.
 */

static void
arrive(struct world *w, struct customer *cu)
{
	char addr[EV_ADDR_SIZE];

	memset(cu, 0, sizeof *cu);
	cu->c = malloc(sizeof *cu->c);
	snprintf(addr, sizeof addr, "192.0.2.%u:%" PRIu64,
	    (unsigned)sim_random(w, HOSTS), ++w->uid);
	desk_conn_init(cu->c, addr);
	cu->mode = sim_once_in(w, 2) ? EV_MODE_CLASSIC : EV_MODE_LINE;
	cu->slow = sim_once_in(w, 6);
	cu->may_end = w->draining;
	cu->opened = true;
	/* A classic client's worker waits until it is let in. */
	cu->opening = cu->mode == EV_MODE_CLASSIC;
	push_customer(w, DESK_RQ_OPENED, cu);
}

/* Its LEFT was answered: the memory is the worker's again. */
void
people_gone(struct world *w, struct customer *cu)
{
	struct session *s = store_session(w, cu->sid);

	if (s != NULL)
		store_let_go(s);
	memset(cu->c, 0x5A, sizeof *cu->c);
	free(cu->c);
	for (unsigned i = 0; i < cu->nqueue; i++)
		free(cu->queue[i].text);
	stream_fini(&cu->stream);
	memset(cu, 0, sizeof *cu);
}

static void
queue(struct customer *cu, const char *text, bool plain, size_t skip)
{
	struct message *m = &cu->queue[cu->nqueue++];

	m->text = strdup(text);
	m->len = strlen(text);
	m->plain = plain;
	m->skip = skip;
}

static void
say_plain(struct world *w, struct customer *cu)
{
	char text[64];

	snprintf(text, sizeof text, "%s %" PRIu64,
	    sim_once_in(w, 2) ? "我的订单在哪里" : "where is it, quit?",
	    ++w->token);
	queue(cu, text, true, 0);
}

static void
say_quit(struct customer *cu)
{
	queue(cu, cu->mode == EV_MODE_CLASSIC ? "quit" : "/quit", false, 0);
	cu->may_end = true;
}

static void
say_classic(struct world *w, struct customer *cu)
{
	static const char *const polls[] = { ".", "?", " " };

	if (cu->peer.state == DONE) {
		if (!cu->leaving)
			say_quit(cu);
		cu->leaving = true;
		return;
	}
	if (cu->peer.state != TYPING)
		return;
	if (sim_once_in(w, 4))
		queue(cu, polls[sim_random(w, 3)], false, 0);
	else if (!w->calm && sim_once_in(w, 60))
		say_quit(cu);
	else
		say_plain(w, cu);
	people_type(w, cu);
}

static void
say_name(struct world *w, struct customer *cu)
{
	char text[64];

	snprintf(text, sizeof text, "/name anna%" PRIu64, ++w->token);
	queue(cu, text, false, 0);
}

static void
say_line(struct world *w, struct customer *cu)
{
	static const char *const others[] = { "/help", "/bogus", "  ", "/name",
		"/name ", "/charset klingon" };

	switch (sim_random(w, 13)) {
	case 0:
		say_name(w, cu);
		break;
	case 12:
		queue(cu, "/charset utf-8", false, 0);
		break;
	case 1:
		queue(cu, "//bin is a folder", true, 1);
		break;
	case 2:
		queue(cu, others[sim_random(w, 6)], false, 0);
		break;
	case 3:
		if (sim_once_in(w, 8))
			say_quit(cu);
		break;
	default:
		say_plain(w, cu);
	}
}

static void
speak(struct world *w, struct customer *cu)
{
	if (cu->nqueue == QUEUE || cu->leaving || cu->eof || cu->reset)
		return;
	if (cu->mode == EV_MODE_CLASSIC)
		say_classic(w, cu);
	else
		say_line(w, cu);
}

static void
deliver(struct world *w, struct customer *cu)
{
	struct request *q;

	if (cu->nqueue == 0)
		return;
	if (sim_once_in(w, 2)) /* it acknowledges what has come */
		cu->taken = cu->left;
	q = push_customer(w, DESK_RQ_SAID, cu);
	q->message = cu->queue[0];
	q->rq.text = q->message.text;
	q->rq.len = q->message.len;
	cu->queue[0] = cu->queue[1];
	cu->nqueue--;
}

static void
leave(struct world *w, struct customer *cu)
{
	if (cu->nqueue > 0 && !cu->cut) {
		deliver(w, cu);
		return;
	}
	cu->leaving = true;
	cu->known_last = cu->taken == cu->put ? cu->taken : cu->known;
	push_customer(w, DESK_RQ_DISCONNECTED, cu)->rq.why = "left";
	cu->opened = false;
}

static void
shut(struct world *w, struct customer *cu)
{
	if (cu->nqueue > 0 || cu->eof)
		return;
	cu->eof = cu->may_end = cu->may_cut = true;
	push_customer(w, DESK_RQ_EOF, cu);
}

static void
report_sent(struct world *w, struct customer *cu)
{
	uint64_t kept = cu->put - cu->left;
	uint64_t way = cu->put - cu->taken;

	cu->slow = sim_once_in(w, 3);
	if (way == 0)
		return;
	if (kept > 0)
		cu->left += 1 + sim_random(w, kept);
	if (w->calm)
		cu->left = cu->put;
	cu->taken += sim_random(w, cu->left - cu->taken + 1);
	if (w->calm)
		cu->taken = cu->put;
	push_customer(w, DESK_RQ_SENT, cu)->rq.offset = cu->left;
}

static void
stall(struct world *w, struct customer *cu)
{
	cu->may_cut = true;
	push_customer(w, DESK_RQ_STALLED, cu)->rq.why =
	    sim_once_in(w, 2) ? "slow" : "flood";
}

/* Its worker has something to say to it, or enough of it. */
static void
worker_says(struct world *w, struct customer *cu)
{
	static const enum desk_rq says[] = { DESK_RQ_TELL, DESK_RQ_ANSWER,
		DESK_RQ_IDLE, DESK_RQ_BYE, DESK_RQ_RECEIPTS, DESK_RQ_UNREAD };
	enum desk_rq rq = says[sim_random(w, sizeof says / sizeof says[0])];
	struct request *q;

	if (cu->mode == EV_MODE_CLASSIC && rq != DESK_RQ_TELL &&
	    rq != DESK_RQ_IDLE && rq != DESK_RQ_BYE)
		return;
	if (rq == DESK_RQ_IDLE || rq == DESK_RQ_BYE)
		cu->may_end = true;
	q = push_customer(w, rq, cu);
	q->message.text = strdup("Goodbye.");
	q->message.len = strlen(q->message.text);
	q->rq.text = q->message.text;
	q->rq.len = q->message.len;
	q->rq.why = "idle";
}

/* What becomes of a connection that is over or was never quite there. */
static bool
must_leave(const struct customer *cu)
{
	return cu->leaving || cu->cut || cu->reset ||
	    (cu->ended && (cu->eof || cu->mode == EV_MODE_CLASSIC));
}

static void
customer_acts(struct world *w, struct customer *cu)
{
	uint64_t what = sim_random(w, 1000);

	if (cu->c == NULL) {
		/* Of those who come to a desk that closes few are accepted. */
		if (!w->calm && (!w->stop.begun || sim_once_in(w, 20)))
			arrive(w, cu);
	} else if (!cu->opened || cu->opening) {
		return;
	} else if (must_leave(cu) || (w->stop.begun && sim_once_in(w, 20))) {
		/* A desk that closes is to be empty some time. */
		leave(w, cu);
	} else if (what < 400) {
		speak(w, cu);
	} else if (what < 800 || w->calm) {
		deliver(w, cu);
	} else if (what < 960) {
		report_sent(w, cu);
	} else if (what < 975) {
		shut(w, cu);
	} else if (what < 985) {
		leave(w, cu);
	} else if (what < 990) {
		cu->reset = true;
	} else if (what < 993) {
		stall(w, cu);
	} else {
		worker_says(w, cu);
	}
}

/*
 * What operators type; console.c has the rest.
 */

/* A character, or a few. */
static const char *
piece(struct world *w)
{
	static const char *const odd[] = { "quit", "qu", "it", "\n", "😀", "é",
		"quiquit", "quitquit", " " };
	static const char *const hanzi[] = { "的", "订", "单", "您", "好", "请",
		"稍", "候" };
	static char ascii[2];

	switch (sim_random(w, 10)) {
	case 0:
		return odd[sim_random(w, sizeof odd / sizeof odd[0])];
	case 1:
	case 2:
	case 3:
	case 4:
		return hanzi[sim_random(w, 8)];
	default:
		ascii[0] = (char)('a' + sim_random(w, 26));
		return ascii;
	}
}

char *
people_reply_text(struct world *w)
{
	struct dw_buf b = DW_BUF_INITIALIZER;
	uint64_t n = 1 + sim_random(w, sim_once_in(w, 8) ? 700 : 30);

	if (sim_once_in(w, 200))
		return strdup("quit");
	if (sim_once_in(w, 50))
		return strdup(" \n ");
	if (n > 1)
		dw_buf_addf(&b, "%" PRIu64 "@", ++w->token);
	for (uint64_t i = 0; i < n; i++)
		dw_buf_adds(&b, piece(w));
	return dw_buf_take(&b);
}

uint64_t
people_some_session(struct world *w)
{
	/* To some they all talk. */
	uint64_t i = sim_random(w, sim_once_in(w, 2) ? BUSY : CONNS);
	const struct customer *cu = &w->customers[i];
	uint64_t last = w->store.sid;

	switch (sim_random(w, 16)) {
	case 0:
		return last + 1 + sim_random(w, 3);
	case 1:
		return 0;
	case 2:
	case 3:
		return last != 0 ? 1 + sim_random(w, last) : 1;
	default:
		return cu->sid != 0 ? cu->sid : last;
	}
}

/* Then datagrams are counted, so it may last. */
bool
people_unattended(const struct world *w)
{
	for (int i = 0; i < CONSOLES; i++)
		if (w->consoles[i].on)
			return false;
	return true;
}

void
people_gather(struct world *w)
{
	uint64_t n = 1 + sim_random(w, BATCH - 1);

	if (!w->draining)
		act_found(w);
	for (uint64_t i = 0; i < n && w->nbatch < BATCH; i++) {
		if (sim_once_in(w, 3) && !w->calm && !w->draining)
			console_acts(w, &w->consoles[sim_random(w, CONSOLES)]);
		else if (w->nlates > 0 && sim_once_in(w, 100) && !w->draining)
			console_late(w);
		else if (sim_once_in(w, people_unattended(w) ? 2 : 12) &&
		    !w->draining)
			udp_note(w);
		else
			customer_acts(w, &w->customers[sim_random(w, CONNS)]);
	}
}

bool
people_flush(struct world *w)
{
	for (int i = 0; i < CONNS && w->nbatch < BATCH; i++) {
		struct customer *cu = &w->customers[i];

		if (cu->c == NULL || !cu->opened)
			continue;
		if (must_leave(cu))
			leave(w, cu);
		else if (cu->nqueue > 0)
			deliver(w, cu);
		else if (w->calm && cu->put > cu->taken)
			report_sent(w, cu);
	}
	return w->nbatch > 0;
}

/* All outboxes empty: every customer reads what waits. */
void
people_read(struct world *w)
{
	for (int i = 0; i < CONNS && w->nbatch < BATCH; i++) {
		struct customer *cu = &w->customers[i];

		if (cu->c == NULL || !cu->opened || cu->leaving ||
		    cu->taken == cu->put)
			continue;
		cu->left = cu->taken = cu->put;
		push_customer(w, DESK_RQ_SENT, cu)->rq.offset = cu->left;
	}
}

void
people_drain(struct world *w)
{
	for (int i = 0; i < CONNS; i++)
		w->customers[i].may_end = true;
	w->draining = true;
	people_push(w, DESK_RQ_DRAIN);
	sim_note(w, " drain");
}
