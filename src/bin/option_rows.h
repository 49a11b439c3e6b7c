/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rows of options, and behind them those of the limits, as whoever reads or
 * writes a configuration file sees them.
 */
#ifndef BIN_OPTION_ROWS_H
#define BIN_OPTION_ROWS_H

#include "bin/options.h"

/* What an option is for: where --help has it. */
enum option_group {
	OPTIONS_NOWHERE,
	OPTIONS_WAYS, /* where customers come in */
	OPTIONS_SAID, /* what customers read */
	OPTIONS_TEAM, /* the operators, and how they come in */
	OPTIONS_CONSOLE,
	OPTIONS_RECORDS, /* what is kept */
	OPTIONS_WATCH,   /* what an administrator looks at */
	OPTIONS_CALL,
	OPTIONS_PROGRAM,
	LIMITS_PLACES,
	LIMITS_ARRIVAL,
	LIMITS_WRITING,
	LIMITS_ANSWERS,
	LIMITS_SLOW,
	LIMITS_END,
	LIMITS_UDP
};

size_t option_rows(void);
int option_letter(size_t row); /* 0: it has none */
enum option_group option_group(size_t row);
bool option_belongs_to(size_t row, enum verb_set verb);
bool option_is_common(size_t row);
/* The words of which it takes one, with spaces between; NULL: any. */
const char *option_words(size_t row);
const char *option_name(size_t row);
const char *option_help(size_t row);              /* untranslated */
const char *option_arg(size_t row);               /* NULL: it takes none */
const struct svc_limit *option_limit(size_t row); /* NULL: it is none */
bool option_is_for_file(size_t row);
bool option_is_list(size_t row); /* may be given again */
/* What one of those was given; NULL: it is none. */
struct option_list *option_list(struct options *o, size_t row);

/* What holds when it is not set; NULL: nothing that could be written. */
const char *option_default(size_t row);

/* The texts, by their keys in the section texts. */
size_t option_texts(void);
const char *option_text_name(size_t i);
const char *option_text_help(size_t i); /* untranslated */

/* NULL: the usual one. */
const char *option_text(const struct options *o, size_t i);

/* Sets one.  shown: as it was written.  Returns 0; or -EINVAL, and why says what
 * would be right. */
int option_set(struct options *o, size_t row, const char *arg,
    const char *shown, struct dw_buf *why);

/* Reads the configuration file, and sets all anew: what neither it nor the
 * command line says is the default.  Returns as options_parse(). */
int options_load(struct options *o, enum verb_set verb);

/* Frees all but what is on the command line. */
void options_forget(struct options *o);

#endif
