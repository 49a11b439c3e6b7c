/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of a console, and what its keys and its lines do.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/random.h"
#include "base/sink.h"
#include "base/status.h"
#include "console/internal.h"

#define WELCOME_PLAIN_S    10.0 /* a script's lines need the sessions */
#define WELCOME_TERMINAL_S 1.0
#define PASTED_LINES       10              /* more are worth a word */
#define BOUNCE_NS          (DW_SECOND / 2) /* between two Enters */

/* ---- what the terminal tells us ---- */

/* Is the customer in the prompt there, and waits for our answer?  Enter goes on
 * to the next one all the same, but not at the first time. */
static bool
stays(struct con *con, uint64_t painted)
{
	const struct con_session *s =
	    con_mirror_find(&con->board.mirror, painted);
	char label[CON_LABEL_MAX];

	if (s == NULL || con_is_left(s) || con_is_taken(s) ||
	    !ev_waits(&s->facts) || con_confirm(con, CON_ASK_GO_ON))
		return false;
	con_session_label(s, label);
	con_say(con, _("%s waits for your answer; Enter again goes on"), label);
	return true;
}

static void
on_empty_line(struct con *con, uint64_t painted)
{
	if (con->note)
		con->note = false; /* a note without words is none */
	else if (!con_draft_to_line(con, painted) && !stays(con, painted))
		con_next(con);
}

/* Whom a reply is for, where the prompt could not say so. */
static void
say_addressee(struct con *con, uint64_t painted)
{
	char label[CON_LABEL_MAX];

	if (painted == 0 || tty_prompt_was_seen(con->tty))
		return;
	con_mirror_label(&con->board.mirror, painted, label);
	con_say(con, _("to %s:"), label);
}

static void
on_text(struct con *con, uint64_t painted, const char *text)
{
	bool note = con->note;

	con->note = false;
	if (note) {
		con_note(con, painted, text);
		return;
	}
	say_addressee(con, painted);
	con_reply(con, painted, text);
}

/* A key that is pressed twice or held down shall not answer somebody else.  A
 * script has no keys. */
static bool
is_bounce(struct con *con, const struct con_line *l)
{
	int64_t now = dw_clock_ns(), last = con->enter_ns;

	con->enter_ns = now;
	return l->kind == CON_LINE_EMPTY && tty_is_terminal(con->tty) &&
	    last != 0 && now < last + BOUNCE_NS;
}

/* What was typed ahead comes before what the desk says: a text that it refuses
 * finds the line free then. */
static void
pump_behind_keys(struct con *con)
{
	if (tty_text_is_free(con->tty)) {
		con_pump(con);
		return;
	}
	con_prompt_refresh(con);
	tty_deadline(con->tty, dw_clock_ns());
}

static void
on_line(void *arg, const char *text, uint64_t painted)
{
	struct con *con = con_of(arg);
	struct con_line l = con_line_of(text);
	int64_t asked_ns = con->asked_ns;

	if (is_bounce(con, &l) || con_stale_holds(con, text, painted))
		return;
	con_cancel_leaving(con);
	if (con->eof)
		return;
	if (l.kind == CON_LINE_EMPTY)
		on_empty_line(con, painted);
	else if (l.kind == CON_LINE_COMMAND)
		con_command_run(con, &l, painted);
	else
		on_text(con, painted, l.text);
	/* A question is answered by the next line or not at all. */
	if (con->asked_ns == asked_ns)
		con->asked = CON_ASK_NOTHING;
	pump_behind_keys(con);
}

/* Ctrl-D on an empty line. */
static void
on_ctrl_d(struct con *con)
{
	if (con_may_quit(con))
		con_leave(con);
}

static void
on_eof(void *arg)
{
	struct con *con = con_of(arg);

	if (tty_is_terminal(con->tty))
		on_ctrl_d(con);
	else
		con->eof = !con->cfg.stay;
	con_pump(con);
}

static void
on_interrupt(void *arg, bool had_text)
{
	struct con *con = con_of(arg);

	con->asked = CON_ASK_NOTHING;
	if (!tty_is_terminal(con->tty)) {
		con->status = con->cfg.owns_desk ? DW_STATUS_OK :
						   DW_STATUS_SIGNAL(SIGINT);
		tty_quit(con->tty);
	} else if (!had_text && con->note) {
		con->note = false;
		con_prompt_refresh(con);
	} else if (!had_text) {
		con_say(con,
		    con->cfg.owns_desk ?
			_("Ctrl-D or /quit stops the desk") :
			_("Ctrl-D or /quit leaves; the desk goes on"));
	}
}

static void
on_hangup(void *arg)
{
	struct con *con = con_of(arg);

	con->status = DW_STATUS_SIGNAL(SIGHUP);
	tty_quit(con->tty);
}

static void
on_hup(void *arg)
{
	struct con *con = con_of(arg);
	int r = 0;

	if (con->cfg.reopen_log != NULL)
		r = con->cfg.reopen_log(con->cfg.log_arg);
	if (r > 0)
		con_say(con, _("the log was opened anew"));
	else if (r < 0)
		con_say(con,
		    _("the log cannot be opened anew: %s; going on with the "
		      "old file"),
		    strerror(-r));
	con_pump(con);
}

/* What the key makes of the line is seen when it has worked. */
static void
on_key(void *arg)
{
	struct con *con = con_of(arg);

	con_attended(con);
	con->typing.key = true;
	tty_deadline(con->tty, dw_clock_ns());
}

/* Without a terminal rows count when they are shown. */
static void
on_painted(void *arg, bool whole)
{
	struct con *con = con_of(arg);

	if (tty_is_terminal(con->tty))
		con_painted(con, whole);
}

static void
on_wake(void *arg)
{
	struct con *con = con_of(arg);

	con_typing_look(con);
	con_pump(con);
}

static void
on_redraw(void *arg)
{
	con_show_again(con_of(arg));
}

static void
on_pasted(void *arg, size_t lines, size_t bytes, bool cut)
{
	struct con *con = con_of(arg);

	(void)bytes;
	if (cut)
		con_say(con,
		    _("the paste was longer than 1 MiB; the rest of "
		      "it is lost"));
	if (lines > PASTED_LINES)
		con_say(con,
		    DW_PLURAL("%zu line pasted, Enter sends, Ctrl-C "
			      "drops, Alt+e shows it",
			"%zu lines pasted, Enter sends, Ctrl-C drops, "
			"Alt+e shows them",
			lines),
		    lines);
}

/* Only commands: replies may hold what is a customer's alone, and so may a line
 * that only looks like a command. */
static bool
may_remember(void *arg, const char *line)
{
	struct con *con = con_of(arg);
	struct con_line l = con_line_of(line);

	return l.kind == CON_LINE_COMMAND && con_command_is_known(con, &l) &&
	    !con_command_has_words(con, &l);
}

static const struct tty_ops ops = {
	.line = on_line,
	.eof = on_eof,
	.interrupt = on_interrupt,
	.hangup = on_hangup,
	.hup = on_hup,
	.key = on_key,
	.painted = on_painted,
	.wake = on_wake,
	.timeout = on_wake,
	.redraw = on_redraw,
	.resized = on_wake,
	.complete = con_complete,
	.pasted = on_pasted,
	.remember = may_remember,
};

/* ---- keys ---- */

static void
run_named(struct con *con, const char *command)
{
	struct con_line l = con_line_of(command);

	con_command_run(con, &l, con->facts.sid);
	con_pump(con);
}

static void
key_oldest(void *arg, int count)
{
	struct con *con = con_of(arg);

	(void)count;
	con_next(con);
	pump_behind_keys(con); /* the same key once more is no other one */
}

/* What is in the line, or comes there next, is a note for colleagues, or is not
 * any more. */
static void
key_note(void *arg, int count)
{
	struct con *con = con_of(arg);

	(void)count;
	if (con->facts.sid == 0)
		con_say(con,
		    _("a note is about a session, and nobody is selected"));
	else
		con->note = !con->note;
	con_pump(con);
}

static void
key_next(void *arg, int count)
{
	(void)count;
	run_named(con_of(arg), "/next");
}

static void
key_previous(void *arg, int count)
{
	(void)count;
	run_named(con_of(arg), "/prev");
}

static void
key_list(void *arg, int count)
{
	(void)count;
	run_named(con_of(arg), "/list");
}

static void
key_history(void *arg, int count)
{
	(void)count;
	run_named(con_of(arg), "/history");
}

static void
key_newline(void *arg, int count)
{
	struct con *con = con_of(arg);

	(void)count;
	tty_insert(con->tty, "\n");
}

static const struct tty_key keys[] = {
	{ "desk-oldest-waiting", "\\ea", key_oldest },
	{ "desk-next-unread", "\\em", key_next },
	{ "desk-previous", "\\e/", key_previous },
	{ "desk-list", "\\el", key_list },
	{ "desk-history", "\\eh", key_history },
	{ "desk-note", "\\en", key_note },
	{ "desk-newline", "\\e\\C-m", key_newline },
};

/* ---- life ---- */

static void
fill_tty_config(struct con *con)
{
	struct tty_config *t = &con->tty_cfg;

	t->name = "deskwire";
	t->history = con->cfg.history;
	t->colour = con->cfg.colour;
	t->erase = true;
	t->no_suspend = con->cfg.owns_desk && !con->cfg.allow_suspend ?
	    _("the desk cannot be "
	      "suspended: its customers would wait; /quit stops it") :
	    NULL;
	t->wake_fd = con->inbox.wake.rd;
	t->keys = keys;
	t->nkeys = sizeof keys / sizeof keys[0];
	t->ops = &ops;
	t->arg = con;
}

int
con_new(const struct con_config *cfg, struct con **out)
{
	struct con *con = calloc(1, sizeof *con);
	struct ev_key own = { { 0 } };
	int r = -ENOMEM;

	*out = NULL;
	if (con == NULL || (r = dw_random(own.bytes, EV_KEY_CONSOLE)) < 0 ||
	    (r = con_inbox_init(&con->inbox)) < 0) {
		sks_socket_free(cfg->socket);
		free(con);
		return r;
	}
	con->magic = CON_MAGIC;
	con->cfg = *cfg;
	con->prompt.clock = cfg->clock;
	con->bell = cfg->bell;
	con->again_ns = con->wait_ns = DW_NEVER;
	con->leave_ns = DW_NEVER;
	con_board_init(&con->board, tty_is_interactive());
	con->board.mirror.key = own;
	con_drafts_init(&con->drafts);
	con_pending_init(&con->pending);
	fill_tty_config(con);
	*out = con;
	return 0;
}

static int
start_link(struct con *con)
{
	struct con_link_config lc = {
		.inbox = &con->inbox,
		.name = con->cfg.name,
		.socket = con->cfg.socket,
		.connect = con->cfg.connect,
		.arg = con->cfg.arg,
	};

	con->cfg.socket = NULL;
	return con_link_start(&con->link, &lc);
}

/* The one who opens the tty owns it; con_unblock() may know it from now on. */
static int
open_tty(struct con *con)
{
	struct tty *tty;
	int r = tty_open(&tty, &con->tty_cfg);

	if (r < 0)
		return r;
	dw_lock(&con->inbox.lock);
	con->tty = tty;
	dw_unlock(&con->inbox.lock);
	return 0;
}

/* Nobody sees that a script's line was not sent, or was a command that was
 * refused, but its exit status. */
static int
exit_status(const struct con *con)
{
	if (con->status == DW_STATUS_OK && con->unsent && !con->cfg.owns_desk &&
	    !tty_is_terminal(con->tty))
		return DW_STATUS_FAILED;
	return con->status;
}

/* Beside a desk at work, which must not wait for standard error. */
static void
say_why(int r)
{
	char text[256];
	int n = snprintf(text, sizeof text,
	    _("deskwire: the console cannot start: %s\n"), strerror(-r));

	dw_say(text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

int
con_run(struct con *con)
{
	int r;

	if ((r = open_tty(con)) < 0 || (r = start_link(con)) < 0) {
		say_why(r);
		return DW_STATUS_FAILED;
	}
	con_inbox_wait_live(&con->inbox,
	    dw_clock_after(tty_is_terminal(con->tty) ? WELCOME_TERMINAL_S :
						       WELCOME_PLAIN_S));
	con_pump(con);
	tty_run(con->tty);
	con_inbox_stop(&con->inbox); /* the link waits for no place there */
	con_link_stop(con->link);
	con->link = NULL;
	return exit_status(con);
}

void
con_stop(struct con *con)
{
	con_inbox_stop(&con->inbox);
}

void
con_unblock(struct con *con)
{
	struct tty *tty;

	dw_lock(&con->inbox.lock);
	tty = con->tty;
	dw_unlock(&con->inbox.lock);
	if (tty != NULL)
		tty_unblock(tty);
}

void
con_free(struct con *con)
{
	if (con == NULL)
		return;
	assert(con->magic == CON_MAGIC);
	tty_close(con->tty);
	con->magic = 0; /* the terminal calls back no more */
	sks_socket_free(con->cfg.socket);
	con_inbox_fini(&con->inbox);
	con_board_fini(&con->board);
	con_drafts_fini(&con->drafts);
	con_pending_fini(&con->pending);
	con_prompt_fini(&con->prompt);
	wire_frame_free(con->welcome);
	for (size_t i = 0; i < CON_RING; i++)
		con_row_fini(&con->ring[i]);
	con_row_fini(&con->last);
	con_stale_forget(con);
	free(con->prompt_shown);
	free(con);
}
