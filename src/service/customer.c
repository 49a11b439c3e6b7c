/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One customer: setup, handle and finish on a worker of its own.  The worker
 * reads and sends requests to the desk; it never writes to its socket but to
 * refuse what is no customer.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/random.h"
#include "base/text.h"
#include "event/receipt.h"
#include "service/customer.h"
#include "service/early.h"
#include "socketserver/server/turn_away.h"
#include "wire/opening.h"

#define SOCKET_SNDBUF         65536
#define SOCKET_RCVBUF         16384
#define HALF_CLOSED_KEEPALIVE 10 /* seconds */
#define PROBES                3  /* may be lost, */
#define PROBE_SECONDS         10 /* each of them for so long */

#define IAC  0xff /* a telnet command */
#define WILL 0xfb /* the first of those about an option */

struct sks_outbox *
svc_customer_outbox(struct desk_conn *c)
{
	return svc_customer_of(c)->outbox;
}

bool
svc_customer_telnet(const struct desk_conn *c)
{
	return atomic_load(&DW_LIST_OF(c, const struct svc_customer, conn)
		->telnet);
}

void
svc_customer_writes(struct desk_conn *c)
{
	atomic_store(&svc_customer_of(c)->charset, c->charset);
}

const struct sks_addr *
svc_customer_address(const struct desk_conn *c)
{
	return DW_LIST_OF(c, const struct svc_customer, conn)
	    ->base.client_address;
}

/*
 * Sentences that need no memory.
 */

struct sentence {
	char line[512];
	size_t len;
};

static struct sentence
sentence_of(const char *text)
{
	struct sentence s;
	int n = snprintf(s.line, sizeof s.line, "* %s\r\n", text);

	s.len = (size_t)n < sizeof s.line ? (size_t)n : sizeof s.line - 1;
	return s;
}

static struct sentence
refusal(enum sks_overload why)
{
	static const char *const sentences[SKS_OVERLOADS] = {
		[SKS_OVER_SESSIONS] = N_("The desk is full. Please try again "
					 "later."),
		[SKS_OVER_ADDRESS] = N_("There are too many connections from "
					"your address."),
		[SKS_OVER_THREADS] = N_("The desk is busy. Please try again "
					"later."),
		[SKS_OVER_PROCESSES] = N_("The desk is busy. Please try again "
					  "later."),
		[SKS_OVER_FILES] = N_("The desk is busy. Please try again "
				      "later."),
	};

	return sentence_of(_(sentences[why]));
}

void
svc_no_memory(struct svc_customer *cu)
{
	struct sentence s = refusal(SKS_OVER_THREADS);

	cu->why = EV_WHY_MEMORY;
	if (!cu->opened)
		svc_refused(cu->svc, SVC_REFUSED_MEMORY,
		    cu->base.client_address);
	if (sks_outbox_put(cu->outbox, s.line, s.len, NULL) != SKS_ECLOSED)
		sks_outbox_cut(cu->outbox);
}

/*
 * Requests.
 */

/* On the desk thread. */
static void
count_taken(struct svc_node *n)
{
	n->rq.taken = svc_taken(svc_customer_of(n->rq.conn));
}

static unsigned
said_count(const struct svc_customer *cu)
{
	return cu->more != NULL ? SAID_NODES + SAID_MORE : SAID_NODES;
}

static struct said *
said_at(struct svc_customer *cu, unsigned i)
{
	return i < SAID_NODES ? &cu->said[i] : &cu->more[i - SAID_NODES];
}

static void
prepare_said(struct svc_customer *cu, struct said *s)
{
	svc_node_init(&s->node, DESK_RQ_SAID, &cu->conn, &cu->owner);
	s->node.ready = count_taken;
}

/* Its turn comes round and the first one is out still: a worker with more nodes
 * is woken less often.  They come behind the others, so the turns go on. */
static void
want_more(struct svc_customer *cu)
{
	if (cu->more != NULL || cu->next != 0 ||
	    svc_is_back(&cu->svc->inbox, &cu->said[0].node) ||
	    (cu->more = calloc(SAID_MORE, sizeof *cu->more)) == NULL)
		return;
	for (unsigned i = 0; i < SAID_MORE; i++)
		prepare_said(cu, &cu->more[i]);
	cu->next = SAID_NODES;
}

static struct said *
said_next(struct svc_customer *cu)
{
	struct said *s;

	want_more(cu);
	s = said_at(cu, cu->next);
	cu->next = (cu->next + 1) % said_count(cu);
	return s;
}

struct said *
svc_said_last(struct svc_customer *cu)
{
	unsigned n = said_count(cu);

	return said_at(cu, (cu->next + n - 1) % n);
}

/* Returns the next node with this request in it, not yet posted; NULL when
 * there is no memory for it, and that ends the customer. */
static struct said *
prepare_request(struct svc_customer *cu, enum desk_rq rq, const char *text,
    size_t len, unsigned flags)
{
	struct said *s = said_next(cu);

	svc_wait(&cu->svc->inbox, &s->node);
	dw_buf_reset(&s->text);
	if (len > 0)
		dw_buf_add(&s->text, text, len);
	if (s->text.failed) {
		svc_no_memory(cu);
		return NULL;
	}
	s->node.rq.rq = rq;
	s->node.rq.mode = cu->mode;
	s->node.rq.text = dw_buf_str(&s->text);
	s->node.rq.len = s->text.len;
	s->node.rq.flags = flags;
	s->node.rq.why = cu->why;
	return s;
}

/* Posts the message that was kept back as perhaps the last, if there is one. */
static void
post_last(struct svc_customer *cu, unsigned flags)
{
	if (cu->last == NULL)
		return;
	cu->last->node.rq.flags |= flags;
	svc_post(&cu->svc->inbox, &cu->last->node);
	cu->last = NULL;
}

void
svc_request(struct svc_customer *cu, enum desk_rq rq, const char *text,
    size_t len, unsigned flags)
{
	struct said *s;

	post_last(cu, 0);
	s = prepare_request(cu, rq, text, len, flags);
	if (s != NULL)
		svc_post(&cu->svc->inbox, &s->node);
}

void
svc_tell(struct svc_customer *cu, const char *sentence)
{
	svc_request(cu, DESK_RQ_TELL, sentence, strlen(sentence), 0);
}

void
svc_unread(struct svc_customer *cu, const char *sentence)
{
	svc_request(cu, DESK_RQ_UNREAD, sentence, strlen(sentence), 0);
}

void
svc_give_up(struct svc_customer *cu, const char *why, const char *sentence)
{
	cu->why = why;
	svc_request(cu, DESK_RQ_BYE, sentence, strlen(sentence), 0);
}

/* On the desk thread: a classic client that could not be let in. */
static void
opened_answered(struct svc_node *n, const struct desk_answer *a)
{
	struct said *said = DW_LIST_OF(n, struct said, node);
	struct svc_customer *cu = svc_customer_of(n->rq.conn);

	n->answered = NULL;
	if (a->code == EV_CODE_OK)
		return;
	dw_buf_reset(&said->text);
	dw_buf_adds(&said->text, a->text);
	cu->refused = true;
	svc_refused(cu->svc,
	    a->code == EV_CODE_NOT_STORED ? SVC_REFUSED_DISK :
		a->code == EV_CODE_DENIED ? SVC_REFUSED_BANNED :
					    SVC_REFUSED_STOPPING,
	    cu->base.client_address);
}

void
svc_settle(struct svc_customer *cu)
{
	for (unsigned i = 0; i < said_count(cu); i++)
		svc_wait(&cu->svc->inbox, &said_at(cu, i)->node);
}

bool
svc_opened(struct svc_customer *cu, enum ev_mode mode,
    const struct dw_charset *cs)
{
	struct said *said = said_at(cu, cu->next);

	/* One opening at a time: a late classic client has two.  And so the
	 * next node is the next one. */
	svc_settle(cu);
	said->node.rq.charset = cs;
	cu->opened = true;
	cu->mode = mode;
	if (mode == EV_MODE_CLASSIC)
		said->node.answered = opened_answered;
	svc_request(cu, DESK_RQ_OPENED, "", 0, 0);
	if (mode == EV_MODE_CLASSIC)
		svc_wait(&cu->svc->inbox, &said->node);
	return !cu->refused;
}

/* The outbox's news, on the postman's thread. */
static void
outbox_news(void *arg, enum sks_outbox_event event)
{
	struct svc_customer *cu = arg;

	assert(cu->magic == SVC_CUSTOMER_MAGIC);
	if (event == SKS_OUTBOX_EMPTIED)
		svc_post_again(&cu->svc->inbox, &cu->sent);
	else if (event == SKS_OUTBOX_STALLED)
		svc_post_again(&cu->svc->inbox, &cu->stalled);
}

/* On the desk thread, as the next one. */
static void
count_sent(struct svc_node *n)
{
	n->rq.offset = sks_outbox_sent(svc_customer_outbox(n->rq.conn));
	count_taken(n);
}

/* Nothing more is acknowledged: the outbox is closed.  When this comes once more
 * the customer is not asked about any more, and its last answer counts. */
static void
count_last(struct svc_node *n)
{
	struct svc_customer *cu = svc_customer_of(n->rq.conn);

	count_taken(n);
	cu->taking.taken = n->rq.taken;
	svc_taken_forget(cu);
}

/*
 * setup
 */

/* An option that this system lacks is skipped. */
static void
prepare_socket(struct svc_customer *cu)
{
	struct sks_socket *s = cu->base.request;
	const struct svc_limits *l = svc_limits_of(cu);

	sks_set_option(s, SKS_NODELAY, 1);
	sks_set_option(s, SKS_OOBINLINE, 1);
	sks_set_option(s, SKS_USER_TIMEOUT, (int)l->user_timeout * 1000);
	sks_set_option(s, SKS_SNDBUF, SOCKET_SNDBUF);
	sks_set_option(s, SKS_RCVBUF, SOCKET_RCVBUF);
	sks_set_keepalive(s, (int)l->keepalive, PROBE_SECONDS, PROBES);
}

static void
prepare_nodes(struct svc_customer *cu)
{
	svc_node_init(&cu->sent, DESK_RQ_SENT, &cu->conn, &cu->owner);
	cu->sent.ready = count_sent;
	svc_node_init(&cu->stalled, DESK_RQ_STALLED, &cu->conn, &cu->owner);
	cu->stalled.rq.why = EV_WHY_SLOW;
	svc_node_init(&cu->disconnected, DESK_RQ_DISCONNECTED, &cu->conn,
	    &cu->owner);
	cu->disconnected.ready = count_last;
}

static struct svc_customer *
customer_in(struct sks_handler *h)
{
	struct svc_customer *cu = (struct svc_customer *)h;

	assert(cu->magic == SVC_CUSTOMER_MAGIC);
	return cu;
}

static int
customer_setup(struct sks_handler *h)
{
	struct svc_customer *cu = (struct svc_customer *)h;
	char addr[SKS_ADDR_TEXT];
	struct sks_outbox_config cfg = { .size = sizeof cfg,
		.notify = outbox_news,
		.arg = cu };
	const struct svc_limits *l;
	int r;

	cu->magic = SVC_CUSTOMER_MAGIC;
	cu->svc = svc_of(sks_server_user(h->server));
	cu->settings = svc_settings_take(cu->svc);
	l = svc_limits_of(cu);
	cfg.max_bytes = (size_t)l->max_queue;
	cfg.stall_timeout_ns = l->stall_timeout * DW_SECOND;
	cfg.postman = cu->svc->postman;
	if ((r = sks_outbox_new(h->request, &cfg, &cu->outbox)) < 0) {
		svc_settings_drop(cu->settings);
		return r;
	}
	prepare_socket(cu);
	svc_owner_init(&cu->owner);
	desk_conn_init(&cu->conn,
	    sks_addr_format(h->client_address, SKS_STYLE_PLAIN, addr,
		sizeof addr));
	prepare_nodes(cu);
	cu->why = EV_WHY_LEFT;
	svc_rate_init(&cu->rate, l->rate, l->burst, dw_clock_ns());
	atomic_fetch_add(&cu->svc->live, 1);
	svc_counts_changed(cu->svc);
	return 0;
}

/* Waits, without reading, until the customer may say something more.  One who
 * goes meanwhile sends nothing more, so the rest of its words is bounded by
 * the socket's buffer and is not held back. */
static void
hold_back(struct svc_customer *cu)
{
	int64_t due;

	while (!cu->hung_up &&
	    (due = svc_rate_take(&cu->rate, dw_clock_ns())) != 0)
		cu->hung_up = sks_wait_hup(cu->base.request, due) == 0;
}

void
svc_tell_at_rate(struct svc_customer *cu, const char *sentence)
{
	hold_back(cu);
	svc_tell(cu, sentence);
}

/* The last message of a flood carries the mark that more may have followed. */
static void
end_flood(struct svc_customer *cu, const char *text, size_t len)
{
	const struct svc_limits *l = svc_limits_of(cu);

	svc_rate_init(&cu->rate, l->rate, l->burst, dw_clock_ns());
	svc_request(cu, DESK_RQ_SAID, text, len, EV_FLAG_REST_LOST);
	svc_give_up(cu, EV_WHY_FLOOD,
	    _("You write faster than can be read "
	      "here. Goodbye."));
}

/* Who has no more rows on their way than may wait for receipts is held back by
 * the rate, and never floods. */
static bool
waits_for_receipts(const struct svc_customer *cu)
{
	return cu->wants_receipts &&
	    wire_line_waiting(&cu->line) <= EV_RECEIPT_WINDOW;
}

void
svc_say(struct svc_customer *cu, const char *text, size_t len, unsigned flags)
{
	hold_back(cu);
	cu->spoke = true;
	if (cu->hung_up) {
		post_last(cu, 0);
		cu->last = prepare_request(cu, DESK_RQ_SAID, text, len, flags);
	} else if (!waits_for_receipts(cu) &&
	    svc_rate_held_ns(&cu->rate) >
		svc_limits_of(cu)->flood_timeout * DW_SECOND) {
		end_flood(cu, text, len);
	} else {
		svc_request(cu, DESK_RQ_SAID, text, len, flags);
	}
}

ssize_t
svc_recv(struct svc_customer *cu, int64_t deadline_ns)
{
	ssize_t n;

	svc_input_reset(&cu->input);
	n = svc_input_recv(&cu->input, deadline_ns);
	if (n > 0 && cu->hung_up)
		cu->late_bytes += (size_t)n;
	return n;
}

/* Nothing says for certain whether a broken connection had more to bring, as
 * the outbox may have been told of the reset.  A socket that was about full
 * then is where something can have been left behind. */
void
svc_said_all(struct svc_customer *cu)
{
	bool marked = cu->last != NULL &&
	    (cu->last->node.rq.flags & EV_FLAG_CUT_SHORT) != 0;

	post_last(cu,
	    cu->late_bytes >= SOCKET_RCVBUF / 2 && !marked ? EV_FLAG_REST_LOST :
							     0);
}

int64_t
svc_idle_ns(const struct svc_customer *cu)
{
	int64_t s = svc_limits_of(cu)->idle_timeout;

	return s == 0 ? DW_NEVER : dw_clock_ns() + s * DW_SECOND;
}

void
svc_idle(struct svc_customer *cu)
{
	const char *sentence = _("You were silent for long. Goodbye.");

	cu->why = EV_WHY_TIMEOUT;
	svc_request(cu, DESK_RQ_IDLE, sentence, strlen(sentence), 0);
	cu->why = EV_WHY_LEFT;
}

/* Of one that will say nothing more the kernel is to know soon whether it is
 * there.  With a user timeout that decides, and not the number of probes
 * (tcp(7)). */
static void
look_after(struct svc_customer *cu)
{
	const int64_t s =
	    HALF_CLOSED_KEEPALIVE + (int64_t)PROBES * PROBE_SECONDS;

	sks_set_keepalive(cu->base.request, HALF_CLOSED_KEEPALIVE,
	    PROBE_SECONDS, PROBES);
	if (svc_limits_of(cu)->user_timeout > s)
		sks_set_option(cu->base.request, SKS_USER_TIMEOUT,
		    (int)s * 1000);
}

void
svc_await_end(struct svc_customer *cu)
{
	look_after(cu);
	svc_request(cu, DESK_RQ_EOF, "", 0, 0);
	while (sks_wait_hup(cu->base.request, svc_idle_ns(cu)) == SKS_ETIMEDOUT)
		svc_idle(cu);
}

/*
 * handle
 */

static void
converse(struct svc_customer *cu)
{
	int64_t accepted = dw_clock_ns();
	enum wire_opening opening;

	if (cu->proxied && !svc_introduced(cu, accepted))
		return;
	switch (opening = svc_opening(cu, accepted)) {
	case WIRE_OPEN_CLASSIC:
	case WIRE_OPEN_CLASSIC_GBK:
		svc_classic(cu, cu->input.bytes, cu->input.len,
		    wire_opening_charset(opening));
		break;
	case WIRE_OPEN_LINE:
		svc_line(cu, accepted);
		break;
	case WIRE_OPEN_HTTP:
	case WIRE_OPEN_TLS:
	case WIRE_OPEN_UTF16LE:
	case WIRE_OPEN_UTF16BE:
	case WIRE_OPEN_VISITOR:
	case WIRE_OPEN_MORE:
		svc_refuse(cu, opening);
		break;
	}
}

/* Until the last one is back the desk thread may post `sent`. */
static void
wait_for_nodes(struct svc_customer *cu)
{
	struct svc_inbox *in = &cu->svc->inbox;

	svc_wait(in, &cu->disconnected);
	svc_settle(cu);
	svc_wait(in, &cu->sent);
	svc_wait(in, &cu->stalled);
}

/* Once they are back, the nodes may go. */
static void
disconnect(struct svc_customer *cu)
{
	sks_outbox_close(cu->outbox);
	if (cu->opened) {
		cu->disconnected.rq.why = cu->why;
		svc_post(&cu->svc->inbox, &cu->disconnected);
	}
	wait_for_nodes(cu);
	for (unsigned i = 0; i < said_count(cu); i++)
		dw_buf_fini(&said_at(cu, i)->text);
	free(cu->more);
	svc_input_fini(&cu->input);
}

/* What it reads into and its first nodes are here because a stack has whole
 * pages, of which this takes what is left. */
static int
customer_handle(struct sks_handler *h)
{
	struct svc_customer *cu = customer_in(h);
	struct said said[SAID_NODES] = { 0 };
	char first[SVC_INPUT_FIRST];

	cu->said = said;
	for (unsigned i = 0; i < SAID_NODES; i++)
		prepare_said(cu, &said[i]);
	svc_input_init(&cu->input, h->request, first);
	converse(cu);
	disconnect(cu);
	cu->said = NULL;
	return 0;
}

/*
 * finish
 */

static int
customer_finish(struct sks_handler *h)
{
	struct svc_customer *cu = customer_in(h);

	assert(cu->said == NULL);
	sks_outbox_unref(cu->outbox);
	if (cu->is_line)
		wire_line_fini(&cu->line);
	if (cu->is_classic)
		wire_classic_fini(&cu->classic);
	svc_owner_fini(&cu->owner);
	svc_settings_drop(cu->settings);
	atomic_fetch_sub(&cu->svc->live, 1);
	svc_counts_changed(cu->svc);
	return 0;
}

const struct sks_handler_ops svc_customer_ops = {
	SKS_HANDLER_OPS(struct svc_customer),
	.setup = customer_setup,
	.handle = customer_handle,
	.finish = customer_finish,
};

/*
 * Refused before it had a worker.  A classic client takes an end of file
 * before its handshake for an empty message and asks again for ever, so whoever
 * may be one is reset, once it had a moment to take the sentence.  All others
 * are closed in order: with a reset nc reads nothing.
 */
static void
say_no(struct sks_request *req, const struct sentence *s)
{
	if (sks_send_now(sks_request_socket(req), s->line, s->len) < 0)
		sks_reset(sks_request_socket(req));
}

static void
customer_refused(struct sks_server *srv, struct sks_request *req,
    enum sks_overload why)
{
	static const enum svc_refusal whys[SKS_OVERLOADS] = {
		[SKS_OVER_SESSIONS] = SVC_REFUSED_SESSIONS,
		[SKS_OVER_ADDRESS] = SVC_REFUSED_ADDRESS,
		[SKS_OVER_THREADS] = SVC_REFUSED_THREADS,
		[SKS_OVER_PROCESSES] = SVC_REFUSED_THREADS,
		[SKS_OVER_FILES] = SVC_REFUSED_FILES,
	};
	struct sentence s = refusal(why);

	svc_refused(svc_of(sks_server_user(srv)), whys[why],
	    sks_request_address(req));
	say_no(req, &s);
}

static bool
is_banned(struct svc *svc, struct sks_request *req)
{
	struct sentence s;
	struct svc_ban ban;
	char text[384];

	if (!svc_bans_find(&svc->bans, sks_request_address(req),
		dw_clock_steady_ms(), &ban))
		return false;
	svc_ban_sentence(&ban, dw_clock_wall_ms(), text, sizeof text);
	s = sentence_of(text);
	say_no(req, &s);
	svc_refused(svc, SVC_REFUSED_BANNED, sks_request_address(req));
	return true;
}

/* Those who are there go on. */
static bool
is_closing(struct svc *svc, struct sks_request *req)
{
	struct sentence s;

	if (!atomic_load(&svc->closes))
		return false;
	s = sentence_of(_("The desk is closing and takes nobody new; please "
			  "come back later."));
	say_no(req, &s);
	svc_refused(svc, SVC_REFUSED_STOPPING, sks_request_address(req));
	return true;
}

/* Where no number can be drawn nobody is refused early. */
static bool
is_too_early(struct svc *svc, struct sks_server *srv, struct sks_request *req)
{
	unsigned max = sks_server_get_config(srv)->max_sessions;
	unsigned taken = sks_server_crowd(srv) - 1; /* it has one itself */
	struct sentence s = refusal(SKS_OVER_THREADS);
	uint32_t draw;

	if (svc_early_permille(taken, max) == 0 ||
	    (!svc->config->every_address &&
		sks_addr_scope(sks_request_address(req)) ==
		    SKS_SCOPE_LOOPBACK) ||
	    dw_random(&draw, sizeof draw) < 0 ||
	    !svc_early_refuses(taken, max, draw))
		return false;
	say_no(req, &s);
	svc_refused(svc, SVC_REFUSED_EARLY, sks_request_address(req));
	return true;
}

bool
svc_lets_in(struct sks_server *srv, struct sks_request *req)
{
	struct svc *svc = svc_of(sks_server_user(srv));

	return !is_banned(svc, req) && !is_closing(svc, req) &&
	    !is_too_early(svc, srv, req);
}

static int
customer_verify(struct sks_server *srv, struct sks_request *req)
{
	if (svc_lets_in(srv, req))
		return 1;
	sks_request_turn_away(req);
	return 0;
}

/* How many bytes of telnet's commands these begin with: a command has two, and
 * one about an option has three.  More than len: the last is not whole. */
static size_t
telnet_commands(const unsigned char *bytes, size_t len)
{
	size_t n = 0;

	while (n < len && bytes[n] == IAC)
		n += n + 1 < len && bytes[n + 1] < WILL ? 2 : 3;
	return n;
}

/* Is that a classic client's handshake, or the beginning of one?  What stands
 * before it is no part of it, as in svc_opening(). */
static int
customer_refused_data(struct sks_server *srv, struct sks_request *req,
    const void *data, size_t n)
{
	const char *rest = data, *what;
	size_t lead = telnet_commands(data, n);
	enum wire_opening opening;
	bool more;

	(void)srv;
	(void)req;
	if (lead >= n)
		return SKS_EAGAIN;
	lead += wire_opening_lead(rest + lead, n - lead, &more);
	rest += lead;
	n -= lead;
	if (more || n == 0 || wire_opening_is_cut_hello(rest, n))
		return SKS_EAGAIN;
	opening = wire_opening(rest, n, false, &what);
	return opening == WIRE_OPEN_CLASSIC || opening == WIRE_OPEN_CLASSIC_GBK;
}

/* The sentence is on no stack of a customer who is served. */
static __attribute__((noinline)) void
turn_away(struct svc *svc, struct sks_request *req)
{
	struct sentence s = refusal(SKS_OVER_THREADS);

	say_no(req, &s);
	svc_refused(svc, SVC_REFUSED_MEMORY, sks_request_address(req));
	svc_read_on(svc, sks_request_socket(req));
}

/* Only setup fails, and only for want of memory: the peer is told, as one whom
 * no thread could serve. */
static int
customer_finish_request(struct sks_server *srv, struct sks_request *req)
{
	int r = sks_default_finish_request(srv, req);

	if (r < 0)
		turn_away(svc_of(sks_server_user(srv)), req);
	return r;
}

static void
customer_shutdown(struct sks_server *srv, struct sks_request *req)
{
	if (sks_request_refused(req) == SKS_REFUSAL_TOLD)
		sks_reset(sks_request_socket(req));
	sks_default_shutdown_request(srv, req);
}

const struct sks_server_ops svc_customer_server_ops = {
	SKS_SERVER_OPS,
	.verify_request = customer_verify,
	.on_overload = customer_refused,
	.on_refused_data = customer_refused_data,
	.finish_request = customer_finish_request,
	.shutdown_request = customer_shutdown,
	.handle_error = svc_request_failed,
};
