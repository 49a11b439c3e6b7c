/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The commands that operators give the desk.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "desk/command.h"
#include "desk/internal.h"

#define HISTORY_ROWS 20

/* A whole number and nothing else. */
static bool
parse_number(const char *arg, uint64_t *out)
{
	char *end;

	if (*arg < '0' || *arg > '9')
		return false;
	errno = 0;
	*out = strtoull(arg, &end, 10);
	return errno == 0 && *end == '\0';
}

/* The open session that arg names; NULL after answering why not. */
static struct desk_session *
session_of(struct desk *d, const struct desk_request *rq, const char *arg)
{
	struct desk_session *s;
	uint64_t sid;

	if (!parse_number(arg, &sid)) {
		desk_refuse(d, rq, EV_CODE_USAGE,
		    _("which session? Give its number"));
		return NULL;
	}
	s = desk_session_find(d, sid);
	if (s != NULL && s->facts.state != EV_STATE_CLOSED)
		return s;
	if (sid != 0 && sid <= d->sid)
		desk_refuse(d, rq, EV_CODE_CLOSED, _("that session has ended"));
	else
		desk_refuse(d, rq, EV_CODE_UNKNOWN,
		    _("there is no such session"));
	return NULL;
}

static int
command_close(struct desk *d, const struct desk_request *rq, const char *arg,
    struct desk_time now)
{
	struct desk_session *s = session_of(d, rq, arg);

	if (s == NULL)
		return 0;
	desk_session_close(d, s, rq->who, EV_WHY_CLOSED,
	    _("This conversation was closed. Goodbye."), now);
	desk_fx_done(d, rq);
	return 0;
}

static int
command_kick(struct desk *d, const struct desk_request *rq, const char *arg,
    struct desk_time now)
{
	struct desk_session *s = session_of(d, rq, arg);

	if (s == NULL)
		return 0;
	desk_session_close(d, s, rq->who, EV_WHY_KICKED, NULL, now);
	desk_fx_done(d, rq);
	return 0;
}

static int
command_history(struct desk *d, const struct desk_request *rq, const char *arg,
    struct desk_time now)
{
	uint64_t sid;

	(void)now;
	if (!parse_number(arg, &sid) || sid == 0)
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("which session? Give its number"));
	if (sid > d->sid)
		return desk_refuse(d, rq, EV_CODE_UNKNOWN,
		    _("there is no such session"));
	desk_fx_past(d, rq, sid, HISTORY_ROWS);
	return 0;
}

static int
command_quit(struct desk *d, const struct desk_request *rq, const char *arg,
    struct desk_time now)
{
	(void)now;
	if (*arg != '\0')
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("/quit takes no argument"));
	desk_effect_add(d, DESK_FX_QUIT);
	desk_fx_done(d, rq);
	return 0;
}

static const struct desk_command commands[] = {
	{ { "close", "[N]",
	      N_("say goodbye to this customer and end the conversation"),
	      "session" },
	    command_close },
	{ { "history", "[N]", N_("show what was said in this session"),
	      "session" },
	    command_history },
	{ { "kick", "N", N_("cut this customer off at once"), "session" },
	    command_kick },
	{ { "quit", "", N_("tell everybody goodbye and stop the desk"), "" },
	    command_quit },
	{ { "udp", "[[ADDR] TEXT]",
	      N_("answer a datagram; alone show the last ones"), "peer" },
	    desk_command_udp },
};

const struct desk_command *
desk_commands(size_t *n)
{
	*n = sizeof commands / sizeof commands[0];
	return commands;
}

const struct desk_command *
desk_command_find(const char *text, const char **arg)
{
	size_t word = strcspn(text, " ");

	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (strlen(commands[i].row.name) != word ||
		    memcmp(commands[i].row.name, text, word) != 0)
			continue;
		*arg = text + word + strspn(text + word, " ");
		return &commands[i];
	}
	return NULL;
}
