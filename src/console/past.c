/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows of the past: which ones are asked for, and the head, the dates and the
 * foot that keep them apart from what happens now.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "console/internal.h"

#define UNREAD_MOST   200 /* rows that selecting shows */
#define READ_ROWS     3   /* when nothing is unread */
#define HISTORY_COUNT 20

/* Asks for `count` messages of the session before the event `before`. */
static struct con_request *
ask_past(struct con *con, uint64_t sid, unsigned count, uint64_t before)
{
	struct con_request *rq;
	char text[96];

	snprintf(text, sizeof text, "history %" PRIu64 " %u %" PRIu64, sid,
	    count, before);
	if ((rq = con_ask_desk(con, text)) != NULL)
		rq->sid_past = sid;
	return rq;
}

void
con_past_unread(struct con *con, const struct con_session *s)
{
	unsigned rows = s->rows > 0 ? s->rows : READ_ROWS;
	struct con_request *rq;

	/* The first words come as they are said. */
	if (s->facts.in + s->facts.out == 0)
		return;
	/* What comes from now on is shown as it comes. */
	rq = ask_past(con, s->facts.sid,
	    rows < UNREAD_MOST ? rows : UNREAD_MOST, con->board.mirror.seq + 1);
	if (rq == NULL)
		return;
	rq->past = CON_PAST_UNREAD;
	rq->unread = s->unread;
}

void
con_past_history(struct con *con, uint64_t sid, unsigned count)
{
	struct con_again *again = &con->again;
	bool on = again->what == CON_AGAIN_HISTORY && again->sid == sid &&
	    (count == 0 || again->count == count);
	struct con_request *rq;

	if (!on) {
		again->before = con->board.mirror.seq + 1;
		again->count = count > 0 ? count : HISTORY_COUNT;
		again->sid = sid;
		again->what = CON_AGAIN_HISTORY;
	}
	if ((rq = ask_past(con, sid, again->count, again->before)) != NULL)
		rq->past = CON_PAST_HISTORY;
}

/* ---- showing ---- */

static void
say_head(struct con *con, const struct con_request *rq,
    const struct con_item *item)
{
	char label[CON_LABEL_MAX];
	unsigned shown = (unsigned)item->count;

	con_mirror_label(&con->board.mirror, rq->sid_past, label);
	if (rq->past == CON_PAST_HISTORY)
		con_say(con, _("--- %s, messages %lu to %lu ---"), label,
		    (unsigned long)(item->first_n + 1),
		    (unsigned long)(item->first_n + item->count));
	else if (rq->past == CON_PAST_NONE)
		con_say(con, _("--- udp, the last %u ---"), shown);
	else if (rq->unread == 0)
		con_say(con, _("--- %s, nothing unread, the last %u ---"),
		    label, shown);
	else if (rq->unread > shown)
		con_say(con, _("--- %s, %u unread, the last %u ---"), label,
		    rq->unread, shown);
	else
		con_say(con, _("--- %s, %u unread ---"), label, rq->unread);
}

/* The day of a time, as one number that is equal on one day only. */
static int
day_of(int64_t ms, struct tm *tm)
{
	time_t t = (time_t)(ms / 1000);

	if (localtime_r(&t, tm) == NULL)
		return 0;
	return tm->tm_year * 366 + tm->tm_yday;
}

void
con_past_begin(struct con *con, const struct con_item *item)
{
	const struct con_request *rq =
	    con_pending_find(&con->pending, item->frame_id);
	struct tm tm;

	if (rq == NULL || rq->past == CON_PAST_ENDED)
		return;
	con->past_day = day_of(dw_clock_wall_ms(), &tm);
	say_head(con, rq, item);
	/* After more unread ones than were shown /history goes on with them. */
	if (rq->past == CON_PAST_UNREAD && rq->unread > item->count) {
		con->again = (struct con_again){ .what = CON_AGAIN_HISTORY,
			.sid = rq->sid_past,
			.count = HISTORY_COUNT };
	}
	if (con->again.what == CON_AGAIN_HISTORY &&
	    con->again.sid == rq->sid_past && rq->past != CON_PAST_NONE)
		con->again.before = item->first_seq;
}

void
con_past_day(struct con *con, int64_t t_ms)
{
	struct tm tm;
	int day = day_of(t_ms, &tm);
	char date[32];

	if (day == con->past_day || day == 0 ||
	    strftime(date, sizeof date, "%Y-%m-%d", &tm) == 0)
		return;
	con->past_day = day;
	con_say(con, "--- %s ---", date);
}

void
con_past_end(struct con *con, const struct con_request *rq,
    const struct wire_frame *answer)
{
	unsigned long earlier = (unsigned long)answer->n;

	if (rq->past == CON_PAST_ENDED)
		con_ended_done(con);
	else if (rq->past == CON_PAST_NONE)
		con_say(con, _("--- end ---"));
	else if (earlier > 0)
		con_say(con, _("--- end; %lu earlier, /history shows them ---"),
		    earlier);
	else
		con_say(con, _("--- end; nothing is earlier ---"));
	/* The next /history begins with the newest again. */
	if (rq->past == CON_PAST_HISTORY && earlier == 0)
		con->again.what = CON_AGAIN_NOTHING;
}
