/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file keeps the lines that were entered, in readline's history and, where
 * the caller allows it, in a file.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <readline/history.h>
#include <readline/readline.h>

#include "base/i18n.h"
#include "base/lock.h"
#include "tty/internal.h"

#define LINES_KEPT 1000

/* Makes the folders above path, for their owner alone. */
static void
make_folders(const char *path)
{
	char *copy = strdup(path);

	if (copy == NULL)
		return;
	for (char *s = copy; (s = strchr(s + 1, '/')) != NULL; *s = '/') {
		*s = '\0';
		mkdir(copy, 0700);
	}
	free(copy);
}

void
tty_history_open(struct tty *tty)
{
	const char *path = tty->c.history;

	using_history();
	stifle_history(LINES_KEPT);
	if (path == NULL)
		return;
	make_folders(path);
	if (read_history(path) == 0)
		history_truncate_file(path, LINES_KEPT);
	using_history();
}

static int
append(const char *path, const char *line)
{
	const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC;
	size_t len = strlen(line);
	char *row = NULL;
	int fd = -1, r = 0;

	if ((row = malloc(len + 2)) == NULL)
		return -ENOMEM;
	memcpy(row, line, len);
	memcpy(row + len, "\n", 2);
	dw_may_block("open");
	if ((fd = open(path, flags, 0600)) < 0) {
		r = -errno;
		goto out;
	}
	if (write(fd, row, len + 1) != (ssize_t)len + 1)
		r = -EIO;
	close(fd);
out:
	free(row);
	return r;
}

static bool
is_last(const char *line)
{
	HIST_ENTRY *last = history_length == 0 ?
	    NULL :
	    history_get(history_base + history_length - 1);

	return last != NULL && strcmp(last->line, line) == 0;
}

static bool
goes_to_file(struct tty *tty, const char *text)
{
	return tty->c.history != NULL && tty->ops.remember != NULL &&
	    strchr(text, '\n') == NULL && tty->ops.remember(tty->c.arg, text);
}

void
tty_history_add(struct tty *tty, const char *line, const char *text)
{
	int r;

	if (line[0] == '\0' || line[0] == ' ' || is_last(line))
		return;
	add_history(line);
	if (!goes_to_file(tty, text))
		return;
	r = append(tty->c.history, text);
	if (r < 0 && !tty->history_said) {
		tty->history_said = true;
		tty_printf(tty, _("The history cannot be kept in %s: %s"),
		    tty->c.history, strerror(-r));
	}
}

void
tty_history_unfold(const struct tty *tty, const char *mark)
{
	for (int i = 0; i < history_length; i++) {
		HIST_ENTRY *e = history_get(history_base + i);
		char *text = NULL;

		if (e == NULL || strstr(e->line, mark) == NULL ||
		    (text = tty_edit_expand(tty, e->line)) == NULL)
			continue;
		free(e->line);
		e->line = text;
	}
}

void
tty_history_close(void)
{
	rl_clear_history(); /* with the undo lists */
}
