/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file reads a configuration file with libconfuse.  Everything is a text
 * for it, so that no number of its own can overflow, and each value comes to
 * on_value() while its line is known.  It ends at the first key that it does not
 * know; that key is told, made known, and the file is read again, so that all
 * are told.
 */
#include "config.h"

#include <confuse.h>

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/text.h"
#include "bin/conf.h"
#include "bin/conf_text.h"
#include "bin/paths.h"

#define DEPTH_MAX    8
#define INCLUDED_MAX 100 /* files; each may include others more than once */
#define FILE_MAX     ((size_t)1024 * 1024)
#define ENTRIES_MAX  2000 /* settings; each is compared with those before */
#define STRANGERS    20   /* unknown keys, and no more of them */
#define NEAR_LETTERS 3    /* a word this far away may be what was meant */

/* A key that nobody knows. */
struct stranger {
	char *section, *name;
	struct conf_place at;
};

static struct reading {
	struct conf *conf;
	const struct conf_rules *rules;
	const char *file; /* being read */
	unsigned depth, included;
	struct stranger strangers[STRANGERS];
	size_t nstrangers;
	bool again;     /* there is one more than before */
	cfg_t **parsed; /* to be freed at the end */
	size_t nparsed;
} *reading;

/* ---- the lists ---- */

static void *
grow(void *all, size_t n, size_t size)
{
	/* By powers of two: at 8, 16, 32, …; an emptied one has room already. */
	if (all == NULL)
		return malloc(8 * size);
	if (n < 8 || (n & (n - 1)) != 0)
		return all;
	return realloc(all, 2 * n * size);
}

static void
drop_entries(struct conf *conf)
{
	for (size_t i = 0; i < conf->nentries; i++) {
		free(conf->entries[i].section);
		free(conf->entries[i].title);
		free(conf->entries[i].key);
		free(conf->entries[i].value);
	}
	conf->nentries = 0;
}

static void
drop_problems(struct conf *conf)
{
	for (size_t i = 0; i < conf->nproblems; i++)
		free(conf->problems[i].text);
	conf->nproblems = 0;
}

void
conf_free(struct conf *conf)
{
	drop_entries(conf);
	drop_problems(conf);
	for (size_t i = 0; i < conf->nfiles; i++)
		free(conf->files[i]);
	free(conf->entries);
	free(conf->problems);
	free(conf->files);
	memset(conf, 0, sizeof *conf);
}

static void
add_problem(struct conf *conf, struct conf_place at, char *text)
{
	struct conf_problem *grown =
	    grow(conf->problems, conf->nproblems, sizeof *grown);

	if (grown != NULL)
		conf->problems = grown;
	if (grown == NULL || text == NULL) {
		conf->no_memory = true;
		free(text);
		return;
	}
	grown[conf->nproblems++] = (struct conf_problem){ at, text };
}

int
conf_boolean(const char *value)
{
	return cfg_parse_boolean(value);
}

void
conf_complain(struct conf *conf, struct conf_place at, const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	add_problem(conf, at, text);
}

/* It has words of the file, and goes to a terminal or a log. */
char *
conf_problem_text(const struct conf_problem *p)
{
	struct dw_buf raw = DW_BUF_INITIALIZER, text = DW_BUF_INITIALIZER;

	dw_buf_adds(&raw, p->at.file);
	if (p->at.line != 0)
		dw_buf_addf(&raw, ":%u", p->at.line);
	dw_buf_addf(&raw, ": %s", p->text);
	(void)dw_text_printable(&text, dw_buf_str(&raw), raw.len, 0);
	dw_buf_fini(&raw);
	return dw_buf_take(&text);
}

/* The same name is the same pointer, and lives as long as the conf. */
static const char *
remember_file(struct conf *conf, const char *path)
{
	char **grown, *copy;

	for (size_t i = 0; i < conf->nfiles; i++)
		if (strcmp(conf->files[i], path) == 0)
			return conf->files[i];
	grown = grow(conf->files, conf->nfiles, sizeof *grown);
	if (grown != NULL)
		conf->files = grown;
	if (grown == NULL || (copy = strdup(path)) == NULL) {
		conf->no_memory = true;
		return NULL;
	}
	return grown[conf->nfiles++] = copy;
}

static void
add_entry(struct conf *conf, const struct conf_entry *e)
{
	struct conf_entry *grown = grow(conf->entries, conf->nentries,
			      sizeof *grown),
			  *to;

	if (grown == NULL) {
		conf->no_memory = true;
		return;
	}
	conf->entries = grown;
	to = &grown[conf->nentries++];
	to->section = strdup(e->section);
	to->title = strdup(e->title);
	to->key = strdup(e->key);
	to->value = strdup(e->value);
	to->at = e->at;
	if (to->section == NULL || to->title == NULL || to->key == NULL ||
	    to->value == NULL)
		conf->no_memory = true;
}

/* ---- what libconfuse finds ---- */

/* A section's name; of the file itself "". */
static const char *
section_of(cfg_t *cfg)
{
	return strcmp(cfg_name(cfg), "root") == 0 ? "" : cfg_name(cfg);
}

static const char *
title_of(cfg_t *cfg)
{
	return cfg_title(cfg) != NULL ? cfg_title(cfg) : "";
}

static struct conf_place
place_of(cfg_t *cfg)
{
	struct conf_place at = { reading->file, (unsigned)cfg->line };

	return at;
}

static const struct conf_entry *
find_entry(const struct conf_entry *like)
{
	const struct conf *conf = reading->conf;

	for (size_t i = 0; i < conf->nentries; i++) {
		const struct conf_entry *e = &conf->entries[i];

		if (strcmp(e->section, like->section) == 0 &&
		    strcmp(e->title, like->title) == 0 &&
		    strcmp(e->key, like->key) == 0)
			return e;
	}
	return NULL;
}

/* Would be taken for another section's: libconfuse reads texts|greeting. */
static bool
is_of_section(cfg_t *cfg, const cfg_opt_t *opt)
{
	const cfg_opt_t *o;

	for (unsigned i = 0; (o = cfg_getnopt(cfg, i)) != NULL; i++)
		if (o == opt)
			return true;
	return false;
}

static bool
has_control(const char *value, bool rows)
{
	for (; *value != '\0'; value++)
		if (((unsigned char)*value < ' ' &&
			!(rows && *value == '\n')) ||
		    *value == 0x7f)
			return true;
	return false;
}

static void
take_value(cfg_t *cfg, cfg_opt_t *opt, struct conf_entry *e)
{
	struct conf *conf = reading->conf;
	const struct conf_entry *before = find_entry(e);
	/* libconfuse has counted this one already. */
	bool more = (opt->flags & CFGF_LIST) != 0 && cfg_opt_size(opt) > 1;

	if (!is_of_section(cfg, opt))
		conf_complain(conf, e->at,
		    _("%s stands in a section: write the section's name, and "
		      "in braces %s = VALUE"),
		    e->key, e->key);
	else if (before != NULL && !more)
		conf_complain(conf, e->at,
		    _("%s is set a second time, after %s:%u; take one of the "
		      "two away"),
		    e->key, before->at.file, before->at.line);
	else if (has_control(e->value, strcmp(e->section, "texts") == 0))
		conf_complain(conf, e->at,
		    _("the value of %s has a control character"), e->key);
	else
		add_entry(conf, e);
}

/* Returns whether that is told: then the reading ends. */
static bool
is_one_too_many(cfg_t *cfg)
{
	if (reading->conf->nentries < ENTRIES_MAX)
		return false;
	conf_complain(reading->conf, place_of(cfg),
	    _("more than %d settings; operators may be named by their group"),
	    ENTRIES_MAX);
	return true;
}

static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct conf_entry e = { (char *)section_of(cfg), (char *)title_of(cfg),
		(char *)cfg_opt_name(opt), (char *)value, place_of(cfg) };

	if (is_one_too_many(cfg))
		return -1;
	take_value(cfg, opt, &e);
	*(const char **)result = value;
	return 0;
}

static int
on_stranger(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	(void)cfg;
	(void)opt;
	*(const char **)result = value;
	return 0;
}

/* At the end of a section: one with no value at all counts, too.  Of a second
 * one with the same name libconfuse keeps the last. */
static int
on_section(cfg_t *cfg, cfg_opt_t *opt)
{
	struct conf *conf = reading->conf;
	cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	struct conf_entry e = { (char *)cfg_opt_name(opt),
		(char *)title_of(section), "", "", place_of(cfg) };
	if (is_one_too_many(cfg))
		return -1;
	if (find_entry(&e) == NULL)
		add_entry(conf, &e);
	return 0;
}

/* ---- what is not known ---- */

static const char *
nearest(const char *section, const char *name)
{
	const struct conf_rules *rules = reading->rules;
	unsigned best = NEAR_LETTERS + 1, d;
	const char *found = NULL;

	for (size_t i = 0; i < rules->nkeys; i++)
		if (strcmp(rules->keys[i].section, section) == 0 &&
		    (d = conf_distance(name, rules->keys[i].name)) < best) {
			best = d;
			found = rules->keys[i].name;
		}
	for (size_t i = 0; i < rules->nsections && section[0] == '\0'; i++)
		if ((d = conf_distance(name, rules->sections[i].name)) < best) {
			best = d;
			found = rules->sections[i].name;
		}
	/* Of short words everything is near. */
	return best * 2 <= strlen(name) ? found : NULL;
}

/* Where it may stand, when it is another section's. */
static const struct conf_key *
elsewhere(const char *section, const char *name)
{
	const struct conf_rules *rules = reading->rules;

	for (size_t i = 0; i < rules->nkeys; i++)
		if (strcmp(rules->keys[i].section, section) != 0 &&
		    strcmp(rules->keys[i].name, name) == 0)
			return &rules->keys[i];
	return NULL;
}

static void
complain_of_stranger(const struct stranger *s)
{
	const struct conf_key *other = elsewhere(s->section, s->name);
	const char *near = nearest(s->section, s->name);

	if (other != NULL && other->section[0] == '\0')
		conf_complain(reading->conf, s->at,
		    _("%s stands in no section; move it out of %s { … }"),
		    s->name, s->section);
	else if (other != NULL)
		conf_complain(reading->conf, s->at,
		    _("%s stands in the section %s { … }"), s->name,
		    other->section);
	else if (near != NULL)
		conf_complain(reading->conf, s->at,
		    _("there is no %s; %s is what comes nearest"), s->name,
		    near);
	else
		conf_complain(reading->conf, s->at,
		    _("there is no %s; 'deskwire config --example' has "
		      "everything that there is, and a value with a space "
		      "in it has quotes around it"),
		    s->name);
}

static bool
is_stranger(const char *section, const char *name)
{
	for (size_t i = 0; i < reading->nstrangers; i++)
		if (strcmp(reading->strangers[i].section, section) == 0 &&
		    strcmp(reading->strangers[i].name, name) == 0)
			return true;
	return false;
}

/* Returns whether it is told. */
static bool
note_stranger(cfg_t *cfg, const char *name)
{
	struct stranger *s = &reading->strangers[reading->nstrangers];

	if (reading->nstrangers == STRANGERS)
		return false;
	s->section = strdup(section_of(cfg));
	s->name = strdup(name);
	s->at = place_of(cfg);
	if (s->section == NULL || s->name == NULL) {
		free(s->section);
		free(s->name);
		reading->conf->no_memory = true;
		return false;
	}
	reading->nstrangers++;
	return reading->again = true;
}

/* ---- what libconfuse says ---- */

/* Its errors, in our words: these go before and behind the word that it names. */
static const struct {
	const char *its, *before, *behind;
} errors[] = {
	{ "no such option '%s'", N_("there is no "), "" },
	{ "missing equal sign after option '%s'",
	    N_("an equal sign is needed behind "), "" },
	{ "unexpected token '%s'",
	    N_("this stands where nothing like it may: "),
	    N_("; a setting is KEY = VALUE, with quotes around a value that "
	       "has spaces") },
	{ "attempt to append to non-list option '%s'",
	    N_("only one value can be given for "), N_("; write =, not +=") },
	{ "missing opening brace for section '%s'",
	    N_("a brace { is needed behind "), "" },
	{ "missing title for section '%s'", N_("a name is needed behind "),
	    N_(", as in user lin { … }") },
	{ "missing parenthesis for function '%s'",
	    N_("write it as include(\"FILE\"): "), "" },
	{ "syntax error in call of function '%s'",
	    N_("write it as include(\"FILE\"): "), "" },
	{ "premature end of file",
	    N_("the file ends in the midst of a setting or a section; is a "
	       "value or a } missing?"),
	    NULL },
	{ "unexpected closing brace", N_("this } closes nothing; take it away"),
	    NULL },
};
#define NERRORS (sizeof errors / sizeof errors[0])
#define UNKNOWN 0 /* their rows */
#define NO_SIGN 1

/* It may speak the user's language. */
static const char *
its_words(const char *text)
{
#if ENABLE_NLS
	return dgettext("confuse", text);
#else
	return text;
#endif
}

static size_t
find_error(const char *format)
{
	size_t i = 0;

	while (i < NERRORS && strcmp(its_words(errors[i].its), format) != 0 &&
	    strcmp(errors[i].its, format) != 0)
		i++;
	return i;
}

static void on_error(cfg_t *cfg, const char *format, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
on_error(cfg_t *cfg, const char *format, va_list ap)
{
	size_t i = find_error(format);
	const char *word = "";
	char *text = NULL;

	if (i < NERRORS && errors[i].behind != NULL)
		word = va_arg(ap, const char *);
	if (i == UNKNOWN && note_stranger(cfg, word))
		return;
	/* It was no value but a section: told already. */
	if (i == NO_SIGN && is_stranger(section_of(cfg), word))
		return;
	if (i == NERRORS && vasprintf(&text, format, ap) < 0)
		text = NULL;
	if (i < NERRORS &&
	    asprintf(&text, "%s%s%s", _(errors[i].before), word,
		errors[i].behind != NULL && *errors[i].behind != '\0' ?
		    _(errors[i].behind) :
		    "") < 0)
		text = NULL;
	add_problem(reading->conf, place_of(cfg), text);
}

/* ---- one file ---- */

static int on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv);

/* All keys of a section, and the strangers in it; the caller frees. */
static cfg_opt_t *
make_opts(const char *section, size_t more)
{
	static const cfg_opt_t end = CFG_END();
	const struct conf_rules *rules = reading->rules;
	cfg_opt_t *opts, *o;

	opts = calloc(rules->nkeys + STRANGERS + more + 1, sizeof *opts);
	if (opts == NULL)
		return NULL;
	o = opts;
	for (size_t i = 0; i < rules->nkeys; i++) {
		const struct conf_key *k = &rules->keys[i];
		cfg_opt_t one = CFG_STR_CB(k->name, NULL, CFGF_NONE, on_value);
		cfg_opt_t list =
		    CFG_STR_LIST_CB(k->name, NULL, CFGF_NONE, on_value);

		if (strcmp(k->section, section) == 0)
			*o++ = k->list ? list : one;
	}
	for (size_t i = 0; i < reading->nstrangers; i++) {
		cfg_opt_t list = CFG_STR_LIST_CB(reading->strangers[i].name,
		    NULL, CFGF_NONE, on_stranger);

		if (strcmp(reading->strangers[i].section, section) == 0)
			*o++ = list;
	}
	*o = end;
	return opts;
}

/* Behind its keys the file has its sections, and include. */
static cfg_opt_t *
make_all_opts(cfg_opt_t **sections)
{
	static const cfg_opt_t end = CFG_END();
	const struct conf_rules *rules = reading->rules;
	cfg_opt_t *opts = make_opts("", rules->nsections + 1), *o = opts;
	cfg_opt_t include = CFG_FUNC("include", on_include);

	while (opts != NULL && o->name != NULL)
		o++;
	for (size_t i = 0; i < rules->nsections && opts != NULL; i++) {
		cfg_opt_t section = CFG_SEC(rules->sections[i].name, NULL,
		    rules->sections[i].titled ? CFGF_TITLE | CFGF_MULTI :
						CFGF_NONE);

		sections[i] = make_opts(rules->sections[i].name, 0);
		section.subopts = sections[i];
		section.validcb = on_section;
		if (sections[i] == NULL)
			reading->conf->no_memory = true;
		else
			*o++ = section;
	}
	if (opts != NULL) {
		*o++ = include;
		*o = end;
	}
	return opts;
}

/* cfg_free() throws the scanner away, and with it the rest of the file that
 * included this one. */
static void
keep_parsed(cfg_t *cfg)
{
	cfg_t **grown =
	    grow(reading->parsed, reading->nparsed, sizeof(cfg_t *));

	if (grown == NULL) {
		reading->conf->no_memory = true;
		return;
	}
	reading->parsed = grown;
	reading->parsed[reading->nparsed++] = cfg;
}

static void
free_parsed(void)
{
	for (size_t i = 0; i < reading->nparsed; i++)
		cfg_free(reading->parsed[i]);
	reading->nparsed = 0;
}

static void
parse(const char *text)
{
	size_t n = reading->rules->nsections;
	cfg_opt_t **sections = calloc(n + 1, sizeof *sections);
	cfg_opt_t *opts = sections != NULL ? make_all_opts(sections) : NULL;
	cfg_t *cfg = opts != NULL ? cfg_init(opts, CFGF_NONE) : NULL;

	if (cfg != NULL) {
		cfg_set_error_function(cfg, on_error);
		(void)cfg_parse_buf(cfg, text); /* on_error() was told */
		keep_parsed(cfg);
	} else {
		reading->conf->no_memory = true;
	}
	for (size_t i = 0; i < n && sections != NULL; i++)
		free(sections[i]);
	free(sections);
	free(opts);
}

/* A file says who may do what: whoever may write to it could say that of
 * itself. */
static bool
is_everybodys(FILE *f)
{
	struct stat st;

	return fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & S_IWOTH) != 0;
}

/* No errno is that; error_text() has words for it. */
#define EVERYBODYS (-1)

static const char *
error_text(int error)
{
	return error == EVERYBODYS ?
	    _("everybody may write to it, and could become an admin of this "
	      "desk; take that away with chmod o-w") :
	    path_error(error);
}

/* Returns 0, an errno or EVERYBODYS. */
static int
read_text(const char *path, struct dw_buf *text)
{
	FILE *f = path_open(path);
	char chunk[4096];
	size_t n;
	int error;

	if (f == NULL)
		return errno;
	if (is_everybodys(f)) {
		fclose(f);
		return EVERYBODYS;
	}
	text->max = FILE_MAX;
	while (!text->failed && (n = fread(chunk, 1, sizeof chunk, f)) > 0)
		(void)dw_buf_add(text, chunk, n);
	error = ferror(f) ? errno : text->failed ? EFBIG : 0;
	/* An empty text is none for libconfuse. */
	if (error == 0 && dw_buf_adds(text, "\n") < 0)
		error = EFBIG;
	fclose(f);
	return error;
}

static bool
is_utf8(const struct dw_buf *text, unsigned *line)
{
	size_t valid = dw_text_valid(text->data, text->len);

	*line = 1;
	for (size_t i = 0; i < valid; i++)
		*line += text->data[i] == '\n';
	return valid == text->len;
}

static void
read_prepared(struct dw_buf *text)
{
	unsigned line;
	const char *wrong = conf_text_prepare(text->data, text->len, &line);
	struct conf_place at = { reading->file, line };

	if (wrong == NULL && !is_utf8(text, &at.line))
		wrong = N_("this line is not UTF-8");
	if (wrong != NULL)
		conf_complain(reading->conf, at, "%s", _(wrong));
	else
		parse(text->data);
}

/* Returns 0, or why it cannot be read, for error_text(). */
static int
read_file(const char *path)
{
	struct dw_buf text = DW_BUF_INITIALIZER;
	const char *outer = reading->file;
	int error = read_text(path, &text);

	if (error == 0 &&
	    (reading->file = remember_file(reading->conf, path)) != NULL)
		read_prepared(&text);
	reading->file = outer;
	dw_buf_fini(&text);
	return error;
}

/* Relative to the file that includes it. */
static char *
included_path(const char *name)
{
	const char *slash = strrchr(reading->file, '/');
	char *path;

	if (name[0] == '/' || slash == NULL)
		return strdup(name);
	return asprintf(&path, "%.*s/%s", (int)(slash - reading->file),
		   reading->file, name) < 0 ?
	    NULL :
	    path;
}

/* libconfuse's own cfg_include() leaves its pile of files behind after an error,
 * so an included file is read like any other. */
static int
on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	char *path;
	int error = 0;

	(void)opt;
	if (argc != 1) {
		conf_complain(reading->conf, place_of(cfg),
		    _("include takes one file: write it as "
		      "include(\"FILE\")"));
		return 0;
	}
	/* It is told once. */
	if (reading->included++ >= INCLUDED_MAX) {
		if (reading->included == INCLUDED_MAX + 1)
			conf_complain(reading->conf, place_of(cfg),
			    _("more than %d files are included; does one "
			      "include itself?"),
			    INCLUDED_MAX);
		return 0;
	}
	if (reading->depth == DEPTH_MAX) {
		conf_complain(reading->conf, place_of(cfg),
		    _("files include each other more than %d deep; does one "
		      "include itself?"),
		    DEPTH_MAX);
		return 0;
	}
	reading->depth++;
	if ((path = included_path(argv[0])) == NULL)
		reading->conf->no_memory = true;
	else if ((error = read_file(path)) != 0)
		conf_complain(reading->conf, place_of(cfg),
		    _("cannot read %s: %s"), path, error_text(error));
	free(path);
	reading->depth--;
	return 0;
}

/* ---- all of it ---- */

static size_t
file_number(const struct conf *conf, const char *file)
{
	size_t i = 0;

	while (i < conf->nfiles && conf->files[i] != file)
		i++;
	return i;
}

/* In the order of the lines; what is told of one line stays in its order. */
void
conf_sort(struct conf *conf)
{
	for (size_t i = 1; i < conf->nproblems; i++)
		for (size_t j = i; j > 0; j--) {
			struct conf_problem *a = &conf->problems[j - 1],
					    *b = &conf->problems[j], moved = *b;
			size_t fa = file_number(conf, a->at.file),
			       fb = file_number(conf, b->at.file);

			if (fa < fb || (fa == fb && a->at.line <= b->at.line))
				break;
			*b = *a;
			*a = moved;
		}
}

static void
forget_strangers(struct reading *r)
{
	for (size_t i = 0; i < r->nstrangers; i++) {
		free(r->strangers[i].section);
		free(r->strangers[i].name);
	}
}

void
conf_read(struct conf *conf, const struct conf_rules *rules, const char *path)
{
	struct reading r = { .conf = conf, .rules = rules };
	struct conf_place nowhere = { path, 0 };
	int error = 0;

	assert(reading == NULL);
	memset(conf, 0, sizeof *conf);
	reading = &r;
	do {
		r.again = false;
		r.included = 0;
		drop_entries(conf);
		drop_problems(conf);
		error = read_file(path);
		free_parsed();
	} while (r.again && !conf->no_memory);
	for (size_t i = 0; i < r.nstrangers; i++)
		complain_of_stranger(&r.strangers[i]);
	conf->absent = error == ENOENT;
	if (error != 0) {
		nowhere.file = remember_file(conf, path);
		conf_complain(conf, nowhere, _("cannot be read: %s"),
		    error_text(error));
	}
	forget_strangers(&r);
	free(r.parsed);
	reading = NULL;
}
