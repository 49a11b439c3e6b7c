/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who came and was no customer: the last of them, for operators who ask, and
 * how many there were, which is told from time to time.  Nothing of it is
 * stored, so a round that fails changes nothing here.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/text.h"
#include "desk/internal.h"

static struct desk_stranger *
stranger_at(struct desk_strangers *all, uint64_t id)
{
	return &all->last[id % DESK_STRANGERS];
}

static void
stranger_add(struct desk_strangers *all, const struct desk_request *rq,
    struct desk_time now)
{
	struct desk_stranger *s = stranger_at(all, ++all->id);

	memset(s, 0, sizeof *s);
	s->id = rq->conn->stranger = all->id;
	s->t_ms = now.ms;
	s->what = rq->why;
	memcpy(s->addr, rq->conn->addr, sizeof s->addr);
	s->len = dw_text_cut(rq->text, rq->len, sizeof s->text);
	memcpy(s->text, rq->text, s->len);
	all->untold++;
}

/* Once of each connection, also when its round is retracted and the request
 * decided again. */
int
desk_decide_stranger(struct desk *d, const struct desk_request *rq,
    struct desk_time now)
{
	if (rq->conn->stranger == 0) {
		stranger_add(&d->strangers, rq, now);
		desk_tally_count(d, DESK_STRANGE, now);
	}
	desk_fx_done(d, rq)->stands = true;
	return 0;
}

void
desk_strangers_forget(struct desk *d, struct desk_conn *c)
{
	struct desk_stranger *s = stranger_at(&d->strangers, c->stranger);

	if (c->stranger == 0 || s->id != c->stranger)
		return;
	assert(s->told || d->strangers.untold > 0);
	d->strangers.untold -= !s->told;
	s->id = 0;
}

void
desk_strangers_tell(const struct desk_round *r)
{
	struct desk_strangers *all = &r->d->strangers;

	if (all->untold > 0)
		r->sink->strangers(r->arg, all->untold);
	all->untold = 0;
	for (size_t i = 0; i < DESK_STRANGERS; i++)
		all->last[i].told = true;
}

/* ---- the command ---- */

static void
add_row(struct dw_buf *out, const struct desk_stranger *s)
{
	char stamp[DW_CLOCK_STAMP];

	dw_clock_stamp(s->t_ms, stamp);
	dw_buf_addf(out, "\n%s %s %s", stamp, s->addr, _(s->what));
	if (s->len == 0)
		return;
	dw_buf_adds(out, " \"");
	dw_text_printable(out, s->text, s->len, 0);
	dw_buf_addc(out, '"');
}

static size_t
add_rows(struct dw_buf *out, struct desk_strangers *all)
{
	size_t n = 0;

	for (uint64_t i = 1; i <= DESK_STRANGERS; i++) {
		const struct desk_stranger *s = stranger_at(all, all->id + i);

		if (s->id == 0)
			continue;
		add_row(out, s);
		n++;
	}
	return n;
}

int
desk_command_visitors(struct desk *d, const struct desk_request *rq,
    const char *arg, struct desk_time now)
{
	struct dw_buf out = DW_BUF_INITIALIZER;
	struct desk_effect *fx;

	(void)now;
	if (*arg != '\0')
		return desk_refuse(d, rq, EV_CODE_USAGE,
		    _("/visitors takes nothing"));
	dw_buf_adds(&out, _("the last who came and were no customers:"));
	if (add_rows(&out, &d->strangers) == 0) {
		dw_buf_reset(&out);
		dw_buf_adds(&out, _("nobody came who was no customer"));
	}
	if (out.failed) {
		dw_buf_fini(&out);
		return desk_refuse(d, rq, EV_CODE_NOT_STORED,
		    _("out of memory"));
	}
	fx = desk_fx_done(d, rq);
	fx->answer.text = fx->owned = dw_buf_take(&out);
	fx->stands = true;
	return 0;
}
