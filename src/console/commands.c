/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a typed line is, and the commands that a console carries out itself.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/text.h"
#include "console/internal.h"

#define LABEL_COLUMNS 12
#define WAIT_MAX      86400.0 /* seconds of /wait */
#define DIGITS        "0123456789"
#define BLANKS        " \t\n"

struct con_line
con_line_of(const char *line)
{
	struct con_line l = { CON_LINE_TEXT, "", 0, "", line };

	if (dw_text_is_blank(line, strlen(line))) {
		l.kind = CON_LINE_EMPTY;
	} else if (line[0] == '/' && line[1] == '/') {
		l.text = line + 1;
	} else if (line[0] == '/') {
		l.kind = CON_LINE_COMMAND;
		l.name = line + 1;
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

int
con_desk_command_text(struct dw_buf *out, const struct ev_command *cmd,
    const char *args, uint64_t painted)
{
	size_t len = strlen(args);

	while (len > 0 && strchr(BLANKS, args[len - 1]) != NULL)
		len--;
	dw_buf_adds(out, cmd->name);
	if (len > 0) {
		dw_buf_addc(out, ' ');
		dw_buf_add(out, args, len);
	} else if (strncmp(cmd->args, "[N]", 3) == 0) {
		if (painted == 0)
			return -ENOENT;
		dw_buf_addf(out, " %" PRIu64, painted);
	}
	return out->failed ? -ENOMEM : 0;
}

/* ---- the console's own ---- */

static void
list_row(struct con *con, const struct con_session *s, int64_t now_ms)
{
	const struct ev_session *f = &s->facts;
	int64_t since_ms = ev_waits_since(f);
	char label[CON_LABEL_MAX], span[CON_SPAN_MAX];
	struct dw_buf b = DW_BUF_INITIALIZER;

	con_session_label(s, label);
	dw_buf_addf(&b, "%c%s ", f->sid == con->facts.sid ? '>' : ' ', label);
	for (size_t w = dw_text_width(label, strlen(label)); w < LABEL_COLUMNS;
	    w++)
		dw_buf_addc(&b, ' ');
	con_span(now_ms - since_ms, span);
	if (con_is_closed(s))
		dw_buf_adds(&b, _("closed"));
	else if (since_ms != 0)
		dw_buf_addf(&b, _("waiting %s"), span);
	else
		dw_buf_adds(&b, _("answered"));
	if (f->gone)
		dw_buf_adds(&b, _(", gone"));
	else if (f->eof)
		dw_buf_adds(&b, _(", writes no more"));
	if (s->unread > 0)
		dw_buf_addf(&b, _(", %u unread"), s->unread);
	if (con_drafts_has(&con->drafts, f->sid))
		dw_buf_adds(&b, _(", draft"));
	con_say(con, "%s (%s, %s)", dw_buf_str(&b), con_mode_word(f->mode),
	    f->addr);
	dw_buf_fini(&b);
}

static void
cmd_list(struct con *con, const char *args, uint64_t painted)
{
	int64_t now_ms = dw_clock_wall_ms();
	const struct con_session **all;
	size_t n;

	(void)args;
	(void)painted;
	if ((all = con_mirror_list(&con->board.mirror, &n)) == NULL)
		return;
	if (n == 0)
		con_say(con, _("no sessions"));
	for (size_t i = 0; i < n; i++)
		list_row(con, all[i], now_ms);
	free(all);
}

static void
select_word(struct con *con, const char *word)
{
	uint64_t sid;
	int r = con_mirror_lookup(&con->board.mirror, word, &sid);

	if (r == 0)
		con_select(con, sid);
	else if (r == -EEXIST)
		con_say(con, _("several names begin with %s; give the number"),
		    word);
	else
		con_say(con, _("there is no session %s; /list shows all"),
		    word);
}

static void
cmd_select(struct con *con, const char *args, uint64_t painted)
{
	char *word;

	(void)painted;
	if (*args == '\0') {
		con_say(con, _("which session? /select N"));
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

static void
cmd_quit(struct con *con, const char *args, uint64_t painted)
{
	(void)args;
	(void)painted;
	con_leave(con);
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
		con_say(con, _("there is no command /%s; /help lists them"),
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
	    _("Alt+a oldest waiting, Alt+m next unread, Alt+/ "
	      "previous, Alt+l list, Alt+h history, Alt+Enter new line"));
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
		con_say(con, _("how long? /wait SECONDS"));
	} else if (!tty_is_terminal(con->tty)) {
		con->wait_ns = dw_clock_after(seconds);
		tty_hold(con->tty, true);
		tty_deadline(con->tty, con->wait_ns);
	}
}

static const struct con_command commands[] = {
	{ { "help", "[COMMAND]", N_("what the commands do"), "command" },
	    cmd_help },
	{ { "list", "", N_("all sessions, who waits longest first"), "" },
	    cmd_list },
	{ { "next", "", N_("answer the next unread or waiting session"), "" },
	    cmd_next },
	{ { "prev", "", N_("back to the session before this one"), "" },
	    cmd_prev },
	{ { "quit", "", N_("leave; a desk in this terminal stops"), "" },
	    cmd_quit },
	{ { "redraw", "", N_("paint the screen anew"), "" }, cmd_redraw },
	{ { "select", "N",
	      N_("answer session N from now on (or /N, or a name)"),
	      "session" },
	    cmd_select },
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

static void
run_desk_command(struct con *con, const struct ev_command *cmd,
    const char *args, uint64_t painted)
{
	struct dw_buf text = DW_BUF_INITIALIZER;
	char number[24], word[CON_NAME_MAX];
	uint64_t sid;
	size_t len;
	int r;

	/* The desk knows sessions by number only. */
	len = strcspn(args, BLANKS);
	snprintf(word, sizeof word, "%.*s", (int)len, args);
	if (strcmp(cmd->complete, "session") == 0 && *word != '\0' &&
	    args[len + strspn(args + len, BLANKS)] == '\0' &&
	    con_mirror_lookup(&con->board.mirror, word, &sid) == 0) {
		snprintf(number, sizeof number, "%" PRIu64, sid);
		args = number;
	}
	r = con_desk_command_text(&text, cmd, args, painted);
	if (r == -ENOENT)
		con_say(con, _("which session? /%s N"), cmd->name);
	else if (r == 0)
		con_ask_desk(con, text.data);
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
	con_say(con,
	    _("there is no command /%.*s; /help lists them, // "
	      "begins a text with a slash"),
	    (int)l->name_len, l->name);
}

bool
con_command_is_known(const struct con *con, const struct con_line *l)
{
	if (is_number(l))
		return *l->args == '\0';
	return con_command_find(l->name, l->name_len) != NULL ||
	    con_desk_command(con->welcome, l->name, l->name_len) != NULL;
}

void
con_command_run(struct con *con, const struct con_line *l, uint64_t painted)
{
	const struct con_command *own;
	const struct ev_command *desk;

	if (is_number(l) && *l->args != '\0') {
		con_say(con,
		    _("not sent: /%.*s only selects, and takes no "
		      "text"),
		    (int)l->name_len, l->name);
		con->unsent = true;
	} else if (is_number(l))
		cmd_select(con, l->name, painted);
	else if ((own = con_command_find(l->name, l->name_len)) != NULL)
		own->run(con, l->args, painted);
	else if ((desk = con_desk_command(con->welcome, l->name,
		      l->name_len)) != NULL)
		run_desk_command(con, desk, l->args, painted);
	else
		unknown_command(con, l);
}
