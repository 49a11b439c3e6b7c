/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file is the loop of a person's terminal, and the functions that its
 * caller has; with readline they go on in edit.c, without a terminal in
 * plain.c.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/text.h"
#include "tty/internal.h"

#define FLUSH_NS          (20 * DW_MS) /* at most 50 repaints a second */
#define BACKGROUND_NS     DW_SECOND    /* look again for the terminal */
#define DRAIN_TERMINAL_MS 1000
#define DRAIN_PLAIN_MS    10000

/* Only the owner may come in here. */
void
tty_check(const struct tty *tty)
{
	assert(tty != NULL && tty->magic == TTY_MAGIC);
	assert(pthread_equal(tty->owner, pthread_self()));
}

/* ---- opening ---- */

bool
tty_is_interactive(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static bool
wants_colour(const struct tty *tty)
{
	const char *no = getenv("NO_COLOR");

	if (tty->c.colour != TTY_COLOUR_AUTO)
		return tty->c.colour == TTY_COLOUR_ALWAYS;
	return !tty->plain && !tty->dumb && (no == NULL || *no == '\0');
}

static void
inspect_terminal(struct tty *tty)
{
	const char *term = getenv("TERM");

	tty->plain = !tty_is_interactive();
	tty->dumb = term == NULL || *term == '\0' || strcmp(term, "dumb") == 0;
	tty->colour = wants_colour(tty);
	tty->have_modes =
	    !tty->plain && tcgetattr(STDIN_FILENO, &tty->modes) == 0;
	tty->height = 24;
}

/* While TTIN and TTOU are blocked, reading in the background fails, and
 * writing goes on. */
static int
take_the_signals(struct dw_signals *s)
{
	static const int taken[] = { SIGINT, SIGQUIT, SIGTSTP, SIGCONT,
		SIGWINCH, SIGHUP, 0 };
	static const int only_blocked[] = { SIGTTIN, SIGTTOU, 0 };

	dw_signals_block(only_blocked);
	return dw_signals_open(s, taken);
}

int
tty_open(struct tty **out, const struct tty_config *config)
{
	static const struct tty_ops no_ops;
	struct tty *tty = calloc(1, sizeof *tty);
	int r;

	assert(config->nkeys <= TTY_KEYS);
	if (tty == NULL)
		return -ENOMEM;
	tty->magic = TTY_MAGIC;
	tty->c = *config;
	tty->ops = config->ops != NULL ? *config->ops : no_ops;
	tty->owner = pthread_self();
	tty->deadline_ns = DW_NEVER;
	tty->watched_fd = -1;
	tty->signals = (struct dw_signals)DW_SIGNALS_INITIALIZER;
	inspect_terminal(tty);
	tty_out_open(&tty->out, !tty->plain);
	if ((r = take_the_signals(&tty->signals)) < 0)
		goto out;
	if (!tty->plain && (r = tty_edit_open(tty)) < 0)
		goto out;
	*out = tty;
	return 0;
out:
	tty_close(tty);
	return r;
}

void
tty_close(struct tty *tty)
{
	if (tty == NULL)
		return;
	assert(tty->magic == TTY_MAGIC);
	if (!tty->plain)
		tty_edit_close(tty);
	dw_signals_close(&tty->signals);
	tty_out_close(&tty->out);
	tty_rows_fini(&tty->rows);
	dw_buf_fini(&tty->tail.text);
	dw_buf_fini(&tty->line_buf);
	free(tty->prompt);
	tty->magic = 0;
	free(tty);
}

/* ---- showing ---- */

void
tty_print(struct tty *tty, const char *rows, size_t len)
{
	tty_check(tty);
	tty_rows_add(&tty->rows, rows, len);
	tty->printed = true;
	tty->row_lost |= tty->rows.dropped > 0;
}

void
tty_printf(struct tty *tty, const char *format, ...)
{
	struct dw_buf raw = DW_BUF_INITIALIZER, safe = raw, rows = raw;
	char *text = NULL;
	va_list ap;
	int len;

	tty_check(tty);
	va_start(ap, format);
	len = vasprintf(&text, format, ap);
	va_end(ap);
	if (len < 0)
		return;
	dw_text_printable(&safe, text, (size_t)len, DW_TEXT_ROWS);
	dw_text_wrap(&rows, "* ", "  ", dw_buf_str(&safe), safe.len,
	    tty_columns(tty), "\n");
	tty_print(tty, dw_buf_str(&rows), rows.len);
	dw_buf_fini(&safe);
	dw_buf_fini(&rows);
	free(text);
}

static bool
is_ready(const struct tty *tty)
{
	return tty->out.pending.len == 0 && !tty->in_background &&
	    tty->rows.text.len < TTY_ROWS_MAX / 4;
}

bool
tty_ready(struct tty *tty)
{
	tty_check(tty);
	if (is_ready(tty))
		return true;
	tty->told_to_wait = true;
	return false;
}

/* Readline takes the bytes between \001 and \002 for no columns. */
static char *
prompt_with_bold(const struct tty *tty, const char *text, size_t at, size_t len)
{
	struct dw_buf b = DW_BUF_INITIALIZER;
	bool bold = tty->colour && len != 0;
	size_t all = strlen(text);

	assert(at <= all && len <= all - at);
	dw_buf_add(&b, text, at);
	dw_buf_adds(&b, bold ? "\001\033[1m\002" : "");
	dw_buf_add(&b, text + at, len);
	dw_buf_adds(&b, bold ? "\001\033[22m\002" : "");
	dw_buf_adds(&b, text + at + len);
	return dw_buf_take(&b);
}

void
tty_prompt(struct tty *tty, const char *text, size_t bold_at, size_t bold_len,
    uint64_t painted)
{
	char *prompt;

	tty_check(tty);
	prompt = prompt_with_bold(tty, text, bold_at, bold_len);
	if (prompt == NULL)
		return;
	if (tty->prompt == NULL || strcmp(tty->prompt, prompt) != 0 ||
	    tty->prompt_number != painted)
		tty->prompt_changed = true;
	free(tty->prompt);
	tty->prompt = prompt;
	tty->prompt_number = painted;
	if (tty->plain)
		tty->painted = painted;
}

bool
tty_prompt_was_seen(const struct tty *tty)
{
	tty_check(tty);
	return !tty->prompt_was_away;
}

void
tty_redraw(struct tty *tty)
{
	tty_check(tty);
	if (tty->plain)
		return;
	tty_edit_clear(tty);
	if (tty->ops.redraw != NULL)
		tty->ops.redraw(tty->c.arg);
}

void
tty_bell(struct tty *tty)
{
	tty_check(tty);
	tty->bell = !tty->plain;
}

unsigned
tty_columns(const struct tty *tty)
{
	return tty->plain ? 0 : tty->width;
}

unsigned
tty_rows(const struct tty *tty)
{
	return tty->height;
}

bool
tty_has_colour(const struct tty *tty)
{
	return tty->colour;
}

bool
tty_has_tail(const struct tty *tty)
{
	return !tty->plain && !tty->dumb;
}

bool
tty_is_terminal(const struct tty *tty)
{
	return !tty->plain;
}

/* ---- the line ---- */

const char *
tty_text(struct tty *tty, size_t *cursor)
{
	tty_check(tty);
	if (!tty->plain)
		return tty_edit_text(tty, cursor);
	if (cursor != NULL)
		*cursor = 0;
	return "";
}

bool
tty_is_quiet(const struct tty *tty)
{
	tty_check(tty);
	return tty->plain || tty_edit_is_quiet(tty);
}

bool
tty_text_is_free(const struct tty *tty)
{
	tty_check(tty);
	return tty->plain || tty_edit_is_free(tty);
}

void
tty_set_text(struct tty *tty, const char *text, size_t cursor)
{
	tty_check(tty);
	if (!tty->plain)
		tty_edit_set_text(tty, text, cursor);
}

void
tty_insert(struct tty *tty, const char *text)
{
	tty_check(tty);
	if (!tty->plain)
		tty_edit_insert(tty, text);
}

void
tty_remember(struct tty *tty, const char *line)
{
	struct dw_buf folded = DW_BUF_INITIALIZER;

	tty_check(tty);
	if (tty->plain)
		return;
	tty_folds_fold(&tty->folds, line, &folded);
	tty_history_add(tty, dw_buf_str(&folded), line);
	dw_buf_fini(&folded);
}

/* ---- waiting ---- */

void
tty_hold(struct tty *tty, bool on)
{
	tty_check(tty);
	tty->held = on && tty->plain;
}

void
tty_deadline(struct tty *tty, int64_t deadline_ns)
{
	tty_check(tty);
	tty->deadline_ns = deadline_ns;
}

void
tty_watch(struct tty *tty, int fd, short events)
{
	tty_check(tty);
	tty->watched_fd = fd;
	tty->watched_events = events;
}

void
tty_quit(struct tty *tty)
{
	tty_check(tty);
	tty->quit = true;
}

void
tty_unblock(struct tty *tty)
{
	assert(tty->magic == TTY_MAGIC); /* and no owner: any thread may */
	if (!tty->have_modes)
		return;
	tcflow(STDOUT_FILENO, TCOON);
	tcflush(STDOUT_FILENO, TCOFLUSH);
	tcsetattr(STDIN_FILENO, TCSANOW, &tty->modes);
}

/* ---- the loop ---- */

enum { FD_KEYS, FD_OUT, FD_SIGNALS, FD_WAKE, FD_WATCHED, N_FDS };

static bool
output_waits(const struct tty *tty)
{
	return tty->out.pending.len != 0;
}

static bool
wants_paint(const struct tty *tty)
{
	if (!tty_rows_empty(&tty->rows))
		return true;
	if (tty->plain)
		return false;
	/* A prompt that has to wait comes after the key that frees it. */
	return tty->bell || tty->line_changed || tty->tail.changed ||
	    (tty->prompt_changed && !tty_edit_prompt_is_hidden());
}

static bool
may_paint(const struct tty *tty)
{
	return !output_waits(tty) && !tty->in_background && !tty->hung_up &&
	    (tty->plain || tty->has_handler);
}

static bool
paint_is_due(const struct tty *tty)
{
	return wants_paint(tty) && may_paint(tty);
}

/* Somebody was told to wait and the way is free again. */
static bool
wake_is_due(const struct tty *tty)
{
	return tty->told_to_wait && is_ready(tty);
}

static int
poll_timeout(const struct tty *tty)
{
	bool now = wake_is_due(tty) || tty_plain_has_input(tty);
	int64_t at = now ? 0 : tty->deadline_ns;

	if (paint_is_due(tty))
		at = dw_clock_sooner(at, tty->flush_ns + FLUSH_NS);
	if (tty->has_handler && !tty->in_background && !output_waits(tty))
		at = dw_clock_sooner(at, tty_input_deadline(&tty->in));
	if (tty->in_background)
		at = dw_clock_sooner(at, dw_clock_ns() + BACKGROUND_NS);
	return dw_clock_poll_ms(at);
}

static void
fill_poll(const struct tty *tty, struct pollfd *p)
{
	bool read =
	    !tty->hung_up && !tty->in_background && !tty->eof && !tty->held;
	bool write = !tty->hung_up && output_waits(tty);

	p[FD_KEYS].fd = read ? STDIN_FILENO : -1;
	/* While nothing can be shown, keys wait in the kernel. */
	p[FD_KEYS].events = output_waits(tty) && !tty->plain ? 0 : POLLIN;
	p[FD_OUT].fd = write ? tty->out.fd : -1;
	p[FD_OUT].events = POLLOUT;
	p[FD_SIGNALS].fd = tty->signals.rd;
	p[FD_SIGNALS].events = POLLIN;
	p[FD_WAKE].fd = tty->c.wake_fd;
	p[FD_WAKE].events = POLLIN;
	p[FD_WATCHED].fd = tty->watched_fd;
	p[FD_WATCHED].events = tty->watched_events;
}

static void
call_or_quit(struct tty *tty, void (*op)(void *arg))
{
	if (op != NULL)
		op(tty->c.arg);
	else
		tty_quit(tty);
}

void
tty_hung_up(struct tty *tty)
{
	if (tty->hung_up)
		return;
	tty->hung_up = true;
	tty->out.broken = true;
	tty_out_flush(&tty->out);
	call_or_quit(tty, tty->ops.hangup);
}

static void
interrupt(struct tty *tty)
{
	if (!tty->plain && tty->has_handler && !tty->in_background)
		tty_edit_interrupt(tty);
	else if (tty->ops.interrupt != NULL)
		tty->ops.interrupt(tty->c.arg, false);
	else if (tty->plain)
		tty_quit(tty);
}

static void
stop(struct tty *tty)
{
	if (tty->plain)
		kill(getpid(), SIGSTOP);
	else if (tty->has_handler && !tty->in_background)
		tty_edit_suspend(tty);
}

/*
 * A terminal that hangs up makes the system send SIGHUP, and a shell that is
 * told so sends it on.  Otherwise it comes from somebody who wants what every
 * daemon does then.
 */
static void
take_hup(struct tty *tty)
{
	if (!tty->plain && tty_modes_gone())
		tty_hung_up(tty);
	else if (tty->signals.by_kernel)
		call_or_quit(tty, tty->ops.hangup);
	else if (tty->ops.hup != NULL)
		tty->ops.hup(tty->c.arg);
}

static void
take_signal(struct tty *tty, int signo)
{
	if (signo == SIGINT)
		interrupt(tty);
	else if (signo == SIGQUIT)
		call_or_quit(tty, tty->ops.quit);
	else if (signo == SIGHUP)
		take_hup(tty);
	else if (signo == SIGTSTP)
		stop(tty);
	else if (signo == SIGCONT && !tty->plain && !tty->hung_up)
		tty_edit_continue(tty);
	else if (signo == SIGWINCH && !tty->plain && !tty->hung_up)
		tty_edit_resize(tty);
}

/* Returns whether there was one. */
static bool
take_signals(struct tty *tty)
{
	bool any = false;
	int signo;

	for (; (signo = dw_signals_next(&tty->signals)) != 0; any = true)
		take_signal(tty, signo);
	return any;
}

/* An error while another job has the terminal is not its end. */
static void
read_keys(struct tty *tty)
{
	char data[4096];
	ssize_t n = read(STDIN_FILENO, data, sizeof data);

	if (n > 0)
		tty_input_add(&tty->in, data, (size_t)n, dw_clock_ns());
	else if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	else if (n < 0 && errno == EIO && !tty_modes_foreground())
		tty->in_background = true;
	else
		tty_hung_up(tty);
}

static void
take_keys(struct tty *tty, short revents)
{
	if (tty->plain) {
		tty_plain_read(tty, revents);
		return;
	}
	if (revents != 0 && !output_waits(tty))
		read_keys(tty);
	else if ((revents & (POLLHUP | POLLERR)) != 0)
		tty_hung_up(tty);
	if (tty->has_handler && !tty->hung_up && !tty->in_background)
		tty_edit_keys(tty);
}

static void
paint(struct tty *tty)
{
	if (!paint_is_due(tty) || dw_clock_ns() < tty->flush_ns + FLUSH_NS)
		return;
	if (tty->plain)
		tty_plain_paint(tty);
	else
		tty_edit_paint(tty);
	tty->flush_ns = dw_clock_ns();
	if (tty->plain && tty->out.broken)
		tty_hung_up(tty);
}

static void
tell_painted(struct tty *tty)
{
	bool whole = !tty->row_lost;

	if (!tty->printed || !tty_rows_empty(&tty->rows) || output_waits(tty) ||
	    tty->hung_up)
		return;
	tty->printed = tty->row_lost = false;
	if (tty->ops.painted != NULL)
		tty->ops.painted(tty->c.arg, whole);
}

static void
take_out(struct tty *tty)
{
	tty_out_flush(&tty->out);
	if (tty->out.broken)
		tty_hung_up(tty);
}

static void
run_callbacks(struct tty *tty, const struct pollfd *p)
{
	bool due = wake_is_due(tty);

	tty->told_to_wait = tty->told_to_wait && !due;
	if ((due || p[FD_WAKE].revents != 0) && tty->ops.wake != NULL)
		tty->ops.wake(tty->c.arg);
	if (p[FD_WATCHED].revents != 0 && p[FD_WATCHED].fd == tty->watched_fd &&
	    tty->ops.watched != NULL)
		tty->ops.watched(tty->c.arg, p[FD_WATCHED].revents);
	if (dw_clock_ns() >= tty->deadline_ns) {
		tty->deadline_ns = DW_NEVER;
		if (tty->ops.timeout != NULL)
			tty->ops.timeout(tty->c.arg);
	}
}

/* Keys come before rows: what is typed is never behind what is shown. */
static void
serve_once(struct tty *tty)
{
	struct pollfd p[N_FDS];

	fill_poll(tty, p);
	dw_may_block("poll");
	if (poll(p, N_FDS, poll_timeout(tty)) < 0)
		return; /* EINTR */
	/* A handler may have written after poll(2) had looked at the pipe and
	 * found keys that were typed after the signal. */
	if (!take_signals(tty) && tty->in_background)
		tty_edit_continue(tty);
	if (p[FD_OUT].revents != 0 && !tty->hung_up)
		take_out(tty);
	if (!tty->quit && !tty->hung_up)
		take_keys(tty, p[FD_KEYS].revents);
	if (!tty->quit)
		run_callbacks(tty, p);
	paint(tty);
	tell_painted(tty);
}

static void
leave(struct tty *tty)
{
	if (!tty->plain)
		tty_edit_leave(tty);
	while (tty->plain && !tty->hung_up && !tty_rows_empty(&tty->rows))
		tty_plain_paint(tty);
	tty_out_drain(&tty->out,
	    tty->plain ? DRAIN_PLAIN_MS : DRAIN_TERMINAL_MS);
	if (tty->have_modes && !tty_modes_gone() && tty_modes_foreground())
		tcsetattr(STDIN_FILENO, TCSANOW, &tty->modes);
}

void
tty_run(struct tty *tty)
{
	assert(tty->magic == TTY_MAGIC && !tty->has_handler);
	tty->owner = pthread_self();
	dw_signals_here(&tty->signals);
	if (!tty->plain)
		tty_edit_enter(tty);
	while (!tty->quit)
		serve_once(tty);
	leave(tty);
}
