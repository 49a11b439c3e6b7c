/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each kind of event does to the facts of its session.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "event/session.h"

#define NO_TEXT "\xef\xbf\xbd" /* U+FFFD */

static struct ev_moment
moment_of(const struct ev_event *ev)
{
	return (struct ev_moment){ ev->seq, ev->steady_ms };
}

static void
arrived(struct ev_session *s, const struct ev_event *ev)
{
	s->sid = ev->sid;
	s->state = EV_STATE_WAITING;
	s->mode = ev->mode;
	s->began_ms = ev->t_ms;
	s->began_at = moment_of(ev);
	snprintf(s->addr, sizeof s->addr, "%s", ev->addr);
	snprintf(s->name, sizeof s->name, "%s", ev->who);
}

/* The length of the character that text begins with; 0: it begins with none. */
static size_t
character(const char *text, size_t len)
{
	for (size_t n = 1; n <= 4 && n <= len && text[0] != '\0'; n++)
		if (dw_text_valid(text, n) == n)
			return n;
	return 0;
}

static void
keep_words(char words[EV_WORDS_SIZE], const char *text, size_t len)
{
	size_t at = 0, take, put;
	const char *from;

	for (; len > 0; text += take, len -= take, at += put) {
		put = take = character(text, len);
		from = text;
		if (take == 0) {
			from = NO_TEXT;
			put = strlen(NO_TEXT);
			take = 1;
		}
		if (at + put >= EV_WORDS_SIZE)
			break;
		memcpy(words + at, from, put);
	}
	words[at] = '\0';
}

static void
said(struct ev_session *s, const struct ev_event *ev)
{
	s->in = ev->n;
	s->unanswered++;
	s->said_ms = ev->t_ms;
	s->said_at = moment_of(ev);
	keep_words(s->words, ev->body, ev->len);
	if (s->waiting_at.seq == 0) {
		s->waiting_ms = ev->t_ms;
		s->waiting_at = s->said_at;
	}
	if ((ev->flags & EV_FLAG_UNATTENDED) != 0)
		s->unattended = true;
}

static void
waits_no_more(struct ev_session *s)
{
	s->waiting_ms = 0;
	s->waiting_at = (struct ev_moment){ 0, 0 };
}

static void
replied(struct ev_session *s, const struct ev_event *ev)
{
	s->out = ev->n;
	waits_no_more(s);
	s->unanswered = 0;
	s->unattended = false;
	s->state = EV_STATE_OPEN;
	snprintf(s->by, sizeof s->by, "%s", ev->who);
}

static void
gone(struct ev_session *s, const struct ev_event *ev)
{
	s->gone = true;
	s->gone_ms = ev->t_ms;
	s->gone_at = moment_of(ev);
	if (ev_is_owed(s))
		s->state = EV_STATE_LEFT;
}

static void
closed(struct ev_session *s)
{
	s->state = EV_STATE_CLOSED;
	waits_no_more(s);
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
	case EV_ERASED:
	case EV_UNKNOWN:
		break;
	}
}

bool
ev_is_owed(const struct ev_session *s)
{
	return s->waiting_at.seq != 0 || s->sent < s->out;
}

struct ev_moment
ev_waits_since(const struct ev_session *s)
{
	if (s->waiting_at.seq != 0)
		return s->waiting_at;
	return s->state == EV_STATE_WAITING ? s->began_at :
	    s->state == EV_STATE_LEFT       ? s->gone_at :
					      s->waiting_at;
}

bool
ev_waits(const struct ev_session *s)
{
	return ev_waits_since(s).seq != 0;
}
