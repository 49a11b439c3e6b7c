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

#define CON_RING        256 /* rows kept for /redraw */
#define CON_PENDING_MAX 256 /* requests that are not answered */

#define CON_MAGIC 0xc0150001u

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

	struct con_facts facts; /* what the prompt says */
	struct con_prompt prompt;
	char *prompt_shown;

	int64_t again_ns; /* when to look at the board */
	int64_t wait_ns;  /* a script waits; DW_NEVER */
	int64_t asked_ns; /* Ctrl-D once, when; or 0 */
	int64_t leave_ns; /* answers or not; DW_NEVER */
	int64_t enter_ns; /* the last Enter, or 0 */
	bool eof;         /* no more lines will come */
	bool link_ended;  /* for good */
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

/* The last rows once more, for the window as it is now. */
void con_show_again(struct con *con);

/* Paints the prompt if it says something else now. */
void con_prompt_refresh(struct con *con);

/* Takes what the link has brought, and shows what is on the board as far as
 * the terminal keeps up. */
void con_pump(struct con *con);

/* Does this command of the desk say something to somebody? */
bool con_is_answer(const char *command);

/* ---- talk.c ---- */

/* Makes sid the one who is answered; swaps what is being typed. */
void con_select(struct con *con, uint64_t sid);

/* Sends text to the session, or says why not and keeps it. */
void con_reply(struct con *con, uint64_t sid, const char *text);

/* The text was not sent: to its draft, or to the line when that is empty. */
void con_keep_text(struct con *con, uint64_t sid, const char *text,
    const char *why);

/* Brings a draft into the line.  Returns whether there was one. */
bool con_draft_to_line(struct con *con, uint64_t sid);

/* Sends a desk's command.  */
void con_ask_desk(struct con *con, const char *text);

/* Leaves: detaches, or stops the desk that is ours. */
void con_leave(struct con *con);

/* Calls off a leaving from a terminal that still waits for answers. */
void con_cancel_leaving(struct con *con);

/* ---- complete.c ---- */

void con_complete(void *arg, const char *line, size_t start, size_t end,
    struct tty_words *words);

#endif
