/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mistakes of a team: whose a customer is, who is there, who is banned. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "desk/hours.h"
#include "desk/internal.h"
#include "plant.h"

/* ---- the configuration ---- */

WRAPS(desk_new);
int
__wrap_desk_new(const struct desk_config *config, struct desk **out)
{
	static struct desk_config other;

	other = *config;
	if (PLANTED(told_too_often))
		other.place_every_ms /= 10;
	else if (PLANTED(grace_too_short))
		other.lost_grace_ms /= 2;
	else if (PLANTED(quiet_too_soon))
		other.quiet_after_ms /= 2;
	else /* tests change their own */
		return __real_desk_new(config, out);
	return __real_desk_new(&other, out);
}

/* ---- claims ---- */

WRAPS(desk_claim_wake_ms);
int64_t
__wrap_desk_claim_wake_ms(const struct desk *d, const struct desk_session *s)
{
	/* What is never over is not awaited either: the desk would spin. */
	if (PLANTED(lease_not_awaited) || PLANTED(lease_never_ends) ||
	    (PLANTED(lost_never_ends) && s->owner != NULL &&
		dw_list_empty(&s->owner->consoles)) ||
	    (PLANTED(offer_never_ends) && s->offered != NULL))
		return DW_NEVER;
	return __real_desk_claim_wake_ms(d, s);
}

WRAPS(desk_claim_settle);
void
__wrap_desk_claim_settle(struct desk *d, struct desk_session *s,
    struct desk_time now)
{
	int64_t kept_ms = s->facts.kept_at.steady_ms;
	uint64_t kept_seq = s->facts.kept_at.seq;

	if (PLANTED(lease_ends_early))
		now.steady_ms += 15000;
	if (PLANTED(keep_not_honoured))
		s->facts.kept_at = (struct ev_moment){ 0, 0 };
	if (PLANTED(keys_do_not_count))
		s->keys_ms = 0;
	__real_desk_claim_settle(d, s, now);
	if (PLANTED(keep_not_honoured) && s->owner != NULL)
		s->facts.kept_at = (struct ev_moment){ kept_seq, kept_ms };
}

WRAPS(desk_claim_is_others);
bool
__wrap_desk_claim_is_others(const struct desk_session *s, const char *who)
{
	return !PLANTED(taken_not_refused) &&
	    __real_desk_claim_is_others(s, who);
}

/* ---- next ---- */

static uint64_t
first_in_line(const struct desk *d)
{
	struct dw_order_node *first = dw_order_first(&d->line);

	return first != NULL ?
	    DW_LIST_OF(first, struct desk_session, in_line)->facts.sid :
	    0;
}

static void
forget_reservations(struct desk *d, const struct desk_console *but)
{
	DW_LIST_EACH(n, &d->people) {
		struct desk_person *p = DW_LIST_OF(n, struct desk_person, node);

		DW_LIST_EACH(at, &p->consoles) {
			struct desk_console *con =
			    DW_LIST_OF(at, struct desk_console, node);

			if (con != but)
				con->reserved = 0;
		}
	}
}

WRAPS(desk_decide_next);
int
__wrap_desk_decide_next(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	struct desk_request other = *rq;
	int r;

	if (PLANTED(next_skips_the_first) && rq->sid == 0)
		other.sid = first_in_line(d);
	if (PLANTED(next_is_the_same))
		other.sid = 0;
	if (PLANTED(reserved_for_two))
		forget_reservations(d, rq->console);
	r = __real_desk_decide_next(d, &other, now);
	if (PLANTED(reserved_for_ever))
		rq->console->reserved_ms += 3600 * INT64_C(1000);
	return r;
}

WRAPS(desk_decide_types);
int
__wrap_desk_decide_types(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	struct desk_request other = *rq;

	if (PLANTED(first_key_claims_nothing) &&
	    rq->console->reserved == rq->sid)
		other.sid = 0;
	return __real_desk_decide_types(d, &other, now);
}

/* ---- notes ---- */

WRAPS(desk_decide_note);
int
__wrap_desk_decide_note(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	struct desk_session *s = desk_session_find(d, rq->sid);
	size_t before = d->nevents;
	int r = __real_desk_decide_note(d, rq, now);

	char *text;

	if (PLANTED(note_is_delivered) && d->nevents > before &&
	    s->conn != NULL && (text = strndup(rq->text, rq->len)) != NULL)
		desk_fx_say(d, s->conn, text)->owned = text;
	return r;
}

/* ---- who is there ---- */

WRAPS(desk_on_duty);
bool
__wrap_desk_on_duty(const struct desk *d, struct desk_time now)
{
	if (PLANTED(away_is_on_duty))
		return d->consoles > 0 &&
		    (d->config->hours == NULL ||
			desk_hours_open(d->config->hours, now.ms));
	return __real_desk_on_duty(d, now);
}

WRAPS(desk_hours_open);
bool
__wrap_desk_hours_open(const struct desk_hours *h, int64_t ms)
{
	return PLANTED(always_open) || __real_desk_hours_open(h, ms);
}

WRAPS(desk_hours_next);
int64_t
__wrap_desk_hours_next(const struct desk_hours *h, int64_t ms)
{
	return __real_desk_hours_next(h, ms) +
	    (PLANTED(opens_an_hour_later) ? 3600 * INT64_C(1000) : 0);
}

WRAPS(desk_people_undo);
void
__wrap_desk_people_undo(struct desk *d)
{
	DW_LIST_EACH(n, &d->people) {
		struct desk_person *p = DW_LIST_OF(n, struct desk_person, node);

		if (PLANTED(undone_away_stays))
			p->was_away = p->away;
	}
	__real_desk_people_undo(d);
}

/* ---- the line ---- */

WRAPS(desk_place);
struct desk_place
__wrap_desk_place(const struct desk *d, const struct desk_session *s)
{
	struct desk_place p = __real_desk_place(d, s);

	if (PLANTED(place_off_by_one) && p.at > 1)
		p.at--;
	return p;
}

WRAPS(desk_queue_next);
void
__wrap_desk_queue_next(const struct desk_round *r, const struct desk_effect *fx)
{
	if (!PLANTED(next_untold))
		__real_desk_queue_next(r, fx);
}

WRAPS(desk_queue_again);
void
__wrap_desk_queue_again(const struct desk_round *r,
    const struct desk_effect *fx)
{
	if (!PLANTED(again_untold))
		__real_desk_queue_again(r, fx);
}

/* Nobody in line is looked at later. */
WRAPS(desk_queue_wake_ms);
int64_t
__wrap_desk_queue_wake_ms(const struct desk *d, const struct desk_session *s)
{
	return PLANTED(place_never_changes) ? DW_NEVER :
					      __real_desk_queue_wake_ms(d, s);
}

WRAPS(desk_estimate_add);
void
__wrap_desk_estimate_add(const struct desk_round *r,
    const struct desk_effect *fx)
{
	if (!PLANTED(estimate_of_the_first) || r->d->estimate.n < 6)
		__real_desk_estimate_add(r, fx);
}

WRAPS(desk_estimate_text);
void
__wrap_desk_estimate_text(const struct desk *d, struct desk_time now, char *buf,
    size_t size)
{
	struct desk *other = (struct desk *)d;
	bool early = PLANTED(estimate_of_four) && d->estimate.n == 4;

	if (early)
		other->estimate.waits_ms[other->estimate.n++] = 0;
	__real_desk_estimate_text(d, now, buf, size);
	if (early)
		other->estimate.n--;
}

WRAPS(desk_quiet_wake_ms);
int64_t
__wrap_desk_quiet_wake_ms(const struct desk *d, const struct desk_session *s)
{
	return PLANTED(quiet_for_ever) ? DW_NEVER :
					 __real_desk_quiet_wake_ms(d, s);
}

/* ---- bans ---- */

WRAPS(desk_ban_of);
const struct desk_ban *
__wrap_desk_ban_of(const struct desk *d, const char *addr, struct desk_time now)
{
	return PLANTED(banned_let_in) ? NULL : __real_desk_ban_of(d, addr, now);
}

WRAPS(desk_bans_restore);
void
__wrap_desk_bans_restore(struct desk *d)
{
	if (PLANTED(undone_ban_stays))
		desk_bans_keep(d);
	__real_desk_bans_restore(d);
}

WRAPS(desk_bans_replay);
int
__wrap_desk_bans_replay(struct desk *d, const struct ev_event *ev)
{
	if (PLANTED(unban_not_replayed) && ev->kind == EV_UNBAN)
		return 0;
	return __real_desk_bans_replay(d, ev);
}

WRAPS(desk_floods_settle);
void
__wrap_desk_floods_settle(struct desk *d, struct desk_time now)
{
	if (!PLANTED(floods_are_forgiven))
		__real_desk_floods_settle(d, now);
}
