/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who came and was no customer, as the desk counts and lists them. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "desk_rig.h"

#define MOST 64 /* that the list has */

static const struct desk_config config = {
	.name = "us",
	.retry_ns = DW_SECOND,
	.max_message = 1000,
};

static struct desk_conn conns[MOST + 6];

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
	return "a customer";
}

static enum desk_put
describe_say(struct desk_conn *c, const struct desk_say *say, uint64_t *end)
{
	(void)c;
	(void)say;
	*end = 0;
	return DESK_PUT_SENT;
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

static void
begin(void)
{
	char addr[EV_ADDR_SIZE];

	setenv("TZ", "UTC", 1);
	now.ns = 100 * DW_SECOND;
	now.ms = 1000000;
	CHECK_INT(desk_new(&config, &desk), 0);
	desk_begin(desk, 0, 0, now);
	desk_settle(desk, now);
	for (size_t i = 0; i < sizeof conns / sizeof conns[0]; i++) {
		snprintf(addr, sizeof addr, "192.0.2.%zu:1", i);
		desk_conn_init(&conns[i], addr);
	}
}

static void
finish(void)
{
	desk_free(desk);
	dw_buf_fini(&happened);
}

static void
stranger(size_t i, const char *what, const char *text)
{
	ask((struct desk_request){ .rq = DESK_RQ_STRANGER,
	    .conn = &conns[i],
	    .why = what,
	    .text = text,
	    .len = strlen(text) });
}

static void
becomes_a_customer(size_t i)
{
	ask((struct desk_request){ .rq = DESK_RQ_OPENED,
	    .conn = &conns[i],
	    .mode = EV_MODE_LINE });
	ask((struct desk_request){ .rq = DESK_RQ_SAID,
	    .conn = &conns[i],
	    .text = "hello",
	    .len = 5 });
}

static void
the_list_says_when_and_from_where_and_what(void)
{
	begin();
	command("visitors");
	stored("ok<nobody came who was no customer; ");
	stranger(1, "SSH", "SSH-2.0-\033[2Jx");
	later(60);
	stranger(2, "no text", "");
	stored("ok; ok; strangers: 2; ");
	command("visitors");
	stored("ok<the last who came and were no customers:\n"
	       "1970-01-01 00:16:40 192.0.2.1:1 SSH \"SSH-2.0-\\x1b[2Jx\"\n"
	       "1970-01-01 00:17:40 192.0.2.2:1 no text; ");
	command("visitors 7");
	stored("usage; ");
	finish();
}

static void
the_list_has_the_last_ones_and_no_more(void)
{
	size_t n = sizeof conns / sizeof conns[0];
	char want[32];

	begin();
	for (size_t i = 0; i < n; i++)
		stranger(i, "SSH", "");
	command("visitors");
	desk_settle(desk, now);
	desk_publish(desk, &sink, NULL, now);
	snprintf(want, sizeof want, " 192.0.2.%zu:1 ", n - MOST - 1);
	CHECK(strstr(dw_buf_str(&happened), want) == NULL);
	for (size_t i = n - MOST; i < n; i++) {
		snprintf(want, sizeof want, " 192.0.2.%zu:1 ", i);
		CHECK(strstr(dw_buf_str(&happened), want) != NULL);
	}
	finish();
}

static void
they_are_told_once_a_minute(void)
{
	begin();
	stranger(1, "SSH", "");
	stored("ok; ");
	later(1);
	stored("strangers: 1; ");
	stranger(2, "SSH", "");
	stranger(3, "SSH", "");
	ask((struct desk_request){ .rq = DESK_RQ_DROPPED });
	stored("ok; ok; ok; ");
	later(1);
	stored("dropped; ");
	later(58);
	stored("");
	later(1);
	stored("strangers: 2; ");
	finish();
}

static void
one_connection_counts_once(void)
{
	begin();
	stranger(1, "SSH", "");
	desk_retract(desk);
	stranger(1, "SSH", "");
	stored("ok; ");
	later(1);
	stored("strangers: 1; ");
	finish();
}

static void
who_becomes_a_customer_was_none_of_them(void)
{
	begin();
	stranger(1, "SSH", "");
	stranger(2, "SSH", "");
	stored("ok; ok; ");
	becomes_a_customer(1);
	stored("ok; arrived; said; ok; ");
	later(1);
	stored("strangers: 1; ");
	becomes_a_customer(2);
	command("visitors");
	stored("ok; arrived; said; ok; "
	       "ok<nobody came who was no customer; ");
	later(60);
	stored("");
	finish();
}

static void
a_round_that_is_not_stored_changes_nothing_of_it(void)
{
	begin();
	stranger(1, "SSH", "");
	operator(DESK_RQ_ATTACH);
	command("visitors");
	not_stored("ok; ok<the last who came and were no customers:\n"
		   "1970-01-01 00:16:40 192.0.2.1:1 SSH; ");
	later(1);
	stored("strangers: 1; ");
	finish();
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(the_list_says_when_and_from_where_and_what),
		T(the_list_has_the_last_ones_and_no_more),
		T(they_are_told_once_a_minute),
		T(one_connection_counts_once),
		T(who_becomes_a_customer_was_none_of_them),
		T(a_round_that_is_not_stored_changes_nothing_of_it),
	};

	return t_main("strangers", cases, sizeof cases / sizeof cases[0]);
}
