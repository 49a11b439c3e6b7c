/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text that others wrote.  Everything that did not come out of our own format
 * strings passes through dw_text_printable() (or _line, or _name, which use
 * it) before a terminal or a log sees it.  Strings are UTF-8 with a length;
 * lengths are bytes, columns are columns.  Any thread may call all of this.
 *
 * Functions with `out` append to it and return 0, or -errno if it could not
 * grow (out->failed is set then as well).
 */
#ifndef DW_TEXT_H
#define DW_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* LF (and CRLF) ends a row and comes out as LF; without it, as \n. */
#define DW_TEXT_ROWS 1u
/* A backslash comes out doubled, so that an escape cannot be forged. */
#define DW_TEXT_QUOTE 2u
/* The text is one of ours, an operator's for a customer: all characters but
 * control characters come out as they were typed. */
#define DW_TEXT_TYPED 4u

/*
 * Makes foreign bytes harmless, and is the only function that does.  What
 * comes out is valid UTF-8 of visible characters and U+0020:
 *   - a byte that is not UTF-8, and a control character    \x1b
 *   - tab                                        spaces, to the next 8 columns
 *   - format, invisible, private, unassigned               \u{200B}
 *   - more than 4 combining marks on one character         one U+2026
 *
 * An invisible character is kept where a script cannot be written without it,
 * and only there, one at a time (src/base/joiner.c):
 *   - U+200C and U+200D between two letters of one script that joins its
 *     letters (Arabic, the Indic ones, ...), and after a virama
 *   - U+200B between two letters of one script that has no spaces (Thai, ...)
 *   - U+200D between two emoji, U+FE0E or U+FE0F after one
 *   - U+E0100 to U+E01EF after an ideograph
 *   - U+00AD between two letters of one script
 *   - U+200E and U+200F in a text with letters that run from right to left;
 *     embeddings, overrides and isolates never are
 *   - the tags of a flag: after U+1F3F4, two letters of a country and one to
 *     four letters or digits of its part, and U+E007F
 */
int dw_text_printable(struct dw_buf *out, const char *text, size_t len,
    unsigned flags);

/* One row for a log or an error message: printable, quoted, LF as \n, and at
 * most max bytes of it (0: no limit), ended by U+2026 where it was cut. */
int dw_text_line(struct dw_buf *out, const char *text, size_t len, size_t max);

/*
 * A name as others may see it: 1 to 24 columns of letters, digits and marks
 * of any script and - _ . ; anything else, and what has no base, becomes _.
 * White space around it goes; nothing at all becomes one _.
 */
#define DW_TEXT_NAME_COLUMNS 24
int dw_text_name(struct dw_buf *out, const char *text, size_t len);

/* Columns that printable text without LF takes on most terminals. */
size_t dw_text_width(const char *text, size_t len);

/*
 * Lays printable text (DW_TEXT_ROWS) out in physical rows for a window of
 * `columns`.  The first starts with tag, all others with gutter, which should
 * be as wide; both are printable, ours, and never broken unless the window is
 * too narrow for them.  A row ends between two words: at spaces, which are
 * dropped, or beside a wide character where Unicode allows it (UAX #14).  A
 * word that no row has room for is parted between two characters as people see
 * them (UAX #29), and such a character only when no row has room for it.
 *
 * Characters are counted as wide as any terminal draws
 * them and the last column stays free, so the terminal never wraps by itself
 * and nothing of the text can stand in column 0.  Each row ends with `end`
 * ("\n", "\r\n").  After 200 rows there is one that says how many more.
 *
 * columns 0: no wrapping at all; one row, with LF shown as \n.
 */
#define DW_TEXT_WRAP_ROWS 200
int dw_text_wrap(struct dw_buf *out, const char *tag, const char *gutter,
    const char *text, size_t len, unsigned columns, const char *end);

/* The text without the difference of capital and small letters, for comparing;
 * what is not UTF-8 is kept as it is. */
int dw_text_fold(struct dw_buf *out, const char *text, size_t len);

/* Length of the longest prefix that is valid UTF-8. */
size_t dw_text_valid(const char *s, size_t len);

/* Length of the character that s begins with; 0: it begins with none. */
size_t dw_text_first(const char *s, size_t len);

/* How many bytes at the end (0 to 3) begin a character that more bytes could
 * complete. */
size_t dw_text_tail(const char *s, size_t len);

/* Bytes of the last character of a text, as people see it: with its marks, or a
 * whole emoji.  A byte that is not UTF-8 is one.  0: the text is empty. */
size_t dw_text_last(const char *s, size_t len);

/* The largest n <= max, n <= len, where s may be cut: never inside a
 * character, and not before a combining mark or a joiner if there is a better
 * place.  0 only if not even the first character fits, so never for max >= 4
 * unless s is empty. */
size_t dw_text_cut(const char *s, size_t len, size_t max);

/* Moves both ends inwards over white space (Unicode's). */
void dw_text_trim(const char **s, size_t *len);

/* Is there nothing but white space? */
bool dw_text_is_blank(const char *s, size_t len);

/* Are these bytes that ASCII word, which is given in small letters, in any
 * case? */
bool dw_text_is_word(const char *s, size_t len, const char *word);

#endif
