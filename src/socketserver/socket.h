/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets, for the rest of this room. */
#ifndef SKS_SOCKET_H
#define SKS_SOCKET_H

#include "socketserver/socketserver.h"

/* sks_socket_fromfd() for a descriptor we made ourselves: a blocking stream
 * without time-outs.  Returns NULL when out of memory; fd is the caller's
 * then. */
struct sks_socket *sks_socket_wrap(int fd);

/* Another holder of the memory (not of the descriptor); ends with
 * sks_socket_release().  So that one thread may shut down what another
 * may be closing. */
struct sks_socket *sks_socket_hold(struct sks_socket *s);
void	sks_socket_release(struct sks_socket *s);

/* recv under a deadline, which may be SKS_OWN_TIMEOUT. */
ssize_t	sks_recv_limited(struct sks_socket *s, void *buf, size_t n,
	    int64_t deadline_ns);

/* Who is told of what passes (socketserver/observe.h): the socket's own, set
 * before other threads use it. */
struct sks_observer;
struct sks_observer *sks_socket_observer(struct sks_socket *s);

/* A new socket of the system, close-on-exec.  Returns the descriptor or
 * -errno. */
int	sks_fd_new(int family, int type, int proto);
int	sks_fd_set_nonblock(int fd, int on);

#endif
