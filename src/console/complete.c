/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What Tab offers: commands, sessions, and addresses over UDP.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/internal.h"

/* A command's name, with the slash when that is part of the word. */
static void
add_name(struct tty_words *words, bool slash, const char *name)
{
	char word[64];

	snprintf(word, sizeof word, "%s%s", slash ? "/" : "", name);
	tty_words_add(words, word);
}

static void
complete_command(struct con *con, bool slash, struct tty_words *words)
{
	const struct wire_frame *w = con->welcome;
	const struct con_command *own;
	size_t n;

	own = con_commands(&n);
	for (size_t i = 0; i < n; i++)
		add_name(words, slash, own[i].row.name);
	for (size_t i = 0; w != NULL && i < w->ncommands; i++)
		add_name(words, slash, w->commands[i].name);
}

static void
complete_session(struct con *con, struct tty_words *words)
{
	const struct con_mirror *m = &con->board.mirror;
	char sid[24];

	for (size_t i = 0; i < m->n; i++) {
		const struct ev_session *f = &m->all[i]->facts;

		snprintf(sid, sizeof sid, "%" PRIu64, f->sid);
		tty_words_add(words, sid);
		if (f->name[0] != '\0')
			tty_words_add(words, f->name);
	}
}

static void
complete_peer(struct con *con, struct tty_words *words)
{
	for (size_t i = 0; i < con->board.mirror.npeers; i++)
		tty_words_add(words, con->board.mirror.peers[i]);
}

static void
complete_operator(struct con *con, struct tty_words *words)
{
	const struct con_people *p = &con->board.mirror.people;

	for (size_t i = 0; i < p->n; i++)
		tty_words_add(words, p->all[i].name);
}

/* Is line[start] the first word behind the command? */
static bool
is_first_argument(const char *line, size_t start)
{
	size_t name = strcspn(line, " ");

	return name + strspn(line + name, " ") >= start;
}

/* What the command's row says about its arguments; "" when it is none.  *args:
 * the arguments themselves. */
static const char *
kind_of(const struct con *con, const char *line, const char **args)
{
	struct con_line l = con_line_of(line);
	const struct con_command *own;
	const struct ev_command *desk;

	*args = "";
	if (l.kind != CON_LINE_COMMAND)
		return "";
	if ((own = con_command_find(l.name, l.name_len)) != NULL)
		return own->row.complete;
	desk = con_desk_command(con->welcome, l.name, l.name_len);
	if (desk == NULL)
		return "";
	*args = desk->args;
	return desk->complete;
}

void
con_complete(void *arg, const char *line, size_t start, size_t end,
    struct tty_words *words)
{
	struct con *con = con_of(arg);
	const char *kind, *args;

	if (line[0] != '/' || line[1] == '/')
		return;
	if (strcspn(line, " ") >= end) {
		complete_command(con, start == 0, words);
		return;
	}
	kind = kind_of(con, line, &args);
	/* "[N] WHO": whoever is meant may stand in either place. */
	if (strstr(args, "] WHO") != NULL)
		complete_operator(con, words);
	if (strcmp(kind, "session") == 0)
		complete_session(con, words);
	else if (strcmp(kind, "command") == 0)
		complete_command(con, false, words);
	else if (strcmp(kind, "operator") == 0)
		complete_operator(con, words);
	else if (strcmp(kind, "peer") == 0 && is_first_argument(line, start))
		complete_peer(con, words);
}
