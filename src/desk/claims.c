/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who answers whom.  A claim is a lease: its owner keeps a customer that waits
 * for an answer only for so long, and any customer only while it is at a
 * console.  When that is over, a session's wake (wake.c) has it settled here.
 *
 * Claims and offers are facts, and so are the lists of a person's sessions,
 * which follow them.  Reservations and keys are not: a reservation is a
 * console's, for a moment, and nobody is told of it.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "desk/internal.h"

#define OFFER_MS    (60 * INT64_C(1000))
#define RESERVED_MS (30 * INT64_C(1000))
#define WARNED_MS   (30 * INT64_C(1000)) /* before the end, or half a lease */

const char desk_taken[] = N_("a colleague answers that customer");

const char *
desk_span(char buf[DESK_SPAN_SIZE], int64_t ms)
{
	unsigned long s = ms < 0 ? 0 : (unsigned long)(ms / 1000);

	if (s < 60)
		snprintf(buf, DESK_SPAN_SIZE, _("%lu s"), s);
	else if (s < 3600)
		snprintf(buf, DESK_SPAN_SIZE, _("%lu min"), s / 60);
	else
		snprintf(buf, DESK_SPAN_SIZE, _("%lu h %02lu min"), s / 3600,
		    s / 60 % 60);
	return buf;
}

/* ---- whose is what ---- */

int
desk_claim_know(struct desk *d, const struct ev_session *f)
{
	if (f->owner[0] != '\0' && desk_person_get(d, f->owner) == NULL)
		return -ENOMEM;
	if (f->offered[0] != '\0' && desk_person_get(d, f->offered) == NULL)
		return -ENOMEM;
	return 0;
}

/* They are known before the facts name them. */
static struct desk_person *
person_in(const struct desk *d, const char *name, struct desk_person *was)
{
	if (name[0] == '\0')
		return NULL;
	if (was != NULL && strcmp(was->name, name) == 0)
		return was;
	return desk_person_find(d, name);
}

void
desk_claim_update(struct desk *d, struct desk_session *s)
{
	struct desk_person *owner = person_in(d, s->facts.owner, s->owner);
	struct desk_person *to = person_in(d, s->facts.offered, s->offered);

	if (owner == s->owner && to == s->offered)
		return;
	if (owner != s->owner)
		dw_list_del(&s->owned);
	if (owner != NULL && owner != s->owner)
		dw_list_add(&owner->owned, &s->owned);
	if (to != s->offered)
		dw_list_del(&s->offer);
	if (to != NULL && to != s->offered)
		dw_list_add(&to->offers, &s->offer);
	s->owner = owner;
	s->offered = to;
	d->people_changed = true;
}

void
desk_claim_forget(struct desk *d, struct desk_session *s)
{
	if (s->owner != NULL || s->offered != NULL)
		d->people_changed = true;
	if (s->own_of != NULL)
		dw_order_del(s->own_of, &s->own);
	dw_list_del(&s->owned);
	dw_list_del(&s->offer);
	s->owner = s->offered = NULL;
}

bool
desk_claim_is_others(const struct desk_session *s, const char *who)
{
	return s->facts.owner[0] != '\0' && !ev_is_owned_by(&s->facts, who);
}

/* ---- how long ---- */

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* While its customer waits.  A desk that was started again gives everybody time
 * to come back. */
static int64_t
lease_ends(const struct desk *d, const struct desk_session *s)
{
	const struct ev_session *f = &s->facts;
	int64_t ms = later(f->owned_at.steady_ms, f->said_at.steady_ms);

	if (f->owner[0] == '\0' || f->waiting_at.seq == 0 ||
	    d->config->claim_timeout_ms == 0)
		return DW_NEVER;
	ms = later(ms, s->keys_ms) + d->config->claim_timeout_ms;
	if (f->kept_at.seq != 0)
		ms = later(ms, f->kept_at.steady_ms);
	if (f->owned_at.seq <= d->began_seq)
		ms = later(ms, d->began_ms + d->config->lost_grace_ms);
	return ms;
}

static bool
is_gone(const struct desk_person *p)
{
	return dw_list_empty(&p->consoles);
}

/* When its owner has been without a console for too long. */
static int64_t
owner_is_lost(const struct desk *d, const struct desk_session *s)
{
	if (s->owner == NULL || !is_gone(s->owner) ||
	    d->config->lost_grace_ms == 0)
		return DW_NEVER;
	return s->owner->left_ms + d->config->lost_grace_ms;
}

/* Whom the desk has not seen since it was started may yet come back. */
static bool
is_lost_for_offer(const struct desk_session *s)
{
	return s->offered != NULL && is_gone(s->offered) &&
	    s->offered->came_ms != 0;
}

static int64_t
offer_ends(const struct desk_session *s)
{
	int64_t ms = s->facts.offered_at.steady_ms + OFFER_MS;

	if (s->facts.offered_at.seq == 0)
		return DW_NEVER;
	return is_lost_for_offer(s) ? dw_clock_sooner(ms, s->offered->left_ms) :
				      ms;
}

static int64_t
warning_due(const struct desk *d, const struct desk_session *s)
{
	int64_t end = lease_ends(d, s);

	if (end == DW_NEVER || end == s->warned_ms)
		return DW_NEVER;
	return end -
	    dw_clock_sooner(WARNED_MS, d->config->claim_timeout_ms / 2);
}

int64_t
desk_claim_wake_ms(const struct desk *d, const struct desk_session *s)
{
	int64_t ms = dw_clock_sooner(lease_ends(d, s), owner_is_lost(d, s));

	ms = dw_clock_sooner(ms, offer_ends(s));
	return dw_clock_sooner(ms, warning_due(d, s));
}

/* ---- the ends ---- */

static void
free_claim(struct desk *d, struct desk_session *s, const char *why,
    struct desk_time now)
{
	struct ev_event ev = ev_event_of(EV_FREE);

	/* The person stays until the round is over; the fact does not. */
	if (s->owner != NULL)
		ev.who = s->owner->name;
	ev.why = why;
	desk_emit(d, s, ev, now);
}

static void
end_offer(struct desk *d, struct desk_session *s, struct desk_time now)
{
	struct ev_event ev = ev_event_of(EV_DECLINED);

	ev.why = is_lost_for_offer(s) ? EV_WHY_LOST : EV_WHY_TIMEOUT;
	desk_emit(d, s, ev, now);
}

static void
warn(struct desk *d, struct desk_session *s, struct desk_time now)
{
	struct desk_effect *fx = desk_effect_add(d, DESK_FX_WARN);

	s->warned_ms = lease_ends(d, s);
	fx->session = s;
	fx->left_s = (s->warned_ms - now.steady_ms + 999) / 1000;
}

void
desk_claim_settle(struct desk *d, struct desk_session *s, struct desk_time now)
{
	if (owner_is_lost(d, s) <= now.steady_ms) {
		free_claim(d, s, EV_WHY_LOST, now);
		return;
	}
	if (lease_ends(d, s) <= now.steady_ms) {
		free_claim(d, s, EV_WHY_SILENT, now);
		return;
	}
	if (offer_ends(s) <= now.steady_ms)
		end_offer(d, s, now);
	if (warning_due(d, s) <= now.steady_ms)
		warn(d, s, now);
}

/* ---- claiming ---- */

/* Who asks: at a console, or a program that only asks, and has gone then. */
static struct desk_person *
asker(struct desk *d, const struct desk_request *rq, struct desk_time now)
{
	struct desk_person *p =
	    rq->console != NULL ? rq->console->person : NULL;

	if (p == NULL)
		p = desk_person_find(d, rq->who);
	if (p == NULL && (p = desk_person_get(d, rq->who)) != NULL)
		p->left_ms = now.steady_ms;
	return p;
}

int
desk_claim(struct desk *d, const struct desk_request *rq,
    struct desk_session *s, const char *why, struct desk_time now)
{
	struct desk_person *p = asker(d, rq, now);
	struct ev_event ev = ev_event_of(EV_CLAIM);

	if (p == NULL)
		return -ENOMEM;
	if (rq->console != NULL && rq->console->reserved == s->facts.sid)
		rq->console->reserved = 0;
	ev.who = p->name;
	ev.why = why;
	desk_emit(d, s, ev, now);
	return 0;
}

/* The customer is told once. */
static void
say_accepted(struct desk *d, const struct desk_request *rq,
    struct desk_session *s)
{
	const char *as = rq->as != NULL && rq->as[0] != '\0' ? rq->as : rq->who;
	char *text;

	if (s->conn == NULL || s->conn->mode != EV_MODE_LINE ||
	    asprintf(&text, _("%s answers you from now on."), as) < 0)
		return;
	desk_fx_say(d, s->conn, text)->owned = text;
}

static bool
is_offered_to(const struct desk_session *s, const char *who)
{
	return s->facts.offered[0] != '\0' &&
	    strcmp(s->facts.offered, who) == 0;
}

static int
accept_offer(struct desk *d, const struct desk_request *rq,
    struct desk_session *s, struct desk_time now)
{
	int r = desk_claim(d, rq, s, EV_WHY_ACCEPTED, now);

	if (r == 0)
		say_accepted(d, rq, s);
	return r;
}

/* "3 has been ann's for 12 s".  NULL: no memory. */
static char *
owner_text(const struct desk_session *s, struct desk_time now)
{
	char span[DESK_SPAN_SIZE], *text;

	desk_span(span, now.steady_ms - s->facts.owned_at.steady_ms);
	return asprintf(&text, _("%" PRIu64 " has been %s's for %s"),
		   s->facts.sid, s->facts.owner, span) < 0 ?
	    NULL :
	    text;
}

/* With its number, as another one may be selected. */
char *
desk_claim_text(const struct desk_session *s, enum desk_wanted wanted,
    struct desk_time now)
{
	char *owner = owner_text(s, now), *text = NULL;
	uint64_t sid = s->facts.sid;
	int n = -1;

	if (owner == NULL)
		return NULL;
	switch (wanted) {
	case DESK_WANTED_TEXT:
		n = asprintf(&text,
		    _("%s; not sent: /steal %" PRIu64
		      " takes it, /note %" PRIu64
		      " writes a note, /join %" PRIu64 " watches, or wait"),
		    owner, sid, sid, sid);
		break;
	case DESK_WANTED_CLAIM:
		n = asprintf(&text,
		    _("%s; /steal %" PRIu64 " takes it, /join %" PRIu64
		      " watches, or wait"),
		    owner, sid, sid);
		break;
	case DESK_WANTED_END:
		n = asprintf(&text,
		    _("%s; only its owner or a supervisor ends it"), owner);
		break;
	}
	free(owner);
	return n < 0 ? NULL : text;
}

int
desk_claim_refuse(struct desk *d, const struct desk_request *rq,
    const struct desk_session *s, enum desk_wanted wanted, struct desk_time now)
{
	struct desk_effect *fx = desk_fx_answer_owned(d, rq, EV_CODE_TAKEN,
	    desk_claim_text(s, wanted, now), _(desk_taken));

	fx->answer.sid = s->facts.sid;
	/* The claim may be one of this round. */
	fx->stands = s->facts.owned_at.seq <= d->stored_seq;
	return 0;
}

static int
refuse_taken(struct desk *d, const struct desk_request *rq,
    const struct desk_session *s, struct desk_time now)
{
	return desk_claim_refuse(d, rq, s, DESK_WANTED_CLAIM, now);
}

/* ---- what a console reserves ---- */

static bool
reserves(const struct desk_console *con, const struct desk_session *s,
    struct desk_time now)
{
	return con->reserved == s->facts.sid &&
	    con->reserved_ms > now.steady_ms;
}

static bool
others_reserve(const struct desk *d, const struct desk_console *con,
    const struct desk_session *s, struct desk_time now)
{
	DW_LIST_EACH(n, &d->people) {
		const struct desk_person *p =
		    DW_LIST_OF(n, struct desk_person, node);

		DW_LIST_EACH(c, &p->consoles) {
			const struct desk_console *other =
			    DW_LIST_OF(c, struct desk_console, node);

			if (other != con && reserves(other, s, now))
				return true;
		}
	}
	return false;
}

/*
 * Whoever asks for the next one is given those in line and its own who wait, in
 * the order in which they wait, and then those who left that are nobody's or its
 * own, in the order in which they went.
 */

static int64_t
waits_key(const struct desk_session *s)
{
	return desk_waits_here(s) ? (int64_t)s->facts.waiting_at.seq : 0;
}

static int64_t
left_key(const struct desk_session *s)
{
	return s->facts.state == EV_STATE_LEFT && s->conn == NULL ?
	    (int64_t)s->facts.gone_at.seq :
	    0;
}

void
desk_own_update(struct desk_session *s)
{
	struct dw_order *of = NULL;
	int64_t key = waits_key(s);

	if (s->owner != NULL && key != 0)
		of = &s->owner->waiting;
	else if (s->owner != NULL && (key = left_key(s)) != 0)
		of = &s->owner->left;
	if (s->own_of == of && (of == NULL || s->own.key == key))
		return;
	if (s->own_of != NULL)
		dw_order_del(s->own_of, &s->own);
	if ((s->own_of = of) != NULL)
		dw_order_put(of, &s->own, key);
}

/* The first behind the key in this order, each by its member `node`, on whom
 * nobody else has reserved: no more are passed over than there are consoles, and
 * one. */
static struct desk_session *
behind(const struct desk *d, const struct desk_request *rq,
    const struct dw_order *order, size_t node, int64_t key,
    struct desk_time now)
{
	for (struct dw_order_node *n = dw_order_behind(order, key); n != NULL;
	    n = dw_order_next(n)) {
		struct desk_session *s =
		    (struct desk_session *)(void *)((char *)n - node);

		if (s->facts.sid != rq->sid &&
		    !others_reserve(d, rq->console, s, now))
			return s;
	}
	return NULL;
}

static struct desk_session *
sooner(struct desk_session *a, struct desk_session *b,
    int64_t (*key)(const struct desk_session *s))
{
	if (a == NULL || b == NULL)
		return a != NULL ? a : b;
	return key(a) < key(b) ? a : b;
}

#define BEHIND(order, member, key) \
	behind(d, rq, order, offsetof(struct desk_session, member), key, now)

static struct desk_session *
waiting_behind(const struct desk *d, const struct desk_request *rq, int64_t key,
    struct desk_time now)
{
	return sooner(BEHIND(&d->line, in_line, key),
	    BEHIND(&rq->console->person->waiting, own, key), waits_key);
}

static struct desk_session *
left_behind(const struct desk *d, const struct desk_request *rq, int64_t key,
    struct desk_time now)
{
	return sooner(BEHIND(&d->left_nobodys, nobodys, key),
	    BEHIND(&rq->console->person->left, own, key), left_key);
}

static int64_t
last_key(const struct dw_order *o)
{
	const struct dw_order_node *n = dw_order_last(o);

	return n != NULL ? n->key : 0;
}

/* Behind those who wait its console is among those who left, until somebody
 * waits who did not. */
static struct desk_session *
first_left(const struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	rq->console->passed =
	    later(last_key(&d->line), last_key(&rq->console->person->waiting));
	return left_behind(d, rq, 0, now);
}

static struct desk_session *
first_of_all(const struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	struct desk_session *s = waiting_behind(d, rq, 0, now);

	return s != NULL ? s : first_left(d, rq, now);
}

/* Whoever asks again, and has not touched the one that it was given, goes on
 * behind that; NULL: nobody is there. */
static struct desk_session *
next_from(const struct desk *d, const struct desk_request *rq,
    const struct desk_session *at, struct desk_time now)
{
	struct desk_session *s;

	if (at == NULL || at->facts.sid != rq->console->reserved ||
	    (at->owner != NULL && at->owner != rq->console->person))
		return NULL;
	if (waits_key(at) != 0) {
		s = waiting_behind(d, rq, waits_key(at), now);
		return s != NULL ? s : first_left(d, rq, now);
	}
	if (left_key(at) == 0)
		return NULL;
	s = waiting_behind(d, rq, rq->console->passed, now);
	return s != NULL ? s : left_behind(d, rq, left_key(at), now);
}

static struct desk_session *
next_one(struct desk *d, const struct desk_request *rq, struct desk_time now)
{
	struct desk_session *s =
	    next_from(d, rq, desk_session_find(d, rq->sid), now);

	return s != NULL ? s : first_of_all(d, rq, now);
}

/* The list is in another order once an end of one was not stored. */
static struct desk_session *
first_offer(const struct desk_person *p)
{
	struct desk_session *first = NULL;

	DW_LIST_EACH(n, &p->offers) {
		struct desk_session *s =
		    DW_LIST_OF(n, struct desk_session, offer);

		if (first == NULL ||
		    s->facts.offered_at.seq < first->facts.offered_at.seq)
			first = s;
	}
	return first;
}

int
desk_decide_next(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	struct desk_session *s;

	if (rq->console == NULL)
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("you are not at a console"));
	s = first_offer(rq->console->person);
	if (s != NULL && accept_offer(d, rq, s, now) < 0)
		return -ENOMEM;
	if (s == NULL) {
		s = next_one(d, rq, now);
		rq->console->reserved = s != NULL ? s->facts.sid : 0;
		rq->console->reserved_ms = now.steady_ms + RESERVED_MS;
	}
	desk_fx_done(d, rq)->answer.sid = s != NULL ? s->facts.sid : 0;
	return 0;
}

/* Until its writer takes or leaves it, it is watched what becomes of it. */
static bool
is_reserved_and_taken(const struct desk_console *con,
    const struct desk_session *s)
{
	return con->reserved == s->facts.sid &&
	    desk_claim_is_others(s, con->who);
}

/* A key in a text for this session. */
static int
types_to(struct desk *d, const struct desk_request *rq, struct desk_session *s,
    struct desk_time now)
{
	struct desk_console *con = rq->console;

	if (is_reserved_and_taken(con, s)) {
		con->reserved = 0;
		return refuse_taken(d, rq, s, now);
	}
	if (reserves(con, s, now) && s->facts.owner[0] == '\0' &&
	    desk_claim(d, rq, s, EV_WHY_TAKEN, now) < 0)
		return -ENOMEM;
	if (ev_is_owned_by(&s->facts, con->who)) {
		s->keys_ms = now.steady_ms;
		desk_wake_update(d, s);
	}
	desk_fx_done(d, rq)->stands = s->facts.owned_at.seq <= d->stored_seq;
	return 0;
}

int
desk_decide_types(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	struct desk_session *s = desk_session_find(d, rq->sid);

	rq->console->types = rq->sid;
	if (s != NULL && s->facts.state != EV_STATE_CLOSED)
		return types_to(d, rq, s, now);
	desk_fx_done(d, rq)->stands = true;
	return 0;
}

/* ---- commands ---- */

/* The session that the first word names, if it is the asker's; NULL after
 * answering. */
static struct desk_session *
own_session(struct desk *d, const struct desk_request *rq, const char *arg,
    const char **rest, struct desk_time now)
{
	struct desk_session *s = desk_command_session_of(d, rq, arg, rest);

	if (s == NULL || ev_is_owned_by(&s->facts, rq->who))
		return s;
	if (s->facts.owner[0] == '\0')
		desk_refuse(d, rq, EV_CODE_USAGE,
		    _("nobody answers that customer; /take does"));
	else
		refuse_taken(d, rq, s, now);
	return NULL;
}

int
desk_command_take(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now)
{
	struct desk_session *s = desk_command_session(d, rq, arg);
	int r = 0;

	if (s == NULL)
		return 0;
	if (is_offered_to(s, rq->who))
		r = accept_offer(d, rq, s, now);
	else if (desk_claim_is_others(s, rq->who))
		return refuse_taken(d, rq, s, now);
	else if (s->facts.owner[0] == '\0')
		r = desk_claim(d, rq, s, EV_WHY_TAKEN, now);
	if (r == 0)
		desk_fx_done(d, rq)->answer.sid = s->facts.sid;
	return r;
}

int
desk_command_steal(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now)
{
	struct desk_session *s = desk_command_session(d, rq, arg);

	if (s == NULL)
		return 0;
	if (s->facts.owner[0] == '\0')
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("nobody answers that customer; /take does"));
	if (ev_is_owned_by(&s->facts, rq->who))
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("that customer is yours already"));
	if (desk_claim(d, rq, s, EV_WHY_STOLEN, now) < 0)
		return -ENOMEM;
	desk_fx_done(d, rq)->answer.sid = s->facts.sid;
	return 0;
}

int
desk_command_release(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now)
{
	const char *rest;
	struct desk_session *s = own_session(d, rq, arg, &rest, now);

	if (s == NULL)
		return 0;
	if (*rest != '\0')
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("/release takes only the session's number"));
	free_claim(d, s, EV_WHY_RELEASED, now);
	desk_fx_done(d, rq);
	return 0;
}

int
desk_command_keep(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now)
{
	const char *rest;
	struct desk_session *s = own_session(d, rq, arg, &rest, now);
	struct ev_event ev = ev_event_of(EV_KEEP);

	if (s == NULL)
		return 0;
	ev.n = (uint64_t)desk_parse_span(rest, strlen(rest), DESK_KEEP_MAX_S);
	if (ev.n == 0)
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("for how long? Say 10m, 90s or 1h, at most 24h"));
	ev.who = rq->who;
	desk_emit(d, s, ev, now);
	if (s->conn != NULL && s->conn->mode == EV_MODE_LINE)
		desk_fx_say(d, s->conn, _("Somebody is looking into it."));
	desk_fx_done(d, rq);
	return 0;
}

int
desk_command_transfer(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now)
{
	const char *who, *why = "", *refusal;
	struct desk_session *s = own_session(d, rq, arg, &who, now);
	const struct desk_person *to = desk_person_named(d, who, &why);
	struct ev_event ev = ev_event_of(EV_OFFER);

	if (s == NULL)
		return 0;
	if (*who == '\0')
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("to whom? Say /transfer N WHO WHY; /who shows who is "
		      "there"));
	if (to == NULL || is_gone(to))
		return desk_refuse(d, rq, EV_CODE_UNKNOWN,
		    _("nobody of that name is at a console; /who shows who "
		      "is"));
	if (strcmp(to->name, rq->who) == 0)
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("that customer is yours already"));
	if (desk_person_is_away(to))
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("that operator is away"));
	if (desk_reason_refusal(d, why, &refusal) != EV_CODE_OK)
		return desk_refuse(d, rq, EV_CODE_USAGE, refusal);
	ev.who = rq->who;
	ev.why = to->name;
	ev.body = why;
	ev.len = strlen(why);
	desk_emit(d, s, ev, now);
	desk_fx_done(d, rq);
	return 0;
}

int
desk_command_decline(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now)
{
	struct desk_session *s = desk_command_session(d, rq, arg);
	struct ev_event ev = ev_event_of(EV_DECLINED);

	if (s == NULL)
		return 0;
	if (!is_offered_to(s, rq->who))
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("that customer is not offered to you"));
	ev.who = rq->who;
	ev.why = EV_WHY_DECLINED;
	desk_emit(d, s, ev, now);
	desk_fx_done(d, rq);
	return 0;
}
