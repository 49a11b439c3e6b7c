/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A round is taken back that the journal refused because it has one of its
 * replies already, or could not take yet because somebody else has locked it;
 * its requests are decided again.  So everything must be as before them, also
 * what deciding notices by the way; nothing of it was carried out yet.
 */
#include "config.h"

#include <assert.h>

#include "desk/internal.h"

void
desk_conn_save(struct desk *d, struct desk_conn *c)
{
	assert(d->nconns_saved < d->cap_conns_saved);
	d->conns_saved[d->nconns_saved++] = (struct desk_saved_conn){
		.conn = c,
		.mode = c->mode,
		.charset = c->charset,
		.session = c->session,
		.lost = c->session != NULL ? c->session->lost : NULL,
		.sid = c->sid,
		.cut_why = c->cut_why,
		.listed = !dw_list_empty(&c->node),
		.half_closed = c->half_closed,
		.leaving = c->leaving,
		.wants_receipts = c->wants_receipts,
		.rows = c->rows,
	};
}

static void
put_back(struct desk *d, const struct desk_saved_conn *saved)
{
	struct desk_conn *c = saved->conn;

	c->mode = saved->mode;
	c->charset = saved->charset;
	c->session = saved->session;
	c->sid = saved->sid;
	c->cut_why = saved->cut_why;
	c->half_closed = saved->half_closed;
	c->leaving = saved->leaving;
	c->wants_receipts = saved->wants_receipts;
	c->rows = saved->rows;
	if (c->session != NULL) {
		c->session->conn = c;
		c->session->lost = saved->lost;
		desk_line_update(d, c->session);
	}
	if (saved->listed && dw_list_empty(&c->node))
		dw_list_add(&d->conns, &c->node);
	else if (!saved->listed)
		dw_list_del(&c->node);
}

void
desk_retract(struct desk *d)
{
	/* The first that was saved of a connection is put back last. */
	while (d->nconns_saved > 0)
		put_back(d, &d->conns_saved[--d->nconns_saved]);
	desk_people_restore(d);
	desk_round_restore(d);
	d->draining = d->began.draining;
	desk_round_forget(d);
}
