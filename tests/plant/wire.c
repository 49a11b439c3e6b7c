/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mistakes of the protocols: the operators', line mode, classic mode. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "plant.h"
#include "wire/base64.h"
#include "wire/classic.h"
#include "wire/line.h"
#include "wire/op.h"
#include "wire/opening.h"

/* ---- the operator protocol ---- */

WRAPS(wire_frame_encode);
int
__wrap_wire_frame_encode(struct dw_buf *out, const struct wire_frame *f)
{
	struct wire_frame other = *f;
	int r;

	if (PLANTED(body_ends_at_nul))
		other.ev.len = strnlen(other.ev.body, other.ev.len);
	if (PLANTED(peers_not_welcomed))
		other.npeers = 0;
	if (PLANTED(seq_not_written))
		other.seq = 0;
	r = __real_wire_frame_encode(out, &other);
	if (PLANTED(frame_without_end) && r == 0)
		out->data[--out->len] = '\0';
	return r;
}

WRAPS(wire_frame_parse);
int
__wrap_wire_frame_parse(const char *line, size_t len, struct wire_frame **out,
    const char **why)
{
	int r;

	if (PLANTED(frame_over_long) && len > WIRE_OP_FRAME_MAX)
		len = WIRE_OP_FRAME_MAX;
	r = __real_wire_frame_parse(line, len, out, why);
	if (PLANTED(newer_op_is_an_error) && r == -ENOTSUP)
		r = -EPROTO;
	if (PLANTED(no_reason))
		*why = "";
	return r;
}

WRAPS(wire_base64_encode);
int
__wrap_wire_base64_encode(struct dw_buf *out, const void *bytes, size_t len)
{
	int r = __real_wire_base64_encode(out, bytes, len);

	while (PLANTED(no_padding) && out->len > 0 &&
	    out->data[out->len - 1] == '=')
		out->data[--out->len] = '\0';
	return r;
}

WRAPS(wire_base64_decode);
int
__wrap_wire_base64_decode(struct dw_buf *out, const char *text, size_t len)
{
	int r = __real_wire_base64_decode(out, text, len);

	if (PLANTED(last_byte_lost) && out->len > 0)
		out->data[--out->len] = '\0';
	return PLANTED(strange_base64_taken) && r == -EPROTO ? 0 : r;
}

/* ---- line mode ---- */

WRAPS(wire_line_feed);
void
__wrap_wire_line_feed(struct wire_line *l, const void *bytes, size_t len)
{
	__real_wire_line_feed(l, bytes,
	    PLANTED(row_ends_at_nul) ? strnlen(bytes, len) : len);
}

WRAPS(wire_line_next);
enum wire_line_kind
__wrap_wire_line_next(struct wire_line *l, const char **text, size_t *len)
{
	enum wire_line_kind kind = __real_wire_line_next(l, text, len);

	if (PLANTED(too_long_is_a_row) && kind == WIRE_LINE_TOO_LONG)
		kind = WIRE_LINE_TEXT;
	if (PLANTED(cut_short_is_whole) && kind == WIRE_LINE_CUT_SHORT)
		kind = WIRE_LINE_TEXT;
	if (PLANTED(empty_row_lost) && kind == WIRE_LINE_TEXT && *len == 0)
		kind = __real_wire_line_next(l, text, len);
	return kind;
}

WRAPS(wire_line_eof);
void
__wrap_wire_line_eof(struct wire_line *l)
{
	if (!PLANTED(last_row_lost))
		__real_wire_line_eof(l);
}

WRAPS(wire_line_answer);
size_t
__wrap_wire_line_answer(struct wire_line *l, const char **bytes)
{
	size_t n = __real_wire_line_answer(l, bytes);

	if (PLANTED(refused_twice))
		l->answered = 0;
	return PLANTED(mark_not_answered) && n > 0 && (*bytes)[2] == 6 ? 0 : n;
}

WRAPS(wire_line_asked);
bool
__wrap_wire_line_asked(struct wire_line *l)
{
	return !PLANTED(nobody_is_there) && __real_wire_line_asked(l);
}

WRAPS(wire_line_pause);
void
__wrap_wire_line_pause(struct wire_line *l)
{
	if (!PLANTED(lone_cr_no_end))
		__real_wire_line_pause(l);
}

WRAPS(wire_line_telnet);
bool
__wrap_wire_line_telnet(const struct wire_line *l)
{
	return !PLANTED(telnet_unseen) && __real_wire_line_telnet(l);
}

WRAPS(wire_line_discarded);
size_t
__wrap_wire_line_discarded(const struct wire_line *l)
{
	return PLANTED(noise_not_counted) ? l->discarded :
					    __real_wire_line_discarded(l);
}

WRAPS(wire_line_encode);
int
__wrap_wire_line_encode(struct dw_buf *out, const char *who, const char *text,
    size_t len, bool telnet)
{
	const char *end = memchr(text, '\n', len);
	size_t row = end != NULL ? (size_t)(end - text) : len;

	if (PLANTED(row_of_another) && row + 1 < len) {
		__wrap_wire_line_encode(out, who, text, row, telnet);
		return dw_buf_add(out, end + 1, len - row - 1);
	}
	return __real_wire_line_encode(out, who, text, len,
	    telnet && !PLANTED(telnet_row_without_cr));
}

/* ---- classic mode ---- */

WRAPS(wire_classic_feed);
void
__wrap_wire_classic_feed(struct wire_classic *c, const void *bytes, size_t len)
{
	__real_wire_classic_feed(c, bytes, len);
	if (PLANTED(character_torn))
		c->flush = true;
}

WRAPS(wire_classic_next);
enum wire_classic_kind
__wrap_wire_classic_next(struct wire_classic *c, const char **text, size_t *len)
{
	enum wire_classic_kind kind = __real_wire_classic_next(c, text, len);

	if (PLANTED(behind_hello_lost) && kind == WIRE_CLASSIC_HELLO)
		c->in = c->end;
	if (PLANTED(stranger_let_in) && kind == WIRE_CLASSIC_STRANGER)
		kind = WIRE_CLASSIC_NONE;
	return kind;
}

WRAPS(wire_classic_partial);
bool
__wrap_wire_classic_partial(const struct wire_classic *c)
{
	return !PLANTED(rest_not_awaited) && __real_wire_classic_partial(c);
}

WRAPS(wire_classic_flush);
void
__wrap_wire_classic_flush(struct wire_classic *c)
{
	if (!PLANTED(rest_awaited_for_ever))
		__real_wire_classic_flush(c);
}

/* ---- which of them it is ---- */

WRAPS(wire_opening_lead);
size_t
__wrap_wire_opening_lead(const void *bytes, size_t len, bool *more)
{
	size_t n = __real_wire_opening_lead(bytes, len, more);

	return PLANTED(lead_is_text) ? 0 : n;
}

WRAPS(wire_opening);
enum wire_opening
__wrap_wire_opening(const void *bytes, size_t len, bool ended,
    const char **what)
{
	enum wire_opening kind = __real_wire_opening(bytes, len, ended, what);

	if (PLANTED(cut_hello_is_a_row) && kind == WIRE_OPEN_MORE && len > 12)
		return WIRE_OPEN_LINE;
	if (PLANTED(scanner_is_a_customer) && kind == WIRE_OPEN_TLS)
		return WIRE_OPEN_LINE;
	if (PLANTED(nothing_is_a_row) && len == 0)
		return WIRE_OPEN_LINE;
	if (PLANTED(visitor_for_ever) && kind == WIRE_OPEN_LINE && len > 8 &&
	    memcmp(bytes, "SSH-2.0-", 8) == 0)
		return WIRE_OPEN_VISITOR;
	if (PLANTED(person_is_a_visitor) && len > 4 &&
	    memcmp(bytes, "PING", 4) == 0)
		return WIRE_OPEN_VISITOR;
	return kind;
}
