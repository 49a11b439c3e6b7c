/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file knows the desk's own sentences again.
 */
#include "config.h"

#include <string.h>

#include "client/sentence.h"

#define CONVERSION 2 /* bytes of a %u */

bool
sentence_is(const char *sentence, const char *text, size_t len)
{
	const char *gap = strchr(sentence, '%');
	size_t before = strlen(sentence), behind;

	if (gap == NULL)
		return len == before && memcmp(text, sentence, len) == 0;
	before = (size_t)(gap - sentence);
	gap += CONVERSION;
	behind = strlen(gap);
	return len > before + behind && memcmp(text, sentence, before) == 0 &&
	    memcmp(text + len - behind, gap, behind) == 0;
}
