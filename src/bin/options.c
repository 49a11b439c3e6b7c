/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file is the table of all options, and the parser.
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
#include "base/log.h"
#include "base/sink.h"
#include "bin/help.h"
#include "bin/option_rows.h"
#include "bin/options.h"
#include "desk/hours.h"

#define OPTIONS_MAX 128
#define FIRST_VALUE 256 /* of getopt's val: an index above letters */

struct option_row {
	const char *name;
	const char *arg; /* NULL: takes none */
	enum verb_set verbs;
	int letter; /* 0: none */
	enum option_group group;
	/* shown: the option as it was written.  Returns 0; or -EINVAL, and why
	 * says what would be right. */
	int (*set)(struct options *o, const char *arg, const char *shown,
	    struct dw_buf *why);
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
		len = asprintf(&line, "%sdeskwire: %s\n",
		    dw_log_stderr_form() != 0 ? "<3>" : "", text);
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
list_add(struct option_list *list, const char *arg)
{
	const char **grown = realloc(list->all, (list->n + 1) * sizeof *grown);

	if (grown == NULL)
		return -ENOMEM;
	list->all = grown;
	grown[list->n++] = arg;
	return 0;
}

#define LIST(field)                                                \
	static int set_##field(struct options *o, const char *arg, \
	    const char *shown, struct dw_buf *why)                 \
	{                                                          \
		(void)shown;                                       \
		(void)why;                                         \
		return list_add(&o->field, arg);                   \
	}
LIST(listen)
LIST(udp)
LIST(metrics)
LIST(proxy_from)

static int
set_log_format(struct options *o, const char *arg, const char *shown,
    struct dw_buf *why)
{
	o->log_json = strcmp(arg, "json") == 0;
	if (o->log_json || strcmp(arg, "text") == 0)
		return 0;
	dw_buf_addf(why, _("%s takes text or json, not \"%s\""), shown, arg);
	return -EINVAL;
}

static int
set_log_addresses(struct options *o, const char *arg, const char *shown,
    struct dw_buf *why)
{
	static const char *const words[] = {
		[SVC_LOG_NET] = "net",
		[SVC_LOG_FULL] = "full",
		[SVC_LOG_NONE] = "none",
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(arg, words[i]) == 0) {
			o->log_addresses = (enum svc_log_addresses)i;
			return 0;
		}
	dw_buf_addf(why, _("%s takes full, net or none, not \"%s\""), shown,
	    arg);
	return -EINVAL;
}

static int
set_colour(struct options *o, const char *arg, const char *shown,
    struct dw_buf *why)
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
	dw_buf_addf(why, _("%s takes auto, always or never, not \"%s\""), shown,
	    arg);
	return -EINVAL;
}

static int
set_clock(struct options *o, const char *arg, const char *shown,
    struct dw_buf *why)
{
	int clock = con_clock_of(arg);

	o->clock = clock < 0 ? CON_CLOCK_MINUTE : (enum con_clock)clock;
	if (clock >= 0)
		return 0;
	dw_buf_addf(why, _("%s takes minute, second or off, not \"%s\""), shown,
	    arg);
	return -EINVAL;
}

static int
set_charset(struct options *o, const char *arg, const char *shown,
    struct dw_buf *why)
{
	const struct dw_charset *cs = dw_charset_find(arg, strlen(arg));

	o->charset = NULL;
	if (cs == NULL)
		dw_buf_addf(why, _("%s takes one of %s, not \"%s\""), shown,
		    dw_charset_names(), arg);
	else if (!dw_charset_works(cs))
		dw_buf_addf(why, _("this system cannot convert %s"), cs->name);
	else
		o->charset = cs;
	return o->charset != NULL ? 0 : -EINVAL;
}

static int
set_bell(struct options *o, const char *arg, const char *shown,
    struct dw_buf *why)
{
	int bell = con_bell_of(arg);

	o->bell = bell < 0 ? CON_BELL_MINE : (enum con_bell)bell;
	if (bell >= 0)
		return 0;
	dw_buf_addf(why, _("%s takes mine, new, all or none, not \"%s\""),
	    shown, arg);
	return -EINVAL;
}

static int
set_on_eof(struct options *o, const char *arg, const char *shown,
    struct dw_buf *why)
{
	o->stay_at_eof = strcmp(arg, "stay") == 0;
	if (o->stay_at_eof || strcmp(arg, "leave") == 0)
		return 0;
	dw_buf_addf(why, _("%s takes leave or stay, not \"%s\""), shown, arg);
	return -EINVAL;
}

static int
set_accept_end(struct options *o, const char *arg, const char *shown,
    struct dw_buf *why)
{
	char *end;

	errno = 0;
	o->accepted_end = strtoull(arg, &end, 10);
	o->accepts_end = true;
	if (arg[0] >= '0' && arg[0] <= '9' && *end == '\0' && errno == 0)
		return 0;
	dw_buf_addf(why, _("%s takes the number of an event, not \"%s\""),
	    shown, arg);
	return -EINVAL;
}

static int
set_seen(struct options *o, const char *arg, const char *shown,
    struct dw_buf *why)
{
	char *end;

	errno = 0;
	o->seen = strtoull(arg, &end, 10);
	if (arg[0] >= '0' && arg[0] <= '9' && *end == '\0' && errno == 0 &&
	    o->seen > 0)
		return 0;
	dw_buf_addf(why, _("%s takes the number of an event, not \"%s\""),
	    shown, arg);
	return -EINVAL;
}

#define SETTER(field)                                              \
	static int set_##field(struct options *o, const char *arg, \
	    const char *shown, struct dw_buf *why)                 \
	{                                                          \
		(void)shown;                                       \
		(void)why;                                         \
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
SETTER(operator_group)
SETTER(config_file)

#define FLAG(field)                                                \
	static int set_##field(struct options *o, const char *arg, \
	    const char *shown, struct dw_buf *why)                 \
	{                                                          \
		(void)arg;                                         \
		(void)shown;                                       \
		(void)why;                                         \
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
FLAG(example)
FLAG(log_words)
FLAG(json)

static int
set_hours(struct options *o, const char *arg, const char *shown,
    struct dw_buf *why)
{
	struct desk_hours *h = NULL;
	struct dw_buf text = DW_BUF_INITIALIZER;
	int r = desk_hours_parse(arg, &h, &text);

	desk_hours_free(h);
	if (r == -EINVAL)
		dw_buf_addf(why, "%s: %s", shown, dw_buf_str(&text));
	dw_buf_fini(&text);
	o->hours = arg;
	return r;
}

static const struct option_row options[] = {
	{ "listen", "ADDR:PORT", VERB_DESK | OPTION_COMMON, 'l', OPTIONS_WAYS,
	    set_listen,
	    N_("take customers there (127.0.0.1:6666); may be given again, "
	       "port 0 takes any free one, [::1]:6666 is IPv6, and with "
	       ",proxy behind it a proxy brings them") },
	{ "udp", "ADDR:PORT", VERB_DESK, 0, OPTIONS_WAYS, set_udp,
	    N_("take datagrams there; may be given again") },
	{ "proxy-from", "NET", VERB_LASTING, 0, OPTIONS_WAYS, set_proxy_from,
	    N_("a proxy may come from there: a network as 10.0.0.0/8, or unix; "
	       "may be given again") },
	{ "metrics", "ADDR:PORT", VERB_LASTING, 0, OPTIONS_WATCH, set_metrics,
	    N_("answer there who watches the desk, with its metrics") },
	{ "udp", NULL, VERB_CALL, 0, OPTIONS_CALL, set_datagrams,
	    N_("send datagrams, each line one; nobody confirms them") },
	{ "state", "DIR", VERB_OPEN | VERB_SERVE | VERB_VERIFY | OPTION_COMMON,
	    's', OPTIONS_RECORDS, set_state_dir,
	    N_("where the journal is kept") },
	{ "operator-socket", "PATH", VERB_LASTING | VERB_LINK, 0, OPTIONS_TEAM,
	    set_operator_socket, N_("where consoles attach") },
	{ "operator-group", "GROUP", VERB_LASTING, 0, OPTIONS_TEAM,
	    set_operator_group,
	    N_("the members of this group of the system are operators, too") },
	{ "hours", "TEXT", VERB_LASTING, 0, OPTIONS_SAID, set_hours,
	    N_("when somebody is on duty, as in \"mon-fri 09:00-12:30, "
	       "13:30-18:00; closed 2026-12-25\"") },
	{ "config", "FILE", VERB_READS | OPTION_ONCE | OPTION_COMMON, 0,
	    OPTIONS_PROGRAM, set_config_file,
	    N_("read options, people and texts from FILE (deskwire.conf in "
	       "~/.config/deskwire)") },
	{ "example", NULL, VERB_CONFIG | OPTION_ONCE, 0, OPTIONS_PROGRAM,
	    set_example,
	    N_("write an example of such a file, with everything in it") },
	{ "desk-user", "USER", VERB_LINK, 0, OPTIONS_TEAM, set_desk_user,
	    N_("trust a desk that this user runs, beside you and root") },
	{ "one-at-a-time", NULL, VERB_DESK, 0, OPTIONS_WAYS, set_one_at_a_time,
	    N_("serve one customer, the next waits to be answered") },
	{ "name", "TEXT", VERB_DESK | VERB_CALL, 0, OPTIONS_SAID, set_name,
	    N_("the desk's name in its greeting; for call, your own") },
	{ "as", "TEXT", VERB_CONSOLE | VERB_CTL | VERB_RELAY | OPTION_COMMON, 0,
	    OPTIONS_TEAM, set_as,
	    N_("your name as customers see it (your login name)") },
	{ "greeting", "FILE", VERB_DESK, 0, OPTIONS_SAID, set_greeting_file,
	    N_("greet customers with this text") },
	{ "charset", "NAME", VERB_DESK, 0, OPTIONS_SAID, set_charset,
	    N_("what customers write whose bytes are not UTF-8") },
	{ "log", "FILE", VERB_DESK, 0, OPTIONS_RECORDS, set_log_file,
	    N_("append what is said to FILE; SIGHUP opens it anew") },
	{ "log-format", "WHAT", VERB_LASTING, 0, OPTIONS_WATCH, set_log_format,
	    N_("the rows of the desk's own log: text, or json") },
	{ "log-addresses", "WHAT", VERB_LASTING, 0, OPTIONS_WATCH,
	    set_log_addresses,
	    N_("what that log has of a customer's address: full, net or none") },
	{ "log-words", NULL, VERB_LASTING, 0, OPTIONS_WATCH, set_log_words,
	    N_("that log has what is said, too") },
	{ "json", NULL, VERB_CTL, 0, OPTIONS_PROGRAM, set_json,
	    N_("answer in JSON, each line an object") },
	{ "seen", "SEQ", VERB_CTL, 0, OPTIONS_PROGRAM, set_seen,
	    N_("a reply is refused if a colleague has answered there after "
	       "this event") },
	{ "begin-new", NULL, VERB_LASTING | OPTION_ONCE, 0, OPTIONS_RECORDS,
	    set_begin_new,
	    N_("set a damaged journal aside and begin a new one") },
	{ "accept-end", "N", VERB_LASTING | OPTION_ONCE, 0, OPTIONS_RECORDS,
	    set_accept_end,
	    N_("go on with a journal that ends at event N, as a copy may") },
	{ "allow-plaintext-public", NULL, VERB_DESK, 0, OPTIONS_WAYS,
	    set_public_allowed,
	    N_("listen also where the whole world can connect") },
	{ "no-history", NULL, VERB_CONSOLE, 0, OPTIONS_CONSOLE, set_no_history,
	    N_("keep no file of the commands you typed") },
	{ "script", "FILE", VERB_CONSOLE, 0, OPTIONS_CONSOLE, set_script,
	    N_("read the console's lines from FILE") },
	{ "on-eof", "WHAT", VERB_CONSOLE, 0, OPTIONS_CONSOLE, set_on_eof,
	    N_("at the end of a pipe or script: leave, or stay") },
	{ "allow-suspend", NULL, VERB_OPEN | VERB_DEMO, 0, OPTIONS_CONSOLE,
	    set_allow_suspend,
	    N_("let Ctrl-Z stop the desk, and its customers wait") },
	{ "color", "WHEN", VERB_CONSOLE | VERB_CALL, 0, OPTIONS_CONSOLE,
	    set_colour, N_("auto, always or never") },
	{ "clock", "WHAT", VERB_CONSOLE, 0, OPTIONS_CONSOLE, set_clock,
	    N_("since when customers wait: minute, second, or off") },
	{ "bell", "WHEN", VERB_CONSOLE, 0, OPTIONS_CONSOLE, set_bell,
	    N_("ring for new customers (new), also for those you answered "
	       "(mine), for all, or none") },
	{ "classic", NULL, VERB_CALL, 0, OPTIONS_CALL, set_classic,
	    N_("speak the tutorial's protocol to the tutorial's servers") },
	{ "wait", "SECONDS", VERB_CALL, 0, OPTIONS_CALL, set_wait_seconds,
	    N_("in a pipe, how long to wait for answers (60)") },
	{ "no-wait", NULL, VERB_CALL, 0, OPTIONS_CALL, set_no_wait,
	    N_("in a pipe, end as soon as the desk has stored everything") },
};

#define NOPTIONS (sizeof options / sizeof options[0])

/* These two look at what holds with the options of a desk. */
static bool
belongs_to(const struct option_row *row, enum verb_set verb)
{
	unsigned verbs = verb;

	if ((verb & VERB_LOOKS) != 0)
		verbs |= VERB_LASTING;
	return (row->verbs & verbs) != 0;
}

static bool
has_limits(enum verb_set verb)
{
	return (verb & (VERB_DESK | VERB_LOOKS)) != 0;
}

/* ---- the rows, for whoever reads a file ---- */

size_t
option_rows(void)
{
	size_t n;

	(void)svc_limit_rows(&n);
	return NOPTIONS + n;
}

const struct svc_limit *
option_limit(size_t row)
{
	size_t n;
	const struct svc_limit *limits = svc_limit_rows(&n);

	assert(row < NOPTIONS + n);
	return row < NOPTIONS ? NULL : &limits[row - NOPTIONS];
}

const char *
option_name(size_t row)
{
	return row < NOPTIONS ? options[row].name : option_limit(row)->name;
}

const char *
option_help(size_t row)
{
	return row < NOPTIONS ? options[row].help : option_limit(row)->sentence;
}

const char *
option_arg(size_t row)
{
	return row < NOPTIONS ? options[row].arg : "N";
}

int
option_letter(size_t row)
{
	return row < NOPTIONS ? options[row].letter : 0;
}

bool
option_belongs_to(size_t row, enum verb_set verb)
{
	return row < NOPTIONS ? belongs_to(&options[row], verb) :
				has_limits(verb);
}

bool
option_is_common(size_t row)
{
	return row < NOPTIONS && (options[row].verbs & OPTION_COMMON) != 0;
}

/* Of limits. */
static const struct {
	const char *name;
	enum option_group group;
} limit_groups[] = {
	{ "max-sessions", LIMITS_PLACES },
	{ "max-per-address", LIMITS_PLACES },
	{ "max-operators", LIMITS_PLACES },
	{ "max-gone", LIMITS_PLACES },
	{ "max-gone-per-address", LIMITS_PLACES },
	{ "stack-size", LIMITS_PLACES },
	{ "silence-ms", LIMITS_ARRIVAL },
	{ "hello-timeout", LIMITS_ARRIVAL },
	{ "first-line-timeout", LIMITS_ARRIVAL },
	{ "max-line", LIMITS_WRITING },
	{ "line-timeout", LIMITS_WRITING },
	{ "rate", LIMITS_WRITING },
	{ "burst", LIMITS_WRITING },
	{ "flood-timeout", LIMITS_WRITING },
	{ "max-ban", LIMITS_WRITING },
	{ "max-message", LIMITS_ANSWERS },
	{ "holding-line", LIMITS_ANSWERS },
	{ "held-reply", LIMITS_ANSWERS },
	{ "add-to-held", LIMITS_ANSWERS },
	{ "place-every", LIMITS_ANSWERS },
	{ "claim-timeout", LIMITS_ANSWERS },
	{ "lost-grace", LIMITS_ANSWERS },
	{ "away-after", LIMITS_ANSWERS },
	{ "max-queue", LIMITS_SLOW },
	{ "stall-timeout", LIMITS_SLOW },
	{ "operator-queue", LIMITS_SLOW },
	{ "keepalive", LIMITS_SLOW },
	{ "user-timeout", LIMITS_SLOW },
	{ "idle-timeout", LIMITS_END },
	{ "quiet-after", LIMITS_END },
	{ "quiet-warning", LIMITS_END },
	{ "gone-after", LIMITS_END },
	{ "linger", LIMITS_END },
	{ "drain", LIMITS_END },
	{ "max-datagram", LIMITS_UDP },
	{ "max-answer", LIMITS_UDP },
	{ "udp-rate", LIMITS_UDP },
	{ "udp-burst", LIMITS_UDP },
	{ "udp-queue", LIMITS_UDP },
	{ "udp-peers", LIMITS_UDP },
	{ "udp-timeout", LIMITS_UDP },
};

enum option_group
option_group(size_t row)
{
	const char *name = option_name(row);

	if (row < NOPTIONS)
		return options[row].group;
	for (size_t i = 0; i < sizeof limit_groups / sizeof limit_groups[0];
	    i++)
		if (strcmp(limit_groups[i].name, name) == 0)
			return limit_groups[i].group;
	return OPTIONS_NOWHERE;
}

/* Of options that take one of a few words. */
static const struct {
	const char *name, *words;
} option_sets[] = {
	{ "color", "auto always never" },
	{ "clock", "minute second off" },
	{ "bell", "mine new all none" },
	{ "on-eof", "leave stay" },
	{ "log-format", "text json" },
	{ "log-addresses", "full net none" },
};

const char *
option_words(size_t row)
{
	if (strcmp(option_name(row), "charset") == 0)
		return dw_charset_names();
	for (size_t i = 0; i < sizeof option_sets / sizeof option_sets[0]; i++)
		if (strcmp(option_sets[i].name, option_name(row)) == 0)
			return option_sets[i].words;
	return NULL;
}

bool
option_is_for_file(size_t row)
{
	return row >= NOPTIONS ||
	    ((options[row].verbs & VERB_LASTING) != 0 &&
		(options[row].verbs & OPTION_ONCE) == 0);
}

struct option_list *
option_list(struct options *o, size_t row)
{
	const struct {
		int (*set)(struct options *o, const char *arg,
		    const char *shown, struct dw_buf *why);
		struct option_list *list;
	} lists[] = {
		{ set_listen, &o->listen },
		{ set_udp, &o->udp },
		{ set_metrics, &o->metrics },
		{ set_proxy_from, &o->proxy_from },
	};

	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		if (row < NOPTIONS && options[row].set == lists[i].set)
			return lists[i].list;
	return NULL;
}

bool
option_is_list(size_t row)
{
	struct options none;

	return option_list(&none, row) != NULL;
}

static int
set_limit(struct options *o, const struct svc_limit *row, const char *arg,
    const char *shown, struct dw_buf *why)
{
	struct dw_buf text = DW_BUF_INITIALIZER;
	int r = svc_limit_set(&o->limits, row, arg, &text);

	if (r < 0)
		dw_buf_addf(why, "%s: %s", shown, dw_buf_str(&text));
	dw_buf_fini(&text);
	o->sessions_given |= strcmp(row->name, "max-sessions") == 0;
	o->per_address_given |= strcmp(row->name, "max-per-address") == 0;
	return r;
}

int
option_set(struct options *o, size_t row, const char *arg, const char *shown,
    struct dw_buf *why)
{
	const struct svc_limit *limit = option_limit(row);
	int r = limit != NULL ? set_limit(o, limit, arg, shown, why) :
				options[row].set(o, arg, shown, why);

	if (r < 0 && why->len == 0)
		dw_buf_adds(why, _("out of memory"));
	return r;
}

int
print_end(void)
{
	bool failed = ferror(stdout) != 0;

	if (fflush(stdout) == 0 && !failed)
		return DW_STATUS_OK;
	print_error(_("cannot write to standard output: %s"), strerror(errno));
	return DW_STATUS_FAILED;
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

/* Fills getopt's table: options, limits, and the two that every verb has. */
static void
make_table(struct option *table, char *letters, enum verb_set verb)
{
	size_t n, nlimits;
	const struct svc_limit *limits = svc_limit_rows(&nlimits);
	struct option *t = table;

	/* The first word of a command begins a text. */
	if (verb == VERB_CTL)
		*letters++ = '+';
	for (n = 0; n < NOPTIONS; n++) {
		if (!belongs_to(&options[n], verb))
			continue;
		*t++ = (struct option){ options[n].name, options[n].arg != NULL,
			NULL, FIRST_VALUE + (int)n };
		if (options[n].letter != 0) {
			*letters++ = (char)options[n].letter;
			*letters++ = ':';
		}
	}
	for (n = 0; n < nlimits && has_limits(verb); n++)
		*t++ = (struct option){ limits[n].name, 1, NULL,
			FIRST_VALUE + (int)(NOPTIONS + n) };
	*t++ = (struct option){ "help", 0, NULL, 'h' };
	*t++ = (struct option){ "version", 0, NULL, 'V' };
	assert(t < table + OPTIONS_MAX);
	*t = (struct option){ NULL, 0, NULL, 0 };
	memcpy(letters, "hV", sizeof "hV");
}

/* The row of what getopt found. */
static size_t
find_row(int value)
{
	for (size_t i = 0; i < NOPTIONS; i++)
		if (options[i].letter != 0 && value == options[i].letter)
			return i;
	assert(value >= FIRST_VALUE);
	return (size_t)(value - FIRST_VALUE);
}

/* Remembers what the command line says, as a file is read behind it, perhaps
 * again and again.  Returns 0; or -EINVAL, which it has told. */
static int
take_option(struct options *o, int value)
{
	struct option_value v = { find_row(value), optarg, { NULL, 0 } };
	struct option_value *grown =
	    realloc(o->given, (o->ngiven + 1) * sizeof *grown);
	struct dw_buf why = DW_BUF_INITIALIZER;
	char shown[64];
	int r = -ENOMEM;

	snprintf(shown, sizeof shown, "--%s", option_name(v.row));
	if (grown != NULL) {
		o->given = grown;
		o->given[o->ngiven++] = v;
		r = option_set(o, v.row, v.text, shown, &why);
	}
	if (r < 0)
		print_error("%s", dw_buf_str(&why));
	dw_buf_fini(&why);
	return r;
}

/* HOST PORT, ssh://HOST, SHELL */
static size_t
most_args(enum verb_set verb)
{
	if (verb == VERB_CALL)
		return 2;
	return verb == VERB_ATTACH || verb == VERB_COMPLETION ? 1 : 0;
}

/* What follows is text, in which --json may only be the last word. */
static void
take_words(struct options *o, int argc, char **argv)
{
	if (optind < argc && strcmp(argv[argc - 1], "--json") == 0) {
		o->json = true;
		argc--;
	}
	o->words = argv + optind;
	o->nwords = (size_t)(argc - optind);
}

static int
take_args(struct options *o, enum verb_set verb, int argc, char **argv)
{
	size_t most = most_args(verb);

	assert(most <= sizeof o->args / sizeof o->args[0]);
	if (verb == VERB_CTL) {
		take_words(o, argc, argv);
		return -1;
	}
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
			help_verb(verb);
			return print_end();
		}
		if (c == 'V') {
			print_version();
			return print_end();
		}
		if (c == '?') {
			fprintf(stderr, _("Try 'deskwire %s --help'.\n"), name);
			return DW_STATUS_USAGE;
		}
		if (take_option(o, c) < 0)
			return DW_STATUS_USAGE;
	}
	if ((c = take_args(o, verb, argc, argv)) >= 0)
		return c;
	return (verb & VERB_READS) != 0 && !o->example ? options_load(o, verb) :
							 -1;
}

void
options_forget(struct options *o)
{
	free(o->listen.all);
	free(o->udp.all);
	free(o->metrics.all);
	free(o->proxy_from.all);
	free(o->people.users);
	free(o->people.groups);
	free(o->values);
	conf_free(&o->conf);
}

void
options_fini(struct options *o)
{
	options_forget(o);
	free(o->given);
}
