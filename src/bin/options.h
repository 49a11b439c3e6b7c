/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the command line says.  One table has every option; --help, the parser
 * and the test that compares the manual read it.
 */
#ifndef BIN_OPTIONS_H
#define BIN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"
#include "console/console.h"
#include "service/limits.h"
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
	VERB_ALL = 63
};

struct options {
	const char **listen; /* as given, in order */
	size_t nlisten;
	const char **udp; /* of a desk, the same */
	size_t nudp;
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
	struct svc_limits limits;
	bool sessions_given, per_address_given;

	bool classic, datagrams, no_wait; /* call */
	const char *wait_seconds;
	const char *args[2]; /* HOST PORT */
	size_t nargs;
};

/*
 * Reads argv[1..] (argv[0] is the verb).  Returns -1 to go on, or the exit
 * status: after --help or --version, or a wrong option, which it has told.
 */
int options_parse(struct options *o, enum verb_set verb, const char *name,
    int argc, char **argv);
void options_fini(struct options *o);

/* One line on standard error: "deskwire: …".  Waits a second at most for one
 * that takes nothing. */
void print_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

void print_version(void);
void print_help(enum verb_set verb);

#endif
