/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a frame of the desk does to the rows that wait to be shown.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "console/board.h"

void
con_item_free(struct con_item *item)
{
	if (item == NULL)
		return;
	wire_frame_free(item->frame);
	free(item);
}

static void
free_items(struct dw_list *items)
{
	struct dw_list *n;

	while ((n = dw_list_take(items)) != NULL)
		con_item_free(DW_LIST_OF(n, struct con_item, node));
}

void
con_board_init(struct con_board *b, bool flood_limit)
{
	memset(b, 0, sizeof *b);
	b->max_rows = CON_BOARD_ROWS;
	b->max_bytes = CON_BOARD_BYTES;
	b->flood_limit = flood_limit;
	b->burst = CON_FLOOD_BURST;
	con_mirror_init(&b->mirror);
	dw_list_init(&b->items);
	dw_list_init(&b->past);
	dw_list_init(&b->charsets);
	dw_list_init(&b->floods);
	dw_list_init(&b->udp.flood);
}

void
con_board_fini(struct con_board *b)
{
	free_items(&b->items);
	free_items(&b->past);
	free_items(&b->charsets);
	con_mirror_fini(&b->mirror);
}

/* ---- items ---- */

static bool
is_event(const struct con_item *item, enum ev_kind kind)
{
	return item->kind == CON_ITEM_EVENT && item->frame->ev.kind == kind;
}

/* What says that our own reply is stored is an answer as well. */
static bool
may_drop(const struct con_item *item)
{
	if (item->ours && item->frame->op == WIRE_EV)
		return false;
	return item->kind == CON_ITEM_EVENT || item->kind == CON_ITEM_NOTICE ||
	    item->kind == CON_ITEM_MORE;
}

static size_t
cost_of(const struct wire_frame *f)
{
	size_t cost = sizeof(struct con_item);

	return f == NULL ? cost : cost + sizeof *f + f->len + f->ev.len;
}

static struct con_item *
item_new(struct con_board *b, enum con_item_kind kind, struct wire_frame *f)
{
	struct con_item *item = calloc(1, sizeof *item);

	if (item == NULL) {
		wire_frame_free(f);
		b->dropped++;
		return NULL;
	}
	dw_list_init(&item->node);
	item->kind = kind;
	item->frame = f;
	item->generation = b->generation;
	item->cost = cost_of(f);
	return item;
}

static void
count(struct con_board *b, const struct con_item *item)
{
	if (!may_drop(item))
		return;
	b->nrows++;
	b->nbytes += item->cost;
}

static void
uncount(struct con_board *b, const struct con_item *item)
{
	if (!may_drop(item))
		return;
	/* Every row was counted when it was put. */
	assert(b->nrows > 0 && b->nbytes >= item->cost);
	b->nrows--;
	b->nbytes -= item->cost;
}

/* What others replied and nobody saw here does not count as seen. */
static void
not_shown(struct con_board *b, const struct ev_event *ev)
{
	struct con_session *s = con_mirror_find(&b->mirror, ev->sid);

	if (s != NULL &&
	    (ev->kind == EV_REPLY || ev->kind == EV_NOTE ||
		ev->kind == EV_CLAIM))
		con_seen_lost(&s->seen, ev->seq);
}

void
con_board_not_shown(struct con_board *b, const struct con_item *item)
{
	if (item->kind != CON_ITEM_EVENT)
		return;
	if (item->frame->op == WIRE_PAST)
		b->past_dropped = item->frame->id;
	else
		not_shown(b, &item->frame->ev);
}

/* Drops the oldest row of the list; false when there is none. */
static bool
drop_oldest(struct con_board *b, struct dw_list *items)
{
	DW_LIST_EACH(n, items) {
		struct con_item *item = DW_LIST_OF(n, struct con_item, node);

		if (!may_drop(item))
			continue;
		uncount(b, item);
		dw_list_del(n);
		con_board_not_shown(b, item);
		con_item_free(item);
		b->dropped++;
		return true;
	}
	return false;
}

static void
keep_bounds(struct con_board *b)
{
	while (b->nrows > b->max_rows || b->nbytes > b->max_bytes) {
		if (!drop_oldest(b, &b->items) && !drop_oldest(b, &b->past))
			return;
	}
}

static void
put(struct con_board *b, struct dw_list *items, struct con_item *item)
{
	if (item == NULL)
		return;
	count(b, item);
	dw_list_add(items, &item->node);
	keep_bounds(b);
}

/* ---- what a frame does ---- */

/* Events that only change the mark of a row. */
static bool
is_mark(const struct ev_event *ev)
{
	return ev->kind == EV_SENT || ev->kind == EV_UDP_SENT;
}

/* An answer over UDP has left, or could not. */
static void
mark_answer(struct con_item *item, const struct ev_event *ev)
{
	if (!is_event(item, EV_UDP_REPLY) || item->frame->ev.seq != ev->n)
		return;
	item->mark = *ev->why == '\0' ? CON_MARK_SENT : CON_MARK_FAILED;
	snprintf(item->text, sizeof item->text, "%s", ev->why);
}

/* Replies up to n of the session have left: their rows say so, and so does
 * that of its end. */
static void
mark_message(struct con_item *item, const struct ev_event *ev)
{
	if (item->kind != CON_ITEM_EVENT || item->sid != ev->sid)
		return;
	if (is_event(item, EV_REPLY) && item->frame->ev.n <= ev->n)
		item->mark = CON_MARK_SENT;
	else if (is_event(item, EV_CLOSED))
		item->unsent = item->out > ev->n ? item->out - ev->n : 0;
}

static void
mark_sent(struct dw_list *items, const struct ev_event *ev)
{
	bool udp = ev->kind == EV_UDP_SENT;

	DW_LIST_EACH(at, items) {
		struct con_item *item = DW_LIST_OF(at, struct con_item, node);

		if (udp)
			mark_answer(item, ev);
		else
			mark_message(item, ev);
	}
}

static struct con_item *
more_item(struct con_board *b, struct con_session *s)
{
	struct con_item *item = item_new(b, CON_ITEM_MORE, NULL);

	if (item != NULL) {
		item->sid = s->facts.sid;
		item->count = s->flood_more;
		con_mirror_label(&b->mirror, s->facts.sid, item->label);
	}
	assert(s->flood_more > 0);
	s->flood_more = 0;
	dw_list_del(&s->flood);
	return item;
}

/* Who may be flooding with this; NULL: nobody. */
static struct con_session *
source_of(struct con_board *b, const struct ev_event *ev)
{
	struct con_session *s;

	if (ev->kind == EV_UDP)
		return &b->udp;
	if (ev->kind != EV_SAID || b->mirror.selected == ev->sid)
		return NULL;
	s = con_mirror_find(&b->mirror, ev->sid);
	return s != NULL && s->watched ? NULL : s;
}

/* One more row may be shown for each CON_FLOOD_MS, up to the burst. */
static void
fill_flood(const struct con_board *b, struct con_session *s, int64_t now_ns)
{
	int64_t rows = (now_ns - s->flood_ns) / (CON_FLOOD_MS * DW_MS);

	if (s->flood_ns == 0 || rows >= (int64_t)(b->burst - s->flood_left)) {
		s->flood_left = b->burst;
		s->flood_ns = now_ns;
	} else {
		s->flood_left += (unsigned)rows;
		s->flood_ns += rows * CON_FLOOD_MS * DW_MS;
	}
}

/* Is this message one too many?  Then it is counted instead of shown. */
static bool
floods(struct con_board *b, const struct ev_event *ev, int64_t now_ns)
{
	struct con_session *s = source_of(b, ev);

	if (!b->flood_limit || s == NULL)
		return false;
	fill_flood(b, s, now_ns);
	if (s->flood_more == 0 && s->flood_left > 0) {
		s->flood_left--;
		return false;
	}
	if (s->flood_more++ == 0) {
		s->more_ns = now_ns;
		dw_list_add(&b->floods, &s->flood);
	}
	return true;
}

/* A session's last row must not come before its count. */
static void
end_flood(struct con_board *b, const struct ev_event *ev)
{
	struct con_session *s = con_mirror_find(&b->mirror, ev->sid);

	if (s != NULL && s->flood_more > 0 && ev->kind != EV_SAID &&
	    ev->kind != EV_SENT)
		put(b, &b->items, more_item(b, s));
}

/* Whose it was before the event. */
static void
tell_owner(struct con_item *item, const struct con_session *s)
{
	const struct ev_session *f = &s->facts;

	item->yours = s->yours;
	item->offered = s->offered;
	item->waits = ev_waits(f) && !f->gone;
	memcpy(item->was, is_event(item, EV_DECLINED) ? f->offered : f->owner,
	    sizeof item->was);
}

/* Owns: the item has the frame; without memory for one (NULL) the caller. */
static struct con_item *
event_item(struct con_board *b, struct wire_frame *f, int64_t now_ns)
{
	struct con_item *item = item_new(b, CON_ITEM_EVENT, NULL);
	const struct con_session *s = con_mirror_find(&b->mirror, f->ev.sid);

	if (item == NULL)
		return NULL;
	item->frame = f;
	item->cost = cost_of(f);
	item->sid = f->ev.sid;
	item->born_ns = now_ns;
	item->out = s == NULL ? 0 : s->facts.out;
	item->unsent = s == NULL || s->facts.sent >= s->facts.out ?
	    0 :
	    s->facts.out - s->facts.sent;
	item->charset = s == NULL ? NULL : s->facts.charset;
	if (f->ev.kind == EV_CHARSET)
		item->count = con_mirror_doubtful(&b->mirror, &f->ev);
	if (s != NULL)
		tell_owner(item, s);
	item->own = strcmp(f->ev.who, b->mirror.me) == 0;
	item->ours = con_is_own_key(&b->mirror, &f->ev.key);
	con_mirror_label(&b->mirror, f->ev.sid, item->label);
	return item;
}

/* What counted as seen before this event does not wait with it. */
static void
fold_event(struct con_board *b, const struct ev_event *ev, int64_t now_ns)
{
	struct con_session *s = con_mirror_find(&b->mirror, ev->sid);

	if (s != NULL)
		(void)con_seen_all(&s->seen, now_ns);
	con_mirror_event(&b->mirror, ev);
}

static void
take_event(struct con_board *b, struct wire_frame *f, int64_t now_ns)
{
	struct con_item *item = NULL;
	bool shown = !is_mark(&f->ev);

	if (f->ev.seq <= b->mirror.seq) {
		wire_frame_free(f); /* we have it already */
		return;
	}
	end_flood(b, &f->ev);
	if (!shown)
		mark_sent(&b->items, &f->ev);
	shown = shown && !floods(b, &f->ev, now_ns);
	if (shown)
		item = event_item(b, f, now_ns);
	fold_event(b, &f->ev, now_ns);
	if (item == NULL) {
		not_shown(b, &f->ev);
		wire_frame_free(f);
		return;
	}
	if (is_event(item, EV_ARRIVED)) /* it has a name only now */
		con_mirror_label(&b->mirror, item->sid, item->label);
	put(b, &b->items, item);
}

/* More than a page of any desk of ours has. */
static void
keep_charset(struct con_board *b, struct wire_frame *f)
{
	struct con_item *item = item_new(b, CON_ITEM_EVENT, f);

	if (item == NULL)
		return;
	item->sid = f->ev.sid;
	dw_list_add(&b->charsets, &item->node);
	if (++b->ncharsets > CON_BOARD_CHARSETS) {
		con_item_free(DW_LIST_OF(dw_list_take(&b->charsets),
		    struct con_item, node));
		b->ncharsets--;
	}
}

static void
forget_charsets(struct con_board *b, uint64_t id)
{
	DW_LIST_EACH_SAFE(n, &b->charsets) {
		struct con_item *item = DW_LIST_OF(n, struct con_item, node);

		if (item->frame->id != id)
			continue;
		dw_list_del(n);
		con_item_free(item);
		b->ncharsets--;
	}
}

/*
 * In which encoding a message of the past was.  What its customer said, or the
 * desk took for granted, holds from then on, and from the start if it was the
 * first word about it.  An operator corrects that, also for what had come
 * since.
 */
static const struct dw_charset *
charset_at(const struct con_board *b, const struct con_item *of)
{
	uint64_t seq = of->frame->ev.seq;
	const struct dw_charset *now = NULL, *cs;

	DW_LIST_EACH(n, &b->charsets) {
		const struct con_item *item =
		    DW_LIST_OF(n, struct con_item, node);
		const struct ev_event *ev = &item->frame->ev;
		bool later = ev->seq > seq && *ev->who == '\0';

		if (item->frame->id != of->frame->id || item->sid != of->sid)
			continue;
		cs = dw_charset_find(ev->why, strlen(ev->why));
		if (!later || now == NULL)
			now = cs;
		if (later)
			break;
	}
	return now;
}

static void
take_past(struct con_board *b, struct wire_frame *f, int64_t now_ns)
{
	struct con_item *item = NULL;

	if (f->ev.kind == EV_CHARSET) {
		keep_charset(b, f);
		return;
	}
	if (is_mark(&f->ev))
		mark_sent(&b->past, &f->ev);
	else if ((item = event_item(b, f, now_ns)) == NULL)
		b->past_dropped = f->id;
	if (item == NULL)
		wire_frame_free(f);
	put(b, &b->past, item);
}

/* A reply of the past that nothing says has left: it may still do so only
 * while its customer is there. */
static void
judge(struct con_board *b, struct con_item *item)
{
	const struct con_session *s = con_mirror_find(&b->mirror, item->sid);

	if (is_event(item, EV_UDP_REPLY) && item->mark == CON_MARK_STORED)
		item->mark = CON_MARK_DOUBT;
	if (!is_event(item, EV_REPLY) || item->mark == CON_MARK_SENT)
		return;
	if (s != NULL && item->frame->ev.n <= s->facts.sent)
		item->mark = CON_MARK_SENT;
	else if (s == NULL || s->facts.gone || con_is_closed(s))
		item->mark = CON_MARK_DOUBT;
}

/* Notes and what operators said to each other stand between the messages that a
 * page counts. */
static bool
counts(const struct con_item *item)
{
	return !is_event(item, EV_NOTE) && !is_event(item, EV_MSG);
}

/* What comes before the rows of the past that belong to an answer.  NULL:
 * there are none. */
static struct con_item *
past_item(struct con_board *b, const struct wire_frame *f)
{
	struct con_item *item = NULL;

	DW_LIST_EACH(n, &b->past) {
		struct con_item *row = DW_LIST_OF(n, struct con_item, node);

		if (row->frame->id != f->id)
			continue;
		if (item == NULL &&
		    (item = item_new(b, CON_ITEM_PAST, NULL)) == NULL)
			return NULL;
		if (item->frame_id == 0) {
			item->frame_id = f->id;
			item->first_seq = row->frame->ev.seq;
			item->first_n = f->n;
		}
		item->count += counts(row);
	}
	return item;
}

/* An answer: the rows of the past that belong to it are complete now. */
static void
take_answer(struct con_board *b, struct wire_frame *f, int64_t now_ns)
{
	(void)now_ns;
	put(b, &b->items, past_item(b, f));
	DW_LIST_EACH_SAFE(n, &b->past) {
		struct con_item *item = DW_LIST_OF(n, struct con_item, node);

		if (item->frame->id != f->id)
			continue;
		judge(b, item);
		item->charset = charset_at(b, item);
		item->born_ns = 0; /* nothing to wait for */
		dw_list_del(n);
		dw_list_add(&b->items, n);
	}
	forget_charsets(b, f->id);
	put(b, &b->items, item_new(b, CON_ITEM_ANSWER, f));
}

static void
take_welcome(struct con_board *b, struct wire_frame *f, int64_t now_ns)
{
	(void)now_ns;
	con_mirror_welcome(&b->mirror, f);
	if (f->burst > 0)
		b->burst = (unsigned)f->burst;
	put(b, &b->items, item_new(b, CON_ITEM_WELCOME, f));
}

static void
take_live(struct con_board *b, struct wire_frame *f, int64_t now_ns)
{
	(void)now_ns;
	con_mirror_live(&b->mirror, f);
	put(b, &b->items, item_new(b, CON_ITEM_LIVE, f));
}

static void
take_looks(struct con_board *b, struct wire_frame *f, int64_t now_ns)
{
	(void)now_ns;
	con_mirror_looks(&b->mirror, f);
	wire_frame_free(f);
}

static void
take_types(struct con_board *b, struct wire_frame *f, int64_t now_ns)
{
	(void)now_ns;
	con_mirror_types(&b->mirror, f, b->steady_ms);
	wire_frame_free(f);
}

static void
take_joins(struct con_board *b, struct wire_frame *f, int64_t now_ns)
{
	(void)now_ns;
	con_people_joins(&b->mirror.people, f);
	wire_frame_free(f);
}

static void
take_reads(struct con_board *b, struct wire_frame *f, int64_t now_ns)
{
	(void)now_ns;
	con_mirror_reads(&b->mirror, f);
	wire_frame_free(f);
}

static void
take_read(struct con_board *b, struct wire_frame *f, int64_t now_ns)
{
	(void)now_ns;
	con_mirror_read(&b->mirror, f);
	wire_frame_free(f);
}

/* The desk no longer keeps who left in mind; its words are in the journal. */
static void
take_unlisted(struct con_board *b, struct wire_frame *f, int64_t now_ns)
{
	(void)now_ns;
	con_mirror_unlist(&b->mirror, f->sid);
	wire_frame_free(f);
}

static void
take_notice(struct con_board *b, struct wire_frame *f, int64_t now_ns)
{
	(void)now_ns;
	put(b, &b->items, item_new(b, CON_ITEM_NOTICE, f));
}

static void
take_bye(struct con_board *b, struct wire_frame *f, int64_t now_ns)
{
	(void)now_ns;
	put(b, &b->items, item_new(b, CON_ITEM_BYE, f));
}

static void (*const takers[WIRE_OPS])(struct con_board *b, struct wire_frame *f,
    int64_t now_ns) = {
	[WIRE_WELCOME] = take_welcome,
	[WIRE_LIVE] = take_live,
	[WIRE_EV] = take_event,
	[WIRE_PAST] = take_past,
	[WIRE_OK] = take_answer,
	[WIRE_ERR] = take_answer,
	[WIRE_NOTICE] = take_notice,
	[WIRE_LOOKS] = take_looks,
	[WIRE_READS] = take_reads,
	[WIRE_TYPES] = take_types,
	[WIRE_JOINS] = take_joins,
	[WIRE_READ] = take_read,
	[WIRE_UNLISTED] = take_unlisted,
	[WIRE_BYE] = take_bye,
};

/* ---- what the link brings ---- */

/* What is replayed does not say when it happened; it was just now until the
 * frame live says better. */
static void
tell_time(struct con_board *b, struct wire_frame *f, int64_t steady_ms)
{
	con_mirror_clock(&b->mirror, f, steady_ms);
	if (f->op == WIRE_EV && f->ev.steady_ms == 0)
		f->ev.steady_ms = con_mirror_now_ms(&b->mirror, steady_ms);
}

static void
take_frame(struct con_board *b, struct wire_frame *f,
    const struct con_news *news)
{
	/* A connection that was never welcomed has no requests of ours. */
	if (news->generation > 0)
		b->generation = news->generation;
	b->steady_ms = news->steady_ms;
	tell_time(b, f, news->steady_ms);
	if (f->op < WIRE_OPS && takers[f->op] != NULL)
		takers[f->op](b, f, news->at_ns);
	else
		wire_frame_free(f);
}

/* The part that had come of an unfinished answer is not shown. */
static void
forget_past(struct con_board *b)
{
	struct dw_list *n;

	while ((n = dw_list_take(&b->past)) != NULL) {
		uncount(b, DW_LIST_OF(n, struct con_item, node));
		con_item_free(DW_LIST_OF(n, struct con_item, node));
	}
	free_items(&b->charsets);
	b->ncharsets = 0;
}

static void
take_state(struct con_board *b, enum con_item_kind kind,
    const struct con_news *news)
{
	struct con_item *item = item_new(b, kind, NULL);

	forget_past(b);
	if (item == NULL)
		return;
	snprintf(item->text, sizeof item->text, "%s", news->why);
	item->refused = news->refused;
	put(b, &b->items, item);
}

void
con_board_news(struct con_board *b, struct con_news *news)
{
	struct wire_frame *f = news->frame;

	news->frame = NULL;
	switch (news->kind) {
	case CON_NEWS_FRAME:
		take_frame(b, f, news);
		break;
	case CON_NEWS_QUIET:
	case CON_NEWS_SILENT:
		break; /* they say nothing to the board */
	case CON_NEWS_LOST:
		take_state(b, CON_ITEM_LOST, news);
		break;
	case CON_NEWS_ENDED:
		take_state(b, CON_ITEM_ENDED, news);
		break;
	}
}

/* ---- what is shown now ---- */

/* When the flood of this session may be counted out. */
static int64_t
flood_due(const struct con_session *s)
{
	return s->more_ns + CON_FLOOD_MS * DW_MS;
}

/* Puts the counts that are due into the queue; when the next one is. */
static int64_t
count_floods(struct con_board *b, int64_t now_ns)
{
	while (!dw_list_empty(&b->floods)) {
		struct con_session *s =
		    DW_LIST_OF(b->floods.next, struct con_session, flood);

		if (flood_due(s) > now_ns)
			return flood_due(s);
		put(b, &b->items, more_item(b, s));
	}
	return DW_NEVER;
}

/* Until when a reply waits for its mark, and an end for what leaves with it; 0
 * when it does not. */
static int64_t
held_until(const struct con_item *item, int64_t now_ns)
{
	int64_t until = item->born_ns + CON_HOLD_MS * DW_MS;
	bool marked = is_event(item, EV_REPLY) || is_event(item, EV_UDP_REPLY);

	if (!(marked && item->mark == CON_MARK_STORED) &&
	    !(is_event(item, EV_CLOSED) && item->unsent > 0))
		return 0;
	return until > now_ns ? until : 0;
}

static void
report_dropped(struct con_board *b, struct dw_list *out)
{
	uint64_t dropped = b->dropped;
	struct con_item *item;

	if (dropped == 0 ||
	    (item = item_new(b, CON_ITEM_DROPPED, NULL)) == NULL)
		return;
	item->count = dropped;
	b->dropped = 0;
	dw_list_add(out, &item->node);
}

/* What has not left by now waits for its customer to write. */
static void
say_held(const struct con_mirror *m, struct con_item *item)
{
	const struct con_session *s = con_mirror_find(m, item->sid);

	if (is_event(item, EV_REPLY) && item->mark == CON_MARK_STORED &&
	    s != NULL && !s->facts.gone && !con_is_closed(s) &&
	    s->facts.mode == EV_MODE_CLASSIC)
		item->mark = CON_MARK_HELD;
}

static int64_t
take_items(struct con_board *b, int64_t now_ns, size_t max, struct dw_list *out)
{
	for (size_t i = 0; !dw_list_empty(&b->items); i++) {
		struct dw_list *n = b->items.next;
		struct con_item *item = DW_LIST_OF(n, struct con_item, node);
		int64_t until = held_until(item, now_ns);

		if (until != 0)
			return until;
		if (i == max)
			return now_ns;
		say_held(&b->mirror, item);
		uncount(b, item);
		dw_list_del(n);
		dw_list_add(out, n);
	}
	return DW_NEVER;
}

int64_t
con_board_take(struct con_board *b, int64_t now_ns, size_t max,
    struct dw_list *out)
{
	int64_t flood, held;

	flood = count_floods(b, now_ns);
	report_dropped(b, out);
	held = take_items(b, now_ns, max, out);
	return flood < held ? flood : held;
}

bool
con_board_is_empty(const struct con_board *b)
{
	return dw_list_empty(&b->items) && dw_list_empty(&b->floods);
}
