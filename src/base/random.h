/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes that nobody can guess. */
#ifndef DW_RANDOM_H
#define DW_RANDOM_H

#include <stddef.h>

/* Fills n bytes, at most 256, from the system's generator.  Returns 0 or
 * -errno.  Any thread. */
int dw_random(void *bytes, size_t n);

#endif
