/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file is the table of all options, --help, and the parser.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/sink.h"
#include "bin/options.h"
#include "bin/verbs.h"

#define OPTIONS_MAX 128
#define FIRST_VALUE 256 /* of getopt's val: an index above letters */

struct option_row {
	const char *name;
	const char *arg; /* NULL: takes none */
	enum verb_set verbs;
	int letter; /* 0: none */
	/* Returns 0, or -EINVAL after print_error(). */
	int (*set)(struct options *o, const char *arg);
	const char *help;
};

void
print_error(const char *format, ...)
{
	va_list ap;
	char *text, *line;
	int len;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) >= 0) {
		len = asprintf(&line, "deskwire: %s\n", text);
		if (len >= 0) {
			dw_say(line, (size_t)len);
			free(line);
		}
		free(text);
	}
	va_end(ap);
}

/* ---- what each option does ---- */

static int
add_address(const char ***all, size_t *n, const char *arg)
{
	const char **grown = realloc(*all, (*n + 1) * sizeof *grown);

	if (grown == NULL)
		return -ENOMEM;
	*all = grown;
	grown[(*n)++] = arg;
	return 0;
}

static int
set_listen(struct options *o, const char *arg)
{
	return add_address(&o->listen, &o->nlisten, arg);
}

static int
set_udp(struct options *o, const char *arg)
{
	return add_address(&o->udp, &o->nudp, arg);
}

static int
set_colour(struct options *o, const char *arg)
{
	static const char *const words[] = {
		[TTY_COLOUR_AUTO] = "auto",
		[TTY_COLOUR_ALWAYS] = "always",
		[TTY_COLOUR_NEVER] = "never",
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(arg, words[i]) == 0) {
			o->colour = (enum tty_colour)i;
			return 0;
		}
	print_error(_("--color takes auto, always or never, not \"%s\""), arg);
	return -EINVAL;
}

static int
set_clock(struct options *o, const char *arg)
{
	int clock = con_clock_of(arg);

	o->clock = clock < 0 ? CON_CLOCK_MINUTE : (enum con_clock)clock;
	if (clock >= 0)
		return 0;
	print_error(_("--clock takes minute, second or off, not \"%s\""), arg);
	return -EINVAL;
}

static int
set_charset(struct options *o, const char *arg)
{
	const struct dw_charset *cs = dw_charset_find(arg, strlen(arg));

	if (cs == NULL)
		print_error(_("--charset takes one of %s, not \"%s\""),
		    dw_charset_names(), arg);
	else if (!dw_charset_works(cs))
		print_error(_("this system cannot convert %s"), cs->name);
	else
		o->charset = cs;
	return o->charset != NULL ? 0 : -EINVAL;
}

static int
set_bell(struct options *o, const char *arg)
{
	int bell = con_bell_of(arg);

	o->bell = bell < 0 ? CON_BELL_MINE : (enum con_bell)bell;
	if (bell >= 0)
		return 0;
	print_error(_("--bell takes mine, new, all or none, not \"%s\""), arg);
	return -EINVAL;
}

static int
set_on_eof(struct options *o, const char *arg)
{
	o->stay_at_eof = strcmp(arg, "stay") == 0;
	if (o->stay_at_eof || strcmp(arg, "leave") == 0)
		return 0;
	print_error(_("--on-eof takes leave or stay, not \"%s\""), arg);
	return -EINVAL;
}

static int
set_accept_end(struct options *o, const char *arg)
{
	char *end;

	errno = 0;
	o->accepted_end = strtoull(arg, &end, 10);
	o->accepts_end = true;
	if (arg[0] >= '0' && arg[0] <= '9' && *end == '\0' && errno == 0)
		return 0;
	print_error(_("--accept-end takes the number of an event, not \"%s\""),
	    arg);
	return -EINVAL;
}

#define SETTER(field)                                              \
	static int set_##field(struct options *o, const char *arg) \
	{                                                          \
		o->field = arg;                                    \
		return 0;                                          \
	}
SETTER(state_dir)
SETTER(operator_socket)
SETTER(name)
SETTER(as)
SETTER(greeting_file)
SETTER(log_file)
SETTER(wait_seconds)
SETTER(script)
SETTER(desk_user)

#define FLAG(field)                                                \
	static int set_##field(struct options *o, const char *arg) \
	{                                                          \
		(void)arg;                                         \
		o->field = true;                                   \
		return 0;                                          \
	}
FLAG(one_at_a_time)
FLAG(begin_new)
FLAG(public_allowed)
FLAG(no_history)
FLAG(allow_suspend)
FLAG(classic)
FLAG(datagrams)
FLAG(no_wait)

static const struct option_row options[] = {
	{ "listen", "ADDR:PORT", VERB_DESK, 'l', set_listen,
	    N_("take customers there (127.0.0.1:6666); may be given again, "
	       "port 0 takes any free one, [::1]:6666 is IPv6") },
	{ "udp", "ADDR:PORT", VERB_DESK, 0, set_udp,
	    N_("take datagrams there; may be given again") },
	{ "udp", NULL, VERB_CALL, 0, set_datagrams,
	    N_("send datagrams, each line one; nobody confirms them") },
	{ "state", "DIR", VERB_OPEN | VERB_SERVE | VERB_VERIFY, 's',
	    set_state_dir, N_("where the journal is kept") },
	{ "operator-socket", "PATH", VERB_OPEN | VERB_SERVE | VERB_ATTACH, 0,
	    set_operator_socket, N_("where consoles attach") },
	{ "desk-user", "NAME", VERB_ATTACH, 0, set_desk_user,
	    N_("trust a desk that this user runs, beside you and root") },
	{ "one-at-a-time", NULL, VERB_DESK, 0, set_one_at_a_time,
	    N_("serve one customer, the next waits to be answered") },
	{ "name", "TEXT", VERB_DESK | VERB_CALL, 0, set_name,
	    N_("the desk's name in its greeting; for call, your own") },
	{ "as", "TEXT", VERB_CONSOLE, 0, set_as,
	    N_("your name as customers see it (your login name)") },
	{ "greeting", "FILE", VERB_DESK, 0, set_greeting_file,
	    N_("greet customers with this text") },
	{ "charset", "NAME", VERB_DESK, 0, set_charset,
	    N_("what customers write whose bytes are not UTF-8") },
	{ "log", "FILE", VERB_DESK, 0, set_log_file,
	    N_("append what is said to FILE; SIGHUP opens it anew") },
	{ "begin-new", NULL, VERB_OPEN | VERB_SERVE, 0, set_begin_new,
	    N_("set a damaged journal aside and begin a new one") },
	{ "accept-end", "N", VERB_OPEN | VERB_SERVE, 0, set_accept_end,
	    N_("go on with a journal that ends at event N, as a copy may") },
	{ "allow-plaintext-public", NULL, VERB_DESK, 0, set_public_allowed,
	    N_("listen also where the whole world can connect") },
	{ "no-history", NULL, VERB_CONSOLE, 0, set_no_history,
	    N_("keep no file of the commands you typed") },
	{ "script", "FILE", VERB_CONSOLE, 0, set_script,
	    N_("read the console's lines from FILE") },
	{ "on-eof", "WHAT", VERB_CONSOLE, 0, set_on_eof,
	    N_("at the end of a pipe or script: leave, or stay") },
	{ "allow-suspend", NULL, VERB_OPEN | VERB_DEMO, 0, set_allow_suspend,
	    N_("let Ctrl-Z stop the desk, and its customers wait") },
	{ "color", "WHEN", VERB_CONSOLE | VERB_CALL, 0, set_colour,
	    N_("auto, always or never") },
	{ "clock", "WHAT", VERB_CONSOLE, 0, set_clock,
	    N_("since when customers wait: minute, second, or off") },
	{ "bell", "WHEN", VERB_CONSOLE, 0, set_bell,
	    N_("ring for new customers (new), also for those you answered "
	       "(mine), for all, or none") },
	{ "classic", NULL, VERB_CALL, 0, set_classic,
	    N_("speak the tutorial's protocol to the tutorial's servers") },
	{ "wait", "SECONDS", VERB_CALL, 0, set_wait_seconds,
	    N_("in a pipe, how long to wait for answers (60)") },
	{ "no-wait", NULL, VERB_CALL, 0, set_no_wait,
	    N_("in a pipe, end as soon as the desk has stored everything") },
};

#define NOPTIONS (sizeof options / sizeof options[0])

/* ---- help ---- */

static void
print_option(int letter, const char *name, const char *arg, const char *help)
{
	char words[64], short_form[8] = "    ";

	if (letter != 0)
		snprintf(short_form, sizeof short_form, "-%c, ", letter);
	snprintf(words, sizeof words, "  %s--%s%s%s", short_form, name,
	    arg != NULL ? "=" : "", arg != NULL ? arg : "");
	printf("%-34s %s\n", words, help);
}

static void
print_limits(void)
{
	size_t n;
	const struct svc_limit *limits = svc_limit_rows(&n);

	printf(_("\nLimits, each with its default:\n"));
	for (size_t i = 0; i < n; i++) {
		char words[64];

		snprintf(words, sizeof words, "  --%s=%" PRId64, limits[i].name,
		    limits[i].dflt);
		printf("%-28s %s %s\n", words, _(limits[i].unit),
		    _(limits[i].sentence));
	}
}

/* What follows "deskwire" is the same in every language. */
static void
print_usage(enum verb_set verb)
{
	size_t n;
	const struct verb *verbs = verb_rows(&n);

	if (verb == VERB_ALL)
		printf(_("Usage: deskwire %s\n\n"), "[VERB] [OPTION]...");
	for (size_t i = 0; i < n; i++) {
		char words[64];

		snprintf(words, sizeof words, "%s [OPTION]... %s",
		    verbs[i].name, verbs[i].args);
		if (verb == verbs[i].set)
			printf(_("Usage: deskwire %s\n\n"), words);
		if (verb == VERB_ALL || verb == verbs[i].set)
			printf("  %-8s%-16s %s\n", verbs[i].name, verbs[i].args,
			    _(verbs[i].help));
	}
}

void
print_help(enum verb_set verb)
{
	print_usage(verb);
	printf(_("\nOptions:\n"));
	for (size_t i = 0; i < NOPTIONS; i++)
		if ((options[i].verbs & verb) != 0)
			print_option(options[i].letter, options[i].name,
			    options[i].arg, _(options[i].help));
	print_option('h', "help", NULL, _("show this"));
	print_option('V', "version", NULL, _("show the version"));
	if ((verb & VERB_DESK) != 0)
		print_limits();
	printf(_("\nMore in deskwire(1).\n"));
}

void
print_version(void)
{
	printf("deskwire " PACKAGE_VERSION "\n%s\n",
	    _("Copyright (C) 2026 the deskwire authors.\n"
	      "License GPLv3+: GNU GPL version 3 or later.\n"
	      "There is no warranty, to the extent that law permits."));
}

/* ---- the parser ---- */

static int
set_limit(struct options *o, const struct svc_limit *row, const char *arg)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	int r = svc_limit_set(&o->limits, row, arg, &why);

	if (r < 0)
		print_error("--%s: %s", row->name, dw_buf_str(&why));
	dw_buf_fini(&why);
	o->sessions_given |= strcmp(row->name, "max-sessions") == 0;
	o->per_address_given |= strcmp(row->name, "max-per-address") == 0;
	return r;
}

/* Fills getopt's table: options, limits, and the two that every verb has. */
static void
make_table(struct option *table, char *letters, enum verb_set verb)
{
	size_t n, nlimits;
	const struct svc_limit *limits = svc_limit_rows(&nlimits);
	struct option *t = table;

	for (n = 0; n < NOPTIONS; n++) {
		if ((options[n].verbs & verb) == 0)
			continue;
		*t++ = (struct option){ options[n].name, options[n].arg != NULL,
			NULL, FIRST_VALUE + (int)n };
		if (options[n].letter != 0) {
			*letters++ = (char)options[n].letter;
			*letters++ = ':';
		}
	}
	for (n = 0; n < nlimits && (verb & VERB_DESK) != 0; n++)
		*t++ = (struct option){ limits[n].name, 1, NULL,
			FIRST_VALUE + (int)(NOPTIONS + n) };
	*t++ = (struct option){ "help", 0, NULL, 'h' };
	*t++ = (struct option){ "version", 0, NULL, 'V' };
	assert(t < table + OPTIONS_MAX);
	*t = (struct option){ NULL, 0, NULL, 0 };
	memcpy(letters, "hV", sizeof "hV");
}

static const struct option_row *
find_option(int value)
{
	for (size_t i = 0; i < NOPTIONS; i++)
		if (value == FIRST_VALUE + (int)i || value == options[i].letter)
			return &options[i];
	return NULL;
}

static int
set_one(struct options *o, int value)
{
	size_t n;
	const struct svc_limit *limits = svc_limit_rows(&n);
	const struct option_row *row = find_option(value);

	if (row != NULL)
		return row->set(o, optarg);
	assert(value >= FIRST_VALUE + (int)NOPTIONS &&
	    value < FIRST_VALUE + (int)(NOPTIONS + n));
	return set_limit(o, &limits[value - FIRST_VALUE - (int)NOPTIONS],
	    optarg);
}

static int
take_args(struct options *o, enum verb_set verb, int argc, char **argv)
{
	size_t most = verb == VERB_CALL ? 2 : 0;

	assert(most <= sizeof o->args / sizeof o->args[0]);
	for (int i = optind; i < argc; i++) {
		if (o->nargs == most) {
			print_error(argv[i][0] == '-' ?
				_("\"%s\" stands behind the other words; put "
				  "options before them") :
				_("\"%s\" is one word too many; try "
				  "'deskwire --help'"),
			    argv[i]);
			return DW_STATUS_USAGE;
		}
		o->args[o->nargs++] = argv[i];
	}
	return -1;
}

int
options_parse(struct options *o, enum verb_set verb, const char *name, int argc,
    char **argv)
{
	struct option table[OPTIONS_MAX];
	char letters[64];
	int c;

	memset(o, 0, sizeof *o);
	svc_limits_init(&o->limits);
	make_table(table, letters, verb);
	optind = 1;
	while ((c = getopt_long(argc, argv, letters, table, NULL)) != -1) {
		if (c == 'h') {
			print_help(verb);
			return DW_STATUS_OK;
		}
		if (c == 'V') {
			print_version();
			return DW_STATUS_OK;
		}
		if (c == '?') {
			fprintf(stderr, _("Try 'deskwire %s --help'.\n"), name);
			return DW_STATUS_USAGE;
		}
		if (set_one(o, c) < 0)
			return DW_STATUS_USAGE;
	}
	return take_args(o, verb, argc, argv);
}

void
options_fini(struct options *o)
{
	free(o->listen);
	free(o->udp);
}
