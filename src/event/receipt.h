/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Receipts: how a program that is a customer in line mode learns which of its
 * rows the desk has taken.  It asks with the row EV_RECEIPTS; the desk answers
 * with the receipt of row 0 and from then on with one for each row, in order,
 * once the row is stored or refused:
 *
 *	* receipt 17
 *	* receipt 18 refused
 *
 * None of it is ever translated.
 */
#ifndef EV_RECEIPT_H
#define EV_RECEIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EV_RECEIPTS       "/receipts"
#define EV_RECEIPT_SIZE   48
#define EV_RECEIPT_WINDOW 8 /* rows that may wait for theirs */

struct ev_receipt {
	uint64_t row; /* counted from 1 behind EV_RECEIPTS */
	bool refused; /* neither stored nor carried out */
};

/* Is this row, without its end, the one that asks for them? */
bool ev_asks_for_receipts(const char *row, size_t len);

/* Writes "receipt 17", which goes out as a row of the desk's. */
void ev_receipt_format(char text[EV_RECEIPT_SIZE], struct ev_receipt r);

/* Reads "receipt 17", a row of the desk's without its "* ".  Returns whether it
 * is one. */
bool ev_receipt_parse(const char *text, size_t len, struct ev_receipt *out);

#endif
