/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file writes --help from the tables of verbs, options and limits.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "bin/help.h"
#include "bin/option_rows.h"
#include "bin/verbs.h"

#define COLUMNS     80
#define VERB_COLUMN 24 /* where the texts of verbs begin */
#define TEXT_COLUMN 30
/* What configure.ac says unless a packager says otherwise, for translators. */
#define BUG_ADDRESS                                                        \
	N_("the issue tracker of the repository that you have this from; " \
	   "see CONTRIBUTING.md")

static const struct {
	enum verb_group group;
	const char *title;
} verb_groups[] = {
	{ VERBS_BEGIN, N_("To begin:") },
	{ VERBS_OPERATORS, N_("For operators:") },
	{ VERBS_ADMINISTRATORS, N_("For administrators:") },
	{ VERBS_CUSTOMERS, N_("For customers:") },
	{ VERBS_RECORDS, N_("For what is kept:") },
};

static const struct {
	enum option_group group;
	const char *title;
} option_groups[] = {
	{ OPTIONS_WAYS, N_("Where customers come in:") },
	{ OPTIONS_SAID, N_("What they read:") },
	{ OPTIONS_TEAM, N_("Operators:") },
	{ OPTIONS_CONSOLE, N_("The console:") },
	{ OPTIONS_CALL, N_("A call:") },
	{ OPTIONS_RECORDS, N_("What is kept:") },
	{ OPTIONS_WATCH, N_("What an administrator watches:") },
	{ OPTIONS_PROGRAM, N_("Other options:") },
	{ LIMITS_PLACES, N_("Limits: how many (each with its default)") },
	{ LIMITS_ARRIVAL, N_("Limits: how a customer comes in") },
	{ LIMITS_WRITING, N_("Limits: what a customer may write") },
	{ LIMITS_ANSWERS, N_("Limits: answers, and who gives them") },
	{ LIMITS_SLOW, N_("Limits: who does not read, and lost links") },
	{ LIMITS_END, N_("Limits: how it ends") },
	{ LIMITS_UDP, N_("Limits: datagrams") },
};

#define NGROUPS(groups) (sizeof groups / sizeof groups[0])

/* ---- rows of 80 columns ---- */

/* Text behind a tag, which has a row of its own when it is long. */
static void
print_row(const char *tag, int column, const char *text)
{
	struct dw_buf head = DW_BUF_INITIALIZER, rows = DW_BUF_INITIALIZER;
	char gutter[TEXT_COLUMN + 1];
	int width = (int)dw_text_width(tag, strlen(tag));

	snprintf(gutter, sizeof gutter, "%*s", column, "");
	if (width > column - 2)
		printf("%s\n", tag);
	else
		dw_buf_addf(&head, "%s%*s", tag, column - width, "");
	dw_text_wrap(&rows, head.len > 0 ? dw_buf_str(&head) : gutter, gutter,
	    text, strlen(text), COLUMNS, "\n");
	fputs(dw_buf_str(&rows), stdout);
	dw_buf_fini(&head);
	dw_buf_fini(&rows);
}

static void
print_text(const char *text)
{
	struct dw_buf rows = DW_BUF_INITIALIZER;

	dw_text_wrap(&rows, "", "", text, strlen(text), COLUMNS, "\n");
	fputs(dw_buf_str(&rows), stdout);
	dw_buf_fini(&rows);
}

/* ---- verbs ---- */

static void
print_verb(const struct verb *v)
{
	char tag[64];

	snprintf(tag, sizeof tag, "  %s%s%s", v->name,
	    v->args[0] != '\0' ? " " : "", v->args);
	print_row(tag, VERB_COLUMN, _(v->help));
}

static void
print_verbs(enum verb_group group, const char *title)
{
	size_t n;
	const struct verb *verbs = verb_rows(&n);

	printf("\n%s\n", title);
	for (size_t i = 0; i < n; i++)
		if (verbs[i].group == group)
			print_verb(&verbs[i]);
}

/* What follows "deskwire" is the same in every language. */
static void
print_all_verbs(void)
{
	printf(_("Usage: deskwire %s\n"), "[VERB] [OPTION]...");
	for (size_t i = 0; i < NGROUPS(verb_groups); i++)
		print_verbs(verb_groups[i].group, _(verb_groups[i].title));
}

static void
print_usage(enum verb_set verb)
{
	size_t n;
	const struct verb *verbs = verb_rows(&n);
	char words[64];

	for (size_t i = 0; i < n; i++) {
		if (verbs[i].set != verb)
			continue;
		snprintf(words, sizeof words, "%s [OPTION]...%s%s",
		    verbs[i].name, verbs[i].args[0] != '\0' ? " " : "",
		    verbs[i].args);
		printf(_("Usage: deskwire %s\n"), words);
		print_text(_(verbs[i].help));
	}
}

/* ---- options ---- */

static void
print_words(int letter, const char *name, const char *arg, const char *text)
{
	char tag[64], short_form[8] = "    ";

	if (letter != 0)
		snprintf(short_form, sizeof short_form, "-%c, ", letter);
	snprintf(tag, sizeof tag, "  %s--%s%s%s", short_form, name,
	    arg != NULL ? "=" : "", arg != NULL ? arg : "");
	print_row(tag, TEXT_COLUMN, text);
}

static void
print_limit(const struct svc_limit *limit)
{
	struct dw_buf text = DW_BUF_INITIALIZER;
	char dflt[24];

	snprintf(dflt, sizeof dflt, "%" PRId64, limit->dflt);
	dw_buf_addf(&text, "%s %s", _(limit->unit), _(limit->sentence));
	print_words(0, limit->name, dflt, dw_buf_str(&text));
	dw_buf_fini(&text);
}

static void
print_option(size_t row)
{
	const struct svc_limit *limit = option_limit(row);

	if (limit != NULL)
		print_limit(limit);
	else
		print_words(option_letter(row), option_name(row),
		    option_arg(row), _(option_help(row)));
}

static bool
has_any(enum option_group group, enum verb_set verb)
{
	for (size_t i = 0; i < option_rows(); i++)
		if (option_group(i) == group && option_belongs_to(i, verb))
			return true;
	return group == OPTIONS_PROGRAM;
}

/* These two belong to every verb. */
static void
print_always(void)
{
	print_words('h', "help", NULL, _("show this"));
	print_words('V', "version", NULL, _("show the version"));
}

static void
print_group(enum option_group group, const char *title, enum verb_set verb)
{
	if (!has_any(group, verb))
		return;
	printf("\n%s\n", title);
	for (size_t i = 0; i < option_rows(); i++)
		if (option_group(i) == group && option_belongs_to(i, verb))
			print_option(i);
	if (group == OPTIONS_PROGRAM)
		print_always();
}

static void
print_options(enum verb_set verb)
{
	for (size_t i = 0; i < NGROUPS(option_groups); i++)
		print_group(option_groups[i].group, _(option_groups[i].title),
		    verb);
}

static void
print_common(void)
{
	printf(_("\nWhat is needed first:\n"));
	for (size_t i = 0; i < option_rows(); i++)
		if (option_is_common(i))
			print_option(i);
	print_always();
}

/* ---- all together ---- */

static void
print_bugs(void)
{
	struct dw_buf text = DW_BUF_INITIALIZER;

	dw_buf_addf(&text, _("Bugs: %s."), _(PACKAGE_BUGREPORT));
	print_text(dw_buf_str(&text));
	dw_buf_fini(&text);
}

static void
print_more(void)
{
	printf("\n");
	print_text(_("More in deskwire(1), and of the configuration file in "
		     "deskwire.conf(5)."));
	print_bugs();
}

void
help_short(void)
{
	print_all_verbs();
	print_common();
	printf("\n");
	print_text(_("'deskwire VERB --help' has the options of a verb, "
		     "'deskwire --help all' everything, and so has the manual, "
		     "deskwire(1)."));
	print_bugs();
}

void
help_all(void)
{
	print_all_verbs();
	print_options(VERB_ALL);
	print_more();
}

void
help_verb(enum verb_set verb)
{
	print_usage(verb);
	print_options(verb);
	print_more();
}
