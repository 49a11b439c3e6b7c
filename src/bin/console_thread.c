/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file starts and ends the thread that an operator's console has.
 */
#include "config.h"

#include <assert.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/lock.h"
#include "base/thread.h"
#include "bin/console_thread.h"
#include "bin/options.h"

#define CONSOLE_MAGIC 0xc0512eadu
#define CONSOLE_STACK ((size_t)1024 * 1024)
#define CONSOLE_NS    (DW_SECOND / 2) /* to leave by itself, and when told */

static void *
console_main(void *arg)
{
	struct console_thread *t = arg;

	assert(t->magic == CONSOLE_MAGIC);
	t->status = con_run(t->con);
	atomic_store(&t->ended, true);
	dw_wake_ring(t->wake);
	return NULL;
}

int
console_thread_start(struct console_thread *t, const struct con_config *cfg,
    struct dw_wake *wake)
{
	assert(t->con == NULL);
	t->magic = CONSOLE_MAGIC;
	t->wake = wake;
	if (cfg->socket != NULL && con_new(cfg, &t->con) == 0 &&
	    dw_thread_start(&t->thread, "readline", CONSOLE_STACK, console_main,
		t) == 0)
		return DW_STATUS_OK;
	print_error(_("the console cannot be started: out of memory or "
		      "threads"));
	con_free(t->con);
	t->con = NULL;
	return DW_STATUS_FAILED;
}

bool
console_thread_ended(const struct console_thread *t)
{
	return atomic_load(&t->ended);
}

static bool
ends_soon(struct console_thread *t, struct dw_signals *signals)
{
	int64_t until = dw_clock_ns() + CONSOLE_NS;

	while (!console_thread_ended(t) && dw_clock_ns() < until)
		dw_signals_wait(signals, t->wake, -1, until);
	return console_thread_ended(t);
}

int
console_thread_join(struct console_thread *t, struct dw_signals *signals)
{
	assert(t->magic == CONSOLE_MAGIC && t->con != NULL);
	if (!ends_soon(t, signals)) {
		con_stop(t->con);
		if (!ends_soon(t, signals))
			con_unblock(t->con);
	}
	dw_may_block("pthread_join");
	pthread_join(t->thread, NULL);
	con_free(t->con);
	t->con = NULL;
	t->magic = 0;
	return t->status;
}
