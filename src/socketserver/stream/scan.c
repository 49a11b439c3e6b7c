/* SPDX-License-Identifier: BSD-2-Clause */
/* This file searches for the texts that end a message. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "socketserver/stream/internal.h"

const char *const sks_scan_lf[1] = { "\n" };

struct sks_match
sks_scan_next(struct sks_scan *scan, const char *p, size_t len)
{
	struct sks_match first = { 0, 0 };
	const char *from = p + scan->scanned;
	const size_t left = len - scan->scanned;

	assert(scan->scanned <= len && scan->longest > 0);
	for (size_t i = 0; i < scan->n; i++) {
		const size_t tlen = strlen(scan->texts[i]);
		const char *at = left < tlen ?
		    NULL :
		    dw_memmem(from, left, scan->texts[i], tlen);
		const size_t end = at == NULL ? 0 : (size_t)(at - p) + tlen;

		if (end > 0 && (first.end == 0 || end < first.end))
			first = (struct sks_match){ i, end };
	}
	/* A text may begin in the last bytes and end in those to come. */
	if (len >= scan->longest)
		scan->scanned = len - scan->longest + 1;
	return first;
}
