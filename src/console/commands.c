/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a typed line is, and the commands that a console carries out itself.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/text.h"
#include "console/internal.h"

#define WAIT_MAX   86400.0         /* seconds of /wait */
#define ASKED_NS   (5 * DW_SECOND) /* for the second time */
#define COUNT_MAX  1000            /* messages of one /history */
#define DIGITS     "0123456789"
#define BLANKS     " \t\n"
#define WIDE_SLASH "／" /* U+FF0F */
#define COMMA      "、" /* U+3001 */

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* How many bytes of s are a sign that begins a command: the slash, the wide
 * one, and before a letter the comma that the key gives in Chinese input. */
static size_t
slash_bytes(const char *s)
{
	if (*s == '/')
		return 1;
	if (strncmp(s, WIDE_SLASH, strlen(WIDE_SLASH)) == 0)
		return strlen(WIDE_SLASH);
	if (strncmp(s, COMMA, strlen(COMMA)) == 0 &&
	    (is_letter(s[strlen(COMMA)]) ||
		(strncmp(s + strlen(COMMA), COMMA, strlen(COMMA)) == 0 &&
		    is_letter(s[2 * strlen(COMMA)]))))
		return strlen(COMMA);
	return 0;
}

struct con_line
con_line_of(const char *line)
{
	struct con_line l = { CON_LINE_TEXT, "", 0, "", line };
	const char *first = line;
	size_t len = strlen(line), slash;

	dw_text_trim(&first, &len);
	slash = slash_bytes(first);
	if (len == 0) {
		l.kind = CON_LINE_EMPTY;
	} else if (slash > 0 && slash_bytes(first + slash) > 0) {
		l.text = first + slash;
	} else if (slash > 0) {
		l.kind = CON_LINE_COMMAND;
		l.name = first + slash;
		l.name_len = strcspn(l.name, BLANKS);
		l.args = l.name + l.name_len;
		l.args += strspn(l.args, BLANKS);
	}
	return l;
}

const struct ev_command *
con_desk_command(const struct wire_frame *w, const char *name, size_t len)
{
	for (size_t i = 0; w != NULL && i < w->ncommands; i++) {
		if (strlen(w->commands[i].name) == len &&
		    memcmp(w->commands[i].name, name, len) == 0)
			return &w->commands[i];
	}
	return NULL;
}

/* "3" and "#3", as a whole word.  Returns its bytes; 0 for anything else. */
static size_t
number_at(const char *args, uint64_t *sid)
{
	size_t hash = *args == '#', len = strcspn(args, BLANKS);

	if (len == hash || strspn(args + hash, DIGITS) != len - hash)
		return 0;
	*sid = strtoull(args + hash, NULL, 10);
	return len;
}

static const char *
behind(const char *args, size_t len)
{
	return args + len + strspn(args + len, BLANKS);
}

int
con_text_target(const struct con_mirror *m, const char *args, uint64_t painted,
    uint64_t *sid, const char **text)
{
	uint64_t number = 0;
	size_t len = number_at(args, &number);

	*sid = painted;
	*text = args;
	if (len > 0 && *behind(args, len) != '\0') {
		if (*args == '#') {
			*sid = number;
			*text = behind(args, len);
		} else if (m != NULL && con_mirror_find(m, number) != NULL) {
			*sid = number;
			return -EEXIST;
		}
	}
	return *sid == 0 ? -ENOENT : 0;
}

/* What must follow the session in the arguments of a row; NULL: nothing must,
 * or it takes none. */
static const char *
must_follow(const struct ev_command *cmd)
{
	if (strncmp(cmd->args, "[N] ", 4) != 0 || cmd->args[4] == '[')
		return NULL;
	return cmd->args + 4;
}

bool
con_takes_text(const struct ev_command *cmd)
{
	const char *follows = must_follow(cmd);

	return follows != NULL && strncmp(follows, "TEXT", 4) == 0;
}

/* Do the arguments, which begin with a number of `len` bytes, go on with what
 * must follow the session?  A second number follows where one must. */
static bool
goes_on(const char *follows, const char *args, size_t len)
{
	uint64_t number;

	args = behind(args, len);
	if (strncmp(follows, "M", 1) == 0)
		return number_at(args, &number) > 0;
	return *args != '\0';
}

/* The session that the arguments name, or the painted one. */
static int
session_of(const struct ev_command *cmd, const char *args, uint64_t painted,
    uint64_t *sid, const char **rest)
{
	const char *follows = must_follow(cmd);
	size_t len = number_at(args, sid);

	*rest = behind(args, len);
	if (len > 0 && (follows == NULL || goes_on(follows, args, len)))
		return 0;
	*rest = args;
	*sid = painted;
	return painted == 0 ? -ENOENT : 0;
}

static void
add_words(struct dw_buf *out, const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && strchr(BLANKS, text[len - 1]) != NULL)
		len--;
	if (len == 0)
		return;
	dw_buf_addc(out, ' ');
	dw_buf_add(out, text, len);
}

int
con_desk_command_text(struct dw_buf *out, const struct ev_command *cmd,
    const char *args, uint64_t painted, const struct con_mirror *m)
{
	bool wants = strncmp(cmd->args, "[N]", 3) == 0;
	const char *rest = args;
	uint64_t sid = 0;
	int r = 0;

	if (con_takes_text(cmd) && *args != '\0')
		r = con_text_target(m, args, painted, &sid, &rest);
	else if (must_follow(cmd) != NULL || (wants && *args == '\0') ||
	    (*args == '#' && number_at(args, &sid) > 0))
		r = session_of(cmd, args, wants ? painted : 0, &sid, &rest);
	if (r == -EEXIST || (r < 0 && wants))
		return r;
	dw_buf_adds(out, cmd->name);
	if (sid != 0)
		dw_buf_addf(out, " %" PRIu64, sid);
	add_words(out, rest);
	return out->failed ? -ENOMEM : 0;
}

/* ---- the console's own ---- */

void
con_refuse(struct con *con, const char *format, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	con->unsent = true;
	if (n < 0)
		return;
	con_say(con, "%s", text);
	free(text);
}

bool
con_confirm(struct con *con, enum con_ask what)
{
	int64_t now = dw_clock_ns();
	bool again = con->asked == what && now < con->asked_ns + ASKED_NS;

	con->asked = again ? CON_ASK_NOTHING : what;
	con->asked_ns = now;
	return again;
}

static void
cmd_list(struct con *con, const char *args, uint64_t painted)
{
	(void)painted;
	if (*args == '\0')
		con_list(con);
	else if (strcmp(args, "left") == 0)
		con_list_left(con);
	else if (strcmp(args, "all") == 0)
		con_list_ended(con);
	else
		con_refuse(con, _("/list takes nothing, left or all"));
}

static void
select_word(struct con *con, const char *word)
{
	uint64_t sid;
	int r = con_mirror_lookup(&con->board.mirror, word, &sid);

	if (strcmp(word, "-") == 0)
		con_select(con, 0);
	else if (r == 0)
		con_select(con, sid);
	else if (r == -EEXIST)
		con_refuse(con,
		    _("several names begin with %s; give the number"), word);
	else
		con_refuse(con, _("there is no session %s; /list shows all"),
		    word);
}

static void
cmd_select(struct con *con, const char *args, uint64_t painted)
{
	char *word;

	(void)painted;
	if (*args == '\0') {
		con_refuse(con, _("which session? /select N"));
		return;
	}
	if ((word = strndup(args, strcspn(args, BLANKS))) == NULL)
		return;
	select_word(con, word);
	free(word);
}

static void
cmd_next(struct con *con, const char *args, uint64_t painted)
{
	uint64_t sid = con_mirror_next(&con->board.mirror);

	(void)args;
	(void)painted;
	if (sid == 0)
		con_say(con, _("nobody else is waiting"));
	else
		con_select(con, sid);
}

static void
cmd_prev(struct con *con, const char *args, uint64_t painted)
{
	uint64_t sid = con_mirror_previous(&con->board.mirror);

	(void)args;
	(void)painted;
	if (sid == 0)
		con_say(con, _("there is no session before this one"));
	else
		con_select(con, sid);
}

static void
cmd_redraw(struct con *con, const char *args, uint64_t painted)
{
	(void)args;
	(void)painted;
	tty_redraw(con->tty);
}

/* A desk of one's own ends with its console: its customers are asked for. */
bool
con_may_quit(struct con *con)
{
	size_t n = con_mirror_present(&con->board.mirror);

	if (!con->cfg.owns_desk || n == 0 || !tty_is_terminal(con->tty) ||
	    con_confirm(con, CON_ASK_QUIT))
		return true;
	con_say(con,
	    DW_PLURAL("%zu customer is here; /quit or Ctrl-D again stops the "
		      "desk",
		"%zu customers are here; /quit or Ctrl-D again stops the desk",
		n),
	    n);
	return false;
}

static void
cmd_quit(struct con *con, const char *args, uint64_t painted)
{
	(void)painted;
	if (*args != '\0' && strcmp(args, "now") != 0)
		con_refuse(con, _("/quit takes nothing, or now"));
	else if (*args != '\0' || con_may_quit(con))
		con_leave(con);
}

/* The session that the word names, or the painted one for no word; 0 after
 * saying why not. */
static uint64_t
session_named(struct con *con, const char *word, uint64_t painted)
{
	uint64_t sid = painted;

	if (*word != '\0' &&
	    con_mirror_lookup(&con->board.mirror, word, &sid) < 0) {
		word += *word == '#';
		/* The journal also has those who are not on the list. */
		sid = word[strspn(word, DIGITS)] == '\0' ?
		    strtoull(word, NULL, 10) :
		    0;
	}
	if (sid == 0)
		con_refuse(con, _("which session? /history N"));
	return sid;
}

static void
cmd_history(struct con *con, const char *args, uint64_t painted)
{
	char word[CON_NAME_MAX] = "", *end;
	size_t len = strcspn(args, BLANKS);
	const char *number = args + len + strspn(args + len, BLANKS);
	unsigned long count = strtoul(number, &end, 10);
	uint64_t sid;

	snprintf(word, sizeof word, "%.*s", (int)len, args);
	if (end[strspn(end, BLANKS)] != '\0' || count > COUNT_MAX)
		con_refuse(con,
		    _("/history takes a session and a number up to "
		      "%d"),
		    COUNT_MAX);
	else if ((sid = session_named(con, word, painted)) != 0)
		con_past_history(con, sid, (unsigned)count);
}

static void
cmd_recall(struct con *con, const char *args, uint64_t painted)
{
	(void)args;
	(void)painted;
	con_take_back(con);
}

static void
cmd_last(struct con *con, const char *args, uint64_t painted)
{
	(void)args;
	(void)painted;
	con_show_last(con);
}

static void
cmd_set(struct con *con, const char *args, uint64_t painted)
{
	(void)painted;
	con_set(con, args);
}

/* Number or text?  Whoever has typed it says. */
static void
ask_which(struct con *con, const char *name, uint64_t sid, const char *text,
    uint64_t painted)
{
	struct dw_buf line = DW_BUF_INITIALIZER;

	if (painted == 0)
		con_refuse(con, _("which session? /%s #%" PRIu64 " TEXT"), name,
		    sid);
	else
		con_refuse(con,
		    _("is %" PRIu64 " a session, or text? /%s #%" PRIu64
		      " TEXT is for that session, /%s #%" PRIu64 " %" PRIu64
		      " … for the one in the prompt"),
		    sid, name, sid, name, painted, sid);
	if (dw_buf_addf(&line, "/%s %s", name, text) == 0)
		con_line_back(con, dw_buf_str(&line));
	dw_buf_fini(&line);
}

static void
cmd_note(struct con *con, const char *args, uint64_t painted)
{
	const char *text;
	uint64_t sid;
	int r;

	if (*args == '\0') {
		con_refuse(con, _("what? /note TEXT"));
		return;
	}
	r = con_text_target(&con->board.mirror, args, painted, &sid, &text);
	if (r == -EEXIST)
		ask_which(con, "note", sid, args, painted);
	else if (r < 0)
		con_refuse(con, _("which session? /note #N TEXT"));
	else
		con_note(con, sid, text);
}

/* The session that the only argument names, or the painted one. */
static bool
one_session(struct con *con, const char *name, const char *args,
    uint64_t painted, uint64_t *sid)
{
	char word[CON_NAME_MAX];

	*sid = painted;
	snprintf(word, sizeof word, "%.*s", (int)strcspn(args, BLANKS), args);
	if (*word == '\0' && painted != 0)
		return true;
	if (*word != '\0' &&
	    con_mirror_lookup(&con->board.mirror, word, sid) == 0)
		return true;
	con_refuse(con, _("which session? /%s N"), name);
	return false;
}

static void
watch(struct con *con, const char *name, const char *args, uint64_t painted,
    bool on)
{
	char label[CON_LABEL_MAX];
	struct con_session *s;
	uint64_t sid;

	if (!one_session(con, name, args, painted, &sid) ||
	    (s = con_mirror_find(&con->board.mirror, sid)) == NULL)
		return;
	con_watch(con, s, on);
	con_session_label(s, label);
	if (on)
		con_say(con, _("you watch %s; /part %" PRIu64 " ends it"),
		    label, sid);
	else
		con_say(con, _("you do not watch %s any more"), label);
}

static void
cmd_join(struct con *con, const char *args, uint64_t painted)
{
	watch(con, "join", args, painted, true);
}

static void
cmd_part(struct con *con, const char *args, uint64_t painted)
{
	watch(con, "part", args, painted, false);
}

static void
help_row(struct con *con, const char *name, const char *args, const char *help)
{
	char usage[64];

	snprintf(usage, sizeof usage, "/%s%s%s", name, *args == '\0' ? "" : " ",
	    args);
	con_say(con, "%-18s %s", usage, *help == '\0' ? "" : _(help));
}

static void
help_for(struct con *con, const char *name)
{
	const struct con_command *own;
	const struct ev_command *desk;

	if (*name == '/')
		name++;
	own = con_command_find(name, strcspn(name, BLANKS));
	desk = con_desk_command(con->welcome, name, strcspn(name, BLANKS));
	if (own != NULL)
		help_row(con, own->row.name, own->row.args, own->row.help);
	else if (desk != NULL)
		help_row(con, desk->name, desk->args, desk->help);
	else
		con_refuse(con, _("there is no command /%s; /help lists them"),
		    name);
}

static void
help_for_all(struct con *con)
{
	const struct wire_frame *w = con->welcome;
	const struct con_command *own;
	size_t n;

	own = con_commands(&n);
	for (size_t i = 0; i < n; i++)
		help_row(con, own[i].row.name, own[i].row.args,
		    own[i].row.help);
	for (size_t i = 0; w != NULL && i < w->ncommands; i++) {
		if (con_command_find(w->commands[i].name,
			strlen(w->commands[i].name)) == NULL)
			help_row(con, w->commands[i].name, w->commands[i].args,
			    w->commands[i].help);
	}
	con_say(con,
	    _("anything else goes to the customer in the prompt; "
	      "// begins a text with a slash"));
	con_say(con,
	    _("Enter on an empty line or Alt+a who waits longest, Alt+m next "
	      "unread, Alt+/ previous, Alt+l list, Alt+h history, Alt+n a "
	      "note, Alt+Enter new line"));
}

static void
cmd_help(struct con *con, const char *args, uint64_t painted)
{
	(void)painted;
	if (*args != '\0')
		help_for(con, args);
	else
		help_for_all(con);
}

static void
cmd_wait(struct con *con, const char *args, uint64_t painted)
{
	char *end;
	double seconds = strtod(args, &end);

	(void)painted;
	if (end == args || !(seconds >= 0 && seconds <= WAIT_MAX)) {
		con_refuse(con, _("how long? /wait SECONDS"));
	} else if (!tty_is_terminal(con->tty)) {
		con->wait_ns = dw_clock_after(seconds);
		tty_hold(con->tty, true);
		tty_deadline(con->tty, con->wait_ns);
	}
}

static const struct con_command commands[] = {
	{ { "help", "[COMMAND]", N_("what the commands do"), "command" },
	    cmd_help },
	{ { "history", "[N] [COUNT]",
	      N_("what was said in this session; again: what was said before"),
	      "session" },
	    cmd_history },
	{ { "join", "[N]",
	      N_("watch this session: all its rows, and what you have not "
		 "read"),
	      "session" },
	    cmd_join },
	{ { "last", "", N_("say the newest row again"), "" }, cmd_last },
	{ { "list", "[WHICH]",
	      N_("who is here and who left unanswered; WHICH is left, or all "
		 "for who has ended"),
	      "" },
	    cmd_list },
	{ { "next", "", N_("answer the next unread or waiting session"), "" },
	    cmd_next },
	{ { "note", "[N] TEXT",
	      N_("write a note about this session, which no customer sees "
		 "(#N is the session)"),
	      "session" },
	    cmd_note },
	{ { "part", "[N]", N_("watch this session no more"), "session" },
	    cmd_part },
	{ { "prev", "", N_("back to the session before this one"), "" },
	    cmd_prev },
	{ { "quit", "[now]", N_("leave; a desk in this terminal stops"), "" },
	    cmd_quit },
	{ { "recall", "", N_("take back a text that the desk has not answered"),
	      "" },
	    cmd_recall },
	{ { "redraw", "", N_("paint the screen anew"), "" }, cmd_redraw },
	{ { "select", "N",
	      N_("answer session N from now on (or /N, or a name, - for "
		 "nobody)"),
	      "session" },
	    cmd_select },
	{ { "set", "[NAME [VALUE]]", N_("how this console behaves"),
	      "setting" },
	    cmd_set },
	{ { "wait", "SECONDS",
	      N_("in a script: read the next line so much later"), "" },
	    cmd_wait },
};

const struct con_command *
con_commands(size_t *n)
{
	*n = sizeof commands / sizeof commands[0];
	return commands;
}

const struct con_command *
con_command_find(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (strlen(commands[i].row.name) == len &&
		    memcmp(commands[i].row.name, name, len) == 0)
			return &commands[i];
	}
	return NULL;
}

/* ---- carrying out ---- */

/* It ends many at once: a person is asked. */
static bool
may_close_left(struct con *con)
{
	size_t n = con_mirror_left(&con->board.mirror);

	if (!tty_is_terminal(con->tty) || n == 0 ||
	    con_confirm(con, CON_ASK_CLOSE_LEFT))
		return true;
	con_say(con,
	    DW_PLURAL("%zu customer left unanswered; /close left again ends "
		      "the session",
		"%zu customers left unanswered; /close left again ends all "
		"these sessions",
		n),
	    n);
	return false;
}

static void
run_desk_command(struct con *con, const struct ev_command *cmd,
    const char *args, uint64_t painted)
{
	struct dw_buf text = DW_BUF_INITIALIZER;
	char number[24], word[CON_NAME_MAX];
	struct con_request *rq;
	const char *rest;
	uint64_t sid;
	size_t len;
	int r;

	if (strcmp(cmd->name, "close") == 0 && strcmp(args, "left") == 0 &&
	    !may_close_left(con))
		return;
	/* The desk knows sessions by number only. */
	len = strcspn(args, BLANKS);
	snprintf(word, sizeof word, "%.*s", (int)len, args);
	if (strcmp(cmd->complete, "session") == 0 && *word != '\0' &&
	    must_follow(cmd) == NULL &&
	    args[len + strspn(args + len, BLANKS)] == '\0' &&
	    con_mirror_lookup(&con->board.mirror, word, &sid) == 0) {
		snprintf(number, sizeof number, "%" PRIu64, sid);
		args = number;
	}
	r = con_desk_command_text(&text, cmd, args, painted,
	    &con->board.mirror);
	if (r == -EEXIST &&
	    con_text_target(&con->board.mirror, args, painted, &sid, &rest) < 0)
		ask_which(con, cmd->name, sid, rest, painted);
	else if (r == -ENOENT)
		con_refuse(con, _("which session? /%s N"), cmd->name);
	else if (r == 0 && (rq = con_ask_desk(con, text.data)) != NULL)
		con_list_page(con, rq, cmd->name);
	dw_buf_fini(&text);
}

/* "/3" and "/#3". */
static bool
is_number(const struct con_line *l)
{
	size_t hash = *l->name == '#';

	return l->name_len > hash &&
	    strspn(l->name + hash, DIGITS) == l->name_len - hash;
}

static void
unknown_command(struct con *con, const struct con_line *l)
{
	if (!tty_is_terminal(con->tty))
		con_refuse(con, _("there is no command /%.*s"),
		    (int)l->name_len, l->name);
	else
		con_refuse(con,
		    _("there is no command /%.*s; /help lists them, // "
		      "begins a text with a slash"),
		    (int)l->name_len, l->name);
	con_line_back(con, l->text);
}

bool
con_command_is_known(const struct con *con, const struct con_line *l)
{
	if (is_number(l))
		return *l->args == '\0';
	return con_command_find(l->name, l->name_len) != NULL ||
	    con_desk_command(con->welcome, l->name, l->name_len) != NULL;
}

bool
con_command_has_words(const struct con *con, const struct con_line *l)
{
	const struct con_command *own = con_command_find(l->name, l->name_len);
	const struct ev_command *desk =
	    con_desk_command(con->welcome, l->name, l->name_len);
	const char *args = own != NULL ? own->row.args :
	    desk != NULL               ? desk->args :
					 "";

	return strstr(args, "TEXT") != NULL || strstr(args, "WHY") != NULL;
}

void
con_command_run(struct con *con, const struct con_line *l, uint64_t painted)
{
	const struct con_command *own;
	const struct ev_command *desk;

	if (is_number(l) && *l->args != '\0')
		con_refuse(con,
		    _("not sent: /%.*s only selects, and takes no "
		      "text"),
		    (int)l->name_len, l->name);
	else if (is_number(l))
		cmd_select(con, l->name, painted);
	else if ((own = con_command_find(l->name, l->name_len)) != NULL)
		own->run(con, l->args, painted);
	else if ((desk = con_desk_command(con->welcome, l->name,
		      l->name_len)) != NULL)
		run_desk_command(con, desk, l->args, painted);
	else
		unknown_command(con, l);
}
