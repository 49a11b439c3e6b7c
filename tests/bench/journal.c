/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Journals for tests/bench/desk_bench.py, written by the store without a desk:
 *
 *	journal fill DIR EVENTS		makes one of so many events
 *	journal wal DIR EVENTS		bytes written to the -wal for each of so
 *					many events, each in a COMMIT of its own
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/store.h"

#define BATCH    1000
#define LIVE     200 /* sessions that go on at once */
#define MESSAGES 30  /* in each, each way */

struct session {
	uint64_t sid, in, out, sent;
};

struct maker {
	struct session live[LIVE];
	uint64_t seq, sid;
	unsigned seed;
};

static struct store *
open_in(const char *dir)
{
	const struct store_config cfg = { .dir = dir };
	struct dw_buf why = DW_BUF_INITIALIZER;
	struct store *s = NULL;

	if (store_open(&cfg, &s, &why) < 0) {
		fprintf(stderr, "%s\n", dw_buf_str(&why));
		exit(1);
	}
	dw_buf_fini(&why);
	return s;
}

static struct ev_key
next_key(const struct maker *m)
{
	struct ev_key key = { { 1 } };

	memcpy(key.bytes + EV_KEY_CONSOLE, &m->seq, EV_KEY_CONSOLE);
	return key;
}

/* What comes next in one of the live sessions: a message, its answer, that this
 * has left; after some of these the end, and another takes the place. */
static struct ev_event
next_event(struct maker *m)
{
	struct session *s = &m->live[(unsigned)rand_r(&m->seed) % LIVE];
	struct ev_event ev = ev_event_of(EV_SAID);

	ev.body = "some words, as people write them to a desk";
	ev.len = strlen(ev.body);
	if (s->sid == 0 || s->sent == MESSAGES) {
		ev = ev_event_of(s->sid == 0 ? EV_ARRIVED : EV_CLOSED);
		ev.addr = s->sid == 0 ? "127.0.0.1:40000" : "";
		ev.sid = s->sid == 0 ? ++m->sid : s->sid;
		*s = (struct session){ s->sid == 0 ? ev.sid : 0, 0, 0, 0 };
	} else if (s->in == s->out) {
		ev.n = ++s->in;
	} else if (s->sent == s->out) {
		ev.kind = EV_REPLY;
		ev.who = "lin";
		ev.n = ++s->out;
		ev.key = next_key(m);
	} else {
		ev = ev_event_of(EV_SENT);
		ev.n = s->sent = s->out;
	}
	if (ev.sid == 0)
		ev.sid = s->sid;
	ev.mode = EV_MODE_LINE;
	ev.seq = ++m->seq;
	ev.t_ms = INT64_C(1700000000000) + (int64_t)m->seq * 50;
	return ev;
}

static void
append(struct store *s, struct maker *m, size_t n)
{
	struct ev_event evs[BATCH];

	for (size_t i = 0; i < n; i++)
		evs[i] = next_event(m);
	if (store_append(s, evs, n) < 0) {
		fprintf(stderr, "cannot append\n");
		exit(1);
	}
}

static void
fill(struct store *s, struct maker *m, uint64_t events)
{
	while (m->seq < events)
		append(s, m,
		    events - m->seq < BATCH ? (size_t)(events - m->seq) :
					      BATCH);
	/* As after a desk that has walked all of it. */
	store_set_checked(s, m->seq);
}

/* Nobody checkpoints meanwhile, so it only grows. */
static void
wal(const char *dir, struct store *s, struct maker *m, uint64_t events)
{
	char path[4096];
	struct stat before, after;

	snprintf(path, sizeof path, "%s/journal.db-wal", dir);
	if (stat(path, &before) < 0)
		before.st_size = 0;
	for (uint64_t i = 0; i < events; i++)
		append(s, m, 1);
	if (stat(path, &after) < 0)
		exit(1);
	printf("%.0f\n",
	    (double)(after.st_size - before.st_size) / (double)events);
}

int
main(int argc, char **argv)
{
	static struct maker m = { .seed = 1 };
	uint64_t events = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
	struct store *s;

	if (argc != 4)
		return 2;
	s = open_in(argv[2]);
	if (strcmp(argv[1], "wal") == 0) {
		fill(s, &m, 300000);
		store_close(s);
		s = open_in(argv[2]);
		wal(argv[2], s, &m, events);
	} else {
		fill(s, &m, events);
	}
	store_close(s);
	return 0;
}
