/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * In which encoding a customer writes: it says so itself, an operator does, or
 * the desk was told what to take for granted.  Both directions are in it from
 * then on.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "desk/internal.h"

#define CHANGES_MAX 16 /* of one session, by its customer */

void
desk_charset_set(struct desk *d, struct desk_session *s, const char *who,
    const struct dw_charset *cs, struct desk_time now)
{
	struct ev_event ev = ev_event_of(EV_CHARSET);

	ev.who = who;
	ev.why = cs->name;
	desk_emit(d, s, ev, now);
	if (s->conn != NULL)
		desk_fx_conn(d, DESK_FX_CHARSET, s->conn)->session = s;
}

void
desk_charset_notice(struct desk *d, struct desk_session *s, const char *text,
    size_t len, struct desk_time now)
{
	if (s->facts.charset == NULL && d->config->charset != NULL &&
	    dw_text_valid(text, len) != len)
		desk_charset_set(d, s, "", d->config->charset, now);
}

bool
desk_charset_refuses(struct desk *d, const struct desk_request *rq,
    const struct dw_charset *cs, const char *text, size_t len)
{
	size_t at = dw_charset_writes(cs, text, len), n;
	char *why;

	if (at == len)
		return false;
	n = dw_text_first(text + at, len - at);
	if (asprintf(&why, _("%s cannot write \"%.*s\""), cs->name, (int)n,
		text + at) < 0)
		desk_refuse(d, rq, EV_CODE_NOT_STORED, _("out of memory"));
	else
		desk_fx_answer(d, rq, EV_CODE_USAGE, why)->owned = why;
	return true;
}

/* The encoding of this name; NULL: there is none that works here, and *why, if
 * there is memory for it, is a sentence that says so. */
static const struct dw_charset *
charset_named(const char *name, size_t len, char **why)
{
	const struct dw_charset *cs = dw_charset_find(name, len);
	int n;

	if (cs == NULL)
		n = asprintf(why, _("which encoding? These are known: %s"),
		    dw_charset_names());
	else if (!dw_charset_works(cs))
		n = asprintf(why, _("this system cannot convert %s"), cs->name);
	else
		return cs;
	if (n < 0)
		*why = NULL;
	return NULL;
}

/* Says a text that is freed with the round. */
static void
say_owned(struct desk *d, const struct desk_request *rq, char *text)
{
	if (text != NULL)
		desk_fx_say(d, rq->conn, text)->owned = text;
	else
		desk_fx_say(d, rq->conn, _(desk_sorry));
}

static void
confirm(struct desk *d, const struct desk_request *rq,
    const struct dw_charset *cs)
{
	char *text;

	if (asprintf(&text, _("From now on this is in %s."), cs->name) < 0)
		text = NULL;
	say_owned(d, rq, text);
}

void
desk_visitor_charset(struct desk *d, const struct desk_request *rq,
    const char *arg, size_t len, struct desk_time now)
{
	struct desk_session *s = rq->conn->session;
	const struct dw_charset *cs;
	char *why;

	if ((cs = charset_named(arg, len, &why)) == NULL) {
		say_owned(d, rq, why);
		return;
	}
	if (s != NULL && s->facts.charsets >= CHANGES_MAX) {
		desk_fx_say(d, rq->conn,
		    _("You have changed it too often in this conversation."));
		return;
	}
	if (s == NULL && (s = desk_session_begin(d, rq->conn, now)) == NULL) {
		desk_fx_say(d, rq->conn, _(desk_sorry));
		return;
	}
	desk_charset_set(d, s, "", cs, now);
	confirm(d, rq, cs);
	desk_fx_conn(d, DESK_FX_SORRY, rq->conn);
}

int
desk_command_charset(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now)
{
	char number[24], *why = NULL;
	size_t len = strcspn(arg, " ");
	const char *name = arg + len + strspn(arg + len, " ");
	const struct dw_charset *cs;
	struct desk_session *s;

	snprintf(number, sizeof number, "%.*s", (int)len, arg);
	if ((s = desk_command_session(d, rq, number)) == NULL)
		return 0;
	if ((cs = charset_named(name, strlen(name), &why)) == NULL) {
		desk_fx_answer(d, rq, EV_CODE_USAGE, why != NULL ? why : "")
		    ->owned = why;
		return 0;
	}
	/* What waits for a classic client's turn was promised as it is. */
	if (s->conn != NULL &&
	    desk_charset_refuses(d, rq, cs, dw_buf_str(&s->conn->turn.held),
		s->conn->turn.held.len))
		return 0;
	desk_charset_set(d, s, rq->who, cs, now);
	desk_fx_done(d, rq);
	return 0;
}
