/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What `deskwire doctor` looks at.  Each look prints one row or more, changes
 * nothing that stays, and asks nothing of a desk that runs.
 */
#ifndef BIN_DOCTOR_H
#define BIN_DOCTOR_H

#include <sys/types.h>

#include "bin/endpoints.h"
#include "bin/options.h"

enum doctor_level { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

#define DOCTOR_UNKNOWN ((pid_t) - 1) /* there is one, but who knows which */

struct doctor {
	const struct options *o;
	struct endpoints at;
	char *state, *socket; /* where the desk keeps its journal, and where
	                       * consoles attach */
	pid_t desk;           /* has that journal open; 0: nobody */
	char *owner;          /* of root's look alone: whose that folder is when
	                       * it is another user's; NULL: not so */
	bool can_have_state;  /* it is good, or can be made */
	bool failed;          /* one row said so */
};

/* One row: "ok|warn|fail  WHAT: what was found; what to do". */
void doctor_say(struct doctor *d, enum doctor_level level, const char *what,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

typedef void doctor_fn(struct doctor *d);

/* doctor_place.c: doctor_state comes before the others. */
doctor_fn doctor_state, doctor_desk, doctor_disk, doctor_sync, doctor_files;

/* doctor_net.c */
doctor_fn doctor_ports, doctor_plaintext, doctor_metrics, doctor_socket,
    doctor_service;

/* doctor_people.c */
doctor_fn doctor_group, doctor_people;

/* doctor_machine.c */
doctor_fn doctor_user, doctor_limits, doctor_locale, doctor_clock,
    doctor_terminal;

/* ---- doctor_proc.c: what only Linux tells ---- */

/* The process that has this file locked by flock(2); 0: none;
 * DOCTOR_UNKNOWN. */
pid_t proc_lock_holder(const char *path);

/* The process that has this port of TCP or UDP, and the name of its program;
 * DOCTOR_UNKNOWN: it is not ours to know. */
pid_t proc_listener(const struct sks_addr *at, bool udp, char *name,
    size_t size);

/* Is the clock kept right?  1, 0, or -1: nobody knows. */
int proc_clock_is_synchronised(void);

#endif
