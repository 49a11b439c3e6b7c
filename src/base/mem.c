/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This file searches in bytes where the C library does not know how.
 */
#include "config.h"

#include <string.h>

#include "base/mem.h"

#ifdef HAVE_MEMMEM

void *
dw_memmem(const void *data, size_t len, const void *what, size_t n)
{
	return memmem(data, len, what, n);
}

#else

void *
dw_memmem(const void *data, size_t len, const void *what, size_t n)
{
	const char *p = data, *end = p + len;

	if (n == 0)
		return (void *)p;
	while ((size_t)(end - p) >= n) {
		p = memchr(p, *(const unsigned char *)what,
		    (size_t)(end - p) - n + 1);
		if (p == NULL || memcmp(p, what, n) == 0)
			return (void *)p;
		p++;
	}
	return NULL;
}

#endif

#ifdef HAVE_MEMRCHR

void *
dw_memrchr(const void *data, int c, size_t len)
{
	return memrchr(data, c, len);
}

#else

void *
dw_memrchr(const void *data, int c, size_t len)
{
	const unsigned char *p = data;

	while (len-- > 0)
		if (p[len] == (unsigned char)c)
			return (void *)(p + len);
	return NULL;
}

#endif
