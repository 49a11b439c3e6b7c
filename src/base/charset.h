/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Encodings other than UTF-8 that customers write in, by the C library's
 * iconv.  Inside the desk all text is UTF-8; what a customer sent is kept as it
 * came and decoded where it is shown.  Any thread may call all of this.
 */
#ifndef DW_CHARSET_H
#define DW_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct dw_charset {
	const char *name; /* IANA's, in small letters */
	/* What iconv is asked for.  Reading knows more than writing, as the
	 * program at the other end may be strict. */
	const char *read, *write;
	bool has_ff; /* 0xff is a letter */
	bool grows;  /* a character may take more bytes than in UTF-8 */
};

/* The encoding that somebody means by this name, whose case, hyphens, points
 * and underscores do not matter; NULL: none that is known here. */
const struct dw_charset *dw_charset_find(const char *name, size_t len);

/* Is it UTF-8?  NULL is, too: nobody has named any. */
bool dw_charset_is_utf8(const struct dw_charset *cs);

/* The names of all, with ", " between them. */
const char *dw_charset_names(void);

/* Can this system convert from it and to it? */
bool dw_charset_works(const struct dw_charset *cs);

/*
 * Appends the text in UTF-8.  Bytes that are no character of the encoding, and
 * all where it does not work, come out as they are.  Returns 0 or -ENOMEM.
 */
int dw_charset_decode(struct dw_buf *out, const struct dw_charset *cs,
    const char *bytes, size_t len);

/*
 * Appends UTF-8 text in this encoding.  What that cannot write becomes a ?, and
 * U+2060, which is invisible, a space.  Returns 0 or -ENOMEM.
 */
int dw_charset_encode(struct dw_buf *out, const struct dw_charset *cs,
    const char *text, size_t len);

/* Appends UTF-8 text in UTF-16, which no customer can talk in, behind a byte order
 * mark; big: the high byte first.  Returns 0 or -ENOMEM. */
int dw_charset_utf16(struct dw_buf *out, bool big, const char *text,
    size_t len);

/* The length of the longest beginning of UTF-8 text in which dw_charset_encode()
 * leaves no ?. */
size_t dw_charset_writes(const struct dw_charset *cs, const char *text,
    size_t len);

/* How many bytes at the end begin a character that more bytes could complete. */
size_t dw_charset_tail(const struct dw_charset *cs, const char *bytes,
    size_t len);

/* How many bytes the last character of the text has, as people see it; 0 of
 * nothing. */
size_t dw_charset_last(const struct dw_charset *cs, const char *bytes,
    size_t len);

/* In which encoding these bytes, which are not UTF-8, are likely to be; NULL:
 * they look like none, or are too few. */
const struct dw_charset *dw_charset_guess(const char *bytes, size_t len);

#endif
