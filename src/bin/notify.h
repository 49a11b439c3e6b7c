/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a service manager is told of this desk: the protocol of sd_notify(3), for
 * which the lines below are enough.  Where no manager listens nothing happens.
 */
#ifndef BIN_NOTIFY_H
#define BIN_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

struct sks_socket;

struct notify {
	struct sks_socket *sock; /* NULL: nobody listens */
	int64_t watchdog_us;     /* the manager wants to hear of us once in
	                          * this time; 0: it does not */
};

/* Reads the variables NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and takes
 * them away: no child of ours is to speak for us.  Before there are threads. */
void notify_open(struct notify *n);
void notify_close(struct notify *n);

/* The same manager, for another thread. */
void notify_copy(struct notify *to, const struct notify *from);

static inline bool
notify_is_heard(const struct notify *n)
{
	return n->sock != NULL;
}

/* Sends lines "NAME=value".  A manager that takes nothing for two seconds, or
 * has gone, misses them.  One thread for each struct. */
void notify_say(struct notify *n, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
