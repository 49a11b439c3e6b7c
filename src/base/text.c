/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This file makes text that others wrote harmless, and lays it out in rows.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <unigbrk.h>
#include <unilbrk.h>
#include <unistr.h>
#include <uniwidth.h>

#include "base/i18n.h"
#include "base/joiner.h"
#include "base/text.h"

#define TAB_COLUMNS   8
#define MARKS         4 /* on one character; more become one ELLIPSIS */
#define ELLIPSIS      "\xe2\x80\xa6"
#define EMOJI_VARIANT 0xFE0F

/* This is one character, or one byte that is none; at the end len is 0. */
struct glyph {
	ucs4_t uc;
	size_t len;
	bool valid;
};

static struct glyph
glyph_at(const char *s, size_t len)
{
	struct glyph g = { 0, 0, false };
	int n;

	if (len == 0)
		return g;
	n = u8_mbtoucr(&g.uc, (const uint8_t *)s, len);
	g.valid = n > 0;
	g.len = n > 0 ? (size_t)n : 1;
	if (!g.valid)
		g.uc = (unsigned char)*s;
	return g;
}

/* A mark takes no column of its own: it sits on the character before it. */
static bool
is_mark(ucs4_t uc)
{
	return uc >= 0x300 && uc_width(uc, "UTF-8") == 0;
}

/*
 * A visible character stands for itself on a screen.  The rule allows: one that
 * Unicode has not assigned yet, or that has a use but no shape, is not visible.
 */
static bool
is_visible(ucs4_t uc)
{
	const uint32_t shapes = UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M |
	    UC_CATEGORY_MASK_N | UC_CATEGORY_MASK_P | UC_CATEGORY_MASK_S |
	    UC_CATEGORY_MASK_Zs;

	if (uc < 0x7F)
		return uc >= 0x20;
	return uc_is_general_category_withtable(uc, shapes) &&
	    !uc_is_property_default_ignorable_code_point(uc) &&
	    uc_width(uc, "UTF-8") >= 0;
}

static int
result_of(const struct dw_buf *out)
{
	if (!out->failed)
		return 0;
	return out->max != 0 ? -EMSGSIZE : -ENOMEM;
}

/* ---- making harmless ---- */

/*
 * This is the state of one dw_text_printable().  marks counts those on the
 * present character, before is what came out as itself before the next one
 * (after an escape nothing), column is where the row stands, for tabs.
 */
struct printing {
	struct dw_buf *out;
	unsigned flags;
	unsigned marks;
	struct dw_joiner_before before;
	size_t column;
};

static void
set_before(struct printing *p, ucs4_t uc)
{
	p->before.base = p->before.last = uc;
	p->marks = 0;
}

static void
put_escape(struct printing *p, struct glyph g)
{
	size_t before = p->out->len;

	if (!g.valid || g.uc < 0xA0)
		dw_buf_addf(p->out, "\\x%02x", (unsigned)g.uc);
	else
		dw_buf_addf(p->out, "\\u{%04X}", (unsigned)g.uc);
	p->column += p->out->len - before;
	set_before(p, 0);
}

static void
put_mark(struct printing *p, const char *s, struct glyph g)
{
	p->marks++;
	if (p->marks <= MARKS)
		dw_buf_add(p->out, s, g.len);
	else if (p->marks == MARKS + 1)
		dw_buf_adds(p->out, ELLIPSIS);
	if (p->marks == MARKS + 1)
		p->column++;
	p->before.last = g.uc;
}

static void
put_visible(struct printing *p, const char *s, struct glyph g)
{
	if (is_mark(g.uc)) {
		put_mark(p, s, g);
		return;
	}
	if (g.uc == '\\' && (p->flags & DW_TEXT_QUOTE) != 0) {
		dw_buf_addc(p->out, '\\');
		p->column++;
	}
	dw_buf_add(p->out, s, g.len);
	p->column += (size_t)uc_width(g.uc, "UTF-8");
	set_before(p, g.uc);
}

static void
put_tab(struct printing *p)
{
	do {
		dw_buf_addc(p->out, ' ');
		p->column++;
	} while (p->column % TAB_COLUMNS != 0);
	set_before(p, ' ');
}

static void
put_row_end(struct printing *p)
{
	bool ends = (p->flags & DW_TEXT_ROWS) != 0;

	dw_buf_adds(p->out, ends ? "\n" : "\\n");
	p->column = ends ? 0 : p->column + 2;
	set_before(p, ' ');
}

/* Returns how many bytes stand here though they cannot be seen: 0 or more than
 * one character's. */
static size_t
put_joiner(struct printing *p, const char *s, size_t len)
{
	size_t n = dw_joiner_at(&p->before, s, len);

	dw_buf_add(p->out, s, n);
	if (n != 0)
		p->column += dw_text_width(s, n);
	return n;
}

static bool
is_control(ucs4_t uc)
{
	return uc < 0x20 || (uc >= 0x7F && uc < 0xA0);
}

/* The column is for tabs only; some characters have no width that is known. */
static void
put_typed(struct printing *p, const char *s, struct glyph g)
{
	int w = uc_width(g.uc, "UTF-8");

	dw_buf_add(p->out, s, g.len);
	p->column += w > 0 ? (size_t)w : 0;
}

/* Returns how many bytes of s it has dealt with. */
static size_t
put_one(struct printing *p, const char *s, size_t len)
{
	struct glyph g = glyph_at(s, len);
	size_t joined;

	if (*s == '\r' && len > 1 && s[1] == '\n') {
		put_row_end(p);
		return 2;
	}
	if (*s == '\n')
		put_row_end(p);
	else if (*s == '\t')
		put_tab(p);
	else if (!g.valid || is_control(g.uc))
		put_escape(p, g);
	else if ((p->flags & DW_TEXT_TYPED) != 0)
		put_typed(p, s, g);
	else if (is_visible(g.uc))
		put_visible(p, s, g);
	else if ((joined = put_joiner(p, s, len)) != 0)
		return joined;
	else
		put_escape(p, g);
	return g.len;
}

int
dw_text_printable(struct dw_buf *out, const char *text, size_t len,
    unsigned flags)
{
	struct printing p = { out, flags, 0, { ' ', ' ', text, len, 0 }, 0 };

	for (size_t i = 0; i < len && !out->failed;) {
		size_t n = put_one(&p, text + i, len - i);

		assert(n > 0 && n <= len - i);
		i += n;
	}
	return result_of(out);
}

int
dw_text_line(struct dw_buf *out, const char *text, size_t len, size_t max)
{
	const size_t mark = sizeof ELLIPSIS - 1;
	size_t start = out->len, keep;
	int r;

	if ((r = dw_text_printable(out, text, len, DW_TEXT_QUOTE)) < 0)
		return r;
	if (max == 0 || out->len - start <= max)
		return 0;
	keep = max > mark ? max - mark : 0;
	if (keep != 0)
		keep = dw_text_cut(out->data + start, out->len - start, keep);
	out->len = start + keep;
	out->data[out->len] = '\0';
	return max >= mark ? dw_buf_adds(out, ELLIPSIS) : 0;
}

/* ---- names ---- */

static bool
is_name_char(ucs4_t uc)
{
	const uint32_t shapes =
	    UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M | UC_CATEGORY_MASK_Nd;

	if (uc == '-' || uc == '_' || uc == '.')
		return true;
	return is_visible(uc) && uc_is_general_category_withtable(uc, shapes);
}

int
dw_text_name(struct dw_buf *out, const char *text, size_t len)
{
	size_t columns = 0, start = out->len;
	unsigned marks = MARKS; /* none before the first base */
	struct glyph g;

	dw_text_trim(&text, &len);
	for (; (g = glyph_at(text, len)).len != 0;
	    text += g.len, len -= g.len) {
		bool keep = g.valid && is_name_char(g.uc);
		bool mark = keep && is_mark(g.uc);

		if (mark && marks < MARKS) {
			marks++;
			dw_buf_add(out, text, g.len);
			continue;
		}
		keep = keep && !mark;
		columns += keep ? (size_t)uc_width(g.uc, "UTF-8") : 1;
		if (columns > DW_TEXT_NAME_COLUMNS)
			break;
		if (keep)
			dw_buf_add(out, text, g.len);
		else
			dw_buf_addc(out, '_');
		marks = 0;
	}
	if (out->len == start)
		dw_buf_addc(out, '_');
	return result_of(out);
}

/* ---- columns ---- */

size_t
dw_text_width(const char *text, size_t len)
{
	size_t columns = 0, last = 0;
	struct glyph g;

	for (; (g = glyph_at(text, len)).len != 0;
	    text += g.len, len -= g.len) {
		int w = g.valid && g.uc != DW_SOFT_HYPHEN ?
		    uc_width(g.uc, "UTF-8") :
		    1;

		if (g.uc == EMOJI_VARIANT && last == 1)
			columns++;
		last = w > 0 ? (size_t)w : 0;
		columns += last;
	}
	return columns;
}

/*
 * Returns the most columns that any terminal gives a character.  Symbols and
 * punctuation beyond ASCII are one column on some and two on others; a letter
 * is drawn as Unicode says.
 */
static size_t
widest(struct glyph g)
{
	const uint32_t narrow = UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M |
	    UC_CATEGORY_MASK_Nd | UC_CATEGORY_MASK_Zs;
	const uint32_t none = UC_CATEGORY_MASK_Mn | UC_CATEGORY_MASK_Me;

	if ((g.valid && g.uc < 0x7F) || g.uc == EMOJI_VARIANT)
		return 1;
	if (g.uc == DW_SOFT_HYPHEN)
		return 1;
	if (g.valid &&
	    (dw_joiner_is(g.uc) ||
		uc_is_general_category_withtable(g.uc, none)))
		return 0;
	if (uc_is_general_category_withtable(g.uc, narrow) &&
	    uc_width(g.uc, "UTF-8") < 2)
		return 1;
	return 2;
}

static size_t
widest_of_bytes(const char *s, size_t len)
{
	size_t columns = 0;
	struct glyph g;

	for (; (g = glyph_at(s, len)).len != 0; s += g.len, len -= g.len)
		columns += widest(g);
	return columns;
}

static size_t
widest_of(const char *s)
{
	return widest_of_bytes(s, strlen(s));
}

/* ---- rows ---- */

/*
 * This says where the rows of a text may end.  breaks[i] is Unicode's opinion
 * of a row that ends before byte i, clusters[i] tells whether one character, as
 * people see it, ends there.
 */
struct places {
	char *breaks, *clusters; /* one allocation */
};

static int
places_find(struct places *p, const char *s, size_t len)
{
	const uint8_t *u = (const uint8_t *)s;

	if ((p->breaks = malloc(2 * len + 1)) == NULL)
		return -ENOMEM;
	p->clusters = p->breaks + len;
	u8_possible_linebreaks(u, len, "UTF-8", p->breaks);
	u8_grapheme_breaks(u, len, p->clusters);
	return 0;
}

/*
 * This is one text being laid out.  `used` counts columns behind the tag, blanks
 * are spaces that wait for the word behind them; a row is begun by its first
 * character, so that a text's last LF makes no empty row.
 */
struct layout {
	struct dw_buf *out;
	const char *tag, *gutter, *end;
	size_t columns; /* for text, in each row */
	size_t used, blanks;
	size_t rows; /* begun so far */
	bool open;   /* the present row wants its end */

	const char *s; /* the text, which has len bytes */
	size_t len;
	struct places places;
};

static bool
row_is_shown(const struct layout *l)
{
	return l->rows <= DW_TEXT_WRAP_ROWS;
}

static void
row_end(struct layout *l)
{
	if (l->open && row_is_shown(l))
		dw_buf_adds(l->out, l->end);
	l->open = false;
	l->used = l->blanks = 0;
}

static void
row_begin(struct layout *l)
{
	row_end(l);
	l->rows++;
	l->open = true;
	if (row_is_shown(l))
		dw_buf_adds(l->out, l->rows == 1 ? l->tag : l->gutter);
}

/* Puts what stays together. */
static void
row_put(struct layout *l, const char *s, size_t len, size_t columns)
{
	if (!l->open ||
	    (columns != 0 && l->used != 0 && l->used + columns > l->columns))
		row_begin(l);
	l->used += columns;
	if (row_is_shown(l))
		dw_buf_add(l->out, s, len);
}

/* What is wider than all rows has to be parted. */
static void
row_put_apart(struct layout *l, const char *s, size_t len)
{
	struct glyph g;

	for (; (g = glyph_at(s, len)).len != 0; s += g.len, len -= g.len)
		row_put(l, s, g.len, widest(g));
}

/* Puts the blanks that wait, as far as the row has room. */
static void
row_put_blanks(struct layout *l)
{
	size_t n = l->blanks;

	if (n == 0)
		return;
	if (!l->open)
		row_begin(l);
	for (; n > 0 && l->used < l->columns; n--)
		row_put(l, " ", 1, 1);
	l->blanks = 0;
}

static size_t
cluster_end(const struct layout *l, size_t at)
{
	do
		at++;
	while (at < l->len && l->places.clusters[at] == 0);
	return at;
}

/* Is it a space, and not the base of a mark? */
static bool
is_blank(const struct layout *l, size_t at)
{
	return l->s[at] == ' ' && cluster_end(l, at) == at + 1;
}

static bool
is_wide(const struct layout *l, size_t at)
{
	return widest(glyph_at(l->s + at, l->len - at)) == 2;
}

/*
 * A word ends before a space, and beside a wide character where Unicode allows
 * it.  Elsewhere it would allow more: a path or an option is one word to us.
 */
static size_t
word_end(const struct layout *l, size_t at)
{
	bool wide = false;

	do {
		wide = is_wide(l, at);
		at = cluster_end(l, at);
		if (at < l->len && (wide || is_wide(l, at)) &&
		    l->places.breaks[at] == UC_BREAK_POSSIBLE)
			break;
	} while (at < l->len && l->s[at] != '\n' && !is_blank(l, at));
	return at;
}

static void
row_put_word(struct layout *l, size_t at, size_t end)
{
	size_t columns = widest_of_bytes(l->s + at, end - at);

	if (columns <= l->columns &&
	    l->used + l->blanks + columns > l->columns) {
		if (l->open && l->used > 0)
			row_begin(l);
		l->blanks = 0;
	}
	row_put_blanks(l);
	for (size_t next; at < end; at = next) {
		next = cluster_end(l, at);
		columns = widest_of_bytes(l->s + at, next - at);
		if (columns <= l->columns)
			row_put(l, l->s + at, next - at, columns);
		else
			row_put_apart(l, l->s + at, next - at);
	}
}

static void
row_text_places(struct layout *l)
{
	for (size_t at = 0, end; at < l->len; at = end) {
		end = at + 1;
		if (l->s[at] == '\n') {
			row_put_blanks(l);
			if (!l->open)
				row_begin(l);
			row_end(l);
		} else if (is_blank(l, at))
			l->blanks++;
		else
			row_put_word(l, at, end = word_end(l, at));
	}
	row_put_blanks(l);
	if (l->rows == 0)
		row_begin(l);
	row_end(l);
}

static void
row_text(struct layout *l, const char *s, size_t len)
{
	l->s = s;
	l->len = len;
	if (places_find(&l->places, s, len) < 0) {
		l->out->failed = true;
		return;
	}
	row_text_places(l);
	free(l->places.breaks);
}

static void
row_more(struct layout *l)
{
	size_t more;

	if (l->rows <= DW_TEXT_WRAP_ROWS)
		return;
	more = l->rows - DW_TEXT_WRAP_ROWS;
	dw_buf_adds(l->out, l->gutter);
	dw_buf_adds(l->out, ELLIPSIS " ");
	dw_buf_addf(l->out, DW_PLURAL("%zu more row", "%zu more rows", more),
	    more);
	dw_buf_adds(l->out, l->end);
}

static int
one_row(struct dw_buf *out, const char *tag, const char *text, size_t len,
    const char *end)
{
	const char *lf;

	dw_buf_adds(out, tag);
	while ((lf = memchr(text, '\n', len)) != NULL) {
		size_t n = (size_t)(lf - text);

		dw_buf_add(out, text, n);
		text += n + 1;
		len -= n + 1;
		if (len != 0)
			dw_buf_adds(out, "\\n");
	}
	dw_buf_add(out, text, len);
	dw_buf_adds(out, end);
	return result_of(out);
}

/* Returns the end of a gutter, for a window too narrow for all of it. */
static const char *
short_gutter(const char *gutter)
{
	size_t len = strlen(gutter);

	return len > 2 ? gutter + dw_text_cut(gutter, len, len - 2) : gutter;
}

#define TEXT_COLUMNS 8 /* the least that a tag must leave */

int
dw_text_wrap(struct dw_buf *out, const char *tag, const char *gutter,
    const char *text, size_t len, unsigned columns, const char *end)
{
	struct layout l = { .out = out,
		.tag = tag,
		.gutter = gutter,
		.end = end };
	size_t tag_columns = widest_of(tag), gutter_columns = widest_of(gutter);

	if (columns == 0)
		return one_row(out, tag, text, len, end);
	if (gutter_columns > tag_columns)
		tag_columns = gutter_columns;
	if (tag_columns + TEXT_COLUMNS >= columns) {
		/* The tag gets rows of its own. */
		l.columns = columns > 3 ? columns - 1 : 2;
		l.tag = "";
		l.gutter = short_gutter(gutter);
		l.columns -= l.columns > 5 ? widest_of(l.gutter) : 0;
		row_text(&l, tag, strlen(tag));
	} else
		l.columns = columns - 1 - tag_columns;
	assert(l.columns > 0); /* or no row would ever end */
	row_text(&l, text, len);
	row_more(&l);
	return result_of(out);
}

/* ---- cutting ---- */

size_t
dw_text_valid(const char *s, size_t len)
{
	const uint8_t *bad = u8_check((const uint8_t *)s, len);

	return bad == NULL ? len : (size_t)(bad - (const uint8_t *)s);
}

size_t
dw_text_first(const char *s, size_t len)
{
	for (size_t n = 1; n <= 4 && n <= len; n++)
		if (dw_text_valid(s, n) == n)
			return n;
	return 0;
}

size_t
dw_text_tail(const char *s, size_t len)
{
	for (size_t n = 1; n <= 3 && n <= len; n++) {
		const uint8_t *at = (const uint8_t *)s + len - n;
		ucs4_t uc;

		if ((*at & 0xC0) != 0x80) /* not inside a character */
			return u8_mbtoucr(&uc, at, n) == -2 ? n : 0;
	}
	return 0;
}

/* Returns the place at or before n where a character begins. */
static size_t
char_start(const char *s, size_t n)
{
	size_t at = n;

	while (at > 0 && n - at < 3 && ((unsigned char)s[at] & 0xC0) == 0x80)
		at--;
	return ((unsigned char)s[at] & 0xC0) == 0x80 ? n : at;
}

static bool
joins_previous(const char *s, size_t len)
{
	struct glyph g = glyph_at(s, len);

	return g.valid && (dw_joiner_is(g.uc) || is_mark(g.uc));
}

size_t
dw_text_cut(const char *s, size_t len, size_t max)
{
	size_t at, better;

	if (len <= max)
		return len;
	if (max == 0)
		return 0;
	if ((at = char_start(s, max)) == 0) {
		size_t first = glyph_at(s, len).len;

		return first <= max ? first : 0;
	}
	for (better = at;
	    better > 0 && joins_previous(s + better, len - better);)
		better = char_start(s, better - 1);
	assert(better <= at && at <= max);
	return better != 0 ? better : at;
}

#define LAST_MAX 256 /* bytes before the end that are looked at */

/* Returns a place near the end where a character begins as people see it: the
 * last one of ASCII, which joins nothing before it; if there is none near, any
 * character's. */
static size_t
last_start(const char *s, size_t len)
{
	size_t from = len > LAST_MAX ? len - LAST_MAX : 0;

	for (size_t at = len - 1; at > from; at--)
		if (s[at] >= 0x20 && s[at] < 0x7F)
			return at;
	return char_start(s, from);
}

size_t
dw_text_last(const char *s, size_t len)
{
	char breaks[LAST_MAX + 4]; /* the start may be that much earlier */
	size_t at, from;
	struct glyph g;

	if (len == 0)
		return 0;
	at = char_start(s, len - 1);
	g = glyph_at(s + at, len - at);
	if (!g.valid || at + g.len != len)
		return 1;
	from = last_start(s, len);
	assert(len - from <= sizeof breaks);
	u8_grapheme_breaks((const uint8_t *)s + from, len - from, breaks);
	while (at > from && breaks[at - from] == 0)
		at--;
	return len - at;
}

static bool
is_white(struct glyph g)
{
	return g.valid && uc_is_property_white_space(g.uc);
}

void
dw_text_trim(const char **s, size_t *len)
{
	struct glyph g;

	while (*len != 0 && is_white(g = glyph_at(*s, *len))) {
		*s += g.len;
		*len -= g.len;
	}
	while (*len != 0) {
		size_t at = char_start(*s, *len - 1);

		if (!is_white(glyph_at(*s + at, *len - at)))
			break;
		*len = at;
	}
}

bool
dw_text_is_blank(const char *s, size_t len)
{
	dw_text_trim(&s, &len);
	return len == 0;
}

int
dw_text_fold(struct dw_buf *out, const char *text, size_t len)
{
	size_t n;
	uint8_t *folded = u8_casefold((const uint8_t *)text, len, NULL,
	    UNINORM_NFC, NULL, &n);
	int r;

	if (folded == NULL)
		return errno == ENOMEM ? -ENOMEM : dw_buf_add(out, text, len);
	r = dw_buf_add(out, folded, n);
	free(folded);
	return r;
}

/* Not strcasecmp(): what that does depends on the locale. */
bool
dw_text_is_word(const char *s, size_t len, const char *word)
{
	if (len != strlen(word))
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] - 'A' + 'a') :
						      s[i];

		if (c != word[i])
			return false;
	}
	return true;
}
