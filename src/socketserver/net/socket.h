/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets, for the rest of the library. */
#ifndef SKS_SOCKET_H
#define SKS_SOCKET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/lock.h"
#include "socketserver/socketserver.h"

/* Who is told of what passes through a socket; fn NULL: nobody. */
struct sks_observer {
	enum sks_side side;
	sks_observe_fn *fn;
	void *arg;
};

/*
 * The descriptor of a socket stays blocking unless the socket listens.  A limit
 * is put into SO_RCVTIMEO or SO_SNDTIMEO before the call, and only when it
 * differs from the one that the kernel has: rcv_us and snd_us remember that
 * (0: none, -1: not known).  The first is the reader's, the second the
 * writer's.  A dup has the same limits in the kernel, so once a socket is
 * `shared` neither is relied on.
 *
 * fd changes once, to -1, under the lock and by the owner.  The owner and the
 * threads it lends the socket to read fd without the lock.  sks_shutdown() and
 * sks_send_lent(), which any thread may call at any time, use it under the lock
 * and so never use a number that already belongs to somebody else.
 */
struct sks_socket {
	unsigned magic;
	atomic_uint refs;
	enum sks_family family; /* these three never change */
	enum sks_type type;
	int proto;
	double timeout;
	int64_t rcv_us, snd_us;
	atomic_bool shared;           /* there is or was a dup */
	struct sks_observer observer; /* set before others use it */
	bool connected;               /* by us: Linux says EISCONN only after a
	                               * second connect, which returns 0 */

	struct dw_lock lock; /* "socket" */
	int fd;
};

#define SKS_SOCKET_MAGIC 0x736f636bu

/* What a socket is, in the library's terms. */
struct sks_sort {
	enum sks_family family;
	enum sks_type type;
	int proto;
};

/* A socket object without time-outs for a descriptor that we made ourselves.
 * Returns NULL when out of memory; fd is the caller's then. */
struct sks_socket *sks_socket_wrap(int fd, struct sks_sort sort);

/* Adds a holder of the memory (not of the descriptor), until
 * sks_socket_release(): one thread may shut a socket down while another one
 * closes it. */
struct sks_socket *sks_socket_hold(struct sks_socket *s);
void sks_socket_release(struct sks_socket *s);

/* Notes the failure of a recv or send.  On a connection a peer that has gone is
 * SKS_ERESET (sks_fail_io()), elsewhere each errno has its own code. */
int sks_socket_fail(const struct sks_socket *s, int sys_errno,
    const char *what);

/* Receives what is there, without waiting: SKS_EAGAIN. */
ssize_t sks_recv_now(struct sks_socket *s, void *buf, size_t n);

/* Receives under a deadline, which may be SKS_OWN_TIMEOUT. */
ssize_t sks_recv_limited(struct sks_socket *s, void *buf, size_t n,
    int64_t deadline_ns);

/*
 * Returns the deadline of a call under the socket's own time-out: SKS_NOW when
 * the time-out is 0 and the call may not wait at all.  A deadline that a caller
 * gives is never SKS_NOW: the least is 1, which has long passed.
 */
#define SKS_NOW 0
int64_t sks_socket_deadline(const struct sks_socket *s);

/* Tells the kernel a limit, `option`, unless it is the one that the kernel has:
 * *set_us. */
int sks_limit(struct sks_socket *s, int option, int64_t *set_us,
    int64_t deadline_ns);

/*
 * Tell the kernel how long the next recv or send may wait: until the deadline,
 * but at least 1 ms.  Return 0, SKS_ETIMEDOUT when nothing is left, or another
 * failure.  Most calls have no limit and had none before.
 */
static inline int
sks_limit_recv(struct sks_socket *s, int64_t deadline_ns)
{
	if (deadline_ns == SKS_NEVER && s->rcv_us == 0 &&
	    !atomic_load(&s->shared))
		return 0;
	return sks_limit(s, SO_RCVTIMEO, &s->rcv_us, deadline_ns);
}

static inline int
sks_limit_send(struct sks_socket *s, int64_t deadline_ns)
{
	if (deadline_ns == SKS_NEVER && s->snd_us == 0 &&
	    !atomic_load(&s->shared))
		return 0;
	return sks_limit(s, SO_SNDTIMEO, &s->snd_us, deadline_ns);
}

/* Was the call ended only by that limit or by a signal?  Then the caller tries
 * again with the rest of the deadline. */
int sks_limit_again(int sys_errno, int64_t deadline_ns);

/* poll(2) until one of the events, however many signals come.  Returns 0,
 * SKS_ETIMEDOUT, SKS_ECLOSED, ... */
int sks_socket_poll(struct sks_socket *s, short events, int64_t deadline_ns);

/* Sets the options of a socket that is going to be bound.  A Unix socket has
 * none of them. */
int sks_before_bind(struct sks_socket *s, int reuse_address, int reuse_port,
    int dual_stack);

/* Makes a socket that listens one with which sks_accept_now() does not wait:
 * another program may have called listen, or an application by itself. */
int sks_let_no_accept_wait(struct sks_socket *s);

/* Does what sks_accept() does, but never waits: SKS_EAGAIN. */
int sks_accept_now(struct sks_socket *s, struct sks_socket **conn,
    struct sks_addr *client);

/* Sends what the kernel takes without waiting, in any thread that holds s, also
 * while its owner closes it: SKS_ECLOSED from then on. */
ssize_t sks_send_lent(struct sks_socket *s, const void *data, size_t n);

/* Tells the observer of s that all of data was sent or received. */
void sks_observe_tell(struct sks_socket *s, enum sks_direction direction,
    const void *data, size_t len);

/* The clock of the observations: dw_clock_wall_ms().  A test that wants the
 * time to stand still sets another one before anything is sent. */
extern int64_t (*sks_observe_clock)(void);

/* The file that binding a Unix socket has made; the path is in its address. */
struct sks_socket_file {
	int exists; /* we made it and have not removed it */
	struct stat st;
};

/* What sks_bind_path() is told. */
struct sks_path_options {
	unsigned mode;     /* of the file */
	long group;        /* of the file; -1: the process's */
	int replace_stale; /* replace a socket file that nobody answers */
	int backlog;       /* of a stream */
};

/*
 * Binds a Unix socket to its path.  A stream listens already when this
 * returns, because until then a peer would take it for a dead one.  Returns 0,
 * SKS_EADDRINUSE, ...
 */
int sks_bind_path(struct sks_socket *s, const struct sks_addr *address,
    const struct sks_path_options *options, struct sks_socket_file *file);

/* Would a socket of that type find its path free?  What is there is not, but for
 * a dead socket where one may be replaced.  Looking makes no file; the answer may
 * be old at once.  Returns 1 or 0. */
int sks_path_is_free(const struct sks_addr *address, enum sks_type type,
    const struct sks_path_options *options);

/* Removes the file from the path of that address, if the path still leads to
 * it. */
void sks_unlink_path(const struct sks_addr *address,
    struct sks_socket_file *file);

/* How many bytes that were sent the peer's kernel has not acknowledged; over a
 * Unix socket more than 0 while there is something that the peer has not read.
 * 0 where the system cannot tell.  The descriptor must be open. */
size_t sks_unacked(const struct sks_socket *s);

/* Makes a socket of the system, close-on-exec.  Returns the descriptor or
 * -errno. */
int sks_fd_new(int family, int type, int proto);
int sks_fd_set_nonblock(int fd, int on);
int sks_fd_listens(int fd);

#endif
