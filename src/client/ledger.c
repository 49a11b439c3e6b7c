/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file keeps account of a customer's rows. */
#include "config.h"

#include <assert.h>

#include "client/ledger.h"

void
ledger_give_up(struct ledger *l)
{
	assert(!l->has_receipts);
	l->gave_up = true;
}

bool
ledger_has_room(const struct ledger *l)
{
	return l->sent - l->known < EV_RECEIPT_WINDOW;
}

void
ledger_add(struct ledger *l, bool is_message)
{
	l->sent++;
	l->is_message[l->sent % EV_RECEIPT_WINDOW] = is_message;
	if (is_message && !l->has_receipts)
		l->unanswered = true;
}

/* With the first receipt nothing is taken yet. */
static void
begin(struct ledger *l)
{
	l->has_receipts = true;
	l->unanswered = false;
}

bool
ledger_receive(struct ledger *l, struct ev_receipt r)
{
	if (l->gave_up)
		return true;
	if (!l->has_receipts && r.row == 0 && !r.refused) {
		begin(l);
		return true;
	}
	if (!l->has_receipts || r.row != l->known + 1 || r.row > l->sent)
		return false;
	l->known = r.row;
	if (r.refused)
		l->refused = true;
	else if (l->is_message[r.row % EV_RECEIPT_WINDOW])
		l->unanswered = true;
	return true;
}

void
ledger_answer(struct ledger *l)
{
	l->unanswered = false;
}

bool
ledger_is_settled(const struct ledger *l)
{
	assert(l->known <= l->sent);
	return !l->has_receipts || l->known == l->sent;
}
