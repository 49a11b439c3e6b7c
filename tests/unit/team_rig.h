/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A desk of a team, for the tests of who answers whom: lin (at two consoles),
 * ann and wang, who are operators, and boss, who is a supervisor; and customers.
 */
#ifndef TEAM_RIG_H
#define TEAM_RIG_H

#include "desk_rig.h"

static struct desk_config config;

enum { LIN, LIN2, ANN, WANG, BOSS, CONSOLES };

static struct desk_console con[CONSOLES];

#define CUSTOMERS 6
static struct desk_conn cust[CUSTOMERS + 1]; /* [1] has session 1 … */

static const struct ev_key none;

static void
describe_event(const struct ev_event *ev, const struct desk_session *s)
{
	(void)s;
	dw_buf_adds(&happened, ev_word(&ev_kinds, ev->kind));
	if (ev->sid != 0)
		dw_buf_addf(&happened, " %" PRIu64, ev->sid);
	if (ev->who[0] != '\0' && ev->kind != EV_ARRIVED)
		dw_buf_addf(&happened, " %s", ev->who);
	if (ev->n != 0)
		dw_buf_addf(&happened, " n%" PRIu64, ev->n);
	if (ev->why[0] != '\0')
		dw_buf_addf(&happened, " (%s)", ev->why);
	if (ev->len > 0 && ev->kind != EV_SAID) {
		dw_buf_adds(&happened, " \"");
		dw_buf_add(&happened, ev->body, ev->len);
		dw_buf_adds(&happened, "\"");
	}
	dw_buf_adds(&happened, "; ");
}

static const char *
name_of(const struct desk_conn *c)
{
	static const char *const names[] = { "", "c1", "c2", "c3", "c4", "c5",
		"c6" };

	return names[c - cust];
}

/* What the desk says goes out; whether it arrives is no matter here. */
static uint64_t put_bytes;

/* What a customer is told of the line tests/unit/queue.c has. */
static bool
is_of_line(const struct desk_say *say)
{
	static const char *const parts[] = { "is answering you now.",
		"in line again.", "Somebody will come", "You are next.",
		"A customer who came before you" };

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (say->who == NULL &&
		    memmem(say->text, say->len, parts[i], strlen(parts[i])) !=
			NULL)
			return true;
	return false;
}

static enum desk_put
describe_say(struct desk_conn *c, const struct desk_say *say, uint64_t *end)
{
	*end = put_bytes += say->len;
	if (is_of_line(say))
		return DESK_PUT_SENT;
	dw_buf_addf(&happened, "%s<", name_of(c));
	if (say->who != NULL)
		dw_buf_addf(&happened, "%s:", say->who);
	dw_buf_add(&happened, say->text, say->len);
	dw_buf_adds(&happened, "; ");
	return DESK_PUT_SENT;
}

static const char *
describe_datagram(const struct desk_peer *to, const char *text, size_t len)
{
	(void)to;
	(void)text;
	(void)len;
	CHECK(!"nobody writes over UDP here");
	return NULL;
}

static void
describe_attached(uint64_t datagrams)
{
	(void)datagrams;
	dw_buf_adds(&happened, "attached; ");
}

static inline void
pass(int64_t ms)
{
	now.ns += ms * DW_MS;
	now.ms += ms;
	now.steady_ms += ms;
}

/* Ends rounds until nothing is due; what happened is of no interest. */
static inline void
done(void)
{
	do {
		desk_settle(desk, now);
		desk_publish(desk, &sink, NULL, now);
		desk_tick(desk, &sink, NULL, now);
	} while (desk_deadline(desk) <= now.ns);
	dw_buf_reset(&happened);
}

/* Takes the round back, of which nobody hears. */
static inline void
retracted(void)
{
	desk_settle(desk, now);
	desk_retract(desk);
	CHECK_STR(dw_buf_str(&happened), "");
}

static void
console_rq(int i, enum desk_rq rq)
{
	ask((struct desk_request){ .rq = rq,
	    .console = &con[i],
	    .who = con[i].who,
	    .as = con[i].as,
	    .role = con[i].role });
}

static inline void
come(int i)
{
	static const struct {
		const char *who, *as;
		enum ev_role role;
	} team[CONSOLES] = { { "lin", "", EV_ROLE_OPERATOR },
		{ "lin", "", EV_ROLE_OPERATOR },
		{ "ann", "Ann B.", EV_ROLE_OPERATOR },
		{ "wang li", "", EV_ROLE_OPERATOR },
		{ "boss", "", EV_ROLE_SUPERVISOR } };

	desk_console_init(&con[i], team[i].who, team[i].as, team[i].role);
	console_rq(i, DESK_RQ_ATTACH);
}

static inline void
go(int i)
{
	console_rq(i, DESK_RQ_DETACH);
}

static inline void
types(int i, uint64_t sid)
{
	ask((struct desk_request){ .rq = DESK_RQ_TYPES,
	    .console = &con[i],
	    .who = con[i].who,
	    .sid = sid });
}

static inline void
next(int i, uint64_t sid)
{
	ask((struct desk_request){ .rq = DESK_RQ_NEXT,
	    .console = &con[i],
	    .who = con[i].who,
	    .as = con[i].as,
	    .sid = sid });
}

static void
text_rq(enum desk_rq rq, int i, uint64_t sid, const char *text,
    struct ev_key key, uint64_t seen)
{
	ask((struct desk_request){ .rq = rq,
	    .console = &con[i],
	    .who = con[i].who,
	    .as = con[i].as,
	    .role = con[i].role,
	    .sid = sid,
	    .text = text,
	    .len = strlen(text),
	    .key = key,
	    .seen = seen });
}

static inline void
reply(int i, uint64_t sid)
{
	text_rq(DESK_RQ_REPLY, i, sid, "yes", none, 0);
}

static inline void
cmd(int i, const char *text)
{
	text_rq(DESK_RQ_COMMAND, i, 0, text, none, 0);
}

/* It is refused like this, and says so; nothing else happens. */
static inline void
refused(int i, const char *text, enum ev_code code, const char *why)
{
	char want[64];

	cmd(i, text);
	snprintf(want, sizeof want, "%s; ", ev_word(&ev_codes, code));
	stored(want);
	CHECK_STR(last_text, why);
}

static void
cust_rq(enum desk_rq rq, int i, enum ev_mode mode, const char *text)
{
	ask((struct desk_request){ .rq = rq,
	    .conn = &cust[i],
	    .mode = mode,
	    .why = "left",
	    .text = text,
	    .len = strlen(text) });
}

static inline void
say(int i, const char *text)
{
	cust_rq(DESK_RQ_SAID, i, EV_MODE_NONE, text);
}

static inline void
leave(int i)
{
	cust_rq(DESK_RQ_DISCONNECTED, i, EV_MODE_NONE, "");
}

/* Customer i comes with a question; its session has the same number. */
static void
arrive_as(int i, enum ev_mode mode)
{
	char addr[EV_ADDR_SIZE];

	snprintf(addr, sizeof addr, "192.0.2.%d:1", i);
	desk_conn_init(&cust[i], addr);
	cust_rq(DESK_RQ_OPENED, i, mode, "");
	say(i, "hi");
	done();
	CHECK_INT(cust[i].sid, i);
}

static inline void
arrive(int i)
{
	arrive_as(i, EV_MODE_LINE);
}

static void
begin_with(uint64_t last_seq, uint64_t last_sid)
{
	desk_begin(desk, last_seq, last_sid, now);
	done();
}

static void
set_up(void)
{
	config = (struct desk_config){
		.name = "us",
		.turn = { 45 * DW_SECOND, 30 * DW_SECOND, 10 * DW_SECOND },
		.linger_ns = 2 * DW_SECOND,
		.retry_ns = DW_SECOND,
		.gone_after_ms = 24 * 3600 * 1000,
		.claim_timeout_ms = 300 * 1000,
		.lost_grace_ms = 60 * 1000,
		.max_gone = 10,
		.held_bytes = 1000,
		.max_message = 100,
		.max_keys = 3,
	};
	dw_buf_reset(&happened);
	put_bytes = 0;
	now = (struct desk_time){ 100 * DW_SECOND, 1000000, 500000 };
	for (int i = 1; i <= CUSTOMERS; i++)
		desk_conn_init(&cust[i], "192.0.2.9:9");
	CHECK_INT(desk_new(&config, &desk), 0);
}

/* lin, ann and wang are there. */
static inline void
begin(void)
{
	set_up();
	begin_with(0, 0);
	come(LIN);
	come(ANN);
	come(WANG);
	done();
}

static void
finish(void)
{
	for (int i = 1; i <= CUSTOMERS; i++)
		desk_turn_fini(&cust[i].turn);
	desk_free(desk);
	dw_buf_fini(&happened);
}

static inline const char *
owner(uint64_t sid)
{
	const struct ev_session *f = desk_known(desk, sid);

	return f != NULL ? f->owner : "(ended)";
}

/* An event of before the desk was started again, this long ago. */
static inline void
replay_event(struct ev_event ev, uint64_t seq, int64_t ago_ms)
{
	ev.seq = seq;
	ev.sid = 1;
	ev.t_ms = now.ms - ago_ms;
	CHECK_INT(desk_replay(desk, &ev), 0);
}

static inline void
replay(enum ev_kind kind, uint64_t seq, int64_t ago_ms, const char *who,
    const char *why, uint64_t n)
{
	struct ev_event ev = ev_event_of(kind);

	ev.who = who;
	ev.why = why;
	ev.n = n;
	if (kind == EV_ARRIVED)
		ev.addr = "192.0.2.1:1";
	ev.mode = EV_MODE_LINE;
	replay_event(ev, seq, ago_ms);
}

#endif
