/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside the desk: what a round has gathered so far.  Nothing outside
 * src/desk includes this.
 */
#ifndef DESK_INTERNAL_H
#define DESK_INTERNAL_H

#include "desk/desk.h"
#include "desk/peers.h"

/* A round being published or undone. */
struct desk_round {
	struct desk *d;
	const struct desk_sink *sink;
	void *arg;
	struct desk_time now;
};

/*
 * What is to be done once the events are stored.  publish is called then;
 * undo when they are not.  NULL is nothing.
 */
struct desk_effect {
	void (*publish)(const struct desk_round *r,
	    const struct desk_effect *fx);
	void (*undo)(const struct desk_round *r, const struct desk_effect *fx);
	struct desk_session *session;
	struct desk_conn *conn;
	void *node;
	size_t event; /* index of its event */
	struct desk_answer answer;
	const char *text; /* of an answer: when undone */
	size_t len;
	uint64_t count;
	void *owned; /* freed with the round */
	bool late;   /* publish: after all others,
	              * when the round is kept */
};

/* Noticed: what became of an answer over UDP, for the event udp-sent. */
struct desk_udp_sent {
	uint64_t seq;    /* of its event */
	const char *why; /* "" when it went out */
	char addr[EV_ADDR_SIZE];
};

struct desk_saved {
	struct desk_session *session;
	struct ev_session facts;
};

struct desk {
	const struct desk_config *config;
	struct dw_list sessions; /* by sid; also closed ones until
	                          * their last words have left */
	struct dw_list conns;
	uint64_t seq, sid; /* last ones used, this round's
	                    * included */
	uint64_t stored_seq, stored_sid;
	unsigned operators; /* on duty */
	bool draining, drained;
	bool dirty;          /* something was noticed */
	bool sweep;          /* a closed one may go */
	int64_t retry_ns;    /* not before: storing failed */
	int64_t deadline_ns; /* of turns and lingering */
	int64_t gone_ns;     /* look at gone ones again */

	/* Over UDP. */
	struct desk_peers peers;
	uint64_t unread, stored_unread; /* datagrams while nobody was on
	                               * duty */
	struct desk_udp_sent *udp_sent;
	size_t nudp_sent, cap_udp_sent;
	size_t udp_sent_emitted; /* in this round */
	int64_t told_ns;         /* of dropped ones, last time */
	int64_t drop_ns;         /* tell it then; DW_NEVER */

	struct ev_event *events;
	size_t nevents, cap_events;
	struct desk_effect *effects;
	size_t neffects, cap_effects;
	struct desk_saved *saved;
	size_t nsaved, cap_saved;
};

/* Grows *array (of structs of this size) for `need` of them.  Returns 0 or
 * -ENOMEM. */
int desk_grow(void *array, size_t *cap, size_t need, size_t size);

/* Room for this many more, so that what follows cannot fail.  Returns 0 or
 * -ENOMEM. */
int desk_reserve(struct desk *d, size_t events, size_t effects);

/* Numbers the event, applies it to the session (NULL: none), and sees to it
 * that operators are told.  Returns its index. */
size_t desk_emit(struct desk *d, struct desk_session *s, struct ev_event ev,
    struct desk_time now);

/* A row for the effects, to be filled by the caller. */
struct desk_effect *desk_effect_add(struct desk *d,
    void (*publish)(const struct desk_round *, const struct desk_effect *));

/* What effects own; before they are dropped. */
void desk_effects_free(struct desk *d);

/* A session for this connection, with its first event.  NULL: no memory. */
struct desk_session *desk_session_begin(struct desk *d, struct desk_conn *c,
    struct desk_time now);
struct desk_session *desk_session_find(struct desk *d, uint64_t sid);

/* All replies put to c have left. */
void desk_notice_sent(struct desk *d, struct desk_conn *c);

/* The event for replies that have left, if there is one to tell. */
void desk_settle_sent(struct desk *d, struct desk_session *s,
    struct desk_time now);

/* Closes s for everybody and says goodbye to its customer.  who and why stay
 * until published. */
void desk_session_close(struct desk *d, struct desk_session *s, const char *who,
    const char *why, const char *bye, struct desk_time now);

/* What a customer is told whose message was not stored; untranslated. */
extern const char desk_sorry[];

/* All that was put has left: an ended customer may linger from now on. */
void desk_notice_empty(struct desk *d, struct desk_conn *c,
    struct desk_time now);

/* The undo of a goodbye that was not said after all. */
void desk_undo_leaving(const struct desk_round *r,
    const struct desk_effect *fx);

/* Effects. */
void desk_fx_answer(struct desk *d, const struct desk_request *rq,
    enum ev_code code, const char *text);
void desk_fx_done(struct desk *d, const struct desk_request *rq);
/* These two also when the round is undone, unless the caller clears undo. */
struct desk_effect *desk_fx_bye(struct desk *d, struct desk_conn *c,
    const char *text);
struct desk_effect *desk_fx_cut(struct desk *d, struct desk_conn *c);
void desk_fx_disconnected(struct desk *d, const struct desk_request *rq);
void desk_fx_drain(struct desk *d);
/* For when it is undone: tells a line customer to send it again. */
void desk_fx_sorry(struct desk *d, struct desk_conn *c);
void desk_fx_text(struct desk *d, struct desk_conn *c, const char *text);
void desk_fx_tell(struct desk *d, const struct desk_request *rq);
void desk_fx_greet(struct desk *d, struct desk_conn *c);
void desk_fx_wrote(struct desk *d, struct desk_conn *c, bool poll);
void desk_fx_deliver(struct desk *d, struct desk_session *s, size_t event);
void desk_fx_attached(struct desk *d, const struct desk_request *rq);
void desk_fx_past(struct desk *d, const struct desk_request *rq, uint64_t sid,
    unsigned count);
void desk_fx_quit(struct desk *d);

/* Datagrams: datagrams.c. */
int desk_decide_datagram(struct desk *d, const struct desk_request *rq,
    struct desk_time now);
int desk_decide_dropped(struct desk *d, const struct desk_request *rq,
    struct desk_time now);
int desk_command_udp(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);
/* The events for answers that have left. */
void desk_settle_udp_sent(struct desk *d, struct desk_time now);
/* The round is stored, or is not. */
void desk_datagrams_keep(struct desk *d);
void desk_datagrams_restore(struct desk *d);
/* Tells what was dropped if that is due. */
void desk_datagrams_tick(const struct desk_round *r);

/* A customer's own command: "/name Anna".  Returns false when it is none. */
bool desk_visitor_command(struct desk *d, const struct desk_request *rq,
    struct desk_time now);

#endif
