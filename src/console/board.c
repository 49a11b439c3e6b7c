/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

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

int
con_board_init(struct con_board *b, bool flood_limit)
{
	int r;

	memset(b, 0, sizeof *b);
	if ((r = dw_wake_init(&b->wake)) < 0)
		return r;
	b->max_rows = CON_BOARD_ROWS;
	b->max_bytes = CON_BOARD_BYTES;
	b->flood_limit = flood_limit;
	dw_lock_init(&b->lock, DW_LOCK_board);
	dw_cond_init(&b->changed);
	con_mirror_init(&b->mirror);
	dw_list_init(&b->items);
	dw_list_init(&b->past);
	return 0;
}

void
con_board_fini(struct con_board *b)
{
	free_items(&b->items);
	free_items(&b->past);
	con_mirror_fini(&b->mirror);
	dw_cond_fini(&b->changed);
	dw_lock_fini(&b->lock);
	dw_wake_fini(&b->wake);
}

/* ---- under the lock: items ---- */

static bool
is_event(const struct con_item *item, const char *word)
{
	return item->kind == CON_ITEM_EVENT &&
	    strcmp(item->frame->ev.ev, word) == 0;
}

/* What says that our own reply is stored is an answer as well. */
static bool
may_drop(const struct con_item *item)
{
	if (item->own && item->frame->op == WIRE_EV && is_event(item, "reply"))
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
    DW_REQUIRES(b -> lock)
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
count(struct con_board *b, const struct con_item *item) DW_REQUIRES(b -> lock)
{
	if (!may_drop(item))
		return;
	b->nrows++;
	b->nbytes += item->cost;
}

static void
uncount(struct con_board *b, const struct con_item *item) DW_REQUIRES(b -> lock)
{
	if (!may_drop(item))
		return;
	b->nrows--;
	b->nbytes -= item->cost;
}

/* Drops the oldest row of the list; false when there is none. */
static bool
drop_oldest(struct con_board *b, struct dw_list *items) DW_REQUIRES(b -> lock)
{
	DW_LIST_EACH(n, items) {
		struct con_item *item = DW_LIST_OF(n, struct con_item, node);

		if (!may_drop(item))
			continue;
		uncount(b, item);
		dw_list_del(n);
		con_item_free(item);
		b->dropped++;
		return true;
	}
	return false;
}

static void
keep_bounds(struct con_board *b) DW_REQUIRES(b -> lock)
{
	while (b->nrows > b->max_rows || b->nbytes > b->max_bytes) {
		if (!drop_oldest(b, &b->items) && !drop_oldest(b, &b->past))
			return;
	}
}

static void
put(struct con_board *b, struct dw_list *items, struct con_item *item)
    DW_REQUIRES(b -> lock)
{
	if (item == NULL)
		return;
	count(b, item);
	dw_list_add(items, &item->node);
	keep_bounds(b);
}

/* ---- under the lock: what a frame does ---- */

/* Events that only change the mark of a row. */
static bool
is_mark(const struct wire_event *ev)
{
	return strcmp(ev->ev, "sent") == 0 || strcmp(ev->ev, "udp-sent") == 0;
}

/* An answer over UDP has left, or could not. */
static void
mark_answer(struct con_item *item, const struct wire_event *ev)
{
	if (!is_event(item, "udp-reply") || item->frame->ev.seq != ev->n)
		return;
	item->mark = *ev->why == '\0' ? CON_MARK_SENT : CON_MARK_FAILED;
	snprintf(item->text, sizeof item->text, "%s", ev->why);
}

/* Replies up to n of the session have left: their rows say so, and so does
 * that of its end. */
static void
mark_message(struct con_item *item, const struct wire_event *ev)
{
	if (item->kind != CON_ITEM_EVENT || item->sid != ev->sid)
		return;
	if (is_event(item, "reply") && item->frame->ev.n <= ev->n)
		item->mark = CON_MARK_SENT;
	else if (is_event(item, "closed"))
		item->unsent = item->out > ev->n ? item->out - ev->n : 0;
}

static void
mark_sent(struct dw_list *items, const struct wire_event *ev)
{
	bool udp = strcmp(ev->ev, "udp-sent") == 0;

	DW_LIST_EACH(at, items) {
		struct con_item *item = DW_LIST_OF(at, struct con_item, node);

		if (udp)
			mark_answer(item, ev);
		else
			mark_message(item, ev);
	}
}

static struct con_item *
more_item(struct con_board *b, struct con_session *s) DW_REQUIRES(b -> lock)
{
	struct con_item *item = item_new(b, CON_ITEM_MORE, NULL);

	if (item != NULL) {
		item->sid = s->sid;
		item->count = s->flood_more;
		con_mirror_label(&b->mirror, s->sid, item->label);
	}
	s->flood_more = 0;
	b->floods--;
	return item;
}

/* Who may be flooding with this; NULL: nobody. */
static struct con_session *
source_of(struct con_board *b, const struct wire_event *ev)
    DW_REQUIRES(b -> lock)
{
	if (strcmp(ev->ev, "udp") == 0)
		return &b->udp;
	if (strcmp(ev->ev, "said") != 0 || b->mirror.selected == ev->sid)
		return NULL;
	return con_mirror_find(&b->mirror, ev->sid);
}

/* Is this message one too many?  Then it is counted instead of shown. */
static bool
floods(struct con_board *b, const struct wire_event *ev, int64_t now_ns)
    DW_REQUIRES(b -> lock)
{
	struct con_session *s = source_of(b, ev);

	if (!b->flood_limit || s == NULL)
		return false;
	if (s->flood_more == 0 &&
	    now_ns - s->flood_ns >= CON_FLOOD_MS * DW_MS) {
		s->flood_ns = now_ns;
		s->flood_left = CON_FLOOD_ROWS;
	}
	if (s->flood_left > 0) {
		s->flood_left--;
		return false;
	}
	b->floods += s->flood_more == 0;
	s->flood_more++;
	return true;
}

/* A session's last row must not come before its count. */
static void
end_flood(struct con_board *b, const struct wire_event *ev)
    DW_REQUIRES(b -> lock)
{
	struct con_session *s = con_mirror_find(&b->mirror, ev->sid);

	if (s != NULL && s->flood_more > 0 && strcmp(ev->ev, "said") != 0 &&
	    strcmp(ev->ev, "sent") != 0)
		put(b, &b->items, more_item(b, s));
}

/* Owns: the item has the frame; without memory for one (NULL) the caller. */
static struct con_item *
event_item(struct con_board *b, struct wire_frame *f, int64_t now_ns)
    DW_REQUIRES(b -> lock)
{
	struct con_item *item = item_new(b, CON_ITEM_EVENT, NULL);
	const struct con_session *s = con_mirror_find(&b->mirror, f->ev.sid);

	if (item == NULL)
		return NULL;
	item->frame = f;
	item->cost = cost_of(f);
	item->sid = f->ev.sid;
	item->born_ns = now_ns;
	item->out = s == NULL ? 0 : s->out;
	item->unsent = s == NULL || s->sent >= s->out ? 0 : s->out - s->sent;
	item->own = strcmp(f->ev.who, b->mirror.me) == 0;
	con_mirror_label(&b->mirror, f->ev.sid, item->label);
	return item;
}

static void
take_event(struct con_board *b, struct wire_frame *f, int64_t now_ns)
    DW_REQUIRES(b -> lock)
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
	con_mirror_event(&b->mirror, &f->ev);
	if (item == NULL)
		wire_frame_free(f);
	else if (is_event(item, "arrived")) /* it has a name only now */
		con_mirror_label(&b->mirror, item->sid, item->label);
	put(b, &b->items, item);
}

static void
take_past(struct con_board *b, struct wire_frame *f, int64_t now_ns)
    DW_REQUIRES(b -> lock)
{
	struct con_item *item = NULL;

	if (is_mark(&f->ev))
		mark_sent(&b->past, &f->ev);
	else
		item = event_item(b, f, now_ns);
	if (item == NULL)
		wire_frame_free(f);
	put(b, &b->past, item);
}

/* A reply of the past that nothing says has left: it may still do so only
 * while its customer is there. */
static void
judge(struct con_board *b, struct con_item *item) DW_REQUIRES(b -> lock)
{
	const struct con_session *s = con_mirror_find(&b->mirror, item->sid);

	if (is_event(item, "udp-reply") && item->mark == CON_MARK_STORED)
		item->mark = CON_MARK_DOUBT;
	if (!is_event(item, "reply") || item->mark == CON_MARK_SENT)
		return;
	if (s != NULL && item->frame->ev.n <= s->sent)
		item->mark = CON_MARK_SENT;
	else if (s == NULL || s->gone || s->closed)
		item->mark = CON_MARK_DOUBT;
}

/* An answer: the rows of the past that belong to it are complete now. */
static void
take_answer(struct con_board *b, struct wire_frame *f, int64_t now_ns)
    DW_REQUIRES(b -> lock)
{
	(void)now_ns;
	DW_LIST_EACH_SAFE(n, &b->past) {
		struct con_item *item = DW_LIST_OF(n, struct con_item, node);

		if (item->frame->id != f->id)
			continue;
		judge(b, item);
		item->born_ns = 0; /* nothing to wait for */
		dw_list_del(n);
		dw_list_add(&b->items, n);
	}
	put(b, &b->items, item_new(b, CON_ITEM_ANSWER, f));
}

static void
take_welcome(struct con_board *b, struct wire_frame *f, int64_t now_ns)
    DW_REQUIRES(b -> lock)
{
	(void)now_ns;
	b->generation++;
	con_mirror_welcome(&b->mirror, f);
	b->welcomed = true;
	dw_cond_broadcast(&b->changed);
	put(b, &b->items, item_new(b, CON_ITEM_WELCOME, f));
}

static void
take_live(struct con_board *b, struct wire_frame *f, int64_t now_ns)
    DW_REQUIRES(b -> lock)
{
	(void)now_ns;
	put(b, &b->items, item_new(b, CON_ITEM_LIVE, f));
}

static void
take_notice(struct con_board *b, struct wire_frame *f, int64_t now_ns)
    DW_REQUIRES(b -> lock)
{
	(void)now_ns;
	put(b, &b->items, item_new(b, CON_ITEM_NOTICE, f));
}

static void
take_bye(struct con_board *b, struct wire_frame *f, int64_t now_ns)
    DW_REQUIRES(b -> lock)
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
	[WIRE_BYE] = take_bye,
};

/* ---- the link ---- */

void
con_board_frame(struct con_board *b, struct wire_frame *f, int64_t now_ns)
{
	if (f->op >= WIRE_OPS || takers[f->op] == NULL) {
		wire_frame_free(f);
		return;
	}
	dw_lock(&b->lock);
	takers[f->op](b, f, now_ns);
	dw_unlock(&b->lock);
	dw_wake_ring(&b->wake);
}

static void
post_state(struct con_board *b, enum con_item_kind kind, const char *why,
    bool refused) DW_REQUIRES(b -> lock)
{
	struct con_item *item = item_new(b, kind, NULL);

	if (item == NULL)
		return;
	snprintf(item->text, sizeof item->text, "%s", why);
	item->refused = refused;
	put(b, &b->items, item);
}

/* What of an unfinished answer had come is not shown. */
static void
forget_past(struct con_board *b) DW_REQUIRES(b -> lock)
{
	struct dw_list *n;

	while ((n = dw_list_take(&b->past)) != NULL) {
		uncount(b, DW_LIST_OF(n, struct con_item, node));
		con_item_free(DW_LIST_OF(n, struct con_item, node));
	}
}

void
con_board_lost(struct con_board *b, const char *why)
{
	dw_lock(&b->lock);
	forget_past(b);
	post_state(b, CON_ITEM_LOST, why, false);
	dw_unlock(&b->lock);
	dw_wake_ring(&b->wake);
}

void
con_board_ended(struct con_board *b, const char *why, bool refused)
{
	dw_lock(&b->lock);
	forget_past(b);
	post_state(b, CON_ITEM_ENDED, why, refused);
	b->ended = true;
	dw_cond_broadcast(&b->changed);
	dw_unlock(&b->lock);
	dw_wake_ring(&b->wake);
}

uint64_t
con_board_seen(struct con_board *b)
{
	uint64_t seen;

	dw_lock(&b->lock);
	seen = b->mirror.seq;
	dw_unlock(&b->lock);
	return seen;
}

void
con_board_forget(struct con_board *b)
{
	dw_lock(&b->lock);
	b->mirror.seq = 0;
	dw_unlock(&b->lock);
}

void
con_board_stop(struct con_board *b)
{
	dw_lock(&b->lock);
	b->stop = true;
	dw_cond_broadcast(&b->changed);
	dw_unlock(&b->lock);
	dw_wake_ring(&b->wake);
}

bool
con_board_stopping(struct con_board *b)
{
	bool stop;

	dw_lock(&b->lock);
	stop = b->stop;
	dw_unlock(&b->lock);
	return stop;
}

/* ---- readline ---- */

bool
con_board_wait_welcome(struct con_board *b, int64_t deadline_ns)
{
	bool in_time = true, welcomed;

	dw_lock(&b->lock);
	while (!b->welcomed && !b->ended && !b->stop && in_time)
		in_time =
		    dw_cond_wait_until(&b->changed, &b->lock, deadline_ns);
	welcomed = b->welcomed;
	dw_unlock(&b->lock);
	return welcomed;
}

/* When the flood of this session may be counted out. */
static int64_t
flood_due(const struct con_session *s)
{
	return s->flood_ns + CON_FLOOD_MS * DW_MS;
}

static int64_t
count_flood(struct con_board *b, struct con_session *s, int64_t now_ns)
    DW_REQUIRES(b -> lock)
{
	if (s->flood_more == 0)
		return DW_NEVER;
	if (flood_due(s) > now_ns)
		return flood_due(s);
	put(b, &b->items, more_item(b, s));
	return DW_NEVER;
}

/* Puts the counts that are due into the queue; when the next one is. */
static int64_t
count_floods(struct con_board *b, int64_t now_ns) DW_REQUIRES(b -> lock)
{
	int64_t next = count_flood(b, &b->udp, now_ns), due;

	for (size_t i = 0; b->floods > 0 && i < b->mirror.n; i++) {
		due = count_flood(b, b->mirror.all[i], now_ns);
		if (due < next)
			next = due;
	}
	return next;
}

/* Until when a reply waits for its mark, and an end for what leaves with it; 0
 * when it does not. */
static int64_t
held_until(const struct con_item *item, int64_t now_ns)
{
	int64_t until = item->born_ns + CON_HOLD_MS * DW_MS;
	bool marked = is_event(item, "reply") || is_event(item, "udp-reply");

	if (!(marked && item->mark == CON_MARK_STORED) &&
	    !(is_event(item, "closed") && item->unsent > 0))
		return 0;
	return until > now_ns ? until : 0;
}

static void
report_dropped(struct con_board *b, struct dw_list *out) DW_REQUIRES(b -> lock)
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

	if (is_event(item, "reply") && item->mark == CON_MARK_STORED &&
	    s != NULL && !s->gone && !s->closed &&
	    strcmp(s->mode, "classic") == 0)
		item->mark = CON_MARK_HELD;
}

static int64_t
take_items(struct con_board *b, int64_t now_ns, size_t max, struct dw_list *out)
    DW_REQUIRES(b -> lock)
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

	dw_wake_clear(&b->wake);
	dw_lock(&b->lock);
	flood = count_floods(b, now_ns);
	report_dropped(b, out);
	held = take_items(b, now_ns, max, out);
	dw_unlock(&b->lock);
	return flood < held ? flood : held;
}

bool
con_board_idle(struct con_board *b)
{
	bool idle;

	dw_lock(&b->lock);
	idle = dw_list_empty(&b->items) && b->floods == 0;
	dw_unlock(&b->lock);
	return idle;
}

void
con_board_facts(struct con_board *b, struct con_facts *out)
{
	dw_lock(&b->lock);
	con_mirror_facts(&b->mirror, out);
	dw_unlock(&b->lock);
}

int
con_board_select(struct con_board *b, uint64_t sid)
{
	int r;

	dw_lock(&b->lock);
	r = con_mirror_select(&b->mirror, sid);
	dw_unlock(&b->lock);
	return r;
}

void
con_board_keep(struct con_board *b, uint64_t sid, bool keep)
{
	dw_lock(&b->lock);
	con_mirror_keep(&b->mirror, sid, keep);
	dw_unlock(&b->lock);
}

int
con_board_lookup(struct con_board *b, const char *text, uint64_t *sid)
{
	int r;

	dw_lock(&b->lock);
	r = con_mirror_lookup(&b->mirror, text, sid);
	dw_unlock(&b->lock);
	return r;
}

/* One of the mirror's searches, under the lock. */
static uint64_t
search(struct con_board *b, uint64_t (*which)(const struct con_mirror *m))
{
	uint64_t sid;

	dw_lock(&b->lock);
	sid = which(&b->mirror);
	dw_unlock(&b->lock);
	return sid;
}

uint64_t
con_board_oldest(struct con_board *b)
{
	return search(b, con_mirror_oldest);
}

uint64_t
con_board_next(struct con_board *b)
{
	return search(b, con_mirror_next);
}

uint64_t
con_board_previous(struct con_board *b)
{
	return search(b, con_mirror_previous);
}

size_t
con_board_open(struct con_board *b)
{
	size_t open;

	dw_lock(&b->lock);
	open = con_mirror_open(&b->mirror);
	dw_unlock(&b->lock);
	return open;
}

bool
con_board_session(struct con_board *b, uint64_t sid, struct con_session *out)
{
	const struct con_session *s;

	dw_lock(&b->lock);
	if ((s = con_mirror_find(&b->mirror, sid)) != NULL)
		*out = *s;
	dw_unlock(&b->lock);
	return s != NULL;
}

size_t
con_board_peers(struct con_board *b, char out[CON_PEERS][CON_ADDR_MAX])
{
	size_t n;

	dw_lock(&b->lock);
	n = b->mirror.npeers;
	memcpy(out, b->mirror.peers, n * sizeof out[0]);
	dw_unlock(&b->lock);
	return n;
}

long
con_board_sessions(struct con_board *b, struct con_session **out)
{
	struct con_session *all;
	size_t n;

	dw_lock(&b->lock);
	n = b->mirror.n;
	all = malloc((n + 1) * sizeof *all);
	for (size_t i = 0; all != NULL && i < n; i++)
		all[i] = *b->mirror.all[i];
	dw_unlock(&b->lock);
	*out = all;
	if (all == NULL)
		return -ENOMEM;
	qsort(all, n, sizeof *all, con_session_order);
	return (long)n;
}
