/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files behind the doors share.  Nothing outside src/doors includes
 * this.
 */
#ifndef DOOR_INSIDE_H
#define DOOR_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "desk/desk.h"
#include "doors/door.h"
#include "doors/inbox.h"
#include "doors/reader.h"
#include "socketserver/socketserver.h"
#include "store/store.h"

/* Set by door_open and only read while threads run, but for what says so. */
struct door {
	const struct door_config *config;
	struct desk_config desk_config;
	struct store *store;
	struct sks_postman *postman;
	struct door_inbox inbox;
	struct door_reader reader;
	struct sks_server **customers; /* one per listener */
	size_t ncustomers;
	const char **listeners; /* their addresses, and udp's */
	size_t nlisteners;
	struct door_udp *udp; /* one per address */
	size_t nudp;
	struct door_node drop; /* posted by whoever drops one */
	struct sks_server *operators;
	pthread_t thread; /* "desk" */
	bool started, ended;
	struct door_node drain, farewell; /* main's requests */
	struct dw_cond back;              /* main waits on it */

	/* The desk thread's own. */
	struct desk *desk;
	struct dw_list links; /* operators that are live */
	struct dw_buf scratch;
	bool disk_failing; /* the operators were told */

	atomic_bool ending; /* the inbox will get no more */
	atomic_bool drained;
	atomic_uint quits;
	atomic_uint live;                  /* customers connected now */
	atomic_uint_least64_t udp_dropped; /* and not yet told */
};

extern const struct sks_handler_ops door_customer_ops;
extern const struct sks_server_ops door_customer_server_ops;
extern const struct sks_handler_ops door_operator_ops;
extern const struct sks_server_ops door_operator_server_ops;

/* A customer's and an operator's outbox, for the publisher. */
struct sks_outbox *door_customer_outbox(struct desk_conn *c);
bool door_customer_telnet(const struct desk_conn *c);

/* What both clocks say. */
static inline struct desk_time
door_now(void)
{
	struct desk_time t = { dw_clock_ns(), dw_clock_wall_ms() };

	return t;
}

/* Operators, on the desk thread. */
struct wire_frame;
void door_tell_operators(struct door *door, const struct wire_frame *f);
/* A notice to all of them, and the same words to the log. */
void door_notice(struct door *door, const char *code, const char *text);
void door_operator_event(struct door *door, const struct desk_event *ev);
void door_operator_attached(struct door *door, struct door_node *n,
    uint64_t notes);
void door_operator_past(struct door *door, struct door_node *n, uint64_t sid,
    unsigned count);

/* What opening a listener needs; they return 0 or an exit status. */
#define DOOR_FAILED 1
int door_address(const struct door_config *config, const char *text,
    struct sks_addr *out, struct dw_buf *why);
int door_listen_failed(const char *option, const char *text,
    struct dw_buf *why);
int door_add_listener(struct door *door, const char *text);
void door_server_config(struct door *door, struct sks_server_config *cfg);

/* Datagrams, on main.  stop comes while the desk thread still answers what
 * came; close after its end. */
int door_udp_open(struct door *door, struct dw_buf *why);
int door_udp_start(struct door *door);
void door_udp_request_stop(struct door *door);
void door_udp_stop(struct door *door);
void door_udp_close(struct door *door);

/* Datagrams, on the desk thread: as the sink's functions say. */
const char *door_udp_send(struct door *door, const struct desk_peer *to,
    const char *text, size_t len);
void door_udp_dropped(struct door *door);

/* The thread "desk". */
void *door_desk_thread(void *door);

/* Writes what an event means to the log of what is said. */
void door_record(struct door *door, const struct desk_event *ev,
    const struct desk_session *s);
void door_record_put(struct door *door, const struct desk_conn *c,
    const struct desk_say *say);
void door_record_datagram(struct door *door, const char *addr, const char *text,
    size_t len);

#endif
