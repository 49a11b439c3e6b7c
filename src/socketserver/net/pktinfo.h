/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which of our addresses a datagram was sent to, and sending from that one: a
 * peer takes no reply that comes from another.  Where the system cannot tell
 * (POSIX does not), the three do nothing and the system chooses.
 */
#ifndef SKS_PKTINFO_H
#define SKS_PKTINFO_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "socketserver/socketserver.h"

/* Room for what the system tells with a datagram. */
union sks_control {
	struct cmsghdr align;
	char bytes[128];
};

/* From now on the system tells. */
void sks_pktinfo_ask(int fd, enum sks_family family);

/* Out of what recvmsg gave; its port is 0.  *asked is left alone if nothing
 * was told. */
void sks_pktinfo_get(struct msghdr *msg, struct sks_addr *asked);

/* For sendmsg: leave from this address.  *room lives as long as *msg. */
void sks_pktinfo_put(struct msghdr *msg, union sks_control *room,
    const struct sks_addr *from);

#endif
