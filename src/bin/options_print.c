/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file writes what options hold, with where each value comes from, and the
 * example of a configuration file.  Both can be read as such a file.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "bin/option_rows.h"

#define COLUMNS      76
#define PLACE_COLUMN 44 /* where "# FILE:LINE" stands, if there is room */

/* ---- words ---- */

static const struct {
	const char *name, *value;
} defaults[] = {
	{ "listen", "127.0.0.1:6666" },
	{ "name", "deskwire" },
	{ "color", "auto" },
	{ "clock", "minute" },
	{ "bell", "mine" },
	{ "on-eof", "leave" },
	{ "log-format", "text" },
	{ "log-addresses", "net" },
};

const char *
option_default(size_t row)
{
	if (option_arg(row) == NULL)
		return "false";
	for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
		if (strcmp(defaults[i].name, option_name(row)) == 0)
			return defaults[i].value;
	return NULL;
}

/* In double quotes, as a file has it. */
static void
add_quoted(struct dw_buf *out, const char *text)
{
	dw_buf_addc(out, '"');
	for (; *text != '\0'; text++)
		if (*text == '\n')
			dw_buf_adds(out, "\\n");
		else if (*text == '"' || *text == '\\' ||
		    (*text == '$' && text[1] == '{'))
			dw_buf_addf(out, "\\%c", *text);
		else
			dw_buf_addc(out, *text);
	dw_buf_addc(out, '"');
}

static void
add_limit(struct dw_buf *out, const struct svc_limit *limit, int64_t value)
{
	if (svc_limit_has_unit(limit))
		dw_buf_addf(out, "\"%" PRId64 " %s\"", value, limit->unit);
	else
		dw_buf_addf(out, "%" PRId64, value);
}

/* ---- what holds ---- */

static void
print_row(const struct dw_buf *text, struct conf_place at, const char *where)
{
	printf("%-*s # ", PLACE_COLUMN, dw_buf_str(text));
	if (at.file != NULL)
		printf("%s:%u\n", at.file, at.line);
	else
		printf("%s\n", where);
}

static void
add_one(struct dw_buf *out, size_t row, const char *text)
{
	if (option_arg(row) == NULL)
		dw_buf_adds(out, text != NULL ? text : "true");
	else
		add_quoted(out, text);
}

/* Returns the last value that the row was given, which is where it comes from;
 * NULL: none. */
static const struct option_value *
add_values(struct dw_buf *out, const struct options *o, size_t row)
{
	const struct option_value *last = NULL;
	bool list = option_is_list(row);

	for (size_t i = 0; i < o->nvalues; i++) {
		const struct option_value *v = &o->values[i];

		if (strcmp(option_name(v->row), option_name(row)) != 0)
			continue;
		if (list)
			dw_buf_adds(out, last != NULL ? ", " : "");
		else
			dw_buf_reset(out);
		add_one(out, row, v->text);
		last = v;
	}
	return last;
}

static void
print_option(const struct options *o, size_t row)
{
	struct dw_buf value = DW_BUF_INITIALIZER, text = DW_BUF_INITIALIZER;
	const struct svc_limit *limit = option_limit(row);
	const struct option_value *v = add_values(&value, o, row);
	struct conf_place nowhere = { NULL, 0 };
	const char *dflt = option_default(row);

	if (limit != NULL) {
		dw_buf_reset(&value);
		add_limit(&value, limit, svc_limit_get(&o->limits, limit));
	} else if (v == NULL && dflt != NULL) {
		add_one(&value, row, dflt);
	}
	if (value.len == 0)
		dw_buf_addf(&text, "# %s", option_name(row));
	else if (option_is_list(row))
		dw_buf_addf(&text, "%s = {%s}", option_name(row),
		    dw_buf_str(&value));
	else
		dw_buf_addf(&text, "%s = %s", option_name(row),
		    dw_buf_str(&value));
	print_row(&text, v != NULL ? v->at : nowhere,
	    v != NULL          ? _("command line") :
		value.len == 0 ? _("not set") :
				 _("default"));
	dw_buf_fini(&value);
	dw_buf_fini(&text);
}

static bool
is_set_in(const struct conf_entry *e, const char *section)
{
	return strcmp(e->section, section) == 0 && e->key[0] != '\0';
}

/* All that the file sets in sections with this name and title. */
static void
print_section(const struct options *o, const struct conf_entry *section)
{
	struct dw_buf text = DW_BUF_INITIALIZER;

	printf("%s%s", section->section, section->title[0] != '\0' ? " " : "");
	if (section->title[0] != '\0') {
		add_quoted(&text, section->title);
		printf("%s", dw_buf_str(&text));
	}
	printf(" {\n");
	for (size_t i = 0; i < o->conf.nentries; i++) {
		const struct conf_entry *e = &o->conf.entries[i];

		if (!is_set_in(e, section->section) ||
		    strcmp(e->title, section->title) != 0)
			continue;
		dw_buf_reset(&text);
		dw_buf_addf(&text, "  %s = ", e->key);
		add_quoted(&text, e->value);
		print_row(&text, e->at, "");
	}
	printf("}\n");
	dw_buf_fini(&text);
}

void
options_print(const struct options *o)
{
	for (size_t i = 0; i < option_rows(); i++)
		if (option_is_for_file(i))
			print_option(o, i);
	for (size_t i = 0; i < o->conf.nentries; i++)
		if (o->conf.entries[i].section[0] != '\0' &&
		    o->conf.entries[i].key[0] == '\0')
			print_section(o, &o->conf.entries[i]);
}

/* ---- the example ---- */

/* A comment of as many rows as it needs. */
static void
print_comment(const char *text)
{
	size_t column = 0, len, width;

	for (; *text != '\0'; text += len + (text[len] == ' ')) {
		len = strcspn(text, " ");
		width = dw_text_width(text, len);
		if (column > 0 && column + 1 + width > COLUMNS) {
			printf("\n");
			column = 0;
		}
		printf("%s%.*s", column == 0 ? "# " : " ", (int)len, text);
		column += (column == 0 ? 2 : 1) + width;
	}
	printf("\n");
}

static void
print_example_limit(const struct svc_limit *limit)
{
	struct dw_buf text = DW_BUF_INITIALIZER;

	dw_buf_addf(&text, _("%" PRId64 " to %" PRId64 " %s %s"), limit->least,
	    limit->most, _(limit->unit), _(limit->sentence));
	print_comment(dw_buf_str(&text));
	dw_buf_reset(&text);
	add_limit(&text, limit, limit->dflt);
	printf("#%s = %s\n", limit->name, dw_buf_str(&text));
	dw_buf_fini(&text);
}

static void
print_example_option(size_t row)
{
	struct dw_buf text = DW_BUF_INITIALIZER;
	const char *dflt = option_default(row), *arg = option_arg(row);

	print_comment(_(option_help(row)));
	add_one(&text, row, dflt != NULL ? dflt : arg);
	printf(option_is_list(row) ? "#%s = {%s}\n" : "#%s = %s\n",
	    option_name(row), dw_buf_str(&text));
	dw_buf_fini(&text);
}

static void
print_example_people(void)
{
	printf("\n");
	print_comment(
	    _("Who may attach as an operator, beside the desk's own user and "
	      "root, and as what: operator, supervisor or admin. as is the "
	      "name for customers. A group is one of this system, and its "
	      "members may attach; both need operator-group. A relay "
	      "brings other users of this table, by ssh."));
	printf("#user lin {\n#  role = supervisor\n#  as = \"Lin\"\n"
	       "#  relay = false\n#}\n"
	       "#group support {\n#  role = operator\n#}\n");
}

static void
print_example_texts(void)
{
	printf("\n");
	print_comment(_("Texts that customers read:"));
	for (size_t i = 0; i < option_texts(); i++)
		print_comment(_(option_text_help(i)));
	printf("#texts {\n");
	for (size_t i = 0; i < option_texts(); i++)
		printf("#  %s = \"TEXT\"\n", option_text_name(i));
	printf("#}\n");
}

void
options_print_example(void)
{
	print_comment(
	    _("An example of a configuration file for deskwire, with "
	      "everything that there is, each with its default. "
	      "'deskwire config --example' writes it; deskwire.conf(5) says "
	      "more. A value with spaces has quotes around it."));
	printf("\n");
	print_comment(_("Another file, read in this place; a name without / "
			"at its beginning is beside this one."));
	printf("#include(\"people.conf\")\n");
	for (size_t i = 0; i < option_rows(); i++) {
		if (!option_is_for_file(i))
			continue;
		printf("\n");
		if (option_limit(i) != NULL)
			print_example_limit(option_limit(i));
		else
			print_example_option(i);
	}
	print_example_people();
	print_example_texts();
}
