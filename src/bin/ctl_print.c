/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What ctl writes.  As JSON a desk's frame stands as it came; rows for people
 * are harmless to a terminal, and their columns are parted by tabs, which no
 * column has in it.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "bin/ctl.h"

static void
put(const struct dw_buf *text)
{
	(void)fwrite(dw_buf_str(text), 1, text->len, stdout);
}

/* One row of it, or as many as it has. */
static void
put_text(const char *text, size_t len, unsigned flags)
{
	struct dw_buf out = DW_BUF_INITIALIZER;

	if (dw_text_printable(&out, text, len, flags) == 0)
		put(&out);
	dw_buf_fini(&out);
}

static void
put_row(const struct ctl *c)
{
	(void)fwrite(c->row, 1, c->len, stdout);
	putchar('\n');
}

/* How long it has waited for an operator. */
static int64_t
waited_s(const struct ctl *c, const struct ev_session *s)
{
	struct ev_moment since = ev_waits_since(s);

	if (since.seq == 0 || c->welcome->now_ms < since.steady_ms)
		return 0;
	return (c->welcome->now_ms - since.steady_ms) / 1000;
}

static void
put_column(const char *text)
{
	putchar('\t');
	if (text[0] == '\0')
		putchar('-');
	put_text(text, strlen(text), 0);
}

void
ctl_print_session(const struct ctl *c, const struct ev_session *s)
{
	struct dw_buf out = DW_BUF_INITIALIZER;

	if (c->o->json) {
		if (wire_session_encode(&out, c->welcome->seq, s) == 0)
			put(&out);
		dw_buf_fini(&out);
		return;
	}
	printf("%" PRIu64 "\t%s\t%" PRId64, s->sid,
	    ev_word(&ev_states, s->state), waited_s(c, s));
	put_column(s->owner);
	put_column(s->name);
	put_column(s->words);
	putchar('\n');
}

/* The words of kinds are those of the protocol. */
void
ctl_print_past(const struct ctl *c)
{
	const struct ev_event *ev = &c->frame->ev;
	char at[DW_CLOCK_STAMP];

	if (c->o->json) {
		put_row(c);
		return;
	}
	dw_clock_stamp(ev->t_ms, at);
	printf("%s\t%" PRIu64 "\t%s", at, ev->sid,
	    ev_word(&ev_kinds, ev->kind));
	put_column(ev->who);
	put_column(ev->why);
	putchar('\t');
	put_text(ev->body != NULL ? ev->body : "", ev->len, 0);
	putchar('\n');
}

void
ctl_print_answer(const struct ctl *c)
{
	if (c->o->json) {
		put_row(c);
	} else if (c->frame->op == WIRE_OK && c->frame->len > 0) {
		put_text(c->frame->text, c->frame->len, DW_TEXT_ROWS);
		putchar('\n');
	}
}

void
ctl_print_event(const struct ctl *c)
{
	struct dw_buf out = DW_BUF_INITIALIZER;

	if (wire_event_encode(&out, &c->frame->ev) == 0)
		put(&out);
	dw_buf_fini(&out);
}
