/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file binds keys.  The caller's and ours are bound before inputrc is
 * read, so they win over readline's defaults, and a person's inputrc wins over
 * them.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <readline/readline.h>

#include "base/clock.h"
#include "tty/internal.h"

/* ---- the caller's ---- */

static int
run_key(size_t n, int count)
{
	struct tty *tty = tty_of_readline();

	assert(n < tty->c.nkeys);
	tty->c.keys[n].fn(tty->c.arg, count);
	return 0;
}

/* Readline calls a function with no argument of ours, so there is one for each
 * place in the caller's table. */
/* clang-format off */
#define PLACES(X) \
	X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) \
	X(12) X(13) X(14) X(15) X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23)
/* clang-format on */
#define FUNCTION(n)                            \
	static int key_##n(int count, int key) \
	{                                      \
		(void)key;                     \
		return run_key(n, count);      \
	}
#define ADDRESS(n) key_##n,

PLACES(FUNCTION)
static rl_command_func_t *const functions[TTY_KEYS] = { PLACES(ADDRESS) };

static void
bind(const char *name, const char *keys, rl_command_func_t *fn)
{
	/* A second row of the same name is a second key for it. */
	if (rl_named_function(name) == NULL)
		rl_add_defun(name, fn, -1);
	if (keys == NULL)
		return;
	rl_bind_keyseq_in_map(keys, fn, emacs_standard_keymap);
	rl_bind_keyseq_in_map(keys, fn, vi_insertion_keymap);
}

/* ---- ours ---- */

/*
 * This is Enter where the typed line is to vanish: the text is kept for the
 * line handler, and readline ends an empty line, whose prompt it leaves alone.
 */
static int
accept_erasing(int count, int key)
{
	struct tty *tty = tty_of_readline();

	free(tty->entered);
	tty->entered = strdup(rl_line_buffer);
	rl_clear_visible_line();
	rl_replace_line("", 1);
	rl_point = rl_end = 0;
	return rl_newline(count, key);
}

static int
suspend(int count, int key)
{
	(void)count;
	(void)key;
	tty_edit_suspend(tty_of_readline());
	return 0;
}

static int
redraw(int count, int key)
{
	(void)count;
	(void)key;
	tty_redraw(tty_of_readline());
	return 0;
}

static int
unfold(int count, int key)
{
	(void)count;
	(void)key;
	tty_edit_unfold(tty_of_readline());
	return 0;
}

/* The paste itself comes through tty_input_paste_end(): readline's own function
 * would wait here for its end. */
static int
paste(int count, int key)
{
	(void)count;
	(void)key;
	tty_input_paste_begin(&tty_of_readline()->in, dw_clock_ns());
	return 0;
}

static int
ignore_key(int count, int key)
{
	(void)count;
	(void)key;
	return 0;
}

/* Longer sequences that are bound, such as the arrows, stay what they are: a
 * keymap has one place for everything else. */
static void
skip_unknown_sequences(void)
{
	Keymap maps[] = { emacs_standard_keymap, vi_insertion_keymap,
		vi_movement_keymap };

	for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
		rl_bind_keyseq_in_map("\\e[", rl_skip_csi_sequence, maps[i]);
}

void
tty_keys_before(struct tty *tty)
{
	skip_unknown_sequences();
	bind("tty-redraw", "\\C-l", redraw);
	bind("tty-suspend", "\\C-z", suspend);
	bind("tty-unfold-paste", "\\ee", unfold);
	for (size_t i = 0; i < tty->c.nkeys; i++)
		bind(tty->c.keys[i].name, tty->c.keys[i].keys, functions[i]);
}

static void
replace(Keymap map, rl_command_func_t *old, rl_command_func_t *new)
{
	for (int c = 0; c < KEYMAP_SIZE; c++)
		if (map[c].type == ISFUNC && map[c].function == old)
			map[c].function = new;
}

void
tty_keys_after(struct tty *tty)
{
	Keymap maps[] = { emacs_standard_keymap, emacs_meta_keymap,
		emacs_ctlx_keymap, vi_insertion_keymap, vi_movement_keymap };
	const size_t n = sizeof maps / sizeof maps[0];

	for (size_t i = 0; i < n && tty->c.erase; i++)
		replace(maps[i], rl_newline, accept_erasing);
	rl_erase_empty_line = tty->c.erase;
	rl_bind_keyseq_in_map("\\e[200~", paste, emacs_standard_keymap);
	rl_bind_keyseq_in_map("\\e[201~", ignore_key, emacs_standard_keymap);
	rl_bind_keyseq_in_map("\\e[200~", paste, vi_insertion_keymap);
	rl_bind_keyseq_in_map("\\e[201~", ignore_key, vi_insertion_keymap);
}
