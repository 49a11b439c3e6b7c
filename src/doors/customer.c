/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One customer: setup, handle and finish on a worker of its own.  The worker
 * reads and sends requests to the desk; it never writes to its socket but to
 * refuse what is no customer.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/text.h"
#include "doors/inside.h"
#include "doors/rate.h"
#include "wire/classic.h"
#include "wire/line.h"
#include "wire/opening.h"

#define RECV_MAX	16384	/* of the worker's 64 KiB of stack */
#define SOCKET_SNDBUF	65536
#define SOCKET_RCVBUF	16384
#define HALF_CLOSED_KEEPALIVE 10 /* seconds */
#define TOO_LONG_MAX	3	/* lines, then it is no customer */
#define DISCARD_MAX	16	/* times the longest line */
#define SAID_NODES	2	/* one is read while the other is stored */

/* A message on its way to the desk, with its text. */
struct said {
	struct door_node node;
	struct dw_buf	 text;
};

struct customer {
	struct sks_handler	 base;
	struct door		*door;
	struct desk_conn	 conn;
	struct sks_outbox	*outbox;
	struct dw_cond		 back;
	struct said		 said[SAID_NODES];
	unsigned		 next;		/* of said, to be used */
	struct door_node	 sent, stalled, left;
	struct wire_line	 line;		/* one of these two, */
	struct wire_classic	 classic;	/* once it is known which */
	atomic_bool		 telnet;
	bool			 is_line, is_classic;	/* in use */
	bool			 opened;	/* the desk knows it */
	bool			 refused;	/* a classic one: not let in */
	bool			 over;		/* nothing more is read */
	enum desk_mode		 mode;
	bool			 spoke;
	unsigned		 too_long;
	struct door_rate	 rate;
	const char		*why;		/* of its end */
};

static struct customer *
customer_of(struct desk_conn *c)
{
	return DW_LIST_OF(c, struct customer, conn);
}

struct sks_outbox *
door_customer_outbox(struct desk_conn *c)
{
	return customer_of(c)->outbox;
}

bool
door_customer_telnet(const struct desk_conn *c)
{
	return atomic_load(&DW_LIST_OF(c, struct customer, conn)->telnet);
}

static const struct door_limits *
limits_of(const struct customer *cu)
{
	return &cu->door->config->limits;
}

/*
 * Requests.
 */

/* A request whose text is copied; waits until one of the nodes is back. */
static void
request(struct customer *cu, enum desk_rq rq, const char *text, size_t len,
    unsigned flags)
{
	struct said *s = &cu->said[cu->next++ % SAID_NODES];

	door_wait(&cu->door->inbox, &s->node);
	dw_buf_reset(&s->text);
	dw_buf_add(&s->text, text, len);
	if (s->text.failed) {
		cu->why = "memory";
		sks_outbox_cut(cu->outbox);
		return;
	}
	s->node.rq.rq = rq;
	s->node.rq.mode = cu->mode;
	s->node.rq.text = dw_buf_str(&s->text);
	s->node.rq.len = s->text.len;
	s->node.rq.flags = flags;
	s->node.rq.why = cu->why;
	door_post(&cu->door->inbox, &s->node);
}

static void
tell(struct customer *cu, const char *sentence)
{
	request(cu, DESK_RQ_TELL, sentence, strlen(sentence), 0);
}

/* The desk says goodbye for this reason; the worker reads on until the end. */
static void
give_up(struct customer *cu, const char *why, const char *sentence)
{
	cu->why = why;
	request(cu, DESK_RQ_BYE, sentence, strlen(sentence), 0);
}

/* On the desk thread: a classic client that could not be let in. */
static void
opened_answered(struct door_node *n, const struct desk_answer *a)
{
	struct said *said = DW_LIST_OF(n, struct said, node);

	n->answered = NULL;
	if (a->code == DESK_OK)
		return;
	dw_buf_reset(&said->text);
	dw_buf_adds(&said->text, a->text);
	customer_of(n->rq.conn)->refused = true;
}

/* What it speaks is known.  Returns whether it was let in. */
static bool
opened(struct customer *cu, enum desk_mode mode)
{
	struct said *said = &cu->said[cu->next % SAID_NODES];

	/* One opening at a time: a late classic client has two. */
	for (int i = 0; i < SAID_NODES; i++)
		door_wait(&cu->door->inbox, &cu->said[i].node);
	cu->opened = true;
	cu->mode = mode;
	if (mode == DESK_CLASSIC)
		said->node.answered = opened_answered;
	request(cu, DESK_RQ_OPENED, "", 0, 0);
	if (mode == DESK_CLASSIC)
		door_wait(&cu->door->inbox, &said->node);
	return !cu->refused;
}

/* The outbox's news, on the postman's thread. */
static void
outbox_news(void *arg, enum sks_outbox_event event)
{
	struct customer *cu = arg;

	if (event == SKS_OUTBOX_EMPTIED)
		door_post_again(&cu->door->inbox, &cu->sent);
	else if (event == SKS_OUTBOX_STALLED)
		door_post_again(&cu->door->inbox, &cu->stalled);
}

static void
count_sent(struct door_node *n)
{
	n->rq.offset = sks_outbox_sent(door_customer_outbox(n->rq.conn));
}

/*
 * setup
 */

/* What a system does not have it does without. */
static void
set_option(struct sks_socket *s, enum sks_option option, int64_t value)
{
	if (sks_setsockopt(s, option, (int)value) < 0)
		return;
}

static void
keep_alive(struct customer *cu, int64_t idle_s)
{
	if (sks_set_keepalive(cu->base.request, (int)idle_s, 10, 3) < 0)
		return;
}

static void
prepare_socket(struct customer *cu)
{
	struct sks_socket *s = cu->base.request;
	const struct door_limits *l = limits_of(cu);

	set_option(s, SKS_NODELAY, 1);
	set_option(s, SKS_USER_TIMEOUT, l->user_timeout * 1000);
	set_option(s, SKS_SNDBUF, SOCKET_SNDBUF);
	set_option(s, SKS_RCVBUF, SOCKET_RCVBUF);
	keep_alive(cu, l->keepalive);
}

static void
prepare_nodes(struct customer *cu)
{
	for (int i = 0; i < SAID_NODES; i++)
		door_node_init(&cu->said[i].node, DESK_RQ_SAID, &cu->conn,
		    &cu->back);
	door_node_init(&cu->sent, DESK_RQ_SENT, &cu->conn, &cu->back);
	cu->sent.ready = count_sent;
	door_node_init(&cu->stalled, DESK_RQ_STALLED, &cu->conn, &cu->back);
	cu->stalled.rq.why = "slow";
	door_node_init(&cu->left, DESK_RQ_LEFT, &cu->conn, &cu->back);
}

static int
customer_setup(struct sks_handler *h)
{
	struct customer *cu = (struct customer *)h;
	char addr[SKS_ADDR_TEXT];
	struct sks_outbox_config cfg = { .size = sizeof cfg,
	    .notify = outbox_news, .arg = cu };
	int r;

	cu->door = sks_server_user(h->server);
	cfg.max_bytes = (size_t)limits_of(cu)->max_queue;
	cfg.stall_timeout_ns = limits_of(cu)->stall_timeout * DW_SECOND;
	cfg.postman = cu->door->postman;
	if ((r = sks_outbox_new(h->request, &cfg, &cu->outbox)) < 0)
		return r;
	prepare_socket(cu);
	dw_cond_init(&cu->back);
	desk_conn_init(&cu->conn, sks_addr_format(h->client_address,
	    SKS_STYLE_PLAIN, addr, sizeof addr));
	prepare_nodes(cu);
	cu->why = "left";
	door_rate_init(&cu->rate, limits_of(cu)->rate, limits_of(cu)->burst,
	    dw_clock_ns());
	atomic_fetch_add(&cu->door->live, 1);
	return 0;
}

/* Waits, without reading, until the customer may say something more.  What is
 * left of one who goes meanwhile is not taken any more. */
static bool
hold_back(struct customer *cu)
{
	const struct door_limits *l = limits_of(cu);
	int64_t due;

	while ((due = door_rate_take(&cu->rate, dw_clock_ns())) != 0)
		if (sks_wait_hup(cu->base.request, due) == 0)
			return false;
	if (door_rate_held_ns(&cu->rate) > l->flood_timeout * DW_SECOND) {
		door_rate_init(&cu->rate, l->rate, l->burst, dw_clock_ns());
		give_up(cu, "flood", _("You write faster than can be read "
		    "here. Goodbye."));
	}
	return true;
}

static void
say(struct customer *cu, const char *text, size_t len, unsigned flags)
{
	if (!hold_back(cu)) {
		cu->over = true;
		return;
	}
	cu->spoke = true;
	request(cu, DESK_RQ_SAID, text, len, flags);
}

static int64_t
idle_ns(const struct customer *cu)
{
	int64_t s = limits_of(cu)->idle_timeout;

	return s == 0 ? DW_NEVER : dw_clock_ns() + s * DW_SECOND;
}

static void
idle(struct customer *cu)
{
	const char *sentence = _("You were silent for long. Goodbye.");

	cu->why = "timeout";
	request(cu, DESK_RQ_IDLE, sentence, strlen(sentence), 0);
	cu->why = "left";
}

/* The peer has said all it had to say, and may still read.  Or it is gone: its
 * kernel tells us that only when it is asked, after a minute or so. */
static void
wait_for_end(struct customer *cu)
{
	keep_alive(cu, HALF_CLOSED_KEEPALIVE);
	request(cu, DESK_RQ_EOF, "", 0, 0);
	while (sks_wait_hup(cu->base.request, idle_ns(cu)) == SKS_ETIMEDOUT)
		idle(cu);
}

/*
 * Classic mode
 */

static void
classic_messages(struct customer *cu)
{
	enum wire_classic_kind kind;
	const char *text;
	size_t len;

	while (!cu->over && (kind = wire_classic_next(&cu->classic, &text,
	    &len)) != WIRE_CLASSIC_NONE)
		if (kind == WIRE_CLASSIC_TEXT)
			say(cu, text, len, 0);
		else	/* without memory for its hello it is a stranger */
			cu->over = kind != WIRE_CLASSIC_HELLO ||
			    !opened(cu, DESK_CLASSIC);
}

/* Told why and reset: an end before our hello would keep it reading. */
static void
reset_classic(struct customer *cu)
{
	struct dw_buf *why = &cu->said[(cu->next - 1) % SAID_NODES].text;

	cu->why = "refused";
	if (why->len > 0 &&
	    sks_outbox_put(cu->outbox, why->data, why->len, NULL) < 0)
		cu->why = "reset";
	sks_outbox_close(cu->outbox);
	sks_reset(cu->base.request);
}

/* first[0, len) has come already; buf is for what follows. */
static void
classic_loop(struct customer *cu, const char *first, size_t len, char *buf)
{
	ssize_t n = (ssize_t)len;

	cu->is_classic = true;
	wire_classic_init(&cu->classic, WIRE_CLASSIC_CLIENT_HELLO);
	while (!cu->over && (n > 0 || n == SKS_ETIMEDOUT)) {
		bool partial;

		if (n > 0)
			wire_classic_feed(&cu->classic, first, (size_t)n);
		else if (wire_classic_partial(&cu->classic))
			wire_classic_flush(&cu->classic);
		else
			idle(cu);
		classic_messages(cu);
		if (cu->over)
			break;
		first = buf;
		partial = wire_classic_partial(&cu->classic);
		n = sks_recv_deadline(cu->base.request, buf, RECV_MAX,
		    partial ? dw_clock_ns() + limits_of(cu)->line_timeout *
		    DW_SECOND : idle_ns(cu));
	}
	if (cu->refused) {
		reset_classic(cu);
		return;
	}
	if (cu->over || n < 0) {
		cu->why = "reset";
		return;
	}
	wire_classic_flush(&cu->classic);
	classic_messages(cu);
	wait_for_end(cu);
}

/*
 * Line mode
 */

static void
line_too_long(struct customer *cu)
{
	if (++cu->too_long >= TOO_LONG_MAX)
		give_up(cu, "too long", _("These lines are too long. "
		    "Goodbye."));
	else
		tell(cu, _("That line is too long and was not read."));
}

/* Refuses what telnet asks for; from then on it gets telnet's line ends. */
static void
line_telnet(struct customer *cu)
{
	const char *bytes;
	size_t len = wire_line_answer(&cu->line, &bytes);

	if (wire_line_telnet(&cu->line))
		atomic_store(&cu->telnet, true);
	if (len > 0)
		request(cu, DESK_RQ_ANSWER, bytes, len, 0);
}

/* Returns whether a row has ended. */
static bool
line_messages(struct customer *cu)
{
	enum wire_line_kind kind;
	bool ended = false;
	const char *text;
	size_t len;

	while (!cu->over && (kind = wire_line_next(&cu->line, &text, &len)) !=
	    WIRE_LINE_NONE) {
		ended = true;
		line_telnet(cu);
		if (kind == WIRE_LINE_TEXT)
			say(cu, text, len, 0);
		else if (kind == WIRE_LINE_CUT_SHORT)
			say(cu, text, len, DESK_CUT_SHORT);
		else
			line_too_long(cu);
	}
	line_telnet(cu);
	return ended;
}

/* Over 80 % of the places are taken. */
static bool
is_crowded(const struct customer *cu)
{
	return (int64_t)atomic_load(&cu->door->live) * 10 >
	    limits_of(cu)->max_sessions * 8;
}

static bool
in_line(const struct customer *cu)
{
	return cu->line.row.len > 0 || cu->line.cr;
}

/* When the customer must have sent something; began: the line's first byte. */
static int64_t
line_deadline(const struct customer *cu, int64_t accepted, int64_t began)
{
	const struct door_limits *l = limits_of(cu);

	if (in_line(cu))
		return began + l->line_timeout * DW_SECOND;
	if (cu->spoke)
		return idle_ns(cu);
	return accepted + DW_SECOND * (is_crowded(cu) ? l->hello_timeout :
	    l->first_line_timeout);
}

static void
line_timeout(struct customer *cu)
{
	if (cu->spoke && !in_line(cu))
		idle(cu);
	else
		give_up(cu, "timeout", _("That took too long. Goodbye."));
}

/* What has come, and whether a new line has begun in it. */
static bool
line_bytes(struct customer *cu, const char *buf, size_t len)
{
	bool inside = in_line(cu), ended;

	wire_line_feed(&cu->line, buf, len);
	ended = line_messages(cu);
	if (wire_line_discarded(&cu->line) >
	    DISCARD_MAX * (size_t)limits_of(cu)->max_line)
		give_up(cu, "too long", _("That line has no end. Goodbye."));
	return in_line(cu) && (!inside || ended);
}

/* A classic client that took its time after it had connected. */
static bool
is_late_classic(const struct customer *cu)
{
	return !cu->spoke && wire_opening(dw_buf_str(&cu->line.row),
	    cu->line.row.len) == WIRE_OPEN_CLASSIC;
}

/* Returns what ended it: 0 for end of file, 1 for a classic client. */
static ssize_t
line_read(struct customer *cu, char *buf, size_t len, int64_t accepted)
{
	int64_t began = accepted, until;
	ssize_t n = (ssize_t)len;

	for (;;) {
		if (n > 0 && line_bytes(cu, buf, (size_t)n))
			began = dw_clock_ns();
		if (cu->over)
			return SKS_ERESET;
		if (is_late_classic(cu))
			return 1;
		until = line_deadline(cu, accepted, began);
		n = sks_recv_deadline(cu->base.request, buf, RECV_MAX, until);
		if (n == SKS_ETIMEDOUT) {
			line_timeout(cu);
			n = sks_recv_deadline(cu->base.request, buf, RECV_MAX,
			    idle_ns(cu));
		}
		if (n <= 0 && n != SKS_ETIMEDOUT)
			return n;
	}
}

static void
line_loop(struct customer *cu, char *buf, size_t len, int64_t accepted)
{
	ssize_t n;

	cu->is_line = true;
	wire_line_init(&cu->line, (size_t)limits_of(cu)->max_line);
	opened(cu, DESK_LINE);
	n = line_read(cu, buf, len, accepted);
	if (n == 1) {
		classic_loop(cu, cu->line.row.data, cu->line.row.len, buf);
		return;
	}
	if (n < 0) {
		cu->why = "reset";
		return;
	}
	wire_line_eof(&cu->line);
	line_messages(cu);
	wait_for_end(cu);
}

/*
 * handle
 */

/* Not a customer: told so, by its own worker, which ends with it. */
static void
refuse(struct customer *cu, const char *sentence)
{
	int64_t until = dw_clock_ns() + limits_of(cu)->linger * DW_SECOND;
	struct dw_buf out = DW_BUF_INITIALIZER;
	char buf[512];

	cu->why = "refused";
	if (sentence != NULL &&
	    wire_line_encode(&out, NULL, sentence, strlen(sentence), true) == 0
	    && sks_outbox_put(cu->outbox, out.data, out.len, NULL) < 0)
		cu->why = "reset";
	sks_outbox_end(cu->outbox);
	dw_buf_fini(&out);
	/* Reading what it still sends keeps the answer from being reset. */
	while (sks_recv_deadline(cu->base.request, buf, sizeof buf, until) > 0)
		;
}

/* Reads until the first bytes decide.  Nothing for a moment means a customer
 * who waits to be greeted. */
static enum wire_opening
read_opening(struct customer *cu, char *buf, size_t *len, int64_t accepted)
{
	int64_t silence = accepted + limits_of(cu)->silence_ms * DW_MS;
	int64_t hello = accepted + limits_of(cu)->hello_timeout * DW_SECOND;
	enum wire_opening opening = WIRE_OPEN_MORE;
	ssize_t n;

	while (opening == WIRE_OPEN_MORE) {
		n = sks_recv_deadline(cu->base.request, buf + *len,
		    RECV_MAX - *len, *len == 0 ? silence : hello);
		if (n == SKS_ETIMEDOUT && *len == 0)
			return WIRE_OPEN_LINE;
		if (n == 0 && *len > 0)
			return WIRE_OPEN_LINE;	/* a short text, whole */
		if (n <= 0)
			return WIRE_OPEN_MORE;
		*len += (size_t)n;
		opening = wire_opening(buf, *len);
	}
	return opening;
}

static int
customer_handle(struct sks_handler *h)
{
	struct customer *cu = (struct customer *)h;
	int64_t accepted = dw_clock_ns();
	char buf[RECV_MAX];
	size_t len = 0;

	switch (read_opening(cu, buf, &len, accepted)) {
	case WIRE_OPEN_CLASSIC:
		classic_loop(cu, buf, len, buf);
		break;
	case WIRE_OPEN_LINE:
		line_loop(cu, buf, len, accepted);
		break;
	case WIRE_OPEN_HTTP:
		refuse(cu, _("This is a support desk and speaks plain lines "
		    "of text, not HTTP. Try: nc HOST PORT"));
		break;
	case WIRE_OPEN_TLS:
		refuse(cu, NULL);
		break;
	case WIRE_OPEN_MORE:
		/* It sent the start of a handshake and no more. */
		refuse(cu, len > 0 ? _("The handshake took too long.") : NULL);
		break;
	}
	return 0;
}

/*
 * finish
 */

static void
wait_for_nodes(struct customer *cu)
{
	struct door_inbox *in = &cu->door->inbox;

	for (int i = 0; i < SAID_NODES; i++)
		door_wait(in, &cu->said[i].node);
	door_wait(in, &cu->sent);
	door_wait(in, &cu->stalled);
	door_wait(in, &cu->left);
}

static int
customer_finish(struct sks_handler *h)
{
	struct customer *cu = (struct customer *)h;

	sks_outbox_close(cu->outbox);
	if (cu->opened) {
		cu->left.rq.why = cu->why;
		door_post(&cu->door->inbox, &cu->left);
	}
	wait_for_nodes(cu);
	sks_outbox_unref(cu->outbox);
	for (int i = 0; i < SAID_NODES; i++)
		dw_buf_fini(&cu->said[i].text);
	if (cu->is_line)
		wire_line_fini(&cu->line);
	if (cu->is_classic)
		wire_classic_fini(&cu->classic);
	dw_cond_fini(&cu->back);
	atomic_fetch_sub(&cu->door->live, 1);
	return 0;
}

const struct sks_handler_ops door_customer_ops = {
	SKS_HANDLER_OPS(struct customer),
	.setup = customer_setup,
	.handle = customer_handle,
	.finish = customer_finish,
};

/*
 * Refused before it had a worker.  A classic client takes an end of file
 * before its handshake for an empty message and asks again for ever, so the
 * connection is reset.
 */
static void
customer_refused(struct sks_server *srv, struct sks_request *req,
    enum sks_overload why)
{
	static const char *const sentences[SKS_OVERLOADS] = {
		[SKS_OVER_SESSIONS] = N_("The desk is full. Please try again "
		    "later."),
		[SKS_OVER_ADDRESS] = N_("There are too many connections from "
		    "your address."),
		[SKS_OVER_THREADS] = N_("The desk is busy. Please try again "
		    "later."),
		[SKS_OVER_FILES] = N_("The desk is busy. Please try again "
		    "later."),
	};
	char line[256];
	int n = snprintf(line, sizeof line, "* %s\r\n", _(sentences[why]));

	(void)srv;
	if (sks_send_now(sks_request_socket(req), line, (size_t)n) >= 0)
		sks_reset(sks_request_socket(req));
}

const struct sks_server_ops door_customer_server_ops = {
	SKS_SERVER_OPS,
	.on_overload = customer_refused,
};
