/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file speaks classic mode to the tutorial's servers: one message is in
 * flight, at most WIRE_CLASSIC_CHUNK bytes, never empty; then comes one answer.
 * The rows are those that the tutorial's client prints.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/quit.h"
#include "base/text.h"
#include "client/internal.h"
#include "client/sentence.h"

#define PARTIAL_SECONDS  1  /* for the rest of a character */
#define REMINDER_SECONDS 60 /* a person is told that we still wait */

/* What a desk says by itself, if it speaks our language, is no answer. */
static const struct {
	const char *sentence;
	enum dw_status status;
} desks_own[] = {
	{ N_("Please wait, an operator will answer soon."), DW_STATUS_STORED },
	{ N_("Please wait, you are number %u in line."), DW_STATUS_STORED },
	{ N_("Please wait, somebody is looking into it."), DW_STATUS_STORED },
	{ N_("Nobody is on duty right now; somebody will be here %s. Your "
	     "message is kept."),
	    DW_STATUS_STORED },
	{ N_("Nobody is on duty right now; your message is kept."),
	    DW_STATUS_STORED },
	{ N_("Your message could not be stored. Please send it again."),
	    DW_STATUS_FAILED },
	{ N_("This desk is closing. Goodbye."), DW_STATUS_EARLY },
};

/* What a status says of a call whose last message was answered like that. */
static const char *const whys[] = {
	[DW_STATUS_OK] = NULL,
	[DW_STATUS_FAILED] = N_("the last message could not be stored"),
	[DW_STATUS_EARLY] = N_("the desk has closed, and nobody has answered"),
	[DW_STATUS_STORED] = N_("all is stored; nobody has answered yet"),
};

static void
show_received(struct call *c, const char *text, size_t len)
{
	call_show_stamped(c, _("Client received ==> %s - "), text, len);
}

static void
send_message(struct call *c, const char *text, size_t len)
{
	call_send(c, text, len);
	call_show_stamped(c, _("Client send --> %s - "), text, len);
}

/* Nothing more is to be typed, so only answers can come. */
static bool
waits_for_answers(const struct call *c)
{
	return c->classic.input_ended || c->input_paused;
}

/* Sets the deadline of what we wait for now. */
static void
set_deadline(struct call *c)
{
	struct call_classic *t = &c->classic;
	double seconds;

	if (t->state == CALL_LEAVING)
		seconds = CALL_LINGER_SECONDS;
	else if (wire_classic_partial(&t->decoder))
		seconds = PARTIAL_SECONDS;
	else if (t->state == CALL_OUR_TURN) {
		tty_deadline(c->tty, DW_NEVER);
		return;
	} else if (waits_for_answers(c))
		seconds = c->cfg->wait_seconds;
	else
		seconds = REMINDER_SECONDS;
	tty_deadline(c->tty, dw_clock_after(seconds));
}

static void
set_state(struct call *c, int state)
{
	const char *prompt =
	    state == CALL_OUR_TURN ? _("Message for the server: ") : "";

	c->classic.state = state;
	tty_prompt(c->tty, prompt, 0, 0, 0);
	set_deadline(c);
}

/* Says one "quit"; then we read on to the server's own end: closing with bytes
 * unread would reset the connection and could eat the word. */
static void
say_quit(struct call *c)
{
	send_message(c, DW_QUIT, sizeof DW_QUIT - 1);
	call_half_close(c);
	c->leaving = true;
	set_state(c, CALL_LEAVING);
}

/* Sends the next piece, if it is our turn and there is one. */
static void
take_turn(struct call *c)
{
	struct call_classic *t = &c->classic;
	size_t len, n;

	if (t->state != CALL_OUR_TURN)
		return;
	if (t->todo.len == 0) {
		if (t->input_ended)
			say_quit(c);
		return;
	}
	assert(t->todo.data[t->todo.len - 1] == '\0');
	len = strlen(t->todo.data);
	if (dw_is_quit(t->todo.data, len)) {
		dw_buf_reset(&t->todo);
		say_quit(c);
		return;
	}
	n = dw_text_cut(t->todo.data, len, WIRE_CLASSIC_CHUNK);
	assert(n > 0); /* an empty message would never be seen */
	send_message(c, t->todo.data, n);
	dw_buf_drop(&t->todo, n < len ? n : len + 1);
	call_pause_input(c);
	set_state(c, CALL_THEIR_TURN);
}

static void
queue_row(struct call *c, const char *row, size_t len)
{
	struct dw_buf safe = DW_BUF_INITIALIZER;

	if (dw_quit_guard(&safe, row, len) < 0 ||
	    dw_buf_add(&c->classic.todo, dw_buf_str(&safe), safe.len + 1) < 0)
		call_end(c, DW_STATUS_FAILED, sks_strerror(SKS_ENOMEM));
	else if (safe.len != len)
		tty_printf(c->tty,
		    _("The word \"quit\" inside your text was "
		      "sent with an invisible mark, so that the server does not "
		      "hang up."));
	dw_buf_fini(&safe);
}

static void
begin(struct call *c)
{
	wire_classic_init(&c->classic.decoder, EV_SERVER_HELLO);
	send_message(c, EV_CLIENT_HELLO, sizeof EV_CLIENT_HELLO - 1);
	set_state(c, CALL_AWAITS_HELLO);
}

static void
typed(struct call *c, const char *text)
{
	bool was_paused;

	if (call_each_row(c, text, queue_row) == 0)
		tty_printf(c->tty,
		    _("An empty line is not sent: the server "
		      "would never see it."));
	was_paused = c->input_paused;
	call_pause_input(c);
	if (c->input_paused && !was_paused)
		set_deadline(c);
	take_turn(c);
}

static void
input_ended(struct call *c)
{
	c->classic.input_ended = true;
	set_deadline(c);
	take_turn(c);
}

/* The server that ends says quit as a message, or as the last row of one. */
static bool
ends_in_quit(const char *text, size_t len)
{
	const char *row;

	while (len > 0 && text[len - 1] == '\n')
		len--;
	row = dw_memrchr(text, '\n', len);
	row = row != NULL ? row + 1 : text;
	return dw_is_quit(row, len - (size_t)(row - text));
}

/* DW_STATUS_OK for what anybody may have said. */
static enum dw_status
status_of_row(const char *row, size_t len)
{
	for (size_t i = 0; i < sizeof desks_own / sizeof desks_own[0]; i++)
		if (sentence_is(_(desks_own[i].sentence), row, len))
			return desks_own[i].status;
	return DW_STATUS_OK;
}

/* An answer of which one row is a person's is one. */
static enum dw_status
status_of_answer(const char *text, size_t len)
{
	enum dw_status status = DW_STATUS_OK, row;
	const char *end = text + len;

	for (size_t n; text < end;
	    text += n < (size_t)(end - text) ? n + 1 : n) {
		const char *lf = memchr(text, '\n', (size_t)(end - text));

		n = (size_t)((lf != NULL ? lf : end) - text);
		if (n == 0 || dw_is_quit(text, n))
			continue;
		if ((row = status_of_row(text, n)) == DW_STATUS_OK)
			return row;
		status = row;
	}
	return status;
}

/* A person at a terminal has read what came. */
static void
end_as_answered(struct call *c)
{
	enum dw_status status =
	    tty_is_terminal(c->tty) ? DW_STATUS_OK : c->classic.said;
	const char *why = whys[status];

	if (c->classic.todo.len > 0 && !tty_is_terminal(c->tty))
		call_end(c, DW_STATUS_EARLY,
		    _("the server has ended before everything was sent"));
	else
		call_end(c, status, why != NULL ? _(why) : NULL);
}

static void
answered(struct call *c, const char *text, size_t len)
{
	struct call_classic *t = &c->classic;

	if (t->quit_met)
		return;
	show_received(c, text, len);
	if (t->state == CALL_THEIR_TURN)
		t->said = status_of_answer(text, len);
	t->quit_met = ends_in_quit(text, len);
	if (t->quit_met && !c->leaving)
		say_quit(c);
	else if (t->state == CALL_THEIR_TURN)
		set_state(c, CALL_OUR_TURN);
}

/* Shows the hello, and with it what came in the same piece: the greeting. */
static void
greeted(struct call *c)
{
	struct dw_buf all = DW_BUF_INITIALIZER;
	const char *text;
	size_t len;

	dw_buf_adds(&all, EV_SERVER_HELLO);
	if (wire_classic_next(&c->classic.decoder, &text, &len) ==
	    WIRE_CLASSIC_TEXT)
		dw_buf_add(&all, text, len);
	if (c->classic.state == CALL_AWAITS_HELLO)
		set_state(c, CALL_OUR_TURN);
	answered(c, dw_buf_str(&all), all.len);
	dw_buf_fini(&all);
}

static void
take_messages(struct call *c)
{
	struct call_classic *t = &c->classic;
	enum wire_classic_kind kind;
	const char *text;
	size_t len;

	while ((kind = wire_classic_next(&t->decoder, &text, &len)) !=
	    WIRE_CLASSIC_NONE) {
		if (kind == WIRE_CLASSIC_STRANGER) {
			call_end(c, DW_STATUS_FAILED,
			    _("this server does not speak the classic protocol"));
			return;
		}
		if (kind == WIRE_CLASSIC_TEXT)
			answered(c, text, len);
		else
			greeted(c);
	}
}

static void
received(struct call *c, const char *bytes, size_t len)
{
	wire_classic_feed(&c->classic.decoder, bytes, len);
	take_messages(c);
	if (wire_classic_partial(&c->classic.decoder))
		set_deadline(c);
	else
		take_turn(c);
}

/* A person leaves: the server may be anywhere, so no turn is waited for. */
static void
leave(struct call *c)
{
	if (c->classic.state == CALL_AWAITS_HELLO)
		call_end(c, DW_STATUS_OK, NULL);
	else
		say_quit(c);
}

static void
ended(struct call *c, int code)
{
	struct call_classic *t = &c->classic;
	struct dw_buf *held = &t->decoder.held;

	wire_classic_flush(&t->decoder);
	if (t->state != CALL_AWAITS_HELLO)
		take_messages(c);
	else if (held->len > 0)
		show_received(c, held->data, held->len);
	if (c->leaving)
		end_as_answered(c);
	else if (t->state == CALL_AWAITS_HELLO && held->len > 0)
		call_end(c, DW_STATUS_REFUSED, _("the server took no call"));
	else if (code == 0)
		call_end(c, DW_STATUS_EARLY,
		    _("the server has closed the connection"));
	else
		call_end(c, DW_STATUS_EARLY, _("the connection was broken"));
}

static void
timeout(struct call *c)
{
	struct call_classic *t = &c->classic;

	if (t->state == CALL_LEAVING) {
		end_as_answered(c);
		return;
	}
	if (wire_classic_partial(&t->decoder)) {
		wire_classic_flush(&t->decoder);
		take_messages(c);
		take_turn(c);
		return;
	}
	if (waits_for_answers(c)) {
		call_end(c, DW_STATUS_FAILED, _("no answer came in time"));
		return;
	}
	tty_printf(c->tty, _("Still waiting for the server's answer."));
	set_deadline(c);
}

static void
fini(struct call *c)
{
	wire_classic_fini(&c->classic.decoder);
	dw_buf_fini(&c->classic.todo);
}

const struct call_mode call_classic_mode = {
	.begin = begin,
	.typed = typed,
	.input_ended = input_ended,
	.leave = leave,
	.received = received,
	.ended = ended,
	.timeout = timeout,
	.fini = fini,
};
