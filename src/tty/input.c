/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file holds the terminal's bytes until readline may have them: whole
 * characters, whole keys, and a paste only when it has ended.  What the
 * terminal says by itself never gets there.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "tty/internal.h"

static const char paste_end[] = "\033[201~";
#define PASTE_END_LEN (sizeof paste_end - 1)
#define SOME          64 /* bytes at a time */

void
tty_input_fini(struct tty_input *in)
{
	dw_buf_fini(&in->buf);
	in->at = 0;
}

void
tty_input_reset(struct tty_input *in)
{
	dw_buf_reset(&in->buf);
	in->at = in->unit = 0;
	in->pasting = in->overflow = in->in_string = in->escaped = false;
}

static void
forget_given(struct tty_input *in)
{
	dw_buf_drop(&in->buf, in->at);
	in->at = 0;
}

/*
 * A paste that is too long keeps its beginning, and its last few bytes, in
 * which the end marker may begin.
 */
static void
trim_paste(struct tty_input *in)
{
	const size_t keep = TTY_PASTE_MAX + PASTE_END_LEN;
	size_t tail = PASTE_END_LEN - 1;
	char *data = in->buf.data;

	if (!in->pasting || in->buf.len <= keep ||
	    dw_memmem(data, in->buf.len, paste_end, PASTE_END_LEN) != NULL)
		return;
	memmove(data + TTY_PASTE_MAX, data + in->buf.len - tail, tail);
	in->buf.len = TTY_PASTE_MAX + tail;
	data[in->buf.len] = '\0';
	in->overflow = true;
}

void
tty_input_add(struct tty_input *in, const char *data, size_t len,
    int64_t now_ns)
{
	forget_given(in);
	dw_buf_add(&in->buf, data, len);
	in->last_ns = now_ns;
	trim_paste(in);
}

static size_t
waiting(const struct tty_input *in)
{
	assert(in->at <= in->buf.len);
	return in->buf.len - in->at;
}

/* Returns the bytes of an unfinished character at the end. */
static size_t
unfinished(const struct tty_input *in)
{
	if (waiting(in) == 0)
		return 0;
	return dw_text_tail(in->buf.data + in->at, waiting(in));
}

/* The line has a use of its own for some characters; see fold.c. */
static bool
is_mark(const struct tty_input *in)
{
	return waiting(in) >= TTY_MARK_LEN &&
	    tty_folds_has_mark(in->buf.data + in->at, TTY_MARK_LEN);
}

/* What readline may have of the characters before the next ESC or mark. */
static size_t
text_ready(const struct tty_input *in, int64_t now_ns)
{
	const char *data = in->buf.data + in->at;

	for (size_t n = 1; n < waiting(in); n++)
		if (data[n] == '\033' || data[n] == '\xf4' || n == SOME)
			return n;
	if (now_ns >= in->last_ns + TTY_HOLD_NS)
		return waiting(in);
	return waiting(in) - unfinished(in);
}

/* ---- sequences ---- */

/* This is what becomes of the sequence at the head of buf, and when. */
struct head {
	size_t len;
	bool give;       /* to readline; otherwise it is dropped */
	bool alone;      /* it is an ESC and nothing else */
	bool string;     /* a string begins behind it */
	int64_t hold_ns; /* of silence come first */
};

static bool
is_bound(const struct tty_input *in, const char *keys, size_t len)
{
	return in->is_bound != NULL && in->is_bound(keys, len);
}

/* Some terminal has a key that looks like a report of the mouse. */
static bool
is_bound_m(const struct tty_input *in, const char *s, size_t len)
{
	return len >= 3 && memcmp(s, "\033[M", 3) == 0 && is_bound(in, s, 3);
}

static struct head
head_at_esc(const struct tty_input *in)
{
	const char *s = in->buf.data + in->at;
	struct tty_escape e = tty_escape_behind(s + 1, waiting(in) - 1);
	int64_t key_ns = in->quick ? TTY_KEY_NS : TTY_HOLD_NS;
	size_t len = 1 + e.len;

	if (is_bound_m(in, s, waiting(in)))
		return (struct head){ .len = 3, .give = true };
	switch (e.kind) {
	case TTY_ESCAPE_ALONE:
		return (struct head){ 1, true, true, false, key_ns };
	case TTY_ESCAPE_PREFIX:
		return (struct head){ .len = 1, .give = true };
	case TTY_ESCAPE_PAIR:
		return (struct head){ len, true, false, false, key_ns };
	case TTY_ESCAPE_LOOSE_PAIR:
		return (struct head){ len, true, false, false, TTY_KEY_NS };
	case TTY_ESCAPE_OPEN:
		return (struct head){ .len = len, .hold_ns = TTY_ESCAPE_NS };
	case TTY_ESCAPE_KEY:
		return (struct head){ .len = len,
			.give = is_bound(in, s, len) };
	case TTY_ESCAPE_STRING:
		return (struct head){ .len = len, .string = true };
	case TTY_ESCAPE_MOUSE:
	case TTY_ESCAPE_BROKEN:
		break;
	}
	return (struct head){ .len = len };
}

/* Readline has the ESC already and waits for the rest, unless ESC did
 * something by itself. */
static struct head
head_behind_esc(const struct tty_input *in)
{
	const char *s = in->buf.data + in->at;
	struct tty_escape e = tty_escape_behind(s, waiting(in));

	if (e.kind == TTY_ESCAPE_OPEN)
		return (struct head){ .len = e.len, .hold_ns = TTY_ESCAPE_NS };
	return (struct head){ .len = e.len,
		.give = e.kind == TTY_ESCAPE_KEY && !in->quick };
}

/* Returns false where no sequence is. */
static bool
look_at_head(const struct tty_input *in, struct head *h)
{
	char c = waiting(in) != 0 ? in->buf.data[in->at] : '\0';

	if (c == '\033')
		*h = head_at_esc(in);
	else if (c == '[' && in->escaped)
		*h = head_behind_esc(in);
	else if (c == '\xf4' && is_mark(in))
		*h = (struct head){ .len = TTY_MARK_LEN };
	else
		return false;
	return true;
}

static void
drop_head(struct tty_input *in, size_t len)
{
	forget_given(in);
	dw_buf_drop(&in->buf, len);
}

static void
drop_string(struct tty_input *in, int64_t now_ns)
{
	bool ended = false;
	size_t n;

	if (!in->in_string)
		return;
	n = tty_escape_string(in->buf.data + in->at, waiting(in), &ended);
	drop_head(in, n);
	in->in_string = !ended && now_ns < in->last_ns + TTY_ESCAPE_NS;
}

/* Gives or drops one sequence.  Returns false when there is none to drop. */
static bool
take_head(struct tty_input *in, int64_t now_ns)
{
	struct head h;

	if (!look_at_head(in, &h) || now_ns < in->last_ns + h.hold_ns)
		return false;
	in->escaped = h.alone;
	if (h.give) {
		in->unit = h.len;
		return false;
	}
	drop_head(in, h.len);
	in->in_string = h.string;
	drop_string(in, now_ns);
	return true;
}

size_t
tty_input_ready(struct tty_input *in, int64_t now_ns)
{
	struct head h;

	if (in->pasting)
		return 0;
	if (in->unit != 0)
		return in->unit;
	drop_string(in, now_ns);
	if (in->in_string)
		return 0;
	while (take_head(in, now_ns))
		if (in->in_string)
			return 0;
	if (in->unit != 0 || look_at_head(in, &h) || waiting(in) == 0)
		return in->unit;
	return text_ready(in, now_ns);
}

int
tty_input_next(struct tty_input *in)
{
	assert(waiting(in) != 0);
	if (in->unit != 0)
		in->unit--;
	else
		in->escaped = false;
	return (unsigned char)in->buf.data[in->at++];
}

void
tty_input_paste_begin(struct tty_input *in, int64_t now_ns)
{
	forget_given(in);
	in->unit = 0;
	in->pasting = true;
	in->overflow = false;
	in->last_ns = now_ns;
}

/* Terminals send CR for the end of a line in a paste.  What is pasted may hold
 * sequences, such as the colours of a log; a customer shall not get them. */
static void
add_pasted(struct dw_buf *out, const char *s, size_t len)
{
	for (size_t i = 0, n; i < len; i++) {
		if (s[i] == '\033' &&
		    (n = tty_escape_in_text(s + i, len - i)) != 0) {
			i += n - 1;
			continue;
		}
		if (s[i] == '\0' || (s[i] == '\n' && i > 0 && s[i - 1] == '\r'))
			continue;
		dw_buf_addc(out, s[i] == '\r' ? '\n' : s[i]);
	}
}

bool
tty_input_paste_end(struct tty_input *in, int64_t now_ns, struct dw_buf *out)
{
	const char *data = dw_buf_str(&in->buf), *end;
	size_t len;

	if (!in->pasting)
		return false;
	end = dw_memmem(data, in->buf.len, paste_end, PASTE_END_LEN);
	if (end == NULL && now_ns < in->last_ns + TTY_PASTE_NS)
		return false;
	len = end != NULL ? (size_t)(end - data) : in->buf.len;
	add_pasted(out, data,
	    len < TTY_PASTE_MAX ? len : dw_text_cut(data, len, TTY_PASTE_MAX));
	dw_buf_drop(&in->buf, end != NULL ? len + PASTE_END_LEN : len);
	in->pasting = false;
	return true;
}

int64_t
tty_input_deadline(const struct tty_input *in)
{
	struct head h;

	if (in->pasting)
		return in->last_ns + TTY_PASTE_NS;
	if (in->in_string)
		return in->last_ns + TTY_ESCAPE_NS;
	if (in->unit == 0 && look_at_head(in, &h))
		return h.hold_ns != 0 ? in->last_ns + h.hold_ns : DW_NEVER;
	return unfinished(in) != 0 ? in->last_ns + TTY_HOLD_NS : DW_NEVER;
}
