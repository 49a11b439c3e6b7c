/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is said to one customer's connection, and how it ends.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/quit.h"
#include "base/text.h"
#include "desk/internal.h"

#define GREETING_MAX 1500
#define HOLDING_MAX  400
#define CLOSE_NS \
	(60 * DW_SECOND) /* for what a classic client has yet to read \
	                  * before it leaves */

void
desk_conn_schedule(struct desk *d, struct desk_conn *c)
{
	int64_t ns = c->linger_ns;

	if (c->mode == EV_MODE_CLASSIC && !c->ending)
		ns = dw_clock_sooner(ns, desk_turn_deadline(&c->turn));
	/* News of it may still come when its worker is about to free it. */
	if (ns == DW_NEVER || dw_list_empty(&c->node))
		dw_order_del(&d->due, &c->due);
	else if (!dw_order_has(&c->due) || c->due.key != ns)
		dw_order_put(&d->due, &c->due, ns);
}

static void
linger_until(struct desk *d, struct desk_conn *c, int64_t ns)
{
	c->linger_ns = ns;
	desk_conn_schedule(d, c);
}

/* From here on it is not spoken to. */
static void
begin_ending(struct desk *d, struct desk_conn *c)
{
	c->ending = true;
	desk_line_update(d, c->session);
	linger_until(d, c, DW_NEVER);
}

void
desk_conn_cut(const struct desk_round *r, struct desk_conn *c)
{
	begin_ending(r->d, c);
	r->sink->cut(r->arg, c);
}

static void
cut_off(const struct desk_round *r, struct desk_conn *c, const char *why)
{
	if (c->cut_why == NULL)
		c->cut_why = why;
	desk_conn_cut(r, c);
}

/* The connection cannot go on with a hole in it.  What there was no memory for
 * a moment ago was longer than this sentence. */
static void
no_memory(const struct desk_round *r, struct desk_conn *c)
{
	const char *busy = _("The desk is busy. Please try again later.");
	struct desk_say say = { NULL, busy, strlen(busy), false, false };
	uint64_t where;

	say.raw = c->mode == EV_MODE_CLASSIC;
	if (r->sink->say(r->arg, c, &say, &where) != DESK_PUT_SHUT)
		cut_off(r, c, EV_WHY_MEMORY);
}

/* A classic client that was not owed anything reads its goodbye only when its
 * user has typed something more, and answers with a quit of its own. */
static int64_t
linger_of(const struct desk *d, const struct desk_conn *c)
{
	return c->mode == EV_MODE_CLASSIC && c->turn.unread && !c->expired ?
	    CLOSE_NS :
	    d->config->linger_ns;
}

void
desk_notice_empty(struct desk *d, struct desk_conn *c, struct desk_time now)
{
	if (c->ending && c->kept)
		linger_until(d, c, now.ns + linger_of(d, c));
	c->kept = false;
}

/* The end mark, behind all that was put.  While some of that waits for a slow
 * reader, the outbox's stall ends it, and not the clock. */
void
desk_conn_end(const struct desk_round *r, struct desk_conn *c)
{
	begin_ending(r->d, c);
	r->sink->end(r->arg, c);
	if (!c->kept)
		linger_until(r->d, c, r->now.ns + linger_of(r->d, c));
}

/* n: the reply that ends with this text; 0 for what is none. */
void
desk_conn_put(const struct desk_round *r, struct desk_conn *c,
    const struct desk_say *say, uint64_t n)
{
	uint64_t where = 0;
	enum desk_put how;

	if (c->ending || c->cut_why != NULL)
		return;
	how = r->sink->say(r->arg, c, say, &where);
	if (how == DESK_PUT_FULL)
		cut_off(r, c, EV_WHY_SLOW);
	if (how == DESK_PUT_NO_MEMORY)
		no_memory(r, c);
	if (how != DESK_PUT_TAKEN && how != DESK_PUT_SENT &&
	    how != DESK_PUT_KEPT)
		return;
	c->last_end = where;
	c->kept = how == DESK_PUT_KEPT;
	if (n != 0) {
		c->put_n = n;
		c->put_end = where;
	}
	if (how == DESK_PUT_TAKEN)
		desk_notice_taken(r->d, c, where, r->now);
}

/* Puts what a classic client may have by now. */
void
desk_conn_pump(const struct desk_round *r, struct desk_conn *c)
{
	char holding[HOLDING_MAX];
	struct desk_chunk chunk;

	desk_queue_holding(r, c, holding, sizeof holding);
	c->turn.grows = c->charset != NULL && c->charset->grows;
	while (!c->ending &&
	    desk_turn_next(&c->turn, holding, r->now.ns, &chunk)) {
		struct desk_say say = { NULL, chunk.bytes, chunk.len, true,
			false };

		desk_conn_put(r, c, &say, chunk.n);
		if (chunk.last && !c->ending)
			desk_conn_end(r, c);
	}
	desk_conn_schedule(r->d, c);
}

void
desk_conn_say(const struct desk_round *r, struct desk_conn *c, const char *who,
    const char *text, size_t len, uint64_t n)
{
	struct desk_say line = { who, text, len, false, false };

	if (c->mode != EV_MODE_CLASSIC)
		desk_conn_put(r, c, &line, n);
	else if (desk_turn_add(&c->turn, text, len, n, r->now.ns) < 0)
		no_memory(r, c);
	else
		desk_conn_pump(r, c);
}

void
desk_conn_bye(const struct desk_round *r, struct desk_conn *c, const char *text)
{
	if (c->ending)
		return;
	if (c->mode == EV_MODE_CLASSIC) {
		desk_turn_end(&c->turn, text, r->d->draining || text[0] == '\0',
		    r->now.ns);
		if (c->linger_ns == DW_NEVER)
			linger_until(r->d, c, r->now.ns + CLOSE_NS);
		desk_conn_pump(r, c);
		return;
	}
	if (text[0] != '\0')
		desk_conn_say(r, c, NULL, text, strlen(text), 0);
	if (!c->ending)
		desk_conn_end(r, c);
}

static int
greeting(const struct desk *d, const struct desk_conn *c, struct desk_time now,
    char *buf, size_t size)
{
	/* It may have said something already. */
	struct desk_place p = desk_place(d, c->session);
	int n;

	if (d->config->greeting != NULL)
		n = snprintf(buf, size, "%s\n", d->config->greeting);
	else
		n = snprintf(buf, size, _("Welcome to %s.\n"), d->config->name);
	if (n < 0 || (size_t)n >= size)
		return n;
	if (desk_on_duty(d, now))
		snprintf(buf + n, size - (size_t)n,
		    _("You are number %u in line. Write your question."),
		    p.at != 0 ? p.at : p.of + 1);
	else
		desk_nobody_text(d, false, now, buf + n, size - (size_t)n);
	return n;
}

/* A classic client has no commands. */
static void
add_commands(const struct desk_conn *c, char *buf, size_t size)
{
	size_t len = strlen(buf);

	if (c->mode == EV_MODE_LINE)
		snprintf(buf + len, size - len, "\n%s",
		    _("Type /help for help, /quit to leave."));
}

static void
greet_classic(const struct desk_round *r, struct desk_conn *c, const char *text)
{
	struct dw_buf out = DW_BUF_INITIALIZER;
	struct desk_say hello = { NULL, NULL, 0, true, false };
	size_t max = desk_turn_max(c->charset != NULL && c->charset->grows);

	dw_buf_adds(&out, EV_SERVER_HELLO "\n");
	dw_quit_guard(&out, text, strlen(text));
	if (out.failed) {
		no_memory(r, c);
	} else {
		hello.text = out.data;
		hello.len = dw_text_cut(out.data, out.len, max);
		desk_conn_put(r, c, &hello, 0);
	}
	dw_buf_fini(&out);
}

void
desk_conn_greet(const struct desk_round *r, struct desk_conn *c)
{
	char text[GREETING_MAX];

	if (greeting(r->d, c, r->now, text, sizeof text) < 0)
		text[0] = '\0';
	add_commands(c, text, sizeof text);
	if (c->mode == EV_MODE_CLASSIC)
		greet_classic(r, c, text);
	else
		desk_conn_say(r, c, NULL, text, strlen(text), 0);
}

/* A classic client that has not been told yet is told now.  It has had its
 * minute. */
void
desk_conn_expire(const struct desk_round *r, struct desk_conn *c)
{
	if (c->ending || c->mode != EV_MODE_CLASSIC) {
		desk_conn_cut(r, c);
		return;
	}
	c->expired = true;
	desk_turn_end(&c->turn, "", true, r->now.ns);
	desk_conn_pump(r, c);
}
