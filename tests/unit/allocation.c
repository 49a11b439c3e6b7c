/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory runs out: each allocation of the library fails in turn, the first, the
 * second, ..., until a whole life of a server comes through without a failure.
 * The linker puts our functions before the C library's (--wrap).
 */
#include "config.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "rig.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static _Thread_local int exempt; /* a client's, not the library's */

/* Shared with the children of a forking server. */
static struct counts {
	atomic_int down; /* the one that makes it 0 fails */
	atomic_int failed;
} *count;

static int
fails(void)
{
	if (count == NULL || exempt || atomic_fetch_sub(&count->down, 1) != 1)
		return 0;
	atomic_fetch_add(&count->failed, 1);
	errno = ENOMEM;
	return 1;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

/* From now on the nth fails; 0: none. */
static void
arm(int n)
{
	atomic_store(&count->failed, 0);
	atomic_store(&count->down, n);
}

/* --- a conversation that uses what the library has --- */

static struct sks_postman *postman;

static void
nothing(void *arg)
{
	(void)arg;
}

/* Through an outbox, more than the kernel takes at once. */
static int
answer(struct sks_handler *h, const char *line, size_t len)
{
	static char filling[1 << 20];
	struct sks_outbox_config cfg = {
		.size = sizeof cfg,
		.max_bytes = sizeof filling + 64,
		.stall_timeout_ns = SKS_NEVER,
		.postman = postman,
	};
	struct sks_outbox *ob;
	int r = sks_outbox_new(h->request, &cfg, &ob);

	if (r < 0)
		return r;
	if ((r = sks_outbox_put(ob, line, len, NULL)) >= 0)
		r = sks_outbox_put(ob, filling, sizeof filling, NULL);
	sks_outbox_close(ob);
	sks_outbox_unref(ob);
	return r < 0 ? r : 0;
}

static int
through_a_frame(struct sks_handler *h, const char *data, size_t len)
{
	struct sks_frame *f = sks_frame_new(64);
	const char *line;
	ssize_t n;
	int r;

	if (f == NULL)
		return SKS_ENOMEM;
	if ((r = sks_frame_feed(f, data, len)) == 0 &&
	    (n = sks_frame_next(f, &line)) >= 0)
		r = answer(h, data, len);
	sks_frame_free(f);
	return r;
}

static int
talk(struct sks_handler *h)
{
	static const char *const ends[] = { "\n" };
	struct sks_stream *st;
	char line[64];
	ssize_t n;
	int r = sks_defer(h, nothing, NULL);

	if (r < 0 || (r = sks_makefile(h->request, -1, -1, &st)) < 0)
		return r;
	n = sks_recv_until(st, ends, 1, SKS_TEXT, sks_after(SOON), line,
	    sizeof line, NULL);
	r = n < 0 ? (int)n : through_a_frame(h, line, (size_t)n);
	sks_stream_free(st);
	return r;
}

static const struct sks_handler_ops talker = {
	SKS_HANDLER_OPS(struct sks_handler),
	.handle = talk,
};

/* --- one life of a server --- */

typedef void life_fn(const struct sks_server_config *cfg, int n);

static int
is_datagram(enum sks_kind kind)
{
	return kind == SKS_UDP || kind == SKS_UNIX_DGRAM;
}

/* No postman is in a child. */
static const struct sks_handler_ops *
handler_for(const struct sks_server_config *cfg)
{
	if (is_datagram(cfg->kind))
		return &echo_datagrams;
	return cfg->concurrency == SKS_FORKING ? &echo_handler : &talker;
}

/* Does the line come back, perhaps with more?  A datagram that was dropped is
 * never answered. */
static int
echo(struct sks_server *srv, enum sks_kind kind, double timeout)
{
	struct sks_socket *s = rig_client(srv, kind);
	char buf[12];
	size_t have = 0;
	ssize_t n = 1;

	if (s == NULL || (is_datagram(kind) && sks_settimeout(s, timeout) < 0))
		n = 0;
	if (n > 0 && sks_send_text(s, "hello world\n") < 0)
		n = 0;
	while (n > 0 && have < sizeof buf) {
		n = sks_recv(s, buf + have, sizeof buf - have);
		have += n > 0 ? (size_t)n : 0;
	}
	sks_socket_free(s);
	return have == sizeof buf && memcmp(buf, "hello world\n", have) == 0;
}

/* A clean error when starting, otherwise a server that serves again as soon as
 * there is memory. */
static void
live(const struct sks_server_config *cfg, int n)
{
	struct sks_server *srv;
	int r;

	exempt = 0;
	arm(n);
	r = sks_server_new(cfg, NULL, handler_for(cfg), &srv);
	if (r == 0)
		r = sks_server_start(srv);
	exempt = 1;
	if (r == 0)
		(void)echo(srv, cfg->kind, 0.1);
	atomic_store(&count->down, 0);
	if (r == 0)
		CHECK(echo(srv, cfg->kind, SOON));
	else
		CHECK(r == SKS_ENOMEM || r == SKS_ENOTHREAD);
	sks_server_free(srv);
}

/* The same, with the failure in what ends it. */
static void
die(const struct sks_server_config *cfg, int n)
{
	struct sks_server *srv = rig_server(cfg, NULL, handler_for(cfg));

	CHECK_INT(sks_server_start(srv), 0);
	CHECK(echo(srv, cfg->kind, SOON));
	exempt = 0;
	arm(n);
	CHECK_INT(sks_server_close(srv), 0);
	exempt = 1;
	atomic_store(&count->down, 0);
	sks_server_free(srv);
}

/* Returns how many lives that took. */
static int
each_in_turn(life_fn *life, enum sks_kind kind,
    enum sks_concurrency concurrency)
{
	struct sks_server_config cfg = rig_config(kind, concurrency);
	int fds = count_fds(), threads = count_threads_now(), n = 0;

	cfg.fork_anyway = 1;
	do {
		life(&cfg, ++n);
		if (!CHECK(count_threads_down_to(threads) <= threads) ||
		    !CHECK_INT(count_fds(), fds))
			break;
	} while (atomic_load(&count->failed) > 0 && CHECK(n < 200));
	return n;
}

static void
begin(void)
{
	rig_reset();
	exempt = 1;
	CHECK_INT(sks_postman_new(&postman), 0);
}

static void
end(void)
{
	sks_postman_free(postman);
	exempt = 0;
}

static void
with_all_kinds(life_fn *life, enum sks_concurrency concurrency, int least)
{
	static const enum sks_kind kinds[] = { SKS_TCP, SKS_UDP,
		SKS_UNIX_STREAM, SKS_UNIX_DGRAM };

	begin();
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		CHECK(each_in_turn(life, kinds[i], concurrency) >= least);
	end();
}

static void
a_threading_server_survives_each_allocation_that_fails(void)
{
	with_all_kinds(live, SKS_THREADING, 10);
}

static void
a_sync_server_survives_each_allocation_that_fails(void)
{
	with_all_kinds(live, SKS_SYNC, 10);
}

/* In the parent and in the child. */
static void
a_forking_server_survives_each_allocation_that_fails(void)
{
	with_all_kinds(live, SKS_FORKING, 10);
}

static void
a_server_ends_without_memory(void)
{
	with_all_kinds(die, SKS_THREADING, 1);
	with_all_kinds(die, SKS_FORKING, 1);
}

static void
the_postman_starts_or_says_why_not(void)
{
	struct sks_postman *pm;
	int n = 0, r;

	do {
		int fds = count_fds(), threads = count_threads_now();

		arm(++n);
		r = sks_postman_new(&pm);
		atomic_store(&count->down, 0);
		CHECK(r == 0 || r == SKS_ENOMEM || r == SKS_ENOTHREAD);
		sks_postman_free(pm);
		CHECK(count_threads_down_to(threads) <= threads);
		CHECK_INT(count_fds(), fds);
	} while (r < 0 && CHECK(n < 200));
	CHECK(n > 1);
}

static void
a_socket_is_made_or_not_at_all(void)
{
	struct sks_socket *a, *b;
	FILE *file;
	int fds = count_fds(), n = 0, r;

	do {
		arm(++n);
		r = sks_socketpair(&a, &b);
		if (r == 0 && (r = sks_makefile_stdio(a, "rw", &file)) == 0)
			fclose(file);
		atomic_store(&count->down, 0);
		CHECK(r == 0 || r == SKS_ENOMEM);
		sks_socket_free(a);
		sks_socket_free(b);
		CHECK_INT(count_fds(), fds);
	} while (r < 0 && CHECK(n < 200));
	CHECK(n > 2);
}

static int
setup(void)
{
	void *p = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return -1;
	count = p;
	return 0;
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_threading_server_survives_each_allocation_that_fails),
		T(a_sync_server_survives_each_allocation_that_fails),
		T(a_forking_server_survives_each_allocation_that_fails),
		T(a_server_ends_without_memory),
		T(the_postman_starts_or_says_why_not),
		T(a_socket_is_made_or_not_at_all),
	};

	return t_main_shared("allocation", setup, cases,
	    sizeof cases / sizeof cases[0]);
}
