/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What becomes of an operator's reply.  A console sends it again with the same
 * key until it is answered, so one that is stored gets its first answer again,
 * whatever else would be said to it now.  And it must not pass over a
 * colleague's reply that its writer had not seen.
 */
#include "config.h"

#include <stdio.h>

#include "base/i18n.h"
#include "base/text.h"
#include "desk/internal.h"

/* stands: the reply was stored before this round. */
static int
answer_again(struct desk *d, const struct desk_request *rq, uint64_t n,
    bool stands)
{
	struct desk_effect *fx = desk_fx_done(d, rq);

	fx->answer.n = n;
	fx->stands = stands;
	return 0;
}

/* Why nothing can be sent to this session now; EV_CODE_OK when it can. */
static enum ev_code
session_refusal(const struct desk *d, const struct desk_session *s,
    uint64_t sid, const char **text)
{
	enum ev_code code = desk_session_refusal(d, s, sid, text);

	if (code != EV_CODE_OK)
		return code;
	if (s->facts.gone || s->conn == NULL || s->conn->leaving ||
	    s->conn->ending || s->conn->cut_why != NULL) {
		*text = _("that customer is not connected any more");
		return EV_CODE_GONE;
	}
	if (desk_turn_held(&s->conn->turn) > d->config->held_bytes) {
		*text = _("too much waits for that customer already");
		return EV_CODE_FULL;
	}
	return EV_CODE_OK;
}

static enum ev_code
refusal(const struct desk *d, const struct desk_session *s,
    const struct desk_request *rq, const char **text)
{
	enum ev_code code = session_refusal(d, s, rq->sid, text);

	if (code != EV_CODE_OK)
		return code;
	if (rq->len > d->config->max_message) {
		*text = _("that is too long for one message");
		return EV_CODE_USAGE;
	}
	if (dw_text_is_blank(rq->text, rq->len)) {
		*text = _("there is nothing to send");
		return EV_CODE_USAGE;
	}
	if (desk_keys_unseen(s, &rq->key, rq->seen) != 0) {
		*text = _("somebody else has answered there meanwhile");
		return EV_CODE_STALE;
	}
	return EV_CODE_OK;
}

/* Says by how much it is too long. */
static int
refuse_long_reply(struct desk *d, const struct desk_request *rq,
    const char *otherwise)
{
	char *text;

	if (asprintf(&text,
		_("that is too long: a message has %zu bytes at most, and this "
		  "one has %zu"),
		d->config->max_message, rq->len) < 0)
		return desk_refuse(d, rq, EV_CODE_USAGE, otherwise);
	desk_fx_answer(d, rq, EV_CODE_USAGE, text)->owned = text;
	return 0;
}

static int
refuse_stale(const struct desk *d, const struct desk_session *s,
    const struct desk_request *rq, struct desk_effect *fx)
{
	fx->answer.seq = desk_keys_unseen(s, &rq->key, rq->seen);
	/* The colleague's may be one of this round. */
	fx->stands = fx->answer.seq <= d->stored_seq;
	return 0;
}

static int
refuse(struct desk *d, const struct desk_session *s,
    const struct desk_request *rq, enum ev_code code, const char *text)
{
	bool may_be_stored =
	    ev_key_is_set(&rq->key) && desk_keys_may_be_older(d, s, rq->sid);

	if (code == EV_CODE_STALE)
		return refuse_stale(d, s, rq,
		    may_be_stored ? desk_fx_find_reply(d, rq, code, text) :
				    desk_fx_answer(d, rq, code, text));
	if (may_be_stored) {
		desk_fx_find_reply(d, rq, code, text);
		return 0;
	}
	if (code == EV_CODE_USAGE && rq->len > d->config->max_message)
		return refuse_long_reply(d, rq, text);
	return desk_refuse(d, rq, code, text);
}

int
desk_decide_reply(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	struct desk_session *s = desk_session_find(d, rq->sid);
	const struct desk_keyed *first = desk_keys_find(s, &rq->key);
	struct ev_event ev = ev_event_of(EV_REPLY);
	const char *text = "";
	enum ev_code code;

	if (rq->first_n != 0)
		return answer_again(d, rq, rq->first_n, true);
	if (first != NULL)
		return answer_again(d, rq, first->n,
		    first->seq <= d->stored_seq);
	if ((code = refusal(d, s, rq, &text)) != EV_CODE_OK)
		return refuse(d, s, rq, code, text);
	if (desk_charset_refuses(d, rq, s->facts.charset, rq->text, rq->len))
		return 0;
	ev.n = s->facts.out + 1;
	ev.who = rq->who;
	ev.body = rq->text;
	ev.len = rq->len;
	ev.key = rq->key;
	desk_fx_deliver(d, s, desk_emit(d, s, ev, now));
	desk_fx_done(d, rq)->answer.n = ev.n;
	return 0;
}
