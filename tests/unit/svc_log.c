/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests the rows of the desk's own log: rates, addresses, words. */
#include "config.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "service/internal.h"
#include "t.h"

#define STAMP 20 /* "2026-11-22 09:58:31 " */

static char path[256];
static struct svc_config config;
static struct svc *svc;
static struct dw_buf all; /* what the log has */

/* As much of a service as a row needs. */
static void
begin(enum svc_log_addresses addresses)
{
	memset(&config, 0, sizeof config);
	config.log_addresses = addresses;
	snprintf(path, sizeof path, "%s/log", t_tmpdir());
	CHECK_INT(dw_log_open(path, NULL, &config.log), 0);
	svc = calloc(1, sizeof *svc);
	svc->magic = SVC_MAGIC;
	svc->config = &config;
	svc_inbox_init(&svc->inbox);
	svc_log_init(svc);
}

static const char *
end(void)
{
	char chunk[4096];
	size_t n;
	FILE *f;

	CHECK_INT(dw_log_close(config.log), 0);
	svc_inbox_fini(&svc->inbox);
	free(svc);
	f = fopen(path, "r");
	dw_buf_reset(&all);
	while (f != NULL && (n = fread(chunk, 1, sizeof chunk, f)) > 0)
		dw_buf_add(&all, chunk, n);
	if (f != NULL)
		fclose(f);
	return dw_buf_str(&all);
}

static size_t
count(const char *s, const char *what)
{
	size_t n = 0;

	for (; (s = strstr(s, what)) != NULL; s++)
		n++;
	return n;
}

/* Rows with these words, and those that their summaries tell of. */
static unsigned long
sum(const char *rows, const char *words)
{
	static const char key[] = " suppressed=";
	unsigned long n = 0;

	for (const char *r = rows; *r != '\0'; r = strchr(r, '\n') + 1) {
		size_t len = strcspn(r, "\n");
		const char *told = memmem(r, len, key, sizeof key - 1);

		if (memmem(r, len, words, strlen(words)) == NULL)
			continue;
		n +=
		    told != NULL ? strtoul(told + sizeof key - 1, NULL, 10) : 1;
	}
	return n;
}

static struct sks_addr
addr(const char *text)
{
	struct sks_addr a;

	CHECK_INT(sks_addr_parse(text, 0, &a), 0);
	return a;
}

static void
a_row_says_who_and_why(void)
{
	const struct sks_addr a = addr("192.0.2.77:4711");
	const struct svc_log_about about = { .addr = &a,
		.sid = 3,
		.who = "lin",
		.why = "kicked" };
	const char *rows;

	begin(SVC_LOG_NET);
	svc_log(svc, SVC_LOG_ENDED, &about, "%s", "it has ended");
	svc_log(svc, SVC_LOG_STARTED, NULL, "%d", 1);
	rows = end();
	CHECK(strstr(rows,
		  " ended addr=192.0.2.0/24 sid=3 who=lin why=kicked: it has "
		  "ended\n") == rows + STAMP - 1);
	CHECK(strstr(rows, " started: 1\n") != NULL);
}

static const char *
refused_from(enum svc_log_addresses addresses, const char *from)
{
	const struct sks_addr a = addr(from);

	begin(addresses);
	svc_refused(svc, SVC_REFUSED_BANNED, &a);
	return end() + STAMP;
}

static void
an_address_is_shown_as_far_as_the_log_may(void)
{
	static const struct {
		const char *from, *full, *net;
	} all_of[] = {
		{ "192.0.2.77:4711", "addr=192.0.2.77:4711 ",
		    "addr=192.0.2.0/24 " },
		{ "[2001:db8:1:2:3::4]:5", "addr=[2001:db8:1:2:3::4]:5 ",
		    "addr=2001:db8:1::/48 " },
		{ "[::ffff:192.0.2.77]:5", "addr=192.0.2.77:5 ",
		    "addr=192.0.2.0/24 " },
		{ "unix:/run/secret/place", "addr=unix:/run/secret/place ",
		    "addr=unix " },
	};
	static const char none[] = "refused why=banned: ";

	for (size_t i = 0; i < sizeof all_of / sizeof all_of[0]; i++) {
		const char *from = all_of[i].from;

		if (!CHECK(strstr(refused_from(SVC_LOG_FULL, from),
			       all_of[i].full) != NULL))
			fprintf(stderr, "%s\n", all.data);
		if (!CHECK(strstr(refused_from(SVC_LOG_NET, from),
			       all_of[i].net) != NULL))
			fprintf(stderr, "%s\n", all.data);
		CHECK(strncmp(refused_from(SVC_LOG_NONE, from), none,
			  sizeof none - 1) == 0);
	}
}

static void
a_burst_is_written_and_the_rest_is_summed_up(void)
{
	const char *rows;

	begin(SVC_LOG_NET);
	for (int i = 0; i < 1000; i++)
		svc_refused(svc, SVC_REFUSED_SESSIONS, NULL);
	CHECK(svc_log_due(svc) != DW_NEVER);
	CHECK(svc_log_due(svc) <= dw_clock_ns() + DW_SECOND);
	svc_log_summaries(svc);
	CHECK_INT(svc_log_due(svc), DW_NEVER);
	CHECK_INT(atomic_load(&svc->refused[SVC_REFUSED_SESSIONS]), 1000);
	rows = end();
	CHECK_INT(sum(rows, " refused "), 1000);
	CHECK(count(rows, "\n") < 20);
	CHECK(strstr(rows, " refused why=sessions suppressed=") != NULL);
}

static void
the_next_row_says_what_was_left_out_before_it(void)
{
	const char *rows, *told, *last;

	begin(SVC_LOG_NET);
	for (int i = 0; i < 11; i++)
		svc_log(svc, SVC_LOG_LIMIT, NULL, "row %d", i);
	/* As if it were an hour later. */
	atomic_store(&svc->log_rates[SVC_LOG_LIMIT].fresh_ns, 0);
	svc_log(svc, SVC_LOG_LIMIT, NULL, "the last");
	rows = end();
	CHECK_INT(count(rows, "\n"), 12);
	told = strstr(rows, " limit suppressed=1: ");
	last = strstr(rows, " limit: the last\n");
	CHECK(told != NULL && last != NULL && told < last);
	CHECK(strstr(rows, "row 9\n") != NULL);
	CHECK(strstr(rows, "row 10\n") == NULL);
}

static void
what_is_left_out_of_one_kind_leaves_the_others(void)
{
	const char *rows;

	begin(SVC_LOG_NET);
	for (int i = 0; i < 100; i++)
		svc_refused(svc, SVC_REFUSED_PROTOCOL, NULL);
	svc_refused(svc, SVC_REFUSED_BANNED, NULL);
	svc_log(svc, SVC_LOG_DISK, NULL, "full");
	svc_log_summaries(svc);
	rows = end();
	CHECK_INT(count(rows, " refused why=banned: "), 1);
	CHECK_INT(count(rows, " disk: full"), 1);
	CHECK_INT(sum(rows, "why=protocol"), 100);
}

/* An idle desk is to sleep. */
static void
nothing_is_due_while_nothing_is_left_out(void)
{
	begin(SVC_LOG_NET);
	for (int i = 0; i < 10; i++)
		svc_log(svc, SVC_LOG_LIMIT, NULL, "row");
	CHECK_INT(svc_log_due(svc), DW_NEVER);
	CHECK(!svc->log_due.out);
	svc_log(svc, SVC_LOG_LIMIT, NULL, "row");
	CHECK(svc_log_due(svc) != DW_NEVER);
	CHECK(svc->log_due.out);
	(void)end();
}

static void *
refuse_many(void *arg)
{
	int *n = arg;

	for (int i = 0; i < *n; i++) {
		svc_refused(svc, SVC_REFUSED_ADDRESS, NULL);
		if (i % 100 == 0)
			svc_log_summaries(svc);
	}
	return NULL;
}

static void
threads_lose_none_of_the_sum(void)
{
	int each = t_size("refusals of a thread", 20000);
	pthread_t threads[4];
	const char *rows;

	begin(SVC_LOG_NET);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, refuse_many, &each);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	svc_log_summaries(svc);
	CHECK_INT(atomic_load(&svc->refused[SVC_REFUSED_ADDRESS]), 4 * each);
	rows = end();
	CHECK_INT(sum(rows, " refused "), 4 * each);
}

static struct ev_event
event_of(enum ev_kind kind, const char *who, const char *body)
{
	struct ev_event ev = ev_event_of(kind);

	ev.sid = 5;
	ev.who = who;
	ev.body = body;
	ev.len = strlen(body);
	return ev;
}

/* Of each kind of event one that is full of it. */
static void
tell_all(const char *secret)
{
	for (int kind = EV_ARRIVED; kind <= EV_ERASED; kind++) {
		struct ev_event ev =
		    event_of((enum ev_kind)kind, secret, secret);

		/* Of these `who` is an operator. */
		if (kind == EV_CLOSED || kind == EV_REOPENED || kind == EV_BAN)
			ev.who = "lin";
		if (kind == EV_REPLY || kind == EV_UDP_REPLY)
			ev.who = "lin";
		ev.addr = "192.0.2.7:1";
		svc_log_event(svc, &ev, NULL, NULL);
	}
}

static void
what_is_said_is_in_the_log_only_if_that_is_wanted(void)
{
	const char *rows;

	begin(SVC_LOG_FULL);
	tell_all("M4RK");
	rows = end();
	CHECK(strstr(rows, "M4RK") == NULL);
	CHECK(strstr(rows, " connected sid=5: ") != NULL);
	begin(SVC_LOG_FULL);
	config.log_words = true;
	tell_all("M4RK\n\x1b[2J");
	rows = end();
	CHECK(strstr(rows, " said sid=5: M4RK\\n\\x1b[2J\n") != NULL);
	CHECK(strstr(rows, " said sid=5 who=lin: M4RK\\n\\x1b[2J\n") != NULL);
	CHECK(strchr(rows, '\x1b') == NULL);
}

static void
without_a_log_refusals_are_counted(void)
{
	struct dw_log *log;

	begin(SVC_LOG_NET);
	log = config.log;
	config.log = NULL;
	for (int i = 0; i < 100; i++)
		svc_refused(svc, SVC_REFUSED_FILES, NULL);
	CHECK_INT(atomic_load(&svc->refused[SVC_REFUSED_FILES]), 100);
	CHECK_INT(svc_log_due(svc), DW_NEVER);
	config.log = log;
	CHECK_STR(end(), "");
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_row_says_who_and_why),
		T(an_address_is_shown_as_far_as_the_log_may),
		T(a_burst_is_written_and_the_rest_is_summed_up),
		T(the_next_row_says_what_was_left_out_before_it),
		T(what_is_left_out_of_one_kind_leaves_the_others),
		T(nothing_is_due_while_nothing_is_left_out),
		T(threads_lose_none_of_the_sum),
		T(what_is_said_is_in_the_log_only_if_that_is_wanted),
		T(without_a_log_refusals_are_counted),
	};
	int status = t_main("svc_log", cases, sizeof cases / sizeof cases[0]);

	dw_buf_fini(&all);
	return status;
}
