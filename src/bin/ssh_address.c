/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file takes an address of ssh apart.
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "bin/ssh_address.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static const char scheme[] = "ssh://";

/* A word of these characters alone that is no option. */
static bool
take(char *out, size_t size, const char *from, size_t len, const char *allowed)
{
	if (len == 0 || len >= size || from[0] == '-' ||
	    strspn(from, allowed) < len)
		return false;
	memcpy(out, from, len);
	out[len] = '\0';
	return true;
}

static bool
take_user(struct ssh_address *a, const char *from, size_t len)
{
	return take(a->user, sizeof a->user, from, len, LETTERS "._-+");
}

static bool
take_port(struct ssh_address *a, const char *from)
{
	unsigned long n;

	if (!take(a->port, sizeof a->port, from, strlen(from), "0123456789"))
		return false;
	n = strtoul(a->port, NULL, 10);
	return n > 0 && n <= 65535;
}

/* HOST or [IPv6]; *rest is what stands behind it. */
static bool
take_host(struct ssh_address *a, const char *from, const char **rest)
{
	const char *end;

	if (from[0] == '[') {
		end = strchr(from, ']');
		*rest = end != NULL ? end + 1 : from;
		return end != NULL &&
		    take(a->host, sizeof a->host, from + 1,
			(size_t)(end - from - 1), LETTERS ":.%_-");
	}
	*rest = from + strcspn(from, ":/");
	return take(a->host, sizeof a->host, from, (size_t)(*rest - from),
	    LETTERS "._-");
}

int
ssh_address_parse(struct ssh_address *a, const char *text, const char **why)
{
	const char *at, *rest;

	memset(a, 0, sizeof *a);
	*why = _("an address is ssh://HOST, ssh://USER@HOST or "
		 "ssh://USER@HOST:PORT");
	if (strncmp(text, scheme, sizeof scheme - 1) != 0)
		return -EINVAL;
	text += sizeof scheme - 1;
	if ((at = strchr(text, '@')) != NULL) {
		*why = _("the user in that address is no user's name");
		if (!take_user(a, text, (size_t)(at - text)))
			return -EINVAL;
		text = at + 1;
	}
	*why = _("the host in that address is no host's name");
	if (!take_host(a, text, &rest))
		return -EINVAL;
	*why = _("behind the host of that address there may only be a port");
	if (rest[0] == ':' && take_port(a, rest + 1))
		return 0;
	return rest[0] == '\0' || strcmp(rest, "/") == 0 ? 0 : -EINVAL;
}
