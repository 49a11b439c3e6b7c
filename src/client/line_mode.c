/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file speaks line mode to a desk: rows of text in both directions.
 */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/quit.h"
#include "client/internal.h"

#define ROW_MAX (64 * 1024)

/* A desk that takes no more customers says so and ends at once; it greets the
 * others only after this time. */
#define REFUSAL_NS (600 * DW_MS)

/* All of it goes in one send: a desk that answers the first half and closes
 * would find the other one unread, and reset the connection. */
static void
send_words(struct call *c, const char *prefix, const char *text, size_t len)
{
	struct dw_buf row = DW_BUF_INITIALIZER;

	dw_buf_adds(&row, prefix);
	dw_buf_add(&row, text, len);
	dw_buf_addc(&row, '\n');
	if (row.failed)
		call_end(c, DW_STATUS_FAILED, sks_strerror(SKS_ENOMEM));
	else
		call_send(c, row.data, row.len);
	dw_buf_fini(&row);
}

static void
send_row(struct call *c, const char *row, size_t len)
{
	const char *space = memchr(row, ' ', len);

	if (dw_is_quit_command(row,
		space != NULL ? (size_t)(space - row) : len)) {
		c->leaving = c->line.said_quit = true;
		tty_deadline(c->tty, dw_clock_after(CALL_LINGER_SECONDS));
	}
	send_words(c, "", row, len);
	c->sent = true;
}

static void
begin(struct call *c)
{
	wire_line_init(&c->line.decoder, ROW_MAX);
	if (tty_is_terminal(c->tty))
		tty_printf(c->tty, _("Connected to %s.  Ctrl-D ends the call."),
		    c->where);
	tty_prompt(c->tty, "> ", 0, 0, 0);
	if (c->cfg->name != NULL)
		send_words(c, "/name ", c->cfg->name, strlen(c->cfg->name));
}

static void
typed(struct call *c, const char *text)
{
	call_each_row(c, text, send_row);
}

static void
input_ended(struct call *c)
{
	c->leaving = true;
	call_half_close(c);
	tty_deadline(c->tty, dw_clock_after(c->cfg->wait_seconds));
}

static void
leave(struct call *c)
{
	c->line.said_quit = true;
	tty_prompt(c->tty, "", 0, 0, 0);
	send_words(c, "/quit", "", 0);
	call_half_close(c);
	tty_deadline(c->tty, dw_clock_after(CALL_LINGER_SECONDS));
}

/* Further rows of a text are indented, and are whose the first one was. */
static bool
is_from_desk(const struct call *c, const char *text, size_t len)
{
	if (len > 0 && *text == ' ' && c->line.rows > 0)
		return c->line.last_from_desk;
	return len >= 2 && memcmp(text, "* ", 2) == 0;
}

static void
show_row(struct call *c, const char *text, size_t len)
{
	c->line.last_from_desk = is_from_desk(c, text, len);
	c->line.rows++;
	if (!c->line.last_from_desk)
		c->line.from_person = true;
	call_show(c, text, len);
}

static void
show_rows(struct call *c)
{
	enum wire_line_kind kind;
	const char *text;
	size_t len;

	while ((kind = wire_line_next(&c->line.decoder, &text, &len)) !=
	    WIRE_LINE_NONE) {
		if (kind == WIRE_LINE_TEXT || kind == WIRE_LINE_CUT_SHORT)
			show_row(c, text, len);
		else
			tty_printf(c->tty,
			    _("A row that was too long is not shown."));
	}
	len = wire_line_answer(&c->line.decoder, &text);
	if (len > 0)
		call_send(c, text, len);
}

static void
received(struct call *c, const char *bytes, size_t len)
{
	wire_line_feed(&c->line.decoder, bytes, len);
	show_rows(c);
}

/* The desk alone said something, and ended before anything could begin. */
static bool
was_refused(const struct call *c, int code)
{
	int64_t took = dw_clock_ns() - c->began_ns;

	if (c->line.rows == 0 || c->line.from_person)
		return false;
	if (code == SKS_ERESET)
		return took < CALL_LINGER_SECONDS * DW_SECOND;
	return !c->sent && !c->leaving && took < REFUSAL_NS;
}

/* Who has only ended the input still waits for an answer, and a broken
 * connection may have taken it away. */
static bool
as_wished(const struct call *c, int code)
{
	if (c->line.rows == 0)
		return false;
	if (code != 0)
		return c->line.said_quit;
	return c->leaving || c->line.last_from_desk;
}

static void
ended(struct call *c, int code)
{
	wire_line_eof(&c->line.decoder);
	show_rows(c);
	if (was_refused(c, code))
		call_end(c, DW_STATUS_REFUSED, _("the desk took no call"));
	else if (as_wished(c, code))
		call_end(c, DW_STATUS_OK, NULL);
	else if (code == 0)
		call_end(c, DW_STATUS_EARLY,
		    _("the desk has closed the connection without a word"));
	else
		call_end(c, DW_STATUS_EARLY, _("the connection was broken"));
}

/* A greeting is no answer, but who has asked nothing, or left, needs none. */
static bool
was_answered(const struct call *c)
{
	return c->line.from_person ||
	    (c->line.rows > 0 && (!c->sent || c->line.said_quit));
}

/* While the peer reads nothing the input's end is not seen: --wait holds. */
static void
input_paused(struct call *c)
{
	if (!c->leaving)
		tty_deadline(c->tty,
		    c->input_paused ? dw_clock_after(c->cfg->wait_seconds) :
				      DW_NEVER);
}

static void
timeout(struct call *c)
{
	if (c->input_paused)
		call_end(c, DW_STATUS_FAILED,
		    _("what is sent is not read there"));
	else if (was_answered(c))
		call_end(c, DW_STATUS_OK, NULL);
	else
		call_end(c, DW_STATUS_FAILED, _("no answer came in time"));
}

static void
fini(struct call *c)
{
	wire_line_fini(&c->line.decoder);
}

const struct call_mode call_line_mode = {
	.begin = begin,
	.typed = typed,
	.input_ended = input_ended,
	.leave = leave,
	.input_paused = input_paused,
	.received = received,
	.ended = ended,
	.timeout = timeout,
	.fini = fini,
};
