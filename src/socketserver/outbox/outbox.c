/* SPDX-License-Identifier: BSD-2-Clause */
/* This file keeps what one peer has not taken yet, and sends what it takes. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "socketserver/net/error.h"
#include "socketserver/net/socket.h"
#include "socketserver/outbox/internal.h"

/* Fills in all fields: those that an older header did not have are 0. */
static int
complete(const struct sks_outbox_config *given, struct sks_outbox_config *out)
{
	if (given->size < offsetof(struct sks_outbox_config, notify) ||
	    given->size > sizeof *out)
		return sks_fail(SKS_EINVAL, "sks_outbox_config");
	memset(out, 0, sizeof *out);
	memcpy(out, given, given->size);
	if (out->postman == NULL || out->max_bytes == 0 ||
	    out->stall_timeout_ns <= 0)
		return sks_fail(SKS_EINVAL, "sks_outbox_config");
	return 0;
}

int
sks_outbox_new(struct sks_socket *s, const struct sks_outbox_config *given,
    struct sks_outbox **out)
{
	struct sks_outbox_config cfg;
	struct sks_outbox *ob;
	int r;

	*out = NULL;
	if ((r = complete(given, &cfg)) < 0)
		return r;
	if ((ob = calloc(1, sizeof *ob)) == NULL)
		return sks_fail(SKS_ENOMEM, "");
	ob->magic = SKS_OUTBOX_MAGIC;
	atomic_init(&ob->refs, 1);
	ob->sock = s;
	ob->max_bytes = cfg.max_bytes;
	ob->stall_timeout_ns = cfg.stall_timeout_ns;
	ob->postman = cfg.postman;
	ob->notify = cfg.notify;
	ob->arg = cfg.arg;
	dw_lock_init(&ob->lock, DW_LOCK_outbox);
	atomic_init(&ob->stall_ns, SKS_NEVER);
	dw_list_init(&ob->due);
	sks_postman_join(ob->postman, ob);
	*out = ob;
	return 0;
}

struct sks_outbox *
sks_outbox_ref(struct sks_outbox *ob)
{
	assert(ob->magic == SKS_OUTBOX_MAGIC);
	atomic_fetch_add_explicit(&ob->refs, 1, memory_order_relaxed);
	return ob;
}

void
sks_outbox_unref(struct sks_outbox *ob) DW_NO_TSA
{
	if (ob == NULL)
		return;
	assert(ob->magic == SKS_OUTBOX_MAGIC);
	if (atomic_fetch_sub_explicit(&ob->refs, 1, memory_order_acq_rel) != 1)
		return;
	ob->magic = 0;
	dw_lock_fini(&ob->lock);
	sks_buf_free(&ob->kept);
	free(ob);
}

/* States what holds whenever the lock is taken or let go. */
static void
check_state(const struct sks_outbox *ob) DW_REQUIRES(ob->lock)
{
	assert(ob->magic == SKS_OUTBOX_MAGIC);
	assert(ob->armed == (sks_buf_len(&ob->kept) > 0));
	assert(!ob->armed || !ob->dead);
	assert(!ob->closed || ob->dead);
	assert(ob->taken <= ob->sent);
}

static void
lock_outbox(struct sks_outbox *ob) DW_ACQUIRE(ob->lock)
{
	dw_lock(&ob->lock);
	check_state(ob);
}

static void
unlock_outbox(struct sks_outbox *ob) DW_RELEASE(ob->lock)
{
	check_state(ob);
	dw_unlock(&ob->lock);
}

static void
drop_kept(struct sks_outbox *ob) DW_REQUIRES(ob->lock)
{
	sks_buf_free(&ob->kept);
	atomic_store(&ob->stall_ns, SKS_NEVER);
}

static void
shut(struct sks_outbox *ob, int how) DW_REQUIRES(ob->lock)
{
	/* This fails when the peer has gone, and then it is not needed. */
	(void)shutdown(sks_fileno(ob->sock), how);
}

static void
mark_dead(struct sks_outbox *ob) DW_REQUIRES(ob->lock)
{
	ob->dead = 1;
	ob->armed = 0;
	drop_kept(ob);
}

/* Hands bytes to the kernel.  Returns how many it took, also 0. */
static ssize_t
try_send(struct sks_outbox *ob, const char *data, size_t len)
    DW_REQUIRES(ob->lock)
{
	ssize_t n = sks_send_now(ob->sock, data, len);

	if (n == SKS_EAGAIN)
		return 0;
	if (n > 0)
		ob->sent += (uint64_t)n;
	return n;
}

static void
start_stall_clock(struct sks_outbox *ob) DW_REQUIRES(ob->lock)
{
	int64_t now = dw_clock_ns();

	atomic_store(&ob->stall_ns,
	    ob->stall_timeout_ns > SKS_NEVER - now ?
		SKS_NEVER :
		now + ob->stall_timeout_ns);
}

/* Keeps the first bytes that the kernel did not take: from now on the postman
 * sends. */
static int
keep_first(struct sks_outbox *ob, const char *data, size_t len, int some_out)
    DW_REQUIRES(ob->lock)
{
	int r = sks_buf_add(&ob->kept, data, len);

	if (r == 0) {
		start_stall_clock(ob);
		if ((r = sks_postman_arm(ob->postman, ob)) == 0)
			return 0;
	}
	drop_kept(ob);
	if (some_out) { /* the peer must not take a half for the whole */
		shut(ob, SHUT_RDWR);
		mark_dead(ob);
	}
	return r;
}

static int
put_locked(struct sks_outbox *ob, const char *data, size_t len)
    DW_REQUIRES(ob->lock)
{
	size_t waiting = sks_buf_len(&ob->kept);
	ssize_t n;

	if (ob->closed || ob->ended || ob->dead)
		return SKS_ECLOSED;
	/* A message above max_bytes is accepted when the queue is empty;
	 * otherwise it could never be sent. */
	if (waiting > 0 &&
	    (waiting >= ob->max_bytes || len > ob->max_bytes - waiting))
		return SKS_EOVERFLOW;
	if (waiting > 0)
		return sks_buf_add(&ob->kept, data, len);
	if ((n = try_send(ob, data, len)) < 0) {
		mark_dead(ob);
		return SKS_ECLOSED;
	}
	if ((size_t)n == len)
		return 1;
	return keep_first(ob, data + n, len - (size_t)n, n > 0);
}

int
sks_outbox_put(struct sks_outbox *ob, const void *data, size_t len,
    uint64_t *end_offset)
{
	int64_t before, after;
	int r;

	if (len == 0)
		return sks_fail(SKS_EINVAL, "nothing to put");
	lock_outbox(ob);
	before = atomic_load(&ob->stall_ns);
	r = put_locked(ob, data, len);
	if (r >= 0 && end_offset != NULL)
		*end_offset = ob->sent + sks_buf_len(&ob->kept);
	after = atomic_load(&ob->stall_ns);
	unlock_outbox(ob);
	if (before == SKS_NEVER && after != SKS_NEVER)
		sks_postman_expect(ob->postman, after);
	return r < 0 ? sks_fail(r, "outbox") : r;
}

uint64_t
sks_outbox_sent(struct sks_outbox *ob)
{
	uint64_t sent;

	lock_outbox(ob);
	sent = ob->sent;
	unlock_outbox(ob);
	return sent;
}

/* The end mark counts as a byte until it is acknowledged, so this may be one too
 * few for a moment. */
static void
count_taken(struct sks_outbox *ob) DW_REQUIRES(ob->lock)
{
	uint64_t unacked = sks_unacked(ob->sock);

	if (ob->sent > unacked && ob->sent - unacked > ob->taken)
		ob->taken = ob->sent - unacked;
}

uint64_t
sks_outbox_taken(struct sks_outbox *ob)
{
	uint64_t taken;

	lock_outbox(ob);
	if (!ob->closed)
		count_taken(ob);
	taken = ob->taken;
	unlock_outbox(ob);
	return taken;
}

size_t
sks_outbox_queued(struct sks_outbox *ob)
{
	size_t queued;

	lock_outbox(ob);
	queued = sks_buf_len(&ob->kept);
	unlock_outbox(ob);
	return queued;
}

void
sks_outbox_end(struct sks_outbox *ob)
{
	lock_outbox(ob);
	if (!ob->ended && !ob->dead && !ob->closed) {
		ob->ended = 1;
		if (sks_buf_len(&ob->kept) == 0)
			shut(ob, SHUT_WR);
	}
	unlock_outbox(ob);
}

void
sks_outbox_cut(struct sks_outbox *ob)
{
	lock_outbox(ob);
	if (!ob->closed) {
		shut(ob, SHUT_RDWR);
		mark_dead(ob);
	}
	unlock_outbox(ob);
}

void
sks_outbox_close(struct sks_outbox *ob)
{
	int first, known;

	lock_outbox(ob);
	first = !ob->closed;
	known = ob->known;
	if (first && known)
		sks_postman_disarm(ob->postman, ob);
	if (first)
		count_taken(ob);
	ob->closed = 1;
	mark_dead(ob);
	unlock_outbox(ob);
	if (first)
		sks_postman_retire(ob->postman, ob, known);
}

static int
emptied(struct sks_outbox *ob) DW_REQUIRES(ob->lock)
{
	drop_kept(ob);
	if (ob->ended)
		shut(ob, SHUT_WR);
	return SKS_OUTBOX_EMPTIED;
}

int
sks_outbox_ready(struct sks_outbox *ob)
{
	int event = -1;
	ssize_t n;

	lock_outbox(ob);
	if (!ob->armed) /* it was cut or closed meanwhile */
		goto out;
	ob->armed = 0;
	n = try_send(ob, sks_buf_head(&ob->kept), sks_buf_len(&ob->kept));
	if (n > 0) {
		sks_buf_take(&ob->kept, NULL, (size_t)n);
		start_stall_clock(ob);
	}
	if (n >= 0 && sks_buf_len(&ob->kept) == 0)
		event = emptied(ob);
	else if (n < 0 || sks_postman_arm(ob->postman, ob) < 0) {
		shut(ob, SHUT_RDWR);
		mark_dead(ob);
		event = SKS_OUTBOX_FAILED;
	}
out:
	unlock_outbox(ob);
	return event;
}

int
sks_outbox_stalled(struct sks_outbox *ob, int64_t now_ns)
{
	int stalled;

	lock_outbox(ob);
	stalled = atomic_load(&ob->stall_ns) <= now_ns;
	if (stalled) /* the next progress starts the clock again */
		atomic_store(&ob->stall_ns, SKS_NEVER);
	unlock_outbox(ob);
	return stalled;
}
