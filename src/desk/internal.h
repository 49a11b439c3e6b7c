/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside the desk: what a round has gathered so far.  Nothing outside
 * src/desk includes this.
 */
#ifndef DESK_INTERNAL_H
#define DESK_INTERNAL_H

#include "desk/desk.h"
#include "desk/peers.h"
#include "event/receipt.h"

/* A round being published or undone. */
struct desk_round {
	struct desk *d;
	const struct desk_sink *sink;
	void *arg;
	struct desk_time now;
};

/*
 * What a decision does besides its events: a row of the table in effects.c,
 * which says what happens once the round is stored, and what if it is not.
 */
enum desk_fx {
	DESK_FX_EVENT,      /* event, session; of an arrival conn */
	DESK_FX_ANSWER,     /* node, answer, stands, undone */
	DESK_FX_FIND_REPLY, /* the same, key: if the journal has no such one */
	DESK_FX_LET_GO,     /* conn, node: its worker lets go of it */
	DESK_FX_TEXT,       /* conn, text: the desk says it */
	DESK_FX_TELL,       /* the same, also when the round is undone */
	DESK_FX_RAW,        /* the same, and these very bytes */
	DESK_FX_DELIVER,    /* session, event: an operator's words */
	DESK_FX_SORRY,      /* conn: only when undone, send it again */
	DESK_FX_RECEIPT,    /* conn, receipt: refused when undone */
	DESK_FX_WROTE,      /* conn: a classic client took its turn */
	DESK_FX_POLL,       /* conn: the same, to ask for what there is */
	DESK_FX_CHARSET,    /* conn, session: its encoding is known */
	DESK_FX_GREET,      /* conn */
	DESK_FX_BYE,        /* conn, text: said in any case */
	DESK_FX_BYE_STORED, /* conn, text: only if the round is stored */
	DESK_FX_CUT,        /* conn: in any case */
	DESK_FX_CUT_STORED, /* conn: only if the round is stored */
	DESK_FX_DRAIN,      /* says goodbye to all */
	DESK_FX_QUIT,       /* an operator wants the desk to stop */
	DESK_FX_STOP,       /* ms, text: from then on nobody new, says who */
	DESK_FX_PAST,       /* node, past */
	DESK_FX_FIND,       /* node, answer.sid: that session, in the journal */
	DESK_FX_RELOAD,     /* node: the configuration */
	DESK_FX_REPORT,     /* node, report: the service tells it */
	DESK_FX_KEEP,       /* owned, and nothing else */
	DESK_FX_QUIET,      /* session: it is quiet, and is warned */
	DESK_FX_FLOOD,      /* session: it ended for one */
	DESK_FX_RELISTED,   /* one that had gone off the list goes on */
	DESK_FX_BANNED,     /* ms: that flood's address */
	DESK_FX_RECEIVED,   /* session, event: its words wait */
	DESK_FX_LOOK,       /* session: its place may have changed */
	DESK_FX_NEXT,       /* session: it may be the first in line */
	DESK_FX_AGAIN,      /* session: it is in line again */
	DESK_FX_TAKEN,      /* session, event: somebody answers it */
	DESK_FX_PICKED,     /* ms: so long somebody was in line */
	DESK_FX_HEARD,      /* event, route: who wrote over UDP */
	DESK_FX_UDP_ANSWER, /* event, peer */
	DESK_FX_WARN,       /* session, left_s: its claim ends soon */
	DESK_FX_ATTACHED    /* node, datagrams */
};

/* In a round that is stored: in the order of decisions, or after all those,
 * when the round is kept. */
enum desk_fx_when { DESK_FX_IN_ORDER, DESK_FX_LATE };

struct desk_effect {
	enum desk_fx fx;
	struct desk_session *session;
	struct desk_conn *conn;
	void *node;   /* of the request that is answered */
	size_t event; /* index of its event */
	struct desk_answer answer;
	bool stands; /* the answer does, also if not stored */
	struct ev_key key;
	const char
	    *undone; /* the sentence if not stored; NULL: the usual one */
	const char *text;
	size_t len;
	const void *route; /* DESK_ROUTE_SIZE bytes */
	const struct desk_peer *peer;
	uint64_t datagrams; /* that nobody on duty has seen */
	int64_t ms;
	int64_t left_s;
	struct ev_past past;
	enum desk_report report;
	struct ev_receipt receipt;
	void *owned; /* freed with the round */
};

/* Noticed: what became of an answer over UDP, for the event udp-sent. */
struct desk_udp_sent {
	uint64_t seq;    /* of its event */
	const char *why; /* "" when it went out */
	char addr[EV_ADDR_SIZE];
};

/* What is counted, and told from time to time; the first the service counts. */
enum desk_tally_kind {
	DESK_DROPPED,  /* datagrams */
	DESK_STRANGE,  /* connections that were no customers */
	DESK_UNLISTED, /* sessions that went off the list of who left */
	DESK_TALLIES
};

struct desk_tally {
	int64_t due_ns;  /* tell it then; DW_NEVER */
	int64_t told_ns; /* the last time */
};

/* A connection that was no customer: /visitors shows the last of them. */
#define DESK_STRANGERS     64
#define DESK_STRANGER_TEXT 80 /* bytes that could be read */

struct desk_stranger {
	uint64_t id; /* 1, 2, 3 …; 0: none, or a customer after all */
	int64_t t_ms;
	const char *what; /* what it spoke: a constant, perhaps translated */
	bool told;        /* it is counted in what operators were told */
	size_t len;
	char addr[EV_ADDR_SIZE];
	char text[DESK_STRANGER_TEXT]; /* what could be read of it */
};

/* last[id % DESK_STRANGERS] is the one with that id, if it is kept. */
struct desk_strangers {
	struct desk_stranger last[DESK_STRANGERS];
	uint64_t id; /* of the latest */
	uint64_t untold;
};

/* So long the last ones were in line. */
#define DESK_WAITS 20

struct desk_estimate {
	int64_t waits_ms[DESK_WAITS];
	size_t n; /* ever */
};

/* From a moment on nobody new is let in; see stop.c. */
struct desk_stop {
	int64_t at_ms;  /* wall clock; 0: the desk goes on */
	int64_t due_ns; /* that is looked at then; DW_NEVER */
	bool begun;     /* it is that moment, or was */
	bool over;      /* and nobody was there any more */
	char who[EV_NAME_SIZE];
};

#define DESK_BANS 1000 /* at most; who is free first is forgotten first */

struct desk_bans {
	struct desk_ban *all;
	size_t n, cap;
};

/* An address from which a session flooded; see bans.c. */
struct desk_flood {
	struct desk_net net;
	unsigned floods; /* not too long ago; 0: the entry is free */
	int64_t last_ms; /* on the steady clock */
	int64_t ban_s;   /* the last ban; 0: there was none */
	int64_t owed_s;  /* one that is not stored yet; 0 */
};

/* A session that the round has looked at, as it was before. */
struct desk_saved {
	struct desk_session *session;
	struct ev_session facts;
	struct desk_last last;
	int64_t keys_ms, warned_ms;
};

/* A connection as it was before a request, for a round that is retracted: what
 * deciding changes there. */
struct desk_saved_conn {
	struct desk_conn *conn;
	enum ev_mode mode;
	const struct dw_charset *charset;
	struct desk_session *session;
	const char *lost; /* the session's */
	uint64_t sid;
	const char *cut_why;
	bool listed, half_closed, leaving, wants_receipts;
	uint64_t rows;
};

/* And a console. */
struct desk_saved_console {
	struct desk_console *console;
	struct desk_console was;    /* but for what links it to others */
	struct desk_person *person; /* of its name; NULL: there was none */
	int64_t left_ms, came_ms;   /* the person's */
};

/* The desk as it was when the round began, for the same. */
struct desk_began {
	bool draining;
};

/* Sessions that one command ends, so that the round does not take too long. */
#define DESK_ENDED_AT_ONCE 1000

#define DESK_KEEP_MAX_S (INT64_C(24) * 3600) /* of one /keep */

#define DESK_MAGIC         0xde5c0001u
#define DESK_CONN_MAGIC    0xde5c0002u
#define DESK_CONSOLE_MAGIC 0xde5c0003u

/* The sessions by their numbers; see sids.c. */
struct desk_sids {
	struct desk_sid *all;
	size_t n, size;
};

/*
 * A round must not look at all sessions, nor at all connections: what it has to
 * look at is on a list of its own, and what waits for a time is in the order of
 * these.
 */
struct desk {
	unsigned magic;
	const struct desk_config *config;
	struct dw_list sessions; /* by sid; also closed ones until
	                          * their last words went out */
	struct desk_sids sids;   /* the same */
	/* How many are what; see count.c. */
	uint64_t counts[EV_STATE_CLOSED][EV_MODE_CLASSIC + 1];
	struct dw_list conns;
	struct dw_order line;    /* see line.c */
	bool line_changed;       /* since the first of it was looked at */
	struct dw_order due;     /* conns with a turn, or that linger */
	struct dw_order wakes;   /* sessions that time changes, by when it does
	                           * on the steady clock; */
	struct dw_order idle_at; /* consoles, by when they are idle; */
	int64_t wakes_ns;        /* the first of both about then */
	struct dw_list noticed;  /* sessions that are to be settled; */
	struct dw_list taken;    /* those that may wait for another round, */
	int64_t taken_ns;        /* until then */
	uint64_t seq, sid;       /* last ones used, this round's
	                    * included */
	uint64_t stored_seq, stored_sid;
	struct dw_list people; /* operators; none goes before a round is over */
	bool people_noticed;   /* some may have to be settled, */
	bool people_changed;   /* kept or dropped */
	int64_t began_ms;      /* when the desk began, on the steady clock, */
	uint64_t began_seq;    /* behind this event */
	unsigned consoles;     /* of all of them, and so many operators */
	unsigned present;      /* are at one that is not away */
	bool draining, drained;
	struct desk_stop stop;
	int64_t retry_ns; /* not before: storing failed */

	/* Who left unanswered; see left.c. */
	struct dw_order left;         /* by when they left; */
	struct dw_order left_nobodys; /* those without an owner; also those of
	                               * whom something is awaited yet */
	struct dw_list *hosts;        /* the same by address, hashed */
	size_t nhosts;
	struct dw_list off;  /* too many, until they are freed */
	uint64_t unlisted;   /* so many were */
	uint64_t off_untold; /* of which nobody was told yet */

	/* Over UDP. */
	struct desk_peers peers;
	uint64_t unread, stored_unread; /* datagrams while nobody was on
	                               * duty */
	struct desk_udp_sent *udp_sent;
	size_t nudp_sent, cap_udp_sent;
	size_t udp_sent_emitted; /* in this round */

	struct desk_estimate estimate;
	struct desk_bans bans, bans_before; /* the round */
	bool bans_changed;                  /* by it */
	struct desk_flood *floods;          /* NULL: there was none yet */
	unsigned floods_owed;               /* so many are to be banned */
	struct desk_tally tallies[DESK_TALLIES];
	struct desk_strangers strangers;

	struct ev_event *events;
	size_t nevents, cap_events;
	struct desk_effect *effects;
	size_t neffects, cap_effects;
	struct desk_saved *saved;
	size_t nsaved, cap_saved;
	struct desk_saved_conn *conns_saved;
	size_t nconns_saved, cap_conns_saved;
	struct desk_saved_console *consoles_saved;
	size_t nconsoles_saved, cap_consoles_saved;
	struct desk_began began;
};

/* Grows *array (of structs of this size) for `need` of them.  Returns 0 or
 * -ENOMEM. */
int desk_grow(void *array, size_t *cap, size_t need, size_t size);

/* Memory for this many more, so that what follows cannot fail.  Returns 0 or
 * -ENOMEM. */
int desk_reserve(struct desk *d, size_t events, size_t effects);

/* Numbers the event, applies it to the session (NULL: none), and sees to it
 * that operators are told.  Returns its index. */
size_t desk_emit(struct desk *d, struct desk_session *s, struct ev_event ev,
    struct desk_time now);

/* The round looks at the session: it is kept or put back with it. */
void desk_round_touch(struct desk *d, struct desk_session *s);

/* Puts back what the events of this round have changed. */
void desk_round_restore(struct desk *d);

/* Forgets all that the round has gathered. */
void desk_round_forget(struct desk *d);

/* ---- retract.c ---- */

/* For desk_retract(): this connection as it is now. */
void desk_conn_save(struct desk *d, struct desk_conn *c);

void desk_console_save(struct desk *d, struct desk_console *con);

/* ---- wake.c ---- */

/* When time next changes something about the session; after each event of it,
 * and whatever else that depends on. */
void desk_wake_update(struct desk *d, struct desk_session *s);
/* When one that left is closed; DW_NEVER. */
int64_t desk_expires_ms(const struct desk *d, const struct desk_session *s);

/* When that is, for desk_deadline(). */
void desk_wakes_schedule(struct desk *d, struct desk_time now);

/* ---- queue.c ---- */

/* An event of a session: what its customer is to be told of it.  since_ms: it
 * was in line before, since then; DW_NEVER: it was not. */
void desk_queue_note(struct desk *d, struct desk_session *s, size_t event,
    int64_t since_ms, struct desk_time now);
/* The same for what a customer in line mode said. */
void desk_queue_said(struct desk *d, struct desk_session *s, size_t event);
/* When its customer may next have to be told its place, on the steady clock;
 * DW_NEVER. */
int64_t desk_queue_wake_ms(const struct desk *d, const struct desk_session *s);
void desk_queue_settle(struct desk *d, struct desk_session *s,
    struct desk_time now);
/* The first in line may be another one than before. */
void desk_queue_settle_head(struct desk *d, struct desk_time now);
/* What a classic client reads when there is no answer for long. */
void desk_queue_holding(const struct desk_round *r, const struct desk_conn *c,
    char *buf, size_t size);
/* As customers see this operator. */
const char *desk_shown_name(const struct desk *d, const char *who);
/* Effects. */
void desk_queue_received(const struct desk_round *r,
    const struct desk_effect *fx);
void desk_queue_look(const struct desk_round *r, const struct desk_effect *fx);
void desk_queue_next(const struct desk_round *r, const struct desk_effect *fx);
void desk_queue_again(const struct desk_round *r, const struct desk_effect *fx);
void desk_queue_taken(const struct desk_round *r, const struct desk_effect *fx);

/* ---- estimate.c ---- */

/* Somebody who waited since then, on the steady clock, is in line no more. */
void desk_estimate_note(struct desk *d, int64_t since_ms, struct desk_time now);
void desk_estimate_add(const struct desk_round *r,
    const struct desk_effect *fx);
/* How long the last ones waited, with a space before it; or "". */
void desk_estimate_text(const struct desk *d, struct desk_time now, char *buf,
    size_t size);

/* ---- quiet.c ---- */

void desk_quiet_note(struct desk_session *s, const struct ev_event *ev);
int64_t desk_quiet_wake_ms(const struct desk *d, const struct desk_session *s);
void desk_quiet_settle(struct desk *d, struct desk_session *s,
    struct desk_time now);
void desk_quiet_warn(const struct desk_round *r, const struct desk_effect *fx);

/* ---- same.c ---- */

int desk_command_same(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);
int desk_command_earlier(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);
int desk_command_name(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);
int desk_command_reopen(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);
int desk_decide_reopen(struct desk *d, const struct desk_request *rq,
    struct desk_time now);

/* Facts of the journal, whose steady clock was another one. */
void desk_date_back(struct ev_session *f, struct desk_time now);

/* ---- bans.c ---- */

int desk_bans_replay(struct desk *d, const struct ev_event *ev);
void desk_bans_begin(struct desk *d, struct desk_time now);
void desk_bans_fini(struct desk *d);
/* The round is stored, or is not. */
void desk_bans_keep(struct desk *d);
void desk_bans_restore(struct desk *d);
/* The ban of a connection with this address; NULL: it may come. */
const struct desk_ban *desk_ban_of(const struct desk *d, const char *addr,
    struct desk_time now);
int desk_command_ban(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);
int desk_command_unban(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);
int desk_command_bans(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);
/* Those who are to be banned for their floods. */
void desk_floods_settle(struct desk *d, struct desk_time now);
void desk_flood_count(const struct desk_round *r, const struct desk_effect *fx);
void desk_flood_banned(const struct desk_round *r,
    const struct desk_effect *fx);

/* ---- duty.c ---- */

#define DESK_NOBODY_MAX 400
#define DESK_WHEN_MAX   100

/* A moment to come, by the clock on the wall: "at 13:30" on the same day. */
void desk_when_text(int64_t ms, struct desk_time now, char buf[DESK_WHEN_MAX]);

/* Nobody is there who would read what it writes.  A conversation that somebody
 * has goes on when the desk closes.  s may be NULL. */
bool desk_is_left_alone(const struct desk *d, const struct desk_session *s,
    struct desk_time now);

/* That nobody is on duty, and when somebody will be.  said: its message is
 * kept, instead of what it may write. */
void desk_nobody_text(const struct desk *d, bool said, struct desk_time now,
    char *buf, size_t size);
void desk_fx_nobody(struct desk *d, struct desk_conn *c, bool said,
    struct desk_time now);

/* ---- people.c ---- */

int desk_decide_attach(struct desk *d, const struct desk_request *rq,
    struct desk_time now);
int desk_decide_detach(struct desk *d, const struct desk_request *rq,
    struct desk_time now);
int desk_decide_look(struct desk *d, const struct desk_request *rq,
    struct desk_time now);

/* A key was pressed there, or something asked: nobody is idle who does. */
void desk_person_acted(struct desk *d, const char *who, struct desk_time now);
void desk_console_active(struct desk *d, struct desk_console *con,
    struct desk_time now);
/* Who has not pressed a key for long is away, and somebody who does is back:
 * notices it, and makes the events. */
void desk_notice_idle(struct desk *d, struct desk_time now);
void desk_settle_people(struct desk *d, struct desk_time now);

/* The operator of that name; NULL: nobody of that name is at a console, owns a
 * session or is offered one. */
struct desk_person *desk_person_find(const struct desk *d, const char *name);
/* The same, made if there is none.  NULL: no memory. */
struct desk_person *desk_person_get(struct desk *d, const char *name);
/* The one whose name text begins with, and *rest is what follows; NULL. */
struct desk_person *desk_person_named(const struct desk *d, const char *text,
    const char **rest);
void desk_people_begin(struct desk *d, struct desk_time now);
void desk_people_fini(struct desk *d);
void desk_people_reconfigure(struct desk *d);
/* The round is stored; is not; is over, and whoever is neither at a console nor
 * has a session is forgotten. */
void desk_people_keep(struct desk *d);
void desk_people_undo(struct desk *d);
void desk_people_sweep(struct desk *d);
/* For desk_retract(). */
void desk_people_restore(struct desk *d);

bool desk_is_present(const struct desk *d, const char *who);
int desk_command_away(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);
int desk_command_back(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);
int desk_command_who(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);
int desk_command_msg(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);

/* Is somebody there to answer?  now: the hours count, too. */
bool desk_on_duty(const struct desk *d, struct desk_time now);

/* ---- count.c ---- */

/* What is stored of it may have changed; it goes out of memory. */
void desk_count_again(struct desk *d, struct desk_session *s);
void desk_uncount(struct desk *d, struct desk_session *s);

/* ---- stop.c ---- */

#define DESK_STOP_TEXT 512

/* Nobody new is let in; and what such a one is told. */
bool desk_is_closing(const struct desk *d);
const char *desk_closing_text(const struct desk *d);

/* What holds; "" for a desk that goes on. */
void desk_stop_text(const struct desk *d, struct desk_time now,
    char buf[DESK_STOP_TEXT]);
int desk_command_stop(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);
void desk_stop_change(const struct desk_round *r, const struct desk_effect *fx);
void desk_stop_tick(const struct desk_round *r);
/* For desk_deadline(). */
int64_t desk_stop_due(const struct desk *d);

/* ---- claims.c ---- */

/* "12 s", "3 min", "2 h 05 min"; returns buf. */
#define DESK_SPAN_SIZE 64
const char *desk_span(char buf[DESK_SPAN_SIZE], int64_t ms);

/* Somebody else than its owner, or nobody, answers it now, or it is offered to
 * another: whatever changes its facts calls this. */
void desk_claim_update(struct desk *d, struct desk_session *s);
/* Where it stands among those of its owner. */
void desk_own_update(struct desk_session *s);
/* Those of whom these facts speak are known here, before they are a session's.
 * Returns 0 or -ENOMEM. */
int desk_claim_know(struct desk *d, const struct ev_session *f);
void desk_claim_forget(struct desk *d, struct desk_session *s);

/* When time next ends something about its claim, and that end. */
int64_t desk_claim_wake_ms(const struct desk *d, const struct desk_session *s);
void desk_claim_settle(struct desk *d, struct desk_session *s,
    struct desk_time now);

/* Is the session a colleague's? */
bool desk_claim_is_others(const struct desk_session *s, const char *who);
/* who answers it from now on.  Returns 0; -ENOMEM, and nothing has happened. */
int desk_claim(struct desk *d, const struct desk_request *rq,
    struct desk_session *s, const char *why, struct desk_time now);
/* What was wanted of a session that is a colleague's. */
enum desk_wanted { DESK_WANTED_TEXT, DESK_WANTED_CLAIM, DESK_WANTED_END };
/* "3 has been ann's for 12 s; " and what to do.  NULL: no memory. */
char *desk_claim_text(const struct desk_session *s, enum desk_wanted wanted,
    struct desk_time now);
/* The sentence when there is none. */
extern const char desk_taken[];
/* Refuses it as taken. */
int desk_claim_refuse(struct desk *d, const struct desk_request *rq,
    const struct desk_session *s, enum desk_wanted wanted,
    struct desk_time now);

int desk_decide_types(struct desk *d, const struct desk_request *rq,
    struct desk_time now);
int desk_decide_next(struct desk *d, const struct desk_request *rq,
    struct desk_time now);
int desk_command_take(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);
int desk_command_steal(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);
int desk_command_release(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);
int desk_command_keep(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);
int desk_command_transfer(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);
int desk_command_decline(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);

/* ---- notes.c: what operators tell each other ---- */

int desk_decide_note(struct desk *d, const struct desk_request *rq,
    struct desk_time now);
int desk_command_note(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);
int desk_command_whisper(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);

/* ---- reply.c, keys.c ---- */

/* A request with a key that is known: it gets its first answer again.  Returns
 * whether it was one. */
bool desk_answered_before(struct desk *d, const struct desk_session *s,
    const struct desk_request *rq);
/* Refuses one with a key, unless the journal has it. */
struct desk_effect *desk_refuse_keyed(struct desk *d,
    const struct desk_session *s, const struct desk_request *rq,
    enum ev_code code, const char *text);
/* Why this is no text to send or to write down; EV_CODE_OK. */
enum ev_code desk_text_refusal(const struct desk *d, const char *text,
    size_t len, const char **why);

/* The same for one that may be left out. */
enum ev_code desk_reason_refusal(const struct desk *d, const char *text,
    const char **why);

int desk_decide_reply(struct desk *d, const struct desk_request *rq,
    struct desk_time now);

/* The reply of this session with this key; NULL: none that is known here.
 * s may be NULL. */
const struct desk_keyed *desk_keys_find(const struct desk_session *s,
    const struct ev_key *key);
/* May the journal know a key of session sid that is not known here? */
bool desk_keys_may_be_older(const struct desk *d, const struct desk_session *s,
    uint64_t sid);
/* A reply is one more of its session, or a note, or somebody claims it.  Cannot
 * fail: where there is no memory for a key, the journal knows it. */
void desk_keys_note(const struct desk *d, struct desk_session *s,
    const struct ev_event *ev);
/* Takes out the keys of what is not stored after all. */
void desk_keys_restore(const struct desk *d, struct desk_session *s);
/* The last reply by another console than this key's, or the last note or claim
 * by somebody else than who, if it is later than `seen`; 0: there is none. */
uint64_t desk_keys_unseen(const struct desk_session *s,
    const struct ev_key *key, const char *who, uint64_t seen);

/* ---- charset.c ---- */

/* The event that its customer writes in cs.  who: the operator who says so, or
 * "". */
void desk_charset_set(struct desk *d, struct desk_session *s, const char *who,
    const struct dw_charset *cs, struct desk_time now);
/* A message comes that is not UTF-8, and nobody has said what it is: then it is
 * what the desk was told to take it for. */
void desk_charset_notice(struct desk *d, struct desk_session *s,
    const char *text, size_t len, struct desk_time now);
/* Nothing is sent that would not arrive as it was typed: has the request been
 * refused because the encoding cannot write its text? */
bool desk_charset_refuses(struct desk *d, const struct desk_request *rq,
    const struct dw_charset *cs, const char *text, size_t len);
/* /charset, as customers and as operators say it. */
void desk_visitor_charset(struct desk *d, const struct desk_request *rq,
    const char *arg, size_t len, struct desk_time now);
int desk_command_charset(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);

/* A session for this connection, with its first event.  NULL: no memory. */
struct desk_session *desk_session_begin(struct desk *d, struct desk_conn *c,
    struct desk_time now);
struct desk_session *desk_session_find(struct desk *d, uint64_t sid);

/* One in memory, with this number; NULL: no memory. */
struct desk_session *desk_session_new(struct desk *d, uint64_t sid);
/* Its memory, of one that is on no list. */
void desk_session_free(struct desk_session *s);
/* Takes it out of memory. */
void desk_session_forget(struct desk *d, struct desk_session *s);

/* Why an operator can do nothing with what desk_session_find() gave for sid;
 * EV_CODE_OK when it is neither closed nor unknown. */
enum ev_code desk_session_refusal(const struct desk *d,
    const struct desk_session *s, uint64_t sid, const char **text);

/* Is its conversation still going on?  s may be NULL. */
bool desk_session_is_open(const struct desk_session *s);

/* There is something to settle about it, now. */
void desk_notice(struct desk *d, struct desk_session *s);

/* The customer's machine has so many of the bytes that were put; perhaps that
 * is all replies. */
void desk_notice_taken(struct desk *d, struct desk_conn *c, uint64_t taken,
    struct desk_time now);

/* The event for replies that arrived there, if there is one to tell. */
void desk_settle_sent(struct desk *d, struct desk_session *s,
    struct desk_time now);

/* Its customer is not connected any more, or has said goodbye: it has left if
 * something is owed to it, and is closed otherwise. */
void desk_settle_gone(struct desk *d, struct desk_session *s, const char *why,
    struct desk_time now);

/*
 * Ends the conversation and says goodbye to the customer.  An operator (who)
 * closes the session with that; by the customer, or the desk (who is empty),
 * it is closed if nothing is owed to the customer, and else it has left.  who
 * and why stay until published.
 */
void desk_session_end(struct desk *d, struct desk_session *s, const char *who,
    const char *why, const char *bye, struct desk_time now);

/* What a customer is told whose message was not stored; untranslated. */
extern const char desk_sorry[];

/* All that was put went out: an ended customer may linger from now on. */
void desk_notice_empty(struct desk *d, struct desk_conn *c,
    struct desk_time now);

/* ---- speak.c: one customer's connection ---- */

/* Time may have to change something about it at another time than before; of one
 * that has disconnected nothing. */
void desk_conn_schedule(struct desk *d, struct desk_conn *c);

/* Puts text; n: the reply that ends with it, 0 for what is none. */
void desk_conn_put(const struct desk_round *r, struct desk_conn *c,
    const struct desk_say *say, uint64_t n);

/* The same, when a classic client's turn comes; who NULL: the desk itself. */
void desk_conn_say(const struct desk_round *r, struct desk_conn *c,
    const char *who, const char *text, size_t len, uint64_t n);

/* Puts what a classic client may have by now. */
void desk_conn_pump(const struct desk_round *r, struct desk_conn *c);
void desk_conn_greet(const struct desk_round *r, struct desk_conn *c);

/* From the gentle to the rude: goodbye and the end mark, the end mark, no
 * more in either direction. */
void desk_conn_bye(const struct desk_round *r, struct desk_conn *c,
    const char *text);
void desk_conn_end(const struct desk_round *r, struct desk_conn *c);
void desk_conn_cut(const struct desk_round *r, struct desk_conn *c);

/* Its time to linger is over. */
void desk_conn_expire(const struct desk_round *r, struct desk_conn *c);

/* ---- line.c ---- */

/* The line of the customers who are connected and wait for an answer, by whose
 * oldest unanswered message came first: how many they are, and the place of this
 * one, from 1; 0 when it does not wait.  s may be NULL. */
struct desk_place {
	unsigned at, of;
};
struct desk_place desk_place(const struct desk *d,
    const struct desk_session *s);

/* Does it wait for an answer, and is there to read it? */
bool desk_waits_here(const struct desk_session *s);

/* It may wait in line now, or may not any more.  s may be NULL. */
void desk_line_update(struct desk *d, struct desk_session *s);

/* ---- sids.c ---- */

/* Returns 0 or -ENOMEM. */
int desk_sids_add(struct desk_sids *t, uint64_t sid, struct desk_session *s);
void desk_sids_del(struct desk_sids *t, uint64_t sid);
struct desk_session *desk_sids_find(const struct desk_sids *t, uint64_t sid);
void desk_sids_fini(struct desk_sids *t);

/* ---- left.c ---- */

int desk_left_init(struct desk *d);
void desk_left_fini(struct desk *d);

/* It may be nobody's now, or may be somebody's. */
void desk_left_update(struct desk *d, struct desk_session *s);

/* It is on the list as one that left; more than once is fine.  Takes none out
 * of memory: desk_left_bound() does. */
void desk_left_add(struct desk *d, struct desk_session *s);
void desk_left_del(struct desk *d, struct desk_session *s);

/* An effect: one that was off it is known again. */
void desk_left_again(const struct desk_round *r, const struct desk_effect *fx);

/* Takes the surplus off the list.  r is NULL while the desk is rebuilt. */
void desk_left_bound(struct desk *d, const struct desk_round *r);

/* Tells how many have gone off it. */
void desk_left_tell(const struct desk_round *r);

/* ---- effects.c ---- */

/* A row for the effects; desk_reserve() has seen to its memory.  Every
 * constructor returns it, for the caller to add to. */
struct desk_effect *desk_effect_add(struct desk *d, enum desk_fx kind);
struct desk_effect *desk_fx_conn(struct desk *d, enum desk_fx kind,
    struct desk_conn *c);
struct desk_effect *desk_fx_text(struct desk *d, enum desk_fx kind,
    struct desk_conn *c, const char *text, size_t len);
struct desk_effect *desk_fx_say(struct desk *d, struct desk_conn *c,
    const char *sentence);
struct desk_effect *desk_fx_bye(struct desk *d, enum desk_fx kind,
    struct desk_conn *c, const char *text);
struct desk_effect *desk_fx_answer(struct desk *d,
    const struct desk_request *rq, enum ev_code code, const char *text);
/* The same, unless the journal has a reply with the request's key. */
struct desk_effect *desk_fx_find_reply(struct desk *d,
    const struct desk_request *rq, enum ev_code code, const char *text);
/* A receipt for the next row of this connection, if it wants them. */
void desk_fx_receipt(struct desk *d, struct desk_conn *c, bool refused);
/* Answers with a refusal; returns 0, as desk_decide() does. */
int desk_refuse(struct desk *d, const struct desk_request *rq,
    enum ev_code code, const char *text);
/* Only somebody of this role may do it. */
int desk_refuse_role(struct desk *d, const struct desk_request *rq,
    enum ev_role role);
struct desk_effect *desk_fx_done(struct desk *d, const struct desk_request *rq);
struct desk_effect *desk_fx_deliver(struct desk *d, struct desk_session *s,
    size_t event);
struct desk_effect *desk_fx_past(struct desk *d, const struct desk_request *rq,
    const struct ev_past *past);

void desk_effects_publish(const struct desk_round *r, enum desk_fx_when when);
void desk_effects_undo(const struct desk_round *r);

/* Drops them with what they own. */
void desk_effects_free(struct desk *d);

/* ---- datagrams.c ---- */

int desk_decide_datagram(struct desk *d, const struct desk_request *rq,
    struct desk_time now);
int desk_command_udp(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);
/* The events for answers over UDP that went out, or could not. */
void desk_settle_udp_sent(struct desk *d, struct desk_time now);
/* Effects. */
void desk_peer_heard(const struct desk_round *r, const struct desk_effect *fx);
void desk_send_datagram(const struct desk_round *r,
    const struct desk_effect *fx);
/* The round is stored, or is not. */
void desk_datagrams_keep(struct desk *d);
void desk_datagrams_restore(struct desk *d);

/* ---- tally.c ---- */

void desk_tallies_init(struct desk *d);

/* Something was counted: it is told soon, but not too often. */
void desk_tally_count(struct desk *d, enum desk_tally_kind kind,
    struct desk_time now);
int desk_decide_dropped(struct desk *d, const struct desk_request *rq,
    struct desk_time now);
/* What waits to be told is due now. */
void desk_tallies_hurry(struct desk *d, struct desk_time now);
/* When the next one is due; DW_NEVER. */
int64_t desk_tallies_due(const struct desk *d);
/* Tells those that are due. */
void desk_tallies_tick(const struct desk_round *r);

/* "90s", "10m", "2h" or "7d", no longer than max_s.  Returns the seconds; 0: it
 * is none. */
int64_t desk_parse_span(const char *text, size_t len, int64_t max_s);

/* The open session that arg names; NULL after answering why not. */
struct desk_session *desk_command_session(struct desk *d,
    const struct desk_request *rq, const char *arg);
/* The same for the first word of arg; *rest is what follows it. */
struct desk_session *desk_command_session_of(struct desk *d,
    const struct desk_request *rq, const char *arg, const char **rest);
/* Answers with a text that was allocated, which is the answer's from here on;
 * where it is NULL, with `otherwise`. */
struct desk_effect *desk_fx_answer_owned(struct desk *d,
    const struct desk_request *rq, enum ev_code code, char *text,
    const char *otherwise);

/* ---- strangers.c ---- */

int desk_decide_stranger(struct desk *d, const struct desk_request *rq,
    struct desk_time now);
int desk_command_visitors(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now);
/* This connection is a customer's after all; it need not be on the list. */
void desk_strangers_forget(struct desk *d, struct desk_conn *c);
/* Tells how many came since the last time. */
void desk_strangers_tell(const struct desk_round *r);

/* A customer's own command: "/name Anna".  Returns false when it is none. */
bool desk_visitor_command(struct desk *d, const struct desk_request *rq,
    struct desk_time now);

/* Tells a customer whose message is nothing but a word like quit, which somebody
 * may mean as it stands, what the command is. */
void desk_visitor_hint(struct desk *d, const struct desk_request *rq);

#endif
