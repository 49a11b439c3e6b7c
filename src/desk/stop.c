/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A desk that is to stop without ending a conversation: from a moment on nobody
 * new is let in, and when nobody is connected any more it does what /quit does.
 * Nothing of it is stored: a desk that is started again goes on.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "desk/hours.h"
#include "desk/internal.h"

/* Somebody may set the wall clock, or the machine sleep: it is looked at again
 * after so long. */
#define LOOK_NS (60 * DW_SECOND)

bool
desk_is_closing(const struct desk *d)
{
	return d->draining || d->stop.begun;
}

const char *
desk_closing_text(const struct desk *d)
{
	return d->draining ? _("This desk is closing.") :
			     _("The desk is closing and takes nobody new; "
			       "please come back later.");
}

void
desk_stop_text(const struct desk *d, struct desk_time now,
    char buf[DESK_STOP_TEXT])
{
	const struct desk_stop *stop = &d->stop;
	char when[DESK_WHEN_MAX];

	if (stop->at_ms == 0) {
		buf[0] = '\0';
	} else if (stop->begun) {
		snprintf(buf, DESK_STOP_TEXT,
		    _("the desk closes, as %s has said: nobody new is let in, "
		      "and it stops when the last customer has gone; /stop "
		      "cancel ends that"),
		    stop->who);
	} else {
		desk_when_text(stop->at_ms, now, when);
		snprintf(buf, DESK_STOP_TEXT,
		    _("the desk closes %s, as %s has said: nobody new is let "
		      "in from then on, and it stops when the last customer "
		      "has gone; /stop cancel ends that"),
		    when, stop->who);
	}
}

static void
tell(const struct desk_round *r)
{
	char text[DESK_STOP_TEXT];

	desk_stop_text(r->d, r->now, text);
	r->sink->stopping(r->arg, r->d->stop.begun, text);
}

/* When the clock on the wall is to be looked at again. */
static void
schedule(struct desk *d, struct desk_time now)
{
	int64_t left_ms = d->stop.at_ms - now.ms;

	if (d->stop.at_ms == 0 || d->stop.begun)
		d->stop.due_ns = DW_NEVER;
	else if (left_ms < LOOK_NS / DW_MS)
		d->stop.due_ns = now.ns + left_ms * DW_MS;
	else
		d->stop.due_ns = now.ns + LOOK_NS;
}

/* Of a round that failed as well: nothing of it was to be stored. */
void
desk_stop_change(const struct desk_round *r, const struct desk_effect *fx)
{
	struct desk_stop *stop = &r->d->stop;

	memset(stop, 0, sizeof *stop);
	stop->at_ms = fx->ms;
	stop->begun = stop->at_ms != 0 && r->now.ms >= stop->at_ms;
	snprintf(stop->who, sizeof stop->who, "%s", fx->text);
	schedule(r->d, r->now);
	tell(r);
}

void
desk_stop_tick(const struct desk_round *r)
{
	struct desk_stop *stop = &r->d->stop;

	if (stop->at_ms == 0 || stop->over || r->d->draining)
		return;
	if (!stop->begun && r->now.ms >= stop->at_ms) {
		stop->begun = true;
		tell(r);
	}
	schedule(r->d, r->now);
	if (!stop->begun || !dw_list_empty(&r->d->conns))
		return;
	stop->over = true;
	r->sink->quit(r->arg);
}

int64_t
desk_stop_due(const struct desk *d)
{
	return d->stop.at_ms == 0 || d->draining ? DW_NEVER : d->stop.due_ns;
}

static int
change(struct desk *d, const struct desk_request *rq, int64_t at_ms)
{
	struct desk_effect *fx;

	if (d->draining || d->stop.over)
		return desk_refuse(d, rq, EV_CODE_STOPPING,
		    _("the desk says goodbye to everybody already"));
	if (at_ms == 0 && d->stop.at_ms == 0)
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("the desk does not close: there is nothing to cancel"));
	fx = desk_effect_add(d, DESK_FX_STOP);
	fx->ms = at_ms;
	fx->text = rq->who;
	desk_fx_done(d, rq)->stands = true;
	return 0;
}

static int
show(struct desk *d, const struct desk_request *rq, struct desk_time now)
{
	char text[DESK_STOP_TEXT];

	desk_stop_text(d, now, text);
	desk_fx_answer_owned(d, rq, EV_CODE_OK,
	    text[0] != '\0' ? strdup(text) : NULL,
	    _("the desk goes on; /stop when-empty lets nobody new in and stops "
	      "it when the last customer has gone, /stop at 18:00 begins that "
	      "then"))
	    ->stands = true;
	return 0;
}

int
desk_command_stop(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now)
{
	int64_t at_ms;

	if (*arg == '\0')
		return show(d, rq, now);
	if (strcmp(arg, "cancel") == 0)
		return change(d, rq, 0);
	if (strcmp(arg, "when-empty") == 0)
		return change(d, rq, now.ms);
	if (strncmp(arg, "at ", 3) == 0 &&
	    (at_ms = desk_hours_at(arg + 3 + strspn(arg + 3, " "), now.ms)) !=
		0)
		return change(d, rq, at_ms);
	return desk_refuse(d, rq, EV_CODE_USAGE,
	    _("say /stop when-empty, /stop at 18:00, /stop cancel, or /stop "
	      "alone to see what holds"));
}
