/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Effects: what a decision does besides its events.  The table says for each
 * what happens once the round is stored, and what when it could not be.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "desk/internal.h"

const char desk_sorry[] = N_("Your message could not be stored. "
			     "Please send it again.");

/* ---- to operators ---- */

static void
tell_event(const struct desk_round *r, const struct desk_effect *fx)
{
	r->sink->event(r->arg, &r->d->events[fx->event], fx->session, fx->conn);
}

static void
attach(const struct desk_round *r, const struct desk_effect *fx)
{
	r->sink->attached(r->arg, fx->node, fx->datagrams);
}

/* Datagrams that were counted in this round are not there. */
static void
attach_undone(const struct desk_round *r, const struct desk_effect *fx)
{
	r->sink->attached(r->arg, fx->node, r->d->unread);
}

/* It may have got another owner later in the same round. */
static void
warn_owner(const struct desk_round *r, const struct desk_effect *fx)
{
	const struct desk_session *s = fx->session;

	if (s->owner == NULL)
		return;
	DW_LIST_EACH(n, &s->owner->consoles)
		r->sink->warn(r->arg, DW_LIST_OF(n, struct desk_console, node),
		    s->facts.sid, fx->left_s);
}

static void
show_past(const struct desk_round *r, const struct desk_effect *fx)
{
	r->sink->past(r->arg, fx->node, &fx->past);
}

static void
find_session(const struct desk_round *r, const struct desk_effect *fx)
{
	r->sink->find_session(r->arg, fx->node, fx->answer.sid);
}

static void
reload(const struct desk_round *r, const struct desk_effect *fx)
{
	r->sink->reload(r->arg, fx->node);
}

static void
report(const struct desk_round *r, const struct desk_effect *fx)
{
	r->sink->report(r->arg, fx->node, fx->report);
}

/* ---- to whoever asked ---- */

static void
give_answer(const struct desk_round *r, const struct desk_effect *fx)
{
	r->sink->answer(r->arg, fx->node, &fx->answer);
}

static struct desk_answer
undone_answer(const struct desk_effect *fx)
{
	struct desk_answer a = { .code = EV_CODE_NOT_STORED,
		.sid = fx->answer.sid };

	if (fx->stands)
		return fx->answer;
	a.text = fx->undone != NULL ?
	    fx->undone :
	    _("the journal cannot be written, nothing was sent; "
	      "try again");
	return a;
}

static void
give_answer_undone(const struct desk_round *r, const struct desk_effect *fx)
{
	struct desk_answer a = undone_answer(fx);

	r->sink->answer(r->arg, fx->node, &a);
}

static void
find_reply(const struct desk_round *r, const struct desk_effect *fx)
{
	r->sink->find_reply(r->arg, fx->node, fx->answer.sid, &fx->key,
	    &fx->answer);
}

static void
find_reply_undone(const struct desk_round *r, const struct desk_effect *fx)
{
	struct desk_answer a = undone_answer(fx);

	r->sink->find_reply(r->arg, fx->node, a.sid, &fx->key, &a);
}

/* In any case: the worker must go, and what is not stored yet is known from
 * its session. */
static void
let_go(const struct desk_round *r, const struct desk_effect *fx)
{
	desk_turn_fini(&fx->conn->turn);
	dw_order_del(&r->d->due, &fx->conn->due);
	r->sink->answer(r->arg, fx->node, &fx->answer);
}

/* ---- to one customer ---- */

static void
say_text(const struct desk_round *r, const struct desk_effect *fx)
{
	desk_conn_say(r, fx->conn, NULL, fx->text, fx->len, 0);
}

static void
put_raw(const struct desk_round *r, const struct desk_effect *fx)
{
	const struct desk_say raw = { NULL, fx->text, fx->len, true, true };

	desk_conn_put(r, fx->conn, &raw, 0);
}

static void
deliver(const struct desk_round *r, const struct desk_effect *fx)
{
	const struct ev_event *ev = &r->d->events[fx->event];

	/* The customer may have disconnected later in the same round. */
	if (fx->session->conn != NULL)
		desk_conn_say(r, fx->session->conn,
		    ev->why[0] != '\0' ? ev->why : ev->who, ev->body, ev->len,
		    ev->n);
}

static void
say_sorry(const struct desk_round *r, const struct desk_effect *fx)
{
	const char *text = _(desk_sorry);

	desk_conn_say(r, fx->conn, NULL, text, strlen(text), 0);
	/* One that cannot send it again, and is unknown to the operators. */
	if (fx->conn->half_closed && fx->conn->session == NULL &&
	    !fx->conn->ending)
		desk_conn_end(r, fx->conn);
}

static void
say_receipt(const struct desk_round *r, const struct desk_effect *fx)
{
	char text[EV_RECEIPT_SIZE];

	ev_receipt_format(text, fx->receipt);
	desk_conn_say(r, fx->conn, NULL, text, strlen(text), 0);
}

static void
refuse_receipt(const struct desk_round *r, const struct desk_effect *fx)
{
	struct desk_effect refused = *fx;

	/* The first one is of no row: it says that there are some. */
	refused.receipt.refused = fx->receipt.row != 0;
	say_receipt(r, &refused);
}

static void
take_turn(const struct desk_round *r, const struct desk_effect *fx)
{
	desk_turn_wrote(&fx->conn->turn, fx->fx == DESK_FX_POLL, r->now.ns);
	desk_conn_pump(r, fx->conn);
}

/* The client has taken its turn although its text could not be stored. */
static void
take_turn_undone(const struct desk_round *r, const struct desk_effect *fx)
{
	take_turn(r, fx);
	say_sorry(r, fx);
}

/* What is said to it from here on is in its encoding. */
static void
take_charset(const struct desk_round *r, const struct desk_effect *fx)
{
	fx->conn->charset = fx->session->facts.charset;
	r->sink->charset(r->arg, fx->conn);
}

static void
greet(const struct desk_round *r, const struct desk_effect *fx)
{
	desk_conn_greet(r, fx->conn);
}

/* A line customer has no session yet, so nothing of it was to be stored; a
 * classic one is refused by its answer. */
static void
greet_undone(const struct desk_round *r, const struct desk_effect *fx)
{
	if (fx->conn->mode != EV_MODE_CLASSIC)
		desk_conn_greet(r, fx->conn);
}

static void
say_bye(const struct desk_round *r, const struct desk_effect *fx)
{
	desk_conn_bye(r, fx->conn, fx->text);
}

/* The goodbye was not said after all. */
static void
bye_undone(const struct desk_round *r, const struct desk_effect *fx)
{
	fx->conn->leaving = false;
	desk_line_update(r->d, fx->conn->session);
}

static void
cut(const struct desk_round *r, const struct desk_effect *fx)
{
	desk_conn_cut(r, fx->conn);
}

/* ---- the desk itself ---- */

static void
drain(const struct desk_round *r, const struct desk_effect *fx)
{
	(void)fx;
	DW_LIST_EACH(n, &r->d->conns)
		desk_conn_bye(r, DW_LIST_OF(n, struct desk_conn, node),
		    _("This desk is closing. Goodbye."));
}

static void
quit(const struct desk_round *r, const struct desk_effect *fx)
{
	(void)fx;
	r->sink->quit(r->arg);
}

/* ---- the table ---- */

typedef void effect_fn(const struct desk_round *, const struct desk_effect *);

#define ORDER DESK_FX_IN_ORDER
#define LATE  DESK_FX_LATE

/* clang-format off */
static const struct {
	enum desk_fx_when when;		/* among those of a stored round */
	effect_fn *publish, *undo;	/* NULL is nothing */
} effects[] = {
	/*                         when   stored              not stored */
	[DESK_FX_EVENT]        = { ORDER, tell_event,         NULL },
	[DESK_FX_ANSWER]       = { ORDER, give_answer,        give_answer_undone },
	[DESK_FX_FIND_REPLY]   = { ORDER, find_reply,         find_reply_undone },
	[DESK_FX_LET_GO]       = { ORDER, let_go,             let_go },
	[DESK_FX_TEXT]         = { ORDER, say_text,           NULL },
	[DESK_FX_TELL]         = { ORDER, say_text,           say_text },
	[DESK_FX_RAW]          = { ORDER, put_raw,            put_raw },
	[DESK_FX_DELIVER]      = { ORDER, deliver,            NULL },
	[DESK_FX_SORRY]        = { ORDER, NULL,               say_sorry },
	[DESK_FX_RECEIPT]      = { ORDER, say_receipt,        refuse_receipt },
	[DESK_FX_WROTE]        = { ORDER, take_turn,          take_turn_undone },
	[DESK_FX_POLL]         = { ORDER, take_turn,          take_turn },
	[DESK_FX_CHARSET]      = { ORDER, take_charset,       NULL },
	[DESK_FX_GREET]        = { ORDER, greet,              greet_undone },
	[DESK_FX_BYE]          = { ORDER, say_bye,            say_bye },
	[DESK_FX_BYE_STORED]   = { ORDER, say_bye,            bye_undone },
	[DESK_FX_CUT]          = { ORDER, cut,                cut },
	[DESK_FX_CUT_STORED]   = { ORDER, cut,                NULL },
	[DESK_FX_DRAIN]        = { ORDER, drain,              drain },
	[DESK_FX_QUIT]         = { ORDER, quit,               quit },
	[DESK_FX_STOP]         = { ORDER, desk_stop_change,   desk_stop_change },
	[DESK_FX_PAST]         = { ORDER, show_past,          show_past },
	[DESK_FX_FIND]         = { ORDER, find_session,       find_session },
	[DESK_FX_RELOAD]       = { ORDER, reload,             reload },
	[DESK_FX_REPORT]       = { ORDER, report,             report },
	[DESK_FX_KEEP]         = { ORDER, NULL,               NULL },
	[DESK_FX_QUIET]        = { ORDER, desk_quiet_warn,    NULL },
	[DESK_FX_FLOOD]        = { ORDER, desk_flood_count,   NULL },
	[DESK_FX_RELISTED]     = { ORDER, desk_left_again,    NULL },
	[DESK_FX_BANNED]       = { ORDER, desk_flood_banned,  NULL },
	[DESK_FX_RECEIVED]     = { ORDER, desk_queue_received, NULL },
	[DESK_FX_LOOK]         = { ORDER, desk_queue_look,    NULL },
	[DESK_FX_NEXT]         = { ORDER, desk_queue_next,    NULL },
	[DESK_FX_AGAIN]        = { ORDER, desk_queue_again,   NULL },
	[DESK_FX_TAKEN]        = { ORDER, desk_queue_taken,   NULL },
	[DESK_FX_PICKED]       = { ORDER, desk_estimate_add,  NULL },
	[DESK_FX_HEARD]        = { ORDER, desk_peer_heard,    NULL },
	[DESK_FX_UDP_ANSWER]   = { ORDER, desk_send_datagram, NULL },
	[DESK_FX_WARN]         = { ORDER, warn_owner,         NULL },
	/* An operator is let in also, and then above all, when the disk is
	 * full.  What it is shown is how the desk stands behind the last event
	 * of the round, so it must not see one of them again. */
	[DESK_FX_ATTACHED]     = { LATE,  attach,             attach_undone },
};
/* clang-format on */
_Static_assert(sizeof effects / sizeof *effects == DESK_FX_ATTACHED + 1,
    "every effect has its row");

void
desk_effects_publish(const struct desk_round *r, enum desk_fx_when when)
{
	for (size_t i = 0; i < r->d->neffects; i++) {
		const struct desk_effect *fx = &r->d->effects[i];

		if (effects[fx->fx].when == when &&
		    effects[fx->fx].publish != NULL)
			effects[fx->fx].publish(r, fx);
	}
}

void
desk_effects_undo(const struct desk_round *r)
{
	for (size_t i = 0; i < r->d->neffects; i++) {
		const struct desk_effect *fx = &r->d->effects[i];

		if (effects[fx->fx].undo != NULL)
			effects[fx->fx].undo(r, fx);
	}
}

void
desk_effects_free(struct desk *d)
{
	for (size_t i = 0; i < d->neffects; i++)
		free(d->effects[i].owned);
	d->neffects = 0;
}

/* ---- making them ---- */

struct desk_effect *
desk_effect_add(struct desk *d, enum desk_fx kind)
{
	struct desk_effect *fx;

	/* desk_reserve() has made sure of it. */
	assert(d->neffects < d->cap_effects);
	fx = &d->effects[d->neffects++];
	memset(fx, 0, sizeof *fx);
	fx->fx = kind;
	fx->answer.text = "";
	return fx;
}

struct desk_effect *
desk_fx_conn(struct desk *d, enum desk_fx kind, struct desk_conn *c)
{
	struct desk_effect *fx = desk_effect_add(d, kind);

	fx->conn = c;
	return fx;
}

struct desk_effect *
desk_fx_text(struct desk *d, enum desk_fx kind, struct desk_conn *c,
    const char *text, size_t len)
{
	struct desk_effect *fx = desk_fx_conn(d, kind, c);

	fx->text = text;
	fx->len = len;
	return fx;
}

struct desk_effect *
desk_fx_say(struct desk *d, struct desk_conn *c, const char *sentence)
{
	return desk_fx_text(d, DESK_FX_TEXT, c, sentence, strlen(sentence));
}

struct desk_effect *
desk_fx_bye(struct desk *d, enum desk_fx kind, struct desk_conn *c,
    const char *text)
{
	desk_conn_save(d, c);
	c->leaving = true;
	desk_line_update(d, c->session);
	return desk_fx_text(d, kind, c, text, strlen(text));
}

void
desk_fx_receipt(struct desk *d, struct desk_conn *c, bool refused)
{
	if (c->wants_receipts)
		desk_fx_conn(d, DESK_FX_RECEIPT, c)->receipt =
		    (struct ev_receipt){ c->rows++, refused };
}

struct desk_effect *
desk_fx_answer(struct desk *d, const struct desk_request *rq, enum ev_code code,
    const char *text)
{
	struct desk_effect *fx = desk_effect_add(d, DESK_FX_ANSWER);

	fx->node = rq->node;
	fx->answer.code = code;
	fx->answer.sid = rq->sid;
	fx->answer.text = text;
	/* A refusal needs no storing. */
	fx->stands = code != EV_CODE_OK;
	return fx;
}

struct desk_effect *
desk_fx_find_reply(struct desk *d, const struct desk_request *rq,
    enum ev_code code, const char *text)
{
	struct desk_effect *fx = desk_fx_answer(d, rq, code, text);

	fx->fx = DESK_FX_FIND_REPLY;
	fx->key = rq->key;
	return fx;
}

struct desk_effect *
desk_fx_answer_owned(struct desk *d, const struct desk_request *rq,
    enum ev_code code, char *text, const char *otherwise)
{
	struct desk_effect *fx =
	    desk_fx_answer(d, rq, code, text != NULL ? text : otherwise);

	fx->owned = text;
	return fx;
}

int
desk_refuse(struct desk *d, const struct desk_request *rq, enum ev_code code,
    const char *text)
{
	desk_fx_answer(d, rq, code, text);
	return 0;
}

struct desk_effect *
desk_fx_done(struct desk *d, const struct desk_request *rq)
{
	return desk_fx_answer(d, rq, EV_CODE_OK, "");
}

struct desk_effect *
desk_fx_deliver(struct desk *d, struct desk_session *s, size_t event)
{
	struct desk_effect *fx = desk_effect_add(d, DESK_FX_DELIVER);

	/* Nothing else of what operators write has a way to a customer. */
	assert(d->events[event].kind == EV_REPLY);
	fx->session = s;
	fx->event = event;
	return fx;
}

struct desk_effect *
desk_fx_past(struct desk *d, const struct desk_request *rq,
    const struct ev_past *past)
{
	struct desk_effect *fx = desk_effect_add(d, DESK_FX_PAST);

	fx->node = rq->node;
	fx->past = *past;
	return fx;
}
