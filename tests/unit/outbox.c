/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The outbox and its postman: nobody blocks, nothing is lost or reordered. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rig.h"
#include "socketserver/outbox/internal.h"

#ifdef HAVE_LINUX_SOCKIOS_H
#define CAN_TELL true
#else
#define CAN_TELL false
#endif

#define EMPTIED 1u
#define FAILED  2u
#define STALLED 4u

static void
on_event(void *arg, enum sks_outbox_event event)
{
	static const unsigned flags[] = {
		[SKS_OUTBOX_EMPTIED] = EMPTIED,
		[SKS_OUTBOX_FAILED] = FAILED,
		[SKS_OUTBOX_STALLED] = STALLED,
	};

	(void)arg;
	raise_flag(flags[event]);
}

/* One outbox on one end of a pair whose buffers are small. */
static struct {
	struct sks_postman *postman;
	struct sks_socket *ours, *theirs;
	struct sks_outbox *ob;
} box;

static void
open_box(size_t max_bytes, double stall_s)
{
	struct sks_outbox_config cfg = {
		.size = sizeof cfg,
		.max_bytes = max_bytes,
		.stall_timeout_ns = (int64_t)(stall_s * 1e9),
		.notify = on_event,
	};

	rig_reset();
	CHECK_INT(sks_postman_new(&box.postman), 0);
	CHECK_INT(sks_socketpair(&box.ours, &box.theirs), 0);
	CHECK_INT(sks_set_option(box.ours, SKS_SNDBUF, 4096), 0);
	CHECK_INT(sks_settimeout(box.theirs, SOON), 0);
	cfg.postman = box.postman;
	CHECK_INT(sks_outbox_new(box.ours, &cfg, &box.ob), 0);
}

static void
close_box(void)
{
	sks_outbox_close(box.ob);
	sks_outbox_unref(box.ob);
	sks_socket_free(box.ours);
	sks_socket_free(box.theirs);
	sks_postman_free(box.postman);
}

static unsigned
flags_up(void)
{
	unsigned flags;

	dw_lock(&seen.lock);
	flags = seen.flags;
	dw_unlock(&seen.lock);
	return flags;
}

static char block[1000];

/* Puts blocks until one is kept; how many bytes were put. */
static uint64_t
put_until_kept(void)
{
	uint64_t end = 0;
	int r = 1;

	for (int i = 0; i < 10000 && r == 1; i++)
		r = sks_outbox_put(box.ob, block, sizeof block, &end);
	CHECK_INT(r, 0);
	return end;
}

static uint64_t
drain(struct sks_socket *s)
{
	static char sink[65536];
	uint64_t total = 0;
	ssize_t n;

	while ((n = sks_recv(s, sink, sizeof sink)) > 0)
		total += (uint64_t)n;
	return total;
}

static void
what_fits_is_with_the_kernel_at_once(void)
{
	uint64_t end;
	char buf[16];

	open_box(4096, SOON);
	CHECK_INT(sks_outbox_put(box.ob, "hello", 5, &end), 1);
	CHECK_INT(end, 5);
	CHECK_INT(sks_outbox_sent(box.ob), 5);
	CHECK_INT(sks_outbox_queued(box.ob), 0);
	CHECK_INT(sks_recv(box.theirs, buf, sizeof buf), 5);
	CHECK_MEM(buf, 5, "hello", 5);
	close_box();
}

static void
a_slow_reader_gets_everything_and_the_owner_hears_of_it(void)
{
	uint64_t end;

	open_box(1 << 20, SOON);
	end = put_until_kept();
	CHECK(sks_outbox_queued(box.ob) > 0);
	CHECK_INT(sks_outbox_sent(box.ob) + sks_outbox_queued(box.ob), end);
	sks_outbox_end(box.ob);
	CHECK_INT(drain(box.theirs), end); /* up to end of file */
	CHECK(await_flags(EMPTIED));
	CHECK_INT(sks_outbox_sent(box.ob), end);
	close_box();
}

static void
the_end_mark_on_an_empty_outbox_shuts_at_once(void)
{
	char byte;

	open_box(4096, SOON);
	sks_outbox_end(box.ob);
	CHECK_INT(sks_recv(box.theirs, &byte, 1), 0);
	CHECK_INT(sks_outbox_put(box.ob, "x", 1, NULL), SKS_ECLOSED);
	/* The other direction still works. */
	CHECK_INT(sks_send_text(box.theirs, "y"), 0);
	CHECK_INT(sks_recv(box.ours, &byte, 1), 1);
	close_box();
}

static void
an_empty_outbox_takes_even_what_is_larger_than_itself(void)
{
	static char large[1 << 20];
	uint64_t end = 0;

	open_box(5000, SOON);
	CHECK_INT(sks_outbox_put(box.ob, large, sizeof large, &end), 0);
	CHECK_INT(end, sizeof large);
	CHECK_INT(sks_outbox_put(box.ob, "x", 1, NULL), SKS_EOVERFLOW);
	close_box();
}

static void
a_full_outbox_takes_nothing_of_the_next_message(void)
{
	uint64_t end, sent;
	size_t queued;
	int r = 0;

	open_box(5000, SOON);
	end = put_until_kept();
	while (r == 0)
		r = sks_outbox_put(box.ob, block, sizeof block, &end);
	CHECK_INT(r, SKS_EOVERFLOW);
	queued = sks_outbox_queued(box.ob);
	sent = sks_outbox_sent(box.ob);
	CHECK(queued <= 5000 && queued + sizeof block > 5000);
	CHECK_INT(queued + sent, end);
	CHECK_INT(sks_outbox_put(box.ob, block, 5001, NULL), SKS_EOVERFLOW);
	sks_outbox_end(box.ob);
	CHECK_INT(drain(box.theirs), end);
	close_box();
}

static void
a_peer_that_takes_nothing_is_reported_as_stalled(void)
{
	open_box(1 << 20, 0.02);
	put_until_kept();
	CHECK(await_flags(STALLED));
	CHECK(sks_outbox_queued(box.ob) > 0); /* the owner decides */
	sks_outbox_cut(box.ob);
	CHECK_INT(sks_outbox_queued(box.ob), 0);
	close_box();
}

static void
a_stall_time_of_centuries_never_comes(void)
{
	struct sks_outbox_config cfg = {
		.size = sizeof cfg,
		.max_bytes = 1 << 20,
		.stall_timeout_ns = SKS_NEVER - 1,
		.notify = on_event,
	};
	struct sks_outbox *first;

	open_box(1 << 20, SOON);
	first = box.ob;
	cfg.postman = box.postman;
	CHECK_INT(sks_outbox_new(box.ours, &cfg, &box.ob), 0);
	put_until_kept();
	CHECK(atomic_load(&box.ob->stall_ns) == SKS_NEVER);
	sks_outbox_end(box.ob);
	drain(box.theirs);
	CHECK(await_flags(EMPTIED));
	CHECK_INT(flags_up(), EMPTIED);
	sks_outbox_close(first);
	sks_outbox_unref(first);
	close_box();
}

static void
a_stall_comes_in_time_although_the_postman_slept_for_another(void)
{
	struct sks_outbox_config cfg = {
		.size = sizeof cfg,
		.max_bytes = 1 << 20,
		.stall_timeout_ns = 20000000,
		.notify = on_event,
	};
	struct sks_socket *a, *b;
	struct sks_outbox *ob;

	open_box(1 << 20, 3600);
	put_until_kept(); /* the postman waits for an hour */
	cfg.postman = box.postman;
	CHECK_INT(sks_socketpair(&a, &b), 0);
	CHECK_INT(sks_outbox_new(a, &cfg, &ob), 0);
	while (sks_outbox_put(ob, block, sizeof block, NULL) == 1)
		;
	CHECK(await_flags(STALLED));
	sks_outbox_close(ob);
	sks_outbox_unref(ob);
	sks_socket_free(a);
	sks_socket_free(b);
	close_box();
}

static void
a_peer_that_goes_away_is_reported_as_failed(void)
{
	open_box(1 << 20, SOON);
	put_until_kept();
	sks_close(box.theirs);
	CHECK(await_flags(FAILED));
	CHECK_INT(sks_outbox_put(box.ob, "x", 1, NULL), SKS_ECLOSED);
	CHECK_INT(sks_outbox_queued(box.ob), 0);
	close_box();
}

static void
a_putter_learns_itself_that_the_peer_is_gone(void)
{
	open_box(4096, SOON);
	sks_close(box.theirs);
	CHECK_INT(sks_outbox_put(box.ob, "x", 1, NULL), SKS_ECLOSED);
	close_box();
}

static void
a_cut_wakes_the_reader_and_drops_what_is_kept(void)
{
	char byte;

	open_box(1 << 20, SOON);
	put_until_kept();
	sks_outbox_cut(box.ob);
	CHECK_INT(sks_outbox_queued(box.ob), 0);
	CHECK_INT(sks_recv(box.ours, &byte, 1), 0);
	CHECK_INT(sks_outbox_put(box.ob, "x", 1, NULL), SKS_ECLOSED);
	sks_outbox_cut(box.ob);
	sks_outbox_end(box.ob);
	let_pass_ms(20); /* the postman sees the hang-up, and is silent */
	CHECK_INT(flags_up(), 0);
	close_box();
}

/* The number of a closed socket soon belongs to another; nothing may reach
 * that one. */
static void
after_close_nobody_touches_the_descriptors_number(void)
{
	struct sks_socket *other, *peer;
	char byte;
	int number;

	open_box(1 << 20, SOON);
	put_until_kept();
	number = sks_fileno(box.ours);
	sks_outbox_close(box.ob);
	sks_close(box.ours);
	CHECK_INT(sks_socketpair(&other, &peer), 0);
	CHECK_INT(sks_fileno(other), number);
	CHECK_INT(sks_outbox_put(box.ob, "x", 1, NULL), SKS_ECLOSED);
	sks_outbox_cut(box.ob);
	sks_outbox_end(box.ob);
	CHECK(drain(box.theirs) > 0); /* it was armed for this one */
	CHECK_INT(sks_settimeout(peer, 0), 0);
	CHECK_INT(sks_recv(peer, &byte, 1), SKS_EAGAIN);
	sks_outbox_close(box.ob);
	sks_outbox_unref(box.ob);
	sks_socket_free(other);
	sks_socket_free(peer);
	sks_socket_free(box.ours);
	sks_socket_free(box.theirs);
	sks_postman_free(box.postman);
}

/* --- many threads --- */

static int puts_each;

/* Puts numbered messages "<thread> <n>\n", again when the outbox is full. */
static void *
putter(void *name)
{
	char text[32];
	int len, r;

	for (int i = 0; i < puts_each; i++) {
		len = snprintf(text, sizeof text, "%c %d\n", *(char *)name, i);
		while ((r = sks_outbox_put(box.ob, text, (size_t)len, NULL)) ==
		    SKS_EOVERFLOW)
			let_pass_ms(1);
		if (r < 0)
			break;
	}
	return NULL;
}

static void
two_putters_never_mix_their_messages_nor_change_their_order(void)
{
	static char names[] = "ab";
	struct sks_stream *st;
	pthread_t threads[2];
	int next[2] = { 0, 0 }, n, good = 1;
	char line[32], name;

	puts_each = t_size("messages", 20000);
	open_box(3000, SOON);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, putter, &names[i]);
	CHECK_INT(sks_makefile(box.theirs, -1, 0, &st), 0);
	for (int i = 0; i < 2 * puts_each && good; i++) {
		good = sks_stream_readline(st, line, sizeof line) > 0 &&
		    sscanf(line, "%c %d\n", &name, &n) == 2 &&
		    n == next[name - 'a']++;
	}
	CHECK(good);
	if (!good)
		sks_outbox_cut(box.ob);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	sks_stream_free(st);
	close_box();
}

static void *
put_until_closed(void *arg)
{
	struct sks_outbox *ob = arg;
	int r;

	while ((r = sks_outbox_put(ob, block, sizeof block, NULL)) !=
	    SKS_ECLOSED)
		if (r == SKS_EOVERFLOW)
			let_pass_ms(1);
	sks_outbox_unref(ob);
	return NULL;
}

static void *
read_a_little(void *arg)
{
	static char sink[700];

	for (int i = 0; i < 20; i++)
		if (sks_recv(arg, sink, sizeof sink) <= 0)
			break;
	return NULL;
}

static void
closing_while_armed_and_put_to_is_safe_at_any_moment(void)
{
	int rounds = t_size("rounds", 300), fds = count_fds();

	for (int i = 0; i < rounds; i++) {
		pthread_t threads[2];

		open_box(4000, i % 3 == 0 ? 0.0001 : SOON);
		pthread_create(&threads[0], NULL, put_until_closed,
		    sks_outbox_ref(box.ob));
		pthread_create(&threads[1], NULL, read_a_little, box.theirs);
		while (i % 2 == 0 &&
		    sks_outbox_put(box.ob, block, sizeof block, NULL) == 1)
			;
		if (i % 5 == 0)
			sks_outbox_cut(box.ob);
		sks_outbox_close(box.ob);
		sks_close(box.ours);
		pthread_join(threads[0], NULL);
		pthread_join(threads[1], NULL);
		close_box();
	}
	CHECK_INT(count_fds(), fds);
}

static void
one_postman_serves_many(void)
{
	int n = t_size("outboxes", 200);
	struct sks_outbox_config cfg = {
		.size = sizeof cfg,
		.max_bytes = 1 << 20,
		.stall_timeout_ns = SKS_NEVER,
	};
	struct sks_socket **ours = calloc((size_t)n, sizeof *ours);
	struct sks_socket **theirs = calloc((size_t)n, sizeof *theirs);
	struct sks_outbox **obs = calloc((size_t)n, sizeof *obs);
	int good = 0;

	CHECK_INT(sks_postman_new(&cfg.postman), 0);
	for (int i = 0; i < n; i++) {
		CHECK_INT(sks_socketpair(&ours[i], &theirs[i]), 0);
		CHECK_INT(sks_outbox_new(ours[i], &cfg, &obs[i]), 0);
		while (sks_outbox_put(obs[i], block, sizeof block, NULL) == 1)
			;
		sks_outbox_end(obs[i]);
	}
	for (int i = n - 1; i >= 0; i--) {
		uint64_t all =
		    sks_outbox_sent(obs[i]) + sks_outbox_queued(obs[i]);

		good += drain(theirs[i]) == all;
	}
	CHECK_INT(good, n);
	for (int i = 0; i < n; i++) {
		sks_outbox_close(obs[i]);
		sks_outbox_unref(obs[i]);
		sks_socket_free(ours[i]);
		sks_socket_free(theirs[i]);
	}
	sks_postman_free(cfg.postman);
	free(ours);
	free(theirs);
	free(obs);
}

/* The same over TCP, to a peer that takes few bytes. */
static void
open_tcp_box(void)
{
	struct sks_outbox_config cfg = { .size = sizeof cfg,
		.max_bytes = 1 << 20,
		.stall_timeout_ns = SKS_NEVER };
	struct sks_socket *listener;
	struct sks_addr at;

	rig_reset();
	CHECK_INT(sks_postman_new(&box.postman), 0);
	CHECK_INT(sks_addr_parse("127.0.0.1:0", 0, &at), 0);
	CHECK_INT(sks_create_server(&at, 1, 0, 0, &listener), 0);
	CHECK_INT(sks_settimeout(listener, SOON), 0);
	CHECK_INT(sks_getsockname(listener, &at), 0);
	CHECK_INT(sks_socket_new(SKS_INET, SKS_STREAM, 0, &box.theirs), 0);
	CHECK_INT(sks_set_option(box.theirs, SKS_RCVBUF, 2048), 0);
	CHECK_INT(sks_settimeout(box.theirs, SOON), 0);
	CHECK_INT(sks_connect(box.theirs, &at), 0);
	CHECK_INT(sks_accept(listener, &box.ours, NULL), 0);
	sks_socket_free(listener);
	CHECK_INT(sks_set_option(box.ours, SKS_SNDBUF, 65536), 0);
	cfg.postman = box.postman;
	CHECK_INT(sks_outbox_new(box.ours, &cfg, &box.ob), 0);
}

/* Puts more than the peer's kernel has room for, and less than ours has. */
static uint64_t
put_much(void)
{
	uint64_t end;

	for (int i = 0; i < 30; i++)
		CHECK_INT(sks_outbox_put(box.ob, block, sizeof block, &end), 1);
	CHECK_INT(sks_outbox_sent(box.ob), end);
	return end;
}

/* A kernel acknowledges in its own time, 40 ms later at most or so. */
static bool
comes_to(uint64_t taken)
{
	int64_t deadline = sks_after(SOON);

	while (sks_outbox_taken(box.ob) != taken)
		if (sks_wait_hup(box.ours, sks_after(0.005)) == 0 ||
		    sks_after(0) > deadline)
			return false;
	return true;
}

static void
what_the_peers_kernel_has_is_taken_though_nobody_has_read_it(void)
{
	uint64_t end;

	open_tcp_box();
	CHECK_INT(sks_outbox_taken(box.ob), 0);
	CHECK_INT(sks_outbox_put(box.ob, "hello", 5, &end), 1);
	CHECK(comes_to(5));
	close_box();
}

static void
what_the_peers_kernel_has_no_room_for_is_not_taken(void)
{
	uint64_t end, taken;

	if (!CAN_TELL)
		return;
	open_tcp_box();
	end = put_much();
	CHECK(sks_outbox_taken(box.ob) < end);
	sks_outbox_end(box.ob);
	CHECK_INT(drain(box.theirs), end);
	CHECK(comes_to(end));
	/* Nor what was on its way when the peer went. */
	close_box();
	open_tcp_box();
	end = put_much();
	sks_reset(box.theirs);
	CHECK_INT(sks_wait_hup(box.ours, sks_after(SOON)), 0);
	taken = sks_outbox_taken(box.ob);
	CHECK(taken < end);
	sks_outbox_close(box.ob);
	CHECK_INT(sks_outbox_taken(box.ob), taken);
	close_box();
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(what_fits_is_with_the_kernel_at_once),
		T(a_slow_reader_gets_everything_and_the_owner_hears_of_it),
		T(the_end_mark_on_an_empty_outbox_shuts_at_once),
		T(an_empty_outbox_takes_even_what_is_larger_than_itself),
		T(a_full_outbox_takes_nothing_of_the_next_message),
		T(a_peer_that_takes_nothing_is_reported_as_stalled),
		T(a_stall_time_of_centuries_never_comes),
		T(a_stall_comes_in_time_although_the_postman_slept_for_another),
		T(a_peer_that_goes_away_is_reported_as_failed),
		T(a_putter_learns_itself_that_the_peer_is_gone),
		T(a_cut_wakes_the_reader_and_drops_what_is_kept),
		T(after_close_nobody_touches_the_descriptors_number),
		T(two_putters_never_mix_their_messages_nor_change_their_order),
		T(closing_while_armed_and_put_to_is_safe_at_any_moment),
		T(one_postman_serves_many),
		T(what_the_peers_kernel_has_is_taken_though_nobody_has_read_it),
		T(what_the_peers_kernel_has_no_room_for_is_not_taken),
	};

	return t_main("outbox", cases, sizeof cases / sizeof cases[0]);
}
