/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file looks at what a desk has of its machine: who runs it, limits,
 * language, clock, terminal.
 */
#include "config.h"

#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "bin/doctor.h"

#define FIRST_YEAR  2026 /* of deskwire itself */
#define CLOCK_SLACK 60   /* seconds that two looks may differ */

void
doctor_user(struct doctor *d)
{
	if (d->owner != NULL)
		doctor_say(d, DOCTOR_OK, _("user"),
		    _("you are root, and look at the desk of the user %s"),
		    d->owner);
	else if (geteuid() != 0)
		doctor_say(d, DOCTOR_OK, _("user"),
		    _("a desk needs no more rights than you have"));
	else
		doctor_say(d, DOCTOR_WARN, _("user"),
		    _("you are root, and a desk needs no rights of root; run "
		      "it as a service, or as a user of its own"));
}

void
doctor_limits(struct doctor *d)
{
	struct svc_limits limits = d->o->limits;
	struct dw_buf why = DW_BUF_INITIALIZER;
	size_t n = d->at.nlisten + d->at.nudp + d->at.nmetrics;
	int r = svc_limits_check_files(n, &why);

	if (r == 0)
		r = svc_limits_fit(&limits, d->at.nlisten, d->o->sessions_given,
		    &why);
	if (r < 0)
		doctor_say(d, DOCTOR_FAIL, _("limits"), "%s", dw_buf_str(&why));
	else if (r > 0)
		doctor_say(d, DOCTOR_WARN, _("limits"),
		    _("%s; raise that, or ask for fewer with --max-sessions"),
		    dw_buf_str(&why));
	else
		doctor_say(d, DOCTOR_OK, _("limits"),
		    _("this machine holds the %" PRId64
		      " customers at once that may come"),
		    limits.max_sessions);
	dw_buf_fini(&why);
}

/* ---- language ---- */

/* As setlocale() would see it before language.c helps. */
static const char *
asked_locale(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if ((value = getenv(names[i])) != NULL && *value != '\0')
			return value;
	return "C";
}

void
doctor_locale(struct doctor *d)
{
	const char *asked = asked_locale();
	locale_t own = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool utf8 = own != (locale_t)0 &&
	    strcmp(nl_langinfo_l(CODESET, own), "UTF-8") == 0;

	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		doctor_say(d, DOCTOR_FAIL, _("language"),
		    _("this system has no locale with UTF-8, so consoles show "
		      "only ASCII; install one, as C.UTF-8"));
	else if (own == (locale_t)0)
		doctor_say(d, DOCTOR_WARN, _("language"),
		    _("the locale %s is not installed, and deskwire takes "
		      "UTF-8 all the same; say LANG=C.UTF-8, or install it"),
		    asked);
	else if (!utf8)
		doctor_say(d, DOCTOR_WARN, _("language"),
		    _("the locale %s has no UTF-8, and deskwire takes it all "
		      "the same; say LANG=C.UTF-8 so that terminals do, too"),
		    asked);
	else
		doctor_say(d, DOCTOR_OK, _("language"),
		    _("the locale %s has UTF-8"), asked);
	if (own != (locale_t)0)
		freelocale(own);
}

/* ---- clock ---- */

/* Was the journal written in what is the future by this clock? */
static bool
was_set_back(const struct doctor *d, time_t now)
{
	static const char *const files[] = { "journal.db", "journal.db-wal",
		"head" };
	struct stat st;
	bool ahead = false;
	char *path;

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		if (asprintf(&path, "%s/%s", d->state, files[i]) < 0)
			continue;
		ahead |=
		    stat(path, &st) == 0 && st.st_mtime > now + CLOCK_SLACK;
		free(path);
	}
	return ahead;
}

void
doctor_clock(struct doctor *d)
{
	time_t now = (time_t)(dw_clock_wall_ms() / 1000);
	struct tm tm = { .tm_year = 0 };
	int synchronised = proc_clock_is_synchronised();

	if (gmtime_r(&now, &tm) == NULL || tm.tm_year + 1900 < FIRST_YEAR)
		doctor_say(d, DOCTOR_FAIL, _("clock"),
		    _("it says that it is the year %d; set it, or every "
		      "message has a wrong time"),
		    tm.tm_year + 1900);
	else if (was_set_back(d, now))
		doctor_say(d, DOCTOR_WARN, _("clock"),
		    _("the journal in %s was written later than it is now, so "
		      "the clock was set back; look which of the two is right"),
		    d->state);
	else if (synchronised == 0)
		doctor_say(d, DOCTOR_WARN, _("clock"),
		    _("nothing keeps it right; install chrony or "
		      "systemd-timesyncd"));
	else if (synchronised < 0)
		doctor_say(d, DOCTOR_OK, _("clock"),
		    _("the time is plausible; this system does not say "
		      "whether something keeps it right"));
	else
		doctor_say(d, DOCTOR_OK, _("clock"),
		    _("the time is kept right"));
}

/* ---- terminal ---- */

void
doctor_terminal(struct doctor *d)
{
	const char *term = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		doctor_say(d, DOCTOR_OK, _("terminal"),
		    _("none here; a console in a pipe reads and writes rows"));
	else if (term == NULL || *term == '\0' || strcmp(term, "dumb") == 0)
		doctor_say(d, DOCTOR_WARN, _("terminal"),
		    _("TERM does not say what it can, so the console is plain "
		      "rows; set it, as to xterm-256color"));
	else
		doctor_say(d, DOCTOR_OK, _("terminal"), _("it is a %s"), term);
}
