/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a typed line is, and the console's own commands.  The desk's come with
 * the welcome; both are rows of (name, arguments, help, completion).
 */
#ifndef CON_COMMANDS_H
#define CON_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "console/mirror.h"
#include "wire/op.h"

struct con;

enum con_line_kind {
	CON_LINE_EMPTY,   /* nothing but white space */
	CON_LINE_COMMAND, /* name and args */
	CON_LINE_TEXT     /* text, for a customer */
};

/* Points into the line it was made from. */
struct con_line {
	enum con_line_kind kind;
	const char *name; /* without the slash */
	size_t name_len;
	const char *args; /* without blanks before it */
	const char *text; /* "//" is one slash already */
};

/*
 * A line whose first character that is not white space is a slash is a command
 * and nothing else, whatever follows, so that no mistyped command is ever said
 * to a customer.  A wide slash (U+FF0F) counts as one, and so does U+3001
 * before a letter, which is what the key gives in Chinese input.  A second one
 * makes the line a text that begins with it.
 */
struct con_line con_line_of(const char *line);

/* A command of the console's own. */
struct con_command {
	struct ev_command row;
	/* painted: the session in the prompt when Enter was pressed. */
	void (*run)(struct con *con, const char *args, uint64_t painted);
};

const struct con_command *con_commands(size_t *n);
const struct con_command *con_command_find(const char *name, size_t len);

/* The desk's row of that name in its welcome (may be NULL); or NULL. */
const struct ev_command *con_desk_command(const struct wire_frame *welcome,
    const char *name, size_t len);

/*
 * What to send for a desk's command: "close 3".  When its arguments begin with
 * [N] and none was given it means the painted session.  Where something must
 * follow, a number is the session when that follows; where a text follows, see
 * con_text_target().  Returns 0; -ENOENT when a session is needed and none is
 * painted; -EEXIST as con_text_target(); -ENOMEM.
 */
int con_desk_command_text(struct dw_buf *out, const struct ev_command *cmd,
    const char *args, uint64_t painted, const struct con_mirror *m);

/* Do a session and a text follow this command? */
bool con_takes_text(const struct ev_command *cmd);

/*
 * Whom a text is about: "#3 apples" is "apples" about session 3, "apples" is
 * about the painted one.  "3 apples" may be either when there is a session 3:
 * nobody guesses.  Returns 0; -ENOENT when none is named and none painted;
 * -EEXIST, and sid is the number that may be meant.  m: NULL: no sessions.
 */
int con_text_target(const struct con_mirror *m, const char *args,
    uint64_t painted, uint64_t *sid, const char **text);

/* Is there such a command? */
bool con_command_is_known(const struct con *con, const struct con_line *line);

/* May what one has typed with it be words about a customer, or for somebody?  The
 * row of the command says so. */
bool con_command_has_words(const struct con *con, const struct con_line *line);

/* Carries out a line that is a command. */
void con_command_run(struct con *con, const struct con_line *line,
    uint64_t painted);

#endif
