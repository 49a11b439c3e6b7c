/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text of a configuration file before libconfuse reads it.  Its scanner
 * counts lines wrongly behind comments, takes an unclosed comment for the end of
 * the file, tells of an unclosed string at the file's end, and puts nothing in
 * the place of a variable that is not set (decisions/0038).  So it is only given
 * what cannot lead it there.  Pure.
 */
#ifndef BIN_CONF_TEXT_H
#define BIN_CONF_TEXT_H

#include <stddef.h>

#include "base/buf.h"

/* Blanks the comments of text[0, len), so that each line stays the line it is.
 * Returns NULL; or what is wrong with the text, untranslated, and *line says
 * where. */
const char *conf_text_prepare(char *text, size_t len, unsigned *line);

/* How many letters must be changed, added, taken away or swapped with the next
 * to make one word of the other; words of more than 63 bytes are far away. */
unsigned conf_distance(const char *a, const char *b);

#endif
