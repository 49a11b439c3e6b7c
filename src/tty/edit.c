/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file drives readline through its callback interface, with our own source
 * of bytes and our own sink, so that it never waits.  All of it is called by
 * the owner only: readline knows no threads.
 *
 * Rows are shown in five steps, always in this order: clear the line, write
 * the rows, say that the cursor is on a new line, set the prompt if that is
 * allowed, redisplay.  Line, point and undo list are never touched.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <locale.h>
#include <readline/history.h>
#include <readline/readline.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/lock.h"
#include "tty/internal.h"

#define PAINT_BYTES  ((size_t)64 << 10) /* of rows in one repaint */
#define BYTE_WAIT_MS 2000

static struct tty *current;

struct tty *
tty_of_readline(void)
{
	assert(current != NULL && current->magic == TTY_MAGIC);
	return current;
}

/* In these states readline shows something else in the prompt's place. */
bool
tty_edit_prompt_is_hidden(void)
{
	return RL_ISSTATE(RL_STATE_ISEARCH | RL_STATE_NSEARCH |
		   RL_STATE_NUMERICARG | RL_STATE_MOREINPUT |
		   RL_STATE_COMPLETING | RL_STATE_CHARSEARCH |
		   RL_STATE_VIMOTION) != 0;
}

/* ---- the stream and the source ---- */

static void
flush(struct tty *tty)
{
	tty_stream_flush(&tty->stream);
	tty_out_flush(&tty->out);
}

/*
 * Readline wants a byte in the middle of something, which none of the paths
 * that we know does.  It may wait a little for one.  Then it gets the mark
 * that ends a paste, which means nothing elsewhere: never EOF, which loses the
 * line, and never nothing, which would stop the owner.
 */
static int
wait_for_byte(struct tty *tty)
{
	static const char mark[] = "\033[201~";
	static size_t at;
	struct pollfd p = { STDIN_FILENO, POLLIN, 0 };
	char data[512];
	ssize_t n = 0;

	dw_may_block("poll");
	if (at == 0 && poll(&p, 1, BYTE_WAIT_MS) > 0)
		n = read(STDIN_FILENO, data, sizeof data);
	if (n > 0) {
		tty_input_add(&tty->in, data, (size_t)n, dw_clock_ns());
		return tty_input_next(&tty->in);
	}
	n = mark[at];
	at = (at + 1) % (sizeof mark - 1);
	return (int)n;
}

static int
next_byte(FILE *stream)
{
	struct tty *tty = tty_of_readline();

	(void)stream;
	if (tty->in.buf.len - tty->in.at != 0)
		return tty_input_next(&tty->in);
	return wait_for_byte(tty);
}

/* In vi's mode ESC leaves off inserting, and a search ends with it. */
static int
byte_is_there(void)
{
	struct tty_input *in = &tty_of_readline()->in;

	in->quick = rl_editing_mode == 0 || RL_ISSTATE(RL_STATE_ISEARCH);
	return tty_input_ready(in, dw_clock_ns()) != 0;
}

static bool
is_bound(const char *keys, size_t len)
{
	int type = ISKMAP;

	return rl_function_of_keyseq_len(keys, len, NULL, &type) != NULL &&
	    type != ISKMAP;
}

/* ---- the line as it is shown ---- */

/* The place in the line as it is shown. */
static int
shown_place(struct tty *tty, int place)
{
	dw_buf_reset(&tty->shown);
	tty_folds_show(&tty->folds, rl_line_buffer, (size_t)place, &tty->shown);
	return (int)tty->shown.len;
}

/*
 * Readline paints what rl_line_buffer points to and keeps nothing of it, so for
 * as long as it paints that is the line with a label for each folded paste.
 */
static void
redisplay(void)
{
	struct tty *tty = tty_of_readline();
	char *line = rl_line_buffer;
	int point = rl_point, end = rl_end, mark = rl_mark;

	if (!tty_folds_has_mark(line, (size_t)end)) {
		rl_redisplay();
		return;
	}
	rl_point = shown_place(tty, point);
	rl_mark = shown_place(tty, mark < end ? mark : end);
	rl_end = shown_place(tty, end);
	if (!tty->shown.failed) {
		rl_line_buffer = tty->shown.data;
		rl_redisplay();
	}
	rl_line_buffer = line;
	rl_point = point;
	rl_mark = mark;
	rl_end = end;
}

char *
tty_edit_expand(const struct tty *tty, const char *line)
{
	struct dw_buf text = DW_BUF_INITIALIZER;

	tty_folds_expand(&tty->folds, line, strlen(line), &text);
	if (!text.failed)
		return dw_buf_take(&text);
	dw_buf_fini(&text);
	return NULL;
}

/* ---- the prompt ---- */

static void
set_prompt(struct tty *tty)
{
	rl_set_prompt(tty->prompt != NULL ? tty->prompt : "");
	tty->prompt_changed = false;
	tty->painted = tty->prompt_number;
}

static void
write_rows(struct tty *tty)
{
	struct dw_buf text = DW_BUF_INITIALIZER;

	tty_tail_lift(tty);
	tty_rows_take(&tty->rows, &text, PAINT_BYTES, "\r\n");
	fwrite(dw_buf_str(&text), 1, text.len, tty->stream.file);
	tty_tail_write(tty);
	dw_buf_fini(&text);
}

static void
ring(struct tty *tty)
{
	if (tty->bell)
		fputc('\a', tty->stream.file);
	tty->bell = false;
}

void
tty_edit_paint(struct tty *tty)
{
	if (!tty->has_handler)
		return;
	/* Between two lines readline has nothing on the screen to clear. */
	assert(!tty->delivering);
	rl_clear_visible_line();
	write_rows(tty);
	rl_on_new_line();
	if (tty->prompt_changed && !tty_edit_prompt_is_hidden())
		set_prompt(tty);
	redisplay();
	ring(tty);
	tty->line_changed = false;
	flush(tty);
}

/* ---- a line ---- */

/*
 * Readline calls this between two lines, with the cursor in column 0 and
 * nothing painted; it paints the prompt itself when we return.  So what the
 * callback gave us is written plainly.
 */
static void
between_lines(struct tty *tty)
{
	write_rows(tty);
	if (tty->prompt_changed)
		set_prompt(tty);
}

/* With horizontal scrolling there is one row of the window, in which the last
 * column is readline's. */
static bool
prompt_is_away(const struct tty *tty, const char *line)
{
	struct dw_buf shown = DW_BUF_INITIALIZER;
	const char *scrolls = rl_variable_value("horizontal-scroll-mode");
	bool one_row =
	    tty->dumb || (scrolls != NULL && strcmp(scrolls, "on") == 0);
	unsigned columns = tty->width - (one_row && tty->width > 1);
	unsigned rows;

	tty_folds_show(&tty->folds, line, strlen(line), &shown);
	rows = 1 +
	    tty_cursor_row(rl_prompt != NULL ? rl_prompt : "",
		dw_buf_str(&shown), shown.len, columns);
	dw_buf_fini(&shown);
	return rows > (one_row ? 1 : tty->height);
}

static void
give_line(struct tty *tty, char *typed)
{
	char *line = tty->entered != NULL ? tty->entered : typed;
	char *text = tty_edit_expand(tty, line);

	tty->entered = NULL;
	tty->prompt_was_away = prompt_is_away(tty, line);
	if (text != NULL) {
		tty_history_add(tty, line, text);
		if (tty->ops.line != NULL)
			tty->ops.line(tty->c.arg, text, tty->painted);
	}
	if (line != typed)
		free(line);
	free(text);
}

static void
give_eof(struct tty *tty)
{
	rl_clear_visible_line();
	if (tty->ops.eof != NULL)
		tty->ops.eof(tty->c.arg);
	else
		tty_quit(tty);
}

static void
on_line(char *text)
{
	struct tty *tty = tty_of_readline();

	assert(tty->has_handler && !tty->delivering);
	tty->delivering = true;
	if (text != NULL)
		give_line(tty, text);
	else
		give_eof(tty);
	free(text);
	between_lines(tty);
	tty->delivering = false;
}

/* Readline has emptied its line by now; a draft goes into the new one. */
static int
on_new_line(void)
{
	struct tty *tty = tty_of_readline();

	if (tty->draft == NULL)
		return 0;
	rl_insert_text(tty->draft);
	rl_point = (int)tty->draft_point;
	free(tty->draft);
	tty->draft = NULL;
	return 0;
}

/* ---- keys ---- */

/* Are these more rows than a line should take from what others say? */
static bool
is_long(const struct tty *tty, const char *text, size_t len)
{
	while (len != 0 && text[len - 1] == '\n')
		len--;
	return tty_cursor_row("", text, len, tty->width) >= TTY_FOLD_ROWS;
}

/* Makes room for one more.  Returns false when the line needs them all. */
static bool
make_room(struct tty *tty)
{
	const struct tty_fold *oldest;

	if (tty->folds.n < TTY_FOLDS)
		return true;
	oldest = tty_folds_oldest(&tty->folds, rl_line_buffer, tty->draft);
	if (oldest == NULL)
		return false;
	tty_history_unfold(tty, oldest->mark);
	tty_folds_drop(&tty->folds, oldest);
	return true;
}

/*
 * Returns the mark of a paste that is to be folded, or NULL.  Where readline
 * knows no characters of several bytes, it would part a mark.
 */
static const char *
fold(struct tty *tty, const struct dw_buf *text)
{
	const char *s = dw_buf_str(text);

	if (MB_CUR_MAX == 1 ||
	    (!is_long(tty, s, text->len) && !tty_folds_has_mark(s, text->len)))
		return NULL;
	return make_room(tty) ? tty_folds_add(&tty->folds, s) : NULL;
}

static void
take_paste(struct tty *tty)
{
	struct dw_buf text = DW_BUF_INITIALIZER;
	const char *mark;

	if (!tty_input_paste_end(&tty->in, dw_clock_ns(), &text))
		return;
	mark = fold(tty, &text);
	rl_begin_undo_group();
	rl_insert_text(mark != NULL ? mark : dw_buf_str(&text));
	rl_end_undo_group();
	redisplay();
	if (tty->ops.pasted != NULL)
		tty->ops.pasted(tty->c.arg, tty_count_lines(dw_buf_str(&text)),
		    text.len, tty->in.overflow);
	dw_buf_fini(&text);
}

/*
 * A key may have changed whom the line is for, and the line with it.  What is
 * entered next, typed ahead as it may be, goes to the new prompt's number.
 */
static void
follow_prompt(struct tty *tty)
{
	if (tty->prompt_number != tty->painted && !tty_edit_prompt_is_hidden())
		tty_edit_paint(tty);
}

static bool
is_tall(struct tty *tty)
{
	size_t len;

	if ((size_t)rl_end < tty->height)
		return false;
	len = (size_t)shown_place(tty, rl_end);
	return tty_cursor_row(rl_prompt != NULL ? rl_prompt : "",
		   dw_buf_str(&tty->shown), len, tty->width) >= tty->height;
}

/* Readline loses its place when a line that was higher than the window is not
 * any more. */
static void
follow_height(struct tty *tty)
{
	bool was = tty->tall;

	tty->tall = tty->has_handler && !tty->dumb && is_tall(tty);
	if (was && !tty->tall && tty->has_handler && tty->ops.redraw != NULL)
		tty_redraw(tty);
}

static void
tell_key(const struct tty *tty, bool *told)
{
	if (!*told && tty->ops.key != NULL)
		tty->ops.key(tty->c.arg);
	*told = true;
}

void
tty_edit_keys(struct tty *tty)
{
	bool told = false;

	take_paste(tty);
	while (!tty->quit && (rl_pending_input != 0 || byte_is_there())) {
		tell_key(tty, &told);
		rl_callback_read_char();
		take_paste(tty);
		follow_prompt(tty);
	}
	follow_height(tty);
	flush(tty);
}

/* Ends a search, an argument, half a key, or whatever else readline is in the
 * middle of. */
static void
end_key(void)
{
	rl_callback_sigcleanup();
	rl_free_line_state();
}

/* Makes the line empty, at the end of the history; what was typed before the
 * history was looked through is forgotten too. */
static void
empty_line(void)
{
	rl_free_undo_list();
	rl_maybe_unsave_line();
	rl_replace_line("", 1);
	using_history();
}

void
tty_edit_interrupt(struct tty *tty)
{
	bool had_text = rl_end != 0;

	tty_input_reset(&tty->in);
	end_key();
	if (had_text) {
		rl_point = rl_end;
		redisplay();
		fputs("^C\r\n", tty->stream.file);
		tty_tail_forget(tty);
		rl_on_new_line();
	}
	empty_line();
	redisplay();
	flush(tty);
	if (tty->ops.interrupt != NULL)
		tty->ops.interrupt(tty->c.arg, had_text);
}

/* The line, with marks: between two lines it is the next one's draft. */
static const char *
line_now(const struct tty *tty, size_t *point)
{
	bool between = !tty->has_handler || tty->delivering;
	const char *draft = tty->draft != NULL ? tty->draft : "";

	*point = !between      ? (size_t)rl_point :
	    tty->draft != NULL ? tty->draft_point :
				 0;
	return between ? draft : rl_line_buffer;
}

const char *
tty_edit_text(struct tty *tty, size_t *cursor)
{
	size_t point, len;
	const char *line = line_now(tty, &point);

	len = strlen(line);
	dw_buf_reset(&tty->text);
	tty_folds_expand(&tty->folds, line, point, &tty->text);
	if (cursor != NULL)
		*cursor = tty->text.len;
	tty_folds_expand(&tty->folds, line + point, len - point, &tty->text);
	return dw_buf_str(&tty->text);
}

bool
tty_edit_is_quiet(const struct tty *tty)
{
	return !tty_edit_prompt_is_hidden() && rl_pending_input == 0 &&
	    !tty->in.pasting && tty->in.buf.len == tty->in.at;
}

bool
tty_edit_is_free(const struct tty *tty)
{
	size_t point;

	return *line_now(tty, &point) == '\0' && tty_edit_is_quiet(tty);
}

static void
set_line(struct tty *tty, const char *line, size_t point)
{
	if (tty_edit_prompt_is_hidden())
		end_key();
	empty_line();
	rl_insert_text(line);
	rl_free_undo_list();
	rl_point = (int)point;
	tty->line_changed = true;
}

/* What was folded comes back folded. */
void
tty_edit_set_text(struct tty *tty, const char *text, size_t cursor)
{
	struct dw_buf b = DW_BUF_INITIALIZER;
	char *line;
	size_t point;

	tty_folds_fold(&tty->folds, text, &b);
	if ((line = dw_buf_take(&b)) == NULL)
		return;
	point = tty_folds_point(&tty->folds, line, cursor);
	if (tty->has_handler && !tty->delivering) {
		set_line(tty, line, point);
		free(line);
		return;
	}
	free(tty->draft);
	tty->draft = line;
	tty->draft_point = point;
}

void
tty_edit_unfold(struct tty *tty)
{
	const struct tty_fold *f;
	size_t at;

	f = tty_folds_near(&tty->folds, rl_line_buffer, (size_t)rl_point, &at);
	if (f == NULL) {
		tty_printf(tty, _("there is no folded paste in the line"));
		return;
	}
	if (tty_folds_has_mark(f->text, f->len)) {
		tty_printf(tty,
		    _("this paste stays folded: it holds a character that the "
		      "line has no room for"));
		return;
	}
	rl_begin_undo_group();
	rl_delete_text((int)at, (int)(at + TTY_MARK_LEN));
	rl_point = (int)at;
	rl_insert_text(f->text);
	rl_end_undo_group();
}

void
tty_edit_insert(struct tty *tty, const char *text)
{
	if (tty->has_handler && !tty->delivering)
		rl_insert_text(text);
	tty->line_changed = true;
}

/* ---- the window ---- */

static void
window_size(unsigned *rows, unsigned *columns)
{
	struct winsize ws;

	*rows = *columns = 0;
	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &ws) == 0) {
		*rows = ws.ws_row;
		*columns = ws.ws_col;
	}
	*rows = *rows != 0 ? *rows : 24;
	*columns = *columns != 0 ? *columns : 80;
}

void
tty_edit_size(struct tty *tty)
{
	window_size(&tty->height, &tty->width);
	rl_set_screen_size((int)tty->height, (int)tty->width);
}

static unsigned
cursor_row(struct tty *tty, unsigned columns)
{
	const char *prompt = rl_display_prompt != NULL ? rl_display_prompt : "";
	size_t point = (size_t)shown_place(tty, rl_point);

	return tty_cursor_row(prompt, dw_buf_str(&tty->shown), point, columns);
}

/*
 * Some terminals re-wrap what stands on them when the window changes, some do
 * not.  Going up by the smaller of both counts never reaches a row that is not
 * the prompt's; at worst a stale copy of the prompt stays.
 */
static void
to_first_row(struct tty *tty, unsigned old_width)
{
	unsigned old_row = cursor_row(tty, old_width);
	unsigned row = cursor_row(tty, tty->width);

	row = old_row < row ? old_row : row;
	fputc('\r', tty->stream.file);
	if (tty->dumb)
		return;
	if (row != 0)
		fprintf(tty->stream.file, "\033[%uA", row);
	fputs("\033[J", tty->stream.file);
}

void
tty_edit_resize(struct tty *tty)
{
	unsigned old_width = tty->width;

	tty_edit_size(tty);
	if (tty->width < old_width)
		tty_tail_forget(tty);
	if (tty->has_handler && !tty->in_background) {
		to_first_row(tty, old_width);
		rl_on_new_line();
		/* It remembers where it broke the prompt. */
		if (!tty_edit_prompt_is_hidden())
			set_prompt(tty);
		redisplay();
		flush(tty);
	}
	if (tty->ops.resized != NULL)
		tty->ops.resized(tty->c.arg);
}

void
tty_edit_clear(struct tty *tty)
{
	if (!tty->has_handler || tty->dumb)
		return;
	rl_clear_visible_line();
	fputs("\033[H\033[2J", tty->stream.file);
	tty_tail_forget(tty);
	rl_on_new_line();
	tty->line_changed = true;
}

/* ---- stopping and going on ---- */

void
tty_edit_suspend(struct tty *tty)
{
	if (tty->c.no_suspend != NULL) {
		tty_printf(tty, "%s", tty->c.no_suspend);
		return;
	}
	rl_clear_visible_line();
	tty_tail_forget(tty);
	tty_modes_restore(tty);
	flush(tty);
	tty_out_drain(&tty->out, 100);
	kill(getpid(), SIGSTOP);
	/* SIGCONT waits in the descriptor: tty_edit_continue() follows. */
}

/*
 * The shell has had the terminal.  Without a shell, after a plain SIGSTOP, the
 * cursor still stands where it did.
 */
void
tty_edit_continue(struct tty *tty)
{
	tty->in_background = !tty_modes_foreground();
	if (tty->in_background)
		return;
	if (!tty->has_handler) {
		tty_edit_enter(tty);
		return;
	}
	tty_modes_restore(tty);
	tty_modes_prep(1);
	tty_edit_size(tty);
	fputs(tty->dumb ? "\r" : "\r\033[J", tty->stream.file);
	tty_tail_forget(tty);
	rl_forced_update_display();
	flush(tty);
}

/* ---- beginning and end ---- */

void
tty_edit_enter(struct tty *tty)
{
	tty->in_background = !tty_modes_foreground();
	if (tty->in_background)
		return;
	write_rows(tty);
	tty_edit_size(tty);
	tty->has_handler = true;
	rl_callback_handler_install(tty->prompt != NULL ? tty->prompt : "",
	    on_line);
	tty->prompt_changed = false;
	tty->painted = tty->prompt_number;
	flush(tty);
}

/* A half-typed line stays where it is; a bare prompt goes. */
static void
leave_screen(struct tty *tty)
{
	if (!tty->has_handler)
		return;
	if (rl_end != 0) {
		rl_point = rl_end;
		redisplay();
		fputs("\r\n", tty->stream.file);
	} else
		rl_clear_visible_line();
}

void
tty_edit_leave(struct tty *tty)
{
	bool show = !tty->hung_up && !tty->in_background;

	if (show)
		leave_screen(tty);
	while (show && !tty_rows_empty(&tty->rows))
		write_rows(tty);
	if (tty->has_handler)
		rl_callback_handler_remove();
	tty->has_handler = false;
	tty_modes_restore(tty);
	tty_stream_flush(&tty->stream);
}

/*
 * In the C locale readline takes every byte for a column and shows Chinese in
 * octal.  What comes in here is UTF-8 whatever the environment says.
 */
static void
set_utf8(void)
{
	if (MB_CUR_MAX > 1 || setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return;
	rl_variable_bind("convert-meta", "off");
	rl_variable_bind("input-meta", "on");
	rl_variable_bind("output-meta", "on");
}

static void
set_hooks(struct tty *tty)
{
	rl_readline_name = tty->c.name;
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_change_environment = 0;
	rl_instream = stdin;
	rl_outstream = tty->stream.file;
	rl_getc_function = next_byte;
	rl_input_available_hook = byte_is_there;
	tty->in.is_bound = is_bound;
	rl_prep_term_function = tty_modes_prep;
	rl_deprep_term_function = tty_modes_deprep;
	rl_startup_hook = on_new_line;
}

/* These are set after inputrc, which may have said otherwise: a question would
 * wait for an answer, and the bell goes to standard error past us. */
static void
set_variables(void)
{
	rl_variable_bind("page-completions", "off");
	rl_variable_bind("bell-style", "none");
	rl_variable_bind("enable-meta-key", "off");
}

int
tty_edit_open(struct tty *tty)
{
	assert(current == NULL);
	current = tty;
	if (tty_stream_open(&tty->stream, &tty->out) == NULL)
		return -ENOMEM;
	set_hooks(tty);
	tty_keys_before(tty);
	rl_initialize();
	set_utf8();
	set_variables();
	tty_words_open();
	tty_keys_after(tty);
	tty_history_open(tty);
	tty_edit_size(tty);
	/* Not earlier: who has a function of one's own is asked nothing about
	 * the terminal. */
	rl_redisplay_function = redisplay;
	return 0;
}

void
tty_edit_close(struct tty *tty)
{
	tty_history_close();
	rl_outstream = NULL;
	rl_redisplay_function = rl_redisplay;
	tty_stream_close(&tty->stream);
	tty_input_fini(&tty->in);
	tty_folds_fini(&tty->folds);
	dw_buf_fini(&tty->text);
	dw_buf_fini(&tty->shown);
	free(tty->entered);
	free(tty->draft);
	current = NULL;
}
