/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file makes the environment's wish for a language come true on systems
 * that have not generated its locale, as most servers have not.
 */
#include "config.h"

#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "bin/language.h"

/* Catalogues by the names under which people ask for them.  gettext looks for
 * zh_SG and zh, but never from there for zh_CN. */
static const struct {
	const char *asked, *catalogue;
} aliases[] = {
	{ "zh", "zh_CN" },
	{ "zh_SG", "zh_CN" },
	{ "zh_MY", "zh_CN" },
	{ "zh_Hans", "zh_CN" },
	{ "zh_Hans_CN", "zh_CN" },
	{ "zh_Hans_SG", "zh_CN" },
};

static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

/* What the environment says of messages; NULL: nothing. */
static const char *
asked_locale(void)
{
	const char *value = variable("LC_ALL");

	if (value == NULL)
		value = variable("LC_MESSAGES");
	return value != NULL ? value : variable("LANG");
}

/* Sets that part of the locale to one with UTF-8 that every system of a kind
 * has.  Its name must not be C: gettext translates nothing in that one. */
static void
set_any_utf8(int category)
{
	static const char *const names[] = { "C.UTF-8", "C.utf8",
		"en_US.UTF-8" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (setlocale(category, names[i]) != NULL)
			return;
}

/* Is this name[0, len) that word, with - for _ as on the web? */
static bool
is_named(const char *name, size_t len, const char *word)
{
	if (strlen(word) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] != word[i] && !(name[i] == '-' && word[i] == '_'))
			return false;
	return true;
}

static bool
is_english(const char *name, size_t len)
{
	return len >= 2 && name[0] == 'e' && name[1] == 'n' &&
	    (len == 2 || name[2] == '_' || name[2] == '-');
}

/* Adds a language of a list; what stands behind its dot or at sign says how
 * it is written, which we do as UTF-8. */
static void
add_language(struct dw_buf *out, const char *name, size_t len)
{
	size_t n = strcspn(name, ".@:");

	if (n > len)
		n = len;
	if (out->len > 0)
		dw_buf_addc(out, ':');
	if (is_english(name, n)) {
		/* It has no catalogue: at C the search for one ends. */
		dw_buf_addc(out, 'C');
		return;
	}
	for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
		if (is_named(name, n, aliases[i].asked)) {
			dw_buf_adds(out, aliases[i].catalogue);
			return;
		}
	dw_buf_add(out, name, n);
}

static void
set_languages(const char *list)
{
	struct dw_buf out = DW_BUF_INITIALIZER;
	size_t n;

	for (; *list != '\0'; list += n + (list[n] == ':')) {
		n = strcspn(list, ":");
		if (n > 0)
			add_language(&out, list, n);
	}
	/* Without memory it speaks English. */
	if (!out.failed && out.len > 0)
		(void)setenv("LANGUAGE", out.data, 1);
	dw_buf_fini(&out);
}

static bool
is_c(const char *locale)
{
	return strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0;
}

void
language_set(void)
{
	const char *asked = asked_locale(), *list = variable("LANGUAGE");
	const char *ctype;

	if (setlocale(LC_ALL, "") == NULL)
		set_any_utf8(LC_ALL);
	ctype = setlocale(LC_CTYPE, NULL);
	if (ctype != NULL && is_c(ctype))
		set_any_utf8(LC_CTYPE);
	if (asked == NULL && list != NULL)
		set_any_utf8(LC_MESSAGES);
	if (list != NULL || (asked != NULL && !is_c(asked)))
		set_languages(list != NULL ? list : asked);
}
