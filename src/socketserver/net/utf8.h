/* SPDX-License-Identifier: BSD-2-Clause */
/* Strict UTF-8: no byte more than needed, no surrogates, at most U+10FFFF. */
#ifndef SKS_UTF8_H
#define SKS_UTF8_H

#include <stddef.h>

/* What stands behind the whole characters at the beginning. */
enum sks_utf8_rest {
	SKS_UTF8_NOTHING, /* all of it is whole characters */
	SKS_UTF8_CUT,     /* a character whose end is yet to come */
	SKS_UTF8_BAD      /* bytes that no more bytes can mend */
};

/* The length of the character at the beginning of s, or 0. */
size_t sks_utf8_one(const char *s, size_t len, enum sks_utf8_rest *rest);

/* The length of all whole characters at the beginning of s. */
size_t sks_utf8_whole(const char *s, size_t len, enum sks_utf8_rest *rest);

/* The longest beginning of s, whole characters of at most max bytes, where s
 * itself is whole characters. */
size_t sks_utf8_cut(const char *s, size_t len, size_t max);

#endif
