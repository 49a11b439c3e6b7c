/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A desk for the tests that look at its decisions case by case.  A round's
 * outcome is one string, `happened`: what the sink was called with, in order.
 * The test that includes this says how events, text, datagrams and a new
 * operator are written there.
 */
#ifndef DESK_RIG_H
#define DESK_RIG_H

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "desk/desk.h"
#include "t.h"

static struct desk *desk;
static struct desk_time now;
static struct dw_buf happened;
static struct desk_answer last_answer; /* its text is gone with its round */
static char last_text[1024];
static int64_t last_wait_ms;

static void describe_event(const struct ev_event *ev,
    const struct desk_session *s);
static enum desk_put describe_say(struct desk_conn *c,
    const struct desk_say *say, uint64_t *end);
static void describe_attached(uint64_t datagrams);
static const char *describe_datagram(const struct desk_peer *to,
    const char *text, size_t len);
static const char *name_of(const struct desk_conn *c);

static void
sink_event(void *arg, const struct ev_event *ev, const struct desk_session *s,
    const struct desk_conn *c)
{
	(void)arg;
	CHECK((c != NULL) == (ev->kind == EV_ARRIVED));
	describe_event(ev, s);
}

static enum desk_put
sink_say(void *arg, struct desk_conn *c, const struct desk_say *say,
    uint64_t *end)
{
	(void)arg;
	return describe_say(c, say, end);
}

static void
sink_charset(void *arg, struct desk_conn *c)
{
	(void)arg;
	dw_buf_addf(&happened, "%s in %s; ", name_of(c), c->charset->name);
}

static void
sink_end(void *arg, struct desk_conn *c)
{
	(void)arg;
	dw_buf_addf(&happened, "%s end; ", name_of(c));
}

static void
sink_cut(void *arg, struct desk_conn *c)
{
	(void)arg;
	dw_buf_addf(&happened, "%s cut; ", name_of(c));
}

static void
sink_answer(void *arg, void *node, const struct desk_answer *a)
{
	(void)arg;
	(void)node;
	last_answer = *a;
	snprintf(last_text, sizeof last_text, "%s", a->text);
	dw_buf_adds(&happened, ev_word(&ev_codes, a->code));
	if (a->code == EV_CODE_OK && a->text[0] != '\0')
		dw_buf_addf(&happened, "<%s", a->text);
	dw_buf_adds(&happened, "; ");
}

static void
sink_find_reply(void *arg, void *node, uint64_t sid, const struct ev_key *key,
    const struct desk_answer *otherwise)
{
	(void)arg;
	(void)node;
	CHECK(ev_key_is_set(key));
	CHECK_INT(otherwise->sid, sid);
	dw_buf_addf(&happened, "find in %" PRIu64 " or %s; ", sid,
	    ev_word(&ev_codes, otherwise->code));
}

static void
sink_attached(void *arg, void *node, uint64_t datagrams)
{
	(void)arg;
	(void)node;
	describe_attached(datagrams);
}

static void
sink_find_session(void *arg, void *node, uint64_t sid)
{
	(void)arg;
	(void)node;
	dw_buf_addf(&happened, "find %" PRIu64 "; ", sid);
}

static void
sink_reload(void *arg, void *node)
{
	(void)arg;
	(void)node;
	dw_buf_adds(&happened, "reload; ");
}

static void
sink_report(void *arg, void *node, enum desk_report what)
{
	(void)arg;
	(void)node;
	dw_buf_addf(&happened, "report %d; ", (int)what);
}

static void
sink_past(void *arg, void *node, const struct ev_past *past)
{
	(void)arg;
	(void)node;
	CHECK(past->count > 0);
	dw_buf_addf(&happened, "past of %" PRIu64, past->sid);
	if (past->of == EV_PAST_ENDED)
		dw_buf_adds(&happened, " ended");
	if (past->count != 20 || past->before != 0)
		dw_buf_addf(&happened, ", %u before %" PRIu64, past->count,
		    past->before);
	dw_buf_adds(&happened, "; ");
}

static const char *
sink_datagram(void *arg, const struct desk_peer *to, const char *text,
    size_t len)
{
	(void)arg;
	return describe_datagram(to, text, len);
}

static void
sink_unlisted(void *arg, uint64_t sid)
{
	(void)arg;
	dw_buf_addf(&happened, "unlisted %" PRIu64 "; ", sid);
}

static void
sink_warn(void *arg, struct desk_console *con, uint64_t sid, int64_t left_s)
{
	(void)arg;
	dw_buf_addf(&happened, "warn %s of %" PRIu64 ": %" PRId64 " s; ",
	    con->who, sid, left_s);
}

static void
sink_list_is_full(void *arg, uint64_t n)
{
	(void)arg;
	dw_buf_addf(&happened, "list is full: %" PRIu64 "; ", n);
}

static void
sink_dropped(void *arg)
{
	(void)arg;
	dw_buf_adds(&happened, "dropped; ");
}

static void
sink_strangers(void *arg, uint64_t n)
{
	(void)arg;
	dw_buf_addf(&happened, "strangers: %" PRIu64 "; ", n);
}

static void
sink_quit(void *arg)
{
	(void)arg;
	dw_buf_adds(&happened, "quit; ");
}

static void
sink_waited(void *arg, int64_t ms)
{
	(void)arg;
	CHECK(ms >= 0);
	last_wait_ms = ms;
}

static void
sink_stopping(void *arg, bool closing, const char *text)
{
	(void)arg;
	dw_buf_addf(&happened, "%s; ",
	    text[0] == '\0' ? "goes on" :
		closing     ? "closes" :
			      "will close");
	snprintf(last_text, sizeof last_text, "%s", text);
}

static void
sink_drained(void *arg)
{
	(void)arg;
	dw_buf_adds(&happened, "drained; ");
}

static const struct desk_sink sink = {
	.event = sink_event,
	.say = sink_say,
	.charset = sink_charset,
	.end = sink_end,
	.cut = sink_cut,
	.answer = sink_answer,
	.find_reply = sink_find_reply,
	.attached = sink_attached,
	.find_session = sink_find_session,
	.reload = sink_reload,
	.report = sink_report,
	.past = sink_past,
	.datagram = sink_datagram,
	.unlisted = sink_unlisted,
	.warn = sink_warn,
	.list_is_full = sink_list_is_full,
	.dropped = sink_dropped,
	.strangers = sink_strangers,
	.quit = sink_quit,
	.stopping = sink_stopping,
	.waited = sink_waited,
	.drained = sink_drained,
};

static void
ask(struct desk_request rq)
{
	CHECK_INT(desk_decide(desk, &rq, now), 0);
}

static inline void
command(const char *text)
{
	ask((struct desk_request){ .rq = DESK_RQ_COMMAND,
	    .who = "lin",
	    .role = EV_ROLE_ADMIN,
	    .text = text,
	    .len = strlen(text) });
}

/* Another console of lin comes, or the last one goes. */
static struct desk_console consoles[8];
static unsigned nconsoles;

static inline void
operator(enum desk_rq rq)
{
	struct desk_console *con;

	if (rq == DESK_RQ_ATTACH)
		desk_console_init(&consoles[++nconsoles % 8], "lin", "",
		    EV_ROLE_ADMIN);
	con = &consoles[nconsoles % 8];
	if (rq == DESK_RQ_DETACH)
		nconsoles--;
	ask((struct desk_request){ .rq = rq,
	    .console = con,
	    .who = con->who,
	    .role = con->role });
}

/* Ends the round; what happened must be this. */
static void
stored(const char *want)
{
	desk_settle(desk, now);
	desk_publish(desk, &sink, NULL, now);
	desk_tick(desk, &sink, NULL, now);
	CHECK_STR(dw_buf_str(&happened), want);
	dw_buf_reset(&happened);
}

static inline void
not_stored(const char *want)
{
	desk_settle(desk, now);
	desk_undo(desk, &sink, NULL, now);
	desk_tick(desk, &sink, NULL, now);
	CHECK_STR(dw_buf_str(&happened), want);
	dw_buf_reset(&happened);
}

static inline void
later(int64_t s)
{
	now.ns += s * DW_SECOND;
	now.ms += s * 1000;
	now.steady_ms += s * 1000;
}

#endif
