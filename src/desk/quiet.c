/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A conversation in which nobody has said anything for long is closed, and its
 * customer warned before.  When somebody spoke last, and whether it was warned,
 * is no fact: a desk that is started again has no customers.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "desk/internal.h"

#define MINUTE_MS   60000
#define WARNING_MAX 256

void
desk_quiet_note(struct desk_session *s, const struct ev_event *ev)
{
	if (ev->kind != EV_SAID && ev->kind != EV_REPLY)
		return;
	s->told.words_ms = ev->steady_ms;
	s->told.warned = false;
}

/* Whom an answer is owed, or the delivery of one, may be as quiet as it
 * likes. */
static bool
may_end(const struct desk *d, const struct desk_session *s)
{
	return d->config->quiet_after_ms != 0 &&
	    s->facts.state == EV_STATE_OPEN && !s->facts.gone &&
	    s->conn != NULL && !s->conn->leaving && !s->conn->ending &&
	    !ev_is_owed(&s->facts);
}

int64_t
desk_quiet_wake_ms(const struct desk *d, const struct desk_session *s)
{
	if (!may_end(d, s))
		return DW_NEVER;
	return s->told.warned ?
	    s->told.warned_ms + d->config->quiet_warning_ms :
	    s->told.words_ms + d->config->quiet_after_ms;
}

static void
warning_text(const struct desk *d, char text[WARNING_MAX])
{
	unsigned n = (unsigned)((d->config->quiet_warning_ms + MINUTE_MS - 1) /
	    MINUTE_MS);

	snprintf(text, WARNING_MAX,
	    DW_PLURAL("This conversation ends in %u minute unless you write.",
		"This conversation ends in %u minutes unless you write.", n),
	    n);
}

/* A classic client is told nothing unasked, but it is given the time. */
void
desk_quiet_warn(const struct desk_round *r, const struct desk_effect *fx)
{
	struct desk_session *s = fx->session;
	char text[WARNING_MAX];

	/* Somebody may have said something in the same round. */
	if (s->told.warned || desk_quiet_wake_ms(r->d, s) > r->now.steady_ms)
		return;
	s->told.warned = true;
	s->told.warned_ms = r->now.steady_ms;
	warning_text(r->d, text);
	if (s->conn->mode == EV_MODE_LINE)
		desk_conn_say(r, s->conn, NULL, text, strlen(text), 0);
	desk_wake_update(r->d, s);
}

static void
close_it(struct desk *d, struct desk_session *s, struct desk_time now)
{
	struct ev_event ev = ev_event_of(EV_CLOSED);

	ev.why = EV_WHY_QUIET;
	desk_emit(d, s, ev, now);
	desk_fx_bye(d, DESK_FX_BYE_STORED, s->conn,
	    _("This conversation was closed because nobody wrote. Goodbye."));
}

void
desk_quiet_settle(struct desk *d, struct desk_session *s, struct desk_time now)
{
	if (desk_quiet_wake_ms(d, s) > now.steady_ms)
		return;
	if (s->told.warned)
		close_it(d, s, now);
	else
		desk_effect_add(d, DESK_FX_QUIET)->session = s;
}
