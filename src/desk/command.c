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

#define PAST_ROWS     20 /* when no other count is given */
#define PAST_ROWS_MAX 1000

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

/* Numbers with spaces between them.  Returns how many; -1 when there are more
 * than max, or something else stands among them. */
static int
parse_numbers(const char *arg, uint64_t *out, int max)
{
	char word[24];
	size_t len;
	int n = 0;

	for (; *arg != '\0'; arg += len + strspn(arg + len, " ")) {
		len = strcspn(arg, " ");
		if (n == max || len >= sizeof word)
			return -1;
		memcpy(word, arg, len);
		word[len] = '\0';
		if (!parse_number(word, &out[n++]))
			return -1;
	}
	return n;
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

static unsigned
rows(uint64_t wanted)
{
	return wanted < PAST_ROWS_MAX ? (unsigned)wanted : PAST_ROWS_MAX;
}

static int
command_history(struct desk *d, const struct desk_request *rq, const char *arg,
    struct desk_time now)
{
	/* Session, count, before. */
	uint64_t numbers[3] = { 0, PAST_ROWS, 0 };
	struct ev_past past = { .of = EV_PAST_SESSION };

	(void)now;
	if (parse_numbers(arg, numbers, 3) < 0 || numbers[1] == 0)
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("say /history N COUNT SEQ: the session, how many of its "
		      "messages, and the event they come before"));
	if (numbers[0] == 0)
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("which session? Give its number"));
	if (numbers[0] > d->sid)
		return desk_refuse(d, rq, EV_CODE_UNKNOWN,
		    _("there is no such session"));
	past.sid = numbers[0];
	past.count = rows(numbers[1]);
	past.before = numbers[2];
	desk_fx_past(d, rq, &past);
	return 0;
}

static int
command_ended(struct desk *d, const struct desk_request *rq, const char *arg,
    struct desk_time now)
{
	/* Count, before. */
	uint64_t numbers[2] = { PAST_ROWS, 0 };
	struct ev_past past = { .of = EV_PAST_ENDED };

	(void)now;
	if (parse_numbers(arg, numbers, 2) < 0 || numbers[0] == 0)
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("say /ended COUNT SEQ: how many sessions, and the event "
		      "before which they ended"));
	past.count = rows(numbers[0]);
	past.before = numbers[1];
	desk_fx_past(d, rq, &past);
	return 0;
}

static int
command_quit(struct desk *d, const struct desk_request *rq, const char *arg,
    struct desk_time now)
{
	(void)now;
	/* Who types it at a console was asked there. */
	if (*arg != '\0' && strcmp(arg, "now") != 0)
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("/quit takes nothing, or now"));
	desk_effect_add(d, DESK_FX_QUIT);
	desk_fx_done(d, rq);
	return 0;
}

static const struct desk_command commands[] = {
	{ { "close", "[N]",
	      N_("say goodbye to this customer and end the conversation"),
	      "session" },
	    command_close },
	{ { "ended", "[COUNT [SEQ]]",
	      N_("show sessions that have ended, the latest last"), "" },
	    command_ended },
	{ { "history", "[N] [COUNT [SEQ]]",
	      N_("show what was said in this session"), "session" },
	    command_history },
	{ { "kick", "N", N_("cut this customer off at once"), "session" },
	    command_kick },
	{ { "quit", "[now]", N_("tell everybody goodbye and stop the desk"),
	      "" },
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
