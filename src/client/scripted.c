/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file decides what a scripted customer says next.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "base/i18n.h"
#include "client/scripted.h"
#include "client/sentence.h"

void
scripted_init(struct scripted *s, bool classic,
    const struct scripted_line *lines)
{
	memset(s, 0, sizeof *s);
	s->classic = classic;
	s->next = lines;
	s->answered = true; /* nothing was asked yet */
}

/* The desk's rows begin with a star, further rows of anybody with a blank; a
 * person's begin with a name. */
static bool
has_persons_row(struct scripted *s, const char *bytes, size_t len)
{
	bool found = false;

	for (size_t i = 0; i < len; i++) {
		if (!s->inside_row && bytes[i] != '*' && bytes[i] != ' ')
			found = true;
		s->inside_row = bytes[i] != '\n';
	}
	return found;
}

/* What the desk says to one who waits; nobody else's words are like these. */
static bool
is_holding_line(const char *bytes, size_t len)
{
	static const char *const lines[] = {
		N_("Please wait, an operator will answer soon."),
		N_("Please wait, you are number %u in line."),
		N_("Please wait, somebody is looking into it."),
	};

	while (len > 0 && bytes[len - 1] == '\n')
		len--;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		if (sentence_is(_(lines[i]), bytes, len))
			return true;
	return false;
}

void
scripted_hear(struct scripted *s, const char *bytes, size_t len)
{
	if (s->classic ? !is_holding_line(bytes, len) :
			 has_persons_row(s, bytes, len))
		s->answered = true;
}

const char *
scripted_next(const struct scripted *s, bool patient)
{
	if (!s->answered && (s->next->after_answer || patient))
		return NULL;
	return s->next->text;
}

void
scripted_said(struct scripted *s)
{
	assert(s->next->text != NULL);
	s->next++;
	s->answered = false;
}

bool
scripted_is_over(const struct scripted *s)
{
	return s->next->text == NULL;
}
