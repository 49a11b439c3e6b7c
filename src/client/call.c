/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file connects a call to its peer, opens the terminal, and tells how it
 * ended.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/text.h"
#include "client/internal.h"

/* A connection can fail for these reasons. */
static const struct {
	int code;
	enum dw_status status;
	const char *why;
} refusals[] = {
	{ SKS_ECONNREFUSED, DW_STATUS_REFUSED, N_("nobody listens there") },
	{ SKS_ERESET, DW_STATUS_REFUSED,
	    N_("it ended the connection at once") },
	{ SKS_ERESOLVE, DW_STATUS_FAILED, N_("this host name is not known") },
	{ SKS_EUNREACH, DW_STATUS_FAILED,
	    N_("there is no way to this address") },
	{ SKS_ETIMEDOUT, DW_STATUS_FAILED, N_("it did not answer in time") },
	{ SKS_EACCES, DW_STATUS_FAILED, N_("this machine forbids it") },
};

static enum dw_status
no_connection(const struct call *c, int code)
{
	enum dw_status status = DW_STATUS_FAILED;
	const char *why = sks_strerror(code);

	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
		if (refusals[i].code == code) {
			status = refusals[i].status;
			why = _(refusals[i].why);
		}
	fprintf(stderr, _("deskwire: no connection to %s: %s\n"), c->where,
	    why);
	return status;
}

/* Prints a row of the tutorial's client that names the server. */
static void
print_server_row(const struct call *c, const char *format)
{
	const char *at = strstr(format, "%s");

	if (!c->cfg->classic_mode && !c->cfg->datagram_mode)
		return;
	printf("%.*s%s%s\n", (int)(at - format), format, c->where, at + 2);
	fflush(stdout);
}

static int
format_peer(struct call *c)
{
	const char *host = c->cfg->host;
	bool six = strchr(host, ':') != NULL;
	struct dw_buf safe = DW_BUF_INITIALIZER;
	int r = dw_text_line(&safe, host, strlen(host), 100);

	snprintf(c->where, sizeof c->where, six ? "[%s]:%u" : "%s:%u",
	    dw_buf_str(&safe), c->cfg->port);
	dw_buf_fini(&safe);
	return r;
}

/*
 * A dead network is noticed after 90 s; rows are small and go at once.  It does
 * not matter when setting these fails, as it does with a peer that has already
 * gone again: what that one said before must still be read.
 */
static int
set_socket_options(const struct call *c)
{
	if (!c->cfg->datagram_mode) {
		sks_set_keepalive(c->sock, 60, 10, 3);
		sks_set_option(c->sock, SKS_NODELAY, 1);
	}
	return sks_settimeout(c->sock, 0);
}

static int
talk(struct call *c)
{
	struct tty_config tty = {
		.name = "deskwire",
		.colour = c->cfg->colour,
		.wake_fd = c->term.rd,
		.ops = &call_tty_ops,
		.arg = c,
	};
	int r;

	if ((r = tty_open(&c->tty, &tty)) < 0) {
		fprintf(stderr,
		    _("deskwire: this terminal cannot be used: "
		      "%s\n"),
		    strerror(-r));
		return DW_STATUS_FAILED;
	}
	call_start(c);
	tty_run(c->tty);
	tty_close(c->tty);
	c->mode->fini(c);
	print_server_row(c, _("Disconnected from server %s"));
	if (c->why != NULL)
		fprintf(stderr, "deskwire: %s\n", c->why);
	return c->status;
}

/* A tty leaves SIGTERM to its caller.  Until it runs, TERM ends a call as it
 * ends any program; then the terminal must be restored first. */
static int
talk_until_sigterm(struct call *c)
{
	static const int term[] = { SIGTERM, 0 };
	int status, r;

	if ((r = dw_signals_open(&c->term, term)) < 0) {
		fprintf(stderr, "deskwire: %s\n", strerror(-r));
		return DW_STATUS_FAILED;
	}
	dw_signals_here(&c->term);
	status = talk(c);
	dw_signals_close(&c->term);
	return status;
}

/* Nothing is sent by this: the socket only knows its peer, takes datagrams
 * from nobody else, and is told when nobody listens there. */
static int
connect_datagram_socket(struct call *c)
{
	struct sks_addr to;
	int r;

	if ((r = sks_addr_resolve(c->cfg->host, c->cfg->port, SKS_UNSPEC,
		 &to)) < 0 ||
	    (r = sks_socket_new(sks_addr_family(&to), SKS_DGRAM, 0, &c->sock)) <
		0)
		return r;
	return sks_connect(c->sock, &to);
}

static int
connect_to_peer(struct call *c)
{
	int r = c->cfg->datagram_mode ?
	    connect_datagram_socket(c) :
	    sks_create_connection(c->cfg->host, c->cfg->port,
		c->cfg->connect_seconds, &c->sock);

	return r == 0 ? set_socket_options(c) : r;
}

int
call_run(const struct call_config *cfg)
{
	struct call c = {
		.magic = CALL_MAGIC,
		.term = DW_SIGNALS_INITIALIZER,
		.cfg = cfg,
		.mode = cfg->datagram_mode ? &call_datagram_mode :
		    cfg->classic_mode      ? &call_classic_mode :
					     &call_line_mode,
	};
	int status, r;

	if (format_peer(&c) < 0)
		return DW_STATUS_FAILED;
	print_server_row(&c, _("Connecting to server %s ..."));
	if ((r = connect_to_peer(&c)) < 0) {
		status = no_connection(&c, r);
	} else {
		c.began_ns = dw_clock_ns();
		print_server_row(&c,
		    cfg->datagram_mode ?
			_("Ready for server %s (UDP "
			  "has no connection: nothing is confirmed)") :
			_("Connected to server %s"));
		status = talk_until_sigterm(&c);
	}
	dw_buf_fini(&c.out);
	sks_socket_free(c.sock);
	return status;
}
