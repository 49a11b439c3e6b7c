/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mistakes of the desk: its decisions, its rounds, what it says. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "desk/command.h"
#include "desk/internal.h"
#include "plant.h"

/* ---- the end of a round ---- */

/* Effects of this kind become another one. */
static void
change_effects(struct desk *d, enum desk_fx from, enum desk_fx to)
{
	for (size_t i = 0; i < d->neffects; i++)
		if (d->effects[i].fx == from)
			d->effects[i].fx = to;
}

/* Is it one of the sessions that are still there? */
static bool
is_there(const struct desk *d, const struct desk_session *s)
{
	DW_LIST_EACH(n, &d->sessions)
		if (DW_LIST_OF(n, struct desk_session, node) == s)
			return true;
	return false;
}

static void
deliver(const struct desk_round *r, const struct desk_effect *fx)
{
	const struct ev_event *ev = &r->d->events[fx->event];

	if (fx->fx == DESK_FX_DELIVER && is_there(r->d, fx->session) &&
	    fx->session->conn != NULL)
		desk_conn_say(r, fx->session->conn, ev->who, ev->body, ev->len,
		    ev->n);
}

static void
acknowledge(const struct desk_round *r, const struct desk_effect *fx)
{
	if (fx->fx == DESK_FX_ANSWER)
		r->sink->answer(r->arg, fx->node, &fx->answer);
}

static void
send_datagram(const struct desk_round *r, const struct desk_effect *fx)
{
	if (fx->fx == DESK_FX_UDP_ANSWER)
		desk_send_datagram(r, fx);
}

static void
attach(const struct desk_round *r, const struct desk_effect *fx)
{
	if (fx->fx == DESK_FX_ATTACHED)
		r->sink->attached(r->arg, fx->node, fx->datagrams);
}

static void
each_effect(const struct desk_round *r,
    void (*fn)(const struct desk_round *, const struct desk_effect *))
{
	for (size_t i = 0; i < r->d->neffects; i++)
		fn(r, &r->d->effects[i]);
}

/* ---- a desk that closes ---- */

WRAPS(desk_is_closing);
bool
__wrap_desk_is_closing(const struct desk *d)
{
	if (PLANTED(late_are_let_in))
		return d->draining;
	return __real_desk_is_closing(d);
}

WRAPS(desk_stop_tick);
void
__wrap_desk_stop_tick(const struct desk_round *r)
{
	if (PLANTED(empty_goes_on) && dw_list_empty(&r->d->conns))
		return;
	__real_desk_stop_tick(r);
}

WRAPS(desk_stop_due);
int64_t
__wrap_desk_stop_due(const struct desk *d)
{
	return PLANTED(stop_slept_past) ? DW_NEVER : __real_desk_stop_due(d);
}

WRAPS(desk_count_again);
void
__wrap_desk_count_again(struct desk *d, struct desk_session *s)
{
	if (!PLANTED(not_counted_again) || s->counted_state == EV_STATE_NONE)
		__real_desk_count_again(d, s);
}

/* ---- what is undone ---- */

/* An event is nothing when it is undone. */
WRAPS(desk_effects_undo);
void
__wrap_desk_effects_undo(const struct desk_round *r)
{
	if (PLANTED(reply_unstored))
		each_effect(r, deliver);
	if (PLANTED(datagram_unstored))
		each_effect(r, send_datagram);
	if (PLANTED(unstored_acknowledged))
		each_effect(r, acknowledge);
	if (PLANTED(unstored_acknowledged) || PLANTED(undone_unanswered))
		change_effects(r->d, DESK_FX_ANSWER, DESK_FX_EVENT);
	if (PLANTED(undone_turn_lost))
		change_effects(r->d, DESK_FX_WROTE, DESK_FX_EVENT);
	for (size_t i = 0; i < r->d->neffects; i++) {
		if (PLANTED(stale_by_undone) &&
		    r->d->effects[i].answer.code == EV_CODE_STALE)
			r->d->effects[i].stands = true;
		if (PLANTED(first_answer_undone) &&
		    r->d->effects[i].answer.code == EV_CODE_OK)
			r->d->effects[i].stands = false;
	}
	if (PLANTED(no_sorry))
		change_effects(r->d, DESK_FX_SORRY, DESK_FX_EVENT);
	if (PLANTED(never_comes_back))
		change_effects(r->d, DESK_FX_BYE_STORED, DESK_FX_EVENT);
	__real_desk_effects_undo(r);
}

/* As if nothing were awaited of a session that has ended. */
static void
forget_last_words(struct desk *d)
{
	DW_LIST_EACH(n, &d->sessions) {
		struct desk_session *s =
		    DW_LIST_OF(n, struct desk_session, node);

		if (s->facts.state == EV_STATE_CLOSED)
			s->facts.out = s->sent_n = s->facts.sent;
	}
}

WRAPS(desk_effects_publish);
void
__wrap_desk_effects_publish(const struct desk_round *r, enum desk_fx_when when)
{
	if (PLANTED(half_round_twice) && when == DESK_FX_IN_ORDER) {
		each_effect(r, attach);
		/* Stored, this one does nothing. */
		change_effects(r->d, DESK_FX_ATTACHED, DESK_FX_SORRY);
	}
	if (PLANTED(nobody_is_warned))
		change_effects(r->d, DESK_FX_WARN, DESK_FX_KEEP);
	__real_desk_effects_publish(r, when);
	if (PLANTED(last_words_forgotten) && when == DESK_FX_IN_ORDER)
		forget_last_words(r->d);
}

WRAPS(desk_undo);
void
__wrap_desk_undo(struct desk *d, const struct desk_sink *sink, void *arg,
    struct desk_time now)
{
	if (PLANTED(facts_not_restored))
		for (size_t i = 0; i < d->nsaved; i++)
			d->saved[i].facts = d->saved[i].session->facts;
	if (PLANTED(number_missing))
		d->stored_seq = d->seq;
	if (PLANTED(fresh_session_stays))
		DW_LIST_EACH(n, &d->sessions)
			DW_LIST_OF(n, struct desk_session, node)->fresh = false;
	__real_desk_undo(d, sink, arg, now);
	while (PLANTED(noticed_lost) && dw_list_take(&d->noticed) != NULL)
		;
}

WRAPS(desk_settle);
void
__wrap_desk_settle(struct desk *d, struct desk_time now)
{
	unsigned seen = 0;

	__real_desk_settle(d, now);
	if (PLANTED(all_are_looked_at))
		DW_LIST_EACH(n, &d->sessions)
			seen++;
	if (seen > d->sid)
		abort();
}

WRAPS(desk_tick);
void
__wrap_desk_tick(struct desk *d, const struct desk_sink *sink, void *arg,
    struct desk_time now)
{
	__real_desk_tick(d, sink, arg, now);
	if (PLANTED(all_turns_are_looked_at))
		DW_LIST_EACH(n, &d->conns)
			desk_conn_schedule(d,
			    DW_LIST_OF(n, struct desk_conn, node));
}

WRAPS(desk_notice_taken);
void
__wrap_desk_notice_taken(struct desk *d, struct desk_conn *c, uint64_t taken,
    struct desk_time now)
{
	__real_desk_notice_taken(d, c, taken, now);
	if (PLANTED(sent_has_a_round))
		d->taken_ns = now.ns;
	if (PLANTED(sent_waits_for_ever))
		d->taken_ns = DW_NEVER;
}

/* ---- decisions ---- */

static void
read_ahead(struct desk_request *rq)
{
	if (rq->taken < rq->conn->put_end && rq->offset >= rq->conn->put_end)
		rq->taken = rq->offset;
}

WRAPS(desk_decide);
int
__wrap_desk_decide(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	struct desk_session *s = rq->conn != NULL ? rq->conn->session : NULL;
	struct desk_request other = *rq;
	int r;

	if (PLANTED(sent_too_soon) && rq->rq == DESK_RQ_SENT)
		read_ahead(&other);
	if (PLANTED(roles_not_asked))
		other.role = EV_ROLE_ADMIN;
	if (PLANTED(cut_short_unsaid))
		other.flags &= ~(unsigned)EV_FLAG_CUT_SHORT;
	r = __real_desk_decide(d, &other, now);
	if (PLANTED(left_is_kept) && rq->rq == DESK_RQ_DISCONNECTED &&
	    s != NULL)
		s->conn = rq->conn;
	if (PLANTED(half_closed_missed) && rq->rq == DESK_RQ_EOF)
		rq->conn->half_closed = false;
	return r;
}

/* What never becomes an event. */
static bool
is_left_out(const struct ev_event *ev)
{
	if (ev->kind == EV_FREE)
		return (PLANTED(lease_never_ends) &&
			   strcmp(ev->why, EV_WHY_SILENT) == 0) ||
		    (PLANTED(lost_never_ends) &&
			strcmp(ev->why, EV_WHY_LOST) == 0);
	if (ev->kind == EV_DECLINED)
		return PLANTED(offer_never_ends) &&
		    strcmp(ev->why, EV_WHY_TIMEOUT) == 0;
	if (ev->kind == EV_AWAY)
		return PLANTED(idle_unsaid) &&
		    strcmp(ev->why, EV_WHY_IDLE) == 0;
	return PLANTED(claim_not_stored) && ev->kind == EV_CLAIM &&
	    strcmp(ev->why, EV_WHY_ANSWER) == 0;
}

WRAPS(desk_emit);
size_t
__wrap_desk_emit(struct desk *d, struct desk_session *s, struct ev_event ev,
    struct desk_time now)
{
	size_t at;

	if (PLANTED(gone_for_ever) && ev.kind == EV_CLOSED &&
	    strcmp(ev.why, EV_WHY_GONE) == 0)
		return 0;
	if (is_left_out(&ev))
		return 0;
	if (PLANTED(steal_without_row) && ev.kind == EV_CLAIM &&
	    strcmp(ev.why, EV_WHY_STOLEN) == 0) {
		snprintf(s->facts.owner, sizeof s->facts.owner, "%s", ev.who);
		return 0;
	}
	if (PLANTED(accepted_is_taken) && ev.kind == EV_CLAIM &&
	    strcmp(ev.why, EV_WHY_ACCEPTED) == 0)
		ev.why = EV_WHY_TAKEN;
	if (PLANTED(reply_number_again) && ev.kind == EV_REPLY && ev.n > 1)
		ev.n--;
	if (PLANTED(key_not_stored))
		memset(&ev.key, 0, sizeof ev.key);
	at = __real_desk_emit(d, s, ev, now);
	if (PLANTED(freed_is_last) && ev.kind == EV_FREE &&
	    dw_order_has(&s->in_line)) {
		dw_order_del(&d->line, &s->in_line);
		dw_order_put(&d->line, &s->in_line, (int64_t)d->seq);
	}
	if (PLANTED(stale_by_customer) && ev.kind == EV_SAID)
		s->last = (struct desk_last){ .seq = d->events[at].seq };
	return at;
}

WRAPS(desk_settle_sent);
void
__wrap_desk_settle_sent(struct desk *d, struct desk_session *s,
    struct desk_time now)
{
	if (!PLANTED(sent_never_told))
		__real_desk_settle_sent(d, s, now);
}

WRAPS(desk_session_find);
struct desk_session *
__wrap_desk_session_find(struct desk *d, uint64_t sid)
{
	struct desk_session *s = __real_desk_session_find(d, sid);

	if (PLANTED(next_session) && s != NULL && s->node.next != &d->sessions)
		s = DW_LIST_OF(s->node.next, struct desk_session, node);
	return s;
}

WRAPS(desk_refuse);
int
__wrap_desk_refuse(struct desk *d, const struct desk_request *rq,
    enum ev_code code, const char *text)
{
	return __real_desk_refuse(d, rq,
	    PLANTED(refusal_is_done) ? EV_CODE_OK : code, text);
}

WRAPS(desk_command_find);
const struct desk_command *
__wrap_desk_command_find(const char *text, const char **arg)
{
	const struct desk_command *cmd = __real_desk_command_find(text, arg);

	if (PLANTED(argument_lost) && cmd != NULL)
		*arg = "";
	return cmd;
}

/* The name's bytes are changed where they were freed too soon, so that it does
 * not matter what malloc does. */
WRAPS(desk_visitor_command);
bool
__wrap_desk_visitor_command(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	size_t before = d->neffects;
	bool known = __real_desk_visitor_command(d, rq, now);

	for (size_t i = before; PLANTED(name_gone) && i < d->neffects; i++)
		if (d->effects[i].owned != NULL)
			memset(d->effects[i].owned, '?',
			    strlen(d->effects[i].owned));
	return known;
}

/* ---- starting ---- */

WRAPS(desk_begin);
void
__wrap_desk_begin(struct desk *d, uint64_t last_seq, uint64_t last_sid,
    struct desk_time now)
{
	if (PLANTED(session_number_again) && last_sid > 0)
		last_sid--;
	__real_desk_begin(d, last_seq, last_sid, now);
}

WRAPS(desk_replay);
int
__wrap_desk_replay(struct desk *d, const struct ev_event *ev)
{
	struct ev_event other = *ev;

	if ((PLANTED(sent_not_replayed) && ev->kind == EV_SENT) ||
	    (PLANTED(owner_lost_at_restart) && ev->kind == EV_CLAIM) ||
	    (PLANTED(same_not_replayed) && ev->kind == EV_SAME))
		return 0;
	if (PLANTED(keys_not_replayed))
		memset(&other.key, 0, sizeof other.key);
	return __real_desk_replay(d, &other);
}

WRAPS(desk_deadline);
int64_t
__wrap_desk_deadline(const struct desk *d)
{
	if (PLANTED(gone_not_awaited))
		return dw_order_least(&d->due);
	return __real_desk_deadline(d);
}

/* ---- to one customer ---- */

WRAPS(desk_conn_say);
void
__wrap_desk_conn_say(const struct desk_round *r, struct desk_conn *c,
    const char *who, const char *text, size_t len, uint64_t n)
{
	if (PLANTED(reply_to_another) && who != NULL)
		c = DW_LIST_OF(r->d->conns.next, struct desk_conn, node);
	__real_desk_conn_say(r, c, who, text, len, n);
}

WRAPS(desk_conn_pump);
void
__wrap_desk_conn_pump(const struct desk_round *r, struct desk_conn *c)
{
	__real_desk_conn_pump(r, c);
	if (PLANTED(dead_turn_wakes) && c->ending)
		dw_order_put(&r->d->due, &c->due, desk_turn_deadline(&c->turn));
}

WRAPS(desk_conn_schedule);
void
__wrap_desk_conn_schedule(struct desk *d, struct desk_conn *c)
{
	if (!(PLANTED(dead_turn_wakes) && c->ending))
		__real_desk_conn_schedule(d, c);
}

WRAPS(desk_conn_greet);
void
__wrap_desk_conn_greet(const struct desk_round *r, struct desk_conn *c)
{
	if (!PLANTED(no_greeting))
		__real_desk_conn_greet(r, c);
}

WRAPS(desk_conn_bye);
void
__wrap_desk_conn_bye(const struct desk_round *r, struct desk_conn *c,
    const char *text)
{
	if (!PLANTED(never_let_go))
		__real_desk_conn_bye(r, c, PLANTED(no_goodbye) ? "" : text);
}

WRAPS(desk_conn_cut);
void
__wrap_desk_conn_cut(const struct desk_round *r, struct desk_conn *c)
{
	if (!PLANTED(never_cut))
		__real_desk_conn_cut(r, c);
}

WRAPS(desk_fx_bye);
struct desk_effect *
__wrap_desk_fx_bye(struct desk *d, enum desk_fx kind, struct desk_conn *c,
    const char *text)
{
	struct desk_effect *fx = __real_desk_fx_bye(d, kind, c, text);

	if (PLANTED(talks_after_goodbye))
		c->leaving = false;
	return fx;
}

WRAPS(desk_notice_empty);
void
__wrap_desk_notice_empty(struct desk *d, struct desk_conn *c,
    struct desk_time now)
{
	if (!PLANTED(lingers))
		__real_desk_notice_empty(d, c, now);
}

/* ---- who left ---- */

WRAPS(desk_left_bound);
void
__wrap_desk_left_bound(struct desk *d, const struct desk_round *r)
{
	if (!PLANTED(list_without_end))
		__real_desk_left_bound(d, r);
}

/* As if it had got its answer. */
WRAPS(desk_settle_gone);
void
__wrap_desk_settle_gone(struct desk *d, struct desk_session *s, const char *why,
    struct desk_time now)
{
	struct ev_session facts = s->facts;

	if (PLANTED(unanswered_forgotten)) {
		s->facts.waiting_at.seq = 0;
		s->facts.sent = s->facts.out;
	}
	__real_desk_settle_gone(d, s, why, now);
	if (PLANTED(unanswered_forgotten))
		s->facts.sent = facts.sent;
}

/* ---- encodings ---- */

WRAPS(desk_charset_refuses);
bool
__wrap_desk_charset_refuses(struct desk *d, const struct desk_request *rq,
    const struct dw_charset *cs, const char *text, size_t len)
{
	return !PLANTED(unwritable_sent) &&
	    __real_desk_charset_refuses(d, rq, cs, text, len);
}

WRAPS(desk_charset_notice);
void
__wrap_desk_charset_notice(struct desk *d, struct desk_session *s,
    const char *text, size_t len, struct desk_time now)
{
	if (!PLANTED(default_unused))
		__real_desk_charset_notice(d, s, text, len, now);
}
