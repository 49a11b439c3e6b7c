/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "service/frames.h"

struct wire_event
svc_wire_event(const struct desk_event *ev)
{
	struct wire_event w = { .seq = ev->seq,
		.sid = ev->sid,
		.n = ev->n,
		.t_ms = ev->t_ms,
		.flags = ev->flags,
		.ev = desk_ev_word(ev->ev),
		.who = ev->who,
		.mode = ev->mode,
		.addr = ev->addr,
		.why = ev->why,
		.body = ev->body,
		.len = ev->len };

	return w;
}

struct wire_session
svc_wire_session(const struct desk_session *s)
{
	const struct desk_facts *f = &s->facts;
	struct wire_session w = { .sid = f->sid,
		.in = f->in,
		.out = f->out,
		.sent = f->sent,
		.state = desk_state_word(f->state),
		.mode = desk_mode_word(f->mode),
		.name = f->name,
		.addr = f->addr,
		.eof = f->eof,
		.gone = f->gone,
		.waiting_ms = f->waiting_ms,
		.began_ms = f->began_ms };

	return w;
}
