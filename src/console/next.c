/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whoever waits longest: the desk is asked, so that no two operators get the
 * same one, and keeps it for us for a moment.  Its answer selects, unless
 * something else has been typed meanwhile.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "base/i18n.h"
#include "console/internal.h"

/* Its line and its selection are as they were when it was asked. */
static bool
is_as_it_was(struct con *con, const struct con_request *rq)
{
	return con->facts.sid == rq->sid && con->note == rq->note &&
	    tty_is_quiet(con->tty) &&
	    strcmp(tty_text(con->tty, NULL), rq->text) == 0;
}

static void
say_reserved(struct con *con, uint64_t sid)
{
	char label[CON_LABEL_MAX];

	con_mirror_label(&con->board.mirror, sid, label);
	con_say(con,
	    _("%s is reserved for you for 30 s; /%" PRIu64 " selects it"),
	    label, sid);
}

/* Scripts do not ask. */
static void
say_nobody(struct con *con)
{
	const struct con_mirror *m = &con->board.mirror;
	size_t mine = con_mirror_unread(m);

	if (!tty_is_terminal(con->tty))
		return;
	if (mine > 0)
		con_say(con,
		    DW_PLURAL("nobody else is waiting; Alt+m goes to %zu of "
			      "yours that has written",
			"nobody else is waiting; Alt+m goes to %zu of yours "
			"that have written",
			mine),
		    mine);
	else
		con_say(con, _("nobody else is waiting"));
}

void
con_next(struct con *con)
{
	/* Until the first is answered a second one would get the same. */
	if (con_pending_has(&con->pending, CON_REQUEST_NEXT))
		return;
	con_ask_next(con);
}

void
con_next_answered(struct con *con, const struct con_request *rq,
    const struct wire_frame *f)
{
	if (f->op == WIRE_ERR)
		con_refuse(con, _("nobody is selected: %s"), f->text);
	else if (f->sid == 0)
		say_nobody(con);
	else if (f->sid == con->facts.sid)
		return; /* it was offered, and is accepted: a row says so */
	else if (is_as_it_was(con, rq))
		con_select(con, f->sid);
	else
		say_reserved(con, f->sid);
}

void
con_next_lost(struct con *con)
{
	con_refuse(con,
	    _("nobody is reserved for you: the link was lost before the desk "
	      "answered; Enter asks again"));
}
