/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This file converts between UTF-8 and the encodings that customers use, and
 * guesses which one some bytes are in.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "base/charset.h"
#include "base/mem.h"
#include "base/text.h"

#define CHUNK       2048           /* bytes that are converted at once */
#define WORD_JOINER "\xe2\x81\xa0" /* U+2060 */
#define TAG         "\xf3\xa0"     /* U+E0000 and on: glibc drops those */

/* clang-format off */
static const struct dw_charset charsets[] = {
	/* name		 reads		writes		 ff	grows */
	{ "utf-8",	 "UTF-8",	"UTF-8",	 false,	false },
	{ "gb18030",	 "GB18030",	"GB18030",	 false,	true },
	{ "gbk",	 "GB18030",	"GBK",		 false,	false },
	{ "big5",	 "BIG5-HKSCS",	"BIG5",		 false,	false },
	{ "shift_jis",	 "CP932",	"CP932",	 false,	false },
	{ "euc-kr",	 "UHC",		"EUC-KR",	 false,	false },
	{ "koi8-r",	 "KOI8-R",	"KOI8-R",	 true,	false },
	{ "windows-1251", "CP1251",	"CP1251",	 true,	false },
	{ "iso-8859-1",	 "CP1252",	"ISO-8859-1",	 true,	false },
};
/* clang-format on */

static const char names[] = "utf-8, gb18030, gbk, big5, shift_jis, euc-kr, "
			    "koi8-r, windows-1251, iso-8859-1";

#define N_CHARSETS (sizeof charsets / sizeof charsets[0])

/* Other names, as plain() makes them. */
static const struct {
	const char *alias, *name;
} aliases[] = {
	{ "big5hkscs", "big5" },
	{ "cp1251", "windows-1251" },
	{ "cp932", "shift_jis" },
	{ "cp936", "gbk" },
	{ "cp949", "euc-kr" },
	{ "cp950", "big5" },
	{ "gb2312", "gbk" },
	{ "koi8", "koi8-r" },
	{ "latin1", "iso-8859-1" },
	{ "ms936", "gbk" },
	{ "sjis", "shift_jis" },
	{ "win1251", "windows-1251" },
	{ "windows31j", "shift_jis" },
};

/* The name without what people write in several ways. */
static void
plain(char *out, size_t size, const char *name, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 1 < size; i++) {
		char c = name[i];

		if (c == '-' || c == '_' || c == '.' || c == ' ')
			continue;
		out[n++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	out[n] = '\0';
}

static const struct dw_charset *
find_plain(const char *wanted)
{
	char name[32];

	for (size_t i = 0; i < N_CHARSETS; i++) {
		plain(name, sizeof name, charsets[i].name,
		    strlen(charsets[i].name));
		if (strcmp(name, wanted) == 0)
			return &charsets[i];
	}
	return NULL;
}

const struct dw_charset *
dw_charset_find(const char *name, size_t len)
{
	char wanted[32];

	dw_text_trim(&name, &len);
	if (len >= sizeof wanted)
		return NULL;
	plain(wanted, sizeof wanted, name, len);
	for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
		if (strcmp(aliases[i].alias, wanted) == 0)
			plain(wanted, sizeof wanted, aliases[i].name,
			    strlen(aliases[i].name));
	return find_plain(wanted);
}

bool
dw_charset_is_utf8(const struct dw_charset *cs)
{
	return cs == NULL || cs == &charsets[0];
}

const char *
dw_charset_names(void)
{
	return names;
}

/* ---- converting ---- */

static bool
open_converter(iconv_t *cd, const char *to, const char *from)
{
	*cd = iconv_open(to, from);
	return *cd != (iconv_t)-1;
}

bool
dw_charset_works(const struct dw_charset *cs)
{
	iconv_t cd;

	if (dw_charset_is_utf8(cs))
		return true;
	if (!open_converter(&cd, "UTF-8", cs->read))
		return false;
	iconv_close(cd);
	if (!open_converter(&cd, cs->write, "UTF-8"))
		return false;
	iconv_close(cd);
	return true;
}

/*
 * Converts as far as it goes, appends that to out (NULL: only looks), and moves
 * *in.  Returns 0 at the end, EILSEQ before what cannot be converted, EINVAL
 * before a character whose end is missing.
 */
static int
convert(iconv_t cd, struct dw_buf *out, const char **in, size_t *left)
{
	char piece[CHUNK], *from, *to;
	size_t room;
	int why = E2BIG;

	while (why == E2BIG) {
		to = piece;
		room = sizeof piece;
		/* iconv(3) takes a char ** and writes nothing there. */
		memcpy(&from, in, sizeof from);
		why = iconv(cd, &from, left, &to, &room) == (size_t)-1 ? errno :
									 0;
		*in = from;
		if (out != NULL)
			dw_buf_add(out, piece, sizeof piece - room);
	}
	return why;
}

int
dw_charset_decode(struct dw_buf *out, const struct dw_charset *cs,
    const char *bytes, size_t len)
{
	iconv_t cd;

	if (dw_charset_is_utf8(cs) || !open_converter(&cd, "UTF-8", cs->read))
		return dw_buf_add(out, bytes, len) < 0 ? -ENOMEM : 0;
	while (convert(cd, out, &bytes, &len) != 0 && len > 0) {
		dw_buf_add(out, bytes, 1);
		bytes++;
		len--;
	}
	iconv_close(cd);
	return out->failed ? -ENOMEM : 0;
}

static char
substitute(const char *text, size_t n)
{
	return n == strlen(WORD_JOINER) && memcmp(text, WORD_JOINER, n) == 0 ?
	    ' ' :
	    '?';
}

int
dw_charset_encode(struct dw_buf *out, const struct dw_charset *cs,
    const char *text, size_t len)
{
	iconv_t cd;
	size_t n;

	if (dw_charset_is_utf8(cs) || !open_converter(&cd, cs->write, "UTF-8"))
		return dw_buf_add(out, text, len) < 0 ? -ENOMEM : 0;
	while (convert(cd, out, &text, &len) != 0 && len > 0) {
		n = dw_text_first(text, len);
		dw_buf_addc(out, substitute(text, n));
		n = n > 0 ? n : 1;
		text += n;
		len -= n;
	}
	iconv_close(cd);
	return out->failed ? -ENOMEM : 0;
}

int
dw_charset_utf16(struct dw_buf *out, bool big, const char *text, size_t len)
{
	const struct dw_charset utf16 = { .write =
					      big ? "UTF-16BE" : "UTF-16LE" };
	static const char mark[] = "\xef\xbb\xbf";
	int r = dw_charset_encode(out, &utf16, mark, sizeof mark - 1);

	return r < 0 ? r : dw_charset_encode(out, &utf16, text, len);
}

size_t
dw_charset_writes(const struct dw_charset *cs, const char *text, size_t len)
{
	const char *tag;
	size_t left;
	iconv_t cd;

	if (dw_charset_is_utf8(cs) || !open_converter(&cd, cs->write, "UTF-8"))
		return len;
	tag = dw_memmem(text, len, TAG, strlen(TAG));
	left = len = tag != NULL ? (size_t)(tag - text) : len;
	while (convert(cd, NULL, &text, &left) != 0 &&
	    substitute(text, dw_text_first(text, left)) == ' ') {
		text += strlen(WORD_JOINER);
		left -= strlen(WORD_JOINER);
	}
	iconv_close(cd);
	return len - left;
}

size_t
dw_charset_tail(const struct dw_charset *cs, const char *bytes, size_t len)
{
	size_t tail = 0;
	iconv_t cd;
	int why;

	if (dw_charset_is_utf8(cs))
		return dw_text_tail(bytes, len);
	if (!open_converter(&cd, "UTF-8", cs->read))
		return 0;
	while ((why = convert(cd, NULL, &bytes, &len)) == EILSEQ && len > 0) {
		bytes++;
		len--;
	}
	if (why == EINVAL)
		tail = len;
	iconv_close(cd);
	return tail;
}

size_t
dw_charset_last(const struct dw_charset *cs, const char *bytes, size_t len)
{
	if (dw_charset_is_utf8(cs) || len == 0)
		return dw_text_last(bytes, len);
	/* The last byte completes what it began without it. */
	return dw_charset_tail(cs, bytes, len - 1) + 1;
}

/* ---- guessing ---- */

/*
 * Bytes are counted, not words: each encoding has bytes that common texts in it
 * are made of, and others that they hardly have.  The most telling come first,
 * as the bytes of one are often some text in another.
 */
struct sample {
	const unsigned char *bytes;
	size_t len;
};

static bool
is_high(unsigned char c)
{
	return c >= 0x80;
}

static bool
is_between(unsigned char c, unsigned char low, unsigned char high)
{
	return c >= low && c <= high;
}

/* Characters of two bytes, of which the first is between lead[0] and lead[1]
 * when it is a common one, and the second between 0x40 and 0xfe. */
struct pairs {
	size_t all, common;
	bool broken; /* a first byte without a second */
};

static struct pairs
count_pairs(struct sample s, unsigned char low, unsigned char high)
{
	struct pairs p = { 0, 0, false };

	for (size_t i = 0; i < s.len; i++) {
		if (!is_high(s.bytes[i]))
			continue;
		if (i + 1 == s.len || s.bytes[i + 1] < 0x40) {
			p.broken = true;
			return p;
		}
		p.all++;
		p.common += is_between(s.bytes[i], low, high);
		i++;
	}
	return p;
}

static unsigned
percent(size_t part, size_t all)
{
	return all == 0 ? 0 : (unsigned)(part * 100 / all);
}

/* Hiragana and katakana stand in every sentence. */
static bool
is_shift_jis(struct sample s)
{
	size_t kana = 0, pairs = 0;

	for (size_t i = 0; i + 1 < s.len; i++) {
		unsigned char c = s.bytes[i], d = s.bytes[i + 1];

		if (!is_high(c) || is_between(c, 0xa1, 0xdf))
			continue;
		pairs++;
		kana += (c == 0x82 && is_between(d, 0x9f, 0xf1)) ||
		    (c == 0x83 && is_between(d, 0x40, 0x96));
		i++;
	}
	return kana >= 2 && percent(kana, pairs) >= 25;
}

/* Words of Cyrillic letters: of the high bytes these are small letters, and
 * nearly all others capital ones. */
static bool
is_cyrillic(struct sample s, unsigned char small_low, unsigned char small_high)
{
	size_t small = 0, letters = 0, high = 0, runs = 0;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = s.bytes[i];

		if (!is_high(c))
			continue;
		high++;
		letters += c >= 0xc0;
		small += is_between(c, small_low, small_high);
		runs += i == 0 || !is_high(s.bytes[i - 1]);
	}
	return high >= 4 && high >= 2 * runs && percent(letters, high) >= 90 &&
	    percent(small, high) >= 70;
}

static bool
is_windows_1251(struct sample s)
{
	return is_cyrillic(s, 0xe0, 0xff);
}

static bool
is_koi8_r(struct sample s)
{
	return is_cyrillic(s, 0xc0, 0xdf);
}

/* Letters with accents among others, hardly ever two together. */
static bool
is_latin(struct sample s)
{
	size_t high = 0, letters = 0, run = 0, alone = 0;

	for (size_t i = 0; i <= s.len; i++) {
		if (i < s.len && is_high(s.bytes[i])) {
			high++;
			letters += s.bytes[i] >= 0xc0;
			if (++run > 2)
				return false;
			continue;
		}
		alone += run == 1;
		run = 0;
	}
	return alone >= 1 && letters == high && s.len >= 2 * high;
}

/* Korean has spaces between its words, where Chinese has none; else the bytes
 * of common characters are alike. */
static bool
is_euc_kr(struct sample s)
{
	struct pairs p = count_pairs(s, 0xb0, 0xc8);

	return !p.broken && p.all >= 4 && p.common == p.all &&
	    (p.all >= 10 || memchr(s.bytes, ' ', s.len) != NULL);
}

static bool
is_chinese(struct sample s, unsigned char low, unsigned char high,
    struct pairs other)
{
	struct pairs p = count_pairs(s, low, high);

	return !p.broken && p.all >= 2 && percent(p.common, p.all) >= 60 &&
	    p.common >= other.common;
}

static bool
is_gbk(struct sample s)
{
	return is_chinese(s, 0xb0, 0xd7, count_pairs(s, 0xa4, 0xc6));
}

static bool
is_big5(struct sample s)
{
	return is_chinese(s, 0xa4, 0xc6, count_pairs(s, 0xb0, 0xd7));
}

static const struct {
	const char *name;
	bool (*is)(struct sample s);
} looks[] = {
	{ "shift_jis", is_shift_jis },
	{ "windows-1251", is_windows_1251 },
	{ "koi8-r", is_koi8_r },
	{ "iso-8859-1", is_latin },
	{ "euc-kr", is_euc_kr },
	{ "gbk", is_gbk },
	{ "big5", is_big5 },
};

const struct dw_charset *
dw_charset_guess(const char *bytes, size_t len)
{
	struct sample s = { (const unsigned char *)bytes, len };

	for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++)
		if (looks[i].is(s))
			return dw_charset_find(looks[i].name,
			    strlen(looks[i].name));
	return NULL;
}
