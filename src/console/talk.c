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
keep_draft(struct con *con, uint64_t sid, const char *text, bool note)
{
	if (con_drafts_put(&con->drafts, sid, text, note) == 0)
		con_mirror_keep(&con->board.mirror, sid, true);
}

bool
con_draft_to_line(struct con *con, uint64_t sid)
{
	bool note;
	char *text;

	if (!line_is_empty(con) ||
	    (text = con_drafts_take(&con->drafts, sid, &note)) == NULL)
		return false;
	set_line(con, text);
	con->note = note;
	free(text);
	con_mirror_keep(&con->board.mirror, sid,
	    con_drafts_has(&con->drafts, sid));
	return true;
}

/* What colleagues have left behind about it. */
static void
add_notes(struct dw_buf *b, const struct ev_session *f)
{
	unsigned long n = (unsigned long)f->notes;
	bool any = false;

	if (n > 0)
		dw_buf_addf(b, DW_PLURAL(", %lu note", ", %lu notes", n), n);
	for (size_t i = 0; i < EV_SAME_MAX; i++) {
		if (f->same[i] == 0)
			continue;
		dw_buf_addf(b,
		    any ? ", %" PRIu64 : _(", the same person as %" PRIu64),
		    f->same[i]);
		any = true;
	}
}

static void
say_who(struct con *con, const struct con_session *s)
{
	const struct ev_session *f = &s->facts;
	struct dw_buf b = DW_BUF_INITIALIZER;
	char age[CON_SPAN_MAX], label[CON_LABEL_MAX];
	int64_t now_ms = con_now_ms(con);

	con_session_label(s, label);
	con_age(now_ms - ev_waits_since(f).steady_ms, age);
	if (!con_is_closed(s))
		dw_buf_addf(&b, " (%s, %s)", con_mode_word(f->mode), f->addr);
	if (con_is_closed(s))
		dw_buf_adds(&b, _(", closed"));
	else if (con_is_left(s))
		dw_buf_addf(&b, _(", left unanswered %s ago"), age);
	else if (ev_waits(f))
		dw_buf_addf(&b, _(", waiting %s"), age);
	con_add_owner(&b, s, now_ms);
	add_notes(&b, f);
	con_add_typers(&b, &con->board.mirror, f->sid, now_ms);
	con_say(con, "%s%s", label, dw_buf_str(&b));
	dw_buf_fini(&b);
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
	if (old != 0 && !line_is_empty(con)) {
		keep_draft(con, old, tty_text(con->tty, NULL), con->note);
		set_line(con, "");
	}
	con->note = false;
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
	if (s != NULL && old != sid)
		con_same_ask(con, s);
	if (s != NULL)
		con_past_unread(con, s);
	con_mirror_select(&con->board.mirror, sid);
	if (old != sid)
		tell_look(con, sid);
	con_draft_to_line(con, sid);
	con_prompt_refresh(con);
}

static void
tell_watch(struct con *con, const struct con_session *s)
{
	struct wire_frame f = wire_frame_of(WIRE_JOINS);

	f.sid = s->facts.sid;
	f.since_ms = s->watched ? con_now_ms(con) : 0;
	(void)con_link_send(con->link, &f);
}

void
con_watch(struct con *con, struct con_session *s, bool on)
{
	con_mirror_watch(&con->board.mirror, s, on);
	tell_watch(con, s);
}

void
con_look_again(struct con *con)
{
	const struct con_mirror *m = &con->board.mirror;

	if (con->facts.sid != 0)
		tell_look(con, con->facts.sid);
	for (size_t i = 0; i < m->n; i++)
		if (m->all[i]->watched)
			tell_watch(con, m->all[i]);
}

char *
con_as_typed(const char *text)
{
	char *typed;

	if (con_line_of(text).kind == CON_LINE_TEXT)
		return strdup(text);
	return asprintf(&typed, "/%s", text) < 0 ? NULL : typed;
}

/* Nobody is about to type there, not even a note. */
static bool
is_free(struct con *con)
{
	return tty_text_is_free(con->tty) && !con->note;
}

void
con_line_back(struct con *con, const char *text)
{
	if (tty_is_terminal(con->tty) && is_free(con))
		set_line(con, text);
}

static enum con_kept
keep_typed(struct con *con, uint64_t sid, const char *text, bool note)
{
	tty_remember(con->tty, text);
	if (session_of(con, sid) == NULL)
		return CON_KEPT_HISTORY;
	keep_draft(con, sid, text, note);
	if (con->facts.sid == sid && is_free(con) &&
	    con_draft_to_line(con, sid))
		return CON_KEPT_LINE;
	return CON_KEPT_DRAFT;
}

enum con_kept
con_keep(struct con *con, uint64_t sid, const char *text, bool note)
{
	enum con_kept kept;
	char *typed;

	con->unsent = true;
	con_cancel_leaving(con);
	if (!tty_is_terminal(con->tty) || (typed = con_as_typed(text)) == NULL)
		return CON_KEPT_NOWHERE;
	kept = keep_typed(con, sid, typed, note);
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

static void
keep_and_say(struct con *con, enum con_request_kind kind, uint64_t sid,
    const char *text, const char *why)
{
	bool note = kind == CON_REQUEST_NOTE;
	enum con_kept kept = con_keep(con, sid, text, note);
	char label[CON_LABEL_MAX];

	con_mirror_label(&con->board.mirror, sid, label);
	con_say(con,
	    note ? _("the note about %s is not kept: %s%s") :
		   _("not sent to %s: %s%s"),
	    label, why, con_kept_words(kept));
}

void
con_keep_text(struct con *con, const struct con_request *rq, const char *why)
{
	keep_and_say(con, rq->kind, rq->sid, rq->text, why);
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
	static const enum wire_op ops[] = {
		[CON_REQUEST_COMMAND] = WIRE_CMD,
		[CON_REQUEST_REPLY] = WIRE_REPLY,
		[CON_REQUEST_NOTE] = WIRE_NOTE,
		[CON_REQUEST_NEXT] = WIRE_NEXT,
	};
	struct wire_frame f = wire_frame_of(ops[rq->kind]);
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

/* What makes a text that one, and what it answers, before the first try. */
static int
write_text(struct con *con, struct con_request *rq)
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
	return wait && con_request_is_text(rq) ? 0 : send_request(con, rq);
}

/* Sends it, and keeps what it was until it is answered.  Returns 0 or -errno. */
static int
ask(struct con *con, enum con_request_kind kind, uint64_t sid, const char *text,
    struct con_request **out)
{
	bool wait =
	    con_pending_goes_on(&con->pending, con_link_generation(con->link));
	struct con_request *rq =
	    con_pending_add(&con->pending, kind, sid, text);
	int r = 0;

	if (rq == NULL)
		return -ENOMEM;
	rq->t_ms = dw_clock_wall_ms();
	if (con_request_is_text(rq))
		r = write_text(con, rq);
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
		con_keep_text(con, rq, why_not_sent(-ENOMEM));
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

static void
send_text(struct con *con, enum con_request_kind kind, uint64_t sid,
    const char *text)
{
	const char *why;
	int r;

	con->again.what = CON_AGAIN_NOTHING;
	con_stale_forget(con);
	if (sid == 0) {
		nobody_selected(con, text);
		con->note = kind == CON_REQUEST_NOTE && !line_is_empty(con);
		return;
	}
	if ((why = cannot_send(con, sid, text)) == NULL &&
	    (r = ask(con, kind, sid, text, NULL)) < 0)
		why = why_not_sent(r);
	if (why != NULL)
		keep_and_say(con, kind, sid, text, why);
	else
		con_typing_sent(con);
	con_tail_refresh(con);
}

void
con_reply(struct con *con, uint64_t sid, const char *text)
{
	send_text(con, CON_REQUEST_REPLY, sid, text);
}

void
con_note(struct con *con, uint64_t sid, const char *text)
{
	send_text(con, CON_REQUEST_NOTE, sid, text);
}

/* ---- replies that are not answered ---- */

/* A text as its row will look, with the mark of one that is not answered. */
static void
lay_asked(struct con *con, const struct con_request *rq, struct dw_buf *out)
{
	bool note = rq->kind == CON_REQUEST_NOTE;
	struct ev_event ev = ev_event_of(note ? EV_NOTE : EV_REPLY);
	char label[CON_LABEL_MAX];
	struct con_row_about about = { .label = label,
		.why = "",
		.mark = CON_MARK_ASKED,
		.speak = con->speak };
	struct con_row row = { NULL, NULL, CON_STYLE_OURS };

	con_mirror_label(&con->board.mirror, rq->sid, label);
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

		if (con_request_is_text(rq) && !rq->stored && !rq->taken &&
		    n++ < TAIL_MAX)
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
	if (tty_text_is_free(con->tty)) {
		con->note = false; /* of a note there is no word yet */
		con_line_back(con, typed);
		con->note = rq->kind == CON_REQUEST_NOTE && !line_is_empty(con);
	}
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
	int r = ask(con, CON_REQUEST_COMMAND, 0, text, &rq);

	if (r < 0)
		con_refuse(con, "/%s: %s", text, why_not_sent(r));
	return rq;
}

void
con_ask_next(struct con *con)
{
	struct con_request *rq = NULL;
	int r = ask(con, CON_REQUEST_NEXT, con->facts.sid,
	    tty_text(con->tty, NULL), &rq);

	if (r < 0)
		con_refuse(con, _("nobody is reserved for you: %s"),
		    why_not_sent(r));
	else
		rq->note = con->note;
}

void
con_leave(struct con *con)
{
	bool again = con->eof;

	con->leaving = true;
	if (con->cfg.owns_desk) {
		if (ask(con, CON_REQUEST_COMMAND, 0, "quit", NULL) < 0)
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
