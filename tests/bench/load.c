/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The load of make bench, one mode a run, against any server that speaks
 * words.h at a port of loopback:
 *
 *	load churn PORT PID N SECS [LIMIT]
 *				N at once, each with connect, hello, a message
 *				and quit, and then the next, LIMIT in all
 *	load messages PORT PID N SECS [RATE]
 *				N connections that play ping-pong, or RATE
 *				messages a second on them, whose times begin
 *				when they were due
 *	load storm PORT PID N SECS
 *				N at the same moment, until all have an answer
 *	load stall PORT PID N SECS
 *				N that send and never read, and what another
 *				one waits for its answers meanwhile
 *
 * PID is the server's, whose processor time is told, too.  SECS is the limit.
 * The output is a JSON object.
 */
#include "config.h"

#include <unistd.h>

#include "bench/talk.h"
#include "bench/words.h"

static uint64_t start_ns, start_cpu_ns;

static void
start(void)
{
	start_ns = words_now_ns();
	start_cpu_ns = talk_server_ns();
}

/* What n operations took, each of them and together. */
static void
tell(long n)
{
	double ns = (double)(words_now_ns() - start_ns);
	double cpu_ns = (double)(talk_server_ns() - start_cpu_ns);

	if (n == 0) {
		printf("{\"n\": 0, \"errors\": %ld}\n", talks.errors);
		return;
	}
	printf("{\"n\": %ld, \"errors\": %ld, \"ms\": %.3f, \"cpu_us\": %.3f, "
	       "\"p50_us\": %.1f, \"p99_us\": %.1f, \"per_second\": %.1f}\n",
	    n, talks.errors, ns / 1e6, cpu_ns / 1e3 / (double)n,
	    histogram_us(&talks.times, 0.5), histogram_us(&talks.times, 0.99),
	    (double)n * 1e9 / ns);
}

static uint64_t
time_limit(void)
{
	return (uint64_t)(talks.secs * 1e9);
}

static int
churn_ended(void)
{
	return talks.limit != 0 && talks.ended + talks.errors >= talks.limit;
}

static void
churn_next(struct talk *t)
{
	switch (t->state) {
	case TALK_HELLO:
		talk_say(t, TALK_MESSAGE);
		break;
	case TALK_MESSAGE:
		talk_say(t, TALK_QUIT);
		break;
	case TALK_QUIT:
		t->state = TALK_END;
		break;
	default:
		if (talks.limit == 0 || talks.opened < talks.limit)
			talk_open(t);
	}
}

static void
churn(void)
{
	start();
	for (int i = 0; i < talks.n; i++)
		talk_open(&talks.talk[i]);
	talk_loop(time_limit(), churn_next, churn_ended);
	tell(talks.ended);
}

static int
never(void)
{
	return 0;
}

static void
say_message(struct talk *t, uint64_t due_ns)
{
	t->said_ns = due_ns;
	talk_say(t, TALK_MESSAGE);
}

/* Who waits for its turn, of messages at a rate: a ring of all. */
static struct {
	struct talk **talk;
	unsigned long first, end;
	uint64_t due_ns, gap_ns;
} ring;

static void
ring_put(struct talk *t)
{
	t->state = TALK_IDLE;
	ring.talk[ring.end++ % (unsigned)talks.n] = t;
}

/* With nobody to say what is due, it is said late, and its time tells so. */
static uint64_t
ring_due(uint64_t now)
{
	while (now >= ring.due_ns && ring.first != ring.end) {
		say_message(ring.talk[ring.first++ % (unsigned)talks.n],
		    ring.due_ns);
		ring.due_ns += ring.gap_ns;
	}
	return ring.first == ring.end ? UINT64_MAX : ring.due_ns - now;
}

static void
answered(struct talk *t)
{
	histogram_add(&talks.times, words_now_ns() - t->said_ns);
	talks.answers++;
}

static void
at_once(struct talk *t)
{
	answered(t);
	say_message(t, words_now_ns());
}

static void
in_turn(struct talk *t)
{
	answered(t);
	ring_put(t);
}

static void
messages(void)
{
	talk_open_all();
	start();
	if (talks.limit != 0) {
		ring.talk = calloc((size_t)talks.n, sizeof(struct talk *));
		if (ring.talk == NULL)
			words_die("calloc");
		ring.gap_ns = UINT64_C(1000000000) / (uint64_t)talks.limit;
		ring.due_ns = start_ns;
		talks.due = ring_due;
	}
	for (int i = 0; i < talks.n; i++)
		if (talks.talk[i].state != TALK_IDLE)
			continue;
		else if (talks.due != NULL)
			ring_put(&talks.talk[i]);
		else
			say_message(&talks.talk[i], words_now_ns());
	talk_loop(time_limit(), talks.due != NULL ? in_turn : at_once, never);
	tell(talks.answers);
}

static int
all_answered(void)
{
	return talks.hellos + talks.errors >= talks.n;
}

static void
storm_next(struct talk *t)
{
	histogram_add(&talks.times, words_now_ns() - t->began);
	talks.hellos++;
	t->state = TALK_IDLE;
}

static void
storm(void)
{
	start();
	for (int i = 0; i < talks.n; i++)
		talk_open(&talks.talk[i]);
	talk_loop(time_limit(), storm_next, all_answered);
	tell(talks.hellos);
}

static const struct mode {
	const char *name;
	void (*run)(void);
} modes[] = {
	{ "churn", churn },
	{ "messages", messages },
	{ "storm", storm },
	{ "stall", stall },
};

int
main(int argc, char **argv)
{
	if (argc < 6)
		return 2;
	words_all_files();
	talks.port = (unsigned)strtoul(argv[2], NULL, 10);
	talks.pid = (pid_t)strtol(argv[3], NULL, 10);
	talks.n = (int)strtol(argv[4], NULL, 10);
	talks.secs = strtod(argv[5], NULL);
	talks.limit = argc > 6 ? strtol(argv[6], NULL, 10) : 0;
	talk_init();
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
		if (strcmp(modes[i].name, argv[1]) == 0) {
			modes[i].run();
			return 0;
		}
	return 2;
}
