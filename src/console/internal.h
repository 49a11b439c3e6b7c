/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the console share.  All of it belongs to the thread
 * `readline`, except the inbox and the link.
 */
#ifndef CON_INTERNAL_H
#define CON_INTERNAL_H

#include <assert.h>

#include "console/board.h"
#include "console/commands.h"
#include "console/console.h"
#include "console/drafts.h"
#include "console/link.h"
#include "console/pending.h"
#include "console/prompt.h"
#include "console/rows.h"

#define CON_ENDED_MAX   32  /* sessions of one /list all */
#define CON_RING        256 /* rows kept for /redraw */
#define CON_PENDING_MAX 256 /* requests that are not answered */

#define CON_MAGIC 0xc0150001u

/* Where the same command, entered again, goes on; any other line ends it. */
struct con_again {
	enum {
		CON_AGAIN_NOTHING,
		CON_AGAIN_HISTORY, /* sid, count, before */
		CON_AGAIN_LEFT,    /* count: rows that were shown */
		CON_AGAIN_ENDED    /* before */
	} what;
	uint64_t sid;
	unsigned count;
	uint64_t before; /* event */
	uint64_t first;  /* of what is being shown; 0: nothing yet */
};

/* What is asked before it is done; the same again within a while means it. */
enum con_ask {
	CON_ASK_NOTHING,
	CON_ASK_QUIT,
	CON_ASK_CLOSE_LEFT,
	CON_ASK_GO_ON
};

/* The sessions of a /list all, of which the first events have come. */
struct con_ended {
	struct con_session all[CON_ENDED_MAX];
	size_t n;
};

/* What a page of the past has shown so far. */
struct con_page {
	uint64_t before;   /* so many messages come before it */
	uint64_t from, to; /* of the customer's messages; 0: it has none */
	uint64_t last_seq;
};

/* A text that the desk has refused, because a colleague had answered. */
struct con_stale {
	uint64_t sid;
	char *text;       /* as it stands in the line; NULL: none */
	int64_t enter_ns; /* before then Enter does not send it again */
};

/* What the desk was told of the keys that are pressed here. */
struct con_typing {
	bool key;         /* one was pressed, and did its work */
	uint64_t sid;     /* a text for this one; 0: none */
	int64_t told_ns;  /* when; 0: nothing yet */
	uint64_t refused; /* a colleague answers there, as a row has said */
};

struct con {
	unsigned magic;
	struct con_config cfg;
	struct tty_config tty_cfg;
	struct tty *tty;
	struct con_inbox inbox;
	struct con_board board;
	struct con_link *link;
	struct con_drafts drafts;
	struct con_pending pending;
	struct wire_frame *welcome; /* the last one; NULL before */

	struct con_row ring[CON_RING]; /* oldest at ring_at */
	size_t ring_at;
	struct con_row last; /* of what happened */

	struct con_again again;
	struct con_ended ended;
	int past_day;    /* of the last row of the past */
	bool past_shown; /* its answer is due */
	struct con_page page;

	struct con_stale stale;
	struct con_typing typing;
	bool note; /* what is in the line is one, for colleagues */

	enum con_bell bell; /* settings */
	int64_t quiet_until_ns;
	bool speak;

	struct con_facts facts; /* what the prompt says */
	struct con_prompt prompt;
	char *prompt_shown;

	int64_t again_ns;   /* when to look at the board */
	int64_t wait_ns;    /* a script waits; DW_NEVER */
	enum con_ask asked; /* and when */
	int64_t asked_ns;
	int64_t leave_ns; /* answers or not; DW_NEVER */
	int64_t enter_ns; /* the last Enter, or 0 */
	bool greeted;     /* the first rows were shown */
	bool eof;         /* no more lines will come */
	bool link_ended;  /* for good */
	bool no_link;     /* lost, or silent for long */
	bool leaving;     /* the end is no failure */
	bool unsent;      /* a reply, at any time */
	int status;
};

/* The argument of a callback, which has come through src/tty. */
static inline struct con *
con_of(void *arg)
{
	struct con *con = arg;

	assert(con->magic == CON_MAGIC);
	return con;
}

/* ---- show.c ---- */

/* Shows a row and keeps it for /redraw.  Owns: takes it over. */
void con_show(struct con *con, struct con_row *row);

/* A row of ours. */
void con_say(struct con *con, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The newest row of what has happened once more. */
void con_show_last(struct con *con);

/* The last rows once more, for the window as it is now. */
void con_show_again(struct con *con);

/* Paints the prompt if it says something else now. */
void con_prompt_refresh(struct con *con);

/* What was shown is on the terminal; whole: none of it was dropped. */
void con_painted(struct con *con, bool whole);

/* Takes what the link has brought, and shows what is on the board as far as
 * the terminal keeps up. */
void con_pump(struct con *con);

/* ---- talk.c ---- */

/* Makes sid (0: nobody) the one who is answered, shows what was not read of it,
 * and swaps what is being typed. */
void con_select(struct con *con, uint64_t sid);

/* Tells a desk that was lost whom this console has selected, and watches. */
void con_look_again(struct con *con);

/* Watches a session, or does not any more, and tells the desk, so that the other
 * consoles know. */
void con_watch(struct con *con, struct con_session *s, bool on);

/* Somebody is at the console: reads what was painted, and tells the desk. */
void con_attended(struct con *con);

/* Tells a desk that was lost what was read, as far as it does not know. */
void con_tell_read(struct con *con);

/* Sends text to the session, or says why not and keeps it. */
void con_reply(struct con *con, uint64_t sid, const char *text);

/* The same with a note about it, for colleagues. */
void con_note(struct con *con, uint64_t sid, const char *text);

/* Asks the desk for whoever waits longest; see next.c. */
void con_ask_next(struct con *con);

/* Sends the replies again that were not answered over a link before
 * `generation`. */
void con_send_again(struct con *con, unsigned generation);

/* Where a text was kept that was not sent. */
enum con_kept {
	CON_KEPT_NOWHERE,
	CON_KEPT_HISTORY, /* Up brings it back */
	CON_KEPT_DRAFT,
	CON_KEPT_LINE
};

/* The text, or the note, was not sent: to its draft, or to the line when that is
 * empty. */
enum con_kept con_keep(struct con *con, uint64_t sid, const char *text,
    bool note);

/* The same, and says so. */
void con_keep_text(struct con *con, const struct con_request *rq,
    const char *why);

/* "; the text is back in the line" */
const char *con_kept_words(enum con_kept kept);

/* A reply as it is typed; drafts, line and history hold nothing else.  The
 * caller frees it; NULL: no memory. */
char *con_as_typed(const char *text);

/* Brings a draft into the line.  Returns whether there was one. */
bool con_draft_to_line(struct con *con, uint64_t sid);

/* Sends a desk's command.  Returns its request, or NULL after saying why it
 * could not be sent. */
struct con_request *con_ask_desk(struct con *con, const char *text);

/* Puts the last reply that is not answered back into the line. */
void con_take_back(struct con *con);

/* Shows the replies that are not answered above the prompt. */
void con_tail_refresh(struct con *con);

/* Puts the text of a line into the line again, if that is empty and nothing was
 * typed ahead; Up brings it back otherwise. */
void con_line_back(struct con *con, const char *text);

/* Leaves: detaches, or stops the desk that is ours. */
void con_leave(struct con *con);

/* Calls off a leaving from a terminal that still waits for answers. */
void con_cancel_leaving(struct con *con);

/* ---- next.c: who waits longest ---- */

/* Asks the desk for it, unless that is being asked already. */
void con_next(struct con *con);

/* Its answer, and that none will come. */
void con_next_answered(struct con *con, const struct con_request *rq,
    const struct wire_frame *f);
void con_next_lost(struct con *con);

/* ---- typing.c: who is at the keys ---- */

/* Behind the keys that were pressed: tells the desk what it does not know. */
void con_typing_look(struct con *con);

/* A text was sent, which says the same. */
void con_typing_sent(struct con *con);

/* The desk says that a colleague answers there: a row says so, once. */
void con_typing_refused(struct con *con, const struct wire_frame *f);

/* A desk that was lost knows nothing of it. */
void con_typing_forget(struct con *con);

/* ---- stale.c: a colleague was faster ---- */

/* The desk has refused the reply because of an event of a colleague: gives its
 * text back, and shows that event first, if it was not shown. */
void con_stale_refused(struct con *con, const struct con_request *rq,
    const struct wire_frame *f);

/* Rows of the past have been shown, or will never come: gives back the text
 * that waited for them, if one did. */
void con_stale_page(struct con *con, const struct con_request *page);

/* Does the line hold that text, unchanged? */
bool con_stale_is_on(struct con *con);

/* Has Enter come too soon for a person to have read what is new?  Then the text
 * is in the line again. */
bool con_stale_holds(struct con *con, const char *line, uint64_t painted);

/* The row that says so is on the terminal. */
void con_stale_painted(struct con *con);

void con_stale_forget(struct con *con);

/* ---- past.c: rows of the past, with a head and a foot ---- */

/* What was not read of this session, and at least its last rows. */
void con_past_unread(struct con *con, const struct con_session *s);

/* The newest rows, up to event seq and with all that others have replied and
 * this console has not shown.  Returns the request, or NULL after saying why it
 * could not be sent. */
struct con_request *con_past_stale(struct con *con, const struct con_session *s,
    uint64_t seq);

/* The last `count` messages (0: as many as usual) of the session; the same
 * again: those before them. */
void con_past_history(struct con *con, uint64_t sid, unsigned count);

/* Once more the last messages of the session before event seq. */
void con_past_again(struct con *con, uint64_t sid, uint64_t rows, uint64_t seq);

/* Around the rows of an answer, and before each of them. */
void con_past_begin(struct con *con, const struct con_item *item);
void con_past_day(struct con *con, int64_t t_ms);
void con_past_row(struct con *con, const struct ev_event *ev);
void con_past_end(struct con *con, const struct con_request *rq,
    const struct wire_frame *answer);

/* ---- list.c: /list ---- */

/* What the desk's steady clock shows, for how long ago something was there. */
int64_t con_now_ms(const struct con *con);

/* All sessions; or, when a console on a terminal begins, the first of them. */
void con_list(struct con *con);
void con_list_first(struct con *con);
void con_list_left(struct con *con);
void con_list_ended(struct con *con);

/* A command of the desk was typed that is answered with sessions: they are shown
 * as one row each. */
void con_list_page(struct con *con, struct con_request *rq,
    const char *command);

/* Appends who answers it, and who else is at it: ", ann's for 2 min", "; ann is
 * typing". */
void con_add_owner(struct dw_buf *b, const struct con_session *s,
    int64_t now_ms);
void con_add_typers(struct dw_buf *b, const struct con_mirror *m, uint64_t sid,
    int64_t now_ms);

/* The first of those who left, or wrote while nobody was on duty, by name. */
void con_name_left(struct con *con, struct dw_buf *out);
void con_name_unattended(struct con *con, struct dw_buf *out);

/* An event of a session that has ended, and the last of them. */
void con_ended_event(struct con *con, const struct ev_event *ev);
void con_ended_done(struct con *con);

/* Asks for the earlier sessions of the same person, if there are any; an event of
 * one, and the last of them. */
void con_same_ask(struct con *con, const struct con_session *s);
void con_same_event(struct con *con, const struct con_item *item);
void con_same_done(struct con *con);

/* ---- settings.c: /set ---- */

void con_set(struct con *con, const char *args);
void con_complete_setting(struct tty_words *words);

/* ---- commands.c ---- */

/* Says why a command was refused; a script ends with a failure then. */
void con_refuse(struct con *con, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Asks first if customers are at a desk that would end. */
bool con_may_quit(struct con *con);

/* Was the same asked a moment ago?  If not, it is now. */
bool con_confirm(struct con *con, enum con_ask what);

/* ---- complete.c ---- */

void con_complete(void *arg, const char *line, size_t start, size_t end,
    struct tty_words *words);

#endif
