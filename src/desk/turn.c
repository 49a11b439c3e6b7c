/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whose turn it is between the desk and a classic client.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/quit.h"
#include "base/text.h"
#include "desk/turn.h"

#define BYE_MAX (sizeof "\n" DW_QUIT - 1) /* behind the last text */

/* Reply n ends where `end` bytes of text have gone by. */
struct mark {
	uint64_t end, n;
};

size_t
desk_turn_max(bool grows)
{
	return grows ? DESK_CHUNK_MAX / 2 : DESK_CHUNK_MAX;
}

static size_t
text_max(const struct desk_turn *t)
{
	return desk_turn_max(t->grows) - BYE_MAX;
}

void
desk_turn_init(struct desk_turn *t, const struct desk_turn_times *times)
{
	memset(t, 0, sizeof *t);
	t->times = *times;
}

void
desk_turn_fini(struct desk_turn *t)
{
	dw_buf_fini(&t->held);
	dw_buf_fini(&t->marks);
}

size_t
desk_turn_held(const struct desk_turn *t)
{
	return t->held.len;
}

void
desk_turn_wrote(struct desk_turn *t, bool poll, int64_t now)
{
	if (t->unread) {
		/* It reads that chunk for its answer, and types again. */
		t->unread = false;
		t->since_ns = now;
		return;
	}
	t->owed = true;
	t->since_ns = poll ? now - t->times.hold_ns : now;
	t->due_ns = poll || t->ending ? now : now + t->times.add_ns;
}

static int
add_text(struct desk_turn *t, const char *text, size_t len)
{
	size_t before = t->held.len;

	if (before > 0)
		dw_buf_addc(&t->held, '\n');
	dw_quit_guard(&t->held, text, len);
	if (t->held.failed) {
		t->held.len = before;
		t->held.failed = false;
		return -ENOMEM;
	}
	t->added += t->held.len - before;
	return 0;
}

int
desk_turn_add(struct desk_turn *t, const char *text, size_t len, uint64_t n,
    int64_t now)
{
	struct mark m = { 0, n };
	bool first = t->held.len == 0;
	int r;

	if ((r = dw_buf_reserve(&t->marks, sizeof m)) < 0 ||
	    (r = add_text(t, text, len)) < 0)
		return r;
	m.end = t->added;
	if (n != 0)
		dw_buf_add(&t->marks, &m, sizeof m);
	if (t->owed)
		t->due_ns = now;
	else if (first)
		t->since_ns = now;
	return 0;
}

static void
drop_held(struct desk_turn *t)
{
	dw_buf_reset(&t->held);
	dw_buf_reset(&t->marks);
	t->put = t->added;
}

void
desk_turn_end(struct desk_turn *t, const char *bye, bool now_or_never,
    int64_t now)
{
	if (t->ending && !now_or_never)
		return;
	if (now_or_never &&
	    (t->unread || t->held.len + strlen(bye) + 1 > text_max(t)))
		drop_held(t);
	if (bye[0] != '\0' && !(now_or_never && t->unread))
		(void)add_text(t, bye, strlen(bye));
	t->ending = true;
	t->due_ns = now;
	if (now_or_never || !t->unread)
		t->since_ns = now - t->times.held_ns;
	if (now_or_never)
		t->unread = false; /* quit itself may lie beside it */
}

/* The last reply whose end is among the first `put` bytes. */
static uint64_t
pass_marks(struct desk_turn *t)
{
	uint64_t n = 0;
	struct mark m;

	while (t->marks.len >= sizeof m) {
		memcpy(&m, t->marks.data, sizeof m);
		if (m.end > t->put)
			break;
		n = m.n;
		dw_buf_drop(&t->marks, sizeof m);
	}
	return n;
}

static void
take_held(struct desk_turn *t, struct desk_chunk *out)
{
	out->len = dw_text_cut(dw_buf_str(&t->held), t->held.len, text_max(t));
	memcpy(out->bytes, t->held.data, out->len);
	dw_buf_drop(&t->held, out->len);
	t->put += out->len;
	out->n = pass_marks(t);
}

static void
add_quit(struct desk_turn *t, struct desk_chunk *out)
{
	static const char quit[] = "\n" DW_QUIT;
	const char *s = out->len > 0 ? quit : quit + 1;

	memcpy(out->bytes + out->len, s, strlen(s));
	out->len += strlen(s);
	out->last = true;
	t->ended = true;
}

int64_t
desk_turn_deadline(const struct desk_turn *t)
{
	if (t->ended || t->unread)
		return DW_NEVER;
	if (t->owed)
		return t->held.len > 0 || t->ending ?
		    t->due_ns :
		    t->since_ns + t->times.hold_ns;
	return t->held.len > 0 || t->ending ? t->since_ns + t->times.held_ns :
					      DW_NEVER;
}

bool
desk_turn_next(struct desk_turn *t, const char *holding, int64_t now,
    struct desk_chunk *out)
{
	/* The client reads, or has something to read and types; not both. */
	assert(!(t->owed && t->unread));
	assert(t->added - t->put == t->held.len);
	if (now < desk_turn_deadline(t))
		return false;
	memset(out, 0, sizeof *out);
	if (t->held.len > 0) {
		take_held(t, out);
		/* The operator's own; the client leaves. */
		if (dw_memmem(out->bytes, out->len, DW_QUIT, strlen(DW_QUIT)) !=
		    NULL)
			out->last = t->ended = true;
	} else if (!t->ending) {
		out->len = dw_text_cut(holding, strlen(holding), text_max(t));
		memcpy(out->bytes, holding, out->len);
	}
	if (t->ending && !t->ended && t->held.len == 0)
		add_quit(t, out);
	assert(out->len > 0 && out->len <= DESK_CHUNK_MAX);
	t->unread = !t->owed;
	t->owed = false;
	t->since_ns = now;
	return true;
}
