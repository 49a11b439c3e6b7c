/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the operators' links tell each other without an event: who has selected
 * whom, who types, who watches, and what a person has read.  Nothing of it is
 * stored.  All of it is on the desk thread.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "service/operator.h"

#define TYPES_NS    (3 * DW_SECOND)  /* between two that say the same */
#define TYPES_STALE (10 * DW_SECOND) /* then it types no more */
#define NEWS_RATE   4                /* of one link in a second, */
#define NEWS_BURST  16               /* after so many at once */

static struct wire_frame
frame_of(enum wire_op kind, const struct svc_operator *op, uint64_t sid)
{
	struct wire_frame f = wire_frame_of(kind);

	f.n = op->number;
	f.name = op->console.who;
	f.sid = sid;
	return f;
}

static void
tell_others(const struct svc_operator *op, const struct wire_frame *f)
{
	DW_LIST_EACH(n, &op->svc->links)
		if (svc_operator_at(n) != op)
			svc_operator_tell(svc_operator_at(n), f);
}

/* ---- who has selected whom ---- */

static void
select_session(struct svc_operator *op, uint64_t sid)
{
	struct wire_frame f = frame_of(WIRE_LOOKS, op, sid);

	if (op->looking == sid)
		return;
	op->looking = sid;
	tell_others(op, &f);
}

static void
look(struct svc_node *n)
{
	select_session(svc_operator_of(n), n->rq.sid);
}

/* ---- who types ---- */

/* What is lost to the rate comes again, or is forgotten by who was told. */
static void
type_to(struct svc_operator *op, uint64_t sid)
{
	struct wire_frame f = frame_of(WIRE_TYPES, op, sid);
	int64_t now = dw_clock_ns();

	if (sid == op->typing && (sid == 0 || now - op->typing_ns < TYPES_NS))
		return;
	if (svc_rate_take(&op->rate, now) != 0)
		return;
	op->typing = sid;
	op->typing_ns = now;
	tell_others(op, &f);
}

/* It must not go on believing that what it types will be sent. */
static void
tell_refused(struct svc_operator *op, const struct desk_answer *a, uint64_t sid)
{
	struct wire_frame f = wire_frame_of(WIRE_ERR);

	f.sid = sid;
	f.code = a->code;
	f.text = a->text;
	f.len = strlen(a->text);
	svc_operator_tell(op, &f);
}

static void
types_answered(struct svc_node *n, const struct desk_answer *a)
{
	struct svc_operator *op = svc_operator_of(n);

	if (a->code == EV_CODE_OK)
		type_to(op, n->rq.sid);
	else if (a->code == EV_CODE_TAKEN || a->code == EV_CODE_DENIED)
		tell_refused(op, a, n->rq.sid);
}

/* ---- who watches ---- */

static struct wire_frame
joins(const struct svc_operator *op, const struct svc_watched *w)
{
	struct wire_frame f = frame_of(WIRE_JOINS, op, w->sid);

	f.since_ms = w->since_ms;
	f.now_ms = dw_clock_steady_ms();
	return f;
}

static struct svc_watched *
watched_find(struct svc_operator *op, uint64_t sid)
{
	for (size_t i = 0; i < SVC_WATCHED; i++)
		if (op->watched[i].sid == sid)
			return &op->watched[i];
	return NULL;
}

static void
part_from(struct svc_operator *op, struct svc_watched *w)
{
	struct wire_frame f;

	w->since_ms = 0;
	f = joins(op, w);
	w->sid = 0;
	tell_others(op, &f);
}

/* A free place, or that of the session it has watched for longest. */
static struct svc_watched *
watched_place(struct svc_operator *op)
{
	struct svc_watched *w = watched_find(op, 0), *oldest = op->watched;

	if (w != NULL)
		return w;
	for (size_t i = 1; i < SVC_WATCHED; i++)
		if (op->watched[i].since_ms < oldest->since_ms)
			oldest = &op->watched[i];
	part_from(op, oldest);
	return oldest;
}

static void
watch_session(struct svc_operator *op, uint64_t sid)
{
	struct svc_watched *w = watched_place(op);
	struct wire_frame f;

	w->sid = sid;
	w->since_ms = dw_clock_steady_ms();
	f = joins(op, w);
	tell_others(op, &f);
}

static void
join_or_part(struct svc_node *n)
{
	struct svc_operator *op = svc_operator_of(n);
	struct svc_watched *w = watched_find(op, n->rq.sid);
	bool wants = n->rq.flags != 0;

	if (w != NULL && !wants)
		part_from(op, w);
	else if (w == NULL && wants &&
	    desk_known(op->svc->desk, n->rq.sid) != NULL)
		watch_session(op, n->rq.sid);
}

/* ---- what has been read ---- */

static struct wire_frame
read_frame(const struct store_mark *mark)
{
	struct wire_frame f = wire_frame_of(WIRE_READ);

	f.sid = mark->sid;
	f.seq = mark->seq;
	f.n = mark->n;
	return f;
}

static void
tell_mark(void *arg, const struct store_mark *mark)
{
	struct svc_operator *op = arg;
	struct wire_frame f = read_frame(mark);

	assert(op->magic == SVC_OPERATOR_MAGIC);
	svc_operator_tell(op, &f);
}

/* All consoles of one person know what it has read. */
static void
mark_read(struct svc_node *n)
{
	struct svc_operator *op = svc_operator_of(n);
	struct store_mark mark = { .sid = n->rq.sid,
		.seq = n->rq.seen,
		.n = n->rq.offset };
	const struct ev_session *facts = desk_known(op->svc->desk, mark.sid);
	struct wire_frame f;

	snprintf(mark.name, sizeof mark.name, "%s", op->console.who);
	if (facts == NULL || mark.seq > desk_last_seq(op->svc->desk))
		return;
	if (mark.n > facts->in)
		mark.n = facts->in;
	if (!svc_marks_set(&op->svc->marks, &mark))
		return;
	f = read_frame(&mark);
	DW_LIST_EACH(at, &op->svc->links) {
		struct svc_operator *other = svc_operator_at(at);

		if (other != op &&
		    strcmp(other->console.who, op->console.who) == 0)
			svc_operator_tell(other, &f);
	}
	svc_hand_marks(op->svc);
}

/* ---- a link's own ---- */

/* From the desk thread, so it says that the desk decides. */
static void
pong(struct svc_node *n)
{
	struct wire_frame f = wire_frame_of(WIRE_PONG);

	f.id = n->id;
	f.now_ms = dw_clock_steady_ms();
	svc_operator_tell(svc_operator_of(n), &f);
}

void
svc_links_init(struct svc_operator *op)
{
	svc_node_init(&op->look, DESK_RQ_LOOK, NULL, &op->owner);
	svc_node_init(&op->types, DESK_RQ_TYPES, NULL, &op->owner);
	svc_node_init(&op->joins, DESK_RQ_NONE, NULL, &op->owner);
	svc_node_init(&op->ping, DESK_RQ_NONE, NULL, &op->owner);
	svc_node_init(&op->read, DESK_RQ_NONE, NULL, &op->owner);
	op->look.first = op->types.first = op->joins.first = true;
	op->ping.first = op->read.first = true;
	op->look.ready = look;
	op->types.answered = types_answered;
	op->joins.ready = join_or_part;
	op->ping.ready = pong;
	op->read.ready = mark_read;
	op->look.rq.console = op->types.rq.console = &op->console;
	svc_rate_init(&op->rate, NEWS_RATE, NEWS_BURST, dw_clock_ns());
}

static void
tell_of(struct svc_operator *op, const struct svc_operator *other)
{
	struct wire_frame f = frame_of(WIRE_LOOKS, other, other->looking);

	if (f.sid != 0)
		svc_operator_tell(op, &f);
	f = frame_of(WIRE_TYPES, other, other->typing);
	if (f.sid != 0 && dw_clock_ns() - other->typing_ns < TYPES_STALE)
		svc_operator_tell(op, &f);
	for (size_t i = 0; i < SVC_WATCHED; i++) {
		f = joins(other, &other->watched[i]);
		if (f.sid != 0)
			svc_operator_tell(op, &f);
	}
}

void
svc_links_marks(struct svc_operator *op)
{
	svc_marks_each(&op->svc->marks, op->console.who, tell_mark, op);
}

void
svc_links_come(struct svc_operator *op)
{
	DW_LIST_EACH(n, &op->svc->links)
		tell_of(op, svc_operator_at(n));
}

void
svc_links_go(struct svc_operator *op)
{
	struct wire_frame f = frame_of(WIRE_TYPES, op, 0);

	if (op->typing != 0)
		tell_others(op, &f);
	op->typing = 0;
	for (size_t i = 0; i < SVC_WATCHED; i++)
		if (op->watched[i].sid != 0)
			part_from(op, &op->watched[i]);
	select_session(op, 0);
}
