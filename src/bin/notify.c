/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file speaks to the service manager that has started the desk.
 */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bin/notify.h"
#include "socketserver/socketserver.h"

#define PATIENCE 2.0 /* seconds */

/* A whole number, or 0. */
static int64_t
number_in(const char *variable)
{
	const char *text = getenv(variable);
	long long n;
	char *end;

	if (text == NULL)
		return 0;
	errno = 0;
	n = strtoll(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && n > 0 ? n : 0;
}

/* A watchdog may be another process's. */
static int64_t
read_watchdog(void)
{
	int64_t pid = number_in("WATCHDOG_PID");

	return getenv("WATCHDOG_PID") == NULL || pid == (int64_t)getpid() ?
	    number_in("WATCHDOG_USEC") :
	    0;
}

/* A path, or behind an @ a name in Linux's abstract namespace. */
static struct sks_socket *
connect_to(const char *name)
{
	struct sks_socket *s = NULL;
	struct sks_addr addr;
	char *text = NULL;

	if (asprintf(&text, "unix:%s", name) < 0)
		return NULL;
	if (sks_addr_parse(text, 0, &addr) == 0 &&
	    sks_socket_new(SKS_UNIX, SKS_DGRAM, 0, &s) == 0 &&
	    (sks_settimeout(s, PATIENCE) < 0 || sks_connect(s, &addr) < 0)) {
		sks_socket_free(s);
		s = NULL;
	}
	free(text);
	return s;
}

void
notify_open(struct notify *n)
{
	const char *name = getenv("NOTIFY_SOCKET");

	n->sock = name != NULL ? connect_to(name) : NULL;
	n->watchdog_us = n->sock != NULL ? read_watchdog() : 0;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void
notify_close(struct notify *n)
{
	sks_socket_free(n->sock);
	n->sock = NULL;
}

void
notify_copy(struct notify *to, const struct notify *from)
{
	*to = *from;
	if (from->sock != NULL && sks_dup(from->sock, &to->sock) < 0)
		to->sock = NULL;
}

void
notify_say(struct notify *n, const char *format, ...)
{
	va_list ap;
	char *text;
	int len;

	if (n->sock == NULL)
		return;
	va_start(ap, format);
	len = vasprintf(&text, format, ap);
	va_end(ap);
	if (len < 0)
		return;
	/* Whoever manages us may have gone, and then nothing is to be done. */
	(void)!sks_send(n->sock, text, (size_t)len);
	free(text);
}
