/* SPDX-License-Identifier: BSD-2-Clause */
/* This file waits for many sockets at once: with epoll, or else with poll. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef HAVE_EPOLL
#include <sys/epoll.h>
#else
#include <poll.h>
#endif

#include "base/clock.h"
#include "base/lock.h"
#include "socketserver/net/error.h"
#include "socketserver/outbox/internal.h"

#ifdef HAVE_EPOLL

/* The wake's entry has no outbox. */
static int
watch_wake(struct sks_poller *p)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL };

	return epoll_ctl(p->epfd, EPOLL_CTL_ADD, p->wake.rd, &ev) < 0 ? -errno :
									0;
}

int
sks_poller_init(struct sks_poller *p, struct dw_lock *lock,
    struct dw_list *ring)
{
	int r;

	p->lock = lock;
	p->ring = ring;
	if ((r = dw_wake_init(&p->wake)) < 0)
		return r;
	p->epfd = epoll_create1(EPOLL_CLOEXEC);
	r = p->epfd < 0 ? -errno : watch_wake(p);
	if (r < 0)
		sks_poller_fini(p);
	return r;
}

void
sks_poller_fini(struct sks_poller *p)
{
	if (p->epfd >= 0)
		close(p->epfd);
	dw_wake_fini(&p->wake);
}

int
sks_poller_arm(struct sks_poller *p, struct sks_outbox *ob)
{
	struct epoll_event ev = {
		.events = EPOLLOUT | EPOLLONESHOT,
		.data.ptr = ob,
	};
	int op = ob->known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (epoll_ctl(p->epfd, op, sks_fileno(ob->sock), &ev) < 0)
		return sks_fail_errno(errno, "epoll_ctl");
	ob->known = 1;
	return 0;
}

void
sks_poller_disarm(struct sks_poller *p, struct sks_outbox *ob)
{
	struct epoll_event unused = { .events = 0 };

	epoll_ctl(p->epfd, EPOLL_CTL_DEL, sks_fileno(ob->sock), &unused);
}

int
sks_poller_wait(struct sks_poller *p, int64_t deadline_ns,
    struct sks_outbox *out[SKS_POLLER_BATCH])
{
	struct epoll_event ev[SKS_POLLER_BATCH];
	int n, filled = 0;

	dw_may_block("epoll_wait");
	n = epoll_wait(p->epfd, ev, SKS_POLLER_BATCH,
	    dw_clock_poll_ms(deadline_ns));
	assert(n <= SKS_POLLER_BATCH);
	for (int i = 0; i < n; i++)
		if (ev[i].data.ptr != NULL)
			out[filled++] = ev[i].data.ptr;
		else
			dw_wake_clear(&p->wake);
	return filled;
}

#else

int
sks_poller_init(struct sks_poller *p, struct dw_lock *lock,
    struct dw_list *ring)
{
	p->epfd = -1;
	p->lock = lock;
	p->ring = ring;
	return dw_wake_init(&p->wake);
}

void
sks_poller_fini(struct sks_poller *p)
{
	dw_wake_fini(&p->wake);
}

int
sks_poller_arm(struct sks_poller *p, struct sks_outbox *ob)
{
	ob->known = 1;
	atomic_store(&ob->watched, 1);
	dw_wake_ring(&p->wake);
	return 0;
}

void
sks_poller_disarm(struct sks_poller *p, struct sks_outbox *ob)
{
	atomic_store(&ob->watched, 0);
	dw_wake_ring(&p->wake);
}

static nfds_t
count(const struct dw_list *ring)
{
	nfds_t n = 0;

	DW_LIST_EACH(node, ring)
		n += (nfds_t)atomic_load(&DW_LIST_OF(node, struct sks_outbox,
		    node)
			->watched);
	return n;
}

/*
 * Between the close of an outbox and the ring that follows it, its number may
 * be polled although it is somebody else's by now.  That can wake the postman,
 * no more: it acts only on outboxes, under their locks, and this one is closed.
 */
static nfds_t
gather(struct sks_poller *p, struct pollfd **pfd, struct sks_outbox ***obs)
{
	nfds_t n = 0, max;

	dw_lock(p->lock);
	max = count(p->ring);
	*pfd = calloc(max + 1, sizeof **pfd);
	*obs = calloc(max + 1, sizeof **obs);
	if (*pfd == NULL || *obs == NULL)
		max = 0;
	DW_LIST_EACH(node, p->ring) {
		struct sks_outbox *ob =
		    DW_LIST_OF(node, struct sks_outbox, node);

		if (n == max)
			break;
		if (!atomic_load(&ob->watched))
			continue;
		(*obs)[n] = ob;
		(*pfd)[n++] = (struct pollfd){ .fd = sks_fileno(ob->sock),
			.events = POLLOUT };
	}
	dw_unlock(p->lock);
	return n;
}

int
sks_poller_wait(struct sks_poller *p, int64_t deadline_ns,
    struct sks_outbox *out[SKS_POLLER_BATCH])
{
	struct pollfd *pfd, spare;
	struct sks_outbox **obs;
	nfds_t n = gather(p, &pfd, &obs);
	struct pollfd *set = pfd == NULL || obs == NULL ? &spare : pfd;
	int filled = 0;

	set[n] = (struct pollfd){ .fd = p->wake.rd, .events = POLLIN };
	dw_may_block("poll");
	if (poll(set, n + 1, dw_clock_poll_ms(deadline_ns)) > 0) {
		if (set[n].revents != 0)
			dw_wake_clear(&p->wake);
		for (nfds_t i = 0; i < n && filled < SKS_POLLER_BATCH; i++)
			if (set[i].revents != 0) {
				atomic_store(&obs[i]->watched, 0);
				out[filled++] = obs[i];
			}
	}
	free(pfd);
	free(obs);
	return filled;
}

#endif
