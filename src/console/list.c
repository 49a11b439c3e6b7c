/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The list of sessions: who waits and what they said last, who left
 * unanswered, and on demand who has ended.
 */
#include "config.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/text.h"
#include "console/internal.h"

#define LABEL_COLUMNS 12
#define WORDS_COLUMNS 32
#define LEFT_ROWS     20 /* at once, of those who left */
#define LEFT_NAMED    5  /* in the first row of a console */
#define FIRST_ROWS    20 /* of the connected, when a console begins */
#define ENDED_COUNT   20

int64_t
con_now_ms(const struct con *con)
{
	return con_mirror_now_ms(&con->board.mirror, dw_clock_steady_ms());
}

/* ---- one row ---- */

static void
add_state(struct dw_buf *b, const struct con_session *s, int64_t now_ms)
{
	char age[CON_SPAN_MAX];

	con_age(now_ms - ev_waits_since(&s->facts).steady_ms, age);
	if (con_is_closed(s))
		dw_buf_adds(b, _("closed"));
	else if (con_is_left(s))
		dw_buf_addf(b, _("left unanswered, %s"), age);
	else if (ev_waits(&s->facts))
		dw_buf_addf(b, _("waiting %s"), age);
	else
		dw_buf_adds(b, _("answered"));
	if (s->facts.eof && !con_is_left(s))
		dw_buf_adds(b, _(", writes no more"));
	if (s->stuck_ms != 0 && !s->facts.gone) {
		con_age(now_ms - s->stuck_ms, age);
		dw_buf_addf(b, _(", has read nothing for %s"), age);
	}
	if (con_unread(s) > 0)
		dw_buf_addf(b, _(", %lu unread"), (unsigned long)con_unread(s));
}

void
con_add_owner(struct dw_buf *b, const struct con_session *s, int64_t now_ms)
{
	char age[CON_SPAN_MAX];

	con_age(now_ms - s->facts.owned_at.steady_ms, age);
	if (s->yours)
		dw_buf_adds(b, _(", yours"));
	else if (con_is_taken(s))
		dw_buf_addf(b, _(", %s's for %s"), s->facts.owner, age);
	if (s->offered)
		dw_buf_adds(b, _(", offered to you"));
	else if (s->facts.offered[0] != '\0')
		dw_buf_addf(b, _(", offered to %s"), s->facts.offered);
}

void
con_add_typers(struct dw_buf *b, const struct con_mirror *m, uint64_t sid,
    int64_t now_ms)
{
	const struct con_people *p = &m->people;

	for (size_t i = 0; i < p->ntypers; i++)
		if (con_typer_is_at(&p->typers[i], sid, now_ms))
			dw_buf_addf(b, _("; %s is typing"), p->typers[i].name);
}

/* The customer's last words in one row, cut. */
static void
add_words(struct dw_buf *b, const struct ev_session *f)
{
	char words[EV_WORDS_SIZE];
	size_t len = strlen(f->words), cut = len;

	memcpy(words, f->words, len + 1);
	for (size_t i = 0; i < len; i++)
		words[i] = (unsigned char)words[i] < ' ' ? ' ' : words[i];
	while (cut > 0 && dw_text_width(words, cut) > WORDS_COLUMNS)
		cut = dw_text_cut(words, len, cut - 1);
	dw_buf_adds(b, ": \"");
	dw_buf_add(b, words, cut);
	dw_buf_adds(b, cut < len ? "…\"" : "\"");
}

/* And how long ago that was. */
static void
add_last_words(struct dw_buf *b, const struct ev_session *f, int64_t now_ms)
{
	char age[CON_SPAN_MAX];

	if (*f->words == '\0')
		return;
	con_age(now_ms - f->said_at.steady_ms, age);
	add_words(b, f);
	dw_buf_addf(b, _(" %s ago"), age);
}

/* Who of the other consoles has it selected. */
static void
add_lookers(struct dw_buf *b, const struct con_mirror *m, uint64_t sid)
{
	bool any = false;

	for (size_t i = 0; i < m->nlookers; i++) {
		if (m->lookers[i].sid != sid)
			continue;
		dw_buf_adds(b, any ? ", " : _("; selected by "));
		dw_buf_adds(b, m->lookers[i].name);
		any = true;
	}
}

static void
add_watchers(struct dw_buf *b, const struct con_session *s,
    const struct con_people *p)
{
	bool any = s->watched;

	if (s->watched)
		dw_buf_adds(b, _("; watched by you"));
	for (size_t i = 0; i < p->nwatchers; i++) {
		if (p->watchers[i].sid != s->facts.sid)
			continue;
		dw_buf_adds(b, any ? ", " : _("; watched by "));
		dw_buf_adds(b, p->watchers[i].name);
		any = true;
	}
}

static void
list_row(struct con *con, const struct con_session *s, int64_t now_ms)
{
	const struct ev_session *f = &s->facts;
	struct dw_buf b = DW_BUF_INITIALIZER;
	char label[CON_LABEL_MAX];

	con_session_label(s, label);
	dw_buf_addf(&b, "%c%s ", f->sid == con->facts.sid ? '>' : ' ', label);
	for (size_t w = dw_text_width(label, strlen(label)); w < LABEL_COLUMNS;
	    w++)
		dw_buf_addc(&b, ' ');
	add_state(&b, s, now_ms);
	con_add_owner(&b, s, now_ms);
	add_last_words(&b, f, now_ms);
	if (*f->by != '\0')
		dw_buf_addf(&b, _("; %s answered last"), f->by);
	con_add_typers(&b, &con->board.mirror, f->sid, now_ms);
	add_lookers(&b, &con->board.mirror, f->sid);
	add_watchers(&b, s, &con->board.mirror.people);
	if (con_drafts_has(&con->drafts, f->sid))
		dw_buf_adds(&b, _("; draft"));
	con_say(con, "%s (%s, %s)", dw_buf_str(&b), con_mode_word(f->mode),
	    f->addr);
	dw_buf_fini(&b);
}

/* ---- the list ---- */

/* Shows those who left from the `from`-th on; returns where it ended. */
static size_t
list_left(struct con *con, const struct con_session **all, size_t n,
    size_t from)
{
	int64_t now_ms = con_now_ms(con);
	size_t left = 0, to = from + LEFT_ROWS;

	for (size_t i = 0; i < n; i++) {
		if (!con_is_left(all[i]))
			continue;
		if (left >= from && left < to)
			list_row(con, all[i], now_ms);
		left++;
	}
	if (left <= to)
		return 0;
	con_say(con, _("and %zu more who left; /list left shows them"),
	    left - to);
	return to;
}

/* Shows the first of those who are here. */
static void
list_connected(struct con *con, const struct con_session **all, size_t n,
    size_t most)
{
	int64_t now_ms = con_now_ms(con);
	size_t rows = 0;

	for (size_t i = 0; i < n; i++) {
		if (con_is_left(all[i]))
			continue;
		if (rows++ < most)
			list_row(con, all[i], now_ms);
	}
	if (rows > most)
		con_say(con,
		    DW_PLURAL("and %zu more; /list shows it",
			"and %zu more; /list shows them", rows - most),
		    rows - most);
}

static void
say_unlisted(struct con *con)
{
	uint64_t n = con->board.mirror.unlisted;

	if (n > 0)
		con_say(con,
		    DW_PLURAL("%lu more who left is in the journal only",
			"%lu more who left are in the journal only",
			(unsigned long)n),
		    (unsigned long)n);
}

static void
list_most(struct con *con, size_t most)
{
	const struct con_session **all;
	size_t n;

	if ((all = con_mirror_list(&con->board.mirror, &n)) == NULL)
		return;
	if (n == 0)
		con_say(con, _("no sessions"));
	list_connected(con, all, n, most);
	con->again.what = CON_AGAIN_LEFT;
	con->again.count = (unsigned)list_left(con, all, n, 0);
	say_unlisted(con);
	free(all);
}

void
con_list(struct con *con)
{
	list_most(con, SIZE_MAX);
}

/* Scripts read all of them. */
void
con_list_first(struct con *con)
{
	list_most(con, tty_is_terminal(con->tty) ? FIRST_ROWS : SIZE_MAX);
}

void
con_list_left(struct con *con)
{
	const struct con_session **all;
	size_t n, from = 0;

	if ((all = con_mirror_list(&con->board.mirror, &n)) == NULL)
		return;
	if (con->again.what == CON_AGAIN_LEFT)
		from = con->again.count;
	if (con->board.mirror.n == 0 ||
	    con_mirror_left(&con->board.mirror) == 0)
		con_say(con, _("nobody left unanswered"));
	con->again.what = CON_AGAIN_LEFT;
	con->again.count = (unsigned)list_left(con, all, n, from);
	if (con->again.count == 0)
		say_unlisted(con);
	free(all);
}

/* "2 eve, 5 joe, 7 guest …" */
static void
name_some(struct con *con, bool (*which)(const struct con_session *s),
    struct dw_buf *out)
{
	const struct con_session **all;
	char label[CON_LABEL_MAX];
	size_t n, named = 0;

	if ((all = con_mirror_list(&con->board.mirror, &n)) == NULL)
		return;
	for (size_t i = 0; i < n && named <= LEFT_NAMED; i++) {
		if (!which(all[i]))
			continue;
		con_session_label(all[i], label);
		dw_buf_adds(out, named > 0 ? ", " : "");
		dw_buf_adds(out, named++ < LEFT_NAMED ? label : "…");
	}
	free(all);
}

void
con_name_left(struct con *con, struct dw_buf *out)
{
	if (con_mirror_left(&con->board.mirror) > 0)
		name_some(con, con_is_left, out);
}

static bool
is_unattended(const struct con_session *s)
{
	return s->facts.unattended;
}

void
con_name_unattended(struct con *con, struct dw_buf *out)
{
	name_some(con, is_unattended, out);
}

/* ---- who has ended ---- */

void
con_list_ended(struct con *con)
{
	struct con_again *again = &con->again;
	struct con_request *rq;
	char text[80];

	if (again->what != CON_AGAIN_ENDED) {
		again->what = CON_AGAIN_ENDED;
		again->before = 0;
	}
	if (again->before == 0)
		snprintf(text, sizeof text, "ended %d", ENDED_COUNT);
	else
		snprintf(text, sizeof text, "ended %d %" PRIu64, ENDED_COUNT,
		    again->before);
	if ((rq = con_ask_desk(con, text)) != NULL)
		rq->past = CON_PAST_ENDED;
}

/* The session of the event, folded so far; NULL: no memory. */
static struct con_session *
ended_session(struct con *con, const struct ev_event *ev)
{
	struct con_ended *e = &con->ended;

	for (size_t i = 0; i < e->n; i++)
		if (e->all[i].facts.sid == ev->sid)
			return &e->all[i];
	if (e->n == CON_ENDED_MAX || ev->kind != EV_ARRIVED)
		return NULL;
	memset(&e->all[e->n], 0, sizeof e->all[e->n]);
	return &e->all[e->n++];
}

void
con_ended_event(struct con *con, const struct ev_event *ev)
{
	struct con_session *s = ended_session(con, ev);
	struct dw_buf name = DW_BUF_INITIALIZER;
	char label[CON_LABEL_MAX], hms[DW_CLOCK_STAMP];

	if (s == NULL)
		return;
	ev_apply(&s->facts, ev);
	con_make_harmless(&s->facts, ev);
	if (ev->kind != EV_CLOSED)
		return;
	if (con->again.what == CON_AGAIN_ENDED && con->again.first == 0)
		con->again.first = ev->seq;
	con_past_day(con, ev->t_ms);
	con_session_label(s, label);
	dw_clock_hms(ev->t_ms, hms);
	if (*ev->who != '\0')
		dw_text_name(&name, ev->who, strlen(ev->who));
	if (name.len > 0)
		con_say(con, _("%s  %s, closed by %s%s%s (%s)"), hms, label,
		    dw_buf_str(&name), *con_why_words(ev->why) ? ": " : "",
		    con_why_words(ev->why), s->facts.addr);
	else
		con_say(con, _("%s  %s, ended%s%s (%s)"), hms, label,
		    *con_why_words(ev->why) ? ": " : "", con_why_words(ev->why),
		    s->facts.addr);
	dw_buf_fini(&name);
}

void
con_ended_done(struct con *con)
{
	struct con_again *again = &con->again;

	con->ended.n = 0;
	if (again->what != CON_AGAIN_ENDED)
		return;
	if (again->first == 0)
		con_say(con,
		    again->before == 0 ?
			_("no session has ended yet") :
			_("no session has ended before these"));
	else
		con_say(con, _("--- end; /list all goes further back ---"));
	again->before = again->first;
	again->first = 0;
}

void
con_list_page(struct con *con, struct con_request *rq, const char *command)
{
	if (strcmp(command, "earlier") == 0) {
		rq->past = CON_PAST_SAME;
	} else if (strcmp(command, "ended") == 0) {
		rq->past = CON_PAST_ENDED;
		con->again = (struct con_again){ .what = CON_AGAIN_ENDED };
	}
}

/* ---- who was here before ---- */

void
con_same_ask(struct con *con, const struct con_session *s)
{
	struct con_request *rq;
	char text[40];

	if (s->facts.same[0] == 0 || !tty_is_terminal(con->tty) ||
	    con_desk_command(con->welcome, "earlier", 7) == NULL)
		return;
	snprintf(text, sizeof text, "earlier %" PRIu64, s->facts.sid);
	if ((rq = con_ask_desk(con, text)) != NULL)
		rq->past = CON_PAST_SAME;
}

void
con_same_event(struct con *con, const struct con_item *item)
{
	const struct ev_event *ev = &item->frame->ev;
	struct con_session *s = ended_session(con, ev);

	if (s == NULL)
		return;
	if (ev->kind == EV_SAID)
		s->facts.charset = item->charset;
	ev_apply(&s->facts, ev);
	con_make_harmless(&s->facts, ev);
}

/* "earlier, 2026-11-02 10:31: 1 alice: "it is dead"; lin answered last" */
static void
say_earlier(struct con *con, const struct con_session *s)
{
	const struct ev_session *f = &s->facts;
	int64_t at_ms = f->said_ms != 0 ? f->said_ms : f->began_ms;
	time_t t = (time_t)(at_ms / 1000);
	struct dw_buf b = DW_BUF_INITIALIZER;
	char date[32] = "", label[CON_LABEL_MAX];
	struct tm tm;

	if (localtime_r(&t, &tm) != NULL)
		strftime(date, sizeof date, "%Y-%m-%d %H:%M", &tm);
	con_session_label(s, label);
	if (*f->words != '\0')
		add_words(&b, f);
	if (*f->by != '\0')
		dw_buf_addf(&b, _("; %s answered last"), f->by);
	con_say(con, _("earlier, %s: %s%s"), date, label, dw_buf_str(&b));
	dw_buf_fini(&b);
}

void
con_same_done(struct con *con)
{
	struct con_ended *e = &con->ended;

	for (size_t i = 0; i < e->n; i++)
		say_earlier(con, &e->all[i]);
	e->n = 0;
}
