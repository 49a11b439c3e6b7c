/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How it looks what operators do among themselves: who answers whom, notes,
 * what they say to each other, who is away.  What concerns the operator of this
 * console is said to "you".
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "console/rows.h"

/*
 * A sentence for each thing that happens: of what we did, of what was done to
 * us, and of all else.  NULL: as of all else.  A word in braces is filled in.
 */
static const struct sentence {
	enum ev_kind kind;
	const char *why; /* NULL: any other */
	const char *by_us, *to_us, *else_;
} sentences[] = {
	{ EV_CLAIM, EV_WHY_STOLEN, N_("you have taken {session} from {other}"),
	    N_("{who} has taken {session} from you"),
	    N_("{who} has taken {session} from {other}") },
	{ EV_CLAIM, EV_WHY_ACCEPTED,
	    N_("you answer {session} now, as {other} has offered"),
	    N_("{who} answers {session} now, as you have offered"),
	    N_("{who} answers {session} now, as {other} has offered") },
	{ EV_CLAIM, NULL, N_("you answer {session} now"), NULL,
	    N_("{who} answers {session} now") },
	{ EV_FREE, EV_WHY_RELEASED, N_("{free}: you gave it back"), NULL,
	    N_("{free}: {who} gave it back") },
	{ EV_FREE, EV_WHY_SILENT, N_("{free}: you were silent"), NULL,
	    N_("{free}: {who} was silent") },
	{ EV_FREE, EV_WHY_LOST, N_("{free}: your console was gone"), NULL,
	    N_("{free}: {who} has no console any more") },
	{ EV_FREE, NULL, N_("{free}"), NULL, N_("{free}") },
	{ EV_OFFER, NULL, N_("you offer {session} to {other}{body}"),
	    N_("{who} offers you {session}{body}; Enter or /take {sid} takes "
	       "it, /decline {sid} does not"),
	    N_("{who} offers {session} to {other}{body}") },
	{ EV_DECLINED, EV_WHY_DECLINED, N_("you do not take {session}"),
	    N_("{other} does not take {session}; it stays yours"),
	    N_("{other} does not take {session}") },
	{ EV_DECLINED, EV_WHY_LOST, N_("{session} is not offered to you now"),
	    N_("{other} has gone and did not take {session}; it stays yours"),
	    N_("{other} has gone and did not take {session}") },
	{ EV_DECLINED, NULL, N_("{session} is not offered to you any more"),
	    N_("{other} did not take {session} in time; it stays yours"),
	    N_("{other} did not take {session} in time") },
	{ EV_KEEP, NULL, N_("you keep {session} for {time}"), NULL,
	    N_("{who} keeps {session} for {time}") },
	{ EV_AWAY, EV_WHY_IDLE,
	    N_("you are away: no key was pressed for long; the next one ends "
	       "it"),
	    NULL, N_("{who} is away: no key for long") },
	{ EV_AWAY, NULL, N_("you are away{body}; /back ends it"), NULL,
	    N_("{who} is away{body}") },
	{ EV_BACK, NULL, N_("you are back"), NULL, N_("{who} is back") },
	{ EV_SAME, EV_WHY_UNDONE, N_("{session} and {n} are not one person"),
	    NULL, N_("{session} and {n} are not one person, says {who}") },
	{ EV_SAME, NULL, N_("{session} and {n} are one person"), NULL,
	    N_("{session} and {n} are one person, says {who}") },
	{ EV_REOPENED, NULL, N_("you have opened {session} again"), NULL,
	    N_("{who} has opened {session} again") },
	{ EV_BAN, EV_WHY_FLOOD, NULL, NULL,
	    N_("{addr} is banned for {time}: it wrote too fast") },
	{ EV_BAN, NULL, N_("you have banned {addr} for {time}{body}"), NULL,
	    N_("{who} has banned {addr} for {time}{body}") },
	{ EV_UNBAN, NULL, N_("you let {addr} in again"), NULL,
	    N_("{who} lets {addr} in again") },
};

static const struct sentence *
sentence_of(const struct ev_event *ev)
{
	for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
		const struct sentence *s = &sentences[i];

		if (s->kind == ev->kind &&
		    (s->why == NULL || strcmp(s->why, ev->why) == 0))
			return s;
	}
	return NULL;
}

static bool
is_us(const struct con_row_about *about, const char *who)
{
	return about->me != NULL && *who != '\0' && strcmp(who, about->me) == 0;
}

/* An offer ends with whom it was made to, also where nobody has said so. */
static bool
is_by_us(const struct ev_event *ev, const struct con_row_about *about)
{
	return is_us(about, ev->who) ||
	    (ev->kind == EV_DECLINED && about->offered);
}

static bool
is_to_us(const struct ev_event *ev, const struct con_row_about *about)
{
	if (ev->kind == EV_OFFER)
		return is_us(about, ev->why);
	return about->yours;
}

static const char *
words_of(const struct sentence *s, const struct ev_event *ev,
    const struct con_row_about *about)
{
	if (s->by_us != NULL && is_by_us(ev, about))
		return _(s->by_us);
	if (s->to_us != NULL && is_to_us(ev, about))
		return _(s->to_us);
	return _(s->else_);
}

/* ---- what is filled in; con_row_ours() makes it harmless ---- */

static void
add_who(struct dw_buf *b, const struct ev_event *ev,
    const struct con_row_about *about)
{
	(void)about;
	dw_text_name(b, ev->who, strlen(ev->who));
}

/* Who had it before, or to whom it is offered. */
static void
add_other(struct dw_buf *b, const struct ev_event *ev,
    const struct con_row_about *about)
{
	if (ev->kind == EV_OFFER)
		dw_text_name(b, ev->why, strlen(ev->why));
	else if (ev->kind == EV_DECLINED && *ev->who != '\0')
		dw_text_name(b, ev->who, strlen(ev->who));
	else
		dw_buf_adds(b, about->was != NULL ? about->was : "");
}

static void
add_session(struct dw_buf *b, const struct ev_event *ev,
    const struct con_row_about *about)
{
	(void)ev;
	dw_buf_adds(b, about->label);
}

static void
add_sid(struct dw_buf *b, const struct ev_event *ev,
    const struct con_row_about *about)
{
	(void)about;
	dw_buf_addf(b, "%" PRIu64, ev->sid);
}

static void
add_n(struct dw_buf *b, const struct ev_event *ev,
    const struct con_row_about *about)
{
	(void)about;
	dw_buf_addf(b, "%" PRIu64, ev->n);
}

/* What becomes of a customer whom nobody answers any more. */
static void
add_free(struct dw_buf *b, const struct ev_event *ev,
    const struct con_row_about *about)
{
	(void)ev;
	dw_buf_addf(b,
	    about->waits ? _("%s is back in line") : _("nobody answers %s now"),
	    about->label);
}

static void
add_body(struct dw_buf *b, const struct ev_event *ev,
    const struct con_row_about *about)
{
	(void)about;
	if (ev->len == 0)
		return;
	dw_buf_adds(b, ": ");
	dw_buf_add(b, ev->body, ev->len);
}

static void
add_time(struct dw_buf *b, const struct ev_event *ev,
    const struct con_row_about *about)
{
	char span[CON_SPAN_MAX];

	(void)about;
	con_age(ev->n < INT64_MAX / 1000 ? (int64_t)ev->n * 1000 : INT64_MAX,
	    span);
	dw_buf_adds(b, span);
}

static void
add_addr(struct dw_buf *b, const struct ev_event *ev,
    const struct con_row_about *about)
{
	(void)about;
	dw_buf_adds(b, ev->addr);
}

static const struct {
	const char *word;
	void (*add)(struct dw_buf *b, const struct ev_event *ev,
	    const struct con_row_about *about);
} fills[] = {
	{ "{who}", add_who },
	{ "{other}", add_other },
	{ "{session}", add_session },
	{ "{sid}", add_sid },
	{ "{n}", add_n },
	{ "{free}", add_free },
	{ "{body}", add_body },
	{ "{time}", add_time },
	{ "{addr}", add_addr },
};

/* Fills in the word that text begins with; returns its length, 0 for none. */
static size_t
fill(struct dw_buf *b, const char *text, const struct ev_event *ev,
    const struct con_row_about *about)
{
	for (size_t i = 0; i < sizeof fills / sizeof *fills; i++) {
		size_t len = strlen(fills[i].word);

		if (strncmp(text, fills[i].word, len) != 0)
			continue;
		fills[i].add(b, ev, about);
		return len;
	}
	return 0;
}

static void
fill_all(struct dw_buf *b, const char *words, const struct ev_event *ev,
    const struct con_row_about *about)
{
	size_t n;

	for (; *words != '\0'; words += n) {
		if (*words == '{' && (n = fill(b, words, ev, about)) > 0)
			continue;
		n = strcspn(words + 1, "{") + 1;
		dw_buf_add(b, words, n);
	}
}

/* ---- what is written ---- */

static void
add_person(struct dw_buf *tag, const char *who,
    const struct con_row_about *about)
{
	if (is_us(about, who))
		dw_buf_adds(tag, _("you"));
	else
		dw_text_name(tag, who, strlen(who));
}

/* "3 alice lin note> " */
static int
note_row(struct con_row *row, const struct ev_event *ev,
    const struct con_row_about *about)
{
	struct dw_buf tag = DW_BUF_INITIALIZER;

	dw_buf_addf(&tag, "%s ", about->label);
	dw_text_name(&tag, ev->who, strlen(ev->who));
	dw_buf_adds(&tag, _(" note> "));
	return con_row_written(row, ev, &tag, about);
}

/* "lin to you> ", and where it is about a session "3 alice lin to you> " */
static int
msg_row(struct con_row *row, const struct ev_event *ev,
    const struct con_row_about *about)
{
	struct dw_buf tag = DW_BUF_INITIALIZER;

	if (ev->sid != 0)
		dw_buf_addf(&tag, "%s ", about->label);
	add_person(&tag, ev->who, about);
	dw_buf_adds(&tag, _(" to "));
	add_person(&tag, ev->why, about);
	dw_buf_adds(&tag, "> ");
	return con_row_written(row, ev, &tag, about);
}

int
con_row_team(struct con_row *row, const struct ev_event *ev,
    const struct con_row_about *about)
{
	const struct sentence *s;
	struct dw_buf b = DW_BUF_INITIALIZER;

	if (ev->kind == EV_NOTE)
		return note_row(row, ev, about);
	if (ev->kind == EV_MSG)
		return msg_row(row, ev, about);
	/* The answer itself is the news. */
	if (ev->kind == EV_CLAIM && strcmp(ev->why, EV_WHY_ANSWER) == 0)
		return 0;
	if ((s = sentence_of(ev)) == NULL)
		return 0;
	fill_all(&b, words_of(s, ev, about), ev, about);
	return con_row_timed(row, ev, &b, about);
}
