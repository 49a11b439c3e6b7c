/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A round looks at what it touches, however many customers there are.  Each
 * session and each connection gets a page of its own here, and all of them are
 * closed before a round: the desk opens those that it looks at.  So whoever
 * walks through all of them in a round is found.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "desk_rig.h"

#define FEW   500
#define MANY  2000
#define MOST  80 /* looked at in a round: a few orders, to their depth */
#define PAGES ((size_t)3 * MANY)
#define WAIT  (30 * DW_MS)
#define HOLD  (45 * DW_SECOND)
#define LEASE (300 * DW_SECOND)

#include "pages.h"

/* ---- the desk ---- */

static enum desk_put put_says;
static uint64_t put_bytes;
static struct desk_conn *conns[MANY];
static int nconns;

static void
describe_event(const struct ev_event *ev, const struct desk_session *s)
{
	(void)s;
	dw_buf_addf(&happened, "%s; ", ev_word(&ev_kinds, ev->kind));
}

static const char *
name_of(const struct desk_conn *c)
{
	(void)c;
	return "somebody";
}

static enum desk_put
describe_say(struct desk_conn *c, const struct desk_say *say, uint64_t *end)
{
	(void)c;
	put_bytes += say->len;
	*end = put_bytes;
	dw_buf_adds(&happened, "text; ");
	return put_says;
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
}

/* As a desk thread does, until nothing is due any more. */
static void
rounds(void)
{
	do {
		desk_settle(desk, now);
		desk_publish(desk, &sink, NULL, now);
		desk_tick(desk, &sink, NULL, now);
	} while (desk_deadline(desk) <= now.ns);
}

static void
conn_says(struct desk_conn *c, const char *text)
{
	ask((struct desk_request){ .rq = DESK_RQ_SAID,
	    .conn = c,
	    .text = text,
	    .len = strlen(text) });
}

static void
conn_rq(struct desk_conn *c, enum desk_rq rq, enum ev_mode mode)
{
	ask((struct desk_request){ .rq = rq,
	    .conn = c,
	    .mode = mode,
	    .why = "left" });
}

static void
reply_to(uint64_t sid)
{
	ask((struct desk_request){ .rq = DESK_RQ_REPLY,
	    .who = "lin",
	    .sid = sid,
	    .text = "yes",
	    .len = 3 });
}

static void
pass(int64_t ns)
{
	now.ns += ns;
	now.ms += ns / DW_MS;
	now.steady_ms += ns / DW_MS;
}

/* A request of lin's console. */
static void
lin_rq(enum desk_rq rq, uint64_t sid)
{
	ask((struct desk_request){ .rq = rq,
	    .console = &consoles[nconsoles % 8],
	    .who = "lin",
	    .sid = sid });
}

static void
command_by(const char *who, const char *name, uint64_t sid)
{
	char text[40];

	snprintf(text, sizeof text, "%s %" PRIu64, name, sid);
	ask((struct desk_request){ .rq = DESK_RQ_COMMAND,
	    .who = who,
	    .role = EV_ROLE_ADMIN,
	    .text = text,
	    .len = strlen(text) });
}

static void
command_of(const char *name, uint64_t sid)
{
	command_by("lin", name, sid);
}

/* Every fourth is a classic client, who gets a holding line in a while. */
static bool
is_classic(int i)
{
	return i % 4 == 3;
}

static void
arrive(int i)
{
	conns[i] = page(sizeof *conns[i]);
	if (conns[i] == NULL)
		abort();
	desk_conn_init(conns[i], "192.0.2.7:4711");
	conn_rq(conns[i], DESK_RQ_OPENED,
	    is_classic(i) ? EV_MODE_CLASSIC : EV_MODE_LINE);
	conn_says(conns[i], "hello");
}

static void
leave(int i)
{
	conn_rq(conns[i], DESK_RQ_DISCONNECTED, EV_MODE_NONE);
	pass(DW_MS);
	rounds();
}

/* Of ten customers one leaves unanswered, two are answered, and seven wait. */
static void
begin(int n)
{
	static const struct desk_config config = {
		.name = "us",
		.turn = { HOLD, 30 * DW_SECOND, 10 * DW_SECOND },
		.linger_ns = 2 * DW_SECOND,
		.retry_ns = DW_SECOND,
		.sent_ns = WAIT,
		.gone_after_ms = 3600 * 1000,
		.claim_timeout_ms = LEASE / DW_MS,
		.lost_grace_ms = 60 * 1000,
		.max_gone = MANY,
		.held_bytes = 1000,
		.max_message = 1000,
		.max_keys = 2,
	};

	put_says = DESK_PUT_TAKEN;
	put_bytes = 0;
	now = (struct desk_time){ 100 * DW_SECOND, 1000000, 500000 };
	pages_begin(sizeof(struct desk_session));
	CHECK_INT(desk_new(&config, &desk), 0);
	desk_begin(desk, 0, 0, now);
	stored("");
	operator(DESK_RQ_ATTACH);
	for (nconns = 0; nconns < n; nconns++) {
		arrive(nconns);
		pass(DW_MS);
		rounds();
		if (nconns % 10 < 2)
			reply_to((uint64_t)nconns + 1);
		if (nconns % 10 == 2)
			leave(nconns);
		rounds();
	}
	pass(WAIT);
	rounds();
	dw_buf_reset(&happened);
	close_pages();
}

/* It has looked at this much, and this happened. */
static void
finish(const char *want)
{
	CHECK_STR(dw_buf_str(&happened), want);
	CHECK(opened > 0);
	CHECK_INT(opened > MOST ? opened : MOST, MOST);
	open_pages();
	for (int i = 0; i < nconns; i++)
		desk_turn_fini(&conns[i]->turn);
	desk_free(desk);
	dw_buf_fini(&happened);
	pages_end();
}

/* Both must be few, and not only in proportion. */
#define WITH_EACH(n) for (int n = FEW; n <= MANY; n += MANY - FEW)

/* ---- rounds ---- */

static void
a_message_looks_at_few(void)
{
	WITH_EACH(n)
	{
		begin(n);
		conn_says(conns[n / 2], "and");
		rounds();
		finish("said; ok; ");
	}
}

static void
a_reply_looks_at_few(void)
{
	WITH_EACH(n)
	{
		begin(n);
		reply_to((uint64_t)n / 2 + 5);
		rounds();
		pass(WAIT);
		rounds();
		finish("claim; reply; text; ok; sent; ");
	}
}

static void
news_that_a_reply_was_taken_looks_at_few(void)
{
	WITH_EACH(n)
	{
		begin(n);
		put_says = DESK_PUT_SENT;
		reply_to((uint64_t)n / 2 + 5);
		rounds();
		close_pages();
		ask((struct desk_request){ .rq = DESK_RQ_SENT,
		    .conn = conns[n / 2 + 4],
		    .taken = put_bytes });
		rounds();
		pass(WAIT);
		rounds();
		finish("claim; reply; text; ok; ok; sent; ");
	}
}

static void
a_turn_that_is_due_looks_at_few(void)
{
	WITH_EACH(n)
	{
		begin(n);
		now.ns = desk_deadline(desk);
		rounds();
		finish("text; ");
	}
}

static void
one_who_leaves_looks_at_few(void)
{
	WITH_EACH(n)
	{
		begin(n);
		conn_rq(conns[n / 2 + 4], DESK_RQ_DISCONNECTED, EV_MODE_NONE);
		rounds();
		finish("ok; gone; ");
	}
}

static void
one_who_has_left_for_long_looks_at_few(void)
{
	WITH_EACH(n)
	{
		begin(n);
		open_pages();
		for (int i = 0; i < n; i++) /* nobody else's time comes */
			if (conns[i]->session != NULL)
				leave(i);
		dw_buf_reset(&happened);
		close_pages();
		pass(desk_deadline(desk) - now.ns);
		rounds();
		finish("closed; ");
	}
}

static void
a_close_looks_at_few(void)
{
	char text[40];

	WITH_EACH(n)
	{
		begin(n);
		snprintf(text, sizeof text, "close %d", n / 2 + 3);
		command(text);
		rounds();
		finish("closed; ok; ");
	}
}

static void
who_is_next_is_found_by_looking_at_few(void)
{
	WITH_EACH(n)
	{
		begin(n);
		lin_rq(DESK_RQ_NEXT, 0);
		rounds();
		CHECK_INT(last_answer.sid, 4);
		lin_rq(DESK_RQ_TYPES, 4);
		rounds();
		finish("ok; claim; ok; text; ");
	}
}

/* Lin has all who are connected, and most who have left. */
static void
who_is_next_of_those_who_left_is_found_by_looking_at_few(void)
{
	WITH_EACH(n)
	{
		begin(n);
		open_pages();
		for (int i = 0; i < n; i++) {
			if (i % 10 > 2 || (i % 10 == 2 && i < n / 2))
				command_by("ann", "take", (uint64_t)i + 1);
			rounds();
		}
		dw_buf_reset(&happened);
		close_pages();
		lin_rq(DESK_RQ_NEXT, 0);
		rounds();
		CHECK_INT(last_answer.sid, n / 2 + 3);
		finish("ok; ");
	}
}

static void
taking_and_giving_back_look_at_few(void)
{
	WITH_EACH(n)
	{
		begin(n);
		command_of("take", (uint64_t)n / 2 + 5);
		rounds();
		command_of("release", (uint64_t)n / 2 + 5);
		rounds();
		finish("claim; text; ok; free; text; ok; ");
	}
}

static void
a_lease_that_ends_looks_at_few(void)
{
	WITH_EACH(n)
	{
		begin(n);
		open_pages();
		command_of("take", (uint64_t)n / 2 + 5);
		pass(LEASE - DW_MS);
		rounds();
		dw_buf_reset(&happened);
		close_pages();
		pass(DW_MS);
		rounds();
		finish("free; text; ");
	}
}

/* Nobody but wang has this one, and lin many. */
static void
a_colleague_who_is_lost_looks_at_few(void)
{
	struct desk_console wang;

	WITH_EACH(n)
	{
		begin(n);
		desk_console_init(&wang, "wang", "", EV_ROLE_OPERATOR);
		ask((struct desk_request){ .rq = DESK_RQ_ATTACH,
		    .console = &wang,
		    .who = "wang" });
		ask((struct desk_request){ .rq = DESK_RQ_COMMAND,
		    .console = &wang,
		    .who = "wang",
		    .role = EV_ROLE_OPERATOR,
		    .text = "take 4",
		    .len = 6 });
		rounds();
		ask((struct desk_request){ .rq = DESK_RQ_DETACH,
		    .console = &wang,
		    .who = "wang" });
		rounds();
		open_pages();
		pass(60 * DW_SECOND - DW_MS);
		rounds();
		dw_buf_reset(&happened);
		close_pages();
		pass(DW_MS);
		rounds();
		finish("free; ");
	}
}

static void
a_place_in_line_looks_at_few(void)
{
	WITH_EACH(n)
	{
		begin(n);
		conn_says(conns[n / 2 + 4], "/place");
		rounds();
		finish("text; ok; ");
	}
}

static void
a_greeting_looks_at_few(void)
{
	WITH_EACH(n)
	{
		begin(n);
		open_pages();
		arrive(0);
		close_pages();
		rounds();
		finish("text; ok; arrived; said; text; ok; ");
	}
}

static void
a_round_that_is_not_stored_looks_at_few(void)
{
	WITH_EACH(n)
	{
		begin(n);
		conn_says(conns[n / 2 + 4], "and");
		reply_to((uint64_t)n / 2 + 5);
		not_stored("text; not-stored; not-stored; ");
		later(1);
		rounds();
		finish("");
	}
}

static void
a_round_that_is_taken_back_looks_at_few(void)
{
	WITH_EACH(n)
	{
		begin(n);
		conn_says(conns[n / 2 + 4], "and");
		reply_to((uint64_t)n / 2 + 5);
		desk_settle(desk, now);
		desk_retract(desk);
		rounds();
		finish("");
	}
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_message_looks_at_few),
		T(a_reply_looks_at_few),
		T(news_that_a_reply_was_taken_looks_at_few),
		T(a_turn_that_is_due_looks_at_few),
		T(one_who_leaves_looks_at_few),
		T(one_who_has_left_for_long_looks_at_few),
		T(a_close_looks_at_few),
		T(who_is_next_is_found_by_looking_at_few),
		T(who_is_next_of_those_who_left_is_found_by_looking_at_few),
		T(taking_and_giving_back_look_at_few),
		T(a_lease_that_ends_looks_at_few),
		T(a_colleague_who_is_lost_looks_at_few),
		T(a_place_in_line_looks_at_few),
		T(a_greeting_looks_at_few),
		T(a_round_that_is_not_stored_looks_at_few),
		T(a_round_that_is_taken_back_looks_at_few),
	};

	return t_main("looks", cases, sizeof cases / sizeof cases[0]);
}
