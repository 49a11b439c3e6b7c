/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file finds the verb that the command line names, and runs it.
 */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/thread.h"
#include "bin/help.h"
#include "bin/language.h"
#include "bin/verbs.h"

static const struct verb verbs[] = {
	{ "open", "",
	    N_("the desk, and its console in this terminal; also "
	       "when no verb is given"),
	    VERB_OPEN, verb_open, VERBS_BEGIN },
	{ "demo", "",
	    N_("a desk with three scripted customers, to try "
	       "everything; nothing is kept"),
	    VERB_DEMO, verb_demo, VERBS_BEGIN },
	{ "attach", "[ssh://HOST]",
	    N_("an operator's console on a running desk"), VERB_ATTACH,
	    verb_attach, VERBS_OPERATORS },
	{ "ctl", "COMMAND...", N_("one command to a running desk, for scripts"),
	    VERB_CTL, verb_ctl, VERBS_OPERATORS },
	{ "relay", "", N_("what ssh runs for attach ssh://HOST"), VERB_RELAY,
	    verb_relay, VERBS_OPERATORS },
	{ "serve", "", N_("the desk without a console"), VERB_SERVE, verb_serve,
	    VERBS_ADMINISTRATORS },
	{ "check-config", "", N_("look for mistakes in the configuration file"),
	    VERB_CHECK, verb_check_config, VERBS_ADMINISTRATORS },
	{ "config", "", N_("what holds, and where each value comes from"),
	    VERB_CONFIG, verb_config, VERBS_ADMINISTRATORS },
	{ "doctor", "", N_("look whether this machine is ready for a desk"),
	    VERB_DOCTOR, verb_doctor, VERBS_ADMINISTRATORS },
	{ "completion", "SHELL",
	    N_("write what bash, zsh or fish completes this program's "
	       "words with"),
	    VERB_COMPLETION, verb_completion, VERBS_ADMINISTRATORS },
	{ "call", "[HOST [PORT]]", N_("the customer's client"), VERB_CALL,
	    verb_call, VERBS_CUSTOMERS },
	{ "verify", "", N_("look at all of a journal, also beside its desk"),
	    VERB_VERIFY, verb_verify, VERBS_RECORDS },
};

const struct verb *
verb_rows(size_t *n)
{
	*n = sizeof verbs / sizeof verbs[0];
	return verbs;
}

/* Otherwise the first socket or file would get the number of a standard
 * descriptor that was closed, and with it what is printed. */
static bool
open_standard_descriptors(void)
{
	int fd = STDIN_FILENO;

	while (fd <= STDERR_FILENO)
		if (fcntl(fd, F_GETFD) >= 0)
			fd++;
		else if (open("/dev/null", O_RDWR) != fd)
			return false;
	return true;
}

static void
set_locale(void)
{
	language_set();
#if ENABLE_NLS
	/* scripts/run shows the catalogue that is not installed yet. */
	if (getenv("DESKWIRE_LOCALEDIR") != NULL)
		bindtextdomain(PACKAGE, getenv("DESKWIRE_LOCALEDIR"));
	else
		bindtextdomain(PACKAGE, LOCALEDIR);
	bind_textdomain_codeset(PACKAGE, "UTF-8");
	textdomain(PACKAGE);
	/* Reads the catalogue here, and not on a worker's small stack. */
	(void)_("Goodbye.");
#endif
}

/* A reader of our output that is gone is an error of that write. */
static void
ignore_sigpipe(void)
{
	struct sigaction sa = { .sa_handler = SIG_IGN };

	sigaction(SIGPIPE, &sa, NULL);
}

static const struct verb *
find_verb(const char *name)
{
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int
run_verb(const struct verb *v, int argc, char **argv)
{
	static char name[] = "deskwire"; /* for getopt's messages */
	struct options o;
	int status;

	argv[0] = name;
	status = options_parse(&o, v->set, v->name, argc, argv);

	if (status < 0) {
		/* These are one thread, which takes what it wants itself; a
		 * signal ends them as it ends any program. */
		if ((v->set &
			(VERB_CALL | VERB_VERIFY | VERB_CHECK | VERB_CONFIG |
			    VERB_DOCTOR | VERB_COMPLETION | VERB_CTL |
			    VERB_RELAY)) == 0)
			dw_thread_block_signals();
		status = v->run(&o);
	}
	options_fini(&o);
	return status;
}

/* --help, and perhaps what of.  Returns an exit status. */
static int
help(int argc, char **argv)
{
	const struct verb *v;

	if (argc == 2)
		help_short();
	else if (argc == 3 && strcmp(argv[2], "all") == 0)
		help_all();
	else if (argc == 3 && (v = find_verb(argv[2])) != NULL)
		help_verb(v->set);
	else {
		print_error(_("there is help of a verb, or of all, not of "
			      "\"%s\""),
		    argv[argc == 3 ? 2 : 3]);
		return DW_STATUS_USAGE;
	}
	return print_end();
}

static bool
asks_for_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

int
main(int argc, char **argv)
{
	const struct verb *v;

	if (!open_standard_descriptors())
		return DW_STATUS_FAILED; /* and there is nobody to tell */
	set_locale();
	ignore_sigpipe();
	if (argc > 1 && argv[1][0] != '-') {
		if ((v = find_verb(argv[1])) != NULL)
			return run_verb(v, argc - 1, argv + 1);
		print_error(_("there is no verb \"%s\"; try 'deskwire --help'"),
		    argv[1]);
		return DW_STATUS_USAGE;
	}
	if (argc > 1 && asks_for_help(argv[1]))
		return help(argc, argv);
	return run_verb(&verbs[0], argc, argv);
}
