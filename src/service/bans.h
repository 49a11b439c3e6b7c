/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is not let in at the moment: addresses and networks, each until some
 * time.  The desk decides and stores them; this is what the threads look at that
 * accept customers and receive datagrams.
 */
#ifndef SVC_BANS_H
#define SVC_BANS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lock.h"
#include "desk/desk.h"
#include "desk/net.h"
#include "event/event.h"
#include "socketserver/socketserver.h"

#define SVC_BANS_MAX     1024 /* then the one that ends first goes */
#define SVC_BAN_WHY_SIZE 160

struct svc_ban {
	struct desk_net net;
	int64_t ends_steady_ms; /* this counts, */
	int64_t ends_ms;        /* and this is told, by the wall clock */
	char why[SVC_BAN_WHY_SIZE];
};

struct svc_bans {
	struct dw_lock lock; /* "bans" */
	struct svc_ban *all DW_GUARDED_BY(lock);
	size_t n DW_GUARDED_BY(lock);
	size_t cap DW_GUARDED_BY(lock);

	atomic_bool none; /* so that nobody needs the lock to find none */
};

void svc_bans_init(struct svc_bans *b);
void svc_bans_fini(struct svc_bans *b);

/* A ban begins or ends; all other events change nothing.  Without memory a ban
 * does not hold. */
void svc_bans_event(struct svc_bans *b, const struct ev_event *ev,
    struct desk_time now);

/* Is this address banned now?  Then *out is the ban that ends last.  Any
 * thread. */
bool svc_bans_find(struct svc_bans *b, const struct sks_addr *addr,
    int64_t now_steady_ms, struct svc_ban *out);

/* What a banned one is told, in one row: until when, and why. */
void svc_ban_sentence(const struct svc_ban *ban, int64_t now_ms, char *text,
    size_t size);

#endif
