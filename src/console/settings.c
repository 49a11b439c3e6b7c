/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What /set changes while the console runs: one row for each setting.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "console/internal.h"

static const char *const clocks[] = {
	[CON_CLOCK_MINUTE] = "minute",
	[CON_CLOCK_SECOND] = "second",
	[CON_CLOCK_OFF] = "off",
};

static const char *const bells[] = {
	[CON_BELL_MINE] = "mine",
	[CON_BELL_NEW] = "new",
	[CON_BELL_ALL] = "all",
	[CON_BELL_NONE] = "none",
};

#define COUNT(words) (sizeof(words) / sizeof *(words))

/* The place of the word, or -1. */
static int
word_at(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return (int)i;
	return -1;
}

int
con_clock_of(const char *word)
{
	return word_at(clocks, COUNT(clocks), word);
}

int
con_bell_of(const char *word)
{
	return word_at(bells, COUNT(bells), word);
}

/* "90s", "30m", "1h", "2h30m" is not one: a number and its unit.  Returns
 * seconds, or -1. */
static int64_t
seconds_of(const char *text)
{
	static const struct {
		char unit;
		int seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 } };
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || n <= 0 || n > 100000)
		return -1;
	for (size_t i = 0; i < COUNT(units); i++)
		if (end[0] == units[i].unit && end[1] == '\0')
			return (int64_t)n * units[i].seconds;
	return -1;
}

/* Each returns whether it knows the words. */

static bool
set_clock(struct con *con, const char *word, const char *more)
{
	int clock = con_clock_of(word);

	if (clock < 0 || *more != '\0')
		return false;
	con->prompt.clock = (enum con_clock)clock;
	return true;
}

static bool
set_bell(struct con *con, const char *word, const char *more)
{
	int bell = con_bell_of(word);
	int64_t seconds = seconds_of(more);

	if (strcmp(word, "off") == 0 && (*more == '\0' || seconds > 0)) {
		con->quiet_until_ns = seconds > 0 ?
		    dw_clock_ns() + seconds * DW_SECOND :
		    DW_NEVER;
		return true;
	}
	if (*more != '\0' || (bell < 0 && strcmp(word, "on") != 0))
		return false;
	if (bell >= 0)
		con->bell = (enum con_bell)bell;
	con->quiet_until_ns = 0;
	return true;
}

static bool
set_speak(struct con *con, const char *word, const char *more)
{
	bool on = strcmp(word, "on") == 0;

	if (*more != '\0' || (!on && strcmp(word, "off") != 0))
		return false;
	con->speak = on;
	return true;
}

static const char *
clock_now(const struct con *con)
{
	return clocks[con->prompt.clock];
}

static const char *
bell_now(const struct con *con)
{
	return dw_clock_ns() < con->quiet_until_ns ? "off" : bells[con->bell];
}

static const char *
speak_now(const struct con *con)
{
	return con->speak ? "on" : "off";
}

static const struct {
	const char *name, *values, *help;
	bool (*set)(struct con *con, const char *word, const char *more);
	const char *(*now)(const struct con *con);
} settings[] = {
	{ "bell", "new|mine|all|none|on|off [TIME]",
	    N_("ring for new customers, also for mine, for all; off 1h"),
	    set_bell, bell_now },
	{ "clock", "minute|second|off",
	    N_("how the prompt says since when the first one waits"), set_clock,
	    clock_now },
	{ "speak", "on|off", N_("who and text come before the time"), set_speak,
	    speak_now },
};

static void
show_setting(struct con *con, size_t i)
{
	con_say(con, "/set %s %s (%s): %s", settings[i].name,
	    settings[i].now(con), settings[i].values, _(settings[i].help));
}

void
con_set(struct con *con, const char *args)
{
	char name[16] = "", word[16] = "", more[16] = "";
	bool known = false;

	sscanf(args, "%15s %15s %15s", name, word, more);
	for (size_t i = 0; i < COUNT(settings); i++) {
		if (*name != '\0' && strcmp(name, settings[i].name) != 0)
			continue;
		known = true;
		if (*word != '\0' && !settings[i].set(con, word, more))
			con_refuse(con, _("/set %s takes %s"), name,
			    settings[i].values);
		else
			show_setting(con, i);
	}
	if (!known)
		con_refuse(con, _("there is no setting %s; /set shows all"),
		    name);
}

void
con_complete_setting(struct tty_words *words)
{
	for (size_t i = 0; i < COUNT(settings); i++)
		tty_words_add(words, settings[i].name);
}
