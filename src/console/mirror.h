/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sessions as this console knows them: the welcome's snapshot and what
 * the events since then add up to.  Pure: no thread, no clock, no terminal.
 * Its owner is the board.  An event looks at a few sessions, however many there
 * are.
 */
#ifndef CON_MIRROR_H
#define CON_MIRROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/order.h"
#include "console/people.h"
#include "console/read.h"
#include "console/seen.h"
#include "wire/op.h"

#define CON_NAME_MAX EV_NAME_SIZE
#define CON_ADDR_MAX 80
#define CON_PEERS    64 /* who wrote over UDP, the latest */
#define CON_LOOKERS  64 /* other consoles that have somebody selected */

/* What the prompt counts a session as.  Each that waits for an answer, is not
 * selected and is no colleague's counts once: as left when its customer is not
 * connected any more, as unread when it is ours, or watched, and has said
 * something that we have not read, as waiting otherwise. */
enum con_group {
	CON_GROUP_NONE,
	CON_GROUP_WAITING,
	CON_GROUP_LEFT,
	CON_GROUP_UNREAD,
	CON_GROUPS
};

/* A session as this console has it.  Its name and address are harmless to a
 * terminal. */
struct con_session {
	struct ev_session facts;
	struct con_read read;
	struct con_seen seen;
	unsigned news;    /* said since it was selected last */
	uint64_t replies; /* behind the first unread message, at most */
	bool been;        /* was selected on this console */
	bool mine;        /* the last answer was ours */
	bool yours;       /* our operator answers it: the owner */
	bool offered;     /* to our operator */
	bool watched;     /* by this console: /join */
	bool keep;        /* closed, but it has a draft */
	bool asked;       /* what its customer writes in was asked */
	/* How many messages of both sides came before the first that another
	 * encoding would show otherwise. */
	bool doubtful;
	uint64_t clear;
	int64_t stuck_ms; /* since when its customer's machine takes nothing, on
	                   * the desk's steady clock; 0: it does */

	/* How many of its rows may be shown now while another session is
	 * selected, and how many were not: see board.c. */
	int64_t flood_ns; /* when flood_left was filled last; 0: never */
	unsigned flood_left;
	unsigned flood_more;
	int64_t more_ns;      /* when the first of flood_more came */
	struct dw_list flood; /* while it has any, on the board's list */

	/* The mirror's own. */
	enum con_group group;
	struct dw_order_node place; /* in its group */
	struct dw_list showing;     /* while it is on the list of that name */
};

/* How many of its customer's messages our operator has not read. */
static inline uint64_t
con_unread(const struct con_session *s)
{
	return s->facts.in > s->read.n ? s->facts.in - s->read.n : 0;
}

static inline bool
con_is_closed(const struct con_session *s)
{
	return s->facts.state == EV_STATE_CLOSED;
}

static inline bool
con_is_left(const struct con_session *s)
{
	return s->facts.state == EV_STATE_LEFT;
}

/* Does a colleague answer it? */
static inline bool
con_is_taken(const struct con_session *s)
{
	return s->facts.owner[0] != '\0' && !s->yours;
}

/* Is it ours to answer: owned, or answered last and nobody's? */
static inline bool
con_is_ours(const struct con_session *s)
{
	return s->yours || (s->mine && s->facts.owner[0] == '\0');
}

/* Another console of the desk, and whom it has selected. */
struct con_looker {
	uint64_t n; /* the desk's number of it */
	uint64_t sid;
	char name[CON_NAME_MAX];
};

struct con_mirror {
	struct con_session **all; /* by sid, ascending */
	size_t n, cap;
	struct dw_order groups[CON_GROUPS]; /* by since when they wait */
	struct dw_list showing; /* whose rows the terminal may not have yet */
	uint64_t seq;           /* of the last event that is in here */
	uint64_t selected;      /* 0: nobody */
	uint64_t previous;      /* selected before that */
	char me[CON_NAME_MAX];  /* the desk's word */
	struct ev_key key;      /* whose first half is this console's own */
	char peers[CON_PEERS][CON_ADDR_MAX]; /* over
	                                      * UDP, the latest first */
	size_t npeers;
	struct con_looker lookers[CON_LOOKERS];
	size_t nlookers;
	struct con_people people;
	uint64_t unlisted; /* who left and are off the list */
	int64_t ahead_ms;  /* of our steady clock the desk's is, or more */
};

/* What the prompt says; see prompt.h. */
struct con_facts {
	uint64_t sid; /* 0: nobody is selected */
	char name[EV_NAME_SIZE];
	char owner[EV_NAME_SIZE]; /* a colleague's name; "": nobody, or we: */
	bool yours;
	bool left, closed;
	bool away;    /* our operator is */
	bool note;    /* the owner's: what is in the line is one */
	bool no_link; /* the owner's: the desk is silent, */
	bool stale;   /* or a colleague was faster than what is in the line */
	size_t waiting, leavers, unread;
	int64_t oldest_ms; /* since when the first waits, if one does, on the
	                    * desk's steady clock */
};

void con_mirror_init(struct con_mirror *m);
void con_mirror_fini(struct con_mirror *m);

/*
 * This frame of the desk came when our steady clock showed so much.  It says
 * what the desk's own clock showed when it was sent; some are long on their way,
 * because a console was stopped or a link was slow, so the one that says the
 * latest is believed, until a new welcome.
 */
void con_mirror_clock(struct con_mirror *m, const struct wire_frame *f,
    int64_t steady_ms);

/* What the desk's steady clock shows when ours shows so much. */
int64_t con_mirror_now_ms(const struct con_mirror *m, int64_t steady_ms);

/* The end of a replay: takes over when things happened, which its events did
 * not say. */
void con_mirror_live(struct con_mirror *m, const struct wire_frame *f);

/*
 * Takes the snapshot of a welcome.  Whether a session is ours stays, and what
 * was read of it; a session the snapshot does not know is closed.  A welcome
 * before a replay has none: the events that follow bring us up to date.
 * Returns 0 or -ENOMEM.
 */
int con_mirror_welcome(struct con_mirror *m, const struct wire_frame *f);

/* Adds one event; one that is already in here (by its seq) changes nothing.
 * Returns 0 or -ENOMEM. */
int con_mirror_event(struct con_mirror *m, const struct ev_event *ev);

/* Before an event `charset` is added: how many of the session's last messages
 * may look different after it. */
uint64_t con_mirror_doubtful(const struct con_mirror *m,
    const struct ev_event *ev);

/* NULL when there is none. */
struct con_session *con_mirror_find(const struct con_mirror *m, uint64_t sid);

/* Is this the key of a message of this console? */
bool con_is_own_key(const struct con_mirror *m, const struct ev_key *key);

/* What this console has seen of the session, for who shows some of it: all that
 * adds to it comes this way, so that con_mirror_painted() looks at it. */
struct con_seen *con_mirror_seen(struct con_mirror *m, struct con_session *s);

/* All rows that were shown are on the terminal; see con_seen_painted(). */
void con_mirror_painted(struct con_mirror *m, bool whole, int64_t pause_ns,
    int64_t now_ns);

/* Somebody is at the console: what was painted of the selected session is read.
 * Returns that session if more of it is read now, else NULL. */
struct con_session *con_mirror_attended(struct con_mirror *m);

/* Takes a frame read: our operator has read so far, at any console. */
void con_mirror_read(struct con_mirror *m, const struct wire_frame *f);

/* How many messages of both sides there are from the first unread one on: not
 * fewer, but perhaps more. */
uint64_t con_unread_rows(const struct con_session *s);

/*
 * Selects a session (0: nobody), which reads nothing of it yet.  Returns 0, or
 * -ENOENT and changes nothing.
 */
int con_mirror_select(struct con_mirror *m, uint64_t sid);

/* A closed session stays while it is kept or selected. */
void con_mirror_keep(struct con_mirror *m, uint64_t sid, bool keep);

/*
 * The session an operator means: "3", "#3", a name, or the beginning of one
 * name only, in capital or small letters.  A closed session is only meant when
 * no other is.  Returns 0; -ENOENT; -EEXIST when several names begin so.
 */
int con_mirror_lookup(const struct con_mirror *m, const char *text,
    uint64_t *sid);

/*
 * Who is looked at next: the connected customers who wait and are no colleague's,
 * the longest first, then those who left unanswered, by age.  From one of them it goes on to the
 * connected ones who have said something since they were selected, then to the
 * one behind, and from the last to the first.  0 for nobody but the selected one.
 */
uint64_t con_mirror_oldest(const struct con_mirror *m);

/* The session of mine that has unread messages and waits longest, then any
 * session with unread ones, then con_mirror_oldest(). */
uint64_t con_mirror_next(const struct con_mirror *m);

/* The session selected before this one when it is still here, else 0. */
uint64_t con_mirror_previous(const struct con_mirror *m);

/* All sessions in the order of /list: ours that need something, who waits and is
 * nobody's, who waits for a colleague, each the longest first, then who left,
 * then the rest by number.
 * The caller frees the array; NULL: no memory. */
const struct con_session **con_mirror_list(const struct con_mirror *m,
    size_t *n);

/* The desk takes a session that left off its list. */
void con_mirror_unlist(struct con_mirror *m, uint64_t sid);

/* Watches a session, or does not any more. */
void con_mirror_watch(struct con_mirror *m, struct con_session *s, bool on);

/* Takes a frame types: another console types to somebody. */
void con_mirror_types(struct con_mirror *m, const struct wire_frame *f,
    int64_t steady_ms);

/* Takes a frame looks: another console has selected somebody. */
void con_mirror_looks(struct con_mirror *m, const struct wire_frame *f);

/* Takes a frame reads: a customer's machine takes nothing, or does again. */
void con_mirror_reads(struct con_mirror *m, const struct wire_frame *f);

/* How many are connected, and how many left unanswered. */
size_t con_mirror_present(const struct con_mirror *m);
size_t con_mirror_left(const struct con_mirror *m);

/* How many sessions of ours have something that we have not read. */
size_t con_mirror_unread(const struct con_mirror *m);

/* How many messages were left while nobody was on duty, and since when the oldest
 * of them waits, on the desk's steady clock. */
size_t con_mirror_unattended(const struct con_mirror *m, int64_t *oldest_ms);

/* Makes what an event has brought into the facts harmless to a terminal; the
 * last words are when they are shown. */
void con_make_harmless(struct ev_session *f, const struct ev_event *ev);

void con_mirror_facts(const struct con_mirror *m, struct con_facts *out);

/* "3 alice", or "3" for one without a name, or "3" for one we do not know. */
#define CON_LABEL_MAX (CON_NAME_MAX + 24)
void con_session_label(const struct con_session *s, char out[CON_LABEL_MAX]);
void con_mirror_label(const struct con_mirror *m, uint64_t sid,
    char out[CON_LABEL_MAX]);

#endif
