/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A desk that lets nobody new in and stops when it is empty: exactly who came
 * later is refused, and it stops exactly when the last connection has gone.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "sim.h"

#define DAY_MS (24 * 3600 * INT64_C(1000))

/* "at 17:05": the next one, in UTC; 0: it is another command. */
static int64_t
at_ms(const struct world *w, const char *arg)
{
	int64_t day = w->now.ms / DAY_MS * DAY_MS, ms;
	int hour, minute;

	if (sscanf(arg, "at %d:%d", &hour, &minute) != 2)
		return 0;
	ms = day + (hour * 60 + minute) * INT64_C(60000);
	return ms > w->now.ms ? ms : ms + DAY_MS;
}

static bool
is_empty(const struct world *w)
{
	for (int i = 0; i < CONNS; i++)
		if (w->customers[i].c != NULL && w->customers[i].opened)
			return false;
	return true;
}

void
stop_act(struct world *w, struct console *con, uint64_t sid)
{
	static const char *const args[] = { " when-empty", " when-empty", "",
		" soon" };

	(void)sid;
	/* Most know that they may not. */
	if (team_number(con->name) != 0 && !sim_once_in(w, 20))
		return;
	if (w->stop.at_ms != 0 && sim_once_in(w, 2))
		console_command(w, con, "stop cancel");
	else if (sim_once_in(w, 3))
		console_command(w, con, "stop at %02u:%02u",
		    (unsigned)sim_random(w, 24), (unsigned)sim_random(w, 60));
	else
		console_command(w, con, "stop%s", args[sim_random(w, 4)]);
}

void
stop_expect(struct world *w, struct request *q, const char *arg)
{
	enum ev_code code = EV_CODE_OK;

	if (strcmp(arg, "soon") == 0)
		code = EV_CODE_USAGE;
	else if (*arg != '\0' && (w->draining || w->stop.over))
		code = EV_CODE_STOPPING;
	else if (strcmp(arg, "cancel") == 0 && w->stop.at_ms == 0)
		code = EV_CODE_USAGE;
	q->expected.fate = code == EV_CODE_OK ? FINE : REFUSED;
	q->expected.code = code;
}

/* What is said to all, or by time. */
void
stop_told(struct world *w, bool closing, const char *text)
{
	struct stop *s = &w->stop;

	if (w->phase != TICK) {
		s->told = true;
		s->told_closing = closing;
		s->told_none = text[0] == '\0';
		return;
	}
	if (s->at_ms == 0 || s->begun || !closing || w->now.ms < s->at_ms)
		sim_fail(w, "the desk closes, and nobody has said so");
	if (s->clocks == w->counts.clocks && w->now.ms > s->at_ms + 1000)
		sim_fail(w, "the desk slept past the time of its stop");
	s->begun = true;
	w->rare.stops_begun++;
}

/* A stop that was accepted is told to all, and nothing else is. */
void
stop_answered(struct world *w, const struct request *q,
    const struct desk_answer *a)
{
	struct stop *s = &w->stop;
	const char *arg = q->message.text + strlen("stop");
	bool done = a->code == EV_CODE_OK && *arg != '\0';
	int64_t at;

	if (done != s->told)
		sim_fail(w, "%s is %s", q->message.text,
		    s->told ? "told and not done" : "done and told nobody");
	s->told = false;
	if (!done)
		return;
	at = strcmp(arg, " cancel") == 0 ? 0 : at_ms(w, arg + 1);
	if (strcmp(arg, " when-empty") == 0)
		at = w->now.ms;
	if (s->told_none != (at == 0) ||
	    s->told_closing != (at != 0 && at <= w->now.ms))
		sim_fail(w, "%s is told otherwise", q->message.text);
	w->counts.stops += at != 0;
	w->counts.stops_cancelled += at == 0;
	*s = (struct stop){ .at_ms = at,
		.begun = s->told_closing,
		.clocks = w->counts.clocks };
}

/* Around the decision about somebody who comes. */
void
stop_opened(const struct world *w, struct request *q)
{
	q->late = w->stop.begun && !w->draining;
	if (q->late)
		q->cu->may_end = q->cu->thrown_out = true;
}

void
stop_opened_answered(struct world *w, const struct request *q,
    enum ev_code code)
{
	const struct desk_conn *c = q->cu->c;

	if (!q->late && !w->draining && code == EV_CODE_STOPPING)
		sim_fail(w, "%s is refused by a desk that goes on", c->addr);
	if (!q->late)
		return;
	w->counts.stops_refused++;
	if (q->cu->mode == EV_MODE_CLASSIC ? code == EV_CODE_OK :
					     !c->leaving && !c->ending)
		sim_fail(w, "%s is let in by a desk that closes", c->addr);
}

void
stop_quit(struct world *w)
{
	if (!w->stop.begun || w->stop.over || w->draining || !is_empty(w))
		sim_fail(w, "the desk stops, and nobody has said so");
	w->stop.over = true;
	w->rare.stops_done++;
}

/* Behind each round. */
void
stop_check(const struct world *w)
{
	const struct stop *s = &w->stop;

	if (s->at_ms == 0 || w->draining)
		return;
	if (!s->begun && w->now.ms >= s->at_ms)
		sim_fail(w, "the desk does not close in time");
	if (s->begun && !s->over && is_empty(w))
		sim_fail(w, "a desk that is to stop when it is empty does not");
}
