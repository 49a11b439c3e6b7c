/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A whole desk at work: customers' listeners, operators' socket, the
 * desk thread with its journal, the reader, the postman.
 *
 *	svc_open	locks the state, checks and reads the journal, listens
 *	svc_console	an operator's end for a console in this process
 *	svc_start	starts the threads; the desk works
 *	svc_drain	begins to say goodbye to everybody
 *	svc_close	ends the threads, frees it
 *
 * One thread, main, calls all of these.
 */
#ifndef SVC_SERVICE_H
#define SVC_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/status.h"
#include "base/wake.h"
#include "service/limits.h"
#include "service/log.h"
#include "service/people.h"
#include "socketserver/socketserver.h"

struct svc;

/* From how far off anybody can come to sockets that the desk makes itself: a
 * unit's IPAddressAllow= says it, and the variable DESKWIRE_REACH. */
enum svc_reach { SVC_REACH_PUBLIC, SVC_REACH_PRIVATE, SVC_REACH_LOOPBACK };

/* Where an address names no port: the tutorial's; and that of OpenTelemetry's
 * exporter for Prometheus. */
#define SVC_PORT         6666
#define SVC_METRICS_PORT 9464

/* Where somebody comes in. */
struct svc_endpoint {
	const char *text; /* "127.0.0.1:6666", "unix:/run/x.sock" */
	int fd;           /* of a socket that is there already and stays the
	                   * caller's, bound to this; -1: the service makes
	                   * one */
	bool proxy;       /* whoever comes there is a proxy, and says first
	                   * for whom (PROXY protocol) */
};

struct svc_config {
	const struct svc_endpoint *listen;
	size_t nlisten;
	const struct svc_endpoint *udp; /* the same, for datagrams */
	size_t nudp;
	const struct svc_endpoint *metrics; /* and for who watches the desk */
	size_t nmetrics;
	/* Networks from which a proxy may come, as "10.0.0.0/8" or "unix". */
	const char *const *proxy_from;
	size_t nproxy_from;
	const char *state_dir;
	const char *operator_socket; /* path; NULL: none */
	int operator_fd;             /* of that socket, if it is there already,
	                              * and stays the caller's; -1: the service
	                              * makes it */
	const char *name;            /* the desk's */
	const char *greeting;        /* text, or NULL for the usual one */
	/* Texts like it, see struct desk_config. */
	const char *nobody_on_duty, *closed;
	const char *hours; /* as for desk_hours_parse(); NULL: at any time */
	/* Of customers whose bytes are not UTF-8; NULL: nobody knows. */
	const struct dw_charset *charset;
	struct svc_limits limits;
	/* Who may attach; NULL: only the desk's user and root. */
	const struct svc_people *people;
	bool every_address; /* max_per_address holds on loopback */
	bool one_at_a_time;
	bool begin_new;   /* set a damaged journal aside */
	bool accepts_end; /* the journal may end at this event */
	uint64_t accepted_end;
	bool public_allowed; /* to listen beyond private networks */
	enum svc_reach reach;
	struct dw_log *talk; /* what is said, as the tutorial's
	                       * servers print it; may be NULL */
	struct dw_log *log;  /* the desk's own log; may be NULL */
	enum svc_log_addresses log_addresses;
	bool log_words;       /* that log has what is said, too */
	bool tells_counts;    /* quit is rung for svc_counts(), too */
	struct dw_wake *quit; /* rung when an operator wants the
	                       * desk to stop, when it drained, and
	                       * when svc_look() is to look; the
	                       * logs ring it, too */
};

/*
 * Returns DW_STATUS_OK, or the exit status for the failure that `why` tells in
 * one line: FAILED, USAGE (a wrong address), CONFIG (not allowed so) or LISTEN.
 * On success `why` may hold a warning.  config stays the caller's and must
 * outlive it.
 */
int svc_open(const struct svc_config *config, struct svc **out,
    struct dw_buf *why);

/* Would the operators' socket be safe there, and reach those who may attach?
 * Changes nothing.  Returns as svc_open. */
int svc_check_operators(const struct svc_config *config, struct dw_buf *why);

/* Starts all threads.  Returns as svc_open. */
int svc_start(struct svc *svc, struct dw_buf *why);

/* One end for a console; the other is served as an operator's link.  NULL
 * when it failed.  After svc_start. */
struct sks_socket *svc_console(struct svc *svc);

/* Where customers come in, with the real port; those that take datagrams come
 * last.  Returns how many *all has. */
struct svc_listener {
	struct sks_addr addr;
	bool udp;
	const char *name; /* "127.0.0.1:6666", "udp 127.0.0.1:6666" */
};
size_t svc_listeners(const struct svc *svc, const struct svc_listener **all);

/* The same, where it answers who watches it. */
size_t svc_metrics_listeners(const struct svc *svc,
    const struct svc_listener **all);

/* Begins to end: takes no customer more and tells all goodbye.  config.quit
 * rings when nobody is left. */
void svc_drain(struct svc *svc);
bool svc_drained(const struct svc *svc);

/* Somebody may remove the journal's files, or the operators' socket, and a log
 * may take no rows.  While this descriptor can be read something has happened
 * near those files; -1: there is none.  Then, and whenever config.quit has rung,
 * svc_look() looks; where nothing has happened it costs nothing. */
int svc_watch_fd(const struct svc *svc);
void svc_look(struct svc *svc);

/* Has an operator asked, since the last time, for the configuration to be read
 * again?  config.quit rings then too. */
bool svc_reload_asked(struct svc *svc);
bool svc_reload_is_asked(const struct svc *svc); /* and stays so */
/* The configuration was read again.  From now on its limits, texts, people and
 * hours hold, all at once; what else it says is looked at nowhere, and it may go
 * afterwards.  NULL: it could not be read, and all stays.  The operators who
 * asked are told `text`, or all of them when nobody has asked, and the log. */
void svc_reload(struct svc *svc, const struct svc_config *config,
    const char *text);

/* How many customers wait for an answer, and how many are connected.  With
 * config.tells_counts, config.quit rings once when they are other numbers than
 * the last ones told; until then they are not new. */
struct svc_counts {
	unsigned waiting, connected;
	bool closing; /* nobody new is let in */
};
struct svc_counts svc_counts(struct svc *svc);
bool svc_counts_are_new(const struct svc *svc);

/* For so many ms the disk has been storing a round, by the steady clock; 0: it
 * stores none.  Any thread. */
int64_t svc_commit_ms(const struct svc *svc);

/* Asks the desk thread, and each thread that accepts customers, datagrams or
 * operators, for a sign of life.  Returns whether all have given one since they
 * were asked the last time; if not, *who is one that has not, for people.  While
 * the disk stores a round the desk thread counts as alive, for five minutes.  One
 * thread, between svc_start and svc_end. */
bool svc_ask_alive(struct svc *svc, const char **who);

/* How often operators have asked for the desk to stop; config.quit rings then
 * too.  The second time means: at once. */
unsigned svc_quits(const struct svc *svc);

/* Cuts off the customers who are left, and tells the consoles, behind all that
 * has happened, that the desk has stopped: they leave by themselves. */
void svc_end(struct svc *svc);

/* That, and ends all threads, closes the journal, frees.  NULL is fine; also
 * for one that was never started. */
void svc_close(struct svc *svc);

#endif
