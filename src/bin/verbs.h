/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verbs, one file each.  All return an exit status. */
#ifndef BIN_VERBS_H
#define BIN_VERBS_H

#include "bin/options.h"

typedef int verb_fn(struct options *o);

verb_fn verb_open, verb_serve, verb_attach, verb_call, verb_demo, verb_verify,
    verb_check_config, verb_config, verb_doctor, verb_completion, verb_ctl,
    verb_relay;

/* Opens what --script names as standard input.  Returns an exit status. */
int open_script(const struct options *o);

/* Does nothing ever come from standard input?  (/dev/null) */
bool input_is_null(void);

/* Who needs it: where --help has it. */
enum verb_group {
	VERBS_BEGIN,
	VERBS_OPERATORS,
	VERBS_ADMINISTRATORS,
	VERBS_CUSTOMERS,
	VERBS_RECORDS
};

struct verb {
	const char *name, *args, *help;
	enum verb_set set;
	verb_fn *run;
	enum verb_group group;
};

const struct verb *verb_rows(size_t *n);

#endif
