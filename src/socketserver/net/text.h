/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text that is checked before it is used: strict UTF-8 (no byte more than
 * needed, no surrogates, at most U+10FFFF), and a peer's bytes escaped for a
 * terminal.
 */
#ifndef SKS_TEXT_H
#define SKS_TEXT_H

#include <stddef.h>

/* What follows the whole characters at the beginning of some bytes. */
enum sks_utf8_rest {
	SKS_UTF8_NOTHING, /* all of it is whole characters */
	SKS_UTF8_CUT,     /* the beginning of a character */
	SKS_UTF8_BAD      /* bytes that begin no character */
};

/* Returns the length of the character at the beginning of s, or 0. */
size_t sks_utf8_one(const char *s, size_t len, enum sks_utf8_rest *rest);

/* Returns the length of all whole characters at the beginning of s. */
size_t sks_utf8_whole(const char *s, size_t len, enum sks_utf8_rest *rest);

/* Returns the length of the most characters at the beginning of s that fit
 * into max bytes.  All of s must be whole characters. */
size_t sks_utf8_cut(const char *s, size_t len, size_t max);

#define SKS_PRINTABLE_ONE 4

/* Writes what sks_printable() makes of the first character of s, *n bytes, to
 * `out`.  Returns the length of that character in s; len is not 0. */
size_t sks_printable_one(const char *s, size_t len, char out[SKS_PRINTABLE_ONE],
    size_t *n);

#endif
