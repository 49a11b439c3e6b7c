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
#define STALE_MOST    1000
#define HISTORY_COUNT 20
#define AGAIN_MOST    50

/* Asks for `count` messages of the session before the event `before`. */
static struct con_request *
ask_past(struct con *con, uint64_t sid, unsigned count, uint64_t before)
{
	struct con_request *rq;
	char text[96];

	snprintf(text, sizeof text, "history %" PRIu64 " %u %" PRIu64, sid,
	    count, before);
	if ((rq = con_ask_desk(con, text)) == NULL)
		return NULL;
	rq->sid_past = sid;
	rq->upto = before - 1;
	return rq;
}

/* From the first reply of another console on that was not painted; 0: all were,
 * or nobody knows how far back the first is. */
static uint64_t
unseen_rows(const struct con_session *s)
{
	uint64_t all = s->facts.in + s->facts.out;

	if (s->seen.lost == 0 || s->seen.before >= all)
		return 0;
	return all - s->seen.before;
}

static uint64_t
greater(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Asks for the newest rows, with all that is not read and not seen, of which
 * `most` are shown. */
static struct con_request *
ask_newest(struct con *con, const struct con_session *s, uint64_t rows,
    uint64_t most, uint64_t upto)
{
	struct con_request *rq;

	rows = greater(rows, greater(con_unread_rows(s), unseen_rows(s)));
	rq = ask_past(con, s->facts.sid, (unsigned)(rows < most ? rows : most),
	    upto + 1);
	if (rq == NULL)
		return NULL;
	rq->past = CON_PAST_UNREAD;
	rq->unread = con_unread(s);
	return rq;
}

void
con_past_unread(struct con *con, const struct con_session *s)
{
	uint64_t rows = con_unread_rows(s) > 0 ? 0 : READ_ROWS;

	/* The first words come as they are said. */
	if (s->facts.in + s->facts.out == 0)
		return;
	/* What comes from now on is shown as it comes. */
	ask_newest(con, s, rows, UNREAD_MOST, con->board.mirror.seq);
}

struct con_request *
con_past_stale(struct con *con, const struct con_session *s, uint64_t seq)
{
	return ask_newest(con, s, greater(READ_ROWS, s->facts.unanswered + 1),
	    STALE_MOST, greater(seq, con->board.mirror.seq));
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

void
con_past_again(struct con *con, uint64_t sid, uint64_t rows, uint64_t seq)
{
	struct con_request *rq = ask_past(con, sid,
	    (unsigned)(rows < AGAIN_MOST ? rows : AGAIN_MOST), seq);

	if (rq == NULL)
		return;
	rq->past = CON_PAST_AGAIN;
	rq->unread = rows;
}

/* ---- showing ---- */

/* Not all that is to be shown once more is on that page. */
static bool
is_cut_again(const struct con_request *rq)
{
	return rq->past == CON_PAST_AGAIN && rq->unread > AGAIN_MOST;
}

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
	else if (rq->past == CON_PAST_AGAIN)
		con_say(con, _("--- %s, the last %u once more ---"), label,
		    shown);
	else if (rq->unread == 0)
		con_say(con, _("--- %s, nothing unread, the last %u ---"),
		    label, shown);
	else if (rq->unread > shown)
		con_say(con, _("--- %s, %lu unread, the last %u ---"), label,
		    (unsigned long)rq->unread, shown);
	else
		con_say(con, _("--- %s, %lu unread ---"), label,
		    (unsigned long)rq->unread);
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

	if (rq == NULL || rq->past == CON_PAST_ENDED ||
	    rq->past == CON_PAST_SAME)
		return;
	con->page = (struct con_page){ .before = item->first_n };
	con->past_day = day_of(dw_clock_wall_ms(), &tm);
	say_head(con, rq, item);
	/* After more unread ones than were shown /history goes on with them,
	 * as after more that are to be shown once more. */
	if (is_cut_again(rq) ||
	    (rq->past == CON_PAST_UNREAD && rq->unread > item->count)) {
		con->again = (struct con_again){ .what = CON_AGAIN_HISTORY,
			.sid = rq->sid_past,
			.count = HISTORY_COUNT };
	}
	if (con->again.what == CON_AGAIN_HISTORY &&
	    con->again.sid == rq->sid_past && rq->past != CON_PAST_NONE &&
	    (rq->past != CON_PAST_AGAIN || is_cut_again(rq)))
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
con_past_row(struct con *con, const struct ev_event *ev)
{
	struct con_page *page = &con->page;

	page->last_seq = ev->seq;
	if (ev->kind != EV_SAID)
		return;
	if (page->from == 0)
		page->from = ev->n;
	page->to = ev->n;
}

/* The rows of one session, of which none was dropped, count as seen, and where
 * it is selected as shown to who reads. */
static void
count_page(struct con *con, const struct con_request *rq)
{
	struct con_session *s =
	    con_mirror_find(&con->board.mirror, rq->sid_past);
	const struct con_page *page = &con->page;
	struct con_seen *seen;

	if (s == NULL || con->board.past_dropped == rq->id ||
	    page->last_seq == 0)
		return;
	seen = con_mirror_seen(&con->board.mirror, s);
	con_seen_row(seen, page->last_seq);
	/* One that was asked for a refused reply reaches as far as it can. */
	con_seen_page(seen, rq->stale.text != NULL ? 0 : page->before,
	    rq->upto);
	if (con->board.mirror.selected == rq->sid_past)
		con_read_page(&s->read, page->from, page->to, page->last_seq,
		    rq->past == CON_PAST_UNREAD);
}

void
con_past_end(struct con *con, const struct con_request *rq,
    const struct wire_frame *answer)
{
	unsigned long earlier = (unsigned long)answer->n;

	if (rq->past == CON_PAST_UNREAD || rq->past == CON_PAST_HISTORY)
		count_page(con, rq);
	if (rq->past == CON_PAST_ENDED)
		con_ended_done(con);
	else if (rq->past == CON_PAST_SAME)
		con_same_done(con);
	else if (rq->past == CON_PAST_NONE ||
	    (rq->past == CON_PAST_AGAIN && !is_cut_again(rq)))
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
