/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A configuration file as a list of what it sets, each with its place.  It is
 * read with libconfuse, whose header nobody else includes; what a value means is
 * not known here.  Main's thread only: libconfuse's scanner is one for all.
 */
#ifndef BIN_CONF_H
#define BIN_CONF_H

#include <stdbool.h>
#include <stddef.h>

/* What may stand in a file. */
struct conf_key {
	const char *section; /* "": in none */
	const char *name;
	bool list;
};

/* A section that may stand in it. */
struct conf_section {
	const char *name;
	bool titled; /* user NAME { … }, as often as there are names */
};

struct conf_place {
	const char *file; /* NULL: none */
	unsigned line;
};

/* One value; each one of a list. */
struct conf_entry {
	char *section, *title, *key, *value;
	struct conf_place at;
};

struct conf_problem {
	struct conf_place at;
	char *text;
};

struct conf {
	struct conf_entry *entries;
	size_t nentries;
	struct conf_problem *problems;
	size_t nproblems;
	char **files; /* the places' */
	size_t nfiles;
	bool absent; /* there is no such file */
	bool no_memory;
};

struct conf_rules {
	const struct conf_section *sections;
	size_t nsections;
	const struct conf_key *keys;
	size_t nkeys;
};

/* Reads the file and those that it includes, as far as that goes; what is wrong
 * is among the problems.  A section that sets nothing is there as an entry
 * whose key is "". */
void conf_read(struct conf *conf, const struct conf_rules *rules,
    const char *path);
void conf_free(struct conf *conf);

/* true, on and yes are 1, false, off and no are 0, all else is -1. */
int conf_boolean(const char *value);

/* One more problem, found in what a value means. */
void conf_complain(struct conf *conf, struct conf_place at, const char *format,
    ...) __attribute__((format(printf, 3, 4)));

/* Puts the problems in the order of the lines. */
void conf_sort(struct conf *conf);

/* "FILE:LINE: what is wrong", which the caller frees; NULL: no memory. */
char *conf_problem_text(const struct conf_problem *p);

#endif
