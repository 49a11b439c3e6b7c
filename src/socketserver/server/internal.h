/* SPDX-License-Identifier: BSD-2-Clause */
/* A server from the inside, shared by the files that make it up. */
#ifndef SKS_SERVER_INTERNAL_H
#define SKS_SERVER_INTERNAL_H

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "base/list.h"
#include "base/lock.h"
#include "base/wake.h"
#include "socketserver/net/socket.h"
#include "socketserver/server/places.h"
#include "socketserver/server/thread_locals.h"
#include "socketserver/socketserver.h"

enum loop_state {
	LOOP_NEW,     /* no loop yet; a stop is kept for the first */
	LOOP_RUNNING, /* serve_forever or handle_request is inside */
	LOOP_ENDED
};

/* A trouble that is logged when it begins, and again only after it has been
 * away for a while. */
struct sks_episode {
	int64_t until_ns;
};

/* Does the loop wait for the end of a request?  Then the worker that ends one
 * rings, once. */
enum sks_ends { SKS_ENDS_UNHEARD, SKS_ENDS_WANTED, SKS_ENDS_CAME };

/*
 * A listening socket.  `sock` is made by sks_server_new() unless `address` is
 * SKS_UNSPEC, closed by server_close and freed with the server, so that what
 * was borrowed (sks_server_socket) stays valid memory.
 */
struct sks_listener {
	struct sks_socket *sock; /* NULL: none */
	struct sks_addr address; /* as asked for; then the bound one */
	struct sks_socket_file file;
};

/* What differs between the kinds of servers.  NULL: nothing to do. */
struct sks_kind_ops {
	enum sks_type type;
	int is_unix; /* the addresses are Unix and not IP */
	/* A request takes a descriptor.  Else it borrows the server's. */
	int takes_descriptor;

	/* Prepares a new socket, before it is bound. */
	int (*prepare)(struct sks_socket *s, enum sks_family family);
	/* Does one listener's part of server_activate. */
	int (*activate)(const struct sks_server *srv, struct sks_listener *l);
	int (*get_request)(struct sks_server *srv, struct sks_request **req);
};

/*
 * What differs between SKS_SYNC, SKS_THREADING and SKS_FORKING: in Python what
 * ThreadingMixIn and ForkingMixIn add to BaseServer.  NULL: nothing to do.
 */
struct sks_mixin_ops {
	/* What a request runs in; and why its peer is refused when
	 * process_request says SKS_ENOTHREAD. */
	const char *runs_in;
	enum sks_overload refusal;
	int keeps_refused; /* for a moment */
	int has_workers;   /* no handler runs in the loop's own thread */

	/* May a loop run in this process, in a thread of its own if `start`?
	 * Returns 0 or SKS_ENOTSUP. */
	int (*check_loop)(struct sks_server *srv, int start);
	int (*process_request)(struct sks_server *srv, struct sks_request *req);
	/* Returns the request that this thread serves, or NULL. */
	struct sks_request *(*current_request)(void);

	/* Returns 1 when no further request may be started now. */
	int (*at_limit)(struct sks_server *srv);
	/* Fills in p what the loop is to poll, at most max_children, and moves
	 * the deadline forward if need be.  Returns how many. */
	size_t (*add_polled)(struct sks_server *srv, struct pollfd *p,
	    int64_t *deadline_ns);
	/* Is told what poll found of these n. */
	void (*polled)(struct sks_server *srv, const struct pollfd *p,
	    size_t n);
	/* Lets go of the requests that have ended; returns how many. */
	unsigned (*reap)(struct sks_server *srv);
	/* Ends the requests as sks_server_close() says with that
	 * block_on_close.  No loop runs. */
	void (*end)(struct sks_server *srv, int64_t grace_ns, int block);
	/* Ends what waits for a next request.  The server is closing. */
	void (*end_idle)(struct sks_server *srv);
};

/*
 * A request is on one list at a time: adopted (waits for the loop), live (from
 * admission to the end of close_request) or notified (live, and
 * sks_server_close has asked it to end), children (live, in a process of its
 * own).  The loop holds a reference while it deals with a request, and so does
 * its worker while it serves it, or its child until it was reaped.
 *
 * A worker is on one list at a time, too, or on none while it serves a request:
 * parked (waits for the next request; the last one comes first), done (has
 * nothing left to do and may be joined).
 */
struct sks_server {
	unsigned magic;
	struct sks_server_config cfg;
	struct sks_server_ops ops; /* no slot is NULL */
	const struct sks_kind_ops *kind;
	const struct sks_mixin_ops *mixin;
	char thread_name[16];

	struct sks_listener *listeners; /* the config's address first */
	size_t n_listeners;             /* never 0 */
	int server_closed;              /* used by the thread that closes */

	struct sks_places *places; /* perhaps shared with other servers */
	struct dw_wake wake;       /* of the loop */
	atomic_int stop;
	atomic_int ends;             /* enum sks_ends */
	atomic_uint_least64_t turns; /* of the loop: it came back from poll */

	/* These are the loop's own. */
	struct pollfd *polled;   /* the wake, each listener, what the
	                          * mixin adds, refused peers */
	void *datagram_buf;      /* max_packet_size, or NULL */
	size_t next_listener;    /* where handle_request begins */
	int reserve_fd;          /* to be closed when there is no other */
	int64_t paused_until_ns; /* accept nothing before */
	struct dw_list leaving;  /* refused, and still open for a moment */
	struct dw_list heard;    /* refused, and read meanwhile */
	unsigned n_leaving, n_heard;
	int64_t recheck_ns; /* until a child without pipe is checked */
	struct sks_episode no_files, no_memory, no_threads;

	struct dw_lock lock; /* "workers" */
	struct dw_cond changed DW_GUARDED_BY(lock);
	struct sks_handler_ops handler DW_GUARDED_BY(lock);
	enum loop_state state DW_GUARDED_BY(lock);
	uint64_t loops DW_GUARDED_BY(lock); /* that have ended */
	pthread_t loop_thread DW_GUARDED_BY(lock);
	int loop_known DW_GUARDED_BY(lock);
	pthread_t acceptor DW_GUARDED_BY(lock);
	int has_acceptor DW_GUARDED_BY(lock);
	int closing DW_GUARDED_BY(lock); /* now */
	int closed DW_GUARDED_BY(lock);  /* ever */
	struct dw_list adopted DW_GUARDED_BY(lock);
	struct dw_list live DW_GUARDED_BY(lock);
	struct dw_list notified DW_GUARDED_BY(lock);
	struct dw_list children DW_GUARDED_BY(lock);
	struct dw_list parked DW_GUARDED_BY(lock);
	struct dw_list done DW_GUARDED_BY(lock);
	unsigned n_parked DW_GUARDED_BY(lock);
	uint64_t workers DW_GUARDED_BY(lock);   /* that were ever started */
	unsigned borrowers DW_GUARDED_BY(lock); /* live requests in this
	                                         * process on borrowed
	                                         * sockets */
	uint64_t next_number DW_GUARDED_BY(lock);
	struct sks_server_stats stats DW_GUARDED_BY(lock);
};

#define SKS_SERVER_MAGIC 0x73727672u

struct sks_deferred {
	struct sks_deferred *next;
	void (*fn)(void *);
	void *arg;
};

/* What came as a datagram; its sender is the request's client. */
struct sks_packet {
	struct sks_addr asked; /* SKS_UNSPEC: not known */
	size_t len;            /* of data, without the NUL behind */
	size_t full_len;       /* more, if truncated */
	int truncated;
	char data[];
};

struct sks_request {
	unsigned magic;
	atomic_uint refs;
	struct sks_server *srv;
	struct sks_socket *sock;
	int borrowed;              /* sock is somebody else's */
	struct sks_packet *packet; /* a datagram, or NULL */
	enum sks_refusal refused;
	struct sks_hearing *hearing; /* while on the list `heard` */
	struct sks_addr client;
	uint64_t number;
	atomic_int stopping;
	int64_t leave_ns; /* on `leaving` or `heard`: until when */
	int in_child;     /* this is the copy that a child serves */
	int handed_over;  /* a thread or child has it and will retire it */
	pid_t pid;        /* while on the list `children` */
	int pipe;         /* ends with the child; -1: closed */

	/* While the handler lives these are its thread's own. */
	struct sks_handler *handler;
	size_t instance_size; /* the handler's bytes */
	uintptr_t code;       /* of one of its functions */
	int handled;          /* what handle returned */
	struct sks_deferred *deferred;

	/* The server's lock guards these. */
	struct dw_list node;
	int admitted; /* counted in stats.live */
	int borrows;  /* counted in borrowers */

	/* The loop's, then its worker's. */
	int counted; /* its host is counted in places */
};

#define SKS_REQUEST_MAGIC 0x72657175u

/*
 * A thread that serves one request after another.  Whoever takes a parked worker
 * off its list gives it the next request, or NULL to end it, and posts `go`.
 */
struct sks_worker {
	unsigned magic;
	struct sks_server *srv;
	uint64_t number;
	unsigned forks; /* that this process came from when it started */
	sem_t go;
	struct sks_request *req; /* the worker's own unless it is parked */
	pthread_t thread;        /* it fills this in itself */
	struct sks_thread_locals locals;

	/* The server's lock guards these. */
	struct dw_list node;
	int is_parked;
};

#define SKS_WORKER_MAGIC 0x776f726bu

/* The request whose node this is. */
static inline struct sks_request *
sks_request_of(struct dw_list *node)
{
	struct sks_request *req = DW_LIST_OF(node, struct sks_request, node);

	assert(req->magic == SKS_REQUEST_MAGIC);
	return req;
}

/* config.c */
/* NULL, and SKS_EINVAL is noted: there is no such kind, or concurrency. */
const struct sks_kind_ops *sks_kind_find(enum sks_kind kind);
const struct sks_mixin_ops *sks_mixin_find(enum sks_concurrency concurrency);
/* Copies all fields, as given or, where the program's header did not have them
 * yet, as by default.  Returns 0, SKS_EINVAL or SKS_ENOTSUP. */
int sks_server_config_complete(const struct sks_server_config *given,
    struct sks_server_config *out);

/* server.c, threading_mixin.c, forking_mixin.c: for the table in config.c */
extern const struct sks_mixin_ops sks_base_server;
extern const struct sks_mixin_ops sks_threading_mixin;
extern const struct sks_mixin_ops sks_forking_mixin;

/* worker.c */
/* Starts a worker that serves this request first.  Returns 0 or -errno. */
int sks_worker_start(struct sks_server *srv, struct sks_request *req);
/* Gives a worker that was parked a request, or NULL: it ends. */
void sks_worker_wake(struct sks_worker *w, struct sks_request *req);
/* Takes the worker that parked last off its list, or returns NULL. */
struct sks_worker *sks_worker_unpark(struct sks_server *srv);
/* Waits for the end of a worker's thread and frees the worker. */
void sks_worker_join(struct sks_worker *w);
/* The request that this thread serves, or NULL. */
struct sks_request *sks_worker_request(void);
/* A worker for which there was no request for so long ends.  A test may set
 * another time before a server is made. */
extern int64_t sks_worker_patience_ns;

/* report.c */
void sks_log(struct sks_server *srv, enum sks_log_level level,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
int sks_episode_begins(struct sks_episode *e);
int sks_episode_lasts(const struct sks_episode *e);
void sks_report(struct sks_server *srv, struct sks_request *req, int code);

/* request.c */
/* The two halves of sks_request_new(): its memory (NULL: there is none), to be
 * given back with free() until the second, which cannot fail. */
struct sks_request *sks_request_blank(void);
void sks_request_begin(struct sks_request *req, struct sks_server *srv,
    struct sks_socket *s, const struct sks_addr *client);

/* Takes a place.  Returns SKS_OVER_NONE, or why there is none. */
enum sks_overload sks_request_admit(struct sks_request *req);
void sks_request_retire_locked(struct sks_server *srv, struct sks_request *req)
    DW_REQUIRES(srv->lock);
void sks_request_retire(struct sks_request *req);
/* Gives the request's place back; once, before it is retired. */
void sks_request_leave(struct sks_request *req);
/* Shuts the request down, gives its place back, and its reference. */
void sks_request_drop(struct sks_request *req);

/* refuse.c: on the loop's thread. */
/* Tells the peer, and closes it then or soon. */
void sks_request_refuse(struct sks_request *req, enum sks_overload why);
/* The same for one that was told. */
void sks_request_let_read(struct sks_request *req, enum sks_overload why);
/* When the first refused request is to be closed, and closes all until then. */
int64_t sks_refused_due(const struct sks_server *srv);
void sks_refused_leave(struct sks_server *srv, int64_t now_ns);
/* Closes all of them now; returns how many there were. */
unsigned sks_refused_end(struct sks_server *srv);
/* How many of them may be polled; fills in p those that are, and returns how
 * many; deals with what poll found of them, in the same order. */
size_t sks_refused_max_polled(const struct sks_server_config *cfg);
size_t sks_refused_poll(const struct sks_server *srv, struct pollfd *p);
void sks_refused_polled(struct sks_server *srv, const struct pollfd *p);

/* accept.c: both return 1 (dealt with one), 0 (nothing there), SKS_STOP or
 * what makes accepting impossible. */
int sks_accept_one(struct sks_server *srv, struct sks_listener *l);
int sks_serve_request(struct sks_server *srv, struct sks_request *req);

/* accept.c, listen.c and datagram.c: for the table in config.c */
int sks_accept_request(struct sks_server *srv, struct sks_request **req);
int sks_listen_on(const struct sks_server *srv, struct sks_listener *l);
/* Nothing that comes to the socket may be missed. */
int sks_datagram_prepare(struct sks_socket *s, enum sks_family family);
int sks_datagram_get_request(struct sks_server *srv, struct sks_request **req);

/* handler.c: 0, or SKS_EINVAL when an instance is smaller than the ready-made
 * functions in the table need. */
int sks_handler_check(const struct sks_handler_ops *ops);

/* datagram.c: how long a reply may be; also for a peer that can get none. */
size_t sks_request_max_reply(struct sks_request *req);

/* close.c: sks_server_close() with that block_on_close. */
int sks_close_blocking(struct sks_server *srv, int block);

/*
 * loop.c.  begin: to RUNNING; 0, 1 when a shutdown came before the first loop
 * (which is over by that), or SKS_E*.  run: until told to stop; 0, SKS_STOP or
 * SKS_E*.  end: to ENDED, and wakes those who wait for that.
 */
int sks_loop_begin(struct sks_server *srv);
int sks_loop_run(struct sks_server *srv);
void sks_loop_end(struct sks_server *srv);
/* May a loop run?  As the mixin's check_loop. */
int sks_loop_check(struct sks_server *srv, int start);
/* Is the server at a limit that new peers wait for?  If so the end of a request
 * wakes the loop. */
int sks_at_limit(struct sks_server *srv);
/* Is told by a worker that a request has ended and its place is free. */
void sks_request_ended(struct sks_server *srv);
/* Lets go of the requests that have ended; returns how many. */
unsigned sks_reap(struct sks_server *srv);
int sks_on_loop_thread_locked(struct sks_server *srv) DW_REQUIRES(srv->lock);

/* control.c */
/* The stack of a thread that runs handlers, as base wants to be told. */
size_t sks_stack_size(const struct sks_server *srv);
void sks_join_acceptor(struct sks_server *srv);

/* listen.c */
int sks_listeners_new(struct sks_server *srv,
    const struct sks_server_config *cfg);
int sks_listeners_open(struct sks_server *srv);
/* Makes one's socket, and binds it; a Unix stream's then listens. */
int sks_listener_open(const struct sks_server *srv, struct sks_listener *l);
int sks_listener_bind(const struct sks_server *srv, struct sks_listener *l);
/* Would binding find one's path free?  As sks_path_is_free(). */
int sks_listener_path_is_free(const struct sks_server *srv,
    const struct sks_listener *l);
void sks_listeners_free(struct sks_server *srv);
void sks_reserve_open(struct sks_server *srv);

#endif
