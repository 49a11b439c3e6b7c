/* SPDX-License-Identifier: BSD-2-Clause */
/* A server from the inside, shared by the files that make it up. */
#ifndef SKS_SERVER_H
#define SKS_SERVER_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/list.h"
#include "base/lock.h"
#include "base/wake.h"
#include "socketserver/net/socket.h"
#include "socketserver/server/places.h"
#include "socketserver/socketserver.h"

enum loop_state {
	LOOP_NEW,     /* none yet; a stop is kept for the first */
	LOOP_RUNNING, /* serve_forever or handle_request is inside */
	LOOP_ENDED
};

/* A trouble that is logged when it begins, and again only after it has been
 * away for a while. */
struct sks_episode {
	int64_t until_ns;
};

/*
 * A listening socket.  `sock` is made by sks_server_new() unless `address` is
 * SKS_UNSPEC, closed by server_close and freed with the server, so that what
 * was borrowed (sks_server_socket) stays valid memory.
 */
struct sks_listener {
	struct sks_socket *sock; /* NULL: none */
	struct sks_addr address; /* asked for; then the bound one */
	struct sks_socket_file file;
};

/*
 * A request is on one list at a time: adopted (waits for the loop), live (from
 * admission to the end of close_request) or told (live, and sks_server_close
 * has spoken to it), children (live, in a process of its own), done (its thread
 * has nothing left to do and may be joined).  The loop holds a reference while
 * it deals with a request, and so does the request's thread or child from its
 * creation until it was joined or reaped.
 */
struct sks_server {
	struct sks_server_config cfg;
	struct sks_server_ops ops; /* no slot is NULL */
	char thread_name[16];

	struct sks_listener *listeners; /* the config's address first */
	size_t n_listeners;             /* never 0 */
	int server_closed;              /* whoever closes: its own */

	struct sks_places *places; /* perhaps another server's too */
	struct dw_wake wake;       /* of the loop */
	atomic_int stop;

	/* The loop's own. */
	struct pollfd *polled; /* the wake, each listener,
	                        * each child's pipe */
	void *room;            /* for one datagram, or NULL */
	size_t next_listener;  /* handle_request's turn */
	int reserve;           /* a descriptor to give up */
	int64_t pace_until_ns; /* accept nothing before */
	int64_t look_ns;       /* until the next look at a
	                        * child without pipe */
	struct sks_episode no_files, no_memory, no_threads;

	struct dw_lock lock; /* "workers" */
	struct dw_cond changed DW_GUARDED_BY(lock);
	struct sks_handler_ops handler DW_GUARDED_BY(lock);
	enum loop_state state DW_GUARDED_BY(lock);
	uint64_t loops DW_GUARDED_BY(lock); /* ended */
	pthread_t loop_thread DW_GUARDED_BY(lock);
	int loop_known DW_GUARDED_BY(lock);
	pthread_t acceptor DW_GUARDED_BY(lock);
	int has_acceptor DW_GUARDED_BY(lock);
	int closing DW_GUARDED_BY(lock); /* now */
	int closed DW_GUARDED_BY(lock);  /* ever */
	struct dw_list adopted DW_GUARDED_BY(lock);
	struct dw_list live DW_GUARDED_BY(lock);
	struct dw_list told DW_GUARDED_BY(lock);
	struct dw_list children DW_GUARDED_BY(lock);
	struct dw_list done DW_GUARDED_BY(lock);
	unsigned lent DW_GUARDED_BY(lock); /* live requests
	                                    * on borrowed sockets, but
	                                    * for those of children */
	uint64_t next_number DW_GUARDED_BY(lock);
	struct sks_server_stats stats DW_GUARDED_BY(lock);
};

struct sks_deferred {
	struct sks_deferred *next;
	void (*fn)(void *);
	void *arg;
};

struct sks_request {
	unsigned magic;
	atomic_uint refs;
	struct sks_server *srv;
	struct sks_socket *sock;
	int borrowed;              /* sock is somebody else's */
	struct sks_packet *packet; /* a datagram, or NULL */
	int refused;               /* in on_overload */
	struct sks_addr client;
	uint64_t number;
	atomic_int stopping;
	int threaded; /* it has a worker */
	pthread_t thread;
	int forked; /* it has a child */
	pid_t pid;  /* of that, while on the list
	             * `children` */
	int pipe;   /* ends with it; -1: closed */

	/* While the handler lives; its thread's own. */
	struct sks_handler *handler;
	int handled; /* what handle returned */
	struct sks_deferred *deferred;

	/* Under the server's lock. */
	struct dw_list node;
	int admitted; /* counted in stats.live */
	int counted;  /* its host too, in places */
	int parts;    /* of creation and run of the
	               * thread, still going on */
};

#define SKS_REQUEST_MAGIC 0x72657175u

/* server.c */
void sks_log(struct sks_server *srv, enum sks_log_level level,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
int sks_episode_begins(struct sks_episode *e);
void sks_report(struct sks_server *srv, struct sks_request *req, int code);

/* request.c */
void sks_request_unref(struct sks_request *req);
/* Takes a slot.  Returns SKS_OVER_NONE, or why there is none. */
enum sks_overload sks_request_admit(struct sks_request *req);
void sks_request_retire_locked(struct sks_server *srv, struct sks_request *req)
    DW_REQUIRES(srv -> lock);
void sks_request_retire(struct sks_request *req);
/* Gives its place back; once, before it is retired. */
void sks_request_leave(struct sks_request *req);
/* Shuts it down, gives its slot back, lets go of it. */
void sks_request_drop(struct sks_request *req);
void sks_request_refuse(struct sks_request *req, enum sks_overload why);
int sks_server_full(struct sks_server *srv);

/* worker.c */
/* The request whose worker this thread is, or NULL. */
struct sks_request *sks_worker_request(void);
/* Joins the workers and reaps the children that have ended; how many. */
unsigned sks_reap(struct sks_server *srv);

/* fork.c */
/* 0, or SKS_ENOTSUP: this process must not fork. */
int sks_check_fork(struct sks_server *srv);
int sks_process_forking(struct sks_server *srv, struct sks_request *req);
/* max_children run. */
int sks_children_full(struct sks_server *srv);
/* Fills in p what to poll for the end of children, and moves the deadline
 * forward to when one has to be looked at.  Returns how many. */
size_t sks_children_polled(struct sks_server *srv, struct pollfd *p,
    int64_t *deadline_ns);
/* After the poll. */
void sks_children_heard(struct sks_server *srv, const struct pollfd *p,
    size_t n);
/* Reaps those that have ended; how many. */
unsigned sks_reap_children(struct sks_server *srv);
/* Waits for them, then ends them, as sks_server_close() says with that
 * block_on_close.  No loop runs. */
void sks_end_children(struct sks_server *srv, int64_t grace_ns, int block);

/* accept.c: both return 1 (dealt with one), 0 (nothing there), SKS_STOP or
 * what makes accepting impossible. */
int sks_accept_one(struct sks_server *srv, struct sks_listener *l);
int sks_serve_request(struct sks_server *srv, struct sks_request *req);

/* close.c */
/* sks_server_close() with that block_on_close. */
int sks_close_blocking(struct sks_server *srv, int block);

/*
 * loop.c.  begin: to RUNNING; 0, 1 when a shutdown came before the first loop
 * (which is over by that), or SKS_E*.  run: until told to stop; 0, SKS_STOP or
 * SKS_E*.  end: to ENDED, and who waits for that is told.
 */
int sks_loop_begin(struct sks_server *srv);
int sks_loop_run(struct sks_server *srv);
void sks_loop_end(struct sks_server *srv);
/* At a limit that new peers wait for? */
int sks_at_limit(struct sks_server *srv);
int sks_on_loop_thread_locked(struct sks_server *srv) DW_REQUIRES(srv -> lock);

/* control.c */
void sks_join_acceptor(struct sks_server *srv);

/* accept.c and listen.c: for the table in kind.c */
int sks_accept_request(struct sks_server *srv, struct sks_request **req);
int sks_listen_on(const struct sks_server *srv, struct sks_listener *l);

/* server_config.c: all fields, as given or, where the program's header did not
 * have them yet, as by default.  Returns 0, SKS_EINVAL or SKS_ENOTSUP. */
int sks_server_config_complete(const struct sks_server_config *given,
    struct sks_server_config *out);

/* listen.c */
int sks_listeners_new(struct sks_server *srv,
    const struct sks_server_config *cfg);
int sks_listeners_open(struct sks_server *srv);
void sks_listeners_free(struct sks_server *srv);
void sks_reserve_open(struct sks_server *srv);

#endif
