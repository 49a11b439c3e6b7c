/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * --help, by need and in 80 columns, whatever the language.
 */
#ifndef BIN_HELP_H
#define BIN_HELP_H

#include "bin/options.h"

/* On one screen: the verbs, and the options that everybody needs. */
void help_short(void);

/* All verbs, options and limits. */
void help_all(void);

/* One verb, with its options and limits. */
void help_verb(enum verb_set verb);

#endif
