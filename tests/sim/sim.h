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
};

/* A text that a console is not done with: it waits for its answer, or was
 * refused. */
struct letter {
	char *text;
	uint64_t sid, seen;
	struct ev_key key;
	bool draft; /* refused */
	bool sent;  /* over this link, and not answered */
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
};

/* What is read from a link that its console has given up already. */
struct late {
	struct console *con;
	char *text;
	uint64_t sid, seen;
	struct ev_key key;
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
	int peer;           /* NOTE, udp: which; -1: none that is known */
	int named;          /* udp: whom it names; -1: nobody */
	bool udp;           /* a command that answers a datagram */
	uint64_t datagrams; /* ATTACH, stored: missed until then */
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
};

/* What the stored events say of a session; our own reading of event.h. */
struct session {
	struct replied *replies;
	size_t nreplies, cap_replies;
	uint64_t last;              /* its last event, */
	uint64_t shown;             /* and the last one that was shown */
	uint64_t painted[CONSOLES]; /* by each console: all up to this */
	struct ev_session f;
	struct customer *cu;
	uint64_t put_n;  /* replies wholly put */
	uint64_t sent_n; /* replies that had left when its
	                  * customer went, and it was over */
	uint64_t left_n; /* replies that had left by then, whether or not
	                  * the desk knew it */
	bool unsure;     /* nobody can tell what had */
	bool unlisted;   /* too many left: the desk does not know it */
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
	int64_t began_ms;         /* when that life began, steady */
	struct session *sessions; /* [sid - 1] */
	size_t cap_sessions;
};

struct counts {
	uint64_t events, undone, restarts, crashes, drains, replies, refused,
	    shown, holding, chunks, unasked, kept, full, cut, ended, expired,
	    gone, eofs, attached_undone, past, quits, names, sent, datagrams,
	    missed, answers, refused_answers, unsent, unlisted, off_host,
	    list_full, closed_left, retracted, doubles, found, not_found,
	    known_undone, stale, stale_undone, lost_links, lost_requests, lates,
	    late_stored, resent, missed_replies, killed, drafts, drafts_sent,
	    drafts_done, thrown_away, again, raw, busy, clocks;
};

struct world {
	uint64_t seed, rng, step;
	bool trace;
	struct desk *desk;
	struct desk_config config;
	struct desk_time now;
	enum phase phase;
	struct store store;
	size_t published; /* of store.evs */
	struct customer customers[CONNS];
	struct console consoles[CONSOLES];
	struct late lates[LATES];
	unsigned nlates;
	unsigned duty;   /* how many consoles the desk has, as it should */
	uint64_t selves; /* last one used */
	struct udp_peer peers[PEERS];
	struct udp_out out[BATCH]; /* of which no event has told yet */
	unsigned nout;
	struct request batch[BATCH];
	unsigned nbatch;
	unsigned failing; /* so many rounds more */
	bool calm;        /* nothing fails and nobody comes */
	bool quitting, draining, drained;
	uint64_t uid, token; /* last ones used */
	struct counts counts;
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
/* Are both keys there, and of one console? */
bool store_same_console(const struct ev_key *a, const struct ev_key *b);
/* The stored reply of this session with this key; NULL. */
const struct replied *store_reply(struct world *w, uint64_t sid,
    const struct ev_key *key);
/* The last stored reply by another console than that of key, if it is later
 * than `seen`; NULL. */
const struct replied *store_unseen(struct world *w, uint64_t sid,
    const struct ev_key *key, uint64_t seen);
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
