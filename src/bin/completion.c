/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The verb completion writes what a shell completes this program's words with,
 * from the tables of verbs, options and commands.  It is in English in every
 * language, as data/completions has it.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "bin/option_rows.h"
#include "bin/verbs.h"
#include "desk/command.h"

#define SHELLS "bash zsh fish"

/* How each shell completes what an option takes, by the word that --help has
 * for it. */
static const struct kind {
	const char *arg, *bash, *zsh, *fish;
} kinds[] = {
	{ "FILE", "compgen -f", "_files", "-r -F" },
	{ "PATH", "compgen -f", "_files", "-r -F" },
	{ "DIR", "compgen -d", "_directories",
	    "-x -a '(__fish_complete_directories)'" },
	{ "GROUP", "compgen -g", "_groups",
	    "-x -a '(__fish_complete_groups)'" },
	{ "USER", "compgen -u", "_users", "-x -a '(__fish_complete_users)'" },
};

/* What ctl takes besides the desk's own commands. */
static const char *const ctl_words[] = { "list", "metrics", "reply", "status",
	"watch" };

static const struct kind *
kind_of(size_t row)
{
	const char *arg = option_arg(row);

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (arg != NULL && strcmp(kinds[i].arg, arg) == 0)
			return &kinds[i];
	return NULL;
}

/* There may be one of the same name that takes none, of another verb. */
static bool
always_takes_arg(size_t row)
{
	for (size_t i = 0; i < option_rows(); i++)
		if (strcmp(option_name(i), option_name(row)) == 0 &&
		    option_arg(i) == NULL)
			return false;
	return true;
}

/* The words of a list that has spaces or commas between them. */
static void
print_list(const char *list)
{
	size_t len;
	const char *before = "";

	for (; *list != '\0'; list += len + strspn(list + len, ", ")) {
		len = strcspn(list, ", ");
		printf("%s%.*s", before, (int)len, list);
		before = " ";
	}
}

/* One sentence, or its first half; with a backslash before each of these. */
static void
print_help_text(const char *help, const char *special)
{
	for (; *help != '\0' && *help != ';'; help++) {
		if (strchr(special, *help) != NULL)
			putchar('\\');
		putchar(*help);
	}
}

static void
print_option_text(size_t row, const char *special)
{
	const struct svc_limit *limit = option_limit(row);

	if (limit != NULL)
		printf("%s ", limit->unit);
	print_help_text(option_help(row), special);
}

static void
print_verb_names(void)
{
	size_t n;
	const struct verb *verbs = verb_rows(&n);

	for (size_t i = 0; i < n; i++)
		printf("%s%s", i > 0 ? " " : "", verbs[i].name);
}

static void
print_ctl_words(void)
{
	size_t n;
	const struct desk_command *commands = desk_commands(&n);
	const char *rest;

	for (size_t i = 0; i < n; i++)
		printf("%s%s", i > 0 ? " " : "", commands[i].row.name);
	for (size_t i = 0; i < sizeof ctl_words / sizeof ctl_words[0]; i++)
		if (desk_command_find(ctl_words[i], &rest) == NULL)
			printf(" %s", ctl_words[i]);
}

static bool
has_words(enum verb_set verb)
{
	return verb == VERB_COMPLETION || verb == VERB_CTL;
}

/* Those that may follow the verb itself. */
static void
print_verb_words(enum verb_set verb)
{
	if (verb == VERB_COMPLETION)
		printf(SHELLS);
	else
		print_ctl_words();
}

/* ---- bash ---- */

static void
bash_options(enum verb_set verb)
{
	for (size_t i = 0; i < option_rows(); i++)
		if (option_belongs_to(i, verb))
			printf(" --%s%s", option_name(i),
			    option_arg(i) != NULL ? "=" : "");
}

static void
bash_verbs(void)
{
	size_t n;
	const struct verb *verbs = verb_rows(&n);

	for (size_t i = 0; i < n; i++) {
		printf("\t%s)\n\t\toptions=\"--help --version", verbs[i].name);
		bash_options(verbs[i].set);
		printf("\"\n");
		if (has_words(verbs[i].set)) {
			printf("\t\twords=\"");
			print_verb_words(verbs[i].set);
			printf("\"\n");
		}
		printf("\t\t;;\n");
	}
}

/* What completes behind that option. */
static void
bash_value(size_t row)
{
	const struct kind *kind = kind_of(row);
	const char *words = option_words(row);

	if (option_letter(row) != 0)
		printf("\t-%c | --%s) ", option_letter(row), option_name(row));
	else
		printf("\t--%s) ", option_name(row));
	if (words != NULL) {
		printf("_deskwire_words \"");
		print_list(words);
		printf("\"; return ;;\n");
	} else if (kind != NULL)
		printf("_deskwire_files %s; return ;;\n", kind->bash);
	else
		printf("return ;;\n");
}

static void
bash_values(void)
{
	for (size_t i = 0; i < option_rows(); i++)
		if (option_arg(i) != NULL && always_takes_arg(i))
			bash_value(i);
}

static void
write_bash(void)
{
	printf("# Completes deskwire's words in bash.  "
	       "'deskwire completion bash' writes this.\n\n"
	       "_deskwire_words()\n{\n"
	       "\tmapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n"
	       "\tif [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; "
	       "then\n"
	       "\t\tcompopt -o nospace 2>/dev/null\n"
	       "\tfi\n}\n\n"
	       "_deskwire_files()\n{\n"
	       "\tcompopt -o filenames 2>/dev/null\n"
	       "\tmapfile -t COMPREPLY < <(\"$@\" -- \"$cur\")\n}\n\n"
	       "_deskwire()\n{\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]}\n"
	       "\tlocal prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	       "\tlocal verb=open options= words=\n\n"
	       "\tCOMPREPLY=()\n"
	       "\t# bash takes an option and its value apart at the =.\n"
	       "\tif [[ $cur == = ]]; then\n"
	       "\t\tcur=\n"
	       "\telif [[ $prev == = && $COMP_CWORD -gt 1 ]]; then\n"
	       "\t\tprev=${COMP_WORDS[COMP_CWORD-2]}\n"
	       "\tfi\n"
	       "\tif [[ $COMP_CWORD -gt 1 && ${COMP_WORDS[1]} != -* ]]; then\n"
	       "\t\tverb=${COMP_WORDS[1]}\n"
	       "\tfi\n"
	       "\tcase $prev in\n");
	bash_values();
	printf("\tesac\n\tcase $verb in\n");
	bash_verbs();
	printf("\tesac\n"
	       "\tif [[ $cur == -* ]]; then\n"
	       "\t\t_deskwire_words \"$options\"\n"
	       "\telif [[ $COMP_CWORD -eq 1 ]]; then\n"
	       "\t\t_deskwire_words \"");
	print_verb_names();
	printf("\"\n"
	       "\telif [[ $COMP_CWORD -eq 2 && $prev == --help ]]; then\n"
	       "\t\t_deskwire_words \"all ");
	print_verb_names();
	printf("\"\n"
	       "\telse\n"
	       "\t\t_deskwire_words \"$words\"\n"
	       "\tfi\n}\n"
	       "complete -F _deskwire deskwire\n");
}

/* ---- zsh ---- */

/* Within single quotes; its own special characters have a backslash. */
static void
zsh_text(const char *text)
{
	for (; *text != '\0' && *text != ';'; text++)
		if (*text == '\'')
			printf("'\\''");
		else if (strchr("[]:\\", *text) != NULL)
			printf("\\%c", *text);
		else
			putchar(*text);
}

static void
zsh_value(size_t row)
{
	const struct kind *kind = kind_of(row);
	const char *words = option_words(row);

	if (option_arg(row) == NULL)
		return;
	printf(":");
	zsh_text(option_arg(row));
	printf(":");
	if (words != NULL) {
		printf("(");
		print_list(words);
		printf(")");
	} else if (kind != NULL)
		printf("%s", kind->zsh);
}

static void
zsh_option(size_t row)
{
	const struct svc_limit *limit = option_limit(row);

	printf(" \\\n\t\t\t'%s--%s%s[", option_is_list(row) ? "*" : "",
	    option_name(row), option_arg(row) != NULL ? "=" : "");
	if (limit != NULL)
		printf("%s ", limit->unit);
	zsh_text(option_help(row));
	printf("]");
	zsh_value(row);
	printf("'");
}

static void
zsh_verb(const struct verb *v)
{
	printf("\t(%s)\n\t\t_arguments -S $always", v->name);
	for (size_t i = 0; i < option_rows(); i++)
		if (option_belongs_to(i, v->set))
			zsh_option(i);
	if (has_words(v->set)) {
		printf(" \\\n\t\t\t'1:word:(");
		print_verb_words(v->set);
		printf(")'");
	}
	printf("\n\t\t;;\n");
}

static void
zsh_verbs(void)
{
	size_t n;
	const struct verb *verbs = verb_rows(&n);

	for (size_t i = 0; i < n; i++) {
		printf("\t\t'%s:", verbs[i].name);
		zsh_text(verbs[i].help);
		printf("'\n");
	}
}

static void
write_zsh(void)
{
	size_t n;
	const struct verb *verbs = verb_rows(&n);

	printf("#compdef deskwire\n"
	       "# Completes deskwire's words in zsh.  "
	       "'deskwire completion zsh' writes this.\n\n"
	       "_deskwire_verbs() {\n"
	       "\tlocal -a verbs\n\n\tverbs=(\n");
	zsh_verbs();
	printf("\t)\n\t_describe -t verbs verb verbs\n}\n\n"
	       "_deskwire() {\n"
	       "\tlocal verb=open\n"
	       "\tlocal -a always\n\n"
	       "\talways=('--help[show help]' "
	       "'--version[show the version]')\n"
	       "\tif (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n"
	       "\t\t_deskwire_verbs\n\t\treturn\n\tfi\n"
	       "\tif (( CURRENT == 3 )) && [[ $words[2] == --help ]]; then\n"
	       "\t\t_alternative 'all:everything:(all)' "
	       "'verbs:verb:_deskwire_verbs'\n\t\treturn\n\tfi\n"
	       "\tif [[ $words[2] != -* ]]; then\n"
	       "\t\tverb=$words[2]\n"
	       "\t\tshift words\n"
	       "\t\t(( CURRENT-- ))\n\tfi\n"
	       "\tcase $verb in\n");
	for (size_t i = 0; i < n; i++)
		zsh_verb(&verbs[i]);
	printf("\tesac\n}\n\n_deskwire \"$@\"\n");
}

/* ---- fish ---- */

static void
fish_option(size_t row)
{
	const struct kind *kind = kind_of(row);
	const char *words = option_words(row);

	printf(" -l %s", option_name(row));
	if (option_letter(row) != 0)
		printf(" -s %c", option_letter(row));
	if (words != NULL) {
		printf(" -x -a '");
		print_list(words);
		printf("'");
	} else if (option_arg(row) != NULL)
		printf(" %s", kind != NULL ? kind->fish : "-x");
	printf(" -d '");
	print_option_text(row, "'\\");
	printf("'\n");
}

static void
fish_options(void)
{
	size_t n;
	const struct verb *verbs = verb_rows(&n);

	for (size_t i = 0; i < option_rows(); i++) {
		printf("complete -c deskwire -n '__deskwire_is");
		for (size_t v = 0; v < n; v++)
			if (option_belongs_to(i, verbs[v].set))
				printf(" %s", verbs[v].name);
		printf("'");
		fish_option(i);
	}
}

static void
fish_verb(const struct verb *v)
{
	printf("complete -c deskwire -n __deskwire_begins -a %s -d '", v->name);
	print_help_text(v->help, "'\\");
	printf("'\n");
	if (has_words(v->set)) {
		printf("complete -c deskwire -n '__deskwire_is %s' -a '",
		    v->name);
		print_verb_words(v->set);
		printf("'\n");
	}
}

static void
write_fish(void)
{
	size_t n;
	const struct verb *verbs = verb_rows(&n);

	printf("# Completes deskwire's words in fish.  "
	       "'deskwire completion fish' writes this.\n\n"
	       "function __deskwire_begins\n"
	       "\ttest (count (commandline -opc)) -eq 1\nend\n\n"
	       "# Is the verb one of these?\n"
	       "function __deskwire_is\n"
	       "\tset -l said (commandline -opc)\n"
	       "\tset -l verb open\n"
	       "\tif set -q said[2]; and not string match -q -- '-*' "
	       "$said[2]\n"
	       "\t\tset verb $said[2]\n\tend\n"
	       "\tcontains -- $verb $argv\nend\n\n"
	       "# Is --help all that was said?\n"
	       "function __deskwire_helps\n"
	       "\tset -l said (commandline -opc)\n"
	       "\ttest (count $said) -eq 2; and test $said[2] = --help\n"
	       "end\n\n"
	       "complete -c deskwire -f\n"
	       "complete -c deskwire -l help -s h -d 'show help'\n"
	       "complete -c deskwire -l version -s V -d 'show the version'\n"
	       "complete -c deskwire -n __deskwire_helps -a 'all ");
	print_verb_names();
	printf("'\n");
	for (size_t i = 0; i < n; i++)
		fish_verb(&verbs[i]);
	fish_options();
}

/* ---- the verb ---- */

static const struct {
	const char *name;
	void (*write)(void);
} shells[] = {
	{ "bash", write_bash },
	{ "zsh", write_zsh },
	{ "fish", write_fish },
};

int
verb_completion(struct options *o)
{
	const char *shell = o->nargs > 0 ? o->args[0] : "";

	for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
		if (strcmp(shells[i].name, shell) != 0)
			continue;
		shells[i].write();
		return print_end();
	}
	print_error(_("completion takes bash, zsh or fish, as in 'deskwire "
		      "completion bash'"));
	return DW_STATUS_USAGE;
}
