/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How much of everything the C tests do.  It is the one place that reads
 * T_SIZE; tests/system/tap.py does the same for the scripts.
 */
#ifndef T_SIZE_H
#define T_SIZE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The sizes in tenths of the middle ones: small when T_SIZE is not set. */
static inline int
t_tenths(void)
{
	static const struct {
		const char *word;
		int tenths;
	} sizes[] = { { "small", 1 }, { "middle", 10 }, { "full", 100 } };
	const char *word = getenv("T_SIZE");

	if (word == NULL || *word == '\0')
		word = "small";
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		if (strcmp(word, sizes[i].word) == 0)
			return sizes[i].tenths;
	}
	fprintf(stderr, "T_SIZE is small, middle or full, not %s\n", word);
	abort();
}

#endif
