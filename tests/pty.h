/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A real program on a pseudo-terminal whose screen is libvterm's.  Nothing here
 * sleeps: every wait is a poll with a deadline.  The child has TERM=xterm-256color,
 * INPUTRC=/dev/null, LC_ALL=C.UTF-8 and no NO_COLOR unless env says otherwise.
 *
 * One thread.  Waits return bool so that a test CHECKs them; on a failed wait
 * the screen goes to standard error as TAP comments.
 */
#ifndef DW_TESTS_PTY_H
#define DW_TESTS_PTY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct pty;

/* Where there is none: says so in the place of a program's tests, and returns
 * true. */
bool pty_is_missing(void);

/* Starts argv (argv[0] is a path).  env: NULL, or "NAME=value" strings ended
 * by NULL that are added.  Returns NULL when there is no pty to be had. */
struct pty *pty_start(char *const argv[], int rows, int cols,
    const char *const env[]);

/* Types text; escape sequences are the test's business. */
void pty_type(struct pty *p, const char *text);
void pty_type_bytes(struct pty *p, const void *bytes, size_t len);

/* Takes output for as long as there is some without waiting. */
void pty_pump(struct pty *p);

/* Until a row of the screen contains text.  Returns false after `seconds`. */
bool pty_wait(struct pty *p, const char *text, double seconds);
/* Until no row does. */
bool pty_wait_gone(struct pty *p, const char *text, double seconds);
/* Until the row the cursor is on is exactly text. */
bool pty_wait_line(struct pty *p, const char *text, double seconds);
/* The same, and the cursor is in column col. */
bool pty_wait_at(struct pty *p, const char *text, int col, double seconds);
/* Until screen or scrollback has it. */
bool pty_wait_ever(struct pty *p, const char *text, double seconds);

/* Row n (0 is the top) without trailing blanks; valid until the next call. */
const char *pty_row(struct pty *p, int n);
bool pty_has(struct pty *p, const char *text);
int pty_cursor_row(struct pty *p);
int pty_cursor_col(struct pty *p);

/* Scrollback and screen as text, a row a line, wrapped rows not joined. */
const char *pty_all(struct pty *p);
/* How often a whole row of scrollback and screen is exactly text. */
int pty_count_rows(struct pty *p, const char *text);

/* Tells kernel and screen model the new size. */
void pty_resize(struct pty *p, int rows, int cols);

/* The descriptor of our side, and the child. */
int pty_fd(struct pty *p);
pid_t pty_pid(struct pty *p);
/* Bytes taken from the program so far. */
size_t pty_bytes(struct pty *p);

/* Closes our side: the terminal is gone for the program. */
void pty_hangup(struct pty *p);

/* Escape sequences a console has no business sending, as text ("" if none):
 * every OSC, DCS, APC, PM, SOS, unknown CSI, and C0 but BEL BS TAB CR LF. */
const char *pty_stray(struct pty *p);
int pty_bells(struct pty *p);
/* How many escape sequences came in all, and how many set a colour. */
int pty_escapes(struct pty *p);
int pty_sgrs(struct pty *p);

/* Waits for the program to end.  Returns its wait status, -1 after `seconds`. */
int pty_wait_exit(struct pty *p, double seconds);

/* Kills the program if it lives, frees all. */
void pty_end(struct pty *p);

#endif
