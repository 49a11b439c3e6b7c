/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What becomes of an operator's reply.  A console sends it again with the same
 * key until it is answered, so one that is stored gets its first answer again,
 * whatever else would be said to it now.  A customer that is a colleague's is
 * not answered; and a reply must not pass over what a colleague did there that
 * its writer had not seen.  Who answers a customer that is nobody's claims it.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "desk/internal.h"

/* stands: the reply was stored before this round. */
static void
answer_again(struct desk *d, const struct desk_request *rq, uint64_t n,
    bool stands)
{
	struct desk_effect *fx = desk_fx_done(d, rq);

	fx->answer.n = n;
	fx->stands = stands;
}

bool
desk_answered_before(struct desk *d, const struct desk_session *s,
    const struct desk_request *rq)
{
	const struct desk_keyed *first = desk_keys_find(s, &rq->key);

	if (rq->first_n != 0)
		answer_again(d, rq, rq->first_n, true);
	else if (first != NULL)
		answer_again(d, rq, first->n, first->seq <= d->stored_seq);
	return rq->first_n != 0 || first != NULL;
}

/* Why nothing can be sent to this session now; EV_CODE_OK when it can. */
static enum ev_code
session_refusal(const struct desk *d, const struct desk_session *s,
    const struct desk_request *rq, const char **text)
{
	enum ev_code code = desk_session_refusal(d, s, rq->sid, text);

	if (code != EV_CODE_OK)
		return code;
	if (s->facts.gone || s->conn == NULL || s->conn->leaving ||
	    s->conn->ending || s->conn->cut_why != NULL) {
		*text = _("that customer is not connected any more");
		return EV_CODE_GONE;
	}
	if (desk_claim_is_others(s, rq->who))
		return EV_CODE_TAKEN; /* desk_claim_refuse() has the sentence */
	if (desk_turn_held(&s->conn->turn) > d->config->held_bytes) {
		*text = _("too much waits for that customer already");
		return EV_CODE_FULL;
	}
	return EV_CODE_OK;
}

static const char *
unseen_text(const struct desk_session *s, const struct desk_request *rq)
{
	uint64_t seq = desk_keys_unseen(s, &rq->key, rq->who, rq->seen);

	return seq == s->last.seq || seq == s->last.other_seq ?
	    _("somebody else has answered there meanwhile") :
	    _("somebody else has written a note or been there meanwhile");
}

enum ev_code
desk_text_refusal(const struct desk *d, const char *text, size_t len,
    const char **why)
{
	if (len > d->config->max_message)
		*why = _("that is too long for one message");
	else if (dw_text_is_blank(text, len))
		*why = _("there is nothing to send");
	else
		return EV_CODE_OK;
	return EV_CODE_USAGE;
}

enum ev_code
desk_reason_refusal(const struct desk *d, const char *text, const char **why)
{
	return *text == '\0' ? EV_CODE_OK :
			       desk_text_refusal(d, text, strlen(text), why);
}

static enum ev_code
refusal(const struct desk *d, const struct desk_session *s,
    const struct desk_request *rq, const char **text)
{
	enum ev_code code = session_refusal(d, s, rq, text);

	if (code == EV_CODE_OK)
		code = desk_text_refusal(d, rq->text, rq->len, text);
	if (code != EV_CODE_OK ||
	    desk_keys_unseen(s, &rq->key, rq->who, rq->seen) == 0)
		return code;
	*text = unseen_text(s, rq);
	return EV_CODE_STALE;
}

/* Says by how much it is too long. */
static struct desk_effect *
refuse_long(struct desk *d, const struct desk_request *rq,
    const char *otherwise)
{
	char *text;

	if (asprintf(&text,
		_("that is too long: a message has %zu bytes at most, and this "
		  "one has %zu"),
		d->config->max_message, rq->len) < 0)
		text = NULL;
	return desk_fx_answer_owned(d, rq, EV_CODE_USAGE, text, otherwise);
}

struct desk_effect *
desk_refuse_keyed(struct desk *d, const struct desk_session *s,
    const struct desk_request *rq, enum ev_code code, const char *text)
{
	if (ev_key_is_set(&rq->key) && desk_keys_may_be_older(d, s, rq->sid))
		return desk_fx_find_reply(d, rq, code, text);
	if (code == EV_CODE_USAGE && rq->len > d->config->max_message)
		return refuse_long(d, rq, text);
	return desk_fx_answer(d, rq, code, text);
}

static void
refuse(struct desk *d, const struct desk_session *s,
    const struct desk_request *rq, enum ev_code code, const char *text)
{
	struct desk_effect *fx = desk_refuse_keyed(d, s, rq, code, text);

	if (code != EV_CODE_STALE)
		return;
	fx->answer.seq = desk_keys_unseen(s, &rq->key, rq->who, rq->seen);
	/* The colleague's may be one of this round. */
	fx->stands = fx->answer.seq <= d->stored_seq;
}

static int
refuse_taken(struct desk *d, const struct desk_session *s,
    const struct desk_request *rq, struct desk_time now)
{
	char *text = desk_claim_text(s, DESK_WANTED_TEXT, now);
	struct desk_effect *fx = desk_refuse_keyed(d, s, rq, EV_CODE_TAKEN,
	    text != NULL ? text : _(desk_taken));

	fx->owned = text;
	/* The claim may be one of this round. */
	fx->stands = s->facts.owned_at.seq <= d->stored_seq;
	return 0;
}

int
desk_decide_reply(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	struct desk_session *s = desk_session_find(d, rq->sid);
	struct ev_event ev = ev_event_of(EV_REPLY);
	const char *text = "";
	enum ev_code code;

	if (desk_answered_before(d, s, rq))
		return 0;
	if ((code = refusal(d, s, rq, &text)) == EV_CODE_TAKEN)
		return refuse_taken(d, s, rq, now);
	if (code != EV_CODE_OK) {
		refuse(d, s, rq, code, text);
		return 0;
	}
	if (desk_charset_refuses(d, rq, s->facts.charset, rq->text, rq->len))
		return 0;
	if (s->facts.owner[0] == '\0' &&
	    desk_claim(d, rq, s, EV_WHY_ANSWER, now) < 0)
		return -ENOMEM;
	ev.n = s->facts.out + 1;
	ev.who = rq->who;
	if (rq->as != NULL && rq->as[0] != '\0' && strcmp(rq->as, rq->who) != 0)
		ev.why = rq->as;
	ev.body = rq->text;
	ev.len = rq->len;
	ev.key = rq->key;
	desk_fx_deliver(d, s, desk_emit(d, s, ev, now));
	desk_fx_done(d, rq)->answer.n = ev.n;
	return 0;
}
