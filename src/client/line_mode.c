/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file speaks line mode to a desk: rows of text in both directions.  It
 * asks for receipts and sends no more rows than may wait for theirs, so the
 * desk sets the pace; the others wait in `todo`, and a pipe is not read then.
 */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/quit.h"
#include "base/text.h"
#include "client/internal.h"
#include "event/receipt.h"

#define ROW_MAX (64 * 1024)

/* A desk that takes no more customers says so in one row and ends. */
#define REFUSAL_NS (CALL_LINGER_SECONDS * DW_SECOND)

/* The first receipt is awaited for so long, or for --wait if that is less; a
 * desk that gives none is sent fewer rows than it takes by default. */
#define RECEIPTS_SECONDS 5
#define PACE_NS          (250 * DW_MS)

/* ---- when something happens though nothing comes ---- */

static bool
input_has_ended(const struct call *c)
{
	return c->leaving && !c->line.said_quit;
}

/* Does --wait say how long the peer may take now?  A person at a terminal
 * decides for themselves. */
static bool
wait_counts(const struct call *c)
{
	if (tty_is_terminal(c->tty))
		return false;
	return input_has_ended(c) || c->out.len > 0 ||
	    (c->line.ledger.has_receipts && c->line.todo.len > 0);
}

static void
renew_patience(struct call *c)
{
	c->line.patience_ns = dw_clock_after(c->cfg->wait_seconds);
}

/* Until then the first receipt may come. */
static int64_t
receipts_due_ns(const struct call *c)
{
	double seconds = c->cfg->wait_seconds < RECEIPTS_SECONDS ?
	    c->cfg->wait_seconds :
	    RECEIPTS_SECONDS;

	return c->began_ns + (int64_t)(seconds * (double)DW_SECOND);
}

/* Without receipts: when the next row may go. */
static int64_t
next_row_ns(const struct call *c)
{
	const struct call_line *t = &c->line;

	if (t->ledger.has_receipts)
		return DW_NEVER;
	if (t->ledger.gave_up)
		return t->todo.len > 0 ? t->pace_ns : DW_NEVER;
	return t->todo.len > 0 || (input_has_ended(c) && c->cfg->no_wait) ?
	    receipts_due_ns(c) :
	    DW_NEVER;
}

static void
set_deadline(struct call *c)
{
	const struct call_line *t = &c->line;
	int64_t due = next_row_ns(c);

	if (t->said_quit || (wait_counts(c) && t->patience_ns < due))
		due = t->patience_ns;
	tty_deadline(c->tty, due);
}

/* ---- rows to the desk ---- */

/* Is this row, as it is sent, one that a person should answer? */
static bool
is_message(const char *row, size_t len)
{
	if (dw_text_is_blank(row, len))
		return false;
	return row[0] != '/' || (len > 1 && row[1] == '/');
}

static bool
is_quit_row(const char *row, size_t len)
{
	const char *space = memchr(row, ' ', len);

	return dw_is_quit_command(row,
	    space != NULL ? (size_t)(space - row) : len);
}

/* /quit is sent: the end of the connection is what is wished. */
static void
note_quit(struct call *c)
{
	c->leaving = c->line.said_quit = true;
	c->status = DW_STATUS_OK;
	c->why = NULL;
	c->line.patience_ns = dw_clock_after(CALL_LINGER_SECONDS);
}

/* A row goes in one send: a desk that answers the first half and closes would
 * find the other one unread, and reset the connection. */
static void
send_first(struct call *c)
{
	struct call_line *t = &c->line;
	const char *lf = memchr(t->todo.data, '\n', t->todo.len);
	size_t len = (size_t)(lf - t->todo.data);

	if (is_quit_row(t->todo.data, len))
		note_quit(c);
	ledger_add(&t->ledger, is_message(t->todo.data, len));
	call_send(c, t->todo.data, len + 1);
	dw_buf_drop(&t->todo, len + 1);
	t->pace_ns = dw_clock_ns() + PACE_NS;
	if (t->said_quit)
		call_half_close(c);
	else
		renew_patience(c);
}

static bool
may_send(const struct call *c)
{
	const struct call_line *t = &c->line;

	return t->ledger.gave_up ? dw_clock_ns() >= t->pace_ns :
				   ledger_has_room(&t->ledger);
}

static void
send_rows(struct call *c)
{
	while (c->line.todo.len > 0 && !c->line.todo.failed && may_send(c))
		send_first(c);
	call_pause_input(c);
	set_deadline(c);
}

/* 0xff begins a telnet command, and two of them are one. */
static void
add_doubled(struct dw_buf *out, const char *row, size_t len)
{
	const char *ff;

	while ((ff = memchr(row, 0xff, len)) != NULL) {
		size_t n = (size_t)(ff - row) + 1;

		dw_buf_add(out, row, n);
		dw_buf_addc(out, (char)0xff);
		row += n;
		len -= n;
	}
	dw_buf_add(out, row, len);
}

static void
queue_row(struct call *c, const char *row, size_t len)
{
	struct dw_buf *todo = &c->line.todo;

	add_doubled(todo, row, len);
	dw_buf_addc(todo, '\n');
	if (todo->failed)
		call_end(c, DW_STATUS_FAILED, sks_strerror(SKS_ENOMEM));
}

/* The last row waits to be sent; who does not wait for that loses it. */
static void
expect_quit(struct call *c)
{
	c->leaving = true;
	c->status = DW_STATUS_EARLY;
	c->why = _("not everything was sent");
}

/* Only a person gives commands: what comes down a pipe is text. */
static void
queue_text(struct call *c, const char *row, size_t len)
{
	bool is_person = tty_is_terminal(c->tty);

	if (c->leaving)
		return;
	c->sent = true;
	if (row[0] == '/' && !is_person)
		dw_buf_addc(&c->line.todo, '/');
	queue_row(c, row, len);
	if (is_person && is_quit_row(row, len))
		expect_quit(c);
}

static void
begin(struct call *c)
{
	const char *name = c->cfg->name;
	struct dw_buf row = DW_BUF_INITIALIZER;

	wire_line_init(&c->line.decoder, ROW_MAX);
	if (tty_is_terminal(c->tty))
		tty_printf(c->tty, _("Connected to %s.  Ctrl-D ends the call."),
		    c->where);
	tty_prompt(c->tty, "> ", 0, 0, 0);
	call_send(c, EV_RECEIPTS "\n", strlen(EV_RECEIPTS "\n"));
	if (name != NULL) {
		dw_buf_adds(&row, "/name ");
		dw_buf_add(&row, name, strcspn(name, "\r\n"));
		queue_row(c, dw_buf_str(&row), row.len);
		dw_buf_fini(&row);
	}
	send_rows(c);
}

static void
typed(struct call *c, const char *text)
{
	call_each_row(c, text, queue_text);
	send_rows(c);
}

/* CR NUL ends a row there as LF does. */
static void
nul_line(struct call *c, const char *bytes, size_t len)
{
	const char *end = bytes + len, *at;

	for (; bytes < end; bytes = at < end ? at + 2 : end) {
		for (at = bytes; at < end; at++)
			if (end - at > 1 && at[0] == '\r' && at[1] == '\0')
				break;
		if (at > bytes)
			queue_text(c, bytes, (size_t)(at - bytes));
	}
	send_rows(c);
}

/* A person leaves, and what they have said goes first; or a signal ends a pipe,
 * and then nothing waits. */
static void
leave(struct call *c)
{
	bool waits = tty_is_terminal(c->tty) && c->line.todo.len > 0;

	tty_prompt(c->tty, "", 0, 0, 0);
	if (!waits)
		dw_buf_reset(&c->line.todo);
	queue_row(c, "/quit", strlen("/quit"));
	expect_quit(c);
	if (!waits && !c->line.todo.failed)
		send_first(c);
	send_rows(c);
}

/* ---- rows from the desk ---- */

/* Further rows of a text are indented, and are whose the first one was. */
static bool
is_from_desk(const struct call *c, const char *text, size_t len)
{
	if (len > 0 && *text == ' ' && c->line.rows > 0)
		return c->line.last_from_desk;
	return len >= 2 && memcmp(text, "* ", 2) == 0;
}

static bool
take_receipt(struct call *c, const char *text, size_t len)
{
	struct ev_receipt r;

	if (len < 2 || memcmp(text, "* ", 2) != 0 ||
	    !ev_receipt_parse(text + 2, len - 2, &r) ||
	    !ledger_receive(&c->line.ledger, r))
		return false;
	if (!c->line.said_quit)
		renew_patience(c);
	return true;
}

static void
show_row(struct call *c, const char *text, size_t len)
{
	if (take_receipt(c, text, len))
		return;
	c->line.last_from_desk = is_from_desk(c, text, len);
	c->line.rows++;
	if (!c->line.last_from_desk) {
		c->line.from_person = true;
		ledger_answer(&c->line.ledger);
	}
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

/* ---- how it ended ---- */

/* A call is over.  These two say how, when it is not known what became of all
 * rows, and when nobody has answered. */
struct verdict {
	enum dw_status status;
	const char *why;
};

static void
conclude(struct call *c, struct verdict unknown, struct verdict unanswered)
{
	const struct call_line *t = &c->line;

	if (t->todo.len > 0 || c->out.len > 0 || !ledger_is_settled(&t->ledger))
		call_end(c, unknown.status, unknown.why);
	else if (t->ledger.refused)
		call_end(c, DW_STATUS_FAILED,
		    _("the desk has refused a row, as it says above"));
	else if (t->ledger.unanswered)
		call_end(c, unanswered.status, unanswered.why);
	else
		call_end(c, DW_STATUS_OK, NULL);
}

/* The desk alone said something, and ended before anything could begin. */
static bool
was_refused(const struct call *c, int code)
{
	const struct call_line *t = &c->line;

	if (t->rows == 0 || t->from_person || t->ledger.has_receipts ||
	    dw_clock_ns() - c->began_ns >= REFUSAL_NS)
		return false;
	return code == SKS_ERESET || t->rows == 1;
}

/* Whoever has nothing to say and ends needs no more than a word of the desk's;
 * a conversation that is over ends with one. */
static bool
ended_in_order(const struct call *c)
{
	if (c->line.rows == 0)
		return false;
	return c->leaving || (c->sent && c->line.last_from_desk);
}

static void
ended(struct call *c, int code)
{
	const struct verdict closed = { DW_STATUS_EARLY,
		_("the desk has closed the connection") };
	const struct verdict unanswered = { DW_STATUS_EARLY,
		_("the desk has closed the connection, and nobody has "
		  "answered") };

	wire_line_eof(&c->line.decoder);
	show_rows(c);
	if (c->line.said_quit && c->line.rows > 0)
		call_end(c, DW_STATUS_OK, NULL);
	else if (was_refused(c, code))
		call_end(c, DW_STATUS_REFUSED, _("the desk took no call"));
	else if (code != 0)
		call_end(c, DW_STATUS_EARLY, _("the connection was broken"));
	else if (ended_in_order(c))
		conclude(c, closed, unanswered);
	else
		call_end(c, closed.status, closed.why);
}

static void
give_up(struct call *c)
{
	const struct verdict late = { DW_STATUS_FAILED,
		_("the desk has not taken everything in time") };
	const struct verdict stored = { DW_STATUS_STORED,
		_("all is stored; nobody has answered yet") };
	const struct verdict unanswered = { DW_STATUS_FAILED,
		_("no answer came in time") };

	if (c->out.len > 0)
		call_end(c, DW_STATUS_FAILED,
		    _("what is sent is not read there"));
	else if (c->line.rows == 0)
		call_end(c, unanswered.status, unanswered.why);
	else
		conclude(c, late,
		    c->line.ledger.has_receipts ? stored : unanswered);
}

/* --no-wait: everything was said, and that it is stored is enough. */
static void
end_if_stored(struct call *c)
{
	const struct ledger *l = &c->line.ledger;
	const struct verdict stored = { DW_STATUS_STORED, NULL };
	const struct verdict unsure = { DW_STATUS_FAILED,
		_("this desk does not say what it has stored") };

	if (!c->cfg->no_wait || !input_has_ended(c) || !c->half_closed ||
	    !ledger_is_settled(l) || (!l->has_receipts && !l->gave_up))
		return;
	conclude(c, unsure, l->has_receipts ? stored : unsure);
}

/* ---- what the call is told ---- */

static void
received(struct call *c, const char *bytes, size_t len)
{
	wire_line_feed(&c->line.decoder, bytes, len);
	show_rows(c);
	send_rows(c);
	end_if_stored(c);
}

static void
input_ended(struct call *c)
{
	c->leaving = true;
	renew_patience(c);
	call_half_close(c);
	set_deadline(c);
	end_if_stored(c);
}

static void
input_paused(struct call *c)
{
	if (!c->line.said_quit && c->out.len > 0)
		renew_patience(c);
	set_deadline(c);
}

static void
timeout(struct call *c)
{
	struct call_line *t = &c->line;
	int64_t now = dw_clock_ns();

	if (!t->ledger.has_receipts && !t->ledger.gave_up &&
	    now >= receipts_due_ns(c))
		ledger_give_up(&t->ledger);
	if (t->said_quit && t->rows > 0)
		call_end(c, DW_STATUS_OK, NULL);
	else if ((t->said_quit || wait_counts(c)) && now >= t->patience_ns)
		give_up(c);
	else
		send_rows(c);
	end_if_stored(c);
}

static void
fini(struct call *c)
{
	wire_line_fini(&c->line.decoder);
	dw_buf_fini(&c->line.todo);
}

const struct call_mode call_line_mode = {
	.begin = begin,
	.typed = typed,
	.nul_line = nul_line,
	.input_ended = input_ended,
	.leave = leave,
	.input_paused = input_paused,
	.received = received,
	.ended = ended,
	.timeout = timeout,
	.fini = fini,
};
