/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A desk with some customers, for the tests of what is told to whom in line.
 */
#ifndef QUEUE_RIG_H
#define QUEUE_RIG_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk_rig.h"
#include "tests/t.h"

#define CUSTOMERS 8

static struct desk_config config = {
	.name = "us",
	.turn = { 45 * DW_SECOND, 30 * DW_SECOND, 10 * DW_SECOND },
	.linger_ns = 2 * DW_SECOND,
	.retry_ns = DW_SECOND,
	.gone_after_ms = 86400000,
	.claim_timeout_ms = 300000,
	.lost_grace_ms = 60000,
	.place_every_ms = 90000,
	.max_ban_ms = 3600000,
	.max_gone = 30,
	.held_bytes = 1000,
	.max_message = 1000,
};

static struct desk_conn conns[CUSTOMERS + 1]; /* from 1 on, as their sessions */
static struct desk_console lin, ann;
static uint64_t put_bytes;

static void
describe_event(const struct ev_event *ev, const struct desk_session *s)
{
	(void)s;
	if (ev->kind == EV_SENT)
		return; /* each reply is taken at once */
	dw_buf_addf(&happened, "%s %" PRIu64, ev_word(&ev_kinds, ev->kind),
	    ev->sid);
	if (ev->who[0] != '\0' && ev->kind != EV_ARRIVED)
		dw_buf_addf(&happened, " %s", ev->who);
	if (ev->why[0] != '\0')
		dw_buf_addf(&happened, " (%s)", ev->why);
	if ((ev->flags & EV_FLAG_UNATTENDED) != 0)
		dw_buf_adds(&happened, " unattended");
	dw_buf_adds(&happened, "; ");
}

static const char *
name_of(const struct desk_conn *c)
{
	static char name[16];

	snprintf(name, sizeof name, "%d", (int)(c - conns));
	return name;
}

static enum desk_put
describe_say(struct desk_conn *c, const struct desk_say *say, uint64_t *end)
{
	put_bytes += say->len;
	*end = put_bytes;
	dw_buf_addf(&happened, "%s<%s%s", name_of(c),
	    say->who != NULL ? say->who : "", say->who != NULL ? ":" : "");
	dw_buf_add(&happened, say->text, say->len);
	dw_buf_adds(&happened, "; ");
	return DESK_PUT_TAKEN;
}

static const char *
describe_datagram(const struct desk_peer *to, const char *text, size_t len)
{
	(void)to;
	(void)text;
	(void)len;
	return NULL;
}

static void
describe_attached(uint64_t datagrams)
{
	(void)datagrams;
}

static inline void
round_is_over(void)
{
	desk_settle(desk, now);
	desk_publish(desk, &sink, NULL, now);
	desk_tick(desk, &sink, NULL, now);
	dw_buf_reset(&happened);
}

static inline void
of_console(struct desk_console *con, enum desk_rq rq)
{
	ask((struct desk_request){ .rq = rq,
	    .console = con,
	    .who = con->who,
	    .as = con->as,
	    .role = con->role });
}

static inline void
begin_empty(void)
{
	dw_buf_reset(&happened);
	put_bytes = 0;
	now = (struct desk_time){ 1000 * DW_SECOND, INT64_C(1796000000000),
		INT64_C(5000000) };
	desk_console_init(&lin, "lin", "Lin", EV_ROLE_ADMIN);
	desk_console_init(&ann, "ann", "", EV_ROLE_ADMIN);
	for (int i = 1; i <= CUSTOMERS; i++) {
		char addr[32];

		snprintf(addr, sizeof addr, "192.0.2.%d:4711", i);
		desk_conn_init(&conns[i], addr);
	}
	CHECK_INT(desk_new(&config, &desk), 0);
	desk_begin(desk, 0, 0, now);
	round_is_over();
}

/* With lin at the desk. */
static inline void
begin(void)
{
	begin_empty();
	of_console(&lin, DESK_RQ_ATTACH);
	round_is_over();
}

static inline void
finish(void)
{
	for (int i = 1; i <= CUSTOMERS; i++)
		desk_turn_fini(&conns[i].turn);
	desk_free(desk);
	dw_buf_fini(&happened);
}

static inline void
open_conn(int i, enum ev_mode mode)
{
	ask((struct desk_request){ .rq = DESK_RQ_OPENED,
	    .conn = &conns[i],
	    .mode = mode });
}

static inline void
say_text(int i, const char *text)
{
	ask((struct desk_request){ .rq = DESK_RQ_SAID,
	    .conn = &conns[i],
	    .text = text,
	    .len = strlen(text) });
}

/* They come one after the other, and each says something. */
static inline void
come(int from, int to)
{
	for (int i = from; i <= to; i++) {
		open_conn(i, EV_MODE_LINE);
		say_text(i, "hi");
		round_is_over();
	}
}

static inline void
leave(int i, const char *why)
{
	ask((struct desk_request){ .rq = DESK_RQ_DISCONNECTED,
	    .conn = &conns[i],
	    .why = why });
}

static inline void
reply_by(struct desk_console *con, uint64_t sid)
{
	ask((struct desk_request){ .rq = DESK_RQ_REPLY,
	    .console = con,
	    .who = con->who,
	    .as = con->as,
	    .sid = sid,
	    .text = "yes",
	    .len = 3 });
}

static inline void
command_by(struct desk_console *con, const char *text)
{
	ask((struct desk_request){ .rq = DESK_RQ_COMMAND,
	    .console = con,
	    .who = con->who,
	    .as = con->as,
	    .role = con->role,
	    .text = text,
	    .len = strlen(text) });
}

static inline void
pass_ms(int64_t ms)
{
	now.ns += ms * DW_MS;
	now.ms += ms;
	now.steady_ms += ms;
}

/* Nothing happens before this moment, and then this. */
static inline void
only_after_ms(int64_t ms, const char *want)
{
	pass_ms(ms - 1);
	stored("");
	pass_ms(1);
	CHECK(desk_deadline(desk) <= now.ns);
	stored(want);
	CHECK(desk_deadline(desk) > now.ns);
}

#endif
