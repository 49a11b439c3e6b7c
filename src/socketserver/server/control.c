/* SPDX-License-Identifier: BSD-2-Clause */
/* This file stops a loop, and runs one in a thread of its own. */
#include "config.h"

#include "base/clock.h"
#include "base/thread.h"
#include "socketserver/net/error.h"
#include "socketserver/server/internal.h"

void
sks_server_request_shutdown(struct sks_server *srv)
{
	atomic_store(&srv->stop, 1);
	dw_wake_ring(&srv->wake);
}

uint64_t
sks_server_wake(struct sks_server *srv)
{
	uint64_t turns = atomic_load(&srv->turns);
	int runs;

	dw_lock(&srv->lock);
	runs = srv->state == LOOP_RUNNING;
	dw_unlock(&srv->lock);
	dw_wake_ring(&srv->wake);
	return runs ? turns : 0;
}

static int
await_loop_end(struct sks_server *srv, uint64_t loops, int64_t deadline_ns)
{
	int ended;

	dw_lock(&srv->lock);
	while (srv->loops == loops)
		if (!dw_cond_wait_until(&srv->changed, &srv->lock, deadline_ns))
			break;
	ended = srv->loops != loops;
	dw_unlock(&srv->lock);
	return ended ? 0 : sks_fail(SKS_ETIMEDOUT, "shutdown");
}

int
sks_server_shutdown(struct sks_server *srv, double timeout)
{
	int64_t deadline_ns = dw_clock_after(timeout);
	enum loop_state state;
	uint64_t loops;
	int own;

	dw_lock(&srv->lock);
	state = srv->state;
	loops = srv->loops;
	own = sks_on_loop_thread_locked(srv);
	if (state != LOOP_ENDED)
		atomic_store(&srv->stop, 1);
	dw_unlock(&srv->lock);
	if (state != LOOP_RUNNING)
		return 0;
	dw_wake_ring(&srv->wake);
	if (own)
		return sks_fail(SKS_EDEADLK, "shutdown");
	return await_loop_end(srv, loops, deadline_ns);
}

size_t
sks_stack_size(const struct sks_server *srv)
{
	return srv->cfg.stack_size == 0 ? DW_STACK_SYSTEM : srv->cfg.stack_size;
}

void
sks_join_acceptor(struct sks_server *srv)
{
	pthread_t acceptor;
	int has;

	dw_lock(&srv->lock);
	has = srv->has_acceptor;
	acceptor = srv->acceptor;
	srv->has_acceptor = 0;
	dw_unlock(&srv->lock);
	dw_may_block("pthread_join");
	if (has)
		pthread_join(acceptor, NULL);
}

static void *
acceptor_main(void *arg)
{
	struct sks_server *srv = arg;
	char text[160];
	int r;

	assert(srv->magic == SKS_SERVER_MAGIC);
	r = sks_loop_run(srv);
	if (r < 0)
		sks_log(srv, SKS_LOG_ERROR, "the acceptor ended: %s",
		    sks_error_text(text, sizeof text));
	sks_loop_end(srv);
	return NULL;
}

int
sks_server_start(struct sks_server *srv)
{
	pthread_t acceptor;
	int r;

	if ((r = sks_loop_check(srv, 1)) < 0)
		return r;
	if ((r = sks_loop_begin(srv)) != 0)
		return r < 0 ? r : 0;
	sks_join_acceptor(srv); /* the loop before may have ended by itself */
	r = dw_thread_start(&acceptor, "acceptor",
	    srv->mixin->has_workers ? DW_STACK_SYSTEM : sks_stack_size(srv),
	    acceptor_main, srv);
	if (r < 0) {
		sks_loop_end(srv);
		return sks_fail_as(SKS_ENOTHREAD, -r, "pthread_create");
	}
	dw_lock(&srv->lock);
	assert(!srv->has_acceptor);
	srv->acceptor = acceptor;
	srv->has_acceptor = 1;
	dw_unlock(&srv->lock);
	return 0;
}

int
sks_server_stop(struct sks_server *srv, double timeout)
{
	int r = sks_server_shutdown(srv, timeout);

	if (r == 0)
		sks_join_acceptor(srv);
	return r;
}
