/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The words of the kinds of events, and an event to begin with.
 */
#include "config.h"

#include <string.h>

#include "event/event.h"

static const char *const kinds[] = { "",
#define EV(name, word) word,
	EV_EVENTS(EV)
#undef EV
};

const struct ev_words ev_kinds = { kinds, sizeof kinds / sizeof *kinds };

struct ev_event
ev_event_of(enum ev_kind kind)
{
	return (struct ev_event){ .kind = kind,
		.who = "",
		.addr = "",
		.why = "",
		.body = "" };
}

bool
ev_key_is_set(const struct ev_key *k)
{
	static const struct ev_key none;

	return memcmp(k, &none, sizeof none) != 0;
}

bool
ev_key_is(const struct ev_key *a, const struct ev_key *b)
{
	return memcmp(a->bytes, b->bytes, EV_KEY_SIZE) == 0;
}

bool
ev_key_is_of(const struct ev_key *a, const struct ev_key *b)
{
	return memcmp(a->bytes, b->bytes, EV_KEY_CONSOLE) == 0;
}

bool
ev_names_customer(enum ev_kind kind)
{
	return kind == EV_ARRIVED || kind == EV_NAME;
}

bool
ev_is_private(const struct ev_event *ev, const char *operator_name)
{
	return ev->kind == EV_MSG && strcmp(ev->who, operator_name) != 0 &&
	    strcmp(ev->why, operator_name) != 0;
}
