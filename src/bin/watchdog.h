/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The thread "watchdog": it tells the service manager that the desk works, as
 * long as the desk thread and all acceptors do.  A manager that does not hear of
 * it ends the desk and starts another one.
 */
#ifndef BIN_WATCHDOG_H
#define BIN_WATCHDOG_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/wake.h"
#include "bin/notify.h"
#include "service/service.h"

struct watchdog {
	struct svc *svc;
	struct notify notify;
	struct dw_wake *news; /* rung when `slow` has changed */
	struct dw_wake wake;
	atomic_bool slow;   /* the disk takes very long */
	atomic_bool ending; /* main's */
	bool hangs;         /* somebody did when it was asked last */
	pthread_t thread;
	bool started;
};

/* Starts it if the manager wants to hear of us.  Returns 0 or -errno. */
int watchdog_start(struct watchdog *w, struct svc *svc,
    const struct notify *notify, struct dw_wake *news);

/* Before the servers that it asks are closed.  Also for one that was not
 * started, or is all zero. */
void watchdog_stop(struct watchdog *w);

#endif
