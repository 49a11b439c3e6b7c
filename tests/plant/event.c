/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mistakes of the vocabulary, and of what an event does to a session. */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "event/session.h"
#include "plant.h"

/* What the planted mistake leaves out of an event's doing. */
static void
leave_out(struct ev_session *s, const struct ev_session *before,
    const struct ev_event *ev)
{
	if (PLANTED(waits_since_the_last) && ev->kind == EV_SAID)
		s->waiting_at = s->said_at;
	if (PLANTED(answered_still_waits) && ev->kind == EV_REPLY)
		s->waiting_at = before->waiting_at;
	if (PLANTED(answered_not_open) && ev->kind == EV_REPLY)
		s->state = before->state;
	if (PLANTED(closed_still_waits) && ev->kind == EV_CLOSED)
		s->waiting_at = before->waiting_at;
	if (PLANTED(gone_at_no_time))
		s->gone_ms = 0;
	if (PLANTED(waits_by_the_wall_clock))
		s->waiting_at.steady_ms = s->waiting_ms;
	if (PLANTED(left_unseen) && ev->kind == EV_GONE)
		s->state = before->state;
	if (PLANTED(name_not_taken) && ev->kind == EV_NAME)
		memcpy(s->name, before->name, sizeof s->name);
	if (PLANTED(sent_not_counted))
		s->sent = before->sent;
	if (PLANTED(end_of_input_missed))
		s->eof = false;
	if (PLANTED(newer_event_applied) && ev->kind == EV_UNKNOWN)
		s->in = ev->n;
	if (PLANTED(mode_not_kept))
		s->mode = EV_MODE_LINE;
}

WRAPS(ev_apply);
void
__wrap_ev_apply(struct ev_session *s, const struct ev_event *ev)
{
	struct ev_session before = *s;

	__real_ev_apply(s, ev);
	leave_out(s, &before, ev);
}

WRAPS(ev_waits_since);
struct ev_moment
__wrap_ev_waits_since(const struct ev_session *s)
{
	return PLANTED(silent_one_waits_not) ? s->waiting_at :
					       __real_ev_waits_since(s);
}

WRAPS(ev_value);
unsigned
__wrap_ev_value(const struct ev_words *words, const char *word)
{
	for (unsigned i = 1; PLANTED(word_in_capitals) && i < words->n; i++)
		if (strcasecmp(words->words[i], word) == 0)
			return i;
	return __real_ev_value(words, word);
}

WRAPS(ev_word);
const char *
__wrap_ev_word(const struct ev_words *words, unsigned value)
{
	if (PLANTED(wrong_word) && words == &ev_kinds && value == EV_GONE)
		value = EV_CLOSED;
	return __real_ev_word(words, value);
}

WRAPS(ev_event_of);
struct ev_event
__wrap_ev_event_of(enum ev_kind kind)
{
	struct ev_event ev = __real_ev_event_of(kind);

	if (PLANTED(event_with_null))
		ev.why = NULL;
	return ev;
}
