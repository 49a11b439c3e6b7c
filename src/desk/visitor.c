/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a customer in line mode can say to the desk itself.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/quit.h"
#include "base/text.h"
#include "desk/internal.h"

struct visitor_command {
	const char *name;
	void (*run)(struct desk *d, const struct desk_request *rq,
	    const char *arg, size_t len, struct desk_time now);
};

static void
visitor_help(struct desk *d, const struct desk_request *rq, const char *arg,
    size_t len, struct desk_time now)
{
	(void)arg;
	(void)len;
	(void)now;
	desk_fx_say(d, rq->conn,
	    _("/name NAME tells us who you are, /place tells your place in "
	      "line, /charset NAME in which encoding you write if it is not "
	      "UTF-8, /quit ends this conversation, // begins a line with a "
	      "slash; everything else goes to the operator."));
}

static void
visitor_name(struct desk *d, const struct desk_request *rq, const char *arg,
    size_t len, struct desk_time now)
{
	struct ev_event ev = ev_event_of(EV_NAME);
	struct desk_session *s = rq->conn->session;
	struct dw_buf name = DW_BUF_INITIALIZER, text = DW_BUF_INITIALIZER;

	if (dw_text_is_blank(arg, len)) {
		desk_fx_say(d, rq->conn, _("Usage: /name NAME"));
		return;
	}
	if (s == NULL && (s = desk_session_begin(d, rq->conn, now)) == NULL) {
		desk_fx_say(d, rq->conn, _(desk_sorry));
		return;
	}
	desk_charset_notice(d, s, arg, len, now);
	if (dw_charset_decode(&text, s->facts.charset, arg, len) < 0 ||
	    dw_text_name(&name, text.data, text.len) < 0 ||
	    name.len >= EV_NAME_SIZE) {
		desk_fx_say(d, rq->conn, _("Usage: /name NAME"));
		goto out;
	}
	ev.who = name.data;
	desk_emit(d, s, ev, now);
	/* The event is read when this function has long returned. */
	d->effects[d->neffects - 1].owned = dw_buf_take(&name);
	desk_fx_say(d, rq->conn, _("Thank you."));
	desk_fx_conn(d, DESK_FX_SORRY, rq->conn);
out:
	dw_buf_fini(&text);
	dw_buf_fini(&name);
}

/* NULL: no memory. */
static char *
place_text(struct desk_place p)
{
	char *text;
	int n;

	if (p.at == 0 && p.of == 0)
		n = asprintf(&text, "%s",
		    _("No answer is owed to you, and nobody else waits."));
	else if (p.at == 0)
		n = asprintf(&text,
		    DW_PLURAL("No answer is owed to you; %u other customer "
			      "waits.",
			"No answer is owed to you; %u other customers wait.",
			p.of),
		    p.of);
	else if (p.of == 1)
		n = asprintf(&text, "%s", _("You are the only one who waits."));
	else
		n = asprintf(&text, _("You are number %u of %u who wait."),
		    p.at, p.of);
	return n < 0 ? NULL : text;
}

/* Who has no place as it waits for its owner.  NULL: no memory. */
static char *
owner_text(const struct desk *d, const struct desk_session *s)
{
	char *text;

	return asprintf(&text, _("%s is answering you now."),
		   desk_shown_name(d, s->facts.owner)) < 0 ?
	    NULL :
	    text;
}

static bool
waits_for_owner(const struct desk_session *s)
{
	return s != NULL && s->facts.waiting_at.seq != 0 &&
	    s->facts.owner[0] != '\0';
}

static void
visitor_place(struct desk *d, const struct desk_request *rq, const char *arg,
    size_t len, struct desk_time now)
{
	const struct desk_session *s = rq->conn->session;
	char *text = waits_for_owner(s) ? owner_text(d, s) :
					  place_text(desk_place(d, s));

	(void)arg;
	(void)len;
	if (text != NULL)
		desk_fx_say(d, rq->conn, text)->owned = text;
	if (desk_is_left_alone(d, s, now))
		desk_fx_nobody(d, rq->conn, false, now);
}

static void
visitor_quit(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	static const char bye[] = N_("Goodbye.");

	if (rq->conn->session != NULL)
		desk_session_end(d, rq->conn->session, "", EV_WHY_QUIT, _(bye),
		    now);
	else
		desk_fx_bye(d, DESK_FX_BYE, rq->conn, _(bye));
}

void
desk_visitor_hint(struct desk *d, const struct desk_request *rq)
{
	static const struct {
		const char *word, *hint;
	} hints[] = {
		{ "help", N_("Your message was sent. For help, type /help.") },
		{ "quit", N_("Your message was sent. To leave, type /quit.") },
		{ "exit", N_("Your message was sent. To leave, type /quit.") },
		{ "bye", N_("Your message was sent. To leave, type /quit.") },
	};
	const char *word = rq->text;
	size_t len = rq->len;

	dw_text_trim(&word, &len);
	for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
		if (dw_text_is_word(word, len, hints[i].word))
			desk_fx_say(d, rq->conn, _(hints[i].hint));
}

bool
desk_visitor_command(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	static const struct visitor_command commands[] = {
		{ "/charset", desk_visitor_charset },
		{ "/help", visitor_help },
		{ "/name", visitor_name },
		{ "/place", visitor_place },
	};
	const char *space = memchr(rq->text, ' ', rq->len);
	size_t word = space != NULL ? (size_t)(space - rq->text) : rq->len;

	if (dw_is_quit_command(rq->text, word)) {
		visitor_quit(d, rq, now);
		return true;
	}
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		const struct visitor_command *cmd = &commands[i];

		if (!dw_text_is_word(rq->text, word, cmd->name))
			continue;
		cmd->run(d, rq, rq->text + word, rq->len - word, now);
		return true;
	}
	if (rq->len > 1 && rq->text[1] == '/')
		return false;
	desk_fx_say(d, rq->conn,
	    _("There is no such command; /help lists them."));
	return true;
}
