/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The words of modes, states and codes, and the way from a word to its value.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "event/words.h"

static const char *const modes[] = {
	[EV_MODE_NONE] = "",
	[EV_MODE_LINE] = "line",
	[EV_MODE_CLASSIC] = "classic",
};

static const char *const states[] = {
	[EV_STATE_NONE] = "",
	[EV_STATE_WAITING] = "waiting",
	[EV_STATE_OPEN] = "open",
	[EV_STATE_LEFT] = "left",
	[EV_STATE_CLOSED] = "closed",
};

static const char *const codes[] = {
	[EV_CODE_OK] = "ok",
	[EV_CODE_NOT_STORED] = "not-stored",
	[EV_CODE_CLOSED] = "closed",
	[EV_CODE_GONE] = "gone",
	[EV_CODE_STALE] = "stale",
	[EV_CODE_UNKNOWN] = "unknown",
	[EV_CODE_FULL] = "full",
	[EV_CODE_USAGE] = "usage",
	[EV_CODE_STOPPING] = "stopping",
	[EV_CODE_STOP] = "stop",
	[EV_CODE_DISK] = "disk",
	[EV_CODE_LOG] = "log",
	[EV_CODE_LIMIT] = "limit",
	[EV_CODE_SOCKET] = "socket",
	[EV_CODE_DENIED] = "denied",
	[EV_CODE_TAKEN] = "taken",
	[EV_CODE_RELOAD] = "reload",
	[EV_CODE_LEASE] = "lease",
};

static const char *const roles[] = {
	[EV_ROLE_NONE] = "",
	[EV_ROLE_OPERATOR] = "operator",
	[EV_ROLE_SUPERVISOR] = "supervisor",
	[EV_ROLE_ADMIN] = "admin",
};

const struct ev_words ev_modes = { modes, sizeof modes / sizeof *modes };
const struct ev_words ev_states = { states, sizeof states / sizeof *states };
const struct ev_words ev_codes = { codes, sizeof codes / sizeof *codes };
const struct ev_words ev_roles = { roles, sizeof roles / sizeof *roles };

const char *
ev_word(const struct ev_words *words, unsigned value)
{
	/* A value comes from our own code or from ev_value(). */
	assert(value < words->n);
	return words->words[value];
}

unsigned
ev_value(const struct ev_words *words, const char *word)
{
	for (unsigned i = 1; i < words->n; i++)
		if (strcmp(words->words[i], word) == 0)
			return i;
	return 0;
}
