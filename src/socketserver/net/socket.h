/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets, for the rest of this room. */
#ifndef SKS_SOCKET_H
#define SKS_SOCKET_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/lock.h"
#include "socketserver/net/observe.h"
#include "socketserver/socketserver.h"

/*
 * The descriptor stays blocking, but for one that listens.  A limit is put
 * into SO_RCVTIMEO or SO_SNDTIMEO before the call, and only when it differs
 * from what is there: rcv_us and snd_us remember that (0: none, -1: not
 * known), each used by one thread, the reader or the writer.  They belong to
 * what the kernel calls the socket, so after a dup nobody relies on them.
 *
 * fd changes once, to -1, under the lock and by the owner.  The owner and the
 * threads it lends the socket to read it without; sks_shutdown(), which any
 * thread may call at any time, reads it under the lock, and so never meets a
 * number that already belongs to somebody else.
 */
struct sks_socket {
	atomic_uint refs;
	enum sks_family family; /* these three never change */
	enum sks_type type;
	int proto;
	double timeout;
	int64_t rcv_us, snd_us;
	atomic_bool shared;           /* there is or was a dup */
	struct sks_observer observer; /* set before others use it */
	bool connected;               /* by us: Linux learns it only from a
	                               * second connect, which then is 0 */

	struct dw_lock lock; /* "socket" */
	int fd;
};

/* What a socket is, as the library says it. */
struct sks_sort {
	enum sks_family family;
	enum sks_type type;
	int proto;
};

/* A socket object without time-outs for a descriptor that we made ourselves.
 * Returns NULL when out of memory; fd is the caller's then. */
struct sks_socket *sks_socket_wrap(int fd, struct sks_sort sort);

/* Another holder of the memory (not of the descriptor); ends with
 * sks_socket_release().  So that one thread may shut down what another
 * may be closing. */
struct sks_socket *sks_socket_hold(struct sks_socket *s);
void sks_socket_release(struct sks_socket *s);

/* Notes what recv or send said: where there is a connection a peer that has
 * vanished is SKS_ERESET (sks_fail_io()), elsewhere each errno is itself. */
int sks_socket_fail(const struct sks_socket *s, int sys_errno,
    const char *what);

/* recv under a deadline, which may be SKS_OWN_TIMEOUT. */
ssize_t sks_recv_limited(struct sks_socket *s, void *buf, size_t n,
    int64_t deadline_ns);

/*
 * A deadline for a call under the socket's own time-out: SKS_NOW when it is 0
 * and the call may not wait at all.  A caller's own deadline is never that: it
 * is at least 1, long ago.
 */
#define SKS_NOW 0
int64_t sks_socket_deadline(const struct sks_socket *s);

/*
 * Tell the kernel how long the next recv or send may wait: until the deadline,
 * but at least 1 ms.  Return 0, SKS_ETIMEDOUT when nothing is left, or another
 * failure.
 */
int sks_limit_recv(struct sks_socket *s, int64_t deadline_ns);
int sks_limit_send(struct sks_socket *s, int64_t deadline_ns);

/* Did only that limit, or a signal, end the call?  Then what is left of the
 * deadline decides. */
int sks_limit_again(int sys_errno);

/* poll(2) until one of the events, however many signals come.  Returns 0,
 * SKS_ETIMEDOUT, SKS_ECLOSED, ... */
int sks_socket_poll(struct sks_socket *s, short events, int64_t deadline_ns);

/* The options of one that others come to.  A Unix socket has none of them. */
int sks_before_bind(struct sks_socket *s, int reuse_address, int reuse_port,
    int dual_stack);

/* sks_accept() that never waits: SKS_EAGAIN. */
int sks_accept_now(struct sks_socket *s, struct sks_socket **conn,
    struct sks_addr *client);

/* A new socket of the system, close-on-exec.  Returns the descriptor or
 * -errno. */
int sks_fd_new(int family, int type, int proto);
int sks_fd_set_nonblock(int fd, int on);
int sks_fd_listens(int fd);

#endif
