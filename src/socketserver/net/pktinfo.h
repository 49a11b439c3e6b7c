/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which of our addresses a datagram was sent to, and sending from that address,
 * because a peer takes no reply that comes from another one.  Where the system
 * cannot tell (POSIX does not), the three functions do nothing and the system
 * chooses the address.
 */
#ifndef SKS_PKTINFO_H
#define SKS_PKTINFO_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "socketserver/socketserver.h"

/* The control bytes that come or go with a datagram. */
union sks_control {
	struct cmsghdr align;
	char bytes[128];
};

/* Asks the system to tell from now on. */
void sks_pktinfo_ask(int fd, enum sks_family family);

/* Reads the address out of what recvmsg gave; its port is 0.  *asked is left
 * alone if the system told nothing. */
void sks_pktinfo_get(struct msghdr *msg, struct sks_addr *asked);

/* Lets sendmsg send from this address.  *control lives as long as *msg. */
void sks_pktinfo_put(struct msghdr *msg, union sks_control *control,
    const struct sks_addr *from);

#endif
