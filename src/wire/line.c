/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file decodes rows as nc and telnet send them, and encodes ours.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "wire/line.h"
#include "wire/opening.h"

#define SUB_MAX  1024 /* bytes of a subnegotiation that we skip */
#define ROW_KEEP 1024 /* bytes of memory a silent peer may keep */
#define KEYS     3    /* characters that came alone, and were typed */

/* These are the bytes of RFC 854, and the first of those of RFC 1184 and 885. */
enum {
	XEOF = 236,
	SE = 240,
	DM = 242,
	AYT = 246,
	EC = 247,
	EL = 248,
	SB = 250,
	WILL = 251,
	WONT = 252,
	DO = 253,
	DONT = 254,
	IAC = 255
};

#define TIMING_MARK 6 /* RFC 860 */

enum { DATA, COMMAND, OPTION, SUB, LETTER, LETTER_DO };

void
wire_line_init(struct wire_line *l, size_t max_bytes)
{
	assert(max_bytes > 1);
	memset(l, 0, sizeof *l);
	l->max_bytes = max_bytes;
}

void
wire_line_fini(struct wire_line *l)
{
	dw_buf_fini(&l->row);
	dw_buf_fini(&l->answer);
}

/* Is it what the key for backspace sends? */
static bool
is_erase(unsigned char c)
{
	return c == '\b' || c == 0x7F;
}

/* In whatever encoding: behind its first byte, which is no ASCII then, a
 * character has none that is less than a digit. */
static bool
is_one_character(const unsigned char *p, size_t len)
{
	bool one = len > 0 && len <= 4 && p[0] != '\n' && p[0] != '\r' &&
	    (len == 1 || p[0] >= 0x80);

	for (size_t i = 1; i < len && one; i++)
		one = p[i] >= '0';
	return one;
}

void
wire_keys_notice(struct wire_keys *k, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	size_t erased = 0;

	if (k->typed)
		return;
	while (erased < len && is_erase(p[erased]))
		erased++;
	k->singles = is_one_character(p, len) ? k->singles + 1 : 0;
	k->typed = k->singles == KEYS || (erased == len && len > 0);
}

void
wire_line_feed(struct wire_line *l, const void *bytes, size_t len)
{
	assert(l->in == l->end); /* what was lent before has been taken */
	l->in = bytes;
	l->end = l->in + len;
	wire_keys_notice(&l->keys, bytes, len);
}

void
wire_line_eof(struct wire_line *l)
{
	l->ended = true;
}

bool
wire_line_cr_waits(const struct wire_line *l)
{
	return l->telnet && l->cr && l->state == DATA;
}

void
wire_line_pause(struct wire_line *l)
{
	assert(l->in == l->end);
	l->paused = wire_line_cr_waits(l);
}

static void
forget(struct dw_buf *b)
{
	if (b->cap > ROW_KEEP)
		dw_buf_fini(b);
	else
		dw_buf_reset(b);
}

static void
forget_answer(struct wire_line *l)
{
	if (l->answered == 0 || l->answered < l->answer.len)
		return;
	forget(&l->answer);
	l->answered = 0;
}

static enum wire_line_kind
skip_row(struct wire_line *l, size_t more, enum wire_line_kind why)
{
	l->skipping = true;
	l->discarded = l->row.len + more;
	forget(&l->row);
	return why;
}

/* A byte order mark before the first row is no text. */
static void
drop_mark(struct wire_line *l)
{
	bool more;

	if (l->begun || l->row.len == 0)
		return;
	if (wire_opening_mark(l->row.data, l->row.len, &more))
		dw_buf_drop(&l->row, WIRE_OPENING_MARK);
	l->begun = !more;
}

static enum wire_line_kind
append(struct wire_line *l, const void *bytes, size_t n)
{
	if (l->skipping) {
		l->discarded += n;
		return WIRE_LINE_NONE;
	}
	assert(l->row.len < l->max_bytes);
	if (n >= l->max_bytes - l->row.len)
		return skip_row(l, n, WIRE_LINE_TOO_LONG);
	if (dw_buf_add(&l->row, bytes, n) < 0)
		return skip_row(l, n, WIRE_LINE_NO_MEMORY);
	drop_mark(l);
	return WIRE_LINE_NONE;
}

/* Adds data that ends no row: a CR that waited was data too. */
static enum wire_line_kind
put(struct wire_line *l, const void *bytes, size_t n)
{
	enum wire_line_kind first = WIRE_LINE_NONE, second;

	if (l->cr) {
		l->cr = false;
		first = append(l, "\r", 1);
	}
	second = append(l, bytes, n);
	return first != WIRE_LINE_NONE ? first : second;
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/*
 * Telnet's Synch ends in an urgent DM, and some send that byte alone.  It is
 * no text where a command follows: there is none in any encoding that begins
 * so.
 */
static void
drop_data_mark(struct dw_buf *row)
{
	if (row->len > 2 && (unsigned char)row->data[0] == DM &&
	    row->data[1] == '/' && is_letter(row->data[2]))
		dw_buf_drop(row, 1);
}

static enum wire_line_kind
end_row(struct wire_line *l, enum wire_line_kind kind)
{
	drop_data_mark(&l->row);
	l->begun = true;
	l->cr = false;
	l->handed = !l->skipping;
	l->skipping = false;
	l->discarded = l->noise = 0;
	return l->handed ? kind : WIRE_LINE_NONE;
}

static bool
has_commands(const struct wire_line *l)
{
	return l->telnet || !l->plain;
}

/* Takes out of the row what its writer has taken back.  That counts as thrown
 * away, so that a row which is only edited has an end as well. */
static void
erase(struct wire_line *l, size_t n)
{
	assert(n <= l->row.len);
	l->row.len -= n;
	l->noise += n;
	if (l->row.data != NULL)
		l->row.data[l->row.len] = '\0';
}

static void
erase_character(struct wire_line *l)
{
	if (l->cr)
		l->cr = false;
	else
		erase(l,
		    dw_charset_last(l->charset, dw_buf_str(&l->row),
			l->row.len));
}

static void
erase_row(struct wire_line *l)
{
	erase(l, l->row.len);
	l->noise += l->discarded;
	l->discarded = 0;
	l->cr = l->skipping = false;
}

/* Do the keys of the peer's keyboard come as bytes? */
static bool
has_keys(const struct wire_line *l)
{
	return l->telnet || l->keys.typed;
}

/* Returns the length of the plain data at l->in; of the first, no more than
 * tells whether it is a byte order mark. */
static size_t
run_length(const struct wire_line *l)
{
	const unsigned char *p = l->in, *end = l->end;
	bool keys = has_keys(l);

	if (!l->begun && end - p > WIRE_OPENING_MARK - (int)l->row.len)
		end = p + WIRE_OPENING_MARK - l->row.len;
	while (p < end && *p != '\n' && *p != '\r' && *p != IAC &&
	    !(keys && is_erase(*p)))
		p++;
	return (size_t)(p - l->in);
}

/* Has the CR before this byte ended the row already? */
static bool
is_rest_of_end(struct wire_line *l, unsigned char c)
{
	bool after_cr = l->after_cr;

	l->after_cr = false;
	return after_cr && (c == '\n' || c == '\0');
}

static enum wire_line_kind
data(struct wire_line *l)
{
	enum wire_line_kind kind;
	unsigned char c = *l->in;
	size_t n;

	if (c == IAC) {
		l->in++;
		l->state = has_commands(l) ? COMMAND : LETTER;
		return WIRE_LINE_NONE;
	}
	if (is_rest_of_end(l, c)) {
		l->in++;
		return WIRE_LINE_NONE;
	}
	if (c == '\n' || (c == '\0' && l->cr)) {
		l->in++;
		return end_row(l, WIRE_LINE_TEXT);
	}
	if (is_erase(c) && has_keys(l)) {
		l->in++;
		erase_character(l);
		return WIRE_LINE_NONE;
	}
	if (c == '\r') {
		l->in++;
		kind = put(l, "", 0);
		l->cr = true;
		return kind;
	}
	n = run_length(l);
	l->in += n;
	return put(l, l->in - n, n);
}

static enum wire_line_kind
command(struct wire_line *l)
{
	unsigned char c = *l->in;

	l->state = DATA;
	/* The later commands are data where nobody speaks telnet. */
	if (c < (l->telnet ? XEOF : SE))
		return put(l, "\xff", 1); /* c is data too, but later */
	l->in++;
	if (c == IAC)
		return put(l, "\xff", 1);
	l->telnet = true;
	l->verb = c;
	l->sub_bytes = 0;
	if (c == AYT)
		l->asked = true;
	else if (c == EC)
		erase_character(l);
	else if (c == EL)
		erase_row(l);
	else if (c == SB)
		l->state = SUB;
	else if (c >= WILL)
		l->state = OPTION;
	return WIRE_LINE_NONE;
}

static bool
answer(struct wire_line *l, unsigned char verb, unsigned char option)
{
	unsigned char bytes[3] = { IAC, verb, option };

	return dw_buf_add(&l->answer, bytes, sizeof bytes) == 0;
}

/*
 * We want no option and refuse each at most once, so two programs that both
 * do this can never talk in circles (RFC 1143).
 */
static void
refuse(struct wire_line *l, unsigned char option)
{
	uint32_t *set = &l->refused[l->verb == DO ? 0 : 1][option / 32];
	uint32_t bit = UINT32_C(1) << (option % 32);

	if ((*set & bit) == 0 && answer(l, l->verb == DO ? WONT : DONT, option))
		*set |= bit;
}

/*
 * A timing mark is a question and no option: telnet shows nothing from its
 * Ctrl-C until the answer comes, so each is answered.  An answer is as long as
 * what asks for it.
 */
static enum wire_line_kind
option(struct wire_line *l)
{
	unsigned char c = *l->in++;

	l->state = DATA;
	if (l->verb == DO && c == TIMING_MARK)
		answer(l, WILL, c);
	else if (l->verb == DO || l->verb == WILL)
		refuse(l, c);
	return WIRE_LINE_NONE;
}

static enum wire_line_kind
subnegotiation(struct wire_line *l)
{
	unsigned char c = *l->in++;
	bool escaped = l->sub_iac;

	l->sub_iac = c == IAC && !escaped;
	if (escaped && c != IAC && c != SE) {
		/* Another command ends it as well. */
		l->in--;
		l->state = COMMAND;
	} else if (escaped && c == SE) {
		l->state = DATA;
	} else if (++l->sub_bytes > SUB_MAX) {
		l->sub_iac = false;
		l->state = DATA;
	}
	return WIRE_LINE_NONE;
}

/*
 * Where 0xff is a letter, telnet's Ctrl-C is known all the same: IAC IP, IAC DO
 * TIMING-MARK.  0x06 is no text in any encoding, and without an answer telnet
 * shows nothing any more.
 */
static enum wire_line_kind
letter(struct wire_line *l)
{
	if (*l->in == DO) {
		l->in++;
		l->state = LETTER_DO;
		return WIRE_LINE_NONE;
	}
	l->state = DATA;
	return put(l, "\xff", 1);
}

static enum wire_line_kind
letter_do(struct wire_line *l)
{
	static const char ip[] = "\xff\xf4";
	size_t n = sizeof ip - 1, len = l->row.len;

	l->state = DATA;
	if (*l->in != TIMING_MARK)
		return put(l, "\xff\xfd", 2);
	l->in++;
	l->telnet = true;
	if (!l->skipping && len >= n &&
	    memcmp(l->row.data + len - n, ip, n) == 0)
		erase(l, n);
	answer(l, WILL, TIMING_MARK);
	return WIRE_LINE_NONE;
}

static enum wire_line_kind (*const steps[])(struct wire_line *) = {
	[DATA] = data,
	[COMMAND] = command,
	[OPTION] = option,
	[SUB] = subnegotiation,
	[LETTER] = letter,
	[LETTER_DO] = letter_do,
};

/* Telnet's own bytes count as thrown away: they too have an end. */
static enum wire_line_kind
step(struct wire_line *l)
{
	const unsigned char *before = l->in;
	bool is_data = l->state == DATA;
	enum wire_line_kind kind = steps[l->state](l);

	assert(l->in <= l->end);
	if (!is_data)
		l->noise += (size_t)(l->in - before);
	return kind;
}

/* The CR that waited was all of the row's end. */
static enum wire_line_kind
end_at_cr(struct wire_line *l)
{
	l->paused = false;
	l->after_cr = true;
	return end_row(l, WIRE_LINE_TEXT);
}

/* What was undecided is data when nothing follows. */
static enum wire_line_kind
finish(struct wire_line *l)
{
	enum wire_line_kind kind;

	l->ended = false;
	if (l->state == LETTER_DO)
		kind = put(l, "\xff\xfd", 2);
	else if (l->state == COMMAND || l->state == LETTER)
		kind = put(l, "\xff", 1);
	else
		kind = put(l, "", 0);
	l->state = DATA;
	if (kind != WIRE_LINE_NONE || l->row.len == 0)
		return kind;
	return end_row(l, WIRE_LINE_CUT_SHORT);
}

enum wire_line_kind
wire_line_next(struct wire_line *l, const char **text, size_t *len)
{
	enum wire_line_kind kind = WIRE_LINE_NONE;

	if (l->handed)
		forget(&l->row);
	forget_answer(l);
	l->handed = false;
	while (kind == WIRE_LINE_NONE && l->in < l->end)
		kind = step(l);
	if (kind == WIRE_LINE_NONE && l->paused)
		kind = end_at_cr(l);
	if (kind == WIRE_LINE_NONE && l->ended)
		kind = finish(l);
	*text = dw_buf_str(&l->row);
	*len = l->handed ? l->row.len : 0;
	return kind;
}

size_t
wire_line_answer(struct wire_line *l, const char **bytes)
{
	size_t n = l->answer.len - l->answered;

	*bytes = dw_buf_str(&l->answer) + l->answered;
	l->answered = l->answer.len;
	return n;
}

void
wire_line_charset(struct wire_line *l, const struct dw_charset *cs)
{
	l->charset = cs;
}

void
wire_line_plain(struct wire_line *l, bool plain)
{
	l->plain = plain;
}

bool
wire_line_begins_telnet(const char *bytes, size_t len)
{
	const unsigned char *b = (const unsigned char *)bytes;

	return len >= 2 && b[0] == IAC && b[1] >= SE && b[1] < IAC &&
	    (len == 2 || b[2] < 0x80 || b[2] == IAC);
}

bool
wire_line_telnet(const struct wire_line *l)
{
	return l->telnet;
}

bool
wire_line_asked(struct wire_line *l)
{
	bool asked = l->asked;

	l->asked = false;
	return asked;
}

size_t
wire_line_discarded(const struct wire_line *l)
{
	return l->discarded + l->noise;
}

size_t
wire_line_waiting(const struct wire_line *l)
{
	size_t n = 0;

	for (const unsigned char *p = l->in; p < l->end; p++)
		n += *p == '\n';
	return n;
}

/* Adds "who: ", and as many blanks for the rows below. */
static int
add_prefixes(struct dw_buf *tag, struct dw_buf *gutter, const char *who)
{
	int r;

	if (who == NULL)
		dw_buf_adds(tag, "*");
	else if ((r = dw_text_line(tag, who, strlen(who), 0)) < 0)
		return r;
	if (who != NULL)
		dw_buf_adds(tag, ":");
	dw_buf_adds(tag, " ");
	for (size_t n = dw_text_width(dw_buf_str(tag), tag->len); n > 0; n--)
		dw_buf_addc(gutter, ' ');
	return tag->failed || gutter->failed ? -ENOMEM : 0;
}

static void
add_rows(struct dw_buf *out, const char *tag, const char *gutter,
    const char *text, const char *end)
{
	size_t n;

	for (;; text += n + 1, tag = gutter) {
		n = strcspn(text, "\n");
		dw_buf_adds(out, tag);
		dw_buf_add(out, text, n);
		dw_buf_adds(out, end);
		if (text[n] == '\0')
			return;
	}
}

int
wire_line_encode(struct dw_buf *out, const char *who, const char *text,
    size_t len, bool telnet)
{
	struct dw_buf safe = DW_BUF_INITIALIZER, tag = DW_BUF_INITIALIZER,
		      gutter = DW_BUF_INITIALIZER;
	int r;

	if (len > 0 && text[len - 1] == '\n')
		len--;
	r = add_prefixes(&tag, &gutter, who);
	if (r == 0)
		r = dw_text_printable(&safe, text, len,
		    DW_TEXT_ROWS | DW_TEXT_TYPED);
	if (r == 0) {
		add_rows(out, dw_buf_str(&tag), dw_buf_str(&gutter),
		    dw_buf_str(&safe), telnet ? "\r\n" : "\n");
		r = out->failed ? -ENOMEM : 0;
	}
	dw_buf_fini(&safe);
	dw_buf_fini(&tag);
	dw_buf_fini(&gutter);
	return r;
}

int
wire_line_quote(struct dw_buf *out, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)bytes[i] == IAC)
			dw_buf_addc(out, bytes[i]);
		dw_buf_addc(out, bytes[i]);
	}
	return out->failed ? -ENOMEM : 0;
}
