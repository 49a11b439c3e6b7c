/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file completes a word on Tab.  The caller names every possibility; here
 * they are narrowed to the word, and shown above the line as rows like all
 * others.  Nothing is ever asked: readline's questions would stop everything
 * until they are answered.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <readline/readline.h>

#include "base/i18n.h"
#include "base/text.h"
#include "tty/internal.h"

#define WORDS_SHOWN 50

struct tty_words {
	const char *prefix;
	size_t prefix_len;
	char **list; /* matching words, ours until taken */
	size_t n, cap;
	size_t next; /* what readline gets next */
};

static struct tty_words *completion; /* the one that runs, or NULL */

/* Tab must not put in what typing it could not: names come from strangers. */
static bool
is_harmless(const char *word)
{
	struct dw_buf safe = DW_BUF_INITIALIZER;
	bool same;

	dw_text_printable(&safe, word, strlen(word), 0);
	same = !safe.failed && strcmp(dw_buf_str(&safe), word) == 0;
	dw_buf_fini(&safe);
	return same;
}

static int
grow(struct tty_words *w)
{
	size_t cap = w->cap != 0 ? w->cap * 2 : 32;
	char **list;

	if (w->n < w->cap)
		return 0;
	if ((list = realloc(w->list, cap * sizeof *list)) == NULL)
		return -ENOMEM;
	w->list = list;
	w->cap = cap;
	return 0;
}

int
tty_words_add(struct tty_words *w, const char *word)
{
	if (strncmp(word, w->prefix, w->prefix_len) != 0 || !is_harmless(word))
		return 0;
	if (grow(w) < 0 || (w->list[w->n] = strdup(word)) == NULL)
		return -ENOMEM;
	w->n++;
	return 0;
}

/* Gives readline one word after the other; it frees them. */
static char *
next_word(const char *text, int state)
{
	(void)text;
	assert(completion != NULL);
	if (state == 0)
		completion->next = 0;
	return completion->next < completion->n ?
	    completion->list[completion->next++] :
	    NULL;
}

static char **
complete(const char *text, int start, int end)
{
	struct tty *tty = tty_of_readline();
	struct tty_words words = { text, strlen(text), NULL, 0, 0, 0 };
	char **matches = NULL;

	rl_attempted_completion_over = 1; /* never file names */
	if (tty->ops.complete == NULL)
		return NULL;
	tty->ops.complete(tty->c.arg, rl_line_buffer, (size_t)start,
	    (size_t)end, &words);
	completion = &words;
	if (words.n != 0)
		matches = rl_completion_matches(text, next_word);
	completion = NULL;
	free(words.list);
	return matches;
}

static void
add_cell(struct dw_buf *row, const char *word, size_t width)
{
	dw_buf_adds(row, word);
	for (size_t w = dw_text_width(word, strlen(word)); w < width; w++)
		dw_buf_addc(row, ' ');
}

static size_t
widest(char **words, int n)
{
	size_t width = 0;

	for (int i = 0; i < n; i++) {
		size_t w = dw_text_width(words[i], strlen(words[i]));

		width = w > width ? w : width;
	}
	return width;
}

/* matches[0] is what they have in common; the words are [1, n]. */
static void
show_matches(char **matches, int n, int longest)
{
	struct tty *tty = tty_of_readline();
	int shown = n > WORDS_SHOWN ? WORDS_SHOWN : n;
	size_t width = widest(matches + 1, shown) + 2;
	int per_row = (int)((tty->width - 1) / width);
	struct dw_buf row = DW_BUF_INITIALIZER;

	(void)longest;
	per_row = per_row < 1 ? 1 : per_row;
	for (int i = 0; i < shown; i++) {
		bool last = i + 1 == shown || (i + 1) % per_row == 0;

		add_cell(&row, matches[i + 1], last ? 0 : width);
		if (last)
			dw_buf_addc(&row, '\n');
	}
	tty_print(tty, dw_buf_str(&row), row.len);
	dw_buf_fini(&row);
	if (n > shown)
		tty_printf(tty,
		    DW_PLURAL("and %d more", "and %d more", n - shown),
		    n - shown);
}

void
tty_words_open(void)
{
	rl_attempted_completion_function = complete;
	rl_completion_display_matches_hook = show_matches;
	rl_completer_word_break_characters = " \t\n";
	rl_completer_quote_characters = NULL;
	rl_ignore_completion_duplicates = 1;
	rl_completion_query_items = -1;
}
