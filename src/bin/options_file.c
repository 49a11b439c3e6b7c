/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file puts together what a configuration file and the command line say:
 * the command line counts more, and the defaults least.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "bin/option_rows.h"
#include "bin/paths.h"
#include "service/identity.h"

#define TEXT_MAX     900 /* fits a classic client's one read */
#define SENTENCE_MAX 300 /* beside others */

/* ---- what may be in a file ---- */

static const struct conf_section sections[] = {
	{ "user", true },
	{ "group", true },
	{ "texts", false },
};

static const struct conf_key section_keys[] = {
	{ "user", "role", false },
	{ "user", "as", false },
	{ "user", "relay", false },
	{ "group", "role", false },
};

static const struct {
	const char *name;
	size_t size; /* with its NUL */
	const char *help;
	size_t offset;
} texts[] = {
	{ "greeting", TEXT_MAX,
	    N_("greets customers; greeting = FILE takes it from a file"),
	    offsetof(struct options, greeting) },
	{ "nobody-on-duty", SENTENCE_MAX, N_("is said when nobody is on duty"),
	    offsetof(struct options, nobody_on_duty) },
	{ "closed", SENTENCE_MAX,
	    N_("is said when an operator closes a conversation"),
	    offsetof(struct options, closed) },
};
#define NTEXTS (sizeof texts / sizeof texts[0])

size_t
option_texts(void)
{
	return NTEXTS;
}

const char *
option_text_name(size_t i)
{
	return texts[i].name;
}

const char *
option_text_help(size_t i)
{
	return texts[i].help;
}

/* All keys, from the tables; the caller frees. */
static struct conf_key *
make_keys(size_t *n)
{
	size_t rows = option_rows(),
	       more = sizeof section_keys / sizeof section_keys[0];
	struct conf_key *keys = calloc(rows + more + NTEXTS, sizeof *keys);

	*n = 0;
	if (keys == NULL)
		return NULL;
	for (size_t i = 0; i < rows; i++)
		if (option_is_for_file(i))
			keys[(*n)++] = (struct conf_key){ "", option_name(i),
				option_is_list(i) };
	for (size_t i = 0; i < more; i++)
		keys[(*n)++] = section_keys[i];
	for (size_t i = 0; i < NTEXTS; i++)
		keys[(*n)++] =
		    (struct conf_key){ "texts", texts[i].name, false };
	return keys;
}

/* ---- what its values mean ---- */

static size_t
find_row(const char *name)
{
	size_t i = 0;

	while (!option_is_for_file(i) || strcmp(option_name(i), name) != 0)
		i++;
	return i;
}

static bool
is_on_command_line(const struct options *o, size_t row)
{
	for (size_t i = 0; i < o->ngiven; i++)
		if (strcmp(option_name(o->given[i].row), option_name(row)) == 0)
			return true;
	return false;
}

static void
add_value(struct options *o, const struct option_value *v)
{
	struct option_value *grown =
	    realloc(o->values, (o->nvalues + 1) * sizeof *grown);

	if (grown == NULL) {
		o->conf.no_memory = true;
		return;
	}
	o->values = grown;
	o->values[o->nvalues++] = *v;
}

/* Yes or no, of an option that takes no word on the command line. */
static void
set_flag(struct options *o, const struct conf_entry *e, size_t row)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	int flag = conf_boolean(e->value);

	if (flag < 0)
		conf_complain(&o->conf, e->at,
		    _("%s takes true or false, not \"%s\""), e->key, e->value);
	else if (flag > 0)
		(void)option_set(o, row, NULL, e->key, &why);
	dw_buf_fini(&why);
}

/* What the command line replaces is looked at all the same. */
static void
set_row(struct options *o, const struct conf_entry *e)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	size_t row = find_row(e->key);
	struct option_value v = { row, e->value, e->at };

	if (option_arg(row) == NULL)
		set_flag(o, e, row);
	else if (e->value[0] == '\0')
		conf_complain(&o->conf, e->at, _("%s needs a value"), e->key);
	else if (option_set(o, row, e->value, e->key, &why) < 0)
		conf_complain(&o->conf, e->at, "%s", dw_buf_str(&why));
	dw_buf_fini(&why);
	if (!is_on_command_line(o, row))
		add_value(o, &v);
}

const char *
option_text(const struct options *o, size_t i)
{
	return *(const char *const *)(const void *)((const char *)o +
	    texts[i].offset);
}

static void
set_text(struct options *o, const struct conf_entry *e)
{
	size_t i = 0;

	while (strcmp(texts[i].name, e->key) != 0)
		i++;
	if (strlen(e->value) >= texts[i].size || e->value[0] == '\0')
		conf_complain(&o->conf, e->at,
		    _("%s takes a text of 1 to %zu bytes, this one has %zu"),
		    e->key, texts[i].size - 1, strlen(e->value));
	else if (i == 0 && o->greeting_file != NULL)
		conf_complain(&o->conf, e->at,
		    _("there is a greeting in a file already; take one of the "
		      "two away"));
	else
		*(const char **)(void *)((char *)o + texts[i].offset) =
		    e->value;
}

static enum ev_role
role_of(struct options *o, const struct conf_entry *e)
{
	enum ev_role role = (enum ev_role)ev_value(&ev_roles, e->value);

	if (role == EV_ROLE_NONE)
		conf_complain(&o->conf, e->at,
		    _("%s takes operator, supervisor or admin, not \"%s\""),
		    e->key, e->value);
	return role;
}

static struct svc_user *
get_user(struct options *o, const struct conf_entry *e)
{
	struct svc_people *p = &o->people;

	for (size_t i = 0; i < p->nusers; i++)
		if (strcmp(p->users[i].login, e->title) == 0)
			return &p->users[i];
	p->users[p->nusers] =
	    (struct svc_user){ e->title, NULL, EV_ROLE_OPERATOR, false };
	return &p->users[p->nusers++];
}

static struct svc_group *
get_group(struct options *o, const struct conf_entry *e)
{
	struct svc_people *p = &o->people;

	for (size_t i = 0; i < p->ngroups; i++)
		if (strcmp(p->groups[i].name, e->title) == 0)
			return &p->groups[i];
	p->groups[p->ngroups] =
	    (struct svc_group){ e->title, EV_ROLE_OPERATOR };
	return &p->groups[p->ngroups++];
}

static bool
is_name(const char *name)
{
	struct dw_buf clean = DW_BUF_INITIALIZER;
	bool is;

	dw_text_name(&clean, name, strlen(name));
	is = name[0] != '\0' && strlen(name) < EV_NAME_SIZE &&
	    strcmp(dw_buf_str(&clean), name) == 0;
	dw_buf_fini(&clean);
	return is;
}

static void
check_name(struct options *o, const struct conf_entry *e, const char *name)
{
	if (!is_name(name))
		conf_complain(&o->conf, e->at,
		    _("\"%s\" is no name: it has 1 to %d letters, digits, - _ "
		      "and ."),
		    name, DW_TEXT_NAME_COLUMNS);
}

static void
set_relay(struct options *o, const struct conf_entry *e, struct svc_user *u)
{
	int flag = conf_boolean(e->value);

	if (flag < 0)
		conf_complain(&o->conf, e->at,
		    _("%s takes true or false, not \"%s\""), e->key, e->value);
	u->relay = flag > 0;
}

static void
set_user(struct options *o, const struct conf_entry *e)
{
	struct svc_user *u = get_user(o, e);

	if (e->key[0] == '\0')
		check_name(o, e, e->title);
	else if (strcmp(e->key, "role") == 0)
		u->role = role_of(o, e);
	else if (strcmp(e->key, "relay") == 0)
		set_relay(o, e, u);
	else {
		check_name(o, e, e->value);
		u->as = e->value;
	}
}

static void
set_group(struct options *o, const struct conf_entry *e)
{
	struct svc_group *g = get_group(o, e);

	if (e->key[0] == '\0')
		check_name(o, e, e->title);
	else
		g->role = role_of(o, e);
}

static void
set_entry(struct options *o, const struct conf_entry *e)
{
	if (strcmp(e->section, "user") == 0)
		set_user(o, e);
	else if (strcmp(e->section, "group") == 0)
		set_group(o, e);
	else if (e->section[0] == '\0')
		set_row(o, e);
	else if (e->key[0] != '\0')
		set_text(o, e);
}

/* ---- both together ---- */

char *
options_file(const struct options *o)
{
	return o->config_file != NULL ? strdup(o->config_file) : path_config();
}

/* Everything as it is before anybody says anything, but for what was said. */
static void
reset(struct options *o)
{
	struct options fresh = { .given = o->given,
		.ngiven = o->ngiven,
		.config_file = o->config_file,
		.example = o->example };

	options_forget(o);
	*o = fresh;
	svc_limits_init(&o->limits);
}

/* Each of its values is good: it was so before. */
static void
set_given(struct options *o)
{
	struct dw_buf why = DW_BUF_INITIALIZER;

	for (size_t i = 0; i < o->ngiven; i++) {
		const struct option_value *v = &o->given[i];

		(void)option_set(o, v->row, v->text, "", &why);
		if (strcmp(option_name(v->row), "greeting") == 0)
			o->greeting = NULL;
		add_value(o, v);
	}
	dw_buf_fini(&why);
}

/* The command line's replace the file's. */
static void
forget_lists(struct options *o)
{
	for (size_t i = 0; i < option_rows(); i++)
		if (option_is_list(i) && is_on_command_line(o, i))
			option_list(o, i)->n = 0;
}

/* Who of the rows before is called so; NULL: nobody. */
static const struct svc_user *
find_called(const struct options *o, size_t before, const char *name)
{
	for (size_t i = 0; i < before; i++) {
		const struct svc_user *u = &o->people.users[i];

		if (svc_is_same_name(u->login, name) ||
		    (u->as != NULL && svc_is_same_name(u->as, name)))
			return u;
	}
	return NULL;
}

/* The first that is told of this user: its section, or a value in one that does
 * not end as it should; with a key, where that is set. */
static struct conf_place
place_of_user(const struct options *o, const char *login, const char *key)
{
	struct conf_place at = { NULL, 0 };

	for (size_t i = o->conf.nentries; i-- > 0;) {
		const struct conf_entry *e = &o->conf.entries[i];

		if (strcmp(e->section, "user") == 0 &&
		    strcmp(e->title, login) == 0 &&
		    (key == NULL || strcmp(e->key, key) == 0))
			at = e->at;
	}
	assert(at.file != NULL);
	return at;
}

/* Customers are never to take one operator for another, and whoever comes second
 * would be refused. */
static void
check_names(struct options *o)
{
	for (size_t i = 0; i < o->people.nusers; i++) {
		const struct svc_user *u = &o->people.users[i], *other;
		const char *name = u->login;

		other = find_called(o, i, name);
		if (other == NULL && u->as != NULL)
			other = find_called(o, i, name = u->as);
		if (other != NULL)
			conf_complain(&o->conf,
			    place_of_user(o, u->login,
				name == u->as ? "as" : NULL),
			    _("\"%s\" is what customers may know the user %s "
			      "by; choose another name"),
			    name, other->login);
	}
}

static void
set_all(struct options *o)
{
	size_t n = o->conf.nentries;

	o->people.users = calloc(n + 1, sizeof *o->people.users);
	o->people.groups = calloc(n + 1, sizeof *o->people.groups);
	if (o->people.users == NULL || o->people.groups == NULL) {
		o->conf.no_memory = true;
		return;
	}
	/* A text may be refused for an option that stands behind it. */
	for (size_t i = 0; i < n; i++)
		if (o->conf.entries[i].section[0] == '\0')
			set_entry(o, &o->conf.entries[i]);
	for (size_t i = 0; i < n; i++)
		if (o->conf.entries[i].section[0] != '\0')
			set_entry(o, &o->conf.entries[i]);
	check_names(o);
	forget_lists(o);
	set_given(o);
	o->people.operator_group = (char *)o->operator_group;
}

static void
read_conf(struct options *o, const char *path)
{
	struct conf_rules rules = { .sections = sections,
		.nsections = sizeof sections / sizeof sections[0] };
	struct conf_key *keys = make_keys(&rules.nkeys);

	if (keys == NULL) {
		o->conf.no_memory = true;
		return;
	}
	rules.keys = keys;
	conf_read(&o->conf, &rules, path);
	free(keys);
	/* The usual one may be absent. */
	if (o->conf.absent && o->config_file == NULL)
		conf_free(&o->conf);
}

/* Returns false when something is wrong, which the conf tells. */
static bool
load(struct options *o)
{
	char *path = options_file(o);

	reset(o);
	if (path != NULL)
		read_conf(o, path);
	free(path);
	if (!o->conf.no_memory)
		set_all(o);
	conf_sort(&o->conf);
	return o->conf.nproblems == 0 && !o->conf.no_memory;
}

/* The first of what is wrong. */
static void
first_problem(const struct options *o, struct dw_buf *why)
{
	char *text = NULL;

	if (o->conf.nproblems > 0)
		text = conf_problem_text(&o->conf.problems[0]);
	dw_buf_adds(why, text != NULL ? text : _("out of memory"));
	free(text);
}

int
options_load(struct options *o, enum verb_set verb)
{
	struct dw_buf why = DW_BUF_INITIALIZER;

	if (load(o) || verb == VERB_CHECK || verb == VERB_DOCTOR)
		return o->conf.no_memory ? DW_STATUS_FAILED : -1;
	first_problem(o, &why);
	print_error("%s", dw_buf_str(&why));
	dw_buf_fini(&why);
	return DW_STATUS_CONFIG;
}

int
options_reread(const struct options *from, struct options *to,
    struct dw_buf *why)
{
	memset(to, 0, sizeof *to);
	to->config_file = from->config_file;
	to->given = calloc(from->ngiven + 1, sizeof *to->given);
	if (to->given == NULL) {
		dw_buf_adds(why, _("out of memory"));
		return -EINVAL;
	}
	memcpy(to->given, from->given, from->ngiven * sizeof *to->given);
	to->ngiven = from->ngiven;
	if (load(to))
		return 0;
	first_problem(to, why);
	return -EINVAL;
}

/* ---- two of them ---- */

static const struct option_value *
nth_value(const struct options *o, size_t row, size_t n)
{
	for (size_t i = 0; i < o->nvalues; i++)
		if (o->values[i].row == row && n-- == 0)
			return &o->values[i];
	return NULL;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_row(const struct options *a, const struct options *b, size_t row)
{
	const struct svc_limit *limit = option_limit(row);

	if (limit != NULL)
		return svc_limit_get(&a->limits, limit) ==
		    svc_limit_get(&b->limits, limit);
	for (size_t n = 0;; n++) {
		const struct option_value *va = nth_value(a, row, n),
					  *vb = nth_value(b, row, n);

		if (va == NULL || vb == NULL)
			return va == vb;
		if (!same_text(va->text, vb->text))
			return false;
	}
}

static bool
same_users(const struct svc_people *a, const struct svc_people *b)
{
	if (a->nusers != b->nusers)
		return false;
	for (size_t i = 0; i < a->nusers; i++)
		if (!same_text(a->users[i].login, b->users[i].login) ||
		    !same_text(a->users[i].as, b->users[i].as) ||
		    a->users[i].role != b->users[i].role ||
		    a->users[i].relay != b->users[i].relay)
			return false;
	return true;
}

static bool
same_groups(const struct svc_people *a, const struct svc_people *b)
{
	if (a->ngroups != b->ngroups)
		return false;
	for (size_t i = 0; i < a->ngroups; i++)
		if (!same_text(a->groups[i].name, b->groups[i].name) ||
		    a->groups[i].role != b->groups[i].role)
			return false;
	return true;
}

static void
add_word(struct dw_buf *list, const char *word)
{
	if (list->len > 0)
		dw_buf_adds(list, ", ");
	dw_buf_adds(list, word);
}

static bool
is_live(size_t row)
{
	static const char *const live[] = { "name", "greeting", "hours" };
	const struct svc_limit *limit = option_limit(row);

	if (limit != NULL)
		return !svc_limit_is_fixed(limit);
	for (size_t i = 0; i < sizeof live / sizeof live[0]; i++)
		if (strcmp(option_name(row), live[i]) == 0)
			return true;
	return false;
}

void
options_compare(const struct options *from, const struct options *to,
    struct dw_buf *live, struct dw_buf *fixed)
{
	for (size_t i = 0; i < option_rows(); i++)
		if (option_is_for_file(i) && !same_row(from, to, i))
			add_word(is_live(i) ? live : fixed, option_name(i));
	for (size_t i = 0; i < NTEXTS; i++)
		if (!same_text(option_text(from, i), option_text(to, i)))
			add_word(live, texts[i].name);
	if (!same_users(&from->people, &to->people))
		add_word(live, "user");
	if (!same_groups(&from->people, &to->people))
		add_word(live, "group");
}
