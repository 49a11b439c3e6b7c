/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What operators tell each other: notes about a customer, and whispers.  None
 * of it can reach a customer: nothing here has an effect of one's connection,
 * and what is delivered are replies.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/i18n.h"
#include "desk/internal.h"

static void
write_note(struct desk *d, const struct desk_request *rq,
    struct desk_session *s, const char *text, size_t len, struct desk_time now)
{
	struct ev_event ev = ev_event_of(EV_NOTE);

	ev.n = s->facts.notes + 1;
	ev.who = rq->who;
	ev.body = text;
	ev.len = len;
	ev.key = rq->key;
	desk_emit(d, s, ev, now);
	desk_fx_done(d, rq)->answer.n = ev.n;
}

int
desk_decide_note(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	struct desk_session *s = desk_session_find(d, rq->sid);
	const char *why = "";
	enum ev_code code;

	if (desk_answered_before(d, s, rq))
		return 0;
	code = desk_session_refusal(d, s, rq->sid, &why);
	if (code == EV_CODE_OK)
		code = desk_text_refusal(d, rq->text, rq->len, &why);
	if (code == EV_CODE_OK)
		write_note(d, rq, s, rq->text, rq->len, now);
	else
		desk_refuse_keyed(d, s, rq, code, why);
	return 0;
}

int
desk_command_note(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now)
{
	const char *text, *why;
	struct desk_session *s = desk_command_session_of(d, rq, arg, &text);

	if (s == NULL)
		return 0;
	if (desk_text_refusal(d, text, strlen(text), &why) != EV_CODE_OK)
		return desk_refuse(d, rq, EV_CODE_USAGE, why);
	write_note(d, rq, s, text, strlen(text), now);
	return 0;
}

int
desk_command_whisper(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now)
{
	const char *text, *why;
	struct desk_session *s = desk_command_session_of(d, rq, arg, &text);
	struct ev_event ev = ev_event_of(EV_MSG);

	if (s == NULL)
		return 0;
	if (s->owner == NULL)
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("nobody answers that customer; /note writes a note"));
	if (ev_is_owned_by(&s->facts, rq->who))
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("that customer is yours; /note writes a note"));
	if (desk_text_refusal(d, text, strlen(text), &why) != EV_CODE_OK)
		return desk_refuse(d, rq, EV_CODE_USAGE, why);
	ev.who = rq->who;
	ev.why = s->owner->name;
	ev.body = text;
	ev.len = strlen(text);
	desk_emit(d, s, ev, now);
	desk_fx_done(d, rq);
	return 0;
}
