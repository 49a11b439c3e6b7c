/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Searching in bytes, where the C library may not know how: memmem(3) came to
 * POSIX in 2024, memrchr(3) never did.
 */
#ifndef DW_MEM_H
#define DW_MEM_H

#include <stddef.h>

/* The first place of what[0, n) in data[0, len), or NULL; n == 0 is found at
 * once. */
void *dw_memmem(const void *data, size_t len, const void *what, size_t n);

/* The last byte c of data[0, len), or NULL. */
void *dw_memrchr(const void *data, int c, size_t len);

#endif
