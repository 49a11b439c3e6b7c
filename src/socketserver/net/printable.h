/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SKS_PRINTABLE_H
#define SKS_PRINTABLE_H

#include <stddef.h>

#define SKS_PRINTABLE_ONE 4

/* What sks_printable() makes of the first character of s: *n bytes of `out`.
 * Returns how many bytes of s that was; len is not 0. */
size_t sks_printable_one(const char *s, size_t len, char out[SKS_PRINTABLE_ONE],
    size_t *n);

#endif
