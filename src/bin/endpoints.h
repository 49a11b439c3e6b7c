/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a desk is to be reached: what the options name, and the sockets that a
 * service manager has opened for it, see sd_listen_fds(3).  These take the place
 * of the addresses; an address that none of them has is a mistake, of which the
 * start is refused: nobody would come there.
 */
#ifndef BIN_ENDPOINTS_H
#define BIN_ENDPOINTS_H

#include "bin/options.h"
#include "service/service.h"

/* An inherited socket. */
struct inherited {
	const char *name; /* FileDescriptorName= of its unit */
	int fd;           /* -1: it was looked at in vain */
	struct sks_addr addr;
	char text[SKS_ADDR_TEXT]; /* the same */
};

struct endpoints {
	struct svc_endpoint *listen, *udp, *metrics;
	size_t nlisten, nudp, nmetrics;
	int operator_fd;           /* -1: none */
	const char *operator_path; /* its path, then */
	enum svc_reach reach;
	struct inherited *inherited;
	size_t ninherited;
	char *names; /* of these, cut apart */
};

/* The texts stay the options'.  Takes LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES
 * away, before there are threads.  Returns DW_STATUS_OK; or the exit status for
 * what it has told.  endpoints_fini() in both cases, which closes what was
 * inherited. */
int endpoints_init(struct endpoints *e, const struct options *o);
void endpoints_fini(struct endpoints *e);

#endif
