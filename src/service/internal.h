/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of this room share.  Nothing outside src/service includes
 * this.
 */
#ifndef SVC_INTERNAL_H
#define SVC_INTERNAL_H

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/watch.h"
#include "desk/desk.h"
#include "service/service.h"
#include "service/bans.h"
#include "service/inbox.h"
#include "service/marks.h"
#include "service/metrics.h"
#include "service/proxies.h"
#include "service/reader.h"
#include "service/settings.h"
#include "socketserver/socketserver.h"
#include "store/store.h"

/* Set by svc_open and only read while threads run, but for what says so. */
#define SVC_MAGIC 0x5e4c0001u

/* One for each kind of row, and behind them one for each reason of a refusal. */
#define SVC_LOG_RATES ((size_t)SVC_LOG_ROWS + SVC_REFUSALS)
struct svc_log_rate {
	atomic_int_least64_t
	    fresh_ns;          /* from then on all of its burst is free */
	atomic_ulong left_out; /* and no row has said so yet */
};

struct svc {
	unsigned magic;
	const struct svc_config *config;
	struct store *store;
	struct sks_postman *postman;
	struct svc_inbox inbox;
	struct svc_reader reader;
	struct sks_server **customers; /* one per listener */
	size_t ncustomers;
	struct svc_listener *listeners; /* theirs, and udp's */
	const char **listener_names;    /* for the welcome */
	size_t nlisteners;
	struct svc_udp *udp; /* one per address */
	size_t nudp;
	struct svc_node drop; /* posted by whoever drops one */
	struct sks_server *operators;
	struct sks_server **metrics_servers; /* one per address, */
	size_t nmetrics_servers;
	struct svc_listener *watchers; /* and where they are */
	size_t nwatchers;
	long operator_gid; /* the group that has its socket; -1: none */
	struct svc_bans bans;
	struct svc_proxies proxies;
	pthread_t thread; /* "desk" */
	bool started, ended;
	int64_t began_ms;                /* wall clock: svc_start() */
	struct svc_node drain, farewell; /* main's requests */
	struct svc_node look;            /* at the journal's files, */
	struct svc_node log_news;        /* and at the logs */
	struct svc_node log_due;         /* makes the desk thread look when */
	struct svc_owner owner;          /* main, who waits for them */

	/* Main's, see files.c. */
	struct dw_watch watch;
	bool logs_losing[2];
	struct svc_node socket_news;          /* of the operators' one */
	struct svc_node reload;               /* main's, with these: */
	struct svc_settings *reload_settings; /* NULL: all stays */
	char reload_text[1024];
	/* Guarded by the inbox's lock. */
	bool socket_lost;     /* it cannot be made anew, */
	char socket_why[512]; /* for this reason */

	struct dw_lock settings_lock; /* "settings" */
	struct svc_settings *settings DW_GUARDED_BY(settings_lock);

	/* The desk thread's own. */
	struct svc_settings *held; /* the same, without the lock */
	struct dw_list reloads;    /* nodes of those who asked for one */
	/* The news of a reload, until the end of the round. */
	struct svc_settings *due; /* NULL: all stays */
	char due_text[1024];      /* "": there are none */
	bool closing;             /* nobody reads it again */
	struct desk *desk;
	struct dw_list done;  /* nodes that are to be given back */
	struct dw_list round; /* those that this round has decided */
	struct dw_list kept;  /* those that wait for somebody else's lock, */
	int64_t again_ns;     /* until then; 0: there is none */
	int64_t patience_ns;  /* when it has lasted too long; 0: the same */
	struct svc_marks marks;
	struct svc_metrics metrics;
	struct dw_list links;    /* operators that are live */
	uint64_t last_link;      /* the number of the latest */
	struct dw_order untaken; /* customers; see taken.c */
	struct dw_buf scratch;
	struct dw_buf news; /* for all operators, not yet handed out */
	/* Of these the operators were told. */
	bool disk_failing, held_back, log_losing, talk_losing;
	/* For whoever comes, or "": of the journal, and of the operators'
	 * socket while that is lost. */
	char damage[512];
	char socket_text[1024];
	char stop_text[512]; /* "": the desk goes on */
	/* When the next row is due that the journal is sound. */
	int64_t verified_row_ns;

	/* See pulse.c. */
	struct svc_node pulse;       /* the watchdog's question */
	atomic_uint_least64_t beats; /* so often it was answered; */
	uint64_t beats_seen;         /* these are who asks' own */
	uint64_t *turns;             /* one per listener */
	uint64_t operators_turns;
	bool asked;                           /* once before */
	atomic_int_least64_t commit_since_ms; /* on the steady clock; 0: none
	                                       * runs */
	atomic_bool counts_changed;           /* and nobody has read them */
	atomic_uint waiting;
	atomic_bool draining;

	atomic_bool ending;       /* the inbox will get no more */
	atomic_bool look_asked;   /* main is to look at the files */
	atomic_bool reload_asked; /* main is to read the configuration */
	atomic_bool watched;      /* their folders are */
	atomic_bool drained;
	atomic_bool closes; /* nobody new is let in */
	/* How many were refused so; any thread. */
	atomic_uint_least64_t refused[SVC_REFUSALS];
	/* Of the log; see log.c. */
	struct svc_log_rate log_rates[SVC_LOG_RATES];
	atomic_int_least64_t log_due_ns; /* to say what was left out */
	atomic_uint quits;
	atomic_uint live;                  /* customers connected now */
	atomic_uint_least64_t udp_dropped; /* and not yet told */
};

extern const struct sks_handler_ops svc_customer_ops;
extern const struct sks_server_ops svc_customer_server_ops;
/* The same for a listener to which proxies bring customers. */
void svc_proxied_ops(struct sks_server_ops *server,
    struct sks_handler_ops *handler);
extern const struct sks_handler_ops svc_operator_ops;
extern const struct sks_server_ops svc_operator_server_ops;

/* What came back through the library, or through the desk, as a void
 * pointer. */
static inline struct svc *
svc_of(void *arg)
{
	struct svc *svc = arg;

	assert(svc->magic == SVC_MAGIC);
	return svc;
}

/* A customer's outbox, whether it speaks telnet, and its address. */
struct sks_outbox *svc_customer_outbox(struct desk_conn *c);
bool svc_customer_telnet(const struct desk_conn *c);
/* Tells its worker that c->charset has changed. */
void svc_customer_writes(struct desk_conn *c);
const struct sks_addr *svc_customer_address(const struct desk_conn *c);

/* In rows, logs and the journal, of a customer whose proxy does not know it. */
#define SVC_NO_ADDRESS "unknown"

#define SVC_REFUSED_GRACE 1.0 /* seconds, to read why */

/* What all clocks say. */
static inline struct desk_time
svc_now(void)
{
	struct desk_time t = { dw_clock_ns(), dw_clock_wall_ms(),
		dw_clock_steady_ms() };

	return t;
}

/* Operators, on the desk thread. */
struct wire_frame;
/* The frames wait, encoded once for all links, until they are handed out: a
 * link gets what a round has for it by one send. */
void svc_tell_operators(struct svc *svc, const struct wire_frame *f);
void svc_operators_hand_out(struct svc *svc);
/* A notice to all of them, and the same words to the log: as what the code says,
 * or as another kind of row. */
void svc_notice(struct svc *svc, enum ev_code code, const char *text);
void svc_notice_as(struct svc *svc, enum ev_code code, enum svc_log_what what,
    const char *text);
void svc_operator_event(struct svc *svc, const struct ev_event *ev);
/* A customer's machine has taken nothing since then, on the steady clock; 0: it
 * takes again. */
void svc_operator_reads(struct svc *svc, uint64_t sid, int64_t since_ms);
/* The claim of who is at this console ends in left_s seconds. */
void svc_operator_warn(struct svc *svc, struct desk_console *con, uint64_t sid,
    int64_t left_s);
void svc_operator_attached(struct svc *svc, struct svc_node *n,
    uint64_t datagrams);
void svc_operator_past(struct svc *svc, struct svc_node *n,
    const struct ev_past *past);
void svc_operator_find_reply(struct svc *svc, struct svc_node *n, uint64_t sid,
    const struct ev_key *key, const struct desk_answer *otherwise);
void svc_operator_find_session(struct svc *svc, struct svc_node *n,
    uint64_t sid);

/* Reads what one who was refused still sends, for as long as the limit linger
 * says: that keeps the answer from being reset.  A worker's thread. */
void svc_read_on(struct svc *svc, struct sks_socket *s);

/* What an operator is told who may not be one, and the row about it.  Any
 * thread. */
const char *svc_not_an_operator(const struct svc_people *people);
void svc_refuse_operator(struct svc *svc, uid_t uid);

/* log.c.  Before any row; when the desk thread is to say what was left out, or
 * DW_NEVER; and what was.  The latter on the desk thread, or without one. */
void svc_log_init(struct svc *svc);
int64_t svc_log_due(const struct svc *svc);
void svc_log_summaries(struct svc *svc);

/* logbook.c.  On the desk thread: an event was stored.  Any thread: what
 * libsocketserver says, and what became of a request. */
void svc_log_event(struct svc *svc, const struct ev_event *ev,
    const struct desk_session *s, const struct desk_conn *c);
void svc_server_says(void *svc, enum sks_log_level level, const char *text);
void svc_log_failure(struct svc *svc, const struct sks_request *req,
    const struct sks_error *e);
void svc_request_failed(struct sks_server *srv, struct sks_request *req,
    const struct sks_error *e); /* for an ops table */

/* What opening a listener needs; they return an enum dw_status. */
int svc_address(const struct svc_config *config, const struct svc_endpoint *at,
    struct sks_addr *out, struct dw_buf *why);
/* Does the unit that the desk was started by let anybody come there? */
int svc_check_reach(const struct svc_config *config, const char *text,
    const struct sks_addr *addr, struct dw_buf *why);
int svc_inherit_failed(const char *text, struct dw_buf *why);
int svc_listen_failed(const char *option, const char *text, struct dw_buf *why);
/* behind: what its name has behind the address. */
int svc_add_listener(struct svc *svc, const struct sks_server *srv, bool udp,
    const char *behind);
void svc_server_config(struct svc *svc, struct sks_server_config *cfg);

/* Datagrams, on main.  stop comes while the desk thread still answers what
 * came; close after its end. */
int svc_udp_open(struct svc *svc, struct dw_buf *why);
int svc_udp_start(struct svc *svc);
void svc_udp_request_stop(struct svc *svc);
void svc_udp_stop(struct svc *svc);
void svc_udp_close(struct svc *svc);

/* Datagrams, on the desk thread: as the sink's functions say. */
const char *svc_udp_send(struct svc *svc, const struct desk_peer *to,
    const char *text, size_t len);
void svc_udp_dropped(struct svc *svc);

/* On the desk thread: so many bytes were put for this customer.  Has its machine
 * taken them all?  If not, it is asked again until it has, and each time that it
 * has taken more DESK_RQ_SENT says so. */
bool svc_taken_all(struct svc *svc, struct desk_conn *c, uint64_t put);
/* Asks those that are due; svc.untaken tells when the next ones are. */
void svc_ask_taken(struct svc *svc);
/* Calls fn for each session whose customer is known to take nothing. */
void svc_each_stuck(struct svc *svc,
    void (*fn)(void *arg, uint64_t sid, int64_t since_ms), void *arg);

/* On the desk thread: marks are handed to the reader, now if it has room for
 * them, or when it says so. */
void svc_hand_marks(struct svc *svc);
void svc_marks_room(struct svc_node *n);

/* On the desk thread: what the reader's upkeep has found. */
void svc_upkeep_found(struct svc_node *n);

/* reload.c, on the desk thread: an operator asks for it; main has done it; the
 * round is over; and nobody does it any more. */
void svc_reload_wanted(struct svc *svc, struct svc_node *n);
void svc_reloaded(struct svc_node *n);
void svc_reload_apply(struct svc *svc);
void svc_reload_end(struct svc *svc);

/* metrics_server.c, on the desk thread: appends the page.  Returns 0 or
 * -ENOMEM. */
int svc_metrics_page(struct svc *svc, struct dw_buf *out,
    enum svc_metrics_form form);
/* On main; close comes before the desk thread's end. */
int svc_metrics_open(struct svc *svc, struct dw_buf *why);
int svc_metrics_start(struct svc *svc);
void svc_metrics_close(struct svc *svc);

/* status.c, on the desk thread: answers with what is to be told. */
void svc_report(struct svc *svc, struct svc_node *n, enum desk_report what);

/* files.c.  On main: watches the folders, once the sockets and the journal are
 * there. */
void svc_files_watch(struct svc *svc);
/* On the desk thread: a round was stored.  Main looks, if nobody else tells. */
void svc_files_ask(struct svc *svc);
/* On the desk thread: tells what became of the operators' socket. */
void svc_tell_socket(struct svc_node *n);
/* The folder of a path, which the caller frees. */
char *svc_folder_of(const char *path);
/* May the operators' socket be there?  Returns 0 or an exit status, with why. */
int svc_check_operator_path(const struct svc *svc, struct dw_buf *why);
int svc_find_operator_group(struct svc *svc, struct dw_buf *why);

/* On the desk thread: a log takes no rows, or takes some again. */
void svc_logs_changed(struct svc_node *n);

/* On the desk thread: are the files of the journal there? */
void svc_look_at_journal(struct svc_node *n);

/* On the desk thread: this node's answer has been dealt with.  Its owner hears
 * of it once the round has been told to everybody. */
void svc_done(struct svc *svc, struct svc_node *n);

/* On the desk thread: answers the request of this node. */
void svc_answer(struct svc *svc, struct svc_node *n,
    const struct desk_answer *a);

/* pulse.c. */
void svc_pulse_init(struct svc *svc);
/* Any thread: svc->live is another number. */
void svc_counts_changed(struct svc *svc);
/* On the desk thread: how many wait now? */
void svc_count_waiting(struct svc *svc);
struct sks_server *svc_udp_server(const struct svc *svc, size_t i);

/* The thread "desk". */
void *svc_desk_thread(void *svc);

/* Writes what an event means to the log of what is said. */
void svc_record(struct svc *svc, const struct ev_event *ev,
    const struct desk_session *s, const struct desk_conn *c);
void svc_record_put(struct svc *svc, const struct desk_conn *c,
    const struct desk_say *say);
void svc_record_datagram(struct svc *svc, const struct sks_addr *from,
    const struct desk_request *rq);
void svc_record_udp_answer(struct svc *svc, const char *addr, const char *text,
    size_t len);

#endif
