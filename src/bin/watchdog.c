/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file feeds the service manager's watchdog.
 */
#include "config.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/lock.h"
#include "base/thread.h"
#include "bin/watchdog.h"

#define SLOW_MS 5000 /* a COMMIT of which somebody must be told while it runs */

/* The desk thread cannot tell it: it is the one that waits for the disk. */
static void
look_at_disk(struct watchdog *w)
{
	int64_t ms = svc_commit_ms(w->svc);
	bool slow = ms > SLOW_MS;

	if (slow == atomic_load(&w->slow))
		return;
	atomic_store(&w->slow, slow);
	dw_wake_ring(w->news);
	if (slow)
		svc_log(w->svc, SVC_LOG_SLOW_COMMIT, NULL,
		    _("the disk has been storing for %lld s, and everybody "
		      "waits for it"),
		    (long long)(ms / 1000));
}

/* A row when it begins: there may be no other chance to say what it was. */
static void
look_at_threads(struct watchdog *w)
{
	const char *who;
	bool alive = svc_ask_alive(w->svc, &who);

	if (alive)
		notify_say(&w->notify, "WATCHDOG=1");
	else if (!w->hangs)
		svc_log(w->svc, SVC_LOG_WATCHDOG, NULL,
		    _("%s does not answer: the service manager is not told "
		      "any more that this desk works, and will start it "
		      "again"),
		    who);
	w->hangs = !alive;
}

static void *
watchdog_main(void *arg)
{
	struct watchdog *w = arg;
	int64_t every_ns = w->notify.watchdog_us * 1000 / 3;
	struct pollfd pfd = { w->wake.rd, POLLIN, 0 };

	while (!atomic_load(&w->ending)) {
		look_at_disk(w);
		look_at_threads(w);
		dw_may_block("poll");
		poll(&pfd, 1, dw_clock_poll_ms(dw_clock_ns() + every_ns));
	}
	return NULL;
}

int
watchdog_start(struct watchdog *w, struct svc *svc, const struct notify *notify,
    struct dw_wake *news)
{
	int r;

	if (notify->watchdog_us == 0)
		return 0;
	w->svc = svc;
	w->news = news;
	if ((r = dw_wake_init(&w->wake)) < 0)
		return r;
	notify_copy(&w->notify, notify);
	r = dw_thread_start(&w->thread, "watchdog", 0, watchdog_main, w);
	w->started = r == 0;
	if (!w->started) {
		notify_close(&w->notify);
		dw_wake_fini(&w->wake);
	}
	return r;
}

void
watchdog_stop(struct watchdog *w)
{
	if (!w->started)
		return;
	atomic_store(&w->ending, true);
	dw_wake_ring(&w->wake);
	dw_may_block("pthread_join");
	pthread_join(w->thread, NULL);
	notify_close(&w->notify);
	dw_wake_fini(&w->wake);
	w->started = false;
}
