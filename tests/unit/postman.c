/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The postman: what it finishes, what it tells, and that it sleeps. */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "rig.h"

#define EMPTIED 1u
#define INSIDE  2u /* notify is running */
#define RELEASE 4u /* it may return */

static atomic_uint stalls;

static void
on_event(void *arg, enum sks_outbox_event event)
{
	(void)arg;
	if (event == SKS_OUTBOX_STALLED)
		atomic_fetch_add(&stalls, 1);
	if (event == SKS_OUTBOX_EMPTIED)
		raise_flag(EMPTIED);
}

static void
stay_inside(void *arg, enum sks_outbox_event event)
{
	(void)arg;
	(void)event;
	raise_flag(INSIDE);
	if (!await_flags(RELEASE))
		note("never_released");
	note("notify_ends");
}

/* A pair with an outbox on one end. */
struct box {
	struct sks_socket *ours, *theirs;
	struct sks_outbox *ob;
};

static struct sks_postman *postman;
static char large[1 << 20], sink[1 << 16];

static void
box_open(struct box *b, double stall_s,
    void (*notify)(void *, enum sks_outbox_event))
{
	struct sks_outbox_config cfg = {
		.size = sizeof cfg,
		.max_bytes = 4 << 20,
		.stall_timeout_ns = (int64_t)(stall_s * 1e9),
		.postman = postman,
		.notify = notify,
	};

	CHECK_INT(sks_socketpair(&b->ours, &b->theirs), 0);
	CHECK_INT(sks_set_option(b->ours, SKS_SNDBUF, 16384), 0);
	CHECK_INT(sks_settimeout(b->theirs, SOON), 0);
	CHECK_INT(sks_outbox_new(b->ours, &cfg, &b->ob), 0);
}

static void
box_close(struct box *b)
{
	sks_outbox_close(b->ob);
	sks_outbox_unref(b->ob);
	sks_socket_free(b->ours);
	sks_socket_free(b->theirs);
}

static void
open_postman(void)
{
	rig_reset();
	atomic_store(&stalls, 0);
	CHECK_INT(sks_postman_new(&postman), 0);
}

static uint64_t
read_bytes(struct sks_socket *s, uint64_t want)
{
	uint64_t total = 0;
	ssize_t n = 1;

	while (total < want && n > 0) {
		n = sks_recv(s, sink, sizeof sink);
		total += n > 0 ? (uint64_t)n : 0;
	}
	return total;
}

static void
await_stalls(unsigned n)
{
	int64_t deadline = sks_after(SOON);

	while (atomic_load(&stalls) < n && sks_now() < deadline)
		let_pass_ms(1);
	CHECK_INT(atomic_load(&stalls), n);
}

static void
what_takes_many_rounds_arrives_whole(void)
{
	struct box b;
	uint64_t end;

	open_postman();
	box_open(&b, SOON, on_event);
	CHECK_INT(sks_outbox_put(b.ob, large, sizeof large, &end), 0);
	CHECK_INT(sks_outbox_put(b.ob, "tail", 4, &end), 0);
	sks_outbox_end(b.ob);
	CHECK_INT(sks_outbox_put(b.ob, "late", 4, NULL), SKS_ECLOSED);
	CHECK_INT(read_bytes(b.theirs, UINT64_MAX), sizeof large + 4);
	CHECK(await_flags(EMPTIED));
	CHECK_INT(sks_outbox_sent(b.ob), end);
	box_close(&b);
	sks_postman_free(postman);
}

/* --- stalls --- */

static void
a_stall_is_told_once_and_the_next_one_again(void)
{
	struct box b;

	open_postman();
	box_open(&b, 0.02, on_event);
	CHECK_INT(sks_outbox_put(b.ob, large, sizeof large, NULL), 0);
	await_stalls(1);
	let_pass_ms(100);
	CHECK_INT(atomic_load(&stalls), 1);
	/* What the peer takes starts the clock again. */
	CHECK_INT(read_bytes(b.theirs, 100000) >= 100000, 1);
	await_stalls(2);
	let_pass_ms(100);
	CHECK_INT(atomic_load(&stalls), 2);
	box_close(&b);
	sks_postman_free(postman);
}

static void
a_peer_that_takes_a_little_now_and_then_does_not_stall(void)
{
	struct box b;

	open_postman();
	box_open(&b, 0.5, on_event);
	CHECK_INT(sks_outbox_put(b.ob, large, sizeof large, NULL), 0);
	for (int i = 0; i < 20; i++) { /* a second in all */
		let_pass_ms(50);
		CHECK(read_bytes(b.theirs, 20000) >= 20000);
	}
	CHECK_INT(atomic_load(&stalls), 0);
	box_close(&b);
	sks_postman_free(postman);
}

static void
each_of_many_stalls_is_told_at_its_time(void)
{
	struct box b[5];

	open_postman();
	for (int i = 0; i < 5; i++) {
		box_open(&b[i], 0.02 + 0.05 * i, on_event);
		CHECK_INT(sks_outbox_put(b[i].ob, large, sizeof large, NULL),
		    0);
	}
	await_stalls(5);
	for (int i = 0; i < 5; i++)
		box_close(&b[i]);
	sks_postman_free(postman);
}

/* The postman sleeps for ever; nothing but the clock wakes it. */
static void
a_stall_clock_that_starts_wakes_the_sleeping_postman(void)
{
	struct box b;

	open_postman();
	box_open(&b, 0.02, on_event);
	let_pass_ms(50);
	CHECK_INT(sks_outbox_put(b.ob, large, sizeof large, NULL), 0);
	await_stalls(1);
	box_close(&b);
	sks_postman_free(postman);
}

/* --- close --- */

static void *
close_box(void *arg)
{
	struct box *b = arg;

	sks_outbox_close(b->ob);
	note("close_ends");
	return NULL;
}

static void
close_returns_only_when_notify_has(void)
{
	struct box b;
	pthread_t thread;

	open_postman();
	box_open(&b, SOON, stay_inside);
	CHECK_INT(sks_outbox_put(b.ob, large, sizeof large, NULL), 0);
	sks_close(b.theirs);
	CHECK(await_flags(INSIDE));
	pthread_create(&thread, NULL, close_box, &b);
	let_pass_ms(50);
	raise_flag(RELEASE);
	pthread_join(thread, NULL);
	CHECK_STR(calls(), "notify_ends close_ends");
	box_close(&b);
	sks_postman_free(postman);
}

/* Its memory is gone while the socket still lives and becomes writable. */
static void
a_closed_outbox_is_forgotten_although_its_socket_is_not(void)
{
	struct box b, other;

	open_postman();
	box_open(&b, SOON, on_event);
	box_open(&other, SOON, on_event);
	CHECK_INT(sks_outbox_put(b.ob, large, sizeof large, NULL), 0);
	sks_outbox_close(b.ob);
	CHECK_INT(sks_outbox_queued(b.ob), 0);
	sks_outbox_unref(b.ob);
	/* When this one is empty, the postman has been round. */
	CHECK_INT(sks_outbox_put(other.ob, large, sizeof large, NULL), 0);
	CHECK_INT(read_bytes(other.theirs, sizeof large), sizeof large);
	CHECK(await_flags(EMPTIED));
	CHECK_INT(sks_settimeout(b.theirs, 0), 0);
	CHECK(read_bytes(b.theirs, UINT64_MAX) > 0);
	CHECK_INT(sks_sendall(b.ours, "mine", 4, NULL), 0);
	CHECK_INT(sks_recv(b.theirs, sink, sizeof sink), 4);
	let_pass_ms(20);
	sks_socket_free(b.ours);
	sks_socket_free(b.theirs);
	box_close(&other);
	sks_postman_free(postman);
}

/* --- idle --- */

static double
cpu_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
with_nothing_to_do_the_postman_sleeps(void)
{
	struct box b;
	double before;

	open_postman();
	box_open(&b, SOON, on_event);
	CHECK_INT(sks_outbox_put(b.ob, large, sizeof large, NULL), 0);
	CHECK_INT(read_bytes(b.theirs, sizeof large), sizeof large);
	CHECK(await_flags(EMPTIED));
	before = cpu_seconds();
	let_pass_ms(300);
	CHECK(cpu_seconds() - before < 0.15);
	box_close(&b);
	sks_postman_free(postman);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(what_takes_many_rounds_arrives_whole),
		T(a_stall_is_told_once_and_the_next_one_again),
		T(a_peer_that_takes_a_little_now_and_then_does_not_stall),
		T(each_of_many_stalls_is_told_at_its_time),
		T(a_stall_clock_that_starts_wakes_the_sleeping_postman),
		T(close_returns_only_when_notify_has),
		T(a_closed_outbox_is_forgotten_although_its_socket_is_not),
		T(with_nothing_to_do_the_postman_sleeps),
	};

	return t_main_shared("postman", NULL, cases,
	    sizeof cases / sizeof cases[0]);
}
