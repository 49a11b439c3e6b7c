/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses as the kernel wants them, and hosts as they are counted. */
#ifndef SKS_ADDR_H
#define SKS_ADDR_H

#include <netdb.h>
#include <sys/socket.h>

#include "socketserver/socketserver.h"

/* The host that a peer is counted as: an IPv4 address (in its mapped form), or
 * the first 64 bits of a public IPv6 one, or all of another. */
struct sks_host_key {
	unsigned char bytes[16];
};

void sks_addr_set(struct sks_addr *a, const void *sa, socklen_t len);
const struct sockaddr *sks_addr_sa(const struct sks_addr *a);
int sks_addr_set_unix(struct sks_addr *a, const char *path);

/* Writes the IPv4 address, which may be one mapped into IPv6, in host byte
 * order.  Returns 0 when a is no IPv4 address. */
int sks_addr_inet4(const struct sks_addr *a, uint32_t *out);

/* Asks the kernel for an address of fd; get is getsockname or getpeername.
 * Returns 0 or SKS_E*. */
int sks_addr_of_fd(int fd,
    int (*get)(int, struct sockaddr *restrict, socklen_t *restrict),
    const char *what, struct sks_addr *out);

/* Finds all addresses of a host.  Owns: *list is for freeaddrinfo().  Returns
 * 0, SKS_EINVAL, SKS_ERESOLVE (`what` is then the resolver's sentence), ... */
int sks_lookup(const char *host, unsigned port, enum sks_family family,
    struct addrinfo **list);

/* Writes the host's key.  Returns 0 for an address without a host. */
int sks_addr_host_key(const struct sks_addr *a, struct sks_host_key *out);

#endif
