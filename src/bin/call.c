/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The verb call is the customer's client.
 */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "bin/verbs.h"
#include "client/call.h"

static bool
parse_port(const char *text, unsigned *out)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 ||
	    n < 1 || n > 65535)
		return false;
	*out = (unsigned)n;
	return true;
}

/* Splits "127.0.0.1:6666" or "[::1]:6666", as a desk prints it. */
static bool
split_address(const char *text, char *host, size_t size, unsigned *port)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon != NULL ? (size_t)(colon - text) : 0;
	unsigned n;

	if (len == 0 || len >= size || !parse_port(colon + 1, &n))
		return false;
	if (text[0] == '[' && text[len - 1] == ']')
		snprintf(host, size, "%.*s", (int)len - 2, text + 1);
	else if (strchr(text, ':') == colon)
		snprintf(host, size, "%.*s", (int)len, text);
	else
		return false; /* an IPv6 address without a port */
	*port = n;
	return true;
}

static bool
parse_seconds(const char *text, double *out)
{
	char *end;

	*out = strtod(text, &end);
	return end != text && *end == '\0' && isfinite(*out) && *out >= 0;
}

int
verb_call(struct options *o)
{
	struct call_config cfg = CALL_CONFIG_INITIALIZER;
	char host[256];

	if (o->nargs > 0)
		cfg.host = o->args[0];
	if (o->nargs == 1 &&
	    split_address(o->args[0], host, sizeof host, &cfg.port))
		cfg.host = host;
	if (o->nargs > 1 && !parse_port(o->args[1], &cfg.port)) {
		print_error(_("\"%s\" is no port; write a number from 1 to "
			      "65535"),
		    o->args[1]);
		return DW_STATUS_USAGE;
	}
	if (o->wait_seconds != NULL &&
	    !parse_seconds(o->wait_seconds, &cfg.wait_seconds)) {
		print_error(_("--wait takes a number of seconds, not \"%s\""),
		    o->wait_seconds);
		return DW_STATUS_USAGE;
	}
	if (o->classic && o->datagrams) {
		print_error(_("--classic and --udp exclude each other"));
		return DW_STATUS_USAGE;
	}
	if (o->no_wait && (o->classic || o->datagrams)) {
		print_error(_("--no-wait is for line mode: with --classic or "
			      "--udp nobody says what is stored"));
		return DW_STATUS_USAGE;
	}
	cfg.no_wait = o->no_wait;
	cfg.classic_mode = o->classic;
	cfg.datagram_mode = o->datagrams;
	cfg.wants_answer = o->wait_seconds != NULL;
	if (o->datagrams && o->wait_seconds == NULL)
		cfg.wait_seconds = CALL_UDP_WAIT_SECONDS;
	cfg.name = o->name;
	cfg.colour = o->colour;
	return call_run(&cfg);
}
