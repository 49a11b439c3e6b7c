/* SPDX-License-Identifier: BSD-2-Clause */
/* Telling the observer of a socket. */
#ifndef SKS_OBSERVE_H
#define SKS_OBSERVE_H

#include "socketserver/socketserver.h"

/* A member of every socket; fn NULL: nobody watches. */
struct sks_observer {
	enum sks_side side;
	sks_observe_fn *fn;
	void *arg;
};

/* All of data has passed. */
void sks_observe_tell(struct sks_socket *s, enum sks_direction direction,
    const void *data, size_t len);

/* Where the time comes from: dw_clock_wall_ms().  A test that wants it to
 * stand still puts a function of its own here before anything is sent. */
extern int64_t (*sks_observe_clock)(void);

#endif
