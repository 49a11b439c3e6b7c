/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the board has becomes rows on the terminal, and the prompt below them.
 */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/status.h"
#include "base/text.h"
#include "console/internal.h"

#define TAKE_ITEMS    128 /* between two looks at the keyboard */
#define COMMAND_SHOWN 40  /* bytes of a command that was refused */

/* ---- rows and the prompt ---- */

static void
remember(struct con *con, struct con_row *row)
{
	struct con_row *at = &con->ring[con->ring_at];

	con_row_fini(at);
	*at = *row;
	con->ring_at = (con->ring_at + 1) % CON_RING;
	row->tag = row->text = NULL;
}

static void
print(struct con *con, const struct con_row *row)
{
	struct dw_buf b = DW_BUF_INITIALIZER;

	if (con_row_lay(row, tty_columns(con->tty), tty_has_colour(con->tty),
		&b) == 0)
		tty_print(con->tty, b.data, b.len);
	dw_buf_fini(&b);
}

void
con_show(struct con *con, struct con_row *row)
{
	print(con, row);
	remember(con, row);
}

void
con_say(struct con *con, const char *format, ...)
{
	struct con_row row = { NULL, NULL, CON_STYLE_OURS };
	char *text;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n < 0)
		return;
	if (con_row_ours(&row, "%s", text) == 0)
		con_show(con, &row);
	free(text);
}

/* News can be asked for once more. */
static void
show_news(struct con *con, struct con_row *row)
{
	struct con_row *last = &con->last;

	con_row_fini(last);
	last->tag = strdup(row->tag);
	last->text = strdup(row->text);
	last->style = row->style;
	if (last->tag == NULL || last->text == NULL)
		con_row_fini(last);
	con_show(con, row);
}

void
con_show_last(struct con *con)
{
	if (con->last.tag != NULL)
		print(con, &con->last);
	else
		con_say(con, _("nothing has happened yet"));
}

/* The beginning of the last n rows of the text. */
static const char *
last_rows(const struct dw_buf *b, unsigned n)
{
	const char *at = b->data + b->len;

	while (at > b->data) {
		if (at[-1] == '\n' && n-- == 0)
			break;
		at--;
	}
	return at;
}

void
con_show_again(struct con *con)
{
	unsigned rows = tty_rows(con->tty), columns = tty_columns(con->tty);
	struct dw_buf b = DW_BUF_INITIALIZER;
	const struct con_row *row;
	const char *from;

	for (size_t i = 0; i < CON_RING; i++) {
		row = &con->ring[(con->ring_at + i) % CON_RING];
		if (row->tag != NULL)
			con_row_lay(row, columns, tty_has_colour(con->tty), &b);
	}
	if (b.len > 0 && rows > 1) {
		from = last_rows(&b, rows - 1);
		tty_print(con->tty, from, b.len - (size_t)(from - b.data));
	}
	dw_buf_fini(&b);
}

void
con_prompt_refresh(struct con *con)
{
	struct con_prompt *p = &con->prompt;
	uint64_t before = con->facts.sid;
	char *copy;

	con_mirror_facts(&con->board.mirror, &con->facts);
	con->facts.no_link = con->no_link;
	con->facts.stale = con_stale_is_on(con);
	con->facts.note = con->note;
	if (con_prompt_format(p, &con->facts, con_now_ms(con),
		tty_columns(con->tty)) < 0)
		return;
	if (con->prompt_shown != NULL && before == con->facts.sid &&
	    strcmp(con->prompt_shown, p->text.data) == 0)
		return;
	if ((copy = strdup(p->text.data)) == NULL)
		return;
	free(con->prompt_shown);
	con->prompt_shown = copy;
	tty_prompt(con->tty, copy, p->bold_at, p->bold_len, con->facts.sid);
}

/* ---- the board's items ---- */

/* What rows of the past it is one of. */
static enum con_past
past_of(const struct con *con, const struct con_item *item)
{
	const struct con_request *rq =
	    con_pending_find(&con->pending, item->frame->id);

	return rq == NULL ? CON_PAST_NONE : rq->past;
}

/* Our own coming and going is no news to us. */
static bool
is_own_duty(const struct con_item *item)
{
	enum ev_kind kind = item->frame->ev.kind;

	return item->own && (kind == EV_ON || kind == EV_OFF);
}

/* Does a colleague offer us somebody, or tell us something? */
static bool
is_to_us(const struct con *con, const struct ev_event *ev)
{
	return (ev->kind == EV_OFFER || ev->kind == EV_MSG) &&
	    strcmp(ev->why, con->board.mirror.me) == 0;
}

/* Is this news worth a ring? */
static bool
rings(const struct con *con, const struct ev_event *ev)
{
	const struct con_session *s =
	    con_mirror_find(&con->board.mirror, ev->sid);

	if (dw_clock_ns() < con->quiet_until_ns || con->bell == CON_BELL_NONE)
		return false;
	if (ev->kind == EV_ARRIVED || is_to_us(con, ev))
		return true;
	if (ev->kind == EV_UDP)
		return con->bell == CON_BELL_ALL ||
		    (ev->flags & EV_FLAG_PEER_NEW) != 0;
	if (ev->kind != EV_SAID || ev->sid == con->facts.sid)
		return false;
	return con->bell == CON_BELL_ALL ||
	    (con->bell == CON_BELL_MINE && s != NULL && con_is_ours(s));
}

/* A row of what happens now is on its way to the terminal. */
static void
count_row(struct con *con, const struct ev_event *ev)
{
	struct con_mirror *m = &con->board.mirror;
	struct con_session *s = con_mirror_find(m, ev->sid);

	if (s == NULL)
		return;
	con_seen_row(con_mirror_seen(m, s), ev->seq);
	if (m->selected == ev->sid)
		con_read_row(&s->read, ev->seq,
		    ev->kind == EV_SAID ? ev->n : 0);
}

/* The customer is asked nothing; whoever reads this can say what it is. */
static void
ask_charset(struct con *con, const struct con_item *item)
{
	const struct ev_event *ev = &item->frame->ev;
	struct con_session *s = con_mirror_find(&con->board.mirror, ev->sid);
	const struct dw_charset *cs;

	if (s == NULL || s->asked || s->facts.charset != NULL ||
	    dw_text_valid(ev->body, ev->len) == ev->len ||
	    con_desk_command(con->welcome, "charset", 7) == NULL)
		return;
	s->asked = true;
	if ((cs = dw_charset_guess(ev->body, ev->len)) != NULL)
		con_say(con,
		    _("%s does not write UTF-8; it looks like %s: /charset "
		      "%" PRIu64 " %s"),
		    item->label, cs->name, ev->sid, cs->name);
	else
		con_say(con,
		    _("%s does not write UTF-8; /charset %" PRIu64 " NAME "
		      "says what it is"),
		    item->label, ev->sid);
}

static void
show_event(struct con *con, struct con_item *item)
{
	const struct ev_event *ev = &item->frame->ev;
	bool past = item->frame->op != WIRE_EV;
	struct con_row row = { NULL, NULL, CON_STYLE_OURS };
	int r;
	struct con_row_about about = {
		.label = item->label,
		.mark = item->mark,
		.unsent = item->unsent,
		.why = item->text,
		.selected = item->sid == con->facts.sid,
		.charset = item->charset,
		.speak = con->speak,
		.me = con->board.mirror.me,
		.was = item->was,
		.yours = item->yours,
		.offered = item->offered,
		.waits = item->waits,
	};

	if (is_own_duty(item))
		return;
	if (past && past_of(con, item) == CON_PAST_ENDED) {
		con_ended_event(con, ev);
		return;
	}
	if (past && past_of(con, item) == CON_PAST_SAME) {
		con_same_event(con, item);
		return;
	}
	if (past)
		con_past_day(con, ev->t_ms);
	if (item->ours && !past)
		con_pending_stored(&con->pending, &ev->key);
	if ((r = con_row_event(&row, ev, &about)) <= 0) {
		if (r < 0)
			con_board_not_shown(&con->board, item);
		return;
	}
	if (past) {
		con_past_row(con, ev);
		con_show(con, &row);
		return;
	}
	show_news(con, &row);
	count_row(con, ev);
	if (ev->kind == EV_SAID)
		ask_charset(con, item);
	else if (ev->kind == EV_CHARSET && item->count > 0)
		con_past_again(con, ev->sid, item->count, ev->seq);
	if (rings(con, ev))
		tty_bell(con->tty);
}

static void
show_notice(struct con *con, struct con_item *item)
{
	con_say(con, "%s", item->frame->text);
	/* A customer of ours is about to be given back. */
	if (item->frame->code == EV_CODE_LEASE && con->bell != CON_BELL_NONE &&
	    dw_clock_ns() >= con->quiet_until_ns)
		tty_bell(con->tty);
}

/* Says why, with enough of the command to know which one is meant. */
static void
say_refused(struct con *con, const char *command, const char *why)
{
	struct dw_buf head = DW_BUF_INITIALIZER;

	dw_text_line(&head, command, strlen(command), COMMAND_SHOWN);
	con_refuse(con, "/%s: %s", dw_buf_str(&head), why);
	dw_buf_fini(&head);
}

/* A colleague answers there; the desk's sentence says what can be done. */
static void
text_taken(struct con *con, const struct con_request *rq,
    const struct wire_frame *f)
{
	enum con_kept kept =
	    con_keep(con, rq->sid, rq->text, rq->kind == CON_REQUEST_NOTE);

	con_say(con, "%s%s", f->text, con_kept_words(kept));
}

static void
text_refused(struct con *con, const struct con_request *rq,
    const struct wire_frame *f)
{
	if (rq->taken)
		return; /* its text is in the line already */
	if (f->code == EV_CODE_STALE && rq->kind == CON_REQUEST_REPLY)
		con_stale_refused(con, rq, f);
	else if (f->code == EV_CODE_TAKEN)
		text_taken(con, rq, f);
	else
		con_keep_text(con, rq, f->text);
}

/* An answer may be a list: each row of it is one of ours. */
static void
say_rows(struct con *con, const char *text)
{
	size_t n;

	for (;; text += n + 1) {
		n = strcspn(text, "\n");
		con_say(con, "%.*s", (int)n, text);
		if (text[n] == '\0')
			return;
	}
}

static void
show_answer(struct con *con, struct con_item *item)
{
	const struct wire_frame *f = item->frame;
	struct con_request *rq = con_pending_take(&con->pending, f->id);

	if (rq == NULL) {
		if (f->op == WIRE_ERR && f->id == 0)
			con_typing_refused(con, f);
		return;
	}
	if (con->past_shown || rq->past == CON_PAST_ENDED)
		con_past_end(con, rq, f);
	con->past_shown = false;
	if (rq->kind == CON_REQUEST_NEXT)
		con_next_answered(con, rq, f);
	else if (f->op == WIRE_ERR && con_request_is_text(rq))
		text_refused(con, rq, f);
	else if (f->op == WIRE_ERR)
		say_refused(con, rq->text, f->text);
	else if (f->len > 0)
		say_rows(con, f->text);
	con_stale_page(con, rq);
	con_request_free(rq);
}

static void
show_past(struct con *con, struct con_item *item)
{
	con_past_begin(con, item);
	con->past_shown = true;
}

static void
give_up(struct con *con, struct con_request *rq)
{
	if (rq->stale.text != NULL)
		con_stale_page(con, rq);
	else if (rq->kind == CON_REQUEST_NEXT)
		con_next_lost(con);
	else if (rq->kind == CON_REQUEST_COMMAND)
		con_refuse(con,
		    _("/%s: the link was lost before the "
		      "answer came"),
		    rq->text);
	else if (!rq->stored && !rq->taken)
		con_keep_text(con, rq,
		    _("the link was lost before the desk had it"));
	con_request_free(rq);
}

/* Gives up what was asked over former links and will never be answered;
 * for_good: replies, too, which are sent again otherwise. */
static void
give_up_lost(struct con *con, unsigned generation, bool for_good)
{
	struct con_request *rq;

	while ((rq = con_pending_take_lost(&con->pending, generation,
		    for_good)) != NULL)
		give_up(con, rq);
}

/* A link is there again. */
static void
go_on(struct con *con, unsigned generation)
{
	con_typing_forget(con);
	con_send_again(con, generation);
	give_up_lost(con, generation, false);
	con_tell_read(con);
}

/* Shows what one would type: these words, and the address behind them. */
static void
say_words(struct con *con, const char *words, const char *listener)
{
	const char *colon = strrchr(listener, ':');
	int len = colon == NULL ? 0 : (int)(colon - listener);
	const char *host = listener;

	if (colon == NULL)
		return;
	if (*host == '[') {
		host++;
		len -= 2;
	}
	if (strncmp(listener, "0.0.0.0:", 8) == 0 ||
	    strncmp(listener, "[::]:", 5) == 0) {
		host = "127.0.0.1";
		len = (int)strlen(host);
	}
	con_say(con, "  %s %.*s %s", words, len, host, colon + 1);
}

/* Where somebody may come without a proxy, or NULL. */
static const char *
first_open(const struct wire_frame *w)
{
	for (size_t i = 0; i < w->nlisteners; i++)
		if (strchr(w->listeners[i], ',') == NULL)
			return w->listeners[i];
	return NULL;
}

/* Shows how a customer comes here; the first address will do. */
static void
say_how_to_try(struct con *con)
{
	const struct wire_frame *w = con->welcome;
	const char *at = first_open(w);

	if (at == NULL || strncmp(at, "udp ", 4) == 0)
		return;
	con_say(con, _("nobody is here yet; try from another terminal:"));
	say_words(con, "nc", at);
	say_words(con, "deskwire call", at);
	for (size_t i = 1; i < w->nlisteners; i++)
		if (strncmp(w->listeners[i], "udp ", 4) == 0) {
			say_words(con, "deskwire call --udp",
			    w->listeners[i] + 4);
			return;
		}
}

/* What came while nobody could answer is what a shift begins with. */
static void
say_unattended(struct con *con)
{
	struct dw_buf names = DW_BUF_INITIALIZER;
	char age[CON_SPAN_MAX];
	int64_t oldest_ms = 0;
	size_t n = con_mirror_unattended(&con->board.mirror, &oldest_ms);

	if (n == 0)
		return;
	con_name_unattended(con, &names);
	con_age(con_now_ms(con) - oldest_ms, age);
	con_say(con,
	    DW_PLURAL("%zu message was left while nobody was on duty, %s ago: "
		      "%s",
		"%zu messages were left while nobody was on duty, the oldest "
		"%s ago: %s",
		n),
	    n, age, dw_buf_str(&names));
	dw_buf_fini(&names);
}

/* The first row of a console: whose desk it is, and who left unanswered. */
static void
say_desk(struct con *con)
{
	const struct con_mirror *m = &con->board.mirror;
	const struct wire_frame *w = con->welcome;
	size_t here = con_mirror_present(m), left = con_mirror_left(m);
	struct dw_buf names = DW_BUF_INITIALIZER;

	say_unattended(con);
	con_name_left(con, &names);
	if (con->cfg.owns_desk && left > 0)
		con_say(con, _("%zu left unanswered: %s"), left,
		    dw_buf_str(&names));
	else if (!con->cfg.owns_desk && left > 0)
		con_say(con,
		    _("this is the desk %s; you are %s; %zu open, %zu left "
		      "unanswered: %s"),
		    w->desk, w->name, here, left, dw_buf_str(&names));
	else if (!con->cfg.owns_desk)
		con_say(con, _("this is the desk %s; you are %s; %zu open"),
		    w->desk, w->name, here);
	dw_buf_fini(&names);
}

/* Counts the datagrams that came while nobody was here. */
static void
say_datagrams(struct con *con)
{
	unsigned long n = (unsigned long)con->welcome->datagrams;

	if (n > 0)
		con_say(con,
		    DW_PLURAL("%lu datagram came while nobody was on "
			      "duty; /udp shows it",
			"%lu datagrams came while nobody "
			"was on duty; /udp shows the last ones",
			n),
		    n);
}

/* Hints are for people.  Only a desk in a pipe says where it listens. */
static void
say_hint(struct con *con)
{
	const struct wire_frame *w = con->welcome;

	if (!tty_is_terminal(con->tty) &&
	    (con->cfg.hint != NULL || !con->cfg.owns_desk))
		return;
	if (con->cfg.hint != NULL)
		con_say(con, "%s", con->cfg.hint);
	else if (w->nsessions == 0 && w->nlisteners > 0)
		say_how_to_try(con);
}

static void
greet(struct con *con)
{
	const struct wire_frame *w = con->welcome;

	/* Scripts read these off a terminal: one form in every language. */
	for (size_t i = 0; con->cfg.owns_desk && i < w->nlisteners; i++)
		con_say(con, "%s %s",
		    tty_is_terminal(con->tty) ? _("listening on") :
						"listening on",
		    w->listeners[i]);
	say_desk(con);
	if (w->nsessions > 0)
		con_list_first(con);
	say_datagrams(con);
	say_hint(con);
}

static void
show_welcome(struct con *con, struct con_item *item)
{
	bool first = con->welcome == NULL;

	wire_frame_free(con->welcome);
	con->welcome = item->frame;
	item->frame = NULL;
	if (first)
		return; /* what was read is told behind it */
	con_say(con, _("the desk is back"));
	con_look_again(con);
	if (con->welcome->replay)
		return;
	con_say(con,
	    _("what happened meanwhile is not shown; /history "
	      "shows it"));
	say_datagrams(con);
	go_on(con, item->generation);
}

static void
show_live(struct con *con, struct con_item *item)
{
	if (!con->greeted && con->welcome != NULL) {
		con->greeted = true;
		greet(con);
	}
	go_on(con, item->generation);
}

static void
show_bye(struct con *con, struct con_item *item)
{
	const struct wire_frame *f = item->frame;

	/* That a desk of our own has stopped is no news if we wanted it to. */
	if (f->len > 0 && !(con->cfg.owns_desk && con->leaving))
		con_say(con, "%s", f->text);
	if (f->code == EV_CODE_STOP)
		con->leaving = true;
	if (f->code == EV_CODE_DENIED || f->code == EV_CODE_USAGE ||
	    (f->code == EV_CODE_LIMIT && con->welcome == NULL))
		con->status = DW_STATUS_REFUSED;
}

static void
show_lost(struct con *con, struct con_item *item)
{
	if (*item->text == '\0')
		con_say(con, _("the link to the desk is lost; trying again"));
	else
		con_say(con,
		    _("the link to the desk is lost (%s); trying "
		      "again"),
		    item->text);
	if (con->eof) {
		con->status = DW_STATUS_FAILED;
		tty_quit(con->tty);
	}
}

static void
show_ended(struct con *con, struct con_item *item)
{
	bool expected = con->leaving; /* a text that is kept calls it off */

	give_up_lost(con, item->generation + 1, true);
	if (!expected && con->status == DW_STATUS_OK) {
		con->status =
		    item->refused ? DW_STATUS_REFUSED : DW_STATUS_FAILED;
		con_say(con, "%s", item->text);
	}
	tty_quit(con->tty);
}

static void
show_more(struct con *con, struct con_item *item)
{
	if (item->sid == 0)
		con_say(con,
		    _("udp: %" PRIu64 " more, /udp shows the last "
		      "ones"),
		    item->count);
	else
		con_say(con, _("%s: %" PRIu64 " more, /%" PRIu64 " shows them"),
		    item->label, item->count, item->sid);
}

static void
show_dropped(struct con *con, struct con_item *item)
{
	con_say(con, _("%" PRIu64 " lines not shown, /history shows them"),
	    item->count);
}

static void (*const show[])(struct con *con, struct con_item *item) = {
	[CON_ITEM_EVENT] = show_event,
	[CON_ITEM_NOTICE] = show_notice,
	[CON_ITEM_ANSWER] = show_answer,
	[CON_ITEM_WELCOME] = show_welcome,
	[CON_ITEM_LIVE] = show_live,
	[CON_ITEM_BYE] = show_bye,
	[CON_ITEM_LOST] = show_lost,
	[CON_ITEM_ENDED] = show_ended,
	[CON_ITEM_MORE] = show_more,
	[CON_ITEM_PAST] = show_past,
	[CON_ITEM_DROPPED] = show_dropped,
};

static void
take_and_show(struct con *con)
{
	struct dw_list items, *n;

	dw_list_init(&items);
	con->again_ns =
	    con_board_take(&con->board, dw_clock_ns(), TAKE_ITEMS, &items);
	while ((n = dw_list_take(&items)) != NULL) {
		struct con_item *item = DW_LIST_OF(n, struct con_item, node);

		show[item->kind](con, item);
		con_item_free(item);
	}
	/* A script has nobody who would have to see it first. */
	if (!tty_is_terminal(con->tty))
		con_painted(con, true);
}

void
con_painted(struct con *con, bool whole)
{
	bool terminal = tty_is_terminal(con->tty);

	con_mirror_painted(&con->board.mirror, whole,
	    terminal ? CON_SEEN_NS : 0, dw_clock_ns());
	con_stale_painted(con);
	if (!terminal)
		con_attended(con);
}

/* Sets when to run again although nothing new has come. */
static void
set_deadline(struct con *con)
{
	int64_t tick = -1, at = con->again_ns;

	if (tty_is_terminal(con->tty))
		tick = con_prompt_tick_ms(&con->prompt, &con->facts,
		    con_now_ms(con));
	if (tick >= 0 && dw_clock_ns() + tick * DW_MS < at)
		at = dw_clock_ns() + tick * DW_MS;
	if (con->leave_ns < at)
		at = con->leave_ns;
	if (con->wait_ns < at)
		at = con->wait_ns;
	if (con->typing.key) /* what is typed ahead comes first */
		at = dw_clock_ns();
	tty_deadline(con->tty, at);
}

/* What the news says about the link itself. */
static void
take_link(struct con *con, const struct con_news *news)
{
	struct wire_frame ping = wire_frame_of(WIRE_PING);

	switch (news->kind) {
	case CON_NEWS_FRAME:
		con->no_link = false;
		break;
	case CON_NEWS_QUIET:
		(void)con_link_send(con->link, &ping);
		break;
	case CON_NEWS_SILENT:
	case CON_NEWS_LOST:
	case CON_NEWS_ENDED:
		con->no_link = true;
		break;
	}
}

static void
take_news(struct con *con)
{
	struct dw_list all, *n;

	dw_list_init(&all);
	con_inbox_take(&con->inbox, &all);
	while ((n = dw_list_take(&all)) != NULL) {
		struct con_news *news = DW_LIST_OF(n, struct con_news, node);

		con->link_ended |= news->kind == CON_NEWS_ENDED;
		take_link(con, news);
		con_board_news(&con->board, news);
		con_news_free(news);
	}
}

/* Is there nothing to wait for any more? */
static bool
is_over(const struct con *con)
{
	if (dw_clock_ns() >= con->leave_ns)
		return true;
	return con_board_is_empty(&con->board) &&
	    (con->link_ended || (con->eof && con->pending.n == 0));
}

/* A script's further lines wait for the rows of the session that it has
 * selected, so that they answer what was said there; for answers; and for
 * /wait. */
static bool
is_held(const struct con *con)
{
	return con_pending_has(&con->pending, CON_REQUEST_NEXT) ||
	    con->pending.n >= CON_PENDING_MAX || con->wait_ns != DW_NEVER ||
	    (!con->no_link && con_pending_has_unread(&con->pending));
}

void
con_pump(struct con *con)
{
	if (con_inbox_stopping(&con->inbox)) {
		tty_quit(con->tty);
		return;
	}
	take_news(con);
	if (tty_ready(con->tty))
		take_and_show(con);
	else /* The tty calls again when it is; rows wait on the board. */
		con->again_ns = DW_NEVER;
	if (dw_clock_ns() >= con->wait_ns)
		con->wait_ns = DW_NEVER;
	con_prompt_refresh(con);
	con_tail_refresh(con);
	set_deadline(con);
	tty_hold(con->tty, is_held(con));
	if (is_over(con))
		tty_quit(con->tty);
}
