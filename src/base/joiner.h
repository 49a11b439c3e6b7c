/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Characters that cannot be seen and that some scripts cannot be written
 * without: where one of them stands for itself on a screen.  text.h has the
 * rule.  Any thread.
 */
#ifndef DW_JOINER_H
#define DW_JOINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DW_SOFT_HYPHEN 0xADu

/*
 * What stands before: the last visible character that is no mark, and the last
 * of all.  Both are 0 after an escape, so that nothing is joined to one, and
 * ' ' where a row begins.  text is all of it.
 */
struct dw_joiner_before {
	uint32_t base, last;
	const char *text;
	size_t len;
	int leftward; /* has it letters that run from right to left?  0: not
	               * known, 1: it has, -1: it has none */
};

/*
 * How many bytes at s stand for themselves: 0, an invisible character, or the
 * tags of a flag.  Changes what stands before, so that none follows another one
 * where it means nothing.
 */
size_t dw_joiner_at(struct dw_joiner_before *before, const char *s, size_t len);

/* May it be one of them, and take no column? */
bool dw_joiner_is(uint32_t uc);

#endif
