/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a customer who waits is told of the line: that it was received, its
 * place, that it is next, that somebody will come, and who answers it.
 *
 * What it was told is no fact, but changes when it is told, so when a round is
 * published.  What it is told is how the line stands then, whatever else the
 * round has done to it; so each of these looks first whether there is still
 * something to say.  A classic client is told nothing unasked.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "desk/internal.h"

#define COME_MS  60000 /* unanswered for so long */
#define TEXT_MAX 512

/* ---- what it was told ---- */

/* As it counts while these words wait: nothing, when what it was told was of
 * others. */
static struct desk_told
told_now(const struct desk_session *s)
{
	struct desk_told t = s->told;

	if (t.spell != s->facts.waiting_at.seq) {
		t.spell = s->facts.waiting_at.seq;
		t.looked_ms = s->facts.waiting_at.steady_ms;
		t.place = t.owner = 0;
		t.come = false;
	}
	return t;
}

/* FNV-1a; 0 is nobody. */
static uint32_t
name_hash(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return hash | 1;
}

static bool
is_heard(const struct desk_session *s)
{
	return desk_session_is_open(s) && s->conn != NULL &&
	    s->conn->mode == EV_MODE_LINE && !s->conn->leaving &&
	    !s->conn->ending && s->conn->cut_why == NULL;
}

static bool
is_in_line(const struct desk_session *s)
{
	return is_heard(s) && dw_order_has(&s->in_line);
}

static int64_t
come_ms(const struct desk_session *s)
{
	return s->facts.waiting_at.steady_ms + COME_MS;
}

int64_t
desk_queue_wake_ms(const struct desk *d, const struct desk_session *s)
{
	struct desk_told t = told_now(s);
	int64_t ms = DW_NEVER;

	if (!is_in_line(s))
		return DW_NEVER;
	if (d->config->place_every_ms != 0)
		ms = t.looked_ms + d->config->place_every_ms;
	if (!t.come && come_ms(s) > t.looked_ms)
		ms = dw_clock_sooner(ms, come_ms(s));
	return ms;
}

/* ---- the name that customers see ---- */

const char *
desk_shown_name(const struct desk *d, const char *who)
{
	const struct desk_person *p = desk_person_find(d, who);

	if (p == NULL)
		return who;
	DW_LIST_EACH(n, &p->consoles) {
		const struct desk_console *con =
		    DW_LIST_OF(n, struct desk_console, node);

		if (con->as[0] != '\0')
			return con->as;
	}
	return who;
}

/* ---- telling it, in a round that is published ---- */

static void
say(const struct desk_round *r, const struct desk_session *s, const char *text)
{
	desk_conn_say(r, s->conn, NULL, text, strlen(text), 0);
}

static void
keep_told(const struct desk_round *r, struct desk_session *s,
    const struct desk_told *t)
{
	s->told = *t;
	s->told.looked_ms = r->now.steady_ms;
	desk_wake_update(r->d, s);
}

/* n: which of its messages that is. */
static void
received_text(const struct desk_round *r, const struct desk_session *s,
    struct desk_told *t, char text[TEXT_MAX])
{
	char waited[TEXT_MAX / 2];

	t->place = desk_place(r->d, s).at;
	desk_estimate_text(r->d, r->now, waited, sizeof waited);
	if (t->place == 1)
		snprintf(text, TEXT_MAX, "%s%s",
		    _("Received. You are next; somebody will answer here."),
		    waited);
	else
		snprintf(text, TEXT_MAX,
		    _("Received. You are number %u in line; /place says it "
		      "again.%s"),
		    t->place, waited);
}

void
desk_queue_received(const struct desk_round *r, const struct desk_effect *fx)
{
	struct desk_session *s = fx->session;
	struct desk_told t = told_now(s);
	char text[TEXT_MAX];

	if (is_in_line(s) && t.place == 0) {
		received_text(r, s, &t, text);
		say(r, s, text);
		keep_told(r, s, &t);
	} else if (!is_in_line(s) && is_heard(s) &&
	    r->d->events[fx->event].n == 1) {
		say(r, s, _("Received. Somebody will answer here."));
	}
}

static void
number_text(unsigned place, char text[TEXT_MAX])
{
	if (place == 1)
		snprintf(text, TEXT_MAX, "%s", _("You are next."));
	else
		snprintf(text, TEXT_MAX, _("You are number %u now."), place);
}

static void
come_text(unsigned place, char text[TEXT_MAX])
{
	if (place == 1)
		snprintf(text, TEXT_MAX, "%s",
		    _("Somebody will come; you are next."));
	else
		snprintf(text, TEXT_MAX,
		    _("Somebody will come; you are number %u in line."), place);
}

/* Its place is another one than it was told, or it has heard nothing for a
 * while. */
static void
look_text(const struct desk_round *r, const struct desk_session *s,
    struct desk_told *t, char text[TEXT_MAX])
{
	unsigned place = desk_place(r->d, s).at;

	if (!t->come && r->now.steady_ms >= come_ms(s)) {
		t->come = true;
		come_text(place, text);
	} else if (t->place != 0 && place > t->place) {
		snprintf(text, TEXT_MAX,
		    _("A customer who came before you is back in line: you are "
		      "number %u."),
		    place);
	} else if (place != t->place) {
		number_text(place, text);
	}
	t->place = place;
}

void
desk_queue_look(const struct desk_round *r, const struct desk_effect *fx)
{
	struct desk_session *s = fx->session;
	struct desk_told t = told_now(s);
	char text[TEXT_MAX] = "";

	if (desk_queue_wake_ms(r->d, s) > r->now.steady_ms)
		return;
	if (desk_on_duty(r->d, r->now))
		look_text(r, s, &t, text);
	if (text[0] != '\0')
		say(r, s, text);
	keep_told(r, s, &t);
}

void
desk_queue_next(const struct desk_round *r, const struct desk_effect *fx)
{
	struct desk_session *s = fx->session;
	struct desk_told t = told_now(s);

	if (!is_in_line(s) || t.place == 1 || desk_place(r->d, s).at != 1 ||
	    !desk_on_duty(r->d, r->now))
		return;
	t.place = 1;
	say(r, s, _("You are next."));
	keep_told(r, s, &t);
}

/* Who answered it does not any more. */
void
desk_queue_again(const struct desk_round *r, const struct desk_effect *fx)
{
	struct desk_session *s = fx->session;
	struct desk_told t = told_now(s);
	char text[TEXT_MAX];

	if (!is_in_line(s))
		return;
	t.owner = t.place = 0;
	if (desk_on_duty(r->d, r->now)) {
		t.place = desk_place(r->d, s).at;
		snprintf(text, sizeof text,
		    _("You are number %u in line again."), t.place);
	} else {
		desk_nobody_text(r->d, false, r->now, text, sizeof text);
	}
	say(r, s, text);
	keep_told(r, s, &t);
}

/* Somebody answers it from now on.  With an answer that is no news, and of one
 * that was passed on to a colleague it is told there. */
void
desk_queue_taken(const struct desk_round *r, const struct desk_effect *fx)
{
	const struct ev_event *ev = &r->d->events[fx->event];
	struct desk_session *s = fx->session;
	struct desk_told t = told_now(s);
	bool told = strcmp(ev->why, EV_WHY_ANSWER) == 0 ||
	    strcmp(ev->why, EV_WHY_ACCEPTED) == 0;
	uint32_t owner = name_hash(s->facts.owner);
	char text[TEXT_MAX];

	if (!is_heard(s) || !ev_is_owned_by(&s->facts, ev->who) ||
	    t.owner == owner)
		return;
	t.owner = owner;
	s->told = t;
	if (told || s->facts.waiting_at.seq == 0)
		return;
	snprintf(text, sizeof text, _("%s is answering you now."),
	    desk_shown_name(r->d, s->facts.owner));
	say(r, s, text);
}

/* ---- when ---- */

static void
add(struct desk *d, enum desk_fx kind, struct desk_session *s, size_t event)
{
	struct desk_effect *fx = desk_effect_add(d, kind);

	fx->session = s;
	fx->event = event;
}

void
desk_queue_note(struct desk *d, struct desk_session *s, size_t event,
    int64_t since_ms, struct desk_time now)
{
	const struct ev_event *ev = &d->events[event];

	if (since_ms != DW_NEVER &&
	    (ev->kind == EV_CLAIM || ev->kind == EV_REPLY))
		desk_estimate_note(d, since_ms, now);
	if ((ev->kind == EV_GONE ||
		(ev->kind == EV_CLOSED && !s->facts.gone)) &&
	    strcmp(ev->why, EV_WHY_FLOOD) == 0)
		add(d, DESK_FX_FLOOD, s, event);
	if (ev->kind == EV_CLAIM)
		add(d, DESK_FX_TAKEN, s, event);
	if (ev->kind == EV_FREE && dw_order_has(&s->in_line))
		add(d, DESK_FX_AGAIN, s, event);
}

void
desk_queue_said(struct desk *d, struct desk_session *s, size_t event)
{
	if (s->facts.waiting_at.seq == d->events[event].seq)
		add(d, DESK_FX_RECEIVED, s, event);
}

void
desk_queue_settle(struct desk *d, struct desk_session *s, struct desk_time now)
{
	if (desk_queue_wake_ms(d, s) <= now.steady_ms)
		add(d, DESK_FX_LOOK, s, 0);
}

void
desk_queue_settle_head(struct desk *d, struct desk_time now)
{
	struct dw_order_node *first;
	struct desk_session *s;

	if (!d->line_changed)
		return;
	if (desk_reserve(d, 0, 1) < 0) {
		d->retry_ns = now.ns + d->config->retry_ns;
		return;
	}
	d->line_changed = false;
	if ((first = dw_order_first(&d->line)) == NULL)
		return;
	s = DW_LIST_OF(first, struct desk_session, in_line);
	if (is_in_line(s) && told_now(s).place != 1 && desk_on_duty(d, now))
		add(d, DESK_FX_NEXT, s, 0);
}

/* ---- what a classic client reads instead of an answer ---- */

void
desk_queue_holding(const struct desk_round *r, const struct desk_conn *c,
    char *buf, size_t size)
{
	const struct desk_session *s = c->session;
	unsigned place = desk_place(r->d, s).at;

	if (s != NULL && s->facts.kept_at.steady_ms > r->now.steady_ms)
		snprintf(buf, size, "%s",
		    _("Please wait, somebody is looking into it."));
	else if (place != 0 && desk_on_duty(r->d, r->now))
		snprintf(buf, size,
		    _("Please wait, you are number %u in line."), place);
	else
		snprintf(buf, size, "%s",
		    _("Please wait, an operator will answer soon."));
}
