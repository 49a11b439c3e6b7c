/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libsocketserver: Python's socketserver and socket, for C.  Prefix: sks_.
 *
 * A program fills in a struct sks_server_config (the class attributes), a
 * struct sks_server_ops (what a subclass may override; NULL slots inherit) and
 * a struct sks_handler_ops (the request handler class), and serves:
 *
 *	struct sks_server_config cfg;
 *	struct sks_server *srv;
 *
 *	sks_server_config_init(&cfg, SKS_TCP, SKS_THREADING);
 *	if (sks_addr_parse("127.0.0.1:0", 0, &cfg.address) < 0 ||
 *	    sks_server_new(&cfg, NULL, &echo_ops, &srv) < 0 ||
 *	    sks_server_serve_forever(srv) < 0)
 *		...			 (sks_error_text() says what failed)
 *	sks_server_free(srv);
 *
 * Rules for all of it
 * - A function returns 0 (or a count) or a negative SKS_E*.  What else is
 *   known of the last failure in this thread: sks_last_error().
 * - The compiler warns when a result is ignored (SKS_MUST_USE) that a program
 *   cannot do without: what it would go on with is not there (a socket, a
 *   count, an address), or what it takes for done was not (a stream's bytes
 *   sent, a server that listens).  Not of what only makes things better if it
 *   works (options, time-outs), of what ends something, nor of datagrams, which
 *   may get lost anyway.
 * - Nothing here prints (unless you ask it to: sks_observe_print()), exits, or
 *   changes a signal's disposition.  No send raises SIGPIPE.  Every descriptor
 *   is close-on-exec.
 * - Time limits are seconds in a double, INFINITY for none (Python's None);
 *   deadlines are nanoseconds of the monotonic clock, see sks_after().
 *   Signals and dripped bytes never lengthen a deadline.
 * - xxx_free(NULL) does nothing.
 * - C99 and C++11 or later.  No exception may leave a callback.
 */
#ifndef SOCKETSERVER_H
#define SOCKETSERVER_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SKS_API      __attribute__((visibility("default")))
#define SKS_MUST_USE __attribute__((warn_unused_result))
#else
#define SKS_API
#define SKS_MUST_USE
#endif

/* ------------------------------------------------------------- errors --- */

enum {
	SKS_ESYS = -1,        /* a system call failed in an unusual way */
	SKS_EINVAL = -2,      /* an argument makes no sense */
	SKS_ENOMEM = -3,      /* out of memory */
	SKS_ETIMEDOUT = -4,   /* the time limit or deadline has passed */
	SKS_EAGAIN = -5,      /* nothing now; it would have had to wait */
	SKS_ECLOSED = -6,     /* our own end was closed, cut or ended before */
	SKS_ERESET = -7,      /* the peer is gone: reset, broken pipe */
	SKS_EEOF = -8,        /* the peer ended before all was there */
	SKS_EOVERFLOW = -9,   /* the outbox is full; nothing was taken */
	SKS_ETOOLONG = -10,   /* a line, message, path or datagram exceeds its
	                       * limit */
	SKS_EADDRINUSE = -11, /* another program has this address */
	SKS_EADDRNOTAVAIL = -12, /* this machine has no such address */
	SKS_EACCES = -13,        /* no permission */
	SKS_ECONNREFUSED = -14,  /* nobody listens there */
	SKS_EUNREACH = -15,      /* no way to that network or host */
	SKS_ERESOLVE = -16,      /* the host name is not known */
	SKS_EBUSY = -17,         /* somebody else is doing this already */
	SKS_EDEADLK = -18,       /* waiting here would wait for this thread */
	SKS_ENOTCONN = -19,      /* the socket is not connected */
	SKS_ENOFILES = -20,      /* out of descriptors */
	SKS_ENOTHREAD = -21,     /* no further thread or process could be
	                          * started */
	SKS_ENOTSUP = -22,       /* not offered (yet, or on this system) */
	SKS_EUSER = -23,         /* for callbacks: the application failed */
	SKS_ENOENT = -24,        /* there is no such path */
	SKS_EILSEQ = -25,        /* bytes that are not UTF-8 */
	SKS_EPROTO = -26         /* bytes that do not follow the framing */
};

/*
 * Returned by a callback: end quietly.  Python's SystemExit: it never reaches
 * handle_error; the request is shut down all the same.  SKS_SYNC: it leaves
 * handle_request or serve_forever.  SKS_THREADING: it ends that worker only.
 * SKS_FORKING: it ends that child only, with status 1.
 */
#define SKS_STOP 2

/* The sentence for a code, without full stop; never NULL. */
SKS_API const char *sks_strerror(int code);

/*
 * What is known of a failure.  `what` is a static string: the system call
 * ("bind"), or for SKS_EINVAL and SKS_ETOOLONG a sentence that says what is
 * wrong.  `context` is the failure that was being handled when this one
 * happened (handle's when finish failed too), or 0.
 */
struct sks_error {
	int code;         /* SKS_E* */
	int sys_errno;    /* 0 when no system call failed */
	const char *what; /* never NULL */
	int context;
};

/* The calling thread's last failure inside this library. */
SKS_API void sks_last_error(struct sks_error *out);

/*
 * For an own get_request: notes that a system call failed so in this thread,
 * and returns the code for that errno, to be returned.  What happens then is
 * what happens when accept fails so.  `what` is a static string.
 */
SKS_API int sks_error_set_errno(int sys_errno, const char *what);

/*
 * A message for people: "bind: Address already in use".  sks_error_text()
 * writes that of the thread's last failure.  Both cut to `size`, always end
 * with NUL and return buf.
 */
SKS_API const char *sks_error_format(const struct sks_error *e, char *buf,
    size_t size);
SKS_API const char *sks_error_text(char *buf, size_t size);

/* --------------------------------------------------------------- time --- */

#define SKS_NEVER INT64_MAX /* the deadline that never comes */

/* Now, in nanoseconds of the monotonic clock. */
SKS_API int64_t sks_now(void);

/* The deadline `seconds` from now; INFINITY gives SKS_NEVER, less than 0 and
 * NaN what 0 gives. */
SKS_API int64_t sks_after(double seconds);

/* ---------------------------------------------------------- addresses --- */

enum sks_family {
	SKS_UNSPEC, /* none, or an unnamed Unix socket */
	SKS_INET,
	SKS_INET6,
	SKS_UNIX
};

enum sks_type {
	SKS_STREAM,   /* TCP, Unix stream */
	SKS_DGRAM,    /* UDP, Unix datagram */
	SKS_RAW,      /* IP packets; needs a privilege */
	SKS_RDM,      /* reliable datagrams; few systems have it */
	SKS_SEQPACKET /* records in order, on a connection */
};

enum sks_scope {
	SKS_SCOPE_LOCAL,    /* a Unix socket */
	SKS_SCOPE_LOOPBACK, /* 127.0.0.0/8, ::1 */
	SKS_SCOPE_PRIVATE,  /* RFC 1918, link-local, fc00::/7, 100.64/10 */
	SKS_SCOPE_PUBLIC,
	SKS_SCOPE_ANY /* 0.0.0.0, ::  (all interfaces) */
};

enum sks_addr_style {
	SKS_STYLE_PLAIN, /* 1.2.3.4:5  [::1]:5  unix:/path */
	SKS_STYLE_HOST,  /* 1.2.3.4  ::1  unix:/path */
	SKS_STYLE_PYTHON /* ('1.2.3.4', 5)  ('::1', 5, 0, 0)  '/path' */
};

/* Long enough for every address in every style. */
#define SKS_ADDR_TEXT 160

/* A struct sockaddr of any family; copy it freely.  All zero is SKS_UNSPEC. */
struct sks_addr {
	union {
		unsigned char bytes[128];
		uint64_t align;
	} u;
	uint32_t len;
};

/*
 * Reads "127.0.0.1:6666", "[::1]:0", "::1" (port default_port), "localhost",
 * ":6666" and "*:6666" (all IPv4 interfaces) or "unix:PATH" ("unix:@NAME" is
 * Linux's abstract namespace).  Numbers only: asks no resolver, never blocks.
 * Returns 0, SKS_EINVAL or SKS_ETOOLONG; sks_error_text() then says which
 * part is wrong.
 */
SKS_API SKS_MUST_USE int sks_addr_parse(const char *text, unsigned default_port,
    struct sks_addr *out);

/*
 * Asks the resolver for the first address of host in that family (SKS_UNSPEC:
 * the first there is); may block for seconds.  As in Python "" is any address
 * of this machine and "<broadcast>" 255.255.255.255.
 * Returns 0, SKS_ERESOLVE (the error's `what` is the resolver's sentence),
 * SKS_EINVAL (a port over 65535; a family that is not IP; broadcast in IPv6),
 * SKS_ENOMEM.  Python: what bind() and connect() do with a (host, port).
 */
SKS_API SKS_MUST_USE int sks_addr_resolve(const char *host, unsigned port,
    enum sks_family family, struct sks_addr *out);

/*
 * A Unix address of these len bytes: a path; behind a leading NUL a name in
 * Linux's abstract namespace, any bytes; none at all: unnamed, which sks_bind()
 * takes for "choose one for me".  Returns 0, SKS_EINVAL (a NUL in a path),
 * SKS_ETOOLONG.  sks_addr_unix_name() gives the bytes back (they live as long
 * as *a) and their number: 0 for an unnamed one; NULL when it is not a Unix
 * address.  Python: a str, bytes that begin with NUL, and ''.
 */
SKS_API SKS_MUST_USE int sks_addr_unix(const void *name, size_t len,
    struct sks_addr *out);
SKS_API const char *sks_addr_unix_name(const struct sks_addr *a, size_t *len);

/* Writes the address; an IPv4 peer of a dual-stack listener shows as IPv4.
 * An unnamed Unix peer is "unix:" ('' in Python style).  In a Unix name NUL is
 * an @ (Python: b'\x00name'), and what could command a terminal, or is not
 * UTF-8, a question mark.  A style that is none is SKS_STYLE_PLAIN.  Returns
 * buf. */
SKS_API const char *sks_addr_format(const struct sks_addr *a,
    enum sks_addr_style style, char *buf, size_t size);

/* What kind of address it is, and whom it can reach; an IPv4 address in an
 * IPv6 one counts as what it stands for in the scope. */
SKS_API enum sks_family sks_addr_family(const struct sks_addr *a);
SKS_API enum sks_scope sks_addr_scope(const struct sks_addr *a);

SKS_API unsigned sks_addr_port(const struct sks_addr *a); /* 0: none */

/* The path of a Unix address (NULL for others and abstract names).  Lives as
 * long as *a. */
SKS_API const char *sks_addr_path(const struct sks_addr *a);

/* 1 when both have the same host, whatever the port.  fe80::1 on two links is
 * two hosts. */
SKS_API int sks_addr_same_host(const struct sks_addr *a,
    const struct sks_addr *b);

/* ------------------------------------------------------------ sockets --- */

/*
 * Python's socket object.  One thread may read while another writes; only the
 * thread that owns it may close, detach or free it, or connect it.
 * sks_shutdown() may be called by any thread as long as the object is not
 * freed, sks_accept() by several at once.
 *
 * Where this differs from Python's on purpose (doc/sockets.md has the table)
 * - The descriptor is blocking whatever the timeout: SO_RCVTIMEO and
 *   SO_SNDTIMEO carry what is left of it.  Python's becomes non-blocking when
 *   there is a timeout.  One that listens is non-blocking, always.
 * - Addresses are resolved before: no call here asks a resolver, but for
 *   sks_create_connection(), and a bad port is refused where it is read.
 * - A call that ran out of time says SKS_ETIMEDOUT, everywhere; a connection
 *   in use that the kernel gave up is SKS_ERESET.
 * - No call takes flags.
 */
struct sks_socket;

/*
 * A new socket, close-on-exec.  proto 0 is the type's usual one; SKS_UNSPEC is
 * no family.  Returns 0, SKS_EINVAL, SKS_ENOTSUP (this system has no such
 * socket), SKS_EACCES (SKS_RAW without the privilege), SKS_ENOFILES,
 * SKS_ENOMEM.  Python: socket.socket().
 */
SKS_API SKS_MUST_USE int sks_socket_new(enum sks_family family,
    enum sks_type type, int proto, struct sks_socket **out);

/*
 * Takes over a descriptor of any family and type, makes it blocking (one that
 * listens: non-blocking) and close-on-exec.  Owns: on success the socket owns
 * fd; on failure the caller still does.  Python: socket.socket(fileno=fd),
 * which leaves both as they are.
 */
SKS_API SKS_MUST_USE int sks_socket_fromfd(int fd, struct sks_socket **out);

/* What it was made with, or what was found.  A family the library does not
 * know is SKS_UNSPEC.  Python: family, type, proto. */
SKS_API enum sks_family sks_socket_family(const struct sks_socket *s);
SKS_API enum sks_type sks_socket_type(const struct sks_socket *s);
SKS_API int sks_socket_proto(const struct sks_socket *s);

/* Two connected ends (Unix stream). */
SKS_API SKS_MUST_USE int sks_socketpair(struct sks_socket **a,
    struct sks_socket **b);

/*
 * Gives it an address.  The file of a Unix path is made here, and removed by
 * nobody.  Returns 0, SKS_EADDRINUSE, SKS_EADDRNOTAVAIL, SKS_EACCES,
 * SKS_EINVAL (it has one already), SKS_ENOTSUP (of another family), ...
 */
SKS_API SKS_MUST_USE int sks_bind(struct sks_socket *s,
    const struct sks_addr *address);

/*
 * Lets it accept connections.  backlog: how many may wait; 0 is allowed, and
 * less than 0 means as many as the system allows (Python: 0).  May be called
 * again to change it.  Returns 0, SKS_EADDRINUSE, SKS_ENOTSUP, ...
 */
SKS_API SKS_MUST_USE int sks_listen(struct sks_socket *s, int backlog);

/*
 * Takes the next connection, under s's timeout; if it is gone again before it
 * could be taken the wait goes on.  *conn is close-on-exec and has no timeout,
 * whatever s has; *client (may be NULL) is its address.  Owns: *conn is yours.
 * Returns 0, SKS_ETIMEDOUT, SKS_EAGAIN, SKS_EINVAL (it does not listen, or
 * was shut down), SKS_ENOFILES, SKS_ENOMEM, SKS_ERESET (ECONNABORTED: take
 * the next), ...
 * Threads: several may, each connection goes to one of them.
 */
SKS_API SKS_MUST_USE int sks_accept(struct sks_socket *s,
    struct sks_socket **conn, struct sks_addr *client);

/*
 * A stream that listens at this address: a new socket, with SO_REUSEADDR (not
 * on a Unix socket), IPV6_V6ONLY as dualstack_ipv6 says (only for SKS_INET6),
 * SO_REUSEPORT if reuse_port (not for Unix), bound and listening.  Returns 0,
 * SKS_EINVAL and what bind and listen say.
 */
SKS_API SKS_MUST_USE int sks_create_server(const struct sks_addr *address,
    int backlog, int reuse_port, int dualstack_ipv6, struct sks_socket **out);

/*
 * Connects, under s's timeout.  A signal does not end the wait.  For a
 * datagram or raw socket: only says whom it talks to.
 * Returns 0, SKS_ETIMEDOUT, SKS_ECONNREFUSED, SKS_EUNREACH, SKS_ENOENT, ...;
 * with timeout 0 SKS_EAGAIN (sys_errno EINPROGRESS) when it is under way, to
 * be asked after with sks_connect_ex().  A Unix socket waits for room in the
 * backlog (Python: at once EAGAIN when there is a timeout).
 */
SKS_API SKS_MUST_USE int sks_connect(struct sks_socket *s,
    const struct sks_addr *to);

/*
 * The same, but returns 0 or a positive errno: EINPROGRESS and then EALREADY
 * while it is under way, once 0, EISCONN; ETIMEDOUT when the timeout has passed
 * (Python: EAGAIN), EBADF, EINVAL (no address).
 */
SKS_API SKS_MUST_USE int sks_connect_ex(struct sks_socket *s,
    const struct sks_addr *to);

/*
 * A new stream, connected.  The limit covers all of it, but not the resolver,
 * and is for connecting only: the socket has no timeout (Python's keeps it).
 * The first form tries every address of the host, each with its share of the
 * time that is left.  Returns 0, SKS_ETIMEDOUT, SKS_ECONNREFUSED,
 * SKS_EUNREACH, SKS_ERESOLVE, ...
 */
SKS_API SKS_MUST_USE int sks_create_connection(const char *host, unsigned port,
    double timeout, struct sks_socket **out);
SKS_API SKS_MUST_USE int sks_create_connection_addr(const struct sks_addr *to,
    double timeout, struct sks_socket **out);
SKS_API SKS_MUST_USE int sks_create_connection_unix(const char *path,
    double timeout, struct sks_socket **out);

/*
 * The same from an address of ours, which the socket is bound to first; port 0
 * is any free one.  NULL or SKS_UNSPEC: the system chooses.  Of a host only
 * the addresses of the source's family are tried.  Returns also what bind says,
 * SKS_EADDRNOTAVAIL among it, and SKS_EINVAL (another family than to's).
 * Python: source_address.
 */
SKS_API SKS_MUST_USE int sks_create_connection_from(const char *host,
    unsigned port, double timeout, const struct sks_addr *source,
    struct sks_socket **out);
SKS_API SKS_MUST_USE int sks_create_connection_addr_from(const struct sks_addr
							     *to,
    double timeout, const struct sks_addr *source, struct sks_socket **out);

/*
 * Seconds for each of the calls below that name no deadline.  INFINITY (the
 * default): wait; 0: SKS_EAGAIN instead of waiting; negative or NaN:
 * SKS_EINVAL; more than the clock holds: INFINITY's meaning (Python:
 * OverflowError).  sks_setblocking(): 1 is INFINITY, 0 is 0.  SKS_ECLOSED: the
 * socket was closed.
 */
SKS_API int sks_settimeout(struct sks_socket *s, double seconds);
SKS_API double sks_gettimeout(const struct sks_socket *s);
SKS_API int sks_setblocking(struct sks_socket *s, int flag);

/*
 * Reads what is there, at most n bytes, waiting for the first.  Returns the
 * count, 0 at end of file (or n == 0), SKS_ETIMEDOUT, SKS_ERESET,
 * SKS_ENOTCONN, ...  A datagram or record is one call's; what does not fit is
 * lost (see sks_recvfrom()), and 0 is an empty one, on SKS_DGRAM always.
 * The deadline form ignores the timeout; once the deadline has passed it
 * returns SKS_ETIMEDOUT even when bytes are waiting, so a loop of calls with
 * one deadline ends in time whatever the peer drips.
 */
SKS_API SKS_MUST_USE ssize_t sks_recv(struct sks_socket *s, void *buf,
    size_t n);
SKS_API SKS_MUST_USE ssize_t sks_recv_deadline(struct sks_socket *s, void *buf,
    size_t n, int64_t deadline_ns);

enum {
	SKS_TRUNC = 1 /* it was longer than n; the rest is lost */
};

/*
 * A datagram or record, where it came from, and whether it was cut (Python
 * does not tell).  from and flags may be NULL; *from is SKS_UNSPEC when the
 * sender has no name, and for a TCP stream (Python: None).  n == 0 takes a
 * datagram too.  Returns the count, which is 0 for an empty datagram;
 * SKS_ECONNREFUSED when one that was sent before met nobody (the socket stays
 * good); SKS_ETIMEDOUT, SKS_EAGAIN, ...
 */
SKS_API SKS_MUST_USE ssize_t sks_recvfrom(struct sks_socket *s, void *buf,
    size_t n, struct sks_addr *from, int *flags);

/* Sends; may take less than n of a stream's.  n == 0 sends an empty datagram
 * or record, and nothing on a stream.  Returns the count or SKS_E*. */
SKS_API SKS_MUST_USE ssize_t sks_send(struct sks_socket *s, const void *data,
    size_t n);

/* Sends what the kernel takes without waiting: the count, or SKS_EAGAIN. */
SKS_API SKS_MUST_USE ssize_t sks_send_now(struct sks_socket *s,
    const void *data, size_t n);

/*
 * Sends a datagram there.  A connected socket may name its own peer, also
 * where the system says EISCONN to that.  Returns n; SKS_ETOOLONG (over
 * 65507 bytes for UDP on IPv4); SKS_ECONNREFUSED when an earlier one met
 * nobody (the socket stays good, this one was not sent); SKS_EINVAL (no
 * address, as of an unnamed Unix peer), SKS_ENOENT, SKS_EUNREACH, ...
 */
SKS_API SKS_MUST_USE ssize_t sks_sendto(struct sks_socket *s, const void *data,
    size_t n, const struct sks_addr *to);

/*
 * Sends all; the timeout is one deadline for the whole.  Returns 0 or SKS_E*.
 * *done (may be NULL) is how much the kernel took, also on failure (Python
 * does not tell).
 */
SKS_API SKS_MUST_USE int sks_sendall(struct sks_socket *s, const void *data,
    size_t n, size_t *done);
SKS_API SKS_MUST_USE int sks_sendall_deadline(struct sks_socket *s,
    const void *data, size_t n, int64_t deadline_ns, size_t *done);

/*
 * The tutorial's send_socket_info(): sks_sendall() that the socket's observer
 * is told of.  The first sends a string without its NUL (SKS_EILSEQ, and
 * nothing is sent, when it is not strict UTF-8), the second any bytes.
 */
SKS_API SKS_MUST_USE int sks_send_text(struct sks_socket *s, const char *text);
SKS_API SKS_MUST_USE int sks_send_bytes(struct sks_socket *s, const void *data,
    size_t n);

/* Which end of the connection a program is; only for what is printed. */
enum sks_side { SKS_SERVER, SKS_CLIENT };

enum sks_direction { SKS_RECEIVED, SKS_SENT };

/* What an observer sees; data lives until it returns. */
struct sks_observation {
	enum sks_side side;
	enum sks_direction direction;
	int64_t wall_ms; /* since 1970-01-01 UTC */
	const char *data;
	size_t len;
};
typedef void sks_observe_fn(const struct sks_observation *o, void *arg);

/*
 * Sets (fn NULL: removes) the observer of s, before other threads use s.  It
 * is told by sks_send_text() and sks_send_bytes(), once the kernel has taken
 * all of it, and by sks_recv_until(), of what that returns; of nothing else,
 * and of no failure.  It runs in the thread that sends or receives.  Returns 0
 * or SKS_EINVAL (there is no such side).
 */
SKS_API int sks_observe(struct sks_socket *s, enum sks_side side,
    sks_observe_fn *fn, void *arg);

/*
 * A peer's bytes for a terminal or a line of a log, NUL-terminated: what
 * could command a terminal or forge a line comes out as \n or \xNN (control
 * characters but tab, and bytes that are not UTF-8).  4 * len + 1 bytes hold
 * all of it; less holds whole characters of its beginning.  Returns buf.
 */
SKS_API const char *sks_printable(const void *data, size_t len, char *buf,
    size_t size);

/*
 * An observer: writes what the tutorial prints, as one line, into the FILE *
 * that arg is.
 *	Server received ==> 2026-11-28 10:00:00 - hello
 *	Client send --> 2026-11-28 10:00:00 - hello
 * Unlike there, the data are made harmless by sks_printable().
 */
SKS_API void sks_observe_print(const struct sks_observation *o, void *file);

enum sks_how { SKS_SHUT_RD, SKS_SHUT_WR, SKS_SHUT_RDWR };

/* shutdown(2).  Wakes a thread that is blocked in the socket.  Any thread.
 * Returns 0, SKS_ENOTCONN, SKS_ECLOSED, SKS_EINVAL (no such how). */
SKS_API int sks_shutdown(struct sks_socket *s, enum sks_how how);

/* Closes the descriptor; a second call does nothing.  Later calls on s give
 * SKS_ECLOSED.  Owner only.  Returns 0, or SKS_ECLOSED when somebody else has
 * closed the number behind our back (EBADF), which is a bug worth knowing of:
 * the number may be another socket's by now.  Python waits for its makefile()
 * objects. */
SKS_API int sks_close(struct sks_socket *s);

/* Closes so that the peer gets a reset instead of an end of file.  Owner
 * only. */
SKS_API void sks_reset(struct sks_socket *s);

/* Closes if needed and frees. */
SKS_API void sks_socket_free(struct sks_socket *s);

/*
 * Gives the descriptor away: as after sks_close(), but it stays open and is
 * the caller's, without limits of ours (one that listens is non-blocking).
 * s is still to be freed.  Owner only.  Returns it or SKS_ECLOSED.
 */
SKS_API SKS_MUST_USE int sks_detach(struct sks_socket *s);

/*
 * A second descriptor of the same connection, close-on-exec, with s's timeout
 * from now on its own.  The two share what the kernel knows: one thread may
 * read and one write in both together, and each call costs a system call
 * more.  Returns 0, SKS_ECLOSED, SKS_ENOFILES, SKS_ENOMEM.
 */
SKS_API SKS_MUST_USE int sks_dup(struct sks_socket *s, struct sks_socket **out);

SKS_API int sks_fileno(const struct sks_socket *s); /* -1: closed */

/* Our own and the other end's address.  Returns 0, SKS_ENOTCONN, SKS_ECLOSED,
 * ...  An unnamed Unix one is SKS_UNSPEC, written ''. */
SKS_API SKS_MUST_USE int sks_getsockname(struct sks_socket *s,
    struct sks_addr *out);
SKS_API SKS_MUST_USE int sks_getpeername(struct sks_socket *s,
    struct sks_addr *out);

/*
 * Any option, by the system's numbers: bytes, an int, or NULL with a length.
 * *len is the size of buf, not 0, then what came.  Returns 0, SKS_EINVAL,
 * SKS_ENOTSUP (no such option here), SKS_EACCES, SKS_ECLOSED.  SO_RCVTIMEO and
 * SO_SNDTIMEO are the library's own and cannot be set: SKS_EINVAL.
 */
SKS_API int sks_setsockopt(struct sks_socket *s, int level, int optname,
    const void *value, size_t len);
SKS_API int sks_setsockopt_int(struct sks_socket *s, int level, int optname,
    int value);
SKS_API SKS_MUST_USE int sks_getsockopt(struct sks_socket *s, int level,
    int optname, void *buf, size_t *len);
SKS_API SKS_MUST_USE int sks_getsockopt_int(struct sks_socket *s, int level,
    int optname, int *value);

enum sks_option {
	SKS_NODELAY,      /* 1: send small pieces at once */
	SKS_KEEPALIVE,    /* 1: probe a silent peer */
	SKS_KEEPIDLE,     /* seconds of silence before the first probe */
	SKS_KEEPINTVL,    /* seconds between probes */
	SKS_KEEPCNT,      /* probes without answer that end it */
	SKS_USER_TIMEOUT, /* ms that sent bytes may stay unacknowledged */
	SKS_SNDBUF,       /* bytes; the kernel may round and double */
	SKS_RCVBUF,
	SKS_OOBINLINE /* 1: urgent bytes are read where they stand */
};

/* The same by name, without the system's headers.  SKS_ENOTSUP where the socket
 * or system does not have the option (TCP's on a Unix socket), SKS_EINVAL when
 * there is no such option at all. */
SKS_API int sks_set_option(struct sks_socket *s, enum sks_option option,
    int value);
SKS_API SKS_MUST_USE int sks_get_option(struct sks_socket *s,
    enum sks_option option, int *value);

/* Keepalive in one call: 60, 10, 3 finds a dead peer after 90 s.  Nothing to
 * do, and 0, on a Unix socket. */
SKS_API int sks_set_keepalive(struct sks_socket *s, int idle_s, int interval_s,
    int count);

/* Who is at the other end of a Unix socket.  Each pointer may be NULL; pid is
 * 0 where the system does not tell. */
SKS_API SKS_MUST_USE int sks_peercred(struct sks_socket *s, uid_t *uid,
    gid_t *gid, pid_t *pid);

/*
 * Waits until both directions are shut (by whomever) or the connection is
 * broken; incoming bytes do not wake it.  Returns 0 or SKS_ETIMEDOUT.  For the
 * owner of a half-closed connection.
 */
SKS_API int sks_wait_hup(struct sks_socket *s, int64_t deadline_ns);

/* ------------------------------------------------------------ framing --- */

/* TCP carries bytes, not messages.  How messages are told apart. */
enum sks_framing_kind {
	SKS_LINE,     /* each ends with LF; that and one CR before it are
	               * taken off.  A message holds no LF and does not end
	               * with CR */
	SKS_BLOCK,    /* each has its length before it, as a number of
	               * `prefix` bytes in `order`.  A message is any bytes */
	SKS_NETSTRING /* D. J. Bernstein's "5:hello,": the length in decimal
	               * without needless zeros, a colon, any bytes, a
	               * comma */
};

enum sks_order {
	SKS_BIG_ENDIAN, /* the network's */
	SKS_LITTLE_ENDIAN
};

struct sks_framing {
	enum sks_framing_kind kind;
	enum sks_order order; /* of a block's prefix */
	unsigned prefix;      /* 1, 2, 4 or 8 */
	size_t max;           /* longest message, in bytes */
};

/*
 * Bytes in, messages out; does no I/O.  One thread.  Memory grows with what is
 * fed, never with what is announced.
 */
struct sks_frame;

/* For any framing.  Returns 0, SKS_EINVAL or SKS_ENOMEM. */
SKS_API SKS_MUST_USE int sks_frame_new_as(const struct sks_framing *how,
    struct sks_frame **out);
/* For lines of at most max bytes.  NULL: out of memory. */
SKS_API SKS_MUST_USE struct sks_frame *sks_frame_new(size_t max);

/* With what it holds. */
SKS_API void sks_frame_free(struct sks_frame *f);

/* Adds bytes.  Returns 0 or SKS_ENOMEM (nothing added).  Take the messages
 * out between calls; what is fed is all kept until then. */
SKS_API SKS_MUST_USE int sks_frame_feed(struct sks_frame *f, const void *data,
    size_t len);

/*
 * The next message.  *message ends with a NUL, may contain others, and lives
 * until the next call on f.  Returns its length (0 is an empty message) or
 * - SKS_EAGAIN: none is complete
 * - SKS_ETOOLONG: one is over max.  It is told of once, a line when it ends, a
 *   block or netstring as soon as its length is known.  It is thrown away as
 *   it comes, however long, and what follows it is intact; ask again.  (A peer
 *   that announces 2^63 bytes is not worth that: hang up.)
 * - SKS_EPROTO: not a netstring.  There is no finding the next message: from
 *   now on every call says this and what is fed is dropped.
 */
SKS_API SKS_MUST_USE ssize_t sks_frame_next(struct sks_frame *f,
    const char **message);

/*
 * At end of file, when sks_frame_next() has said SKS_EAGAIN: what came after
 * the last LF, like sks_frame_next(); f is empty then.  There is no such thing
 * in the other framings: SKS_EAGAIN when nothing is missing, SKS_EEOF when a
 * message was cut.
 */
SKS_API SKS_MUST_USE ssize_t sks_frame_rest(struct sks_frame *f,
    const char **message);

/* Bytes that are kept: of a message that is not complete, or not taken. */
SKS_API size_t sks_frame_pending(const struct sks_frame *f);

/*
 * Writes a message, with what `how` puts around it, into buf.  Returns the
 * bytes that it has there (buf NULL, size 0: would have), SKS_ETOOLONG (over
 * max, or more than the prefix can say), or SKS_EINVAL (see sks_error_text():
 * an LF in a line, a buffer too small); nothing is written then.
 */
SKS_API SKS_MUST_USE ssize_t sks_frame_encode(const struct sks_framing *how,
    const void *data, size_t len, void *buf, size_t size);

/* ------------------------------------------------------------ streams --- */

/*
 * Python's makefile("rwb").  One thread reads, one writes.  Unlike Python's it
 * stays usable after a time-out (what had come is kept), and it does not keep
 * the descriptor open: after sks_close() its calls give SKS_ECLOSED.
 */
struct sks_stream;

/*
 * Buffer sizes in bytes, -1 for 8 KiB.  rbufsize 0 never reads more from the
 * socket than was asked for; wbufsize 0 sends at each write.  Free the stream
 * before the socket.
 */
SKS_API SKS_MUST_USE int sks_makefile(struct sks_socket *s, int rbufsize,
    int wbufsize, struct sks_stream **out);

/* Forgets unflushed output; the socket is left as it is. */
SKS_API void sks_stream_free(struct sks_stream *st);

/*
 * A line with its LF into buf, NUL-terminated.  Returns its length; at end of
 * file the unterminated rest, then 0; SKS_ETOOLONG when no LF is among the
 * first size-1 bytes; SKS_ETIMEDOUT and other errors of sks_recv().  After an
 * error nothing is lost: the bytes are there for the next call.
 */
SKS_API SKS_MUST_USE ssize_t sks_stream_readline(struct sks_stream *st,
    char *buf, size_t size);

/* read: what is there, like sks_recv().  readn: exactly n bytes, or fewer at
 * end of file. */
SKS_API SKS_MUST_USE ssize_t sks_stream_read(struct sks_stream *st, void *buf,
    size_t n);
SKS_API SKS_MUST_USE ssize_t sks_stream_readn(struct sks_stream *st, void *buf,
    size_t n);

/* Takes all of data or fails; n on success, never less. */
SKS_API SKS_MUST_USE ssize_t sks_stream_write(struct sks_stream *st,
    const void *data, size_t n);

/* Sends what is buffered.  After a failure the buffer is empty: a dead peer
 * is reported once. */
SKS_API SKS_MUST_USE int sks_stream_flush(struct sks_stream *st);

/* The socket's: -1 once that is closed. */
SKS_API int sks_stream_fileno(const struct sks_stream *st);

/*
 * The socket as a FILE.  mode is Python's: "r" (also ""), "w" or both, and "b",
 * which changes nothing: a FILE is bytes, without Python's text decoding.
 * It reads and writes through s, under s's timeout: when that has passed, the
 * call fails with errno ETIMEDOUT (EAGAIN with timeout 0), and after
 * clearerr() it goes on.  With "rw" what is written leaves at once, and no
 * fflush() or fseek() is needed between reading and writing.
 * Owns: fclose() flushes and frees the FILE; the socket stays open and the
 * caller's.  The FILE has no descriptor of its own: after sks_close(), which
 * may come first, its calls fail with EBADF.  In Python it keeps the
 * descriptor open.
 * Where the C library has no fopencookie() it is instead a duplicate
 * descriptor in a FILE, which stays open until fclose(), knows no timeout
 * (SKS_ENOTSUP if s has one now) and may raise SIGPIPE.
 * Returns 0, SKS_EINVAL (the mode), SKS_ECLOSED, SKS_ENOTSUP, SKS_ENOMEM.
 */
SKS_API SKS_MUST_USE int sks_makefile_stdio(struct sks_socket *s,
    const char *mode, FILE **out);

/* As a deadline below: the socket's time-out, for each wait. */
#define SKS_OWN_TIMEOUT INT64_MIN

enum sks_form {
	SKS_BYTES,
	SKS_TEXT /* strict UTF-8 */
};

/*
 * Reads until one of n expected texts has come: the tutorial's
 * receive_socket_info(), but it accumulates, has a deadline, sees end of file
 * and keeps what follows for the next read of st.  Puts everything up to and
 * with that text into buf, NUL-terminated, and the text's index into *which
 * (may be NULL).  The one that ends first wins; of two that end together, the
 * first in the list.
 *
 * With n = 0 it returns the first bytes, as many as there are and fit; 0 is
 * end of file.
 *
 * SKS_TEXT hands out whole characters only: one that is cut waits for its
 * rest.  What stands before a bad byte is handed out as if that had not come
 * yet.  SKS_EILSEQ is a bad byte before the expected text (n = 0: at the
 * front), or an end of file inside a character.  size is at least 5 then, 2
 * for bytes.
 *
 * Returns the length, SKS_ETIMEDOUT, SKS_EEOF (n > 0), SKS_ETOOLONG (no
 * expected text within size-1 bytes), SKS_EILSEQ, SKS_EINVAL (an expected text
 * that is empty, or not UTF-8) ...; after an error nothing is lost: the bytes
 * are in the stream, and sks_stream_read() or SKS_BYTES gets them.
 */
SKS_API SKS_MUST_USE ssize_t sks_recv_until(struct sks_stream *st,
    const char *const *texts, size_t n, enum sks_form form, int64_t deadline_ns,
    char *buf, size_t size, size_t *which);

/*
 * Reads one message into buf, NUL-terminated; *len is its length.  At most
 * how->max and size-1 bytes long.
 * Returns 1; 0 at end of file between two messages; SKS_EEOF at one inside of
 * a message (a line without its LF is one), SKS_ETIMEDOUT, SKS_ETOOLONG (as
 * soon as its length is known), SKS_EPROTO, SKS_EINVAL ...  After an error
 * nothing is lost: after a time-out ask again, and a message that is too long
 * is still there for a call with a larger buffer.
 */
SKS_API SKS_MUST_USE int sks_stream_read_frame(struct sks_stream *st,
    const struct sks_framing *how, int64_t deadline_ns, void *buf, size_t size,
    size_t *len);

/* Writes one message as sks_stream_write() does, in one piece.  Returns 0, or
 * an error of sks_frame_encode() (nothing was written) or of the socket. */
SKS_API SKS_MUST_USE int sks_stream_write_frame(struct sks_stream *st,
    const struct sks_framing *how, const void *data, size_t len);

/* ------------------------------------------------------------- outbox --- */

/*
 * What is to be sent to one peer: bounded, never blocks the sender.  The first
 * try is made by whoever puts; what the socket does not take is finished by
 * the postman's thread.  Any thread may call everything, except close.
 *
 * Life: the socket's worker makes it, gives references (sks_outbox_ref) to
 * those who send, and calls sks_outbox_close() before it closes the socket.
 * Memory goes with the last reference.
 */
struct sks_outbox;

/* The thread, "postman", that waits for the sockets of outboxes which did not
 * empty.  One serves thousands. */
struct sks_postman;

/* Starts the thread.  Returns 0, SKS_ENOTHREAD, SKS_ENOFILES, SKS_ENOMEM. */
SKS_API SKS_MUST_USE int sks_postman_new(struct sks_postman **out);

/* Ends the thread.  Every outbox of this postman must have been closed, and
 * nobody may still be inside a call on one. */
SKS_API void sks_postman_free(struct sks_postman *pm);

enum sks_outbox_event {
	SKS_OUTBOX_EMPTIED, /* all that was kept went out */
	SKS_OUTBOX_FAILED,  /* the peer is gone; what was kept is dropped */
	SKS_OUTBOX_STALLED  /* the peer took nothing for stall_timeout */
};

struct sks_outbox_config {
	size_t size;              /* of this struct */
	size_t max_bytes;         /* kept at most; a put that would exceed it is
	                           * refused, unless nothing waits */
	int64_t stall_timeout_ns; /* SKS_NEVER: wait for ever */
	struct sks_postman *postman; /* who finishes what is kept */

	/*
	 * Called on the postman's thread without any lock held, only for what
	 * the postman did or saw (a putter learns its own outcome from put).
	 * Must not block; may call everything here but sks_outbox_close().
	 * STALLED is told once for each stall; the owner decides (cut, end).
	 * NULL: nobody cares.
	 */
	void (*notify)(void *arg, enum sks_outbox_event event);
	void *arg; /* what notify is given */
};

/* Returns 0, SKS_ENOMEM, SKS_EINVAL.  *out has one reference: the caller's. */
SKS_API SKS_MUST_USE int sks_outbox_new(struct sks_socket *s,
    const struct sks_outbox_config *cfg, struct sks_outbox **out);

/* One reference more (returns ob), one less. */
SKS_API struct sks_outbox *sks_outbox_ref(struct sks_outbox *ob);
SKS_API void sks_outbox_unref(struct sks_outbox *ob);

/*
 * Queues len bytes behind what waits.  Returns 1 (all is with the kernel), 0
 * (kept; the postman finishes), SKS_EOVERFLOW (nothing taken), SKS_ECLOSED
 * (ended, cut or closed, or the peer is gone), SKS_ENOMEM (if part had gone
 * out already, the connection was cut).
 * *end_offset (may be NULL), on 0 and 1: the count of all bytes ever put, with
 * these; they are out once sks_outbox_sent() has reached it.
 */
SKS_API SKS_MUST_USE int sks_outbox_put(struct sks_outbox *ob, const void *data,
    size_t len, uint64_t *end_offset);

/* Bytes handed to the kernel so far, and bytes kept. */
SKS_API uint64_t sks_outbox_sent(struct sks_outbox *ob);
SKS_API size_t sks_outbox_queued(struct sks_outbox *ob);

/*
 * How many bytes of all that was put the peer's machine has acknowledged, at
 * least: its kernel has them, and its program may read them.  It never becomes
 * less, and a closed outbox knows what it was at last.  Nobody is told when it
 * grows; who wants to know asks again.  Where the system cannot tell (it can on
 * Linux) it is what sks_outbox_sent() says.
 */
SKS_API uint64_t sks_outbox_taken(struct sks_outbox *ob);

/* No more will be put: whoever empties it (perhaps this call) shuts the
 * sending direction down. */
SKS_API void sks_outbox_end(struct sks_outbox *ob);

/* Shuts both directions down now and drops what is kept; notify does not hear
 * of it.  The worker's recv returns 0. */
SKS_API void sks_outbox_cut(struct sks_outbox *ob);

/*
 * The socket is about to be closed.  Called by its owner only, never from
 * notify.  When it returns, nobody uses the descriptor any more, notify is not
 * running and will not be called again.
 */
SKS_API void sks_outbox_close(struct sks_outbox *ob);

/* ------------------------------------------------------------- server --- */

struct sks_server;
struct sks_request; /* a connection (socket, address, number) or a
                     * datagram */

enum sks_kind {
	SKS_TCP, /* IPv4 or IPv6, as the address says */
	SKS_UDP, /* likewise; a request is a datagram */
	SKS_UNIX_STREAM,
	SKS_UNIX_DGRAM
};

enum sks_concurrency {
	SKS_SYNC,      /* one request after the other, in the loop */
	SKS_THREADING, /* a thread for each, see max_parked */
	SKS_FORKING    /* a process of its own for each, see below */
};

enum sks_overload_policy {
	SKS_REFUSE, /* accept, on_overload, close; a datagram is
	             * received, on_overload, dropped */
	SKS_WAIT    /* leave new peers in the backlog until a slot
	             * is free (a full address is refused);
	             * datagrams wait in the kernel's buffer, and
	             * what does not fit there is lost */
};

/* Why a peer was refused. */
enum sks_overload {
	SKS_OVER_NONE,      /* it was not refused */
	SKS_OVER_SESSIONS,  /* max_sessions are live */
	SKS_OVER_ADDRESS,   /* max_per_addr from this host are live */
	SKS_OVER_THREADS,   /* no thread could be started */
	SKS_OVER_PROCESSES, /* no process could be started */
	SKS_OVER_FILES,     /* no descriptor is left */
	SKS_OVERLOADS       /* how many there are */
};

enum sks_log_level { SKS_LOG_ERROR, SKS_LOG_WARNING, SKS_LOG_INFO };

/* One line without newline.  Any thread, possibly several at once. */
typedef void sks_log_fn(void *user, enum sks_log_level level, const char *text);

/*
 * SKS_FORKING: the loop forks for each request, remembers the child, closes
 * (does not shut down) the connection and goes on.  The child runs
 * finish_request, handle_error, shutdown_request and what was deferred, then
 * _exit(0), or _exit(1) after an error or SKS_STOP.  It has none of the
 * server's listeners (but for the one that its datagram came in by), nor other
 * requests' sockets; a shutdown or close of the server there is refused
 * (SKS_EDEADLK, SKS_EBUSY) and reaches nobody.  What it had printed with stdio
 * it must flush itself.  The log callback runs in the child.  SIGTERM is
 * unblocked in it and does there what it does in the parent: where that is to
 * ask for a shutdown no child ends, and SIGKILL comes a second later.  setup
 * may set it to SIG_DFL.
 *
 * The children's ends wake the loop, which reaps them, each by its own pid:
 * children that the application forked are never waited for, and SIGCHLD is
 * not touched.  (Nor may the application reap the server's, nor set SIGCHLD to
 * SIG_IGN, by which the kernel would.)  At max_children nothing is accepted
 * until one ends; a shutdown is heard meanwhile.
 *
 * A process that has other threads than the loop's does not fork: serve_forever
 * and handle_request return SKS_ENOTSUP, and so does a start, which makes such
 * a thread; so a forking server is served by the program's only thread.  (The
 * threads are counted on Linux; elsewhere the program has to know.)
 * fork_anyway = 1 lifts this.  Then only the forking thread exists in the
 * child, and any lock that another held at that moment stays locked there.
 * Safe are: this library's calls on the request, its streams and its own
 * server; what is async-signal-safe; memory (malloc) where the C library sees
 * to it, as glibc does.  Not safe: everything else the other threads lock,
 * stdio and an own log callback among it.
 */

/* The class attributes.  Copied by sks_server_new(); later changes have no
 * effect.  Call sks_server_config_init() first. */
struct sks_server_config {
	size_t size; /* of this struct */
	enum sks_kind kind;
	enum sks_concurrency concurrency;
	struct sks_addr address;               /* where to listen */
	const struct sks_addr *more_addresses; /* NULL; further listeners
	                                        * of this server; copied */
	size_t n_more;                         /* 0; how many of these */
	int bind_and_activate;       /* 1; 0: call the two yourself, or
	                              * never, to serve adopted sockets */
	int backlog;                 /* -1: as many as the system allows */
	size_t max_packet_size;      /* 65535; longer datagrams are cut and
	                              * say so (Python: 8192, silently) */
	int allow_reuse_address;     /* 1; 0 for SKS_UDP, where it would let
	                              * two servers have one port */
	int allow_reuse_port;        /* 0; several servers share a port.  On
	                              * a Unix socket SKS_EINVAL */
	int dual_stack;              /* 1: [::] serves IPv4 too */
	double timeout;              /* INFINITY; of handle_request only */
	double idle_timeout;         /* INFINITY; becomes the time-out of
	                              * each connection, so that a read from
	                              * a silent peer is SKS_ETIMEDOUT */
	double service_interval;     /* INFINITY; seconds between calls of
	                              * service_actions at the latest.  An
	                              * idle server never wakes without */
	unsigned max_children;       /* 40; of SKS_FORKING, at least 1 */
	int fork_anyway;             /* 0; 1: also with other threads */
	unsigned max_sessions;       /* 0: no limit */
	unsigned max_per_addr;       /* 0: no limit; IPv6 counts by /64, but
	                              * in a network of one's own (fc00::/7,
	                              * fe80::/10) by address; Unix peers are
	                              * not counted */
	int loopback_exempt;         /* 1: max_per_addr spares loopback */
	struct sks_server *together; /* NULL; else these two limits count
	                              * what both have.  Not for SKS_WAIT */
	enum sks_overload_policy overload; /* SKS_REFUSE */
	size_t stack_size;                 /* bytes, of each thread that runs
	                                    * handlers; 0: the system's, as
	                                    * pthread_create() gives it
	                                    * (ulimit -s).  Thousands of
	                                    * workers want less */
	int block_on_close;                /* 1; 0: see sks_server_close() */
	double grace;                      /* 5 s, see sks_server_close() */
	const char *thread_name;           /* "worker-"; the number of the
	                                    * thread is added */
	unsigned unix_mode;                /* 0600, of the socket's file; umask
	                                    * is changed for the time of bind */
	int unix_unlink;       /* 1: server_close removes the file, if
	                        * it is still the one that bind made */
	int unix_unlink_stale; /* 1: bind replaces a socket's file of
	                        * ours that nobody answers */
	void *user;            /* sks_server_user() */
	sks_log_fn *log;       /* NULL: silence */
	void *log_user;        /* what it is given */
	double refused_grace;  /* 0 s; how long refused peers have to read why,
	                        * see on_refused_data.  Of SKS_THREADING */

	/*
	 * 64, of SKS_THREADING: so many threads whose request has ended wait
	 * for the next one, each for a second at most.  0: each request has a
	 * new thread, as in Python.
	 *
	 * In a thread that has served another request all this is new: the
	 * handler's instance, its deferred calls, sks_last_error(), errno,
	 * and whether the thread can be cancelled.  So are the _Thread_local
	 * variables of the program, or shared object, that has the handler's
	 * code: a thread in which one of them is not what it was at the
	 * beginning does not wait, but ends.  (A system without
	 * dl_iterate_phdr(3) cannot tell.)
	 *
	 * Other things of a thread live as long as it does: values of pthread
	 * keys, whose destructors run when the thread ends, variables of other
	 * libraries, and what a handler changed of the thread itself, such as
	 * the signal mask, the name, the priority or the locale.  A handler
	 * that leaves something there puts it back in finish or with
	 * sks_defer(); where that cannot be done, max_parked is 0.
	 */
	unsigned max_parked;

	/*
	 * 0; 1: the workers of SKS_THREADING are scheduled as SCHED_BATCH of
	 * Linux.  One that is woken then does not interrupt who runs, which
	 * saves about a tenth of the processor's time where many sessions or
	 * messages are short.  The price: under load it waits for its turn, so
	 * answers come later, and the slowest of them much later.  Elsewhere
	 * sks_server_new() says SKS_ENOTSUP.
	 */
	int batch_workers;

	/*
	 * -1: the group of a Unix socket's file is the process's; else it is
	 * this one.  The file is its user's alone until it has this group, and
	 * then gets unix_mode: at no time has another group what that gives.
	 * SKS_EACCES for a group to which the process may not give a file.
	 */
	long unix_group;

	/*
	 * -1; else a bound socket that is there already, which one of the kind
	 * of stream listens on: systemd's, or one that a program opened before
	 * it gave up its rights.  The server serves a duplicate of it, so the
	 * descriptor stays the caller's.  It is the only listener: address is
	 * not looked at, and n_more must be 0.  Where it is bound,
	 * sks_server_address() tells.  By default server_bind and
	 * server_activate leave it as it is, and a Unix socket's file is never
	 * removed.  A socket that the server cannot serve is SKS_EINVAL, and
	 * sks_error_text() says what is wrong with it.
	 * Python: bind_and_activate=False, and server.socket =
	 * socket.fromfd(fd, family, type).
	 */
	int inherited_fd;
};

/* So many refused peers are kept by cfg.refused_grace at once, each with a
 * descriptor of its own. */
#define SKS_REFUSED_KEPT 64

/*
 * What a subclass may override.  A NULL slot is the inherited default, which
 * is exported as sks_default_<slot>() so that an override can call up.  All
 * run on the loop's thread unless said otherwise, and none may block long
 * there.  Negative results go to handle_error and never end the loop.
 *
 * Order for one connection (socketserver.py's, observed):
 *	get_request verify_request process_request
 *	    [on the worker if SKS_THREADING, in the child if SKS_FORKING:]
 *	    finish_request (setup handle finish) [handle_error]
 *	    shutdown_request close_request
 * The parent of that child calls close_request after process_request.
 */
struct sks_server_ops {
	size_t size; /* of this table: SKS_SERVER_OPS */

	/* Gives the listeners their addresses; from sks_server_new().  If it
	 * fails, server_close runs and the error is returned. */
	int (*server_bind)(struct sks_server *srv);
	/* Lets them accept; after server_bind, and fails like it. */
	int (*server_activate)(struct sks_server *srv);
	/* After activate: the address is known.  Must not fail. */
	void (*on_ready)(struct sks_server *srv);
	/* Closes the listener.  Once, when the server is closed, also when
	 * there is none; or after a failed bind or activate. */
	void (*server_close)(struct sks_server *srv);

	/* accept: *req made with sks_request_new().  On failure nothing but
	 * a count (sks_server_stats); no handle_error for a system's error.
	 * An own one is called only when somebody waits. */
	int (*get_request)(struct sks_server *srv, struct sks_request **req);
	/* 1: serve it; 0: shut it down quietly. */
	int (*verify_request)(struct sks_server *srv, struct sks_request *req);
	/* When it fails or says SKS_STOP, the loop shuts the request down;
	 * else an override has done that, or the default's thread or child
	 * will.  The request ends with the return of an override that has not
	 * called up: a thread of your own cannot take it over. */
	int (*process_request)(struct sks_server *srv, struct sks_request *req);
	/* Makes the handler and runs it.  On the worker if SKS_THREADING, in
	 * the child if SKS_FORKING, as are the next three for a request that
	 * is served. */
	int (*finish_request)(struct sks_server *srv, struct sks_request *req);
	/* Ends the conversation, whether or not it was served: tells the peer
	 * that nothing more comes, and calls close_request. */
	void (*shutdown_request)(struct sks_server *srv,
	    struct sks_request *req);
	/* Closes the request's socket (the parent of a child: its own copy,
	 * without telling the peer anything). */
	void (*close_request)(struct sks_server *srv, struct sks_request *req);
	/* Is told of a failure.  req is NULL when it belongs to no request.
	 * The default logs one line, and nothing for a peer that merely went
	 * away. */
	void (*handle_error)(struct sks_server *srv, struct sks_request *req,
	    const struct sks_error *e);

	/* handle_request() waited cfg.timeout in vain. */
	void (*handle_timeout)(struct sks_server *srv);
	/* After each turn of the loop.  Not a timer. */
	int (*service_actions)(struct sks_server *srv);
	/*
	 * This peer will not be served.  May tell it so with sks_send_now()
	 * and may sks_reset() it; must not wait.  shutdown_request follows,
	 * with SKS_THREADING after 0.1 s (at once when descriptors are short
	 * or many are refused) or as on_refused_data says: a peer that is
	 * closed while it still connects never reads what it was told.
	 * A datagram's sender is told with sks_request_reply(), which does
	 * not wait here, and its socket is the server's: never sent to in
	 * another way, nor reset.  (Who answers every datagram can be made to
	 * answer somebody who sent none: the sender's address is a claim.)
	 */
	void (*on_overload)(struct sks_server *srv, struct sks_request *req,
	    enum sks_overload why);
	/*
	 * With cfg.refused_grace, what a refused peer has sent: all of it so
	 * far, at most its first 256 bytes.  Returns 0: it is closed in order,
	 * that is told that nothing more comes, and read until it ends too;
	 * 1: it is reset, for an end of file would mislead it; SKS_EAGAIN:
	 * that cannot be told yet.  The default returns 0.
	 *
	 * The loop keeps SKS_REFUSED_KEPT peers so, each until the grace time is over, and
	 * does not wait for any of them.  One that has sent nothing by then is
	 * closed in order, one about which SKS_EAGAIN was said is not.
	 * More than 64 are treated as without a grace time.  All are let go at
	 * once when descriptors are short and when the loop ends.
	 * shutdown_request follows in each case; sks_request_refused() tells
	 * it which.
	 */
	int (*on_refused_data)(struct sks_server *srv, struct sks_request *req,
	    const void *data, size_t n);
};
/* The first of the initialisers: { SKS_SERVER_OPS, .on_ready = mine }.  C++
 * before 20 has none with names; there the table begins as {}, and
 * ops.size = sizeof ops is assigned. */
#define SKS_SERVER_OPS .size = sizeof(struct sks_server_ops)

/* Why a conversation ended; set before finish. */
enum sks_end {
	SKS_END_NONE,    /* not yet */
	SKS_END_DONE,    /* handle returned 0 */
	SKS_END_PEER,    /* SKS_EEOF, SKS_ERESET: the peer went away */
	SKS_END_TIMEOUT, /* SKS_ETIMEDOUT */
	SKS_END_STOP,    /* SKS_STOP */
	SKS_END_CLOSING, /* the server asked (sks_server_close) */
	SKS_END_ERROR    /* any other failure */
};

/*
 * Python's self: the first member of your handler's struct.  All is set
 * before setup; read it only.
 */
struct sks_handler {
	struct sks_socket *request; /* may be closed by you, never
	                             * freed; a datagram's is the
	                             * server's: do neither */
	const struct sks_addr *client_address;
	struct sks_server *server;
	uint64_t number;          /* 1, 2, ... never used again
	                           * by this server */
	enum sks_end end_reason;  /* handle may set its own */
	struct sks_request *self; /* the library's */
};

/*
 * What an application does with one client: Python's BaseRequestHandler.
 * The server allocates instance_size zeroed bytes per request, whose first
 * member is a struct sks_handler, calls these in order on the client's own
 * thread (SKS_SYNC: on the loop's), and frees them.  A callback may block.
 * Callbacks for different clients run at the same time.
 *
 * All return 0, a negative SKS_E* (goes to handle_error), or SKS_STOP (ends
 * this request quietly).  NULL means "do nothing".
 */
struct sks_handler_ops {
	size_t size;          /* of this table: SKS_HANDLER_OPS sets it */
	size_t instance_size; /* of your struct; 0: struct sks_handler.  Less
	                       * than the ready-made setup or finish needs
	                       * (struct sks_stream_handler, struct
	                       * sks_datagram_handler) is refused */

	/* Called first.  If it fails, handle and finish are not called, as
	 * when Python's setup() raises; sks_defer() still runs. */
	int (*setup)(struct sks_handler *h);

	/* The conversation. */
	int (*handle)(struct sks_handler *h);

	/* Called once after handle, however handle went. */
	int (*finish)(struct sks_handler *h);
};
/* Likewise: { SKS_HANDLER_OPS(struct mine), .handle = mine_handle }.  C++
 * before 20: assign size and instance_size. */
#define SKS_HANDLER_OPS(type) \
	.size = sizeof(struct sks_handler_ops), .instance_size = sizeof(type)

/* Runs fn(arg) after finish, or after a failed setup; last in, first out,
 * before the socket is shut.  Returns 0 or SKS_ENOMEM (fn will not run). */
SKS_API SKS_MUST_USE int sks_defer(struct sks_handler *h, void (*fn)(void *),
    void *arg);

/* 1 once sks_server_close() has asked the handlers to end.  Their reads
 * return 0 from then on. */
SKS_API int sks_handler_stopping(const struct sks_handler *h);

/*
 * Python's StreamRequestHandler: put this first in your struct instead, and
 * use (or call up to) the two functions as setup and finish.  The attributes
 * are yours to set before calling up to setup.
 */
struct sks_stream_handler {
	struct sks_handler base;
	struct sks_stream *rfile, *wfile;
	double timeout; /* seconds; 0: none */
	int rbufsize;   /* 0: 8 KiB */
	int wbufsize;   /* 0: unbuffered */
	int disable_nagle_algorithm;
};

/* Makes rfile and wfile, sets the timeout and TCP_NODELAY.  Returns 0,
 * SKS_EINVAL (the instance is too small) or what failed.  If your setup fails after it, both are freed all the same. */
SKS_API int sks_stream_handler_setup(struct sks_handler *h);

/* Flushes (a peer that is gone is no error) and frees both. */
SKS_API int sks_stream_handler_finish(struct sks_handler *h);

/*
 * Python's DatagramRequestHandler: put this first in your struct instead, and
 * use (or call up to) the two functions as setup and finish.  rfile reads the
 * datagram; wfile collects the one reply and refuses (SKS_ETOOLONG) what a
 * datagram would not take.  finish sends it, but by default, unlike Python's,
 * neither an empty one nor one whose handle failed; a peer that cannot be
 * answered or is gone is no error.
 */
struct sks_datagram_handler {
	struct sks_handler base;
	struct sks_stream *rfile, *wfile;
	int reply_empty;    /* 1: also when nothing was
	                     * written */
	int reply_on_error; /* 1: also when handle failed */
};

/* Makes rfile and wfile.  Returns 0, SKS_ENOMEM, or SKS_EINVAL (on a server
 * without datagrams, or when the instance is too small). */
SKS_API int sks_datagram_handler_setup(struct sks_handler *h);

/* Sends what wfile has collected, and frees both.  Returns 0 or what failed. */
SKS_API int sks_datagram_handler_finish(struct sks_handler *h);

/*
 * The defaults: see the fields.  `size` is how long the program's config is:
 * one that was built with an older header still runs, and has the defaults of
 * what it does not know; a longer config than the library's is refused by
 * sks_server_new() with SKS_ENOTSUP.  The first takes the library's own length.
 */
SKS_API void sks_server_config_init(struct sks_server_config *cfg,
    enum sks_kind kind, enum sks_concurrency concurrency);
SKS_API void sks_server_config_init_sized(struct sks_server_config *cfg,
    size_t size, enum sks_kind kind, enum sks_concurrency concurrency);

/* So that C and C++ programs tell the length by themselves. */
#define sks_server_config_init(cfg, kind, concurrency)             \
	sks_server_config_init_sized((cfg), sizeof *(cfg), (kind), \
	    (concurrency))

/*
 * Makes, binds and activates a server; nothing is served yet.  ops may be
 * NULL; the tables are copied.
 * Unix sockets: a dead socket file of our own is replaced; a live one gives
 * SKS_EADDRINUSE; anything that is not a socket is never touched.  Of several
 * servers that find one dead file a single one replaces it: binding holds a
 * flock(2) on a file of its own, the path with ".lock", waits for it at most a
 * second, removes it again, and listens at once, so a peer that comes between
 * server_bind and server_activate waits.
 * Returns 0; SKS_EINVAL, SKS_EADDRINUSE, SKS_EADDRNOTAVAIL, SKS_EACCES,
 * SKS_ENOTSUP, SKS_ENOMEM ... and *out is NULL.
 */
SKS_API SKS_MUST_USE int sks_server_new(const struct sks_server_config *cfg,
    const struct sks_server_ops *ops, const struct sks_handler_ops *handler,
    struct sks_server **out);

/*
 * Another handler class for the requests that come; those whose handler was
 * made already keep theirs.  The table is copied.  Any thread.  Returns 0 or
 * SKS_EINVAL.  Python: server.RequestHandlerClass = ...
 */
SKS_API SKS_MUST_USE int sks_server_set_handler(struct sks_server *srv,
    const struct sks_handler_ops *handler);

/* For bind_and_activate = 0. */
SKS_API SKS_MUST_USE int sks_server_bind(struct sks_server *srv);
SKS_API SKS_MUST_USE int sks_server_activate(struct sks_server *srv);

/*
 * Serves in this thread until told to stop.  Returns 0 (shutdown), SKS_STOP
 * (a callback said so), SKS_EBUSY (a loop runs already), SKS_ECLOSED, or the
 * error that makes accepting impossible.  May be called again afterwards.
 */
SKS_API SKS_MUST_USE int sks_server_serve_forever(struct sks_server *srv);

/*
 * Waits at most cfg.timeout (or the time-out of a listener's socket, if that is
 * shorter) for one request and handles it (SKS_THREADING: starts its worker).
 * Returns 1 (one handled, or one that was dropped), 0 (timed out;
 * handle_timeout was called), SKS_STOP (a handler or a shutdown said so),
 * SKS_EBUSY, SKS_ECLOSED or another error.
 */
SKS_API SKS_MUST_USE int sks_server_handle_request(struct sks_server *srv);

/*
 * Stops serve_forever and waits for its end, at most `timeout` seconds.  No
 * request is taken once this was called; running ones go on.
 * - before the first loop: latched, that loop ends at once; returns 0
 * - while a loop runs: 0, or SKS_ETIMEDOUT (it will stop all the same)
 * - after the loop's end: nothing to do, 0; the next loop serves
 * - on the loop's own thread (a SKS_SYNC handler, any callback of the loop):
 *   SKS_EDEADLK, and the loop stops as soon as you return
 * Any thread, several at once.
 */
SKS_API int sks_server_shutdown(struct sks_server *srv, double timeout);

/* The same without waiting.  May be called by a signal handler. */
SKS_API void sks_server_request_shutdown(struct sks_server *srv);

/*
 * Wakes the loop: it takes a turn, and calls service_actions.  Any thread.
 * Returns how often the loop has come back from waiting so far, at least 1; 0:
 * no loop runs.  Whoever calls this from time to time and gets the same number
 * twice knows that the loop's thread did not get round meanwhile: a callback
 * blocks, a handler of SKS_SYNC is at work, or the thread hangs.
 */
SKS_API uint64_t sks_server_wake(struct sks_server *srv);

/*
 * start: serves in a thread of its own, "acceptor"; when it returns 0 the
 * loop counts as running.  stop: shutdown, then joins that thread.  start
 * may follow stop.
 */
SKS_API SKS_MUST_USE int sks_server_start(struct sks_server *srv);
SKS_API int sks_server_stop(struct sks_server *srv, double timeout);

/*
 * Ends everything: stops the loop, closes the listener (unlinks a Unix
 * socket that is still ours), asks the handlers (sks_handler_stopping, their
 * reads return 0), waits cfg.grace, shuts their sockets down both ways, waits
 * one second more, ends the threads that wait for a request (cfg.max_parked),
 * joins all that ended.  SKS_FORKING: waits cfg.grace for the
 * children, sends SIGTERM, waits one second more, sends SIGKILL, reaps all.
 * A datagram server's socket is in its handlers' hands: they are asked
 * (sks_handler_stopping), it is cut after the grace time, unless it was
 * inherited, and closed after the last of them.  (A child has its own descriptor
 * of it: a forking server closes the socket first, and it is gone with the last
 * child.)
 * block_on_close = 0 (Python's daemon_threads = True comes to the same): asks
 * and shuts down both ways at once, sends SIGTERM, and waits for nobody but the
 * loop.  Memory is waited for all the same, in sks_server_free().
 * Returns 0; SKS_ETIMEDOUT when handlers are still running
 * (sks_server_stats().live of them); SKS_EBUSY on the loop's own thread, or
 * on a worker while another thread closes.  On a worker it excludes that
 * worker.  Calling it again waits again; when all has ended it does nothing.
 */
SKS_API int sks_server_close(struct sks_server *srv);

/*
 * Reaps the children that have ended, as each turn of the loop does.  From the
 * loop's thread or while no loop runs.  Returns how many, or SKS_EBUSY.
 * Python: ForkingMixIn.collect_children(); does not block.
 */
SKS_API int sks_server_collect_children(struct sks_server *srv);

/* Closes (as with block_on_close = 1), waits for every handler however long,
 * and frees.  Not from a callback, and nobody may use srv any more. */
SKS_API void sks_server_free(struct sks_server *srv);

/*
 * Hands a connected socket to the server as if it had been accepted; the
 * running loop (or the next) takes it.  Owns: on success the server does.
 * Any thread.  Returns 0, SKS_ECLOSED, SKS_ENOMEM, SKS_ENOTSUP (a datagram
 * server).
 */
SKS_API SKS_MUST_USE int sks_server_adopt(struct sks_server *srv,
    struct sks_socket *s);

/*
 * The listeners, by number: 0 is config.address, then more_addresses.  How
 * many; the bound address, in which port 0 is replaced by the real one (NULL:
 * no such listener); the socket.  Borrowed: they live as long as the server.
 * sks_server_address() and sks_server_fileno() are those of the first; the
 * descriptor is -1 when there is none, and after the close.
 */
SKS_API size_t sks_server_listeners(const struct sks_server *srv);
SKS_API const struct sks_addr *sks_server_address_at(const struct sks_server
							 *srv,
    size_t i);
SKS_API struct sks_socket *sks_server_socket_at(const struct sks_server *srv,
    size_t i);
SKS_API int sks_server_fileno_at(const struct sks_server *srv, size_t i);
SKS_API const struct sks_addr *sks_server_address(const struct sks_server *srv);
SKS_API int sks_server_fileno(const struct sks_server *srv);

/*
 * Python's self.socket, for overrides of server_bind, server_activate and
 * get_request: the first listener's; within get_request that of the listener
 * that is ready.  It is there (not yet bound) when server_bind is called, and
 * also with bind_and_activate = 0, unless the address is SKS_UNSPEC.
 */
SKS_API struct sks_socket *sks_server_socket(const struct sks_server *srv);

/*
 * The attributes that the server has, with their defaults: the configuration
 * is frozen.  It cannot be set through this; the compiler says so.  Of
 * more_addresses only n_more is kept, see sks_server_address_at().  Borrowed;
 * any thread.  Python: reading server.request_queue_size and the like.
 */
SKS_API const struct sks_server_config *
sks_server_get_config(const struct sks_server *srv);

/* What cfg.user was. */
SKS_API void *sks_server_user(const struct sks_server *srv);

struct sks_server_stats {
	uint64_t accepted; /* connections or datagrams, with those
	                    * that were refused */
	uint64_t adopted;
	uint64_t refused[SKS_OVERLOADS];
	uint64_t accept_errors; /* all of them */
	struct {
		int sys_errno;
		uint64_t count;
	} by_errno[8];            /* the first eight kinds */
	unsigned live;            /* requests not yet closed; of
	                           * SKS_FORKING: not yet reaped */
	unsigned threads;         /* workers not yet joined, with those
	                           * that wait for a request */
	unsigned children;        /* processes not yet reaped */
	uint64_t children_failed; /* that ended with another status
	                           * than 0, or by a signal */
};

/* The counts of now.  Any thread. */
SKS_API void sks_server_stats(struct sks_server *srv,
    struct sks_server_stats *out);

/*
 * For an own get_request: a request for a connected socket.  Owns: on success
 * the request does.
 */
SKS_API SKS_MUST_USE int sks_request_new(struct sks_server *srv,
    struct sks_socket *s, const struct sks_addr *client,
    struct sks_request **out);
/*
 * A request on a socket that is not its own: never shut down, closed or freed
 * with it.  s must outlive it; a listener's does.  (idlelib's RPCServer, whose
 * get_request returns the server's socket.)
 */
SKS_API SKS_MUST_USE int sks_request_new_borrowed(struct sks_server *srv,
    struct sks_socket *s, const struct sks_addr *client,
    struct sks_request **out);

/*
 * One reference more (returns req), one less.  A reference keeps the request in
 * memory, its address and its number, also when the server is freed.  It keeps
 * no connection: that ends with its handler, whoever holds the request.  Of the
 * socket of a request that is held only sks_shutdown() may be called, which
 * makes the handler's reads end; to send there is sks_request_send_now().  Any
 * thread; the first reference is got from within a callback (h->self), or by
 * sks_server_requests().
 */
SKS_API struct sks_request *sks_request_ref(struct sks_request *req);
SKS_API void sks_request_unref(struct sks_request *req);

/*
 * The connections that are served now, as a rule in the order of their coming,
 * with a reference to each: what a user of Python's ThreadingTCPServer keeps in
 * a list of his own to tell something to all.  NULL stands behind the last.
 * sks_requests_free() gives the references back, and the list.  Not in it are
 * datagrams, borrowed sockets, who was refused, and those of SKS_FORKING, whose
 * sockets are their children's.
 * Returns how many, or SKS_ENOMEM.  Any thread, a handler's too, whose own
 * request is among them.
 */
SKS_API SKS_MUST_USE ssize_t sks_server_requests(struct sks_server *srv,
    struct sks_request ***list);
SKS_API void sks_requests_free(struct sks_request **list);

/*
 * Sends to the peer of a request that is held what the kernel takes without
 * waiting.  Any thread, several at once, also while its handler sends, closes
 * the socket or has long ended: the bytes never go to another peer.  Who gets
 * less than n has not read for a while: an outbox would keep the rest, and
 * sks_shutdown() ends it.  Returns the count, SKS_EAGAIN, SKS_ECLOSED (it is
 * over), SKS_ERESET, SKS_EINVAL (a datagram, see sks_request_reply(), or a
 * borrowed socket).
 */
SKS_API SKS_MUST_USE ssize_t sks_request_send_now(struct sks_request *req,
    const void *data, size_t n);

/* Borrowed from the request: its socket, the peer's address.  The number is
 * 1, 2, ... and never used again by this server. */
SKS_API struct sks_socket *sks_request_socket(struct sks_request *req);
SKS_API const struct sks_addr *sks_request_address(const struct sks_request
	*req);
SKS_API uint64_t sks_request_number(const struct sks_request *req);

/*
 * The request is another client's than it seemed, as a proxy says for whom it
 * comes: h->client_address and sks_request_address() are this address from now
 * on, and max_per_addr counts the request there and no more where it was.
 * Returns SKS_OVER_NONE; or SKS_OVER_ADDRESS: that address has max_per_addr
 * already, and the request, whose address it is now all the same, is counted
 * nowhere.  To tell the peer so and to end the request is yours.
 * For the callback that deals with the request, up to the end of its handler,
 * and best before anybody else may look at the address: a request that others
 * hold is read without a lock.  In an own get_request nothing is counted yet,
 * and SKS_UNSPEC there means that no address is, until a later call has one.  In
 * a child of SKS_FORKING only the address changes; verify_request is where such
 * a server counts.  Python: assigning self.client_address, or a get_request that
 * returns another one.
 */
SKS_API SKS_MUST_USE enum sks_overload
sks_request_set_address(struct sks_request *req,
    const struct sks_addr *address);

enum sks_refusal {
	SKS_REFUSAL_NONE,
	SKS_REFUSAL_TOLD, /* from the call of on_overload on */
	SKS_REFUSAL_HEARD /* and may be closed in order (on_refused_data) */
};

/* Was it refused?  For shutdown_request, which may reset one that was. */
SKS_API enum sks_refusal sks_request_refused(const struct sks_request *req);

/* Only while its handler lives: from setup to the end of finish_request. */
SKS_API struct sks_handler *sks_request_handler(struct sks_request *req);

/*
 * The datagram that a request of SKS_UDP or SKS_UNIX_DGRAM is (Python's
 * request[0]; [1] is h->request).  From a handler, h->self is the request.
 * The bytes live as long as the request, i.e. from get_request to
 * close_request; a NUL stands behind them, beyond *len (which may be NULL).
 * An empty datagram is a request of length 0; NULL: this is a connection.
 */
SKS_API const void *sks_request_packet(const struct sks_request *req,
    size_t *len);

/* 1: it was longer than config.max_packet_size and its end is lost.  full_len
 * is what was sent (where the system does not tell, what there is of it). */
SKS_API int sks_request_truncated(const struct sks_request *req);
SKS_API size_t sks_request_full_len(const struct sks_request *req);

/* Which of our addresses the peer has sent to, with port 0; SKS_UNSPEC when
 * the system does not tell or the socket is a Unix one. */
SKS_API void sks_request_asked(const struct sks_request *req,
    struct sks_addr *out);

/* 0: a Unix peer that is not bound, or no datagram at all. */
SKS_API int sks_request_can_reply(const struct sks_request *req);

/*
 * Sends one datagram back, from the address that was asked.  Any thread, as
 * long as the request lives.  Returns 0 (the kernel has it; whether the peer
 * gets it nobody knows); SKS_ETOOLONG (UDP takes 65,507 bytes over IPv4,
 * 65,527 over IPv6, a Unix socket its send buffer); SKS_ENOTCONN (cannot
 * reply); SKS_ERESET (a Unix peer that is gone); SKS_ETIMEDOUT (the peer or
 * the interface took nothing for half a second; in on_overload at once);
 * SKS_ECLOSED; SKS_EINVAL (no datagram).  A refusal by another peer is never
 * reported here.
 */
SKS_API int sks_request_reply(struct sks_request *req, const void *data,
    size_t n);

/*
 * The same later, when the request is over: to its address, from the one that
 * was asked (NULL or SKS_UNSPEC: the system chooses), through the listener's
 * socket (h->request, sks_server_socket_at()).  Any thread, until
 * sks_server_close() is called.
 */
SKS_API int sks_sendto_from(struct sks_socket *s, const void *data, size_t n,
    const struct sks_addr *to, const struct sks_addr *from);

/* The inherited methods, for an override that calls up: each does what its
 * slot says, and returns what that may return. */
SKS_API int sks_default_server_bind(struct sks_server *srv);
SKS_API int sks_default_server_activate(struct sks_server *srv);
SKS_API void sks_default_on_ready(struct sks_server *srv);
SKS_API void sks_default_server_close(struct sks_server *srv);
SKS_API int sks_default_get_request(struct sks_server *srv,
    struct sks_request **req);
SKS_API int sks_default_verify_request(struct sks_server *srv,
    struct sks_request *req);
SKS_API int sks_default_process_request(struct sks_server *srv,
    struct sks_request *req);
SKS_API int sks_default_finish_request(struct sks_server *srv,
    struct sks_request *req);
SKS_API void sks_default_shutdown_request(struct sks_server *srv,
    struct sks_request *req);
SKS_API void sks_default_close_request(struct sks_server *srv,
    struct sks_request *req);
SKS_API void sks_default_handle_error(struct sks_server *srv,
    struct sks_request *req, const struct sks_error *e);
SKS_API void sks_default_handle_timeout(struct sks_server *srv);
SKS_API int sks_default_service_actions(struct sks_server *srv);
SKS_API void sks_default_on_overload(struct sks_server *srv,
    struct sks_request *req, enum sks_overload why);
SKS_API int sks_default_on_refused_data(struct sks_server *srv,
    struct sks_request *req, const void *data, size_t n);

/*
 * handle_error as Python prints it, for the slot: 40 dashes, "Exception
 * occurred during processing of request from ('127.0.0.1', 1234)", what it
 * happened in the handling of, the error, 40 dashes.  Each line is a call of
 * the log callback; those of other threads may come in between.  Unlike
 * Python's it says nothing of a peer that went away.
 */
SKS_API void sks_handle_error_python(struct sks_server *srv,
    struct sks_request *req, const struct sks_error *e);

#ifdef __cplusplus
}
#endif

#endif
