/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file sends each line as a datagram to the tutorial's UDP server, which
 * never answers, or to a desk, whose operator may.  The rows are those that the
 * tutorial's client prints, but none claims a connection.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/quit.h"
#include "client/internal.h"

static void
begin(struct call *c)
{
	tty_prompt(c->tty, _("Message for the server: "), 0, 0, 0);
}

/* A person has seen the row; a script learns it from the status. */
static void
end(struct call *c)
{
	if (c->datagram.refused && !c->datagram.answered &&
	    !tty_is_terminal(c->tty))
		call_end(c, DW_STATUS_REFUSED, _("nobody listens there"));
	else
		call_end(c, DW_STATUS_OK, NULL);
}

/* What was sent last met nobody. */
static void
refused(struct call *c)
{
	if (!c->datagram.refused && !c->leaving)
		tty_printf(c->tty,
		    _("Nobody listens at %s; what was sent is "
		      "lost."),
		    c->where);
	c->datagram.refused = true;
}

/* That nobody listens is told by the next call of the socket, which has done
 * nothing else then and is made again. */
static int
send_first(struct call *c)
{
	size_t len = strlen(c->out.data);
	ssize_t n = sks_send_now(c->sock, c->out.data, len);

	assert(len < c->out.len);
	if (n == SKS_ECONNREFUSED) {
		refused(c);
		n = sks_send_now(c->sock, c->out.data, len);
	}
	if (n == SKS_EAGAIN)
		return SKS_EAGAIN;
	if (n < 0) {
		tty_printf(c->tty, _("not sent: %s"), sks_strerror((int)n));
		c->unsent = true;
	}
	c->datagram.refused = false;
	dw_buf_drop(&c->out, len + 1);
	return 0;
}

/* It ends once the word has left.  Whether it met somebody is known at once
 * only on this machine. */
static void
say_quit(struct call *c)
{
	char byte;

	call_send(c, DW_QUIT, sizeof DW_QUIT);
	c->leaving = true;
	if (c->out.len > 0) {
		tty_deadline(c->tty, dw_clock_after(CALL_LINGER_SECONDS));
		return;
	}
	if (sks_recv(c->sock, &byte, sizeof byte) == SKS_ECONNREFUSED)
		refused(c);
	end(c);
}

static void
refuse_long(struct call *c, const char *row, size_t len)
{
	c->unsent = !tty_is_terminal(c->tty);
	tty_printf(c->tty,
	    _("not sent: a message over UDP may have %d bytes, "
	      "and this one has %zu"),
	    CALL_UDP_MAX, len);
	if (tty_is_terminal(c->tty))
		tty_remember(c->tty, row);
}

static void
send_row(struct call *c, const char *row, size_t len)
{
	struct dw_buf one = DW_BUF_INITIALIZER;

	if (c->leaving)
		return;
	dw_buf_add(&one, row, len);
	if (dw_is_quit(row, len)) {
		say_quit(c);
	} else if (len > CALL_UDP_MAX) {
		refuse_long(c, dw_buf_str(&one), len);
	} else {
		call_send(c, dw_buf_str(&one), one.len + 1);
		c->sent = true;
	}
	dw_buf_fini(&one);
}

static void
typed(struct call *c, const char *text)
{
	if (call_each_row(c, text, send_row) == 0 && tty_is_terminal(c->tty))
		tty_printf(c->tty, _("An empty line is not sent."));
}

static void
input_ended(struct call *c)
{
	c->datagram.input_ended = c->leaving = true;
	if (!c->sent ||
	    (c->out.len == 0 && (c->datagram.refused || c->datagram.answered)))
		end(c);
	else
		tty_deadline(c->tty, dw_clock_after(c->cfg->wait_seconds));
}

static void
leave(struct call *c)
{
	end(c);
}

/* An answer stands behind words of ours, so it cannot look like our row. */
static void
received(struct call *c, const char *bytes, size_t len)
{
	c->datagram.answered = true;
	call_show_stamped(c, _("Client received ==> %s - "), bytes, len);
	if (c->datagram.input_ended && c->out.len == 0)
		end(c);
}

static bool
goes_on(struct call *c, int code)
{
	if (code != SKS_ECONNREFUSED)
		return false;
	refused(c);
	if (c->datagram.input_ended)
		end(c);
	return true;
}

static void
ended(struct call *c, int code)
{
	call_end(c, DW_STATUS_FAILED, sks_strerror(code));
}

static void
timeout(struct call *c)
{
	if (c->out.len > 0)
		call_end(c, DW_STATUS_FAILED, sks_strerror(SKS_ETIMEDOUT));
	else if (c->datagram.input_ended && c->cfg->wants_answer &&
	    !c->datagram.answered)
		call_end(c, DW_STATUS_FAILED, _("no answer came in time"));
	else
		end(c);
}

static void
fini(struct call *c)
{
	(void)c;
}

const struct call_mode call_datagram_mode = {
	.begin = begin,
	.typed = typed,
	.input_ended = input_ended,
	.leave = leave,
	.received = received,
	.ended = ended,
	.send = send_first,
	.goes_on = goes_on,
	.timeout = timeout,
	.fini = fini,
};
