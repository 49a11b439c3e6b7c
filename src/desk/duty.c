/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a customer is told when nobody is there to answer: when somebody will
 * be, if the hours say it.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "desk/hours.h"
#include "desk/internal.h"

void
desk_when_text(int64_t ms, struct desk_time now, char buf[DESK_WHEN_MAX])
{
	time_t opens = (time_t)(ms / 1000), at = (time_t)(now.ms / 1000);
	struct tm tm, today;
	size_t n;

	buf[0] = '\0';
	if (localtime_r(&opens, &tm) == NULL ||
	    localtime_r(&at, &today) == NULL)
		return;
	/* TRANSLATORS: strftime(3): when something is to be, such as that
	 * somebody is here: today, and on another day. */
	if (tm.tm_year == today.tm_year && tm.tm_yday == today.tm_yday)
		n = strftime(buf, DESK_WHEN_MAX, _("at %H:%M"), &tm);
	else
		n = strftime(buf, DESK_WHEN_MAX, _("on %a %-d %b at %H:%M"),
		    &tm);
	if (n == 0)
		buf[0] = '\0';
}

/* "": the hours do not say, or it is not for them that nobody is here. */
static void
opens_text(const struct desk *d, struct desk_time now, char buf[DESK_WHEN_MAX])
{
	const struct desk_hours *h = d->config->hours;
	int64_t ms;

	buf[0] = '\0';
	if (h == NULL || desk_hours_open(h, now.ms))
		return;
	if ((ms = desk_hours_next(h, now.ms)) != 0)
		desk_when_text(ms, now, buf);
}

bool
desk_is_left_alone(const struct desk *d, const struct desk_session *s,
    struct desk_time now)
{
	return !desk_on_duty(d, now) &&
	    (s == NULL || !desk_is_present(d, s->facts.owner));
}

void
desk_nobody_text(const struct desk *d, bool said, struct desk_time now,
    char *buf, size_t size)
{
	const char *own = d->config->nobody_on_duty;
	char when[DESK_WHEN_MAX];

	opens_text(d, now, when);
	if (own != NULL && when[0] == '\0')
		snprintf(buf, size, "%s", own);
	else if (own != NULL)
		snprintf(buf, size, _("%s Somebody will be here %s."), own,
		    when);
	else if (when[0] == '\0')
		snprintf(buf, size, "%s",
		    said ? _("Nobody is on duty right now; your message is "
			     "kept.") :
			   _("Nobody is on duty right now; what you write is "
			     "kept."));
	else
		snprintf(buf, size,
		    said ? _("Nobody is on duty right now; somebody will be "
			     "here %s. Your message is kept.") :
			   _("Nobody is on duty right now; somebody will be "
			     "here %s. What you write is kept."),
		    when);
}

void
desk_fx_nobody(struct desk *d, struct desk_conn *c, bool said,
    struct desk_time now)
{
	char text[DESK_NOBODY_MAX], *copy;

	desk_nobody_text(d, said, now, text, sizeof text);
	if ((copy = strdup(text)) != NULL)
		desk_fx_say(d, c, copy)->owned = copy;
}
