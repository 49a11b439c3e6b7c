/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tells the desk that somebody is at the keys, and types to whom: the first key
 * of a text claims its customer, and colleagues see who is being answered.
 */
#include "config.h"

#include "base/clock.h"
#include "base/i18n.h"
#include "console/internal.h"

#define TYPES_NS (5 * DW_SECOND)  /* how often while a text is typed */
#define KEYS_NS  (15 * DW_SECOND) /* and for any other key */

/* Whom the text in the line is for; NULL: there is none, or it is a note or a
 * command. */
static const struct con_session *
typed_to(struct con *con)
{
	const struct con_session *s =
	    con_mirror_find(&con->board.mirror, con->facts.sid);

	if (s == NULL || con_is_closed(s) || con->note ||
	    con_line_of(tty_text(con->tty, NULL)).kind != CON_LINE_TEXT)
		return NULL;
	return s;
}

static void
tell(struct con *con, uint64_t sid, int64_t now_ns)
{
	struct wire_frame f = wire_frame_of(WIRE_TYPES);

	f.sid = sid;
	if (con_link_send(con->link, &f) < 0)
		return;
	con->typing.sid = sid;
	con->typing.told_ns = now_ns;
}

/* Is there something that the desk does not know? */
static bool
is_due(const struct con_typing *t, uint64_t sid, int64_t now_ns)
{
	if (sid != t->sid || t->told_ns == 0)
		return true;
	return now_ns >= t->told_ns + (sid != 0 ? TYPES_NS : KEYS_NS);
}

/* The text will not be sent as long as a colleague answers there: that is said
 * at its first key, and once.  Returns whether it may be. */
static bool
may_be_sent(struct con *con, const struct con_session *s)
{
	char label[CON_LABEL_MAX];

	if (con_is_taken(s) && con->typing.refused != s->facts.sid) {
		con->typing.refused = s->facts.sid;
		con_session_label(s, label);
		con_say(con,
		    _("%s is %s's: a text is not sent; Alt+n makes it a note, "
		      "/steal takes the customer"),
		    label, s->facts.owner);
	}
	return s->yours || con->typing.refused != s->facts.sid;
}

void
con_typing_look(struct con *con)
{
	struct con_typing *t = &con->typing;
	const struct con_session *s;
	int64_t now_ns = dw_clock_ns();
	uint64_t sid;

	if (!t->key || !tty_is_terminal(con->tty))
		return;
	t->key = false;
	if ((s = typed_to(con)) == NULL)
		t->refused = 0;
	sid = s != NULL && may_be_sent(con, s) ? s->facts.sid : 0;
	if (is_due(t, sid, now_ns))
		tell(con, sid, now_ns);
}

void
con_typing_sent(struct con *con)
{
	con->typing.sid = 0;
	con->typing.told_ns = dw_clock_ns();
}

void
con_typing_refused(struct con *con, const struct wire_frame *f)
{
	struct con_typing *t = &con->typing;

	if (f->code != EV_CODE_TAKEN || t->sid == 0)
		return;
	t->refused = t->sid;
	t->sid = 0;
	con_say(con, "%s", f->text);
}

void
con_typing_forget(struct con *con)
{
	con->typing = (struct con_typing){ .key = con->typing.key };
}
