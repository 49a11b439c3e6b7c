/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Choosing a customer, sending to it, and keeping what could not be sent.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/random.h"
#include "console/internal.h"

#define LEAVE_SECONDS 1.0   /* for answers */
#define REPLY_MAX     65536 /* bytes; fits a frame in any form */
#define TAIL_MAX      16    /* replies above the prompt */

static const struct con_session *
session_of(const struct con *con, uint64_t sid)
{
	return con_mirror_find(&con->board.mirror, sid);
}

static bool
line_is_empty(const struct con *con)
{
	return *tty_text(con->tty, NULL) == '\0';
}

static void
set_line(struct con *con, const char *text)
{
	tty_set_text(con->tty, text, strlen(text));
}

static void
keep_draft(struct con *con, uint64_t sid, const char *text)
{
	if (con_drafts_put(&con->drafts, sid, text) == 0)
		con_mirror_keep(&con->board.mirror, sid, true);
}

bool
con_draft_to_line(struct con *con, uint64_t sid)
{
	char *text;

	if (!line_is_empty(con) ||
	    (text = con_drafts_take(&con->drafts, sid)) == NULL)
		return false;
	set_line(con, text);
	free(text);
	con_mirror_keep(&con->board.mirror, sid, false);
	return true;
}

static void
say_who(struct con *con, const struct con_session *s)
{
	const struct ev_session *f = &s->facts;
	const char *mode = con_mode_word(f->mode);
	char age[CON_SPAN_MAX], label[CON_LABEL_MAX];

	con_session_label(s, label);
	con_age(con_now_ms(con) - ev_waits_since(f).steady_ms, age);
	if (con_is_closed(s))
		con_say(con, _("%s, closed"), label);
	else if (con_is_left(s))
		con_say(con, _("%s (%s, %s), left unanswered %s ago"), label,
		    mode, f->addr, age);
	else if (ev_waits(f))
		con_say(con, _("%s (%s, %s), waiting %s"), label, mode, f->addr,
		    age);
	else
		con_say(con, _("%s (%s, %s)"), label, mode, f->addr);
}

/* The other consoles may know whom this one has selected; it is no matter if
 * they do not. */
static void
tell_look(struct con *con, uint64_t sid)
{
	struct wire_frame f = wire_frame_of(WIRE_LOOK);

	f.sid = sid;
	(void)con_link_send(con->link, &f);
}

static void
tell_one_read(struct con *con, struct con_session *s)
{
	struct wire_frame f = wire_frame_of(WIRE_READ);

	f.sid = s->facts.sid;
	f.seq = s->read.seq;
	f.n = s->read.n;
	if (con_link_send(con->link, &f) > 0)
		s->read.told = f.n;
}

void
con_attended(struct con *con)
{
	struct con_session *s = con_mirror_attended(&con->board.mirror);

	if (s != NULL)
		tell_one_read(con, s);
}

void
con_tell_read(struct con *con)
{
	const struct con_mirror *m = &con->board.mirror;

	for (size_t i = 0; i < m->n; i++) {
		const struct con_read *r = &m->all[i]->read;

		if (r->marked && r->n > r->told)
			tell_one_read(con, m->all[i]);
	}
}

/* What was typed for one stays with it; what was typed for nobody goes along. */
static void
put_line_away(struct con *con, uint64_t old)
{
	if (old == 0 || line_is_empty(con))
		return;
	keep_draft(con, old, tty_text(con->tty, NULL));
	set_line(con, "");
}

void
con_select(struct con *con, uint64_t sid)
{
	const struct con_session *s = session_of(con, sid);
	uint64_t old = con->facts.sid;

	if (s == NULL && sid != 0) {
		con_refuse(con,
		    _("there is no session like that; /list shows "
		      "all"));
		return;
	}
	con->again.what = CON_AGAIN_NOTHING;
	if (old != sid)
		put_line_away(con, old);
	if (s != NULL && old != sid)
		say_who(con, s);
	if (s != NULL)
		con_past_unread(con, s);
	con_mirror_select(&con->board.mirror, sid);
	if (old != sid)
		tell_look(con, sid);
	con_draft_to_line(con, sid);
	con_prompt_refresh(con);
}

void
con_look_again(struct con *con)
{
	if (con->facts.sid != 0)
		tell_look(con, con->facts.sid);
}

char *
con_as_typed(const char *text)
{
	char *typed;

	if (con_line_of(text).kind == CON_LINE_TEXT)
		return strdup(text);
	return asprintf(&typed, "/%s", text) < 0 ? NULL : typed;
}

void
con_line_back(struct con *con, const char *text)
{
	if (tty_is_terminal(con->tty) && tty_text_is_free(con->tty))
		set_line(con, text);
}

static enum con_kept
keep_typed(struct con *con, uint64_t sid, const char *text)
{
	tty_remember(con->tty, text);
	if (session_of(con, sid) == NULL)
		return CON_KEPT_HISTORY;
	keep_draft(con, sid, text);
	if (con->facts.sid == sid && tty_text_is_free(con->tty) &&
	    con_draft_to_line(con, sid))
		return CON_KEPT_LINE;
	return CON_KEPT_DRAFT;
}

enum con_kept
con_keep(struct con *con, uint64_t sid, const char *text)
{
	enum con_kept kept;
	char *typed;

	con->unsent = true;
	con_cancel_leaving(con);
	if (!tty_is_terminal(con->tty) || (typed = con_as_typed(text)) == NULL)
		return CON_KEPT_NOWHERE;
	kept = keep_typed(con, sid, typed);
	free(typed);
	return kept;
}

const char *
con_kept_words(enum con_kept kept)
{
	static const char *const words[] = {
		[CON_KEPT_NOWHERE] = NULL,
		[CON_KEPT_HISTORY] = N_("; Up brings the text back"),
		[CON_KEPT_DRAFT] = N_("; the text is kept as a draft"),
		[CON_KEPT_LINE] = N_("; the text is back in the line"),
	};

	return words[kept] == NULL ? "" : _(words[kept]);
}

void
con_keep_text(struct con *con, uint64_t sid, const char *text, const char *why)
{
	enum con_kept kept = con_keep(con, sid, text);
	char label[CON_LABEL_MAX];

	con_mirror_label(&con->board.mirror, sid, label);
	con_say(con, _("not sent to %s: %s%s"), label, why,
	    con_kept_words(kept));
}

static void
nobody_selected(struct con *con, const char *text)
{
	char *typed;

	con->unsent = true;
	con_say(con,
	    tty_is_terminal(con->tty) ?
		_("not sent: nobody is selected; Enter on an empty line "
		  "takes who waits longest") :
		_("not sent: nobody is selected"));
	if ((typed = con_as_typed(text)) == NULL)
		return;
	con_line_back(con, typed);
	free(typed);
}

static const char *
why_not_sent(int r)
{
	if (r == -ETIMEDOUT)
		return _("the desk does not read");
	if (r == -ENOTCONN)
		return _("the desk is not connected");
	if (r == -ENOMEM)
		return _("out of memory");
	return _("the system gives no random bytes");
}

/* Returns 0 or -errno. */
static int
send_request(struct con *con, struct con_request *rq)
{
	struct wire_frame f =
	    wire_frame_of(rq->sid != 0 ? WIRE_REPLY : WIRE_CMD);
	int r;

	f.id = rq->id;
	f.sid = rq->sid;
	f.text = rq->text;
	f.len = strlen(rq->text);
	f.key = rq->key;
	f.seen = rq->seen;
	if ((r = con_link_send(con->link, &f)) < 0)
		return r;
	rq->generation = (unsigned)r;
	return 0;
}

/* A key that nothing else has: this console's own half, and a new one. */
static int
draw_key(const struct con *con, struct ev_key *key)
{
	*key = con->board.mirror.key;
	return dw_random(key->bytes + EV_KEY_CONSOLE,
	    EV_KEY_SIZE - EV_KEY_CONSOLE);
}

/* What makes a reply that one, and what it answers, before the first try. */
static int
write_reply(struct con *con, struct con_request *rq)
{
	struct con_session *s = con_mirror_find(&con->board.mirror, rq->sid);

	if (s != NULL)
		rq->seen = con_seen_upto(&s->seen, dw_clock_ns());
	return draw_key(con, &rq->key);
}

/* Where a new link has come and the replies before this one were not sent again
 * yet, it waits and goes behind them: they stay in the order they were typed
 * in. */
static int
send_in_order(struct con *con, struct con_request *rq, bool wait)
{
	return wait && rq->sid != 0 ? 0 : send_request(con, rq);
}

/* Sends a reply, or (sid 0) a command, and keeps what it was until it is
 * answered.  Returns 0 or -errno. */
static int
ask(struct con *con, uint64_t sid, const char *text, struct con_request **out)
{
	bool wait =
	    con_pending_goes_on(&con->pending, con_link_generation(con->link));
	struct con_request *rq = con_pending_add(&con->pending, sid, text);
	int r = 0;

	if (rq == NULL)
		return -ENOMEM;
	rq->t_ms = dw_clock_wall_ms();
	if (sid != 0)
		r = write_reply(con, rq);
	if (r < 0 || (r = send_in_order(con, rq, wait)) < 0) {
		con_request_free(con_pending_take(&con->pending, rq->id));
		return r;
	}
	if (out != NULL)
		*out = rq;
	return 0;
}

/* Those for which the link is lost once more wait for the next one. */
void
con_send_again(struct con *con, unsigned generation)
{
	DW_LIST_EACH_SAFE(n, &con->pending.all) {
		struct con_request *rq =
		    DW_LIST_OF(n, struct con_request, node);

		if (!con_request_goes_on(rq, generation) ||
		    send_request(con, rq) != -ENOMEM)
			continue;
		con_keep_text(con, rq->sid, rq->text, why_not_sent(-ENOMEM));
		con_request_free(con_pending_take(&con->pending, rq->id));
	}
}

static const char *
too_long(void)
{
	_Static_assert(REPLY_MAX == 65536, "the sentence says so");
	return _("it is too long: a reply has 65,536 bytes at most");
}

/* Why this cannot even be tried; NULL when it can. */
static const char *
cannot_send(struct con *con, uint64_t sid, const char *text)
{
	const struct con_session *s = session_of(con, sid);

	if (s == NULL || con_is_closed(s))
		return _("the session is closed");
	if (strlen(text) > REPLY_MAX)
		return too_long();
	if (con->pending.n >= CON_PENDING_MAX)
		return _("the desk does not answer");
	return NULL;
}

void
con_reply(struct con *con, uint64_t sid, const char *text)
{
	const char *why;
	int r;

	con->again.what = CON_AGAIN_NOTHING;
	con_stale_forget(con);
	if (sid == 0) {
		nobody_selected(con, text);
		return;
	}
	if ((why = cannot_send(con, sid, text)) == NULL &&
	    (r = ask(con, sid, text, NULL)) < 0)
		why = why_not_sent(r);
	if (why != NULL)
		con_keep_text(con, sid, text, why);
	con_tail_refresh(con);
}

/* ---- replies that are not answered ---- */

/* A reply as its row will look, with the mark of one that is not answered. */
static void
lay_asked(struct con *con, const struct con_request *rq, struct dw_buf *out)
{
	struct ev_event ev = ev_event_of(EV_REPLY);
	struct con_row_about about = { .label = "",
		.why = "",
		.mark = CON_MARK_ASKED,
		.speak = con->speak };
	struct con_row row = { NULL, NULL, CON_STYLE_OURS };

	ev.sid = rq->sid;
	ev.t_ms = rq->t_ms;
	ev.who = con->board.mirror.me;
	ev.body = rq->text;
	ev.len = strlen(rq->text);
	if (con_row_event(&row, &ev, &about) > 0)
		con_row_lay(&row, tty_columns(con->tty),
		    tty_has_colour(con->tty), out);
	con_row_fini(&row);
}

void
con_tail_refresh(struct con *con)
{
	struct dw_buf rows = DW_BUF_INITIALIZER;
	size_t n = 0;

	if (!tty_has_tail(con->tty))
		return;
	DW_LIST_EACH(node, &con->pending.all) {
		const struct con_request *rq =
		    DW_LIST_OF(node, struct con_request, node);

		if (rq->sid != 0 && !rq->stored && !rq->taken && n++ < TAIL_MAX)
			lay_asked(con, rq, &rows);
	}
	tty_tail(con->tty, dw_buf_str(&rows), rows.len);
	dw_buf_fini(&rows);
}

void
con_take_back(struct con *con)
{
	struct con_request *rq = con_pending_last(&con->pending);
	char *typed;

	if (rq == NULL) {
		con_refuse(con, _("no text waits for the desk's answer"));
		return;
	}
	if ((typed = con_as_typed(rq->text)) == NULL)
		return;
	rq->taken = true;
	con_line_back(con, typed);
	free(typed);
	con_say(con,
	    _("taken back; if the desk has it all the same, its row "
	      "says so"));
	con_tail_refresh(con);
}

struct con_request *
con_ask_desk(struct con *con, const char *text)
{
	struct con_request *rq = NULL;
	int r = ask(con, 0, text, &rq);

	if (r < 0)
		con_refuse(con, "/%s: %s", text, why_not_sent(r));
	return rq;
}

void
con_leave(struct con *con)
{
	bool again = con->eof;

	con->leaving = true;
	if (con->cfg.owns_desk) {
		if (ask(con, 0, "quit", NULL) < 0)
			tty_quit(con->tty);
		return;
	}
	con->eof = true; /* what was sent is answered first */
	if (!tty_is_terminal(con->tty))
		return;
	con->leave_ns = dw_clock_after(LEAVE_SECONDS);
	if (again)
		tty_quit(con->tty);
}

void
con_cancel_leaving(struct con *con)
{
	if (!tty_is_terminal(con->tty) || con->leave_ns == DW_NEVER)
		return;
	con->leave_ns = DW_NEVER;
	con->leaving = con->eof = false;
}
