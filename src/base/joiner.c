/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This file says where an invisible character is part of how something is
 * written, and so hides nothing.
 */
#include "config.h"

#include <string.h>
#include <unictype.h>
#include <unistr.h>

#include "base/joiner.h"

#define FLAG       0x1F3F4u /* the black flag, which tags make another one */
#define TAG_END    0xE007Fu
#define TAGS_MIN   3u /* "gbeng" is a country and its part: 2 letters, and */
#define TAGS_MAX   6u /* 1 to 4 letters or digits */
#define VIRAMA_CCC 9
#define TAG(c)     (0xE0000u + (c))

/* One invisible character and what stands around it. */
struct place {
	struct dw_joiner_before *before;
	ucs4_t next; /* 0: nothing, or no UTF-8 */
};

static ucs4_t
character(const char *s, size_t len, size_t *size)
{
	ucs4_t uc = 0;
	int n = len == 0 ? 0 : u8_mbtoucr(&uc, (const uint8_t *)s, len);

	*size = n > 0 ? (size_t)n : 0;
	return n > 0 ? uc : 0;
}

static bool
is_written(ucs4_t uc)
{
	return uc >= 0x80 &&
	    uc_is_general_category_withtable(uc,
		UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M);
}

static bool
is_letter(ucs4_t uc)
{
	return uc_is_general_category_withtable(uc, UC_CATEGORY_MASK_L);
}

/* Is uc a letter or a mark of the script that base belongs to? */
static bool
is_same_script(ucs4_t base, ucs4_t uc)
{
	return uc_script(base) == uc_script(uc);
}

static bool
is_one_of(ucs4_t uc, const char *const names[], size_t n)
{
	const uc_script_t *script = uc_script(uc);

	for (size_t i = 0; i < n && script != NULL; i++)
		if (strcmp(script->name, names[i]) == 0)
			return true;
	return false;
}

static bool
is_emoji(ucs4_t uc)
{
	return uc >= 0x80 && uc_is_property_emoji(uc);
}

/* Scripts whose letters change their shapes beside each other. */
static bool
joins_letters(ucs4_t uc)
{
	static const char *const names[] = {
		"Adlam",
		"Arabic",
		"Balinese",
		"Bengali",
		"Devanagari",
		"Gujarati",
		"Gurmukhi",
		"Javanese",
		"Kannada",
		"Khmer",
		"Malayalam",
		"Mandaic",
		"Meetei_Mayek",
		"Mongolian",
		"Myanmar",
		"Nko",
		"Oriya",
		"Phags_Pa",
		"Sinhala",
		"Syriac",
		"Tamil",
		"Telugu",
		"Tibetan",
	};

	return is_one_of(uc, names, sizeof names / sizeof names[0]);
}

static bool
has_no_spaces(ucs4_t uc)
{
	static const char *const names[] = {
		"Khmer",
		"Lao",
		"Myanmar",
		"Thai",
		"Tibetan",
	};

	return is_one_of(uc, names, sizeof names / sizeof names[0]);
}

/* ---- where each of them stands ---- */

static bool
is_between_letters(const struct place *p)
{
	ucs4_t base = p->before->base;

	return is_written(base) && is_written(p->next) && joins_letters(base) &&
	    is_same_script(base, p->next);
}

static bool
non_joiner_stands(const struct place *p)
{
	return is_between_letters(p) ||
	    uc_combining_class((ucs4_t)p->before->last) == VIRAMA_CCC;
}

static bool
joiner_stands(const struct place *p)
{
	return non_joiner_stands(p) ||
	    (uc_is_property_emoji(p->before->base) && is_emoji(p->next));
}

static bool
space_stands(const struct place *p)
{
	ucs4_t base = p->before->base;

	return is_written(base) && is_written(p->next) && has_no_spaces(base) &&
	    is_same_script(base, p->next);
}

static bool
hyphen_stands(const struct place *p)
{
	ucs4_t base = p->before->base;

	return is_letter(base) && is_letter(p->next) &&
	    is_same_script(base, p->next);
}

static bool
variant_stands(const struct place *p)
{
	return p->before->last == p->before->base &&
	    uc_is_property_emoji(p->before->base);
}

static bool
ideograph_variant_stands(const struct place *p)
{
	return p->before->last == p->before->base &&
	    uc_is_property_ideographic(p->before->base);
}

static bool
runs_leftward(ucs4_t uc)
{
	int bidi = uc_bidi_class(uc);

	return is_letter(uc) && (bidi == UC_BIDI_R || bidi == UC_BIDI_AL);
}

static bool
has_leftward(const char *s, size_t len)
{
	for (size_t n; len > 0; s += n, len -= n) {
		if (runs_leftward(character(s, len, &n)))
			return true;
		n += n == 0; /* a byte that is no UTF-8 */
	}
	return false;
}

/* The text is searched once, however many marks it has. */
static bool
mark_stands(const struct place *p)
{
	struct dw_joiner_before *b = p->before;

	if (b->leftward == 0)
		b->leftward = has_leftward(b->text, b->len) ? 1 : -1;
	return b->base != 0 && b->leftward > 0;
}

static const struct {
	ucs4_t first, last;
	bool (*stands)(const struct place *p);
	bool is_part; /* what joins next is joined to the character before */
} joiners[] = {
	{ DW_SOFT_HYPHEN, DW_SOFT_HYPHEN, hyphen_stands, false },
	{ 0x200B, 0x200B, space_stands, false },
	{ 0x200C, 0x200C, non_joiner_stands, false },
	{ 0x200D, 0x200D, joiner_stands, false },
	{ 0x200E, 0x200F, mark_stands, false },
	{ 0xFE0E, 0xFE0F, variant_stands, true },
	{ 0xE0100, 0xE01EF, ideograph_variant_stands, true },
};

#define JOINERS (sizeof joiners / sizeof joiners[0])

static size_t
find(ucs4_t uc)
{
	size_t i = 0;

	while (i < JOINERS && (uc < joiners[i].first || uc > joiners[i].last))
		i++;
	return i;
}

/* ---- flags ---- */

static bool
is_tag(ucs4_t uc, size_t i)
{
	return (uc >= TAG('a') && uc <= TAG('z')) ||
	    (i >= 2 && uc >= TAG('0') && uc <= TAG('9'));
}

/* Returns the bytes of the tags that name a part of a country, or 0. */
static size_t
flag_tags(const char *s, size_t len)
{
	size_t at = 0, n;

	for (size_t i = 0; i <= TAGS_MAX; i++, at += n) {
		ucs4_t uc = character(s + at, len - at, &n);

		if (uc == TAG_END && i >= TAGS_MIN)
			return at + n;
		if (!is_tag(uc, i))
			return 0;
	}
	return 0;
}

size_t
dw_joiner_at(struct dw_joiner_before *before, const char *s, size_t len)
{
	struct place p = { .before = before };
	size_t size, next_size, i;
	ucs4_t uc;

	if (before->last == FLAG && (size = flag_tags(s, len)) != 0) {
		before->last = TAG_END;
		return size;
	}
	uc = character(s, len, &size);
	if ((i = find(uc)) == JOINERS)
		return 0;
	p.next = character(s + size, len - size, &next_size);
	if (!joiners[i].stands(&p))
		return 0;
	before->last = uc;
	if (!joiners[i].is_part)
		before->base = 0;
	return size;
}

bool
dw_joiner_is(uint32_t uc)
{
	return find(uc) < JOINERS || (uc >= TAG(' ') && uc <= TAG_END);
}
