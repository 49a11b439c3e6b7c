/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A person's terminal: a line being typed at the bottom and rows that appear
 * above it at any moment without disturbing it.  GNU readline when standard
 * input and output are a terminal; otherwise lines in, rows out, and not one
 * control byte.  Callers write one code path for both.
 *
 * One thread owns a tty: the one that opened it, and from tty_run() on the one
 * that runs it.  Only the owner may call these functions (asserted), except
 * where it says "any thread".  Other threads leave what they have in a queue
 * of the caller's and ring wake_fd.  There is one tty in a process.
 *
 * Before tty_open() every signal should be blocked in every thread: the tty
 * takes INT QUIT TSTP CONT WINCH TTIN TTOU HUP, and no one else may.
 */
#ifndef TTY_TTY_H
#define TTY_TTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tty;
struct tty_words;

enum tty_colour {
	TTY_COLOUR_AUTO, /* on a terminal, unless NO_COLOR or TERM=dumb */
	TTY_COLOUR_ALWAYS,
	TTY_COLOUR_NEVER
};

/*
 * A function of the caller's that a key starts and that inputrc can bind by
 * name.  It runs on the owner, between two keys; everything below may be
 * called in it.  count is readline's numeric argument, 1 without one.
 */
struct tty_key {
	const char *name; /* "deskwire-list", as inputrc says it */
	const char *keys; /* "\\el" in inputrc's notation, or NULL */
	void (*fn)(void *arg, int count);
};

/*
 * What the owner is told, all on its own thread.  NULL: nothing happens,
 * except where another default is named.
 */
struct tty_ops {
	/* Enter.  text is the line (LF only from a paste or tty_insert), and
	 * belongs to the tty.  painted is the number that came with the prompt
	 * that stood on the screen.  Plain: each line, without its LF or CRLF. */
	void (*line)(void *arg, const char *text, uint64_t painted);

	/* Plain: a line in which there are NULs, with its length.  NULL: they
	 * are taken out, and ops.line gets the rest. */
	void (*nul_line)(void *arg, const char *bytes, size_t len);

	/* Ctrl-D on an empty line; plain: end of input, once.
	 * NULL: tty_quit(). */
	void (*eof)(void *arg);

	/* Ctrl-C.  The line has been dropped; had_text says if there was one.
	 * Plain: SIGINT.  NULL: plain ends by tty_quit(), a terminal goes on. */
	void (*interrupt)(void *arg, bool had_text);

	/* SIGQUIT (Ctrl-\).  NULL: tty_quit(). */
	void (*quit)(void *arg);

	/* The terminal has hung up: nothing is read or written any more.
	 * Plain: the system sent SIGHUP.  NULL: tty_quit(). */
	void (*hangup)(void *arg);

	/* Somebody sent SIGHUP, as kill(1) does; the terminal is as it was. */
	void (*hup)(void *arg);

	/* Keys were pressed, at least one; what they do follows.  Told once for
	 * all that came at a time, as none of them was pressed after something
	 * that another one painted.  Plain: never. */
	void (*key)(void *arg);

	/* Everything given to tty_print() is on the terminal now, or with the
	 * system on its way there.  whole: none of it was dropped. */
	void (*painted)(void *arg, bool whole);

	/* wake_fd is readable.  Clear it first, then look at the queue. */
	void (*wake)(void *arg);

	/* The descriptor given to tty_watch() has revents (poll's). */
	void (*watched)(void *arg, short revents);

	/* The deadline given to tty_deadline() has passed; it is off now. */
	void (*timeout)(void *arg);

	/* The screen was cleared (tty_redraw, Ctrl-L): tty_print() the last
	 * tty_rows() - 1 rows again, laid out for tty_columns(). */
	void (*redraw)(void *arg);

	/* The window has another size now. */
	void (*resized)(void *arg);

	/* Tab.  line[start, end) is the word; line[0, start) stands before it.
	 * tty_words_add() everything possible there; what does not begin with
	 * the word is left out by the tty. */
	void (*complete)(void *arg, const char *line, size_t start, size_t end,
	    struct tty_words *words);

	/* A paste is in the line now; it had so many lines and bytes.  cut: it
	 * was longer than 1 MiB and the rest is lost. */
	void (*pasted)(void *arg, size_t lines, size_t bytes, bool cut);

	/* May this line be kept in the history file?  NULL: never.  In memory
	 * all lines are kept but those that begin with a blank. */
	bool (*remember)(void *arg, const char *line);
};

struct tty_config {
	const char *name;    /* for `$if name` in inputrc */
	const char *history; /* file; NULL: in memory only */
	enum tty_colour colour;
	bool erase;             /* remove the typed line on Enter */
	const char *no_suspend; /* said on Ctrl-Z; NULL: suspend */
	int wake_fd;            /* -1: none */
	const struct tty_key *keys;
	size_t nkeys; /* at most TTY_KEYS */
	const struct tty_ops *ops;
	void *arg; /* of all callbacks */
};
#define TTY_KEYS 24

/* Are standard input and output both terminals?  Any thread. */
bool tty_is_interactive(void);

/*
 * Reads inputrc and history, takes the signals; changes no terminal mode and
 * shows nothing yet.  config, and all it points to, stays until tty_close().
 * Returns 0 or -errno.
 */
int tty_open(struct tty **out, const struct tty_config *config);

/* Frees it.  NULL is fine. */
void tty_close(struct tty *tty);

/*
 * Shows the prompt and serves keys, wake_fd, signals and deadline until
 * tty_quit().  All rows given so far are then shown (for at most a second if
 * the terminal does not take them) and its modes are restored.  The calling
 * thread is the owner from now on.
 */
void tty_run(struct tty *tty);

/* Makes tty_run() return as soon as the present callback has. */
void tty_quit(struct tty *tty);

/* ---- showing ---- */

/*
 * Shows finished rows above the line being typed: safe text, laid out for
 * tty_columns(), each row ended by LF (a CR before it is allowed and not
 * needed).  May be called in any callback and before tty_run(); shown at once
 * or, in a burst, within 20 ms.  While the terminal takes nothing 1 MiB is
 * kept; older rows are then dropped, counted, and reported by a row.
 */
void tty_print(struct tty *tty, const char *rows, size_t len);

/*
 * The rows that stand right above the prompt, below everything tty_print()
 * has shown and will show, until they are replaced; len 0: none.  Finished rows
 * as for tty_print(); of many the last are shown.  Plain, and where the cursor
 * cannot be moved (tty_has_tail() is false): nothing.
 */
void tty_tail(struct tty *tty, const char *rows, size_t len);
bool tty_has_tail(const struct tty *tty);

/* A row of our own: formats, makes it printable, wraps it behind "* ". */
void tty_printf(struct tty *tty, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* False while the terminal is stopped or slow: better leave rows where they
 * are until the next callback.  Wake is called again when it is ready. */
bool tty_ready(struct tty *tty);

/*
 * The prompt: printable text, one row, of which bytes [bold_at, bold_at +
 * bold_len) are bold where there is colour.  painted goes to ops.line with
 * every line that is entered under this prompt.  Shown as soon as readline
 * does not use the prompt's place itself (search, numeric argument).  Plain:
 * only painted counts, at once.
 */
void tty_prompt(struct tty *tty, const char *text, size_t bold_at,
    size_t bold_len, uint64_t painted);

/* In ops.line: could the prompt be seen when Enter was pressed?  It could not
 * where it had scrolled away, to the left or to the top.  Plain: true. */
bool tty_prompt_was_seen(const struct tty *tty);

/* Clears the screen and calls ops.redraw.  Plain: nothing. */
void tty_redraw(struct tty *tty);

/* Rings, at most once in a flush.  Plain: nothing. */
void tty_bell(struct tty *tty);

/* The window's size; columns 0 (dw_text_wrap: do not wrap) when plain. */
unsigned tty_columns(const struct tty *tty);
unsigned tty_rows(const struct tty *tty);

/* May rows hold SGR sequences? */
bool tty_has_colour(const struct tty *tty);

/* Is it readline?  False when plain. */
bool tty_is_terminal(const struct tty *tty);

/* ---- the line being typed (plain: always empty) ---- */

/* The text, valid until the next call; *cursor (may be NULL) in bytes. */
const char *tty_text(struct tty *tty, size_t *cursor);

/* May it be replaced without disturbing anyone: is it empty, with no search or
 * argument open and nothing typed ahead? */
bool tty_text_is_free(const struct tty *tty);

/* Is nothing typed ahead, and no search or argument open? */
bool tty_is_quiet(const struct tty *tty);

/* Replaces it; ends a search or argument.  cursor is cut to its length. */
void tty_set_text(struct tty *tty, const char *text, size_t cursor);

/* Puts text in at the cursor, as if typed.  In a key's fn only. */
void tty_insert(struct tty *tty, const char *text);

/* Keeps a line that was not entered for the Up key (a refused reply). */
void tty_remember(struct tty *tty, const char *line);

/* For ops.complete: one possibility.  Returns 0 or -ENOMEM. */
int tty_words_add(struct tty_words *words, const char *word);

/* ---- waiting ---- */

/*
 * Plain: while on, no line is given and standard input is not read; so what
 * comes down a pipe waits there, and its end too, until the caller has dealt
 * with the lines it has.  May be called in ops.line; off from any callback.
 * Terminal: nothing.
 */
void tty_hold(struct tty *tty, bool on);

/* Calls ops.timeout at deadline_ns (dw_clock_ns; DW_NEVER: not). */
void tty_deadline(struct tty *tty, int64_t deadline_ns);

/* Polls fd (-1: none) for events beside the rest. */
void tty_watch(struct tty *tty, int fd, short events);

/*
 * Any thread, while the tty exists: frees an owner that is stuck in a stopped
 * terminal, discards its output and restores the modes found by tty_open().
 * For main, when a join takes too long.
 */
void tty_unblock(struct tty *tty);

#endif
