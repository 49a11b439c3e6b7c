/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The word that ends a conversation with the tutorial's programs.  They look
 * for it anywhere in what they read; we take only a whole message for it.
 */
#ifndef DW_QUIT_H
#define DW_QUIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define DW_QUIT "quit"

/* Is this message, but for white space around it, that word? */
bool dw_is_quit(const char *text, size_t len);

/* Is this the command, in any case, that ends a conversation in line mode:
 * /quit, /bye or /exit? */
bool dw_is_quit_command(const char *word, size_t len);

/*
 * Adds the text with U+2060 behind the q of every quit in it, so that it does
 * not end those programs; a text that is the word stays as it is.  Returns 0
 * or -ENOMEM (also over out->max; out->failed is set).
 */
int dw_quit_guard(struct dw_buf *out, const char *text, size_t len);

#endif
