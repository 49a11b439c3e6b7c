/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "desk/event.h"

static const char *const words[] = {
#define EV(name, word) word,
	DESK_EVENTS(EV)
#undef EV
};

const char *
desk_ev_word(enum desk_ev ev)
{
	assert(ev < DESK_EV_KINDS);
	return words[ev];
}

int
desk_ev_parse(const char *word)
{
	for (int i = 0; i < DESK_EV_KINDS; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}
