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

#define SUB_MAX  1024 /* bytes of a subnegotiation that we skip */
#define ROW_KEEP 1024 /* bytes of memory a silent peer may keep */

/* These are the bytes of RFC 854. */
enum {
	SE = 240,
	SB = 250,
	WILL = 251,
	WONT = 252,
	DO = 253,
	DONT = 254,
	IAC = 255
};

enum { DATA, COMMAND, OPTION, SUB };

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

void
wire_line_feed(struct wire_line *l, const void *bytes, size_t len)
{
	assert(l->in == l->end); /* what was lent before has been taken */
	l->in = bytes;
	l->end = l->in + len;
}

void
wire_line_eof(struct wire_line *l)
{
	l->ended = true;
}

static void
forget_row(struct wire_line *l)
{
	if (l->row.cap > ROW_KEEP)
		dw_buf_fini(&l->row);
	else
		dw_buf_reset(&l->row);
}

static enum wire_line_kind
skip_row(struct wire_line *l, size_t more, enum wire_line_kind why)
{
	l->skipping = true;
	l->discarded = l->row.len + more;
	forget_row(l);
	return why;
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

static enum wire_line_kind
end_row(struct wire_line *l, enum wire_line_kind kind)
{
	l->cr = false;
	l->handed = !l->skipping;
	l->skipping = false;
	l->discarded = l->noise = 0;
	return l->handed ? kind : WIRE_LINE_NONE;
}

/* Returns the length of the plain data at l->in. */
static size_t
run_length(const struct wire_line *l)
{
	const unsigned char *p = l->in;

	while (p < l->end && *p != '\n' && *p != '\r' && *p != IAC)
		p++;
	return (size_t)(p - l->in);
}

static enum wire_line_kind
data(struct wire_line *l)
{
	enum wire_line_kind kind;
	unsigned char c = *l->in;
	size_t n;

	if (c == '\n' || (c == '\0' && l->cr)) {
		l->in++;
		return end_row(l, WIRE_LINE_TEXT);
	}
	if (c == IAC) {
		l->in++;
		l->state = COMMAND;
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
	if (c < SE)
		return put(l, "\xff", 1); /* c is data too, but later */
	l->in++;
	if (c == IAC)
		return put(l, "\xff", 1);
	l->telnet = true;
	l->verb = c;
	l->sub_bytes = 0;
	if (c == SB)
		l->state = SUB;
	else if (c >= WILL)
		l->state = OPTION;
	return WIRE_LINE_NONE;
}

/*
 * We want no option and refuse each at most once, so two programs that both
 * do this can never talk in circles (RFC 1143), and the answers are bounded.
 */
static enum wire_line_kind
option(struct wire_line *l)
{
	unsigned char c = *l->in++;
	unsigned char refusal[3] = { IAC, l->verb == DO ? WONT : DONT, c };
	uint32_t *set = &l->refused[l->verb == DO ? 0 : 1][c / 32];
	uint32_t bit = UINT32_C(1) << (c % 32);

	l->state = DATA;
	if ((l->verb == DO || l->verb == WILL) && (*set & bit) == 0 &&
	    dw_buf_add(&l->answer, refusal, sizeof refusal) == 0)
		*set |= bit;
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

static enum wire_line_kind (*const steps[])(struct wire_line *) = {
	[DATA] = data,
	[COMMAND] = command,
	[OPTION] = option,
	[SUB] = subnegotiation,
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

/* What was undecided is data when nothing follows. */
static enum wire_line_kind
finish(struct wire_line *l)
{
	enum wire_line_kind kind;

	l->ended = false;
	kind = l->state == COMMAND ? put(l, "\xff", 1) : put(l, "", 0);
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
		forget_row(l);
	l->handed = false;
	while (kind == WIRE_LINE_NONE && l->in < l->end)
		kind = step(l);
	if (kind == WIRE_LINE_NONE && l->ended)
		kind = finish(l);
	*text = dw_buf_str(&l->row);
	*len = l->handed ? l->row.len : 0;
	return kind;
}

/* The answers are never more than 512 refusals, so none is ever dropped from
 * the buffer. */
size_t
wire_line_answer(struct wire_line *l, const char **bytes)
{
	size_t n = l->answer.len - l->answered;

	*bytes = dw_buf_str(&l->answer) + l->answered;
	l->answered = l->answer.len;
	return n;
}

bool
wire_line_telnet(const struct wire_line *l)
{
	return l->telnet;
}

size_t
wire_line_discarded(const struct wire_line *l)
{
	return l->discarded + l->noise;
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
