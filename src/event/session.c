/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each kind of event does to the facts of its session.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "event/session.h"

#define NO_TEXT    "\xef\xbf\xbd" /* U+FFFD */
#define LAST_BYTES 512            /* of a message, in which its words are */

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

static void
keep_words(char words[EV_WORDS_SIZE], const char *text, size_t len)
{
	size_t at = 0, take, put;
	const char *from;

	for (; len > 0; text += take, len -= take, at += put) {
		/* Words are a string: a NUL is no character of them. */
		put = take = text[0] != '\0' ? dw_text_first(text, len) : 0;
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

/* Without memory for its text the message has no words. */
static void
keep_last_words(struct ev_session *s, const struct ev_event *ev)
{
	struct dw_buf text = DW_BUF_INITIALIZER;
	size_t len = ev->len < LAST_BYTES ? ev->len : LAST_BYTES;

	if (dw_charset_decode(&text, s->charset, ev->body, len) < 0)
		dw_buf_reset(&text);
	keep_words(s->words, dw_buf_str(&text), text.len);
	dw_buf_fini(&text);
}

static void
said(struct ev_session *s, const struct ev_event *ev)
{
	s->in = ev->n;
	s->unanswered++;
	s->said_ms = ev->t_ms;
	s->said_at = moment_of(ev);
	keep_last_words(s, ev);
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
wrote_in(struct ev_session *s, const struct ev_event *ev)
{
	const struct dw_charset *cs = dw_charset_find(ev->why, strlen(ev->why));

	s->charsets++;
	if (cs != NULL)
		s->charset = cs;
	if (strstr(s->words, NO_TEXT) != NULL)
		s->words[0] = '\0';
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
offered_no_more(struct ev_session *s)
{
	s->offered[0] = '\0';
	s->offered_ms = 0;
	s->offered_at = (struct ev_moment){ 0, 0 };
}

static void
owned_no_more(struct ev_session *s)
{
	s->owner[0] = '\0';
	s->owned_ms = s->kept_ms = 0;
	s->owned_at = s->kept_at = (struct ev_moment){ 0, 0 };
	offered_no_more(s);
}

static void
claimed(struct ev_session *s, const struct ev_event *ev)
{
	owned_no_more(s);
	snprintf(s->owner, sizeof s->owner, "%s", ev->who);
	s->owned_ms = ev->t_ms;
	s->owned_at = moment_of(ev);
}

static void
offered(struct ev_session *s, const struct ev_event *ev)
{
	snprintf(s->offered, sizeof s->offered, "%s", ev->why);
	s->offered_ms = ev->t_ms;
	s->offered_at = moment_of(ev);
}

static void
kept(struct ev_session *s, const struct ev_event *ev)
{
	int64_t ms = (int64_t)ev->n * 1000;

	s->kept_ms = ev->t_ms + ms;
	s->kept_at = (struct ev_moment){ ev->seq, ev->steady_ms + ms };
}

/* The latest ones; a link that is made again is the latest. */
static void
same(struct ev_session *s, const struct ev_event *ev)
{
	size_t n = 0;

	for (size_t i = 0; i < EV_SAME_MAX; i++)
		if (s->same[i] != 0 && s->same[i] != ev->n)
			s->same[n++] = s->same[i];
	if (strcmp(ev->why, EV_WHY_UNDONE) != 0) {
		if (n == EV_SAME_MAX)
			memmove(s->same, s->same + 1, --n * sizeof s->same[0]);
		s->same[n++] = ev->n;
	}
	while (n < EV_SAME_MAX)
		s->same[n++] = 0;
}

static void
closed(struct ev_session *s)
{
	s->state = EV_STATE_CLOSED;
	s->reopened = false;
	waits_no_more(s);
	owned_no_more(s);
}

/* Its customer has gone long ago: who wants to answer it finds it among those
 * who left.  Who had it then has forgotten it. */
static void
reopened(struct ev_session *s, const struct ev_event *ev)
{
	s->state = EV_STATE_LEFT;
	s->reopened = s->gone = true;
	s->gone_ms = ev->t_ms;
	s->gone_at = moment_of(ev);
	owned_no_more(s);
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
	case EV_CHARSET:
		wrote_in(s, ev);
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
	case EV_CLAIM:
		claimed(s, ev);
		break;
	case EV_FREE:
		owned_no_more(s);
		break;
	case EV_OFFER:
		offered(s, ev);
		break;
	case EV_DECLINED:
		offered_no_more(s);
		break;
	case EV_KEEP:
		kept(s, ev);
		break;
	case EV_NOTE:
		s->notes++;
		break;
	case EV_SAME:
		same(s, ev);
		break;
	case EV_REOPENED:
		reopened(s, ev);
		break;
	case EV_ON:
	case EV_OFF:
	case EV_UDP:
	case EV_UDP_REPLY:
	case EV_UDP_SENT:
	case EV_MSG:
	case EV_AWAY:
	case EV_BACK:
	case EV_BAN:
	case EV_UNBAN:
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

bool
ev_is_owned_by(const struct ev_session *s, const char *who)
{
	return s->owner[0] != '\0' && strcmp(s->owner, who) == 0;
}
