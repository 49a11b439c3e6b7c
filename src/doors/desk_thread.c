/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The thread "desk": takes what waits, lets the desk decide, stores what it
 * decided in one transaction, and only then publishes it.  It waits for its
 * inbox and for the journal and for nothing else.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "doors/inside.h"
#include "wire/line.h"
#include "wire/op.h"

/*
 * The sink.
 */

static void
sink_event(void *arg, const struct desk_event *ev, const struct desk_session *s)
{
	struct door *door = arg;

	door_operator_event(door, ev);
	door_record(door, ev, s);
}

static enum desk_put
sink_say(void *arg, struct desk_conn *c, const struct desk_say *say,
    uint64_t *end)
{
	struct door *door = arg;
	struct dw_buf *out = &door->scratch;
	int r;

	dw_buf_reset(out);
	if (say->raw)
		dw_buf_add(out, say->text, say->len);
	else
		wire_line_encode(out, say->who, say->text, say->len,
		    door_customer_telnet(c));
	if (out->failed)
		return DESK_PUT_FULL;
	r = sks_outbox_put(door_customer_outbox(c), out->data, out->len, end);
	if (r >= 0)
		door_record_put(door, c, say);
	return r == 1        ? DESK_PUT_LEFT :
	    r == 0           ? DESK_PUT_KEPT :
	    r == SKS_ECLOSED ? DESK_PUT_SHUT :
			       DESK_PUT_FULL;
}

static void
sink_end(void *arg, struct desk_conn *c)
{
	(void)arg;
	sks_outbox_end(door_customer_outbox(c));
}

static void
sink_cut(void *arg, struct desk_conn *c)
{
	(void)arg;
	sks_outbox_cut(door_customer_outbox(c));
}

static void
sink_answer(void *arg, void *node, const struct desk_answer *a)
{
	struct door *door = arg;
	struct door_node *n = node;

	if (n->answered != NULL)
		n->answered(n, a);
	door_give_back(&door->inbox, n);
}

static void
sink_attached(void *arg, void *node, uint64_t notes)
{
	door_operator_attached(arg, node, notes);
}

static void
sink_past(void *arg, void *node, uint64_t sid, unsigned count)
{
	door_operator_past(arg, node, sid, count);
}

static const char *
sink_datagram(void *arg, const struct desk_peer *to, const char *text,
    size_t len)
{
	return door_udp_send(arg, to, text, len);
}

static void
sink_dropped(void *arg)
{
	door_udp_dropped(arg);
}

static void
sink_quit(void *arg)
{
	struct door *door = arg;

	struct wire_frame f = wire_frame_of(WIRE_NOTICE);

	if (atomic_fetch_add(&door->quits, 1) == 0) {
		f.code = "stop";
		f.text = _("saying goodbye to everybody; /quit again does "
			   "not wait for them");
		f.len = strlen(f.text);
		door_tell_operators(door, &f);
	}
	dw_wake_ring(door->config->quit);
}

static void
sink_drained(void *arg)
{
	struct door *door = arg;

	atomic_store(&door->drained, true);
	dw_wake_ring(door->config->quit);
}

static const struct desk_sink sink = {
	.event = sink_event,
	.say = sink_say,
	.end = sink_end,
	.cut = sink_cut,
	.answer = sink_answer,
	.attached = sink_attached,
	.past = sink_past,
	.datagram = sink_datagram,
	.dropped = sink_dropped,
	.quit = sink_quit,
	.drained = sink_drained,
};

/*
 * The round.
 */

/* The operators and the log are told once when storing begins to fail, and
 * once when it works again. */
static void
tell_disk(struct door *door, int error)
{
	char text[256];

	if (door->disk_failing == (error != 0))
		return;
	door->disk_failing = error != 0;
	if (error != 0)
		snprintf(text, sizeof text,
		    _("the journal cannot be written "
		      "(%s): nothing new is accepted until it can"),
		    strerror(-error));
	else
		snprintf(text, sizeof text, "%s",
		    _("the journal can be written again"));
	door_notice(door, "disk", text);
}

static void
store(struct door *door)
{
	struct desk_journal j = store_journal(door->store);
	const struct desk_event *evs;
	size_t n;
	int r = 0;

	desk_settle(door->desk, door_now());
	evs = desk_events(door->desk, &n);
	if (n > 0) {
		r = j.ops->append(j.journal, evs, n);
		tell_disk(door, r);
	}
	if (r == 0)
		desk_publish(door->desk, &sink, door, door_now());
	else
		desk_undo(door->desk, &sink, door, door_now());
	desk_tick(door->desk, &sink, door, door_now());
}

static void
decide(struct door *door, struct door_node *n)
{
	if (n->ready != NULL)
		n->ready(n);
	if (n->rq.rq == DESK_RQ_KINDS) { /* was all about its ready() */
		door_give_back(&door->inbox, n);
		return;
	}
	while (desk_decide(door->desk, &n->rq, door_now()) < 0)
		store(door); /* which makes room for one request */
}

void *
door_desk_thread(void *arg)
{
	struct door *door = arg;
	struct dw_list taken;
	struct dw_list *n;

	dw_list_init(&taken);
	while (!atomic_load(&door->ending)) {
		door_take(&door->inbox, desk_deadline(door->desk), &taken);
		while ((n = dw_list_take(&taken)) != NULL)
			decide(door, DW_LIST_OF(n, struct door_node, link));
		store(door);
	}
	return NULL;
}
