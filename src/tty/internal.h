/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of this room share.  Data flows one way round:
 * terminal -> input -> edit (readline) -> out -> terminal, and rows -> edit
 * (or plain) -> out.  Nothing in here waits but the poll in tty_run().
 */
#ifndef TTY_INTERNAL_H
#define TTY_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <termios.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/signals.h"
#include "tty/tty.h"

/* ---- out.c: bytes on their way to the terminal ---- */

/*
 * Bytes wait here while the terminal takes none, so its owner never waits in
 * write(2).  fd is a description of our own with O_NONBLOCK where one can be
 * had (setting that flag on standard output would change it for the shell as
 * well); otherwise small pieces are written when poll(2) allows.
 */
struct tty_out {
	int fd;
	bool nonblocking; /* fd is ours, and never blocks */
	bool broken;      /* nothing can be written any more */
	struct dw_buf pending;
};

void tty_out_open(struct tty_out *o, bool terminal);
void tty_out_close(struct tty_out *o);
void tty_out_add(struct tty_out *o, const void *data, size_t len);
/* Writes what goes without waiting.  Returns whether some of it went. */
bool tty_out_flush(struct tty_out *o);
/* Waits for the rest as long as a write succeeds every patience_ms. */
void tty_out_drain(struct tty_out *o, int patience_ms);

/* ---- stream.c: what readline prints, on its way to out.c ---- */

struct tty_stream {
	FILE *file; /* NULL: not open */
	struct tty_out *out;
	char *data; /* what the file in memory holds, where */
	size_t len; /* there is no other kind */
};

/* Returns the file, or NULL without memory. */
FILE *tty_stream_open(struct tty_stream *s, struct tty_out *out);
/* All that was written so far is with `out`. */
void tty_stream_flush(struct tty_stream *s);
void tty_stream_close(struct tty_stream *s);

/* ---- rows.c: finished rows that are not shown yet ---- */

#define TTY_ROWS_MAX ((size_t)1 << 20) /* bytes kept, then oldest go */

struct tty_rows {
	struct dw_buf text; /* each row ends with LF */
	size_t dropped;     /* since the last tty_rows_take() */
};

void tty_rows_add(struct tty_rows *r, const char *rows, size_t len);
/*
 * Moves whole rows, about max bytes, to out with `end` for LF; the number of
 * those that were dropped first, as a row of ours.
 */
void tty_rows_take(struct tty_rows *r, struct dw_buf *out, size_t max,
    const char *end);
bool tty_rows_empty(const struct tty_rows *r);
void tty_rows_fini(struct tty_rows *r);

/* ---- tail.c: rows just above the prompt that will change ---- */

struct tty_tail {
	struct dw_buf text; /* as wanted; each row ends with LF */
	bool changed;       /* the screen has other rows */
	unsigned shown;     /* rows of it on the screen */
};

/* Takes it off the screen; the cursor is where the prompt began. */
void tty_tail_lift(struct tty *tty);
/* Writes it where the cursor is, at the beginning of a row. */
void tty_tail_write(struct tty *tty);
/* What stands of it on the screen stays there: it is no longer above the
 * prompt, or no longer as wide. */
void tty_tail_forget(struct tty *tty);

/* ---- escape.c: what begins with an ESC ---- */

enum tty_escape_kind {
	TTY_ESCAPE_ALONE,      /* nothing is behind it yet */
	TTY_ESCAPE_PREFIX,     /* Alt for the key behind it; len is 0 */
	TTY_ESCAPE_PAIR,       /* a key, unless more follows */
	TTY_ESCAPE_LOOSE_PAIR, /* the same, more likely a key */
	TTY_ESCAPE_OPEN,       /* a sequence that wants more bytes */
	TTY_ESCAPE_KEY,        /* a whole CSI or SS3 sequence */
	TTY_ESCAPE_MOUSE,      /* a whole X10 report */
	TTY_ESCAPE_BROKEN,     /* a sequence up to what cannot be in it */
	TTY_ESCAPE_STRING      /* OSC, DCS and the like: its introducer */
};

struct tty_escape {
	enum tty_escape_kind kind;
	size_t len; /* without the ESC */
};

/* What do these bytes make of the ESC before them? */
struct tty_escape tty_escape_behind(const char *s, size_t len);
/* How many bytes belong to a string, with its end if *ended.  Not ended: an
 * ESC at the end of s stays, until its next byte tells what it is. */
size_t tty_escape_string(const char *s, size_t len, bool *ended);
/* How many bytes of a text that begins with ESC are a sequence; 0: none. */
size_t tty_escape_in_text(const char *s, size_t len);

/* ---- input.c: bytes on their way to readline ---- */

#define TTY_PASTE_MAX ((size_t)1 << 20)
#define TTY_PASTE_NS  (2 * DW_SECOND)  /* of silence end a paste */
#define TTY_ESCAPE_NS (2 * DW_SECOND)  /* or a sequence */
#define TTY_HOLD_NS   (DW_SECOND / 2)  /* for a character's rest */
#define TTY_KEY_NS    (DW_SECOND / 20) /* ESC was a key of its own */

/*
 * buf[at..] came from the terminal and was not given away.  An unfinished
 * UTF-8 character at its end is held back for TTY_HOLD_NS, so that readline
 * never sees half of one.  So is a sequence, until it is whole: only keys
 * that are bound are given on, and all else is dropped, be it a key that we
 * do not know, the mouse, or an answer of the terminal.  While pasting,
 * everything is held until the end marker, and what is over TTY_PASTE_MAX is
 * lost.
 */
struct tty_input {
	struct dw_buf buf;
	size_t at;
	size_t unit;     /* bytes from at that belong together */
	int64_t last_ns; /* when bytes came last */
	bool in_string;  /* everything is dropped until its end */
	bool escaped;    /* an ESC was given away alone */
	bool pasting;
	bool overflow;

	/* The editor says these.  quick: ESC is a key, so it is not held for
	 * long.  is_bound: has this sequence a meaning?  NULL: none has. */
	bool quick;
	bool (*is_bound)(const char *keys, size_t len);
};

void tty_input_fini(struct tty_input *in);
void tty_input_reset(struct tty_input *in);
void tty_input_add(struct tty_input *in, const char *data, size_t len,
    int64_t now_ns);
/* How many bytes readline may have now.  Drops what it never may. */
size_t tty_input_ready(struct tty_input *in, int64_t now_ns);
/* The next byte (0..255); only when some are there. */
int tty_input_next(struct tty_input *in);
void tty_input_paste_begin(struct tty_input *in, int64_t now_ns);
/* True when a paste is over: out has its text (CR and CRLF are LF; no NUL and
 * no escape sequence). */
bool tty_input_paste_end(struct tty_input *in, int64_t now_ns,
    struct dw_buf *out);
/* When to look again though nothing came: DW_NEVER or a deadline. */
int64_t tty_input_deadline(const struct tty_input *in);

/* ---- fold.c: long pastes, each one character of the line ---- */

#define TTY_FOLDS     64 /* that are kept */
#define TTY_FOLD_ROWS 8  /* a paste of more rows is folded */
#define TTY_MARK_LEN  ((size_t)4)

struct tty_fold {
	char mark[TTY_MARK_LEN + 1]; /* what stands in the line */
	char *text;
	size_t len, lines;
};

struct tty_folds {
	struct tty_fold list[TTY_FOLDS]; /* oldest first */
	size_t n;
	unsigned next; /* mark */
};

/* The last one may want its LF. */
size_t tty_count_lines(const char *s);
/* Is there what could be taken for a mark? */
bool tty_folds_has_mark(const char *s, size_t len);
/* Keeps a text; there must be room.  Returns its mark, or NULL: no memory. */
const char *tty_folds_add(struct tty_folds *f, const char *text);
/* The oldest one that neither line nor draft (may be NULL) holds, or NULL. */
const struct tty_fold *tty_folds_oldest(const struct tty_folds *f,
    const char *line, const char *draft);
void tty_folds_drop(struct tty_folds *f, const struct tty_fold *fold);
/* What a line stands for, and how it looks.  Marks of texts that are not kept
 * any more stand for nothing. */
void tty_folds_expand(const struct tty_folds *f, const char *line, size_t len,
    struct dw_buf *out);
void tty_folds_show(const struct tty_folds *f, const char *line, size_t len,
    struct dw_buf *out);
/* The line that stands for a text: what is kept becomes a mark again. */
void tty_folds_fold(const struct tty_folds *f, const char *text,
    struct dw_buf *out);
/* Where in the line the text's byte `cursor` is. */
size_t tty_folds_point(const struct tty_folds *f, const char *line,
    size_t cursor);
/* The one before point, else the next one; *at is its place.  NULL: none. */
const struct tty_fold *tty_folds_near(const struct tty_folds *f,
    const char *line, size_t point, size_t *at);
void tty_folds_fini(struct tty_folds *f);

/* ---- cursor.c ---- */

/* How many rows of the window the cursor is below the prompt's first one,
 * counted as readline does.  prompt may hold \001...\002 runs. */
unsigned tty_cursor_row(const char *prompt, const char *text, size_t point,
    unsigned columns);

/* ---- the tty ---- */

#define TTY_MAGIC 0x7e71da7au

struct tty {
	unsigned magic;
	struct tty_config c;
	struct tty_ops ops;
	pthread_t owner;
	bool plain;
	bool dumb; /* TERM=dumb */
	bool colour;
	bool have_modes;
	struct termios modes; /* found by tty_open() */

	bool quit;
	bool hung_up;        /* the terminal hung up */
	bool in_background;  /* another job has it */
	bool told_to_wait;   /* tty_ready() said no */
	int64_t flush_ns;    /* time of the last repaint */
	int64_t deadline_ns; /* the caller's */
	int watched_fd;
	short watched_events;

	struct dw_signals signals;
	struct tty_out out;
	struct tty_rows rows;
	bool printed;  /* since ops.painted was called */
	bool row_lost; /* and one of these rows was dropped */
	struct tty_tail tail;
	bool bell;
	unsigned width, height;

	/* The prompt that is wanted; dirty until it is on the screen. */
	char *prompt;
	uint64_t prompt_number;
	bool prompt_changed;
	uint64_t painted; /* of the one on the screen */

	/* plain.c */
	struct dw_buf line_buf;
	bool eof;         /* nothing more is read */
	bool held;        /* tty_hold() */
	bool input_waits; /* lines or the end wait here */

	/* edit.c and its kin */
	struct tty_input in;
	struct tty_folds folds;
	struct dw_buf text;       /* of tty_edit_text() */
	struct dw_buf shown;      /* the line as it is shown */
	struct tty_stream stream; /* readline's way to `out` */
	bool has_handler;         /* readline has its handler */
	bool prepped;             /* the modes are readline's */
	bool delivering;          /* ops.line or ops.eof runs */
	bool line_changed;        /* the line itself changed */
	bool prompt_was_away;     /* at the last Enter */
	bool tall;                /* the line is higher than the window */
	char *entered;            /* line entered and erased */
	char *draft;              /* for the next line, with marks */
	size_t draft_point;
	bool history_said; /* its file cannot be written */
};

void tty_check(const struct tty *tty);
void tty_hung_up(struct tty *tty);

/* ---- edit.c: readline's editing ---- */

int tty_edit_open(struct tty *tty);
/* The tty that is open, for readline's hooks, which have no argument. */
struct tty *tty_of_readline(void);
void tty_edit_close(struct tty *tty);
void tty_edit_enter(struct tty *tty);
void tty_edit_leave(struct tty *tty);
/* Does readline show something else in the prompt's place? */
bool tty_edit_prompt_is_hidden(void);
void tty_edit_keys(struct tty *tty);  /* give input to readline */
void tty_edit_paint(struct tty *tty); /* rows, prompt, bell */
void tty_edit_interrupt(struct tty *tty);
void tty_edit_suspend(struct tty *tty);
void tty_edit_continue(struct tty *tty);
void tty_edit_resize(struct tty *tty);
void tty_edit_clear(struct tty *tty);
void tty_edit_set_text(struct tty *tty, const char *text, size_t cursor);
void tty_edit_insert(struct tty *tty, const char *text);
/* Puts the text of a folded paste into the line. */
void tty_edit_unfold(struct tty *tty);
/* What a line with marks stands for; the caller frees it.  NULL: no memory. */
char *tty_edit_expand(const struct tty *tty, const char *line);
bool tty_edit_is_free(const struct tty *tty);
bool tty_edit_is_quiet(const struct tty *tty);
const char *tty_edit_text(struct tty *tty, size_t *cursor);
/* Readline's screen follows the window. */
void tty_edit_size(struct tty *tty);

/* ---- modes.c: the terminal's modes ---- */

bool tty_modes_foreground(void);
/* Has the terminal hung up? */
bool tty_modes_gone(void);
void tty_modes_prep(int meta);
void tty_modes_deprep(void);
void tty_modes_restore(struct tty *tty);

/* ---- keys.c ---- */

void tty_keys_before(struct tty *tty); /* before inputrc is read */
void tty_keys_after(struct tty *tty);  /* after */

/* ---- words.c ---- */

void tty_words_open(void);

/* ---- history.c ---- */

void tty_history_open(struct tty *tty);
/* line is as it was entered, with marks; text is what it stands for. */
void tty_history_add(struct tty *tty, const char *line, const char *text);
/* A mark in these lines becomes its text: it will not be kept any more. */
void tty_history_unfold(const struct tty *tty, const char *mark);
void tty_history_close(void);

/* ---- plain.c: no terminal ---- */

/* Gives what waits for the caller, else reads more when revents says so. */
void tty_plain_read(struct tty *tty, short revents);
/* Can something be given without reading? */
bool tty_plain_has_input(const struct tty *tty);
void tty_plain_paint(struct tty *tty);

#endif
