/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The desk: decides what becomes of everything that customers, operators and
 * time do.  Pure: requests and time come in, events and calls of a sink go
 * out; it knows no thread, socket, clock or SQL, so the simulator (tests/sim)
 * runs the same code.  One thread at a time.
 *
 * The round, for whatever has arrived:
 *
 *	desk_decide()	for each request, in order	-> events
 *	desk_settle()	what was noticed meanwhile	-> events
 *	desk_events()	to be stored in one transaction
 *	desk_publish()	once they are stored, or
 *	desk_undo()	when they could not be, or
 *	desk_retract()	when the journal has one of the replies already, or is
 *			locked for a moment
 *	desk_tick()	what is due by now
 *
 * Facts (struct ev_session) are what the stored events add up to, and go back
 * when a transaction fails.  What was merely noticed (a connection has gone, a
 * reply went out) is no fact yet; desk_settle makes events of it, again and
 * again until they are stored.
 */
#ifndef DESK_DESK_H
#define DESK_DESK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/order.h"
#include "event/past.h"
#include "event/session.h"
#include "desk/net.h"
#include "desk/turn.h"

/* A reply that has a key. */
struct desk_keyed {
	struct ev_key key;
	uint64_t n, seq;
};

/* The last replies of a session that have one, the oldest first. */
struct desk_keys {
	struct desk_keyed *all;
	size_t n, cap;
	bool forgot; /* there were more: only the journal knows those */
};

/* The last reply of a session, and the last one of any other console than that
 * one's.  A reply without a key is of a console of its own. */
struct desk_last {
	struct ev_key key;
	uint64_t seq, other_seq; /* 0: none */
	/* And the same of who wrote a note there, or claimed it: by person. */
	char who[EV_NAME_SIZE];
	uint64_t who_seq, other_who_seq;
};

/* What a customer was told that is no fact; gone with the desk. */
struct desk_told {
	uint64_t spell;    /* the first of the words that waited then */
	int64_t looked_ms; /* when its place was looked at, on the steady
	                    * clock */
	uint32_t place;    /* 0: it was told none */
	uint32_t owner;    /* a hash of whom it was told; 0: nobody */
	bool come;         /* that somebody will come */
	bool warned;       /* that it is quiet, */
	int64_t warned_ms; /* then, on the steady clock, as */
	int64_t words_ms;  /* the last words of either side */
};

struct desk_session {
	struct ev_session facts;
	struct desk_last last;  /* facts, too: they go back with them */
	struct desk_keys keys;  /* and so do these */
	struct desk_conn *conn; /* NULL: not connected */
	const char *lost;       /* noticed: why it is not */
	uint64_t sent_n;        /* noticed: replies up to it arrived
	                         * at the customer's machine */
	struct desk_told told;
	bool saved; /* this round's undo has it */
	bool fresh; /* begun in this round */
	/* What desk.counts has it as: an enum ev_state, an enum ev_mode. */
	unsigned char counted_state, counted_mode;
	struct dw_list node;          /* in desk.sessions */
	struct dw_list noticed;       /* in desk.noticed, or in desk.taken */
	struct dw_order_node in_line; /* in desk.line */
	struct dw_order_node wake;    /* in desk.wakes: when time changes it */
	/* As the facts say, see claims.c: */
	struct desk_person *owner; /* who answers it; NULL: nobody */
	struct dw_list owned;      /* among those of its owner, */
	struct dw_order_node own;  /* and in this order of it: who waits, or */
	struct dw_order *own_of;   /* who left; NULL: in none */
	struct desk_person *offered; /* to whom it is offered; NULL: nobody */
	struct dw_list offer;        /* among those that are */
	int64_t keys_ms;   /* when its owner last typed in a text for it, on
	                    * the steady clock */
	int64_t warned_ms; /* its owner was told that its claim ends then */
	/* Of one that left, and for whom nothing is awaited any more: */
	struct dw_order_node left_node; /* in desk.left */
	struct dw_order_node nobodys;   /* in desk.left_nobodys */
	struct dw_list host_node;       /* among those of its address, or for a
	                                 * moment in desk.off */
};

/*
 * A customer's connection.  It belongs to the worker, who keeps it until its
 * DESK_RQ_DISCONNECTED is answered; between DESK_RQ_OPENED and then only the
 * desk touches it.
 */
struct desk_conn {
	unsigned magic;
	enum ev_mode mode;
	const struct dw_charset *charset; /* as in its session */
	char addr[EV_ADDR_SIZE];
	struct desk_session *session; /* NULL: none yet, or ended */
	uint64_t sid;                 /* its number, also then */
	uint64_t stranger;            /* its number among these; 0: none */
	struct desk_turn turn;        /* of a classic client */
	uint64_t put_n;               /* replies up to it were put … */
	uint64_t put_end;             /* … into the outbox up to here */
	uint64_t last_end;            /* all that was put ends here, */
	bool kept;                    /* and some of it waits */
	const char *cut_why;          /* noticed: why it is cut off */
	bool half_closed;             /* it will say no more */
	bool leaving;                 /* its goodbye is decided */
	bool wants_receipts;
	uint64_t rows;            /* decided since it does */
	bool ending;              /* its last text was put */
	int64_t linger_ns;        /* ending: then it is cut */
	bool expired;             /* it has had its minute */
	struct dw_list node;      /* in desk.conns */
	struct dw_order_node due; /* in desk.due, when time may change it */
};

/*
 * An operator's console.  It belongs to the worker of its link, who says who it
 * is before DESK_RQ_ATTACH and keeps it until its DESK_RQ_DETACH is answered;
 * between the two only the desk touches the rest.
 */
struct desk_console {
	unsigned magic;
	char who[EV_NAME_SIZE]; /* the operator: two consoles of one name are
	                         * one person */
	char as[EV_NAME_SIZE];  /* as customers see it; "": the same */
	enum ev_role role;
	bool bare; /* a program's: it asks and watches, and nobody is there */

	struct desk_person *person; /* NULL: not attached, or bare */
	struct dw_list node;        /* in person.consoles */
	uint64_t looks;             /* has this session selected; 0: none */
	uint64_t types;             /* in a text for it; 0: in none */
	int64_t keys_ms; /* when there was a key, on the steady clock */
	bool idle;       /* there was none for long */
	struct dw_order_node idle_at; /* in desk.idle_at: when it will be */
	uint64_t reserved;            /* this session for a moment, */
	int64_t reserved_ms;          /* until then, on the steady clock */
	int64_t passed; /* it has gone through those in line up to this key,
	                 * and is among those who left */
};

/* An operator, by name: who is at a console, or has been and owns a session. */
struct desk_person {
	struct dw_list node; /* in desk.people */
	char name[EV_NAME_SIZE];
	struct dw_list consoles; /* none: it has left, */
	int64_t left_ms;         /* then, on the steady clock */
	int64_t came_ms;         /* and came then, by the wall clock; 0: not
	                          * since the desk began */
	struct dw_list owned;    /* sessions that it answers, */
	struct dw_order waiting; /* those of them who wait, by since when, */
	struct dw_order left;    /* and who left, by when */
	struct dw_list offers;   /* and that are offered to it */
	bool is_present;         /* counted in desk.present */
	/* So the events say, and those that are stored: it said that it is away,
	 * or had no key for long. */
	bool away, idle, was_away, was_idle;
};

enum desk_rq {
	DESK_RQ_NONE,         /* nothing to decide */
	DESK_RQ_OPENED,       /* conn, mode, charset: what it speaks is known;
	                  * again when a silent one turns out classic */
	DESK_RQ_SAID,         /* conn, text, flags: a whole message */
	DESK_RQ_TELL,         /* conn, text: from the desk, not stored */
	DESK_RQ_ANSWER,       /* conn, text: these bytes (telnet's) */
	DESK_RQ_RECEIPTS,     /* conn: it wants one for each row from now on */
	DESK_RQ_UNREAD,       /* conn, text: a row could not be read, for the
	                  * reason that the desk tells */
	DESK_RQ_IDLE,         /* conn, why: silent for long; ends it unless
	                  * it waits for an operator */
	DESK_RQ_BYE,          /* conn, why, text: its worker gives up on it */
	DESK_RQ_EOF,          /* conn: it will say no more */
	DESK_RQ_DISCONNECTED, /* conn, why: its worker lets go of it */
	DESK_RQ_SENT,         /* conn, offset: bytes that went out, or taken:
	                  * more of them are with its machine */
	DESK_RQ_STALLED,      /* conn, why: does not read, or sends too much */
	DESK_RQ_ATTACH,       /* console, who: an operator came */
	DESK_RQ_DETACH,       /* console, who */
	DESK_RQ_LOOK,         /* console, sid: it has selected that one */
	DESK_RQ_TYPES,        /* console, sid: keys are being pressed, in a
	                       * text for sid or (0) not; TAKEN when it has sid
	                       * reserved and a colleague was faster */
	DESK_RQ_NEXT,     /* console, who, as, sid: takes what is offered, or
	                  * reserves who waits longest, of who's own and those
	                  * who are nobody's, but for sid; from the one that was
	                  * given last it goes on behind; answered with its sid,
	                  * 0 when there is none */
	DESK_RQ_REPLY,    /* who, as, sid, text, key, seen; console, if it is of
	                  * one */
	DESK_RQ_NOTE,     /* who, sid, text, key; console, if it is of one */
	DESK_RQ_COMMAND,  /* who, role, text: "close 3"; console, if it is of
	                  * one */
	DESK_RQ_REOPEN,   /* who, sid, facts: as the journal knows them;
	                  * NULL: it does not */
	DESK_RQ_DATAGRAM, /* addr, route, text, whole, flags: a datagram
	                  * came */
	DESK_RQ_DROPPED,  /* datagrams were dropped; the sink knows how
	                  * many when it is to say so */
	DESK_RQ_STRANGER, /* conn, why, text: it is no customer, and this
	                  * could be read of it; also before it is opened */
	DESK_RQ_DRAIN,    /* end all sessions, take no more */
	DESK_RQ_KINDS
};

/* What it points at stays until the request is answered; `why` is a constant,
 * as a session remembers it until it is stored. */
struct desk_request {
	enum desk_rq rq;
	void *node; /* given back with the answer */
	struct desk_conn *conn;
	enum ev_mode mode;
	const struct dw_charset *charset; /* NULL: not known */
	struct desk_console *console;
	enum ev_role role; /* of who */
	const char *who;
	const char *as; /* for customers; NULL or "": who */
	const struct ev_session *facts;
	const char *text, *why;
	size_t len;
	unsigned flags;
	uint64_t sid, offset;
	/* Of conn, with any request: so many bytes of what was put its machine
	 * had by then, if not all; who says something has mostly acknowledged
	 * what it answers. */
	uint64_t taken;
	const char *addr;  /* see struct desk_peer */
	const void *route; /* DESK_ROUTE_SIZE bytes */
	size_t whole;      /* bytes before it was cut */
	/* What was sent before with this key gets its first answer again.
	 * seen: the last event of the session that the writer had seen; 0: it
	 * does not say. */
	struct ev_key key;
	uint64_t seen;
	/* A reply that the journal refused as a double, decided again: the
	 * number under which it is stored; 0: none. */
	uint64_t first_n;
};

/*
 * Who has written over UDP: a soft session, forgotten after a while.  Only
 * such a one can be answered, on the way by which it came.
 */
#define DESK_ROUTE_SIZE 288
struct desk_peer {
	char addr[EV_ADDR_SIZE];
	unsigned char route[DESK_ROUTE_SIZE]; /* the service's; the desk
	                                       * only keeps it */
	const struct dw_charset *charset;     /* it is answered in; NULL:
	                                       * UTF-8 */
	bool answered;                        /* by an operator */
	bool quit;                            /* it said quit after that */
	int64_t heard_ns;                     /* when it wrote last */
};

/* Answers a request; each gets exactly one. */
struct desk_answer {
	enum ev_code code;
	uint64_t sid, n;  /* a reply: its session and number */
	uint64_t seq;     /* stale: the event that was not seen */
	const char *text; /* for people; "" when there is nothing
	                   * to say */
};

/* Text for one customer. */
struct desk_say {
	const char *who; /* operator; NULL: the desk itself */
	const char *text;
	size_t len;
	bool raw;   /* no row, but this text alone */
	bool bytes; /* no text at all, but these very bytes */
};

enum desk_put {
	DESK_PUT_TAKEN, /* all that was put is with the customer's machine */
	DESK_PUT_SENT,  /* all of it went out */
	DESK_PUT_KEPT,  /* some of it waits for the socket */
	DESK_PUT_FULL,  /* too much waits already */
	DESK_PUT_SHUT,  /* nothing can leave any more */
	DESK_PUT_NO_MEMORY,
};

#define DESK_BAN_WHY 160

/* Nobody from there is let in. */
struct desk_ban {
	struct desk_net net;
	int64_t until_ms;         /* wall clock */
	bool flood;               /* the desk itself did it, because of these */
	char addr[DESK_NET_SIZE]; /* the network as text */
	char who[EV_NAME_SIZE];   /* the operator; "": the desk */
	char why[DESK_BAN_WHY];   /* for people; perhaps "" */
};

struct desk_time {
	int64_t ns;        /* monotonic */
	int64_t ms;        /* wall clock */
	int64_t steady_ms; /* for how long something lasts */
};

/* What the service tells of itself; each is a command of its own. */
enum desk_report { DESK_REPORT_STATUS, DESK_REPORT_METRICS };

/*
 * Where decisions go, only ever called by desk_publish, desk_undo and
 * desk_tick.  None may wait.
 */
struct desk_sink {
	/* To all operators and the log, in the order of seq.  c: whose arrival
	 * it is, although it may have disconnected since; NULL for all else. */
	void (*event)(void *arg, const struct ev_event *ev,
	    const struct desk_session *s, const struct desk_conn *c);
	/* Puts text into a customer's outbox, in c->charset; *end is where it
	 * ends among all bytes put. */
	enum desk_put (*say)(void *arg, struct desk_conn *c,
	    const struct desk_say *say, uint64_t *end);
	/* What c sends from now on is in c->charset. */
	void (*charset)(void *arg, struct desk_conn *c);
	/* After what was put no more will come. */
	void (*end)(void *arg, struct desk_conn *c);
	/* No more in either direction, now. */
	void (*cut)(void *arg, struct desk_conn *c);
	void (*answer)(void *arg, void *node, const struct desk_answer *a);
	/* The desk does not know this key any more, but the journal may: also
	 * answers, with OK and the number of the reply of session sid that has
	 * the key, or as `otherwise` says when none has.  Its text goes with the
	 * round. */
	void (*find_reply)(void *arg, void *node, uint64_t sid,
	    const struct ev_key *key, const struct desk_answer *otherwise);
	/* An operator came: what the desk looks like now, and from now on
	 * every event.  It also answers.  datagrams: so many came while
	 * nobody was on duty. */
	void (*attached)(void *arg, void *node, uint64_t datagrams);
	/* The desk does not know that session any more: asks the journal what
	 * its events add up to, and comes back with DESK_RQ_REOPEN on the same
	 * node, with the operator's who, and these facts, as ev_apply() made
	 * them; or with facts NULL, when the journal has no such session or
	 * cannot be read.  The request's facts stay until it is answered. */
	void (*find_session)(void *arg, void *node, uint64_t sid);
	/* Reads the configuration again, and answers then. */
	void (*reload)(void *arg, void *node);
	/* Answers with what the service knows of itself. */
	void (*report)(void *arg, void *node, enum desk_report what);
	/* Shows this page of the past, and answers then. */
	void (*past)(void *arg, void *node, const struct ev_past *past);
	/* Sends one datagram, in to->charset.  NULL when it went out, or a constant that says
	 * why not. */
	const char *(*datagram)(void *arg, const struct desk_peer *to,
	    const char *text, size_t len);
	/* That session is off the list, and not known here any more: too many
	 * have left.  Nothing of it is stored. */
	void (*unlisted)(void *arg, uint64_t sid);
	/* The claim of who is at this console ends in so many seconds. */
	void (*warn)(void *arg, struct desk_console *con, uint64_t sid,
	    int64_t left_s);
	/* Somebody was in line for so long, and an operator answers it now. */
	void (*waited)(void *arg, int64_t ms);
	/* It is time to say that so many have gone off it. */
	void (*list_is_full)(void *arg, uint64_t n);
	/* It is time to say how many datagrams were dropped. */
	void (*dropped)(void *arg);
	/* It is time to say how many connections were no customers. */
	void (*strangers)(void *arg, uint64_t n);
	/* An operator wants the desk to stop, perhaps only when it is empty, and
	 * it is. */
	void (*quit)(void *arg);
	/* What an operator has said of such an end has changed.  closing: nobody
	 * new is let in.  text: what holds, "" when the desk goes on. */
	void (*stopping)(void *arg, bool closing, const char *text);
	/* DESK_RQ_DRAIN is done: nobody is connected any more. */
	void (*drained)(void *arg);
};

struct desk_config {
	const char *name;     /* the desk's, for its greeting */
	const char *greeting; /* NULL: the usual one */
	/* Said when nobody is on duty, and when an operator closes a
	 * conversation; NULL: the usual sentences. */
	const char *nobody_on_duty, *closed;
	/* Of customers whose bytes are not UTF-8; NULL: nobody knows. */
	const struct dw_charset *charset;
	struct desk_turn_times turn;
	int64_t linger_ns;     /* how long an ended one may stay */
	int64_t retry_ns;      /* noticed things not stored: again */
	int64_t sent_ns;       /* so long the event that a reply arrived waits
	                        * for a round that is stored anyway */
	int64_t gone_after_ms; /* then one that left is closed; 0: never */
	int64_t claim_timeout_ms; /* so long an owner may leave a customer
	                           * unanswered, */
	int64_t lost_grace_ms;    /* and so long it may have no console; 0:
	                           * for ever, for both */
	int64_t away_after_ms;  /* a console without a key is away; 0: never */
	int64_t place_every_ms; /* a customer hears its place this often */
	int64_t quiet_after_ms; /* then a quiet session is warned; 0: never, */
	int64_t quiet_warning_ms; /* and so long behind that it is closed */
	int64_t max_ban_ms;       /* by the desk itself; 0: it bans nobody */
	bool bans_loopback;       /* nor this machine, without this */
	const struct desk_hours *hours; /* NULL: at any time */
	size_t max_gone;                /* so many of these are on the list, */
	size_t max_gone_per_address;    /* and of one address; 0: any number */
	size_t held_bytes;              /* text that may wait for a turn */
	size_t max_message;             /* bytes of one reply */
	size_t max_keys;                /* of one session, that are known */
	size_t max_peers;               /* over UDP, that are known */
	int64_t peer_ns;                /* and for so long */
	size_t max_answer;              /* bytes of one answer over UDP */
};

struct desk;

/* For the worker, before its first request. */
void desk_conn_init(struct desk_conn *c, const char *addr);
void desk_console_init(struct desk_console *con, const char *who,
    const char *as, enum ev_role role);

/* Returns 0 or -ENOMEM.  config and its strings stay the caller's and must
 * outlive the desk. */
int desk_new(const struct desk_config *config, struct desk **out);
void desk_free(struct desk *d);

/*
 * Starting: each stored event of a session that is not closed, and each ban and
 * unban, in order, then
 * desk_begin with the highest numbers ever used.  Sessions found open are
 * noticed to be gone.  How long ago something was that happened before, only
 * the wall clock can tell; what it says is in the future was just now.  Of
 * those that left no more are kept in memory than the list may have, at any
 * time.
 */
int desk_replay(struct desk *d, const struct ev_event *ev);
/* And so many datagrams came that nobody on duty has seen. */
void desk_missed(struct desk *d, uint64_t datagrams);
void desk_begin(struct desk *d, uint64_t last_seq, uint64_t last_sid,
    struct desk_time now);

/* How many customers wait for an answer and are there to read it. */
unsigned desk_waiting(const struct desk *d);

/* Returns 0; -ENOMEM when there is no memory for it in this round: nothing has
 * happened, and after the round was published or undone there is. */
int desk_decide(struct desk *d, const struct desk_request *rq,
    struct desk_time now);
void desk_settle(struct desk *d, struct desk_time now);
const struct ev_event *desk_events(const struct desk *d, size_t *n);
void desk_publish(struct desk *d, const struct desk_sink *sink, void *arg,
    struct desk_time now);
void desk_undo(struct desk *d, const struct desk_sink *sink, void *arg,
    struct desk_time now);
/*
 * Takes the round back as if none of its requests had come yet: nobody is told
 * or answered.  The caller decides each again, in the same order; because of a
 * double in a round of its own, so that it fails no other, and the one that is a
 * double again with first_n.
 */
void desk_retract(struct desk *d);
void desk_tick(struct desk *d, const struct desk_sink *sink, void *arg,
    struct desk_time now);

/* When the next round is due though nothing arrives, in ns of the monotonic
 * clock; DW_NEVER. */
int64_t desk_deadline(const struct desk *d);

/* For the welcome of an operator: calls fn for each session that has not
 * ended, oldest first. */
void desk_each(const struct desk *d,
    void (*fn)(void *arg, const struct desk_session *s), void *arg);
uint64_t desk_last_seq(const struct desk *d);

/* How many of those are in this state and speak this, as far as is stored.  No
 * walk. */
uint64_t desk_count(const struct desk *d, enum ev_state state,
    enum ev_mode mode);
/* For how long the first in line waits; 0: nobody does. */
int64_t desk_longest_wait_ms(const struct desk *d, struct desk_time now);
/* How many operators are at a console and not away, and how many consoles there
 * are. */
unsigned desk_present(const struct desk *d, unsigned *consoles);

/* What is known of a session that has not ended; NULL for any other. */
const struct ev_session *desk_known(struct desk *d, uint64_t sid);

/* Who is at a console now, in no order. */
void desk_each_person(const struct desk *d,
    void (*fn)(void *arg, const struct desk_person *p), void *arg);
bool desk_person_is_away(const struct desk_person *p);

/* Who is banned, also those whose time was over a moment ago, in no order; each
 * change comes as an event ban or unban. */
void desk_each_ban(const struct desk *d,
    void (*fn)(void *arg, const struct desk_ban *ban), void *arg);

/* From here on this holds; config as for desk_new().  Looks at each session
 * once. */
void desk_reconfigure(struct desk *d, const struct desk_config *config);

/* How many sessions of those who left are not on the list. */
uint64_t desk_unlisted(const struct desk *d);

/* The same for who has written over UDP lately, in no order. */
void desk_each_peer(const struct desk *d, struct desk_time now,
    void (*fn)(void *arg, const struct desk_peer *p), void *arg);

#endif
