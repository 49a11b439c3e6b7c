/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the command line and the configuration file say.  One table has every
 * option; --help, both parsers, the example of a configuration file and the test
 * that compares the manual read it.
 */
#ifndef BIN_OPTIONS_H
#define BIN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"
#include "bin/conf.h"
#include "console/console.h"
#include "service/limits.h"
#include "service/log.h"
#include "service/people.h"
#include "tty/tty.h"

/* Which verbs an option belongs to. */
enum verb_set {
	VERB_OPEN = 1,
	VERB_SERVE = 2,
	VERB_ATTACH = 4,
	VERB_CALL = 8,
	VERB_DEMO = 16,
	VERB_DESK = VERB_OPEN | VERB_SERVE | VERB_DEMO,
	VERB_CONSOLE = VERB_OPEN | VERB_ATTACH | VERB_DEMO,
	VERB_VERIFY = 32,
	VERB_CHECK = 64,
	VERB_CONFIG = 128,
	VERB_CTL = 256,
	VERB_RELAY = 512,
	VERB_DOCTOR = 1024,
	VERB_COMPLETION = 2048,
	VERB_ALL = 4095,
	/* A desk that is configured: these read the file. */
	VERB_LASTING = VERB_OPEN | VERB_SERVE,
	VERB_READS = VERB_LASTING | VERB_CHECK | VERB_CONFIG | VERB_DOCTOR,
	/* These look at what is configured. */
	VERB_LOOKS = VERB_CONFIG | VERB_DOCTOR,
	/* These go to a desk by its operators' socket. */
	VERB_LINK = VERB_ATTACH | VERB_CTL | VERB_RELAY,
	/* No verb: the option is for one start, and not for a file. */
	OPTION_ONCE = 65536,
	/* Whoever begins needs it. */
	OPTION_COMMON = 131072
};

/* What one option or limit was set to; several of one that is a list. */
struct option_value {
	size_t row;           /* options_row() */
	const char *text;     /* NULL: it takes none */
	struct conf_place at; /* no file: on the command line */
};

/* What an option that may be given again was given, in order. */
struct option_list {
	const char **all;
	size_t n;
};

struct options {
	struct option_list listen, udp, metrics; /* addresses; udp: a desk's */
	struct option_list proxy_from;           /* networks, and "unix" */
	enum svc_log_addresses log_addresses;
	bool log_json, log_words;
	bool json; /* ctl */
	const char *state_dir, *operator_socket;
	const char *name, *as, *greeting_file, *log_file;
	const struct dw_charset *charset;
	enum tty_colour colour;
	enum con_clock clock;
	enum con_bell bell;
	bool one_at_a_time, begin_new, public_allowed;
	bool accepts_end;
	uint64_t accepted_end;
	bool no_history, allow_suspend, stay_at_eof;
	const char *script, *desk_user;
	const char *hours, *operator_group;
	const char *greeting, *nobody_on_duty, *closed; /* the file's texts */
	struct svc_people people; /* its strings are the file's */
	struct svc_limits limits;
	bool sessions_given, per_address_given;

	const char *config_file;    /* as named; NULL: the usual one */
	bool example;               /* config */
	struct option_value *given; /* on the command line, in order */
	size_t ngiven;
	struct conf conf;            /* the file; empty if there is none */
	struct option_value *values; /* what holds: of both */
	size_t nvalues;

	bool classic, datagrams, no_wait; /* call */
	const char *wait_seconds;
	const char *args[2]; /* HOST PORT; of attach ssh://…; or a shell */
	size_t nargs;
	char **words; /* of ctl's command */
	size_t nwords;
	uint64_t seen; /* ctl */
};

/*
 * Reads argv[1..] (argv[0] is the verb), and the configuration file for verbs
 * that have one.  Returns -1 to go on, or the exit status: after --help or
 * --version, or a wrong option, which it has told.  What is wrong with the file
 * is told by a verb other than VERB_CHECK and VERB_DOCTOR.
 */
int options_parse(struct options *o, enum verb_set verb, const char *name,
    int argc, char **argv);
void options_fini(struct options *o);

/* The same command line, with the file as it is now.  Returns 0; or -EINVAL, and
 * `why` tells the first thing that is wrong.  options_fini() in both cases. */
int options_reread(const struct options *from, struct options *to,
    struct dw_buf *why);

/* Names what is another value in `to`: that which a desk at work takes, and that
 * which holds from its next start. */
void options_compare(const struct options *from, const struct options *to,
    struct dw_buf *live, struct dw_buf *fixed);

/* Writes what holds and where it comes from; or the example of a file. */
void options_print(const struct options *o);
void options_print_example(void);

/* The configuration file that is read; NULL: no home.  The caller frees. */
char *options_file(const struct options *o);

/* One line on standard error: "deskwire: …".  Waits a second at most for one
 * that takes nothing. */
void print_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Has standard output taken all of it?  Returns an exit status, and has told
 * why not. */
int print_end(void);

void print_version(void);

#endif
