/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mistakes of turn-taking with a classic client. */
#include "config.h"

#include "base/clock.h"
#include "base/quit.h"
#include "base/text.h"
#include "desk/turn.h"
#include "plant.h"

/* An answer is owed, and there is only the holding line for it. */
static bool
holds(const struct desk_turn *t)
{
	return t->owed && t->held.len == 0 && !t->ending && !t->ended;
}

WRAPS(desk_turn_deadline);
int64_t
__wrap_desk_turn_deadline(const struct desk_turn *t)
{
	struct desk_turn other = *t;

	if (PLANTED(second_unread_chunk))
		other.unread = false;
	if (PLANTED(no_holding_line) && holds(t))
		return DW_NEVER;
	return __real_desk_turn_deadline(&other);
}

WRAPS(desk_turn_next);
bool
__wrap_desk_turn_next(struct desk_turn *t, const char *holding, int64_t now,
    struct desk_chunk *out)
{
	bool unread = t->unread, due;

	if (PLANTED(no_holding_line) && holds(t))
		return false;
	if (PLANTED(second_unread_chunk))
		t->unread = false;
	due = __real_desk_turn_next(t, holding, now, out);
	if (PLANTED(second_unread_chunk) && !due)
		t->unread = unread;
	if (PLANTED(quit_goes_on) && due)
		out->last = t->ended = false;
	return due;
}

WRAPS(desk_turn_add);
int
__wrap_desk_turn_add(struct desk_turn *t, const char *text, size_t len,
    uint64_t n, int64_t now)
{
	return __real_desk_turn_add(t, text, len, PLANTED(end_unmarked) ? 0 : n,
	    now);
}

WRAPS(desk_turn_end);
void
__wrap_desk_turn_end(struct desk_turn *t, const char *bye, bool now_or_never,
    int64_t now)
{
	__real_desk_turn_end(t, PLANTED(turn_without_goodbye) ? "" : bye,
	    PLANTED(held_text_dropped) || now_or_never, now);
}

WRAPS(desk_turn_wrote);
void
__wrap_desk_turn_wrote(struct desk_turn *t, bool poll, int64_t now)
{
	__real_desk_turn_wrote(t, poll && !PLANTED(poll_waits), now);
}

WRAPS(desk_turn_held);
size_t
__wrap_desk_turn_held(const struct desk_turn *t)
{
	return PLANTED(held_without_bound) ? 0 : __real_desk_turn_held(t);
}

WRAPS(dw_text_cut);
size_t
__wrap_dw_text_cut(const char *text, size_t len, size_t max)
{
	if (PLANTED(half_a_character))
		return len < max ? len : max;
	return __real_dw_text_cut(text, len, max);
}

WRAPS(dw_quit_guard);
int
__wrap_dw_quit_guard(struct dw_buf *out, const char *text, size_t len)
{
	if (PLANTED(typed_quit_hangs_up))
		return dw_buf_add(out, text, len);
	return __real_dw_quit_guard(out, text, len);
}
