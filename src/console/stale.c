/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A colleague was faster: the desk has refused a reply because its writer had
 * not seen what another console had said.  That is shown, the text comes back,
 * and Enter sends it again when there was time to read.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "console/internal.h"

void
con_stale_forget(struct con *con)
{
	free(con->stale.text);
	con->stale.text = NULL;
}

/* The text is in the line: the prompt asks what is to become of it. */
static void
ask_about_line(struct con *con, uint64_t sid, const char *text)
{
	con_stale_forget(con);
	con->stale.text = con_as_typed(text);
	con->stale.sid = sid;
	con->stale.enter_ns = DW_NEVER; /* until it is painted */
}

static void
give_back(struct con *con, uint64_t sid, const char *text, const char *why,
    uint64_t seq)
{
	struct con_session *s = con_mirror_find(&con->board.mirror, sid);
	enum con_kept kept = con_keep(con, sid, text, false);
	char label[CON_LABEL_MAX];

	if (s != NULL)
		con_seen_refusal(con_mirror_seen(&con->board.mirror, s), seq);
	if (*why == '\0')
		why = _("somebody else has answered");
	con_mirror_label(&con->board.mirror, sid, label);
	if (kept != CON_KEPT_LINE) {
		con_say(con, _("not sent to %s: %s%s"), label, why,
		    con_kept_words(kept));
		return;
	}
	ask_about_line(con, sid, text);
	con_say(con, _("not sent to %s: %s; Enter sends it all the same"),
	    label, why);
}

/* Has the row of this event been shown, and every one of a colleague before? */
static bool
is_shown(const struct con *con, const struct con_session *s, uint64_t seq)
{
	return s->seen.lost == 0 && seq <= con->board.mirror.seq;
}

/* Asks for the rows of the past that have the event.  Returns whether the text
 * waits for them now. */
static bool
ask_first(struct con *con, const struct con_session *s, const char *text,
    const struct wire_frame *f)
{
	struct con_request *page;
	char *why, *copy;

	if ((copy = strdup(text)) == NULL)
		return false;
	if ((why = strdup(f->text)) == NULL ||
	    (page = con_past_stale(con, s, f->seq)) == NULL) {
		free(why);
		free(copy);
		return false;
	}
	con_cancel_leaving(con);
	page->stale.text = copy;
	page->stale.why = why;
	page->stale.seq = f->seq;
	return true;
}

void
con_stale_refused(struct con *con, const struct con_request *rq,
    const struct wire_frame *f)
{
	const struct con_session *s =
	    con_mirror_find(&con->board.mirror, rq->sid);

	if (tty_is_terminal(con->tty) && s != NULL &&
	    !is_shown(con, s, f->seq) && ask_first(con, s, rq->text, f))
		return;
	give_back(con, rq->sid, rq->text, f->text, f->seq);
}

void
con_stale_page(struct con *con, const struct con_request *page)
{
	if (page->stale.text != NULL)
		give_back(con, page->sid_past, page->stale.text,
		    page->stale.why, page->stale.seq);
}

bool
con_stale_is_on(struct con *con)
{
	const struct con_stale *st = &con->stale;

	if (st->text != NULL &&
	    (st->sid != con->facts.sid ||
		strcmp(tty_text(con->tty, NULL), st->text) != 0))
		con_stale_forget(con);
	return st->text != NULL;
}

bool
con_stale_holds(struct con *con, const char *line, uint64_t painted)
{
	const struct con_stale *st = &con->stale;

	if (st->text == NULL || st->sid != painted ||
	    strcmp(line, st->text) != 0 || dw_clock_ns() >= st->enter_ns)
		return false;
	tty_set_text(con->tty, line, strlen(line));
	return true;
}

void
con_stale_painted(struct con *con)
{
	if (con->stale.text != NULL && con->stale.enter_ns == DW_NEVER)
		con->stale.enter_ns = dw_clock_ns() + CON_SEEN_NS;
}
