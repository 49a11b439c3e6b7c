/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * After the COMMIT: what was decided happens, in the order in which it was
 * decided.  Or it failed, and everything is as before.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/quit.h"
#include "base/text.h"
#include "desk/internal.h"

#define GREETING_MAX 1200
#define CLOSE_NS \
	(60 * DW_SECOND) /* for what a classic client has yet
	                  * to read before it leaves */

static void
wake_by(struct desk *d, int64_t ns)
{
	if (ns < d->deadline_ns)
		d->deadline_ns = ns;
}

static void
cut(const struct desk_round *r, struct desk_conn *c)
{
	c->ending = true;
	c->linger_ns = DW_NEVER;
	r->sink->cut(r->arg, c);
}

static void
cut_off(const struct desk_round *r, struct desk_conn *c, const char *why)
{
	if (c->cut_why == NULL)
		c->cut_why = why;
	cut(r, c);
}

static void
linger(struct desk *d, struct desk_conn *c, int64_t ns, struct desk_time now)
{
	c->linger_ns = now.ns + ns;
	wake_by(d, c->linger_ns);
}

/* A classic client that was not owed anything reads its goodbye only when its
 * user has typed something more, and answers with a quit of its own. */
static int64_t
linger_of(const struct desk *d, const struct desk_conn *c)
{
	return c->mode == EV_MODE_CLASSIC && c->turn.unread && !c->expired ?
	    CLOSE_NS :
	    d->config->linger_ns;
}

void
desk_notice_empty(struct desk *d, struct desk_conn *c, struct desk_time now)
{
	if (c->ending && c->kept)
		linger(d, c, linger_of(d, c), now);
	c->kept = false;
}

/* The end mark, behind all that was put.  While some of that waits for a slow
 * reader, the outbox's stall ends it, and not the clock. */
static void
end(const struct desk_round *r, struct desk_conn *c)
{
	c->ending = true;
	c->linger_ns = DW_NEVER;
	r->sink->end(r->arg, c);
	if (!c->kept)
		linger(r->d, c, linger_of(r->d, c), r->now);
}

/* n: the reply that ends with this text; 0 for what is none. */
static void
put(const struct desk_round *r, struct desk_conn *c, const struct desk_say *say,
    uint64_t n)
{
	uint64_t where = 0;
	enum desk_put how;

	if (c->ending || c->cut_why != NULL)
		return;
	how = r->sink->say(r->arg, c, say, &where);
	if (how == DESK_PUT_FULL)
		cut_off(r, c, EV_WHY_SLOW);
	if (how == DESK_PUT_FULL || how == DESK_PUT_SHUT)
		return;
	c->last_end = where;
	c->kept = how == DESK_PUT_KEPT;
	if (n != 0) {
		c->put_n = n;
		c->put_end = where;
	}
	if (how == DESK_PUT_SENT)
		desk_notice_sent(r->d, c);
}

/* Puts what a classic client may have by now. */
static void
pump(const struct desk_round *r, struct desk_conn *c)
{
	struct desk_chunk chunk;

	while (!c->ending &&
	    desk_turn_next(&c->turn,
		_("Please wait, an operator will answer soon."), r->now.ns,
		&chunk)) {
		struct desk_say say = { NULL, chunk.bytes, chunk.len, true };

		put(r, c, &say, chunk.n);
		if (chunk.last && !c->ending)
			end(r, c);
	}
	if (!c->ending)
		wake_by(r->d, desk_turn_deadline(&c->turn));
}

static void
say(const struct desk_round *r, struct desk_conn *c, const char *who,
    const char *text, size_t len, uint64_t n)
{
	struct desk_say line = { who, text, len, false };

	if (c->mode != EV_MODE_CLASSIC)
		put(r, c, &line, n);
	else if (desk_turn_add(&c->turn, text, len, n, r->now.ns) < 0)
		cut_off(r, c, EV_WHY_MEMORY);
	else
		pump(r, c);
}

static void
publish_text(const struct desk_round *r, const struct desk_effect *fx)
{
	say(r, fx->conn, NULL, fx->text, strlen(fx->text), 0);
}

void
desk_fx_text(struct desk *d, struct desk_conn *c, const char *text)
{
	struct desk_effect *fx = desk_effect_add(d, publish_text);

	fx->conn = c;
	fx->text = text;
}

/* Telnet's answers go to the peer itself, a sentence to its human. */
static void
publish_tell(const struct desk_round *r, const struct desk_effect *fx)
{
	struct desk_say raw = { NULL, fx->text, fx->len, true };

	if (fx->count != 0)
		put(r, fx->conn, &raw, 0);
	else
		say(r, fx->conn, NULL, fx->text, fx->len, 0);
}

void
desk_fx_tell(struct desk *d, const struct desk_request *rq)
{
	struct desk_effect *fx = desk_effect_add(d, publish_tell);

	fx->undo = publish_tell;
	fx->conn = rq->conn;
	fx->text = rq->text;
	fx->len = rq->len;
	fx->count = rq->rq == DESK_RQ_ANSWER;
}

static void
publish_deliver(const struct desk_round *r, const struct desk_effect *fx)
{
	const struct ev_event *ev = &r->d->events[fx->event];

	/* It may have left later in the same round. */
	if (fx->session->conn != NULL)
		say(r, fx->session->conn, ev->who, ev->body, ev->len, ev->n);
}

void
desk_fx_deliver(struct desk *d, struct desk_session *s, size_t event)
{
	struct desk_effect *fx = desk_effect_add(d, publish_deliver);

	fx->session = s;
	fx->event = event;
}

static void
publish_wrote(const struct desk_round *r, const struct desk_effect *fx)
{
	desk_turn_wrote(&fx->conn->turn, fx->count != 0, r->now.ns);
	pump(r, fx->conn);
}

const char desk_sorry[] = N_("Your message could not be stored. "
			     "Please send it again.");

static void
undo_said(const struct desk_round *r, const struct desk_effect *fx)
{
	const char *text = _(desk_sorry);

	say(r, fx->conn, NULL, text, strlen(text), 0);
	/* One that cannot send it again, and is unknown to the operators. */
	if (fx->conn->half_closed && fx->conn->session == NULL &&
	    !fx->conn->ending)
		end(r, fx->conn);
}

/* The client has taken its turn even when its text could not be stored. */
static void
undo_wrote(const struct desk_round *r, const struct desk_effect *fx)
{
	publish_wrote(r, fx);
	if (fx->count == 0)
		undo_said(r, fx);
}

void
desk_fx_wrote(struct desk *d, struct desk_conn *c, bool poll)
{
	struct desk_effect *fx = desk_effect_add(d, publish_wrote);

	fx->undo = undo_wrote;
	fx->conn = c;
	fx->count = poll;
}

void
desk_fx_sorry(struct desk *d, struct desk_conn *c)
{
	struct desk_effect *fx = desk_effect_add(d, NULL);

	fx->undo = undo_said;
	fx->conn = c;
}

static void
bye(const struct desk_round *r, struct desk_conn *c, const char *text)
{
	if (c->ending)
		return;
	if (c->mode == EV_MODE_CLASSIC) {
		desk_turn_end(&c->turn, text, r->d->draining || text[0] == '\0',
		    r->now.ns);
		if (c->linger_ns == DW_NEVER)
			linger(r->d, c, CLOSE_NS, r->now);
		pump(r, c);
		return;
	}
	if (text[0] != '\0')
		say(r, c, NULL, text, strlen(text), 0);
	if (!c->ending)
		end(r, c);
}

static void
publish_bye(const struct desk_round *r, const struct desk_effect *fx)
{
	bye(r, fx->conn, fx->text);
}

void
desk_undo_leaving(const struct desk_round *r, const struct desk_effect *fx)
{
	(void)r;
	fx->conn->leaving = false;
}

struct desk_effect *
desk_fx_bye(struct desk *d, struct desk_conn *c, const char *text)
{
	struct desk_effect *fx = desk_effect_add(d, publish_bye);

	fx->undo = publish_bye;
	fx->conn = c;
	fx->text = text;
	c->leaving = true;
	return fx;
}

static void
publish_drain(const struct desk_round *r, const struct desk_effect *fx)
{
	(void)fx;
	DW_LIST_EACH(n, &r->d->conns)
		bye(r, DW_LIST_OF(n, struct desk_conn, node),
		    _("This desk is closing. Goodbye."));
}

void
desk_fx_drain(struct desk *d)
{
	desk_effect_add(d, publish_drain)->undo = publish_drain;
}

static void
publish_cut(const struct desk_round *r, const struct desk_effect *fx)
{
	cut(r, fx->conn);
}

struct desk_effect *
desk_fx_cut(struct desk *d, struct desk_conn *c)
{
	struct desk_effect *fx = desk_effect_add(d, publish_cut);

	fx->undo = publish_cut;
	fx->conn = c;
	return fx;
}

/* Customers who wait and came before this one, and this one. */
static unsigned
place(const struct desk *d, const struct desk_conn *c)
{
	unsigned before = 0;

	DW_LIST_EACH(n, &d->sessions) {
		const struct desk_session *s =
		    DW_LIST_OF(n, struct desk_session, node);

		if (s == c->session)
			break;
		if (s->conn != NULL &&
		    (s->facts.waiting_ms != 0 ||
			s->facts.state == EV_STATE_WAITING))
			before++;
	}
	return before + 1;
}

static int
greeting(const struct desk *d, const struct desk_conn *c, char *buf,
    size_t size)
{
	int n;

	if (d->config->greeting != NULL)
		n = snprintf(buf, size, "%s\n", d->config->greeting);
	else
		n = snprintf(buf, size, _("Welcome to %s.\n"), d->config->name);
	if (n < 0 || (size_t)n >= size)
		return n;
	return n +
	    snprintf(buf + n, size - (size_t)n,
		d->operators == 0 ?
		    _("Nobody is on duty right now; what you write is kept.") :
		    _("You are number %u in line. Write your question."),
		place(d, c));
}

static void
greet_classic(const struct desk_round *r, struct desk_conn *c, const char *text)
{
	struct dw_buf out = DW_BUF_INITIALIZER;
	struct desk_say hello = { NULL, NULL, 0, true };

	dw_buf_adds(&out, EV_SERVER_HELLO "\n");
	dw_quit_guard(&out, text, strlen(text));
	if (out.failed) {
		cut_off(r, c, EV_WHY_MEMORY);
	} else {
		hello.text = out.data;
		hello.len = out.len < DESK_CHUNK_MAX ?
		    out.len :
		    dw_text_cut(out.data, out.len, DESK_CHUNK_MAX);
		put(r, c, &hello, 0);
	}
	dw_buf_fini(&out);
}

static void
publish_greet(const struct desk_round *r, const struct desk_effect *fx)
{
	char text[GREETING_MAX];

	if (greeting(r->d, fx->conn, text, sizeof text) < 0)
		text[0] = '\0';
	if (fx->conn->mode == EV_MODE_CLASSIC)
		greet_classic(r, fx->conn, text);
	else
		say(r, fx->conn, NULL, text, strlen(text), 0);
}

/* A line customer has no session yet, so nothing of it was to be stored; a
 * classic one is refused by its answer. */
static void
undo_greet(const struct desk_round *r, const struct desk_effect *fx)
{
	if (fx->conn->mode != EV_MODE_CLASSIC)
		publish_greet(r, fx);
}

void
desk_fx_greet(struct desk *d, struct desk_conn *c)
{
	struct desk_effect *fx = desk_effect_add(d, publish_greet);

	fx->undo = undo_greet;
	fx->conn = c;
}

static void
publish_answer(const struct desk_round *r, const struct desk_effect *fx)
{
	r->sink->answer(r->arg, fx->node, &fx->answer);
}

static void
undo_answer(const struct desk_round *r, const struct desk_effect *fx)
{
	struct desk_answer a = fx->answer;

	/* A refusal needed no storing. */
	if (a.code == EV_CODE_OK) {
		a.code = EV_CODE_NOT_STORED;
		a.text = fx->text != NULL ?
		    fx->text :
		    _("the journal cannot be written, nothing was sent; "
		      "try again");
	}
	r->sink->answer(r->arg, fx->node, &a);
}

void
desk_fx_answer(struct desk *d, const struct desk_request *rq, enum ev_code code,
    const char *text)
{
	struct desk_effect *fx = desk_effect_add(d, publish_answer);

	fx->undo = undo_answer;
	fx->node = rq->node;
	fx->answer.code = code;
	fx->answer.sid = rq->sid;
	fx->answer.text = text;
}

void
desk_fx_done(struct desk *d, const struct desk_request *rq)
{
	desk_fx_answer(d, rq, EV_CODE_OK, "");
}

static void
publish_left(const struct desk_round *r, const struct desk_effect *fx)
{
	desk_turn_fini(&fx->conn->turn);
	r->sink->answer(r->arg, fx->node, &fx->answer);
}

/* Answered in any case: the worker must go, and what is not stored yet is
 * known from its session. */
void
desk_fx_disconnected(struct desk *d, const struct desk_request *rq)
{
	struct desk_effect *fx = desk_effect_add(d, publish_left);

	fx->undo = publish_left;
	fx->conn = rq->conn;
	fx->node = rq->node;
}

static void
publish_attached(const struct desk_round *r, const struct desk_effect *fx)
{
	r->sink->attached(r->arg, fx->node, fx->count);
}

/* What was counted in this round is not there. */
static void
undo_attached(const struct desk_round *r, const struct desk_effect *fx)
{
	r->sink->attached(r->arg, fx->node, r->d->unread);
}

void
desk_fx_attached(struct desk *d, const struct desk_request *rq)
{
	struct desk_effect *fx = desk_effect_add(d, publish_attached);

	/* An operator is let in also, and then above all, when the disk is
	 * full. */
	fx->undo = undo_attached;
	/* What it is shown is how the desk stands behind the last event of
	 * the round; so it must not see one of them again. */
	fx->late = true;
	fx->node = rq->node;
	fx->count = d->unread;
}

static void
publish_past(const struct desk_round *r, const struct desk_effect *fx)
{
	r->sink->past(r->arg, fx->node, fx->answer.sid, (unsigned)fx->count);
}

void
desk_fx_past(struct desk *d, const struct desk_request *rq, uint64_t sid,
    unsigned count)
{
	struct desk_effect *fx = desk_effect_add(d, publish_past);

	fx->undo = publish_past;
	fx->node = rq->node;
	fx->answer.sid = sid;
	fx->count = count;
}

static void
publish_quit(const struct desk_round *r, const struct desk_effect *fx)
{
	(void)fx;
	r->sink->quit(r->arg);
}

void
desk_fx_quit(struct desk *d)
{
	desk_effect_add(d, publish_quit)->undo = publish_quit;
}

/*
 * The round.
 */

static void
forget(struct desk_session *s)
{
	if (s->conn != NULL)
		s->conn->session = NULL;
	dw_list_del(&s->node);
	free(s);
}

/* Ended, but something of it may still leave, or has left and is not noted. */
static bool
is_awaited(const struct desk_session *s)
{
	return s->sent_n > s->facts.sent ||
	    (s->conn != NULL && s->facts.sent < s->facts.out);
}

/* Keeps what the round has made of the sessions; ended ones go. */
static void
keep(struct desk *d)
{
	DW_LIST_EACH_SAFE(n, &d->sessions) {
		struct desk_session *s =
		    DW_LIST_OF(n, struct desk_session, node);

		s->saved = s->fresh = false;
		if (s->facts.state == EV_STATE_CLOSED && !is_awaited(s))
			forget(s);
	}
	d->sweep = false;
	d->stored_seq = d->seq;
	d->stored_sid = d->sid;
	desk_datagrams_keep(d);
}

static void
restore(struct desk *d)
{
	for (size_t i = 0; i < d->nsaved; i++) {
		d->saved[i].session->facts = d->saved[i].facts;
		d->saved[i].session->saved = false;
	}
	DW_LIST_EACH_SAFE(n, &d->sessions) {
		struct desk_session *s =
		    DW_LIST_OF(n, struct desk_session, node);

		if (s->fresh)
			forget(s);
	}
	d->seq = d->stored_seq;
	d->sid = d->stored_sid;
	desk_datagrams_restore(d);
}

void
desk_effects_free(struct desk *d)
{
	for (size_t i = 0; i < d->neffects; i++)
		free(d->effects[i].owned);
}

static void
begin_next(const struct desk_round *r)
{
	struct desk *d = r->d;

	desk_effects_free(d);
	d->nevents = d->neffects = d->nsaved = 0;
	if (d->draining && !d->drained && dw_list_empty(&d->conns)) {
		d->drained = true;
		r->sink->drained(r->arg);
	}
}

static void
publish_effects(const struct desk_round *r, bool late)
{
	for (size_t i = 0; i < r->d->neffects; i++) {
		const struct desk_effect *fx = &r->d->effects[i];

		if (fx->publish != NULL && fx->late == late)
			fx->publish(r, fx);
	}
}

void
desk_publish(struct desk *d, const struct desk_sink *sink, void *arg,
    struct desk_time now)
{
	const struct desk_round r = { d, sink, arg, now };

	publish_effects(&r, false);
	if (d->nevents > 0 || d->sweep)
		keep(d);
	publish_effects(&r, true);
	begin_next(&r);
}

void
desk_undo(struct desk *d, const struct desk_sink *sink, void *arg,
    struct desk_time now)
{
	const struct desk_round r = { d, sink, arg, now };

	restore(d);
	for (size_t i = 0; i < d->neffects; i++)
		if (d->effects[i].undo != NULL)
			d->effects[i].undo(&r, &d->effects[i]);
	d->retry_ns = now.ns + d->config->retry_ns;
	d->dirty = true;
	begin_next(&r);
}

/* A classic client that has not been told yet is told now.  It has had its
 * minute. */
static void
expire(const struct desk_round *r, struct desk_conn *c)
{
	if (c->ending || c->mode != EV_MODE_CLASSIC) {
		cut(r, c);
		return;
	}
	c->expired = true;
	desk_turn_end(&c->turn, "", true, r->now.ns);
	pump(r, c);
}

void
desk_tick(struct desk *d, const struct desk_sink *sink, void *arg,
    struct desk_time now)
{
	const struct desk_round r = { d, sink, arg, now };

	desk_datagrams_tick(&r);
	if (now.ns < d->deadline_ns)
		return;
	d->deadline_ns = DW_NEVER;
	DW_LIST_EACH(n, &d->conns) {
		struct desk_conn *c = DW_LIST_OF(n, struct desk_conn, node);

		if (c->mode == EV_MODE_CLASSIC)
			pump(&r, c);
		if (now.ns >= c->linger_ns)
			expire(&r, c);
		else
			wake_by(d, c->linger_ns);
	}
}
