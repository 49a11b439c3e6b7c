/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each kind of event does to the facts of its session.
 */
#include "config.h"

#include <assert.h>
#include <stdio.h>

#include "event/session.h"

static void
arrived(struct ev_session *s, const struct ev_event *ev)
{
	s->sid = ev->sid;
	s->state = EV_STATE_WAITING;
	s->mode = ev->mode;
	s->began_ms = ev->t_ms;
	snprintf(s->addr, sizeof s->addr, "%s", ev->addr);
	snprintf(s->name, sizeof s->name, "%s", ev->who);
}

static void
said(struct ev_session *s, const struct ev_event *ev)
{
	s->in = ev->n;
	if (s->waiting_ms == 0)
		s->waiting_ms = ev->t_ms;
	if ((ev->flags & EV_FLAG_UNATTENDED) != 0)
		s->state = EV_STATE_UNATTENDED;
}

static void
replied(struct ev_session *s, const struct ev_event *ev)
{
	s->out = ev->n;
	s->waiting_ms = 0;
	s->state = EV_STATE_OPEN;
}

static void
gone(struct ev_session *s, const struct ev_event *ev)
{
	s->gone = true;
	s->gone_ms = ev->t_ms;
}

static void
closed(struct ev_session *s)
{
	s->state = EV_STATE_CLOSED;
	s->waiting_ms = 0;
}

void
ev_apply(struct ev_session *s, const struct ev_event *ev)
{
	switch (ev->kind) {
	case EV_ARRIVED:
		arrived(s, ev);
		break;
	case EV_SAID:
		said(s, ev);
		break;
	case EV_REPLY:
		replied(s, ev);
		break;
	case EV_SENT:
		s->sent = ev->n;
		break;
	case EV_NAME:
		snprintf(s->name, sizeof s->name, "%s", ev->who);
		break;
	case EV_EOF:
		s->eof = true;
		break;
	case EV_GONE:
		gone(s, ev);
		break;
	case EV_CLOSED:
		closed(s);
		break;
	case EV_ON:
	case EV_OFF:
	case EV_UDP:
	case EV_UDP_REPLY:
	case EV_UDP_SENT:
	case EV_UNKNOWN:
		break;
	}
}

int64_t
ev_waits_since(const struct ev_session *s)
{
	return s->waiting_ms == 0 && s->state == EV_STATE_WAITING ?
	    s->began_ms :
	    s->waiting_ms;
}
