/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This file knows the word that ends a conversation, and how to keep a text
 * that holds it from ending one.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/quit.h"
#include "base/text.h"

#define WORD_JOINER "\xe2\x81\xa0" /* U+2060 */

bool
dw_is_quit(const char *text, size_t len)
{
	dw_text_trim(&text, &len);
	return len == strlen(DW_QUIT) && memcmp(text, DW_QUIT, len) == 0;
}

bool
dw_is_quit_command(const char *word, size_t len)
{
	return dw_text_is_word(word, len, "/quit") ||
	    dw_text_is_word(word, len, "/bye") ||
	    dw_text_is_word(word, len, "/exit");
}

int
dw_quit_guard(struct dw_buf *out, const char *text, size_t len)
{
	const char *end = text + len, *q;

	if (dw_is_quit(text, len))
		return dw_buf_add(out, text, len) < 0 ? -ENOMEM : 0;
	while ((q = dw_memmem(text, (size_t)(end - text), DW_QUIT,
		    strlen(DW_QUIT))) != NULL) {
		dw_buf_add(out, text, (size_t)(q - text) + 1);
		dw_buf_adds(out, WORD_JOINER);
		text = q + 1;
	}
	dw_buf_add(out, text, (size_t)(end - text));
	return out->failed ? -ENOMEM : 0;
}
