/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The log of what is said, in the words of the tutorial's servers, each row
 * with the session's number and address.  Customers' text is made harmless by
 * the log itself.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "doors/inside.h"

static void
record_arrived(struct dw_log *log, const struct desk_event *ev, const char *id)
{
	struct sks_addr addr;
	char tuple[SKS_ADDR_TEXT];

	if (sks_addr_parse(ev->addr, 0, &addr) < 0)
		snprintf(tuple, sizeof tuple, "%s", ev->addr);
	else
		sks_addr_format(&addr, SKS_STYLE_PYTHON, tuple, sizeof tuple);
	dw_log(log, _("%s New connection in a thread of its own..."), id);
	dw_log(log, _("%s Customer connected:%s"), id, tuple);
}

/* The words of both are protocol: the tutorial's, in every language. */
static void
record_text(struct dw_log *log, const struct desk_event *ev, const char *id,
    const char *what)
{
	char stamp[DW_CLOCK_STAMP], before[DESK_ADDR_SIZE + 128];

	dw_clock_stamp(ev->t_ms, stamp);
	snprintf(before, sizeof before, "%s Server %s %s - ", id, what, stamp);
	dw_log_bytes(log, before, ev->body, ev->len);
}

static void
record_said(struct dw_log *log, const struct desk_event *ev, const char *id)
{
	record_text(log, ev, id, "received ==>");
	dw_log(log, _("%s Please reply to the customer:"), id);
}

static void
record_reply(struct dw_log *log, const struct desk_event *ev, const char *id)
{
	record_text(log, ev, id, "send -->");
}

static void
record_end(struct dw_log *log, const struct desk_event *ev, const char *id)
{
	const char *addr = strchr(id, ' ') + 1;

	dw_log(log, _("%s Connection closed (%s)"), id, ev->why);
	dw_log(log, _("%s Disconnected from customer %s"), id, addr);
}

void
door_record(struct door *door, const struct desk_event *ev,
    const struct desk_session *s)
{
	static void (*const record[DESK_EV_KINDS])(struct dw_log *,
	    const struct desk_event *, const char *) = {
		[DESK_EV_ARRIVED] = record_arrived,
		[DESK_EV_SAID] = record_said,
		[DESK_EV_REPLY] = record_reply,
		[DESK_EV_CLOSED] = record_end,
		[DESK_EV_GONE] = record_end,
	};
	char id[DESK_ADDR_SIZE + 32];

	if (door->config->talk == NULL || record[ev->ev] == NULL || s == NULL)
		return;
	snprintf(id, sizeof id, "[%llu] %s", (unsigned long long)ev->sid,
	    s->facts.addr);
	record[ev->ev](door->config->talk, ev, id);
}
