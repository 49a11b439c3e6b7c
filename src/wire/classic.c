/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file decodes what the tutorial's programs send.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "wire/classic.h"

void
wire_classic_init(struct wire_classic *c, const char *hello)
{
	memset(c, 0, sizeof *c);
	c->hello = hello;
}

void
wire_classic_charset(struct wire_classic *c, const struct dw_charset *cs)
{
	if (c->charset != cs)
		c->tail = c->held.len; /* all may be read in another way */
	c->charset = cs;
}

void
wire_classic_fini(struct wire_classic *c)
{
	dw_buf_fini(&c->held);
}

void
wire_classic_feed(struct wire_classic *c, const void *bytes, size_t len)
{
	assert(c->in == c->end || c->stranger);
	c->in = bytes;
	c->end = c->in + len;
	c->flush = false;
}

/* Moves lent bytes to held, up to what one message may have.  Returns how many
 * it moved. */
static size_t
hold_lent(struct wire_classic *c)
{
	size_t free_bytes = WIRE_CLASSIC_MAX - c->held.len;
	size_t n = (size_t)(c->end - c->in);

	assert(c->held.len <= WIRE_CLASSIC_MAX);
	if (n > free_bytes)
		n = free_bytes;
	if (n == 0 || dw_buf_add(&c->held, c->in, n) < 0)
		return 0;
	c->in += n;
	return n;
}

/*
 * The hello may begin in one feed and end in another, so held is searched; but
 * only from where a hello could end in the new bytes.
 */
static enum wire_classic_kind
await_hello(struct wire_classic *c)
{
	size_t hello_len = strlen(c->hello), before = c->held.len, from, end;
	const char *at;

	if (c->in == c->end)
		return WIRE_CLASSIC_NONE;
	hold_lent(c);
	from = before < hello_len ? 0 : before - hello_len + 1;
	at = dw_memmem(dw_buf_str(&c->held) + from, c->held.len - from,
	    c->hello, hello_len);
	if (at != NULL) {
		end = (size_t)(at - c->held.data) + hello_len;
		assert(end > before);       /* or the last feed had found it */
		c->in -= c->held.len - end; /* they came with this feed */
		c->hello = NULL;
		dw_buf_reset(&c->held);
		if (dw_text_is_blank(c->in, (size_t)(c->end - c->in)))
			c->in = c->end;
		return WIRE_CLASSIC_HELLO;
	}
	c->stranger = c->held.len == WIRE_CLASSIC_MAX || c->in != c->end;
	return c->stranger ? WIRE_CLASSIC_STRANGER : WIRE_CLASSIC_NONE;
}

/* Without memory the bytes go out as they were lent. */
static enum wire_classic_kind
hand_out_lent(struct wire_classic *c, const char **text, size_t *len)
{
	*text = c->in;
	*len = (size_t)(c->end - c->in);
	c->in = c->end;
	return WIRE_CLASSIC_TEXT;
}

static enum wire_classic_kind
hand_out(struct wire_classic *c, const char **text, size_t *len)
{
	c->handed = true;
	c->tail = 0;
	*text = c->held.data;
	*len = c->held.len;
	return WIRE_CLASSIC_TEXT;
}

static enum wire_classic_kind
message(struct wire_classic *c, const char **text, size_t *len)
{
	size_t fed = hold_lent(c), tail, look;

	if (c->held.len == 0)
		return c->in == c->end ? WIRE_CLASSIC_NONE :
					 hand_out_lent(c, text, len);
	/* What came before the last tail was whole. */
	look = c->tail + fed < c->held.len ? c->tail + fed : c->held.len;
	tail = dw_charset_tail(c->charset, c->held.data + c->held.len - look,
	    look);
	c->tail = tail;
	if (tail == 0 || c->flush)
		return hand_out(c, text, len);
	if (c->in == c->end)
		return WIRE_CLASSIC_NONE;
	if (fed >= tail && c->held.len > tail) {
		/* Too much for one message: the character that is cut goes
		 * with the next one. */
		c->in -= tail;
		c->held.len -= tail;
	}
	return hand_out(c, text, len);
}

enum wire_classic_kind
wire_classic_next(struct wire_classic *c, const char **text, size_t *len)
{
	if (c->handed)
		dw_buf_fini(&c->held);
	c->handed = false;
	if (c->stranger)
		return WIRE_CLASSIC_STRANGER;
	if (c->hello != NULL)
		return await_hello(c);
	return message(c, text, len);
}

bool
wire_classic_partial(const struct wire_classic *c)
{
	return c->hello == NULL && !c->handed && c->held.len > 0;
}

void
wire_classic_flush(struct wire_classic *c)
{
	c->flush = true;
}
