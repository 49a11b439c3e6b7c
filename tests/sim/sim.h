/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The simulator: the pure desk among customers, operators, time and a journal
 * that sometimes fails, all chosen by one seed.  Everything here is a model of
 * what surrounds the desk, written without looking at how the desk works.
 * Among it are the consoles: they lose their links and come back, paint late
 * what others have answered, and send again what was not answered.
 *
 * A step is one round of the desk.  What breaks a promise calls sim_fail(),
 * which prints the seed and the last steps and ends the program.
 */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "desk/desk.h"

#define CONNS         20 /* customers at once */
#define OPERATORS     5
#define CONSOLES      7 /* two operators have two */
#define LETTERS       8 /* of one console */
#define LATES         8 /* of all */
#define PEERS         4 /* who write over UDP */
#define HOSTS         4 /* where customers come from */
#define BATCH         20
#define TRACE_ROWS    30
#define TRACE_COLUMNS 600
#define QUEUE         2 /* messages on their way: a worker's nodes */
#define GIVES_UP_NS   (60 * INT64_C(1000000000))
#define OFFER_MS      60000 /* so long an offer stands */
#define RESERVED_MS   30000 /* so long somebody is reserved */
#define PICKUPS       20    /* that an estimate is made of */
#define WAITS         64
#define EXPECTED      2 /* events of one request */
#define BANS          64
#define REOPENS       4
#define SECRET        "ZZ" /* it is in all that no customer may see */

struct world;

/* Where the world stands: what the sink may be asked to do depends on it. */
enum phase { IDLE, DECIDE, PUBLISH, UNDO, TICK };

/* What is typed by operators and must come out, and how far it has. */
struct stream {
	struct dw_buf want; /* without LF and U+2060 */
	struct dw_buf ends; /* size_t: where reply 1, 2, … ends */
	struct dw_buf puts; /* uint64_t: outbox offset of each */
	size_t at;          /* of want, seen so far */
	char line[160];     /* the desk's own line, so far */
	size_t nline;
};

/* The tutorial's client: writes, then reads once. */
enum peer_state { HELLO, READING, TYPING, DONE };

struct peer {
	enum peer_state state;
	int64_t since_ns; /* READING */
	char unread[4096];
	size_t nunread;
};

struct message {
	char *text;
	size_t len;
	bool plain;  /* is to become a said event */
	size_t skip; /* of its bytes that are not said */
};

/* What a customer in line was told of its place. */
struct told_place {
	unsigned at;       /* 0: nothing since it waits */
	uint64_t since;    /* the words it waits for an answer to */
	int64_t told_ms;   /* then, steady, */
	int64_t push_ms;   /* and by itself then; 0: never */
	unsigned seen;     /* what it was after the last round, */
	int64_t seen_ms;   /* since then */
	int64_t lower_ms;  /* its place is another since then; 0: it is not, */
	int64_t untold_ms; /* it was told none since then; 0: it was */
	bool off;          /* or was when nobody was on duty */
};

struct customer {
	struct desk_conn *c; /* NULL: a free slot */
	enum ev_mode mode;
	uint64_t sid; /* 0: no stored session yet */
	bool opened, eof, reset, leaving;
	bool opening;    /* not yet let in, or refused */
	bool slow;       /* its socket keeps what is put */
	bool ended, cut; /* by the desk */
	bool may_end;    /* there is a reason to say quit */
	bool may_cut;    /* there is a reason to cut it off */
	bool closed;     /* its session is */
	bool thrown_out; /* it is banned, if that is stored */
	bool said_quit;  /* an operator typed just quit */
	bool unsure;     /* whose quit came last */
	int64_t ended_ns, closed_ns;
	uint64_t put, left;  /* bytes into and out of its outbox, */
	uint64_t told;       /* … and of which the desk knows */
	uint64_t taken;      /* of what left, with its machine, */
	uint64_t known;      /* … and of which the desk knows, */
	uint64_t known_last; /* … when its worker let go of it */
	struct message queue[QUEUE];
	unsigned nqueue;
	struct stream stream;
	struct peer peer;
	struct told_place place;
};

/* A text that a console is not done with: it waits for its answer, or was
 * refused. */
struct letter {
	char *text;
	uint64_t sid, seen;
	struct ev_key key;
	bool draft; /* refused */
	bool sent;  /* over this link, and not answered */
	bool note;  /* for operators only */
};

struct console {
	char name[16];             /* of its operator */
	struct desk_console *desk; /* what the desk has of it; NULL: nothing */
	bool busy, on;             /* busy: coming or going */
	bool lost;                 /* its link: nothing comes any more */
	unsigned link;             /* the number of it */
	uint64_t seen;             /* the last event */
	uint64_t self; /* the first half of its keys, while it lives */
	uint64_t drawn;
	struct letter letters[LETTERS];
	unsigned nletters;
	uint64_t picked; /* by NEXT: it has reserved that one, */
	uint64_t works;  /* it has had a key for that one */
};

/* What is read from a link that its console has given up already. */
struct late {
	struct console *con;
	char *text;
	uint64_t sid, seen;
	struct ev_key key;
	bool note;
};

/*
 * The team, as the desk should have it in memory alone.  Where a failing journal
 * leaves open when the desk notices something there are two bounds: what is so
 * for sure, and what may be.
 */
struct seat {
	bool on;
	int64_t keys_lo, keys_hi; /* its last key: for sure, perhaps */
	uint64_t reserved;        /* this session, */
	int64_t reserved_ms;      /* until then */
	uint64_t passed; /* it went from those in line up to this one, by when
	                  * they wait, to those who left */
};

struct person {
	unsigned consoles;
	bool away;        /* it said so, */
	bool stored;      /* and that is stored */
	bool told;        /* the last stored event says that it is away */
	int64_t acted_ms; /* it asked for something without a console, last */
	int64_t left_ms;  /* its last console went then, */
	int64_t came_ms;  /* and its first one came */
};

struct team {
	struct seat seats[CONSOLES];
	struct person people[OPERATORS];
};

/* An event that a request should bring, of the one who asks. */
struct expected_event {
	enum ev_kind kind;
	uint64_t sid, n;
	const char *why; /* NULL: whatever */
};

/* FINE_OR_NOT: both are fine, but with these events only if it is done. */
enum fate { UNSURE, REFUSED, FINE, FINE_OR_NOT };

struct expected {
	enum fate fate;
	enum ev_code code; /* REFUSED: with this one; 0: with any */
	struct expected_event evs[EXPECTED];
	unsigned nevs;
	char why[16]; /* for one of these */
	bool is_next; /* this is the answer: */
	uint64_t sid; /* that session, */
};

struct request {
	struct desk_request rq;
	struct customer *cu;
	struct console *con;
	unsigned link;          /* of its console; 0: it is gone */
	struct message message; /* bytes live until the answer */
	char *who;
	bool over;       /* its customer's session had ended */
	bool unattended; /* SAID: nobody was on duty */
	bool stored;     /* its event was */
	bool answered;
	enum ev_code code;
	struct expected expected;
	bool late;               /* OPENED: the desk lets nobody new in */
	bool banned, not_banned; /* OPENED: one of both, if that is sure */
	bool last;               /* DETACH: its person has no other console */
	uint64_t claim_seq;      /* its claim is this event, */
	bool picks;              /* its claim takes it out of the line */
	bool mine;               /* its session is of who asks, */
	bool owned;              /* its session is of another: at that moment */
	bool unclear; /* nobody can tell whether somebody was on duty */
	struct ev_session facts; /* REOPEN */
	int peer;                /* NOTE, udp: which; -1: none that is known */
	int named;               /* udp: whom it names; -1: nobody */
	bool udp;                /* a command that answers a datagram */
	uint64_t datagrams;      /* ATTACH, stored: missed until then */
};

/* What must be remembered of one who writes over UDP. */
struct udp_peer {
	char addr[EV_ADDR_SIZE];
	char route[DESK_ROUTE_SIZE];
	int64_t heard_ns; /* 0: never */
	bool left;        /* and then it said quit */
};

/* An answer that was handed out, and what became of it. */
struct udp_out {
	uint64_t seq;
	const char *why;
};

/* A stored reply. */
struct replied {
	struct ev_key key;
	uint64_t seq, n;
	uint64_t step;            /* when it was stored, */
	const struct request *by; /* and by which request of that step */
	char who[16];
	enum ev_kind kind; /* a claim is here, too: it may make one stale */
};

/* What the stored events say of a session; our own reading of event.h. */
struct session {
	struct replied *replies;
	size_t nreplies, cap_replies;
	uint64_t last;              /* its last event, */
	uint64_t shown;             /* and the last one that was shown */
	uint64_t painted[CONSOLES]; /* by each console: all up to this */
	struct ev_session f;
	int64_t spoke_ms;         /* the last words of either side, */
	int64_t heard_ms;         /* and when something was last heard of it */
	int64_t warned_ms;        /* its owner heard that the lease ends then */
	char accepted[16];        /* who had it last from a colleague */
	int64_t keys_lo, keys_hi; /* its owner's last key in a text for it */
	struct customer *cu;
	uint64_t put_n;    /* replies wholly put */
	uint64_t sent_n;   /* replies that had left when its
	                  * customer went, and it was over */
	uint64_t left_n;   /* replies that had left by then, whether or not
	                  * the desk knew it */
	bool unsure;       /* nobody can tell what had */
	uint64_t left_seq; /* its place among those who left */
	bool forgotten;    /* unlisted before the desk knew all of it */
	bool unlisted;     /* too many left: the desk does not know it */
};

struct stored {
	struct ev_event ev;
	char *bytes; /* all its strings and its body */
};

struct store {
	struct stored *evs;
	size_t n, cap;
	uint64_t seq, sid;        /* last ones used */
	uint64_t datagrams;       /* missed by all operators */
	uint64_t unlisted;        /* in this life of the desk */
	uint64_t untold;          /* of which no operator was told */
	int64_t began_ms;         /* when that life began, steady, */
	uint64_t born;            /* and the last event before it */
	struct session *sessions; /* [sid - 1] */
	size_t cap_sessions;
	uint64_t *live; /* those that are not closed, nor off the list, by
	                 * their numbers */
	size_t nlive, cap_live;
};

/* A stored ban. */
struct ban {
	char addr[EV_ADDR_SIZE];
	int64_t until_ms; /* by the wall clock, */
	uint64_t seq;     /* by an operator: its event */
	bool over; /* it was, before somebody set the wall clock back: the desk
	            * may have forgotten it */
};

/* How often somebody at an address was too fast. */
struct flood {
	unsigned n;
	int64_t last_ms, ban_s;  /* the last one, and the last ban */
	int64_t owed_s, owed_ms; /* such a ban is to come, since then, */
	int64_t perhaps_s;       /* or not, as another one was longer */
};

/* That the desk is to stop when it is empty. */
struct stop {
	int64_t at_ms; /* from then on, by the wall clock; 0: it goes on */
	bool begun, over;
	uint64_t clocks; /* so often that clock had been set */
	/* By the command that is to be answered next. */
	bool told, told_closing, told_none;
};

struct counts {
	uint64_t events, undone, restarts, crashes, drains, replies, refused,
	    shown, holding, chunks, unasked, kept, full, cut, ended, expired,
	    gone, eofs, attached_undone, past, quits, names, sent, datagrams,
	    missed, answers, refused_answers, unsent, unlisted, off_host,
	    list_full, closed_left, retracted, doubles, found, not_found,
	    known_undone, stale, stale_undone, lost_links, lost_requests, lates,
	    late_stored, resent, missed_replies, killed, drafts, drafts_sent,
	    thrown_away, again, raw, busy, clocks, taken;
	/* Of the team. */
	uint64_t claims[4], frees[4], offers, declined[3], keeps, notes,
	    note_letters, msgs, aways, idles, backs, denied, nexts, nobody,
	    from_left, reopened, bans, flood_bans, banned, sames, names_given,
	    warned, places, pushes, estimates, hours, owners, stops,
	    stops_cancelled, stops_refused;
};

/* What happens less than ten times in 100,000 steps. */
struct rare_counts {
	uint64_t drafts_done, unbans, quiet, stops_begun, stops_done;
};

struct world {
	uint64_t seed, rng, step;
	bool trace;
	struct desk *desk;
	struct desk_config config;
	uint64_t longest_ms;      /* nothing happens for so long */
	struct desk_hours *hours; /* of every second run */
	struct desk_time now;
	enum phase phase;
	struct store store;
	size_t published; /* of store.evs */
	struct customer customers[CONNS];
	struct console consoles[CONSOLES];
	struct late lates[LATES];
	unsigned nlates;
	struct team team, before; /* the same, when the round began */
	bool on_all_along;    /* and somebody was on duty for sure ever since */
	int64_t bad_ms;       /* when the journal failed last, steady */
	int64_t waits[WAITS]; /* the last ones, in the order of their ends */
	unsigned nwaits, fresh_waits; /* of which in this round */
	unsigned told_waits;          /* and of these the desk told */
	struct ban bans[BANS];
	unsigned nbans;
	struct flood floods[HOSTS];
	uint64_t before_seq;       /* the last event before this round */
	uint64_t reopens[REOPENS]; /* to be asked for next, */
	int reopens_by[REOPENS];   /* by these consoles */
	unsigned nreopens;
	uint64_t selves; /* last one used */
	struct udp_peer peers[PEERS];
	struct udp_out out[BATCH]; /* of which no event has told yet */
	unsigned nout;
	struct request batch[BATCH];
	unsigned nbatch;
	unsigned failing; /* so many rounds more */
	bool calm;        /* nothing fails and nobody comes */
	bool quitting, draining, drained;
	struct stop stop;
	uint64_t uid, token; /* last ones used */
	struct counts counts;
	struct rare_counts rare;
	char rows[TRACE_ROWS][TRACE_COLUMNS];
};

/* sim.c */
void sim_fail(const struct world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));
void sim_note(struct world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* random.c: 0 … n-1; true once in n. */
uint64_t sim_random(struct world *w, uint64_t n);
bool sim_once_in(struct world *w, uint64_t n);

/* store.c: commit takes the round's events over as one transaction. */
void store_commit(struct world *w, const struct ev_event *evs, size_t n);
/* Does a unique index refuse them? */
bool store_refuses(struct world *w, const struct ev_event *evs, size_t n);
/* The stored reply of this session with this key; NULL. */
const struct replied *store_reply(struct world *w, uint64_t sid,
    const struct ev_key *key);
/* Does this one make no text of the one who asks stale? */
bool store_is_own(const struct replied *r, const struct request *q);
/* The last stored reply, note or claim that does, and that is later than what
 * the one who asks has seen; NULL. */
const struct replied *store_unseen(struct world *w, uint64_t sid,
    const struct request *q);
void store_fini(struct store *st);
struct session *store_session(struct world *w, uint64_t sid);
/* Its customer goes. */
void store_let_go(struct session *s);
/* Is it noted, or will be soon, that the last reply arrived at a customer's
 * machine, where the desk knows it? */
void store_check_sent(struct world *w);
/* Is everything noted that left an ended session? */
void store_check_ended(struct world *w);
/* The desk takes this one off its list: was it its turn? */
void store_unlist(struct world *w, uint64_t sid);
/* Does the desk keep to the bounds of its list? */
void store_check_bounds(struct world *w);
/* Does the desk's memory say what the stored events say? */
void store_compare(struct world *w);
/* A desk that knows what the journal knows. */
struct desk *store_restart(struct world *w);

/* udp.c */
void udp_note(struct world *w);
void udp_answer(struct world *w, struct request *q);
/* Whom it answers, as things stand when it is decided. */
void udp_whom(const struct world *w, struct request *q);
void udp_stored(struct world *w, const struct ev_event *ev);
void udp_shown(struct world *w, const struct ev_event *ev);
const char *udp_datagram(void *w, const struct desk_peer *to, const char *text,
    size_t len);
void udp_dropped(void *w);
void no_strangers(void *w, uint64_t n);
void udp_answered(struct world *w, const struct request *q);
void udp_forget(struct world *w);

/* team.c: who is there, and whose a session is. */
/* What the event says of the facts of its session about the team. */
void team_fold(struct ev_session *f, const struct ev_event *ev);
/* What the journal has of a session; NULL. */
const struct session *team_session(const struct world *w, uint64_t sid);
/* The session as it stands while the round is decided; sid 0: there is none. */
struct ev_session team_view(const struct world *w, uint64_t sid);
/* Which operator, and which console of all; -1: no operator. */
int team_number(const char *who);
int team_seat(const struct world *w, const struct console *con);
/* When something is overdue that was due then: the desk may be behind. */
int64_t team_late(const struct world *w, int64_t due_ms);
/* Is somebody at a console who is not away: for sure, perhaps? */
bool team_present(const struct world *w, int person, bool perhaps);
/* Is it for sure that somebody is on duty, or that nobody is? */
bool team_duty(const struct world *w, bool *on);
/* Who is reserved by another console than this one. */
bool team_reserved(const struct world *w, uint64_t sid, int but);
/* Is its customer there, and has not heard goodbye? */
bool team_connected(const struct world *w, const struct ev_session *f);
bool team_in_line(const struct world *w, const struct ev_session *f);
void team_undone(struct world *w);
void team_restart(struct world *w);

/* expect.c: around the decision of a request. */
void expect_before(struct world *w, struct request *q);
void expect_after(struct world *w, struct request *q, size_t before);
/* What the desk has added by itself, at the end of the round. */
void expect_settled(struct world *w, size_t before);
void expect_answered(struct world *w, struct request *q,
    const struct desk_answer *a);

/* lease.c: what time does. */
void lease_stored(struct world *w, struct session *s,
    const struct ev_event *ev);
/* The desk warns him that the lease ends in so many seconds. */
void lease_warned(struct world *w, const char *who, uint64_t sid,
    int64_t left_s);
/* Nothing is overdue after a round that was stored. */
void lease_check(struct world *w);

/* act.c: what operators do beside writing. */
void act(struct world *w, struct console *con);
/* The journal was asked for that session. */
void act_find(struct world *w, const struct request *q, uint64_t sid);
/* And says what it knows. */
void act_found(struct world *w);
uint64_t act_some_session(struct world *w, const struct console *con);

/* hours.c */
extern const char hours_text[];
bool hours_are_open(const struct world *w);
/* When they open next; 0: they are open. */
int64_t hours_open_next(const struct world *w);

/* place.c: what customers are told of the line. */
void place_said(struct world *w, struct customer *cu, const char *text,
    size_t len);
void place_picked(struct world *w, const struct session *s,
    const struct ev_event *ev);
/* The desk says that somebody has waited for so long. */
void place_waited(struct world *w, int64_t ms);
void place_check(struct world *w);

/* stop.c: an operator says it, what becomes of it, and somebody who comes. */
void stop_act(struct world *w, struct console *con, uint64_t sid);
void stop_expect(struct world *w, struct request *q, const char *arg);
void stop_told(struct world *w, bool closing, const char *text);
void stop_answered(struct world *w, const struct request *q,
    const struct desk_answer *a);
void stop_opened(const struct world *w, struct request *q);
void stop_opened_answered(struct world *w, const struct request *q,
    enum ev_code code);
/* The desk stops by itself. */
void stop_quit(struct world *w);
/* Nothing is overdue after a round. */
void stop_check(const struct world *w);

/* ban.c */
void ban_stored(struct world *w, const struct session *s,
    const struct ev_event *ev);
/* Around the decision about somebody who comes. */
void ban_opened(const struct world *w, struct request *q);
void ban_answered(struct world *w, const struct request *q, enum ev_code code);
void ban_decided(struct world *w, const char *net);
/* Does the desk's list say what the stored events say? */
void ban_compare(struct world *w, const struct desk *d);
void ban_note_ended(struct world *w);
void ban_check(struct world *w);
void ban_restart(struct world *w);

/* peer.c */
void stream_add(struct stream *st, const char *text, size_t len);
/* text came out for the customer; fails when it is not what was typed. */
void stream_see(struct world *w, struct customer *cu, const char *text,
    size_t len);
uint64_t stream_whole(const struct stream *st);
void stream_fini(struct stream *st);
bool stream_is_quit(const char *text, size_t len);
void peer_gets(struct world *w, struct customer *cu, const char *bytes,
    size_t len);
void peer_check(struct world *w, const struct customer *cu);

/* console.c */
void console_begin(struct world *w, struct console *con, int number);
struct request *console_push(struct world *w, enum desk_rq rq,
    struct console *con);
struct request *console_command(struct world *w, struct console *con,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
void console_write(struct world *w, struct console *con, uint64_t sid,
    bool note);
void console_acts(struct world *w, struct console *con);
/* Something that was on its way over a lost link arrives. */
void console_late(struct world *w);
/* It is live: what it missed has come. */
void console_attached(struct world *w, struct console *con);
/* An event is shown to all that are live. */
void console_event(struct world *w, const struct ev_event *ev);
void console_answered(struct world *w, struct request *q,
    const struct desk_answer *a);
/* Between two rounds: is each text where it should be? */
void console_check(struct world *w);
/* The desk is gone, and all links with it. */
void console_restart(struct world *w);
void console_fini(struct console *con);
/* The desk has let go of it. */
void console_let_go(struct console *con);

/* sink.c */
extern const struct desk_sink sim_sink;

/* people.c: who does what in this round. */
struct request *people_push(struct world *w, enum desk_rq rq);
char *people_reply_text(struct world *w);
uint64_t people_some_session(struct world *w);
/* Is no console there? */
bool people_unattended(const struct world *w);
void people_gather(struct world *w);
/* One thing that is on its way from each arrives; false: nothing was. */
bool people_flush(struct world *w);
void people_read(struct world *w);
void people_drain(struct world *w);
void people_gone(struct world *w, struct customer *cu);
void people_type(struct world *w, struct customer *cu);

#endif
