/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The commands that operators give the desk.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
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

int64_t
desk_parse_span(const char *text, size_t len, int64_t max_s)
{
	static const struct {
		char unit;
		int64_t s;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	int64_t n = 0;

	for (size_t i = 0; i + 1 < len; i++) {
		if (text[i] < '0' || text[i] > '9' || n > max_s)
			return 0;
		n = n * 10 + (text[i] - '0');
	}
	for (size_t i = 0; len > 1 && i < sizeof units / sizeof units[0]; i++)
		if (text[len - 1] == units[i].unit && n <= max_s / units[i].s)
			return n * units[i].s;
	return 0;
}

struct desk_session *
desk_command_session_of(struct desk *d, const struct desk_request *rq,
    const char *arg, const char **rest)
{
	size_t len = strcspn(arg, " ");
	char word[24] = "";

	*rest = arg + len + strspn(arg + len, " ");
	if (len < sizeof word)
		memcpy(word, arg, len);
	return desk_command_session(d, rq, word);
}

struct desk_session *
desk_command_session(struct desk *d, const struct desk_request *rq,
    const char *arg)
{
	struct desk_session *s;
	const char *text;
	enum ev_code code;
	uint64_t sid;

	if (!parse_number(arg, &sid)) {
		desk_refuse(d, rq, EV_CODE_USAGE,
		    _("which session? Give its number"));
		return NULL;
	}
	s = desk_session_find(d, sid);
	if ((code = desk_session_refusal(d, s, sid, &text)) == EV_CODE_OK)
		return s;
	desk_refuse(d, rq, code, text);
	return NULL;
}

/* What happened, and whether all of it did.  NULL: no memory. */
static char *
closed_text(uint64_t n, bool more)
{
	char *text;

	if (more ? asprintf(&text,
		       _("%" PRIu64 " sessions closed, and there are more: "
			 "say it again"),
		       n) < 0 :
		   asprintf(&text,
		       DW_PLURAL("%" PRIu64 " session closed",
			   "%" PRIu64 " sessions closed", n),
		       n) < 0)
		return NULL;
	return text;
}

/* Closes all who left, as far as one round should go. */
static int
close_left(struct desk *d, const struct desk_request *rq, struct desk_time now)
{
	struct desk_effect *fx;
	uint64_t n = 0;
	bool more = false;
	char *text;

	DW_LIST_EACH(at, &d->sessions) {
		struct desk_session *s =
		    DW_LIST_OF(at, struct desk_session, node);

		if (s->facts.state != EV_STATE_LEFT)
			continue;
		/* Room for its events, and for the answer. */
		more = n == DESK_ENDED_AT_ONCE || desk_reserve(d, 2, 2) < 0;
		if (more)
			break;
		desk_session_end(d, s, rq->who, EV_WHY_CLOSED, "", now);
		n++;
	}
	fx = desk_fx_done(d, rq);
	if ((text = closed_text(n, more)) != NULL)
		fx->answer.text = fx->owned = text;
	return 0;
}

/* A colleague's conversation is not ended over its head. */
static bool
may_not_end(const struct desk_session *s, const struct desk_request *rq)
{
	return rq->role < EV_ROLE_SUPERVISOR &&
	    desk_claim_is_others(s, rq->who);
}

static int
refuse_end(struct desk *d, const struct desk_request *rq,
    const struct desk_session *s, struct desk_time now)
{
	return desk_claim_refuse(d, rq, s, DESK_WANTED_END, now);
}

static int
command_close(struct desk *d, const struct desk_request *rq, const char *arg,
    struct desk_time now)
{
	struct desk_session *s;

	if (strcmp(arg, "left") == 0)
		return rq->role < EV_ROLE_SUPERVISOR ?
		    desk_refuse_role(d, rq, EV_ROLE_SUPERVISOR) :
		    close_left(d, rq, now);
	if ((s = desk_command_session(d, rq, arg)) == NULL)
		return 0;
	if (may_not_end(s, rq))
		return refuse_end(d, rq, s, now);
	desk_session_end(d, s, rq->who, EV_WHY_CLOSED,
	    d->config->closed != NULL ?
		d->config->closed :
		_("This conversation was closed. Goodbye."),
	    now);
	desk_fx_done(d, rq);
	return 0;
}

static int
command_kick(struct desk *d, const struct desk_request *rq, const char *arg,
    struct desk_time now)
{
	struct desk_session *s = desk_command_session(d, rq, arg);

	if (s == NULL)
		return 0;
	if (may_not_end(s, rq))
		return refuse_end(d, rq, s, now);
	desk_session_end(d, s, rq->who, EV_WHY_KICKED, NULL, now);
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

static int
command_reload(struct desk *d, const struct desk_request *rq, const char *arg,
    struct desk_time now)
{
	(void)now;
	if (*arg != '\0')
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("/reload takes nothing"));
	desk_effect_add(d, DESK_FX_RELOAD)->node = rq->node;
	return 0;
}

/* The service answers, also when the disk is full. */
static int
ask_report(struct desk *d, const struct desk_request *rq,
    enum desk_report report)
{
	struct desk_effect *fx = desk_effect_add(d, DESK_FX_REPORT);

	fx->node = rq->node;
	fx->report = report;
	return 0;
}

static int
command_status(struct desk *d, const struct desk_request *rq, const char *arg,
    struct desk_time now)
{
	(void)now;
	if (*arg != '\0')
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("/status takes nothing"));
	return ask_report(d, rq, DESK_REPORT_STATUS);
}

static int
command_metrics(struct desk *d, const struct desk_request *rq, const char *arg,
    struct desk_time now)
{
	(void)now;
	if (*arg != '\0')
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("/metrics takes nothing"));
	return ask_report(d, rq, DESK_REPORT_METRICS);
}

static const struct desk_command commands[] = {
	{ { "away", "[WHY]",
	      N_("say that you are not there for a while; your customers stay "
		 "yours for as long as they do not wait too long"),
	      "" },
	    EV_ROLE_OPERATOR, desk_command_away },
	{ { "back", "", N_("say that you are there again"), "" },
	    EV_ROLE_OPERATOR, desk_command_back },
	{ { "ban", "WHO TIME [WHY]",
	      N_("let nobody in from the address of a session, from an address "
		 "or a network, for 10m, 2h or 7d"),
	      "session" },
	    EV_ROLE_SUPERVISOR, desk_command_ban },
	{ { "bans", "", N_("show who is banned, and until when"), "" },
	    EV_ROLE_OPERATOR, desk_command_bans },
	{ { "charset", "[N] NAME",
	      N_("say in which encoding this customer writes"), "session" },
	    EV_ROLE_OPERATOR, desk_command_charset },
	{ { "close", "[N]",
	      N_("say goodbye to this customer and end the conversation; "
		 "/close left ends all whose customers have left"),
	      "session" },
	    EV_ROLE_OPERATOR, command_close },
	{ { "decline", "[N]", N_("do not take this customer from a colleague"),
	      "session" },
	    EV_ROLE_OPERATOR, desk_command_decline },
	{ { "earlier", "[N]", N_("show earlier sessions of the same person"),
	      "session" },
	    EV_ROLE_OPERATOR, desk_command_earlier },
	{ { "ended", "[COUNT [SEQ]]",
	      N_("show sessions that have ended, the latest last"), "" },
	    EV_ROLE_OPERATOR, command_ended },
	{ { "history", "[N] [COUNT [SEQ]]",
	      N_("show what was said in this session"), "session" },
	    EV_ROLE_OPERATOR, command_history },
	{ { "keep", "[N] TIME",
	      N_("keep this customer without an answer for 10m, 90s or 1h, and "
		 "tell it that somebody is looking into it"),
	      "session" },
	    EV_ROLE_OPERATOR, desk_command_keep },
	{ { "kick", "N", N_("cut this customer off at once"), "session" },
	    EV_ROLE_OPERATOR, command_kick },
	{ { "metrics", "",
	      N_("show the desk in numbers, as programs read them that watch "
		 "it"),
	      "" },
	    EV_ROLE_OPERATOR, command_metrics },
	{ { "msg", "WHO TEXT", N_("tell another operator something"),
	      "operator" },
	    EV_ROLE_OPERATOR, desk_command_msg },
	{ { "name", "[N] NAME", N_("give this customer a name"), "session" },
	    EV_ROLE_OPERATOR, desk_command_name },
	{ { "note", "[N] TEXT",
	      N_("write a note about this customer, which only operators see"),
	      "session" },
	    EV_ROLE_OPERATOR, desk_command_note },
	{ { "quit", "[now]", N_("tell everybody goodbye and stop the desk"),
	      "" },
	    EV_ROLE_ADMIN, command_quit },
	{ { "release", "[N]",
	      N_("give this customer back to its place in line"), "session" },
	    EV_ROLE_OPERATOR, desk_command_release },
	{ { "reload", "",
	      N_("read the configuration file again; texts, limits, people and "
		 "hours hold from then on"),
	      "" },
	    EV_ROLE_ADMIN, command_reload },
	{ { "reopen", "N", N_("go on with a session that has ended"), "" },
	    EV_ROLE_OPERATOR, desk_command_reopen },
	{ { "same", "N M [off]",
	      N_("say that two sessions are of the same person, or are not"),
	      "session" },
	    EV_ROLE_OPERATOR, desk_command_same },
	{ { "status", "", N_("show how the desk itself does"), "" },
	    EV_ROLE_OPERATOR, command_status },
	{ { "steal", "[N]", N_("take this customer from a colleague"),
	      "session" },
	    EV_ROLE_OPERATOR, desk_command_steal },
	{ { "stop", "[WHEN]",
	      N_("let nobody new in, and stop when the last customer has gone: "
		 "WHEN is when-empty, at 18:00, or cancel; alone show what "
		 "holds"),
	      "" },
	    EV_ROLE_ADMIN, desk_command_stop },
	{ { "take", "[N]",
	      N_("answer this customer from now on; nobody else does then"),
	      "session" },
	    EV_ROLE_OPERATOR, desk_command_take },
	{ { "transfer", "[N] WHO [WHY]",
	      N_("offer this customer to another operator, who has a minute to "
		 "take it"),
	      "session" },
	    EV_ROLE_OPERATOR, desk_command_transfer },
	{ { "udp", "[[ADDR] TEXT]",
	      N_("answer a datagram; alone show the last ones"), "peer" },
	    EV_ROLE_OPERATOR, desk_command_udp },
	{ { "unban", "ADDR", N_("let somebody in again who is banned"), "" },
	    EV_ROLE_SUPERVISOR, desk_command_unban },
	{ { "visitors", "", N_("show the last who came and were no customers"),
	      "" },
	    EV_ROLE_OPERATOR, desk_command_visitors },
	{ { "whisper", "[N] TEXT",
	      N_("tell the owner of this customer something"), "session" },
	    EV_ROLE_OPERATOR, desk_command_whisper },
	{ { "who", "", N_("show who is there, and on what"), "" },
	    EV_ROLE_OPERATOR, desk_command_who },
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
