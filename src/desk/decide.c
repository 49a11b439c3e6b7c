/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What becomes of each kind of request: one function decides it.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/quit.h"
#include "base/text.h"
#include "desk/command.h"
#include "desk/internal.h"

/* What one request may add at most. */
#define EVENTS_MAX  4
#define EFFECTS_MAX 12

/* It may have come in before the ban. */
static bool
refuse_banned(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	const char *text = _("You are banned from this desk.");

	if (desk_ban_of(d, rq->conn->addr, now) == NULL)
		return false;
	if (rq->conn->mode == EV_MODE_CLASSIC) {
		desk_fx_answer(d, rq, EV_CODE_DENIED, text);
	} else {
		desk_fx_bye(d, DESK_FX_BYE, rq->conn, text);
		desk_fx_done(d, rq);
	}
	return true;
}

/* A classic client takes an end before our hello for an empty message, and
 * reads on for ever: its worker is told, and resets the connection. */
static int
opened_classic(struct desk *d, const struct desk_request *rq, bool is_refused,
    struct desk_time now)
{
	const char *busy = _("The desk is busy. Please try again later.");
	struct desk_session *s;

	if (is_refused) {
		desk_fx_answer(d, rq, EV_CODE_STOPPING, desk_closing_text(d));
	} else if ((s = desk_session_begin(d, rq->conn, now)) == NULL) {
		desk_fx_answer(d, rq, EV_CODE_NOT_STORED, busy);
	} else {
		if (rq->charset != NULL)
			desk_charset_set(d, s, "", rq->charset, now);
		desk_fx_conn(d, DESK_FX_GREET, rq->conn);
		desk_fx_done(d, rq)->undone = busy;
	}
	return 0;
}

static int
decide_opened(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	struct desk_conn *c = rq->conn;
	/* A silent one that turns out classic was there before. */
	bool is_new = dw_list_empty(&c->node);
	bool is_refused = d->draining || (is_new && desk_is_closing(d));

	assert(rq->mode != EV_MODE_NONE);
	c->mode = rq->mode;
	if (rq->charset != NULL)
		c->charset = rq->charset;
	if (is_new) {
		desk_turn_init(&c->turn, &d->config->turn);
		dw_list_add(&d->conns, &c->node);
	}
	if (refuse_banned(d, rq, now))
		return 0;
	if (c->mode == EV_MODE_CLASSIC)
		return opened_classic(d, rq, is_refused, now);
	if (is_refused)
		desk_fx_bye(d, DESK_FX_BYE, c, desk_closing_text(d));
	else
		desk_fx_conn(d, DESK_FX_GREET, c);
	desk_fx_done(d, rq);
	return 0;
}

/* What a line customer hears of a message.  Nobody on duty is said elsewhere, to
 * classic ones as well. */
static void
line_stored(struct desk *d, const struct desk_request *rq, size_t event)
{
	desk_fx_conn(d, DESK_FX_SORRY, rq->conn);
	if ((d->events[event].flags & EV_FLAG_UNATTENDED) == 0)
		desk_queue_said(d, rq->conn->session, event);
	desk_visitor_hint(d, rq);
}

/* A message for the operators; the first one begins the session.  Returns
 * whether there was memory for it. */
static bool
store_said(struct desk *d, const struct desk_request *rq, struct desk_time now)
{
	struct desk_session *s = rq->conn->session;
	struct ev_event ev = ev_event_of(EV_SAID);
	size_t event;

	if (s == NULL && (s = desk_session_begin(d, rq->conn, now)) == NULL) {
		desk_fx_say(d, rq->conn, _(desk_sorry));
		return false;
	}
	desk_charset_notice(d, s, rq->text, rq->len, now);
	ev.n = s->facts.in + 1;
	ev.body = rq->text;
	ev.len = rq->len;
	ev.flags = rq->flags & (EV_FLAG_CUT_SHORT | EV_FLAG_REST_LOST);
	if (desk_is_left_alone(d, s, now))
		ev.flags |= EV_FLAG_UNATTENDED;
	event = desk_emit(d, s, ev, now);
	if (rq->conn->mode == EV_MODE_LINE)
		line_stored(d, rq, event);
	return true;
}

/* Returns false when nothing can become of it. */
static bool
said_line(struct desk *d, const struct desk_request *rq, struct desk_time now)
{
	struct desk_request text = *rq;

	if (dw_text_is_blank(rq->text, rq->len))
		return true;
	if (rq->text[0] == '/') {
		if (desk_visitor_command(d, rq, now))
			return true;
		if (rq->len > 1 && rq->text[1] == '/') {
			text.text++;
			text.len--;
		}
	}
	return store_said(d, &text, now);
}

/* A lone . or ? asks whether there is something to read. */
static bool
is_poll(const struct desk_request *rq)
{
	return rq->len == 1 && (rq->text[0] == '.' || rq->text[0] == '?');
}

static void
said_classic(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	bool poll = is_poll(rq) || dw_text_is_blank(rq->text, rq->len);

	if (dw_is_quit(rq->text, rq->len)) {
		desk_session_end(d, rq->conn->session, "", EV_WHY_QUIT, "",
		    now);
		return;
	}
	if (!poll)
		store_said(d, rq, now);
	desk_fx_conn(d, poll ? DESK_FX_POLL : DESK_FX_WROTE, rq->conn);
}

/* After the session has ended: the client's own quit, or its turn to read
 * what was still held for it. */
static void
said_late(struct desk *d, const struct desk_request *rq)
{
	if (rq->conn->mode != EV_MODE_CLASSIC)
		return;
	if (dw_is_quit(rq->text, rq->len))
		desk_fx_bye(d, DESK_FX_BYE, rq->conn, "");
	else
		desk_fx_conn(d, DESK_FX_POLL, rq->conn);
}

/* Said something while nobody was on duty. */
static bool
is_unattended(const struct desk_session *s)
{
	return s != NULL && s->facts.unattended;
}

static int
decide_said(struct desk *d, const struct desk_request *rq, struct desk_time now)
{
	struct desk_conn *c = rq->conn;
	bool was_unattended = is_unattended(c->session), taken = false;

	if (c->ending || c->leaving ||
	    (c->session != NULL && !desk_session_is_open(c->session)) ||
	    (c->session == NULL && c->mode == EV_MODE_CLASSIC))
		said_late(d, rq);
	else if (c->mode == EV_MODE_CLASSIC)
		said_classic(d, rq, now);
	else
		taken = said_line(d, rq, now);
	/* Behind the rest: a classic client reads it as its answer. */
	if (!was_unattended && is_unattended(c->session))
		desk_fx_nobody(d, c, true, now);
	desk_fx_receipt(d, c, !taken);
	desk_fx_done(d, rq);
	return 0;
}

static int
decide_tell(struct desk *d, const struct desk_request *rq, struct desk_time now)
{
	(void)now;
	desk_fx_text(d, rq->rq == DESK_RQ_ANSWER ? DESK_FX_RAW : DESK_FX_TELL,
	    rq->conn, rq->text, rq->len);
	desk_fx_done(d, rq);
	return 0;
}

/* The first receipt, of row 0, says that there are some. */
static int
decide_receipts(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	(void)now;
	rq->conn->wants_receipts = true;
	desk_fx_receipt(d, rq->conn, false);
	desk_fx_done(d, rq);
	return 0;
}

static int
decide_unread(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	(void)now;
	desk_fx_text(d, DESK_FX_TELL, rq->conn, rq->text, rq->len);
	desk_fx_receipt(d, rq->conn, true);
	desk_fx_done(d, rq);
	return 0;
}

static int
decide_bye(struct desk *d, const struct desk_request *rq, struct desk_time now)
{
	struct desk_conn *c = rq->conn;

	if (desk_session_is_open(c->session))
		desk_session_end(d, c->session, "", rq->why, rq->text, now);
	else
		desk_fx_bye(d, DESK_FX_BYE, c, rq->text);
	desk_fx_done(d, rq);
	return 0;
}

static int
decide_idle(struct desk *d, const struct desk_request *rq, struct desk_time now)
{
	if (desk_session_is_open(rq->conn->session) &&
	    rq->conn->session->facts.waiting_at.seq != 0) {
		desk_fx_done(d, rq);
		return 0;
	}
	return decide_bye(d, rq, now);
}

static int
decide_eof(struct desk *d, const struct desk_request *rq, struct desk_time now)
{
	struct desk_conn *c = rq->conn;

	(void)now;
	c->half_closed = true;
	/* Whom an answer is owed may still read it, as in `echo hi | nc`; who
	 * has had one has gone.  What is on its way is sent in any case. */
	if (c->mode == EV_MODE_LINE && desk_session_is_open(c->session)) {
		if (c->session->facts.waiting_at.seq == 0)
			desk_fx_bye(d, DESK_FX_BYE, c, "");
		desk_notice(d, c->session);
	} else if (!c->kept) {
		desk_fx_conn(d, DESK_FX_CUT, c);
	}
	desk_fx_done(d, rq);
	return 0;
}

static int
decide_disconnected(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	struct desk_conn *c = rq->conn;
	struct desk_session *s = c->session;

	(void)now;
	if (s != NULL) {
		/* Also of one whose end may yet fail to be stored. */
		if (!s->facts.gone)
			s->lost = d->draining  ? EV_WHY_STOP :
			    c->cut_why != NULL ? c->cut_why :
						 rq->why;
		s->conn = NULL;
		c->session = NULL;
		desk_line_update(d, s);
		desk_notice(d, s);
	}
	/* Its worker frees it once this is answered. */
	assert(c->session == NULL);
	dw_list_del(&c->node);
	desk_fx_conn(d, DESK_FX_LET_GO, c)->node = rq->node;
	return 0;
}

static int
decide_sent(struct desk *d, const struct desk_request *rq, struct desk_time now)
{
	if (rq->offset >= rq->conn->last_end)
		desk_notice_empty(d, rq->conn, now);
	desk_fx_done(d, rq);
	return 0;
}

static int
decide_stalled(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	(void)now;
	rq->conn->cut_why = rq->why;
	desk_fx_conn(d, DESK_FX_CUT, rq->conn);
	desk_fx_done(d, rq);
	return 0;
}

int
desk_refuse_role(struct desk *d, const struct desk_request *rq,
    enum ev_role role)
{
	static const char *const sentences[] = {
		[EV_ROLE_NONE] = N_("only operators may do that"),
		[EV_ROLE_OPERATOR] = N_("only operators may do that"),
		[EV_ROLE_SUPERVISOR] = N_(
		    "only a supervisor or an admin of this desk may do that"),
		[EV_ROLE_ADMIN] = N_("only an admin of this desk may do that"),
	};

	return desk_refuse(d, rq, EV_CODE_DENIED, _(sentences[role]));
}

static int
decide_command(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	const char *arg;
	const struct desk_command *cmd = desk_command_find(rq->text, &arg);

	if (cmd == NULL) {
		desk_fx_answer(d, rq, EV_CODE_USAGE,
		    _("there is no such command; /help lists them"));
		return 0;
	}
	if (rq->role < cmd->role)
		return desk_refuse_role(d, rq, cmd->role);
	return cmd->run(d, rq, arg, now);
}

static int
decide_drain(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	d->draining = true;
	desk_tallies_hurry(d, now); /* the last time to tell them */
	desk_effect_add(d, DESK_FX_DRAIN);
	desk_fx_done(d, rq);
	return 0;
}

/* What no console asks by itself: somebody is there. */
static bool
is_of_a_person(enum desk_rq rq)
{
	return rq == DESK_RQ_TYPES || rq == DESK_RQ_NEXT ||
	    rq == DESK_RQ_REPLY || rq == DESK_RQ_NOTE || rq == DESK_RQ_COMMAND;
}

int
desk_decide(struct desk *d, const struct desk_request *rq, struct desk_time now)
{
	static int (*const decide[DESK_RQ_KINDS])(struct desk *,
	    const struct desk_request *, struct desk_time) = {
		[DESK_RQ_OPENED] = decide_opened,
		[DESK_RQ_SAID] = decide_said,
		[DESK_RQ_TELL] = decide_tell,
		[DESK_RQ_ANSWER] = decide_tell,
		[DESK_RQ_RECEIPTS] = decide_receipts,
		[DESK_RQ_UNREAD] = decide_unread,
		[DESK_RQ_IDLE] = decide_idle,
		[DESK_RQ_BYE] = decide_bye,
		[DESK_RQ_EOF] = decide_eof,
		[DESK_RQ_DISCONNECTED] = decide_disconnected,
		[DESK_RQ_SENT] = decide_sent,
		[DESK_RQ_STALLED] = decide_stalled,
		[DESK_RQ_ATTACH] = desk_decide_attach,
		[DESK_RQ_DETACH] = desk_decide_detach,
		[DESK_RQ_LOOK] = desk_decide_look,
		[DESK_RQ_TYPES] = desk_decide_types,
		[DESK_RQ_NEXT] = desk_decide_next,
		[DESK_RQ_NOTE] = desk_decide_note,
		[DESK_RQ_REPLY] = desk_decide_reply,
		[DESK_RQ_COMMAND] = decide_command,
		[DESK_RQ_REOPEN] = desk_decide_reopen,
		[DESK_RQ_DATAGRAM] = desk_decide_datagram,
		[DESK_RQ_DROPPED] = desk_decide_dropped,
		[DESK_RQ_STRANGER] = desk_decide_stranger,
		[DESK_RQ_DRAIN] = decide_drain,
	};

	assert(rq->rq != DESK_RQ_NONE && rq->rq < DESK_RQ_KINDS);
	assert(rq->conn == NULL || rq->conn->magic == DESK_CONN_MAGIC);
	if (desk_reserve(d, EVENTS_MAX, EFFECTS_MAX) < 0)
		return -ENOMEM;
	assert(rq->console == NULL || rq->console->magic == DESK_CONSOLE_MAGIC);
	if (rq->console != NULL)
		desk_console_save(d, rq->console);
	if (rq->console != NULL && is_of_a_person(rq->rq))
		desk_console_active(d, rq->console, now);
	if (rq->console == NULL && is_of_a_person(rq->rq))
		desk_person_acted(d, rq->who, now);
	if (rq->conn != NULL) {
		desk_conn_save(d, rq->conn);
		desk_notice_taken(d, rq->conn, rq->taken, now);
	}
	return decide[rq->rq](d, rq, now);
}
