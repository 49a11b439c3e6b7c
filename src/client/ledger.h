/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of the rows that a customer has sent: which of them the desk
 * has taken, and whether a person has answered since.  A desk that gives no
 * receipts says nothing of that; then what is sent counts as taken.  Pure; one
 * thread.
 */
#ifndef CALL_LEDGER_H
#define CALL_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "event/receipt.h"

struct ledger {
	uint64_t sent;  /* rows behind the request for receipts */
	uint64_t known; /* of these have their receipt */
	bool has_receipts;
	bool gave_up;    /* waiting for the first: what comes now is late */
	bool refused;    /* one of them was */
	bool unanswered; /* a message was taken since a person spoke */
	bool is_message[EV_RECEIPT_WINDOW]; /* by row, of those unknown */
};

/* The first receipt was awaited for long enough: there are none. */
void ledger_give_up(struct ledger *l);

/* May another row be sent, so that no more than the window are unknown? */
bool ledger_has_room(const struct ledger *l);

/* One was sent; only a message wants an answer. */
void ledger_add(struct ledger *l, bool is_message);

/* A receipt came.  Returns whether it was due, or is late; any other one is just
 * what somebody said. */
bool ledger_receive(struct ledger *l, struct ev_receipt r);

/* A person said something. */
void ledger_answer(struct ledger *l);

/* Is it known of each row what became of it? */
bool ledger_is_settled(const struct ledger *l);

#endif
