/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file moves what is said between the terminal and the socket of a call;
 * its mode decides what that is.
 */
#include "config.h"

#include <assert.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/text.h"
#include "client/internal.h"

static struct call *
call_of(void *arg)
{
	struct call *c = arg;

	assert(c->magic == CALL_MAGIC && c->tty != NULL);
	return c;
}

static void
watch(struct call *c)
{
	short events = 0;

	if (!c->receiving_paused)
		events |= POLLIN;
	if (c->out.len > 0)
		events |= POLLOUT;
	/* Without events poll would still report a hang-up, for ever. */
	tty_watch(c->tty, events != 0 ? sks_fileno(c->sock) : -1, events);
}

void
call_pause_input(struct call *c)
{
	bool was_paused = c->input_paused;

	c->input_paused = !tty_is_terminal(c->tty) &&
	    (c->out.len > CALL_OUT_MAX || c->line.todo.len > 0 ||
		c->classic.todo.len > CALL_OUT_MAX);
	tty_hold(c->tty, c->input_paused);
	if ((was_paused || c->input_paused) && c->mode->input_paused != NULL)
		c->mode->input_paused(c);
}

/*
 * What cannot be sent any more is dropped, but the call goes on until recv
 * says how it ended: the peer's last words may be waiting there.
 */
static void
give_up_sending(struct call *c)
{
	c->broken = true;
	dw_buf_fini(&c->out);
}

static int
send_some(struct call *c)
{
	ssize_t n = sks_send_now(c->sock, c->out.data, c->out.len);

	if (n == SKS_EAGAIN)
		return SKS_EAGAIN;
	if (n < 0)
		give_up_sending(c);
	else
		dw_buf_drop(&c->out, (size_t)n);
	return 0;
}

static void
flush(struct call *c)
{
	int (*send)(struct call *c) =
	    c->mode->send != NULL ? c->mode->send : send_some;

	while (c->out.len > 0 && send(c) != SKS_EAGAIN)
		;
	assert(c->out.len == 0 || !c->half_closed);
	if (c->out.len == 0 && c->half_close && !c->half_closed) {
		c->half_closed = true;
		if (sks_shutdown(c->sock, SKS_SHUT_WR) < 0)
			c->broken = true;
	}
	call_pause_input(c);
	watch(c);
}

void
call_send(struct call *c, const char *bytes, size_t len)
{
	/* A datagram ends with its NUL. */
	assert(c->mode->send == NULL || (len > 0 && bytes[len - 1] == '\0'));
	if (c->broken || c->half_close)
		return;
	if (dw_buf_add(&c->out, bytes, len) < 0)
		call_end(c, DW_STATUS_FAILED, sks_strerror(SKS_ENOMEM));
	else
		flush(c);
}

void
call_start(struct call *c)
{
	c->mode->begin(c);
	watch(c);
}

void
call_half_close(struct call *c)
{
	assert(c->mode->send == NULL); /* datagrams have no end */
	c->half_close = true;
	flush(c);
}

void
call_show(struct call *c, const char *text, size_t len)
{
	struct dw_buf safe = DW_BUF_INITIALIZER, rows = DW_BUF_INITIALIZER;

	if (dw_text_printable(&safe, text, len, DW_TEXT_ROWS) == 0 &&
	    dw_text_wrap(&rows, "", "  ", dw_buf_str(&safe), safe.len,
		tty_columns(c->tty), "\n") == 0)
		tty_print(c->tty, dw_buf_str(&rows), rows.len);
	dw_buf_fini(&safe);
	dw_buf_fini(&rows);
}

void
call_show_stamped(struct call *c, const char *format, const char *text,
    size_t len)
{
	struct dw_buf row = DW_BUF_INITIALIZER;
	char stamp[DW_CLOCK_STAMP];
	const char *at = strstr(format, "%s");

	dw_clock_stamp(dw_clock_wall_ms(), stamp);
	dw_buf_add(&row, format, (size_t)(at - format));
	dw_buf_adds(&row, stamp);
	dw_buf_adds(&row, at + 2);
	dw_buf_add(&row, text, len);
	call_show(c, dw_buf_str(&row), row.len);
	dw_buf_fini(&row);
}

void
call_end(struct call *c, enum dw_status status, const char *why)
{
	c->status =
	    status == DW_STATUS_OK && c->unsent ? DW_STATUS_FAILED : status;
	c->why = why;
	tty_quit(c->tty);
}

unsigned
call_each_row(struct call *c, const char *text,
    void (*fn)(struct call *c, const char *row, size_t len))
{
	unsigned rows = 0;
	size_t n;

	for (; *text != '\0'; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		if (n == 0)
			continue;
		rows++;
		fn(c, text, n);
	}
	return rows;
}

static void
receive(struct call *c)
{
	char bytes[65536]; /* also the longest datagram */
	bool is_datagram = c->mode->goes_on != NULL;
	ssize_t n = sks_recv(c->sock, bytes, sizeof bytes);

	if (n == SKS_EAGAIN)
		return;
	if (n > 0 || (n == 0 && is_datagram)) {
		c->mode->received(c, bytes, (size_t)n);
		c->receiving_paused = !tty_ready(c->tty);
		watch(c);
		return;
	}
	if (is_datagram && c->mode->goes_on(c, (int)n))
		return;
	/* A send has already taken the error from the socket. */
	if (n == 0 && c->broken)
		n = SKS_ERESET;
	tty_watch(c->tty, -1, 0);
	c->mode->ended(c, (int)n);
}

static void
on_watched(void *arg, short revents)
{
	struct call *c = call_of(arg);

	if ((revents & POLLOUT) != 0)
		flush(c);
	if ((revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
	    !c->receiving_paused)
		receive(c);
}

static void
on_line(void *arg, const char *text, uint64_t painted)
{
	struct call *c = call_of(arg);

	(void)painted;
	if (!c->leaving)
		c->mode->typed(c, text);
}

static void
on_nul_line(void *arg, const char *bytes, size_t len)
{
	struct call *c = call_of(arg);

	if (c->leaving)
		return;
	if (c->mode->nul_line != NULL) {
		c->mode->nul_line(c, bytes, len);
		return;
	}
	c->unsent = true;
	tty_printf(c->tty,
	    _("not sent: a line with a NUL byte in it, which has no "
	      "place in this protocol"));
}

static void
leave(struct call *c)
{
	if (c->leaving) {
		tty_quit(c->tty);
		return;
	}
	c->leaving = true;
	c->mode->leave(c);
}

static void
on_eof(void *arg)
{
	struct call *c = call_of(arg);

	if (tty_is_terminal(c->tty))
		leave(c);
	else if (!c->leaving)
		c->mode->input_ended(c);
}

/* The call says goodbye if it can and ends by this signal. */
static void
end_by_signal(struct call *c, int signo)
{
	leave(c);
	c->status = DW_STATUS_SIGNAL(signo);
	c->why = NULL;
	tty_quit(c->tty);
}

/* Whoever drops a line that has just been sent does not want to leave. */
static void
on_interrupt(void *arg, bool had_text)
{
	struct call *c = call_of(arg);

	if (!tty_is_terminal(c->tty))
		end_by_signal(c, SIGINT);
	else if (c->leaving)
		leave(c);
	else if (!had_text)
		tty_printf(c->tty, "%s", _("Ctrl-D ends the call"));
}

static void
on_hangup(void *arg)
{
	struct call *c = call_of(arg);

	leave(c);
	tty_quit(c->tty);
}

/* This comes also when the terminal takes rows again. */
static void
on_wake(void *arg)
{
	struct call *c = call_of(arg);

	if (dw_signals_next(&c->term) == SIGTERM) {
		end_by_signal(c, SIGTERM);
		return;
	}
	c->receiving_paused = false;
	watch(c);
}

static void
on_timeout(void *arg)
{
	struct call *c = call_of(arg);

	c->mode->timeout(c);
}

const struct tty_ops call_tty_ops = {
	.line = on_line,
	.nul_line = on_nul_line,
	.eof = on_eof,
	.interrupt = on_interrupt,
	.hangup = on_hangup,
	.wake = on_wake,
	.watched = on_watched,
	.timeout = on_timeout,
};
