/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who somebody is: sessions of one person, its name as operators know it, and a
 * session that goes on after its end.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "desk/internal.h"

#define NUMBERS "0123456789"

/* Cuts a number off.  Returns false when there is none. */
static bool
take_number(const char **arg, uint64_t *out)
{
	size_t len = strspn(*arg, NUMBERS);

	if (len == 0 || len > 18 || ((*arg)[len] != '\0' && (*arg)[len] != ' '))
		return false;
	*out = strtoull(*arg, NULL, 10);
	*arg += len;
	*arg += strspn(*arg, " ");
	return true;
}

static bool
was_session(const struct desk *d, uint64_t sid)
{
	return sid != 0 && sid <= d->sid;
}

static bool
is_linked(const struct desk_session *s, uint64_t sid)
{
	for (size_t i = 0; i < EV_SAME_MAX; i++)
		if (s->facts.same[i] == sid)
			return true;
	return false;
}

/* The later one has the link, also when it has ended and only the journal knows
 * it. */
static int
link_same(struct desk *d, const struct desk_request *rq, uint64_t later,
    uint64_t earlier, bool off, struct desk_time now)
{
	struct desk_session *s = desk_session_find(d, later);
	struct ev_event ev = ev_event_of(EV_SAME);

	if (s != NULL && s->facts.state == EV_STATE_CLOSED)
		s = NULL;
	if (off && s != NULL && !is_linked(s, earlier))
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("these two sessions are not linked"));
	ev.sid = later;
	ev.n = earlier;
	ev.who = rq->who;
	ev.why = off ? EV_WHY_UNDONE : "";
	desk_emit(d, s, ev, now);
	desk_fx_done(d, rq)->answer.sid = later;
	return 0;
}

int
desk_command_same(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now)
{
	uint64_t a, b;
	bool ok = take_number(&arg, &a) && take_number(&arg, &b);
	bool off = ok && strcmp(arg, "off") == 0;

	if (!ok || (*arg != '\0' && !off) || a == b)
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("say /same N M: the numbers of two sessions of one "
		      "person; with off behind them they are not"));
	if (!was_session(d, a) || !was_session(d, b))
		return desk_refuse(d, rq, EV_CODE_UNKNOWN,
		    _("there is no such session"));
	return link_same(d, rq, a > b ? a : b, a > b ? b : a, off, now);
}

int
desk_command_earlier(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now)
{
	const struct desk_session *s = desk_command_session(d, rq, arg);
	struct ev_past past = { .of = EV_PAST_SAME, .count = EV_SAME_MAX };

	(void)now;
	if (s == NULL)
		return 0;
	past.sid = s->facts.sid;
	memcpy(past.same, s->facts.same, sizeof past.same);
	desk_fx_past(d, rq, &past);
	return 0;
}

int
desk_command_name(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now)
{
	const char *text;
	struct desk_session *s = desk_command_session_of(d, rq, arg, &text);
	struct dw_buf name = DW_BUF_INITIALIZER;
	struct ev_event ev = ev_event_of(EV_NAME);

	if (s == NULL)
		return 0;
	if (dw_text_is_blank(text, strlen(text)) ||
	    dw_text_name(&name, text, strlen(text)) < 0 ||
	    name.len >= EV_NAME_SIZE) {
		dw_buf_fini(&name);
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("which name? Say /name N NAME"));
	}
	ev.who = name.data;
	ev.why = rq->who;
	desk_emit(d, s, ev, now);
	desk_fx_done(d, rq)->owned = dw_buf_take(&name);
	return 0;
}

/* ---- one that goes on ---- */

/* Has the request been refused, as the desk still knows that session? */
static bool
refuse_known(struct desk *d, const struct desk_request *rq, uint64_t sid)
{
	const struct desk_session *s = desk_session_find(d, sid);

	if (s == NULL)
		return false;
	if (s->facts.state == EV_STATE_CLOSED)
		desk_refuse(d, rq, EV_CODE_CLOSED,
		    _("that session ends just now; try again"));
	else
		desk_refuse(d, rq, EV_CODE_USAGE,
		    _("that session has not ended"));
	return true;
}

int
desk_command_reopen(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now)
{
	uint64_t sid;
	struct desk_effect *fx;

	(void)now;
	if (!take_number(&arg, &sid) || *arg != '\0')
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("which session? Give its number"));
	if (!was_session(d, sid))
		return desk_refuse(d, rq, EV_CODE_UNKNOWN,
		    _("there is no such session"));
	if (refuse_known(d, rq, sid))
		return 0;
	fx = desk_effect_add(d, DESK_FX_FIND);
	fx->node = rq->node;
	fx->answer.sid = sid;
	return 0;
}

/* They are in the order of their numbers. */
static void
put_in_order(struct desk *d, struct desk_session *s)
{
	struct dw_list *n;

	dw_list_del(&s->node);
	n = d->sessions.prev;
	while (n != &d->sessions &&
	    DW_LIST_OF(n, struct desk_session, node)->facts.sid > s->facts.sid)
		n = n->prev;
	dw_list_add(n->next, &s->node);
}

static struct desk_session *
session_of(struct desk *d, const struct ev_session *facts, struct desk_time now)
{
	struct desk_session *s;

	if (desk_claim_know(d, facts) < 0 ||
	    (s = desk_session_new(d, facts->sid)) == NULL)
		return NULL;
	s->fresh = true;
	s->facts = *facts;
	s->keys.forgot = true; /* the journal knows them */
	desk_date_back(&s->facts, now);
	put_in_order(d, s);
	return s;
}

int
desk_decide_reopen(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	struct ev_event ev = ev_event_of(EV_REOPENED);
	struct desk_session *s;

	if (rq->facts == NULL)
		return desk_refuse(d, rq, EV_CODE_UNKNOWN,
		    _("the journal does not know that session"));
	if (refuse_known(d, rq, rq->facts->sid))
		return 0;
	if ((s = session_of(d, rq->facts, now)) == NULL)
		return -ENOMEM;
	if (s->facts.state == EV_STATE_LEFT)
		desk_effect_add(d, DESK_FX_RELISTED);
	ev.who = rq->who;
	desk_emit(d, s, ev, now);
	desk_fx_done(d, rq)->answer.sid = s->facts.sid;
	return 0;
}
