/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file holds the terminal's bytes until readline may have them: whole
 * characters, and a paste only when it has ended.
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
	in->at = 0;
	in->pasting = in->overflow = false;
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

size_t
tty_input_ready(const struct tty_input *in, int64_t now_ns)
{
	if (in->pasting)
		return 0;
	if (now_ns >= in->last_ns + TTY_HOLD_NS)
		return waiting(in);
	return waiting(in) - unfinished(in);
}

int
tty_input_next(struct tty_input *in)
{
	assert(waiting(in) != 0);
	return (unsigned char)in->buf.data[in->at++];
}

void
tty_input_paste_begin(struct tty_input *in, int64_t now_ns)
{
	forget_given(in);
	in->pasting = true;
	in->overflow = false;
	in->last_ns = now_ns;
}

/* Terminals send CR for the end of a line in a paste. */
static void
add_pasted(struct dw_buf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
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
	if (in->pasting)
		return in->last_ns + TTY_PASTE_NS;
	return unfinished(in) != 0 ? in->last_ns + TTY_HOLD_NS : DW_NEVER;
}
