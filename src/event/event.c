/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The words of the kinds of events, and an event to begin with.
 */
#include "config.h"

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
